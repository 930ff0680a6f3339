//! Boxes of positions: what each rank holds, and where two of them meet.

use crate::base::error::{Error, Result};
use crate::base::order::places_by;
use crate::base::wording::{by_language, per_axis};
use crate::grid::point::{AXES, Point, padded};

/// A box of positions on the padded axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// First position.
    pub origin: Point,
    /// Extent; zero on any axis: the box is empty.
    pub shape: Point,
}

impl Block {
    /// The box from the origin on.
    pub fn whole(shape: Point) -> Self {
        Block { origin: [0; AXES], shape }
    }

    /// First position beyond it on an axis; the last number there is if it lies behind that.
    pub fn end(&self, axis: usize) -> i64 {
        self.origin[axis].saturating_add(self.shape[axis])
    }

    /// Whether it holds no position.
    pub fn is_empty(&self) -> bool {
        self.shape.iter().any(|n| *n <= 0)
    }

    /// Number of positions.
    pub fn volume(&self) -> i64 {
        if self.is_empty() { 0 } else { self.shape.iter().product() }
    }

    /// The positions of both; empty if there are none.
    pub fn intersection(&self, other: &Block) -> Block {
        let origin: Point = std::array::from_fn(|a| self.origin[a].max(other.origin[a]));
        let end = |a: usize| self.end(a).min(other.end(a));
        let shape = std::array::from_fn(|a| end(a).saturating_sub(origin[a]).max(0));
        let both = Block { origin, shape };
        if both.is_empty() { Block::default() } else { both }
    }

    /// Whether it holds a position.
    pub fn contains(&self, at: &Point) -> bool {
        (0..AXES).all(|a| at[a] >= self.origin[a] && at[a] < self.end(a))
    }

    /// The box moved.
    pub fn shifted(&self, by: &Point) -> Block {
        Block { origin: std::array::from_fn(|a| self.origin[a] + by[a]), shape: self.shape }
    }

    /// Calls `visit` with the first position of each row.
    pub fn for_each_row(&self, mut visit: impl FnMut(Point)) {
        if self.is_empty() {
            return;
        }
        for i in 0..self.shape[0] {
            for j in 0..self.shape[1] {
                let [o0, o1, o2] = self.origin;
                visit([o0 + i, o1 + j, o2]);
            }
        }
    }

    /// The box without another's positions, as up to six boxes.
    fn without(&self, other: &Block) -> Vec<Block> {
        let both = self.intersection(other);
        if both.is_empty() {
            return vec![*self];
        }
        let mut parts = Vec::new();
        let mut rest = *self;
        for axis in 0..AXES {
            let mut before = rest;
            before.shape[axis] = both.origin[axis] - rest.origin[axis];
            let mut after = rest;
            after.origin[axis] = both.end(axis);
            after.shape[axis] = rest.end(axis) - both.end(axis);
            parts.extend([before, after].into_iter().filter(|part| !part.is_empty()));
            rest.origin[axis] = both.origin[axis];
            rest.shape[axis] = both.shape[axis];
        }
        parts
    }

    /// As text: the real axes as ranges.
    fn text(&self, n_axes: usize) -> String {
        let ranges = |first: i64, mark: &str| -> Vec<String> {
            let range = |a: usize| format!("{}{mark}{}", self.origin[a].saturating_add(first), self.end(a));
            (AXES - n_axes..AXES).map(range).collect()
        };
        let c = ranges(0, "..").join(", ");
        let mut reversed = ranges(1, ":");
        reversed.reverse();
        let reversed = reversed.join(", ");
        by_language(format!("[{c}]"), format!("({reversed})"), format!("[{reversed}]"))
    }
}

