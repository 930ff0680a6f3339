//! Items of any size from a producer, through tasks, to a consumer, in bounded memory.

use crate::base::bytes::malformed;
use crate::base::error::{Error, Result};
use crate::base::panic::caught;
use crate::parmap::call::Call;
use crate::parmap::handle::Map;
use crate::parmap::run::follow::follow;
use crate::parmap::run::lead::{conclude, lead};
use crate::parmap::run::progress::{Watch, Watcher};
use crate::parmap::run::report::{Failure, Ledger, NOT_RUN, Outcome, PANICKED, Report};
use crate::parmap::run::source::{Next, Source, Work};
use crate::parmap::run::state::Run;
use crate::parmap::run::task::{Control, Place, Ran, Task, run_chunk};
use crate::parmap::run::unit::{Reply, Unit};
use std::collections::BTreeMap;

/// The answer of a producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Produced {
    /// An item, its bytes are in the buffer.
    Item,
    /// There are no more.
    End,
    /// Nothing now; ask again when something was consumed.
    Wait,
    /// It failed: its own positive code, and why.
    Failed(i32, String),
}

/// The answer of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consumed {
    /// Go on.
    More,
    /// Enough: no item above this one counts.
    Stop,
    /// It failed: its own positive code, and why.
    Failed(i32, String),
}

/// Both ends of a stream, on rank 0: called by the calling thread, one at a time.
pub trait Ends {
    /// The next item; the buffer is empty.
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced;

    /// The result of an item. With the error policy "continue" also of those that failed: their
    /// status is not 0, their bytes are empty.
    fn consume(&mut self, index: u64, status: i32, bytes: &[u8]) -> Consumed;
}

/// What does an item: its input, and a buffer for its output.
pub type Function<'f> = dyn Fn(&Task, &[u8], &mut Vec<u8>) -> i32 + Sync + 'f;

/// Both ends of a stream of units: of one item each, or chunks of a reduction.
pub(crate) trait UnitEnds {
    /// The next unit, whose first task is given: how many tasks.
    fn produce(&mut self, first: u64, to: &mut Vec<u8>) -> Result<(Produced, u64)>;

    fn consume(&mut self, reply: Reply) -> Consumed;

    /// Number of tasks, if it is known before the last one was produced.
    fn total(&self) -> Option<u64> {
        None
    }

    /// How a run has ended where that failed.
    fn failed(&self) -> Outcome {
        Outcome::ConsumerFailed
    }
}

/// Units from a producer to a consumer, of which so many at most are on their way.
struct StreamSource<'l> {
    run: &'l Run,
    ends: &'l mut dyn UnitEnds,
    ledger: Ledger,
    /// Tasks that were produced.
    produced: u64,
    /// Tasks that were consumed, in order.
    consumed: u64,
    /// Tasks whose results the consumer has had, in order and without a gap.
    handed: u64,
    /// Replies that wait for one before them.
    waiting: BTreeMap<u64, Reply>,
    /// Units between producer and consumer.
    outstanding: u64,
    most: u64,
    ended: bool,
    /// The first thing that ends the stream, by index.
    event: Option<(Outcome, Failure)>,
}

/// Runs a callback; a panic counts as a failure of it.
fn safely<R>(call: impl FnOnce() -> R, failed: impl FnOnce(i32, String) -> R) -> R {
    caught(call).unwrap_or_else(|text| failed(PANICKED, text))
}

