//! The norm of what an atom covers: |c| is at most that times the norm of the atom, which costs one look at the field.

use crate::grid::point::{AXES, Point};
use crate::grid::tiles::Tile;
use crate::linalg::correlate::unit_of;
use crate::linalg::{Field, Real};

/// Sums of squares over *cells*, small boxes on which what an atom covers is laid out: it lies in a box of a few of them. Room of
/// one thread.
#[derive(Default)]
pub(crate) struct Cells {
    /// Squares of the columns of a row of cells.
    columns: Vec<f64>,
    sums: Vec<f64>,
    spare: Vec<f64>,
}

/// Length of a cell beside that of an atom: what is counted too much is not much, and cells are few.
fn cell(atom: i64) -> i64 {
    let length = if atom < 16 { atom / 2 } else { atom / 4 };
    1 << length.max(1).ilog2()
}

impl Cells {
    /// At least the norm of what an atom covers, all channels, at any position of a tile. `largest` is the largest |value| of
    /// the field; where its square is no number to compute with, nothing is known, and the bound is infinite.
    pub(crate) fn largest_norm<T: Real>(&mut self, x: &Field<'_, T>, tile: &Tile, atom: Point, largest: f64) -> f64 {
        // A power of two: no square overflows, and those that vanish do not count.
        let unit = unit_of(largest);
        let in_unit = largest * unit;
        if largest == 0.0 {
            return 0.0;
        }
        if !(0.5..=2.0).contains(&in_unit) {
            return f64::INFINITY;
        }
        let cell = atom.map(cell);
        let reach: Point = std::array::from_fn(|a| tile.shape[a] + atom[a] - 1);
        let mut n = std::array::from_fn(|a| ((reach[a] + cell[a] - 1) / cell[a]) as usize);
        self.square(x, tile.origin, reach, cell, unit);
        for a in 0..AXES {
            // A box reaches into so many cells at most, and begins in one of these.
            let most = ((atom[a] + cell[a] - 2) / cell[a] + 1) as usize;
            let starts = ((tile.shape[a] - 1) / cell[a] + 1) as usize;
            self.add_up(&mut n, a, most, starts);
        }
        let squares = self.sums.iter().copied().fold(0.0, f64::max);
        // Each sum is rounded as often as it has terms (Higham, Accuracy and Stability of Numerical Algorithms, section 4.2), and
        // no term is less than zero.
        let terms = reach.iter().product::<i64>() as f64 * x.channels.len() as f64;
        let squares = squares * (1.0 + 2.0 * terms * f64::EPSILON) + terms * f64::MIN_POSITIVE;
        let norm = squares.sqrt() * (1.0 + 4.0 * f64::EPSILON) / unit;
        if norm.is_nan() { f64::INFINITY } else { norm }
    }

    /// Sums over all cells, row-major.
    fn square<T: Real>(&mut self, x: &Field<'_, T>, origin: Point, reach: Point, cell: Point, unit: f64) {
        let Cells { columns, sums, .. } = self;
        sums.clear();
        let first = |axis: usize| (0..reach[axis]).step_by(cell[axis] as usize);
        for (i, j) in first(0).flat_map(|i| first(1).map(move |j| (i, j))) {
            columns.clear();
            columns.resize(reach[2] as usize, 0.0);
            for data in &x.channels {
                for a in i..(i + cell[0]).min(reach[0]) {
                    for b in j..(j + cell[1]).min(reach[1]) {
                        let first = x.layout.index([origin[0] + a, origin[1] + b, origin[2]]);
                        for (sum, x) in columns.iter_mut().zip(&data[first..]) {
                            let x = x.wide() * unit;
                            *sum += x * x;
                        }
                    }
                }
            }
            sums.extend(columns.chunks(cell[2] as usize).map(|part| part.iter().sum::<f64>()));
        }
    }

