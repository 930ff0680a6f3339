//! First atoms, and new ones for those that are not used.
//!
//! What is drawn at random is drawn from the seed and a place in the whole domain, never from what
//! one rank happens to hold; patches are handed round by whoever has them.

use crate::base::error::Result;
use crate::base::memory;
use crate::base::random::Numbers;
use crate::clock::{self, Looks, Wish};
use crate::csc::Shape;
use crate::grid::places::Places;
use crate::grid::point::{AXES, Point};
use crate::grid::tiles::Tile;
use crate::learn::dictionary_step::taper;
use crate::learn::quadratic::clip;
use crate::learn::window::Window;
use crate::linalg::{Atoms, Dictionary, Real};
use crate::ranks::{Reduce, Transport};

/// What random numbers are for: no two uses share them.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Noise = 1,
    Patches = 2,
    Batches = 3,
    Crops = 4,
}

/// Random numbers for a purpose and a number of it.
pub(crate) fn generator(seed: i64, purpose: Purpose, number: u64) -> Numbers {
    Numbers::of_key(&[seed as u64, purpose as u64, number, 0x6c_6561_726e])
}

/// A field as patches are drawn from it.
pub(crate) struct Source<'a, T> {
    pub(crate) shape: &'a Shape,
    pub(crate) x: Window<'a, T>,
    /// Weights of the samples, and the largest of them, where they are not all 1: x is times its weights then.
    pub(crate) weights: Option<(Window<'a, T>, f64)>,
    /// Boxes of positions whose patches are this rank's to give.
    pub(crate) tiles: &'a [Tile],
    pub(crate) ranks: &'a dyn Transport,
    pub(crate) form: Form,
}

/// What is done to patches before they are atoms.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// They are tapered.
    pub(crate) window: bool,
    /// Each channel gets mean zero.
    pub(crate) zero_mean: bool,
    /// What is negative is taken away.
    pub(crate) non_negative: bool,
}

impl Form {
    /// Of an atom with a shape of its own nothing is left beyond that.
    fn apply(self, patch: &mut [f64], atom: Point, own: Point) {
        if self.non_negative {
            clip(patch);
        }
        if !self.window && !self.zero_mean && own == atom {
            return;
        }
        let window = taper(atom, own, self.window);
        for (x, w) in patch.iter_mut().zip(window.iter().cycle()) {
            *x *= w;
        }
        if !self.zero_mean {
            return;
        }
        let total: f64 = window.iter().sum();
        for channel in patch.chunks_exact_mut(window.len()) {
            let (before, level) = (largest(channel), channel.iter().sum::<f64>() / total);
            channel.iter_mut().zip(&window).for_each(|(x, w)| *x -= level * w);
            // Of a level nothing is left but rounding.
            if largest(channel) <= 1e-12 * before {
                channel.fill(0.0);
            }
        }
    }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most: f64, x| most.max(x.abs()))
}

/// A dictionary whose atoms are still to be drawn.
pub(crate) fn blank<T: Real>(shape: &Shape, rank_one: bool) -> Result<Dictionary<T>> {
    let (k, p) = (shape.n_atoms, shape.n_channels);
    let volume = shape.atom.iter().product::<i64>() as usize;
    let what = "the dictionary";
    let atoms = if rank_one {
        Atoms::RankOne { u: memory::zeroed(what, k * p)?, v: memory::zeroed(what, k * volume)? }
    } else {
        Atoms::Full(memory::zeroed(what, k * p * volume)?)
    };
    Ok(Dictionary { n_atoms: k, n_channels: p, shape: shape.atom, shapes: shape.atoms.clone(), atoms })
}

