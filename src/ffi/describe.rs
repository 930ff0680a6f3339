//! What a handle holds: shapes, element type, options; and whether that is what somebody expects.

use crate::csc::Shape;
use crate::csc::coder::Coder;
use crate::ffi::boundary::*;
use crate::ffi::context::ranks;
use crate::ffi::encoder::dicod_encoder;
use crate::ffi::held::{Held, with};
use crate::ffi::learner::dicod_learner;
use crate::ffi::options::dicod_options;
use crate::grid::point::{AXES, Point};
use crate::learn::expected::{fails_unless_atoms, fails_unless_number, fails_unless_shape};

/// What an encoder or a learner holds. Only the first n_axes entries of a shape mean something; the
/// others are 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct dicod_handle_info {
    /// sizeof(dicod_handle_info), set by the caller: DICOD_HANDLE_INFO_INIT does.
    pub struct_size: i64,
    /// DICOD_F64 or DICOD_F32: the type of x, d and z.
    pub element_type: i64,
    /// Number of axes, 1 to 3.
    pub n_axes: i64,
    /// Number of signals.
    pub n_signals: i64,
    /// Number of channels of a signal.
    pub n_channels: i64,
    /// Number of atoms.
    pub n_atoms: i64,
    /// Number of signals that z is of: n_signals, "learn_batch" or "learn_crops".
    pub n_coded: i64,
    /// Shape of the whole domain.
    pub signal_shape: [i64; 4],
    /// Shape of an atom.
    pub atom_shape: [i64; 4],
    /// Shape of the activations: as dicod_valid_shape() says; with "learn_crops" that of those of a crop.
    pub valid_shape: [i64; 4],
    /// Outer iterations of a learner so far; 0 for an encoder.
    pub iterations: i64,
    /// Bytes that it holds on this rank, about.
    pub bytes: i64,
    /// For dicod_learner_expect() alone, and NULL elsewhere: the shape of each atom by itself, (n_atoms, n_axes), row-major;
    /// n_axes and n_atoms are expected then, too. dicod_learner_get_atom_shapes() tells them.
    pub atom_shapes: *const i64,
}

/// What an encoder holds: `*info`, whose struct_size the caller sets before (DICOD_HANDLE_INFO_INIT
/// does).
///
/// Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (info->struct_size too small);
/// DICOD_ERROR_INVALID_STATE (encoder in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_describe(encoder: *mut dicod_encoder, info: *mut dicod_handle_info) -> dicod_status {
    guard(|| with(encoder, |held| describe(held, info)))
}

/// What a learner holds, one that was restored, too; everything else as for dicod_encoder_describe().
///
/// Local. Needs the learner for itself. Errors: as dicod_encoder_describe().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_describe(learner: *mut dicod_learner, info: *mut dicod_handle_info) -> dicod_status {
    guard(|| with(learner, |held| describe(held, info)))
}

/// The shape of each atom of an encoder by itself: `atom_shapes` (n_atoms, n_axes), row-major, which has room for `capacity`
/// values; without shapes of their own all have that of dicod_encoder_describe(). With a capacity of 0 only `*needed` is written,
/// n_atoms * n_axes, and `atom_shapes` may be NULL.
///
/// Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (capacity negative or, other than 0, too small);
/// DICOD_ERROR_INVALID_STATE (encoder in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_atom_shapes(
    encoder: *const dicod_encoder,
    capacity: i64,
    atom_shapes: *mut i64,
    needed: *mut i64,
) -> dicod_status {
    guard(|| with(encoder, |held| get_atom_shapes(held, capacity, atom_shapes, needed)))
}

/// The same of the atoms of a learner, one that was restored, too.
///
/// Local. Needs the learner for itself. Errors: as dicod_encoder_get_atom_shapes().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_atom_shapes(
    learner: *const dicod_learner,
    capacity: i64,
    atom_shapes: *mut i64,
    needed: *mut i64,
) -> dicod_status {
    guard(|| with(learner, |held| get_atom_shapes(held, capacity, atom_shapes, needed)))
}

/// The options that an encoder was made with, as new ones: `*options`. Free them with
/// dicod_options_free().
///
/// Local. Needs the encoder for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_STATE (encoder in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_encoder_get_options(
    encoder: *mut dicod_encoder,
    options: *mut *mut dicod_options,
) -> dicod_status {
    guard(|| with(encoder, |held| get_options(held, options)))
}

/// The options of a learner, of one that was restored those that were saved unless they were
/// replaced; everything else as for dicod_encoder_get_options().
///
/// Local. Needs the learner for itself. Errors: as dicod_encoder_get_options().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_options(
    learner: *mut dicod_learner,
    options: *mut *mut dicod_options,
) -> dicod_status {
    guard(|| with(learner, |held| get_options(held, options)))
}

