//! What a flow is made of: nodes, and the data that they are trained on.

use crate::base::error::Error;
use crate::base::memory;
use crate::parmap::reduce::Failed;
pub use crate::parmap::reduce::Tried;
use crate::parmap::run::report::BAD_CODE;
use crate::parmap::run::task::Task;
use crate::parmap::stream::Produced;

/// The error status of data without a single chunk.
pub const EMPTY: i32 = -109;
/// The error status of data that cannot be gone through once more.
pub const NOT_RESTARTABLE: i32 = -108;

/// The error of data without a chunk.
pub(super) fn empty(so: &str) -> Error {
    Error::Map { status: EMPTY, message: format!("the data have no chunk: {so}") }
}

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
    fn join(&mut self, fork: &dyn Node) -> Tried<()>;

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

/// Sends a chunk through nodes; with two buffers that take turns.
pub(super) fn through(nodes: &[Box<dyn Node>], chunk: &[u8], last: &mut Vec<u8>) -> Tried<()> {
    *last = copy(chunk)?;
    let mut next = Vec::new();
    for node in nodes {
        next.clear();
        passed(node.execute(last, &mut next))?;
        std::mem::swap(last, &mut next);
    }
    Ok(())
}

/// What `execute` and `train` return.
pub(super) fn passed(code: i32) -> Tried<()> {
    if code == 0 { Ok(()) } else { Err(Failed(code, String::new())) }
}

/// A copy of a chunk, for which there may be no room.
pub(super) fn copy(chunk: &[u8]) -> Tried<Vec<u8>> {
    memory::copy("a chunk", chunk).map_err(no_room)
}

pub(super) fn no_room(error: Error) -> Failed {
    Failed(BAD_CODE, error.marked())
}

/// What a task returns of it.
pub(super) fn told(task: &Task, tried: Tried<()>) -> i32 {
    let Err(Failed(code, text)) = tried else {
        return 0;
    };
    task.explain(&text);
    // The work function's own codes are positive.
    if code > 0 || text.is_empty() { code } else { BAD_CODE }
}
