//! The residual X − D∗z in the window.

use crate::base::error::Result;
use crate::clock;
use crate::csc::bound::Bound;
use crate::csc::descent::exchange::Window;
use crate::csc::descent::tile::Step;
use crate::csc::encoder::placed::Placed;
use crate::csc::problem::model::{add_atom, images};
use crate::csc::problem::shape::Shape;
use crate::grid::block::Block;
use crate::grid::tiles::Tile;
use crate::linalg::{Dictionary, Real, Strided};

/// Takes D∗z from a window that holds X. Collective. Every position hears of the activations in
/// one order, whichever rank they are on.
pub(super) fn subtract_model<T: Real>(bound: &Bound<T>, placed: &mut Placed<T>) -> Result<()> {
    let (window, tiles, grid, shape) = placed.window_and_rest();
    window.forget_sizes()?;
    tiles.for_each_list(bound.plan(), &mut |number, list| {
        subtract(bound.dictionary(), window, shape, grid.tile(number).signal, list);
    })?;
    placed.note_residual();
    Ok(())
}

/// The same with other atoms, in the caller's units, and z as it is.
pub(super) fn subtract_model_of<T: Real>(
    dictionary: &Dictionary<T>,
    bound: &Bound<T>,
    placed: &mut Placed<T>,
) -> Result<()> {
    let (window, tiles, grid, shape) = placed.window_and_rest();
    window.forget_sizes()?;
    tiles.for_each_list(bound.plan(), &mut |number, list| {
        let leave = |step: &Step<T>| Step { delta: bound.scaling().leave(step.atom as usize, step.delta), ..*step };
        let list: Vec<_> = list.iter().map(leave).collect();
        subtract(dictionary, window, shape, grid.tile(number).signal, &list);
    })?;
    placed.note_residual();
    Ok(())
}

/// Takes the activations of a list from the fields of a signal, or some of them if the clock says that it is over.
pub(super) fn subtract<T: Real>(
    dictionary: &Dictionary<T>,
    window: &mut Window<T>,
    shape: &Shape,
    signal: usize,
    list: &[Step<T>],
) {
    let block = window.block;
    let layout = Strided::contiguous(block.shape);
    let volume = block.volume().max(1) as usize;
    let first = signal * shape.n_channels;
    let fields = |of| <[T]>::chunks_exact_mut(of, volume).skip(first).take(shape.n_channels).collect();
    let (mut channels, mut sizes): (Vec<_>, Vec<_>) = (fields(&mut window.values), fields(&mut window.sizes));
    let inner = !shape.periodic.contains(&true);
    let mut add = |at, atom, value| {
        add_atom(dictionary, &mut channels, &mut sizes, &layout, &block, atom, at, value);
    };
    for (n, step) in list.iter().enumerate() {
        if n % 64 == 0 && clock::over() {
            return;
        }
        let (at, atom) = (step.at, step.atom as usize);
        if inner {
            add(at, atom, -step.delta);
            continue;
        }
        for at in images(shape, at, &block) {
            add(at, atom, -step.delta);
        }
    }
}

/// Calls `visit` with the rows of the positions that a tile stands for, channel by channel, and where each begins in the
/// window's field: its own, and those beyond the last tile.
fn for_each_row<T: Real>(window: &Window<T>, tile: &Tile, shape: &Shape, mut visit: impl FnMut(usize, usize, &[T])) {
    let cell = shape.cell(&Block { origin: tile.origin, shape: tile.shape });
    let field = window.fields(tile.signal * shape.n_channels, shape.n_channels);
    for (channel, data) in field.channels.iter().enumerate() {
        cell.for_each_row(|at| {
            let at = std::array::from_fn(|a| at[a] - field.origin[a]);
            let first = field.layout.index(at);
            visit(channel, first, &data[first..first + cell.shape[2] as usize]);
        });
    }
}

/// ‖r‖² and ‖r − m‖² over the positions that a tile stands for, given the mean of each channel of all signals. With weights
/// Σ w r² and Σ w (r − m)², of a window that has w·r.
pub(super) fn squares<T: Real>(
    window: &Window<T>,
    weights: Option<&[T]>,
    tile: &Tile,
    shape: &Shape,
    means: &[f64],
) -> [f64; 2] {
    let first_channel = tile.signal * shape.n_channels;
    let volume = window.block.volume().max(0) as usize;
    let mut totals = [0.0; 2];
    for_each_row(window, tile, shape, |channel, first, row| {
        let channel = first_channel + channel;
        let sums = match weights {
            None => sum_of(row, |_, r| [r * r, (r - means[channel]) * (r - means[channel])]),
            Some(weights) => sum_of(row, |k, r| match weights[channel * volume + first + k].wide() {
                0.0 => [0.0; 2],
                w => [r * (r / w), w * (r / w - means[channel]) * (r / w - means[channel])],
            }),
        };
        totals = std::array::from_fn(|n| totals[n] + sums[n]);
    });
    totals
}

/// Σ r of each channel over the positions that a tile stands for.
pub(super) fn totals<T: Real>(window: &Window<T>, tile: &Tile, shape: &Shape) -> Vec<f64> {
    let mut totals = vec![0.0; shape.n_channels];
    for_each_row(window, tile, shape, |channel, _, row| {
        let [sum] = sum_of(row, |_, r| [r]);
        totals[channel] += sum;
    });
    totals
}

/// Σ of(r), given place and value. Row sums first: fewer roundings of a large total. Several sums: one would wait for itself.
#[inline(always)]
fn sum_of<T: Real, const N: usize>(row: &[T], of: impl Fn(usize, f64) -> [f64; N]) -> [f64; N] {
    let (r8, rest) = row.as_chunks::<8>();
    let mut sums = [[0.0; 8]; N];
    for (n, r) in r8.iter().enumerate() {
        for (i, r) in r.iter().enumerate() {
            let terms = of(8 * n + i, r.wide());
            (0..N).for_each(|n| sums[n][i] += terms[n]);
        }
    }
    let rest = || rest.iter().enumerate().map(|(i, r)| of(8 * r8.len() + i, r.wide()));
    std::array::from_fn(|n| sums[n].into_iter().chain(rest().map(|terms| terms[n])).sum::<f64>())
}
