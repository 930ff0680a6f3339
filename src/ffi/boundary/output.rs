//! What is written into memory of the caller's: structs that know their size, lists and texts whose length only the library knows.

use crate::base::error::{Error, Result};
use crate::ffi::boundary::pointers::{aligned, reference, reference_mut, size, slice_mut};
use std::ffi::c_char;

/// A number of values in a list; bounded so that their bytes can be counted.
pub(crate) fn list_size(value: i64, argument: &str) -> Result<usize> {
    let count = size(value, argument, 0)?;
    if count > isize::MAX as usize / 64 {
        return Err(Error::argument(argument, value, "an addressable size"));
    }
    Ok(count)
}

/// Whether there is room for a list of `count` entries, and not just a question for its length.
pub(crate) fn room_for(count: usize, capacity: i64) -> Result<bool> {
    let room = list_size(capacity, "capacity")?;
    if room != 0 && room < count {
        let allowed = format!("0 to ask for the size, or at least {count}");
        return Err(Error::argument("capacity", capacity, allowed));
    }
    Ok(room != 0)
}

/// Writes a list, and how long it is; with a capacity of 0 only that.
pub(crate) fn write_list<T: Copy>(
    found: &[T],
    capacity: i64,
    (to, argument): (*mut T, &'static str),
    (count, count_argument): (*mut i64, &'static str),
) -> Result<()> {
    let count = reference_mut(count, count_argument, "room for the size")?;
    if room_for(found.len(), capacity)? {
        slice_mut(to, found.len(), argument, "capacity values")?.copy_from_slice(found);
    }
    *count = found.len() as i64;
    Ok(())
}

/// Writes a text with the NUL at its end, and how long both are.
pub(crate) fn write_text(text: &str, capacity: i64, to: (*mut c_char, &'static str), needed: *mut i64) -> Result<()> {
    let text: Vec<c_char> = text.bytes().chain([0]).map(|byte| byte as c_char).collect();
    write_list(&text, capacity, to, (needed, "needed"))
}

/// Writes a text, cut to fit with the NUL at its end.
pub(crate) fn write_cut(text: &str, to: &mut [c_char]) {
    let mut cut = text.len().min(to.len().saturating_sub(1));
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    for (to, from) in to.iter_mut().zip(text[..cut].bytes().chain([0])) {
        *to = from as c_char;
    }
}

/// Fails unless a struct is as large as the caller has to know it.
pub(crate) fn large_enough<T>(pointer: *const T, size_argument: &str) -> Result<()> {
    // SAFETY: the caller's promise: each such struct begins with its size.
    let given = unsafe { pointer.cast::<i64>().read_unaligned() };
    let least = size_of::<T>() as i64;
    match given < least {
        true => Err(Error::argument(size_argument, given, format!("at least {least}, the sizeof of the struct"))),
        false => Ok(()),
    }
}

/// A struct of the caller's that begins with its size, to be read.
pub(crate) fn sized<'a, T>(
    pointer: *const T,
    argument: &'static str,
    size_argument: &str,
    expected: &'static str,
) -> Result<&'a T> {
    if !pointer.is_null() {
        large_enough(pointer, size_argument)?;
        aligned(pointer, argument)?;
    }
    reference(pointer, argument, expected)
}

/// A struct of the caller's that begins with its size, to be written.
pub(crate) struct Output<T>(*mut T);

impl<T: Copy> Output<T> {
    pub(crate) fn new(pointer: *mut T, argument: &'static str, size_argument: &str) -> Result<Self> {
        if pointer.is_null() {
            let expected = "a struct whose struct_size is set";
            return Err(Error::NullPointer { argument, expected });
        }
        large_enough(pointer, size_argument)?;
        Ok(Output(pointer))
    }

    /// For a struct that may be NULL.
    pub(crate) fn wanted(pointer: *mut T, argument: &'static str, size_argument: &str) -> Result<Option<Self>> {
        match pointer.is_null() {
            true => Ok(None),
            false => Output::new(pointer, argument, size_argument).map(Some),
        }
    }

    /// Writes all but the size, which stays the caller's.
    pub(crate) fn write(&self, value: &T) {
        let header = size_of::<i64>();
        let from = std::ptr::from_ref(value).cast::<u8>();
        // SAFETY: both are as long as the type, and the value is not the caller's memory.
        unsafe {
            let to = self.0.cast::<u8>();
            std::ptr::copy_nonoverlapping(from.add(header), to.add(header), size_of::<T>() - header);
        }
    }
}
