//! Flows.

use crate::base::wording::{index, nth};
use crate::ffi::boundary::output::large_enough;
use crate::ffi::boundary::*;
use crate::ffi::parmap::map::{dicod_parmap, get};
use crate::ffi::parmap::report::{parmap_report, report_out};
use crate::ffi::parmap::stream::{CallerEnds, Produce, parmap_consume_fn, parmap_produce_fn, produced};
use crate::ffi::parmap::task::{parmap_buffer, with_buffer};
use crate::ffi::parmap::{Caller, address, ask, code, needed};
use crate::parmap::Task;
use crate::parmap::flow::{Data, Flow, Node, Tried};
use crate::parmap::stream::{Ends, Produced};
use std::sync::Mutex;

/// One node of a flow as a table of callbacks, each with the node's state first; 0 or a positive code
/// is returned, unless said otherwise. Set struct_size before (PARMAP_NODE_INIT does). Those that are
/// needed only for training may be NULL if there are no phases.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct parmap_node {
    /// sizeof(parmap_node), set by the caller.
    pub struct_size: i64,
    /// The node's state; may be NULL.
    pub state: *mut c_void,
    /// Phases of training; 0: nothing to train, the node is skipped.
    pub phases: i64,
    /// Returns 1 if chunks of a phase can be trained by forks, else 0: then the node itself sees all
    /// chunks, on rank 0. NULL: it always can.
    pub can_fork: Option<unsafe extern "C" fn(state: *mut c_void, phase: i64) -> i32>,
    /// Makes a fresh node, `*fork`, that one chunk is trained on. Several at a time.
    pub fork_state: Option<unsafe extern "C" fn(state: *const c_void, fork: *mut *mut c_void) -> i32>,
    /// Takes one chunk in.
    pub train: Option<unsafe extern "C" fn(state: *mut c_void, phase: i64, data: *const c_void, size: i64) -> i32>,
    /// Writes what travels between ranks to a buffer, which is empty.
    pub pack: Option<unsafe extern "C" fn(state: *const c_void, buffer: *mut parmap_buffer) -> i32>,
    /// Sets the state to what was packed.
    pub unpack: Option<unsafe extern "C" fn(state: *mut c_void, data: *const c_void, size: i64) -> i32>,
    /// Joins the next fork into this node, or into another fork. In order, by the calling thread.
    pub join_states: Option<unsafe extern "C" fn(state: *mut c_void, fork: *const c_void) -> i32>,
    /// Ends a phase, on rank 0 only.
    pub stop: Option<unsafe extern "C" fn(state: *mut c_void, phase: i64) -> i32>,
    /// Sends a chunk through, to a buffer, which is empty. Several at a time: it must not change the
    /// state, unless `forks_in_execution` is 1.
    pub execute: Option<
        unsafe extern "C" fn(state: *mut c_void, data: *const c_void, size: i64, output: *mut parmap_buffer) -> i32,
    >,
    /// 1: in execution, too, each chunk gets a fork, which is joined afterwards.
    pub forks_in_execution: i32,
    /// Writes what a checkpoint holds. NULL: as `pack`.
    pub save: Option<unsafe extern "C" fn(state: *const c_void, buffer: *mut parmap_buffer) -> i32>,
    /// The counterpart of `save`. NULL: as `unpack`.
    pub load: Option<unsafe extern "C" fn(state: *mut c_void, data: *const c_void, size: i64) -> i32>,
    /// Frees a fork. NULL: nothing is to be freed.
    pub free_state: Option<unsafe extern "C" fn(fork: *mut c_void) -> ()>,
}

/// A chain of nodes. A handle serves one call at a time.
pub struct parmap_flow(Mutex<Flow>);

/// Goes back to the first chunk: 0; anything else: that cannot be done.
pub type parmap_restart_fn = Option<unsafe extern "C" fn(userdata: *mut c_void) -> i32>;

/// Told on rank 0 after the last phase of a node, with what its `save` has written: 0 to go on,
/// anything else to stop there.
pub type parmap_checkpoint_fn =
    Option<unsafe extern "C" fn(userdata: *mut c_void, node: i64, data: *const c_void, size: i64) -> i32>;

struct CallerNode {
    table: parmap_node,
    /// Made by fork: to be freed.
    forked: bool,
}

// SAFETY: that threads of the library may use it, as said for each callback, is what the header asks
// for.
unsafe impl Send for CallerNode {}
// SAFETY: as above.
unsafe impl Sync for CallerNode {}

impl Drop for CallerNode {
    fn drop(&mut self) {
        if let Some(free) = self.table.free_state.filter(|_| self.forked) {
            call!(free(self.table.state))
        }
    }
}

