//! Section 1 of the contract: the stream form.

use crate::common::*;
use dicod::parmap::stream::{Consumed, Ends, Produced, Stream};
use dicod::parmap::{Errors, Outcome, Report, Settings, Task};
use proptest::prelude::*;
use std::time::Duration;

/// Produces items of many sizes, and checks what it gets.
#[derive(Default)]
struct ListEnds {
    n: u64,
    /// Waits now and then while something is in flight.
    lazy: bool,
    waited: bool,
    stop_at: Option<u64>,
    bad_produce: Option<u64>,
    bad_consume: Option<u64>,
    produced: u64,
    consumed: Vec<(u64, i32, Vec<u8>)>,
    most: u64,
}

fn item(index: u64) -> Vec<u8> {
    (0..index * 37 % 101).map(|i| (i + index) as u8).collect()
}

fn answer(index: u64) -> Vec<u8> {
    item(index).into_iter().rev().collect()
}

impl Ends for ListEnds {
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced {
        assert!(to.is_empty());
        if self.bad_produce == Some(self.produced) {
            return Produced::Failed(4, "no more paper".into());
        }
        if self.produced == self.n {
            return Produced::End;
        }
        let outstanding = self.produced - self.consumed.len() as u64;
        if self.lazy && outstanding > 0 && !self.waited {
            self.waited = true;
            return Produced::Wait;
        }
        self.waited = false;
        to.extend(item(self.produced));
        self.produced += 1;
        self.most = self.most.max(outstanding + 1);
        Produced::Item
    }

    fn consume(&mut self, index: u64, status: i32, bytes: &[u8]) -> Consumed {
        self.consumed.push((index, status, bytes.to_vec()));
        if self.stop_at == Some(index) {
            return Consumed::Stop;
        }
        if self.bad_consume == Some(index) {
            return Consumed::Failed(6, "disk full".into());
        }
        Consumed::More
    }
}

fn streamed(
    shape: (usize, usize),
    seed: u64,
    settings: &Settings,
    list: impl Fn() -> ListEnds + Sync,
    bad: Option<u64>,
) -> (Report, ListEnds) {
    let mut results = on(shape, rough(seed), settings, |map| {
        let mut list = list();
        let work = |task: &Task, input: &[u8], output: &mut Vec<u8>| {
            assert_eq!(input, item(task.index));
            output.extend(input.iter().rev());
            i32::from(bad == Some(task.index)) * 9
        };
        let root = map.ranks().rank() == 0;
        let ends: Option<&mut dyn Ends> = root.then_some(&mut list as &mut dyn Ends);
        (Stream::new(ends).run(map, &work, None).unwrap(), list)
    });
    for (report, _) in &results[1..] {
        assert_eq!(essence(report), essence(&results[0].0));
    }
    results.swap_remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..Default::default() })]

    #[test]
    fn ordered_streams_are_consumed_as_serial_ones_and_bounded(
        n in 0u64..60,
        shape in 0usize..9,
        seed in 0u64..1000,
        most in 1i64..9,
        lazy in any::<bool>(),
        bad in proptest::option::of(0u64..80),
        stop_at in proptest::option::of(0u64..160),
        bad_produce in proptest::option::of(0u64..160),
        bad_consume in proptest::option::of(0u64..160),
    ) {
        let settings = Settings { max_outstanding: most, ..Settings::default() };
        let list = || ListEnds { n, lazy, stop_at, bad_produce, bad_consume, ..ListEnds::default() };
        let (wanted, serial) = streamed((1, 1), 0, &settings, list, bad);
        let (report, got) = streamed(SHAPES[shape], seed, &settings, list, bad);
        prop_assert_eq!(essence(&report), essence(&wanted));
        prop_assert_eq!(&got.consumed, &serial.consumed);
        // Those that could not be consumed are outstanding, too.
        prop_assert!(got.most <= most as u64);
        for (index, status, bytes) in &got.consumed {
            prop_assert_eq!((*status, bytes), (0, &answer(*index)));
        }
        // What a loop by hand would have met first.
        let first = [
            (bad, Outcome::TaskFailed, n),
            (stop_at, Outcome::Stopped, n),
            (bad_consume, Outcome::ConsumerFailed, n),
            (bad_produce, Outcome::ProducerFailed, n + 1),
        ];
        let rank = |outcome| match outcome {
            Outcome::ProducerFailed => 0,
            Outcome::TaskFailed => 1,
            Outcome::Stopped => 2,
            _ => 3,
        };
        let first = first
            .iter()
            .filter_map(|(at, outcome, end)| at.filter(|at| at < end).map(|at| (at, *outcome)))
            .min_by_key(|(at, outcome)| (*at, rank(*outcome)));
        match first {
            Some((at, outcome)) => {
                prop_assert_eq!(report.outcome, outcome);
                let failure = report.failure.as_ref().map(|f| f.index);
                prop_assert_eq!(failure, (outcome != Outcome::Stopped).then_some(at));
            }
            None => prop_assert_eq!((report.outcome, report.done), (Outcome::Done, n)),
        }
    }

    #[test]
    fn streams_without_order_give_every_item_once(
        n in 0u64..60, shape in 0usize..9, seed in 0u64..1000, most in 1i64..9,
        bad in proptest::option::of(0u64..60),
    ) {
        let settings = Settings {
            max_outstanding: most,
            ordered: false,
            errors: Errors::Continue,
            ..Settings::default()
        };
        let list = || ListEnds { n, ..ListEnds::default() };
        let (report, mut got) = streamed(SHAPES[shape], seed, &settings, list, bad);
        prop_assert!(got.most <= most as u64);
        got.consumed.sort();
        prop_assert_eq!(got.consumed.len() as u64, n);
        for (index, (at, status, bytes)) in got.consumed.into_iter().enumerate() {
            prop_assert_eq!(index as u64, at);
            let failed = Some(at) == bad;
            prop_assert_eq!(status, i32::from(failed) * 9);
            prop_assert_eq!(bytes, if failed { Vec::new() } else { answer(at) });
        }
        prop_assert_eq!(report.failed, u64::from(bad.is_some_and(|bad| bad < n)));
    }
}

