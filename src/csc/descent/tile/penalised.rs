//! Penalties of a tile's coordinates, told and asked for: see `factors`.

use crate::base::error::Result;
use crate::csc::descent::tile::TileState;
use crate::csc::descent::tile::factors::Factors;
use crate::csc::descent::tile::plan::Plan;
use crate::linalg::Real;

/// Penalties are λ times these from now on.
pub(crate) fn set<T: Real>(state: &mut TileState<T>, factors: Option<Box<Factors<T>>>) {
    state.factors = factors;
}

/// Takes over the plan's μ_k.
pub(crate) fn set_thresholds<T: Real>(state: &mut TileState<T>, plan: &Plan<T>) -> Result<()> {
    let single = state.c.is_single();
    state.factors.as_mut().map_or(Ok(()), |factors| factors.set_thresholds(plan, single))
}

/// The largest threshold.
pub(crate) fn largest_mu<T: Real>(state: &TileState<T>, plan: &Plan<T>) -> T {
    state.factors.as_ref().map_or_else(|| plan.largest_mu(), |factors| factors.largest_mu())
}

/// What λ is multiplied by at a value of c.
pub(super) fn factor<T: Real>(state: &TileState<T>, index: usize) -> f64 {
    state.factors.as_ref().map_or(1.0, |factors| factors.factor(index))
}

/// The largest |c| (or c when z ≥ 0) of each atom over its factor, at least 0; those that cost nothing do not count.
pub(crate) fn largest_of_atoms<T: Real>(state: &TileState<T>, plan: &Plan<T>) -> Vec<f64> {
    let Some(factors) = &state.factors else {
        return state.c.largest(plan).into_iter().map(|c| c.wide()).collect();
    };
    let mut largest = vec![0.0; plan.n_atoms];
    for (index, factor) in factors.factors.iter().enumerate().filter(|(_, factor)| **factor > T::ZERO) {
        let c = state.c.get(plan, index).wide();
        let c = if plan.positive { c } else { c.abs() };
        let to = &mut largest[index % plan.n_atoms];
        *to = f64::max(*to, c / factor.wide());
    }
    largest
}

/// Calls `visit` with atom, value and factor of every z ≠ 0.
pub(crate) fn for_each_penalised<T: Real>(state: &TileState<T>, plan: &Plan<T>, mut visit: impl FnMut(usize, T, f64)) {
    for x in state.nonzeros.iter().flatten().filter(|x| x.z != T::ZERO) {
        visit(x.index as usize % plan.n_atoms, x.z, factor(state, x.index as usize));
    }
}
