//! The activations that an encoder keeps: as fields, as lists, and what holds for each atom.

use crate::base::error::{Error, Result};
use crate::base::status::dicod_status;
use crate::base::wording::by_language;
use crate::ffi::array::{PER_AXIS, dicod_array, dicod_const_array};
use crate::ffi::boundary::{aligned, for_either, guard, reference, room_for, set, slice, slice_mut};
use crate::ffi::encoder::{dicod_encoder, get};
use crate::ffi::fields::{Sparse, get_z, read_sparse, set_z};
use crate::grid::block::Block;
use crate::grid::point::{AXES, padded};

/// Sets the activations from `z`, over the valid shape, n_signals * n_atoms channels: where the
/// next solve begins, if the option "warm_start" is set. Each rank brings a block of them, another
/// than that of x if it likes; all together are the valid domain.
///
/// Collective over the context's ranks. Needs the encoder for itself. Errors: as dicod_encoder_solve(), for z; also
/// DICOD_ERROR_INVALID_ARGUMENT for a negative value if the option "positive" is set.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_set_z(encoder: *mut dicod_encoder, z: *const dicod_const_array) -> dicod_status {
    guard(|| {
        let shared = get(encoder)?;
        let state = &mut *shared.state()?;
        for_either!(&mut state.encoder, encoder => set_z(encoder, &state.range, z))
    })
}

/// Forgets the activations: the next solve begins at z = 0.
///
/// Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_STATE (encoder in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_clear_z(encoder: *mut dicod_encoder) -> dicod_status {
    guard(|| {
        let shared = get(encoder)?;
        let state = &mut *shared.state()?;
        for_either!(&mut state.encoder, encoder => encoder.clear_z());
        Ok(())
    })
}

/// Writes the activations into the memory that `z` describes, over the valid shape,
/// n_signals * n_atoms channels; zeros before the first solve. The descriptor itself is not
/// changed, nor is the memory between its elements. Each rank asks for the block that it likes, see
/// dicod_valid_block(); blocks may overlap, and need not cover everything.
///
/// Collective over the context's ranks. Needs the encoder for itself. Errors: as dicod_encoder_solve(), for z; also
/// DICOD_ERROR_INVALID_ARGUMENT if two elements share memory.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_z(encoder: *const dicod_encoder, z: *const dicod_array) -> dicod_status {
    guard(|| {
        let shared = get(encoder)?;
        let state = &mut *shared.state()?;
        for_either!(&mut state.encoder, encoder => get_z(encoder, z))
    })
}

/// Lists the activations on this rank that are not zero, sorted by signal, atom and position
/// (row-major): those of dicod_encoder_get_region(), without a communicator all. Entry i is `signal[i]`, `atom[i]`, `position[i][n_axes]` in the valid shape, and `value[i]`, which is
/// a double for encoders of float, too.
///
/// Call it first with a capacity of 0: only `*count` is written. Then with arrays of at least that
/// many entries. Arrays that are not wanted may be NULL.
///
/// Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER (encoder, count); DICOD_ERROR_INVALID_ARGUMENT (capacity
/// negative or, other than 0, too small); DICOD_ERROR_OUT_OF_MEMORY; DICOD_ERROR_INVALID_STATE
/// (encoder in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_sparse(
    encoder: *const dicod_encoder,
    capacity: i64,
    signal: *mut i64,
    atom: *mut i64,
    position: *mut i64,
    value: *mut f64,
    count: *mut i64,
) -> dicod_status {
    guard(|| {
        let shared = get(encoder)?;
        let state = &mut *shared.state()?;
        reference(count, "count", "room for the count")?;
        let to = Sparse { signal, atom, position, value };
        let n = for_either!(&mut state.encoder, encoder => encoder.n_nonzero());
        if room_for(n, capacity)? {
            to.aligned()?;
            for_either!(&mut state.encoder, encoder => to.write(&encoder.activations()?, encoder.shape().n_axes)?);
        }
        set(count, n as i64);
        Ok(())
    })
}

/// As dicod_encoder_get_sparse(), for the activations in a block of the valid domain, which begins
/// at `offset[n_axes]` and has the shape `local_shape[n_axes]`; another block on each rank, if
/// wanted, with zeros in its shape if it wants none.
///
/// Collective over the context's ranks. Needs the encoder for itself. Errors: as
/// dicod_encoder_get_sparse(); DICOD_ERROR_INVALID_SHAPE (a block that is not in the valid domain).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_sparse_block(
    encoder: *const dicod_encoder,
    offset: *const i64,
    local_shape: *const i64,
    capacity: i64,
    signal: *mut i64,
    atom: *mut i64,
    position: *mut i64,
    value: *mut f64,
    count: *mut i64,
) -> dicod_status {
    guard(|| {
        let shared = get(encoder)?;
        let state = &mut *shared.state()?;
        for_either!(&mut state.encoder, encoder => {
            let n_axes = encoder.shape().n_axes;
            let to = Sparse { signal, atom, position, value };
            let given = || {
                reference(count, "count", "room for the count")?;
                to.aligned()?;
                Ok(Block {
                    origin: padded(slice(offset, n_axes, "offset", PER_AXIS)?, 0),
                    shape: padded(slice(local_shape, n_axes, "local_shape", PER_AXIS)?, 1),
                })
            };
            let block = encoder.ranks().agree(given())?;
            let list = encoder.activations_in(&block)?;
            let write = || match room_for(list.len(), capacity)? {
                true => to.write(&list, n_axes),
                false => Ok(()),
            };
            encoder.ranks().agree(write())?;
            set(count, list.len() as i64);
        });
        Ok(())
    })
}

