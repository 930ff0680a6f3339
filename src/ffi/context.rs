//! The context: threads, log and progress of the calls that take it.

use super::status::{DICOD_OK, dicod_status, guard, reference, reference_mut};
use crate::csc::Progress;
use crate::error::{Error, Result};
use crate::host::outside;
use crate::transport::Transport;
use crate::transport::local::Local;
use std::ffi::{CString, c_char, c_void};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

/// Level of a log message: something that the caller should know of, the result is valid.
pub const DICOD_LOG_WARNING: i32 = 1;
/// Level of a log message: one line for each solve.
pub const DICOD_LOG_INFO: i32 = 2;
/// Level of a log message: the stages of a call, their times and sizes.
pub const DICOD_LOG_DEBUG: i32 = 3;

/// Receives log messages: `level` is DICOD_LOG_WARNING, DICOD_LOG_INFO or DICOD_LOG_DEBUG, `message`
/// a line of text without the newline, valid during the call.
///
/// It is called in the thread that called the library. It must return (no exception, no longjmp),
/// and must not use the context or encoder of the call that runs: DICOD_ERROR_INVALID_STATE.
pub type dicod_log_fn =
    Option<unsafe extern "C" fn(userdata: *mut c_void, level: i32, message: *const c_char) -> ()>;

/// State of a running solve.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct dicod_progress {
    /// sizeof(dicod_progress) of the library: fields beyond it do not exist.
    pub struct_size: i64,
    /// Passes over all tiles so far.
    pub sweeps: i64,
    /// Coordinate steps so far.
    pub steps: i64,
    /// Visits of tiles so far.
    pub visits: i64,
    /// Tiles that still have something to do.
    pub awake: i64,
    /// Number of tiles.
    pub tiles: i64,
    /// Upper bound on the largest coordinate step left, max |dz|; in the published schedule only
    /// known at the end.
    pub max_step: f64,
    /// The solve ends when max |dz| is at most this.
    pub tol: f64,
    /// Seconds since the solve began.
    pub seconds: f64,
}

/// Told how a solve gets on; returns 0 to go on, anything else to stop: the solve then returns
/// DICOD_CANCELLED with a valid result.
///
/// It is called between sweeps, at least the option "progress_interval" seconds apart, and once at
/// the end, when its answer changes nothing. `progress` is valid during the call. As for
/// dicod_log_fn: called in the thread that called the library, it must return, and must not use the
/// context or encoder of the call that runs.
pub type dicod_progress_fn =
    Option<unsafe extern "C" fn(userdata: *mut c_void, progress: *const dicod_progress) -> i32>;

/// How calls are run: on which ranks, with how many threads, and where log and progress go.
///
/// dicod_context_create() makes one for this process alone; dicod_mpi.h has one for the ranks of a
/// communicator.
///
/// Functions that take a context accept NULL for it: one thread, no callbacks. A context serves one
/// call at a time: a second one, from another thread or from a callback, fails with
/// DICOD_ERROR_INVALID_STATE. Give threads that solve at the same time a context each.
pub struct dicod_context(Arc<Context>);

/// What encoders share with the handle: the order of freeing does not matter.
pub(crate) struct Context {
    pub(crate) ranks: Arc<dyn Transport>,
    pub(crate) n_threads: usize,
    callbacks: Mutex<Callbacks>,
}

struct Callbacks {
    log: dicod_log_fn,
    log_data: *mut c_void,
    progress: dicod_progress_fn,
    progress_data: *mut c_void,
}

// SAFETY: the pointers are only handed back to the caller's functions, in the thread that called;
// that the functions can be called there is what the header asks for.
unsafe impl Send for Callbacks {}

/// Where the number of threads ends: far beyond any use, but each takes a stack.
const MOST_THREADS: i32 = 1024;

/// Makes a context: `*context`. Free it with dicod_context_free().
///
/// `n_threads` is the number of threads that a call may use, the calling one included: from 1 to
/// 1024; -1: as many as the process may use cores (affinity and quota of its control group, and no
/// more than SLURM_CPUS_PER_TASK and OMP_NUM_THREADS say); -2: one fewer, at least 1. Results do not depend on it, not in a single bit. Threads are started and
/// ended inside a call.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER (context), DICOD_ERROR_INVALID_ARGUMENT (n_threads).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_context_create(
    n_threads: i32,
    context: *mut *mut dicod_context,
) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| unsafe { create(n_threads, context, || Ok(Arc::new(Local::alone()))) })
}

