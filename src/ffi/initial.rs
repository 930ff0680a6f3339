//! The first dictionary by itself, as learning would draw it.

use crate::base::status::DICOD_OK;
use crate::csc::problem::shape::explained;
use crate::ffi::array::dicod_const_array;
use crate::ffi::boundary::problem::{Problem, values};
use crate::ffi::boundary::*;
use crate::ffi::context::{Session, dicod_context, ranks, shared};
use crate::ffi::learner::field;
use crate::ffi::options::dicod_options;
use crate::ffi::problem::dicod_problem;
use crate::learn::Learner;
use std::time::Instant;

/// Draws the dictionary that learning would begin with, bit for bit that of dicod_learn() and of a learner's first step: to `d`
/// (n_atoms, n_channels, atom_shape...), row-major, on every rank; atoms of rank one multiplied out. Options that matter are
/// "learn_init", "seed", "learn_window", "learn_rank_one", "learn_fixed_atoms" and "learn_batch", and for "greedy-patches" those
/// of a solve; with "learn_init" = "given", and for fixed atoms, `d` is read first.
///
/// `x` is as for dicod_encoder_solve(): each rank brings a block, together they are the domain that `problem` describes. Its
/// element type is that of `d`. `context` and `options` may be NULL.
///
/// Returns DICOD_OK; DICOD_TIME_LIMIT or DICOD_CANCELLED when it was stopped: the atoms are noise then. On an error `d` is
/// untouched.
///
/// Collective over the context's ranks. Thread-safe, except that a context serves one call at a time. Errors: as dicod_learn(),
/// and as dicod_encoder_solve() for x.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_initial_dictionary(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    x: *const dicod_const_array,
    d: *mut f64,
) -> dicod_status {
    guard(|| draw(context, Problem::new(options, problem), x, d))
}

/// dicod_initial_dictionary() for arrays of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_initial_dictionary_f32(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    x: *const dicod_const_array,
    d: *mut f32,
) -> dicod_status {
    guard(|| draw(context, Problem::new(options, problem), x, d))
}

fn draw<T: Element>(
    context: *mut dicod_context,
    problem: Result<Problem>,
    x: *const dicod_const_array,
    d: *mut T,
) -> Result<dicod_status> {
    let start = Instant::now();
    let context = shared(context);
    let session = Session::run(&context)?;
    let ranks = ranks(&context);
    let given = problem.and_then(|problem| {
        values(d.cast_const(), problem.d_len(), "d")?;
        Ok((problem.first(d.cast_const())?, problem))
    });
    let (first, Problem { shape, options }) = ranks.agree(given)?;
    let mut learner = Learner::over(ranks.clone(), shape, options.clone(), session.n_threads, first)?;
    let x = ranks.agree(field(&learner, x))?;
    session.timed(start, &options, &ranks, |clock| {
        let status = match learner.prepare_within(clock, &x) {
            Ok(()) => DICOD_OK,
            Err(Error::Stopped(stop)) => stop.status(),
            Err(error) => return Err(explained(error, learner.shape())),
        };
        let atoms = ranks.agree(learner.atoms())?;
        slice_mut(d, atoms.len(), "d", "room for the atoms")?.copy_from_slice(&atoms);
        Ok(status)
    })
}
