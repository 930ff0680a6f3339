//! Coordinates with z ≠ 0.

use crate::linalg::Real;

/// A coordinate with z ≠ 0.
#[derive(Clone, Copy)]
pub(crate) struct NonZero<T> {
    /// Index in the tile's c.
    pub(super) index: u32,
    pub(super) atom: u32,
    /// Where the steps of this coordinate stand in the outbox, if they are from this visit.
    pub(super) sent: u32,
    pub(super) z: T,
}

/// Not in the outbox.
pub(super) const NONE: u32 = u32::MAX;

/// Largest |dz| of non-zero coordinates, and the first place of one that has it; or `best` if that is not less.
#[inline(always)]
pub(super) fn largest_step<T: Real>(list: &[NonZero<T>], best: T, size: impl Fn(&NonZero<T>) -> T) -> (T, usize) {
    // Written for a maximum without branches: which one is the largest cannot be predicted.
    let sizes = list.iter().map(size).enumerate();
    sizes.fold((best, 0), |(best, at), (i, size)| {
        let larger = size > best;
        (if larger { size } else { best }, if larger { i } else { at })
    })
}
