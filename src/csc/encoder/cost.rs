//! What it takes to certify a z ≠ 0, measured: what a descent leaves of a limit of time to the certificate goes by that.

use crate::base::error::Result;
use crate::csc::descent::tile::{Coordinate, Step};
use crate::csc::encoder::begin::Intake;
use crate::csc::encoder::residual::subtract;
use crate::grid::tiles::Tile;
use crate::linalg::Real;
use std::hint::black_box;
use std::time::Instant;

/// Samples are taken in so many parts, because a thread may be kept from running in one of them.
const PARTS: usize = 4;

/// Products of a part, about.
const PRODUCTS: usize = 1 << 12;

/// Seconds for each z ≠ 0 of this rank, about: z that are zero are taken out of the signals that are in the window, and their c
/// are computed, as the certificate does it.
pub(super) fn seconds_per_nonzero<T: Real>(intake: &mut Intake<'_, T>) -> Result<f64> {
    let (placed, bound, team) = (&mut *intake.placed, &*intake.bound, intake.team);
    let (n_own, n_all) = (placed.tiles().len(), placed.tiles().all_numbers().len());
    if n_own == 0 {
        return Ok(0.0);
    }
    let products = bound.dictionary().volume() * placed.shape().n_channels;
    let n = (PRODUCTS / products).clamp(4, 64);
    let tile = placed.tiles().tile(n_own / 2).tile.clone();
    let steps = samples(&tile, bound.dictionary().n_atoms, n * PARTS);
    let (window, _, _, shape) = placed.window_and_rest();
    // Room that the certificate needs: made here, not in the time that is kept for it.
    window.forget_sizes()?;
    let taking = typical(steps.chunks(n), |steps| subtract(bound.dictionary(), window, shape, tile.signal, steps));
    let measure = intake.measure();
    let mut scratch = measure.scratch()?;
    let signal = measure.placed.signal(tile.signal);
    let computing = typical(steps.chunks(n), |steps| {
        for step in steps {
            let of = Coordinate { at: step.at, atom: step.atom as usize };
            black_box(measure.exact(&signal, &of, T::ZERO, &mut scratch));
        }
    });
    // Those of other ranks within reach are taken out, too. c is computed on all threads, for the sums, and where the c
    // that is left is looked at before it is computed anew, twice.
    let per_step = taking * n_all as f64 / n_own as f64 + 2.0 * computing / team.len() as f64;
    Ok(per_step / n as f64)
}

/// Coordinates all over a tile, in its order.
fn samples<T: Real>(tile: &Tile, n_atoms: usize, n: usize) -> Vec<Step<T>> {
    let [n0, n1, n2] = tile.shape;
    let sample = |i: usize| {
        let place = (i as i64 * n0 * n1 * n2) / n as i64;
        let at = [place / (n1 * n2), place / n2 % n1, place % n2];
        let at = std::array::from_fn(|a| tile.origin[a] + at[a]);
        Step { at, atom: (i % n_atoms) as u32, delta: T::ZERO }
    };
    (0..n).map(sample).collect()
}

/// Seconds for a part: the second least.
fn typical<'s, T: 's>(parts: impl Iterator<Item = &'s [Step<T>]>, mut work: impl FnMut(&[Step<T>])) -> f64 {
    let timed = |steps| {
        let start = Instant::now();
        work(steps);
        start.elapsed().as_secs_f64()
    };
    let mut seconds: Vec<f64> = parts.map(timed).collect();
    seconds.sort_unstable_by(f64::total_cmp);
    seconds.get(1).copied().unwrap_or(0.0)
}
