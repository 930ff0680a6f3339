//! A solve, stage by stage: correlate, then descend and certify by turns until what is left is within the tolerance.

use crate::base::error::Result;
use crate::base::stop::Stop;
use crate::clock::{self, Progress, Stage};
use crate::csc::descent::asynchronous;
use crate::csc::descent::control::{Control, Reserve};
use crate::csc::descent::tile::TileState;
use crate::csc::descent::tile::survey::leave_out_lost;
use crate::csc::descent::tiles::{coloured, published};
use crate::csc::descent::trace::{Activity, Mark, Trace};
use crate::csc::encoder::begin::{Beginning, Intake, representable};
use crate::csc::encoder::certificate::Certificate;
use crate::csc::encoder::cost::seconds_per_nonzero;
use crate::csc::encoder::info::Info;
use crate::csc::encoder::measure::Largest;
use crate::csc::encoder::quiet::Quiet;
use crate::host::threads::seconds_run;
use crate::linalg::{Field, Real};
use crate::options::solve::{Proof, Scale, Schedule, Strategy};
use std::time::Instant;

mod proof;

/// What of the time is reserved for a certificate, as a multiple of what the last one, or a correlation, has taken.
const RESERVE: f64 = 1.25;

/// What a step of floats may be wrong by, in roundings of the largest c.
const ROUNDED: f64 = 8.0;

/// Certificates, and descents from a c that is correlated anew, in which there has to be a gain to go on: this part of F, or
/// this part of the gap.
const ROUNDS: u32 = 8;
const GAIN: f64 = 1e-6;
const GAP_GAIN: f64 = 0.1;

/// Collective: solves. Fills in what is found as soon as it is. Fails with [`Error::Stopped`](crate::Error::Stopped), on all
/// ranks alike, where the clock ends a stage in the middle: z is what the descent has left.
pub(super) fn solve<T: Real>(
    mut intake: Intake<'_, T>,
    x: &Field<'_, T>,
    control: &mut Control<'_, '_>,
    info: &mut Info,
) -> Result<()> {
    let correlating = clock::stage(Stage::Correlate);
    let start = Instant::now();
    (control.reserve.began, control.reserve.run) = (control.clock.seconds(), seconds_run());
    let whole = enter(&mut intake, x, start)?;
    let beginning = intake.correlate_signals(x)?;
    let told = tell(&intake, &beginning, info)?;
    info.background = intake.placed.background_range()?;
    let slack = warm_up(&mut intake, x, &beginning)?;
    intake.placed.tiles().end(Activity::Correlate, whole);
    let tiles = intake.placed.tiles().n_global() as u64;
    control.progress = Progress { tiles, awake: tiles, tol: told, ..Progress::unknown() };
    drop(correlating);
    // What the certificate may take: it is another correlation, if the worst comes to the worst, and takes every z out of
    // the signals.
    if control.clock.has_limit() {
        let least = RESERVE * (seconds_run() - control.reserve.run);
        let cost = seconds_per_nonzero(&mut intake);
        let per_nonzero = RESERVE * intake.placed.ranks().agree(cost)?;
        control.reserve = Reserve { least, per_nonzero, ..control.reserve };
        control.clock.set_nonzeros(intake.placed.n_nonzero());
    }
    let goal = Goal::new(&intake, &beginning)?;
    let open = vec![true; beginning.signals.len()];
    let mut solve = Solve {
        intake,
        x,
        goal,
        signals: beginning.signals,
        slack,
        fresh: true,
        open,
        rounds: 0,
        idle: 0,
        objective: f64::INFINITY,
        gap: f64::INFINITY,
    };
    loop {
        let stop = solve.descend(control)?;
        info.stop = stop;
        let (mut certificate, steps) = solve.certify(stop, control)?;
        if steps.iter().all(|step| *step <= solve.goal.tol) {
            // Within the tolerance here is within the one that is told, however units are rounded.
            certificate.max_step = certificate.max_step.min(info.tol);
        }
        let end = solve.conclude(stop, &certificate, &steps, info)?;
        control.progress.tol = info.tol;
        if let Some(stop) = end {
            (info.stop, info.certificate, info.proven) = (stop, certificate, true);
            control.progress.max_step = certificate.max_step;
            if stop == Stop::Converged && solve.intake.options.proof == Proof::Tight {
                solve.prove(&steps, control, info)?;
            }
            break;
        }
    }
    solve.intake.placed.tiles().end(Activity::Solve, whole);
    Ok(())
}

