//! Section 1 of the contract: errors, deadline and cancel.

use crate::common::*;
use dicod::Error;
use dicod::options::Table;
use dicod::parmap::map::Tasks;
use dicod::parmap::run::report::NOT_RUN;
use dicod::parmap::share::share;
use dicod::parmap::{Errors, Inputs, Map, Outcome, Outputs, Settings, Task};
use dicod::ranks::local::{Local, Weather};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[test]
fn the_lowest_failing_task_is_reported_alike_on_every_rank() {
    for shape in SHAPES {
        for (first, last) in [(0, 29), (29, 29), (7, 8)] {
            let reports = on(shape, rough(first), &Settings::default(), |map| {
                let work = |task: &Task, _: &[u8], _: &mut [u8]| {
                    if task.index == first || task.index == last {
                        task.explain("too bad");
                        return 5 + task.index as i32;
                    }
                    0
                };
                let report = Tasks::new(30).run(map, &work, None).unwrap();
                // The handle works on.
                let again = Tasks::new(3).run(map, &|_, _, _| 0, None).unwrap();
                assert_eq!(again.outcome, Outcome::Done);
                report
            });
            for report in &reports {
                let failure = report.failure.as_ref().unwrap();
                assert_eq!(report.outcome, Outcome::TaskFailed);
                assert_eq!((failure.index, failure.code), (first, 5 + first as i32));
                assert_eq!(failure.message, "too bad");
                assert!(failure.rank < shape.0 && failure.worker < shape.1);
                assert!(report.message().contains("too bad"));
                let mut same = report.clone();
                same.seconds = reports[0].seconds;
                assert_eq!(same, reports[0]);
            }
        }
    }
}

#[test]
fn a_task_that_failed_is_tried_again_on_request() {
    for shape in SHAPES {
        let settings = Settings { retries: 2, errors: Errors::Continue, ..Settings::default() };
        let tries = AtomicU64::new(0);
        let reports = on(shape, rough(5), &settings, |map| {
            let work = |task: &Task, _: &[u8], output: &mut [u8]| {
                assert_eq!(output, [0]);
                output[0] = 1;
                tries.fetch_add(1, Ordering::Relaxed);
                match task.index {
                    3 => i32::from(task.attempt() < 2),
                    4 => 1 + task.attempt() as i32,
                    _ => 0,
                }
            };
            let mut outputs = [9; 6];
            let tasks = Tasks::new(6).outputs(&mut outputs, 1).unwrap();
            let report = tasks.run(map, &work, None).unwrap();
            assert_eq!(outputs, [1, 1, 1, 1, 0, 1]);
            report
        });
        assert_eq!(tries.load(Ordering::Relaxed), 10);
        assert_eq!(reports[0].codes.each().collect::<Vec<_>>(), [(4, 3)]);
        assert_eq!(reports[0].outcome, Outcome::SomeFailed);
    }
}

/// All that are left in one step, and in one entry: there are too many to look at each.
#[test]
fn what_is_not_run_any_more_takes_neither_time_nor_memory() {
    const MANY: u64 = i64::MAX as u64;
    for shape in [(1, 1), (1, 2), (3, 1)] {
        let settings = Settings { chunk: MANY as i64, errors: Errors::Continue, ..Settings::default() };
        let reports = on(shape, rough(2), &settings, |map| {
            let work = |task: &Task, _: &[u8], _: &mut [u8]| {
                if task.index == 3 {
                    map.cancel();
                }
                2
            };
            Tasks::new(MANY).run(map, &work, None).unwrap()
        });
        for report in reports {
            assert_eq!((report.outcome, report.unfinished.last().unwrap().1), (Outcome::Cancelled, MANY));
            assert_eq!((report.done, report.failed), (3, 3));
            assert_eq!(report.codes.runs().len(), 1);
        }
    }
}

