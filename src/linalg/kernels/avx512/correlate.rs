//! Correlations with a block of atoms, two vectors of positions at a time.

use crate::linalg::correlate::halving::{MOST_HALVINGS, parts};
use crate::linalg::kernels::correlate::{AtomBlock, MOST_ATOMS, OVERHANG, Taps};

/// Writes down a block for each of the first `n` atoms, `n` at most [`MOST_ATOMS`]: a loop, which the compiler may or
/// may not unroll, would keep the sums in memory.
macro_rules! for_each_atom {
    ($atom:ident, $n:ident, $block:block) => {
        for_each_atom!($atom, $n, $block, 0 1 2 3 4 5 6 7 8 9 10 11 12)
    };
    ($atom:ident, $n:ident, $block:block, $($number:literal)*) => {
        $({
            const $atom: usize = $number;
            if $atom < $n $block
        })*
    };
}

pub(super) use for_each_atom;

/// Values of a part of x. Panics where x, d or c, whose lengths are given, end before what is read or written.
pub(super) fn part_within(
    [x, d, c]: [usize; 3],
    positions: [usize; 3],
    strides: [usize; 2],
    taps: &Taps,
    block: AtomBlock,
) -> usize {
    assert!(block.n <= MOST_ATOMS && block.first + block.n <= block.of);
    assert!(taps.halvings <= MOST_HALVINGS);
    let (n_parts, phases) = (parts(taps.halvings), 1 << taps.halvings);
    let n_taps = taps.starts.len() * taps.run;
    assert!(d >= n_parts * n_taps * block.n, "atoms without an end");
    let last = [positions[0] - 1, positions[1] - 1];
    let last = last[0] * strides[0] + last[1] * strides[1] + positions[2];
    let reach = taps.starts.iter().max().map_or(0, |start| start + taps.run);
    let part = (x - OVERHANG) / n_parts;
    assert!(last + reach <= part + 1, "taps beyond the end");
    let n_positions = positions.iter().product::<usize>();
    assert!(n_positions * phases * block.of <= c, "positions beyond the end");
    part
}

/// Where vectors begin in x and among the positions, and how many of their lanes count.
#[inline(always)]
pub(super) fn vectors(
    positions: [usize; 3],
    strides: [usize; 2],
    lanes: usize,
) -> impl Iterator<Item = (usize, usize, usize)> {
    let rows = (0..positions[0]).flat_map(move |i| (0..positions[1]).map(move |j| (i, j)));
    rows.enumerate().flat_map(move |(row, (i, j))| {
        (0..positions[2]).step_by(lanes).map(move |at| {
            let from = i * strides[0] + j * strides[1] + at;
            (from, row * positions[2] + at, (positions[2] - at).min(lanes))
        })
    })
}

/// Makes `correlate`.
macro_rules! correlate {
    () => {
        /// Correlations of K atoms at two vectors of positions, which begin at `x`.
        ///
        /// # Safety
        /// There is a vector at each tap from either `x` on, d has K values per tap, and there is room for 2·K vectors.
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        unsafe fn sums<const K: usize>(
            x: [*const Element; 2],
            taps: &Taps,
            mut d: *const Element,
            to: *mut [Element; LANES],
        ) {
            // SAFETY: no bits are 0. Written as an array of so many, it would be filled in a loop and kept in memory.
            let mut sums: [[Vector; 2]; K] = unsafe { std::mem::zeroed() };
            for start in &taps.starts {
                // SAFETY: the caller has made sure that all of these values are there.
                unsafe {
                    let [first, second] = [x[0].add(*start), x[1].add(*start)];
                    for tap in 0..taps.run {
                        let x = [load(first.add(tap)), load(second.add(tap))];
                        for_each_atom!(ATOM, K, {
                            let d = splat(*d.add(ATOM));
                            sums[ATOM][0] = fused(d, x[0], sums[ATOM][0]);
                            sums[ATOM][1] = fused(d, x[1], sums[ATOM][1]);
                        });
                        d = d.add(K);
                    }
                }
            }
            for_each_atom!(ATOM, K, {
                // SAFETY: `to` has vectors.
                unsafe {
                    store(to.add(ATOM).cast(), sums[ATOM][0]);
                    store(to.add(K + ATOM).cast(), sums[ATOM][1]);
                }
            });
        }

        /// [`crate::linalg::kernels::Kernels::correlate`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        #[allow(clippy::too_many_arguments)]
        pub(in crate::linalg::kernels) fn correlate(
            x: &[Element],
            positions: [usize; 3],
            strides: [usize; 2],
            taps: &Taps,
            d: &[Element],
            block: AtomBlock,
            c: &mut [Element],
        ) {
            if positions.contains(&0) || taps.run == 0 || block.n == 0 {
                return;
            }
            const { assert!(LANES <= OVERHANG) };
            let part = part_within([x.len(), d.len(), c.len()], positions, strides, taps, block);
            let (n_parts, phases) = (parts(taps.halvings), 1 << taps.halvings);
            let n_taps = taps.starts.len() * taps.run;
            let correlate: unsafe fn([*const Element; 2], &Taps, *const Element, *mut [Element; LANES]) = match block.n
            {
                1 => sums::<1>,
                2 => sums::<2>,
                3 => sums::<3>,
                4 => sums::<4>,
                5 => sums::<5>,
                6 => sums::<6>,
                7 => sums::<7>,
                8 => sums::<8>,
                9 => sums::<9>,
                10 => sums::<10>,
                11 => sums::<11>,
                12 => sums::<12>,
                _ => sums::<13>,
            };
            let mut vectors = vectors(positions, strides, LANES);
            // By part, vector, atom; later by phase, vector, atom.
            let n = 2 * block.n;
            let mut sums = [[0.0; LANES]; parts(MOST_HALVINGS) * 2 * MOST_ATOMS];
            let sums = &mut sums[..n_parts * n];
            let mut looks = Looks::every(2 * LANES * d.len());
            while let Some(first) = vectors.next() {
                if looks.over() {
                    return;
                }
                let second = vectors.next();
                // Without a second the first is computed twice.
                let from = [first.0, second.unwrap_or(first).0];
                for (index, sums) in sums.chunks_exact_mut(n).enumerate() {
                    let from = from.map(|from| index * part + from);
                    // SAFETY: either vector begins at a position, and ends less than `OVERHANG` beyond it: x has that
                    // many values, and d those of all taps, as was seen above.
                    unsafe {
                        let x = from.map(|from| x.as_ptr().add(from));
                        let d = d.as_ptr().add(index * n_taps * block.n);
                        correlate(x, taps, d, sums.as_mut_ptr());
                    }
                }
                let vectors: *mut [Element; LANES] = sums.as_mut_ptr();
                join(n, taps.halvings, |from, to| {
                    // SAFETY: all places are below n·parts, which is the length of the sums.
                    unsafe {
                        let [both, even, odd] = from.map(|i| load(vectors.add(i).cast()));
                        store(vectors.add(to[0]).cast(), add(both, even));
                        store(vectors.add(to[1]).cast(), add(both, odd));
                    }
                });
                for (phase, sums) in sums.chunks_exact(n).take(phases).enumerate() {
                    let both = [Some(first), second].into_iter().flatten();
                    for (sums, (_, to, n)) in sums.chunks_exact(block.n).zip(both) {
                        let to = to * phases + offset(phase, taps.halvings);
                        let c = &mut c[to * block.of + block.first..];
                        scatter(sums, n, phases * block.of, c);
                    }
                }
            }
        }
    };
}

pub(super) use correlate;
