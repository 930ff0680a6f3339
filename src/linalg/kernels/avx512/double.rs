//! The kernels on vectors of eight f64.

use crate::clock::Looks;
use crate::linalg::correlate::halving::{MOST_HALVINGS, join, offset, parts};
use crate::linalg::kernels::avx512::correlate::{correlate, for_each_atom, part_within, vectors};
use crate::linalg::kernels::avx512::scatter::scatter_f64 as scatter;
use crate::linalg::kernels::avx512::search::search;
use crate::linalg::kernels::avx512::step::subtract;
use crate::linalg::kernels::correlate::{AtomBlock, MOST_ATOMS, OVERHANG, Taps};
use crate::linalg::kernels::rows::Rows;
use crate::linalg::kernels::search::raise_by_place;
use std::arch::x86_64::{
    __m512d as Vector, __mmask8 as Mask, _CMP_EQ_OQ, _CMP_GT_OQ, _mm256_loadu_ps, _mm256_maskz_loadu_ps,
    _mm512_abs_pd as abs, _mm512_add_pd as add, _mm512_cvtps_pd, _mm512_fmadd_pd as fused, _mm512_loadu_pd as load,
    _mm512_mask_cmp_pd_mask as compare, _mm512_mask_max_pd as masked_max, _mm512_mask_storeu_pd as masked_store,
    _mm512_mask_sub_pd as masked_sub, _mm512_maskz_loadu_pd as masked_load, _mm512_max_pd as max, _mm512_mul_pd as mul,
    _mm512_reduce_max_pd as largest_lane, _mm512_set1_pd as splat, _mm512_storeu_pd as store, _mm512_sub_pd as sub,
};

type Element = f64;
const LANES: usize = 8;

/// Eight f32, widened.
///
/// # Safety
/// They are there.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
unsafe fn load_single(from: *const f32) -> Vector {
    // SAFETY: so the caller says.
    _mm512_cvtps_pd(unsafe { _mm256_loadu_ps(from) })
}

/// Some of eight f32, widened.
///
/// # Safety
/// Those are there.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
unsafe fn masked_load_single(lanes: Mask, from: *const f32) -> Vector {
    // SAFETY: so the caller says.
    _mm512_cvtps_pd(unsafe { _mm256_maskz_loadu_ps(lanes, from) })
}

subtract!(subtract, f64, load, masked_load);
subtract!(subtract_single, f32, load_single, masked_load_single);
search!();
correlate!();
