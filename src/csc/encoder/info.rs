//! What is told of a solve.

use crate::base::status::text;
use crate::base::stop::Stop;
use crate::csc::encoder::certificate::Certificate;

/// What a solve found and what it cost. One that was stopped in the middle of a stage knows less: see [`Info::proven`].
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// Why it ended.
    pub stop: Stop,
    /// λ per atom (all equal unless `reg_per_atom` is set). With `lambda_max` and `tol` NaN if the solve was stopped before the
    /// first correlation was known.
    pub lambda: Vec<f64>,
    /// Smallest λ for which z = 0 is optimal.
    pub lambda_max: f64,
    /// λmax may be rounding alone: the atoms have nothing to do with the signals.
    pub noise: bool,
    /// Tolerance on |dz|, absolute: on ‖d_k‖·|dz_k| over the least ‖d_k‖; in the published schedule on |dz|.
    pub tol: f64,
    /// What that is for |dz_k|, atom by atom.
    pub tol_per_atom: Vec<f64>,
    /// Least and largest value of what was taken from the signals (option `background`); zeros without it, NaN if the solve was
    /// stopped before it was known.
    pub background: [f64; 2],
    /// Coordinate steps.
    pub steps: u64,
    /// Visits of tiles.
    pub visits: u64,
    /// Passes over all tiles.
    pub sweeps: u64,
    /// Number of z ≠ 0.
    pub nonzeros: u64,
    /// The certificate, computed anew from X and z.
    pub certificate: Certificate,
    /// The certificate is there. If the solve was stopped before, what it would have said is NaN or infinite.
    pub proven: bool,
    /// Seconds for the whole call.
    pub seconds: f64,
    /// Seconds for the first correlation of signal and atoms.
    pub seconds_correlate: f64,
    /// Seconds for the descent.
    pub seconds_descend: f64,
    /// Seconds for the certificate.
    pub seconds_certify: f64,
    /// Seconds for what is in none of these: with them they are those of the whole call.
    pub seconds_other: f64,
    /// Seconds for the Gram tensor, when the encoder was made.
    pub seconds_gram: f64,
    /// Bytes held, the Gram tensor aside.
    pub bytes: u64,
    /// Bytes of the Gram tensor and what is derived from it.
    pub bytes_gram: u64,
    /// Messages that this rank sent to others, reductions aside.
    pub messages: u64,
    /// Bytes in them.
    pub bytes_sent: u64,
    /// Seconds that this rank waited for messages and reductions.
    pub seconds_waiting: f64,
}

impl Info {
    /// Before anything is known.
    pub(crate) fn unknown(n_atoms: usize) -> Self {
        Info {
            stop: Stop::Cancelled,
            lambda: vec![f64::NAN; n_atoms],
            lambda_max: f64::NAN,
            noise: false,
            tol: f64::NAN,
            tol_per_atom: vec![f64::NAN; n_atoms],
            background: [f64::NAN; 2],
            steps: 0,
            visits: 0,
            sweeps: 0,
            nonzeros: 0,
            certificate: Certificate::unknown(),
            proven: false,
            seconds: 0.0,
            seconds_correlate: 0.0,
            seconds_descend: 0.0,
            seconds_certify: 0.0,
            seconds_other: 0.0,
            seconds_gram: 0.0,
            bytes: 0,
            bytes_gram: 0,
            messages: 0,
            bytes_sent: 0,
            seconds_waiting: 0.0,
        }
    }

    /// The largest λ of an atom.
    pub(crate) fn largest_lambda(&self) -> f64 {
        largest(&self.lambda)
    }

    /// The whole as a line of a log.
    pub(crate) fn line(&self) -> String {
        let (how, lambda) = (text(self.stop.status()).to_string_lossy(), self.largest_lambda());
        let Certificate { objective, gap, .. } = self.certificate;
        format!(
            "solve: {how}; lambda {lambda:.6e} of {:.6e}, {} nonzeros, {} steps, objective {objective:.9e}, gap \
             {gap:.3e}, {:.3e} s",
            self.lambda_max, self.nonzeros, self.steps, self.seconds
        )
    }

    /// Why it ended with [`Stop::Precision`].
    pub(crate) fn warning(&self) -> String {
        format!("rounding allows no less: max |dz| = {:e}, tol = {:e}", self.certificate.max_step, self.tol)
    }

    /// Its stages as a line of a log.
    pub(crate) fn stages(&self) -> String {
        let (correlate, descend, certify) = (self.seconds_correlate, self.seconds_descend, self.seconds_certify);
        format!(
            "correlate {correlate:.3e} s, descend {descend:.3e} s ({} visits, {} sweeps), certify {certify:.3e} s; {} \
             bytes and {} for the Gram tensor",
            self.visits, self.sweeps, self.bytes, self.bytes_gram
        )
    }
}

/// NaN where they are not known.
pub(crate) fn largest(values: &[f64]) -> f64 {
    let larger = |a: f64, b: f64| if b > a || b.is_nan() { b } else { a };
    values.iter().copied().fold(0.0, larger)
}
