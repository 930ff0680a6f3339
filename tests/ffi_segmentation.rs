//! The `segmentation_*` functions as a C program calls them: status, message, untouched outputs.

use dicod::ffi::activity::*;
use dicod::ffi::segmentation::*;
use dicod::ffi::segments::*;
use dicod::ffi::status::*;
use proptest::prelude::*;
use std::ptr::{null, null_mut};

const UNTOUCHED: i64 = -7777;

fn last_error() -> String {
    let mut buffer = [0 as std::ffi::c_char; 1024];
    let status = dicod_last_error(1024, buffer.as_mut_ptr(), null_mut());
    assert_eq!(status, DICOD_OK);
    // SAFETY: on success the buffer holds a terminated string.
    let text = unsafe { std::ffi::CStr::from_ptr(buffer.as_ptr()) };
    text.to_str().unwrap().into()
}

#[track_caller]
fn fails(status: dicod_status, expected: dicod_status, message: &str) {
    let text = last_error();
    assert_eq!(status, expected, "{text}");
    assert!(text.starts_with(message), "{text}");
}

/// An array of 9 × 10 positions inside a margin, in 3 × 2 segments, with an overlap.
struct Grid(*mut dicod_segmentation);

impl Grid {
    fn new() -> Self {
        let mut handle = null_mut();
        let (full, bounds) = ([12, 11], [2, 11, 1, 11]);
        let status = {
            segmentation_create_by_count(
                2,
                full.as_ptr(),
                bounds.as_ptr(),
                [3, 2].as_ptr(),
                [2, 1].as_ptr(),
                &mut handle,
            )
        };
        assert_eq!(status, DICOD_OK);
        Grid(handle)
    }
}

impl Drop for Grid {
    fn drop(&mut self) {
        segmentation_free(&mut self.0);
        assert!(self.0.is_null());
    }
}

/// Calls a C function.
macro_rules! call {
    ($function:ident($($argument:expr),* $(,)?)) => {
        $function($($argument),*)
    };
}

#[test]
fn everything_answers() {
    let grid = Grid::new();
    let s = grid.0;
    let mut one = UNTOUCHED;
    let mut flag = -7;
    let mut two = [UNTOUCHED; 2];
    let mut four = [UNTOUCHED; 4];

    assert_eq!(call!(segmentation_get_n_axes(s, &mut one)), DICOD_OK);
    assert_eq!(one, 2);
    assert_eq!(call!(segmentation_get_n_segments(s, &mut one)), DICOD_OK);
    assert_eq!(one, 6);
    type PerAxis = extern "C" fn(*const dicod_segmentation, *mut i64) -> dicod_status;
    let getters: [(PerAxis, [i64; 2]); 5] = [
        (segmentation_get_segments_per_axis, [3, 2]),
        (segmentation_get_nominal_shape, [3, 5]),
        (segmentation_get_shape, [9, 10]),
        (segmentation_get_full_shape, [12, 11]),
        (segmentation_get_overlap, [2, 1]),
    ];
    for (getter, expected) in getters {
        assert_eq!(call!(getter(s, two.as_mut_ptr())), DICOD_OK);
        assert_eq!(two, expected);
    }
    assert_eq!(call!(segmentation_get_inner_bounds(s, four.as_mut_ptr())), DICOD_OK);
    assert_eq!(four, [2, 11, 1, 11]);

    assert_eq!(call!(segmentation_get_segment_bounds(s, 5, 1, four.as_mut_ptr())), DICOD_OK);
    assert_eq!(four, [8, 11, 6, 11]);
    assert_eq!(call!(segmentation_get_segment_bounds(s, 5, 0, four.as_mut_ptr())), DICOD_OK);
    assert_eq!(four, [6, 12, 5, 11]);
    assert_eq!(call!(segmentation_get_segment_shape(s, 5, 0, two.as_mut_ptr())), DICOD_OK);
    assert_eq!(two, [6, 6]);
    let mut start = [UNTOUCHED; 2];
    let status = call!(segmentation_get_segment_slices(s, 5, 1, start.as_mut_ptr(), two.as_mut_ptr()));
    assert_eq!((status, start, two), (DICOD_OK, [8, 6], [3, 5]));
    assert_eq!(call!(segmentation_get_padding_to_overlap(s, 5, four.as_mut_ptr())), DICOD_OK);
    assert_eq!(four, [0, 1, 0, 1]);

    assert_eq!(call!(segmentation_find_segment(s, [7, 6].as_ptr(), &mut one)), DICOD_OK);
    assert_eq!(one, 3);
    assert_eq!(call!(segmentation_find_segment(s, [-90, 99].as_ptr(), &mut one)), DICOD_OK);
    assert_eq!(one, 1);
    assert_eq!(call!(segmentation_increment(s, 5, &mut one)), DICOD_OK);
    assert_eq!(one, 0);
    assert_eq!(call!(segmentation_increment(s, -1, &mut one)), DICOD_OK);
    assert_eq!(one, 0);

    // In place: local to global and back.
    let mut point = [1, 0];
    let at = point.as_mut_ptr();
    assert_eq!(call!(segmentation_get_global_coordinate(s, 5, at, at)), DICOD_OK);
    assert_eq!(point, [7, 5]);
    let at = point.as_mut_ptr();
    assert_eq!(call!(segmentation_get_local_coordinate(s, 5, at, at)), DICOD_OK);
    assert_eq!(point, [1, 0]);

    let contains =
        |point: [i64; 2], inner, flag: &mut i32| call!(segmentation_contains_point(s, 5, point.as_ptr(), inner, flag));
    for (point, inner, expected) in [([1, 0], 0, 1), ([1, 0], 1, 0), ([2, 1], 1, 1), ([6, 1], 0, 0)] {
        assert_eq!(contains(point, inner, &mut flag), DICOD_OK);
        assert_eq!(flag, expected);
    }
    for (radius, expected) in [([2, 1], 1), ([3, 1], 0), ([1, 9], 0)] {
        let point = [2, 1].as_ptr();
        let status = call!(segmentation_contains_area(s, 5, point, radius.as_ptr(), &mut flag));
        assert_eq!((status, flag), (DICOD_OK, expected), "{radius:?}");
    }
}