/// The box that begins at an offset and has a shape, of a domain; with the names of both.
pub(crate) fn part_of(
    domain: &[i64],
    (offset, offset_name): (&[i64], &str),
    (shape, shape_name): (&[i64], &str),
) -> Result<Block> {
    for ((at, length), end) in offset.iter().zip(shape).zip(domain) {
        if *at < 0 || at > end {
            let allowed = format!("from 0 to {} along every axis", per_axis(domain));
            return Err(Error::argument(offset_name, per_axis(offset), allowed));
        }
        if *length < 0 || *length > end - at {
            let [domain, offset, shape] = [domain, offset, shape].map(per_axis);
            let allowed = format!("from 0 to what is left of {domain} from offset {offset} on");
            return Err(Error::shape(shape_name, shape, allowed));
        }
    }
    Ok(Block { origin: padded(offset, 0), shape: padded(shape, 1) })
}

/// Fails unless the blocks of all ranks lie in the domain and cover it once.
pub fn fails_unless_a_partition(argument: &str, blocks: &[Block], domain: &Block, n_axes: usize) -> Result<()> {
    let mut filled: Vec<usize> = Vec::new();
    for (rank, block) in blocks.iter().enumerate() {
        if block.is_empty() {
            continue;
        }
        if block.intersection(domain) != *block {
            let value = format!("{} on rank {rank}", block.text(n_axes));
            let allowed = format!("inside the domain {}", domain.text(n_axes));
            return Err(Error::shape(argument, value, allowed));
        }
        filled.push(rank);
    }
    // Along the axis with most starts, so that few pairs have to be looked at.
    let starts = |axis: &usize| {
        let mut starts: Vec<i64> = filled.iter().map(|r| blocks[*r].origin[*axis]).collect();
        starts.sort_unstable();
        starts.dedup();
        starts.len()
    };
    let axis = (0..AXES).max_by_key(starts).unwrap_or(0);
    let order = places_by(filled.len(), &|place| [blocks[filled[place]].origin[axis], 0, 0, 0, 0]);
    let filled: Vec<usize> = order.iter().map(|place| filled[*place]).collect();
    for (place, first) in filled.iter().enumerate() {
        for second in &filled[place + 1..] {
            if blocks[*second].origin[axis] >= blocks[*first].end(axis) {
                break;
            }
            let both = blocks[*first].intersection(&blocks[*second]);
            if !both.is_empty() {
                let (a, b) = (first.min(second), first.max(second));
                let value = format!("{} on ranks {a} and {b}", both.text(n_axes));
                let allowed = "on one rank only";
                return Err(Error::shape(argument, value, allowed));
            }
        }
    }
    let covered: i64 = blocks.iter().map(Block::volume).sum();
    if covered == domain.volume() {
        return Ok(());
    }
    let mut left = vec![*domain];
    for block in blocks {
        left = left.iter().flat_map(|part| part.without(block)).collect();
    }
    let hole = left.first().copied().unwrap_or_default();
    let value = format!("{} on no rank", hole.text(n_axes));
    Err(Error::shape(argument, value, "on one rank"))
}

/// Cuts a grid of tiles into at most `n` boxes of intervals, as equal as can be; ranks beyond the
/// number of boxes get an empty one.
pub fn balanced(counts: [usize; AXES], n: usize) -> Vec<[std::ops::Range<usize>; AXES]> {
    let part = |count: usize, parts: usize, i: usize| count * i / parts..count * (i + 1) / parts;
    // The most tiles that a rank gets, then the surface of its box.
    let cost = |parts: [usize; AXES]| {
        let most: [usize; AXES] = std::array::from_fn(|a| counts[a].div_ceil(parts[a]));
        let volume: usize = most.iter().product();
        let cut = |a: usize| if parts[a] > 1 { volume / most[a] } else { 0 };
        (volume, (0..AXES).map(cut).sum::<usize>())
    };
    let mut best = [1; AXES];
    for p0 in 1..=n.min(counts[0]) {
        for p1 in 1..=(n / p0).min(counts[1]) {
            let parts = [p0, p1, (n / (p0 * p1)).min(counts[2])];
            if cost(parts) < cost(best) {
                best = parts;
            }
        }
    }
    let [p0, p1, p2] = best;
    (0..n)
        .map(|rank| match rank < p0 * p1 * p2 {
            true => {
                let at = [rank / (p1 * p2), rank / p2 % p1, rank % p2];
                std::array::from_fn(|a| part(counts[a], best[a], at[a]))
            }
            false => std::array::from_fn(|_| 0..0),
        })
        .collect()
}

