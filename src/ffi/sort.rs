//! Atoms of a learner in order.

use crate::base::status::DICOD_OK;
use crate::csc::coder::Coder;
use crate::csc::problem::shape::explained as worded;
use crate::ffi::array::dicod_const_array;
use crate::ffi::boundary::*;
use crate::ffi::held::timed;
use crate::ffi::learner::{dicod_learner, field};

/// Brings the atoms of a learner into the order of what they explain, the first one most, and makes the largest value of each
/// positive (with option "positive" they keep their signs); activations, statistics and regularisations go with them, and F stays as it is. What an
/// atom explains is what the data term would rise by without it,
///
/// `1/2 |r + z_k * d_k|^2 - 1/2 |r|^2`, r = x - sum_l z_l * d_l,
///
/// for the signals `x` and z of the last step; where each step brings other signals ("learn_online", "learn_batch", "learn_crops"), on average
/// over the statistics so far. It is the same, bit for bit, on any number of ranks. With atom_shapes those of one shape are sorted among
/// themselves. Atoms of "learn_fixed_atoms" stay where
/// and as they are. The option "learn_sort" does this at the end of dicod_learn() and dicod_learner_run().
///
/// `order[n_atoms]` tells which atom, from 0, each one was before; `explained[n_atoms]`, in the new order, what it explains. Either
/// may be NULL. `x` is as for dicod_learner_step().
///
/// Collective over the context's ranks. Needs the learner and its context for itself. After an error the learner is as it was.
/// Errors: as dicod_encoder_solve(); DICOD_ERROR_INVALID_ARGUMENT also for n_atoms that is not the learner's, and if the option
/// "reg_per_atom" is set; DICOD_ERROR_INVALID_STATE before there is a dictionary.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_sort_atoms(
    learner: *mut dicod_learner,
    x: *const dicod_const_array,
    n_atoms: i64,
    order: *mut i64,
    explained: *mut f64,
) -> dicod_status {
    guard(|| {
        timed(learner, |state, _, _| {
            for_either!(&mut state.learner, learner => {
                let n = learner.shape().n_atoms;
                let given = check(n, n_atoms, order, explained).and_then(|()| field(learner, x));
                let x = learner.ranks().agree(given)?;
                let sorted = learner.sort_within(&x).map_err(|error| worded(error, learner.shape()))?;
                if !order.is_null() {
                    let places = sorted.order.iter().map(|k| *k as i64);
                    slice_mut(order, n, "order", "")?.iter_mut().zip(places).for_each(|(to, k)| *to = k);
                }
                if !explained.is_null() {
                    slice_mut(explained, n, "explained", "")?.copy_from_slice(&sorted.explained);
                }
                Ok(DICOD_OK)
            })
        })
    })
}

fn check(n: usize, n_atoms: i64, order: *mut i64, explained: *mut f64) -> Result<()> {
    if n_atoms != n as i64 {
        return Err(Error::argument("n_atoms", n_atoms, format!("{n}, the learner's")));
    }
    aligned(order, "order")?;
    aligned(explained, "explained")
}
