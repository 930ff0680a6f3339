//! The kernels on vectors of sixteen f32.

use crate::clock::Looks;
use crate::linalg::correlate::halving::{MOST_HALVINGS, join, offset, parts};
use crate::linalg::kernels::avx512::correlate::{correlate, for_each_atom, part_within, vectors};
use crate::linalg::kernels::avx512::scatter::scatter_f32 as scatter;
use crate::linalg::kernels::avx512::search::search;
use crate::linalg::kernels::avx512::step::subtract;
use crate::linalg::kernels::correlate::{AtomBlock, MOST_ATOMS, OVERHANG, Taps};
use crate::linalg::kernels::rows::Rows;
use crate::linalg::kernels::search::raise_by_place;
use std::arch::x86_64::{
    __m512 as Vector, __mmask16 as Mask, _CMP_EQ_OQ, _CMP_GT_OQ, _mm512_abs_ps as abs, _mm512_add_ps as add,
    _mm512_fmadd_ps as fused, _mm512_loadu_ps as load, _mm512_mask_cmp_ps_mask as compare,
    _mm512_mask_max_ps as masked_max, _mm512_mask_storeu_ps as masked_store, _mm512_mask_sub_ps as masked_sub,
    _mm512_maskz_loadu_ps as masked_load, _mm512_max_ps as max, _mm512_mul_ps as mul,
    _mm512_reduce_max_ps as largest_lane, _mm512_set1_ps as splat, _mm512_storeu_ps as store, _mm512_sub_ps as sub,
};

type Element = f32;
const LANES: usize = 16;

subtract!(subtract, f32, load, masked_load);
pub(in crate::linalg::kernels) use subtract as subtract_single;
search!();
correlate!();
