//! One task as its work function sees it, and what may stop it.

use crate::base::error::{Error, Result};
use crate::base::panic::caught;
use crate::base::random::Numbers;
use crate::parmap::run::codes::{Codes, Same};
use crate::parmap::run::report::{BAD_CODE, Failure, NOT_RUN, Outcome, PANICKED};
use crate::parmap::run::schedule::Chunk;
use crate::ranks::Transport;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

/// A thread of a rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worker {
    /// The rank.
    pub rank: usize,
    /// The thread there, from 0.
    pub thread: usize,
}

/// A busy rank looks for news of the root that often, unless the handle says otherwise.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_micros(100);

pub(crate) const CANCELLED: u8 = 1;
pub(crate) const TIMED_OUT: u8 = 2;

/// What stops the tasks of a run, on one rank.
///
/// All orderings are Relaxed: nothing is handed over with these numbers, and who sees one too late begins a task that does not
/// count. Results and codes have ways of their own. Changes of one number have an order that all threads agree on: the first
/// reason is one.
#[derive(Debug)]
pub(crate) struct Control {
    /// Tasks above it are not started, and may end early.
    limit: AtomicU64,
    /// Why everything stops, or 0.
    reason: AtomicU8,
    /// Set from outside, even by a signal handler.
    flag: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

impl Control {
    pub(crate) fn new(flag: Arc<AtomicBool>, deadline: Option<Instant>) -> Self {
        Control { limit: AtomicU64::new(u64::MAX), reason: AtomicU8::new(0), flag, deadline }
    }

    /// No task above this one counts any more.
    pub(crate) fn cut(&self, limit: u64) {
        self.limit.fetch_min(limit, Ordering::Relaxed);
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }

    /// Stops everything; the first reason counts.
    pub(crate) fn stop(&self, reason: u8) {
        if reason != 0 {
            let order = Ordering::Relaxed;
            let _ = self.reason.compare_exchange(0, reason, order, order);
        }
    }

    /// Why everything stops, or 0.
    pub(crate) fn reason(&self) -> u8 {
        let reason = self.reason.load(Ordering::Relaxed);
        if reason != 0 {
            return reason;
        }
        if self.flag.load(Ordering::Relaxed) {
            self.stop(CANCELLED);
        } else if self.deadline.is_some_and(|end| Instant::now() >= end) {
            self.stop(TIMED_OUT);
        } else {
            return 0;
        }
        self.reason.load(Ordering::Relaxed)
    }

    pub(crate) fn stopped(&self) -> bool {
        self.reason() != 0
    }

    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match self.reason() {
            0 => None,
            TIMED_OUT => Some(Outcome::TimedOut),
            _ => Some(Outcome::Cancelled),
        }
    }
}

/// Where tasks run.
pub(crate) struct Place<'p> {
    pub(crate) worker: Worker,
    pub(crate) control: &'p Control,
    /// Looks for news of the root; only for the calling thread.
    pub(crate) poll: Option<&'p dyn Fn()>,
    pub(crate) thread: ThreadId,
    /// The ranks that work on each task together.
    pub(crate) team: Option<&'p Arc<dyn Transport>>,
    pub(crate) shared: &'p [u8],
    pub(crate) seed: u64,
    pub(crate) retries: u64,
    /// Are tasks above a failing one left out?
    pub(crate) cancels: bool,
}

impl Place<'_> {
    /// In a team: fails on every rank if it failed on one.
    pub(crate) fn agree<R>(&self, result: Result<R>) -> Result<R> {
        match self.team {
            Some(team) => team.agree(result),
            None => result,
        }
    }
}

/// One task as its work function sees it.
pub struct Task<'p> {
    /// Its index.
    pub index: u64,
    place: &'p Place<'p>,
    attempt: Cell<u64>,
    message: RefCell<String>,
    numbers: RefCell<Option<Numbers>>,
}

impl<'p> Task<'p> {
    /// Who does it.
    pub fn worker(&self) -> Worker {
        self.place.worker
    }

    /// 0 at first, then the number of the retry.
    pub fn attempt(&self) -> u64 {
        self.attempt.get()
    }

    /// Should it end early, because its result won't count?
    pub fn cancelled(&self) -> bool {
        let control = self.place.control;
        if let Some(poll) = self.place.poll
            && self.place.thread == std::thread::current().id()
        {
            poll();
        }
        control.stopped() || self.index > control.limit()
    }

