//! Hands out units of work and collects the replies: alone, over threads, over ranks, or both.
//!
//! Rank 0 leads, the others follow. Only the calling thread of a rank uses the transport. With one
//! thread the calling thread also does the work; with more it only hands on, unless there is one
//! rank and the source may be asked by any thread.

use super::pool::Pool;
use super::report::{Failure, Report};
use super::schedule::Chunk;
use super::settings::Settings;
use super::task::{Control, Place, Ran, Worker, caught};
use super::wire::{Reader, Writer};
use crate::error::{Error, Result};
use crate::transport::{Tag, Transport, wait_for};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Units, and the end of a run: from the root.
const UNITS: Tag = Tag::MAP;
/// Replies to the root.
const REPLIES: Tag = Tag(Tag::MAP.0 + 1);
/// What is to be stopped: from the root.
const SIGNALS: Tag = Tag(Tag::MAP.0 + 2);

/// Units that a worker has at most: one more than it works on hides the way there and back.
const IN_FLIGHT: usize = 2;

/// A producer that waits is asked again after this time even if nothing has come back.
const ASK_AGAIN: Duration = Duration::from_millis(1);

/// Work that is handed over at once.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Unit {
    pub(crate) first: u64,
    pub(crate) count: u64,
    /// The worker that it is for, in the order of [`Run::workers`].
    pub(crate) slot: usize,
    /// Only this thread may do it.
    pub(crate) thread: Option<usize>,
    /// The inputs, unless the worker is where they are.
    pub(crate) bytes: Option<Vec<u8>>,
}

impl Unit {
    pub(crate) fn chunk(&self) -> Chunk {
        Chunk {
            first: self.first,
            count: self.count,
        }
    }

    /// The numbers go behind the payload, which then need not be copied.
    fn encode(mut self, epoch: u64) -> Vec<u8> {
        let bytes = self.bytes.take().unwrap_or_default();
        let mut to = Writer(bytes);
        to.u64(self.first);
        to.u64(self.count);
        to.u64(self.slot as u64);
        to.i64(self.thread.map_or(-1, |thread| thread as i64));
        to.u64(epoch);
        to.u8(UNIT);
        to.0
    }

    fn decode(mut bytes: Vec<u8>) -> Result<Self> {
        let tail = bytes.split_off(bytes.len().saturating_sub(UNIT_TAIL));
        let mut from = Reader(&tail);
        Ok(Unit {
            first: from.u64()?,
            count: from.u64()?,
            slot: from.u64()? as usize,
            thread: usize::try_from(from.i64()?).ok(),
            bytes: Some(bytes),
        })
    }
}

/// Last byte of a message of the root: what it is.
const UNIT: u8 = 1;
const END: u8 = 2;
const UNIT_TAIL: usize = 41;

/// What comes back.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reply {
    pub(crate) first: u64,
    pub(crate) count: u64,
    pub(crate) slot: usize,
    pub(crate) worker: Worker,
    pub(crate) seconds: f64,
    pub(crate) ran: Ran,
    /// Why the worker's rank has stopped, if it has.
    pub(crate) stopped: u8,
    /// The results, unless they are where they belong.
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    fn encode(self, epoch: u64) -> Vec<u8> {
        let start = self.bytes.len() as u64;
        let mut to = Writer(self.bytes);
        to.u64(self.first);
        to.u64(self.count);
        to.u64(self.slot as u64);
        to.u64(self.worker.rank as u64);
        to.u64(self.worker.thread as u64);
        to.f64(self.seconds);
        to.u8(self.stopped);
        to.u64(self.ran.codes.len() as u64);
        for code in self.ran.codes {
            to.i32(code);
        }
        to.u8(self.ran.failure.is_some() as u8);
        if let Some(failure) = self.ran.failure {
            to.u64(failure.index);
            to.i32(failure.code);
            to.u64(failure.rank as u64);
            to.u64(failure.worker as u64);
            to.bytes(failure.message.as_bytes());
        }
        to.u64(start);
        to.u64(epoch);
        to.0
    }

    /// None: of another run.
    fn decode(mut bytes: Vec<u8>, epoch: u64) -> Result<Option<Self>> {
        let tail = bytes.split_off(bytes.len().saturating_sub(16));
        let mut from = Reader(&tail);
        let start = from.u64()?;
        if from.u64()? != epoch {
            return Ok(None);
        }
        let tail = bytes.split_off(bytes.len().min(start as usize));
        let mut from = Reader(&tail);
        let mut reply = Reply {
            first: from.u64()?,
            count: from.u64()?,
            slot: from.u64()? as usize,
            worker: Worker {
                rank: from.u64()? as usize,
                thread: from.u64()? as usize,
            },
            seconds: from.f64()?,
            stopped: from.u8()?,
            ran: Ran::default(),
            bytes,
        };
        for _ in 0..from.u64()? {
            reply.ran.codes.push(from.i32()?);
        }
        if from.u8()? != 0 {
            reply.ran.failure = Some(Failure {
                index: from.u64()?,
                code: from.i32()?,
                rank: from.u64()? as usize,
                worker: from.u64()? as usize,
                message: from.text()?,
            });
        }
        Ok(Some(reply))
    }
}

