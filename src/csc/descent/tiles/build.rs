//! How the tiles of a rank are laid out, and the edges along which steps travel between them and to other ranks.

use crate::base::error::Result;
use crate::base::memory;
use crate::clock;
use crate::csc::descent::halo::{Halo, Partner};
use crate::csc::descent::tile::TileState;
use crate::csc::descent::tiles::{Edge, End, Phase, Tiles};
use crate::grid::point::Point;
use crate::grid::tiles::{Neighbour, Number, Tile, TileGrid};
use crate::linalg::Real;
use crate::ranks::Transport;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, RwLock};

/// The tiles of a rank and, as ghosts, those of others around them.
struct Known {
    /// How many are this rank's own: they come first.
    n: usize,
    numbers: Vec<Number>,
    /// What is around each own one.
    around: Vec<Vec<Neighbour>>,
}

impl Known {
    fn new(grid: &TileGrid, own: Vec<Number>) -> Result<Self> {
        let n = own.len();
        let mut around = Vec::new();
        memory::reserve("the tiles", &mut around, n)?;
        for number in &own {
            clock::check()?;
            around.push(grid.neighbours(*number));
        }
        let mut ghosts = BTreeSet::new();
        for from in around.iter().flatten() {
            if own.binary_search(&from.tile).is_err() {
                ghosts.insert(from.tile);
            }
        }
        let mut numbers = own;
        numbers.extend(&ghosts);
        Ok(Known { n, numbers, around })
    }

    /// Place of a tile in the list.
    fn place(&self, number: Number) -> usize {
        let (own, ghosts) = self.numbers.split_at(self.n);
        own.binary_search(&number)
            .or_else(|_| ghosts.binary_search(&number).map(|place| self.n + place))
            .unwrap_or(usize::MAX)
    }
}

/// With whom steps are exchanged. What is a ghost here has a neighbour here, which is a ghost there.
struct Exchanges {
    /// The rank that a ghost is on.
    hosts: BTreeMap<usize, usize>,
    /// By rank: own tiles that it has to hear of, and its ghosts here.
    lists: BTreeMap<usize, (BTreeSet<usize>, Vec<usize>)>,
}

impl Exchanges {
    fn new(known: &Known, rank_of: impl Fn(Number) -> usize) -> Self {
        let mut found = Exchanges { hosts: BTreeMap::new(), lists: BTreeMap::new() };
        for (ghost, number) in known.numbers.iter().enumerate().skip(known.n) {
            let rank = rank_of(*number);
            found.hosts.insert(ghost, rank);
            found.lists.entry(rank).or_default().1.push(ghost);
        }
        found
    }

    fn partners(self) -> Vec<Partner> {
        let partner = |(rank, (sends, receives)): (usize, (BTreeSet<usize>, Vec<usize>))| Partner {
            rank,
            sends: sends.into_iter().collect(),
            receives,
        };
        self.lists.into_iter().map(partner).collect()
    }
}

fn flags(n: usize) -> Vec<AtomicBool> {
    (0..n).map(|_| AtomicBool::new(false)).collect()
}

fn counters(n: usize) -> Vec<AtomicU64> {
    (0..n).map(|_| AtomicU64::new(0)).collect()
}

impl<T: Real> Tiles<T> {
    /// The tiles with the numbers `own`, in order; `owner` tells which rank another tile is on.
    pub(crate) fn new(
        grid: &TileGrid,
        own: Vec<Number>,
        owner: &dyn Fn(&Tile) -> usize,
        ranks: Arc<dyn Transport>,
        group: &Point,
        n_atoms: usize,
    ) -> Result<Self> {
        let mut known = Known::new(grid, own)?;
        let mut exchanges = Exchanges::new(&known, |number| owner(&grid.tile(number)));
        let mut tiles = Tiles::unconnected(grid, &known, ranks.clone());
        memory::reserve("the tiles", &mut tiles.states, known.n)?;
        for index in 0..known.n {
            clock::check()?;
            let number = known.numbers[index];
            let around = std::mem::take(&mut known.around[index]).into_iter();
            let (own, others): (Vec<_>, Vec<_>) = around.partition(|from| from.tile == number);
            tiles.connect(grid, &known, index, others, &mut exchanges);
            let images = own.into_iter().map(|own| own.shift).collect();
            let place = grid.within_signal(number);
            let state = TileState::new(grid.tile(number), images, (number, place), group, n_atoms)?;
            tiles.states.push(Mutex::new(state));
        }
        tiles.halo = Halo::new(ranks, exchanges.partners());
        tiles.numbers = known.numbers;
        Ok(tiles)
    }

    /// Without states or edges.
    fn unconnected(grid: &TileGrid, known: &Known, ranks: Arc<dyn Transport>) -> Self {
        let (n, all) = (known.n, known.numbers.len());
        let empty = |_| Phase { boundary: Vec::new(), interior: Vec::new() };
        Tiles {
            states: Vec::new(),
            outboxes: (0..all).map(|_| RwLock::default()).collect(),
            phases: (0..grid.n_colours()).map(empty).collect(),
            before: Vec::new(),
            edges: Vec::new(),
            out: vec![Vec::new(); all],
            mail: flags(n),
            awake: flags(n),
            finished: counters(n),
            last_steps: counters(n),
            news: flags(n),
            n_global: grid.len(),
            halo: Halo::new(ranks, Vec::new()),
            record: None,
            trace: None,
            numbers: Vec::new(),
        }
    }

    /// Connects the next tile with those from which steps reach it.
    fn connect(
        &mut self,
        grid: &TileGrid,
        known: &Known,
        index: usize,
        others: Vec<Neighbour>,
        exchanges: &mut Exchanges,
    ) {
        let colour = grid.colour(known.numbers[index]);
        let mut edges = Vec::new();
        let mut partners = BTreeSet::new();
        let mut before = BTreeSet::new();
        for (at, from) in others.into_iter().enumerate() {
            let tile = known.place(from.tile);
            self.out[tile].push(End { tile: index as u32, edge: at as u32 });
            partners.extend(exchanges.hosts.get(&tile));
            if tile < known.n && grid.colour(from.tile) < colour {
                before.insert(tile as u32);
            }
            edges.push(Edge { from: tile, shift: from.shift, mail: AtomicBool::new(false) });
        }
        self.edges.push(edges);
        self.before.push(before.into_iter().collect());
        let phase = &mut self.phases[colour];
        match partners.is_empty() {
            true => phase.interior.push(index),
            false => phase.boundary.push(index),
        }
        for rank in partners {
            exchanges.lists.entry(rank).or_default().0.insert(index);
        }
    }
}
