//! Correlations as products of matrices: patches of the field, one a row, times atoms, one a column.

use crate::clock;
use crate::grid::tiles::Tile;
use crate::linalg::correlate::reach::{Reach, Room};
use crate::linalg::{Field, Real};

/// Rows of one matrix product: enough to amortise its packing, few enough to stay in cache.
pub(super) const PANEL: usize = 256;

/// All correlations of a tile; `columns` is (P·L…, K).
pub(super) fn multiply<T: Real, C: Real>(
    reach: &Reach,
    columns: &[C],
    x: &Field<'_, T>,
    unit: f64,
    tile: &Tile,
    room: &mut Room<C>,
    c: &mut [C],
) {
    let depth = columns.len() / reach.n_atoms;
    let positions = tile.n_groups() * reach.group.iter().product::<i64>() as usize;
    for first in (0..positions).step_by(PANEL) {
        if clock::over() {
            return;
        }
        let rows = PANEL.min(positions - first);
        let patches = &mut room.values[..rows * depth];
        gather_patches(reach, x, unit, tile, first, patches, rows);
        C::gemm(
            (rows, reach.n_atoms, depth),
            [true, false],
            C::one(),
            patches,
            rows,
            columns,
            reach.n_atoms,
            C::ZERO,
            &mut c[first * reach.n_atoms..],
            reach.n_atoms,
        );
    }
}

/// The patches of positions from `first` on, as columns: each row is the field, moved by one tap, in long runs.
#[allow(clippy::too_many_arguments)]
fn gather_patches<T: Real, C: Real>(
    reach: &Reach,
    x: &Field<'_, T>,
    unit: f64,
    tile: &Tile,
    first: usize,
    patches: &mut [C],
    columns: usize,
) {
    let [_, n1, n2] = tile.stored(&reach.group);
    let [_, l1, l2] = reach.atom;
    let volume = reach.atom.iter().product::<i64>();
    let first = first as i64;
    let begin = [first / (n1 * n2), first / n2 % n1, first % n2];
    for (tap, row) in patches.chunks_exact_mut(columns).enumerate() {
        let (channel, tap) = (tap as i64 / volume, tap as i64 % volume);
        let tap = [tap / (l1 * l2), tap / l2 % l1, tap % l2];
        let (mut at, mut row) = (begin, row);
        while !row.is_empty() {
            let (run, rest) = row.split_at_mut(row.len().min((n2 - at[2]) as usize));
            let from = std::array::from_fn(|a| tile.origin[a] + at[a] + tap[a]);
            reach.gather_row(x, channel as usize, unit, from, run);
            row = rest;
            at = match at[1] + 1 < n1 {
                true => [at[0], at[1] + 1, 0],
                false => [at[0] + 1, 0, 0],
            };
        }
    }
}