/// Sets the activations to those of a list, as dicod_encoder_get_sparse() gives it, for a warm start: z is zero
/// but for `n` of them. They lie in this rank's region (see dicod_encoder_get_region()), each in another place.
/// `signal` may be NULL if there is one signal only, `atom` if there is one atom; `position` has
/// n * n_axes entries.
///
/// Collective over the context's ranks, each with its own list. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n; a position outside the region, or
/// there twice; negative values for a positive solve; pointers that are not aligned, values so large that
/// products overflow); DICOD_ERROR_OUT_OF_RANGE (a signal or atom that there is not);
/// DICOD_ERROR_NOT_FINITE (value); DICOD_ERROR_OUT_OF_MEMORY; DICOD_ERROR_INVALID_STATE (encoder in use;
/// several ranks, and neither dicod_encoder_solve() nor dicod_encoder_set_z() before);
/// DICOD_ERROR_COMMUNICATION.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_set_sparse(
    encoder: *mut dicod_encoder,
    n: i64,
    signal: *const i64,
    atom: *const i64,
    position: *const i64,
    value: *const f64,
) -> dicod_status {
    guard(|| {
        let shared = get(encoder)?;
        let state = &mut *shared.state()?;
        for_either!(&mut state.encoder, encoder => {
            let given = read_sparse(encoder.shape(), &state.range, n, (signal, atom, position, value));
            let list = encoder.ranks().agree(given)?;
            encoder.set_list(&list)
        })
    })
}

/// The part of the valid domain whose activations are on this rank: it begins at `offset[n_axes]`
/// and has the shape `local_shape[n_axes]`. Zeros before the first solve over a communicator, and on
/// a rank that has none. Local.
///
/// Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_STATE (encoder in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_region(
    encoder: *const dicod_encoder,
    offset: *mut i64,
    local_shape: *mut i64,
) -> dicod_status {
    guard(|| {
        let shared = get(encoder)?;
        let state = &mut *shared.state()?;
        for_either!(&mut state.encoder, encoder => {
            let (n_axes, region) = (encoder.shape().n_axes, encoder.region());
            aligned(offset, "offset")?;
            aligned(local_shape, "local_shape")?;
            slice_mut(offset, n_axes, "offset", PER_AXIS)?;
            slice_mut(local_shape, n_axes, "local_shape", PER_AXIS)?
                .copy_from_slice(&region.shape[AXES - n_axes..]);
            slice_mut(offset, n_axes, "offset", PER_AXIS)?
                .copy_from_slice(&region.origin[AXES - n_axes..]);
        });
        Ok(())
    })
}

/// Regularisation of each atom in the last solve, absolute: `lambda[n_atoms]`.
///
/// Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n_atoms is not the encoder's);
/// DICOD_ERROR_INVALID_STATE (nothing was solved yet, or the last solve was stopped before it knew;
/// encoder in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_lambda(
    encoder: *const dicod_encoder,
    n_atoms: i64,
    lambda: *mut f64,
) -> dicod_status {
    guard(|| per_atom(encoder, n_atoms, lambda, "lambda", |found| &found.0))
}

/// Tolerance of each atom in the last solve, in units of its z: `tolerance[n_atoms]`. It ended, if it converged, with
/// |dz| at most that at every position (with option "gap_tol" it may have ended before). A step counts as what it changes in the reconstruction, so that the product of
/// tolerance and norm is the same for all atoms; in the published schedule the tolerance is.
///
/// Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n_atoms is not the encoder's);
/// DICOD_ERROR_INVALID_STATE (nothing was solved yet, or the encoder is in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_tolerance(
    encoder: *const dicod_encoder,
    n_atoms: i64,
    tolerance: *mut f64,
) -> dicod_status {
    guard(|| per_atom(encoder, n_atoms, tolerance, "tolerance", |found| &found.1))
}

/// Writes one number per atom of the last solve.
fn per_atom(
    encoder: *const dicod_encoder,
    n_atoms: i64,
    to: *mut f64,
    argument: &'static str,
    of: impl FnOnce(&(Vec<f64>, Vec<f64>)) -> &[f64],
) -> Result<()> {
    let shared = get(encoder)?;
    let state = &mut *shared.state()?;
    let n = for_either!(&mut state.encoder, encoder => encoder.shape().n_atoms);
    if n_atoms != n as i64 {
        let allowed = format!("{n}, that of the encoder");
        let size = format!("the size of {argument}");
        return Err(Error::argument(&by_language("n_atoms", &size, &size), n_atoms, allowed));
    }
    let Some(found) = &state.per_atom else {
        let solve = by_language("dicod_encoder_solve()", "%solve", "solve!");
        let text = format!("{argument} is not known before {solve}");
        return Err(Error::InvalidState(text));
    };
    aligned(to, argument)?;
    let to = slice_mut(to, n, argument, "n_atoms values")?;
    to.copy_from_slice(of(found));
    Ok(())
}
