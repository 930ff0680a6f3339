//! Reductions: forks of a state work on chunks of tasks and are joined in order.

use crate::base::error::{Error, Result};
use crate::base::panic::caught;
use crate::parmap::call::Call;
use crate::parmap::handle::Map;
use crate::parmap::map::Tasks;
use crate::parmap::run::codes::Codes;
use crate::parmap::run::follow::follow;
use crate::parmap::run::progress::Watcher;
use crate::parmap::run::report::{BAD_CODE, Failure, NOT_RUN, Outcome, PANICKED, Report, TASK_FAILED};
use crate::parmap::run::source::Work;
use crate::parmap::run::state::Run;
use crate::parmap::run::task::{Place, Ran, Task, run_chunk, together};
use crate::parmap::run::unit::{Reply, Unit};
use crate::parmap::stream::{Consumed, Produced, UnitEnds, lead_units};
use crate::ranks::Transport;
use crate::ranks::busy::during;

/// Chunks that the tasks of a reduction are divided into, if their size is not given: it must not
/// depend on the workers, or sums would.
const CHUNKS: u64 = 128;

/// A positive code, or a negative status; and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed(pub i32, pub String);

/// What callbacks return.
pub type Tried<R> = std::result::Result<R, Failed>;

/// What is reduced. All functions but `join` and `unpack` of forks are called by any thread.
pub trait Reducer: Sync {
    /// What the tasks work on.
    type State: Send + Sync;

    /// A fresh state.
    fn fork(&self, pristine: &Self::State) -> Tried<Self::State>;

    /// One task: changes the state; 0, or its own positive code.
    fn work(&self, state: &mut Self::State, task: &Task, input: &[u8]) -> i32;

    /// The state as bytes.
    fn pack(&self, state: &Self::State, to: &mut Vec<u8>) -> Tried<()>;

    /// Sets a state from bytes.
    fn unpack(&self, state: &mut Self::State, bytes: &[u8]) -> Tried<()>;

    /// Joins the next fork into a state.
    fn join(&self, into: &mut Self::State, from: &Self::State) -> Tried<()>;
}

/// Runs a callback; a panic is a failure of it.
pub(crate) fn safely<R>(name: &str, call: impl FnOnce() -> Tried<R>) -> Tried<R> {
    let panicked = |text: String| Failed(PANICKED, format!("panicked: {text}"));
    caught(call).unwrap_or_else(|text| Err(panicked(text))).map_err(|Failed(code, text)| {
        let colon = if text.is_empty() { "" } else { ": " };
        Failed(code, format!("{name}{colon}{text}"))
    })
}

/// What forks are made of and do, on one rank.
pub(crate) struct Forks<'f, R: Reducer> {
    pub(crate) reducer: &'f R,
    pub(crate) pristine: &'f R::State,
    /// Bytes of the input of one task; all if there is one task in a unit.
    pub(crate) size: Option<usize>,
}

impl<R: Reducer> Work for Forks<'_, R> {
    fn run(&self, unit: &Unit, place: &Place) -> Result<(Ran, Vec<u8>)> {
        let bytes = unit.bytes.as_deref().unwrap_or(&[]);
        // A chunk of which no task may run any more gets no fork either.
        if place.team.is_none() && (place.control.stopped() || place.control.limit() < unit.first) {
            let ran = Ran { codes: Codes::alike(unit.first, unit.count, NOT_RUN), failure: None };
            return Ok((ran, Vec::new()));
        }
        let forked = safely("fork", || self.reducer.fork(self.pristine));
        let mut state = match all_forked(place, forked)? {
            Ok(state) => state,
            Err(failed) => return Ok((failed_chunk(unit, place, failed), Vec::new())),
        };
        let ran = run_chunk(unit.chunk(), place, |task, at| {
            let input = match self.size {
                Some(size) => bytes.get(at * size..(at + 1) * size).unwrap_or(&[]),
                None => bytes,
            };
            self.reducer.work(&mut state, task, input)
        })?;
        let mut packed = Vec::new();
        let packing = safely("pack", || self.reducer.pack(&state, &mut packed));
        match packing {
            Ok(()) => Ok((ran, packed)),
            Err(failed) => Ok((failed_chunk(unit, place, failed), Vec::new())),
        }
    }
}

/// In a team no rank works on a fork unless all have one.
fn all_forked<S>(place: &Place, forked: Tried<S>) -> Result<Tried<S>> {
    let Some(team) = place.team else {
        return Ok(forked);
    };
    let (code, message) = match &forked {
        Ok(_) => (0, String::new()),
        Err(Failed(code, message)) => (*code, message.clone()),
    };
    let (code, message, _) = together(team, code, message, false)?;
    Ok(forked.and_then(|state| if code == 0 { Ok(state) } else { Err(Failed(code, message)) }))
}

fn failed_chunk(unit: &Unit, place: &Place, Failed(code, message): Failed) -> Ran {
    if place.cancels {
        place.control.cut(unit.first);
    }
    Ran {
        codes: Codes::alike(unit.first, unit.count, code),
        failure: Some(Failure {
            index: unit.first,
            code,
            message,
            rank: place.worker.rank,
            worker: place.worker.thread,
        }),
    }
}