    /// The ranks that work on this task together, if it is more than one.
    pub fn team(&self) -> Option<&'p Arc<dyn Transport>> {
        self.place.team
    }

    /// What was shared with all tasks.
    pub fn shared(&self) -> &'p [u8] {
        self.place.shared
    }

    /// A random number that depends on the seed and the index alone.
    pub fn key(&self) -> u64 {
        Numbers::of_index(self.place.seed, self.index).any()
    }

    /// Random numbers, uniform in [0, 1), that depend on the seed and the index alone. Another
    /// attempt gets the same.
    pub fn uniform(&self, to: &mut [f64]) {
        let mut place = self.numbers.borrow_mut();
        let numbers = place.get_or_insert_with(|| {
            let mut numbers = Numbers::of_index(self.place.seed, self.index);
            // The first one is the key.
            numbers.any();
            numbers
        });
        to.fill_with(|| numbers.uniform());
    }

    /// Says why it fails.
    pub fn explain(&self, message: &str) {
        let mut to = self.message.borrow_mut();
        to.clear();
        to.push_str(message);
    }
}

/// Codes of a chunk: none if all succeeded; and its lowest failure.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Ran {
    pub(crate) codes: Codes,
    pub(crate) failure: Option<Failure>,
}

/// Runs the tasks of a chunk: `each` gets the task and its place in the chunk.
pub(crate) fn run_chunk(chunk: Chunk, place: &Place, mut each: impl FnMut(&Task, usize) -> i32) -> Result<Ran> {
    let mut ran = Ran::default();
    for at in 0..chunk.count {
        let index = chunk.first + at;
        let allowed = !place.control.stopped() && index <= place.control.limit();
        if !agreed(place, allowed)? {
            // Nor are those behind it: what stops tasks stays.
            ran.codes.add(Same { first: index, end: chunk.first + chunk.count, code: NOT_RUN });
            break;
        }
        let (code, message) = attempt(index, place, |task| each(task, at as usize))?;
        if code == 0 {
            continue;
        }
        ran.codes.add(Same { first: index, end: index + 1, code });
        if code == NOT_RUN {
            continue;
        }
        if ran.failure.is_none() {
            ran.failure = Some(Failure { index, code, message, rank: place.worker.rank, worker: place.worker.thread });
        }
        if place.cancels {
            place.control.cut(index);
        }
    }
    Ok(ran)
}

/// In a team its first rank decides.
fn agreed(place: &Place, allowed: bool) -> Result<bool> {
    let Some(team) = place.team else {
        return Ok(allowed);
    };
    let mut bytes = vec![allowed as u8];
    team.broadcast(0, &mut bytes)?;
    Ok(bytes.first() == Some(&1))
}

/// Tries one task until it succeeds or is given up: its code and message.
fn attempt(index: u64, place: &Place, mut run: impl FnMut(&Task) -> i32) -> Result<(i32, String)> {
    let task = Task { index, place, attempt: Cell::new(0), message: RefCell::default(), numbers: RefCell::default() };
    loop {
        let mut code = match caught(|| run(&task)) {
            Ok(code) if code >= 0 => code,
            // What the library itself does around it has failed, and has said why.
            Ok(BAD_CODE) if !task.message.borrow().is_empty() => BAD_CODE,
            Ok(code) => {
                task.explain(&format!("the work function returned {code}: it must return 0 or a positive code"));
                BAD_CODE
            }
            Err(text) => {
                // The panic may have hit while the message was written.
                let text = format!("the work function panicked: {text}");
                if let Ok(mut message) = task.message.try_borrow_mut() {
                    *message = text;
                }
                PANICKED
            }
        };
        let mut message = task.message.take();
        let mut again = task.attempt.get() < place.retries;
        // The result of a task that was told to end doesn't count, whatever it says.
        if code != 0 && (place.control.stopped() || index > place.control.limit()) {
            code = NOT_RUN;
            again = false;
        }
        if let Some(team) = place.team {
            (code, message, again) = together(team, code, message, again)?;
        }
        if code == 0 || code == NOT_RUN || !again {
            return Ok((code, message));
        }
        task.attempt.set(task.attempt.get() + 1);
        task.numbers.take();
    }
}

/// In a team a task fails if it fails on one rank; the lowest rank counts.
pub(crate) fn together(
    team: &Arc<dyn Transport>,
    code: i32,
    message: String,
    again: bool,
) -> Result<(i32, String, bool)> {
    let all = team.all_gather(&[i64::from(code)])?;
    let Some(rank) = all.iter().position(|code| *code != 0) else {
        return Ok((0, message, again));
    };
    let mut bytes = vec![again as u8];
    bytes.extend(message.as_bytes());
    team.broadcast(rank, &mut bytes)?;
    let empty = || Error::Internal("an empty message within a team".into());
    let (again, message) = bytes.split_first().ok_or_else(empty)?;
    let message = String::from_utf8_lossy(message).into_owned();
    Ok((all[rank] as i32, message, *again == 1))
}
