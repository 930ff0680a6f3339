//! The parallel map on ranks of this process, with delays, failures and any schedule: whatever the
//! number of ranks and threads, the outcome is that of a serial run. docs/parmap.md says which
//! sentence of the contract each test is about.

mod common;
mod errors;
mod map;
mod reduce;
mod stream;
