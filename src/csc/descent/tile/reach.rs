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

/// Whether a step of an atom at a position relative to a tile of this shape reaches it: one test, and one comparison per axis.
#[inline(always)]
pub(super) fn is_reached<T>(plan: &Plan<T>, atom: u32, at: Point, shape: &Point) -> bool {
    let ahead = &plan.ahead[atom as usize].positions;
    let near = |a: usize| {
        let behind = plan.atom[a] - 1;
        ((at[a] + ahead[a]) as u64) < (shape[a] + ahead[a] + behind) as u64
    };
    near(0) & near(1) & near(2)
}

/// The values of c that a step changes, of a tile of some shape whose rows have these strides, and where the Gram tensor has
/// what it takes from them.
#[inline(always)]
pub(super) fn of_values<T>(plan: &Plan<T>, step: &Step<T>, shape: &Point, strides: [usize; 2]) -> Reach {
    let n = plan.n_atoms;
    let mut from = step.atom as usize;
    let ahead = &plan.ahead[from].positions;
    let mut low = [0; AXES];
    let mut count = [0; AXES];
    for a in 0..AXES {
        let (at, radius) = (step.at[a] as isize, plan.atom[a] as isize - 1);
        let first = (at - radius).max(0);
        count[a] = ((at + ahead[a] as isize + 1).min(shape[a] as isize) - first) as usize;
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
    let ahead = &plan.ahead[phase].groups;
    // Of the groups that a step can reach those in the tile, and the first one's place among them.
    let mut low = [0; AXES];
    let mut n = [0; AXES];
    let mut place = [0; AXES];
    let count = plan.reach_radius.map(|r| 2 * r as usize + 1);
    for a in 0..AXES {
        let (at, log2) = (step.at[a], plan.group_log2[a]);
        phase = phase << log2 | (at & (plan.group[a] - 1)) as usize;
        let own = at >> log2;
        let first = own - plan.reach_radius[a];
        low[a] = first.max(0) as usize;
        place[a] = (-first).max(0) as usize;
        let end = (own + ahead[a] + 1).min(groups[a]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csc::Options;
    use crate::csc::problem::scaling::Scaling;
    use crate::linalg::{Dictionary, Gram};

    /// By the true size of its atom, wherever it is.
    #[test]
    fn a_step_reaches_as_far_as_its_atom_and_the_longest_do() {
        let (atom, shapes) = ([1, 4, 6], [[1, 2, 3], [1, 4, 6]]);
        let d: Vec<f64> = (0..48).map(|i| (i as f64).sin()).collect();
        let d = Dictionary::of_shapes(2, 1, atom, &shapes, &d).unwrap();
        let (scaling, d) = Scaling::new(d, &Options::default()).unwrap();
        let group = [1, 2, 4];
        let plan = Plan::new(&Gram::new(&d.widened().unwrap()).unwrap(), &scaling, group, false).unwrap();
        let tile = [1, 20, 40];
        let (strides, groups) = ([0, 40 * 2], [1, 10, 10]);
        for (k, own) in shapes.iter().enumerate() {
            for (i, j) in (-own[1] + 1..23).flat_map(|i| (-own[2] + 1..45).map(move |j| (i, j))) {
                let step = Step { at: [0, i, j], atom: k as u32, delta: 1.0 };
                let ends = |a: usize, at: i64| [(at - atom[a] + 1).max(0), (at + own[a]).min(tile[a])];
                let ([i0, i1], [j0, j1]) = (ends(1, i), ends(2, j));
                let found = of_values(&plan, &step, &tile, strides);
                assert_eq!(found.to as i64, i0 * 80 + j0 * 2);
                assert_eq!((found.rows.counts[1] as i64, found.rows.run as i64), (i1 - i0, 2 * (j1 - j0)));
                let found = of_groups(&plan, &step, &groups);
                let last = found.to as i64 % 10 + found.rows.run as i64 - 1;
                // All groups that it reaches, and hardly more.
                assert!(found.to as i64 % 10 <= j0 / 4 && last >= (j1 - 1) / 4 && last <= (j1 + 3) / 4, "{i} {j}");
            }
        }
    }
}
