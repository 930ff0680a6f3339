//! The inner loops of the solver, compiled once per instruction set and chosen at run time. Written for the compiler's
//! vectoriser in [`step`], [`search`] and [`correlate`], and by hand in `avx512`.

#[cfg(target_arch = "x86_64")]
mod avx512;
pub(crate) mod correlate;
pub(crate) mod isa;
pub(crate) mod rows;
pub(crate) mod search;
pub(crate) mod step;

use crate::linalg::scalar::Scalar;
pub use correlate::{AtomBlock, MOST_ATOMS, OVERHANG, Taps};
pub use isa::Isa;
pub use rows::Rows;
pub(crate) use step::{step_size, threshold};

/// Compiles an expression once per instruction set and evaluates the variant that fits the machine:
/// `multiversion!(isa, module, name in avx512, (argument: Type = value, …) -> Type { expression })`.
macro_rules! multiversion {
    ($isa:expr, $module:ident, $avx512:ident, ($($arg:ident: $ty:ty = $value:expr),* $(,)?) -> $ret:ty { $body:expr }) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn avx2($($arg: $ty),*) -> $ret {
            $body
        }
        fn portable($($arg: $ty),*) -> $ret {
            $body
        }
        match $isa {
            Isa::Portable => portable($($value),*),
            // SAFETY: `Isa::detect` has found these instructions on this machine.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => unsafe { avx2($($value),*) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => unsafe { avx512::$module::$avx512($($value),*) },
        }
    }};
}

/// The kernels for one element type, dispatched to the machine's instruction set.
///
/// Implemented for `f64` and `f32` by one macro so that they are compiled here, once, and not in
/// every crate that uses the solver.
pub trait Kernels: Scalar {
    /// c −= δ·g over runs of c, from `to` on, and as many of g, from `from` on.
    #[allow(clippy::too_many_arguments)]
    fn subtract(
        isa: Isa,
        c: &mut [Self],
        to: usize,
        c_rows: Rows,
        g: &[Self],
        from: usize,
        g_strides: [usize; 2],
        delta: Self,
    );

    /// The same with g in single precision.
    #[allow(clippy::too_many_arguments)]
    fn subtract_single(
        isa: Isa,
        c: &mut [Self],
        to: usize,
        c_rows: Rows,
        g: &[f32],
        from: usize,
        g_strides: [usize; 2],
        delta: Self,
    );

    /// Largest |c| − μ (c − μ when `positive`) over runs; −∞ when every value is NaN.
    fn largest_excess(isa: Isa, positive: bool, c: &[Self], start: usize, rows: Rows, mu: &[Self]) -> Self;

    /// Where `largest_excess` is attained: the lowest atom, then the first position.
    #[allow(clippy::too_many_arguments)]
    fn locate_excess(
        isa: Isa,
        positive: bool,
        c: &[Self],
        start: usize,
        rows: Rows,
        mu: &[Self],
        value: Self,
        n_atoms: usize,
    ) -> Option<usize>;

    /// Largest value of a slice that holds no NaN; −∞ when it is empty.
    fn largest(isa: Isa, values: &[Self]) -> Self;

    /// Place of the first value above a limit, from a place on.
    fn first_above(isa: Isa, values: &[Self], from: usize, limit: Self) -> Option<usize>;

    /// Raises each of `most` to the largest |c| (c when `positive`) at its place in runs of c; NaN loses.
    fn raise(isa: Isa, positive: bool, most: &mut [Self], c: &[Self]);

    /// c(position, k) = Σ_taps x(position + tap)·d(tap, k) for the atoms of a block and a box of positions; positions
    /// lie in x with two strides and contiguously along the last axis, in c row-major, all atoms innermost. x has
    /// [`OVERHANG`] values more than that needs. Where rows are halved, x and d have one part after the other, positions
    /// are those of a part, and each makes several in c. Unlike the other kernels it may give other bits on another
    /// machine.
    #[allow(clippy::too_many_arguments)]
    fn correlate(
        isa: Isa,
        x: &[Self],
        positions: [usize; 3],
        strides: [usize; 2],
        taps: &Taps,
        d: &[Self],
        block: AtomBlock,
        c: &mut [Self],
    );
}

