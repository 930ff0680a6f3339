//! The step of D where samples have weights.
//!
//! With weights, what D has to minimise is no longer a matter of ztz and ztX. But with W the largest weight, and
//! x̂ = D∗z + (w/W)·(x − D∗z), W/2 ‖x̂ − D'∗z‖² and a constant lie above ½ Σ w (x − D'∗z)² for every D', and meet it at D
//! (Lange, *MM Optimization Algorithms*, 2016): a step that lowers the one lowers the other. Its statistics are W·ztz and
//! z ⋆ w·(x − D∗z) + W·ztz∗D: holes are filled by what the model has there. Some such steps are made for the same z, from a D
//! that is a little ahead (Nesterov), for as long as they lower the true value, which is computed each time.

use crate::base::error::Result;
use crate::csc::{Activation, Encoder};
use crate::learn::dictionary_step::{Outcome, add_model, data_term, dictionary_step, feasible, may_stay, widened};
use crate::learn::setup::Setup;
use crate::learn::statistics::Statistics;
use crate::linalg::{Atoms, Dictionary, Field, Real};

/// Steps for the same z at most.
const ROUNDS: usize = 8;

/// z, and the signals that it is of.
pub(super) struct Majoriser<'m, T: Real> {
    pub(super) setup: &'m Setup<T>,
    pub(super) encoder: &'m mut Encoder<T>,
    pub(super) own: &'m [Activation<T>],
    pub(super) x: &'m Field<'m, T>,
}

impl<T: Real> Majoriser<'_, T> {
    /// Collective: statistics of what lies above the data term (with the squared penalty, where there is one) and meets it at D,
    /// where the former is `data`, as the residual in the window is of this D: [`data_term`] of them is the bound. `known`: of
    /// the same z.
    pub(super) fn statistics(&self, d: &Dictionary<T>, data: f64, known: Option<&Statistics>) -> Result<Statistics> {
        let (unit, heaviest, _) = self.encoder.weights_in_window();
        let (ridge, weight) = (self.setup.options.ridge, heaviest / unit);
        let mut found = self.setup.gathered(self.encoder, self.own, 0.0, known.is_none())?;
        found.ztx.iter_mut().for_each(|x| *x /= unit);
        match known {
            Some(known) => {
                found.ztz.clone_from(&known.ztz);
                found.multiply_squares(weight / (weight + ridge));
            }
            None => found.ztz.iter_mut().for_each(|x| *x *= weight),
        }
        let of_d = add_model(&mut found, d).and_then(|()| data_term(&found, d));
        found.xx = (2.0 * (data - self.setup.ranks.agree(of_d)?)).max(0.0);
        match known {
            Some(known) => found.ztz.clone_from(&known.ztz),
            None => found.multiply_squares((weight + ridge) / weight),
        }
        Ok(found)
    }

    /// Collective: what the bound lies above, at another D, with statistics of z. The residual in the window is of this D then.
    pub(super) fn value(&mut self, d: &Dictionary<T>, statistics: &Statistics) -> Result<f64> {
        self.encoder.data_term_of(self.x, d)?;
        self.value_here(d, statistics)
    }

    /// Collective: the same of the D that the residual in the window is of.
    pub(super) fn value_here(&self, d: &Dictionary<T>, statistics: &Statistics) -> Result<f64> {
        let data = self.encoder.data_term()?;
        let (unit, heaviest, _) = self.encoder.weights_in_window();
        let (ridge, weight) = (self.setup.options.ridge, heaviest / unit);
        let wide = self.setup.ranks.agree(widened(d))?;
        let (n, window) = (statistics.n_atoms, statistics.window());
        let squared = wide.chunks_exact(wide.len() / n).enumerate().map(|(k, atom)| {
            let norm = atom.iter().map(|x| x * x).sum::<f64>();
            norm * statistics.ztz[(k * n + k) * window + window / 2]
        });
        Ok(data + 0.5 * (ridge / (weight + ridge)) * squared.sum::<f64>())
    }

    /// Collective: steps from a D, by statistics as it has them; the D that they lead to.
    pub(super) fn descend(&mut self, mut d: Dictionary<T>, first: &Statistics) -> Result<(Dictionary<T>, Outcome)> {
        let settings = self.setup.settings();
        let began = self.value_here(&d, first)?;
        let mut outcome = Outcome { change: 0.0, gap: f64::INFINITY, iterations: 0 };
        let (mut value, mut statistics) = (began, first.clone());
        if !self.setup.ranks.agree(may_stay(&d, &settings))? {
            // Given under other constraints.
            d = feasible(&d, &settings);
            statistics = self.around(&d, first)?;
            value = self.value_here(&d, first)?;
        }
        let (mut t, mut ahead) = (1.0f64, false);
        for round in 1..=ROUNDS {
            let step = dictionary_step(&statistics, &d, &settings);
            let (next, step) = self.setup.ranks.agree(step)?;
            outcome.iterations += step.iterations;
            let value_then = self.value(&next, first)?;
            let gain = value - value_then;
            // The D from which it goes on.
            let mut from = next;
            if gain > 0.0 {
                let t_next = 0.5 * (1.0 + (1.0 + 4.0 * t * t).sqrt());
                let further = beyond(&d, &from, (t - 1.0) / t_next);
                (d, value, t, ahead) = (from.clone(), value_then, t_next, further.is_some());
                from = further.unwrap_or(from);
            } else if std::mem::take(&mut ahead) {
                t = 1.0;
                from.clone_from(&d);
            } else {
                break;
            }
            if round == ROUNDS || (gain > 0.0 && gain <= settings.tol * value) {
                break;
            }
            statistics = self.around(&from, first)?;
        }
        outcome.change = value - began;
        Ok((d, outcome))
    }

    /// Collective: statistics of the bound that meets it at another D.
    fn around(&mut self, d: &Dictionary<T>, known: &Statistics) -> Result<Statistics> {
        let data = self.encoder.data_term_of(self.x, d)?;
        self.statistics(d, data, Some(known))
    }
}

/// What lies beyond a dictionary, as seen from the one before, by a part of the way; none where that is no dictionary of the same
/// kind, or no way.
fn beyond<T: Real>(before: &Dictionary<T>, d: &Dictionary<T>, part: f64) -> Option<Dictionary<T>> {
    let (Atoms::Full(from), Atoms::Full(to)) = (&before.atoms, &d.atoms) else { return None };
    let value = |(from, to): (&T, &T)| T::of(to.wide() + part * (to.wide() - from.wide()));
    let atoms = Atoms::Full(from.iter().zip(to).map(value).collect());
    (part > 0.0).then(|| Dictionary { atoms, ..d.clone() })
}
