//! Activations in and out: as fields over blocks, or as lists.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::order::places_by;
use crate::base::wording::{by_language, index, nth, per_axis};
use crate::clock;
use crate::csc::descent::tile::Step;
use crate::csc::encoder::blocks::{self, Active};
use crate::csc::encoder::placed::check_channels;
use crate::csc::encoder::residual::subtract_model;
use crate::csc::encoder::{Encoder, Robust, robust, weighted};
use crate::csc::problem::range::Range;
use crate::grid::block::Block;
use crate::grid::places::Places;
use crate::grid::point::{AXES, Point, padded};
use crate::linalg::{Dictionary, Field, FieldMut, Real};

/// One non-zero activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activation<T> {
    /// Which signal.
    pub signal: usize,
    /// Which atom.
    pub atom: usize,
    /// Where, on the padded axes.
    pub at: Point,
    /// Its value.
    pub value: T,
}

/// Activations as programs list them: signal and atom, not said where there is one only, position on the real axes, and
/// value in double precision.
pub(crate) struct Lists<'l> {
    pub(crate) signal: Option<&'l [i64]>,
    pub(crate) atom: Option<&'l [i64]>,
    pub(crate) position: &'l [i64],
    pub(crate) value: &'l [f64],
}

impl Lists<'_> {
    /// The activations. Which there may be is not looked at.
    pub(crate) fn read<T: Real>(&self, n_axes: usize) -> Result<Vec<Activation<T>>> {
        let mut list = Vec::new();
        memory::reserve("a list of activations", &mut list, self.value.len())?;
        let mut values = self.value.iter().enumerate();
        if let Some((i, value)) = values.find(|(_, x)| x.is_finite() && !T::of(**x).finite()) {
            let allowed = format!("at most {:e} in size, as float has it", f32::MAX);
            return Err(Error::argument(&format!("value{}", index(&[i])), format!("{value:e}"), allowed));
        }
        // What is negative is too large as well.
        let number = |of: Option<&[i64]>, i: usize| of.map_or(0, |of| of[i] as usize);
        for (i, (at, value)) in self.position.chunks_exact(n_axes).zip(self.value).enumerate() {
            let (signal, atom) = (number(self.signal, i), number(self.atom, i));
            list.push(Activation { signal, atom, at: padded(at, 0), value: T::of(*value) });
        }
        Ok(list)
    }
}

/// The same written, as far as there is room: signals, atoms, positions and values.
pub(crate) fn write_lists<T: Real>(
    list: &[Activation<T>],
    n_axes: usize,
    (signal, atom, position, value): (&mut [i64], &mut [i64], &mut [i64], &mut [f64]),
) {
    signal.iter_mut().zip(list).for_each(|(to, from)| *to = from.signal as i64);
    atom.iter_mut().zip(list).for_each(|(to, from)| *to = from.atom as i64);
    let positions = position.chunks_exact_mut(n_axes).zip(list);
    positions.for_each(|(to, from)| to.copy_from_slice(&from.at[AXES - n_axes..]));
    value.iter_mut().zip(list).for_each(|(to, from)| *to = from.value.wide());
}

/// Sorts activations by signal, atom and position.
#[inline(never)]
pub(super) fn in_order<T>(list: &mut [Activation<T>]) {
    list.sort_unstable_by_key(|a| (a.signal, a.atom, a.at));
}

fn activation<T: Real>(signal: usize, step: &Step<T>) -> Activation<T> {
    Activation { signal, atom: step.atom as usize, at: step.at, value: step.delta }
}

/// The same as a list, sorted.
pub(crate) fn listed<T: Real>(list: &[Active<T>]) -> Vec<Activation<T>> {
    let mut list: Vec<_> = list.iter().map(|(signal, step)| activation(*signal, step)).collect();
    in_order(&mut list);
    list
}

fn not_solved(what: &str) -> Error {
    let solve = by_language("dicod_encoder_solve()", "%solve", "solve!");
    Error::InvalidState(format!("{what} is not known before {solve}"))
}

/// Writes activations into fields over the block that they were fetched for.
pub(crate) fn write_list<T: Real>(n_atoms: usize, list: &[Active<T>], out: &mut FieldMut<'_, T>) {
    out.clear();
    for (signal, step) in list {
        let at = std::array::from_fn(|a| step.at[a] - out.origin[a]);
        let at = out.layout.index(at);
        out.channels[signal * n_atoms + step.atom as usize][at] = step.delta;
    }
}

impl<T: Real> Encoder<T> {
    /// λ of every atom in the last solve. Fails before it is known.
    pub fn lambda(&self) -> Result<&[f64]> {
        self.of_atoms.as_ref().map(|of| &of.0[..]).ok_or_else(|| not_solved("lambda"))
    }

