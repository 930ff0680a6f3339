//! `segmentation_*`: cutting an n-dimensional domain into segments, and finding one's way in them.

use crate::base::error::{Error, Result};
use crate::base::status::dicod_status;
use crate::ffi::boundary::{
    Handle, free, give, guard, of, put, reference, reference_mut, room, set, size, slice, slice_mut,
};
use crate::grid::{Domain, Part, Segmentation};
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
/// DICOD_OK is returned. Unless a function says otherwise no pointer may be NULL, and any number of
/// threads may use one handle at once in functions that take it as const; the others need it for
/// themselves. Nothing here communicates: every function is local to the process.
///
/// The answers are those of the Segmentation class of the Python package dicodile 0.3, except where
/// that one is wrong or fails; the Rust documentation lists the differences (grid::segmentation).
pub struct dicod_segmentation(Segmentation);

impl Handle for dicod_segmentation {
    const NAME: &'static str = "handle";
    const WHAT: &'static str = "a segmentation";
}

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
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (n_axes below 1, n_segments below
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
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_n_axes(handle: *const dicod_segmentation, n_axes: *mut i64) -> dicod_status {
    guard(|| write_one(get(handle)?.n_axes() as i64, n_axes, "n_axes"))
}

/// Number of segments.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_n_segments(handle: *const dicod_segmentation, n_segments: *mut i64) -> dicod_status {
    guard(|| write_one(get(handle)?.n_segments(), n_segments, "n_segments"))
}

/// Number of segments along each axis: `counts[n_axes]`.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
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
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_nominal_shape(handle: *const dicod_segmentation, shape: *mut i64) -> dicod_status {
    guard(|| write(&get(handle)?.nominal_shape(), shape, "shape"))
}

/// Size of the domain along each axis: `shape[n_axes]`.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_shape(handle: *const dicod_segmentation, shape: *mut i64) -> dicod_status {
    guard(|| write(&get(handle)?.shape(), shape, "shape"))
}

/// Bounds of the domain in the full array: `bounds[n_axes][2]`.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_inner_bounds(handle: *const dicod_segmentation, bounds: *mut i64) -> dicod_status {
    guard(|| write(&pairs(&get(handle)?.inner_bounds()), bounds, "bounds"))
}

/// Shape of the full array: `shape[n_axes]`.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_full_shape(handle: *const dicod_segmentation, shape: *mut i64) -> dicod_status {
    guard(|| write(&get(handle)?.full_shape(), shape, "shape"))
}

/// Overlap along each axis: `overlap[n_axes]`.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_overlap(handle: *const dicod_segmentation, overlap: *mut i64) -> dicod_status {
    guard(|| write(&get(handle)?.overlap(), overlap, "overlap"))
}

/// Bounds of segment `i_seg` in the full array: `bounds[n_axes][2]`.
///
/// `inner`: 0 for the outer part, anything else for the inner part.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE (i_seg).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_segment_bounds(
    handle: *const dicod_segmentation,
    i_seg: i64,
    inner: i32,
    bounds: *mut i64,
) -> dicod_status {
    guard(|| {
        let found = get(handle)?.segment_bounds(i_seg, part(inner))?;
        write(&pairs(&found), bounds, "bounds")
    })
}

/// Size of segment `i_seg` along each axis: `shape[n_axes]`.
///
/// `inner`: 0 for the outer part, anything else for the inner part.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE (i_seg).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_segment_shape(
    handle: *const dicod_segmentation,
    i_seg: i64,
    inner: i32,
    shape: *mut i64,
) -> dicod_status {
    guard(|| {
        let found = get(handle)?.segment_shape(i_seg, part(inner))?;
        write(&found, shape, "shape")
    })
}

/// Segment `i_seg` as a slice of the full array, in the form that HDF5's hyperslabs and MPI's
/// subarrays take: where it starts and how many positions it has along each axis, `start[n_axes]`
/// and `count[n_axes]`, two separate arrays.
///
/// `inner`: 0 for the outer part, anything else for the inner part.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE (i_seg).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_segment_slices(
    handle: *const dicod_segmentation,
    i_seg: i64,
    inner: i32,
    start: *mut i64,
    count: *mut i64,
) -> dicod_status {
    guard(|| {
        let bounds = get(handle)?.segment_bounds(i_seg, part(inner))?;
        let starts: Vec<i64> = bounds.iter().map(|range| range.start).collect();
        let counts: Vec<i64> = bounds.iter().map(|range| range.end - range.start).collect();
        // Nothing is written before both are known to be there.
        reference(count, "count", PER_AXIS)?;
        write(&starts, start, "start")?;
        write(&counts, count, "count")
    })
}

