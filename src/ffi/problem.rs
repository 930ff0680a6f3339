//! What a call is about: shapes and numbers of signals, channels and atoms.

use crate::csc::{Options, Shape};
use crate::ffi::boundary::*;

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
    /// Shape of an atom.
    pub atom_shape: [i64; 4],
    /// Number of atoms in the dictionary.
    pub n_atoms: i64,
    /// Number of channels of a signal, and so of an atom. Initially 1.
    pub n_channels: i64,
    /// Number of signals, which are independent. Initially 1.
    pub n_signals: i64,
}

/// The caller's.
pub(crate) fn given<'a>(problem: *const dicod_problem) -> Result<&'a dicod_problem> {
    sized(problem, "problem", "problem->struct_size", "a problem: DICOD_PROBLEM_INIT, and its shapes")
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
        Shape::new(signal, self.n_signals, self.n_channels, self.n_atoms, atom, options)
    }
}
