//! What a solve proves of its result: objective, largest step left, duality gap, computed anew from
//! X and z.

use super::encoder::Shape;
use super::schedule::Tiles;
use super::tile::Plan;
use crate::grid::tiles::Point;
use crate::linalg::{Atoms, Dictionary, Field, Real, Strided};

/// Computed from X and z alone, not from the running state of the solver.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Certificate {
    /// F(z) = ½‖X − D∗z‖² + Σ λ_k ‖z_k‖₁.
    pub objective: f64,
    /// ½‖X − D∗z‖².
    pub data_term: f64,
    /// Largest coordinate step left, max |dz|.
    pub max_step: f64,
    /// F(z) − F(z*) ≤ gap, from a dual feasible point.
    pub gap: f64,
}

/// X̂ += value · D_atom at a position, for one signal's channels.
pub(super) fn add_atom<T: Real>(
    dictionary: &Dictionary<T>,
    shape: &Shape,
    channels: &mut [&mut [T]],
    layout: &Strided,
    atom: usize,
    at: Point,
    value: T,
) {
    let [l0, l1, l2] = dictionary.shape;
    let wrap = |axis: usize, x: i64| {
        if shape.periodic[axis] && x >= layout.shape[axis] {
            x - layout.shape[axis]
        } else {
            x
        }
    };
    let run = l2 as usize;
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
        for s0 in 0..l0 {
            for s1 in 0..l1 {
                let row = [wrap(0, at[0] + s0), wrap(1, at[1] + s1), at[2]];
                let d = &d[((s0 * l1 + s1) * l2) as usize..][..run];
                let first = layout.index(row);
                if layout.strides[2] == 1 && at[2] + l2 <= layout.shape[2] {
                    for (to, d) in out[first..first + run].iter_mut().zip(d) {
                        *to += factor * *d;
                    }
                } else {
                    for (s2, d) in d.iter().enumerate() {
                        let at = layout.index([row[0], row[1], wrap(2, at[2] + s2 as i64)]);
                        out[at] += factor * *d;
                    }
                }
            }
        }
    }
}

/// Writes X − D∗z.
pub(super) fn residual<T: Real>(
    x: &Field<'_, T>,
    tiles: &Tiles<T>,
    plan: &Plan<T>,
    dictionary: &Dictionary<T>,
    shape: &Shape,
    out: &mut [T],
) {
    let volume = shape.signal.iter().product::<i64>() as usize;
    let layout = Strided::contiguous(shape.signal);
    let n = shape.signal[2] as usize;
    for (data, out) in x.channels.iter().zip(out.chunks_exact_mut(volume)) {
        x.layout.for_each_row(|at, first| {
            let start = layout.index(at);
            let row = &mut out[start..start + n];
            if x.layout.strides[2] == 1 {
                row.copy_from_slice(&data[first..first + n]);
            } else {
                for (k, to) in row.iter_mut().enumerate() {
                    *to = data[(first as i64 + k as i64 * x.layout.strides[2]) as usize];
                }
            }
        });
    }
    let mut channels: Vec<&mut [T]> = out.chunks_exact_mut(volume).collect();
    for index in 0..tiles.len() {
        let state = tiles.tile(index);
        let origin = state.tile.origin;
        let channels = &mut channels[state.tile.signal * shape.n_channels..];
        state.for_each_nonzero(plan, |at, atom, value| {
            let at: Point = std::array::from_fn(|a| at[a] + origin[a]);
            add_atom(dictionary, shape, channels, &layout, atom, at, -value);
        });
    }
}

impl Certificate {
    /// From the residual r = X − D∗z, the penalty Σ λ_k ‖z_k‖₁, the largest |D_k ⋆ r| / λ_k and the
    /// largest step left.
    pub(super) fn new<T: Real>(
        x: &Field<'_, T>,
        residual: &[T],
        penalty: f64,
        ratio: f64,
        largest: T,
    ) -> Self {
        let (mut rr, mut rx) = (0.0, 0.0);
        let volume = residual.len() / x.channels.len();
        for (data, r) in x.channels.iter().zip(residual.chunks_exact(volume)) {
            let mut rows = r.chunks_exact(x.layout.shape[2] as usize);
            x.layout.for_each_row(|_, first| {
                // Row sums first: fewer roundings of a large total.
                let (mut row_rr, mut row_rx) = (0.0, 0.0);
                for (k, r) in rows.next().unwrap_or(&[]).iter().enumerate() {
                    let x = data[(first as i64 + k as i64 * x.layout.strides[2]) as usize];
                    row_rr += r.wide() * r.wide();
                    row_rx += r.wide() * x.wide();
                }
                rr += row_rr;
                rx += row_rx;
            });
        }
        let data_term = 0.5 * rr;
        let objective = data_term + penalty;
        // The dual value of θ = s·r is s⟨r, X⟩ − ½s²‖r‖²; the best s that is feasible.
        let most = if ratio > 0.0 {
            1.0 / ratio
        } else {
            f64::INFINITY
        };
        let s = if rr > 0.0 {
            (rx / rr).clamp(0.0, most)
        } else {
            0.0
        };
        let dual = s * rx - 0.5 * s * s * rr;
        // Sums are rounded: never report less than the true gap.
        let rounding = 16.0 * T::EPSILON.wide() * (objective + (s * rx).abs() + 0.5 * s * s * rr);
        Certificate {
            objective,
            data_term,
            max_step: largest.wide().max(0.0),
            // Next to zero even the allowance for rounding is rounded.
            gap: (objective - dual + rounding).max(0.0),
        }
    }
}
