//! `segmentation_*`: cutting an n-dimensional domain into segments.

use crate::ffi::boundary::*;
use crate::grid::{Domain, Segmentation};
use std::ops::Range;

/// A regular grid of segments over a box-shaped domain of any number of axes.
///
/// The segments are numbered from 0 in C order (last axis fastest). Their *inner* parts cover the
/// domain without gap or overlap. The *outer* part of a segment also has `overlap[a]` positions of
/// its neighbours on both sides of axis a, as far as the full array goes. Global coordinates count
/// from the corner of the full array; local coordinates of a segment from the corner of its outer
/// part. All coordinates, sizes and segment numbers are int64_t; a point may lie anywhere, outside
/// and below 0 too. A range of positions is a pair start, end, the end not included.
///
/// Arrays written `a[n_axes]` have one value per axis, those written `a[n_axes][2]` a pair;
/// inputs and outputs are the caller's and may be the same array. Outputs are written only when
/// DICOD_OK is returned. Unless a function says otherwise no pointer may be NULL, which is
/// DICOD_ERROR_NULL_POINTER, and any number of threads may use one handle at once in functions that take it as
/// const; the others need it for themselves. Nothing here communicates: every function is local to the process.
///
/// The answers are those of the Segmentation class of the Python package dicodile 0.3, except where
/// that one is wrong or fails; the Rust documentation lists the differences (grid::segmentation).
pub struct dicod_segmentation(Segmentation);
handle!(dicod_segmentation, "handle", "a segmentation");

/// Makes a segmentation with `n_segments[a]` segments along axis a.
///
/// The domain lies in an array of `n_axes` axes (at least 1) and shape `full_shape[n_axes]`. It is
/// the box `inner_bounds[n_axes][2]`, or the whole array if `inner_bounds` is NULL. `full_shape`
/// may be NULL if `inner_bounds` is not: then the array ends where the box does. `overlap[n_axes]`
/// may be NULL: no overlap. Free the result with segmentation_free().
///
/// Segments are size / n long, rounded up when the remainder is at least n / 2 (integer divisions),
/// and the last takes what is left; where that would leave it nothing, the first size mod n
/// segments are one longer than the others.
///
/// Errors: DICOD_ERROR_INVALID_ARGUMENT (n_axes below 1, n_segments below
/// 1 or above the size of the domain, negative overlap); DICOD_ERROR_INVALID_SHAPE (full_shape
/// below 1 or with more elements than 64 bits can count, inner_bounds empty or not inside
/// full_shape).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_create_by_count(
    n_axes: i64,
    full_shape: *const i64,
    inner_bounds: *const i64,
    n_segments: *const i64,
    overlap: *const i64,
    handle: *mut *mut dicod_segmentation,
) -> dicod_status {
    guard(|| {
        let n_axes = array_size(n_axes, "n_axes", 1)?;
        let domain = domain(n_axes, full_shape, inner_bounds)?;
        let n_segments = slice(n_segments, n_axes, "n_segments", PER_AXIS)?;
        create(Segmentation::by_count(&domain, n_segments)?, overlap, handle)
    })
}

/// Makes a segmentation with segments of `segment_shape[n_axes]` positions; the last along an axis
/// takes what is left. A size larger than the domain gives one segment.
///
/// Everything else is as for segmentation_create_by_count().
///
/// Local. Thread-safe.
/// Errors: as segmentation_create_by_count(), and DICOD_ERROR_INVALID_ARGUMENT for a segment_shape
/// below 1.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_create_by_shape(
    n_axes: i64,
    full_shape: *const i64,
    inner_bounds: *const i64,
    segment_shape: *const i64,
    overlap: *const i64,
    handle: *mut *mut dicod_segmentation,
) -> dicod_status {
    guard(|| {
        let n_axes = array_size(n_axes, "n_axes", 1)?;
        let domain = domain(n_axes, full_shape, inner_bounds)?;
        let shape = slice(segment_shape, n_axes, "segment_shape", PER_AXIS)?;
        create(Segmentation::by_shape(&domain, shape)?, overlap, handle)
    })
}

/// Frees a segmentation and sets the caller's pointer to NULL. `handle` and `*handle` may be NULL.
///
/// Local. No other thread may be using the handle.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_free(handle: *mut *mut dicod_segmentation) -> dicod_status {
    guard(|| free(handle))
}

/// Number of axes.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_n_axes(handle: *const dicod_segmentation, n_axes: *mut i64) -> dicod_status {
    guard(|| put(n_axes, "n_axes", get(handle)?.n_axes() as i64))
}

