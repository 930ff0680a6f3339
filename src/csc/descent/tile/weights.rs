//! Weights of the samples that a tile reaches: F(z) = ½ Σ w (x − D∗z)² + Σ λ|z|, w ≥ 0; 0: there is no sample.
//!
//! c = D ⋆ w(x − D∗z) comes from a residual that has been multiplied by w. What differs in a descent:
//!
//! - n_k[u] = Σ_s w[u + s] d_k[s]² depends on the position. With its *ratio* ρ = n_k[u]/‖d_k‖² the best value is
//!   ST(c + ρ·z, μ)/ρ in units of weighted z. A step counts as [`size`] says: by how far c is from where it is at the optimum,
//!   or as |dz| if that is less, as it is where no sample has less than the largest weight. That moves no faster than c, is |c| − μ where z = 0 and never less:
//!   so all that looks for steps and bounds them stays as it is. Where ρ = 0 all of the support is missing: the coordinate may
//!   not be chosen, and its z is 0.
//! - A step at u changes c_l[v] by −δ Σ_s w[u + s] d_k[s] d_l[s + u − v]. Where w is the same on all of its support that the
//!   tile sees, its *common* weight, that is the Gram tensor times that weight: the usual step. Else the step is one with
//!   a base weight, or none at all, and each sample of another weight gives back what it has less, to all positions that
//!   reach it: K·∏L values a sample, with the same kernel. The base is what leaves fewer samples.
//!
//! - A squared penalty (option `ridge`) is as one more sample, which the coordinate has to itself, of another weight: it counts in
//!   ρ, and what G says of it is set right at the step's own c.
//!
//! Weights are at most 1 here: see `Weighting` in the encoder. A tile without state of this kind has w = 1 everywhere.

use crate::base::error::Result;
use crate::base::memory;
use crate::clock::{self, Looks};
use crate::csc::descent::tile::correlations::Correlations;
use crate::csc::descent::tile::plan::Plan;
use crate::csc::descent::tile::step::Step;
use crate::csc::descent::tile::taps::Taps;
use crate::csc::problem::scaling::Ridge;
use crate::grid::point::{AXES, Point};
use crate::grid::tiles::Tile;
use crate::linalg::Real;
use crate::linalg::kernels::{Rows, threshold};

/// What a tile knows of the weights of its samples.
pub(crate) struct Weights<T> {
    /// (channel, position of the tile's window: L − 1 more than the tile along each axis).
    samples: Vec<T>,
    window: [usize; AXES],
    /// The common weight of the samples that a step reaches, NaN if they differ, from L − 1 before the tile's first position
    /// to L − 1 behind its last.
    common: Vec<T>,
    extended: [usize; AXES],
    /// ρ, as c lies.
    ratios: Vec<T>,
}

/// What the step of a coordinate counts with whose scaled correlation is `c` and weighted value `z`: |c − μ·sign z|, how far
/// c is from the optimum as long as z ≠ 0, or |dz| if that is less, as much as samples of the
/// largest weight make of it.
#[inline]
pub(super) fn size<T: Real>(plan: &Plan<T>, c: T, z: T, ratio: T, mu: T) -> T {
    let best = threshold(plan.positive, c + ratio * z, mu);
    let sign = if z < T::ZERO { -T::one() } else { T::one() };
    let off = (c - sign * mu).abs();
    if z == T::ZERO || best * z > T::ZERO {
        return (best - ratio * z).abs();
    }
    // To zero, or beyond it.
    let moved = plan.heaviest * z.abs() + best.abs();
    if moved < off { moved } else { off }
}

/// What is left of a step when each sample of another weight than the base has had its due.
pub(super) struct Rest<T> {
    pub(super) base: T,
    /// No |c| of the tile changes by more, all in all.
    pub(super) most: T,
    /// Samples of another weight.
    pub(super) others: usize,
}

/// Smallest or largest of what `n` places reach along an axis: `reach` from each on, as far as there is any.
fn along<T: Real>(
    values: &[T],
    shape: &mut [usize; AXES],
    axis: usize,
    atom: usize,
    pick: impl Fn(T, T) -> T,
) -> Vec<T> {
    let [before, n] = [shape[..axis].iter().product::<usize>(), shape[axis]];
    let inner = shape[axis + 1..].iter().product::<usize>();
    let count = n + atom - 1;
    let mut picked = Vec::with_capacity(before * count * inner);
    for outer in 0..before {
        for place in 0..count {
            let (first, end) = ((place + 1).saturating_sub(atom), (place + 1).min(n));
            for i in 0..inner {
                let value = |at: usize| values[(outer * n + at) * inner + i];
                picked.push((first + 1..end).fold(value(first), |best, at| pick(best, value(at))));
            }
        }
    }
    shape[axis] = count;
    picked
}

