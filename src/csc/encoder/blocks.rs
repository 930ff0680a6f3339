//! What z stands for, and what it leaves of the signals, on the block that each rank asks for.
//!
//! A position hears of the activations in one order, by atom and place, whatever the block: values are the same, bit for bit, for
//! any blocks and ranks, and those of [`reconstruct`](crate::csc::reconstruct).

use crate::base::error::{Error, Result};
use crate::csc::bound::Bound;
use crate::csc::descent::exchange::{Exchange, Window};
use crate::csc::descent::tile::{Step, penalised};
use crate::csc::encoder::placed::Placed;
use crate::csc::encoder::residual::squares;
use crate::csc::problem::model::{add_atom, images};
use crate::csc::problem::range::{Range, filled};
use crate::csc::problem::shape::Shape;
use crate::grid::block::{Block, fails_unless_a_partition};
use crate::grid::point::{AXES, Point};
use crate::linalg::{Dictionary, Field, FieldMut, Real};
use crate::ranks::Reduce;
use crate::ranks::exact_sum::ExactSum;

/// An activation and its signal, with its value in place of a step.
pub(crate) type Active<T> = (usize, Step<T>);

/// The positions from which an atom reaches into a block of the signals: one box, and another around each period, of which any
/// may be empty. As many of them on all ranks.
fn within_reach(shape: &Shape, block: &Block) -> Vec<Block> {
    let valid = shape.valid();
    // First position, and the one beyond the last.
    let ranges: [Vec<(i64, i64)>; AXES] = std::array::from_fn(|a| {
        let (first, end) = (block.origin[a] - shape.atom[a] + 1, block.end(a));
        let mut ranges = vec![(first.max(0), end.min(valid[a]))];
        if shape.periodic[a] {
            ranges.push(((first + valid[a]).max(end), if first < 0 { valid[a] } else { end }));
        }
        ranges
    });
    let mut boxes = Vec::new();
    for i in &ranges[0] {
        for j in &ranges[1] {
            for k in &ranges[2] {
                let all = [i, j, k];
                let origin = all.map(|range| range.0);
                let shape: Point = all.map(|range| range.1 - range.0);
                let part = Block { origin, shape };
                boxes.push(if block.is_empty() || part.is_empty() { Block::default() } else { part });
            }
        }
    }
    boxes
}

/// Collective: the activations that a block of the signals depends on, in order. `fetch` gives those of a block of the valid
/// domain, and is collective.
pub(crate) fn fetch_within_reach<T: Real>(
    shape: &Shape,
    block: &Block,
    fetch: &dyn Fn(&Block) -> Result<Vec<Active<T>>>,
) -> Result<Vec<Active<T>>> {
    let mut list = Vec::new();
    for part in within_reach(shape, block) {
        list.extend(fetch(&part)?);
    }
    list.sort_unstable_by_key(|(signal, step)| (*signal, step.atom, step.at));
    Ok(list)
}

/// Writes what these activations stand for.
pub(crate) fn write_model<T: Real>(
    shape: &Shape,
    dictionary: &Dictionary<T>,
    list: &[Active<T>],
    out: &mut FieldMut<'_, T>,
) {
    out.clear();
    let (layout, block) = (out.layout, out.block());
    for (signal, step) in list {
        let channels = &mut out.channels[signal * shape.n_channels..];
        for at in images(shape, step.at, &block) {
            add_atom(dictionary, channels, &mut [], &layout, &block, step.atom as usize, at, step.delta);
        }
    }
}

/// Fills fields with what follows from activations: all or nothing, if that overflows.
pub(crate) fn write_within<T: Real>(
    range: &Range,
    list: &[Active<T>],
    what: &str,
    out: &mut FieldMut<'_, T>,
    fill: &dyn Fn(&mut FieldMut<'_, T>),
) -> Result<()> {
    let values: Vec<T> = list.iter().map(|(_, step)| step.delta).collect();
    if !values.iter().all(|z| z.finite()) {
        let allowed = "so small that nothing overflows with this dictionary";
        return Err(Error::argument("the largest value of z", "infinite", allowed));
    }
    filled(range.check_list(&values), what, out, &|out| {
        fill(out);
        Ok(())
    })
}

/// What a field holds is taken from what a window does.
pub(crate) fn subtract_from<T: Real>(window: &Window<T>, out: &mut FieldMut<'_, T>) {
    let layout = out.layout;
    let mut rows = window.values.chunks_exact(window.block.shape[2].max(1) as usize);
    for channel in &mut out.channels {
        layout.for_each_row(|_, first| {
            for (k, x) in rows.next().unwrap_or(&[]).iter().enumerate() {
                let to = &mut channel[(first as i64 + k as i64 * layout.strides[2]) as usize];
                *to = *x - *to;
            }
        });
    }
}

/// Collective: the signals, of which each rank brings a block and all together the domain, less what they lie on, on the block
/// that each asks for.
pub(super) fn signals_on<T: Real>(placed: &Placed<T>, x: &Field<'_, T>, block: &Block) -> Result<Window<T>> {
    let (ranks, shape) = (placed.ranks(), placed.shape());
    let fits = placed.check_x(x).and_then(|_| shape.check_inside("the residual", block, shape.signal));
    let window = fits.and_then(|_| Window::new(*block, shape.n_signals * shape.n_channels));
    let mut window = ranks.agree(window)?;
    let (blocks, wanted) = (placed.gather_blocks(&x.block())?, placed.gather_blocks(block)?);
    fails_unless_a_partition("the blocks of x", &blocks, &Block::whole(shape.signal), shape.n_axes)?;
    let exchange = Exchange::new(ranks.rank(), &blocks, &wanted, &placed.periods());
    let moved = exchange.run(&placed.tiles().halo, x, &mut window);
    ranks.agree(moved)?;
    placed.background_of(x, &wanted)?.take_from(&mut window);
    Ok(window)
}

/// Collective: F(z) and its data term, of the residual that the window holds: the same bits for any number of ranks, as sums over
/// a tile are formed in one order, and added up exactly.
pub(super) fn value<T: Real>(bound: &Bound<T>, placed: &Placed<T>, lambda: &[f64]) -> Result<(f64, f64)> {
    let mut sums = [(); 3].map(|_| ExactSum::default());
    let squared_penalties = bound.scaling().squared_penalties();
    let means = vec![0.0; placed.shape().n_signals * placed.shape().n_channels];
    for state in placed.states() {
        let (mut penalty, mut squared) = (0.0, 0.0);
        penalised::for_each_penalised(&state, bound.plan(), |atom, z, factor| {
            squared += squared_penalties[atom] * (z.wide() * z.wide());
            let lambda = if factor.is_finite() { lambda[atom] * factor } else { factor };
            penalty += lambda * bound.scaling().leave(atom, z).wide().abs();
        });
        let [squares, _] = squares(placed.window(), placed.weighting().values(), &state.tile, placed.shape(), &means);
        sums[0].add(squares);
        sums[1].add(penalty);
        sums[2].add(squared);
    }
    let words: Vec<i64> = sums.iter_mut().flat_map(|sum| sum.words().to_vec()).collect();
    let words = placed.ranks().reduce(Reduce::Sum, &words)?;
    let value = |words: &[i64]| ExactSum::from_words(words).value();
    let [data_term, penalty, squared] = [0, 1, 2].map(|i| value(&words[i * ExactSum::WORDS..][..ExactSum::WORDS]));
    let data_term = data_term / placed.weighting().units().0;
    Ok((0.5 * data_term + penalty + 0.5 * squared, 0.5 * data_term))
}