/// The answer of a source that was asked for work.
pub(crate) enum Next {
    Unit(Unit),
    /// Nothing now; ask again when something has come back.
    Wait,
    /// Nothing more for this worker.
    End,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Tasks that have come back.
    pub done: u64,
    /// Number of tasks, if it is known.
    pub total: Option<u64>,
    /// Tasks that failed.
    pub failed: u64,
    /// Seconds since the run began.
    pub elapsed: f64,
    /// Seconds that it will probably still take, if that can be said.
    pub eta: Option<f64>,
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

/// Who is told of the progress; false: stop.
pub(crate) type Watcher<'w> = dyn FnMut(&Progress) -> bool + 'w;

/// Tells of the progress now and then.
pub(crate) struct Watch<'w> {
    call: Option<Box<Watcher<'w>>>,
    interval: Duration,
    start: Instant,
    next: Instant,
}

impl<'w> Watch<'w> {
    pub(crate) fn new(call: Option<&'w mut Watcher>, interval: f64) -> Self {
        let boxed = |call: &'w mut Watcher| -> Box<Watcher<'w>> { Box::new(|p| call(p)) };
        let call = call.map(boxed);
        let start = Instant::now();
        let interval = Duration::try_from_secs_f64(interval).unwrap_or(Duration::MAX);
        Watch {
            call,
            interval,
            start,
            next: start.checked_add(interval).unwrap_or(start),
        }
    }

    fn due(&self) -> bool {
        self.call.is_some() && Instant::now() >= self.next && self.interval != Duration::MAX
    }

    /// Calls it, whether it is time or not.
    pub(crate) fn tell(&mut self, (done, total, failed): (u64, Option<u64>, u64)) -> bool {
        let Some(call) = &mut self.call else {
            return true;
        };
        let elapsed = self.start.elapsed().as_secs_f64();
        let left = total.map(|total| total.saturating_sub(done));
        let eta = |left: u64| elapsed * left as f64 / done as f64;
        let progress = Progress {
            done,
            total,
            failed,
            elapsed,
            eta: left.filter(|_| done > 0).map(eta),
        };
        let go_on = call(&progress);
        let now = Instant::now();
        self.next = now.checked_add(self.interval).unwrap_or(now);
        go_on
    }
}

/// One run, on one rank.
pub(crate) struct Run {
    pub(crate) ranks: Arc<dyn Transport>,
    pub(crate) epoch: u64,
    pub(crate) n_threads: usize,
    pub(crate) settings: Settings,
    pub(crate) control: Control,
    /// Threads that work, rank by rank.
    pub(crate) workers: Vec<Worker>,
    /// The ranks that work on the same tasks as this one.
    pub(crate) team: Option<Arc<dyn Transport>>,
    pub(crate) shared: Arc<[u8]>,
    pub(crate) start: Instant,
    /// Cores for a map inside a task.
    pub(crate) budget: usize,
}

impl Run {
    pub(crate) fn is_root(&self) -> bool {
        self.ranks.rank() == 0
    }

    /// Does this rank get units from the root?
    fn gets_units(&self) -> bool {
        let me = self.ranks.rank();
        self.workers.iter().any(|worker| worker.rank == me)
    }

    fn place<'p>(&'p self, thread: usize, poll: Option<&'p dyn Fn()>) -> Place<'p> {
        Place {
            worker: Worker {
                rank: self.ranks.rank(),
                thread,
            },
            control: &self.control,
            poll,
            thread: std::thread::current().id(),
            team: self.team.as_ref(),
            shared: &self.shared,
            seed: self.settings.seed as u64,
            retries: self.settings.retries as u64,
            cancels: self.settings.cancels(),
        }
    }

