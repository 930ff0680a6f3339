//! Functions of plain arrays: λmax, reconstruction, objective, Gram tensor.

use crate::csc::problem::range::{filled, finite};
use crate::csc::problem::shape::explained;
use crate::csc::{Shape, lambda_max, objective, reconstruct};
use crate::ffi::boundary::problem::{Problem, dictionary};
use crate::ffi::boundary::*;
use crate::ffi::context::{Session, dicod_context, shared};
use crate::ffi::problem::{dicod_problem, given};
use crate::linalg::{FieldMut, Gram};

pub(crate) fn largest_lambda<T: Element>(
    context: *mut dicod_context,
    problem: &Problem,
    x: *const T,
    d: *const T,
    to: *mut f64,
) -> Result<()> {
    let shape = &problem.shape;
    let context = shared(context);
    let session = Session::enter(&context)?;
    let read = [problem.x_memory(x), problem.d_memory(d)];
    let x = problem.x(x)?;
    reference(to, "lambda_max", "room for the result")?;
    fails_if_shared(&[Memory::of("lambda_max", to, 1)], &read)?;
    let (d, range) = dictionary(shape, d)?;
    range.check_x(&x)?;
    let found = lambda_max(shape, &d, &problem.options, session.n_threads, &x);
    set(to, found.map_err(|error| explained(error, shape))?);
    Ok(())
}

pub(crate) fn reconstruction<T: Element>(
    context: *mut dicod_context,
    problem: &Problem,
    d: *const T,
    z: *const T,
    x: *mut T,
) -> Result<()> {
    let shape = &problem.shape;
    let context = shared(context);
    let _session = Session::enter(&context)?;
    let x_in = problem.x(x.cast_const())?.channels.len();
    let n = Problem::len(x_in, 1, shape.signal);
    let z_in = problem.z(z)?;
    let read = [problem.z_memory(z), problem.d_memory(d)];
    fails_if_shared(&[problem.x_memory(x)], &read)?;
    let (d, range) = dictionary(shape, d)?;
    z_in.check_finite("z").map_err(|error| explained(error, shape))?;
    let x = &mut FieldMut::contiguous(slice_mut(x, n, "x", "room for the signals")?, shape.signal);
    filled(range.check_z(&z_in), "the reconstruction", x, &|x| reconstruct(shape, &d, &z_in, x))
}

pub(crate) fn value<T: Element>(
    context: *mut dicod_context,
    problem: &Problem,
    (x, d, z): (*const T, *const T, *const T),
    (to, data_term): (*mut f64, *mut f64),
) -> Result<()> {
    let shape = &problem.shape;
    let context = shared(context);
    let session = Session::enter(&context)?;
    let read = [problem.x_memory(x), problem.d_memory(d), problem.z_memory(z)];
    let (x, z) = (problem.x(x)?, problem.z(z)?);
    reference(to, "objective", "room for the result")?;
    let out = [Memory::of("objective", to, 1), Memory::of("data_term", data_term, 1)];
    fails_if_shared(&out, &read)?;
    let (d, range) = dictionary(shape, d)?;
    range.check_x(&x)?;
    let found = objective(shape, &d, &problem.options, session.n_threads, &x, &z);
    let found = found.map_err(|error| explained(error, shape))?;
    if !found.0.is_finite() {
        range.check_z(&z)?;
    }
    let found = finite(found)?;
    set(to, found.0);
    set(data_term, found.1);
    Ok(())
}

pub(crate) fn gram_tensor<T: Element>(
    context: *mut dicod_context,
    problem: *const dicod_problem,
    d: *const T,
    gram: *mut T,
) -> Result<()> {
    let context = shared(context);
    let _session = Session::enter(&context)?;
    let problem = given(problem)?;
    let shape = Shape::of_atoms(problem.n_atoms, problem.n_channels, problem.lengths(&problem.atom_shape)?)?;
    let shape = problem.with_atoms(shape)?;
    let n = shape.gram_volume()?;
    aligned(gram, "gram")?;
    reference(gram, "gram", "room for the Gram tensor")?;
    let read = Memory::of("d", d, Problem::len(shape.n_atoms, shape.n_channels, shape.atom));
    fails_if_shared(&[Memory::of("gram", gram, n)], &[read])?;
    let (d, _) = dictionary(&shape, d)?;
    let found = Gram::new(&d)?;
    found.write_atoms_first(slice_mut(gram, n, "gram", "room for the Gram tensor")?);
    Ok(())
}
