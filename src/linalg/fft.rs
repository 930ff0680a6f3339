//! Correlation with the atoms by real fast Fourier transforms, for atoms too large for matrix
//! products (overlap-save: one transform covers a tile and the reach of an atom).

use super::dictionary::Dictionary;
use super::scalar::{ComplexTransforms, Real};
use crate::error::{Error, Result};
use crate::grid::tiles::{AXES, Point, checked_volume};
use crate::memory;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealToComplex};
use rustfft::Fft;
use std::sync::Arc;

/// Plans and transformed atoms for tiles of one largest shape.
pub(crate) struct Convolver<T: Real> {
    /// Transform lengths; the last axis is the real one.
    shape: [usize; AXES],
    n_channels: usize,
    /// Conjugate spectra of the atoms, scaled, (K, P, spectrum).
    atoms: Vec<Complex<T>>,
    forward: Arc<dyn RealToComplex<T>>,
    inverse: Arc<dyn ComplexToReal<T>>,
    /// Complex transforms along the first two axes: forward, inverse.
    outer: [ComplexTransforms<T>; 2],
}

/// Working memory of one thread.
#[derive(Default)]
pub(crate) struct Buffers<T: Real> {
    real: Vec<T>,
    channels: Vec<Complex<T>>,
    spectrum: Vec<Complex<T>>,
    column: Vec<Complex<T>>,
    scratch: Vec<Complex<T>>,
}

/// Smallest length ≥ n with no prime factor above 5, even so that real transforms are cheap.
pub(super) fn fast_length(n: usize) -> usize {
    (n..)
        .find(|&m| {
            let mut rest = m;
            for p in [2, 3, 5] {
                while rest % p == 0 {
                    rest /= p;
                }
            }
            rest == 1 && (m % 2 == 0 || m == 1)
        })
        .unwrap_or(n)
}

fn lengths(atom: Point, tile: Point) -> [usize; AXES] {
    std::array::from_fn(|a| fast_length((tile[a] + atom[a] - 1) as usize))
}

impl<T: Real> Convolver<T> {
    /// Estimated time for one tile, in the unit of `Correlator`'s estimate for products.
    pub(crate) fn cost(atom: Point, tile: Point, n_channels: usize, n_atoms: usize) -> f64 {
        let n = lengths(atom, tile).iter().product::<usize>() as f64;
        let transforms = (n_channels + n_atoms) as f64 * n * (n.log2() * 0.4 + 1.0);
        transforms + (n_channels * n_atoms) as f64 * n * 0.8
    }

    pub(crate) fn new(dictionary: &Dictionary<T>, scale: &[T], largest: Point) -> Result<Self> {
        let shape = lengths(dictionary.shape, largest);
        let (forward, inverse) = T::real_transforms(shape[2]);
        let (k, p) = (dictionary.n_atoms, dictionary.n_channels);
        let mut convolver = Convolver {
            shape,
            n_channels: p,
            atoms: Vec::new(),
            forward,
            inverse,
            outer: std::array::from_fn(|axis| T::complex_transforms(shape[axis])),
        };
        let spectrum = convolver.spectrum_len();
        let size = [k as i64, p as i64, spectrum as i64];
        let size = checked_volume("the atoms' spectra", size)?;
        memory::reserve("the atoms' spectra", &mut convolver.atoms, size)?;
        let mut buffers = convolver.buffers()?;
        let normalise = T::of(1.0 / shape.iter().product::<usize>() as f64);
        let support = dictionary.shape;
        for (atom, scale) in scale.iter().enumerate() {
            for channel in 0..p {
                convolver.forward(&mut buffers, 0, |at, row| {
                    row.fill(T::ZERO);
                    if at[0] < support[0] && at[1] < support[1] {
                        let first = (at[0] * support[1] + at[1]) * support[2];
                        for (s, value) in row[..support[2] as usize].iter_mut().enumerate() {
                            *value = dictionary.at(atom, channel, first as usize + s);
                        }
                    }
                });
                let factor = *scale * normalise;
                let spectrum = &buffers.channels[..spectrum];
                convolver
                    .atoms
                    .extend(spectrum.iter().map(|x| x.conj() * factor));
            }
        }
        Ok(convolver)
    }

    fn spectrum_len(&self) -> usize {
        self.shape[0] * self.shape[1] * (self.shape[2] / 2 + 1)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.atoms.capacity() * size_of::<Complex<T>>()
    }

