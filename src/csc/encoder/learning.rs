//! What dictionary learning asks of the encoder beside solves.

use crate::base::error::Result;
use crate::csc::descent::tile::Step;
use crate::csc::encoder::activations::in_order;
use crate::csc::encoder::{Activation, Encoder};
use crate::grid::block::Block;
use crate::grid::point::{AXES, Point};
use crate::grid::tiles::Tile;
use crate::linalg::{Field, Real};
use crate::options::solve::Scale;

impl<T: Real> Encoder<T> {
    /// X − D∗z after a solve, X after [`Self::load`]: (signals × channels) fields over what atoms
    /// at this rank's positions reach, positions without periods.
    pub(crate) fn residual(&self) -> Field<'_, T> {
        let n = self.shape.n_signals * self.shape.n_channels;
        self.window.fields(0, n)
    }

    /// Collective: takes in signals without a solve.
    pub(crate) fn load(&mut self, x: &Field<'_, T>) -> Result<()> {
        self.ranks.agree(self.check_x(x))?;
        self.prepare(x.block())?;
        let taken = self.take_in(x);
        self.ranks.agree(taken)
    }

    /// Collective: settles who works on what, for signals that lie like this.
    pub(crate) fn settle(&mut self, block: Block) -> Result<()> {
        self.prepare(block)
    }

    /// The tiles on this rank.
    pub(crate) fn own_tiles(&self) -> Vec<Tile> {
        let tiles = 0..self.tiles.len();
        tiles.map(|index| self.tiles.tile(index).tile.clone()).collect()
    }

    /// The largest tile of all.
    pub(crate) fn largest_tile(&self) -> Point {
        self.grid.largest()
    }

    /// λ of every atom, absolute, from now on.
    pub(crate) fn set_lambda(&mut self, lambda: &[f64]) {
        self.options.reg_scale = Scale::Absolute;
        self.options.reg_per_atom = lambda.to_vec();
    }

    /// Collective: the activations of other ranks' tiles within reach of this rank's.
    pub(crate) fn halo_activations(&self) -> Result<Vec<Activation<T>>> {
        let own = self.tiles.numbers();
        let mut halo = Vec::new();
        self.tiles.for_each_list(&self.plan, &mut |number, list| {
            if own.binary_search(&number).is_err() {
                let signal = self.grid.tile(number).signal;
                halo.extend(list.iter().map(|step| {
                    let delta = self.scaling.leave(step.atom as usize, step.delta);
                    activation(signal, &Step { delta, ..*step })
                }));
            }
        })?;
        Ok(halo)
    }

    /// Collective: hands each of these activations to the rank that works on its position; gives
    /// those for this rank, sorted by (signal, atom, position).
    pub(crate) fn route(&self, moved: &[Activation<T>]) -> Result<Vec<Activation<T>>> {
        let mine = self.region();
        let with = |rank: usize, part: Block| {
            let idle = mine.is_empty() || self.regions.get(rank).is_none_or(Block::is_empty);
            if idle { Block::default() } else { part }
        };
        let given = |rank: usize| with(rank, self.regions.get(rank).copied().unwrap_or_default());
        let taken = |rank: usize| with(rank, mine);
        let list = |part: &Block, signal: usize, list: &mut Vec<Step<T>>| {
            let here = |a: &&Activation<T>| a.signal == signal && part.contains(&a.at);
            list.extend(moved.iter().filter(here).map(|a| Step {
                at: a.at.map(|x| x as i32),
                atom: a.atom as u32,
                delta: a.value,
            }));
        };
        let own = self.swap_lists(given, taken, list)?;
        let mut own: Vec<_> = own.iter().map(|(s, step)| activation(*s, step)).collect();
        in_order(&mut own);
        Ok(own)
    }

    /// Forgets z and how it came about, and takes of these activations, sorted by (signal, atom,
    /// position), those on this rank: a solve that starts from them depends on nothing else.
    pub(crate) fn set_activations(&mut self, list: &[Activation<T>]) {
        let tiles = self.own_tiles();
        for index in 0..tiles.len() {
            self.tiles.tile(index).forget();
        }
        let places = Places::new(&tiles);
        for activation in list {
            let Some(index) = places.tile_at(activation.signal, activation.at) else {
                continue;
            };
            let state = &mut *self.tiles.tile(index);
            let at = std::array::from_fn(|a| activation.at[a] - state.tile.origin[a]);
            let z = self.scaling.enter(activation.atom, activation.value);
            state.set_z(&self.plan, at, activation.atom, z);
        }
    }
}

fn activation<T: Real>(signal: usize, step: &Step<T>) -> Activation<T> {
    Activation { signal, atom: step.atom as usize, at: step.at.map(i64::from), value: step.delta }
}

/// Finds the tile of a position.
pub(crate) struct Places<'t> {
    tiles: &'t [Tile],
    /// (signal, origin) with the tile's index, sorted.
    cuts: [Vec<i64>; AXES],
    by_corner: std::collections::HashMap<(usize, [i64; AXES]), usize>,
}

impl<'t> Places<'t> {
    pub(crate) fn new(tiles: &'t [Tile]) -> Self {
        let cuts = std::array::from_fn(|a| {
            let mut cuts: Vec<i64> = tiles.iter().map(|tile| tile.origin[a]).collect();
            cuts.sort_unstable();
            cuts.dedup();
            cuts
        });
        let corner = |(index, tile): (usize, &Tile)| ((tile.signal, tile.origin), index);
        Places { tiles, cuts, by_corner: tiles.iter().enumerate().map(corner).collect() }
    }

    /// Tiles lie on a grid: the last cut before a position is the corner of its tile.
    pub(crate) fn tile_at(&self, signal: usize, at: [i64; AXES]) -> Option<usize> {
        let mut corner = [0; AXES];
        for a in 0..AXES {
            let cut = self.cuts[a].partition_point(|cut| *cut <= at[a]).checked_sub(1)?;
            corner[a] = self.cuts[a][cut];
        }
        let index = *self.by_corner.get(&(signal, corner))?;
        let tile = &self.tiles[index];
        let inside = (0..AXES).all(|a| at[a] < tile.origin[a] + tile.shape[a]);
        inside.then_some(index)
    }
}