#[test]
fn lists_are_asked_for_twice() {
    let grid = Grid::new();
    let s = grid.0;
    let (point, radius) = ([4, 3], [1, 1]);
    let touched = |capacity, to: *mut i64, count: *mut i64| {
        let (point, radius) = (point.as_ptr(), radius.as_ptr());
        call!(segmentation_get_touched_segments(s, point, radius, capacity, to, count))
    };
    let mut count = UNTOUCHED;
    assert_eq!(touched(0, null_mut(), &mut count), DICOD_OK);
    assert_eq!(count, 2);
    let mut list = [UNTOUCHED; 3];
    count = UNTOUCHED;
    let message = "capacity must be 0 to ask for the count, or at least 2, is 1";
    fails(touched(1, list.as_mut_ptr(), &mut count), DICOD_ERROR_INVALID_ARGUMENT, message);
    fails(touched(-1, list.as_mut_ptr(), &mut count), DICOD_ERROR_INVALID_ARGUMENT, "capacity must be");
    fails(touched(2, null_mut(), &mut count), DICOD_ERROR_NULL_POINTER, "segments is NULL");
    fails(touched(2, list.as_mut_ptr(), null_mut()), DICOD_ERROR_NULL_POINTER, "count is NULL");
    assert_eq!((count, list), (UNTOUCHED, [UNTOUCHED; 3]));
    assert_eq!(touched(i64::MAX, list.as_mut_ptr(), &mut count), DICOD_OK);
    assert_eq!((count, list), (2, [0, 2, UNTOUCHED]));

    let boxes_of = |capacity, to: *mut i64, count: *mut i64| {
        let (point, radius) = ([5, 4].as_ptr(), [1, 3].as_ptr());
        call!(segmentation_get_touched_overlap_slices(s, 2, point, radius, capacity, to, count))
    };
    // Segment 2: outer part 7 × 7 at (3, 0), its inner part 3 × 5 at (2, 1) in it.
    count = UNTOUCHED;
    assert_eq!(boxes_of(0, null_mut(), &mut count), DICOD_OK);
    assert_eq!(count, 2);
    let mut boxes = [UNTOUCHED; 12];
    let too_small = boxes_of(1, boxes.as_mut_ptr(), &mut count);
    fails(too_small, DICOD_ERROR_INVALID_ARGUMENT, "capacity must be");
    assert_eq!(boxes, [UNTOUCHED; 12]);
    assert_eq!(boxes_of(3, boxes.as_mut_ptr(), &mut count), DICOD_OK);
    assert_eq!(count, 2);
    assert_eq!(boxes[..8], [5, 7, 1, 7, 4, 7, 6, 7]);
    assert_eq!(boxes[8..], [UNTOUCHED; 4]);
}

