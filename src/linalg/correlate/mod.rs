//! Correlation of a field with every atom, tile by tile, straight into the solver's layout.
//!
//! A tile's values depend only on the tile and the field: one fixed matrix shape, or one fixed
//! transform length. That is what makes results independent of the number of threads.

pub(super) mod halving;

use crate::base::error::Result;
use crate::base::memory;
use crate::clock::{self, Looks};
use crate::grid::point::{AXES, Point};
use crate::grid::tiles::Tile;
use crate::linalg::Real;
use crate::linalg::convolver::{Buffers, Convolver};
use crate::linalg::correlate::halving::{MOST_HALVINGS, parts, split_taps, split_values, whole};
use crate::linalg::dictionary::Dictionary;
use crate::linalg::field::Field;
use crate::linalg::kernels::{AtomBlock, Isa, MOST_ATOMS, OVERHANG, Taps};
pub use crate::options::solve::Method;

/// Rows of one matrix product: enough to amortise its packing, few enough to stay in cache.
const PANEL: usize = 256;

/// Correlates tiles of a field with the atoms, each scaled by 1/n_k.
pub(crate) struct Correlator<T: Real> {
    n_atoms: usize,
    atom: Point,
    group: Point,
    periodic: [bool; AXES],
    isa: Isa,
    /// The scaled atoms, row-major (K, P, L…).
    atoms: Vec<T>,
    /// What the atoms are multiplied by in single precision, a power of two.
    unit: f64,
    kind: Kind<T>,
}

enum Kind<T: Real> {
    /// Atoms tap by tap, in blocks, in both precisions.
    Direct {
        full: Blocks<T>,
        single: Blocks<f32>,
    },
    /// Atoms as columns, (P·L…, K), in both precisions.
    Gemm {
        full: Vec<T>,
        single: Vec<f32>,
    },
    Fft(Convolver),
}

/// Buffers of one thread.
pub(crate) struct Scratch<T: Real> {
    /// Part of the field, in the precision that is asked for: patches of a panel for matrix products, what a tile
    /// reaches for direct sums.
    full: Room<T>,
    single: Room<f32>,
    /// A row of the field.
    row: Vec<T>,
    transforms: Buffers,
}

/// Buffers in one precision.
struct Room<C> {
    values: Vec<C>,
    /// A row of them, whole and in parts.
    rows: [Vec<C>; 2],
}

impl<C: Real> Room<C> {
    fn new(n: usize) -> Result<Self> {
        Ok(Room { values: memory::zeroed("patches", n)?, rows: Default::default() })
    }
}

/// Atoms for direct sums: (block, part of a row, P·L…, atom of the block).
struct Blocks<C> {
    values: Vec<C>,
    /// Atoms per block at most.
    most: usize,
    /// How often rows are halved.
    halvings: usize,
    /// For each atom a bound on the sum of |d|·|x| over all terms, where |x| ≤ 1.
    weights: Vec<f64>,
}

