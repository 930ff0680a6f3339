//! [`Segmentation`] against the answers of the published class (tests/golden/segmentation.json) and
//! against brute force.

use dicod::Error;
use dicod::grid::{Domain, Part, Segmentation};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// How often the published class was seen to differ, by kind.
type Tally = BTreeMap<&'static str, usize>;

fn cases() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("golden/segmentation.json")).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn list(value: &Value) -> Vec<i64> {
    let values = value.as_array().unwrap();
    values.iter().map(|v| v.as_i64().unwrap()).collect()
}

fn ranges(value: &Value) -> Vec<Range<i64>> {
    let pairs = value.as_array().unwrap().iter().map(list);
    pairs.map(|pair| pair[0]..pair[1]).collect()
}

/// One value per axis, where the published class also takes one for all.
fn per_axis(value: &Value, n_axes: usize) -> Option<Vec<i64>> {
    match value {
        Value::Null => None,
        Value::Array(_) => Some(list(value)),
        one => Some(vec![one.as_i64().unwrap(); n_axes]),
    }
}

/// Our segmentation for the arguments of a published one.
fn build(config: &Value) -> Result<Segmentation, Error> {
    let (domain, n_axes) = match &config["inner_bounds"] {
        Value::Null => {
            let shape = per_axis(&config["signal_support"], 1).unwrap();
            (Domain::whole(&shape)?, shape.len())
        }
        bounds => {
            let bounds = ranges(bounds);
            let full_shape = per_axis(&config["full_support"], bounds.len());
            let domain = Domain::inside(&bounds, full_shape.as_deref())?;
            (domain, bounds.len())
        }
    };
    let segments = match per_axis(&config["seg_support"], n_axes) {
        Some(shape) => Segmentation::by_shape(&domain, &shape)?,
        None => Segmentation::by_count(&domain, &per_axis(&config["n_seg"], n_axes).unwrap())?,
    };
    match per_axis(&config["overlap"], n_axes) {
        Some(overlap) => segments.with_overlap(&overlap),
        None => Ok(segments),
    }
}

fn touched_by_brute_force(s: &Segmentation, point: &[i64], radius: &[i64]) -> Vec<i64> {
    let overlap = s.overlap();
    let inner = |i| s.segment_bounds(i, Part::Inner).unwrap();
    let nearest = inner(s.find_segment(point).unwrap());
    let touches = |i: &i64| {
        inner(*i).iter().enumerate().all(|(a, range)| {
            let meets =
                point[a] - radius[a] < range.end + overlap[a] && point[a] + radius[a] >= range.start - overlap[a];
            meets || *range == nearest[a]
        })
    };
    (0..s.n_segments()).filter(touches).collect()
}

fn positions(within: &[Range<i64>]) -> Vec<Vec<i64>> {
    within.iter().fold(vec![vec![]], |heads, range| {
        let longer = heads.iter().flat_map(|head| {
            let tails = range.clone();
            tails.map(move |x| [&head[..], &[x]].concat())
        });
        longer.collect()
    })
}

fn contains(ranges: &[Range<i64>], point: &[i64]) -> bool {
    ranges.iter().zip(point).all(|(range, x)| range.contains(x))
}

/// The boxes hold what is both in the window and in the overlap, and nothing else.
fn check_overlap_slices(s: &Segmentation, i_seg: i64, point: &[i64], radius: &[i64]) {
    let boxes = s.touched_overlap_slices(i_seg, point, radius).unwrap();
    assert!(boxes.len() <= 2 * s.n_axes());
    let shape = s.segment_shape(i_seg, Part::Outer).unwrap();
    let whole: Vec<_> = shape.iter().map(|&size| 0..size).collect();
    for slices in &boxes {
        assert!(slices.iter().all(|range| !range.is_empty()), "{slices:?}");
        let inside = |(small, large): (&Range<i64>, &Range<i64>)| large.start <= small.start && small.end <= large.end;
        assert!(slices.iter().zip(&whole).all(inside), "{slices:?} in {shape:?}");
    }
    for x in positions(&whole) {
        let in_window = x.iter().zip(point.iter().zip(radius)).all(|(x, (p, r))| (p - r..=p + r).contains(x));
        let expected = in_window && !s.contains_point(i_seg, &x, Part::Inner).unwrap();
        let found = boxes.iter().any(|slices| contains(slices, &x));
        assert_eq!(found, expected, "{x:?}, window {point:?} ± {radius:?}");
    }
}

