//! What a flow is made of: nodes, and the data that they are trained on.

use crate::parmap::reduce::Failed;
use crate::parmap::run::task::Task;
use crate::parmap::stream::Produced;

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

/// Sends a chunk through nodes; with two buffers that take turns.
pub(super) fn through(nodes: &[Box<dyn Node>], chunk: &[u8], last: &mut Vec<u8>) -> i32 {
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
