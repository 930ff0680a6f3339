//! The loops that look for the next step, written for the compiler's vectoriser.

use crate::linalg::kernels::rows::{LANES, Rows};
use crate::linalg::kernels::step::{excess, larger, sign};
use crate::linalg::scalar::Scalar;

/// Largest |c| − μ over runs; −∞ when every value is NaN. A run is a multiple of [`LANES`] long.
#[inline(always)]
pub(super) fn largest_excess_rows<T: Scalar>(positive: bool, c: &[T], start: usize, rows: Rows, mu: &[T]) -> T {
    // Several accumulators: one would wait for itself.
    let [mut b0, mut b1, mut b2, mut b3] = [[T::NEG_INFINITY; LANES]; 4];
    let (mu4, mu_rest) = mu[..rows.run].as_chunks::<LANES>().0.as_chunks::<4>();
    let sign = sign(positive);
    for first in rows.starts(start) {
        let c = &c[first..first + rows.run];
        let (c4, c_rest) = c.as_chunks::<LANES>().0.as_chunks::<4>();
        for (c, mu) in c4.iter().zip(mu4) {
            b0 = raised(sign, b0, &c[0], &mu[0]);
            b1 = raised(sign, b1, &c[1], &mu[1]);
            b2 = raised(sign, b2, &c[2], &mu[2]);
            b3 = raised(sign, b3, &c[3], &mu[3]);
        }
        for (c, mu) in c_rest.iter().zip(mu_rest) {
            b0 = raised(sign, b0, c, mu);
        }
    }
    let best: [T; LANES] = std::array::from_fn(|i| larger(larger(b0[i], b1[i]), larger(b2[i], b3[i])));
    best.into_iter().fold(T::NEG_INFINITY, |m, x| larger(x, m))
}

/// The larger of `best` and [`excess`], lane by lane.
#[inline(always)]
fn raised<T: Scalar>(sign: T, best: [T; LANES], c: &[T; LANES], mu: &[T; LANES]) -> [T; LANES] {
    std::array::from_fn(|i| larger(excess(sign, c[i], mu[i]), best[i]))
}

/// Where |c| − μ is `value`: of all such places the one whose atom is lowest, then the first. The
/// index into c runs over (position, atom), atom innermost, `n_atoms` of them; 1 means the first
/// place, whatever its atom.
#[inline(always)]
pub(super) fn locate_excess_rows<T: Scalar>(
    positive: bool,
    c: &[T],
    start: usize,
    rows: Rows,
    mu: &[T],
    value: T,
    n_atoms: usize,
) -> Option<usize> {
    let mut found: Option<usize> = None;
    let (mu8, sign) = (mu.as_chunks::<LANES>().0, sign(positive));
    for first in rows.starts(start) {
        let c8 = c[first..first + rows.run].as_chunks::<LANES>().0;
        for (chunk, (c, mu)) in c8.iter().zip(mu8).enumerate() {
            let mut hit = false;
            for i in 0..LANES {
                hit |= excess(sign, c[i], mu[i]) == value;
            }
            if !hit {
                continue;
            }
            for i in 0..LANES {
                let index = first + chunk * LANES + i;
                if excess(sign, c[i], mu[i]) == value && found.is_none_or(|f| index % n_atoms < f % n_atoms) {
                    found = Some(index);
                    if n_atoms == 1 {
                        return found;
                    }
                }
            }
        }
    }
    found
}

/// Raises each of `most` to the largest |c| (c when `positive`) at its place in runs of c; NaN loses.
#[inline(always)]
pub(super) fn raise_by_place<T: Scalar>(positive: bool, most: &mut [T], c: &[T]) {
    let sign = sign(positive);
    for c in c.chunks_exact(most.len().max(1)) {
        for (most, c) in most.iter_mut().zip(c) {
            *most = larger(excess(sign, *c, T::ZERO), *most);
        }
    }
}

/// Largest value of a slice that holds no NaN; −∞ when it is empty.
#[inline(always)]
pub(super) fn largest_value<T: Scalar>(values: &[T]) -> T {
    let mut best = [T::NEG_INFINITY; LANES];
    let (v8, rest) = values.as_chunks::<LANES>();
    for v in v8 {
        for i in 0..LANES {
            best[i] = larger(v[i], best[i]);
        }
    }
    let rest = rest.iter().fold(T::NEG_INFINITY, |m, &x| larger(x, m));
    best.into_iter().fold(rest, |m, x| larger(x, m))
}
