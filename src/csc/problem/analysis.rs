//! The dictionary as signals are correlated with it: D ⋆ X.

use crate::base::error::Result;
use crate::csc::problem::layout::group_shape;
use crate::csc::problem::scaling::Scaling;
use crate::csc::problem::shape::Shape;
use crate::grid::point::{AXES, Point};
use crate::linalg::correlate::Correlator;
use crate::linalg::{Dictionary, Real};
use crate::options::solve::Options;

/// A dictionary in the units of a solve, and what correlates signals with it: all that λmax needs.
pub(crate) struct Analysis<T: Real> {
    /// Its atoms have norms of about 1: see `scaling`.
    dictionary: Dictionary<T>,
    scaling: Scaling<T>,
    correlator: Correlator<T>,
    /// What its results may be wrong by for each atom where |x| ≤ 1, in full and in single precision.
    uncertainty: [Vec<f64>; 2],
    /// The largest that they are where what an atom covers has the norm 1.
    norms: Vec<f64>,
}

impl<T: Real> Analysis<T> {
    /// Of the caller's dictionary, for fields that wrap on `periodic` axes and tiles of at most a size.
    pub(crate) fn new(
        shape: &Shape,
        options: &Options,
        dictionary: Dictionary<T>,
        periodic: [bool; AXES],
        largest_tile: Point,
    ) -> Result<Self> {
        let (scaling, dictionary) = Scaling::new(dictionary, options)?;
        let group = group_shape(shape.valid(), shape.n_atoms);
        let scale = scaling.scale();
        let mut correlator = Correlator::new(&dictionary, &scale, group, periodic, largest_tile, options.correlation)?;
        if size_of::<T>() == size_of::<f32>() {
            correlator.sum_over(&dictionary, &scaling.unscale());
        }
        let uncertainty = [false, true].map(|single| correlator.uncertainty(single));
        let norms = correlator.norms();
        Ok(Analysis { dictionary, scaling, correlator, uncertainty, norms })
    }

    pub(crate) fn dictionary(&self) -> &Dictionary<T> {
        &self.dictionary
    }

    pub(crate) fn scaling(&self) -> &Scaling<T> {
        &self.scaling
    }

    pub(crate) fn scaling_mut(&mut self) -> &mut Scaling<T> {
        &mut self.scaling
    }

    pub(crate) fn correlator(&self) -> &Correlator<T> {
        &self.correlator
    }

    /// Bytes of the atoms in all orders.
    pub(crate) fn bytes(&self) -> usize {
        self.dictionary.bytes() + self.correlator.bytes()
    }

    /// What c of an atom may be wrong by.
    pub(crate) fn slack_of(&self, single: bool, x: f64, atom: usize) -> f64 {
        self.uncertainty[usize::from(single)][atom] * x
    }

    /// The largest c of each atom where what it covers has the norm 1.
    pub(crate) fn norms(&self) -> &[f64] {
        &self.norms
    }

    /// What a weighted c may be wrong by, in single precision or in full, where |values| of the field are up to `x`.
    pub(crate) fn slack(&self, single: bool, x: f64, weights: &[f64]) -> f64 {
        let uncertain = &self.uncertainty[usize::from(single)];
        let weighted = uncertain.iter().zip(weights).map(|(e, w)| e * w);
        weighted.fold(0.0, f64::max) * x
    }
}
