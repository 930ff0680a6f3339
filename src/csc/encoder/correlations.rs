//! Correlations of signal or residual with the atoms: computed tile by tile, in single precision where that is enough,
//! and anew, one by one, where a number that is reported depends on them.
//!
//! What is decided is decided signal by signal: each of a batch is coded as it would be alone.

use crate::base::error::Result;
use crate::clock;
use crate::csc::descent::tile::{Coordinate, Correlations, TileState, Unit};
use crate::csc::encoder::Encoder;
use crate::linalg::correlate::{Scratch, unit_of};
use crate::linalg::kernels::step_size;
use crate::linalg::{Field, Real};
use crate::options::solve::Scale;
use crate::threads::Team;

/// Tolerance, as a fraction of the largest |c|, from which on tiles keep c in single precision: some thousand times
/// the rounding of one value.
const COARSE: f64 = 1.0 / 8192.0;

/// Fraction of its unit that the largest |c| has to be at least, and the scaled c of atoms of each other: then no number
/// that matters comes near the ends of single precision.
const MODERATE: f64 = 1e-9;

/// Signals of a batch are in one unit: room for the small ones beside the largest.
const HEADROOM: f64 = (1u64 << 60) as f64;

/// What [`Encoder::correlate`] found in one signal, over all ranks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Largest {
    /// Largest |c|·weight (c·weight when z ≥ 0) of the coordinates that may be chosen.
    pub(super) weighted: f64,
    /// It is at most this, but for rounding in the element type.
    pub(super) bound: f64,
    /// About the largest |c| (or c).
    pub(super) c: f64,
    /// What c may be wrong by.
    pub(super) slack: f64,
    /// It may be rounding alone: the atoms have nothing to do with the signal.
    pub(super) noise: bool,
    /// Largest |x|.
    pub(super) x: f64,
}

/// The largest of all signals.
pub(super) fn weighted(signals: &[Largest]) -> f64 {
    signals.iter().map(|s| s.weighted).fold(0.0, f64::max)
}

/// λ and tolerance of a solve, and what there was at its beginning.
pub(super) struct Beginning {
    /// λmax, in units of the gauge.
    pub(super) lambda_max: f64,
    /// λ of every atom inside.
    pub(super) lambda: Vec<f64>,
    /// Tolerance that was asked for.
    pub(super) tol: f64,
    /// That at which a signal is done: more than was asked for where all of its steps are rounding.
    pub(super) reachable: f64,
    pub(super) signals: Vec<Largest>,
}

impl<T: Real> Encoder<T> {
    /// Collective: max |D ⋆ X| (max D ⋆ X when z ≥ 0): the smallest λ for which z = 0 is optimal.
    pub fn lambda_max(&mut self, x: &Field<'_, T>) -> Result<f64> {
        self.ranks.agree(self.check_x(x))?;
        self.prepare(x.block())?;
        Team::scope(self.most_threads(), |team| {
            self.begin(x, self.may_be_single())?;
            let mut signals = self.correlate(team, &self.scaling.of_lambda_max())?;
            let coarse = |signal: &Largest| self.is_coarse(f64::INFINITY, signal);
            let single = signals.iter().map(coarse).collect();
            self.narrow(team, single, &mut signals)?;
            Ok(weighted(&signals) * self.scaling.gauge())
        })
    }

    /// Collective: takes in signals and fills c with their correlations, in single precision where that is enough for the
    /// tolerance. Sets the thresholds.
    pub(super) fn correlate_signals(&mut self, team: &Team, x: &Field<'_, T>) -> Result<Beginning> {
        let may_be_single = self.may_be_single();
        self.begin(x, may_be_single)?;
        let mut signals = self.correlate(team, &self.scaling.of_lambda_max())?;
        let mut beginning = self.thresholds(team, &signals)?;
        if may_be_single {
            let coarse = |signal: &Largest| self.is_coarse(beginning.reachable, signal);
            let single: Vec<bool> = signals.iter().map(coarse).collect();
            if single.contains(&false) {
                self.narrow(team, single, &mut signals)?;
                beginning = self.thresholds(team, &signals)?;
            }
        }
        beginning.signals = signals;
        Ok(beginning)
    }

