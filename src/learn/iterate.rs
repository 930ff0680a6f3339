//! The outer loop: z and D by turns (DiCoDiLe, algorithm 3).

use crate::base::error::{Error, Result};
use crate::clock::{self, Clock, Laps, Stage, Wish};
use crate::csc::{Activation, Encoder, Info, Progress, Stop};
use crate::learn::dictionary_step::{add_model, data_term, dictionary_step};
use crate::learn::initialise::place;
use crate::learn::learner::Learner;
use crate::learn::statistics::{Share, Statistics, energy};
use crate::learn::window::Window;
use crate::linalg::{Field, Real};
use crate::options::learn::Reference;
use crate::ranks::Reduce;
use std::time::Instant;

/// What one outer iteration did.
#[derive(Clone, Debug, PartialEq)]
pub struct Iteration {
    /// Its number, from 0.
    pub index: u64,
    /// Objective after the step of z.
    pub objective_z: f64,
    /// Objective after the step of D, with the same z: never higher (online: on average over the
    /// batches so far, while this is the batch's own).
    pub objective_d: f64,
    /// Why the step of z ended. After `TimeLimit` and `Cancelled` there was no step of D.
    pub stop: Stop,
    /// λ per atom.
    pub lambda: Vec<f64>,
    /// Smallest λ for which z = 0 is optimal with the dictionary before the step.
    pub lambda_max: f64,
    /// Non-zero activations per atom.
    pub nonzeros: Vec<u64>,
    /// Atoms that were drawn anew after the step.
    pub redrawn: usize,
    /// Atoms were moved to the middle of their support.
    pub recentred: bool,
    /// Coordinate steps.
    pub steps: u64,
    /// Gradient iterations of the dictionary step.
    pub dict_iterations: usize,
    /// How far the dictionary step may be from its minimum.
    pub dict_gap: f64,
    /// Seconds for all of it.
    pub seconds: f64,
    /// Seconds for the step of z.
    pub seconds_z: f64,
    /// Seconds for the statistics.
    pub seconds_statistics: f64,
    /// Seconds for the step of D and the next Gram tensor.
    pub seconds_d: f64,
}

/// What learning found and what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Why it ended.
    pub stop: Stop,
    /// Outer iterations.
    pub iterations: u64,
    /// Atoms that were drawn anew, in all.
    pub redrawn: u64,
    /// The last solve: z for the dictionary that was learned.
    pub info: Info,
    /// Seconds for the whole call.
    pub seconds: f64,
    /// Seconds for steps of z.
    pub seconds_z: f64,
    /// Seconds for statistics.
    pub seconds_statistics: f64,
    /// Seconds for steps of D.
    pub seconds_d: f64,
}

/// Tells how a call gets on; returns whether to go on.
pub type Report<'r> = &'r mut dyn FnMut(&Progress) -> bool;

impl Iteration {
    /// Nothing is done.
    fn none(index: u64, n_atoms: usize) -> Self {
        Iteration {
            index,
            objective_z: f64::NAN,
            objective_d: f64::NAN,
            stop: Stop::Cancelled,
            lambda: vec![f64::NAN; n_atoms],
            lambda_max: f64::NAN,
            nonzeros: vec![0; n_atoms],
            redrawn: 0,
            recentred: false,
            steps: 0,
            dict_iterations: 0,
            dict_gap: f64::INFINITY,
            seconds: 0.0,
            seconds_z: 0.0,
            seconds_statistics: 0.0,
            seconds_d: 0.0,
        }
    }
}

/// Seconds for steps of z, statistics, steps of D.
fn seconds_of(laps: &Laps) -> [f64; 3] {
    let z = [Stage::Correlate, Stage::Descend, Stage::Certify];
    let d = [Stage::Dictionary, Stage::Gram];
    let sum = |stages: &[Stage]| stages.iter().map(|s| laps.of(*s)).sum();
    [sum(&z), laps.of(Stage::Statistics), sum(&d)]
}

