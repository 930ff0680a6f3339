//! What a solve found: for programs, and as text.

use crate::base::status::text;
use crate::clock::{Laps, Stage};
use crate::csc::{Info, Stop};
use crate::ffi::boundary::*;
use crate::ffi::context::{DICOD_LOG_DEBUG, DICOD_LOG_INFO, DICOD_LOG_WARNING, Session};

/// What a solve found, what it cost, and the proof of the result.
///
/// objective, data_term, max_step and duality_gap are computed anew from x and z at the end. Over
/// several ranks all is about the whole domain, but seconds, bytes and messages, which are this
/// rank's. If time_limit or dicod_cancel() ended the solve in the middle of a stage, `proven` tells what
/// is known.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct dicod_info {
    /// sizeof(dicod_info), set by the caller: DICOD_INFO_INIT does.
    pub struct_size: i64,
    /// What the solve returned: DICOD_OK or a positive status.
    pub status: dicod_status,
    /// Threads that it was allowed.
    pub n_threads: i32,
    /// Regularisation, absolute; the largest of all atoms' when they differ.
    pub lambda: f64,
    /// Smallest regularisation for which z = 0 is optimal, max |D * x| (correlation); what it is with factors of which some are 0
    /// dicod_encoder_set_penalties() says.
    pub lambda_max: f64,
    /// Bound on max_step at which the solve ends, absolute, in units of z.
    pub tol: f64,
    /// Coordinate steps.
    pub steps: i64,
    /// Visits of tiles.
    pub visits: i64,
    /// Passes over all tiles.
    pub sweeps: i64,
    /// Number of z that are not zero.
    pub nonzeros: i64,
    /// F(z), data term and penalties.
    pub objective: f64,
    /// Half the squared norm of x less its reconstruction.
    pub data_term: f64,
    /// Largest coordinate step left, in units of z: max ‖d_k‖·|dz_k| / min ‖d_k‖, which is max |dz| where all atoms
    /// have the same norm, and nowhere less. (Atoms that are zero do not count. In the published schedule: max |dz|.)
    /// Of float arrays it is an upper bound: what their rounding may hide, some 1e-6 lambda_max / |d|^2, is added, but nothing
    /// that would take it above the tolerance at which the solve ended.
    pub max_step: f64,
    /// F(z) is at most this far above its minimum.
    pub duality_gap: f64,
    /// Seconds for the whole call; for dicod_solve() the making of its encoder included. It is the sum of
    /// seconds_correlate, seconds_descend, seconds_certify and seconds_other, for dicod_solve() of seconds_gram, too.
    pub seconds: f64,
    /// Seconds for the Gram tensor; an encoder computes it when it is made.
    pub seconds_gram: f64,
    /// Seconds for the first correlation of signal and atoms, and for taking in the signal.
    pub seconds_correlate: f64,
    /// Seconds for the descent.
    pub seconds_descend: f64,
    /// Seconds for the certificate.
    pub seconds_certify: f64,
    /// Bytes that the solver holds, the Gram tensor aside.
    pub bytes: i64,
    /// Bytes of the Gram tensor and of what is derived from it.
    pub bytes_gram: i64,
    /// Messages that this rank sent to others, reductions aside.
    pub messages: i64,
    /// Bytes in them.
    pub bytes_sent: i64,
    /// Seconds that this rank waited for others.
    pub seconds_waiting: f64,
    /// Sum of DICOD_PROVEN_LAMBDA and DICOD_PROVEN_RESULT, as far as they hold: both, unless the solve returned DICOD_TIME_LIMIT
    /// or DICOD_CANCELLED.
    pub proven: i64,
    /// Seconds for all else: checks, laying out tiles, handing out z.
    pub seconds_other: f64,
    /// Least value of what was taken from x (option "background") over all signals, channels and positions; 0 without the
    /// option. lambda_max, objective, data_term and duality_gap are those of x less it.
    pub background_least: f64,
    /// Largest value of it. NaN, as the least, if the solve was stopped before it was known.
    pub background_most: f64,
}

/// In dicod_info.proven: lambda, lambda_max and tol are known. They are NaN if the solve was stopped before the first
/// correlation of signal and atoms was.
pub const DICOD_PROVEN_LAMBDA: i64 = 1;
/// In dicod_info.proven: objective, data_term, max_step and duality_gap are those of z. If the solve was stopped before
/// they were, the former two are NaN and the latter two infinite; z is valid all the same.
pub const DICOD_PROVEN_RESULT: i64 = 2;

