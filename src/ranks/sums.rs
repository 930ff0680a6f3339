//! Sums that do not depend on the order of their terms, so that a total over a domain is the same
//! in every bit however threads and ranks divide it.
//!
//! Terms are rounded to a common step, a power of two, once and alone; multiples of a step add up
//! without error. [`Sums`] is for arrays: a coarse and a fine step, two integers per entry, chosen
//! from the largest term and the number of terms. Single numbers have [`ExactSum`].

use crate::base::error::Result;
use crate::base::memory;
use crate::ranks::exact_sum::ExactSum;
use crate::ranks::{Reduce, Transport};

/// 2^exponent, for exponents of normal numbers.
fn power(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The steps to which terms are rounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Steps {
    /// Exponent of the fine step.
    fine: i32,
    /// The coarse step is 2^bits times the fine one.
    bits: i32,
}

impl Steps {
    /// For `terms` terms at most, none larger than `largest`. To be the same on all ranks.
    pub(crate) fn new(largest: f64, terms: u64) -> Self {
        // 2^exponent ≥ largest, and small numbers still have room below.
        let exponent = ((largest.to_bits() >> 52) as i32 - 1022).clamp(-800, 960);
        let log2_terms = 64 - terms.leading_zeros() as i32;
        let bits = (61 - log2_terms).clamp(8, 50);
        Steps { fine: exponent - 2 * bits, bits }
    }
}

/// An array of sums.
#[derive(Clone, Debug)]
pub(crate) struct Sums {
    steps: Steps,
    coarse: Vec<i64>,
    fine: Vec<i64>,
}

impl Sums {
    pub(crate) fn zeroed(what: &str, n: usize, steps: Steps) -> Result<Self> {
        Ok(Sums { steps, coarse: memory::zeroed(what, n)?, fine: memory::zeroed(what, n)? })
    }

    /// Adds factor·values to the entries from `at` on; each product is rounded by itself.
    #[inline]
    pub(crate) fn add(&mut self, at: usize, factor: f64, values: &[f64]) {
        // Adding and taking away 1.5·2^52 steps rounds to whole steps, and the bits then are their
        // number.
        let coarse_shift = 1.5 * power(52 + self.steps.fine + self.steps.bits);
        let fine_shift = 1.5 * power(52 + self.steps.fine);
        let number = |shifted: f64, shift: f64| (shifted.to_bits() as i64).wrapping_sub(shift.to_bits() as i64);
        let coarse = &mut self.coarse[at..at + values.len()];
        let fine = &mut self.fine[at..at + values.len()];
        for ((coarse, fine), value) in coarse.iter_mut().zip(fine).zip(values) {
            let term = factor * value;
            let shifted = term + coarse_shift;
            let rest = term - (shifted - coarse_shift);
            let rest = rest + fine_shift;
            *coarse = coarse.wrapping_add(number(shifted, coarse_shift));
            *fine = fine.wrapping_add(number(rest, fine_shift));
        }
    }

    /// The sums over all ranks.
    pub(crate) fn over(mut self, ranks: &dyn Transport) -> Result<Self> {
        if ranks.size() == 1 {
            return Ok(self);
        }
        self.coarse = ranks.reduce(Reduce::Sum, &self.coarse)?;
        self.fine = ranks.reduce(Reduce::Sum, &self.fine)?;
        Ok(self)
    }

    /// An entry, rounded once.
    pub(crate) fn value(&self, at: usize) -> f64 {
        let steps = (i128::from(self.coarse[at]) << self.steps.bits) + i128::from(self.fine[at]);
        // Two factors: the step may be smaller than the smallest normal number.
        let half = self.steps.fine / 2;
        steps as f64 * power(half) * power(self.steps.fine - half)
    }
}

/// The values of sums over all ranks.
pub(crate) fn totals(ranks: &dyn Transport, sums: &mut [ExactSum]) -> Result<Vec<f64>> {
    let mut words = memory::zeroed("sums", sums.len() * ExactSum::WORDS)?;
    for (to, sum) in words.chunks_exact_mut(ExactSum::WORDS).zip(sums) {
        to.copy_from_slice(sum.words());
    }
    let words = ranks.reduce(Reduce::Sum, &words)?;
    let words = words.chunks_exact(ExactSum::WORDS);
    Ok(words.map(|words| ExactSum::from_words(words).value()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shuffled(values: &[f64], seed: u64) -> Vec<f64> {
        let mut values = values.to_vec();
        let mut state = seed | 1;
        for i in (1..values.len()).rev() {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            values.swap(i, (state >> 33) as usize % (i + 1));
        }
        values
    }

    proptest! {
        #[test]
        fn sums_are_the_same_in_any_order_and_as_good_as_double(
            values in prop::collection::vec(-1.0f64..1.0, 1..200),
            exponent in -200i32..200,
            seed in any::<u64>(),
        ) {
            let scale = 2f64.powi(exponent);
            let sum = |values: &[f64]| {
                let steps = Steps::new(3.0 * scale, values.len() as u64);
                let mut sums = Sums::zeroed("", 1, steps).unwrap();
                values.iter().for_each(|x| sums.add(0, 3.0, &[*x * scale]));
                sums.value(0)
            };
            let all = sum(&values);
            prop_assert_eq!(all.to_bits(), sum(&shuffled(&values, seed)).to_bits());
            let mut exact = ExactSum::default();
            values.iter().for_each(|x| exact.add(3.0 * (*x * scale)));
            prop_assert!((all - exact.value()).abs() <= 1e-16 * all.abs() + 1e-24 * scale);
        }
    }

    #[test]
    fn extremes() {
        let steps = Steps::new(0.0, 0);
        assert_eq!(Sums::zeroed("", 1, steps).unwrap().value(0), 0.0);
    }
}
