//! Ensembles.

use crate::base::wording::nth;
use crate::ffi::boundary::*;
use crate::ffi::parmap::map::{dicod_parmap, get};
use crate::ffi::parmap::report::{parmap_report, report_out};
use crate::ffi::parmap::task::{handle, parmap_task};
use crate::ffi::parmap::{Caller, needed};
use crate::parmap::Task;
use crate::parmap::ensemble::{Ensemble, Limits, Member, Starts};
use crate::parmap::run::report::NOT_RUN;
use std::sync::Mutex;

/// One member of an ensemble, as a solver sees it: it reads and writes all but the sizes and the
/// limit.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct parmap_member {
    /// sizeof(parmap_member) of the library: fields beyond it do not exist.
    pub struct_size: i64,
    /// Number of parameters.
    pub n_parameters: i64,
    /// The start, or the best point so far: x[n_parameters].
    pub x: *mut f64,
    /// Its value; infinite before the first round.
    pub value: f64,
    /// Evaluations so far, in all rounds: the solver adds its own.
    pub evaluations: i64,
    /// Evaluations that the solver may make in this round.
    pub limit: i64,
    /// Set to 1: no further round is needed.
    pub converged: i32,
    /// Bytes that are kept for the solver between rounds, zero at first; NULL if there are none.
    pub state: *mut c_void,
    /// How many.
    pub state_size: i64,
}

/// Improves a member, with at most member->limit evaluations. Returns 0, or a positive code of its
/// own: the member then stays as it was.
pub type parmap_solver_fn =
    Option<unsafe extern "C" fn(userdata: *mut c_void, task: *const parmap_task, member: *mut parmap_member) -> i32>;

/// Many starts of one solver. A handle serves one call at a time.
pub struct parmap_ensemble(Mutex<Ensemble>);

/// Makes an ensemble in the box from lower[n_parameters] to upper[n_parameters]: `*ensemble`. If
/// `cells` is NULL, n_members starts at random, each dependent on `seed` and its index alone; else
/// one start in the middle of each cell of a lattice with cells[n_parameters] cells along the axes,
/// the last axis runs fastest, and n_members has to be their product, or 0. `state_size` bytes per
/// member are kept for the solver between rounds.
///
/// Every rank makes the same one. Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT, DICOD_ERROR_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_ensemble_create(
    n_parameters: i64,
    lower: *const f64,
    upper: *const f64,
    n_members: i64,
    cells: *const i64,
    seed: u64,
    state_size: i64,
    ensemble: *mut *mut parmap_ensemble,
) -> dicod_status {
    guard(|| {
        let to = room(ensemble)?;
        let n = list_size(n_parameters, "n_parameters")?;
        let lower = slice(lower, n, "lower", "n_parameters numbers")?;
        let upper = slice(upper, n, "upper", "n_parameters numbers")?;
        let n_members = size(n_members, "n_members", 0)? as u64;
        let starts = match cells.is_null() {
            true => Starts::Random(n_members),
            false => Starts::lattice(slice(cells, n, "cells", "n_parameters numbers")?, n_members)?,
        };
        let state_size = size(state_size, "state_size", 0)?;
        let made = Ensemble::new(lower, upper, &starts, seed, state_size)?;
        give(to, parmap_ensemble(Mutex::new(made)));
        Ok(())
    })
}

/// Frees an ensemble and sets the caller's pointer to NULL. `ensemble` and `*ensemble` may be NULL.
///
/// Local. No other thread may be using the handle.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_ensemble_free(ensemble: *mut *mut parmap_ensemble) -> dicod_status {
    guard(|| free(ensemble))
}

