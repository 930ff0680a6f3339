//! A rank that has no room for what it is to hold: the run fails on every rank alike, nobody waits for it, and the handle
//! works on.

use crate::common::*;
use dicod::parmap::ensemble::{Ensemble, Limits, Member, Starts};
use dicod::parmap::flow::{Data, Flow, Node, Tried};
use dicod::parmap::map::Tasks;
use dicod::parmap::operator::{Operator, Operators};
use dicod::parmap::reduce::{Failed, Reducer, reduce};
use dicod::parmap::serve::{Functions, Named, call_share, release};
use dicod::parmap::share::share;
use dicod::parmap::stream::{Consumed, Ends, Produced, Stream};
use dicod::parmap::{Map, Report, Schedule, Settings, Task};
use dicod::{Error, Result};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Has no room for what is so large in a thread that says so.
struct Full;

/// What the runs of these tests hold is as large; nothing else is.
const LARGE: usize = 1 << 20;

thread_local! {
    static FULL: Cell<bool> = const { Cell::new(false) };
}

fn has_room(size: usize) -> bool {
    size < LARGE || !FULL.try_with(Cell::get).unwrap_or(false)
}

// SAFETY: the system's allocator, which is not always asked.
unsafe impl GlobalAlloc for Full {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        if has_room(layout.size()) { unsafe { System.alloc(layout) } } else { std::ptr::null_mut() }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        if has_room(layout.size()) { unsafe { System.alloc_zeroed(layout) } } else { std::ptr::null_mut() }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        if has_room(size) { unsafe { System.realloc(at, layout, size) } } else { std::ptr::null_mut() }
    }
}

#[global_allocator]
static ALLOCATOR: Full = Full;

/// The caller's own memory, which it always has.
fn larges(n: usize) -> Vec<u8> {
    let full = FULL.replace(false);
    let bytes = vec![7; n * LARGE];
    FULL.set(full);
    bytes
}

fn large() -> Vec<u8> {
    larges(1)
}

/// One rank that has no room.
struct Trouble {
    rank: usize,
    /// It has had a task.
    seen: AtomicBool,
}

impl Trouble {
    /// In a task: the rank in question has one before anybody is done.
    fn meet(&self, task: &Task, rank: usize) {
        FULL.set(rank == self.rank);
        self.seen.fetch_or(rank == self.rank, Ordering::SeqCst);
        let start = Instant::now();
        while self.rank < usize::MAX && !self.seen.load(Ordering::SeqCst) && !task.cancelled() {
            assert!(start.elapsed() < HANGS);
            std::thread::yield_now();
        }
    }
}

type Kind = fn(&Map, &Trouble) -> Result<Report>;

fn map(map: &Map, trouble: &Trouble) -> Result<Report> {
    let rank = map.ranks().rank();
    let mut outputs = larges(12);
    let mut tasks = Tasks::new(12);
    tasks = match rank {
        0 => tasks.outputs(&mut outputs, LARGE)?,
        _ => tasks.outputs_at(None, LARGE),
    };
    let work = |task: &Task, _: &[u8], _: &mut [u8]| {
        trouble.meet(task, rank);
        0
    };
    tasks.run(map, &work, None)
}

fn map_of_large_inputs(map: &Map, trouble: &Trouble) -> Result<Report> {
    let rank = map.ranks().rank();
    let inputs = larges(4);
    let work = |task: &Task, _: &[u8], _: &mut [u8]| {
        trouble.meet(task, rank);
        0
    };
    Tasks::new(4).inputs(&inputs, LARGE)?.run(map, &work, None)
}

fn map_with_outputs_everywhere(map: &Map, _: &Trouble) -> Result<Report> {
    let mut outputs = large();
    Tasks::new(1 << 10).outputs(&mut outputs, LARGE >> 10)?.run(map, &|_, _, _| 0, None)
}

struct Items(usize);

impl Ends for Items {
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced {
        self.0 += 1;
        match self.0 {
            ..9 => {
                *to = large();
                Produced::Item
            }
            _ => Produced::End,
        }
    }
    fn consume(&mut self, _: u64, _: i32, _: &[u8]) -> Consumed {
        Consumed::More
    }
}

impl Data for Items {
    fn restart(&mut self) -> bool {
        self.0 = 0;
        true
    }
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced {
        self.0 += 1;
        to.push(1);
        if self.0 < 9 { Produced::Item } else { Produced::End }
    }
}

fn stream(map: &Map, trouble: &Trouble) -> Result<Report> {
    let rank = map.ranks().rank();
    let mut items = Items(0);
    let work = |task: &Task, _: &[u8], to: &mut Vec<u8>| {
        trouble.meet(task, rank);
        *to = large();
        0
    };
    Stream::new((rank == 0).then_some(&mut items as _)).run(map, &work, None)
}

