//! What a rank hears of the root while it works.

use crate::parmap::run::state::Run;
use crate::parmap::run::unit::Signal;
use crate::parmap::tags::SIGNALS;

/// Looks for what the root wants to be stopped.
pub(super) fn hear(run: &Run) {
    while let Ok(Some(message)) = run.ranks.receive(Some(0), SIGNALS) {
        let Ok(signal) = Signal::decode(&message.bytes) else {
            return;
        };
        if signal.epoch == run.epoch {
            run.control.cut(signal.limit);
            run.control.stop(signal.reason);
        }
    }
}
