//! Limits of a running descent, and what has failed in it.

use crate::base::error::{Error, Result};
use crate::clock::{Clock, Progress, Wish};
use crate::host::threads::seconds_run;

/// Seconds by which a descent may notice late that its time is up: what is reserved for the certificate is not for that.
const LATE: f64 = 0.005;

/// Limits of a running descent, and how far it is.
pub(crate) struct Control<'c, 'r> {
    pub(crate) clock: &'c Clock<'r>,
    pub(crate) max_iter: u64,
    pub(crate) progress: Progress,
    /// What the descent leaves of its time to what comes after it.
    pub(crate) reserve: Reserve,
}

/// Most of the time that a thread may be thought not to have run, as a multiple of what it has.
const MOST_BUSY: f64 = 8.0;

/// Seconds for a certificate, of a thread that runs: on a machine that is busy it does so a part of the time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reserve {
    /// Without any z; less than none where that is more than made up for by the z that there are.
    pub(crate) least: f64,
    /// For each z ≠ 0.
    pub(crate) per_nonzero: f64,
    /// When the solve began, and for how long this thread had run then.
    pub(crate) began: f64,
    pub(crate) run: f64,
    /// When it is seen again how busy the machine is.
    pub(crate) next: f64,
}

impl Control<'_, '_> {
    /// Looks at limits and reports; tells whether to stop.
    pub(super) fn check(&mut self, iterations: u64) -> Wish {
        if iterations >= self.max_iter {
            return Wish::MaxIter;
        }
        self.wish()
    }

    /// Sets the end of the descent, as far as it is known how busy the machine is.
    pub(crate) fn hurry(&mut self) {
        if !self.clock.has_limit() {
            return;
        }
        let now = self.clock.seconds();
        self.reserve.next = now + 1e-3;
        let Reserve { least, per_nonzero, began, run, .. } = self.reserve;
        let busy = ((now - began) / (seconds_run() - run)).clamp(1.0, MOST_BUSY);
        self.clock.hurry(LATE + busy * least, busy * per_nonzero);
    }

    /// Whether clock or callback want to stop.
    pub(super) fn wish(&mut self) -> Wish {
        if self.clock.seconds() >= self.reserve.next {
            self.hurry();
        }
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