#[test]
fn panics_and_codes_that_are_not_allowed_are_failures() {
    for shape in SHAPES {
        let reports = on(shape, rough(5), &Settings::default(), |map| {
            let work = |task: &Task, _: &[u8], _: &mut [u8]| match task.index {
                6 => panic!("at six"),
                _ => 0,
            };
            let panicked = Tasks::new(12).run(map, &work, None).unwrap();
            let work = |task: &Task, _: &[u8], _: &mut [u8]| -i32::from(task.index == 2);
            (panicked, Tasks::new(12).run(map, &work, None).unwrap())
        });
        for (panicked, negative) in reports {
            let failure = panicked.failure.unwrap();
            assert_eq!((failure.index, failure.code), (6, -9));
            assert!(failure.message.contains("at six"));
            let failure = negative.failure.unwrap();
            assert_eq!((failure.index, failure.code), (2, -2));
            assert!(failure.message.contains("returned -1"));
        }
    }
}

#[test]
fn a_handle_that_runs_cannot_run_twice() {
    let map = Map::new(Arc::new(Local::alone()), 2).unwrap();
    let work = |_: &Task, _: &[u8], _: &mut [u8]| {
        let error = Tasks::new(1).run(&map, &|_, _, _| 0, None).unwrap_err();
        i32::from(!error.to_string().contains("in use"))
    };
    let report = Tasks::new(4).run(&map, &work, None).unwrap();
    assert_eq!(report.outcome, Outcome::Done);
}

#[test]
fn ranks_that_call_differently_get_an_error_and_work_on() {
    for shape in [(2, 1), (4, 1), (3, 2)] {
        on(shape, rough(1), &Settings::default(), |map| {
            let rank = map.ranks().rank() as u64;
            let error = Tasks::new(5 + rank).run(map, &|_, _, _| 0, None).unwrap_err();
            assert!(error.to_string().contains("n_tasks"), "{error}");
            let outputs = &mut [0; 4];
            let tasks = match rank {
                0 => Tasks::new(4).outputs_at(None, 1),
                _ => Tasks::new(4).outputs(outputs, 1).unwrap(),
            };
            let error = tasks.run(map, &|_, _, _| 0, None).unwrap_err();
            assert!(error.to_string().contains("outputs"), "{error}");
            let error = match rank {
                0 => share(map, Ok(&[1])).unwrap_err(),
                _ => Tasks::new(4).run(map, &|_, _, _| 0, None).unwrap_err(),
            };
            assert!(error.to_string().contains("different calls"), "{error}");
            let report = Tasks::new(5).run(map, &|_, _, _| 0, None).unwrap();
            assert_eq!(report.outcome, Outcome::Done);
        });
    }
}

#[test]
fn a_cancel_ends_the_run_on_all_ranks() {
    for shape in SHAPES {
        for by in [0, shape.0 - 1] {
            let asked = AtomicBool::new(false);
            let reports = on(shape, rough(6), &Settings::default(), |map| {
                let canceller = map.canceller();
                let work = |task: &Task, _: &[u8], _: &mut [u8]| {
                    if map.ranks().rank() == by {
                        canceller.cancel();
                        asked.store(true, Ordering::SeqCst);
                    }
                    let start = Instant::now();
                    while !task.cancelled() {
                        // The root goes on with its tasks when another rank, which has one by then, has asked.
                        if map.ranks().rank() == 0 && by != 0 && shape.1 == 1 && asked.load(Ordering::SeqCst) {
                            return 0;
                        }
                        assert!(start.elapsed() < HANGS);
                        std::thread::yield_now();
                    }
                    3
                };
                let report = Tasks::new(100).run(map, &work, None).unwrap();
                let again = Tasks::new(3).run(map, &|_, _, _| 0, None).unwrap();
                assert_eq!(again.outcome, Outcome::Done);
                report
            });
            for report in reports {
                assert_eq!(report.outcome, Outcome::Cancelled, "{shape:?} {by}");
                assert_eq!(report.failure, None);
                assert!(!report.unfinished.is_empty());
            }
        }
    }
}

