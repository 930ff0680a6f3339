//! Finds the tile of a position, among some tiles of a grid.

use crate::grid::point::AXES;
use crate::grid::tiles::Tile;

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
