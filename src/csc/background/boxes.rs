//! Means over boxes around positions, one axis after the other.

use crate::base::error::Result;
use crate::base::memory;
use crate::clock::{self, Looks};
use crate::csc::background::fixed::Unit;
use crate::grid::block::Block;
use crate::grid::point::AXES;
use crate::linalg::Real;

/// Which positions along an axis the boxes of a target need, and which box holds which.
pub(super) struct Axis {
    /// The first position that is needed, and how many are.
    pub(super) first: i64,
    pub(super) n: i64,
    /// For each position of the target the first place in its box, and the one beyond the last; of an axis that is needed
    /// whole they go around it.
    boxes: Vec<(i64, i64)>,
}

impl Axis {
    /// Around position i the box of length l holds i − ⌊l/2⌋ … i − ⌊l/2⌋ + l − 1: cut at the ends of an axis of length n, or
    /// going around it, and then no longer than it.
    pub(super) fn new(n: i64, periodic: bool, length: i64, target: &Block, axis: usize) -> Self {
        let length = length.min(if periodic { n } else { 2 * n });
        let before = length / 2;
        let positions = target.origin[axis]..target.end(axis);
        let around = |at: i64| (at - before, at - before + length);
        let moved = |boxes: &mut dyn Iterator<Item = (i64, i64)>, by: i64| -> Vec<(i64, i64)> {
            boxes.map(|(from, to)| (from - by, to - by)).collect()
        };
        if !periodic {
            let cut = |at: i64| (around(at).0.max(0), around(at).1.min(n));
            let (first, end) = (cut(positions.start).0, cut(positions.end - 1).1);
            return Axis { first, n: end - first, boxes: moved(&mut positions.map(cut), first) };
        }
        let first = positions.start - before;
        let needed = positions.end - positions.start + length - 1;
        match needed < n {
            true => Axis { first: first.rem_euclid(n), n: needed, boxes: moved(&mut positions.map(around), first) },
            false => Axis { first: 0, n, boxes: positions.map(around).collect() },
        }
    }
}

/// Writes the mean of each box, of a field over what they need; `level` where no value of a box is finite.
pub(super) fn box_means<T: Real>(
    axes: &[Axis; AXES],
    from: &[T],
    unit: Unit,
    level: f64,
    to: &mut [f64],
) -> Result<()> {
    let number = |x: &T| if x.finite() { unit.number(x.wide()) } else { 0 };
    let sums = box_sums(axes, from, &number)?;
    if from.iter().all(|x| x.finite()) {
        let lengths = |axis: usize| axes[axis].boxes.iter().map(|(from, to)| i128::from(to - from));
        let mut to = to.iter_mut().zip(sums);
        for a in lengths(0) {
            for b in lengths(1) {
                for (c, (to, sum)) in lengths(2).zip(&mut to) {
                    *to = unit.mean(sum, a * b * c).unwrap_or(level);
                }
            }
        }
        return Ok(());
    }
    let counts = box_sums(axes, from, &|x| x.finite().into())?;
    for (to, (sum, n)) in to.iter_mut().zip(sums.into_iter().zip(counts)) {
        *to = unit.mean(sum, n).unwrap_or(level);
    }
    Ok(())
}

/// Sums over the boxes of what there is for each value.
fn box_sums<T: Real>(axes: &[Axis; AXES], from: &[T], of: &dyn Fn(&T) -> i128) -> Result<Vec<i128>> {
    let mut values: Vec<i128> = memory::zeroed("the background", from.len())?;
    for (to, x) in values.iter_mut().zip(from) {
        *to = of(x);
    }
    let mut shape = [0, 1, 2].map(|a| axes[a].n as usize);
    for axis in (0..AXES).rev() {
        let (outer, inner) = (shape[..axis].iter().product(), shape[axis + 1..].iter().product());
        values = along(&axes[axis], outer, inner, &values)?;
        shape[axis] = axes[axis].boxes.len();
    }
    Ok(values)
}

/// Sums over the boxes along one axis: what comes into the box is added, what leaves it taken away.
fn along(axis: &Axis, outer: usize, inner: usize, values: &[i128]) -> Result<Vec<i128>> {
    let (n, n_boxes) = (axis.n as usize, axis.boxes.len());
    let what = "the background";
    let mut sums: Vec<i128> = memory::zeroed(what, outer * n_boxes * inner)?;
    let mut sum: Vec<i128> = memory::zeroed(what, inner)?;
    let mut looks = Looks::every(4 * inner);
    for (values, sums) in values.chunks_exact(n * inner).zip(sums.chunks_exact_mut(n_boxes * inner)) {
        let place = |i: i64| {
            let i = if (0..axis.n).contains(&i) { i } else { i.rem_euclid(axis.n) };
            &values[i as usize * inner..][..inner]
        };
        sum.fill(0);
        let mut held = axis.boxes[0].0..axis.boxes[0].0;
        for (sums, (from, to)) in sums.chunks_exact_mut(inner).zip(&axis.boxes) {
            for i in held.end..*to {
                sum.iter_mut().zip(place(i)).for_each(|(sum, x)| *sum += x);
            }
            for i in held.start..*from {
                sum.iter_mut().zip(place(i)).for_each(|(sum, x)| *sum -= x);
            }
            held = *from..*to;
            sums.copy_from_slice(&sum);
            if looks.over() {
                clock::check()?;
            }
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn boxes_hold_what_they_say(
            n in 1i64..30,
            periodic in any::<bool>(),
            length in 1i64..80,
            start in 0i64..30,
            more in 1i64..30,
        ) {
            // A target may go beyond an axis that wraps, by less than its length.
            let start = start.min(n - 1);
            let extent = if periodic { more.min(n) } else { more.min(n - start) };
            let target = Block { origin: [start, 0, 0], shape: [extent, 1, 1] };
            let axis = Axis::new(n, periodic, length, &target, 0);
            prop_assert!(axis.first >= 0 && axis.n <= n && axis.boxes.len() as i64 == extent);
            for (i, (from, to)) in axis.boxes.iter().enumerate() {
                let mut found: Vec<i64> = (*from..*to).map(|p| (p.rem_euclid(axis.n) + axis.first) % n).collect();
                let at = start + i as i64;
                let around = at - length / 2..at - length / 2 + length;
                let mut expected: Vec<i64> = match periodic {
                    true if length >= n => (0..n).collect(),
                    true => around.map(|p| p.rem_euclid(n)).collect(),
                    false => around.filter(|p| (0..n).contains(p)).collect(),
                };
                found.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
