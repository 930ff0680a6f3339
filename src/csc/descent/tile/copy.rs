//! Copies of a tile on other ranks: how c and z get there, and how they keep up with the original.

use crate::base::error::{Error, Result};
use crate::csc::descent::tile::nonzero::{NONE, NonZero};
use crate::csc::descent::tile::plan::Plan;
use crate::csc::descent::tile::step::Step;
use crate::csc::descent::tile::{Factors, TileState, Weights};
use crate::grid::point::Point;
use crate::linalg::Real;

/// Repeats the steps of another rank in its copy of the tile.
pub(crate) fn mirror<T: Real>(state: &mut TileState<T>, plan: &Plan<T>, steps: &[Step<T>]) {
    let [_, s1, s2] = state.tile.stored(&plan.group);
    for step in steps {
        let at: Point = std::array::from_fn(|a| step.at[a] - state.tile.origin[a]);
        let index = ((at[0] * s1 + at[1]) * s2 + at[2]) as usize * plan.n_atoms;
        let index = index + step.atom as usize;
        let group = state.group_of(plan, index);
        match state.listed(group, index) {
            Some(i) => {
                let z = &mut state.nonzeros[group][i].z;
                *z += step.delta;
                if *z == T::ZERO && !state.frozen {
                    state.nonzeros[group].remove(i);
                }
            }
            None => state.set_z(plan, at, step.atom as usize, step.delta),
        }
        state.apply(plan, &Step { at, ..*step });
        for image in 0..state.images.len() {
            let shift = state.images[image];
            let at = std::array::from_fn(|a| at[a] + shift[a]);
            state.apply(plan, &Step { at, ..*step });
        }
    }
}

/// Appends c and z, for [`read`].
pub(crate) fn append<T: Real>(state: &TileState<T>, plan: &Plan<T>, bytes: &mut Vec<u8>) {
    let weights = state.weights.as_ref().map(|weights| weights.samples());
    let thresholds = state.factors.as_ref().map(|factors| factors.thresholds());
    let flags = [state.frozen, state.c.is_single(), weights.is_some(), thresholds.is_some()];
    bytes.push(flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag)));
    if let Some(weights) = weights {
        bytes.extend((weights.len() as u64).to_le_bytes());
        weights.iter().for_each(|w| w.append_bytes(bytes));
    }
    thresholds.into_iter().flatten().for_each(|mu| mu.append_bytes(bytes));
    (0..state.c.len()).for_each(|index| state.c.get(plan, index).append_bytes(bytes));
    let list: Vec<_> = state.nonzeros.iter().flatten().collect();
    bytes.extend((list.len() as u32).to_le_bytes());
    for x in list {
        bytes.extend(x.index.to_le_bytes());
        x.z.append_bytes(bytes);
    }
}

/// Takes over c and z of the same tile on another rank. Returns what follows.
pub(crate) fn read<'b, T: Real>(state: &mut TileState<T>, plan: &Plan<T>, bytes: &'b [u8]) -> Result<&'b [u8]> {
    let short = || Error::Communication("the copy of a tile is cut off".into());
    let (flags, bytes) = bytes.split_first().ok_or_else(short)?;
    state.frozen = flags & 1 != 0;
    state.make_room(plan, flags & 2 != 0)?;
    let size = size_of::<T>();
    let mut bytes = bytes;
    if flags & 4 != 0 {
        let (n, rest) = bytes.split_first_chunk::<8>().ok_or_else(short)?;
        let (weights, rest) = rest.split_at_checked(u64::from_le_bytes(*n) as usize * size).ok_or_else(short)?;
        let weights = weights.chunks_exact(size).map(T::from_bytes).collect();
        state.weights = Weights::new(plan, &state.tile, weights)?;
        bytes = rest;
    }
    if flags & 8 != 0 {
        let (mu, rest) = bytes.split_at_checked(state.c.len() * size).ok_or_else(short)?;
        let mut factors = Factors::of_thresholds(mu.chunks_exact(size).map(T::from_bytes).collect());
        factors.narrow(plan, state.c.is_single())?;
        state.factors = Some(factors);
        bytes = rest;
    }
    let (c, bytes) = bytes.split_at_checked(state.c.len() * size).ok_or_else(short)?;
    for (index, from) in c.chunks_exact(size).enumerate() {
        state.c.set(plan, index, T::from_bytes(from));
    }
    let (n, bytes) = bytes.split_first_chunk::<4>().ok_or_else(short)?;
    let n = u32::from_le_bytes(*n) as usize * (4 + size);
    let (list, bytes) = bytes.split_at_checked(n).ok_or_else(short)?;
    for record in list.chunks_exact(4 + size) {
        let (index, z) = record.split_first_chunk::<4>().ok_or_else(short)?;
        let index = u32::from_le_bytes(*index);
        if index as usize >= state.c.len() {
            return Err(short());
        }
        let group = state.group_of(plan, index as usize);
        state.nonzeros[group].push(NonZero {
            index,
            atom: index % plan.n_atoms as u32,
            sent: NONE,
            z: T::from_bytes(z),
        });
    }
    state.restart(plan);
    Ok(bytes)
}
