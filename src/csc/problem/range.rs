//! Numbers so large or so small that a solve would overflow are refused.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::wording::nth;
use crate::csc::problem::shape::{Shape, explained};
use crate::linalg::{Atoms, Dictionary, Field, FieldMut, Real};

/// Norms of the atoms, to refuse numbers so large or so small that a solve would overflow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    /// Of the atoms that are not zero.
    least: f64,
    most: f64,
    /// Activations that one value of a signal can depend on.
    overlap: f64,
    /// Values of an atom.
    depth: f64,
}

impl Range {
    /// Fails if ‖D_k‖² or its inverse overflows; an atom of zeros is fine. `argument` is the
    /// dictionary's name.
    pub(crate) fn new<T: Real>(dictionary: &Dictionary<T>, argument: &str) -> Result<Self> {
        let (mut least, mut most) = (f64::INFINITY, 0f64);
        let overlap = (dictionary.n_atoms * dictionary.volume()) as f64;
        let depth = (dictionary.n_channels * dictionary.volume()) as f64;
        let (channels, volume) = (dictionary.n_channels, dictionary.volume());
        for k in 0..dictionary.n_atoms {
            let norm = match &dictionary.atoms {
                Atoms::Full(d) => norm(&d[k * channels * volume..][..channels * volume]),
                Atoms::RankOne { u, v } => norm(&u[k * channels..][..channels]) * norm(&v[k * volume..][..volume]),
            };
            if norm == 0.0 {
                continue;
            }
            let square = T::of(norm * norm);
            let fits = square.finite() && (T::one() / square).finite();
            if !fits || square * T::EPSILON <= T::ZERO {
                let name = format!("the norm of atom {} of {argument}", nth(k as i64));
                let range = if size_of::<T>() == size_of::<f32>() { "1e-19 to 1e19" } else { "2e-154 to 1e154" };
                let allowed = format!("from {range}, so that its square and the inverse of that can be computed");
                return Err(Error::argument(&name, format!("{norm:e}"), allowed));
            }
            least = least.min(norm);
            most = most.max(norm);
        }
        if most == 0.0 {
            // As if they were of norm 1.
            (least, most) = (1.0, 1.0);
        }
        Ok(Range { least, most, overlap, depth })
    }

    /// A dictionary as the caller gave it, and the range of its norms.
    pub(crate) fn with<T: Real>(
        made: Result<Dictionary<T>>,
        shape: &Shape,
        argument: &str,
    ) -> Result<(Dictionary<T>, Self)> {
        let dictionary = made.map_err(|error| explained(error, shape))?;
        let range = Range::new(&dictionary, argument)?;
        Ok((dictionary, range))
    }

    /// Of atoms with norm 1.
    pub(crate) fn unit() -> Self {
        Range { least: 1.0, most: 1.0, overlap: 1.0, depth: 1.0 }
    }

    /// Fails if products of a number, which is proportional to the field, overflow.
    fn check<T: Real>(&self, argument: &str, field: &Field<'_, T>, number: f64) -> Result<()> {
        // As a multiple of what is allowed.
        let most = if size_of::<T>() == size_of::<f32>() { f32::MAX.into() } else { 1e300 };
        let larger = |product: f64| product / most;
        let products = [number * self.most.max(1.0), number / self.least.min(1.0)];
        let excess = products.into_iter().map(larger).fold(number / 1e154, f64::max);
        let largest = fold(field, f64::abs, f64::max);
        // What is not finite is for the caller's own check, which says where.
        if excess <= 1.0 || number.is_nan() || largest.is_infinite() {
            return Ok(());
        }
        let name = format!("the largest value of {argument}");
        let norms = match self.least < self.most {
            true => format!("from {:.3e} to {:.3e}", self.least, self.most),
            false => format!("{:.3e}", self.most),
        };
        let allowed = format!("at most {:.1e}, that nothing overflows (norms of the atoms: {norms})", largest / excess);
        Err(Error::argument(&name, format!("{largest:e}"), allowed))
    }

    /// Fails if correlations of the signal with the atoms may overflow.
    pub(crate) fn check_x<T: Real>(&self, x: &Field<'_, T>) -> Result<()> {
        let norm = fold(x, |x| x * x, |a, b| a + b).sqrt();
        // Room for the sums of a solve.
        self.check("x", x, 1024.0 * norm)
    }

