//! What tiles see of a field.

use crate::base::error::Result;
use crate::base::memory;
use crate::grid::point::{AXES, Point};
use crate::linalg::convolver::Buffers;
use crate::linalg::{Field, Real};

/// The shapes of what meets in a correlation.
pub(super) struct Reach {
    /// Atoms.
    pub(super) n_atoms: usize,
    /// Their shape.
    pub(super) atom: Point,
    /// Tiles are stored in whole groups of this shape.
    pub(super) group: Point,
    /// Axes that the field wraps around.
    pub(super) periodic: [bool; AXES],
}

impl Reach {
    /// Copies the field's values, times `unit`, from `at` on along the last axis: around the period, zero outside.
    #[inline]
    pub(super) fn gather_row<T: Real, C: Real>(
        &self,
        x: &Field<'_, T>,
        channel: usize,
        unit: f64,
        mut at: Point,
        row: &mut [C],
    ) {
        let convert = |value: T| C::of(value.wide() * unit);
        let shape = x.layout.shape;
        for axis in 0..AXES {
            if self.periodic[axis] {
                at[axis] = at[axis].rem_euclid(shape[axis]);
            }
        }
        if at[0] >= shape[0] || at[1] >= shape[1] {
            row.fill(C::ZERO);
            return;
        }
        let data = x.channels[channel];
        let step = x.layout.strides[2];
        let start = x.layout.index([at[0], at[1], 0]) as i64;
        let inside = (shape[2] - at[2]).clamp(0, row.len() as i64) as usize;
        if step == 1 && (inside == row.len() || !self.periodic[2]) {
            let (row, rest) = row.split_at_mut(inside);
            if inside > 0 {
                let start = (start + at[2]) as usize;
                let from = &data[start..start + inside];
                row.iter_mut().zip(from).for_each(|(to, from)| *to = convert(*from));
            }
            rest.fill(C::ZERO);
            return;
        }
        for (i, value) in row.iter_mut().enumerate() {
            let mut j = at[2] + i as i64;
            if self.periodic[2] {
                j %= shape[2];
            }
            *value = if j < shape[2] { convert(data[(start + j * step) as usize]) } else { C::ZERO };
        }
    }
}

/// Buffers of one thread.
pub(crate) struct Scratch<T: Real> {
    /// Part of the field, in the precision that is asked for: patches of a panel for matrix products, what a tile
    /// reaches for direct sums.
    pub(super) full: Room<T>,
    pub(super) single: Room<f32>,
    /// A row of the field.
    pub(super) row: Vec<T>,
    pub(super) transforms: Buffers,
}

/// Buffers in one precision.
pub(super) struct Room<C> {
    pub(super) values: Vec<C>,
    /// A row of them, whole and in parts.
    pub(super) rows: [Vec<C>; 2],
}

impl<C: Real> Room<C> {
    pub(super) fn new(n: usize) -> Result<Self> {
        Ok(Room { values: memory::zeroed("patches", n)?, rows: Default::default() })
    }
}
