//! For programs in Rust: arrays of `ndarray` in, arrays out.
//!
//! A signal is an array (channels, axis…), a dictionary (atoms, channels, axis…), activations are (atoms, axis…), with one to
//! three axes. Views of any strides are taken; those that are not in row-major order are copied first. Distributed
//! fields, several signals at once and solves again and again have [`Encoder`] and [`Learner`].

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::wording::per_axis;
use crate::csc::{self, Encoder, Info, Options, Shape};
use crate::learn::{Learner, Outcome};
use crate::linalg::{Dictionary, Field, FieldMut, Real};
use ndarray::{Array, ArrayView, CowArray, Dimension, IxDyn, RemoveAxis};

/// What explains a signal.
#[derive(Clone, Debug)]
pub struct Code<T, D: Dimension> {
    /// Activations (atoms, axis…).
    pub z: Array<T, D>,
    /// What was reached, the proof of it, and what it cost.
    pub info: Info,
}

/// What was learned.
#[derive(Clone, Debug)]
pub struct Learned<T, D: Dimension> {
    /// Atoms (atoms, channels, axis…).
    pub d: Array<T, D::Larger>,
    /// Activations (atoms, axis…) for them.
    pub z: Array<T, D>,
    /// What was reached, and what it cost.
    pub outcome: Outcome,
}

fn lengths(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|n| *n as i64).collect()
}

/// The shapes of a problem of one signal; `d` is the shape (atoms, channels, axis…).
fn shape_of(name: &str, first: usize, axes: &[usize], d: &[usize], options: &Options) -> Result<Shape> {
    if d.len() != axes.len() + 2 || first != d[1] {
        let mut found = vec![first as i64];
        found.extend(lengths(axes));
        let allowed = format!("of shape (channels, axis…) that goes with the dictionary's, {}", per_axis(&lengths(d)));
        return Err(Error::shape(name, per_axis(&found), allowed));
    }
    Shape::new(&lengths(axes), 1, d[1] as i64, d[0] as i64, &lengths(&d[2..]), options)
}

/// The values in row-major order: those of the view itself, if it has them so.
fn values<'v, T: Real, D: Dimension>(view: &'v ArrayView<'_, T, D>) -> CowArray<'v, T, D> {
    view.as_standard_layout()
}

fn slice<'c, T, D: Dimension>(values: &'c CowArray<'_, T, D>) -> Result<&'c [T]> {
    values.as_slice().ok_or_else(|| Error::Internal("an array that is not in row-major order".into()))
}

fn dictionary_of<T: Real, D: Dimension>(d: &ArrayView<'_, T, D>, shape: &Shape) -> Result<Dictionary<T>> {
    Dictionary::full(shape.n_atoms, shape.n_channels, shape.atom, slice(&values(d))?)
}

fn array<T, D: Dimension>(shape: &[usize], values: Vec<T>) -> Result<Array<T, D>> {
    let array = Array::from_shape_vec(IxDyn(shape), values).and_then(|array| array.into_dimensionality());
    array.map_err(|error| Error::Internal(error.to_string()))
}

/// Shape of activations.
fn z_shape(shape: &Shape) -> Vec<usize> {
    let valid = shape.unpadded(shape.valid());
    [shape.n_atoms].into_iter().chain(valid.iter().map(|n| *n as usize)).collect()
}

/// Explains a signal by the atoms of a dictionary: the z that minimises ½‖X − Σ d_k ∗ z_k‖² + Σ λ_k ‖z_k‖₁, to the tolerance
/// of the options. `x` is (channels, axis…), `d` (atoms, channels, axis…).
///
/// Fails if shapes do not go together, a value is not finite, or memory cannot be had; that a solve was stopped before its
/// tolerance was reached is no failure: `info.stop` says so.
pub fn solve<T: Real, D>(
    x: ArrayView<'_, T, D>,
    d: ArrayView<'_, T, D::Larger>,
    options: &Options,
    n_threads: usize,
) -> Result<Code<T, D>>
where
    D: Dimension + RemoveAxis,
{
    let [first, axes @ ..] = x.shape() else {
        return Err(Error::shape("x", "0 axes", "(channels, axis…)"));
    };
    let shape = shape_of("x", *first, axes, d.shape(), options)?;
    let dictionary = dictionary_of(&d, &shape)?;
    let x = values(&x);
    let field = Field::contiguous(slice(&x)?, shape.signal);
    let mut encoder = Encoder::new(shape, dictionary, options.clone(), n_threads)?;
    let info = encoder.solve(&field, None)?;
    let shape = encoder.shape();
    let mut z = memory::zeroed("the activations", shape.activations())?;
    encoder.z(&mut FieldMut::contiguous(&mut z, shape.valid()))?;
    Ok(Code { z: array(&z_shape(shape), z)?, info })
}

