//! Threads of one call: started when it begins, gone when it returns.

use crate::error::{Error, Result};
use crate::quiet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};

/// What is left of a panic that was caught in a thread.
pub(crate) fn caught(panic: Box<dyn std::any::Any + Send>) -> Error {
    let text = panic.downcast_ref::<&str>().map(|s| s.to_string());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    Error::Internal(text.unwrap_or_else(|| "a thread panicked".into()))
}

/// [`Team::for_each`] of a team of its own, of up to `n_threads` threads.
pub(crate) fn for_each<S: Send>(
    n_threads: usize,
    n_items: usize,
    state: impl Fn() -> Result<S> + Sync,
    work: impl Fn(&mut S, usize) -> Result<()> + Sync,
) -> Result<Vec<S>> {
    Team::scope(n_threads.min(n_items), |team| {
        team.for_each(n_items, state, work)
    })
}

/// A team of threads that works through one list of items after the other, with little time between them: the leader hands
/// out a list, all work on it, and the leader goes on when the last item is done. It waits for nobody who has not taken an
/// item: a thread that the system keeps from running costs its share of the work, no more. (Some systems let a new thread
/// wait for milliseconds, which is why a team stays together for a whole call.)
///
/// Each thread begins with its own range of the items, the same in every list, because what belongs to an item is in the
/// cache of who worked on it last; then it helps the others.
pub(crate) struct Team {
    /// Threads that could be started beside the leader.
    followers: AtomicUsize,
    /// Written when every item of the job before is done; read by who has taken one.
    job: RwLock<Job>,
    /// What is left of the job for each thread: the first place in its list, and above it the end.
    left: Vec<AtomicU64>,
    done: AtomicUsize,
    stop: AtomicBool,
    failure: Mutex<Option<Error>>,
}

/// A list of items, and what is called for each.
#[derive(Default)]
struct Job {
    items: Vec<usize>,
    work: Option<&'static (dyn Fn(usize) + Sync)>,
}

impl Team {
    /// A leader without followers.
    pub(crate) fn alone() -> Self {
        Team {
            followers: AtomicUsize::new(0),
            job: Default::default(),
            left: vec![AtomicU64::new(0)],
            done: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            failure: Default::default(),
        }
    }

    /// Runs `lead`, with `n_threads` threads in all.
    pub(crate) fn scope<R>(n_threads: usize, lead: impl FnOnce(&Team) -> Result<R>) -> Result<R> {
        let mut team = Team::alone();
        team.left.resize_with(n_threads.max(1), Default::default);
        let (team, quiet) = (&team, quiet::is_quiet());
        std::thread::scope(|scope| {
            // With fewer threads than asked for the result is the same.
            let follow = |me| {
                std::thread::Builder::new().spawn_scoped(scope, move || {
                    let _quiet = quiet::set(quiet);
                    team.follow(me);
                })
            };
            let started = (1..n_threads).map_while(|me| follow(me).ok()).count();
            team.followers.store(started, Ordering::Relaxed);
            // The followers must be sent home even if the leader panics.
            let result = catch_unwind(AssertUnwindSafe(|| lead(team)));
            team.stop.store(true, Ordering::Release);
            result.unwrap_or_else(|panic| Err(caught(panic)))
        })
    }

    /// Calls `work` for every item, all below `end`; returns when all are done. A thread takes its own in their order.
    pub(crate) fn run(
        &self,
        items: Vec<usize>,
        end: usize,
        work: &(dyn Fn(usize) + Sync),
    ) -> Result<()> {
        let n_threads = 1 + self.followers.load(Ordering::Relaxed);
        if items.len() <= 1 || n_threads == 1 {
            let run = || items.iter().for_each(|item| work(*item));
            return catch_unwind(AssertUnwindSafe(run)).map_err(caught);
        }
        let n = items.len();
        let mut lists = vec![Vec::new(); n_threads];
        for item in items {
            lists[item * n_threads / end.max(item + 1)].push(item);
        }
        // SAFETY: it is called for items that have been taken alone, and this returns when each of them is done.
        let work: &'static (dyn Fn(usize) + Sync) = unsafe { std::mem::transmute(work) };
        {
            let mut job = self.job.write().unwrap_or_else(|e| e.into_inner());
            (job.items, job.work) = (lists.concat(), Some(work));
        }
        self.done.store(0, Ordering::Relaxed);
        let mut first = 0;
        for (left, list) in self.left.iter().zip(&lists) {
            let end = first + list.len() as u64;
            left.store(end << 32 | first, Ordering::Release);
            first = end;
        }
        self.share(0);
        wait(|| self.done.load(Ordering::Acquire) == n);
        self.job.write().unwrap_or_else(|e| e.into_inner()).work = None;
        let mut failure = self.failure.lock().unwrap_or_else(|e| e.into_inner());
        failure.take().map_or(Ok(()), Err)
    }