impl<T: Real> Learner<T> {
    /// z for the dictionary as it is.
    fn solve(&mut self, x: &Field<'_, T>, clock: &Clock<'_>) -> Result<Info> {
        let online = self.online();
        let Some(encoder) = &mut self.encoder else {
            return Err(Error::Internal("a step without an encoder".into()));
        };
        if online {
            encoder.set_activations(&[]);
        }
        if let Some(lambda) = &self.lambda {
            encoder.set_lambda(lambda);
        }
        let info = encoder.solve_within(clock, x, false)?;
        self.activations = self.ranks.agree(encoder.activations())?;
        if info.proven {
            self.room = 1.25 * (info.seconds_correlate + info.seconds_certify);
        }
        // A fraction of nothing would be 0 for ever: the first dictionary that has to do with x counts.
        let counts = info.lambda_max > 0.0 && !info.noise;
        if self.options.learn.reg_reference == Reference::First && self.lambda.is_none() && counts {
            self.lambda = Some(info.lambda.clone());
        }
        Ok(info)
    }

    /// Collective: One outer iteration: z, then D. `report` is called now and then and
    /// returns whether to go on; `time_limit` holds for this call. After an error the dictionary is
    /// as it was.
    pub fn step(&mut self, x: &Field<'_, T>, report: Option<Report<'_>>) -> Result<Iteration> {
        let clock = self.clock(report);
        clock.run(|| self.step_within(&clock, x))
    }

    /// Collective: the same by a clock that runs already.
    pub(crate) fn step_within(&mut self, clock: &Clock<'_>, x: &Field<'_, T>) -> Result<Iteration> {
        self.check_x(x)?;
        Ok(self.iterate(clock, x)?.0)
    }

