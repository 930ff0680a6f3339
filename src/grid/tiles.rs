//! The tiles on which the solver works: one global grid per signal, whatever the number of threads
//! or ranks.

use crate::grid::block::Block;
use crate::grid::cuts::Cuts;
use crate::grid::point::{AXES, Point};

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

    /// The same tile, where positions begin at `origin`.
    pub(crate) fn seen_from(&self, origin: Point) -> Tile {
        Tile { origin: std::array::from_fn(|axis| self.origin[axis] - origin[axis]), ..self.clone() }
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

/// Which tile: its number in the one grid that all ranks know, signal by signal, row-major. A rank has lists of tiles of its
/// own; a place in one of them is a plain index, and is not taken for a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(pub usize);

/// A tile from which steps reach another, seen from the latter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// The tile that makes the steps.
    pub tile: Number,
    /// What has to be added to their positions: a period on an axis that wraps, else zero.
    pub shift: Point,
}

/// The tiles of all signals, their colours and their neighbours. It holds rules for each axis: its size does not grow with the
/// domain's.
#[derive(Clone, Debug)]
pub struct TileGrid {
    n_signals: usize,
    group: Point,
    cuts: [Cuts; AXES],
    /// How far a step reaches.
    radius: Point,
    /// The lengths of axes that wrap, else 0.
    period: Point,
}

impl TileGrid {
    /// Number of tiles, of all signals.
    pub fn len(&self) -> usize {
        self.n_signals * self.per_signal()
    }

    /// Whether there is none, which cannot be.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All tiles.
    pub fn numbers(&self) -> impl Iterator<Item = Number> {
        (0..self.len()).map(Number)
    }

    /// Where tiles begin on an axis, and the end of the last.
    pub fn cuts(&self, axis: usize) -> Vec<i64> {
        self.cuts[axis].list()
    }

    /// Tiles per axis.
    pub fn counts(&self) -> [usize; AXES] {
        std::array::from_fn(|axis| self.cuts[axis].count())
    }

    fn per_signal(&self) -> usize {
        self.counts().iter().product()
    }

    /// Number of a tile among those of its signal.
    pub(crate) fn within_signal(&self, number: Number) -> usize {
        number.0 % self.per_signal()
    }

    /// Place of a tile in the grid of its signal.
    fn place(&self, number: Number) -> [usize; AXES] {
        let [_, n1, n2] = self.counts();
        let index = self.within_signal(number);
        [index / (n1 * n2), index / n2 % n1, index % n2]
    }

    /// A tile, by its number: signal by signal, row-major.
    pub fn tile(&self, number: Number) -> Tile {
        let at = self.place(number);
        let origin: Point = std::array::from_fn(|a| self.cuts[a].at(at[a]));
        let shape: Point = std::array::from_fn(|a| self.cuts[a].at(at[a] + 1) - origin[a]);
        Tile {
            signal: number.0 / self.per_signal(),
            origin,
            shape,
            groups: std::array::from_fn(|a| (shape[a] + self.group[a] - 1) / self.group[a]),
        }
    }

    /// The largest extent of a tile per axis, in whole groups.
    pub fn largest(&self) -> Point {
        std::array::from_fn(|axis| self.cuts[axis].most_groups(self.group[axis]) * self.group[axis])
    }

    /// Number of colours. Tiles of one colour never meet: no step of one reaches another.
    pub fn n_colours(&self) -> usize {
        let counts = self.counts();
        counts.iter().map(|n| if *n > 1 { 2 } else { 1 }).product()
    }

    /// Colour of a tile: the parity of its place on each axis that has more than one tile.
    pub fn colour(&self, number: Number) -> usize {
        let places = self.place(number).into_iter().zip(self.counts());
        let parities = places.filter(|(_, count)| *count > 1);
        parities.fold(0, |colour, (at, _)| 2 * colour + at % 2)
    }

    /// Where steps that reach a tile come from. A tile whose own steps come back around a period is
    /// its own neighbour.
    pub fn neighbours(&self, number: Number) -> Vec<Neighbour> {
        let [_, n1, n2] = self.counts();
        let at = self.place(number);
        let first = number.0 - self.within_signal(number);
        let mut around = Vec::new();
        let reach: [_; AXES] = std::array::from_fn(|axis| self.reach(axis, at[axis]));
        for &(i0, s0) in &reach[0] {
            for &(i1, s1) in &reach[1] {
                for &(i2, s2) in &reach[2] {
                    let tile = Number(first + (i0 * n1 + i1) * n2 + i2);
                    let shift = [s0, s1, s2];
                    if tile != number || shift != [0; AXES] {
                        around.push(Neighbour { tile, shift });
                    }
                }
            }
        }
        around
    }

