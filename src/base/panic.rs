//! What a panic leaves: its text, and locks that are good all the same. And nothing on the terminal: the library prints
//! nothing, not even when one of its own panics is caught at the C boundary. Its hook is silent there, and elsewhere leaves
//! everything to the hook before it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{LockResult, Mutex, MutexGuard, Once, PoisonError, TryLockError, TryLockResult};

/// Runs it; after a panic, the text of that. Whoever calls sees to it that nothing is used afterwards that the panic can
/// have left half changed.
pub(crate) fn caught<R>(call: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|s| s.to_string());
        text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".into())
    })
}

/// Waits for a lock. A panic in whoever had it before does not matter: what the library keeps behind locks is replaced as a
/// whole, or not used any more once the panic is an error.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    unpoisoned(mutex.lock())
}

/// The same of whatever a lock gives.
pub(crate) fn unpoisoned<G>(locked: LockResult<G>) -> G {
    locked.unwrap_or_else(PoisonError::into_inner)
}

/// The same of a lock that is not waited for; none: somebody has it.
pub(crate) fn unpoisoned_if_free<G>(locked: TryLockResult<G>) -> Option<G> {
    match locked {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::panic_any;

    #[test]
    fn a_panic_leaves_its_text_and_locks_that_are_good() {
        let mutex = Mutex::new(1);
        let text = caught(|| {
            let mut value = lock(&mutex);
            *value = 2;
            panic!("while it is {value}");
        });
        assert_eq!(text, Err::<(), _>("while it is 2".into()));
        assert!(mutex.is_poisoned());
        assert_eq!(unpoisoned_if_free(mutex.try_lock()).as_deref(), Some(&2));
        let held = lock(&mutex);
        assert!(unpoisoned_if_free(mutex.try_lock()).is_none());
        drop(held);
        assert_eq!(unpoisoned(mutex.into_inner()), 2);
        assert_eq!(caught(|| panic!("a word")), Err::<(), _>("a word".into()));
        assert_eq!(caught(|| panic_any(7)), Err::<(), _>("a panic without a message".into()));
        assert_eq!(caught(|| 3), Ok(3));
    }
}
