//! Maps, reductions and flows over threads and ranks: the same calls and the same results, bit for
//! bit, whether they run serially, over threads, over ranks or over the threads of ranks.
//!
//! | module | what it knows |
//! | --- | --- |
//! | [`schedule`] | which task is done by which worker: arithmetic on indices |
//! | [`settings`] | what can be set, and the table of it |
//! | [`task`] | one task: retries, panics, random numbers, what stops it |
//! | `farm`, `desk`, `pool` | handing out work to threads and ranks, collecting replies |
//! | [`report`] | what came of a run |
//! | [`map`] | n tasks with inputs and outputs of fixed size |
//! | [`stream`] | items from a producer to a consumer, in bounded memory |
//! | [`reduce`] | fork, work, join |
//! | [`pull`] | tasks for threads that the caller brings |
//! | `share` | bytes for all tasks |
//! | [`serve`] | root-driven use: functions by name |
//! | [`flow`] | phases of training of a chain of nodes |
//! | [`operator`] | vectors of operators and their adjoints |
//! | [`ensemble`] | many starts of one solver |
//! | `budget` | how many cores are left for a map inside a task |

pub mod ensemble;
pub mod flow;
pub mod map;
#[cfg(test)]
mod model;
pub mod operator;
pub mod pull;
pub mod reduce;
pub mod run;
pub mod serve;
mod share;
pub mod stream;

pub use crate::options::map::{Errors, Settings};
pub use map::{Inputs, Outputs};
pub use run::budget::allowed_cores;
pub use run::progress::Progress;
pub use run::report::{Failure, Outcome, Report};
pub use run::schedule::Schedule;
pub use run::task::{Task, Worker};

use crate::base::bytes::{Reader, Writer};
use crate::base::error::{Error, Result};
use crate::base::panic::{lock, unpoisoned_if_free};
use crate::host::stack::Stack;
use crate::ranks::alike::differing;
use crate::ranks::{Bytes, Reduce, Transport};
use run::Run;
use run::task::Control;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Ends the run of a map from outside: from another thread, or from a signal handler.
#[derive(Clone, Debug, Default)]
pub struct Canceller(Arc<AtomicBool>);

impl Canceller {
    /// Asks the run that is in progress on this rank to end; on all ranks.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Ranks and threads that work through tasks.
///
/// Calls are collective unless they say otherwise: every rank makes the same ones in the same
/// order. A handle serves one call at a time.
pub struct Map {
    ranks: Arc<dyn Transport>,
    n_threads: usize,
    stack: Stack,
    settings: Mutex<Settings>,
    flag: Canceller,
    state: Mutex<State>,
    registry: Mutex<BTreeMap<String, serve::Named>>,
    training: AtomicBool,
}

/// Counts the runs that this process leads. Messages carry the number, so that what comes late is not
/// taken for something else; other maps on the same ranks count as well.
static EPOCH: AtomicU64 = AtomicU64::new(1);

#[derive(Default)]
struct State {
    shared: Option<Arc<Bytes>>,
    team: Option<Team>,
    /// So many threads can be had.
    tried: usize,
}

struct Team {
    /// Ranks per task, and whether the root works.
    of: (usize, bool),
    team: Option<Arc<dyn Transport>>,
}

/// What every rank has to say alike when a call begins.
pub(crate) struct Call<'c> {
    /// What is called.
    pub(crate) name: &'static str,
    /// Numbers that have to be the same everywhere.
    pub(crate) same: &'c [(&'static str, i64)],
    /// Whether the arguments of this rank are good.
    pub(crate) check: Result<()>,
    /// Something that counts if one rank wants it.
    pub(crate) wish: bool,
}

/// A run, while it has the handle.
pub(crate) struct Running<'m> {
    pub(crate) run: Run,
    /// Does any rank wish it?
    pub(crate) wish: bool,
    _state: MutexGuard<'m, State>,
}

fn in_use() -> Error {
    let text = "the map is in use by another thread, or by the call that runs this callback";
    Error::InvalidState(text.into())
}

impl Map {
    /// A map over ranks and, on this rank, so many threads.
    pub fn new(ranks: Arc<dyn Transport>, n_threads: usize) -> Result<Self> {
        if n_threads == 0 {
            return Err(Error::argument("n_threads", n_threads, "at least 1"));
        }
        Ok(Map {
            ranks,
            n_threads,
            stack: Stack::of_program(),
            settings: Mutex::default(),
            flag: Canceller::default(),
            state: Mutex::default(),
            registry: Mutex::default(),
            training: AtomicBool::new(false),
        })
    }

    /// The ranks.
    pub fn ranks(&self) -> &Arc<dyn Transport> {
        &self.ranks
    }

    /// Local: threads of this rank.
    pub fn n_threads(&self) -> usize {
        self.n_threads
    }

    /// Local: what OMP_STACKSIZE said when the map was made, if that is no size.
    pub(crate) fn ignored_stack_size(&self) -> Option<&str> {
        self.stack.ignored.as_deref()
    }

    /// Local: changes settings. Those of rank 0 count.
    pub fn set(&self, change: impl FnOnce(&mut Settings) -> Result<()>) -> Result<()> {
        change(&mut lock(&self.settings))
    }

    /// Local: the settings.
    pub fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    /// Local: what ends a run from outside.
    pub fn canceller(&self) -> Canceller {
        self.flag.clone()
    }

