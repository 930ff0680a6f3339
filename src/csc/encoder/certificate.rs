//! What a solve proves of its result: objective, largest step left, duality gap, computed anew from
//! X and z.
//!
//! The last two are maxima over all coordinates. c of the residual tells which coordinates might have them; their values are
//! then computed one by one, in double precision. That c is correlated anew, or it is what the descent has left: if a bound
//! on its rounding (`Measure::drift`) is little beside the tolerance, and if it is within that bound at every z ≠ 0 and at
//! samples elsewhere, where it is compared with X and z.

use crate::base::error::Result;
use crate::csc::descent::tile::quiet::take_over;
use crate::csc::descent::tile::{Coordinate, TileState, penalised};
use crate::csc::encoder::measure::Measure;
use crate::csc::encoder::residual::{squares, totals};
use crate::linalg::Real;
use crate::linalg::correlate::Scratch;
use crate::ranks::Reduce;
use crate::ranks::exact_sum::ExactSum;

/// Computed from X and z.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Certificate {
    /// F(z) = ½‖X − D∗z‖² + Σ λ_k ‖z_k‖₁, and ½ Σ μ_k ‖z_k‖² with μ_k = `ridge` ‖d_k‖².
    pub objective: f64,
    /// ½‖X − D∗z‖².
    pub data_term: f64,
    /// Largest step left, max ‖d_k‖·|dz_k| over the least ‖d_k‖: max |dz| where all norms are alike; in the published
    /// schedule max |dz|.
    pub max_step: f64,
    /// F(z) − F(z*) ≤ gap, from a dual feasible point.
    pub gap: f64,
    /// F(z) of the signals without the mean of what is left of each channel: what a gap is little or large beside.
    pub(super) varying: f64,
}

impl Certificate {
    /// Nothing is proven.
    pub(crate) fn unknown() -> Self {
        Certificate {
            objective: f64::NAN,
            data_term: f64::NAN,
            max_step: f64::INFINITY,
            gap: f64::INFINITY,
            varying: f64::NAN,
        }
    }

    /// From what is known of the residual, the largest |D_k ⋆ r| / λ_k and the largest step left.
    ///
    /// A dual point θ gives the gap ½‖r − θ‖² + Σ λ_k ‖z_k‖₁ − ⟨z, D ⋆ θ⟩ (what F(z) minus the dual value comes to), without
    /// the large numbers that the two of them are where a signal lies on an offset. θ = p + s·(r − p), where p is a part of the mean
    /// of each channel: atoms whose values add up to zero do not see it, and it need not become less where the rest
    /// has to. |D_k ⋆ θ| ≤ |1 − s|·|D_k ⋆ p| + s·|D_k ⋆ r| has to be at most λ_k.
    ///
    /// A squared penalty is as one more sample of each coordinate, 0, that √μ_k z reconstructs: r has −√μ_k z there, ‖r‖² has
    /// Σ μ_k ‖z_k‖² more, and D_k ⋆ r is less by μ_k z_k. Means are those of the signals alone.
    pub(super) fn new(sums: &Sums, ratio: f64, max_step: f64) -> Self {
        let data_term = 0.5 * sums.squares;
        let penalty = sums.penalty;
        // Where nothing is seen of r there is nothing to be unsure of.
        let ratio = if ratio > 0.0 { ratio + sums.unsure } else { 0.0 };
        // Where λ_k = 0 nothing of what an atom sees is allowed.
        let times = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a * b };
        let gap_of = |part: f64| {
            let seen = times(part, sums.mean_seen);
            let varying = sums.squared_penalty
                + match part {
                    0.0 => sums.squares,
                    _ => sums.varying + (1.0 - part) * (1.0 - part) * sums.constant,
                };
            let most = match ratio {
                _ if !seen.is_finite() => return f64::INFINITY,
                ratio if ratio <= 1.0 => (1.0 + seen) / (ratio + seen),
                ratio if seen < 1.0 => (1.0 - seen) / (ratio - seen),
                _ => return f64::INFINITY,
            };
            let best = if varying > 0.0 { 1.0 + (sums.zc + seen * penalty) / varying } else { 1.0 };
            let s = best.clamp(0.0, most);
            // r itself is rounded, whatever part of it θ is.
            let (less, of_rounding) = ((1.0 - s).abs(), sums.rounded);
            let apart = less * less * varying + (2.0 * less * varying.sqrt() + of_rounding) * of_rounding;
            let of_mean = times(less, seen) * penalty;
            // Sums are rounded: never report less than the true gap.
            let rounding = 16.0 * f64::EPSILON * (penalty + s * sums.zc.abs()) + times(s * penalty, sums.unsure);
            0.5 * apart + of_mean + (penalty - s * sums.zc) + rounding
        };
        let parts = [0.0, 1.0, (0.5 / sums.mean_seen).min(1.0)];
        let gap = parts.into_iter().filter(|part| part.is_finite()).map(gap_of).fold(f64::INFINITY, f64::min);
        // Next to zero even the allowance for rounding is rounded.
        let objective = data_term + penalty + 0.5 * sums.squared_penalty;
        let varying = 0.5 * (sums.varying + sums.squared_penalty) + penalty;
        Certificate { objective, data_term, max_step, gap: gap.max(0.0), varying }
    }

    /// In other units of F.
    fn times(self, unit: f64) -> Self {
        let Certificate { objective, data_term, gap, varying, max_step } = self;
        let [objective, data_term, gap, varying] = [objective, data_term, gap, varying].map(|value| value * unit);
        Certificate { objective, data_term, max_step, gap, varying }
    }
}

