//! Steps, and which coordinates they change.

use crate::grid::point::Point;

/// A change of one coordinate: z += delta at (atom, position).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step<T> {
    /// Position on the padded axes: global outside of a tile, relative to its origin in its log.
    pub at: Point,
    /// Atom.
    pub atom: u32,
    /// The change.
    pub delta: T,
}

/// What a visit of a tile did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Visit<T> {
    pub(crate) steps: usize,
    /// So many z ≠ 0 there are more than before.
    pub(crate) found: i64,
    /// Bound on max |dz| over the tile afterwards.
    pub(crate) bound: T,
    /// Largest weighted |z| that was set, or was to be set.
    pub(crate) largest_z: T,
}

/// Which activation: global position on the padded axes, and atom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Coordinate {
    pub(crate) at: Point,
    pub(crate) atom: usize,
}