impl<C: Real> Blocks<C> {
    /// `row` is the length of atoms along the last axis.
    fn new<T: Real>(atoms: &[T], n_atoms: usize, row: usize, unit: f64, halvings: usize) -> Result<Self> {
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
}

/// How often rows are worth halving, of atoms that are `row` long and tiles of up to `largest` positions: some taps are
/// left, and whole vectors of positions.
fn halvings(row: i64, largest: i64) -> usize {
    let worth = |h: &usize| row >> h >= 6 && largest % (1 << h) == 0 && largest >> h >= 16;
    (1..=MOST_HALVINGS).take_while(worth).count()
}

/// A power of two that brings magnitudes up to `largest` into the middle of the range of numbers; 1 if nothing does.
pub(crate) fn unit_of(largest: f64) -> f64 {
    // Without the significand.
    let power = f64::from_bits(largest.to_bits() & f64::INFINITY.to_bits());
    match power.is_normal() && (1.0 / power).is_normal() {
        true => 1.0 / power,
        false => 1.0,
    }
}

impl<T: Real> Correlator<T> {
    /// `largest` is the largest tile, in whole groups.
    pub(crate) fn new(
        dictionary: &Dictionary<T>,
        scale: &[T],
        group: Point,
        periodic: [bool; AXES],
        largest: Point,
        method: Method,
    ) -> Result<Self> {
        clock::check()?;
        let atom = dictionary.shape;
        let (n_atoms, n_channels) = (dictionary.n_atoms, dictionary.n_channels);
        let (volume, depth) = (dictionary.volume(), n_channels * dictionary.volume());
        let mut atoms = memory::zeroed("the dictionary", n_atoms * depth)?;
        for (index, to) in atoms.iter_mut().enumerate() {
            let (k, p) = (index / depth, index / volume % n_channels);
            *to = dictionary.at(k, p, index % volume) * scale[k];
        }
        let method = match method {
            Method::Auto => {
                let products = if Isa::detect().sums_quickly() {
                    (Method::Direct, 0.02 * n_atoms as f64)
                } else {
                    (Method::Gemm, 0.05 * n_atoms as f64 + 0.25)
                };
                let positions = largest.iter().product::<i64>() as f64;
                let transforms = Convolver::cost(atom, largest, n_channels, n_atoms);
                match transforms < positions * depth as f64 * products.1 {
                    true => Method::Fft,
                    false => products.0,
                }
            }
            method => method,
        };
        let largest_value = atoms.iter().map(|d: &T| d.wide().abs()).fold(0.0, f64::max);
        let unit = unit_of(largest_value);
        let kind = match method {
            Method::Fft => Kind::Fft(Convolver::new(dictionary, scale, largest)?),
            Method::Gemm => {
                let mut full = memory::zeroed("the dictionary", depth * n_atoms)?;
                for (index, to) in full.iter_mut().enumerate() {
                    *to = atoms[index % n_atoms * depth + index / n_atoms];
                }
                let mut single = Vec::new();
                memory::reserve("the dictionary", &mut single, full.len())?;
                single.extend(full.iter().map(|d| (d.wide() * unit) as f32));
                Kind::Gemm { full, single }
            }
            Method::Auto | Method::Direct => {
                let row = atom[2] as usize;
                let halvings = halvings(atom[2], largest[2]);
                Kind::Direct {
                    full: Blocks::new(&atoms, n_atoms, row, 1.0, 0)?,
                    single: Blocks::new(&atoms, n_atoms, row, unit, halvings)?,
                }
            }
        };
        Ok(Correlator { n_atoms, atom, group, periodic, isa: Isa::detect(), atoms, unit, kind })
    }

    pub(crate) fn bytes(&self) -> usize {
        let size = size_of::<T>();
        let copies = match &self.kind {
            Kind::Direct { full, single } => full.values.len() * size + single.values.len() * 4,
            Kind::Gemm { full, single } => full.len() * size + single.len() * 4,
            Kind::Fft(convolver) => convolver.bytes(),
        };
        copies + self.atoms.len() * size
    }

    /// Values of the field that go into one correlation.
    fn depth(&self) -> usize {
        self.atoms.len() / self.n_atoms
    }

    /// What a tile reaches of a field: its stored positions, L − 1 more along each axis; of halved rows the length of a
    /// part.
    fn window(&self, stored: Point, halvings: usize) -> Point {
        let [w0, w1, _] = std::array::from_fn(|a| stored[a] + self.atom[a] - 1);
        let part = (stored[2] >> halvings) + (self.atom[2] as u64).div_ceil(1 << halvings) as i64 - 1;
        [w0, w1, part]
    }

