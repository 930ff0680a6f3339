//! A solve once all that the caller brought is checked: its status, and its lines in the log.

use crate::base::status::DICOD_PRECISION;
use crate::clock::Clock;
use crate::csc::problem::shape::explained;
use crate::csc::{Encoder, Info};
use crate::ffi::boundary::*;
use crate::ffi::context::{DICOD_LOG_DEBUG, DICOD_LOG_INFO, DICOD_LOG_WARNING, Session};
use crate::linalg::Field;

/// Runs a solve in a session: callbacks, log.
pub(crate) fn run<T: Element>(
    encoder: &mut Encoder<T>,
    x: &Field<'_, T>,
    session: &Session<'_>,
    clock: &Clock<'_>,
) -> Result<(Info, dicod_status)> {
    let info = encoder.solve_within(clock, x, true);
    let info = info.map_err(|error| explained(error, encoder.shape()))?;
    let status = info.stop.status();
    let certificate = &info.certificate;
    if info.proven && !(certificate.objective + certificate.gap + certificate.max_step).is_finite() {
        let allowed = "finite: scale x, or d, so that nothing overflows";
        let name = "the objective of x";
        return Err(Error::argument(name, certificate.objective, allowed));
    }
    session.log(DICOD_LOG_DEBUG, || info.stages());
    if status == DICOD_PRECISION {
        session.log(DICOD_LOG_WARNING, || {
            format!("rounding allows no less: max |dz| = {:e}, tol = {:e}", certificate.max_step, info.tol)
        });
    }
    session.log(DICOD_LOG_INFO, || info.line());
    Ok((info, status))
}
