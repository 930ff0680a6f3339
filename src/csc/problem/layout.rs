//! How the domain is cut: groups, tiles, segments; and whether all that fits in memory.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::csc::problem::shape::Shape;
use crate::grid::point::{AXES, Point, padded};
use crate::grid::tiles::{Layout, TileGrid};
use crate::grid::{Domain, Part, Segmentation};
use crate::linalg::Real;
use crate::options::solve::{Background, Options, Schedule, Strategy};

/// Shape of a group, powers of two, for problems with `n_axes` real axes and K atoms: runs long enough to vectorise,
/// groups small enough for tight bounds.
pub(crate) fn group_shape(valid: Point, n_atoms: usize) -> Point {
    let real = |axis: usize| if valid[axis] > 1 { 4 } else { 1 };
    if valid[0] == 1 && valid[1] == 1 {
        let positions = (640 / n_atoms).clamp(16, 64).next_power_of_two();
        return [1, 1, positions as i64];
    }
    if valid[0] == 1 {
        // Positions with few atoms are cheap to look at.
        return if n_atoms <= 8 { [1, 8, 8] } else { [1, 4, 16] };
    }
    [real(0), real(1), 8]
}

/// Extent of a tile, at least, so that it is worth a visit.
fn least_tile(n_axes: usize) -> Point {
    match n_axes {
        1 => [1, 1, 384],
        2 => [1, 32, 32],
        _ => [12, 12, 24],
    }
}

/// What the tiles of a problem are cut from.
fn layout(shape: &Shape) -> Layout {
    let valid = shape.valid();
    let group = group_shape(valid, shape.n_atoms);
    Layout { n_signals: shape.n_signals, valid, atom: shape.atom, periodic: shape.periodic, group }
}

/// The tiles of a problem, and the segments if the schedule is the published one.
pub(crate) fn grid(shape: &Shape, options: &Options) -> Result<(TileGrid, Option<Segmentation>)> {
    let layout = layout(shape);
    let (grid, segments) = match options.schedule {
        Schedule::Coloured | Schedule::Asynchronous => (layout.coloured(&tile_size(shape, options, &layout)), None),
        Schedule::Published => {
            let (grid, segments) = published_grid(shape, options, &layout)?;
            (grid, Some(segments))
        }
    };
    // Places in a tile have 32 bits.
    let values = grid.largest().into_iter().fold(shape.n_atoms as u128, |n, length| n * length as u128);
    if values > u128::from(u32::MAX) {
        let allowed = "at most 2^32 - 1: with a smaller \"tile_shape\", or another \"strategy\" than \"greedy\" and \"cyclic\", which \
                       have one tile, there are more tiles";
        return Err(Error::argument("the number of activations of a tile", values, allowed));
    }
    Ok((grid, segments))
}

/// Tile size of the coloured schedule: what was asked for, or a few atoms, but so large that a
/// tile is worth a visit.
fn tile_size(shape: &Shape, options: &Options, layout: &Layout) -> Point {
    if options.strategy == Strategy::Greedy {
        return layout.valid;
    }
    if !options.tile_shape.is_empty() {
        return padded(&options.tile_shape, 1);
    }
    let least = least_tile(shape.n_axes);
    let atoms = if shape.n_axes == 1 { 6 } else { 2 };
    std::array::from_fn(|a| if layout.valid[a] == 1 { 1 } else { (atoms * shape.atom[a] - 1).max(least[a]) })
}