    /// Buffers for tiles up to `largest`; `single`: for [`Self::tile_single`], `full`: for [`Self::tile`].
    pub(crate) fn scratch(&self, largest: Point, single: bool, full: bool) -> Result<Scratch<T>> {
        let values = |single: bool| match &self.kind {
            Kind::Direct { single: atoms, .. } => {
                let channels = self.depth() as i64 / self.atom.iter().product::<i64>();
                let halvings = if single { atoms.halvings } else { 0 };
                let [w0, w1, part] = self.window(largest, halvings);
                let n = channels * w0 * w1 * part * parts(halvings) as i64;
                n as usize + OVERHANG
            }
            Kind::Gemm { .. } => PANEL * self.depth(),
            Kind::Fft(_) => 0,
        };
        let (row, transforms) = match &self.kind {
            Kind::Fft(convolver) => (convolver.row_len(), convolver.buffers()?),
            _ => (0, Buffers::default()),
        };
        let row = row.max(self.atom[2] as usize);
        Ok(Scratch {
            full: Room::new(if full { values(false) } else { 0 })?,
            single: Room::new(if single { values(true) } else { 0 })?,
            row: memory::zeroed("a row", row)?,
            transforms,
        })
    }

    /// c(position, k) = Σ_p,s x_p(position + s)·d_k,p(s)·scale_k for all positions of a tile,
    /// row-major, atoms innermost. Positions beyond the end of the domain get values without meaning, and all do that the
    /// clock leaves no time for.
    pub(crate) fn tile(&self, x: &Field<'_, T>, tile: &Tile, scratch: &mut Scratch<T>, c: &mut [T]) {
        match &self.kind {
            Kind::Direct { full, .. } => self.sum(full, x, 1.0, tile, &mut scratch.full, c),
            Kind::Gemm { full, .. } => self.multiply(full, x, 1.0, tile, &mut scratch.full, c),
            Kind::Fft(convolver) => self.transform(convolver, x, 1.0, tile, scratch, c),
        }
    }

    /// What values of [`Self::tile_single`] are multiplied by.
    pub(crate) fn single_unit(&self, x_unit: f64) -> f64 {
        x_unit * self.unit
    }

    /// The same in single precision, times [`Self::single_unit`]; `x_unit` brings the field into its range.
    pub(crate) fn tile_single(
        &self,
        x: &Field<'_, T>,
        x_unit: f64,
        tile: &Tile,
        scratch: &mut Scratch<T>,
        c: &mut [f32],
    ) {
        match &self.kind {
            Kind::Direct { single, .. } => {
                self.sum(single, x, x_unit, tile, &mut scratch.single, c);
            }
            Kind::Gemm { single, .. } => {
                self.multiply(single, x, x_unit, tile, &mut scratch.single, c);
            }
            Kind::Fft(convolver) => {
                let unit = self.single_unit(x_unit);
                self.transform(convolver, x, unit, tile, scratch, c);
            }
        }
    }

    /// One correlation, by its definition: summed in double precision, in one order.
    pub(crate) fn at(&self, x: &Field<'_, T>, at: Point, atom: usize, scratch: &mut Scratch<T>) -> f64 {
        let [l0, l1, l2] = self.atom;
        let depth = self.depth();
        let mut d = self.atoms[atom * depth..][..depth].chunks_exact(l2 as usize);
        let shape = x.layout.shape;
        let inside = (0..AXES).all(|a| at[a] + self.atom[a] <= shape[a]);
        let direct = inside && x.layout.strides[2] == 1;
        let first = x.layout.index(at) as i64;
        let mut sums = [0.0; 8];
        for (channel, data) in x.channels.iter().enumerate() {
            for i in 0..l0 {
                for j in 0..l1 {
                    let d = d.next().unwrap_or(&[]);
                    if direct {
                        let [s0, s1, _] = x.layout.strides;
                        let row = (first + i * s0 + j * s1) as usize;
                        add_products(&mut sums, &data[row..row + l2 as usize], d);
                        continue;
                    }
                    let row = &mut scratch.row[..l2 as usize];
                    self.gather_row(x, channel, 1.0, [at[0] + i, at[1] + j, at[2]], row);
                    add_products(&mut sums, row, d);
                }
            }
        }
        sums.iter().sum()
    }

