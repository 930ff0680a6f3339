//! When a call has to end, what it says in the meantime, and where its time goes.
//!
//! A call that may be stopped makes a [`Clock`] and runs within it. Whatever works below, on whichever of its threads, asks
//! [`over`] every few milliseconds, and returns at once if the answer is yes. What it leaves then has no meaning: whoever called
//! it asks [`check`] before using that, and gets [`Error::Stopped`], on which ranks agree as on any other error.
//!
//! The clock of a call is known to its threads without being handed from function to function: teams pass it on to their
//! threads, and in a thread without one nothing is ever over. All threads look at the time and at atomics; the one that
//! called the library also calls the callback, wherever it asks, and while it waits for others.

mod alarm;
mod cancel;
mod laps;
mod progress;
mod wish;

use crate::base::error::{Error, Result};
use crate::base::panic::caught;
use crate::ranks::{Transport, set_meanwhile};
use alarm::Alarm;
pub(crate) use cancel::{Cancel, Running};
pub(crate) use laps::{Laps, Stage};
pub use progress::Progress;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::time::Instant;
pub(crate) use wish::Wish;

/// Tells how a call gets on; returns whether to go on.
pub(crate) type Report<'r> = &'r mut dyn FnMut(&Progress) -> bool;

/// Seconds between two reports from inside a stage where one after every sweep is asked for (an interval of 0).
const INSIDE: f64 = 0.1;

/// The clock of one call.
pub(crate) struct Clock<'c> {
    shared: Shared<'c>,
    leader: Leader<'c>,
}

/// What all threads of a call look at.
///
/// All orderings are Relaxed: a wish hands nothing over, and who sees it, or an earlier end, late works a little longer. What ends
/// with a wish is settled by the leader, after the team's work, and between ranks by their messages.
struct Shared<'c> {
    start: Instant,
    /// Nanoseconds after the start at which work ends; the largest number: never.
    deadline: AtomicU64,
    /// Earlier by so many picoseconds for each z ≠ 0 of this rank: what comes after it does something with them.
    for_each: AtomicU64,
    /// So many z ≠ 0 there are.
    nonzeros: AtomicI64,
    cancel: Option<&'c Cancel>,
    /// The wish that was noticed; it stays until it is taken back.
    wish: AtomicU8,
}

/// What is for the calling thread alone.
struct Leader<'c> {
    start: Instant,
    /// Seconds after the start at which the call has to return, less what it takes to hand out its results.
    limit: Cell<f64>,
    /// When all has to be done that runs now: the limit, or earlier where something comes after it.
    end: Cell<f64>,
    /// Seconds that it takes to hand out each z ≠ 0.
    for_each: Cell<f64>,
    interval: f64,
    last_report: Cell<f64>,
    report: RefCell<Option<Report<'c>>>,
    /// The callback has said no: it is not asked again.
    enough: Cell<bool>,
    progress: Cell<Progress>,
    /// A panic of the callback: it must not keep this rank from its part in what all do.
    failure: RefCell<Option<Error>>,
    stage: Cell<(Stage, f64)>,
    laps: Cell<Laps>,
    /// If there are several ranks.
    alarm: Option<Alarm>,
}

/// What a thread knows of the clock that it runs within.
#[derive(Clone, Copy)]
pub(crate) struct Here {
    shared: *const Shared<'static>,
    leader: *const Leader<'static>,
}

// SAFETY: threads get nothing but what is shared, see `follow`.
unsafe impl Send for Here {}
// SAFETY: as above.
unsafe impl Sync for Here {}

impl Here {
    const NOWHERE: Here = Here { shared: std::ptr::null(), leader: std::ptr::null() };

    fn shared(&self) -> Option<&Shared<'static>> {
        // SAFETY: NULL, or the clock that this thread runs within, which lives until it is forgotten here.
        unsafe { self.shared.as_ref() }
    }

    fn leader(&self) -> Option<&Leader<'static>> {
        // SAFETY: as above, in the thread that has made it.
        unsafe { self.leader.as_ref() }
    }
}

thread_local! {
    static HERE: Cell<Here> = const { Cell::new(Here::NOWHERE) };
}

/// Puts back what a thread knew before.
struct Restore(Here);

