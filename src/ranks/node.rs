//! Memory that the ranks of one node have in common.

use crate::base::error::Result;
use crate::ranks::shm::{Shared, SharedCounter};
use crate::ranks::{Bytes, Counter, Reduce, Transport, wait_for};
use std::sync::Arc;

/// The ranks of one node, and the first ranks of all nodes.
pub(super) struct Node {
    ranks: Arc<dyn Transport>,
    leaders: Option<Arc<dyn Transport>>,
}

impl Node {
    /// Collective over all ranks; `ranks` are those of this node.
    pub(super) fn new(all: &dyn Transport, ranks: Arc<dyn Transport>) -> Result<Self> {
        let leads = ranks.rank() == 0;
        Ok(Node { leaders: all.split(leads.then_some(0), all.rank())?, ranks })
    }

    /// Collective over all ranks: the bytes of rank 0, once on each node; none if that saves
    /// nothing, or a node refuses.
    pub(super) fn share(&self, all: &dyn Transport, bytes: &mut Vec<u8>) -> Result<Option<Arc<Bytes>>> {
        let sizes = [bytes.len() as i64, self.ranks.size() as i64];
        let most = all.reduce(Reduce::Max, &sizes)?;
        if most[0] == 0 || most[1] == 1 {
            return Ok(None);
        }
        let Some(mut shared) = memory(all, &*self.ranks, most[0] as usize, false)? else {
            return Ok(None);
        };
        if let Some(leaders) = &self.leaders {
            leaders.broadcast(0, bytes)?;
            // What still has to be sent would be a copy more, until the next call.
            wait_for(|| Ok(leaders.all_sent()?.then_some(())))?;
            shared.fill(bytes);
        }
        // Nobody reads before it is written.
        self.ranks.reduce(Reduce::Max, &[0])?;
        Ok(Some(Arc::new(shared)))
    }
}

/// Collective over all ranks: a number that all have in common; none if they are not all on one node, or it refuses. Nobody
/// else can open what one has made, so no communicator of a node is needed, which some MPIs take a second to make.
pub(super) fn counter(all: &dyn Transport) -> Result<Option<Arc<dyn Counter>>> {
    let memory = memory(all, all, SharedCounter::SIZE, true)?;
    Ok(memory.map(|memory| Arc::new(SharedCounter::of(memory)) as Arc<dyn Counter>))
}

/// Collective over all ranks: `len` bytes for each group of ranks, this one's is `group`, all zero; none if one is refused.
fn memory(all: &dyn Transport, group: &dyn Transport, len: usize, writes: bool) -> Result<Option<Shared>> {
    let leads = group.rank() == 0;
    // The first rank makes it, the others open it by its name, or are refused.
    let mut shared = match leads {
        true => Shared::create(len).ok(),
        false => None,
    };
    let mut name = shared.as_ref().map_or(Vec::new(), |made| made.name().into());
    group.broadcast(0, &mut name)?;
    if !leads && !name.is_empty() {
        shared = Shared::open(&name, len, writes).ok();
    }
    let refused = all.reduce(Reduce::Max, &[i64::from(shared.is_none())])?[0] != 0;
    Ok(shared.filter(|_| !refused).map(|mut shared| {
        shared.unlink();
        shared
    }))
}
