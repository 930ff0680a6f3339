//! The loops that look for the next step.

use crate::linalg::kernels::rows::Rows;
use crate::linalg::kernels::search::raise_by_place;
use std::arch::x86_64::*;

macro_rules! search {
    ($largest_excess:ident, $locate_excess:ident, $largest:ident, $raise:ident, $first_above:ident, $t:ty, $lanes:expr, $mask:ty, $set:ident,
        $load:ident, $masked_load:ident, $sub:ident, $masked_sub:ident, $max:ident, $masked_max:ident, $abs:ident,
        $reduce:ident, $compare:ident) => {
        /// [`crate::linalg::kernels::Kernels::largest_excess`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        pub(in crate::linalg::kernels) fn $largest_excess(
            positive: bool,
            c: &[$t],
            start: usize,
            rows: Rows,
            mu: &[$t],
        ) -> $t {
            rows.check(c.len(), start);
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

        /// [`crate::linalg::kernels::Kernels::locate_excess`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        #[allow(clippy::too_many_arguments)]
        pub(in crate::linalg::kernels) fn $locate_excess(
            positive: bool,
            c: &[$t],
            start: usize,
            rows: Rows,
            mu: &[$t],
            value: $t,
            n_atoms: usize,
        ) -> Option<usize> {
            rows.check(c.len(), start);
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

        /// [`crate::linalg::kernels::Kernels::raise`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        pub(in crate::linalg::kernels) fn $raise(positive: bool, most: &mut [$t], c: &[$t]) {
            raise_by_place(positive, most, c);
        }

        /// [`crate::linalg::kernels::Kernels::first_above`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        pub(in crate::linalg::kernels) fn $first_above(values: &[$t], from: usize, limit: $t) -> Option<usize> {
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

        /// [`crate::linalg::kernels::Kernels::largest`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        pub(in crate::linalg::kernels) fn $largest(values: &[$t]) -> $t {
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
