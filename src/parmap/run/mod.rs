//! One run: the root leads, the other ranks follow; units of work go out, replies come back.

pub(crate) mod budget;
pub mod codes;
mod dealer;
pub(crate) mod follow;
pub(crate) mod lead;
mod leader;
mod news;
mod polling;
mod pool;
pub(crate) mod progress;
pub mod report;
pub mod schedule;
mod self_scheduled;
pub(crate) mod source;
pub(crate) mod state;
pub mod task;
pub(crate) mod unit;
