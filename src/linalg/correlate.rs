//! Correlation of a field with every atom, tile by tile, straight into the solver's layout.
//!
//! A tile's values depend only on the tile and the field: one fixed matrix shape, or one fixed
//! transform length. That is what makes results independent of the number of threads.

use super::Real;
use super::convolver::{Buffers, Convolver};
use super::dictionary::Dictionary;
use super::field::Field;
use crate::error::Result;
use crate::grid::tiles::{AXES, Point, Tile};
use crate::memory;

/// How correlations are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Whichever is estimated to be cheaper.
    #[default]
    Auto,
    /// Matrix products over patches (BLAS).
    Gemm,
    /// Fast Fourier transforms.
    Fft,
}

/// Rows of one matrix product: enough to amortise its packing, few enough to stay in cache.
const PANEL: usize = 256;

/// Correlates tiles of a field with the atoms, each scaled by 1/n_k.
pub(crate) struct Correlator<T: Real> {
    n_atoms: usize,
    atom: Point,
    group: Point,
    periodic: [bool; AXES],
    kind: Kind<T>,
}

enum Kind<T: Real> {
    /// Atoms as columns, (P·L…, K).
    Gemm {
        columns: Vec<T>,
    },
    Fft(Convolver),
}

/// Buffers of one thread.
pub(crate) struct Scratch<T: Real> {
    /// Patches of a panel for matrix products, a row of the field for transforms.
    patches: Vec<T>,
    transforms: Buffers,
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
        let atom = dictionary.shape;
        let (n_atoms, n_channels) = (dictionary.n_atoms, dictionary.n_channels);
        let depth = n_channels * dictionary.volume();
        let use_fft = match method {
            Method::Gemm => false,
            Method::Fft => true,
            Method::Auto => {
                let positions = largest.iter().product::<i64>() as f64;
                let gemm = positions * depth as f64 * (0.05 * n_atoms as f64 + 0.25);
                Convolver::cost(atom, largest, n_channels, n_atoms) < gemm
            }
        };
        let kind = if use_fft {
            Kind::Fft(Convolver::new(dictionary, scale, largest)?)
        } else {
            let mut columns = memory::zeroed("the dictionary", depth * n_atoms)?;
            for k in 0..n_atoms {
                for p in 0..n_channels {
                    for s in 0..dictionary.volume() {
                        columns[(p * dictionary.volume() + s) * n_atoms + k] =
                            dictionary.at(k, p, s) * scale[k];
                    }
                }
            }
            Kind::Gemm { columns }
        };
        Ok(Correlator {
            n_atoms,
            atom,
            group,
            periodic,
            kind,
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        match &self.kind {
            Kind::Gemm { columns } => columns.len() * size_of::<T>(),
            Kind::Fft(convolver) => convolver.bytes(),
        }
    }

    pub(crate) fn scratch(&self) -> Result<Scratch<T>> {
        Ok(match &self.kind {
            Kind::Gemm { columns } => Scratch {
                patches: memory::zeroed("patches", PANEL * columns.len() / self.n_atoms)?,
                transforms: Buffers::default(),
            },
            Kind::Fft(convolver) => Scratch {
                patches: memory::zeroed("a row", convolver.row_len())?,
                transforms: convolver.buffers()?,
            },
        })
    }

    /// c(position, k) = Σ_p,s x_p(position + s)·d_k,p(s)·scale_k for all positions of a tile,
    /// row-major, atoms innermost. Positions beyond the end of the domain get values without meaning.
    pub(crate) fn tile(
        &self,
        x: &Field<'_, T>,
        tile: &Tile,
        scratch: &mut Scratch<T>,
        c: &mut [T],
    ) {
        let n_channels = x.channels.len();
        match &self.kind {
            Kind::Gemm { columns } => {
                let depth = columns.len() / self.n_atoms;
                let positions = tile.n_groups() * self.group.iter().product::<i64>() as usize;
                for first in (0..positions).step_by(PANEL) {
                    let rows = PANEL.min(positions - first);
                    let patches = &mut scratch.patches[..rows * depth];
                    self.gather_patches(x, tile, first, patches, rows);
                    T::gemm(
                        (rows, self.n_atoms, depth),
                        [true, false],
                        T::one(),
                        patches,
                        rows,
                        columns,
                        self.n_atoms,
                        T::ZERO,
                        &mut c[first * self.n_atoms..],
                        self.n_atoms,
                    );
                }
            }
            Kind::Fft(convolver) => {
                let (buffers, patches) = (&mut scratch.transforms, &mut scratch.patches);
                for channel in 0..n_channels {
                    convolver.forward(buffers, channel, |at, row| {
                        // Nothing from beyond what the tile needs: it might not be there.
                        let reach = |a: usize| tile.shape[a] + self.atom[a] - 1;
                        let inside = (0..AXES).all(|a| at[a] < reach(a));
                        let n = if inside { reach(2) - at[2] } else { 0 };
                        let n = (n as usize).min(row.len());
                        let at = std::array::from_fn(|a| at[a] + tile.origin[a]);
                        self.gather_row(x, channel, at, &mut patches[..n]);
                        let (row, rest) = row.split_at_mut(n);
                        row.iter_mut()
                            .zip(&*patches)
                            .for_each(|(to, from)| *to = from.wide());
                        rest.fill(0.0);
                    });
                }
                let [_, s1, s2] = tile.stored(&self.group);
                for atom in 0..self.n_atoms {
                    let (values, index) = convolver.correlate(buffers, atom);
                    for (row, c) in c.chunks_exact_mut(s2 as usize * self.n_atoms).enumerate() {
                        let row = row as i64;
                        let values = &values[index([row / s1, row % s1, 0])..];
                        let c = c[atom..].iter_mut().step_by(self.n_atoms);
                        c.zip(values).for_each(|(c, value)| *c = T::of(*value));
                    }
                }
            }
        }
    }

    /// The patches of positions from `first` on, as columns: each row is the field, moved by one tap, in long runs.
    fn gather_patches(
        &self,
        x: &Field<'_, T>,
        tile: &Tile,
        first: usize,
        patches: &mut [T],
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
                self.gather_row(x, channel as usize, from, run);
                row = rest;
                at = match at[1] + 1 < n1 {
                    true => [at[0], at[1] + 1, 0],
                    false => [at[0] + 1, 0, 0],
                };
            }
        }
    }

    /// Copies the field's values from `at` on along the last axis: around the period, zero outside.
    #[inline]
    fn gather_row(&self, x: &Field<'_, T>, channel: usize, mut at: Point, row: &mut [T]) {
        let shape = x.layout.shape;
        for axis in 0..AXES {
            if self.periodic[axis] {
                at[axis] = at[axis].rem_euclid(shape[axis]);
            }
        }
        if at[0] >= shape[0] || at[1] >= shape[1] {
            row.fill(T::ZERO);
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
                row.copy_from_slice(&data[start..start + inside]);
            }
            rest.fill(T::ZERO);
            return;
        }
        for (i, value) in row.iter_mut().enumerate() {
            let mut j = at[2] + i as i64;
            if self.periodic[2] {
                j %= shape[2];
            }
            *value = if j < shape[2] {
                data[(start + j * step) as usize]
            } else {
                T::ZERO
            };
        }
    }
}
