//! Weights of the samples, w ≥ 0: those that were given, and holes where x is NaN.
//!
//! The window holds w·(x − D∗z) wherever the solver without weights has x − D∗z there: c, λmax and the dual point w·r follow
//! from it as they do without, with ‖r‖² = Σ w r². Inside, the largest weight of all ranks is from ½ to 1: with λ they are
//! multiplied by a power of two, which changes no digit of z.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::wording::index;
use crate::csc::descent::exchange::Window;
use crate::csc::problem::range::Range;
use crate::csc::problem::shape::Shape;
use crate::grid::block::Block;
use crate::grid::point::{AXES, Point};
use crate::grid::tiles::Tile;
use crate::linalg::correlate::unit_of;
use crate::linalg::{Field, Real};
use crate::options::solve::Missing;

/// What an encoder knows of weights.
pub(super) struct Weighting<T> {
    /// Where a sample is missing beside those whose weight is 0.
    missing: Missing,
    /// Some were given, on all ranks: as they lie in the window, times the unit; else none.
    is_given: bool,
    given: Vec<T>,
    /// Those in force, likewise.
    values: Vec<T>,
    /// Where in the window samples are left out beside (empty: nowhere), where that is asked for.
    out: Option<Vec<bool>>,
    /// What the caller's are multiplied by, and the largest of all ranks then.
    unit: f64,
    heaviest: f64,
    /// Tiles know of those in force.
    known: bool,
    /// To refuse numbers that are too large, where a sample is not missing.
    range: Option<Range>,
}

/// The largest of the caller's weights; fails if one is none.
pub(crate) fn check<T: Real>(weights: &Field<'_, T>, shape: &Shape) -> Result<f64> {
    let (mut largest, mut wrong) = (0.0, None);
    for (channel, data) in weights.channels.iter().enumerate() {
        weights.layout.for_each_row(|at, first| {
            for k in 0..weights.layout.shape[2] {
                let value = data[(first as i64 + k * weights.layout.strides[2]) as usize].wide();
                largest = f64::max(largest, value);
                // NaN is none, either.
                if !(value >= 0.0 && value.is_finite()) && wrong.is_none() {
                    let at = [at[0], at[1], k];
                    wrong = Some((channel, std::array::from_fn(|a| at[a] + weights.origin[a]), value));
                }
            }
        });
    }
    if let Some((channel, at, value)) = wrong {
        let at = index(&shape.index(channel, shape.n_channels, at));
        return Err(Error::argument(&format!("weights{at}"), value, "at least 0 and finite"));
    }
    if largest > 0.0 && !(largest.is_normal() && (1.0 / largest).is_normal()) {
        let allowed = "such that its inverse can be computed";
        return Err(Error::argument("the largest of the weights", format!("{largest:e}"), allowed));
    }
    Ok(largest)
}

impl<T: Real> Weighting<T> {
    pub(super) fn new(missing: Missing) -> Self {
        Weighting {
            missing,
            is_given: false,
            given: Vec::new(),
            values: Vec::new(),
            out: None,
            unit: 1.0,
            heaviest: 1.0,
            known: true,
            range: None,
        }
    }

    /// Whether x may be anything in some places.
    pub(super) fn allows_holes(&self) -> bool {
        self.missing == Missing::Nan || self.is_given || self.out.is_some()
    }

    /// Leaves samples out from now on, whenever weights are found.
    pub(super) fn leave_out(&mut self, out: Option<Vec<bool>>) {
        self.out = out;
    }

    pub(super) fn set_range(&mut self, range: Range) {
        self.range = Some(range);
    }

    pub(super) fn range(&self) -> Range {
        self.range.unwrap_or(Range::unit())
    }

    /// Those that are given from now on, as they lie in the window, if there are any, where `largest` is that of all ranks.
    pub(super) fn set(&mut self, given: Option<Vec<T>>, largest: f64) {
        let unit = unit_of(largest);
        // Tiles know of a squared penalty in this unit.
        self.known = false;
        self.unit = if largest * unit > 1.0 { 0.5 * unit } else { unit };
        self.heaviest = if largest > 0.0 { largest * self.unit } else { 1.0 };
        self.is_given = given.is_some();
        if !self.is_given {
            (self.unit, self.heaviest) = (1.0, 1.0);
            // Nobody may ask for them before they are found anew.
            (self.values, self.known) = (Vec::new(), false);
        }
        self.given = given.unwrap_or_default();
        self.given.iter_mut().for_each(|w| *w = T::of(w.wide() * self.unit));
    }

    /// What weights are multiplied by, and the largest of them then.
    pub(super) fn units(&self) -> (f64, f64) {
        (self.unit, self.heaviest)
    }

