//! Section 1 of the contract: schedules, results, statuses.

use crate::common::*;
use dicod::options::Table;
use dicod::parmap::map::Tasks;
use dicod::parmap::share::share;
use dicod::parmap::{Errors, Outcome, Report, Schedule, Settings};
use dicod::ranks::local::Weather;
use proptest::prelude::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// A task that fails where `bad` says so, and mixes its input with its random numbers.
fn mapped(
    shape: (usize, usize),
    weather: Weather,
    settings: &Settings,
    n: u64,
    bad: impl Fn(u64) -> i32 + Sync,
) -> Vec<(Report, Vec<u8>)> {
    let inputs = bytes_of(&numbers(n as usize));
    on(shape, weather, settings, |map| {
        // Only the inputs of rank 0 count.
        let mine = match map.ranks().rank() {
            0 => inputs.clone(),
            _ => vec![0xff; inputs.len()],
        };
        let mut outputs = vec![7; n as usize * 16];
        let tasks = Tasks::new(n).inputs(&mine, 8).unwrap().outputs(&mut outputs, 16).unwrap();
        let work = |task: &dicod::parmap::Task, input: &[u8], output: &mut [u8]| {
            assert!(output.iter().all(|byte| *byte == 0));
            let mut random = [0.0];
            task.uniform(&mut random);
            let result = value(input).sin() + random[0];
            output[..8].copy_from_slice(&result.to_le_bytes());
            output[8..].copy_from_slice(&task.key().to_le_bytes());
            match bad(task.index) {
                -77 => panic!("at task {}", task.index),
                0 => 0,
                code => {
                    task.explain(&format!("task {} is bad", task.index));
                    code
                }
            }
        };
        let report = tasks.run(map, &work, None).unwrap();
        (report, outputs)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_backend_and_schedule_gives_the_serial_result(
        n in 0u64..40,
        shape in 0usize..9,
        schedule in 0usize..4,
        chunk in 0i64..5,
        seed in 0u64..1000,
        bad in proptest::collection::vec(0u64..40, 0..4),
        keep_on in any::<bool>(),
        root_works in any::<bool>(),
    ) {
        let settings = Settings {
            schedule: SCHEDULES[schedule],
            chunk,
            root_works,
            seed: seed as i64,
            errors: if keep_on { Errors::Continue } else { Errors::Cancel },
            ..Settings::default()
        };
        let code = |index: u64| match bad.contains(&index) {
            true if index % 3 == 2 => -77,
            true => index as i32 + 1,
            false => 0,
        };
        let serial = mapped((1, 1), Weather::default(), &settings, n, code);
        let (report, outputs) = &serial[0];
        for (got, seen) in mapped(SHAPES[shape], rough(seed), &settings, n, code) {
            prop_assert_eq!(&essence(&got), &essence(report));
            prop_assert_eq!(&seen, outputs);
        }
        let lowest = bad.iter().copied().filter(|b| *b < n).min();
        prop_assert_eq!(report.failure.as_ref().map(|f| f.index), lowest);
        for index in 0..n {
            let wanted = match (lowest, keep_on) {
                (Some(lowest), false) if index > lowest => dicod::parmap::run::report::NOT_RUN,
                _ if code(index) < 0 => -9,
                _ => code(index),
            };
            prop_assert_eq!(report.status(index), wanted);
            let output = &outputs[index as usize * 16..][..16];
            prop_assert_eq!(output.iter().all(|b| *b == 0), wanted != 0);
        }
    }
}

/// Tasks that each worker did.
fn counts(shape: (usize, usize), settings: &Settings, n: u64) -> Vec<u64> {
    let done = Mutex::new(vec![0; shape.0 * shape.1]);
    on(shape, rough(3), settings, |map| {
        let count = |task: &dicod::parmap::Task, _: &[u8], _: &mut [u8]| {
            let worker = task.worker();
            done.lock().unwrap()[worker.rank * shape.1 + worker.thread] += 1;
            0
        };
        Tasks::new(n).run(map, &count, None).unwrap()
    });
    done.into_inner().unwrap()
}

#[test]
fn block_gives_what_is_left_over_the_workers_that_are_left() {
    let mut settings = Settings::default();
    settings.set_word("schedule", "block").unwrap();
    for shape in [(4, 1), (1, 4), (2, 2)] {
        assert_eq!(counts(shape, &settings, 10), [3, 3, 2, 2], "{shape:?}");
    }
    for shape in [(8, 1), (4, 2)] {
        assert_eq!(counts(shape, &settings, 5), [1, 1, 1, 1, 1, 0, 0, 0]);
    }
    settings.set_integer("root_works", 0).unwrap();
    assert_eq!(counts((4, 1), &settings, 10), [0, 4, 3, 3]);
    // Alone, the root has to.
    assert_eq!(counts((1, 1), &settings, 10), [10]);
    settings.set_integer("root_works", 1).unwrap();
    settings.set_word("schedule", "cyclic").unwrap();
    assert_eq!(counts((4, 1), &settings, 10), [3, 3, 2, 2]);
}

#[test]
fn the_next_task_goes_to_whoever_finishes_first() {
    // One task takes as long as all others together.
    let settings = Settings { chunk: 1, ..Settings::default() };
    for (shape, busy) in [((1, 2), 1), ((3, 1), 1), ((2, 2), 2)] {
        let long = AtomicU64::new(u64::MAX);
        let others = AtomicU64::new(0);
        on(shape, Weather::default(), &settings, |map| {
            let work = |task: &dicod::parmap::Task, _: &[u8], _: &mut [u8]| {
                let worker = task.worker();
                let me = (worker.rank * 10 + worker.thread) as u64;
                if task.index == 1 {
                    long.store(me, Ordering::SeqCst);
                    let start = Instant::now();
                    // All but those that are dealt ahead to this very worker.
                    while others.load(Ordering::SeqCst) < 38 && start.elapsed() < HANGS {
                        std::thread::yield_now();
                    }
                    return i32::from(start.elapsed() >= HANGS);
                }
                others.fetch_add(1, Ordering::SeqCst);
                0
            };
            let report = Tasks::new(40).run(map, &work, None).unwrap();
            assert_eq!(report.outcome, Outcome::Done, "{shape:?} {busy}");
        });
    }
}

#[test]
fn while_the_root_is_in_a_long_task_the_others_do_all_the_rest() {
    let inputs = bytes_of(&numbers(200));
    for (shape, schedule, with_inputs) in
        [(2, Schedule::Dynamic), (5, Schedule::Dynamic), (3, Schedule::Guided)].map(|(n, s)| ((n, 1), s, n != 5))
    {
        let settings = Settings { schedule, chunk: 1, ..Settings::default() };
        let (own, rest) = (AtomicU64::new(0), AtomicU64::new(0));
        let reports = on(shape, rough(2), &settings, |map| {
            let root = map.ranks().rank() == 0;
            let work = |task: &dicod::parmap::Task, input: &[u8], output: &mut [u8]| {
                output.copy_from_slice(if with_inputs { input } else { &inputs[8 * task.index as usize..][..8] });
                if !root {
                    rest.fetch_add(1, Ordering::SeqCst);
                    return 0;
                }
                // Of guided chunks those of the root are its own.
                let mine = own.fetch_add(1, Ordering::SeqCst) + 1;
                let start = Instant::now();
                let others = if schedule == Schedule::Guided { 200 - 200u64.div_ceil(6) } else { 200 - mine };
                while rest.load(Ordering::SeqCst) < others && mine == 1 {
                    if start.elapsed() > HANGS {
                        return 1;
                    }
                    std::thread::yield_now();
                }
                0
            };
            let mut outputs = vec![0; 200 * 8];
            let mut tasks = Tasks::new(200).outputs(&mut outputs, 8).unwrap();
            if with_inputs {
                let mine = if root { &inputs[..] } else { &[0; 200 * 8] };
                tasks = tasks.inputs(mine, 8).unwrap();
            }
            let report = tasks.run(map, &work, None).unwrap();
            assert!(outputs == inputs);
            report
        });
        assert!(reports.iter().all(|report| report.outcome == Outcome::Done), "{shape:?} {schedule:?}");
    }
}

#[test]
fn inputs_that_are_too_many_for_every_rank_come_from_the_root() {
    // More than 16 MiB.
    const SIZE: usize = 1 << 20;
    let inputs: Vec<u8> = (0..20 * SIZE).map(|at| (at / 4099) as u8).collect();
    for shape in [(3, 1), (1, 1)] {
        on(shape, rough(1), &Settings::default(), |map| {
            let work = |_: &dicod::parmap::Task, input: &[u8], output: &mut [u8]| {
                output.copy_from_slice(&input.iter().map(|byte| u64::from(*byte)).sum::<u64>().to_le_bytes());
                0
            };
            let mut outputs = vec![0; 20 * 8];
            let tasks = Tasks::new(20).inputs(&inputs, SIZE).unwrap().outputs(&mut outputs, 8).unwrap();
            assert_eq!(tasks.run(map, &work, None).unwrap().outcome, Outcome::Done);
            let wanted =
                inputs.chunks(SIZE).flat_map(|of| of.iter().map(|byte| u64::from(*byte)).sum::<u64>().to_le_bytes());
            assert!(outputs.iter().copied().eq(wanted));
        });
    }
}

#[test]
fn no_tasks_one_task_and_more_ranks_than_tasks() {
    for shape in SHAPES {
        for n in [0, 1, 2] {
            for schedule in SCHEDULES {
                let settings = Settings { schedule, ..Settings::default() };
                for (report, _) in mapped(shape, rough(n), &settings, n, |_| 0) {
                    assert_eq!((report.outcome, report.done), (Outcome::Done, n));
                    assert_eq!(report.total, Some(n));
                }
            }
        }
    }
}

#[test]
fn with_one_thread_every_callback_runs_on_the_calling_thread() {
    for shape in [(1, 1), (3, 1)] {
        let settings = Settings { progress_interval: 0.0, ..Settings::default() };
        on(shape, rough(2), &settings, |map| {
            let me = std::thread::current().id();
            let work = |_: &dicod::parmap::Task, _: &[u8], _: &mut [u8]| i32::from(std::thread::current().id() != me);
            let mut told = 0;
            let mut progress = |_: &dicod::parmap::Progress| {
                assert_eq!(std::thread::current().id(), me);
                told += 1;
                true
            };
            let report = Tasks::new(20).run(map, &work, Some(&mut progress));
            assert_eq!(report.unwrap().outcome, Outcome::Done);
            assert_eq!(told > 0, map.ranks().rank() == 0);
        });
    }
}

#[test]
fn progress_counts_up_and_the_last_call_tells_all() {
    for shape in SHAPES {
        for (interval, bad) in [(0.0, None), (f64::INFINITY, None), (0.0, Some(20))] {
            let settings = Settings { progress_interval: interval, chunk: 3, ..Settings::default() };
            let results = on(shape, rough(4), &settings, |map| {
                let mut calls = Vec::new();
                let mut progress = |p: &dicod::parmap::Progress| {
                    calls.push((p.done, p.total, p.failed, p.eta));
                    assert!(p.elapsed >= 0.0);
                    true
                };
                let work = |task: &dicod::parmap::Task, _: &[u8], _: &mut [u8]| i32::from(Some(task.index) == bad);
                Tasks::new(50).run(map, &work, Some(&mut progress)).unwrap();
                calls
            });
            let calls = &results[0];
            assert!(results[1..].iter().all(Vec::is_empty));
            let last = calls.last().unwrap();
            let wanted = match bad {
                Some(bad) => (bad + 1, Some(50), 1),
                None => (50, Some(50), 0),
            };
            assert_eq!((last.0, last.1, last.2), wanted);
            if bad.is_none() {
                assert_eq!(last.3, Some(0.0));
                assert!(calls.windows(2).all(|pair| pair[0].0 <= pair[1].0));
            }
            if interval.is_infinite() {
                assert_eq!(calls.len(), 1);
            }
        }
    }
}

#[test]
fn progress_is_told_while_all_threads_are_in_long_tasks() {
    for shape in [(1, 3), (2, 2)] {
        let settings = Settings { progress_interval: 0.001, ..Settings::default() };
        let told = AtomicU64::new(0);
        let reports = on(shape, rough(1), &settings, |map| {
            let me = std::thread::current().id();
            let mut progress = |_: &dicod::parmap::Progress| {
                assert_eq!(std::thread::current().id(), me);
                told.fetch_add(1, Ordering::SeqCst);
                true
            };
            // Every task waits for five reports.
            let work = |_: &dicod::parmap::Task, _: &[u8], _: &mut [u8]| {
                let (start, before) = (Instant::now(), told.load(Ordering::SeqCst));
                while told.load(Ordering::SeqCst) < before + 5 && start.elapsed() < HANGS {
                    std::thread::yield_now();
                }
                i32::from(start.elapsed() >= HANGS)
            };
            Tasks::new(4).run(map, &work, Some(&mut progress)).unwrap()
        });
        assert!(reports.iter().all(|report| report.outcome == Outcome::Done));
    }
}

#[test]
fn shared_data_reaches_every_task() {
    for shape in SHAPES {
        on(shape, rough(1), &Settings::default(), |map| {
            let mine = match map.ranks().rank() {
                0 => vec![1, 2, 3],
                _ => Vec::new(),
            };
            share(map, Ok(&mine)).unwrap();
            let work = |task: &dicod::parmap::Task, _: &[u8], _: &mut [u8]| i32::from(task.shared() != [1, 2, 3]);
            let report = Tasks::new(9).run(map, &work, None).unwrap();
            assert_eq!(report.outcome, Outcome::Done);
        });
    }
}

#[test]
fn tasks_on_several_ranks_get_a_transport_of_their_own() {
    use dicod::ranks::Reduce;
    for (ranks, k, root_works) in [(2, 2, true), (4, 2, true), (5, 2, true), (5, 2, false), (6, 3, true)] {
        let settings = Settings { ranks_per_task: k, root_works, ..Settings::default() };
        on((ranks, 1), rough(k as u64), &settings, |map| {
            // Twice: the split is kept.
            for bad in [u64::MAX, 5] {
                let mut outputs = vec![0; 20 * 8];
                let tasks = Tasks::new(20).outputs(&mut outputs, 8).unwrap();
                let work = |task: &dicod::parmap::Task, _: &[u8], output: &mut [u8]| {
                    let team = task.team().unwrap();
                    let sum = team.reduce(Reduce::Sum, &[team.rank() as i64 + 1]).unwrap();
                    output.copy_from_slice(&sum[0].to_le_bytes());
                    // It fails on its last rank only.
                    i32::from(task.index == bad && team.rank() + 1 == team.size()) * 4
                };
                let report = tasks.run(map, &work, None).unwrap();
                if bad == 5 {
                    let failure = report.failure.unwrap();
                    assert_eq!((failure.index, failure.code), (5, 4));
                    assert_eq!(report.done, 6);
                    continue;
                }
                assert_eq!(report.outcome, Outcome::Done);
                let wanted = (k * (k + 1) / 2).to_le_bytes();
                assert!(outputs.chunks_exact(8).all(|sum| sum == wanted));
            }
        });
    }
    let settings = Settings { ranks_per_task: 3, ..Settings::default() };
    for result in on((2, 1), rough(0), &settings, |map| Tasks::new(1).run(map, &|_, _, _| 0, None)) {
        assert!(result.unwrap_err().to_string().contains("ranks_per_task"));
    }
}

#[test]
fn a_map_inside_a_task_gets_what_is_left_of_the_cores() {
    use dicod::ranks::local::Local;
    let settings = Settings::default();
    on((1, 64), Weather::default(), &settings, |map| {
        let work = |_: &dicod::parmap::Task, _: &[u8], _: &mut [u8]| {
            let inner = dicod::parmap::Map::new(std::sync::Arc::new(Local::alone()), 8).unwrap();
            let me = std::thread::current().id();
            // 64 threads leave it one core: its own.
            let work = |_: &dicod::parmap::Task, _: &[u8], _: &mut [u8]| i32::from(std::thread::current().id() != me);
            let report = Tasks::new(3).run(&inner, &work, None).unwrap();
            i32::from(report.outcome != Outcome::Done)
        };
        let report = Tasks::new(70).run(map, &work, None).unwrap();
        assert_eq!(report.outcome, Outcome::Done);
    });
}

#[test]
fn with_a_skewed_load_dynamic_is_ahead_of_block_as_arithmetic_predicts() {
    // The first quarter of the tasks has all the work. With block one of four workers gets it: 24 tasks after each other.
    // With dynamic all share it: 6 rounds of 4, as each worker meets the three others before it goes on.
    const LONG: u64 = 24;
    let most_of_one = |schedule| {
        let settings = Settings { schedule, chunk: 1, ..Settings::default() };
        let met = AtomicU64::new(0);
        let mine: [AtomicU64; 4] = Default::default();
        let work = |task: &dicod::parmap::Task, _: &[u8], _: &mut [u8]| {
            if task.index < LONG {
                mine[task.worker().thread].fetch_add(1, Ordering::SeqCst);
                let round = met.fetch_add(1, Ordering::SeqCst) / 4;
                let start = Instant::now();
                while schedule == Schedule::Dynamic && met.load(Ordering::SeqCst) < 4 * (round + 1) {
                    if start.elapsed() > HANGS {
                        return 1;
                    }
                    std::thread::yield_now();
                }
            }
            0
        };
        on((1, 4), Weather::default(), &settings, |map| {
            let report = Tasks::new(4 * LONG).run(map, &work, None).unwrap();
            assert_eq!(report.outcome, Outcome::Done);
        });
        mine.map(AtomicU64::into_inner).into_iter().max().unwrap()
    };
    assert_eq!(most_of_one(Schedule::Block), LONG);
    assert_eq!(most_of_one(Schedule::Dynamic), LONG / 4);
}