#[test]
fn a_cancel_that_comes_late_does_not_end_the_run_of_another_map() {
    for seed in 0..20 {
        let ok = |_: &Task, _: &[u8], _: &mut [u8]| 0;
        let outcomes = on((3, 1), rough(seed), &Settings::default(), |map| {
            let canceller = map.canceller();
            let work = |task: &Task, _: &[u8], _: &mut [u8]| {
                if map.ranks().rank() == 0 && task.index > 2 {
                    canceller.cancel();
                }
                0
            };
            let first = Tasks::new(500).run(map, &work, None).unwrap().outcome;
            let other = Map::new(map.ranks().clone(), 1).unwrap();
            (first, Tasks::new(100).run(&other, &ok, None).unwrap().outcome)
        });
        for (first, second) in outcomes {
            assert_eq!(second, Outcome::Done, "{seed}: after {first:?}");
        }
    }
}

#[test]
fn after_a_deadline_the_unfinished_tasks_are_known() {
    let run = |shape, deadline| {
        let settings = Settings { deadline, ..Settings::default() };
        on(shape, rough(6), &settings, |map| {
            let work = |task: &Task, _: &[u8], _: &mut [u8]| {
                while task.index >= 2 && !task.cancelled() {
                    std::thread::yield_now();
                }
                i32::from(task.index >= 2)
            };
            Tasks::new(50).run(map, &work, None).unwrap()
        })
    };
    for shape in SHAPES {
        let mut reports = run(shape, 0.05);
        // On a busy machine that may be too soon for the first two tasks.
        if reports[0].done < 2 {
            reports = run(shape, 5.0);
        }
        for report in &reports {
            assert_eq!(report.outcome, Outcome::TimedOut);
            assert_eq!(report.unfinished, [(2, 50)]);
            assert_eq!((report.status(1), report.status(2)), (0, NOT_RUN));
            assert!(report.message().contains("48 tasks are unfinished, the first is 2"));
        }
    }
}

#[test]
fn a_deadline_runs_from_when_the_last_rank_has_called() {
    for late in 0..3 {
        let settings = Settings { deadline: 2.0, ..Settings::default() };
        let reports = on((3, 1), Weather::default(), &settings, |map| {
            if map.ranks().rank() == late {
                std::thread::sleep(Duration::from_secs_f64(1.1 * settings.deadline));
            }
            Tasks::new(6).run(map, &|_, _, _| 0, None).unwrap()
        });
        assert!(
            reports.iter().all(|report| (report.outcome, report.done) == (Outcome::Done, 6)),
            "{late}: {reports:?}"
        );
    }
}

#[test]
fn after_the_grace_period_the_root_waits_no_longer_for_other_ranks() {
    let settings = Settings { deadline: 0.05, grace: 0.05, ..Settings::default() };
    let root_is_back = AtomicBool::new(false);
    on((3, 1), Weather::default(), &settings, |map| {
        let rank = map.ranks().rank();
        let start = Instant::now();
        let work = |_: &Task, _: &[u8], _: &mut [u8]| {
            while rank == 2 && !root_is_back.load(Ordering::SeqCst) {
                if start.elapsed() > HANGS {
                    return 1;
                }
                std::thread::yield_now();
            }
            0
        };
        let settings = map.settings();
        let report = Tasks::new(100_000_000).run(map, &work, None).unwrap();
        assert_eq!(report.outcome, Outcome::TimedOut);
        if rank == 0 {
            assert!(start.elapsed() < HANGS);
            root_is_back.store(true, Ordering::SeqCst);
        }
        // What comes late is not taken for part of the next run.
        map.set(|to| to.set_real("deadline", f64::INFINITY)).unwrap();
        assert_eq!(settings.deadline, 0.05);
        let report = Tasks::new(30).run(map, &|_, _, _| 0, None).unwrap();
        assert_eq!((report.outcome, report.done), (Outcome::Done, 30));
    });
}

