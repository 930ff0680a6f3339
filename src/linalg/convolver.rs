//! Correlation with the atoms by fast Fourier transforms, for atoms too large for matrix products
//! (overlap-save: one transform covers a tile and the reach of an atom).

use crate::base::error::Result;
use crate::base::memory;
use crate::clock::{self, Looks};
use crate::grid::point::{AXES, Point, checked_volume};
use crate::linalg::dictionary::Dictionary;
use crate::linalg::real::Real;
use crate::linalg::transform::{Transform, Work, fast_lengths};
use realfft::num_complex::Complex;

/// Plans and transformed atoms for tiles of one largest shape.
pub(crate) struct Convolver {
    transform: Transform,
    n_channels: usize,
    /// Conjugate spectra of the atoms, scaled, (K, P, spectrum).
    atoms: Vec<Complex<f64>>,
}

/// Working memory of one thread.
#[derive(Default)]
pub(crate) struct Buffers {
    work: Work,
    channels: Vec<Complex<f64>>,
    spectrum: Vec<Complex<f64>>,
}

/// What the transforms of a tile have to cover.
fn reach(atom: Point, tile: Point) -> Point {
    std::array::from_fn(|a| tile[a] + atom[a] - 1)
}

impl Convolver {
    /// Estimated time for one tile, in the unit of `Correlator`'s estimate for products.
    pub(crate) fn cost(atom: Point, tile: Point, n_channels: usize, n_atoms: usize) -> f64 {
        let n = fast_lengths(reach(atom, tile)).iter().product::<usize>() as f64;
        let transforms = (n_channels + n_atoms) as f64 * n * (n.log2() * 0.4 + 1.0);
        transforms + (n_channels * n_atoms) as f64 * n * 0.8
    }

    /// `scale` multiplies each atom.
    pub(crate) fn new<T: Real>(dictionary: &Dictionary<T>, scale: &[T], largest: Point) -> Result<Self> {
        // Plans take milliseconds.
        clock::check()?;
        let transform = Transform::new(reach(dictionary.shape, largest));
        let (k, p) = (dictionary.n_atoms, dictionary.n_channels);
        let what = "the atoms' spectra";
        let len = transform.spectrum_len();
        let size = checked_volume(what, [k as i64, p as i64, len as i64])?;
        let mut atoms = memory::zeroed(what, size)?;
        let mut work = transform.work()?;
        let normalise = 1.0 / transform.len() as f64;
        let [_, l1, l2] = dictionary.shape;
        for (index, spectrum) in atoms.chunks_exact_mut(len).enumerate() {
            clock::check()?;
            let (atom, channel) = (index / p, index % p);
            let factor = scale[atom].wide() * normalise;
            work.real.fill(0.0);
            for s in 0..dictionary.volume() {
                let (row, s2) = (s as i64 / l2, s as i64 % l2);
                let at = transform.index([row / l1, row % l1, s2]);
                work.real[at] = factor * dictionary.at(atom, channel, s).wide();
            }
            transform.forward(&mut work, spectrum);
            spectrum.iter_mut().for_each(|x| *x = x.conj());
        }
        Ok(Convolver { transform, n_channels: p, atoms })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.atoms.capacity() * size_of::<Complex<f64>>()
    }

    pub(crate) fn buffers(&self) -> Result<Buffers> {
        let what = "transforms";
        let len = self.transform.spectrum_len();
        Ok(Buffers {
            work: self.transform.work()?,
            channels: memory::zeroed(what, len * self.n_channels)?,
            spectrum: memory::zeroed(what, len)?,
        })
    }

    /// Values of a row that [`Self::forward`] fills.
    pub(crate) fn row_len(&self) -> usize {
        self.transform.shape()[AXES - 1]
    }

    /// Transforms one channel; `fill` writes the row of values that starts at a position.
    pub(crate) fn forward(&self, buffers: &mut Buffers, channel: usize, mut fill: impl FnMut(Point, &mut [f64])) {
        let [_, n1, n2] = self.transform.shape();
        let mut looks = Looks::every(n2);
        for (row, real) in buffers.work.real.chunks_exact_mut(n2).enumerate() {
            if looks.over() {
                return;
            }
            fill([(row / n1) as i64, (row % n1) as i64, 0], real);
        }
        let len = self.transform.spectrum_len();
        let spectrum = &mut buffers.channels[channel * len..(channel + 1) * len];
        self.transform.forward(&mut buffers.work, spectrum);
    }

    /// Correlates the channels with an atom. Returns the values, in rows of [`Self::row_len`], and where those of a
    /// position are.
    pub(crate) fn correlate<'b>(&self, buffers: &'b mut Buffers, atom: usize) -> (&'b [f64], impl Fn(Point) -> usize) {
        let len = self.transform.spectrum_len();
        let atoms = self.atoms.chunks_exact(len).skip(atom * self.n_channels);
        let channels = buffers.channels.chunks_exact(len);
        for (channel, (d, x)) in atoms.zip(channels).enumerate() {
            if clock::over() {
                break;
            }
            for (to, (d, x)) in buffers.spectrum.iter_mut().zip(d.iter().zip(x)) {
                let product = d * x;
                *to = if channel == 0 { product } else { *to + product };
            }
        }
        let work = &mut buffers.work;
        self.transform.inverse(work, &mut buffers.spectrum);
        let [_, n1, n2] = self.transform.shape();
        let index = move |at: Point| (at[0] as usize * n1 + at[1] as usize) * n2 + at[2] as usize;
        (&work.real, index)
    }
}