/// The segment whose inner part holds `point[n_axes]` (global coordinates), or for a point outside
/// the domain the nearest one by the sum of the distances along the axes: `*i_seg`.
///
/// Local. Thread-safe. Errors: DICOD_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_find_segment(
    handle: *const dicod_segmentation,
    point: *const i64,
    i_seg: *mut i64,
) -> dicod_status {
    guard(|| {
        let segments = get(handle)?;
        let point = per_axis(segments, point, "point")?;
        write_one(segments.find_segment(point)?, i_seg, "i_seg")
    })
}

/// The segments whose outer part meets the window from point - radius to point + radius, both
/// included, ascending; the segment that segmentation_find_segment() finds is always among them.
/// Any radius from 0 works, also one larger than a segment or than the domain. Here an overlap counts
/// beyond the border of the full array too.
///
/// `point[n_axes]` in global coordinates, `radius[n_axes]`. `*count` receives how many segments
/// there are, and `segments` their numbers. To ask for the count alone pass a `capacity` of 0, then
/// `segments` may be NULL; otherwise `segments` has room for `capacity` numbers, at least `*count`.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_ARGUMENT (negative radius; capacity
/// negative or too small).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_touched_segments(
    handle: *const dicod_segmentation,
    point: *const i64,
    radius: *const i64,
    capacity: i64,
    segments: *mut i64,
    count: *mut i64,
) -> dicod_status {
    guard(|| {
        let grid = get(handle)?;
        let point = per_axis(grid, point, "point")?;
        let block = grid.touched_block(point, per_axis(grid, radius, "radius")?)?;
        let found = block.iter().map(|range| range.end - range.start).product();
        let list = List { length: found, width: 1, values: grid.block_segments(&block) };
        list.write(capacity, segments, "segments", count)
    })
}

/// What the window from point - radius to point + radius, both included, touches of the overlap of
/// segment `i_seg`, that is of its outer part outside its inner part, as boxes.
///
/// `point[n_axes]` in local coordinates of the segment, `radius[n_axes]` from 0. A box is a pair per
/// axis, in local coordinates too. For each axis there is at most one box before and one after the
/// inner part, along the other axes as wide as the window; so boxes of different axes share corners.
/// `*count` receives the number of boxes, at most 2 n_axes and often 0, and `boxes[count][n_axes][2]`
/// the boxes. To ask for the count alone pass a `capacity` of 0, then `boxes` may be NULL; otherwise
/// `boxes` has room for `capacity` boxes, at least `*count`.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE (i_seg), DICOD_ERROR_INVALID_ARGUMENT
/// (negative radius; capacity negative or too small).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_touched_overlap_slices(
    handle: *const dicod_segmentation,
    i_seg: i64,
    point: *const i64,
    radius: *const i64,
    capacity: i64,
    boxes: *mut i64,
    count: *mut i64,
) -> dicod_status {
    guard(|| {
        let grid = get(handle)?;
        let point = per_axis(grid, point, "point")?;
        let radius = per_axis(grid, radius, "radius")?;
        let found = grid.touched_overlap_slices(i_seg, point, radius)?;
        let list = List {
            length: found.len() as i64,
            width: 2 * grid.n_axes(),
            values: found.iter().flat_map(|ranges| pairs(ranges)),
        };
        list.write(capacity, boxes, "boxes", count)
    })
}

/// Global coordinates `global[n_axes]` of `point[n_axes]`, given in local coordinates of segment
/// `i_seg`. The point may lie outside the segment.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE (i_seg; point, if the result does not
/// fit in 64 bits).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_global_coordinate(
    handle: *const dicod_segmentation,
    i_seg: i64,
    point: *const i64,
    global: *mut i64,
) -> dicod_status {
    guard(|| {
        let segments = get(handle)?;
        let point = per_axis(segments, point, "point")?;
        write(&segments.global_coordinate(i_seg, point)?, global, "global")
    })
}

/// Local coordinates `local[n_axes]`, in segment `i_seg`, of `point[n_axes]`, given in global
/// coordinates. The point may lie outside the segment.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE (i_seg; point, if the result does not
/// fit in 64 bits).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_local_coordinate(
    handle: *const dicod_segmentation,
    i_seg: i64,
    point: *const i64,
    local: *mut i64,
) -> dicod_status {
    guard(|| {
        let segments = get(handle)?;
        let point = per_axis(segments, point, "point")?;
        write(&segments.local_coordinate(i_seg, point)?, local, "local")
    })
}