    /// The most that a correlation with each atom can be where |x| ≤ 1.
    pub(crate) fn weights(&self) -> Vec<f64> {
        let weight = |atom: &[T]| atom.iter().map(|d| d.wide().abs()).sum::<f64>();
        self.atoms.chunks_exact(self.depth()).map(weight).collect()
    }

    /// What [`Self::tile`] (or `tile_single`) may differ by from [`Self::at`] for each atom, where |x| ≤ 1.
    pub(crate) fn uncertainty(&self, single: bool) -> Vec<f64> {
        let (depth, epsilon) = match single {
            true => (self.depth() as f64, f32::EPSILON.into()),
            false => (self.depth() as f64, T::EPSILON.wide()),
        };
        // Higham, Accuracy and Stability of Numerical Algorithms, section 3.1: γ_n Σ |x||d|, and some for the rounding
        // of the field and the atoms. Transforms are in double precision, with errors relative to all that they cover.
        let relative = match &self.kind {
            Kind::Fft(_) => 4.0 * epsilon + 1e-11,
            _ => (depth + 8.0) * epsilon,
        };
        if let (Kind::Direct { single, .. }, true) = (&self.kind, single) {
            // A part has fewer terms, but they are larger, and there are a few sums more.
            let terms = depth / (1 << single.halvings) as f64 + 2.0 * single.halvings as f64;
            let relative = (terms + 8.0) * epsilon;
            return single.weights.iter().map(|w| relative * w).collect();
        }
        self.weights().into_iter().map(|w| relative * w).collect()
    }

    fn sum<C: Real>(
        &self,
        blocks: &Blocks<C>,
        x: &Field<'_, T>,
        unit: f64,
        tile: &Tile,
        room: &mut Room<C>,
        c: &mut [C],
    ) {
        let (values, [row, spare]) = (&mut room.values, &mut room.rows);
        let (stored, halvings) = (tile.stored(&self.group), blocks.halvings);
        let [w0, w1, part] = self.window(stored, halvings).map(|n| n as usize);
        let whole = whole(part, halvings);
        // Zero where only padding needs it: how that is rounded must not depend on what there is.
        let reach = (tile.shape[2] + self.atom[2] - 1) as usize;
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
            self.gather_row(x, channel, unit, at, &mut row[..reach.min(whole)]);
            split_values(row, spare, halvings);
            for (number, values_of) in row.chunks_exact(part).enumerate() {
                values[(number * n_rows + index) * part..][..part].copy_from_slice(values_of);
            }
        }
        let n_values = parts(halvings) * n_rows * part;
        let values = &values[..n_values + OVERHANG];
        let [l0, l1, l2] = self.atom.map(|l| l as usize);
        let strides = [w1 * part, part];
        let channel = w0 * strides[0];
        let starts = (0..x.channels.len()).flat_map(|p| {
            (0..l0).flat_map(move |i| (0..l1).map(move |j| p * channel + i * strides[0] + j * strides[1]))
        });
        let taps = Taps { starts: starts.collect(), run: l2.div_ceil(1 << halvings), halvings };
        let [p0, p1, p2] = stored.map(|n| n as usize);
        let positions = [p0, p1, p2 >> halvings];
        let depth = parts(halvings) * taps.starts.len() * taps.run;
        for (index, d) in blocks.values.chunks(blocks.most * depth).enumerate() {
            let block = AtomBlock { first: index * blocks.most, n: d.len() / depth, of: self.n_atoms };
            C::correlate(self.isa, values, positions, strides, &taps, d, block, c);
            if clock::over() {
                return;
            }
        }
    }

