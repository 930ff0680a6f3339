//! What a learner will take, before it is made.

use crate::base::error::Result;
use crate::csc::encoder::room::{Room, blocks, of_blocks};
use crate::csc::{Options, Shape};
use crate::grid::block::Block;
use crate::grid::point::checked_volume;
use crate::learn::setup::Setup;
use crate::linalg::Real;
use crate::ranks::Transport;
use std::sync::Arc;

/// Part of what an encoder takes that is left for the list of z ≠ 0, which is there beside.
const OF_LIST: usize = 40;

/// Collective: what there will be on this rank, from the first step on, of signals of which each rank brings a block.
pub(crate) fn room<T: Real>(
    ranks: &Arc<dyn Transport>,
    shape: &Shape,
    options: &Options,
    block: &Block,
) -> Result<Room> {
    let given = blocks::<T>(&**ranks, shape, options, block)?;
    let found = Setup::<T>::of_options(ranks.clone(), shape.clone(), options.clone(), 1, true)
        .and_then(|setup| of_setup(&setup, &given));
    ranks.agree(found)
}

fn of_setup<T: Real>(setup: &Setup<T>, given: &[Block]) -> Result<Room> {
    let (shape, learn) = (&setup.shape, &setup.options.learn);
    let (me, size) = (setup.ranks.rank(), setup.ranks.size());
    let blocks: Vec<Block> = match &setup.crops {
        Some(crops) => (0..size).map(|rank| crops.slab(rank, size)).collect(),
        None => given.to_vec(),
    };
    let coder = of_blocks::<T>(&setup.coded(), &setup.options_of_steps(), &blocks, me, learn.robust > 0.0)?;
    let (k, p, [l0, l1, l2]) = (shape.n_atoms as i64, shape.n_channels as i64, shape.atom);
    let what = "the statistics";
    let ztx = checked_volume(what, [k, p, l0, l1, l2])?;
    let ztz = checked_volume(what, [k, k, 2 * l0 - 1, 2 * l1 - 1, 2 * l2 - 1])?;
    let atoms = match learn.rank_one {
        true => shape.n_atoms * (shape.n_channels + ztx / shape.n_atoms / shape.n_channels),
        false => ztx,
    };
    // Those that were given are kept beside those that are learned.
    let atoms = atoms * size_of::<T>() * if learn.needs_dictionary() { 2 } else { 1 };
    let bytes = coder.bytes + coder.bytes / OF_LIST + (ztx + ztz) * size_of::<f64>() + atoms;
    // Weights lie as they were given, of all signals, and as the encoder needs them; crops have none.
    let own = given[me].volume() as usize * shape.n_signals * shape.n_channels * size_of::<T>();
    let weights = if setup.crops.is_some() { 0 } else { own + coder.weights };
    Ok(Room { bytes, weights, ..coder })
}
