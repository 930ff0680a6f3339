//! What is told of outer iterations.

use crate::base::status::{DICOD_CANCELLED, DICOD_OK, DICOD_TIME_LIMIT, dicod_status};
use crate::clock::{Laps, Progress, Stage};
use crate::csc::encoder::info::largest;
use crate::csc::{Info, Stop};

/// What one outer iteration did.
#[derive(Clone, Debug, PartialEq)]
pub struct Iteration {
    /// Its number, from 0.
    pub index: u64,
    /// Objective after the step of z.
    pub objective_z: f64,
    /// Objective after the step of D, with the same z: never higher (online: on average over the
    /// batches so far, while this is the batch's own).
    pub objective_d: f64,
    /// Why the step of z ended. After `TimeLimit` and `Cancelled` there was no step of D.
    pub stop: Stop,
    /// λ per atom.
    pub lambda: Vec<f64>,
    /// Smallest λ for which z = 0 is optimal with the dictionary before the step.
    pub lambda_max: f64,
    /// Non-zero activations per atom.
    pub nonzeros: Vec<u64>,
    /// Atoms that were drawn anew after the step.
    pub redrawn: usize,
    /// Atoms were moved to the middle of their support.
    pub recentred: bool,
    /// Coordinate steps.
    pub steps: u64,
    /// Gradient iterations of the dictionary step.
    pub dict_iterations: usize,
    /// How far the dictionary step may be from its minimum.
    pub dict_gap: f64,
    /// Samples of which more was left at the beginning are left out of this iteration (`learn_robust`); 0 where there is no such threshold.
    pub threshold: f64,
    /// How many they are.
    pub left_out: u64,
    /// Seconds for all of it.
    pub seconds: f64,
    /// Seconds for the step of z.
    pub seconds_z: f64,
    /// Seconds for the statistics.
    pub seconds_statistics: f64,
    /// Seconds for the step of D and the next Gram tensor.
    pub seconds_d: f64,
}

/// What learning found and what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Why it ended.
    pub stop: Stop,
    /// Outer iterations.
    pub iterations: u64,
    /// Atoms that were drawn anew, in all.
    pub redrawn: u64,
    /// As of an iteration, of the last solve.
    pub threshold: f64,
    /// The same.
    pub left_out: u64,
    /// The last solve: z for the dictionary that was learned.
    pub info: Info,
    /// Seconds for the whole call.
    pub seconds: f64,
    /// Seconds for steps of z.
    pub seconds_z: f64,
    /// Seconds for statistics.
    pub seconds_statistics: f64,
    /// Seconds for steps of D.
    pub seconds_d: f64,
}

/// Tells how a call gets on; returns whether to go on.
pub type Report<'r> = &'r mut dyn FnMut(&Progress) -> bool;

impl Outcome {
    /// What learning that ended so returns.
    pub(crate) fn status(&self) -> dicod_status {
        match self.stop {
            Stop::Precision => DICOD_OK,
            stop => stop.status(),
        }
    }
}

impl Iteration {
    /// Nothing is done.
    pub(super) fn none(index: u64, n_atoms: usize) -> Self {
        Iteration {
            index,
            objective_z: f64::NAN,
            objective_d: f64::NAN,
            stop: Stop::Cancelled,
            lambda: vec![f64::NAN; n_atoms],
            lambda_max: f64::NAN,
            nonzeros: vec![0; n_atoms],
            redrawn: 0,
            recentred: false,
            steps: 0,
            dict_iterations: 0,
            dict_gap: f64::INFINITY,
            threshold: 0.0,
            left_out: 0,
            seconds: 0.0,
            seconds_z: 0.0,
            seconds_statistics: 0.0,
            seconds_d: 0.0,
        }
    }

    /// What a step that ended so returns.
    pub(crate) fn status(&self) -> dicod_status {
        match self.stop {
            Stop::TimeLimit => DICOD_TIME_LIMIT,
            Stop::Cancelled => DICOD_CANCELLED,
            _ => DICOD_OK,
        }
    }

    /// The largest λ of an atom.
    pub(crate) fn largest_lambda(&self) -> f64 {
        largest(&self.lambda)
    }

    /// It as a line of a log.
    pub(crate) fn line(&self) -> String {
        let nonzeros = self.nonzeros.iter().sum::<u64>();
        format!(
            "learn: iteration {}, objective {:.9e} after z, {:.9e} after d; {nonzeros} nonzeros, {} atoms drawn anew, \
             {:.3e} s",
            self.index, self.objective_z, self.objective_d, self.redrawn, self.seconds
        )
    }
}

/// Seconds for steps of z, statistics, steps of D.
pub(super) fn seconds_of(laps: &Laps) -> [f64; 3] {
    let z = [Stage::Correlate, Stage::Descend, Stage::Certify];
    let d = [Stage::Dictionary, Stage::Gram];
    let sum = |stages: &[Stage]| stages.iter().map(|s| laps.of(*s)).sum();
    [sum(&z), laps.of(Stage::Statistics), sum(&d)]
}
