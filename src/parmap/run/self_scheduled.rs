//! Threads of a single rank that take their units from the source themselves; the calling one is the first.

use crate::base::error::Result;
use crate::base::panic::lock;
use crate::host::threads::Crew;
use crate::parmap::run::progress::Watch;
use crate::parmap::run::source::{Next, Source, Work};
use crate::parmap::run::state::Run;
use crate::parmap::run::task::CANCELLED;
use crate::parmap::run::unit::Reply;
use std::sync::Mutex;

pub(super) fn lead<S: Source + Send>(run: &Run, work: &dyn Work, source: &mut S, watch: &mut Watch) -> Result<()> {
    let source = Mutex::new(source);
    let failure = Mutex::new(None);
    let take = |thread: usize, slot: usize, watch: Option<&mut Watch>| {
        if let Err(error) = take_units(run, work, &source, thread, slot, watch) {
            run.control.stop(CANCELLED);
            lock(&failure).get_or_insert(error);
        }
    };
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let take = &take;
        let start = |thread: usize| crew.start(scope, Some(run.stack), move || take(thread, thread, None));
        let others: Vec<_> = (1..run.n_threads).map_while(|thread| start(thread).ok()).collect();
        take(0, 0, Some(watch));
        // What was meant for threads that could not be started.
        for slot in others.len() + 1..run.n_threads {
            take(0, slot, Some(watch));
        }
    });
    let failure = lock(&failure).take();
    failure.map_or(Ok(()), Err)
}

fn take_units<S: Source + Send>(
    run: &Run,
    work: &dyn Work,
    source: &Mutex<&mut S>,
    thread: usize,
    slot: usize,
    mut watch: Option<&mut Watch>,
) -> Result<()> {
    let mut last: Option<Reply> = None;
    loop {
        let unit = {
            let mut source = lock(source);
            if let Some(reply) = last.take() {
                source.done(reply, &run.control)?;
            }
            if run.control.stopped() {
                return Ok(());
            }
            match source.next(slot, 0, false)? {
                Next::Unit(unit) => unit,
                _ => return Ok(()),
            }
        };
        last = Some(run.execute_in_thread(work, unit, thread)?);
        if let Some(watch) = &mut watch {
            run.report_progress(watch, || lock(source).count());
        }
    }
}
