//! A call is cancelled from another thread, from a signal handler, or by a flag of the host.

use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU8, Ordering};

/// A cancel from outside.
///
/// All orderings are Relaxed: a wish hands nothing over, and who sees it late ends late. A flag is set while no call runs, under the
/// lock of the context, which each call takes before it looks.
#[derive(Debug, Default)]
pub(crate) struct Cancel {
    /// Whether a call can be cancelled, and whether it is: in one atomic, so that a signal handler may cancel, and so that
    /// nothing is remembered when no call runs.
    state: AtomicU8,
    /// The host's own flag, or NULL: it cancels while it is not 0.
    flag: AtomicPtr<AtomicI32>,
}

impl Cancel {
    const IDLE: u8 = 0;
    const RUNNING: u8 = 1;
    const CANCELLED: u8 = 2;

    /// Ends the call that runs. Tells whether there is one. Safe to be called in a signal handler.
    pub(crate) fn cancel(&self) -> bool {
        let told = self.state.compare_exchange(Self::RUNNING, Self::CANCELLED, Ordering::Relaxed, Ordering::Relaxed);
        told.is_ok() || told == Err(Self::CANCELLED)
    }

    /// A call begins that can be cancelled until the result is dropped.
    pub(crate) fn begin(&self) -> Running<'_> {
        self.state.store(Self::RUNNING, Ordering::Relaxed);
        Running(self)
    }

    /// # Safety
    /// The flag is NULL or lives until it is replaced, or this is gone.
    pub(crate) unsafe fn set_flag(&self, flag: *const i32) {
        self.flag.store(flag.cast_mut().cast(), Ordering::Relaxed);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        // SAFETY: the promise of who has set it.
        let flag = unsafe { self.flag.load(Ordering::Relaxed).as_ref() };
        flag.is_some_and(|flag| flag.load(Ordering::Relaxed) != 0)
            || self.state.load(Ordering::Relaxed) == Self::CANCELLED
    }
}

/// A call that can be cancelled.
pub(crate) struct Running<'c>(&'c Cancel);

impl Running<'_> {
    pub(crate) fn cancel(&self) -> &Cancel {
        self.0
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.state.store(Cancel::IDLE, Ordering::Relaxed);
    }
}
