//! Parts of a solve by themselves: λmax and the objective, without a Gram tensor or tiles of z.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::wording::per_axis;
use crate::csc::background::Rule;
use crate::csc::problem::analysis::Analysis;
use crate::csc::problem::layout::{self, fails_unless_it_fits, group_shape};
use crate::csc::problem::model::{matching, reconstruct};
use crate::csc::problem::range::fold;
use crate::csc::problem::shape::Shape;
use crate::grid::point::{AXES, Point};
use crate::grid::tiles::{Number, Tile, TileGrid};
use crate::linalg::{Dictionary, Field, FieldMut, Real};
use crate::options::solve::{Missing, Options, RegScale};
use crate::threads::for_each;

/// λmax as far as λ depends on it.
#[derive(Default)]
pub(crate) struct LambdaMax {
    pub(crate) of_all: f64,
    /// Of each atom by itself.
    pub(crate) of_atoms: Vec<f64>,
}

pub(crate) fn check<T: Real>(
    argument: &str,
    shape: &Shape,
    field: &Field<'_, T>,
    expected: usize,
    box_: Point,
) -> Result<()> {
    let (channels, found) = (field.channels.len(), field.layout.shape);
    if (channels, found) == (expected, box_) {
        return Ok(());
    }
    let fields = |n: usize, box_: Point| format!("{n} fields of shape {}", per_axis(&shape.unpadded(box_)));
    let allowed = fields(expected, box_);
    Err(Error::shape(argument, fields(channels, found), allowed))
}

/// max |D ⋆ X| (max D ⋆ X when z ≥ 0): the smallest λ for which z = 0 is optimal. Option `missing` holds, too. The same bits as
/// in the [`Info`](super::Info) of a solve.
pub fn lambda_max<T: Real>(
    shape: &Shape,
    dictionary: &Dictionary<T>,
    options: &Options,
    n_threads: usize,
    x: &Field<'_, T>,
) -> Result<f64> {
    let n_fields = shape.n_signals * shape.n_channels;
    check("x", shape, x, n_fields, shape.signal)?;
    let dictionary = &matching(dictionary.clone(), shape)?;
    let centred = centred(shape, options, x)?;
    let x = centred.as_ref().map_or(x.clone(), |values| Field::contiguous(values, shape.signal));
    // Of all atoms, whatever λ depends on.
    let options = &Options { reg_scale: RegScale::Relative, ..options.clone() };
    of_centred(shape, dictionary, options, n_threads, &x).map(|found| found.of_all)
}

/// The signals less what they lie on, if anything is to be taken from them.
fn centred<T: Real>(shape: &Shape, options: &Options, x: &Field<'_, T>) -> Result<Option<Vec<T>>> {
    options.check_background()?;
    Rule::new(shape, options).centred(shape, x)
}

/// λmax of signals without a background: of all atoms, or of each if λ depends on that.
fn of_centred<T: Real>(
    shape: &Shape,
    dictionary: &Dictionary<T>,
    options: &Options,
    n_threads: usize,
    x: &Field<'_, T>,
) -> Result<LambdaMax> {
    let filled = filled(options, x)?;
    let x = filled.as_ref().map_or(x.clone(), |values| Field::contiguous(values, shape.signal));
    let x = &x;
    x.check_finite("x")?;
    fails_unless_it_fits::<T>(shape, options)?;
    let (grid, _) = layout::grid(shape, options)?;
    let analysis = Analysis::new(shape, options, dictionary.clone(), shape.periodic, grid.largest())?;
    let largest = |of: &[usize], weights: &[f64]| largest(shape, options, &grid, &analysis, n_threads, x, of, weights);
    let (n_atoms, scaling) = (shape.n_atoms, analysis.scaling());
    match options.reg_scale {
        RegScale::PerAtom => {
            let alone: Vec<usize> = (0..n_atoms).collect();
            let weights: Vec<f64> = scaling.unscale().iter().map(|c| c.wide()).collect();
            Ok(LambdaMax { of_all: 0.0, of_atoms: scaling.leave_lambdas(&largest(&alone, &weights)?) })
        }
        RegScale::Relative | RegScale::Absolute => {
            let together = largest(&vec![0; n_atoms], &scaling.of_lambda_max())?;
            let of_all = together.into_iter().fold(0.0, f64::max) * scaling.gauge();
            Ok(LambdaMax { of_all, of_atoms: Vec::new() })
        }
    }
}