/// Puts a patch of norm 1 in the place of an atom: all of it, or its best approximation of rank one.
pub(crate) fn place<T: Real>(dictionary: &mut Dictionary<T>, k: usize, patch: &[f64]) {
    let volume = dictionary.volume();
    let p = dictionary.n_channels;
    // Rounding must not take it out of the ball.
    let inside = 1.0 - 2.0 * T::EPSILON.wide();
    let write = |to: &mut [T], from: &[f64]| {
        for (to, from) in to.iter_mut().zip(from) {
            *to = T::of(inside * from);
        }
    };
    match &mut dictionary.atoms {
        Atoms::Full(d) => write(&mut d[k * p * volume..][..p * volume], patch),
        Atoms::RankOne { u, v } => {
            let (best_u, best_v) = factors(patch, p, volume);
            write(&mut u[k * p..][..p], &best_u);
            write(&mut v[k * volume..][..volume], &best_v);
        }
    }
}

/// The first singular vectors of a (P, L…) patch, by power iteration.
pub(crate) fn factors(patch: &[f64], p: usize, volume: usize) -> (Vec<f64>, Vec<f64>) {
    let square = |row: &[f64]| row.iter().map(|x| x * x).sum::<f64>();
    let rows = patch.chunks_exact(volume);
    let largest = rows.max_by(|a, b| square(a).total_cmp(&square(b)));
    let mut v = largest.unwrap_or(&[]).to_vec();
    let mut u = vec![0.0; p];
    for _ in 0..50 {
        normalise(&mut v);
        for (u, row) in u.iter_mut().zip(patch.chunks_exact(volume)) {
            *u = row.iter().zip(&v).map(|(x, v)| x * v).sum();
        }
        normalise(&mut u);
        v.fill(0.0);
        for (u, row) in u.iter().zip(patch.chunks_exact(volume)) {
            for (v, x) in v.iter_mut().zip(row) {
                *v += u * x;
            }
        }
    }
    normalise(&mut v);
    (u, v)
}

/// Scales to norm 1. Tells whether there is anything to scale.
pub(crate) fn normalise(values: &mut [f64]) -> bool {
    let largest = largest(values);
    if largest == 0.0 || !largest.is_finite() {
        return false;
    }
    let norm = values.iter().map(|x| (x / largest) * (x / largest)).sum::<f64>().sqrt();
    values.iter_mut().for_each(|x| *x = *x / largest / norm);
    true
}

/// An atom of noise.
pub(crate) fn noise(shape: &Shape, seed: i64, k: usize, form: Form) -> Result<Vec<f64>> {
    let volume = shape.atom.iter().product::<i64>() as usize;
    let mut atom = memory::zeroed("an atom", shape.n_channels * volume)?;
    let mut rng = generator(seed, Purpose::Noise, k as u64);
    atom.iter_mut().for_each(|x| *x = rng.normal());
    form.apply(&mut atom, shape.atom, shape.atom_of(k));
    if !normalise(&mut atom) {
        // A window that leaves nothing: atoms of two positions or fewer.
        let ones = taper(shape.atom, shape.atom_of(k), false);
        atom.iter_mut().zip(ones.iter().cycle()).for_each(|(x, one)| *x = *one);
        normalise(&mut atom);
    }
    Ok(atom)
}

