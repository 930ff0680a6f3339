//! What an encoder or a learner takes from the caller's memory and gives back to it: dictionaries, fields, lists of activations.

use crate::clock::Clock;
use crate::csc::coder::Coder;
use crate::csc::encoder::activations::{Lists, write_list, write_lists};
use crate::csc::problem::range::Range;
use crate::csc::problem::shape::explained;
use crate::csc::{Activation, Encoder, Info, Shape};
use crate::ffi::array::{PENALTIES, View, WEIGHTS, X, Z, dicod_array, dicod_const_array};
use crate::ffi::boundary::problem::{Problem, values};
use crate::ffi::boundary::*;
use crate::ffi::context::Session;
use crate::ffi::info::dicod_info;
use crate::ffi::run::run;
use crate::linalg::{Dictionary, Field};

/// A dictionary of factors, and the range of its norms.
pub(crate) fn rank_one<T: Element>(shape: &Shape, u: *const T, v: *const T) -> Result<(Dictionary<T>, Range)> {
    let (k, p) = (shape.n_atoms, shape.n_channels);
    let u = values(u, k * p, "u")?;
    let v = values(v, Problem::len(k, 1, shape.atom), "v")?;
    let dictionary = Dictionary::rank_one_of_shapes(k, p, shape.atom, &shape.atoms, u, v);
    let dictionary = dictionary.map_err(|error| explained(error, shape))?;
    let range = Range::new(&dictionary, "u and v")?;
    Ok((dictionary, range))
}

/// The signals that a rank brings.
pub(crate) fn signals<'a, T: Element>(
    coder: &dyn Coder<T>,
    range: &Range,
    x: *const dicod_const_array,
) -> Result<Field<'a, T>> {
    let shape = &coder.coded();
    let view = View::new::<T>(x.cast(), X, shape)?;
    // Where it allows holes the encoder looks itself at what is there.
    if coder.allows_holes() {
        return whole(coder, view)?.field::<T>();
    }
    let x = brought(coder, shape, view)?;
    range.check_x(&x)?;
    Ok(x)
}

/// On one rank an input is the whole domain.
fn whole<'a, T: Element>(coder: &dyn Coder<T>, view: View<'a>) -> Result<View<'a>> {
    if coder.ranks().size() == 1 { view.fails_unless_whole() } else { Ok(view) }
}

/// An array as an input.
fn brought<'a, T: Element>(coder: &dyn Coder<T>, shape: &Shape, view: View<'a>) -> Result<Field<'a, T>> {
    let view = whole(coder, view)?;
    let field = view.field::<T>()?;
    field.check_finite(view.name()).map_err(|error| explained(error, shape))?;
    Ok(field)
}

pub(crate) fn solve<T: Element>(
    encoder: &mut Encoder<T>,
    range: &Range,
    x: *const dicod_const_array,
    out: Result<Option<Output<dicod_info>>>,
    session: &Session<'_>,
    clock: &Clock<'_>,
) -> Result<(Option<Output<dicod_info>>, Info, dicod_status)> {
    let given = out.and_then(|out| Ok((out, signals(encoder, range, x)?)));
    let (out, x) = encoder.ranks().agree(given)?;
    let (info, status) = run(encoder, &x, session, clock)?;
    Ok((out, info, status))
}

pub(crate) fn set_weights<T: Element>(coder: &mut dyn Coder<T>, weights: *const dicod_const_array) -> Result<()> {
    let view = View::new::<T>(weights.cast(), WEIGHTS, coder.shape());
    let given = view.and_then(|view| whole(coder, view)?.field::<T>());
    let weights = coder.ranks().agree(given)?;
    coder.set_weights(Some(&weights))
}

pub(crate) fn set_penalties<T: Element>(encoder: &mut Encoder<T>, penalties: *const dicod_const_array) -> Result<()> {
    let view = View::new::<T>(penalties.cast(), PENALTIES, Encoder::shape(encoder));
    let given = view.and_then(|view| whole(encoder, view)?.field::<T>());
    let penalties = encoder.ranks().agree(given)?;
    encoder.set_penalties(Some(&penalties))
}

pub(crate) fn set_z<T: Element>(coder: &mut dyn Coder<T>, range: &Range, z: *const dicod_const_array) -> Result<()> {
    let shape = &coder.coded();
    let given = View::new::<T>(z.cast(), Z, shape).and_then(|view| {
        let z = brought(coder, shape, view)?;
        range.check_z(&z)?;
        Ok(z)
    });
    let z = coder.ranks().agree(given)?;
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
    shape: &Shape,
    range: &Range,
    n: i64,
    (signal, atom, position, value): (*const i64, *const i64, *const i64, *const f64),
) -> Result<Vec<Activation<T>>> {
    let n = list_size(n, "n")?;
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
    range.check_list(&values)?;
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