impl StreamSource<'_> {
    /// The event with the lowest index is what a serial run would have seen.
    fn end(&mut self, outcome: Outcome, index: u64, code: i32, message: String) {
        self.ended = true;
        if self.event.as_ref().is_some_and(|e| e.1.index <= index) {
            return;
        }
        let failure = Failure { index, code, message, ..Failure::default() };
        self.event = Some((outcome, failure));
    }

    fn consume(&mut self, reply: Reply) {
        self.outstanding -= 1;
        let first = reply.first;
        let beyond = |event: &(Outcome, Failure)| event.1.index <= first;
        let lowest = self.ledger.lowest();
        // In order, everything below is known by now.
        let failed = lowest.is_some_and(|f| f.index < first + reply.count);
        if failed && self.run.settings.cancels() || self.event.as_ref().is_some_and(beyond) {
            return;
        }
        // Not run: told to stop, or above a failure.
        if reply.ran.codes.runs().iter().any(|run| run.code == NOT_RUN) {
            return;
        }
        // Nor behind a gap: in order means that nothing is missing before it.
        if self.run.settings.ordered && first != self.handed {
            return;
        }
        self.handed = first + reply.count;
        let ends = &mut self.ends;
        match self.run.busy(|| safely(|| ends.consume(reply), Consumed::Failed)) {
            Consumed::More => return,
            Consumed::Stop => self.end(Outcome::Stopped, first, 0, String::new()),
            Consumed::Failed(code, text) => self.end(self.ends.failed(), first, code, text),
        }
        self.run.control.cut(first);
    }

    fn report(self) -> Report {
        let settings = &self.run.settings;
        let control = &self.run.control;
        let seconds = self.run.start.elapsed().as_secs_f64();
        let lowest = self.ledger.lowest().filter(|_| settings.cancels());
        let lowest = lowest.map_or(u64::MAX, |failure| failure.index);
        let known = self.ends.total();
        let complete = match known {
            Some(n) => self.ledger.complete_below(n),
            None => self.ended && self.ledger.complete_below(self.produced),
        };
        let undisturbed = self.event.is_none();
        let stopped = control.outcome().filter(|_| !complete && undisturbed);
        if let Some((outcome, failure)) = self.event
            && failure.index <= lowest
        {
            // What lies beyond doesn't count: a serial run would not have come so far.
            let end = match outcome {
                Outcome::ProducerFailed | Outcome::Stalled => failure.index,
                _ => failure.index + 1,
            };
            let ledger = self.ledger.before(end);
            let mut report = ledger.report(known, known.unwrap_or(end), Some(outcome), false, seconds);
            report.failure = match outcome {
                Outcome::Stopped => None,
                _ => Some(failure),
            };
            return report;
        }
        // What is there is unfinished if it was not begun; of items that nobody has produced nothing is known.
        let produced = known.unwrap_or(self.produced.min(lowest.saturating_add(1)));
        let failed = lowest != u64::MAX;
        let total = known.or((self.ended && undisturbed && !failed).then_some(self.produced));
        let cancels = settings.cancels();
        let ledger = match stopped {
            Some(_) if settings.ordered && !failed => self.ledger.before(self.handed),
            _ => self.ledger,
        };
        ledger.report(total, produced, stopped, cancels, seconds)
    }
}

impl Source for StreamSource<'_> {
    fn next(&mut self, slot: usize, _ahead: usize, _remote: bool) -> Result<Next> {
        let cut = self.run.control.limit() < self.produced;
        if self.ended || cut {
            return Ok(Next::End);
        }
        if self.outstanding >= self.most {
            return Ok(Next::Wait);
        }
        let (first, mut bytes) = (self.produced, Vec::new());
        let ends = &mut self.ends;
        let failed = |code, text| Ok((Produced::Failed(code, text), 0));
        let (produced, count) = self.run.busy(|| safely(|| ends.produce(first, &mut bytes), failed))?;
        match produced {
            Produced::Item => {
                self.outstanding += 1;
                self.produced += count;
                return Ok(Next::Unit(Unit { first, count, slot, thread: None, bytes: Some(bytes) }));
            }
            Produced::End => self.ended = true,
            Produced::Wait if self.outstanding > 0 => return Ok(Next::Wait),
            Produced::Wait => self.end(Outcome::Stalled, first, 0, String::new()),
            Produced::Failed(code, text) => self.end(Outcome::ProducerFailed, first, code, text),
        }
        Ok(Next::End)
    }

    fn done(&mut self, reply: Reply, control: &Control) -> Result<()> {
        if self.outstanding == 0 || reply.first + reply.count > self.produced {
            return Err(malformed());
        }
        self.ledger.enter(reply.first, reply.count, &reply.ran.codes);
        if let Some(failure) = &reply.ran.failure {
            self.ledger.fail(failure.clone());
            if self.run.settings.cancels() {
                control.cut(failure.index);
            }
        }
        if !self.run.settings.ordered {
            self.consume(reply);
            return Ok(());
        }
        self.waiting.insert(reply.first, reply);
        while let Some(reply) = self.waiting.remove(&self.consumed) {
            self.consumed += reply.count;
            self.consume(reply);
        }
        Ok(())
    }

    fn count(&self) -> (u64, Option<u64>, u64) {
        let total = self.ends.total().or(self.ended.then_some(self.produced));
        (self.ledger.done, total, self.ledger.failed())
    }
}

