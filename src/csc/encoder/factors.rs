//! Factors of λ for each coefficient, as they are given.

use crate::base::error::{Error, Result};
use crate::base::wording::index;
use crate::csc::problem::shape::Shape;
use crate::linalg::{Field, Real};

/// What of all factors has to be known everywhere.
pub(super) struct Penalties {
    /// 1 over the least factor of each atom that is positive and finite, 0 if there is none.
    pub(super) steepness: Vec<f64>,
    /// Some are 0.
    pub(super) any_free: bool,
}

impl Penalties {
    /// The least factor.
    pub(super) fn least(&self) -> f64 {
        let steepest = self.steepness.iter().copied().fold(0.0, f64::max);
        if self.any_free || steepest == 0.0 { 0.0 } else { 1.0 / steepest }
    }
}

/// Fails if one is none.
pub(super) fn check<T: Real>(penalties: &Field<'_, T>, shape: &Shape) -> Result<()> {
    let mut wrong = None;
    for (channel, data) in penalties.channels.iter().enumerate() {
        penalties.layout.for_each_row(|at, first| {
            for k in 0..penalties.layout.shape[2] {
                let value = data[(first as i64 + k * penalties.layout.strides[2]) as usize].wide();
                let extreme = value > 0.0 && value.is_finite() && !(value.is_normal() && (1.0 / value).is_normal());
                if (value.is_nan() || value < 0.0 || extreme) && wrong.is_none() {
                    let at = [at[0], at[1], k];
                    wrong = Some((channel, std::array::from_fn(|a| at[a] + penalties.origin[a]), value, extreme));
                }
            }
        });
    }
    let Some((channel, at, value, extreme)) = wrong else { return Ok(()) };
    let name = format!("penalties{}", index(&shape.index(channel, shape.n_atoms, at)));
    match extreme {
        true => Err(Error::argument(&name, format!("{value:e}"), "such that its inverse can be computed")),
        false => Err(Error::argument(&name, value, "at least 0, infinite where z is to be 0")),
    }
}
