//! The parallel map from C: one file per section of the header.

pub mod ensemble;
pub mod flow;
pub mod map;
pub mod operator;
pub mod progress;
pub mod pull;
pub mod reduce;
pub mod report;
pub mod serve;
pub mod settings;
pub mod stream;
pub mod task;

use crate::parmap::reduce::Failed;
use crate::parmap::run::report::BAD_CODE;

/// Something of the caller's that threads of the library use: that they may is what the header
/// asks for.
#[derive(Clone, Copy)]
pub(crate) struct Caller<T>(T);

// SAFETY: as said above.
unsafe impl<T> Send for Caller<T> {}
// SAFETY: as said above.
unsafe impl<T> Sync for Caller<T> {}

impl<T: Copy> Caller<T> {
    pub(crate) fn new(of: T) -> Self {
        Caller(of)
    }

    /// A closure that calls this takes the whole struct, not the pointer in it.
    pub(crate) fn get(&self) -> T {
        self.0
    }
}

/// What is wrong on this rank, which the others have to hear of: the first thing.
pub(crate) struct Check(pub(crate) crate::Result<()>);

impl Check {
    pub(crate) fn new() -> Self {
        Check(Ok(()))
    }

    pub(crate) fn kept<T>(&mut self, result: crate::Result<T>) -> Option<T> {
        result.map_err(|error| self.0 = std::mem::replace(&mut self.0, Ok(())).and(Err(error))).ok()
    }
}

/// What a callback that does work has returned.
pub(crate) fn code(code: i32) -> std::result::Result<(), Failed> {
    match code {
        0 => Ok(()),
        code if code > 0 => Err(Failed(code, String::new())),
        code => Err(Failed(BAD_CODE, format!("returned {code}: it must return 0 or a positive code"))),
    }
}

/// A callback that must not be NULL.
pub(crate) fn needed<T: Copy>(callback: Option<T>, argument: &'static str) -> crate::Result<T> {
    let expected = "a function";
    callback.ok_or(crate::Error::NullPointer { argument, expected })
}

/// Where bytes are, for C; NULL if there are none.
pub(crate) fn address(bytes: &[u8]) -> *const std::ffi::c_void {
    match bytes.is_empty() {
        true => std::ptr::null(),
        false => bytes.as_ptr().cast(),
    }
}
