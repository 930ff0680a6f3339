//! One call each, on plain arrays: solve, λmax, reconstruction, objective, Gram tensor.

use crate::csc::Shape;
use crate::csc::whole::Whole;
use crate::ffi::boundary::problem::{Problem, box_of, dictionary, lengths};
use crate::ffi::boundary::*;
use crate::ffi::context::{Session, dicod_context, ranks, shared};
use crate::ffi::functions::{gram_tensor, largest_lambda, reconstruction, value};
use crate::ffi::info::{dicod_info, info_out, log_solve, write_info};
use crate::ffi::options::{copied, dicod_options};
use crate::ffi::problem::{dicod_problem, given};
use std::ptr::null;
use std::time::Instant;

/// Shape of the activations: `valid_shape[n_axes]`, T - L + 1 along an axis of a signal of length T
/// and atoms of length L, or T where the option "periodic" says that the axis wraps around.
///
/// Call it first to know how much room z needs: n_signals * n_atoms times the product of this.
/// `options` may be NULL. Of `problem` the axes and shapes matter.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (problem: struct_size, n_axes; "periodic" of another
/// length), DICOD_ERROR_INVALID_SHAPE (lengths below 1 or above 2^40, atoms longer than the signal),
/// DICOD_ERROR_OUT_OF_MEMORY (sizes whose product overflows).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_valid_shape(
    options: *const dicod_options,
    problem: *const dicod_problem,
    valid_shape: *mut i64,
) -> dicod_status {
    guard(|| {
        let shape = shape_alone(options, problem)?;
        room_per_axis(valid_shape, &shape, "valid_shape")?.copy_from_slice(&shape.unpadded(shape.valid()));
        Ok(())
    })
}

/// The activations that go with a block of a signal that begins at `offset[n_axes]` and has the
/// shape `local_shape[n_axes]`: those at its positions, as far as there are any. They begin at
/// `valid_offset[n_axes]` and have the shape `valid_local_shape[n_axes]`, which is all zeros where
/// there are none. Blocks that make up the signal give blocks that make up the activations. The
/// other arguments are those of dicod_valid_shape().
///
/// Local. Thread-safe. Errors: as dicod_valid_shape(); DICOD_ERROR_INVALID_SHAPE (negative lengths).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_valid_block(
    options: *const dicod_options,
    problem: *const dicod_problem,
    offset: *const i64,
    local_shape: *const i64,
    valid_offset: *mut i64,
    valid_local_shape: *mut i64,
) -> dicod_status {
    guard(|| {
        let shape = shape_alone(options, problem)?;
        let local = lengths(shape.n_axes, local_shape, "local_shape")?;
        let valid = shape.valid_block(&box_of(lengths(shape.n_axes, offset, "offset")?, local)?);
        room_per_axis(valid_offset, &shape, "valid_offset")?;
        room_per_axis(valid_local_shape, &shape, "valid_local_shape")?.copy_from_slice(&shape.unpadded(valid.shape));
        room_per_axis(valid_offset, &shape, "valid_offset")?.copy_from_slice(&shape.unpadded(valid.origin));
        Ok(())
    })
}

fn shape_alone(options: *const dicod_options, problem: *const dicod_problem) -> Result<Shape> {
    let mut options = copied(options)?;
    // What depends on the number of atoms doesn't matter here.
    options.reg_per_atom.clear();
    let counts = dicod_problem { n_signals: 1, n_channels: 1, n_atoms: 1, atom_shapes: null(), ..given(problem)? };
    counts.shape(&options)
}

fn room_per_axis<'a>(to: *mut i64, shape: &Shape, argument: &'static str) -> Result<&'a mut [i64]> {
    aligned(to, argument)?;
    slice_mut(to, shape.n_axes, argument, "n_axes lengths")
}

