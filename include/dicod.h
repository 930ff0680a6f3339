/*
 * libdicod: recurring patterns in signals and fields, by convolutional sparse coding.
 *
 * Generated from src/ffi by tools (make header): change it there.
 *
 * Rules that hold for every function:
 *
 * - A function that can fail returns a dicod_status: 0 is success, positive a solve that was
 *   stopped early with a valid result, negative an error. The message that says what is wrong with
 *   which argument is had from dicod_last_error().
 * - Outputs come last and are written only on success; on an error nothing of the caller's has
 *   changed. What is const stays unchanged.
 * - Sizes, counts and indices are int64_t. Arrays are row-major (C order) and the caller's: the
 *   library keeps no pointer to them after it has returned.
 * - Handles are opaque. dicod_*_create() makes one, dicod_*_free() takes the address of the
 *   caller's pointer, accepts NULL, and leaves NULL behind.
 * - Lists whose length is not known: call with a capacity of 0 for the length, then with room.
 * - No function prints, exits, or changes signal handlers, or settings of BLAS or OpenMP.
 * - The caller's floating-point environment (rounding, flush to zero, traps, flags) and errno are
 *   after a call what they were before. The library works in the default one, so that results do
 *   not depend on the caller's; callbacks run in the caller's, and what they change in it stays.
 *   Of callbacks in threads of the library the flags stay, and changes of modes end with the
 *   thread. These threads take no signals but those of their own faults, and SIGPROF: handlers run
 *   in the caller's threads, and a program that a task starts has the others blocked at first.
 * - A function that is marked local does not communicate with other processes. Collective ones
 *   have to be called by all ranks of their context, in the same order; with a context that is not
 *   on a communicator there is one rank.
 * - Thread-safe: any number of threads may call it at once, with other handles or with handles that
 *   it takes as const.
 */
#ifndef DICOD_H
#define DICOD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Version of this header; dicod_version() is that of the library that runs. The number is
 * 10000 * major + 100 * minor + patch. While the major version is 0, a new minor one may break what was
 * there: programs have to be built again then.
 */
#define DICOD_VERSION_MAJOR 0
#define DICOD_VERSION_MINOR 1
#define DICOD_VERSION_PATCH 0
#define DICOD_VERSION_NUMBER 100

/* Status and errors ---------------------------------------------------------------------------- */

/**
 * Outcome of a call. Zero is success; positive: a solve was stopped before the tolerance was
 * reached, its result is valid; negative: an error, and nothing of the caller's was changed.
 */
typedef int32_t dicod_status;

/**
 * Success.
 */
#define DICOD_OK 0

/**
 * The solve stopped at `max_iter`; the result is valid but not converged.
 */
#define DICOD_MAX_ITER 1

/**
 * The solve stopped at `time_limit`; the result is valid but not converged.
 */
#define DICOD_TIME_LIMIT 2

/**
 * The progress callback asked to stop; the result is valid but not converged.
 */
#define DICOD_CANCELLED 3

/**
 * Rounding keeps the solve from reaching `tol`, or `gap_tol`; the result is as good as the element type allows.
 */
#define DICOD_PRECISION 4

/**
 * A pointer that must not be NULL is.
 */
#define DICOD_ERROR_NULL_POINTER (-1)

/**
 * An argument has a value that is not allowed, or an option is of another type.
 */
#define DICOD_ERROR_INVALID_ARGUMENT (-2)

/**
 * A shape is impossible (lengths of the signal are 1 to 2^40), or shapes do not go together.
 */
#define DICOD_ERROR_INVALID_SHAPE (-3)

/**
 * An index is out of range.
 */
#define DICOD_ERROR_OUT_OF_RANGE (-4)

/**
 * An input array holds NaN or an infinity.
 */
#define DICOD_ERROR_NOT_FINITE (-5)

/**
 * No option has that key.
 */
#define DICOD_ERROR_UNKNOWN_OPTION (-6)

/**
 * Memory cannot be had, or a size does not fit in 64 bits.
 */
#define DICOD_ERROR_OUT_OF_MEMORY (-7)

/**
 * The call does not go with what was called before, or the handle is in use.
 */
#define DICOD_ERROR_INVALID_STATE (-8)

/**
 * A defect of the library was caught; please report its message.
 */
#define DICOD_ERROR_INTERNAL (-9)

/**
 * Messages between ranks could not be sent or received; other ranks may not know of it.
 */
#define DICOD_ERROR_COMMUNICATION (-10)

/**
 * A file could not be read or written.
 */
#define DICOD_ERROR_FILE (-11)

/**
 * All tasks were run, some failed (setting "errors" is "continue"): the results of the others are
 * valid.
 */
#define PARMAP_SOME_FAILED 101

/**
 * The consumer, or a checkpoint, stopped the run: what was done so far is valid.
 */
#define PARMAP_STOPPED 102

/**
 * A task failed, or another callback that does the work: the report says which.
 */
#define PARMAP_ERROR_TASK (-101)

/**
 * The producer failed.
 */
#define PARMAP_ERROR_PRODUCER (-102)

/**
 * The consumer failed, or a join.
 */
#define PARMAP_ERROR_CONSUMER (-103)

/**
 * The producer wants to wait although nothing is in flight: it would wait for ever.
 */
#define PARMAP_ERROR_STALLED (-104)

/**
 * The deadline has passed; parmap_get_unfinished() says what is missing.
 */
#define PARMAP_ERROR_TIMEOUT (-105)

/**
 * The run was cancelled; parmap_get_unfinished() says what is missing.
 */
#define PARMAP_ERROR_CANCELLED (-106)

/**
 * Status of a single task: it was not run, or its result does not count.
 */
#define PARMAP_NOT_RUN (-107)

/**
 * The data of a flow cannot be gone through for another phase.
 */
#define PARMAP_ERROR_NOT_RESTARTABLE (-108)

/**
 * The data of a flow have no chunk.
 */
#define PARMAP_ERROR_EMPTY (-109)

/**
 * Language of messages: axes in the order of C, the slowest first, and everything counted from 0.
 */
#define DICOD_LANGUAGE_C 0

/**
 * Language of messages: axes in the order of Fortran, the fastest first, everything but ranks and
 * workers counted from 1, and the names that the module dicod has.
 */
#define DICOD_LANGUAGE_FORTRAN 1

/**
 * Language of messages: as Fortran's, with the names of the package Dicod of Julia.
 */
#define DICOD_LANGUAGE_JULIA 2

/**
 * For short programs in C: ends the program if a call fails, and prints where and why. A positive status
 * passes. Needs <stdio.h> and <stdlib.h>. Over MPI, mpiexec ends the other ranks.
 */
#define DICOD_CHECK(call) \
    do { \
        if ((call) < 0) { \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, dicod_last_error_message()); \
            exit(EXIT_FAILURE); \
        } \
    } while (0)

/**
 * Short text for a status code; never NULL, static storage.
 *
 * Local. Thread-safe. Unknown codes give "unknown status".
 */
const char *dicod_strerror(dicod_status status);

/**
 * Copies the detailed message of this thread's last failure, NUL-terminated, cut to fit.
 *
 * `buffer` holds `capacity` bytes and may be NULL when `capacity` is 0; `needed` receives the size
 * of the whole message with its NUL and may be NULL. The message stays until the thread's next
 * failure; success does not clear it. Before any failure it is empty.
 *
 * Local. Thread-safe: each thread has its own message.
 * Errors: `DICOD_ERROR_NULL_POINTER` (buffer), `DICOD_ERROR_INVALID_ARGUMENT` (negative capacity).
 */
dicod_status dicod_last_error(int64_t capacity, char *buffer, int64_t *needed);

/**
 * The detailed message of this thread's last failure; never NULL, "" before any. It is valid until the
 * thread's next call that fails, or until the thread ends: print it at once, or copy it.
 *
 * Local. Thread-safe: each thread has its own message.
 */
const char *dicod_last_error_message(void);

/**
 * dicod_last_error() for a program in another language: `language` is DICOD_LANGUAGE_C,
 * DICOD_LANGUAGE_FORTRAN or DICOD_LANGUAGE_JULIA. Made for bindings. The message may have come from a
 * rank whose program is in a third one.
 *
 * Local. Thread-safe: each thread has its own message.
 * Errors: as dicod_last_error(), and `DICOD_ERROR_INVALID_ARGUMENT` (language).
 */
dicod_status dicod_last_error_in(int32_t language,
                                 int64_t capacity,
                                 char *buffer,
                                 int64_t *needed);

/**
 * Makes `message` the last error of this thread, for a binding that refuses an argument itself: so
 * dicod_last_error() has it, too.
 *
 * Local. Thread-safe. Errors: `DICOD_ERROR_NULL_POINTER`.
 */
dicod_status dicod_set_last_error(const char *message);

/**
 * Makes the next call of this thread fail with `status`, which is negative, and `message`, whatever
 * its arguments are; if that call is collective it fails so on every rank. For a binding that refuses
 * an argument itself, on this rank perhaps alone: without the call the other ranks would wait for this
 * one. Give the call counts and pointers that it refuses, such as -1 axes or NULL: what it does before
 * the ranks compare notes is done.
 *
 * Local. Thread-safe.
 * Errors: `DICOD_ERROR_NULL_POINTER` (message), `DICOD_ERROR_INVALID_ARGUMENT` (status).
 */
dicod_status dicod_fail_next(dicod_status status,
                             const char *message);

/**
 * The library's version, "major.minor.patch"; never NULL, static storage.
 *
 * Local. Thread-safe.
 */
const char *dicod_version(void);

/**
 * What this library is, for a report of an error or a log: one line with its version, the instructions
 * that its kernels use on this machine, the file of its BLAS, and its MPI. Never NULL; it lives as long
 * as the program.
 *
 * Local. Thread-safe.
 */
const char *dicod_build_info(void);

/* Context: threads, log, progress -------------------------------------------------------------- */

/**
 * Level of a log message: something that the caller should know of, the result is valid.
 */
#define DICOD_LOG_WARNING 1

/**
 * Level of a log message: one line for each solve.
 */
#define DICOD_LOG_INFO 2

/**
 * Level of a log message: the stages of a call, their times and sizes.
 */
#define DICOD_LOG_DEBUG 3

/**
 * How calls are run: on which ranks, with how many threads, and where log and progress go.
 *
 * dicod_context_create() makes one for this process alone; dicod_mpi.h has one for the ranks of a
 * communicator, dicod_context_create_on() one for ranks that the program connects itself.
 *
 * Functions that take a context accept NULL for it: one thread, no callbacks. A context serves one
 * call at a time: a second one, from another thread or from a callback, fails with
 * DICOD_ERROR_INVALID_STATE. Give threads that solve at the same time a context each.
 */
typedef struct dicod_context dicod_context;

/**
 * Receives log messages: `level` is DICOD_LOG_WARNING, DICOD_LOG_INFO or DICOD_LOG_DEBUG, `message`
 * a line of text without the newline, valid during the call.
 *
 * It is called in the thread that called the library. It must return (no exception, no longjmp),
 * and must not use the context or encoder of the call that runs: DICOD_ERROR_INVALID_STATE.
 */
typedef void (*dicod_log_fn)(void *userdata, int32_t level, const char *message);

/**
 * State of a running solve.
 */
typedef struct dicod_progress {
    /**
     * sizeof(dicod_progress) of the library: fields beyond it do not exist.
     */
    int64_t struct_size;
    /**
     * Passes over all tiles so far.
     */
    int64_t sweeps;
    /**
     * Coordinate steps so far.
     */
    int64_t steps;
    /**
     * Visits of tiles so far.
     */
    int64_t visits;
    /**
     * Tiles that still have something to do; all of them until more is known.
     */
    int64_t awake;
    /**
     * Number of tiles.
     */
    int64_t tiles;
    /**
     * Upper bound on the largest coordinate step left, as max_step of dicod_info, when the last sweep ended; infinite
     * until it is known, in the published schedule until the end.
     */
    double max_step;
    /**
     * The solve ends when max_step is at most this; NaN until it is known.
     */
    double tol;
    /**
     * Seconds since the call began.
     */
    double seconds;
} dicod_progress;

/**
 * Told how a solve gets on; returns 0 to go on, anything else to stop: the solve then returns
 * DICOD_CANCELLED with a valid result. If it descends, what it has reached is still certified, and the callback not
 * asked again; another stage ends at once. dicod_cancel() ends everything at once.
 *
 * It is called every "progress_interval" seconds (an option) in all stages of a solve, also while the calling thread waits
 * for others, and once at the end, when its answer changes nothing. What it is told of sweeps, steps and tiles is how things
 * stood after the last sweep of which all ranks know. `progress` is valid during the call. As for
 * dicod_log_fn: called in the thread that called the library, it must return, and must not use the
 * context or encoder of the call that runs.
 */
typedef int32_t (*dicod_progress_fn)(void *userdata, const dicod_progress *progress);

/**
 * Makes a context: `*context`. Free it with dicod_context_free().
 *
 * `n_threads` is the number of threads that a call may use, the calling one included: from 1 to
 * 1024; -1: as many as the process may use cores (affinity and quota of its control group, and no
 * more than SLURM_CPUS_PER_TASK and OMP_NUM_THREADS say); -2: one fewer, at least 1. Results do not depend on it, not in a single bit. Threads are started and
 * ended inside a call.
 *
 * Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER (context), DICOD_ERROR_INVALID_ARGUMENT (n_threads).
 */
dicod_status dicod_context_create(int32_t n_threads,
                                  dicod_context **context);

/**
 * Frees a context and sets the caller's pointer to NULL. `context` and `*context` may be NULL.
 * Encoders made with it stay usable, with its ranks, threads and callbacks: the library's duplicate
 * of a communicator is freed with the last of them.
 *
 * Local; with the ranks of a communicator collective, and to be called before MPI_Finalize. After
 * that it frees what it can.
 * No other thread may be using the handle.
 * Errors: DICOD_ERROR_INVALID_STATE (MPI is already finalised; the handle is gone all the same).
 */
dicod_status dicod_context_free(dicod_context **context);

/**
 * Rank of this process among those of the context, `*rank` from 0, and their number, `*n_ranks`:
 * 0 and 1 without a communicator. Either may be NULL.
 *
 * Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER (context).
 */
dicod_status dicod_context_get_ranks(const dicod_context *context,
                                     int32_t *rank,
                                     int32_t *n_ranks);

/**
 * Number of threads that calls with this context may use: `*n_threads`, what -1 and -2 came to.
 *
 * Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
 */
dicod_status dicod_context_get_threads(const dicod_context *context, int32_t *n_threads);

/**
 * Sends log messages to `log`, with `userdata` as its first argument; NULL: to nobody, as at first.
 * The library itself prints nothing. `userdata` may be NULL; it has to live as long as the context
 * and its encoders, or until it is replaced.
 *
 * Local. Needs the context for itself.
 * Errors: DICOD_ERROR_NULL_POINTER (context), DICOD_ERROR_INVALID_STATE (context in use).
 */
dicod_status dicod_context_set_log(dicod_context *context, dicod_log_fn log, void *userdata);

/**
 * Calls `progress` now and then during a solve, with `userdata` as its first argument; NULL: does
 * not, as at first. `userdata` as in dicod_context_set_log().
 *
 * Local. Needs the context for itself.
 * Errors: DICOD_ERROR_NULL_POINTER (context), DICOD_ERROR_INVALID_STATE (context in use).
 */
dicod_status dicod_context_set_progress(dicod_context *context,
                                        dicod_progress_fn progress,
                                        void *userdata);

/**
 * Ends the solve or the learning that runs with a context, at once: within some milliseconds, wherever it is. The call
 * returns DICOD_CANCELLED, on all ranks, with a result that is valid as far as it goes: z is what was reached, finite; what
 * the info says of it is there only if it was proven before, see dicod_info.proven.
 *
 * It reaches a call from its first line to its last. Returns 1 if there is one, 0 if none runs with this context, or
 * `context` is NULL: then nothing happens, and nothing is remembered that would end the next call. A host that has
 * sent a thread to solve, and cancels while that thread may not have come to its call yet, asks again until it is told 1,
 * or that the thread is done.
 *
 * A progress callback that returns another value than 0 ends a descent, too, but waits for the certificate of what was
 * reached. It may call this to be out at once.
 *
 * Local: with several ranks it is enough to call it on one; from other threads, callbacks, and signal handlers
 * (it reads and writes one lock-free atomic and nothing else). The context must not be freed meanwhile.
 */
int32_t dicod_cancel(const dicod_context *context);

/**
 * Lets a flag of the host's cancel calls with this context, as dicod_cancel() does, for as long as it is not 0; NULL: none, as
 * at first. It is read every few milliseconds while a call runs, and never written. For hosts that have such a flag:
 * one that a signal handler sets, or the one in which an interpreter notes that the user wants to interrupt it. Its type
 * is that of sig_atomic_t where that is an int; other threads should write it atomically.
 *
 * Local. Needs the context for itself. `*flag` has to live until it is replaced, or as long as the context and what was made
 * with it.
 * Errors: DICOD_ERROR_NULL_POINTER (context), DICOD_ERROR_INVALID_ARGUMENT (flag: not aligned), DICOD_ERROR_INVALID_STATE
 * (context in use).
 */
dicod_status dicod_context_set_cancel_flag(dicod_context *context,
                                           const int32_t *flag);

/* Ranks that the program connects itself ------------------------------------------------------- */

typedef struct dicod_transport dicod_transport;

/**
 * A reduction: the sum, which wraps around.
 */
#define DICOD_REDUCE_SUM 0

/**
 * The largest.
 */
#define DICOD_REDUCE_MAX 1

/**
 * The smallest.
 */
#define DICOD_REDUCE_MIN 2

/**
 * Starts to send `n` bytes to rank `to`, perhaps to this one, without waiting for it to receive them: `*request`, which
 * may be NULL if they have already been copied. The bytes stay where and what they are until the request is done. n is at most
 * 2^30 + 1; `tag` is from 0 to 32767. Messages of one tag from one rank to another arrive in the order in which
 * they were sent. Returns 0, or an error of its own.
 */
typedef int32_t (*dicod_transport_send_fn)(void *state,
                                           int32_t to,
                                           int32_t tag,
                                           const void *bytes,
                                           int64_t n,
                                           void **request);

/**
 * Whether a request of send or reduce is done: `*done` is 1, and the request gone, or 0. Does not wait. Returns 0, or an
 * error.
 */
typedef int32_t (*dicod_transport_test_fn)(void *state, void *request, int32_t *done);

/**
 * The next message with a tag from rank `from`, or from any if that is -1: `*found` is 1, and `*source` and `*n` say who
 * sent it and how many bytes it has, or 0 if none has arrived. Does not wait. Returns 0, or an error.
 */
typedef int32_t (*dicod_transport_probe_fn)(void *state,
                                            int32_t from,
                                            int32_t tag,
                                            int32_t *found,
                                            int32_t *source,
                                            int64_t *n);

/**
 * Receives the message of `n` bytes that was just found by probe. Returns 0, or an error.
 */
typedef int32_t (*dicod_transport_receive_fn)(void *state,
                                              int32_t source,
                                              int32_t tag,
                                              void *bytes,
                                              int64_t n);

/**
 * Starts to combine `n` values of each rank, entry by entry, as `how` says (DICOD_REDUCE_SUM, _MAX, _MIN): `*request`, which
 * may be NULL if it is already done. Every rank gets the same result. Values and result stay where they are until the
 * request is done. Ranks start reductions in the same order; several may be under way. Must not wait for other ranks. Returns 0, or an
 * error.
 */
typedef int32_t (*dicod_transport_reduce_fn)(void *state,
                                             int32_t how,
                                             int64_t n,
                                             const int64_t *values,
                                             int64_t *result,
                                             void **request);

/**
 * Collective: makes a transport of the ranks with the same colour, numbered by (key, rank): `*part`, whose struct_size is
 * set. Those with a colour of -1 are in none: `*part` is left as it is. May wait for other ranks. Returns 0, or an error.
 */
typedef int32_t (*dicod_transport_split_fn)(void *state,
                                            int32_t colour,
                                            int32_t key,
                                            dicod_transport *part);

/**
 * Collective: makes a transport of those ranks that run on the same machine as this one, so that POSIX shared memory of one
 * can be opened by all: `*part`, whose struct_size is set. Returns 0, or an error.
 */
typedef int32_t (*dicod_transport_node_fn)(void *state, dicod_transport *part);

/**
 * Whether the transport can be used (1) or no longer (0): as after MPI_Finalize.
 */
typedef int32_t (*dicod_transport_is_open_fn)(void *state);

/**
 * Writes what an error of its own means, or, if that is 0, why it is no longer open: at most `capacity` bytes, ended by a zero.
 */
typedef void (*dicod_transport_explain_fn)(void *state,
                                           int32_t error,
                                           int64_t capacity,
                                           char *buffer);

/**
 * Frees what belongs to the transport. It is called once, by the last that used it; after that nothing else is. May be collective.
 */
typedef void (*dicod_transport_free_fn)(void *state);

/**
 * Ranks that the program connects itself: whatever carries bytes between its processes, or threads, is good enough.
 * dicod_mpi.h fills one over any MPI; examples/c/transport_threads.c has ranks that are threads.
 *
 * The functions are called by the thread that has called the library, one at a time, and in the library's floating-point environment,
 * which is the default one. None of them may call the library or leave by longjmp or an exception. Those that do not
 * wait are asked again and again while the library waits, with pauses that grow to two milliseconds. An error of one of them
 * (any value but 0) ends the call with DICOD_ERROR_COMMUNICATION on this rank; as after an error of MPI others may then wait
 * for ever, so that a program does best to end.
 */
struct dicod_transport {
    /**
     * sizeof(dicod_transport): DICOD_TRANSPORT_INIT sets it.
     */
    int64_t struct_size;
    /**
     * The first argument of all functions; may be NULL.
     */
    void *state;
    /**
     * Number of this rank, from 0.
     */
    int32_t rank;
    /**
     * Number of ranks, at least 1.
     */
    int32_t n_ranks;
    /**
     * 1: calls may use more threads than the one that calls; else 0.
     */
    int32_t may_have_threads;
    /**
     * Starts to send.
     */
    dicod_transport_send_fn send;
    /**
     * Asks for the end of what was started.
     */
    dicod_transport_test_fn test;
    /**
     * Looks for a message.
     */
    dicod_transport_probe_fn probe;
    /**
     * Receives it.
     */
    dicod_transport_receive_fn receive;
    /**
     * Starts a reduction.
     */
    dicod_transport_reduce_fn reduce;
    /**
     * Makes a part. NULL: maps whose tasks have several ranks are refused.
     */
    dicod_transport_split_fn split;
    /**
     * Makes the part of a machine; NULL: each rank has a copy of what is shared.
     */
    dicod_transport_node_fn node;
    /**
     * Whether it is still there; NULL: always.
     */
    dicod_transport_is_open_fn is_open;
    /**
     * Explains an error; NULL: it is told as a number.
     */
    dicod_transport_explain_fn explain;
    /**
     * Frees it; NULL: nothing is to be freed.
     */
    dicod_transport_free_fn free;
};

/**
 * Initialiser of a dicod_transport: struct_size, and zeros.
 */
