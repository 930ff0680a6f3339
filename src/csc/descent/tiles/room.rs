//! What the tiles of a rank will take, before they are there.

use crate::csc::descent::tile::{Step, TileState};
use crate::csc::descent::tiles::{Edge, End, Tiles};
use crate::grid::point::Point;
use crate::grid::tiles::{Number, TileGrid};
use crate::linalg::Real;
use std::collections::BTreeSet;
use std::sync::RwLock;

/// Room that a list of so many has which has grown to that.
fn grown(n: usize) -> usize {
    if n == 0 { 0 } else { n.next_power_of_two().max(4) }
}

/// Bytes as [`Tiles::bytes`] counts them once there are signals, but for z ≠ 0, weights, and steps on their way between tiles.
/// `single`: c is in single precision.
pub(crate) fn bytes_to_come<T: Real>(
    grid: &TileGrid,
    own: &[Number],
    group: &Point,
    n_atoms: usize,
    single: bool,
) -> usize {
    let (of_value, cache_line) = (if single { size_of::<f32>() } else { size_of::<T>() }, 64);
    let per_group = size_of::<Vec<u8>>() + 2 * size_of::<T>() + size_of::<u32>();
    let mut around = BTreeSet::new();
    let mut bytes = 0;
    for number in own {
        let tile = grid.tile(*number);
        let values = tile.stored(group).iter().product::<i64>() as usize * n_atoms;
        let neighbours = grid.neighbours(*number);
        let others: Vec<Number> = neighbours.iter().map(|from| from.tile).filter(|tile| tile != number).collect();
        let lists = grown(others.len()) * (size_of::<Edge>() + size_of::<End>()) + others.len() * size_of::<u32>();
        bytes += values * of_value + cache_line + tile.n_groups() * per_group + size_of::<TileState<T>>() + lists;
        around.extend(others);
    }
    let n_ghosts = around.iter().filter(|number| own.binary_search(number).is_err()).count();
    let per_known = size_of::<RwLock<Vec<Step<T>>>>() + size_of::<Vec<u8>>();
    bytes + own.len() * Tiles::<T>::BYTES_EACH + (own.len() + n_ghosts) * per_known
}
