//! Convolutional sparse coding by locally greedy coordinate descent.
//!
//! Minimise F(z) = ½‖X − Σₖ zₖ ∗ Dₖ‖² + Σₖ λₖ‖zₖ‖₁, optionally with z ≥ 0. Sources: Moreau, Oudre,
//! Vayatis, *DICOD* (ICML 2018); Moreau, Gramfort, *DiCoDiLe* (arXiv 1901.09235).
//!
//! [`encoder`] is the way in; it uses [`tile`] (descent inside a tile), [`schedule`] (the order of
//! tiles, on any number of threads) and [`certificate`] (the proof of the result).

pub mod descent;
pub mod encoder;
pub mod problem;

pub use crate::base::stop::Stop;
pub use crate::clock::Progress;
pub use crate::options::solve::{Options, Scale, Schedule, Strategy};
pub use descent::tile::Step;
pub use descent::trace::{Activity, Span};
pub use encoder::certificate::Certificate;
pub use encoder::{Activation, Encoder, Info, reconstruct};
pub use problem::objective::{lambda_max, objective};
pub use problem::shape::Shape;
