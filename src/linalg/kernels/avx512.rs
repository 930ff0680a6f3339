//! The kernels in AVX-512: masks for the ends of runs, which are a good part of the short runs of
//! small atoms. The same operations on each value as in [`super::kernels`], so the same bits.

use crate::clock::Looks;
use crate::linalg::correlate::halving::{MOST_HALVINGS, join, offset, parts};
use crate::linalg::kernels::{AtomBlock, MOST_ATOMS, OVERHANG, Rows, Taps, raise_by_place};
use std::arch::x86_64::*;

/// Checks that runs from `start` on lie within `len` values.
#[inline(always)]
fn check(len: usize, start: usize, counts: [usize; 2], strides: [usize; 2], run: usize) {
    let last = (counts[0] - 1) * strides[0] + (counts[1] - 1) * strides[1];
    assert!(start + last + run <= len, "runs beyond the end");
}

macro_rules! subtract {
    ($name:ident, $t:ty, $g:ty, $lanes:expr, $mask:ty, $set:ident, $load:ident, $masked_load:ident, $store:ident,
        $masked_store:ident, $load_g:expr, $masked_load_g:expr, $sub:ident, $mul:ident) => {
        /// [`super::kernels::Kernels::subtract`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        #[allow(clippy::too_many_arguments)]
        pub(super) fn $name(
            c: &mut [$t],
            to: usize,
            rows: Rows,
            g: &[$g],
            from: usize,
            g_strides: [usize; 2],
            delta: $t,
        ) {
            if rows.counts.contains(&0) {
                return;
            }
            check(c.len(), to, rows.counts, rows.strides, rows.run);
            check(g.len(), from, rows.counts, g_strides, rows.run);
            let delta = $set(delta);
            let whole = rows.run / $lanes * $lanes;
            let rest: $mask = (1 << (rows.run - whole)) - 1;
            for i in 0..rows.counts[0] {
                for j in 0..rows.counts[1] {
                    let to = to + i * rows.strides[0] + j * rows.strides[1];
                    let from = from + i * g_strides[0] + j * g_strides[1];
                    // SAFETY: `check` has seen that the run ends within both slices.
                    unsafe {
                        let (to, from) = (c.as_mut_ptr().add(to), g.as_ptr().add(from));
                        let mut at = 0;
                        while at < whole {
                            let product = $mul(delta, $load_g(from.add(at)));
                            $store(to.add(at), $sub($load(to.add(at)), product));
                            at += $lanes;
                        }
                        if rest != 0 {
                            let product = $mul(delta, $masked_load_g(rest, from.add(at)));
                            let value = $sub($masked_load(rest, to.add(at)), product);
                            $masked_store(to.add(at), rest, value);
                        }
                    }
                }
            }
        }
    };
}

subtract!(
    subtract_f64,
    f64,
    f64,
    8,
    __mmask8,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_maskz_loadu_pd,
    _mm512_storeu_pd,
    _mm512_mask_storeu_pd,
    _mm512_loadu_pd,
    _mm512_maskz_loadu_pd,
    _mm512_sub_pd,
    _mm512_mul_pd
);
subtract!(
    subtract_single_f64,
    f64,
    f32,
    8,
    __mmask8,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_maskz_loadu_pd,
    _mm512_storeu_pd,
    _mm512_mask_storeu_pd,
    |p| _mm512_cvtps_pd(_mm256_loadu_ps(p)),
    |rest, p| _mm512_cvtps_pd(_mm256_maskz_loadu_ps(rest, p)),
    _mm512_sub_pd,
    _mm512_mul_pd
);
subtract!(
    subtract_f32,
    f32,
    f32,
    16,
    __mmask16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_maskz_loadu_ps,
    _mm512_storeu_ps,
    _mm512_mask_storeu_ps,
    _mm512_loadu_ps,
    _mm512_maskz_loadu_ps,
    _mm512_sub_ps,
    _mm512_mul_ps
);

