//! `segmentation_*`: which segments are active.

use crate::ffi::boundary::*;
use crate::ffi::segmentation::{array_size, dicod_segmentation, get, get_mut};
use crate::grid::Segmentation;

/// Whether segment `i_seg` is active: `*active` is 1 or 0. At first all segments are.
///
/// Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_is_active(
    handle: *const dicod_segmentation,
    i_seg: i64,
    active: *mut i32,
) -> dicod_status {
    guard(|| put(active, "active", get(handle)?.is_active(i_seg)?.into()))
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
    guard(|| change(handle, changed, &|grid| grid.set_active(numbers(n, segments)?)))
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
    guard(|| change(handle, changed, &|grid| grid.set_inactive(numbers(n, segments)?)))
}

/// Activates all segments. `*changed` receives how many were inactive; it may be NULL.
///
/// Local. The handle is changed: no other thread may be using it.
/// Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_reset(handle: *mut dicod_segmentation, changed: *mut i64) -> dicod_status {
    guard(|| change(handle, changed, &|grid| Ok(grid.reset())))
}

/// Number of active segments.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_n_active(handle: *const dicod_segmentation, n_active: *mut i64) -> dicod_status {
    guard(|| put(n_active, "n_active", get(handle)?.n_active()))
}

/// Whether at least one segment is active: `*exists` is 1 or 0.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_exists_active(handle: *const dicod_segmentation, exists: *mut i32) -> dicod_status {
    guard(|| put(exists, "exists", get(handle)?.exists_active().into()))
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
        let segments = get(handle)?;
        let length = segments.values_of_atoms(size(n_atoms, "n_atoms", 0)?)?;
        let dz = slice(dz, length, "dz", "n_atoms arrays of the full shape")?;
        let found = segments.check_inactive(dz, tol)?;
        put(i_seg, "i_seg", found.unwrap_or(-1))
    })
}

fn numbers<'a>(n: i64, segments: *const i64) -> Result<&'a [i64]> {
    slice(segments, array_size(n, "n", 0)?, "segments", "n segment numbers")
}

/// Changes which are active, and says how many have changed.
fn change(
    handle: *mut dicod_segmentation,
    changed: *mut i64,
    to: &dyn Fn(&mut Segmentation) -> Result<i64>,
) -> Result<()> {
    set(changed, to(get_mut(handle)?)?);
    Ok(())
}
