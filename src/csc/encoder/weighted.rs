//! What weights make of signals and residuals: for whoever looks for another dictionary with z as it is.

use crate::base::error::Result;
use crate::clock;
use crate::csc::bound::Bound;
use crate::csc::encoder::placed::Placed;
use crate::csc::encoder::residual::subtract_model_of;
use crate::linalg::{Dictionary, Field, Real};
use crate::ranks::Reduce;

/// Collective: whether samples of the last signals have a weight that is not 1.
pub(super) fn weighs<T: Real>(placed: &Placed<T>) -> Result<bool> {
    let weighting = placed.weighting();
    if !weighting.allows_holes() {
        return Ok(false);
    }
    let differ = weighting.values().is_some_and(|w| w.iter().any(|w| *w != T::one()));
    Ok(placed.ranks().reduce(Reduce::Max, &[i64::from(differ)])?[0] != 0)
}

/// What weights in the window are multiplied by, the largest of them then, and all, unless they are 1.
pub(super) fn in_window<T: Real>(placed: &Placed<T>) -> (f64, f64, Option<Field<'_, T>>) {
    let (weighting, block) = (placed.weighting(), placed.window().block);
    let field = |values| Field { origin: block.origin, ..Field::contiguous(values, block.shape) };
    let (unit, heaviest) = weighting.units();
    (unit, heaviest, weighting.values().map(field))
}

/// Collective: leaves w·(x − D∗z) in the window, with these atoms and z as it is.
pub(super) fn subtract<T: Real>(
    x: &Field<'_, T>,
    dictionary: &Dictionary<T>,
    bound: &Bound<T>,
    placed: &mut Placed<T>,
) -> Result<()> {
    placed.states().for_each(|mut state| state.begin_solve());
    let taken = placed.take_in(x).and_then(|()| subtract_model_of(dictionary, bound, placed));
    placed.weigh_residual();
    placed.ranks().agree(taken.and_then(|()| clock::check()))
}
