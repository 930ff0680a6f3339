//! What is to be cut.

use crate::base::error::{Error, Result};
use crate::base::wording::{by_language, entry, per_axis};
use std::ops::Range;

/// The box that is to be cut, and the full array it lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    pub(super) inner_bounds: Vec<Range<i64>>,
    pub(super) full_shape: Vec<i64>,
}

impl Domain {
    /// All of an array of shape `full_shape`, one size per axis.
    ///
    /// # Errors
    /// [`Error::InvalidShape`] names `full_shape` if it has no axis, a size below 1, or too many
    /// positions to count in 64 bits.
    pub fn whole(full_shape: &[i64]) -> Result<Self> {
        if full_shape.is_empty() {
            return Err(Error::shape("full_shape", per_axis(full_shape), "of at least one axis"));
        }
        for (axis, &size) in full_shape.iter().enumerate() {
            if size < 1 {
                let argument = format!("full_shape{}", entry(axis, full_shape.len()));
                return Err(Error::shape(&argument, size, "at least 1"));
            }
        }
        let volume = full_shape.iter().try_fold(1, |v: i64, &s| v.checked_mul(s));
        if volume.is_none_or(|v| isize::try_from(v).is_err()) {
            let allowed = format!("a shape of at most {} elements", isize::MAX);
            return Err(Error::shape("full_shape", per_axis(full_shape), allowed));
        }
        Ok(Domain { inner_bounds: full_shape.iter().map(|&size| 0..size).collect(), full_shape: full_shape.to_vec() })
    }

    /// The box `inner_bounds` inside an array of shape `full_shape`; without one, the array ends
    /// where the box does.
    ///
    /// # Errors
    /// [`Error::InvalidShape`] names `inner_bounds` if a range is empty, starts before 0 or ends
    /// after the array, and `full_shape` as [`Domain::whole`] does or if it has another number of
    /// axes.
    pub fn inside(inner_bounds: &[Range<i64>], full_shape: Option<&[i64]>) -> Result<Self> {
        if inner_bounds.is_empty() {
            return Err(Error::shape("inner_bounds", "empty", "of at least one axis"));
        }
        let reject = |axis: usize, allowed: String| {
            let Range { start, end } = inner_bounds[axis];
            let n = inner_bounds.len();
            let argument = by_language(
                format!("inner_bounds[{axis}]"),
                format!("inner_bounds(:, {})", n - axis),
                format!("inner[{}]", n - axis),
            );
            // Fortran and Julia have the first and the last position.
            let first = i128::from(start) + 1;
            let value = by_language(format!("[{start}, {end}]"), format!("({first}, {end})"), format!("{first}:{end}"));
            Err(Error::shape(&argument, value, allowed))
        };
        for (axis, bounds) in inner_bounds.iter().enumerate() {
            if bounds.start < 0 || bounds.is_empty() {
                let allowed = by_language(
                    "[start, end] with 0 <= start < end",
                    "(first, last) with 1 <= first <= last",
                    "first:last with 1 <= first <= last",
                );
                return reject(axis, allowed);
            }
        }
        let ends: Vec<i64> = inner_bounds.iter().map(|bounds| bounds.end).collect();
        let full_shape = full_shape.unwrap_or(&ends);
        one_per_axis("full_shape", full_shape, ends.len())?;
        let full = Self::whole(full_shape)?;
        if let Some(axis) = (0..ends.len()).find(|&axis| ends[axis] > full_shape[axis]) {
            let place = entry(axis, ends.len());
            let allowed = format!("inside full_shape{place} = {}", full_shape[axis]);
            return reject(axis, allowed);
        }
        Ok(Domain { inner_bounds: inner_bounds.to_vec(), ..full })
    }
}

/// Lists have a value for each axis.
pub(super) fn one_per_axis(argument: &str, values: &[i64], n_axes: usize) -> Result<()> {
    match values.len() == n_axes {
        true => Ok(()),
        false => {
            let allowed = match n_axes {
                1 => "one value for the one axis".into(),
                n => format!("one value for each of {n} axes"),
            };
            Err(Error::shape(argument, per_axis(values), allowed))
        }
    }
}
