//! The encoder handle: Gram tensor and activations kept between calls.

use crate::csc::problem::range::Range;
use crate::csc::{Encoder, Shape};
use crate::ffi::array::dicod_const_array;
use crate::ffi::boundary::problem::{Problem, dictionary};
use crate::ffi::boundary::*;
use crate::ffi::context::{DICOD_LOG_DEBUG, Session, dicod_context, ranks, shared};
use crate::ffi::fields::{rank_one, set_penalties, set_weights, solve};
use crate::ffi::held::{Shared, holds, timed, with_context, with_state};
use crate::ffi::info::{dicod_info, info_out, write_info};
use crate::ffi::options::dicod_options;
use crate::ffi::problem::dicod_problem;
use crate::linalg::Dictionary;
use std::sync::Arc;

/// A dictionary bound to a domain, for programs that encode again and again.
///
/// It keeps the Gram tensor and the activations of the last solve. With the option "warm_start"
/// each solve begins with those: the next time step, or the same signal with a better dictionary,
/// takes few steps. An encoder serves one call at a time: a second one, from another thread or from
/// a callback, fails with DICOD_ERROR_INVALID_STATE.
pub struct dicod_encoder(Arc<Shared<Either<Encoders>>>);
handle!(dicod_encoder, "encoder", "an encoder");

/// Encoders of either element type.
pub(crate) struct Encoders;

impl Family for Encoders {
    type Of<T: Element> = Encoder<T>;
}

/// Makes an encoder: `*encoder`. Free it with dicod_encoder_free().
///
/// Arguments are those of dicod_solve(): the problem, of the whole domain, and the dictionary `d`
/// (n_atoms, n_channels, atom_shape...), row-major. Options and dictionary are copied. `context` and `options` may be
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
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_create(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    d: *const f64,
    encoder: *mut *mut dicod_encoder,
) -> dicod_status {
    guard(|| create(context, Problem::new(options, problem), &|shape| dictionary(shape, d), encoder))
}

/// dicod_encoder_create() for arrays of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_create_f32(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    d: *const f32,
    encoder: *mut *mut dicod_encoder,
) -> dicod_status {
    guard(|| create(context, Problem::new(options, problem), &|shape| dictionary(shape, d), encoder))
}

/// Makes an encoder with a dictionary of rank one, d_k = u_k (outer product) v_k: channel factors
/// `u` (n_atoms, n_channels) and spatial factors `v` (n_atoms, atom_shape...), row-major. They are
/// not multiplied out where that saves work. Everything else as for dicod_encoder_create().
///
/// Collective over the context's ranks. Thread-safe, except that a context serves one call at a
/// time. Errors: as dicod_encoder_create().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_create_rank1(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    u: *const f64,
    v: *const f64,
    encoder: *mut *mut dicod_encoder,
) -> dicod_status {
    guard(|| create(context, Problem::new(options, problem), &|shape| rank_one(shape, u, v), encoder))
}

/// dicod_encoder_create_rank1() for arrays of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_create_rank1_f32(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    u: *const f32,
    v: *const f32,
    encoder: *mut *mut dicod_encoder,
) -> dicod_status {
    guard(|| create(context, Problem::new(options, problem), &|shape| rank_one(shape, u, v), encoder))
}

/// Frees an encoder and sets the caller's pointer to NULL. `encoder` and `*encoder` may be NULL.
///
/// Local, unless its context has been freed before: then it frees the communicator as
/// dicod_context_free() does, which is collective. No other thread may be using the handle.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_free(encoder: *mut *mut dicod_encoder) -> dicod_status {
    guard(|| free(encoder))
}

/// Replaces the dictionary by `d` of the same shape, and computes its Gram tensor. The activations
/// are kept, for a warm start. After an error the encoder is as it was.
///
/// Collective over the context's ranks. Needs the encoder and its context for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_NOT_FINITE (d); DICOD_ERROR_INVALID_ARGUMENT (the
/// encoder is one of float; norms that overflow); DICOD_ERROR_OUT_OF_MEMORY;
/// DICOD_ERROR_INVALID_STATE (encoder or context in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_set_dictionary(encoder: *mut dicod_encoder, d: *const f64) -> dicod_status {
    guard(|| set_dictionary(encoder, "d", &|shape| dictionary(shape, d)))
}

/// dicod_encoder_set_dictionary() for encoders of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_set_dictionary_f32(encoder: *mut dicod_encoder, d: *const f32) -> dicod_status {
    guard(|| set_dictionary(encoder, "d", &|shape| dictionary(shape, d)))
}

