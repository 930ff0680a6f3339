//! Status codes, and the last error of a thread.

pub use crate::base::status::*;

use crate::base::status;
use crate::base::wording::{Language, spoken};
use crate::ffi::boundary::guard::{keep, kept, kept_for_c};
use crate::ffi::boundary::*;
use crate::linalg::blas;
use crate::linalg::kernels::Isa;
use std::ffi::CString;
use std::sync::OnceLock;

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
#[unsafe(no_mangle)]
pub extern "C" fn dicod_last_error(capacity: i64, buffer: *mut c_char, needed: *mut i64) -> dicod_status {
    guard(|| last_error(DICOD_LANGUAGE_C, capacity, buffer, needed))
}

/// The detailed message of this thread's last failure; never NULL, "" before any. It is valid until the
/// thread's next call that fails, or until the thread ends: print it at once, or copy it.
///
/// Local. Thread-safe: each thread has its own message.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_last_error_message() -> *const c_char {
    kept_for_c()
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
#[unsafe(no_mangle)]
pub extern "C" fn dicod_last_error_in(
    language: i32,
    capacity: i64,
    buffer: *mut c_char,
    needed: *mut i64,
) -> dicod_status {
    guard(|| last_error(language, capacity, buffer, needed))
}

fn last_error(language: i32, capacity: i64, buffer: *mut c_char, needed: *mut i64) -> Result<()> {
    let language = match language {
        DICOD_LANGUAGE_C => Language::C,
        DICOD_LANGUAGE_FORTRAN => Language::Fortran,
        DICOD_LANGUAGE_JULIA => Language::Julia,
        _ => return Err(Error::argument("language", language, "0, 1 or 2")),
    };
    let message = spoken(&kept(), language);
    let capacity = size(capacity, "capacity", 0)?;
    write_cut(&message, slice_mut(buffer, capacity, "buffer", "capacity bytes")?);
    set(needed, message.len() as i64 + 1);
    Ok(())
}

/// Makes `message` the last error of this thread, for a binding that refuses an argument itself: so
/// dicod_last_error() has it, too.
///
/// Local. Thread-safe. Errors: `DICOD_ERROR_NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_set_last_error(message: *const c_char) -> dicod_status {
    guard(|| {
        keep(string(message, "message")?.into());
        Ok(())
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
#[unsafe(no_mangle)]
pub extern "C" fn dicod_fail_next(status: dicod_status, message: *const c_char) -> dicod_status {
    let mut refused = None;
    let outcome = guard(|| {
        let message = string(message, "message")?.into();
        if status >= 0 {
            return Err(Error::argument("status", status, "negative"));
        }
        refused = Some(Error::Refused { status, message });
        Ok(())
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

/// What this library is, for a report of an error or a log: one line with its version, the instructions
/// that its kernels use on this machine, the file of its BLAS, and its MPI. Never NULL; it lives as long
/// as the program.
///
/// Local. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_build_info() -> *const c_char {
    static TEXT: OnceLock<CString> = OnceLock::new();
    let text = || {
        let (version, arch) = (env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
        #[cfg(feature = "mpi")]
        let mpi = crate::ranks::mpi::library();
        #[cfg(not(feature = "mpi"))]
        let mpi = "no MPI";
        let (isa, blas) = (Isa::detect().name(), blas::file());
        CString::new(format!("dicod {version}, {arch} with {isa}, BLAS from {blas}, {mpi}")).unwrap_or_default()
    };
    TEXT.get_or_init(text).as_ptr()
}