impl Drop for Restore {
    fn drop(&mut self) {
        HERE.set(self.0);
    }
}

fn within<R>(here: Here, run: impl FnOnce() -> R) -> R {
    let _restore = Restore(HERE.replace(here));
    run()
}

/// Calls something of the caller's: what that calls of this library has nothing to do with this call.
pub(crate) fn without_clock<R>(call: impl FnOnce() -> R) -> R {
    within(Here::NOWHERE, call)
}

/// What a thread that is started here has to follow.
pub(crate) fn here() -> Here {
    Here { leader: std::ptr::null(), ..HERE.get() }
}

/// Runs something by the clock of another thread, which must wait for it.
pub(crate) fn follow<R>(here: Here, run: impl FnOnce() -> R) -> R {
    within(here, run)
}

/// Whether all work is to be left as it is. Cheap enough for every microsecond; to be asked at least every few
/// milliseconds. In the calling thread the callback may be called here.
#[inline(never)]
pub(crate) fn over() -> bool {
    let here = HERE.get();
    let Some(shared) = here.shared() else {
        return false;
    };
    if let Some(leader) = here.leader() {
        leader.talk(shared);
    }
    if shared.wish() == Wish::GoOn {
        shared.look();
        if let Some(leader) = here.leader() {
            let often = leader.interval == 0.0;
            leader.report(shared, if often { INSIDE } else { leader.interval });
        }
    }
    shared.wish() != Wish::GoOn
}

/// There are so many z ≠ 0 more, or less.
#[inline(never)]
pub(crate) fn found(nonzeros: i64) {
    if let Some(shared) = HERE.get().shared() {
        shared.nonzeros.fetch_add(nonzeros, Ordering::Relaxed);
    }
}

/// What is wished here.
#[inline(never)]
pub(crate) fn wish() -> Wish {
    over();
    HERE.get().shared().map_or(Wish::GoOn, Shared::wish)
}

/// Fails if what was done may have been left in the middle.
#[inline(never)]
pub(crate) fn check() -> Result<()> {
    wish().check()
}

/// Looks at the clock among many things of one size that take less time than a look.
pub(crate) struct Looks {
    every: usize,
    left: usize,
}

impl Looks {
    /// `work` is about the number of operations for one thing.
    pub(crate) fn every(work: usize) -> Self {
        // Some hundred microseconds.
        let every = 1 + (1 << 20) / work.max(1);
        Looks { every, left: every }
    }

    /// Whether all work is to be left as it is, as far as that is known; to be asked for each thing.
    #[inline(always)]
    pub(crate) fn over(&mut self) -> bool {
        self.left -= 1;
        self.left == 0 && self.look()
    }

    #[cold]
    fn look(&mut self) -> bool {
        self.left = self.every;
        over()
    }
}

/// The stage that begins here, and goes on until the result is dropped.
#[inline(never)]
pub(crate) fn stage(stage: Stage) -> InStage {
    InStage(HERE.get().leader().map(|leader| leader.enter(stage)))
}

/// A stage that goes on; what there was before.
pub(crate) struct InStage(Option<Stage>);

impl Drop for InStage {
    #[inline(never)]
    fn drop(&mut self) {
        let here = HERE.get();
        if let (Some(before), Some(leader)) = (self.0, here.leader()) {
            leader.enter(before);
        }
    }
}

/// What the callback is told from now on, until more is known: nothing of the steps that are left.
#[inline(never)]
pub(crate) fn unknown(tiles: usize) {
    if let Some(leader) = HERE.get().leader() {
        leader.progress.set(Progress { tiles: tiles as u64, awake: tiles as u64, ..Progress::unknown() });
    }
}

