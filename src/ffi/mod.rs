//! The C boundary: one file per section of the header, every body inside one guard.
//!
//! Conventions, kept by every function here (CONTRIBUTING.md states them as rules):
//!
//! - a fallible function returns a [`status::dicod_status`]; its outputs come last and are written
//!   only on success; what is `const` stays unchanged; sizes are `int64_t`;
//! - NULL is checked, a panic is caught, and the message of the thread's last failure is kept for
//!   [`status::dicod_last_error`];
//! - handles are opaque: `_create` makes one, `_free` takes the address of the caller's pointer,
//!   accepts NULL, and leaves NULL behind.
//!
//! What several files need lies in `boundary`, which also says why these functions are not marked `unsafe` although their
//! pointers cannot be checked: they are for other languages. A Rust program does not call them.
#![allow(non_camel_case_types)]
// What C hands in is followed after it was checked, as the header says; C has no word for unsafe.
#![allow(clippy::not_unsafe_ptr_arg_deref)]

pub mod activations;
pub mod activity;
pub mod array;
pub mod atoms;
pub mod blocks;
mod boundary;
pub mod checkpoint;
pub mod context;
pub mod describe;
pub mod encoder;
mod fields;
mod functions;
mod held;
pub mod info;
pub mod initial;
pub mod learn;
pub mod learned;
pub mod learner;
pub mod learner_statistics;
pub mod learner_weights;
#[cfg(feature = "mpi")]
pub mod mpi;
pub mod options;
pub mod parmap;
pub mod path;
pub mod problem;
pub mod room;
pub mod segmentation;
pub mod segments;
pub mod solve;
pub mod sort;
pub mod status;
pub mod terminal;
pub mod trace;
pub mod transport;
