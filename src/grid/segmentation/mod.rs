//! Segments of an n-dimensional domain: who holds a point, whom a window touches, who is awake.
//!
//! A [`Domain`] is the box of a full array that is to be cut: all of it, or inner bounds inside
//! it. A [`Segmentation`] cuts it along every axis, by number of segments
//! ([`Segmentation::by_count`]) or by segment shape ([`Segmentation::by_shape`]), numbers the
//! segments in C order (last axis fastest) from 0, and remembers which are active. The *inner*
//! parts cover the domain without gap or overlap. With an *overlap* ([`Segmentation::with_overlap`])
//! a segment also sees that many positions of its neighbours on each side, as far as the full array
//! goes; *local* coordinates count from the corner of this larger, *outer* part.
//!
//! ```
//! use dicod::grid::{Domain, Part, Segmentation};
//!
//! # fn main() -> dicod::Result<()> {
//! let domain = Domain::whole(&[100, 80])?;
//! let segments = Segmentation::by_count(&domain, &[4, 2])?.with_overlap(&[5, 5])?;
//! assert_eq!(segments.find_segment(&[30, 41])?, 3);
//! assert_eq!(segments.segment_bounds(3, Part::Inner)?, [25..50, 40..80]);
//! assert_eq!(segments.segment_bounds(3, Part::Outer)?, [20..55, 35..80]);
//! assert_eq!(segments.touched_segments(&[30, 41], &[1, 1])?, [0, 1, 2, 3]);
//! # Ok(())
//! # }
//! ```
//!
//! Coordinates, sizes and segment numbers are all `i64`, here as in C: a negative segment number is
//! an error, a negative coordinate is a point outside. Sums that leave 64 bits saturate where only
//! their order matters and are errors where their value is the result.
//!
//! # Differences from the published class
//!
//! The answers are those of `dicodile.utils.segmentation.Segmentation` (dicodile 0.3) but for:
//!
//! 1. **Number of segments.** The published size `s` of a segment is size / n, rounded up when the
//!    remainder is at least ⌊n / 2⌋. When (n − 1)·s ≥ size its last segments are empty, negative or
//!    out of range. Here such an axis is cut evenly instead: n segments, the first size mod n of
//!    them one longer than the others. More segments than positions are an error.
//! 2. **Domain and sizes.** Rejected: an empty domain, a negative start, bounds that do not fit in
//!    the full shape, no segments, a segment size below 1, a negative overlap, lists of another
//!    length than the number of axes (published: silently cut), more than 2⁶³ − 1 positions.
//! 3. **Touched segments, radius.** Any radius from 0. Published: an error as soon as the radius
//!    reaches the segment size on one axis.
//! 4. **Touched segments, reach.** All of them. Published: the own segment and its direct
//!    neighbours, which misses some when the overlap or a short last segment lets the window reach
//!    further.
//! 5. **Touched segments, order.** Ascending. Published: the first axis varies fastest.
//! 6. **Overlap slices, windows.** Any window. Published: an assertion fails when the window
//!    reaches past both ends of the inner part, or lies in the overlap alone.
//! 7. **Overlap slices, empty ones.** Left out: a window that misses the segment on one axis
//!    touches nothing. Published: slices of no size on that axis.
//! 8. **Segment numbers out of range** are errors. Published: bounds outside the domain, or
//!    Python's count from the end. [`Segmentation::increment`] alone takes −1, the number before
//!    the first.
//! 9. **Activity.** [`Segmentation::set_inactive`], like [`Segmentation::set_active`], returns how
//!    many segments changed (published: always true), and a list with a bad number changes nothing.
//! 10. **Tests answer** ([`Segmentation::contains_area`], [`Segmentation::check_inactive`]), where
//!     the published ones fail an assertion.
//! 11. **One value per axis** always; the published class also takes one number for all axes.
//!
//! Kept, although it may surprise: the nominal size of the only segment of an axis cut by number is
//! size + 1; the segment nearest to a point is touched however small the radius and however far
//! the point; overlaps touch even beyond the full shape; an area is contained whatever it does on a
//! side where its segment has no overlap; slices of different axes share their corners.

mod activity;
mod axis;
mod domain;
mod order;
mod part;

use crate::base::error::{Error, Result};
use crate::base::wording::{by_language, entry, nth};
use axis::{Axis, length};
pub use domain::Domain;
use domain::one_per_axis;
use order::{number, position, row_major};
pub use part::Part;
use std::ops::Range;

