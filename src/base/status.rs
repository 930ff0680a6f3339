//! Status numbers, which C knows, and their texts: all of them, here alone.

// C's name of the type.
#![allow(non_camel_case_types)]

use std::ffi::CStr;

/// Outcome of a call. Zero is success; positive: a solve was stopped before the tolerance was
/// reached, its result is valid; negative: an error, and nothing of the caller's was changed.
pub type dicod_status = i32;

/// Success.
pub const DICOD_OK: dicod_status = 0;
/// The solve stopped at `max_iter`; the result is valid but not converged.
pub const DICOD_MAX_ITER: dicod_status = 1;
/// The solve stopped at `time_limit`; the result is valid but not converged.
pub const DICOD_TIME_LIMIT: dicod_status = 2;
/// The progress callback asked to stop; the result is valid but not converged.
pub const DICOD_CANCELLED: dicod_status = 3;
/// Rounding keeps the solve from reaching `tol`, or `gap_tol`; the result is as good as the element type allows.
pub const DICOD_PRECISION: dicod_status = 4;
/// A pointer that must not be NULL is.
pub const DICOD_ERROR_NULL_POINTER: dicod_status = -1;
/// An argument has a value that is not allowed, or an option is of another type.
pub const DICOD_ERROR_INVALID_ARGUMENT: dicod_status = -2;
/// A shape is impossible (lengths of the signal are 1 to 2^40), or shapes do not go together.
pub const DICOD_ERROR_INVALID_SHAPE: dicod_status = -3;
/// An index is out of range.
pub const DICOD_ERROR_OUT_OF_RANGE: dicod_status = -4;
/// An input array holds NaN or an infinity.
pub const DICOD_ERROR_NOT_FINITE: dicod_status = -5;
/// No option has that key.
pub const DICOD_ERROR_UNKNOWN_OPTION: dicod_status = -6;
/// Memory cannot be had, or a size does not fit in 64 bits.
pub const DICOD_ERROR_OUT_OF_MEMORY: dicod_status = -7;
/// The call does not go with what was called before, or the handle is in use.
pub const DICOD_ERROR_INVALID_STATE: dicod_status = -8;
/// A defect of the library was caught; please report its message.
pub const DICOD_ERROR_INTERNAL: dicod_status = -9;
/// Messages between ranks could not be sent or received; other ranks may not know of it.
pub const DICOD_ERROR_COMMUNICATION: dicod_status = -10;
/// A file could not be read or written.
pub const DICOD_ERROR_FILE: dicod_status = -11;
/// All tasks were run, some failed (setting "errors" is "continue"): the results of the others are
/// valid.
pub const PARMAP_SOME_FAILED: dicod_status = 101;
/// The consumer, or a checkpoint, stopped the run: what was done so far is valid.
pub const PARMAP_STOPPED: dicod_status = 102;
/// A task failed, or another callback that does the work: the report says which.
pub const PARMAP_ERROR_TASK: dicod_status = -101;
/// The producer failed.
pub const PARMAP_ERROR_PRODUCER: dicod_status = -102;
/// The consumer failed, or a join.
pub const PARMAP_ERROR_CONSUMER: dicod_status = -103;
/// The producer wants to wait although nothing is in flight: it would wait for ever.
pub const PARMAP_ERROR_STALLED: dicod_status = -104;
/// The deadline has passed; parmap_get_unfinished() says what is missing.
pub const PARMAP_ERROR_TIMEOUT: dicod_status = -105;
/// The run was cancelled; parmap_get_unfinished() says what is missing.
pub const PARMAP_ERROR_CANCELLED: dicod_status = -106;
/// Status of a single task: it was not run, or its result does not count.
pub const PARMAP_NOT_RUN: dicod_status = -107;
/// The data of a flow cannot be gone through for another phase.
pub const PARMAP_ERROR_NOT_RESTARTABLE: dicod_status = -108;
/// The data of a flow have no chunk.
pub const PARMAP_ERROR_EMPTY: dicod_status = -109;

/// A few words for a status.
pub(crate) fn text(status: dicod_status) -> &'static CStr {
    match status {
        DICOD_OK => c"success",
        DICOD_MAX_ITER => c"stopped at max_iter, result valid",
        DICOD_TIME_LIMIT => c"stopped at time_limit, result valid",
        DICOD_CANCELLED => c"cancelled by the progress callback, result valid",
        DICOD_PRECISION => c"the tolerance is below what rounding allows, result valid",
        DICOD_ERROR_NULL_POINTER => c"NULL pointer",
        DICOD_ERROR_INVALID_ARGUMENT => c"invalid argument",
        DICOD_ERROR_INVALID_SHAPE => c"invalid shape",
        DICOD_ERROR_OUT_OF_RANGE => c"index out of range",
        DICOD_ERROR_NOT_FINITE => c"NaN or infinity in an input",
        DICOD_ERROR_UNKNOWN_OPTION => c"unknown option",
        DICOD_ERROR_OUT_OF_MEMORY => c"out of memory",
        DICOD_ERROR_INVALID_STATE => c"invalid state",
        DICOD_ERROR_INTERNAL => c"internal error",
        DICOD_ERROR_COMMUNICATION => c"communication between ranks failed",
        PARMAP_SOME_FAILED => c"some tasks failed, the other results are valid",
        PARMAP_STOPPED => c"stopped by the consumer or a checkpoint",
        PARMAP_ERROR_TASK => c"a task failed",
        PARMAP_ERROR_PRODUCER => c"the producer failed",
        PARMAP_ERROR_CONSUMER => c"the consumer failed, or a join",
        PARMAP_ERROR_STALLED => c"the producer waits although nothing is in flight",
        PARMAP_ERROR_TIMEOUT => c"the deadline has passed",
        PARMAP_ERROR_CANCELLED => c"cancelled",
        PARMAP_NOT_RUN => c"the task was not run",
        PARMAP_ERROR_NOT_RESTARTABLE => c"the data cannot be gone through again",
        PARMAP_ERROR_EMPTY => c"the data are empty",
        DICOD_ERROR_FILE => c"a file cannot be read or written",
        _ => c"unknown status",
    }
}
