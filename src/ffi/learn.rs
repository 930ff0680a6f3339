//! Dictionary learning in one call on plain arrays, and what a learner handle reports.

use crate::csc::coder::Coder;
use crate::ffi::boundary::problem::{Problem, values};
use crate::ffi::boundary::*;
use crate::ffi::context::{DICOD_LOG_INFO, DICOD_LOG_WARNING, Session, dicod_context, ranks, shared};
use crate::ffi::info::proven;
use crate::ffi::options::dicod_options;
use crate::ffi::problem::dicod_problem;
use crate::learn::whole::{self, fails_if_in_parts};
use crate::learn::{Iteration, Learner, Outcome};
use std::time::Instant;

/// What one outer iteration of learning did: a step of z, then one of the dictionary.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct dicod_learn_step {
    /// sizeof(dicod_learn_step), set by the caller where it is an output: DICOD_LEARN_STEP_INIT does.
    pub struct_size: i64,
    /// Its number, from 0.
    pub iteration: i64,
    /// Objective after the step of z.
    pub objective_z: f64,
    /// Objective after the step of the dictionary, for the same z but for that of atoms that were drawn anew. It is not above
    /// objective_z, save with "learn_online", "learn_batch" and "learn_crops", where the step is one for all signals so far, and
    /// with "learn_redraw_below", where atoms with activations are drawn anew, too.
    pub objective_d: f64,
    /// Regularisation, absolute; the largest of all atoms' when they differ.
    pub lambda: f64,
    /// Smallest regularisation for which z = 0 is optimal with the dictionary before the step.
    pub lambda_max: f64,
    /// Length of nonzeros.
    pub n_atoms: i64,
    /// Number of z that are not zero, per atom: `[n_atoms]`. The memory is the library's: valid
    /// until the callback returns, or until the next call with the learner.
    pub nonzeros: *const i64,
    /// Atoms without activations that were drawn anew.
    pub redrawn: i64,
    /// 1 if atoms were moved to the middle of their support, else 0.
    pub recentred: i64,
    /// Coordinate steps.
    pub steps: i64,
    /// Gradient iterations of the dictionary step.
    pub dict_iterations: i64,
    /// Seconds for the step of z.
    pub seconds_z: f64,
    /// Seconds for the statistics of z and x.
    pub seconds_statistics: f64,
    /// Seconds for the dictionary step and the next Gram tensor.
    pub seconds_d: f64,
    /// Seconds for all of it: these, and what is in none of them.
    pub seconds: f64,
    /// With "learn_robust": samples of which more than that was left at its beginning are left out of this iteration; else, and where
    /// nothing is left, 0.
    pub threshold: f64,
    /// How many they are.
    pub left_out: i64,
}

/// Told of each outer iteration; returns 0 to go on, anything else to stop: learning then returns
/// DICOD_CANCELLED with a valid dictionary and z. `step` is valid during the call. As for
/// dicod_log_fn: called in the thread that called the library, on every rank; it must return, and
/// must not use the context or learner of the call that runs.
pub type dicod_learn_fn = Option<unsafe extern "C" fn(userdata: *mut c_void, step: *const dicod_learn_step) -> i32>;

/// What learning found and what it cost.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct dicod_learn_info {
    /// sizeof(dicod_learn_info), set by the caller: DICOD_LEARN_INFO_INIT does.
    pub struct_size: i64,
    /// What the call returned: DICOD_OK or a positive status.
    pub status: dicod_status,
    /// Threads that it was allowed.
    pub n_threads: i32,
    /// Outer iterations.
    pub iterations: i64,
    /// Atoms without activations that were drawn anew, in all.
    pub redrawn: i64,
    /// Regularisation, absolute; the largest of all atoms' when they differ.
    pub lambda: f64,
    /// Smallest regularisation for which z = 0 is optimal with the dictionary that was learned.
    pub lambda_max: f64,
    /// Objective of the dictionary and z.
    pub objective: f64,
    /// Half the squared norm of x less its reconstruction.
    pub data_term: f64,
    /// For this dictionary, the objective is at most this far above its minimum over z.
    pub duality_gap: f64,
    /// Number of z that are not zero.
    pub nonzeros: i64,
    /// Seconds for the whole call.
    pub seconds: f64,
    /// Seconds for steps of z.
    pub seconds_z: f64,
    /// Seconds for statistics of z and x.
    pub seconds_statistics: f64,
    /// Seconds for dictionary steps and Gram tensors.
    pub seconds_d: f64,
    /// As dicod_info.proven, of the last solve: what is known of lambda and lambda_max, and of objective, data_term and
    /// duality_gap. What is not is NaN, duality_gap infinite; d and z are valid all the same.
    pub proven: i64,
    /// Seconds for all else; with it the stages are `seconds`.
    pub seconds_other: f64,
    /// As in dicod_learn_step, of the last solve.
    pub threshold: f64,
    /// The same.
    pub left_out: i64,
}