    pub(crate) fn buffers(&self) -> Result<Buffers<T>> {
        let what = "transforms";
        let spectrum = self.spectrum_len();
        let outer = self.outer.iter().flat_map(|(f, i)| [f, i]);
        let scratch = outer
            .map(|f| f.get_inplace_scratch_len())
            .max()
            .unwrap_or(0);
        let inner = self
            .forward
            .get_scratch_len()
            .max(self.inverse.get_scratch_len());
        Ok(Buffers {
            real: memory::zeroed(what, self.shape.iter().product())?,
            channels: memory::zeroed(what, spectrum * self.n_channels)?,
            spectrum: memory::zeroed(what, spectrum)?,
            column: memory::zeroed(what, self.shape[0].max(self.shape[1]))?,
            scratch: memory::zeroed(what, scratch.max(inner))?,
        })
    }

    /// Transforms one channel; `fill` writes the row of values that starts at a position.
    pub(crate) fn forward(
        &self,
        buffers: &mut Buffers<T>,
        channel: usize,
        mut fill: impl FnMut(Point, &mut [T]),
    ) {
        let [n0, n1, n2] = self.shape;
        let m2 = n2 / 2 + 1;
        let spectrum = self.spectrum_len();
        let out = &mut buffers.channels[channel * spectrum..(channel + 1) * spectrum];
        for row in 0..n0 * n1 {
            let real = &mut buffers.real[row * n2..(row + 1) * n2];
            fill([(row / n1) as i64, (row % n1) as i64, 0], real);
            let out = &mut out[row * m2..(row + 1) * m2];
            // The lengths are those of the plan: it cannot fail.
            let done = self
                .forward
                .process_with_scratch(real, out, &mut buffers.scratch);
            debug_assert!(done.is_ok());
        }
        for axis in [1, 0] {
            self.along(
                axis,
                &self.outer[axis].0,
                out,
                &mut buffers.column,
                &mut buffers.scratch,
            );
        }
    }

    /// Multiplies the channels' spectra with an atom's and transforms back.
    pub(crate) fn correlate(&self, buffers: &mut Buffers<T>, atom: usize, n_channels: usize) {
        let [n0, n1, n2] = self.shape;
        let m2 = n2 / 2 + 1;
        let len = self.spectrum_len();
        let atoms = &self.atoms[atom * n_channels * len..(atom + 1) * n_channels * len];
        for channel in 0..n_channels {
            let factors = atoms[channel * len..]
                .iter()
                .zip(&buffers.channels[channel * len..]);
            for (to, (d, x)) in buffers.spectrum.iter_mut().zip(factors) {
                let product = d * x;
                *to = if channel == 0 { product } else { *to + product };
            }
        }
        for axis in [0, 1] {
            let inverse = &self.outer[axis].1;
            let (column, scratch) = (&mut buffers.column, &mut buffers.scratch);
            self.along(axis, inverse, &mut buffers.spectrum, column, scratch);
        }
        for row in 0..n0 * n1 {
            let input = &mut buffers.spectrum[row * m2..(row + 1) * m2];
            // Real in theory; the transform insists on exact zeros.
            input[0].im = T::ZERO;
            if n2 % 2 == 0 {
                input[m2 - 1].im = T::ZERO;
            }
            let real = &mut buffers.real[row * n2..(row + 1) * n2];
            let done = self
                .inverse
                .process_with_scratch(input, real, &mut buffers.scratch);
            debug_assert!(done.is_ok());
        }
    }

    /// The correlation at a position of the tile, after [`Self::correlate`].
    #[inline]
    pub(crate) fn result(&self, buffers: &Buffers<T>, at: Point) -> T {
        let row = at[0] as usize * self.shape[1] + at[1] as usize;
        buffers.real[row * self.shape[2] + at[2] as usize]
    }

    /// Complex transforms along one of the first two axes.
    fn along(
        &self,
        axis: usize,
        plan: &Arc<dyn Fft<T>>,
        data: &mut [Complex<T>],
        column: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) {
        let [n0, n1, n2] = self.shape;
        let m2 = n2 / 2 + 1;
        let (n, stride, others) = match axis {
            0 => (n0, n1 * m2, 1),
            _ => (n1, m2, n0),
        };
        if n == 1 {
            return;
        }
        let column = &mut column[..n];
        for other in 0..others {
            for inner in 0..stride {
                let first = other * n * stride + inner;
                for (i, value) in column.iter_mut().enumerate() {
                    *value = data[first + i * stride];
                }
                plan.process_with_scratch(column, scratch);
                for (i, value) in column.iter().enumerate() {
                    data[first + i * stride] = *value;
                }
            }
        }
    }
}

impl From<realfft::FftError> for Error {
    fn from(error: realfft::FftError) -> Self {
        Error::Internal(format!("transform: {error}"))
    }
}