/// Everything that follows from the published bounds; `exact` if ours are the same.
fn check_answers(s: &mut Segmentation, case: &Value, exact: bool, tally: &mut Tally) {
    let n_axes = s.n_axes();
    let mut differs = |kind| *tally.entry(kind).or_default() += 1;
    assert_eq!(s.increment(-1), Ok(0));
    for segment in case["segments"].as_array().unwrap().iter().filter(|_| exact) {
        let i_seg = segment["i_seg"].as_i64().unwrap();
        for (part, bounds, shape) in [(Part::Inner, "inner", "support_inner"), (Part::Outer, "outer", "support_outer")]
        {
            assert_eq!(s.segment_bounds(i_seg, part), Ok(ranges(&segment[bounds])));
            assert_eq!(s.segment_shape(i_seg, part), Ok(list(&segment[shape])));
            let slices = s.segment_slices(i_seg, part).unwrap();
            let slices = slices.iter().map(|r| r.start as i64..r.end as i64);
            assert_eq!(slices.collect::<Vec<_>>(), ranges(&segment[bounds]));
        }
        let padding = segment["padding_to_overlap"].as_array().unwrap();
        let padding: Vec<[i64; 2]> = padding.iter().map(|pair| list(pair).try_into().unwrap()).collect();
        assert_eq!(s.padding_to_overlap(i_seg), Ok(padding));
        assert_eq!(s.increment(i_seg), Ok(segment["increment"].as_i64().unwrap()));
    }
    for answer in case["points"].as_array().unwrap() {
        let point = list(&answer["pt"]);
        let radius = per_axis(&answer["radius"], n_axes).unwrap();
        let found = s.find_segment(&point).unwrap();
        let touched = s.touched_segments(&point, &radius).unwrap();
        assert_eq!(touched, touched_by_brute_force(s, &point, &radius));
        if !exact {
            continue;
        }
        assert_eq!(found, answer["find_segment"].as_i64().unwrap());
        if let Value::Object(error) = &answer["touched_segments"] {
            assert_eq!(error["error"], "ValueError");
            differs("touched: radius refused");
            continue;
        }
        let published = list(&answer["touched_segments"]);
        let mut sorted = published.clone();
        sorted.sort_unstable();
        if touched != sorted {
            // Never the other way round.
            assert!(sorted.iter().all(|i| touched.contains(i)));
            differs("touched: segments missed");
        } else if touched != published {
            differs("touched: other order");
        }
    }
    for answer in case["local_points"].as_array().unwrap() {
        let i_seg = answer["i_seg"].as_i64().unwrap();
        let local = list(&answer["pt_local"]);
        let radius = per_axis(&answer["radius"], n_axes).unwrap();
        check_overlap_slices(s, i_seg, &local, &radius);
        if !exact {
            continue;
        }
        let global = list(&answer["pt_global"]);
        assert_eq!(s.global_coordinate(i_seg, &local).as_ref(), Ok(&global));
        assert_eq!(s.local_coordinate(i_seg, &global), Ok(list(&answer["back_to_local"])));
        for (part, key) in [(Part::Inner, "contained_inner"), (Part::Outer, "contained_outer")] {
            let contained = s.contains_point(i_seg, &local, part).unwrap();
            assert_eq!(contained, answer[key].as_bool().unwrap());
        }
        let area = &answer["area_contained"];
        let contained = s.contains_area(i_seg, &local, &radius).unwrap();
        match area {
            Value::Bool(published) => assert_eq!(contained, *published),
            error => {
                assert_eq!(error["error"], "AssertionError");
                assert!(!contained);
                differs("area: assertion instead of false");
            }
        }
        match answer["touched_overlap_slices"].as_array() {
            None => differs("overlap slices: assertion"),
            Some(published) => {
                let is_full = |slices: &Vec<Range<i64>>| !slices.iter().any(Range::is_empty);
                let boxes: Vec<_> = published.iter().map(ranges).filter(is_full).collect();
                assert_eq!(s.touched_overlap_slices(i_seg, &local, &radius), Ok(boxes.clone()));
                if boxes.len() < published.len() {
                    differs("overlap slices: some empty");
                }
            }
        }
    }
    for step in case["activity"].as_array().unwrap() {
        let segments = list(&step["segments"]);
        let before = s.n_active();
        let changed = match step["op"].as_str().unwrap() {
            "set_active" => s.set_active(&segments).unwrap(),
            "set_inactive" => -s.set_inactive(&segments).unwrap(),
            "reset" => s.reset(),
            other => panic!("{other}"),
        };
        assert_eq!(s.n_active() - before, changed);
        if let Some(published) = step["changed"].as_i64() {
            assert_eq!(changed, published);
        }
        assert_eq!(s.n_active(), step["n_active"].as_i64().unwrap());
        assert_eq!(s.exists_active(), step["exist_active"].as_bool().unwrap());
        let active = (0..s.n_segments()).filter(|&i| s.is_active(i).unwrap());
        assert_eq!(active.count() as i64, s.n_active());
    }
}

