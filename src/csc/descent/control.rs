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
    /// Without any z; less than none where that is more than made up for by the z that there are.
    pub(crate) least: f64,
    /// For each z ≠ 0.
    pub(crate) per_nonzero: f64,
}

impl Control<'_, '_> {
    /// Looks at limits and reports; tells whether to stop.
    pub(super) fn check(&mut self, iterations: u64) -> Wish {
        if iterations >= self.max_iter {
            return Wish::MaxIter;
        }
        self.wish()
    }

    /// Sets the end of the descent.
    pub(crate) fn hurry(&self) {
        self.clock.hurry(self.reserve.least, self.reserve.per_nonzero);
    }

    /// Whether clock or callback want to stop.
    pub(super) fn wish(&mut self) -> Wish {
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
