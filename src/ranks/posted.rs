//! A transport whose sends and reductions are posted, and done later: what MPI has, and what a host may bring itself.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::panic::{lock, unpoisoned};
use crate::ranks::node::{self, Node};
use crate::ranks::{Bytes, Counter, Message, Reduce, Tag, Ticket, Transport, wait_for};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

/// Largest part of a message that is sent at once: counts are 32 bits wide.
const PART: usize = 1 << 30;

/// Last byte of a part: whether another one follows.
const MORE: u8 = 1;
const LAST: u8 = 0;

/// What is called of MPI, or of whatever stands in its place. None of it waits.
pub(super) trait Calls: Send + Sync + Sized + 'static {
    /// A send or a reduction that has been started.
    type Request;

    /// Number of this rank, and of all.
    fn ranks(&self) -> [usize; 2];

    /// Fails if it can no longer be called.
    fn fails_if_closed(&self) -> Result<()>;

    /// May the process have more threads than the one that calls?
    fn may_have_threads(&self) -> Result<bool>;

    /// The communicator behind it, as Fortran has it, if there is one.
    fn communicator(&self) -> Option<i32>;

    /// What the host knows it by, if it is one that a host has brought.
    fn state(&self) -> *mut c_void;

    /// Starts to send.
    ///
    /// # Safety
    /// The bytes stay where and what they are until the request is done.
    unsafe fn send(&self, to: usize, tag: Tag, bytes: &[u8]) -> Result<Self::Request>;

    /// Whether a request is done, once.
    fn is_done(&self, request: &mut Self::Request) -> Result<bool>;

    /// Who has sent the next message with this tag, and its length, if one has arrived.
    fn probe(&self, from: Option<usize>, tag: Tag) -> Result<Option<(usize, usize)>>;

    /// Receives a message that was probed, which is as long as `bytes`.
    fn receive(&self, from: usize, tag: Tag, bytes: &mut [u8]) -> Result<()>;

    /// Starts to combine values of all ranks.
    ///
    /// # Safety
    /// Values and result stay where they are until the request is done, and nobody else writes them.
    unsafe fn reduce(&self, how: Reduce, values: &[i64], result: &mut [i64]) -> Result<Self::Request>;

    /// Collective: the ranks with the same colour.
    fn split(&self, colour: Option<u32>, key: usize) -> Result<Option<Self>>;

    /// Collective: the ranks that have memory in common with this one; none if that is not known.
    fn node(&self) -> Result<Option<Self>>;
}

/// The ranks that some calls connect.
pub(super) struct Posted<C: Calls> {
    rank: usize,
    size: usize,
    pending: Mutex<Pending<C::Request>>,
    node: OnceLock<Option<Node>>,
    pub(super) calls: C,
}

struct Pending<R> {
    sends: Vec<(R, Vec<u8>)>,
    reductions: BTreeMap<u64, Reduction<R>>,
    tickets: u64,
}

struct Reduction<R> {
    request: R,
    /// Read until the request is done.
    _values: Box<[i64]>,
    result: Box<[i64]>,
}

// SAFETY: requests may be used by any thread, one at a time, which the mutex and the contract of `Transport` see to.
unsafe impl<C: Calls> Send for Posted<C> {}
// SAFETY: as above.
unsafe impl<C: Calls> Sync for Posted<C> {}

impl<C: Calls> Posted<C> {
    pub(super) fn new(calls: C) -> Self {
        let [rank, size] = calls.ranks();
        let pending = Mutex::new(Pending { sends: Vec::new(), reductions: BTreeMap::new(), tickets: 0 });
        Posted { rank, size, pending, node: OnceLock::new(), calls }
    }

    /// Collective: the ranks of this rank's node, as they were made once.
    fn on_this_node(&self) -> Result<Option<&Node>> {
        if self.node.get().is_none() {
            let node = self.calls.node()?;
            let node = node.map(|calls| Node::new(self, Arc::new(Posted::new(calls)))).transpose()?;
            let _ = self.node.set(node);
        }
        Ok(self.node.get().and_then(Option::as_ref))
    }

    fn pending(&self) -> MutexGuard<'_, Pending<C::Request>> {
        lock(&self.pending)
    }

    /// Forgets messages that have left.
    fn reap(&self, sends: &mut Vec<(C::Request, Vec<u8>)>) -> Result<()> {
        let mut failure = Ok(());
        sends.retain_mut(|(request, _)| match self.calls.is_done(request) {
            Ok(done) => !done,
            Err(error) => {
                failure = Err(error);
                true
            }
        });
        failure
    }

    fn start_send(&self, to: usize, tag: Tag, bytes: Vec<u8>) -> Result<()> {
        let mut pending = self.pending();
        // SAFETY: the buffer does not move and lives until the request is done.
        let request = unsafe { self.calls.send(to, tag, &bytes) }?;
        pending.sends.push((request, bytes));
        self.reap(&mut pending.sends)
    }

    /// One part of a message, if it has arrived, and whether more follow.
    ///
    /// What was probed is what is received, as one thread at a time receives here. (A matched probe
    /// would be the same in one call more; not every tool that stands before an MPI knows it.)
    fn receive_part(&self, from: Option<usize>, tag: Tag) -> Result<Option<(Message, bool)>> {
        let Some((from, length)) = self.calls.probe(from, tag)? else {
            return Ok(None);
        };
        let mut bytes: Vec<u8> = memory::zeroed("a message", length)?;
        self.calls.receive(from, tag, &mut bytes)?;
        let more = bytes.pop() == Some(MORE);
        Ok(Some((Message { from, bytes }, more)))
    }
}

