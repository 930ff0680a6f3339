//! What the dictionary step needs of X and z (DiCoDiLe, section 4.2):
//! ztz_{k,l}\[τ\] = Σ_u z_k\[u\] z_l\[u+τ\] for |τ| < L, and ztX_k\[s\] = Σ_u z_k\[u\] X\[u+s\].
//!
//! Each product belongs to whoever owns z_k\[u\]; the rest is read from a halo. Pairs of atoms are
//! formed once, with k ≤ l: the other half is ztz_{l,k}\[τ\] = ztz_{k,l}\[−τ\].

use crate::base::error::Result;
use crate::base::memory;
use crate::base::panic::{lock, unpoisoned};
use crate::clock::{self, Looks};
use crate::csc::problem::objective::check;
use crate::csc::{Activation, Shape};
use crate::grid::point::{AXES, Point, checked_volume};
use crate::grid::tiles::Tile;
use crate::learn::cells::Cells;
use crate::learn::share::Share;
use crate::learn::window::{Window, for_each_value};
use crate::linalg::transform::{Transform, Work};
use crate::linalg::{Field, Real};
pub use crate::options::learn::Method;
use crate::ranks::exact_sum::ExactSum;
use crate::ranks::local::Local;
use crate::ranks::sums::{Steps, Sums, totals};
use crate::ranks::{Reduce, Transport};
use crate::threads::for_each;
use realfft::num_complex::Complex;
use std::sync::Mutex;

/// The statistics of activations and a signal, over all signals.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Number of atoms, K.
    pub n_atoms: usize,
    /// Number of channels, P.
    pub n_channels: usize,
    /// Support L of the atoms, on the padded axes.
    pub atom: Point,
    /// (K, K, 2L − 1…), τ = 0 in the middle.
    pub ztz: Vec<f64>,
    /// (K, P, L…).
    pub ztx: Vec<f64>,
    /// ‖X‖².
    pub xx: f64,
    /// ‖z_k‖₁ of every atom.
    pub l1: Vec<f64>,
    /// Number of z_k ≠ 0 of every atom.
    pub nonzeros: Vec<u64>,
}

/// ‖X‖² over all ranks, unless the clock says that it is over; each gives what it holds.
pub(crate) fn energy<T: Real>(x: &Field<'_, T>, ranks: &dyn Transport) -> Result<f64> {
    let mut total = [ExactSum::default()];
    let (mut looks, mut over) = (Looks::every(64), false);
    for_each_value(x, |x| {
        over |= looks.over();
        if !over {
            total[0].add(x * x);
        }
    });
    Ok(totals(ranks, &mut total)?[0])
}

impl Statistics {
    /// Values of a pair of atoms.
    pub fn window(&self) -> usize {
        self.atom.iter().map(|l| (2 * l - 1) as usize).product()
    }

    /// Values of an atom and channel.
    pub fn volume(&self) -> usize {
        self.atom.iter().product::<i64>() as usize
    }

    /// No statistics yet.
    pub(crate) fn empty(shape: &Shape) -> Result<Self> {
        let (k, p) = (shape.n_atoms as i64, shape.n_channels as i64);
        let [l0, l1, l2] = shape.atom;
        let [w0, w1, w2] = shape.atom.map(|l| 2 * l - 1);
        let what = "the statistics";
        Ok(Statistics {
            n_atoms: shape.n_atoms,
            n_channels: shape.n_channels,
            atom: shape.atom,
            ztz: memory::zeroed(what, checked_volume(what, [k, k, w0, w1, w2])?)?,
            ztx: memory::zeroed(what, checked_volume(what, [k, p, l0, l1, l2])?)?,
            xx: 0.0,
            l1: memory::zeroed(what, shape.n_atoms)?,
            nonzeros: memory::zeroed(what, shape.n_atoms)?,
        })
    }

    /// Scales by `weight` and adds others.
    pub(crate) fn accumulate(&mut self, weight: f64, other: &Statistics) {
        let add = |to: &mut [f64], from: &[f64]| {
            for (to, from) in to.iter_mut().zip(from) {
                *to = weight * *to + from;
            }
        };
        add(&mut self.ztz, &other.ztz);
        add(&mut self.ztx, &other.ztx);
        add(&mut self.l1, &other.l1);
        self.xx = weight * self.xx + other.xx;
        self.nonzeros.copy_from_slice(&other.nonzeros);
    }

