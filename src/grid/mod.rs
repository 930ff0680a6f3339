//! Index arithmetic: boxes, [`Segmentation`], tiles and colours.

pub mod block;
mod cuts;
pub(crate) mod places;
pub mod point;
pub mod segmentation;
pub mod tiles;

pub use segmentation::{Domain, Part, Segmentation};
