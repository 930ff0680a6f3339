//! Allocation that fails with an error instead of ending the process.

use crate::base::error::{Error, Result};
use std::alloc::Layout;
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
    let all = values.len() as u128 + n as u128;
    values.try_reserve_exact(n).map_err(|_| Error::memory(what, all * size_of::<T>() as u128))
}

/// A copy.
pub(crate) fn copy<T: Clone>(what: &str, values: &[T]) -> Result<Vec<T>> {
    let mut copy = Vec::new();
    reserve(what, &mut copy, values.len())?;
    copy.extend_from_slice(values);
    Ok(copy)
}

/// Values that start on a cache line.
#[derive(Debug)]
pub(crate) struct Aligned<T> {
    values: Vec<T>,
    offset: usize,
    len: usize,
}

const CACHE_LINE: usize = 64;

/// Types of which all bytes zero are a value.
///
/// # Safety
/// They have to be one.
pub(crate) unsafe trait ZeroBytes: Copy {}
// SAFETY: zero.
unsafe impl ZeroBytes for f64 {}
// SAFETY: zero.
unsafe impl ZeroBytes for f32 {}
// SAFETY: zero.
unsafe impl ZeroBytes for u64 {}

impl<T: ZeroBytes> Aligned<T> {
    /// Fresh pages of the system, which are zero, are not written to.
    pub(crate) fn zeroed(what: &str, len: usize) -> Result<Self> {
        let n = len + CACHE_LINE / size_of::<T>();
        let full = || Error::memory(what, n as u128 * size_of::<T>() as u128);
        let layout = Layout::array::<T>(n).map_err(|_| full())?;
        // SAFETY: the size is not zero.
        let values = unsafe { std::alloc::alloc_zeroed(layout) };
        if values.is_null() {
            return Err(full());
        }
        // SAFETY: `values` is from the global allocator, with the layout of as many values, which are zero.
        let values = unsafe { Vec::from_raw_parts(values.cast::<T>(), n, n) };
        let offset = values.as_ptr().align_offset(CACHE_LINE).min(n - len);
        Ok(Aligned { values, offset, len })
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
