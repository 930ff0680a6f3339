//! The learner handle: dictionary learning step by step.

use crate::clock::Stage;
use crate::csc::coder::Coder;
use crate::csc::problem::shape::explained;
use crate::ffi::activations::get_lambda;
use crate::ffi::array::{View, X, dicod_const_array};
use crate::ffi::atoms::{get_dictionary, get_factors};
use crate::ffi::boundary::problem::Problem;
use crate::ffi::boundary::*;
use crate::ffi::context::{Context, Session, dicod_context, ranks, shared};
use crate::ffi::held::{Shared, holds, timed, with};
use crate::ffi::info::{dicod_info, info_out, write_info};
use crate::ffi::learn::{
    dicod_learn_fn, dicod_learn_info, dicod_learn_step, learn_info_out, log, step_of, tell, write_learn_info,
};
use crate::ffi::options::dicod_options;
use crate::ffi::problem::dicod_problem;
use crate::learn::Learner;
use crate::linalg::Field;
use std::sync::Arc;

/// Dictionary learning for programs that interleave it with their own loop: one outer iteration a
/// call, on signals where they lie, on any number of ranks.
///
/// It keeps the dictionary, the activations of the last step, and with "learn_online" the statistics
/// of all signals so far. Memory is that of an encoder, and for the statistics. A learner serves one
/// call at a time: a second one, from another thread or from a callback, fails with
/// DICOD_ERROR_INVALID_STATE.
pub struct dicod_learner(Arc<Shared<State>>);
handle!(dicod_learner, "learner", "a learner");

pub(crate) struct State {
    pub(crate) learner: Either<Learners>,
    /// Of the last step: what its nonzeros point to.
    nonzeros: Vec<i64>,
}

/// Learners of either element type.
pub(crate) struct Learners;

impl Family for Learners {
    type Of<T: Element> = Learner<T>;
}

/// Makes a learner: `*learner`. Free it with dicod_learner_free().
///
/// Arguments are those of dicod_learn(), with the shape of the whole domain; `d` may be NULL unless
/// "learn_init" is "given" or atoms are fixed, and is only read. `context` and `options` may be NULL;
/// the context may be freed before the learner.
///
/// Collective over the context's ranks, with the same arguments on each. Thread-safe, except that a
/// context serves one call at a time. Errors: as dicod_learn().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_create(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    d: *const f64,
    learner: *mut *mut dicod_learner,
) -> dicod_status {
    guard(|| create(context, Problem::new(options, problem), d, learner))
}

/// dicod_learner_create() for arrays of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_create_f32(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    d: *const f32,
    learner: *mut *mut dicod_learner,
) -> dicod_status {
    guard(|| create(context, Problem::new(options, problem), d, learner))
}

/// Frees a learner and sets the caller's pointer to NULL. `learner` and `*learner` may be NULL.
///
/// Local. No other thread may be using the handle.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_free(learner: *mut *mut dicod_learner) -> dicod_status {
    guard(|| free(learner))
}

/// One outer iteration on the signals `x`: z, from where the last step left it, then the dictionary.
///
/// `x` is as for dicod_encoder_solve(): each rank brings a block, together they are the domain. With
/// "learn_online" each step may bring other signals. `step` may be NULL; set step->struct_size before
/// (DICOD_LEARN_STEP_INIT does).
///
/// Returns DICOD_OK; DICOD_TIME_LIMIT or DICOD_CANCELLED when it was stopped: the
/// dictionary is as it was then, and the iteration does not count; z is what the step of z has reached. Objectives and lambda
/// that were not known by then are NaN. After an error the dictionary is
/// as it was; after DICOD_ERROR_INTERNAL the learner can only be freed.
///
/// Collective over the context's ranks: an error on one is an error on all. Needs the learner and its
/// context for itself. Errors: as dicod_encoder_solve().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_step(
    learner: *mut dicod_learner,
    x: *const dicod_const_array,
    step: *mut dicod_learn_step,
) -> dicod_status {
    guard(|| {
        timed(learner, |State { learner, nonzeros }, session, clock| {
            let out = Output::wanted(step, "step", "step->struct_size");
            for_either!(learner, learner => {
                let (out, x) = given(learner, x, out)?;
                let done = learner.step_within(clock, &x);
                let done = done.map_err(|error| explained(error, learner.shape()))?;
                log(&done, session);
                *nonzeros = done.nonzeros.iter().map(|n| *n as i64).collect();
                if let Some(out) = out {
                    out.write(&step_of(&done, nonzeros));
                }
                Ok(done.status())
            })
        })
    })
}

/// Outer iterations on the signals `x` until the objective changes by no more than "learn_tol" or
/// "learn_max_iter" are done, those before this call included; then z for the dictionary that was
/// learned: dicod_learn() on signals where they lie. `each` and `info` may be NULL.
///
/// Returns as dicod_learn() does. Collective over the context's ranks. Needs the learner and its
/// context for itself. Errors: as dicod_encoder_solve().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_run(
    learner: *mut dicod_learner,
    x: *const dicod_const_array,
    each: dicod_learn_fn,
    userdata: *mut c_void,
    info: *mut dicod_learn_info,
) -> dicod_status {
    guard(|| {
        timed(learner, |state, session, clock| {
            for_either!(&mut state.learner, learner => {
                let (out, x) = given(learner, x, learn_info_out(info))?;
                let found = learner.run_within(clock, &x, Some(&mut tell((each, userdata), session)));
                let found = found.map_err(|error| explained(error, learner.shape()))?;
                write_learn_info(out, &found, session.n_threads, clock.seconds());
                Ok(found.status())
            })
        })
    })
}

