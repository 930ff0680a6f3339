//! A chain of nodes that are trained one after the other, phase by phase, and then executed.
//!
//! For each phase of a node, chunks go through the trained nodes before it into forks of the node,
//! which are joined in order. Chunks are units of work: what is a chunk does not depend on the
//! workers, so neither does the result.

mod execute;

use crate::base::error::{Error, Result};
use crate::base::wording::nth;
use crate::parmap::reduce::{Failed, Forks, Joins, Reducer, as_error, safely, spread};
use crate::parmap::run::progress::Watcher;
use crate::parmap::run::report::{Outcome, Report};
use crate::parmap::stream::{Produced, follow_line, lead_line};
use crate::parmap::{Call, Map, Task};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

/// The error status of data without a single chunk.
pub const EMPTY: i32 = -109;
/// The error status of data that cannot be gone through once more.
pub const NOT_RESTARTABLE: i32 = -108;

/// What callbacks of nodes return.
pub type Tried<R> = std::result::Result<R, Failed>;

/// One node of a flow. Every rank has the same nodes; those of rank 0 count.
pub trait Node: Send + Sync {
    /// Phases of training; 0: nothing to train.
    fn phases(&self) -> u64;

    /// Can chunks of this phase be trained by forks, or must the node itself see them all?
    fn can_fork(&self, phase: u64) -> bool;

    /// A fresh node for a chunk.
    fn fork(&self) -> Tried<Box<dyn Node>>;

    /// Takes one chunk in; 0, or a positive code.
    fn train(&mut self, phase: u64, task: Option<&Task>, chunk: &[u8]) -> i32;

    /// What travels between ranks.
    fn pack(&self, to: &mut Vec<u8>) -> Tried<()>;

    /// The counterpart of `pack`.
    fn unpack(&mut self, bytes: &[u8]) -> Tried<()>;

    /// Joins the next fork.
    fn join(&mut self, fork: Box<dyn Node>) -> Tried<()>;

    /// Ends a phase; on rank 0 only.
    fn stop(&mut self, phase: u64) -> Tried<()>;

    /// Sends a chunk through; by any thread.
    fn execute(&self, chunk: &[u8], to: &mut Vec<u8>) -> i32;

    /// Must the node be forked and joined in execution, too?
    fn forks_in_execution(&self) -> bool {
        false
    }

    /// As `execute`, in a fork that is joined afterwards.
    fn execute_in_fork(&mut self, chunk: &[u8], to: &mut Vec<u8>) -> i32 {
        self.execute(chunk, to)
    }

    /// What a checkpoint holds.
    fn save(&self, to: &mut Vec<u8>) -> Tried<()> {
        self.pack(to)
    }

    /// The counterpart of `save`.
    fn load(&mut self, bytes: &[u8]) -> Tried<()> {
        self.unpack(bytes)
    }

    /// Where a node of a C program keeps its state: for its own `join`.
    fn address(&self) -> *const std::ffi::c_void {
        std::ptr::null()
    }
}

/// Chunks to train on, on rank 0.
pub trait Data {
    /// Back to the first chunk; false: that cannot be done. Not called before the first phase.
    fn restart(&mut self) -> bool;

    /// The next chunk.
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced;
}

/// A chain of nodes.
pub struct Flow {
    nodes: Vec<Box<dyn Node>>,
    /// Which nodes need no training any more.
    trained: Vec<bool>,
    /// Nodes that came from a checkpoint: what rank 0 has, the others have not been told.
    loaded: BTreeSet<usize>,
}

/// Called on rank 0 after a node's last phase, with what `save` gives: false: stop there.
pub type Checkpoint<'c> = dyn FnMut(usize, &[u8]) -> bool + 'c;

/// Sends a chunk through nodes; with two buffers that take turns.
fn through(nodes: &[Box<dyn Node>], chunk: &[u8], last: &mut Vec<u8>) -> i32 {
    last.clear();
    last.extend_from_slice(chunk);
    let mut next = Vec::new();
    for node in nodes {
        next.clear();
        let code = node.execute(last, &mut next);
        if code != 0 {
            return code;
        }
        std::mem::swap(last, &mut next);
    }
    0
}

/// One phase of one node, as a reduction over chunks.
struct Phase<'p> {
    before: &'p [Box<dyn Node>],
    phase: u64,
}

impl Reducer for Phase<'_> {
    type State = Box<dyn Node>;

    fn fork(&self, pristine: &Self::State) -> Tried<Self::State> {
        pristine.fork()
    }

    fn work(&self, state: &mut Self::State, task: &Task, chunk: &[u8]) -> i32 {
        let mut bytes = Vec::new();
        match through(self.before, chunk, &mut bytes) {
            0 => state.train(self.phase, Some(task), &bytes),
            code => code,
        }
    }

    fn pack(&self, state: &Self::State, to: &mut Vec<u8>) -> Tried<()> {
        state.pack(to)
    }

    fn unpack(&self, state: &mut Self::State, bytes: &[u8]) -> Tried<()> {
        state.unpack(bytes)
    }

    fn join(&self, into: &mut Self::State, from: Self::State) -> Tried<()> {
        into.join(from)
    }
}