macro_rules! kernels {
    ($t:ident, $module:ident) => {
        impl Kernels for $t {
            fn subtract(
                isa: Isa,
                c: &mut [Self],
                to: usize,
                c_rows: Rows,
                g: &[Self],
                from: usize,
                g_strides: [usize; 2],
                delta: Self,
            ) {
                multiversion!(isa, $module, subtract, (
                    c: &mut [$t] = c, to: usize = to, c_rows: Rows = c_rows, g: &[$t] = g,
                    from: usize = from, g_strides: [usize; 2] = g_strides, delta: $t = delta,
                ) -> () {
                    step::subtract_rows(c, to, c_rows, g, from, g_strides, |g| g, delta)
                })
            }

            fn subtract_single(
                isa: Isa,
                c: &mut [Self],
                to: usize,
                c_rows: Rows,
                g: &[f32],
                from: usize,
                g_strides: [usize; 2],
                delta: Self,
            ) {
                multiversion!(isa, $module, subtract_single, (
                    c: &mut [$t] = c, to: usize = to, c_rows: Rows = c_rows, g: &[f32] = g,
                    from: usize = from, g_strides: [usize; 2] = g_strides, delta: $t = delta,
                ) -> () {
                    step::subtract_rows(c, to, c_rows, g, from, g_strides, $t::from, delta)
                })
            }

            fn largest_excess(
                isa: Isa,
                positive: bool,
                c: &[Self],
                start: usize,
                rows: Rows,
                mu: &[Self],
            ) -> Self {
                multiversion!(isa, $module, largest_excess, (
                    positive: bool = positive, c: &[$t] = c, start: usize = start,
                    rows: Rows = rows, mu: &[$t] = mu,
                ) -> $t {
                    search::largest_excess_rows(positive, c, start, rows, mu)
                })
            }

            fn locate_excess(
                isa: Isa,
                positive: bool,
                c: &[Self],
                start: usize,
                rows: Rows,
                mu: &[Self],
                value: Self,
                n_atoms: usize,
            ) -> Option<usize> {
                multiversion!(isa, $module, locate_excess, (
                    positive: bool = positive, c: &[$t] = c, start: usize = start,
                    rows: Rows = rows, mu: &[$t] = mu, value: $t = value,
                    n_atoms: usize = n_atoms,
                ) -> Option<usize> {
                    search::locate_excess_rows(positive, c, start, rows, mu, value, n_atoms)
                })
            }

            fn largest(isa: Isa, values: &[Self]) -> Self {
                multiversion!(isa, $module, largest, (values: &[$t] = values) -> $t { search::largest_value(values) })
            }

            fn first_above(isa: Isa, values: &[Self], from: usize, limit: Self) -> Option<usize> {
                multiversion!(isa, $module, first_above, (
                    values: &[$t] = values, from: usize = from, limit: $t = limit,
                ) -> Option<usize> {
                    (from..values.len()).find(|at| values[*at] > limit)
                })
            }

            fn raise(isa: Isa, positive: bool, most: &mut [Self], c: &[Self]) {
                multiversion!(isa, $module, raise, (
                    positive: bool = positive, most: &mut [$t] = most, c: &[$t] = c,
                ) -> () {
                    search::raise_by_place(positive, most, c)
                })
            }

            fn correlate(
                isa: Isa,
                x: &[Self],
                positions: [usize; 3],
                strides: [usize; 2],
                taps: &Taps,
                d: &[Self],
                block: AtomBlock,
                c: &mut [Self],
            ) {
                multiversion!(isa, $module, correlate, (
                    x: &[$t] = x, positions: [usize; 3] = positions, strides: [usize; 2] = strides,
                    taps: &Taps = taps, d: &[$t] = d, block: AtomBlock = block, c: &mut [$t] = c,
                ) -> () {
                    correlate::correlate_block(x, positions, strides, taps, d, block, c)
                })
            }
        }
    };
}

kernels!(f64, double);
kernels!(f32, single);

#[cfg(test)]
mod tests {
    use super::rows::LANES;
    use super::*;
    use crate::linalg::correlate::halving::{MOST_HALVINGS, parts, split_taps, split_values, whole};

    fn isas() -> Vec<Isa> {
        #[allow(unused_mut)]
        let mut isas = vec![Isa::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            let best = Isa::detect();
            isas.extend((best != Isa::Portable).then_some(Isa::Avx2));
            isas.extend((best == Isa::Avx512).then_some(Isa::Avx512));
        }
        isas
    }