/// Whether `point[n_axes]`, in local coordinates of segment `i_seg`, lies in the segment:
/// `*contained` is 1 or 0.
///
/// `inner`: 0 for the outer part, anything else for the inner part.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE (i_seg).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_contains_point(
    handle: *const dicod_segmentation,
    i_seg: i64,
    point: *const i64,
    inner: i32,
    contained: *mut i32,
) -> dicod_status {
    guard(|| {
        let segments = get(handle)?;
        let point = per_axis(segments, point, "point")?;
        let answer = segments.contains_point(i_seg, point, part(inner))?;
        write_one(answer.into(), contained, "contained")
    })
}

/// Whether an update at `point[n_axes]` (local coordinates of segment `i_seg`) that changes
/// everything from point - radius to point + radius can be done in the segment: `*contained` is 1
/// if the point is in the inner part and the window ends inside the outer part on every side where
/// the segment has an overlap, otherwise 0. `radius[n_axes]` from 0.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE (i_seg), DICOD_ERROR_INVALID_ARGUMENT
/// (negative radius).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_contains_area(
    handle: *const dicod_segmentation,
    i_seg: i64,
    point: *const i64,
    radius: *const i64,
    contained: *mut i32,
) -> dicod_status {
    guard(|| {
        let segments = get(handle)?;
        let point = per_axis(segments, point, "point")?;
        let radius = per_axis(segments, radius, "radius")?;
        let answer = segments.contains_area(i_seg, point, radius)?;
        write_one(answer.into(), contained, "contained")
    })
}

/// How much of the overlap of segment `i_seg` the border of the full array cuts off, before and
/// after it on each axis: `padding[n_axes][2]`, what brings its outer part to full size.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE (i_seg).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_get_padding_to_overlap(
    handle: *const dicod_segmentation,
    i_seg: i64,
    padding: *mut i64,
) -> dicod_status {
    guard(|| {
        let found = get(handle)?.padding_to_overlap(i_seg)?;
        write(found.as_flattened(), padding, "padding")
    })
}

/// The segment after `i_seg`, and 0 after the last: `*next`. An `i_seg` of -1 stands before the
/// first.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER, DICOD_ERROR_OUT_OF_RANGE (i_seg).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_increment(
    handle: *const dicod_segmentation,
    i_seg: i64,
    next: *mut i64,
) -> dicod_status {
    guard(|| write_one(get(handle)?.increment(i_seg)?, next, "next"))
}

const PER_AXIS: &str = "one value per axis";

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

fn part(inner: i32) -> Part {
    match inner {
        0 => Part::Outer,
        _ => Part::Inner,
    }
}

fn pairs(ranges: &[Range<i64>]) -> Vec<i64> {
    ranges.iter().flat_map(|r| [r.start, r.end]).collect()
}

pub(super) fn get<'a>(handle: *const dicod_segmentation) -> Result<&'a Segmentation> {
    Ok(&of(handle)?.0)
}

pub(super) fn get_mut<'a>(handle: *mut dicod_segmentation) -> Result<&'a mut Segmentation> {
    Ok(&mut reference_mut(handle, dicod_segmentation::NAME, dicod_segmentation::WHAT)?.0)
}

fn per_axis<'a>(segments: &Segmentation, values: *const i64, argument: &'static str) -> Result<&'a [i64]> {
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

fn write(values: &[i64], to: *mut i64, argument: &'static str) -> Result<()> {
    slice_mut(to, values.len(), argument, PER_AXIS)?.copy_from_slice(values);
    Ok(())
}

pub(super) fn write_one<T>(value: T, to: *mut T, argument: &'static str) -> Result<()> {
    put(to, argument, value)
}

pub(super) fn write_if_wanted<T>(value: T, to: *mut T) -> Result<()> {
    set(to, value);
    Ok(())
}

/// An output whose length the caller asks for first.
struct List<I> {
    length: i64,
    /// Numbers per entry.
    width: usize,
    values: I,
}

impl<I: Iterator<Item = i64>> List<I> {
    fn write(self, capacity: i64, to: *mut i64, argument: &'static str, count: *mut i64) -> Result<()> {
        size(capacity, "capacity", 0)?;
        reference(count, "count", "room for the count")?;
        if capacity > 0 {
            let enough = addressable(self.length).filter(|_| self.length <= capacity);
            let length = enough.ok_or_else(|| {
                let allowed = format!("0 to ask for the count, or at least {}", self.length);
                Error::argument("capacity", capacity, allowed)
            })?;
            let to = slice_mut(to, length * self.width, argument, "capacity entries")?;
            for (to, value) in to.iter_mut().zip(self.values) {
                *to = value;
            }
        }
        write_one(self.length, count, "count")
    }
}