    /// Local: asks the run that is in progress on this rank to end, on all ranks.
    pub fn cancel(&self) {
        self.flag.cancel();
    }

    fn state(&self) -> Result<MutexGuard<'_, State>> {
        unpoisoned_if_free(self.state.try_lock()).ok_or_else(in_use)
    }

    /// Begins a call: all ranks agree on it, on the settings and on who works.
    pub(crate) fn begin(&self, call: Call) -> Result<Running<'_>> {
        self.begin_with(call, |_| ())
    }

    /// As [`Map::begin`], with some settings other than the caller's.
    pub(crate) fn begin_with(&self, call: Call, change: impl FnOnce(&mut Settings)) -> Result<Running<'_>> {
        let mut state = self.state()?;
        self.ranks.fails_if_closed()?;
        let start = Instant::now();
        self.flag.0.store(false, Ordering::Relaxed);
        let mut epoch = EPOCH.fetch_add(1, Ordering::Relaxed);
        let (ranks, me) = (&self.ranks, self.ranks.rank());
        let check = call.check.and_then(|()| self.try_threads(&mut state));
        ranks.agree(check)?;
        let wish = self.same(call.name, call.same, call.wish)?;
        let mut settings = self.settings();
        if ranks.size() > 1 {
            let mut bytes = Writer::default();
            bytes.u64(epoch);
            settings.write(&mut bytes);
            ranks.broadcast(0, &mut bytes.0)?;
            let from = &mut Reader(&bytes.0);
            epoch = from.u64()?;
            settings = Settings::read(from)?;
        }
        change(&mut settings);
        let outer = run::budget::left();
        let k = settings.ranks_per_task as usize;
        let n_threads = match k {
            1 => self.n_threads.min(outer.unwrap_or(usize::MAX)),
            _ => 1,
        };
        let first = usize::from(!settings.root_works && ranks.size() > 1);
        let working = ranks.size() - first;
        if k > working {
            let allowed = format!("at most {working}, the number of ranks that work");
            return Err(Error::argument("setting \"ranks_per_task\"", k, allowed));
        }
        let threads = match ranks.size() {
            1 => vec![n_threads as i64],
            _ => ranks.all_gather(&[n_threads as i64])?,
        };
        let leaders = (0..working / k).map(|team| first + team * k);
        let workers =
            leaders.flat_map(|rank| (0..threads[rank] as usize).map(move |thread| Worker { rank, thread })).collect();
        let team = match k {
            1 => None,
            _ => self.team(&mut state, k, first, working)?,
        };
        debug_assert!(me < ranks.size());
        let deadline = Duration::try_from_secs_f64(settings.deadline).ok();
        let cores = outer.unwrap_or_else(|| allowed_cores().max(n_threads));
        let run = Run {
            ranks: ranks.clone(),
            epoch,
            n_threads,
            stack: self.stack.bytes,
            control: Control::new(self.flag.0.clone(), deadline.and_then(|after| start.checked_add(after))),
            settings,
            workers,
            team,
            shared: state.shared.clone(),
            start,
            budget: (cores / n_threads).max(1),
        };
        Ok(Running { run, wish, _state: state })
    }

    /// Fails if this rank cannot have its threads, once: the others have to hear of it before they wait for them.
    fn try_threads(&self, state: &mut State) -> Result<()> {
        let n = self.n_threads.min(run::budget::left().unwrap_or(usize::MAX));
        if n > state.tried.max(1) {
            self.stack.try_threads(n)?;
            state.tried = n;
        }
        Ok(())
    }

    /// Fails unless all ranks make the same call with the same numbers. Does one wish something?
    fn same(&self, name: &str, same: &[(&str, i64)], wish: bool) -> Result<bool> {
        if self.ranks.size() == 1 {
            return Ok(wish);
        }
        // FNV-1a, without the sign.
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
            >> 1;
        // Ranks that make another call may have another number of numbers.
        let kind = self.ranks.reduce(Reduce::Max, &[hash as i64, -(hash as i64)])?;
        if kind[0] != -kind[1] {
            let text = format!("the ranks make different calls; this one: {name}");
            return Err(Error::InvalidState(text));
        }
        let mut values = vec![i64::from(wish)];
        values.extend(same.iter().flat_map(|(_, value)| [*value, -value]));
        let values = self.ranks.reduce(Reduce::Max, &values)?;
        for (pair, (argument, value)) in values[1..].chunks_exact(2).zip(same) {
            if pair[0] != -pair[1] {
                return Err(differing(&*self.ranks, argument, *value, &value.to_string()));
            }
        }
        Ok(values[0] != 0)
    }

    /// The ranks that work with this one on the same tasks; made once, kept for later runs.
    fn team(&self, state: &mut State, k: usize, first: usize, working: usize) -> Result<Option<Arc<dyn Transport>>> {
        let of = (k, first == 0);
        if let Some(team) = &state.team
            && team.of == of
        {
            return Ok(team.team.clone());
        }
        let place = self.ranks.rank().checked_sub(first);
        let number = place.map(|place| place / k).filter(|n| *n < working / k);
        let team = self.ranks.split(number.map(|n| n as u32), self.ranks.rank())?;
        state.team = Some(Team { of, team: team.clone() });
        Ok(team)
    }
}
