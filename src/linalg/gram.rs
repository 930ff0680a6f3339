//! The Gram tensor G_{k,k0}\[τ\] = Σ_s d_k\[s\]·d_k0\[s+τ\] (DiCoDiLe, section 3.1).

use crate::base::error::Result;
use crate::base::memory;
use crate::clock;
use crate::grid::point::{AXES, Point, checked_volume};
use crate::grid::tiles::Tile;
use crate::linalg::Real;
use crate::linalg::correlate::{Correlator, Method};
use crate::linalg::dictionary::{Atoms, Dictionary};
use crate::linalg::field::{Field, Strided};

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
    /// Correlates each atom, with zeros around it, with all atoms; half of the shifts, and the other half by symmetry,
    /// G_{k,k0}\[τ\] = G_{k0,k}\[−τ\].
    pub fn new(dictionary: &Dictionary<T>) -> Result<Self> {
        let what = "the Gram tensor";
        let (n_atoms, atom) = (dictionary.n_atoms, dictionary.shape);
        let window = atom.map(|l| 2 * l - 1);
        let (k, [w0, w1, w2]) = (n_atoms as i64, window);
        let mut values = memory::zeroed(what, checked_volume(what, [k, k, w0, w1, w2])?)?;
        // Rank-one atoms: (u_k·u_k0) times the one-channel Gram tensor of v.
        let p = dictionary.n_channels;
        let (weights, spatial) = match &dictionary.atoms {
            Atoms::Full(_) => (None, dictionary.clone()),
            Atoms::RankOne { u, v } => {
                let weight = |k0: usize, k: usize| {
                    let products = u[k0 * p..][..p].iter().zip(&u[k * p..][..p]);
                    products.fold(T::ZERO, |sum, (a, b)| sum + *a * *b)
                };
                (Some(weight), Dictionary::full(n_atoms, 1, atom, v)?)
            }
        };
        // Shifts along the first axis that has any are taken from 0 on.
        let axis = (0..AXES).find(|a| atom[*a] > 1).unwrap_or(0);
        let mut half = Tile { signal: 0, origin: [0; AXES], shape: window, groups: window };
        half.origin[axis] = atom[axis] - 1;
        half.shape[axis] = atom[axis];
        half.groups = half.shape;
        let scale = vec![T::one(); n_atoms];
        let correlator = Correlator::new(&spatial, &scale, [1; AXES], [false; AXES], half.shape, Method::Auto)?;
        let mut scratch = correlator.scratch(half.shape, false, true)?;
        let positions = half.shape.iter().product::<i64>() as usize;
        let mut products = memory::zeroed(what, positions * n_atoms)?;
        // An atom in the middle of zeros, L − 1 along each axis.
        let outer = Strided::contiguous(atom.map(|l| 3 * l - 2));
        let mut padded = memory::zeroed(what, spatial.n_channels * outer.volume())?;
        let all = window.iter().product::<i64>() as usize;
        for k0 in 0..n_atoms {
            clock::check()?;
            for (channel, field) in padded.chunks_exact_mut(outer.volume()).enumerate() {
                for s in 0..spatial.volume() {
                    let i = s as i64;
                    let at = [i / (atom[1] * atom[2]), i / atom[2] % atom[1], i % atom[2]];
                    let to = outer.index(std::array::from_fn(|a| at[a] + atom[a] - 1));
                    field[to] = spatial.at(k0, channel, s);
                }
            }
            let field = Field::contiguous(&padded, outer.shape);
            correlator.tile(&field, &half, &mut scratch, &mut products);
            for (index, row) in products.chunks_exact(n_atoms).enumerate() {
                // What is left out comes first in row-major order.
                let flat = all - positions + index;
                for (k, g) in row.iter().enumerate() {
                    let weight = weights.as_ref().map_or(T::one(), |weight| weight(k0, k));
                    let g = weight * *g;
                    values[(k0 * all + flat) * n_atoms + k] = g;
                    values[(k * all + all - 1 - flat) * n_atoms + k0] = g;
                }
            }
        }
        clock::check()?;
        Ok(Gram { n_atoms, atom, window, values })
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
