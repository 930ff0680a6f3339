//! Activations in and out: as fields over blocks, or as lists.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::wording::{index, per_axis};
use crate::csc::descent::halo::{decode, encode};
use crate::csc::descent::tile::Step;
use crate::csc::encoder::{Activation, Encoder};
use crate::grid::block::{Block, fails_unless_a_partition};
use crate::grid::point::Point;
use crate::linalg::{Field, FieldMut, Real};
use crate::ranks::Tag;

/// Sorts activations by signal, atom and position.
#[inline(never)]
pub(super) fn in_order<T>(list: &mut [Activation<T>]) {
    list.sort_unstable_by_key(|a| (a.signal, a.atom, a.at));
}

impl<T: Real> Encoder<T> {
    /// Collective: sets z, (signals × atoms) fields, for a warm start. Each rank brings a block of the
    /// valid domain.
    pub fn set_z(&mut self, z: &Field<'_, T>) -> Result<()> {
        self.ranks.agree(self.check_z(z))?;
        let blocks = self.gather_blocks(&z.block())?;
        let domain = Block::whole(self.shape.valid());
        fails_unless_a_partition("the blocks of z", &blocks, &domain, self.shape.n_axes)?;
        if self.regions.is_empty() {
            self.place(&blocks)?;
        }
        let me = self.ranks.rank();
        let n_atoms = self.shape.n_atoms;
        // The non-zeros of a part of this rank's block, signal by signal.
        let list = |part: &Block, signal: usize, list: &mut Vec<Step<T>>| {
            part.for_each_row(|at| {
                let row: Point = std::array::from_fn(|a| at[a] - z.origin[a]);
                let first = z.layout.index(row) as i64;
                for k in 0..part.shape[2] {
                    let from = (first + k * z.layout.strides[2]) as usize;
                    for atom in 0..n_atoms {
                        let delta = z.channels[signal * n_atoms + atom][from];
                        if delta != T::ZERO {
                            let at = [at[0], at[1], at[2] + k].map(|x| x as i32);
                            let atom = atom as u32;
                            list.push(Step { at, atom, delta });
                        }
                    }
                }
            });
        };
        let given = |rank: usize| self.regions[rank].intersection(&z.block());
        let taken = |rank: usize| self.regions[me].intersection(&blocks[rank]);
        let mut new = self.swap_lists(given, taken, list)?;
        // One order, whoever had them: by tile, position and atom.
        new.sort_by_cached_key(|(signal, step)| {
            let at = step.at.map(i64::from);
            (self.grid.find(*signal, &at), at, step.atom)
        });
        self.clear_z();
        let own = self.tiles.numbers();
        for (signal, step) in new {
            let at = step.at.map(i64::from);
            let Ok(index) = own.binary_search(&self.grid.find(signal, &at)) else {
                continue;
            };
            let state = &mut *self.tiles.tile(index);
            let at = std::array::from_fn(|a| at[a] - state.tile.origin[a]);
            let atom = step.atom as usize;
            let z = self.scaling.enter(atom, step.delta);
            state.set_z(&self.plan, at, atom, z);
        }
        Ok(())
    }

    /// Collective: sends to each rank the lists of a box, per signal, and receives theirs. `given`
    /// and `taken` are the boxes that go to and come from a rank.
    pub(super) fn swap_lists(
        &self,
        given: impl Fn(usize) -> Block,
        taken: impl Fn(usize) -> Block,
        list: impl Fn(&Block, usize, &mut Vec<Step<T>>),
    ) -> Result<Vec<(usize, Step<T>)>> {
        let (me, size) = (self.ranks.rank(), self.ranks.size());
        let mut all = Vec::new();
        let mut failure = None;
        let mut steps = Vec::new();
        for rank in 0..size {
            let part = given(rank);
            if part.is_empty() {
                continue;
            }
            let mut bytes = Vec::new();
            for signal in 0..self.shape.n_signals {
                steps.clear();
                list(&part, signal, &mut steps);
                if rank == me {
                    all.extend(steps.iter().map(|step| (signal, *step)));
                } else if let Err(error) = encode(signal, &steps, &mut bytes) {
                    failure = Some(error);
                }
            }
            if rank != me {
                self.tiles.halo.send(rank, Tag::ACTIVATIONS, bytes)?;
            }
        }
        for rank in (0..size).filter(|rank| *rank != me && !taken(*rank).is_empty()) {
            let bytes = self.tiles.halo.receive(rank, Tag::ACTIVATIONS)?;
            let read = decode(&bytes, &mut |signal, steps: Vec<Step<T>>| {
                memory::reserve("activations", &mut all, steps.len())?;
                all.extend(steps.into_iter().map(|step| (signal, step)));
                Ok(())
            });
            failure = failure.or(read.err());
        }
        self.ranks.agree(failure.map_or(Ok(all), Err))
    }

    /// Collective: the activations that are not zero in a block of the valid domain, in no order.
    pub(super) fn fetch(&self, block: &Block) -> Result<Vec<(usize, Step<T>)>> {
        let blocks = self.gather_blocks(block)?;
        let Some(region) = self.regions.get(self.ranks.rank()) else {
            return Ok(Vec::new());
        };
        let list = |part: &Block, signal: usize, list: &mut Vec<Step<T>>| {
            for index in 0..self.tiles.len() {
                let state = self.tiles.tile(index);
                let (tile, origin) = (&state.tile, state.tile.origin);
                let positions = Block { origin, shape: tile.shape };
                if tile.signal != signal || positions.intersection(part).is_empty() {
                    continue;
                }
                state.for_each_nonzero(&self.plan, |at, atom, z| {
                    let at: Point = std::array::from_fn(|a| at[a] + origin[a]);
                    if part.contains(&at) {
                        let delta = self.scaling.leave(atom, z);
                        let (at, atom) = (at.map(|x| x as i32), atom as u32);
                        list.push(Step { at, atom, delta });
                    }
                });
            }
        };
        let given = |rank: usize| region.intersection(&blocks[rank]);
        let taken = |rank: usize| self.regions[rank].intersection(block);
        self.swap_lists(given, taken, list)
    }

