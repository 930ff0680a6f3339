//! What the dictionary step minimises: f(D) = ½⟨D, ztz∗D⟩ − ⟨D, ztX⟩, every atom in a ball.
//!
//! (ztz∗D)_k\[s\] = Σ_l Σ_s' ztz_{k,l}\[s − s'\] D_l\[s'\] is computed in Fourier space: one
//! transform per atom each way, and K² products of spectra.

use crate::base::error::Result;
use crate::base::memory;
use crate::clock;
use crate::grid::point::Point;
use crate::linalg::transform::{Transform, Work};
use realfft::num_complex::Complex;

/// A convex quadratic function of K atoms.
pub(crate) struct Quadratic {
    n_atoms: usize,
    n_channels: usize,
    atom: Point,
    transform: Transform,
    /// Spectra of ztz_{k,l} for k ≤ l, scaled for the way back.
    spectra: Vec<Complex<f64>>,
    /// The linear term, (K, P, L…).
    linear: Vec<f64>,
    /// Bound on the curvature along each atom; 0 where there is none.
    curvature: Vec<f64>,
    buffers: Buffers,
}

struct Buffers {
    work: Work,
    inputs: Vec<Complex<f64>>,
    outputs: Vec<Complex<f64>>,
}

/// When a minimisation ends, and where it may go.
pub(crate) struct Limits<'l> {
    /// Ends when the objective, `constant` included, is proven to be within this fraction of its
    /// minimum.
    pub(crate) tol: f64,
    /// ½‖X‖²: what makes the objective one of squares.
    pub(crate) constant: f64,
    /// Iterations at most.
    pub(crate) max_iter: usize,
    /// Atoms that stay as they are.
    pub(crate) fixed: &'l [bool],
    /// Positions of the support at which atoms may change: see [`support_of`].
    pub(crate) support: Option<&'l [bool]>,
    /// Each channel of an atom has mean zero.
    pub(crate) zero_mean: bool,
    /// No value is negative.
    pub(crate) non_negative: bool,
}

/// What a minimisation did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) iterations: usize,
    /// f is at most this far above its minimum over the balls.
    pub(crate) gap: f64,
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Rows first: fewer roundings of a large total.
    let rows = a.chunks(256).zip(b.chunks(256));
    let row = |(a, b): (&[f64], &[f64])| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    rows.map(row).sum()
}

/// The balls that atoms have to lie in, and what of them may change.
struct Balls<'l> {
    /// Atoms that may change, and that anything depends on.
    free: Vec<bool>,
    /// What is left of each ball beside the values that may not change.
    radii: Vec<f64>,
    support: Option<&'l [bool]>,
    /// Values of an atom, and of a channel.
    depth: usize,
    volume: usize,
    /// Each channel has mean zero.
    centred: bool,
    non_negative: bool,
}

/// Where an atom may change: of a support that all have in common, or of those of all atoms in turn.
pub(crate) fn support_of(support: Option<&[bool]>, k: usize, volume: usize) -> Option<&[bool]> {
    support.map(|all| if all.len() == volume { all } else { &all[k * volume..][..volume] })
}

impl<'l> Balls<'l> {
    fn new(of: &Quadratic, x: &[f64], limits: &Limits<'l>) -> Result<Self> {
        let movable = |k: usize| !limits.fixed.get(k).is_some_and(|f| *f) && of.curvature[k] > 0.0;
        let radii = memory::zeroed("the dictionary step", of.n_atoms)?;
        let (free, support) = ((0..of.n_atoms).map(movable).collect(), limits.support);
        let (centred, non_negative) = (limits.zero_mean, limits.non_negative);
        let (depth, volume) = (of.depth(), of.volume());
        let mut balls = Balls { free, radii, support, depth, volume, centred, non_negative };
        for k in 0..of.n_atoms {
            let kept = balls.atom(k).filter(|i| !balls.allowed(*i));
            balls.radii[k] = (1.0 - kept.map(|i| x[i] * x[i]).sum::<f64>()).max(0.0).sqrt();
        }
        Ok(balls)
    }

