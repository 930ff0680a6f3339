//! The shapes of a problem.

use crate::base::error::{Error, Result};
use crate::base::wording::{by_language, per_axis, size_name};
use crate::grid::block::Block;
use crate::grid::point::{AXES, Point, checked_volume, padded};
use crate::linalg::{Dictionary, Real};
use crate::options::solve::Options;

/// Longest axis: what is counted or multiplied along one stays far from overflow.
pub(crate) const LONGEST_AXIS: i64 = 1 << 40;

/// Shapes of a problem, checked to go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of axes, 1 to 3.
    pub n_axes: usize,
    /// Shape of a signal, on the padded axes.
    pub signal: Point,
    /// Number of independent signals.
    pub n_signals: usize,
    /// Number of channels, P.
    pub n_channels: usize,
    /// Number of atoms, K.
    pub n_atoms: usize,
    /// Shape of the atoms, on the padded axes: as long as the longest along each.
    pub atom: Point,
    /// The shape of each atom by itself, which begins where that begins; empty: all have that. See [`Self::with_atoms`].
    pub atoms: Vec<Point>,
    /// Axes that wrap around.
    pub periodic: [bool; AXES],
}

impl Shape {
    /// Checks shapes: one length per axis, atoms that fit in the signal, sizes that can be addressed.
    pub fn new(
        signal: &[i64],
        n_signals: i64,
        n_channels: i64,
        n_atoms: i64,
        atom: &[i64],
        options: &Options,
    ) -> Result<Self> {
        let n_axes = signal.len();
        if !(1..=AXES).contains(&n_axes) {
            return Err(Error::argument("n_axes", n_axes, "1, 2 or 3"));
        }
        if atom.len() != n_axes {
            let allowed = format!("{n_axes} lengths, one per axis");
            return Err(Error::shape(&size_name("atom_shape"), per_axis(atom), allowed));
        }
        let counts = [("n_signals", n_signals), ("n_channels", n_channels), ("n_atoms", n_atoms)];
        for (name, count) in counts {
            if !(1..=i64::from(i32::MAX)).contains(&count) {
                return Err(Error::argument(&size_name(name), count, "from 1 to 2^31 - 1"));
            }
        }
        if signal.iter().any(|n| !(1..=LONGEST_AXIS).contains(n)) {
            let allowed = "lengths from 1 to 2^40 on every axis";
            return Err(Error::shape("signal_shape", per_axis(signal), allowed));
        }
        if atom.iter().zip(signal).any(|(l, t)| !(1..=*t).contains(l)) {
            let allowed = format!("lengths from 1 to those of the signal, {}", per_axis(signal));
            return Err(Error::shape(&size_name("atom_shape"), per_axis(atom), allowed));
        }
        options.check_lengths(n_axes, n_atoms as usize)?;
        let mut periodic = [false; AXES];
        let first = AXES - n_axes;
        periodic[first..first + options.periodic.len()].copy_from_slice(&options.periodic);
        let shape = Shape {
            n_axes,
            signal: padded(signal, 1),
            n_signals: n_signals as usize,
            n_channels: n_channels as usize,
            n_atoms: n_atoms as usize,
            atom: padded(atom, 1),
            atoms: Vec::new(),
            periodic,
        };
        let [t0, t1, t2] = shape.signal;
        let [v0, v1, v2] = shape.valid();
        let [l0, l1, l2] = shape.atom;
        checked_volume("the signals", [n_signals, n_channels, t0, t1, t2])?;
        checked_volume("the activations", [n_signals, n_atoms, v0, v1, v2])?;
        checked_volume("the dictionary", [n_atoms, n_channels, l0, l1, l2])?;
        let depth = checked_volume("an atom", [n_channels, l0, l1, l2])?;
        if depth > i32::MAX as usize {
            let allowed = "such that an atom with all its channels has at most 2^31 - 1 values";
            return Err(Error::shape(&size_name("atom_shape"), per_axis(atom), allowed));
        }
        Ok(shape)
    }