/// Collective: checks the signals, settles who works on what, and takes the tiles to where a solve begins. Gives the mark of
/// the whole solve.
fn enter<T: Real>(intake: &mut Intake<'_, T>, x: &Field<'_, T>, start: Instant) -> Result<Option<Mark>> {
    let (options, placed) = (intake.options, &mut *intake.placed);
    placed.ranks().agree(placed.check_x(x))?;
    placed.prepare(x.block())?;
    placed.tiles_mut().trace = options.trace.then(|| Trace::new(start));
    let whole = placed.tiles().mark().map(|mark| Mark { begin: start, ..mark });
    if !options.warm_start {
        placed.clear_z();
    }
    placed.states().for_each(|mut state| state.begin_solve());
    Ok(whole)
}

/// Fills in λ and the tolerance, as the caller has them. Gives the tolerance.
fn tell<T: Real>(intake: &Intake<'_, T>, beginning: &Beginning, info: &mut Info) -> Result<f64> {
    let (options, scaling) = (intake.options, intake.bound.scaling());
    let Beginning { lambda_max, lambda, tol, signals, .. } = beginning;
    let noise = signals.iter().any(|s| s.noise && s.weighted == *lambda_max);
    let told = match options.tol_scale {
        Scale::Absolute => options.tol,
        Scale::Relative => tol / scaling.least(),
    };
    (info.lambda, info.tol) = (scaling.leave_lambdas(lambda), told);
    info.tol_per_atom = scaling.tolerances(*tol);
    (info.lambda_max, info.noise) = (representable(lambda_max * scaling.gauge())?, noise);
    Ok(told)
}

/// What c may be wrong by when a descent begins, by signal.
fn slack_of(signals: &[Largest]) -> Vec<f64> {
    signals.iter().map(|s| s.slack).collect()
}

/// Collective: where there is a z to begin with, takes its model from the signals and correlates what is left; once more
/// without what is lost in it. Gives what c may be wrong by.
fn warm_up<T: Real>(intake: &mut Intake<'_, T>, x: &Field<'_, T>, beginning: &Beginning) -> Result<Vec<f64>> {
    let frozen = intake.options.warm_start && intake.options.frozen_support;
    let n_nonzero = intake.placed.n_nonzero_of_all()?;
    if !frozen && n_nonzero == 0 {
        if intake.options.warm_start {
            intake.measure().restart()?;
        }
        return Ok(slack_of(&beginning.signals));
    }
    intake.placed.freeze(frozen);
    // Signals that were weighed are no longer there.
    let taken = if intake.placed.weighting().allows_holes() { intake.placed.take_in(x) } else { Ok(()) };
    let updated = taken.and_then(|()| intake.update_residual());
    let found = correlate_left(intake, updated)?;
    let lost: usize = intake.placed.states().map(|mut state| leave_out_lost(&mut state, intake.bound.plan())).sum();
    if intake.placed.ranks().largest(&[lost as f64])?[0] == 0.0 {
        return Ok(slack_of(&found));
    }
    let updated = intake.placed.take_in(x).and_then(|_| intake.update_residual());
    Ok(slack_of(&correlate_left(intake, updated)?))
}

/// Collective: takes over the correlations of a residual, if it could be made.
fn correlate_left<T: Real>(intake: &Intake<'_, T>, updated: Result<()>) -> Result<Vec<Largest>> {
    intake.placed.ranks().agree(updated)?;
    let measure = intake.measure();
    let found = measure.correlate(&measure.bound.scaling().of_lambda_max())?;
    measure.restart()?;
    Ok(found)
}

/// Where a solve has to get to.
struct Goal {
    /// λ of every atom inside.
    lambda: Vec<f64>,
    /// Weights with which the largest c is |D_k ⋆ r| / λ_k.
    dual_weights: Vec<f64>,
    tol: f64,
    reachable: f64,
    /// What a descent goes down to, by signal.
    targets: Vec<f64>,
    /// What rounding leaves of that.
    floors: Vec<f64>,
    /// F where an asynchronous descent begins; none for the others.
    asynchronous: Option<f64>,
}