/// Replaces the dictionary by one of rank one, see dicod_encoder_create_rank1(); the encoder need
/// not have been made with one. Everything else as for dicod_encoder_set_dictionary().
///
/// Collective over the context's ranks. Needs the encoder and its context for itself. Errors: as
/// dicod_encoder_set_dictionary().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_set_dictionary_rank1(
    encoder: *mut dicod_encoder,
    u: *const f64,
    v: *const f64,
) -> dicod_status {
    guard(|| set_dictionary(encoder, "u", &|shape| rank_one(shape, u, v)))
}

/// dicod_encoder_set_dictionary_rank1() for encoders of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_set_dictionary_rank1_f32(
    encoder: *mut dicod_encoder,
    u: *const f32,
    v: *const f32,
) -> dicod_status {
    guard(|| set_dictionary(encoder, "u", &|shape| rank_one(shape, u, v)))
}

/// Gives each sample of the signals a weight: the next solves minimise
///
/// `F(z) = 1/2 sum w (x - sum_k z_k * d_k)^2 + sum_k lambda_k |z_k|_1`
///
/// `weights` is described as x is in dicod_encoder_solve(), n_signals * n_channels channels over the signal's shape, of the
/// encoder's element type: w >= 0 and finite. Over the ranks of a communicator each brings a block; these need not be those of
/// x. Weights are copied, and hold until others are given or dicod_encoder_clear_weights(); activations are kept, for a warm
/// start.
///
/// Where w = 0 there is no sample: x is not looked at, and may be NaN. An activation all of whose support is missing is
/// zero. The option "missing" = "nan" says the same of all samples that are NaN, without an array; both may be used together.
/// lambda_max, objective and gap in dicod_info are those of F.
///
/// What it costs: one pass over the window for each solve, and for each step whose support meets samples of different
/// weights some more than a usual one; where the weight is the same on all of the support nothing. tol: where samples of the
/// support are missing, or count less than the largest weight, a step counts by how far its correlation is from the optimum,
/// |c_k - lambda sign z_k| / |d_k| over the largest weight, if that is less than |d_k| |dz_k|.
///
/// Collective over the context's ranks. Needs the encoder and its context for itself. After an error weights are as they were.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (weights: negative or not finite,
/// which names the place; so large or so small that the inverse overflows; another element type or number of channels);
/// DICOD_ERROR_INVALID_SHAPE (weights; blocks that overlap or leave a hole); DICOD_ERROR_OUT_OF_MEMORY;
/// DICOD_ERROR_INVALID_STATE (encoder or context in use); DICOD_ERROR_COMMUNICATION.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_set_weights(
    encoder: *mut dicod_encoder,
    weights: *const dicod_const_array,
) -> dicod_status {
    guard(|| with_context(encoder, |held| for_either!(held.coder, coder => set_weights(coder, weights))))
}

/// All samples have the weight 1 from the next solve on, as before dicod_encoder_set_weights(). Activations are kept, for a warm
/// start.
///
/// Collective over the context's ranks. Needs the encoder and its context for itself. Errors: DICOD_ERROR_NULL_POINTER;
/// DICOD_ERROR_INVALID_STATE (encoder or context in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_clear_weights(encoder: *mut dicod_encoder) -> dicod_status {
    guard(|| with_context(encoder, |held| for_either!(held.coder, coder => coder.set_weights(None))))
}

