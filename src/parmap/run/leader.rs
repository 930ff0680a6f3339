//! The root's view of who does what, when it hands units on.

use crate::base::error::Result;
use crate::parmap::run::polling::{Pass, go_round};
use crate::parmap::run::pool::Pool;
use crate::parmap::run::progress::Watch;
use crate::parmap::run::source::{Next, Source, Work};
use crate::parmap::run::state::Run;
use crate::parmap::run::task::CANCELLED;
use crate::parmap::run::unit::{Batch, Reply, Signal, Unit};
use crate::parmap::tags::{REPLIES, SIGNALS, UNITS};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Units that a worker has at most: one more than it works on hides the way there and back;
const IN_FLIGHT: usize = 2;
/// and one more each time that it has had nothing to do, up to so many: the root answers between tasks of its own.
const MOST_IN_FLIGHT: usize = 4;

/// A producer that waits is asked again after this time even if nothing has come back.
const ASK_AGAIN: Duration = Duration::from_millis(1);

/// The root's view of who does what.
pub(super) struct Leader<'r> {
    run: &'r Run,
    pool: Option<&'r Pool>,
    /// Units for the calling thread itself.
    own: VecDeque<Unit>,
    /// What came while it was busy with one of them.
    inbox: RefCell<VecDeque<Result<Reply>>>,
    /// Units that each worker has.
    in_flight: Vec<usize>,
    n_in_flight: usize,
    /// Units that each worker may have.
    room: Vec<usize>,
    ended: Vec<bool>,
    n_ended: usize,
    /// Something has changed since the source was asked last.
    ask: bool,
    /// The source had nothing when it was asked last.
    waits: bool,
    asked: Instant,
    told: Cell<(u64, u8)>,
    give_up: Option<Instant>,
}

impl<'r> Leader<'r> {
    pub(super) fn new(run: &'r Run, pool: Option<&'r Pool>) -> Self {
        let n = run.workers.len();
        // What waits here another rank could do.
        let room = if run.each_deals() { 1 } else { IN_FLIGHT };
        Leader {
            run,
            pool,
            own: VecDeque::new(),
            inbox: RefCell::default(),
            in_flight: vec![0; n],
            n_in_flight: 0,
            room: vec![room; n],
            ended: vec![false; n],
            n_ended: 0,
            ask: true,
            waits: false,
            asked: run.start,
            told: Cell::new((u64::MAX, 0)),
            give_up: None,
        }
    }

    /// Hands out units until all are back.
    pub(super) fn lead(mut self, work: &dyn Work, source: &mut dyn Source, watch: &mut Watch) -> Result<()> {
        let led = go_round(|| self.pass(work, source, watch));
        if led.is_err() {
            // Nobody is to work on for nothing; the error itself goes with the end of the run.
            self.run.control.stop(CANCELLED);
            let _ = self.signal();
        }
        led
    }

