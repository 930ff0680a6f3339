//! The dictionary: full atoms, or rank-one atoms u ⊗ v kept as their factors.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::wording;
use crate::grid::point::{Point, checked_volume};
use crate::linalg::Real;

/// K atoms of P channels on a support of shape L, on the padded axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Dictionary<T> {
    /// Number of atoms, K.
    pub n_atoms: usize,
    /// Number of channels, P.
    pub n_channels: usize,
    /// Support L.
    pub shape: Point,
    /// The support of each atom by itself, which begins where that begins; beyond it values are 0. Empty: all have that.
    pub shapes: Vec<Point>,
    /// The values.
    pub atoms: Atoms<T>,
}

/// The values of a [`Dictionary`].
#[derive(Clone, Debug, PartialEq)]
pub enum Atoms<T> {
    /// Row-major (K, P, L…).
    Full(Vec<T>),
    /// D = u ⊗ v: u is (K, P), v is (K, L…).
    RankOne {
        /// Channel factors.
        u: Vec<T>,
        /// Spatial factors.
        v: Vec<T>,
    },
}

/// Sets to 0 what rows of atoms of so many channels have beyond the supports of their own.
fn clear_beyond<T: Real>(values: &mut [T], n_channels: usize, shape: Point, shapes: &[Point]) {
    let [l0, l1, l2] = shape.map(|l| l as usize);
    for (own, atom) in shapes.iter().zip(values.chunks_exact_mut(n_channels * l0 * l1 * l2)) {
        for (row, values) in atom.chunks_exact_mut(l2).enumerate() {
            let inside = row / l1 % l0 < own[0] as usize && row % l1 < own[1] as usize;
            values[if inside { own[2] as usize } else { 0 }..].fill(T::ZERO);
        }
    }
}

/// Copies values, `n` of them, without what `clear` sets to 0: that may be anything.
fn copy<T: Real>(
    values: &[T],
    argument: &str,
    n: usize,
    shape: &[i64],
    clear: impl FnOnce(&mut [T]),
) -> Result<Vec<T>> {
    if values.len() != n {
        let allowed = format!("{n} values, of shape {}", wording::per_axis(shape));
        return Err(Error::shape(argument, values.len(), allowed));
    }
    let mut kept = Vec::new();
    memory::reserve("the dictionary", &mut kept, n)?;
    kept.extend_from_slice(values);
    clear(&mut kept);
    if let Some(i) = kept.iter().position(|x| !x.finite()) {
        return Err(Error::NotFinite { argument: argument.into(), index: vec![i], value: kept[i].wide() });
    }
    Ok(kept)
}

impl<T: Real> Dictionary<T> {
    /// From full atoms, row-major (K, P, L…).
    pub fn full(n_atoms: usize, n_channels: usize, shape: Point, d: &[T]) -> Result<Self> {
        Dictionary::of_shapes(n_atoms, n_channels, shape, &[], d)
    }

    /// From full atoms, row-major (K, P, L…), each of which has a shape of its own, if any has. What is beyond that is not read.
    pub fn of_shapes(n_atoms: usize, n_channels: usize, shape: Point, shapes: &[Point], d: &[T]) -> Result<Self> {
        let (k, p) = (n_atoms as i64, n_channels as i64);
        let [l0, l1, l2] = shape;
        let n = checked_volume("the dictionary", [k, p, l0, l1, l2])?;
        let clear = |d: &mut [T]| clear_beyond(d, n_channels, shape, shapes);
        let atoms = Atoms::Full(copy(d, "d", n, &[k, p, l0, l1, l2], clear)?);
        Ok(Dictionary { n_atoms, n_channels, shape, shapes: shapes.to_vec(), atoms })
    }

    /// From factors u (K, P) and v (K, L…).
    pub fn rank_one(n_atoms: usize, n_channels: usize, shape: Point, u: &[T], v: &[T]) -> Result<Self> {
        Dictionary::rank_one_of_shapes(n_atoms, n_channels, shape, &[], u, v)
    }

    /// From factors u (K, P) and v (K, L…), of atoms each of which has a shape of its own, if any has. What v has beyond that is
    /// not read.
    pub fn rank_one_of_shapes(
        n_atoms: usize,
        n_channels: usize,
        shape: Point,
        shapes: &[Point],
        u: &[T],
        v: &[T],
    ) -> Result<Self> {
        let (k, p) = (n_atoms as i64, n_channels as i64);
        let [l0, l1, l2] = shape;
        // The product of the factors has to be addressable as well.
        checked_volume("the dictionary", [k, p, l0, l1, l2])?;
        let u = copy(u, "u", n_atoms * n_channels, &[k, p], |_| ())?;
        let clear = |v: &mut [T]| clear_beyond(v, 1, shape, shapes);
        let v = copy(v, "v", checked_volume("v", [k, l0, l1, l2])?, &[k, l0, l1, l2], clear)?;
        Ok(Dictionary { n_atoms, n_channels, shape, shapes: shapes.to_vec(), atoms: Atoms::RankOne { u, v } })
    }

