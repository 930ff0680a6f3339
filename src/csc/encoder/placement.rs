//! Which rank works on what, and how fields get there.

use crate::base::error::{Error, Result};
use crate::csc::descent::exchange::{Exchange, Window};
use crate::csc::descent::tiles::Tiles;
use crate::csc::encoder::Encoder;
use crate::grid::block::{Block, balanced, fails_unless_a_partition};
use crate::grid::point::AXES;
use crate::grid::tiles::{Tile, TileGrid};
use crate::linalg::{Field, Real};
use crate::ranks::Reduce;

/// The tiles that each rank works on, as intervals of the grid, where they hold these blocks: whoever holds the middle of a
/// tile gets it, or all get equal shares where that would leave ranks idle.
fn shares(grid: &TileGrid, blocks: &[Block]) -> Vec<[std::ops::Range<usize>; AXES]> {
    let parts: Vec<[std::ops::Range<usize>; AXES]> = blocks
        .iter()
        .map(|block| {
            std::array::from_fn(|a| match block.is_empty() {
                true => 0..0,
                false => grid.intervals(a, block.origin[a], block.end(a)),
            })
        })
        .collect();
    let sizes = parts.iter().map(|part| part.iter().map(|range| range.len()).product());
    let most: usize = sizes.max().unwrap_or(0);
    let counts = grid.counts();
    let fair = counts.iter().product::<usize>().div_ceil(blocks.len());
    match most > 2 * fair {
        true => balanced(counts, blocks.len()),
        false => parts,
    }
}

impl<T: Real> Encoder<T> {
    /// Settles which rank works on which tiles, from the blocks of the signals or activations that
    /// they hold. Collective.
    pub(super) fn place(&mut self, blocks: &[Block]) -> Result<()> {
        let parts = shares(&self.grid, blocks);
        let me = self.ranks.rank();
        self.regions = parts.iter().map(|part| self.grid.region(part)).collect();
        let owner = |tile: &Tile| {
            let region = self.regions.iter().position(|r| r.contains(&tile.origin));
            region.unwrap_or(0)
        };
        let own = self.grid.tiles_in(&parts[me]);
        let (ranks, n_atoms) = (self.ranks.clone(), self.shape.n_atoms);
        let tiles = Tiles::new(&self.grid, own, owner, ranks, &self.plan.group, n_atoms);
        let n_fields = self.shape.n_signals * self.shape.n_channels;
        let window = Window::new(self.window_of(&self.regions[me]), n_fields);
        let placed = tiles.and_then(|tiles| Ok((tiles, window?)));
        match self.ranks.agree(placed) {
            Ok((tiles, window)) => (self.tiles, self.window) = (tiles, window),
            Err(error) => {
                self.regions.clear();
                return Err(error);
            }
        }
        Ok(())
    }

    /// The positions of the signals that the activations of a region depend on.
    pub(super) fn window_of(&self, region: &Block) -> Block {
        match region.is_empty() {
            true => Block::default(),
            false => Block {
                origin: region.origin,
                shape: std::array::from_fn(|a| region.shape[a] + self.shape.atom[a] - 1),
            },
        }
    }

    /// Collective: the blocks of all ranks.
    pub(super) fn gather_blocks(&self, block: &Block) -> Result<Vec<Block>> {
        let [o0, o1, o2] = block.origin;
        let [n0, n1, n2] = block.shape;
        let all = self.ranks.all_gather(&[o0, o1, o2, n0, n1, n2])?;
        let block = |n: &[i64]| Block { origin: [n[0], n[1], n[2]], shape: [n[3], n[4], n[5]] };
        Ok(all.chunks_exact(6).map(block).collect())
    }

    /// Collective: makes ready to take in signals that lie like this, and keeps that for the next.
    pub(super) fn prepare(&mut self, block: Block) -> Result<()> {
        let known = self.exchange.as_ref().is_some_and(|x| x.block == block);
        let news = self.ranks.reduce(Reduce::Max, &[i64::from(!known)])?[0];
        if news == 0 {
            return Ok(());
        }
        let blocks = self.gather_blocks(&block)?;
        let domain = Block::whole(self.shape.signal);
        fails_unless_a_partition("the blocks of x", &blocks, &domain, self.shape.n_axes)?;
        if self.regions.is_empty() {
            self.place(&blocks)?;
        }
        let windows: Vec<Block> = self.regions.iter().map(|r| self.window_of(r)).collect();
        let period = |a: usize| {
            if self.shape.periodic[a] { self.shape.signal[a] } else { 0 }
        };
        let periods = std::array::from_fn(period);
        self.exchange = Some(Exchange::new(self.ranks.rank(), &blocks, &windows, &periods));
        Ok(())
    }

    /// Collective: fills the window with the signals.
    pub(super) fn take_in(&mut self, x: &Field<'_, T>) -> Result<()> {
        match &self.exchange {
            Some(exchange) => exchange.run(&self.tiles.halo, x, &mut self.window),
            None => Err(Error::Internal("signals without a way to the tiles".into())),
        }
    }

    /// The part of the activations whose tiles are on this rank: empty before it is settled, and on
    /// ranks that have none.
    pub fn region(&self) -> Block {
        let region = self.regions.get(self.ranks.rank());
        region.copied().unwrap_or_default()
    }
}