#define DICOD_TRANSPORT_INIT {sizeof(dicod_transport), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/**
 * Makes a context on the ranks that `transport` connects: `*context`. Free it with dicod_context_free().
 *
 * Everything that is said of contexts over MPI holds for it: the same results, bit for bit, on any number of ranks; the same errors
 * on every rank. The struct is copied; what it points to is the library's to free by its function `free` once this has
 * succeeded, with the context and all that was made with it; after an error it is still the caller's. `n_threads` as in
 * dicod_context_create(), it may differ between ranks.
 *
 * Collective over the ranks; so are the functions that say so, with a context like this one: every rank calls them in the same
 * order. What the transport itself is told wrong is refused on this rank alone, before anything is sent.
 * Errors: DICOD_ERROR_NULL_POINTER (transport, one of its functions send, test, probe, receive and reduce, context);
 * DICOD_ERROR_INVALID_ARGUMENT (struct_size, rank, n_ranks, may_have_threads; n_threads, also more than 1 where the transport
 * allows no threads); DICOD_ERROR_COMMUNICATION.
 */
dicod_status dicod_context_create_on(const dicod_transport *transport,
                                     int32_t n_threads,
                                     dicod_context **context);

/* Options -------------------------------------------------------------------------------------- */

/**
 * Options of a solve, by key. All keys, their types, defaults and meanings:
 * dicod_options_describe().
 *
 * Functions that take options accept NULL for them: the defaults. They copy what they need: later
 * changes don't reach an encoder that was made before. Any number of threads may read the same
 * options at once; setting them while another thread uses them is DICOD_ERROR_INVALID_STATE.
 */
typedef struct dicod_options dicod_options;

/**
 * What an option is. The strings are static: they are not freed.
 */
typedef struct dicod_option_info {
    /**
     * sizeof(dicod_option_info), set by the caller.
     */
    int64_t struct_size;
    /**
     * The key by which it is set and read.
     */
    const char *key;
    /**
     * Which function sets it: "real", "reals", "integer", "integers" or "string".
     */
    const char *value_type;
    /**
     * Default, as text; "" is the empty list.
     */
    const char *default_value;
    /**
     * Allowed values: "at least 0", "0 or 1", or the words of a string, separated by ", ".
     */
    const char *allowed;
    /**
     * What it means, one line.
     */
    const char *meaning;
} dicod_option_info;

/*
 * All options: key (type, default, allowed values), and what it means.
 *
 * reg (real, default 0.1, at least 0)
 *     regularisation: lambda, or the fraction of lambda_max, see reg_scale; one lambda for all atoms: those of less norm pay more for the same in x (reg_per_atom = reg * norm treats all alike)
 * reg_per_atom (reals, default empty, each at least 0)
 *     one regularisation per atom instead of reg; empty: reg for all
 * reg_scale (string, default relative, relative | absolute | per-atom)
 *     unit of reg and reg_per_atom: relative to lambda_max, or absolute; per-atom: that of each atom relative to the lambda_max that it has by itself, max |d_k * x| (correlation)
 * ridge (real, default 0.0, from 0 to 1000000)
 *     weight of a squared penalty beside lambda, 1/2 ridge |d_k|^2 |z_k|^2 (elastic net): without a unit, as atoms of any norm are shrunk alike; not multiplied by weights of samples
 * tol (real, default 1e-3, at least 0)
 *     largest step that may be left; one at atom k counts as |d_k| |dz_k|, what it changes in the reconstruction (published schedule: as |dz_k|); see tol_scale
 * tol_scale (string, default relative, relative | absolute)
 *     unit of tol: relative to the largest step from z = 0 (for atoms of norm 1: lambda_max - lambda), or absolute: bounds |dz| of every atom, in units of z
 * gap_tol (real, default 0.0, at least 0)
 *     if positive, the solve ends when the duality gap is proven to be at most this fraction of the objective; tol says only where that is first looked at, then whenever what is left is a quarter; 0: tol ends it
 * proof (string, default quick, quick | tight)
 *     what the duality gap of a result within tol is from: quick: the dual point that it gives itself; tight: that of a better result, until the gap is at most 5 times what F is above its least value, or 1e-7 of F; the result stays as it is, steps and seconds are more; not in learning
 * max_iter (integer, default -1, at least -1)
 *     iterations at most: steps, or in the published schedule tile visits; -1: no limit
 * time_limit (real, default inf, at least 0)
 *     seconds after which the solve, or learning, returns with what it has, wherever it is; a descent ends so early that what it has reached can be certified
 * strategy (string, default locally-greedy, locally-greedy | greedy | random | cyclic | cyclic-shuffled)
 *     choice of the next coordinate inside a tile
 * schedule (string, default coloured, coloured | published | asynchronous)
 *     order of the tiles: parallel by colours; as in the published serial code; or every rank by itself, where the result depends on when messages arrive (one rank: by colours)
 * soft_lock (string, default border, none | corner | border)
 *     asynchronous schedule: which steps within reach of other ranks are left to them while they have larger ones; with less than "border" it may diverge, which is an error
 * steps_per_visit (integer, default 0, at least 0)
 *     steps in a tile before the next one is visited; 0: automatic; in the published schedule always 1
 * tile_shape (integers, default empty, each at least 1)
 *     least tile shape, one length per axis; empty: automatic; not with strategy greedy, which has one tile
 * positive (integer, default 0, 0 or 1)
 *     1: activations are constrained to z >= 0
 * periodic (integers, default empty, each 0 or 1)
 *     per axis, 1: the axis wraps around (valid shape = signal shape); empty: none does
 * missing (string, default none, none | nan)
 *     nan: a sample of x that is NaN is missing, as if its weight were 0 (see dicod_encoder_set_weights); none: it is an error
 * background (string, default none, none | mean | smooth)
 *     what is taken from each channel of each signal before it is coded: nothing; its mean over the domain; or at each position the mean over a box around it (see background_length); samples that are missing do not count
 * background_length (integers, default empty, each at least 1)
 *     background smooth: edges of the box, one per axis or one for all; along an edge l it has the positions from i - l/2 to i - l/2 + l - 1, cut at the ends of the domain (around a periodic axis at most once)
 * warm_start (integer, default 0, 0 or 1)
 *     1: start from the given z (dicod_solve) or from the last one (encoder), not from zero
 * frozen_support (integer, default 0, 0 or 1)
 *     1: with warm_start (and not without), coordinates that start at zero stay there
 * seed (integer, default 0, at least 0)
 *     seed of what is random: strategies, first atoms, batches; nothing else depends on it
 * correlation (string, default auto, auto | direct | gemm | fft)
 *     how signal and atoms are correlated: by matrix products or by transforms
 * progress_interval (real, default 0.5, at least 0)
 *     least seconds between two calls of the progress callback
 * trace (integer, default 0, 0 or 1)
 *     1: encoders record what this rank does when, see dicod_encoder_get_trace()
 * learn_init (string, default random-patches, random-patches | greedy-patches | random | given)
 *     first atoms: patches of the signals at random, greedily what is left unexplained, noise, or d
 * learn_max_iter (integer, default 50, at least 0)
 *     outer iterations at most, each a step of z and one of the dictionary
 * learn_tol (real, default 1e-4, at least 0)
 *     learning ends when an outer iteration lowers the objective by less than this fraction
 * learn_reg_reference (string, default first, first | each)
 *     relative reg, without effect on an absolute one: fraction of lambda_max of the first dictionary that has to do with x, or of each new one
 * learn_dict_tol (real, default 1e-5, at least 0)
 *     the dictionary step ends when its data term is proven this near to the least, relative
 * learn_dict_max_iter (integer, default 100, at least 0)
 *     gradient iterations of a dictionary step at most
 * learn_window (integer, default 0, 0 or 1)
 *     1: atoms are zero at the border of their support; patches are tapered by a Tukey window
 * learn_zero_mean (integer, default 0, 0 or 1)
 *     1: every atom has mean zero in each channel (those of learn_fixed_atoms aside), so that no level is learned
 * learn_non_negative (integer, default 0, 0 or 1)
 *     1: no value of an atom is negative (those of learn_fixed_atoms aside); not with learn_zero_mean
 * learn_rank_one (integer, default 0, 0 or 1)
 *     1: atoms are products of channel weights and one spatial shape
 * learn_fixed_atoms (integers, default empty, each 0 or 1)
 *     per atom, 1: it stays as it is in d; empty: all are learned
 * learn_recentre (integer, default 1, 0 or 1)
 *     1: atoms are moved to the middle of their support where that lowers the objective
 * learn_sort (integer, default 0, 0 or 1)
 *     1: learning ends with atoms in the order of what they explain, the first one most, and with the largest value of each positive (unless z is); see dicod_learner_sort_atoms()
 * learn_redraw (integer, default 1, 0 or 1)
 *     1: atoms without activations are replaced by the patches of the largest residual
 * learn_redraw_below (real, default 0, at least 0)
 *     with learn_redraw, replace atoms with less than this fraction of the mean |z|_1, too; the objective may rise
 * learn_online (integer, default 0, 0 or 1)
 *     1: each step brings new signals; statistics add up instead of being replaced
 * learn_batch (integer, default 0, at least 0)
 *     signals per step, drawn in random order, as learn_online; 0: all of them
 * learn_crops (integer, default 0, at least 0)
 *     windows that each step draws at random from the signals, by seed, to look at them alone, as learn_online; not with weights of samples; 0: none, it looks at all of the signals
 * learn_crop_shape (integers, default empty, each at least 1)
 *     with learn_crops: shape of such a window, one length per axis or one for all; beyond its ends there is nothing, also where the axis wraps
 * learn_forgetting (real, default 1, from 0 to 1)
 *     with learn_online, learn_batch or learn_crops, else without effect: weight of the statistics so far when those of another batch are added
 * learn_robust (real, default 0, from 0 to 1)
 *     above 0: samples that have gone wrong (spikes) are left out: in each iteration those of which more is left when it begins than 6 times this quantile of all |x - sum z * d| that are not 0, the least so far; not with learn_online, learn_batch or learn_crops
 * learn_statistics (string, default auto, auto | sparse | fft)
 *     statistics of z from pairs of non-zeros, by transforms, or whichever is cheaper
 */

/**
 * Initialiser of a dicod_option_info: struct_size, and zeros.
 */
#define DICOD_OPTION_INFO_INIT {sizeof(dicod_option_info), 0, 0, 0, 0, 0}

/**
 * Makes options with their defaults: `*options`. Free them with dicod_options_free().
 *
 * Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
 */
dicod_status dicod_options_create(dicod_options **options);

/**
 * Frees options and sets the caller's pointer to NULL. `options` and `*options` may be NULL.
 *
 * Local. No other thread may be using the handle.
 */
dicod_status dicod_options_free(dicod_options **options);

/**
 * Sets the option `key`, of type "real", to a number. Nothing changes on an error.
 *
 * Local. Needs the options for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_UNKNOWN_OPTION (key; the message names the nearest
 * one); DICOD_ERROR_INVALID_ARGUMENT (the option has another type, or the value is not allowed);
 * DICOD_ERROR_INVALID_STATE (options in use).
 */
dicod_status dicod_options_set_real(dicod_options *options, const char *key, double value);

/**
 * Sets the option `key`, of type "reals", to `values[n]`. `values` may be NULL if `n` is 0. A list
 * whose length depends on the problem is compared with it when the options are used.
 *
 * Local. Needs the options for itself. Errors: as dicod_options_set_real(), and
 * DICOD_ERROR_INVALID_ARGUMENT for a negative n.
 */
dicod_status dicod_options_set_reals(dicod_options *options,
                                     const char *key,
                                     int64_t n,
                                     const double *values);

/**
 * Sets the option `key`, of type "integer", to a number.
 *
 * Local. Needs the options for itself. Errors: as dicod_options_set_real().
 */
dicod_status dicod_options_set_integer(dicod_options *options,
                                       const char *key,
                                       int64_t value);

/**
 * Sets the option `key`, of type "integers", to `values[n]`; everything else as for
 * dicod_options_set_reals().
 *
 * Local. Needs the options for itself. Errors: as dicod_options_set_reals().
 */
dicod_status dicod_options_set_integers(dicod_options *options,
                                        const char *key,
                                        int64_t n,
                                        const int64_t *values);

/**
 * Sets the option `key`, of type "string", to one of its words.
 *
 * Local. Needs the options for itself. Errors: as dicod_options_set_real().
 */
dicod_status dicod_options_set_string(dicod_options *options,
                                      const char *key,
                                      const char *value);

/**
 * Sets the option `key`, of any type, to what `text` says: a number as in C ("1e-2", "inf"), a word, 0 or 1, or a list with
 * commas between, "" an empty one; one per axis begins with the slowest axis in every language.
 *
 * Local. Needs the options for itself. Errors: as dicod_options_set_real().
 */
dicod_status dicod_options_set(dicod_options *options,
                               const char *key,
                               const char *text);

/**
 * Sets all options that `text` holds, as key=value with blanks or line ends between and none within:
 * "reg=0.15 tol=1e-2 periodic=1,1"; values as for dicod_options_set(). The last one counts where a key stands twice. On an
 * error none of them is set.
 *
 * Local. Needs the options for itself. Errors: as dicod_options_set_real().
 */
dicod_status dicod_options_parse(dicod_options *options,
                                 const char *text);

/**
 * Sets the options that the environment variable DICOD_OPTIONS holds, as dicod_options_parse() does; nothing if it is not
 * set. The library looks at it here only: call it before what the program sets itself, if that is to count, or after.
 *
 * Local, each rank has its own environment; encoders tell where options differ. Needs the options for itself, and no other
 * thread may change the environment meanwhile. Errors: as dicod_options_set_real(); the message names the variable.
 */
dicod_status dicod_options_from_environment(dicod_options *options);

/**
 * All options as text, a line key=value each, which dicod_options_parse() reads back as the same, bit for bit: it goes, with
 * its NUL, `*needed` bytes, to `buffer`, which has room for `capacity`. With a capacity of 0 only `*needed` is written, and
 * `buffer` may be NULL. `options` may be NULL: the defaults.
 *
 * Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER (buffer, needed); DICOD_ERROR_INVALID_ARGUMENT (a capacity that is negative or, other than
 * 0, too small); DICOD_ERROR_INVALID_STATE (another thread is setting the options).
 */
dicod_status dicod_options_to_text(const dicod_options *options,
                                   int64_t capacity,
                                   char *buffer,
                                   int64_t *needed);

/**
 * Makes new options that are set as these: `*copy`. Free them with dicod_options_free(). `options` may be NULL: the defaults.
 *
 * Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER (copy); DICOD_ERROR_INVALID_STATE (another thread is setting the options).
 */
dicod_status dicod_options_copy(const dicod_options *options,
                                dicod_options **copy);

/**
 * Reads the option `key`, of type "real": `*value`. `options` may be NULL: the default.
 *
 * Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER (key, value); DICOD_ERROR_UNKNOWN_OPTION (key);
 * DICOD_ERROR_INVALID_ARGUMENT (the option has another type); DICOD_ERROR_INVALID_STATE (another
 * thread is setting the options).
 */
dicod_status dicod_options_get_real(const dicod_options *options,
                                    const char *key,
                                    double *value);

/**
 * Reads the option `key`, of type "reals": its `*count` values go to `values`, which has room for
 * `capacity`. With a capacity of 0 only the count is written, and `values` may be NULL. `options`
 * may be NULL: the default.
 *
 * Local. Thread-safe. Errors: as dicod_options_get_real(), and DICOD_ERROR_INVALID_ARGUMENT for a
 * capacity that is negative or, other than 0, too small.
 */
dicod_status dicod_options_get_reals(const dicod_options *options,
                                     const char *key,
                                     int64_t capacity,
                                     double *values,
                                     int64_t *count);

/**
 * Reads the option `key`, of type "integer": `*value`. `options` may be NULL: the default.
 *
 * Local. Thread-safe. Errors: as dicod_options_get_real().
 */
dicod_status dicod_options_get_integer(const dicod_options *options,
                                       const char *key,
                                       int64_t *value);

/**
 * Reads the option `key`, of type "integers"; everything else as for dicod_options_get_reals().
 *
 * Local. Thread-safe. Errors: as dicod_options_get_reals().
 */
dicod_status dicod_options_get_integers(const dicod_options *options,
                                        const char *key,
                                        int64_t capacity,
                                        int64_t *values,
                                        int64_t *count);

/**
 * Reads the option `key`, of type "string": the word with its NUL, `*needed` bytes, goes to
 * `value`, which has room for `capacity`. With a capacity of 0 only `*needed` is written, and
 * `value` may be NULL. `options` may be NULL: the default.
 *
 * Local. Thread-safe. Errors: as dicod_options_get_reals().
 */
dicod_status dicod_options_get_string(const dicod_options *options,
                                      const char *key,
                                      int64_t capacity,
                                      char *value,
                                      int64_t *needed);

/**
 * Number of options that there are: `*count`.
 *
 * Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
 */
dicod_status dicod_options_get_count(int64_t *count);

/**
 * Describes option number `index`, from 0 to the count less one: `*info`, whose struct_size the
 * caller sets before (DICOD_OPTION_INFO_INIT does). Bindings and help texts are made from this.
 *
 * Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE (index), DICOD_ERROR_INVALID_ARGUMENT
 * (info->struct_size too small).
 */
dicod_status dicod_options_describe(int64_t index, dicod_option_info *info);

/* What is to be solved ------------------------------------------------------------------------- */

/**
 * Which problem is to be solved: the shape of a signal and of an atom, and how many there are.
 *
 * DICOD_PROBLEM_INIT makes one of one signal with one channel, in which n_axes, the shapes and n_atoms have to be set;
 * DICOD_PROBLEM_1D, DICOD_PROBLEM_2D and DICOD_PROBLEM_3D set these, too. It is only read during a call, and nothing of it
 * is kept.
 */
typedef struct dicod_problem {
    /**
     * sizeof(dicod_problem).
     */
    int64_t struct_size;
    /**
     * Number of axes: 1, 2 or 3.
     */
    int64_t n_axes;
    /**
     * Shape of a signal, the slowest axis first. As in atom_shape n_axes lengths count, what follows is not read.
     */
    int64_t signal_shape[4];
    /**
     * Shape of an atom; with atom_shapes of one that is as long as the longest along each axis.
     */
    int64_t atom_shape[4];
    /**
     * Number of atoms in the dictionary.
     */
    int64_t n_atoms;
    /**
     * Number of channels of a signal, and so of an atom. Initially 1.
     */
    int64_t n_channels;
    /**
     * Number of signals, which are independent. Initially 1.
     */
    int64_t n_signals;
    /**
     * The shape of each atom by itself, (n_atoms, n_axes), from 1 to that of atom_shape; NULL, as initially: all have that one.
     *
     * Arrays stay as they are: the dictionary has n_atoms, n_channels, atom_shape..., and what is beyond an atom's own shape is
     * not read (it may be NaN), and 0 where it is written. An atom begins with its first sample at its activation, and z has the
     * positions of dicod_valid_shape() for all atoms: with atom_shape of length L a shorter atom of length M does not reach the
     * last L - M samples of an axis that is not periodic. A step costs by the true size: it changes the correlations at
     * M + L - 1 positions along an axis, not 2 L - 1. Everything else is as with atoms that were padded with zeros. Atoms that are
     * learned stay within their shapes: first patches are cut to them, a mean of zero is that over them, and atoms are sorted
     * among those of the same shape.
     */
    const int64_t *atom_shapes;
} dicod_problem;

/**
 * Initialisers of a dicod_problem with everything in it, for one signal of one channel: the signal's shape, how
 * many atoms there are, and their shape. Other numbers of channels and signals are set afterwards.
 */
#define DICOD_PROBLEM_1D(length, n_atoms, atom_length) \
    {sizeof(dicod_problem), 1, {length, 0, 0, 0}, {atom_length, 0, 0, 0}, n_atoms, 1, 1, 0}
#define DICOD_PROBLEM_2D(rows, columns, n_atoms, atom_rows, atom_columns) \
    {sizeof(dicod_problem), 2, {rows, columns, 0, 0}, {atom_rows, atom_columns, 0, 0}, n_atoms, 1, 1, 0}
#define DICOD_PROBLEM_3D(planes, rows, columns, n_atoms, atom_planes, atom_rows, atom_columns) \
    {sizeof(dicod_problem), 3, {planes, rows, columns, 0}, {atom_planes, atom_rows, atom_columns, 0}, n_atoms, 1, 1, 0}

/**
 * Initialiser of a dicod_problem: struct_size, n_channels = 1, n_signals = 1, and zeros.
 */
#define DICOD_PROBLEM_INIT {sizeof(dicod_problem), 0, {0}, {0}, 0, 1, 1, 0}

/* What a solve found --------------------------------------------------------------------------- */

/**
 * In dicod_info.proven: lambda, lambda_max and tol are known. They are NaN if the solve was stopped before the first
 * correlation of signal and atoms was.
 */
#define DICOD_PROVEN_LAMBDA 1

/**
 * In dicod_info.proven: objective, data_term, max_step and duality_gap are those of z. If the solve was stopped before
 * they were, the former two are NaN and the latter two infinite; z is valid all the same.
 */
#define DICOD_PROVEN_RESULT 2

/**
 * What a solve found, what it cost, and the proof of the result.
 *
 * objective, data_term, max_step and duality_gap are computed anew from x and z at the end. Over
 * several ranks all is about the whole domain, but seconds, bytes and messages, which are this
 * rank's. If time_limit or dicod_cancel() ended the solve in the middle of a stage, `proven` tells what
 * is known.
 */
typedef struct dicod_info {
    /**
     * sizeof(dicod_info), set by the caller: DICOD_INFO_INIT does.
     */
    int64_t struct_size;
    /**
     * What the solve returned: DICOD_OK or a positive status.
     */
    dicod_status status;
    /**
     * Threads that it was allowed.
     */
    int32_t n_threads;
    /**
     * Regularisation, absolute; the largest of all atoms' when they differ.
     */
    double lambda;
    /**
     * Smallest regularisation for which z = 0 is optimal, max |D * x| (correlation); what it is with factors of which some are 0
     * dicod_encoder_set_penalties() says.
     */
    double lambda_max;
    /**
     * Bound on max_step at which the solve ends, absolute, in units of z.
     */
    double tol;
    /**
     * Coordinate steps.
     */
    int64_t steps;
    /**
     * Visits of tiles.
     */
    int64_t visits;
    /**
     * Passes over all tiles.
     */
    int64_t sweeps;
    /**
     * Number of z that are not zero.
     */
    int64_t nonzeros;
    /**
     * F(z), data term and penalties.
     */
    double objective;
    /**
     * Half the squared norm of x less its reconstruction.
     */
    double data_term;
    /**
     * Largest coordinate step left, in units of z: max ‖d_k‖·|dz_k| / min ‖d_k‖, which is max |dz| where all atoms
     * have the same norm, and nowhere less. (Atoms that are zero do not count. In the published schedule: max |dz|.)
     * Of float arrays it is an upper bound: what their rounding may hide, some 1e-6 lambda_max / |d|^2, is added, but nothing
     * that would take it above the tolerance at which the solve ended.
     */
    double max_step;
    /**
     * F(z) is at most this far above its minimum.
     */
    double duality_gap;
    /**
     * Seconds for the whole call; for dicod_solve() the making of its encoder included. It is the sum of
     * seconds_correlate, seconds_descend, seconds_certify and seconds_other, for dicod_solve() of seconds_gram, too.
     */
    double seconds;
    /**
     * Seconds for the Gram tensor; an encoder computes it when it is made.
     */
    double seconds_gram;
    /**
     * Seconds for the first correlation of signal and atoms, and for taking in the signal.
     */
    double seconds_correlate;
    /**
     * Seconds for the descent.
     */
    double seconds_descend;
    /**
     * Seconds for the certificate.
     */
    double seconds_certify;
    /**
     * Bytes that the solver holds, the Gram tensor aside.
     */
    int64_t bytes;
    /**
     * Bytes of the Gram tensor and of what is derived from it.
     */
    int64_t bytes_gram;
    /**
     * Messages that this rank sent to others, reductions aside.
     */
    int64_t messages;
    /**
     * Bytes in them.
     */
    int64_t bytes_sent;
    /**
     * Seconds that this rank waited for others.
     */
    double seconds_waiting;
    /**
     * Sum of DICOD_PROVEN_LAMBDA and DICOD_PROVEN_RESULT, as far as they hold: both, unless the solve returned DICOD_TIME_LIMIT
     * or DICOD_CANCELLED.
     */
    int64_t proven;
    /**
     * Seconds for all else: checks, laying out tiles, handing out z.
     */
    double seconds_other;
    /**
     * Least value of what was taken from x (option "background") over all signals, channels and positions; 0 without the
     * option. lambda_max, objective, data_term and duality_gap are those of x less it.
     */
    double background_least;
    /**
     * Largest value of it. NaN, as the least, if the solve was stopped before it was known.
     */
    double background_most;
} dicod_info;