impl CallerNode {
    fn new(table: parmap_node) -> Result<Self> {
        size(table.phases, "node.phases", 0)?;
        needed(table.execute, "node.execute")?;
        let forks = match table.forks_in_execution {
            0 => false,
            1 => true,
            other => {
                let argument = "node.forks_in_execution";
                return Err(Error::argument(argument, other, "0 or 1"));
            }
        };
        if table.phases > 0 || forks {
            needed(table.fork_state, "node.fork_state")?;
            needed(table.pack, "node.pack")?;
            needed(table.unpack, "node.unpack")?;
            needed(table.join_states, "node.join_states")?;
        }
        if table.phases > 0 {
            needed(table.train, "node.train")?;
            needed(table.stop, "node.stop")?;
        }
        Ok(CallerNode { table, forked: false })
    }
}

impl Node for CallerNode {
    fn phases(&self) -> u64 {
        self.table.phases as u64
    }

    fn can_fork(&self, phase: u64) -> bool {
        let ask = self.table.can_fork;
        ask.is_none_or(|ask| call!(ask(self.table.state, phase as i64)) != 0)
    }

    fn fork(&self) -> Tried<Box<dyn Node>> {
        let mut state = std::ptr::null_mut();
        if let Some(fork) = self.table.fork_state {
            code(call!(fork(self.table.state, &mut state)))?;
        }
        Ok(Box::new(CallerNode { table: parmap_node { state, ..self.table }, forked: true }))
    }

    fn train(&mut self, phase: u64, _: Option<&Task>, chunk: &[u8]) -> i32 {
        ask!(self.table.train(self.table.state, phase as i64, address(chunk), chunk.len() as i64))
    }

    fn pack(&self, to: &mut Vec<u8>) -> Tried<()> {
        code(self.table.pack.map_or(0, |pack| with_buffer(to, |to| call!(pack(self.table.state, to)))))
    }

    fn unpack(&mut self, bytes: &[u8]) -> Tried<()> {
        let unpack = self.table.unpack;
        code(unpack.map_or(0, |unpack| call!(unpack(self.table.state, address(bytes), bytes.len() as i64))))
    }

    fn join(&mut self, fork: &dyn Node) -> Tried<()> {
        code(ask!(self.table.join_states(self.table.state, fork.address())))
    }

    fn stop(&mut self, phase: u64) -> Tried<()> {
        code(ask!(self.table.stop(self.table.state, phase as i64)))
    }

    fn execute(&self, chunk: &[u8], to: &mut Vec<u8>) -> i32 {
        let (data, size) = (address(chunk), chunk.len() as i64);
        with_buffer(to, |to| ask!(self.table.execute(self.table.state, data, size, to)))
    }

    fn forks_in_execution(&self) -> bool {
        self.table.forks_in_execution == 1
    }

    fn save(&self, to: &mut Vec<u8>) -> Tried<()> {
        match self.table.save {
            Some(save) => code(with_buffer(to, |to| call!(save(self.table.state, to)))),
            None => self.pack(to),
        }
    }

    fn load(&mut self, bytes: &[u8]) -> Tried<()> {
        let (data, size) = (address(bytes), bytes.len() as i64);
        match self.table.load {
            Some(load) => code(call!(load(self.table.state, data, size))),
            None => self.unpack(bytes),
        }
    }

    fn address(&self) -> *const c_void {
        self.table.state
    }
}

struct CallerData {
    restart: parmap_restart_fn,
    produce: Produce,
    userdata: *mut c_void,
}

impl Data for CallerData {
    fn restart(&mut self) -> bool {
        self.restart.is_some_and(|restart| call!(restart(self.userdata)) == 0)
    }

    fn produce(&mut self, to: &mut Vec<u8>) -> Produced {
        produced(self.produce, self.userdata, to)
    }
}

handle!(parmap_flow, "flow", "a flow");

/// Makes a flow of `nodes[n_nodes]`: `*flow`. The tables are copied; the states stay the caller's.
///
/// Every rank makes it with nodes of the same kind; the states of rank 0 count. Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (n_nodes; a struct_size; a number
/// in a table).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_flow_create(
    n_nodes: i64,
    nodes: *const parmap_node,
    flow: *mut *mut parmap_flow,
) -> dicod_status {
    guard(|| {
        let to = room(flow)?;
        size(n_nodes, "n_nodes", 1)?;
        let node = |(i, table): (usize, &parmap_node)| -> Result<Box<dyn Node>> {
            large_enough(table, &format!("nodes{}.struct_size", index(&[i])))?;
            Ok(Box::new(CallerNode::new(*table)?))
        };
        let nodes = slice(nodes, list_size(n_nodes, "n_nodes")?, "nodes", "n_nodes tables")?;
        let nodes: Result<Vec<_>> = nodes.iter().enumerate().map(node).collect();
        give(to, parmap_flow(Mutex::new(Flow::new(nodes?))));
        Ok(())
    })
}

