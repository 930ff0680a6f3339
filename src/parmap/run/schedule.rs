//! Which task is done by which worker, and how many at a time: arithmetic on indices only.

pub use crate::options::map::Schedule;
use crate::ranks::Counter;
use std::sync::Arc;

/// The automatic chunk aims at this many seconds.
const AIM: f64 = 2e-3;

/// The automatic chunk is never longer.
const LONGEST: u64 = 1 << 16;

/// Equal portions of `n` tasks: what is left over the workers that are left, rounded up.
pub fn portions(n: u64, n_workers: usize) -> Vec<u64> {
    let mut left = n;
    (0..n_workers)
        .map(|worker| {
            let portion = left.div_ceil((n_workers - worker) as u64);
            left -= portion;
            portion
        })
        .collect()
}

/// Consecutive tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The first one.
    pub first: u64,
    /// How many.
    pub count: u64,
}

/// The answer to a worker that asks for work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deal {
    /// Tasks to do.
    Chunk(Chunk),
    /// Nothing now: what is left is not dealt ahead.
    Wait,
    /// Nothing more.
    End,
}

/// Deals tasks.
pub struct Plan {
    schedule: Schedule,
    /// Tasks that there are.
    n: u64,
    /// Tasks from this one on are not dealt.
    end: u64,
    n_workers: usize,
    /// 0: automatic.
    chunk: u64,
    automatic: u64,
    /// Longest chunk for the sake of memory.
    cap: u64,
    /// Dynamic and guided: the next task; where others deal, too, as far as is known.
    next: u64,
    /// Where others deal from the same tasks: of dynamic schedules the next task, of guided ones the next chunk.
    counter: Option<Arc<dyn Counter>>,
    /// Guided, with a counter: chunks before `next`.
    chunks: u64,
    /// Block: what is left to each worker. Cyclic: where its next chunk begins.
    own: Vec<(u64, u64)>,
}

impl Plan {
    /// `n` tasks for so many workers (at least one); `chunk` tasks at a time, 0: automatic, then
    /// at most `cap`.
    pub fn new(schedule: Schedule, chunk: u64, cap: u64, n: u64, n_workers: usize) -> Self {
        let n_workers = n_workers.max(1);
        let mut plan = Plan {
            schedule,
            n,
            end: n,
            n_workers,
            chunk,
            automatic: 1,
            cap: cap.max(1),
            next: 0,
            counter: None,
            chunks: 0,
            own: Vec::new(),
        };
        match schedule {
            Schedule::Block => {
                let mut first = 0;
                plan.own = portions(n, n_workers)
                    .into_iter()
                    .map(|portion| {
                        first += portion;
                        (first - portion, first)
                    })
                    .collect();
            }
            Schedule::Cyclic => {
                // Dealing depends on the numbers alone, not on time.
                plan.automatic = (n / (32 * n_workers as u64)).clamp(1, 1024).min(plan.cap);
                let chunk = plan.fixed();
                plan.own = (0..n_workers as u64).map(|worker| (worker.saturating_mul(chunk), n)).collect();
            }
            _ => {}
        }
        plan
    }

    /// One of several plans that deal the same tasks, each of them once: with the same arguments, and a counter that is 0 when
    /// the first one begins.
    pub fn with_counter(self, counter: Option<Arc<dyn Counter>>) -> Self {
        Plan { counter, ..self }
    }

    fn fixed(&self) -> u64 {
        match self.chunk {
            0 => self.automatic,
            chunk => chunk,
        }
    }

    /// Are tasks bound to a worker from the start?
    pub fn is_static(&self) -> bool {
        self.schedule.is_static()
    }

    /// No task above this one is dealt any more. Other plans with the counter stop as well: whoever knows of `last` has seen it
    /// dealt, and so have been all tasks below it.
    pub fn cut(&mut self, last: u64) {
        self.end = self.end.min(last.saturating_add(1));
        self.stop();
    }

    /// Nothing more is dealt by any plan with the counter.
    pub fn stop(&self) {
        if let Some(counter) = &self.counter {
            // Chunks are not more than tasks.
            counter.raise(self.n);
        }
    }