    /// Does a unit, with the team if there is one, and says how it went.
    pub(crate) fn execute(
        &self,
        work: &dyn Work,
        unit: Unit,
        thread: usize,
        poll: Option<&dyn Fn()>,
    ) -> Result<Reply> {
        let (first, count, slot) = (unit.first, unit.count, unit.slot);
        let mut unit = unit;
        if let Some(team) = &self.team {
            let mut bytes = unit.encode(self.epoch);
            team.broadcast(0, &mut bytes)?;
            unit = Unit::decode(bytes)?;
        }
        let start = Instant::now();
        let place = self.place(thread, poll);
        let (ran, bytes) = super::budget::with(self.budget, || work.run(&unit, &place))?;
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
        let run = AssertUnwindSafe(|| self.execute(work, unit, thread, None));
        catch_unwind(run).unwrap_or_else(|panic| Err(Error::Internal(caught(&*panic))))
    }

    /// Leads a run on the root until all units that were handed out are back.
    pub(crate) fn lead(
        &self,
        work: &dyn Work,
        source: &mut dyn Source,
        watch: &mut Watch,
    ) -> Result<()> {
        if self.ranks.size() == 1 && self.n_threads == 1 {
            return self.alone(work, source, watch);
        }
        let pool = Pool::default();
        let own = self.gets_units() && self.n_threads > 1;
        pool.scope(
            if own { self.n_threads } else { 0 },
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

    fn tick(&self, watch: &mut Watch, count: impl FnOnce() -> (u64, Option<u64>, u64)) {
        if watch.due() && !watch.tell(count()) {
            self.control.stop(super::task::CANCELLED);
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
    fn together<S: Source + Send>(
        &self,
        work: &dyn Work,
        source: &mut S,
        watch: &mut Watch,
    ) -> Result<()> {
        let source = Mutex::new(source);
        let failure = Mutex::new(None);
        let help = |thread: usize, slot: usize, watch: Option<&mut Watch>| {
            let result = self.help(work, &source, thread, slot, watch);
            if let Err(error) = result {
                self.control.stop(super::task::CANCELLED);
                lock(&failure).get_or_insert(error);
            }
        };
        std::thread::scope(|scope| {
            let help = &help;
            let start = |thread: usize| {
                std::thread::Builder::new().spawn_scoped(scope, move || help(thread, thread, None))
            };
            let others: Vec<_> = (1..self.n_threads)
                .map_while(|thread| start(thread).ok())
                .collect();
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
                to.bytes(error.to_string().as_bytes());
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
        drive(|| {
            let mut pass = Pass::Idle;
            while let Some(message) = self.ranks.receive(Some(0), UNITS)? {
                pass = Pass::Moved;
                if message.bytes.last() == Some(&END) {
                    return Ok(Pass::End(message.bytes));
                }
                let unit = Unit::decode(message.bytes)?;
                match pool {
                    Some(pool) => pool.push(unit),
                    None => own.push_back(unit),
                }
            }
            self.poll();
            if self.control.stopped() && !told {
                told = true;
                send(Reply {
                    slot: usize::MAX,
                    stopped: self.control.reason(),
                    ..Reply::default()
                })?;
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
                super::budget::with(self.budget, || work.run(&unit, &place))?;
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
    Err(Error::OnRank {
        rank: 0,
        status: from.i32()?,
        message: from.text()?,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

enum Pass<R> {
    /// Something was done.
    Moved,
    /// Nothing was there to do.
    Idle,
    End(R),
}

/// Goes round until the end; the longer nothing happens, the less often.
fn drive<R>(mut pass: impl FnMut() -> Result<Pass<R>>) -> Result<R> {
    loop {
        let moved = wait_for(|| {
            Ok(match pass()? {
                Pass::Idle => None,
                Pass::Moved => Some(None),
                Pass::End(end) => Some(Some(end)),
            })
        })?;
        if let Some(end) = moved {
            return Ok(end);
        }
    }
}

/// The root's view of who does what.
struct Desk<'r> {
    run: &'r Run,
    pool: Option<&'r Pool>,
    /// Units for the calling thread itself.
    own: VecDeque<Unit>,
    /// Units that each worker has.
    in_flight: Vec<usize>,
    n_in_flight: usize,
    ended: Vec<bool>,
    n_ended: usize,
    /// Something has changed since the source was asked last.
    ask: bool,
    /// The source had nothing when it was asked last.
    waits: bool,
    asked: Instant,
    told: (u64, u8),
    give_up: Option<Instant>,
}

impl<'r> Desk<'r> {
    fn new(run: &'r Run, pool: Option<&'r Pool>) -> Self {
        let n = run.workers.len();
        Desk {
            run,
            pool,
            own: VecDeque::new(),
            in_flight: vec![0; n],
            n_in_flight: 0,
            ended: vec![false; n],
            n_ended: 0,
            ask: true,
            waits: false,
            asked: run.start,
            told: (u64::MAX, 0),
            give_up: None,
        }
    }

    fn serve(mut self, work: &dyn Work, source: &mut dyn Source, watch: &mut Watch) -> Result<()> {
        drive(|| self.pass(work, source, watch))
    }

    fn pass(
        &mut self,
        work: &dyn Work,
        source: &mut dyn Source,
        watch: &mut Watch,
    ) -> Result<Pass<()>> {
        let run = self.run;
        let mut pass = Pass::Idle;
        while run.ranks.size() > 1 {
            let Some(message) = run.ranks.receive(None, REPLIES)? else {
                break;
            };
            pass = Pass::Moved;
            if let Some(reply) = Reply::decode(message.bytes, run.epoch)? {
                self.take(reply, source)?;
            }
        }
        for reply in self.pool.map_or(Vec::new(), |pool| pool.replies()) {
            pass = Pass::Moved;
            self.take(reply?, source)?;
        }
        run.tick(watch, || source.count());
        let stopped = run.control.stopped();
        self.signal()?;
        if stopped {
            while let Some(unit) = self.own.pop_front() {
                self.returned(unit.slot);
            }
            let now = Instant::now();
            let grace = Duration::try_from_secs_f64(run.settings.grace).ok();
            let end = || grace.and_then(|grace| now.checked_add(grace));
            self.give_up = self.give_up.or_else(end);
            if self.give_up.is_some_and(|end| now >= end) {
                return Ok(Pass::End(()));
            }
        } else if self.feed(source)? {
            pass = Pass::Moved;
        }
        if self.n_in_flight == 0 && (stopped || self.n_ended == self.ended.len()) {
            return Ok(Pass::End(()));
        }
        if let Some(unit) = self.own.pop_front() {
            pass = Pass::Moved;
            let reply = run.execute(work, unit, 0, None)?;
            self.take(reply, source)?;
        }
        Ok(pass)
    }

    fn returned(&mut self, slot: usize) {
        if let Some(n) = self.in_flight.get_mut(slot).filter(|n| **n > 0) {
            *n -= 1;
            self.n_in_flight -= 1;
            self.ask = true;
        }
    }

    fn take(&mut self, reply: Reply, source: &mut dyn Source) -> Result<()> {
        self.run.control.stop(reply.stopped);
        self.returned(reply.slot);
        if reply.count == 0 {
            return Ok(());
        }
        source.done(reply, &self.run.control)
    }

    /// Hands out units while workers have room for them. Has any been handed out?
    fn feed(&mut self, source: &mut dyn Source) -> Result<bool> {
        if !self.ask && !(self.waits && self.asked.elapsed() >= ASK_AGAIN) {
            return Ok(false);
        }
        self.ask = false;
        self.waits = false;
        let mut moved = false;
        let run = self.run;
        'all: for ahead in 0..IN_FLIGHT {
            for (slot, worker) in run.workers.iter().enumerate() {
                if self.ended[slot] || self.in_flight[slot] != ahead {
                    continue;
                }
                let remote = worker.rank != 0 || run.team.is_some();
                match source.next(slot, ahead > 0, remote)? {
                    Next::Unit(unit) => {
                        moved = true;
                        self.in_flight[slot] += 1;
                        self.n_in_flight += 1;
                        match (worker.rank, self.pool) {
                            (0, Some(pool)) => pool.push(unit),
                            (0, None) => self.own.push_back(unit),
                            (rank, _) => run.ranks.send(rank, UNITS, unit.encode(run.epoch))?,
                        }
                    }
                    Next::Wait => {
                        self.waits = true;
                        self.asked = Instant::now();
                        break 'all;
                    }
                    Next::End => {
                        self.ended[slot] = true;
                        self.n_ended += 1;
                    }
                }
            }
        }
        Ok(moved)
    }

    /// Tells the other ranks what is to be stopped.
    fn signal(&mut self) -> Result<()> {
        let run = self.run;
        let news = (run.control.limit(), run.control.reason());
        if news == self.told {
            return Ok(());
        }
        self.told = news;
        let mut to = Writer::default();
        to.u64(run.epoch);
        to.u64(news.0);
        to.u8(news.1);
        for rank in 1..run.ranks.size() {
            run.ranks.send(rank, SIGNALS, to.0.clone())?;
        }
        Ok(())
    }
}
