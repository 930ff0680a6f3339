//! The problem: its shape, how the domain is cut, what is minimised, and the units of its atoms.

pub(crate) mod analysis;
pub(crate) mod layout;
pub(crate) mod model;
pub mod objective;
pub(crate) mod range;
pub(crate) mod scaling;
pub mod shape;