    fn pass(&mut self, work: &dyn Work, source: &mut dyn Source, watch: &mut Watch) -> Result<Pass<()>> {
        let run = self.run;
        let mut pass = Pass::Idle;
        // Everything that has come: who waits for more would else wait for a whole task of this rank. Each worker's next unit
        // leaves before the next reply is looked for.
        let kept = std::mem::take(self.inbox.get_mut());
        let most = if kept.is_empty() { self.n_in_flight + 1 } else { 0 };
        for reply in kept {
            pass = Pass::Moved;
            self.take_and_feed(reply?, source)?;
        }
        for _ in 0..most {
            let Some(replies) = receive(run)? else {
                break;
            };
            for reply in replies {
                pass = Pass::Moved;
                self.take_and_feed(reply, source)?;
            }
        }
        for reply in self.pool.map_or(Vec::new(), |pool| pool.replies()) {
            pass = Pass::Moved;
            self.take(reply?, source)?;
        }
        run.report_progress(watch, || source.count());
        let stopped = run.control.stopped();
        self.signal()?;
        if stopped {
            while let Some(unit) = self.own.pop_front() {
                self.returned(unit.slot);
            }
            if run.each_deals() && self.has_left(0) {
                source.stop();
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
        let ended = self.n_ended == self.ended.len() || stopped && !run.each_deals();
        if self.n_in_flight == 0 && ended {
            return Ok(Pass::End(()));
        }
        if let Some(unit) = self.own.pop_front() {
            pass = Pass::Moved;
            let poll = || {
                listen(run, &self.inbox);
                // An error of the transport shows again.
                let _ = self.signal();
            };
            let reply = run.execute(work, unit, 0, Some(&poll))?;
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
        if let Some(error) = reply.error {
            return Err(error);
        }
        self.run.control.stop(reply.stopped);
        self.returned(reply.slot);
        if let (true, Some(room)) = (reply.starved, self.room.get_mut(reply.slot)) {
            *room = MOST_IN_FLIGHT.min(*room + 1);
        }
        if reply.left {
            self.has_left(reply.worker.rank);
        }
        if reply.count == 0 {
            return Ok(());
        }
        source.done(reply, &self.run.control)
    }

    /// The workers of a rank do nothing more. Is that news?
    fn has_left(&mut self, rank: usize) -> bool {
        let before = self.n_ended;
        let workers = self.run.workers.iter().zip(&mut self.ended);
        for (_, ended) in workers.filter(|(worker, ended)| worker.rank == rank && !**ended) {
            *ended = true;
            self.n_ended += 1;
        }
        self.n_ended > before
    }

    fn take_and_feed(&mut self, reply: Reply, source: &mut dyn Source) -> Result<()> {
        self.take(reply, source)?;
        match self.run.control.stopped() {
            true => Ok(()),
            false => self.feed(source).map(drop),
        }
    }

    /// Hands out units while workers have room for them. Has any been handed out?
    fn feed(&mut self, source: &mut dyn Source) -> Result<bool> {
        let again = self.waits && self.asked.elapsed() >= ASK_AGAIN;
        if !self.ask && !again {
            return Ok(false);
        }
        self.ask = false;
        self.waits = false;
        let mut moved = false;
        let run = self.run;
        'all: for ahead in 0..MOST_IN_FLIGHT {
            for (slot, worker) in run.workers.iter().enumerate() {
                if self.ended[slot] || self.in_flight[slot] != ahead || ahead >= self.room[slot] {
                    continue;
                }
                if worker.rank != 0 && run.each_deals() {
                    continue;
                }
                let remote = worker.rank != 0 || run.team.is_some();
                match source.next(slot, ahead, remote)? {
                    Next::Unit(unit) => {
                        moved = true;
                        self.in_flight[slot] += 1;
                        self.n_in_flight += 1;
                        match (worker.rank, self.pool) {
                            (0, Some(pool)) => pool.push(unit),
                            (0, None) => self.own.push_back(unit),
                            (rank, _) => run.ranks.send(rank, UNITS, unit.encode(run.epoch)?)?,
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

    /// Tells the other ranks what is to be stopped; also while a task of this one runs, which may be done together with them.
    fn signal(&self) -> Result<()> {
        let run = self.run;
        let news = (run.control.limit(), run.control.reason());
        if self.told.replace(news) == news {
            return Ok(());
        }
        let signal = Signal { epoch: run.epoch, limit: news.0, reason: news.1 };
        for rank in 1..run.ranks.size() {
            run.ranks.send(rank, SIGNALS, signal.encode())?;
        }
        Ok(())
    }
}

/// The next replies of another rank, if they have come; those of another run are none.
fn receive(run: &Run) -> Result<Option<Vec<Reply>>> {
    if run.ranks.size() == 1 {
        return Ok(None);
    }
    let Some(message) = run.ranks.receive(None, REPLIES)? else {
        return Ok(None);
    };
    Ok(Some(match run.each_deals() {
        true => Batch::decode(&message.bytes, run.epoch)?.unwrap_or_default(),
        false => Reply::decode(message.bytes, run.epoch)?.into_iter().collect(),
    }))
}

/// While a task of the calling thread runs: what should stop it?
fn listen(run: &Run, inbox: &RefCell<VecDeque<Result<Reply>>>) {
    while let Some(replies) = receive(run).transpose() {
        let replies = match replies {
            Ok(replies) => replies,
            Err(error) => return inbox.borrow_mut().push_back(Err(error)),
        };
        for reply in replies {
            run.control.stop(reply.stopped);
            if let (true, Some(failure)) = (run.settings.cancels(), &reply.ran.failure) {
                run.control.cut(failure.index);
            }
            inbox.borrow_mut().push_back(Ok(reply));
        }
    }
}
