//! What statistics are computed from.

use crate::csc::Activation;
use crate::grid::point::Point;
use crate::grid::tiles::Tile;
use crate::learn::window::Window;

/// What a rank knows: its own activations and those around them, and the field under both.
pub(crate) struct Share<'a, T> {
    /// Activations that are counted here, sorted by (signal, atom, position).
    pub(crate) own: &'a [Activation<T>],
    /// Activations of other ranks within reach of an own one.
    pub(crate) halo: &'a [Activation<T>],
    /// The field, as far as atoms of own activations reach.
    pub(crate) x: Window<'a, T>,
    /// Tiles that own activations lie in: the units of sums by transforms.
    pub(crate) tiles: &'a [Tile],
    /// The largest tile of all ranks.
    pub(crate) largest: Point,
    /// ‖X‖², over all ranks.
    pub(crate) xx: f64,
    /// Pairs of activations are of interest, too: without them ztz is zero.
    pub(crate) pairs: bool,
}