/// A failure that has nothing to do with single tasks, on all ranks.
fn error(status: i32, message: String) -> Error {
    Error::Map { status, message }
}

impl Flow {
    /// A flow of nodes.
    pub fn new(nodes: Vec<Box<dyn Node>>) -> Self {
        Flow { trained: nodes.iter().map(|node| node.phases() == 0).collect(), loaded: BTreeSet::new(), nodes }
    }

    /// The nodes.
    pub fn nodes(&self) -> &[Box<dyn Node>] {
        &self.nodes
    }

    /// Is there nothing left to train?
    pub fn is_trained(&self) -> bool {
        self.trained.iter().all(|trained| *trained)
    }

    /// Local: sets a node to what a checkpoint holds: it counts as trained. Only needed on rank 0,
    /// but which nodes are trained has to be the same on every rank.
    pub fn load(&mut self, node: usize, bytes: &[u8]) -> Result<()> {
        let n = self.nodes.len();
        let Some(to) = self.nodes.get_mut(node) else {
            let allowed = match n {
                0 => "of the flow, which has none".into(),
                n => format!("from {} to {}", nth(0), nth(n as i64 - 1)),
            };
            return Err(Error::range("node", nth(node as i64), allowed));
        };
        safely("load", || to.load(bytes)).map_err(as_error)?;
        self.trained[node] = true;
        self.loaded.insert(node);
        Ok(())
    }

    /// Collective: trains what is not trained yet. After an error the node that was being trained
    /// is as it was before the phase.
    pub fn train(
        &mut self,
        map: &Map,
        mut data: Option<&mut dyn Data>,
        mut checkpoint: Option<&mut Checkpoint>,
        mut progress: Option<&mut Watcher>,
    ) -> Result<Report> {
        if map.training.swap(true, Ordering::Acquire) {
            let text = "a flow is being trained with this map: train one after the other";
            return Err(Error::InvalidState(text.into()));
        }
        struct Over<'o>(&'o Map);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.training.store(false, Ordering::Release);
            }
        }
        let _over = Over(map);
        let mut fresh = true;
        let mut report = Report::default();
        self.spread_loaded(map)?;
        for at in 0..self.nodes.len() {
            if self.trained[at] {
                continue;
            }
            for phase in 0..self.nodes[at].phases() {
                let mut check = Ok(());
                if !fresh && data.as_mut().is_some_and(|data| !data.restart()) {
                    check = Err(error(
                        NOT_RESTARTABLE,
                        format!(
                            "the data cannot be gone through again for node {}, phase {}",
                            nth(at as i64),
                            nth(phase as i64)
                        ),
                    ));
                }
                fresh = false;
                let data = data.as_deref_mut().map(|data| data as &mut dyn Data);
                let progress = progress.as_deref_mut();
                report = self.phase(map, (at, phase), check, data, progress)?;
                if report.outcome != Outcome::Done && report.outcome != Outcome::SomeFailed {
                    return Ok(report);
                }
            }
            self.spread(map, at)?;
            self.trained[at] = true;
            let mut go_on = Ok(true);
            if map.ranks.rank() == 0
                && let Some(checkpoint) = checkpoint.as_deref_mut()
            {
                let mut bytes = Vec::new();
                go_on = safely("checkpoint", || {
                    self.nodes[at].save(&mut bytes)?;
                    Ok(checkpoint(at, &bytes))
                })
                .map_err(as_error);
            }
            let go_on = map.ranks.agree(go_on)?;
            let stop = [i64::from(!go_on)];
            if map.ranks.reduce(crate::ranks::Reduce::Max, &stop)?[0] != 0 {
                report.outcome = Outcome::Stopped;
                return Ok(report);
            }
        }
        Ok(report)
    }

    /// Collective: nodes that came from a checkpoint, for everyone.
    fn spread_loaded(&mut self, map: &Map) -> Result<()> {
        while let Some(at) = self.loaded.first().copied() {
            self.spread(map, at)?;
            self.loaded.remove(&at);
        }
        Ok(())
    }

    /// Collective: the node of rank 0 for everyone.
    fn spread(&mut self, map: &Map, at: usize) -> Result<()> {
        let running = map.begin(Call { name: "flow", same: &[("node", at as i64)], check: Ok(()), wish: false })?;
        let phase = Phase { before: &[], phase: 0 };
        spread(&running.run, &phase, &mut self.nodes[at])
    }

    fn phase(
        &mut self,
        map: &Map,
        (at, phase): (usize, u64),
        check: Result<()>,
        data: Option<&mut dyn Data>,
        progress: Option<&mut Watcher>,
    ) -> Result<Report> {
        let root = map.ranks.rank() == 0;
        let check = match root && data.is_none() {
            true => Err(Error::NullPointer { argument: "produce", expected: "the producer, on rank 0" }),
            false => check,
        };
        let running = map.begin_with(
            Call {
                name: "flow",
                same: &[("node", at as i64), ("phase", phase as i64)],
                check,
                // Rank 0 decides whether the node sees all chunks itself.
                wish: root && !self.nodes[at].can_fork(phase),
            },
            |settings| settings.chunk = 1,
        )?;
        let run = &running.run;
        let (before, rest) = self.nodes.split_at_mut(at);
        let Some(node) = rest.first_mut() else {
            return Err(Error::Internal("a node that is not there".into()));
        };
        let reducer = Phase { before, phase };
        // To come back to if something fails.
        let mut backup = Vec::new();
        let packed = match root {
            true => safely("pack", || node.pack(&mut backup)).map_err(as_error),
            false => Ok(()),
        };
        run.ranks.agree(packed)?;
        let restore = |node: &mut Box<dyn Node>| {
            let _ = safely("unpack", || node.unpack(&backup));
        };
        let mut n_chunks = 0;
        if running.wish {
            let local = match data.filter(|_| root) {
                Some(data) => alone(node, &reducer, data, &mut n_chunks, || run.control.stopped())
                    .and_then(|()| finish(node, phase, n_chunks)),
                None => Ok(()),
            };
            if local.is_err() {
                restore(node);
            }
            let stopped = run.control.outcome().map_or(0, |outcome| match outcome {
                Outcome::TimedOut => 2,
                _ => 1,
            });
            run.ranks.agree(local)?;
            let numbers = [n_chunks as i64, if root { stopped } else { 0 }];
            let all = run.ranks.reduce(crate::ranks::Reduce::Max, &numbers)?;
            return Ok(Report {
                done: all[0] as u64,
                total: (all[1] == 0).then_some(all[0] as u64),
                outcome: match all[1] {
                    0 => Outcome::Done,
                    1 => Outcome::Cancelled,
                    _ => Outcome::TimedOut,
                },
                seconds: run.start.elapsed().as_secs_f64(),
                ..Report::default()
            });
        }
        spread(run, &reducer, node)?;
        let made = safely("fork", || node.fork()).map_err(as_error);
        let mut total = run.ranks.agree(made)?;
        let forks = Forks { reducer: &reducer, pristine: node, size: None };
        let report = match data.filter(|_| root) {
            Some(data) => {
                let produce = |_: u64, to: &mut Vec<u8>| {
                    let produced = data.produce(to);
                    n_chunks += u64::from(produced == Produced::Item);
                    (produced, 1)
                };
                let mut line = Joins { reducer: &reducer, pristine: node, total: &mut total, produce };
                lead_line(run, &forks, &mut line, progress)
            }
            None => follow_line(run, &forks),
        }?;
        if report.has_result() {
            let mut joined = Ok(());
            if root {
                joined =
                    safely("join", || node.join(total)).map_err(as_error).and_then(|()| finish(node, phase, n_chunks));
                if joined.is_err() {
                    restore(node);
                }
            }
            run.ranks.agree(joined)?;
        }
        Ok(report)
    }
}