#[test]
fn after_the_grace_period_outputs_for_all_ranks_are_not_waited_for_either() {
    const N: usize = 60;
    let settings = Settings { deadline: 0.05, grace: 0.05, chunk: 1, ..Settings::default() };
    for stuck in [1, 3] {
        let root_is_back = AtomicBool::new(false);
        let outputs = on((4, 1), Weather::default(), &settings, |map| {
            let rank = map.ranks().rank();
            let start = Instant::now();
            let work = |task: &Task, _: &[u8], out: &mut [u8]| {
                while rank == stuck && !root_is_back.load(Ordering::SeqCst) {
                    if start.elapsed() > HANGS {
                        return 1;
                    }
                    std::thread::yield_now();
                }
                std::thread::sleep(Duration::from_millis(5));
                out.fill(1 + task.index as u8);
                0
            };
            let mut out = vec![255; 2 * N];
            let report = Tasks::new(N as u64).outputs(&mut out, 2).unwrap().run(map, &work, None).unwrap();
            assert_eq!(report.outcome, Outcome::TimedOut);
            if rank == 0 {
                assert!(start.elapsed() < HANGS);
                assert!(report.seconds <= start.elapsed().as_secs_f64());
                root_is_back.store(true, Ordering::SeqCst);
            }
            for (index, out) in out.chunks_exact(2).enumerate() {
                let done = report.status(index as u64) == 0;
                assert_eq!(out, [if done { 1 + index as u8 } else { 0 }; 2], "task {index} on rank {rank}");
            }
            // What comes late is not taken for part of the next run.
            map.set(|to| to.set_real("deadline", f64::INFINITY)).unwrap();
            let mut next = vec![0; 30];
            let fill = |task: &Task, _: &[u8], out: &mut [u8]| {
                out[0] = task.index as u8;
                0
            };
            let report = Tasks::new(30).outputs(&mut next, 1).unwrap().run(map, &fill, None).unwrap();
            assert_eq!((report.outcome, report.done), (Outcome::Done, 30));
            assert!(next.iter().enumerate().all(|(index, out)| *out as usize == index));
            (report.unfinished.clone(), out)
        });
        assert!(outputs.iter().all(|of| *of == outputs[0]));
    }
}

#[test]
fn progress_may_ask_to_stop() {
    for shape in SHAPES {
        let settings = Settings { progress_interval: 0.0, chunk: 1, ..Settings::default() };
        let reports = on(shape, rough(6), &settings, |map| {
            let mut progress = |p: &dicod::parmap::Progress| p.done < 5;
            let work = |_: &Task, _: &[u8], _: &mut [u8]| {
                std::thread::sleep(Duration::from_micros(100));
                0
            };
            Tasks::new(2000).run(map, &work, Some(&mut progress)).unwrap()
        });
        for report in reports {
            assert_eq!(report.outcome, Outcome::Cancelled);
            assert!(report.done >= 5 && report.done < 2000);
        }
    }
}

#[test]
fn nobody_waits_for_a_rank_that_has_failed() {
    for after in (0..60).step_by(3) {
        for who in 0..3 {
            let weather = Weather { seed: after, delay: 2, failure: Some((who, after)) };
            let results = on((3, 1 + after as usize % 2), weather, &Settings::default(), |map| {
                let mut ended = Vec::new();
                for _ in 0..4 {
                    ended.push(Tasks::new(8).run(map, &|_, _, _| 0, None).is_ok());
                }
                ended
            });
            // The one that failed knows; the others may have been done before.
            assert!(!results[who].iter().all(|ok| *ok) || after > 30);
        }
    }
}

#[test]
fn a_panic_of_the_progress_callback_cancels_the_run() {
    for shape in SHAPES {
        let settings = Settings { progress_interval: 0.0, ..Settings::default() };
        let reports = on(shape, rough(6), &settings, |map| {
            let mut progress = |_: &dicod::parmap::Progress| -> bool { panic!("in the bar") };
            let work = |_: &Task, _: &[u8], _: &mut [u8]| {
                std::thread::sleep(Duration::from_micros(100));
                0
            };
            Tasks::new(2000).run(map, &work, Some(&mut progress)).unwrap()
        });
        assert!(reports.iter().all(|r| r.outcome == Outcome::Cancelled));
    }
}

