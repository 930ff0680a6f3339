//! The activations that an encoder keeps: as fields, as lists, and what holds for each atom. What is the same for a learner
//! is done in functions of what a handle holds.

use crate::base::wording::by_language;
use crate::csc::coder::Coder;
use crate::csc::encoder::activations::listed;
use crate::csc::{Encoder, Shape};
use crate::ffi::array::{PER_AXIS, dicod_array, dicod_const_array};
use crate::ffi::boundary::problem::{box_of, lengths};
use crate::ffi::boundary::*;
use crate::ffi::encoder::dicod_encoder;
use crate::ffi::fields::{Sparse, read_sparse};
use crate::ffi::held::{Held, get, with};
use crate::ffi::{boundary::Element, fields};
use crate::grid::block::Block;
use crate::grid::point::AXES;

/// Sets the activations from `z`, over the valid shape, n_signals * n_atoms channels: where the
/// next solve begins, if the option "warm_start" is set. Each rank brings a block of them, another
/// than that of x if it likes; all together are the valid domain.
///
/// Collective over the context's ranks. Needs the encoder for itself. Errors: as dicod_encoder_solve(), for z; also
/// DICOD_ERROR_INVALID_ARGUMENT for a negative value if the option "positive" is set.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_set_z(encoder: *mut dicod_encoder, z: *const dicod_const_array) -> dicod_status {
    guard(|| with(encoder, |held| set_z(held, z)))
}

/// Forgets the activations: the next solve begins at z = 0.
///
/// Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_STATE (encoder in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_clear_z(encoder: *mut dicod_encoder) -> dicod_status {
    guard(|| with(encoder, clear_z))
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
    guard(|| with(encoder, |held| get_z(held, z)))
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
    guard(|| with(encoder, |held| get_sparse(held, capacity, Sparse { signal, atom, position, value }, count)))
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
    let to = Sparse { signal, atom, position, value };
    guard(|| with(encoder, |held| get_sparse_block(held, (offset, local_shape), capacity, to, count)))
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
    guard(|| with(encoder, |held| set_sparse(held, n, (signal, atom, position, value))))
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
    guard(|| with(encoder, |held| get_region(held, offset, local_shape)))
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
    guard(|| with(encoder, |held| get_lambda(held, n_atoms, lambda)))
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
    guard(|| {
        for_either!(&*get(encoder)?.state()?, encoder => {
            per_atom(encoder.shape(), "encoder", encoder.tolerance(), n_atoms, (tolerance, "tolerance"))
        })
    })
}

pub(crate) fn set_z(held: Held<'_>, z: *const dicod_const_array) -> Result<()> {
    for_either!(held.coder, coder => fields::set_z(coder, z))
}

pub(crate) fn clear_z(held: Held<'_>) -> Result<()> {
    for_either!(held.coder, coder => coder.clear_z());
    Ok(())
}

pub(crate) fn get_z(held: Held<'_>, z: *const dicod_array) -> Result<()> {
    for_either!(held.coder, coder => fields::get_z(coder, z))
}

pub(crate) fn get_sparse(held: Held<'_>, capacity: i64, to: Sparse, count: *mut i64) -> Result<()> {
    reference(count, "count", "room for the count")?;
    for_either!(held.coder, coder => {
        let list = coder.activations()?;
        if room_for(list.len(), capacity)? {
            to.aligned()?;
            to.write(&list, coder.shape().n_axes)?;
        }
        set(count, list.len() as i64);
    });
    Ok(())
}

pub(crate) fn get_sparse_block(
    held: Held<'_>,
    block: (*const i64, *const i64),
    capacity: i64,
    to: Sparse,
    count: *mut i64,
) -> Result<()> {
    fn of<T: Element>(
        coder: &dyn Coder<T>,
        (offset, local_shape): (*const i64, *const i64),
        capacity: i64,
        to: Sparse,
        count: *mut i64,
    ) -> Result<()> {
        let (shape, ranks) = (coder.shape(), coder.ranks());
        let n_axes = shape.n_axes;
        let given = || {
            reference(count, "count", "room for the count")?;
            to.aligned()?;
            let offset = lengths(n_axes, offset, "offset")?;
            let block = box_of(offset, lengths(n_axes, local_shape, "local_shape")?)?;
            shape.check_inside("block", &block, shape.valid())?;
            Ok(block)
        };
        let block = ranks.agree(given())?;
        let list = listed(&coder.fetch(&block)?);
        let write = || match room_for(list.len(), capacity)? {
            true => to.write(&list, n_axes),
            false => Ok(()),
        };
        ranks.agree(write())?;
        set(count, list.len() as i64);
        Ok(())
    }
    for_either!(held.coder, coder => of(coder, block, capacity, to, count))
}

pub(crate) fn set_sparse(
    held: Held<'_>,
    n: i64,
    lists: (*const i64, *const i64, *const i64, *const f64),
) -> Result<()> {
    for_either!(held.coder, coder => {
        let list = coder.ranks().agree(read_sparse(coder, n, lists))?;
        coder.set_list(&list)
    })
}

pub(crate) fn get_region(held: Held<'_>, offset: *mut i64, local_shape: *mut i64) -> Result<()> {
    for_either!(held.coder, coder => {
        let (n_axes, region) = (coder.shape().n_axes, coder.encoder().map_or(Block::default(), Encoder::region));
        aligned(offset, "offset")?;
        aligned(local_shape, "local_shape")?;
        slice_mut(offset, n_axes, "offset", PER_AXIS)?;
        slice_mut(local_shape, n_axes, "local_shape", PER_AXIS)?
            .copy_from_slice(&region.shape[AXES - n_axes..]);
        slice_mut(offset, n_axes, "offset", PER_AXIS)?
            .copy_from_slice(&region.origin[AXES - n_axes..]);
    });
    Ok(())
}

pub(crate) fn get_lambda(held: Held<'_>, n_atoms: i64, lambda: *mut f64) -> Result<()> {
    for_either!(held.coder, coder => {
        per_atom(coder.shape(), held.name, coder.lambda(), n_atoms, (lambda, "lambda"))
    })
}

/// Writes a number for each atom of what has that name.
fn per_atom(
    shape: &Shape,
    name: &str,
    found: Result<&[f64]>,
    n_atoms: i64,
    (to, argument): (*mut f64, &'static str),
) -> Result<()> {
    if n_atoms != shape.n_atoms as i64 {
        let allowed = format!("{}, that of the {name}", shape.n_atoms);
        let size = format!("the size of {argument}");
        return Err(Error::argument(&by_language("n_atoms", &size, &size), n_atoms, allowed));
    }
    let found = found?;
    aligned(to, argument)?;
    slice_mut(to, found.len(), argument, "n_atoms values")?.copy_from_slice(found);
    Ok(())
}
