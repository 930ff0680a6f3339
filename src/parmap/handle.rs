//! The handle: ranks, threads, settings, and what is kept from one call to the next.

use crate::base::error::{Error, Result};
use crate::base::panic::{lock, unpoisoned_if_free};
use crate::base::wording::by_language;
use crate::host::stack::Stack;
use crate::options::map::Settings;
use crate::parmap::run::task::POLL_INTERVAL;
use crate::ranks::{Bytes, Counter, Transport};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Ends the run of a map from outside: from another thread, or from a signal handler.
#[derive(Clone, Debug, Default)]
pub struct Canceller(pub(super) Arc<AtomicBool>);

impl Canceller {
    /// Asks the run that is in progress on this rank to end; on all ranks.
    pub fn cancel(&self) {
        // Relaxed: nothing is handed over with it, and whoever looks sees it in the end.
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Ranks and threads that work through tasks.
///
/// Calls are collective unless they say otherwise: every rank makes the same ones in the same
/// order. A handle serves one call at a time.
pub struct Map {
    pub(super) ranks: Arc<dyn Transport>,
    pub(super) n_threads: usize,
    pub(super) stack: Stack,
    pub(super) poll_interval: Duration,
    pub(super) flag: Canceller,
    settings: Mutex<Settings>,
    state: Mutex<State>,
    /// A flow is being trained, which takes several calls.
    training: AtomicBool,
}

/// What calls leave for later ones. Whoever has it has the handle.
#[derive(Default)]
pub(super) struct State {
    pub(super) shared: Option<Arc<Bytes>>,
    pub(super) team: Option<Team>,
    /// What ranks that deal for themselves have in common, once they have tried to.
    pub(super) counter: Option<Option<Arc<dyn Counter>>>,
    /// So many threads can be had.
    pub(super) tried: usize,
}

/// The ranks that work with this one on the same tasks.
pub(super) struct Team {
    /// Ranks per task, and whether the root works.
    pub(super) of: (usize, bool),
    pub(super) ranks: Option<Arc<dyn Transport>>,
}

/// While it lives, no other flow is trained with the map.
pub(super) struct OneTraining<'m>(&'m AtomicBool);

impl Drop for OneTraining<'_> {
    fn drop(&mut self) {
        // Before it: all that this training did; after it: all that the next one does, which acquires it.
        self.0.store(false, Ordering::Release);
    }
}

impl Map {
    /// A map over ranks and, on this rank, so many threads.
    pub fn new(ranks: Arc<dyn Transport>, n_threads: usize) -> Result<Self> {
        if n_threads == 0 {
            return Err(Error::argument("n_threads", n_threads, "at least 1"));
        }
        Ok(Map {
            ranks,
            n_threads,
            stack: Stack::of_program(),
            poll_interval: POLL_INTERVAL,
            flag: Canceller::default(),
            settings: Mutex::default(),
            state: Mutex::default(),
            training: AtomicBool::new(false),
        })
    }

    /// Local: how often a rank that works looks for news of rank 0, for which it asks the transport; 100 µs at first. Zero:
    /// before and after every task.
    pub fn polled_every(self, poll_interval: Duration) -> Self {
        Map { poll_interval, ..self }
    }

    /// The ranks.
    pub fn ranks(&self) -> &Arc<dyn Transport> {
        &self.ranks
    }

    /// Local: threads of this rank.
    pub fn n_threads(&self) -> usize {
        self.n_threads
    }

    /// Local: what OMP_STACKSIZE said when the map was made, if that is no size.
    pub(crate) fn ignored_stack_size(&self) -> Option<&str> {
        self.stack.ignored.as_deref()
    }

    /// Local: changes settings. Those of rank 0 count.
    pub fn set(&self, change: impl FnOnce(&mut Settings) -> Result<()>) -> Result<()> {
        change(&mut lock(&self.settings))
    }

    /// Local: the settings.
    pub fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    /// Local: what ends a run from outside.
    pub fn canceller(&self) -> Canceller {
        self.flag.clone()
    }

    /// Local: asks the run that is in progress on this rank to end, on all ranks.
    pub fn cancel(&self) {
        self.flag.cancel();
    }

    pub(super) fn is_root(&self) -> bool {
        self.ranks.rank() == 0
    }

    /// Local: has the handle for a call, unless another one has it.
    pub(super) fn state(&self) -> Result<MutexGuard<'_, State>> {
        let close = by_language("parmap_close()", "%close", "close");
        let text = format!(
            "the map is in use by another thread, by the call that runs this callback, or by tasks that are pulled, until {close}"
        );
        unpoisoned_if_free(self.state.try_lock()).ok_or(Error::InvalidState(text))
    }

    /// Local: begins to train a flow.
    pub(super) fn train(&self) -> Result<OneTraining<'_>> {
        if self.training.swap(true, Ordering::Acquire) {
            let text = "a flow is being trained with this map: train one after the other";
            return Err(Error::InvalidState(text.into()));
        }
        Ok(OneTraining(&self.training))
    }
}