/**
 * Initialiser of a dicod_info: struct_size, and zeros.
 */
#define DICOD_INFO_INIT {sizeof(dicod_info), 0, 0, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, \
    0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0.0, 0, 0.0, 0.0, 0.0}

/**
 * What a solve found as text for people, three lines without a newline at the end: how it ended and
 * where, how good that is, what it cost. With a `capacity` of 0 it writes only `needed`, the bytes that
 * the text takes with its NUL; else `buffer`, too, which holds `capacity` bytes.
 *
 * Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER (info, buffer, needed); DICOD_ERROR_INVALID_ARGUMENT (struct_size; a
 * capacity that is too small).
 */
dicod_status dicod_info_text(const dicod_info *info,
                             int64_t capacity,
                             char *buffer,
                             int64_t *needed);

/* One call on plain arrays --------------------------------------------------------------------- */

/**
 * Shape of the activations: `valid_shape[n_axes]`, T - L + 1 along an axis of a signal of length T
 * and atoms of length L, or T where the option "periodic" says that the axis wraps around.
 *
 * Call it first to know how much room z needs: n_signals * n_atoms times the product of this.
 * `options` may be NULL. Of `problem` the axes and shapes matter.
 *
 * Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (problem: struct_size, n_axes; "periodic" of another
 * length), DICOD_ERROR_INVALID_SHAPE (lengths below 1 or above 2^40, atoms longer than the signal),
 * DICOD_ERROR_OUT_OF_MEMORY (sizes whose product overflows).
 */
dicod_status dicod_valid_shape(const dicod_options *options,
                               const dicod_problem *problem,
                               int64_t *valid_shape);

/**
 * The activations that go with a block of a signal that begins at `offset[n_axes]` and has the
 * shape `local_shape[n_axes]`: those at its positions, as far as there are any. They begin at
 * `valid_offset[n_axes]` and have the shape `valid_local_shape[n_axes]`, which is all zeros where
 * there are none. Blocks that make up the signal give blocks that make up the activations. The
 * other arguments are those of dicod_valid_shape().
 *
 * Local. Thread-safe. Errors: as dicod_valid_shape(); DICOD_ERROR_INVALID_SHAPE (negative lengths).
 */
dicod_status dicod_valid_block(const dicod_options *options,
                               const dicod_problem *problem,
                               const int64_t *offset,
                               const int64_t *local_shape,
                               int64_t *valid_offset,
                               int64_t *valid_local_shape);

/**
 * Convolutional sparse coding in one call: finds the activations z that minimise
 *
 * `F(z) = 1/2 |x - sum_k z_k * d_k|^2 + sum_k lambda_k |z_k|_1`
 *
 * (full convolution of each activation map with its atom, summed over atoms; z >= 0 if the option
 * "positive" says so) by locally greedy coordinate descent. The option "ridge" adds a squared penalty (elastic net),
 * `1/2 ridge sum_k |d_k|^2 |z_k|^2`: with it, and with regularisation as lambda goes with x and d, x in other units and atoms of
 * other norms give the same z in theirs. With the option "background" it is the x less its background that
 * is coded, in this and all that is said of it: `F(z) = 1/2 |x - b - sum_k z_k * d_k|^2 + ...`. b is computed in exact sums; x - b
 * is formed in double precision and then rounded to the element type, so that floats on a high level lose nothing.
 *
 * - `context`: threads and callbacks; NULL: one thread, none.
 * - `options`: regularisation, tolerance, strategy...; NULL: the defaults, among them
 *   lambda = 0.1 lambda_max.
 * - `problem`: shapes and numbers of signals, channels and atoms.
 * - `x`: n_signals independent signals (n_signals, n_channels, signal_shape...).
 * - `d`: dictionary (n_atoms, n_channels, atom_shape...); atoms of any norm.
 * - `z`: activations (n_signals, n_atoms, valid_shape...), see dicod_valid_shape(): how strongly each
 *   atom occurs with its first element (not its middle) at a position, less what the penalty takes
 *   away. Written; with the option "warm_start" the values there are where the solve starts.
 * - `info`: may be NULL; set info->struct_size before (DICOD_INFO_INIT does).
 *
 * All arrays are row-major (C order) without gaps. The result is the same, bit for bit, for any
 * number of threads and ranks. With a context on the ranks of a communicator every rank brings all
 * of `x` and gets all of `z`, and the work is shared; dicod_encoder_solve() is for fields that lie
 * spread over the ranks. Signals are coded independently but share lambda_max, the largest of all.
 *
 * Arrays of doubles with a tolerance above some 1e-4 of lambda_max: the descent keeps what follows from
 * z (correlations of the residual) in single precision, in half the time and memory. z, and all that
 * info says of it (lambda_max, objective, max_step, gap), is in double precision, whatever tol is.
 * A signal that has nothing to do with the atoms (a flat field, atoms without a mean), whose lambda_max
 * is rounding alone, has z = 0.
 *
 * Returns DICOD_OK when max |dz| <= tol; DICOD_MAX_ITER, DICOD_TIME_LIMIT, DICOD_CANCELLED or
 * DICOD_PRECISION when the solve ended before: z and info are valid then, too. On an error z and
 * info are untouched.
 *
 * The option "time_limit" counts from this call on, and holds in every stage, on every rank. A descent ends so early
 * that what it has reached can be certified in what is left. Where the limit is shorter than that takes, z is what there
 * is (zeros, or where a warm start began, or what was reached), and info->proven says what is known of it.
 *
 * Collective over the context's ranks. Thread-safe, except that a context serves one call at a
 * time.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (problem: struct_size, n_axes, counts below 1; lists in options
 * that do not fit the problem, options that contradict each other, z that overlaps x or d, pointers that are not aligned, numbers so large that products
 * overflow, negative z for a warm start of a positive solve); DICOD_ERROR_INVALID_SHAPE (lengths
 * below 1 or above 2^40, atoms longer than the signal, atom_shapes beyond atom_shape); DICOD_ERROR_NOT_FINITE (x, d, z);
 * DICOD_ERROR_OUT_OF_MEMORY (also sizes whose product overflows); DICOD_ERROR_INVALID_STATE
 * (context in use).
 *
 * Sources: Moreau, Oudre, Vayatis, DICOD (ICML 2018); Moreau, Gramfort, DiCoDiLe
 * (arXiv 1901.09235).
 */
dicod_status dicod_solve(dicod_context *context,
                         const dicod_options *options,
                         const dicod_problem *problem,
                         const double *x,
                         const double *d,
                         double *z,
                         dicod_info *info);

/**
 * dicod_solve() for arrays of float.
 */
dicod_status dicod_solve_f32(dicod_context *context,
                             const dicod_options *options,
                             const dicod_problem *problem,
                             const float *x,
                             const float *d,
                             float *z,
                             dicod_info *info);

/**
 * Smallest regularisation for which z = 0 is optimal: `*lambda_max` = max |D * x| (correlation;
 * without the absolute value if the option "positive" is set), over all signals.
 *
 * Arguments are those of dicod_solve(); of the options "positive", "periodic", "missing" and "background" matter. The value
 * is the one that dicod_solve() reports.
 *
 * Local. Thread-safe, except that a context serves one call at a time. Errors: as dicod_solve().
 */
dicod_status dicod_lambda_max(dicod_context *context,
                              const dicod_options *options,
                              const dicod_problem *problem,
                              const double *x,
                              const double *d,
                              double *lambda_max);

/**
 * dicod_lambda_max() for arrays of float.
 */
dicod_status dicod_lambda_max_f32(dicod_context *context,
                                  const dicod_options *options,
                                  const dicod_problem *problem,
                                  const float *x,
                                  const float *d,
                                  double *lambda_max);

/**
 * What the activations stand for: `x` = sum_k z_k * d_k (full convolution), shape
 * (n_signals, n_channels, signal_shape...).
 *
 * Arguments are those of dicod_solve(), `z` is read and `x` written; of the options "periodic"
 * matters: there is no background in it. Zeros in z cost nothing. `x` must not overlap z or d.
 *
 * Local. Thread-safe, except that a context serves one call at a time. Errors: as dicod_solve().
 */
dicod_status dicod_reconstruct(dicod_context *context,
                               const dicod_options *options,
                               const dicod_problem *problem,
                               const double *d,
                               const double *z,
                               double *x);

/**
 * dicod_reconstruct() for arrays of float.
 */
dicod_status dicod_reconstruct_f32(dicod_context *context,
                                   const dicod_options *options,
                                   const dicod_problem *problem,
                                   const float *d,
                                   const float *z,
                                   float *x);

/**
 * What dicod_solve() minimises, for any z: `*objective` = F(z) and `*data_term` = its first half,
 * 1/2 |x - sum_k z_k * d_k|^2, which may be NULL.
 *
 * Arguments are those of dicod_solve(), `z` is read. The regularisation is that of the options:
 * where it is relative, lambda_max of x is computed first. With the option "background" both are of x less its background.
 *
 * Local. Thread-safe, except that a context serves one call at a time. Errors: as dicod_solve().
 */
dicod_status dicod_objective(dicod_context *context,
                             const dicod_options *options,
                             const dicod_problem *problem,
                             const double *x,
                             const double *d,
                             const double *z,
                             double *objective,
                             double *data_term);

/**
 * dicod_objective() for arrays of float.
 */
dicod_status dicod_objective_f32(dicod_context *context,
                                 const dicod_options *options,
                                 const dicod_problem *problem,
                                 const float *x,
                                 const float *d,
                                 const float *z,
                                 double *objective,
                                 double *data_term);

/**
 * The Gram tensor of a dictionary: `gram` = G of shape (n_atoms, n_atoms, 2 L - 1...), row-major,
 * G[k, k0, L - 1 + tau] = sum_s d_k[s] d_k0[s + tau], summed over channels (DiCoDiLe, section
 * 3.1). Along an axis of atoms of length L, tau goes from -(L - 1) to L - 1.
 *
 * `d` is (n_atoms, n_channels, atom_shape...), as `problem` says; its signals do not matter. `context`
 * may be NULL. `gram` must not overlap d.
 *
 * Local. Thread-safe, except that a context serves one call at a time. Errors: as dicod_solve().
 */
dicod_status dicod_gram(dicod_context *context,
                        const dicod_problem *problem,
                        const double *d,
                        double *gram);

/**
 * dicod_gram() for arrays of float.
 */
dicod_status dicod_gram_f32(dicod_context *context,
                            const dicod_problem *problem,
                            const float *d,
                            float *gram);

/* Array descriptors ---------------------------------------------------------------------------- */

/**
 * Element type of an array: float.
 */
#define DICOD_F32 32

/**
 * Element type of an array: double.
 */
#define DICOD_F64 64

/**
 * An array over a box of `n_axes` axes that lies anywhere in the caller's memory: one pointer per
 * channel, the same strides for all.
 *
 * For a signal the channels are those of all signals, signal after signal: n_signals * n_channels;
 * for activations likewise the atoms: n_signals * n_atoms. The element at local position i of
 * channel c is channels[c] + sum over a of i[a] * strides[a]. Position 0 need not be the lowest
 * address: strides may be negative. Interleaved channels are pointers one element apart. Ghost
 * layers are stepped over: point to the first element of the block, and give the strides of the
 * array that is allocated.
 * A Fortran or Julia array is the same memory with its axes reversed.
 *
 * A dicod_const_array describes what is read, a dicod_array what is written. Set it to zero first (DICOD_ARRAY_INIT does, and sets struct_size): later versions may have more
 * fields, for which zero is what this version does. It is only read during a call, and nothing of
 * it is kept.
 */
typedef struct dicod_array {
    /**
     * sizeof(dicod_array).
     */
    int64_t struct_size;
    /**
     * DICOD_F64 or DICOD_F32. Initially DICOD_F64.
     */
    int64_t element_type;
    /**
     * Number of axes, 1 to 3.
     */
    int64_t n_axes;
    /**
     * Shape of the whole domain: `[n_axes]`; that of the signal for x, that of dicod_valid_shape() for z.
     */
    const int64_t *global_shape;
    /**
     * Where the block of this rank begins in the domain: `[n_axes]`, or NULL: at 0.
     */
    const int64_t *offset;
    /**
     * Shape of the block of this rank: `[n_axes]`, or NULL: the whole domain. Zeros: the rank holds
     * nothing. Without a communicator the block of an input is the whole domain.
     */
    const int64_t *local_shape;
    /**
     * Distance between neighbours along each axis, in elements: `[n_axes]`, or NULL: row-major
     * without gaps, and so without ghost layers. May be negative. In an array that is written, no two elements may share
     * memory.
     */
    const int64_t *strides;
    /**
     * Number of channels.
     */
    int64_t n_channels;
    /**
     * One pointer per channel, aligned to the element type: `[n_channels]`.
     */
    void *const *channels;
} dicod_array;

/**
 * A dicod_array that is read and not written: the same, but for what `channels` points to.
 * DICOD_CONST_ARRAY_INIT sets one up.
 */
typedef struct dicod_const_array {
    /**
     * sizeof(dicod_const_array).
     */
    int64_t struct_size;
    /**
     * DICOD_F64 or DICOD_F32. Initially DICOD_F64.
     */
    int64_t element_type;
    /**
     * Number of axes, 1 to 3.
     */
    int64_t n_axes;
    /**
     * Shape of the whole domain: `[n_axes]`.
     */
    const int64_t *global_shape;
    /**
     * Where the block of this rank begins: `[n_axes]`, or NULL.
     */
    const int64_t *offset;
    /**
     * Shape of that block: `[n_axes]`, or NULL.
     */
    const int64_t *local_shape;
    /**
     * Distance between neighbours along each axis, in elements: `[n_axes]`, or NULL.
     */
    const int64_t *strides;
    /**
     * Number of channels.
     */
    int64_t n_channels;
    /**
     * One pointer per channel: `[n_channels]`.
     */
    const void *const *channels;
} dicod_const_array;

/**
 * Initialiser of a dicod_array: struct_size, element_type = DICOD_F64, and zeros.
 */
#define DICOD_ARRAY_INIT {sizeof(dicod_array), DICOD_F64, 0, 0, 0, 0, 0, 0, 0}
/**
 * Initialiser of a dicod_const_array: struct_size, element_type = DICOD_F64, and zeros.
 */
#define DICOD_CONST_ARRAY_INIT {sizeof(dicod_const_array), DICOD_F64, 0, 0, 0, 0, 0, 0, 0}

/* Encoder: solve again and again --------------------------------------------------------------- */

/**
 * Memory that an encoder of such a problem will hold on this rank from its first solve on, in bytes, before anything is taken:
 * `*bytes` is about what dicod_info.bytes will be, and `*bytes_gram` what dicod_info.bytes_gram will be. `*bytes_weights` is what
 * dicod_encoder_set_weights() adds to `*bytes`, `*bytes_penalties` what dicod_encoder_set_penalties() adds. `element_type` is
 * DICOD_F64 or DICOD_F32; the rank's block of x begins at `offset[n_axes]` and has the shape `local_shape[n_axes]`, all zeros
 * if it holds nothing; both may be NULL: the whole domain. `context` and `options` may be NULL, and all results but `bytes`.
 *
 * A tenth is left for what nobody knows before: each z that is not zero takes some 200 bytes, of which steps on their way take
 * most; where there are many it is more. Less where a field is quiet: tiles in which nothing can move take hardly any. Weights and
 * holes are counted as if every tile had some; with the option "missing" = "nan" `*bytes` has holes in it, and `*bytes_weights`
 * what weights take beside them. Not counted is, of double arrays whose tolerance lets c be in single precision, that it
 * might have to be in double after all, and what option "trace" keeps. While an encoder is made the Gram tensor is there in double
 * precision, too; while a tight proof is sought z is there twice. The fields themselves are the caller's, and are not copied.
 *
 * Collective over the context's ranks, with the same arguments but for the block. Thread-safe, except that a context serves one
 * call at a time.
 * Errors: as dicod_encoder_create(); DICOD_ERROR_INVALID_ARGUMENT (element_type); DICOD_ERROR_INVALID_SHAPE (blocks that overlap,
 * leave a hole or are not in the domain).
 */
dicod_status dicod_encoder_memory(dicod_context *context,
                                  const dicod_options *options,
                                  const dicod_problem *problem,
                                  int64_t element_type,
                                  const int64_t *offset,
                                  const int64_t *local_shape,
                                  int64_t *bytes,
                                  int64_t *bytes_gram,
                                  int64_t *bytes_weights,
                                  int64_t *bytes_penalties);

/**
 * The same of a learner, from its first step on: `*bytes` and `*bytes_gram` are together about what dicod_handle_info.bytes will be,
 * statistics and what a step looks at ("learn_batch", "learn_crops") included. `*bytes_weights` is what
 * dicod_learner_set_weights() adds to `*bytes`, 0 with "learn_crops". With "learn_robust" samples that are left out are counted as
 * holes of "missing" = "nan" are.
 *
 * While a step of the dictionary runs the statistics are there twice. Before the first step "learn_init" = "greedy-patches" takes
 * 8 bytes for each position of a signal, for as long as it looks for atoms.
 *
 * Collective over the context's ranks, with the same arguments but for the block. Thread-safe, except that a context serves one
 * call at a time. Errors: as dicod_encoder_memory(), and dicod_learner_create() but for d.
 */
dicod_status dicod_learner_memory(dicod_context *context,
                                  const dicod_options *options,
                                  const dicod_problem *problem,
                                  int64_t element_type,
                                  const int64_t *offset,
                                  const int64_t *local_shape,
                                  int64_t *bytes,
                                  int64_t *bytes_gram,
                                  int64_t *bytes_weights);

/**
 * A dictionary bound to a domain, for programs that encode again and again.
 *
 * It keeps the Gram tensor and the activations of the last solve. With the option "warm_start"
 * each solve begins with those: the next time step, or the same signal with a better dictionary,
 * takes few steps. An encoder serves one call at a time: a second one, from another thread or from
 * a callback, fails with DICOD_ERROR_INVALID_STATE.
 */
typedef struct dicod_encoder dicod_encoder;

/**
 * Makes an encoder: `*encoder`. Free it with dicod_encoder_free().
 *
 * Arguments are those of dicod_solve(): the problem, of the whole domain, and the dictionary `d`
 * (n_atoms, n_channels, atom_shape...), row-major. Options and dictionary are copied. `context` and `options` may be
 * NULL; the context may be freed before the encoder. Takes the time of the Gram tensor, and memory
 * for z, the residual and the Gram tensor.
 *
 * With the ranks of a communicator every rank makes one, of the whole domain's shape, with the same
 * arguments: differences are an error on all.
 *
 * Collective over the context's ranks. Thread-safe, except that a context serves one call at a
 * time.
 * Errors: as dicod_solve(); DICOD_ERROR_INVALID_ARGUMENT also for the published schedule on more
 * than one rank.
 */
dicod_status dicod_encoder_create(dicod_context *context,
                                  const dicod_options *options,
                                  const dicod_problem *problem,
                                  const double *d,
                                  dicod_encoder **encoder);

/**
 * dicod_encoder_create() for arrays of float.
 */
dicod_status dicod_encoder_create_f32(dicod_context *context,
                                      const dicod_options *options,
                                      const dicod_problem *problem,
                                      const float *d,
                                      dicod_encoder **encoder);

/**
 * Makes an encoder with a dictionary of rank one, d_k = u_k (outer product) v_k: channel factors
 * `u` (n_atoms, n_channels) and spatial factors `v` (n_atoms, atom_shape...), row-major. They are
 * not multiplied out where that saves work. Everything else as for dicod_encoder_create().
 *
 * Collective over the context's ranks. Thread-safe, except that a context serves one call at a
 * time. Errors: as dicod_encoder_create().
 */
dicod_status dicod_encoder_create_rank1(dicod_context *context,
                                        const dicod_options *options,
                                        const dicod_problem *problem,
                                        const double *u,
                                        const double *v,
                                        dicod_encoder **encoder);

/**
 * dicod_encoder_create_rank1() for arrays of float.
 */
dicod_status dicod_encoder_create_rank1_f32(dicod_context *context,
                                            const dicod_options *options,
                                            const dicod_problem *problem,
                                            const float *u,
                                            const float *v,
                                            dicod_encoder **encoder);

/**
 * Frees an encoder and sets the caller's pointer to NULL. `encoder` and `*encoder` may be NULL.
 *
 * Local, unless its context has been freed before: then it frees the communicator as
 * dicod_context_free() does, which is collective. No other thread may be using the handle.
 */
dicod_status dicod_encoder_free(dicod_encoder **encoder);

/**
 * Replaces the dictionary by `d` of the same shape, and computes its Gram tensor. The activations
 * are kept, for a warm start. After an error the encoder is as it was.
 *
 * Collective over the context's ranks. Needs the encoder and its context for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_NOT_FINITE (d); DICOD_ERROR_INVALID_ARGUMENT (the
 * encoder is one of float; norms that overflow); DICOD_ERROR_OUT_OF_MEMORY;
 * DICOD_ERROR_INVALID_STATE (encoder or context in use).
 */
dicod_status dicod_encoder_set_dictionary(dicod_encoder *encoder, const double *d);

/**
 * dicod_encoder_set_dictionary() for encoders of float.
 */
dicod_status dicod_encoder_set_dictionary_f32(dicod_encoder *encoder, const float *d);

/**
 * Replaces the dictionary by one of rank one, see dicod_encoder_create_rank1(); the encoder need
 * not have been made with one. Everything else as for dicod_encoder_set_dictionary().
 *
 * Collective over the context's ranks. Needs the encoder and its context for itself. Errors: as
 * dicod_encoder_set_dictionary().
 */
dicod_status dicod_encoder_set_dictionary_rank1(dicod_encoder *encoder,
                                                const double *u,
                                                const double *v);

/**
 * dicod_encoder_set_dictionary_rank1() for encoders of float.
 */
dicod_status dicod_encoder_set_dictionary_rank1_f32(dicod_encoder *encoder,
                                                    const float *u,
                                                    const float *v);

/**
 * Gives each sample of the signals a weight: the next solves minimise
 *
 * `F(z) = 1/2 sum w (x - sum_k z_k * d_k)^2 + sum_k lambda_k |z_k|_1`
 *
 * `weights` is described as x is in dicod_encoder_solve(), n_signals * n_channels channels over the signal's shape, of the
 * encoder's element type: w >= 0 and finite. Over the ranks of a communicator each brings a block; these need not be those of
 * x. Weights are copied, and hold until others are given or dicod_encoder_clear_weights(); activations are kept, for a warm
 * start.
 *
 * Where w = 0 there is no sample: x is not looked at, and may be NaN. An activation all of whose support is missing is
 * zero. The option "missing" = "nan" says the same of all samples that are NaN, without an array; both may be used together.
 * lambda_max, objective and gap in dicod_info are those of F.
 *
 * What it costs: one pass over the window for each solve, and for each step whose support meets samples of different
 * weights some more than a usual one; where the weight is the same on all of the support nothing. tol: where samples of the
 * support are missing, or count less than the largest weight, a step counts by how far its correlation is from the optimum,
 * |c_k - lambda sign z_k| / |d_k| over the largest weight, if that is less than |d_k| |dz_k|.
 *
 * Collective over the context's ranks. Needs the encoder and its context for itself. After an error weights are as they were.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (weights: negative or not finite,
 * which names the place; so large or so small that the inverse overflows; another element type or number of channels);
 * DICOD_ERROR_INVALID_SHAPE (weights; blocks that overlap or leave a hole); DICOD_ERROR_OUT_OF_MEMORY;
 * DICOD_ERROR_INVALID_STATE (encoder or context in use); DICOD_ERROR_COMMUNICATION.
 */
