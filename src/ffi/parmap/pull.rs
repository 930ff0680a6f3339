//! The pull form.

use crate::ffi::boundary::handle::taken;
use crate::ffi::boundary::*;
use crate::ffi::parmap::map::{Shared, dicod_parmap, get};
use crate::ffi::parmap::report::{parmap_report, report_out};
use crate::parmap::pull::Pull;
use std::sync::Arc;

/// Tasks that threads of the caller's pull: parmap_open().
pub struct parmap_pull {
    /// Before the handle that it borrows from: fields are dropped in this order.
    pull: Pull<'static>,
    shared: Arc<Shared>,
}

/// Begins to give out tasks 0 to n_tasks - 1 to threads that the caller brings: `*pull`, which
/// parmap_close() ends. The map is in use until then. On several ranks each gives out its own portion
/// (setting "schedule": that of "cyclic", else of "block").
///
/// Collective. Needs the map for itself.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (n_tasks, also if the ranks
/// differ), DICOD_ERROR_INVALID_STATE (map in use), DICOD_ERROR_COMMUNICATION.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_open(map: *mut dicod_parmap, n_tasks: i64, pull: *mut *mut parmap_pull) -> dicod_status {
    guard(|| {
        let shared = get(map)?;
        let n = size(n_tasks, "n_tasks", 0);
        let to = room(pull);
        let (n, to) = shared.map.ranks().agree(n.and_then(|n| Ok((n, to?))))?;
        let opened = Pull::open(&shared.map, n as u64)?;
        // The handle lives as long as what borrows from it: it is kept beside it.
        // SAFETY: see above.
        let pull = unsafe { std::mem::transmute::<Pull<'_>, Pull<'static>>(opened) };
        give(to, parmap_pull { pull, shared });
        Ok(())
    })
}

handle!(parmap_pull, "pull", "what parmap_open gave");

fn open<'p>(pull: *const parmap_pull) -> Result<&'p Pull<'static>> {
    of(pull).map(|pull| &pull.pull)
}

/// The next task to do, `*index`; -1: there are no more, or the run is to end.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_next(pull: *mut parmap_pull, index: *mut i64) -> dicod_status {
    guard(|| {
        let to = reference_mut(index, "index", "room for the index")?;
        *to = open(pull)?.next().map_or(-1, |index| index as i64);
        Ok(())
    })
}

/// Task `index` is done: `code` is 0, or positive if it failed, then because of `message`, which may
/// be NULL.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (index was not given out, or is
/// done; code negative).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_done(pull: *mut parmap_pull, index: i64, code: i32, message: *const c_char) -> dicod_status {
    guard(|| {
        let message = match message.is_null() {
            true => "",
            false => string(message, "message")?,
        };
        let pull = open(pull)?;
        pull.done(size(index, "index", 0)? as u64, code, message)
    })
}

/// 1 if task `index` should end early, because its result won't count, else 0: parmap_cancelled().
///
/// Local. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_pull_cancelled(pull: *const parmap_pull, index: i64) -> i32 {
    let mut cancelled = 0;
    guard(|| {
        cancelled = i32::from(open(pull)?.cancelled(index.max(0) as u64));
        Ok(())
    });
    cancelled
}

/// A random number, `*key`, that depends on the setting "seed" and `index` alone: parmap_task_get_key().
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (index).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_pull_get_key(pull: *const parmap_pull, index: i64, key: *mut u64) -> dicod_status {
    guard(|| put(key, "key", open(pull)?.key(size(index, "index", 0)? as u64)))
}

/// Ends the giving out of tasks, and sets the caller's pointer to NULL. What was not done is
/// unfinished: PARMAP_ERROR_CANCELLED. `report` may be NULL.
///
/// Collective. In the thread that called parmap_open(), when no other one uses the handle.
/// Errors: as parmap_run(), and DICOD_ERROR_NULL_POINTER (pull, *pull); DICOD_ERROR_INVALID_ARGUMENT
/// (report; it is still open then); DICOD_ERROR_INVALID_STATE (MPI is already finalised; the handle is
/// gone all the same).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_close(pull: *mut *mut parmap_pull, report: *mut parmap_report) -> dicod_status {
    guard(|| {
        let opened = reference(*room(pull)?, "*pull", parmap_pull::WHAT)?;
        let closed = opened.shared.map.ranks().fails_if_closed();
        let out = match closed {
            Ok(()) => opened.pull.agree(report_out(report))?,
            Err(_) => None,
        };
        let opened = taken(pull);
        closed?;
        let Some(parmap_pull { pull, shared }) = opened.map(|opened| *opened) else {
            return Err(Error::Internal("what was opened is not there".into()));
        };
        shared.finish(pull.close()?, out)
    })
}
