//! What a work function may ask of its task.

use crate::ffi::boundary::*;
use crate::ffi::context::{create, dicod_context};
use crate::parmap::Task;
use crate::ranks::local::Local;
use std::sync::Arc;

/// One task, as its work function sees it: valid until that returns. The library's, never NULL.
pub struct parmap_task {
    _private: (),
}

/// Bytes that a callback writes: the library's, valid during the call.
pub struct parmap_buffer(pub(crate) Vec<u8>);

const TASK: &str = "the task that the work function was given";

pub(crate) fn handle(task: &Task) -> *const parmap_task {
    std::ptr::from_ref(task).cast()
}

pub(crate) fn task<'t>(task: *const parmap_task) -> crate::Result<&'t Task<'t>> {
    reference(task.cast::<Task<'t>>(), "task", TASK)
}

/// Index of the task, `*index`, from 0; which attempt this is, `*attempt`, from 0; the rank that it
/// runs on, and the worker there, from 0. What is not wanted may be NULL.
///
/// Local. To be called by the work function's thread. Errors: DICOD_ERROR_NULL_POINTER (task).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_task_get_place(
    task: *const parmap_task,
    index: *mut i64,
    attempt: *mut i64,
    rank: *mut i32,
    worker: *mut i32,
) -> dicod_status {
    guard(|| {
        let task = self::task(task)?;
        set(index, task.index as i64);
        set(attempt, task.attempt() as i64);
        set(rank, task.worker().rank as i32);
        set(worker, task.worker().thread as i32);
        Ok(())
    })
}

/// Index of the task, from 0; -1 if `task` is NULL.
///
/// Local. Any thread, while the work function runs.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_task_get_index(task: *const parmap_task) -> i64 {
    self::task(task).map_or(-1, |task| task.index as i64)
}

/// 1 if the task should end early, because its result won't count any more: the run was cancelled,
/// its deadline has passed, or a task below has failed; else 0. A long task should ask now and then,
/// and return any positive code: it counts as not run.
///
/// Local; on the calling thread of its rank it looks for messages. To be called by the work
/// function's thread.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_cancelled(task: *const parmap_task) -> i32 {
    let mut cancelled = 0;
    guard(|| {
        cancelled = i32::from(self::task(task)?.cancelled());
        Ok(())
    });
    cancelled
}

/// A random number, `*key`, that depends on the setting "seed" and the index of the task alone, not
/// on schedule, chunk, ranks or threads: to seed a generator of your own.
///
/// Local. To be called by the work function's thread. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_task_get_key(task: *const parmap_task, key: *mut u64) -> dicod_status {
    guard(|| put(key, "key", self::task(task)?.key()))
}

/// The next `n` random numbers of the task, uniform in [0, 1): `values[n]`. As for
/// parmap_task_get_key(), they depend on seed and index alone; a retry gets the same again.
///
/// Local. To be called by the work function's thread.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (n negative).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_task_uniform(task: *const parmap_task, n: i64, values: *mut f64) -> dicod_status {
    guard(|| {
        let n = list_size(n, "n")?;
        self::task(task)?.uniform(slice_mut(values, n, "values", "room for n numbers")?);
        Ok(())
    })
}

/// Says why the task fails: `message` is copied, and reported if this is the failure that the run
/// reports. The work function then returns its positive code.
///
/// Local. To be called by the work function's thread.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (message is not UTF-8).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_task_explain(task: *const parmap_task, message: *const c_char) -> dicod_status {
    guard(|| {
        self::task(task)?.explain(string(message, "message")?);
        Ok(())
    })
}

/// The bytes that parmap_share() has given to all tasks: `*data`, `*size` of them, at an address
/// that is fit for any type; NULL and 0 if there are none. They are read-only: the ranks of a node
/// may have one copy in common. Valid while the task runs. `size` may be NULL.
///
/// Local. Any thread, while the work function runs. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_task_get_shared(
    task: *const parmap_task,
    data: *mut *const c_void,
    size: *mut i64,
) -> dicod_status {
    guard(|| {
        let shared = self::task(task)?.shared();
        let data = reference_mut(data, "data", "the caller's pointer")?;
        *data = match shared.is_empty() {
            true => std::ptr::null(),
            false => shared.as_ptr().cast(),
        };
        set(size, shared.len() as i64);
        Ok(())
    })
}

/// A context on the ranks that work on the task together (setting "ranks_per_task"), with one
/// thread: `*context`, for dicod_solve() or another map inside the task. Free it with
/// dicod_context_free() before the work function returns.
///
/// Local. To be called by the work function's thread. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_task_get_context(task: *const parmap_task, context: *mut *mut dicod_context) -> dicod_status {
    guard(|| {
        let task = self::task(task)?;
        let alone = || -> Arc<dyn crate::ranks::Transport> { Arc::new(Local::alone()) };
        room(context)?;
        create(1, context, || Ok(task.team().cloned().unwrap_or_else(alone)))
    })
}

/// What the transport of the ranks that work on the task together (setting "ranks_per_task") has for its state: `*state`; NULL if
/// it is one rank, or they are not connected by a dicod_transport. As for parmap_task_get_comm(), the library sends nothing by it
/// while the task runs.
///
/// Local. To be called by the work function's thread. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_task_get_transport(task: *const parmap_task, state: *mut *mut c_void) -> dicod_status {
    guard(|| {
        let team = self::task(task)?.team();
        put(state, "state", team.map_or(std::ptr::null_mut(), |team| team.state()))
    })
}

/// Makes a buffer `size` bytes long, new bytes are zero, and gives where they begin: `*data`, valid
/// until the next call for this buffer. `data` may be NULL.
///
/// Local. To be called by the callback that was given the buffer.
/// Errors: DICOD_ERROR_NULL_POINTER (buffer), DICOD_ERROR_INVALID_ARGUMENT (size negative),
/// DICOD_ERROR_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_buffer_resize(buffer: *mut parmap_buffer, size: i64, data: *mut *mut c_void) -> dicod_status {
    guard(|| {
        let bytes = &mut reference_mut(buffer, "buffer", "a buffer")?.0;
        let size = crate::ffi::boundary::size(size, "size", 0)?;
        let more = size.saturating_sub(bytes.len());
        crate::base::memory::reserve("a buffer", bytes, more)?;
        bytes.resize(size, 0);
        set(data, bytes.as_mut_ptr().cast());
        Ok(())
    })
}

/// Appends `size` bytes to a buffer. `data` may be NULL if `size` is 0.
///
/// Local. To be called by the callback that was given the buffer.
/// Errors: as parmap_buffer_resize().
#[unsafe(no_mangle)]
pub extern "C" fn parmap_buffer_append(buffer: *mut parmap_buffer, data: *const c_void, size: i64) -> dicod_status {
    guard(|| {
        let bytes = &mut reference_mut(buffer, "buffer", "a buffer")?.0;
        let size = crate::ffi::boundary::size(size, "size", 0)?;
        let data = slice(data.cast::<u8>(), size, "data", "size bytes")?;
        bytes.try_reserve(size).map_err(|_| Error::memory("a buffer", bytes.len() as u128 + size as u128))?;
        bytes.extend_from_slice(data);
        Ok(())
    })
}

/// Calls a callback that writes to a buffer, in its program's environment.
pub(crate) fn with_buffer<R>(bytes: &mut Vec<u8>, call: impl FnOnce(*mut parmap_buffer) -> R) -> R {
    let mut buffer = parmap_buffer(std::mem::take(bytes));
    let result = call(&mut buffer);
    *bytes = buffer.0;
    result
}
