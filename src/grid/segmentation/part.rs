//! Parts of a segment.

/// Which part of a segment is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The segment itself; these parts cover the domain disjointly.
    Inner,
    /// The segment with its overlap, clipped to the full array.
    Outer,
}