    /// Collective: λ, thresholds and tolerance, from a first correlation.
    fn thresholds(&mut self, team: &Team, signals: &[Largest]) -> Result<Beginning> {
        let lambda_max = weighted(signals);
        let lambda = self.scaling.lambdas(&self.options, lambda_max);
        self.plan.set_thresholds(&self.scaling.thresholds(&lambda));
        // From z = 0, whatever the solve starts from.
        let tiles = || (0..self.tiles.len()).map(|index| self.tiles.tile(index));
        let aside: Vec<_> = tiles().map(|mut state| state.set_aside()).collect();
        let steps = self.restart(team);
        for (mut state, z) in tiles().zip(aside) {
            state.put_back(z);
        }
        let steps = steps?;
        let first = steps.iter().copied().fold(0.0, f64::max);
        let most = signals.iter().map(|s| s.c).fold(0.0, f64::max);
        let tol = match self.options.tol_scale {
            Scale::Absolute => (self.options.tol * self.scaling.least()).min(f64::MAX),
            Scale::Relative if first > 16.0 * T::EPSILON.wide() * most => (self.options.tol * first).min(f64::MAX),
            // Nothing to be relative to: z = 0 up to rounding.
            Scale::Relative => self.plan.rounding(most),
        };
        // Activations that say nothing but how a flat field was rounded are not worth the search.
        let largest = |s: &&Largest| s.weighted == lambda_max && s.noise;
        let reachable = match self.options.tol_scale {
            Scale::Absolute => tol,
            Scale::Relative => {
                let noise = signals.iter().filter(largest).map(|s| s.slack);
                noise.fold(tol, f64::max)
            }
        };
        Ok(Beginning { lambda_max, lambda, tol, reachable, signals: Vec::new() })
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
        let (most, least) = self.scaling.spread();
        size_of::<T>() > size_of::<f32>() && !self.plan.exact && coarse && least >= MODERATE * most
    }

    /// Whether single precision is enough to find all steps of a signal above a tolerance.
    fn is_coarse(&self, tol: f64, signal: &Largest) -> bool {
        let fits = |unit: f64| unit.is_normal() && (1.0 / unit).is_normal();
        let own = self.correlator.single_unit(unit_of(signal.x));
        fits(own)
            && fits(self.correlator.single_unit(self.x_unit))
            && signal.x * self.x_unit >= 1.0 / HEADROOM
            && !signal.noise
            && tol >= (COARSE * signal.c).max(4.0 * signal.slack)
            && signal.c * own >= MODERATE
    }

    /// Collective: takes in signals, all of whose coordinates may be chosen, and makes room for their correlations.
    fn begin(&mut self, x: &Field<'_, T>, single: bool) -> Result<()> {
        // λmax is that of the signal, whatever the start and its support.
        self.freeze(false);
        self.single = vec![single; self.shape.n_signals];
        let room = self.make_room();
        let taken = self.take_in(x);
        self.window.measure(self.shape.n_signals);
        self.ranks.agree(room.and(taken).and_then(|()| clock::check()))?;
        if single {
            let largest = self.ranks.largest(&self.window.largest)?;
            let unit = unit_of(largest.into_iter().fold(0.0, f64::max));
            // A power of two: values have the same digits.
            let headroom = if self.shape.n_signals > 1 { HEADROOM } else { 1.0 };
            self.x_unit = unit * headroom;
            self.plan.unit = Unit::new(self.correlator.single_unit(self.x_unit));
        }
        Ok(())
    }

