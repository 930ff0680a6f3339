//! What an encoder will take, before it is made.

use crate::base::error::Result;
use crate::base::memory;
use crate::csc::descent::tiles::room::bytes_to_come;
use crate::csc::encoder::begin::coarse_by;
use crate::csc::encoder::fingerprint::same_problem;
use crate::csc::encoder::placed::{gathered, shares, window_of};
use crate::csc::problem::analysis::Analysis;
use crate::csc::problem::layout::{self, group_shape};
use crate::csc::problem::shape::Shape;
use crate::grid::block::{Block, fails_unless_a_partition};
use crate::grid::point::{AXES, checked_volume};
use crate::linalg::{Atoms, Dictionary, Real};
use crate::options::solve::{Background, Missing, Options, Proof, Schedule};
use crate::ranks::Transport;
use crate::ranks::alike::fails_unless_alike;
use std::ops::Range;

/// Tiles that are looked at: where there are more, a part of them stands for all.
const MOST_TILES: usize = 1 << 16;

/// Part of all else that is left for z ≠ 0, and for steps on their way between tiles.
const OF_ACTIVATIONS: usize = 10;

/// Bytes.
pub(crate) struct Room {
    /// About what [`Info::bytes`](crate::csc::Info) will be, rather more than less.
    pub(crate) bytes: usize,
    /// As [`Info::bytes_gram`](crate::csc::Info) has them.
    pub(crate) gram: usize,
    /// What weights of samples take besides, once they are given.
    pub(crate) weights: usize,
    /// What factors of λ take besides.
    pub(crate) penalties: usize,
}

/// Collective: what an encoder will take on this rank, from its first solve on, of signals of which each rank brings a block.
pub(crate) fn room<T: Real>(ranks: &dyn Transport, shape: &Shape, options: &Options, block: &Block) -> Result<Room> {
    let blocks = blocks::<T>(ranks, shape, options, block)?;
    ranks.agree(of_blocks::<T>(shape, options, &blocks, ranks.rank(), false))
}

/// Collective: the blocks of all ranks. Fails unless all ranks ask for the same, and for what there can be.
pub(crate) fn blocks<T: Real>(
    ranks: &dyn Transport,
    shape: &Shape,
    options: &Options,
    block: &Block,
) -> Result<Vec<Block>> {
    let fits = options.check_together().and_then(|()| options.check_lengths(shape.n_axes, shape.n_atoms));
    ranks.agree(fits)?;
    fails_unless_alike(ranks, &same_problem(size_of::<T>(), shape, options))?;
    let blocks = gathered(ranks, block)?;
    fails_unless_a_partition("the blocks of x", &blocks, &Block::whole(shape.signal), shape.n_axes)?;
    Ok(blocks)
}

/// What it takes on one of the ranks that hold these blocks. `left_out`: samples that have gone wrong are holes.
pub(crate) fn of_blocks<T: Real>(
    shape: &Shape,
    options: &Options,
    blocks: &[Block],
    me: usize,
    left_out: bool,
) -> Result<Room> {
    // All signals are cut alike.
    let (grid, _) = layout::grid(&Shape { n_signals: 1, ..shape.clone() }, options)?;
    let group = group_shape(shape.valid(), shape.n_atoms);
    let exact = options.schedule == Schedule::Published;
    let double = size_of::<T>() > size_of::<f32>();
    let part = &shares(&grid, blocks)[me];
    let (looked_at, times) = sample(part);
    let times = times * shape.n_signals as f64;
    let own = grid.tiles_in(&looked_at);
    // A tight proof goes on to where single precision is not enough.
    let single = double && !exact && coarse_by(options) && options.proof == Proof::Quick;
    let atom = (&shape.atom, shape.n_channels);
    let tiles = bytes_to_come::<T>(&grid, &own, &group, shape.n_atoms, atom, single);
    let [plain, of_weights, penalties] =
        [tiles.plain, tiles.weights, tiles.factors].map(|bytes| (bytes as f64 * times).ceil() as usize);
    let n_values = window_of(shape, &grid.region(part)).volume() as usize * shape.n_signals * shape.n_channels;
    let field = n_values * size_of::<T>();
    // Of floats it is known what they may be wrong by.
    let window = if double { field } else { 2 * field };
    let background = match options.background {
        Background::Smooth => n_values * size_of::<f64>(),
        Background::None | Background::Mean => 0,
    };
    let volume = shape.atom.iter().product::<i64>() as usize;
    let mut d: Vec<T> = memory::zeroed("the dictionary", shape.n_atoms * shape.n_channels * volume)?;
    d.fill(T::one());
    let (n_atoms, n_channels) = (shape.n_atoms, shape.n_channels);
    let ones = Dictionary { n_atoms, n_channels, shape: shape.atom, shapes: Vec::new(), atoms: Atoms::Full(d) };
    let analysis = Analysis::new(shape, options, ones, [false; AXES], grid.largest())?;
    let atoms = analysis.bytes();
    // Three orders of atoms, one of them perhaps in single precision.
    let in_force = of_weights + field + 3 * analysis.dictionary().bytes();
    // Holes are as many weights, which nobody gives.
    let out = if left_out { n_values } else { 0 };
    let (holes, weights) = match left_out || options.missing == Missing::Nan {
        false => (0, in_force + field),
        true => (in_force + out, field),
    };
    let bytes = plain + window + background + atoms;
    let bytes = bytes + bytes / OF_ACTIVATIONS + holes;
    Ok(Room { bytes, gram: of_gram::<T>(shape, exact)?, weights, penalties })
}

/// A box of tiles that stands for another one, and how many times as many that has.
fn sample(part: &[Range<usize>; AXES]) -> ([Range<usize>; AXES], f64) {
    let count = |part: &[Range<usize>; AXES]| part.iter().map(|range| range.len()).product::<usize>();
    let mut some = part.clone();
    while count(&some) > MOST_TILES {
        if let Some(longest) = some.iter_mut().max_by_key(|range| range.len()) {
            longest.end -= longest.len() / 2;
        }
    }
    let times = count(part) as f64 / count(&some).max(1) as f64;
    (some, times)
}

/// The Gram tensor, and the largest values of it over groups.
fn of_gram<T: Real>(shape: &Shape, exact: bool) -> Result<usize> {
    let (k, group) = (shape.n_atoms as i64, group_shape(shape.valid(), shape.n_atoms));
    let [w0, w1, w2] = shape.atom.map(|l| 2 * l - 1);
    let values = checked_volume("the Gram tensor", [k, k, w0, w1, w2])?;
    let near = |a: usize| group[a] * (2 * ((shape.atom[a] + group[a] - 2) / group[a]) + 1);
    let reach = checked_volume("bounds", [k, near(0), near(1), near(2)])?;
    Ok(values * if exact { size_of::<T>() } else { size_of::<f32>() } + reach * size_of::<T>())
}