impl<T: Real> Weights<T> {
    /// Of the samples that a tile reaches; none if all have the weight 1.
    pub(crate) fn new(plan: &Plan<T>, tile: &Tile, samples: Vec<T>) -> Result<Option<Box<Self>>> {
        // A squared penalty may be in another unit than they.
        let plain = |ridge: &Ridge| ridge.own == ridge.plain;
        let differs = |w: &T| *w != T::one() || !plan.ridges.iter().all(plain);
        let Some(taps) = plan.taps.as_ref().filter(|_| samples.iter().any(differs)) else {
            return Ok(None);
        };
        let window = std::array::from_fn(|a| (tile.shape[a] + plan.atom[a] - 1) as usize);
        let volume = window.iter().product::<usize>();
        memory::reserve("weights", &mut Vec::<T>::new(), 8 * volume)?;
        let extreme = |pick: fn(T, T) -> T| {
            let mut values = samples[..volume].to_vec();
            for channel in samples[volume..].chunks_exact(volume) {
                values.iter_mut().zip(channel).for_each(|(to, w)| *to = pick(*to, *w));
            }
            let mut shape = window;
            for axis in 0..AXES {
                values = along(&values, &mut shape, axis, plan.atom[axis] as usize, pick);
            }
            (values, shape)
        };
        let (mut common, extended) = extreme(|a, b| if b < a { b } else { a });
        let (largest, _) = extreme(|a, b| if b > a { b } else { a });
        for (least, most) in common.iter_mut().zip(largest) {
            if *least != most {
                *least = T::NAN;
            }
        }
        let n = tile.stored(&plan.group).iter().product::<i64>() as usize * plan.n_atoms;
        let mut weights = Weights { samples, window, common, extended, ratios: memory::zeroed("weights", n)? };
        weights.weigh(plan, taps, tile);
        clock::check().map(|()| Some(Box::new(weights)))
    }

    /// Computes all ρ.
    fn weigh(&mut self, plan: &Plan<T>, taps: &Taps<T>, tile: &Tile) {
        let [_, s1, s2] = tile.stored(&plan.group);
        let mut ratios = std::mem::take(&mut self.ratios);
        let mut looks = Looks::every(plan.n_atoms * taps.n_channels * plan.atom.iter().product::<i64>() as usize);
        for i in 0..tile.shape[0] {
            for j in 0..tile.shape[1] {
                for k in 0..tile.shape[2] {
                    if looks.over() {
                        return;
                    }
                    let first = ((i * s1 + j) * s2 + k) as usize * plan.n_atoms;
                    let ratios = &mut ratios[first..first + plan.n_atoms];
                    let at = [i, j, k];
                    match self.common(plan, at) {
                        common if common.finite() => ratios.fill(common),
                        _ => self.each(plan, taps.n_channels, at, plan.atom, |_, weight, tap| {
                            let squares = &taps.squares[tap * plan.n_atoms..][..plan.n_atoms];
                            ratios.iter_mut().zip(squares).for_each(|(to, square)| *to += weight * *square);
                        }),
                    }
                    // Where all of a support is missing there is nothing to be coded.
                    for (to, ridge) in ratios.iter_mut().zip(&plan.ridges).filter(|(ratio, _)| **ratio > T::ZERO) {
                        *to = T::of(to.wide() * ridge.rest + ridge.own);
                    }
                }
            }
        }
        self.ratios = ratios;
    }

