//! Operators.

use crate::base::wording::index;
use crate::ffi::boundary::output::large_enough;
use crate::ffi::boundary::*;
use crate::ffi::parmap::map::{dicod_parmap, get};
use crate::ffi::parmap::{ask, needed};
use crate::parmap::Map;
use crate::parmap::flow::Tried;
use crate::parmap::operator::{Operator, Operators};
use crate::parmap::reduce::Failed;
use std::sync::Mutex;

/// One operator as a table of callbacks, each with `self` first; 0 or a positive code is returned.
/// Set struct_size before (PARMAP_OPERATOR_INIT does). Its callbacks are called one at a time, on a
/// worker that stays the same: on the other ranks its state is never touched.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct parmap_operator {
    /// sizeof(parmap_operator), set by the caller.
    pub struct_size: i64,
    /// The operator's state; may be NULL.
    pub state: *mut c_void,
    /// Numbers that it takes.
    pub in_size: i64,
    /// Numbers that it gives.
    pub out_size: i64,
    /// 1: it is linear, `linearize` and `derivative` may be NULL; 0: it is not. Initially 1.
    pub linear: i32,
    /// y[out_size] = T(x[in_size]). It leaves the last linearization in force.
    pub eval: Option<unsafe extern "C" fn(state: *mut c_void, x: *const f64, y: *mut f64) -> i32>,
    /// y = T(x); derivatives are taken at x from now on. NULL, if linear: as `eval`.
    pub linearize: Option<unsafe extern "C" fn(state: *mut c_void, x: *const f64, y: *mut f64) -> i32>,
    /// y = T'(x) h. NULL, if linear: as `eval`.
    pub derivative: Option<unsafe extern "C" fn(state: *mut c_void, h: *const f64, y: *mut f64) -> i32>,
    /// x[in_size] = T'(x)* y[out_size].
    pub adjoint: Option<unsafe extern "C" fn(state: *mut c_void, y: *const f64, x: *mut f64) -> i32>,
    /// Ends the operator, when the operators are freed, on every rank. May be NULL.
    pub end: Option<unsafe extern "C" fn(state: *mut c_void) -> ()>,
}

