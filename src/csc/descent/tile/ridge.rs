//! A squared penalty (option `ridge`): c is that of F with it, D_k ⋆ (X − D∗z) − μ_k z_k.
//!
//! It is as one more sample, which each coordinate has to itself: norms have it, so that the best z and what a step counts are
//! found as without, and so has the Gram tensor, so that a step takes it from its own c.

use crate::csc::descent::tile::TileState;
use crate::csc::descent::tile::plan::Plan;
use crate::linalg::Real;

/// Takes from c what the squared penalty has of z, where it was correlated with a residual.
pub(crate) fn subtract<T: Real>(state: &mut TileState<T>, plan: &Plan<T>) {
    for x in state.nonzeros.iter().flatten().filter(|_| !plan.ridges.is_empty()) {
        let index = x.index as usize;
        let c = state.c.get(plan, index).wide() - plan.of_ridge(x.atom as usize, x.z);
        state.c.set(plan, index, T::of(c));
    }
}

/// z of a coordinate, given by its index in c, if that matters.
pub(super) fn z_at<T: Real>(state: &TileState<T>, plan: &Plan<T>, index: usize) -> T {
    if plan.ridges.is_empty() {
        return T::ZERO;
    }
    let group = state.group_of(plan, index);
    state.listed(group, index).map_or(T::ZERO, |i| state.nonzeros[group][i].z)
}