    /// The tolerance on |dz_k| of every atom in the last solve. Fails before it is known.
    pub fn tolerance(&self) -> Result<&[f64]> {
        self.of_atoms.as_ref().map(|of| &of.1[..]).ok_or_else(|| not_solved("tolerance"))
    }

    /// What numbers go with the dictionary that was given.
    pub(crate) fn range(&self) -> Range {
        self.placed.weighting().range()
    }

    /// Collective: whether samples of the last signals have a weight that is not 1.
    pub(crate) fn weighs(&self) -> Result<bool> {
        weighted::weighs(&self.placed)
    }

    /// What weights in the window are multiplied by, the largest of them then, and all, unless they are 1 here.
    pub(crate) fn weights_in_window(&self) -> (f64, f64, Option<Field<'_, T>>) {
        weighted::in_window(&self.placed)
    }

    /// Collective: samples of which z leaves more than a threshold count as missing until the next time: a multiple of the quantile
    /// `part` of all |r| that are not 0, and `most` at most.
    pub(crate) fn leave_out(&mut self, x: &Field<'_, T>, part: f64, most: f64) -> Result<Robust> {
        self.placed.weighting_mut().leave_out(None);
        self.load(x)?;
        let found = self.placed.find_weights();
        self.ranks().agree(found)?;
        self.placed.states().for_each(|mut state| state.begin_solve());
        let left = subtract_model(&self.bound, &mut self.placed).and_then(|()| clock::check());
        self.ranks().agree(left)?;
        robust::leave_out(&mut self.placed, part, most)
    }

    /// Collective: takes in signals as [`Self::load`] does, times their weights.
    pub(crate) fn load_weighted(&mut self, x: &Field<'_, T>) -> Result<()> {
        self.load(x)?;
        let weighed = self.placed.weigh();
        self.ranks().agree(weighed)
    }

    /// Collective: ½ Σ w r² of the residual r that a solve, or [`Self::data_term_of`], has left in the window.
    pub(crate) fn data_term(&self) -> Result<f64> {
        Ok(blocks::value(&self.bound, &self.placed, &vec![0.0; self.shape().n_atoms])?.1)
    }

    /// Collective: leaves w·(x − D∗z) in the window, with these atoms and z as it is, where signals were taken in before. Gives
    /// ½ Σ w (x − D∗z)².
    pub(crate) fn data_term_of(&mut self, x: &Field<'_, T>, dictionary: &Dictionary<T>) -> Result<f64> {
        weighted::subtract(x, dictionary, &self.bound, &mut self.placed)?;
        self.data_term()
    }

    fn n_atom_fields(&self) -> usize {
        self.placed.shape().n_signals * self.placed.shape().n_atoms
    }

    /// Collective: λ is multiplied by these from now on, (signals × atoms) fields over the valid domain, of which each rank brings a
    /// block; none: by 1. At least 0; where one is infinite z is 0. F(z) = ½‖X − D∗z‖² + Σ λ_k f |z|. z is kept, where it
    /// still may be.
    pub fn set_penalties(&mut self, penalties: Option<&Field<'_, T>>) -> Result<()> {
        self.placed.set_penalties(self.bound.plan(), penalties)
    }

