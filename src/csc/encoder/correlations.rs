//! Correlations of signal or residual with the atoms: computed tile by tile, in single precision where that is enough,
//! and anew, one by one, where a number that is reported depends on them.

use super::Encoder;
use crate::clock::{self, Wish};
use crate::csc::options::Scale;
use crate::csc::threads::Team;
use crate::csc::tile::{Coordinate, Correlations, Unit};
use crate::error::Result;
use crate::linalg::correlate::{Scratch, unit_of};
use crate::linalg::kernels::step_size;
use crate::linalg::{Field, Real};

/// Tolerance, as a fraction of the largest |c|, from which on tiles keep c in single precision: some thousand times
/// the rounding of one value.
const COARSE: f64 = 1.0 / 8192.0;

/// Fraction of its unit that the largest |c| has to be at least, and the norms of atoms of each other: then no number
/// that matters comes near the ends of single precision.
const MODERATE: f64 = 1e-9;

/// What [`Encoder::correlate`] found, over all ranks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Largest {
    /// Largest |c|·weight (c·weight when z ≥ 0) of the coordinates that may be chosen.
    pub(super) weighted: f64,
    /// What that may be wrong by, beside rounding in the element type.
    pub(super) doubt: f64,
    /// About the largest |c| (or c).
    pub(super) c: f64,
    /// What c may be wrong by.
    pub(super) slack: f64,
    /// It may be rounding alone: the atoms have nothing to do with the field.
    pub(super) noise: bool,
}

impl<T: Real> Encoder<T> {
    /// Collective: max |D ⋆ X| (max D ⋆ X when z ≥ 0): the smallest λ for which z = 0 is optimal.
    pub fn lambda_max(&mut self, x: &Field<'_, T>) -> Result<f64> {
        self.ranks.agree(self.check_x(x))?;
        self.prepare(x.block())?;
        Team::scope(self.most_threads(), |team| {
            let (_, largest) = self.correlate_signal(team, x, |_, _| f64::INFINITY)?;
            Ok(largest.weighted)
        })
    }

    /// Collective: takes in signals and fills c with their correlations, in single precision if that is enough for the
    /// tolerance. Tells whether it is.
    pub(super) fn correlate_signal(
        &mut self,
        team: &Team,
        x: &Field<'_, T>,
        tolerance: impl Fn(&Self, &Largest) -> f64,
    ) -> Result<(bool, Largest)> {
        let weights = self.wide_norms();
        if self.may_be_single() {
            self.begin(x, true)?;
            let largest = self.correlate(team, &weights)?;
            if self.is_coarse(tolerance(self, &largest), &largest) {
                return Ok((true, largest));
            }
        }
        self.begin(x, false)?;
        Ok((false, self.correlate(team, &weights)?))
    }

    /// The weights with which the largest c is λmax.
    pub(super) fn wide_norms(&self) -> Vec<f64> {
        self.norms.iter().map(|n| n.wide()).collect()
    }

    /// Whether c may be kept in single precision, as far as dictionary and options tell.
    fn may_be_single(&self) -> bool {
        let options = &self.options;
        let least = options.reg_per_atom.iter().copied();
        let least = least.reduce(f64::min).unwrap_or(options.reg);
        let coarse = match (options.tol_scale, options.reg_scale) {
            (Scale::Absolute, _) => true,
            (_, Scale::Absolute) => options.tol >= COARSE,
            _ => options.tol * (1.0 - least) >= COARSE,
        };
        let norms = self.norms.iter().map(|n| n.wide());
        let most = norms.clone().fold(0.0, f64::max);
        let least = norms.fold(f64::INFINITY, f64::min);
        size_of::<T>() > size_of::<f32>()
            && !self.plan.is_exact()
            && coarse
            && least >= MODERATE * most
    }

    /// Whether single precision is enough to find all steps above a tolerance.
    fn is_coarse(&self, tol: f64, largest: &Largest) -> bool {
        let unit = self.correlator.single_unit(self.x_unit);
        let fits = unit.is_normal() && (1.0 / unit).is_normal();
        fits && !largest.noise
            && tol >= (COARSE * largest.c).max(4.0 * largest.slack)
            && largest.c * unit >= MODERATE
    }

