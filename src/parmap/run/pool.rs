//! Threads of one rank that work for its calling thread.

use crate::base::error::{Error, Result};
use crate::base::panic::{lock, unpoisoned};
use crate::host::threads::Crew;
use crate::parmap::run::unit::{Reply, Unit};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

/// Units for the threads, and their replies.
#[derive(Default)]
pub(crate) struct Pool {
    queue: Mutex<Queue>,
    ready: Condvar,
    replies: Mutex<Vec<Result<Reply>>>,
}

#[derive(Default)]
struct Queue {
    units: VecDeque<Unit>,
    closed: bool,
    /// Threads that could be started; what is bound to another one is done by any.
    n_threads: Option<usize>,
}

/// Sends the threads home, also when the calling thread panics.
struct Close<'p>(&'p Pool);

impl Drop for Close<'_> {
    fn drop(&mut self) {
        let mut queue = lock(&self.0.queue);
        queue.closed = true;
        queue.units.clear();
        drop(queue);
        self.0.ready.notify_all();
    }
}

impl Pool {
    /// Runs `lead` while so many threads, with stacks of so many bytes, `run` the units that it pushes; an error: none can be had.
    pub(crate) fn scope<R>(
        &self,
        n_threads: usize,
        stack: usize,
        run: impl Fn(Unit, usize) -> Result<Reply> + Sync,
        lead: impl FnOnce(Result<&Pool>) -> Result<R>,
    ) -> Result<R> {
        if n_threads == 0 {
            return lead(Ok(self));
        }
        let crew = Crew::new();
        std::thread::scope(|scope| {
            let _close = Close(self);
            let run = &run;
            let start = |thread: usize| {
                let follow = move || self.follow(thread, run);
                crew.start(scope, Some(stack), follow)
            };
            let started = (0..n_threads).map_while(|thread| start(thread).ok()).count();
            if started == 0 {
                return lead(Err(Error::memory("a thread", stack)));
            }
            lock(&self.queue).n_threads = Some(started);
            lead(Ok(self))
        })
    }

    fn follow(&self, thread: usize, run: &(impl Fn(Unit, usize) -> Result<Reply> + Sync)) {
        while let Some(unit) = self.pop(thread) {
            let reply = run(unit, thread);
            lock(&self.replies).push(reply);
        }
    }

    fn pop(&self, thread: usize) -> Option<Unit> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.closed {
                return None;
            }
            let most = queue.n_threads.unwrap_or(usize::MAX);
            let mine = |unit: &Unit| unit.thread.is_none_or(|t| t == thread || t >= most);
            if let Some(at) = queue.units.iter().position(mine) {
                return queue.units.remove(at);
            }
            queue = unpoisoned(self.ready.wait(queue));
        }
    }

    pub(crate) fn push(&self, unit: Unit) {
        let bound = unit.thread.is_some();
        lock(&self.queue).units.push_back(unit);
        match bound {
            true => self.ready.notify_all(),
            false => self.ready.notify_one(),
        }
    }

    /// What has been done since the last call.
    pub(crate) fn replies(&self) -> Vec<Result<Reply>> {
        std::mem::take(&mut *lock(&self.replies))
    }
}
