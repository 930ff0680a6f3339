//! Messages between ranks: what the engines need, and nothing more.
//!
//! The solver, the learner and the map are written against [`Transport`]; [`local`] connects ranks
//! that are threads of one process, with delays and failures on request, `mpi` (feature `mpi`)
//! the ranks of a communicator, and `table` those that a host connects by functions of its own. Nothing else knows of MPI.
//!
//! A transport is used by one thread at a time. Its calls do not wait; waiting is done here, in one
//! place, so that an idle rank leaves its core to others.

pub(crate) mod alike;
pub(crate) mod busy;
pub mod exact_sum;
pub mod local;
#[cfg(feature = "mpi")]
pub mod mpi;
mod node;
mod posted;
pub(crate) mod quantile;
mod shm;
pub(crate) mod sums;
pub mod table;

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::status::DICOD_TIME_LIMIT;
use crate::base::stop::Stop;
use std::ffi::c_void;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// What a message is about. Messages of one tag from one rank arrive in the order they were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u16);

impl Tag {
    /// Steps of the coloured solver.
    pub const STEPS: Tag = Tag(1);
    /// Boxes of a field.
    pub const FIELD: Tag = Tag(2);
    /// Lists of activations.
    pub const ACTIVATIONS: Tag = Tag(3);
    /// Steps of the asynchronous solver.
    pub const UPDATES: Tag = Tag(4);
    /// Parts of a broadcast.
    pub const BROADCAST: Tag = Tag(5);
    /// Dictionary learning.
    pub const LEARN: Tag = Tag(6);
    /// Wishes to stop.
    pub const WISH: Tag = Tag(7);
    /// Tasks and results of the map use this one and those above.
    pub const MAP: Tag = Tag(64);
}

/// A message that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The rank that sent it.
    pub from: usize,
    /// What it sent.
    pub bytes: Vec<u8>,
}

/// How values of all ranks are combined, entry by entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// Their sum; it wraps around.
    Sum,
    /// The largest.
    Max,
    /// The smallest.
    Min,
}

/// Bytes that do not change, perhaps those of several ranks.
pub type Bytes = dyn AsRef<[u8]> + Send + Sync;

/// A number that all ranks have in common. Each changes it without any other one's help, whatever that is doing.
pub trait Counter: Send + Sync {
    /// Adds to it: what it was before.
    fn add(&self, n: u64) -> u64;

    /// Makes it at least so large.
    fn raise(&self, to: u64);

    /// Sets it.
    fn set(&self, to: u64);
}

impl Counter for AtomicU64 {
    fn add(&self, n: u64) -> u64 {
        self.fetch_add(n, Ordering::SeqCst)
    }

    fn raise(&self, to: u64) {
        self.fetch_max(to, Ordering::SeqCst);
    }

    fn set(&self, to: u64) {
        self.store(to, Ordering::SeqCst);
    }
}

/// A reduction that has been started. Every one has to be waited for.
#[derive(Debug)]
pub struct Ticket(pub u64);

/// Ranks that exchange messages. Cheap to share; used by one thread at a time.
pub trait Transport: Send + Sync {
    /// Number of this rank, from 0.
    fn rank(&self) -> usize;

    /// Number of ranks.
    fn size(&self) -> usize;

    /// Fails if messages can no longer be sent.
    fn fails_if_closed(&self) -> Result<()> {
        Ok(())
    }

    /// May the process have more threads than the one that calls?
    fn may_have_threads(&self) -> Result<bool> {
        Ok(true)
    }

    /// The communicator behind it, as Fortran has it, if there is one.
    fn communicator(&self) -> Option<i32> {
        None
    }

    /// What the host knows it by, if it is one that a host has brought; else null.
    fn state(&self) -> *mut c_void {
        std::ptr::null_mut()
    }

    /// Sends a message, also to this rank itself. The transport owns it until it has left.
    fn send(&self, to: usize, tag: Tag, bytes: Vec<u8>) -> Result<()>;

