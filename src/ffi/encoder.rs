//! The encoder handle: Gram tensor and activations kept between calls.

use crate::base::error::{Error, Result};
use crate::base::wording::by_language;
use crate::clock::Clock;
use crate::csc::problem::objective::Range;
use crate::csc::{Activation, Encoder, Info, Shape};
use crate::ffi::array::{Element, PER_AXIS, View, X, Z, aligned, dicod_array, other_type, values};
use crate::ffi::context::{Context, DICOD_LOG_DEBUG, Session, dicod_context, free, in_use, ranks, shared};
use crate::ffi::options::{Output, dicod_options, room_for};
use crate::ffi::overlap::{Memory, fails_if_shared};
use crate::ffi::solve::{Problem, dicod_info, dictionary, explained, info_out, run, write_info};
use crate::ffi::status::{DICOD_OK, dicod_status, guard, reference, reference_mut, slice, slice_mut};
use crate::grid::block::Block;
use crate::grid::point::{AXES, padded};
use crate::linalg::Dictionary;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::Instant;

/// A dictionary bound to a domain, for programs that encode again and again.
///
/// It keeps the Gram tensor and the activations of the last solve. With the option "warm_start"
/// each solve begins with those: the next time step, or the same signal with a better dictionary,
/// takes few steps. An encoder serves one call at a time: a second one, from another thread or from
/// a callback, fails with DICOD_ERROR_INVALID_STATE.
pub struct dicod_encoder(Arc<Shared>);

pub(super) struct Shared {
    context: Option<Arc<Context>>,
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) encoder: Either,
    range: Range,
    /// λ per atom of the last solve.
    /// λ and tolerance of each atom in the last solve.
    per_atom: Option<(Vec<f64>, Vec<f64>)>,
}

/// An encoder of one of the element types.
pub(crate) enum Either {
    F64(Encoder<f64>),
    F32(Encoder<f32>),
}

/// An element type of encoders.
pub(crate) trait Typed: Element {
    /// Forgets the type.
    fn wrap(encoder: Encoder<Self>) -> Either;
    /// The encoder, if it is of this type.
    fn unwrap(encoder: &mut Either) -> Option<&mut Encoder<Self>>;
}

impl Typed for f64 {
    fn wrap(encoder: Encoder<Self>) -> Either {
        Either::F64(encoder)
    }
    fn unwrap(encoder: &mut Either) -> Option<&mut Encoder<Self>> {
        match encoder {
            Either::F64(encoder) => Some(encoder),
            Either::F32(_) => None,
        }
    }
}

impl Typed for f32 {
    fn wrap(encoder: Encoder<Self>) -> Either {
        Either::F32(encoder)
    }
    fn unwrap(encoder: &mut Either) -> Option<&mut Encoder<Self>> {
        match encoder {
            Either::F32(encoder) => Some(encoder),
            Either::F64(_) => None,
        }
    }
}

/// Does the same for either type.
macro_rules! for_either {
    ($either:expr, $encoder:ident => $body:expr) => {
        match $either {
            $crate::ffi::encoder::Either::F64($encoder) => $body,
            $crate::ffi::encoder::Either::F32($encoder) => $body,
        }
    };
}
pub(super) use for_either;

/// Makes an encoder: `*encoder`. Free it with dicod_encoder_free().
///
/// Arguments are those of dicod_solve(): shapes, and the dictionary `d` (n_atoms, n_channels,
/// atom_shape...), row-major. Options and dictionary are copied. `context` and `options` may be
/// NULL; the context may be freed before the encoder. Takes the time of the Gram tensor, and memory
/// for z, the residual and the Gram tensor.
///
/// With the ranks of a communicator every rank makes one, of the whole domain's shape, with the same
/// arguments: differences are an error on all.
///
/// Collective over the context's ranks. Thread-safe, except that a context serves one call at a
/// time.
/// Errors: as dicod_solve(); DICOD_ERROR_INVALID_ARGUMENT also for the published schedule on more
/// than one rank.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_create(
    context: *mut dicod_context,
    options: *const dicod_options,
    n_axes: i64,
    signal_shape: *const i64,
    n_signals: i64,
    n_channels: i64,
    n_atoms: i64,
    atom_shape: *const i64,
    d: *const f64,
    encoder: *mut *mut dicod_encoder,
) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let problem = Problem::new(options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape);
        create(context, problem, |shape| dictionary(shape, d), encoder)
    })
}

