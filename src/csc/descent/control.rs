//! Limits of a running descent, and what has failed in it.

use crate::base::error::{Error, Result};
use crate::clock::{Clock, Progress, Wish};

/// Limits of a running descent, and how far it is.
pub(crate) struct Control<'c, 'r> {
    pub(crate) clock: &'c Clock<'r>,
    pub(crate) max_iter: u64,
    pub(crate) progress: Progress,
    /// What the descent leaves of its time to what comes after it.
    pub(crate) reserve: Reserve,
}

/// Seconds for a certificate.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reserve {
    /// Without any z.
    pub(crate) least: f64,
    /// For each z ≠ 0.
    pub(crate) per_nonzero: f64,
    /// So many of them there were on this rank when they were counted last, and steps.
    nonzeros: f64,
    counted: u64,
}

impl Reserve {
    pub(crate) fn new(least: f64, per_nonzero: f64) -> Self {
        Reserve { least, per_nonzero, ..Reserve::default() }
    }
}

impl Control<'_, '_> {
    /// Looks at limits and reports; tells whether to stop.
    pub(super) fn check(&mut self, iterations: u64) -> Wish {
        if iterations >= self.max_iter {
            return Wish::MaxIter;
        }
        self.wish()
    }

    /// Counts the z ≠ 0 that are to be certified, where there is a limit of time and they may be a fifth more than before.
    pub(super) fn count(&mut self, nonzeros: impl FnOnce() -> usize) {
        let steps = self.progress.steps;
        if self.clock.has_limit() && steps > self.reserve.counted + self.reserve.counted / 5 {
            (self.reserve.nonzeros, self.reserve.counted) = (nonzeros() as f64, steps);
        }
    }

    /// Sets the end of the descent, as far as it is now.
    pub(crate) fn hurry(&self) {
        let Reserve { least, per_nonzero, nonzeros, .. } = self.reserve;
        self.clock.hurry(least + (per_nonzero + self.clock.for_each()) * nonzeros);
    }

    /// Whether clock or callback want to stop.
    pub(super) fn wish(&mut self) -> Wish {
        self.hurry();
        self.clock.look(&self.progress)
    }
}

/// Keeps an error that the other ranks can still be told of.
pub(crate) fn note(failure: &mut Option<Error>, result: Result<()>) -> Result<()> {
    match result {
        Err(error @ Error::Communication(_)) => Err(error),
        Err(error) => {
            failure.get_or_insert(error);
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
