//! Fourier transforms of real fields on up to three axes. In double precision whatever the fields
//! are in: the transforms of one type are a fifth of the library, and their rounding does not show in
//! single precision.

use crate::base::error::Result;
use crate::base::memory;
use crate::clock::Looks;
use crate::grid::point::{AXES, Point};
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// Plans for one shape.
pub(crate) struct Transform {
    shape: [usize; AXES],
    /// Along the last axis: forward, inverse.
    inner: (Arc<dyn RealToComplex<f64>>, Arc<dyn ComplexToReal<f64>>),
    /// Along each of the first two axes: forward, inverse.
    outer: [[Arc<dyn Fft<f64>>; 2]; 2],
}

/// Smallest lengths of at least these with no prime factor above 5, even so that real transforms
/// are cheap.
pub(super) fn fast_lengths(reach: Point) -> [usize; AXES] {
    let smooth = |n: usize| {
        let rest = [2, 3, 5].into_iter().fold(n, |mut rest, p| {
            while rest.is_multiple_of(p) {
                rest /= p;
            }
            rest
        });
        rest == 1 && (n.is_multiple_of(2) || n == 1)
    };
    reach.map(|n| (n as usize..).find(|n| smooth(*n)).unwrap_or(n as usize))
}

/// Working memory of one thread.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) real: Vec<f64>,
    column: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl Transform {
    /// For arrays that reach to `reach`; longer where that is faster.
    pub(crate) fn new(reach: Point) -> Self {
        let shape = fast_lengths(reach);
        let mut real = RealFftPlanner::new();
        let mut complex = FftPlanner::new();
        Transform {
            shape,
            inner: (real.plan_fft_forward(shape[2]), real.plan_fft_inverse(shape[2])),
            outer: std::array::from_fn(|axis| {
                let n = shape[axis];
                [complex.plan_fft_forward(n), complex.plan_fft_inverse(n)]
            }),
        }
    }

    /// Lengths of a field, at least what was asked for.
    pub(crate) fn shape(&self) -> [usize; AXES] {
        self.shape
    }

    /// Values of a field.
    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Values of a spectrum.
    pub(crate) fn spectrum_len(&self) -> usize {
        self.shape[0] * self.shape[1] * (self.shape[2] / 2 + 1)
    }

    /// Index of a position; negative ones count from the end.
    #[inline]
    pub(crate) fn index(&self, at: Point) -> usize {
        let wrapped = |a: usize| at[a].rem_euclid(self.shape[a] as i64) as usize;
        (wrapped(0) * self.shape[1] + wrapped(1)) * self.shape[2] + wrapped(2)
    }

    pub(crate) fn work(&self) -> Result<Work> {
        let what = "transforms";
        let outer = self.outer.iter().flatten();
        let scratch = outer.map(|f| f.get_inplace_scratch_len()).max();
        let (forward, inverse) = &self.inner;
        let inner = forward.get_scratch_len().max(inverse.get_scratch_len());
        Ok(Work {
            real: memory::zeroed(what, self.len())?,
            column: memory::zeroed(what, self.shape[0].max(self.shape[1]))?,
            scratch: memory::zeroed(what, scratch.unwrap_or(0).max(inner))?,
        })
    }

    /// The spectrum of `work.real`, whose values are lost. Left in the middle when the clock says so, as all here.
    pub(crate) fn forward(&self, work: &mut Work, spectrum: &mut [Complex<f64>]) {
        let n2 = self.shape[2];
        let rows = work.real.chunks_exact_mut(n2);
        let mut looks = Looks::every(16 * n2);
        for (real, row) in rows.zip(spectrum.chunks_exact_mut(n2 / 2 + 1)) {
            if looks.over() {
                return;
            }
            // The lengths are those of the plan: it cannot fail.
            let done = self.inner.0.process_with_scratch(real, row, &mut work.scratch);
            debug_assert!(done.is_ok());
        }
        self.along(1, false, spectrum, work);
        self.along(0, false, spectrum, work);
    }

    /// The field of a spectrum, times its number of values, to `work.real`. The spectrum is lost.
    pub(crate) fn inverse(&self, work: &mut Work, spectrum: &mut [Complex<f64>]) {
        self.along(0, true, spectrum, work);
        self.along(1, true, spectrum, work);
        let n2 = self.shape[2];
        let rows = work.real.chunks_exact_mut(n2);
        let mut looks = Looks::every(16 * n2);
        for (real, row) in rows.zip(spectrum.chunks_exact_mut(n2 / 2 + 1)) {
            if looks.over() {
                return;
            }
            // Real in theory; the transform insists on exact zeros.
            row[0].im = 0.0;
            if n2.is_multiple_of(2) {
                row[n2 / 2].im = 0.0;
            }
            let done = self.inner.1.process_with_scratch(row, real, &mut work.scratch);
            debug_assert!(done.is_ok());
        }
    }

    fn along(&self, axis: usize, inverse: bool, data: &mut [Complex<f64>], work: &mut Work) {
        let [n0, n1, n2] = self.shape;
        let m2 = n2 / 2 + 1;
        let (n, stride, others) = match axis {
            0 => (n0, n1 * m2, 1),
            _ => (n1, m2, n0),
        };
        if n == 1 {
            return;
        }
        let [forward, backward] = &self.outer[axis];
        let plan = if inverse { backward } else { forward };
        let column = &mut work.column[..n];
        let mut looks = Looks::every(16 * n);
        for other in 0..others {
            for inner in 0..stride {
                if looks.over() {
                    return;
                }
                let first = other * n * stride + inner;
                for (i, value) in column.iter_mut().enumerate() {
                    *value = data[first + i * stride];
                }
                plan.process_with_scratch(column, &mut work.scratch);
                for (i, value) in column.iter().enumerate() {
                    data[first + i * stride] = *value;
                }
            }
        }
    }
}