    /// Whether a value may change.
    fn allowed(&self, i: usize) -> bool {
        support_of(self.support, i / self.depth, self.volume).is_none_or(|s| s[i % self.volume])
    }

    fn atom(&self, k: usize) -> std::ops::Range<usize> {
        k * self.depth..(k + 1) * self.depth
    }

    fn free(&self) -> impl Iterator<Item = usize> {
        (0..self.free.len()).filter(|k| self.free[*k])
    }

    /// What bounds f(x) − min f, given ztz∗x.
    fn gap(&self, of: &Quadratic, x: &[f64], hx: &[f64]) -> f64 {
        let mut gap = 0.0;
        for k in self.free() {
            let (mut along, mut square) = (0.0, 0.0);
            let mut add = |g: f64, x: f64| {
                along += g * x;
                // The least ⟨g, d⟩ has none where g is positive, if none is negative.
                square += if self.non_negative && g > 0.0 { 0.0 } else { g * g };
            };
            let gradient = |i: usize| hx[i] - of.linear[i];
            match self.centred {
                false => self.atom(k).filter(|i| self.allowed(*i)).for_each(|i| add(gradient(i), x[i])),
                true => {
                    let mut g: Vec<f64> = self.atom(k).map(gradient).collect();
                    centre(&mut g, self.volume, support_of(self.support, k, self.volume));
                    self.atom(k).filter(|i| self.allowed(*i)).for_each(|i| add(g[i % self.depth], x[i]));
                }
            }
            gap += (along + self.radii[k] * square.sqrt()).max(0.0);
        }
        gap
    }

    /// Writes a projected gradient step from y, given ztz∗y. Returns what the quadratic's model says of its curvature.
    fn step(&self, of: &Quadratic, y: &[f64], hy: &[f64], theta: f64, next: &mut [f64]) -> f64 {
        let mut model = 0.0;
        for k in self.free() {
            let length = 1.0 / (theta * of.curvature[k]);
            let range = self.atom(k);
            let mut square = 0.0;
            for i in range.clone().filter(|i| self.allowed(*i)) {
                next[i] = y[i] - length * (hy[i] - of.linear[i]);
                if self.non_negative {
                    next[i] = next[i].max(0.0);
                }
                square += next[i] * next[i];
            }
            if self.centred {
                centre(&mut next[range.clone()], self.volume, support_of(self.support, k, self.volume));
                square = range.clone().filter(|i| self.allowed(*i)).map(|i| next[i] * next[i]).sum();
            }
            if square > self.radii[k] * self.radii[k] {
                let factor = self.radii[k] / square.sqrt();
                for i in range.clone().filter(|i| self.allowed(*i)) {
                    next[i] *= factor;
                }
            }
            let moved = range.map(|i| (next[i] - y[i]) * (next[i] - y[i]));
            model += moved.sum::<f64>() / length;
        }
        model
    }
}

impl Quadratic {
    /// `pair(k, l)` gives ztz_{k,l} for k ≤ l, over |τ| < L, and a factor.
    pub(crate) fn new<'p>(
        n_atoms: usize,
        n_channels: usize,
        atom: Point,
        pair: impl Fn(usize, usize) -> (&'p [f64], f64),
        linear: Vec<f64>,
    ) -> Result<Self> {
        let what = "the dictionary step";
        let window = atom.map(|l| 2 * l - 1);
        let transform = Transform::new(window);
        let len = transform.spectrum_len();
        let mut work = transform.work()?;
        let mut spectra = memory::zeroed(what, n_atoms * (n_atoms + 1) / 2 * len)?;
        let mut curvature: Vec<f64> = memory::zeroed(what, n_atoms)?;
        let mut to = spectra.chunks_exact_mut(len);
        let normalise = 1.0 / transform.len() as f64;
        for (k, curvature) in curvature.iter_mut().enumerate() {
            for l in k..n_atoms {
                clock::check()?;
                let Some(to) = to.next() else { break };
                let (values, factor) = pair(k, l);
                work.real.fill(0.0);
                for (index, value) in values.iter().enumerate() {
                    let index = index as i64;
                    let (row, t2) = (index / window[2], index % window[2]);
                    let tau = [row / window[1], row % window[1], t2];
                    let tau = std::array::from_fn(|a| tau[a] - atom[a] + 1);
                    work.real[transform.index(tau)] = factor * value;
                }
                transform.forward(&mut work, to);
                if k == l {
                    // The spectrum of a circulant that holds the Toeplitz operator of the atom.
                    let largest = to.iter().map(|x: &Complex<f64>| x.re).fold(0.0, f64::max);
                    *curvature = largest * (1.0 + 1e-9);
                }
                to.iter_mut().for_each(|x| *x *= normalise);
            }
        }
        Ok(Quadratic {
            n_atoms,
            n_channels,
            atom,
            spectra,
            linear,
            curvature,
            buffers: Buffers {
                work,
                inputs: memory::zeroed(what, n_atoms * len)?,
                outputs: memory::zeroed(what, n_atoms * len)?,
            },
            transform,
        })
    }