    /// Of a dictionary alone.
    pub(crate) fn of_atoms(n_atoms: i64, n_channels: i64, atom: &[i64]) -> Result<Self> {
        if atom.iter().any(|l| !(1..=LONGEST_AXIS).contains(l)) {
            let allowed = "lengths from 1 to 2^40 on every axis";
            return Err(Error::shape("atom_shape", per_axis(atom), allowed));
        }
        Shape::new(atom, 1, n_channels, n_atoms, atom, &Options::default())
    }

    /// Gives each atom a shape of its own, one length per axis, atom by atom. What a dictionary has beyond it is taken to be 0.
    /// An atom begins at its activation, whatever its shape, and the activations of all have the same positions,
    /// those of [`Self::valid`]: as many as an atom as long as the longest has.
    pub fn with_atoms(mut self, lengths: &[i64]) -> Result<Self> {
        let n = self.n_axes;
        if lengths.len() != self.n_atoms * n {
            let allowed = format!("{}, one per atom and axis", self.n_atoms * n);
            return Err(Error::argument("the number of atom_shapes", lengths.len(), allowed));
        }
        let first = AXES - n;
        for (place, length) in lengths.iter().enumerate() {
            let (k, axis) = (place / n, place % n);
            let most = self.atom[first + axis];
            if !(1..=most).contains(length) {
                let (from_1, other) = (k + 1, n - axis);
                let c = format!("atom_shapes[{k}, {axis}] (atom {k}, axis {axis})");
                let fortran = format!("atom_shapes({other}, {from_1}) (atom {from_1}, axis {other})");
                let julia = format!("atom_shapes[{other}, {from_1}] (atom {from_1}, axis {other})");
                let allowed = format!("from 1 to {most}, the length of the dictionary's atoms");
                return Err(Error::shape(&by_language(c, fortran, julia), length, allowed));
            }
        }
        let shapes = lengths.chunks_exact(n).map(|lengths| padded(lengths, 1));
        // All alike are none of their own: everything is then as it is without.
        self.atoms = if shapes.clone().all(|shape| shape == self.atom) { Vec::new() } else { shapes.collect() };
        Ok(self)
    }

    /// The shape of an atom by itself.
    pub fn atom_of(&self, k: usize) -> Point {
        self.atoms.get(k).copied().unwrap_or(self.atom)
    }

    /// A dictionary of full atoms, row-major (K, P, L…). What is beyond the shapes of their own may be anything.
    pub fn dictionary<T: Real>(&self, d: &[T]) -> Result<Dictionary<T>> {
        Dictionary::of_shapes(self.n_atoms, self.n_channels, self.atom, &self.atoms, d)
    }

    /// A dictionary of atoms that are products of factors, row-major (K, P) and (K, L…).
    pub fn rank_one<T: Real>(&self, u: &[T], v: &[T]) -> Result<Dictionary<T>> {
        Dictionary::rank_one_of_shapes(self.n_atoms, self.n_channels, self.atom, &self.atoms, u, v)
    }

    /// The activations that go with a block of the signals: those at its positions, as far as there
    /// are any.
    pub fn valid_block(&self, block: &Block) -> Block {
        block.intersection(&Block::whole(self.valid()))
    }

    /// Shape of the activations: T − L + 1, or T on an axis that wraps.
    pub fn valid(&self) -> Point {
        std::array::from_fn(|a| if self.periodic[a] { self.signal[a] } else { self.signal[a] - self.atom[a] + 1 })
    }

    /// Fails unless a block lies in a domain: that of the signals, or the valid one. One without positions lies in any.
    pub(crate) fn check_inside(&self, argument: &str, block: &Block, domain: Point) -> Result<()> {
        let is_none = block.is_empty() && block.shape.iter().all(|n| *n >= 0);
        if is_none || block.intersection(&Block::whole(domain)) == *block {
            return Ok(());
        }
        let valid = if domain == self.signal { "" } else { "valid " };
        let [offset, shape, domain] = [block.origin, block.shape, domain].map(|of| per_axis(&self.unpadded(of)));
        let value = format!("of shape {shape} at offset {offset}");
        let allowed = format!("inside the {valid}domain, which has the shape {domain}");
        Err(Error::shape(argument, value, allowed))
    }

