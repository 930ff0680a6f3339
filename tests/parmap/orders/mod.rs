//! Model check: whatever order messages arrive in, streams and maps end with the right result.
//!
//! With one thread per rank, what a rank does depends on what it finds when it looks for messages,
//! and on nothing else. A message may be found at once or any time later, as long as those of one
//! sender and tag stay in order. So all schedules are enumerated by the outcomes of all looks:
//! nothing; a message that is there; or one that has yet to be sent, for which the rank waits while
//! the others go on. Ranks are threads, of which one runs at a time, the lowest that can: between
//! two looks their order makes no difference. A rank that has looked everywhere for nothing waits
//! for whatever comes next; if all do, that is a deadlock.

mod model;

use dicod::Result;
use dicod::parmap::map::Tasks;
use dicod::parmap::stream::{Consumed, Ends, Produced, Stream};
use dicod::parmap::{Map, Outcome, Report, Schedule, Settings, Task};
use model::{Model, explore};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A map on a rank of the model.
fn map_on(model: &Arc<Model>, settings: &Settings) -> Map {
    // It always looks, and may find nothing.
    let map = Map::new(model.clone(), 1).unwrap().polled_every(Duration::ZERO);
    map.set(|to| {
        *to = Settings {
            // Time is not a part of the model.
            grace: f64::INFINITY,
            chunk: 1,
            ..settings.clone()
        };
        Ok(())
    })
    .unwrap();
    map
}

/// A report without what may differ from schedule to schedule.
fn essence(mut report: Report) -> Report {
    report.seconds = 0.0;
    if let Some(failure) = &mut report.failure {
        (failure.rank, failure.worker) = (0, 0);
    }
    report
}

/// All ranks say the same.
fn agreed(reports: Vec<Result<Report>>) -> Report {
    let mut reports = reports.into_iter().map(|report| essence(report.unwrap()));
    let first = reports.next().unwrap();
    reports.for_each(|report| assert_eq!(report, first));
    first
}

#[derive(Clone, Copy, Default)]
struct Case {
    n: u64,
    bad: Option<u64>,
    stop_at: Option<u64>,
    /// The producer waits while something is in flight.
    lazy: bool,
    /// Any task may cancel the run.
    cancel: bool,
}

struct ItemEnds<'m> {
    model: &'m Model,
    case: Case,
    given: u64,
    taken: Vec<u64>,
}

impl Ends for ItemEnds<'_> {
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced {
        self.model.moved();
        if self.given == self.case.n {
            return Produced::End;
        }
        if self.case.lazy && self.given > self.taken.len() as u64 {
            return Produced::Wait;
        }
        to.push(self.given as u8);
        self.given += 1;
        Produced::Item
    }

    fn consume(&mut self, index: u64, status: i32, bytes: &[u8]) -> Consumed {
        self.model.moved();
        assert_eq!((status, bytes), (0, &[index as u8 + 100][..]));
        self.taken.push(index);
        match self.case.stop_at == Some(index) {
            true => Consumed::Stop,
            false => Consumed::More,
        }
    }
}

fn streams(name: &str, size: usize, settings: Settings, case: Case) {
    let work = |model: &Arc<Model>| {
        let map = map_on(model, &settings);
        let mut ends = ItemEnds { model, case, given: 0, taken: Vec::new() };
        let function = |task: &Task, input: &[u8], output: &mut Vec<u8>| {
            model.moved();
            output.push(input[0] + 100);
            if case.cancel && model.choose(2) == 1 {
                map.cancel();
            }
            i32::from(case.bad == Some(task.index))
        };
        let on_root: Option<&mut dyn Ends> = (model.rank == 0).then_some(&mut ends as _);
        let report = Stream::new(on_root).run(&map, &function, None);
        (report, ends.taken)
    };
    explore(name, size, work, |results| {
        let (reports, taken): (Vec<_>, Vec<_>) = results.into_iter().unzip();
        let report = agreed(reports);
        let mut taken = taken[0].clone();
        if !settings.ordered {
            taken.sort_unstable();
        }
        let (outcome, n) = match (case.bad, case.stop_at) {
            (Some(bad), _) => (Outcome::TaskFailed, bad),
            (_, Some(stop)) => (Outcome::Stopped, stop + 1),
            _ if case.cancel && report.outcome != Outcome::Done => (Outcome::Cancelled, taken.len() as u64),
            _ => (Outcome::Done, case.n),
        };
        assert_eq!(report.outcome, outcome);
        assert_eq!(report.failure.as_ref().map(|f| f.index), case.bad);
        assert!(taken.iter().copied().eq(0..n), "{taken:?}, {n}: {report:?}");
    });
}

fn maps(name: &str, size: usize, settings: Settings, n: u64, bad: &[u64]) {
    let work = |model: &Arc<Model>| {
        let function = |task: &Task, _: &[u8], _: &mut [u8]| {
            model.moved();
            i32::from(bad.contains(&task.index)) * 7
        };
        Tasks::new(n).run(&map_on(model, &settings), &function, None)
    };
    explore(name, size, work, |reports| {
        let report = agreed(reports);
        let lowest = bad.iter().min().copied();
        assert_eq!(report.failure.as_ref().map(|f| f.index), lowest);
        let (outcome, done) = match lowest {
            Some(lowest) => (Outcome::TaskFailed, lowest + 1),
            None => (Outcome::Done, n),
        };
        assert_eq!((report.outcome, report.done), (outcome, done));
    });
}

