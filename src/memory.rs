//! Allocation that fails with an error instead of ending the process.

use crate::error::{Error, Result};
use std::ops::{Deref, DerefMut};

/// A vector of `n` default values.
pub(crate) fn zeroed<T: Clone + Default>(what: &str, n: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    reserve(what, &mut values, n)?;
    values.resize(n, T::default());
    Ok(values)
}

/// Makes room for `n` more values.
pub(crate) fn reserve<T>(what: &str, values: &mut Vec<T>, n: usize) -> Result<()> {
    values
        .try_reserve_exact(n)
        .map_err(|_| Error::memory(what, n as u128 * size_of::<T>() as u128))
}

/// Values that start on a cache line.
#[derive(Debug)]
pub(crate) struct Aligned<T> {
    values: Vec<T>,
    offset: usize,
    len: usize,
}

const CACHE_LINE: usize = 64;

impl<T: Clone + Default> Aligned<T> {
    pub(crate) fn zeroed(what: &str, len: usize) -> Result<Self> {
        let values: Vec<T> = zeroed(what, len + CACHE_LINE / size_of::<T>())?;
        let offset = values
            .as_ptr()
            .align_offset(CACHE_LINE)
            .min(values.len() - len);
        Ok(Aligned {
            values,
            offset,
            len,
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<T>()
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.values[self.offset..self.offset + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[self.offset..self.offset + self.len]
    }
}
