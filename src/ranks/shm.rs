//! Memory that processes of one node have in common: POSIX shared memory without a name once all have it.
//!
//! The room is asked for before it is used, and what is got is really there: a file system that is
//! full would otherwise end the process when a page is touched.

use crate::base::error::{Error, Result};
use crate::ranks::Counter;
use std::ffi::{CString, c_int};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// So much of the room that is left may be taken: MPI itself has files there that grow later.
const PART_OF_ROOM: u64 = 2;

/// Shared memory. It has a name, by which others open it, until that is removed.
pub(super) struct Shared {
    base: *mut u8,
    len: usize,
    name: Option<CString>,
}

// SAFETY: one process writes before any reads, which `Node::share` sees to; or all of them, as an atomic number.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

fn refused(len: usize) -> Error {
    Error::memory("shared data", len)
}

impl Shared {
    /// Makes one of `len` bytes, all zero.
    pub(super) fn create(len: usize) -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let name = format!(
            "/dicod.{}.{}.{}",
            std::process::id(),
            since.map_or(0, |since| since.as_nanos()),
            // Relaxed: the numbers only have to differ.
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let name = CString::new(name).map_err(|_| refused(len))?;
        let file = open(&name, libc::O_RDWR | libc::O_CREAT | libc::O_EXCL, len)?;
        let mut made = Shared { base: std::ptr::null_mut(), len, name: Some(name) };
        reserve(&file, len)?;
        made.base = map(&file, libc::PROT_READ | libc::PROT_WRITE, len)?;
        Ok(made)
    }

    /// Opens one that another process has made, to read it, or also to write.
    pub(super) fn open(name: &[u8], len: usize, writes: bool) -> Result<Self> {
        let name = CString::new(name).map_err(|_| refused(len))?;
        let (flags, protection) = match writes {
            true => (libc::O_RDWR, libc::PROT_READ | libc::PROT_WRITE),
            false => (libc::O_RDONLY, libc::PROT_READ),
        };
        let file = open(&name, flags, len)?;
        // SAFETY: plain numbers, for which zero is a value; filled by the call.
        let size = unsafe {
            let mut about = std::mem::zeroed::<libc::stat>();
            match libc::fstat(file.as_raw_fd(), &mut about) {
                0 => about.st_size,
                _ => -1,
            }
        };
        if usize::try_from(size) != Ok(len) {
            return Err(refused(len));
        }
        Ok(Shared { base: map(&file, protection, len)?, len, name: None })
    }

    /// Its name; empty if it has none.
    pub(super) fn name(&self) -> &[u8] {
        self.name.as_ref().map_or(&[], |name| name.as_bytes())
    }

    /// Removes the name: what nobody has any more is gone, however the processes end.
    pub(super) fn unlink(&mut self) {
        if let Some(name) = self.name.take() {
            // SAFETY: a name of this process's own.
            unsafe { libc::shm_unlink(name.as_ptr()) };
        }
    }

    /// By the process that has made it, before any other one reads.
    pub(super) fn fill(&mut self, bytes: &[u8]) {
        let n = bytes.len().min(self.len);
        // SAFETY: there is room for `len` bytes, and nobody else looks at them.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.base, n) };
    }
}

/// One number of all ranks.
pub(super) struct SharedCounter(Shared);

impl SharedCounter {
    /// Bytes that it takes.
    pub(super) const SIZE: usize = size_of::<AtomicU64>();

    /// The first bytes of memory that nobody uses otherwise.
    pub(super) fn of(memory: Shared) -> Self {
        SharedCounter(memory)
    }

    fn number(&self) -> &AtomicU64 {
        // SAFETY: a mapping begins with a page, which has room for it; all processes use it as this only.
        unsafe { &*self.0.base.cast::<AtomicU64>() }
    }
}

impl Counter for SharedCounter {
    fn add(&self, n: u64) -> u64 {
        self.number().add(n)
    }

    fn raise(&self, to: u64) {
        self.number().raise(to);
    }

    fn set(&self, to: u64) {
        self.number().set(to);
    }
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: there are `len` bytes, which nobody writes any more.
        unsafe { std::slice::from_raw_parts(self.base, self.len) }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.unlink();
        if !self.base.is_null() {
            // SAFETY: mapped by this value, not used any more.
            unsafe { libc::munmap(self.base.cast(), self.len) };
        }
    }
}

fn open(name: &CString, flags: c_int, len: usize) -> Result<OwnedFd> {
    // SAFETY: the name lives; the descriptor is nobody else's.
    unsafe {
        match libc::shm_open(name.as_ptr(), flags, 0o600) {
            -1 => Err(refused(len)),
            file => Ok(OwnedFd::from_raw_fd(file)),
        }
    }
}

/// Gives an empty file `len` bytes that are there.
fn reserve(file: &OwnedFd, len: usize) -> Result<()> {
    let size = libc::off_t::try_from(len).map_err(|_| refused(len))?;
    // SAFETY: plain structs, for which zero is a value, are filled by the calls; the mask is put back.
    unsafe {
        let (mut room, mut limit) = (std::mem::zeroed::<libc::statvfs>(), std::mem::zeroed::<libc::rlimit>());
        if libc::fstatvfs(file.as_raw_fd(), &mut room) != 0 || libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) != 0 {
            return Err(refused(len));
        }
        // No blocks at all: a file system without a limit.
        #[allow(clippy::unnecessary_cast)] // they have 32 bits elsewhere
        let left = match room.f_blocks {
            0 => u64::MAX,
            _ => (room.f_bavail as u64).saturating_mul(room.f_frsize as u64),
        };
        // Beyond the limit there is a signal, not an error.
        if len as u64 > left / PART_OF_ROOM || len as u64 > limit.rlim_cur {
            return Err(refused(len));
        }
        // A signal that arrives meanwhile would undo it; with a timer, again and again.
        let (mut all, mut before) = (std::mem::zeroed::<libc::sigset_t>(), std::mem::zeroed::<libc::sigset_t>());
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        let code = libc::posix_fallocate(file.as_raw_fd(), 0, size);
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut());
        match code {
            0 => Ok(()),
            _ => Err(refused(len)),
        }
    }
}

fn map(file: &OwnedFd, protection: c_int, len: usize) -> Result<*mut u8> {
    // SAFETY: a new mapping, at an address that the system chooses: that of a page.
    let base = unsafe { libc::mmap(std::ptr::null_mut(), len, protection, libc::MAP_SHARED, file.as_raw_fd(), 0) };
    match base == libc::MAP_FAILED {
        true => Err(refused(len)),
        false => Ok(base.cast()),
    }
}
