//! How far a run is: the caller's callback, and a ready-made one.

use crate::base::panic::lock;
use crate::base::status::dicod_status;
use crate::ffi::boundary::{call, guard, reference, string};
use crate::ffi::parmap::Caller;
use crate::ffi::parmap::map::{Watcher, get, parmap};
use crate::parmap::Progress;
use std::ffi::c_void;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// How far a run is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct parmap_progress {
    /// sizeof(parmap_progress) of the library: fields beyond it do not exist.
    pub struct_size: i64,
    /// Tasks that have come back.
    pub done: i64,
    /// Number of tasks; -1: not known.
    pub total: i64,
    /// Tasks that failed.
    pub failed: i64,
    /// Seconds since the run began.
    pub elapsed: f64,
    /// Seconds that it will probably still take; -1: not known.
    pub eta: f64,
}

/// Told on rank 0 how a run gets on; returns 0 to go on, anything else to cancel it.
///
/// It is called by the thread that called the library, at least the setting "progress_interval"
/// seconds apart, and once at the end, when its answer changes nothing. `progress` is valid during
/// the call.
pub type parmap_progress_fn =
    Option<unsafe extern "C" fn(userdata: *mut c_void, progress: *const parmap_progress) -> i32>;

/// Calls `progress` during runs, with `userdata` as its first argument; NULL: does not, as at first.
/// Only that of rank 0 is called. `userdata` may be NULL.
///
/// Local. Thread-safe; a run that is in progress keeps what it has.
/// Errors: DICOD_ERROR_NULL_POINTER (map).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_set_progress(
    map: *mut parmap,
    progress: parmap_progress_fn,
    userdata: *mut c_void,
) -> dicod_status {
    guard(|| {
        let map = get(map)?;
        let userdata = Caller::new(userdata);
        *lock(&map.progress) = progress.map(|call| -> Watcher {
            Arc::new(move |progress| call!(call(userdata.get(), &parmap_progress::from(progress))) == 0)
        });
        Ok(())
    })
}

/// A progress callback that is ready-made: on stderr, a bar if that is a terminal, else a line now
/// and then. Give it to parmap_set_progress(); `userdata` is a title, NUL-terminated, or NULL.
/// Always returns 0.
///
/// Local. Nothing else in the library writes anything.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_progress_bar(userdata: *mut c_void, progress: *const parmap_progress) -> i32 {
    guard(|| {
        let progress = reference(progress, "progress", "the progress")?;
        let title = match userdata.is_null() {
            true => "",
            false => string(userdata.cast(), "userdata")?,
        };
        let mut stderr = std::io::stderr();
        let terminal = stderr.is_terminal();
        let end = progress.total >= 0 && progress.done >= progress.total;
        // A line every other second.
        let now = (progress.elapsed / 2.0) as i64;
        let told = LINE.swap(if end { 0 } else { now }, Ordering::Relaxed);
        if !terminal && !end && now == told {
            return Ok(());
        }
        let line = bar(title, progress, terminal);
        // Who cannot see it doesn't miss it.
        let _ = stderr.write_all(line.as_bytes());
        Ok(())
    });
    0
}

/// When [`parmap_progress_bar`] wrote its last line, where there is no terminal.
static LINE: AtomicI64 = AtomicI64::new(0);

impl From<&Progress> for parmap_progress {
    fn from(progress: &Progress) -> Self {
        parmap_progress {
            struct_size: size_of::<parmap_progress>() as i64,
            done: progress.done as i64,
            total: progress.total.map_or(-1, |n| n as i64),
            failed: progress.failed as i64,
            elapsed: progress.elapsed,
            eta: progress.eta.unwrap_or(-1.0),
        }
    }
}

fn bar(title: &str, p: &parmap_progress, terminal: bool) -> String {
    let colon = if title.is_empty() { "" } else { ": " };
    let mut text = format!("{title}{colon}{}", p.done);
    if p.total >= 0 {
        text += &format!(" of {}", p.total);
    }
    if p.failed > 0 {
        text += &format!(", {} failed", p.failed);
    }
    text += &format!(", {:.1} s", p.elapsed);
    if p.eta > 0.0 {
        text += &format!(", {:.1} s left", p.eta);
    }
    if !terminal {
        return text + "\n";
    }
    let end = p.total >= 0 && p.done >= p.total;
    let mut drawn = String::new();
    if p.total > 0 {
        let full = (30 * p.done.clamp(0, p.total) / p.total) as usize;
        drawn = format!("[{}{}] ", "#".repeat(full), " ".repeat(30 - full));
    }
    let newline = if end { "\n" } else { "" };
    format!("\r{drawn}{text}\x1b[K{newline}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_a_bar_and_anything_else_lines() {
        let mut p = parmap_progress {
            struct_size: size_of::<parmap_progress>() as i64,
            done: 10,
            total: 30,
            failed: 1,
            elapsed: 2.0,
            eta: 4.0,
        };
        let text = "sweep: 10 of 30, 1 failed, 2.0 s, 4.0 s left";
        assert_eq!(bar("sweep", &p, false), format!("{text}\n"));
        let drawn = format!("\r[{}{}] {text}\x1b[K", "#".repeat(10), " ".repeat(20));
        assert_eq!(bar("sweep", &p, true), drawn);
        (p.done, p.eta) = (30, 0.0);
        assert!(bar("sweep", &p, true).ends_with("\n"));
        // Of a stream the end is not known.
        (p.total, p.failed, p.eta) = (-1, 0, -1.0);
        assert_eq!(bar("", &p, true), "\r30, 2.0 s\x1b[K");
    }
}
