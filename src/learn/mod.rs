//! Convolutional dictionary learning (DiCoDiLe, section 4): find D and z that minimise
//! ½‖X − Σₖ zₖ ∗ Dₖ‖² + Σₖ λₖ‖zₖ‖₁ with ‖Dₖ‖ ≤ 1, by turns.
//!
//! A [`Learner`] alternates: z by the encoder, warm; [`mod@statistics`], all that the dictionary step
//! needs of X and z; D by [`mod@dictionary_step`]. `initialise` makes first atoms, `atoms` and `recentre`
//! replace and move those that are of little use, `sort` puts them in order, [`checkpoint`] writes everything down.
//!
//! What is summed over the domain is summed exactly (`linalg::exact`), and what is drawn at random
//! is drawn by its place in the domain: D and z are the same, bit for bit, however threads and
//! ranks divide the work.

mod atoms;
pub(crate) mod bytes;
mod cells;
pub mod checkpoint;
mod crops;
pub mod dictionary_step;
pub(crate) mod expected;
mod initialise;
mod iterate;
mod iteration;
pub mod learner;
mod majorise;
mod memory;
mod quadratic;
mod recentre;
pub(crate) mod room;
mod setup;
mod share;
mod sort;
mod state;
pub mod statistics;
mod step;
mod weights;
pub(crate) mod whole;
pub(crate) mod window;

pub use crate::options::learn::{Init, Learning, Reference};
pub use dictionary_step::dictionary_step;
pub use iteration::{Iteration, Outcome};
pub use learner::Learner;
pub use sort::Sorted;
pub use statistics::{Method, Statistics, statistics};
