//! The outer loop: z and D by turns (DiCoDiLe, algorithm 3).

use super::dictionary_step::{add_model, data_term, dictionary_step};
use super::initialise::place;
use super::learner::Learner;
use super::options::Reference;
use super::statistics::{Share, Statistics, energy};
use super::window::Window;
use crate::csc::{Activation, Encoder, Info, Progress, Stop};
use crate::error::{Error, Result};
use crate::linalg::{Field, Real};
use crate::transport::Reduce;
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

/// Tells how a step of z gets on; returns whether to go on.
pub type Report<'r> = &'r mut dyn FnMut(&Progress) -> bool;

/// A limit of time, and the caller's own wish to stop, as one report to a solve.
pub(super) struct Watch<'w> {
    start: Instant,
    time_limit: f64,
    interval: f64,
    last: f64,
    report: Option<Report<'w>>,
    timed_out: bool,
    /// Whoever has asked to stop is not asked again.
    cancelled: bool,
}

impl Watch<'_> {
    /// Whether there is anything to look at.
    pub(super) fn watches(&self) -> bool {
        self.time_limit.is_finite() || self.report.is_some()
    }

    pub(super) fn look(&mut self, progress: &Progress) -> bool {
        let seconds = self.start.elapsed().as_secs_f64();
        self.timed_out |= seconds >= self.time_limit;
        if self.timed_out || self.cancelled {
            return false;
        }
        if let Some(report) = &mut self.report
            && seconds >= self.last + self.interval
        {
            self.last = seconds;
            self.cancelled = !report(&Progress {
                seconds,
                ..*progress
            });
        }
        !self.cancelled
    }
}

impl<T: Real> Learner<T> {
    /// z for the dictionary as it is. Time and cancelling as in [`Self::step`].
    fn solve(&mut self, x: &Field<'_, T>, watch: &mut Watch<'_>) -> Result<Info> {
        let online = self.online();
        let watched = watch.watches();
        let Some(encoder) = &mut self.encoder else {
            return Err(Error::Internal("a step without an encoder".into()));
        };
        if online {
            encoder.set_activations(&[]);
        }
        if let Some(lambda) = &self.lambda {
            encoder.set_lambda(lambda);
        }
        let mut look = |progress: &Progress| watch.look(progress);
        let mut info = encoder.solve(x, watched.then_some(&mut look))?;
        self.activations = self.ranks.agree(encoder.activations())?;
        // Whose time is up has asked to stop like the others.
        if info.stop == Stop::Cancelled && self.any(watch.timed_out)? {
            info.stop = Stop::TimeLimit;
        }
        // A fraction of nothing would be 0 for ever: the first dictionary that has to do with x counts.
        let counts = info.lambda_max > 0.0 && !info.noise;
        if self.options.learn.reference == Reference::First && self.lambda.is_none() && counts {
            self.lambda = Some(info.lambda.clone());
        }
        Ok(info)
    }

    /// Collective: One outer iteration: z, then D. `report` is called now and then during the step of z and
    /// returns whether to go on; `time_limit` holds for this call. After an error the dictionary is
    /// as it was.
    pub fn step(&mut self, x: &Field<'_, T>, report: Option<Report<'_>>) -> Result<Iteration> {
        let mut watch = self.watch(report);
        self.check_x(x)?;
        self.step_within(x, &mut watch)
    }

    /// Whether it holds on any rank.
    fn any(&self, here: bool) -> Result<bool> {
        Ok(self.ranks.reduce(Reduce::Max, &[here.into()])?[0] > 0)
    }

