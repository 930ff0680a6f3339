//! How a call begins: all ranks agree that they make the same one, on the settings, and on who works.

use crate::base::bytes::{Reader, Writer};
use crate::base::error::{Error, Result};
use crate::options::map::{Schedule, Settings};
use crate::parmap::handle::{Map, State, Team};
use crate::parmap::run::budget::{self, allowed_cores};
use crate::parmap::run::state::{Dealing, Run};
use crate::parmap::run::task::{Control, Worker};
use crate::ranks::alike::differing;
use crate::ranks::{Reduce, Transport};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

/// What every rank has to say alike when a call begins.
pub(super) struct Call<'c> {
    /// What is called.
    pub(super) name: &'static str,
    /// Numbers that have to be the same everywhere.
    pub(super) same: &'c [(&'static str, i64)],
    /// Whether the arguments of this rank are good.
    pub(super) check: Result<()>,
    /// Something that counts if one rank wants it.
    pub(super) wish: bool,
    /// Makes the settings others than the caller's.
    pub(super) change: fn(&mut Settings),
    /// May each rank deal its tasks itself?
    pub(super) each_deals: bool,
}

impl Call<'_> {
    pub(super) fn new(name: &'static str) -> Self {
        Call { name, same: &[], check: Ok(()), wish: false, change: |_| (), each_deals: false }
    }
}

/// A run, while it has the handle.
pub(super) struct Running<'m> {
    pub(super) run: Run,
    /// Does any rank wish it?
    pub(super) wish: bool,
    _state: MutexGuard<'m, State>,
}

/// Counts the runs that this process leads. Messages carry the number, so that what comes late is not
/// taken for something else; other maps on the same ranks count as well.
static EPOCH: AtomicU64 = AtomicU64::new(1);