    /// Length of the domain along an axis.
    pub fn extent(&self, axis: usize) -> i64 {
        self.cuts[axis].end()
    }

    /// Number of the tile that holds a position.
    pub fn find(&self, signal: usize, at: &Point) -> Number {
        let interval = |axis: usize| self.cuts[axis].find(at[axis]);
        let [_, n1, n2] = self.counts();
        let place = (interval(0) * n1 + interval(1)) * n2 + interval(2);
        Number(signal * self.per_signal() + place)
    }

    /// The intervals of an axis whose middle lies in a range of positions.
    pub fn intervals(&self, axis: usize, from: i64, to: i64) -> std::ops::Range<usize> {
        self.cuts[axis].middles_before(from)..self.cuts[axis].middles_before(to)
    }

    /// The numbers of all tiles in a box of intervals, of all signals, in order.
    pub fn tiles_in(&self, part: &[std::ops::Range<usize>; AXES]) -> Vec<Number> {
        let [_, n1, n2] = self.counts();
        let mut tiles = Vec::new();
        for signal in 0..self.n_signals {
            for i0 in part[0].clone() {
                for i1 in part[1].clone() {
                    let row = signal * self.per_signal() + (i0 * n1 + i1) * n2;
                    tiles.extend(part[2].clone().map(|i2| Number(row + i2)));
                }
            }
        }
        tiles
    }

    /// The positions of a box of intervals.
    pub fn region(&self, part: &[std::ops::Range<usize>; AXES]) -> Block {
        if part.iter().any(|range| range.is_empty()) {
            return Block::default();
        }
        let origin = std::array::from_fn(|a| self.cuts[a].at(part[a].start));
        Block { origin, shape: std::array::from_fn(|a| self.cuts[a].at(part[a].end) - origin[a]) }
    }

    /// The intervals of an axis (with the shift of their image) whose steps reach one of them.
    fn reach(&self, axis: usize, interval: usize) -> Vec<(usize, i64)> {
        let (cuts, period, radius) = (&self.cuts[axis], self.period[axis], self.radius[axis]);
        let shifts: &[i64] = if period > 0 { &[-period, 0, period] } else { &[0] };
        let (low, high) = (cuts.at(interval) - radius, cuts.at(interval + 1) - 1 + radius);
        let meeting = |shift: &i64| {
            let shift = *shift;
            cuts.meeting(low - shift, high - shift).map(move |j| (j, shift))
        };
        shifts.iter().flat_map(meeting).collect()
    }
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
    fn balanced_cuts(&self, axis: usize, size: i64) -> Cuts {
        let (valid, group) = (self.valid[axis], self.group[axis]);
        let size = size.max(self.atom[axis]).min(valid);
        // Whole groups; the last one may be cut by the end of the domain.
        let groups = (valid + group - 1) / group;
        let least = (size + group - 1) / group;
        let mut count = (groups / least).max(1);
        // The last tile loses what the domain cuts from its last group.
        while count > 1 {
            let last_start = Cuts::Even { groups, count, group, end: valid }.at(count as usize - 1);
            if valid - last_start >= self.atom[axis].min(size) {
                break;
            }
            count -= 1;
        }
        if self.periodic[axis] && count % 2 == 1 {
            count -= if count > 1 { 1 } else { 0 };
        }
        Cuts::Even { groups, count, group, end: valid }
    }

    /// The grid for the coloured schedule.
    pub fn coloured(&self, size: &Point) -> TileGrid {
        self.with_cuts(std::array::from_fn(|axis| self.balanced_cuts(axis, size[axis])))
    }

    /// The grid with given boundaries; its colours hold only if no tile but the last on an axis is
    /// shorter than an atom.
    pub fn grid(&self, cuts: &[Vec<i64>; AXES]) -> TileGrid {
        self.with_cuts(cuts.clone().map(Cuts::Listed))
    }

    fn with_cuts(&self, cuts: [Cuts; AXES]) -> TileGrid {
        TileGrid {
            n_signals: self.n_signals,
            group: self.group,
            cuts,
            radius: self.atom.map(|l| l - 1),
            period: std::array::from_fn(|a| if self.periodic[a] { self.valid[a] } else { 0 }),
        }
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
        let images = if layout.periodic[axis] { vec![-period, 0, period] } else { vec![0] };
        let gap = |shift: i64| {
            let (a0, b0) = (a.origin[axis], b.origin[axis] + shift);
            (b0 - (a0 + a.shape[axis] - 1)).max(a0 - (b0 + b.shape[axis] - 1)).max(0)
        };
        images.into_iter().map(gap).min().unwrap()
    }

