//! What z and a dictionary stand for: D∗z.

use crate::base::error::{Error, Result};
use crate::base::wording::per_axis;
use crate::csc::problem::shape::Shape;
use crate::grid::block::Block;
use crate::grid::point::Point;
use crate::linalg::{Atoms, Dictionary, Field, FieldMut, Real, Strided};

/// A dictionary is not of the shape that it has to have.
fn wrong_dictionary<T>(dictionary: &Dictionary<T>, shape: &Shape) -> Error {
    let text = |n_atoms: usize, n_channels: usize, atom: Point| {
        let mut all = vec![n_atoms as i64, n_channels as i64];
        all.extend(shape.unpadded(atom));
        format!("of shape {}", per_axis(&all))
    };
    let found = text(dictionary.n_atoms, dictionary.n_channels, dictionary.shape);
    let allowed = text(shape.n_atoms, shape.n_channels, shape.atom);
    Error::shape("d", found, allowed)
}

/// The dictionary, its atoms cut to the shapes of their own. Fails unless it goes with the shapes.
pub(crate) fn matching<T: Real>(dictionary: Dictionary<T>, shape: &Shape) -> Result<Dictionary<T>> {
    let same = dictionary.n_atoms == shape.n_atoms
        && dictionary.n_channels == shape.n_channels
        && dictionary.shape == shape.atom;
    match same {
        true => Ok(dictionary.cut(&shape.atoms)),
        false => Err(wrong_dictionary(&dictionary, shape)),
    }
}

/// X̂ = Σ_k z_k ∗ D_k, (signals × channels) fields. Serial.
pub fn reconstruct<T: Real>(
    shape: &Shape,
    dictionary: &Dictionary<T>,
    z: &Field<'_, T>,
    out: &mut FieldMut<'_, T>,
) -> Result<()> {
    let dictionary = &matching(dictionary.clone(), shape)?;
    out.clear();
    let (valid, layout, block) = (shape.valid(), out.layout, out.block());
    for (index, data) in z.channels.iter().enumerate() {
        let (signal, atom) = (index / shape.n_atoms, index % shape.n_atoms);
        let channels = &mut out.channels[signal * shape.n_channels..];
        z.layout.for_each_row(|at, first| {
            for k in 0..valid[2] {
                let value = data[(first as i64 + k * z.layout.strides[2]) as usize];
                if value != T::ZERO {
                    for at in images(shape, [at[0], at[1], k], &block) {
                        add_atom(dictionary, channels, &mut [], &layout, &block, atom, at, value);
                    }
                }
            }
        });
    }
    Ok(())
}

/// X̂ += value · D_atom at a position, for one signal's channels over a block: the part of the atom
/// that lies in it. Adds up in `sizes`, if there are any, what has been rounded.
#[allow(clippy::too_many_arguments)]
pub(crate) fn add_atom<T: Real>(
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
    let support = Block { origin: at, shape: dictionary.shape_of(atom) };
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
pub(crate) fn images(shape: &Shape, at: Point, block: &Block) -> impl Iterator<Item = Point> {
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