    /// Tasks for a worker; `ahead`: so many chunks it still has to do.
    pub fn deal(&mut self, worker: usize, ahead: usize) -> Deal {
        if self.is_static() {
            return self.own_chunk(worker);
        }
        let left = self.end.saturating_sub(self.next);
        if left == 0 {
            return Deal::End;
        }
        // What is dealt ahead cannot go to whoever finishes first.
        if left <= (ahead * self.n_workers) as u64 {
            return Deal::Wait;
        }
        let Some(counter) = &self.counter else {
            let chunk = Chunk { first: self.next, count: self.count(left) };
            self.next += chunk.count;
            return Deal::Chunk(chunk);
        };
        let chunk = match self.schedule {
            Schedule::Guided => {
                let at = counter.add(1);
                loop {
                    let left = self.n - self.next;
                    if left == 0 {
                        break Chunk { first: self.n, count: 0 };
                    }
                    let chunk = Chunk { first: self.next, count: self.count(left) };
                    self.next += chunk.count;
                    self.chunks += 1;
                    if self.chunks > at {
                        break chunk;
                    }
                }
            }
            _ => {
                let count = self.count(left);
                let first = counter.add(count).min(self.n);
                self.next = first + count.min(self.n - first);
                Chunk { first, count: self.next - first }
            }
        };
        match self.end.saturating_sub(chunk.first).min(chunk.count) {
            0 => Deal::End,
            count => Deal::Chunk(Chunk { count, ..chunk }),
        }
    }

    /// Tasks of the next chunk of a dynamic or guided schedule, if so many are left.
    fn count(&self, left: u64) -> u64 {
        let workers = self.n_workers as u64;
        let count = match (self.schedule, self.chunk) {
            (Schedule::Guided, least) => left.div_ceil(2 * workers).max(least).min(self.cap),
            (_, 0) => self.automatic.min(left / (4 * workers) + 1),
            (_, chunk) => chunk,
        };
        count.clamp(1, left)
    }

    fn own_chunk(&mut self, worker: usize) -> Deal {
        let fixed = self.fixed();
        let step = fixed.saturating_mul(self.n_workers as u64);
        let Some((first, end)) = self.own.get_mut(worker) else {
            return Deal::End;
        };
        let left = self.end.min(*end).saturating_sub(*first);
        if left == 0 {
            return Deal::End;
        }
        let chunk = Chunk { first: *first, count: fixed.min(left) };
        *first = match self.schedule {
            Schedule::Cyclic => first.saturating_add(step),
            _ => *first + chunk.count,
        };
        Deal::Chunk(chunk)
    }