#[test]
fn waiting_with_nothing_in_flight_is_stalled() {
    struct Never(u64);
    impl Ends for Never {
        fn produce(&mut self, _: &mut Vec<u8>) -> Produced {
            self.0 += 1;
            match self.0 {
                1..=3 => Produced::Item,
                _ => Produced::Wait,
            }
        }
        fn consume(&mut self, _: u64, _: i32, _: &[u8]) -> Consumed {
            Consumed::More
        }
    }
    for shape in SHAPES {
        on(shape, rough(4), &Settings::default(), |map| {
            let root = map.ranks().rank() == 0;
            let mut never = Never(0);
            let ends: Option<&mut dyn Ends> = root.then_some(&mut never as &mut dyn Ends);
            let report = Stream::new(ends).run(map, &|_, _, _| 0, None).unwrap();
            assert_eq!((report.outcome, report.done), (Outcome::Stalled, 3));
            assert_eq!(report.failure.unwrap().index, 3);
        });
    }
}

#[test]
fn panics_of_producer_and_consumer_are_their_failures() {
    struct Panics(bool);
    impl Ends for Panics {
        fn produce(&mut self, _: &mut Vec<u8>) -> Produced {
            assert!(self.0, "produce");
            Produced::Item
        }
        fn consume(&mut self, _: u64, _: i32, _: &[u8]) -> Consumed {
            panic!("consume")
        }
    }
    for shape in SHAPES {
        for consumer in [true, false] {
            on(shape, rough(4), &Settings::default(), |map| {
                let root = map.ranks().rank() == 0;
                let mut ends = Panics(consumer);
                let ends: Option<&mut dyn Ends> = root.then_some(&mut ends as &mut dyn Ends);
                let report = Stream::new(ends).run(map, &|_, _, _| 0, None).unwrap();
                let (outcome, text) = match consumer {
                    true => (Outcome::ConsumerFailed, "consume"),
                    false => (Outcome::ProducerFailed, "produce"),
                };
                assert_eq!(report.outcome, outcome);
                let failure = report.failure.unwrap();
                assert_eq!((failure.index, failure.code), (0, -9));
                assert!(failure.message.contains(text));
            });
        }
    }
}

