//! Atoms that sit at the edge of their support.
//!
//! A shape that is longer than what an atom has room for on one side is learned with its other side
//! empty, and neither the step of z nor that of D can move it: that takes both at once. Moving an
//! atom one way and its activations the other changes nothing but what falls off the edge; the next
//! dictionary step fills the room that was gained.

use crate::csc::{Activation, Shape};
use crate::grid::point::{AXES, Point};
use crate::linalg::{Atoms, Dictionary, Real};

/// How far the middle of an atom's energy is from the middle of its support, in whole positions;
/// zero where that is too little to matter.
pub(crate) fn offsets<T: Real>(dictionary: &Dictionary<T>, fixed: &[bool]) -> Vec<Point> {
    let [_, l1, l2] = dictionary.shape;
    let offset = |k: usize| {
        let (mut total, mut first) = (0.0, [0.0; AXES]);
        for p in 0..dictionary.n_channels {
            for s in 0..dictionary.volume() {
                let at = s as i64;
                let at = [at / (l1 * l2), at / l2 % l1, at % l2];
                let square = dictionary.at(k, p, s).wide().powi(2);
                total += square;
                for a in 0..AXES {
                    first[a] += square * at[a] as f64;
                }
            }
        }
        let offset = |a: usize| {
            let l = dictionary.shape_of(k)[a] as f64;
            let offset = first[a] / total - 0.5 * (l - 1.0);
            let least = (0.04 * l).max(0.75);
            if offset.abs() >= least { offset.round() as i64 } else { 0 }
        };
        match total > 0.0 && !fixed.get(k).is_some_and(|f| *f) {
            true => std::array::from_fn(offset),
            false => [0; AXES],
        }
    };
    (0..dictionary.n_atoms).map(offset).collect()
}

/// Atoms moved by as much, zero where nothing comes from.
pub(crate) fn moved_atoms<T: Real>(dictionary: &Dictionary<T>, offsets: &[Point]) -> Dictionary<T> {
    let shape = dictionary.shape;
    let volume = dictionary.volume();
    let moved = |values: &[T], per_atom: usize| {
        let mut out = vec![T::ZERO; values.len()];
        let slabs = values.chunks_exact(volume).zip(out.chunks_exact_mut(volume));
        for (slab, (from, to)) in slabs.enumerate() {
            let offset = offsets[slab / per_atom];
            for (s, to) in to.iter_mut().enumerate() {
                let s = s as i64;
                let at = [s / (shape[1] * shape[2]), s / shape[2] % shape[1], s % shape[2]];
                let at: Point = std::array::from_fn(|a| at[a] + offset[a]);
                if (0..AXES).all(|a| (0..shape[a]).contains(&at[a])) {
                    *to = from[((at[0] * shape[1] + at[1]) * shape[2] + at[2]) as usize];
                }
            }
        }
        out
    };
    let atoms = match &dictionary.atoms {
        Atoms::Full(d) => Atoms::Full(moved(d, dictionary.n_channels)),
        Atoms::RankOne { u, v } => Atoms::RankOne { u: u.clone(), v: moved(v, 1) },
    };
    Dictionary { atoms, ..dictionary.clone() }.cut(&dictionary.shapes)
}

/// Activations moved the other way; those that leave the domain are lost.
pub(crate) fn moved_activations<T: Real>(
    activations: &[Activation<T>],
    offsets: &[Point],
    shape: &Shape,
) -> Vec<Activation<T>> {
    let valid = shape.valid();
    let moved = |a: &Activation<T>| {
        let mut at: Point = std::array::from_fn(|axis| a.at[axis] + offsets[a.atom][axis]);
        for axis in 0..AXES {
            if shape.periodic[axis] {
                at[axis] = at[axis].rem_euclid(valid[axis]);
            }
        }
        let inside = (0..AXES).all(|axis| (0..valid[axis]).contains(&at[axis]));
        inside.then_some(Activation { at, ..*a })
    };
    activations.iter().filter_map(moved).collect()
}