    fn clock<'r>(&self, report: Option<Report<'r>>) -> Clock<'r> {
        let (limit, interval) = (self.options.time_limit, self.options.progress_interval);
        Clock::new(Instant::now(), limit, interval, report, None, &self.ranks)
    }

    /// One outer iteration. Where it ended with the step of z, what that found, too.
    fn iterate(&mut self, clock: &Clock<'_>, x: &Field<'_, T>) -> Result<(Iteration, Option<Info>)> {
        let before = clock.laps();
        let mut done = Iteration::none(self.iteration, self.shape.n_atoms);
        let last = match self.advance(clock, x, &mut done) {
            Err(Error::Stopped(stop)) => {
                done.stop = stop;
                (done.redrawn, done.recentred) = (0, false);
                done.objective_d = done.objective_z;
                // z and the dictionary are as they were after the step of z.
                if let Some(encoder) = &mut self.encoder {
                    encoder.set_activations(&self.activations);
                }
                None
            }
            result => result?,
        };
        let laps = clock.laps().since(&before);
        done.seconds = laps.total();
        [done.seconds_z, done.seconds_statistics, done.seconds_d] = seconds_of(&laps);
        Ok((done, last))
    }

    /// Does it, as far as the clock allows: fails with [`Error::Stopped`], on all ranks alike, before anything is changed but
    /// z, which goes with the dictionary as it was.
    fn advance(&mut self, clock: &Clock<'_>, x: &Field<'_, T>, done: &mut Iteration) -> Result<Option<Info>> {
        let x = &self.batch(x);
        self.prepare(x, clock)?;
        let info = self.solve(x, clock)?;
        let objective = info.certificate.objective;
        (done.objective_z, done.objective_d) = (objective, objective);
        (done.stop, done.lambda_max, done.steps) = (info.stop, info.lambda_max, info.steps);
        done.lambda.clone_from(&info.lambda);
        let mut counts = vec![0; self.shape.n_atoms];
        self.activations.iter().for_each(|a| counts[a.atom] += 1);
        let counts = self.ranks.reduce(Reduce::Sum, &counts)?;
        done.nonzeros = counts.iter().map(|n| *n as u64).collect();
        if matches!(info.stop, Stop::TimeLimit | Stop::Cancelled) {
            if let Some(encoder) = &mut self.encoder {
                encoder.set_activations(&self.activations);
            }
            return Ok(Some(info));
        }
        let batch = self.batch_statistics(x)?;
        let _stage = clock::stage(Stage::Dictionary);
        let accumulated = match self.online() {
            true => {
                let mut all = self.statistics.clone().map_or_else(|| Statistics::empty(&self.shape), Ok)?;
                all.accumulate(self.options.learn.forgetting, &batch);
                Some(all)
            }
            false => None,
        };
        let statistics = accumulated.as_ref().unwrap_or(&batch);
        let settings = self.settings();
        let Some(dictionary) = &self.dictionary else {
            return Err(Error::Internal("a step without a dictionary".into()));
        };
        let step = dictionary_step(statistics, dictionary, &settings);
        let (mut next, outcome) = self.ranks.agree(step)?;
        done.dict_iterations = outcome.iterations;
        done.dict_gap = outcome.gap;
        done.objective_d = objective
            + match self.online() {
                false => outcome.change,
                true => {
                    let change = data_term(&batch, &next).and_then(|next| Ok(next - data_term(&batch, dictionary)?));
                    self.ranks.agree(change)?
                }
            };
        let dead = self.dead_atoms(statistics);
        let mut activations = self.activations.clone();
        if !dead.is_empty() {
            let replaced = self.redraw(&mut next, &dead)?;
            done.redrawn = replaced.len();
            let used = |k: &&usize| statistics.l1[**k] > 0.0;
            if replaced.iter().any(|k| used(&k)) {
                // Atoms whose few activations go with them.
                activations.retain(|a| !replaced.contains(&a.atom));
                let mut without = next.clone();
                let gone: f64 = replaced.iter().map(|k| done.lambda[*k] * batch.l1[*k]).sum();
                let zero = vec![0.0; self.shape.n_channels * without.volume()];
                replaced.iter().for_each(|k| place(&mut without, *k, &zero));
                let now = self.ranks.agree(data_term(&batch, &without))?;
                let penalty: f64 = done.lambda.iter().zip(&batch.l1).map(|(l, n)| l * n).sum();
                done.objective_d = now + penalty - gone;
            }
        }
        if done.redrawn == 0
            && let Some((d, z, objective)) = self.recentre(x, &next, done)?
        {
            (next, activations, done.objective_d) = (d, z, objective);
            done.recentred = true;
        }
        let Some(encoder) = &mut self.encoder else {
            return Err(Error::Internal("a step without an encoder".into()));
        };
        encoder.set_dictionary(next.clone())?;
        encoder.set_activations(&activations);
        self.activations = activations;
        self.dictionary = Some(next);
        self.statistics = accumulated;
        self.iteration += 1;
        self.last = Some(done.objective_d);
        Ok(None)
    }

    /// Statistics of activations with what the encoder's window holds: the signals, or a residual.
    pub(super) fn gathered(&self, encoder: &Encoder<T>, own: &[Activation<T>], x: &Field<'_, T>) -> Result<Statistics> {
        let _stage = clock::stage(Stage::Statistics);
        let field = encoder.residual();
        let ranks = &*self.ranks;
        let share = Share {
            own,
            halo: &encoder.halo_activations()?,
            xx: energy(x, ranks)?,
            x: Window::part(&field, self.shape.n_channels),
            tiles: &encoder.own_tiles(),
            largest: encoder.largest_tile(),
        };
        let method = self.options.learn.statistics;
        Statistics::new(encoder.shape(), &share, method, self.n_threads, ranks)
    }

    fn batch_statistics(&self, x: &Field<'_, T>) -> Result<Statistics> {
        let Some(encoder) = &self.encoder else {
            return Err(Error::Internal("statistics without an encoder".into()));
        };
        let Some(dictionary) = &self.dictionary else {
            return Err(Error::Internal("statistics without a dictionary".into()));
        };
        let mut found = self.gathered(encoder, &self.activations, x)?;
        // X = residual + D∗z, and the residual is where it is needed.
        let _stage = clock::stage(Stage::Statistics);
        let whole = add_model(&mut found, dictionary);
        self.ranks.agree(whole.map(|()| found))
    }

    /// Collective: z for the dictionary as it is, of all signals of a step, to tol: how learning ends.
    pub fn encode(&mut self, x: &Field<'_, T>, report: Option<Report<'_>>) -> Result<Info> {
        let clock = self.clock(report);
        clock.run(|| self.encode_within(&clock, x))
    }

    /// Collective: the same by a clock that runs already.
    pub(crate) fn encode_within(&mut self, clock: &Clock<'_>, x: &Field<'_, T>) -> Result<Info> {
        self.check_x(x)?;
        let x = &self.batch(x);
        let info = match self.prepare(x, clock) {
            // There is nothing to be encoded with.
            Err(Error::Stopped(stop)) => Info { stop, ..Info::unknown(self.shape.n_atoms) },
            prepared => {
                prepared?;
                self.solve(x, clock)?
            }
        };
        if let Some(encoder) = &mut self.encoder {
            // The next solve depends on z alone, not on how it came about.
            encoder.set_activations(&self.activations);
        }
        Ok(info)
    }

    /// Collective: Outer iterations until the objective changes by no more than `learn_tol`, or `learn_max_iter`
    /// of them are done (those before this call included), and z for the
    /// dictionary that was learned. `each` is called after every iteration and returns whether to
    /// go on, `report` now and then. A limit of time or a cancelled step leaves a
    /// valid dictionary and z.
    pub fn run(
        &mut self,
        x: &Field<'_, T>,
        each: Option<&mut dyn FnMut(&Iteration) -> bool>,
        report: Option<Report<'_>>,
    ) -> Result<Outcome> {
        let clock = self.clock(report);
        clock.run(|| self.run_within(&clock, x, each))
    }

    /// Collective: the same by a clock that runs already.
    pub(crate) fn run_within(
        &mut self,
        clock: &Clock<'_>,
        x: &Field<'_, T>,
        mut each: Option<&mut dyn FnMut(&Iteration) -> bool>,
    ) -> Result<Outcome> {
        self.check_x(x)?;
        let learn = self.options.learn.clone();
        let (mut stop, mut redrawn, mut last) = (Stop::MaxIter, 0, None);
        let before = clock.laps();
        let first = self.iteration;
        self.room = 0.0;
        while self.iteration < learn.max_iter as u64 {
            let before = self.last;
            // For z at the end, which is to be proven.
            clock.reserve(self.room);
            let (done, found) = self.iterate(clock, x)?;
            redrawn += done.redrawn as u64;
            if matches!(done.stop, Stop::TimeLimit | Stop::Cancelled) {
                (stop, last) = (done.stop, found.filter(|info| info.proven));
                break;
            }
            let go_on = clock::without_clock(|| each.as_mut().is_none_or(|each| each(&done)));
            let wish = match go_on {
                true => clock::wish(),
                false => Wish::Enough,
            };
            let wish = Wish::of_code(self.ranks.reduce(Reduce::Max, &[wish.code()])?[0]);
            // Where every batch is another there is no limit to approach.
            let change = before.map(|before| before - done.objective_d);
            if wish < Wish::Enough
                && let Some(change) = change
                && !self.online()
                && done.redrawn == 0
                && !done.recentred
                && change.abs() <= learn.tol * done.objective_d.abs()
            {
                stop = Stop::Converged;
                break;
            }
            if wish != Wish::GoOn {
                stop = wish.stop();
                break;
            }
        }
        clock.reserve(0.0);
        let info = match last {
            Some(info) => info,
            // There is nothing to be encoded with.
            None if self.dictionary.is_none() && stop != Stop::MaxIter => {
                Info { stop, ..Info::unknown(self.shape.n_atoms) }
            }
            None => self.encode_within(clock, x)?,
        };
        if matches!(info.stop, Stop::TimeLimit | Stop::Cancelled) {
            stop = info.stop;
        }
        let laps = clock.laps().since(&before);
        let [seconds_z, seconds_statistics, seconds_d] = seconds_of(&laps);
        Ok(Outcome {
            stop,
            iterations: self.iteration - first,
            redrawn,
            info,
            seconds: laps.total(),
            seconds_z,
            seconds_statistics,
            seconds_d,
        })
    }
}
