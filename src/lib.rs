//! # libdicod
//!
//! Recurring patterns in signals and fields, found inside other people's programs: convolutional
//! sparse coding by locally greedy coordinate descent, with a C ABI.
//!
//! Data flows one way:
//!
//! ```text
//! host program → ffi → csc, learn, parmap → grid, linalg, transport
//! ```
//!
//! | module | what it knows |
//! | --- | --- |
//! | [`grid`] | boxes, segmentation, tiles and colours: index arithmetic and nothing else |
//! | [`linalg`] | the scalar trait, BLAS and FFT correlations, the Gram tensor, SIMD kernels |
//! | [`csc`] | the problem, the tile solver, the schedules, the certificate, the encoder |
//! | [`learn`] | statistics, dictionary step, initialisers, the learner, checkpoints |
//! | [`parmap`] | maps, reductions and flows over threads and ranks |
//! | [`transport`] | messages between ranks: in this process, or over MPI (feature `mpi`) |
//! | `clock` | limit of time, cancel and progress of a call |
//! | [`ffi`] | the C boundary: NULL checks, panics, error messages |
//! | [`wording`] | what messages say in C, Fortran and Julia |
//!
//! Only [`ffi`] is `unsafe` towards the caller, and only [`linalg`] calls BLAS.

pub mod base;
mod clock;
pub mod csc;
pub mod ffi;
pub mod grid;
mod host;
pub mod learn;
pub mod linalg;
pub mod options;
pub mod parmap;
pub mod ranks;
mod threads;

pub use base::error::{Error, Result};
