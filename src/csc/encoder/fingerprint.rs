//! What has to be the same on every rank: problem and dictionary, as numbers that can be compared.

use crate::base::wording::{per_axis, size_name};
use crate::csc::problem::shape::Shape;
use crate::linalg::{Atoms, Dictionary, Real};
use crate::options::solve::{self, Options};
use crate::ranks::alike::Alike;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What has to be the same on every rank.
pub(super) fn fingerprints<T: Real>(shape: &Shape, options: &Options, dictionary: &Dictionary<T>) -> Vec<Alike> {
    let bits = |values: &[T], to: &mut DefaultHasher| {
        values.iter().for_each(|v| v.wide().to_bits().hash(to));
    };
    let atoms = number(&|to| match &dictionary.atoms {
        Atoms::Full(d) => bits(d, to),
        Atoms::RankOne { u, v } => [u, v].into_iter().for_each(|factor| bits(factor, to)),
    });
    let mut all = same_problem(size_of::<T>(), shape, options);
    all.push(Alike { argument: "the dictionary".into(), number: atoms, text: String::new() });
    all
}

/// A number that differs where these do.
pub(crate) fn number_of(bits: impl Iterator<Item = u64>) -> i64 {
    let mut hasher = DefaultHasher::new();
    bits.for_each(|bits| bits.hash(&mut hasher));
    positive(hasher)
}

fn number(of: &dyn Fn(&mut DefaultHasher)) -> i64 {
    let mut hasher = DefaultHasher::new();
    of(&mut hasher);
    positive(hasher)
}

fn positive(hasher: DefaultHasher) -> i64 {
    // Without the sign: so its negative is a number, too.
    (hasher.finish() >> 1) as i64
}

/// What has to be the same on every rank beside the dictionary: bytes of a value, shape, options.
pub(crate) fn same_problem(bytes: usize, shape: &Shape, options: &Options) -> Vec<Alike> {
    let text = |argument: &str, text: String| Alike {
        argument: size_name(argument),
        number: number(&|to| text.hash(to)),
        text,
    };
    let mut all = vec![
        text("the element type", format!("{} bits", 8 * bytes)),
        text("n_axes", shape.n_axes.to_string()),
        text("signal_shape", per_axis(&shape.unpadded(shape.signal))),
        text("atom_shape", per_axis(&shape.unpadded(shape.atom))),
        Alike { argument: "atom_shapes".into(), number: number(&|to| shape.atoms.hash(to)), text: String::new() },
        text("n_signals", shape.n_signals.to_string()),
        text("n_channels", shape.n_channels.to_string()),
        text("n_atoms", shape.n_atoms.to_string()),
    ];
    all.extend(solve::TABLE.iter().map(|spec| {
        let name = format!("option \"{}\"", spec.key);
        text(&name, options.text(spec))
    }));
    all
}
