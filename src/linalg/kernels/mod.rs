//! The inner loops of the solver, written for the compiler's vectoriser, compiled once per
//! instruction set and chosen at run time.
//!
//! A step is `c − δ·g` with two roundings, never fused: then every instruction set gives the same
//! bits. Comparisons are written so that NaN loses: `c` is NaN where a coordinate may not be chosen.

#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;

use crate::clock::Looks;
use crate::linalg::Real;
#[cfg(target_arch = "x86_64")]
use crate::linalg::correlate::halving::{join, offset, parts};

/// Lanes that the loops are written for; groups of values come in multiples of it.
pub(crate) const LANES: usize = 8;

/// Instruction sets with a compiled variant, chosen at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// What every machine of the architecture has.
    Portable,
    /// AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, VL and DQ.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The best one that this machine has.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
            {
                return Isa::Avx512;
            }
            if is_x86_feature_detected!("avx2") {
                return Isa::Avx2;
            }
        }
        Isa::Portable
    }

    /// As people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Isa::Portable => "no extension",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => "AVX-512",
        }
    }

    /// Whether [`Kernels::correlate`] is faster than a matrix product.
    pub(super) fn sums_quickly(self) -> bool {
        self != Isa::Portable && !self.is_avx2()
    }

    fn is_avx2(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self == Isa::Avx2;
        #[cfg(not(target_arch = "x86_64"))]
        false
    }
}

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

/// Atoms that [`Kernels::correlate`] takes at once: their sums stay in registers.
pub const MOST_ATOMS: usize = 13;

/// What [`Kernels::correlate`] may read beyond the last value that it needs.
pub const OVERHANG: usize = 16;

/// Contiguous runs of one length, on a grid of two strides.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// Number of runs along each stride.
    pub counts: [usize; 2],
    /// Values from one run to the next.
    pub strides: [usize; 2],
    /// Values of a run.
    pub run: usize,
}

impl Rows {
    /// First values of the runs, the first run at `start`.
    #[inline(always)]
    pub fn starts(self, start: usize) -> impl Iterator<Item = usize> {
        let outer = (0..self.counts[0]).map(move |i| start + i * self.strides[0]);
        outer.flat_map(move |first| (0..self.counts[1]).map(move |j| first + j * self.strides[1]))
    }
}

/// Compiles an expression once per instruction set and evaluates the variant that fits the machine:
/// `multiversion!(isa, name in avx512, (argument: Type = value, …) -> Type { expression })`.
macro_rules! multiversion {
    ($isa:expr, $avx512:ident, ($($arg:ident: $ty:ty = $value:expr),* $(,)?) -> $ret:ty { $body:expr }) => {{
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
            Isa::Avx512 => unsafe { avx512::$avx512($($value),*) },
        }
    }};
}

/// c −= δ·g over runs of c, from `to` on, and as many of g, from `from` on.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn subtract_rows<T: Real, G: Copy>(
    c: &mut [T],
    to: usize,
    c_rows: Rows,
    g: &[G],
    from: usize,
    g_strides: [usize; 2],
    widen: impl Fn(G) -> T,
    delta: T,
) {
    let run = c_rows.run;
    for i in 0..c_rows.counts[0] {
        let mut to = to + i * c_rows.strides[0];
        let mut from = from + i * g_strides[0];
        for _ in 0..c_rows.counts[1] {
            for (c, g) in c[to..to + run].iter_mut().zip(&g[from..from + run]) {
                *c -= delta * widen(*g);
            }
            to += c_rows.strides[1];
            from += g_strides[1];
        }
    }
}

#[inline(always)]
fn magnitude<T: Real>(x: T) -> T {
    // Without a branch, which the sign would often take the other way.
    x.abs()
}

#[inline(always)]
fn larger<T: Real>(value: T, than: T) -> T {
    if value > than { value } else { than }
}

/// Soft threshold of `v`; one-sided when `POSITIVE`.
#[inline(always)]
fn soft_threshold<T: Real, const POSITIVE: bool>(v: T, mu: T) -> T {
    if POSITIVE {
        larger(v - mu, T::ZERO)
    } else {
        // v − clamp(v, −μ, μ); NaN stays NaN.
        let low = if v < -mu { -mu } else { v };
        v - if low > mu { mu } else { low }
    }
}

/// |dz| of a coordinate whose scaled correlation is `c` and value `z`. NaN when `c` is NaN.
#[inline(always)]
pub(crate) fn step_size<T: Real>(positive: bool, c: T, z: T, mu: T) -> T {
    if positive {
        // `larger` would hide a NaN in c: take the difference first.
        let inner = c - mu;
        magnitude(if inner < -z { -z } else { inner })
    } else {
        magnitude(soft_threshold::<T, false>(c + z, mu) - z)
    }
}

/// [`soft_threshold`], the side chosen at run time.
#[inline(always)]
pub(crate) fn threshold<T: Real>(positive: bool, v: T, mu: T) -> T {
    if positive { soft_threshold::<T, true>(v, mu) } else { soft_threshold::<T, false>(v, mu) }
}

/// |c| − μ, or c − μ where `sign` is 1 and not −1: |dz| of a zero coordinate that wants to move; negative values tell how
/// far it is from that.
#[inline(always)]
fn excess<T: Real>(sign: T, c: T, mu: T) -> T {
    larger(sign * c, c) - mu
}