/// A regular grid of segments over a [`Domain`] of any number of axes, with a record of which
/// segments are active.
///
/// The geometry takes memory for the axes only; the record one bit per segment, from the first
/// [`Segmentation::set_inactive`] on. All methods are local to the process; those that take
/// `&self` may be called by several threads at once.
///
/// Segment numbers have to be in `0..n_segments()`, otherwise [`Error::OutOfRange`] names `i_seg`.
/// Points and radii have one value per axis, otherwise [`Error::InvalidShape`]; a negative radius
/// is an [`Error::InvalidArgument`]. The [module](self) lists what differs from the published class.
#[derive(Debug, Clone)]
pub struct Segmentation {
    axes: Vec<Axis>,
    /// Bit i of the words is set when segment i is inactive; words that are missing are 0.
    inactive: Vec<u64>,
    n_inactive: i64,
}

impl Segmentation {
    /// Cuts axis `a` of the domain into `n_segments[a]` segments.
    ///
    /// Segments are size / n long, rounded up when the remainder is at least ⌊n / 2⌋, and the last
    /// takes what is left; where that would leave it nothing, the axis is cut evenly.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] or [`Error::InvalidShape`] names `n_segments` unless it has one
    /// number per axis, from 1 to the size of the domain on that axis.
    pub fn by_count(domain: &Domain, n_segments: &[i64]) -> Result<Self> {
        Self::cut(domain, "n_segments", n_segments, |bounds, full, count| {
            let size = bounds.end - bounds.start;
            match (1..=size).contains(&count) {
                true => Ok(Axis::by_count(bounds, full, count)),
                false => Err(format!("from 1 to {size}, the size of the domain on that axis")),
            }
        })
    }

    /// Cuts axis `a` of the domain into segments of `segment_shape[a]` positions; the last takes
    /// what is left. A size larger than the domain gives one segment.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] or [`Error::InvalidShape`] names `segment_shape` unless it has
    /// one number per axis, at least 1.
    pub fn by_shape(domain: &Domain, segment_shape: &[i64]) -> Result<Self> {
        let argument = "segment_shape";
        Self::cut(domain, argument, segment_shape, |bounds, full, pitch| match pitch >= 1 {
            true => Ok(Axis::by_size(bounds, full, pitch)),
            false => Err("at least 1".into()),
        })
    }

    fn cut(
        domain: &Domain,
        argument: &str,
        values: &[i64],
        axis: impl Fn(&Range<i64>, i64, i64) -> std::result::Result<Axis, String>,
    ) -> Result<Self> {
        one_per_axis(argument, values, domain.full_shape.len())?;
        let sizes = domain.inner_bounds.iter().zip(&domain.full_shape);
        let axes = sizes.zip(values).enumerate().map(|(a, ((bounds, &full), &value))| {
            axis(bounds, full, value).map_err(|allowed| {
                let argument = format!("{argument}{}", entry(a, values.len()));
                Error::argument(&argument, value, allowed)
            })
        });
        Ok(Segmentation { axes: axes.collect::<Result<_>>()?, inactive: Vec::new(), n_inactive: 0 })
    }

    /// The same segments, seeing `overlap[a]` positions of their neighbours on both sides of axis
    /// `a`, as far as the full array goes. Without this call the overlap is 0.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] or [`Error::InvalidShape`] names `overlap` unless it has one
    /// number per axis, at least 0.
    pub fn with_overlap(mut self, overlap: &[i64]) -> Result<Self> {
        self.one_per_axis_from_0("overlap", overlap)?;
        for (axis, &overlap) in self.axes.iter_mut().zip(overlap) {
            axis.overlap = overlap;
        }
        Ok(self)
    }

    /// Number of axes.
    pub fn n_axes(&self) -> usize {
        self.axes.len()
    }

    /// Number of segments.
    pub fn n_segments(&self) -> i64 {
        self.axes.iter().map(|axis| axis.count).product()
    }

    /// Number of segments along each axis.
    pub fn segments_per_axis(&self) -> Vec<i64> {
        self.per_axis(|axis| axis.count)
    }

    /// The size that was asked for or computed for the segments of each axis; the last one of an
    /// axis may be smaller or larger, and where the axis is cut evenly the later ones are one
    /// smaller. For the only segment of an axis cut by number this is, as published, one more than
    /// the size of the domain.
    pub fn nominal_shape(&self) -> Vec<i64> {
        self.per_axis(|axis| axis.pitch + i64::from(axis.wide > 0))
    }

