//! What the dictionary step needs of X and z (DiCoDiLe, section 4.2):
//! ztz_{k,l}\[τ\] = Σ_u z_k\[u\] z_l\[u+τ\] for |τ| < L, and ztX_k\[s\] = Σ_u z_k\[u\] X\[u+s\].
//!
//! Each product belongs to whoever owns z_k\[u\]; the rest is read from a halo. Pairs of atoms are
//! formed once, with k ≤ l: the other half is ztz_{l,k}\[τ\] = ztz_{k,l}\[−τ\].

mod pairs;
mod terms;
mod transforms;

use crate::base::error::Result;
use crate::base::memory;
use crate::base::panic::unpoisoned;
use crate::clock::Looks;
use crate::csc::problem::objective::check;
use crate::csc::{Activation, Shape};
use crate::grid::point::{AXES, Point, checked_volume};
use crate::grid::tiles::Tile;
use crate::learn::share::Share;
use crate::learn::window::{Window, for_each_value};
use crate::linalg::{Field, Real};
pub use crate::options::learn::Method;
use crate::ranks::exact_sum::ExactSum;
use crate::ranks::local::Local;
use crate::ranks::sums::totals;
use crate::ranks::{Reduce, Transport};
use terms::{Row, TermSteps};

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

    /// With the squared penalty ½ ridge Σ ‖D_k‖² ‖z_k‖² in ½⟨D, ztz∗D⟩, for a step of D: it is what ztz_{k,k}\[0\] = ‖z_k‖² adds.
    pub(crate) fn with_ridge(mut self, ridge: f64) -> Self {
        self.multiply_squares(1.0 + ridge);
        self
    }

    /// Multiplies each ztz_{k,k}\[0\].
    pub(crate) fn multiply_squares(&mut self, by: f64) {
        let (window, n) = (self.window(), self.n_atoms);
        (0..n).for_each(|k| self.ztz[(k * n + k) * window + window / 2] *= by);
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
            Method::Auto => transforms::cost(shape, share.largest) < pairs::cost(shape, counts),
        };
        let terms = if use_fft { n_tiles } else { 0 };
        let steps = TermSteps::new(shape, counts, largest[0], largest[1], terms);
        let rows = if use_fft {
            transforms::by_transforms(shape, share, steps, n_threads)
        } else {
            pairs::from_pairs(shape, share, steps, n_threads)
        };
        let rows = ranks.agree(rows)?;
        let (window, volume) = (out.window(), out.volume());
        for (k, row) in rows.into_iter().enumerate() {
            let Row { ztz, ztx } = unpoisoned(row.into_inner());
            let ztx = ztx.over(ranks)?;
            let n = shape.n_channels * volume;
            for (i, to) in out.ztx[k * n..(k + 1) * n].iter_mut().enumerate() {
                *to = ztx.value(i);
            }
            if !share.pairs {
                continue;
            }
            let ztz = ztz.over(ranks)?;
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
        pairs: true,
    };
    Statistics::new(shape, &share, method, n_threads, &alone)
}