/// Fails if a learner, say one that was restored, is not what the caller `expected`: element type,
/// numbers, shapes. A 0 expects nothing, nor does NULL in place of atom_shapes; iterations and bytes are not compared.
///
/// Collective over the context's ranks: what is contradicted on one is an error on all. Needs the
/// learner for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (a number or the element type that
/// is another; expected->struct_size too small); DICOD_ERROR_INVALID_SHAPE (a shape that is another);
/// DICOD_ERROR_INVALID_STATE (learner in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_expect(
    learner: *mut dicod_learner,
    expected: *const dicod_handle_info,
) -> dicod_status {
    guard(|| {
        with(learner, |held| {
            let ranks = ranks(held.context);
            let shape = for_either!(&held.coder, coder => coder.shape().clone());
            let found = described(held);
            let same = sized(expected, "expected", "expected->struct_size", "a struct whose struct_size is set")
                .and_then(|expected| compare(expected, &found).and_then(|()| compare_atoms(expected, &shape)));
            ranks.agree(same)
        })
    })
}

fn describe(held: Held<'_>, info: *mut dicod_handle_info) -> Result<()> {
    Output::new(info, "info", "info->struct_size")?.write(&described(held));
    Ok(())
}

fn get_options(held: Held<'_>, options: *mut *mut dicod_options) -> Result<()> {
    let found = for_either!(held.coder, coder => coder.options().clone());
    give(room(options)?, dicod_options::new(found));
    Ok(())
}

fn get_atom_shapes(held: Held<'_>, capacity: i64, to: *mut i64, needed: *mut i64) -> Result<()> {
    let shape = for_either!(held.coder, coder => coder.shape().clone());
    let shapes: Vec<i64> = (0..shape.n_atoms).flat_map(|k| shape.unpadded(shape.atom_of(k))).collect();
    write_list(&shapes, capacity, (to, "atom_shapes"), (needed, "needed"))
}

fn described(held: Held<'_>) -> dicod_handle_info {
    fn of<T: Element>(coder: &dyn Coder<T>) -> dicod_handle_info {
        let shape = coder.shape();
        let listed = |padded: Point| {
            let mut list = [0; 4];
            list[..shape.n_axes].copy_from_slice(&padded[AXES - shape.n_axes..]);
            list
        };
        dicod_handle_info {
            struct_size: 0,
            element_type: T::CODE,
            n_axes: shape.n_axes as i64,
            n_signals: shape.n_signals as i64,
            n_channels: shape.n_channels as i64,
            n_atoms: shape.n_atoms as i64,
            n_coded: coder.n_coded() as i64,
            signal_shape: listed(shape.signal),
            atom_shape: listed(shape.atom),
            valid_shape: listed(coder.coded().valid()),
            iterations: coder.iterations() as i64,
            bytes: coder.bytes() as i64,
            atom_shapes: std::ptr::null(),
        }
    }
    for_either!(held.coder, coder => of(coder))
}

/// Fails unless a learner is as somebody expects.
fn compare(expected: &dicod_handle_info, found: &dicod_handle_info) -> Result<()> {
    let (e, f, n) = (expected, found, found.n_axes as usize);
    fails_unless_number("element_type", e.element_type, f.element_type)?;
    fails_unless_number("n_axes", e.n_axes, f.n_axes)?;
    fails_unless_number("n_signals", e.n_signals, f.n_signals)?;
    fails_unless_number("n_channels", e.n_channels, f.n_channels)?;
    fails_unless_number("n_atoms", e.n_atoms, f.n_atoms)?;
    fails_unless_number("n_coded", e.n_coded, f.n_coded)?;
    fails_unless_shape("signal_shape", &e.signal_shape[..n], &f.signal_shape[..n])?;
    fails_unless_shape("atom_shape", &e.atom_shape[..n], &f.atom_shape[..n])?;
    fails_unless_shape("valid_shape", &e.valid_shape[..n], &f.valid_shape[..n])
}

/// What is expected of atoms by themselves.
fn compare_atoms(expected: &dicod_handle_info, shape: &Shape) -> Result<()> {
    if expected.atom_shapes.is_null() {
        return Ok(());
    }
    let (n, n_atoms) = (shape.n_axes, shape.n_atoms);
    // Else nobody knows how long the list is.
    for (name, wanted, is) in [("n_axes", expected.n_axes, n), ("n_atoms", expected.n_atoms, n_atoms)] {
        if wanted != is as i64 {
            return Err(Error::argument(
                name,
                wanted,
                format!("{is}, that of the learner, where atom_shapes are expected"),
            ));
        }
    }
    aligned(expected.atom_shapes, "atom_shapes")?;
    let lengths = slice(expected.atom_shapes, n_atoms * n, "atom_shapes", "n_atoms * n_axes lengths")?;
    fails_unless_atoms(lengths, shape)
}