#[test]
fn a_long_task_of_the_root_hears_of_other_ranks() {
    let settings = Settings { chunk: 1, ..Settings::default() };
    for fails in [false, true] {
        // The lowest task that another rank has; whether the root is in a task above it.
        let (lowest, long) = (AtomicU64::new(u64::MAX), AtomicBool::new(false));
        let reports = on((3, 1), rough(3), &settings, |map| {
            let work = |task: &Task, _: &[u8], _: &mut [u8]| {
                let start = Instant::now();
                let wait = |until: &dyn Fn() -> bool| {
                    while !until() && start.elapsed() < HANGS {
                        std::thread::yield_now();
                    }
                };
                if map.ranks().rank() != 0 {
                    lowest.fetch_min(task.index, Ordering::SeqCst);
                    wait(&|| long.load(Ordering::SeqCst));
                    if !fails {
                        map.cancel();
                    }
                    return i32::from(fails);
                }
                wait(&|| lowest.load(Ordering::SeqCst) < u64::MAX);
                if lowest.load(Ordering::SeqCst) < task.index {
                    long.store(true, Ordering::SeqCst);
                    wait(&|| task.cancelled());
                }
                9 * i32::from(start.elapsed() >= HANGS)
            };
            Tasks::new(30).run(map, &work, None).unwrap()
        });
        assert!(long.into_inner());
        let lowest = lowest.into_inner();
        for report in reports {
            match fails {
                true => assert_eq!(report.failure.map(|f| (f.index, f.code)), Some((lowest, 1))),
                false => assert_eq!(report.outcome, Outcome::Cancelled),
            }
        }
    }
}

#[test]
fn the_ranks_of_a_run_cannot_be_used_in_its_callbacks() {
    for shape in [(1, 1), (1, 3), (2, 1), (3, 2)] {
        on(shape, rough(3), &Settings { progress_interval: 0.0, ..Settings::default() }, |map| {
            let other = Map::new(map.ranks().clone(), 1).unwrap();
            let refused = || {
                let error = Tasks::new(3).run(&other, &|_, _, _| 0, None).unwrap_err();
                let same = map.ranks().agree(Ok(())).unwrap_err();
                [error, same].iter().all(|e| e.status() == Error::InvalidState(String::new()).status())
            };
            let work = |_: &Task, _: &[u8], _: &mut [u8]| i32::from(!refused());
            let mut progress = |_: &dicod::parmap::Progress| refused();
            let report = Tasks::new(20).run(map, &work, Some(&mut progress)).unwrap();
            assert_eq!(report.outcome, Outcome::Done);
            // Afterwards they can.
            let report = Tasks::new(3).run(&other, &|_, _, _| 0, None).unwrap();
            assert_eq!(report.outcome, Outcome::Done);
        });
    }
}

#[test]
fn outputs_over_inputs_are_refused() {
    const N: u64 = 8;
    let mut memory = [0u64; 64];
    let base = memory.as_mut_ptr() as usize;
    // Place and stride of the inputs, then of the outputs, of 8 bytes each; is that allowed?
    for (from, in_stride, to, out_stride, allowed) in [
        (0, 8, 0, 8, false),
        (0, 8, 64, 8, true),
        (0, 8, 56, 8, false),
        (64, 8, 0, 8, true),
        (60, 8, 0, 8, false),
        (0, 16, 8, 16, true),
        (8, 16, 0, 16, true),
        (0, 16, 4, 16, false),
        (0, 16, 12, 16, false),
        (0, 24, 8, 16, false),
    ] {
        on((1, 1), rough(0), &Settings::default(), |map| {
            let (from, to) = ((base + from) as *const u8, (base + to) as *mut u8);
            // SAFETY: all lie in the memory, which nobody else uses; those that overlap are not used.
            let (inputs, outputs) = unsafe { (Inputs::at(from, 8, in_stride), Outputs::at(to, 8, out_stride)) };
            let tasks = Tasks::new(N).inputs_at(Some(inputs), 8).outputs_at(Some(outputs), 8);
            let result = tasks.run(map, &|_, _, _| 0, None);
            match allowed {
                true => assert_eq!(result.unwrap().outcome, Outcome::Done),
                false => assert!(result.unwrap_err().to_string().starts_with("outputs must be in memory of their own")),
            }
        });
    }
}