    /// Collective when there are ranks.
    pub(crate) fn new<T: Real>(
        shape: &Shape,
        share: &Share<'_, T>,
        method: Method,
        n_threads: usize,
        ranks: &dyn Transport,
    ) -> Result<Self> {
        let mut out = Self::empty(shape)?;
        out.xx = share.xx;
        let k = shape.n_atoms;
        // What all ranks have to know before: how large terms are and how many.
        let mut counts: Vec<i64> = memory::zeroed("counts", k)?;
        let mut sizes: Vec<ExactSum> = memory::zeroed("sums", k)?;
        let mut largest_z = 0f64;
        for a in share.own {
            counts[a.atom] += 1;
            sizes[a.atom].add(a.value.wide().abs());
            largest_z = largest_z.max(a.value.wide().abs());
        }
        counts.push(share.tiles.len() as i64);
        let counts = ranks.reduce(Reduce::Sum, &counts)?;
        let (counts, n_tiles) = (&counts[..k], counts[k]);
        out.l1 = totals(ranks, &mut sizes)?;
        let largest = ranks.largest(&[largest_z, share.x.largest()])?;
        for (nonzeros, count) in out.nonzeros.iter_mut().zip(counts) {
            *nonzeros = *count as u64;
        }
        let use_fft = match method {
            Method::Sparse => false,
            Method::Fft => true,
            Method::Auto => cost_fft(shape, share.largest) < cost_sparse(shape, counts),
        };
        let terms = if use_fft { n_tiles } else { 0 };
        let steps = TermSteps::new(shape, counts, largest[0], largest[1], terms);
        let rows = if use_fft {
            by_transforms(shape, share, steps, n_threads)
        } else {
            from_pairs(shape, share, steps, n_threads)
        };
        let rows = ranks.agree(rows)?;
        let (window, volume) = (out.window(), out.volume());
        for (k, row) in rows.into_iter().enumerate() {
            let Row { ztz, ztx } = unpoisoned(row.into_inner());
            let (ztz, ztx) = (ztz.over(ranks)?, ztx.over(ranks)?);
            let n = shape.n_channels * volume;
            for (i, to) in out.ztx[k * n..(k + 1) * n].iter_mut().enumerate() {
                *to = ztx.value(i);
            }
            for l in k..shape.n_atoms {
                for i in 0..window {
                    // Of an atom with itself only half is formed.
                    let mirror = window - 1 - i;
                    let from = if l == k { i.max(mirror) } else { (l - k) * window + i };
                    let value = ztz.value(from);
                    out.ztz[(k * shape.n_atoms + l) * window + i] = value;
                    out.ztz[(l * shape.n_atoms + k) * window + mirror] = value;
                }
            }
        }
        Ok(out)
    }
}

/// Steps of the sums.
#[derive(Clone, Copy)]
struct TermSteps {
    ztz: Steps,
    ztx: Steps,
}

impl TermSteps {
    /// `tiles`: an entry's terms are the sums over so many tiles; 0: single products.
    fn new(shape: &Shape, counts: &[i64], z: f64, x: f64, tiles: i64) -> Self {
        let most = counts.iter().copied().max().unwrap_or(0) as u64;
        // One product per non-zero of an atom and image of another, 3 per axis that wraps.
        let images = 3u64.pow(shape.periodic.iter().filter(|p| **p).count() as u32);
        let products = most.saturating_mul(images).max(1);
        let (size, terms) = match tiles as u64 {
            0 => (1.0, products),
            tiles => (2.0 * products as f64, tiles),
        };
        TermSteps { ztz: Steps::new(size * z * z, terms), ztx: Steps::new(size * z * x, terms) }
    }
}

/// What one atom has with those from it on: (K − k, 2L − 1…) and (P, L…).
struct Row {
    ztz: Sums,
    ztx: Sums,
}