/// The share of a rank in a box that all ranks have, along its longest axis.
pub(crate) fn slab(shape: Point, rank: usize, size: usize) -> Block {
    let axis = (0..AXES).max_by_key(|a| shape[*a]).unwrap_or(0);
    let cut = |rank: usize| (shape[axis] as i128 * rank as i128 / size as i128) as i64;
    let mut block = Block::whole(shape);
    block.origin[axis] = cut(rank);
    block.shape[axis] = cut(rank + 1) - cut(rank);
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Cuts a domain into boxes at random.
    fn partition() -> impl Strategy<Value = (Block, Vec<Block>)> {
        let cuts = prop::collection::vec((0usize..8, 0usize..AXES, 0i64..100), 0..8);
        (prop::array::uniform3(1i64..12), cuts).prop_map(|(shape, cuts)| {
            let domain = Block::whole(shape);
            let mut parts = vec![domain];
            for (which, axis, at) in cuts {
                let which = which % parts.len();
                let mut part = parts[which];
                let mut other = part;
                let at = at % (part.shape[axis] + 1);
                part.shape[axis] = at;
                other.origin[axis] += at;
                other.shape[axis] -= at;
                parts[which] = part;
                parts.push(other);
            }
            (domain, parts)
        })
    }

    proptest! {
        #[test]
        fn a_partition_is_known_from_what_is_none((domain, parts) in partition(), which in 0usize..8) {
            prop_assert!(fails_unless_a_partition("x", &parts, &domain, 3).is_ok());
            let which = which % parts.len();
            if !parts[which].is_empty() {
                let mut holed = parts.clone();
                let hole = std::mem::take(&mut holed[which]);
                let error = fails_unless_a_partition("x", &holed, &domain, 3).unwrap_err();
                prop_assert!(error.to_string().contains("on no rank"), "{error}");
                let mut twice = parts.clone();
                twice.push(hole);
                let error = fails_unless_a_partition("x", &twice, &domain, 3).unwrap_err();
                prop_assert!(error.marked().contains(&hole.text(3)), "{error}");
                let mut outside = parts.clone();
                outside[which].shape[1] += 100;
                let error = fails_unless_a_partition("x", &outside, &domain, 3).unwrap_err();
                prop_assert!(error.to_string().contains("inside the domain"), "{error}");
            }
        }

        #[test]
        fn balanced_shares_cover_the_grid(counts in prop::array::uniform3(1usize..9), n in 1usize..40) {
            let parts = balanced(counts, n);
            prop_assert_eq!(parts.len(), n);
            let mut seen = vec![0; counts.iter().product()];
            for [a, b, c] in &parts {
                for i in a.clone() { for j in b.clone() { for k in c.clone() {
                    seen[(i * counts[1] + j) * counts[2] + k] += 1;
                }}}
            }
            prop_assert!(seen.iter().all(|n| *n == 1));
        }
    }

    #[test]
    fn a_part_lies_in_its_domain() {
        let part = |offset: &[i64], shape: &[i64]| {
            part_of(&[4, 6], (offset, "offset"), (shape, "the shape of x")).map_err(|error| error.to_string())
        };
        assert_eq!(part(&[1, 2], &[3, 4]), Ok(Block { origin: [0, 1, 2], shape: [1, 3, 4] }));
        assert!(part(&[4, 6], &[0, 0]).unwrap().is_empty());
        let offset = "offset must be from 0 to [4, 6] along every axis, is";
        assert_eq!(part(&[-1, 0], &[1, 1]), Err(format!("{offset} [-1, 0]")));
        assert_eq!(part(&[0, 7], &[1, 1]), Err(format!("{offset} [0, 7]")));
        let shape = "the shape of x must be from 0 to what is left of [4, 6] from offset [1, 2] on, is";
        assert_eq!(part(&[1, 2], &[4, 4]), Err(format!("{shape} [4, 4]")));
        assert_eq!(part(&[1, 2], &[i64::MAX, -1]), Err(format!("{shape} [{}, -1]", i64::MAX)));
    }
}
