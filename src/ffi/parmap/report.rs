//! What came of a run.

use crate::base::status::text;
use crate::ffi::boundary::*;
use crate::parmap::Report;

/// What came of a run: the same on every rank. Set struct_size before (PARMAP_REPORT_INIT does).
/// It is written whenever a run was begun, also if it failed.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct parmap_report {
    /// sizeof(parmap_report), set by the caller.
    pub struct_size: i64,
    /// What the function returns.
    pub status: dicod_status,
    /// Code of the failure that is reported, that of the lowest index: what the callback returned,
    /// or a negative status (a panic, a code that is not allowed); 0: none.
    pub failure_code: i32,
    /// Index of its task or item, counted from 0 in every language; -1: none. Initially -1.
    pub failure_index: i64,
    /// The rank that it ran on; -1: none. Initially -1.
    pub failure_rank: i32,
    /// The worker there; -1: none. Initially -1.
    pub failure_worker: i32,
    /// Tasks that were run and count, failed ones included.
    pub done: i64,
    /// Tasks that failed.
    pub failed: i64,
    /// Number of tasks; -1: not known.
    pub total: i64,
    /// Tasks without a result: parmap_get_unfinished() lists them.
    pub unfinished: i64,
    /// Seconds from the call to the end.
    pub seconds: f64,
    /// What the failing callback said, cut to fit.
    pub failure_message: [c_char; 256],
}

/// What came of a run as text for people, one line without a newline at the end: how it ended, what was
/// done, which task failed. With a `capacity` of 0 it writes only `needed`, the bytes that the text takes
/// with its NUL; else `buffer`, too, which holds `capacity` bytes.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER (report, buffer, needed); DICOD_ERROR_INVALID_ARGUMENT (struct_size; a
/// capacity that is too small).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_report_text(
    report: *const parmap_report,
    capacity: i64,
    buffer: *mut c_char,
    needed: *mut i64,
) -> dicod_status {
    guard(|| {
        let report = sized(report, "report", "report->struct_size", "what a run has written")?;
        write_text(&report.text(), capacity, (buffer, "buffer"), needed)
    })
}

impl parmap_report {
    fn text(&self) -> String {
        let mut line = format!("{}; {}", text(self.status).to_string_lossy(), self.done);
        if self.total >= 0 {
            line += &format!(" of {}", self.total);
        }
        line += &format!(" tasks done, {} failed, {} not run, {:.3} s", self.failed, self.unfinished, self.seconds);
        if self.failure_index >= 0 {
            let (index, rank, worker) = (self.failure_index, self.failure_rank, self.failure_worker);
            line += &format!("; task {index} on rank {rank}, worker {worker}: code {}", self.failure_code);
            let message = self.failure_message.iter().map(|c| *c as u8).take_while(|c| *c != 0).collect();
            let message = String::from_utf8(message).unwrap_or_default();
            if !message.is_empty() {
                line += &format!(", {message}");
            }
        }
        line
    }
}

pub(super) fn report_of(report: &Report) -> parmap_report {
    let failure = report.failure.as_ref();
    let mut message = [0; 256];
    write_cut(failure.map_or("", |failure| &failure.message), &mut message);
    parmap_report {
        struct_size: 0,
        status: report.code(),
        failure_code: failure.map_or(0, |failure| failure.code),
        failure_index: failure.map_or(-1, |failure| failure.index as i64),
        failure_rank: failure.map_or(-1, |failure| failure.rank as i32),
        failure_worker: failure.map_or(-1, |failure| failure.worker as i32),
        done: report.done as i64,
        failed: report.failed as i64,
        total: report.total.map_or(-1, |n| n as i64),
        unfinished: report.unfinished.iter().map(|r| (r.1 - r.0) as i64).sum(),
        seconds: report.seconds,
        failure_message: message,
    }
}

/// Where the report goes, if it is wanted.
pub(crate) fn report_out(report: *mut parmap_report) -> Result<Option<Output<parmap_report>>> {
    Output::wanted(report, "report", "report->struct_size")
}
