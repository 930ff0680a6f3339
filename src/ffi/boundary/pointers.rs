//! Pointers of the caller's: NULL is checked, and what is valid is what the header asks for (see the folder's text).

use crate::base::error::{Error, Result};
use std::ffi::{CStr, c_char, c_void};

/// What the caller lets us read, or nothing for NULL.
pub(crate) fn optional<'a, T>(pointer: *const T) -> Option<&'a T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_ref() }
}

/// What the caller lets us read.
pub(crate) fn reference<'a, T>(pointer: *const T, argument: &'static str, expected: &'static str) -> Result<&'a T> {
    optional(pointer).ok_or(Error::NullPointer { argument, expected })
}

/// What the caller lets us write.
pub(crate) fn reference_mut<'a, T>(
    pointer: *mut T,
    argument: &'static str,
    expected: &'static str,
) -> Result<&'a mut T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_mut() }.ok_or(Error::NullPointer { argument, expected })
}

/// Writes a result.
pub(crate) fn put<T>(to: *mut T, argument: &'static str, result: T) -> Result<()> {
    *reference_mut(to, argument, "room for the result")? = result;
    Ok(())
}

/// Writes where the caller wants it; NULL means that nobody does.
pub(crate) fn set<T>(to: *mut T, value: T) {
    // SAFETY: the caller's promise.
    if let Some(to) = unsafe { to.as_mut() } {
        *to = value;
    }
}

/// `len` values to read; the pointer may be anything if there are none.
pub(crate) fn slice<'a, T>(
    pointer: *const T,
    len: usize,
    argument: &'static str,
    expected: &'static str,
) -> Result<&'a [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(Error::NullPointer { argument, expected });
    }
    // SAFETY: not NULL, and the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(pointer, len) })
}

/// Room for `len` values; the pointer may be anything if there are none.
pub(crate) fn slice_mut<'a, T>(
    pointer: *mut T,
    len: usize,
    argument: &'static str,
    expected: &'static str,
) -> Result<&'a mut [T]> {
    if len == 0 {
        return Ok(&mut []);
    }
    if pointer.is_null() {
        return Err(Error::NullPointer { argument, expected });
    }
    // SAFETY: not NULL, and the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts_mut(pointer, len) })
}

/// A text in UTF-8.
pub(crate) fn string<'a>(pointer: *const c_char, argument: &'static str) -> Result<&'a str> {
    if pointer.is_null() {
        let expected = "a NUL-terminated string";
        return Err(Error::NullPointer { argument, expected });
    }
    // SAFETY: not NULL, and the caller's promise.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| Error::argument(argument, format!("{text:?}"), "valid UTF-8"))
}

/// What a callback is to begin its lines with: userdata is that text, or NULL.
pub(crate) fn title(userdata: *mut c_void) -> Result<String> {
    Ok(match userdata.is_null() {
        true => String::new(),
        false => format!("{}: ", string(userdata.cast(), "userdata")?),
    })
}

/// A size or count that is at least `least`.
pub(crate) fn size(value: i64, argument: &str, least: i64) -> Result<usize> {
    if value < least {
        return Err(Error::argument(argument, value, format!("at least {least}")));
    }
    usize::try_from(value).map_err(|_| Error::argument(argument, value, "an addressable size"))
}

/// Fails unless a pointer is aligned as its type asks for.
pub(crate) fn aligned<T>(pointer: *const T, argument: &str) -> Result<()> {
    if pointer.is_aligned() {
        return Ok(());
    }
    let allowed = format!("a multiple of {}, as its type is aligned", align_of::<T>());
    Err(Error::argument(argument, format!("{pointer:p}"), allowed))
}
