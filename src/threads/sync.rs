//! What `job` takes from the system; `tests/loom` has the same of loom.

pub(super) use crate::base::panic::unpoisoned;
pub(super) use std::sync::RwLock;
pub(super) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
pub(super) use std::thread::yield_now;
