//! What a step reaches of a tile.

use crate::csc::descent::tile::plan::Plan;
use crate::csc::descent::tile::step::Step;
use crate::grid::point::{AXES, Point};
use crate::linalg::kernels::Rows;

/// Runs of something that lies like a tile, and of a table of what a step does to it.
pub(super) struct Reach {
    /// First value of the first run, and how the runs lie.
    pub(super) to: usize,
    pub(super) rows: Rows,
    /// The same in the table.
    pub(super) from: usize,
    pub(super) strides: [usize; 2],
}

/// Whether a step at a position relative to a tile of this shape reaches it: one test, and one comparison per axis.
#[inline(always)]
pub(super) fn is_reached<T>(plan: &Plan<T>, at: Point, shape: &Point) -> bool {
    let near = |a: usize| {
        let radius = plan.atom[a] - 1;
        ((at[a] + radius) as u64) < (shape[a] + 2 * radius) as u64
    };
    near(0) & near(1) & near(2)
}

/// The values of c that a step changes, of a tile of some shape whose rows have these strides, and where the Gram tensor has
/// what it takes from them.
#[inline(always)]
pub(super) fn of_values<T>(plan: &Plan<T>, step: &Step<T>, shape: &Point, strides: [usize; 2]) -> Reach {
    let n = plan.n_atoms;
    let mut from = step.atom as usize;
    let mut low = [0; AXES];
    let mut count = [0; AXES];
    for a in 0..AXES {
        let (at, radius) = (step.at[a] as isize, plan.atom[a] as isize - 1);
        let first = (at - radius).max(0);
        count[a] = ((at + radius + 1).min(shape[a] as isize) - first) as usize;
        low[a] = first as usize;
        // Place of the corner in the window of the step.
        from = from * plan.window[a] + (first - at + radius) as usize;
    }
    let [_, w1, w2] = plan.window;
    Reach {
        to: low[0] * strides[0] + low[1] * strides[1] + low[2] * n,
        rows: Rows { counts: [count[0], count[1]], strides, run: count[2] * n },
        from: from * n,
        strides: [w1 * w2 * n, w2 * n],
    }
}

/// The groups that a step reaches, of a tile of so many, and where `Plan::reach` has how far their bounds may rise.
#[inline(always)]
pub(super) fn of_groups<T>(plan: &Plan<T>, step: &Step<T>, groups: &Point) -> Reach {
    let mut phase = step.atom as usize;
    // Of the groups that a step can reach those in the tile, and the first one's place among them.
    let mut low = [0; AXES];
    let mut n = [0; AXES];
    let mut place = [0; AXES];
    let count = plan.reach_radius.map(|r| 2 * r as usize + 1);
    for a in 0..AXES {
        let (at, log2) = (step.at[a], plan.group_log2[a]);
        phase = phase << log2 | (at & (plan.group[a] - 1)) as usize;
        let first = (at >> log2) - plan.reach_radius[a];
        low[a] = first.max(0) as usize;
        place[a] = (-first).max(0) as usize;
        let end = (first + count[a] as i64).min(groups[a]);
        n[a] = (end - first.max(0)) as usize;
    }
    let [_, g1, g2] = groups.map(|g| g as usize);
    Reach {
        to: (low[0] * g1 + low[1]) * g2 + low[2],
        rows: Rows { counts: [n[0], n[1]], strides: [g1 * g2, g2], run: n[2] },
        from: ((phase * count[0] + place[0]) * count[1] + place[1]) * count[2] + place[2],
        strides: [count[1] * count[2], count[2]],
    }
}