impl Map {
    /// Begins a call.
    pub(super) fn begin(&self, call: Call) -> Result<Running<'_>> {
        let mut state = self.state()?;
        self.ranks.fails_if_closed()?;
        let start = Instant::now();
        // Relaxed: a wish to cancel is for the run that is in progress when it comes, if there is one.
        self.flag.0.store(false, Ordering::Relaxed);
        let outer = budget::left();
        let check = call.check.and_then(|()| self.try_threads(&mut state, outer));
        self.ranks.agree(check)?;
        if let (true, Some(Some(counter))) = (self.is_root(), &state.counter) {
            // No rank is in an earlier call any more, and none gets a task before it has heard of the settings.
            counter.set(0);
        }
        let wish = same(&*self.ranks, call.name, call.same, call.wish)?;
        let (epoch, mut settings) = self.settings_of_root()?;
        (call.change)(&mut settings);
        let k = settings.ranks_per_task as usize;
        let n_threads = match k {
            1 => self.n_threads.min(outer.unwrap_or(usize::MAX)),
            _ => 1,
        };
        let first = usize::from(!settings.root_works && self.ranks.size() > 1);
        let workers = workers(&*self.ranks, k, first, n_threads)?;
        let dealing = match call.each_deals && k == 1 {
            true => self.dealing(&mut state, settings.schedule, &workers)?,
            false => Dealing::Root,
        };
        let team = match k {
            1 => None,
            _ => self.team(&mut state, k, first)?,
        };
        // By now every rank has called: none loses time to one that is late.
        let deadline = Duration::try_from_secs_f64(settings.deadline).ok();
        let deadline = deadline.and_then(|after| Instant::now().checked_add(after));
        let cores = outer.unwrap_or_else(|| allowed_cores().max(n_threads));
        let run = Run {
            ranks: self.ranks.clone(),
            epoch,
            n_threads,
            stack: self.stack.bytes,
            poll_interval: self.poll_interval,
            control: Control::new(self.flag.0.clone(), deadline),
            settings,
            workers,
            dealing,
            team,
            shared: state.shared.clone(),
            start,
            budget: (cores / n_threads).max(1),
        };
        Ok(Running { run, wish, _state: state })
    }

    /// Fails if this rank cannot have its threads, once: the others have to hear of it before they wait for them.
    fn try_threads(&self, state: &mut State, outer: Option<usize>) -> Result<()> {
        let n = self.n_threads.min(outer.unwrap_or(usize::MAX));
        if n > state.tried.max(1) {
            self.stack.try_threads(n)?;
            state.tried = n;
        }
        Ok(())
    }

    /// Collective: the number of the run and the settings, those of rank 0.
    fn settings_of_root(&self) -> Result<(u64, Settings)> {
        // Relaxed: the numbers only have to differ.
        let (epoch, settings) = (EPOCH.fetch_add(1, Ordering::Relaxed), self.settings());
        if self.ranks.size() == 1 {
            return Ok((epoch, settings));
        }
        let mut bytes = Writer::default();
        bytes.u64(epoch);
        settings.write(&mut bytes);
        self.ranks.broadcast(0, &mut bytes.0)?;
        let from = &mut Reader(&bytes.0);
        Ok((from.u64()?, Settings::read(from)?))
    }

    /// Collective: who deals. A rank that works in its only thread cannot deal for others meanwhile.
    fn dealing(&self, state: &mut State, schedule: Schedule, workers: &[Worker]) -> Result<Dealing> {
        let of_root = workers.iter().filter(|worker| worker.rank == 0).count();
        if self.ranks.size() == 1 || of_root != 1 {
            return Ok(Dealing::Root);
        }
        if schedule.is_static() {
            return Ok(Dealing::Each(None));
        }
        let counter = match &state.counter {
            Some(counter) => counter,
            None => state.counter.insert(self.ranks.counter()?),
        };
        Ok(match counter {
            Some(counter) => Dealing::Each(Some(counter.clone())),
            None => Dealing::Root,
        })
    }

    /// The ranks that work with this one on the same tasks; made once, kept for later runs.
    fn team(&self, state: &mut State, k: usize, first: usize) -> Result<Option<Arc<dyn Transport>>> {
        let of = (k, first == 0);
        if let Some(team) = state.team.as_ref().filter(|team| team.of == of) {
            return Ok(team.ranks.clone());
        }
        let working = self.ranks.size() - first;
        let place = self.ranks.rank().checked_sub(first);
        let number = place.map(|place| place / k).filter(|n| *n < working / k);
        let ranks = self.ranks.split(number.map(|n| n as u32), self.ranks.rank())?;
        state.team = Some(Team { of, ranks: ranks.clone() });
        Ok(ranks)
    }
}

/// Collective: threads that get tasks, rank by rank, if `k` ranks work on each task together.
fn workers(ranks: &dyn Transport, k: usize, first: usize, n_threads: usize) -> Result<Vec<Worker>> {
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
    let of_rank = |rank| (0..threads[rank] as usize).map(move |thread| Worker { rank, thread });
    Ok(leaders.flat_map(of_rank).collect())
}

/// Collective: fails unless all ranks make the same call with the same numbers. Does one wish something?
fn same(ranks: &dyn Transport, name: &str, same: &[(&str, i64)], wish: bool) -> Result<bool> {
    if ranks.size() == 1 {
        return Ok(wish);
    }
    // FNV-1a, without the sign.
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, step) >> 1;
    // Ranks that make another call may have another number of numbers.
    let kind = ranks.reduce(Reduce::Max, &[hash as i64, -(hash as i64)])?;
    if kind[0] != -kind[1] {
        let text = format!("the ranks make different calls; this one: {name}");
        return Err(Error::InvalidState(text));
    }
    let mut values = vec![i64::from(wish)];
    values.extend(same.iter().flat_map(|(_, value)| [*value, -value]));
    let values = ranks.reduce(Reduce::Max, &values)?;
    for (pair, (argument, value)) in values[1..].chunks_exact(2).zip(same) {
        if pair[0] != -pair[1] {
            return Err(differing(ranks, argument, *value, &value.to_string()));
        }
    }
    Ok(values[0] != 0)
}
