//! Threads of one call: started when it begins, gone when it returns.

mod job;
mod sync;

use crate::base::error::{Error, Result};
use crate::base::panic::{self, caught, lock};
use crate::clock;
use crate::host::threads::Crew;
use job::{Jobs, Ready, Work};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// [`Team::for_each`] of a team of its own, of up to `n_threads` threads.
pub(crate) fn for_each<S: Send>(
    n_threads: usize,
    n_items: usize,
    state: impl Fn() -> Result<S> + Sync,
    work: impl Fn(&mut S, usize) -> Result<()> + Sync,
) -> Result<Vec<S>> {
    Team::scope(n_threads.min(n_items), |team| team.for_each(n_items, state, work))
}

/// A team of threads that works through one list of items after the other, with little time between them: the leader hands
/// out a list, all work on it, and the leader goes on when the last item is done. It waits for nobody who has not taken an
/// item: a thread that the system keeps from running costs its share of the work, no more. (Some systems let a new thread
/// wait for milliseconds, which is why a team stays together for a whole call.)
///
/// Each thread begins with its own range of the items, the same in every list, because what belongs to an item is in the
/// cache of who worked on it last; then it helps the others.
pub(crate) struct Team {
    /// Threads that could be started beside the leader. Relaxed: the leader's thread alone writes and reads it.
    followers: AtomicUsize,
    jobs: Jobs,
    /// The followers are to go home.
    stop: AtomicBool,
    failure: Mutex<Option<Error>>,
}

/// So many items of a list are looked at before a thread turns to the next list.
const AHEAD: usize = 16;

impl Team {
    /// A leader without followers.
    pub(crate) fn alone() -> Self {
        Team {
            followers: AtomicUsize::new(0),
            jobs: Jobs::new(AHEAD),
            stop: AtomicBool::new(false),
            failure: Default::default(),
        }
    }

    /// Runs `lead`, with `n_threads` threads in all.
    pub(crate) fn scope<R>(n_threads: usize, lead: impl FnOnce(&Team) -> Result<R>) -> Result<R> {
        let (mut lead, mut result) = (Some(lead), None);
        Team::gather(n_threads, &mut |team| result = lead.take().map(|lead| lead(team)))?;
        result.unwrap_or_else(|| Err(Error::Internal("a team without a leader".into())))
    }

    /// The same for any leader, compiled once.
    fn gather(n_threads: usize, lead: &mut dyn FnMut(&Team)) -> Result<()> {
        let (team, quiet, clock) = (&Team::alone(), panic::is_quiet(), clock::here());
        let crew = Crew::new();
        std::thread::scope(|scope| {
            // With fewer threads than asked for the result is the same.
            let follow = |me| {
                // Nothing of the program's runs in them: they need no stack like its main thread's.
                crew.start(scope, None, move || {
                    let _quiet = panic::set(quiet);
                    clock::follow(clock, || team.follow(me));
                })
            };
            let started = (1..n_threads).map_while(|me| follow(me).ok()).count();
            team.followers.store(started, Ordering::Relaxed);
            // The followers must be sent home even if the leader panics.
            let result = caught(|| lead(team));
            // Nothing is handed over with it: the scope waits until they have ended, which is when all they did is seen.
            team.stop.store(true, Ordering::Release);
            result.map_err(Error::Internal)
        })
    }

    /// Whether the leader has no followers.
    pub(crate) fn is_alone(&self) -> bool {
        self.followers.load(Ordering::Relaxed) == 0
    }

    /// Threads, the leader among them.
    pub(crate) fn len(&self) -> usize {
        1 + self.followers.load(Ordering::Relaxed)
    }

    /// Calls `work` for every item, all below `end`; returns when all are done. Threads take theirs in the order given.
    pub(crate) fn run(&self, items: Vec<usize>, end: usize, work: &Work<'_>) -> Result<()> {
        self.run_when(items, end, &|_| true, work)
    }

