//! A transport whose sends and reductions are posted, and done later: what MPI has, and what a host may bring itself.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::panic::{lock, unpoisoned};
use crate::ranks::node::{self, Node};
use crate::ranks::{Bytes, Counter, Message, Reduce, Tag, Ticket, Transport, wait_for};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

/// What is longer is sent in pieces of so many bytes: counts are 32 bits wide, a piece is still near when it is looked at, and
/// a rank that has no room for the whole can receive what it does not keep.
const PIECE: usize = 1 << 22;

/// Last byte of a message: it is all, or it says how many bytes follow in pieces.
const WHOLE: u8 = 0;
const IN_PIECES: u8 = 1;

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
    sends: Vec<(R, Arc<Vec<u8>>)>,
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
    fn reap(&self, sends: &mut Vec<(C::Request, Arc<Vec<u8>>)>) -> Result<()> {
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

    /// Sends all bytes, in pieces, of one piece at least.
    fn start_send(&self, to: usize, tag: Tag, bytes: Vec<u8>) -> Result<()> {
        let mut pending = self.pending();
        let bytes = Arc::new(bytes);
        for piece in bytes.chunks(PIECE) {
            // SAFETY: the buffer does not move and lives until the request is done.
            let request = unsafe { self.calls.send(to, tag, piece) }?;
            pending.sends.push((request, bytes.clone()));
        }
        self.reap(&mut pending.sends)
    }

    /// Appends what arrives next, if anything has: who has sent it.
    ///
    /// What was probed is what is received, as one thread at a time receives here. (A matched probe
    /// would be the same in one call more; not every tool that stands before an MPI knows it.)
    fn receive_piece(&self, from: Option<usize>, tag: Tag, bytes: &mut Vec<u8>) -> Result<Option<usize>> {
        let Some((from, length)) = self.calls.probe(from, tag)? else {
            return Ok(None);
        };
        let before = bytes.len();
        memory::reserve("a message", bytes, length)?;
        bytes.resize(before + length, 0);
        self.calls.receive(from, tag, &mut bytes[before..])?;
        Ok(Some(from))
    }

    /// A message of so many bytes, which follow. All of them are received, even if there is no room for them.
    fn receive_pieces(&self, from: usize, tag: Tag, length: usize) -> Result<Vec<u8>> {
        let (mut bytes, mut passed) = (Vec::new(), 0);
        let room = memory::reserve("a message", &mut bytes, length);
        while passed < length {
            let before = bytes.len();
            wait_for(|| self.receive_piece(Some(from), tag, &mut bytes))?;
            passed += bytes.len() - before;
            if room.is_err() {
                bytes.clear();
            }
        }
        room.map(|()| bytes)
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
        if bytes.len() < PIECE {
            bytes.push(WHOLE);
            return self.start_send(to, tag, bytes);
        }
        let mut head = (bytes.len() as u64).to_le_bytes().to_vec();
        head.push(IN_PIECES);
        self.start_send(to, tag, head)?;
        self.start_send(to, tag, bytes)
    }

    fn receive(&self, from: Option<usize>, tag: Tag) -> Result<Option<Message>> {
        let mut bytes = Vec::new();
        let Some(from) = self.receive_piece(from, tag, &mut bytes)? else {
            self.reap(&mut self.pending().sends)?;
            return Ok(None);
        };
        if bytes.pop() == Some(IN_PIECES) {
            let length = bytes.try_into().map_err(|_| Error::Internal("a message without its length".into()))?;
            bytes = self.receive_pieces(from, tag, u64::from_le_bytes(length) as usize)?;
        }
        Ok(Some(Message { from, bytes }))
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
