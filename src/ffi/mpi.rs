//! Contexts on the ranks of a communicator: the header dicod_mpi.h.

use crate::ffi::boundary::*;
use crate::ffi::context::{create, dicod_context};
use crate::ffi::parmap::task::parmap_task;
use crate::ranks::mpi::{Communicator as MPI_Comm, Fint as MPI_Fint, Mpi, communicator, fortran, library};
use std::ffi::CString;
use std::sync::OnceLock;

/// Makes a context on the ranks of `comm`, any intracommunicator: `*context`. Free it with
/// dicod_context_free(), before MPI_Finalize.
///
/// The communicator is duplicated: nothing of the program's own messages is seen or disturbed, and
/// it may be freed at once. Errors on the duplicate are returned, not fatal. Error handlers of the
/// program's are left as they are: one of MPI while `comm` is duplicated goes to its own, and with
/// MPI_THREAD_MULTIPLE a handle of a communicator that was freed goes to where MPI sends it, in
/// MPICH to that of MPI_COMM_WORLD or MPI_COMM_SELF. Any number of contexts may live at once.
///
/// MPI has to be initialised by MPI_Init or MPI_Init_thread; a session alone is not enough. With
/// MPI_THREAD_SINGLE, which MPI_Init may give, only one thread is allowed; with MPI_THREAD_FUNNELED
/// or more any number: only the thread that calls the library calls MPI. `n_threads` as in
/// dicod_context_create(), it may differ between ranks. Threads with a context each may call at the
/// same time with MPI_THREAD_MULTIPLE, not with less.
///
/// Collective over `comm`; so are the functions that say so, with a context like this one: every
/// rank calls them in the same order. They return the same status on every rank; the message says
/// which rank it came from. A rank that ends takes the job with it, as MPI's rules say.
/// Errors: DICOD_ERROR_INVALID_STATE (MPI not initialised, or already finalised);
/// DICOD_ERROR_INVALID_ARGUMENT (MPI_COMM_NULL, an intercommunicator, a handle that is not valid;
/// n_threads, also more than 1 with MPI_THREAD_SINGLE); DICOD_ERROR_NULL_POINTER (context);
/// DICOD_ERROR_COMMUNICATION.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_context_create_mpi(
    comm: MPI_Comm,
    n_threads: i32,
    context: *mut *mut dicod_context,
) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| create(n_threads, context, || unsafe { Mpi::duplicate(comm) }))
}

/// dicod_context_create_mpi() for a communicator as Fortran has it (`comm%MPI_VAL` of mpi_f08), and
/// languages that call through Fortran's handles.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_context_create_mpi_f(
    comm: MPI_Fint,
    n_threads: i32,
    context: *mut *mut dicod_context,
) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| create(n_threads, context, || unsafe { Mpi::duplicate_fortran(comm) }))
}

/// The communicator of the ranks that work on a task together (setting "ranks_per_task"): `*comm`,
/// MPI_COMM_SELF if it is one rank. It is the library's, for messages of the task while it runs; the
/// library sends nothing on it meanwhile. Errors on it are returned. It must not be freed. For calls
/// of this library use parmap_task_get_context().
///
/// Local. To be called by the work function's thread; if the map has more than one thread on this
/// rank, only where the program may call MPI from any thread.
/// Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_task_get_comm(task: *const parmap_task, comm: *mut MPI_Comm) -> dicod_status {
    guard(|| put(comm, "comm", communicator_of(task)?))
}

/// parmap_task_get_comm() for a communicator as Fortran has it.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_task_get_comm_f(task: *const parmap_task, comm: *mut MPI_Fint) -> dicod_status {
    guard(|| put(comm, "comm", fortran(communicator_of(task)?)))
}

/// Name and version of the MPI library that this libdicod runs with, for humans: one line. The string
/// lives as long as the program.
///
/// Local. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_mpi_library() -> *const c_char {
    static NAME: OnceLock<CString> = OnceLock::new();
    let text = || CString::new(library()).unwrap_or_default();
    NAME.get_or_init(text).as_ptr()
}

fn communicator_of(task: *const parmap_task) -> Result<MPI_Comm> {
    let team = crate::ffi::parmap::task::task(task)?.team();
    Ok(communicator(team.and_then(|team| team.communicator())))
}
