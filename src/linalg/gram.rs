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
    /// How far each atom reaches behind its first sample, its own length − 1 per axis: G_{k,k0}\[τ\] is 0 for τ beyond that of k0.
    pub ahead: Vec<Point>,
    /// Extent of τ per axis: 2L − 1.
    pub window: Point,
    /// The values, (k0, τ…, k).
    pub values: Vec<T>,
}

/// Sets to 0 what atoms of shapes of their own do not reach of each other, where a transform leaves its rounding.
fn clear_beyond<T: Real>(dictionary: &Dictionary<T>, [_, w1, w2]: Point, values: &mut [T]) {
    if dictionary.shapes.is_empty() {
        return;
    }
    let (n, positions) = (dictionary.n_atoms, values.len() / dictionary.n_atoms / dictionary.n_atoms);
    for (index, value) in values.iter_mut().enumerate() {
        let at = (index / n % positions) as i64;
        let shift = [at / (w1 * w2), at / w2 % w1, at % w2];
        let (k0, k) = (dictionary.shape_of(index / n / positions), dictionary.shape_of(index % n));
        // −L_k < τ < L_k0
        let meets = |a: usize| {
            let shift = shift[a] - (dictionary.shape[a] - 1);
            -k[a] < shift && shift < k0[a]
        };
        if !(0..AXES).all(meets) {
            *value = T::ZERO;
        }
    }
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
        clear_beyond(dictionary, window, &mut values);
        let ahead = (0..n_atoms).map(|k| dictionary.shape_of(k).map(|l| l - 1)).collect();
        Ok(Gram { n_atoms, atom, ahead, window, values })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atoms_of_several_sizes_meet_no_farther_than_they_reach() {
        let (shape, shapes) = ([1, 7, 90], [[1, 2, 30], [1, 7, 90], [1, 5, 1]]);
        let volume = 7 * 90;
        let d: Vec<f64> = (0..3 * volume).map(|i| (i as f64 * 0.7).sin()).collect();
        let cut = Dictionary::of_shapes(3, 1, shape, &shapes, &d).unwrap();
        let gram = Gram::new(&cut).unwrap();
        let mut n_beyond = 0;
        for (index, g) in gram.values.iter().enumerate() {
            let (k0, at, k) = (index / 3 / gram.positions(), (index / 3 % gram.positions()) as i64, index % 3);
            let shift = [at / 179 - 6, at % 179 - 89];
            let mut sum = 0.0;
            for s in 0..volume as i64 {
                let other = [s / 90 + shift[0], s % 90 + shift[1]];
                if (0..7).contains(&other[0]) && (0..90).contains(&other[1]) {
                    sum += cut.at(k, 0, s as usize) * cut.at(k0, 0, (other[0] * 90 + other[1]) as usize);
                }
            }
            assert!((g - sum).abs() < 1e-11, "{k0} {shift:?} {k}: {g} {sum}");
            // What a step is told that it does not reach.
            let meets = |a: usize| -shapes[k][a + 1] < shift[a] && shift[a] <= gram.ahead[k0][a + 1];
            n_beyond += usize::from(!(meets(0) && meets(1)));
            assert!(meets(0) && meets(1) || *g == 0.0, "{k0} {shift:?} {k}: {g}");
        }
        assert!(2 * n_beyond > gram.values.len());
    }
}