impl Goal {
    /// Collective.
    fn new<T: Real>(intake: &Intake<'_, T>, beginning: &Beginning) -> Result<Self> {
        let Beginning { lambda, tol, reachable, signals, .. } = beginning;
        let asynchronous = match intake.options.schedule == Schedule::Asynchronous && intake.placed.ranks().size() > 1 {
            true => {
                let (sums, _) = intake.measure().sums(lambda, None)?;
                Some(0.5 * (sums.squares + sums.squared_penalty) + sums.penalty)
            }
            false => None,
        };
        // λ_k = 0: nothing is dual feasible unless D_k ⋆ r = 0, as it is for an atom of zeros.
        let unscale = intake.bound.scaling().unscale();
        let reach = intake.bound.correlator().weights();
        let weight = |((c, l), reach): ((&T, &f64), f64)| if reach == 0.0 { 0.0 } else { c.wide() / l };
        let dual_weights = unscale.iter().zip(lambda).zip(reach).map(weight).collect();
        let lambda = lambda.clone();
        let (targets, floors) = (Vec::new(), Vec::new());
        let mut goal = Goal { lambda, dual_weights, tol: *tol, reachable: *reachable, targets, floors, asynchronous };
        goal.aim(intake, signals)?;
        Ok(goal)
    }

    /// Collective: what descents go down to.
    fn aim<T: Real>(&mut self, intake: &Intake<'_, T>, signals: &[Largest]) -> Result<()> {
        let (plan, reachable) = (intake.bound.plan(), self.reachable);
        let heights = intake.measure().heights(signals)?;
        // A little below the tolerance, so that the rounding of G and c seldom costs a second round.
        let target = |(height, single): (&f64, &bool)| match plan.exact {
            true => reachable,
            false if *single || size_of::<T>() == size_of::<f32>() => {
                0.998 * reachable - 16.0 * f64::from(f32::EPSILON) * height
            }
            false => 0.998 * reachable,
        };
        self.targets = heights.iter().zip(&intake.precision.single).map(target).collect();
        let floor = |(target, height): (&f64, &f64)| target.max(plan.rounding(*height));
        self.floors = self.targets.iter().zip(&heights).map(floor).collect();
        Ok(())
    }
}

/// A solve that has begun.
struct Solve<'s, 'e, T: Real> {
    intake: Intake<'e, T>,
    x: &'s Field<'s, T>,
    goal: Goal,
    signals: Vec<Largest>,
    /// What c may be wrong by when a descent begins, by signal.
    slack: Vec<f64>,
    /// c was correlated for the last certificate.
    fresh: bool,
    /// Signals that are not yet within the tolerance.
    open: Vec<bool>,
    /// Certificates so far, and since there was a gain, with the one that saw it; the least F and gap that it had seen.
    rounds: u32,
    idle: u32,
    objective: f64,
    gap: f64,
}

impl<T: Real> Solve<'_, '_, T> {
    /// Collective: goes down to the targets of the signals that are open.
    fn descend(&mut self, control: &mut Control<'_, '_>) -> Result<Stop> {
        let descending = clock::stage(Stage::Descend);
        let (clock, mark) = (control.clock, self.intake.placed.tiles().mark());
        control.hurry();
        let mut stop = Stop::Precision;
        if self.open.contains(&true) {
            let target = |(target, open): (&f64, &bool)| open.then_some(*target);
            let targets: Vec<_> = self.goal.targets.iter().zip(&self.open).map(target).collect();
            self.intake.placed.tiles().set_targets(&targets);
            let result = self.by_schedule(control);
            if result.is_err() {
                self.intake.placed.clear_z();
            }
            stop = result?;
        }
        drop(descending);
        self.intake.placed.tiles().end(Activity::Descend, mark);
        clock.release();
        Ok(stop)
    }

    /// Collective: descends from where the tiles are to their targets.
    fn by_schedule(&mut self, control: &mut Control<'_, '_>) -> Result<Stop> {
        let Intake { options, bound, placed, team, .. } = &self.intake;
        let (goal, tiles, plan) = (&self.goal, placed.tiles(), bound.plan());
        // If messages were late too late too often: in step, at last.
        if let Some(objective) = goal.asynchronous.filter(|_| self.rounds < 4) {
            let setting = asynchronous::Setting {
                tiles,
                grid: placed.grid(),
                plan,
                regions: placed.regions(),
                periods: placed.periods(),
                lock: options.soft_lock,
                tol: goal.floors.iter().map(|tol| T::of(*tol)).collect(),
                objective,
                least_lambda: bound.scaling().least_lambda(&goal.lambda) * placed.least_factor(),
            };
            return asynchronous::descend(setting, control);
        }
        let Some(segments) = placed.segments() else {
            let quiet = Quiet { bound, placed, precision: self.intake.precision, team };
            let wake = |state: &mut TileState<T>| quiet.wake(state);
            return coloured::descend(tiles, plan, team, &wake, control);
        };
        match options.strategy {
            Strategy::Cyclic => published::descend_cyclic(tiles, plan, segments, control),
            _ => published::descend(tiles, plan, segments, control),
        }
    }