/// z of the signals `x` for the dictionary as it is, to "tol": how learning by steps ends. `info` may
/// be NULL.
///
/// Returns as dicod_encoder_solve() does. Collective over the context's ranks. Needs the learner and
/// its context for itself. Errors: as dicod_encoder_solve().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_encode(
    learner: *mut dicod_learner,
    x: *const dicod_const_array,
    info: *mut dicod_info,
) -> dicod_status {
    guard(|| {
        timed(learner, |state, session, clock| {
            for_either!(&mut state.learner, learner => {
                let (out, x) = given(learner, x, info_out(info))?;
                let found = learner.encode_within(clock, &x);
                let found = found.map_err(|error| explained(error, learner.shape()))?;
                // What an encoder is made for counts as all else.
                write_info(out, &found, session.n_threads, &clock.laps().as_other(Stage::Gram));
                Ok(found.stop.status())
            })
        })
    })
}

/// Copies the dictionary: `d` (n_atoms, n_channels, atom_shape...), row-major, `n_values` in all, as
/// dicod_learner_describe() tells; atoms of rank one multiplied out.
///
/// Local. Needs the learner for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n_values is not that of the
/// learner's dictionary; the learner is one of float); DICOD_ERROR_INVALID_STATE (no step was done yet, learner in use); DICOD_ERROR_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_dictionary(
    learner: *const dicod_learner,
    n_values: i64,
    d: *mut f64,
) -> dicod_status {
    guard(|| with(learner, |held| get_dictionary(held, n_values, d)))
}

/// dicod_learner_get_dictionary() for learners of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_dictionary_f32(
    learner: *const dicod_learner,
    n_values: i64,
    d: *mut f32,
) -> dicod_status {
    guard(|| with(learner, |held| get_dictionary(held, n_values, d)))
}

/// Copies the factors of a dictionary that is learned with "learn_rank_one": `u` (n_atoms,
/// n_channels), `n_u` values in all, and `v` (n_atoms, atom_shape...), `n_v` values in all; row-major.
///
/// Local. Needs the learner for itself. Errors: as dicod_learner_get_dictionary(), and
/// DICOD_ERROR_INVALID_STATE if the atoms are not of rank one.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_dictionary_rank1(
    learner: *const dicod_learner,
    n_u: i64,
    u: *mut f64,
    n_v: i64,
    v: *mut f64,
) -> dicod_status {
    guard(|| with(learner, |held| get_factors(held, (n_u, u), (n_v, v))))
}

/// dicod_learner_get_dictionary_rank1() for learners of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_dictionary_rank1_f32(
    learner: *const dicod_learner,
    n_u: i64,
    u: *mut f32,
    n_v: i64,
    v: *mut f32,
) -> dicod_status {
    guard(|| with(learner, |held| get_factors(held, (n_u, u), (n_v, v))))
}

/// Regularisation of each atom, absolute: `lambda[n_atoms]`.
///
/// Local. Needs the learner for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n_atoms is not the learner's);
/// DICOD_ERROR_INVALID_STATE (not known before the first step, or different in each step: see
/// "learn_reg_reference"; learner in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_lambda(
    learner: *const dicod_learner,
    n_atoms: i64,
    lambda: *mut f64,
) -> dicod_status {
    guard(|| with(learner, |held| get_lambda(held, n_atoms, lambda)))
}

holds!(dicod_learner, State, learner);

pub(crate) fn handle(context: Option<Arc<Context>>, learner: Either<Learners>) -> dicod_learner {
    dicod_learner(Shared::new::<dicod_learner>(context, State { learner, nonzeros: Vec::new() }))
}

fn create<T: Element>(
    context: *mut dicod_context,
    problem: Result<Problem>,
    d: *const T,
    learner: *mut *mut dicod_learner,
) -> Result<()> {
    let context = shared(context);
    let session = Session::enter(&context)?;
    let ranks = ranks(&context);
    let given = problem.and_then(|problem| Ok((room(learner)?, problem.first(d)?, problem)));
    let (to, first, Problem { shape, options }) = ranks.agree(given)?;
    let made = Learner::over(ranks, shape, options, session.n_threads, first)?;
    drop(session);
    give(to, handle(context, T::wrap::<Learners>(made)));
    Ok(())
}

/// The signals that a rank brings to a learner.
pub(crate) fn field<'a, T: Element>(learner: &Learner<T>, x: *const dicod_const_array) -> Result<Field<'a, T>> {
    let x = View::new::<T>(x.cast(), X, learner.shape())?.field::<T>()?;
    learner.check_signals(&x)?;
    Ok(x)
}

/// Collective: the same, and where what is found is wanted.
fn given<'a, T: Element, O>(
    learner: &Learner<T>,
    x: *const dicod_const_array,
    out: Result<O>,
) -> Result<(O, Field<'a, T>)> {
    learner.ranks().agree(out.and_then(|out| Ok((out, field(learner, x)?))))
}
