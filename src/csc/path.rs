//! Signals coded at one λ after the other, each solve from what the last one has found.

use crate::base::error::{Error, Result};
use crate::base::stop::Stop;
use crate::base::wording::{by_language, index};
use crate::clock::{self, Clock, Wish};
use crate::csc::encoder::number_of;
use crate::csc::{Encoder, Info};
use crate::linalg::{Field, Real};
use crate::ranks::alike::{Alike, fails_unless_alike};
use crate::ranks::{Reduce, Transport};
use std::time::Instant;

/// Values of `reg` for a path: `n` of them from `most` down (or up) to `least`, each the same multiple of the one before. Fails
/// unless there is one at least, and both are positive and finite.
pub fn reg_path(n: usize, most: f64, least: f64) -> Result<Vec<f64>> {
    if n == 0 {
        return Err(Error::argument("n", 0, "at least 1"));
    }
    for (name, value) in [("most", most), ("least", least)] {
        if !(value > 0.0 && value.is_finite()) {
            return Err(Error::argument(name, value, "positive and finite"));
        }
    }
    let last = n - 1;
    let step = (least.ln() - most.ln()) / last.max(1) as f64;
    let value = |i: usize| match i {
        0 => most,
        i if i == last => least,
        i => (most.ln() + step * i as f64).exp(),
    };
    Ok((0..n).map(value).collect())
}

/// Collective: fails, on all ranks alike, unless all came with the same list of values that option `reg` can have.
pub(crate) fn check_path(ranks: &dyn Transport, reg: Result<&[f64]>) -> Result<()> {
    let checked = reg.and_then(|reg| {
        if reg.is_empty() {
            return Err(Error::argument(
                &by_language("n_reg", "the size of reg", "the length of reg"),
                0,
                "at least 1",
            ));
        }
        for (i, value) in reg.iter().enumerate() {
            if !(*value >= 0.0 && value.is_finite()) {
                return Err(Error::argument(&format!("reg{}", index(&[i])), value, "at least 0 and finite"));
            }
        }
        Ok(reg)
    });
    let reg = ranks.agree(checked)?;
    let bits = number_of(reg.iter().map(|reg| reg.to_bits()));
    let text = if reg.len() <= 8 { format!("{reg:?}") } else { String::new() };
    fails_unless_alike(ranks, &[Alike { argument: "reg".into(), number: bits, text }])
}

/// Collective: `solve`s the points of a path, given the index of each, and tells `each` of them, until that returns false or there
/// is no more time. Gives why that was the end: what the first point says that has not converged, if all were solved.
pub(crate) fn along(
    ranks: &dyn Transport,
    n: usize,
    solve: &mut dyn FnMut(usize) -> Result<Stop>,
    each: &mut dyn FnMut(usize) -> Result<bool>,
) -> Result<Stop> {
    let mut end = Stop::Converged;
    for point in 0..n {
        let stop = solve(point)?;
        if end == Stop::Converged || matches!(stop, Stop::TimeLimit | Stop::Cancelled) {
            end = stop;
        }
        let go_on = ranks.agree(clock::without_clock(|| each(point)))?;
        // After the last one there is nothing left to be stopped.
        if point + 1 == n || matches!(stop, Stop::TimeLimit | Stop::Cancelled) {
            break;
        }
        let wish = if go_on { clock::wish() } else { Wish::Enough };
        let wish = Wish::of_code(ranks.reduce(Reduce::Max, &[wish.code()])?[0]);
        if wish != Wish::GoOn {
            end = wish.stop();
            break;
        }
    }
    Ok(end)
}

/// Collective: encodes signals once for each value of `reg`, which is as option `reg` (or a factor of those of `reg_per_atom`).
/// The first solve begins at zero, or with option `warm_start` at the z that is there, each other one where the last one has
/// ended. What it finds is, to its tolerance, what a solve by itself finds. `each` is told of every point, with the encoder that
/// holds its z, and returns whether to go on. A limit of time is one for all.
pub fn solve_path<T: Real>(
    encoder: &mut Encoder<T>,
    x: &Field<'_, T>,
    reg: &[f64],
    mut each: impl FnMut(&mut Encoder<T>, usize, &Info) -> bool,
) -> Result<Stop> {
    let ranks = encoder.ranks().clone();
    check_path(&*ranks, Ok(reg))?;
    let (limit, interval) = (encoder.options().time_limit, encoder.options().progress_interval);
    let clock = Clock::new(Instant::now(), limit, interval, None, None, &ranks);
    let state = std::cell::RefCell::new((encoder, None));
    let mut solve = |point: usize| {
        let (encoder, last) = &mut *state.borrow_mut();
        let info = encoder.at_reg(reg[point], point > 0, |encoder| encoder.solve_within(&clock, x, true))?;
        let stop = info.stop;
        *last = Some(info);
        Ok(stop)
    };
    let mut tell = |point: usize| {
        let (encoder, last) = &mut *state.borrow_mut();
        Ok(last.as_ref().is_none_or(|info| each(encoder, point, info)))
    };
    clock.run(|| along(&*ranks, reg.len(), &mut solve, &mut tell))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_from_one_value_to_the_other() {
        let path = reg_path(5, 0.8, 0.05).unwrap();
        assert_eq!((path.len(), path[0], path[4]), (5, 0.8, 0.05));
        assert!(path.windows(2).all(|pair| (pair[0] / pair[1] - 2.0).abs() < 1e-12), "{path:?}");
        assert_eq!(reg_path(1, 0.3, 0.1).unwrap(), [0.3]);
        let text = |n, most, least| reg_path(n, most, least).unwrap_err().to_string();
        assert_eq!(text(0, 0.8, 0.1), "n must be at least 1, is 0");
        assert_eq!(text(3, 0.8, 0.0), "least must be positive and finite, is 0");
        assert_eq!(text(3, f64::INFINITY, 0.1), "most must be positive and finite, is inf");
    }
}
