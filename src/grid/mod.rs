//! Index arithmetic: boxes, [`Segmentation`], tiles and colours.

pub mod blocks;
pub mod segmentation;
pub mod tiles;

pub use segmentation::{Domain, Part, Segmentation};