/// Convolutional dictionary learning in one call: finds atoms d_k of norm at most 1 and activations
/// z that make
///
/// `F(d, z) = 1/2 |x - sum_k z_k * d_k|^2 + sum_k lambda_k |z_k|_1`
///
/// (and `1/2 ridge sum_k |d_k|^2 |z_k|^2` with the option "ridge") small, by turns: z with d fixed as dicod_solve() does, d with z fixed from the correlations of z
/// with itself and with x. F never rises, but with "learn_redraw_below", or as batches or crops change. Atoms without activations are drawn anew.
///
/// The option "learn_robust" is for recordings in which some samples have gone wrong (spikes, broken stretches), nobody knows which.
/// Samples of which more than T is left when an iteration begins count as missing in it, and as T: F has `min(r^2, T^2)` in place of the
/// square of what is left, r. T is 6 times the option's quantile of all |r| that are not 0, the least so far. 0.9 is fine where less than
/// a tenth has gone wrong and the signal is not rarer than that; a signal of rare events wants a larger one. An iteration makes a bound on F
/// smaller that meets it where the iteration begins (iteratively re-weighted least squares); objectives and the duality gap are those
/// of the bound. F falls as T does, and never rises.
///
/// - `context`: threads and callbacks; NULL: one thread, none.
/// - `options`: those of dicod_solve() for the steps of z, and those that begin with "learn_"; NULL:
///   the defaults, among them lambda = 0.1 lambda_max of the first dictionary. "time_limit" holds for
///   the whole call. "frozen_support" has to be 0, and "warm_start" means nothing here.
/// - `problem`: shapes and numbers of signals, channels and atoms.
/// - `x`: n_signals signals (n_signals, n_channels, signal_shape...) with one dictionary.
/// - `each`: told of every outer iteration, with `userdata`; NULL: nobody.
/// - `d`: the dictionary (n_atoms, n_channels, atom_shape...). Written; with "learn_init" "given" and
///   for "learn_fixed_atoms" the values there are where learning starts (atoms longer than 1 are
///   scaled to norm 1, fixed ones aside). Given atoms may not all be zero.
/// - `z`: activations for that dictionary (n_signals, n_atoms, valid_shape...), written; may be NULL,
///   and has to be with "learn_batch" and "learn_crops".
/// - `info`: may be NULL; set info->struct_size before (DICOD_LEARN_INFO_INIT does).
///
/// All arrays are row-major (C order) without gaps; d and z overlap neither each other nor x. The
/// result is the same, bit for bit, for any number of threads and ranks.
///
/// Returns DICOD_OK when an outer iteration lowered the objective by no more than the fraction
/// "learn_tol"; DICOD_MAX_ITER, DICOD_TIME_LIMIT or DICOD_CANCELLED when learning ended before:
/// d, z and info are valid then, too (info->proven says what is known; if there was no time even for first atoms, d is
/// noise). On an error they are untouched.
///
/// Collective over the context's ranks, with the same arguments on each. Thread-safe, except that a
/// context serves one call at a time.
/// Errors: as dicod_solve().
///
/// Source: Moreau, Gramfort, DiCoDiLe (arXiv 1901.09235).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learn(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    x: *const f64,
    each: dicod_learn_fn,
    userdata: *mut c_void,
    d: *mut f64,
    z: *mut f64,
    info: *mut dicod_learn_info,
) -> dicod_status {
    guard(|| learn(context, Problem::new(options, problem), x, (each, userdata), d, z, info))
}

/// dicod_learn() for arrays of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learn_f32(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    x: *const f32,
    each: dicod_learn_fn,
    userdata: *mut c_void,
    d: *mut f32,
    z: *mut f32,
    info: *mut dicod_learn_info,
) -> dicod_status {
    guard(|| learn(context, Problem::new(options, problem), x, (each, userdata), d, z, info))
}

