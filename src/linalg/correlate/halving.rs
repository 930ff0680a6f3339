//! Three half-length sums for four: fast FIR algorithms (Mou and Duhamel, Short-length FIR filters and their use in fast
//! nonrecursive filtering, IEEE Transactions on Signal Processing 39, 1991).
//!
//! With values x and taps d, both split into even and odd ones, and x₀′(i) = x₀(i + 1),
//!
//! ```text
//! c(2i)     = ((d₀ + d₁) ⋆ x₁)(i) + (d₀ ⋆ (x₀ − x₁))(i)
//! c(2i + 1) = ((d₀ + d₁) ⋆ x₁)(i) + (d₁ ⋆ (x₀′ − x₁))(i)
//! ```
//!
//! And each of the three sums can be halved again: after h halvings there are 3ʰ *parts* of 2⁻ʰ of the length, whose sums
//! make 2ʰ neighbouring values, the *phases* of a place.

use crate::linalg::scalar::Scalar;

/// Halvings at most.
pub(crate) const MOST_HALVINGS: usize = 2;

/// Parts of a run.
pub(crate) const fn parts(halvings: usize) -> usize {
    3usize.pow(halvings as u32)
}

/// Values of a run of which parts have `n` values.
pub(crate) fn whole(n: usize, halvings: usize) -> usize {
    ((n + 1) << halvings) - 1
}

/// The parts of a run of values, one after the other. `spare` is room.
pub(crate) fn split_values<T: Scalar>(values: &mut Vec<T>, spare: &mut Vec<T>, halvings: usize) {
    for halving in 0..halvings {
        let run = values.len() / parts(halving);
        let n = run / 2;
        spare.clear();
        spare.resize(parts(halving + 1) * n, T::ZERO);
        for (x, to) in values.chunks_exact(run).zip(spare.chunks_exact_mut(3 * n)) {
            let (both, differences) = to.split_at_mut(n);
            let (even, odd) = differences.split_at_mut(n);
            let (here, next) = (x.as_chunks::<2>().0, x[1..].as_chunks::<2>().0);
            for i in 0..n {
                both[i] = here[i][1];
                even[i] = here[i][0] - here[i][1];
                odd[i] = next[i][1] - next[i][0];
            }
        }
        std::mem::swap(values, spare);
    }
}

/// The parts of a run of taps, and a bound on Σ|d|·|x| over all that goes into one value, where |x| ≤ 1.
pub(crate) fn split_taps(taps: &[f64], halvings: usize) -> (Vec<Vec<f64>>, f64) {
    if halvings == 0 {
        return (vec![taps.to_vec()], taps.iter().map(|d| d.abs()).sum());
    }
    let pairs = || taps.chunks(2).map(|d| (d[0], d.get(1).unwrap_or(&0.0)));
    let sums: Vec<_> = pairs().map(|(d0, d1)| d0 + d1).collect();
    let (even, odd): (Vec<_>, Vec<_>) = pairs().unzip();
    let [both, even, odd] = [sums, even, odd].map(|taps| split_taps(&taps, halvings - 1));
    // A value is made of two of them, and differences of values are up to twice as large.
    let weight = both.1 + 2.0 * even.1.max(odd.1);
    ([both.0, even.0, odd.0].concat(), weight)
}

/// Makes phases of the sums of parts, in place. There are `n` sums of each part, and then of each phase. Calls `add` with
/// the places of a first, a second and a third, which become first + second and first + third at the places that follow.
#[inline(always)]
pub(crate) fn join(n: usize, halvings: usize, mut add: impl FnMut([usize; 3], [usize; 2])) {
    for done in 0..halvings {
        let block = n << done;
        for group in 0..parts(halvings - 1 - done) {
            for at in 0..block {
                let from = [3 * group, 3 * group + 1, 3 * group + 2];
                let to = [2 * group, 2 * group + 1];
                add(from.map(|i| i * block + at), to.map(|i| i * block + at));
            }
        }
    }
}

/// Which of the neighbouring values a phase is: the first halving is the highest bit of a phase, and the lowest of a value.
pub(crate) fn offset(phase: usize, halvings: usize) -> usize {
    (0..halvings).map(|bit| (phase >> bit & 1) << (halvings - 1 - bit)).sum()
}