/// Makes a context on ranks that `ranks` connects.
///
/// # Safety
/// As [`reference_mut`].
pub(crate) unsafe fn create(
    n_threads: i32,
    context: *mut *mut dicod_context,
    ranks: impl FnOnce() -> Result<Arc<dyn Transport>>,
) -> Result<dicod_status> {
    let ranks = ranks()?;
    let cores = crate::parmap::allowed_cores;
    let asked = n_threads;
    let n_threads = match n_threads {
        1..=MOST_THREADS => Ok(n_threads as usize),
        -1 => Ok(cores()),
        -2 => Ok((cores() - 1).max(1)),
        _ => {
            let allowed = "from 1 to 1024, -1 (all cores) or -2 (all but one)";
            Err(Error::argument("n_threads", n_threads, allowed))
        }
    };
    let n_threads = n_threads.and_then(|n| match n == 1 || ranks.may_have_threads()? {
        true => Ok(n),
        false => {
            let value = format!("{asked} ({n} threads)");
            let allowed = "1, as MPI was initialised with MPI_THREAD_SINGLE; MPI_Init_thread() with \
                           MPI_THREAD_FUNNELED or more allows more";
            Err(Error::argument("n_threads", value, allowed))
        }
    });
    // SAFETY: the caller's promise.
    let to = unsafe { reference_mut(context, "context", "the caller's pointer") };
    let (n_threads, to) = ranks.agree(n_threads.and_then(|n| Ok((n, to?))))?;
    let callbacks = Mutex::new(Callbacks {
        log: None,
        log_data: std::ptr::null_mut(),
        progress: None,
        progress_data: std::ptr::null_mut(),
    });
    let context = Context {
        ranks,
        n_threads,
        callbacks,
    };
    *to = Box::into_raw(Box::new(dicod_context(Arc::new(context))));
    Ok(DICOD_OK)
}

/// Frees a context and sets the caller's pointer to NULL. `context` and `*context` may be NULL.
/// Encoders made with it stay usable, with its ranks, threads and callbacks: the library's duplicate
/// of a communicator is freed with the last of them.
///
/// Local; with the ranks of a communicator collective, and to be called before MPI_Finalize. After
/// that it frees what it can.
/// No other thread may be using the handle.
/// Errors: DICOD_ERROR_INVALID_STATE (MPI is already finalised; the handle is gone all the same).
///
/// # Safety
/// `*context` comes from a create function and has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_context_free(context: *mut *mut dicod_context) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let open = match unsafe { context.as_ref().and_then(|context| context.as_ref()) } {
            Some(context) => context.0.ranks.fails_if_closed(),
            None => Ok(()),
        };
        // SAFETY: the caller's promise.
        unsafe { free(context) };
        open.map(|_| DICOD_OK)
    })
}

/// Rank of this process among those of the context, `*rank` from 0, and their number, `*n_ranks`:
/// 0 and 1 without a communicator. Either may be NULL.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER (context).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_context_ranks(
    context: *const dicod_context,
    rank: *mut i32,
    n_ranks: *mut i32,
) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let ranks = &reference(context, "context", CONTEXT)?.0.ranks;
            if let Some(rank) = rank.as_mut() {
                *rank = ranks.rank() as i32;
            }
            if let Some(n_ranks) = n_ranks.as_mut() {
                *n_ranks = ranks.size() as i32;
            }
        }
        Ok(DICOD_OK)
    })
}

/// Number of threads that calls with this context may use: `*n_threads`, what -1 and -2 came to.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_context_threads(
    context: *const dicod_context,
    n_threads: *mut i32,
) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let context = reference(context, "context", CONTEXT)?;
            *reference_mut(n_threads, "n_threads", "room for the result")? =
                context.0.n_threads as i32;
        }
        Ok(DICOD_OK)
    })
}

/// Sends log messages to `log`, with `userdata` as its first argument; NULL: to nobody, as at first.
/// The library itself prints nothing. `userdata` may be NULL; it has to live as long as the context
/// and its encoders, or until it is replaced.
///
/// Local. Needs the context for itself.
/// Errors: DICOD_ERROR_NULL_POINTER (context), DICOD_ERROR_INVALID_STATE (context in use).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_context_set_log(
    context: *mut dicod_context,
    log: dicod_log_fn,
    userdata: *mut c_void,
) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let context = unsafe { reference(context, "context", CONTEXT) }?;
        let mut callbacks = context.0.callbacks()?;
        (callbacks.log, callbacks.log_data) = (log, userdata);
        Ok(DICOD_OK)
    })
}