    /// Calls `work(state, item)` for each item once, with as many states as threads take part. Returns the states, or the
    /// first error.
    pub(crate) fn for_each<S: Send>(
        &self,
        n_items: usize,
        state: impl Fn() -> Result<S> + Sync,
        work: impl Fn(&mut S, usize) -> Result<()> + Sync,
    ) -> Result<Vec<S>> {
        // One at least, even if there is nothing to do.
        let idle = Mutex::new(vec![state()?]);
        let idle = || idle.lock().unwrap_or_else(|e| e.into_inner());
        let failure = Mutex::new(None);
        let failure = || failure.lock().unwrap_or_else(|e| e.into_inner());
        let failed = AtomicBool::new(false);
        self.run((0..n_items).collect(), n_items, &|item| {
            if failed.load(Ordering::Relaxed) {
                return;
            }
            let free = idle().pop();
            let done = catch_unwind(AssertUnwindSafe(|| -> Result<()> {
                let mut mine = free.map_or_else(&state, Ok)?;
                work(&mut mine, item)?;
                idle().push(mine);
                Ok(())
            }));
            if let Err(error) = done.unwrap_or_else(|panic| Err(caught(panic))) {
                failed.store(true, Ordering::Relaxed);
                failure().get_or_insert(error);
            }
        })?;
        match failure().take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut *idle())),
        }
    }

    fn follow(&self, me: usize) {
        let stopped = || self.stop.load(Ordering::Acquire);
        let any = |left: &AtomicU64| !is_empty(left.load(Ordering::Relaxed));
        loop {
            wait(|| stopped() || self.left.iter().any(any));
            if stopped() {
                return;
            }
            self.share(me);
        }
    }

    /// Works on items for as long as there are any.
    fn share(&self, me: usize) {
        while let Some((item, work)) = self.take(me) {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(item))) {
                *self.failure.lock().unwrap_or_else(|e| e.into_inner()) = Some(caught(panic));
            }
            self.done.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// The first item of one's own, or the last of another's.
    fn take(&self, me: usize) -> Option<(usize, &'static (dyn Fn(usize) + Sync))> {
        let (order, acquire) = (Ordering::AcqRel, Ordering::Acquire);
        let own =
            self.left[me].fetch_update(order, acquire, |left| (!is_empty(left)).then(|| left + 1));
        let place = own.map(|left| left as u32).or_else(|_| {
            let others = (1..self.left.len()).map(|i| &self.left[(me + i) % self.left.len()]);
            let last = |left: u64| (!is_empty(left)).then(|| left - (1 << 32));
            let mut taken = others.map(|left| left.fetch_update(order, acquire, last));
            let taken = taken.find_map(|left| left.ok()).ok_or(())?;
            Ok::<_, ()>((taken >> 32) as u32 - 1)
        });
        // Nobody replaces the job before this item is done.
        let job = self.job.read().unwrap_or_else(|e| e.into_inner());
        Some((job.items[place.ok()? as usize], job.work?))
    }
}

/// Whether nothing is left of a list.
fn is_empty(left: u64) -> bool {
    left as u32 == (left >> 32) as u32
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
                let one = || Ok(0u32);
                let add = |state: &mut u32, i| {
                    *state += 1;
                    count(i);
                    Ok(())
                };
                Team::scope(n_threads, |team| {
                    for _ in 0..50 {
                        team.run((0..n).collect(), n, &count)?;
                        let states = team.for_each(n, one, add)?;
                        assert!((1..=n_threads).contains(&states.len()));
                        assert_eq!(states.iter().sum::<u32>() as usize, n);
                    }
                    Ok(())
                })
                .unwrap();
                assert!(counts.iter().all(|c| c.load(Ordering::Relaxed) == 101));
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
            let error = Team::scope(n_threads, |team| {
                let error = team.run((0..20).collect(), 20, &work).unwrap_err();
                // And what comes next works.
                team.run((0..6).collect(), 20, &work)?;
                Err::<(), _>(error)
            });
            assert!(error.unwrap_err().to_string().contains("item seven"));
            let error = Team::scope(n_threads, |_| -> Result<()> { panic!("leader") });
            assert!(error.unwrap_err().to_string().contains("leader"));
        }
    }
}
