//! Ranks of an MPI communicator.
//!
//! The communicator is duplicated, so that nothing of the host's traffic is seen or disturbed, and
//! errors on the duplicate come back as codes. The raw interface is called throughout: every return
//! code is looked at, and no handle of the caller's is freed.

mod calls;

pub use calls::{Communicator, Fint, library};
pub(crate) use calls::{communicator, fortran};

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::panic::{lock, unpoisoned};
use crate::ranks::node::Node;
use crate::ranks::{Bytes, Message, Reduce, Tag, Ticket, Transport, wait_for};
use calls::{check, fails_unless_running, is_known, null_request, thread_support};
use mpi_sys as ffi;
use std::collections::BTreeMap;
use std::ffi::c_int;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

/// Largest part of a message that is sent at once: counts are 32 bits wide.
const PART: usize = 1 << 30;

/// Last byte of a part: whether another one follows.
const MORE: u8 = 1;
const LAST: u8 = 0;

/// A duplicate of a communicator.
pub struct Mpi {
    communicator: ffi::MPI_Comm,
    rank: usize,
    size: usize,
    pending: Mutex<Pending>,
    node: OnceLock<Node>,
}

#[derive(Default)]
struct Pending {
    sends: Vec<(ffi::MPI_Request, Vec<u8>)>,
    reductions: BTreeMap<u64, Reduction>,
    tickets: u64,
}

struct Reduction {
    request: ffi::MPI_Request,
    /// Read by MPI until the request is done.
    _values: Box<[i64]>,
    result: Box<[i64]>,
}

// SAFETY: handles may be used by any thread, one at a time, which the mutex and the contract of
// `Transport` see to.
unsafe impl Send for Mpi {}
// SAFETY: as above.
unsafe impl Sync for Mpi {}

impl Mpi {
    /// Collective: duplicates a communicator of the caller's.
    ///
    /// # Safety
    /// Only the thread that may call MPI calls this and whatever is done with the result.
    pub unsafe fn duplicate(communicator: Communicator) -> Result<Self> {
        fails_unless_running()?;
        let bad = |value: &str| Error::argument("comm", value, "an intracommunicator that is not freed");
        // SAFETY: the handle is looked at before it is used.
        unsafe {
            if communicator == ffi::RSMPI_COMM_NULL {
                return Err(bad("MPI_COMM_NULL"));
            }
            if !is_known(communicator)? {
                return Err(bad("a handle that MPI does not know"));
            }
            let mut inter = 0;
            let code = ffi::MPI_Comm_test_inter(communicator, &mut inter);
            check("MPI_Comm_test_inter", code)?;
            if inter != 0 {
                return Err(bad("an intercommunicator"));
            }
            let mut duplicate = ffi::RSMPI_COMM_NULL;
            let code = ffi::MPI_Comm_dup(communicator, &mut duplicate);
            check("MPI_Comm_dup", code)?;
            Mpi::own(duplicate)
        }
    }

    /// As [`Mpi::duplicate`], for a Fortran handle.
    ///
    /// # Safety
    /// As [`Mpi::duplicate`].
    pub unsafe fn duplicate_fortran(communicator: Fint) -> Result<Self> {
        fails_unless_running()?;
        // SAFETY: a number that is no handle gives one that is not known; the caller's promise.
        unsafe { Mpi::duplicate(ffi::RSMPI_Comm_f2c(communicator)) }
    }

    /// Takes a communicator that is the library's own.
    ///
    /// # Safety
    /// It is valid, and nobody else uses it.
    unsafe fn own(communicator: ffi::MPI_Comm) -> Result<Self> {
        let (mut rank, mut size) = (0, 0);
        // SAFETY: the communicator is valid.
        unsafe {
            check("MPI_Comm_set_errhandler", ffi::MPI_Comm_set_errhandler(communicator, ffi::RSMPI_ERRORS_RETURN))?;
            check("MPI_Comm_rank", ffi::MPI_Comm_rank(communicator, &mut rank))?;
            check("MPI_Comm_size", ffi::MPI_Comm_size(communicator, &mut size))?;
        }
        Ok(Mpi {
            communicator,
            rank: rank as usize,
            size: size as usize,
            pending: Mutex::default(),
            node: OnceLock::new(),
        })
    }