macro_rules! search {
    ($largest_excess:ident, $locate_excess:ident, $largest:ident, $raise:ident, $first_above:ident, $t:ty, $lanes:expr, $mask:ty, $set:ident,
        $load:ident, $masked_load:ident, $sub:ident, $masked_sub:ident, $max:ident, $masked_max:ident, $abs:ident,
        $reduce:ident, $compare:ident) => {
        /// [`super::kernels::Kernels::largest_excess`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        pub(super) fn $largest_excess(positive: bool, c: &[$t], start: usize, rows: Rows, mu: &[$t]) -> $t {
            check(c.len(), start, rows.counts, rows.strides, rows.run);
            let mu = &mu[..rows.run];
            let none = $set(<$t>::NEG_INFINITY);
            let whole = rows.run / $lanes * $lanes;
            let rest: $mask = (1 << (rows.run - whole)) - 1;
            // One accumulator would wait for itself. NaN loses: it stands first.
            let (mut even, mut odd) = (none, none);
            for i in 0..rows.counts[0] {
                for j in 0..rows.counts[1] {
                    let first = start + i * rows.strides[0] + j * rows.strides[1];
                    // SAFETY: `check` has seen that the run ends within c; mu is as long.
                    unsafe {
                        let (c, mu) = (c.as_ptr().add(first), mu.as_ptr());
                        let mut at = 0;
                        while at < whole {
                            let value = $load(c.add(at));
                            let value = if positive { value } else { $abs(value) };
                            let larger = $max($sub(value, $load(mu.add(at))), even);
                            (even, odd) = (odd, larger);
                            at += $lanes;
                        }
                        if rest != 0 {
                            let value = $masked_load(rest, c.add(at));
                            let value = if positive { value } else { $abs(value) };
                            let mu = $masked_load(rest, mu.add(at));
                            odd = $max($masked_sub(none, rest, value, mu), odd);
                        }
                    }
                }
            }
            $reduce($max(even, odd))
        }

        /// [`super::kernels::Kernels::locate_excess`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        #[allow(clippy::too_many_arguments)]
        pub(super) fn $locate_excess(
            positive: bool,
            c: &[$t],
            start: usize,
            rows: Rows,
            mu: &[$t],
            value: $t,
            n_atoms: usize,
        ) -> Option<usize> {
            check(c.len(), start, rows.counts, rows.strides, rows.run);
            let mu = &mu[..rows.run];
            let wanted = $set(value);
            let mut found: Option<usize> = None;
            for i in 0..rows.counts[0] {
                for j in 0..rows.counts[1] {
                    let first = start + i * rows.strides[0] + j * rows.strides[1];
                    let mut at = 0;
                    while at < rows.run {
                        let left = (rows.run - at).min($lanes) as u32;
                        let lanes = <$mask>::MAX >> (<$mask>::BITS - left);
                        // SAFETY: `check` has seen that the run ends within c; mu is as long.
                        let (c, mu) = unsafe {
                            let c = $masked_load(lanes, c.as_ptr().add(first + at));
                            (c, $masked_load(lanes, mu.as_ptr().add(at)))
                        };
                        let c = if positive { c } else { $abs(c) };
                        let mut hits = $compare::<_CMP_EQ_OQ>(lanes, $sub(c, mu), wanted);
                        while hits != 0 {
                            let index = first + at + hits.trailing_zeros() as usize;
                            if n_atoms == 1 {
                                return Some(index);
                            }
                            if found.is_none_or(|f| index % n_atoms < f % n_atoms) {
                                found = Some(index);
                            }
                            hits &= hits - 1;
                        }
                        at += $lanes;
                    }
                }
            }
            found
        }

        /// [`super::kernels::Kernels::raise`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        pub(super) fn $raise(positive: bool, most: &mut [$t], c: &[$t]) {
            raise_by_place(positive, most, c);
        }

        /// [`super::kernels::Kernels::first_above`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        pub(super) fn $first_above(values: &[$t], from: usize, limit: $t) -> Option<usize> {
            let mut at = from;
            while at < values.len() {
                let left = (values.len() - at).min($lanes) as u32;
                let lanes = <$mask>::MAX >> (<$mask>::BITS - left);
                // SAFETY: as many lanes as there are values left.
                let v = unsafe { $masked_load(lanes, values.as_ptr().add(at)) };
                let above = $compare::<_CMP_GT_OQ>(lanes, v, $set(limit));
                if above != 0 {
                    return Some(at + above.trailing_zeros() as usize);
                }
                at += $lanes;
            }
            None
        }

        /// [`super::kernels::Kernels::largest`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        pub(super) fn $largest(values: &[$t]) -> $t {
            let none = $set(<$t>::NEG_INFINITY);
            let (chunks, rest) = values.as_chunks::<$lanes>();
            let (mut even, mut odd) = (none, none);
            for chunk in chunks {
                // SAFETY: a chunk has as many values as are loaded.
                (even, odd) = (odd, $max(unsafe { $load(chunk.as_ptr()) }, even));
            }
            let lanes: $mask = (1 << rest.len()) - 1;
            // SAFETY: the mask has as many lanes as there are values left.
            let value = unsafe { $masked_load(lanes, rest.as_ptr()) };
            odd = $masked_max(odd, lanes, value, odd);
            $reduce($max(even, odd))
        }
    };
}