impl<T: Real> Source<'_, T> {
    /// The patch of a shape at a position on all ranks, tapered and scaled to norm 1, and how much of it is there; none if there is
    /// nothing.
    fn patch(&self, places: &Places<'_>, signal: usize, at: Point, own: Point) -> Result<Option<(Vec<f64>, f64)>> {
        let volume = self.shape.atom.iter().product::<i64>() as usize;
        let depth = self.shape.n_channels * volume;
        let mut patch = memory::zeroed("a patch", depth + 1)?;
        if places.tile_at(signal, at).is_some() {
            patch[depth] = 1.0;
            if let Some((weights, heaviest)) = &self.weights {
                for (channel, to) in patch[..depth].chunks_exact_mut(volume).enumerate() {
                    weights.read(signal, channel, at, self.shape.atom, to);
                }
                let mut all = depth;
                if own != self.shape.atom {
                    let inside = taper(self.shape.atom, own, false);
                    patch[..depth].iter_mut().zip(inside.iter().cycle()).for_each(|(w, inside)| *w *= inside);
                    all = self.shape.n_channels * own.iter().product::<i64>() as usize;
                }
                patch[depth] = patch[..depth].iter().map(|w| w / heaviest).sum::<f64>() / all as f64;
            }
            for (channel, to) in patch[..depth].chunks_exact_mut(volume).enumerate() {
                self.x.read(signal, channel, at, self.shape.atom, to);
            }
        }
        if self.ranks.size() > 1 {
            // One rank has it; the bits of the others' zeros are zero.
            let bits: Vec<i64> = patch.iter().map(|x: &f64| x.to_bits() as i64).collect();
            let bits = self.ranks.reduce(Reduce::Sum, &bits)?;
            for (to, bits) in patch.iter_mut().zip(bits) {
                *to = f64::from_bits(bits as u64);
            }
        }
        let share = patch.pop().unwrap_or(0.0);
        self.form.apply(&mut patch, self.shape.atom, own);
        Ok(normalise(&mut patch).then_some((patch, share)))
    }

    /// Patches at random, one per atom, of which as much is there as may be; noise where there is nothing but zeros.
    pub(crate) fn random_patch(&self, seed: i64, k: usize) -> Result<Vec<f64>> {
        let places = Places::new(self.tiles);
        let valid = self.shape.valid();
        let mut rng = generator(seed, Purpose::Patches, k as u64);
        let mut best: Option<(Vec<f64>, f64)> = None;
        for _ in 0..64 {
            let signal = rng.below(self.shape.n_signals);
            let at = valid.map(|n| rng.below(n as usize) as i64);
            let Some((patch, share)) = self.patch(&places, signal, at, self.shape.atom_of(k))? else { continue };
            if share == 1.0 {
                return Ok(patch);
            }
            if best.as_ref().is_none_or(|(_, most)| share > *most) {
                best = Some((patch, share));
            }
        }
        best.map_or_else(|| noise(self.shape, seed, k, self.form), |(patch, _)| Ok(patch))
    }

    /// For atoms the patches with the most energy, those of one shape at a time; not for all of them if there are too few.
    pub(crate) fn largest_patches(&self, atoms: &[usize]) -> Result<Vec<(usize, Vec<f64>)>> {
        let (mut found, mut left) = (Vec::new(), atoms.to_vec());
        while let Some(first) = left.first() {
            let own = self.shape.atom_of(*first);
            let (now, later): (Vec<usize>, Vec<usize>) = left.iter().partition(|k| self.shape.atom_of(**k) == own);
            found.extend(now.iter().copied().zip(self.largest_of(now.len(), own)?));
            left = later;
        }
        Ok(found)
    }

    /// The patches of a shape with the most energy, largest first, up to `n` that do not overlap (or as many
    /// as there are), scaled to norm 1. Where something is missing the energy counts by the square of the share
    /// that is there.
    fn largest_of(&self, n: usize, atom: Point) -> Result<Vec<Vec<f64>>> {
        let places = Places::new(self.tiles);
        let energies = self.tiles.iter().map(|tile| {
            clock::check()?;
            self.energies(tile, atom)
        });
        let mut energies = self.ranks.agree(energies.collect::<Result<Vec<_>>>())?;
        let valid = self.shape.valid();
        let flat =
            |signal: usize, at: Point| ((signal as i64 * valid[0] + at[0]) * valid[1] + at[1]) * valid[2] + at[2];
        let mut found = Vec::new();
        while found.len() < n {
            let mut best = (0.0, i64::MAX);
            for (tile, energies) in self.tiles.iter().zip(&energies) {
                if clock::over() {
                    break;
                }
                for (index, energy) in energies.iter().enumerate() {
                    if *energy < best.0 || *energy <= 0.0 {
                        continue;
                    }
                    let place = flat(tile.signal, position(tile, index));
                    if *energy > best.0 || place < best.1 {
                        best = (*energy, place);
                    }
                }
            }
            let largest = self.ranks.largest(&[best.0, clock::wish().code() as f64])?;
            Wish::of_code(largest[1] as i64).check()?;
            let largest = largest[0];
            let mine = if best.0 == largest { best.1 } else { i64::MAX };
            let first = self.ranks.reduce(Reduce::Min, &[mine])?[0];
            if largest <= 0.0 || first == i64::MAX {
                break;
            }
            let (rest, k) = (first / valid[2], first % valid[2]);
            let (rest, j) = (rest / valid[1], rest % valid[1]);
            let (signal, at) = ((rest / valid[0]) as usize, [rest % valid[0], j, k]);
            found.extend(self.patch(&places, signal, at, atom)?.map(|(patch, _)| patch));
            // What overlaps shows the same thing.
            for (tile, energies) in self.tiles.iter().zip(&mut energies) {
                if clock::over() {
                    break;
                }
                if tile.signal != signal {
                    continue;
                }
                for (index, energy) in energies.iter_mut().enumerate() {
                    let other = position(tile, index);
                    let near = (0..AXES).all(|a| {
                        let mut distance = (other[a] - at[a]).abs();
                        if self.shape.periodic[a] {
                            distance = distance.min(valid[a] - distance);
                        }
                        distance < atom[a]
                    });
                    if near {
                        *energy = 0.0;
                    }
                }
            }
        }
        Ok(found)
    }

    /// The energy of the patch at each position of a tile, row-major: a sum of squares over
    /// channels and, one axis after the other, over the support, in one order wherever it is done.
    fn energies(&self, tile: &Tile, atom: Point) -> Result<Vec<f64>> {
        let mut energies = self.sums(tile, atom, &self.x, |x| x * x)?;
        if let Some((weights, heaviest)) = &self.weights {
            let all = self.shape.n_channels as f64 * atom.iter().product::<i64>() as f64;
            let there = self.sums(tile, atom, weights, |w| w / heaviest)?;
            energies.iter_mut().zip(there).for_each(|(energy, there)| *energy *= (there / all).powi(2));
        }
        Ok(energies)
    }

    /// Sums over the patch of a shape at each position of a tile.
    fn sums(&self, tile: &Tile, atom: Point, of: &Window<'_, T>, term: impl Fn(f64) -> f64) -> Result<Vec<f64>> {
        let what = "the error of patches";
        let mut shape: Point = std::array::from_fn(|a| tile.shape[a] + atom[a] - 1);
        let n = shape.iter().product::<i64>() as usize;
        let mut values: Vec<f64> = memory::zeroed(what, n)?;
        let mut channel: Vec<f64> = memory::zeroed(what, n)?;
        for p in 0..self.shape.n_channels {
            of.read(tile.signal, p, tile.origin, shape, &mut channel);
            for (to, x) in values.iter_mut().zip(&channel) {
                *to += term(*x);
            }
        }
        for axis in (0..AXES).rev() {
            let inner: usize = shape[axis + 1..].iter().product::<i64>() as usize;
            let outer: usize = shape[..axis].iter().product::<i64>() as usize;
            let (from_n, to_n) = (shape[axis] as usize, tile.shape[axis] as usize);
            let mut sums: Vec<f64> = memory::zeroed(what, outer * to_n * inner)?;
            let mut looks = Looks::every(to_n * inner);
            for (o, to) in sums.chunks_exact_mut(to_n * inner).enumerate() {
                for s in 0..atom[axis] as usize {
                    let from = &values[(o * from_n + s) * inner..][..to.len()];
                    for (to, from) in to.iter_mut().zip(from) {
                        *to += from;
                    }
                    if looks.over() {
                        clock::check()?;
                    }
                }
            }
            values = sums;
            shape[axis] = tile.shape[axis];
        }
        Ok(values)
    }
}

fn position(tile: &Tile, index: usize) -> Point {
    let index = index as i64;
    let [_, n1, n2] = tile.shape;
    let at = [index / (n1 * n2), index / n2 % n1, index % n2];
    std::array::from_fn(|a| tile.origin[a] + at[a])
}
