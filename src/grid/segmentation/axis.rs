//! The segments along one axis: where they start and end, who holds a position, who touches it.

use crate::grid::segmentation::part::Part;
use std::ops::Range;

/// One axis of the grid: `start + j·pitch + min(j, wide)` is where its segment j starts.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) full: i64,
    pub(super) count: i64,
    /// Size of a segment; the last one takes what is left.
    pub(super) pitch: i64,
    /// How many segments, from the first, are one longer.
    pub(super) wide: i64,
    pub(super) overlap: i64,
}

impl Axis {
    /// By number of segments, `1 <= count <= size`: the published rounding where it gives `count`
    /// segments, an even cut where it does not.
    pub(super) fn by_count(bounds: &Range<i64>, full: i64, count: i64) -> Self {
        let size = bounds.end - bounds.start;
        let rounds_up = size % count >= count / 2;
        let published = (size / count).saturating_add(rounds_up.into());
        let last_has_room = count - 1 <= (size - 1) / published;
        let (pitch, wide) = match last_has_room {
            true => (published, 0),
            false => (size / count, size % count),
        };
        Axis { start: bounds.start, end: bounds.end, full, count, pitch, wide, overlap: 0 }
    }

    /// By size of a segment, `1 <= pitch`.
    pub(super) fn by_size(bounds: &Range<i64>, full: i64, pitch: i64) -> Self {
        Axis {
            start: bounds.start,
            end: bounds.end,
            full,
            count: (bounds.end - bounds.start - 1) / pitch + 1,
            pitch,
            wide: 0,
            overlap: 0,
        }
    }

    pub(super) fn inner(&self, segment: i64) -> Range<i64> {
        let starts = |j: i64| self.start + j * self.pitch + j.min(self.wide);
        let is_last = segment + 1 == self.count;
        starts(segment)..if is_last { self.end } else { starts(segment + 1) }
    }

    pub(super) fn outer(&self, segment: i64) -> Range<i64> {
        let inner = self.inner(segment);
        let end = inner.end.saturating_add(self.overlap).min(self.full);
        (inner.start - self.overlap).max(0)..end
    }

    pub(super) fn part(&self, segment: i64, part: Part) -> Range<i64> {
        match part {
            Part::Inner => self.inner(segment),
            Part::Outer => self.outer(segment),
        }
    }

    /// The inner part in local coordinates.
    pub(super) fn inner_in_outer(&self, segment: i64) -> Range<i64> {
        let (inner, outer) = (self.inner(segment), self.outer(segment));
        inner.start - outer.start..inner.end - outer.start
    }

    /// The segment that holds `x`, or the nearest.
    pub(super) fn find(&self, x: i64) -> i64 {
        let offset = x.clamp(self.start, self.end - 1) - self.start;
        let in_wide = offset < self.wide * self.pitch + self.wide;
        let segment = match in_wide {
            true => offset / (self.pitch + 1),
            false => (offset - self.wide) / self.pitch,
        };
        segment.min(self.count - 1)
    }

    /// The segments that the window of `radius` around `x` touches; at least the nearest.
    pub(super) fn touched(&self, x: i64, radius: i64) -> Range<i64> {
        // A segment grown by the overlap meets the window where the segment itself meets the window
        // grown by the overlap.
        let low = x.saturating_sub(radius).saturating_sub(self.overlap);
        let high = x.saturating_add(radius).saturating_add(self.overlap);
        if low >= self.end || high < self.start {
            let nearest = self.find(x);
            return nearest..nearest + 1;
        }
        self.find(low)..self.find(high) + 1
    }
}

/// Number of positions in a range.
pub(super) fn length(range: &Range<i64>) -> i64 {
    range.end - range.start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(size: i64, count: i64) -> Axis {
        Axis::by_count(&(0..size), size, count)
    }

    #[test]
    fn published_rounding_where_it_fits_and_an_even_cut_where_not() {
        let sizes = |size, count| -> Vec<i64> {
            let axis = axis(size, count);
            (0..count).map(|j| length(&axis.inner(j))).collect()
        };
        assert_eq!(sizes(10, 4), [3, 3, 3, 1]);
        assert_eq!(sizes(9, 4), [2, 2, 2, 3]);
        assert_eq!(sizes(7, 5), [2, 2, 1, 1, 1]);
        assert_eq!(sizes(5, 5), [1; 5]);
        assert_eq!(sizes(7, 1), [7]);
    }

    #[test]
    fn every_position_of_every_small_axis_is_found_in_its_segment() {
        for size in 1..40 {
            for count in 1..=size {
                let axis = axis(size, count);
                let mut end = 0;
                for j in 0..count {
                    let inner = axis.inner(j);
                    assert_eq!(inner.start, end, "size {size}, count {count}");
                    assert!(!inner.is_empty(), "size {size}, count {count}");
                    assert!(inner.clone().all(|x| axis.find(x) == j));
                    end = inner.end;
                }
                assert_eq!(end, size);
            }
        }
    }
}
