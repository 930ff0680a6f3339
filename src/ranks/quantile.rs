//! The quantile of numbers that are spread over ranks: counted, digit by digit, without a gather.

use crate::base::error::Result;
use crate::ranks::{Reduce, Transport};

/// Bits that are found at a time.
const DIGIT: u32 = 11;

/// Calls what it is given with every number of this rank.
type ForEach<'a> = &'a dyn Fn(&mut dyn FnMut(f64));

/// Collective: of n numbers, all above zero, that the ranks visit, each its own, the one that is at least as large as ⌈part · n⌉ of
/// them, and the first one at least; none if there are no numbers. It is one of them, whoever has which.
pub(crate) fn quantile(ranks: &dyn Transport, part: f64, for_each: ForEach<'_>) -> Result<Option<f64>> {
    // Bits of numbers above zero are in the order of the numbers; the sign is not looked at.
    let (mut found, mut place, mut left) = (0u64, None, 63);
    while left > 0 {
        let digit = DIGIT.min(left);
        let known = left;
        left -= digit;
        let mut counts = vec![0i64; 1 << digit];
        for_each(&mut |x| {
            let bits = x.to_bits();
            if bits >> known == found {
                counts[(bits >> left) as usize & ((1 << digit) - 1)] += 1;
            }
        });
        let counts = ranks.reduce(Reduce::Sum, &counts)?;
        let n: i64 = counts.iter().sum();
        if n == 0 {
            return Ok(None);
        }
        let mut rest = place.unwrap_or_else(|| ((part * n as f64).ceil() as i64).clamp(1, n));
        let mut at = 0;
        while counts[at] < rest {
            rest -= counts[at];
            at += 1;
        }
        (found, place) = (found << digit | at as u64, Some(rest));
    }
    Ok(Some(f64::from_bits(found)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ranks::local::{Local, Weather};

    #[test]
    fn it_is_that_of_the_sorted_numbers_on_any_number_of_ranks() {
        let value = |i: usize| match i % 7 {
            0 => f64::MIN_POSITIVE * (i as f64 + 1.0) / 1e10,
            1 => 1e300 * (1.0 + i as f64),
            2 => 1.0,
            _ => ((i * i) as f64 * 0.37).sin().abs() + 1e-12,
        };
        for n in [0usize, 1, 2, 10, 1000] {
            let all: Vec<f64> = (0..n).map(value).collect();
            let mut sorted = all.clone();
            sorted.sort_by(f64::total_cmp);
            for part in [0.0, 1e-9, 0.5, 0.9, 0.999, 1.0] {
                let place = ((part * n as f64).ceil() as usize).clamp(1, n.max(1));
                let expected = sorted.get(place - 1).copied();
                for size in [1, 3] {
                    let found = Local::run(size, Weather::default(), |ranks| {
                        let own = |visit: &mut dyn FnMut(f64)| {
                            all.iter().skip(ranks.rank()).step_by(size).for_each(|x| visit(*x));
                        };
                        quantile(&*ranks, part, &own).unwrap()
                    });
                    assert!(found.into_iter().all(|x| x.unwrap() == expected), "{n} {part} {size}");
                }
            }
        }
    }
}
