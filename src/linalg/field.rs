//! Views of the caller's arrays: one slice per channel, any strides, nothing copied.

use crate::base::error::{Error, Result};
use crate::grid::block::Block;
use crate::grid::point::{AXES, Point};
use crate::linalg::Real;

/// Where the values of a strided box lie within a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strided {
    /// Index of the first position's value.
    pub base: usize,
    /// Extent per padded axis.
    pub shape: Point,
    /// Distance between neighbours on each axis, in values; may be negative.
    pub strides: Point,
}

impl Strided {
    /// A row-major box without gaps.
    pub fn contiguous(shape: Point) -> Self {
        Strided { base: 0, shape, strides: [shape[1] * shape[2], shape[2], 1] }
    }

    /// With these strides on the last axes. An axis of length 1 has no neighbours: what is said of it does not count.
    pub(crate) fn new(shape: Point, strides: &[i64]) -> Self {
        let mut layout = Strided::contiguous(shape);
        layout.strides[AXES - strides.len()..].copy_from_slice(strides);
        for (stride, length) in layout.strides.iter_mut().zip(shape) {
            if length == 1 {
                *stride = 0;
            }
        }
        layout
    }

    /// How far the lowest and the highest value lie from the first position's. In 128 bits: lengths have at most 41 bits, strides 64.
    pub(crate) fn reach(&self) -> (i128, i128) {
        let (mut low, mut high) = (0, 0);
        for (stride, length) in self.strides.iter().zip(self.shape) {
            let reach = i128::from(*stride) * i128::from(length - 1);
            *(if reach < 0 { &mut low } else { &mut high }) += reach;
        }
        (low, high)
    }

    /// Number of positions.
    pub fn volume(&self) -> usize {
        self.shape.iter().product::<i64>() as usize
    }

    /// Index of a position's value.
    #[inline(always)]
    pub fn index(&self, at: Point) -> usize {
        let offset: i64 = (0..AXES).map(|axis| at[axis] * self.strides[axis]).sum();
        (self.base as i64 + offset) as usize
    }

    /// Calls `visit` with the position and the index of the first value of each row.
    pub fn for_each_row(&self, mut visit: impl FnMut(Point, usize)) {
        for i in 0..self.shape[0] {
            for j in 0..self.shape[1] {
                visit([i, j, 0], self.index([i, j, 0]));
            }
        }
    }
}

/// Channels (or atoms) over one spatial box, read only.
#[derive(Clone, Debug)]
pub struct Field<'a, T> {
    /// One slice per channel, signal by signal.
    pub channels: Vec<&'a [T]>,
    /// Where the values lie in each.
    pub layout: Strided,
    /// Position of the first value in the whole domain: not zero on a rank that holds another part.
    pub origin: Point,
}

impl<'a, T: Real> Field<'a, T> {
    /// A contiguous array (channels, *shape).
    pub fn contiguous(data: &'a [T], shape: Point) -> Self {
        let volume = shape.iter().product::<i64>() as usize;
        Field {
            channels: data.chunks_exact(volume.max(1)).collect(),
            layout: Strided::contiguous(shape),
            origin: [0; AXES],
        }
    }

    /// The box of positions that it has values for.
    pub fn block(&self) -> Block {
        Block { origin: self.origin, shape: self.layout.shape }
    }

