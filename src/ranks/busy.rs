//! Ranks that are in a call already, while it runs a function of the program: nothing collective can be called on them there.

use crate::base::error::{Error, Result};
use std::cell::RefCell;

thread_local! {
    /// Where the transports of calls that this thread is in lie.
    static BUSY: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Runs a function of the program inside a call on the ranks whose transport lies there.
pub(crate) fn during<R>(ranks: *const (), call: impl FnOnce() -> R) -> R {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            let _ = BUSY.try_with(|busy| busy.borrow_mut().pop());
        }
    }
    let _leave = BUSY.try_with(|busy| busy.borrow_mut().push(ranks as usize)).map(|()| Leave);
    call()
}

/// Fails inside of such a function, before anything is said to other ranks; on one rank, too, so that what a program may do
/// does not depend on their number.
pub(crate) fn fails_if_busy(ranks: *const ()) -> Result<()> {
    match BUSY.try_with(|busy| busy.borrow().contains(&(ranks as usize))) {
        Ok(true) => Err(Error::InvalidState(
            "the context is in use by the call that runs this function: a function of the program can use neither it nor \
             what is collective on its ranks"
                .into(),
        )),
        _ => Ok(()),
    }
}