    fn multiply<C: Real>(
        &self,
        columns: &[C],
        x: &Field<'_, T>,
        unit: f64,
        tile: &Tile,
        room: &mut Room<C>,
        c: &mut [C],
    ) {
        let depth = self.depth();
        let positions = tile.n_groups() * self.group.iter().product::<i64>() as usize;
        for first in (0..positions).step_by(PANEL) {
            if clock::over() {
                return;
            }
            let rows = PANEL.min(positions - first);
            let patches = &mut room.values[..rows * depth];
            self.gather_patches(x, unit, tile, first, patches, rows);
            C::gemm(
                (rows, self.n_atoms, depth),
                [true, false],
                C::one(),
                patches,
                rows,
                columns,
                self.n_atoms,
                C::ZERO,
                &mut c[first * self.n_atoms..],
                self.n_atoms,
            );
        }
    }

    fn transform<C: Real>(
        &self,
        convolver: &Convolver,
        x: &Field<'_, T>,
        unit: f64,
        tile: &Tile,
        scratch: &mut Scratch<T>,
        c: &mut [C],
    ) {
        let (buffers, values) = (&mut scratch.transforms, &mut scratch.row);
        for channel in 0..x.channels.len() {
            convolver.forward(buffers, channel, |at, row| {
                // Nothing from beyond what the tile needs: it might not be there.
                let reach = |a: usize| tile.shape[a] + self.atom[a] - 1;
                let inside = (0..AXES).all(|a| at[a] < reach(a));
                let n = if inside { reach(2) - at[2] } else { 0 };
                let n = (n as usize).min(row.len());
                let at = std::array::from_fn(|a| at[a] + tile.origin[a]);
                self.gather_row(x, channel, 1.0, at, &mut values[..n]);
                let (row, rest) = row.split_at_mut(n);
                row.iter_mut().zip(&*values).for_each(|(to, from)| *to = from.wide());
                rest.fill(0.0);
            });
        }
        let [_, s1, s2] = tile.stored(&self.group);
        for atom in 0..self.n_atoms {
            if clock::over() {
                return;
            }
            let (values, index) = convolver.correlate(buffers, atom);
            for (row, c) in c.chunks_exact_mut(s2 as usize * self.n_atoms).enumerate() {
                let row = row as i64;
                let values = &values[index([row / s1, row % s1, 0])..];
                let c = c[atom..].iter_mut().step_by(self.n_atoms);
                c.zip(values).for_each(|(c, value)| *c = C::of(*value * unit));
            }
        }
    }

    /// The patches of positions from `first` on, as columns: each row is the field, moved by one tap, in long runs.
    fn gather_patches<C: Real>(
        &self,
        x: &Field<'_, T>,
        unit: f64,
        tile: &Tile,
        first: usize,
        patches: &mut [C],
        columns: usize,
    ) {
        let [_, n1, n2] = tile.stored(&self.group);
        let [_, l1, l2] = self.atom;
        let volume = self.atom.iter().product::<i64>();
        let first = first as i64;
        let begin = [first / (n1 * n2), first / n2 % n1, first % n2];
        for (tap, row) in patches.chunks_exact_mut(columns).enumerate() {
            let (channel, tap) = (tap as i64 / volume, tap as i64 % volume);
            let tap = [tap / (l1 * l2), tap / l2 % l1, tap % l2];
            let (mut at, mut row) = (begin, row);
            while !row.is_empty() {
                let (run, rest) = row.split_at_mut(row.len().min((n2 - at[2]) as usize));
                let from = std::array::from_fn(|a| tile.origin[a] + at[a] + tap[a]);
                self.gather_row(x, channel as usize, unit, from, run);
                row = rest;
                at = match at[1] + 1 < n1 {
                    true => [at[0], at[1] + 1, 0],
                    false => [at[0] + 1, 0, 0],
                };
            }
        }
    }

