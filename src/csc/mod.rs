//! Convolutional sparse coding by locally greedy coordinate descent.
//!
//! Minimise F(z) = ½‖X − Σₖ zₖ ∗ Dₖ‖² + Σₖ λₖ‖zₖ‖₁, optionally with z ≥ 0. Sources: Moreau, Oudre,
//! Vayatis, *DICOD* (ICML 2018); Moreau, Gramfort, *DiCoDiLe* (arXiv 1901.09235).
//!
//! [`encoder`] is the way in; it uses [`tile`] (descent inside a tile), [`schedule`] (the order of
//! tiles, on any number of threads) and [`certificate`] (the proof of the result).

mod aliases;
pub(crate) mod asynchronous;
pub mod certificate;
pub mod encoder;
pub(crate) mod exchange;
pub mod functions;
pub(crate) mod halo;
pub mod options;
pub(crate) mod scaling;
pub mod schedule;
pub mod shape;
pub(crate) mod threads;
pub mod tile;
pub mod trace;

pub use certificate::Certificate;
pub use encoder::{Activation, Encoder, Info, reconstruct};
pub use functions::{lambda_max, objective};
pub use options::{Options, Scale, Schedule, Strategy};
pub use schedule::{Progress, Stop};
pub use shape::Shape;
pub use tile::Step;
pub use trace::{Activity, Span};
