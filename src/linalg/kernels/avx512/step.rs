//! What a step takes from the correlations.

use crate::linalg::kernels::rows::Rows;
use std::arch::x86_64::*;

macro_rules! subtract {
    ($name:ident, $t:ty, $g:ty, $lanes:expr, $mask:ty, $set:ident, $load:ident, $masked_load:ident, $store:ident,
        $masked_store:ident, $load_g:expr, $masked_load_g:expr, $sub:ident, $mul:ident) => {
        /// [`crate::linalg::kernels::Kernels::subtract`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        #[allow(clippy::too_many_arguments)]
        pub(in crate::linalg::kernels) fn $name(
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
            rows.check(c.len(), to);
            Rows { strides: g_strides, ..rows }.check(g.len(), from);
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
