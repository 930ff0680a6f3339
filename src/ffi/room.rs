//! The memory that an encoder will take, before it is made.

use crate::csc::encoder::room::room;
use crate::ffi::array::{DICOD_F32, DICOD_F64, per_axis_of};
use crate::ffi::boundary::problem::{Problem, box_of};
use crate::ffi::boundary::*;
use crate::ffi::context::{Session, dicod_context, ranks, shared};
use crate::ffi::options::dicod_options;
use crate::ffi::problem::dicod_problem;
use crate::grid::point::AXES;

/// Memory that an encoder of such a problem will hold on this rank from its first solve on, in bytes, before anything is taken:
/// `*bytes` is about what dicod_info.bytes will be, and `*bytes_gram` what dicod_info.bytes_gram will be. `element_type` is
/// DICOD_F64 or DICOD_F32; the rank's block of x begins at `offset[n_axes]` and has the shape `local_shape[n_axes]`, all zeros
/// if it holds nothing; both may be NULL: the whole domain. `context` and `options` may be NULL, `bytes_gram` too.
///
/// A tenth is left for what nobody knows before: each z that is not zero takes some 200 bytes, of which steps on their way take
/// most; where there are many it is more. Less where a field is quiet: tiles in which nothing can move take hardly any. Not counted is what weights, holes and a background take; and, of double arrays whose tolerance lets c be in single precision, that it
/// might have to be in double after all. While an encoder is made the Gram tensor is there in double precision, too. The fields
/// themselves are the caller's, and are not copied. A learner holds as much as an encoder for the signals of a step, and its
/// statistics.
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
) -> dicod_status {
    guard(|| {
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
            aligned(bytes_gram, "bytes_gram")?;
            Ok((shape, options, block))
        };
        let (shape, options, block) = ranks.agree(given())?;
        let found = match element_type {
            DICOD_F32 => room::<f32>(&*ranks, &shape, &options, &block)?,
            _ => room::<f64>(&*ranks, &shape, &options, &block)?,
        };
        set(bytes, found.bytes as i64);
        set(bytes_gram, found.gram as i64);
        Ok(())
    })
}
