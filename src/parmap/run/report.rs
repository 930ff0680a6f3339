//! What came of a run: the same on every rank, and the same for any number of workers.

use crate::base::bytes::{Reader, Writer, malformed};
use crate::base::error::{Error, Result};
use crate::base::wording::nth;
use crate::parmap::run::codes::Codes;
use std::collections::BTreeMap;

/// Status of a task that was not run, or whose result does not count.
pub const NOT_RUN: i32 = -107;
/// Status of a task that panicked.
pub const PANICKED: i32 = -9;
/// Status of a task whose work function returned a negative number.
pub const BAD_CODE: i32 = -2;

/// Code of a run in which tasks failed, but all were run.
pub const SOME_FAILED: i32 = 101;
/// Code of a run that its consumer or checkpoint stopped.
pub const STOPPED: i32 = 102;
/// Code of a run that a task, or another callback outside of any task, failed.
pub const TASK_FAILED: i32 = -101;
/// Code of a run whose producer failed.
pub const PRODUCER_FAILED: i32 = -102;
/// Code of a run whose consumer failed, or a join.
pub const CONSUMER_FAILED: i32 = -103;
/// Code of a run that would have waited for ever.
pub const STALLED: i32 = -104;
/// Code of a run whose deadline has passed.
pub const TIMED_OUT: i32 = -105;
/// Code of a run that was cancelled.
pub const CANCELLED: i32 = -106;

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Every task succeeded.
    #[default]
    Done,
    /// Every task was run, some failed (error policy "continue").
    SomeFailed,
    /// The consumer wanted no more.
    Stopped,
    /// A task failed (error policy "cancel").
    TaskFailed,
    /// The producer failed.
    ProducerFailed,
    /// The consumer failed.
    ConsumerFailed,
    /// The producer wants to wait although nothing is in flight.
    Stalled,
    /// The deadline passed.
    TimedOut,
    /// Somebody asked to stop.
    Cancelled,
    /// What came of a chunk could not be joined.
    JoinFailed,
}

const OUTCOMES: [Outcome; 10] = [
    Outcome::Done,
    Outcome::SomeFailed,
    Outcome::Stopped,
    Outcome::TaskFailed,
    Outcome::ProducerFailed,
    Outcome::ConsumerFailed,
    Outcome::Stalled,
    Outcome::TimedOut,
    Outcome::Cancelled,
    Outcome::JoinFailed,
];

/// The failure that a run reports: that of the lowest index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// Index of the task or item.
    pub index: u64,
    /// What the function returned, or a negative status.
    pub code: i32,
    /// What it said.
    pub message: String,
    /// Where it ran: the rank,
    pub rank: usize,
    /// and the thread there.
    pub worker: usize,
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// Tasks that were run and count, failed ones included.
    pub done: u64,
    /// Tasks that failed.
    pub failed: u64,
    /// Number of tasks, if it is known.
    pub total: Option<u64>,
    /// The failure that is reported, if there is one.
    pub failure: Option<Failure>,
    /// Tasks without a result: ranges (first, end).
    pub unfinished: Vec<(u64, u64)>,
    /// Tasks that failed and their codes, in order.
    pub codes: Codes,
    /// Seconds from the call to the end.
    pub seconds: f64,
}

impl Report {
    /// Status of one task: 0, its code, or [`NOT_RUN`].
    pub fn status(&self, index: u64) -> i32 {
        let after = self.unfinished.partition_point(|range| range.1 <= index);
        if self.unfinished.get(after).is_some_and(|r| r.0 <= index) {
            return NOT_RUN;
        }
        self.codes.of(index)
    }

    /// Statuses of the first tasks.
    pub fn fill(&self, statuses: &mut [i32]) {
        statuses.fill(0);
        for (first, end) in &self.unfinished {
            let end = statuses.len().min(*end as usize);
            if let Some(missing) = statuses.get_mut(*first as usize..end) {
                missing.fill(NOT_RUN);
            }
        }
        for run in self.codes.runs() {
            let end = statuses.len().min(run.end as usize);
            if let Some(failed) = statuses.get_mut(run.first as usize..end) {
                failed.fill(run.code);
            }
        }
    }

    /// The status code of a run that ended like this: 0, positive with a result, negative without.
    pub fn code(&self) -> i32 {
        match self.outcome {
            Outcome::Done => 0,
            Outcome::SomeFailed => SOME_FAILED,
            Outcome::Stopped => STOPPED,
            Outcome::TaskFailed => TASK_FAILED,
            Outcome::ProducerFailed => PRODUCER_FAILED,
            Outcome::ConsumerFailed | Outcome::JoinFailed => CONSUMER_FAILED,
            Outcome::Stalled => STALLED,
            Outcome::TimedOut => TIMED_OUT,
            Outcome::Cancelled => CANCELLED,
        }
    }

    /// The error that says how the run ended.
    pub fn as_error(&self) -> Error {
        Error::Map { status: self.code(), message: self.marked() }
    }

