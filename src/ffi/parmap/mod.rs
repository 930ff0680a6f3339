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

/// What a callback that does work has returned.
pub(crate) fn code(code: i32) -> std::result::Result<(), Failed> {
    match code {
        0 => Ok(()),
        code if code > 0 => Err(Failed(code, String::new())),
        code => Err(Failed(BAD_CODE, format!("returned {code}: it must return 0 or a positive code"))),
    }
}

/// What a callback of a table returns, `table.callback(arguments)`: that it is there was checked before.
macro_rules! ask {
    ($owner:ident . $table:tt . $callback:ident ( $($argument:expr),* )) => {
        match $owner.$table.$callback {
            Some(callback) => $crate::ffi::boundary::call!(callback($($argument),*)),
            None => $crate::parmap::run::report::BAD_CODE,
        }
    };
}
pub(crate) use ask;

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