    /// The positions of the signals that go with a block of the activations: its own, and those beyond the last one.
    pub(crate) fn cell(&self, block: &Block) -> Block {
        let valid = self.valid();
        let length = |a: usize| match block.end(a) {
            end if end == valid[a] && !block.is_empty() => self.signal[a] - block.origin[a],
            _ => block.shape[a],
        };
        Block { origin: block.origin, shape: std::array::from_fn(length) }
    }

    /// The index of a value in the caller's array of signals or activations: (signal, one of so many channels or atoms,
    /// position).
    pub fn index(&self, field: usize, per_signal: usize, at: Point) -> Vec<usize> {
        let position = self.unpadded(at).into_iter().map(|x| x as usize);
        let field = [field / per_signal, field % per_signal];
        field.into_iter().chain(position).collect()
    }

    /// The real axes of a padded shape.
    pub fn unpadded(&self, shape: Point) -> Vec<i64> {
        shape[AXES - self.n_axes..].to_vec()
    }

    /// Values of the Gram tensor: of each pair of atoms one for each shift at which they overlap.
    pub(crate) fn gram_volume(&self) -> Result<usize> {
        let pairs = [self.n_atoms as i64; 2];
        checked_volume("the Gram tensor", pairs.into_iter().chain(self.atom.map(|l| 2 * l - 1)))
    }

    /// Values of one signal's activations.
    pub fn activations(&self) -> usize {
        self.n_atoms * self.valid().iter().product::<i64>() as usize
    }
}

/// As the caller indexes arrays: a solver knows three axes and runs signals and channels together.
pub(crate) fn explained(error: Error, shape: &Shape) -> Error {
    let Error::NotFinite { argument, index, value } = &error else {
        return error;
    };
    let (k, p) = (shape.n_atoms, shape.n_channels);
    let atom = shape.unpadded(shape.atom);
    let atom = atom.iter().map(|l| *l as usize);
    let index = match (argument.as_str(), index.as_slice()) {
        ("x" | "z", [channel, i, j, l]) => {
            let of = if argument == "x" { p } else { k };
            shape.index(*channel, of, [*i, *j, *l].map(|n| n as i64))
        }
        ("d", [flat]) => unravelled(*flat, [k, p].into_iter().chain(atom)),
        ("u", [flat]) => unravelled(*flat, [k, p]),
        ("v", [flat]) => unravelled(*flat, [k].into_iter().chain(atom)),
        _ => return error,
    };
    Error::NotFinite { argument: argument.clone(), index, value: *value }
}

fn unravelled(mut flat: usize, shape: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let shape: Vec<usize> = shape.into_iter().collect();
    let mut index = vec![0; shape.len()];
    for (to, n) in index.iter_mut().zip(&shape).rev() {
        *to = flat % n;
        flat /= n;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_up_to_2_to_the_40_positions() {
        let options = Options::default();
        let shape = |signal: &[i64]| Shape::new(signal, 1, 1, 1, &vec![8; signal.len()], &options);
        assert_eq!(shape(&[1 << 40]).unwrap().valid(), [1, 1, (1 << 40) - 7]);
        assert_eq!(shape(&[9, 1 << 40]).unwrap().valid(), [1, 2, (1 << 40) - 7]);
        let text = shape(&[(1 << 40) + 1]).unwrap_err().to_string();
        assert_eq!(text, "signal_shape must be lengths from 1 to 2^40 on every axis, is [1099511627777]");
        let text = shape(&[1 << 40, 1 << 40]).unwrap_err().to_string();
        assert!(text.starts_with("out of memory: more than 2^63 bytes for the signals"), "{text}");
    }
}
