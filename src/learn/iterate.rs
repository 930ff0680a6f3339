//! The outer loop: z and D by turns (DiCoDiLe, algorithm 3).

use crate::base::error::{Error, Result};
use crate::clock::{self, Clock, Wish};
use crate::csc::encoder::Robust;
use crate::csc::{Info, Stop};
use crate::learn::iteration::{Iteration, Outcome, Report, seconds_of};
use crate::learn::learner::Learner;
use crate::learn::sort::{self, Sorted};
use crate::linalg::{Field, Real};
use crate::ranks::Reduce;
use std::time::Instant;

/// From what residual on samples are left out, and how many are.
fn told(robust: &Robust) -> (f64, u64) {
    (robust.threshold.unwrap_or(0.0), robust.n)
}

impl<T: Real> Learner<T> {
    /// Collective: One outer iteration: z, then D. `report` is called now and then and
    /// returns whether to go on; `time_limit` holds for this call. After an error the dictionary is
    /// as it was.
    pub fn step(&mut self, x: &Field<'_, T>, report: Option<Report<'_>>) -> Result<Iteration> {
        let clock = self.clock(report);
        clock.run(|| self.step_within(&clock, x))
    }

    /// Collective: the same by a clock that runs already.
    pub(crate) fn step_within(&mut self, clock: &Clock<'_>, x: &Field<'_, T>) -> Result<Iteration> {
        self.setup.check_x(x)?;
        Ok(self.iterate(clock, x)?.0)
    }

    /// Collective: draws the first dictionary, if there is none yet: what the first step begins with.
    pub fn prepare(&mut self, x: &Field<'_, T>, report: Option<Report<'_>>) -> Result<()> {
        let clock = self.clock(report);
        clock.run(|| self.prepare_within(&clock, x))
    }

    /// Collective: the same by a clock that runs already.
    pub(crate) fn prepare_within(&mut self, clock: &Clock<'_>, x: &Field<'_, T>) -> Result<()> {
        self.setup.check_x(x)?;
        if self.dictionary().is_some() {
            return Ok(());
        }
        let drawn = self.setup.drawn(x, self.memory.iteration)?;
        let x = &drawn.field();
        self.state.prepare(&self.setup, &mut self.memory, x, clock).map(drop)
    }

