//! The handle, its settings, and the map over arrays.

use crate::base::panic::lock;
use crate::ffi::boundary::*;
use crate::ffi::context::{DICOD_LOG_WARNING, Session, dicod_context, ranks, shared};
use crate::ffi::parmap::report::{parmap_report, report_of, report_out};
use crate::ffi::parmap::task::{handle, parmap_task};
use crate::ffi::parmap::{Caller, address, needed};
use crate::parmap::map::{Inputs, Outputs, Tasks};
use crate::parmap::records::stride_of;
use crate::parmap::run::report::NOT_RUN;
use crate::parmap::serve::Functions;
use crate::parmap::share::share;
use crate::parmap::{Map, Progress, Report, Task};
use std::sync::{Arc, Mutex};

/// A map over the ranks and threads of a context: serial, threads, ranks or both, with the same
/// calls and the same results, bit for bit.
///
/// Collective functions have to be called by all ranks, in the same order; each with its own
/// pointers. A handle serves one call at a time: a second one, from another thread or from a
/// callback, fails with DICOD_ERROR_INVALID_STATE; it works on after any error but
/// DICOD_ERROR_COMMUNICATION.
///
/// Callbacks must return: no exception and no longjmp may leave them. With one thread all of them
/// are called in the thread that called the library; with more, work functions are called in
/// threads of the library, several at a time, everything else in the calling one. Only the calling
/// thread uses MPI. What is collective on the ranks of the map's context, and what needs that context for itself, fails in
/// callbacks with DICOD_ERROR_INVALID_STATE, on any number of ranks; no context, NULL, serves there, and that of
/// parmap_task_get_context().
pub struct dicod_parmap(pub(crate) Arc<Shared>);

handle!(dicod_parmap, "map", "a map");

/// Told how a run gets on; false stops it.
pub(super) type Watcher = Arc<dyn Fn(&Progress) -> bool + Send + Sync>;

/// What pulls share with the handle: the order of freeing does not matter.
pub(crate) struct Shared {
    pub(crate) map: Map,
    pub(super) functions: Functions,
    pub(super) progress: Mutex<Option<Watcher>>,
    last: Mutex<Report>,
}

/// Does one task: reads `input`, in_size bytes, and writes `output`, out_size bytes, all zero when
/// it is called (on a retry, too); NULL if the size is 0. Returns 0, or a positive code of its own.
pub type parmap_work_fn = Option<
    unsafe extern "C" fn(
        userdata: *mut c_void,
        task: *const parmap_task,
        input: *const c_void,
        output: *mut c_void,
    ) -> i32,
>;

/// Makes a map on the ranks and threads of `context`: `*map`. Free it with parmap_free(). Without a
/// context (NULL): this process alone, one thread. Settings have their defaults.
///
/// With several threads tasks run in threads of the library, whose stacks are as large as that of the
/// main thread: its soft limit (`ulimit -s`), from 2 to 256 MiB. OMP_STACKSIZE, if it is set when the
/// map is made, says another size, of 256 KiB at least; what is no size is ignored, with a line in the
/// log. A run whose threads cannot have such stacks fails with DICOD_ERROR_OUT_OF_MEMORY. Threads of
/// a solve run nothing of the caller's, and need no such stacks.
///
/// Local: the communicator is the context's, none is made. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER (map).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_create(context: *const dicod_context, map: *mut *mut dicod_parmap) -> dicod_status {
    guard(|| {
        let to = room(map)?;
        let context = shared(context);
        let n_threads = context.as_ref().map_or(1, |context| context.n_threads);
        let made = Map::new(ranks(&context), n_threads)?;
        if let (Some(text), Ok(session)) = (made.ignored_stack_size(), Session::enter(&context)) {
            session.log(DICOD_LOG_WARNING, || {
                format!("OMP_STACKSIZE = \"{text}\" is ignored: it is no size like 512M or 20000K")
            });
        }
        let made =
            Shared { map: made, functions: Functions::default(), progress: Mutex::default(), last: Mutex::default() };
        give(to, dicod_parmap(Arc::new(made)));
        Ok(())
    })
}

/// Frees a map and sets the caller's pointer to NULL. `map` and `*map` may be NULL.
///
/// Local, unless ranks had something in common: collective after tasks on several ranks each; as
/// dicod_context_free() if it is the last handle on the ranks of a communicator. No other thread may
/// be using the handle.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_free(map: *mut *mut dicod_parmap) -> dicod_status {
    guard(|| free(map))
}