/// dicod_encoder_create() for arrays of float.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_create_f32(
    context: *mut dicod_context,
    options: *const dicod_options,
    n_axes: i64,
    signal_shape: *const i64,
    n_signals: i64,
    n_channels: i64,
    n_atoms: i64,
    atom_shape: *const i64,
    d: *const f32,
    encoder: *mut *mut dicod_encoder,
) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let problem = Problem::new(options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape);
        create(context, problem, |shape| dictionary(shape, d), encoder)
    })
}

/// Makes an encoder with a dictionary of rank one, d_k = u_k (outer product) v_k: channel factors
/// `u` (n_atoms, n_channels) and spatial factors `v` (n_atoms, atom_shape...), row-major. They are
/// not multiplied out where that saves work. Everything else as for dicod_encoder_create().
///
/// Collective over the context's ranks. Thread-safe, except that a context serves one call at a
/// time. Errors: as dicod_encoder_create().
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_create_rank1(
    context: *mut dicod_context,
    options: *const dicod_options,
    n_axes: i64,
    signal_shape: *const i64,
    n_signals: i64,
    n_channels: i64,
    n_atoms: i64,
    atom_shape: *const i64,
    u: *const f64,
    v: *const f64,
    encoder: *mut *mut dicod_encoder,
) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let problem = Problem::new(options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape);
        create(context, problem, |shape| rank_one(shape, u, v), encoder)
    })
}

/// dicod_encoder_create_rank1() for arrays of float.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_create_rank1_f32(
    context: *mut dicod_context,
    options: *const dicod_options,
    n_axes: i64,
    signal_shape: *const i64,
    n_signals: i64,
    n_channels: i64,
    n_atoms: i64,
    atom_shape: *const i64,
    u: *const f32,
    v: *const f32,
    encoder: *mut *mut dicod_encoder,
) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let problem = Problem::new(options, n_axes, signal_shape, n_signals, n_channels, n_atoms, atom_shape);
        create(context, problem, |shape| rank_one(shape, u, v), encoder)
    })
}

/// Frees an encoder and sets the caller's pointer to NULL. `encoder` and `*encoder` may be NULL.
///
/// Local, unless its context has been freed before: then it frees the communicator as
/// dicod_context_free() does, which is collective. No other thread may be using the handle.
///
/// # Safety
/// `*encoder` comes from a create function and has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_free(encoder: *mut *mut dicod_encoder) {
    // SAFETY: the caller's promise.
    unsafe { free(encoder) }
}

/// Replaces the dictionary by `d` of the same shape, and computes its Gram tensor. The activations
/// are kept, for a warm start. After an error the encoder is as it was.
///
/// Collective over the context's ranks. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_NOT_FINITE (d); DICOD_ERROR_INVALID_ARGUMENT (the
/// encoder is one of float; norms that overflow); DICOD_ERROR_OUT_OF_MEMORY;
/// DICOD_ERROR_INVALID_STATE (encoder or context in use).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_set_dictionary(encoder: *mut dicod_encoder, d: *const f64) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| unsafe { set_dictionary(encoder, "d", |shape| dictionary(shape, d)) })
}

/// dicod_encoder_set_dictionary() for encoders of float.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_set_dictionary_f32(encoder: *mut dicod_encoder, d: *const f32) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| unsafe { set_dictionary(encoder, "d", |shape| dictionary(shape, d)) })
}

/// Replaces the dictionary by one of rank one, see dicod_encoder_create_rank1(); the encoder need
/// not have been made with one. Everything else as for dicod_encoder_set_dictionary().
///
/// Collective over the context's ranks. Needs the encoder for itself. Errors: as
/// dicod_encoder_set_dictionary().
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_set_dictionary_rank1(
    encoder: *mut dicod_encoder,
    u: *const f64,
    v: *const f64,
) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| unsafe { set_dictionary(encoder, "u", |shape| rank_one(shape, u, v)) })
}

