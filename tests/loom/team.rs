//! Who takes which item of a team's job, with the atomics of loom: it tries the orders in which threads can come, and what each of
//! them may see of the others' writes, as the orderings allow, not only as this processor happens to do it. A job that never ends
//! has too many branches; what is read without an order after what wrote it is a race. `make check-orders` runs
//! it; a package of its own, so that nothing else waits for loom.
#![cfg(test)]

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use sync::{AtomicBool, Ordering};

/// What `job` takes from its neighbour.
mod sync {
    pub(crate) use loom::sync::RwLock;
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    pub(crate) use loom::thread::yield_now;

    pub(crate) fn unpoisoned<G>(locked: std::sync::LockResult<G>) -> G {
        locked.unwrap()
    }
}

#[path = "../../src/threads/job.rs"]
mod job;

use job::Jobs;

/// Numbers that are written without any order of their own.
struct Cells(Vec<UnsafeCell<usize>>);

// SAFETY: loom sees each access, and whether it races with another one.
unsafe impl Sync for Cells {}

impl Cells {
    fn new(n: usize) -> Self {
        Cells((0..n).map(|_| UnsafeCell::new(0)).collect())
    }

    fn add(&self, i: usize, value: usize) {
        // SAFETY: as above.
        self.0[i].with_mut(|cell| unsafe { *cell += value });
    }

    fn get(&self, i: usize) -> usize {
        // SAFETY: as above.
        self.0[i].with(|cell| unsafe { *cell })
    }
}

/// Runs `lead` beside a thread that follows, in all orders with so many interruptions at most.
fn explore(interruptions: usize, look_ahead: usize, lead: impl Fn(&Jobs) + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(interruptions);
    builder.check(move || {
        let jobs = Arc::new(Jobs::new(look_ahead));
        let stop = Arc::new(AtomicBool::new(false));
        let follower = {
            let (jobs, stop) = (jobs.clone(), stop.clone());
            thread::spawn(move || {
                while !stop.load(Ordering::Acquire) {
                    jobs.share(1);
                    thread::yield_now();
                }
            })
        };
        lead(&jobs);
        stop.store(true, Ordering::Release);
        follower.join().unwrap();
    });
}

fn wait(done: &dyn Fn() -> bool) {
    while !done() {
        thread::yield_now();
    }
}

/// All in the leader's list, so that both take from the same one: whoever loses a race for an item goes on to the next, and the
/// beginning of the list has to move all the same.
#[test]
fn every_item_of_a_list_is_done_once_and_seen_by_the_leader() {
    explore(3, 2, |jobs| {
        let cells = Cells::new(4);
        let work = |i: usize| cells.add(i, 1);
        jobs.run(2, (0..4).collect(), 100, (&|_| true, &work), wait);
        assert!((0..4).all(|i| cells.get(i) == 1));
    });
}

#[test]
fn a_job_is_over_before_the_next_one_begins() {
    explore(2, 2, |jobs| {
        let cells = Cells::new(2);
        for round in 1..3 {
            // Of this round alone: who called it later would use what is gone.
            let value = Cells::new(1);
            value.add(0, round);
            let work = |i: usize| cells.add(i, value.get(0));
            jobs.run(2, (0..2).collect(), 2, (&|_| true, &work), wait);
        }
        assert!((0..2).all(|i| cells.get(i) == 3));
    });
}

#[test]
fn an_item_sees_what_was_done_for_those_that_it_waits_for() {
    explore(2, 2, |jobs| {
        let cells = Cells::new(3);
        let done: Vec<AtomicBool> = (0..3).map(|_| AtomicBool::new(false)).collect();
        let ready = |i: usize| i == 0 || done[i - 1].load(Ordering::Acquire);
        let work = |i: usize| {
            let before = if i == 0 { 1 } else { cells.get(i - 1) };
            cells.add(i, 2 * before);
            done[i].store(true, Ordering::Release);
        };
        jobs.run(2, (0..3).collect(), 3, (&ready, &work), wait);
        assert_eq!(cells.get(2), 8);
    });
}