fn rows(shape: &Shape, steps: TermSteps) -> Result<Vec<Mutex<Row>>> {
    let window: i64 = shape.atom.iter().map(|l| 2 * l - 1).product();
    let volume: i64 = shape.atom.iter().product();
    let what = "the statistics";
    let row = |k: usize| {
        let others = (shape.n_atoms - k) * window as usize;
        Ok(Mutex::new(Row {
            ztz: Sums::zeroed(what, others, steps.ztz)?,
            ztx: Sums::zeroed(what, shape.n_channels * volume as usize, steps.ztx)?,
        }))
    };
    (0..shape.n_atoms).map(row).collect()
}

/// Estimated nanoseconds from pairs.
fn cost_sparse(shape: &Shape, counts: &[i64]) -> f64 {
    let places = shape.n_signals as f64 * shape.valid().iter().product::<i64>() as f64;
    let all: f64 = counts.iter().map(|n| *n as f64).sum();
    // Neighbours are looked for in boxes of 3L per axis, half of them are found twice.
    let near: f64 = shape.atom.iter().map(|l| 3.0 * *l as f64).product();
    let pairs = all * all * (near / places).min(1.0);
    let patches = all * (shape.n_channels as i64 * shape.atom.iter().product::<i64>()) as f64;
    3.0 * pairs + 2.0 * patches
}

/// Estimated nanoseconds by transforms, `tile` the largest tile.
fn cost_fft(shape: &Shape, tile: Point) -> f64 {
    let valid = shape.valid();
    let (mut tiles, mut size) = (shape.n_signals as f64, 1.0);
    for a in 0..AXES {
        tiles *= (valid[a] as f64 / tile[a] as f64).max(1.0);
        size *= (tile[a] + 2 * (shape.atom[a] - 1)) as f64;
    }
    let (k, p) = (shape.n_atoms as f64, shape.n_channels as f64);
    let products = 0.5 * k * (k + 1.0) + k * p;
    let transform = size * (size.log2() + 2.0);
    tiles * ((2.0 * k + p + products) * transform + products * size)
}

fn from_pairs<T: Real>(
    shape: &Shape,
    share: &Share<'_, T>,
    steps: TermSteps,
    n_threads: usize,
) -> Result<Vec<Mutex<Row>>> {
    let rows = rows(shape, steps)?;
    let own = share.own.iter().map(|a| (a.at, a.at));
    let cells = Cells::new(shape, share, own)?;
    let [l0, l1, l2] = shape.atom;
    let [_, w1, w2] = shape.atom.map(|l| 2 * l - 1);
    let window: i64 = shape.atom.iter().map(|l| 2 * l - 1).product();
    let volume: i64 = shape.atom.iter().product();
    let mut by_atom: Vec<Vec<u32>> = memory::zeroed("lists of activations", shape.n_atoms)?;
    for (i, a) in share.own.iter().enumerate() {
        by_atom[a.atom].push(i as u32);
    }
    let patch = || memory::zeroed("a patch", volume as usize);
    for_each(n_threads, shape.n_atoms, patch, |patch: &mut Vec<f64>, k| {
        let Row { ztz, ztx } = &mut *lock(&rows[k]);
        let mut looks = Looks::every(16 * shape.n_channels * volume as usize);
        for i in &by_atom[k] {
            if looks.over() {
                break;
            }
            let a = &share.own[*i as usize];
            let z = a.value.wide();
            for p in 0..shape.n_channels {
                share.x.read(a.signal, p, a.at, shape.atom, patch);
                ztx.add(p * volume as usize, z, patch);
            }
            cells.around(a.signal, a.at, |offset, l, other| {
                let [t0, t1, t2] = offset;
                let tau = ((t0 + l0 - 1) * w1 + t1 + l1 - 1) * w2 + t2 + l2 - 1;
                if l > k || (l == k && 2 * tau >= window - 1) {
                    let at = (l - k) * window as usize + tau as usize;
                    ztz.add(at, z, &[other]);
                }
            });
        }
        Ok(())
    })?;
    Ok(rows)
}