/// Frees a flow, not the states of its nodes, and sets the caller's pointer to NULL. `flow` and
/// `*flow` may be NULL.
///
/// Local. No other thread may be using the handle.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_flow_free(flow: *mut *mut parmap_flow) -> dicod_status {
    guard(|| free(flow))
}

/// Sets a node to `size` bytes of a checkpoint: it counts as trained. Every rank has to say so; the
/// state of rank 0 counts.
///
/// Local.
/// Errors: PARMAP_ERROR_TASK (`load` failed), DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE
/// (node), DICOD_ERROR_INVALID_ARGUMENT (size), DICOD_ERROR_INVALID_STATE (in use).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_flow_load(flow: *mut parmap_flow, node: i64, data: *const c_void, size: i64) -> dicod_status {
    guard(|| {
        let size = crate::ffi::boundary::size(size, "size", 0)?;
        let bytes = slice(data.cast(), size, "data", "size bytes")?;
        let below = |_| Error::range("node", nth(node), format!("at least {}", nth(0)));
        entered(&of(flow)?.0, parmap_flow::NAME)?.load(usize::try_from(node).map_err(below)?, bytes)
    })
}

/// Trains the nodes that are not trained yet, one after the other, phase by phase: chunks of
/// `produce`, on rank 0, go through the nodes before it into forks of the node, which are joined in
/// order; then `stop` is called once. `restart` is called before each phase but the first; NULL: it
/// cannot be done. `checkpoint` may be NULL. The three get `userdata`; on other ranks than 0 they are
/// not looked at. What is trained is the same on every rank at the end.
///
/// After a failure the node that was being trained is, on rank 0, as it was before the phase.
///
/// Collective. Needs the map and the flow for itself.
/// Errors: as parmap_stream(); PARMAP_ERROR_EMPTY (no chunk at all), PARMAP_ERROR_NOT_RESTARTABLE;
/// DICOD_ERROR_INVALID_STATE also if a flow is being trained with this map.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_flow_train(
    flow: *mut parmap_flow,
    map: *mut dicod_parmap,
    restart: parmap_restart_fn,
    produce: parmap_produce_fn,
    checkpoint: parmap_checkpoint_fn,
    userdata: *mut c_void,
    report: *mut parmap_report,
) -> dicod_status {
    guard(|| {
        let map = get(map)?;
        let root = map.map.ranks().rank() == 0;
        let check = || {
            let data = root.then(|| needed(produce, "produce")).transpose()?;
            Ok((entered(&of(flow)?.0, parmap_flow::NAME)?, data, report_out(report)?))
        };
        let (mut flow, produce, out) = map.map.ranks().agree(check())?;
        let mut data = produce.map(|produce| CallerData { restart, produce, userdata });
        let userdata = Caller::new(userdata);
        let mut save = checkpoint.map(|checkpoint| {
            move |node: usize, bytes: &[u8]| {
                let (data, size) = (address(bytes), bytes.len() as i64);
                call!(checkpoint(userdata.get(), node as i64, data, size)) == 0
            }
        });
        map.run(out, |map, progress| {
            let data = data.as_mut().map(|data| data as &mut dyn Data);
            flow.train(map, data, save.as_mut().map(|save| save as _), progress)
        })
    })
}

/// Sends chunks of `produce` through all nodes; `consume` gets the results in order. As
/// parmap_stream(), with `execute` of the nodes for the work.
///
/// Collective. Needs the map and the flow for itself.
/// Errors: as parmap_stream(); PARMAP_ERROR_EMPTY (no chunk at all); DICOD_ERROR_INVALID_STATE also if a node is not trained.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_flow_execute(
    flow: *mut parmap_flow,
    map: *mut dicod_parmap,
    produce: parmap_produce_fn,
    consume: parmap_consume_fn,
    userdata: *mut c_void,
    report: *mut parmap_report,
) -> dicod_status {
    guard(|| {
        let map = get(map)?;
        let root = map.map.ranks().rank() == 0;
        let check = || {
            let ends = root.then(|| CallerEnds::new(produce, consume, userdata)).transpose()?;
            Ok((entered(&of(flow)?.0, parmap_flow::NAME)?, ends, report_out(report)?))
        };
        let (mut flow, mut ends, out) = map.map.ranks().agree(check())?;
        let ends = ends.as_mut().map(|ends| ends as &mut dyn Ends);
        map.run(out, |map, progress| flow.execute(map, ends, progress))
    })
}