impl Shared<'_> {
    fn wish(&self) -> Wish {
        Wish::of_code(self.wish.load(Ordering::Relaxed).into())
    }

    fn raise(&self, wish: Wish) {
        self.wish.fetch_max(wish as u8, Ordering::Relaxed);
    }

    fn look(&self) {
        if self.cancel.is_some_and(Cancel::is_cancelled) {
            self.raise(Wish::Cancelled);
        }
        let deadline = self.deadline.load(Ordering::Relaxed);
        if deadline == u64::MAX {
            return;
        }
        let nonzeros = self.nonzeros.load(Ordering::Relaxed).max(0) as u128;
        let later = nonzeros * u128::from(self.for_each.load(Ordering::Relaxed)) / 1000;
        if self.start.elapsed().as_nanos() + later >= u128::from(deadline) {
            self.raise(Wish::TimeLimit);
        }
    }

    /// What runs ends then, and earlier by so many seconds for each z ≠ 0.
    fn ends_at(&self, seconds: f64, for_each: f64) {
        // What is too large, too, is for ever.
        let nanoseconds = (seconds.max(0.0) * 1e9) as u64;
        self.deadline.store(nanoseconds, Ordering::Relaxed);
        self.keep_for_each(for_each);
    }

    fn keep_for_each(&self, seconds: f64) {
        self.for_each.store((seconds * 1e12) as u64, Ordering::Relaxed);
    }
}

impl Leader<'_> {
    fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Ends a stage and begins another; returns the former.
    fn enter(&self, stage: Stage) -> Stage {
        let (before, since) = self.stage.get();
        let now = self.seconds();
        let mut laps = self.laps.get();
        laps.add(before, now - since);
        self.laps.set(laps);
        self.stage.set((stage, now));
        before
    }

    /// Hears what other ranks wish, and lets them know.
    fn talk(&self, shared: &Shared<'_>) {
        if let Some(alarm) = &self.alarm {
            let wish = shared.wish();
            let heard = alarm.tell(wish, self.seconds());
            if heard > wish {
                shared.raise(heard);
            }
        }
    }

    /// Calls the callback if that is due.
    fn report(&self, shared: &Shared<'_>, interval: f64) {
        // Without one, and while it runs, there is none to be had.
        let Ok(mut report) = self.report.try_borrow_mut() else {
            return;
        };
        let Some(call) = report.as_mut().filter(|_| !self.enough.get()) else {
            return;
        };
        let seconds = self.seconds();
        if seconds < self.last_report.get() + interval {
            return;
        }
        self.last_report.set(seconds);
        let progress = Progress { seconds, ..self.progress.get() };
        let go_on = without_clock(|| caught(|| call(&progress)));
        if !go_on.unwrap_or_else(|text| self.failed(text)) {
            self.enough.set(true);
            shared.raise(Wish::Enough);
        }
    }

    fn failed(&self, text: String) -> bool {
        *self.failure.borrow_mut() = Some(Error::Internal(text));
        false
    }
}

impl<'c> Clock<'c> {
    /// A clock that started at `start` and ends `limit` seconds later, that can be cancelled and reports every `interval`
    /// seconds, if it has whom to report to.
    #[inline(never)]
    pub(crate) fn new(
        start: Instant,
        limit: f64,
        interval: f64,
        report: Option<Report<'c>>,
        cancel: Option<&'c Cancel>,
        ranks: &Arc<dyn Transport>,
    ) -> Self {
        set_meanwhile(|| {
            over();
        });
        let clock = Clock {
            shared: Shared {
                start,
                deadline: AtomicU64::new(u64::MAX),
                for_each: AtomicU64::default(),
                nonzeros: AtomicI64::default(),
                cancel,
                wish: AtomicU8::new(0),
            },
            leader: Leader {
                start,
                limit: Cell::new(limit),
                end: Cell::new(limit),
                for_each: Cell::default(),
                interval,
                last_report: Cell::new(0.0),
                report: RefCell::new(report),
                enough: Cell::new(false),
                progress: Cell::new(Progress::unknown()),
                failure: RefCell::new(None),
                stage: Cell::new((Stage::Other, 0.0)),
                laps: Cell::default(),
                alarm: (ranks.size() > 1).then(|| Alarm::new(ranks.clone())),
            },
        };
        clock.shared.ends_at(limit, 0.0);
        clock
    }

    /// Collective: runs a call by this clock, which has to end alike on all ranks.
    pub(crate) fn run<R>(&self, call: impl FnOnce() -> Result<R>) -> Result<R> {
        let (mut call, mut done) = (Some(call), None);
        self.run_call(&mut || {
            done = call.take().map(|call| call());
            !matches!(done, Some(Err(Error::Communication(_))))
        })?;
        done.unwrap_or_else(|| Err(Error::Internal("a call that was not made".into())))
    }