search!(
    largest_excess_f64,
    locate_excess_f64,
    largest_f64,
    raise_f64,
    first_above_f64,
    f64,
    8,
    __mmask8,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_maskz_loadu_pd,
    _mm512_sub_pd,
    _mm512_mask_sub_pd,
    _mm512_max_pd,
    _mm512_mask_max_pd,
    _mm512_abs_pd,
    _mm512_reduce_max_pd,
    _mm512_mask_cmp_pd_mask
);
search!(
    largest_excess_f32,
    locate_excess_f32,
    largest_f32,
    raise_f32,
    first_above_f32,
    f32,
    16,
    __mmask16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_maskz_loadu_ps,
    _mm512_sub_ps,
    _mm512_mask_sub_ps,
    _mm512_max_ps,
    _mm512_mask_max_ps,
    _mm512_abs_ps,
    _mm512_reduce_max_ps,
    _mm512_mask_cmp_ps_mask
);

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

macro_rules! correlate {
    ($name:ident, $sums:ident, $t:ty, $lanes:expr, $zero:ident, $set:ident, $load:ident, $store:ident, $fused:ident,
        $add:ident, $scatter:ident) => {
        /// Correlations of K atoms at two vectors of positions, which begin at `x`.
        ///
        /// # Safety
        /// There is a vector at each tap from either `x` on, d has K values per tap, and there is room for 2·K vectors.
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        unsafe fn $sums<const K: usize>(x: [*const $t; 2], taps: &Taps, mut d: *const $t, to: *mut [$t; $lanes]) {
            let mut sums = [[$zero(); 2]; K];
            for start in &taps.starts {
                // SAFETY: the caller has made sure that all of these values are there.
                unsafe {
                    let [first, second] = [x[0].add(*start), x[1].add(*start)];
                    for tap in 0..taps.run {
                        let x = [$load(first.add(tap)), $load(second.add(tap))];
                        for_each_atom!(ATOM, K, {
                            let d = $set(*d.add(ATOM));
                            sums[ATOM][0] = $fused(d, x[0], sums[ATOM][0]);
                            sums[ATOM][1] = $fused(d, x[1], sums[ATOM][1]);
                        });
                        d = d.add(K);
                    }
                }
            }
            for_each_atom!(ATOM, K, {
                // SAFETY: `to` has vectors.
                unsafe {
                    $store(to.add(ATOM).cast(), sums[ATOM][0]);
                    $store(to.add(K + ATOM).cast(), sums[ATOM][1]);
                }
            });
        }

        /// [`super::kernels::Kernels::correlate`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        #[allow(clippy::too_many_arguments)]
        pub(super) fn $name(
            x: &[$t],
            positions: [usize; 3],
            strides: [usize; 2],
            taps: &Taps,
            d: &[$t],
            block: AtomBlock,
            c: &mut [$t],
        ) {
            if positions.contains(&0) || taps.run == 0 || block.n == 0 {
                return;
            }
            const { assert!($lanes <= OVERHANG) };
            assert!(block.n <= MOST_ATOMS && block.first + block.n <= block.of);
            assert!(taps.halvings <= MOST_HALVINGS);
            let (n_parts, phases) = (parts(taps.halvings), 1 << taps.halvings);
            let n_taps = taps.starts.len() * taps.run;
            assert!(d.len() >= n_parts * n_taps * block.n, "atoms without an end");
            let last = [positions[0] - 1, positions[1] - 1];
            let last = last[0] * strides[0] + last[1] * strides[1] + positions[2];
            let reach = taps.starts.iter().max().map_or(0, |start| start + taps.run);
            let part = (x.len() - OVERHANG) / n_parts;
            assert!(last + reach <= part + 1, "taps beyond the end");
            let n_positions = positions.iter().product::<usize>();
            assert!(n_positions * phases * block.of <= c.len(), "positions beyond the end");
            let correlate: unsafe fn([*const $t; 2], &Taps, *const $t, *mut [$t; $lanes]) = match block.n {
                1 => $sums::<1>,
                2 => $sums::<2>,
                3 => $sums::<3>,
                4 => $sums::<4>,
                5 => $sums::<5>,
                6 => $sums::<6>,
                7 => $sums::<7>,
                8 => $sums::<8>,
                9 => $sums::<9>,
                10 => $sums::<10>,
                11 => $sums::<11>,
                12 => $sums::<12>,
                _ => $sums::<13>,
            };
            // Where a vector begins in x and among the positions, and how many of its lanes count.
            let rows = (0..positions[0]).flat_map(|i| (0..positions[1]).map(move |j| (i, j)));
            let mut vectors = rows.enumerate().flat_map(|(row, (i, j))| {
                (0..positions[2]).step_by($lanes).map(move |at| {
                    let from = i * strides[0] + j * strides[1] + at;
                    (from, row * positions[2] + at, (positions[2] - at).min($lanes))
                })
            });
            // By part, vector, atom; later by phase, vector, atom.
            let n = 2 * block.n;
            let mut sums = [[0.0; $lanes]; parts(MOST_HALVINGS) * 2 * MOST_ATOMS];
            let sums = &mut sums[..n_parts * n];
            let mut looks = Looks::every(2 * $lanes * d.len());
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
                let vectors: *mut [$t; $lanes] = sums.as_mut_ptr();
                join(n, taps.halvings, |from, to| {
                    // SAFETY: all places are below n·parts, which is the length of the sums.
                    unsafe {
                        let [both, even, odd] = from.map(|i| $load(vectors.add(i).cast()));
                        $store(vectors.add(to[0]).cast(), $add(both, even));
                        $store(vectors.add(to[1]).cast(), $add(both, odd));
                    }
                });
                for (phase, sums) in sums.chunks_exact(n).take(phases).enumerate() {
                    let both = [Some(first), second].into_iter().flatten();
                    for (sums, (_, to, n)) in sums.chunks_exact(block.n).zip(both) {
                        let to = to * phases + offset(phase, taps.halvings);
                        let c = &mut c[to * block.of + block.first..];
                        $scatter(sums, n, phases * block.of, c);
                    }
                }
            }
        }
    };
}