    #[test]
    fn tiles_of_an_axis_of_2_to_the_40_are_found_without_a_list_of_them() {
        let long = 1 << 40;
        for (periodic, valid, size) in [(false, long - 7, 384), (true, long, 384), (false, long - 7, 1 << 16)] {
            let layout = Layout {
                n_signals: 3,
                valid: [1, 5, valid],
                atom: [1, 2, 8],
                periodic: [false, false, periodic],
                group: [1, 1, 64],
            };
            let grid = layout.coloured(&[1, 5, size]);
            let n = grid.len() / 3;
            assert!(n as i64 >= valid / size - 1 && grid.extent(2) == valid && grid.largest()[2] < 2 * size);
            for at in [0, 1, 1 << 31, (1 << 32) + 5, 1 << 39, valid / 3, valid - 2, valid - 1] {
                let number = grid.find(2, &[0, 3, at]);
                let tile = grid.tile(number);
                assert!(tile.signal == 2 && tile.origin[2] <= at && at < tile.origin[2] + tile.shape[2]);
                assert_eq!(grid.intervals(2, at, at), grid.intervals(2, at, at));
                let (place, ends) = (number.0 - 2 * n, [0, n - 1]);
                let around = grid.neighbours(number);
                assert_eq!(around.len(), if ends.contains(&place) && !periodic { 1 } else { 2 });
                for neighbour in around {
                    let other = grid.tile(neighbour.tile);
                    let begin = other.origin[2] + neighbour.shift[2];
                    assert!(begin == tile.origin[2] + tile.shape[2] || begin + other.shape[2] == tile.origin[2]);
                    assert_ne!(grid.colour(neighbour.tile), grid.colour(number));
                }
            }
            // Four ranks with a quarter each have every tile once.
            let quarter = |i: i64| grid.intervals(2, valid * i / 4, valid * (i + 1) / 4);
            assert!(quarter(0).start == 0 && quarter(3).end == n);
            assert!((0..3).all(|i| quarter(i).end == quarter(i + 1).start && quarter(i).len().abs_diff(n / 4) < 3));
            let half = grid.region(&[0..1, 0..1, n / 2..n]);
            assert_eq!(half.end(2), valid);
        }
    }

    proptest! {
        #[test]
        fn tiles_cover_the_domain_once_and_colours_keep_apart((layout, size) in layout()) {
            let grid = layout.coloured(&size);
            let volume: i64 = layout.valid.iter().product();
            let mut seen = vec![0; layout.n_signals * volume as usize];
            let tiles: Vec<Tile> = grid.numbers().map(|number| grid.tile(number)).collect();
            for tile in &tiles {
                for i in 0..tile.shape[0] { for j in 0..tile.shape[1] { for k in 0..tile.shape[2] {
                    let at = [tile.origin[0] + i, tile.origin[1] + j, tile.origin[2] + k];
                    let flat = (at[0] * layout.valid[1] + at[1]) * layout.valid[2] + at[2];
                    seen[tile.signal * volume as usize + flat as usize] += 1;
                }}}
            }
            prop_assert!(seen.iter().all(|&n| n == 1));
            prop_assert!(grid.numbers().all(|number| grid.colour(number) < grid.n_colours()));
            for i in 0..tiles.len() {
                for j in 0..i {
                    let (a, b) = (&tiles[i], &tiles[j]);
                    prop_assert!(grid.colour(Number(i)) != grid.colour(Number(j)) || a.signal != b.signal
                        || (0..AXES).any(|x| distance(&layout, a, b, x) >= layout.atom[x]));
                }
            }
        }

        #[test]
        fn neighbours_are_all_tiles_within_reach((layout, size) in layout()) {
            let grid = layout.coloured(&size);
            let tiles: Vec<Tile> = grid.numbers().map(|number| grid.tile(number)).collect();
            for (i, tile) in tiles.iter().enumerate() {
                let neighbours = grid.neighbours(Number(i));
                for (j, other) in tiles.iter().enumerate() {
                    let near = i != j && tile.signal == other.signal
                        && (0..AXES).all(|x| distance(&layout, tile, other, x) < layout.atom[x]);
                    let listed = neighbours.iter().any(|n| n.tile == Number(j));
                    prop_assert!(i == j || near == listed, "tile {i}, other {j}");
                }
            }
        }
    }
}