    fn volume(&self) -> usize {
        self.atom.iter().product::<i64>() as usize
    }

    /// Values of an atom.
    fn depth(&self) -> usize {
        self.n_channels * self.volume()
    }

    /// out = ztz∗x, unless the clock says that it is over.
    pub(crate) fn apply(&mut self, x: &[f64], out: &mut [f64]) {
        let (k, p, volume) = (self.n_atoms, self.n_channels, self.volume());
        let len = self.transform.spectrum_len();
        let [_, l1, l2] = self.atom;
        let run = l2 as usize;
        let Buffers { work, inputs, outputs } = &mut self.buffers;
        for channel in 0..p {
            for atom in 0..k {
                if clock::over() {
                    return;
                }
                let from = &x[(atom * p + channel) * volume..][..volume];
                work.real.fill(0.0);
                for (index, row) in from.chunks_exact(run).enumerate() {
                    let index = index as i64;
                    let start = self.transform.index([index / l1, index % l1, 0]);
                    work.real[start..start + run].copy_from_slice(row);
                }
                self.transform.forward(work, &mut inputs[atom * len..][..len]);
            }
            outputs.fill(Complex::default());
            let mut spectra = self.spectra.chunks_exact(len);
            for one in 0..k {
                if clock::over() {
                    return;
                }
                for other in one..k {
                    let Some(a) = spectra.next() else { break };
                    let input = &inputs[other * len..][..len];
                    let output = &mut outputs[one * len..][..len];
                    for ((to, a), x) in output.iter_mut().zip(a).zip(input) {
                        *to += a * x;
                    }
                    if one != other {
                        let input = &inputs[one * len..][..len];
                        let output = &mut outputs[other * len..][..len];
                        for ((to, a), x) in output.iter_mut().zip(a).zip(input) {
                            *to += a.conj() * x;
                        }
                    }
                }
            }
            for atom in 0..k {
                if clock::over() {
                    return;
                }
                self.transform.inverse(work, &mut outputs[atom * len..][..len]);
                let to = &mut out[(atom * p + channel) * volume..][..volume];
                for (index, row) in to.chunks_exact_mut(run).enumerate() {
                    let index = index as i64;
                    let start = self.transform.index([index / l1, index % l1, 0]);
                    row.copy_from_slice(&work.real[start..start + run]);
                }
            }
        }
    }

    /// f(to) − f(from), without the cancellation of two large numbers.
    pub(crate) fn change(&mut self, from: &[f64], to: &[f64]) -> Result<f64> {
        let what = "the dictionary step";
        let mut step: Vec<f64> = memory::zeroed(what, to.len())?;
        let mut image: Vec<f64> = memory::zeroed(what, to.len())?;
        for (step, (to, from)) in step.iter_mut().zip(to.iter().zip(from)) {
            *step = to - from;
        }
        self.apply(from, &mut image);
        let slope = dot(&step, &image) - dot(&step, &self.linear);
        self.apply(&step, &mut image);
        clock::check()?;
        Ok(slope + 0.5 * dot(&step, &image))
    }

