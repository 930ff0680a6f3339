//! Dense numerics: scalars, BLAS and FFT correlations, the Gram tensor, SIMD kernels.

pub(crate) mod apart;
pub(crate) mod blas;
pub(crate) mod cells;
mod convolver;
pub(crate) mod correlate;
pub mod dictionary;
pub mod field;
pub mod gram;
pub mod kernels;
mod product;
mod real;
mod scalar;
pub(crate) mod transform;

pub use correlate::Method;
pub use dictionary::{Atoms, Dictionary};
pub use field::{Field, FieldMut, Strided};
pub use gram::Gram;
pub use product::Product;
pub use real::Real;
pub use scalar::Scalar;