/// The segments of the published serial code.
fn published_grid(shape: &Shape, options: &Options, layout: &Layout) -> Result<(TileGrid, Segmentation)> {
    let valid = shape.unpadded(layout.valid);
    let atom = shape.unpadded(shape.atom);
    let domain = Domain::whole(&valid)?;
    let whole = options.strategy == Strategy::Greedy;
    let segments = if whole || options.tile_shape.is_empty() {
        let count = |(v, l): (&i64, &i64)| if whole { 1 } else { (v / (2 * l - 1)).max(1) };
        let counts: Vec<i64> = valid.iter().zip(&atom).map(count).collect();
        Segmentation::by_count(&domain, &counts)?
    } else {
        Segmentation::by_shape(&domain, &options.tile_shape)?
    };
    if options.strategy == Strategy::Cyclic {
        // Its segments only say when to look at a coordinate.
        return Ok((layout.grid(&layout.valid.map(|v| vec![0, v])), segments));
    }
    let mut cuts: [Vec<i64>; AXES] = std::array::from_fn(|_| vec![0]);
    for index in 0..segments.n_segments() {
        let bounds = segments.segment_bounds(index, Part::Inner)?;
        for (cuts, range) in cuts[AXES - shape.n_axes..].iter_mut().zip(bounds) {
            cuts.push(range.end);
        }
    }
    for (axis, cuts) in cuts.iter_mut().enumerate() {
        if axis < AXES - shape.n_axes {
            cuts.push(1);
        }
        cuts.sort_unstable();
        cuts.dedup();
    }
    Ok((layout.grid(&cuts), segments))
}

/// Fails if an encoder's tiles, z and residual do not fit in memory: asks for it all at once, before
/// many small allocations, which end the process where they fail, are made.
pub(crate) fn fails_unless_it_fits<T: Real>(shape: &Shape, options: &Options) -> Result<()> {
    let bytes = bytes_at_most::<T>(shape, options);
    let bytes = usize::try_from(bytes).map_err(|_| Error::memory("the tiles and activations", bytes))?;
    memory::reserve("the tiles and activations", &mut Vec::<u8>::new(), bytes)
}

/// What they take, rather too much than too little.
fn bytes_at_most<T: Real>(shape: &Shape, options: &Options) -> u128 {
    let layout = layout(shape);
    let size = match options.schedule {
        Schedule::Coloured | Schedule::Asynchronous => tile_size(shape, options, &layout),
        Schedule::Published if !options.tile_shape.is_empty() => padded(&options.tile_shape, 1),
        Schedule::Published => shape.atom.map(|l| 2 * l - 1),
    };
    let wide = |n: usize| n as u128;
    let (mut tiles, mut neighbours) = (wide(shape.n_signals), 1);
    for ((valid, atom), size) in layout.valid.into_iter().zip(shape.atom).zip(size) {
        // An axis of one tile has none before and none behind, but for itself around a period.
        if size < valid {
            tiles *= (valid / size.max(1) + 1) as u128;
            neighbours *= (2 * (atom / size.max(1)) + 3) as u128;
        }
    }
    // What a tile holds beside its values, and an edge to another.
    let (per_tile, per_neighbour) = (1024, 160);
    let fields = wide(shape.n_signals) * wide(shape.n_channels + shape.n_atoms);
    let volume: i64 = shape.signal.iter().product();
    let values = fields * volume as u128;
    let bytes = tiles
        .saturating_mul(per_tile + per_neighbour * neighbours)
        .saturating_add(values.saturating_mul(wide(size_of::<T>())))
        .saturating_add(fields * 32);
    // A background over the window, signals around it, and what a field of them takes on the way.
    let uneven = match options.background {
        Background::Smooth => wide(shape.n_signals * shape.n_channels) * wide(8 + size_of::<T>()) + 48,
        Background::None | Background::Mean => 0,
    };
    bytes.saturating_add(uneven.saturating_mul(volume as u128))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system without much more than that must not refuse what would fit.
    #[test]
    fn what_is_asked_for_at_once_is_little_more_than_the_values() {
        for (signal, n_atoms, atom) in [
            (vec![200_000_000], 1, vec![3]),
            (vec![1 << 40], 3, vec![64]),
            (vec![25_000_000, 8], 1, vec![3, 3]),
            (vec![1 << 20, 4096], 5, vec![8, 8]),
            (vec![4096, 256, 256], 8, vec![8, 8, 8]),
        ] {
            let options = Options::default();
            let shape = Shape::new(&signal, 1, 1, n_atoms, &atom, &options).unwrap();
            let values = (n_atoms as u128 + 1) * 8 * signal.iter().product::<i64>() as u128;
            let bytes = bytes_at_most::<f64>(&shape, &options);
            assert!(values <= bytes && bytes <= 2 * values, "{signal:?}: {bytes} for {values}");
        }
    }
}
