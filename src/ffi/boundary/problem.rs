//! The numbers that describe a problem, and its arrays: read, checked, and what is said of them.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::wording::per_axis;
use crate::csc::problem::range::Range;
use crate::csc::{Options, Shape};
use crate::ffi::boundary::element::Element;
use crate::ffi::boundary::overlap::Memory;
use crate::ffi::boundary::pointers::{aligned, slice};
use crate::ffi::options::{copied, dicod_options};
use crate::ffi::problem::{dicod_problem, given};
use crate::grid::block::Block;
use crate::grid::point::{Point, padded};
use crate::linalg::{Dictionary, Field};

/// Shapes and options of a call.
pub(crate) struct Problem {
    pub(crate) shape: Shape,
    pub(crate) options: Options,
}

/// A list of lengths.
pub(crate) fn lengths<'a>(n_axes: usize, list: *const i64, argument: &'static str) -> Result<&'a [i64]> {
    aligned(list, argument)?;
    slice(list, n_axes, argument, "n_axes lengths")
}

/// The box of a domain that begins at an offset and has a shape.
pub(crate) fn box_of(offset: &[i64], local_shape: &[i64]) -> Result<Block> {
    if local_shape.iter().any(|n| *n < 0) {
        return Err(Error::shape("local_shape", per_axis(local_shape), "lengths of at least 0"));
    }
    Ok(Block { origin: padded(offset, 0), shape: padded(local_shape, 1) })
}

impl Problem {
    pub(crate) fn new(options: *const dicod_options, problem: *const dicod_problem) -> Result<Self> {
        let options = copied(options)?;
        let shape = given(problem)?.shape(&options)?;
        Ok(Problem { shape, options })
    }

    /// Number of values in fields over a box.
    pub(crate) fn len(fields: usize, of: usize, over: Point) -> usize {
        fields * of * over.iter().product::<i64>() as usize
    }

    pub(crate) fn x<'a, T: Element>(&self, x: *const T) -> Result<Field<'a, T>> {
        let shape = &self.shape;
        let n = Self::len(shape.n_signals, shape.n_channels, shape.signal);
        contiguous(values(x, n, "x")?, shape.signal)
    }

    /// Where the signals are.
    pub(crate) fn x_memory<T>(&self, x: *const T) -> Memory {
        let shape = &self.shape;
        let n = Self::len(shape.n_signals, shape.n_channels, shape.signal);
        Memory::of("x", x, n)
    }

    /// Number of values of the dictionary.
    pub(crate) fn d_len(&self) -> usize {
        Self::len(self.shape.n_atoms, self.shape.n_channels, self.shape.atom)
    }

    /// Where the dictionary is.
    pub(crate) fn d_memory<T>(&self, d: *const T) -> Memory {
        Memory::of("d", d, self.d_len())
    }

    /// The dictionary, where learning needs one to begin with.
    pub(crate) fn first<T: Element>(&self, d: *const T) -> Result<Option<Dictionary<T>>> {
        let first = self.options.learn.needs_dictionary().then(|| dictionary(&self.shape, d));
        Ok(first.transpose()?.map(|(dictionary, _)| dictionary))
    }

    /// Where the activations are.
    pub(crate) fn z_memory<T>(&self, z: *const T) -> Memory {
        Memory::of("z", z, self.z_len())
    }

    /// Number of activations.
    pub(crate) fn z_len(&self) -> usize {
        Self::len(self.shape.n_signals, self.shape.n_atoms, self.shape.valid())
    }

    pub(crate) fn z<'a, T: Element>(&self, z: *const T) -> Result<Field<'a, T>> {
        let values = values(z, self.z_len(), "z")?;
        contiguous(values, self.shape.valid())
    }
}

/// Values of an array.
pub(crate) fn values<'a, T: Element>(pointer: *const T, len: usize, argument: &'static str) -> Result<&'a [T]> {
    aligned(pointer, argument)?;
    slice(pointer, len, argument, "as many values as the shapes say")
}

/// [`Field::contiguous`], once there is memory for its list of channels.
fn contiguous<T: Element>(values: &[T], shape: Point) -> Result<Field<'_, T>> {
    let volume = shape.iter().product::<i64>() as usize;
    let mut list: Vec<&[T]> = Vec::new();
    memory::reserve("the list of channels", &mut list, values.len() / volume)?;
    drop(list);
    Ok(Field::contiguous(values, shape))
}

/// A dictionary of the caller's, and the range of its norms.
pub(crate) fn dictionary<T: Element>(shape: &Shape, d: *const T) -> Result<(Dictionary<T>, Range)> {
    let n = Problem::len(shape.n_atoms, shape.n_channels, shape.atom);
    let d = values(d, n, "d")?;
    // It is copied.
    memory::reserve("the dictionary", &mut Vec::<T>::new(), n)?;
    Range::with(shape.dictionary(d), shape, "d")
}