dicod_status dicod_encoder_set_weights(dicod_encoder *encoder,
                                       const dicod_const_array *weights);

/**
 * All samples have the weight 1 from the next solve on, as before dicod_encoder_set_weights(). Activations are kept, for a warm
 * start.
 *
 * Collective over the context's ranks. Needs the encoder and its context for itself. Errors: DICOD_ERROR_NULL_POINTER;
 * DICOD_ERROR_INVALID_STATE (encoder or context in use).
 */
dicod_status dicod_encoder_clear_weights(dicod_encoder *encoder);

/**
 * Gives each activation a penalty of its own: the next solves minimise
 *
 * `F(z) = 1/2 |x - sum_k z_k * d_k|^2 + sum_k lambda_k sum_u f_k[u] |z_k[u]|`
 *
 * `penalties` holds the factors f, described as z is in dicod_encoder_set_z(), n_signals * n_atoms channels over the shape of
 * dicod_valid_shape(), of the encoder's element type: f >= 0; where f is infinite z is 0, exactly. Over the ranks of a
 * communicator each brings a block. Factors are copied, and hold until others are given or dicod_encoder_clear_penalties(),
 * also for another dictionary; activations are kept, for a warm start, where they may be. Weights of samples and the options
 * "ridge", which they do not multiply, "positive" and "reg_per_atom" hold, too.
 *
 * lambda_max is max |D * x| / f (correlation) over 0 < f < infinity; with the option "reg_scale" = "per-atom" that of each atom.
 * If no f is 0, it is the least regularisation with which z = 0. Where some are, these activations take from x what they can
 * before the others have their turn, which lambda_max knows nothing of: a relative "reg" is then a fraction of that number, and
 * no more; z may be 0 where 0 < f with less of it, and other than 0 with all of it. dicod_encoder_get_lambda() tells of
 * lambda_k, without f. Where f = 0 an activation costs nothing: a dual point may have nothing there, and all that the duality
 * gap says then is F(z) >= 0.
 * With the option "gap_tol" the solve then ends within "tol", and returns DICOD_PRECISION.
 *
 * What it costs: nothing where f is 1 in all of a tile; elsewhere some memory, up to twice that of the correlations, and a
 * search for steps that is somewhat slower.
 *
 * Collective over the context's ranks. Needs the encoder and its context for itself. After an error factors are as they were.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (penalties: negative or NaN, which names the place; so large or
 * so small that the inverse overflows; another element type or number of channels); DICOD_ERROR_INVALID_SHAPE (penalties;
 * blocks that overlap or leave a hole); DICOD_ERROR_OUT_OF_MEMORY; DICOD_ERROR_INVALID_STATE (encoder or context in use);
 * DICOD_ERROR_COMMUNICATION.
 */
dicod_status dicod_encoder_set_penalties(dicod_encoder *encoder,
                                         const dicod_const_array *penalties);

/**
 * All activations have the penalty lambda_k from the next solve on, as before dicod_encoder_set_penalties(). Activations are
 * kept, for a warm start.
 *
 * Collective over the context's ranks. Needs the encoder and its context for itself. Errors: DICOD_ERROR_NULL_POINTER;
 * DICOD_ERROR_INVALID_STATE (encoder or context in use).
 */
dicod_status dicod_encoder_clear_penalties(dicod_encoder *encoder);

/**
 * Encodes the signals `x`, over the signal's shape, n_signals * n_channels channels. Nothing is
 * copied but into the residual. Over the ranks of a communicator each brings the block that it
 * holds; all blocks together are the domain, without overlap. Which rank works on what follows from
 * the blocks of the first solve: whoever holds the middle of a tile gets it, or all get equal
 * shares where that would leave ranks idle. z is the same, bit for bit, for any number of ranks and
 * any blocks. The activations stay in the encoder: dicod_encoder_get_z(),
 * dicod_encoder_get_sparse(). `info` may be NULL; set info->struct_size before (DICOD_INFO_INIT
 * does).
 *
 * Returns as dicod_solve() does. After DICOD_ERROR_OUT_OF_MEMORY the activations in the encoder
 * are valid but unspecified; after DICOD_ERROR_INTERNAL it can only be freed; after other errors
 * it is as it was.
 *
 * Collective over the context's ranks: an error on one is an error on all, its message says on
 * which. Needs the encoder and its context for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (x: another element type, number
 * of axes or channels than the encoder's, pointers that are not aligned or NULL, strides that lead
 * beyond memory, numbers so large that products overflow); DICOD_ERROR_INVALID_SHAPE (x; blocks
 * that overlap or leave a hole); DICOD_ERROR_NOT_FINITE (x); DICOD_ERROR_OUT_OF_MEMORY;
 * DICOD_ERROR_INVALID_STATE (encoder or context in use, MPI finalised);
 * DICOD_ERROR_COMMUNICATION.
 */
dicod_status dicod_encoder_solve(dicod_encoder *encoder,
                                 const dicod_const_array *x,
                                 dicod_info *info);

/**
 * Told of each point of dicod_encoder_path(): its number, from 0, its regularisation as it was given, and what was found there:
 * `info`, valid during the call, with the status of this point. Returns 0 to go on, anything else to stop. The encoder holds z of
 * this point and may be asked: dicod_encoder_get_z(), _get_sparse, _get_lambda, _reconstruct and whatever needs the encoder, but
 * not its context, for itself; what needs that, too, as _objective, _set_dictionary and _set_weights do, fails with
 * DICOD_ERROR_INVALID_STATE. Where it sets or clears z, the next point begins with that. Called in the thread that called
 * the library, on every rank; it must return, and must not use the context of the call that runs.
 */
typedef int32_t (*dicod_path_fn)(void *userdata, int64_t point, double reg, const dicod_info *info);

/**
 * Encodes the signals `x` once for each of `n_reg` regularisations `reg[n_reg]`, one after the other: each solve begins with the
 * activations that the last one has found, which takes few steps where the values are near each other; usually they decrease. The
 * first solve begins at zero, or with the option "warm_start" with the activations in the encoder.
 *
 * Values are as the option "reg": fractions of lambda_max, or absolute, see "reg_scale"; with "reg_per_atom" they are factors of
 * what that says. At each point all else is as if the encoder had been made with that regularisation, and the result, to
 * its tolerance, what a solve by itself would find. "time_limit" holds for the whole call, "max_iter" for a point.
 * dicod_reg_path() makes a list.
 *
 * `each` is told of every point, with `userdata`, and may take z; NULL: nobody. `x` is as for dicod_encoder_solve(). `info` may
 * be NULL; it is that of the last point that was solved, with the status that the call returns. The result is the same, bit for
 * bit, for any number of threads and ranks and any blocks.
 *
 * Returns DICOD_OK if every point did; else the status of the first that did not (DICOD_MAX_ITER, DICOD_PRECISION); where the path
 * ended early DICOD_TIME_LIMIT, or DICOD_CANCELLED if `each`, on any rank, or a progress callback said so. The encoder then
 * holds the last point.
 *
 * Collective over the context's ranks, with the same `reg` on each; an error on one is an error on all. Needs the encoder and its
 * context for itself.
 * Errors: as dicod_encoder_solve(); DICOD_ERROR_NULL_POINTER (reg); DICOD_ERROR_INVALID_ARGUMENT (n_reg less than 1; a value of
 * reg that is negative or not finite, which is named with its index): nothing was done then.
 */
dicod_status dicod_encoder_path(dicod_encoder *encoder,
                                const dicod_const_array *x,
                                int64_t n_reg,
                                const double *reg,
                                dicod_path_fn each,
                                void *userdata,
                                dicod_info *info);

/**
 * Regularisations for dicod_encoder_path(), `reg[n]`: from `most` to `least`, each the same multiple of the one before. With
 * relative values `most` is 1, where z = 0; with absolute ones it is dicod_lambda_max().
 *
 * Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n less than 1; most or least not positive or not finite).
 */
dicod_status dicod_reg_path(int64_t n,
                            double most,
                            double least,
                            double *reg);

/**
 * Copies the dictionary: `d` (n_atoms, n_channels, atom_shape...), row-major, `n_values` in all, as dicod_encoder_describe()
 * tells: bit for bit what the encoder was given last; atoms of rank one multiplied out.
 *
 * Local. Needs the encoder for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n_values is not that of the encoder's dictionary; the encoder
 * is one of float); DICOD_ERROR_INVALID_STATE (encoder in use); DICOD_ERROR_OUT_OF_MEMORY.
 */
dicod_status dicod_encoder_get_dictionary(const dicod_encoder *encoder,
                                          int64_t n_values,
                                          double *d);

/**
 * dicod_encoder_get_dictionary() for encoders of float.
 */
dicod_status dicod_encoder_get_dictionary_f32(const dicod_encoder *encoder,
                                              int64_t n_values,
                                              float *d);

/**
 * Copies the factors of a dictionary of rank one: `u` (n_atoms, n_channels), `n_u` values in all, and `v` (n_atoms,
 * atom_shape...), `n_v` values in all; row-major.
 *
 * Local. Needs the encoder for itself. Errors: as dicod_encoder_get_dictionary(), and DICOD_ERROR_INVALID_STATE if the atoms are
 * not of rank one.
 */
dicod_status dicod_encoder_get_dictionary_rank1(const dicod_encoder *encoder,
                                                int64_t n_u,
                                                double *u,
                                                int64_t n_v,
                                                double *v);

/**
 * dicod_encoder_get_dictionary_rank1() for encoders of float.
 */
dicod_status dicod_encoder_get_dictionary_rank1_f32(const dicod_encoder *encoder,
                                                    int64_t n_u,
                                                    float *u,
                                                    int64_t n_v,
                                                    float *v);

/**
 * Sets the activations from `z`, over the valid shape, n_signals * n_atoms channels: where the
 * next solve begins, if the option "warm_start" is set. Each rank brings a block of them, another
 * than that of x if it likes; all together are the valid domain.
 *
 * Collective over the context's ranks. Needs the encoder for itself. Errors: as dicod_encoder_solve(), for z; also
 * DICOD_ERROR_INVALID_ARGUMENT for a negative value if the option "positive" is set.
 */
dicod_status dicod_encoder_set_z(dicod_encoder *encoder,
                                 const dicod_const_array *z);

/**
 * Forgets the activations: the next solve begins at z = 0.
 *
 * Local. Needs the encoder for itself.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_STATE (encoder in use).
 */
dicod_status dicod_encoder_clear_z(dicod_encoder *encoder);

/**
 * Writes the activations into the memory that `z` describes, over the valid shape,
 * n_signals * n_atoms channels; zeros before the first solve. The descriptor itself is not
 * changed, nor is the memory between its elements. Each rank asks for the block that it likes, see
 * dicod_valid_block(); blocks may overlap, and need not cover everything.
 *
 * Collective over the context's ranks. Needs the encoder for itself. Errors: as dicod_encoder_solve(), for z; also
 * DICOD_ERROR_INVALID_ARGUMENT if two elements share memory.
 */
dicod_status dicod_encoder_get_z(const dicod_encoder *encoder,
                                 const dicod_array *z);

/**
 * Lists the activations on this rank that are not zero, sorted by signal, atom and position
 * (row-major): those of dicod_encoder_get_region(), without a communicator all. Entry i is `signal[i]`, `atom[i]`, `position[i][n_axes]` in the valid shape, and `value[i]`, which is
 * a double for encoders of float, too.
 *
 * Call it first with a capacity of 0: only `*count` is written. Then with arrays of at least that
 * many entries. Arrays that are not wanted may be NULL.
 *
 * Local. Needs the encoder for itself.
 * Errors: DICOD_ERROR_NULL_POINTER (encoder, count); DICOD_ERROR_INVALID_ARGUMENT (capacity
 * negative or, other than 0, too small); DICOD_ERROR_OUT_OF_MEMORY; DICOD_ERROR_INVALID_STATE
 * (encoder in use).
 */
dicod_status dicod_encoder_get_sparse(const dicod_encoder *encoder,
                                      int64_t capacity,
                                      int64_t *signal,
                                      int64_t *atom,
                                      int64_t *position,
                                      double *value,
                                      int64_t *count);

/**
 * As dicod_encoder_get_sparse(), for the activations in a block of the valid domain, which begins
 * at `offset[n_axes]` and has the shape `local_shape[n_axes]`; another block on each rank, if
 * wanted, with zeros in its shape if it wants none.
 *
 * Collective over the context's ranks. Needs the encoder for itself. Errors: as
 * dicod_encoder_get_sparse(); DICOD_ERROR_INVALID_SHAPE (a block that is not in the valid domain).
 */
dicod_status dicod_encoder_get_sparse_block(const dicod_encoder *encoder,
                                            const int64_t *offset,
                                            const int64_t *local_shape,
                                            int64_t capacity,
                                            int64_t *signal,
                                            int64_t *atom,
                                            int64_t *position,
                                            double *value,
                                            int64_t *count);

/**
 * Sets the activations to those of a list, as dicod_encoder_get_sparse() gives it, for a warm start: z is zero
 * but for `n` of them. They lie in this rank's region (see dicod_encoder_get_region()), each in another place.
 * `signal` may be NULL if there is one signal only, `atom` if there is one atom; `position` has
 * n * n_axes entries.
 *
 * Collective over the context's ranks, each with its own list. Needs the encoder for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n; a position outside the region, or
 * there twice; negative values for a positive solve; pointers that are not aligned, values so large that
 * products overflow); DICOD_ERROR_OUT_OF_RANGE (a signal or atom that there is not);
 * DICOD_ERROR_NOT_FINITE (value); DICOD_ERROR_OUT_OF_MEMORY; DICOD_ERROR_INVALID_STATE (encoder in use;
 * several ranks, and neither dicod_encoder_solve() nor dicod_encoder_set_z() before);
 * DICOD_ERROR_COMMUNICATION.
 */
dicod_status dicod_encoder_set_sparse(dicod_encoder *encoder,
                                      int64_t n,
                                      const int64_t *signal,
                                      const int64_t *atom,
                                      const int64_t *position,
                                      const double *value);

/**
 * The part of the valid domain whose activations are on this rank: it begins at `offset[n_axes]`
 * and has the shape `local_shape[n_axes]`. Zeros before the first solve over a communicator, and on
 * a rank that has none. Local.
 *
 * Needs the encoder for itself.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_STATE (encoder in use).
 */
dicod_status dicod_encoder_get_region(const dicod_encoder *encoder,
                                      int64_t *offset,
                                      int64_t *local_shape);

/**
 * Regularisation of each atom in the last solve, absolute: `lambda[n_atoms]`.
 *
 * Local. Needs the encoder for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n_atoms is not the encoder's);
 * DICOD_ERROR_INVALID_STATE (nothing was solved yet, or the last solve was stopped before it knew;
 * encoder in use).
 */
dicod_status dicod_encoder_get_lambda(const dicod_encoder *encoder,
                                      int64_t n_atoms,
                                      double *lambda);

/**
 * Tolerance of each atom in the last solve, in units of its z: `tolerance[n_atoms]`. It ended, if it converged, with
 * |dz| at most that at every position (with option "gap_tol" it may have ended before). A step counts as what it changes in the reconstruction, so that the product of
 * tolerance and norm is the same for all atoms; in the published schedule the tolerance is.
 *
 * Local. Needs the encoder for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n_atoms is not the encoder's);
 * DICOD_ERROR_INVALID_STATE (nothing was solved yet, or the encoder is in use).
 */
dicod_status dicod_encoder_get_tolerance(const dicod_encoder *encoder,
                                         int64_t n_atoms,
                                         double *tolerance);

/**
 * Writes what the activations in the encoder stand for, sum_k z_k * d_k, into the memory that `x` describes, over the signal's
 * shape, n_signals * n_channels channels; zeros before the first solve. Each rank asks for the block that it likes, or for none;
 * blocks may overlap, and need not cover everything. Every value is, bit for bit, that of dicod_reconstruct(), on any number of
 * ranks, whatever the block. The descriptor itself is not changed, nor is the memory between its elements.
 *
 * Collective over the context's ranks. Needs the encoder for itself.
 * Errors: as dicod_encoder_get_z(), for x.
 */
dicod_status dicod_encoder_reconstruct(const dicod_encoder *encoder,
                                       const dicod_array *x);

/**
 * Writes what the activations in the encoder leave of the signals `x`, x - sum_k z_k * d_k, into the memory that `residual`
 * describes. `x` is as for dicod_encoder_solve(): each rank brings a block, together they are the domain. `residual` is as x
 * for dicod_encoder_reconstruct(): any block, another than that of `x` if a rank likes, with ghost layers for instance; it may
 * be the memory of `x` itself. A block that lies in the rank's own takes no messages but those of activations. Every value is
 * the difference of x (with the option "background" of x less its background) and what dicod_reconstruct() gives, bit for bit,
 * whatever weights there are; where x is NaN, because the sample is missing, it is NaN.
 *
 * Collective over the context's ranks. Needs the encoder for itself.
 * Errors: as dicod_encoder_solve(), for x; as dicod_encoder_get_z(), for residual.
 */
dicod_status dicod_encoder_residual(const dicod_encoder *encoder,
                                    const dicod_const_array *x,
                                    const dicod_array *residual);

/**
 * Writes what was taken from the signals of the last solve (option "background") into the memory that `background` describes,
 * over the signal's shape, n_signals * n_channels channels; zeros without the option. Each rank asks for the block that it likes,
 * or for none; blocks may overlap, and need not cover everything. Values are the same, bit for bit, on any number of ranks,
 * whatever the block; for encoders of float they are rounded, while x less the background was formed in double precision. What
 * the encoder says of x as a whole is dicod_encoder_reconstruct() and this, added: x less dicod_encoder_residual().
 *
 * Collective over the context's ranks. Needs the encoder for itself.
 * Errors: as dicod_encoder_get_z(), for background; DICOD_ERROR_INVALID_STATE also where it is not known: before the first solve,
 * or if the last one was stopped before.
 */
dicod_status dicod_encoder_get_background(const dicod_encoder *encoder,
                                          const dicod_array *background);

/**
 * What a solve minimises, for the activations in the encoder and the signals `x`, which are as for dicod_encoder_solve():
 * `*objective` = F(z) of the whole domain, on all ranks, and `*data_term` = its first half,
 * 1/2 |x - sum_k z_k * d_k|^2, which may be NULL; with the weights of dicod_encoder_set_weights() and the factors of
 * dicod_encoder_set_penalties(), and of x less its background
 * with the option "background". The regularisation is that of the options: where it is relative, lambda_max of `x` is computed
 * first. Both are the same, bit for bit, on any number of ranks and threads, and up to rounding those of
 * dicod_objective().
 *
 * Collective over the context's ranks. Needs the encoder and its context for itself.
 * Errors: as dicod_encoder_solve().
 */
dicod_status dicod_encoder_objective(const dicod_encoder *encoder,
                                     const dicod_const_array *x,
                                     double *objective,
                                     double *data_term);

/* Trace: what each rank did, and when ---------------------------------------------------------- */

/**
 * Activity of a span: the whole call.
 */
#define DICOD_SPAN_SOLVE 0

/**
 * Activity of a span: taking in the signals and their first correlation with the atoms.
 */
#define DICOD_SPAN_CORRELATE 1

/**
 * Activity of a span: the descent; again after a certificate that was not good enough.
 */
#define DICOD_SPAN_DESCEND 2

/**
 * Activity of a span: the certificate.
 */
#define DICOD_SPAN_CERTIFY 3

/**
 * Activity of a span: the tiles of one colour, with the exchange of steps that goes with them; in
 * the asynchronous schedule a pass over all tiles of the rank.
 */
#define DICOD_SPAN_PHASE 4

/**
 * Activity of a span: the visit of a tile.
 */
#define DICOD_SPAN_VISIT 5

/**
 * What a rank was at for a span of time.
 */
typedef struct dicod_span {
    /**
     * sizeof(dicod_span) of the library: fields beyond it do not exist.
     */
    int64_t struct_size;
    /**
     * DICOD_SPAN_SOLVE, DICOD_SPAN_CORRELATE, DICOD_SPAN_DESCEND, DICOD_SPAN_CERTIFY,
     * DICOD_SPAN_PHASE or DICOD_SPAN_VISIT.
     */
    int32_t activity;
    /**
     * Visits: 1 if the tile was left with something to do; else 0.
     */
    int32_t awake;
    /**
     * Phases and visits: pass over all tiles, from 0; else -1.
     */
    int64_t sweep;
    /**
     * Phases and visits: colour of the tiles; -1 where there is none.
     */
    int64_t colour;
    /**
     * Visits: number of the tile, row-major in the grid of tiles of all ranks; else -1.
     */
    int64_t tile;
    /**
     * Coordinate steps made in it.
     */
    int64_t steps;
    /**
     * Seconds from the beginning of the call.
     */
    double start;
    /**
     * How long it took.
     */
    double seconds;
    /**
     * Seconds of it spent waiting for other ranks; 0 for visits.
     */
    double seconds_waiting;
    /**
     * Messages sent in it to other ranks, reductions aside; 0 for visits.
     */
    int64_t messages;
    /**
     * Bytes in them.
     */
    int64_t bytes_sent;
} dicod_span;

/**
 * Given a span of a trace; returns 0 to go on, anything else for no more.
 *
 * `span` is valid during the call. As for dicod_log_fn: called in the thread that called the
 * library, it must return, and must not use the encoder of the call that runs.
 */
typedef int32_t (*dicod_span_fn)(void *userdata, const dicod_span *span);

/**
 * What this rank did in the encoder's last solve, with the option "trace": calls `visit` for each
 * span of time, with `userdata` as its first argument, in order of their ends. Spans nest: the
 * visits of a phase come before it, phases before their descent, and the whole solve comes last.
 * With the published schedule there are no phases.
 *
 * `userdata` may be NULL. Local. Needs the encoder for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_STATE (no solve with the option "trace"
 * yet, or the encoder is in use).
 */
dicod_status dicod_encoder_get_trace(const dicod_encoder *encoder,
                                     dicod_span_fn visit,
                                     void *userdata);

/**
 * The same as JSON text, NUL-terminated: an object with "rank", "ranks", "threads", "signals",
 * "atoms", "atom_shape", "periodic"; "tile_bounds", for each axis where tiles begin, and the end of
 * the last; "lost", the number of spans for which there was no memory; "columns", their names; and
 * "spans", a list of values for each.
 *
 * `json` holds `capacity` bytes and may be NULL when `capacity` is 0: then only `*needed`, the size
 * with its NUL, is written.
 *
 * Local. Needs the encoder for itself.
 * Errors: as dicod_encoder_get_trace(); DICOD_ERROR_INVALID_ARGUMENT (capacity negative or, other
 * than 0, too small).
 */
dicod_status dicod_encoder_get_trace_json(const dicod_encoder *encoder,
                                          int64_t capacity,
                                          char *json,
                                          int64_t *needed);

/* Learning a dictionary: one call on plain arrays ---------------------------------------------- */

/**
 * What one outer iteration of learning did: a step of z, then one of the dictionary.
 */