/// Gives each activation a penalty of its own: the next solves minimise
///
/// `F(z) = 1/2 |x - sum_k z_k * d_k|^2 + sum_k lambda_k sum_u f_k[u] |z_k[u]|`
///
/// `penalties` holds the factors f, described as z is in dicod_encoder_set_z(), n_signals * n_atoms channels over the shape of
/// dicod_valid_shape(), of the encoder's element type: f >= 0; where f is infinite z is 0, exactly. Over the ranks of a
/// communicator each brings a block. Factors are copied, and hold until others are given or dicod_encoder_clear_penalties(),
/// also for another dictionary; activations are kept, for a warm start, where they may be. Weights of samples and the options
/// "ridge", which they do not multiply, "positive" and "reg_per_atom" hold, too.
///
/// lambda_max is max |D * x| / f (correlation) over 0 < f < infinity; with the option "reg_scale" = "per-atom" that of each atom.
/// If no f is 0, it is the least regularisation with which z = 0. Where some are, these activations take from x what they can
/// before the others have their turn, which lambda_max knows nothing of: a relative "reg" is then a fraction of that number, and
/// no more; z may be 0 where 0 < f with less of it, and other than 0 with all of it. dicod_encoder_get_lambda() tells of
/// lambda_k, without f. Where f = 0 an activation costs nothing: a dual point may have nothing there, and all that the duality
/// gap says then is F(z) >= 0.
/// With the option "gap_tol" the solve then ends within "tol", and returns DICOD_PRECISION.
///
/// What it costs: nothing where f is 1 in all of a tile; elsewhere some memory, up to twice that of the correlations, and a
/// search for steps that is somewhat slower.
///
/// Collective over the context's ranks. Needs the encoder and its context for itself. After an error factors are as they were.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (penalties: negative or NaN, which names the place; so large or
/// so small that the inverse overflows; another element type or number of channels); DICOD_ERROR_INVALID_SHAPE (penalties;
/// blocks that overlap or leave a hole); DICOD_ERROR_OUT_OF_MEMORY; DICOD_ERROR_INVALID_STATE (encoder or context in use);
/// DICOD_ERROR_COMMUNICATION.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_set_penalties(
    encoder: *mut dicod_encoder,
    penalties: *const dicod_const_array,
) -> dicod_status {
    guard(|| with_state(encoder, |encoder, _| for_either!(encoder, encoder => set_penalties(encoder, penalties))))
}

/// All activations have the penalty lambda_k from the next solve on, as before dicod_encoder_set_penalties(). Activations are
/// kept, for a warm start.
///
/// Collective over the context's ranks. Needs the encoder and its context for itself. Errors: DICOD_ERROR_NULL_POINTER;
/// DICOD_ERROR_INVALID_STATE (encoder or context in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_clear_penalties(encoder: *mut dicod_encoder) -> dicod_status {
    guard(|| with_state(encoder, |encoder, _| for_either!(encoder, encoder => encoder.set_penalties(None))))
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
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_solve(
    encoder: *mut dicod_encoder,
    x: *const dicod_const_array,
    info: *mut dicod_info,
) -> dicod_status {
    guard(|| {
        timed(encoder, |encoder, session, clock| {
            let out = info_out(info);
            let (out, found) = for_either!(encoder, encoder => solve(encoder, x, out, session, clock)?);
            write_info(out, &found, session.n_threads, &clock.laps());
            Ok(found.stop.status())
        })
    })
}

holds!(dicod_encoder, Either<Encoders>);

/// Reads the atoms of the caller's for a problem of some shape.
type Read<'r, T> = &'r dyn Fn(&Shape) -> Result<(Dictionary<T>, Range)>;

fn create<T: Element>(
    context: *mut dicod_context,
    problem: Result<Problem>,
    dictionary: Read<'_, T>,
    encoder: *mut *mut dicod_encoder,
) -> Result<()> {
    let context = shared(context);
    let session = Session::enter(&context)?;
    let ranks = ranks(&context);
    let given = problem.and_then(|problem| {
        let to = room(encoder)?;
        let (dictionary, range) = dictionary(&problem.shape)?;
        Ok((problem, dictionary, range, to))
    });
    let (problem, dictionary, range, to) = ranks.agree(given)?;
    let (shape, options) = (problem.shape, problem.options);
    let mut made = Encoder::over(ranks, shape, dictionary, options, session.n_threads)?;
    made.set_range(range);
    session.log(DICOD_LOG_DEBUG, || format!("encoder: {} bytes, the Gram tensor aside", made.bytes()));
    drop(session);
    give(to, dicod_encoder(Shared::new::<dicod_encoder>(context, T::wrap::<Encoders>(made))));
    Ok(())
}

fn set_dictionary<T: Element>(encoder: *mut dicod_encoder, argument: &str, dictionary: Read<'_, T>) -> Result<()> {
    with_state(encoder, |encoder, session| {
        let ranks = for_either!(&*encoder, encoder => encoder.ranks().clone());
        let typed = T::unwrap::<Encoders>(encoder).ok_or_else(|| other_type::<T>(argument, "encoder"));
        let given = typed.and_then(|encoder| Ok((dictionary(encoder.shape())?, encoder)));
        let ((dictionary, range), encoder) = ranks.agree(given)?;
        encoder.set_dictionary(dictionary)?;
        encoder.set_range(range);
        session.log(DICOD_LOG_DEBUG, || "encoder: another dictionary".into());
        Ok(())
    })
}
