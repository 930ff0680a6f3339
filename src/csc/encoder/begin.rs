//! How a solve begins: signals are taken in and correlated with the atoms; λ and the tolerance follow from that.

use crate::base::error::{Error, Result};
use crate::clock;
use crate::csc::bound::Bound;
use crate::csc::descent::tile::{Weights, masks, penalised, quiet};
use crate::csc::encoder::measure::{Largest, Measure};
use crate::csc::encoder::placed::Placed;
use crate::csc::encoder::quiet::Precision;
use crate::csc::encoder::residual::subtract_model;
use crate::csc::problem::objective::LambdaMax;
use crate::linalg::correlate::unit_of;
use crate::linalg::{Field, Real};
use crate::options::solve::{Options, RegScale, Scale, Schedule};
use crate::threads::Team;

/// Tolerance, as a fraction of the largest |c|, from which on tiles keep c in single precision: some thousand times
/// the rounding of one value.
const COARSE: f64 = 1.0 / 8192.0;

/// Fraction of its unit that the largest |c| has to be at least, and the scaled c of atoms of each other: then no number
/// that matters comes near the ends of single precision.
const MODERATE: f64 = 1e-9;

/// Signals of a batch are in one unit: room for the small ones beside the largest.
const HEADROOM: f64 = (1u64 << 60) as f64;

/// Whether the tolerance is so coarse that c may be in single precision, as far as options tell.
pub(super) fn coarse_by(options: &Options) -> bool {
    let least = options.reg_per_atom.iter().copied();
    let least = least.reduce(f64::min).unwrap_or(options.reg);
    match (options.tol_scale, options.reg_scale) {
        (Scale::Absolute, _) => true,
        (_, RegScale::Absolute) => options.tol >= COARSE,
        _ => options.tol * (1.0 - least) >= COARSE,
    }
}

/// The largest of all signals.
fn weighted(signals: &[Largest]) -> f64 {
    signals.iter().map(|s| s.weighted).fold(0.0, f64::max)
}

/// λmax, the same on all ranks: what weights and factors make of x and d may be more than a number can be.
pub(super) fn representable(lambda_max: f64) -> Result<f64> {
    if lambda_max == f64::INFINITY {
        let allowed = "finite: scale x, d, weights or penalties, so that nothing overflows";
        return Err(Error::argument("lambda_max of x", lambda_max, allowed));
    }
    Ok(lambda_max)
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
    /// The c that λ follows from are known well enough for that.
    clear: bool,
}

/// What of an encoder takes part in a solve, and the team that does the work.
pub(super) struct Intake<'e, T: Real> {
    pub(super) options: &'e Options,
    pub(super) bound: &'e mut Bound<T>,
    pub(super) placed: &'e mut Placed<T>,
    pub(super) precision: &'e mut Precision,
    pub(super) team: &'e Team,
}

