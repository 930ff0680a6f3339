//! One phase of training of one node, as a reduction over chunks.

use crate::base::error::{Error, Result};
use crate::base::wording::nth;
use crate::parmap::call::Call;
use crate::parmap::flow::node::{Data, Node, Tried, empty, passed, through, told};
use crate::parmap::handle::Map;
use crate::parmap::reduce::{Forks, Joins, Reducer, as_error, between, safely, spread, to_join_into};
use crate::parmap::run::follow::follow;
use crate::parmap::run::progress::Watcher;
use crate::parmap::run::report::{Outcome, PRODUCER_FAILED, Report, STALLED, TASK_FAILED};
use crate::parmap::run::state::Run;
use crate::parmap::run::task::Task;
use crate::parmap::stream::{Produced, lead_units};
use crate::ranks::Reduce;

type AnyNode = Box<dyn Node>;

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
        let trained =
            through(self.before, chunk, &mut bytes).and_then(|()| passed(state.train(self.phase, Some(task), &bytes)));
        told(task, trained)
    }

    fn pack(&self, state: &Self::State, to: &mut Vec<u8>) -> Tried<()> {
        state.pack(to)
    }

    fn unpack(&self, state: &mut Self::State, bytes: &[u8]) -> Tried<()> {
        state.unpack(bytes)
    }

    fn join(&self, into: &mut Self::State, from: &Self::State) -> Tried<()> {
        into.join(&**from)
    }
}

/// Collective: the node of rank 0 for everyone.
pub(super) fn spread_node(map: &Map, nodes: &mut [AnyNode], at: usize) -> Result<()> {
    let running = map.begin(Call { same: &[("node", at as i64)], ..Call::new("flow") })?;
    let phase = Phase { before: &[], phase: 0 };
    spread(&running.run, &phase, &mut nodes[at])
}

/// Collective: trains node `at` in one phase. After an error it is as it was before.
pub(super) fn train(
    map: &Map,
    nodes: &mut [AnyNode],
    (at, phase): (usize, u64),
    check: Result<()>,
    data: Option<&mut dyn Data>,
    progress: Option<&mut Watcher>,
) -> Result<Report> {
    let root = map.is_root();
    let check = match root && data.is_none() {
        true => Err(Error::NullPointer { argument: "produce", expected: "the producer, on rank 0" }),
        false => check,
    };
    let running = map.begin(Call {
        same: &[("node", at as i64), ("phase", phase as i64)],
        check,
        // Rank 0 decides whether the node sees all chunks itself.
        wish: root && !nodes[at].can_fork(phase),
        change: |settings| settings.chunk = 1,
        ..Call::new("flow")
    })?;
    let (before, rest) = nodes.split_at_mut(at);
    let Some(node) = rest.first_mut() else {
        return Err(Error::Internal("a node that is not there".into()));
    };
    // To come back to if something fails.
    let mut backup = Vec::new();
    let packed = match root {
        true => between(&*running.run.ranks, "pack", || node.pack(&mut backup)),
        false => Ok(()),
    };
    running.run.ranks.agree(packed)?;
    let reducer = Phase { before, phase };
    let training = Training { run: &running.run, reducer: &reducer, backup: &backup };
    let data = data.filter(|_| root);
    match running.wish {
        true => training.alone(node, data),
        false => training.by_forks(node, data, progress),
    }
}

/// A phase that has begun.
struct Training<'t> {
    run: &'t Run,
    reducer: &'t Phase<'t>,
    /// The node before it, on rank 0.
    backup: &'t [u8],
}

