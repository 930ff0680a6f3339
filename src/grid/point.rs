//! Positions and shapes.
//!
//! Every problem is treated with three axes; one with fewer gets leading axes of length 1.

use crate::base::error::{Error, Result};

/// Number of axes that every problem is padded to.
pub const AXES: usize = 3;

/// A position or a shape on the padded axes.
pub type Point = [i64; AXES];

/// Pads with leading ones (shapes) or zeros (positions) to [`AXES`] axes.
pub fn padded(values: &[i64], fill: i64) -> Point {
    let mut point = [fill; AXES];
    point[AXES - values.len()..].copy_from_slice(values);
    point
}

/// Product of a shape, or an error when it overflows.
pub fn checked_volume(what: &str, factors: impl IntoIterator<Item = i64>) -> Result<usize> {
    factors
        .into_iter()
        .try_fold(1i64, |product, factor| product.checked_mul(factor))
        // An array must be addressable in bytes, too.
        .filter(|product| *product <= i64::MAX / 16)
        .and_then(|product| usize::try_from(product).ok())
        .ok_or_else(|| Error::memory(what, "more than 2^63"))
}

/// Position from a row-major index of less than 2^32.
#[inline(always)]
pub(crate) fn unflatten(index: usize, shape: &Point) -> Point {
    // 32-bit division is much faster.
    let (index, n1, n2) = (index as u32, shape[1] as u32, shape[2] as u32);
    let row = index / n2;
    [i64::from(row / n1), i64::from(row % n1), i64::from(index % n2)]
}
