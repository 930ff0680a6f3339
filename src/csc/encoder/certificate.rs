//! What a solve proves of its result: objective, largest step left, duality gap, computed anew from
//! X and z.
//!
//! The last two are maxima over all coordinates. c of the residual tells which coordinates might have them; their values are
//! then computed one by one, in double precision. That c is correlated anew, or it is what the descent has left: if a bound
//! on its rounding (`Encoder::drift`) is little beside the tolerance, and if it is within that bound at every z ≠ 0 and at
//! samples elsewhere, where it is compared with X and z.

use crate::base::error::Result;
use crate::clock;
use crate::csc::descent::exchange::Window;
use crate::csc::descent::tile::Plan;
use crate::csc::descent::tiles::Tiles;
use crate::csc::problem::shape::Shape;
use crate::grid::block::Block;
use crate::grid::point::Point;
use crate::grid::tiles::{Tile, TileGrid};
use crate::linalg::{Atoms, Dictionary, Real, Strided};

/// Computed from X and z.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Certificate {
    /// F(z) = ½‖X − D∗z‖² + Σ λ_k ‖z_k‖₁.
    pub objective: f64,
    /// ½‖X − D∗z‖².
    pub data_term: f64,
    /// Largest step left, max ‖d_k‖·|dz_k| over the least ‖d_k‖: max |dz| where all norms are alike; in the published
    /// schedule max |dz|.
    pub max_step: f64,
    /// F(z) − F(z*) ≤ gap, from a dual feasible point.
    pub gap: f64,
}

/// X̂ += value · D_atom at a position, for one signal's channels over a block: the part of the atom
/// that lies in it. Adds up in `sizes`, if there are any, what has been rounded.
#[allow(clippy::too_many_arguments)]
pub(super) fn add_atom<T: Real>(
    dictionary: &Dictionary<T>,
    channels: &mut [&mut [T]],
    sizes: &mut [&mut [T]],
    layout: &Strided,
    block: &Block,
    atom: usize,
    at: Point,
    value: T,
) {
    let [_, l1, l2] = dictionary.shape;
    let support = Block { origin: at, shape: dictionary.shape };
    let part = support.intersection(block);
    if part.is_empty() {
        return;
    }
    let run = part.shape[2] as usize;
    let volume = dictionary.volume();
    for (channel, out) in channels.iter_mut().take(dictionary.n_channels).enumerate() {
        let (d, factor) = match &dictionary.atoms {
            Atoms::Full(d) => {
                let first = (atom * dictionary.n_channels + channel) * volume;
                (&d[first..first + volume], value)
            }
            Atoms::RankOne { u, v } => {
                let u = u[atom * dictionary.n_channels + channel];
                (&v[atom * volume..(atom + 1) * volume], value * u)
            }
        };
        part.for_each_row(|row| {
            let s: Point = std::array::from_fn(|a| row[a] - at[a]);
            let d = &d[((s[0] * l1 + s[1]) * l2 + s[2]) as usize..][..run];
            let first = layout.index(std::array::from_fn(|a| row[a] - block.origin[a]));
            if layout.strides[2] == 1 {
                let out = &mut out[first..first + run];
                for (to, d) in out.iter_mut().zip(d) {
                    *to += factor * *d;
                }
                if let Some(sizes) = sizes.get_mut(channel) {
                    let sizes = sizes[first..first + run].iter_mut();
                    for ((size, to), d) in sizes.zip(out).zip(d) {
                        *size += to.abs() + (factor * *d).abs();
                    }
                }
            } else {
                for (k, d) in d.iter().enumerate() {
                    out[(first as i64 + k as i64 * layout.strides[2]) as usize] += factor * *d;
                }
            }
        });
    }
}

/// Where an atom at a position lies in a block, images around a period included.
pub(super) fn images(shape: &Shape, at: Point, block: &Block) -> impl Iterator<Item = Point> {
    let shifts = |axis: usize| {
        let period = shape.signal[axis];
        let (low, end) = (at[axis], at[axis] + shape.atom[axis]);
        let (first, last) = (block.origin[axis], block.end(axis));
        let shifts = [-period, 0, period].into_iter();
        let n_periods = if shape.periodic[axis] { 1 } else { 0 };
        shifts.filter(move |shift| shift.abs() <= n_periods * period && low + shift < last && end + shift > first)
    };
    let [s0, s1, s2] = [shifts(0), shifts(1), shifts(2)].map(Iterator::collect::<Vec<_>>);
    s0.into_iter().flat_map(move |i| {
        let (s1, s2) = (s1.clone(), s2.clone());
        s1.into_iter().flat_map(move |j| {
            let s2 = s2.clone();
            s2.into_iter().map(move |k| [at[0] + i, at[1] + j, at[2] + k])
        })
    })
}