typedef struct dicod_learn_step {
    /**
     * sizeof(dicod_learn_step), set by the caller where it is an output: DICOD_LEARN_STEP_INIT does.
     */
    int64_t struct_size;
    /**
     * Its number, from 0.
     */
    int64_t iteration;
    /**
     * Objective after the step of z.
     */
    double objective_z;
    /**
     * Objective after the step of the dictionary, for the same z but for that of atoms that were drawn anew. It is not above
     * objective_z, save with "learn_online", "learn_batch" and "learn_crops", where the step is one for all signals so far, and
     * with "learn_redraw_below", where atoms with activations are drawn anew, too.
     */
    double objective_d;
    /**
     * Regularisation, absolute; the largest of all atoms' when they differ.
     */
    double lambda;
    /**
     * Smallest regularisation for which z = 0 is optimal with the dictionary before the step.
     */
    double lambda_max;
    /**
     * Length of nonzeros.
     */
    int64_t n_atoms;
    /**
     * Number of z that are not zero, per atom: `[n_atoms]`. The memory is the library's: valid
     * until the callback returns, or until the next call with the learner.
     */
    const int64_t *nonzeros;
    /**
     * Atoms without activations that were drawn anew.
     */
    int64_t redrawn;
    /**
     * 1 if atoms were moved to the middle of their support, else 0.
     */
    int64_t recentred;
    /**
     * Coordinate steps.
     */
    int64_t steps;
    /**
     * Gradient iterations of the dictionary step.
     */
    int64_t dict_iterations;
    /**
     * Seconds for the step of z.
     */
    double seconds_z;
    /**
     * Seconds for the statistics of z and x.
     */
    double seconds_statistics;
    /**
     * Seconds for the dictionary step and the next Gram tensor.
     */
    double seconds_d;
    /**
     * Seconds for all of it: these, and what is in none of them.
     */
    double seconds;
    /**
     * With "learn_robust": samples of which more than that was left at its beginning are left out of this iteration; else, and where
     * nothing is left, 0.
     */
    double threshold;
    /**
     * How many they are.
     */
    int64_t left_out;
} dicod_learn_step;

/**
 * Told of each outer iteration; returns 0 to go on, anything else to stop: learning then returns
 * DICOD_CANCELLED with a valid dictionary and z. `step` is valid during the call. As for
 * dicod_log_fn: called in the thread that called the library, on every rank; it must return, and
 * must not use the context or learner of the call that runs.
 */
typedef int32_t (*dicod_learn_fn)(void *userdata, const dicod_learn_step *step);

/**
 * What learning found and what it cost.
 */
typedef struct dicod_learn_info {
    /**
     * sizeof(dicod_learn_info), set by the caller: DICOD_LEARN_INFO_INIT does.
     */
    int64_t struct_size;
    /**
     * What the call returned: DICOD_OK or a positive status.
     */
    dicod_status status;
    /**
     * Threads that it was allowed.
     */
    int32_t n_threads;
    /**
     * Outer iterations.
     */
    int64_t iterations;
    /**
     * Atoms without activations that were drawn anew, in all.
     */
    int64_t redrawn;
    /**
     * Regularisation, absolute; the largest of all atoms' when they differ.
     */
    double lambda;
    /**
     * Smallest regularisation for which z = 0 is optimal with the dictionary that was learned.
     */
    double lambda_max;
    /**
     * Objective of the dictionary and z.
     */
    double objective;
    /**
     * Half the squared norm of x less its reconstruction.
     */
    double data_term;
    /**
     * For this dictionary, the objective is at most this far above its minimum over z.
     */
    double duality_gap;
    /**
     * Number of z that are not zero.
     */
    int64_t nonzeros;
    /**
     * Seconds for the whole call.
     */
    double seconds;
    /**
     * Seconds for steps of z.
     */
    double seconds_z;
    /**
     * Seconds for statistics of z and x.
     */
    double seconds_statistics;
    /**
     * Seconds for dictionary steps and Gram tensors.
     */
    double seconds_d;
    /**
     * As dicod_info.proven, of the last solve: what is known of lambda and lambda_max, and of objective, data_term and
     * duality_gap. What is not is NaN, duality_gap infinite; d and z are valid all the same.
     */
    int64_t proven;
    /**
     * Seconds for all else; with it the stages are `seconds`.
     */
    double seconds_other;
    /**
     * As in dicod_learn_step, of the last solve.
     */
    double threshold;
    /**
     * The same.
     */
    int64_t left_out;
} dicod_learn_info;

/**
 * Initialiser of a dicod_learn_step: struct_size, and zeros.
 */
#define DICOD_LEARN_STEP_INIT {sizeof(dicod_learn_step), 0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0, 0, \
    0.0, 0.0, 0.0, 0.0, 0.0, 0}
/**
 * Initialiser of a dicod_learn_info: struct_size, and zeros.
 */
#define DICOD_LEARN_INFO_INIT {sizeof(dicod_learn_info), 0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, \
    0.0, 0.0, 0.0, 0.0, 0, 0.0, 0.0, 0}

/**
 * Convolutional dictionary learning in one call: finds atoms d_k of norm at most 1 and activations
 * z that make
 *
 * `F(d, z) = 1/2 |x - sum_k z_k * d_k|^2 + sum_k lambda_k |z_k|_1`
 *
 * (and `1/2 ridge sum_k |d_k|^2 |z_k|^2` with the option "ridge") small, by turns: z with d fixed as dicod_solve() does, d with z fixed from the correlations of z
 * with itself and with x. F never rises, but with "learn_redraw_below", or as batches or crops change. Atoms without activations are drawn anew.
 *
 * The option "learn_robust" is for recordings in which some samples have gone wrong (spikes, broken stretches), nobody knows which.
 * Samples of which more than T is left when an iteration begins count as missing in it, and as T: F has `min(r^2, T^2)` in place of the
 * square of what is left, r. T is 6 times the option's quantile of all |r| that are not 0, the least so far. 0.9 is fine where less than
 * a tenth has gone wrong and the signal is not rarer than that; a signal of rare events wants a larger one. An iteration makes a bound on F
 * smaller that meets it where the iteration begins (iteratively re-weighted least squares); objectives and the duality gap are those
 * of the bound. F falls as T does, and never rises.
 *
 * - `context`: threads and callbacks; NULL: one thread, none.
 * - `options`: those of dicod_solve() for the steps of z, and those that begin with "learn_"; NULL:
 *   the defaults, among them lambda = 0.1 lambda_max of the first dictionary. "time_limit" holds for
 *   the whole call. "frozen_support" has to be 0, and "warm_start" means nothing here.
 * - `problem`: shapes and numbers of signals, channels and atoms.
 * - `x`: n_signals signals (n_signals, n_channels, signal_shape...) with one dictionary.
 * - `each`: told of every outer iteration, with `userdata`; NULL: nobody.
 * - `d`: the dictionary (n_atoms, n_channels, atom_shape...). Written; with "learn_init" "given" and
 *   for "learn_fixed_atoms" the values there are where learning starts (atoms longer than 1 are
 *   scaled to norm 1, fixed ones aside). Given atoms may not all be zero.
 * - `z`: activations for that dictionary (n_signals, n_atoms, valid_shape...), written; may be NULL,
 *   and has to be with "learn_batch" and "learn_crops".
 * - `info`: may be NULL; set info->struct_size before (DICOD_LEARN_INFO_INIT does).
 *
 * All arrays are row-major (C order) without gaps; d and z overlap neither each other nor x. The
 * result is the same, bit for bit, for any number of threads and ranks.
 *
 * Returns DICOD_OK when an outer iteration lowered the objective by no more than the fraction
 * "learn_tol"; DICOD_MAX_ITER, DICOD_TIME_LIMIT or DICOD_CANCELLED when learning ended before:
 * d, z and info are valid then, too (info->proven says what is known; if there was no time even for first atoms, d is
 * noise). On an error they are untouched.
 *
 * Collective over the context's ranks, with the same arguments on each. Thread-safe, except that a
 * context serves one call at a time.
 * Errors: as dicod_solve().
 *
 * Source: Moreau, Gramfort, DiCoDiLe (arXiv 1901.09235).
 */
dicod_status dicod_learn(dicod_context *context,
                         const dicod_options *options,
                         const dicod_problem *problem,
                         const double *x,
                         dicod_learn_fn each,
                         void *userdata,
                         double *d,
                         double *z,
                         dicod_learn_info *info);

/**
 * dicod_learn() for arrays of float.
 */
dicod_status dicod_learn_f32(dicod_context *context,
                             const dicod_options *options,
                             const dicod_problem *problem,
                             const float *x,
                             dicod_learn_fn each,
                             void *userdata,
                             float *d,
                             float *z,
                             dicod_learn_info *info);

/* Learner: learning step by step --------------------------------------------------------------- */

/**
 * Dictionary learning for programs that interleave it with their own loop: one outer iteration a
 * call, on signals where they lie, on any number of ranks.
 *
 * It keeps the dictionary, the activations of the last step, and with "learn_online" the statistics
 * of all signals so far. Memory is that of an encoder, and for the statistics. A learner serves one
 * call at a time: a second one, from another thread or from a callback, fails with
 * DICOD_ERROR_INVALID_STATE.
 */
typedef struct dicod_learner dicod_learner;

/**
 * Makes a learner: `*learner`. Free it with dicod_learner_free().
 *
 * Arguments are those of dicod_learn(), with the shape of the whole domain; `d` may be NULL unless
 * "learn_init" is "given" or atoms are fixed, and is only read. `context` and `options` may be NULL;
 * the context may be freed before the learner.
 *
 * Collective over the context's ranks, with the same arguments on each. Thread-safe, except that a
 * context serves one call at a time. Errors: as dicod_learn().
 */
dicod_status dicod_learner_create(dicod_context *context,
                                  const dicod_options *options,
                                  const dicod_problem *problem,
                                  const double *d,
                                  dicod_learner **learner);

/**
 * dicod_learner_create() for arrays of float.
 */
dicod_status dicod_learner_create_f32(dicod_context *context,
                                      const dicod_options *options,
                                      const dicod_problem *problem,
                                      const float *d,
                                      dicod_learner **learner);

/**
 * Frees a learner and sets the caller's pointer to NULL. `learner` and `*learner` may be NULL.
 *
 * Local. No other thread may be using the handle.
 */
dicod_status dicod_learner_free(dicod_learner **learner);

/**
 * One outer iteration on the signals `x`: z, from where the last step left it, then the dictionary.
 *
 * `x` is as for dicod_encoder_solve(): each rank brings a block, together they are the domain. With
 * "learn_online" each step may bring other signals. `step` may be NULL; set step->struct_size before
 * (DICOD_LEARN_STEP_INIT does).
 *
 * Returns DICOD_OK; DICOD_TIME_LIMIT or DICOD_CANCELLED when it was stopped: the
 * dictionary is as it was then, and the iteration does not count; z is what the step of z has reached. Objectives and lambda
 * that were not known by then are NaN. After an error the dictionary is
 * as it was; after DICOD_ERROR_INTERNAL the learner can only be freed.
 *
 * Collective over the context's ranks: an error on one is an error on all. Needs the learner and its
 * context for itself. Errors: as dicod_encoder_solve().
 */
dicod_status dicod_learner_step(dicod_learner *learner,
                                const dicod_const_array *x,
                                dicod_learn_step *step);

/**
 * Outer iterations on the signals `x` until the objective changes by no more than "learn_tol" or
 * "learn_max_iter" are done, those before this call included; then z for the dictionary that was
 * learned: dicod_learn() on signals where they lie. `each` and `info` may be NULL.
 *
 * Returns as dicod_learn() does. Collective over the context's ranks. Needs the learner and its
 * context for itself. Errors: as dicod_encoder_solve().
 */
dicod_status dicod_learner_run(dicod_learner *learner,
                               const dicod_const_array *x,
                               dicod_learn_fn each,
                               void *userdata,
                               dicod_learn_info *info);

/**
 * z of the signals `x` for the dictionary as it is, to "tol": how learning by steps ends. `info` may
 * be NULL.
 *
 * Returns as dicod_encoder_solve() does. Collective over the context's ranks. Needs the learner and
 * its context for itself. Errors: as dicod_encoder_solve().
 */
dicod_status dicod_learner_encode(dicod_learner *learner,
                                  const dicod_const_array *x,
                                  dicod_info *info);

/**
 * Copies the dictionary: `d` (n_atoms, n_channels, atom_shape...), row-major, `n_values` in all, as
 * dicod_learner_describe() tells; atoms of rank one multiplied out.
 *
 * Local. Needs the learner for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n_values is not that of the
 * learner's dictionary; the learner is one of float); DICOD_ERROR_INVALID_STATE (no step was done yet, learner in use); DICOD_ERROR_OUT_OF_MEMORY.
 */
dicod_status dicod_learner_get_dictionary(const dicod_learner *learner,
                                          int64_t n_values,
                                          double *d);

/**
 * dicod_learner_get_dictionary() for learners of float.
 */
dicod_status dicod_learner_get_dictionary_f32(const dicod_learner *learner,
                                              int64_t n_values,
                                              float *d);

/**
 * Copies the factors of a dictionary that is learned with "learn_rank_one": `u` (n_atoms,
 * n_channels), `n_u` values in all, and `v` (n_atoms, atom_shape...), `n_v` values in all; row-major.
 *
 * Local. Needs the learner for itself. Errors: as dicod_learner_get_dictionary(), and
 * DICOD_ERROR_INVALID_STATE if the atoms are not of rank one.
 */
dicod_status dicod_learner_get_dictionary_rank1(const dicod_learner *learner,
                                                int64_t n_u,
                                                double *u,
                                                int64_t n_v,
                                                double *v);

/**
 * dicod_learner_get_dictionary_rank1() for learners of float.
 */
dicod_status dicod_learner_get_dictionary_rank1_f32(const dicod_learner *learner,
                                                    int64_t n_u,
                                                    float *u,
                                                    int64_t n_v,
                                                    float *v);

/**
 * Regularisation of each atom, absolute: `lambda[n_atoms]`.
 *
 * Local. Needs the learner for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n_atoms is not the learner's);
 * DICOD_ERROR_INVALID_STATE (not known before the first step, or different in each step: see
 * "learn_reg_reference"; learner in use).
 */
dicod_status dicod_learner_get_lambda(const dicod_learner *learner,
                                      int64_t n_atoms,
                                      double *lambda);

/**
 * Brings the atoms of a learner into the order of what they explain, the first one most, and makes the largest value of each
 * positive (with option "positive" they keep their signs); activations, statistics and regularisations go with them, and F stays as it is. What an
 * atom explains is what the data term would rise by without it,
 *
 * `1/2 |r + z_k * d_k|^2 - 1/2 |r|^2`, r = x - sum_l z_l * d_l,
 *
 * for the signals `x` and z of the last step; where each step brings other signals ("learn_online", "learn_batch", "learn_crops"), on average
 * over the statistics so far. It is the same, bit for bit, on any number of ranks. With atom_shapes those of one shape are sorted among
 * themselves. Atoms of "learn_fixed_atoms" stay where
 * and as they are. The option "learn_sort" does this at the end of dicod_learn() and dicod_learner_run().
 *
 * `order[n_atoms]` tells which atom, from 0, each one was before; `explained[n_atoms]`, in the new order, what it explains. Either
 * may be NULL. `x` is as for dicod_learner_step().
 *
 * Collective over the context's ranks. Needs the learner and its context for itself. After an error the learner is as it was.
 * Errors: as dicod_encoder_solve(); DICOD_ERROR_INVALID_ARGUMENT also for n_atoms that is not the learner's, and if the option
 * "reg_per_atom" is set; DICOD_ERROR_INVALID_STATE before there is a dictionary.
 */
dicod_status dicod_learner_sort_atoms(dicod_learner *learner,
                                      const dicod_const_array *x,
                                      int64_t n_atoms,
                                      int64_t *order,
                                      double *explained);

/**
 * Writes the activations of the last step into the memory that `z` describes, over the valid shape,
 * n_signals * n_atoms channels ("learn_batch" * n_atoms in batches; with "learn_crops" those of the crops, over their valid shape). Each rank asks for any block of
 * them. The descriptor itself is not changed, nor is the memory between its elements.
 *
 * Collective over the context's ranks. Needs the learner for itself.
 * Errors: as dicod_encoder_get_z().
 */
dicod_status dicod_learner_get_z(const dicod_learner *learner,
                                 const dicod_array *z);

/**
 * Sets the activations from `z`, over the valid shape, n_signals * n_atoms channels: where the next step begins, unless each
 * step begins at z = 0 ("learn_online", "learn_batch", "learn_crops"). Each rank brings a block of them; all together are the valid domain.
 *
 * Collective over the context's ranks. Needs the learner for itself.
 * Errors: as dicod_encoder_set_z(); DICOD_ERROR_INVALID_STATE also before the first step, unless the learner was restored or was
 * given a dictionary to begin with.
 */
dicod_status dicod_learner_set_z(dicod_learner *learner,
                                 const dicod_const_array *z);

/**
 * Forgets the activations: the next step begins at z = 0.
 *
 * Local. Needs the learner for itself. Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_STATE (learner in use).
 */
dicod_status dicod_learner_clear_z(dicod_learner *learner);

/**
 * Lists the activations of the last step that are on this rank and not zero: as dicod_encoder_get_sparse() does. Over several
 * ranks a learner that was restored has none in this rank's region before its first call with signals;
 * dicod_learner_get_sparse_block() lists them.
 *
 * Local. Needs the learner for itself. Errors: as dicod_encoder_get_sparse().
 */
dicod_status dicod_learner_get_sparse(const dicod_learner *learner,
                                      int64_t capacity,
                                      int64_t *signal,
                                      int64_t *atom,
                                      int64_t *position,
                                      double *value,
                                      int64_t *count);

/**
 * As dicod_learner_get_sparse(), for the activations in a block of the valid domain: as dicod_encoder_get_sparse_block() does.
 *
 * Collective over the context's ranks. Needs the learner for itself. Errors: as dicod_encoder_get_sparse_block().
 */
dicod_status dicod_learner_get_sparse_block(const dicod_learner *learner,
                                            const int64_t *offset,
                                            const int64_t *local_shape,
                                            int64_t capacity,
                                            int64_t *signal,
                                            int64_t *atom,
                                            int64_t *position,
                                            double *value,
                                            int64_t *count);

/**
 * Sets the activations to those of a list, as dicod_encoder_set_sparse() does; where the next step begins, see
 * dicod_learner_set_z().
 *
 * Collective over the context's ranks, each with its own list. Needs the learner for itself.
 * Errors: as dicod_encoder_set_sparse(), and as dicod_learner_set_z().
 */
dicod_status dicod_learner_set_sparse(dicod_learner *learner,
                                      int64_t n,
                                      const int64_t *signal,
                                      const int64_t *atom,
                                      const int64_t *position,
                                      const double *value);

/**
 * The part of the valid domain whose activations are on this rank, as dicod_encoder_get_region() tells it: zeros before the
 * first call that brings signals or activations. Local.
 *
 * Needs the learner for itself. Errors: as dicod_encoder_get_region().
 */
dicod_status dicod_learner_get_region(const dicod_learner *learner,
                                      int64_t *offset,
                                      int64_t *local_shape);

/**
 * Writes what the activations of the last step stand for, with the dictionary as it is, into the memory that `x` describes: as
 * dicod_encoder_reconstruct() does. In batches its signals are those of the last one, "learn_batch" * n_channels channels.
 *
 * Collective over the context's ranks. Needs the learner for itself.
 * Errors: as dicod_encoder_reconstruct(); DICOD_ERROR_INVALID_STATE also where there is no dictionary yet.
 */
dicod_status dicod_learner_reconstruct(const dicod_learner *learner,
                                       const dicod_array *x);

/**
 * Writes what was taken from the signals of the last step (option "background") into the memory that `background` describes: as
 * dicod_encoder_get_background() does. In batches its signals are those of the last one, "learn_batch" * n_channels channels.
 *
 * Collective over the context's ranks. Needs the learner for itself.
 * Errors: as dicod_encoder_get_background().
 */
dicod_status dicod_learner_get_background(const dicod_learner *learner,
                                          const dicod_array *background);

/**
 * Writes what the activations of the last step leave of the signals `x` that they are of: as dicod_encoder_residual() does.
 *
 * Collective over the context's ranks. Needs the learner for itself.
 * Errors: as dicod_encoder_residual(); DICOD_ERROR_INVALID_STATE also where there is no dictionary yet.
 */
dicod_status dicod_learner_residual(const dicod_learner *learner,
                                    const dicod_const_array *x,
                                    const dicod_array *residual);

/**
 * F(z) of the activations of the last step, the dictionary as it is, and the signals `x` that they are of: as
 * dicod_encoder_objective() does. The regularisation is that of learning, dicod_learner_get_lambda(), once it is fixed; before,
 * or with "learn_reg_reference" = "each", that of the options.
 *
 * Collective over the context's ranks. Needs the learner and its context for itself.
 * Errors: as dicod_encoder_objective(); DICOD_ERROR_INVALID_STATE also where there is no dictionary yet.
 */
dicod_status dicod_learner_objective(const dicod_learner *learner,
                                     const dicod_const_array *x,
                                     double *objective,
                                     double *data_term);

/**
 * What this rank did in the learner's last solve for z, with the option "trace": as dicod_encoder_get_trace() tells it.
 *
 * `userdata` may be NULL. Local. Needs the learner for itself. Errors: as dicod_encoder_get_trace().
 */
dicod_status dicod_learner_get_trace(const dicod_learner *learner,
                                     dicod_span_fn visit,
                                     void *userdata);

/**
 * The same as JSON text, NUL-terminated: as dicod_encoder_get_trace_json() writes it.
 *
 * Local. Needs the learner for itself. Errors: as dicod_encoder_get_trace_json().
 */
dicod_status dicod_learner_get_trace_json(const dicod_learner *learner,
                                          int64_t capacity,
                                          char *json,
                                          int64_t *needed);

/**
 * Gives each sample of the signals a weight, at least 0: from the next step on
 *
 * `F(d, z) = 1/2 sum w (x - sum_k z_k * d_k)^2 + sum_k lambda_k |z_k|_1`
 *
 * is what both steps make smaller, and what is told of them. `weights` is as for dicod_encoder_set_weights(): n_signals *
 * n_channels channels over the signal's shape, those of all signals also with "learn_batch"; each rank brings a block. Where w = 0
 * there is no sample, and x may be NaN. The option "missing" = "nan" says the same of all samples that are NaN, without an array.
 * They hold until others are given or dicod_learner_clear_weights(); z is kept.
 *
 * First atoms are patches of which as much is there as may be: at random the one of 64 of which most is there, unless one is
 * whole; greedily energies count by the square of the share that is there. A step of the dictionary costs some more
 * rounds: what is missing is filled by what atoms and activations have there, until that gains little.
 *
 * A checkpoint has no weights in it: after dicod_learner_restore() they have to be set again, or cleared, before the next step,
 * which is refused else.
 *
 * Collective over the context's ranks. Needs the learner and its context for itself. After an error weights are as they were.
 * Errors: as dicod_encoder_set_weights(); DICOD_ERROR_INVALID_ARGUMENT also with the option "learn_crops".
 */
dicod_status dicod_learner_set_weights(dicod_learner *learner,
                                       const dicod_const_array *weights);

/**
 * All samples have the weight 1 from the next step on, as before dicod_learner_set_weights().
 *
 * Collective over the context's ranks. Needs the learner and its context for itself. Errors: DICOD_ERROR_NULL_POINTER;
 * DICOD_ERROR_INVALID_STATE (learner or context in use).
 */
dicod_status dicod_learner_clear_weights(dicod_learner *learner);

