/*
 * libdicod over MPI: contexts on the ranks of a communicator. Everything else is in dicod.h.
 *
 * Generated from src/ffi/mpi.rs by tools (make header): change it there.
 *
 * There are two ways. A program that defines DICOD_MPI_INLINE before it includes this gets static functions over the mpi.h
 * that it is compiled with, and links libdicod: any MPI, nothing else. Without, the functions are those of libdicod_mpi, which is linked
 * in place of libdicod, and made for one MPI; they can be called from languages without a C compiler at hand.
 *
 * Of libdicod_mpi the installed header defines the macro DICOD_MPI_OPEN_MPI or DICOD_MPI_MPICH: it says which MPI the
 * library was built with, and a program that is compiled with another one's mpi.h is told.
 */
#ifndef DICOD_MPI_H
#define DICOD_MPI_H

#include <mpi.h>

#include "dicod.h"

#ifdef DICOD_MPI_INLINE

#include "dicod_mpi_inline.h"

#else

#if defined(DICOD_MPI_OPEN_MPI) && !defined(OPEN_MPI)
#error "this libdicod was built with Open MPI, but mpi.h is not Open MPI's: compile with the mpicc of Open MPI"
#endif
#if defined(DICOD_MPI_MPICH) && !defined(MPICH) && !defined(MPICH_VERSION)
#error "this libdicod was built with MPICH, but mpi.h is not MPICH's or one that is compatible: compile with the mpicc of MPICH"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes a context on the ranks of `comm`, any intracommunicator: `*context`. Free it with
 * dicod_context_free(), before MPI_Finalize.
 *
 * The communicator is duplicated: nothing of the program's own messages is seen or disturbed, and
 * it may be freed at once. Errors on the duplicate are returned, not fatal. Error handlers of the
 * program's are left as they are: one of MPI while `comm` is duplicated goes to its own, and with
 * MPI_THREAD_MULTIPLE a handle of a communicator that was freed goes to where MPI sends it, in
 * MPICH to that of MPI_COMM_WORLD or MPI_COMM_SELF. Any number of contexts may live at once.
 *
 * MPI has to be initialised by MPI_Init or MPI_Init_thread; a session alone is not enough. With
 * MPI_THREAD_SINGLE, which MPI_Init may give, only one thread is allowed; with MPI_THREAD_FUNNELED
 * or more any number: only the thread that calls the library calls MPI. `n_threads` as in
 * dicod_context_create(), it may differ between ranks. Threads with a context each may call at the
 * same time with MPI_THREAD_MULTIPLE, not with less.
 *
 * Collective over `comm`; so are the functions that say so, with a context like this one: every
 * rank calls them in the same order. They return the same status on every rank; the message says
 * which rank it came from. A rank that ends takes the job with it, as MPI's rules say.
 * Errors: DICOD_ERROR_INVALID_STATE (MPI not initialised, or already finalised);
 * DICOD_ERROR_INVALID_ARGUMENT (MPI_COMM_NULL, an intercommunicator, a handle that is not valid;
 * n_threads, also more than 1 with MPI_THREAD_SINGLE); DICOD_ERROR_NULL_POINTER (context);
 * DICOD_ERROR_COMMUNICATION.
 */
dicod_status dicod_context_create_mpi(MPI_Comm comm, int32_t n_threads, dicod_context **context);

/**
 * dicod_context_create_mpi() for a communicator as Fortran has it (`comm%MPI_VAL` of mpi_f08), and
 * languages that call through Fortran's handles.
 */
dicod_status dicod_context_create_mpi_f(MPI_Fint comm, int32_t n_threads, dicod_context **context);

/**
 * The communicator of the ranks that work on a task together (setting "ranks_per_task"): `*comm`,
 * MPI_COMM_SELF if it is one rank. It is the library's, for messages of the task while it runs; the
 * library sends nothing on it meanwhile. Errors on it are returned. It must not be freed. For calls
 * of this library use parmap_task_get_context().
 *
 * Local. To be called by the work function's thread; if the map has more than one thread on this
 * rank, only where the program may call MPI from any thread.
 * Errors: DICOD_ERROR_NULL_POINTER.
 */
dicod_status parmap_task_get_comm(const parmap_task *task, MPI_Comm *comm);

/**
 * parmap_task_get_comm() for a communicator as Fortran has it.
 */
dicod_status parmap_task_get_comm_f(const parmap_task *task, MPI_Fint *comm);

/**
 * Name and version of the MPI library that this libdicod runs with, for humans: one line. The string
 * lives as long as the program.
 *
 * Local. Thread-safe.
 */
const char *dicod_mpi_library(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* DICOD_MPI_INLINE */

#endif /* DICOD_MPI_H */
