//! Handles: made, handed back by the caller, in use by one call at a time, freed.

use crate::base::error::{Error, Result};
use crate::base::wording::by_language;
use crate::ffi::boundary::pointers::{reference, reference_mut};
use std::sync::{Mutex, MutexGuard, TryLockError};

/// What the caller holds a pointer to, and what it is called.
pub(crate) trait Handle: Sized {
    /// The argument's name.
    const NAME: &'static str;
    /// What the argument has to point to.
    const WHAT: &'static str;
}

/// A type of handles, the name of the argument, and what that has to point to.
macro_rules! handle {
    ($type:ty, $name:literal, $what:literal) => {
        impl $crate::ffi::boundary::Handle for $type {
            const NAME: &'static str = $name;
            const WHAT: &'static str = $what;
        }
    };
}
pub(crate) use handle;

/// The handle that the caller brings.
pub(crate) fn of<'h, H: Handle>(handle: *const H) -> Result<&'h H> {
    reference(handle, H::NAME, H::WHAT).map_err(|error| not_there(H::NAME, error))
}

/// The error for a handle that is not there.
fn not_there(name: &str, error: Error) -> Error {
    let Error::NullPointer { .. } = error else {
        return error;
    };
    let message = by_language(&error, format!("{name} was not created"), format!("{name} was closed"));
    Error::Refused { status: error.status(), message }
}

/// Where the caller wants a new handle.
pub(crate) fn room<'p, H: Handle>(to: *mut *mut H) -> Result<&'p mut *mut H> {
    reference_mut(to, H::NAME, "the caller's pointer")
}

/// Gives the caller a handle, until it comes back to be freed.
pub(crate) fn give<H>(to: &mut *mut H, handle: H) {
    *to = Box::into_raw(Box::new(handle));
}

/// Takes a handle back and leaves NULL; nothing if there is none.
pub(crate) fn taken<H>(handle: *mut *mut H) -> Option<Box<H>> {
    // SAFETY: the caller's promise.
    let freed = std::mem::replace(unsafe { handle.as_mut() }?, std::ptr::null_mut());
    // SAFETY: `give` made it, and nobody else has it.
    (!freed.is_null()).then(|| unsafe { Box::from_raw(freed) })
}

/// Frees a handle and leaves NULL.
pub(crate) fn free<H>(handle: *mut *mut H) -> Result<()> {
    drop(taken(handle));
    Ok(())
}

/// What a handle holds, for one call at a time.
pub(crate) fn entered<'h, T>(state: &'h Mutex<T>, name: &str) -> Result<MutexGuard<'h, T>> {
    state.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => in_use(name),
        TryLockError::Poisoned(_) => {
            Error::InvalidState(format!("an internal error left the {name} broken: it can only be freed"))
        }
    })
}

/// The error for a handle that serves another call.
pub(crate) fn in_use(handle: &str) -> Error {
    let text = "is in use by another thread, or by the call that runs this callback";
    Error::InvalidState(format!("the {handle} {text}"))
}
