//! Threads of one call: started when it begins, gone when it returns.

use crate::error::{Error, Result};
use crate::quiet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// What is left of a panic that was caught in a thread.
pub(crate) fn caught(panic: Box<dyn std::any::Any + Send>) -> Error {
    let text = panic.downcast_ref::<&str>().map(|s| s.to_string());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    Error::Internal(text.unwrap_or_else(|| "a thread panicked".into()))
}

/// Calls `work(state, item)` for each item once, from up to `n_threads` threads, each with a state
/// of its own. Returns the states, or the first error.
pub(crate) fn for_each<S: Send>(
    n_threads: usize,
    n_items: usize,
    state: impl Fn() -> Result<S> + Sync,
    work: impl Fn(&mut S, usize) -> Result<()> + Sync,
) -> Result<Vec<S>> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let quiet = quiet::is_quiet();
    let run = || -> Result<S> {
        let _quiet = quiet::set(quiet);
        let done = catch_unwind(AssertUnwindSafe(|| -> Result<S> {
            let mut state = state()?;
            loop {
                let item = next.fetch_add(1, Ordering::Relaxed);
                if item >= n_items || failed.load(Ordering::Relaxed) {
                    return Ok(state);
                }
                work(&mut state, item)?;
            }
        }));
        let done = done.unwrap_or_else(|panic| Err(caught(panic)));
        if done.is_err() {
            failed.store(true, Ordering::Relaxed);
        }
        done
    };
    let others = n_threads.min(n_items).saturating_sub(1);
    if others == 0 {
        return Ok(vec![run()?]);
    }
    std::thread::scope(|scope| {
        let start = || std::thread::Builder::new().spawn_scoped(scope, run);
        let handles: Vec<_> = (0..others).map_while(|_| start().ok()).collect();
        let mut states = vec![run()];
        states.extend(
            handles
                .into_iter()
                .map(|handle| handle.join().unwrap_or_else(|panic| Err(caught(panic)))),
        );
        states.into_iter().collect()
    })
}

/// A team of threads that works through phases with little time between them: the leader hands out
/// a list of items, all work on it, and the leader goes on when the last one is done. It waits for nobody who has not
/// taken an item: a thread that the system keeps from running costs its share of the work, no more.
pub(crate) struct Phases<'w> {
    /// Threads that could be started beside the leader.
    followers: AtomicUsize,
    work: &'w (dyn Fn(usize) + Sync),
    /// Written when every item of the phase before is done; read by who has taken one.
    items: std::sync::RwLock<Vec<usize>>,
    /// Items that nobody has taken yet, and above them the number of the phase: who was late for one cannot take an
    /// item of the next by what he saw of the last.
    left: AtomicU64,
    done: AtomicUsize,
    stop: AtomicBool,
    failure: std::sync::Mutex<Option<Error>>,
}

impl<'w> Phases<'w> {
    /// Runs `lead`, which calls [`Phases::run`] once per phase, with `n_threads` threads in all.
    pub(crate) fn scope<R>(
        n_threads: usize,
        work: &'w (dyn Fn(usize) + Sync),
        lead: impl FnOnce(&Phases<'w>) -> Result<R>,
    ) -> Result<R> {
        let team = Phases {
            followers: AtomicUsize::new(0),
            work,
            items: Default::default(),
            left: AtomicU64::new(0),
            done: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            failure: Default::default(),
        };
        let quiet = quiet::is_quiet();
        std::thread::scope(|scope| {
            // With fewer threads than asked for the result is the same.
            let follow = || {
                std::thread::Builder::new().spawn_scoped(scope, || {
                    let _quiet = quiet::set(quiet);
                    team.follow();
                })
            };
            let started = (1..n_threads).map_while(|_| follow().ok()).count();
            team.followers.store(started, Ordering::Relaxed);
            // The followers must be sent home even if the leader panics.
            let result = catch_unwind(AssertUnwindSafe(|| lead(&team)));
            team.stop.store(true, Ordering::Release);
            result.unwrap_or_else(|panic| Err(caught(panic)))
        })
    }

    /// Works through one phase; returns when every item is done.
    pub(crate) fn run(&self, items: &mut Vec<usize>) -> Result<()> {
        if items.len() <= 1 || self.followers.load(Ordering::Relaxed) == 0 {
            let run = || items.iter().for_each(|item| (self.work)(*item));
            return catch_unwind(AssertUnwindSafe(run)).map_err(caught);
        }
        let n = items.len();
        // They are taken from the end.
        items.reverse();
        std::mem::swap(
            &mut *self.items.write().unwrap_or_else(|e| e.into_inner()),
            items,
        );
        self.done.store(0, Ordering::Relaxed);
        let phase = (self.left.load(Ordering::Relaxed) >> 32).wrapping_add(1);
        self.left.store(phase << 32 | n as u64, Ordering::Release);
        self.share();
        wait(|| self.done.load(Ordering::Acquire) == n);
        match self
            .failure
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .take()
        {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn follow(&self) {
        let stopped = || self.stop.load(Ordering::Acquire);
        loop {
            wait(|| stopped() || self.left.load(Ordering::Relaxed) as u32 > 0);
            if stopped() {
                return;
            }
            self.share();
        }
    }

    /// Works on items for as long as there are any.
    fn share(&self) {
        while let Some(item) = self.take() {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (self.work)(item))) {
                *self.failure.lock().unwrap_or_else(|e| e.into_inner()) = Some(caught(panic));
            }
            self.done.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn take(&self) -> Option<usize> {
        let fewer = |left: u64| (left as u32 > 0).then(|| left - 1);
        let left = self
            .left
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, fewer)
            .ok()?;
        let items = self.items.read().unwrap_or_else(|e| e.into_inner());
        Some(items[left as u32 as usize - 1])
    }
}

/// Waits for another thread: a phase is short, so spin first; but leave the core to others when
/// there are more threads than cores.
fn wait(done: impl Fn() -> bool) {
    for _ in 0..20_000 {
        if done() {
            return;
        }
        std::hint::spin_loop();
    }
    while !done() {
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    #[test]
    fn every_item_is_done_once_for_any_number_of_threads() {
        for n_threads in 1..5 {
            for n in [0, 1, 2, 3, 100] {
                let counts: Vec<AtomicU32> = (0..n).map(|_| AtomicU32::new(0)).collect();
                let count = |i: usize| {
                    counts[i].fetch_add(1, Ordering::Relaxed);
                };
                for_each(
                    n_threads,
                    n,
                    || Ok(()),
                    |_, i| {
                        count(i);
                        Ok(())
                    },
                )
                .unwrap();
                Phases::scope(n_threads, &count, |team| {
                    for _ in 0..50 {
                        team.run(&mut (0..n).collect())?;
                    }
                    Ok(())
                })
                .unwrap();
                assert!(counts.iter().all(|c| c.load(Ordering::Relaxed) == 51));
            }
        }
    }

    #[test]
    fn panics_become_errors_and_nobody_waits_for_ever() {
        for n_threads in 1..4 {
            let work = |i: usize| assert!(i != 7, "item seven");
            let error = for_each(
                n_threads,
                20,
                || Ok(()),
                |_, i| {
                    work(i);
                    Ok(())
                },
            )
            .unwrap_err();
            assert!(error.to_string().contains("item seven"), "{error}");
            let error = Phases::scope(n_threads, &work, |team| team.run(&mut (0..20).collect()));
            assert!(error.unwrap_err().to_string().contains("item seven"));
            let error = Phases::scope(n_threads, &work, |_| -> Result<()> { panic!("leader") });
            assert!(error.unwrap_err().to_string().contains("leader"));
        }
    }
}
