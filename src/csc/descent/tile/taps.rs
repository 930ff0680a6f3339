//! The atoms, tap by tap, as steps need them where samples have weights.

use crate::base::error::Result;
use crate::base::memory;
use crate::csc::descent::tile::table::Table;
use crate::csc::problem::scaling::Scaling;
use crate::linalg::{Dictionary, Real};

/// Atoms in three orders.
pub(super) struct Taps<T> {
    pub(super) n_channels: usize,
    /// d, row-major (K, P, L…).
    pub(super) atoms: Vec<T>,
    /// d as c is scaled, (P, L… backwards, K): what one sample adds to the c of all positions that reach it.
    pub(super) backwards: Table<T>,
    /// d²/‖d_k‖², (P, L…, K).
    pub(super) squares: Vec<T>,
    /// Largest scaled c of a field of norm 1.
    pub(super) most: T,
}

impl<T: Real> Taps<T> {
    pub(super) fn new(dictionary: &Dictionary<T>, scaling: &Scaling<T>, exact: bool) -> Result<Self> {
        let what = "the dictionary";
        let (n_atoms, n_channels, volume) = (dictionary.n_atoms, dictionary.n_channels, dictionary.volume());
        let depth = n_channels * volume;
        let mut atoms: Vec<T> = memory::zeroed(what, n_atoms * depth)?;
        for (index, to) in atoms.iter_mut().enumerate() {
            *to = dictionary.at(index / depth, index / volume % n_channels, index % volume);
        }
        let scale = scaling.scale();
        // (channel, tap, atom) in the order of the tables.
        let place = |index: usize| (index / n_atoms / volume, index / n_atoms % volume, index % n_atoms);
        let backwards = |index: usize| {
            let (p, tap, k) = place(index);
            atoms[k * depth + p * volume + volume - 1 - tap].wide() * scale[k].wide()
        };
        let n = n_atoms * depth;
        let backwards = if exact || size_of::<T>() == size_of::<f32>() {
            let mut values = Vec::new();
            memory::reserve(what, &mut values, n)?;
            values.extend((0..n).map(|index| T::of(backwards(index))));
            Table::Full(values)
        } else {
            let mut values = Vec::new();
            memory::reserve(what, &mut values, n)?;
            values.extend((0..n).map(|index| backwards(index) as f32));
            Table::Single(values)
        };
        let mut squares = Vec::new();
        memory::reserve(what, &mut squares, n)?;
        let (norms, zero) = (dictionary.squared_norms()?, dictionary.zero_atoms());
        squares.extend((0..n).map(|index| {
            let (p, tap, k) = place(index);
            let d = atoms[k * depth + p * volume + tap].wide();
            // A zero atom counts as one of norm 1.
            T::of(if zero[k] { 1.0 / depth as f64 } else { d * d / norms[k].wide() })
        }));
        let most = T::of(scaling.spread().0 * (1.0 + 64.0 * f64::from(f32::EPSILON)));
        Ok(Taps { n_channels, atoms, backwards, squares, most })
    }

    pub(super) fn bytes(&self) -> usize {
        (self.atoms.capacity() + self.squares.capacity()) * size_of::<T>() + self.backwards.bytes()
    }
}