    /// Goes down from x, which must lie in the balls, by accelerated projected gradient steps: one
    /// step length per atom, momentum given up whenever it points uphill, f never higher than
    /// before. Ends when Σ_k ⟨g_k, x_k⟩ + ‖g_k‖ (g the gradient), which bounds f(x) − min f over the
    /// balls, is small enough.
    pub(crate) fn minimise(&mut self, x: &mut [f64], limits: &Limits<'_>) -> Result<Outcome> {
        let what = "the dictionary step";
        let n = x.len();
        let balls = Balls::new(self, x, limits)?;
        let zeroed = || memory::zeroed::<f64>(what, n);
        let (mut hx, mut y, mut hy) = (zeroed()?, zeroed()?, zeroed()?);
        let (mut next, mut h_next) = (zeroed()?, zeroed()?);
        self.apply(x, &mut hx);
        y.copy_from_slice(x);
        hy.copy_from_slice(&hx);
        let mut f = 0.5 * dot(x, &hx) - dot(x, &self.linear);
        let (mut theta, mut t) = (1.0f64, 1.0f64);
        let mut outcome = Outcome { iterations: 0, gap: f64::INFINITY };
        loop {
            clock::check()?;
            outcome.gap = balls.gap(self, x, &hx);
            let size = (f + limits.constant).max(f64::EPSILON * limits.constant);
            if outcome.gap <= limits.tol * size || outcome.iterations >= limits.max_iter {
                return Ok(outcome);
            }
            outcome.iterations += 1;
            // A step from y; shorter until the quadratic lies below its model.
            loop {
                next.copy_from_slice(x);
                let model = balls.step(self, &y, &hy, theta, &mut next);
                self.apply(&next, &mut h_next);
                let moved = (0..n).map(|i| (next[i] - y[i]) * (h_next[i] - hy[i]));
                let curve: f64 = moved.sum();
                if curve <= model * (1.0 + 1e-9) + f64::MIN_POSITIVE || theta > 2.0 * self.n_atoms as f64 {
                    break;
                }
                theta *= 1.5;
            }
            clock::check()?;
            let f_next = 0.5 * dot(&next, &h_next) - dot(&next, &self.linear);
            if f_next > f {
                if t == 1.0 {
                    // Rounding is all that is left.
                    return Ok(outcome);
                }
                t = 1.0;
                y.copy_from_slice(x);
                hy.copy_from_slice(&hx);
                continue;
            }
            // Momentum that points uphill is given up (O'Donoghue and Candès, 2015).
            let uphill: f64 = (0..n).map(|i| (y[i] - next[i]) * (next[i] - x[i])).sum();
            if uphill > 0.0 {
                t = 1.0;
            }
            let t_next = 0.5 * (1.0 + (1.0 + 4.0 * t * t).sqrt());
            let momentum = (t - 1.0) / t_next;
            for i in 0..n {
                y[i] = next[i] + momentum * (next[i] - x[i]);
                hy[i] = h_next[i] + momentum * (h_next[i] - hx[i]);
            }
            t = t_next;
            f = f_next;
            x.copy_from_slice(&next);
            std::mem::swap(&mut hx, &mut h_next);
        }
    }
}

/// Takes from each channel of an atom its mean over the positions that may change.
pub(crate) fn centre(atom: &mut [f64], volume: usize, support: Option<&[bool]>) {
    let allowed = |i: usize| support.is_none_or(|s| s[i]);
    let n = (0..volume).filter(|i| allowed(*i)).count().max(1);
    for channel in atom.chunks_exact_mut(volume) {
        let mean = (0..volume).filter(|i| allowed(*i)).map(|i| channel[i]).sum::<f64>() / n as f64;
        (0..volume).filter(|i| allowed(*i)).for_each(|i| channel[i] -= mean);
    }
}

/// Takes away what is negative.
pub(crate) fn clip(atom: &mut [f64]) {
    atom.iter_mut().for_each(|x| *x = x.max(0.0));
}

/// Scales to norm 1 what is longer.
pub(crate) fn into_ball(atom: &mut [f64]) {
    let square: f64 = atom.iter().map(|x| x * x).sum();
    if square > 1.0 {
        let factor = 1.0 / square.sqrt();
        atom.iter_mut().for_each(|x| *x *= factor);
    }
}