    /// The same for any call, compiled once. It tells whether the other ranks can be heard.
    #[inline(never)]
    fn run_call(&self, call: &mut dyn FnMut() -> bool) -> Result<()> {
        let here = Here { shared: (&raw const self.shared).cast(), leader: (&raw const self.leader).cast() };
        match (within(here, call), &self.leader.alarm) {
            (true, Some(alarm)) => alarm.end(),
            _ => Ok(()),
        }
    }

    /// Seconds since the call began.
    pub(crate) fn seconds(&self) -> f64 {
        self.leader.seconds()
    }

    /// Seconds for each stage so far.
    #[inline(never)]
    pub(crate) fn laps(&self) -> Laps {
        self.leader.enter(self.leader.stage.get().0);
        self.leader.laps.get()
    }

    /// Whether there is a callback.
    pub(crate) fn reports(&self) -> bool {
        self.leader.report.borrow().is_some()
    }

    /// Between sweeps: takes note of how far they are, reports, and tells whether to stop.
    #[inline(never)]
    pub(crate) fn look(&self, progress: &Progress) -> Wish {
        self.leader.progress.set(*progress);
        self.leader.talk(&self.shared);
        self.shared.look();
        if self.shared.wish() == Wish::GoOn {
            self.leader.report(&self.shared, self.leader.interval);
        }
        match self.leader.enough.get() {
            true => self.shared.wish().max(Wish::Enough),
            false => self.shared.wish(),
        }
    }

    /// What another rank wants. A cancel ends all work here, too.
    pub(crate) fn hear(&self, wish: Wish) {
        if wish == Wish::Cancelled {
            self.shared.raise(wish);
        }
    }

    /// The last report, whose answer changes nothing.
    #[inline(never)]
    pub(crate) fn report_last(&self, progress: &Progress) {
        self.leader.progress.set(*progress);
        self.leader.enough.set(false);
        self.leader.report(&self.shared, f64::NEG_INFINITY);
    }

    /// A panic of the callback.
    pub(crate) fn take_failure(&self) -> Option<Error> {
        self.leader.failure.borrow_mut().take()
    }

    /// Keeps so many seconds to hand out results.
    pub(crate) fn keep(&self, seconds: f64) {
        self.leader.limit.set(self.leader.limit.get() - seconds);
        self.reserve(0.0);
    }

    /// Keeps so many seconds to hand out each z ≠ 0.
    pub(crate) fn keep_for_each(&self, seconds: f64) {
        self.leader.for_each.set(seconds);
        self.shared.keep_for_each(seconds);
    }

    /// So many z ≠ 0 there are where a descent begins.
    pub(crate) fn set_nonzeros(&self, n: usize) {
        self.shared.nonzeros.store(n as i64, Ordering::Relaxed);
    }

    /// So many there are now.
    pub(crate) fn nonzeros(&self) -> f64 {
        self.shared.nonzeros.load(Ordering::Relaxed) as f64
    }

    /// Whether there is a limit of time.
    pub(crate) fn has_limit(&self) -> bool {
        self.leader.limit.get().is_finite()
    }

    /// What runs from now on has to leave so many seconds of the limit to what comes after it.
    pub(crate) fn reserve(&self, seconds: f64) {
        self.leader.end.set(self.leader.limit.get() - seconds);
        self.release();
    }

    /// The same, for a part of what runs, and so many for each z ≠ 0.
    pub(crate) fn hurry(&self, seconds: f64, for_each: f64) {
        self.shared.ends_at(self.leader.end.get() - seconds, for_each + self.leader.for_each.get());
    }

    /// The part is over: what comes after it may use what was left, and is not to end before it began. A cancel stays.
    #[inline(never)]
    pub(crate) fn release(&self) {
        if self.shared.wish() < Wish::Cancelled {
            // One that comes now is seen at the next look.
            self.shared.wish.store(0, Ordering::Relaxed);
        }
        self.leader.alarm.iter().for_each(Alarm::next_part);
        self.shared.ends_at(self.leader.end.get(), self.leader.for_each.get());
    }
}