#[test]
fn a_late_first_item_does_not_let_memory_grow() {
    for shape in [(1, 4), (4, 1), (2, 2)] {
        let settings = Settings { max_outstanding: 6, ..Settings::default() };
        on(shape, rough(2), &settings, |map| {
            let root = map.ranks().rank() == 0;
            let mut list = ListEnds { n: 200, ..ListEnds::default() };
            let work = |task: &Task, input: &[u8], output: &mut Vec<u8>| {
                if task.index == 0 {
                    std::thread::sleep(Duration::from_millis(100));
                }
                output.extend(input.iter().rev());
                0
            };
            let ends: Option<&mut dyn Ends> = root.then_some(&mut list as &mut dyn Ends);
            Stream::new(ends).run(map, &work, None).unwrap();
            if root {
                assert_eq!(list.consumed.len(), 200);
                assert!(list.consumed.iter().map(|c| c.0).eq(0..200));
                assert!(list.most <= 6);
            }
        });
    }
}

#[test]
fn two_items_are_in_flight_per_worker() {
    use std::sync::atomic::{AtomicU64, Ordering};
    struct Counts<'c>(&'c AtomicU64);
    impl Ends for Counts<'_> {
        fn produce(&mut self, _: &mut Vec<u8>) -> Produced {
            match self.0.fetch_add(1, Ordering::SeqCst) {
                20.. => Produced::End,
                _ => Produced::Item,
            }
        }
        fn consume(&mut self, _: u64, _: i32, _: &[u8]) -> Consumed {
            Consumed::More
        }
    }
    let settings = Settings { root_works: false, max_outstanding: 20, ..Settings::default() };
    let produced = AtomicU64::new(0);
    on((2, 1), rough(0), &settings, |map| {
        let mut ends = Counts(&produced);
        let root = map.ranks().rank() == 0;
        let ends: Option<&mut dyn Ends> = root.then_some(&mut ends as &mut dyn Ends);
        // The worker holds its first item until it has been sent the next, and a little longer.
        let work = |task: &Task, _: &[u8], _: &mut Vec<u8>| {
            if task.index > 0 {
                return 0;
            }
            let start = std::time::Instant::now();
            while produced.load(Ordering::SeqCst) < 2 && start.elapsed() < HANGS {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_millis(20));
            i32::from(produced.load(Ordering::SeqCst) != 2)
        };
        let report = Stream::new(ends).run(map, &work, None).unwrap();
        assert_eq!(report.outcome, Outcome::Done);
    });
}

#[test]
fn between_two_items_of_its_own_the_root_serves_everybody() {
    use std::sync::atomic::{AtomicU64, Ordering};
    let settings = Settings { max_outstanding: 40, ..Settings::default() };
    let (own, others) = (AtomicU64::new(0), AtomicU64::new(0));
    let reports = on((3, 1), rough(0), &settings, |map| {
        let root = map.ranks().rank() == 0;
        let work = |_: &Task, _: &[u8], _: &mut Vec<u8>| {
            if !root {
                others.fetch_add(1, Ordering::SeqCst);
                return 0;
            }
            // At first the others have two items each; when the last of them has begun, the replies to the first ones have been
            // sent: two more can go out before the next item of the root.
            let wanted = match own.fetch_add(1, Ordering::SeqCst) {
                0 => 4,
                1 => 6,
                _ => 0,
            };
            let start = std::time::Instant::now();
            while others.load(Ordering::SeqCst) < wanted && start.elapsed() < HANGS {
                std::thread::yield_now();
            }
            i32::from(start.elapsed() >= HANGS)
        };
        let mut list = ListEnds { n: 40, ..ListEnds::default() };
        let ends: Option<&mut dyn Ends> = root.then_some(&mut list as &mut dyn Ends);
        Stream::new(ends).run(map, &work, None).unwrap()
    });
    assert!(reports.iter().all(|report| report.outcome == Outcome::Done));
    assert!(own.into_inner() >= 2);
}
