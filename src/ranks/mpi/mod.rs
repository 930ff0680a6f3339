//! Ranks of an MPI communicator.
//!
//! The communicator is duplicated, so that nothing of the host's traffic is seen or disturbed, and
//! errors on the duplicate come back as codes. The raw interface is called throughout: every return
//! code is looked at, and no handle of the caller's is freed.

mod calls;

pub use calls::{Communicator, Fint, library};
pub(crate) use calls::{communicator, fortran};

use crate::base::error::{Error, Result};
use crate::ranks::posted::{Calls, Posted};
use crate::ranks::{Reduce, Tag, Transport};
use ::mpi::ffi;
use calls::{check, fails_unless_running, is_known, null_request, thread_support};
use std::ffi::{c_int, c_void};
use std::sync::Arc;

/// A duplicate of a communicator.
pub struct Mpi {
    communicator: ffi::MPI_Comm,
}

// SAFETY: handles may be used by any thread, one at a time, which the contract of `Transport` sees to.
unsafe impl Send for Mpi {}
// SAFETY: as above.
unsafe impl Sync for Mpi {}

impl Mpi {
    /// Collective: duplicates a communicator of the caller's.
    ///
    /// # Safety
    /// Only the thread that may call MPI calls this and whatever is done with the result.
    pub unsafe fn duplicate(communicator: Communicator) -> Result<Arc<dyn Transport>> {
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
            Ok(Arc::new(Posted::new(Mpi::own(duplicate)?)))
        }
    }

    /// As [`Mpi::duplicate`], for a Fortran handle.
    ///
    /// # Safety
    /// As [`Mpi::duplicate`].
    pub unsafe fn duplicate_fortran(communicator: Fint) -> Result<Arc<dyn Transport>> {
        fails_unless_running()?;
        // SAFETY: a number that is no handle gives one that is not known; the caller's promise.
        unsafe { Mpi::duplicate(ffi::RSMPI_Comm_f2c(communicator)) }
    }

    /// Takes a communicator that is the library's own.
    ///
    /// # Safety
    /// It is valid, and nobody else uses it.
    unsafe fn own(communicator: ffi::MPI_Comm) -> Result<Self> {
        let own = Mpi { communicator };
        // SAFETY: the communicator is valid.
        let code = unsafe { ffi::MPI_Comm_set_errhandler(communicator, ffi::RSMPI_ERRORS_RETURN) };
        check("MPI_Comm_set_errhandler", code).map(|()| own)
    }
}

impl Calls for Mpi {
    type Request = ffi::MPI_Request;

    fn ranks(&self) -> [usize; 2] {
        let (mut rank, mut size) = (0, 0);
        // SAFETY: the communicator is valid, so that neither fails.
        unsafe {
            ffi::MPI_Comm_rank(self.communicator, &mut rank);
            ffi::MPI_Comm_size(self.communicator, &mut size);
        }
        [rank, size].map(|n| n as usize)
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

    fn state(&self) -> *mut c_void {
        std::ptr::null_mut()
    }

    unsafe fn send(&self, to: usize, tag: Tag, bytes: &[u8]) -> Result<ffi::MPI_Request> {
        let mut request = null_request();
        // SAFETY: the caller's promise.
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
        check("MPI_Isend", code).map(|()| request)
    }

    fn is_done(&self, request: &mut ffi::MPI_Request) -> Result<bool> {
        let mut done = 0;
        // SAFETY: a request of ours; its buffers live beside it.
        let code = unsafe { ffi::MPI_Test(request, &mut done, ffi::RSMPI_STATUS_IGNORE) };
        check("MPI_Test", code).map(|()| done != 0)
    }

    fn probe(&self, from: Option<usize>, tag: Tag) -> Result<Option<(usize, usize)>> {
        // SAFETY: all outputs are local.
        unsafe {
            let source = from.map_or(ffi::RSMPI_ANY_SOURCE, |from| from as c_int);
            let mut found = 0;
            let mut status = std::mem::zeroed::<ffi::MPI_Status>();
            let code = ffi::MPI_Iprobe(source, c_int::from(tag.0), self.communicator, &mut found, &mut status);
            check("MPI_Iprobe", code)?;
            if found == 0 {
                return Ok(None);
            }
            let mut count = 0;
            let code = ffi::MPI_Get_count(&status, ffi::RSMPI_UINT8_T, &mut count);
            check("MPI_Get_count", code)?;
            Ok(Some((status.MPI_SOURCE as usize, count.max(0) as usize)))
        }
    }

    fn receive(&self, from: usize, tag: Tag, bytes: &mut [u8]) -> Result<()> {
        // SAFETY: there is room for as many bytes.
        let code = unsafe {
            ffi::MPI_Recv(
                bytes.as_mut_ptr().cast(),
                bytes.len() as c_int,
                ffi::RSMPI_UINT8_T,
                from as c_int,
                c_int::from(tag.0),
                self.communicator,
                ffi::RSMPI_STATUS_IGNORE,
            )
        };
        check("MPI_Recv", code)
    }

    unsafe fn reduce(&self, how: Reduce, values: &[i64], result: &mut [i64]) -> Result<ffi::MPI_Request> {
        let mut request = null_request();
        // SAFETY: the caller's promise.
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
        check("MPI_Iallreduce", code).map(|()| request)
    }

    fn split(&self, colour: Option<u32>, key: usize) -> Result<Option<Self>> {
        // SAFETY: the communicator is valid, the outcome is looked at.
        unsafe {
            let colour = colour.map_or(ffi::RSMPI_UNDEFINED, |colour| colour as c_int);
            let mut part = ffi::RSMPI_COMM_NULL;
            check("MPI_Comm_split", ffi::MPI_Comm_split(self.communicator, colour, key as c_int, &mut part))?;
            match part == ffi::RSMPI_COMM_NULL {
                true => Ok(None),
                false => Mpi::own(part).map(Some),
            }
        }
    }

    fn node(&self) -> Result<Option<Self>> {
        // SAFETY: the communicator is valid, the outcome is looked at.
        unsafe {
            let mut node = ffi::RSMPI_COMM_NULL;
            let (kind, info) = (ffi::RSMPI_COMM_TYPE_SHARED, ffi::RSMPI_INFO_NULL);
            let key = self.ranks()[0] as c_int;
            let code = ffi::MPI_Comm_split_type(self.communicator, kind, key, info, &mut node);
            check("MPI_Comm_split_type", code)?;
            Mpi::own(node).map(Some)
        }
    }
}

impl Drop for Mpi {
    /// Collective, as freeing a communicator is. After MPI_Finalize there is nothing left to free.
    fn drop(&mut self) {
        if fails_unless_running().is_ok() {
            // SAFETY: the library's own communicator, not used any more.
            unsafe { ffi::MPI_Comm_free(&mut self.communicator) };
        }
    }
}
