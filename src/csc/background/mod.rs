//! What signals lie on: a level, or a drift that is slower than any atom. It is taken from them before they are coded, so that
//! F(z) = ½‖x − b − D∗z‖² + Σ λ|z| is what is minimised.
//!
//! Values are rounded to a common step, 2^−72 of the largest of their field, and added up as integers: b has the same bits
//! however the field is spread over ranks, and costs the same for a box of any length. x − b is formed in double precision and
//! then rounded to the element type: floats on a level keep all digits above it. Samples that are missing do not count, whatever
//! the weights of the others; where a box holds none that is there, b is the mean over the domain.

mod boxes;
mod fixed;

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::clock;
use crate::csc::descent::exchange::{Exchange, Window};
use crate::csc::descent::halo::Halo;
use crate::csc::problem::shape::Shape;
use crate::grid::block::Block;
use crate::grid::point::{AXES, Point, padded};
use crate::linalg::{Field, FieldMut, Real};
use crate::options::solve::{self, Missing, Options};
use crate::ranks::local::Local;
use crate::ranks::{Reduce, Transport};
use boxes::{Axis, box_means};
use fixed::Unit;
use std::sync::Arc;

/// How a background is found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    kind: solve::Background,
    /// Edges of the box.
    length: Point,
    /// A sample that is NaN is missing.
    with_holes: bool,
}

/// A background, on a block of the domain.
pub(crate) enum Background {
    /// There is none.
    None,
    /// A value for each field.
    Flat(Vec<f64>),
    /// Values at each position.
    Uneven(Window<f64>),
}

impl Rule {
    pub(crate) fn new(shape: &Shape, options: &Options) -> Self {
        let real = |a: usize| a + shape.n_axes >= AXES;
        let length = match options.background_length[..] {
            [all] => std::array::from_fn(|a| if real(a) { all } else { 1 }),
            ref each => padded(each, 1),
        };
        Rule { kind: options.background, length, with_holes: options.missing == Missing::Nan }
    }

    /// Whether there is anything to be found.
    pub(crate) fn is_none(&self) -> bool {
        self.kind == solve::Background::None
    }

    /// Whether it is another one at each position.
    pub(crate) fn is_uneven(&self) -> bool {
        self.kind == solve::Background::Smooth
    }

    /// Collective: the background of signals, of which each rank brings a block, on the block of the targets that is this
    /// rank's. `places` are the blocks and the targets of all ranks; positions of targets are without periods. Samples may be
    /// missing if `with_holes`, where they are not finite and where `weights`, on blocks of all ranks, are zero.
    pub(crate) fn find<T: Real>(
        &self,
        halo: &Halo,
        shape: &Shape,
        x: &Field<'_, T>,
        places: [&[Block]; 2],
        with_holes: bool,
        weights: &WeightsOn<'_, T>,
    ) -> Result<Background> {
        let ranks = &*halo.ranks;
        let n_fields = shape.n_signals * shape.n_channels;
        let here = weights(places[0])?;
        let units = ranks.agree(largest(x, here.as_ref(), n_fields))?;
        let units: Vec<Unit> = ranks.largest(&units)?.into_iter().map(Unit::of_largest).collect();
        let mut levels: Vec<f64> = ranks.agree(memory::zeroed("the background", n_fields))?;
        if with_holes || !self.is_uneven() {
            let (own, mut counts) = ranks.agree(sums(x, here.as_ref(), &units))?;
            counts.extend(fixed::words(&own));
            let all = ranks.reduce(Reduce::Sum, &counts)?;
            let (counts, all) = all.split_at(n_fields);
            for (i, sum) in fixed::from_words(all).into_iter().enumerate() {
                levels[i] = units[i].mean(sum, counts[i].into()).unwrap_or(0.0);
            }
        }
        match self.is_uneven() {
            true => Ok(Background::Uneven(self.smooth(halo, shape, x, places, weights, (&units, &levels))?)),
            false => Ok(Background::Flat(levels)),
        }
    }

