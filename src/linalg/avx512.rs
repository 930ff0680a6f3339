//! The kernels in AVX-512: masks for the ends of runs, which are a good part of the short runs of
//! small atoms. The same operations on each value as in [`super::kernels`], so the same bits.

use super::kernels::{AtomBlock, MOST_ATOMS, OVERHANG, Rows, Taps};
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
    ($largest_excess:ident, $locate_excess:ident, $largest:ident, $t:ty, $lanes:expr, $mask:ty, $set:ident,
        $load:ident, $masked_load:ident, $sub:ident, $masked_sub:ident, $max:ident, $masked_max:ident, $abs:ident,
        $reduce:ident, $equal:ident) => {
        /// [`super::kernels::Kernels::largest_excess`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        pub(super) fn $largest_excess(
            positive: bool,
            c: &[$t],
            start: usize,
            rows: Rows,
            mu: &[$t],
        ) -> $t {
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
                        let mut hits = $equal::<_CMP_EQ_OQ>(lanes, $sub(c, mu), wanted);
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

macro_rules! correlate {
    ($name:ident, $sums:ident, $t:ty, $lanes:expr, $zero:ident, $set:ident, $load:ident, $store:ident, $fused:ident) => {
        /// Correlations of K atoms at V vectors of positions, which follow each other from `x` on.
        ///
        /// # Safety
        /// There is a vector, V times, at each tap from `x` on, and d has K values per tap.
        #[inline]
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        unsafe fn $sums<const K: usize, const V: usize>(
            x: *const $t,
            taps: &Taps,
            mut d: *const $t,
            to: &mut [[[$t; $lanes]; V]; K],
        ) {
            let mut sums = [[$zero(); V]; K];
            for start in &taps.starts {
                // SAFETY: the caller has made sure that all of these values are there.
                unsafe {
                    let x = x.add(*start);
                    for tap in 0..taps.run {
                        let x: [_; V] = std::array::from_fn(|v| $load(x.add(tap + v * $lanes)));
                        for k in 0..K {
                            let d = $set(*d.add(k));
                            for v in 0..V {
                                sums[k][v] = $fused(d, x[v], sums[k][v]);
                            }
                        }
                        d = d.add(K);
                    }
                }
            }
            for (to, sums) in to.iter_mut().flatten().zip(sums.as_flattened()) {
                // SAFETY: `to` has as many values as a vector.
                unsafe { $store(to.as_mut_ptr(), *sums) };
            }
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
            if positions.contains(&0) || taps.run == 0 {
                return;
            }
            const { assert!(2 * $lanes <= OVERHANG) };
            assert!(block.n <= MOST_ATOMS && block.first + block.n <= block.of);
            assert!(
                d.len() >= taps.starts.len() * taps.run * block.n,
                "atoms without an end"
            );
            let last = [positions[0] - 1, positions[1] - 1];
            let last = last[0] * strides[0] + last[1] * strides[1] + positions[2];
            let reach = taps.starts.iter().max().map_or(0, |start| start + taps.run);
            assert!(
                last + reach + OVERHANG <= x.len() + 1,
                "taps beyond the end"
            );
            assert!(
                positions.iter().product::<usize>() * block.of <= c.len(),
                "positions beyond the end"
            );
            #[inline]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
            fn of<const K: usize, const V: usize>(
                x: &[$t],
                positions: [usize; 3],
                strides: [usize; 2],
                taps: &Taps,
                d: &[$t],
                block: AtomBlock,
                c: &mut [$t],
            ) {
                let mut sums = [[[0.0; $lanes]; V]; K];
                for i in 0..positions[0] {
                    for j in 0..positions[1] {
                        let row = (i * positions[1] + j) * positions[2];
                        let from = i * strides[0] + j * strides[1];
                        for at in (0..positions[2]).step_by(V * $lanes) {
                            // SAFETY: the last vector begins at a position, and ends less than `OVERHANG` beyond it;
                            // `$name` has made sure of that many values, and of d.
                            unsafe {
                                $sums::<K, V>(
                                    x.as_ptr().add(from + at),
                                    taps,
                                    d.as_ptr(),
                                    &mut sums,
                                )
                            };
                            let n = (positions[2] - at).min(V * $lanes);
                            let to = c[(row + at) * block.of..][..n * block.of]
                                .chunks_exact_mut(block.of);
                            for (lane, c) in to.enumerate() {
                                for (k, c) in c[block.first..][..K].iter_mut().enumerate() {
                                    *c = sums[k].as_flattened()[lane];
                                }
                            }
                        }
                    }
                }
            }
            match block.n {
                0 => {}
                1 => of::<1, 2>(x, positions, strides, taps, d, block, c),
                2 => of::<2, 2>(x, positions, strides, taps, d, block, c),
                3 => of::<3, 2>(x, positions, strides, taps, d, block, c),
                4 => of::<4, 2>(x, positions, strides, taps, d, block, c),
                5 => of::<5, 2>(x, positions, strides, taps, d, block, c),
                6 => of::<6, 2>(x, positions, strides, taps, d, block, c),
                7 => of::<7, 1>(x, positions, strides, taps, d, block, c),
                8 => of::<8, 1>(x, positions, strides, taps, d, block, c),
                9 => of::<9, 1>(x, positions, strides, taps, d, block, c),
                10 => of::<10, 1>(x, positions, strides, taps, d, block, c),
                11 => of::<11, 1>(x, positions, strides, taps, d, block, c),
                12 => of::<12, 1>(x, positions, strides, taps, d, block, c),
                _ => of::<13, 1>(x, positions, strides, taps, d, block, c),
            }
        }
    };
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
    _mm512_fmadd_pd
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
    _mm512_fmadd_ps
);
