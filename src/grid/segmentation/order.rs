//! Numbers of positions in C order: the last axis fastest.

use crate::grid::segmentation::axis::length;
use std::ops::Range;

/// C-order number of a position.
pub(super) fn number(shape: &[i64], position: &[i64]) -> i64 {
    let axes = shape.iter().zip(position);
    axes.fold(0, |number, (size, x)| number * size + x)
}

/// Position of a C-order number: the inverse of [`number`].
pub(super) fn position(shape: &[i64], mut number: i64) -> Vec<i64> {
    let mut position = vec![0; shape.len()];
    for (x, size) in position.iter_mut().zip(shape).rev() {
        *x = number % size;
        number /= size;
    }
    position
}

/// The C-order numbers, in an array of shape `shape`, of the positions of a box, ascending.
pub(super) fn row_major(shape: Vec<i64>, within: &[Range<i64>]) -> impl Iterator<Item = i64> {
    let mut at: Vec<i64> = within.iter().map(|range| range.start).collect();
    let count: i64 = within.iter().map(length).product();
    (0..count).map(move |_| {
        let this = number(&shape, &at);
        for (x, range) in at.iter_mut().zip(within).rev() {
            *x += 1;
            if *x < range.end {
                break;
            }
            *x = range.start;
        }
        this
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_major_counts_as_position_does() {
        let shape = vec![3, 4, 5];
        let within = [1..3, 0..2, 4..5];
        let numbers: Vec<i64> = row_major(shape.clone(), &within).collect();
        let inside = |&n: &i64| {
            let at = position(&shape, n);
            at.iter().zip(&within).all(|(x, range)| range.contains(x))
        };
        assert_eq!(numbers, (0..60).filter(inside).collect::<Vec<_>>());
    }
}
