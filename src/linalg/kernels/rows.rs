//! Which values a kernel runs over.

/// Lanes that the loops are written for; groups of values come in multiples of it.
pub(crate) const LANES: usize = 8;

/// Contiguous runs of one length, on a grid of two strides.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// Number of runs along each stride.
    pub counts: [usize; 2],
    /// Values from one run to the next.
    pub strides: [usize; 2],
    /// Values of a run.
    pub run: usize,
}

impl Rows {
    /// First values of the runs, the first run at `start`.
    #[inline(always)]
    pub fn starts(self, start: usize) -> impl Iterator<Item = usize> {
        let outer = (0..self.counts[0]).map(move |i| start + i * self.strides[0]);
        outer.flat_map(move |first| (0..self.counts[1]).map(move |j| first + j * self.strides[1]))
    }

    /// Panics unless the runs from `start` on lie within `len` values.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(super) fn check(self, len: usize, start: usize) {
        let last = (self.counts[0] - 1) * self.strides[0] + (self.counts[1] - 1) * self.strides[1];
        assert!(start + last + self.run <= len, "runs beyond the end");
    }
}