    /// Checks an array of activations: shape, finite, non-negative when z ≥ 0 is asked for.
    pub fn check_z(&self, z: &Field<'_, T>) -> Result<()> {
        self.check_block("z", z.channels.len(), self.n_atom_fields(), z.block(), self.shape.valid())?;
        z.check_finite("z")?;
        let row = z.layout.shape[2];
        if !self.options.positive {
            return Ok(());
        }
        for (channel, data) in z.channels.iter().enumerate() {
            let mut negative = None;
            z.layout.for_each_row(|at, first| {
                for k in 0..row {
                    let value = data[(first as i64 + k * z.layout.strides[2]) as usize];
                    if value < T::ZERO && negative.is_none() {
                        let at = [at[0], at[1], k];
                        let at: Point = std::array::from_fn(|a| at[a] + z.origin[a]);
                        negative = Some((self.shape.index(channel, self.shape.n_atoms, at), value));
                    }
                }
            });
            if let Some((at, value)) = negative {
                let allowed = "at least 0 with option \"positive\"";
                return Err(Error::argument(&format!("z{}", index(&at)), value, allowed));
            }
        }
        Ok(())
    }

    /// Forgets z: the next warm start begins at zero.
    pub fn clear_z(&mut self) {
        for index in 0..self.tiles.len() {
            self.tiles.tile(index).clear_z();
        }
    }

    /// Collective: writes z as (signals × atoms) fields. Each rank asks for a block of the valid
    /// domain; blocks may overlap, and need not cover it.
    pub fn z(&self, out: &mut FieldMut<'_, T>) -> Result<()> {
        let block = out.block();
        let n = self.n_atom_fields();
        let fits =
            Self::check_channels("z", out.channels.len(), n, &block).and_then(|_| self.check_inside("z", &block));
        self.ranks.agree(fits)?;
        let list = self.fetch(&block)?;
        self.write(&list, out);
        Ok(())
    }

    /// Collective: the activations in a block of the valid domain, for [`Encoder::write`].
    pub(crate) fn fetch_block(&self, block: &Block) -> Result<Vec<(usize, Step<T>)>> {
        self.ranks.agree(self.check_inside("z", block))?;
        self.fetch(block)
    }

    /// Writes a list of activations into fields over the block that they were fetched for.
    pub(crate) fn write(&self, list: &[(usize, Step<T>)], out: &mut FieldMut<'_, T>) {
        out.clear();
        for (signal, step) in list {
            let at = std::array::from_fn(|a| i64::from(step.at[a]) - out.origin[a]);
            let at = out.layout.index(at);
            let field = signal * self.shape.n_atoms + step.atom as usize;
            out.channels[field][at] = step.delta;
        }
    }

    pub(super) fn check_inside(&self, argument: &str, block: &Block) -> Result<()> {
        let valid = self.shape.valid();
        if block.is_empty() || block.intersection(&Block::whole(valid)) == *block {
            return Ok(());
        }
        let [offset, shape, valid] = [block.origin, block.shape, valid].map(|of| per_axis(&self.shape.unpadded(of)));
        let value = format!("of shape {shape} at offset {offset}");
        let allowed = format!("inside the valid domain, which has the shape {valid}");
        Err(Error::shape(argument, value, allowed))
    }

    /// All z ≠ 0 of this rank's tiles, sorted by (signal, atom, position). Each activation is on one
    /// rank.
    pub fn activations(&self) -> Result<Vec<Activation<T>>> {
        let mut list = Vec::new();
        memory::reserve("the list of activations", &mut list, self.n_nonzero())?;
        for index in 0..self.tiles.len() {
            let state = self.tiles.tile(index);
            let (signal, origin) = (state.tile.signal, state.tile.origin);
            state.for_each_nonzero(&self.plan, |at, atom, z| {
                let at = std::array::from_fn(|a| at[a] + origin[a]);
                let value = self.scaling.leave(atom, z);
                list.push(Activation { signal, atom, at, value });
            });
        }
        in_order(&mut list);
        Ok(list)
    }

    /// Collective: all z ≠ 0 in a block of the valid domain, another on each rank if wanted, sorted
    /// as [`Encoder::activations`].
    pub fn activations_in(&self, block: &Block) -> Result<Vec<Activation<T>>> {
        self.ranks.agree(self.check_inside("block", block))?;
        let list = self.fetch(block)?;
        let mut list: Vec<_> = list
            .into_iter()
            .map(|(signal, step)| Activation {
                signal,
                atom: step.atom as usize,
                at: step.at.map(i64::from),
                value: step.delta,
            })
            .collect();
        in_order(&mut list);
        Ok(list)
    }

    /// Number of z ≠ 0 on this rank.
    pub fn n_nonzero(&self) -> usize {
        (0..self.tiles.len()).map(|index| self.tiles.tile(index).n_nonzero()).sum()
    }
}
