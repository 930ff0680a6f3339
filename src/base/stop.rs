//! Why a call ended.

use crate::base::status::{DICOD_CANCELLED, DICOD_MAX_ITER, DICOD_OK, DICOD_PRECISION, DICOD_TIME_LIMIT, dicod_status};

/// Why a solve ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// max |dz| ≤ tol everywhere.
    Converged,
    /// `max_iter` was reached.
    MaxIter,
    /// `time_limit` was reached.
    TimeLimit,
    /// The progress callback asked for it.
    Cancelled,
    /// `tol` is smaller than what rounding allows.
    Precision,
}

impl Stop {
    /// What a solve that ended so returns.
    pub(crate) fn status(self) -> dicod_status {
        match self {
            Stop::Converged => DICOD_OK,
            Stop::MaxIter => DICOD_MAX_ITER,
            Stop::TimeLimit => DICOD_TIME_LIMIT,
            Stop::Cancelled => DICOD_CANCELLED,
            Stop::Precision => DICOD_PRECISION,
        }
    }
}