struct States<'t>(&'t Trouble, usize);

impl Reducer for States<'_> {
    type State = Vec<u8>;

    fn fork(&self, _: &Vec<u8>) -> Tried<Vec<u8>> {
        Ok(large())
    }
    fn work(&self, _: &mut Vec<u8>, task: &Task, _: &[u8]) -> i32 {
        self.0.meet(task, self.1);
        0
    }
    fn pack(&self, _: &Vec<u8>, to: &mut Vec<u8>) -> Tried<()> {
        *to = large();
        Ok(())
    }
    fn unpack(&self, _: &mut Vec<u8>, bytes: &[u8]) -> Tried<()> {
        assert_eq!(bytes.len(), LARGE);
        Ok(())
    }
    fn join(&self, _: &mut Vec<u8>, _: &Vec<u8>) -> Tried<()> {
        Ok(())
    }
}

fn reduction(map: &Map, trouble: &Trouble) -> Result<Report> {
    let states = States(trouble, map.ranks().rank());
    reduce(map, &Tasks::new(8), &states, &mut large(), None)
}

/// A node whose state is large.
struct Large<'t>(&'t Trouble, usize);

impl Node for Large<'static> {
    fn phases(&self) -> u64 {
        1
    }
    fn can_fork(&self, _: u64) -> bool {
        true
    }
    fn fork(&self) -> Tried<Box<dyn Node>> {
        Ok(Box::new(Large(self.0, self.1)))
    }
    fn train(&mut self, _: u64, task: Option<&Task>, _: &[u8]) -> i32 {
        task.into_iter().for_each(|task| self.0.meet(task, self.1));
        0
    }
    fn pack(&self, to: &mut Vec<u8>) -> Tried<()> {
        *to = large();
        Ok(())
    }
    fn unpack(&mut self, bytes: &[u8]) -> Tried<()> {
        assert_eq!(bytes.len(), LARGE);
        Ok(())
    }
    fn join(&mut self, _: &dyn Node) -> Tried<()> {
        Ok(())
    }
    fn stop(&mut self, _: u64) -> Tried<()> {
        Ok(())
    }
    fn execute(&self, _: &[u8], to: &mut Vec<u8>) -> i32 {
        *to = large();
        0
    }
}

fn flow(map: &Map, trouble: &Trouble) -> Result<Report> {
    let rank = map.ranks().rank();
    // Nodes live as long as their flow: shorter than this.
    let trouble: &'static Trouble = Box::leak(Box::new(Trouble { rank: trouble.rank, seen: AtomicBool::new(true) }));
    let mut flow = Flow::new(vec![Box::new(Large(trouble, rank))]);
    let (mut data, mut items) = (Items(0), Items(0));
    let report = flow.train(map, (rank == 0).then_some(&mut data as _), None, None)?;
    assert!(report.has_result());
    flow.execute(map, (rank == 0).then_some(&mut items as _), None)
}

fn ensemble(map: &Map, trouble: &Trouble) -> Result<Report> {
    let full = FULL.replace(false);
    let mut ensemble = Ensemble::new(&[0.0], &[1.0], &Starts::Random(4), 3, LARGE)?;
    FULL.set(full);
    let rank = map.ranks().rank();
    let solver = |task: &Task, _: &mut Member, _: u64| {
        trouble.meet(task, rank);
        0
    };
    ensemble.round(map, Limits::default(), &solver, None)
}

struct Wide;

impl Operator for Wide {
    fn in_size(&self) -> usize {
        LARGE / 8
    }
    fn out_size(&self) -> usize {
        2
    }
    fn is_linear(&self) -> bool {
        true
    }
    fn eval(&mut self, _: &[f64], _: &mut [f64]) -> std::result::Result<(), Failed> {
        Ok(())
    }
    fn linearize(&mut self, _: &[f64], _: &mut [f64]) -> std::result::Result<(), Failed> {
        Ok(())
    }
    fn derivative(&mut self, _: &[f64], _: &mut [f64]) -> std::result::Result<(), Failed> {
        Ok(())
    }
    fn adjoint(&mut self, _: &[f64], _: &mut [f64]) -> std::result::Result<(), Failed> {
        Ok(())
    }
}

fn operators(map: &Map, _: &Trouble) -> Result<Report> {
    let full = FULL.replace(false);
    let (mut x, mut y) = (vec![1.0; LARGE / 8], [0.0; 6]);
    FULL.set(full);
    let mut all = Operators::vector(vec![Box::new(Wide), Box::new(Wide), Box::new(Wide)])?;
    all.eval(map, &x, &mut y)?;
    all.adjoint(map, &y, &mut x)?;
    Ok(Report::default())
}

