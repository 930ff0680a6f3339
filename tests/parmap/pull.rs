//! Section 1 of the contract: the pull form and root-driven use.

use crate::common::*;
use dicod::parmap::map::Tasks;
use dicod::parmap::pull::Pull;
use dicod::parmap::run::report::NOT_RUN;
use dicod::parmap::serve::{self, Functions, Named};
use dicod::parmap::stream::{Consumed, Ends, Produced};
use dicod::parmap::{Outcome, Settings};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn threads_of_the_caller_pull_every_task_once() {
    for ranks in 1..5 {
        for schedule in SCHEDULES {
            let settings = Settings { schedule, ..Settings::default() };
            let all = AtomicU64::new(0);
            let reports = on((ranks, 1), rough(3), &settings, |map| {
                let pull = Pull::open(map, 40).unwrap();
                assert!(Pull::open(map, 3).is_err_and(|e| e.to_string().contains("in use")));
                std::thread::scope(|scope| {
                    for _ in 0..3 {
                        scope.spawn(|| {
                            while let Some(index) = pull.next() {
                                all.fetch_add(1 << index, Ordering::Relaxed);
                                pull.done(index, 0, "").unwrap();
                                assert!(pull.done(index, 0, "").is_err());
                            }
                        });
                    }
                });
                pull.close().unwrap()
            });
            assert_eq!(all.into_inner(), (1 << 40) - 1);
            for report in reports {
                assert_eq!((report.outcome, report.done), (Outcome::Done, 40));
            }
        }
    }
}

#[test]
fn pulled_tasks_that_fail_or_are_left_are_reported_alike() {
    for ranks in 1..4 {
        let reports = on((ranks, 1), rough(3), &Settings::default(), |map| {
            let pull = Pull::open(map, 20).unwrap();
            while let Some(index) = pull.next() {
                let code = i32::from(index == 7 || index == 3);
                pull.done(index, code, "bad").unwrap();
            }
            let failed = pull.close().unwrap();
            let pull = Pull::open(map, 20).unwrap();
            if map.ranks().rank() == 0 {
                let index = pull.next().unwrap();
                assert!(!pull.cancelled(index));
                pull.done(index, 0, "").unwrap();
                pull.next();
            }
            (failed, pull.close().unwrap())
        });
        for (failed, left) in reports {
            assert_eq!(failed.outcome, Outcome::TaskFailed);
            let failure = failed.failure.unwrap();
            assert_eq!((failure.index, failure.message.as_str()), (3, "bad"));
            assert_eq!(left.outcome, Outcome::Cancelled);
            assert_eq!(left.unfinished, [(1, 20)]);
            assert_eq!(left.status(1), NOT_RUN);
        }
    }
}

struct Count(u64, Vec<u64>);

impl Ends for Count {
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced {
        if self.0 == 0 {
            return Produced::End;
        }
        self.0 -= 1;
        to.push(self.0 as u8);
        Produced::Item
    }
    fn consume(&mut self, _: u64, _: i32, bytes: &[u8]) -> Consumed {
        self.1.push(bytes[0] as u64);
        Consumed::More
    }
}

#[test]
fn the_root_calls_functions_by_name_while_others_serve() {
    for shape in SHAPES {
        on(shape, rough(8), &Settings::default(), |map| {
            let add = |task: &dicod::parmap::Task, input: &[u8], output: &mut [u8]| {
                output[0] = input[0] + task.shared().first().copied().unwrap_or(1);
                0
            };
            let double = |_: &dicod::parmap::Task, input: &[u8], output: &mut Vec<u8>| {
                output.push(2 * input[0]);
                0
            };
            let functions = Functions::default();
            functions.register("add", Named::Map(Arc::new(add))).unwrap();
            functions.register("double", Named::Stream(Arc::new(double))).unwrap();
            if map.ranks().rank() == 0 {
                functions.register("mine", Named::Map(Arc::new(add))).unwrap();
            }
            functions.serve(map).unwrap();
            if map.ranks().rank() != 0 {
                assert!(serve::release(map).is_err());
                return;
            }
            for more in [1, 5] {
                let inputs: Vec<u8> = (0..50).collect();
                let mut outputs = vec![0; 50];
                let tasks = Tasks::new(50).inputs(&inputs, 1).unwrap().outputs(&mut outputs, 1).unwrap();
                let report = functions.call(map, "add", tasks, None).unwrap();
                assert_eq!(report.outcome, Outcome::Done);
                assert!(outputs.iter().zip(&inputs).all(|(o, i)| *o == i + more));
                serve::call_share(map, &[5]).unwrap();
            }
            let mut count = Count(30, Vec::new());
            functions.call_stream(map, "double", &mut count, None).unwrap();
            assert!(count.1.iter().copied().eq((0..30).rev().map(|i| 2 * i)));
            let error = functions.call(map, "ad", Tasks::new(1), None).unwrap_err().to_string();
            assert!(error.contains("add, double, mine"), "{error}");
            let error = functions.call(map, "double", Tasks::new(1), None).unwrap_err();
            assert!(error.to_string().contains("for maps"));
            let mine = functions.call(map, "mine", Tasks::new(0), None);
            assert_eq!(mine.is_ok(), shape.0 == 1);
            serve::release(map).unwrap();
        });
    }
}
