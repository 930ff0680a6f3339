//! What may be set, as tables: of a solve, of learning and of a map.

mod aliases;
pub mod learn;
pub mod map;
pub(crate) mod nearest;
pub mod solve;