fn learn<T: Element>(
    context: *mut dicod_context,
    problem: Result<Problem>,
    x: *const T,
    each: (dicod_learn_fn, *mut c_void),
    d: *mut T,
    z: *mut T,
    info: *mut dicod_learn_info,
) -> Result<dicod_status> {
    let start = Instant::now();
    let context = shared(context);
    let session = Session::run(&context)?;
    let ranks = ranks(&context);
    let given = problem.and_then(|problem| {
        let info = learn_info_out(info)?;
        let read = [problem.x_memory(x)];
        let x = problem.x(x)?;
        fails_if_shared(&[problem.d_memory(d), problem.z_memory(z)], &read)?;
        values(d.cast_const(), problem.d_len(), "d")?;
        let first = problem.first(d.cast_const())?;
        if !z.is_null() {
            aligned(z, "z")?;
            fails_if_in_parts(&problem.options)?;
        }
        Ok((problem, info, x, first))
    });
    let (problem, info, x, first) = ranks.agree(given)?;
    let options = problem.options.clone();
    let mut learner = Learner::over(ranks.clone(), problem.shape, problem.options, session.n_threads, first)?;
    ranks.agree(learner.check_signals(&x))?;
    session.timed(start, &options, &ranks, |clock| {
        let found = whole::learn(&mut learner, clock, &x, &mut tell(each, &session), !z.is_null())?;
        slice_mut(d, found.atoms.len(), "d", "room for the atoms")?.copy_from_slice(&found.atoms);
        if !z.is_null() {
            slice_mut(z, found.z.len(), "z", "room for the activations")?.copy_from_slice(&found.z);
        }
        write_learn_info(info, &found.outcome, session.n_threads, clock.seconds());
        Ok(found.outcome.status())
    })
}

/// What is done after each iteration: the log, and the caller's function.
pub(crate) fn tell(
    (each, userdata): (dicod_learn_fn, *mut c_void),
    session: &Session<'_>,
) -> impl FnMut(&Iteration) -> bool {
    move |done: &Iteration| {
        log(done, session);
        let Some(each) = each else { return true };
        let nonzeros: Vec<i64> = done.nonzeros.iter().map(|n| *n as i64).collect();
        let step = step_of(done, &nonzeros);
        call!(each(userdata, &step)) == 0
    }
}

/// A line of the log.
pub(crate) fn log(done: &Iteration, session: &Session<'_>) {
    if done.lambda_max == 0.0 {
        session.log(DICOD_LOG_WARNING, || {
            "learn: lambda_max is 0: x is zero, or no atom has anything to do with it".into()
        });
    }
    session.log(DICOD_LOG_INFO, || done.line());
}

/// For C.
pub(crate) fn step_of(done: &Iteration, nonzeros: &[i64]) -> dicod_learn_step {
    dicod_learn_step {
        struct_size: size_of::<dicod_learn_step>() as i64,
        iteration: done.index as i64,
        objective_z: done.objective_z,
        objective_d: done.objective_d,
        lambda: done.largest_lambda(),
        lambda_max: done.lambda_max,
        n_atoms: nonzeros.len() as i64,
        nonzeros: nonzeros.as_ptr(),
        redrawn: done.redrawn as i64,
        recentred: done.recentred.into(),
        steps: done.steps as i64,
        dict_iterations: done.dict_iterations as i64,
        seconds_z: done.seconds_z,
        seconds_statistics: done.seconds_statistics,
        seconds_d: done.seconds_d,
        seconds: done.seconds,
        threshold: done.threshold,
        left_out: done.left_out as i64,
    }
}

pub(crate) fn learn_info_out(info: *mut dicod_learn_info) -> Result<Option<Output<dicod_learn_info>>> {
    Output::wanted(info, "info", "info->struct_size")
}

pub(crate) fn write_learn_info(out: Option<Output<dicod_learn_info>>, found: &Outcome, n_threads: usize, seconds: f64) {
    let Some(out) = out else { return };
    let certificate = &found.info.certificate;
    let info = dicod_learn_info {
        struct_size: 0,
        status: found.status(),
        n_threads: n_threads as i32,
        iterations: found.iterations as i64,
        redrawn: found.redrawn as i64,
        lambda: found.info.largest_lambda(),
        lambda_max: found.info.lambda_max,
        objective: certificate.objective,
        data_term: certificate.data_term,
        duality_gap: certificate.gap.max(0.0),
        nonzeros: found.info.nonzeros as i64,
        seconds,
        seconds_z: found.seconds_z,
        seconds_statistics: found.seconds_statistics,
        seconds_d: found.seconds_d,
        proven: proven(&found.info),
        seconds_other: seconds - found.seconds_z - found.seconds_statistics - found.seconds_d,
        threshold: found.threshold,
        left_out: found.left_out as i64,
    };
    out.write(&info)
}
