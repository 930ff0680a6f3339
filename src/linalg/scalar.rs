//! The two element types, and everything in which they differ.

use super::blas;
use super::kernels::Kernels;
use crate::memory::ZeroBytes;

/// `f64` or `f32`. The algorithms are written once over this trait.
#[allow(private_bounds)]
pub trait Real:
    realfft::FftNum
    + Kernels
    + ZeroBytes
    + PartialOrd
    + std::ops::AddAssign
    + std::ops::SubAssign
    + std::ops::MulAssign
    + std::fmt::Debug
    + std::fmt::Display
    + std::fmt::LowerExp
    + Default
{
    /// Distance from 1 to the next larger value.
    const EPSILON: Self;
    /// A quiet NaN: marks coordinates that may not be chosen (see `csc::tile`).
    const NAN: Self;
    /// Negative infinity.
    const NEG_INFINITY: Self;
    /// The additive identity.
    const ZERO: Self;

    /// Rounds to this type.
    fn of(value: f64) -> Self;
    /// Widens to `f64`, exactly.
    fn wide(self) -> f64;
    /// Neither NaN nor infinite.
    fn finite(self) -> bool;

    /// Appends its bytes, lowest first.
    fn append_bytes(self, bytes: &mut Vec<u8>);
    /// From its bytes, which have to be as many as it has.
    fn from_bytes(bytes: &[u8]) -> Self;

    /// C = alpha·A·B + beta·C, all row-major: A (m, k), B (k, n), C (m, n), rows `ld*` apart; A or B may be given
    /// transposed.
    #[allow(clippy::too_many_arguments)]
    fn gemm(
        shape: (usize, usize, usize),
        transpose: [bool; 2],
        alpha: Self,
        a: &[Self],
        lda: usize,
        b: &[Self],
        ldb: usize,
        beta: Self,
        c: &mut [Self],
        ldc: usize,
    );
}

macro_rules! real {
    ($t:ident, $gemm:path) => {
        impl Real for $t {
            const EPSILON: Self = $t::EPSILON;
            const NAN: Self = $t::NAN;
            const NEG_INFINITY: Self = $t::NEG_INFINITY;
            const ZERO: Self = 0.0;

            #[inline(always)]
            fn of(value: f64) -> Self {
                value as $t
            }
            #[inline(always)]
            fn wide(self) -> f64 {
                self.into()
            }
            #[inline(always)]
            fn finite(self) -> bool {
                self.is_finite()
            }
            #[inline(always)]
            fn append_bytes(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }
            #[inline(always)]
            fn from_bytes(bytes: &[u8]) -> Self {
                bytes.try_into().map_or(Self::NAN, $t::from_le_bytes)
            }
            fn gemm(
                (m, n, k): (usize, usize, usize),
                transpose: [bool; 2],
                alpha: Self,
                a: &[Self],
                lda: usize,
                b: &[Self],
                ldb: usize,
                beta: Self,
                c: &mut [Self],
                ldc: usize,
            ) {
                let (a_size, b_size) = ((a.len(), lda), (b.len(), ldb));
                blas::check((m, n, k), transpose, a_size, b_size, (c.len(), ldc));
                let [a_order, b_order] = transpose.map(|transposed| match transposed {
                    true => blas::TRANSPOSE,
                    false => blas::NO_TRANSPOSE,
                });
                // SAFETY: `check` panics unless the three matrices lie within their slices.
                unsafe {
                    $gemm(
                        blas::ROW_MAJOR,
                        a_order,
                        b_order,
                        m as i32,
                        n as i32,
                        k as i32,
                        alpha,
                        a.as_ptr(),
                        lda as i32,
                        b.as_ptr(),
                        ldb as i32,
                        beta,
                        c.as_mut_ptr(),
                        ldc as i32,
                    )
                }
            }
        }
    };
}

real!(f64, blas::cblas_dgemm);
real!(f32, blas::cblas_sgemm);
