//! A solve once all that the caller brought is checked: its status, and its lines in the log.

use crate::base::status::{DICOD_CANCELLED, DICOD_MAX_ITER, DICOD_OK, DICOD_PRECISION, DICOD_TIME_LIMIT, text};
use crate::clock::Clock;
use crate::csc::{Encoder, Info, Stop};
use crate::ffi::boundary::problem::explained;
use crate::ffi::boundary::*;
use crate::ffi::context::{DICOD_LOG_DEBUG, DICOD_LOG_INFO, DICOD_LOG_WARNING, Session};
use crate::linalg::Field;

/// The status of a solve.
pub(crate) fn status_of(stop: Stop) -> dicod_status {
    match stop {
        Stop::Converged => DICOD_OK,
        Stop::MaxIter => DICOD_MAX_ITER,
        Stop::TimeLimit => DICOD_TIME_LIMIT,
        Stop::Cancelled => DICOD_CANCELLED,
        Stop::Precision => DICOD_PRECISION,
    }
}

/// Runs a solve in a session: callbacks, log.
pub(crate) fn run<T: Element>(
    encoder: &mut Encoder<T>,
    x: &Field<'_, T>,
    session: &Session<'_>,
    clock: &Clock<'_>,
) -> Result<(Info, dicod_status)> {
    let info = encoder.solve_within(clock, x, true);
    let info = info.map_err(|error| explained(error, encoder.shape()))?;
    let status = status_of(info.stop);
    let certificate = &info.certificate;
    if info.proven && !(certificate.objective + certificate.gap + certificate.max_step).is_finite() {
        let allowed = "finite: scale x, or d, so that nothing overflows";
        let name = "the objective of x";
        return Err(Error::argument(name, certificate.objective, allowed));
    }
    session.log(DICOD_LOG_DEBUG, || {
        format!(
            "correlate {:.3e} s, descend {:.3e} s ({} visits, {} sweeps), certify {:.3e} s; {} \
             bytes and {} for the Gram tensor",
            info.seconds_correlate,
            info.seconds_descend,
            info.visits,
            info.sweeps,
            info.seconds_certify,
            info.bytes,
            info.bytes_gram
        )
    });
    if status == DICOD_PRECISION {
        session.log(DICOD_LOG_WARNING, || {
            format!("rounding allows no less: max |dz| = {:e}, tol = {:e}", certificate.max_step, info.tol)
        });
    }
    session.log(DICOD_LOG_INFO, || {
        let how = text(status).to_string_lossy();
        format!(
            "solve: {how}; lambda {:.6e} of {:.6e}, {} nonzeros, {} steps, objective {:.9e}, gap \
             {:.3e}, {:.3e} s",
            largest(&info.lambda),
            info.lambda_max,
            info.nonzeros,
            info.steps,
            certificate.objective,
            certificate.gap,
            info.seconds
        )
    });
    Ok((info, status))
}

/// NaN where they are not known.
pub(crate) fn largest(values: &[f64]) -> f64 {
    let larger = |a: f64, b: f64| if b > a || b.is_nan() { b } else { a };
    values.iter().copied().fold(0.0, larger)
}