/// dicod_encoder_set_dictionary_rank1() for encoders of float.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_set_dictionary_rank1_f32(
    encoder: *mut dicod_encoder,
    u: *const f32,
    v: *const f32,
) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| unsafe { set_dictionary(encoder, "u", |shape| rank_one(shape, u, v)) })
}

/// Encodes the signals `x`, over the signal's shape, n_signals * n_channels channels. Nothing is
/// copied but into the residual. Over the ranks of a communicator each brings the block that it
/// holds; all blocks together are the domain, without overlap. Which rank works on what follows from
/// the blocks of the first solve: whoever holds the middle of a tile gets it, or all get equal
/// shares where that would leave ranks idle. z is the same, bit for bit, for any number of ranks and
/// any blocks. The activations stay in the encoder: dicod_encoder_get_z(),
/// dicod_encoder_get_sparse(). `info` may be NULL; set info->struct_size before (DICOD_INFO_INIT
/// does).
///
/// Returns as dicod_solve() does. After DICOD_ERROR_OUT_OF_MEMORY the activations in the encoder
/// are valid but unspecified; after DICOD_ERROR_INTERNAL it can only be freed; after other errors
/// it is as it was.
///
/// Collective over the context's ranks: an error on one is an error on all, its message says on
/// which. Needs the encoder and its context for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (x: another element type, number
/// of axes or channels than the encoder's, pointers that are not aligned or NULL, strides that lead
/// beyond memory, numbers so large that products overflow); DICOD_ERROR_INVALID_SHAPE (x; blocks
/// that overlap or leave a hole); DICOD_ERROR_NOT_FINITE (x); DICOD_ERROR_OUT_OF_MEMORY;
/// DICOD_ERROR_INVALID_STATE (encoder or context in use, MPI finalised);
/// DICOD_ERROR_COMMUNICATION.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_solve(
    encoder: *mut dicod_encoder,
    x: *const dicod_array,
    info: *mut dicod_info,
) -> dicod_status {
    guard(|| {
        let start = Instant::now();
        // SAFETY: the caller's promise.
        let shared = unsafe { get(encoder) }?;
        let State { encoder, range, per_atom } = &mut *shared.state()?;
        let session = Session::run(&shared.context)?;
        let options = for_either!(encoder, encoder => encoder.options().clone());
        session.timed(start, &options, &ranks(&shared.context), |clock| {
            // SAFETY: the caller's promise.
            unsafe {
                let out = info_out(info);
                let (out, found, status) =
                    for_either!(encoder, encoder => solve(encoder, range, x, out, &session, clock)?);
                write_info(out, &found, status, session.n_threads, &clock.laps());
                *per_atom = (!found.lambda_max.is_nan()).then_some((found.lambda, found.tol_per_atom));
                Ok(status)
            }
        })
    })
}

/// Sets the activations from `z`, over the valid shape, n_signals * n_atoms channels: where the
/// next solve begins, if the option "warm_start" is set. Each rank brings a block of them, another
/// than that of x if it likes; all together are the valid domain.
///
/// Collective over the context's ranks. Needs the encoder for itself. Errors: as dicod_encoder_solve(), for z; also
/// DICOD_ERROR_INVALID_ARGUMENT for a negative value if the option "positive" is set.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_set_z(encoder: *mut dicod_encoder, z: *const dicod_array) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let shared = unsafe { get(encoder) }?;
        let state = &mut *shared.state()?;
        // SAFETY: the caller's promise.
        for_either!(&mut state.encoder, encoder => unsafe {
            set_z(encoder, &state.range, z)?;
        });
        Ok(DICOD_OK)
    })
}

/// Forgets the activations: the next solve begins at z = 0.
///
/// Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_STATE (encoder in use).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_clear_z(encoder: *mut dicod_encoder) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let shared = unsafe { get(encoder) }?;
        let state = &mut *shared.state()?;
        for_either!(&mut state.encoder, encoder => encoder.clear_z());
        Ok(DICOD_OK)
    })
}