    /// Collective: the ranks of this rank's node.
    fn on_this_node(&self) -> Result<Self> {
        // SAFETY: the communicator is valid, the outcome is looked at.
        unsafe {
            let mut node = ffi::RSMPI_COMM_NULL;
            check(
                "MPI_Comm_split_type",
                ffi::MPI_Comm_split_type(
                    self.communicator,
                    ffi::RSMPI_COMM_TYPE_SHARED,
                    self.rank as c_int,
                    ffi::RSMPI_INFO_NULL,
                    &mut node,
                ),
            )?;
            Mpi::own(node)
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        lock(&self.pending)
    }

    /// Whether the request is done.
    fn test(request: &mut ffi::MPI_Request) -> Result<bool> {
        let mut done = 0;
        // SAFETY: a request of ours; its buffers live beside it.
        let code = unsafe { ffi::MPI_Test(request, &mut done, ffi::RSMPI_STATUS_IGNORE) };
        check("MPI_Test", code)?;
        Ok(done != 0)
    }

    /// Forgets messages that have left.
    fn reap(sends: &mut Vec<(ffi::MPI_Request, Vec<u8>)>) -> Result<()> {
        let mut failure = Ok(());
        sends.retain_mut(|(request, _)| match Self::test(request) {
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
        let mut request = null_request();
        // SAFETY: the buffer does not move and lives until the request is done.
        let code = unsafe {
            ffi::MPI_Isend(
                bytes.as_ptr().cast(),
                bytes.len() as c_int,
                ffi::RSMPI_UINT8_T,
                to as c_int,
                c_int::from(tag.0),
                self.communicator,
                &mut request,
            )
        };
        check("MPI_Isend", code)?;
        pending.sends.push((request, bytes));
        Self::reap(&mut pending.sends)
    }

    /// One part of a message, if it has arrived: who sent it, its bytes, whether more follow.
    ///
    /// What was probed is what is received, as one thread at a time receives here. (A matched probe
    /// would be the same in one call more; not every tool that stands before an MPI knows it.)
    fn receive_part(&self, from: Option<usize>, tag: Tag) -> Result<Option<(Message, bool)>> {
        // SAFETY: all outputs are local; the buffer is as long as the message.
        unsafe {
            let source = from.map_or(ffi::RSMPI_ANY_SOURCE, |from| from as c_int);
            let mut found = 0;
            let mut status = std::mem::zeroed::<ffi::MPI_Status>();
            let tag = c_int::from(tag.0);
            let code = ffi::MPI_Iprobe(source, tag, self.communicator, &mut found, &mut status);
            check("MPI_Iprobe", code)?;
            if found == 0 {
                return Ok(None);
            }
            let mut count = 0;
            let code = ffi::MPI_Get_count(&status, ffi::RSMPI_UINT8_T, &mut count);
            check("MPI_Get_count", code)?;
            let mut bytes: Vec<u8> = memory::zeroed("a message", count.max(0) as usize)?;
            let code = ffi::MPI_Recv(
                bytes.as_mut_ptr().cast(),
                count,
                ffi::RSMPI_UINT8_T,
                status.MPI_SOURCE,
                tag,
                self.communicator,
                ffi::RSMPI_STATUS_IGNORE,
            );
            check("MPI_Recv", code)?;
            let more = bytes.pop() == Some(MORE);
            let from = status.MPI_SOURCE as usize;
            Ok(Some((Message { from, bytes }, more)))
        }
    }
}

impl Transport for Mpi {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn fails_if_closed(&self) -> Result<()> {
        fails_unless_running()
    }

    fn may_have_threads(&self) -> Result<bool> {
        Ok(thread_support()? != ffi::MPI_THREAD_SINGLE as c_int)
    }

    fn communicator(&self) -> Option<i32> {
        // SAFETY: the communicator is valid.
        Some(unsafe { ffi::RSMPI_Comm_c2f(self.communicator) })
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
            Self::reap(&mut self.pending().sends)?;
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
        Self::reap(&mut pending.sends)?;
        Ok(pending.sends.is_empty())
    }

    fn start_reduce(&self, how: Reduce, values: &[i64]) -> Result<Ticket> {
        let mut pending = self.pending();
        let values: Box<[i64]> = values.into();
        let mut result = values.clone();
        let mut request = null_request();
        // SAFETY: both buffers live on the heap, beside the request, until it is done.
        let code = unsafe {
            let how = match how {
                Reduce::Sum => ffi::RSMPI_SUM,
                Reduce::Max => ffi::RSMPI_MAX,
                Reduce::Min => ffi::RSMPI_MIN,
            };
            ffi::MPI_Iallreduce(
                values.as_ptr().cast(),
                result.as_mut_ptr().cast(),
                values.len() as c_int,
                ffi::RSMPI_INT64_T,
                how,
                self.communicator,
                &mut request,
            )
        };
        check("MPI_Iallreduce", code)?;
        let ticket = pending.tickets;
        pending.tickets += 1;
        let reduction = Reduction { request, _values: values, result };
        pending.reductions.insert(ticket, reduction);
        Ok(Ticket(ticket))
    }

    fn reduced(&self, ticket: &Ticket) -> Result<Option<Vec<i64>>> {
        let mut pending = self.pending();
        Self::reap(&mut pending.sends)?;
        let Some(reduction) = pending.reductions.get_mut(&ticket.0) else {
            return Err(Error::Internal("a reduction was asked for twice".into()));
        };
        if !Self::test(&mut reduction.request)? {
            return Ok(None);
        }
        let done = pending.reductions.remove(&ticket.0);
        Ok(done.map(|reduction| reduction.result.into_vec()))
    }

    fn share(&self, bytes: &mut Vec<u8>) -> Result<Option<Arc<Bytes>>> {
        if self.node.get().is_none() {
            let _ = self.node.set(Node::new(self, Arc::new(self.on_this_node()?))?);
        }
        self.node.get().map_or(Ok(None), |node| node.share(self, bytes))
    }

    fn split(&self, colour: Option<u32>, key: usize) -> Result<Option<Arc<dyn Transport>>> {
        // SAFETY: the communicator is valid, the outcome is looked at.
        unsafe {
            let colour = colour.map_or(ffi::RSMPI_UNDEFINED, |colour| colour as c_int);
            let mut part = ffi::RSMPI_COMM_NULL;
            check("MPI_Comm_split", ffi::MPI_Comm_split(self.communicator, colour, key as c_int, &mut part))?;
            if part == ffi::RSMPI_COMM_NULL {
                return Ok(None);
            }
            Ok(Some(Arc::new(Mpi::own(part)?)))
        }
    }
}

impl Drop for Mpi {
    /// Collective, as freeing a communicator is. After MPI_Finalize there is nothing left to free.
    fn drop(&mut self) {
        let pending = unpoisoned(self.pending.get_mut());
        let gone = fails_unless_running().is_err();
        if !gone {
            let _ = Self::reap(&mut pending.sends);
        }
        // What MPI may still read or write has to stay where it is.
        std::mem::forget(std::mem::take(&mut pending.sends));
        std::mem::forget(std::mem::take(&mut pending.reductions));
        if !gone {
            // SAFETY: the library's own communicator, not used any more.
            unsafe { ffi::MPI_Comm_free(&mut self.communicator) };
        }
    }
}
