//! What a learner remembers from step to step, beside its dictionary: with that, all that the next step depends on.

use crate::csc::{Activation, Options};
use crate::learn::statistics::Statistics;
use crate::learn::weights::Weights;
use crate::linalg::Real;
use crate::options::solve::RegScale;

/// What steps have left.
pub(super) struct Memory<T: Real> {
    /// Of the signals.
    pub(super) weights: Weights<T>,
    /// What the next step starts from, on this rank; after a restart on all of them.
    pub(super) activations: Vec<Activation<T>>,
    /// Statistics of earlier batches.
    pub(super) statistics: Option<Statistics>,
    /// Those of the last step, unless they are in the above.
    pub(super) of_step: Option<Statistics>,
    /// λ once it is fixed.
    pub(super) lambda: Option<Vec<f64>>,
    pub(super) iteration: u64,
    /// The objective after the last iteration.
    pub(super) last: Option<f64>,
    /// Samples of which more is left are left out (`learn_robust`): the least such threshold so far.
    pub(super) threshold: Option<f64>,
    /// Seconds that a solve takes beside its descent, as far as is known.
    pub(super) room: f64,
}

impl<T: Real> Memory<T> {
    /// Before the first step.
    pub(super) fn new(options: &Options, n_atoms: usize) -> Self {
        let lambda = match (options.reg_scale, options.reg_per_atom.is_empty()) {
            (RegScale::Relative | RegScale::PerAtom, _) => None,
            (RegScale::Absolute, true) => Some(vec![options.reg; n_atoms]),
            (RegScale::Absolute, false) => Some(options.reg_per_atom.clone()),
        };
        let weights = Weights::none(false);
        Memory {
            weights,
            activations: Vec::new(),
            statistics: None,
            of_step: None,
            lambda,
            iteration: 0,
            last: None,
            threshold: None,
            room: 0.0,
        }
    }
}