/// The signals with zeros where they are NaN and that says that they are missing there; none: nothing is missing.
fn filled<T: Real>(options: &Options, x: &Field<'_, T>) -> Result<Option<Vec<T>>> {
    if options.missing == Missing::None {
        return Ok(None);
    }
    let mut values = Vec::new();
    let row = x.layout.shape[2] as usize;
    memory::reserve("the signals", &mut values, x.channels.len() * x.layout.volume())?;
    let mut to = vec![T::ZERO; row];
    for channel in 0..x.channels.len() {
        x.layout.for_each_row(|at, _| {
            x.copy_row(channel, std::array::from_fn(|a| at[a] + x.origin[a]), &mut to);
            values.extend(to.iter().map(|x| if x.wide().is_nan() { T::ZERO } else { *x }));
        });
    }
    Ok(Some(values))
}

/// The largest weighted |c| (or c) of the atoms that belong together, `of` being the number of the class that each is in.
#[allow(clippy::too_many_arguments)]
fn largest<T: Real>(
    shape: &Shape,
    options: &Options,
    grid: &TileGrid,
    analysis: &Analysis<T>,
    n_threads: usize,
    x: &Field<'_, T>,
    of: &[usize],
    weights: &[f64],
) -> Result<Vec<f64>> {
    let correlator = analysis.correlator();
    let n_atoms = shape.n_atoms;
    let group = group_shape(shape.valid(), n_atoms);
    let largest_tile = grid.largest();
    let signals: Vec<Field<'_, T>> = x
        .channels
        .chunks_exact(shape.n_channels)
        .map(|channels| Field { channels: channels.to_vec(), layout: x.layout, origin: x.origin })
        .collect();
    let group_volume = group.iter().product::<i64>() as usize;
    let values = largest_tile.iter().product::<i64>() as usize * n_atoms;
    let state = || {
        let c = memory::zeroed::<T>("a tile of correlations", values)?;
        let scratch = correlator.scratch(largest_tile, false, true)?;
        Ok((scratch, c, Vec::new()))
    };
    let correlate = |scratch: &mut _, c: &mut [T], tile: &Tile| {
        let n = tile.n_groups() * group_volume * n_atoms;
        correlator.tile(&signals[tile.signal], tile, scratch, &mut c[..n]);
    };
    let n_classes = of.iter().max().map_or(0, |last| last + 1);
    let value = |c: f64, atom: usize| {
        let c = if options.positive { c } else { c.abs() };
        weights[atom] * c
    };
    let work = |(scratch, c, tops): &mut (_, Vec<T>, Vec<_>), index: usize| {
        let tile = grid.tile(Number(index));
        correlate(scratch, c, &tile);
        let mut top = vec![0.0; n_classes];
        for_each_value(&tile, &group, n_atoms, c, |_, atom, c| {
            top[of[atom]] = f64::max(top[of[atom]], value(c, atom));
        });
        tops.push((index, top));
        Ok(())
    };
    let mut states = for_each(n_threads, grid.len(), state, work)?;
    let tops = states.iter_mut().flat_map(|(_, _, tops)| tops.drain(..));
    let tops: Vec<_> = tops.collect();
    let mut largest: Vec<f64> =
        (0..n_classes).map(|i| tops.iter().map(|(_, top)| top[i]).fold(0.0, f64::max)).collect();
    let Some((scratch, c, _)) = states.first_mut() else {
        return Ok(largest);
    };
    // As a solve does: all that might be the largest, one by one.
    let x = fold(x, f64::abs, f64::max);
    let least = |(class, top): (usize, &mut f64)| {
        let weights: Vec<f64> = (0..n_atoms).map(|atom| if of[atom] == class { weights[atom] } else { 0.0 }).collect();
        let slack = analysis.slack(false, x, &weights);
        let least = (*top > 4.0 * slack && top.is_finite()).then_some(*top - 2.0 * slack);
        *top = if least.is_some() { 0.0 } else { *top };
        least.unwrap_or(f64::INFINITY)
    };
    let least: Vec<f64> = largest.iter_mut().enumerate().map(least).collect();
    for (index, _) in tops.iter().filter(|(_, tops)| tops.iter().zip(&least).any(|(top, least)| top >= least)) {
        let tile = grid.tile(Number(*index));
        correlate(scratch, c, &tile);
        for_each_value(&tile, &group, n_atoms, c, |at, atom, c| {
            if value(c, atom) >= least[of[atom]] {
                let c = correlator.at(&signals[tile.signal], at, atom, scratch);
                largest[of[atom]] = f64::max(largest[of[atom]], value(c, atom));
            }
        });
    }
    Ok(largest)
}

