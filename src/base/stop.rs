//! Why a call ended.

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
