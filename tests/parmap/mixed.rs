//! Many runs of any kind on one handle, of which some fail and some are cancelled: each comes to what a serial run comes to.
//!
//! `DICOD_LONG=1` goes through 1000 of them on each number of ranks and threads. What fails says the seed and the run.

use crate::common::*;
use dicod::parmap::ensemble::{Ensemble, Limits, Member, Starts};
use dicod::parmap::flow::{Data, Flow, Node, Tried};
use dicod::parmap::map::Tasks;
use dicod::parmap::pull::Pull;
use dicod::parmap::reduce::{Reducer, reduce};
use dicod::parmap::stream::{Consumed, Ends, Produced, Stream};
use dicod::parmap::{Canceller, Errors, Map, Outcome, Report, Settings, Task};
use dicod::ranks::local::Local;
use std::sync::Arc;

/// SplitMix64.
struct Draws(u64);

impl Draws {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// What happens at which task.
#[derive(Clone, Debug)]
struct Events {
    n: u64,
    fails: Option<u64>,
    cancels: Option<u64>,
    /// Where the consumer has enough.
    stops: Option<u64>,
    canceller: Canceller,
}

impl Events {
    fn meet(&self, index: u64) -> i32 {
        if self.cancels == Some(index) {
            self.canceller.cancel();
        }
        i32::from(self.fails == Some(index)) * 4
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Map,
    Stream,
    Reduction,
    Flow,
    Ensemble,
    Pull,
}

const KINDS: [Kind; 6] = [Kind::Map, Kind::Stream, Kind::Reduction, Kind::Flow, Kind::Ensemble, Kind::Pull];

/// What is seen of tasks, in order of index.
#[derive(Clone)]
struct Seen<'e> {
    events: &'e Events,
    at: u64,
    all: Vec<u64>,
}

impl<'e> Seen<'e> {
    fn new(events: &'e Events) -> Self {
        Seen { events, at: 0, all: Vec::new() }
    }
}

impl Ends for Seen<'_> {
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced {
        to.extend(self.at.to_le_bytes());
        self.at += 1;
        if self.at > self.events.n { Produced::End } else { Produced::Item }
    }
    fn consume(&mut self, index: u64, status: i32, bytes: &[u8]) -> Consumed {
        self.all.push(if status == 0 { number(bytes) } else { status as u64 });
        if self.events.stops == Some(index) { Consumed::Stop } else { Consumed::More }
    }
}

impl Data for Seen<'_> {
    fn restart(&mut self) -> bool {
        self.at = 0;
        true
    }
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced {
        Ends::produce(self, to)
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

/// Which tasks were joined.
struct Joined<'e>(&'e Events);

impl Reducer for Joined<'_> {
    type State = Vec<u64>;

    fn fork(&self, _: &Vec<u64>) -> Tried<Vec<u64>> {
        Ok(Vec::new())
    }
    fn work(&self, state: &mut Vec<u64>, task: &Task, _: &[u8]) -> i32 {
        let code = self.0.meet(task.index);
        if code == 0 {
            state.push(task.index);
        }
        code
    }
    fn pack(&self, state: &Vec<u64>, to: &mut Vec<u8>) -> Tried<()> {
        to.extend(state.iter().flat_map(|index| index.to_le_bytes()));
        Ok(())
    }
    fn unpack(&self, state: &mut Vec<u64>, bytes: &[u8]) -> Tried<()> {
        *state = bytes.chunks_exact(8).map(number).collect();
        Ok(())
    }
    fn join(&self, into: &mut Vec<u64>, from: &Vec<u64>) -> Tried<()> {
        into.extend(from);
        Ok(())
    }
}

/// A node that is trained like that.
#[derive(Clone)]
struct Collects(Arc<Events>, Vec<u64>);

impl Node for Collects {
    fn phases(&self) -> u64 {
        1
    }
    fn can_fork(&self, _: u64) -> bool {
        true
    }
    fn fork(&self) -> Tried<Box<dyn Node>> {
        Ok(Box::new(Collects(self.0.clone(), Vec::new())))
    }
    fn train(&mut self, _: u64, task: Option<&Task>, chunk: &[u8]) -> i32 {
        self.1.push(number(chunk));
        self.0.meet(task.map_or(0, |task| task.index))
    }
    fn pack(&self, to: &mut Vec<u8>) -> Tried<()> {
        Joined(&self.0).pack(&self.1, to)
    }
    fn unpack(&mut self, bytes: &[u8]) -> Tried<()> {
        Joined(&self.0.clone()).unpack(&mut self.1, bytes)
    }
    fn join(&mut self, fork: &dyn Node) -> Tried<()> {
        let mut bytes = Vec::new();
        fork.pack(&mut bytes)?;
        self.1.extend(bytes.chunks_exact(8).map(number));
        Ok(())
    }
    fn stop(&mut self, _: u64) -> Tried<()> {
        Ok(())
    }
    fn execute(&self, chunk: &[u8], to: &mut Vec<u8>) -> i32 {
        to.extend(chunk);
        0
    }
}

