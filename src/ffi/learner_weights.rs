//! Weights of the signals that a learner learns from.

use crate::ffi::array::dicod_const_array;
use crate::ffi::boundary::*;
use crate::ffi::fields::set_weights;
use crate::ffi::held::with_context;
use crate::ffi::learner::dicod_learner;

/// Gives each sample of the signals a weight, at least 0: from the next step on
///
/// `F(d, z) = 1/2 sum w (x - sum_k z_k * d_k)^2 + sum_k lambda_k |z_k|_1`
///
/// is what both steps make smaller, and what is told of them. `weights` is as for dicod_encoder_set_weights(): n_signals *
/// n_channels channels over the signal's shape, those of all signals also with "learn_batch"; each rank brings a block. Where w = 0
/// there is no sample, and x may be NaN. The option "missing" = "nan" says the same of all samples that are NaN, without an array.
/// They hold until others are given or dicod_learner_clear_weights(); z is kept.
///
/// First atoms are patches of which as much is there as may be: at random the one of 64 of which most is there, unless one is
/// whole; greedily energies count by the square of the share that is there. A step of the dictionary costs some more
/// rounds: what is missing is filled by what atoms and activations have there, until that gains little.
///
/// A checkpoint has no weights in it: after dicod_learner_restore() they have to be set again, or cleared, before the next step,
/// which is refused else.
///
/// Collective over the context's ranks. Needs the learner and its context for itself. After an error weights are as they were.
/// Errors: as dicod_encoder_set_weights(); DICOD_ERROR_INVALID_ARGUMENT also with the option "learn_crops".
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_set_weights(
    learner: *mut dicod_learner,
    weights: *const dicod_const_array,
) -> dicod_status {
    guard(|| with_context(learner, |held| for_either!(held.coder, coder => set_weights(coder, weights))))
}

/// All samples have the weight 1 from the next step on, as before dicod_learner_set_weights().
///
/// Collective over the context's ranks. Needs the learner and its context for itself. Errors: DICOD_ERROR_NULL_POINTER;
/// DICOD_ERROR_INVALID_STATE (learner or context in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_clear_weights(learner: *mut dicod_learner) -> dicod_status {
    guard(|| with_context(learner, |held| for_either!(held.coder, coder => coder.set_weights(None))))
}
