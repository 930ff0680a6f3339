//! Threads of the library. They begin in the default floating-point environment, call the program's functions in that of
//! the thread that started them, and take none of the program's signals.

use crate::base::panic::{lock, unpoisoned};
use crate::host::{Environment, HOST, add_flags, enter};
use std::io::Result;
use std::mem::MaybeUninit;
use std::sync::Mutex;
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// Threads of one call. Flags that callbacks raise in them are the calling thread's in the end, as if it had done their
/// work itself.
pub(crate) struct Crew {
    host: Option<Environment>,
    raised: Mutex<Vec<Environment>>,
}

impl Crew {
    pub(crate) fn new() -> Self {
        Crew { host: HOST.get(), raised: Mutex::default() }
    }

    /// Starts a thread; `stack` is the size of its stack, where it runs the program's functions.
    pub(crate) fn start<'s, T: Send + 's>(
        &'s self,
        scope: &'s Scope<'s, '_>,
        stack: Option<usize>,
        work: impl FnOnce() -> T + Send + 's,
    ) -> Result<ScopedJoinHandle<'s, T>> {
        let builder = match stack {
            Some(bytes) => Builder::new().stack_size(bytes),
            None => Builder::new(),
        };
        let _blocked = Blocked::new();
        builder.spawn_scoped(scope, move || {
            // On some systems it does not inherit that of the thread that started it.
            enter();
            HOST.set(self.host);
            let result = work();
            if let Some(host) = HOST.take() {
                lock(&self.raised).push(host);
            }
            result
        })
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        let raised = unpoisoned(self.raised.get_mut());
        if let Some(mut host) = HOST.get().filter(|_| !raised.is_empty()) {
            raised.iter().for_each(|from| add_flags(&mut host, from));
            HOST.set(Some(host));
        }
    }
}

/// While one lives, threads that are started take no signals but those of their own faults, and of profilers.
struct Blocked(libc::sigset_t);

impl Blocked {
    fn new() -> Self {
        let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: both sets are written before they are read.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            for own in [
                libc::SIGSEGV,
                libc::SIGBUS,
                libc::SIGFPE,
                libc::SIGILL,
                libc::SIGTRAP,
                libc::SIGABRT,
                libc::SIGSYS,
                libc::SIGPROF,
            ] {
                libc::sigdelset(all.as_mut_ptr(), own);
            }
            libc::sigemptyset(before.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), before.as_mut_ptr());
            Blocked(before.assume_init())
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: the set was filled in.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
    }
}

/// Seconds for which this thread has run.
pub(crate) fn seconds_run() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it is written to.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}