    /// Size of the domain along each axis.
    pub fn shape(&self) -> Vec<i64> {
        self.per_axis(|axis| axis.end - axis.start)
    }

    /// Bounds of the domain in the full array.
    pub fn inner_bounds(&self) -> Vec<Range<i64>> {
        self.per_axis(|axis| axis.start..axis.end)
    }

    /// Shape of the full array.
    pub fn full_shape(&self) -> Vec<i64> {
        self.per_axis(|axis| axis.full)
    }

    /// Overlap along each axis.
    pub fn overlap(&self) -> Vec<i64> {
        self.per_axis(|axis| axis.overlap)
    }

    /// Bounds of a part of segment `i_seg` in the full array.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names `i_seg`.
    pub fn segment_bounds(&self, i_seg: i64, part: Part) -> Result<Vec<Range<i64>>> {
        self.per_axis_of(i_seg, |axis, j| axis.part(j, part))
    }

    /// Size of a part of segment `i_seg` along each axis.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names `i_seg`.
    pub fn segment_shape(&self, i_seg: i64, part: Part) -> Result<Vec<i64>> {
        self.per_axis_of(i_seg, |axis, j| length(&axis.part(j, part)))
    }

    /// [`Segmentation::segment_bounds`] as indices into the full array.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names `i_seg`.
    pub fn segment_slices(&self, i_seg: i64, part: Part) -> Result<Vec<Range<usize>>> {
        self.per_axis_of(i_seg, |axis, j| {
            // Between 0 and full, whose product is addressable.
            let Range { start, end } = axis.part(j, part);
            start as usize..end as usize
        })
    }

    /// The segment whose inner part holds `point` (global coordinates); for a point outside the
    /// domain the nearest one, by the sum of the distances along the axes.
    ///
    /// # Errors
    /// [`Error::InvalidShape`] names `point`.
    pub fn find_segment(&self, point: &[i64]) -> Result<i64> {
        one_per_axis("point", point, self.n_axes())?;
        let segments: Vec<i64> = self.axes.iter().zip(point).map(|(axis, &x)| axis.find(x)).collect();
        Ok(number(&self.segments_per_axis(), &segments))
    }

    /// The segments that the window `point − radius ..= point + radius` (global coordinates)
    /// touches with their overlap, ascending. Any radius works. The segment of
    /// [`Segmentation::find_segment`] is always among them.
    ///
    /// # Errors
    /// [`Error::InvalidShape`] or [`Error::InvalidArgument`] names `point` or `radius`;
    /// [`Error::OutOfMemory`] if the list is too long.
    pub fn touched_segments(&self, point: &[i64], radius: &[i64]) -> Result<Vec<i64>> {
        let block = self.touched_block(point, radius)?;
        let count: i64 = block.iter().map(length).product();
        let mut segments = Vec::new();
        let reserved = usize::try_from(count).map(|count| segments.try_reserve_exact(count));
        if !matches!(reserved, Ok(Ok(()))) {
            let bytes = i128::from(count) * size_of::<i64>() as i128;
            return Err(Error::memory("the list of touched segments", bytes));
        }
        segments.extend(self.block_segments(&block));
        Ok(segments)
    }

    /// [`Segmentation::touched_segments`] as a block of the grid of segments: for each axis the
    /// range of segments along it.
    ///
    /// # Errors
    /// [`Error::InvalidShape`] or [`Error::InvalidArgument`] names `point` or `radius`.
    pub fn touched_block(&self, point: &[i64], radius: &[i64]) -> Result<Vec<Range<i64>>> {
        one_per_axis("point", point, self.n_axes())?;
        self.one_per_axis_from_0("radius", radius)?;
        let window = point.iter().zip(radius);
        Ok(self.axes.iter().zip(window).map(|(axis, (&x, &r))| axis.touched(x, r)).collect())
    }