/// Number of segments.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_n_segments(handle: *const dicod_segmentation, n_segments: *mut i64) -> dicod_status {
    guard(|| put(n_segments, "n_segments", get(handle)?.n_segments()))
}

/// Number of segments along each axis: `counts[n_axes]`.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_segments_per_axis(
    handle: *const dicod_segmentation,
    counts: *mut i64,
) -> dicod_status {
    guard(|| write(&get(handle)?.segments_per_axis(), counts, "counts"))
}

/// The size that was asked for or computed for the segments of each axis: `shape[n_axes]`.
///
/// The last segment of an axis may be smaller or larger; where the axis is cut evenly the later
/// ones are one smaller. For the only segment of an axis cut by number it is one more than the size
/// of the domain. Sizes of one segment: segmentation_get_segment_shape().
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_nominal_shape(handle: *const dicod_segmentation, shape: *mut i64) -> dicod_status {
    guard(|| write(&get(handle)?.nominal_shape(), shape, "shape"))
}

/// Size of the domain along each axis: `shape[n_axes]`.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_shape(handle: *const dicod_segmentation, shape: *mut i64) -> dicod_status {
    guard(|| write(&get(handle)?.shape(), shape, "shape"))
}

/// Bounds of the domain in the full array: `bounds[n_axes][2]`.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_inner_bounds(handle: *const dicod_segmentation, bounds: *mut i64) -> dicod_status {
    guard(|| write(&pairs(&get(handle)?.inner_bounds()), bounds, "bounds"))
}

/// Shape of the full array: `shape[n_axes]`.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_full_shape(handle: *const dicod_segmentation, shape: *mut i64) -> dicod_status {
    guard(|| write(&get(handle)?.full_shape(), shape, "shape"))
}

/// Overlap along each axis: `overlap[n_axes]`.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_overlap(handle: *const dicod_segmentation, overlap: *mut i64) -> dicod_status {
    guard(|| write(&get(handle)?.overlap(), overlap, "overlap"))
}

pub(super) const PER_AXIS: &str = "one value per axis";

/// A number of pairs of `int64_t` or of less that an array can have.
pub(super) fn addressable(count: i64) -> Option<usize> {
    const LIMIT: usize = isize::MAX as usize / size_of::<[i64; 2]>();
    usize::try_from(count).ok().filter(|&count| count <= LIMIT)
}

/// The length of an array of the caller's.
pub(super) fn array_size(value: i64, argument: &str, least: i64) -> Result<usize> {
    size(value, argument, least)?;
    addressable(value).ok_or_else(|| Error::argument(argument, value, "an addressable size"))
}

pub(super) fn pairs(ranges: &[Range<i64>]) -> Vec<i64> {
    ranges.iter().flat_map(|r| [r.start, r.end]).collect()
}

pub(super) fn get<'a>(handle: *const dicod_segmentation) -> Result<&'a Segmentation> {
    Ok(&of(handle)?.0)
}

pub(super) fn get_mut<'a>(handle: *mut dicod_segmentation) -> Result<&'a mut Segmentation> {
    Ok(&mut reference_mut(handle, dicod_segmentation::NAME, dicod_segmentation::WHAT)?.0)
}

pub(super) fn per_axis<'a>(segments: &Segmentation, values: *const i64, argument: &'static str) -> Result<&'a [i64]> {
    slice(values, segments.n_axes(), argument, PER_AXIS)
}

fn domain(n_axes: usize, full_shape: *const i64, inner_bounds: *const i64) -> Result<Domain> {
    let shape = |expected| slice(full_shape, n_axes, "full_shape", expected);
    if inner_bounds.is_null() {
        return Domain::whole(shape("one value per axis when inner_bounds is NULL too")?);
    }
    let bounds = slice(inner_bounds, 2 * n_axes, "inner_bounds", "pairs")?;
    let bounds: Vec<_> = bounds.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect();
    match full_shape.is_null() {
        true => Domain::inside(&bounds, None),
        false => Domain::inside(&bounds, Some(shape(PER_AXIS)?)),
    }
}

fn create(mut segments: Segmentation, overlap: *const i64, handle: *mut *mut dicod_segmentation) -> Result<()> {
    if !overlap.is_null() {
        let overlap = per_axis(&segments, overlap, "overlap")?;
        segments = segments.with_overlap(overlap)?;
    }
    give(room(handle)?, dicod_segmentation(segments));
    Ok(())
}

pub(super) fn write(values: &[i64], to: *mut i64, argument: &'static str) -> Result<()> {
    slice_mut(to, values.len(), argument, PER_AXIS)?.copy_from_slice(values);
    Ok(())
}
