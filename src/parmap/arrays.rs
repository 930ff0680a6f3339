//! Inputs and outputs of tasks, in the memory of the caller.

use std::marker::PhantomData;

/// Inputs of all tasks: `size` bytes each, one `stride` after the other.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    base: *const u8,
    size: usize,
    stride: usize,
    life: PhantomData<&'a [u8]>,
}

/// Outputs of all tasks: `size` bytes each, one `stride` after the other.
pub struct Outputs<'a> {
    base: *mut u8,
    size: usize,
    stride: usize,
    life: PhantomData<&'a mut [u8]>,
}

// SAFETY: as for the slice that it stands for.
unsafe impl Send for Inputs<'_> {}
// SAFETY: as above.
unsafe impl Sync for Inputs<'_> {}
// SAFETY: as for the slice that it stands for; shared use is only through `task`, whose callers
// see to it that no two have the same task.
unsafe impl Send for Outputs<'_> {}
// SAFETY: as above.
unsafe impl Sync for Outputs<'_> {}

impl<'a> Inputs<'a> {
    /// Inputs that lie one after the other.
    pub(super) fn new(bytes: &'a [u8], size: usize) -> Self {
        Inputs { base: bytes.as_ptr(), size, stride: size, life: PhantomData }
    }

    /// Inputs at an address.
    ///
    /// # Safety
    /// For each task `size` bytes at its place, `stride` after that of the one before, can be read
    /// during `'a`.
    pub unsafe fn at(base: *const u8, size: usize, stride: usize) -> Self {
        Inputs { base, size, stride, life: PhantomData }
    }

    /// Has any output of `n` tasks a byte of any input? They may lie between each other, as members of structures.
    pub(super) fn meet(&self, outputs: &Outputs, n: u64) -> bool {
        if self.size == 0 || outputs.size == 0 {
            return false;
        }
        let (from, to) = (self.base as i128, outputs.base as i128);
        let (size_in, size_out) = (self.size as i128, outputs.size as i128);
        let reach = |stride: usize, size: i128| i128::from(n - 1) * stride as i128 + size;
        if from + reach(self.stride, size_in) <= to || to + reach(outputs.stride, size_out) <= from {
            return false;
        }
        let stride = self.stride as i128;
        if self.stride != outputs.stride || stride == 0 {
            return true;
        }
        // The input at or before an output, and the one behind it.
        let behind = (to - from).rem_euclid(stride);
        behind < size_in || behind + size_out > stride
    }

    pub(super) fn task(&self, index: u64) -> &'a [u8] {
        if self.size == 0 {
            return &[];
        }
        // SAFETY: `Tasks::check` or the promise of `at`: the task's bytes are there.
        unsafe {
            let place = self.base.add(index as usize * self.stride);
            std::slice::from_raw_parts(place, self.size)
        }
    }
}

impl<'a> Outputs<'a> {
    /// Outputs that lie one after the other.
    pub(super) fn new(bytes: &'a mut [u8], size: usize) -> Self {
        Outputs { base: bytes.as_mut_ptr(), size, stride: size, life: PhantomData }
    }

    /// Outputs at an address.
    ///
    /// # Safety
    /// For each task `size` bytes at its place, `stride` after that of the one before, can be
    /// written during `'a`; they don't overlap, and nobody else uses them.
    pub unsafe fn at(base: *mut u8, size: usize, stride: usize) -> Self {
        Outputs { base, size, stride, life: PhantomData }
    }

    /// # Safety
    /// Nobody else uses this task's output at the same time.
    #[allow(clippy::mut_from_ref)]
    pub(super) unsafe fn task(&self, index: u64) -> &mut [u8] {
        if self.size == 0 {
            return &mut [];
        }
        // SAFETY: `Tasks::check` or the promise of `at`, and the caller's.
        unsafe {
            let place = self.base.add(index as usize * self.stride);
            std::slice::from_raw_parts_mut(place, self.size)
        }
    }
}
