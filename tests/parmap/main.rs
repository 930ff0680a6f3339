//! The parallel map on ranks of this process, with delays, failures and any schedule: whatever the
//! number of ranks and threads, the outcome is that of a serial run. docs/parmap.md says which
//! sentence of the contract each test is about.

mod common;
mod ensemble;
mod errors;
mod flow;
mod map;
mod memory;
mod mixed;
mod operator;
mod orders;
mod pull;
mod reduce;
mod stream;
