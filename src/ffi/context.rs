//! The context: threads, log and progress of the calls that take it.

use crate::base::panic::unpoisoned_if_free;
use crate::base::status::DICOD_OK;
use crate::clock::{Cancel, Clock, Running};
use crate::csc::{Options, Progress};
use crate::ffi::boundary::*;
use crate::parmap::run::budget::threads;
use crate::ranks::Transport;
use crate::ranks::busy::{during, fails_if_busy};
use crate::ranks::local::Local;
use std::ffi::CString;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

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
pub type dicod_log_fn = Option<unsafe extern "C" fn(userdata: *mut c_void, level: i32, message: *const c_char) -> ()>;

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
    /// Tiles that still have something to do; all of them until more is known.
    pub awake: i64,
    /// Number of tiles.
    pub tiles: i64,
    /// Upper bound on the largest coordinate step left, as max_step of dicod_info, when the last sweep ended; infinite
    /// until it is known, in the published schedule until the end.
    pub max_step: f64,
    /// The solve ends when max_step is at most this; NaN until it is known.
    pub tol: f64,
    /// Seconds since the call began.
    pub seconds: f64,
}

/// Told how a solve gets on; returns 0 to go on, anything else to stop: the solve then returns
/// DICOD_CANCELLED with a valid result. If it descends, what it has reached is still certified, and the callback not
/// asked again; another stage ends at once. dicod_cancel() ends everything at once.
///
/// It is called every "progress_interval" seconds (an option) in all stages of a solve, also while the calling thread waits
/// for others, and once at the end, when its answer changes nothing. What it is told of sweeps, steps and tiles is how things
/// stood after the last sweep of which all ranks know. `progress` is valid during the call. As for
/// dicod_log_fn: called in the thread that called the library, it must return, and must not use the
/// context or encoder of the call that runs.
pub type dicod_progress_fn =
    Option<unsafe extern "C" fn(userdata: *mut c_void, progress: *const dicod_progress) -> i32>;

/// How calls are run: on which ranks, with how many threads, and where log and progress go.
///
/// dicod_context_create() makes one for this process alone; dicod_mpi.h has one for the ranks of a
/// communicator, dicod_context_create_on() one for ranks that the program connects itself.
///
/// Functions that take a context accept NULL for it: one thread, no callbacks. A context serves one
/// call at a time: a second one, from another thread or from a callback, fails with
/// DICOD_ERROR_INVALID_STATE. Give threads that solve at the same time a context each.
pub struct dicod_context(Arc<Context>);
handle!(dicod_context, "context", "a context");

/// What encoders share with the handle: the order of freeing does not matter.
pub(crate) struct Context {
    pub(crate) ranks: Arc<dyn Transport>,
    pub(crate) n_threads: usize,
    callbacks: Mutex<Callbacks>,
    cancel: Cancel,
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

/// Makes a context: `*context`. Free it with dicod_context_free().
///
/// `n_threads` is the number of threads that a call may use, the calling one included: from 1 to
/// 1024; -1: as many as the process may use cores (affinity and quota of its control group, and no
/// more than SLURM_CPUS_PER_TASK and OMP_NUM_THREADS say); -2: one fewer, at least 1. Results do not depend on it, not in a single bit. Threads are started and
/// ended inside a call.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER (context), DICOD_ERROR_INVALID_ARGUMENT (n_threads).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_context_create(n_threads: i32, context: *mut *mut dicod_context) -> dicod_status {
    guard(|| create(n_threads, context, || Ok(Arc::new(Local::alone()))))
}

/// Makes a context on ranks that `ranks` connects.
pub(crate) fn create(
    n_threads: i32,
    context: *mut *mut dicod_context,
    ranks: impl FnOnce() -> Result<Arc<dyn Transport>>,
) -> Result<()> {
    let ranks = ranks()?;
    let to = room(context);
    let (n_threads, to) = ranks.agree(threads(n_threads, &*ranks).and_then(|n| Ok((n, to?))))?;
    let callbacks = Mutex::new(Callbacks {
        log: None,
        log_data: std::ptr::null_mut(),
        progress: None,
        progress_data: std::ptr::null_mut(),
    });
    let context = Context { ranks, n_threads, callbacks, cancel: Cancel::default() };
    give(to, dicod_context(Arc::new(context)));
    Ok(())
}

