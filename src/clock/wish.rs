//! The wish to stop.

use crate::base::error::{Error, Result};
use crate::base::stop::Stop;

/// Why a call is to end. Ranks tell each other; the largest is granted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Wish {
    #[default]
    GoOn,
    /// The time is up.
    TimeLimit,
    /// The callback does not want any better result; it may still be proven.
    Enough,
    /// All is to end at once.
    Cancelled,
    /// As many steps as were allowed.
    MaxIter,
    /// Something went wrong on this rank.
    Failed,
    /// The asynchronous solver goes nowhere.
    Diverged,
}

impl Wish {
    const ALL: [Wish; 7] =
        [Wish::GoOn, Wish::TimeLimit, Wish::Enough, Wish::Cancelled, Wish::MaxIter, Wish::Failed, Wish::Diverged];

    /// As ranks tell each other.
    pub(crate) fn of_code(code: i64) -> Self {
        Self::ALL[(code.max(0) as usize).min(Self::ALL.len() - 1)]
    }

    pub(crate) fn code(self) -> i64 {
        self as i64
    }

    /// Fails if all is to be left as it is.
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Wish::GoOn => Ok(()),
            wish => Err(Error::Stopped(wish.stop())),
        }
    }

    /// Why a solve ended to which this was granted.
    pub(crate) fn stop(self) -> Stop {
        match self {
            Wish::TimeLimit => Stop::TimeLimit,
            Wish::Enough | Wish::Cancelled => Stop::Cancelled,
            _ => Stop::MaxIter,
        }
    }
}
