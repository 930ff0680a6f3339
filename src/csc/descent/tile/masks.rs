//! Coordinates that may not be chosen.

use crate::csc::descent::tile::TileState;
use crate::csc::descent::tile::plan::Plan;
use crate::grid::point::{AXES, unflatten};
use crate::linalg::Real;

/// Sets those z to zero all of whose support is missing, or that have to be.
pub(crate) fn drop_missing<T: Real>(state: &mut TileState<T>) {
    if let Some(weights) = &state.weights {
        let lists = state.nonzeros.iter_mut();
        lists.for_each(|list| list.retain(|x| weights.ratio(x.index as usize) > T::ZERO));
    }
    if let Some(factors) = &state.factors {
        let lists = state.nonzeros.iter_mut();
        lists.for_each(|list| list.retain(|x| !factors.forbids(x.index as usize)));
    }
}

/// Marks what may not be chosen in a new c: frozen coordinates, and positions beyond the end of
/// the domain.
pub(crate) fn mask<T: Real>(state: &mut TileState<T>, plan: &Plan<T>) {
    if state.frozen {
        let free = state.nonzeros.iter().flatten();
        let values: Vec<_> = free.map(|x| (x.index as usize, state.c.get(plan, x.index as usize))).collect();
        state.c.mask(0..state.c.len());
        for (index, value) in values {
            state.c.set(plan, index, value);
        }
    }
    if let Some(weights) = &state.weights {
        let missing = (0..state.c.len()).filter(|index| weights.ratio(*index) == T::ZERO);
        missing.for_each(|index| state.c.mask(index..index + 1));
    }
    if let Some(factors) = &state.factors {
        let forbidden = (0..state.c.len()).filter(|index| factors.forbids(*index));
        forbidden.for_each(|index| state.c.mask(index..index + 1));
    }
    let stored = state.tile.stored(&plan.group);
    if state.frozen || stored == state.tile.shape {
        return;
    }
    let n = plan.n_atoms;
    for position in 0..state.c.len() / n {
        let at = unflatten(position, &stored);
        if (0..AXES).any(|a| at[a] >= state.tile.shape[a]) {
            state.c.mask(position * n..(position + 1) * n);
        }
    }
}
