//! Index arithmetic: boxes, [`Segmentation`], tiles and colours.

pub mod block;
pub mod point;
pub mod segmentation;
pub mod tiles;

pub use segmentation::{Domain, Part, Segmentation};
