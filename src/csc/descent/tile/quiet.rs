//! Tiles without c: what atoms cover there is too small for a step. They are *quiet* until a step of a neighbour reaches them;
//! then c is made as it would have been at the beginning.

use crate::base::error::Result;
use crate::csc::descent::tile::TileState;
use crate::csc::descent::tile::plan::Plan;
use crate::csc::descent::tile::reach;
use crate::csc::descent::tile::step::Step;
use crate::csc::descent::tile::wear::Wear;
use crate::grid::point::Point;
use crate::linalg::Real;

/// Makes c of a quiet tile, and takes it over.
pub(crate) type Wake<'w, T> = dyn Fn(&mut TileState<T>) -> Result<()> + Sync + 'w;

/// At least the norm of what an atom covers in a tile that has no c.
pub(crate) fn norm<T: Real>(state: &TileState<T>) -> Option<f64> {
    state.quiet
}

/// From now on c is not there, or it is.
pub(crate) fn set<T: Real>(state: &mut TileState<T>, norm: Option<f64>) {
    state.quiet = norm;
}

/// Takes the precision that c is to have.
pub(crate) fn set_precision<T: Real>(state: &mut TileState<T>, single: bool) -> Result<()> {
    if state.c.is_single() != single {
        state.quiet = Some(f64::INFINITY);
        state.c.resize(single, 0)?;
    }
    Ok(())
}

/// Whether a z ≠ 0 is known.
pub(crate) fn is_active<T: Real>(state: &TileState<T>) -> bool {
    state.nonzeros.iter().any(|list| !list.is_empty())
}

/// Whether one of a neighbour's steps reaches a tile; `shift` takes their positions to this side of a period.
pub(crate) fn is_reached<T: Real>(state: &TileState<T>, plan: &Plan<T>, steps: &[Step<T>], shift: Point) -> bool {
    let at = |step: &Step<T>| std::array::from_fn(|a| step.at[a] + shift[a] - state.tile.origin[a]);
    steps.iter().any(|step| reach::is_reached(plan, step.atom, at(step), &state.tile.shape))
}

/// Takes over a new c, as `TileState::restart`. Where there is none nothing is chosen.
pub(crate) fn restart<T: Real>(state: &mut TileState<T>, plan: &Plan<T>) -> T {
    if state.quiet.is_none() {
        return state.restart(plan);
    }
    state.bound.fill(T::NEG_INFINITY);
    (state.wear, state.largest, state.visits_before) = (Wear::NONE, T::ZERO, state.visits);
    T::NEG_INFINITY
}

/// Takes over a c that should have been there at the last restart.
pub(crate) fn take_over<T: Real>(state: &mut TileState<T>, plan: &Plan<T>) {
    let before = state.visits_before;
    state.restart(plan);
    state.visits_before = before;
}
