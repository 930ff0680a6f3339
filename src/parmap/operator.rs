//! Operators T_i that live on fixed workers, as one operator.
//!
//! Vector: every T_i takes the whole x. Distributed: x is a direct sum of components, and a matrix
//! says which of them each T_i takes. Results are concatenated in order; adjoints are added up in
//! the order of the operators, whatever the workers.

use crate::base::bytes::malformed;
use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::panic::lock;
use crate::base::wording::{index, nth};
use crate::options::map::{Errors, Settings};
use crate::parmap::handle::Map;
use crate::parmap::map::Tasks;
use crate::parmap::reduce::Failed;
use crate::parmap::run::report::{Outcome, Report};
use crate::parmap::run::schedule::Schedule;
use crate::parmap::run::task::Task;
use std::ops::Range;
use std::sync::Mutex;

/// One operator. Its functions are called on its worker, one at a time.
pub trait Operator: Send {
    /// Numbers that it takes.
    fn in_size(&self) -> usize;
    /// Numbers that it gives.
    fn out_size(&self) -> usize;
    /// Is it its own derivative everywhere?
    fn is_linear(&self) -> bool;
    /// y = T(x); leaves the last linearization in force.
    fn eval(&mut self, x: &[f64], y: &mut [f64]) -> std::result::Result<(), Failed>;
    /// y = T(x), and x is where derivative and adjoint are taken from now on.
    fn linearize(&mut self, x: &[f64], y: &mut [f64]) -> std::result::Result<(), Failed>;
    /// y = T'(x) h; linear: y = T(h).
    fn derivative(&mut self, h: &[f64], y: &mut [f64]) -> std::result::Result<(), Failed>;
    /// x = T'(x)* y.
    fn adjoint(&mut self, y: &[f64], x: &mut [f64]) -> std::result::Result<(), Failed>;
    /// It belongs to [`Operators`] from now on.
    fn take(&mut self) {}
}

/// Several operators as one. Every rank makes it with the same operators; which of them are used
/// on a rank is fixed by the map's workers. Dropping it ends all of them.
pub struct Operators<'o> {
    operators: Vec<Mutex<Box<dyn Operator + 'o>>>,
    /// Where each component of x begins; the last entry is the length of x.
    components: Vec<usize>,
    /// Components that each operator takes.
    takes: Vec<Vec<usize>>,
    /// Where each operator's result begins; the last entry is the length of y.
    results: Vec<usize>,
    linear: bool,
    linearized: bool,
}

/// Applies one operator: writes its result.
type Apply<'a> = dyn Fn(usize, &mut [f64]) -> std::result::Result<(), Failed> + Sync + 'a;

#[derive(Clone, Copy, PartialEq)]
enum What {
    Eval,
    Linearize,
    Derivative,
}

fn sums(sizes: impl Iterator<Item = usize>) -> Result<Vec<usize>> {
    let mut all = vec![0];
    let mut end = 0usize;
    for size in sizes {
        end = end
            .checked_add(size)
            .filter(|end| *end <= isize::MAX as usize / 64)
            .ok_or_else(|| Error::argument("sizes", size, "so small that x can be addressed"))?;
        all.push(end);
    }
    Ok(all)
}

impl<'o> Operators<'o> {
    /// Vector: each operator takes all of x.
    pub fn vector(operators: Vec<Box<dyn Operator + 'o>>) -> Result<Self> {
        let size = operators.first().map_or(0, |operator| operator.in_size());
        let takes = vec![vec![true]; operators.len()];
        Operators::distributed(operators, &[size], &takes)
    }

