//! The asynchronous solver (DICOD, section 3; DiCoDiLe, section 4): every rank makes greedy steps in
//! its tiles and tells the others without waiting for them.
//!
//! A rank also keeps *shadows*: states of the other ranks' tiles next to its own. With the soft lock a
//! step near the border is refused while a shadow within its reach has a larger one, which is left to
//! its owner: two ranks don't both correct the same thing. Ties go to the tile with the lower number,
//! and sizes are compared with a margin, so that rounding cannot lock both; what is within the
//! tolerance locks nobody; if the best step of a tile is locked the next best is taken.
//!
//! What a rank knows of others may be late, and the result depends on when messages arrive: it is an
//! optimum within the tolerance, which the certificate proves from a fresh correlation, but not the
//! same bits every time. It ends when twice in a row all ranks are idle and as many messages have
//! arrived as were sent.

mod setting;
mod solver;

pub(crate) use setting::Setting;

use crate::base::error::{Error, Result};
use crate::base::stop::Stop;
use crate::clock::{self, Progress, Wish};
use crate::csc::descent::control::{Control, note};
use crate::csc::descent::tile::Step;
use crate::linalg::Real;
use crate::options::solve::{SoftLock, Strategy};
use crate::ranks::{Reduce, Ticket, wait_for};
use solver::Solver;
use std::ops::ControlFlow;
use std::time::Instant;

/// How far above F(0) a single λ|z| may rise before the descent is none.
const DIVERGED: f64 = 4.0;

/// Collective: descends until all ranks are idle.
pub(crate) fn descend<T: Real>(setting: Setting<'_, T>, control: &mut Control<'_, '_>) -> Result<Stop> {
    let bound = DIVERGED * setting.objective / setting.least_lambda;
    let locks = setting.lock != SoftLock::None;
    let mut solver = Solver::new(setting);
    if locks {
        solver.cast_shadows()?;
    }
    let base = control.progress;
    let wish = control.check(base.steps);
    let mut descent = Descent {
        solver,
        control,
        base,
        bound,
        steps: 0,
        visits: 0,
        wish,
        failure: None,
        idle: false,
        made: Vec::new(),
        tickets: None,
        sums: None,
        before: None,
    };
    let end = descent.run()?;
    descent.drain()?;
    let ranks = &*descent.solver.halo.ranks;
    ranks.agree(match (descent.failure, end) {
        (Some(error), _) => Err(error),
        (None, Wish::Diverged) => Err(Error::InvalidState(
            "the asynchronous solver diverged: set option \"soft_lock\" to \"border\", or \
             \"schedule\" to \"coloured\""
                .into(),
        )),
        (None, Wish::GoOn) => Ok(Stop::Converged),
        (None, wish) => Ok(wish.stop()),
    })
}

/// A running descent, as one rank sees it.
struct Descent<'s, 'd, 'c, 'r, T: Real> {
    solver: Solver<'s, T>,
    control: &'d mut Control<'c, 'r>,
    /// What there was before.
    base: Progress,
    /// Largest weighted |z| that can be.
    bound: f64,
    /// Of this rank.
    steps: i64,
    visits: i64,
    wish: Wish,
    /// What the other ranks have still to be told of.
    failure: Option<Error>,
    /// The last pass made no step, and nothing has been heard since.
    idle: bool,
    made: Vec<Step<T>>,
    /// What all ranks have to know, on its way.
    tickets: Option<(Ticket, Ticket)>,
    /// The first half of it, once that is known.
    sums: Option<Vec<i64>>,
    /// The same the last time.
    before: Option<Vec<i64>>,
}

impl<T: Real> Descent<'_, '_, '_, '_, T> {
    /// What all ranks wish at the end: to go on if they have come to rest.
    fn run(&mut self) -> Result<Wish> {
        loop {
            if self.solver.listen()? {
                self.idle = false;
            }
            if !self.idle && self.wish == Wish::GoOn && self.failure.is_none() {
                self.pass()?;
            }
            if self.tickets.is_none() {
                self.begin_sums()?;
            }
            if let Some(wanted) = self.answer()?
                && let Some(end) = self.judge(wanted)
            {
                return Ok(end);
            }
        }
    }

    /// A pass over the tiles.
    fn pass(&mut self) -> Result<()> {
        let tiles = self.solver.setting.tiles;
        let mark = tiles.mark();
        self.idle = true;
        for turn in 0..tiles.len() {
            if clock::over() || self.turn(turn)?.is_break() {
                break;
            }
        }
        self.solver.send_parcels(1)?;
        tiles.end_phase(self.control.progress.sweeps, None, mark);
        self.control.progress.sweeps += 1;
        if self.wish == Wish::GoOn {
            self.look();
        }
        Ok(())
    }

    /// Looks whether anybody here wants to stop.
    fn look(&mut self) {
        self.wish = self.control.wish();
        self.failure = self.failure.take().or(self.control.clock.take_failure());
    }