/// Several operators as one. A handle serves one call at a time.
pub struct parmap_operators(Mutex<Operators<'static>>);
handle!(parmap_operators, "vector", "operators");

/// A table in which nothing is missing but `end`, perhaps.
struct CallerOperator {
    table: parmap_operator,
    /// Is it the library's to end?
    taken: bool,
}

// SAFETY: that threads of the library may use it, one at a time, is what the header asks for.
unsafe impl Send for CallerOperator {}

impl CallerOperator {
    fn new(table: parmap_operator) -> Result<Self> {
        let eval = needed(table.eval, "operator.eval")?;
        let linear = match table.linear {
            0 => None,
            1 => Some(eval),
            other => return Err(Error::argument("operator.linear", other, "0 or 1")),
        };
        size(table.in_size, "operator.in_size", 1)?;
        size(table.out_size, "operator.out_size", 1)?;
        let linearize = Some(needed(table.linearize.or(linear), "operator.linearize")?);
        let derivative = Some(needed(table.derivative.or(linear), "operator.derivative")?);
        needed(table.adjoint, "operator.adjoint")?;
        Ok(CallerOperator { table: parmap_operator { linearize, derivative, ..table }, taken: false })
    }
}

/// What a callback has returned: any code but 0 is a failure.
fn done(code: i32) -> Tried<()> {
    if code == 0 { Ok(()) } else { Err(Failed(code, String::new())) }
}

impl Drop for CallerOperator {
    fn drop(&mut self) {
        if let Some(end) = self.table.end.filter(|_| self.taken) {
            call!(end(self.table.state))
        }
    }
}

impl Operator for CallerOperator {
    fn in_size(&self) -> usize {
        self.table.in_size as usize
    }
    fn out_size(&self) -> usize {
        self.table.out_size as usize
    }
    fn is_linear(&self) -> bool {
        self.table.linear == 1
    }
    fn eval(&mut self, x: &[f64], y: &mut [f64]) -> Tried<()> {
        done(ask!(self.table.eval(self.table.state, x.as_ptr(), y.as_mut_ptr())))
    }
    fn linearize(&mut self, x: &[f64], y: &mut [f64]) -> Tried<()> {
        done(ask!(self.table.linearize(self.table.state, x.as_ptr(), y.as_mut_ptr())))
    }
    fn derivative(&mut self, h: &[f64], y: &mut [f64]) -> Tried<()> {
        done(ask!(self.table.derivative(self.table.state, h.as_ptr(), y.as_mut_ptr())))
    }
    fn adjoint(&mut self, y: &[f64], x: &mut [f64]) -> Tried<()> {
        done(ask!(self.table.adjoint(self.table.state, y.as_ptr(), x.as_mut_ptr())))
    }
    fn take(&mut self) {
        self.taken = true;
    }
}

fn tables(n: i64, operators: *const parmap_operator) -> Result<Vec<Box<dyn Operator>>> {
    let n = list_size(n, "n_operators")?;
    let tables = slice(operators, n, "operators", "n_operators tables")?;
    let take = |table: &parmap_operator| -> Result<Box<dyn Operator>> {
        large_enough(table, "operators[i].struct_size")?;
        Ok(Box::new(CallerOperator::new(*table)?))
    };
    tables.iter().map(take).collect()
}

/// Makes one operator of `operators[n_operators]` that all take the same x: `*vector`, T(x)_i = T_i(x).
/// The tables are copied. On success the operators are the library's to end: parmap_operators_free().
///
/// Every rank makes it with the same operators. Local. Thread-safe.
/// Errors: DICOD_ERROR_NULL_POINTER; DICOD_ERROR_INVALID_ARGUMENT (no operators, sizes that don't go
/// together, a struct_size); DICOD_ERROR_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_operators_create_vector(
    n_operators: i64,
    operators: *const parmap_operator,
    vector: *mut *mut parmap_operators,
) -> dicod_status {
    guard(|| {
        let operators = tables(n_operators, operators)?;
        give(room(vector)?, parmap_operators(Mutex::new(Operators::vector(operators)?)));
        Ok(())
    })
}

/// Makes one operator of `operators[n_operators]` that take components of x: `*vector`. x is the direct
/// sum of n_components components of `sizes[n_components]` numbers; operator i takes component c, in order,
/// if takes[i * n_components + c] is not 0. Adjoints are added into the components; unused ones are
/// zero. Everything else as for parmap_operators_create_vector().
#[unsafe(no_mangle)]
pub extern "C" fn parmap_operators_create_distributed(
    n_operators: i64,
    operators: *const parmap_operator,
    n_components: i64,
    sizes: *const i64,
    takes: *const i32,
    vector: *mut *mut parmap_operators,
) -> dicod_status {
    guard(|| {
        let operators = tables(n_operators, operators)?;
        let n = list_size(n_components, "n_components")?;
        let all = n.checked_mul(operators.len());
        let all = all.filter(|all| *all <= isize::MAX as usize / 64);
        let all = all.ok_or_else(|| Error::argument("n_components", n, "an addressable size"))?;
        let sizes = slice(sizes, n, "sizes", "n_components sizes")?;
        let sizes = sizes.iter().enumerate();
        let sizes: Result<Vec<usize>> = sizes.map(|(i, s)| size(*s, &format!("sizes{}", index(&[i])), 0)).collect();
        let takes = slice(takes, all, "takes", "n_operators * n_components flags")?;
        let row = |i: usize| takes[i * n..(i + 1) * n].iter().map(|t| *t != 0).collect();
        let rows: Vec<Vec<bool>> = (0..operators.len()).map(row).collect();
        let sizes = sizes?;
        give(room(vector)?, parmap_operators(Mutex::new(Operators::distributed(operators, &sizes, &rows)?)));
        Ok(())
    })
}

/// Ends all operators, calling the `end` of each, frees the handle and sets the caller's pointer to
/// NULL. `vector` and `*vector` may be NULL.
///
/// Local. No other thread may be using the handle.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_operators_free(vector: *mut *mut parmap_operators) -> dicod_status {
    guard(|| free(vector))
}

