//! Samples of which too much is left have gone wrong, and count as missing.
//!
//! With ρ(r) = ½ min(r², T²), ½ s² lies above ρ(s) where |r| ≤ T, and ½ T² beyond, for every s, and meets it at s = r (iteratively
//! re-weighted least squares as majorisation: Lange, Hunter, Yang, 2000): whatever makes the squares of the former smaller makes
//! Σ w ρ smaller. ρ grows with T: a smaller one makes it smaller, too. (Huber's loss, 1964, grows beyond T: a twentieth of all
//! samples, each with the pull of T, is enough to spoil atoms.)

use crate::base::error::Result;
use crate::base::memory;
use crate::csc::encoder::placed::Placed;
use crate::linalg::Real;
use crate::ranks::Reduce;
use crate::ranks::exact_sum::ExactSum;
use crate::ranks::quantile::quantile;

/// T, as a multiple of a quantile of what is left: 10 standard deviations of noise, where that is the quantile 0.9.
const FACTOR: f64 = 6.0;

/// What has been left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Robust {
    /// T; none where nothing is left.
    pub(crate) threshold: Option<f64>,
    /// Σ ½ w T² where |r| > T: what to add to the weighted squares.
    pub(crate) constant: f64,
    /// Samples where |r| > T.
    pub(crate) n: u64,
}

/// Calls `visit` with weight and residual of each sample that is there and this rank's, of a window that holds residuals.
fn for_each_own<T: Real>(placed: &Placed<T>, visit: &mut dyn FnMut(f64, f64)) {
    let region = placed.region();
    if region.is_empty() {
        return;
    }
    let (shape, window) = (placed.shape(), placed.window());
    let cell = shape.cell(&region);
    let field = window.fields(0, shape.n_signals * shape.n_channels).part(&cell);
    let (weights, volume) = (placed.weighting().values(), window.block.volume().max(0) as usize);
    for (channel, data) in field.channels.iter().enumerate() {
        field.layout.for_each_row(|_, first| {
            for i in first..first + cell.shape[2] as usize {
                let w = weights.map_or(1.0, |w| w[channel * volume + i].wide());
                if w != 0.0 {
                    visit(w, data[i].wide());
                }
            }
        });
    }
}

/// Collective: leaves out samples by the residual that the window holds, until the next time. T is `most` at most. The same bits for
/// any number of ranks.
pub(super) fn leave_out<T: Real>(placed: &mut Placed<T>, part: f64, most: f64) -> Result<Robust> {
    let left = |visit: &mut dyn FnMut(f64)| {
        for_each_own(placed, &mut |_, r| {
            if r != 0.0 {
                visit(r.abs());
            }
        });
    };
    let Some(threshold) = quantile(&**placed.ranks(), part, &left)?.map(|found| (FACTOR * found).min(most)) else {
        placed.weighting_mut().leave_out(Some(Vec::new()));
        return Ok(Robust::default());
    };
    let (mut n, mut weight) = (0i64, ExactSum::default());
    for_each_own(placed, &mut |w, r| {
        if r.abs() > threshold {
            n += 1;
            weight.add(w);
        }
    });
    let mut words = weight.words().to_vec();
    words.push(n);
    let mut words = placed.ranks().reduce(Reduce::Sum, &words)?;
    let n = words.pop().unwrap_or(0) as u64;
    let weight = ExactSum::from_words(&words).value() / placed.weighting().units().0;
    let mut out = Vec::new();
    let room = memory::reserve("the weights", &mut out, placed.window().values.len());
    placed.ranks().agree(room)?;
    out.extend(placed.window().values.iter().map(|r| r.wide().abs() > threshold));
    placed.weighting_mut().leave_out(Some(out));
    // No number is as large as T, maybe, where there are none beyond.
    let constant = if n == 0 { 0.0 } else { 0.5 * weight * threshold * threshold };
    Ok(Robust { threshold: Some(threshold), constant, n })
}
