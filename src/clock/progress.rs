//! How far a solve is, as its callback is told.

/// State of a running solve, for the progress callback.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Passes over all tiles so far.
    pub sweeps: u64,
    /// Coordinate steps so far.
    pub steps: u64,
    /// Visits of tiles so far.
    pub visits: u64,
    /// Tiles that still have something to do.
    pub awake: u64,
    /// Number of tiles.
    pub tiles: u64,
    /// Upper bound on max |dz|.
    pub max_step: f64,
    /// The bound at which the solve ends, same unit.
    pub tol: f64,
    /// Seconds since the call began.
    pub seconds: f64,
}

impl Progress {
    /// Before anything is known: there may be steps of any size.
    pub(crate) fn unknown() -> Self {
        Progress { max_step: f64::INFINITY, tol: f64::NAN, ..Progress::default() }
    }
}
