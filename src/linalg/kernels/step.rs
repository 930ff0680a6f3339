//! A step, value by value: how large it is, and what it takes from the correlations.
//!
//! It is `c − δ·g` with two roundings, never fused: then every instruction set gives the same bits. Comparisons are
//! written so that NaN loses: `c` is NaN where a coordinate may not be chosen.

use crate::linalg::kernels::rows::Rows;
use crate::linalg::scalar::Scalar;

/// c −= δ·g over runs of c, from `to` on, and as many of g, from `from` on.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) fn subtract_rows<T: Scalar, G: Copy>(
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
fn magnitude<T: Scalar>(x: T) -> T {
    // Without a branch, which the sign would often take the other way.
    x.abs()
}

#[inline(always)]
pub(super) fn larger<T: Scalar>(value: T, than: T) -> T {
    if value > than { value } else { than }
}

/// Soft threshold of `v`; one-sided when `POSITIVE`.
#[inline(always)]
fn soft_threshold<T: Scalar, const POSITIVE: bool>(v: T, mu: T) -> T {
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
pub(crate) fn step_size<T: Scalar>(positive: bool, c: T, z: T, mu: T) -> T {
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
pub(crate) fn threshold<T: Scalar>(positive: bool, v: T, mu: T) -> T {
    if positive { soft_threshold::<T, true>(v, mu) } else { soft_threshold::<T, false>(v, mu) }
}

/// |c| − μ, or c − μ where `sign` is 1 and not −1: |dz| of a zero coordinate that wants to move; negative values tell how
/// far it is from that.
#[inline(always)]
pub(super) fn excess<T: Scalar>(sign: T, c: T, mu: T) -> T {
    larger(sign * c, c) - mu
}

/// For [`excess`].
#[inline(always)]
pub(super) fn sign<T: Scalar>(positive: bool) -> T {
    if positive { T::one() } else { -T::one() }
}
