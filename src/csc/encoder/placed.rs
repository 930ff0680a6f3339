//! All that follows from who holds what: which rank works on which tiles, and how fields and activations get there.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::wording::per_axis;
use crate::csc::background::{Background, Rule, unknown};
use crate::csc::descent::exchange::{Exchange, Window};
use crate::csc::descent::halo::{decode, encode};
use crate::csc::descent::tile::{Step, TileState};
use crate::csc::descent::tiles::Tiles;
use crate::csc::encoder::factors::Penalties;
use crate::csc::encoder::weights::{Weighting, check};
use crate::csc::problem::layout::{self, group_shape};
use crate::csc::problem::shape::Shape;
use crate::grid::Segmentation;
use crate::grid::block::{Block, balanced, fails_unless_a_partition};
use crate::grid::point::{AXES, Point};
use crate::grid::tiles::{Tile, TileGrid};
use crate::linalg::{Field, Real};
use crate::options::solve::Options;
use crate::ranks::alike::{Alike, fails_unless_alike};
use crate::ranks::{Reduce, Tag, Transport};
use std::sync::{Arc, MutexGuard};

/// The domain as this rank has a share in it. Nothing here knows the dictionary: another one may come, and all of this stays.
pub(super) struct Placed<T: Real> {
    shape: Shape,
    ranks: Arc<dyn Transport>,
    grid: TileGrid,
    /// Those of the published schedule.
    segments: Option<Segmentation>,
    tiles: Tiles<T>,
    /// The part of the activations that each rank works on, once that is settled.
    regions: Vec<Block>,
    exchange: Option<Exchange>,
    /// The signals or the residual, where this rank needs it, times the weights.
    window: Window<T>,
    /// It is the residual.
    is_residual: bool,
    weighting: Weighting<T>,
    /// Of all factors of λ that tiles have; none: they have none.
    penalties: Option<Penalties>,
    rule: Rule,
    /// What the last signals lie on, over the window; none before there were any.
    background: Option<Background>,
}

