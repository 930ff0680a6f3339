//! The problem: its shape, what is minimised, and the units of its atoms.

pub mod objective;
pub(crate) mod scaling;
pub mod shape;
