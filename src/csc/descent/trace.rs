//! What a rank did in a solve, and when: recorded if option `trace` is set.

use crate::base::panic::lock;
use crate::csc::descent::halo::{Halo, Traffic};
use crate::grid::tiles::Number;
use std::fmt::{self, Write};
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

/// What a rank was at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Activity {
    /// The whole call.
    Solve,
    /// Taking in the signals and their first correlation with the atoms.
    Correlate,
    /// The descent; again after a certificate that was not yet good enough.
    Descend,
    /// The certificate.
    Certify,
    /// The tiles of one colour, and the exchange of steps that goes with them; in the asynchronous
    /// schedule a pass over all tiles of the rank.
    Phase,
    /// The visit of a tile.
    Visit,
}

impl Activity {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Activity::Solve => "solve",
            Activity::Correlate => "correlate",
            Activity::Descend => "descend",
            Activity::Certify => "certify",
            Activity::Phase => "phase",
            Activity::Visit => "visit",
        }
    }
}

/// A span of time of one rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// What it was at.
    pub activity: Activity,
    /// Phases and visits: pass over all tiles, from 0; else −1.
    pub sweep: i64,
    /// Phases and visits: colour, −1 where there is none.
    pub colour: i64,
    /// Visits: number of the tile in the global grid; else −1.
    pub tile: i64,
    /// Coordinate steps that were made.
    pub steps: u64,
    /// Visits: the tile was left with something to do.
    pub awake: bool,
    /// Seconds from the beginning of the call.
    pub start: f64,
    /// How long it took.
    pub seconds: f64,
    /// Messages sent and time waited in it; not known of a visit.
    pub traffic: Traffic,
}

/// Where a span begins.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) begin: Instant,
    pub(crate) traffic: Traffic,
    /// Steps of this rank so far.
    pub(crate) steps: u64,
}

/// The record of one solve on one rank.
pub(crate) struct Trace {
    start: Instant,
    record: Mutex<Record>,
}

#[derive(Default)]
struct Record {
    spans: Vec<Span>,
    /// The first visit that belongs to the phase that goes on.
    open: usize,
    steps: u64,
    /// Spans for which there was no memory.
    lost: u64,
}

impl Record {
    fn push(&mut self, span: Span) {
        match self.spans.try_reserve(1) {
            Ok(()) => self.spans.push(span),
            Err(_) => self.lost += 1,
        }
    }
}

impl Trace {
    pub(crate) fn new(start: Instant) -> Self {
        Trace { start, record: Mutex::default() }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        lock(&self.record)
    }

    pub(crate) fn mark(&self, halo: &Halo) -> Mark {
        Mark { begin: Instant::now(), traffic: halo.traffic(), steps: self.record().steps }
    }

    /// Ends a span that began at `mark`.
    pub(crate) fn end(&self, activity: Activity, mark: Mark, halo: &Halo) {
        let mut record = self.record();
        let span = self.span(activity, &mark, halo, record.steps);
        record.push(span);
    }

    /// Ends a phase, to which the visits since the last one belong.
    pub(crate) fn end_phase(&self, sweep: u64, colour: Option<usize>, mark: Mark, halo: &Halo) {
        let mut record = self.record();
        let mut span = self.span(Activity::Phase, &mark, halo, record.steps);
        span.sweep = sweep as i64;
        span.colour = colour.map_or(-1, |colour| colour as i64);
        let open = record.open;
        let since = record.spans[open..].iter_mut();
        for visit in since.filter(|s| s.activity == Activity::Visit) {
            (visit.sweep, visit.colour) = (span.sweep, span.colour);
        }
        record.push(span);
        record.open = record.spans.len();
    }

    fn span(&self, activity: Activity, mark: &Mark, halo: &Halo, steps: u64) -> Span {
        let now = halo.traffic();
        Span {
            activity,
            sweep: -1,
            colour: -1,
            tile: -1,
            steps: steps - mark.steps,
            awake: false,
            start: (mark.begin - self.start).as_secs_f64(),
            seconds: mark.begin.elapsed().as_secs_f64(),
            traffic: Traffic {
                messages: now.messages - mark.traffic.messages,
                bytes: now.bytes - mark.traffic.bytes,
                seconds_waiting: now.seconds_waiting - mark.traffic.seconds_waiting,
            },
        }
    }

    /// Notes the visit of a tile, which began at `begin`.
    pub(crate) fn visited(&self, Number(tile): Number, steps: usize, awake: bool, begin: Instant) {
        let seconds = begin.elapsed().as_secs_f64();
        let mut record = self.record();
        record.steps += steps as u64;
        record.push(Span {
            activity: Activity::Visit,
            sweep: -1,
            colour: -1,
            tile: tile as i64,
            steps: steps as u64,
            awake,
            start: (begin - self.start).as_secs_f64(),
            seconds,
            traffic: Traffic::default(),
        });
    }

    /// Steps that belong to no visit.
    pub(crate) fn add_steps(&self, n: u64) {
        self.record().steps += n;
    }

    /// Calls `visit` with the spans in order of their ends (the visits of a phase come before it)
    /// until it says no.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&Span) -> bool) {
        for span in &self.record().spans {
            if !visit(span) {
                return;
            }
        }
    }

    /// Writes the spans, and how many were lost for want of memory, as members of a JSON object.
    pub(crate) fn write_json(&self, to: &mut impl Write) -> fmt::Result {
        let record = self.record();
        write!(
            to,
            "\"lost\": {},\n\"columns\": [\"activity\", \"sweep\", \"colour\", \"tile\", \"steps\", \"awake\", \
             \"start\", \"seconds\", \"seconds_waiting\", \"messages\", \"bytes_sent\"],\n\"spans\": [",
            record.lost
        )?;
        for (i, span) in record.spans.iter().enumerate() {
            let Traffic { messages, bytes, seconds_waiting } = span.traffic;
            write!(
                to,
                "{}\n[\"{}\", {}, {}, {}, {}, {}, {:.9}, {:.9}, {seconds_waiting:.9}, {messages}, {bytes}]",
                if i == 0 { "" } else { "," },
                span.activity.name(),
                span.sweep,
                span.colour,
                span.tile,
                span.steps,
                u8::from(span.awake),
                span.start,
                span.seconds,
            )?;
        }
        write!(to, "\n]")
    }
}
