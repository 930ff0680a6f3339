//! What wears c out: the rounding of steps.

use crate::linalg::Real;

/// What c has been through since it was computed: what its rounding is bounded by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wear<T> {
    /// Steps that were applied to it.
    pub(crate) steps: f64,
    /// Sum of their |δ|.
    pub(crate) moved: f64,
    /// Sum over them of a bound on |dz|.
    pub(crate) heights: f64,
    /// Steps that are not yet in that sum, and the largest |dz| meanwhile of groups that are no longer there.
    pub(super) recent: f64,
    pub(super) highest: T,
}

impl<T: Real> Wear<T> {
    pub(super) const NONE: Self = Wear { steps: 0.0, moved: 0.0, heights: 0.0, recent: 0.0, highest: T::ZERO };

    /// Adds up what there was, until when every |dz| is at most `bound`.
    pub(super) fn add_up(&mut self, bound: T) {
        let highest = if bound > self.highest { bound } else { self.highest };
        self.heights += self.recent * highest.wide();
        self.steps += self.recent;
        (self.recent, self.highest) = (0.0, T::ZERO);
    }

    /// Whether c has been through so many steps that what is left above a tolerance may be their rounding, of numbers up to the
    /// largest: it has to be computed anew. Roundings add up as their square root does (Higham, section 2.8); some of them may be
    /// against us. As long as larger steps are left there is no hurry: it is done after a long way, so that somebody looks
    /// whether that gains.
    ///
    /// A table in single precision is wrong by more, which c anew sets right when a descent has ended. Between atoms that are the same
    /// to F that may be a slope, down which z goes on and on: after a very long way that is looked at, too.
    pub(super) fn is_through(
        &self,
        single: bool,
        table: bool,
        largest: f64,
        tol: f64,
        bound: impl FnOnce() -> f64,
    ) -> bool {
        const ROOM: f64 = 4.0;
        const CLEAR: f64 = 8.0;
        const LONG: [f64; 2] = [5e4, 1e6];
        let (epsilon, long) = match single {
            true => (f32::EPSILON.into(), LONG[0]),
            false => (f64::EPSILON, LONG[1]),
        };
        let steps = self.steps + self.recent;
        let rounding = epsilon * largest * steps.sqrt();
        let of_table = if table { f64::from(f32::EPSILON) * self.moved } else { 0.0 };
        (rounding > ROOM * tol && (steps > long || CLEAR * rounding > bound()))
            || (steps > LONG[1] && of_table > ROOM * tol)
    }
}