/// Where forks come back to.
pub(crate) struct Joins<'j, R: Reducer, P> {
    pub(crate) reducer: &'j R,
    pub(crate) pristine: &'j R::State,
    pub(crate) total: &'j mut R::State,
    /// A fork that each one that comes back is unpacked into, once one has.
    pub(crate) fork: Option<R::State>,
    pub(crate) produce: P,
    /// Number of tasks, if it is known.
    pub(crate) n: Option<u64>,
}

impl<R: Reducer, P: FnMut(u64, &mut Vec<u8>) -> Result<(Produced, u64)>> UnitEnds for Joins<'_, R, P> {
    fn produce(&mut self, first: u64, to: &mut Vec<u8>) -> Result<(Produced, u64)> {
        (self.produce)(first, to)
    }

    fn consume(&mut self, reply: Reply) -> Consumed {
        // A fork of which nothing came back.
        if reply.bytes.is_empty() && reply.ran.failure.is_some() {
            return Consumed::More;
        }
        let reducer = self.reducer;
        let fork = match self.fork.take() {
            Some(fork) => Ok(fork),
            None => safely("fork", || reducer.fork(self.pristine)),
        };
        let joined = fork.and_then(|mut fork| {
            safely("unpack", || reducer.unpack(&mut fork, &reply.bytes))?;
            safely("join", || reducer.join(self.total, &fork))?;
            Ok(fork)
        });
        match joined {
            Ok(fork) => {
                self.fork = Some(fork);
                Consumed::More
            }
            Err(Failed(code, text)) => Consumed::Failed(code, text),
        }
    }

    fn total(&self) -> Option<u64> {
        self.n
    }

    fn failed(&self) -> Outcome {
        Outcome::JoinFailed
    }
}

/// Of a callback that failed outside all tasks. A code that is not allowed is as much its failure as one of its own.
pub(crate) fn as_error(Failed(code, text): Failed) -> Error {
    Error::Map {
        status: if code < 0 && code != BAD_CODE { code } else { TASK_FAILED },
        message: format!("a callback failed with code {code}: {text}"),
    }
}

/// A callback outside of all tasks: it cannot use the ranks of the run either, as the others may be elsewhere.
pub(crate) fn between<R>(ranks: &dyn Transport, name: &str, call: impl FnOnce() -> Tried<R>) -> Result<R> {
    during(std::ptr::from_ref(ranks).cast(), || safely(name, call)).map_err(as_error)
}

/// Collective: a fork that the others are joined into, on rank 0.
pub(crate) fn to_join_into<S>(run: &Run, fork: impl FnOnce() -> Tried<S>) -> Result<Option<S>> {
    let made = match run.is_root() {
        true => between(&*run.ranks, "fork to join the others into", fork).map(Some),
        false => Ok(None),
    };
    run.ranks.agree(made)
}

/// Collective: gives the state of rank 0 to all ranks, as bytes once each.
pub(crate) fn spread<R: Reducer>(run: &Run, reducer: &R, state: &mut R::State) -> Result<()> {
    if run.ranks.size() == 1 {
        return Ok(());
    }
    let mut bytes = Vec::new();
    let packed = match run.is_root() {
        true => between(&*run.ranks, "pack", || reducer.pack(state, &mut bytes)),
        false => Ok(()),
    };
    run.ranks.agree(packed)?;
    run.ranks.spread(0, &mut bytes)?;
    let unpacked = match run.is_root() {
        true => Ok(()),
        false => between(&*run.ranks, "unpack", || reducer.unpack(state, &bytes)),
    };
    run.ranks.agree(unpacked)
}

/// Collective: reduces tasks (their outputs are not used). `state` is pristine at first, on rank 0; the
/// others take it from there. On success it holds all joined forks, on every rank; else it is
/// as it was on rank 0.
pub fn reduce<R: Reducer>(
    map: &Map,
    tasks: &Tasks,
    reducer: &R,
    state: &mut R::State,
    progress: Option<&mut Watcher>,
) -> Result<Report> {
    let running = map.begin(Call {
        same: &[("n_tasks", tasks.n as i64), ("in_size", tasks.in_size as i64)],
        check: tasks.check(map.is_root()),
        ..Call::new("reduce")
    })?;
    let run = &running.run;
    spread(run, reducer, state)?;
    let mut total = to_join_into(run, || reducer.fork(state))?;
    let forks = Forks { reducer, pristine: state, size: Some(tasks.in_size) };
    let report = if let Some(total) = &mut total {
        let chunk = match run.settings.chunk {
            0 => tasks.n.div_ceil(CHUNKS).max(1),
            chunk => chunk as u64,
        };
        let produce = |first: u64, to: &mut Vec<u8>| {
            let count = chunk.min(tasks.n - first);
            if count == 0 {
                return Ok((Produced::End, 0));
            }
            tasks.pack(first, count, to)?;
            Ok((Produced::Item, count))
        };
        let mut joins = Joins { reducer, pristine: state, total, fork: None, produce, n: Some(tasks.n) };
        lead_units(run, &forks, &mut joins, progress)
    } else {
        follow(run, &forks)
    }?;
    if report.has_result() {
        spread(run, reducer, total.as_mut().unwrap_or(state))?;
        if let Some(total) = total {
            *state = total;
        }
    }
    Ok(report)
}
