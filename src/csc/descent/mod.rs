//! The descent: one tile, all tiles of a rank, and what travels between ranks.

pub(crate) mod asynchronous;
pub(crate) mod control;
pub(crate) mod exchange;
pub(crate) mod halo;
pub mod tile;
pub mod tiles;
pub mod trace;
