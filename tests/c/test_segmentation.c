/* segmentation_*: every function, from C. A domain of 12 x 10 in 3 x 2 segments of 4 x 5 with an overlap of (2, 1):
 *
 *              0..4    5..9
 *      0..3      0       1
 *      4..7      2       3
 *      8..11     4       5
 */
#include "check.h"

static const int64_t shape[2] = {12, 10}, counts[2] = {3, 2}, overlap[2] = {2, 1};

static dicod_segmentation *grid(void)
{
    dicod_segmentation *made = NULL;
    OK(segmentation_create_by_count(2, shape, NULL, counts, overlap, &made));
    return made;
}

static void describes_itself(void)
{
    dicod_segmentation *s = grid();
    int64_t n = 0, a[4] = {0};
    OK(segmentation_get_n_axes(s, &n));
    CHECK(n == 2);
    OK(segmentation_get_n_segments(s, &n));
    CHECK(n == 6);
    OK(segmentation_get_segments_per_axis(s, a));
    EQUAL(a, 3, 2);
    OK(segmentation_get_nominal_shape(s, a));
    EQUAL(a, 4, 5);
    OK(segmentation_get_shape(s, a));
    EQUAL(a, 12, 10);
    OK(segmentation_get_full_shape(s, a));
    EQUAL(a, 12, 10);
    OK(segmentation_get_overlap(s, a));
    EQUAL(a, 2, 1);
    OK(segmentation_get_inner_bounds(s, a));
    EQUAL(a, 0, 12, 0, 10);
    segmentation_free(&s);
    CHECK(s == NULL);
    segmentation_free(&s);
    segmentation_free(NULL);
}

static void has_segments(void)
{
    dicod_segmentation *s = grid();
    int64_t a[4] = {0}, b[2] = {0};
    OK(segmentation_get_segment_bounds(s, 3, 1, a));
    EQUAL(a, 4, 8, 5, 10);
    OK(segmentation_get_segment_bounds(s, 3, 0, a));
    EQUAL(a, 2, 10, 4, 10);
    OK(segmentation_get_segment_shape(s, 3, 1, a));
    EQUAL(a, 4, 5);
    OK(segmentation_get_segment_shape(s, 3, 0, a));
    EQUAL(a, 8, 6);
    OK(segmentation_get_segment_slices(s, 3, 0, a, b));
    EQUAL(a, 2, 4);
    EQUAL(b, 8, 6);
    OK(segmentation_get_padding_to_overlap(s, 3, a));
    EQUAL(a, 0, 0, 0, 1);
    OK(segmentation_get_padding_to_overlap(s, 0, a));
    EQUAL(a, 2, 0, 1, 0);
    FAILS(DICOD_ERROR_OUT_OF_RANGE, "6", segmentation_get_segment_bounds(s, 6, 1, a));
    FAILS(DICOD_ERROR_OUT_OF_RANGE, "-1", segmentation_get_segment_shape(s, -1, 1, a));
    FAILS(DICOD_ERROR_OUT_OF_RANGE, "i_seg", segmentation_get_padding_to_overlap(s, 99, a));
    a[0] = 77;
    FAILS(DICOD_ERROR_NULL_POINTER, "count", segmentation_get_segment_slices(s, 3, 0, a, NULL));
    CHECK(a[0] == 77);
    segmentation_free(&s);
}

static void finds_points(void)
{
    dicod_segmentation *s = grid();
    int64_t i = -1, n = -1, list[8] = {0}, boxes[16] = {0}, p[2];
    int32_t yes = -1;
    const int64_t inside[2] = {5, 7}, outside[2] = {-3, 100}, corner[2] = {4, 5}, none[2] = {0, 0}, one[2] = {1, 1};
    const int64_t far[2] = {1000, 1000}, negative[2] = {0, -1}, local[2] = {3, 3};

    OK(segmentation_find_segment(s, inside, &i));
    CHECK(i == 3);
    OK(segmentation_find_segment(s, outside, &i));
    CHECK(i == 1);

    OK(segmentation_get_touched_segments(s, corner, far, 0, NULL, &n));
    CHECK(n == 6);
    OK(segmentation_get_touched_segments(s, corner, far, 8, list, &n));
    EQUAL(list, 0, 1, 2, 3, 4, 5);
    list[0] = 77;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "capacity", segmentation_get_touched_segments(s, corner, far, 5, list, &n));
    CHECK(list[0] == 77);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "radius", segmentation_get_touched_segments(s, corner, negative, 8, list, &n));
    OK(segmentation_get_touched_segments(s, corner, none, 8, list, &n));
    CHECK(n >= 1 && list[n - 1] == 3);

    /* segment 3 starts at (2, 4); its inner part is 2..5 x 1..5 there */
    OK(segmentation_get_global_coordinate(s, 3, local, p));
    EQUAL(p, 5, 7);
    OK(segmentation_get_local_coordinate(s, 3, p, p));
    EQUAL(p, 3, 3);
    OK(segmentation_contains_point(s, 3, local, 1, &yes));
    CHECK(yes == 1);
    OK(segmentation_contains_point(s, 3, none, 1, &yes));
    CHECK(yes == 0);
    OK(segmentation_contains_point(s, 3, none, 0, &yes));
    CHECK(yes == 1);
    OK(segmentation_contains_area(s, 3, local, one, &yes));
    CHECK(yes == 1);
    OK(segmentation_contains_area(s, 3, local, far, &yes));
    CHECK(yes == 0);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "radius", segmentation_contains_area(s, 3, local, negative, &yes));

    OK(segmentation_get_touched_overlap_slices(s, 3, local, none, 0, NULL, &n));
    CHECK(n == 0);
    p[0] = 2, p[1] = 3; /* the first row of the inner part: the window reaches into the overlap above */
    OK(segmentation_get_touched_overlap_slices(s, 3, p, one, 4, boxes, &n));
    CHECK(n == 1);
    EQUAL(boxes, 1, 2, 2, 5);
    FAILS(DICOD_ERROR_OUT_OF_RANGE, "i_seg", segmentation_get_touched_overlap_slices(s, 6, p, one, 4, boxes, &n));
    FAILS(DICOD_ERROR_NULL_POINTER, "point", segmentation_find_segment(s, NULL, &i));
    FAILS(DICOD_ERROR_NULL_POINTER, "handle", segmentation_find_segment(NULL, inside, &i));
    segmentation_free(&s);
}

