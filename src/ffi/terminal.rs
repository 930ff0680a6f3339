//! Ready-made callbacks for programs that run in a terminal.

use crate::base::stderr::{bar, say};
use crate::ffi::boundary::pointers::title;
use crate::ffi::boundary::*;
use crate::ffi::context::{DICOD_LOG_INFO, DICOD_LOG_WARNING, dicod_progress};
use crate::ffi::learn::dicod_learn_step;
use std::sync::atomic::AtomicI64;

/// A ready-made callback for dicod_context_set_log(): writes messages to stderr, a line each. `userdata`
/// points to an int32_t, the highest level that is written: DICOD_LOG_WARNING, DICOD_LOG_INFO or
/// DICOD_LOG_DEBUG; NULL means DICOD_LOG_INFO. Over several ranks, set it on one of them.
///
/// Local. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_log_stderr(userdata: *mut c_void, level: i32, message: *const c_char) {
    guard(|| {
        let most = optional(userdata.cast::<i32>().cast_const()).copied().unwrap_or(DICOD_LOG_INFO);
        if level <= most {
            let kind = if level == DICOD_LOG_WARNING { "warning: " } else { "" };
            say(&format!("dicod: {kind}{}\n", string(message, "message")?));
        }
        Ok(())
    });
}

/// A ready-made callback for dicod_context_set_progress(): shows on stderr how a solve gets on. In a
/// terminal it draws a bar of the tiles that have nothing left to do, anywhere else it writes a line every
/// other second. `userdata` is a title, or NULL. It returns 0. Over several ranks, set it on one of them.
///
/// Local. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_progress_bar(userdata: *mut c_void, progress: *const dicod_progress) -> i32 {
    static LINE: AtomicI64 = AtomicI64::new(0);
    guard(|| {
        let p = reference(progress, "progress", "the progress")?;
        let end = p.max_step <= p.tol;
        let text = format!(
            "{}{} sweeps, {} steps, {} of {} tiles to do, max_step {:.1e} of {:.1e}, {:.1} s",
            title(userdata)?,
            p.sweeps,
            p.steps,
            p.awake,
            p.tiles,
            p.max_step,
            p.tol,
            p.seconds
        );
        bar(&LINE, text, (p.tiles - p.awake, p.tiles), p.seconds, end);
        Ok(())
    });
    0
}

/// A ready-made callback for dicod_learn() and dicod_learner_run(): writes a line to stderr for each outer
/// iteration. `userdata` is a title, or NULL. It returns 0. Over several ranks, give it to one of them and
/// NULL to the others.
///
/// Local. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learn_progress_bar(userdata: *mut c_void, step: *const dicod_learn_step) -> i32 {
    guard(|| {
        let s = reference(step, "step", "the step")?;
        say(&format!(
            "{}iteration {}: objective {:.9e} after z, {:.9e} after d; {} steps, {:.1} s\n",
            title(userdata)?,
            s.iteration,
            s.objective_z,
            s.objective_d,
            s.steps,
            s.seconds
        ));
        Ok(())
    });
    0
}