/// Calls `visit` with position, atom and value of a tile's correlations.
fn for_each_value<T: Real>(
    tile: &Tile,
    group: &Point,
    n_atoms: usize,
    c: &[T],
    mut visit: impl FnMut(Point, usize, f64),
) {
    let [s0, s1, s2] = tile.stored(group);
    let positions = (0..s0 * s1 * s2).map(|i| [i / (s1 * s2), i / s2 % s1, i % s2]);
    for (at, row) in positions.zip(c.chunks_exact(n_atoms)) {
        // Positions beyond the end of the domain hold nothing.
        if (0..AXES).all(|a| at[a] < tile.shape[a]) {
            let at = std::array::from_fn(|a| tile.origin[a] + at[a]);
            for (atom, c) in row.iter().enumerate() {
                visit(at, atom, c.wide());
            }
        }
    }
}

/// λ of every atom.
pub(crate) fn lambdas(options: &Options, n_atoms: usize, lambda_max: &LambdaMax) -> Vec<f64> {
    let unit = |atom: usize| match options.reg_scale {
        RegScale::Absolute => 1.0,
        RegScale::Relative => lambda_max.of_all,
        RegScale::PerAtom => lambda_max.of_atoms[atom],
    };
    let reg = |atom: usize| options.reg_per_atom.get(atom).unwrap_or(&options.reg);
    (0..n_atoms).map(|atom| (reg(atom) * unit(atom)).min(f64::MAX)).collect()
}

/// F(z) and its data term ½‖X − Σₖ zₖ ∗ Dₖ‖², as a solve with these options minimises it: the
/// regularisation is theirs, relative to λmax, or to that of each atom, if they say so.
pub fn objective<T: Real>(
    shape: &Shape,
    dictionary: &Dictionary<T>,
    options: &Options,
    n_threads: usize,
    x: &Field<'_, T>,
    z: &Field<'_, T>,
) -> Result<(f64, f64)> {
    let valid = shape.valid();
    let n_fields = shape.n_signals * shape.n_atoms;
    check("z", shape, z, n_fields, valid)?;
    let dictionary = &matching(dictionary.clone(), shape)?;
    z.check_finite("z")?;
    let n_fields = shape.n_signals * shape.n_channels;
    check("x", shape, x, n_fields, shape.signal)?;
    let centred = centred(shape, options, x)?;
    let x = &centred.as_ref().map_or(x.clone(), |values| Field::contiguous(values, shape.signal));
    let filled = filled(options, x)?;
    match &filled {
        Some(values) => Field::contiguous(values, shape.signal).check_finite("x")?,
        None => x.check_finite("x")?,
    }
    let lambda_max = match options.reg_scale {
        RegScale::Absolute => LambdaMax::default(),
        RegScale::Relative | RegScale::PerAtom => of_centred(shape, dictionary, options, n_threads, x)?,
    };
    let lambda = lambdas(options, shape.n_atoms, &lambda_max);
    let volume = shape.signal.iter().product::<i64>() as usize;
    let mut model: Vec<T> = memory::zeroed("the reconstruction", n_fields * volume)?;
    let mut out = FieldMut::contiguous(&mut model, shape.signal);
    reconstruct(shape, dictionary, z, &mut out)?;
    let mut rows = model.chunks_exact(shape.signal[2] as usize);
    let mut squares = 0.0;
    for data in &x.channels {
        x.layout.for_each_row(|_, first| {
            // Row sums first: fewer roundings of a large total.
            let mut sum = 0.0;
            for (k, model) in rows.next().unwrap_or(&[]).iter().enumerate() {
                let x = data[(first as i64 + k as i64 * x.layout.strides[2]) as usize];
                // What is missing is none.
                let r = if filled.is_some() && x.wide().is_nan() { 0.0 } else { (x - *model).wide() };
                sum += r * r;
            }
            squares += sum;
        });
    }
    let norms = dictionary.squared_norms()?.into_iter().zip(dictionary.zero_atoms());
    let norms: Vec<f64> = norms.map(|(norm, zero)| if zero { 0.0 } else { norm.wide() }).collect();
    let mut penalty = 0.0;
    for (field, data) in z.channels.iter().enumerate() {
        let (mut total, mut squared) = (0.0, 0.0);
        z.layout.for_each_row(|_, first| {
            let value = |k: i64| data[(first as i64 + k * z.layout.strides[2]) as usize].wide();
            total += (0..valid[2]).map(|k| value(k).abs()).sum::<f64>();
            squared += (0..valid[2]).map(|k| value(k) * value(k)).sum::<f64>();
        });
        let atom = field % shape.n_atoms;
        penalty += lambda[atom] * total + 0.5 * options.ridge * (norms[atom] * squared);
    }
    let data_term = 0.5 * squares;
    Ok((data_term + penalty, data_term))
}
