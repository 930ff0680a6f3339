//! Hands out units of work and collects the replies: alone, over threads, over ranks, or both.
//!
//! Rank 0 leads, the others follow. Only the calling thread of a rank uses the transport. With one
//! thread the calling thread also does the work; with more it only hands on, unless there is one
//! rank and the source may be asked by any thread.

pub(crate) mod budget;
pub(crate) mod desk;
pub(crate) mod pool;
pub(crate) mod progress;
pub mod report;
pub mod schedule;
pub mod task;
pub(crate) mod unit;

use crate::base::bytes::{Reader, Writer};
use crate::base::error::{Error, Result};
use crate::base::panic::{caught, lock};
use crate::host::threads::Crew;
use crate::options::map::Settings;
use crate::parmap::run::desk::{Desk, Pass, drive};
use crate::parmap::run::pool::Pool;
use crate::parmap::run::progress::Watch;
use crate::parmap::run::report::Report;
use crate::parmap::run::task::{Control, Place, Ran, Worker};
use crate::parmap::run::unit::{END, Reply, UNIT, Unit};
use crate::ranks::{Bytes, Tag, Transport};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Units, and the end of a run: from the root.
pub(super) const UNITS: Tag = Tag::MAP;
/// Replies to the root.
pub(super) const REPLIES: Tag = Tag(Tag::MAP.0 + 1);
/// What is to be stopped: from the root.
pub(super) const SIGNALS: Tag = Tag(Tag::MAP.0 + 2);

/// A busy rank looks for news of the root that often; in the model check it always looks, and may
/// find nothing.
const POLL: Duration = Duration::from_micros(if cfg!(test) { 0 } else { 100 });

/// The answer of a source that was asked for work.
pub(crate) enum Next {
    Unit(Unit),
    /// Nothing now; ask again when something has come back.
    Wait,
    /// Nothing more for this worker.
    End,
}

/// Where units come from and replies go, on the root.
pub(crate) trait Source {
    /// A unit for a worker; `ahead`: it still has one to do; `remote`: it needs the inputs.
    fn next(&mut self, slot: usize, ahead: bool, remote: bool) -> Result<Next>;

    /// A unit has come back.
    fn done(&mut self, reply: Reply, control: &Control) -> Result<()>;

    /// Tasks that have come back, all tasks if known, failed tasks.
    fn count(&self) -> (u64, Option<u64>, u64);
}

/// Does units.
pub(crate) trait Work: Sync {
    /// What ran, and results that have to travel.
    fn run(&self, unit: &Unit, place: &Place) -> Result<(Ran, Vec<u8>)>;
}

/// One run, on one rank.
pub(crate) struct Run {
    pub(crate) ranks: Arc<dyn Transport>,
    pub(crate) epoch: u64,
    pub(crate) n_threads: usize,
    /// Bytes of a thread's stack.
    pub(crate) stack: usize,
    pub(crate) settings: Settings,
    pub(crate) control: Control,
    /// Threads that work, rank by rank.
    pub(crate) workers: Vec<Worker>,
    /// The ranks that work on the same tasks as this one.
    pub(crate) team: Option<Arc<dyn Transport>>,
    pub(crate) shared: Option<Arc<Bytes>>,
    pub(crate) start: Instant,
    /// Cores for a map inside a task.
    pub(crate) budget: usize,
}

impl Run {
    pub(crate) fn is_root(&self) -> bool {
        self.ranks.rank() == 0
    }

    /// Does this rank get units from the root?
    pub(super) fn gets_units(&self) -> bool {
        let me = self.ranks.rank();
        self.workers.iter().any(|worker| worker.rank == me)
    }

    fn place<'p>(&'p self, thread: usize, poll: Option<&'p dyn Fn()>) -> Place<'p> {
        Place {
            worker: Worker { rank: self.ranks.rank(), thread },
            control: &self.control,
            poll,
            thread: std::thread::current().id(),
            team: self.team.as_ref(),
            shared: self.shared.as_ref().map_or(&[], |shared| (**shared).as_ref()),
            seed: self.settings.seed as u64,
            retries: self.settings.retries as u64,
            cancels: self.settings.cancels(),
        }
    }

    /// Does a unit, with the team if there is one, and says how it went.
    pub(crate) fn execute(&self, work: &dyn Work, unit: Unit, thread: usize, poll: Option<&dyn Fn()>) -> Result<Reply> {
        let (first, count, slot) = (unit.first, unit.count, unit.slot);
        let mut unit = unit;
        if let Some(team) = &self.team {
            let mut bytes = unit.encode(self.epoch);
            team.broadcast(0, &mut bytes)?;
            unit = Unit::decode(bytes)?;
        }
        let start = Instant::now();
        let place = self.place(thread, poll);
        let (ran, bytes) = crate::parmap::run::budget::with(self.budget, || work.run(&unit, &place))?;
        Ok(Reply {
            first,
            count,
            slot,
            worker: place.worker,
            seconds: start.elapsed().as_secs_f64(),
            ran,
            stopped: self.control.reason(),
            bytes,
        })
    }