/// Writes the activations into the memory that `z` describes, over the valid shape,
/// n_signals * n_atoms channels; zeros before the first solve. The descriptor itself is not
/// changed, nor is the memory between its elements. Each rank asks for the block that it likes, see
/// dicod_valid_block(); blocks may overlap, and need not cover everything.
///
/// Collective over the context's ranks. Needs the encoder for itself. Errors: as dicod_encoder_solve(), for z; also
/// DICOD_ERROR_INVALID_ARGUMENT if two elements share memory.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_get_z(encoder: *mut dicod_encoder, z: *mut dicod_array) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let shared = unsafe { get(encoder) }?;
        let state = &mut *shared.state()?;
        // SAFETY: the caller's promise.
        for_either!(&mut state.encoder, encoder => unsafe { get_z(encoder, z)? });
        Ok(DICOD_OK)
    })
}

/// Lists the activations on this rank that are not zero, sorted by signal, atom and position
/// (row-major): those of dicod_encoder_region(), without a communicator all. Entry i is `signal[i]`, `atom[i]`, `position[i][n_axes]` in the valid shape, and `value[i]`, which is
/// a double for encoders of float, too.
///
/// Call it first with a capacity of 0: only `*count` is written. Then with arrays of at least that
/// many entries. Arrays that are not wanted may be NULL.
///
/// Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER (encoder, count); DICOD_ERROR_INVALID_ARGUMENT (capacity
/// negative or, other than 0, too small); DICOD_ERROR_OUT_OF_MEMORY; DICOD_ERROR_INVALID_STATE
/// (encoder in use).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_get_sparse(
    encoder: *mut dicod_encoder,
    capacity: i64,
    signal: *mut i64,
    atom: *mut i64,
    position: *mut i64,
    value: *mut f64,
    count: *mut i64,
) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let shared = get(encoder)?;
            let state = &mut *shared.state()?;
            reference_mut(count, "count", "room for the count")?;
            let n = for_either!(&mut state.encoder, encoder => encoder.n_nonzero());
            if room_for(n, capacity)? {
                aligned(signal, "signal")?;
                aligned(atom, "atom")?;
                aligned(position, "position")?;
                aligned(value, "value")?;
                for_either!(&mut state.encoder, encoder => {
                    let n_axes = encoder.shape().n_axes;
                    let list = encoder.activations()?;
                    let to = (signal, atom, position, value);
                    write_sparse(&list, n_axes, to)?;
                });
            }
            *count = n as i64;
        }
        Ok(DICOD_OK)
    })
}

/// As dicod_encoder_get_sparse(), for the activations in a block of the valid domain, which begins
/// at `offset[n_axes]` and has the shape `local_shape[n_axes]`; another block on each rank, if
/// wanted, with zeros in its shape if it wants none.
///
/// Collective over the context's ranks. Needs the encoder for itself. Errors: as
/// dicod_encoder_get_sparse(); DICOD_ERROR_INVALID_SHAPE (a block that is not in the valid domain).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_get_sparse_block(
    encoder: *mut dicod_encoder,
    offset: *const i64,
    local_shape: *const i64,
    capacity: i64,
    signal: *mut i64,
    atom: *mut i64,
    position: *mut i64,
    value: *mut f64,
    count: *mut i64,
) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let shared = get(encoder)?;
            let state = &mut *shared.state()?;
            for_either!(&mut state.encoder, encoder => {
                let n_axes = encoder.shape().n_axes;
                let given = || {
                    reference_mut(count, "count", "room for the count")?;
                    aligned(signal, "signal")?;
                    aligned(atom, "atom")?;
                    aligned(position, "position")?;
                    aligned(value, "value")?;
                    Ok(Block {
                        origin: padded(slice(offset, n_axes, "offset", PER_AXIS)?, 0),
                        shape: padded(slice(local_shape, n_axes, "local_shape", PER_AXIS)?, 1),
                    })
                };
                let block = encoder.ranks().agree(given())?;
                let list = encoder.activations_in(&block)?;
                let write = || {
                    if room_for(list.len(), capacity)? {
                        write_sparse(&list, n_axes, (signal, atom, position, value))?;
                    }
                    Ok(())
                };
                encoder.ranks().agree(write())?;
                *count = list.len() as i64;
            });
        }
        Ok(DICOD_OK)
    })
}