fn by_transforms<T: Real>(
    shape: &Shape,
    share: &Share<'_, T>,
    steps: TermSteps,
    n_threads: usize,
) -> Result<Vec<Mutex<Row>>> {
    let rows = rows(shape, steps)?;
    let last = |tile: &Tile| std::array::from_fn(|a| tile.origin[a] + tile.shape[a] - 1);
    // All that a tile sees, even what meets nothing there: it takes part in the rounding.
    let tiles = share.tiles.iter().map(|tile| (tile.origin, last(tile)));
    let cells = Cells::new(shape, share, tiles)?;
    // A tile and its halo on both sides.
    let transform = Transform::new(std::array::from_fn(|a| share.largest[a] + 2 * (shape.atom[a] - 1)));
    let by = ByTransforms { shape, share, cells: &cells, transform: &transform, rows: &rows };
    for_each(
        n_threads,
        share.tiles.len(),
        || by.room(),
        |room, index| {
            let tile = &share.tiles[index];
            by.transform_activations(tile, room)?;
            by.add_pairs(room)?;
            by.transform_field(tile, room)?;
            by.add_patches(room)
        },
    )?;
    Ok(rows)
}

/// What all tiles share.
struct ByTransforms<'a, T> {
    shape: &'a Shape,
    share: &'a Share<'a, T>,
    cells: &'a Cells,
    transform: &'a Transform,
    rows: &'a [Mutex<Row>],
}

/// What a thread works in.
struct Room {
    work: Work,
    /// Spectra of the activations of a tile.
    inner: Vec<Complex<f64>>,
    /// The same with those around it; then of the field's channels.
    outer: Vec<Complex<f64>>,
    product: Vec<Complex<f64>>,
    values: Vec<f64>,
}

impl<T: Real> ByTransforms<'_, T> {
    fn room(&self) -> Result<Room> {
        let what = "spectra";
        let (k, p, len) = (self.shape.n_atoms, self.shape.n_channels, self.transform.spectrum_len());
        Ok(Room {
            work: self.transform.work()?,
            inner: memory::zeroed(what, k * len)?,
            outer: memory::zeroed(what, k.max(p) * len)?,
            product: memory::zeroed(what, len)?,
            values: memory::zeroed(what, self.pair().max(self.volume()))?,
        })
    }

    /// Values of a pair of atoms.
    fn pair(&self) -> usize {
        self.shape.atom.iter().map(|l| 2 * l - 1).product::<i64>() as usize
    }

    /// Values of an atom and channel.
    fn volume(&self) -> usize {
        self.shape.atom.iter().product::<i64>() as usize
    }

    fn normalise(&self) -> f64 {
        1.0 / self.transform.len() as f64
    }

    /// Positions are relative to the tile; the halo below it wraps to the end.
    fn transform_activations(&self, tile: &Tile, room: &mut Room) -> Result<()> {
        let (transform, len) = (self.transform, self.transform.spectrum_len());
        let Room { work, inner, outer, .. } = room;
        for atom in 0..self.shape.n_atoms {
            clock::check()?;
            for (halo, to) in [(false, &mut *inner), (true, &mut *outer)] {
                work.real.fill(0.0);
                let reach = |a: usize| if halo { self.shape.atom[a] - 1 } else { 0 };
                self.cells.inside(tile.signal, tile.origin, tile.shape, reach, |at, l, z| {
                    if l == atom {
                        work.real[transform.index(at)] += z;
                    }
                });
                transform.forward(work, &mut to[atom * len..][..len]);
            }
        }
        Ok(())
    }

    fn add_pairs(&self, room: &mut Room) -> Result<()> {
        let (k, len, pair) = (self.shape.n_atoms, self.transform.spectrum_len(), self.pair());
        let Room { work, inner, outer, product, values } = room;
        let (from, window) = (self.shape.atom.map(|l| 1 - l), self.shape.atom.map(|l| 2 * l - 1));
        for first in 0..k {
            let one = &inner[first * len..][..len];
            for second in first..k {
                let other = &outer[second * len..][..len];
                let values = &mut values[..pair];
                correlate(self.transform, work, product, (one, other), from, window, values);
                clock::check()?;
                let mut row = lock(&self.rows[first]);
                row.ztz.add((second - first) * pair, self.normalise(), values);
            }
        }
        Ok(())
    }

    fn transform_field(&self, tile: &Tile, room: &mut Room) -> Result<()> {
        let (transform, len) = (self.transform, self.transform.spectrum_len());
        let Room { work, outer, .. } = room;
        let extended: Point = std::array::from_fn(|a| tile.shape[a] + self.shape.atom[a] - 1);
        let mut patch: Vec<f64> = memory::zeroed("a patch", extended.iter().product::<i64>() as usize)?;
        for channel in 0..self.shape.n_channels {
            self.share.x.read(tile.signal, channel, tile.origin, extended, &mut patch);
            work.real.fill(0.0);
            let mut rows = patch.chunks_exact(extended[2] as usize);
            for i in 0..extended[0] {
                for j in 0..extended[1] {
                    let start = transform.index([i, j, 0]);
                    if let Some(row) = rows.next() {
                        work.real[start..start + row.len()].copy_from_slice(row);
                    }
                }
            }
            transform.forward(work, &mut outer[channel * len..][..len]);
        }
        Ok(())
    }

    fn add_patches(&self, room: &mut Room) -> Result<()> {
        let (len, volume) = (self.transform.spectrum_len(), self.volume());
        let Room { work, inner, outer, product, values } = room;
        for first in 0..self.shape.n_atoms {
            for channel in 0..self.shape.n_channels {
                let (one, other) = (&inner[first * len..], &outer[channel * len..]);
                let values = &mut values[..volume];
                correlate(self.transform, work, product, (one, other), [0; AXES], self.shape.atom, values);
                clock::check()?;
                let mut row = lock(&self.rows[first]);
                row.ztx.add(channel * volume, self.normalise(), values);
            }
        }
        Ok(())
    }
}