/// Frees a context and sets the caller's pointer to NULL. `context` and `*context` may be NULL.
/// Encoders made with it stay usable, with its ranks, threads and callbacks: the library's duplicate
/// of a communicator is freed with the last of them.
///
/// Local; with the ranks of a communicator collective, and to be called before MPI_Finalize. After
/// that it frees what it can.
/// No other thread may be using the handle.
/// Errors: DICOD_ERROR_INVALID_STATE (MPI is already finalised; the handle is gone all the same).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_context_free(context: *mut *mut dicod_context) -> dicod_status {
    guard(|| {
        let open = match optional(context).and_then(|context| optional(*context)) {
            Some(context) => context.0.ranks.fails_if_closed(),
            None => Ok(()),
        };
        free(context)?;
        open
    })
}

/// Rank of this process among those of the context, `*rank` from 0, and their number, `*n_ranks`:
/// 0 and 1 without a communicator. Either may be NULL.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER (context).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_context_get_ranks(
    context: *const dicod_context,
    rank: *mut i32,
    n_ranks: *mut i32,
) -> dicod_status {
    guard(|| {
        let ranks = &of(context)?.0.ranks;
        set(rank, ranks.rank() as i32);
        set(n_ranks, ranks.size() as i32);
        Ok(())
    })
}

/// Number of threads that calls with this context may use: `*n_threads`, what -1 and -2 came to.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_context_get_threads(context: *const dicod_context, n_threads: *mut i32) -> dicod_status {
    guard(|| put(n_threads, "n_threads", of(context)?.0.n_threads as i32))
}

/// Sends log messages to `log`, with `userdata` as its first argument; NULL: to nobody, as at first.
/// The library itself prints nothing. `userdata` may be NULL; it has to live as long as the context
/// and its encoders, or until it is replaced.
///
/// Local. Needs the context for itself.
/// Errors: DICOD_ERROR_NULL_POINTER (context), DICOD_ERROR_INVALID_STATE (context in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_context_set_log(
    context: *mut dicod_context,
    log: dicod_log_fn,
    userdata: *mut c_void,
) -> dicod_status {
    guard(|| {
        let context = of(context)?;
        let mut callbacks = context.0.callbacks()?;
        (callbacks.log, callbacks.log_data) = (log, userdata);
        Ok(())
    })
}

/// Calls `progress` now and then during a solve, with `userdata` as its first argument; NULL: does
/// not, as at first. `userdata` as in dicod_context_set_log().
///
/// Local. Needs the context for itself.
/// Errors: DICOD_ERROR_NULL_POINTER (context), DICOD_ERROR_INVALID_STATE (context in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_context_set_progress(
    context: *mut dicod_context,
    progress: dicod_progress_fn,
    userdata: *mut c_void,
) -> dicod_status {
    guard(|| {
        let context = of(context)?;
        let mut callbacks = context.0.callbacks()?;
        (callbacks.progress, callbacks.progress_data) = (progress, userdata);
        Ok(())
    })
}

/// Ends the solve or the learning that runs with a context, at once: within some milliseconds, wherever it is. The call
/// returns DICOD_CANCELLED, on all ranks, with a result that is valid as far as it goes: z is what was reached, finite; what
/// the info says of it is there only if it was proven before, see dicod_info.proven.
///
/// It reaches a call from its first line to its last. Returns 1 if there is one, 0 if none runs with this context, or
/// `context` is NULL: then nothing happens, and nothing is remembered that would end the next call. A host that has
/// sent a thread to solve, and cancels while that thread may not have come to its call yet, asks again until it is told 1,
/// or that the thread is done.
///
/// A progress callback that returns another value than 0 ends a descent, too, but waits for the certificate of what was
/// reached. It may call this to be out at once.
///
/// Local: with several ranks it is enough to call it on one; from other threads, callbacks, and signal handlers
/// (it reads and writes one lock-free atomic and nothing else). The context must not be freed meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_cancel(context: *const dicod_context) -> i32 {
    optional(context).is_some_and(|context| context.0.cancel.cancel()).into()
}

