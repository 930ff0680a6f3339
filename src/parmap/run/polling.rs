//! Rounds of a thread that looks for several things to do.

use crate::base::error::Result;
use crate::ranks::wait_for;

/// What came of one round.
pub(super) enum Pass<R> {
    /// Something was done.
    Moved,
    /// Nothing was there to do.
    Idle,
    End(R),
}

/// Goes round until the end; the longer nothing happens, the less often.
pub(super) fn go_round<R>(mut pass: impl FnMut() -> Result<Pass<R>>) -> Result<R> {
    loop {
        let moved = wait_for(|| {
            Ok(match pass()? {
                Pass::Idle => None,
                Pass::Moved => Some(None),
                Pass::End(end) => Some(Some(end)),
            })
        })?;
        if let Some(end) = moved {
            return Ok(end);
        }
    }
}