/**
 * Copies the correlations of the activations with themselves that the last step went by, of all signals and ranks:
 *
 * `ztz[k][l][t] = sum_u z_k[u] z_l[u + t]` for |t| < L on each axis,
 *
 * (n_atoms, n_atoms, 2 * atom_shape - 1 ...), row-major, t = 0 in the middle; double also for learners of float, and the same on
 * every rank, bit for bit. `ztz` holds `capacity` values and may be NULL when `capacity` is 0: then only `*needed`, their
 * number, is written. With dicod_learner_get_ztx() the data term for any dictionary of these shapes is
 * 1/2 <d, ztz * d> - <d, ztx> + 1/2 |x|^2.
 *
 * The activations are those from which the last step found its dictionary. With "learn_online" and "learn_batch" the sums are over
 * all steps so far, weighted by "learn_forgetting". With weights w, and W the largest of them, ztz is times W, and ztx is of
 * w x + (W - w) (z * d) in place of x, with the dictionary before the step: the expression above, with another constant, is no
 * less than the weighted data term then, and meets it at that dictionary. The option "ridge" adds ridge |z_k|^2 to ztz[k][k][0].
 *
 * Local. Needs the learner for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (capacity negative or, other than 0, too small);
 * DICOD_ERROR_INVALID_STATE (no step was done yet, or none since the learner was restored, as they are not in a checkpoint but with
 * "learn_online" or "learn_batch"; learner in use).
 */
dicod_status dicod_learner_get_ztz(const dicod_learner *learner,
                                   int64_t capacity,
                                   double *ztz,
                                   int64_t *needed);

/**
 * Copies the correlations of the activations with the signals that the last step went by, of all signals and ranks:
 *
 * `ztx[k][p][s] = sum_u z_k[u] x_p[u + s]` for s in the support of an atom,
 *
 * (n_atoms, n_channels, atom_shape...), row-major; x less its background, if the option says so. Everything else as for
 * dicod_learner_get_ztz().
 *
 * Local. Needs the learner for itself. Errors: as dicod_learner_get_ztz().
 */
dicod_status dicod_learner_get_ztx(const dicod_learner *learner,
                                   int64_t capacity,
                                   double *ztx,
                                   int64_t *needed);

/**
 * Draws the dictionary that learning would begin with, bit for bit that of dicod_learn() and of a learner's first step: to `d`
 * (n_atoms, n_channels, atom_shape...), row-major, on every rank; atoms of rank one multiplied out. Options that matter are
 * "learn_init", "seed", "learn_window", "learn_rank_one", "learn_fixed_atoms" and "learn_batch", and for "greedy-patches" those
 * of a solve; with "learn_init" = "given", and for fixed atoms, `d` is read first.
 *
 * `x` is as for dicod_encoder_solve(): each rank brings a block, together they are the domain that `problem` describes. Its
 * element type is that of `d`. `context` and `options` may be NULL.
 *
 * Returns DICOD_OK; DICOD_TIME_LIMIT or DICOD_CANCELLED when it was stopped: the atoms are noise then. On an error `d` is
 * untouched.
 *
 * Collective over the context's ranks. Thread-safe, except that a context serves one call at a time. Errors: as dicod_learn(),
 * and as dicod_encoder_solve() for x.
 */
dicod_status dicod_initial_dictionary(dicod_context *context,
                                      const dicod_options *options,
                                      const dicod_problem *problem,
                                      const dicod_const_array *x,
                                      double *d);

/**
 * dicod_initial_dictionary() for arrays of float.
 */
dicod_status dicod_initial_dictionary_f32(dicod_context *context,
                                          const dicod_options *options,
                                          const dicod_problem *problem,
                                          const dicod_const_array *x,
                                          float *d);

/* Checkpoints of a learner --------------------------------------------------------------------- */

/**
 * Writes everything that the next step depends on to `buffer`, `*needed` bytes: learning goes on
 * from there as if it had never stopped, bit for bit, on any number of ranks and threads. The format
 * is versioned and carries a checksum; docs/checkpoint.md describes it.
 *
 * `buffer` has room for `capacity` bytes; with a capacity of 0 only `*needed` is written, and
 * `buffer` may be NULL. Over several ranks the first one gets it all, activations included, and
 * `*needed` is 0 on the others.
 *
 * Collective over the context's ranks. Needs the learner for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (capacity negative or, other than
 * 0, too small); DICOD_ERROR_OUT_OF_MEMORY; DICOD_ERROR_INVALID_STATE (learner in use).
 */
dicod_status dicod_learner_save(const dicod_learner *learner,
                                int64_t capacity,
                                uint8_t *buffer,
                                int64_t *needed);

/**
 * dicod_learner_save() to the file `path`, by the first rank. It is written under another name and
 * then renamed: a file of this name is whole at any time, the old one or the new.
 *
 * Collective over the context's ranks. Needs the learner for itself.
 * Errors: as dicod_learner_save(), and DICOD_ERROR_FILE.
 */
dicod_status dicod_learner_save_file(const dicod_learner *learner, const char *path);

/**
 * Makes a learner from the `size` bytes that dicod_learner_save() wrote: `*learner`, of the element
 * type that was saved. `context` may be NULL, and have another number of ranks and threads than when
 * it was saved; what the first rank brings counts, the others may pass NULL and 0. `options` replace
 * those that were saved, for instance with another "learn_max_iter"; NULL: as saved.
 *
 * Collective over the context's ranks. Thread-safe, except that a context serves one call at a time.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (not a checkpoint, one of another
 * version, cut off or damaged; options that do not fit); DICOD_ERROR_OUT_OF_MEMORY;
 * DICOD_ERROR_INVALID_STATE (context in use).
 */
dicod_status dicod_learner_restore(dicod_context *context,
                                   const dicod_options *options,
                                   int64_t size_of_buffer,
                                   const uint8_t *buffer,
                                   dicod_learner **learner);

/**
 * dicod_learner_restore() from the file `path`, read by the first rank.
 *
 * Collective over the context's ranks. Thread-safe, except that a context serves one call at a time.
 * Errors: as dicod_learner_restore(), and DICOD_ERROR_FILE.
 */
dicod_status dicod_learner_restore_file(dicod_context *context,
                                        const dicod_options *options,
                                        const char *path,
                                        dicod_learner **learner);

/* What an encoder or a learner holds ----------------------------------------------------------- */

/**
 * What an encoder or a learner holds. Only the first n_axes entries of a shape mean something; the
 * others are 0.
 */
typedef struct dicod_handle_info {
    /**
     * sizeof(dicod_handle_info), set by the caller: DICOD_HANDLE_INFO_INIT does.
     */
    int64_t struct_size;
    /**
     * DICOD_F64 or DICOD_F32: the type of x, d and z.
     */
    int64_t element_type;
    /**
     * Number of axes, 1 to 3.
     */
    int64_t n_axes;
    /**
     * Number of signals.
     */
    int64_t n_signals;
    /**
     * Number of channels of a signal.
     */
    int64_t n_channels;
    /**
     * Number of atoms.
     */
    int64_t n_atoms;
    /**
     * Number of signals that z is of: n_signals, "learn_batch" or "learn_crops".
     */
    int64_t n_coded;
    /**
     * Shape of the whole domain.
     */
    int64_t signal_shape[4];
    /**
     * Shape of an atom.
     */
    int64_t atom_shape[4];
    /**
     * Shape of the activations: as dicod_valid_shape() says; with "learn_crops" that of those of a crop.
     */
    int64_t valid_shape[4];
    /**
     * Outer iterations of a learner so far; 0 for an encoder.
     */
    int64_t iterations;
    /**
     * Bytes that it holds on this rank, about.
     */
    int64_t bytes;
    /**
     * For dicod_learner_expect() alone, and NULL elsewhere: the shape of each atom by itself, (n_atoms, n_axes), row-major;
     * n_axes and n_atoms are expected then, too. dicod_learner_get_atom_shapes() tells them.
     */
    const int64_t *atom_shapes;
} dicod_handle_info;

/**
 * Initialiser of a dicod_handle_info: struct_size, and zeros.
 */
#define DICOD_HANDLE_INFO_INIT {sizeof(dicod_handle_info), 0, 0, 0, 0, 0, 0, {0}, {0}, {0}, 0, 0, \
    0}

/**
 * What an encoder holds: `*info`, whose struct_size the caller sets before (DICOD_HANDLE_INFO_INIT
 * does).
 *
 * Local. Needs the encoder for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (info->struct_size too small);
 * DICOD_ERROR_INVALID_STATE (encoder in use).
 */
dicod_status dicod_encoder_describe(dicod_encoder *encoder, dicod_handle_info *info);

/**
 * What a learner holds, one that was restored, too; everything else as for dicod_encoder_describe().
 *
 * Local. Needs the learner for itself. Errors: as dicod_encoder_describe().
 */
dicod_status dicod_learner_describe(dicod_learner *learner,
                                    dicod_handle_info *info);

/**
 * The shape of each atom of an encoder by itself: `atom_shapes` (n_atoms, n_axes), row-major, which has room for `capacity`
 * values; without shapes of their own all have that of dicod_encoder_describe(). With a capacity of 0 only `*needed` is written,
 * n_atoms * n_axes, and `atom_shapes` may be NULL.
 *
 * Local. Needs the encoder for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (capacity negative or, other than 0, too small);
 * DICOD_ERROR_INVALID_STATE (encoder in use).
 */
dicod_status dicod_encoder_get_atom_shapes(const dicod_encoder *encoder,
                                           int64_t capacity,
                                           int64_t *atom_shapes,
                                           int64_t *needed);

/**
 * The same of the atoms of a learner, one that was restored, too.
 *
 * Local. Needs the learner for itself. Errors: as dicod_encoder_get_atom_shapes().
 */
dicod_status dicod_learner_get_atom_shapes(const dicod_learner *learner,
                                           int64_t capacity,
                                           int64_t *atom_shapes,
                                           int64_t *needed);

/**
 * The options that an encoder was made with, as new ones: `*options`. Free them with
 * dicod_options_free().
 *
 * Local. Needs the encoder for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_STATE (encoder in use).
 */
dicod_status dicod_encoder_get_options(dicod_encoder *encoder, dicod_options **options);

/**
 * The options of a learner, of one that was restored those that were saved unless they were
 * replaced; everything else as for dicod_encoder_get_options().
 *
 * Local. Needs the learner for itself. Errors: as dicod_encoder_get_options().
 */
dicod_status dicod_learner_get_options(dicod_learner *learner, dicod_options **options);

/**
 * Fails if a learner, say one that was restored, is not what the caller `expected`: element type,
 * numbers, shapes. A 0 expects nothing, nor does NULL in place of atom_shapes; iterations and bytes are not compared.
 *
 * Collective over the context's ranks: what is contradicted on one is an error on all. Needs the
 * learner for itself.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (a number or the element type that
 * is another; expected->struct_size too small); DICOD_ERROR_INVALID_SHAPE (a shape that is another);
 * DICOD_ERROR_INVALID_STATE (learner in use).
 */
dicod_status dicod_learner_expect(dicod_learner *learner,
                                  const dicod_handle_info *expected);

/* Ready-made callbacks ------------------------------------------------------------------------- */

/**
 * A ready-made callback for dicod_context_set_log(): writes messages to stderr, a line each. `userdata`
 * points to an int32_t, the highest level that is written: DICOD_LOG_WARNING, DICOD_LOG_INFO or
 * DICOD_LOG_DEBUG; NULL means DICOD_LOG_INFO. Over several ranks, set it on one of them.
 *
 * Local. Thread-safe.
 */
void dicod_log_stderr(void *userdata,
                      int32_t level,
                      const char *message);

/**
 * A ready-made callback for dicod_context_set_progress(): shows on stderr how a solve gets on. In a
 * terminal it draws a bar of the tiles that have nothing left to do, anywhere else it writes a line every
 * other second. `userdata` is a title, or NULL. It returns 0. Over several ranks, set it on one of them.
 *
 * Local. Thread-safe.
 */
int32_t dicod_progress_bar(void *userdata,
                           const dicod_progress *progress);

/**
 * A ready-made callback for dicod_learn() and dicod_learner_run(): writes a line to stderr for each outer
 * iteration. `userdata` is a title, or NULL. It returns 0. Over several ranks, give it to one of them and
 * NULL to the others.
 *
 * Local. Thread-safe.
 */
int32_t dicod_learn_progress_bar(void *userdata,
                                 const dicod_learn_step *step);

/* Segmentation of a domain --------------------------------------------------------------------- */

/**
 * A regular grid of segments over a box-shaped domain of any number of axes.
 *
 * The segments are numbered from 0 in C order (last axis fastest). Their *inner* parts cover the
 * domain without gap or overlap. The *outer* part of a segment also has `overlap[a]` positions of
 * its neighbours on both sides of axis a, as far as the full array goes. Global coordinates count
 * from the corner of the full array; local coordinates of a segment from the corner of its outer
 * part. All coordinates, sizes and segment numbers are int64_t; a point may lie anywhere, outside
 * and below 0 too. A range of positions is a pair start, end, the end not included.
 *
 * Arrays written `a[n_axes]` have one value per axis, those written `a[n_axes][2]` a pair;
 * inputs and outputs are the caller's and may be the same array. Outputs are written only when
 * DICOD_OK is returned. Unless a function says otherwise no pointer may be NULL, which is
 * DICOD_ERROR_NULL_POINTER, and any number of threads may use one handle at once in functions that take it as
 * const; the others need it for themselves. Nothing here communicates: every function is local to the process.
 *
 * The answers are those of the Segmentation class of the Python package dicodile 0.3, except where
 * that one is wrong or fails; the Rust documentation lists the differences (grid::segmentation).
 */
typedef struct dicod_segmentation dicod_segmentation;

/**
 * Makes a segmentation with `n_segments[a]` segments along axis a.
 *
 * The domain lies in an array of `n_axes` axes (at least 1) and shape `full_shape[n_axes]`. It is
 * the box `inner_bounds[n_axes][2]`, or the whole array if `inner_bounds` is NULL. `full_shape`
 * may be NULL if `inner_bounds` is not: then the array ends where the box does. `overlap[n_axes]`
 * may be NULL: no overlap. Free the result with segmentation_free().
 *
 * Segments are size / n long, rounded up when the remainder is at least n / 2 (integer divisions),
 * and the last takes what is left; where that would leave it nothing, the first size mod n
 * segments are one longer than the others.
 *
 * Errors: DICOD_ERROR_INVALID_ARGUMENT (n_axes below 1, n_segments below
 * 1 or above the size of the domain, negative overlap); DICOD_ERROR_INVALID_SHAPE (full_shape
 * below 1 or with more elements than 64 bits can count, inner_bounds empty or not inside
 * full_shape).
 */
dicod_status segmentation_create_by_count(int64_t n_axes,
                                          const int64_t *full_shape,
                                          const int64_t *inner_bounds,
                                          const int64_t *n_segments,
                                          const int64_t *overlap,
                                          dicod_segmentation **handle);

/**
 * Makes a segmentation with segments of `segment_shape[n_axes]` positions; the last along an axis
 * takes what is left. A size larger than the domain gives one segment.
 *
 * Everything else is as for segmentation_create_by_count().
 *
 * Local. Thread-safe.
 * Errors: as segmentation_create_by_count(), and DICOD_ERROR_INVALID_ARGUMENT for a segment_shape
 * below 1.
 */
dicod_status segmentation_create_by_shape(int64_t n_axes,
                                          const int64_t *full_shape,
                                          const int64_t *inner_bounds,
                                          const int64_t *segment_shape,
                                          const int64_t *overlap,
                                          dicod_segmentation **handle);

/**
 * Frees a segmentation and sets the caller's pointer to NULL. `handle` and `*handle` may be NULL.
 *
 * Local. No other thread may be using the handle.
 */
dicod_status segmentation_free(dicod_segmentation **handle);

/**
 * Number of axes.
 */
dicod_status segmentation_get_n_axes(const dicod_segmentation *handle, int64_t *n_axes);

/**
 * Number of segments.
 */
dicod_status segmentation_get_n_segments(const dicod_segmentation *handle,
                                         int64_t *n_segments);

/**
 * Number of segments along each axis: `counts[n_axes]`.
 */
dicod_status segmentation_get_segments_per_axis(const dicod_segmentation *handle,
                                                int64_t *counts);

/**
 * The size that was asked for or computed for the segments of each axis: `shape[n_axes]`.
 *
 * The last segment of an axis may be smaller or larger; where the axis is cut evenly the later
 * ones are one smaller. For the only segment of an axis cut by number it is one more than the size
 * of the domain. Sizes of one segment: segmentation_get_segment_shape().
 */
dicod_status segmentation_get_nominal_shape(const dicod_segmentation *handle,
                                            int64_t *shape);

/**
 * Size of the domain along each axis: `shape[n_axes]`.
 */
dicod_status segmentation_get_shape(const dicod_segmentation *handle, int64_t *shape);

/**
 * Bounds of the domain in the full array: `bounds[n_axes][2]`.
 */
dicod_status segmentation_get_inner_bounds(const dicod_segmentation *handle,
                                           int64_t *bounds);

/**
 * Shape of the full array: `shape[n_axes]`.
 */
dicod_status segmentation_get_full_shape(const dicod_segmentation *handle, int64_t *shape);

/**
 * Overlap along each axis: `overlap[n_axes]`.
 */
dicod_status segmentation_get_overlap(const dicod_segmentation *handle, int64_t *overlap);

/**
 * Bounds of segment `i_seg` in the full array: `bounds[n_axes][2]`.
 *
 * `inner`: 0 for the outer part, anything else for the inner part.
 *
 * Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
 */
dicod_status segmentation_get_segment_bounds(const dicod_segmentation *handle,
                                             int64_t i_seg,
                                             int32_t inner,
                                             int64_t *bounds);

/**
 * Size of segment `i_seg` along each axis: `shape[n_axes]`.
 *
 * `inner`: 0 for the outer part, anything else for the inner part.
 *
 * Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
 */
dicod_status segmentation_get_segment_shape(const dicod_segmentation *handle,
                                            int64_t i_seg,
                                            int32_t inner,
                                            int64_t *shape);

/**
 * Segment `i_seg` as a slice of the full array, in the form that HDF5's hyperslabs and MPI's
 * subarrays take: where it starts and how many positions it has along each axis, `start[n_axes]`
 * and `count[n_axes]`, two separate arrays.
 *
 * `inner`: 0 for the outer part, anything else for the inner part.
 *
 * Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
 */
dicod_status segmentation_get_segment_slices(const dicod_segmentation *handle,
                                             int64_t i_seg,
                                             int32_t inner,
                                             int64_t *start,
                                             int64_t *count);

/**
 * The segment whose inner part holds `point[n_axes]` (global coordinates), or for a point outside
 * the domain the nearest one by the sum of the distances along the axes: `*i_seg`.
 */
dicod_status segmentation_find_segment(const dicod_segmentation *handle,
                                       const int64_t *point,
                                       int64_t *i_seg);

/**
 * The segments whose outer part meets the window from point - radius to point + radius, both
 * included, ascending; the segment that segmentation_find_segment() finds is always among them.
 * Any radius from 0 works, also one larger than a segment or than the domain. Here an overlap counts
 * beyond the border of the full array too.
 *
 * `point[n_axes]` in global coordinates, `radius[n_axes]`. `*count` receives how many segments
 * there are, and `segments` their numbers. To ask for the count alone pass a `capacity` of 0, then
 * `segments` may be NULL; otherwise `segments` has room for `capacity` numbers, at least `*count`.
 *
 * Errors: DICOD_ERROR_INVALID_ARGUMENT (negative radius; capacity
 * negative or too small).
 */
dicod_status segmentation_get_touched_segments(const dicod_segmentation *handle,
                                               const int64_t *point,
                                               const int64_t *radius,
                                               int64_t capacity,
                                               int64_t *segments,
                                               int64_t *count);

/**
 * What the window from point - radius to point + radius, both included, touches of the overlap of
 * segment `i_seg`, that is of its outer part outside its inner part, as boxes.
 *
 * `point[n_axes]` in local coordinates of the segment, `radius[n_axes]` from 0. A box is a pair per
 * axis, in local coordinates too. For each axis there is at most one box before and one after the
 * inner part, along the other axes as wide as the window; so boxes of different axes share corners.
 * `*count` receives the number of boxes, at most 2 n_axes and often 0, and `boxes[count][n_axes][2]`
 * the boxes. To ask for the count alone pass a `capacity` of 0, then `boxes` may be NULL; otherwise
 * `boxes` has room for `capacity` boxes, at least `*count`.
 *
 * Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg), DICOD_ERROR_INVALID_ARGUMENT
 * (negative radius; capacity negative or too small).
 */
dicod_status segmentation_get_touched_overlap_slices(const dicod_segmentation *handle,
                                                     int64_t i_seg,
                                                     const int64_t *point,
                                                     const int64_t *radius,
                                                     int64_t capacity,
                                                     int64_t *boxes,
                                                     int64_t *count);

/**
 * Global coordinates `global[n_axes]` of `point[n_axes]`, given in local coordinates of segment
 * `i_seg`. The point may lie outside the segment.
 *
 * Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg; point, if the result does not
 * fit in 64 bits).
 */
dicod_status segmentation_get_global_coordinate(const dicod_segmentation *handle,
                                                int64_t i_seg,
                                                const int64_t *point,
                                                int64_t *global);

/**
 * Local coordinates `local[n_axes]`, in segment `i_seg`, of `point[n_axes]`, given in global
 * coordinates. The point may lie outside the segment.
 *
 * Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg; point, if the result does not
 * fit in 64 bits).
 */
dicod_status segmentation_get_local_coordinate(const dicod_segmentation *handle,
                                               int64_t i_seg,
                                               const int64_t *point,
                                               int64_t *local);

/**
 * Whether `point[n_axes]`, in local coordinates of segment `i_seg`, lies in the segment:
 * `*contained` is 1 or 0.
 *
 * `inner`: 0 for the outer part, anything else for the inner part.
 *
 * Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
 */
dicod_status segmentation_contains_point(const dicod_segmentation *handle,
                                         int64_t i_seg,
                                         const int64_t *point,
                                         int32_t inner,
                                         int32_t *contained);

/**
 * Whether an update at `point[n_axes]` (local coordinates of segment `i_seg`) that changes
 * everything from point - radius to point + radius can be done in the segment: `*contained` is 1
 * if the point is in the inner part and the window ends inside the outer part on every side where
 * the segment has an overlap, otherwise 0. `radius[n_axes]` from 0.
 *
 * Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg), DICOD_ERROR_INVALID_ARGUMENT
 * (negative radius).
 */
dicod_status segmentation_contains_area(const dicod_segmentation *handle,
                                        int64_t i_seg,
                                        const int64_t *point,
                                        const int64_t *radius,
                                        int32_t *contained);

/**
 * How much of the overlap of segment `i_seg` the border of the full array cuts off, before and
 * after it on each axis: `padding[n_axes][2]`, what brings its outer part to full size.
 *
 * Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
 */
dicod_status segmentation_get_padding_to_overlap(const dicod_segmentation *handle,
                                                 int64_t i_seg,
                                                 int64_t *padding);

/**
 * The segment after `i_seg`, and 0 after the last: `*next`. An `i_seg` of -1 stands before the
 * first.
 *
 * Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
 */
dicod_status segmentation_increment(const dicod_segmentation *handle, int64_t i_seg, int64_t *next);

/**
 * Whether segment `i_seg` is active: `*active` is 1 or 0. At first all segments are.
 *
 * Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
 */
dicod_status segmentation_is_active(const dicod_segmentation *handle,
                                    int64_t i_seg,
                                    int32_t *active);