static void keeps_books(void)
{
    dicod_segmentation *s = grid();
    int64_t n = -1, next = -1;
    int32_t yes = -1;
    const int64_t some[3] = {1, 4, 4}, wrong[2] = {2, 6};
    OK(segmentation_increment(s, 2, &next));
    CHECK(next == 3);
    OK(segmentation_increment(s, 5, &next));
    CHECK(next == 0);
    OK(segmentation_get_n_active(s, &n));
    CHECK(n == 6);
    OK(segmentation_set_inactive(s, 3, some, &n));
    CHECK(n == 2);
    OK(segmentation_is_active(s, 4, &yes));
    CHECK(yes == 0);
    FAILS(DICOD_ERROR_OUT_OF_RANGE, "6", segmentation_set_inactive(s, 2, wrong, &n));
    OK(segmentation_get_n_active(s, &n));
    CHECK(n == 4);
    OK(segmentation_set_active(s, 1, some, NULL));
    OK(segmentation_get_n_active(s, &n));
    CHECK(n == 5);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n", segmentation_set_active(s, -1, some, NULL));

    double dz[120] = {0};
    OK(segmentation_check_inactive(s, 1, dz, 0.5, &n));
    CHECK(n == -1);
    dz[9 * 10 + 2] = -1; /* in segment 4, which rests */
    OK(segmentation_check_inactive(s, 1, dz, 0.5, &n));
    CHECK(n == 4);
    dz[0] = NAN;
    FAILS(DICOD_ERROR_NOT_FINITE, "dz", segmentation_check_inactive(s, 1, dz, 0.5, &n));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "tol", segmentation_check_inactive(s, 1, dz, -0.5, &n));

    OK(segmentation_reset(s, &n));
    CHECK(n == 1);
    OK(segmentation_exists_active(s, &yes));
    CHECK(yes == 1);
    segmentation_free(&s);
}

static void is_made_by_shape_and_inside_bounds(void)
{
    dicod_segmentation *s = NULL;
    const int64_t full[1] = {20}, bounds[2] = {3, 17}, size[1] = {5};
    int64_t n = 0, a[2];
    OK(segmentation_create_by_shape(1, full, bounds, size, NULL, &s));
    OK(segmentation_get_n_segments(s, &n));
    CHECK(n == 3);
    OK(segmentation_get_segment_bounds(s, 2, 1, a));
    EQUAL(a, 13, 17);
    segmentation_free(&s);
    /* so many positions that nobody could look at each: without atoms there is nothing to look at */
    const int64_t long_one[1] = {INT64_MAX}, all[1] = {0};
    OK(segmentation_create_by_shape(1, long_one, NULL, long_one, NULL, &s));
    OK(segmentation_set_inactive(s, 1, all, NULL));
    OK(segmentation_check_inactive(s, 0, NULL, 0.1, &n));
    CHECK(n == -1);
    segmentation_free(&s);
}

static void refuses_what_cannot_be(void)
{
    dicod_segmentation *s = NULL;
    const int64_t zero[2] = {0, 10}, many[2] = {13, 2}, huge[2] = {INT64_MAX, INT64_MAX}, bad[4] = {5, 5, 0, 10};
    const int64_t negative[2] = {-1, 0};
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_axes", segmentation_create_by_count(0, shape, NULL, counts, NULL, &s));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_axes", segmentation_create_by_count(INT64_MAX, shape, NULL, counts, NULL, &s));
    FAILS(DICOD_ERROR_NULL_POINTER, "full_shape", segmentation_create_by_count(2, NULL, NULL, counts, NULL, &s));
    FAILS(DICOD_ERROR_NULL_POINTER, "handle", segmentation_create_by_count(2, shape, NULL, counts, NULL, NULL));
    FAILS(DICOD_ERROR_INVALID_SHAPE, "full_shape", segmentation_create_by_count(2, zero, NULL, counts, NULL, &s));
    FAILS(DICOD_ERROR_INVALID_SHAPE, "full_shape", segmentation_create_by_count(2, huge, NULL, counts, NULL, &s));
    FAILS(DICOD_ERROR_INVALID_SHAPE, "inner_bounds", segmentation_create_by_count(2, shape, bad, counts, NULL, &s));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "13", segmentation_create_by_count(2, shape, NULL, many, NULL, &s));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "overlap", segmentation_create_by_count(2, shape, NULL, counts, negative, &s));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "segment_shape", segmentation_create_by_shape(2, shape, NULL, zero, NULL, &s));
    CHECK(s == NULL);
}

int main(void)
{
    describes_itself();
    has_segments();
    finds_points();
    keeps_books();
    is_made_by_shape_and_inside_bounds();
    refuses_what_cannot_be();
    return report("segmentation");
}
