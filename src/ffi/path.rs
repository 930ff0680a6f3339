//! One signal at many λ.

use crate::csc::path::{along, check_path};
use crate::csc::reg_path;
use crate::ffi::array::dicod_const_array;
use crate::ffi::boundary::*;
use crate::ffi::context::{Session, ranks};
use crate::ffi::encoder::dicod_encoder;
use crate::ffi::fields::solve;
use crate::ffi::held::get;
use crate::ffi::info::{dicod_info, info_of, info_out};
use std::cell::Cell;
use std::time::Instant;

/// Told of each point of dicod_encoder_path(): its number, from 0, its regularisation as it was given, and what was found there:
/// `info`, valid during the call, with the status of this point. Returns 0 to go on, anything else to stop. The encoder holds z of
/// this point and may be asked: dicod_encoder_get_z(), _get_sparse, _get_lambda, _reconstruct and whatever needs the encoder, but
/// not its context, for itself; what needs that, too, as _objective, _set_dictionary and _set_weights do, fails with
/// DICOD_ERROR_INVALID_STATE. Where it sets or clears z, the next point begins with that. Called in the thread that called
/// the library, on every rank; it must return, and must not use the context of the call that runs.
pub type dicod_path_fn =
    Option<unsafe extern "C" fn(userdata: *mut c_void, point: i64, reg: f64, info: *const dicod_info) -> i32>;

/// Encodes the signals `x` once for each of `n_reg` regularisations `reg[n_reg]`, one after the other: each solve begins with the
/// activations that the last one has found, which takes few steps where the values are near each other; usually they decrease. The
/// first solve begins at zero, or with the option "warm_start" with the activations in the encoder.
///
/// Values are as the option "reg": fractions of lambda_max, or absolute, see "reg_scale"; with "reg_per_atom" they are factors of
/// what that says. At each point all else is as if the encoder had been made with that regularisation, and the result, to
/// its tolerance, what a solve by itself would find. "time_limit" holds for the whole call, "max_iter" for a point.
/// dicod_reg_path() makes a list.
///
/// `each` is told of every point, with `userdata`, and may take z; NULL: nobody. `x` is as for dicod_encoder_solve(). `info` may
/// be NULL; it is that of the last point that was solved, with the status that the call returns. The result is the same, bit for
/// bit, for any number of threads and ranks and any blocks.
///
/// Returns DICOD_OK if every point did; else the status of the first that did not (DICOD_MAX_ITER, DICOD_PRECISION); where the path
/// ended early DICOD_TIME_LIMIT, or DICOD_CANCELLED if `each`, on any rank, or a progress callback said so. The encoder then
/// holds the last point.
///
/// Collective over the context's ranks, with the same `reg` on each; an error on one is an error on all. Needs the encoder and its
/// context for itself.
/// Errors: as dicod_encoder_solve(); DICOD_ERROR_NULL_POINTER (reg); DICOD_ERROR_INVALID_ARGUMENT (n_reg less than 1; a value of
/// reg that is negative or not finite, which is named with its index): nothing was done then.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_path(
    encoder: *mut dicod_encoder,
    x: *const dicod_const_array,
    n_reg: i64,
    reg: *const f64,
    each: dicod_path_fn,
    userdata: *mut c_void,
    info: *mut dicod_info,
) -> dicod_status {
    guard(|| {
        let start = Instant::now();
        let shared = get(encoder)?;
        let options = for_either!(&*shared.state()?, encoder => encoder.options().clone());
        let session = Session::run(&shared.context)?;
        let ranks = ranks(&shared.context);
        let out = info_out(info);
        let given = list_size(n_reg, "n_reg").and_then(|n| slice(reg, n, "reg", "n_reg numbers"));
        check_path(&*ranks, out.as_ref().map_err(Error::clone).and_then(|_| given.clone()))?;
        let (out, reg) = (out?, given?);
        session.timed(start, &options, &ranks, |clock| {
            let last = Cell::new(None);
            // It is not in use while `each` is told.
            let mut solve = |point: usize| {
                let encoder = &mut *ranks.agree(shared.state())?;
                let before = clock.laps();
                let found = for_either!(encoder, encoder => {
                    let solved = encoder.at_reg(reg[point], point > 0, |encoder| {
                        solve(encoder, x, Ok(None), &session, clock)
                    });
                    solved?.1
                });
                last.set(Some(info_of(&found, session.n_threads, &clock.laps().since(&before))));
                Ok(found.stop)
            };
            let mut tell = |point: usize| match (each, last.get()) {
                (Some(each), Some(info)) => Ok(call!(each(userdata, point as i64, reg[point], &info)) == 0),
                _ => Ok(true),
            };
            let status = along(&*ranks, reg.len(), &mut solve, &mut tell)?.status();
            if let (Some(out), Some(info)) = (out, last.get()) {
                out.write(&dicod_info { status, ..info });
            }
            Ok(status)
        })
    })
}

/// Regularisations for dicod_encoder_path(), `reg[n]`: from `most` to `least`, each the same multiple of the one before. With
/// relative values `most` is 1, where z = 0; with absolute ones it is dicod_lambda_max().
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n less than 1; most or least not positive or not finite).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_reg_path(n: i64, most: f64, least: f64, reg: *mut f64) -> dicod_status {
    guard(|| {
        let n = list_size(n, "n")?;
        aligned(reg, "reg")?;
        let room = slice_mut(reg, n, "reg", "room for n numbers")?;
        room.copy_from_slice(&reg_path(n, most, least)?);
        Ok(())
    })
}
