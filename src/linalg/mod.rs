//! Dense numerics: scalars, BLAS and FFT correlations, the Gram tensor, SIMD kernels.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod blas;
mod convolver;
pub(crate) mod correlate;
pub mod dictionary;
pub(crate) mod exact;
pub mod field;
pub mod gram;
mod halving;
pub mod kernels;
mod scalar;
pub mod sum;
pub(crate) mod transform;

pub use correlate::Method;
pub use dictionary::{Atoms, Dictionary};
pub use field::{Field, FieldMut, Strided};
pub use gram::Gram;
pub use scalar::Real;
pub use sum::ExactSum;
