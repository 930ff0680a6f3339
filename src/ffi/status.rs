//! Status codes, the last error of a thread, and the guard that every exported body runs in.

pub use crate::base::status::*;

use crate::base::error::{Error, Result};
use crate::base::panic;
use crate::base::status;
use crate::base::wording::{Language, spoken};
use crate::host::Inside;
use std::cell::RefCell;
use std::ffi::{CStr, c_char};

thread_local! {
    static LAST_ERROR: RefCell<String> = const { RefCell::new(String::new()) };

    // Rust describes each thread in 48 bytes and keeps a pointer into their middle: "possibly lost" to the valgrind of a
    // host whose main thread never lets them go. With this pointer to their beginning they are not.
    static THIS_THREAD: std::thread::Thread = std::thread::current();
}

#[inline(never)]
fn keep_this_thread() {
    let _ = THIS_THREAD.try_with(|_| ());
}

/// Runs the body of an exported function: in the default floating-point environment, the caller's
/// is put back; catches panics, keeps the message of a failure, prints nothing.
pub(crate) fn guard(body: impl FnOnce() -> Result<dicod_status>) -> dicod_status {
    let mut body = Some(body);
    checked(&mut || match body.take() {
        Some(body) => body(),
        None => Ok(DICOD_OK),
    })
}

/// The same for any body, compiled once.
fn checked(body: &mut dyn FnMut() -> Result<dicod_status>) -> dicod_status {
    let _inside = Inside::enter();
    keep_this_thread();
    let quiet = panic::set(true);
    let done = panic::caught(body);
    drop(quiet);
    let done = done.unwrap_or_else(|text| Err(Error::Internal(text)));
    match crate::base::refusal::or(done) {
        Ok(status) => status,
        Err(error) => {
            keep(error.marked());
            error.status()
        }
    }
}

fn keep(message: String) {
    // The thread may be ending, its storage gone: then there is nobody left to read the message.
    let _ = LAST_ERROR.try_with(|last| *last.borrow_mut() = message);
}

/// Reads through a pointer of the caller's.
///
/// # Safety
/// `pointer` is NULL or valid for reads of `T` while the reference lives.
pub(crate) unsafe fn reference<'a, T>(
    pointer: *const T,
    argument: &'static str,
    expected: &'static str,
) -> Result<&'a T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_ref() }.ok_or(Error::NullPointer { argument, expected })
}

/// Writes through a pointer of the caller's.
///
/// # Safety
/// `pointer` is NULL or valid for writes of `T` and not aliased while the reference lives.
pub(crate) unsafe fn reference_mut<'a, T>(
    pointer: *mut T,
    argument: &'static str,
    expected: &'static str,
) -> Result<&'a mut T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_mut() }.ok_or(Error::NullPointer { argument, expected })
}

/// An array of the caller's, read. A NULL pointer is allowed for no elements.
///
/// # Safety
/// `pointer` is NULL or valid for reads of `len` elements while the slice lives.
pub(crate) unsafe fn slice<'a, T>(
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

/// An array of the caller's, written. A NULL pointer is allowed for no elements.
///
/// # Safety
/// `pointer` is NULL or valid for writes of `len` elements and not aliased while the slice lives.
pub(crate) unsafe fn slice_mut<'a, T>(
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

/// A string of the caller's.
///
/// # Safety
/// `pointer` is NULL or points to a NUL-terminated string that lives as long as the result.
pub(crate) unsafe fn string<'a>(pointer: *const c_char, argument: &'static str) -> Result<&'a str> {
    if pointer.is_null() {
        let expected = "a NUL-terminated string";
        return Err(Error::NullPointer { argument, expected });
    }
    // SAFETY: not NULL, and the caller's promise.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| Error::argument(argument, format!("{text:?}"), "valid UTF-8"))
}

/// A size of the caller's: not negative, and small enough to address.
pub(crate) fn size(value: i64, argument: &str, least: i64) -> Result<usize> {
    if value < least {
        return Err(Error::argument(argument, value, format!("at least {least}")));
    }
    usize::try_from(value).map_err(|_| Error::argument(argument, value, "an addressable size"))
}

/// Short text for a status code; never NULL, static storage.
///
/// Local. Thread-safe. Unknown codes give "unknown status".
#[unsafe(no_mangle)]
pub extern "C" fn dicod_strerror(status: dicod_status) -> *const c_char {
    status::text(status).as_ptr()
}

/// Copies the detailed message of this thread's last failure, NUL-terminated, cut to fit.
///
/// `buffer` holds `capacity` bytes and may be NULL when `capacity` is 0; `needed` receives the size
/// of the whole message with its NUL and may be NULL. The message stays until the thread's next
/// failure; success does not clear it. Before any failure it is empty.
///
/// Local. Thread-safe: each thread has its own message.
/// Errors: `DICOD_ERROR_NULL_POINTER` (buffer), `DICOD_ERROR_INVALID_ARGUMENT` (negative capacity).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_last_error(buffer: *mut c_char, capacity: i64, needed: *mut i64) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| unsafe { last_error(DICOD_LANGUAGE_C, buffer, capacity, needed) })
}