    /// Fails unless it is of so many tasks.
    pub(crate) fn fails_unless_of(&self, n: u64) -> Result<()> {
        let ends = [self.unfinished.last().map_or(0, |range| range.1), self.codes.end()];
        if ends.iter().any(|end| *end > n) { Err(malformed()) } else { Ok(()) }
    }

    /// Did it go through, even if some tasks failed?
    pub fn has_result(&self) -> bool {
        matches!(self.outcome, Outcome::Done | Outcome::SomeFailed)
    }

    /// The message for people.
    pub fn message(&self) -> String {
        self.as_error().to_string()
    }

    fn marked(&self) -> String {
        let failure = self.failure.clone().unwrap_or_default();
        let at = format!("on rank {}, worker {}", failure.rank, failure.worker);
        let (index, code) = (nth(failure.index), failure.code);
        let text = match failure.message.as_str() {
            "" => String::new(),
            text => format!(": {text}"),
        };
        let missing: u64 = self.unfinished.iter().map(|r| r.1 - r.0).sum();
        let first = self.unfinished.first().map_or(0, |range| range.0);
        let missing = match missing {
            0 => "all tasks that were begun are finished".to_string(),
            1 => format!("task {} is unfinished", nth(first)),
            n => format!("{n} tasks are unfinished, the first is {}", nth(first)),
        };
        match self.outcome {
            Outcome::Done => "done".into(),
            Outcome::SomeFailed => {
                format!("{} of {} tasks failed, first task {index} with code {code} {at}{text}", self.failed, self.done)
            }
            Outcome::Stopped => "the consumer stopped the stream".into(),
            Outcome::TaskFailed => format!("task {index} failed with code {code} {at}{text}"),
            Outcome::ProducerFailed => {
                format!("the producer failed at item {index} with code {code}{text}")
            }
            Outcome::ConsumerFailed => {
                format!("the consumer failed at item {index} with code {code}{text}")
            }
            Outcome::JoinFailed => format!("the chunk at task {index} could not be joined, code {code}{text}"),
            Outcome::Stalled => format!(
                "the producer wants to wait at item {index}, but nothing is in flight: it would \
                 wait for ever"
            ),
            Outcome::TimedOut => format!("the deadline has passed; {missing}"),
            Outcome::Cancelled => format!("the run was cancelled; {missing}"),
        }
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        let outcome = OUTCOMES.iter().position(|o| *o == self.outcome);
        to.u8(outcome.unwrap_or(0) as u8);
        to.u64(self.done);
        to.u64(self.failed);
        to.i64(self.total.map_or(-1, |n| n as i64));
        to.f64(self.seconds);
        to.u8(self.failure.is_some() as u8);
        if let Some(failure) = &self.failure {
            to.u64(failure.index);
            to.i32(failure.code);
            to.bytes(failure.message.as_bytes());
            to.u64(failure.rank as u64);
            to.u64(failure.worker as u64);
        }
        to.u64(self.unfinished.len() as u64);
        for range in &self.unfinished {
            to.u64(range.0);
            to.u64(range.1);
        }
        self.codes.write(to);
    }

    pub(crate) fn read(from: &mut Reader) -> Result<Self> {
        let unknown = || Error::Internal("an unknown outcome".into());
        let outcome = *OUTCOMES.get(from.u8()? as usize).ok_or_else(unknown)?;
        let (done, failed) = (from.u64()?, from.u64()?);
        let total = u64::try_from(from.i64()?).ok();
        let seconds = from.f64()?;
        let failure = match from.u8()? {
            0 => None,
            _ => Some(Failure {
                index: from.u64()?,
                code: from.i32()?,
                message: from.text()?,
                rank: from.u64()? as usize,
                worker: from.u64()? as usize,
            }),
        };
        let (mut unfinished, mut end) = (Vec::new(), 0);
        for _ in 0..from.u64()? {
            let range = (from.u64()?, from.u64()?);
            if range.0 < end || range.1 <= range.0 {
                return Err(malformed());
            }
            end = range.1;
            unfinished.push(range);
        }
        let codes = Codes::read(from)?;
        Ok(Report { outcome, done, failed, total, failure, unfinished, codes, seconds })
    }
}

/// Keeps account of a run on the root: which tasks are finished, and what failed.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Finished tasks: ends of ranges by their beginnings, not touching.
    ranges: BTreeMap<u64, u64>,
    codes: Codes,
    failed: u64,
    /// Of the lowest failing index.
    failure: Option<Failure>,
    pub(crate) done: u64,
}

impl Ledger {
    /// Tasks that have come back with these codes; no codes: all succeeded.
    pub(crate) fn enter(&mut self, first: u64, count: u64, codes: &Codes) {
        let mut at = first;
        for run in codes.runs() {
            if run.code == NOT_RUN {
                self.finished(at, run.first);
                at = run.end;
            } else {
                self.codes.add(*run);
                self.failed += run.end - run.first;
            }
        }
        self.finished(at, first + count);
    }

