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
                let gemm = positions * depth as f64 * (0.05 * n_atoms as f64 + 0.6);
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
                    self.gather_patches(x, tile, first, patches, depth);
                    T::gemm(
                        (rows, self.n_atoms, depth),
                        T::one(),
                        patches,
                        depth,
                        false,
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

    fn gather_patches(
        &self,
        x: &Field<'_, T>,
        tile: &Tile,
        first: usize,
        patches: &mut [T],
        depth: usize,
    ) {
        let [_, s1, s2] = tile.stored(&self.group);
        let run = self.atom[2] as usize;
        for row in 0..patches.len() / depth {
            let position = (first + row) as i64;
            let at = [position / (s1 * s2), position / s2 % s1, position % s2];
            let at: Point = std::array::from_fn(|a| tile.origin[a] + at[a]);
            let mut to = row * depth;
            let inside = (0..AXES).all(|a| at[a] + self.atom[a] <= x.layout.shape[a]);
            for channel in 0..x.channels.len() {
                for s0 in 0..self.atom[0] {
                    for s1 in 0..self.atom[1] {
                        let from = [at[0] + s0, at[1] + s1, at[2]];
                        if inside && x.layout.strides[2] == 1 {
                            let start = x.layout.index(from);
                            copy_run(patches, to, x.channels[channel], start, run);
                        } else {
                            self.gather_row(x, channel, from, &mut patches[to..to + run]);
                        }
                        to += run;
                    }
                }
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
        if step == 1 && at[2] + row.len() as i64 <= shape[2] {
            let start = x.layout.index(at);
            row.copy_from_slice(&data[start..start + row.len()]);
            return;
        }
        let start = x.layout.index([at[0], at[1], 0]) as i64;
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

/// Copies a short run by fours: a call of the general copy costs more than the run. What is written
/// beyond the run is overwritten by the next one.
#[inline(always)]
fn copy_run<T: Real>(to: &mut [T], at: usize, from: &[T], start: usize, run: usize) {
    const STEP: usize = 4;
    let wide = run.next_multiple_of(STEP);
    match (to.get_mut(at..at + wide), from.get(start..start + wide)) {
        (Some(to), Some(from)) => {
            let (to, from) = (to.as_chunks_mut::<STEP>().0, from.as_chunks::<STEP>().0);
            for (to, from) in to.iter_mut().zip(from) {
                *to = *from;
            }
        }
        _ => to[at..at + run].copy_from_slice(&from[start..start + run]),
    }
}
