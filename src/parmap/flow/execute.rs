//! Chunks through trained nodes; forks of those that need it are joined.

use crate::base::bytes;
use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::wording::nth;
use crate::parmap::flow::Flow;
use crate::parmap::flow::node::{Node, Tried, copy, empty, no_room, passed, through, told};
use crate::parmap::flow::phase::spread_node;
use crate::parmap::handle::Map;
use crate::parmap::reduce::{Failed, between};
use crate::parmap::run::progress::Watcher;
use crate::parmap::run::report::{self, Outcome, Report};
use crate::parmap::run::task::Task;
use crate::parmap::stream::{Consumed, Ends, Produced, Stream};

impl Flow {
    /// Collective: sends chunks through all nodes; results are consumed in order, on rank 0.
    pub fn execute(
        &mut self,
        map: &Map,
        ends: Option<&mut dyn Ends>,
        progress: Option<&mut Watcher>,
    ) -> Result<Report> {
        let missing = self.trained.iter().position(|trained| !trained);
        let check = match missing {
            Some(node) => Err(Error::InvalidState(format!(
                "node {} of the flow is not trained: train the flow, or load a checkpoint",
                nth(node as i64)
            ))),
            None => self.spread_loaded(map),
        };
        let nodes = &self.nodes;
        let forking: Vec<usize> = (0..nodes.len()).filter(|at| nodes[*at].forks_in_execution()).collect();
        if forking.is_empty() {
            let work = |task: &Task, chunk: &[u8], to: &mut Vec<u8>| told(task, through(nodes, chunk, to));
            let report = Stream::new(ends).checked(check).run(map, &work, progress)?;
            return fails_if_empty(&report).map(|()| report);
        }
        let work = |task: &Task, chunk: &[u8], to: &mut Vec<u8>| told(task, through_forks(nodes, &forking, chunk, to));
        // On rank 0 of each: one that the others are joined into, and one that they are unpacked into.
        let forks = |wanted: bool| -> Result<Vec<Box<dyn Node>>> {
            let of = if wanted { &forking[..] } else { &[] };
            of.iter().map(|at| between(&*map.ranks, "fork", || nodes[*at].fork())).collect()
        };
        let made = check.and_then(|()| Ok((forks(map.is_root())?, forks(map.is_root())?)));
        let (mut joined, unpacked) = match made {
            Ok(made) => made,
            Err(error) => return Stream::new(None).checked(Err(error)).run(map, &work, progress),
        };
        let report = match ends {
            Some(ends) => {
                let mut ends = Joining { ends, joined: &mut joined, unpacked };
                Stream::new(Some(&mut ends)).run(map, &work, progress)
            }
            None => Stream::new(None).run(map, &work, progress),
        }?;
        if report.has_result() {
            fails_if_empty(&report)?;
            for (place, at) in forking.into_iter().enumerate() {
                let node = &mut self.nodes[at];
                let result = match joined.get(place) {
                    Some(fork) => between(&*map.ranks, "join", || node.join(&**fork)),
                    None => Ok(()),
                };
                map.ranks.agree(result)?;
                spread_node(map, &mut self.nodes, at)?;
            }
        }
        Ok(report)
    }
}

/// Without a chunk there is no result.
fn fails_if_empty(report: &Report) -> Result<()> {
    match (report.outcome, report.total) {
        (Outcome::Done, Some(0)) => Err(empty("there is nothing to execute")),
        _ => Ok(()),
    }
}

/// As [`through`], with forks of some nodes that come back behind the result.
fn through_forks(nodes: &[Box<dyn Node>], forking: &[usize], chunk: &[u8], to: &mut Vec<u8>) -> Tried<()> {
    let mut last = copy(chunk)?;
    let mut states = bytes::Writer::default();
    let room = |to: &mut Vec<u8>, n| memory::reserve("forks of nodes", to, n).map_err(no_room);
    for (at, node) in nodes.iter().enumerate() {
        let mut next = Vec::new();
        if forking.contains(&at) {
            let mut fork = node.fork()?;
            passed(fork.execute_in_fork(&last, &mut next))?;
            let mut packed = Vec::new();
            fork.pack(&mut packed)?;
            room(&mut states.0, packed.len() + 8)?;
            states.bytes(&packed);
        } else {
            passed(node.execute(&last, &mut next))?;
        }
        last = next;
    }
    let n = last.len() as u64;
    room(&mut last, states.0.len() + 8)?;
    last.append(&mut states.0);
    last.extend(n.to_le_bytes());
    *to = last;
    Ok(())
}

/// Takes the forks off the results and joins them.
struct Joining<'j> {
    ends: &'j mut dyn Ends,
    joined: &'j mut [Box<dyn Node>],
    unpacked: Vec<Box<dyn Node>>,
}

impl Joining<'_> {
    fn join(&mut self, states: &[u8]) -> Tried<()> {
        let broken = |_| Failed(report::PANICKED, "a fork was lost".into());
        let mut from = bytes::Reader(states);
        for (fork, into) in self.unpacked.iter_mut().zip(self.joined.iter_mut()) {
            fork.unpack(from.bytes().map_err(broken)?)?;
            into.join(&**fork)?;
        }
        Ok(())
    }
}

impl Ends for Joining<'_> {
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced {
        self.ends.produce(to)
    }

    fn consume(&mut self, index: u64, status: i32, bytes: &[u8]) -> Consumed {
        if status != 0 {
            return self.ends.consume(index, status, bytes);
        }
        let n = bytes.last_chunk().map_or(0, |n| u64::from_le_bytes(*n)) as usize;
        let end = bytes.len().saturating_sub(8);
        let (result, states) = bytes[..end].split_at(n.min(end));
        match self.join(states) {
            Ok(()) => self.ends.consume(index, status, result),
            Err(Failed(code, text)) => Consumed::Failed(code, text),
        }
    }
}