#[test]
fn activity() {
    let grid = Grid::new();
    let s = grid.0;
    let mut count = UNTOUCHED;
    let mut flag = -7;
    let list = [1, 3, 3];
    assert_eq!(call!(segmentation_set_inactive(s, 3, list.as_ptr(), &mut count)), DICOD_OK);
    assert_eq!(count, 2);
    assert_eq!(call!(segmentation_is_active(s, 3, &mut flag)), DICOD_OK);
    assert_eq!(flag, 0);
    assert_eq!(call!(segmentation_set_active(s, 1, list.as_ptr(), null_mut())), DICOD_OK);
    assert_eq!(call!(segmentation_get_n_active(s, &mut count)), DICOD_OK);
    assert_eq!(count, 5);
    assert_eq!(call!(segmentation_set_active(s, 0, null(), &mut count)), DICOD_OK);
    assert_eq!(count, 0);

    let mut dz = [0.0; 12 * 11];
    dz[6 * 11 + 7] = -3.0;
    let mut found = UNTOUCHED;
    let check =
        |dz: *const f64, n_atoms, tol, found: *mut i64| call!(segmentation_check_inactive(s, n_atoms, dz, tol, found));
    assert_eq!(check(dz.as_ptr(), 1, 1.0, &mut found), DICOD_OK);
    assert_eq!(found, 3);
    assert_eq!(check(dz.as_ptr(), 1, 3.0, &mut found), DICOD_OK);
    assert_eq!(found, -1);
    assert_eq!(check(null(), 0, 3.0, &mut found), DICOD_OK);
    found = UNTOUCHED;
    let null_dz = check(null(), 1, 3.0, &mut found);
    fails(null_dz, DICOD_ERROR_NULL_POINTER, "dz is NULL");
    let negative = check(dz.as_ptr(), 1, -3.0, &mut found);
    fails(negative, DICOD_ERROR_INVALID_ARGUMENT, "tol must be");
    let negative = check(dz.as_ptr(), -1, 3.0, &mut found);
    fails(negative, DICOD_ERROR_INVALID_ARGUMENT, "n_atoms must be");
    let huge = check(dz.as_ptr(), i64::MAX, 3.0, &mut found);
    let message = "out of memory: 8 * 1217485108864830406524 bytes for dz with n_atoms = 9223372036854775807";
    fails(huge, DICOD_ERROR_OUT_OF_MEMORY, message);
    dz[131] = f64::NEG_INFINITY;
    let infinite = check(dz.as_ptr(), 1, 3.0, &mut found);
    fails(infinite, DICOD_ERROR_NOT_FINITE, "dz[0, 11, 10] must be a finite number, is -inf");
    assert_eq!(found, UNTOUCHED);

    assert_eq!(call!(segmentation_reset(s, &mut count)), DICOD_OK);
    assert_eq!(count, 1);
    assert_eq!(call!(segmentation_exists_active(s, &mut flag)), DICOD_OK);
    assert_eq!(flag, 1);
}

/// n_axes, full_shape, inner_bounds, n_segments or segment_shape, overlap.
type Arguments<'a> = (i64, Option<&'a [i64]>, Option<&'a [i64]>, Option<&'a [i64]>, Option<&'a [i64]>);

/// Creates by count and by shape, expects the same failure, and the caller's pointer untouched.
#[track_caller]
fn create_fails((n_axes, full, bounds, cut, overlap): Arguments, status: dicod_status, messages: [&str; 2]) {
    let pointer = |values: Option<&[i64]>| values.map_or(null(), <[i64]>::as_ptr);
    let [full, bounds, cut, overlap] = [full, bounds, cut, overlap].map(pointer);
    for (create, message) in
        [segmentation_create_by_count, segmentation_create_by_shape as extern "C" fn(_, _, _, _, _, _) -> _]
            .into_iter()
            .zip(messages)
    {
        let sentinel = std::ptr::dangling_mut::<dicod_segmentation>();
        let mut handle = sentinel;
        let failed = call!(create(n_axes, full, bounds, cut, overlap, &mut handle));
        fails(failed, status, message);
        assert_eq!(handle, sentinel);
    }
}