/// The domain is covered disjointly, and every position is found in its segment.
fn check_cover(s: &Segmentation) {
    let mut positions_held = 0;
    for i_seg in 0..s.n_segments() {
        let inner = s.segment_bounds(i_seg, Part::Inner).unwrap();
        assert!(inner.iter().all(|range| !range.is_empty()));
        for x in positions(&inner) {
            assert!(contains(&s.inner_bounds(), &x));
            // Found in one segment only, so the parts are disjoint.
            assert_eq!(s.find_segment(&x), Ok(i_seg));
            positions_held += 1;
        }
    }
    assert_eq!(positions_held, s.shape().iter().product::<i64>());
}

#[test]
fn the_published_answers_but_for_the_listed_differences() {
    let mut tally = Tally::new();
    let mut not_exact = Tally::new();
    for (index, case) in cases().iter().enumerate() {
        let mut differs = |kind| *tally.entry(kind).or_default() += 1;
        if case["construct_error"].is_object() {
            let config = &case["config"];
            if config["inner_bounds"].is_null() {
                // Neither a shape nor bounds: a `Domain` cannot even be written.
                assert!(config["signal_support"].is_null());
                differs("construction: no domain");
                continue;
            }
            let error = build(config).unwrap_err();
            assert!(error.to_string().starts_with("inner_bounds[0] must be"), "{error}");
            assert!(error.to_string().contains("full_shape[0] = "), "{error}");
            differs("construction: bounds outside the full shape");
            continue;
        }
        let sizes = list(&case["signal_support"]);
        let counts = list(&case["n_seg_per_axis"]);
        let degenerate = case["degenerate"].as_bool().unwrap();
        let mut s = match build(&case["config"]) {
            Ok(segmentation) => segmentation,
            Err(error) => {
                // More segments than positions.
                assert!(degenerate, "case {index}: {error}");
                let axis = (0..sizes.len()).find(|&a| counts[a] > sizes[a]).unwrap();
                let (size, count) = (sizes[axis], counts[axis]);
                assert_eq!(
                    error.to_string(),
                    format!(
                        "n_segments[{axis}] must be from 1 to \
                         {size}, the size of the domain on that axis, is {count}"
                    )
                );
                differs("degenerate: rejected");
                continue;
            }
        };
        assert_eq!(s.n_axes() as i64, case["n_axis"].as_i64().unwrap());
        assert_eq!(s.shape(), sizes);
        assert_eq!(s.inner_bounds(), ranges(&case["inner_bounds"]));
        assert_eq!(s.full_shape(), list(&case["full_support"]));
        assert_eq!(s.overlap(), list(&case["overlap"]));
        assert_eq!(s.segments_per_axis(), counts);
        assert_eq!(s.nominal_shape(), list(&case["seg_support"]));
        assert_eq!(s.n_segments(), case["effective_n_seg"].as_i64().unwrap());
        let published = counts.iter().zip(&sizes).zip(s.nominal_shape());
        let has_room: Vec<bool> = published.map(|((count, size), nominal)| (count - 1) * nominal < *size).collect();
        assert_eq!(degenerate, has_room.contains(&false));
        if degenerate {
            differs("degenerate: cut evenly");
            for segment in case["segments"].as_array().unwrap() {
                let ours = s.segment_bounds(segment["i_seg"].as_i64().unwrap(), Part::Inner);
                let same = ours.unwrap().into_iter().zip(ranges(&segment["inner"]));
                assert!(same.zip(&has_room).all(|((a, b), exact)| !exact || a == b));
            }
            check_cover(&s);
            check_answers(&mut s, case, false, &mut not_exact);
        } else {
            check_answers(&mut s, case, true, &mut tally);
        }
    }
    let expected = Tally::from([
        ("construction: no domain", 1),
        ("construction: bounds outside the full shape", 3),
        ("degenerate: rejected", 2),
        ("degenerate: cut evenly", 7),
        ("touched: radius refused", 231),
        ("touched: segments missed", 55),
        ("touched: other order", 161),
        ("overlap slices: assertion", 226),
        ("overlap slices: some empty", 12),
        ("area: assertion instead of false", 871),
    ]);
    assert_eq!(tally, expected);
    assert!(not_exact.is_empty());
}

