//! The inner loops of the solver, written for the compiler's vectoriser and inlined into functions
//! that are compiled once per instruction set (see [`multiversion`]).
//!
//! A step is `c − δ·g` with two roundings, never fused: then every instruction set gives the same
//! bits. Comparisons are written so that NaN loses: `c` is NaN where a coordinate may not be chosen.

use super::Real;

/// Lanes that the loops are written for; groups of values come in multiples of it.
pub(crate) const LANES: usize = 8;

/// Instruction sets with a compiled variant, chosen at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isa {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    pub(crate) fn detect() -> Self {
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
}

/// Calls an `#[inline(always)]` function, compiled once per instruction set, in the variant that
/// fits the machine: `multiversion!(isa, <T>(argument: Type = value, …) -> Type { function })`.
macro_rules! multiversion {
    ($isa:expr, <$t:ident>($($arg:ident: $ty:ty = $value:expr),* $(,)?) -> $ret:ty { $body:expr }) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        fn avx512<$t: $crate::linalg::Real>($($arg: $ty),*) -> $ret {
            $body($($arg),*)
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn avx2<$t: $crate::linalg::Real>($($arg: $ty),*) -> $ret {
            $body($($arg),*)
        }
        match $isa {
            $crate::linalg::kernels::Isa::Portable => $body($($value),*),
            // SAFETY: `Isa::detect` has found these instructions on this machine.
            #[cfg(target_arch = "x86_64")]
            $crate::linalg::kernels::Isa::Avx2 => unsafe { avx2($($value),*) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            $crate::linalg::kernels::Isa::Avx512 => unsafe { avx512($($value),*) },
        }
    }};
}
pub(crate) use multiversion;

/// c −= δ·g.
#[inline(always)]
pub(crate) fn subtract_scaled<T: Real>(c: &mut [T], g: &[T], delta: T) {
    let (c8, c_rest) = c.as_chunks_mut::<LANES>();
    let (g8, g_rest) = g.as_chunks::<LANES>();
    for (c, g) in c8.iter_mut().zip(g8) {
        for lane in 0..LANES {
            c[lane] -= delta * g[lane];
        }
    }
    for (c, g) in c_rest.iter_mut().zip(g_rest) {
        *c -= delta * *g;
    }
}

#[inline(always)]
fn magnitude<T: Real>(x: T) -> T {
    if x < T::ZERO { -x } else { x }
}

#[inline(always)]
fn larger<T: Real>(value: T, than: T) -> T {
    if value > than { value } else { than }
}

/// Soft threshold of `v`; one-sided when `POSITIVE`.
#[inline(always)]
pub(crate) fn soft_threshold<T: Real, const POSITIVE: bool>(v: T, mu: T) -> T {
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
pub(crate) fn step_size<T: Real, const POSITIVE: bool>(c: T, z: T, mu: T) -> T {
    if POSITIVE {
        // `larger` would hide a NaN in c: take the difference first.
        let inner = c - mu;
        magnitude(if inner < -z { -z } else { inner })
    } else {
        magnitude(soft_threshold::<T, false>(c + z, mu) - z)
    }
}

/// |c| − μ: |dz| where z = 0 and dz ≠ 0, and never more than |dz| elsewhere. Negative values tell
/// how far the coordinate is from moving.
#[inline(always)]
fn excess<T: Real, const POSITIVE: bool>(c: T, mu: T) -> T {
    (if POSITIVE { c } else { magnitude(c) }) - mu
}

/// Largest |dz| in a group, or, where all z are zero, the largest excess (negative when no
/// coordinate can move). −∞ when every coordinate is NaN. Lengths are multiples of [`LANES`].
#[inline(always)]
pub(crate) fn largest_step<T: Real, const POSITIVE: bool>(c: &[T], z: Option<&[T]>, mu: &[T]) -> T {
    let mut best = [T::NEG_INFINITY; LANES];
    let c8 = c.as_chunks::<LANES>().0;
    let mu8 = mu.as_chunks::<LANES>().0;
    if let Some(z) = z {
        let z8 = z.as_chunks::<LANES>().0;
        for ((c, z), mu) in c8.iter().zip(z8).zip(mu8) {
            for i in 0..LANES {
                best[i] = larger(step_size::<T, POSITIVE>(c[i], z[i], mu[i]), best[i]);
            }
        }
    } else {
        for (c, mu) in c8.iter().zip(mu8) {
            for i in 0..LANES {
                best[i] = larger(excess::<T, POSITIVE>(c[i], mu[i]), best[i]);
            }
        }
    }
    best.into_iter().fold(T::NEG_INFINITY, |m, x| larger(x, m))
}

/// Where `largest_step` found `value`: of all such places the one whose atom is lowest, then the
/// first. The index runs over (position, atom), atom innermost, `n_atoms` of them.
#[inline(always)]
pub(crate) fn locate<T: Real, const POSITIVE: bool>(
    c: &[T],
    z: &[T],
    mu: &[T],
    value: T,
    n_atoms: usize,
) -> Option<usize> {
    let mut found: Option<usize> = None;
    let chunks = c
        .as_chunks::<LANES>()
        .0
        .iter()
        .zip(z.as_chunks::<LANES>().0);
    for (chunk, ((c, z), mu)) in chunks.zip(mu.as_chunks::<LANES>().0).enumerate() {
        let mut hit = false;
        for i in 0..LANES {
            hit |= step_size::<T, POSITIVE>(c[i], z[i], mu[i]) == value;
        }
        if !hit {
            continue;
        }
        for i in 0..LANES {
            let index = chunk * LANES + i;
            if step_size::<T, POSITIVE>(c[i], z[i], mu[i]) == value
                && found.is_none_or(|f| index % n_atoms < f % n_atoms)
            {
                found = Some(index);
            }
        }
    }
    found
}

/// Largest value of a slice that holds no NaN; −∞ when it is empty.
#[inline(always)]
pub(crate) fn largest<T: Real>(values: &[T]) -> T {
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