/// Any task on any rank may cancel the run or, if `signal` says which rank gets one, a signal at any
/// time.
fn cancels(name: &str, size: usize, settings: Settings, n: u64, signal: Option<usize>) {
    let cancelled = AtomicBool::new(false);
    let work = |model: &Arc<Model>| {
        if model.rank == 0 {
            cancelled.store(false, Ordering::Relaxed);
        }
        let map = map_on(model, &settings);
        if signal == Some(model.rank) {
            model.expect_signal(Some(map.canceller()));
        }
        let function = |task: &Task, _: &[u8], _: &mut [u8]| {
            model.moved();
            let may = signal.is_none() && !cancelled.load(Ordering::Relaxed);
            if may && model.choose(2) == 1 {
                cancelled.store(true, Ordering::Relaxed);
                map.cancel();
            }
            i32::from(task.cancelled())
        };
        let report = Tasks::new(n).run(&map, &function, None);
        model.expect_signal(None);
        let after = |_: &Task, _: &[u8], _: &mut [u8]| {
            model.moved();
            0
        };
        (report, Tasks::new(1).run(&map, &after, None))
    };
    explore(name, size, work, |results| {
        let (reports, after): (Vec<_>, Vec<_>) = results.into_iter().unzip();
        let report = agreed(reports);
        assert_eq!(agreed(after).outcome, Outcome::Done);
        let missing: u64 = report.unfinished.iter().map(|r| r.1 - r.0).sum();
        assert_eq!(report.done + missing, n);
        let wanted = match cancelled.load(Ordering::Relaxed) || missing > 0 {
            true => Outcome::Cancelled,
            false => Outcome::Done,
        };
        assert_eq!(report.outcome, wanted);
    });
}

fn long() -> bool {
    std::env::var_os("DICOD_LONG").is_some()
}

fn items(n: u64) -> Case {
    Case { n, ..Case::default() }
}

fn outstanding(max_outstanding: i64) -> Settings {
    Settings { max_outstanding, ..Settings::default() }
}

fn root_only_leads() -> Settings {
    Settings { root_works: false, ..outstanding(2) }
}

#[test]
fn streams_end_in_every_schedule() {
    streams("stream, 2 ranks, 2 items", 2, outstanding(2), items(2));
    streams("stream, 2 ranks, 3 items", 2, outstanding(2), items(3));
    streams("stream, 2 ranks, 3 items of 3", 2, outstanding(3), items(3));
    streams("stream, 3 ranks, 2 items", 3, outstanding(2), items(2));
    streams("stream, 3 ranks, 2 items, root only leads", 3, root_only_leads(), items(2));
    let lazy = Case { lazy: true, ..items(3) };
    streams("stream, 2 ranks, lazy producer", 2, outstanding(3), lazy);
    let unordered = Settings { ordered: false, ..outstanding(3) };
    streams("stream, 2 ranks, 3 items, as they come", 2, unordered, items(3));
    let bad = Case { bad: Some(1), ..items(3) };
    streams("stream, 2 ranks, a task fails", 2, outstanding(3), bad);
    let stop = Case { stop_at: Some(0), ..items(3) };
    streams("stream, 2 ranks, the consumer stops", 2, outstanding(3), stop);
    let cancel = Case { cancel: true, ..items(2) };
    streams("stream, 2 ranks, a task cancels", 2, outstanding(2), cancel);
    if long() {
        streams("stream, 3 ranks, 4 items", 3, outstanding(3), items(4));
        let stop = Case { stop_at: Some(1), ..items(4) };
        streams("stream, 3 ranks, the consumer stops", 3, outstanding(3), stop);
        let cancel = Case { cancel: true, ..items(4) };
        streams("stream, 2 ranks, one of 4 tasks cancels", 2, outstanding(3), cancel);
    }
}

#[test]
fn maps_end_in_every_schedule() {
    let one = Settings::default();
    maps("map, 2 ranks, 3 tasks", 2, one.clone(), 3, &[]);
    maps("map, 3 ranks, 2 tasks, root only leads", 3, root_only_leads(), 2, &[]);
    maps("map, 2 ranks, 3 tasks, 2 fail", 2, one.clone(), 3, &[1, 2]);
    let block = Settings { schedule: Schedule::Block, ..one.clone() };
    maps("map, 2 ranks, 3 tasks in blocks, 2 fail", 2, block, 3, &[1, 2]);
    let guided = Settings { schedule: Schedule::Guided, ..one.clone() };
    maps("map, 2 ranks, 5 guided tasks", 2, guided, 5, &[]);
    if long() {
        maps("map, 3 ranks, 2 tasks, 1 fails", 3, one, 2, &[0]);
    }
}

#[test]
fn cancelled_maps_end_in_every_schedule() {
    let one = Settings::default();
    cancels("cancel, 2 ranks, 1 task", 2, one.clone(), 1, None);
    cancels("signal to a worker, 2 ranks, 1 task", 2, one.clone(), 1, Some(1));
    if long() {
        cancels("signal to the root, 2 ranks, 1 task", 2, one.clone(), 1, Some(0));
        cancels("cancel, 2 ranks, 2 tasks, root only leads", 2, root_only_leads(), 2, None);
        cancels("cancel, 2 ranks, 2 tasks", 2, one.clone(), 2, None);
        cancels("signal to the root, 2 ranks, 2 tasks", 2, one.clone(), 2, Some(0));
        cancels("signal to a worker, 2 ranks, 2 tasks", 2, one.clone(), 2, Some(1));
        cancels("cancel, 2 ranks, 3 tasks, root only leads", 2, root_only_leads(), 3, None);
        cancels("cancel, 3 ranks, 1 task", 3, one, 1, None);
    }
}