    /// As [`Run::execute`], for a thread of a pool: nothing may be lost.
    fn execute_in_pool(&self, work: &dyn Work, unit: Unit, thread: usize) -> Result<Reply> {
        caught(|| self.execute(work, unit, thread, None)).unwrap_or_else(|text| Err(Error::Internal(text)))
    }

    /// Leads a run on the root until all units that were handed out are back.
    pub(crate) fn lead(&self, work: &dyn Work, source: &mut dyn Source, watch: &mut Watch) -> Result<()> {
        if self.ranks.size() == 1 && self.n_threads == 1 {
            return self.alone(work, source, watch);
        }
        let pool = Pool::default();
        let own = self.gets_units() && self.n_threads > 1;
        pool.scope(
            if own { self.n_threads } else { 0 },
            self.stack,
            |unit, thread| self.execute_in_pool(work, unit, thread),
            |pool| Desk::new(self, own.then_some(pool)).serve(work, source, watch),
        )
    }

    /// As [`Run::lead`]; the threads of a single rank ask the source themselves.
    pub(crate) fn lead_anywhere<S: Source + Send>(
        &self,
        work: &dyn Work,
        source: &mut S,
        watch: &mut Watch,
    ) -> Result<()> {
        match self.ranks.size() == 1 && self.n_threads > 1 {
            true => self.together(work, source, watch),
            false => self.lead(work, source, watch),
        }
    }

    pub(super) fn tick(&self, watch: &mut Watch, count: impl FnOnce() -> (u64, Option<u64>, u64)) {
        if !watch.due() {
            return;
        }
        let count = count();
        // The last call comes at the end of the run.
        if Some(count.0) != count.1 && !watch.tell(count) {
            self.control.stop(crate::parmap::run::task::CANCELLED);
        }
    }

    /// One rank, one thread.
    fn alone(&self, work: &dyn Work, source: &mut dyn Source, watch: &mut Watch) -> Result<()> {
        while !self.control.stopped() {
            match source.next(0, false, false)? {
                Next::Unit(unit) => {
                    let reply = self.execute(work, unit, 0, None)?;
                    source.done(reply, &self.control)?;
                }
                // With nothing in flight the source says what it is.
                Next::Wait => std::thread::yield_now(),
                Next::End => break,
            }
            self.tick(watch, || source.count());
        }
        Ok(())
    }

    /// One rank, several threads that help themselves; the calling one is the first.
    fn together<S: Source + Send>(&self, work: &dyn Work, source: &mut S, watch: &mut Watch) -> Result<()> {
        let source = Mutex::new(source);
        let failure = Mutex::new(None);
        let help = |thread: usize, slot: usize, watch: Option<&mut Watch>| {
            let result = self.help(work, &source, thread, slot, watch);
            if let Err(error) = result {
                self.control.stop(crate::parmap::run::task::CANCELLED);
                lock(&failure).get_or_insert(error);
            }
        };
        let crew = Crew::new();
        std::thread::scope(|scope| {
            let help = &help;
            let start = |thread: usize| crew.start(scope, Some(self.stack), move || help(thread, thread, None));
            let others: Vec<_> = (1..self.n_threads).map_while(|thread| start(thread).ok()).collect();
            help(0, 0, Some(watch));
            // What was meant for threads that could not be started.
            for slot in others.len() + 1..self.n_threads {
                help(0, slot, Some(watch));
            }
        });
        let failure = lock(&failure).take();
        failure.map_or(Ok(()), Err)
    }

    fn help<S: Source + Send>(
        &self,
        work: &dyn Work,
        source: &Mutex<&mut S>,
        thread: usize,
        slot: usize,
        mut watch: Option<&mut Watch>,
    ) -> Result<()> {
        let mut last: Option<Reply> = None;
        loop {
            let unit = {
                let mut source = lock(source);
                if let Some(reply) = last.take() {
                    source.done(reply, &self.control)?;
                }
                if self.control.stopped() {
                    return Ok(());
                }
                match source.next(slot, false, false)? {
                    Next::Unit(unit) => unit,
                    _ => return Ok(()),
                }
            };
            last = Some(self.execute_in_pool(work, unit, thread)?);
            if let Some(watch) = &mut watch {
                self.tick(watch, || lock(source).count());
            }
        }
    }

