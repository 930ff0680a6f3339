//! The guard that every exported body runs in, and the last error of a thread.

use crate::base::error::{Error, Result};
use crate::base::panic;
use crate::base::status::{DICOD_OK, dicod_status};
use crate::base::wording::{Language, spoken};
use crate::host::Inside;
use std::cell::RefCell;
use std::ffi::{CString, c_char};

thread_local! {
    static LAST_ERROR: RefCell<Last> = const { RefCell::new(Last { message: String::new(), in_c: None }) };

    // Rust describes each thread in 48 bytes and keeps a pointer into their middle: "possibly lost" to the valgrind of a
    // host whose main thread never lets them go. With this pointer to their beginning they are not.
    static THIS_THREAD: std::thread::Thread = std::thread::current();
}

/// The last error's message, and what C may read until the next one.
struct Last {
    message: String,
    in_c: Option<CString>,
}

/// What a body comes to: nothing is success.
pub(crate) trait Done {
    fn status(self) -> dicod_status;
}

impl Done for () {
    fn status(self) -> dicod_status {
        DICOD_OK
    }
}

impl Done for dicod_status {
    fn status(self) -> dicod_status {
        self
    }
}

/// Runs the body of an exported function: a panic becomes DICOD_ERROR_INTERNAL, an error's message
/// is kept for dicod_last_error(). The body runs in the default floating-point environment, which Rust assumes; the caller's, and
/// errno, are afterwards what they were.
pub(crate) fn guard<D: Done>(body: impl FnOnce() -> Result<D>) -> dicod_status {
    let mut body = Some(body);
    checked(&mut || match body.take() {
        Some(body) => body().map(Done::status),
        None => Ok(DICOD_OK),
    })
}

/// Compiled once.
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

/// Calls a function of the program's, in its environment: that it may be called like this is what the header asks for.
macro_rules! call {
    ($function:expr) => {
        $crate::host::outside(|| {
            // SAFETY: the program gave the function to be called like this.
            unsafe { $function }
        })
    };
}
pub(crate) use call;

/// Apart from what is fast.
#[inline(never)]
fn keep_this_thread() {
    let _ = THIS_THREAD.try_with(|_| ());
}

/// Keeps a message, with what differs between languages marked.
pub(crate) fn keep(message: String) {
    // The thread may be ending, its storage gone: then there is nobody left to read the message.
    let _ = LAST_ERROR.try_with(|last| *last.borrow_mut() = Last { message, in_c: None });
}

/// The last message that was kept.
pub(crate) fn kept() -> String {
    LAST_ERROR.try_with(|last| last.borrow().message.clone()).unwrap_or_default()
}

/// The same as C reads it, until the next message is kept.
pub(crate) fn kept_for_c() -> *const c_char {
    let text = LAST_ERROR.try_with(|last| {
        let Last { message, in_c } = &mut *last.borrow_mut();
        let text = || CString::new(spoken(message, Language::C)).unwrap_or_default();
        in_c.get_or_insert_with(text).as_ptr()
    });
    text.unwrap_or(c"".as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::panic;
    use crate::base::status::DICOD_ERROR_INTERNAL;
    use crate::threads::for_each;

    const CHILD: &str = "DICOD_TEST_PANICS";

    /// Run by the test below in a process of its own.
    #[test]
    fn panics() {
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        let boundary = || guard(|| -> Result<()> { panic!("caught by the library") });
        assert_eq!(boundary(), DICOD_ERROR_INTERNAL);
        let team = || for_each(2, 8, || Ok(()), |_, i| panic!("in a thread, item {i}")).map(|_| DICOD_OK);
        assert_eq!(guard(team), DICOD_ERROR_INTERNAL);
        assert!(panic::caught(|| panic!("the host's own")).is_err());
    }

    #[test]
    fn a_caught_panic_prints_nothing_and_one_of_the_hosts_still_does() {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["ffi::boundary::guard::tests::panics", "--exact", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "{text}");
        assert!(!text.contains("caught by the library") && !text.contains("in a thread"), "{text}");
        assert!(text.contains("the host's own"), "{text}");
    }
}