/// The part of the valid domain whose activations are on this rank: it begins at `offset[n_axes]`
/// and has the shape `local_shape[n_axes]`. Zeros before the first solve over a communicator, and on
/// a rank that has none. Local.
///
/// Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_STATE (encoder in use).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_region(
    encoder: *mut dicod_encoder,
    offset: *mut i64,
    local_shape: *mut i64,
) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let shared = unsafe { get(encoder) }?;
        let state = &mut *shared.state()?;
        for_either!(&mut state.encoder, encoder => {
            let (n_axes, region) = (encoder.shape().n_axes, encoder.region());
            aligned(offset, "offset")?;
            aligned(local_shape, "local_shape")?;
            // SAFETY: the caller's promise.
            unsafe {
                slice_mut(offset, n_axes, "offset", PER_AXIS)?;
                slice_mut(local_shape, n_axes, "local_shape", PER_AXIS)?
                    .copy_from_slice(&region.shape[AXES - n_axes..]);
                slice_mut(offset, n_axes, "offset", PER_AXIS)?
                    .copy_from_slice(&region.origin[AXES - n_axes..]);
            }
        });
        Ok(DICOD_OK)
    })
}

/// Regularisation of each atom in the last solve, absolute: `lambda[n_atoms]`.
///
/// Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n_atoms is not the encoder's);
/// DICOD_ERROR_INVALID_STATE (nothing was solved yet, or the last solve was stopped before it knew;
/// encoder in use).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_get_lambda(
    encoder: *mut dicod_encoder,
    n_atoms: i64,
    lambda: *mut f64,
) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| unsafe { per_atom(encoder, n_atoms, lambda, "lambda", |found| &found.0) })
}

/// Tolerance of each atom in the last solve, in units of its z: `tolerance[n_atoms]`. It ended, if it converged, with
/// |dz| at most that at every position. A step counts as what it changes in the reconstruction, so that the product of
/// tolerance and norm is the same for all atoms; in the published schedule the tolerance is.
///
/// Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n_atoms is not the encoder's);
/// DICOD_ERROR_INVALID_STATE (nothing was solved yet, or the encoder is in use).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_encoder_get_tolerance(
    encoder: *mut dicod_encoder,
    n_atoms: i64,
    tolerance: *mut f64,
) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| unsafe { per_atom(encoder, n_atoms, tolerance, "tolerance", |found| &found.1) })
}

/// Writes one number per atom of the last solve.
///
/// # Safety
/// As [`get`] and [`slice_mut`].
unsafe fn per_atom(
    encoder: *mut dicod_encoder,
    n_atoms: i64,
    to: *mut f64,
    argument: &'static str,
    of: impl FnOnce(&(Vec<f64>, Vec<f64>)) -> &[f64],
) -> Result<dicod_status> {
    // SAFETY: the caller's promise.
    let shared = unsafe { get(encoder) }?;
    let state = &mut *shared.state()?;
    let n = for_either!(&mut state.encoder, encoder => encoder.shape().n_atoms);
    if n_atoms != n as i64 {
        let allowed = format!("{n}, that of the encoder");
        return Err(Error::argument("n_atoms", n_atoms, allowed));
    }
    let Some(found) = &state.per_atom else {
        let solve = by_language("dicod_encoder_solve()", "%solve", "solve!");
        let text = format!("{argument} is not known before {solve}");
        return Err(Error::InvalidState(text));
    };
    aligned(to, argument)?;
    // SAFETY: the caller's promise.
    let to = unsafe { slice_mut(to, n, argument, "n_atoms values") }?;
    to.copy_from_slice(of(found));
    Ok(DICOD_OK)
}

