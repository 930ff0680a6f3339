//! The statistics of z and x that the last step of a learner's dictionary went by.

use crate::ffi::boundary::output::write_list;
use crate::ffi::boundary::*;
use crate::ffi::held::get;
use crate::ffi::learner::dicod_learner;
use crate::learn::Statistics;

/// Copies the correlations of the activations with themselves that the last step went by, of all signals and ranks:
///
/// `ztz[k][l][t] = sum_u z_k[u] z_l[u + t]` for |t| < L on each axis,
///
/// (n_atoms, n_atoms, 2 * atom_shape - 1 ...), row-major, t = 0 in the middle; double also for learners of float, and the same on
/// every rank, bit for bit. `ztz` holds `capacity` values and may be NULL when `capacity` is 0: then only `*needed`, their
/// number, is written. With dicod_learner_get_ztx() the data term for any dictionary of these shapes is
/// 1/2 <d, ztz * d> - <d, ztx> + 1/2 |x|^2.
///
/// The activations are those from which the last step found its dictionary. With "learn_online" and "learn_batch" the sums are over
/// all steps so far, weighted by "learn_forgetting". With weights w, and W the largest of them, ztz is times W, and ztx is of
/// w x + (W - w) (z * d) in place of x, with the dictionary before the step: the expression above, with another constant, is no
/// less than the weighted data term then, and meets it at that dictionary. The option "ridge" adds ridge |z_k|^2 to ztz[k][k][0].
///
/// Local. Needs the learner for itself.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (capacity negative or, other than 0, too small);
/// DICOD_ERROR_INVALID_STATE (no step was done yet, or none since the learner was restored, as they are not in a checkpoint but with
/// "learn_online" or "learn_batch"; learner in use).
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_ztz(
    learner: *const dicod_learner,
    capacity: i64,
    ztz: *mut f64,
    needed: *mut i64,
) -> dicod_status {
    guard(|| copy(learner, (capacity, ztz, "ztz"), needed, &|found| &found.ztz))
}

/// Copies the correlations of the activations with the signals that the last step went by, of all signals and ranks:
///
/// `ztx[k][p][s] = sum_u z_k[u] x_p[u + s]` for s in the support of an atom,
///
/// (n_atoms, n_channels, atom_shape...), row-major; x less its background, if the option says so. Everything else as for
/// dicod_learner_get_ztz().
///
/// Local. Needs the learner for itself. Errors: as dicod_learner_get_ztz().
#[unsafe(no_mangle)]
pub extern "C" fn dicod_learner_get_ztx(
    learner: *const dicod_learner,
    capacity: i64,
    ztx: *mut f64,
    needed: *mut i64,
) -> dicod_status {
    guard(|| copy(learner, (capacity, ztx, "ztx"), needed, &|found| &found.ztx))
}

fn copy(
    learner: *const dicod_learner,
    (capacity, to, argument): (i64, *mut f64, &'static str),
    needed: *mut i64,
    of: &dyn Fn(&Statistics) -> &[f64],
) -> Result<()> {
    let shared = get(learner)?;
    let state = &mut *shared.state()?;
    aligned(to, argument)?;
    let found = for_either!(&state.learner, learner => learner.statistics());
    let none = || Error::InvalidState("there are no statistics before a step of the dictionary".into());
    write_list(of(found.ok_or_else(none)?), capacity, (to, argument), (needed, "needed"))
}