/// The node itself sees all chunks, on rank 0.
fn alone(
    node: &mut Box<dyn Node>,
    reducer: &Phase,
    data: &mut dyn Data,
    n_chunks: &mut u64,
    stopped: impl Fn() -> bool,
) -> Result<()> {
    let mut bytes = Vec::new();
    let mut buffer = Vec::new();
    while !stopped() {
        buffer.clear();
        let produced = safely("produce", || Ok(data.produce(&mut buffer))).map_err(as_error)?;
        match produced {
            Produced::Item => {}
            Produced::End => break,
            Produced::Wait => {
                let chunk = nth(*n_chunks);
                let text = format!("the producer wants to wait at chunk {chunk}, for nothing");
                return Err(error(crate::parmap::run::report::STALLED, text));
            }
            Produced::Failed(code, text) => {
                let chunk = nth(*n_chunks);
                let text = format!("the producer failed at chunk {chunk} with code {code}: {text}");
                return Err(error(crate::parmap::run::report::PRODUCER_FAILED, text));
            }
        }
        let code = safely("train", || {
            Ok(match through(reducer.before, &buffer, &mut bytes) {
                0 => node.train(reducer.phase, None, &bytes),
                code => code,
            })
        })
        .map_err(as_error)?;
        if code != 0 {
            let text = format!("training on chunk {} failed with code {code}", nth(*n_chunks));
            return Err(error(crate::parmap::run::report::TASK_FAILED, text));
        }
        *n_chunks += 1;
    }
    Ok(())
}

fn finish(node: &mut Box<dyn Node>, phase: u64, n_chunks: u64) -> Result<()> {
    if n_chunks == 0 {
        let text = "the data have no chunk: there is nothing to train on";
        return Err(error(EMPTY, text.into()));
    }
    safely("stop", || node.stop(phase)).map_err(as_error)
}
