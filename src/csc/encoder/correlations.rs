//! Correlations of signal or residual with the atoms: computed tile by tile, in single precision where that is enough,
//! and anew, one by one, where a number that is reported depends on them.

use super::Encoder;
use crate::csc::options::Scale;
use crate::csc::threads::for_each;
use crate::csc::tile::{Coordinate, Correlations, Unit};
use crate::error::Result;
use crate::linalg::correlate::{Scratch, unit_of};
use crate::linalg::kernels::step_size;
use crate::linalg::{Field, OneThread, Real};

/// Tolerance, as a fraction of the largest |c|, from which on tiles keep c in single precision: some thousand times
/// the rounding of one value.
const COARSE: f64 = 1.0 / 8192.0;

/// Fraction of its unit that the largest |c| has to be at least, and the norms of atoms of each other: then no number
/// that matters comes near the ends of single precision.
const MODERATE: f64 = 1e-9;

/// What [`Encoder::correlate`] found, over all ranks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Largest {
    /// Largest |c|·weight (c·weight when z ≥ 0) of the coordinates that may be chosen.
    pub(super) weighted: f64,
    /// What that may be wrong by, beside rounding in the element type.
    pub(super) doubt: f64,
    /// About the largest |c| (or c).
    pub(super) c: f64,
    /// What c may be wrong by.
    pub(super) slack: f64,
    /// It may be rounding alone: the atoms have nothing to do with the field.
    pub(super) noise: bool,
}

impl<T: Real> Encoder<T> {
    /// Collective: max |D ⋆ X| (max D ⋆ X when z ≥ 0): the smallest λ for which z = 0 is optimal.
    pub fn lambda_max(&mut self, x: &Field<'_, T>) -> Result<f64> {
        self.ranks.agree(self.check_x(x))?;
        self.prepare(x.block())?;
        let (_, largest) = self.correlate_signal(x, |_, _| f64::INFINITY)?;
        Ok(largest.weighted)
    }

    /// Collective: takes in signals and fills c with their correlations, in single precision if that is enough for the
    /// tolerance. Tells whether it is.
    pub(super) fn correlate_signal(
        &mut self,
        x: &Field<'_, T>,
        tolerance: impl Fn(&Self, &Largest) -> f64,
    ) -> Result<(bool, Largest)> {
        let weights = self.wide_norms();
        if self.may_be_single() {
            self.begin(x, true)?;
            let largest = self.correlate(&weights)?;
            if self.is_coarse(tolerance(self, &largest), &largest) {
                return Ok((true, largest));
            }
        }
        self.begin(x, false)?;
        Ok((false, self.correlate(&weights)?))
    }

    /// The weights with which the largest c is λmax.
    pub(super) fn wide_norms(&self) -> Vec<f64> {
        self.norms.iter().map(|n| n.wide()).collect()
    }

    /// Whether c may be kept in single precision, as far as dictionary and options tell.
    fn may_be_single(&self) -> bool {
        let options = &self.options;
        let least = options.reg_per_atom.iter().copied();
        let least = least.reduce(f64::min).unwrap_or(options.reg);
        let coarse = match (options.tol_scale, options.reg_scale) {
            (Scale::Absolute, _) => true,
            (_, Scale::Absolute) => options.tol >= COARSE,
            _ => options.tol * (1.0 - least) >= COARSE,
        };
        let norms = self.norms.iter().map(|n| n.wide());
        let most = norms.clone().fold(0.0, f64::max);
        let least = norms.fold(f64::INFINITY, f64::min);
        size_of::<T>() > size_of::<f32>()
            && !self.plan.is_exact()
            && coarse
            && least >= MODERATE * most
    }

    /// Whether single precision is enough to find all steps above a tolerance.
    fn is_coarse(&self, tol: f64, largest: &Largest) -> bool {
        let unit = self.correlator.single_unit(self.x_unit);
        let fits = unit.is_normal() && (1.0 / unit).is_normal();
        fits && !largest.noise
            && tol >= (COARSE * largest.c).max(4.0 * largest.slack)
            && largest.c * unit >= MODERATE
    }

    /// Collective: takes in signals, all of whose coordinates may be chosen, and makes room for their correlations.
    fn begin(&mut self, x: &Field<'_, T>, single: bool) -> Result<()> {
        // λmax is that of the signal, whatever the start and its support.
        self.freeze(false);
        let room = self.make_room(single);
        let taken = self.take_in(x);
        self.ranks.agree(room.and(taken))?;
        self.window.measure();
        if single {
            let largest = self.ranks.largest(&[self.window.largest])?[0];
            self.x_unit = unit_of(largest);
            self.plan.unit = Unit::new(self.correlator.single_unit(self.x_unit));
        }
        Ok(())
    }

    pub(super) fn make_room(&mut self, single: bool) -> Result<()> {
        self.plan.single = single;
        (0..self.tiles.len()).try_for_each(|index| self.tiles.tile(index).make_room(&self.plan))
    }

