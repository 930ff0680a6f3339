//! The tiles on which the solver works: one global grid per signal, whatever the number of threads
//! or ranks.
//!
//! Every problem is treated with three axes; one with fewer gets leading axes of length 1.

use crate::error::{Error, Result};

/// Number of axes that every problem is padded to.
pub const AXES: usize = 3;

/// A position or a shape on the padded axes.
pub type Point = [i64; AXES];

/// Pads with leading ones (shapes) or zeros (positions) to [`AXES`] axes.
pub fn padded(values: &[i64], fill: i64) -> Point {
    let mut point = [fill; AXES];
    point[AXES - values.len()..].copy_from_slice(values);
    point
}

/// Product of a shape, or an error when it overflows.
pub fn checked_volume(what: &str, factors: impl IntoIterator<Item = i64>) -> Result<usize> {
    factors
        .into_iter()
        .try_fold(1i64, |product, factor| product.checked_mul(factor))
        // An array must be addressable in bytes, too.
        .filter(|product| *product <= i64::MAX / 16)
        .and_then(|product| usize::try_from(product).ok())
        .ok_or_else(|| Error::memory(what, "more than 2^63"))
}

/// One tile: a box of positions, and the group grid inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Which of several independent signals it belongs to.
    pub signal: usize,
    /// First position.
    pub origin: Point,
    /// Extent.
    pub shape: Point,
    /// Groups per axis: the extent over the group shape, rounded up.
    pub groups: Point,
}

impl Tile {
    /// Number of groups.
    pub fn n_groups(&self) -> usize {
        self.groups.iter().product::<i64>() as usize
    }

    /// Extent in memory: whole groups.
    #[inline(always)]
    pub fn stored(&self, group_shape: &Point) -> Point {
        std::array::from_fn(|axis| self.groups[axis] * group_shape[axis])
    }

    /// First position of a group, relative to the tile's.
    #[inline(always)]
    pub fn group_origin(&self, group: usize, group_shape: &Point) -> Point {
        let group = group as i64;
        let [_, n1, n2] = self.groups;
        let at = [group / (n1 * n2), group / n2 % n1, group % n2];
        std::array::from_fn(|axis| at[axis] * group_shape[axis])
    }
}

/// A tile from which steps reach another, seen from the latter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Index of the tile that makes the steps.
    pub tile: usize,
    /// What has to be added to their positions: a period on an axis that wraps, else zero.
    pub shift: Point,
}

/// The tiles of all signals, their colours and their neighbours.
#[derive(Clone, Debug)]
pub struct TileGrid {
    /// The tiles, signal by signal, row-major.
    pub tiles: Vec<Tile>,
    /// Tiles of one colour never meet: no step of one reaches another.
    pub colours: Vec<Vec<usize>>,
    /// For each tile, where steps come from. A tile whose own steps come back around a period is
    /// its own neighbour.
    pub neighbours: Vec<Vec<Neighbour>>,
}

/// What a [`TileGrid`] is made from.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Number of independent signals.
    pub n_signals: usize,
    /// Shape of the activations.
    pub valid: Point,
    /// Shape of the atoms.
    pub atom: Point,
    /// Axes that wrap around.
    pub periodic: [bool; AXES],
    /// Shape of a group.
    pub group: Point,
}

impl Layout {
    /// Tile boundaries along one axis, for tiles of about `size` positions: multiples of the group
    /// length, none shorter than the reach of a step, balanced, and of an even number on an axis
    /// that wraps so that two colours suffice.
    fn balanced_cuts(&self, axis: usize, size: i64) -> Vec<i64> {
        let (valid, group) = (self.valid[axis], self.group[axis]);
        let size = size.max(self.atom[axis]).min(valid);
        // Whole groups; the last one may be cut by the end of the domain.
        let groups = (valid + group - 1) / group;
        let least = (size + group - 1) / group;
        let mut count = (groups / least).max(1);
        // The last tile loses what the domain cuts from its last group.
        while count > 1 {
            let last_start = groups * (count - 1) / count * group;
            if valid - last_start >= self.atom[axis].min(size) {
                break;
            }
            count -= 1;
        }
        if self.periodic[axis] && count % 2 == 1 {
            count -= if count > 1 { 1 } else { 0 };
        }
        let mut cuts: Vec<i64> = (0..count).map(|i| groups * i / count * group).collect();
        cuts.push(valid);
        cuts
    }

    /// The grid for the coloured schedule.
    pub fn coloured(&self, size: &Point) -> TileGrid {
        let cuts = std::array::from_fn(|axis| self.balanced_cuts(axis, size[axis]));
        self.grid(&cuts)
    }