/// Lets a flag of the host's cancel calls with this context, as dicod_cancel() does, for as long as it is not 0; NULL: none, as
/// at first. It is read every few milliseconds while a call runs, and never written. For hosts that have such a flag:
/// one that a signal handler sets, or the one in which an interpreter notes that the user wants to interrupt it. Its type
/// is that of sig_atomic_t where that is an int; other threads should write it atomically.
///
/// Local. Needs the context for itself. `*flag` has to live until it is replaced, or as long as the context and what was made
/// with it.
/// Errors: DICOD_ERROR_NULL_POINTER (context), DICOD_ERROR_INVALID_ARGUMENT (flag: not aligned), DICOD_ERROR_INVALID_STATE
/// (context in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_context_set_cancel_flag(context: *mut dicod_context, flag: *const i32) -> dicod_status {
    guard(|| {
        let context = of(context)?;
        aligned(flag, "flag")?;
        let _free = context.0.callbacks()?;
        // SAFETY: the caller's promise.
        unsafe { context.0.cancel.set_flag(flag) };
        Ok(())
    })
}

impl Context {
    fn callbacks(&self) -> Result<MutexGuard<'_, Callbacks>> {
        // A map has the ranks without these.
        fails_if_busy(Arc::as_ptr(&self.ranks).cast())?;
        unpoisoned_if_free(self.callbacks.try_lock()).ok_or_else(|| in_use("context"))
    }
}

/// The context of a call, if it has one.
pub(crate) fn shared(context: *const dicod_context) -> Option<Arc<Context>> {
    optional(context).map(|context| context.0.clone())
}

/// The use of a context by one call.
pub(crate) struct Session<'c> {
    pub(crate) n_threads: usize,
    /// Ends before the context is free for another call.
    running: Option<Running<'c>>,
    callbacks: Option<MutexGuard<'c, Callbacks>>,
    /// Where the transport lies, which no callback can use.
    ranks: *const (),
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
            running: None,
            callbacks: callbacks.transpose()?,
            ranks: context.as_ref().map_or(std::ptr::null(), |context| Arc::as_ptr(&context.ranks).cast()),
        })
    }

    /// The same by a call that can be cancelled.
    pub(crate) fn run(context: &'c Option<Arc<Context>>) -> Result<Self> {
        let session = Self::enter(context)?;
        let running = context.as_ref().map(|context| context.cancel.begin());
        Ok(Session { running, ..session })
    }

    /// Collective: does what the call does by a clock that began with it.
    pub(crate) fn timed(
        &self,
        start: Instant,
        options: &Options,
        ranks: &Arc<dyn Transport>,
        call: impl FnOnce(&Clock<'_>) -> Result<dicod_status>,
    ) -> Result<dicod_status> {
        let mut call = Some(call);
        self.timed_call(start, options, ranks, &mut |clock| match call.take() {
            Some(call) => call(clock),
            None => Ok(DICOD_OK),
        })
    }

    /// The same for any call, compiled once.
    fn timed_call(
        &self,
        start: Instant,
        options: &Options,
        ranks: &Arc<dyn Transport>,
        call: &mut dyn FnMut(&Clock<'_>) -> Result<dicod_status>,
    ) -> Result<dicod_status> {
        let mut reporter = self.reporter();
        let report = reporter.as_mut().map(|report| report as &mut dyn FnMut(&Progress) -> bool);
        let cancel = self.running.as_ref().map(Running::cancel);
        let (limit, interval) = (options.time_limit, options.progress_interval);
        let clock = Clock::new(start, limit, interval, report, cancel, ranks);
        clock.run(|| call(&clock))
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
        during(self.ranks, || call!(log(callbacks.log_data, level, text.as_ptr())))
    }

    /// What a solve calls to report; tells whether to go on.
    fn reporter(&self) -> Option<impl FnMut(&Progress) -> bool> {
        let callbacks = self.callbacks.as_ref()?;
        let (report, userdata, ranks) = (callbacks.progress?, callbacks.progress_data, self.ranks);
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
            during(ranks, || call!(report(userdata, &progress))) == 0
        })
    }
}