/// What a solve found as text for people, three lines without a newline at the end: how it ended and
/// where, how good that is, what it cost. With a `capacity` of 0 it writes only `needed`, the bytes that
/// the text takes with its NUL; else `buffer`, too, which holds `capacity` bytes.
///
/// Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER (info, buffer, needed); DICOD_ERROR_INVALID_ARGUMENT (struct_size; a
/// capacity that is too small).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_info_text(
    info: *const dicod_info,
    capacity: i64,
    buffer: *mut c_char,
    needed: *mut i64,
) -> dicod_status {
    guard(|| {
        let info = sized(info, "info", "info->struct_size", "what a solve has written")?;
        write_text(&info.text(), capacity, (buffer, "buffer"), needed)
    })
}

impl dicod_info {
    fn text(&self) -> String {
        let how = text(self.status).to_string_lossy();
        let lambda = match self.proven & DICOD_PROVEN_LAMBDA {
            0 => "lambda not known".into(),
            _ => format!("lambda {:.6e} of {:.6e}", self.lambda, self.lambda_max),
        };
        let proof = match self.proven & DICOD_PROVEN_RESULT {
            0 => "nothing proven".into(),
            _ => format!(
                "objective {:.9e}, at most {:.3e} above the minimum; max |dz| {:.3e}, tol {:.3e}",
                self.objective, self.duality_gap, self.max_step, self.tol
            ),
        };
        let (found, cost) = ([self.nonzeros, self.steps, self.sweeps], [self.seconds, self.bytes as f64 / 1e6]);
        let [correlate, descend, certify] = [self.seconds_correlate, self.seconds_descend, self.seconds_certify];
        let [least, most] = [self.background_least, self.background_most];
        let lambda = match least == most {
            _ if least.is_nan() || (least, most) == (0.0, 0.0) => lambda,
            true => format!("{lambda}; background {least:.6e}"),
            false => format!("{lambda}; background {least:.6e} to {most:.6e}"),
        };
        format!(
            "{how}; {lambda}; {} nonzeros, {} steps, {} sweeps\n{proof}\n{:.3} s on {} threads: correlate {correlate:.3}, \
             descend {descend:.3}, certify {certify:.3}; {:.1} MB, the Gram tensor aside",
            found[0], found[1], found[2], cost[0], self.n_threads, cost[1]
        )
    }
}

pub(crate) fn proven(info: &Info) -> i64 {
    let lambda = if info.lambda_max.is_nan() { 0 } else { DICOD_PROVEN_LAMBDA };
    let result = if info.proven { DICOD_PROVEN_RESULT } else { 0 };
    lambda | result
}

/// The lines of the log that a solve has.
pub(crate) fn log_solve(session: &Session<'_>, info: &Info) {
    session.log(DICOD_LOG_DEBUG, || info.stages());
    if info.stop == Stop::Precision {
        session.log(DICOD_LOG_WARNING, || info.warning());
    }
    session.log(DICOD_LOG_INFO, || info.line());
}

/// `laps` are those of the whole call.
pub(crate) fn write_info(out: Option<Output<dicod_info>>, info: &Info, n_threads: usize, laps: &Laps) {
    if let Some(out) = out {
        out.write(&info_of(info, n_threads, laps));
    }
}

/// For C.
pub(crate) fn info_of(info: &Info, n_threads: usize, laps: &Laps) -> dicod_info {
    let certificate = &info.certificate;
    let stages = [Stage::Gram, Stage::Correlate, Stage::Descend, Stage::Certify].map(|s| laps.of(s));
    dicod_info {
        struct_size: size_of::<dicod_info>() as i64,
        status: info.stop.status(),
        n_threads: n_threads as i32,
        lambda: info.largest_lambda(),
        lambda_max: info.lambda_max,
        tol: info.tol,
        steps: info.steps as i64,
        visits: info.visits as i64,
        sweeps: info.sweeps as i64,
        nonzeros: info.nonzeros as i64,
        objective: certificate.objective,
        data_term: certificate.data_term,
        max_step: certificate.max_step,
        // Squares of very small numbers vanish, and the margin for rounding with them.
        duality_gap: certificate.gap.max(0.0),
        seconds: laps.total(),
        seconds_gram: info.seconds_gram,
        seconds_correlate: stages[1],
        seconds_descend: stages[2],
        seconds_certify: stages[3],
        bytes: info.bytes as i64,
        bytes_gram: info.bytes_gram as i64,
        messages: info.messages as i64,
        bytes_sent: info.bytes_sent as i64,
        seconds_waiting: info.seconds_waiting,
        proven: proven(info),
        seconds_other: laps.total() - stages.iter().sum::<f64>(),
        background_least: info.background[0],
        background_most: info.background[1],
    }
}

pub(crate) fn info_out(info: *mut dicod_info) -> Result<Option<Output<dicod_info>>> {
    Output::wanted(info, "info", "info->struct_size")
}
