//! What a solve proves of its result: objective, largest step left, duality gap, computed anew from
//! X and z.
//!
//! The last two are maxima over all coordinates. c of the residual tells which coordinates might have them; their values are
//! then computed one by one, in double precision. That c is correlated anew, or it is what the descent has left: if a bound
//! on its rounding (`Measure::drift`) is little beside the tolerance, and if it is within that bound at every z ≠ 0 and at
//! samples elsewhere, where it is compared with X and z.

use crate::base::error::Result;
use crate::csc::descent::tile::{Coordinate, TileState};
use crate::csc::encoder::measure::Measure;
use crate::csc::encoder::residual::squares;
use crate::linalg::Real;
use crate::linalg::correlate::Scratch;
use crate::ranks::Reduce;
use crate::ranks::exact_sum::ExactSum;

/// Computed from X and z.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Certificate {
    /// F(z) = ½‖X − D∗z‖² + Σ λ_k ‖z_k‖₁.
    pub objective: f64,
    /// ½‖X − D∗z‖².
    pub data_term: f64,
    /// Largest step left, max ‖d_k‖·|dz_k| over the least ‖d_k‖: max |dz| where all norms are alike; in the published
    /// schedule max |dz|.
    pub max_step: f64,
    /// F(z) − F(z*) ≤ gap, from a dual feasible point.
    pub gap: f64,
}

impl Certificate {
    /// Nothing is proven.
    pub(crate) fn unknown() -> Self {
        Certificate { objective: f64::NAN, data_term: f64::NAN, max_step: f64::INFINITY, gap: f64::INFINITY }
    }

    /// From ‖r‖² of the residual r = X − D∗z, ⟨z, D ⋆ r⟩, the penalty Σ λ_k ‖z_k‖₁, the largest
    /// |D_k ⋆ r| / λ_k and the largest step left; `epsilon` is that of the element type.
    pub(super) fn new([rr, zc, penalty]: [f64; 3], ratio: f64, max_step: f64, epsilon: f64) -> Self {
        let data_term = 0.5 * rr;
        let objective = data_term + penalty;
        // ⟨r, X⟩ = ⟨r, r + D∗z⟩.
        let rx = rr + zc;
        // The dual value of θ = s·r is s⟨r, X⟩ − ½s²‖r‖²; the best s that is feasible.
        let most = if ratio > 0.0 { 1.0 / ratio } else { f64::INFINITY };
        let s = if rr > 0.0 { (rx / rr).clamp(0.0, most) } else { 0.0 };
        let dual = s * rx - 0.5 * s * s * rr;
        // Sums are rounded: never report less than the true gap.
        let rounding = 16.0 * epsilon * (objective + (s * rx).abs() + 0.5 * s * s * rr);
        Certificate {
            objective,
            data_term,
            max_step,
            // Next to zero even the allowance for rounding is rounded.
            gap: (objective - dual + rounding).max(0.0),
        }
    }

    /// In other units of F.
    fn times(self, unit: f64) -> Self {
        let Certificate { objective, data_term, gap, max_step } = self;
        Certificate { objective: objective * unit, data_term: data_term * unit, gap: gap * unit, max_step }
    }
}

