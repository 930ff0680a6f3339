//! # libdicod
//!
//! Recurring patterns in signals and fields, found inside other people's programs: convolutional
//! sparse coding by locally greedy coordinate descent, with a C ABI.
//!
//! ```
//! use ndarray::{array, Array, s};
//!
//! let d = array![[[1.0, 2.0, 1.0]]]; // one atom, one channel
//! let mut x = Array::zeros((1, 64));
//! x.slice_mut(s![0, 20..23]).assign(&array![3.0, 6.0, 3.0]);
//! x.slice_mut(s![0, 50..53]).assign(&array![-2.0, -4.0, -2.0]);
//! let found = dicod::solve(x.view(), d.view(), &dicod::Options::default(), 1)?;
//! println!("z[20] = {:.1}, z[50] = {:.1}", found.z[[0, 20]], found.z[[0, 50]]);
//! # assert_eq!(format!("{:.1} {:.1}", found.z[[0, 20]], found.z[[0, 50]]), "2.7 -1.7");
//! # Ok::<(), dicod::Error>(())
//! ```
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
//! | [`arrays`] | for programs in Rust: arrays of `ndarray` in, arrays out |
//! | [`parmap`] | maps, reductions and flows over threads and ranks |
//! | [`ffi`] | the C boundary: NULL checks, panics, error messages |
//!
//! `tests/architecture.rs` reads the list and the `use` lines. Only [`ffi`] is `unsafe` towards the caller, and only
//! [`linalg`] calls BLAS.

pub mod arrays;
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

pub use arrays::{learn, reconstruct, solve};
pub use base::error::{Error, Result};
pub use csc::Options;