/**
 * Activates the `n` segments whose numbers are in `segments[n]`; repeated ones count once. After
 * an error none has changed.
 *
 * `segments` may be NULL if `n` is 0. `*changed` receives how many of them were inactive; it may be
 * NULL.
 *
 * Local. The handle is changed: no other thread may be using it.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (negative n),
 * DICOD_ERROR_OUT_OF_RANGE (segments).
 */
dicod_status segmentation_set_active(dicod_segmentation *handle,
                                     int64_t n,
                                     const int64_t *segments,
                                     int64_t *changed);

/**
 * Deactivates the `n` segments whose numbers are in `segments[n]`; repeated ones count once.
 * After an error none has changed.
 *
 * `segments` may be NULL if `n` is 0. `*changed` receives how many of them were active; it may be
 * NULL. The first call may take one bit of memory per segment.
 *
 * Local. The handle is changed: no other thread may be using it.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (negative n),
 * DICOD_ERROR_OUT_OF_RANGE (segments), DICOD_ERROR_OUT_OF_MEMORY.
 */
dicod_status segmentation_set_inactive(dicod_segmentation *handle,
                                       int64_t n,
                                       const int64_t *segments,
                                       int64_t *changed);

/**
 * Activates all segments. `*changed` receives how many were inactive; it may be NULL.
 *
 * Local. The handle is changed: no other thread may be using it.
 * Errors: DICOD_ERROR_NULL_POINTER.
 */
dicod_status segmentation_reset(dicod_segmentation *handle, int64_t *changed);

/**
 * Number of active segments.
 */
dicod_status segmentation_get_n_active(const dicod_segmentation *handle, int64_t *n_active);

/**
 * Whether at least one segment is active: `*exists` is 1 or 0.
 */
dicod_status segmentation_exists_active(const dicod_segmentation *handle, int32_t *exists);

/**
 * Whether the inactive segments may rest: `*i_seg` is the first of them whose inner part holds an
 * entry of `dz` with |dz| > `tol`, or -1 if there is none.
 *
 * `dz` is `n_atoms` arrays of the full shape in C order, and may be NULL if `n_atoms` is 0; `tol`
 * has its unit.
 *
 * Errors: DICOD_ERROR_INVALID_ARGUMENT (negative n_atoms; tol negative or
 * not finite), DICOD_ERROR_NOT_FINITE (dz), DICOD_ERROR_OUT_OF_MEMORY (dz has more elements than
 * memory can hold).
 */
dicod_status segmentation_check_inactive(const dicod_segmentation *handle,
                                         int64_t n_atoms,
                                         const double *dz,
                                         double tol,
                                         int64_t *i_seg);

/* Parallel map: what tasks and callbacks may ask ----------------------------------------------- */

/**
 * Bytes that a callback writes: the library's, valid during the call.
 */
typedef struct parmap_buffer parmap_buffer;

/**
 * One task, as its work function sees it: valid until that returns. The library's, never NULL.
 */
typedef struct parmap_task parmap_task;

/**
 * Index of the task, `*index`, from 0; which attempt this is, `*attempt`, from 0; the rank that it
 * runs on, and the worker there, from 0. What is not wanted may be NULL.
 *
 * Local. To be called by the work function's thread. Errors: DICOD_ERROR_NULL_POINTER (task).
 */
dicod_status parmap_task_get_place(const parmap_task *task,
                                   int64_t *index,
                                   int64_t *attempt,
                                   int32_t *rank,
                                   int32_t *worker);

/**
 * Index of the task, from 0; -1 if `task` is NULL.
 *
 * Local. Any thread, while the work function runs.
 */
int64_t parmap_task_get_index(const parmap_task *task);

/**
 * 1 if the task should end early, because its result won't count any more: the run was cancelled,
 * its deadline has passed, or a task below has failed; else 0. A long task should ask now and then,
 * and return any positive code: it counts as not run.
 *
 * Local; on the calling thread of its rank it looks for messages. To be called by the work
 * function's thread.
 */
int32_t parmap_cancelled(const parmap_task *task);

/**
 * A random number, `*key`, that depends on the setting "seed" and the index of the task alone, not
 * on schedule, chunk, ranks or threads: to seed a generator of your own.
 *
 * Local. To be called by the work function's thread. Errors: DICOD_ERROR_NULL_POINTER.
 */
dicod_status parmap_task_get_key(const parmap_task *task, uint64_t *key);

/**
 * The next `n` random numbers of the task, uniform in [0, 1): `values[n]`. As for
 * parmap_task_get_key(), they depend on seed and index alone; a retry gets the same again.
 *
 * Local. To be called by the work function's thread.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (n negative).
 */
dicod_status parmap_task_uniform(const parmap_task *task, int64_t n, double *values);

/**
 * Says why the task fails: `message` is copied, and reported if this is the failure that the run
 * reports. The work function then returns its positive code.
 *
 * Local. To be called by the work function's thread.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (message is not UTF-8).
 */
dicod_status parmap_task_explain(const parmap_task *task, const char *message);

/**
 * The bytes that parmap_share() has given to all tasks: `*data`, `*size` of them, at an address
 * that is fit for any type; NULL and 0 if there are none. They are read-only: the ranks of a node
 * may have one copy in common. Valid while the task runs. `size` may be NULL.
 *
 * Local. Any thread, while the work function runs. Errors: DICOD_ERROR_NULL_POINTER.
 */
dicod_status parmap_task_get_shared(const parmap_task *task,
                                    const void **data,
                                    int64_t *size);

/**
 * A context on the ranks that work on the task together (setting "ranks_per_task"), with one
 * thread: `*context`, for dicod_solve() or another map inside the task. Free it with
 * dicod_context_free() before the work function returns.
 *
 * Local. To be called by the work function's thread. Errors: DICOD_ERROR_NULL_POINTER.
 */
dicod_status parmap_task_get_context(const parmap_task *task, dicod_context **context);

/**
 * What the transport of the ranks that work on the task together (setting "ranks_per_task") has for its state: `*state`; NULL if
 * it is one rank, or they are not connected by a dicod_transport. As for parmap_task_get_comm(), the library sends nothing by it
 * while the task runs.
 *
 * Local. To be called by the work function's thread. Errors: DICOD_ERROR_NULL_POINTER.
 */
dicod_status parmap_task_get_transport(const parmap_task *task,
                                       void **state);

/**
 * Makes a buffer `size` bytes long, new bytes are zero, and gives where they begin: `*data`, valid
 * until the next call for this buffer. `data` may be NULL.
 *
 * Local. To be called by the callback that was given the buffer.
 * Errors: DICOD_ERROR_NULL_POINTER (buffer), DICOD_ERROR_INVALID_ARGUMENT (size negative),
 * DICOD_ERROR_OUT_OF_MEMORY.
 */
dicod_status parmap_buffer_resize(parmap_buffer *buffer, int64_t size, void **data);

/**
 * Appends `size` bytes to a buffer. `data` may be NULL if `size` is 0.
 *
 * Local. To be called by the callback that was given the buffer.
 * Errors: as parmap_buffer_resize().
 */
dicod_status parmap_buffer_append(parmap_buffer *buffer, const void *data, int64_t size);

/* Parallel map: what came of a run ------------------------------------------------------------- */

/**
 * What came of a run: the same on every rank. Set struct_size before (PARMAP_REPORT_INIT does).
 * It is written whenever a run was begun, also if it failed.
 */
typedef struct parmap_report {
    /**
     * sizeof(parmap_report), set by the caller.
     */
    int64_t struct_size;
    /**
     * What the function returns.
     */
    dicod_status status;
    /**
     * Code of the failure that is reported, that of the lowest index: what the callback returned,
     * or a negative status (a panic, a code that is not allowed); 0: none.
     */
    int32_t failure_code;
    /**
     * Index of its task or item, counted from 0 in every language; -1: none. Initially -1.
     */
    int64_t failure_index;
    /**
     * The rank that it ran on; -1: none. Initially -1.
     */
    int32_t failure_rank;
    /**
     * The worker there; -1: none. Initially -1.
     */
    int32_t failure_worker;
    /**
     * Tasks that were run and count, failed ones included.
     */
    int64_t done;
    /**
     * Tasks that failed.
     */
    int64_t failed;
    /**
     * Number of tasks; -1: not known.
     */
    int64_t total;
    /**
     * Tasks without a result: parmap_get_unfinished() lists them.
     */
    int64_t unfinished;
    /**
     * Seconds from the call to the end.
     */
    double seconds;
    /**
     * What the failing callback said, cut to fit.
     */
    char failure_message[256];
} parmap_report;

/**
 * Initialiser of a parmap_report: struct_size, failure_index = -1, failure_rank = -1, failure_worker = -1, and zeros.
 */
#define PARMAP_REPORT_INIT {sizeof(parmap_report), 0, 0, -1, -1, -1, 0, 0, 0, 0, 0.0, {0}}

/**
 * What came of a run as text for people, one line without a newline at the end: how it ended, what was
 * done, which task failed. With a `capacity` of 0 it writes only `needed`, the bytes that the text takes
 * with its NUL; else `buffer`, too, which holds `capacity` bytes.
 *
 * Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER (report, buffer, needed); DICOD_ERROR_INVALID_ARGUMENT (struct_size; a
 * capacity that is too small).
 */
dicod_status parmap_report_text(const parmap_report *report,
                                int64_t capacity,
                                char *buffer,
                                int64_t *needed);

/* Parallel map: over arrays -------------------------------------------------------------------- */

/**
 * A map over the ranks and threads of a context: serial, threads, ranks or both, with the same
 * calls and the same results, bit for bit.
 *
 * Collective functions have to be called by all ranks, in the same order; each with its own
 * pointers. A handle serves one call at a time: a second one, from another thread or from a
 * callback, fails with DICOD_ERROR_INVALID_STATE; it works on after any error but
 * DICOD_ERROR_COMMUNICATION.
 *
 * Callbacks must return: no exception and no longjmp may leave them. With one thread all of them
 * are called in the thread that called the library; with more, work functions are called in
 * threads of the library, several at a time, everything else in the calling one. Only the calling
 * thread uses MPI. What is collective on the ranks of the map's context, and what needs that context for itself, fails in
 * callbacks with DICOD_ERROR_INVALID_STATE, on any number of ranks; no context, NULL, serves there, and that of
 * parmap_task_get_context().
 */
typedef struct dicod_parmap dicod_parmap;

/**
 * Does one task: reads `input`, in_size bytes, and writes `output`, out_size bytes, all zero when
 * it is called (on a retry, too); NULL if the size is 0. Returns 0, or a positive code of its own.
 */
typedef int32_t (*parmap_work_fn)(void *userdata,
                                  const parmap_task *task,
                                  const void *input,
                                  void *output);

/**
 * Makes a map on the ranks and threads of `context`: `*map`. Free it with parmap_free(). Without a
 * context (NULL): this process alone, one thread. Settings have their defaults.
 *
 * With several threads tasks run in threads of the library, whose stacks are as large as that of the
 * main thread: its soft limit (`ulimit -s`), from 2 to 256 MiB. OMP_STACKSIZE, if it is set when the
 * map is made, says another size, of 256 KiB at least; what is no size is ignored, with a line in the
 * log. A run whose threads cannot have such stacks fails with DICOD_ERROR_OUT_OF_MEMORY. Threads of
 * a solve run nothing of the caller's, and need no such stacks.
 *
 * Local: the communicator is the context's, none is made. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER (map).
 */
dicod_status parmap_create(const dicod_context *context,
                           dicod_parmap **map);

/**
 * Frees a map and sets the caller's pointer to NULL. `map` and `*map` may be NULL.
 *
 * Local, unless ranks had something in common: collective after tasks on several ranks each; as
 * dicod_context_free() if it is the last handle on the ranks of a communicator. No other thread may
 * be using the handle.
 */
dicod_status parmap_free(dicod_parmap **map);

/**
 * Asks the run that is in progress to end, on all ranks: it returns PARMAP_ERROR_CANCELLED. Without
 * one nothing happens. `map` may be NULL.
 *
 * Local. Any thread, also in a signal handler: it only sets a flag.
 */
void parmap_cancel(const dicod_parmap *map);

/**
 * Gives all tasks of later runs `size` bytes of rank 0, see parmap_task_get_shared(). They are copied
 * once per node if its ranks can share memory and half of the room that is left for that (/dev/shm)
 * is enough, else once per rank, and replace those of an earlier call. On other ranks `data` and `size` are not looked at. `data` may be NULL if `size` is
 * 0.
 *
 * Collective. Needs the map for itself.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (size), DICOD_ERROR_OUT_OF_MEMORY,
 * DICOD_ERROR_INVALID_STATE (map in use), DICOD_ERROR_COMMUNICATION.
 */
dicod_status parmap_share(dicod_parmap *map,
                          const void *data,
                          int64_t size);

/**
 * Runs `work` for tasks 0 to n_tasks - 1. Task i reads in_size bytes at inputs + i * in_stride, and
 * writes out_size bytes at outputs + i * out_stride; a stride of 0 stands for the size. The output
 * of a task whose status is not 0 is all zero at the end.
 *
 * n_tasks and sizes have to be the same on every rank. `inputs` are those of rank 0, elsewhere they
 * are not looked at; `outputs` are written on rank 0, and on each rank where they are not NULL.
 * Both may be NULL if their size is 0. `statuses[n_tasks]` receives 0, the code of the task, or a
 * negative status (PARMAP_NOT_RUN, DICOD_ERROR_INTERNAL for a panic); it may be NULL, as `userdata`
 * and `report` may.
 *
 * Returns 0; PARMAP_SOME_FAILED; or an error, the same on every rank. As far as tasks succeeded,
 * outputs are valid then, too. After a deadline or a cancel, and the setting "grace", no rank waits for one that
 * is still in a task; that one returns when its task does, with the same report and outputs.
 *
 * Collective. Needs the map for itself.
 * Errors: PARMAP_ERROR_TASK, PARMAP_ERROR_TIMEOUT, PARMAP_ERROR_CANCELLED; before anything is run:
 * DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (a size or stride, ranks that differ),
 * DICOD_ERROR_OUT_OF_MEMORY, DICOD_ERROR_INVALID_STATE (map in use, ranks that make different
 * calls); DICOD_ERROR_COMMUNICATION.
 */
dicod_status parmap_run(dicod_parmap *map,
                        int64_t n_tasks,
                        parmap_work_fn work,
                        void *userdata,
                        const void *inputs,
                        int64_t in_size,
                        int64_t in_stride,
                        void *outputs,
                        int64_t out_size,
                        int64_t out_stride,
                        int32_t *statuses,
                        parmap_report *report);

/**
 * Tasks without a result in the last run with this map: `n` ranges, range i from `first[i]` up to,
 * but not including, `end[i]`.
 *
 * Call it first with a capacity of 0: only `*n` is written. Then with arrays of at least that many
 * entries.
 *
 * Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (capacity negative or, other than
 * 0, too small).
 */
dicod_status parmap_get_unfinished(const dicod_parmap *map,
                                   int64_t capacity,
                                   int64_t *first,
                                   int64_t *end,
                                   int64_t *n);

/* Parallel map: settings ----------------------------------------------------------------------- */

/*
 * All settings: key (type, default, allowed values), and what it means.
 *
 * schedule (string, default dynamic, dynamic | block | cyclic | guided)
 *     dynamic: the next chunk goes to whoever finishes first; guided: the same with chunks that get smaller; block: equal contiguous portions, what is left over the workers that are left, rounded up; cyclic: chunks are dealt in turn
 * chunk (integer, default 0, at least 0)
 *     tasks that are handed over at a time; 0: automatic, by time. Of a reduction: tasks of one fork; 0: by their number
 * errors (string, default cancel, cancel | continue)
 *     cancel: no task above the lowest failing one counts, none is started once that is known, those below finish; continue: all run, each has its status
 * retries (integer, default 0, at least 0)
 *     how often a task that failed is tried again
 * seed (integer, default 0, at least 0)
 *     seed of the random numbers of tasks
 * root_works (integer, default 1, 0 or 1)
 *     0: rank 0 only hands out tasks, if there are other ranks
 * max_outstanding (integer, default 0, at least 0)
 *     items at most between producer and consumer of a stream; 0: four per worker
 * ordered (integer, default 1, 0 or 1)
 *     0: results are consumed, or forks joined, as they come, not in order of index
 * deadline (real, default inf, at least 0)
 *     seconds after which a run stops, from when the last rank has called
 * grace (real, default 1, at least 0)
 *     seconds that running tasks have to end after a deadline or a cancel: other ranks are not waited for any longer; a task on a thread of rank 0 is, it cannot be ended from outside
 * progress_interval (real, default 0.1, at least 0)
 *     least seconds between two calls of the progress callback
 * ranks_per_task (integer, default 1, at least 1)
 *     ranks that work on one task together
 */

/**
 * Sets the setting `key`, of type "integer", to a number.
 *
 * The settings of rank 0 count. Local. Thread-safe; a run that is in progress keeps what it has.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_UNKNOWN_OPTION (key; the message names the nearest one);
 * DICOD_ERROR_INVALID_ARGUMENT (the setting has another type, or the value is not allowed).
 */
dicod_status parmap_set_integer(dicod_parmap *map,
                                const char *key,
                                int64_t value);

/**
 * Sets the setting `key`, of type "real", to a number of seconds, which may be infinite.
 *
 * Otherwise as parmap_set_integer().
 */
dicod_status parmap_set_real(dicod_parmap *map, const char *key, double value);

/**
 * Sets the setting `key`, of type "string", to one of its words.
 *
 * Otherwise as parmap_set_integer().
 */
dicod_status parmap_set_string(dicod_parmap *map, const char *key, const char *value);

/**
 * Sets the setting `key`, of any type, to what `text` says: a number as in C ("0.5", "inf"), a word, or 0 or 1.
 *
 * Otherwise as parmap_set_integer().
 */
dicod_status parmap_set(dicod_parmap *map,
                        const char *key,
                        const char *text);

/**
 * Reads the setting `key`, of type "integer": `*value`, what this rank has set or the default.
 *
 * Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_UNKNOWN_OPTION (key); DICOD_ERROR_INVALID_ARGUMENT (the setting has another
 * type).
 */
dicod_status parmap_get_integer(const dicod_parmap *map,
                                const char *key,
                                int64_t *value);

/**
 * Reads the setting `key`, of type "real": `*value`.
 *
 * Otherwise as parmap_get_integer().
 */
dicod_status parmap_get_real(const dicod_parmap *map, const char *key, double *value);

/**
 * Reads the setting `key`, of type "string": the word with its NUL, `*needed` bytes, goes to `value`, which has room for
 * `capacity`. With a capacity of 0 only `*needed` is written, and `value` may be NULL.
 *
 * Otherwise as parmap_get_integer(); errors also DICOD_ERROR_INVALID_ARGUMENT for a capacity that is negative or, other than 0,
 * too small.
 */
dicod_status parmap_get_string(const dicod_parmap *map,
                               const char *key,
                               int64_t capacity,
                               char *value,
                               int64_t *needed);

/**
 * Number of settings that there are: `*count`.
 *
 * Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
 */
dicod_status parmap_settings_get_count(int64_t *count);

/**
 * Describes setting number `index`, from 0 to the count less one: `*info`, whose struct_size the caller sets before
 * (DICOD_OPTION_INFO_INIT does).
 *
 * Local. Thread-safe. Errors: as dicod_options_describe().
 */
dicod_status parmap_settings_describe(int64_t index,
                                      dicod_option_info *info);

/* Parallel map: progress ----------------------------------------------------------------------- */

/**
 * How far a run is.
 */
typedef struct parmap_progress {
    /**
     * sizeof(parmap_progress) of the library: fields beyond it do not exist.
     */
    int64_t struct_size;
    /**
     * Tasks that have come back.
     */
    int64_t done;
    /**
     * Number of tasks; -1: not known.
     */
    int64_t total;
    /**
     * Tasks that failed.
     */
    int64_t failed;
    /**
     * Seconds since the run began.
     */
    double elapsed;
    /**
     * Seconds that it will probably still take; -1: not known.
     */
    double eta;
} parmap_progress;

/**
 * Told on rank 0 how a run gets on; returns 0 to go on, anything else to cancel it.
 *
 * It is called by the thread that called the library, at least the setting "progress_interval"
 * seconds apart, and once at the end, when its answer changes nothing. `progress` is valid during
 * the call.
 */
typedef int32_t (*parmap_progress_fn)(void *userdata, const parmap_progress *progress);

/**
 * Calls `progress` during runs, with `userdata` as its first argument; NULL: does not, as at first.
 * Only that of rank 0 is called. `userdata` may be NULL.
 *
 * Local. Thread-safe; a run that is in progress keeps what it has.
 * Errors: DICOD_ERROR_NULL_POINTER (map).
 */
dicod_status parmap_set_progress(dicod_parmap *map, parmap_progress_fn progress, void *userdata);

/**
 * A progress callback that is ready-made: on stderr, a bar if that is a terminal, else a line now
 * and then. Give it to parmap_set_progress(); `userdata` is a title, NUL-terminated, or NULL.
 * Always returns 0.
 *
 * Local. Nothing else in the library writes anything.
 */
int32_t parmap_progress_bar(void *userdata, const parmap_progress *progress);

/* Parallel map: streams ------------------------------------------------------------------------ */

/**
 * What a producer returns for an item that it has written.
 */
#define PARMAP_ITEM 0

/**
 * What a producer returns when there are no more items.
 */
#define PARMAP_END (-1)

/**
 * What a producer returns when it has nothing now: it is asked again when something was consumed,
 * or a little later.
 */
#define PARMAP_WAIT (-2)

/**
 * What a consumer returns when it wants no more: no item above this one counts.
 */
#define PARMAP_STOP (-1)

/**
 * Writes the next item to `buffer`, which is empty, and returns PARMAP_ITEM; or PARMAP_END,
 * PARMAP_WAIT, or a positive code of its own: an error.
 */
typedef int32_t (*parmap_produce_fn)(void *userdata, parmap_buffer *buffer);

/**
 * Does one item: reads `input`, `size` bytes at an address that is fit for any type, and writes to
 * `output`, which is empty. Returns 0, or a positive code of its own.
 */
typedef int32_t (*parmap_item_fn)(void *userdata,
                                  const parmap_task *task,
                                  const void *input,
                                  int64_t size,
                                  parmap_buffer *output);

/**
 * Takes the result of item `index`: `size` bytes at `data`. If the setting "errors" is "continue"
 * also of those that failed: `status` is then not 0, and there are no bytes. Returns 0 to go on,
 * PARMAP_STOP, or a positive code of its own: an error.
 */
typedef int32_t (*parmap_consume_fn)(void *userdata,
                                     int64_t index,
                                     int32_t status,
                                     const void *data,
                                     int64_t size);

/**
 * Runs `work` for each item that `produce` gives on rank 0, and hands the results to `consume`
 * there: in order and without a gap, also if the run is stopped, or as they come (setting
 * "ordered"). Items are asked for lazily: at most "max_outstanding" of them are anywhere between the
 * two, so that memory stays bounded whatever the length. Both are called by the calling thread, one
 * at a time.
 *
 * `produce` and `consume` are not looked at on other ranks; `userdata` (of this rank), the first
 * argument of all three, and `report` may be NULL.
 *
 * Returns 0, PARMAP_SOME_FAILED, PARMAP_STOPPED, or an error, the same on every rank. What is
 * reported is what a serial run would have met first.
 *
 * Collective. Needs the map for itself.
 * Errors: PARMAP_ERROR_TASK, PARMAP_ERROR_PRODUCER, PARMAP_ERROR_CONSUMER, PARMAP_ERROR_STALLED,
 * and as parmap_run().
 */
