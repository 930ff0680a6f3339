//! The other ranks follow: they do what the root sends until it ends the run.

use crate::base::error::{Error, Result};
use crate::parmap::run::dealer::Dealer;
use crate::parmap::run::news::hear;
use crate::parmap::run::polling::{Pass, go_round};
use crate::parmap::run::pool::Pool;
use crate::parmap::run::report::Report;
use crate::parmap::run::source::{Source, Work};
use crate::parmap::run::state::{Run, hand_on};
use crate::parmap::run::task::CANCELLED;
use crate::parmap::run::unit::{Batch, END, Reply, UNIT, Unit, decode_end};
use crate::parmap::tags::{REPLIES, UNITS};
use std::collections::VecDeque;
use std::time::Instant;

/// Works for the root until it ends the run: its report.
pub(crate) fn follow(run: &Run, work: &dyn Work) -> Result<Report> {
    follow_with(run, work, None)
}

/// As [`follow`]; a rank that deals its tasks itself has them from a source.
pub(crate) fn follow_with(run: &Run, work: &dyn Work, source: Option<&mut dyn Source>) -> Result<Report> {
    if !run.gets_units() {
        return decode_end(&follow_team(run, work)?);
    }
    let pool = Pool::default();
    let size = run.pool_size();
    let end = pool.scope(
        size,
        run.stack,
        |unit, thread| run.execute_in_thread(work, unit, thread),
        |pool| {
            let follow = |pool: &_| {
                let pool = Some(pool).filter(|_| size > 0);
                match source {
                    Some(source) => Dealer::new(run, pool).work(work, source),
                    None => Follower::new(run, pool).follow(work),
                }
            };
            pool.and_then(follow).or_else(|error| fail(run, error))
        },
    );
    if let Some(team) = &run.team {
        hand_on(team, &mut vec![END])?;
    }
    decode_end(&end?)
}

/// Tells the root what has gone wrong here, so that nobody waits for this rank: how the root ends the run, with that error or
/// another one.
fn fail(run: &Run, error: Error) -> Result<Vec<u8>> {
    let tell = |error: Error| {
        run.control.stop(CANCELLED);
        let (epoch, worker) = (run.epoch, run.worker(0));
        let error = Some(error.of_rank(worker.rank));
        let reply = Reply { slot: usize::MAX, worker, stopped: CANCELLED, error, ..Reply::default() };
        let bytes = match run.each_deals() {
            true => {
                let mut batch = Batch::default();
                batch.push(reply, epoch)?;
                batch.encode(epoch)
            }
            false => reply.encode(epoch)?,
        };
        run.ranks.send(0, REPLIES, bytes)
    };
    match error {
        Error::Communication(_) => return Err(error),
        _ => tell(error)?,
    }
    loop {
        match run.ranks.wait(Some(0), UNITS) {
            Ok(message) if message.bytes.last() == Some(&END) => return Ok(message.bytes),
            Err(error @ Error::Communication(_)) => return Err(error),
            // What was on its way, even if there is no room for it.
            _ => {}
        }
    }
}

/// Ranks that help another one, or have nothing to do: how the root ends the run.
fn follow_team(run: &Run, work: &dyn Work) -> Result<Vec<u8>> {
    let poll = || hear(run);
    if let Some(team) = &run.team {
        loop {
            let mut bytes = Vec::new();
            let done = match hand_on(team, &mut bytes) {
                Ok(()) if bytes.last() != Some(&UNIT) => break,
                Ok(()) => Unit::decode(bytes).and_then(|unit| run.assist(work, &unit, &poll)),
                Err(error) => Err(error),
            };
            // What goes wrong in a team goes wrong on its first rank, too, which tells the root.
            if let Err(error @ Error::Communication(_)) = done {
                return Err(error);
            }
        }
    }
    Ok(run.ranks.wait(Some(0), UNITS)?.bytes)
}

/// A rank that gets units from the root.
struct Follower<'r> {
    run: &'r Run,
    pool: Option<&'r Pool>,
    /// Units for the calling thread itself.
    own: VecDeque<Unit>,
    /// The root knows that this rank has stopped.
    told: bool,
    /// It had nothing to do when it looked last, after it had had something.
    starved: bool,
    worked: bool,
    polled: Instant,
}

impl<'r> Follower<'r> {
    fn new(run: &'r Run, pool: Option<&'r Pool>) -> Self {
        Follower { run, pool, own: VecDeque::new(), told: false, starved: false, worked: false, polled: Instant::now() }
    }

    /// The message with which the root ends the run.
    fn follow(mut self, work: &dyn Work) -> Result<Vec<u8>> {
        go_round(|| self.pass(work))
    }

    fn reply(&self, reply: Reply) -> Result<()> {
        self.run.ranks.send(0, REPLIES, reply.encode(self.run.epoch)?)
    }

    fn pass(&mut self, work: &dyn Work) -> Result<Pass<Vec<u8>>> {
        let run = self.run;
        let mut pass = Pass::Idle;
        // Asking for messages costs as much as a short task: with one at hand, do that first.
        let at_hand = self.pool.is_none() && !self.own.is_empty();
        if !at_hand || self.polled.elapsed() >= run.poll_interval {
            while let Some(message) = run.ranks.receive(Some(0), UNITS)? {
                pass = Pass::Moved;
                if message.bytes.last() == Some(&END) {
                    return Ok(Pass::End(message.bytes));
                }
                let unit = Unit::decode(message.bytes)?;
                let Some(pool) = self.pool else {
                    self.own.push_back(unit);
                    break;
                };
                pool.push(unit);
            }
        }
        if matches!(pass, Pass::Idle) || self.polled.elapsed() >= run.poll_interval {
            self.polled = Instant::now();
            hear(run);
        }
        if run.control.stopped() && !self.told {
            self.told = true;
            self.reply(Reply { slot: usize::MAX, stopped: run.control.reason(), ..Reply::default() })?;
        }
        for reply in self.pool.map_or(Vec::new(), |pool| pool.replies()) {
            pass = Pass::Moved;
            self.reply(reply?)?;
        }
        if let Some(unit) = self.own.pop_front() {
            pass = Pass::Moved;
            let poll = || hear(run);
            let mut reply = run.execute(work, unit, 0, Some(&poll))?;
            reply.starved = std::mem::take(&mut self.starved);
            self.worked = true;
            self.reply(reply)?;
        }
        self.starved |= self.worked && self.pool.is_none() && matches!(pass, Pass::Idle);
        Ok(pass)
    }
}
