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
use crate::linalg::{Real, Strided};

/// Takes D∗z from a window that holds X. Collective. Every position hears of the activations in
/// one order, whichever rank they are on.
pub(super) fn subtract_model<T: Real>(bound: &Bound<T>, placed: &mut Placed<T>) -> Result<()> {
    let (window, tiles, grid, shape) = placed.window_and_rest();
    window.forget_sizes()?;
    tiles.for_each_list(bound.plan(), &mut |number, list| {
        subtract(bound, window, shape, grid.tile(number).signal, list);
    })
}

/// Takes the activations of a list from the fields of a signal, or some of them if the clock says that it is over.
pub(super) fn subtract<T: Real>(
    bound: &Bound<T>,
    window: &mut Window<T>,
    shape: &Shape,
    signal: usize,
    list: &[Step<T>],
) {
    let (dictionary, block) = (bound.dictionary(), window.block);
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
        let (at, atom) = (step.at.map(i64::from), step.atom as usize);
        if inner {
            add(at, atom, -step.delta);
            continue;
        }
        for at in images(shape, at, &block) {
            add(at, atom, -step.delta);
        }
    }
}

/// ‖r‖² over the positions that a tile stands for: its own, and those beyond the last tile. With weights Σ w r², of a window
/// that has w·r.
pub(super) fn squares<T: Real>(window: &Window<T>, weights: Option<&[T]>, tile: &Tile, shape: &Shape) -> f64 {
    let cell = shape.cell(&Block { origin: tile.origin, shape: tile.shape });
    let field = window.fields(tile.signal * shape.n_channels, shape.n_channels);
    let mut total = 0.0;
    for (channel, data) in field.channels.iter().enumerate() {
        let weights = weights.map(|w| &w[(tile.signal * shape.n_channels + channel) * data.len()..][..data.len()]);
        cell.for_each_row(|at| {
            let at = std::array::from_fn(|a| at[a] - field.origin[a]);
            let first = field.layout.index(at);
            let row = &data[first..first + cell.shape[2] as usize];
            total += match weights {
                None => sum_of_squares(row, |_, r| r),
                Some(weights) => sum_of_squares(row, |k, r| match weights[first + k].wide() {
                    0.0 => 0.0,
                    w => r / w,
                }),
            };
        });
    }
    total
}

/// Σ r·of(r), given place and value. Row sums first: fewer roundings of a large total. Several sums: one would wait for itself.
#[inline(always)]
fn sum_of_squares<T: Real>(row: &[T], of: impl Fn(usize, f64) -> f64) -> f64 {
    let (r8, rest) = row.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (n, r) in r8.iter().enumerate() {
        sums = std::array::from_fn(|i| sums[i] + r[i].wide() * of(8 * n + i, r[i].wide()));
    }
    let rest = rest.iter().enumerate().map(|(i, r)| r.wide() * of(8 * r8.len() + i, r.wide()));
    sums.into_iter().chain(rest).sum::<f64>()
}