impl Training<'_> {
    /// Collective: the end of the phase, on rank 0, if all is well; else the node is as it was.
    fn end(&self, node: &mut AnyNode, trained: Result<u64>) -> Result<()> {
        let ended = trained.and_then(|n_chunks| {
            if n_chunks == 0 {
                return Err(empty("there is nothing to train on"));
            }
            between(&*self.run.ranks, "stop", || node.stop(self.reducer.phase))
        });
        if ended.is_err() {
            let _ = between(&*self.run.ranks, "unpack", || node.unpack(self.backup));
        }
        ended
    }

    /// Collective: the node itself sees all chunks, on rank 0.
    fn alone(&self, node: &mut AnyNode, data: Option<&mut dyn Data>) -> Result<Report> {
        let run = self.run;
        let mut numbers = [0, 0];
        let local = match data {
            Some(data) => {
                let trained = run.busy(|| see_all(node, self.reducer, data, || run.control.stopped()));
                numbers = [*trained.as_ref().unwrap_or(&0) as i64, 0];
                self.end(node, trained)
            }
            None => Ok(()),
        };
        if run.is_root() {
            numbers[1] = run.control.outcome().map_or(0, |outcome| match outcome {
                Outcome::TimedOut => 2,
                _ => 1,
            });
        }
        run.ranks.agree(local)?;
        let all = run.ranks.reduce(Reduce::Max, &numbers)?;
        Ok(Report {
            done: all[0] as u64,
            total: (all[1] == 0).then_some(all[0] as u64),
            outcome: match all[1] {
                0 => Outcome::Done,
                1 => Outcome::Cancelled,
                _ => Outcome::TimedOut,
            },
            seconds: run.start.elapsed().as_secs_f64(),
            ..Report::default()
        })
    }

    /// Collective: each chunk is seen by a fork of the node.
    fn by_forks(
        &self,
        node: &mut AnyNode,
        data: Option<&mut dyn Data>,
        progress: Option<&mut Watcher>,
    ) -> Result<Report> {
        let (run, reducer) = (self.run, self.reducer);
        spread(run, reducer, node)?;
        let mut total = to_join_into(run, || node.fork())?;
        let forks = Forks { reducer, pristine: node, size: None };
        let mut n_chunks = 0;
        let report = match data.zip(total.as_mut()) {
            Some((data, total)) => {
                let produce = |_: u64, to: &mut Vec<u8>| {
                    let produced = data.produce(to);
                    n_chunks += u64::from(produced == Produced::Item);
                    Ok((produced, 1))
                };
                let mut joins = Joins { reducer, pristine: node, total, fork: None, produce, n: None };
                lead_units(run, &forks, &mut joins, progress)
            }
            None => follow(run, &forks),
        }?;
        if report.has_result() {
            let mut joined = Ok(());
            if let Some(total) = total {
                let trained = between(&*run.ranks, "join", || node.join(&*total));
                joined = self.end(node, trained.map(|()| n_chunks));
            }
            run.ranks.agree(joined)?;
        }
        Ok(report)
    }
}

/// The node itself sees all chunks: how many there were.
fn see_all(node: &mut AnyNode, reducer: &Phase, data: &mut dyn Data, stopped: impl Fn() -> bool) -> Result<u64> {
    let failed = |status, message| Err(Error::Map { status, message });
    let (mut bytes, mut buffer, mut n_chunks) = (Vec::new(), Vec::new(), 0);
    while !stopped() {
        let chunk = nth(n_chunks);
        buffer.clear();
        let produced = safely("produce", || Ok(data.produce(&mut buffer))).map_err(as_error)?;
        match produced {
            Produced::Item => {}
            Produced::End => break,
            Produced::Wait => {
                return failed(STALLED, format!("the producer wants to wait at chunk {chunk}, for nothing"));
            }
            Produced::Failed(code, text) => {
                let text = format!("the producer failed at chunk {chunk} with code {code}: {text}");
                return failed(PRODUCER_FAILED, text);
            }
        }
        let code = safely("train", || {
            through(reducer.before, &buffer, &mut bytes)?;
            Ok(node.train(reducer.phase, None, &bytes))
        })
        .map_err(as_error)?;
        if code != 0 {
            return failed(TASK_FAILED, format!("training on chunk {chunk} failed with code {code}"));
        }
        n_chunks += 1;
    }
    Ok(n_chunks)
}