    /// The numbers of the segments in a block of the grid, ascending.
    pub(crate) fn block_segments<'a>(&self, block: &'a [Range<i64>]) -> impl Iterator<Item = i64> + use<'a> {
        row_major(self.segments_per_axis(), block)
    }

    /// What the window `point − radius ..= point + radius` touches of the overlap of segment
    /// `i_seg`: boxes in the segment's local coordinates, as is `point`.
    ///
    /// For each axis there is at most one box before and one after the inner part, along the other
    /// axes as wide as the window; so boxes of different axes share corners. Any window works; one
    /// that misses the segment touches nothing.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names `i_seg`; [`Error::InvalidShape`] or [`Error::InvalidArgument`]
    /// names `point` or `radius`.
    pub fn touched_overlap_slices(&self, i_seg: i64, point: &[i64], radius: &[i64]) -> Result<Vec<Vec<Range<i64>>>> {
        let inner = self.per_axis_of(i_seg, Axis::inner_in_outer)?;
        let shape = self.segment_shape(i_seg, Part::Outer)?;
        one_per_axis("point", point, self.n_axes())?;
        self.one_per_axis_from_0("radius", radius)?;
        let window: Vec<Range<i64>> = (0..self.n_axes())
            .map(|a| {
                let end = point[a].saturating_add(radius[a]).saturating_add(1);
                point[a].saturating_sub(radius[a]).max(0)..end.min(shape[a])
            })
            .collect();
        let mut boxes = Vec::new();
        if window.iter().any(Range::is_empty) {
            return Ok(boxes);
        }
        for (a, (seen, inner)) in window.iter().zip(&inner).enumerate() {
            let before = seen.start..seen.end.min(inner.start);
            let after = seen.start.max(inner.end)..seen.end;
            for side in [before, after].into_iter().filter(|side| !side.is_empty()) {
                boxes.push(window.clone());
                boxes.last_mut().expect("just pushed")[a] = side;
            }
        }
        Ok(boxes)
    }

    /// Global coordinates of a point in the local coordinates of segment `i_seg`. The point may lie
    /// outside the segment.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names `i_seg`, or `point` if the result leaves 64 bits;
    /// [`Error::InvalidShape`] names `point`.
    pub fn global_coordinate(&self, i_seg: i64, point: &[i64]) -> Result<Vec<i64>> {
        self.shift(i_seg, point, i64::checked_add)
    }

    /// Local coordinates, in segment `i_seg`, of a point in global coordinates. The point may lie
    /// outside the segment.
    ///
    /// # Errors
    /// As [`Segmentation::global_coordinate`].
    pub fn local_coordinate(&self, i_seg: i64, point: &[i64]) -> Result<Vec<i64>> {
        self.shift(i_seg, point, i64::checked_sub)
    }

    fn shift(&self, i_seg: i64, point: &[i64], by: impl Fn(i64, i64) -> Option<i64>) -> Result<Vec<i64>> {
        let outer = self.segment_bounds(i_seg, Part::Outer)?;
        one_per_axis("point", point, self.n_axes())?;
        let shifted = outer.iter().zip(point).enumerate().map(|(a, (outer, &x))| {
            let allowed = "small enough for the result to fit in 64 bits";
            by(x, outer.start).ok_or_else(|| Error::range(&format!("point{}", entry(a, point.len())), nth(x), allowed))
        });
        shifted.collect()
    }

    /// Whether `point`, in local coordinates of segment `i_seg`, lies in that part of it.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names `i_seg`; [`Error::InvalidShape`] names `point`.
    pub fn contains_point(&self, i_seg: i64, point: &[i64], part: Part) -> Result<bool> {
        let ranges = self.per_axis_of(i_seg, |axis, j| match part {
            Part::Inner => axis.inner_in_outer(j),
            Part::Outer => 0..length(&axis.outer(j)),
        })?;
        one_per_axis("point", point, self.n_axes())?;
        Ok(ranges.iter().zip(point).all(|(r, x)| r.contains(x)))
    }

    /// Whether an update at `point` (local coordinates of segment `i_seg`) that changes
    /// `point − radius ..= point + radius` can be done in this segment: the point is in the inner
    /// part, and the window ends inside the outer part on every side where the segment has an
    /// overlap.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names `i_seg`; [`Error::InvalidShape`] or [`Error::InvalidArgument`]
    /// names `point` or `radius`.
    pub fn contains_area(&self, i_seg: i64, point: &[i64], radius: &[i64]) -> Result<bool> {
        let in_inner = self.contains_point(i_seg, point, Part::Inner)?;
        self.one_per_axis_from_0("radius", radius)?;
        let inner = self.per_axis_of(i_seg, Axis::inner_in_outer)?;
        let shape = self.segment_shape(i_seg, Part::Outer)?;
        let fits = |a: usize| {
            let (x, r): (i64, i64) = (point[a], radius[a]);
            (inner[a].start == 0 || x.saturating_sub(r) >= 0)
                && (inner[a].end == shape[a] || x.saturating_add(r) < shape[a])
        };
        Ok(in_inner && (0..self.n_axes()).all(fits))
    }

    /// How much of the overlap of segment `i_seg` the border of the full array cuts off, before and
    /// after it on each axis: the padding that brings its outer part to full size.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names `i_seg`.
    pub fn padding_to_overlap(&self, i_seg: i64) -> Result<Vec<[i64; 2]>> {
        self.per_axis_of(i_seg, |axis, j| {
            let (inner, outer) = (axis.inner(j), axis.outer(j));
            let seen = [inner.start - outer.start, outer.end - inner.end];
            seen.map(|seen| axis.overlap - seen)
        })
    }

    /// The segment after `i_seg`, and 0 after the last; −1 stands before the first.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names `i_seg`.
    pub fn increment(&self, i_seg: i64) -> Result<i64> {
        if i_seg != -1 {
            self.check_segment("i_seg", i_seg)?;
        }
        Ok((i_seg + 1) % self.n_segments())
    }

    fn per_axis<T>(&self, of: impl Fn(&Axis) -> T) -> Vec<T> {
        self.axes.iter().map(of).collect()
    }

    /// What `of` says of each axis and the place that segment `i_seg` has on it.
    fn per_axis_of<T>(&self, i_seg: i64, of: impl Fn(&Axis, i64) -> T) -> Result<Vec<T>> {
        self.check_segment("i_seg", i_seg)?;
        let places = position(&self.segments_per_axis(), i_seg);
        let axes = self.axes.iter().zip(places);
        Ok(axes.map(|(axis, place)| of(axis, place)).collect())
    }

    fn check_segment(&self, argument: &str, i_seg: i64) -> Result<()> {
        let n_segments = self.n_segments();
        match (0..n_segments).contains(&i_seg) {
            true => Ok(()),
            false => {
                let allowed = format!("from {} to {}", nth(0), nth(n_segments - 1));
                let argument = match argument {
                    "i_seg" => by_language("i_seg", "segment", "the segment"),
                    list => list.into(),
                };
                Err(Error::range(&argument, nth(i_seg), allowed))
            }
        }
    }

    fn one_per_axis_from_0(&self, argument: &str, values: &[i64]) -> Result<()> {
        one_per_axis(argument, values, self.n_axes())?;
        match values.iter().position(|&value| value < 0) {
            None => Ok(()),
            Some(a) => {
                let argument = format!("{argument}{}", entry(a, values.len()));
                Err(Error::argument(&argument, values[a], "at least 0"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::single_range_in_vec_init)]
    use super::*;

    #[test]
    fn the_ends_of_64_bits() -> Result<()> {
        let domain = Domain::whole(&[i64::MAX])?;
        let all = Segmentation::by_count(&domain, &[1])?.with_overlap(&[i64::MAX])?;
        assert_eq!(all.segment_bounds(0, Part::Outer)?, [0..i64::MAX]);
        let mut each = Segmentation::by_shape(&domain, &[1])?;
        assert_eq!(each.n_segments(), i64::MAX);
        for far in [i64::MIN, i64::MAX] {
            let nearest = far.clamp(0, i64::MAX - 1);
            assert_eq!(each.find_segment(&[far])?, nearest);
            assert_eq!(each.touched_block(&[far], &[0])?, [nearest..nearest + 1]);
            assert_eq!(each.touched_block(&[far], &[i64::MAX])?.len(), 1);
            assert_eq!(all.touched_overlap_slices(0, &[far], &[i64::MAX])?.len(), 0);
            assert!(!all.contains_area(0, &[far], &[i64::MAX])?);
        }
        let near = Segmentation::by_shape(&Domain::whole(&[10])?, &[1])?.with_overlap(&[5])?;
        let from_afar = near.touched_segments(&[i64::MIN], &[i64::MAX])?;
        assert_eq!(from_afar, [0, 1, 2, 3, 4]);
        let failed = each.touched_segments(&[0], &[i64::MAX]);
        assert!(matches!(failed, Err(Error::OutOfMemory { .. })));
        assert!(matches!(each.set_inactive(&[i64::MAX - 1]), Err(Error::OutOfMemory { .. })));
        assert_eq!(each.n_active(), i64::MAX);
        Ok(())
    }
}