/// Convolutional sparse coding in one call: finds the activations z that minimise
///
/// `F(z) = 1/2 |x - sum_k z_k * d_k|^2 + sum_k lambda_k |z_k|_1`
///
/// (full convolution of each activation map with its atom, summed over atoms; z >= 0 if the option
/// "positive" says so) by locally greedy coordinate descent. The option "ridge" adds a squared penalty (elastic net),
/// `1/2 ridge sum_k |d_k|^2 |z_k|^2`: with it, and with regularisation as lambda goes with x and d, x in other units and atoms of
/// other norms give the same z in theirs. With the option "background" it is the x less its background that
/// is coded, in this and all that is said of it: `F(z) = 1/2 |x - b - sum_k z_k * d_k|^2 + ...`. b is computed in exact sums; x - b
/// is formed in double precision and then rounded to the element type, so that floats on a high level lose nothing.
///
/// - `context`: threads and callbacks; NULL: one thread, none.
/// - `options`: regularisation, tolerance, strategy...; NULL: the defaults, among them
///   lambda = 0.1 lambda_max.
/// - `problem`: shapes and numbers of signals, channels and atoms.
/// - `x`: n_signals independent signals (n_signals, n_channels, signal_shape...).
/// - `d`: dictionary (n_atoms, n_channels, atom_shape...); atoms of any norm.
/// - `z`: activations (n_signals, n_atoms, valid_shape...), see dicod_valid_shape(): how strongly each
///   atom occurs with its first element (not its middle) at a position, less what the penalty takes
///   away. Written; with the option "warm_start" the values there are where the solve starts.
/// - `info`: may be NULL; set info->struct_size before (DICOD_INFO_INIT does).
///
/// All arrays are row-major (C order) without gaps. The result is the same, bit for bit, for any
/// number of threads and ranks. With a context on the ranks of a communicator every rank brings all
/// of `x` and gets all of `z`, and the work is shared; dicod_encoder_solve() is for fields that lie
/// spread over the ranks. Signals are coded independently but share lambda_max, the largest of all.
///
/// Arrays of doubles with a tolerance above some 1e-4 of lambda_max: the descent keeps what follows from
/// z (correlations of the residual) in single precision, in half the time and memory. z, and all that
/// info says of it (lambda_max, objective, max_step, gap), is in double precision, whatever tol is.
/// A signal that has nothing to do with the atoms (a flat field, atoms without a mean), whose lambda_max
/// is rounding alone, has z = 0.
///
/// Returns DICOD_OK when max |dz| <= tol; DICOD_MAX_ITER, DICOD_TIME_LIMIT, DICOD_CANCELLED or
/// DICOD_PRECISION when the solve ended before: z and info are valid then, too. On an error z and
/// info are untouched.
///
/// The option "time_limit" counts from this call on, and holds in every stage, on every rank. A descent ends so early
/// that what it has reached can be certified in what is left. Where the limit is shorter than that takes, z is what there
/// is (zeros, or where a warm start began, or what was reached), and info->proven says what is known of it.
///
/// Collective over the context's ranks. Thread-safe, except that a context serves one call at a
/// time.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (problem: struct_size, n_axes, counts below 1; lists in options
/// that do not fit the problem, options that contradict each other, z that overlaps x or d, pointers that are not aligned, numbers so large that products
/// overflow, negative z for a warm start of a positive solve); DICOD_ERROR_INVALID_SHAPE (lengths
/// below 1 or above 2^40, atoms longer than the signal, atom_shapes beyond atom_shape); DICOD_ERROR_NOT_FINITE (x, d, z);
/// DICOD_ERROR_OUT_OF_MEMORY (also sizes whose product overflows); DICOD_ERROR_INVALID_STATE
/// (context in use).
///
/// Sources: Moreau, Oudre, Vayatis, DICOD (ICML 2018); Moreau, Gramfort, DiCoDiLe
/// (arXiv 1901.09235).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_solve(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    x: *const f64,
    d: *const f64,
    z: *mut f64,
    info: *mut dicod_info,
) -> dicod_status {
    guard(|| solve(context, Problem::new(options, problem), x, d, z, info))
}

/// dicod_solve() for arrays of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_solve_f32(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    x: *const f32,
    d: *const f32,
    z: *mut f32,
    info: *mut dicod_info,
) -> dicod_status {
    guard(|| solve(context, Problem::new(options, problem), x, d, z, info))
}

/// Smallest regularisation for which z = 0 is optimal: `*lambda_max` = max |D * x| (correlation;
/// without the absolute value if the option "positive" is set), over all signals.
///
/// Arguments are those of dicod_solve(); of the options "positive", "periodic", "missing" and "background" matter. The value
/// is the one that dicod_solve() reports.
///
/// Local. Thread-safe, except that a context serves one call at a time. Errors: as dicod_solve().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_lambda_max(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    x: *const f64,
    d: *const f64,
    lambda_max: *mut f64,
) -> dicod_status {
    guard(|| largest_lambda(context, &Problem::new(options, problem)?, x, d, lambda_max))
}

/// dicod_lambda_max() for arrays of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_lambda_max_f32(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    x: *const f32,
    d: *const f32,
    lambda_max: *mut f64,
) -> dicod_status {
    guard(|| largest_lambda(context, &Problem::new(options, problem)?, x, d, lambda_max))
}

