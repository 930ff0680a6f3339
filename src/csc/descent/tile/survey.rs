//! Looks over a whole tile, for what is told and proven of a solve.

use crate::csc::descent::tile::plan::Plan;
use crate::csc::descent::tile::step::Coordinate;
use crate::csc::descent::tile::{NonZero, TileState, factors, penalised, ridge};
use crate::linalg::Real;
use crate::linalg::kernels::step_size;

/// A tile that is looked over.
pub(crate) struct Survey<'s, T: Real> {
    pub(crate) state: &'s TileState<T>,
    pub(crate) plan: &'s Plan<T>,
}

impl<T: Real> Survey<'_, T> {
    /// Calls `visit` with a few coordinates from all over the tile, their z and their c, if there is one.
    pub(crate) fn for_each_sample(&self, mut visit: impl FnMut(Coordinate, T, T)) {
        let Survey { state, plan } = *self;
        const SAMPLES: u64 = 8;
        let there = if state.quiet.is_none() { SAMPLES } else { 0 };
        for sample in 0..there {
            // Fibonacci hashing: evenly spread, elsewhere in each tile.
            let hash = (state.place * SAMPLES + sample + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let index = ((u128::from(hash) * state.c.len() as u128) >> 64) as usize;
            let c = state.c.get(plan, index);
            if c.finite() {
                visit(state.coordinate(plan, index), ridge::z_at(state, plan, index), c);
            }
        }
    }

    /// Calls `visit` with the coordinate, value and c of each z ≠ 0, and with the factor of its penalty.
    pub(crate) fn for_each_active(&self, mut visit: impl FnMut(Coordinate, T, T, f64)) {
        let Survey { state, plan } = *self;
        for x in state.nonzeros.iter().flatten().filter(|x| x.z != T::ZERO) {
            let index = x.index as usize;
            visit(state.coordinate(plan, index), x.z, state.c.get(plan, index), penalised::factor(state, index));
        }
    }

    /// The z of the tile, to be kept beside another one.
    pub(crate) fn copy_z(&self) -> Vec<Vec<NonZero<T>>> {
        self.state.nonzeros.clone()
    }

    /// Calls `visit` with each coordinate whose z may differ from what was kept: that and the z that is there, and the factor of
    /// its penalty.
    pub(crate) fn for_each_change(&self, kept: &[Vec<NonZero<T>>], mut visit: impl FnMut(Coordinate, T, T, f64)) {
        let Survey { state, plan } = *self;
        let at = |list: &[NonZero<T>], index| list.iter().find(|x| x.index == index).map(|x| x.z);
        for (now, kept) in state.nonzeros.iter().zip(kept) {
            let gone = kept.iter().filter(|x| at(now, x.index).is_none());
            let gone = gone.map(|x| (x.index, x.z, T::ZERO));
            let there = now.iter().map(|x| (x.index, at(kept, x.index).unwrap_or(T::ZERO), x.z));
            for (index, before, z) in there.chain(gone) {
                let index = index as usize;
                visit(state.coordinate(plan, index), before, z, penalised::factor(state, index));
            }
        }
    }

    /// The largest |c|·weight (c·weight when z ≥ 0), a weight per atom, over the factor of the penalty, and the largest |c| (or
    /// c); at least 0. Coordinates that cost nothing have no weight.
    pub(crate) fn largest_c(&self, weights: &[f64]) -> (f64, f64) {
        let Survey { state, plan } = *self;
        let largest = state.c.largest(plan);
        let plain = largest.iter().map(|c| c.wide()).fold(0.0, f64::max);
        let wide = || largest.iter().map(|c| c.wide()).collect();
        let of_atoms = if state.factors.is_none() { wide() } else { penalised::largest_of_atoms(state, plan) };
        let weighted = of_atoms.into_iter().zip(weights);
        (weighted.filter(|(c, _)| *c > 0.0).map(|(c, w)| c * w).fold(0.0, f64::max), plain)
    }

    /// Calls `visit` with every coordinate whose |c|·weight (c·weight when z ≥ 0) is at least `least`, its z, and its weight.
    pub(crate) fn for_each_large_c(&self, weights: &[f64], least: f64, mut visit: impl FnMut(Coordinate, T, f64)) {
        let Survey { state, plan } = *self;
        let most = weights.iter().copied().fold(0.0, f64::max);
        state.c.for_each_run(plan, |first, largest| {
            if state.factors.is_none() && largest.wide() * most < least {
                return;
            }
            let run = first..first + plan.mu.len();
            for (index, weight) in run.zip(weights.iter().cycle()) {
                let weight = match &state.factors {
                    None => *weight,
                    Some(factors) if factors.factor(index) > 0.0 => *weight / factors.factor(index),
                    Some(_) => 0.0,
                };
                let c = state.c.get(plan, index).wide();
                let c = if plan.positive { c } else { c.abs() };
                if c * weight >= least {
                    visit(state.coordinate(plan, index), ridge::z_at(state, plan, index), weight);
                }
            }
        });
    }
}

