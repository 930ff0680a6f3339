//! Signals that every rank has all of, learned from in one call: each works on its share, and all get all of z.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::wording::by_language;
use crate::clock::Clock;
use crate::csc::Options;
use crate::csc::coder::Coder;
use crate::csc::problem::shape::explained;
use crate::csc::whole::seconds_to_write;
use crate::grid::block::slab;
use crate::learn::{Iteration, Learner, Outcome};
use crate::linalg::{Field, FieldMut, Real};

/// Fails where z of the signals is wanted, but learning looks at some of them or at parts.
pub(crate) fn fails_if_in_parts(options: &Options) -> Result<()> {
    let option = match (options.learn.crops, options.learn.batch) {
        (0, 0) => return Ok(()),
        (0, _) => "option \"learn_batch\"",
        _ => "option \"learn_crops\"",
    };
    let nothing = by_language("NULL", "left out", "left out");
    let solve = by_language("dicod_solve()", "solve", "solve");
    Err(Error::argument("z", "given", format!("{nothing} with {option} ({solve} codes all signals)")))
}

/// What was learned.
pub(crate) struct Learned<T> {
    pub(crate) outcome: Outcome,
    /// (K, P, L…); noise if there was no time for any.
    pub(crate) atoms: Vec<T>,
    /// Of all signals, on every rank; nothing if it was not wanted.
    pub(crate) z: Vec<T>,
}

/// Collective: learns, by a clock that runs already.
pub(crate) fn learn<T: Real>(
    learner: &mut Learner<T>,
    clock: &Clock<'_>,
    x: &Field<'_, T>,
    each: &mut dyn FnMut(&Iteration) -> bool,
    with_z: bool,
) -> Result<Learned<T>> {
    let (shape, ranks) = (learner.shape().clone(), learner.ranks());
    if with_z {
        // Once here, once there.
        clock.keep(2.0 * seconds_to_write::<T>(&shape));
    }
    let part = x.part(&slab(shape.signal, ranks.rank(), ranks.size()));
    let outcome = learner.run_within(clock, &part, Some(each)).map_err(|error| explained(error, &shape))?;
    let atoms = ranks.agree(learner.atoms())?;
    let mut z = Vec::new();
    if with_z {
        z = ranks.agree(memory::zeroed("the activations", shape.n_signals * shape.activations()))?;
        learner.z(&mut FieldMut::contiguous(&mut z, shape.valid()))?;
    }
    Ok(Learned { outcome, atoms, z })
}
