//! Section 2 of the contract: fork, work, join.

use crate::common::*;
use dicod::parmap::map::Tasks;
use dicod::parmap::reduce::{Failed, Reducer, reduce};
use dicod::parmap::{Canceller, Errors, Outcome, Report, Settings, Task};
use proptest::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

/// Sums, and the order in which they came together.
#[derive(Default)]
struct Sum {
    bad: Option<(&'static str, u64)>,
    /// Where the run is cancelled.
    cancel: Option<(&'static str, u64, Canceller)>,
    forks: AtomicU64,
    packs: AtomicU64,
}

type State = (f64, Vec<u64>);

impl Sum {
    fn cancels(&self, which: &str, has: impl Fn(u64) -> bool) {
        if let Some((at, index, canceller)) = &self.cancel
            && *at == which
            && has(*index)
        {
            canceller.cancel();
        }
    }
}

impl Reducer for Sum {
    type State = State;

    fn fork(&self, pristine: &State) -> Result<State, Failed> {
        let before = self.forks.fetch_add(1, Ordering::Relaxed);
        assert!(pristine.1.is_empty());
        match self.bad {
            Some(("fork", after)) if after == before => Err(Failed(8, "no room".into())),
            _ => Ok(pristine.clone()),
        }
    }

    fn work(&self, state: &mut State, task: &Task, input: &[u8]) -> i32 {
        state.0 += if input.is_empty() { 0.0 } else { value(input) };
        state.1.push(task.index);
        self.cancels("work", |index| index == task.index);
        i32::from(self.bad == Some(("work", task.index))) * 3
    }

    fn pack(&self, state: &State, to: &mut Vec<u8>) -> Result<(), Failed> {
        self.packs.fetch_add(1, Ordering::Relaxed);
        to.extend(state.0.to_le_bytes());
        to.extend(state.1.iter().flat_map(|i| i.to_le_bytes()));
        match self.bad {
            Some(("pack", index)) if state.1.contains(&index) => Err(Failed(8, "full".into())),
            _ => Ok(()),
        }
    }

    fn unpack(&self, state: &mut State, bytes: &[u8]) -> Result<(), Failed> {
        state.0 = value(bytes);
        let index = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
        state.1 = bytes[8..].chunks_exact(8).map(index).collect();
        Ok(())
    }

    fn join(&self, into: &mut State, from: &State) -> Result<(), Failed> {
        into.0 += from.0;
        into.1.extend(&from.1);
        self.cancels("join", |index| from.1.contains(&index));
        match self.bad {
            Some(("join", index)) if from.1.contains(&index) => panic!("no join"),
            _ => Ok(()),
        }
    }
}

fn reduced(
    shape: (usize, usize),
    seed: u64,
    settings: &Settings,
    n: u64,
    bad: Option<(&'static str, u64)>,
) -> Vec<(Report, State)> {
    let inputs = bytes_of(&numbers(n as usize));
    on(shape, rough(seed), settings, |map| {
        let tasks = Tasks::new(n).inputs(&inputs, 8).unwrap();
        // Others than rank 0 get the pristine state from there.
        let mut state = (map.ranks().rank() as f64 + 0.5, Vec::new());
        let sum = Sum { bad, ..Sum::default() };
        let report = reduce(map, &tasks, &sum, &mut state, None).unwrap();
        (report, state)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]

    #[test]
    fn sums_are_the_same_bit_for_bit(
        n in 0u64..300, shape in 0usize..9, chunk in 0i64..20, seed in 0u64..1000,
        max_outstanding in 0i64..5,
    ) {
        let settings = Settings { chunk, max_outstanding, ..Settings::default() };
        let serial = reduced((1, 1), 0, &settings, n, None);
        for (report, state) in reduced(SHAPES[shape], seed, &settings, n, None) {
            prop_assert_eq!(essence(&report), essence(&serial[0].0));
            prop_assert_eq!(state.0.to_bits(), serial[0].1.0.to_bits());
            prop_assert_eq!(&state.1, &(0..n).collect::<Vec<_>>());
        }
    }
}

#[test]
fn without_order_every_fork_is_still_joined_once() {
    let settings = Settings { ordered: false, chunk: 3, ..Settings::default() };
    for shape in SHAPES {
        for (_, mut state) in reduced(shape, 9, &settings, 50, None) {
            state.1.sort_unstable();
            assert_eq!(state.1, (0..50).collect::<Vec<_>>());
        }
    }
}

#[test]
fn there_is_one_fork_per_chunk_and_the_state_travels_once() {
    let inputs = bytes_of(&numbers(20));
    on((3, 1), rough(0), &Settings { chunk: 4, root_works: false, ..Settings::default() }, |map| {
        let tasks = Tasks::new(20).inputs(&inputs, 8).unwrap();
        let sum = Sum::default();
        let mut state = (0.0, Vec::new());
        reduce(map, &tasks, &sum, &mut state, None).unwrap();
        let (forks, packs) = (sum.forks.into_inner(), sum.packs.into_inner());
        if map.ranks().rank() == 0 {
            // The result, and one that what comes of all chunks is unpacked into; packed: the pristine
            // state and the result.
            assert_eq!((forks, packs), (2, 2));
        } else {
            assert_eq!(forks, packs);
        }
    });
}

#[test]
fn errors_of_a_reduction_leave_the_state_as_it_was() {
    for shape in SHAPES {
        for which in ["work", "pack", "join"] {
            let settings = Settings { chunk: 4, ..Settings::default() };
            let serial = reduced((1, 1), 0, &settings, 30, Some((which, 14)));
            for (rank, (report, state)) in reduced(shape, 4, &settings, 30, Some((which, 14))).into_iter().enumerate() {
                assert_eq!(essence(&report), essence(&serial[0].0), "{shape:?} {which}");
                let failure = report.failure.unwrap();
                let (outcome, index, code, text) = match which {
                    "work" => (Outcome::TaskFailed, 14, 3, ""),
                    "pack" => (Outcome::TaskFailed, 12, 8, "pack: full"),
                    _ => (Outcome::JoinFailed, 12, -9, "join: panicked: no join"),
                };
                assert_eq!((report.outcome, failure.index, failure.code), (outcome, index, code));
                assert_eq!(failure.message, text);
                if rank == 0 {
                    assert_eq!(state, (0.5, Vec::new()));
                }
            }
        }
        let settings = Settings { errors: Errors::Continue, ..Settings::default() };
        for (report, state) in reduced(shape, 4, &settings, 30, Some(("work", 14))) {
            assert_eq!(report.outcome, Outcome::SomeFailed);
            assert_eq!(state.1.len(), 30);
        }
    }
}

/// Tasks that there are and were not run are unfinished, whether anybody has begun them or not: as in a map.
#[test]
fn what_a_reduction_that_ends_early_has_not_done_is_unfinished() {
    const MANY: u64 = i64::MAX as u64;
    for shape in SHAPES {
        let settings = Settings { chunk: 4, ..Settings::default() };
        on(shape, rough(2), &settings, |map| {
            let all_counted = |report: &Report, n: u64| {
                let unfinished: u64 = report.unfinished.iter().map(|range| range.1 - range.0).sum();
                assert_eq!((report.total, report.done + unfinished), (Some(n), n), "{shape:?} {report:?}");
            };
            let ended = |n: u64, sum: Sum| reduce(map, &Tasks::new(n), &sum, &mut (0.0, Vec::new()), None).unwrap();

            let work = |task: &Task, _: &[u8], _: &mut [u8]| i32::from(task.index == 14) * 3;
            let mapped = Tasks::new(40).run(map, &work, None).unwrap();
            let failed = ended(40, Sum { bad: Some(("work", 14)), ..Sum::default() });
            assert_eq!(essence(&failed), essence(&mapped));
            assert_eq!((failed.done, &failed.unfinished[..]), (15, &[(15, 40)][..]));
            let failed = ended(40, Sum { bad: Some(("join", 14)), ..Sum::default() });
            assert_eq!(failed.outcome, Outcome::JoinFailed);
            all_counted(&failed, 40);

            let cancel = |which, index| Sum { cancel: Some((which, index, map.canceller())), ..Sum::default() };
            let cancelled = ended(MANY, cancel("work", 14));
            assert_eq!(cancelled.outcome, Outcome::Cancelled);
            all_counted(&cancelled, MANY);
            assert!(cancelled.message().contains("tasks are unfinished"), "{}", cancelled.message());
            // What is complete is a result, as late as the wish comes.
            let complete = ended(40, cancel("join", 39));
            assert_eq!((complete.outcome, complete.done, complete.unfinished.len()), (Outcome::Done, 40, 0));
        });
        let settings = Settings { deadline: 0.0, ..settings };
        on(shape, rough(2), &settings, |map| {
            let late = reduce(map, &Tasks::new(MANY), &Sum::default(), &mut (0.0, Vec::new()), None).unwrap();
            assert_eq!((late.outcome, late.done, late.total), (Outcome::TimedOut, 0, Some(MANY)));
            assert_eq!(late.unfinished, [(0, MANY)]);
        });
    }
}

/// The calling thread makes forks as well: one that others are joined into, and one that they are unpacked into.
#[test]
fn forks_that_fail_outside_of_chunks_are_named_as_what_they_are() {
    let inputs = bytes_of(&numbers(20));
    let settings = Settings { chunk: 4, root_works: false, ..Settings::default() };
    for after in [0, 1, 2] {
        let ended = on((3, 1), rough(0), &settings, |map| {
            let root = map.ranks().rank() == 0;
            let tasks = Tasks::new(20).inputs(&inputs, 8).unwrap();
            let sum = Sum { bad: root.then_some(("fork", after)), ..Sum::default() };
            let mut state = (0.0, Vec::new());
            let ended = reduce(map, &tasks, &sum, &mut state, None);
            assert!(!root || after == 2 || state == (0.0, Vec::new()));
            ended.map(|report| (report.outcome, report.code(), report.message())).map_err(|error| error.to_string())
        });
        for ended in ended {
            match after {
                0 => {
                    let text = "rank 0: a callback failed with code 8: fork to join the others into: no room";
                    assert_eq!(ended, Err(text.to_string()));
                }
                1 => {
                    let text = "the chunk at task 0 could not be joined, code 8: fork: no room";
                    assert_eq!(ended, Ok((Outcome::JoinFailed, -103, text.to_string())));
                }
                _ => assert_eq!(ended, Ok((Outcome::Done, 0, "done".to_string()))),
            }
        }
    }
}
