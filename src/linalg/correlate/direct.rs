//! Correlations by sums over the taps.

use crate::base::error::Result;
use crate::base::memory;
use crate::clock::{self, Looks};
use crate::grid::point::Point;
use crate::grid::tiles::Tile;
use crate::linalg::correlate::halving::{MOST_HALVINGS, parts, split_taps, split_values, whole};
use crate::linalg::correlate::reach::{Reach, Room};
use crate::linalg::kernels::{AtomBlock, Isa, MOST_ATOMS, OVERHANG, Taps};
use crate::linalg::{Field, Real};

/// Atoms for direct sums: (block, part of a row, P·L…, atom of the block).
pub(super) struct Blocks<C> {
    pub(super) values: Vec<C>,
    /// Atoms per block at most.
    most: usize,
    /// How often rows are halved.
    pub(super) halvings: usize,
    /// For each atom a bound on the sum of |d|·|x| over all terms, where |x| ≤ 1.
    pub(super) weights: Vec<f64>,
}

impl<C: Real> Blocks<C> {
    /// `row` is the length of atoms along the last axis.
    pub(super) fn new<T: Real>(atoms: &[T], n_atoms: usize, row: usize, unit: f64, halvings: usize) -> Result<Self> {
        let what = "the dictionary";
        let most = n_atoms.div_ceil(n_atoms.div_ceil(MOST_ATOMS));
        let (n_rows, run) = (atoms.len() / n_atoms / row, row.div_ceil(1 << halvings));
        let part = n_rows * run;
        let mut values = memory::zeroed(what, n_atoms * parts(halvings) * part)?;
        let mut weights: Vec<f64> = memory::zeroed(what, n_atoms)?;
        for (k, atom) in atoms.chunks_exact(n_rows * row).enumerate() {
            let (block, in_block) = (k / most * most, k % most);
            let block = (block * parts(halvings) * part, most.min(n_atoms - block));
            for (index, taps) in atom.chunks_exact(row).enumerate() {
                let taps: Vec<f64> = taps.iter().map(|d| d.wide() * unit).collect();
                let (taps, weight) = split_taps(&taps, halvings);
                weights[k] += weight / unit;
                for (number, taps) in taps.iter().enumerate() {
                    let first = number * part + index * run;
                    for (tap, d) in taps.iter().enumerate() {
                        values[block.0 + (first + tap) * block.1 + in_block] = C::of(*d);
                    }
                }
            }
        }
        Ok(Blocks { values, most, halvings, weights })
    }

    /// What a tile reaches of a field: its stored positions, L − 1 more along each axis; of halved rows the length of a
    /// part.
    fn window(&self, reach: &Reach, stored: Point) -> Point {
        let [w0, w1, _] = std::array::from_fn(|a| stored[a] + reach.atom[a] - 1);
        let part = (stored[2] >> self.halvings) + (reach.atom[2] as u64).div_ceil(1 << self.halvings) as i64 - 1;
        [w0, w1, part]
    }

    /// Values of a field that tiles up to `largest` need.
    pub(super) fn room(&self, reach: &Reach, largest: Point, n_channels: usize) -> usize {
        let [w0, w1, part] = self.window(reach, largest);
        let n = n_channels as i64 * w0 * w1 * part * parts(self.halvings) as i64;
        n as usize + OVERHANG
    }

    /// All correlations of a tile.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn sum<T: Real>(
        &self,
        isa: Isa,
        reach: &Reach,
        x: &Field<'_, T>,
        unit: f64,
        tile: &Tile,
        room: &mut Room<C>,
        c: &mut [C],
    ) {
        let (values, [row, spare]) = (&mut room.values, &mut room.rows);
        let (stored, halvings) = (tile.stored(&reach.group), self.halvings);
        let [w0, w1, part] = self.window(reach, stored).map(|n| n as usize);
        let whole = whole(part, halvings);
        // Zero where only padding needs it: how that is rounded must not depend on what there is.
        let seen = (tile.shape[2] + reach.atom[2] - 1) as usize;
        let n_rows = x.channels.len() * w0 * w1;
        let mut looks = Looks::every(4 * whole);
        for index in 0..n_rows {
            if looks.over() {
                return;
            }
            let [channel, i, j] = [index / (w0 * w1), index / w1 % w0, index % w1];
            let [i, j] = [i as i64, j as i64];
            let at = std::array::from_fn(|a| tile.origin[a] + [i, j, 0][a]);
            row.clear();
            row.resize(whole, C::ZERO);
            reach.gather_row(x, channel, unit, at, &mut row[..seen.min(whole)]);
            split_values(row, spare, halvings);
            for (number, values_of) in row.chunks_exact(part).enumerate() {
                values[(number * n_rows + index) * part..][..part].copy_from_slice(values_of);
            }
        }
        let n_values = parts(halvings) * n_rows * part;
        let values = &values[..n_values + OVERHANG];
        let [l0, l1, l2] = reach.atom.map(|l| l as usize);
        let strides = [w1 * part, part];
        let channel = w0 * strides[0];
        let starts = (0..x.channels.len()).flat_map(|p| {
            (0..l0).flat_map(move |i| (0..l1).map(move |j| p * channel + i * strides[0] + j * strides[1]))
        });
        let taps = Taps { starts: starts.collect(), run: l2.div_ceil(1 << halvings), halvings };
        let [p0, p1, p2] = stored.map(|n| n as usize);
        let positions = [p0, p1, p2 >> halvings];
        let depth = parts(halvings) * taps.starts.len() * taps.run;
        for (index, d) in self.values.chunks(self.most * depth).enumerate() {
            let block = AtomBlock { first: index * self.most, n: d.len() / depth, of: reach.n_atoms };
            C::correlate(isa, values, positions, strides, &taps, d, block, c);
            if clock::over() {
                return;
            }
        }
    }
}

/// How often rows are worth halving, of atoms that are `row` long and tiles of up to `largest` positions: some taps are
/// left, and whole vectors of positions.
pub(super) fn halvings(row: i64, largest: i64) -> usize {
    let worth = |h: &usize| row >> h >= 6 && largest % (1 << h) == 0 && largest >> h >= 16;
    (1..=MOST_HALVINGS).take_while(worth).count()
}