/// Leads a stream of units, on the root.
pub(crate) fn lead_units(
    run: &Run,
    work: &dyn Work,
    ends: &mut dyn UnitEnds,
    progress: Option<&mut Watcher>,
) -> Result<Report> {
    let most = match run.settings.max_outstanding {
        0 => 4 * run.workers.len() as u64,
        most => most as u64,
    };
    let mut source = StreamSource {
        run,
        ends,
        ledger: Ledger::default(),
        produced: 0,
        consumed: 0,
        handed: 0,
        waiting: BTreeMap::new(),
        outstanding: 0,
        most,
        ended: false,
        event: None,
    };
    let mut watch = Watch::new(progress, run.settings.progress_interval);
    let led = lead(run, work, &mut source, &mut watch);
    let report = led.map(|()| source.report());
    conclude(run, report, &mut watch)
}

struct Items<'i>(&'i Function<'i>);

impl Work for Items<'_> {
    fn run(&self, unit: &Unit, place: &Place) -> Result<(Ran, Vec<u8>)> {
        let mut results = Vec::new();
        let bytes = unit.bytes.as_deref().unwrap_or(&[]);
        let ran = run_chunk(unit.chunk(), place, |task, _| {
            results.clear();
            (self.0)(task, bytes, &mut results)
        })?;
        if !ran.codes.is_empty() {
            results = Vec::new();
        }
        Ok((ran, results))
    }
}

impl<E: Ends + ?Sized> UnitEnds for &mut E {
    fn produce(&mut self, _: u64, to: &mut Vec<u8>) -> Result<(Produced, u64)> {
        Ok(((**self).produce(to), 1))
    }

    fn consume(&mut self, reply: Reply) -> Consumed {
        let status = reply.ran.codes.of(reply.first);
        (**self).consume(reply.first, status, &reply.bytes)
    }
}

/// A stream: its ends are those of rank 0.
pub struct Stream<'e> {
    ends: Option<&'e mut dyn Ends>,
    check: Result<()>,
}

impl<'e> Stream<'e> {
    /// From a producer to a consumer; on ranks other than 0 there may be none.
    pub fn new(ends: Option<&'e mut dyn Ends>) -> Self {
        Stream { ends, check: Ok(()) }
    }

    /// If all is well so far: an error fails the run, on every rank, before anything is produced.
    pub fn checked(self, check: Result<()>) -> Self {
        Stream { check, ..self }
    }

    /// Collective: runs `function` for each item that the producer gives, and hands the results to the consumer: in order,
    /// or with the setting "ordered" off as they come.
    pub fn run(self, map: &Map, function: &Function, progress: Option<&mut Watcher>) -> Result<Report> {
        let root = map.is_root();
        let missing = Error::NullPointer { argument: "produce", expected: "the producer, on rank 0" };
        let check = match root && self.ends.is_none() {
            true => self.check.and(Err(missing)),
            false => self.check,
        };
        let running = map.begin(Call { check, ..Call::new("stream") })?;
        let work = Items(function);
        match self.ends.filter(|_| root) {
            Some(mut ends) => lead_units(&running.run, &work, &mut ends, progress),
            None => follow(&running.run, &work),
        }
    }
}
