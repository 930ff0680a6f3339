//! A rank that deals its tasks itself: it tells the root what came of them, and hears from it what is to be stopped.

use crate::base::bytes::malformed;
use crate::base::error::Result;
use crate::parmap::run::news::hear;
use crate::parmap::run::polling::{Pass, go_round};
use crate::parmap::run::pool::Pool;
use crate::parmap::run::source::{Next, Source, Work};
use crate::parmap::run::state::Run;
use crate::parmap::run::unit::{Batch, END, Reply, Unit};
use crate::parmap::tags::{REPLIES, UNITS};
use std::collections::VecDeque;
use std::time::Instant;

/// Replies go together for so many times the interval in which a rank looks for news, unless they are
const INTERVALS: u32 = 10;
/// so many bytes, or one tells of a failure.
const BATCH: usize = 1 << 16;

/// A rank that takes its own units, while the root may be busy with a task.
pub(super) struct Dealer<'r> {
    run: &'r Run,
    pool: Option<&'r Pool>,
    /// Units for the calling thread itself.
    own: VecDeque<Unit>,
    /// This rank's workers: slot, units that it has, whether there are no more.
    workers: Vec<(usize, usize, bool)>,
    batch: Batch,
    urgent: bool,
    sent: Instant,
    polled: Instant,
    /// The root knows that this rank has stopped, or that it has nothing more to do.
    told: bool,
    left: bool,
}

impl<'r> Dealer<'r> {
    pub(super) fn new(run: &'r Run, pool: Option<&'r Pool>) -> Self {
        let all = run.workers.iter().enumerate();
        let mine = all.filter(|(_, worker)| worker.rank == run.ranks.rank());
        Dealer {
            run,
            pool,
            own: VecDeque::new(),
            workers: mine.map(|(slot, _)| (slot, 0, false)).collect(),
            batch: Batch::default(),
            urgent: false,
            sent: run.start,
            polled: run.start,
            told: false,
            left: false,
        }
    }

    /// The message with which the root ends the run.
    pub(super) fn work(mut self, work: &dyn Work, source: &mut dyn Source) -> Result<Vec<u8>> {
        go_round(|| self.pass(work, source))
    }

    fn pass(&mut self, work: &dyn Work, source: &mut dyn Source) -> Result<Pass<Vec<u8>>> {
        let run = self.run;
        let mut pass = Pass::Idle;
        // Asking for messages costs as much as a short task.
        if self.left || self.pool.is_some() || self.polled.elapsed() >= run.poll_interval {
            self.polled = Instant::now();
            if let Some(message) = run.ranks.receive(Some(0), UNITS)? {
                return match message.bytes.last() {
                    Some(&END) => Ok(Pass::End(message.bytes)),
                    _ => Err(malformed()),
                };
            }
            hear(run);
        }
        if self.left {
            return Ok(pass);
        }
        for reply in self.pool.map_or(Vec::new(), |pool| pool.replies()) {
            pass = Pass::Moved;
            self.keep(reply?, source)?;
        }
        if self.feed(source)? {
            pass = Pass::Moved;
        }
        if let Some(unit) = self.own.pop_front() {
            pass = Pass::Moved;
            let poll = || hear(run);
            let reply = run.execute(work, unit, 0, Some(&poll))?;
            self.keep(reply, source)?;
        }
        self.tell()?;
        Ok(pass)
    }

    /// Takes units while workers have room for them. Has any been taken?
    fn feed(&mut self, source: &mut dyn Source) -> Result<bool> {
        // Another rank's thread could do what waits here; this rank's have to be kept going until they are looked after.
        let most = if self.pool.is_some() { 2 } else { 1 };
        let mut moved = false;
        for ahead in 0..most {
            for (slot, n, ended) in &mut self.workers {
                if *ended || *n != ahead {
                    continue;
                }
                match source.next(*slot, ahead, true)? {
                    Next::Unit(unit) => {
                        moved = true;
                        *n += 1;
                        match self.pool {
                            Some(pool) => pool.push(unit),
                            None => self.own.push_back(unit),
                        }
                    }
                    Next::Wait => {}
                    Next::End => *ended = true,
                }
            }
        }
        Ok(moved)
    }

    fn keep(&mut self, reply: Reply, source: &mut dyn Source) -> Result<()> {
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.0 == reply.slot) {
            worker.1 -= 1;
        }
        source.sent(&reply);
        self.urgent |= reply.ran.failure.is_some();
        self.batch.push(reply, self.run.epoch)
    }

    /// Tells the root what it has not heard of yet, if it is time for that.
    fn tell(&mut self) -> Result<()> {
        let run = self.run;
        let news = Reply { slot: usize::MAX, stopped: run.control.reason(), ..Reply::default() };
        if self.workers.iter().all(|(_, n, ended)| *ended && *n == 0) {
            self.left = true;
            let (worker, left) = (run.worker(0), true);
            self.batch.push(Reply { worker, left, ..news }, run.epoch)?;
        } else if news.stopped != 0 && !self.told {
            self.told = true;
            self.batch.push(news, run.epoch)?;
            self.urgent = true;
        }
        let n = self.batch.len();
        let due = || n >= BATCH || self.sent.elapsed() >= INTERVALS * run.poll_interval;
        if n > 0 && (self.left || self.urgent || due()) {
            self.urgent = false;
            self.sent = Instant::now();
            run.ranks.send(0, REPLIES, std::mem::take(&mut self.batch).encode(run.epoch))?;
        }
        Ok(())
    }
}
