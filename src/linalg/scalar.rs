//! The two element types: their numbers, conversions and bytes.

use crate::base::memory::ZeroBytes;

/// `f64` or `f32` as numbers.
#[allow(private_bounds)]
pub trait Scalar:
    realfft::FftNum
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
}

macro_rules! scalar {
    ($t:ident) => {
        impl Scalar for $t {
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
        }
    };
}

scalar!(f64);
scalar!(f32);