/// Asks the run that is in progress to end, on all ranks: it returns PARMAP_ERROR_CANCELLED. Without
/// one nothing happens. `map` may be NULL.
///
/// Local. Any thread, also in a signal handler: it only sets a flag.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_cancel(map: *const dicod_parmap) {
    if let Some(map) = optional(map) {
        map.0.map.cancel();
    }
}

/// Gives all tasks of later runs `size` bytes of rank 0, see parmap_task_get_shared(). They are copied
/// once per node if its ranks can share memory and half of the room that is left for that (/dev/shm)
/// is enough, else once per rank, and replace those of an earlier call. On other ranks `data` and `size` are not looked at. `data` may be NULL if `size` is
/// 0.
///
/// Collective. Needs the map for itself.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (size), DICOD_ERROR_OUT_OF_MEMORY,
/// DICOD_ERROR_INVALID_STATE (map in use), DICOD_ERROR_COMMUNICATION.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_share(map: *mut dicod_parmap, data: *const c_void, size: i64) -> dicod_status {
    guard(|| {
        let map = get(map)?;
        let bytes = shared_bytes(&map.map, data, size);
        share(&map.map, bytes)
    })
}

pub(crate) fn shared_bytes<'a>(map: &Map, data: *const c_void, size: i64) -> Result<&'a [u8]> {
    if map.ranks().rank() != 0 {
        return Ok(&[]);
    }
    let size = crate::ffi::boundary::size(size, "size", 0)?;
    slice(data.cast(), size, "data", "size bytes")
}

/// Runs `work` for tasks 0 to n_tasks - 1. Task i reads in_size bytes at inputs + i * in_stride, and
/// writes out_size bytes at outputs + i * out_stride; a stride of 0 stands for the size. The output
/// of a task whose status is not 0 is all zero at the end.
///
/// n_tasks and sizes have to be the same on every rank. `inputs` are those of rank 0, elsewhere they
/// are not looked at; `outputs` are written on rank 0, and on each rank where they are not NULL.
/// Both may be NULL if their size is 0. `statuses[n_tasks]` receives 0, the code of the task, or a
/// negative status (PARMAP_NOT_RUN, DICOD_ERROR_INTERNAL for a panic); it may be NULL, as `userdata`
/// and `report` may.
///
/// Returns 0; PARMAP_SOME_FAILED; or an error, the same on every rank. As far as tasks succeeded,
/// outputs are valid then, too. After a deadline or a cancel, and the setting "grace", no rank waits for one that
/// is still in a task; that one returns when its task does, with the same report and outputs.
///
/// Collective. Needs the map for itself.
/// Errors: PARMAP_ERROR_TASK, PARMAP_ERROR_TIMEOUT, PARMAP_ERROR_CANCELLED; before anything is run:
/// DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (a size or stride, ranks that differ),
/// DICOD_ERROR_OUT_OF_MEMORY, DICOD_ERROR_INVALID_STATE (map in use, ranks that make different
/// calls); DICOD_ERROR_COMMUNICATION.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_run(
    map: *mut dicod_parmap,
    n_tasks: i64,
    work: parmap_work_fn,
    userdata: *mut c_void,
    inputs: *const c_void,
    in_size: i64,
    in_stride: i64,
    outputs: *mut c_void,
    out_size: i64,
    out_stride: i64,
    statuses: *mut i32,
    report: *mut parmap_report,
) -> dicod_status {
    guard(|| {
        let map = get(map)?;
        let given = || {
            let (out, work) = (report_out(report)?, needed(work, "work")?);
            let tasks = array(n_tasks, (inputs, in_size, in_stride), (outputs, out_size, out_stride))?;
            Ok((out, work, tasks, status_array(statuses, n_tasks)?))
        };
        let (out, work, tasks, statuses) = match given() {
            Ok((out, work, tasks, statuses)) => (out, Some(work), tasks, statuses),
            Err(error) => (None, None, Tasks::new(0).checked(Err(error)), None),
        };
        let function = array_function(work, userdata);
        map.run(out, |map, progress| {
            let report = tasks.run(map, &function, progress)?;
            if let Some(statuses) = statuses {
                report.fill(statuses);
            }
            Ok(report)
        })
    })
}

