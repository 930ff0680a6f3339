//! The kernels in AVX-512: masks for the ends of runs, which are a good part of the short runs of
//! small atoms. The same operations on each value as without, so the same bits.
//!
//! They are written once, as macros, in [`step`], [`search`] and [`correlate`], in names of instructions that [`double`] and
//! [`single`] give to those of their element type.

mod correlate;
pub(super) mod double;
mod scatter;
mod search;
pub(super) mod single;
mod step;
