//! The correlations c of a tile, in the element type or in single precision.

use crate::base::error::Result;
use crate::base::memory::Aligned;
use crate::csc::descent::tile::plan::Plan;
use crate::csc::descent::tile::table::Table;
use crate::linalg::Real;
use crate::linalg::kernels::{Isa, Kernels, Rows};

/// Scaled correlations; NaN where a coordinate may not be chosen.
///
/// Single precision halves the memory and the time of a step, and costs no accuracy where the tolerance is far above
/// its rounding: z is kept in the element type, and the certificate decides in it (see `Encoder::solve`). Values are in
/// the plan's unit, a power of two, lest they leave its range.
pub(crate) enum Correlations<T> {
    Full(Aligned<T>),
    Single(Aligned<f32>),
}

impl<T: Real> Correlations<T> {
    /// No values yet.
    pub(super) fn none() -> Result<Self> {
        Ok(Correlations::Full(Aligned::zeroed("", 0)?))
    }

    /// Takes the precision and the number of values that are wanted; what it holds has no meaning then.
    pub(super) fn resize(&mut self, single: bool, n: usize) -> Result<()> {
        if self.len() == n && self.is_single() == single {
            return Ok(());
        }
        // What is there goes first: both together may not fit.
        *self = Correlations::none()?;
        let what = "the tiles of z";
        *self = match single {
            true => Correlations::Single(Aligned::zeroed(what, n)?),
            false => Correlations::Full(Aligned::zeroed(what, n)?),
        };
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Correlations::Full(c) => c.len(),
            Correlations::Single(c) => c.len(),
        }
    }

    pub(crate) fn is_single(&self) -> bool {
        matches!(self, Correlations::Single(_))
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Correlations::Full(c) => c.bytes(),
            Correlations::Single(c) => c.bytes(),
        }
    }

    #[inline(always)]
    pub(crate) fn get(&self, plan: &Plan<T>, index: usize) -> T {
        match self {
            Correlations::Full(c) => c[index],
            Correlations::Single(c) => plan.unit.widen(c[index]),
        }
    }

    #[inline(always)]
    pub(super) fn set(&mut self, plan: &Plan<T>, index: usize, value: T) {
        match self {
            Correlations::Full(c) => c[index] = value,
            Correlations::Single(c) => c[index] = plan.unit.narrow(value),
        }
    }

    /// No coordinate may be chosen.
    pub(super) fn mask(&mut self, values: std::ops::Range<usize>) {
        match self {
            Correlations::Full(c) => c[values].fill(T::NAN),
            Correlations::Single(c) => c[values].fill(f32::NAN),
        }
    }

    /// Largest |c| − μ (c − μ when z ≥ 0) over runs; −∞ when every value is NaN.
    #[inline]
    pub(super) fn largest_excess(&self, plan: &Plan<T>, start: usize, rows: Rows) -> T {
        let (isa, positive) = (plan.isa, plan.positive);
        match self {
            Correlations::Full(c) => T::largest_excess(isa, positive, c, start, rows, &plan.mu),
            Correlations::Single(c) => {
                let mu = &plan.mu_single;
                plan.unit.widen(f32::largest_excess(isa, positive, c, start, rows, mu))
            }
        }
    }

    /// Where that is `value`: the lowest of `n_atoms` atoms, then the first position.
    #[inline]
    pub(super) fn locate_excess(
        &self,
        plan: &Plan<T>,
        start: usize,
        rows: Rows,
        value: T,
        n_atoms: usize,
    ) -> Option<usize> {
        let (isa, positive) = (plan.isa, plan.positive);
        match self {
            Correlations::Full(c) => T::locate_excess(isa, positive, c, start, rows, &plan.mu, value, n_atoms),
            Correlations::Single(c) => {
                let (value, mu) = (plan.unit.narrow(value), &plan.mu_single);
                f32::locate_excess(isa, positive, c, start, rows, mu, value, n_atoms)
            }
        }
    }

    /// c −= δ·g over runs of c, from `to` on, and as many of a table, from `from` on.
    #[inline]
    #[allow(clippy::too_many_arguments)]
    pub(super) fn subtract(
        &mut self,
        plan: &Plan<T>,
        table: &Table<T>,
        to: usize,
        rows: Rows,
        from: usize,
        strides: [usize; 2],
        delta: T,
    ) {
        let isa = plan.isa;
        match (self, table) {
            (Correlations::Full(c), Table::Full(g)) => {
                T::subtract(isa, c, to, rows, g, from, strides, delta);
            }
            (Correlations::Full(c), Table::Single(g)) => {
                T::subtract_single(isa, c, to, rows, g, from, strides, delta);
            }
            (Correlations::Single(c), Table::Single(g)) => {
                f32::subtract(isa, c, to, rows, g, from, strides, plan.unit.narrow(delta));
            }
            (Correlations::Single(_), Table::Full(_)) => {
                unreachable!("a plan with an exact table has no correlations in single precision")
            }
        }
    }

    /// Calls `visit` with the runs of a group's row, given by their first value, and the largest |c| (or c) of each.
    pub(super) fn for_each_run(&self, plan: &Plan<T>, mut visit: impl FnMut(usize, T)) {
        fn most<C: Real>(isa: Isa, positive: bool, c: &[C], zeros: &[C], first: usize) -> C {
            let rows = Rows { counts: [1, 1], strides: [0, 0], run: zeros.len() };
            C::largest_excess(isa, positive, c, first, rows, zeros)
        }
        let (isa, positive, run) = (plan.isa, plan.positive, plan.mu.len());
        match self {
            Correlations::Full(c) => {
                let zeros = vec![T::ZERO; run];
                let runs = (0..c.len()).step_by(run);
                runs.for_each(|first| visit(first, most(isa, positive, c, &zeros, first)));
            }
            Correlations::Single(c) => {
                let zeros = vec![0.0; run];
                let runs = (0..c.len()).step_by(run);
                runs.for_each(|first| {
                    visit(first, plan.unit.widen(most(isa, positive, c, &zeros, first)));
                });
            }
        }
    }

    /// About the largest |c|, given the largest |dz|. Atoms whose c are far from their thresholds do not count: no step
    /// comes of how they are rounded.
    pub(super) fn height(&self, plan: &Plan<T>, bound: T) -> T {
        // |c| is no larger than μ + |dz|. Where thresholds are far apart that says little.
        if !plan.is_spread {
            return bound + plan.largest_mu();
        }
        let within = |(c, mu): &(T, &T)| *c + *c >= **mu;
        let largest = self.largest(plan).into_iter().zip(&plan.mu).filter(within);
        largest.fold(T::ZERO, |most, (c, _)| if c > most { c } else { most })
    }

    /// Largest |c| (or c when z ≥ 0) of each atom, at least 0.
    pub(crate) fn largest(&self, plan: &Plan<T>) -> Vec<T> {
        fn largest<C: Real>(isa: Isa, positive: bool, c: &[C], run: usize, n: usize) -> Vec<C> {
            // Long runs first, which are fast.
            let (mut places, mut atoms) = (vec![C::ZERO; run], vec![C::ZERO; n]);
            C::raise(isa, positive, &mut places, c);
            C::raise(isa, false, &mut atoms, &places);
            atoms
        }
        let (isa, positive) = (plan.isa, plan.positive);
        let (run, n_atoms) = (plan.mu.len(), plan.n_atoms);
        match self {
            Correlations::Full(c) => largest(isa, positive, c, run, n_atoms),
            Correlations::Single(c) => {
                let largest = largest(isa, positive, c, run, n_atoms).into_iter();
                largest.map(|c| plan.unit.widen(c)).collect()
            }
        }
    }
}
