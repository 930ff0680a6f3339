//! `segmentation_*`: which segments are active.

use crate::base::wording;
use crate::ffi::boundary::*;
use crate::ffi::segmentation::{addressable, array_size, dicod_segmentation, get, get_mut, write_if_wanted, write_one};

/// Whether segment `i_seg` is active: `*active` is 1 or 0. At first all segments are.
///
/// Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_is_active(
    handle: *const dicod_segmentation,
    i_seg: i64,
    active: *mut i32,
) -> dicod_status {
    guard(|| write_one(get(handle)?.is_active(i_seg)?.into(), active, "active"))
}

/// Activates the `n` segments whose numbers are in `segments[n]`; repeated ones count once. After
/// an error none has changed.
///
/// `segments` may be NULL if `n` is 0. `*changed` receives how many of them were inactive; it may be
/// NULL.
///
/// Local. The handle is changed: no other thread may be using it.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (negative n),
/// DICOD_ERROR_OUT_OF_RANGE (segments).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_set_active(
    handle: *mut dicod_segmentation,
    n: i64,
    segments: *const i64,
    changed: *mut i64,
) -> dicod_status {
    guard(|| {
        let n = array_size(n, "n", 0)?;
        let list = slice(segments, n, "segments", "n segment numbers")?;
        let count = get_mut(handle)?.set_active(list)?;
        write_if_wanted(count, changed)
    })
}

/// Deactivates the `n` segments whose numbers are in `segments[n]`; repeated ones count once.
/// After an error none has changed.
///
/// `segments` may be NULL if `n` is 0. `*changed` receives how many of them were active; it may be
/// NULL. The first call may take one bit of memory per segment.
///
/// Local. The handle is changed: no other thread may be using it.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (negative n),
/// DICOD_ERROR_OUT_OF_RANGE (segments), DICOD_ERROR_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_set_inactive(
    handle: *mut dicod_segmentation,
    n: i64,
    segments: *const i64,
    changed: *mut i64,
) -> dicod_status {
    guard(|| {
        let n = array_size(n, "n", 0)?;
        let list = slice(segments, n, "segments", "n segment numbers")?;
        let count = get_mut(handle)?.set_inactive(list)?;
        write_if_wanted(count, changed)
    })
}

/// Activates all segments. `*changed` receives how many were inactive; it may be NULL.
///
/// Local. The handle is changed: no other thread may be using it.
/// Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_reset(handle: *mut dicod_segmentation, changed: *mut i64) -> dicod_status {
    guard(|| write_if_wanted(get_mut(handle)?.reset(), changed))
}

/// Number of active segments.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_n_active(handle: *const dicod_segmentation, n_active: *mut i64) -> dicod_status {
    guard(|| write_one(get(handle)?.n_active(), n_active, "n_active"))
}

/// Whether at least one segment is active: `*exists` is 1 or 0.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_exists_active(handle: *const dicod_segmentation, exists: *mut i32) -> dicod_status {
    guard(|| write_one(get(handle)?.exists_active().into(), exists, "exists"))
}

/// Whether the inactive segments may rest: `*i_seg` is the first of them whose inner part holds an
/// entry of `dz` with |dz| > `tol`, or -1 if there is none.
///
/// `dz` is `n_atoms` arrays of the full shape in C order, and may be NULL if `n_atoms` is 0; `tol`
/// has its unit.
///
/// Errors: DICOD_ERROR_INVALID_ARGUMENT (negative n_atoms; tol negative or
/// not finite), DICOD_ERROR_NOT_FINITE (dz), DICOD_ERROR_OUT_OF_MEMORY (dz has more elements than
/// memory can hold).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_check_inactive(
    handle: *const dicod_segmentation,
    n_atoms: i64,
    dz: *const f64,
    tol: f64,
    i_seg: *mut i64,
) -> dicod_status {
    guard(|| {
        let atoms = size(n_atoms, "n_atoms", 0)?;
        let segments = get(handle)?;
        let sizes = segments.full_shape();
        let volume: i64 = sizes.iter().product();
        let elements = i128::from(volume) * atoms as i128;
        let length = i64::try_from(elements).ok().and_then(addressable);
        let length = length.ok_or_else(|| {
            let sizes = wording::per_axis(&sizes);
            let what = format!("dz with n_atoms = {n_atoms} and full_shape = {sizes}");
            Error::memory(&what, format!("8 * {elements}"))
        })?;
        let dz = slice(dz, length, "dz", "n_atoms arrays of the full shape")?;
        let found = segments.check_inactive(dz, tol)?;
        write_one(found.unwrap_or(-1), i_seg, "i_seg")
    })
}