    /// So many tasks have taken so long: the automatic chunk learns from it. It at most doubles,
    /// so that a few fast tasks don't blow it up.
    pub fn learn(&mut self, count: u64, seconds: f64) {
        if self.schedule == Schedule::Cyclic || count == 0 {
            return;
        }
        let ideal = AIM / (seconds / count as f64).max(1e-9);
        let most = count.saturating_mul(2).min(LONGEST).min(self.cap);
        self.automatic = (ideal as u64).clamp(1, most.max(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Schedule; 4] = [Schedule::Block, Schedule::Cyclic, Schedule::Dynamic, Schedule::Guided];

    /// Tasks of each worker when the workers ask in turn.
    fn dealt(plan: &mut Plan, n_workers: usize) -> Vec<Vec<Chunk>> {
        let mut own = vec![Vec::new(); n_workers];
        let mut working = true;
        while working {
            working = false;
            for (worker, own) in own.iter_mut().enumerate() {
                if let Deal::Chunk(chunk) = plan.deal(worker, 0) {
                    own.push(chunk);
                    working = true;
                }
            }
        }
        own
    }

    #[test]
    fn portions_are_what_is_left_over_the_workers_that_are_left() {
        assert_eq!(portions(10, 4), [3, 3, 2, 2]);
        assert_eq!(portions(5, 8), [1, 1, 1, 1, 1, 0, 0, 0]);
        assert_eq!(portions(0, 3), [0, 0, 0]);
        assert_eq!(portions(7, 1), [7]);
        let mut plan = Plan::new(Schedule::Block, 2, u64::MAX, 10, 4);
        let counts = |own: &Vec<Chunk>| own.iter().map(|c| c.count).sum::<u64>();
        let own = dealt(&mut plan, 4);
        assert_eq!(own.iter().map(counts).collect::<Vec<_>>(), [3, 3, 2, 2]);
        assert_eq!(own[1][0], Chunk { first: 3, count: 2 });
    }

    #[test]
    fn cyclic_chunks_go_round() {
        let mut plan = Plan::new(Schedule::Cyclic, 2, u64::MAX, 9, 2);
        let own = dealt(&mut plan, 2);
        let firsts = |own: &Vec<Chunk>| own.iter().map(|c| c.first).collect::<Vec<_>>();
        assert_eq!(firsts(&own[0]), [0, 4, 8]);
        assert_eq!(firsts(&own[1]), [2, 6]);
    }

    #[test]
    fn guided_chunks_get_smaller() {
        let mut plan = Plan::new(Schedule::Guided, 0, u64::MAX, 40, 2);
        let counts: Vec<u64> = dealt(&mut plan, 1)[0].iter().map(|c| c.count).collect();
        assert_eq!(counts, [10, 8, 6, 4, 3, 3, 2, 1, 1, 1, 1]);
    }

    #[test]
    fn more_than_two_to_the_31_tasks_are_dealt_without_overflow() {
        let n = (1u64 << 31) + 10;
        for schedule in ALL {
            for chunk in [1 << 20, u64::MAX] {
                let mut plan = Plan::new(schedule, chunk, u64::MAX, n, 3);
                let all: u64 = dealt(&mut plan, 3).iter().flatten().map(|c| c.count).sum();
                assert_eq!(all, n, "{schedule:?}");
            }
        }
        assert_eq!(portions(n, 4), [536870915, 536870915, 536870914, 536870914]);
    }

    #[test]
    fn the_automatic_chunk_at_most_doubles_and_shrinks_at_once() {
        let mut plan = Plan::new(Schedule::Dynamic, 0, u64::MAX, 1 << 40, 2);
        let mut count = 1;
        for _ in 0..30 {
            plan.learn(count, 0.0);
            let Deal::Chunk(chunk) = plan.deal(0, 0) else { panic!("no chunk") };
            assert!(chunk.count <= 2 * count && chunk.count <= LONGEST);
            count = chunk.count;
        }
        assert_eq!(count, LONGEST);
        plan.learn(count, 1.0 * count as f64);
        assert_eq!(plan.automatic, 1);
    }

    proptest! {
        #[test]
        fn plans_with_a_counter_deal_every_task_once(
            n in 0u64..500, who in proptest::collection::vec(0usize..4, 0..600), chunk in 0u64..9, guided in any::<bool>(),
            cut in proptest::option::of((0u64..600, 0u64..500)),
        ) {
            let counter: Arc<dyn Counter> = Arc::new(std::sync::atomic::AtomicU64::new(0));
            let schedule = if guided { Schedule::Guided } else { Schedule::Dynamic };
            let plan = |_| Plan::new(schedule, chunk, 50, n, 4).with_counter(Some(counter.clone()));
            let mut plans: Vec<Plan> = (0..4).map(plan).collect();
            let (mut all, mut last) = (Vec::new(), u64::MAX);
            for (at, who) in who.into_iter().chain((0..2000).map(|at| at % 4)).enumerate() {
                plans[who].learn(1 + at as u64 % 3, 1e-6);
                let Deal::Chunk(chunk) = plans[who].deal(who, 0) else { continue };
                prop_assert_eq!(last, u64::MAX);
                all.extend(chunk.first..chunk.first + chunk.count);
                // A task that was dealt fails.
                if let Some((_, place)) = cut.filter(|(after, _)| *after <= at as u64 && last == u64::MAX) {
                    last = all[place as usize % all.len()];
                    plans[1].cut(last);
                }
            }
            all.sort_unstable();
            prop_assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
            let below: Vec<u64> = all.iter().copied().filter(|task| *task <= last).collect();
            prop_assert_eq!(below, (0..n.min(last.saturating_add(1))).collect::<Vec<_>>());
        }

        #[test]
        fn every_task_is_dealt_once(
            n in 0u64..500, n_workers in 1usize..9, chunk in 0u64..9, which in 0usize..4,
        ) {
            let mut plan = Plan::new(ALL[which], chunk, 50, n, n_workers);
            let mut all: Vec<u64> = dealt(&mut plan, n_workers)
                .into_iter()
                .flatten()
                .flat_map(|c| c.first..c.first + c.count)
                .collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..n).collect::<Vec<_>>());
        }

        #[test]
        fn no_task_above_the_cut_is_dealt(
            n in 1u64..100, n_workers in 1usize..5, which in 0usize..4, last in 0u64..100,
        ) {
            let mut plan = Plan::new(ALL[which], 3, 50, n, n_workers);
            plan.cut(last);
            let mut all: Vec<u64> = dealt(&mut plan, n_workers)
                .into_iter()
                .flatten()
                .flat_map(|c| c.first..c.first + c.count)
                .collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..n.min(last + 1)).collect::<Vec<_>>());
        }
    }
}