impl Shared {
    pub(super) fn state(&self) -> Result<MutexGuard<'_, State>> {
        self.state.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => in_use("encoder"),
            TryLockError::Poisoned(_) => {
                let text = "an internal error left the encoder broken: it can only be freed";
                Error::InvalidState(text.into())
            }
        })
    }
}

/// Shared ownership for the time of a call: a callback may free the handle.
///
/// # Safety
/// As [`reference`].
pub(super) unsafe fn get(encoder: *const dicod_encoder) -> Result<Arc<Shared>> {
    // SAFETY: the caller's promise.
    let encoder = unsafe { reference(encoder, "encoder", "an encoder") }?;
    Ok(encoder.0.clone())
}

/// # Safety
/// As [`reference_mut`].
unsafe fn create<T: Typed>(
    context: *mut dicod_context,
    problem: Result<Problem>,
    dictionary: impl FnOnce(&Shape) -> Result<(Dictionary<T>, Range)>,
    encoder: *mut *mut dicod_encoder,
) -> Result<dicod_status> {
    // SAFETY: the caller's promise.
    unsafe {
        let context = shared(context);
        let session = Session::enter(&context)?;
        let ranks = ranks(&context);
        let given = problem.and_then(|problem| {
            reference_mut(encoder, "encoder", "the caller's pointer")?;
            let (dictionary, range) = dictionary(&problem.shape)?;
            Ok((problem, dictionary, range))
        });
        let (problem, dictionary, range) = ranks.agree(given)?;
        let (shape, options) = (problem.shape, problem.options);
        let made = Encoder::over(ranks, shape, dictionary, options, session.n_threads)?;
        session.log(DICOD_LOG_DEBUG, || format!("encoder: {} bytes, the Gram tensor aside", made.bytes()));
        drop(session);
        let state = Mutex::new(State { encoder: T::wrap(made), range, per_atom: None });
        let handle = dicod_encoder(Arc::new(Shared { context, state }));
        *encoder = Box::into_raw(Box::new(handle));
    }
    Ok(DICOD_OK)
}

/// A dictionary of factors, and the range of its norms.
///
/// # Safety
/// As [`super::status::slice`], for all values of the factors.
unsafe fn rank_one<T: Element>(shape: &Shape, u: *const T, v: *const T) -> Result<(Dictionary<T>, Range)> {
    let (k, p) = (shape.n_atoms, shape.n_channels);
    // SAFETY: the caller's promise.
    let (u, v) = unsafe {
        let u = values(u, k * p, "u")?;
        (u, values(v, Problem::len(k, 1, shape.atom), "v")?)
    };
    let dictionary = Dictionary::rank_one(k, p, shape.atom, u, v);
    let dictionary = dictionary.map_err(|error| explained(error, shape))?;
    let range = Range::new(&dictionary, "u and v")?;
    Ok((dictionary, range))
}

/// # Safety
/// As [`reference`].
unsafe fn set_dictionary<T: Typed>(
    encoder: *mut dicod_encoder,
    argument: &str,
    dictionary: impl FnOnce(&Shape) -> Result<(Dictionary<T>, Range)>,
) -> Result<dicod_status> {
    // SAFETY: the caller's promise.
    let shared = unsafe { get(encoder) }?;
    let state = &mut *shared.state()?;
    let session = Session::enter(&shared.context)?;
    let ranks = ranks(&shared.context);
    let typed = T::unwrap(&mut state.encoder);
    let typed = typed.ok_or_else(|| other_type::<T>(argument, "encoder"));
    let given = typed.and_then(|encoder| Ok((dictionary(encoder.shape())?, encoder)));
    let ((dictionary, range), encoder) = ranks.agree(given)?;
    encoder.set_dictionary(dictionary)?;
    state.range = range;
    session.log(DICOD_LOG_DEBUG, || "encoder: another dictionary".into());
    Ok(DICOD_OK)
}

