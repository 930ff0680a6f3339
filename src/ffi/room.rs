//! The memory that an encoder or a learner will take, before it is made.

use crate::csc::encoder::room::{self, Room};
use crate::csc::{Options, Shape};
use crate::ffi::array::{DICOD_F32, DICOD_F64, per_axis_of};
use crate::ffi::boundary::problem::{Problem, box_of};
use crate::ffi::boundary::*;
use crate::ffi::context::{Session, dicod_context, ranks, shared};
use crate::ffi::options::dicod_options;
use crate::ffi::problem::dicod_problem;
use crate::grid::block::Block;
use crate::grid::point::AXES;
use crate::learn::room as learning;
use crate::ranks::Transport;
use std::sync::Arc;

/// Memory that an encoder of such a problem will hold on this rank from its first solve on, in bytes, before anything is taken:
/// `*bytes` is about what dicod_info.bytes will be, and `*bytes_gram` what dicod_info.bytes_gram will be. `*bytes_weights` is what
/// dicod_encoder_set_weights() adds to `*bytes`, `*bytes_penalties` what dicod_encoder_set_penalties() adds. `element_type` is
/// DICOD_F64 or DICOD_F32; the rank's block of x begins at `offset[n_axes]` and has the shape `local_shape[n_axes]`, all zeros
/// if it holds nothing; both may be NULL: the whole domain. `context` and `options` may be NULL, and all results but `bytes`.
///
/// A tenth is left for what nobody knows before: each z that is not zero takes some 200 bytes, of which steps on their way take
/// most; where there are many it is more. Less where a field is quiet: tiles in which nothing can move take hardly any. Weights and
/// holes are counted as if every tile had some; with the option "missing" = "nan" `*bytes` has holes in it, and `*bytes_weights`
/// what weights take beside them. Not counted is, of double arrays whose tolerance lets c be in single precision, that it
/// might have to be in double after all, and what option "trace" keeps. While an encoder is made the Gram tensor is there in double
/// precision, too; while a tight proof is sought z is there twice. The fields themselves are the caller's, and are not copied.
///
/// Collective over the context's ranks, with the same arguments but for the block. Thread-safe, except that a context serves one
/// call at a time.
/// Errors: as dicod_encoder_create(); DICOD_ERROR_INVALID_ARGUMENT (element_type); DICOD_ERROR_INVALID_SHAPE (blocks that overlap,
/// leave a hole or are not in the domain).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_memory(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    element_type: i64,
    offset: *const i64,
    local_shape: *const i64,
    bytes: *mut i64,
    bytes_gram: *mut i64,
    bytes_weights: *mut i64,
    bytes_penalties: *mut i64,
) -> dicod_status {
    let to =
        (bytes, [(bytes_gram, "bytes_gram"), (bytes_weights, "bytes_weights"), (bytes_penalties, "bytes_penalties")]);
    guard(|| {
        memory(
            context,
            (options, problem),
            element_type,
            [offset, local_shape],
            to,
            |double, ranks, shape, options, block| match double {
                false => room::room::<f32>(&**ranks, shape, options, block),
                true => room::room::<f64>(&**ranks, shape, options, block),
            },
        )
    })
}

/// The same of a learner, from its first step on: `*bytes` and `*bytes_gram` are together about what dicod_handle_info.bytes will be,
/// statistics and what a step looks at ("learn_batch", "learn_crops") included. `*bytes_weights` is what
/// dicod_learner_set_weights() adds to `*bytes`, 0 with "learn_crops". With "learn_robust" samples that are left out are counted as
/// holes of "missing" = "nan" are.
///
/// While a step of the dictionary runs the statistics are there twice. Before the first step "learn_init" = "greedy-patches" takes
/// 8 bytes for each position of a signal, for as long as it looks for atoms.
///
/// Collective over the context's ranks, with the same arguments but for the block. Thread-safe, except that a context serves one
/// call at a time. Errors: as dicod_encoder_memory(), and dicod_learner_create() but for d.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_memory(
    context: *mut dicod_context,
    options: *const dicod_options,
    problem: *const dicod_problem,
    element_type: i64,
    offset: *const i64,
    local_shape: *const i64,
    bytes: *mut i64,
    bytes_gram: *mut i64,
    bytes_weights: *mut i64,
) -> dicod_status {
    let nowhere = (std::ptr::null_mut(), "");
    let to = (bytes, [(bytes_gram, "bytes_gram"), (bytes_weights, "bytes_weights"), nowhere]);
    guard(|| {
        memory(
            context,
            (options, problem),
            element_type,
            [offset, local_shape],
            to,
            |double, ranks, shape, options, block| match double {
                false => learning::room::<f32>(ranks, shape, options, block),
                true => learning::room::<f64>(ranks, shape, options, block),
            },
        )
    })
}

/// Finds the memory of doubles or floats.
type Find = fn(bool, &Arc<dyn Transport>, &Shape, &Options, &Block) -> Result<Room>;

fn memory(
    context: *mut dicod_context,
    (options, problem): (*const dicod_options, *const dicod_problem),
    element_type: i64,
    [offset, local_shape]: [*const i64; 2],
    (bytes, others): (*mut i64, [(*mut i64, &'static str); 3]),
    find: Find,
) -> Result<()> {
    let context = shared(context);
    let _session = Session::enter(&context)?;
    let ranks = ranks(&context);
    let given = || {
        let Problem { shape, options } = Problem::new(options, problem)?;
        if ![DICOD_F32, DICOD_F64].contains(&element_type) {
            let allowed = format!("{DICOD_F64} (double) or {DICOD_F32} (float)");
            return Err(Error::argument("element_type", element_type, allowed));
        }
        let whole = shape.unpadded(shape.signal);
        let offset = per_axis_of(offset, shape.n_axes, "offset")?.unwrap_or(&[0; AXES][..shape.n_axes]);
        let local = per_axis_of(local_shape, shape.n_axes, "local_shape")?.unwrap_or(&whole);
        let block = box_of(offset, local)?;
        reference(bytes, "bytes", "room for the result")?;
        others.iter().try_for_each(|(to, name)| aligned(*to, name))?;
        Ok((shape, options, block))
    };
    let (shape, options, block) = ranks.agree(given())?;
    let found = find(element_type == DICOD_F64, &ranks, &shape, &options, &block)?;
    set(bytes, found.bytes as i64);
    for ((to, _), value) in others.iter().zip([found.gram, found.weights, found.penalties]) {
        set(*to, value as i64);
    }
    Ok(())
}