/// What the activations stand for: `x` = sum_k z_k * d_k (full convolution), shape
/// (n_signals, n_channels, signal_shape...).
///
/// Arguments are those of dicod_solve(), `z` is read and `x` written; of the options "periodic"
/// matters: there is no background in it. Zeros in z cost nothing. `x` must not overlap z or d.
///
/// Local. Thread-safe, except that a context serves one call at a time. Errors: as dicod_solve().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_reconstruct(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    d: *const f64,
    z: *const f64,
    x: *mut f64,
) -> dicod_status {
    guard(|| reconstruction(context, &Problem::new(options, problem)?, d, z, x))
}

/// dicod_reconstruct() for arrays of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_reconstruct_f32(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    d: *const f32,
    z: *const f32,
    x: *mut f32,
) -> dicod_status {
    guard(|| reconstruction(context, &Problem::new(options, problem)?, d, z, x))
}

/// What dicod_solve() minimises, for any z: `*objective` = F(z) and `*data_term` = its first half,
/// 1/2 |x - sum_k z_k * d_k|^2, which may be NULL.
///
/// Arguments are those of dicod_solve(), `z` is read. The regularisation is that of the options:
/// where it is relative, lambda_max of x is computed first. With the option "background" both are of x less its background.
///
/// Local. Thread-safe, except that a context serves one call at a time. Errors: as dicod_solve().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_objective(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    x: *const f64,
    d: *const f64,
    z: *const f64,
    objective: *mut f64,
    data_term: *mut f64,
) -> dicod_status {
    guard(|| value(context, &Problem::new(options, problem)?, (x, d, z), (objective, data_term)))
}

/// dicod_objective() for arrays of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_objective_f32(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    x: *const f32,
    d: *const f32,
    z: *const f32,
    objective: *mut f64,
    data_term: *mut f64,
) -> dicod_status {
    guard(|| value(context, &Problem::new(options, problem)?, (x, d, z), (objective, data_term)))
}

/// The Gram tensor of a dictionary: `gram` = G of shape (n_atoms, n_atoms, 2 L - 1...), row-major,
/// G[k, k0, L - 1 + tau] = sum_s d_k[s] d_k0[s + tau], summed over channels (DiCoDiLe, section
/// 3.1). Along an axis of atoms of length L, tau goes from -(L - 1) to L - 1.
///
/// `d` is (n_atoms, n_channels, atom_shape...), as `problem` says; its signals do not matter. `context`
/// may be NULL. `gram` must not overlap d.
///
/// Local. Thread-safe, except that a context serves one call at a time. Errors: as dicod_solve().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_gram(
    context: *mut dicod_context,
    problem: *const dicod_problem,
    d: *const f64,
    gram: *mut f64,
) -> dicod_status {
    guard(|| gram_tensor(context, problem, d, gram))
}

/// dicod_gram() for arrays of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_gram_f32(
    context: *mut dicod_context,
    problem: *const dicod_problem,
    d: *const f32,
    gram: *mut f32,
) -> dicod_status {
    guard(|| gram_tensor(context, problem, d, gram))
}

fn solve<T: Element>(
    context: *mut dicod_context,
    problem: Result<Problem>,
    x: *const T,
    d: *const T,
    z: *mut T,
    info: *mut dicod_info,
) -> Result<dicod_status> {
    let start = Instant::now();
    let context = shared(context);
    let session = Session::run(&context)?;
    let ranks = ranks(&context);
    let given = problem.and_then(|problem| {
        let info = info_out(info)?;
        let read = [problem.x_memory(x), problem.d_memory(d)];
        let x = problem.x(x)?;
        let z_start = problem.z(z.cast_const())?;
        fails_if_shared(&[problem.z_memory(z)], &read)?;
        let (dictionary, range) = dictionary(&problem.shape, d)?;
        let n = problem.z_len();
        let whole = Whole { shape: problem.shape, options: problem.options, dictionary, range, x };
        whole.check(&z_start)?;
        Ok((whole, info, n))
    });
    let (whole, info, n) = ranks.agree(given)?;
    let options = whole.options.clone();
    session.timed(start, &options, &ranks, |clock| {
        let z = slice_mut(z, n, "z", "room for the activations")?;
        let found = whole.solve(&ranks, session.n_threads, clock, &|found| log_solve(&session, found), z)?;
        write_info(info, &found, session.n_threads, &clock.laps());
        Ok(found.stop.status())
    })
}
