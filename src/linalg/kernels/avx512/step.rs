//! What a step takes from the correlations.

/// Makes `subtract`, for g of a type with its loads.
macro_rules! subtract {
    ($name:ident, $g:ty, $load_g:ident, $masked_load_g:ident) => {
        /// [`crate::linalg::kernels::Kernels::subtract`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        #[allow(clippy::too_many_arguments)]
        pub(in crate::linalg::kernels) fn $name(
            c: &mut [Element],
            to: usize,
            rows: Rows,
            g: &[$g],
            from: usize,
            g_strides: [usize; 2],
            delta: Element,
        ) {
            if rows.counts.contains(&0) {
                return;
            }
            rows.check(c.len(), to);
            Rows { strides: g_strides, ..rows }.check(g.len(), from);
            let delta = splat(delta);
            let whole = rows.run / LANES * LANES;
            let rest: Mask = (1 << (rows.run - whole)) - 1;
            for i in 0..rows.counts[0] {
                for j in 0..rows.counts[1] {
                    let to = to + i * rows.strides[0] + j * rows.strides[1];
                    let from = from + i * g_strides[0] + j * g_strides[1];
                    // SAFETY: `check` has seen that the run ends within both slices.
                    unsafe {
                        let (to, from) = (c.as_mut_ptr().add(to), g.as_ptr().add(from));
                        let mut at = 0;
                        while at < whole {
                            let product = mul(delta, $load_g(from.add(at)));
                            store(to.add(at), sub(load(to.add(at)), product));
                            at += LANES;
                        }
                        if rest != 0 {
                            let product = mul(delta, $masked_load_g(rest, from.add(at)));
                            let value = sub(masked_load(rest, to.add(at)), product);
                            masked_store(to.add(at), rest, value);
                        }
                    }
                }
            }
        }
    };
}

pub(super) use subtract;
