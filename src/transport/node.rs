//! Memory that the ranks of one node have in common.

use super::mpi::{Mpi, check, fails_unless_running};
use super::{Bytes, Reduce, Transport, wait_for};
use crate::error::{Error, Result};
use ::mpi::ffi;
use std::ffi::{c_int, c_void};
use std::sync::Arc;

/// The ranks of one node, and the first ranks of all nodes.
pub(super) struct Node {
    ranks: Mpi,
    leaders: Option<Arc<dyn Transport>>,
}

impl Node {
    /// Collective over all ranks.
    pub(super) fn new(all: &Mpi) -> Result<Self> {
        let ranks = all.on_this_node()?;
        let leads = ranks.rank() == 0;
        Ok(Node {
            leaders: all.split(leads.then_some(0), all.rank())?,
            ranks,
        })
    }

    /// Collective over all ranks: the bytes of rank 0, once on each node; none if that saves
    /// nothing, or a node refuses.
    pub(super) fn share(&self, all: &Mpi, bytes: &mut Vec<u8>) -> Result<Option<Arc<Bytes>>> {
        let all: &dyn Transport = all;
        let sizes = [bytes.len() as i64, self.ranks.size() as i64];
        let most = all.reduce(Reduce::Max, &sizes)?;
        if most[0] == 0 || most[1] == 1 {
            return Ok(None);
        }
        let window = Window::new(&self.ranks, most[0] as usize);
        // Whoever is refused, and places that differ.
        let place = window.as_ref().map_or(-1, |window| window.offset as i64);
        let places = (&self.ranks as &dyn Transport).reduce(Reduce::Max, &[place, -place])?;
        let refused = place < 0 || places[0] != -places[1];
        let refused = all.reduce(Reduce::Max, &[i64::from(refused)])?[0] != 0;
        let mut window = match window {
            Ok(window) if !refused => window,
            window => {
                // Freeing one takes all ranks of the node.
                std::mem::forget(window);
                return Ok(None);
            }
        };
        window.fence()?;
        if let Some(leaders) = &self.leaders {
            leaders.broadcast(0, bytes)?;
            // What still has to be sent would be a copy more, until the next call.
            wait_for(|| Ok(leaders.all_sent()?.then_some(())))?;
            window.fill(bytes);
        }
        window.fence()?;
        Ok(Some(Arc::new(window)))
    }
}

/// A shared-memory window.
struct Window {
    window: ffi::MPI_Win,
    /// Where the memory is in this process.
    base: *mut u8,
    /// Where it is fit for any type.
    offset: usize,
    len: usize,
}

/// Fit for any type, and for vector instructions.
const ALIGNMENT: usize = 64;

// SAFETY: after `share` the memory is only read.
unsafe impl Send for Window {}
// SAFETY: as above.
unsafe impl Sync for Window {}

impl Window {
    /// Collective over the ranks of a node.
    fn new(node: &Mpi, len: usize) -> Result<Self> {
        let own = match node.rank() {
            0 => len + ALIGNMENT,
            _ => 0,
        };
        let mut base = std::ptr::null_mut::<c_void>();
        // SAFETY: the communicator is valid, all outputs are local.
        unsafe {
            let mut window = ffi::RSMPI_WIN_NULL;
            check(
                "MPI_Win_allocate_shared",
                ffi::MPI_Win_allocate_shared(
                    own as ffi::MPI_Aint,
                    1,
                    ffi::RSMPI_INFO_NULL,
                    node.raw(),
                    (&raw mut base).cast(),
                    &mut window,
                ),
            )?;
            check(
                "MPI_Win_set_errhandler",
                ffi::MPI_Win_set_errhandler(window, ffi::RSMPI_ERRORS_RETURN),
            )?;
            let (mut size, mut unit): (ffi::MPI_Aint, c_int) = (0, 0);
            check(
                "MPI_Win_shared_query",
                ffi::MPI_Win_shared_query(window, 0, &mut size, &mut unit, (&raw mut base).cast()),
            )?;
            let base = base.cast::<u8>();
            let offset = base.align_offset(ALIGNMENT);
            if base.is_null() || (size as usize) < len + ALIGNMENT || offset >= ALIGNMENT {
                return Err(Error::memory("shared data", len));
            }
            Ok(Window {
                window,
                base,
                offset,
                len,
            })
        }
    }

    /// Collective over the ranks of the node: what was written before is seen by all afterwards.
    fn fence(&self) -> Result<()> {
        // SAFETY: the window is valid.
        check("MPI_Win_fence", unsafe {
            ffi::MPI_Win_fence(0, self.window)
        })
    }

    /// On the first rank of the node, between two fences.
    fn fill(&mut self, bytes: &[u8]) {
        let n = bytes.len().min(self.len);
        // SAFETY: there is room for `len` bytes behind the offset, and nobody else looks at them.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.base.add(self.offset), n) };
    }
}

impl AsRef<[u8]> for Window {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: there are `len` bytes behind the offset, which nobody writes any more.
        unsafe { std::slice::from_raw_parts(self.base.add(self.offset), self.len) }
    }
}

impl Drop for Window {
    /// Collective over the ranks of the node. After MPI_Finalize there is nothing left to free.
    fn drop(&mut self) {
        if fails_unless_running().is_ok() {
            // SAFETY: the library's own window, not used any more.
            unsafe { ffi::MPI_Win_free(&mut self.window) };
        }
    }
}