    /// Those that were given, as they lie in a window, on a part of it; none if there are none.
    pub(super) fn given(&self, window: &Window<T>, part: &Block) -> Option<Field<'_, T>> {
        let mut field = Field::contiguous(&self.given, window.block.shape);
        field.origin = window.block.origin;
        self.is_given.then(|| field.part(part))
    }

    /// Those in force as they lie in the window, if they are not all 1.
    pub(super) fn values(&self) -> Option<&[T]> {
        (!self.values.is_empty()).then_some(&self.values[..])
    }

    pub(super) fn bytes(&self) -> usize {
        let out = self.out.as_ref().map_or(0, Vec::capacity);
        (self.values.capacity() + self.given.capacity()) * size_of::<T>() + out
    }

    /// Whether tiles have to be told, which they are with this; `anew`: also of what they knew.
    pub(super) fn is_news(&mut self, anew: bool) -> bool {
        !std::mem::replace(&mut self.known, true) || anew
    }

    /// Tiles may not know of those in force.
    pub(super) fn forget(&mut self) {
        self.known = false;
    }

    /// Finds which samples of a window that holds x are missing. Fails if another one is not finite, or too large.
    pub(super) fn find(&mut self, window: &Window<T>, shape: &Shape) -> Result<()> {
        let missing = self.missing == Missing::Nan && window.values.iter().any(|x| is_nan(*x));
        let mut values: Vec<T> = Vec::new();
        let out = self.out.as_ref().filter(|out| out.contains(&true));
        if missing || self.is_given || out.is_some() {
            memory::reserve("the weights", &mut values, window.values.len())?;
            match self.is_given {
                true => values.extend_from_slice(&self.given),
                false => values.resize(window.values.len(), T::one()),
            }
        }
        if missing {
            for (w, _) in values.iter_mut().zip(&window.values).filter(|(_, x)| is_nan(**x)) {
                *w = T::ZERO;
            }
        }
        if let Some(out) = out {
            values.iter_mut().zip(out).filter(|(_, out)| **out).for_each(|(w, _)| *w = T::ZERO);
        }
        if values != self.values {
            (self.values, self.known) = (values, false);
        }
        self.check(window, shape)
    }

    /// Fails unless what is not missing is finite, and not too large.
    fn check(&self, window: &Window<T>, shape: &Shape) -> Result<()> {
        if !self.allows_holes() {
            return Ok(());
        }
        let there = |i: usize| self.values.get(i).is_none_or(|w| *w != T::ZERO);
        let bad = (0..window.values.len()).find(|i| there(*i) && !window.values[*i].finite());
        if let Some(i) = bad {
            let volume = window.block.volume().max(1) as usize;
            let (channel, i_in, [_, n1, n2]) = (i / volume, (i % volume) as i64, window.block.shape);
            let at = [i_in / (n1 * n2), i_in / n2 % n1, i_in % n2];
            let at = (0..AXES).map(|a| (at[a] + window.block.origin[a]).rem_euclid(shape.signal[a]) as usize);
            let index = [channel].into_iter().chain(at).collect();
            return Err(Error::NotFinite { argument: "x".into(), index, value: window.values[i].wide() });
        }
        let Some(range) = &self.range else { return Ok(()) };
        let mut there_alone = Vec::new();
        memory::reserve("the residual", &mut there_alone, window.values.len())?;
        there_alone.extend((0..window.values.len()).map(|i| if there(i) { window.values[i] } else { T::ZERO }));
        range.check_x(&Field::contiguous(&there_alone, [1, 1, there_alone.len().max(1) as i64]))
    }

    /// Multiplies a residual in the window by the weights.
    pub(super) fn apply(&self, window: &mut Window<T>) {
        // Nothing, whatever there is.
        let times = |x: T, w: T| if w == T::ZERO { T::ZERO } else { x * w };
        for (x, w) in window.values.iter_mut().zip(&self.values) {
            *x = times(*x, *w);
        }
        for ((size, w), x) in window.sizes.iter_mut().zip(&self.values).zip(&window.values) {
            // The product is rounded once more.
            *size = times(*size, *w) + x.abs();
        }
    }

    /// Those of the samples that a tile reaches: (channel, position).
    pub(super) fn of_tile(&self, tile: &Tile, window: &Block, shape: &Shape) -> Result<Vec<T>> {
        let Some(values) = self.values() else { return Ok(Vec::new()) };
        let part: Point = std::array::from_fn(|a| tile.shape[a] + shape.atom[a] - 1);
        let volume = window.volume() as usize;
        let [_, n1, n2] = window.shape;
        let mut found = Vec::new();
        memory::reserve("the weights", &mut found, shape.n_channels * part.iter().product::<i64>() as usize)?;
        for channel in values[tile.signal * shape.n_channels * volume..].chunks_exact(volume).take(shape.n_channels) {
            Block { origin: tile.origin, shape: part }.for_each_row(|at| {
                let [i, j, k]: Point = std::array::from_fn(|a| at[a] - window.origin[a]);
                found.extend_from_slice(&channel[((i * n1 + j) * n2 + k) as usize..][..part[2] as usize]);
            });
        }
        Ok(found)
    }
}

fn is_nan<T: Real>(x: T) -> bool {
    x.wide().is_nan()
}