    /// Collective: the means over boxes; `levels` where there is nothing in one.
    fn smooth<T: Real>(
        &self,
        halo: &Halo,
        shape: &Shape,
        x: &Field<'_, T>,
        [blocks, targets]: [&[Block]; 2],
        weights: &WeightsOn<'_, T>,
        (units, levels): (&[Unit], &[f64]),
    ) -> Result<Window<f64>> {
        let ranks = &*halo.ranks;
        let n_fields = units.len();
        let axes_of = |target: &Block| -> [Axis; AXES] {
            std::array::from_fn(|a| Axis::new(shape.signal[a], shape.periodic[a], self.length[a], target, a))
        };
        let around = |target: &Block| match target.is_empty() {
            true => Block::default(),
            false => {
                let axes = axes_of(target);
                Block { origin: std::array::from_fn(|a| axes[a].first), shape: std::array::from_fn(|a| axes[a].n) }
            }
        };
        let wanted: Vec<Block> = targets.iter().map(around).collect();
        let (me, target) = (ranks.rank(), targets[ranks.rank()]);
        let periods = std::array::from_fn(|a| if shape.periodic[a] { shape.signal[a] } else { 0 });
        let mut near = ranks.agree(Window::<T>::new(wanted[me], n_fields))?;
        let moved = Exchange::new(me, blocks, &wanted, &periods).run(halo, x, &mut near);
        ranks.agree(moved)?;
        if let Some(weights) = weights(&wanted)? {
            let missing = near.values.iter_mut().zip(&weights.values).filter(|(_, w)| **w == T::ZERO);
            missing.for_each(|(x, _)| *x = T::NAN);
        }
        let found = || {
            let mut found = Window::<f64>::new(target, n_fields)?;
            if target.is_empty() {
                return Ok(found);
            }
            let axes = axes_of(&target);
            let fields = near.values.chunks_exact(wanted[me].volume() as usize).zip(units.iter().zip(levels));
            for (to, (from, (unit, level))) in found.values.chunks_exact_mut(target.volume() as usize).zip(fields) {
                box_means(&axes, from, *unit, *level, to)?;
            }
            Ok(found)
        };
        ranks.agree(found())
    }

    /// The signals less their background, if there is one.
    pub(crate) fn centred<T: Real>(&self, shape: &Shape, x: &Field<'_, T>) -> Result<Option<Vec<T>>> {
        if self.is_none() {
            return Ok(None);
        }
        let halo = Halo::new(Arc::new(Local::alone()), Vec::new());
        let whole = [Block::whole(shape.signal)];
        let found = self.find(&halo, shape, x, [&whole, &whole], self.with_holes, &|_| Ok(None))?;
        let mut copy = Window::<T>::new(whole[0], shape.n_signals * shape.n_channels)?;
        Exchange::new(0, &whole, &whole, &[0; AXES]).run(&halo, x, &mut copy)?;
        found.take_from(&mut copy);
        clock::check()?;
        Ok(Some(copy.values))
    }
}

/// Collective: weights on the block of these that is this rank's, if there are any.
pub(crate) type WeightsOn<'w, T> = dyn Fn(&[Block]) -> Result<Option<Window<T>>> + 'w;

/// The largest |x| of each field; those of a rank that holds nothing are zero.
fn largest<T: Real>(x: &Field<'_, T>, weights: Option<&Window<T>>, n_fields: usize) -> Result<Vec<f64>> {
    let mut found: Vec<f64> = memory::zeroed("the background", n_fields)?;
    for_each_row(x, weights, |field, row| {
        let larger = |most: T, x: &T| if x.abs() > most && x.finite() { x.abs() } else { most };
        found[field] = f64::max(found[field], row.iter().fold(T::ZERO, larger).wide());
    })?;
    Ok(found)
}

/// The sum of each field in whole units, and how many samples it has.
fn sums<T: Real>(x: &Field<'_, T>, weights: Option<&Window<T>>, units: &[Unit]) -> Result<(Vec<i128>, Vec<i64>)> {
    let mut found: Vec<i128> = memory::zeroed("the background", units.len())?;
    let mut counts: Vec<i64> = memory::zeroed("the background", units.len())?;
    for_each_row(x, weights, |field, row| {
        let (mut sum, mut n) = (0, 0);
        for x in row.iter().filter(|x| x.finite()) {
            sum += units[field].number(x.wide());
            n += 1;
        }
        found[field] += sum;
        counts[field] += n;
    })?;
    Ok((found, counts))
}