    /// Calls `visit` with the position in the window and the weight of each sample of a support of some shape that the tile sees,
    /// and with its tap (channel, position in the support).
    fn each(
        &self,
        plan: &Plan<T>,
        n_channels: usize,
        at: Point,
        shape: Point,
        mut visit: impl FnMut([i64; AXES], T, usize),
    ) {
        let [l0, l1, l2] = plan.atom;
        let [w0, w1, w2] = self.window;
        let first: Point = std::array::from_fn(|a| at[a].max(0));
        let end: Point = std::array::from_fn(|a| (at[a] + shape[a]).min(self.window[a] as i64));
        for p in 0..n_channels {
            for i in first[0]..end[0] {
                for j in first[1]..end[1] {
                    let row = ((p * w0 + i as usize) * w1 + j as usize) * w2;
                    let tap = (p as i64 * l0 + i - at[0]) * l1 + j - at[1];
                    for k in first[2]..end[2] {
                        let tap = tap * l2 + k - at[2];
                        visit([i, j, k], self.samples[row + k as usize], tap as usize);
                    }
                }
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let n = self.samples.capacity() + self.common.capacity() + self.ratios.capacity();
        n * size_of::<T>() + size_of::<Self>()
    }

    /// The same of a tile with so many values of c, before there are weights. `atom`: its shape and channels.
    pub(crate) fn bytes_of(tile: &Tile, (atom, n_channels): (&Point, usize), n_values: usize) -> usize {
        let beyond = |times: i64| (0..AXES).map(|a| tile.shape[a] + times * (atom[a] - 1)).product::<i64>() as usize;
        (n_channels * beyond(1) + beyond(2) + n_values) * size_of::<T>() + size_of::<Self>()
    }

    /// (channel, position of the tile's window).
    pub(super) fn samples(&self) -> &[T] {
        &self.samples
    }

    /// ρ of a coordinate.
    #[inline(always)]
    pub(super) fn ratio(&self, index: usize) -> T {
        self.ratios[index]
    }

    /// The weight of all samples of a support that the tile sees; NaN if they differ.
    #[inline]
    pub(super) fn common(&self, plan: &Plan<T>, at: Point) -> T {
        let [i, j, k] = std::array::from_fn(|a| (at[a] + plan.atom[a] - 1) as usize);
        self.common[(i * self.extended[1] + j) * self.extended[2] + k]
    }

    /// Takes from c what those samples of a step have that are not of its base weight: the rest is a step of that weight.
    #[inline(never)]
    pub(super) fn correct(
        &self,
        plan: &Plan<T>,
        step: &Step<T>,
        c: &mut Correlations<T>,
        shape: &Point,
        strides: [usize; 2],
    ) -> Rest<T> {
        let none = Rest { base: T::one(), most: T::ZERO, others: 0 };
        let Some(taps) = &plan.taps else { return none };
        let volume = plan.atom.iter().product::<i64>() as usize;
        let depth = taps.n_channels * volume;
        let own = plan.ahead[step.atom as usize].positions.map(|ahead| ahead + 1);
        let atom = &taps.atoms[step.atom as usize * depth..][..depth];
        let (mut n, mut n_missing, mut n_alike, mut alike, mut size) = (0, 0, 0, T::ZERO, T::ZERO);
        self.each(plan, taps.n_channels, step.at, own, |_, weight, tap| {
            n += 1;
            if alike == T::ZERO {
                alike = weight;
            }
            n_missing += usize::from(weight == T::ZERO);
            n_alike += usize::from(weight == alike && weight != T::ZERO);
            size += weight * atom[tap] * atom[tap];
        });
        let whole = plan.window.iter().product::<usize>() / volume;
        let base = if n - n_alike + whole < n - n_missing { alike } else { T::ZERO };
        let mut others = 0;
        self.each(plan, taps.n_channels, step.at, own, |sample, weight, tap| {
            let delta = step.delta * (weight - base) * atom[tap];
            if delta != T::ZERO {
                self.give(plan, taps, (tap / volume, sample), delta, c, shape, strides);
                others += 1;
            }
        });
        Rest { base, most: step.delta.abs() * T::of(size.wide().sqrt()) * taps.most, others }
    }

    /// c −= δ·d, of all atoms at all positions that reach a sample.
    #[allow(clippy::too_many_arguments)]
    fn give(
        &self,
        plan: &Plan<T>,
        taps: &Taps<T>,
        (channel, sample): (usize, [i64; AXES]),
        delta: T,
        c: &mut Correlations<T>,
        shape: &Point,
        strides: [usize; 2],
    ) {
        let n = plan.n_atoms;
        let (mut from, mut low, mut count) = (channel, [0; AXES], [0; AXES]);
        for a in 0..AXES {
            let begin = sample[a] - plan.atom[a] + 1;
            let first = begin.max(0);
            count[a] = ((sample[a] + 1).min(shape[a]) - first) as usize;
            low[a] = first as usize;
            from = from * plan.atom[a] as usize + (first - begin) as usize;
        }
        let rows = Rows { counts: [count[0], count[1]], strides, run: count[2] * n };
        let to = low[0] * strides[0] + low[1] * strides[1] + low[2] * n;
        let [_, l1, l2] = plan.atom.map(|l| l as usize);
        c.subtract(plan, &taps.backwards, to, rows, from * n, [l1 * l2 * n, l2 * n], delta);
    }
}
