//! Threads of a single rank that take their units from the source themselves. The calling one is the first, unless it has to
//! tell of the progress: then it does that alone, or a long task of its own would keep it silent.

use crate::base::error::Result;
use crate::base::panic::{lock, unpoisoned};
use crate::host::threads::Crew;
use crate::parmap::run::progress::Watch;
use crate::parmap::run::source::{Next, Source, Work};
use crate::parmap::run::state::Run;
use crate::parmap::run::task::CANCELLED;
use crate::parmap::run::unit::Reply;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// The calling thread looks at the progress at most that often.
const LEAST: Duration = Duration::from_millis(1);

pub(super) fn lead<S: Source + Send>(run: &Run, work: &dyn Work, source: &mut S, watch: &mut Watch) -> Result<()> {
    let source = Mutex::new(source);
    let failure = Mutex::new(None);
    let take = |thread: usize, slot: usize, watch: Option<&mut Watch>| {
        if let Err(error) = take_units(run, work, &source, thread, slot, watch) {
            run.control.stop(CANCELLED);
            lock(&failure).get_or_insert(error);
        }
    };
    let (crew, busy) = (Crew::new(), Busy::default());
    std::thread::scope(|scope| {
        let (take, busy) = (&take, &busy);
        let start = |thread: usize| {
            let at_work = busy.enter();
            crew.start(scope, Some(run.stack), move || {
                let _at_work = at_work;
                take(thread, thread, None);
            })
        };
        let first = usize::from(watch.wait().is_none());
        let others = (first..run.n_threads).map_while(|thread| start(thread).ok()).count();
        if first == 0 && others > 0 {
            busy.watch(watch, |watch| run.report_progress(watch, || lock(&source).count()));
        } else {
            take(0, 0, Some(watch));
        }
        // What was meant for threads that could not be started.
        for slot in (others + first).max(1)..run.n_threads {
            take(0, slot, Some(watch));
        }
    });
    let failure = lock(&failure).take();
    failure.map_or(Ok(()), Err)
}

/// Threads at work.
#[derive(Default)]
struct Busy {
    n: Mutex<usize>,
    ready: Condvar,
}

/// One of them, until it is dropped.
struct AtWork<'b>(&'b Busy);

impl Busy {
    fn enter(&self) -> AtWork<'_> {
        *lock(&self.n) += 1;
        AtWork(self)
    }

    /// Tells again and again, until no thread is at work.
    fn watch(&self, watch: &mut Watch, tell: impl Fn(&mut Watch)) {
        let mut n = lock(&self.n);
        while *n > 0 {
            let wait = watch.wait().unwrap_or(LEAST).max(LEAST);
            (n, _) = unpoisoned(self.ready.wait_timeout(n, wait));
            drop(n);
            tell(watch);
            n = lock(&self.n);
        }
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        *lock(&self.0.n) -= 1;
        self.0.ready.notify_all();
    }
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
