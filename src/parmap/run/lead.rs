//! The root leads: it hands out units of work until all are back, and then ends the run for everybody.
//!
//! Only the calling thread of a rank uses the transport. With one thread the calling thread also does the work; with more
//! it only hands on, unless there is one rank and the source may be asked by any thread.

use crate::base::bytes::Writer;
use crate::base::error::Result;
use crate::parmap::run::leader::Leader;
use crate::parmap::run::pool::Pool;
use crate::parmap::run::progress::Watch;
use crate::parmap::run::report::Report;
use crate::parmap::run::self_scheduled;
use crate::parmap::run::source::{Next, Source, Work};
use crate::parmap::run::state::{Run, hand_on};
use crate::parmap::run::unit::{END, encode_end};
use crate::parmap::tags::UNITS;

/// Leads a run until all units that were handed out are back.
pub(crate) fn lead(run: &Run, work: &dyn Work, source: &mut dyn Source, watch: &mut Watch) -> Result<()> {
    if run.ranks.size() == 1 && run.n_threads == 1 {
        return serial(run, work, source, watch);
    }
    let pool = Pool::default();
    let size = run.pool_size();
    pool.scope(
        size,
        run.stack,
        |unit, thread| run.execute_in_thread(work, unit, thread),
        |pool| Leader::new(run, Some(pool?).filter(|_| size > 0)).lead(work, source, watch),
    )
}

/// As [`lead`]; the threads of a single rank ask the source themselves.
pub(crate) fn lead_from_any_thread<S: Source + Send>(
    run: &Run,
    work: &dyn Work,
    source: &mut S,
    watch: &mut Watch,
) -> Result<()> {
    match run.ranks.size() == 1 && run.n_threads > 1 {
        true => self_scheduled::lead(run, work, source, watch),
        false => lead(run, work, source, watch),
    }
}

/// One rank, one thread.
fn serial(run: &Run, work: &dyn Work, source: &mut dyn Source, watch: &mut Watch) -> Result<()> {
    while !run.control.stopped() {
        match source.next(0, 0, false)? {
            Next::Unit(unit) => {
                let reply = run.execute(work, unit, 0, None)?;
                source.done(reply, &run.control)?;
            }
            // With nothing in flight the source says what it is.
            Next::Wait => std::thread::yield_now(),
            Next::End => break,
        }
        run.report_progress(watch, || source.count());
    }
    Ok(())
}

/// Ends a run, for all ranks alike: tells of the progress for the last time, and all ranks of the report.
pub(crate) fn conclude(run: &Run, report: Result<Report>, watch: &mut Watch) -> Result<Report> {
    let report = match run.ranks.size() {
        1 => report,
        _ => report.map_err(|error| error.of_rank(0)),
    };
    let outcome = match &report {
        Ok(report) => {
            run.busy(|| watch.tell((report.done, report.total, report.failed)));
            let mut to = Writer::default();
            report.write(&mut to);
            Ok(to.0)
        }
        Err(error) => Err(error),
    };
    let message = encode_end(outcome, run.epoch);
    let mut result = Ok(());
    for rank in 1..run.ranks.size() {
        // One that cannot be reached must not keep the others waiting.
        result = result.and(run.ranks.send(rank, UNITS, message.clone()));
    }
    if let (Some(team), true) = (&run.team, run.gets_units()) {
        result = result.and(hand_on(team, &mut vec![END]));
    }
    result.and(report)
}
