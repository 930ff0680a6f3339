//! What makes atoms of any norm alike.
//!
//! A step at atom k counts as what it changes in the reconstruction, ‖d_k‖·|dz_k|; in the published schedule as |dz_k|. So z
//! and c are weighted: with w_k = ‖d_k‖ a tile that compares c_k·w_k/‖d_k‖² of all atoms compares what its steps change.
//! What the caller is told of steps is in units of z, of the atom with the least norm: no |dz_k| is larger than that.
//!
//! Besides, a solve has its own units, one per atom, in which every norm is about 1: powers of two, so that nothing is
//! rounded on the way in or out, and the same steps are made, bit for bit, whatever powers of two atoms are multiplied by.

use crate::base::error::Result;
use crate::linalg::correlate::unit_of;
use crate::linalg::{Atoms, Dictionary, Real};
use crate::options::solve::{Options, RegScale, Schedule};

/// Units and weights of a dictionary's atoms.
pub(crate) struct Scaling<T> {
    /// Powers of two: an atom of the caller's is this times the atom inside, z inside this times the caller's.
    units: Vec<T>,
    /// The largest of them, the unit of λmax.
    gauge: f64,
    /// ‖d_k‖² of the atoms inside, 1 for a zero atom; times 1 + `ridge`, where there is one: see [`Self::ridges`].
    norms: Vec<T>,
    /// The squared penalty is ½ · this · ‖d_k‖² z²; for a zero atom there is none.
    ridge: f64,
    ridges: Vec<f64>,
    /// w_k inside.
    weights: Vec<T>,
    /// The least w_k of the caller's atoms that are not zero.
    least: f64,
    /// What weights of samples are multiplied by: λ and F inside are this times the caller's. The largest weight inside.
    data_unit: f64,
    heaviest: f64,
}

/// The squared penalty of an atom, as one more sample that each of its coordinates has to itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ridge {
    /// What samples of weight 1 have of all that the best z is divided by.
    pub(crate) rest: f64,
    /// What that one has: so much of a weighted z is taken from its own scaled c.
    pub(crate) own: f64,
    /// The same as the Gram tensor has it, where weights of samples are not multiplied by anything.
    pub(crate) plain: f64,
}

/// Multiplies each atom by a number.
fn multiply<T: Real>(dictionary: &mut Dictionary<T>, by: &[T]) {
    let values = match &mut dictionary.atoms {
        Atoms::Full(d) => d,
        Atoms::RankOne { u, .. } => u,
    };
    let depth = values.len() / by.len().max(1);
    for (atom, factor) in values.chunks_exact_mut(depth.max(1)).zip(by) {
        atom.iter_mut().for_each(|d| *d *= *factor);
    }
}

impl<T: Real> Scaling<T> {
    /// Takes a dictionary of the caller's, and gives the one to work with.
    pub(crate) fn new(mut dictionary: Dictionary<T>, options: &Options) -> Result<(Self, Dictionary<T>)> {
        let published = options.schedule == Schedule::Published;
        let norms = dictionary.squared_norms()?;
        // From 1/√2 to √2 are norms inside.
        let inverse = |n: &T| T::of(unit_of((2.0 * n.wide()).sqrt()));
        let inverses: Vec<T> = norms.iter().map(inverse).collect();
        multiply(&mut dictionary, &inverses);
        let zero = dictionary.zero_atoms();
        let mut norms = dictionary.squared_norms()?;
        let units: Vec<T> = inverses.iter().map(|i| T::one() / *i).collect();
        let weight = |(norm, inverse): (&T, &T)| match published {
            true => *inverse,
            false => T::of(norm.wide().sqrt()),
        };
        let weights: Vec<T> = norms.iter().zip(&inverses).map(weight).collect();
        let of_caller = weights.iter().zip(&units).map(|(w, u)| w.wide() * u.wide());
        let of_caller = of_caller.zip(zero).filter(|(_, zero)| !zero);
        let least = of_caller.map(|(w, _)| w).reduce(f64::min).unwrap_or(1.0);
        let ridge = options.ridge;
        let ridges = dictionary.zero_atoms().into_iter().map(|zero| if zero { 0.0 } else { ridge }).collect::<Vec<_>>();
        norms.iter_mut().zip(&ridges).for_each(|(n, ridge)| *n *= T::of(1.0 + ridge));
        let gauge = units.iter().map(|u| u.wide()).fold(0.0, f64::max);
        let scaling = Scaling { weights, least, gauge, units, norms, ridge, ridges, data_unit: 1.0, heaviest: 1.0 };
        Ok((scaling, dictionary))
    }

    /// Weights of samples are multiplied by a power of two, and then the largest of them is this.
    pub(crate) fn set_weights(&mut self, data_unit: f64, heaviest: f64) {
        // The squared penalty is as another sample, of weight `ridge`, that each atom has to itself.
        self.heaviest = (heaviest + self.ridge * data_unit) / (1.0 + self.ridge);
        self.data_unit = data_unit;
    }

    /// The largest weight of a sample inside, with its part in what the best z is divided by.
    pub(crate) fn heaviest(&self) -> f64 {
        self.heaviest
    }

    /// The squared penalty of each atom; none without one.
    pub(crate) fn ridges(&self) -> Vec<Ridge> {
        let of_unit = |ridge: f64, unit: f64| ridge * unit / (1.0 + ridge);
        let ridge = |ridge: &f64| Ridge {
            rest: 1.0 / (1.0 + ridge),
            own: of_unit(*ridge, self.data_unit),
            plain: of_unit(*ridge, 1.0),
        };
        if self.ridge == 0.0 { Vec::new() } else { self.ridges.iter().map(ridge).collect() }
    }