#[test]
fn bad_constructions_are_named() {
    let full = Some(&[12, 11][..]);
    let cut = Some(&[3, 2][..]);
    for n_axes in [0, -1, i64::MIN, i64::MAX] {
        let message = "n_axes must be";
        let arguments = (n_axes, full, None, cut, None);
        create_fails(arguments, DICOD_ERROR_INVALID_ARGUMENT, [message; 2]);
    }
    let null_pointer = DICOD_ERROR_NULL_POINTER;
    create_fails((2, None, None, cut, None), null_pointer, ["full_shape is NULL"; 2]);
    let messages = ["n_segments is NULL", "segment_shape is NULL"];
    create_fails((2, full, None, None, None), null_pointer, messages);

    let shape = DICOD_ERROR_INVALID_SHAPE;
    let zero = Some(&[12, 0][..]);
    create_fails((2, zero, None, cut, None), shape, ["full_shape[1] must be"; 2]);
    let huge = Some(&[1 << 32, 1 << 32][..]);
    let message = "full_shape must be";
    create_fails((2, huge, None, cut, None), shape, [message; 2]);
    let bad_bounds = [
        ([2, 2, 0, 1], "inner_bounds[0] must be"),
        ([0, 1, -1, 1], "inner_bounds[1] must be"),
        ([0, 1, 3, 12], "inner_bounds[1] must be"),
        ([i64::MAX, i64::MIN, 0, 1], "inner_bounds[0] must be"),
    ];
    for (bounds, message) in bad_bounds {
        create_fails((2, full, Some(&bounds), cut, None), shape, [message; 2]);
    }

    let argument = DICOD_ERROR_INVALID_ARGUMENT;
    for bad in [0, -4, i64::MIN] {
        let names = ["n_segments", "segment_shape"].map(|name| format!("{name}[1] must be"));
        let messages = [&names[0][..], &names[1]];
        create_fails((2, full, None, Some(&[3, bad]), None), argument, messages);
    }
    let overlap = Some(&[0, -1][..]);
    create_fails((2, full, None, cut, overlap), argument, ["overlap[1] must be"; 2]);

    let mut handle = null_mut();
    let (shape, count) = ([7], [8]);
    let too_many = call!(segmentation_create_by_count(1, shape.as_ptr(), null(), count.as_ptr(), null(), &mut handle));
    let message = "n_segments[0] must be from 1 to 7";
    fails(too_many, argument, message);
    assert!(handle.is_null());
    let nowhere = call!(segmentation_create_by_shape(1, shape.as_ptr(), null(), count.as_ptr(), null(), null_mut()));
    fails(nowhere, null_pointer, "handle is NULL");
}

#[test]
fn bounds_alone_make_a_domain() {
    let mut handle = null_mut();
    let (bounds, size) = ([3, 10], [4]);
    let status = call!(segmentation_create_by_shape(1, null(), bounds.as_ptr(), size.as_ptr(), null(), &mut handle));
    assert_eq!(status, DICOD_OK);
    let mut full = [UNTOUCHED];
    assert_eq!(call!(segmentation_get_full_shape(handle, full.as_mut_ptr())), DICOD_OK);
    assert_eq!(full, [10]);
    call!(segmentation_free(&mut handle));
    assert!(handle.is_null());
    call!(segmentation_free(&mut handle));
    call!(segmentation_free(null_mut()));
}