#[test]
#[expect(clippy::single_range_in_vec_init)]
fn bad_arguments_are_named_with_their_value() {
    let message = |result: Result<Segmentation, Error>| result.unwrap_err().to_string();
    let whole = |shape: &[i64]| Domain::whole(shape).unwrap_err().to_string();
    let inside = |bounds: &[Range<i64>], full: Option<&[i64]>| Domain::inside(bounds, full).unwrap_err().to_string();
    assert_eq!(whole(&[]), "full_shape must be of at least one axis, is []");
    assert_eq!(whole(&[4, 0]), "full_shape[1] must be at least 1, is 0");
    assert!(whole(&[i64::MAX, 2]).starts_with("full_shape must be"));
    assert!(inside(&[], None).starts_with("inner_bounds must be"));
    #[expect(clippy::reversed_empty_ranges)]
    let reversed = [0..4, 5..3];
    assert!(inside(&reversed, None).starts_with("inner_bounds[1] must be"));
    assert!(inside(&[-1..3], None).starts_with("inner_bounds[0] must be"));
    assert!(inside(&[0..9], Some(&[8])).ends_with("inside full_shape[0] = 8, is [0, 9]"));
    assert!(inside(&[0..9], Some(&[9, 9])).starts_with("full_shape must be"));

    let domain = Domain::whole(&[10, 8]).unwrap();
    let by_count = |n: &[i64]| message(Segmentation::by_count(&domain, n));
    let by_shape = |n: &[i64]| message(Segmentation::by_shape(&domain, n));
    assert!(by_count(&[2]).starts_with("n_segments must be"));
    assert!(by_count(&[2, 0]).starts_with("n_segments[1] must be"));
    assert!(by_count(&[11, 1]).starts_with("n_segments[0] must be"));
    assert!(by_shape(&[4, 4, 4]).starts_with("segment_shape must be"));
    assert!(by_shape(&[4, -4]).starts_with("segment_shape[1] must be"));

    let mut s = Segmentation::by_shape(&domain, &[4, 4]).unwrap();
    let overlap = |overlap: &[i64]| message(s.clone().with_overlap(overlap));
    assert_eq!(overlap(&[1]), "overlap must be one value for each of 2 axes, is [1]");
    assert_eq!(overlap(&[-1, 0]), "overlap[0] must be at least 0, is -1");
    for bad in [-1, 6, i64::MIN, i64::MAX] {
        let named = |error: Error| {
            let text = format!("i_seg must be from 0 to 5, is {bad}");
            assert!(error.to_string().starts_with(&text), "{error}");
        };
        named(s.segment_bounds(bad, Part::Inner).unwrap_err());
        named(s.segment_shape(bad, Part::Outer).unwrap_err());
        named(s.segment_slices(bad, Part::Outer).unwrap_err());
        named(s.padding_to_overlap(bad).unwrap_err());
        named(s.global_coordinate(bad, &[0, 0]).unwrap_err());
        named(s.local_coordinate(bad, &[0, 0]).unwrap_err());
        named(s.contains_point(bad, &[0, 0], Part::Inner).unwrap_err());
        named(s.contains_area(bad, &[0, 0], &[0, 0]).unwrap_err());
        named(s.touched_overlap_slices(bad, &[0, 0], &[0, 0]).unwrap_err());
        named(s.is_active(bad).unwrap_err());
        if bad != -1 {
            named(s.increment(bad).unwrap_err());
        }
        let in_list = "segments[1] must be from 0 to 5";
        let failed = s.set_inactive(&[0, bad]).unwrap_err().to_string();
        assert!(failed.starts_with(in_list), "{failed}");
        let failed = s.set_active(&[0, bad]).unwrap_err().to_string();
        assert!(failed.starts_with(in_list), "{failed}");
        assert_eq!(s.n_active(), 6);
    }
    let failed = s.touched_segments(&[0], &[1, 1]).unwrap_err();
    assert!(failed.to_string().starts_with("point must be"));
    let failed = s.touched_segments(&[0, 0], &[1, -1]).unwrap_err();
    assert!(failed.to_string().starts_with("radius[1] must be"));
    let failed = s.find_segment(&[0, 0, 0]).unwrap_err();
    assert!(failed.to_string().starts_with("point must be"));
    let failed = s.global_coordinate(5, &[0, i64::MAX]).unwrap_err();
    assert!(failed.to_string().starts_with("point[1] must be"));
    let failed = s.local_coordinate(5, &[0, i64::MIN]).unwrap_err();
    assert!(failed.to_string().starts_with("point[1] must be"));
}

