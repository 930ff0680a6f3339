//! Section 3 of the contract: phases of training.

use crate::common::*;
use dicod::parmap::flow::{Data, Flow, Node, Tried};
use dicod::parmap::reduce::Failed;
use dicod::parmap::stream::{Consumed, Ends, Produced};
use dicod::parmap::{Map, Outcome, Report, Settings, Task};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Takes the mean away; trained in two phases: mean, then a scale.
#[derive(Clone, Default)]
struct Centre {
    sum: f64,
    n: f64,
    mean: f64,
    scale: f64,
    /// Chunks that were executed.
    seen: f64,
    /// Which phases can be forked.
    forkable: [bool; 2],
    counts: bool,
    stops: usize,
    /// Forks and joins of this node and its forks.
    made: Option<Arc<[AtomicU64; 2]>>,
}

impl Centre {
    fn count(&self, what: usize) {
        if let Some(made) = &self.made {
            made[what].fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn values(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks_exact(8).map(value).collect()
}

impl Centre {
    fn numbers(&self) -> [f64; 5] {
        [self.sum, self.n, self.mean, self.scale, self.seen]
    }
}

impl Node for Centre {
    fn phases(&self) -> u64 {
        2
    }
    fn can_fork(&self, phase: u64) -> bool {
        self.forkable[phase as usize]
    }
    fn fork(&self) -> Tried<Box<dyn Node>> {
        self.count(0);
        Ok(Box::new(Centre { sum: 0.0, n: 0.0, seen: 0.0, ..self.clone() }))
    }
    fn train(&mut self, phase: u64, task: Option<&Task>, chunk: &[u8]) -> i32 {
        assert_eq!(task.is_some(), self.forkable[phase as usize]);
        for value in values(chunk) {
            match phase {
                0 => self.sum += value,
                _ => self.sum += (value - self.mean).abs(),
            }
            self.n += 1.0;
        }
        i32::from(values(chunk).contains(&f64::INFINITY)) * 12
    }
    fn pack(&self, to: &mut Vec<u8>) -> Tried<()> {
        to.extend(bytes_of(&self.numbers()));
        Ok(())
    }
    fn unpack(&mut self, bytes: &[u8]) -> Tried<()> {
        let all = values(bytes);
        (self.sum, self.n, self.mean, self.scale, self.seen) = (all[0], all[1], all[2], all[3], all[4]);
        Ok(())
    }
    fn join(&mut self, fork: &dyn Node) -> Tried<()> {
        self.count(1);
        let mut bytes = Vec::new();
        fork.pack(&mut bytes)?;
        let all = values(&bytes);
        self.sum += all[0];
        self.n += all[1];
        self.seen += all[4];
        Ok(())
    }
    fn stop(&mut self, phase: u64) -> Tried<()> {
        self.stops += 1;
        let result = self.sum / self.n;
        (self.sum, self.n) = (0.0, 0.0);
        match phase {
            0 => self.mean = result,
            _ => self.scale = result,
        }
        match self.scale.is_nan() {
            true => Err(Failed(2, "not a number".into())),
            false => Ok(()),
        }
    }
    fn execute(&self, chunk: &[u8], to: &mut Vec<u8>) -> i32 {
        let scaled = values(chunk).into_iter().map(|v| (v - self.mean) / self.scale);
        to.extend(bytes_of(&scaled.collect::<Vec<_>>()));
        0
    }
    fn forks_in_execution(&self) -> bool {
        self.counts
    }
    fn execute_in_fork(&mut self, chunk: &[u8], to: &mut Vec<u8>) -> i32 {
        self.seen += 1.0;
        self.execute(chunk, to)
    }
}

/// Squares; nothing to train.
struct Square;

impl Node for Square {
    fn phases(&self) -> u64 {
        0
    }
    fn can_fork(&self, _: u64) -> bool {
        true
    }
    fn fork(&self) -> Tried<Box<dyn Node>> {
        Ok(Box::new(Square))
    }
    fn train(&mut self, _: u64, _: Option<&Task>, _: &[u8]) -> i32 {
        unreachable!()
    }
    fn pack(&self, _: &mut Vec<u8>) -> Tried<()> {
        Ok(())
    }
    fn unpack(&mut self, _: &[u8]) -> Tried<()> {
        Ok(())
    }
    fn join(&mut self, _: &dyn Node) -> Tried<()> {
        Ok(())
    }
    fn stop(&mut self, _: u64) -> Tried<()> {
        unreachable!()
    }
    fn execute(&self, chunk: &[u8], to: &mut Vec<u8>) -> i32 {
        to.extend(bytes_of(&values(chunk).iter().map(|v| v * v).collect::<Vec<_>>()));
        0
    }
}

struct Chunks {
    all: Vec<Vec<f64>>,
    at: usize,
    restarts: usize,
    results: Vec<u8>,
}

fn chunks(n: usize) -> Chunks {
    Chunks { all: (0..n).map(|i| numbers(i + 20)[i..].to_vec()).collect(), at: 0, restarts: 9, results: Vec::new() }
}

impl Data for Chunks {
    fn restart(&mut self) -> bool {
        self.at = 0;
        let can = self.restarts > 0;
        self.restarts = self.restarts.saturating_sub(1);
        can
    }
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced {
        let Some(chunk) = self.all.get(self.at) else {
            return Produced::End;
        };
        self.at += 1;
        to.extend(bytes_of(chunk));
        Produced::Item
    }
}

impl Ends for Chunks {
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced {
        Data::produce(self, to)
    }
    fn consume(&mut self, _: u64, _: i32, bytes: &[u8]) -> Consumed {
        self.results.extend(bytes);
        Consumed::More
    }
}

fn flow(forkable: [bool; 2], counts: bool) -> Flow {
    let centre = || Box::new(Centre { forkable, counts, ..Centre::default() });
    Flow::new(vec![centre(), Box::new(Square), centre()])
}

fn packed(flow: &Flow) -> Vec<u8> {
    let mut bytes = Vec::new();
    for node in flow.nodes() {
        node.pack(&mut bytes).unwrap();
    }
    bytes
}

fn train(flow: &mut Flow, map: &Map, mut data: Chunks) -> dicod::Result<Report> {
    let root = map.ranks().rank() == 0;
    flow.train(map, root.then_some(&mut data as &mut dyn Data), None, None)
}

#[test]
fn flows_are_trained_and_executed_as_serially() {
    for forkable in [[true, true], [true, false], [false, true]] {
        for counts in [false, true] {
            let run = |shape| {
                on(shape, rough(3), &Settings::default(), |map| {
                    let mut flow = flow(forkable, counts);
                    let root = map.ranks().rank() == 0;
                    let mut out = chunks(5);
                    let ends: Option<&mut dyn Ends> = root.then_some(&mut out as &mut dyn Ends);
                    let error = flow.execute(map, ends, None).unwrap_err();
                    assert!(error.to_string().contains("not trained"), "{error}");
                    let report = train(&mut flow, map, chunks(12)).unwrap();
                    assert_eq!((report.outcome, report.done), (Outcome::Done, 12));
                    assert!(flow.is_trained());
                    let ends: Option<&mut dyn Ends> = root.then_some(&mut out as &mut dyn Ends);
                    let report = flow.execute(map, ends, None).unwrap();
                    assert_eq!((report.outcome, report.done), (Outcome::Done, 5));
                    (packed(&flow), out.results)
                })
            };
            let serial = run((1, 1));
            assert_eq!(values(&serial[0].0)[4], if counts { 5.0 } else { 0.0 });
            assert!(!serial[0].1.is_empty());
            for shape in SHAPES {
                for (rank, (nodes, results)) in run(shape).into_iter().enumerate() {
                    assert_eq!(nodes, serial[0].0, "{shape:?}");
                    if rank == 0 {
                        assert_eq!(results, serial[0].1);
                    }
                }
            }
        }
    }
}

#[test]
fn a_flow_goes_on_from_a_checkpoint() {
    for shape in SHAPES {
        on(shape, rough(3), &Settings::default(), |map| {
            let root = map.ranks().rank() == 0;
            let mut whole = flow([true; 2], false);
            train(&mut whole, map, chunks(6)).unwrap();
            let mut saved = Vec::new();
            let mut checkpoint = |node: usize, bytes: &[u8]| {
                saved.push((node, bytes.to_vec()));
                false
            };
            let mut first = flow([true; 2], false);
            let mut data = chunks(6);
            let data: Option<&mut dyn Data> = root.then_some(&mut data as &mut dyn Data);
            let report = first.train(map, data, Some(&mut checkpoint), None).unwrap();
            assert_eq!(report.outcome, Outcome::Stopped);
            assert_eq!(saved.len(), usize::from(root));
            let mut second = flow([true; 2], false);
            // The others know only that it is trained.
            let bytes = saved.first().map_or(bytes_of(&[0.0; 5]), |s| s.1.clone());
            second.load(0, &bytes).unwrap();
            train(&mut second, map, chunks(6)).unwrap();
            assert_eq!(packed(&second), packed(&whole));
            assert!(second.load(9, &bytes).is_err());
        });
    }
}

#[test]
fn a_flow_from_checkpoints_executes_what_rank_0_has() {
    for shape in SHAPES {
        on(shape, rough(3), &Settings::default(), |map| {
            let root = map.ranks().rank() == 0;
            let mut whole = flow([true; 2], false);
            train(&mut whole, map, chunks(6)).unwrap();
            let mut loaded = flow([true; 2], false);
            for node in [0, 2] {
                let mut bytes = Vec::new();
                whole.nodes()[node].pack(&mut bytes).unwrap();
                let bytes = if root { bytes } else { bytes_of(&[0.0; 5]) };
                loaded.load(node, &bytes).unwrap();
            }
            let results = [&mut whole, &mut loaded].map(|flow| {
                let mut out = chunks(5);
                let ends: Option<&mut dyn Ends> = root.then_some(&mut out as &mut dyn Ends);
                assert_eq!(flow.execute(map, ends, None).unwrap().outcome, Outcome::Done);
                out.results
            });
            assert_eq!(results[0], results[1]);
            assert_eq!(packed(&loaded), packed(&whole));
        });
    }
}

#[test]
fn empty_data_and_data_that_cannot_restart_are_different_errors() {
    for shape in SHAPES {
        for forkable in [[true; 2], [false; 2]] {
            on(shape, rough(3), &Settings::default(), |map| {
                let mut flow = flow(forkable, false);
                let before = packed(&flow);
                let error = train(&mut flow, map, chunks(0)).unwrap_err();
                assert_eq!(error.status(), dicod::parmap::flow::EMPTY, "{error}");
                if map.ranks().rank() == 0 {
                    assert_eq!(packed(&flow), before);
                }
                let data = Chunks { restarts: 0, ..chunks(4) };
                let error = train(&mut flow, map, data).unwrap_err();
                assert_eq!(error.status(), dicod::parmap::flow::NOT_RESTARTABLE, "{error}");
                // A bad chunk, by its index.
                let mut data = chunks(9);
                data.all[6][1] = f64::INFINITY;
                match train(&mut flow, map, data) {
                    Ok(report) => {
                        let failure = report.failure.unwrap();
                        assert_eq!((failure.index, failure.code), (6, 12));
                    }
                    Err(error) => assert!(error.to_string().contains("chunk 6"), "{error}"),
                }
                train(&mut flow, map, chunks(4)).unwrap();
            });
        }
    }
}

/// One fork and one join per chunk; and, on rank 0, a fork that the others are joined into, which is joined itself in the
/// end, and one that what comes back is unpacked into.
#[test]
fn there_is_one_fork_and_one_join_per_chunk() {
    for shape in SHAPES {
        let made: Arc<[AtomicU64; 2]> = Arc::default();
        let took = || made.each_ref().map(|n| n.swap(0, Ordering::SeqCst));
        on(shape, rough(3), &Settings::default(), |map| {
            let root = map.ranks().rank() == 0;
            let node = Centre { forkable: [true; 2], counts: true, made: Some(made.clone()), ..Centre::default() };
            let mut flow = Flow::new(vec![Box::new(node)]);
            train(&mut flow, map, chunks(6)).unwrap();
            if root {
                assert_eq!(took(), [2 * (6 + 2), 2 * (6 + 1)], "{shape:?}");
            }
            map.ranks().agree(Ok(())).unwrap();
            let mut out = chunks(6);
            flow.execute(map, root.then_some(&mut out as _), None).unwrap();
            map.ranks().agree(Ok(())).unwrap();
            if root {
                assert_eq!(took(), [6 + 2, 6 + 1], "{shape:?}");
            }
        });
    }
}

#[test]
fn a_flow_is_not_executed_on_no_chunk() {
    for shape in SHAPES {
        for counts in [false, true] {
            on(shape, rough(3), &Settings::default(), |map| {
                let root = map.ranks().rank() == 0;
                let mut flow = flow([true; 2], counts);
                train(&mut flow, map, chunks(3)).unwrap();
                let before = packed(&flow);
                let mut out = chunks(0);
                let error = flow.execute(map, root.then_some(&mut out as _), None).unwrap_err();
                assert_eq!(error.status(), dicod::parmap::flow::EMPTY, "{error}");
                assert_eq!(packed(&flow), before);
                let mut out = chunks(2);
                let report = flow.execute(map, root.then_some(&mut out as _), None).unwrap();
                assert_eq!((report.outcome, report.done), (Outcome::Done, 2));
            });
        }
    }
}

#[test]
fn training_while_training_is_an_error() {
    struct Nested<'n>(&'n Map);
    impl Data for Nested<'_> {
        fn restart(&mut self) -> bool {
            true
        }
        fn produce(&mut self, _: &mut Vec<u8>) -> Produced {
            let error = train(&mut flow([true; 2], false), self.0, chunks(3)).unwrap_err();
            assert!(error.to_string().contains("being trained"), "{error}");
            Produced::Failed(5, "seen".into())
        }
    }
    on((1, 2), rough(0), &Settings::default(), |map| {
        let mut nested = Nested(map);
        let report = flow([true; 2], false).train(map, Some(&mut nested), None, None);
        let report = report.unwrap();
        assert_eq!(report.outcome, Outcome::ProducerFailed);
        assert_eq!(report.failure.unwrap().code, 5);
    });
}