    /// μ_k of the penalty ½ μ_k z_k², for z inside, in the caller's units of F.
    pub(crate) fn squared_penalties(&self) -> Vec<f64> {
        let pairs = self.ridges.iter().zip(&self.norms);
        pairs.map(|(ridge, norm)| ridge * (norm.wide() / (1.0 + ridge))).collect()
    }

    /// What F, or its gap, is multiplied by for the caller.
    pub(crate) fn of_objective(&self) -> f64 {
        1.0 / self.data_unit
    }

    /// z inside, from the caller's.
    #[inline]
    pub(crate) fn enter(&self, atom: usize, z: T) -> T {
        z * self.units[atom]
    }

    /// The caller's z, from the one inside.
    #[inline]
    pub(crate) fn leave(&self, atom: usize, z: T) -> T {
        z / self.units[atom]
    }

    /// The caller's dictionary, from the one inside.
    pub(crate) fn leave_dictionary(&self, inside: &Dictionary<T>) -> Dictionary<T> {
        let mut dictionary = inside.clone();
        multiply(&mut dictionary, &self.units);
        dictionary
    }

    /// w_k.
    pub(crate) fn weights(&self) -> &[T] {
        &self.weights
    }

    /// What correlations are multiplied by: w_k/‖d_k‖².
    pub(crate) fn scale(&self) -> Vec<T> {
        let pairs = self.weights.iter().zip(&self.norms);
        pairs.map(|(w, n)| *w * (T::one() / *n)).collect()
    }

    /// What makes plain correlations, inside, of the scaled ones.
    pub(crate) fn unscale(&self) -> Vec<T> {
        let pairs = self.weights.iter().zip(&self.norms);
        pairs.map(|(w, n)| *n / *w).collect()
    }

    /// Weights with which the largest scaled c is λmax, in units of [`Self::gauge`].
    pub(crate) fn of_lambda_max(&self) -> Vec<f64> {
        let units = self.units.iter().map(|u| u.wide() / self.gauge);
        let unscale = self.unscale().into_iter().zip(units);
        unscale.map(|(c, unit)| c.wide() * unit).collect()
    }

    /// Unit of λmax: the largest of all atoms'.
    pub(crate) fn gauge(&self) -> f64 {
        self.gauge / self.data_unit
    }

    /// λ of every atom inside, where λmax is in units of the gauge, and that of each atom, where it matters, in its own.
    pub(crate) fn lambdas(&self, options: &Options, lambda_max: f64, of_atoms: &[f64]) -> Vec<f64> {
        let lambda = |(atom, unit_of_atom): (usize, &T)| {
            let reg = options.reg_per_atom.get(atom).unwrap_or(&options.reg);
            let unit = match options.reg_scale {
                RegScale::Absolute => self.data_unit / self.gauge,
                RegScale::Relative => lambda_max,
                RegScale::PerAtom => return (reg * of_atoms[atom]).min(f64::MAX),
            };
            (reg * unit * (self.gauge / unit_of_atom.wide())).min(f64::MAX)
        };
        self.units.iter().enumerate().map(lambda).collect()
    }

    /// λ of every atom as the caller has it.
    pub(crate) fn leave_lambdas(&self, lambda: &[f64]) -> Vec<f64> {
        let pairs = lambda.iter().zip(&self.units);
        pairs.map(|(l, unit)| (l * unit.wide() / self.data_unit).min(f64::MAX)).collect()
    }

    /// μ_k, what λ_k takes from a scaled c.
    pub(crate) fn thresholds(&self, lambda: &[f64]) -> Vec<T> {
        let atoms = lambda.iter().zip(&self.norms).zip(&self.weights);
        atoms.map(|((l, n), w)| T::of(*l) / *n * *w).collect()
    }

    /// Largest and least w_k/‖d_k‖: how far apart the scaled c of atoms can be that fit a field equally well.
    pub(crate) fn spread(&self) -> (f64, f64) {
        let pairs = self.weights.iter().zip(&self.norms);
        let ratios = pairs.map(|(w, n)| w.wide() / n.wide().sqrt());
        let most = ratios.clone().fold(0.0, f64::max);
        (most, ratios.fold(f64::INFINITY, f64::min))
    }

    /// Largest norm of the atoms inside.
    pub(crate) fn largest_norm(&self) -> f64 {
        let norms = self.norms.iter().map(|n| n.wide());
        norms.fold(0.0, f64::max).sqrt()
    }

    /// What a step counts with whose |dz| is 1 for the caller, at an atom of least norm and samples of the largest weight.
    pub(crate) fn least(&self) -> f64 {
        self.least * self.heaviest
    }

    /// The tolerance on |dz_k| of every atom as the caller has it, at samples of the largest weight, where `tol` is that of a
    /// step.
    pub(crate) fn tolerances(&self, tol: f64) -> Vec<f64> {
        let pairs = self.weights.iter().zip(&self.units);
        pairs.map(|(w, unit)| tol / self.heaviest / w.wide() / unit.wide()).collect()
    }

    /// The least λ_k per weighted z.
    pub(crate) fn least_lambda(&self, lambda: &[f64]) -> f64 {
        let pairs = lambda.iter().zip(&self.weights);
        pairs.map(|(l, w)| l / w.wide()).fold(f64::INFINITY, f64::min)
    }
}
