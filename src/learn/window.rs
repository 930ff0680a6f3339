//! A part of a field as statistics see it: with its place in the whole.

use crate::grid::point::{AXES, Point};
use crate::linalg::{Field, Real};

/// Channels of several signals over a box of the domain, the box's first position given.
pub(crate) struct Window<'a, T> {
    field: &'a Field<'a, T>,
    n_channels: usize,
    /// Shape of the whole domain.
    domain: Point,
    periodic: [bool; AXES],
}

impl<'a, T: Real> Window<'a, T> {
    /// The whole domain, with axes that wrap.
    pub(crate) fn whole(field: &'a Field<'a, T>, n_channels: usize, periodic: [bool; AXES]) -> Self {
        Window { field, n_channels, domain: field.layout.shape, periodic }
    }

    /// A part of the domain in which what lies beyond a period is there a second time.
    pub(crate) fn part(field: &'a Field<'a, T>, n_channels: usize) -> Self {
        Self::whole(field, n_channels, [false; AXES])
    }

    /// Reads a box of a channel, row-major; around the period on axes that wrap.
    pub(crate) fn read(&self, signal: usize, channel: usize, at: Point, shape: Point, to: &mut [f64]) {
        let data = self.field.channels[signal * self.n_channels + channel];
        let layout = &self.field.layout;
        let local = |axis: usize, x: i64| {
            let x = x - self.field.origin[axis];
            if self.periodic[axis] { x.rem_euclid(self.domain[axis]) } else { x }
        };
        let run = shape[2] as usize;
        let mut rows = to.chunks_exact_mut(run);
        for i in 0..shape[0] {
            for j in 0..shape[1] {
                let Some(row) = rows.next() else { return };
                let first = [local(0, at[0] + i), local(1, at[1] + j), local(2, at[2])];
                let start = layout.index(first);
                if layout.strides[2] == 1 && first[2] + shape[2] <= layout.shape[2] {
                    for (to, from) in row.iter_mut().zip(&data[start..start + run]) {
                        *to = from.wide();
                    }
                } else {
                    for (k, to) in row.iter_mut().enumerate() {
                        let at = [first[0], first[1], local(2, at[2] + k as i64)];
                        *to = data[layout.index(at)].wide();
                    }
                }
            }
        }
    }

    /// The largest |value| here.
    pub(crate) fn largest(&self) -> f64 {
        let mut largest = 0f64;
        for_each_value(self.field, |x| largest = largest.max(x.abs()));
        largest
    }
}

/// Calls `visit` with every value of a field.
pub(crate) fn for_each_value<T: Real>(field: &Field<'_, T>, mut visit: impl FnMut(f64)) {
    let layout = &field.layout;
    for data in &field.channels {
        layout.for_each_row(|_, first| {
            for k in 0..layout.shape[2] {
                visit(data[(first as i64 + k * layout.strides[2]) as usize].wide());
            }
        });
    }
}
