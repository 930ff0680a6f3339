//! The lists of items that a team works through, one job after the other, and who takes what.
//!
//! This file knows no threads and no clock, and takes atomics and locks from its neighbour `sync`: `tests/loom` compiles it
//! once more with those of loom, which try every order in which threads may come and every value that they may see.

use super::sync::{AtomicBool, AtomicUsize, Ordering, RwLock, unpoisoned, yield_now};

/// What is called for an item, and whether it may be.
pub(crate) type Work<'w> = dyn Fn(usize) + Sync + 'w;
pub(crate) type Ready<'w> = dyn Fn(usize) -> bool + Sync + 'w;

/// Items in the order in which they are to be taken.
///
/// All orderings are Relaxed: the flag alone decides who has an item, whatever else a thread has seen. Items, and all that was
/// done before the job, are handed over by the lock around it; what an item needs of others, by whatever says that it is ready;
/// what was done for items, by the count of those that are done.
pub(super) struct List {
    pub(super) items: Vec<(usize, AtomicBool)>,
    /// All before this one are taken: it only grows, and who sees an old value looks at some of them once more.
    first: AtomicUsize,
}

impl List {
    pub(super) fn new(items: impl Iterator<Item = usize>) -> Self {
        List { items: items.map(|item| (item, AtomicBool::new(false))).collect(), first: AtomicUsize::new(0) }
    }

    /// Takes an item that is ready.
    pub(super) fn take(&self, look_ahead: usize, ready: &Ready<'_>) -> Option<usize> {
        let first = self.first.load(Ordering::Relaxed);
        let ahead = self.items.iter().enumerate().skip(first).take(look_ahead);
        // Whoever looks moves the beginning on, whether he finds anything or not: who took the last of these may have looked
        // at those before it when they were not taken yet, and nobody would ever look further.
        let (mut left, mut found) = (first, None);
        for (place, (item, taken)) in ahead {
            // A flag that is set stays so: true is true, and false is decided by the swap.
            let mut is_taken = taken.load(Ordering::Relaxed);
            if !is_taken && ready(*item) {
                // Swaps of one flag have an order that all threads agree on: one of them alone finds it unset.
                found = (!taken.swap(true, Ordering::Relaxed)).then_some(*item);
                is_taken = true;
            }
            if is_taken && left == place {
                left += 1;
            }
            if found.is_some() {
                break;
            }
        }
        if left > first {
            self.first.fetch_max(left, Ordering::Relaxed);
        }
        found
    }
}

/// A list of items for each thread, and what is called for them.
#[derive(Default)]
struct Job {
    lists: Vec<List>,
    calls: Option<(&'static Work<'static>, &'static Ready<'static>)>,
}

/// The job of a team.
pub(crate) struct Jobs {
    /// Empty between two jobs. Written when every item of the job before is done.
    job: RwLock<Job>,
    /// Items of it that nobody has taken.
    open: AtomicUsize,
    done: AtomicUsize,
    /// How far beyond the first item of a list that is left a thread looks for one that may be called.
    look_ahead: usize,
}

impl Jobs {
    pub(crate) fn new(look_ahead: usize) -> Self {
        Jobs { job: RwLock::new(Job::default()), open: AtomicUsize::new(0), done: AtomicUsize::new(0), look_ahead }
    }

    /// Calls `work` for every item, all below `end`, when it is ready; returns when all are done. For the leader, whose number
    /// is 0, and who works as well: `wait` asks again and again until it is told true. Items of one thread are taken in the
    /// order given. The first that is not done yet is always ready, and stays so. `work` does not panic.
    pub(crate) fn run(
        &self,
        n_threads: usize,
        items: Vec<usize>,
        end: usize,
        (ready, work): (&Ready<'_>, &Work<'_>),
        wait: impl FnOnce(&dyn Fn() -> bool),
    ) {
        let n = items.len();
        let mut lists: Vec<Vec<usize>> = vec![Vec::new(); n_threads];
        for item in items {
            lists[item * n_threads / end.max(item + 1)].push(item);
        }
        let lists = lists.into_iter().map(|items| List::new(items.into_iter())).collect();
        // SAFETY: nobody uses them once this has returned, or unwinds, as the lifetimes say that are taken away here. Only the
        // job has them. `ready` is called by who holds the job to look for an item, and who empties it waits until nobody
        // does. `work` is called after an item is taken, before it is counted as done, and `End` waits for all counts.
        let calls = unsafe {
            let work = std::mem::transmute::<&Work<'_>, &'static Work<'static>>(work);
            (work, std::mem::transmute::<&Ready<'_>, &'static Ready<'static>>(ready))
        };
        // First, because the job may be begun as soon as it is there. Relaxed: who sees the job, by its lock, sees these. No
        // count of the job before comes late: all of `done` were seen, and those of `open` were made holding that job, which
        // was emptied after them.
        self.done.store(0, Ordering::Relaxed);
        self.open.store(n, Ordering::Relaxed);
        let _end = End(self, n);
        *unpoisoned(self.job.write()) = Job { lists, calls: Some(calls) };
        wait(&|| {
            self.share(0);
            // What was done for an item comes before its count, and that before what the leader does next: each count
            // releases, and counts of others after it don't break that.
            self.done.load(Ordering::Acquire) == n
        });
    }

    /// Works on items for as long as there are any that are ready. Tells whether there were.
    pub(crate) fn share(&self, me: usize) -> bool {
        let mut any = false;
        while let Some((item, work)) = self.take(me) {
            work(item);
            self.done.fetch_add(1, Ordering::Release);
            any = true;
        }
        any
    }

    /// An item of one's own that is ready, or of another's.
    fn take(&self, me: usize) -> Option<(usize, &'static Work<'static>)> {
        // Relaxed: it only spares the lock. Who sees none too early asks again; who sees some too late finds none.
        if self.open.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let job = unpoisoned(self.job.read());
        let (work, ready) = job.calls?;
        let (before, from_me) = job.lists.split_at(me.min(job.lists.len()));
        let mut lists = from_me.iter().chain(before);
        let item = lists.find_map(|list| list.take(self.look_ahead, ready))?;
        self.open.fetch_sub(1, Ordering::Relaxed);
        Some((item, work))
    }
}

/// Ends a job of so many items, also if the leader panics.
struct End<'j>(&'j Jobs, usize);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let End(jobs, n) = self;
        *unpoisoned(jobs.job.write()) = Job::default();
        // Of the items that were taken; all, unless the leader panics. `open` changes no more: the job is empty.
        while jobs.done.load(Ordering::Acquire) + jobs.open.load(Ordering::Relaxed) != *n {
            yield_now();
        }
    }
}