    /// Copies the field's values, times `unit`, from `at` on along the last axis: around the period, zero outside.
    #[inline]
    fn gather_row<C: Real>(&self, x: &Field<'_, T>, channel: usize, unit: f64, mut at: Point, row: &mut [C]) {
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

/// Adds a·b in double precision, in one order.
#[inline(always)]
fn add_products<T: Real>(sums: &mut [f64; 8], a: &[T], b: &[T]) {
    let ((a8, a_rest), (b8, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a8.iter().zip(b8) {
        *sums = std::array::from_fn(|i| sums[i] + a[i].wide() * b[i].wide());
    }
    for (sum, (a, b)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *sum += a.wide() * b.wide();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tiles at the beginning, in the middle and at the end of a field, in both precisions, against single correlations.
    #[test]
    fn correlations_are_as_exact_as_they_say() {
        let value = |i: usize| ((i * i) as f64 * 0.7).sin();
        // How often rows are halved.
        let shapes: [(Point, Point, usize); 6] = [
            ([1, 1, 700], [1, 1, 131], 2),
            ([1, 1, 700], [1, 1, 5], 0),
            ([1, 40, 90], [1, 6, 13], 1),
            ([1, 40, 90], [1, 7, 24], 1),
            ([9, 10, 75], [3, 2, 12], 1),
            ([9, 10, 175], [2, 3, 25], 2),
        ];
        for (signal, atom, halvings) in shapes {
            for (n_atoms, n_channels) in [(1, 2), (5, 1), (14, 1), (30, 2)] {
                let volume = |shape: Point| shape.iter().product::<i64>() as usize;
                let d: Vec<f64> = (0..n_atoms * n_channels * volume(atom)).map(value).collect();
                let x: Vec<f64> = (0..n_channels * volume(signal)).map(value).collect();
                let x = Field::contiguous(&x, signal);
                let d = Dictionary::full(n_atoms, n_channels, atom, &d).unwrap();
                let group = [1, 1, 16];
                let largest = signal.map(|n| (n / 2 + 15) / 16 * 16);
                let largest = [signal[0], signal[1], largest[2]];
                let scale = vec![0.5; n_atoms];
                let periodic = [false; AXES];
                let method = Method::Direct;
                let correlator = Correlator::new(&d, &scale, group, periodic, largest, method).unwrap();
                let halved = match &correlator.kind {
                    Kind::Direct { single, .. } => single.halvings,
                    _ => 0,
                };
                assert_eq!(halved, halvings);
                let valid: Point = std::array::from_fn(|a| signal[a] - atom[a] + 1);
                let mut scratch = [false, true].map(|s| correlator.scratch(largest, s, !s).unwrap());
                for (first, end) in [(0, 40), (7, 39), (valid[2] - 21, valid[2])] {
                    let tile = Tile {
                        signal: 0,
                        origin: [0, 0, first],
                        shape: [valid[0], valid[1], end - first],
                        groups: [valid[0], valid[1], (end - first + 15) / 16],
                    };
                    let n = volume(tile.stored(&group)) * n_atoms;
                    let (mut full, mut single) = (vec![9.0; n], vec![9.0; n]);
                    correlator.tile(&x, &tile, &mut scratch[0], &mut full);
                    correlator.tile_single(&x, 0.25, &tile, &mut scratch[1], &mut single);
                    let unit = correlator.single_unit(0.25);
                    let limits = [false, true].map(|single| correlator.uncertainty(single));
                    for index in 0..n {
                        let (position, k) = (index / n_atoms, index % n_atoms);
                        let [_, s1, s2] = tile.stored(&group).map(|n| n as usize);
                        let at = [position / (s1 * s2), position / s2 % s1, position % s2];
                        if at[2] as i64 >= tile.shape[2] {
                            continue;
                        }
                        let at = std::array::from_fn(|a| at[a] as i64 + tile.origin[a]);
                        let c = correlator.at(&x, at, k, &mut scratch[0]);
                        let single = f64::from(single[index]) / unit;
                        for (value, limit) in [full[index], single].into_iter().zip(&limits) {
                            let error = (value - c).abs();
                            assert!(error <= limit[k], "{signal:?} {atom:?} {at:?} {k}: {error:e}");
                        }
                    }
                }
            }
        }
    }
}