    fn finished(&mut self, first: u64, end: u64) {
        if first == end {
            return;
        }
        self.done += end - first;
        // No task comes back twice: others only touch.
        let end = self.ranges.remove(&end).unwrap_or(end);
        match self.ranges.range_mut(..first).next_back() {
            Some((_, before)) if *before == first => *before = end,
            _ => drop(self.ranges.insert(first, end)),
        }
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        if self.failure.as_ref().is_none_or(|f| failure.index < f.index) {
            self.failure = Some(failure);
        }
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed
    }

    pub(crate) fn lowest(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Have all tasks below this one come back?
    pub(crate) fn complete_below(&self, index: u64) -> bool {
        index == 0 || self.ranges.get(&0).is_some_and(|end| *end >= index)
    }

    /// What one rank has done, for another one; and why it was stopped.
    pub(crate) fn write(mut self, to: &mut Writer, reason: u8) {
        to.u8(reason);
        self.codes.settle();
        let report = Report {
            unfinished: self.ranges.into_iter().collect(),
            codes: self.codes,
            failure: self.failure,
            ..Report::default()
        };
        report.write(to);
    }

    /// Takes over what another rank has done; why it was stopped.
    pub(crate) fn merge(&mut self, from: &mut Reader) -> Result<u8> {
        let reason = from.u8()?;
        let other = Report::read(from)?;
        for (first, end) in other.unfinished {
            self.finished(first, end);
        }
        for run in other.codes.runs() {
            self.codes.add(*run);
            self.failed += run.end - run.first;
        }
        other.failure.into_iter().for_each(|failure| self.fail(failure));
        Ok(reason)
    }

    /// Without what lies at this index or beyond.
    pub(crate) fn before(mut self, end: u64) -> Self {
        self.codes.cut(end);
        self.failed = self.codes.runs().iter().map(|run| run.end - run.first).sum();
        self.ranges.retain(|first, last| {
            *last = end.min(*last);
            *first < *last
        });
        self.failure = self.failure.filter(|failure| failure.index < end);
        self
    }

    /// The report of a run over `total` tasks, or as many as were produced. `stopped` is why it
    /// ended early, if it did; with `cancel` what is above the lowest failing task doesn't count.
    pub(crate) fn report(
        mut self,
        total: Option<u64>,
        produced: u64,
        stopped: Option<Outcome>,
        cancel: bool,
        seconds: f64,
    ) -> Report {
        let mut outcome = stopped.unwrap_or_default();
        if let Some(index) = self.failure.as_ref().map(|failure| failure.index) {
            if !cancel {
                outcome = stopped.unwrap_or(Outcome::SomeFailed);
            } else if stopped.is_none() || self.complete_below(index) {
                outcome = Outcome::TaskFailed;
                self = self.before(index + 1);
            }
        }
        self.codes.settle();
        let mut unfinished = Vec::new();
        let mut at = 0;
        for (first, end) in &self.ranges {
            if *first > at {
                unfinished.push((at, *first));
            }
            at = *end;
        }
        if at < produced {
            unfinished.push((at, produced));
        }
        Report {
            outcome,
            done: self.ranges.iter().map(|(first, end)| end - first).sum(),
            failed: self.failed,
            total,
            failure: self.failure,
            unfinished,
            codes: self.codes,
            seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn behind_a_late_first_task_the_ledger_takes_what_comes_in_any_order() {
        // With a list of ranges it would be minutes.
        let n = 1 << 20;
        let mut ledger = Ledger::default();
        (1..n).step_by(2).for_each(|index| ledger.enter(index, 1, &Codes::default()));
        assert_eq!((ledger.ranges.len() as u64, ledger.complete_below(1)), (n / 2, false));
        (0..n).rev().filter(|index| index % 2 == 0).for_each(|index| ledger.enter(index, 1, &Codes::default()));
        assert_eq!((ledger.ranges.len(), ledger.complete_below(n), ledger.done), (1, true, n));
    }

    proptest! {
        #[test]
        fn the_ledger_knows_what_is_finished(
            order in Just((0u64..40).collect::<Vec<_>>()).prop_shuffle(), n in 0usize..41,
        ) {
            let mut ledger = Ledger::default();
            for index in &order[..n] {
                let code = (index % 5 == 0) as i32;
                ledger.enter(*index, 1, &Codes::alike(*index, 1, code));
                if code != 0 {
                    ledger.fail(Failure { index: *index, code, ..Failure::default() });
                }
            }
            let report = ledger.report(Some(40), 40, Some(Outcome::Cancelled), false, 0.0);
            for index in 0..40 {
                let wanted = match order[..n].contains(&index) {
                    true => (index % 5 == 0) as i32,
                    false => NOT_RUN,
                };
                prop_assert_eq!(report.status(index), wanted);
            }
            let mut bytes = Writer::default();
            report.write(&mut bytes);
            prop_assert_eq!(Report::read(&mut Reader(&bytes.0)).unwrap(), report);
        }
    }
}