/// Calls `visit` with every coordinate whose |dz| is at least `least`, or |c| − μ (c − μ when z ≥ 0) if its z is zero, its z, and
/// what |dz| is if its c is another one.
pub(crate) fn for_each_large_step<T: Real>(
    state: &mut TileState<T>,
    plan: &Plan<T>,
    least: T,
    mut visit: impl FnMut(Coordinate, T, &dyn Fn(T) -> T),
) {
    for group in 0..state.bound.len() {
        if state.bound[group] >= least && !state.is_exact(group) {
            state.measure(plan, group);
        }
        if state.bound[group] < least {
            continue;
        }
        for x in &state.nonzeros[group] {
            if x.z != T::ZERO && state.size_of(plan, x) >= least {
                visit(state.coordinate(plan, x.index as usize), x.z, &|c| state.size_with(plan, x, c));
            }
        }
        for first in state.rows.starts(state.starts[group] as usize) {
            let mu = factors::of_run(state.factors.as_deref(), plan, first, state.rows.run);
            for (at, mu) in mu.iter().enumerate() {
                let c = state.c.get(plan, first + at);
                let excess = if plan.positive { c } else { c.abs() } - *mu;
                if excess >= least {
                    // Where z ≠ 0 the step is at least as large, and has been seen above.
                    let listed = state.listed(group, first + at);
                    if listed.is_none_or(|i| state.nonzeros[group][i].z == T::ZERO) {
                        let size = |c| step_size(plan.positive, c, T::ZERO, *mu);
                        visit(state.coordinate(plan, first + at), T::ZERO, &size);
                    }
                }
            }
        }
    }
}

/// Leaves out activations that reconstruct less than what rounding allows, where zero is their best value beyond doubt: they
/// are no step that a descent would look for, but may cost any λ|z|. Says how many there were.
pub(crate) fn leave_out_lost<T: Real>(state: &mut TileState<T>, plan: &Plan<T>) -> usize {
    let rounding = T::of(plan.rounding(state.largest.wide()));
    let TileState { c: correlations, nonzeros, weights, factors, frozen, .. } = state;
    let mut lost = 0;
    for list in nonzeros {
        list.retain_mut(|x| {
            let (atom, index) = (x.atom as usize, x.index as usize);
            let ratio = weights.as_ref().map_or(T::one(), |weights| weights.ratio(index));
            let z = x.z * plan.weights[atom] * ratio;
            let c = correlations.get(plan, index) + z;
            let height = if plan.positive { c } else { c.abs() };
            let mu = factors.as_ref().map_or(plan.mu[atom], |factors| factors.thresholds()[index]);
            let out = z != T::ZERO && z.abs() <= rounding && height + height <= mu;
            if out {
                (x.z, lost) = (T::ZERO, lost + 1);
            }
            *frozen || !out
        });
    }
    lost
}
