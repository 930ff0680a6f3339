//! Checkpoints of a learner, in memory or in a file.

use crate::ffi::boundary::*;
use crate::ffi::context::{Session, dicod_context, ranks, shared};
use crate::ffi::held::get;
use crate::ffi::learner::{Learners, dicod_learner, handle};
use crate::ffi::options::{copied, dicod_options};
use crate::learn::Learner;
use crate::learn::bytes::read;
use crate::learn::checkpoint::element_size_of_all;
use std::path::Path;

/// Writes everything that the next step depends on to `buffer`, `*needed` bytes: learning goes on
/// from there as if it had never stopped, bit for bit, on any number of ranks and threads. The format
/// is versioned and carries a checksum; docs/checkpoint.md describes it.
///
/// `buffer` has room for `capacity` bytes; with a capacity of 0 only `*needed` is written, and
/// `buffer` may be NULL. Over several ranks the first one gets it all, activations included, and
/// `*needed` is 0 on the others.
///
/// Collective over the context's ranks. Needs the learner for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (capacity negative or, other than
/// 0, too small); DICOD_ERROR_OUT_OF_MEMORY; DICOD_ERROR_INVALID_STATE (learner in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_save(
    learner: *const dicod_learner,
    capacity: i64,
    buffer: *mut u8,
    needed: *mut i64,
) -> dicod_status {
    guard(|| {
        let shared = get(learner)?;
        let state = &mut *shared.state()?;
        let ranks = ranks(&shared.context);
        let bytes = for_either!(&state.learner, learner => learner.save()?);
        let out = reference_mut(needed, "needed", "room for the size").and_then(|needed| {
            let to = match room_for(bytes.len(), capacity)? {
                true => Some(slice_mut(buffer, bytes.len(), "buffer", "capacity bytes")?),
                false => None,
            };
            Ok((needed, to))
        });
        let (needed, to) = ranks.agree(out)?;
        if let Some(to) = to {
            to.copy_from_slice(&bytes);
        }
        *needed = bytes.len() as i64;
        Ok(())
    })
}

/// dicod_learner_save() to the file `path`, by the first rank. It is written under another name and
/// then renamed: a file of this name is whole at any time, the old one or the new.
///
/// Collective over the context's ranks. Needs the learner for itself.
/// Errors: as dicod_learner_save(), and DICOD_ERROR_FILE.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_save_file(learner: *const dicod_learner, path: *const c_char) -> dicod_status {
    guard(|| {
        let shared = get(learner)?;
        let state = &mut *shared.state()?;
        let path = string(path, "path");
        let path = ranks(&shared.context).agree(path)?;
        for_either!(&state.learner, learner => learner.save_to(Path::new(path))?);
        Ok(())
    })
}

/// Makes a learner from the `size` bytes that dicod_learner_save() wrote: `*learner`, of the element
/// type that was saved. `context` may be NULL, and have another number of ranks and threads than when
/// it was saved; what the first rank brings counts, the others may pass NULL and 0. `options` replace
/// those that were saved, for instance with another "learn_max_iter"; NULL: as saved.
///
/// Collective over the context's ranks. Thread-safe, except that a context serves one call at a time.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (not a checkpoint, one of another
/// version, cut off or damaged; options that do not fit); DICOD_ERROR_OUT_OF_MEMORY;
/// DICOD_ERROR_INVALID_STATE (context in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_restore(
    context: *mut dicod_context,
    options: *const dicod_options,
    size_of_buffer: i64,
    buffer: *const u8,
    learner: *mut *mut dicod_learner,
) -> dicod_status {
    guard(|| {
        let bytes = size(size_of_buffer, "size_of_buffer", 0).and_then(|n| slice(buffer, n, "buffer", "a checkpoint"));
        restore(context, options, bytes.map(|bytes| bytes.to_vec()), learner)
    })
}

/// dicod_learner_restore() from the file `path`, read by the first rank.
///
/// Collective over the context's ranks. Thread-safe, except that a context serves one call at a time.
/// Errors: as dicod_learner_restore(), and DICOD_ERROR_FILE.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_restore_file(
    context: *mut dicod_context,
    options: *const dicod_options,
    path: *const c_char,
    learner: *mut *mut dicod_learner,
) -> dicod_status {
    guard(|| {
        let first = shared(context).is_none_or(|context| context.ranks.rank() == 0);
        let bytes = string(path, "path").and_then(|path| match first {
            true => read(Path::new(path)),
            false => Ok(Vec::new()),
        });
        restore(context, options, bytes, learner)
    })
}

fn restore(
    context: *mut dicod_context,
    options: *const dicod_options,
    bytes: Result<Vec<u8>>,
    learner: *mut *mut dicod_learner,
) -> Result<()> {
    let context = shared(context);
    let session = Session::enter(&context)?;
    let ranks = ranks(&context);
    let given = bytes.and_then(|bytes| {
        let to = room(learner)?;
        let options = match options.is_null() {
            true => None,
            false => Some(copied(options)?),
        };
        Ok((bytes, options, to))
    });
    let (bytes, options, to) = ranks.agree(given)?;
    let n = session.n_threads;
    let made: Either<Learners> = match element_size_of_all(&*ranks, &bytes)? {
        4 => Either::F32(Learner::restore_over(ranks, &bytes, options, n)?),
        _ => Either::F64(Learner::restore_over(ranks, &bytes, options, n)?),
    };
    drop(session);
    give(to, handle(context, made));
    Ok(())
}
