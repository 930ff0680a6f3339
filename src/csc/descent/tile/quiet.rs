//! Tiles without c: what atoms cover there is too small for a step. They are *quiet* until a step of a neighbour reaches them;
//! then c is made as it would have been at the beginning.

use crate::base::error::Result;
use crate::csc::descent::tile::TileState;
use crate::csc::descent::tile::plan::Plan;
use crate::csc::descent::tile::step::Step;
use crate::csc::descent::tile::wear::Wear;
use crate::grid::point::{AXES, Point};
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
    steps.iter().any(|step| reaches(plan, at(step), &state.tile.shape))
}

/// Whether a step at a position relative to a tile of this shape reaches it: one test, and one comparison per axis.
#[inline(always)]
pub(super) fn reaches<T>(plan: &Plan<T>, at: Point, shape: &Point) -> bool {
    let near = |a: usize| {
        let radius = plan.atom[a] - 1;
        ((at[a] + radius) as u64) < (shape[a] + 2 * radius) as u64
    };
    const { assert!(AXES == 3) };
    near(0) & near(1) & near(2)
}

/// Takes over a new c: makes every bound exact. Returns max |dz|. Without c there is nothing to be chosen.
pub(crate) fn take_over<T: Real>(state: &mut TileState<T>, plan: &Plan<T>) -> T {
    if state.quiet.is_some() {
        state.bound.fill(T::NEG_INFINITY);
        (state.wear, state.largest) = (Wear::NONE, T::ZERO);
        return T::NEG_INFINITY;
    }
    for group in 0..state.bound.len() {
        state.measure(plan, group);
    }
    state.wear = Wear::NONE;
    let bound = state.bound(plan);
    let c = match &state.factors {
        None => state.c.height(plan, bound),
        Some(factors) => factors.height(plan, &state.c),
    };
    let z = state.nonzeros.iter().flatten();
    let z = z.map(|x| (x.z * plan.weights[x.atom as usize]).abs());
    let larger = |most, x| if x > most { x } else { most };
    state.largest = z.fold(larger(T::ZERO, c), larger);
    bound
}
