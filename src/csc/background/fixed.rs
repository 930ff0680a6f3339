//! Values as whole multiples of a unit: sums of them are exact, in any order.

/// Values have at most so many bits, which leaves room for sums of 2^54.
const BITS: i32 = 72;

/// A power of two.
fn power(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// A power of two in which the values of a field are counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    /// Two factors, as one may be beyond the range of numbers: to units, and back.
    to: [f64; 2],
    from: [f64; 2],
}

impl Unit {
    /// For values up to this.
    pub(super) fn of_largest(largest: f64) -> Self {
        let exponent = (largest.to_bits() >> 52 & 0x7ff) as i32 - 1022;
        let bits = BITS - exponent;
        let half = bits / 2;
        Unit { to: [power(half), power(bits - half)], from: [power(-half), power(half - bits)] }
    }

    /// How many units a value is.
    #[inline(always)]
    pub(super) fn number(&self, value: f64) -> i128 {
        (value * self.to[0] * self.to[1]) as i128
    }

    /// The mean of `n` values with this sum, of equal ones the value itself; none of no values.
    pub(super) fn mean(&self, sum: i128, n: i128) -> Option<f64> {
        if n == 0 {
            return None;
        }
        // What a first division has rounded is divided once more.
        let about = sum as f64 / n as f64;
        let rest = sum - n * about as i128;
        let mean = about as i128 as f64 + rest as f64 / n as f64;
        Some(mean * self.from[0] * self.from[1])
    }
}

/// Digits of 32 bits, of which ranks add up theirs.
const DIGITS: usize = 4;

pub(super) fn words(sums: &[i128]) -> Vec<i64> {
    let digit = |sum: i128, i: usize| {
        let rest = sum >> (32 * i);
        if i + 1 == DIGITS { rest as i64 } else { i64::from(rest as u32) }
    };
    sums.iter().flat_map(|sum| (0..DIGITS).map(|i| digit(*sum, i))).collect()
}

pub(super) fn from_words(words: &[i64]) -> Vec<i128> {
    let sum = |digits: &[i64]| digits.iter().rev().fold(0, |sum: i128, digit| (sum << 32) + i128::from(*digit));
    words.chunks_exact(DIGITS).map(sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ranks::exact_sum::ExactSum;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn means_are_exact_and_those_of_equal_values_are_the_value(
            values in prop::collection::vec(-1.0f64..1.0, 1..200),
            exponent in -1000i32..1000,
            cut in 0usize..200,
        ) {
            let scale = 2f64.powi(exponent);
            let values: Vec<f64> = values.iter().map(|x| x * scale).collect();
            let largest = values.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
            let (unit, n) = (Unit::of_largest(largest), values.len());
            let sum = |values: &[f64]| values.iter().map(|x| unit.number(*x)).sum::<i128>();
            let (one, other) = values.split_at(cut.min(n));
            // As two ranks do it.
            let (one, other) = (words(&[sum(one)]), words(&[sum(other)]));
            let both: Vec<i64> = one.iter().zip(&other).map(|(a, b)| a + b).collect();
            prop_assert_eq!(from_words(&both), [sum(&values)]);
            let mean = unit.mean(sum(&values), n as i128).unwrap();
            let mut exact = ExactSum::default();
            values.iter().for_each(|x| exact.add(*x));
            let expected = exact.value() / n as f64;
            prop_assert!((mean - expected).abs() <= f64::EPSILON * expected.abs() + 1e-20 * largest, "{mean:e} {expected:e}");
            let same = unit.mean(n as i128 * unit.number(values[0]), n as i128).unwrap();
            prop_assert!((same - values[0]).abs() <= 1e-21 * largest);
            let unit = Unit::of_largest(values[0].abs());
            prop_assert_eq!(unit.mean(n as i128 * unit.number(values[0]), n as i128), Some(values[0]));
        }
    }

    #[test]
    fn extremes() {
        for value in [0.0, -0.0, f64::MIN_POSITIVE, 1e-320, f64::MAX, -1e300, 5e-324] {
            let unit = Unit::of_largest(f64::abs(value));
            assert_eq!(unit.mean(7 * unit.number(value), 7), Some(value));
        }
    }
}
