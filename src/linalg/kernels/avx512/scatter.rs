//! Vectors of sums, turned and written where they belong.

use std::arch::x86_64::*;

/// Writes the first `n` lanes of vectors, the values of a lane one after the other, lanes with a stride.
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
pub(super) fn scatter_f64(vectors: &[[f64; 8]], n: usize, stride: usize, c: &mut [f64]) {
    for (lane, c) in c.chunks_mut(stride).take(n).enumerate() {
        for (c, vector) in c[..vectors.len()].iter_mut().zip(vectors) {
            *c = vector[lane];
        }
    }
}

/// Writes the first `n` lanes of up to 16 vectors, the values of a lane one after the other, lanes with a stride.
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
pub(super) fn scatter_f32(vectors: &[[f32; 16]], n: usize, stride: usize, c: &mut [f32]) {
    assert!(vectors.len() <= 16 && n <= 16);
    assert!(n == 0 || (n - 1) * stride + vectors.len() <= c.len());
    // SAFETY: no bits are 0. As arrays of so many they would be filled in loops and kept in memory.
    let (mut v, mut pairs): ([__m512; 16], [__m512d; 16]) = unsafe { std::mem::zeroed() };
    for (v, from) in v.iter_mut().zip(vectors) {
        // SAFETY: an array of 16 values.
        *v = unsafe { _mm512_loadu_ps(from.as_ptr()) };
    }
    // Transposes pairs, then fours, then the four blocks of 128 bits.
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
