//! Correlations by Fourier transforms.

use crate::clock;
use crate::grid::point::AXES;
use crate::grid::tiles::Tile;
use crate::linalg::convolver::Convolver;
use crate::linalg::correlate::reach::{Reach, Scratch};
use crate::linalg::{Field, Real};

/// All correlations of a tile, times `unit`.
pub(super) fn transform<T: Real, C: Real>(
    reach: &Reach,
    convolver: &Convolver,
    x: &Field<'_, T>,
    unit: f64,
    tile: &Tile,
    scratch: &mut Scratch<T>,
    c: &mut [C],
) {
    let (buffers, values) = (&mut scratch.transforms, &mut scratch.row);
    for channel in 0..x.channels.len() {
        convolver.forward(buffers, channel, |at, row| {
            // Nothing from beyond what the tile needs: it might not be there.
            let seen = |a: usize| tile.shape[a] + reach.atom[a] - 1;
            let inside = (0..AXES).all(|a| at[a] < seen(a));
            let n = if inside { seen(2) - at[2] } else { 0 };
            let n = (n as usize).min(row.len());
            let at = std::array::from_fn(|a| at[a] + tile.origin[a]);
            reach.gather_row(x, channel, 1.0, at, &mut values[..n]);
            let (row, rest) = row.split_at_mut(n);
            row.iter_mut().zip(&*values).for_each(|(to, from)| *to = from.wide());
            rest.fill(0.0);
        });
    }
    let [_, s1, s2] = tile.stored(&reach.group);
    for atom in 0..reach.n_atoms {
        if clock::over() {
            return;
        }
        let (values, index) = convolver.correlate(buffers, atom);
        for (row, c) in c.chunks_exact_mut(s2 as usize * reach.n_atoms).enumerate() {
            let row = row as i64;
            let values = &values[index([row / s1, row % s1, 0])..];
            let c = c[atom..].iter_mut().step_by(reach.n_atoms);
            c.zip(values).for_each(|(c, value)| *c = C::of(*value * unit));
        }
    }
}