    /// The tile whose turn it is.
    fn next(&self, turn: usize) -> usize {
        let (tiles, plan) = (self.solver.setting.tiles, self.solver.setting.plan);
        match plan.strategy {
            Strategy::Greedy => {
                let largest = |a: &usize, b: &usize| {
                    let (a, b) = (tiles.tile(*a).bound(plan), tiles.tile(*b).bound(plan));
                    a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal)
                };
                (0..tiles.len()).max_by(largest).unwrap_or(turn)
            }
            _ => turn,
        }
    }

    /// Visits a tile if there is anything to do, and hears of others. Tells whether the pass goes on.
    fn turn(&mut self, turn: usize) -> Result<ControlFlow<()>> {
        let (tiles, plan) = (self.solver.setting.tiles, self.solver.setting.plan);
        let index = self.next(turn);
        let tol;
        {
            let state = tiles.tile(index);
            tol = self.solver.setting.tol[state.tile.signal];
            if state.bound(plan) <= tol {
                return Ok(ControlFlow::Continue(()));
            }
        }
        let begin = Instant::now();
        let visit = match self.solver.visit(index, &mut self.made) {
            Ok(visit) => visit,
            Err(error) => {
                note(&mut self.failure, Err(error))?;
                return Ok(ControlFlow::Break(()));
            }
        };
        if let Some(trace) = &tiles.trace {
            let awake = visit.bound > tol;
            trace.visited(tiles.numbers()[index], visit.steps, awake, begin);
        }
        self.visits += 1;
        self.steps += visit.steps as i64;
        self.idle &= visit.steps == 0;
        let z = visit.largest_z.wide();
        if z > self.bound || !z.is_finite() {
            self.wish = Wish::Diverged;
            return Ok(ControlFlow::Break(()));
        }
        if self.solver.listen()? {
            self.idle = false;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Whether there is nothing more to do here.
    fn is_quiet(&self) -> bool {
        self.idle || self.wish != Wish::GoOn || self.failure.is_some()
    }

    /// Begins to combine what all ranks have to know, again and again.
    fn begin_sums(&mut self) -> Result<()> {
        if self.idle && self.wish == Wish::GoOn {
            self.look();
        }
        let Solver { sent, received, .. } = self.solver;
        let sums = [i64::from(!self.is_quiet()), sent, received, self.steps, self.visits];
        let wish = if self.failure.is_some() { Wish::Failed } else { self.wish };
        let ranks = &*self.solver.halo.ranks;
        let tickets = (ranks.start_reduce(Reduce::Sum, &sums)?, ranks.start_reduce(Reduce::Max, &[wish.code()])?);
        self.tickets = Some(tickets);
        Ok(())
    }

    /// What the ranks wish, if that is known; who is quiet waits for it, or for news of others.
    fn answer(&mut self) -> Result<Option<Wish>> {
        let quiet = self.is_quiet();
        let Some((first, second)) = &self.tickets else {
            return Ok(None);
        };
        let (solver, sums) = (&mut self.solver, &mut self.sums);
        let halo = solver.halo;
        let mut ask = || -> Result<Option<i64>> {
            if sums.is_none() {
                *sums = halo.ranks.reduced(first)?;
            }
            if sums.is_some()
                && let Some(most) = halo.ranks.reduced(second)?
            {
                return Ok(Some(most[0]));
            }
            Ok(None)
        };
        let answer = if quiet {
            // Nothing to do but to hear of others.
            halo.waiting(|| {
                wait_for(|| match ask()? {
                    Some(answer) => Ok(Some(Some(answer))),
                    None => Ok(solver.listen()?.then_some(None)),
                })
            })?
        } else {
            ask()?
        };
        self.idle &= answer.is_some();
        Ok(answer.map(Wish::of_code))
    }

    /// Whether that is the end: if ranks wish to stop, or if twice in a row all were quiet and as many messages had arrived
    /// as were sent, the same number both times. Once would not do: ranks are counted one after the other, and what was
    /// quiet when it was counted may have heard of a step since.
    fn judge(&mut self, wanted: Wish) -> Option<Wish> {
        self.tickets = None;
        let sums = self.sums.take().unwrap_or_default();
        let progress = &mut self.control.progress;
        progress.steps = self.base.steps + sums[3] as u64;
        progress.visits = self.base.visits + sums[4] as u64;
        progress.awake = sums[0] as u64;
        if wanted != Wish::GoOn {
            self.control.clock.hear(wanted);
            return Some(wanted);
        }
        let settled = |sums: &[i64]| sums[0] == 0 && sums[1] == sums[2];
        if settled(&sums) && self.before.as_ref().is_some_and(|b| settled(b) && b[1] == sums[1]) {
            return Some(Wish::GoOn);
        }
        self.before = Some(sums);
        if self.control.progress.steps >= self.control.max_iter && self.wish == Wish::GoOn {
            self.wish = Wish::MaxIter;
        }
        None
    }

    /// Collective: takes in what is left on its way, that none of it comes to the next solve.
    fn drain(&mut self) -> Result<()> {
        self.solver.send_parcels(1)?;
        loop {
            self.solver.listen()?;
            let counts = [self.solver.sent, self.solver.received];
            let sums = self.solver.halo.ranks.reduce(Reduce::Sum, &counts)?;
            if sums[0] == sums[1] {
                return Ok(());
            }
        }
    }
}