/// One round: `solver` runs for each member that has not converged, with at most `per_member`
/// evaluations, and so many that all members together have made at most `in_all` since the first
/// round: what is left is shared out equally, so that it does not depend on who is faster. -1: no
/// limit. Call it again to go on, with other limits if you like. The ensemble is the same on every
/// rank before and after. Indices in the report are those of members. `userdata` and `report` may be
/// NULL.
///
/// Collective. Needs the map and the ensemble for itself. Errors: as parmap_run().
#[unsafe(no_mangle)]
pub extern "C" fn parmap_ensemble_round(
    ensemble: *mut parmap_ensemble,
    map: *mut dicod_parmap,
    per_member: i64,
    in_all: i64,
    solver: parmap_solver_fn,
    userdata: *mut c_void,
    report: *mut parmap_report,
) -> dicod_status {
    guard(|| {
        let map = get(map)?;
        let check = || {
            let limits = Limits::new(per_member, in_all)?;
            let solver = needed(solver, "solver")?;
            Ok((entered(&of(ensemble)?.0, parmap_ensemble::NAME)?, limits, solver, report_out(report)?))
        };
        let (mut all, limits, solver, out) = map.map.ranks().agree(check())?;
        let userdata = Caller::new(userdata);
        let function = |task: &Task, member: &mut Member, limit: u64| {
            let state = match member.state.is_empty() {
                true => std::ptr::null_mut(),
                false => member.state.as_mut_ptr().cast(),
            };
            let mut given = parmap_member {
                struct_size: size_of::<parmap_member>() as i64,
                n_parameters: member.x.len() as i64,
                x: member.x.as_mut_ptr(),
                value: member.value,
                evaluations: member.evaluations as i64,
                limit: limit.min(i64::MAX as u64) as i64,
                converged: i32::from(member.converged),
                state,
                state_size: member.state.len() as i64,
            };
            let code = call!(solver(userdata.get(), handle(task), &mut given));
            if given.evaluations < member.evaluations as i64 {
                task.explain("the solver has made member->evaluations smaller");
                return NOT_RUN;
            }
            member.value = given.value;
            member.evaluations = given.evaluations as u64;
            member.converged = given.converged != 0;
            code
        };
        map.run(out, |map, progress| all.round(map, limits, &function, progress))
    })
}

handle!(parmap_ensemble, "ensemble", "an ensemble");

/// Number of members, those that have converged, evaluations of all members, and the best member: of
/// equal values the lowest index wins; -1: no member has a value that is a number. What is not wanted
/// may be NULL.
///
/// Local. Errors: DICOD_ERROR_NULL_POINTER (ensemble), DICOD_ERROR_INVALID_STATE (in use).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_ensemble_get_summary(
    ensemble: *const parmap_ensemble,
    n_members: *mut i64,
    n_converged: *mut i64,
    evaluations: *mut i64,
    best: *mut i64,
) -> dicod_status {
    guard(|| {
        let all = entered(&of(ensemble)?.0, parmap_ensemble::NAME)?;
        set(n_members, all.members().len() as i64);
        set(n_converged, all.members().iter().filter(|m| m.converged).count() as i64);
        set(evaluations, all.evaluations() as i64);
        set(best, all.best().map_or(-1, |best| best as i64));
        Ok(())
    })
}

/// Member `index`: its point x[n_parameters], value, evaluations, and whether it has converged. What
/// is not wanted may be NULL.
///
/// Local.
/// Errors: DICOD_ERROR_NULL_POINTER (ensemble), DICOD_ERROR_OUT_OF_RANGE (index),
/// DICOD_ERROR_INVALID_STATE (in use).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_ensemble_get_member(
    ensemble: *const parmap_ensemble,
    index: i64,
    x: *mut f64,
    value: *mut f64,
    evaluations: *mut i64,
    converged: *mut i32,
) -> dicod_status {
    guard(|| {
        let all = entered(&of(ensemble)?.0, parmap_ensemble::NAME)?;
        let n = all.members().len();
        let member = usize::try_from(index).ok().and_then(|i| all.members().get(i));
        let member = member.ok_or_else(|| {
            let allowed = format!("from {} to {}", nth(0), nth(n as i64 - 1));
            Error::range("index", nth(index), allowed)
        })?;
        if !x.is_null() {
            let to = slice_mut(x, member.x.len(), "x", "n_parameters numbers")?;
            to.copy_from_slice(&member.x);
        }
        set(value, member.value);
        set(evaluations, member.evaluations as i64);
        set(converged, i32::from(member.converged));
        Ok(())
    })
}