#[test]
fn null_handles_and_outputs_are_named() {
    let grid = Grid::new();
    let s = grid.0;
    let none = null_mut::<dicod_segmentation>();
    let point = [1_i64, 1].as_ptr();
    let mut room = [UNTOUCHED; 16];
    let out = room.as_mut_ptr();
    let mut flag = -7;
    let no = null_mut::<i64>();
    let no_flag = null_mut::<i32>();
    let dz = [0.0; 132];
    let dz = dz.as_ptr();
    #[track_caller]
    fn named(status: dicod_status, name: &str) {
        fails(status, DICOD_ERROR_NULL_POINTER, &format!("{name} is NULL"));
    }
    named(call!(segmentation_get_n_axes(none, out)), "handle");
    named(call!(segmentation_get_n_axes(s, no)), "n_axes");
    named(call!(segmentation_get_n_segments(none, out)), "handle");
    named(call!(segmentation_get_n_segments(s, no)), "n_segments");
    named(call!(segmentation_get_segments_per_axis(none, out)), "handle");
    named(call!(segmentation_get_segments_per_axis(s, no)), "counts");
    named(call!(segmentation_get_nominal_shape(none, out)), "handle");
    named(call!(segmentation_get_nominal_shape(s, no)), "shape");
    named(call!(segmentation_get_shape(none, out)), "handle");
    named(call!(segmentation_get_shape(s, no)), "shape");
    named(call!(segmentation_get_inner_bounds(none, out)), "handle");
    named(call!(segmentation_get_inner_bounds(s, no)), "bounds");
    named(call!(segmentation_get_full_shape(none, out)), "handle");
    named(call!(segmentation_get_full_shape(s, no)), "shape");
    named(call!(segmentation_get_overlap(none, out)), "handle");
    named(call!(segmentation_get_overlap(s, no)), "overlap");
    named(call!(segmentation_get_segment_bounds(none, 0, 1, out)), "handle");
    named(call!(segmentation_get_segment_bounds(s, 0, 1, no)), "bounds");
    named(call!(segmentation_get_segment_shape(none, 0, 1, out)), "handle");
    named(call!(segmentation_get_segment_shape(s, 0, 1, no)), "shape");
    named(call!(segmentation_get_segment_slices(none, 0, 1, out, out)), "handle");
    named(call!(segmentation_get_segment_slices(s, 0, 1, no, out)), "start");
    named(call!(segmentation_get_segment_slices(s, 0, 1, out, no)), "count");
    named(call!(segmentation_find_segment(none, point, out)), "handle");
    named(call!(segmentation_find_segment(s, no, out)), "point");
    named(call!(segmentation_find_segment(s, point, no)), "i_seg");
    named(call!(segmentation_get_touched_segments(none, point, point, 4, out, out)), "handle");
    named(call!(segmentation_get_touched_segments(s, no, point, 4, out, out)), "point");
    named(call!(segmentation_get_touched_segments(s, point, no, 4, out, out)), "radius");
    named(call!(segmentation_get_touched_overlap_slices(none, 0, point, point, 4, out, out)), "handle");
    named(call!(segmentation_get_touched_overlap_slices(s, 0, no, point, 4, out, out)), "point");
    named(call!(segmentation_get_touched_overlap_slices(s, 0, point, no, 4, out, out)), "radius");
    named(call!(segmentation_get_touched_overlap_slices(s, 0, point, point, 4, out, no)), "count");
    named(call!(segmentation_get_global_coordinate(none, 0, point, out)), "handle");
    named(call!(segmentation_get_global_coordinate(s, 0, no, out)), "point");
    named(call!(segmentation_get_global_coordinate(s, 0, point, no)), "global");
    named(call!(segmentation_get_local_coordinate(none, 0, point, out)), "handle");
    named(call!(segmentation_get_local_coordinate(s, 0, no, out)), "point");
    named(call!(segmentation_get_local_coordinate(s, 0, point, no)), "local");
    named(call!(segmentation_contains_point(none, 0, point, 1, &mut flag)), "handle");
    named(call!(segmentation_contains_point(s, 0, no, 1, &mut flag)), "point");
    named(call!(segmentation_contains_point(s, 0, point, 1, no_flag)), "contained");
    named(call!(segmentation_contains_area(none, 0, point, point, &mut flag)), "handle");
    named(call!(segmentation_contains_area(s, 0, no, point, &mut flag)), "point");
    named(call!(segmentation_contains_area(s, 0, point, no, &mut flag)), "radius");
    named(call!(segmentation_contains_area(s, 0, point, point, no_flag)), "contained");
    named(call!(segmentation_get_padding_to_overlap(none, 0, out)), "handle");
    named(call!(segmentation_get_padding_to_overlap(s, 0, no)), "padding");
    named(call!(segmentation_increment(none, 0, out)), "handle");
    named(call!(segmentation_increment(s, 0, no)), "next");
    named(call!(segmentation_is_active(none, 0, &mut flag)), "handle");
    named(call!(segmentation_is_active(s, 0, no_flag)), "active");
    named(call!(segmentation_set_active(none, 1, point, out)), "handle");
    named(call!(segmentation_set_active(s, 1, no, out)), "segments");
    named(call!(segmentation_set_inactive(none, 1, point, out)), "handle");
    named(call!(segmentation_set_inactive(s, 1, no, out)), "segments");
    named(call!(segmentation_reset(none, out)), "handle");
    named(call!(segmentation_get_n_active(none, out)), "handle");
    named(call!(segmentation_get_n_active(s, no)), "n_active");
    named(call!(segmentation_exists_active(none, &mut flag)), "handle");
    named(call!(segmentation_exists_active(s, no_flag)), "exists");
    named(call!(segmentation_check_inactive(none, 1, dz, 1.0, out)), "handle");
    named(call!(segmentation_check_inactive(s, 1, dz, 1.0, no)), "i_seg");
    assert_eq!((room, flag), ([UNTOUCHED; 16], -7));
}