/// What a certificate is made of: sums over X and z, the same bits for any number of ranks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums {
    /// ‖r‖² of the residual r = X − D∗z.
    pub(super) squares: f64,
    /// The same of r without the mean m of each channel, and of that mean.
    varying: f64,
    constant: f64,
    /// Largest |D_k ⋆ m| / λ_k.
    mean_seen: f64,
    /// ⟨z, D ⋆ r⟩.
    zc: f64,
    /// Σ λ_k ‖z_k‖₁.
    pub(super) penalty: f64,
    /// Σ μ_k ‖z_k‖².
    pub(super) squared_penalty: f64,
    /// What r is wrong by, as a norm, and |D_k ⋆ r| / λ_k.
    rounded: f64,
    unsure: f64,
}

/// Means are asked for where there are no more channels, of all signals.
const MOST_MEANS: usize = 64;

impl<T: Real> Measure<'_, T> {
    /// Collective: sums over a tile are formed in one order, and added up exactly. Given what the c of a descent may be wrong
    /// by, it does not count, but tells whether it is more than that somewhere.
    pub(super) fn sums(&self, lambda: &[f64], drift: Option<&[f64]>) -> Result<(Sums, bool)> {
        let scaling = self.bound.scaling();
        let (unscale, squared_penalties) = (scaling.unscale(), scaling.squared_penalties());
        let means = self.means()?;
        let state = || Ok(([(); 5].map(|_| ExactSum::default()), self.scratch()?, false));
        let (window, shape, tiles) = (self.placed.window(), self.placed.shape(), self.placed.tiles());
        let weights = self.placed.weighting().values();
        let states = self.team.for_each(tiles.len(), state, |(sums, scratch, wrong), index| {
            let [squares, varying] = squares(window, weights, &tiles.tile(index).tile, shape, &means);
            let (mut zc, mut penalty, mut squared) = (0.0, 0.0, 0.0);
            *wrong |= self.for_each_active(index, drift, scratch, |k, z, c, factor| {
                zc += z.wide() * (c * unscale[k].wide());
                penalty += lambda[k] * factor * z.wide().abs();
                squared += squared_penalties[k] * (z.wide() * z.wide());
            });
            sums.iter_mut().zip([squares, varying, zc, penalty, squared]).for_each(|(sum, term)| sum.add(term));
            Ok(())
        });
        let mut words = vec![0; 5 * ExactSum::WORDS + 1];
        for (mut sums, _, wrong) in self.placed.ranks().agree(states)? {
            let of_state = sums.iter_mut().flat_map(|sum| sum.words().to_vec());
            for (to, word) in words.iter_mut().zip(of_state.chain([i64::from(wrong)])) {
                *to += word;
            }
        }
        let words = self.placed.ranks().reduce(Reduce::Sum, &words)?;
        let [squares, varying, zc, penalty, squared] = [0, 1, 2, 3, 4].map(|i| {
            let words = &words[i * ExactSum::WORDS..][..ExactSum::WORDS];
            ExactSum::from_words(words).value()
        });
        let wrong = words.last() != Some(&0);
        let n = shape.signal.iter().product::<i64>() as f64;
        let constant = n * means.iter().map(|m| m * m).sum::<f64>();
        let mean_seen = self.mean_seen(&means, lambda);
        let [rounded, unsure] = self.uncertainty(lambda, n)?;
        // F inside is in the unit of the weights of samples.
        let squared_penalty = squared / scaling.of_objective();
        Ok((Sums { squares, varying, constant, mean_seen, zc, penalty, squared_penalty, rounded, unsure }, wrong))
    }

    /// Collective: the mean of each channel of the residual; zeros where they are too many, or where a constant is not allowed
    /// as a dual point: it has to be 0 where a sample is missing.
    fn means(&self) -> Result<Vec<f64>> {
        let (window, shape, tiles) = (self.placed.window(), self.placed.shape(), self.placed.tiles());
        let n = shape.n_signals * shape.n_channels;
        let weighting = self.placed.weighting();
        let differ = weighting.values().is_some_and(|w| w.iter().any(|w| *w != T::one()));
        let weighed = match weighting.allows_holes() {
            true => self.placed.ranks().reduce(Reduce::Max, &[i64::from(differ)])?[0] != 0,
            false => false,
        };
        if n > MOST_MEANS || weighed {
            return Ok(vec![0.0; n]);
        }
        let state = || Ok(vec![ExactSum::default(); n]);
        let states = self.team.for_each(tiles.len(), state, |sums, index| {
            let tile = tiles.tile(index).tile.clone();
            let first = tile.signal * shape.n_channels;
            let totals = totals(window, &tile, shape);
            sums[first..].iter_mut().zip(totals).for_each(|(sum, total)| sum.add(total));
            Ok(())
        });
        let mut words = vec![0; n * ExactSum::WORDS];
        for mut sums in self.placed.ranks().agree(states)? {
            let of_state = sums.iter_mut().flat_map(|sum| sum.words().to_vec());
            words.iter_mut().zip(of_state).for_each(|(to, word)| *to += word);
        }
        let words = self.placed.ranks().reduce(Reduce::Sum, &words)?;
        let positions = shape.signal.iter().product::<i64>() as f64;
        let mean = |words: &[i64]| ExactSum::from_words(words).value() / positions;
        Ok(words.chunks_exact(ExactSum::WORDS).map(mean).collect())
    }

    /// Largest |D_k ⋆ m| / λ_k, where m is constant in each channel.
    fn mean_seen(&self, means: &[f64], lambda: &[f64]) -> f64 {
        let dictionary = self.bound.dictionary();
        let steepest = self.steepest(&lambda.iter().map(|lambda| 1.0 / lambda).collect::<Vec<_>>());
        let any_free = self.placed.penalties().is_some_and(|penalties| penalties.any_free);
        let mut most = 0.0;
        for (k, steepest) in steepest.into_iter().enumerate() {
            let steepest = if any_free { f64::INFINITY } else { steepest };
            let total = |channel| (0..dictionary.volume()).map(|s| dictionary.at(k, channel, s).wide()).sum::<f64>();
            let totals: Vec<f64> = (0..dictionary.n_channels).map(total).collect();
            for means in means.chunks_exact(totals.len()) {
                let seen = means.iter().zip(&totals).map(|(m, total)| m * total).sum::<f64>();
                // Nothing is nothing, whatever λ is.
                most = if seen == 0.0 { most } else { f64::max(most, seen.abs() * steepest) };
            }
        }
        most
    }

    /// Collective: what the residual of `n` positions a channel may be wrong by, as a norm, and |D_k ⋆ r| / λ_k.
    pub(super) fn uncertainty(&self, lambda: &[f64], n: f64) -> Result<[f64; 2]> {
        let (window, shape) = (self.placed.window(), self.placed.shape());
        let largest = &window.largest;
        let mut all = match size_of::<T>() == size_of::<f32>() {
            true => window.rounding(shape.n_signals),
            false => largest.iter().map(|x| 4.0 * f64::EPSILON * x).collect(),
        };
        all.extend(largest);
        let all = self.placed.ranks().largest(&all)?;
        let (rounded, largest) = all.split_at(shape.n_signals);
        let squares: f64 = rounded.iter().map(|r| n * shape.n_channels as f64 * r * r).sum();
        let largest = largest.iter().copied().fold(0.0, f64::max);
        let unscale = self.bound.scaling().unscale();
        let steepest = self.steepest(&unscale.iter().zip(lambda).map(|(c, l)| c.wide() / l).collect::<Vec<_>>());
        let reach = self.bound.correlator().weights().into_iter().zip(steepest);
        let reach = reach.map(|(reach, steepest)| reach * steepest).fold(0.0, f64::max);
        // Every c that counts is computed one by one, in double precision (Higham, section 3.1).
        let depth = (self.bound.dictionary().volume() * shape.n_channels + 8) as f64;
        let unsure = depth * 0.5 * f64::EPSILON * reach * largest;
        // A signal of zeros, and λ = 0.
        Ok([squares.sqrt(), if unsure.is_nan() { 0.0 } else { unsure }])
    }

    pub(super) fn certificate(&self, sums: &Sums, ratio: f64, steps: &[f64]) -> Certificate {
        let step = steps.iter().copied().fold(0.0, f64::max) / self.bound.scaling().least();
        let unit = self.bound.scaling().of_objective();
        // Where a coefficient costs nothing, nothing that its atom sees may be in a dual point.
        let any_free = self.placed.penalties().is_some_and(|penalties| penalties.any_free);
        let ratio = if any_free { f64::INFINITY } else { ratio };
        Certificate::new(sums, ratio, step).times(unit)
    }

    /// Collective: the certificate from the c that a descent has left, if its rounding, as bounded and as seen wherever
    /// z ≠ 0 and in samples elsewhere, is little beside the tolerance, and if that holds. c tells which coordinates
    /// might decide: their numbers, as all others, are computed from X and z.
    pub(super) fn certify_left(
        &self,
        lambda: &[f64],
        dual_weights: &[f64],
        slack: &[f64],
        tol: f64,
    ) -> Result<Option<(Certificate, Vec<f64>)>> {
        let drift = self.drift(slack)?;
        if !drift.iter().all(|drift| *drift <= tol / 4.0) {
            return Ok(None);
        }
        let (sums, wrong) = self.sums(lambda, Some(&drift))?;
        if wrong {
            return Ok(None);
        }
        let left = self.largest_left(dual_weights, &drift)?;
        let left = left.filter(|(_, steps)| steps.iter().all(|step| *step <= tol));
        Ok(left.map(|(ratio, steps)| (self.certificate(&sums, ratio, &steps), steps)))
    }

    /// What the c that a descent has left may be wrong by, if it was wrong by `slack` when it was computed.
    ///
    /// A step that reaches a c rounds δ, G, their product and the difference, and there are the errors of G itself
    /// (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1); |c| is no larger than μ + |dz|.
    fn drift_of(&self, state: &TileState<T>, slack: f64) -> f64 {
        // Units in which numbers are rounded.
        let [single, full] = [f64::from(f32::EPSILON), f64::EPSILON].map(|e| 0.5 * e);
        let of_c = match state.c.is_single() {
            true => single,
            false => 0.5 * T::EPSILON.wide(),
        };
        let depth = self.bound.dictionary().volume() * self.placed.shape().n_channels;
        // Scaled entries of G are at most that.
        let gram = self.bound.scaling().spread().0 * self.bound.scaling().largest_norm();
        let of_product = gram * (2.0 * single + of_c + 2.0 * (depth + 8) as f64 * full);
        let mu = penalised::largest_mu(state, self.bound.plan()).wide();
        let wear = state.wear(self.bound.plan());
        let drift = of_c * (wear.steps * mu + wear.heights) + of_product * wear.moved;
        // And what is left out: products of roundings.
        slack + 1.01 * drift
    }

    /// Collective: the same by signal, over all tiles.
    pub(super) fn drift(&self, slack: &[f64]) -> Result<Vec<f64>> {
        let mut drift = vec![0.0; slack.len()];
        for index in 0..self.placed.tiles().len() {
            let state = self.placed.tiles().tile(index);
            let signal = state.tile.signal;
            drift[signal] = f64::max(drift[signal], self.drift_of(&state, slack[signal]));
        }
        // It is compared with what X and z say, as far as they are rounded themselves.
        drift.extend(self.placed.window().rounding(slack.len()));
        let drift = self.placed.ranks().largest(&drift)?;
        let (drift, rounding) = drift.split_at(slack.len());
        let pairs = drift.iter().zip(rounding);
        Ok(pairs.map(|(drift, r)| drift + self.bound.reach() * r).collect())
    }

    /// Whether the c that a descent leaves can be relied upon at all, if its error is small.
    pub(super) fn keeps_c(&self) -> bool {
        !self.bound.plan().exact && !self.bound.plan().positive
    }

    /// Collective: largest |c|·weight of all signals, and max |dz| of each, of the c that a descent has left, which may be
    /// wrong by `drift`: each that might be it computed anew. None where nothing can be said.
    pub(super) fn largest_left(&self, weights: &[f64], drift: &[f64]) -> Result<Option<(f64, Vec<f64>)>> {
        let n_signals = self.placed.shape().n_signals;
        let most = self.steepest(weights).into_iter().fold(0.0, f64::max);
        let mut tops = self.placed.ranks().agree(self.quiet().survey(weights))?;
        let mut largest = self.largest_of(&tops)?;
        if self.precision.by_bounds {
            let least = |signal: usize| self.least(largest[signal], drift[signal] * most);
            let more = self.quiet().select(&|signal, norm| {
                let most = self.quiet().most(signal, norm, weights);
                most > 0.0 && most >= least(signal)
            });
            let more = self.placed.ranks().agree(self.quiet().correlate(&more, weights))?;
            for found in &more {
                take_over(&mut self.placed.tiles().tile(found.index), self.bound.plan());
            }
            tops.extend(more);
            largest = self.largest_of(&tops)?;
        }
        largest.truncate(n_signals);
        let steps = self.placed.tiles().settle(self.bound.plan(), self.team, n_signals);
        let mut steps = self.placed.ranks().largest(&self.placed.ranks().agree(steps)?)?;
        let slack = |(top, drift): (&f64, &f64)| {
            let slack = drift * most;
            (*top > 4.0 * slack && top.is_finite()).then_some(slack)
        };
        let slack: Vec<Option<f64>> = largest.iter().zip(drift).map(slack).collect();
        let c = self.decide_c(&tops, &largest, weights, &slack)?;
        let c = c.into_iter().fold(0.0, f64::max);
        // Where nothing can be decided it must not matter.
        let unknown = largest.iter().zip(drift).zip(&slack);
        let mut unknown = unknown.filter(|(_, slack)| slack.is_none());
        if !unknown.all(|((top, drift), _)| top + drift * most <= c) {
            return Ok(None);
        }
        let drift: Vec<_> = drift.iter().map(|drift| Some(*drift)).collect();
        self.decide_steps(&mut steps, &drift)?;
        Ok(Some((c, steps)))
    }

    /// Calls `visit` with the atom, value, c and factor of the penalty of each z ≠ 0 of a tile: c anew, in double precision. Given what
    /// the c of a descent may be wrong by, tells whether that is not so: a few others are looked at, too.
    pub(super) fn for_each_active(
        &self,
        index: usize,
        drift: Option<&[f64]>,
        scratch: &mut Scratch<T>,
        mut visit: impl FnMut(usize, T, f64, f64),
    ) -> bool {
        let state = self.placed.tiles().tile(index);
        let n = self.placed.shape().n_channels;
        let signal = self.placed.window().fields(state.tile.signal * n, n);
        let mut largest = 0.0;
        let mut anew = |of: &Coordinate, z: T, c: T| {
            let exact = self.exact(&signal, of, z, scratch);
            largest = f64::max(largest, (exact - c.wide()).abs());
            exact
        };
        self.survey(&state).for_each_active(|of, z, c, factor| visit(of.atom, z, anew(&of, z, c), factor));
        let Some(drift) = drift else { return false };
        self.survey(&state).for_each_sample(|of, z, c| {
            anew(&of, z, c);
        });
        largest > drift[state.tile.signal]
    }
}