impl<T: Real> Measure<'_, T> {
    /// Collective: ‖r‖², ⟨z, D ⋆ r⟩ and Σ λ_k ‖z_k‖₁, the same bits for any number of ranks: sums over
    /// a tile are formed in one order, and added up exactly. Given what the c of a descent may be wrong by, it does not
    /// count, but tells whether it is more than that somewhere.
    pub(super) fn sums(&self, lambda: &[f64], drift: Option<&[f64]>) -> Result<([f64; 3], bool)> {
        let unscale = self.bound.scaling().unscale();
        let state = || Ok(([(); 3].map(|_| ExactSum::default()), self.scratch()?, false));
        let (window, shape, tiles) = (self.placed.window(), self.placed.shape(), self.placed.tiles());
        let weights = self.placed.weighting().values();
        let states = self.team.for_each(tiles.len(), state, |(sums, scratch, wrong), index| {
            sums[0].add(squares(window, weights, &tiles.tile(index).tile, shape));
            let (mut zc, mut penalty) = (0.0, 0.0);
            *wrong |= self.for_each_active(index, drift, scratch, |k, z, c| {
                zc += z.wide() * (c * unscale[k]).wide();
                penalty += lambda[k] * z.wide().abs();
            });
            sums[1].add(zc);
            sums[2].add(penalty);
            Ok(())
        });
        let mut words = vec![0; 3 * ExactSum::WORDS + 1];
        for (mut sums, _, wrong) in self.placed.ranks().agree(states)? {
            let of_state = sums.iter_mut().flat_map(|sum| sum.words().to_vec());
            for (to, word) in words.iter_mut().zip(of_state.chain([i64::from(wrong)])) {
                *to += word;
            }
        }
        let words = self.placed.ranks().reduce(Reduce::Sum, &words)?;
        let value = |i: usize| {
            let words = &words[i * ExactSum::WORDS..][..ExactSum::WORDS];
            ExactSum::from_words(words).value()
        };
        let wrong = words.last() != Some(&0);
        Ok(([value(0), value(1), value(2)], wrong))
    }

    pub(super) fn certificate(&self, sums: [f64; 3], ratio: f64, steps: &[f64]) -> Certificate {
        let step = steps.iter().copied().fold(0.0, f64::max) / self.bound.scaling().least();
        let unit = self.bound.scaling().of_objective();
        Certificate::new(sums, ratio, step, T::EPSILON.wide()).times(unit)
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
        Ok(left.map(|(ratio, steps)| (self.certificate(sums, ratio, &steps), steps)))
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
        let mu = self.bound.plan().mu.iter().map(|mu| mu.wide()).fold(0.0, f64::max);
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
        let tops = self.team.for_each(
            self.placed.tiles().len(),
            || Ok(Vec::new()),
            |tops, index| {
                let state = self.placed.tiles().tile(index);
                let top = self.survey(&state).largest_c(weights).0;
                tops.push((index, state.tile.signal, top));
                Ok(())
            },
        );
        let steps = self.placed.tiles().settle(self.bound.plan(), self.team, n_signals);
        let found = tops.and_then(|tops| Ok((tops, steps?)));
        let (tops, steps) = self.placed.ranks().agree(found)?;
        let mut largest = vec![0.0; n_signals];
        let tops: Vec<_> = tops.into_iter().flatten().collect();
        for (_, signal, top) in &tops {
            largest[*signal] = f64::max(largest[*signal], *top);
        }
        let tops: Vec<_> = tops.into_iter().map(|(index, _, top)| (index, top)).collect();
        largest.extend(steps);
        let mut largest = self.placed.ranks().largest(&largest)?;
        let mut steps = largest.split_off(n_signals);
        let most = weights.iter().copied().fold(0.0, f64::max);
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

    /// Calls `visit` with the atom, value and c of each z ≠ 0 of a tile: c in the element type, anew if what is there is
    /// in single precision or may be wrong by `drift`. Tells whether that is not so: a few others are looked at, too.
    pub(super) fn for_each_active(
        &self,
        index: usize,
        drift: Option<&[f64]>,
        scratch: &mut Scratch<T>,
        mut visit: impl FnMut(usize, T, T),
    ) -> bool {
        let state = self.placed.tiles().tile(index);
        let n = self.placed.shape().n_channels;
        let signal = self.placed.window().fields(state.tile.signal * n, n);
        let mut largest = 0.0;
        let mut anew = |of: &Coordinate, c: T| {
            let exact = self.exact(&signal, of, scratch);
            largest = f64::max(largest, (exact - c.wide()).abs());
            T::of(exact)
        };
        let single = state.c.is_single();
        self.survey(&state).for_each_active(|of, z, c| {
            let c = match single || drift.is_some() {
                true => anew(&of, c),
                false => c,
            };
            visit(of.atom, z, c);
        });
        let Some(drift) = drift else { return false };
        self.survey(&state).for_each_sample(|of, c| {
            anew(&of, c);
        });
        largest > drift[state.tile.signal]
    }
}