    /// Distributed: operator i takes component c if `takes[i][c]`.
    pub fn distributed(
        operators: Vec<Box<dyn Operator + 'o>>,
        component_sizes: &[usize],
        takes: &[Vec<bool>],
    ) -> Result<Self> {
        if operators.is_empty() {
            return Err(Error::argument("n_operators", 0, "at least 1"));
        }
        if takes.len() != operators.len() {
            let allowed = format!("{}, one row for each operator", operators.len());
            return Err(Error::argument("rows of takes", takes.len(), allowed));
        }
        let components = sums(component_sizes.iter().copied())?;
        let mut lists = Vec::new();
        for (i, (row, operator)) in takes.iter().zip(&operators).enumerate() {
            if row.len() != component_sizes.len() {
                let argument = format!("takes{}", index(&[i]));
                let allowed = format!("{} entries", component_sizes.len());
                return Err(Error::shape(&argument, row.len(), allowed));
            }
            let list: Vec<usize> = (0..row.len()).filter(|c| row[*c]).collect();
            let size: usize = list.iter().map(|c| component_sizes[*c]).sum();
            if operator.in_size() != size {
                let argument = format!("in_size of operator {}", nth(i as i64));
                let allowed = format!("{size}, the sum of the components that it takes");
                return Err(Error::argument(&argument, operator.in_size(), allowed));
            }
            lists.push(list);
        }
        let results = sums(operators.iter().map(|operator| operator.out_size()))?;
        let linear = operators.iter().all(|operator| operator.is_linear());
        let mut operators = operators;
        operators.iter_mut().for_each(|operator| operator.take());
        Ok(Operators {
            operators: operators.into_iter().map(Mutex::new).collect(),
            components,
            takes: lists,
            results,
            linear,
            linearized: false,
        })
    }

    /// Length of x.
    pub fn in_size(&self) -> usize {
        self.components.last().copied().unwrap_or(0)
    }

    /// Length of y.
    pub fn out_size(&self) -> usize {
        self.results.last().copied().unwrap_or(0)
    }

    /// Linear, if all are.
    pub fn is_linear(&self) -> bool {
        self.linear
    }

    fn parts(&self, i: usize) -> impl Iterator<Item = Range<usize>> {
        let part = |c: &usize| self.components[*c]..self.components[*c + 1];
        self.takes[i].iter().map(part)
    }

    fn result(&self, i: usize) -> Range<usize> {
        self.results[i]..self.results[i + 1]
    }

    /// Collective: y = T(x). x is that of rank 0; y is written on every rank.
    pub fn eval(&mut self, map: &Map, x: &[f64], y: &mut [f64]) -> Result<()> {
        self.apply(map, What::Eval, x, y)
    }

    /// Collective: y = T(x), and derivatives are taken at x from now on.
    pub fn linearize(&mut self, map: &Map, x: &[f64], y: &mut [f64]) -> Result<()> {
        self.apply(map, What::Linearize, x, y)?;
        self.linearized = true;
        Ok(())
    }

    /// Collective: y = T'(x) h.
    pub fn derivative(&mut self, map: &Map, h: &[f64], y: &mut [f64]) -> Result<()> {
        self.apply(map, What::Derivative, h, y)
    }

    fn needs_linearization(&self, what: &str) -> Result<()> {
        if self.linear || self.linearized {
            return Ok(());
        }
        let text = format!("the {what} of a nonlinear operator needs a linearize before");
        Err(Error::InvalidState(text))
    }

    fn apply(&self, map: &Map, what: What, x: &[f64], y: &mut [f64]) -> Result<()> {
        let root = map.is_root();
        let name = if what == What::Derivative { "h" } else { "x" };
        let check = length(name, x.len(), self.in_size(), root).and(length("y", y.len(), self.out_size(), true)).and(
            match what {
                What::Derivative => self.needs_linearization("derivative"),
                _ => Ok(()),
            },
        );
        let shared = spread(map, check, x, self.in_size())?;
        let widest = (0..self.operators.len()).map(|i| self.result(i).len());
        let widest = widest.max().unwrap_or(0);
        let work = |i: usize, out: &mut [f64]| {
            let input: Vec<f64> = self.parts(i).flat_map(|part| &shared[part]).copied().collect();
            let mut operator = lock(&self.operators[i]);
            let out = &mut out[..self.result(i).len()];
            match what {
                What::Eval => operator.eval(&input, out),
                What::Linearize => operator.linearize(&input, out),
                What::Derivative => operator.derivative(&input, out),
            }
        };
        let all = self.run(map, widest, &work)?;
        for (i, from) in all.chunks_exact(widest.max(1)).enumerate() {
            let to = self.result(i);
            y[to.clone()].copy_from_slice(&from[..to.len()]);
        }
        Ok(())
    }

