//! Where the time of a call goes.

/// What a call spends its time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Other,
    Gram,
    Correlate,
    Descend,
    Certify,
    Statistics,
    Dictionary,
}

/// Seconds for each stage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Laps([f64; 7]);

impl Laps {
    pub(super) fn add(&mut self, stage: Stage, seconds: f64) {
        self.0[stage as usize] += seconds;
    }

    pub(crate) fn of(&self, stage: Stage) -> f64 {
        self.0[stage as usize]
    }

    pub(crate) fn since(&self, before: &Laps) -> Laps {
        Laps(std::array::from_fn(|i| self.0[i] - before.0[i]))
    }

    /// The same, where a stage does not count by itself.
    pub(crate) fn as_other(mut self, stage: Stage) -> Laps {
        self.0[Stage::Other as usize] += std::mem::take(&mut self.0[stage as usize]);
        self
    }

    /// All of them: what has passed, to the last bit but rounding.
    pub(crate) fn total(&self) -> f64 {
        self.0.iter().sum()
    }
}