    /// Fails if a value of the signals is not finite, or if they are so large that a solve would overflow.
    pub(crate) fn check_signals<T: Real>(&self, shape: &Shape, x: &Field<'_, T>) -> Result<()> {
        x.check_finite("x").map_err(|error| explained(error, shape))?;
        self.check_x(x)
    }

    /// The same of activations.
    pub(crate) fn check_activations<T: Real>(&self, shape: &Shape, z: &Field<'_, T>) -> Result<()> {
        z.check_finite("z").map_err(|error| explained(error, shape))?;
        self.check_z(z)
    }

    /// The same of a list.
    pub(crate) fn check_list<T: Real>(&self, z: &[T]) -> Result<()> {
        if z.is_empty() { Ok(()) } else { self.check_z(&Field::contiguous(z, [1, 1, z.len() as i64])) }
    }

    /// Fails if what z stands for, or its correlations with the atoms, may overflow.
    pub(crate) fn check_z<T: Real>(&self, z: &Field<'_, T>) -> Result<()> {
        let sum = fold(z, f64::abs, |a, b| a + b);
        let largest = fold(z, f64::abs, f64::max);
        let most = sum.min(largest * self.overlap);
        // Room for the sums of a correlation.
        let value = most.max(most * self.most);
        self.check("z", z, 4.0 * value * self.depth.sqrt())
    }
}

/// F(z) and its data term; fails if they overflow.
pub(crate) fn finite(found: (f64, f64)) -> Result<(f64, f64)> {
    if found.0.is_finite() {
        return Ok(found);
    }
    let allowed = "finite: scale x, z or the option \"reg\", so that nothing overflows";
    Err(Error::argument("the objective of x and z", found.0, allowed))
}

/// Fills fields, all or nothing. Where `fits` says that a value may overflow it is seen when it is done, and fails with that.
pub(crate) fn filled<T: Real>(
    fits: Result<()>,
    what: &str,
    out: &mut FieldMut<'_, T>,
    fill: &dyn Fn(&mut FieldMut<'_, T>) -> Result<()>,
) -> Result<()> {
    let Err(error) = fits else {
        return fill(out);
    };
    let mut values: Vec<T> = memory::zeroed(what, out.channels.len() * out.layout.volume())?;
    let mut copy = FieldMut::contiguous(&mut values, out.layout.shape);
    copy.origin = out.origin;
    fill(&mut copy)?;
    if !values.iter().all(|value| value.finite()) {
        return Err(error);
    }
    out.copy_from(&values);
    Ok(())
}

/// ‖values‖, of very large and very small values, too.
fn norm<T: Real>(values: &[T]) -> f64 {
    let largest = values.iter().map(|x| x.wide().abs()).fold(0.0, f64::max);
    if largest == 0.0 {
        return 0.0;
    }
    let squares = values.iter().map(|x| (x.wide() / largest) * (x.wide() / largest));
    largest * squares.sum::<f64>().sqrt()
}

/// Terms put together: rows first, for fewer roundings of a large total. NaN counts for nothing
/// in a maximum, and makes a sum NaN.
pub(super) fn fold<T: Real>(field: &Field<'_, T>, term: impl Fn(f64) -> f64, join: impl Fn(f64, f64) -> f64) -> f64 {
    let mut total = 0.0;
    for data in &field.channels {
        field.layout.for_each_row(|_, first| {
            let value = |k: i64| data[(first as i64 + k * field.layout.strides[2]) as usize];
            let row = (0..field.layout.shape[2]).map(|k| term(value(k).wide()));
            total = join(total, row.fold(0.0, &join));
        });
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overflows_leaves_the_fields_as_they_were() {
        let with = |fits: bool, value: f64| {
            let mut data = [7.0; 4];
            let mut out = FieldMut::contiguous(&mut data, [1, 2, 2]);
            let fits = if fits { Ok(()) } else { Err(Error::argument("z", "large", "small")) };
            let fill = |out: &mut FieldMut<'_, f64>| {
                out.channels[0][0] = 1.0;
                out.channels[0][3] = value;
                Ok(())
            };
            let result = filled(fits, "a test", &mut out, &fill);
            (result.map_err(|error| error.to_string()), data)
        };
        // Where it is known to fit nothing is looked at; else all is written, or nothing.
        assert_eq!(with(true, 2.0), (Ok(()), [1.0, 7.0, 7.0, 2.0]));
        assert_eq!(with(false, 2.0), (Ok(()), [1.0, 0.0, 0.0, 2.0]));
        assert_eq!(with(false, f64::INFINITY), (Err("z must be small, is large".into()), [7.0; 4]));
    }
}
