//! What the activations of an encoder stand for, and what they leave of the signals, on blocks. What is the same for a learner
//! is done in functions of what a handle holds.

use crate::csc::background::unknown;
use crate::csc::coder::Coder;
use crate::csc::encoder::blocks::{fetch_within_reach, subtract_from, write_model, write_within};
use crate::csc::problem::range::finite;
use crate::csc::problem::shape::{Shape, explained};
use crate::ffi::array::{BACKGROUND, OUT, View, X, dicod_array, dicod_const_array};
use crate::ffi::boundary::*;
use crate::ffi::context::Session;
use crate::ffi::encoder::dicod_encoder;
use crate::ffi::fields::signals;
use crate::ffi::held::{Held, with};
use crate::linalg::{Field, FieldMut};

/// Writes what the activations in the encoder stand for, sum_k z_k * d_k, into the memory that `x` describes, over the signal's
/// shape, n_signals * n_channels channels; zeros before the first solve. Each rank asks for the block that it likes, or for none;
/// blocks may overlap, and need not cover everything. Every value is, bit for bit, that of dicod_reconstruct(), on any number of
/// ranks, whatever the block. The descriptor itself is not changed, nor is the memory between its elements.
///
/// Collective over the context's ranks. Needs the encoder for itself.
/// Errors: as dicod_encoder_get_z(), for x.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_reconstruct(encoder: *const dicod_encoder, x: *const dicod_array) -> dicod_status {
    guard(|| with(encoder, |held| reconstruct(held, x)))
}

/// Writes what the activations in the encoder leave of the signals `x`, x - sum_k z_k * d_k, into the memory that `residual`
/// describes. `x` is as for dicod_encoder_solve(): each rank brings a block, together they are the domain. `residual` is as x
/// for dicod_encoder_reconstruct(): any block, another than that of `x` if a rank likes, with ghost layers for instance; it may
/// be the memory of `x` itself. A block that lies in the rank's own takes no messages but those of activations. Every value is
/// the difference of x (with the option "background" of x less its background) and what dicod_reconstruct() gives, bit for bit,
/// whatever weights there are; where x is NaN, because the sample is missing, it is NaN.
///
/// Collective over the context's ranks. Needs the encoder for itself.
/// Errors: as dicod_encoder_solve(), for x; as dicod_encoder_get_z(), for residual.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_residual(
    encoder: *const dicod_encoder,
    x: *const dicod_const_array,
    residual: *const dicod_array,
) -> dicod_status {
    guard(|| with(encoder, |held| self::residual(held, x, residual)))
}

/// Writes what was taken from the signals of the last solve (option "background") into the memory that `background` describes,
/// over the signal's shape, n_signals * n_channels channels; zeros without the option. Each rank asks for the block that it likes,
/// or for none; blocks may overlap, and need not cover everything. Values are the same, bit for bit, on any number of ranks,
/// whatever the block; for encoders of float they are rounded, while x less the background was formed in double precision. What
/// the encoder says of x as a whole is dicod_encoder_reconstruct() and this, added: x less dicod_encoder_residual().
///
/// Collective over the context's ranks. Needs the encoder for itself.
/// Errors: as dicod_encoder_get_z(), for background; DICOD_ERROR_INVALID_STATE also where it is not known: before the first solve,
/// or if the last one was stopped before.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_background(
    encoder: *const dicod_encoder,
    background: *const dicod_array,
) -> dicod_status {
    guard(|| with(encoder, |held| self::background(held, background)))
}

