//! What a call is about: shapes and numbers of signals, channels and atoms.

use crate::csc::{Options, Shape};
use crate::ffi::boundary::*;
use std::ptr::null;

/// Which problem is to be solved: the shape of a signal and of an atom, and how many there are.
///
/// DICOD_PROBLEM_INIT makes one of one signal with one channel, in which n_axes, the shapes and n_atoms have to be set;
/// DICOD_PROBLEM_1D, DICOD_PROBLEM_2D and DICOD_PROBLEM_3D set these, too. It is only read during a call, and nothing of it
/// is kept.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct dicod_problem {
    /// sizeof(dicod_problem).
    pub struct_size: i64,
    /// Number of axes: 1, 2 or 3.
    pub n_axes: i64,
    /// Shape of a signal, the slowest axis first. As in atom_shape n_axes lengths count, what follows is not read.
    pub signal_shape: [i64; 4],
    /// Shape of an atom; with atom_shapes of one that is as long as the longest along each axis.
    pub atom_shape: [i64; 4],
    /// Number of atoms in the dictionary.
    pub n_atoms: i64,
    /// Number of channels of a signal, and so of an atom. Initially 1.
    pub n_channels: i64,
    /// Number of signals, which are independent. Initially 1.
    pub n_signals: i64,
    /// The shape of each atom by itself, (n_atoms, n_axes), from 1 to that of atom_shape; NULL, as initially: all have that one.
    ///
    /// Arrays stay as they are: the dictionary has n_atoms, n_channels, atom_shape..., and what is beyond an atom's own shape is
    /// not read (it may be NaN), and 0 where it is written. An atom begins with its first sample at its activation, and z has the
    /// positions of dicod_valid_shape() for all atoms: with atom_shape of length L a shorter atom of length M does not reach the
    /// last L - M samples of an axis that is not periodic. A step costs by the true size: it changes the correlations at
    /// M + L - 1 positions along an axis, not 2 L - 1. Everything else is as with atoms that were padded with zeros. Atoms that are
    /// learned stay within their shapes: first patches are cut to them, a mean of zero is that over them, and atoms are sorted
    /// among those of the same shape.
    pub atom_shapes: *const i64,
}

/// The same as it was before atoms could have shapes of their own.
#[repr(C)]
struct Before {
    struct_size: i64,
    n_axes: i64,
    signal_shape: [i64; 4],
    atom_shape: [i64; 4],
    n_atoms: i64,
    n_channels: i64,
    n_signals: i64,
}

/// The caller's.
pub(crate) fn given(problem: *const dicod_problem) -> Result<dicod_problem> {
    let (name, size, expected) = ("problem", "problem->struct_size", "a problem: DICOD_PROBLEM_INIT, and its shapes");
    let &Before { struct_size, n_axes, signal_shape, atom_shape, n_atoms, n_channels, n_signals } =
        sized(problem.cast::<Before>(), name, size, expected)?;
    let atom_shapes = match struct_size < size_of::<dicod_problem>() as i64 {
        true => null(),
        false => sized(problem, name, size, expected)?.atom_shapes,
    };
    Ok(dicod_problem { struct_size, n_axes, signal_shape, atom_shape, n_atoms, n_channels, n_signals, atom_shapes })
}

impl dicod_problem {
    /// The lengths that count.
    pub(crate) fn lengths<'a>(&self, shape: &'a [i64; 4]) -> Result<&'a [i64]> {
        match self.n_axes {
            1..=3 => Ok(&shape[..self.n_axes as usize]),
            other => Err(Error::argument("n_axes", other, "1, 2 or 3")),
        }
    }

    /// Shapes that fit each other.
    pub(crate) fn shape(&self, options: &Options) -> Result<Shape> {
        let (signal, atom) = (self.lengths(&self.signal_shape)?, self.lengths(&self.atom_shape)?);
        self.with_atoms(Shape::new(signal, self.n_signals, self.n_channels, self.n_atoms, atom, options)?)
    }

    /// Gives atoms their own shapes, if they have any.
    pub(crate) fn with_atoms(&self, shape: Shape) -> Result<Shape> {
        if self.atom_shapes.is_null() {
            return Ok(shape);
        }
        aligned(self.atom_shapes, "atom_shapes")?;
        let lengths = slice(self.atom_shapes, shape.n_atoms * shape.n_axes, "atom_shapes", "n_atoms * n_axes lengths")?;
        shape.with_atoms(lengths)
    }
}