#[test]
fn inactive_segments_are_checked_against_dz() {
    let domain = Domain::inside(&[1..7, 0..4], Some(&[8, 5])).unwrap();
    let mut s = Segmentation::by_shape(&domain, &[3, 2]).unwrap();
    let mut dz = vec![0.0_f32; 2 * 8 * 5];
    let at = |atom: usize, y: usize, x: usize| (atom * 8 + y) * 5 + x;
    dz[at(1, 4, 1)] = -2.0; // segment 2
    dz[at(0, 0, 0)] = 9.0; // outside the domain
    assert_eq!(s.check_inactive(&dz, 1.0), Ok(None));
    s.set_inactive(&[0, 1, 3]).unwrap();
    assert_eq!(s.check_inactive(&dz, 1.0), Ok(None));
    s.set_inactive(&[2]).unwrap();
    assert_eq!(s.check_inactive(&dz, 1.0), Ok(Some(2)));
    assert_eq!(s.check_inactive(&dz, 2.0), Ok(None));
    assert_eq!(s.check_inactive::<f64>(&[], 2.0), Ok(None));

    let failed = s.check_inactive(&dz[1..], 1.0).unwrap_err().to_string();
    assert!(failed.starts_with("the length of dz must be"), "{failed}");
    for tol in [-1.0, f64::NAN, f64::INFINITY] {
        let failed = s.check_inactive(&dz, tol).unwrap_err().to_string();
        assert!(failed.starts_with("tol must be"), "{failed}");
    }
    dz[at(1, 7, 3)] = f32::NAN;
    let failed = s.check_inactive(&dz, 1.0).unwrap_err().to_string();
    assert!(failed.starts_with("dz[1, 7, 3] must be a finite number, is NaN"), "{failed}");
}

/// One axis: start, size, room after the domain, overlap, and how to cut, as count or as size.
type AxisPlan = (i64, i64, i64, i64, i64);

fn plans() -> impl Strategy<Value = (bool, Vec<AxisPlan>)> {
    let plan = |longest: i64| {
        (0..4_i64, 1..=longest, 0..4_i64, 0..9_i64).prop_flat_map(|(start, size, room, overlap)| {
            let cut = 1..=size;
            cut.prop_map(move |cut| (start, size, room, overlap, cut))
        })
    };
    let axes = (1..=4_usize).prop_flat_map(move |n_axes| {
        let longest = [60, 16, 9, 5][n_axes - 1];
        prop::collection::vec(plan(longest), n_axes)
    });
    (any::<bool>(), axes)
}