    fn clock<'r>(&self, report: Option<Report<'r>>) -> Clock<'r> {
        let (limit, interval) = (self.setup.options.time_limit, self.setup.options.progress_interval);
        Clock::new(Instant::now(), limit, interval, report, None, &self.setup.ranks)
    }

    /// One outer iteration. Where it ended with the step of z, what that found, too.
    fn iterate(&mut self, clock: &Clock<'_>, x: &Field<'_, T>) -> Result<(Iteration, Option<Info>)> {
        let before = clock.laps();
        let mut done = Iteration::none(self.memory.iteration, self.setup.shape.n_atoms);
        let last = match self.advance(clock, x, &mut done) {
            Err(Error::Stopped(stop)) => {
                done.stop = stop;
                (done.redrawn, done.recentred) = (0, false);
                done.objective_d = done.objective_z;
                // z and the dictionary are as they were after the step of z.
                self.state.settle(&self.memory);
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
        let (setup, memory) = (&self.setup, &mut self.memory);
        let drawn = setup.drawn(x, memory.iteration)?;
        let x = &drawn.field();
        let ready = self.state.prepare(setup, memory, x, clock)?;
        (done.threshold, done.left_out) = told(&ready.robust);
        let info = ready.solve(setup, memory, x, clock)?;
        let objective = info.certificate.objective;
        (done.objective_z, done.objective_d) = (objective, objective);
        (done.stop, done.lambda_max, done.steps) = (info.stop, info.lambda_max, info.steps);
        done.lambda.clone_from(&info.lambda);
        let mut counts = vec![0; setup.shape.n_atoms];
        memory.activations.iter().for_each(|a| counts[a.atom] += 1);
        let counts = setup.ranks.reduce(Reduce::Sum, &counts)?;
        done.nonzeros = counts.iter().map(|n| *n as u64).collect();
        if matches!(info.stop, Stop::TimeLimit | Stop::Cancelled) {
            self.state.settle(memory);
            return Ok(Some(info));
        }
        ready.step_dictionary(setup, memory, x, done)?;
        Ok(None)
    }

    /// Collective: z for the dictionary as it is, of all signals of a step, to tol: how learning ends.
    pub fn encode(&mut self, x: &Field<'_, T>, report: Option<Report<'_>>) -> Result<Info> {
        let clock = self.clock(report);
        clock.run(|| self.encode_within(&clock, x))
    }

    /// Collective: the same by a clock that runs already.
    pub(crate) fn encode_within(&mut self, clock: &Clock<'_>, x: &Field<'_, T>) -> Result<Info> {
        self.setup.check_x(x)?;
        let (setup, memory) = (&self.setup, &mut self.memory);
        let drawn = setup.drawn(x, memory.iteration)?;
        let x = &drawn.field();
        let info = match self.state.prepare(setup, memory, x, clock) {
            // There is nothing to be encoded with.
            Err(Error::Stopped(stop)) => Info { stop, ..Info::unknown(setup.shape.n_atoms) },
            ready => ready?.solve(setup, memory, x, clock)?,
        };
        self.state.settle(&self.memory);
        Ok(info)
    }

    /// Collective: brings atoms into the order of what they explain, ½‖r + z_k ∗ d_k‖² − ½‖r‖² with r = X − D∗z, the first one most,
    /// and makes the largest value of each positive, unless z has to be; z goes with them, as does all that is remembered of atoms.
    /// Fixed atoms stay where they are. Where each step brings other signals (`learn_online`, `learn_batch`), what counts is the
    /// statistics so far.
    pub fn sort_atoms(&mut self, x: &Field<'_, T>) -> Result<Sorted> {
        let clock = self.clock(None);
        clock.run(|| self.sort_within(x))
    }

    /// Collective: the same by a clock that runs already.
    pub(crate) fn sort_within(&mut self, x: &Field<'_, T>) -> Result<Sorted> {
        self.setup.ranks.agree(sort::fails_unless_alike(&self.setup))?;
        sort::sort(&self.setup, &mut self.state, &mut self.memory, x)
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
        self.setup.check_x(x)?;
        let learn = self.setup.options.learn.clone();
        let (mut stop, mut redrawn, mut last) = (Stop::MaxIter, 0, None);
        let before = clock.laps();
        let first = self.memory.iteration;
        self.memory.room = 0.0;
        while self.memory.iteration < learn.max_iter as u64 {
            let before = self.memory.last;
            // For z at the end, which is to be proven.
            clock.reserve(self.memory.room);
            let (done, found) = self.iterate(clock, x)?;
            redrawn += done.redrawn as u64;
            if matches!(done.stop, Stop::TimeLimit | Stop::Cancelled) {
                (stop, last) = (done.stop, found);
                break;
            }
            let go_on = clock::without_clock(|| each.as_mut().is_none_or(|each| each(&done)));
            let wish = match go_on {
                true => clock::wish(),
                false => Wish::Enough,
            };
            let wish = Wish::of_code(self.setup.ranks.reduce(Reduce::Max, &[wish.code()])?[0]);
            // Where every batch is another there is no limit to approach.
            let change = before.map(|before| before - done.objective_d);
            if wish < Wish::Enough
                && let Some(change) = change
                && !self.setup.online()
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
        // What was kept for that may prove what the last step has found, unless there is nothing left of it.
        let wish = self.setup.ranks.reduce(Reduce::Max, &[clock::wish().code()])?[0];
        let mut info = match last.filter(|info| info.proven || wish != Wish::GoOn.code()) {
            Some(info) => info,
            // There is nothing to be encoded with.
            None if self.dictionary().is_none() && stop != Stop::MaxIter => {
                Info { stop, ..Info::unknown(self.setup.shape.n_atoms) }
            }
            None => self.encode_within(clock, x)?,
        };
        if matches!(info.stop, Stop::TimeLimit | Stop::Cancelled) {
            stop = info.stop;
        }
        if learn.sort && self.dictionary().is_some() {
            match self.sort_within(x) {
                // There is no time left for that.
                Err(Error::Stopped(_)) => self.state.settle(&self.memory),
                sorted => {
                    let sorted = sorted?;
                    [&mut info.lambda, &mut info.tol_per_atom].into_iter().for_each(|list| sorted.places(list));
                }
            }
        }
        let laps = clock.laps().since(&before);
        let [seconds_z, seconds_statistics, seconds_d] = seconds_of(&laps);
        let (threshold, left_out) = self.state.robust().map_or((0.0, 0), told);
        Ok(Outcome {
            stop,
            threshold,
            left_out,
            iterations: self.memory.iteration - first,
            redrawn,
            info,
            seconds: laps.total(),
            seconds_z,
            seconds_statistics,
            seconds_d,
        })
    }
}