#[test]
fn bad_numbers_are_named() {
    let grid = Grid::new();
    let s = grid.0;
    let point = [1_i64, 1].as_ptr();
    let mut room = [UNTOUCHED; 16];
    let out = room.as_mut_ptr();
    let mut flag = -7;
    for bad in [-1, 6, i64::MIN, i64::MAX] {
        let message = format!("i_seg must be from 0 to 5, is {bad}");
        let named = |status| fails(status, DICOD_ERROR_OUT_OF_RANGE, &message);
        named(call!(segmentation_get_segment_bounds(s, bad, 1, out)));
        named(call!(segmentation_get_segment_shape(s, bad, 1, out)));
        named(call!(segmentation_get_segment_slices(s, bad, 1, out, out)));
        named(call!(segmentation_get_touched_overlap_slices(s, bad, point, point, 4, out, out)));
        named(call!(segmentation_get_global_coordinate(s, bad, point, out)));
        named(call!(segmentation_get_local_coordinate(s, bad, point, out)));
        named(call!(segmentation_contains_point(s, bad, point, 1, &mut flag)));
        named(call!(segmentation_contains_area(s, bad, point, point, &mut flag)));
        named(call!(segmentation_get_padding_to_overlap(s, bad, out)));
        named(call!(segmentation_is_active(s, bad, &mut flag)));
        if bad != -1 {
            named(call!(segmentation_increment(s, bad, out)));
        }
        let list = [0, bad];
        let message = format!("segments[1] must be from 0 to 5, is {bad}");
        let named = |status| fails(status, DICOD_ERROR_OUT_OF_RANGE, &message);
        named(call!(segmentation_set_active(s, 2, list.as_ptr(), out)));
        named(call!(segmentation_set_inactive(s, 2, list.as_ptr(), out)));
    }
    for bad in [-1, i64::MIN, i64::MAX] {
        let named = |status| fails(status, DICOD_ERROR_INVALID_ARGUMENT, "n must be");
        named(call!(segmentation_set_active(s, bad, point, out)));
        named(call!(segmentation_set_inactive(s, bad, point, out)));
    }
    for bad in [-1, i64::MIN] {
        let radius = [1, bad];
        let radius = radius.as_ptr();
        let message = format!("radius[1] must be at least 0, is {bad}");
        let named = |status| fails(status, DICOD_ERROR_INVALID_ARGUMENT, &message);
        named(call!(segmentation_get_touched_segments(s, point, radius, 4, out, out)));
        named(call!(segmentation_get_touched_overlap_slices(s, 0, point, radius, 4, out, out)));
        named(call!(segmentation_contains_area(s, 0, point, radius, &mut flag)));
    }
    let far = [0, i64::MAX];
    let overflows = call!(segmentation_get_global_coordinate(s, 5, far.as_ptr(), out));
    let message = "point[1] must be small enough for the result to fit in 64 bits, is 9223372036854775807";
    fails(overflows, DICOD_ERROR_OUT_OF_RANGE, message);
    let mut active = UNTOUCHED;
    assert_eq!(call!(segmentation_get_n_active(s, &mut active)), DICOD_OK);
    assert_eq!((room, flag, active), ([UNTOUCHED; 16], -7, 6));
}