/// # Safety
/// As [`View::new`] and [`View::field`].
unsafe fn solve<T: Element>(
    encoder: &mut Encoder<T>,
    range: &Range,
    x: *const dicod_array,
    out: Result<Option<Output<dicod_info>>>,
    session: &Session<'_>,
    clock: &Clock<'_>,
) -> Result<(Option<Output<dicod_info>>, Info, dicod_status)> {
    let shape = encoder.shape();
    let n = shape.n_signals * shape.n_channels;
    let given = out.and_then(|out| {
        // SAFETY: the caller's promise.
        let mut view = unsafe { View::new::<T>(x, X, shape, shape.signal, n) }?;
        if encoder.ranks().size() == 1 {
            view = view.fails_unless_whole(shape, shape.signal)?;
        }
        // SAFETY: the caller's promise.
        let x = unsafe { view.field::<T>() }?;
        x.check_finite("x").map_err(|error| explained(error, shape))?;
        range.check_x(&x)?;
        Ok((out, x))
    });
    let (out, x) = encoder.ranks().agree(given)?;
    let (info, status) = run(encoder, &x, session, clock)?;
    Ok((out, info, status))
}

/// # Safety
/// As [`View::new`] and [`View::field`].
unsafe fn set_z<T: Element>(encoder: &mut Encoder<T>, range: &Range, z: *const dicod_array) -> Result<()> {
    let shape = encoder.shape();
    let n = shape.n_signals * shape.n_atoms;
    let given = || {
        // SAFETY: the caller's promise.
        let mut view = unsafe { View::new::<T>(z, Z, shape, shape.valid(), n) }?;
        if encoder.ranks().size() == 1 {
            view = view.fails_unless_whole(shape, shape.valid())?;
        }
        // SAFETY: the caller's promise.
        let z = unsafe { view.field::<T>() }?;
        z.check_finite("z").map_err(|error| explained(error, shape))?;
        range.check_z(&z)?;
        Ok(z)
    };
    let z = encoder.ranks().agree(given())?;
    encoder.set_z(&z)
}

/// # Safety
/// As [`View::new`] and [`View::write`].
unsafe fn get_z<T: Element>(encoder: &Encoder<T>, z: *const dicod_array) -> Result<()> {
    let shape = encoder.shape();
    let n = shape.n_signals * shape.n_atoms;
    let given = || {
        // SAFETY: the caller's promise.
        let view = unsafe { View::new::<T>(z, Z, shape, shape.valid(), n) }?;
        view.fails_if_overlapping::<T>()?;
        Ok(view)
    };
    let ranks = encoder.ranks();
    let view = ranks.agree(given())?;
    let list = encoder.fetch_block(&view.block())?;
    // SAFETY: the caller's promise.
    ranks.agree(unsafe {
        view.write::<T>(|out| {
            encoder.write(&list, out);
            Ok(())
        })
    })
}

/// # Safety
/// As [`slice_mut`], for as many entries; NULL for what is not wanted.
unsafe fn write_sparse<T: Element>(
    list: &[Activation<T>],
    n_axes: usize,
    (signal, atom, position, value): (*mut i64, *mut i64, *mut i64, *mut f64),
) -> Result<()> {
    let n = list.len();
    let written = [
        Memory::of("signal", signal, n),
        Memory::of("atom", atom, n),
        Memory::of("position", position, n * n_axes),
        Memory::of("value", value, n),
    ];
    fails_if_shared(&written, &[])?;
    // SAFETY: the caller's promise.
    unsafe fn to<'a, V>(pointer: *mut V, n: usize) -> Result<&'a mut [V]> {
        let n = if pointer.is_null() { 0 } else { n };
        // SAFETY: the caller's promise.
        unsafe { slice_mut(pointer, n, "", "") }
    }
    // SAFETY: the caller's promise; one array after the other.
    unsafe {
        for (to, from) in to(signal, n)?.iter_mut().zip(list) {
            *to = from.signal as i64;
        }
        for (to, from) in to(atom, n)?.iter_mut().zip(list) {
            *to = from.atom as i64;
        }
        for (to, from) in to(position, n * n_axes)?.chunks_exact_mut(n_axes).zip(list) {
            to.copy_from_slice(&from.at[AXES - n_axes..]);
        }
        for (to, from) in to(value, n)?.iter_mut().zip(list) {
            *to = from.value.wide();
        }
    }
    Ok(())
}