/// The signal that activations stand for: Σ d_k ∗ z_k, (channels, axis…). Of the options the axes count that wrap around.
///
/// Fails if shapes do not go together, or memory cannot be had.
pub fn reconstruct<T: Real, D>(
    z: ArrayView<'_, T, D>,
    d: ArrayView<'_, T, D::Larger>,
    options: &Options,
) -> Result<Array<T, D>>
where
    D: Dimension + RemoveAxis,
{
    let (found, atoms) = (z.shape(), d.shape());
    let fits = found.len() + 1 == atoms.len() && found.len() > 1 && found[0] == atoms[0];
    if !fits {
        let allowed = format!("of shape (atoms, axis…) that goes with the dictionary's, {}", per_axis(&lengths(atoms)));
        return Err(Error::shape("z", per_axis(&lengths(found)), allowed));
    }
    let wraps = |axis: usize| options.periodic.get(axis).is_some_and(|wraps| *wraps);
    let length = |axis: usize| match wraps(axis) {
        true => found[axis + 1],
        false => (found[axis + 1] + atoms[axis + 2]).saturating_sub(1),
    };
    let signal: Vec<usize> = (0..found.len() - 1).map(length).collect();
    let shape = shape_of("z", atoms[1], &signal, atoms, options)?;
    let dictionary = dictionary_of(&d, &shape)?;
    let z = values(&z);
    let n = shape.n_channels * shape.signal.iter().product::<i64>() as usize;
    let mut x = memory::zeroed("the reconstruction", n)?;
    let z = Field::contiguous(slice(&z)?, shape.valid());
    csc::reconstruct(&shape, &dictionary, &z, &mut FieldMut::contiguous(&mut x, shape.signal))?;
    let out: Vec<usize> = [shape.n_channels].into_iter().chain(signal).collect();
    array(&out, x)
}

/// Learns `n_atoms` atoms of a shape (axis…) from a signal (channels, axis…), and explains it by them.
///
/// Fails as [`solve`]; an end before the tolerance of learning was reached is no failure: `outcome.stop` says so.
pub fn learn<T: Real, D>(
    x: ArrayView<'_, T, D>,
    n_atoms: usize,
    atom_shape: &[usize],
    options: &Options,
    n_threads: usize,
) -> Result<Learned<T, D>>
where
    D: Dimension + RemoveAxis,
{
    let [first, axes @ ..] = x.shape() else {
        return Err(Error::shape("x", "0 axes", "(channels, axis…)"));
    };
    let d_shape: Vec<usize> = [n_atoms, *first].into_iter().chain(atom_shape.iter().copied()).collect();
    let shape = shape_of("x", *first, axes, &d_shape, options)?;
    let x = values(&x);
    let field = Field::contiguous(slice(&x)?, shape.signal);
    let mut learner = Learner::new(shape, options.clone(), n_threads, None)?;
    let outcome = learner.run(&field, None, None)?;
    let shape = learner.shape();
    let mut z = memory::zeroed("the activations", shape.activations())?;
    learner.z(&mut FieldMut::contiguous(&mut z, shape.valid()))?;
    let z = array(&z_shape(shape), z)?;
    let Some(d) = learner.dictionary() else {
        return Err(Error::InvalidState("stopped before there was a dictionary".into()));
    };
    let values = (0..n_atoms * first).flat_map(|i| (0..d.volume()).map(move |s| (i / first, i % first, s)));
    let d = array(&d_shape, values.map(|(k, p, s)| d.at(k, p, s)).collect())?;
    Ok(Learned { d, z, outcome })
}