    /// The window's fields, signal by signal.
    fn signals(&self) -> Vec<Field<'_, T>> {
        let n = self.shape.n_channels;
        let signals = 0..self.shape.n_signals;
        signals.map(|s| self.window.fields(s * n, n)).collect()
    }

    pub(super) fn scratch(&self) -> Result<Scratch<T>> {
        let single = self.plan.single;
        self.correlator.scratch(self.grid.largest(), single)
    }

    /// Collective: fills c with the correlation of the window with the atoms.
    pub(super) fn correlate(&self, weights: &[f64]) -> Result<Largest> {
        let _blas = OneThread::new();
        let signals = self.signals();
        let state = || Ok((self.scratch()?, Vec::new(), 0.0));
        let n = self.tiles.len();
        let states = for_each(self.n_threads, n, state, |(scratch, tops, most), index| {
            let mut guard = self.tiles.tile(index);
            let state = &mut *guard;
            let signal = &signals[state.tile.signal];
            let mut tile = state.tile.clone();
            for (at, origin) in tile.origin.iter_mut().zip(signal.origin) {
                *at -= origin;
            }
            match &mut state.c {
                Correlations::Full(c) => self.correlator.tile(signal, &tile, scratch, c),
                Correlations::Single(c) => {
                    self.correlator
                        .tile_single(signal, self.x_unit, &tile, scratch, c);
                }
            }
            state.mask(&self.plan);
            let (top, c) = state.largest_c(&self.plan, weights);
            tops.push((index, top));
            *most = c.max(*most);
            Ok(())
        });
        let states = self.ranks.agree(states)?;
        let c = states.iter().map(|(_, _, most)| *most).fold(0.0, f64::max);
        let tops = || states.iter().flat_map(|(_, tops, _)| tops);
        let top = tops().map(|(_, top)| *top).fold(0.0, f64::max);
        let largest = self.ranks.largest(&[top, c, self.window.largest])?;
        let [top, c, x] = [largest[0], largest[1], largest[2]];
        let slack = self.slack(x, weights);
        let mut largest = Largest {
            weighted: top,
            doubt: if self.plan.single { slack } else { 0.0 },
            c,
            slack: self.slack(x, &vec![1.0; weights.len()]),
            noise: top <= 4.0 * slack,
        };
        if !largest.noise && top.is_finite() {
            // All that might be the largest, one by one.
            let least = top - 2.0 * slack;
            let mut most = 0.0;
            let scratch = self.ranks.agree(self.scratch());
            let mut scratch = scratch?;
            for (index, _) in tops().filter(|(_, top)| *top >= least) {
                let state = self.tiles.tile(*index);
                let signal = &signals[state.tile.signal];
                state.for_each_large_c(&self.plan, weights, least, |coordinate| {
                    let c = self.exact(signal, &coordinate, &mut scratch);
                    let c = if self.options.positive { c } else { c.abs() };
                    most = f64::max(most, c * weights[coordinate.atom]);
                });
            }
            largest.weighted = self.ranks.largest(&[most])?[0];
            largest.doubt = 0.0;
        }
        Ok(largest)
    }

    /// What a weighted c may be wrong by, where |values| of the field are up to `x`.
    fn slack(&self, x: f64, weights: &[f64]) -> f64 {
        let uncertain = self.correlator.uncertainty(self.plan.single);
        let weighted = uncertain.iter().zip(weights).map(|(e, w)| e * w);
        weighted.fold(0.0, f64::max) * x
    }

    /// c of one coordinate, in double precision.
    fn exact(&self, signal: &Field<'_, T>, of: &Coordinate, scratch: &mut Scratch<T>) -> f64 {
        let at = std::array::from_fn(|a| of.at[a] - signal.origin[a]);
        self.correlator.at(signal, at, of.atom, scratch)
    }

    /// Collective: takes over a new c. Returns max |dz| over all ranks, in the element type.
    pub(super) fn restart(&self) -> Result<T> {
        let largest = self.tiles.restart(&self.plan, self.n_threads);
        // Below zero: nothing moves.
        let largest = self.ranks.agree(largest)?.wide().max(0.0);
        let largest = self.ranks.largest(&[largest, self.window.largest])?;
        if !self.plan.single {
            return Ok(T::of(largest[0]));
        }
        let mu = self.plan.mu.iter().map(|mu| mu.wide()).fold(0.0, f64::max);
        let slack = self.slack(largest[1], &vec![1.0; self.shape.n_atoms])
            + 2.0 * f64::from(f32::EPSILON) * mu;
        // Where z = 0 only those move whose |c| comes near μ.
        let least = T::of((largest[0] - 2.0 * slack).max(-slack));
        let mut most = 0.0;
        let scratch = self.ranks.agree(self.scratch());
        let (mut scratch, signals) = (scratch?, self.signals());
        for index in 0..self.tiles.len() {
            let state = self.tiles.tile(index);
            let signal = &signals[state.tile.signal];
            state.for_each_large_step(&self.plan, least, |of, z| {
                let c = T::of(self.exact(signal, &of, &mut scratch));
                let size = step_size(self.plan.positive, c, z, self.plan.mu[of.atom]);
                most = f64::max(most, size.wide());
            });
        }
        Ok(T::of(self.ranks.largest(&[most])?[0]))
    }

    /// Calls `visit` with the atom, value and c of each z ≠ 0 of a tile: c in the element type.
    pub(super) fn for_each_active(
        &self,
        index: usize,
        scratch: &mut Scratch<T>,
        mut visit: impl FnMut(usize, T, T),
    ) {
        let state = self.tiles.tile(index);
        let n = self.shape.n_channels;
        let signal = self.window.fields(state.tile.signal * n, n);
        state.for_each_active(&self.plan, |of, z, c| {
            let c = match self.plan.single {
                true => T::of(self.exact(&signal, &of, scratch)),
                false => c,
            };
            visit(of.atom, z, c);
        });
    }
}