impl<C: Calls> Transport for Posted<C> {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn fails_if_closed(&self) -> Result<()> {
        self.calls.fails_if_closed()
    }

    fn may_have_threads(&self) -> Result<bool> {
        self.calls.may_have_threads()
    }

    fn communicator(&self) -> Option<i32> {
        self.calls.communicator()
    }

    fn state(&self) -> *mut c_void {
        self.calls.state()
    }

    fn send(&self, to: usize, tag: Tag, mut bytes: Vec<u8>) -> Result<()> {
        if bytes.len() < PART {
            bytes.push(LAST);
            return self.start_send(to, tag, bytes);
        }
        let mut parts = bytes.chunks(PART).peekable();
        while let Some(part) = parts.next() {
            let mut copy = Vec::new();
            memory::reserve("a message", &mut copy, part.len() + 1)?;
            copy.extend_from_slice(part);
            copy.push(if parts.peek().is_some() { MORE } else { LAST });
            self.start_send(to, tag, copy)?;
        }
        Ok(())
    }

    fn receive(&self, from: Option<usize>, tag: Tag) -> Result<Option<Message>> {
        let Some((mut message, mut more)) = self.receive_part(from, tag)? else {
            self.reap(&mut self.pending().sends)?;
            return Ok(None);
        };
        while more {
            let part = wait_for(|| self.receive_part(Some(message.from), tag))?;
            memory::reserve("a message", &mut message.bytes, part.0.bytes.len())?;
            message.bytes.extend_from_slice(&part.0.bytes);
            more = part.1;
        }
        Ok(Some(message))
    }

    fn all_sent(&self) -> Result<bool> {
        let mut pending = self.pending();
        self.reap(&mut pending.sends)?;
        Ok(pending.sends.is_empty())
    }

    fn start_reduce(&self, how: Reduce, values: &[i64]) -> Result<Ticket> {
        let mut pending = self.pending();
        let values: Box<[i64]> = values.into();
        let mut result = values.clone();
        // SAFETY: both live on the heap, beside the request, until it is done.
        let request = unsafe { self.calls.reduce(how, &values, &mut result) }?;
        let ticket = pending.tickets;
        pending.tickets += 1;
        let reduction = Reduction { request, _values: values, result };
        pending.reductions.insert(ticket, reduction);
        Ok(Ticket(ticket))
    }

    fn reduced(&self, ticket: &Ticket) -> Result<Option<Vec<i64>>> {
        let mut pending = self.pending();
        self.reap(&mut pending.sends)?;
        let Some(reduction) = pending.reductions.get_mut(&ticket.0) else {
            return Err(Error::Internal("a reduction was asked for twice".into()));
        };
        if !self.calls.is_done(&mut reduction.request)? {
            return Ok(None);
        }
        let done = pending.reductions.remove(&ticket.0);
        Ok(done.map(|reduction| reduction.result.into_vec()))
    }

    fn share(&self, bytes: &mut Vec<u8>) -> Result<Option<Arc<Bytes>>> {
        self.on_this_node()?.map_or(Ok(None), |node| node.share(self, bytes))
    }

    fn counter(&self) -> Result<Option<Arc<dyn Counter>>> {
        node::counter(self)
    }

    fn split(&self, colour: Option<u32>, key: usize) -> Result<Option<Arc<dyn Transport>>> {
        let part = self.calls.split(colour, key)?;
        Ok(part.map(|calls| Arc::new(Posted::new(calls)) as Arc<dyn Transport>))
    }
}

impl<C: Calls> Drop for Posted<C> {
    fn drop(&mut self) {
        let Pending { sends, reductions, .. } = unpoisoned(self.pending.get_mut());
        let is_open = self.calls.fails_if_closed().is_ok();
        let is_done = |request: &mut C::Request| is_open && self.calls.is_done(request).unwrap_or(false);
        // What may still be read or written has to stay where it is.
        for (mut request, bytes) in std::mem::take(sends) {
            if !is_done(&mut request) {
                std::mem::forget(bytes);
            }
        }
        for mut reduction in std::mem::take(reductions).into_values() {
            if !is_done(&mut reduction.request) {
                std::mem::forget(reduction);
            }
        }
    }
}