    /// Collective: the certificate of the z that a descent has left, and max |dz| of each signal.
    fn certify(&mut self, stop: Stop, control: &mut Control<'_, '_>) -> Result<(Certificate, Vec<f64>)> {
        let certifying = clock::stage(Stage::Certify);
        let (run, mark) = (seconds_run(), self.intake.placed.tiles().mark());
        // There was no time for a descent: c is that of the z with which it would have begun.
        let untouched = self.rounds == 0 && control.progress.visits == 0;
        let left = match untouched {
            true => self.intake.measure().largest_left(&self.goal.dual_weights, &self.slack)?,
            false => None,
        };
        let left = match left {
            Some((ratio, steps)) => Some(self.certificate(ratio, steps)?),
            None => self.certify_left(stop)?,
        };
        self.fresh = left.is_none();
        let mut found = match left {
            Some(left) => left,
            None => self.certify_anew()?,
        };
        if size_of::<T>() == size_of::<f32>() {
            found.0.max_step = self.no_less(&found.1);
        }
        drop(certifying);
        // Another one takes as long, and longer if there are more z. Where c did not have to be correlated that says nothing.
        if self.fresh {
            let Reserve { least, per_nonzero, .. } = &mut control.reserve;
            *least = RESERVE * (seconds_run() - run) - *per_nonzero * control.clock.nonzeros();
        }
        self.intake.placed.tiles().end(Activity::Certify, mark);
        self.rounds += 1;
        Ok(found)
    }

    /// The largest step of float arrays, whose c are rounded, and no less: what is told is not to be below it. That it is within
    /// the tolerance stays so, as descents leave more room than that.
    fn no_less(&self, steps: &[f64]) -> f64 {
        let raised = |(step, signal): (&f64, &Largest)| {
            let raised = step + ROUNDED * f64::from(f32::EPSILON) * signal.c;
            let tols = [self.goal.tol, self.goal.reachable];
            tols.into_iter().find(|tol| step <= tol).map_or(raised, |tol| raised.min(tol))
        };
        let largest = steps.iter().zip(&self.signals).map(raised).fold(0.0, f64::max);
        largest / self.intake.bound.scaling().least()
    }

    /// Collective: makes the residual anew; the certificate from the c that is there, if that will do.
    fn certify_left(&mut self, stop: Stop) -> Result<Option<(Certificate, Vec<f64>)>> {
        self.renew_residual()?;
        let (goal, measure) = (&self.goal, self.intake.measure());
        match stop == Stop::Converged && goal.asynchronous.is_none() && measure.keeps_c() {
            true => measure.certify_left(&goal.lambda, &goal.dual_weights, &self.slack, goal.reachable),
            false => Ok(None),
        }
    }

    /// Collective: makes the residual of the z that is there.
    fn renew_residual(&mut self) -> Result<()> {
        let updated = self.intake.placed.take_in(self.x).and_then(|_| self.intake.update_residual());
        self.intake.placed.ranks().agree(updated)
    }

    /// Collective: the certificate from a c that is correlated anew.
    fn certify_anew(&mut self) -> Result<(Certificate, Vec<f64>)> {
        let mut found = self.intake.measure().correlate(&self.goal.dual_weights)?;
        // Beside a large offset single precision may say nothing of the largest c.
        let known = |(signal, single): (&Largest, &bool)| *single && !signal.noise;
        let single: Vec<bool> = found.iter().zip(&self.intake.precision.single).map(known).collect();
        if single != self.intake.precision.single {
            self.intake.narrow(single, &mut self.signals)?;
            found = self.intake.measure().correlate(&self.goal.dual_weights)?;
        }
        self.slack = slack_of(&found);
        let ratio = found.iter().map(|s| s.bound).fold(0.0, f64::max);
        let measure = self.intake.measure();
        let (sums, _) = measure.sums(&self.goal.lambda, None)?;
        let steps = measure.restart()?;
        Ok((measure.certificate(&sums, ratio, &steps), steps))
    }

    /// Collective: the certificate with these maxima.
    fn certificate(&self, ratio: f64, steps: Vec<f64>) -> Result<(Certificate, Vec<f64>)> {
        let measure = self.intake.measure();
        let (sums, _) = measure.sums(&self.goal.lambda, None)?;
        Ok((measure.certificate(&sums, ratio, &steps), steps))
    }