/// Language of messages: axes in the order of C, the slowest first, and everything counted from 0.
pub const DICOD_LANGUAGE_C: i32 = 0;
/// Language of messages: axes in the order of Fortran, the fastest first, everything but ranks and
/// workers counted from 1, and the names that the module dicod has.
pub const DICOD_LANGUAGE_FORTRAN: i32 = 1;
/// Language of messages: as Fortran's, with the names of the package Dicod of Julia.
pub const DICOD_LANGUAGE_JULIA: i32 = 2;

/// dicod_last_error() for a program in another language: `language` is DICOD_LANGUAGE_C,
/// DICOD_LANGUAGE_FORTRAN or DICOD_LANGUAGE_JULIA. Made for bindings. The message may have come from a
/// rank whose program is in a third one.
///
/// Local. Thread-safe: each thread has its own message.
/// Errors: as dicod_last_error(), and `DICOD_ERROR_INVALID_ARGUMENT` (language).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_last_error_in(
    language: i32,
    buffer: *mut c_char,
    capacity: i64,
    needed: *mut i64,
) -> dicod_status {
    // SAFETY: the caller's promise.
    guard(|| unsafe { last_error(language, buffer, capacity, needed) })
}

/// # Safety
/// As [`slice_mut`], for capacity bytes; `needed` is NULL or can be written.
unsafe fn last_error(language: i32, buffer: *mut c_char, capacity: i64, needed: *mut i64) -> Result<dicod_status> {
    let message = LAST_ERROR.try_with(|last| last.borrow().clone());
    let message = message.unwrap_or_default();
    let language = match language {
        DICOD_LANGUAGE_C => Language::C,
        DICOD_LANGUAGE_FORTRAN => Language::Fortran,
        DICOD_LANGUAGE_JULIA => Language::Julia,
        _ => return Err(Error::argument("language", language, "0, 1 or 2")),
    };
    let message = spoken(&message, language);
    let capacity = size(capacity, "capacity", 0)?;
    // SAFETY: the caller's promise.
    let buffer = unsafe { slice_mut(buffer, capacity, "buffer", "capacity bytes") }?;
    let mut cut = message.len().min(capacity.saturating_sub(1));
    while !message.is_char_boundary(cut) {
        cut -= 1;
    }
    if let Some((end, text)) = buffer.get_mut(..=cut).and_then(|b| b.split_last_mut()) {
        for (to, from) in text.iter_mut().zip(message.bytes()) {
            *to = from as c_char;
        }
        *end = 0;
    }
    // SAFETY: the caller's promise.
    if let Some(needed) = unsafe { needed.as_mut() } {
        *needed = message.len() as i64 + 1;
    }
    Ok(DICOD_OK)
}

/// Makes `message` the last error of this thread, for a binding that refuses an argument itself: so
/// dicod_last_error() has it, too.
///
/// Local. Thread-safe. Errors: `DICOD_ERROR_NULL_POINTER`.
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_set_last_error(message: *const c_char) -> dicod_status {
    guard(|| {
        // SAFETY: the caller's promise.
        keep(unsafe { string(message, "message") }?.into());
        Ok(DICOD_OK)
    })
}

/// Makes the next call of this thread fail with `status`, which is negative, and `message`, whatever
/// its arguments are; if that call is collective it fails so on every rank. For a binding that refuses
/// an argument itself, on this rank perhaps alone: without the call the other ranks would wait for this
/// one. Give the call counts and pointers that it refuses, such as -1 axes or NULL: what it does before
/// the ranks compare notes is done.
///
/// Local. Thread-safe.
/// Errors: `DICOD_ERROR_NULL_POINTER` (message), `DICOD_ERROR_INVALID_ARGUMENT` (status).
///
/// # Safety
/// The pointers are NULL or valid as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dicod_fail_next(status: dicod_status, message: *const c_char) -> dicod_status {
    let mut refused = None;
    let outcome = guard(|| {
        // SAFETY: the caller's promise.
        let message = unsafe { string(message, "message") }?.into();
        if status >= 0 {
            return Err(Error::argument("status", status, "negative"));
        }
        refused = Some(Error::Refused { status, message });
        Ok(DICOD_OK)
    });
    if let Some(error) = refused {
        crate::base::refusal::set(error);
    }
    outcome
}

/// The library's version, "major.minor.patch"; never NULL, static storage.
///
/// Local. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::for_each;

    const CHILD: &str = "DICOD_TEST_PANICS";

    /// Run by the test below in a process of its own.
    #[test]
    fn panics() {
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        let boundary = || guard(|| panic!("inside the boundary"));
        assert_eq!(boundary(), DICOD_ERROR_INTERNAL);
        let team = || for_each(2, 8, || Ok(()), |_, i| panic!("in a thread, item {i}")).map(|_| DICOD_OK);
        assert_eq!(guard(team), DICOD_ERROR_INTERNAL);
        assert!(panic::caught(|| panic!("the host's own")).is_err());
    }

    #[test]
    fn a_caught_panic_prints_nothing_and_one_of_the_hosts_still_does() {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["ffi::status::tests::panics", "--exact", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "{text}");
        assert!(!text.contains("boundary") && !text.contains("in a thread"), "{text}");
        assert!(text.contains("the host's own"), "{text}");
    }
}
