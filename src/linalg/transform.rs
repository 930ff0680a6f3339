//! Fourier transforms of real fields on up to three axes, for the dictionary step and for
//! statistics: correlations and convolutions of a few short arrays, each of them many times.

use super::fft::fast_length;
use super::scalar::{ComplexTransforms, Real, RealTransforms};
use crate::error::Result;
use crate::grid::tiles::{AXES, Point};
use crate::memory;
use realfft::num_complex::Complex;

/// Plans for one shape.
pub(crate) struct Transform {
    shape: [usize; AXES],
    inner: RealTransforms<f64>,
    /// Along the first two axes: forward, inverse.
    outer: [ComplexTransforms<f64>; 2],
}

/// Working memory of one thread.
pub(crate) struct Work {
    pub(crate) real: Vec<f64>,
    column: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl Transform {
    /// For arrays that reach to `reach`; longer where that is faster.
    pub(crate) fn new(reach: Point) -> Self {
        let shape = reach.map(|n| fast_length(n as usize));
        Transform {
            shape,
            inner: f64::real_transforms(shape[2]),
            outer: std::array::from_fn(|axis| f64::complex_transforms(shape[axis])),
        }
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
        let outer = self.outer.iter().flat_map(|(f, i)| [f, i]);
        let scratch = outer.map(|f| f.get_inplace_scratch_len()).max();
        let (forward, inverse) = &self.inner;
        let inner = forward.get_scratch_len().max(inverse.get_scratch_len());
        Ok(Work {
            real: memory::zeroed(what, self.len())?,
            column: memory::zeroed(what, self.shape[0].max(self.shape[1]))?,
            scratch: memory::zeroed(what, scratch.unwrap_or(0).max(inner))?,
        })
    }

    /// The spectrum of `work.real`, whose values are lost.
    pub(crate) fn forward(&self, work: &mut Work, spectrum: &mut [Complex<f64>]) {
        let n2 = self.shape[2];
        let rows = work.real.chunks_exact_mut(n2);
        for (real, row) in rows.zip(spectrum.chunks_exact_mut(n2 / 2 + 1)) {
            // The lengths are those of the plan: it cannot fail.
            let done = self
                .inner
                .0
                .process_with_scratch(real, row, &mut work.scratch);
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
        for (real, row) in rows.zip(spectrum.chunks_exact_mut(n2 / 2 + 1)) {
            // Real in theory; the transform insists on exact zeros.
            row[0].im = 0.0;
            if n2.is_multiple_of(2) {
                row[n2 / 2].im = 0.0;
            }
            let done = self
                .inner
                .1
                .process_with_scratch(row, real, &mut work.scratch);
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
        let (forward, backward) = &self.outer[axis];
        let plan = if inverse { backward } else { forward };
        let column = &mut work.column[..n];
        for other in 0..others {
            for inner in 0..stride {
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