    /// Collective: correlates those signals anew in full precision that are not to be in single precision from now on.
    pub(super) fn narrow(&mut self, team: &Team, single: Vec<bool>, signals: &mut [Largest]) -> Result<()> {
        let changed = |signal: usize| self.single[signal] && !single[signal];
        let changed: Vec<bool> = (0..single.len()).map(changed).collect();
        if !changed.contains(&true) {
            return Ok(());
        }
        for (to, changed) in self.single.iter_mut().zip(&changed) {
            *to &= !changed;
        }
        self.ranks.agree(self.make_room())?;
        let weights = self.scaling.of_lambda_max();
        let anew = self.correlate_some(team, &weights, |signal| changed[signal])?;
        for ((to, anew), changed) in signals.iter_mut().zip(anew).zip(changed) {
            if changed {
                *to = anew;
            }
        }
        Ok(())
    }

    fn make_room(&self) -> Result<()> {
        (0..self.tiles.len()).try_for_each(|index| {
            clock::check()?;
            let mut state = self.tiles.tile(index);
            let single = self.single[state.tile.signal];
            state.make_room(&self.plan, single)
        })
    }

    /// The window's fields, signal by signal.
    fn signals(&self) -> Vec<Field<'_, T>> {
        let n = self.shape.n_channels;
        let signals = 0..self.shape.n_signals;
        signals.map(|s| self.window.fields(s * n, n)).collect()
    }

    pub(super) fn scratch(&self) -> Result<Scratch<T>> {
        let [some, others] = [true, false].map(|single| self.single.contains(&single));
        self.correlator.scratch(self.grid.largest(), some, others)
    }

    /// Collective: fills c with the correlation of the window with the atoms. Says of each signal what was found.
    pub(super) fn correlate(&self, team: &Team, weights: &[f64]) -> Result<Vec<Largest>> {
        self.correlate_some(team, weights, |_| true)
    }

    #[inline(never)]
    fn correlate_some(
        &self,
        team: &Team,
        weights: &[f64],
        wanted: impl Fn(usize) -> bool + Sync,
    ) -> Result<Vec<Largest>> {
        let signals = self.signals();
        let n_signals = signals.len();
        // The largest of each signal, with weights and without.
        let state = || Ok((self.scratch()?, Vec::new(), vec![0.0; 2 * n_signals]));
        let n = self.tiles.len();
        let states = team.for_each(n, state, |(scratch, tops, largest), index| {
            let mut guard = self.tiles.tile(index);
            let state = &mut *guard;
            let number = state.tile.signal;
            if !wanted(number) {
                return Ok(());
            }
            let signal = &signals[number];
            let mut tile = state.tile.clone();
            for (at, origin) in tile.origin.iter_mut().zip(signal.origin) {
                *at -= origin;
            }
            match &mut state.c {
                Correlations::Full(c) => self.correlator.tile(signal, &tile, scratch, c),
                Correlations::Single(c) => {
                    self.correlator.tile_single(signal, self.x_unit, &tile, scratch, c);
                }
            }
            state.mask(&self.plan);
            let (top, c) = state.largest_c(&self.plan, weights);
            tops.push((index, top));
            largest[number] = f64::max(largest[number], top);
            largest[n_signals + number] = f64::max(largest[n_signals + number], c);
            Ok(())
        });
        let states = self.ranks.agree(states)?;
        let mut all = vec![0.0; 2 * n_signals];
        for (_, _, largest) in &states {
            let pairs = all.iter_mut().zip(largest);
            pairs.for_each(|(to, from)| *to = f64::max(*to, *from));
        }
        all.extend(&self.window.largest);
        let all = self.ranks.largest(&all)?;
        let ones = vec![1.0; weights.len()];
        let found = |signal: usize| {
            let [top, c, x] = [0, 1, 2].map(|i| all[i * n_signals + signal]);
            let slack = self.slack(signal, x, weights);
            Largest {
                weighted: top,
                bound: top + if self.single[signal] { slack } else { 0.0 },
                c,
                slack: self.slack(signal, x, &ones),
                noise: top <= 4.0 * slack,
                x,
            }
        };
        let mut found: Vec<Largest> = (0..n_signals).map(found).collect();
        let slack = |signal: &Largest, number| self.slack(number, signal.x, weights);
        let decided = |(number, signal): (usize, &Largest)| {
            (!signal.noise && signal.weighted.is_finite()).then(|| slack(signal, number))
        };
        let slacks: Vec<Option<f64>> = found.iter().enumerate().map(decided).collect();
        let tops: Vec<_> = states.into_iter().flat_map(|(_, tops, _)| tops).collect();
        let largest = self.decide_c(team, &tops, &all[..n_signals], weights, &slacks)?;
        for ((to, largest), slack) in found.iter_mut().zip(largest).zip(slacks) {
            if slack.is_some() {
                (to.weighted, to.bound) = (largest, largest);
            }
        }
        Ok(found)
    }

    /// Collective: the largest |c|·weight of each signal, each |c| that might be it computed anew. `tops` has the largest of
    /// each tile by the c that is there, `top` that of all ranks by signal, and they may be wrong by `slack`; nothing is
    /// done for signals without one.
    #[inline(never)]
    fn decide_c(
        &self,
        team: &Team,
        tops: &[(usize, f64)],
        top: &[f64],
        weights: &[f64],
        slack: &[Option<f64>],
    ) -> Result<Vec<f64>> {
        let signals = self.signals();
        let least = |signal: usize| slack[signal].map(|slack| top[signal] - 2.0 * slack);
        let state = || Ok((None, vec![0.0; signals.len()]));
        let states = team.for_each(tops.len(), state, |(scratch, most), place| {
            let (index, top) = tops[place];
            let state = self.tiles.tile(index);
            let number = state.tile.signal;
            let Some(least) = least(number).filter(|least| top >= *least) else {
                return Ok(());
            };
            let scratch = match scratch {
                Some(scratch) => scratch,
                None => scratch.insert(self.scratch()?),
            };
            state.for_each_large_c(&self.plan, weights, least, |coordinate| {
                let c = self.exact(&signals[number], &coordinate, scratch);
                let c = if self.options.positive { c } else { c.abs() };
                most[number] = f64::max(most[number], c * weights[coordinate.atom]);
            });
            Ok(())
        });
        self.over_all(states, |(_, most)| most)
    }

    /// Collective: the largest by signal of what the threads of all ranks found.
    fn over_all<S>(&self, states: Result<Vec<S>>, of: impl Fn(S) -> Vec<f64>) -> Result<Vec<f64>> {
        let mut all = vec![0.0; self.shape.n_signals];
        for state in self.ranks.agree(states)? {
            let pairs = all.iter_mut().zip(of(state));
            pairs.for_each(|(to, from)| *to = f64::max(*to, from));
        }
        self.ranks.largest(&all)
    }

    /// What a weighted c of a signal may be wrong by, where |values| of it are up to `x`.
    fn slack(&self, signal: usize, x: f64, weights: &[f64]) -> f64 {
        let uncertain = &self.uncertainty[usize::from(self.single[signal])];
        let weighted = uncertain.iter().zip(weights).map(|(e, w)| e * w);
        weighted.fold(0.0, f64::max) * x
    }

    /// c of one coordinate, in double precision.
    fn exact(&self, signal: &Field<'_, T>, of: &Coordinate, scratch: &mut Scratch<T>) -> f64 {
        let at = std::array::from_fn(|a| of.at[a] - signal.origin[a]);
        self.correlator.at(signal, at, of.atom, scratch)
    }

    /// Collective: takes over a new c. Returns max |dz| of each signal over all ranks, in the element type.
    #[inline(never)]
    pub(super) fn restart(&self, team: &Team) -> Result<Vec<f64>> {
        let n_signals = self.shape.n_signals;
        let largest = self.tiles.restart(&self.plan, team, n_signals);
        let mut largest = self.ranks.agree(largest)?;
        largest.extend(&self.window.largest);
        let largest = self.ranks.largest(&largest)?;
        let (mut steps, x) = (largest[..n_signals].to_vec(), &largest[n_signals..]);
        if self.single.contains(&true) {
            let ones = vec![1.0; self.shape.n_atoms];
            let slack = |signal: usize| {
                let single = self.single[signal];
                single.then(|| self.slack(signal, x[signal], &ones))
            };
            let slack: Vec<_> = (0..n_signals).map(slack).collect();
            self.decide_steps(team, &mut steps, &slack)?;
        }
        Ok(steps)
    }

    /// Collective: max |dz| of each signal that has a slack, each |dz| that might be it computed anew, where `largest` is the
    /// largest by the c that is there, which may be wrong by the slack.
    #[inline(never)]
    fn decide_steps(&self, team: &Team, largest: &mut [f64], slack: &[Option<f64>]) -> Result<()> {
        let mu = self.plan.mu.iter().map(|mu| mu.wide()).fold(0.0, f64::max);
        // Where z = 0 only those move whose |c| comes near μ.
        let least = |signal: usize| {
            let slack = slack[signal]? + 2.0 * f64::from(f32::EPSILON) * mu;
            Some(T::of((largest[signal] - 2.0 * slack).max(-slack)))
        };
        let signals = self.signals();
        let state = || Ok((self.scratch()?, vec![0.0; signals.len()]));
        let states = team.for_each(self.tiles.len(), state, |(scratch, most), index| {
            let mut state = self.tiles.tile(index);
            let number = state.tile.signal;
            let Some(least) = least(number) else {
                return Ok(());
            };
            state.for_each_large_step(&self.plan, least, |of, z| {
                let c = T::of(self.exact(&signals[number], &of, scratch));
                let size = step_size(self.plan.positive, c, z, self.plan.mu[of.atom]);
                most[number] = f64::max(most[number], size.wide());
            });
            Ok(())
        });
        let most = self.over_all(states, |(_, most)| most)?;
        for ((to, most), slack) in largest.iter_mut().zip(most).zip(slack) {
            if slack.is_some() {
                *to = T::of(most).wide();
            }
        }
        Ok(())
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
        let depth = self.dictionary.volume() * self.shape.n_channels;
        // Scaled entries of G are at most that.
        let gram = self.scaling.spread().0 * self.scaling.largest_norm();
        let of_product = gram * (2.0 * single + of_c + 2.0 * (depth + 8) as f64 * full);
        let mu = self.plan.mu.iter().map(|mu| mu.wide()).fold(0.0, f64::max);
        let wear = state.wear(&self.plan);
        let drift = of_c * (wear.steps * mu + wear.heights) + of_product * wear.moved;
        // And what is left out: products of roundings.
        slack + 1.01 * drift
    }

    /// Collective: the same by signal, over all tiles.
    pub(super) fn drift(&self, slack: &[f64]) -> Result<Vec<f64>> {
        let mut drift = vec![0.0; slack.len()];
        for index in 0..self.tiles.len() {
            let state = self.tiles.tile(index);
            let signal = state.tile.signal;
            drift[signal] = f64::max(drift[signal], self.drift_of(&state, slack[signal]));
        }
        // It is compared with what X and z say, as far as they are rounded themselves.
        drift.extend(self.window.rounding(slack.len()));
        let drift = self.ranks.largest(&drift)?;
        let (drift, rounding) = drift.split_at(slack.len());
        let pairs = drift.iter().zip(rounding);
        Ok(pairs.map(|(drift, r)| drift + self.reach * r).collect())
    }

    /// Whether the c that a descent leaves can be relied upon at all, if its error is small.
    pub(super) fn keeps_c(&self) -> bool {
        !self.plan.exact && !self.plan.positive
    }

    /// Collective: largest |c|·weight of all signals, and max |dz| of each, of the c that a descent has left, which may be
    /// wrong by `drift`: each that might be it computed anew. None where nothing can be said.
    pub(super) fn largest_left(&self, team: &Team, weights: &[f64], drift: &[f64]) -> Result<Option<(f64, Vec<f64>)>> {
        let n_signals = self.shape.n_signals;
        let tops = team.for_each(
            self.tiles.len(),
            || Ok(Vec::new()),
            |tops, index| {
                let state = self.tiles.tile(index);
                let top = state.largest_c(&self.plan, weights).0;
                tops.push((index, state.tile.signal, top));
                Ok(())
            },
        );
        let steps = self.tiles.settle(&self.plan, team, n_signals);
        let found = tops.and_then(|tops| Ok((tops, steps?)));
        let (tops, steps) = self.ranks.agree(found)?;
        let mut largest = vec![0.0; n_signals];
        let tops: Vec<_> = tops.into_iter().flatten().collect();
        for (_, signal, top) in &tops {
            largest[*signal] = f64::max(largest[*signal], *top);
        }
        let tops: Vec<_> = tops.into_iter().map(|(index, _, top)| (index, top)).collect();
        largest.extend(steps);
        let mut largest = self.ranks.largest(&largest)?;
        let mut steps = largest.split_off(n_signals);
        let most = weights.iter().copied().fold(0.0, f64::max);
        let slack = |(top, drift): (&f64, &f64)| {
            let slack = drift * most;
            (*top > 4.0 * slack && top.is_finite()).then_some(slack)
        };
        let slack: Vec<Option<f64>> = largest.iter().zip(drift).map(slack).collect();
        let c = self.decide_c(team, &tops, &largest, weights, &slack)?;
        let c = c.into_iter().fold(0.0, f64::max);
        // Where nothing can be decided it must not matter.
        let unknown = largest.iter().zip(drift).zip(&slack);
        let mut unknown = unknown.filter(|(_, slack)| slack.is_none());
        if !unknown.all(|((top, drift), _)| top + drift * most <= c) {
            return Ok(None);
        }
        let drift: Vec<_> = drift.iter().map(|drift| Some(*drift)).collect();
        self.decide_steps(team, &mut steps, &drift)?;
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
        let state = self.tiles.tile(index);
        let n = self.shape.n_channels;
        let signal = self.window.fields(state.tile.signal * n, n);
        let mut largest = 0.0;
        let mut anew = |of: &Coordinate, c: T| {
            let exact = self.exact(&signal, of, scratch);
            largest = f64::max(largest, (exact - c.wide()).abs());
            T::of(exact)
        };
        let single = state.c.is_single();
        state.for_each_active(&self.plan, |of, z, c| {
            let c = match single || drift.is_some() {
                true => anew(&of, c),
                false => c,
            };
            visit(of.atom, z, c);
        });
        let Some(drift) = drift else { return false };
        state.for_each_sample(&self.plan, |of, c| {
            anew(&of, c);
        });
        largest > drift[state.tile.signal]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::csc::descent::tiles::Control;
    use crate::csc::{Shape, Step, Stop};
    use crate::linalg::Dictionary;
    use crate::options::solve::Options;

    fn value(i: usize) -> f64 {
        ((i * i) as f64 * 0.37).sin() + (i as f64 * 0.011).cos()
    }

    fn encoder<T: Real>(signal: &[i64], n_atoms: i64, atom: &[i64], spread: f64) -> (Encoder<T>, Vec<T>) {
        let options = Options { reg: 0.1, tol: 1e-2, ..Options::default() };
        let shape = Shape::new(signal, 1, 1, n_atoms, atom, &options).unwrap();
        let n = atom.iter().product::<i64>() as usize;
        let norm = |i: usize| (1.0 + spread * (i / n) as f64) / (n as f64).sqrt();
        let d = (0..n * n_atoms as usize).map(|i| T::of(norm(i) * value(7 * i + 3)));
        let d: Vec<T> = d.collect();
        let x = (0..signal.iter().product::<i64>() as usize).map(|i| T::of(value(i)));
        let d = Dictionary::full(n_atoms as usize, 1, shape.atom, &d).unwrap();
        (Encoder::new(shape, d, options, 1).unwrap(), x.collect())
    }

    /// How wrong the c that is there is, at most.
    fn worst<T: Real>(encoder: &Encoder<T>) -> f64 {
        let (signals, mut scratch) = (encoder.signals(), encoder.scratch().unwrap());
        let mut worst = 0.0;
        for index in 0..encoder.tiles.len() {
            let state = encoder.tiles.tile(index);
            for i in 0..state.c.len() {
                let c = state.c.get(&encoder.plan, i);
                if c.finite() {
                    let exact = encoder.exact(&signals[0], &state.coordinate(&encoder.plan, i), &mut scratch);
                    worst = f64::max(worst, (exact - c.wide()).abs());
                }
            }
        }
        worst
    }

    #[test]
    fn what_a_descent_leaves_is_as_exact_as_it_says_and_a_wrong_c_is_found() {
        let problems: [(&[i64], i64, &[i64]); 4] =
            [(&[900], 4, &[31]), (&[70, 66], 3, &[5, 6]), (&[70, 66], 20, &[7, 4]), (&[20, 17, 22], 2, &[3, 4, 3])];
        for (signal, n_atoms, atom) in problems {
            for spread in [0.0, 0.2] {
                check(false, encoder::<f64>(signal, n_atoms, atom, spread));
                check(true, encoder::<f64>(signal, n_atoms, atom, spread));
                check(false, encoder::<f32>(signal, n_atoms, atom, spread));
            }
        }
    }

    fn check<T: Real>(single: bool, (mut encoder, x): (Encoder<T>, Vec<T>)) {
        let double = size_of::<T>() == 8;
        let x = Field::contiguous(&x, encoder.shape.signal);
        encoder.prepare(x.block()).unwrap();
        encoder.begin(&x, single).unwrap();
        // A team of one.
        let team = &Team::alone();
        let now = std::time::Instant::now();
        let clock = Clock::new(now, f64::INFINITY, 1.0, None, None, &encoder.ranks);
        let weights = encoder.scaling.of_lambda_max();
        let signals = encoder.correlate(team, &weights).unwrap();
        let beginning = encoder.thresholds(team, &signals).unwrap();
        let (lambda, tol) = (beginning.lambda, beginning.tol);
        let slack = [signals[0].slack];
        encoder.tiles.set_targets(&[Some(0.9 * tol)]);
        let mut control = Control { clock: &clock, max_iter: u64::MAX, progress: Default::default() };
        let stop = encoder.descend(team, &lambda, None, &mut control);
        assert_eq!(stop.unwrap(), Stop::Converged);
        let updated = encoder.take_in(&x);
        updated.and_then(|_| encoder.update_residual()).unwrap();
        let (drift, worst) = (encoder.drift(&slack).unwrap()[0], worst(&encoder));
        assert!(worst <= drift && drift < if double { 0.1 } else { 0.25 } * tol, "{worst:e} {drift:e} {tol:e}");
        let unscale = encoder.scaling.unscale();
        let dual = unscale.iter().zip(&lambda).map(|(c, l)| c.wide() / l);
        let dual: Vec<_> = dual.collect();
        let left = |encoder: &Encoder<T>| {
            let certificate = encoder.certify_left(team, &lambda, &dual, &slack, tol);
            certificate.unwrap().map(|(c, _)| (c.max_step, c.gap))
        };
        let kept = left(&encoder).unwrap();
        // As good as from a c that is computed anew.
        let ratio = encoder.correlate(team, &dual).unwrap()[0].bound;
        let (sums, _) = encoder.sums(team, &lambda, None).unwrap();
        let steps = encoder.restart(team).unwrap();
        let anew = encoder.certificate(sums, ratio, &steps);
        let rounding = if double { 1e-9 } else { 1e-3 };
        let near = |a: f64, b: f64| (a - b).abs() <= rounding * b.abs();
        assert!(near(kept.0, anew.max_step) && near(kept.1, anew.gap), "{kept:?} {anew:?}");
        // A neighbour's step that never came, the smallest that counts.
        for index in 0..encoder.tiles.len() {
            let step = |delta| {
                let mut state = encoder.tiles.tile(index);
                let at = state.tile.shape.map(|n| (n / 2) as i32);
                let atom = 0;
                state.apply(&encoder.plan, &Step { at, atom, delta });
            };
            step(T::of(tol));
            assert_eq!(left(&encoder), None);
            step(T::of(-tol));
        }
    }
}
