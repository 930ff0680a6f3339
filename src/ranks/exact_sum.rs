//! Sums that do not depend on the order of their terms, exact until the end.
//!
//! What ranks add up must not depend on how the terms are spread over them. A long fixed-point
//! number takes every double without rounding (Kulisch's accumulator), and the sum of such numbers
//! is a sum of integers.

/// Digits have 32 bits; there is room above for carries.
const DIGITS: usize = 68;

/// Terms that may be added before carries have to be passed on.
const MOST: u32 = 1 << 30;

/// An exact sum.
#[derive(Clone, Debug)]
pub struct ExactSum {
    /// Digit i counts 2^(32 i − 1074); the last entry counts terms that are not finite.
    digits: [i64; DIGITS + 1],
    terms: u32,
}

impl Default for ExactSum {
    fn default() -> Self {
        ExactSum { digits: [0; DIGITS + 1], terms: 0 }
    }
}

impl ExactSum {
    /// Adds a term.
    pub fn add(&mut self, term: f64) {
        if !term.is_finite() {
            self.digits[DIGITS] += 1;
            return;
        }
        let bits = term.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as usize;
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, shift) = match exponent {
            0 => (fraction, 0),
            _ => (fraction | 1 << 52, exponent - 1),
        };
        let wide = u128::from(mantissa) << (shift % 32);
        let sign = if term < 0.0 { -1 } else { 1 };
        for (i, digit) in self.digits[shift / 32..][..3].iter_mut().enumerate() {
            *digit += sign * i64::from((wide >> (32 * i)) as u32);
        }
        self.terms += 1;
        if self.terms == MOST {
            self.carry();
        }
    }

    /// Makes all digits but the highest lie in 0..2^32.
    fn carry(&mut self) {
        for i in 0..DIGITS - 1 {
            let over = self.digits[i] >> 32;
            self.digits[i] -= over << 32;
            self.digits[i + 1] += over;
        }
        self.terms = 1;
    }

    /// Numbers whose sums, entry by entry, over ranks make the sum of all: for [`ExactSum::from_words`].
    pub fn words(&mut self) -> &[i64] {
        self.carry();
        &self.digits
    }

    /// The sum of sums, from the sums of their words.
    pub fn from_words(words: &[i64]) -> Self {
        let mut sum = ExactSum::default();
        sum.digits.copy_from_slice(words);
        sum.carry();
        sum
    }

    /// Number of words.
    pub const WORDS: usize = DIGITS + 1;

    /// The sum, rounded; NaN if a term was not finite.
    pub fn value(&self) -> f64 {
        if self.digits[DIGITS] != 0 {
            return f64::NAN;
        }
        let mut sum = self.clone();
        sum.carry();
        let negative = sum.digits[DIGITS - 1] < 0;
        if negative {
            sum.digits[..DIGITS].iter_mut().for_each(|d| *d = -*d);
            sum.carry();
        }
        let Some(top) = (0..DIGITS).rev().find(|i| sum.digits[*i] != 0) else {
            return 0.0;
        };
        let low = top.saturating_sub(2);
        let leading = (low..=top).rev();
        let mut mantissa = leading.fold(0u128, |m, i| m << 32 | sum.digits[i] as u128);
        if sum.digits[..low].iter().any(|d| *d != 0) {
            // What is cut off decides a tie.
            mantissa |= 1;
        }
        // In two steps: neither factor overflows.
        let exponent = 32 * low as i32 - 1074;
        let value = mantissa as f64 * 2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2);
        if negative { -value } else { value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(terms: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        terms.iter().for_each(|term| sum.add(*term));
        sum
    }

    proptest! {
        #[test]
        fn neither_order_nor_parts_matter(
            terms in prop::collection::vec(-1e300f64..1e300, 0..50),
            small in prop::collection::vec(-1e-300f64..1e-300, 0..50),
            cut in 0usize..50,
        ) {
            let mut all = [terms, small].concat();
            let whole = sum(&all).value();
            let negated: Vec<f64> = all.iter().map(|x| -x).collect();
            prop_assert_eq!(sum(&[&all[..], &negated].concat()).value(), 0.0);
            let cut = cut.min(all.len());
            let (mut a, mut b) = (sum(&all[..cut]), sum(&all[cut..]));
            let words: Vec<i64> = a.words().iter().zip(b.words()).map(|(a, b)| a + b).collect();
            prop_assert_eq!(ExactSum::from_words(&words).value(), whole);
            all.reverse();
            prop_assert_eq!(sum(&all).value(), whole);
        }

        #[test]
        fn a_single_term_comes_back(bits in any::<u64>()) {
            let x = f64::from_bits(bits);
            if x.is_finite() {
                prop_assert_eq!(sum(&[x]).value(), x);
            } else {
                prop_assert!(sum(&[x]).value().is_nan());
            }
        }

        #[test]
        fn integers_add_up(terms in prop::collection::vec(-(1i64 << 40)..1 << 40, 0..200)) {
            let floats: Vec<f64> = terms.iter().map(|x| *x as f64).collect();
            prop_assert_eq!(sum(&floats).value(), terms.iter().sum::<i64>() as f64);
        }
    }
}
