//! The ground floor: errors, memory, panics, bytes, and the words of messages. Everything else stands on it.

pub(crate) mod bytes;
pub mod error;
pub(crate) mod memory;
pub(crate) mod order;
pub(crate) mod panic;
pub(crate) mod random;
pub(crate) mod refusal;
pub mod status;
pub(crate) mod stderr;
pub mod stop;
pub mod wording;
