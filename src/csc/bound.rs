//! All that follows from the dictionary.

use crate::base::error::Result;
use crate::clock::{self, Stage};
use crate::csc::descent::tile::{Plan, Unit};
use crate::csc::problem::analysis::Analysis;
use crate::csc::problem::layout::group_shape;
use crate::csc::problem::model::matching;
use crate::csc::problem::scaling::Scaling;
use crate::csc::problem::shape::Shape;
use crate::grid::point::{AXES, Point};
use crate::linalg::correlate::Correlator;
use crate::linalg::{Dictionary, Gram, Real};
use crate::options::solve::{Options, Schedule};
use std::time::Instant;

/// A dictionary bound to a problem: how signals are correlated with it, and the plan of a descent. Where tiles lie and who
/// holds them is not known here.
pub(crate) struct Bound<T: Real> {
    analysis: Analysis<T>,
    plan: Plan<T>,
    /// The largest c where |x| ≤ 1.
    reach: f64,
    seconds_gram: f64,
}

impl<T: Real> Bound<T> {
    /// Computes the Gram tensor. `several`: there is more than one rank.
    pub(crate) fn new(
        shape: &Shape,
        options: &Options,
        dictionary: Dictionary<T>,
        largest_tile: Point,
        several: bool,
    ) -> Result<Self> {
        let dictionary = matching(dictionary, shape)?;
        // A window has no periods.
        let analysis = Analysis::new(shape, options, dictionary, [false; AXES], largest_tile)?;
        let start = Instant::now();
        let of_gram = clock::stage(Stage::Gram);
        let plan = plan(shape, options, &analysis, several)?;
        drop(of_gram);
        let reach = analysis.correlator().weights().into_iter().fold(0.0, f64::max);
        Ok(Bound { analysis, plan, reach, seconds_gram: start.elapsed().as_secs_f64() })
    }

    /// In the units of a solve.
    pub(crate) fn dictionary(&self) -> &Dictionary<T> {
        self.analysis.dictionary()
    }

    pub(crate) fn scaling(&self) -> &Scaling<T> {
        self.analysis.scaling()
    }

    pub(crate) fn correlator(&self) -> &Correlator<T> {
        self.analysis.correlator()
    }

    pub(crate) fn analysis(&self) -> &Analysis<T> {
        &self.analysis
    }

    pub(crate) fn plan(&self) -> &Plan<T> {
        &self.plan
    }

    /// Sets λ of every atom inside.
    pub(crate) fn set_lambda(&mut self, lambda: &[f64]) {
        self.plan.set_thresholds(&self.analysis.scaling().thresholds(lambda));
    }

    /// Sets what brings signals into the range of single precision.
    pub(crate) fn set_unit(&mut self, x_unit: f64) {
        self.plan.unit = Unit::new(self.correlator().single_unit(x_unit));
    }

    /// Weights of samples are multiplied by a power of two, and then the largest of them is this; `any`: there may be some that
    /// are not 1. Tells whether nothing was ready for such weights.
    pub(crate) fn set_weights(&mut self, data_unit: f64, heaviest: f64, any: bool) -> Result<bool> {
        let scaling = self.analysis.scaling_mut();
        scaling.set_weights(data_unit, heaviest);
        (self.plan.step_unit, self.plan.heaviest) = (scaling.least(), T::of(scaling.heaviest()));
        self.plan.ridges = scaling.ridges();
        Ok(any && self.plan.admit_weights(self.analysis.dictionary(), self.analysis.scaling())?)
    }

    /// The largest c where |x| ≤ 1.
    pub(crate) fn reach(&self) -> f64 {
        self.reach
    }

    /// Bytes of the Gram tensor and what is derived from it.
    pub(crate) fn bytes_gram(&self) -> usize {
        self.plan.gram_bytes()
    }

    /// Bytes of what correlates, and of atoms where samples have weights.
    pub(crate) fn bytes(&self) -> usize {
        self.analysis.bytes() + self.plan.bytes_of_taps()
    }

    /// Seconds for the Gram tensor.
    pub(crate) fn seconds_gram(&self) -> f64 {
        self.seconds_gram
    }
}

/// The Gram tensor, and how steps are chosen by it.
fn plan<T: Real>(shape: &Shape, options: &Options, analysis: &Analysis<T>, several: bool) -> Result<Plan<T>> {
    let published = options.schedule == Schedule::Published;
    let group = group_shape(shape.valid(), shape.n_atoms);
    // In double precision, whatever the type of the arrays: its error would be that of every step.
    let mut gram = Gram::new(&analysis.dictionary().widened()?)?;
    // A step is seen by its own coordinate in the squared penalty, too.
    let (window, own) = (gram.values.len() / shape.n_atoms, gram.values.len() / shape.n_atoms / shape.n_atoms / 2);
    for (k, values) in gram.values.chunks_exact_mut(window).enumerate() {
        values[own * shape.n_atoms + k] *= 1.0 + options.ridge;
    }
    let mut plan = Plan::new(&gram, analysis.scaling(), group, published)?;
    drop(gram);
    plan.positive = options.positive;
    plan.strategy = options.strategy;
    plan.seed = options.seed as u64;
    if !published {
        plan.relax(shape.n_axes);
    }
    if several && options.schedule == Schedule::Asynchronous {
        // The soft lock asks for the largest step, and for the next one.
        plan.greed = T::one();
    }
    plan.steps_per_visit = match (published, options.steps_per_visit) {
        (true, _) => 1,
        (false, 0) => plan.steps_per_visit,
        // No visit gets that far; sums over tiles must not overflow.
        (false, n) => n.min(1 << 32) as usize,
    };
    Ok(plan)
}
