//! What crosses the boundary, each kind once: the guard that a body runs in, pointers, handles, structs and lists that are
//! written, element types, and the numbers that describe a problem.
//!
//! A pointer here comes from a program in C. What it points to nobody can check; the header says it, and the caller promises it
//! by calling. That promise is used in this folder only, and wherever `unsafe` is written in [`crate::ffi`], it is that one:
//! NULL, or valid for what the header says, for as long as it says. So the exported functions, and these, are not marked
//! `unsafe`: there is no caller in Rust who could do better, and the marks would hide the few places that do more. Rust programs have
//! [`crate::csc`], [`crate::learn`] and [`crate::parmap`].

pub(crate) mod element;
pub(crate) mod guard;
pub(crate) mod handle;
pub(crate) mod output;
pub(crate) mod overlap;
pub(crate) mod pointers;
pub(crate) mod problem;

pub(crate) use element::{Either, Element, Family, for_either, other_type};
pub(crate) use guard::{call, guard};
pub(crate) use handle::{Handle, entered, free, give, handle, in_use, of, room};
pub(crate) use output::{Output, list_size, room_for, sized, write_cut, write_list, write_text};
pub(crate) use overlap::{Memory, fails_if_shared};
pub(crate) use pointers::{aligned, optional, put, reference, reference_mut, set, size, slice, slice_mut, string};

// What nearly every function here speaks of: `use crate::ffi::boundary::*` is how their files begin.
pub(crate) use crate::base::error::{Error, Result};
pub(crate) use crate::base::status::dicod_status;
pub(crate) use std::ffi::{c_char, c_void};
