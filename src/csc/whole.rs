//! Signals that every rank has all of, coded in one call: each works on its share, and all get all of z.

use crate::base::error::{Error, Result};
use crate::clock::{Clock, Stage};
use crate::csc::encoder::activations::write_list;
use crate::csc::problem::range::Range;
use crate::csc::problem::shape::explained;
use crate::csc::{Encoder, Info, Options, Shape};
use crate::grid::block::{Block, slab};
use crate::linalg::{Dictionary, Field, FieldMut, Real};
use crate::options::solve::Missing;
use crate::ranks::Transport;
use std::sync::Arc;

/// Seconds to fetch a z ≠ 0 from where it was found and to write it into an array, about.
const TO_HAND_OUT: f64 = 6e-8;

/// What the activations take to be written, mostly zeros, perhaps into memory that the system has yet to find.
pub(crate) fn seconds_to_write<T>(shape: &Shape) -> f64 {
    (shape.n_signals * shape.activations() * size_of::<T>()) as f64 / 2e9
}

/// What is to be solved.
pub(crate) struct Whole<'a, T: Real> {
    pub(crate) shape: Shape,
    pub(crate) options: Options,
    pub(crate) dictionary: Dictionary<T>,
    pub(crate) range: Range,
    pub(crate) x: Field<'a, T>,
}

impl<T: Real> Whole<'_, T> {
    /// Fails if values are not finite, or too large: of the signals, unless some may be missing, and of z for a warm start.
    pub(crate) fn check(&self, z: &Field<'_, T>) -> Result<()> {
        if self.options.missing == Missing::None {
            self.range.check_signals(&self.shape, &self.x)?;
        }
        if self.options.warm_start { self.range.check_activations(&self.shape, z) } else { Ok(()) }
    }

    /// Collective: solves, by a clock that runs already, and writes z, which is where a warm start begins. `told` hears of it before.
    pub(crate) fn solve(
        self,
        ranks: &Arc<dyn Transport>,
        n_threads: usize,
        clock: &Clock<'_>,
        told: &dyn Fn(&Info),
        z: &mut [T],
    ) -> Result<Info> {
        let Whole { shape, options, dictionary, range, x } = self;
        let (rank, size, warm) = (ranks.rank(), ranks.size(), options.warm_start);
        clock.keep(seconds_to_write::<T>(&shape));
        clock.keep_for_each(TO_HAND_OUT * size as f64);
        let mut encoder = match Encoder::over(ranks.clone(), shape.clone(), dictionary, options, n_threads) {
            Err(Error::Stopped(stop)) => {
                // There is nothing but where it was to begin.
                if !warm {
                    z.fill(T::ZERO);
                }
                let seconds_gram = clock.laps().of(Stage::Gram);
                return Ok(Info { stop, seconds_gram, ..Info::unknown(shape.n_atoms) });
            }
            made => made?,
        };
        encoder.set_range(range);
        if warm {
            let part = Field::contiguous(z, shape.valid()).part(&slab(shape.valid(), rank, size));
            encoder.set_z(&part).map_err(|error| explained(error, &shape))?;
        }
        let info = solve_checked(&mut encoder, clock, &x.part(&slab(shape.signal, rank, size)))?;
        told(&info);
        let list = encoder.fetch(&Block::whole(shape.valid()))?;
        write_list(shape.n_atoms, &list, &mut FieldMut::contiguous(z, shape.valid()));
        Ok(info)
    }
}

/// Collective: a solve by a clock that runs already, with errors as the caller indexes arrays; fails if it has overflowed.
pub(crate) fn solve_checked<T: Real>(encoder: &mut Encoder<T>, clock: &Clock<'_>, x: &Field<'_, T>) -> Result<Info> {
    let info = encoder.solve_within(clock, x, true);
    let info = info.map_err(|error| explained(error, encoder.shape()))?;
    let certificate = &info.certificate;
    if info.proven && !(certificate.objective + certificate.gap + certificate.max_step).is_finite() {
        let allowed = "finite: scale x, or d, so that nothing overflows";
        return Err(Error::argument("the objective of x", certificate.objective, allowed));
    }
    Ok(info)
}