    /// Collective: x = T'(x)* y. y is that of rank 0; x is written on every rank.
    pub fn adjoint(&mut self, map: &Map, y: &[f64], x: &mut [f64]) -> Result<()> {
        let root = map.is_root();
        let check = length("y", y.len(), self.out_size(), root)
            .and(length("x", x.len(), self.in_size(), true))
            .and(self.needs_linearization("adjoint"));
        let shared = spread(map, check, y, self.out_size())?;
        let size = |i: usize| self.parts(i).map(|part| part.len()).sum::<usize>();
        let widest = (0..self.operators.len()).map(size).max().unwrap_or(0);
        let work = |i: usize, out: &mut [f64]| {
            let mut operator = lock(&self.operators[i]);
            operator.adjoint(&shared[self.result(i)], &mut out[..size(i)])
        };
        let all = self.run(map, widest, &work)?;
        x.fill(0.0);
        for (i, mut from) in all.chunks_exact(widest.max(1)).enumerate() {
            for part in self.parts(i) {
                let (mine, rest) = from.split_at(part.len());
                x[part].iter_mut().zip(mine).for_each(|(x, part)| *x += part);
                from = rest;
            }
        }
        Ok(())
    }

    /// Runs every operator on its worker: `widest` numbers of each.
    fn run(&self, map: &Map, widest: usize, work: &Apply) -> Result<Vec<f64>> {
        let n = self.operators.len();
        let bytes = n.checked_mul(widest * size_of::<f64>());
        let bytes = bytes.ok_or_else(|| Error::memory("results of operators", "too many"))?;
        let mut results: Vec<u8> = map.ranks.agree(memory::zeroed("results of operators", bytes))?;
        let function = |task: &Task, _: &[u8], output: &mut [u8]| {
            let mut values = vec![0.0; widest];
            let result = work(task.index as usize, &mut values);
            for (to, from) in output.chunks_exact_mut(8).zip(&values) {
                to.copy_from_slice(&from.to_le_bytes());
            }
            match result {
                Ok(()) => 0,
                Err(Failed(code, text)) => {
                    task.explain(&text);
                    code
                }
            }
        };
        // Operator i is always done by worker i modulo their number.
        let fixed: fn(&mut Settings) = |settings| {
            settings.schedule = Schedule::Cyclic;
            settings.chunk = 1;
            settings.errors = Errors::Cancel;
            settings.retries = 0;
            settings.ranks_per_task = 1;
        };
        let tasks = Tasks::new(n as u64).outputs(&mut results, widest * size_of::<f64>())?.with_settings(fixed);
        let report = tasks.run(map, &function, None)?;
        as_result(&report)?;
        let value = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().unwrap_or_default());
        Ok(results.chunks_exact(8).map(value).collect())
    }
}

fn as_result(report: &Report) -> Result<()> {
    match report.outcome {
        Outcome::Done => Ok(()),
        _ => Err(report.as_error()),
    }
}

fn length(name: &str, given: usize, wanted: usize, counts: bool) -> Result<()> {
    if counts && given != wanted {
        let allowed = format!("{wanted} numbers long");
        return Err(Error::shape(name, given, allowed));
    }
    Ok(())
}

/// Collective: the `n` numbers of rank 0, once per rank, if all is well so far.
fn spread(map: &Map, check: Result<()>, values: &[f64], n: usize) -> Result<Vec<f64>> {
    let room = check.and_then(|()| {
        let (what, mut bytes) = ("what operators take", Vec::new());
        if map.is_root() {
            memory::reserve(what, &mut bytes, n * size_of::<f64>())?;
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
        Ok((bytes, memory::zeroed(what, n)?))
    });
    let (mut bytes, mut all) = map.ranks.agree(room)?;
    map.ranks.spread(0, &mut bytes)?;
    if bytes.len() != n * size_of::<f64>() {
        return Err(malformed());
    }
    let value = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().unwrap_or_default());
    all.iter_mut().zip(bytes.chunks_exact(8)).for_each(|(to, from)| *to = value(from));
    Ok(all)
}