    /// The same with the atoms cut to shapes of their own, if there are any.
    pub(crate) fn cut(mut self, shapes: &[Point]) -> Self {
        match &mut self.atoms {
            Atoms::Full(d) => clear_beyond(d, self.n_channels, self.shape, shapes),
            Atoms::RankOne { v, .. } => clear_beyond(v, 1, self.shape, shapes),
        }
        self.shapes = shapes.to_vec();
        self
    }

    /// The support of an atom by itself.
    #[inline]
    pub fn shape_of(&self, atom: usize) -> Point {
        self.shapes.get(atom).copied().unwrap_or(self.shape)
    }

    /// Values per atom and channel.
    pub fn volume(&self) -> usize {
        self.shape.iter().product::<i64>() as usize
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        match &self.atoms {
            Atoms::Full(d) => size_of_val(&d[..]),
            Atoms::RankOne { u, v } => size_of_val(&u[..]) + size_of_val(&v[..]),
        }
    }

    /// The value at (atom, channel, position within the support).
    #[inline]
    pub fn at(&self, atom: usize, channel: usize, position: usize) -> T {
        let volume = self.volume();
        match &self.atoms {
            Atoms::Full(d) => d[(atom * self.n_channels + channel) * volume + position],
            Atoms::RankOne { u, v } => u[atom * self.n_channels + channel] * v[atom * volume + position],
        }
    }

    /// The same in double precision.
    pub(crate) fn widened(&self) -> Result<Dictionary<f64>> {
        let widen = |values: &[T]| {
            let mut wide = Vec::new();
            memory::reserve("the dictionary", &mut wide, values.len())?;
            wide.extend(values.iter().map(|d| d.wide()));
            Ok(wide)
        };
        Ok(Dictionary {
            n_atoms: self.n_atoms,
            n_channels: self.n_channels,
            shape: self.shape,
            shapes: self.shapes.clone(),
            atoms: match &self.atoms {
                Atoms::Full(d) => Atoms::Full(widen(d)?),
                Atoms::RankOne { u, v } => Atoms::RankOne { u: widen(u)?, v: widen(v)? },
            },
        })
    }

    /// Which atoms are zero.
    pub(crate) fn zero_atoms(&self) -> Vec<bool> {
        let zero = |values: &[T]| values.iter().all(|x| *x == T::ZERO);
        let (p, volume) = (self.n_channels, self.volume());
        let is_zero = |k: usize| match &self.atoms {
            Atoms::Full(d) => zero(&d[k * p * volume..][..p * volume]),
            Atoms::RankOne { u, v } => zero(&u[k * p..][..p]) || zero(&v[k * volume..][..volume]),
        };
        (0..self.n_atoms).map(is_zero).collect()
    }

    /// ‖D_k‖² of every atom, 1 for a zero atom. Fails for atoms so small or so large that it, or its
    /// inverse, cannot be computed.
    pub fn squared_norms(&self) -> Result<Vec<T>> {
        let (p, volume) = (self.n_channels, self.volume());
        let square = |values: &[T]| values.iter().map(|x| x.wide() * x.wide()).sum::<f64>();
        let zero = self.zero_atoms();
        (0..self.n_atoms)
            .map(|k| {
                let norm = match &self.atoms {
                    Atoms::Full(d) => square(&d[k * p * volume..][..p * volume]),
                    Atoms::RankOne { u, v } => square(&u[k * p..][..p]) * square(&v[k * volume..][..volume]),
                };
                if zero[k] {
                    return Ok(T::one());
                }
                let square = T::of(norm);
                if square > T::ZERO && square.finite() && (T::one() / square).finite() {
                    return Ok(square);
                }
                let value = format!("an atom number {k} with squared norm {norm:e}");
                let allowed = "of atoms whose squared norm and its inverse can be computed";
                Err(Error::argument("d", value, allowed))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_atom_counts_as_one_and_a_tiny_one_is_refused() {
        let norms = |d: &[f64]| {
            let d = Dictionary::full(1, 1, [1, 1, 2], d).unwrap();
            d.squared_norms()
        };
        assert_eq!(norms(&[0.0, 0.0]).unwrap(), [1.0]);
        assert_eq!(norms(&[3.0, 4.0]).unwrap(), [25.0]);
        for d in [[1e-170, 0.0], [1e-160, 0.0], [1e160, 0.0]] {
            let error = norms(&d).unwrap_err().to_string();
            assert!(error.contains("atom number 0"), "{error}");
        }
    }
}
