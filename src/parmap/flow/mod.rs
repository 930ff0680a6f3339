//! A chain of nodes that are trained one after the other, phase by phase, and then executed.
//!
//! For each phase of a node, chunks go through the trained nodes before it into forks of the node,
//! which are joined in order. Chunks are units of work: what is a chunk does not depend on the
//! workers, so neither does the result.

mod execute;
mod node;
mod phase;

use crate::base::error::{Error, Result};
use crate::base::wording::nth;
use crate::parmap::handle::Map;
use crate::parmap::reduce::{as_error, between, safely};
use crate::parmap::run::progress::Watcher;
use crate::parmap::run::report::{Outcome, Report};
use crate::ranks::Reduce;
pub use node::{Data, EMPTY, NOT_RESTARTABLE, Node, Tried};
use std::collections::BTreeSet;

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
        let _training = map.train()?;
        let mut fresh = true;
        let mut report = Report::default();
        self.spread_loaded(map)?;
        for at in 0..self.nodes.len() {
            if self.trained[at] {
                continue;
            }
            for phase in 0..self.nodes[at].phases() {
                let restarted = match data.as_mut().filter(|_| !fresh) {
                    Some(data) => between(&*map.ranks, "restart", || Ok(data.restart())),
                    None => Ok(true),
                };
                let check = restarted.and_then(|restarted| match restarted {
                    true => Ok(()),
                    false => {
                        let (node, phase) = (nth(at as i64), nth(phase as i64));
                        let message = format!("the data cannot be gone through again for node {node}, phase {phase}");
                        Err(Error::Map { status: NOT_RESTARTABLE, message })
                    }
                });
                fresh = false;
                let data = data.as_deref_mut().map(|data| data as &mut dyn Data);
                let progress = progress.as_deref_mut();
                report = phase::train(map, &mut self.nodes, (at, phase), check, data, progress)?;
                if report.outcome != Outcome::Done && report.outcome != Outcome::SomeFailed {
                    return Ok(report);
                }
            }
            phase::spread_node(map, &mut self.nodes, at)?;
            self.trained[at] = true;
            let mut go_on = Ok(true);
            if map.is_root()
                && let Some(checkpoint) = checkpoint.as_deref_mut()
            {
                let mut bytes = Vec::new();
                go_on = between(&*map.ranks, "checkpoint", || {
                    self.nodes[at].save(&mut bytes)?;
                    Ok(checkpoint(at, &bytes))
                });
            }
            let go_on = map.ranks.agree(go_on)?;
            let stop = [i64::from(!go_on)];
            if map.ranks.reduce(Reduce::Max, &stop)?[0] != 0 {
                report.outcome = Outcome::Stopped;
                return Ok(report);
            }
        }
        Ok(report)
    }

    /// Collective: nodes that came from a checkpoint, for everyone.
    fn spread_loaded(&mut self, map: &Map) -> Result<()> {
        while let Some(at) = self.loaded.first().copied() {
            phase::spread_node(map, &mut self.nodes, at)?;
            self.loaded.remove(&at);
        }
        Ok(())
    }
}