dicod_status parmap_stream(dicod_parmap *map,
                           parmap_produce_fn produce,
                           parmap_item_fn work,
                           parmap_consume_fn consume,
                           void *userdata,
                           parmap_report *report);

/* Parallel map: threads of the caller's -------------------------------------------------------- */

/**
 * Tasks that threads of the caller's pull: parmap_open().
 */
typedef struct parmap_pull parmap_pull;

/**
 * Begins to give out tasks 0 to n_tasks - 1 to threads that the caller brings: `*pull`, which
 * parmap_close() ends. The map is in use until then. On several ranks each gives out its own portion
 * (setting "schedule": that of "cyclic", else of "block").
 *
 * Collective. Needs the map for itself.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (n_tasks, also if the ranks
 * differ), DICOD_ERROR_INVALID_STATE (map in use), DICOD_ERROR_COMMUNICATION.
 */
dicod_status parmap_open(dicod_parmap *map,
                         int64_t n_tasks,
                         parmap_pull **pull);

/**
 * The next task to do, `*index`; -1: there are no more, or the run is to end.
 *
 * Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
 */
dicod_status parmap_next(parmap_pull *pull, int64_t *index);

/**
 * Task `index` is done: `code` is 0, or positive if it failed, then because of `message`, which may
 * be NULL.
 *
 * Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (index was not given out, or is
 * done; code negative).
 */
dicod_status parmap_done(parmap_pull *pull,
                         int64_t index,
                         int32_t code,
                         const char *message);

/**
 * 1 if task `index` should end early, because its result won't count, else 0: parmap_cancelled().
 *
 * Local. Thread-safe.
 */
int32_t parmap_pull_cancelled(const parmap_pull *pull, int64_t index);

/**
 * A random number, `*key`, that depends on the setting "seed" and `index` alone: parmap_task_get_key().
 *
 * Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (index).
 */
dicod_status parmap_pull_get_key(const parmap_pull *pull,
                                 int64_t index,
                                 uint64_t *key);

/**
 * Ends the giving out of tasks, and sets the caller's pointer to NULL. What was not done is
 * unfinished: PARMAP_ERROR_CANCELLED. `report` may be NULL.
 *
 * Collective. In the thread that called parmap_open(), when no other one uses the handle.
 * Errors: as parmap_run(), and DICOD_ERROR_NULL_POINTER (pull, *pull); DICOD_ERROR_INVALID_ARGUMENT
 * (report; it is still open then); DICOD_ERROR_INVALID_STATE (MPI is already finalised; the handle is
 * gone all the same).
 */
dicod_status parmap_close(parmap_pull **pull,
                          parmap_report *report);

/* Parallel map: rank 0 calls by name ----------------------------------------------------------- */

/**
 * Gives a work function a name, under which rank 0 can run it with parmap_call(). Every rank
 * registers its own, with its own `userdata`, which may be NULL; another one of the same name is
 * replaced.
 *
 * Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (name empty or not UTF-8).
 */
dicod_status parmap_register(dicod_parmap *map,
                             const char *name,
                             parmap_work_fn work,
                             void *userdata);

/**
 * As parmap_register(), for the items of parmap_call_stream().
 */
dicod_status parmap_register_item(dicod_parmap *map,
                                  const char *name,
                                  parmap_item_fn work,
                                  void *userdata);

/**
 * On ranks other than 0: does what rank 0 calls, and returns when it calls parmap_release(). On
 * rank 0 it returns at once. Between calls of rank 0 it sleeps. Errors of single calls are for
 * rank 0 to see.
 *
 * Collective. Needs the map for itself. Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_COMMUNICATION.
 */
dicod_status parmap_serve(dicod_parmap *map);

/**
 * On rank 0: the others return from parmap_serve().
 *
 * Needs the map for itself.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_STATE (not rank 0), DICOD_ERROR_COMMUNICATION.
 */
dicod_status parmap_release(dicod_parmap *map);

/**
 * On rank 0, while the others are in parmap_serve(): as parmap_run(), with the function that is
 * registered as `name`, on each rank its own.
 *
 * Needs the map for itself.
 * Errors: as parmap_run(); DICOD_ERROR_INVALID_ARGUMENT if a rank has no such function.
 */
dicod_status parmap_call(dicod_parmap *map,
                         const char *name,
                         int64_t n_tasks,
                         const void *inputs,
                         int64_t in_size,
                         int64_t in_stride,
                         void *outputs,
                         int64_t out_size,
                         int64_t out_stride,
                         int32_t *statuses,
                         parmap_report *report);

/**
 * On rank 0, while the others are in parmap_serve(): as parmap_stream(), with the function that is
 * registered as `name`.
 *
 * Needs the map for itself. Errors: as parmap_stream() and parmap_call().
 */
dicod_status parmap_call_stream(dicod_parmap *map,
                                const char *name,
                                parmap_produce_fn produce,
                                parmap_consume_fn consume,
                                void *userdata,
                                parmap_report *report);

/**
 * On rank 0, while the others are in parmap_serve(): as parmap_share().
 *
 * Needs the map for itself. Errors: as parmap_share(), DICOD_ERROR_INVALID_STATE (not rank 0).
 */
dicod_status parmap_call_share(dicod_parmap *map, const void *data, int64_t size);

/* Parallel map: reductions --------------------------------------------------------------------- */

/**
 * A reduction as a table of callbacks, each with `userdata` first; 0 or a positive code is
 * returned. Set struct_size before (PARMAP_REDUCER_INIT does). All but `join_states` may be called by any
 * thread of the map, several at a time.
 */
typedef struct parmap_reducer {
    /**
     * sizeof(parmap_reducer), set by the caller.
     */
    int64_t struct_size;
    /**
     * First argument of all callbacks; may be NULL.
     */
    void *userdata;
    /**
     * Makes a fresh state, `*state`, from the pristine one, which it must not change.
     */
    int32_t (*fork_state)(void *userdata, const void *pristine, void **state);
    /**
     * One task: changes `state`.
     */
    int32_t (*work)(void *userdata, void *state, const parmap_task *task, const void *input);
    /**
     * Writes a state to a buffer, which is empty.
     */
    int32_t (*pack)(void *userdata, const void *state, parmap_buffer *buffer);
    /**
     * Sets a state to what was packed.
     */
    int32_t (*unpack)(void *userdata, void *state, const void *data, int64_t size);
    /**
     * Joins the next fork, `from`, into a state. Called by the calling thread, in order of index
     * unless the setting "ordered" is 0.
     */
    int32_t (*join_states)(void *userdata, void *into, const void *from);
    /**
     * Frees what `fork_state` made. NULL: nothing is to be freed.
     */
    void (*free_state)(void *userdata, void *state);
} parmap_reducer;

/**
 * Initialiser of a parmap_reducer: struct_size, and zeros.
 */
#define PARMAP_REDUCER_INIT {sizeof(parmap_reducer), 0, 0, 0, 0, 0, 0, 0}

/**
 * Reduces tasks 0 to n_tasks - 1: `state` of rank 0 is pristine; a chunk of tasks (setting "chunk";
 * else about n_tasks / 128, whatever the number of workers) works on a fork of it, and the forks are
 * joined in order, so that sums are the same bit for bit for any number of workers. What is pristine
 * has to be neutral, 0 for a sum: it is in every fork.
 *
 * Task i reads in_size bytes at inputs + i * in_stride, as for parmap_run(). On success `state` is
 * set, by `unpack`, to all forks joined, on every rank; otherwise that of rank 0 is as it was.
 * Failures of `fork_state` and `pack` are reported at the first task of the chunk, with
 * PARMAP_ERROR_TASK; those of `unpack` and `join_states` there, too, with PARMAP_ERROR_CONSUMER. The calling thread makes
 * two forks as well, and the message says so: one to join the others into (if that fails nothing has run, the status is
 * PARMAP_ERROR_TASK, and the report is not written), and one to unpack each into (PARMAP_ERROR_CONSUMER). If "errors" is
 * "continue", tasks that fail have to leave the state as it was.
 *
 * Collective. Needs the map for itself. Errors: as parmap_run(), and PARMAP_ERROR_CONSUMER.
 */
dicod_status parmap_reduce(dicod_parmap *map,
                           int64_t n_tasks,
                           const parmap_reducer *reducer,
                           const void *inputs,
                           int64_t in_size,
                           int64_t in_stride,
                           void *state,
                           parmap_report *report);

/* Parallel map: flows -------------------------------------------------------------------------- */

/**
 * A chain of nodes. A handle serves one call at a time.
 */
typedef struct parmap_flow parmap_flow;

/**
 * One node of a flow as a table of callbacks, each with the node's state first; 0 or a positive code
 * is returned, unless said otherwise. Set struct_size before (PARMAP_NODE_INIT does). Those that are
 * needed only for training may be NULL if there are no phases.
 */
typedef struct parmap_node {
    /**
     * sizeof(parmap_node), set by the caller.
     */
    int64_t struct_size;
    /**
     * The node's state; may be NULL.
     */
    void *state;
    /**
     * Phases of training; 0: nothing to train, the node is skipped.
     */
    int64_t phases;
    /**
     * Returns 1 if chunks of a phase can be trained by forks, else 0: then the node itself sees all
     * chunks, on rank 0. NULL: it always can.
     */
    int32_t (*can_fork)(void *state, int64_t phase);
    /**
     * Makes a fresh node, `*fork`, that one chunk is trained on. Several at a time.
     */
    int32_t (*fork_state)(const void *state, void **fork);
    /**
     * Takes one chunk in.
     */
    int32_t (*train)(void *state, int64_t phase, const void *data, int64_t size);
    /**
     * Writes what travels between ranks to a buffer, which is empty.
     */
    int32_t (*pack)(const void *state, parmap_buffer *buffer);
    /**
     * Sets the state to what was packed.
     */
    int32_t (*unpack)(void *state, const void *data, int64_t size);
    /**
     * Joins the next fork into this node, or into another fork. In order, by the calling thread.
     */
    int32_t (*join_states)(void *state, const void *fork);
    /**
     * Ends a phase, on rank 0 only.
     */
    int32_t (*stop)(void *state, int64_t phase);
    /**
     * Sends a chunk through, to a buffer, which is empty. Several at a time: it must not change the
     * state, unless `forks_in_execution` is 1.
     */
    int32_t (*execute)(void *state, const void *data, int64_t size, parmap_buffer *output);
    /**
     * 1: in execution, too, each chunk gets a fork, which is joined afterwards.
     */
    int32_t forks_in_execution;
    /**
     * Writes what a checkpoint holds. NULL: as `pack`.
     */
    int32_t (*save)(const void *state, parmap_buffer *buffer);
    /**
     * The counterpart of `save`. NULL: as `unpack`.
     */
    int32_t (*load)(void *state, const void *data, int64_t size);
    /**
     * Frees a fork. NULL: nothing is to be freed.
     */
    void (*free_state)(void *fork);
} parmap_node;

/**
 * Goes back to the first chunk: 0; anything else: that cannot be done.
 */
typedef int32_t (*parmap_restart_fn)(void *userdata);

/**
 * Told on rank 0 after the last phase of a node, with what its `save` has written: 0 to go on,
 * anything else to stop there.
 */
typedef int32_t (*parmap_checkpoint_fn)(void *userdata, int64_t node, const void *data, int64_t size);

/**
 * Initialiser of a parmap_node: struct_size, and zeros.
 */
#define PARMAP_NODE_INIT {sizeof(parmap_node), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/**
 * Makes a flow of `nodes[n_nodes]`: `*flow`. The tables are copied; the states stay the caller's.
 *
 * Every rank makes it with nodes of the same kind; the states of rank 0 count. Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (n_nodes; a struct_size; a number
 * in a table).
 */
dicod_status parmap_flow_create(int64_t n_nodes,
                                const parmap_node *nodes,
                                parmap_flow **flow);

/**
 * Frees a flow, not the states of its nodes, and sets the caller's pointer to NULL. `flow` and
 * `*flow` may be NULL.
 *
 * Local. No other thread may be using the handle.
 */
dicod_status parmap_flow_free(parmap_flow **flow);

/**
 * Sets a node to `size` bytes of a checkpoint: it counts as trained. Every rank has to say so; the
 * state of rank 0 counts.
 *
 * Local.
 * Errors: PARMAP_ERROR_TASK (`load` failed), DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE
 * (node), DICOD_ERROR_INVALID_ARGUMENT (size), DICOD_ERROR_INVALID_STATE (in use).
 */
dicod_status parmap_flow_load(parmap_flow *flow,
                              int64_t node,
                              const void *data,
                              int64_t size);

/**
 * Trains the nodes that are not trained yet, one after the other, phase by phase: chunks of
 * `produce`, on rank 0, go through the nodes before it into forks of the node, which are joined in
 * order; then `stop` is called once. `restart` is called before each phase but the first; NULL: it
 * cannot be done. `checkpoint` may be NULL. The three get `userdata`; on other ranks than 0 they are
 * not looked at. What is trained is the same on every rank at the end.
 *
 * After a failure the node that was being trained is, on rank 0, as it was before the phase.
 *
 * Collective. Needs the map and the flow for itself.
 * Errors: as parmap_stream(); PARMAP_ERROR_EMPTY (no chunk at all), PARMAP_ERROR_NOT_RESTARTABLE;
 * DICOD_ERROR_INVALID_STATE also if a flow is being trained with this map.
 */
dicod_status parmap_flow_train(parmap_flow *flow,
                               dicod_parmap *map,
                               parmap_restart_fn restart,
                               parmap_produce_fn produce,
                               parmap_checkpoint_fn checkpoint,
                               void *userdata,
                               parmap_report *report);

/**
 * Sends chunks of `produce` through all nodes; `consume` gets the results in order. As
 * parmap_stream(), with `execute` of the nodes for the work.
 *
 * Collective. Needs the map and the flow for itself.
 * Errors: as parmap_stream(); PARMAP_ERROR_EMPTY (no chunk at all); DICOD_ERROR_INVALID_STATE also if a node is not trained.
 */
dicod_status parmap_flow_execute(parmap_flow *flow,
                                 dicod_parmap *map,
                                 parmap_produce_fn produce,
                                 parmap_consume_fn consume,
                                 void *userdata,
                                 parmap_report *report);

/* Parallel map: operators ---------------------------------------------------------------------- */

/**
 * Several operators as one. A handle serves one call at a time.
 */
typedef struct parmap_operators parmap_operators;

/**
 * One operator as a table of callbacks, each with `self` first; 0 or a positive code is returned.
 * Set struct_size before (PARMAP_OPERATOR_INIT does). Its callbacks are called one at a time, on a
 * worker that stays the same: on the other ranks its state is never touched.
 */
typedef struct parmap_operator {
    /**
     * sizeof(parmap_operator), set by the caller.
     */
    int64_t struct_size;
    /**
     * The operator's state; may be NULL.
     */
    void *state;
    /**
     * Numbers that it takes.
     */
    int64_t in_size;
    /**
     * Numbers that it gives.
     */
    int64_t out_size;
    /**
     * 1: it is linear, `linearize` and `derivative` may be NULL; 0: it is not. Initially 1.
     */
    int32_t linear;
    /**
     * y[out_size] = T(x[in_size]). It leaves the last linearization in force.
     */
    int32_t (*eval)(void *state, const double *x, double *y);
    /**
     * y = T(x); derivatives are taken at x from now on. NULL, if linear: as `eval`.
     */
    int32_t (*linearize)(void *state, const double *x, double *y);
    /**
     * y = T'(x) h. NULL, if linear: as `eval`.
     */
    int32_t (*derivative)(void *state, const double *h, double *y);
    /**
     * x[in_size] = T'(x)* y[out_size].
     */
    int32_t (*adjoint)(void *state, const double *y, double *x);
    /**
     * Ends the operator, when the operators are freed, on every rank. May be NULL.
     */
    void (*end)(void *state);
} parmap_operator;

/**
 * Initialiser of a parmap_operator: struct_size, linear = 1, and zeros.
 */
#define PARMAP_OPERATOR_INIT {sizeof(parmap_operator), 0, 0, 0, 1, 0, 0, 0, 0, 0}

/**
 * Makes one operator of `operators[n_operators]` that all take the same x: `*vector`, T(x)_i = T_i(x).
 * The tables are copied. On success the operators are the library's to end: parmap_operators_free().
 *
 * Every rank makes it with the same operators. Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (no operators, sizes that don't go
 * together, a struct_size); DICOD_ERROR_OUT_OF_MEMORY.
 */
dicod_status parmap_operators_create_vector(int64_t n_operators,
                                            const parmap_operator *operators,
                                            parmap_operators **vector);

/**
 * Makes one operator of `operators[n_operators]` that take components of x: `*vector`. x is the direct
 * sum of n_components components of `sizes[n_components]` numbers; operator i takes component c, in order,
 * if takes[i * n_components + c] is not 0. Adjoints are added into the components; unused ones are
 * zero. Everything else as for parmap_operators_create_vector().
 */
dicod_status parmap_operators_create_distributed(int64_t n_operators,
                                                 const parmap_operator *operators,
                                                 int64_t n_components,
                                                 const int64_t *sizes,
                                                 const int32_t *takes,
                                                 parmap_operators **vector);

/**
 * Ends all operators, calling the `end` of each, frees the handle and sets the caller's pointer to
 * NULL. `vector` and `*vector` may be NULL.
 *
 * Local. No other thread may be using the handle.
 */
dicod_status parmap_operators_free(parmap_operators **vector);

/**
 * Length of x and y, and whether the operator is linear, which it is if all are: `*in_size`,
 * `*out_size`, `*linear`. What is not wanted may be NULL.
 *
 * Local. Errors: DICOD_ERROR_NULL_POINTER (vector), DICOD_ERROR_INVALID_STATE (in use).
 */
dicod_status parmap_operators_get_sizes(const parmap_operators *vector,
                                        int64_t *in_size,
                                        int64_t *out_size,
                                        int32_t *linear);

/**
 * y = T(x), results of the operators one after the other. `x` is that of rank 0, elsewhere it is not
 * looked at; `y` is written on every rank. The last linearization stays in force.
 *
 * Collective. Needs the map and the operators for itself.
 * Errors: PARMAP_ERROR_TASK (an operator failed: the message says which, with its code),
 * PARMAP_ERROR_TIMEOUT, PARMAP_ERROR_CANCELLED, DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_STATE
 * (in use), DICOD_ERROR_OUT_OF_MEMORY, DICOD_ERROR_COMMUNICATION.
 */
dicod_status parmap_operators_eval(parmap_operators *vector,
                                   dicod_parmap *map,
                                   const double *x,
                                   double *y);

/**
 * y = T(x), and derivative and adjoint are taken at x from now on. As parmap_operators_eval().
 */
dicod_status parmap_operators_linearize(parmap_operators *vector,
                                        dicod_parmap *map,
                                        const double *x,
                                        double *y);

/**
 * y = T'(x) h. As parmap_operators_eval(); unless all are linear, DICOD_ERROR_INVALID_STATE before a
 * linearize.
 */
dicod_status parmap_operators_derivative(parmap_operators *vector,
                                         dicod_parmap *map,
                                         const double *h,
                                         double *y);

/**
 * x = T'(x)* y, the sum over the operators in their order, whatever the workers. `y` is that of
 * rank 0; `x` is written on every rank. As parmap_operators_derivative().
 */
dicod_status parmap_operators_adjoint(parmap_operators *vector,
                                      dicod_parmap *map,
                                      const double *y,
                                      double *x);

/* Parallel map: ensembles ---------------------------------------------------------------------- */

/**
 * Many starts of one solver. A handle serves one call at a time.
 */
typedef struct parmap_ensemble parmap_ensemble;

/**
 * One member of an ensemble, as a solver sees it: it reads and writes all but the sizes and the
 * limit.
 */
typedef struct parmap_member {
    /**
     * sizeof(parmap_member) of the library: fields beyond it do not exist.
     */
    int64_t struct_size;
    /**
     * Number of parameters.
     */
    int64_t n_parameters;
    /**
     * The start, or the best point so far: x[n_parameters].
     */
    double *x;
    /**
     * Its value; infinite before the first round.
     */
    double value;
    /**
     * Evaluations so far, in all rounds: the solver adds its own.
     */
    int64_t evaluations;
    /**
     * Evaluations that the solver may make in this round.
     */
    int64_t limit;
    /**
     * Set to 1: no further round is needed.
     */
    int32_t converged;
    /**
     * Bytes that are kept for the solver between rounds, zero at first; NULL if there are none.
     */
    void *state;
    /**
     * How many.
     */
    int64_t state_size;
} parmap_member;

/**
 * Improves a member, with at most member->limit evaluations. Returns 0, or a positive code of its
 * own: the member then stays as it was.
 */
typedef int32_t (*parmap_solver_fn)(void *userdata,
                                    const parmap_task *task,
                                    parmap_member *member);

/**
 * Makes an ensemble in the box from lower[n_parameters] to upper[n_parameters]: `*ensemble`. If
 * `cells` is NULL, n_members starts at random, each dependent on `seed` and its index alone; else
 * one start in the middle of each cell of a lattice with cells[n_parameters] cells along the axes,
 * the last axis runs fastest, and n_members has to be their product, or 0. `state_size` bytes per
 * member are kept for the solver between rounds.
 *
 * Every rank makes the same one. Local. Thread-safe.
 * Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT, DICOD_ERROR_OUT_OF_MEMORY.
 */
dicod_status parmap_ensemble_create(int64_t n_parameters,
                                    const double *lower,
                                    const double *upper,
                                    int64_t n_members,
                                    const int64_t *cells,
                                    uint64_t seed,
                                    int64_t state_size,
                                    parmap_ensemble **ensemble);

/**
 * Frees an ensemble and sets the caller's pointer to NULL. `ensemble` and `*ensemble` may be NULL.
 *
 * Local. No other thread may be using the handle.
 */
dicod_status parmap_ensemble_free(parmap_ensemble **ensemble);

/**
 * One round: `solver` runs for each member that has not converged, with at most `per_member`
 * evaluations, and so many that all members together have made at most `in_all` since the first
 * round: what is left is shared out equally, so that it does not depend on who is faster. -1: no
 * limit. Call it again to go on, with other limits if you like. The ensemble is the same on every
 * rank before and after. Indices in the report are those of members. `userdata` and `report` may be
 * NULL.
 *
 * Collective. Needs the map and the ensemble for itself. Errors: as parmap_run().
 */
dicod_status parmap_ensemble_round(parmap_ensemble *ensemble,
                                   dicod_parmap *map,
                                   int64_t per_member,
                                   int64_t in_all,
                                   parmap_solver_fn solver,
                                   void *userdata,
                                   parmap_report *report);

/**
 * Number of members, those that have converged, evaluations of all members, and the best member: of
 * equal values the lowest index wins; -1: no member has a value that is a number. What is not wanted
 * may be NULL.
 *
 * Local. Errors: DICOD_ERROR_NULL_POINTER (ensemble), DICOD_ERROR_INVALID_STATE (in use).
 */
dicod_status parmap_ensemble_get_summary(const parmap_ensemble *ensemble,
                                         int64_t *n_members,
                                         int64_t *n_converged,
                                         int64_t *evaluations,
                                         int64_t *best);

/**
 * Member `index`: its point x[n_parameters], value, evaluations, and whether it has converged. What
 * is not wanted may be NULL.
 *
 * Local.
 * Errors: DICOD_ERROR_NULL_POINTER (ensemble), DICOD_ERROR_OUT_OF_RANGE (index),
 * DICOD_ERROR_INVALID_STATE (in use).
 */
dicod_status parmap_ensemble_get_member(const parmap_ensemble *ensemble,
                                        int64_t index,
                                        double *x,
                                        double *value,
                                        int64_t *evaluations,
                                        int32_t *converged);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* DICOD_H */