/// Writes the first `n` lanes of vectors, the values of a lane one after the other, lanes with a stride.
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
fn scatter_f64(vectors: &[[f64; 8]], n: usize, stride: usize, c: &mut [f64]) {
    for (lane, c) in c.chunks_mut(stride).take(n).enumerate() {
        for (c, vector) in c[..vectors.len()].iter_mut().zip(vectors) {
            *c = vector[lane];
        }
    }
}

/// Writes the first `n` lanes of up to 16 vectors, the values of a lane one after the other, lanes with a stride.
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
fn scatter_f32(vectors: &[[f32; 16]], n: usize, stride: usize, c: &mut [f32]) {
    assert!(vectors.len() <= 16 && n <= 16);
    assert!(n == 0 || (n - 1) * stride + vectors.len() <= c.len());
    let mut v = [_mm512_setzero_ps(); 16];
    for (v, from) in v.iter_mut().zip(vectors) {
        // SAFETY: an array of 16 values.
        *v = unsafe { _mm512_loadu_ps(from.as_ptr()) };
    }
    // Transposes pairs, then fours, then the four blocks of 128 bits.
    let mut pairs = [_mm512_setzero_pd(); 16];
    for i in (0..16).step_by(2) {
        pairs[i] = _mm512_castps_pd(_mm512_unpacklo_ps(v[i], v[i + 1]));
        pairs[i + 1] = _mm512_castps_pd(_mm512_unpackhi_ps(v[i], v[i + 1]));
    }
    let mut fours = v;
    for i in (0..16).step_by(4) {
        fours[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(pairs[i], pairs[i + 2]));
        fours[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(pairs[i], pairs[i + 2]));
        fours[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(pairs[i + 1], pairs[i + 3]));
        fours[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(pairs[i + 1], pairs[i + 3]));
    }
    let mask = ((1u32 << vectors.len()) - 1) as __mmask16;
    for lane in 0..4 {
        let [c0, c1] = [fours[lane], fours[4 + lane]];
        let [c2, c3] = [fours[8 + lane], fours[12 + lane]];
        // Blocks 0 and 2, or 1 and 3, of two.
        let [low, high] = [_mm512_shuffle_f32x4::<0x88>(c0, c1), _mm512_shuffle_f32x4::<0x88>(c2, c3)];
        let [odd_low, odd_high] = [_mm512_shuffle_f32x4::<0xdd>(c0, c1), _mm512_shuffle_f32x4::<0xdd>(c2, c3)];
        let rows = [
            _mm512_shuffle_f32x4::<0x88>(low, high),
            _mm512_shuffle_f32x4::<0x88>(odd_low, odd_high),
            _mm512_shuffle_f32x4::<0xdd>(low, high),
            _mm512_shuffle_f32x4::<0xdd>(odd_low, odd_high),
        ];
        for (block, row) in rows.into_iter().enumerate() {
            let lane = 4 * block + lane;
            if lane < n {
                // SAFETY: the last of the rows ends within c, as was seen above.
                unsafe { _mm512_mask_storeu_ps(c.as_mut_ptr().add(lane * stride), mask, row) };
            }
        }
    }
}

correlate!(
    correlate_f64,
    sums_f64,
    f64,
    8,
    _mm512_setzero_pd,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_fmadd_pd,
    _mm512_add_pd,
    scatter_f64
);
correlate!(
    correlate_f32,
    sums_f32,
    f32,
    16,
    _mm512_setzero_ps,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_fmadd_ps,
    _mm512_add_ps,
    scatter_f32
);
