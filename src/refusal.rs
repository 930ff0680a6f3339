//! An argument that a binding refuses before it can be handed to the library: the next call of the thread fails by it, and
//! in a collective call all ranks learn of it, where they would otherwise wait for this one.

use crate::error::{Error, Result};
use std::cell::RefCell;

thread_local! {
    static NEXT: RefCell<Option<Error>> = const { RefCell::new(None) };
}

/// Makes the next call of this thread fail.
pub(crate) fn set(error: Error) {
    let _ = NEXT.try_with(|next| *next.borrow_mut() = Some(error));
}

/// What a call comes to: the refusal, if there is one, which is over then.
pub(crate) fn or<R>(result: Result<R>) -> Result<R> {
    match NEXT.try_with(|next| next.borrow_mut().take()) {
        Ok(Some(error)) => Err(error),
        _ => result,
    }
}
