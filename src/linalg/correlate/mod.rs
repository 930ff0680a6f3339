//! Correlation of a field with every atom, tile by tile, straight into the solver's layout.
//!
//! A tile's values depend only on the tile and the field: one fixed matrix shape, or one fixed
//! transform length. That is what makes results independent of the number of threads.

mod direct;
mod fft;
mod gemm;
pub(super) mod halving;
mod reach;

use crate::base::error::Result;
use crate::base::memory;
use crate::clock;
use crate::grid::point::{AXES, Point};
use crate::grid::tiles::Tile;
use crate::linalg::Real;
use crate::linalg::convolver::{Buffers, Convolver};
use crate::linalg::dictionary::Dictionary;
use crate::linalg::field::Field;
use crate::linalg::kernels::Isa;
pub use crate::options::solve::Method;
use direct::{Blocks, halvings};
pub(crate) use reach::Scratch;
use reach::{Reach, Room};

/// Correlates tiles of a field with the atoms, each scaled by 1/n_k.
pub(crate) struct Correlator<T: Real> {
    reach: Reach,
    isa: Isa,
    /// Atoms that are these times a factor are the scaled ones; row-major (K, P, L…).
    atoms: Vec<T>,
    factors: Vec<f64>,
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
        let reach = Reach { n_atoms, atom, group, periodic };
        Ok(Correlator { reach, isa: Isa::detect(), atoms, factors: vec![1.0; n_atoms], unit, kind })
    }

    /// From now on [`Self::at`] sums over these atoms, and divides by what undoes the scale: in floats a scaled atom is rounded,
    /// and what is proven with it would be proven of another dictionary.
    pub(crate) fn sum_over(&mut self, dictionary: &Dictionary<T>, unscale: &[T]) {
        let (volume, depth, n_channels) = (dictionary.volume(), self.depth(), dictionary.n_channels);
        for (index, to) in self.atoms.iter_mut().enumerate() {
            *to = dictionary.at(index / depth, index / volume % n_channels, index % volume);
        }
        self.factors = unscale.iter().map(|unscale| 1.0 / unscale.wide()).collect();
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
        self.atoms.len() / self.reach.n_atoms
    }

    /// Buffers for tiles up to `largest`; `single`: for [`Self::tile_single`], `full`: for [`Self::tile`].
    pub(crate) fn scratch(&self, largest: Point, single: bool, full: bool) -> Result<Scratch<T>> {
        let n_channels = self.depth() / self.reach.atom.iter().product::<i64>() as usize;
        let values = |single: bool| match &self.kind {
            Kind::Direct { single: atoms, .. } if single => atoms.room(&self.reach, largest, n_channels),
            Kind::Direct { full: atoms, .. } => atoms.room(&self.reach, largest, n_channels),
            Kind::Gemm { .. } => gemm::PANEL * self.depth(),
            Kind::Fft(_) => 0,
        };
        let (row, transforms) = match &self.kind {
            Kind::Fft(convolver) => (convolver.row_len(), convolver.buffers()?),
            _ => (0, Buffers::default()),
        };
        let row = row.max(self.reach.atom[2] as usize);
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
        let reach = &self.reach;
        match &self.kind {
            Kind::Direct { full, .. } => full.sum(self.isa, reach, x, 1.0, tile, &mut scratch.full, c),
            Kind::Gemm { full, .. } => gemm::multiply(reach, full, x, 1.0, tile, &mut scratch.full, c),
            Kind::Fft(convolver) => fft::transform(reach, convolver, x, 1.0, tile, scratch, c),
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
        let reach = &self.reach;
        match &self.kind {
            Kind::Direct { single, .. } => single.sum(self.isa, reach, x, x_unit, tile, &mut scratch.single, c),
            Kind::Gemm { single, .. } => gemm::multiply(reach, single, x, x_unit, tile, &mut scratch.single, c),
            Kind::Fft(convolver) => {
                fft::transform(reach, convolver, x, self.single_unit(x_unit), tile, scratch, c);
            }
        }
    }

    /// One correlation, by its definition: summed in double precision, in one order.
    pub(crate) fn at(&self, x: &Field<'_, T>, at: Point, atom: usize, scratch: &mut Scratch<T>) -> f64 {
        let [l0, l1, l2] = self.reach.atom;
        let depth = self.depth();
        let mut d = self.atoms[atom * depth..][..depth].chunks_exact(l2 as usize);
        let shape = x.layout.shape;
        let inside = (0..AXES).all(|a| at[a] + self.reach.atom[a] <= shape[a]);
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
                    self.reach.gather_row(x, channel, 1.0, [at[0] + i, at[1] + j, at[2]], row);
                    add_products(&mut sums, row, d);
                }
            }
        }
        sums.iter().sum::<f64>() * self.factors[atom]
    }

    /// The most that a correlation with each atom can be where |x| ≤ 1.
    pub(crate) fn weights(&self) -> Vec<f64> {
        let weight = |(atom, factor): (&[T], &f64)| atom.iter().map(|d| d.wide().abs()).sum::<f64>() * factor;
        self.atoms.chunks_exact(self.depth()).zip(&self.factors).map(weight).collect()
    }

    /// The most that it can be where what an atom covers has the norm 1.
    pub(crate) fn norms(&self) -> Vec<f64> {
        let norm = |atom: &[T]| atom.iter().map(|d| d.wide() * d.wide()).sum::<f64>().sqrt();
        let rounded = 1.0 + (self.depth() + 8) as f64 * f64::EPSILON;
        let atoms = self.atoms.chunks_exact(self.depth()).zip(&self.factors);
        atoms.map(|(atom, factor)| rounded * norm(atom) * factor).collect()
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
