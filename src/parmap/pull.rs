//! Tasks for threads that the caller brings: open, next, done, close.
//!
//! Each rank deals its own portion to its threads, because only its calling thread may use the
//! transport: that of block or cyclic schedules, block for the others. On one rank every schedule
//! is as in a map.

use crate::base::bytes::{Reader, Writer};
use crate::base::error::{Error, Result};
use crate::base::panic::{lock, unpoisoned};
use crate::base::random::Numbers;
use crate::base::wording::{by_language, nth};
use crate::parmap::call::{Call, Running};
use crate::parmap::handle::Map;
use crate::parmap::run::codes::Codes;
use crate::parmap::run::report::{Failure, Ledger, Outcome, Report};
use crate::parmap::run::schedule::{Chunk, Deal, Plan, Schedule};
use crate::parmap::tags::LEDGERS;
use std::collections::BTreeSet;
use std::sync::Mutex;

/// Tasks that are being pulled. Any thread may call its functions but `close`.
pub struct Pull<'m> {
    running: Running<'m>,
    n: u64,
    state: Mutex<State>,
}

struct State {
    plan: Plan,
    ledger: Ledger,
    /// What is left of the last chunk.
    chunk: Chunk,
    /// Tasks that were given out.
    open: BTreeSet<u64>,
}

impl<'m> Pull<'m> {
    /// Collective: begins to give out `n` tasks.
    pub fn open(map: &'m Map, n: u64) -> Result<Self> {
        let running = map.begin(Call { same: &[("n_tasks", n as i64)], ..Call::new("pull") })?;
        let (settings, size) = (&running.run.settings, map.ranks.size());
        let schedule = match (size, settings.schedule) {
            (1, schedule) => schedule,
            (_, Schedule::Cyclic) => Schedule::Cyclic,
            _ => Schedule::Block,
        };
        let plan = Plan::new(schedule, settings.chunk as u64, u64::MAX, n, size);
        Ok(Pull {
            n,
            state: Mutex::new(State {
                plan,
                ledger: Ledger::default(),
                chunk: Chunk { first: 0, count: 0 },
                open: BTreeSet::new(),
            }),
            running,
        })
    }

    /// The index of a task to do; none: there are no more.
    pub fn next(&self) -> Option<u64> {
        let run = &self.running.run;
        let state = &mut *lock(&self.state);
        if run.control.stopped() {
            return None;
        }
        if state.chunk.count == 0
            && let Deal::Chunk(chunk) = state.plan.deal(run.ranks.rank(), 0)
        {
            state.chunk = chunk;
        }
        let index = state.chunk.first;
        if state.chunk.count == 0 || index > run.control.limit() {
            return None;
        }
        state.chunk.first += 1;
        state.chunk.count -= 1;
        state.open.insert(index);
        Some(index)
    }

    /// A task is done: 0, or its own positive code and why.
    pub fn done(&self, index: u64, code: i32, message: &str) -> Result<()> {
        let run = &self.running.run;
        let state = &mut *lock(&self.state);
        if !state.open.contains(&index) {
            let next = by_language("parmap_next", "%next", "next_task");
            let allowed = format!("a task that {next} gave and that is not done yet");
            return Err(Error::argument("index", nth(index), allowed));
        }
        if code < 0 {
            return Err(Error::argument("code", code, "0 or positive"));
        }
        state.open.remove(&index);
        if code != 0 && self.cancelled(index) {
            return Ok(());
        }
        state.ledger.enter(index, 1, &Codes::alike(index, 1, code));
        if code != 0 {
            state.ledger.fail(Failure { index, code, message: message.into(), rank: run.ranks.rank(), worker: 0 });
            if run.settings.cancels() {
                run.control.cut(index);
            }
        }
        Ok(())
    }

    /// Should a task end early, because its result won't count?
    pub fn cancelled(&self, index: u64) -> bool {
        let control = &self.running.run.control;
        control.stopped() || index > control.limit()
    }

    /// A random number that depends on the seed and the index alone.
    pub fn key(&self, index: u64) -> u64 {
        Numbers::of_index(self.running.run.settings.seed as u64, index).any()
    }

    /// Collective: fails on every rank if it failed on one. To be called before `close`.
    #[track_caller]
    pub fn agree<R>(&self, result: Result<R>) -> Result<R> {
        self.running.run.ranks.agree(result)
    }

    /// Collective: ends it; what was not done is unfinished.
    pub fn close(self) -> Result<Report> {
        let run = &self.running.run;
        let state = unpoisoned(self.state.into_inner());
        let mut ledger = state.ledger;
        let mut to = Writer::default();
        let mut merged = Ok(());
        if run.is_root() {
            for rank in 1..run.ranks.size() {
                let reason =
                    run.ranks.wait(Some(rank), LEDGERS).and_then(|from| ledger.merge(&mut Reader(&from.bytes)));
                merged = merged.and(reason.map(|reason| run.control.stop(reason)));
            }
        } else {
            ledger.write(&mut to, run.control.reason());
            run.ranks.send(0, LEDGERS, std::mem::take(&mut to.0))?;
            ledger = Ledger::default();
        }
        run.ranks.agree(merged)?;
        if run.is_root() {
            let seconds = run.start.elapsed().as_secs_f64();
            let stopped = match ledger.done == self.n {
                true => None,
                false => run.control.outcome().or(match ledger.lowest() {
                    Some(failure) if ledger.complete_below(failure.index) => None,
                    _ => Some(Outcome::Cancelled),
                }),
            };
            let cancels = run.settings.cancels();
            ledger.report(Some(self.n), self.n, stopped, cancels, seconds).write(&mut to);
        }
        run.ranks.spread(0, &mut to.0)?;
        Report::read(&mut Reader(&to.0))
    }
}