/// Calls `progress` now and then during a solve, with `userdata` as its first argument; NULL: does
/// not, as at first. `userdata` as in dicod_context_set_log().
///
/// Local. Needs the context for itself.
/// Errors: DICOD_ERROR_NULL_POINTER (context), DICOD_ERROR_INVALID_STATE (context in use).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_context_set_progress(
    context: *mut dicod_context,
    progress: dicod_progress_fn,
    userdata: *mut c_void,
) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let context = unsafe { reference(context, "context", CONTEXT) }?;
        let mut callbacks = context.0.callbacks()?;
        (callbacks.progress, callbacks.progress_data) = (progress, userdata);
        Ok(DICOD_OK)
    })
}

const CONTEXT: &str = "a context";

impl Context {
    fn callbacks(&self) -> Result<MutexGuard<'_, Callbacks>> {
        match self.callbacks.try_lock() {
            Ok(callbacks) => Ok(callbacks),
            // A panic cannot have left them half changed.
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(in_use("context")),
        }
    }
}

/// A handle is in use.
pub(crate) fn in_use(handle: &str) -> Error {
    let text = "is in use by another thread, or by the call that runs this callback";
    Error::InvalidState(format!("the {handle} {text}"))
}

/// The context of a call, if it has one.
///
/// # Safety
/// As [`reference`].
pub(crate) unsafe fn shared(context: *const dicod_context) -> Option<Arc<Context>> {
    // SAFETY: the caller's promise.
    unsafe { context.as_ref() }.map(|context| context.0.clone())
}

/// The use of a context by one call.
pub(crate) struct Session<'c> {
    pub(crate) n_threads: usize,
    callbacks: Option<MutexGuard<'c, Callbacks>>,
}

/// The ranks of a call.
pub(crate) fn ranks(context: &Option<Arc<Context>>) -> Arc<dyn Transport> {
    match context {
        Some(context) => context.ranks.clone(),
        None => Arc::new(Local::alone()),
    }
}

impl<'c> Session<'c> {
    pub(crate) fn enter(context: &'c Option<Arc<Context>>) -> Result<Self> {
        if let Some(context) = context {
            context.ranks.fails_if_closed()?;
        }
        let callbacks = context.as_ref().map(|context| context.callbacks());
        Ok(Session {
            n_threads: context.as_ref().map_or(1, |context| context.n_threads),
            callbacks: callbacks.transpose()?,
        })
    }

    /// Sends a line to the log, if there is one.
    pub(crate) fn log(&self, level: i32, message: impl FnOnce() -> String) {
        let Some(callbacks) = &self.callbacks else {
            return;
        };
        let Some(log) = callbacks.log else {
            return;
        };
        let text = CString::new(message()).unwrap_or_default();
        // SAFETY: the caller gave the function to be called like this.
        outside(|| unsafe { log(callbacks.log_data, level, text.as_ptr()) })
    }

    /// What a solve calls to report; tells whether to go on.
    pub(crate) fn reporter(&self) -> Option<impl FnMut(&Progress) -> bool> {
        let callbacks = self.callbacks.as_ref()?;
        let (report, userdata) = (callbacks.progress?, callbacks.progress_data);
        Some(move |progress: &Progress| {
            let progress = dicod_progress {
                struct_size: size_of::<dicod_progress>() as i64,
                sweeps: progress.sweeps as i64,
                steps: progress.steps as i64,
                visits: progress.visits as i64,
                awake: progress.awake as i64,
                tiles: progress.tiles as i64,
                max_step: progress.max_step,
                tol: progress.tol,
                seconds: progress.seconds,
            };
            // SAFETY: the caller gave the function to be called like this.
            outside(|| unsafe { report(userdata, &progress) }) == 0
        })
    }
}

/// Frees what a `_create` function made, and sets the caller's pointer to NULL.
///
/// # Safety
/// `handle` is NULL or valid; `*handle` is NULL or was made by `Box::into_raw` and not freed.
pub(crate) unsafe fn free<T>(handle: *mut *mut T) {
    guard(|| {
        // SAFETY: the caller's promise.
        if let Some(handle) = unsafe { handle.as_mut() } {
            let freed = std::mem::replace(handle, std::ptr::null_mut());
            if !freed.is_null() {
                // SAFETY: the caller's promise; nobody else has it.
                drop(unsafe { Box::from_raw(freed) });
            }
        }
        Ok(DICOD_OK)
    });
}