    /// Every kernel on runs of every length, NaN among the values, in every instruction set.
    fn same_bits<T: Kernels>() {
        let mut state = 1u64;
        let mut number = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            f64::from((state >> 33) as u32) / f64::from(1u32 << 30) - 1.0
        };
        for run in 1..70 {
            let rows = |run| Rows { counts: [2, 3], strides: [3 * 90, 90], run };
            let mut list = |n| -> Vec<T> { (0..n).map(|_| T::of(number())).collect() };
            let (c, g, delta) = (list(545), list(545), T::of(0.7));
            let single: Vec<f32> = g.iter().map(|g| g.wide() as f32).collect();
            let mut masked = c.clone();
            masked.iter_mut().skip(3).step_by(7).for_each(|c| *c = T::NAN);
            let mu: Vec<T> = list(72).iter().map(|m| m.abs()).collect();
            let answers = isas().into_iter().map(|isa| {
                let (mut a, mut b) = (masked.clone(), masked.clone());
                T::subtract(isa, &mut a, 4, rows(run), &g, 2, [270, 90], delta);
                T::subtract_single(isa, &mut b, 4, rows(run), &single, 2, [270, 90], delta);
                let values: Vec<u64> = a.iter().chain(&b).map(|x| x.wide().to_bits()).collect();
                // Groups are whole lanes.
                let rows = rows(run.next_multiple_of(LANES));
                let found = [false, true].map(|positive| {
                    let most = T::largest_excess(isa, positive, &masked, 1, rows, &mu);
                    let at = |n| T::locate_excess(isa, positive, &masked, 1, rows, &mu, most, n);
                    assert!(at(1).is_some());
                    (most.wide(), at(1), at(5))
                });
                (values, found, T::largest(isa, &c[..run]).wide())
            });
            let answers: Vec<_> = answers.collect();
            assert!(answers.iter().all(|answer| *answer == answers[0]), "run of {run}");
        }
    }

    /// Correlations of all numbers of atoms over boxes of all widths, halved or not, against sums written down.
    fn correlates<T: Kernels>(rounding: f64) {
        let value = |i: usize| (i as f64 * 0.7).sin();
        for (n, halvings) in (1..=MOST_ATOMS).flat_map(|n| (0..=MOST_HALVINGS).map(move |h| (n, h))) {
            for width in [1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 40] {
                let (positions, strides) = ([2, 3, width], [5 * (width + 4), width + 4]);
                let (part, row) = (6 * strides[0], whole(width + 4, halvings));
                let mut x = vec![T::ZERO; parts(halvings) * part + OVERHANG];
                for index in 0..30 {
                    let mut values: Vec<T> = (0..row).map(|i| T::of(value(index * row + i))).collect();
                    split_values(&mut values, &mut Vec::new(), halvings);
                    for (number, values) in values.chunks_exact(width + 4).enumerate() {
                        x[number * part + index * (width + 4)..][..width + 4].copy_from_slice(values);
                    }
                }
                let taps = Taps { starts: vec![0, strides[1], 2 * strides[0]], run: 4, halvings };
                let block = AtomBlock { first: 2, n, of: n + 3 };
                // Four taps a part: the last of the whole run is missing.
                let run = (4 << halvings) - usize::from(halvings > 0);
                let atom = |i: usize, k: usize| value((i * n + k) * (i * n + k));
                let mut d = vec![T::ZERO; parts(halvings) * 12 * n];
                for (k, index) in (0..n).flat_map(|k| (0..3).map(move |index| (k, index))) {
                    let taps: Vec<f64> = (0..run).map(|tap| atom(index * run + tap, k)).collect();
                    for (number, taps) in split_taps(&taps, halvings).0.iter().enumerate() {
                        for (tap, value) in taps.iter().enumerate() {
                            d[((number * 3 + index) * 4 + tap) * n + k] = T::of(*value);
                        }
                    }
                }
                for isa in isas() {
                    let width = width << halvings;
                    let mut c = vec![T::of(9.0); 6 * width * block.of];
                    T::correlate(isa, &x, positions, strides, &taps, &d, block, &mut c);
                    for (index, c) in c.iter().enumerate() {
                        let (position, k) = (index / block.of, index % block.of);
                        let (at, place) = (position / width, position % width);
                        let mut sum = 9.0;
                        if (2..2 + n).contains(&k) {
                            let terms = (0..3 * run).map(|tap| {
                                let row_of_tap = [0, 1, 10][tap / run];
                                let from = (at / 3 * 5 + at % 3 + row_of_tap) * row;
                                value(from + place + tap % run) * atom(tap, k - 2)
                            });
                            sum = terms.sum();
                        }
                        let error = (c.wide() - sum).abs();
                        assert!(error <= rounding, "{n} {halvings} {width} {index}: {c} {sum}");
                    }
                }
            }
        }
    }

    #[test]
    fn correlations_are_the_sums_of_their_terms() {
        correlates::<f64>(1e-13);
        correlates::<f32>(4e-5);
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        same_bits::<f64>();
        same_bits::<f32>();
    }
}