    /// Collective: takes in signals, all of whose coordinates may be chosen, and makes room for their correlations.
    fn begin(&mut self, x: &Field<'_, T>, single: bool) -> Result<()> {
        // λmax is that of the signal, whatever the start and its support.
        self.freeze(false);
        let room = self.make_room(single);
        let taken = self.take_in(x);
        self.window.measure();
        self.ranks
            .agree(room.and(taken).and_then(|()| clock::check()))?;
        if single {
            let largest = self.ranks.largest(&[self.window.largest])?[0];
            self.x_unit = unit_of(largest);
            self.plan.unit = Unit::new(self.correlator.single_unit(self.x_unit));
        }
        Ok(())
    }

    pub(super) fn make_room(&mut self, single: bool) -> Result<()> {
        self.plan.single = single;
        (0..self.tiles.len()).try_for_each(|index| {
            clock::check()?;
            self.tiles.tile(index).make_room(&self.plan)
        })
    }

    /// The window's fields, signal by signal.
    fn signals(&self) -> Vec<Field<'_, T>> {
        let n = self.shape.n_channels;
        let signals = 0..self.shape.n_signals;
        signals.map(|s| self.window.fields(s * n, n)).collect()
    }

    pub(super) fn scratch(&self) -> Result<Scratch<T>> {
        let single = self.plan.single;
        self.correlator.scratch(self.grid.largest(), single)
    }

    /// Collective: fills c with the correlation of the window with the atoms.
    pub(super) fn correlate(&self, team: &Team, weights: &[f64]) -> Result<Largest> {
        let signals = self.signals();
        let state = || Ok((self.scratch()?, Vec::new(), 0.0));
        let n = self.tiles.len();
        let states = team.for_each(n, state, |(scratch, tops, most), index| {
            let mut guard = self.tiles.tile(index);
            let state = &mut *guard;
            let signal = &signals[state.tile.signal];
            let mut tile = state.tile.clone();
            for (at, origin) in tile.origin.iter_mut().zip(signal.origin) {
                *at -= origin;
            }
            match &mut state.c {
                Correlations::Full(c) => self.correlator.tile(signal, &tile, scratch, c),
                Correlations::Single(c) => {
                    self.correlator
                        .tile_single(signal, self.x_unit, &tile, scratch, c);
                }
            }
            state.mask(&self.plan);
            let (top, c) = state.largest_c(&self.plan, weights);
            tops.push((index, top));
            *most = c.max(*most);
            Ok(())
        });
        let states = self.ranks.agree(states)?;
        let c = states.iter().map(|(_, _, most)| *most).fold(0.0, f64::max);
        let tops: Vec<_> = states.into_iter().flat_map(|(_, tops, _)| tops).collect();
        let top = tops.iter().map(|(_, top)| *top).fold(0.0, f64::max);
        let largest = self.ranks.largest(&[top, c, self.window.largest])?;
        let [top, c, x] = [largest[0], largest[1], largest[2]];
        let slack = self.slack(x, weights);
        let mut largest = Largest {
            weighted: top,
            doubt: if self.plan.single { slack } else { 0.0 },
            c,
            slack: self.slack(x, &vec![1.0; weights.len()]),
            noise: top <= 4.0 * slack,
        };
        if !largest.noise && top.is_finite() {
            largest.weighted = self.decide_c(&tops, top, weights, slack)?;
            largest.doubt = 0.0;
        }
        Ok(largest)
    }

    /// Collective: the largest |c|·weight, each |c| that might be it computed anew. `tops` has the largest of each tile
    /// by the c that is there, `top` that of all ranks, and they may be wrong by `slack`.
    fn decide_c(
        &self,
        tops: &[(usize, f64)],
        top: f64,
        weights: &[f64],
        slack: f64,
    ) -> Result<f64> {
        let least = top - 2.0 * slack;
        let mut most = 0.0;
        let scratch = self.ranks.agree(self.scratch());
        let (mut scratch, signals) = (scratch?, self.signals());
        for (index, _) in tops.iter().filter(|(_, top)| *top >= least) {
            if clock::over() {
                break;
            }
            let state = self.tiles.tile(*index);
            let signal = &signals[state.tile.signal];
            state.for_each_large_c(&self.plan, weights, least, |coordinate| {
                let c = self.exact(signal, &coordinate, &mut scratch);
                let c = if self.options.positive { c } else { c.abs() };
                most = f64::max(most, c * weights[coordinate.atom]);
            });
        }
        let largest = self.ranks.largest(&[most, clock::wish().code() as f64])?;
        Wish::of_code(largest[1] as i64).check()?;
        Ok(largest[0])
    }

    /// What a weighted c may be wrong by, where |values| of the field are up to `x`.
    fn slack(&self, x: f64, weights: &[f64]) -> f64 {
        let uncertain = self.correlator.uncertainty(self.plan.single);
        let weighted = uncertain.iter().zip(weights).map(|(e, w)| e * w);
        weighted.fold(0.0, f64::max) * x
    }

    /// c of one coordinate, in double precision.
    fn exact(&self, signal: &Field<'_, T>, of: &Coordinate, scratch: &mut Scratch<T>) -> f64 {
        let at = std::array::from_fn(|a| of.at[a] - signal.origin[a]);
        self.correlator.at(signal, at, of.atom, scratch)
    }

    /// Collective: takes over a new c. Returns max |dz| over all ranks, in the element type.
    pub(super) fn restart(&self, team: &Team) -> Result<T> {
        let largest = self.tiles.restart(&self.plan, team);
        // Below zero: nothing moves.
        let largest = self.ranks.agree(largest)?.wide().max(0.0);
        let largest = self.ranks.largest(&[largest, self.window.largest])?;
        if !self.plan.single {
            return Ok(T::of(largest[0]));
        }
        let slack = self.slack(largest[1], &vec![1.0; self.shape.n_atoms]);
        self.decide_step(team, largest[0], slack)
    }

    /// Collective: max |dz|, each |dz| that might be it computed anew, where `largest` is the largest by the c that is
    /// there, which may be wrong by `slack`.
    fn decide_step(&self, team: &Team, largest: f64, slack: f64) -> Result<T> {
        let mu = self.plan.mu.iter().map(|mu| mu.wide()).fold(0.0, f64::max);
        let slack = slack + 2.0 * f64::from(f32::EPSILON) * mu;
        // Where z = 0 only those move whose |c| comes near μ.
        let least = T::of((largest - 2.0 * slack).max(-slack));
        let signals = self.signals();
        let state = || Ok((self.scratch()?, 0.0));
        let states = team.for_each(self.tiles.len(), state, |(scratch, most), index| {
            let mut state = self.tiles.tile(index);
            let signal = &signals[state.tile.signal];
            state.for_each_large_step(&self.plan, least, |of, z| {
                let c = T::of(self.exact(signal, &of, scratch));
                let size = step_size(self.plan.positive, c, z, self.plan.mu[of.atom]);
                *most = f64::max(*most, size.wide());
            });
            Ok(())
        });
        let states = self.ranks.agree(states)?.into_iter();
        let most = states.map(|(_, most)| most).fold(0.0, f64::max);
        Ok(T::of(self.ranks.largest(&[most])?[0]))
    }

    /// Collective: what the c that a descent has left may be wrong by, if it was wrong by `slack` when it was computed.
    ///
    /// A step that reaches a c rounds δ, G, their product and the difference, and there are the errors of G itself
    /// (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1); |c| is no larger than μ + |dz|.
    pub(super) fn drift(&self, slack: f64) -> Result<f64> {
        // Units in which numbers are rounded.
        let [single, full] = [f64::from(f32::EPSILON), T::EPSILON.wide()].map(|e| 0.5 * e);
        let of_c = if self.plan.single { single } else { full };
        let norms = || self.norms.iter().map(|n| n.wide());
        let most = norms().fold(0.0, f64::max);
        let gram = (most / norms().fold(most, f64::min)).sqrt();
        let depth = self.dictionary.volume() * self.shape.n_channels;
        let of_product = gram * (2.0 * single + of_c + 2.0 * (depth + 8) as f64 * full);
        let mu = self.plan.mu.iter().map(|mu| mu.wide()).fold(0.0, f64::max);
        let drifts = (0..self.tiles.len()).map(|index| {
            let wear = self.tiles.tile(index).wear(&self.plan);
            of_c * (wear.steps * mu + wear.heights) + of_product * wear.moved
        });
        let drift = drifts.fold(0.0, f64::max);
        // And what is left out: products of roundings.
        Ok(slack + 1.01 * self.ranks.largest(&[drift])?[0])
    }

    /// Whether the c that a descent leaves can be relied upon at all, if its error is small.
    pub(super) fn keeps_c(&self) -> bool {
        size_of::<T>() > size_of::<f32>() && !self.plan.is_exact() && !self.plan.positive
    }

    /// Collective: largest |c|·weight and max |dz| of the c that a descent has left, which may be wrong by `drift`: each
    /// that might be it computed anew. None where nothing can be said.
    pub(super) fn largest_left(
        &self,
        team: &Team,
        weights: &[f64],
        drift: f64,
    ) -> Result<Option<(f64, T)>> {
        let top = |index| self.tiles.tile(index).largest_c(&self.plan, weights).0;
        let tops = team.for_each(
            self.tiles.len(),
            || Ok(Vec::new()),
            |tops, index| {
                tops.push((index, top(index)));
                Ok(())
            },
        );
        let step = self.tiles.settle(&self.plan, team);
        let (tops, step) = self.ranks.agree(tops.and_then(|tops| Ok((tops, step?))))?;
        let (tops, step) = (tops.concat(), step.wide().max(0.0));
        let top = tops.iter().map(|(_, top)| *top).fold(0.0, f64::max);
        let largest = self.ranks.largest(&[top, step])?;
        let slack = drift * weights.iter().copied().fold(0.0, f64::max);
        if !(largest[0] > 4.0 * slack && largest[0].is_finite()) {
            return Ok(None);
        }
        let c = self.decide_c(&tops, largest[0], weights, slack)?;
        Ok(Some((c, self.decide_step(team, largest[1], drift)?)))
    }

    /// Calls `visit` with the atom, value and c of each z ≠ 0 of a tile: c in the element type, anew if what is there is
    /// in single precision or may be wrong by `drift`. Tells whether that is not so: a few others are looked at, too.
    pub(super) fn for_each_active(
        &self,
        index: usize,
        drift: Option<f64>,
        scratch: &mut Scratch<T>,
        mut visit: impl FnMut(usize, T, T),
    ) -> bool {
        let state = self.tiles.tile(index);
        let n = self.shape.n_channels;
        let signal = self.window.fields(state.tile.signal * n, n);
        let mut largest = 0.0;
        let mut anew = |of: &Coordinate, c: T| {
            let exact = self.exact(&signal, of, scratch);
            largest = f64::max(largest, (exact - c.wide()).abs());
            T::of(exact)
        };
        state.for_each_active(&self.plan, |of, z, c| {
            let c = match self.plan.single || drift.is_some() {
                true => anew(&of, c),
                false => c,
            };
            visit(of.atom, z, c);
        });
        let Some(drift) = drift else { return false };
        state.for_each_sample(&self.plan, |of, c| {
            anew(&of, c);
        });
        largest > drift
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::csc::certificate::Certificate;
    use crate::csc::options::Options;
    use crate::csc::schedule::Control;
    use crate::csc::{Shape, Step, Stop};
    use crate::linalg::Dictionary;

    fn value(i: usize) -> f64 {
        ((i * i) as f64 * 0.37).sin() + (i as f64 * 0.011).cos()
    }

    fn encoder(
        signal: &[i64],
        n_atoms: i64,
        atom: &[i64],
        spread: f64,
    ) -> (Encoder<f64>, Vec<f64>) {
        let options = Options {
            reg: 0.1,
            tol: 1e-2,
            ..Options::default()
        };
        let shape = Shape::new(signal, 1, 1, n_atoms, atom, &options).unwrap();
        let n = atom.iter().product::<i64>() as usize;
        let norm = |i: usize| (1.0 + spread * (i / n) as f64) / (n as f64).sqrt();
        let d = (0..n * n_atoms as usize).map(|i| norm(i) * value(7 * i + 3));
        let d: Vec<f64> = d.collect();
        let x = (0..signal.iter().product::<i64>() as usize).map(value);
        let d = Dictionary::full(n_atoms as usize, 1, shape.atom, &d).unwrap();
        (Encoder::new(shape, d, options, 1).unwrap(), x.collect())
    }

    /// How wrong the c that is there is, at most.
    fn worst(encoder: &Encoder<f64>) -> f64 {
        let (signals, mut scratch) = (encoder.signals(), encoder.scratch().unwrap());
        let mut worst = 0.0;
        for index in 0..encoder.tiles.len() {
            let state = encoder.tiles.tile(index);
            for i in 0..state.c.len() {
                let c = state.c.get(&encoder.plan, i);
                if c.is_finite() {
                    let exact = encoder.exact(
                        &signals[0],
                        &state.coordinate(&encoder.plan, i),
                        &mut scratch,
                    );
                    worst = f64::max(worst, (exact - c).abs());
                }
            }
        }
        worst
    }

    #[test]
    fn what_a_descent_leaves_is_as_exact_as_it_says_and_a_wrong_c_is_found() {
        let problems: [(&[i64], i64, &[i64]); 4] = [
            (&[900], 4, &[31]),
            (&[70, 66], 3, &[5, 6]),
            (&[70, 66], 20, &[7, 4]),
            (&[20, 17, 22], 2, &[3, 4, 3]),
        ];
        for ((signal, n_atoms, atom), single) in problems
            .into_iter()
            .flat_map(|p| [false, true].map(|single| (p, single)))
        {
            for spread in [0.0, 0.2] {
                let (mut encoder, x) = encoder(signal, n_atoms, atom, spread);
                let x = Field::contiguous(&x, encoder.shape.signal);
                encoder.prepare(x.block()).unwrap();
                encoder.begin(&x, single).unwrap();
                let weights = encoder.wide_norms();
                // A team of one.
                let team = &Team::alone();
                let largest = encoder.correlate(team, &weights).unwrap();
                let lambda = encoder.lambda(largest.weighted);
                let tol = encoder.tolerance(&lambda, &largest);
                encoder.plan.set_thresholds(&lambda, &encoder.norms);
                encoder.restart(team).unwrap();
                let now = std::time::Instant::now();
                let clock = Clock::new(now, f64::INFINITY, 1.0, None, None, &encoder.ranks);
                let mut control = Control {
                    clock: &clock,
                    max_iter: u64::MAX,
                    progress: Default::default(),
                };
                let stop =
                    encoder.descend(team, |_, _| 0.9 * tol, &lambda, 0.0, false, &mut control);
                assert_eq!(stop.unwrap(), Stop::Converged);
                let updated = encoder.take_in(&x);
                updated.and_then(|_| encoder.update_residual()).unwrap();
                let (drift, worst) = (encoder.drift(largest.slack).unwrap(), worst(&encoder));
                assert!(
                    worst <= drift && drift < 0.1 * tol,
                    "{worst:e} {drift:e} {tol:e}"
                );
                let dual: Vec<_> = weights.iter().zip(&lambda).map(|(n, l)| n / l).collect();
                let left = |encoder: &Encoder<f64>| {
                    let certificate =
                        encoder.certify_left(team, &lambda, &dual, largest.slack, tol);
                    certificate.unwrap().map(|c| (c.max_step, c.gap))
                };
                let kept = left(&encoder).unwrap();
                // As good as from a c that is computed anew.
                let mut anew = encoder.correlate(team, &dual).unwrap();
                anew.weighted += anew.doubt;
                let ([rr, zc, penalty], _) = encoder.sums(team, &lambda, None).unwrap();
                let step = encoder.restart(team).unwrap();
                let anew = Certificate::new(rr, zc, penalty, anew.weighted, step);
                let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
                assert!(
                    near(kept.0, anew.max_step) && near(kept.1, anew.gap),
                    "{kept:?} {anew:?}"
                );
                // A neighbour's step that never came, the smallest that counts.
                for index in 0..encoder.tiles.len() {
                    let step = |delta| {
                        let mut state = encoder.tiles.tile(index);
                        let at = state.tile.shape.map(|n| (n / 2) as i32);
                        let atom = 0;
                        state.apply(&encoder.plan, &Step { at, atom, delta });
                    };
                    step(tol);
                    assert_eq!(left(&encoder), None);
                    step(-tol);
                }
            }
        }
    }
}
