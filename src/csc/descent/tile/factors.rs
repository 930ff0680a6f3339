//! Penalties of each coordinate by itself: λ_k times a factor, at least 0; ∞ where z has to be 0.
//!
//! Thresholds μ lie as c does; a coordinate that has to be 0 may not be chosen, and takes no part in anything. A tile without
//! state of this kind has the factor 1 everywhere.

use crate::base::error::Result;
use crate::base::memory;
use crate::csc::descent::tile::correlations::Correlations;
use crate::csc::descent::tile::plan::Plan;
use crate::grid::point::Point;
use crate::grid::tiles::Tile;
use crate::linalg::Real;
use crate::linalg::kernels::{Kernels, Rows};

/// What a tile knows of the factors of its coordinates.
pub(crate) struct Factors<T> {
    /// As c lies.
    pub(super) factors: Vec<T>,
    /// μ_k times them.
    mu: Vec<T>,
    /// The same in single precision, in its unit, where c is.
    mu_single: Vec<f32>,
}

impl<T: Real> Factors<T> {
    /// Of a tile's coordinates, given by atom and position relative to the tile; none if all are 1.
    pub(crate) fn new(plan: &Plan<T>, tile: &Tile, of: &dyn Fn(usize, Point) -> T) -> Result<Option<Box<Self>>> {
        let [_, s1, s2] = tile.stored(&plan.group);
        let n = plan.n_atoms;
        let mut factors: Vec<T> =
            memory::zeroed("penalties", tile.stored(&plan.group).iter().product::<i64>() as usize * n)?;
        // Beyond the end of the domain nothing may be chosen, whatever it is.
        factors.fill(T::one());
        for i in 0..tile.shape[0] {
            for j in 0..tile.shape[1] {
                for k in 0..tile.shape[2] {
                    let first = ((i * s1 + j) * s2 + k) as usize * n;
                    let to = factors[first..first + n].iter_mut().enumerate();
                    to.for_each(|(atom, to)| *to = of(atom, [i, j, k]));
                }
            }
        }
        if factors.iter().all(|factor| *factor == T::one()) {
            return Ok(None);
        }
        let mu = memory::zeroed("penalties", factors.len())?;
        Ok(Some(Box::new(Factors { factors, mu, mu_single: Vec::new() })))
    }

    /// Of a copy, which knows of the thresholds alone.
    pub(super) fn of_thresholds(mu: Vec<T>) -> Box<Self> {
        Box::new(Factors { factors: Vec::new(), mu, mu_single: Vec::new() })
    }

    /// Takes over μ_k. `single`: c is in single precision.
    pub(super) fn set_thresholds(&mut self, plan: &Plan<T>, single: bool) -> Result<()> {
        for (index, (mu, factor)) in self.mu.iter_mut().zip(&self.factors).enumerate() {
            *mu = if factor.finite() { plan.mu[index % plan.n_atoms] * *factor } else { T::ZERO };
        }
        self.narrow(plan, single)
    }

    pub(super) fn narrow(&mut self, plan: &Plan<T>, single: bool) -> Result<()> {
        self.mu_single.clear();
        if single {
            memory::reserve("penalties", &mut self.mu_single, self.mu.len())?;
            self.mu_single.extend(self.mu.iter().map(|mu| plan.unit.narrow(*mu)));
        }
        Ok(())
    }

    pub(super) fn thresholds(&self) -> &[T] {
        &self.mu
    }

    /// Whether z has to be 0.
    pub(super) fn forbids(&self, index: usize) -> bool {
        self.factors.get(index).is_some_and(|factor| !factor.finite())
    }

    pub(super) fn factor(&self, index: usize) -> f64 {
        self.factors[index].wide()
    }

    /// The largest threshold.
    pub(super) fn largest_mu(&self) -> T {
        self.mu.iter().fold(T::ZERO, |most, mu| if *mu > most && mu.finite() { *mu } else { most })
    }

    pub(super) fn bytes(&self) -> usize {
        (self.factors.capacity() + self.mu.capacity()) * size_of::<T>()
            + self.mu_single.capacity() * size_of::<f32>()
            + size_of::<Self>()
    }