/// Tasks without a result in the last run with this map: `n` ranges, range i from `first[i]` up to,
/// but not including, `end[i]`.
///
/// Call it first with a capacity of 0: only `*n` is written. Then with arrays of at least that many
/// entries.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (capacity negative or, other than
/// 0, too small).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_get_unfinished(
    map: *const dicod_parmap,
    capacity: i64,
    first: *mut i64,
    end: *mut i64,
    n: *mut i64,
) -> dicod_status {
    guard(|| {
        let map = get(map)?;
        let n = reference_mut(n, "n", "room for the number of ranges")?;
        let ranges = lock(&map.last).unfinished.clone();
        if room_for(ranges.len(), capacity)? {
            let first = slice_mut(first, ranges.len(), "first", "capacity values")?;
            let end = slice_mut(end, ranges.len(), "end", "capacity values")?;
            for ((first, end), range) in first.iter_mut().zip(end).zip(&ranges) {
                (*first, *end) = (range.0 as i64, range.1 as i64);
            }
        }
        *n = ranges.len() as i64;
        Ok(())
    })
}

impl Shared {
    /// Runs what comes to a report, with the progress that the caller wants to see.
    pub(crate) fn run(
        &self,
        out: Option<Output<parmap_report>>,
        call: impl FnOnce(&Map, Option<&mut dyn FnMut(&Progress) -> bool>) -> Result<Report>,
    ) -> Result<dicod_status> {
        let watcher = lock(&self.progress).clone();
        let mut watch = watcher.map(|watcher| move |progress: &Progress| watcher(progress));
        let report = call(&self.map, watch.as_mut().map(|watch| watch as _))?;
        self.finish(report, out)
    }

    /// Keeps and writes a report; the status of the call.
    pub(crate) fn finish(&self, report: Report, out: Option<Output<parmap_report>>) -> Result<dicod_status> {
        let status = report.code();
        if let Some(out) = out {
            out.write(&report_of(&report));
        }
        let error = (status < 0).then(|| report.as_error());
        *lock(&self.last) = report;
        error.map_or(Ok(status), Err)
    }
}

/// Shared ownership for the time of a call: a callback may free the handle.
pub(crate) fn get(map: *const dicod_parmap) -> Result<Arc<Shared>> {
    Ok(of(map)?.0.clone())
}

pub(crate) fn status_array<'a>(statuses: *mut i32, n: i64) -> Result<Option<&'a mut [i32]>> {
    if statuses.is_null() {
        return Ok(None);
    }
    let n = list_size(n, "n_tasks")?;
    slice_mut(statuses, n, "statuses", "n_tasks values").map(Some)
}

/// Tasks over arrays of the caller's: address, size and stride.
pub(crate) fn array<'a>(
    n: i64,
    (inputs, in_size, in_stride): (*const c_void, i64, i64),
    (outputs, out_size, out_stride): (*mut c_void, i64, i64),
) -> Result<Tasks<'a>> {
    let n = size(n, "n_tasks", 0)?;
    let in_size = size(in_size, "in_size", 0)?;
    let out_size = size(out_size, "out_size", 0)?;
    let in_stride = stride_of(n, in_size, size(in_stride, "in_stride", 0)?, "in_stride")?;
    let out_stride = stride_of(n, out_size, size(out_stride, "out_stride", 0)?, "out_stride")?;
    // SAFETY: the caller's promise.
    let inputs = (!inputs.is_null()).then(|| unsafe { Inputs::at(inputs.cast(), in_size, in_stride) });
    // SAFETY: the caller's promise.
    let outputs = (!outputs.is_null()).then(|| unsafe { Outputs::at(outputs.cast(), out_size, out_stride) });
    let tasks = Tasks::new(n as u64).inputs_at(inputs, in_size);
    Ok(tasks.outputs_at(outputs, out_size))
}

type Work = unsafe extern "C" fn(*mut c_void, *const parmap_task, *const c_void, *mut c_void) -> i32;

/// The caller's function as the map calls it. Without one nothing is run.
pub(crate) fn array_function(
    work: Option<Work>,
    userdata: *mut c_void,
) -> impl Fn(&Task, &[u8], &mut [u8]) -> i32 + Send + Sync {
    let userdata = Caller::new(userdata);
    move |task: &Task, input: &[u8], output: &mut [u8]| {
        let Some(work) = work else {
            return NOT_RUN;
        };
        let input = address(input);
        let output = match output.is_empty() {
            true => std::ptr::null_mut(),
            false => output.as_mut_ptr().cast(),
        };
        call!(work(userdata.get(), handle(task), input, output))
    }
}
