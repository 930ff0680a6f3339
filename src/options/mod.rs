//! What may be set, as tables: of a solve, of learning and of a map.
//!
//! A line of [`options!`] makes the field, its default, its row of the table, and what sets and reads it; a line of
//! [`words!`] makes a word. Everything else, from errors to texts, is written once for all tables.

mod access;
mod aliases;
mod check;
pub mod learn;
pub mod map;
mod nearest;
mod per;
pub mod solve;
mod table;
mod text;

pub use access::Table;
pub use per::Per;
pub use table::{Fields, Kind, Spec};
