//! Convolutional sparse coding by locally greedy coordinate descent.
//!
//! Minimise F(z) = ½‖X − Σₖ zₖ ∗ Dₖ‖² + Σₖ λₖ‖zₖ‖₁, optionally with z ≥ 0. Sources: Moreau, Oudre,
//! Vayatis, *DICOD* (ICML 2018); Moreau, Gramfort, *DiCoDiLe* (arXiv 1901.09235).
//!
//! [`problem`] is what is asked: shapes, the layout of the domain, the model D∗z, λmax and the objective. [`bound`] is all
//! that follows from the dictionary, [`background`] is what signals lie on, [`descent`] makes steps, and [`encoder`] is the way
//! in: it holds a bound dictionary and who works on what, and solves stage by stage; [`path`] lets it solve at one λ after the
//! other, [`whole`] where every rank has all signals. [`coder`] is what it has in common with a
//! learner.

pub(crate) mod background;
pub(crate) mod bound;
pub(crate) mod coder;
pub mod descent;
pub mod encoder;
pub(crate) mod path;
pub mod problem;
pub(crate) mod whole;

pub use crate::base::stop::Stop;
pub use crate::clock::Progress;
pub use crate::options::solve::{Options, RegScale, Scale, Schedule, Strategy};
pub use descent::tile::Step;
pub use descent::trace::{Activity, Span};
pub use encoder::certificate::Certificate;
pub use encoder::{Activation, Encoder, Info};
pub use path::{reg_path, solve_path};
pub use problem::model::reconstruct;
pub use problem::objective::{lambda_max, objective};
pub use problem::shape::Shape;