fn planned((by_count, axes): &(bool, Vec<AxisPlan>)) -> Segmentation {
    let bounds: Vec<_> = axes.iter().map(|a| a.0..a.0 + a.1).collect();
    let full_shape: Vec<_> = axes.iter().map(|a| a.0 + a.1 + a.2).collect();
    let overlap: Vec<_> = axes.iter().map(|a| a.3).collect();
    let cut: Vec<_> = axes.iter().map(|a| a.4).collect();
    let domain = Domain::inside(&bounds, Some(&full_shape)).unwrap();
    let segments = match by_count {
        true => Segmentation::by_count(&domain, &cut),
        false => Segmentation::by_shape(&domain, &cut),
    };
    segments.unwrap().with_overlap(&overlap).unwrap()
}

fn points(n_axes: usize) -> impl Strategy<Value = (Vec<i64>, Vec<i64>)> {
    let point = prop::collection::vec(-12..80_i64, n_axes);
    let radius = prop_oneof![0..4_i64, 0..100_i64];
    (point, prop::collection::vec(radius, n_axes))
}

fn plans_and_points() -> impl Strategy<Value = (Segmentation, Vec<i64>, Vec<i64>, i64)> {
    let n_axes_known = plans().prop_flat_map(|plan| {
        let s = planned(&plan);
        let i_seg = 0..s.n_segments();
        (Just(s), points(plan.1.len()), i_seg)
    });
    n_axes_known.prop_map(|(s, (point, radius), i_seg)| (s, point, radius, i_seg))
}

proptest! {
    #[test]
    fn segments_cover_the_domain_disjointly(plan in plans()) {
        let s = planned(&plan);
        check_cover(&s);
        let asked: Vec<i64> = plan.1.iter().map(|axis| axis.4).collect();
        if plan.0 {
            prop_assert_eq!(s.segments_per_axis(), asked);
        } else {
            prop_assert_eq!(s.nominal_shape(), asked);
        }
    }

    #[test]
    fn overlaps_are_clipped_to_the_full_shape((s, _, _, i_seg) in plans_and_points()) {
        let inner = s.segment_bounds(i_seg, Part::Inner).unwrap();
        let outer = s.segment_bounds(i_seg, Part::Outer).unwrap();
        let padding = s.padding_to_overlap(i_seg).unwrap();
        for a in 0..s.n_axes() {
            let (overlap, full) = (s.overlap()[a], s.full_shape()[a]);
            prop_assert_eq!(outer[a].start, (inner[a].start - overlap).max(0));
            prop_assert_eq!(outer[a].end, (inner[a].end + overlap).min(full));
            prop_assert_eq!(outer[a].start - padding[a][0], inner[a].start - overlap);
            prop_assert_eq!(outer[a].end + padding[a][1], inner[a].end + overlap);
        }
    }

    #[test]
    fn the_nearest_segment_is_found((s, point, _, _) in plans_and_points()) {
        let distance = |i_seg| -> i64 {
            let inner = s.segment_bounds(i_seg, Part::Inner).unwrap();
            let apart = inner.iter().zip(&point);
            apart.map(|(range, &x)| (x.clamp(range.start, range.end - 1) - x).abs()).sum()
        };
        let nearest = (0..s.n_segments()).min_by_key(|&i_seg| distance(i_seg)).unwrap();
        let found = s.find_segment(&point).unwrap();
        prop_assert_eq!(distance(found), distance(nearest));
let inside = contains(&s.inner_bounds(), &point);
        prop_assert!(!inside || found == nearest);
    }

    #[test]
    fn touched_segments_are_all_that_the_window_meets((s, point, radius, _) in plans_and_points()) {
        let touched = s.touched_segments(&point, &radius).unwrap();
        prop_assert_eq!(&touched, &touched_by_brute_force(&s, &point, &radius));
        // For a window that meets the domain: just those whose outer part it meets.
        let window: Vec<_> = point.iter().zip(&radius).map(|(x, r)| x - r..x + r + 1).collect();
        let meets = |ranges: &[Range<i64>]| {
            let mut pairs = ranges.iter().zip(&window);
            pairs.all(|(range, window)| range.start < window.end && window.start < range.end)
        };
        if meets(&s.inner_bounds()) {
            let outer = |i: &i64| meets(&s.segment_bounds(*i, Part::Outer).unwrap());
            prop_assert_eq!(touched, (0..s.n_segments()).filter(outer).collect::<Vec<_>>());
        }
    }

    #[test]
    fn overlap_slices_are_what_the_window_meets((s, point, radius, i_seg) in plans_and_points()) {
        check_overlap_slices(&s, i_seg, &point, &radius);
        let near: Vec<i64> = radius.iter().map(|r| r % 4).collect();
        check_overlap_slices(&s, i_seg, &s.local_coordinate(i_seg, &point).unwrap(), &near);
    }

    #[test]
    fn local_and_global_are_inverse((s, point, radius, i_seg) in plans_and_points()) {
        let local = s.local_coordinate(i_seg, &point).unwrap();
        prop_assert_eq!(s.global_coordinate(i_seg, &local), Ok(point.clone()));
        for part in [Part::Inner, Part::Outer] {
            let inside = contains(&s.segment_bounds(i_seg, part).unwrap(), &point);
            prop_assert_eq!(s.contains_point(i_seg, &local, part), Ok(inside));
        }
        // An area that is contained reaches past no side that has an overlap.
        let outer = s.segment_bounds(i_seg, Part::Outer).unwrap();
        let inner = s.segment_bounds(i_seg, Part::Inner).unwrap();
        let fits = (0..s.n_axes()).all(|a| {
            let (low, high) = (point[a] - radius[a], point[a] + radius[a]);
            inner[a].contains(&point[a])
                && (low >= outer[a].start || outer[a].start == inner[a].start)
                && (high < outer[a].end || outer[a].end == inner[a].end)
        });
        prop_assert_eq!(s.contains_area(i_seg, &local, &radius), Ok(fits));
    }

    #[test]
    fn activity_counts_as_a_set_does(
        plan in plans(),
        steps in prop::collection::vec((0..3, prop::collection::vec(0..1000_i64, 0..20)), 0..20),
    ) {
        let mut s = planned(&plan);
        let n = s.n_segments();
        let mut active = vec![true; n as usize];
        for (step, list) in steps {
            let list: Vec<i64> = list.iter().map(|i| i % n).collect();
            let before = active.clone();
            let changed = match step {
                0 => {
                    list.iter().for_each(|&i| active[i as usize] = true);
                    s.set_active(&list).unwrap()
                }
                1 => {
                    list.iter().for_each(|&i| active[i as usize] = false);
                    s.set_inactive(&list).unwrap()
                }
                _ => {
                    active.fill(true);
                    s.reset()
                }
            };
            let differ = before.iter().zip(&active).filter(|(b, a)| b != a).count();
            prop_assert_eq!(changed, differ as i64);
            prop_assert_eq!(s.n_active(), active.iter().filter(|&&a| a).count() as i64);
            prop_assert_eq!(s.exists_active(), active.contains(&true));
            let all: Vec<bool> = (0..n).map(|i| s.is_active(i).unwrap()).collect();
            prop_assert_eq!(&all, &active);
        }
    }
}