    /// Collective: why the solve has ended; none: it goes on.
    fn conclude(
        &mut self,
        stop: Stop,
        certificate: &Certificate,
        steps: &[f64],
        info: &mut Info,
    ) -> Result<Option<Stop>> {
        let gap_tol = self.intake.options.gap_tol;
        let proven = gap_tol > 0.0 && certificate.gap <= gap_tol * certificate.objective;
        if proven && stop != Stop::Cancelled {
            return Ok(Some(Stop::Converged));
        }
        match self.judge(stop, certificate, steps)? {
            Some(Stop::Converged) if gap_tol > 0.0 => self.go_further(steps, info),
            end => Ok(end),
        }
    }

    /// Collective: the same without a look at the gap, given why the descent has ended, the certificate and max |dz| of each signal.
    fn judge(&mut self, mut stop: Stop, certificate: &Certificate, steps: &[f64]) -> Result<Option<Stop>> {
        let step = steps.iter().copied().fold(0.0, f64::max);
        let done = step <= self.goal.reachable;
        self.count(certificate);
        if stop == Stop::Converged && !done {
            // Rounding has piled up in c, or messages were late; go on from the fresh one.
            if self.idle < ROUNDS && self.close(steps) {
                if self.rounds == 3 {
                    let single = self.open.iter().zip(&self.intake.precision.single).map(|(o, s)| !o & s).collect();
                    self.intake.narrow(single, &mut self.signals)?;
                    self.slack = slack_of(&self.signals);
                    let steps = self.intake.measure().restart()?;
                    self.close(&steps);
                }
                return Ok(None);
            }
            stop = Stop::Precision;
        } else if stop == Stop::Precision && done {
            stop = Stop::Converged;
        }
        if stop == Stop::Converged && step > self.goal.tol {
            // Done, as far as there is anything but rounding; it is not what was asked for.
            stop = Stop::Precision;
        }
        Ok(Some(stop))
    }

    /// Counts the certificates since there was a gain over what was known then: a slow one takes several.
    fn count(&mut self, Certificate { objective, gap, .. }: &Certificate) {
        self.idle += 1;
        if *objective < (1.0 - GAIN) * self.objective || *gap < (1.0 - GAP_GAIN) * self.gap {
            (self.objective, self.gap, self.idle) = (self.objective.min(*objective), self.gap.min(*gap), 1);
        }
    }

    /// Collective: what was asked for is a proof, and that is not there yet. Goes on to a quarter of the tolerance, or less if
    /// no step is as large; tells why the solve has ended if all steps are rounding.
    fn go_further(&mut self, steps: &[f64], info: &mut Info) -> Result<Option<Stop>> {
        let Some(part) = self.aim_further(0.25, steps)? else {
            return Ok(Some(Stop::Precision));
        };
        info.tol *= part;
        info.tol_per_atom.iter_mut().for_each(|tol| *tol *= part);
        Ok(None)
    }

    /// Collective: takes the tolerance down to a part of what it is, or further if no step is as large, given max |dz| of each
    /// signal. Gives that part; none where all steps are rounding, or no tolerance leads to a proof.
    fn aim_further(&mut self, mut part: f64, steps: &[f64]) -> Result<Option<f64>> {
        let plan = self.intake.bound.plan();
        let rounded = |(step, height): (&f64, &f64)| *step <= plan.rounding(*height);
        let heights = self.intake.measure().heights(&self.signals)?;
        // Where a coefficient costs nothing.
        let hopeless = self.intake.placed.penalties().is_some_and(|penalties| penalties.any_free);
        if hopeless || self.goal.reachable > self.goal.tol || steps.iter().zip(&heights).all(rounded) {
            return Ok(None);
        }
        let largest = steps.iter().copied().fold(0.0, f64::max);
        while largest <= part * self.goal.tol {
            part /= 4.0;
        }
        self.goal.tol *= part;
        self.goal.reachable = self.goal.tol;
        let coarse = |signal: &Largest| self.intake.is_coarse(self.goal.tol, signal);
        let single = self.signals.iter().map(coarse).collect();
        self.intake.narrow(single, &mut self.signals)?;
        let measure = self.intake.measure();
        if !self.fresh {
            self.slack = slack_of(&measure.correlate(&measure.bound.scaling().of_lambda_max())?);
        }
        let steps = measure.restart()?;
        self.goal.aim(&self.intake, &self.signals)?;
        (self.rounds, self.idle) = (0, 0);
        self.open.fill(true);
        self.close(&steps);
        Ok(Some(part))
    }

    /// Closes the signals that are within the tolerance, or as near as rounding allows. Tells whether one is left open.
    fn close(&mut self, steps: &[f64]) -> bool {
        let goal = &self.goal;
        for (signal, open) in self.open.iter_mut().enumerate() {
            *open &= steps[signal] > goal.reachable && steps[signal] > goal.floors[signal];
        }
        self.open.contains(&true)
    }
}
