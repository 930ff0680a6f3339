//! Where units of work come from, and what does them: what each form of the map brings along.

use crate::base::error::Result;
use crate::parmap::run::task::{Control, Place, Ran};
use crate::parmap::run::unit::{Reply, Unit};

/// The answer of a source that was asked for work.
pub(crate) enum Next {
    Unit(Unit),
    /// Nothing now; ask again when something has come back.
    Wait,
    /// Nothing more for this worker.
    End,
}

/// Where units come from and replies go, on the root.
pub(crate) trait Source {
    /// A unit for a worker; `ahead`: so many it still has to do; `remote`: it needs the inputs.
    fn next(&mut self, slot: usize, ahead: usize, remote: bool) -> Result<Next>;

    /// A unit has come back.
    fn done(&mut self, reply: Reply, control: &Control) -> Result<()>;

    /// On a rank that deals for itself: a unit of its own is done, its reply goes to the root.
    fn sent(&mut self, _reply: &Reply) {}

    /// Nothing more is to be handed out, by any rank.
    fn stop(&mut self) {}

    /// Tasks that have come back, all tasks if known, failed tasks.
    fn count(&self) -> (u64, Option<u64>, u64);
}

/// Does units.
pub(crate) trait Work: Sync {
    /// What ran, and results that have to travel.
    fn run(&self, unit: &Unit, place: &Place) -> Result<(Ran, Vec<u8>)>;
}