/// For [`excess`].
#[inline(always)]
fn sign<T: Real>(positive: bool) -> T {
    if positive { T::one() } else { -T::one() }
}

/// Largest |c| − μ over runs; −∞ when every value is NaN. A run is a multiple of [`LANES`] long.
#[inline(always)]
fn largest_excess_rows<T: Real>(positive: bool, c: &[T], start: usize, rows: Rows, mu: &[T]) -> T {
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
fn raised<T: Real>(sign: T, best: [T; LANES], c: &[T; LANES], mu: &[T; LANES]) -> [T; LANES] {
    std::array::from_fn(|i| larger(excess(sign, c[i], mu[i]), best[i]))
}

/// Where |c| − μ is `value`: of all such places the one whose atom is lowest, then the first. The
/// index into c runs over (position, atom), atom innermost, `n_atoms` of them; 1 means the first
/// place, whatever its atom.
#[inline(always)]
fn locate_excess_rows<T: Real>(
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

/// Correlations of a block of atoms, position by position.
#[allow(clippy::too_many_arguments)]
fn correlate_block<T: Real>(
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

/// Raises each of `most` to the largest |c| (c when `positive`) at its place in runs of c; NaN loses.
#[inline(always)]
pub(super) fn raise_by_place<T: Real>(positive: bool, most: &mut [T], c: &[T]) {
    let sign = sign(positive);
    for c in c.chunks_exact(most.len().max(1)) {
        for (most, c) in most.iter_mut().zip(c) {
            *most = larger(excess(sign, *c, T::ZERO), *most);
        }
    }
}

/// Largest value of a slice that holds no NaN; −∞ when it is empty.
#[inline(always)]
fn largest_value<T: Real>(values: &[T]) -> T {
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

/// The kernels for one element type, dispatched to the machine's instruction set.
///
/// Implemented for `f64` and `f32` by one macro so that they are compiled here, once, and not in
/// every crate that uses the solver.
pub trait Kernels: Sized {
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
    ($t:ident, $subtract:ident, $subtract_single:ident, $largest_excess:ident, $locate_excess:ident, $largest:ident, $raise:ident, $first_above:ident,
        $correlate:ident) => {
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
                multiversion!(isa, $subtract, (
                    c: &mut [$t] = c, to: usize = to, c_rows: Rows = c_rows, g: &[$t] = g,
                    from: usize = from, g_strides: [usize; 2] = g_strides, delta: $t = delta,
                ) -> () {
                    subtract_rows(c, to, c_rows, g, from, g_strides, |g| g, delta)
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
                multiversion!(isa, $subtract_single, (
                    c: &mut [$t] = c, to: usize = to, c_rows: Rows = c_rows, g: &[f32] = g,
                    from: usize = from, g_strides: [usize; 2] = g_strides, delta: $t = delta,
                ) -> () {
                    subtract_rows(c, to, c_rows, g, from, g_strides, $t::from, delta)
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
                multiversion!(isa, $largest_excess, (
                    positive: bool = positive, c: &[$t] = c, start: usize = start,
                    rows: Rows = rows, mu: &[$t] = mu,
                ) -> $t {
                    largest_excess_rows(positive, c, start, rows, mu)
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
                multiversion!(isa, $locate_excess, (
                    positive: bool = positive, c: &[$t] = c, start: usize = start,
                    rows: Rows = rows, mu: &[$t] = mu, value: $t = value,
                    n_atoms: usize = n_atoms,
                ) -> Option<usize> {
                    locate_excess_rows(positive, c, start, rows, mu, value, n_atoms)
                })
            }

            fn largest(isa: Isa, values: &[Self]) -> Self {
                multiversion!(isa, $largest, (values: &[$t] = values) -> $t { largest_value(values) })
            }

            fn first_above(isa: Isa, values: &[Self], from: usize, limit: Self) -> Option<usize> {
                multiversion!(isa, $first_above, (
                    values: &[$t] = values, from: usize = from, limit: $t = limit,
                ) -> Option<usize> {
                    (from..values.len()).find(|at| values[*at] > limit)
                })
            }

            fn raise(isa: Isa, positive: bool, most: &mut [Self], c: &[Self]) {
                multiversion!(isa, $raise, (
                    positive: bool = positive, most: &mut [$t] = most, c: &[$t] = c,
                ) -> () {
                    raise_by_place(positive, most, c)
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
                multiversion!(isa, $correlate, (
                    x: &[$t] = x, positions: [usize; 3] = positions, strides: [usize; 2] = strides,
                    taps: &Taps = taps, d: &[$t] = d, block: AtomBlock = block, c: &mut [$t] = c,
                ) -> () {
                    correlate_block(x, positions, strides, taps, d, block, c)
                })
            }
        }
    };
}

kernels!(
    f64,
    subtract_f64,
    subtract_single_f64,
    largest_excess_f64,
    locate_excess_f64,
    largest_f64,
    raise_f64,
    first_above_f64,
    correlate_f64
);
kernels!(
    f32,
    subtract_f32,
    subtract_f32,
    largest_excess_f32,
    locate_excess_f32,
    largest_f32,
    raise_f32,
    first_above_f32,
    correlate_f32
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::correlate::halving::{MOST_HALVINGS, split_taps, split_values, whole};

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
    fn same_bits<T: Real>() {
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
    fn correlates<T: Real>(rounding: f64) {
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
