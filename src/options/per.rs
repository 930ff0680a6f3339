//! What lists have entries for.

/// What the entries of a list stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// One entry per atom.
    Atom,
    /// One entry per axis.
    Axis,
    /// One entry per axis, or one for all axes.
    AxisOrAll,
}