    /// Sums of `most` cells along an axis, from each of `starts` on.
    fn add_up(&mut self, n: &mut [usize; AXES], axis: usize, most: usize, starts: usize) {
        let Cells { sums, spare, .. } = self;
        let inner: usize = n[axis + 1..].iter().product();
        spare.clear();
        for page in sums.chunks_exact(n[axis] * inner) {
            for start in 0..starts {
                let to = spare.len();
                spare.extend_from_slice(&page[start * inner..][..inner]);
                for from in (start + 1..(start + most).min(n[axis])).map(|cell| &page[cell * inner..][..inner]) {
                    spare[to..].iter_mut().zip(from).for_each(|(to, from)| *to += from);
                }
            }
        }
        n[axis] = starts;
        std::mem::swap(sums, spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Real>(signal: Point, atom: Point, n_channels: usize, height: f64) {
        let volume = signal.iter().product::<i64>() as usize;
        // A few large values among small ones.
        let value = |i: usize| (i as f64 * 0.7).sin() * if (i * i) % 41 == 4 { height } else { height * 1e-4 };
        let x: Vec<T> = (0..n_channels * volume).map(|i| T::of(value(i))).collect();
        let largest = x.iter().map(|x| x.wide().abs()).fold(0.0, f64::max);
        let x = Field::contiguous(&x, signal);
        let valid: Point = std::array::from_fn(|a| signal[a] - atom[a] + 1);
        let mut cells = Cells::default();
        for (origin, shape) in [([0; AXES], valid), (valid.map(|n| n / 3), valid.map(|n| (n + 2) / 3))] {
            let tile = Tile { signal: 0, origin, shape, groups: shape };
            let bound = cells.largest_norm(&x, &tile, atom, largest);
            let mut most = 0.0;
            for at in 0..shape.iter().product::<i64>() {
                let at = [at / (shape[1] * shape[2]), at / shape[2] % shape[1], at % shape[2]];
                let mut squares = 0.0;
                for s in 0..atom.iter().product::<i64>() {
                    let s = [s / (atom[1] * atom[2]), s / atom[2] % atom[1], s % atom[2]];
                    let index = x.layout.index(std::array::from_fn(|a| origin[a] + at[a] + s[a]));
                    squares += x.channels.iter().map(|x| (x[index].wide() / largest).powi(2)).sum::<f64>();
                }
                most = f64::max(most, squares.sqrt() * largest);
            }
            assert!(bound >= most, "{signal:?} {atom:?} {height:e}: {bound:e} < {most:e}");
            assert!(bound <= 2.0 * most, "{signal:?} {atom:?} {height:e}: {bound:e} is far above {most:e}");
        }
    }

    #[test]
    fn no_part_of_a_field_has_a_larger_norm_than_is_said() {
        let shapes =
            [([1, 1, 300], [1, 1, 64]), ([1, 40, 51], [1, 8, 16]), ([1, 23, 30], [1, 5, 1]), ([11, 9, 20], [3, 4, 8])];
        for (signal, atom) in shapes {
            for n_channels in [1, 3] {
                // Squares of these are no numbers.
                for height in [1.0, 1e300, 1e-300] {
                    check::<f64>(signal, atom, n_channels, height);
                }
                for height in [1.0, 1e38, 1e-37] {
                    check::<f32>(signal, atom, n_channels, height);
                }
            }
        }
    }

    #[test]
    fn nothing_is_said_where_numbers_end() {
        let tile = Tile { signal: 0, origin: [0; AXES], shape: [1, 1, 5], groups: [1, 1, 5] };
        for (value, bound) in
            [(0.0, 0.0), (1e-310, f64::INFINITY), (f64::INFINITY, f64::INFINITY), (f64::NAN, f64::INFINITY)]
        {
            let x = [value; 8];
            let norm = Cells::default().largest_norm(&Field::contiguous(&x, [1, 1, 8]), &tile, [1, 1, 4], value);
            assert_eq!(norm, bound);
        }
    }
}
