//! An argument that a binding refuses before it can be handed to the library: the next call of the thread fails by it, and
//! in a collective call all ranks learn of it, where they would otherwise wait for this one.

use crate::base::error::{Error, Result};
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
    match take() {
        Some(error) => Err(error),
        None => result,
    }
}

/// Compiled once.
#[inline(never)]
fn take() -> Option<Error> {
    NEXT.try_with(|next| next.borrow_mut().take()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ranks::local::{Local, Weather};

    #[test]
    fn a_refusal_is_everybodys_and_over_with_one_call() {
        let results = Local::run(3, Weather::default(), |ranks| {
            if ranks.rank() == 1 {
                let message = "x does not fit".into();
                set(Error::Refused { status: -3, message });
            }
            let refused = ranks.agree(Ok(())).unwrap_err();
            assert_eq!(refused.to_string(), "rank 1: x does not fit");
            assert_eq!(refused.status(), -3);
            ranks.agree(Ok(()))
        });
        results.into_iter().for_each(|r| r.unwrap().unwrap());
        set(Error::InvalidState("alone".into()));
        assert_eq!(or(Ok(())), Err(Error::InvalidState("alone".into())));
        assert_eq!(or(Ok(())), Ok(()));
    }
}
