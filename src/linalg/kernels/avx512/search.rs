//! The loops that look for the next step.

/// Makes `largest_excess`, `locate_excess`, `raise`, `first_above` and `largest`.
macro_rules! search {
    () => {
        /// [`crate::linalg::kernels::Kernels::largest_excess`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        pub(in crate::linalg::kernels) fn largest_excess(
            positive: bool,
            c: &[Element],
            start: usize,
            rows: Rows,
            mu: &[Element],
        ) -> Element {
            rows.check(c.len(), start);
            let mu = &mu[..rows.run];
            let none = splat(Element::NEG_INFINITY);
            let whole = rows.run / LANES * LANES;
            let rest: Mask = (1 << (rows.run - whole)) - 1;
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
                            let value = load(c.add(at));
                            let value = if positive { value } else { abs(value) };
                            let larger = max(sub(value, load(mu.add(at))), even);
                            (even, odd) = (odd, larger);
                            at += LANES;
                        }
                        if rest != 0 {
                            let value = masked_load(rest, c.add(at));
                            let value = if positive { value } else { abs(value) };
                            let mu = masked_load(rest, mu.add(at));
                            odd = max(masked_sub(none, rest, value, mu), odd);
                        }
                    }
                }
            }
            largest_lane(max(even, odd))
        }

        /// [`crate::linalg::kernels::Kernels::locate_excess`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        #[allow(clippy::too_many_arguments)]
        pub(in crate::linalg::kernels) fn locate_excess(
            positive: bool,
            c: &[Element],
            start: usize,
            rows: Rows,
            mu: &[Element],
            value: Element,
            n_atoms: usize,
        ) -> Option<usize> {
            rows.check(c.len(), start);
            let mu = &mu[..rows.run];
            let wanted = splat(value);
            let mut found: Option<usize> = None;
            for i in 0..rows.counts[0] {
                for j in 0..rows.counts[1] {
                    let first = start + i * rows.strides[0] + j * rows.strides[1];
                    let mut at = 0;
                    while at < rows.run {
                        let left = (rows.run - at).min(LANES) as u32;
                        let lanes = Mask::MAX >> (Mask::BITS - left);
                        // SAFETY: `check` has seen that the run ends within c; mu is as long.
                        let (c, mu) = unsafe {
                            let c = masked_load(lanes, c.as_ptr().add(first + at));
                            (c, masked_load(lanes, mu.as_ptr().add(at)))
                        };
                        let c = if positive { c } else { abs(c) };
                        let mut hits = compare::<_CMP_EQ_OQ>(lanes, sub(c, mu), wanted);
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
                        at += LANES;
                    }
                }
            }
            found
        }

        /// [`crate::linalg::kernels::Kernels::raise`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        pub(in crate::linalg::kernels) fn raise(positive: bool, most: &mut [Element], c: &[Element]) {
            raise_by_place(positive, most, c);
        }

        /// [`crate::linalg::kernels::Kernels::first_above`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        pub(in crate::linalg::kernels) fn first_above(
            values: &[Element],
            from: usize,
            limit: Element,
        ) -> Option<usize> {
            let mut at = from;
            while at < values.len() {
                let left = (values.len() - at).min(LANES) as u32;
                let lanes = Mask::MAX >> (Mask::BITS - left);
                // SAFETY: as many lanes as there are values left.
                let v = unsafe { masked_load(lanes, values.as_ptr().add(at)) };
                let above = compare::<_CMP_GT_OQ>(lanes, v, splat(limit));
                if above != 0 {
                    return Some(at + above.trailing_zeros() as usize);
                }
                at += LANES;
            }
            None
        }

        /// [`crate::linalg::kernels::Kernels::largest`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        pub(in crate::linalg::kernels) fn largest(values: &[Element]) -> Element {
            let none = splat(Element::NEG_INFINITY);
            let (chunks, rest) = values.as_chunks::<LANES>();
            let (mut even, mut odd) = (none, none);
            for chunk in chunks {
                // SAFETY: a chunk has as many values as are loaded.
                (even, odd) = (odd, max(unsafe { load(chunk.as_ptr()) }, even));
            }
            let lanes: Mask = (1 << rest.len()) - 1;
            // SAFETY: the mask has as many lanes as there are values left.
            let value = unsafe { masked_load(lanes, rest.as_ptr()) };
            odd = masked_max(odd, lanes, value, odd);
            largest_lane(max(even, odd))
        }
    };
}

pub(super) use search;