fn shared(map: &Map, _: &Trouble) -> Result<Report> {
    share(map, Ok(&large())).map(|()| Report::default())
}

fn named(map: &Map, _: &Trouble) -> Result<Report> {
    let functions = Functions::default();
    functions.register("work", Named::Map(Arc::new(|_, _, _| 0)))?;
    if map.ranks().rank() > 0 {
        functions.serve(map)?;
        return Ok(Report::default());
    }
    let (bytes, mut outputs) = (large(), larges(3));
    let all = call_share(map, &bytes).map(|()| Report::default());
    let tasks = Tasks::new(3).inputs(&bytes, LARGE / 4)?.outputs(&mut outputs, LARGE)?;
    let called = functions.call(map, "work", tasks, None);
    release(map)?;
    all.and(called)
}

/// Rank by rank how a run ends that one of them has no room for, and the next one.
fn ends(kind: Kind, shape: (usize, usize), settings: &Settings, failing: usize) -> Vec<Result<Report>> {
    let trouble = [failing, usize::MAX].map(|rank| Trouble { rank, seen: AtomicBool::new(false) });
    on(shape, rough(failing as u64), settings, |map| {
        FULL.set(map.ranks().rank() == failing);
        let result = kind(map, &trouble[0]);
        FULL.set(false);
        let report = kind(map, &trouble[1]).unwrap();
        assert!(report.has_result(), "{}", report.message());
        result
    })
}

fn fails_everywhere(kind: Kind, shape: (usize, usize), settings: &Settings, which: impl IntoIterator<Item = usize>) {
    for failing in which {
        let all = ends(kind, shape, settings, failing);
        for result in &all {
            let error = result.as_ref().expect_err(&format!("rank {failing} has no room"));
            assert_eq!(error.status(), Error::memory("", 0).status(), "{error}");
            assert!(error.to_string().starts_with(&format!("rank {failing}: out of memory: ")), "{error}");
            assert_eq!(Some(error), all[0].as_ref().err());
        }
    }
}

fn with(schedule: Schedule, root_works: bool) -> Settings {
    Settings { schedule, root_works, chunk: 1, ..Settings::default() }
}

#[test]
fn maps_without_room_on_one_rank_fail_on_all() {
    for schedule in SCHEDULES {
        fails_everywhere(map, (3, 1), &with(schedule, true), 1..3);
        fails_everywhere(map, (3, 2), &with(schedule, true), 1..3);
        fails_everywhere(map_of_large_inputs, (3, 1), &with(schedule, true), 0..3);
    }
    fails_everywhere(map, (3, 1), &with(Schedule::Dynamic, false), 1..3);
    fails_everywhere(map_with_outputs_everywhere, (4, 1), &Settings::default(), [0]);
}

#[test]
fn teams_without_room_on_one_rank_fail_everywhere() {
    let settings = Settings { ranks_per_task: 2, ..with(Schedule::Block, true) };
    fails_everywhere(map, (4, 1), &settings, 0..4);
}

#[test]
fn streams_without_room_on_one_rank_fail_on_all() {
    for shape in [(3, 1), (3, 2)] {
        fails_everywhere(stream, shape, &Settings::default(), 0..3);
    }
}

#[test]
fn reductions_without_room_on_one_rank_fail_on_all() {
    for shape in [(3, 1), (4, 2)] {
        fails_everywhere(reduction, shape, &with(Schedule::Dynamic, true), 0..3);
    }
}

#[test]
fn flows_without_room_on_one_rank_fail_on_all() {
    for shape in [(3, 1), (4, 2)] {
        fails_everywhere(flow, shape, &Settings::default(), 0..2);
    }
}

#[test]
fn ensembles_without_room_on_one_rank_fail_on_all() {
    fails_everywhere(ensemble, (3, 1), &with(Schedule::Block, true), 0..3);
    fails_everywhere(ensemble, (3, 1), &with(Schedule::Dynamic, true), 0..3);
}

#[test]
fn operators_and_shared_data_without_room_on_one_rank_fail_on_all() {
    fails_everywhere(operators, (3, 1), &Settings::default(), 0..3);
    fails_everywhere(shared, (3, 1), &Settings::default(), 0..3);
}

#[test]
fn ranks_that_serve_go_on_when_one_has_no_room() {
    for failing in 0..3 {
        let all = ends(named, (3, 1), &with(Schedule::Block, true), failing);
        let error = all[0].as_ref().unwrap_err().to_string();
        assert!(error.starts_with(&format!("rank {failing}: out of memory: ")), "{error}");
        assert!(all[1..].iter().all(Result::is_ok), "{all:?}");
    }
}
