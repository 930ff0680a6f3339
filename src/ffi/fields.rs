//! What an encoder or a learner takes from the caller's memory and gives back to it: dictionaries, fields, lists of activations.

use crate::clock::Clock;
use crate::csc::coder::Coder;
use crate::csc::encoder::activations::{Lists, write_list, write_lists};
use crate::csc::problem::range::Range;
use crate::csc::whole::solve_checked;
use crate::csc::{Activation, Encoder, Info, Shape};
use crate::ffi::array::{Names, PENALTIES, View, WEIGHTS, X, Z, dicod_array, dicod_const_array};
use crate::ffi::boundary::problem::{Problem, values};
use crate::ffi::boundary::*;
use crate::ffi::context::Session;
use crate::ffi::info::{dicod_info, log_solve};
use crate::linalg::{Dictionary, Field};

/// A dictionary of factors, and the range of its norms.
pub(crate) fn rank_one<T: Element>(shape: &Shape, u: *const T, v: *const T) -> Result<(Dictionary<T>, Range)> {
    let u = values(u, shape.n_atoms * shape.n_channels, "u")?;
    let v = values(v, Problem::len(shape.n_atoms, 1, shape.atom), "v")?;
    Range::with(shape.rank_one(u, v), shape, "u and v")
}

/// An array as an input: on one rank it is the whole domain.
fn input<'a, T: Element>(
    coder: &dyn Coder<T>,
    array: *const dicod_const_array,
    names: Names,
    shape: &Shape,
) -> Result<Field<'a, T>> {
    let view = View::new::<T>(array.cast(), names, shape)?;
    if coder.ranks().size() == 1 { view.fails_unless_whole()?.field() } else { view.field() }
}

/// The signals that a rank brings.
pub(crate) fn signals<'a, T: Element>(coder: &dyn Coder<T>, x: *const dicod_const_array) -> Result<Field<'a, T>> {
    let x = input(coder, x, X, &coder.coded())?;
    coder.check_signals(&x)?;
    Ok(x)
}

pub(crate) fn solve<T: Element>(
    encoder: &mut Encoder<T>,
    x: *const dicod_const_array,
    out: Result<Option<Output<dicod_info>>>,
    session: &Session<'_>,
    clock: &Clock<'_>,
) -> Result<(Option<Output<dicod_info>>, Info)> {
    let given = out.and_then(|out| Ok((out, signals(encoder, x)?)));
    let (out, x) = encoder.ranks().agree(given)?;
    let info = solve_checked(encoder, clock, &x)?;
    log_solve(session, &info);
    Ok((out, info))
}

pub(crate) fn set_weights<T: Element>(coder: &mut dyn Coder<T>, weights: *const dicod_const_array) -> Result<()> {
    let weights = coder.ranks().agree(input(coder, weights, WEIGHTS, coder.shape()))?;
    coder.set_weights(Some(&weights))
}

pub(crate) fn set_penalties<T: Element>(encoder: &mut Encoder<T>, penalties: *const dicod_const_array) -> Result<()> {
    let penalties = encoder.ranks().agree(input(encoder, penalties, PENALTIES, Encoder::shape(encoder)))?;
    encoder.set_penalties(Some(&penalties))
}

pub(crate) fn set_z<T: Element>(coder: &mut dyn Coder<T>, z: *const dicod_const_array) -> Result<()> {
    let shape = &coder.coded();
    let z = input(coder, z, Z, shape).and_then(|z| {
        coder.range().check_activations(shape, &z)?;
        Ok(z)
    });
    let z = coder.ranks().agree(z)?;
    coder.set_z(&z)
}

pub(crate) fn get_z<T: Element>(coder: &dyn Coder<T>, z: *const dicod_array) -> Result<()> {
    let (shape, ranks) = (&coder.coded(), coder.ranks());
    let view = ranks.agree(View::to_be_written::<T>(z, Z, shape))?;
    let list = coder.fetch(&view.block())?;
    ranks.agree(view.write::<T>(|out| {
        write_list(shape.n_atoms, &list, out);
        Ok(())
    }))
}

/// A list of the caller's.
pub(crate) fn read_sparse<T: Element>(
    coder: &dyn Coder<T>,
    n: i64,
    (signal, atom, position, value): (*const i64, *const i64, *const i64, *const f64),
) -> Result<Vec<Activation<T>>> {
    let (shape, n) = (&coder.coded(), list_size(n, "n")?);
    let numbers = |list: *const i64, argument, all: usize| {
        aligned(list, argument)?;
        let alone = list.is_null() && all == 1;
        Ok::<_, Error>(if alone { None } else { Some(slice(list, n, argument, "n numbers")?) })
    };
    let (signal, atom) = (numbers(signal, "signal", shape.n_signals)?, numbers(atom, "atom", shape.n_atoms)?);
    aligned(position, "position")?;
    aligned(value, "value")?;
    let position = slice(position, n * shape.n_axes, "position", "n * n_axes numbers")?;
    let value = slice(value, n, "value", "n values")?;
    let list = Lists { signal, atom, position, value }.read::<T>(shape.n_axes)?;
    let values: Vec<T> = list.iter().map(|a| a.value).filter(|value| value.finite()).collect();
    coder.range().check_list(&values)?;
    Ok(list)
}

/// Where a list of activations is written; NULL is wanted nowhere.
#[derive(Clone, Copy)]
pub(crate) struct Sparse {
    pub(crate) signal: *mut i64,
    pub(crate) atom: *mut i64,
    pub(crate) position: *mut i64,
    pub(crate) value: *mut f64,
}

impl Sparse {
    pub(crate) fn aligned(&self) -> Result<()> {
        aligned(self.signal, "signal")?;
        aligned(self.atom, "atom")?;
        aligned(self.position, "position")?;
        aligned(self.value, "value")
    }

    pub(crate) fn write<T: Element>(&self, list: &[Activation<T>], n_axes: usize) -> Result<()> {
        let n = list.len();
        let written = [
            Memory::of("signal", self.signal, n),
            Memory::of("atom", self.atom, n),
            Memory::of("position", self.position, n * n_axes),
            Memory::of("value", self.value, n),
        ];
        fails_if_shared(&written, &[])?;
        fn to<'a, V>(pointer: *mut V, n: usize) -> Result<&'a mut [V]> {
            let n = if pointer.is_null() { 0 } else { n };
            slice_mut(pointer, n, "", "")
        }
        let position = to(self.position, n * n_axes)?;
        write_lists(list, n_axes, (to(self.signal, n)?, to(self.atom, n)?, position, to(self.value, n)?));
        Ok(())
    }
}