/// The tiles that each rank works on, as intervals of the grid, where they hold these blocks: whoever holds the middle of a
/// tile gets it, or all get equal shares where that would leave ranks idle.
pub(super) fn shares(grid: &TileGrid, blocks: &[Block]) -> Vec<[std::ops::Range<usize>; AXES]> {
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

impl<T: Real> Placed<T> {
    /// Cuts the domain into tiles, of which no rank has any yet.
    pub(super) fn new(ranks: Arc<dyn Transport>, shape: Shape, options: &Options) -> Result<Self> {
        let (grid, segments) = layout::grid(&shape, options)?;
        let group = group_shape(shape.valid(), shape.n_atoms);
        let nowhere = |_: &Tile| 0;
        let tiles = Tiles::new(&grid, Vec::new(), &nowhere, ranks.clone(), &group, shape.n_atoms)?;
        let window = Window::new(Block::default(), 0)?;
        let (regions, weighting, rule) = (Vec::new(), Weighting::new(options.missing), Rule::new(&shape, options));
        let background = rule.is_none().then_some(Background::None);
        Ok(Placed {
            shape,
            ranks,
            grid,
            segments,
            tiles,
            regions,
            exchange: None,
            window,
            is_residual: false,
            weighting,
            penalties: None,
            rule,
            background,
        })
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    pub(super) fn ranks(&self) -> &Arc<dyn Transport> {
        &self.ranks
    }

    pub(super) fn grid(&self) -> &TileGrid {
        &self.grid
    }

    pub(super) fn segments(&self) -> Option<&Segmentation> {
        self.segments.as_ref()
    }

    pub(super) fn tiles(&self) -> &Tiles<T> {
        &self.tiles
    }

    /// For what is recorded of them.
    pub(super) fn tiles_mut(&mut self) -> &mut Tiles<T> {
        &mut self.tiles
    }

    /// This rank's tiles, one after the other.
    pub(super) fn states(&self) -> impl Iterator<Item = MutexGuard<'_, TileState<T>>> {
        (0..self.tiles.len()).map(|index| self.tiles.tile(index))
    }

    pub(super) fn window(&self) -> &Window<T> {
        &self.window
    }

    /// Finds the largest |value| of each signal in the window.
    pub(super) fn measure_window(&mut self) {
        self.window.measure(self.shape.n_signals);
    }

    /// The window, to be changed by what tiles hold that lie on this grid.
    pub(super) fn window_and_rest(&mut self) -> (&mut Window<T>, &Tiles<T>, &TileGrid, &Shape) {
        (&mut self.window, &self.tiles, &self.grid, &self.shape)
    }

    /// The window's fields, signal by signal.
    pub(super) fn signals(&self) -> Vec<Field<'_, T>> {
        (0..self.shape.n_signals).map(|signal| self.signal(signal)).collect()
    }

    /// The window's fields of one signal.
    pub(super) fn signal(&self, signal: usize) -> Field<'_, T> {
        let n = self.shape.n_channels;
        self.window.fields(signal * n, n)
    }

    /// The part of the activations that each rank works on; none before that is settled.
    pub(super) fn regions(&self) -> &[Block] {
        &self.regions
    }

    /// The part whose tiles are on this rank: empty before it is settled, and on ranks that have none.
    pub(super) fn region(&self) -> Block {
        let region = self.regions.get(self.ranks.rank());
        region.copied().unwrap_or_default()
    }

    /// Length of axes that wrap, else 0.
    pub(super) fn periods(&self) -> Point {
        let period = |a: usize| {
            if self.shape.periodic[a] { self.shape.signal[a] } else { 0 }
        };
        std::array::from_fn(period)
    }

    /// Number of z ≠ 0 on this rank.
    pub(super) fn n_nonzero(&self) -> usize {
        self.states().map(|state| state.n_nonzero()).sum()
    }

    /// Collective: number of z ≠ 0 on all ranks.
    pub(super) fn n_nonzero_of_all(&self) -> Result<u64> {
        let own = self.n_nonzero() as i64;
        Ok(self.ranks.reduce(Reduce::Sum, &[own])?[0] as u64)
    }

    /// Forgets z.
    pub(super) fn clear_z(&self) {
        self.states().for_each(|mut state| state.clear_z());
    }

    /// From now on only coordinates that are non-zero now may be chosen, or all.
    pub(super) fn freeze(&self, frozen: bool) {
        self.states().for_each(|mut state| state.freeze(frozen));
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let window = self.window.values.capacity() + self.window.sizes.capacity();
        let background = self.background.as_ref().map_or(0, Background::bytes);
        self.tiles.bytes() + self.weighting.bytes() + window * size_of::<T>() + background
    }

    /// Fails unless fields of signals are as many as they have to be, in the right place, and finite. Where samples may be
    /// missing, that is for [`Self::weigh`] to see.
    pub(super) fn check_x(&self, x: &Field<'_, T>) -> Result<()> {
        self.check_block("x", x.channels.len(), self.n_fields(), x.block(), self.shape.signal)?;
        if self.weighting.allows_holes() { Ok(()) } else { x.check_finite("x") }
    }

    pub(super) fn penalties(&self) -> Option<&Penalties> {
        self.penalties.as_ref()
    }

    pub(super) fn note_penalties(&mut self, penalties: Option<Penalties>) {
        self.penalties = penalties;
    }

    /// The least factor of λ.
    pub(super) fn least_factor(&self) -> f64 {
        self.penalties.as_ref().map_or(1.0, Penalties::least)
    }

    fn n_fields(&self) -> usize {
        self.shape.n_signals * self.shape.n_channels
    }

    pub(super) fn weighting(&self) -> &Weighting<T> {
        &self.weighting
    }

    pub(super) fn weighting_mut(&mut self) -> &mut Weighting<T> {
        &mut self.weighting
    }

    /// Finds the weights of signals in the window. Fails if one that is not missing is not finite.
    pub(super) fn find_weights(&mut self) -> Result<()> {
        self.weighting.find(&self.window, &self.shape)
    }

    /// The same, and multiplies them by it.
    pub(super) fn weigh(&mut self) -> Result<()> {
        self.find_weights()?;
        self.weighting.apply(&mut self.window);
        Ok(())
    }

    /// The same of a residual.
    pub(super) fn weigh_residual(&mut self) {
        self.weighting.apply(&mut self.window);
    }

    /// Collective: samples have these weights from now on, of which each rank brings a block, or all the same.
    pub(super) fn set_weights(&mut self, weights: Option<&Field<'_, T>>) -> Result<()> {
        let largest = weights.map_or(Ok(0.0), |w| {
            self.check_block("weights", w.channels.len(), self.n_fields(), w.block(), self.shape.signal)?;
            check(w, &self.shape)
        });
        let largest = self.ranks.agree(largest)?;
        let text = if weights.is_some() { "given" } else { "not given" };
        let given = Alike { argument: "weights".into(), number: weights.is_some().into(), text: text.into() };
        fails_unless_alike(&*self.ranks, &[given])?;
        let Some(weights) = weights else {
            self.weighting.set(None, 0.0);
            return Ok(());
        };
        self.prepare(weights.block())?;
        let taken = Window::new(self.window.block, self.n_fields());
        let mut taken = self.ranks.agree(taken)?;
        let moved = match &self.exchange {
            Some(exchange) => exchange.run(&self.tiles.halo, weights, &mut taken),
            None => Err(Error::Internal("weights without a way to the tiles".into())),
        };
        self.ranks.agree(moved)?;
        let largest = self.ranks.largest(&[largest])?[0];
        self.weighting.set(Some(taken.values), largest);
        Ok(())
    }

    /// Checks the number of channels, and that a block lies in the domain; with one rank, that it
    /// is the domain.
    pub(super) fn check_block(
        &self,
        argument: &str,
        channels: usize,
        expected: usize,
        block: Block,
        domain: Point,
    ) -> Result<()> {
        check_channels(argument, channels, expected, &block)?;
        if self.ranks.size() == 1 && block != Block::whole(domain) {
            let [shape, domain] = [block.shape, domain].map(|of| per_axis(&self.shape.unpadded(of)));
            let allowed = format!("of shape {domain}, the whole domain, on one rank");
            return Err(Error::shape(argument, format!("of shape {shape}"), allowed));
        }
        Ok(())
    }

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
        let group = group_shape(self.shape.valid(), n_atoms);
        let tiles = Tiles::new(&self.grid, own, &owner, ranks, &group, n_atoms);
        let n_fields = self.n_fields();
        let window = Window::new(window_of(&self.shape, &self.regions[me]), n_fields);
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

    /// Collective: the same, of blocks that cover `domain` once, unless it is settled already.
    pub(super) fn settle(&mut self, argument: &str, blocks: &[Block], domain: Point) -> Result<()> {
        fails_unless_a_partition(argument, blocks, &Block::whole(domain), self.shape.n_axes)?;
        match self.regions.is_empty() {
            true => self.place(blocks),
            false => Ok(()),
        }
    }

    /// Collective: the blocks of all ranks.
    pub(super) fn gather_blocks(&self, block: &Block) -> Result<Vec<Block>> {
        gathered(&*self.ranks, block)
    }

    /// Collective: makes ready to take in signals that lie like this, and keeps that for the next.
    pub(super) fn prepare(&mut self, block: Block) -> Result<()> {
        let known = self.exchange.as_ref().is_some_and(|x| x.block == block);
        let news = self.ranks.reduce(Reduce::Max, &[i64::from(!known)])?[0];
        if news == 0 {
            return Ok(());
        }
        let blocks = self.gather_blocks(&block)?;
        self.settle("the blocks of x", &blocks, self.shape.signal)?;
        let windows: Vec<Block> = self.regions.iter().map(|r| window_of(&self.shape, r)).collect();
        self.exchange = Some(Exchange::new(self.ranks.rank(), &blocks, &windows, &self.periods()));
        Ok(())
    }

    /// Whether something is taken from the signals.
    pub(super) fn has_background(&self) -> bool {
        !self.rule.is_none()
    }

    /// Collective: finds what signals lie on, to be taken from them when they are taken in.
    pub(super) fn find_background(&mut self, x: &Field<'_, T>) -> Result<()> {
        if self.has_background() {
            self.background = None;
            let windows: Vec<Block> = self.regions.iter().map(|r| window_of(&self.shape, r)).collect();
            self.background = Some(self.background_of(x, &windows)?);
        }
        Ok(())
    }

    /// Collective: what signals lie on, on the block of `targets` that is this rank's.
    pub(super) fn background_of(&self, x: &Field<'_, T>, targets: &[Block]) -> Result<Background> {
        if !self.has_background() {
            return Ok(Background::None);
        }
        let blocks = self.gather_blocks(&x.block())?;
        let with_holes = self.weighting.allows_holes();
        self.rule
            .find(&self.tiles.halo, &self.shape, x, [&blocks, targets], with_holes, &|wanted| self.given_on(wanted))
    }

    /// Collective: weights that were given, on the block of `wanted` that is this rank's, positions without periods.
    fn given_on(&self, wanted: &[Block]) -> Result<Option<Window<T>>> {
        let Some(given) = self.weighting.given(&self.window, &self.shape.cell(&self.region())) else {
            return Ok(None);
        };
        let me = self.ranks.rank();
        let mut found = self.ranks.agree(Window::new(wanted[me], self.n_fields()))?;
        let exchange = Exchange::new(me, &self.cells(), wanted, &self.periods());
        let moved = exchange.run(&self.tiles.halo, &given, &mut found);
        self.ranks.agree(moved.map(|()| Some(found)))
    }

    /// The positions of the signals that are each rank's, of all the domain.
    fn cells(&self) -> Vec<Block> {
        self.regions.iter().map(|region| self.shape.cell(region)).collect()
    }

    /// Collective: the least and the largest value of what the last signals lie on.
    pub(super) fn background_range(&self) -> Result<[f64; 2]> {
        self.background.as_ref().ok_or_else(unknown)?.range(&*self.ranks)
    }

    /// Collective: what the last signals lie on, on the block that this rank asks for. Fails before there were any.
    pub(super) fn background_on(&self, block: &Block) -> Result<Background> {
        let found = self.ranks.agree(self.background.as_ref().ok_or_else(unknown))?;
        let (held, wanted) = match self.rule.is_uneven() {
            true => (self.cells(), self.gather_blocks(block)?),
            false => (Vec::new(), Vec::new()),
        };
        found.on(&self.tiles.halo, &held, &wanted, self.n_fields())
    }

    /// Collective: fills the window with the signals, less what they lie on.
    pub(super) fn take_in(&mut self, x: &Field<'_, T>) -> Result<()> {
        self.is_residual = false;
        match &self.exchange {
            Some(exchange) => exchange.run(&self.tiles.halo, x, &mut self.window)?,
            None => return Err(Error::Internal("signals without a way to the tiles".into())),
        }
        let background = self.background.as_ref().ok_or_else(unknown)?;
        background.take_from(&mut self.window);
        Ok(())
    }

    /// D∗z has been taken from the signals in the window.
    pub(super) fn note_residual(&mut self) {
        self.is_residual = true;
    }

    /// Whether the window has what z leaves of the signals.
    pub(super) fn is_residual(&self) -> bool {
        self.is_residual
    }

    /// Collective: sends to each rank the lists of a box, per signal, and receives theirs. `given`
    /// and `taken` are the boxes that go to and come from a rank.
    pub(super) fn swap_lists(
        &self,
        given: impl Fn(usize) -> Block,
        taken: impl Fn(usize) -> Block,
        list: impl Fn(&Block, usize, &mut Vec<Step<T>>),
    ) -> Result<Vec<(usize, Step<T>)>> {
        let (me, size) = (self.ranks().rank(), self.ranks().size());
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
        self.ranks().agree(failure.map_or(Ok(all), Err))
    }
}

/// Fails unless fields over a block are as many as they have to be.
pub(super) fn check_channels(argument: &str, channels: usize, expected: usize, block: &Block) -> Result<()> {
    if channels == expected || block.is_empty() {
        return Ok(());
    }
    let name = format!("number of channels of {argument}");
    Err(Error::argument(&name, channels, expected))
}

/// Collective: the blocks of all ranks.
pub(crate) fn gathered(ranks: &dyn Transport, block: &Block) -> Result<Vec<Block>> {
    let [o0, o1, o2] = block.origin;
    let [n0, n1, n2] = block.shape;
    let all = ranks.all_gather(&[o0, o1, o2, n0, n1, n2])?;
    let block = |n: &[i64]| Block { origin: [n[0], n[1], n[2]], shape: [n[3], n[4], n[5]] };
    Ok(all.chunks_exact(6).map(block).collect())
}

/// The positions of the signals that the activations of a region depend on.
pub(super) fn window_of(shape: &Shape, region: &Block) -> Block {
    match region.is_empty() {
        true => Block::default(),
        false => Block { origin: region.origin, shape: std::array::from_fn(|a| region.shape[a] + shape.atom[a] - 1) },
    }
}
