//! What the tiles of a rank will take, before they are there.

use crate::csc::descent::tile::{Factors, Step, TileState, Weights};
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

/// Bytes as [`Tiles::bytes`] counts them.
#[derive(Default)]
pub(crate) struct OfTiles {
    /// Once there are signals, but for z ≠ 0, and steps on their way between tiles.
    pub(crate) plain: usize,
    /// What weights of samples add where each tile has some, and factors of λ.
    pub(crate) weights: usize,
    pub(crate) factors: usize,
}

/// What there will be. `atom`: its shape and channels; `single`: c is in single precision.
pub(crate) fn bytes_to_come<T: Real>(
    grid: &TileGrid,
    own: &[Number],
    group: &Point,
    n_atoms: usize,
    atom: (&Point, usize),
    single: bool,
) -> OfTiles {
    let (of_value, cache_line) = (if single { size_of::<f32>() } else { size_of::<T>() }, 64);
    let per_group = size_of::<Vec<u8>>() + 2 * size_of::<T>() + size_of::<u32>();
    let mut around = BTreeSet::new();
    let mut bytes = OfTiles::default();
    for number in own {
        let tile = grid.tile(*number);
        let values = tile.stored(group).iter().product::<i64>() as usize * n_atoms;
        let neighbours = grid.neighbours(*number);
        let others: Vec<Number> = neighbours.iter().map(|from| from.tile).filter(|tile| tile != number).collect();
        let lists = grown(others.len()) * (size_of::<Edge>() + size_of::<End>()) + others.len() * size_of::<u32>();
        bytes.plain += values * of_value + cache_line + tile.n_groups() * per_group + size_of::<TileState<T>>() + lists;
        bytes.weights += Weights::<T>::bytes_of(&tile, atom, values);
        bytes.factors += Factors::<T>::bytes_of(values, single);
        around.extend(others);
    }
    let n_ghosts = around.iter().filter(|number| own.binary_search(number).is_err()).count();
    let per_known = size_of::<RwLock<Vec<Step<T>>>>() + size_of::<Vec<u8>>();
    bytes.plain += own.len() * Tiles::<T>::BYTES_EACH + (own.len() + n_ghosts) * per_known;
    bytes
}