/// What a solve minimises, for the activations in the encoder and the signals `x`, which are as for dicod_encoder_solve():
/// `*objective` = F(z) of the whole domain, on all ranks, and `*data_term` = its first half,
/// 1/2 |x - sum_k z_k * d_k|^2, which may be NULL; with the weights of dicod_encoder_set_weights() and the factors of
/// dicod_encoder_set_penalties(), and of x less its background
/// with the option "background". The regularisation is that of the options: where it is relative, lambda_max of `x` is computed
/// first. Both are the same, bit for bit, on any number of ranks and threads, and up to rounding those of
/// dicod_objective().
///
/// Collective over the context's ranks. Needs the encoder and its context for itself.
/// Errors: as dicod_encoder_solve().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_objective(
    encoder: *const dicod_encoder,
    x: *const dicod_const_array,
    objective: *mut f64,
    data_term: *mut f64,
) -> dicod_status {
    guard(|| with(encoder, |held| self::objective(held, x, (objective, data_term))))
}

pub(crate) fn reconstruct(held: Held<'_>, x: *const dicod_array) -> Result<()> {
    fn of<T: Element>(coder: &dyn Coder<T>, x: *const dicod_array) -> Result<()> {
        let (shape, ranks) = (&coder.coded(), coder.ranks());
        let view = View::to_be_written::<T>(x, X, shape);
        let (view, dictionary) = ranks.agree(view.and_then(|view| Ok((view, coder.dictionary()?))))?;
        let list = fetch_within_reach(shape, &view.block(), &|part| coder.fetch(part))?;
        let fill = |out: &mut FieldMut<'_, T>| write_model(shape, &dictionary, &list, out);
        ranks.agree(view.write::<T>(|out| write_within(&coder.range(), &list, "x", out, &fill)))
    }
    for_either!(held.coder, coder => of(coder, x))
}

pub(crate) fn residual(held: Held<'_>, x: *const dicod_const_array, residual: *const dicod_array) -> Result<()> {
    for_either!(held.coder, coder => {
        let (shape, ranks) = (&coder.coded(), coder.ranks());
        let given = signals(coder, x).and_then(|x| Ok((written(&x, residual, shape)?, x)));
        let (view, x) = ranks.agree(given)?;
        let range = coder.range();
        let encoder = coder.encoder_for(x.block())?;
        let (window, list) = encoder.fetch_residual(&x, &view.block())?;
        // What is written may be where x was read.
        drop(x);
        let dictionary = encoder.dictionary();
        let fill = |out: &mut FieldMut<'_, _>| {
            write_model(shape, &dictionary, &list, out);
            subtract_from(&window, out);
        };
        ranks.agree(view.write(|out| write_within(&range, &list, "residual", out, &fill)))
    })
}

/// Where a residual of these signals goes.
fn written<'a, T: Element>(_: &Field<'_, T>, residual: *const dicod_array, shape: &Shape) -> Result<View<'a>> {
    View::to_be_written::<T>(residual, OUT, shape)
}

pub(crate) fn background(held: Held<'_>, background: *const dicod_array) -> Result<()> {
    fn of<T: Element>(coder: &dyn Coder<T>, background: *const dicod_array) -> Result<()> {
        let ranks = coder.ranks();
        let view = View::to_be_written::<T>(background, BACKGROUND, &coder.coded());
        let (view, encoder) = ranks.agree(view.and_then(|view| Ok((view, coder.encoder().ok_or_else(unknown)?))))?;
        let found = encoder.fetch_background(&view.block())?;
        ranks.agree(view.write::<T>(|out| {
            found.write(out);
            Ok(())
        }))
    }
    for_either!(held.coder, coder => of(coder, background))
}

pub(crate) fn objective(
    held: Held<'_>,
    x: *const dicod_const_array,
    (objective, data_term): (*mut f64, *mut f64),
) -> Result<()> {
    let _session = Session::enter(held.context)?;
    let found = for_either!(held.coder, coder => {
        let room = reference(objective, "objective", "room for the result");
        let x = coder.ranks().agree(room.and_then(|_| signals(coder, x)))?;
        let found = coder.objective(&x);
        finite(found.map_err(|error| explained(error, &coder.coded()))?)?
    });
    set(objective, found.0);
    set(data_term, found.1);
    Ok(())
}