    /// Ends a run on the root: every other rank gets the bytes, or the error.
    pub(crate) fn end(&self, outcome: &Result<Vec<u8>>) -> Result<()> {
        let mut to = Writer::default();
        match outcome {
            Ok(bytes) => {
                to.u8(0);
                to.bytes(bytes);
            }
            Err(error) => {
                to.u8(1);
                to.i32(error.status());
                to.bytes(error.marked().as_bytes());
            }
        }
        to.u64(self.epoch);
        to.u8(END);
        let mut result = Ok(());
        for rank in 1..self.ranks.size() {
            // One that cannot be reached must not keep the others waiting.
            result = result.and(self.ranks.send(rank, UNITS, to.0.clone()));
        }
        if let (Some(team), true) = (&self.team, self.gets_units()) {
            result = result.and(team.broadcast(0, &mut vec![END]));
        }
        result
    }

    /// Ends a run on the root: tells of the progress for the last time, and all ranks of the report.
    pub(crate) fn conclude(&self, report: Result<Report>, watch: &mut Watch) -> Result<Report> {
        let bytes = match &report {
            Ok(report) => {
                watch.tell((report.done, report.total, report.failed));
                let mut to = Writer::default();
                report.write(&mut to);
                Ok(to.0)
            }
            Err(error) => Err(error.clone()),
        };
        self.end(&bytes)?;
        report
    }

    /// Works for the root until it ends the run: what it says.
    pub(crate) fn follow(&self, work: &dyn Work) -> Result<Vec<u8>> {
        if !self.gets_units() {
            return self.follow_team(work);
        }
        let pool = Pool::default();
        let own = self.n_threads > 1;
        let end = pool.scope(
            if own { self.n_threads } else { 0 },
            self.stack,
            |unit, thread| self.execute_in_pool(work, unit, thread),
            |pool| self.follow_root(work, own.then_some(pool)),
        );
        if let Some(team) = &self.team {
            team.broadcast(0, &mut vec![END])?;
        }
        read_end(&end?)
    }

    fn follow_root(&self, work: &dyn Work, pool: Option<&Pool>) -> Result<Vec<u8>> {
        let poll = || self.poll();
        let send = |reply: Reply| self.ranks.send(0, REPLIES, reply.encode(self.epoch));
        let mut own = VecDeque::new();
        let mut told = false;
        let mut polled = Instant::now();
        drive(|| {
            let mut pass = Pass::Idle;
            // Asking for messages costs as much as a short task: with one at hand, do that first.
            let at_hand = pool.is_none() && !own.is_empty();
            if !at_hand || polled.elapsed() >= POLL {
                while let Some(message) = self.ranks.receive(Some(0), UNITS)? {
                    pass = Pass::Moved;
                    if message.bytes.last() == Some(&END) {
                        return Ok(Pass::End(message.bytes));
                    }
                    let unit = Unit::decode(message.bytes)?;
                    let Some(pool) = pool else {
                        own.push_back(unit);
                        break;
                    };
                    pool.push(unit);
                }
            }
            if matches!(pass, Pass::Idle) || polled.elapsed() >= POLL {
                polled = Instant::now();
                self.poll();
            }
            if self.control.stopped() && !told {
                told = true;
                send(Reply { slot: usize::MAX, stopped: self.control.reason(), ..Reply::default() })?;
            }
            for reply in pool.map_or(Vec::new(), |pool| pool.replies()) {
                pass = Pass::Moved;
                send(reply?)?;
            }
            if let Some(unit) = own.pop_front() {
                pass = Pass::Moved;
                send(self.execute(work, unit, 0, Some(&poll))?)?;
            }
            Ok(pass)
        })
    }

    /// Ranks that help another one, or have nothing to do.
    fn follow_team(&self, work: &dyn Work) -> Result<Vec<u8>> {
        let poll = || self.poll();
        if let Some(team) = &self.team {
            loop {
                let mut bytes = Vec::new();
                team.broadcast(0, &mut bytes)?;
                if bytes.last() != Some(&UNIT) {
                    break;
                }
                let place = self.place(0, Some(&poll));
                let unit = Unit::decode(bytes)?;
                crate::parmap::run::budget::with(self.budget, || work.run(&unit, &place))?;
            }
        }
        read_end(&self.ranks.wait(Some(0), UNITS)?.bytes)
    }

    /// Looks for what the root wants to be stopped.
    fn poll(&self) {
        while let Ok(Some(message)) = self.ranks.receive(Some(0), SIGNALS) {
            let mut from = Reader(&message.bytes);
            let (Ok(epoch), Ok(limit), Ok(reason)) = (from.u64(), from.u64(), from.u8()) else {
                return;
            };
            if epoch == self.epoch {
                self.control.cut(limit);
                self.control.stop(reason);
            }
        }
    }
}

fn read_end(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut from = Reader(bytes);
    if from.u8()? == 0 {
        return Ok(from.bytes()?.to_vec());
    }
    Err(Error::OnRank { rank: 0, status: from.i32()?, message: from.text()? })
}
