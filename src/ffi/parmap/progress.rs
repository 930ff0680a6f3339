//! How far a run is: the caller's callback, and a ready-made one.

use crate::base::panic::lock;
use crate::base::stderr::bar;
use crate::ffi::boundary::pointers::title;
use crate::ffi::boundary::*;
use crate::ffi::parmap::Caller;
use crate::ffi::parmap::map::{Watcher, dicod_parmap, get};
use crate::parmap::Progress;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

/// How far a run is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct parmap_progress {
    /// sizeof(parmap_progress) of the library: fields beyond it do not exist.
    pub struct_size: i64,
    /// Tasks that have come back.
    pub done: i64,
    /// Number of tasks; -1: not known.
    pub total: i64,
    /// Tasks that failed.
    pub failed: i64,
    /// Seconds since the run began.
    pub elapsed: f64,
    /// Seconds that it will probably still take; -1: not known.
    pub eta: f64,
}

/// Told on rank 0 how a run gets on; returns 0 to go on, anything else to cancel it.
///
/// It is called by the thread that called the library, at least the setting "progress_interval"
/// seconds apart, and once at the end, when its answer changes nothing. `progress` is valid during
/// the call.
pub type parmap_progress_fn =
    Option<unsafe extern "C" fn(userdata: *mut c_void, progress: *const parmap_progress) -> i32>;

/// Calls `progress` during runs, with `userdata` as its first argument; NULL: does not, as at first.
/// Only that of rank 0 is called. `userdata` may be NULL.
///
/// Local. Thread-safe; a run that is in progress keeps what it has.
/// Errors: DICOD_ERROR_NULL_POINTER (map).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_set_progress(
    map: *mut dicod_parmap,
    progress: parmap_progress_fn,
    userdata: *mut c_void,
) -> dicod_status {
    guard(|| {
        let map = get(map)?;
        let userdata = Caller::new(userdata);
        *lock(&map.progress) = progress.map(|call| -> Watcher {
            Arc::new(move |progress| call!(call(userdata.get(), &parmap_progress::from(progress))) == 0)
        });
        Ok(())
    })
}

/// A progress callback that is ready-made: on stderr, a bar if that is a terminal, else a line now
/// and then. Give it to parmap_set_progress(); `userdata` is a title, NUL-terminated, or NULL.
/// Always returns 0.
///
/// Local. Nothing else in the library writes anything.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_progress_bar(userdata: *mut c_void, progress: *const parmap_progress) -> i32 {
    static LINE: AtomicI64 = AtomicI64::new(0);
    guard(|| {
        let p = reference(progress, "progress", "the progress")?;
        let end = p.total >= 0 && p.done >= p.total;
        bar(&LINE, title(userdata)? + &Progress::from(p).text(), (p.done, p.total), p.elapsed, end);
        Ok(())
    });
    0
}

impl From<&Progress> for parmap_progress {
    fn from(progress: &Progress) -> Self {
        parmap_progress {
            struct_size: size_of::<parmap_progress>() as i64,
            done: progress.done as i64,
            total: progress.total.map_or(-1, |n| n as i64),
            failed: progress.failed as i64,
            elapsed: progress.elapsed,
            eta: progress.eta.unwrap_or(-1.0),
        }
    }
}

impl From<&parmap_progress> for Progress {
    fn from(progress: &parmap_progress) -> Self {
        Progress {
            done: progress.done as u64,
            total: u64::try_from(progress.total).ok(),
            failed: progress.failed as u64,
            elapsed: progress.elapsed,
            eta: (progress.eta >= 0.0).then_some(progress.eta),
        }
    }
}