    /// The same, of each item when it is ready: the first that is not done yet always is, and stays so.
    pub(crate) fn run_when(&self, items: Vec<usize>, end: usize, ready: &Ready<'_>, work: &Work<'_>) -> Result<()> {
        if items.len() <= 1 || self.is_alone() {
            let run = || items.iter().for_each(|item| work(*item));
            return caught(run).map_err(Error::Internal);
        }
        let n_threads = 1 + self.followers.load(Ordering::Relaxed);
        let work = |item| {
            if let Err(text) = caught(|| work(item)) {
                *lock(&self.failure) = Some(Error::Internal(text));
            }
        };
        self.jobs.run(n_threads, items, end, (ready, &work), |done| wait(done));
        let failure = lock(&self.failure).take();
        failure.map_or(Ok(()), Err)
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
        let idle = || lock(&idle);
        self.try_each(n_items, &|item| {
            let free = idle().pop();
            let mut mine = free.map_or_else(&state, Ok)?;
            work(&mut mine, item)?;
            idle().push(mine);
            Ok(())
        })?;
        Ok(std::mem::take(&mut *idle()))
    }

    /// Calls `work` for each item once, or returns the first error. Fails if the clock says that it is over.
    fn try_each(&self, n_items: usize, work: &(dyn Fn(usize) -> Result<()> + Sync)) -> Result<()> {
        let failed = AtomicBool::new(false);
        let failure = Mutex::new(None);
        let failure = || lock(&failure);
        self.run((0..n_items).collect(), n_items, &|item| {
            // Relaxed: who sees it late does an item whose result nobody uses. The error itself is behind its lock.
            if failed.load(Ordering::Relaxed) {
                return;
            }
            let work = || {
                clock::check()?;
                work(item)?;
                clock::check()
            };
            if let Err(error) = caught(work).unwrap_or_else(|text| Err(Error::Internal(text))) {
                failed.store(true, Ordering::Relaxed);
                failure().get_or_insert(error);
            }
        })?;
        failure().take().map_or(Ok(()), Err)
    }

    fn follow(&self, me: usize) {
        let stopped = || self.stop.load(Ordering::Acquire);
        while !stopped() {
            wait(|| stopped() || self.jobs.share(me));
        }
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
        // The callback is not to wait for a thread that works on.
        clock::over();
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use job::List;
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

    /// However late those who took them have looked.
    #[test]
    fn items_behind_many_that_are_taken_are_found() {
        let list = List::new(0..50);
        list.items[..40].iter().for_each(|(_, taken)| taken.store(true, Ordering::Relaxed));
        let mut found: Vec<usize> = (0..20).filter_map(|_| list.take(AHEAD, &|item| item != 41)).collect();
        assert_eq!(found.len(), 9);
        found.extend((0..2).filter_map(|_| list.take(AHEAD, &|_| true)));
        assert_eq!(found, [40, 42, 43, 44, 45, 46, 47, 48, 49, 41]);
    }

    #[test]
    fn items_have_their_turn_when_they_are_ready() {
        // Each waits for its two neighbours among those before it.
        let n = 300;
        let before = |i: usize| [i.checked_sub(1), i.checked_sub(17)].into_iter().flatten();
        for n_threads in 1..5 {
            let done: Vec<AtomicBool> = (0..n).map(|_| AtomicBool::new(false)).collect();
            let ready = |i: usize| before(i).all(|i| done[i].load(Ordering::Acquire));
            let work = |i: usize| {
                assert!(ready(i) && !done[i].swap(true, Ordering::Release));
            };
            Team::scope(n_threads, |team| {
                for _ in 0..20 {
                    done.iter().for_each(|d| d.store(false, Ordering::Relaxed));
                    team.run_when((0..n).collect(), n, &ready, &work)?;
                    assert!(done.iter().all(|d| d.load(Ordering::Relaxed)));
                }
                Ok(())
            })
            .unwrap();
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
