//! Activations by place, to find those near another.

use crate::base::error::Result;
use crate::base::memory;
use crate::csc::Shape;
use crate::grid::point::{AXES, Point};
use crate::learn::share::Share;
use crate::linalg::Real;

/// Activations on a grid of cells as wide as an atom.
pub(super) struct Cells {
    first: Point,
    counts: Point,
    atom: Point,
    /// Start of each (signal, cell) in `list`.
    starts: Vec<u32>,
    list: Vec<(Point, u32, f64)>,
}

impl Cells {
    /// Sorts own and halo activations, and their images around periods: all within reach of some
    /// boxes, given by their first and last positions.
    pub(super) fn new<T: Real>(
        shape: &Shape,
        share: &Share<'_, T>,
        boxes: impl Iterator<Item = (Point, Point)>,
    ) -> Result<Self> {
        let (mut low, mut high) = ([i64::MAX; AXES], [i64::MIN; AXES]);
        for (first, last) in boxes {
            for a in 0..AXES {
                low[a] = low[a].min(first[a]);
                high[a] = high[a].max(last[a]);
            }
        }
        if low[0] > high[0] {
            (low, high) = ([0; AXES], [0; AXES]);
        }
        let atom = shape.atom;
        let first: Point = std::array::from_fn(|a| low[a] - atom[a] + 1);
        let counts: Point = std::array::from_fn(|a| (high[a] + 2 * atom[a] - 1 - first[a]) / atom[a] + 1);
        let per_signal = counts.iter().product::<i64>() as usize;
        let mut starts: Vec<u32> = memory::zeroed("cells", shape.n_signals * per_signal + 1)?;
        let valid = shape.valid();
        let shifts = |a: usize| if shape.periodic[a] { -1..=1 } else { 0..=0 };
        let mut placed: Vec<(usize, (Point, u32, f64))> = Vec::new();
        memory::reserve("cells", &mut placed, share.own.len() + share.halo.len())?;
        for activation in share.own.iter().chain(share.halo) {
            for i in shifts(0) {
                for j in shifts(1) {
                    for k in shifts(2) {
                        let image = [i, j, k];
                        let at: Point = std::array::from_fn(|a| activation.at[a] + image[a] * valid[a]);
                        let cell: Point = std::array::from_fn(|a| (at[a] - first[a]).div_euclid(atom[a]));
                        if (0..AXES).all(|a| (0..counts[a]).contains(&cell[a])) {
                            let flat = (cell[0] * counts[1] + cell[1]) * counts[2] + cell[2];
                            let flat = activation.signal * per_signal + flat as usize;
                            let entry = (at, activation.atom as u32, activation.value.wide());
                            placed.push((flat, entry));
                        }
                    }
                }
            }
        }
        for (cell, _) in &placed {
            starts[cell + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut list: Vec<(Point, u32, f64)> = memory::zeroed("cells", placed.len())?;
        let mut next = starts.clone();
        for (cell, entry) in placed {
            list[next[cell] as usize] = entry;
            next[cell] += 1;
        }
        Ok(Cells { first, counts, atom, starts, list })
    }

    /// Calls `visit` with (offset, atom, value) of everything within reach of a position.
    #[inline]
    pub(super) fn around(&self, signal: usize, at: Point, mut visit: impl FnMut(Point, usize, f64)) {
        let cell: Point = std::array::from_fn(|a| (at[a] - self.first[a]) / self.atom[a]);
        let low = cell.map(|c| (c - 1).max(0));
        let high: Point = std::array::from_fn(|a| (cell[a] + 2).min(self.counts[a]));
        let per_signal = self.counts.iter().product::<i64>() as usize;
        for i in low[0]..high[0] {
            for j in low[1]..high[1] {
                let row = (i * self.counts[1] + j) * self.counts[2];
                let from = signal * per_signal + (row + low[2]) as usize;
                let to = signal * per_signal + (row + high[2]) as usize;
                let range = self.starts[from] as usize..self.starts[to] as usize;
                for (other, atom, value) in &self.list[range] {
                    let offset: Point = std::array::from_fn(|a| other[a] - at[a]);
                    if (0..AXES).all(|a| offset[a].abs() < self.atom[a]) {
                        visit(offset, *atom as usize, *value);
                    }
                }
            }
        }
    }

    /// Calls `visit` with (position relative to the box, atom, value) of everything in a box that
    /// is widened by `reach` on both sides.
    pub(super) fn inside(
        &self,
        signal: usize,
        origin: Point,
        shape: Point,
        reach: impl Fn(usize) -> i64,
        mut visit: impl FnMut(Point, usize, f64),
    ) {
        let cell = |a: usize, x: i64| (x - self.first[a]).div_euclid(self.atom[a]).clamp(0, self.counts[a] - 1);
        let low: Point = std::array::from_fn(|a| cell(a, origin[a] - reach(a)));
        let high: Point = std::array::from_fn(|a| cell(a, origin[a] + shape[a] - 1 + reach(a)));
        let per_signal = self.counts.iter().product::<i64>() as usize;
        for i in low[0]..=high[0] {
            for j in low[1]..=high[1] {
                let row = (i * self.counts[1] + j) * self.counts[2];
                let from = signal * per_signal + (row + low[2]) as usize;
                let to = signal * per_signal + (row + high[2]) as usize + 1;
                let range = self.starts[from] as usize..self.starts[to] as usize;
                for (other, atom, value) in &self.list[range] {
                    let at: Point = std::array::from_fn(|a| other[a] - origin[a]);
                    let inside = |a: usize| (-reach(a)..shape[a] + reach(a)).contains(&at[a]);
                    if (0..AXES).all(inside) {
                        visit(at, *atom as usize, *value);
                    }
                }
            }
        }
    }
}
