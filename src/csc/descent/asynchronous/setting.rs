//! What an asynchronous descent is given.

use crate::csc::descent::tile::Plan;
use crate::csc::descent::tiles::Tiles;
use crate::grid::block::Block;
use crate::grid::point::Point;
use crate::grid::tiles::TileGrid;
use crate::linalg::Real;
use crate::options::solve::SoftLock;

/// What is constant during a descent.
pub(crate) struct Setting<'s, T: Real> {
    pub(crate) tiles: &'s Tiles<T>,
    pub(crate) grid: &'s TileGrid,
    pub(crate) plan: &'s Plan<T>,
    /// The part of the domain that each rank works on.
    pub(crate) regions: &'s [Block],
    /// Period of axes that wrap, else 0.
    pub(crate) periods: Point,
    pub(crate) lock: SoftLock,
    /// Steps up to this are left, by signal. All ranks have to agree on it, or a step that one leaves locks another.
    pub(crate) tol: Vec<T>,
    /// F at the beginning.
    pub(crate) objective: f64,
    pub(crate) least_lambda: f64,
}