    /// The same of a tile with so many values of c, before there are factors.
    pub(crate) fn bytes_of(n_values: usize, single: bool) -> usize {
        n_values * (2 * size_of::<T>() + if single { size_of::<f32>() } else { 0 }) + size_of::<Self>()
    }

    /// Largest |c| − μ (c − μ when z ≥ 0) over runs; −∞ when every value is NaN.
    fn largest_excess(&self, plan: &Plan<T>, c: &Correlations<T>, start: usize, rows: Rows) -> T {
        let (isa, positive, one) = (plan.isa, plan.positive, single_run(rows));
        let larger = |most, x| if x > most { x } else { most };
        match c {
            Correlations::Full(c) => {
                let of = |at: usize| T::largest_excess(isa, positive, c, at, one, &self.mu[at..at + one.run]);
                rows.starts(start).map(of).fold(T::NEG_INFINITY, larger)
            }
            Correlations::Single(c) => {
                let of = |at: usize| f32::largest_excess(isa, positive, c, at, one, &self.mu_single[at..at + one.run]);
                plan.unit.widen(rows.starts(start).map(of).fold(f32::NEG_INFINITY, f32::max))
            }
        }
    }

    /// Where that is `value`: the lowest of `n_atoms` atoms, then the first position.
    fn locate_excess(
        &self,
        plan: &Plan<T>,
        c: &Correlations<T>,
        (start, rows): (usize, Rows),
        value: T,
        n_atoms: usize,
    ) -> Option<usize> {
        let (isa, positive, one) = (plan.isa, plan.positive, single_run(rows));
        let found = rows.starts(start).filter_map(|at| match c {
            Correlations::Full(c) => {
                T::locate_excess(isa, positive, c, at, one, &self.mu[at..at + one.run], value, n_atoms)
            }
            Correlations::Single(c) => {
                let mu = &self.mu_single[at..at + one.run];
                f32::locate_excess(isa, positive, c, at, one, mu, plan.unit.narrow(value), n_atoms)
            }
        });
        found.min_by_key(|index| (index % n_atoms, index / n_atoms))
    }

    /// About the largest |c|, as `Correlations::height`.
    pub(super) fn height(&self, plan: &Plan<T>, c: &Correlations<T>) -> T {
        let sizes = self.mu.iter().enumerate().map(|(index, mu)| (c.get(plan, index).abs(), *mu));
        sizes.fold(T::ZERO, |most, (c, mu)| if c + c >= mu && c > most { c } else { most })
    }
}

/// One of the runs.
fn single_run(rows: Rows) -> Rows {
    Rows { counts: [1, 1], strides: [0, 0], run: rows.run }
}

/// The thresholds of a run of c.
pub(super) fn of_run<'f, T: Real>(
    factors: Option<&'f Factors<T>>,
    plan: &'f Plan<T>,
    first: usize,
    run: usize,
) -> &'f [T] {
    factors.map_or(&plan.mu[..run], |factors| &factors.mu[first..first + run])
}

/// The threshold of a value of c, and of an atom.
#[inline(always)]
pub(super) fn mu<T: Real>(factors: Option<&Factors<T>>, plan: &Plan<T>, index: usize, atom: usize) -> T {
    match factors {
        None => plan.mu[atom],
        Some(factors) => factors.mu[index],
    }
}

/// Largest |c| − μ (c − μ when z ≥ 0) of a group.
#[inline(always)]
pub(super) fn largest_excess<T: Real>(
    factors: Option<&Factors<T>>,
    plan: &Plan<T>,
    c: &Correlations<T>,
    (start, rows): (usize, Rows),
) -> T {
    match factors {
        None => c.largest_excess(plan, start, rows),
        Some(factors) => factors.largest_excess(plan, c, start, rows),
    }
}

/// Where that is `value`: the lowest of `n_atoms` atoms, then the first position.
#[inline(always)]
pub(super) fn locate_excess<T: Real>(
    factors: Option<&Factors<T>>,
    plan: &Plan<T>,
    c: &Correlations<T>,
    (start, rows): (usize, Rows),
    value: T,
    n_atoms: usize,
) -> Option<usize> {
    match factors {
        None => c.locate_excess(plan, start, rows, value, n_atoms),
        Some(factors) => factors.locate_excess(plan, c, (start, rows), value, n_atoms),
    }
}