/// One run: its report, and what it has given on rank 0.
fn run(map: &Map, kind: Kind, events: &Events) -> (Report, Vec<u64>) {
    let root = map.ranks().rank() == 0;
    let n = events.n;
    let report = match kind {
        Kind::Map => {
            let (inputs, mut outputs) =
                ((0..n).flat_map(u64::to_le_bytes).collect::<Vec<_>>(), vec![9; 8 * n as usize]);
            let work = |task: &Task, input: &[u8], output: &mut [u8]| {
                output.copy_from_slice(&(3 * number(input) + 1).to_le_bytes());
                events.meet(task.index)
            };
            let tasks = Tasks::new(n).inputs(&inputs, 8).unwrap().outputs(&mut outputs, 8).unwrap();
            let report = tasks.run(map, &work, None);
            return (report.unwrap(), outputs.chunks_exact(8).map(number).collect());
        }
        Kind::Stream => {
            let mut seen = Seen::new(events);
            let work = |task: &Task, input: &[u8], output: &mut Vec<u8>| {
                output.extend(input);
                events.meet(task.index)
            };
            let report = Stream::new(root.then_some(&mut seen as _)).run(map, &work, None);
            return (report.unwrap(), seen.all);
        }
        Kind::Reduction => {
            let mut state = Vec::new();
            let report = reduce(map, &Tasks::new(n), &Joined(events), &mut state, None);
            return (report.unwrap(), state);
        }
        Kind::Flow => {
            let mut seen = Seen::new(events);
            let mut flow = Flow::new(vec![Box::new(Collects(Arc::new(events.clone()), Vec::new()))]);
            let report = flow.train(map, root.then_some(&mut seen as _), None, None).unwrap();
            let mut bytes = Vec::new();
            flow.nodes()[0].pack(&mut bytes).unwrap();
            return (report, if root { bytes.chunks_exact(8).map(number).collect() } else { Vec::new() });
        }
        Kind::Ensemble => {
            let mut ensemble = Ensemble::new(&[0.0], &[1.0], &Starts::Random(n), 5, 0).unwrap();
            let solver = |task: &Task, member: &mut Member, _: u64| {
                member.value = member.x[0];
                events.meet(task.index)
            };
            let report = ensemble.round(map, Limits::default(), &solver, None).unwrap();
            return (report, ensemble.members().iter().map(|member| member.value.to_bits()).collect());
        }
        Kind::Pull => {
            let pull = Pull::open(map, n).unwrap();
            while let Some(index) = pull.next() {
                pull.done(index, events.meet(index), "").unwrap();
            }
            pull.close().unwrap()
        }
    };
    (report, Vec::new())
}

fn serially(settings: &Settings, kind: Kind, events: &Events) -> (Report, Vec<u64>) {
    let map = Map::new(Arc::new(Local::alone()), 1).unwrap();
    map.set(|to| {
        *to = settings.clone();
        Ok(())
    })
    .unwrap();
    run(&map, kind, events)
}

fn draw(draws: &mut Draws, map: &Map) -> (Kind, Settings, Events) {
    let kind = KINDS[draws.below(6) as usize];
    let n = 1 + draws.below(30);
    let mut at = |odds: u64| (draws.below(odds) == 0).then(|| draws.below(n));
    let events = Events { n, fails: at(3), cancels: at(5), stops: at(5), canceller: map.canceller() };
    let settings = Settings {
        schedule: SCHEDULES[draws.below(4) as usize],
        chunk: draws.below(5) as i64,
        errors: if draws.below(2) == 0 { Errors::Continue } else { Errors::Cancel },
        retries: draws.below(2) as i64,
        max_outstanding: draws.below(4) as i64,
        root_works: draws.below(4) > 0,
        ..Settings::default()
    };
    (kind, settings, events)
}

#[test]
fn runs_of_all_kinds_on_one_handle_are_each_as_a_serial_one() {
    let long = std::env::var_os("DICOD_LONG").is_some_and(|v| v == "1");
    for (seed, shape) in SHAPES.into_iter().enumerate() {
        let seed = seed as u64 + 100;
        on(shape, rough(seed), &Settings::default(), |map| {
            let mut draws = Draws(seed);
            for at in 0..if long { 1000 } else { 40 } {
                let (kind, settings, events) = draw(&mut draws, map);
                let name = format!("seed {seed}, run {at} on {shape:?}: {kind:?}, {events:?}, {settings:?}");
                map.set(|to| {
                    *to = settings.clone();
                    Ok(())
                })
                .unwrap();
                let (report, given) = run(map, kind, &events);
                let unfinished: u64 = report.unfinished.iter().map(|range| range.1 - range.0).sum();
                if let (Some(n), false) = (report.total, matches!(report.outcome, Outcome::TaskFailed)) {
                    assert_eq!(report.done + unfinished, n, "{name}: {report:?}");
                }
                if events.cancels.is_none() {
                    let serial = serially(&settings, kind, &events);
                    assert_eq!(essence(&report), essence(&serial.0), "{name}");
                    if map.ranks().rank() == 0 && report.has_result() {
                        assert_eq!(given, serial.1, "{name}");
                    }
                }
            }
        });
    }
}
