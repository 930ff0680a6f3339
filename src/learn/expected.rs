//! Whether a learner, say one from a checkpoint, is what a program expects. A 0 expects nothing.

use crate::base::error::{Error, Result};
use crate::base::wording::{nth, per_axis};
use crate::csc::Shape;

/// Fails if another number is expected than is there.
pub(crate) fn fails_unless_number(name: &str, expected: i64, found: i64) -> Result<()> {
    if expected == 0 || expected == found {
        return Ok(());
    }
    Err(Error::argument(name, expected, format!("{found}, that of the learner")))
}

/// The same of a shape, length by length.
pub(crate) fn fails_unless_shape(name: &str, expected: &[i64], found: &[i64]) -> Result<()> {
    let mut lengths = expected.iter().zip(found);
    if lengths.all(|(expected, found)| *expected == 0 || expected == found) {
        return Ok(());
    }
    Err(Error::shape(name, per_axis(expected), format!("{}, that of the learner", per_axis(found))))
}

/// The same of the shape of each atom by itself, one length per axis, atom by atom.
pub(crate) fn fails_unless_atoms(expected: &[i64], found: &Shape) -> Result<()> {
    for (k, expected) in expected.chunks_exact(found.n_axes).enumerate() {
        let is = found.unpadded(found.atom_of(k));
        if expected != is {
            let name = format!("the shape of atom {}", nth(k as i64));
            return Err(Error::shape(&name, per_axis(expected), format!("{}, that of the learner", per_axis(&is))));
        }
    }
    Ok(())
}