#[test]
fn an_axis_of_2_to_the_40_is_segmented_by_arithmetic() {
    let long = 1i64 << 40;
    let domain = Domain::whole(&[long, 3]).unwrap();
    for segments in [
        Segmentation::by_count(&domain, &[(1 << 31) + 3, 2]).unwrap(),
        Segmentation::by_shape(&domain, &[1000, 2]).unwrap(),
        Segmentation::by_count(&domain, &[7, 1]).unwrap(),
    ] {
        let segments = segments.with_overlap(&[2, 0]).unwrap();
        let per_axis = segments.segments_per_axis();
        assert_eq!(segments.n_segments(), per_axis[0] * per_axis[1]);
        let mut end = 0;
        for at in [0, 1, (1 << 31) - 1, 1 << 31, (1 << 32) + 1, long / 3, long - 1] {
            let index = segments.find_segment(&[at, 2]).unwrap();
            let inner = segments.segment_bounds(index, Part::Inner).unwrap();
            assert!(inner[0].contains(&at) && inner[1].contains(&2));
            let outer = segments.segment_bounds(index, Part::Outer).unwrap();
            assert_eq!(outer[0], (inner[0].start - 2).max(0)..(inner[0].end + 2).min(long));
            end = inner[0].end;
        }
        assert_eq!(end, long);
    }
}
