//! The library prints nothing, not even when one of its own panics is caught at the C boundary:
//! a panic hook that is silent there, and elsewhere leaves everything to the hook before it.

use std::cell::Cell;
use std::panic::{set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Whether panics of this thread are silent.
pub(crate) fn is_quiet() -> bool {
    // While a thread ends its storage may be gone.
    QUIET.try_with(Cell::get).unwrap_or(false)
}

/// Makes panics of this thread silent, or not, until the result is dropped.
pub(crate) fn set(quiet: bool) -> Restore {
    // A program in Rust that links the crate shares its hook with us: it is wrapped once, not replaced, and when the
    // program sets another one later, that one decides. In C programs the hook is the library's own.
    static HOOK: Once = Once::new();
    // The hook cannot be changed while this thread panics.
    if quiet && !std::thread::panicking() {
        HOOK.call_once(|| {
            let before = take_hook();
            set_hook(Box::new(move |info| {
                if !is_quiet() {
                    before(info);
                }
            }));
        });
    }
    let before = is_quiet();
    let _ = QUIET.try_with(|cell| cell.set(quiet));
    Restore(before)
}

/// Puts back what was before.
pub(crate) struct Restore(bool);

impl Drop for Restore {
    fn drop(&mut self) {
        let _ = QUIET.try_with(|cell| cell.set(self.0));
    }
}