/// Calls `visit` with each row of each field, NaN where the weight is zero. Fails if the clock says that it is over.
fn for_each_row<T: Real>(
    x: &Field<'_, T>,
    weights: Option<&Window<T>>,
    mut visit: impl FnMut(usize, &[T]),
) -> Result<()> {
    let block = x.block();
    if block.is_empty() {
        return Ok(());
    }
    let weights = weights.map(|weights| weights.fields(0, x.channels.len()));
    let mut row: Vec<T> = memory::zeroed("the background", block.shape[2] as usize)?;
    let mut of_row = row.clone();
    let mut looks = clock::Looks::every(4 * row.len());
    for field in 0..x.channels.len() {
        let mut over = false;
        block.for_each_row(|at| {
            over = over || looks.over();
            if over {
                return;
            }
            x.copy_row(field, at, &mut row);
            if let Some(weights) = &weights {
                weights.copy_row(field, at, &mut of_row);
                let missing = row.iter_mut().zip(&of_row).filter(|(_, w)| **w == T::ZERO);
                missing.for_each(|(x, _)| *x = T::NAN);
            }
            visit(field, &row);
        });
        if over {
            break;
        }
    }
    clock::check()
}

impl Background {
    /// Takes it from signals on the same block, unless the clock says that it is over.
    pub(crate) fn take_from<T: Real>(&self, window: &mut Window<T>) {
        let volume = (window.block.volume() as usize).max(1);
        let part = 1 << 17;
        match self {
            Background::None => (),
            Background::Flat(levels) => {
                for (values, b) in window.values.chunks_exact_mut(volume).zip(levels) {
                    for values in values.chunks_mut(part).take_while(|_| !clock::over()) {
                        values.iter_mut().for_each(|x| *x = T::of(x.wide() - b));
                    }
                }
            }
            Background::Uneven(found) => {
                let pairs = window.values.chunks_mut(part).zip(found.values.chunks(part));
                for (values, found) in pairs.take_while(|_| !clock::over()) {
                    values.iter_mut().zip(found).for_each(|(x, b)| *x = T::of(x.wide() - b));
                }
            }
        }
    }

    /// Collective: the least and the largest value, if the blocks of all ranks cover the domain; zeros where there is none.
    pub(crate) fn range(&self, ranks: &dyn Transport) -> Result<[f64; 2]> {
        let values = match self {
            Background::None => return Ok([0.0; 2]),
            Background::Flat(levels) => levels,
            Background::Uneven(found) => &found.values,
        };
        // Ordered as the numbers are.
        let order = |bits: i64| if bits < 0 { bits ^ i64::MAX } else { bits };
        let most = |sign: f64| values.iter().map(|b| order((sign * b).to_bits() as i64)).max().unwrap_or(i64::MIN);
        let found = ranks.reduce(Reduce::Max, &[most(-1.0), most(1.0)])?;
        let value = |i: usize| f64::from_bits(order(found[i]) as u64);
        Ok([0.0 - value(0), value(1) + 0.0])
    }

    /// Collective: what there is on blocks of all ranks, `held`, which make up the domain, on the block of `wanted` that is
    /// this rank's.
    pub(crate) fn on(&self, halo: &Halo, held: &[Block], wanted: &[Block], n_fields: usize) -> Result<Background> {
        let found = match self {
            Background::None => return Ok(Background::None),
            Background::Flat(levels) => return Ok(Background::Flat(levels.clone())),
            Background::Uneven(found) => found,
        };
        let me = halo.ranks.rank();
        let mut to = halo.ranks.agree(Window::<f64>::new(wanted[me], n_fields))?;
        let source = found.fields(0, n_fields).part(&held[me]);
        let moved = Exchange::new(me, held, wanted, &[0; AXES]).run(halo, &source, &mut to);
        halo.ranks.agree(moved.map(|()| Background::Uneven(to)))
    }

    /// Writes it into fields over its block.
    pub(crate) fn write<T: Real>(&self, out: &mut FieldMut<'_, T>) {
        let layout = out.layout;
        let row = layout.shape[2].max(1) as usize;
        let rows = layout.volume() / row;
        for (field, channel) in out.channels.iter_mut().enumerate() {
            let mut place = field * rows;
            layout.for_each_row(|_, first| {
                for k in 0..row {
                    let b = match self {
                        Background::None => 0.0,
                        Background::Flat(levels) => levels[field],
                        Background::Uneven(found) => found.values[place * row + k],
                    };
                    channel[(first as i64 + k as i64 * layout.strides[2]) as usize] = T::of(b);
                }
                place += 1;
            });
        }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Background::None => 0,
            Background::Flat(levels) => size_of_val(&levels[..]),
            Background::Uneven(found) => size_of_val(&found.values[..]),
        }
    }
}

/// What was asked for before there was a solve.
pub(crate) fn unknown() -> Error {
    Error::InvalidState("the background is not known before a solve".into())
}
