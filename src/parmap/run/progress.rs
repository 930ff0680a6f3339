//! Tells how far a run is: not too often, and at the end.

use crate::base::panic::caught;
use std::time::{Duration, Instant};

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Tasks that have come back.
    pub done: u64,
    /// Number of tasks, if it is known.
    pub total: Option<u64>,
    /// Tasks that failed.
    pub failed: u64,
    /// Seconds since the run began.
    pub elapsed: f64,
    /// Seconds that it will probably still take, if that can be said.
    pub eta: Option<f64>,
}

impl Progress {
    /// It as a line for people.
    pub fn text(&self) -> String {
        let mut text = self.done.to_string();
        if let Some(total) = self.total {
            text += &format!(" of {total}");
        }
        if self.failed > 0 {
            text += &format!(", {} failed", self.failed);
        }
        text += &format!(", {:.1} s", self.elapsed);
        if let Some(eta) = self.eta.filter(|eta| *eta > 0.0) {
            text += &format!(", {eta:.1} s left");
        }
        text
    }
}

/// Who is told of the progress; false: stop.
pub(crate) type Watcher<'w> = dyn FnMut(&Progress) -> bool + 'w;

/// Tells of the progress now and then.
pub(crate) struct Watch<'w> {
    call: Option<Box<Watcher<'w>>>,
    interval: Duration,
    start: Instant,
    next: Instant,
}

impl<'w> Watch<'w> {
    pub(crate) fn new(call: Option<&'w mut Watcher>, interval: f64) -> Self {
        let boxed = |call: &'w mut Watcher| -> Box<Watcher<'w>> { Box::new(|p| call(p)) };
        let call = call.map(boxed);
        let start = Instant::now();
        let interval = Duration::try_from_secs_f64(interval).unwrap_or(Duration::MAX);
        Watch { call, interval, start, next: start.checked_add(interval).unwrap_or(start) }
    }

    /// How long until it is to be called next; none: not before the end.
    pub(super) fn wait(&self) -> Option<Duration> {
        let ever = self.call.is_some() && self.interval != Duration::MAX;
        ever.then(|| self.next.saturating_duration_since(Instant::now()))
    }

    pub(super) fn due(&self) -> bool {
        self.call.is_some() && Instant::now() >= self.next && self.interval != Duration::MAX
    }

    /// Calls it, whether it is time or not.
    pub(crate) fn tell(&mut self, (done, total, failed): (u64, Option<u64>, u64)) -> bool {
        let Some(call) = &mut self.call else {
            return true;
        };
        let elapsed = self.start.elapsed().as_secs_f64();
        let left = total.map(|total| total.saturating_sub(done));
        let eta = |left: u64| elapsed * left as f64 / done as f64;
        let progress = Progress { done, total, failed, elapsed, eta: left.filter(|_| done > 0).map(eta) };
        // Who panics wants to stop; the other ranks still have to hear of it.
        let go_on = caught(|| call(&progress)).unwrap_or(false);
        let now = Instant::now();
        self.next = now.checked_add(self.interval).unwrap_or(now);
        go_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_told() {
        let p = Progress { done: 10, total: Some(30), failed: 1, elapsed: 2.0, eta: Some(4.0) };
        assert_eq!(p.text(), "10 of 30, 1 failed, 2.0 s, 4.0 s left");
        // Of a stream the end is not known.
        assert_eq!(Progress { total: None, failed: 0, eta: None, ..p }.text(), "10, 2.0 s");
    }
}
