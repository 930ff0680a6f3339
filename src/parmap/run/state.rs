//! One run, as one rank sees it; and how it does a unit of it.

use crate::base::error::{Error, Result};
use crate::base::panic::caught;
use crate::options::map::Settings;
use crate::parmap::run::budget;
use crate::parmap::run::progress::Watch;
use crate::parmap::run::source::Work;
use crate::parmap::run::task::{CANCELLED, Control, Place, Worker};
use crate::parmap::run::unit::{Reply, Unit};
use crate::ranks::busy;
use crate::ranks::{Bytes, Counter, Transport};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Who deals the tasks of a run.
pub(crate) enum Dealing {
    /// The root sends each worker its units.
    Root,
    /// Each rank takes its own: by the numbers alone, or by a counter.
    Each(Option<Arc<dyn Counter>>),
}

/// Collective in a team: what its first rank has to do, or that there is nothing more.
pub(super) fn hand_on(team: &Arc<dyn Transport>, bytes: &mut Vec<u8>) -> Result<()> {
    team.spread(0, bytes)
}

/// One run, on one rank.
pub(crate) struct Run {
    pub(crate) ranks: Arc<dyn Transport>,
    pub(crate) epoch: u64,
    pub(crate) n_threads: usize,
    /// Bytes of a thread's stack.
    pub(crate) stack: usize,
    /// A busy rank looks for news of the root that often.
    pub(crate) poll_interval: Duration,
    pub(crate) settings: Settings,
    pub(crate) control: Control,
    /// Threads that work, rank by rank.
    pub(crate) workers: Vec<Worker>,
    pub(crate) dealing: Dealing,
    /// The ranks that work on the same tasks as this one.
    pub(crate) team: Option<Arc<dyn Transport>>,
    pub(crate) shared: Option<Arc<Bytes>>,
    pub(crate) start: Instant,
    /// Cores for a map inside a task.
    pub(crate) budget: usize,
}

impl Run {
    pub(crate) fn is_root(&self) -> bool {
        self.ranks.rank() == 0
    }

    /// Does each rank deal its tasks itself?
    pub(crate) fn each_deals(&self) -> bool {
        matches!(self.dealing, Dealing::Each(_))
    }

    /// Where ranks deal their tasks by a counter: that.
    pub(crate) fn counter(&self) -> Option<Arc<dyn Counter>> {
        match &self.dealing {
            Dealing::Each(counter) => counter.clone(),
            Dealing::Root => None,
        }
    }

    /// Does this rank get units?
    pub(super) fn gets_units(&self) -> bool {
        let me = self.ranks.rank();
        self.workers.iter().any(|worker| worker.rank == me)
    }

    /// Threads beside the calling one that do units which the calling one hands on.
    pub(super) fn pool_size(&self) -> usize {
        if self.n_threads > 1 && self.gets_units() { self.n_threads } else { 0 }
    }

    /// Runs a function of the program, which cannot use these ranks meanwhile.
    pub(crate) fn busy<R>(&self, call: impl FnOnce() -> R) -> R {
        busy::during(Arc::as_ptr(&self.ranks).cast(), call)
    }

    /// A thread of this rank.
    pub(super) fn worker(&self, thread: usize) -> Worker {
        Worker { rank: self.ranks.rank(), thread }
    }

    fn place<'p>(&'p self, thread: usize, poll: Option<&'p dyn Fn()>) -> Place<'p> {
        Place {
            worker: self.worker(thread),
            control: &self.control,
            poll,
            thread: std::thread::current().id(),
            team: self.team.as_ref(),
            shared: self.shared.as_ref().map_or(&[], |shared| (**shared).as_ref()),
            seed: self.settings.seed as u64,
            retries: self.settings.retries as u64,
            cancels: self.settings.cancels(),
        }
    }

    /// Does a unit and says how it went. If it is one for a team, the others of it hear of it.
    pub(super) fn execute(&self, work: &dyn Work, unit: Unit, thread: usize, poll: Option<&dyn Fn()>) -> Result<Reply> {
        let (first, count, slot) = (unit.first, unit.count, unit.slot);
        // Ranks of a team are counted within it.
        let here = |error| match error {
            Error::OnRank { rank, status, message } => {
                Error::OnRank { rank: self.ranks.rank() + rank, status, message }
            }
            _ => error,
        };
        let mut unit = unit;
        if let Some(team) = &self.team {
            let mut bytes = unit.encode(self.epoch)?;
            hand_on(team, &mut bytes).map_err(here)?;
            unit = Unit::decode(bytes)?;
        }
        let start = Instant::now();
        let place = self.place(thread, poll);
        let (ran, bytes) = self.busy(|| budget::with(self.budget, || work.run(&unit, &place))).map_err(here)?;
        let (seconds, stopped) = (start.elapsed().as_secs_f64(), self.control.reason());
        Ok(Reply { first, count, slot, worker: place.worker, seconds, ran, stopped, bytes, ..Reply::default() })
    }

    /// As [`Run::execute`], in a thread of the library: nothing may be lost.
    pub(super) fn execute_in_thread(&self, work: &dyn Work, unit: Unit, thread: usize) -> Result<Reply> {
        caught(|| self.execute(work, unit, thread, None)).unwrap_or_else(|text| Err(Error::Internal(text)))
    }

    /// Does a unit that the first rank of the team has.
    pub(super) fn assist(&self, work: &dyn Work, unit: &Unit, poll: &dyn Fn()) -> Result<()> {
        let place = self.place(0, Some(poll));
        self.busy(|| budget::with(self.budget, || work.run(unit, &place))).map(drop)
    }

    /// Tells of the progress if it is time for that.
    pub(super) fn report_progress(&self, watch: &mut Watch, count: impl FnOnce() -> (u64, Option<u64>, u64)) {
        if !watch.due() {
            return;
        }
        let count = count();
        // The last call comes at the end of the run.
        if Some(count.0) != count.1 && !self.busy(|| watch.tell(count)) {
            self.control.stop(CANCELLED);
        }
    }
}
