//! Reductions.

use crate::ffi::boundary::*;
use crate::ffi::parmap::map::{array, dicod_parmap, get};
use crate::ffi::parmap::report::{parmap_report, report_out};
use crate::ffi::parmap::task::{handle, parmap_buffer, parmap_task, with_buffer};
use crate::ffi::parmap::{address, ask, code, needed};
use crate::parmap::Task;
use crate::parmap::flow::Tried;
use crate::parmap::reduce::{Reducer, between, reduce};

/// A reduction as a table of callbacks, each with `userdata` first; 0 or a positive code is
/// returned. Set struct_size before (PARMAP_REDUCER_INIT does). All but `join_states` may be called by any
/// thread of the map, several at a time.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct parmap_reducer {
    /// sizeof(parmap_reducer), set by the caller.
    pub struct_size: i64,
    /// First argument of all callbacks; may be NULL.
    pub userdata: *mut c_void,
    /// Makes a fresh state, `*state`, from the pristine one, which it must not change.
    pub fork_state:
        Option<unsafe extern "C" fn(userdata: *mut c_void, pristine: *const c_void, state: *mut *mut c_void) -> i32>,
    /// One task: changes `state`.
    pub work: Option<
        unsafe extern "C" fn(
            userdata: *mut c_void,
            state: *mut c_void,
            task: *const parmap_task,
            input: *const c_void,
        ) -> i32,
    >,
    /// Writes a state to a buffer, which is empty.
    pub pack:
        Option<unsafe extern "C" fn(userdata: *mut c_void, state: *const c_void, buffer: *mut parmap_buffer) -> i32>,
    /// Sets a state to what was packed.
    pub unpack:
        Option<unsafe extern "C" fn(userdata: *mut c_void, state: *mut c_void, data: *const c_void, size: i64) -> i32>,
    /// Joins the next fork, `from`, into a state. Called by the calling thread, in order of index
    /// unless the setting "ordered" is 0.
    pub join_states: Option<unsafe extern "C" fn(userdata: *mut c_void, into: *mut c_void, from: *const c_void) -> i32>,
    /// Frees what `fork_state` made. NULL: nothing is to be freed.
    pub free_state: Option<unsafe extern "C" fn(userdata: *mut c_void, state: *mut c_void) -> ()>,
}

/// Reduces tasks 0 to n_tasks - 1: `state` of rank 0 is pristine; a chunk of tasks (setting "chunk";
/// else about n_tasks / 128, whatever the number of workers) works on a fork of it, and the forks are
/// joined in order, so that sums are the same bit for bit for any number of workers. What is pristine
/// has to be neutral, 0 for a sum: it is in every fork.
///
/// Task i reads in_size bytes at inputs + i * in_stride, as for parmap_run(). On success `state` is
/// set, by `unpack`, to all forks joined, on every rank; otherwise that of rank 0 is as it was.
/// Failures of `fork_state` and `pack` are reported at the first task of the chunk, with
/// PARMAP_ERROR_TASK; those of `unpack` and `join_states` there, too, with PARMAP_ERROR_CONSUMER. The calling thread makes
/// two forks as well, and the message says so: one to join the others into (if that fails nothing has run, the status is
/// PARMAP_ERROR_TASK, and the report is not written), and one to unpack each into (PARMAP_ERROR_CONSUMER). If "errors" is
/// "continue", tasks that fail have to leave the state as it was.
///
/// Collective. Needs the map for itself. Errors: as parmap_run(), and PARMAP_ERROR_CONSUMER.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_reduce(
    map: *mut dicod_parmap,
    n_tasks: i64,
    reducer: *const parmap_reducer,
    inputs: *const c_void,
    in_size: i64,
    in_stride: i64,
    state: *mut c_void,
    report: *mut parmap_report,
) -> dicod_status {
    guard(|| {
        let map = get(map)?;
        let given = || {
            reference(state, "state", "a state")?;
            let tasks = array(n_tasks, (inputs, in_size, in_stride), (std::ptr::null_mut(), 0, 0));
            Ok((report_out(report)?, Table::new(reducer)?, tasks?))
        };
        let (out, table, tasks) = map.map.ranks().agree(given())?;
        let mut kept = State { state, free: None };
        map.run(out, |map, progress| {
            let report = reduce(map, &tasks, &table, &mut kept, progress)?;
            if report.has_result() {
                // The joined state is one of the library's: its contents go to the caller's.
                let mut bytes = Vec::new();
                let mut own = State { state, free: None };
                let set = between(&**map.ranks(), "pack and unpack", || {
                    table.pack(&kept, &mut bytes).and_then(|()| table.unpack(&mut own, &bytes))
                });
                map.ranks().agree(set)?;
            }
            Ok(report)
        })
    })
}

type Free = unsafe extern "C" fn(*mut c_void, *mut c_void);

/// The caller's functions, of which only `free_state` may be missing.
struct Table(parmap_reducer);

// SAFETY: that threads of the library may call them is what the header asks for.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

/// A state of the caller's; one that fork made is freed.
struct State {
    state: *mut c_void,
    free: Option<(Free, *mut c_void)>,
}

// SAFETY: as for the table.
unsafe impl Send for State {}
// SAFETY: as for the table.
unsafe impl Sync for State {}

impl Drop for State {
    fn drop(&mut self) {
        if let Some((free, userdata)) = self.free {
            call!(free(userdata, self.state))
        }
    }
}

impl Table {
    fn new(table: *const parmap_reducer) -> Result<Self> {
        let table = sized(table, "reducer", "reducer->struct_size", "a table of callbacks")?;
        needed(table.fork_state, "reducer->fork_state")?;
        needed(table.work, "reducer->work")?;
        needed(table.pack, "reducer->pack")?;
        needed(table.unpack, "reducer->unpack")?;
        needed(table.join_states, "reducer->join_states")?;
        Ok(Table(*table))
    }
}

impl Reducer for Table {
    type State = State;

    fn fork(&self, pristine: &State) -> Tried<State> {
        let mut state = std::ptr::null_mut();
        code(ask!(self.0.fork_state(self.0.userdata, pristine.state, &mut state)))?;
        Ok(State { state, free: self.0.free_state.map(|free| (free, self.0.userdata)) })
    }

    fn work(&self, state: &mut State, task: &Task, input: &[u8]) -> i32 {
        ask!(self.0.work(self.0.userdata, state.state, handle(task), address(input)))
    }

    fn pack(&self, state: &State, to: &mut Vec<u8>) -> Tried<()> {
        code(with_buffer(to, |buffer| ask!(self.0.pack(self.0.userdata, state.state, buffer))))
    }

    fn unpack(&self, state: &mut State, bytes: &[u8]) -> Tried<()> {
        code(ask!(self.0.unpack(self.0.userdata, state.state, address(bytes), bytes.len() as i64)))
    }

    fn join(&self, into: &mut State, from: &State) -> Tried<()> {
        code(ask!(self.0.join_states(self.0.userdata, into.state, from.state)))
    }
}
