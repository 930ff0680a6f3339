//! # libdicod
//!
//! Recurring patterns in signals and fields, found inside other people's programs: convolutional
//! sparse coding by locally greedy coordinate descent, with a C ABI.
//!
//! A room uses those above it in this list, and nothing below it:
//!
//! | room | what it knows |
//! | --- | --- |
//! | [`base`] | errors and status numbers, memory, panics, bytes, the words of messages |
//! | [`options`] | what may be set of a solve, of learning and of a map: tables |
//! | [`grid`] | boxes, tiles and their colours, segmentation: index arithmetic and nothing else |
//! | [`ranks`] | messages and sums between ranks: in this process, or over MPI (feature `mpi`) |
//! | `clock` | limit of time, cancel and progress of a call |
//! | `host` | floating-point environment, stacks and signals of the program that called |
//! | `threads` | a team of threads for one call |
//! | [`linalg`] | fields, dictionaries, BLAS and FFT correlations, the Gram tensor, SIMD kernels |
//! | [`csc`] | the problem, the descent, the certificate, the encoder |
//! | [`learn`] | statistics, dictionary step, initialisers, the learner, checkpoints |
//! | [`parmap`] | maps, reductions and flows over threads and ranks |
//! | [`ffi`] | the C boundary: NULL checks, panics, error messages |
//!
//! `tests/architecture.rs` reads the list and the `use` lines. Only [`ffi`] is `unsafe` towards the caller, and only
//! [`linalg`] calls BLAS.

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