    fn watch<'w>(&self, report: Option<Report<'w>>) -> Watch<'w> {
        Watch {
            start: Instant::now(),
            time_limit: self.options.time_limit,
            interval: self.options.progress_interval,
            last: 0.0,
            report,
            timed_out: false,
            cancelled: false,
        }
    }

    fn step_within(&mut self, x: &Field<'_, T>, watch: &mut Watch<'_>) -> Result<Iteration> {
        let begin = Instant::now();
        let x = &self.batch(x);
        self.prepare(x, watch)?;
        let info = self.solve(x, watch)?;
        let objective = info.certificate.objective;
        let mut done = Iteration {
            index: self.iteration,
            objective_z: objective,
            objective_d: objective,
            stop: info.stop,
            lambda: info.lambda,
            lambda_max: info.lambda_max,
            nonzeros: Vec::new(),
            redrawn: 0,
            recentred: false,
            steps: info.steps,
            dict_iterations: 0,
            dict_gap: f64::INFINITY,
            seconds_z: begin.elapsed().as_secs_f64(),
            seconds_statistics: 0.0,
            seconds_d: 0.0,
        };
        let mut counts = vec![0; self.shape.n_atoms];
        self.activations.iter().for_each(|a| counts[a.atom] += 1);
        let counts = self.ranks.reduce(Reduce::Sum, &counts)?;
        done.nonzeros = counts.iter().map(|n| *n as u64).collect();
        if matches!(info.stop, Stop::TimeLimit | Stop::Cancelled) {
            if let Some(encoder) = &mut self.encoder {
                encoder.set_activations(&self.activations);
            }
            return Ok(done);
        }
        let begin = Instant::now();
        let batch = self.batch_statistics(x)?;
        done.seconds_statistics = begin.elapsed().as_secs_f64();
        let begin = Instant::now();
        let accumulated = match self.online() {
            true => {
                let mut all = self
                    .statistics
                    .clone()
                    .map_or_else(|| Statistics::empty(&self.shape), Ok)?;
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
                true => data_term(&batch, &next)? - data_term(&batch, dictionary)?,
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
                let gone: f64 = replaced
                    .iter()
                    .map(|k| done.lambda[*k] * batch.l1[*k])
                    .sum();
                let zero = vec![0.0; self.shape.n_channels * without.volume()];
                replaced.iter().for_each(|k| place(&mut without, *k, &zero));
                let now = data_term(&batch, &without)?;
                let penalty: f64 = done.lambda.iter().zip(&batch.l1).map(|(l, n)| l * n).sum();
                done.objective_d = now + penalty - gone;
            }
        }
        if done.redrawn == 0
            && let Some((d, z, objective)) = self.recentre(x, &next, &done)?
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
        done.seconds_d = begin.elapsed().as_secs_f64();
        Ok(done)
    }

    /// Statistics of activations with what the encoder's window holds: the signals, or a residual.
    pub(super) fn gathered(
        &self,
        encoder: &Encoder<T>,
        own: &[Activation<T>],
        x: &Field<'_, T>,
    ) -> Result<Statistics> {
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
        add_model(&mut found, dictionary)?;
        Ok(found)
    }

    /// Collective: z for the dictionary as it is, of all signals of a step, to tol: how learning ends.
    pub fn encode(&mut self, x: &Field<'_, T>, report: Option<Report<'_>>) -> Result<Info> {
        let mut watch = self.watch(report);
        self.check_x(x)?;
        self.encode_within(x, &mut watch)
    }

    fn encode_within(&mut self, x: &Field<'_, T>, watch: &mut Watch<'_>) -> Result<Info> {
        let x = &self.batch(x);
        self.prepare(x, watch)?;
        let info = self.solve(x, watch)?;
        let Some(encoder) = &mut self.encoder else {
            return Err(Error::Internal("a step without an encoder".into()));
        };
        // The next solve depends on z alone, not on how it came about.
        encoder.set_activations(&self.activations);
        Ok(info)
    }

    /// Collective: Outer iterations until the objective changes by no more than `learn_tol`, or `learn_max_iter`
    /// of them are done (those before this call included), and z for the
    /// dictionary that was learned. `each` is called after every iteration and returns whether to
    /// go on, `report` now and then during steps of z. A limit of time or a cancelled step leaves a
    /// valid dictionary and z.
    pub fn run(
        &mut self,
        x: &Field<'_, T>,
        mut each: Option<&mut dyn FnMut(&Iteration) -> bool>,
        report: Option<Report<'_>>,
    ) -> Result<Outcome> {
        let mut watch = self.watch(report);
        self.check_x(x)?;
        let learn = self.options.learn.clone();
        let mut stop = Stop::MaxIter;
        let (mut z, mut statistics, mut d, mut redrawn) = (0.0, 0.0, 0.0, 0);
        let first = self.iteration;
        while self.iteration < learn.max_iter as u64 {
            let last = self.last;
            let done = self.step_within(x, &mut watch)?;
            z += done.seconds_z;
            statistics += done.seconds_statistics;
            d += done.seconds_d;
            redrawn += done.redrawn as u64;
            if matches!(done.stop, Stop::TimeLimit | Stop::Cancelled) {
                stop = done.stop;
                break;
            }
            let go_on = each.as_mut().is_none_or(|each| each(&done));
            if self.any(!go_on)? {
                stop = Stop::Cancelled;
                break;
            }
            // Where every batch is another there is no limit to approach.
            let change = last.map(|last| last - done.objective_d);
            if let Some(change) = change
                && !self.online()
                && done.redrawn == 0
                && !done.recentred
                && change.abs() <= learn.tol * done.objective_d.abs()
            {
                stop = Stop::Converged;
                break;
            }
            if self.any(watch.start.elapsed().as_secs_f64() >= watch.time_limit)? {
                stop = Stop::TimeLimit;
                break;
            }
        }
        let begin = Instant::now();
        let info = self.encode_within(x, &mut watch)?;
        z += begin.elapsed().as_secs_f64();
        if matches!(info.stop, Stop::TimeLimit | Stop::Cancelled) {
            stop = info.stop;
        }
        Ok(Outcome {
            stop,
            iterations: self.iteration - first,
            redrawn,
            info,
            seconds: watch.start.elapsed().as_secs_f64(),
            seconds_z: z,
            seconds_statistics: statistics,
            seconds_d: d,
        })
    }
}
