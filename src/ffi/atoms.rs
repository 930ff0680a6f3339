//! The dictionary of an encoder, read back. What is the same for a learner is done in functions of what a handle holds.

use crate::csc::coder::Coder;
use crate::ffi::boundary::*;
use crate::ffi::encoder::dicod_encoder;
use crate::ffi::held::{Coders, Held, with};
use crate::learn::dictionary_step::multiplied_out;
use crate::linalg::Atoms;

/// Copies the dictionary: `d` (n_atoms, n_channels, atom_shape...), row-major, `n_values` in all, as dicod_encoder_describe()
/// tells: bit for bit what the encoder was given last; atoms of rank one multiplied out.
///
/// Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n_values is not that of the encoder's dictionary; the encoder
/// is one of float); DICOD_ERROR_INVALID_STATE (encoder in use); DICOD_ERROR_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_dictionary(
    encoder: *const dicod_encoder,
    n_values: i64,
    d: *mut f64,
) -> dicod_status {
    guard(|| with(encoder, |held| get_dictionary(held, n_values, d)))
}

/// dicod_encoder_get_dictionary() for encoders of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_dictionary_f32(
    encoder: *const dicod_encoder,
    n_values: i64,
    d: *mut f32,
) -> dicod_status {
    guard(|| with(encoder, |held| get_dictionary(held, n_values, d)))
}

/// Copies the factors of a dictionary of rank one: `u` (n_atoms, n_channels), `n_u` values in all, and `v` (n_atoms,
/// atom_shape...), `n_v` values in all; row-major.
///
/// Local. Needs the encoder for itself. Errors: as dicod_encoder_get_dictionary(), and DICOD_ERROR_INVALID_STATE if the atoms are
/// not of rank one.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_dictionary_rank1(
    encoder: *const dicod_encoder,
    n_u: i64,
    u: *mut f64,
    n_v: i64,
    v: *mut f64,
) -> dicod_status {
    guard(|| with(encoder, |held| get_factors(held, (n_u, u), (n_v, v))))
}

/// dicod_encoder_get_dictionary_rank1() for encoders of float.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_dictionary_rank1_f32(
    encoder: *const dicod_encoder,
    n_u: i64,
    u: *mut f32,
    n_v: i64,
    v: *mut f32,
) -> dicod_status {
    guard(|| with(encoder, |held| get_factors(held, (n_u, u), (n_v, v))))
}

/// What is held, if it is of this type.
fn typed<'h, T: Element>(held: &'h mut Held<'_>, argument: &str) -> Result<&'h dyn Coder<T>> {
    match T::unwrap::<Coders<'_>>(&mut held.coder) {
        Some(coder) => Ok(&**coder),
        None => Err(other_type::<T>(argument, held.name)),
    }
}

/// Fails unless the caller has as many values as there are: `shape` says which.
fn fails_unless_as_many(argument: &str, given: i64, shape: &[i64], of: &str) -> Result<()> {
    let n: i64 = shape.iter().product();
    if given == n {
        return Ok(());
    }
    let allowed = format!("{n}: {of} are {shape:?}");
    Err(Error::argument(argument, given, allowed))
}

pub(crate) fn get_dictionary<T: Element>(mut held: Held<'_>, n: i64, d: *mut T) -> Result<()> {
    let coder = typed::<T>(&mut held, "d")?;
    let shape = coder.shape();
    let (k, p) = (shape.n_atoms as i64, shape.n_channels as i64);
    let all = [&[k, p], &shape.unpadded(shape.atom)[..]].concat();
    fails_unless_as_many("n_values", n, &all, "n_atoms, n_channels, atom_shape...")?;
    let atoms = multiplied_out(&coder.dictionary()?)?;
    aligned(d, "d")?;
    slice_mut(d, atoms.len(), "d", "room for the atoms")?.copy_from_slice(&atoms);
    Ok(())
}

pub(crate) fn get_factors<T: Element>(
    mut held: Held<'_>,
    (n_u, u): (i64, *mut T),
    (n_v, v): (i64, *mut T),
) -> Result<()> {
    let coder = typed::<T>(&mut held, "u")?;
    let shape = coder.shape();
    let (k, p) = (shape.n_atoms as i64, shape.n_channels as i64);
    fails_unless_as_many("n_u", n_u, &[k, p], "n_atoms, n_channels")?;
    let of_v = [&[k], &shape.unpadded(shape.atom)[..]].concat();
    fails_unless_as_many("n_v", n_v, &of_v, "n_atoms, atom_shape...")?;
    let dictionary = coder.dictionary()?;
    let Atoms::RankOne { u: from_u, v: from_v } = &dictionary.atoms else {
        return Err(Error::InvalidState(
            "there are no factors: the atoms are not of rank one (in learning: option \"learn_rank_one\")".into(),
        ));
    };
    aligned(u, "u")?;
    aligned(v, "v")?;
    let both = [Memory::of("u", u, from_u.len()), Memory::of("v", v, from_v.len())];
    fails_if_shared(&both, &[])?;
    let to_u = slice_mut(u, from_u.len(), "u", "room for the channel factors")?;
    let to_v = slice_mut(v, from_v.len(), "v", "room for the spatial factors")?;
    to_u.copy_from_slice(from_u);
    to_v.copy_from_slice(from_v);
    Ok(())
}