/// Length of x and y, and whether the operator is linear, which it is if all are: `*in_size`,
/// `*out_size`, `*linear`. What is not wanted may be NULL.
///
/// Local. Errors: DICOD_ERROR_NULL_POINTER (vector), DICOD_ERROR_INVALID_STATE (in use).
#[unsafe(no_mangle)]
pub extern "C" fn parmap_operators_get_sizes(
    vector: *const parmap_operators,
    in_size: *mut i64,
    out_size: *mut i64,
    linear: *mut i32,
) -> dicod_status {
    guard(|| {
        let all = entered(&of(vector)?.0, "operator")?;
        set(in_size, all.in_size() as i64);
        set(out_size, all.out_size() as i64);
        set(linear, i32::from(all.is_linear()));
        Ok(())
    })
}

fn apply(
    (vector, map): (*mut parmap_operators, *mut dicod_parmap),
    (from, from_name): (*const f64, &'static str),
    (to, to_name): (*mut f64, &'static str),
    adjoint: bool,
    call: impl FnOnce(&mut Operators<'static>, &Map, &[f64], &mut [f64]) -> Result<()>,
) -> Result<()> {
    let map = get(map)?;
    let check = || {
        let all = entered(&of(vector)?.0, "operator")?;
        let (mut n_from, mut n_to) = (all.in_size(), all.out_size());
        if adjoint {
            (n_from, n_to) = (n_to, n_from);
        }
        // Other ranks get it from rank 0.
        let n_from = if map.map.ranks().rank() == 0 { n_from } else { 0 };
        let from = slice(from, n_from, from_name, "all numbers, on rank 0")?;
        let to = slice_mut(to, n_to, to_name, "room for the result")?;
        Ok((all, from, to))
    };
    let (mut all, from, to) = map.map.ranks().agree(check())?;
    call(&mut all, &map.map, from, to)
}

/// y = T(x), results of the operators one after the other. `x` is that of rank 0, elsewhere it is not
/// looked at; `y` is written on every rank. The last linearization stays in force.
///
/// Collective. Needs the map and the operators for itself.
/// Errors: PARMAP_ERROR_TASK (an operator failed: the message says which, with its code),
/// PARMAP_ERROR_TIMEOUT, PARMAP_ERROR_CANCELLED, DICOD_ERROR_NULL_POINTER, DICOD_ERROR_INVALID_STATE
/// (in use), DICOD_ERROR_OUT_OF_MEMORY, DICOD_ERROR_COMMUNICATION.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_operators_eval(
    vector: *mut parmap_operators,
    map: *mut dicod_parmap,
    x: *const f64,
    y: *mut f64,
) -> dicod_status {
    guard(|| apply((vector, map), (x, "x"), (y, "y"), false, Operators::eval))
}

/// y = T(x), and derivative and adjoint are taken at x from now on. As parmap_operators_eval().
#[unsafe(no_mangle)]
pub extern "C" fn parmap_operators_linearize(
    vector: *mut parmap_operators,
    map: *mut dicod_parmap,
    x: *const f64,
    y: *mut f64,
) -> dicod_status {
    guard(|| apply((vector, map), (x, "x"), (y, "y"), false, Operators::linearize))
}

/// y = T'(x) h. As parmap_operators_eval(); unless all are linear, DICOD_ERROR_INVALID_STATE before a
/// linearize.
#[unsafe(no_mangle)]
pub extern "C" fn parmap_operators_derivative(
    vector: *mut parmap_operators,
    map: *mut dicod_parmap,
    h: *const f64,
    y: *mut f64,
) -> dicod_status {
    guard(|| apply((vector, map), (h, "h"), (y, "y"), false, Operators::derivative))
}

/// x = T'(x)* y, the sum over the operators in their order, whatever the workers. `y` is that of
/// rank 0; `x` is written on every rank. As parmap_operators_derivative().
#[unsafe(no_mangle)]
pub extern "C" fn parmap_operators_adjoint(
    vector: *mut parmap_operators,
    map: *mut dicod_parmap,
    y: *const f64,
    x: *mut f64,
) -> dicod_status {
    guard(|| apply((vector, map), (y, "y"), (x, "x"), true, Operators::adjoint))
}
