//! Correlations with a block of atoms, position by position.

use crate::clock::Looks;
use crate::linalg::correlate::halving::{join, offset, parts};
use crate::linalg::scalar::Scalar;

/// Where the values of a field that go into one correlation lie, from its position on: runs, one tap after the other.
#[derive(Clone, Debug)]
pub struct Taps {
    /// First values of the runs, in ascending order.
    pub starts: Vec<usize>,
    /// Values of a run.
    pub run: usize,
    /// How often rows of the field and of the atoms have been halved (fast FIR).
    pub halvings: usize,
}

/// Consecutive atoms.
#[derive(Clone, Copy, Debug)]
pub struct AtomBlock {
    /// The first.
    pub first: usize,
    /// How many, at most [`MOST_ATOMS`].
    pub n: usize,
    /// How many there are in all.
    pub of: usize,
}

/// Atoms that [`super::Kernels::correlate`] takes at once: their sums stay in registers.
pub const MOST_ATOMS: usize = 13;

/// What [`super::Kernels::correlate`] may read beyond the last value that it needs.
pub const OVERHANG: usize = 16;

/// Correlations of a block of atoms, position by position.
#[allow(clippy::too_many_arguments)]
pub(super) fn correlate_block<T: Scalar>(
    x: &[T],
    positions: [usize; 3],
    strides: [usize; 2],
    taps: &Taps,
    d: &[T],
    block: AtomBlock,
    c: &mut [T],
) {
    let n_parts = parts(taps.halvings);
    let part = (x.len() - OVERHANG) / n_parts;
    let phases = 1 << taps.halvings;
    let mut sums = vec![T::ZERO; n_parts * block.n];
    let mut c = c.chunks_exact_mut(phases * block.of);
    let mut looks = Looks::every(d.len());
    for i in 0..positions[0] {
        for j in 0..positions[1] {
            for (k, c) in (0..positions[2]).zip(&mut c) {
                if looks.over() {
                    return;
                }
                let at = i * strides[0] + j * strides[1] + k;
                let mut d = d.chunks_exact(block.n);
                sums.fill(T::ZERO);
                for (x, sums) in x.chunks(part).zip(sums.chunks_exact_mut(block.n)) {
                    for start in &taps.starts {
                        for (x, d) in x[at + start..][..taps.run].iter().zip(&mut d) {
                            for (sum, d) in sums.iter_mut().zip(d) {
                                *sum += *x * *d;
                            }
                        }
                    }
                }
                join(block.n, taps.halvings, |from, to| {
                    let [both, even, odd] = from.map(|i| sums[i]);
                    (sums[to[0]], sums[to[1]]) = (both + even, both + odd);
                });
                for (phase, sums) in sums.chunks_exact(block.n).take(phases).enumerate() {
                    let to = offset(phase, taps.halvings) * block.of + block.first;
                    c[to..to + block.n].copy_from_slice(sums);
                }
            }
        }
    }
}