    /// Collective: sets z, (signals × atoms) fields, for a warm start. Each rank brings a block of the
    /// valid domain.
    pub fn set_z(&mut self, z: &Field<'_, T>) -> Result<()> {
        self.placed.ranks().agree(self.check_z(z))?;
        let blocks = self.placed.gather_blocks(&z.block())?;
        let valid = self.placed.shape().valid();
        self.placed.settle("the blocks of z", &blocks, valid)?;
        let me = self.placed.ranks().rank();
        let n_atoms = self.placed.shape().n_atoms;
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
                            let at = [at[0], at[1], at[2] + k];
                            let atom = atom as u32;
                            list.push(Step { at, atom, delta });
                        }
                    }
                }
            });
        };
        let given = |rank: usize| self.placed.regions()[rank].intersection(&z.block());
        let taken = |rank: usize| self.placed.regions()[me].intersection(&blocks[rank]);
        let new = self.placed.swap_lists(given, taken, list)?;
        self.take(new);
        Ok(())
    }

    /// Collective: sets z to a list of activations that are this rank's, for a warm start. Errors name the lists of the
    /// signals, atoms, positions and values.
    pub(crate) fn set_list(&mut self, list: &[Activation<T>]) -> Result<()> {
        let region = self.own_region().and_then(|region| self.check_activations(list, &region).map(|()| region));
        let region = self.placed.ranks().agree(region)?;
        if self.placed.regions().is_empty() {
            self.placed.settle("the region of z", &[region], self.placed.shape().valid())?;
        }
        let step = |a: &Activation<T>| Step { at: a.at, atom: a.atom as u32, delta: a.value };
        self.take(list.iter().filter(|a| a.value != T::ZERO).map(|a| (a.signal, step(a))).collect());
        Ok(())
    }

    /// Where this rank's activations are.
    fn own_region(&self) -> Result<Block> {
        match self.placed.regions().get(self.placed.ranks().rank()) {
            Some(region) => Ok(*region),
            None if self.placed.ranks().size() == 1 => Ok(Block::whole(self.placed.shape().valid())),
            None => Err(Error::InvalidState("ranks have no regions of the encoder before its first solve".into())),
        }
    }

    fn check_activations(&self, list: &[Activation<T>], region: &Block) -> Result<()> {
        let shape = self.placed.shape();
        let below = |name: &str, i: usize, number: usize, n: usize| match number < n {
            true => Ok(()),
            false => {
                let allowed = format!("from {} to {}", nth(0), nth(n as i64 - 1));
                Err(Error::range(&format!("{name}{}", index(&[i])), nth(number as i64), allowed))
            }
        };
        for (i, a) in list.iter().enumerate() {
            below("signal", i, a.signal, shape.n_signals)?;
            below("atom", i, a.atom, shape.n_atoms)?;
            if !region.contains(&a.at) {
                let own = [region.shape, region.origin].map(|of| per_axis(&shape.unpadded(of)));
                let allowed = format!("in this rank's region, of shape {} at offset {}", own[0], own[1]);
                return Err(Error::argument(&format!("position{}", index(&[i])), self.place_of(a), allowed));
            }
            if !a.value.finite() {
                return Err(Error::NotFinite { argument: "value".into(), index: vec![i], value: a.value.wide() });
            }
            if self.options().positive && a.value < T::ZERO {
                let allowed = "at least 0 with option \"positive\"";
                return Err(Error::argument(&format!("value{}", index(&[i])), a.value, allowed));
            }
        }
        let place = |i: usize| (list[i].signal, list[i].atom, list[i].at);
        let order = places_by(list.len(), &|i| {
            let (signal, atom, [i, j, k]) = place(i);
            [signal as i64, atom as i64, i, j, k]
        });
        let Some(twice) = order.windows(2).find(|pair| place(pair[0]) == place(pair[1])) else {
            return Ok(());
        };
        let [first, second] = [twice[0], twice[1]];
        let allowed = format!("another place than position{}, of the same signal and atom", index(&[first]));
        Err(Error::argument(&format!("position{}", index(&[second])), self.place_of(&list[second]), allowed))
    }

    /// As the caller counts axes.
    fn place_of(&self, activation: &Activation<T>) -> String {
        index(&self.placed.shape().unpadded(activation.at))
    }

    /// z is this rank's part of a list.
    fn take(&mut self, mut new: Vec<Active<T>>) {
        // One order, whoever had them: by tile, position and atom.
        new.sort_by_cached_key(|(signal, step)| {
            let at = step.at;
            (self.placed.grid().find(*signal, &at), at, step.atom)
        });
        self.clear_z();
        let own = self.placed.tiles().numbers();
        for (signal, step) in new {
            let at = step.at;
            let Ok(index) = own.binary_search(&self.placed.grid().find(signal, &at)) else {
                continue;
            };
            let state = &mut *self.placed.tiles().tile(index);
            let at = std::array::from_fn(|a| at[a] - state.tile.origin[a]);
            let atom = step.atom as usize;
            let z = self.bound.scaling().enter(atom, step.delta);
            state.set_z(self.bound.plan(), at, atom, z);
        }
    }

    /// Collective: the activations that are not zero in a block of the valid domain, in no order.
    pub(crate) fn fetch(&self, block: &Block) -> Result<Vec<Active<T>>> {
        let blocks = self.placed.gather_blocks(block)?;
        let Some(region) = self.placed.regions().get(self.placed.ranks().rank()) else {
            return Ok(Vec::new());
        };
        let list = |part: &Block, signal: usize, list: &mut Vec<Step<T>>| {
            for state in self.placed.states() {
                let (tile, origin) = (&state.tile, state.tile.origin);
                let positions = Block { origin, shape: tile.shape };
                if tile.signal != signal || positions.intersection(part).is_empty() {
                    continue;
                }
                state.for_each_nonzero(self.bound.plan(), |at, atom, z| {
                    let at: Point = std::array::from_fn(|a| at[a] + origin[a]);
                    if part.contains(&at) {
                        let delta = self.bound.scaling().leave(atom, z);
                        list.push(Step { at, atom: atom as u32, delta });
                    }
                });
            }
        };
        let given = |rank: usize| region.intersection(&blocks[rank]);
        let taken = |rank: usize| self.placed.regions()[rank].intersection(block);
        self.placed.swap_lists(given, taken, list)
    }

    /// Checks an array of activations: shape, finite, non-negative when z ≥ 0 is asked for.
    pub fn check_z(&self, z: &Field<'_, T>) -> Result<()> {
        self.placed.check_block("z", z.channels.len(), self.n_atom_fields(), z.block(), self.placed.shape().valid())?;
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
                        negative = Some((self.placed.shape().index(channel, self.placed.shape().n_atoms, at), value));
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
        self.placed.clear_z();
    }

    /// Collective: writes z as (signals × atoms) fields. Each rank asks for a block of the valid
    /// domain; blocks may overlap, and need not cover it.
    pub fn z(&self, out: &mut FieldMut<'_, T>) -> Result<()> {
        let block = out.block();
        let n = self.n_atom_fields();
        let fits = check_channels("z", out.channels.len(), n, &block)
            .and_then(|_| self.placed.shape().check_inside("z", &block, self.placed.shape().valid()));
        self.placed.ranks().agree(fits)?;
        let list = self.fetch(&block)?;
        write_list(self.placed.shape().n_atoms, &list, out);
        Ok(())
    }

    /// All z ≠ 0 of this rank's tiles, sorted by (signal, atom, position). Each activation is on one
    /// rank.
    pub fn activations(&self) -> Result<Vec<Activation<T>>> {
        let mut list = Vec::new();
        memory::reserve("the list of activations", &mut list, self.n_nonzero())?;
        for state in self.placed.states() {
            let (signal, origin) = (state.tile.signal, state.tile.origin);
            state.for_each_nonzero(self.bound.plan(), |at, atom, z| {
                let at = std::array::from_fn(|a| at[a] + origin[a]);
                let value = self.bound.scaling().leave(atom, z);
                list.push(Activation { signal, atom, at, value });
            });
        }
        in_order(&mut list);
        Ok(list)
    }

    /// Collective: all z ≠ 0 in a block of the valid domain, another on each rank if wanted, sorted
    /// as [`Encoder::activations`].
    pub fn activations_in(&self, block: &Block) -> Result<Vec<Activation<T>>> {
        self.placed.ranks().agree(self.placed.shape().check_inside("block", block, self.placed.shape().valid()))?;
        Ok(listed(&self.fetch(block)?))
    }

    /// Number of z ≠ 0 on this rank.
    pub fn n_nonzero(&self) -> usize {
        self.placed.n_nonzero()
    }

    /// Collective: the activations of other ranks' tiles within reach of this rank's.
    pub(crate) fn halo_activations(&self) -> Result<Vec<Activation<T>>> {
        let own = self.placed.tiles().numbers();
        let mut halo = Vec::new();
        self.placed.tiles().for_each_list(self.bound.plan(), &mut |number, list| {
            if own.binary_search(&number).is_err() {
                let signal = self.placed.grid().tile(number).signal;
                halo.extend(list.iter().map(|step| {
                    let delta = self.bound.scaling().leave(step.atom as usize, step.delta);
                    activation(signal, &Step { delta, ..*step })
                }));
            }
        })?;
        Ok(halo)
    }

    /// Collective: hands each of these activations to the rank that works on its position; gives
    /// those for this rank, sorted by (signal, atom, position).
    pub(crate) fn route(&self, moved: &[Activation<T>]) -> Result<Vec<Activation<T>>> {
        let mine = self.placed.region();
        let with = |rank: usize, part: Block| {
            let idle = mine.is_empty() || self.placed.regions().get(rank).is_none_or(Block::is_empty);
            if idle { Block::default() } else { part }
        };
        let given = |rank: usize| with(rank, self.placed.regions().get(rank).copied().unwrap_or_default());
        let taken = |rank: usize| with(rank, mine);
        let list = |part: &Block, signal: usize, list: &mut Vec<Step<T>>| {
            let here = |a: &&Activation<T>| a.signal == signal && part.contains(&a.at);
            list.extend(moved.iter().filter(here).map(|a| Step { at: a.at, atom: a.atom as u32, delta: a.value }));
        };
        let own = self.placed.swap_lists(given, taken, list)?;
        Ok(listed(&own))
    }

    /// Forgets z and how it came about, and takes of these activations, sorted by (signal, atom,
    /// position), those on this rank: a solve that starts from them depends on nothing else.
    pub(crate) fn set_activations(&mut self, list: &[Activation<T>]) {
        let tiles = self.own_tiles();
        self.placed.states().for_each(|mut state| state.forget());
        let places = Places::new(&tiles);
        for activation in list {
            let Some(index) = places.tile_at(activation.signal, activation.at) else {
                continue;
            };
            let state = &mut *self.placed.tiles().tile(index);
            let at = std::array::from_fn(|a| activation.at[a] - state.tile.origin[a]);
            let z = self.bound.scaling().enter(activation.atom, activation.value);
            state.set_z(self.bound.plan(), at, activation.atom, z);
        }
    }
}