    /// The next message with this tag, from one rank or from any, if one has arrived.
    fn receive(&self, from: Option<usize>, tag: Tag) -> Result<Option<Message>>;

    /// Have all messages left that were sent?
    fn all_sent(&self) -> Result<bool>;

    /// Starts to combine values of all ranks, as many on each. Reductions have to be started in
    /// the same order on every rank.
    fn start_reduce(&self, how: Reduce, values: &[i64]) -> Result<Ticket>;

    /// The result of a reduction, when it is there; once.
    fn reduced(&self, ticket: &Ticket) -> Result<Option<Vec<i64>>>;

    /// Collective: the bytes of rank 0 at an address that is fit for any type, held once for all
    /// ranks of a node; none where ranks have no memory in common.
    fn share(&self, _bytes: &mut Vec<u8>) -> Result<Option<Arc<Bytes>>> {
        Ok(None)
    }

    /// Collective: a number that all ranks have in common, 0 at first; none where ranks have no memory in common.
    fn counter(&self) -> Result<Option<Arc<dyn Counter>>> {
        Ok(None)
    }

    /// Collective: the ranks with the same colour, ordered by (key, rank), as a transport of their
    /// own; none for ranks without a colour.
    fn split(&self, colour: Option<u32>, key: usize) -> Result<Option<Arc<dyn Transport>>>;
}

/// What a thread does now and then while it waits for others: the clock's, once there is one.
static MEANWHILE: OnceLock<fn()> = OnceLock::new();

/// Sets what threads do while they wait; the first one that is set stays.
pub(crate) fn set_meanwhile(call: fn()) {
    let _ = MEANWHILE.set(call);
}

fn meanwhile() {
    if let Some(call) = MEANWHILE.get() {
        call();
    }
}

/// Asks again and again until there is an answer: at first without a pause, because a message is
/// usually near; later with pauses that grow with the time already lost, so that a long wait costs
/// no core.
pub fn wait_for<R>(mut ask: impl FnMut() -> Result<Option<R>>) -> Result<R> {
    for _ in 0..100 {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        std::hint::spin_loop();
    }
    let start = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        // Others take their time: the callback is not to wait for them.
        meanwhile();
        let waited = start.elapsed();
        if waited < Duration::from_millis(2) {
            std::thread::yield_now();
        } else {
            std::thread::sleep((waited / 32).min(Duration::from_millis(2)));
        }
    }
}

/// A number for a place in the source, the same on every rank, and hardly ever that of another place.
fn number(place: &Location<'_>) -> i64 {
    let [line, column] = [place.line(), place.column()].map(u32::to_le_bytes);
    let bytes = place.file().bytes().chain(line).chain(column);
    // FNV-1a, without the sign.
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    (hash >> 1) as i64
}

