//! The Gram tensor G_{k,k0}\[τ\] = Σ_s d_k\[s\]·d_k0\[s+τ\] (DiCoDiLe, section 3.1).

use super::dictionary::{Atoms, Dictionary};
use super::{OneThread, Real};
use crate::error::Result;
use crate::grid::tiles::{AXES, Point, checked_volume};
use crate::memory;

/// All correlations between atoms, laid out as the solver reads them: (k0, τ…, k), atom k
/// innermost, every |τ| < L.
#[derive(Clone, Debug)]
pub struct Gram<T> {
    /// Number of atoms.
    pub n_atoms: usize,
    /// Support of the atoms.
    pub atom: Point,
    /// Extent of τ per axis: 2L − 1.
    pub window: Point,
    /// The values, (k0, τ…, k).
    pub values: Vec<T>,
}

impl<T: Real> Gram<T> {
    /// Computes half of the shifts with one matrix product each, over the overlap of the supports,
    /// and gets the other half by symmetry, G_{k,k0}\[τ\] = G_{k0,k}\[−τ\].
    pub fn new(dictionary: &Dictionary<T>) -> Result<Self> {
        let _blas = OneThread::new();
        let (n_atoms, atom) = (dictionary.n_atoms, dictionary.shape);
        let window: Point = std::array::from_fn(|axis| 2 * atom[axis] - 1);
        let (k, [w0, w1, w2]) = (n_atoms as i64, window);
        let size = checked_volume("the Gram tensor", [k, k, w0, w1, w2])?;
        let mut values = memory::zeroed("the Gram tensor", size)?;

        // Rank-one atoms: (u_k·u_k0) times the one-channel Gram tensor of v.
        let (channels, data, weights) = match &dictionary.atoms {
            Atoms::Full(d) => (dictionary.n_channels, d, None),
            Atoms::RankOne { u, v } => {
                let p = dictionary.n_channels;
                let mut weights = memory::zeroed("the Gram tensor", n_atoms * n_atoms)?;
                let shape = (n_atoms, n_atoms, p);
                T::gemm(
                    shape,
                    [false, true],
                    T::one(),
                    u,
                    p,
                    u,
                    p,
                    T::ZERO,
                    &mut weights,
                    n_atoms,
                );
                (1, v, Some(weights))
            }
        };
        let volume = dictionary.volume();
        let positions = (w0 * w1 * w2) as usize;
        let mut left = memory::zeroed("the Gram tensor", n_atoms * channels * volume)?;
        let mut right = left.clone();
        let mut product: Vec<T> = memory::zeroed("the Gram tensor", n_atoms * n_atoms)?;
        // Row-major order of τ: the first half are the mirror images of the second.
        for flat in positions / 2..positions {
            let at = flat as i64;
            let tau = [
                at / (w1 * w2) - (atom[0] - 1),
                at / w2 % w1 - (atom[1] - 1),
                at % w2 - (atom[2] - 1),
            ];
            // s and s + τ both in the support.
            let low: Point = std::array::from_fn(|a| (-tau[a]).max(0));
            let high: Point = std::array::from_fn(|a| atom[a] - tau[a].max(0));
            let overlap: usize = (0..AXES).map(|a| (high[a] - low[a]) as usize).product();
            let depth = channels * overlap;
            let run = (high[2] - low[2]) as usize;
            let mut to = 0;
            for slab in 0..n_atoms * channels {
                for s0 in low[0]..high[0] {
                    for s1 in low[1]..high[1] {
                        let from = |s0: i64, s1: i64, s2: i64| {
                            slab * volume + ((s0 * atom[1] + s1) * atom[2] + s2) as usize
                        };
                        let s = from(s0, s1, low[2]);
                        let t = from(s0 + tau[0], s1 + tau[1], low[2] + tau[2]);
                        left[to..to + run].copy_from_slice(&data[s..s + run]);
                        right[to..to + run].copy_from_slice(&data[t..t + run]);
                        to += run;
                    }
                }
            }
            // product[k0][k] = Σ_s d_k0[s+τ]·d_k[s]
            let shape = (n_atoms, n_atoms, depth);
            T::gemm(
                shape,
                [false, true],
                T::one(),
                &right,
                depth,
                &left,
                depth,
                T::ZERO,
                &mut product,
                n_atoms,
            );
            let mirror = positions - 1 - flat;
            for k0 in 0..n_atoms {
                for k in 0..n_atoms {
                    let weight = weights.as_ref().map_or(T::one(), |w| w[k0 * n_atoms + k]);
                    let g = weight * product[k0 * n_atoms + k];
                    values[(k0 * positions + flat) * n_atoms + k] = g;
                    values[(k * positions + mirror) * n_atoms + k0] = g;
                }
            }
        }
        Ok(Gram {
            n_atoms,
            atom,
            window,
            values,
        })
    }

    /// Number of shifts τ.
    pub fn positions(&self) -> usize {
        self.window.iter().product::<i64>() as usize
    }

    /// Writes the tensor as (k, k0, τ…), row-major: the order of the literature.
    pub fn write_atoms_first(&self, out: &mut [T]) {
        let positions = self.positions();
        for k in 0..self.n_atoms {
            for k0 in 0..self.n_atoms {
                for at in 0..positions {
                    out[(k * self.n_atoms + k0) * positions + at] =
                        self.values[(k0 * positions + at) * self.n_atoms + k];
                }
            }
        }
    }
}
