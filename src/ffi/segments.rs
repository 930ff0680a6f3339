//! `segmentation_*`: the segments one by one, and finding one's way among them.

use crate::ffi::boundary::*;
use crate::ffi::segmentation::{PER_AXIS, addressable, dicod_segmentation, get, pairs, per_axis, write};
use crate::grid::Part;

/// Bounds of segment `i_seg` in the full array: `bounds[n_axes][2]`.
///
/// `inner`: 0 for the outer part, anything else for the inner part.
///
/// Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
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
/// Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
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
/// Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
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
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_find_segment(
    handle: *const dicod_segmentation,
    point: *const i64,
    i_seg: *mut i64,
) -> dicod_status {
    guard(|| {
        let segments = get(handle)?;
        let point = per_axis(segments, point, "point")?;
        put(i_seg, "i_seg", segments.find_segment(point)?)
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
/// Errors: DICOD_ERROR_INVALID_ARGUMENT (negative radius; capacity
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
/// Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg), DICOD_ERROR_INVALID_ARGUMENT
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
/// Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg; point, if the result does not
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
/// Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg; point, if the result does not
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
/// Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
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
        put(contained, "contained", answer.into())
    })
}

/// Whether an update at `point[n_axes]` (local coordinates of segment `i_seg`) that changes
/// everything from point - radius to point + radius can be done in the segment: `*contained` is 1
/// if the point is in the inner part and the window ends inside the outer part on every side where
/// the segment has an overlap, otherwise 0. `radius[n_axes]` from 0.
///
/// Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg), DICOD_ERROR_INVALID_ARGUMENT
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
        put(contained, "contained", answer.into())
    })
}

/// How much of the overlap of segment `i_seg` the border of the full array cuts off, before and
/// after it on each axis: `padding[n_axes][2]`, what brings its outer part to full size.
///
/// Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
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
/// Errors: DICOD_ERROR_OUT_OF_RANGE (i_seg).
#[unsafe(no_mangle)]
pub extern "C" fn segmentation_increment(
    handle: *const dicod_segmentation,
    i_seg: i64,
    next: *mut i64,
) -> dicod_status {
    guard(|| put(next, "next", get(handle)?.increment(i_seg)?))
}

fn part(inner: i32) -> Part {
    match inner {
        0 => Part::Outer,
        _ => Part::Inner,
    }
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
        put(count, "count", self.length)
    }
}
