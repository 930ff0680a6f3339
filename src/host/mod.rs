//! What belongs to the program that called, and is given back as it was: the floating-point environment and errno of its
//! threads; and what threads of the library take over from it. The library works in the default environment (rounding to nearest, subnormal numbers, no traps), callbacks
//! in the program's own.

pub(crate) mod stack;
pub(crate) mod threads;

use std::cell::Cell;

/// As in environment.c.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Environment {
    #[cfg(target_arch = "x86_64")]
    floats: [u32; 2],
    #[cfg(not(target_arch = "x86_64"))]
    floats: [u64; 8],
    error: [i32; 2],
}

// cbindgen:ignore
unsafe extern "C" {
    fn dicod_environment_enter(kept: *mut Environment);
    fn dicod_environment_leave(kept: *const Environment);
    fn dicod_environment_add_flags(to: *mut Environment, from: *const Environment);
}

thread_local! {
    /// The program's, while the library works in this thread.
    static HOST: Cell<Option<Environment>> = const { Cell::new(None) };
}

/// Gives this thread the default environment; what it had before.
fn enter() -> Environment {
    let mut kept = Environment { floats: Default::default(), error: [0; 2] };
    // SAFETY: it is written to.
    unsafe { dicod_environment_enter(&mut kept) };
    kept
}

fn leave(kept: &Environment) {
    // SAFETY: it comes from `enter`.
    unsafe { dicod_environment_leave(kept) };
}

/// The flags of `from` are those of `to`, too.
fn add_flags(to: &mut Environment, from: &Environment) {
    // SAFETY: both come from `enter`.
    unsafe { dicod_environment_add_flags(to, from) };
}

/// While one lives, this thread works for the library: what the program called runs in the default environment.
pub(crate) struct Inside(Option<Environment>);

impl Inside {
    pub(crate) fn enter() -> Self {
        Inside(HOST.replace(Some(enter())))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        if let Some(host) = HOST.replace(self.0) {
            leave(&host);
        }
    }
}

/// Calls a function of the program's, in its environment. What that changes is the program's to keep.
pub(crate) fn outside<R>(call: impl FnOnce() -> R) -> R {
    let is_called = step_out();
    let result = call();
    if is_called {
        step_in();
    }
    result
}

/// Tells whether a program has called.
#[inline(never)]
fn step_out() -> bool {
    let host = HOST.get();
    host.iter().for_each(leave);
    host.is_some()
}

#[inline(never)]
fn step_in() {
    HOST.set(Some(enter()));
}