    /// The values of a block inside its own.
    pub fn part(&self, block: &Block) -> Field<'a, T> {
        if block.is_empty() {
            return Field { channels: Vec::new(), layout: Strided::contiguous([0; AXES]), origin: [0; AXES] };
        }
        let mut layout = self.layout;
        layout.base = layout.index(std::array::from_fn(|a| block.origin[a] - self.origin[a]));
        layout.shape = block.shape;
        Field { channels: self.channels.clone(), layout, origin: block.origin }
    }

    /// Copies values from a position of the whole domain on, along the last axis.
    pub fn copy_row(&self, channel: usize, at: Point, to: &mut [T]) {
        let first = self.layout.index(std::array::from_fn(|a| at[a] - self.origin[a]));
        let data = self.channels[channel];
        let step = self.layout.strides[2];
        if step == 1 {
            to.copy_from_slice(&data[first..first + to.len()]);
            return;
        }
        for (k, to) in to.iter_mut().enumerate() {
            *to = data[(first as i64 + k as i64 * step) as usize];
        }
    }

    /// An error that names the first value that is NaN or infinite.
    pub fn check_finite(&self, argument: &str) -> Result<()> {
        let step = self.layout.strides[2];
        for (channel, data) in self.channels.iter().enumerate() {
            let mut found = None;
            self.layout.for_each_row(|at, first| {
                // A sum is finite only if its terms are: one test a row on the usual path.
                let value = |k: i64| data[(first as i64 + k * step) as usize];
                let n = self.layout.shape[2];
                let bad = if step == 1 {
                    let (v8, rest) = data[first..first + n as usize].as_chunks::<8>();
                    let mut sums = [T::ZERO; 8];
                    for v in v8 {
                        sums = std::array::from_fn(|i| sums[i] + v[i] * T::ZERO);
                    }
                    let sums = sums.iter().chain(rest);
                    !sums.fold(T::ZERO, |sum, &x| sum + x * T::ZERO).finite()
                } else {
                    (0..n).any(|k| !value(k).finite())
                };
                if bad && found.is_none() {
                    found = (0..n).find(|&k| !value(k).finite()).map(|k| {
                        let at = [at[0], at[1], k];
                        let at = (0..AXES).map(|a| (at[a] + self.origin[a]) as usize);
                        let index = [channel].into_iter().chain(at).collect();
                        (index, value(k).wide())
                    });
                }
            });
            if let Some((index, value)) = found {
                return Err(Error::NotFinite { argument: argument.into(), index, value });
            }
        }
        Ok(())
    }
}

/// Channels (or atoms) over one spatial box, written.
#[derive(Debug)]
pub struct FieldMut<'a, T> {
    /// One slice per channel, signal by signal.
    pub channels: Vec<&'a mut [T]>,
    /// Where the values lie in each.
    pub layout: Strided,
    /// Position of the first value in the whole domain.
    pub origin: Point,
}

impl<'a, T: Real> FieldMut<'a, T> {
    /// A contiguous array (channels, *shape).
    pub fn contiguous(data: &'a mut [T], shape: Point) -> Self {
        let volume = shape.iter().product::<i64>() as usize;
        FieldMut {
            channels: data.chunks_exact_mut(volume).collect(),
            layout: Strided::contiguous(shape),
            origin: [0; AXES],
        }
    }

    /// The box of positions that it has values for.
    pub fn block(&self) -> Block {
        Block { origin: self.origin, shape: self.layout.shape }
    }

    /// Copies values that lie in row-major order, channel by channel.
    pub fn copy_from(&mut self, values: &[T]) {
        let layout = self.layout;
        let mut rows = values.chunks_exact(layout.shape[2].max(1) as usize);
        for channel in &mut self.channels {
            layout.for_each_row(|_, first| {
                for (k, value) in rows.next().unwrap_or(&[]).iter().enumerate() {
                    channel[(first as i64 + k as i64 * layout.strides[2]) as usize] = *value;
                }
            });
        }
    }

    /// Sets all values to zero.
    pub fn clear(&mut self) {
        let layout = self.layout;
        for channel in &mut self.channels {
            layout.for_each_row(|_, first| {
                if layout.strides[2] == 1 {
                    channel[first..first + layout.shape[2] as usize].fill(T::ZERO);
                    return;
                }
                for k in 0..layout.shape[2] {
                    channel[(first as i64 + k * layout.strides[2]) as usize] = T::ZERO;
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_of_axes_without_neighbours_do_not_count() {
        let layout = Strided::new([1, 1, 4], &[i64::MAX, -3]);
        assert_eq!((layout.strides, layout.reach()), ([0, 0, -3], (-9, 0)));
        assert_eq!(Strided::new([2, 3, 4], &[-100, 1, 5]).reach(), (-100, 17));
        let far = i128::from(i64::MAX);
        assert_eq!(Strided::new([1, 3, 3], &[i64::MAX; 2]).reach(), (0, 4 * far));
    }

    #[test]
    fn values_are_copied_to_where_the_strides_say() {
        let mut data = [[0.0; 8], [0.0; 8]];
        let [first, second] = &mut data;
        let layout = Strided { base: 3, ..Strided::new([1, 2, 2], &[4, -2]) };
        let mut field = FieldMut { channels: vec![first, second], layout, origin: [0; AXES] };
        field.copy_from(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(data, [[0.0, 2.0, 0.0, 1.0, 0.0, 4.0, 0.0, 3.0], [0.0, 6.0, 0.0, 5.0, 0.0, 8.0, 0.0, 7.0]]);
    }
}