/// Takes D∗z from a window that holds X. Collective. Every position hears of the activations in
/// one order, whichever rank they are on.
pub(super) fn subtract_model<T: Real>(
    window: &mut Window<T>,
    tiles: &Tiles<T>,
    plan: &Plan<T>,
    grid: &TileGrid,
    dictionary: &Dictionary<T>,
    shape: &Shape,
) -> Result<()> {
    let block = window.block;
    let layout = Strided::contiguous(block.shape);
    let volume = block.volume().max(1) as usize;
    window.forget_sizes()?;
    let mut channels: Vec<&mut [T]> = window.values.chunks_exact_mut(volume).collect();
    let mut sizes: Vec<&mut [T]> = window.sizes.chunks_exact_mut(volume).collect();
    let inner = !shape.periodic.contains(&true);
    tiles.for_each_list(plan, &mut |number, list| {
        let first = grid.tile(number).signal * shape.n_channels;
        let Some(channels) = channels.get_mut(first..) else {
            return;
        };
        let sizes = sizes.get_mut(first..).unwrap_or_default();
        let mut add = |at, atom, value| {
            add_atom(dictionary, channels, sizes, &layout, &block, atom, at, value);
        };
        for (n, step) in list.iter().enumerate() {
            if n % 64 == 0 && clock::over() {
                return;
            }
            let (at, atom) = (step.at.map(i64::from), step.atom as usize);
            if inner {
                add(at, atom, -step.delta);
                continue;
            }
            for at in images(shape, at, &block) {
                add(at, atom, -step.delta);
            }
        }
    })
}

/// ‖r‖² over the positions that a tile stands for: its own, and those beyond the last tile.
pub(super) fn squares<T: Real>(window: &Window<T>, tile: &Tile, shape: &Shape) -> f64 {
    let valid = shape.valid();
    let cell = Block {
        origin: tile.origin,
        shape: std::array::from_fn(|a| match tile.origin[a] + tile.shape[a] {
            end if end == valid[a] => shape.signal[a] - tile.origin[a],
            _ => tile.shape[a],
        }),
    };
    let field = window.fields(tile.signal * shape.n_channels, shape.n_channels);
    let mut total = 0.0;
    for data in &field.channels {
        cell.for_each_row(|at| {
            let at = std::array::from_fn(|a| at[a] - field.origin[a]);
            let first = field.layout.index(at);
            let row = &data[first..first + cell.shape[2] as usize];
            // Row sums first: fewer roundings of a large total. Several sums: one would wait for itself.
            let (r8, rest) = row.as_chunks::<8>();
            let mut sums = [0.0; 8];
            for r in r8 {
                sums = std::array::from_fn(|i| sums[i] + r[i].wide() * r[i].wide());
            }
            let rest = rest.iter().map(|r| r.wide() * r.wide());
            total += sums.into_iter().chain(rest).sum::<f64>();
        });
    }
    total
}

impl Certificate {
    /// Nothing is proven.
    pub(crate) fn unknown() -> Self {
        Certificate { objective: f64::NAN, data_term: f64::NAN, max_step: f64::INFINITY, gap: f64::INFINITY }
    }

    /// From ‖r‖² of the residual r = X − D∗z, ⟨z, D ⋆ r⟩, the penalty Σ λ_k ‖z_k‖₁, the largest
    /// |D_k ⋆ r| / λ_k and the largest step left; `epsilon` is that of the element type.
    pub(super) fn new([rr, zc, penalty]: [f64; 3], ratio: f64, max_step: f64, epsilon: f64) -> Self {
        let data_term = 0.5 * rr;
        let objective = data_term + penalty;
        // ⟨r, X⟩ = ⟨r, r + D∗z⟩.
        let rx = rr + zc;
        // The dual value of θ = s·r is s⟨r, X⟩ − ½s²‖r‖²; the best s that is feasible.
        let most = if ratio > 0.0 { 1.0 / ratio } else { f64::INFINITY };
        let s = if rr > 0.0 { (rx / rr).clamp(0.0, most) } else { 0.0 };
        let dual = s * rx - 0.5 * s * s * rr;
        // Sums are rounded: never report less than the true gap.
        let rounding = 16.0 * epsilon * (objective + (s * rx).abs() + 0.5 * s * s * rr);
        Certificate {
            objective,
            data_term,
            max_step,
            // Next to zero even the allowance for rounding is rounded.
            gap: (objective - dual + rounding).max(0.0),
        }
    }
}