fn wild() -> impl Strategy<Value = i64> {
    prop_oneof![
        12 => 1..20_i64,
        1 => -3..1_i64,
        1 => any::<i64>(),
        1 => Just(i64::MIN),
        1 => Just(i64::MAX),
        1 => (0..63).prop_map(|bits| 1_i64 << bits),
    ]
}

proptest! {
    /// Whatever the numbers: a status from the list, no panic, outputs written only on success.
    #[test]
    fn wild_numbers(
        full in [wild(), wild()],
        bounds in prop::option::of([wild(), wild(), wild(), wild()]),
        cut in [wild(), wild()],
        overlap in [wild(), wild()],
        by_count in any::<bool>(),
        i_seg in wild(),
        point in [wild(), wild()],
        radius in [wild(), wild()],
        inner in any::<i32>(),
        capacity in -1..9_i64,
    ) {
        let mut handle = null_mut();
        let create = match by_count {
            true => segmentation_create_by_count,
            false => segmentation_create_by_shape as extern "C" fn(_, _, _, _, _, _) -> _,
        };
        let bounds = bounds.as_ref().map_or(null(), |b| b.as_ptr());
        let (cut, overlap) = (cut.as_ptr(), overlap.as_ptr());
        let status = call!(create(2, full.as_ptr(), bounds, cut, overlap, &mut handle));
        prop_assert_eq!(status == DICOD_OK, !handle.is_null());
        let allowed = [
            DICOD_OK,
            DICOD_ERROR_INVALID_ARGUMENT,
            DICOD_ERROR_INVALID_SHAPE,
            DICOD_ERROR_OUT_OF_RANGE,
        ];
        prop_assert!(allowed.contains(&status), "{}", last_error());
        if status != DICOD_OK {
            return Ok(());
        }
        let grid = Grid(handle);
        let s = grid.0;
        let (point, radius) = (point.as_ptr(), radius.as_ptr());
        let mut n_segments = 0;
        prop_assert_eq!(call!(segmentation_get_n_segments(s, &mut n_segments)), DICOD_OK);
        // At most `capacity` numbers, or boxes of four numbers.
        let mut room = [UNTOUCHED; 36];
        let mut count = UNTOUCHED;
        let mut flag = -7;
        // A valid number half of the time.
        for i_seg in [i_seg, i_seg.rem_euclid(n_segments)] {
            let out = room.as_mut_ptr();
            let n = &mut count;
            for status in [
                call!(segmentation_get_segment_bounds(s, i_seg, inner, out)),
                call!(segmentation_get_segment_shape(s, i_seg, inner, out)),
                call!(segmentation_get_padding_to_overlap(s, i_seg, out)),
                call!(segmentation_find_segment(s, point, n)),
                call!(segmentation_get_touched_segments(s, point, radius, capacity, out, n)),
                call!(segmentation_get_touched_overlap_slices(
                    s, i_seg, point, radius, capacity, out, n
                )),
                call!(segmentation_get_global_coordinate(s, i_seg, point, out)),
                call!(segmentation_get_local_coordinate(s, i_seg, point, out)),
                call!(segmentation_contains_point(s, i_seg, point, inner, &mut flag)),
                call!(segmentation_contains_area(s, i_seg, point, radius, &mut flag)),
                call!(segmentation_increment(s, i_seg, n)),
                call!(segmentation_is_active(s, i_seg, &mut flag)),
            ] {
                prop_assert!(allowed.contains(&status), "{}", last_error());
            }
            let valid = (0..n_segments).contains(&i_seg);
            let status = call!(segmentation_get_segment_bounds(s, i_seg, 1, room.as_mut_ptr()));
            prop_assert_eq!(status == DICOD_OK, valid);
            if valid {
                prop_assert!(0 <= room[0] && room[0] < room[1] && room[1] <= full[0]);
                prop_assert!(0 <= room[2] && room[2] < room[3] && room[3] <= full[1]);
            }
        }
    }
}