impl dyn Transport + '_ {
    /// Waits for the next message with this tag.
    pub fn wait(&self, from: Option<usize>, tag: Tag) -> Result<Message> {
        wait_for(|| self.receive(from, tag))
    }

    /// Waits for a reduction.
    pub fn finish(&self, ticket: Ticket) -> Result<Vec<i64>> {
        wait_for(|| self.reduced(&ticket))
    }

    /// Collective: combines values of all ranks.
    pub fn reduce(&self, how: Reduce, values: &[i64]) -> Result<Vec<i64>> {
        if self.size() == 1 {
            return Ok(values.to_vec());
        }
        self.finish(self.start_reduce(how, values)?)
    }

    /// Collective: the largest of non-negative numbers, entry by entry.
    pub fn largest(&self, values: &[f64]) -> Result<Vec<f64>> {
        // Non-negative numbers are ordered as their bits are.
        let bits: Vec<i64> = values.iter().map(|v| v.to_bits() as i64).collect();
        let largest = self.reduce(Reduce::Max, &bits)?;
        Ok(largest.iter().map(|b| f64::from_bits(*b as u64)).collect())
    }

    /// Collective: the values of every rank, one rank after the other; as many on each.
    pub fn all_gather(&self, values: &[i64]) -> Result<Vec<i64>> {
        let mut all = memory::zeroed("values of all ranks", self.size() * values.len())?;
        all[self.rank() * values.len()..][..values.len()].copy_from_slice(values);
        self.reduce(Reduce::Sum, &all)
    }

    /// Collective: gives every rank the bytes of one, along a binomial tree. A rank that has no room for them passes on none.
    pub fn broadcast(&self, root: usize, bytes: &mut Vec<u8>) -> Result<()> {
        let (size, me) = (self.size(), self.rank());
        let place = (me + size - root) % size;
        let rank_at = |place: usize| (place + root) % size;
        let mut outcome = Ok(());
        let mut reach = 1;
        while reach < size {
            if place < reach {
                if place + reach < size {
                    let copy = memory::copy("a message", bytes);
                    let copy = copy.unwrap_or_else(|error| {
                        outcome = Err(error);
                        Vec::new()
                    });
                    self.send(rank_at(place + reach), Tag::BROADCAST, copy)?;
                }
            } else if place < 2 * reach {
                match self.wait(Some(rank_at(place - reach)), Tag::BROADCAST) {
                    Ok(message) => *bytes = message.bytes,
                    Err(error @ Error::Communication(_)) => return Err(error),
                    Err(error) => {
                        outcome = Err(error);
                        bytes.clear();
                    }
                }
            }
            reach *= 2;
        }
        outcome
    }

    /// Collective: as `broadcast`, of bytes for which a rank may have no room: then it fails on every rank.
    #[track_caller]
    pub fn spread(&self, root: usize, bytes: &mut Vec<u8>) -> Result<()> {
        let got = self.broadcast(root, bytes);
        self.agree(got)
    }

    /// Collective: fails on every rank with the same error if it failed on one; that of the lowest
    /// rank counts. To be called before any rank depends on another's success, and first of all in whatever is
    /// collective: it also fails, on every rank, if the ranks have come to different places of this library.
    #[track_caller]
    pub fn agree<R>(&self, result: Result<R>) -> Result<R> {
        let result = crate::base::refusal::or(result);
        self.agreed(result.as_ref().err(), Location::caller())?;
        result
    }

    /// Whatever the result is of, compiled once: fails with what all ranks report, unless this rank keeps its own.
    #[inline(never)]
    fn agreed(&self, error: Option<&Error>, place: &Location<'_>) -> Result<()> {
        busy::fails_if_busy(std::ptr::from_ref(self).cast())?;
        if self.size() == 1 {
            return Ok(());
        }
        self.fails_if_closed()?;
        // Who cannot speak to the others cannot agree with them either.
        if let Some(Error::Communication(_)) = error {
            return Ok(());
        }
        // Errors come before wishes to stop.
        let size = self.size();
        let mine = match error {
            None => 2 * size,
            Some(Error::Stopped(_)) => size + self.rank(),
            Some(_) => self.rank(),
        };
        let place = number(place);
        let least = self.reduce(Reduce::Min, &[mine as i64, place, -place])?;
        if least[1] != -least[2] {
            let text = "the ranks make different calls, or in another order";
            return Err(Error::InvalidState(text.into()));
        }
        let least = least[0] as usize;
        if least == 2 * size {
            return Ok(());
        }
        let first = least % size;
        let mut bytes = Vec::new();
        if let Some(error) = error
            && first == self.rank()
        {
            bytes.extend(error.status().to_le_bytes());
            bytes.extend(error.marked().as_bytes());
        }
        self.broadcast(first, &mut bytes)?;
        let (status, message) =
            bytes.split_at_checked(4).ok_or_else(|| Error::Internal("an error without a status".into()))?;
        let status = i32::from_le_bytes(status.try_into().unwrap_or_default());
        if least >= size {
            return Err(Error::Stopped(match status {
                DICOD_TIME_LIMIT => Stop::TimeLimit,
                _ => Stop::Cancelled,
            }));
        }
        Err(Error::OnRank { rank: first, status, message: String::from_utf8_lossy(message).into_owned() })
    }
}