/// Writes the correlation of two fields over a box of shifts, not normalised, to `values`.
fn correlate(
    transform: &Transform,
    work: &mut Work,
    product: &mut [Complex<f64>],
    (one, other): (&[Complex<f64>], &[Complex<f64>]),
    from: Point,
    shape: Point,
    values: &mut [f64],
) {
    for (to, (a, b)) in product.iter_mut().zip(one.iter().zip(other)) {
        *to = a.conj() * b;
    }
    transform.inverse(work, product);
    for (index, value) in values.iter_mut().enumerate() {
        let index = index as i64;
        let (row, k) = (index / shape[2], index % shape[2]);
        let at = [from[0] + row / shape[1], from[1] + row % shape[1], from[2] + k];
        *value = work.real[transform.index(at)];
    }
}

/// The statistics of dense activations, (signals × atoms) fields over the valid domain.
pub fn statistics<T: Real>(
    shape: &Shape,
    z: &Field<'_, T>,
    x: &Field<'_, T>,
    method: Method,
    n_threads: usize,
) -> Result<Statistics> {
    let check = |argument, field: &Field<'_, T>, n: usize, expected: Point| {
        check(argument, shape, field, n, expected)?;
        field.check_finite(argument)
    };
    let valid = shape.valid();
    check("z", z, shape.n_signals * shape.n_atoms, valid)?;
    check("x", x, shape.n_signals * shape.n_channels, shape.signal)?;
    let mut own = Vec::new();
    for (field, data) in z.channels.iter().enumerate() {
        z.layout.for_each_row(|at, first| {
            for k in 0..valid[2] {
                let value = data[(first as i64 + k * z.layout.strides[2]) as usize];
                if value != T::ZERO {
                    let (signal, atom) = (field / shape.n_atoms, field % shape.n_atoms);
                    let at = [at[0], at[1], k];
                    own.push(Activation { signal, atom, at, value });
                }
            }
        });
    }
    let size = |a: usize| (2 * shape.atom[a]).min(valid[a]);
    let cuts = |a: usize| (0..valid[a]).step_by(size(a) as usize);
    let mut tiles = Vec::new();
    for signal in 0..shape.n_signals {
        for i in cuts(0) {
            for j in cuts(1) {
                for k in cuts(2) {
                    let origin = [i, j, k];
                    let shape = std::array::from_fn(|a| size(a).min(valid[a] - origin[a]));
                    tiles.push(Tile { signal, origin, shape, groups: [0; AXES] });
                }
            }
        }
    }
    let alone = Local::alone();
    let share = Share {
        own: &own,
        halo: &[],
        xx: energy(x, &alone)?,
        x: Window::whole(x, shape.n_channels, shape.periodic),
        tiles: &tiles,
        largest: std::array::from_fn(size),
    };
    Statistics::new(shape, &share, method, n_threads, &alone)
}