impl<T: Real> Intake<'_, T> {
    /// To look at what there is.
    pub(super) fn measure(&self) -> Measure<'_, T> {
        Measure { bound: self.bound, placed: self.placed, precision: self.precision, team: self.team }
    }

    /// Collective: λmax of signals, and of each atom if λ depends on it.
    pub(super) fn lambda_max(&mut self, x: &Field<'_, T>) -> Result<LambdaMax> {
        self.begin(x, self.may_be_single())?;
        let mut signals = self.measure().correlate(&self.bound.scaling().of_lambda_max())?;
        let (_, clear) = self.of_atoms()?;
        let coarse = |signal: &Largest| clear && self.is_coarse(f64::INFINITY, signal);
        let single = signals.iter().map(coarse).collect();
        self.narrow(single, &mut signals)?;
        let (of_atoms, _) = self.of_atoms()?;
        let scaling = self.bound.scaling();
        let of_all = representable(weighted(&signals) * scaling.gauge())?;
        Ok(LambdaMax { of_all, of_atoms: scaling.leave_lambdas(&of_atoms) })
    }

    /// Collective: makes a residual of the signals in the window.
    pub(super) fn update_residual(&mut self) -> Result<()> {
        subtract_model(self.bound, self.placed)?;
        self.placed.weigh_residual();
        self.placed.measure_window();
        clock::check()
    }

    /// Collective: takes in signals and fills c with their correlations, in single precision where that is enough for the
    /// tolerance. Sets the thresholds.
    pub(super) fn correlate_signals(&mut self, x: &Field<'_, T>) -> Result<Beginning> {
        let may_be_single = self.may_be_single();
        self.begin(x, may_be_single)?;
        self.placed.states().for_each(|mut state| masks::drop_missing(&mut state));
        let mut signals = self.measure().correlate(&self.bound.scaling().of_lambda_max())?;
        let mut beginning = self.thresholds(&signals)?;
        if may_be_single {
            let coarse = |signal: &Largest| beginning.clear && self.is_coarse(beginning.reachable, signal);
            let single: Vec<bool> = signals.iter().map(coarse).collect();
            if single.contains(&false) {
                self.narrow(single, &mut signals)?;
                beginning = self.thresholds(&signals)?;
            }
        }
        beginning.signals = signals;
        Ok(beginning)
    }

    /// Collective: λ, thresholds and tolerance, from a first correlation.
    fn thresholds(&mut self, signals: &[Largest]) -> Result<Beginning> {
        let lambda_max = weighted(signals);
        let (of_atoms, clear) = self.of_atoms()?;
        let lambda = self.bound.scaling().lambdas(self.options, lambda_max, &of_atoms);
        self.bound.set_lambda(&lambda);
        let plan = self.bound.plan();
        let told = self.placed.states().try_for_each(|mut state| penalised::set_thresholds(&mut state, plan));
        self.placed.ranks().agree(told)?;
        // From z = 0, whatever the solve starts from.
        let aside: Vec<_> = self.placed.states().map(|mut state| state.set_aside()).collect();
        let steps = match self.options.warm_start {
            true => self.measure().restart_for_largest(),
            false => self.measure().restart(),
        };
        for (mut state, z) in self.placed.states().zip(aside) {
            state.put_back(z);
        }
        let steps = steps?;
        let first = steps.iter().copied().fold(0.0, f64::max);
        let most = signals.iter().map(|s| s.c).fold(0.0, f64::max);
        let tol = match self.options.tol_scale {
            Scale::Absolute => (self.options.tol * self.bound.scaling().least()).min(f64::MAX),
            Scale::Relative if first > 16.0 * T::EPSILON.wide() * most => (self.options.tol * first).min(f64::MAX),
            // Nothing to be relative to: z = 0 up to rounding.
            Scale::Relative => self.bound.plan().rounding(most),
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
        Ok(Beginning { lambda_max, lambda, tol, reachable, signals: Vec::new(), clear })
    }

    /// Collective: λmax of each atom, in its own unit, if λ depends on it, and whether the c that is there tells.
    fn of_atoms(&self) -> Result<(Vec<f64>, bool)> {
        match self.options.reg_scale {
            RegScale::Relative | RegScale::Absolute => Ok((Vec::new(), true)),
            RegScale::PerAtom => self.measure().largest_of_atoms(),
        }
    }

    /// Whether c may be kept in single precision, as far as dictionary and options tell.
    fn may_be_single(&self) -> bool {
        let coarse = coarse_by(self.options);
        let (most, least) = self.bound.scaling().spread();
        size_of::<T>() > size_of::<f32>() && !self.bound.plan().exact && coarse && least >= MODERATE * most
    }

    /// Whether single precision is enough to find all steps of a signal above a tolerance.
    pub(super) fn is_coarse(&self, tol: f64, signal: &Largest) -> bool {
        let fits = |unit: f64| unit.is_normal() && (1.0 / unit).is_normal();
        let own = self.bound.correlator().single_unit(unit_of(signal.x));
        fits(own)
            && fits(self.bound.correlator().single_unit(self.precision.x_unit))
            && signal.x * self.precision.x_unit >= 1.0 / HEADROOM
            && !signal.noise
            && tol >= (COARSE * signal.c).max(4.0 * signal.slack)
            && signal.c * own >= MODERATE
    }

    /// Collective: takes in signals, all of whose coordinates may be chosen.
    fn begin(&mut self, x: &Field<'_, T>, single: bool) -> Result<()> {
        self.placed.find_background(x)?;
        // λmax is that of the signal, whatever the start and its support.
        self.placed.freeze(false);
        self.precision.single = vec![single; self.placed.shape().n_signals];
        // Where each coordinate has a threshold, or each atom, those of all that is not looked at would have to be known.
        self.precision.by_bounds = self.options.schedule == Schedule::Coloured
            && self.options.reg_scale != RegScale::PerAtom
            && self.placed.penalties().is_none()
            && !self.precision.sums_all;
        let room = self.set_precision();
        let taken = self.placed.take_in(x).and_then(|()| self.placed.weigh());
        self.placed.measure_window();
        let begun = room.and(taken).and_then(|()| self.tell_weights()).and_then(|()| clock::check());
        self.placed.ranks().agree(begun)?;
        if single {
            let largest = self.placed.ranks().largest(&self.placed.window().largest)?;
            let unit = unit_of(largest.into_iter().fold(0.0, f64::max));
            // A power of two: values have the same digits.
            let headroom = if self.placed.shape().n_signals > 1 { HEADROOM } else { 1.0 };
            self.precision.x_unit = unit * headroom;
            self.bound.set_unit(self.precision.x_unit);
        }
        Ok(())
    }

    /// Tells the tiles of the weights in force, unless they know.
    fn tell_weights(&mut self) -> Result<()> {
        let (unit, heaviest) = self.placed.weighting().units();
        let any = self.placed.weighting().allows_holes();
        let anew = self.bound.set_weights(unit, heaviest, any)?;
        if !self.placed.weighting_mut().is_news(anew) {
            return Ok(());
        }
        let (placed, plan) = (&*self.placed, self.bound.plan());
        let told = self.team.for_each(
            placed.tiles().len(),
            || Ok(()),
            |(), index| {
                let mut state = placed.tiles().tile(index);
                let samples = placed.weighting().of_tile(&state.tile, &placed.window().block, placed.shape())?;
                let weights = Weights::new(plan, &state.tile, samples)?;
                state.set_weights(weights);
                Ok(())
            },
        );
        if told.is_err() {
            self.placed.weighting_mut().forget();
        }
        told.map(drop)
    }

    /// Collective: correlates those signals anew in full precision that are not to be in single precision from now on.
    pub(super) fn narrow(&mut self, single: Vec<bool>, signals: &mut [Largest]) -> Result<()> {
        let changed = |signal: usize| self.precision.single[signal] && !single[signal];
        let changed: Vec<bool> = (0..single.len()).map(changed).collect();
        if !changed.contains(&true) {
            return Ok(());
        }
        for (to, changed) in self.precision.single.iter_mut().zip(&changed) {
            *to &= !changed;
        }
        self.placed.ranks().agree(self.set_precision())?;
        let weights = self.bound.scaling().of_lambda_max();
        let anew = self.measure().correlate_some(&weights, &|signal| changed[signal])?;
        for ((to, anew), changed) in signals.iter_mut().zip(anew).zip(changed) {
            if changed {
                *to = anew;
            }
        }
        Ok(())
    }

    /// Tells the tiles what their c will be in.
    fn set_precision(&self) -> Result<()> {
        (0..self.placed.tiles().len()).try_for_each(|index| {
            clock::check()?;
            let mut state = self.placed.tiles().tile(index);
            let single = self.precision.single[state.tile.signal];
            quiet::set_precision(&mut state, single)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::stop::Stop;
    use crate::clock::Clock;
    use crate::csc::descent::control::Control;
    use crate::csc::descent::tiles::coloured;
    use crate::csc::{Encoder, Shape, Step};
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
    fn worst<T: Real>(measure: &Measure<'_, T>) -> f64 {
        let (signals, mut scratch) = (measure.placed.signals(), measure.scratch().unwrap());
        let plan = measure.bound.plan();
        let mut worst = 0.0;
        for state in measure.placed.states() {
            for i in 0..state.c.len() {
                let c = state.c.get(plan, i);
                if c.finite() {
                    let exact = measure.exact(&signals[0], &state.coordinate(plan, i), T::ZERO, &mut scratch);
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
        let x = Field::contiguous(&x, encoder.shape().signal);
        // A team of one.
        let team = &Team::alone();
        let ranks = encoder.ranks().clone();
        let now = std::time::Instant::now();
        let clock = Clock::new(now, f64::INFINITY, 1.0, None, None, &ranks);
        let mut intake = encoder.intake(team);
        intake.placed.prepare(x.block()).unwrap();
        intake.begin(&x, single).unwrap();
        let weights = intake.bound.scaling().of_lambda_max();
        let signals = intake.measure().correlate(&weights).unwrap();
        let beginning = intake.thresholds(&signals).unwrap();
        let (lambda, tol) = (beginning.lambda, beginning.tol);
        let slack = [signals[0].slack];
        intake.placed.tiles().set_targets(&[Some(0.9 * tol)]);
        let mut control =
            Control { clock: &clock, max_iter: u64::MAX, progress: Default::default(), reserve: Default::default() };
        let measure = intake.measure();
        let wake = |state: &mut _| measure.quiet().wake(state);
        let stop = coloured::descend(intake.placed.tiles(), intake.bound.plan(), team, &wake, &mut control);
        assert_eq!(stop.unwrap(), Stop::Converged);
        let updated = intake.placed.take_in(&x);
        updated.and_then(|_| intake.update_residual()).unwrap();
        let measure = intake.measure();
        let (drift, worst) = (measure.drift(&slack).unwrap()[0], worst(&measure));
        assert!(worst <= drift && drift < if double { 0.1 } else { 0.25 } * tol, "{worst:e} {drift:e} {tol:e}");
        let unscale = measure.bound.scaling().unscale();
        let dual = unscale.iter().zip(&lambda).map(|(c, l)| c.wide() / l);
        let dual: Vec<_> = dual.collect();
        let left = || {
            let certificate = measure.certify_left(&lambda, &dual, &slack, tol);
            certificate.unwrap().map(|(c, _)| (c.max_step, c.gap))
        };
        let kept = left().unwrap();
        // As good as from a c that is computed anew.
        let ratio = measure.correlate(&dual).unwrap()[0].bound;
        let (sums, _) = measure.sums(&lambda, None).unwrap();
        let steps = measure.restart().unwrap();
        let anew = measure.certificate(&sums, ratio, &steps);
        let rounding = if double { 1e-9 } else { 1e-3 };
        let near = |a: f64, b: f64| (a - b).abs() <= rounding * b.abs();
        assert!(near(kept.0, anew.max_step) && near(kept.1, anew.gap), "{kept:?} {anew:?}");
        // A neighbour's step that never came, the smallest that counts.
        for index in 0..measure.placed.tiles().len() {
            let step = |delta| {
                let mut state = measure.placed.tiles().tile(index);
                let at = state.tile.shape.map(|n| n / 2);
                let atom = 0;
                state.apply(measure.bound.plan(), &Step { at, atom, delta });
            };
            step(T::of(tol));
            assert_eq!(left(), None);
            step(T::of(-tol));
        }
    }
}