    /// The grid with given boundaries; its colours hold only if no tile but the last on an axis is
    /// shorter than an atom.
    pub fn grid(&self, cuts: &[Vec<i64>; AXES]) -> TileGrid {
        let counts: [usize; AXES] = std::array::from_fn(|axis| cuts[axis].len() - 1);
        let per_signal: usize = counts.iter().product();
        let mut tiles = Vec::with_capacity(per_signal * self.n_signals);
        let mut neighbours = Vec::with_capacity(per_signal * self.n_signals);
        let mut colours = vec![Vec::new(); 1 << AXES];
        let reach: [Vec<Vec<(usize, i64)>>; AXES] =
            std::array::from_fn(|axis| self.reach(axis, &cuts[axis]));
        for signal in 0..self.n_signals {
            let first = signal * per_signal;
            for index in 0..per_signal {
                let at = [
                    index / (counts[1] * counts[2]),
                    index / counts[2] % counts[1],
                    index % counts[2],
                ];
                let origin: Point = std::array::from_fn(|a| cuts[a][at[a]]);
                let shape: Point = std::array::from_fn(|a| cuts[a][at[a] + 1] - origin[a]);
                let groups =
                    std::array::from_fn(|a| (shape[a] + self.group[a] - 1) / self.group[a]);
                let colour = (0..AXES).fold(0, |colour, a| 2 * colour + at[a] % 2);
                colours[colour].push(tiles.len());
                let mut around = Vec::new();
                for &(i0, s0) in &reach[0][at[0]] {
                    for &(i1, s1) in &reach[1][at[1]] {
                        for &(i2, s2) in &reach[2][at[2]] {
                            let tile = first + (i0 * counts[1] + i1) * counts[2] + i2;
                            let shift = [s0, s1, s2];
                            if tile != tiles.len() || shift != [0; AXES] {
                                around.push(Neighbour { tile, shift });
                            }
                        }
                    }
                }
                tiles.push(Tile {
                    signal,
                    origin,
                    shape,
                    groups,
                });
                neighbours.push(around);
            }
        }
        colours.retain(|colour| !colour.is_empty());
        TileGrid {
            tiles,
            colours,
            neighbours,
        }
    }

    /// For each interval of an axis, the intervals (with the shift of their image) whose steps
    /// reach it.
    fn reach(&self, axis: usize, cuts: &[i64]) -> Vec<Vec<(usize, i64)>> {
        let period = self.valid[axis];
        let radius = self.atom[axis] - 1;
        let shifts: &[i64] = if self.periodic[axis] {
            &[-period, 0, period]
        } else {
            &[0]
        };
        let n = cuts.len() - 1;
        let mut reach = vec![Vec::new(); n];
        for (i, to) in reach.iter_mut().enumerate() {
            for &shift in shifts {
                // Intervals j with cuts[j] + shift ≤ cuts[i+1] − 1 + radius and
                // cuts[j+1] − 1 + shift ≥ cuts[i] − radius.
                let low = cuts[i] - radius - shift;
                let high = cuts[i + 1] - 1 + radius - shift;
                let first = cuts[1..].partition_point(|&end| end - 1 < low);
                let last = cuts[..n].partition_point(|&start| start <= high);
                to.extend((first..last).map(|j| (j, shift)));
            }
        }
        reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layout() -> impl Strategy<Value = (Layout, Point)> {
        let axis = (1i64..60, 1i64..14, any::<bool>(), 1i64..9, 1i64..40);
        (prop::array::uniform3(axis), 1usize..3).prop_map(|(axes, n_signals)| {
            let layout = Layout {
                n_signals,
                valid: axes.map(|a| a.0.max(if a.2 { a.1 } else { 1 })),
                atom: axes.map(|a| a.1),
                periodic: axes.map(|a| a.2),
                group: axes.map(|a| a.3),
            };
            (layout, axes.map(|a| a.4))
        })
    }

    /// Distance between two boxes' nearest positions on an axis, the shorter way around.
    fn distance(layout: &Layout, a: &Tile, b: &Tile, axis: usize) -> i64 {
        let period = layout.valid[axis];
        let images = if layout.periodic[axis] {
            vec![-period, 0, period]
        } else {
            vec![0]
        };
        let gap = |shift: i64| {
            let (a0, b0) = (a.origin[axis], b.origin[axis] + shift);
            (b0 - (a0 + a.shape[axis] - 1))
                .max(a0 - (b0 + b.shape[axis] - 1))
                .max(0)
        };
        images.into_iter().map(gap).min().unwrap()
    }

    proptest! {
        #[test]
        fn tiles_cover_the_domain_once_and_colours_keep_apart((layout, size) in layout()) {
            let grid = layout.coloured(&size);
            let volume: i64 = layout.valid.iter().product();
            let mut seen = vec![0; layout.n_signals * volume as usize];
            for tile in &grid.tiles {
                for i in 0..tile.shape[0] { for j in 0..tile.shape[1] { for k in 0..tile.shape[2] {
                    let at = [tile.origin[0] + i, tile.origin[1] + j, tile.origin[2] + k];
                    let flat = (at[0] * layout.valid[1] + at[1]) * layout.valid[2] + at[2];
                    seen[tile.signal * volume as usize + flat as usize] += 1;
                }}}
            }
            prop_assert!(seen.iter().all(|&n| n == 1));
            prop_assert_eq!(grid.colours.iter().map(Vec::len).sum::<usize>(), grid.tiles.len());
            for colour in &grid.colours {
                for (n, &a) in colour.iter().enumerate() {
                    for &b in &colour[..n] {
                        let (a, b) = (&grid.tiles[a], &grid.tiles[b]);
                        prop_assert!(a.signal != b.signal
                            || (0..AXES).any(|x| distance(&layout, a, b, x) >= layout.atom[x]));
                    }
                }
            }
        }

        #[test]
        fn neighbours_are_all_tiles_within_reach((layout, size) in layout()) {
            let grid = layout.coloured(&size);
            for (i, tile) in grid.tiles.iter().enumerate() {
                for (j, other) in grid.tiles.iter().enumerate() {
                    let near = i != j && tile.signal == other.signal
                        && (0..AXES).all(|x| distance(&layout, tile, other, x) < layout.atom[x]);
                    let listed = grid.neighbours[i].iter().any(|n| n.tile == j);
                    prop_assert!(i == j || near == listed, "tile {i}, other {j}");
                }
            }
        }
    }
}
