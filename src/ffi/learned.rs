//! The activations of a learner: those of its last step, as an encoder has them.

use crate::ffi::activations::{clear_z, get_region, get_sparse, get_sparse_block, get_z, set_sparse, set_z};
use crate::ffi::array::{dicod_array, dicod_const_array};
use crate::ffi::blocks::{background, objective, reconstruct, residual};
use crate::ffi::boundary::*;
use crate::ffi::fields::Sparse;
use crate::ffi::held::with;
use crate::ffi::learner::dicod_learner;
use crate::ffi::trace::{dicod_span_fn, spans, write_json};

/// Writes the activations of the last step into the memory that `z` describes, over the valid shape,
/// n_signals * n_atoms channels ("learn_batch" * n_atoms in batches; with "learn_crops" those of the crops, over their valid shape). Each rank asks for any block of
/// them. The descriptor itself is not changed, nor is the memory between its elements.
///
/// Collective over the context's ranks. Needs the learner for itself.
/// Errors: as dicod_encoder_get_z().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_z(learner: *const dicod_learner, z: *const dicod_array) -> dicod_status {
    guard(|| with(learner, |held| get_z(held, z)))
}

/// Sets the activations from `z`, over the valid shape, n_signals * n_atoms channels: where the next step begins, unless each
/// step begins at z = 0 ("learn_online", "learn_batch", "learn_crops"). Each rank brings a block of them; all together are the valid domain.
///
/// Collective over the context's ranks. Needs the learner for itself.
/// Errors: as dicod_encoder_set_z(); DICOD_ERROR_INVALID_STATE also before the first step, unless the learner was restored or was
/// given a dictionary to begin with.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_set_z(learner: *mut dicod_learner, z: *const dicod_const_array) -> dicod_status {
    guard(|| with(learner, |held| set_z(held, z)))
}

/// Forgets the activations: the next step begins at z = 0.
///
/// Local. Needs the learner for itself. Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_STATE (learner in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_clear_z(learner: *mut dicod_learner) -> dicod_status {
    guard(|| with(learner, clear_z))
}

/// Lists the activations of the last step that are on this rank and not zero: as dicod_encoder_get_sparse() does. Over several
/// ranks a learner that was restored has none in this rank's region before its first call with signals;
/// dicod_learner_get_sparse_block() lists them.
///
/// Local. Needs the learner for itself. Errors: as dicod_encoder_get_sparse().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_sparse(
    learner: *const dicod_learner,
    capacity: i64,
    signal: *mut i64,
    atom: *mut i64,
    position: *mut i64,
    value: *mut f64,
    count: *mut i64,
) -> dicod_status {
    let to = Sparse { signal, atom, position, value };
    guard(|| with(learner, |held| get_sparse(held, capacity, to, count)))
}

/// As dicod_learner_get_sparse(), for the activations in a block of the valid domain: as dicod_encoder_get_sparse_block() does.
///
/// Collective over the context's ranks. Needs the learner for itself. Errors: as dicod_encoder_get_sparse_block().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_sparse_block(
    learner: *const dicod_learner,
    offset: *const i64,
    local_shape: *const i64,
    capacity: i64,
    signal: *mut i64,
    atom: *mut i64,
    position: *mut i64,
    value: *mut f64,
    count: *mut i64,
) -> dicod_status {
    let to = Sparse { signal, atom, position, value };
    guard(|| with(learner, |held| get_sparse_block(held, (offset, local_shape), capacity, to, count)))
}

/// Sets the activations to those of a list, as dicod_encoder_set_sparse() does; where the next step begins, see
/// dicod_learner_set_z().
///
/// Collective over the context's ranks, each with its own list. Needs the learner for itself.
/// Errors: as dicod_encoder_set_sparse(), and as dicod_learner_set_z().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_set_sparse(
    learner: *mut dicod_learner,
    n: i64,
    signal: *const i64,
    atom: *const i64,
    position: *const i64,
    value: *const f64,
) -> dicod_status {
    guard(|| with(learner, |held| set_sparse(held, n, (signal, atom, position, value))))
}

/// The part of the valid domain whose activations are on this rank, as dicod_encoder_get_region() tells it: zeros before the
/// first call that brings signals or activations. Local.
///
/// Needs the learner for itself. Errors: as dicod_encoder_get_region().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_region(
    learner: *const dicod_learner,
    offset: *mut i64,
    local_shape: *mut i64,
) -> dicod_status {
    guard(|| with(learner, |held| get_region(held, offset, local_shape)))
}

/// Writes what the activations of the last step stand for, with the dictionary as it is, into the memory that `x` describes: as
/// dicod_encoder_reconstruct() does. In batches its signals are those of the last one, "learn_batch" * n_channels channels.
///
/// Collective over the context's ranks. Needs the learner for itself.
/// Errors: as dicod_encoder_reconstruct(); DICOD_ERROR_INVALID_STATE also where there is no dictionary yet.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_reconstruct(learner: *const dicod_learner, x: *const dicod_array) -> dicod_status {
    guard(|| with(learner, |held| reconstruct(held, x)))
}

/// Writes what was taken from the signals of the last step (option "background") into the memory that `background` describes: as
/// dicod_encoder_get_background() does. In batches its signals are those of the last one, "learn_batch" * n_channels channels.
///
/// Collective over the context's ranks. Needs the learner for itself.
/// Errors: as dicod_encoder_get_background().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_background(
    learner: *const dicod_learner,
    background: *const dicod_array,
) -> dicod_status {
    guard(|| with(learner, |held| self::background(held, background)))
}

/// Writes what the activations of the last step leave of the signals `x` that they are of: as dicod_encoder_residual() does.
///
/// Collective over the context's ranks. Needs the learner for itself.
/// Errors: as dicod_encoder_residual(); DICOD_ERROR_INVALID_STATE also where there is no dictionary yet.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_residual(
    learner: *const dicod_learner,
    x: *const dicod_const_array,
    residual: *const dicod_array,
) -> dicod_status {
    guard(|| with(learner, |held| self::residual(held, x, residual)))
}

/// F(z) of the activations of the last step, the dictionary as it is, and the signals `x` that they are of: as
/// dicod_encoder_objective() does. The regularisation is that of learning, dicod_learner_get_lambda(), once it is fixed; before,
/// or with "learn_reg_reference" = "each", that of the options.
///
/// Collective over the context's ranks. Needs the learner and its context for itself.
/// Errors: as dicod_encoder_objective(); DICOD_ERROR_INVALID_STATE also where there is no dictionary yet.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_objective(
    learner: *const dicod_learner,
    x: *const dicod_const_array,
    objective: *mut f64,
    data_term: *mut f64,
) -> dicod_status {
    guard(|| with(learner, |held| self::objective(held, x, (objective, data_term))))
}

/// What this rank did in the learner's last solve for z, with the option "trace": as dicod_encoder_get_trace() tells it.
///
/// `userdata` may be NULL. Local. Needs the learner for itself. Errors: as dicod_encoder_get_trace().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_trace(
    learner: *const dicod_learner,
    visit: dicod_span_fn,
    userdata: *mut c_void,
) -> dicod_status {
    guard(|| with(learner, |held| spans(held, visit, userdata)))
}

/// The same as JSON text, NUL-terminated: as dicod_encoder_get_trace_json() writes it.
///
/// Local. Needs the learner for itself. Errors: as dicod_encoder_get_trace_json().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_trace_json(
    learner: *const dicod_learner,
    capacity: i64,
    json: *mut c_char,
    needed: *mut i64,
) -> dicod_status {
    guard(|| with(learner, |held| write_json(held, capacity, json, needed)))
}
