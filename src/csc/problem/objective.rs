//! Parts of a solve by themselves: λmax and the objective, without a Gram tensor or tiles of z.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::wording::{nth, per_axis};
use crate::csc::descent::tile::group_shape;
use crate::csc::encoder::{published_grid, reconstruct, tile_size};
use crate::csc::problem::scaling::Scaling;
use crate::csc::problem::shape::Shape;
use crate::grid::point::{AXES, Point, padded};
use crate::grid::tiles::{Layout, Tile};
use crate::linalg::correlate::Correlator;
use crate::linalg::{Atoms, Dictionary, Field, FieldMut, Real};
use crate::options::solve::{Options, Scale, Schedule};
use crate::threads::for_each;

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

/// max |D ⋆ X| (max D ⋆ X when z ≥ 0): the smallest λ for which z = 0 is optimal. The same bits as
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
    x.check_finite("x")?;
    let (valid, n_atoms) = (shape.valid(), shape.n_atoms);
    let group = group_shape(valid, n_atoms);
    let layout = Layout { n_signals: shape.n_signals, valid, atom: shape.atom, periodic: shape.periodic, group };
    fails_unless_it_fits::<T>(shape, options, &layout)?;
    let grid = match options.schedule {
        Schedule::Coloured | Schedule::Asynchronous => layout.coloured(&tile_size(shape, options, &layout)),
        Schedule::Published => published_grid(shape, options, &layout)?.0,
    };
    let largest_tile = grid.largest();
    let (scaling, dictionary) = Scaling::new(dictionary.clone(), options)?;
    let method = options.correlation;
    let correlator = Correlator::new(&dictionary, &scaling.scale(), group, shape.periodic, largest_tile, method)?;
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
    let weights = scaling.of_lambda_max();
    let value = |c: f64, atom: usize| {
        let c = if options.positive { c } else { c.abs() };
        weights[atom] * c
    };
    let work = |(scratch, c, tops): &mut (_, Vec<T>, Vec<_>), index: usize| {
        let tile = grid.tile(index);
        correlate(scratch, c, &tile);
        let mut top = 0.0;
        for_each_value(&tile, &group, n_atoms, c, |_, atom, c| {
            top = f64::max(top, value(c, atom));
        });
        tops.push((index, top));
        Ok(())
    };
    let mut states = for_each(n_threads, grid.len(), state, work)?;
    let tops = states.iter_mut().flat_map(|(_, _, tops)| tops.drain(..));
    let tops: Vec<_> = tops.collect();
    let top = tops.iter().map(|(_, top)| *top).fold(0.0, f64::max);
    let uncertain = correlator.uncertainty(false);
    let slack = uncertain.iter().zip(&weights).map(|(e, w)| e * w);
    let slack = slack.fold(0.0, f64::max) * fold(x, f64::abs, f64::max);
    let Some((scratch, c, _)) = states.first_mut() else {
        return Ok(top * scaling.gauge());
    };
    if top <= 4.0 * slack || top.is_infinite() {
        return Ok(top * scaling.gauge());
    }
    // As a solve does: all that might be the largest, one by one.
    let least = top - 2.0 * slack;
    let mut largest = 0.0;
    for (index, _) in tops.iter().filter(|(_, top)| *top >= least) {
        let tile = grid.tile(*index);
        correlate(scratch, c, &tile);
        for_each_value(&tile, &group, n_atoms, c, |at, atom, c| {
            if value(c, atom) >= least {
                let c = correlator.at(&signals[tile.signal], at, atom, scratch);
                largest = f64::max(largest, value(c, atom));
            }
        });
    }
    Ok(largest * scaling.gauge())
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
fn lambdas(options: &Options, n_atoms: usize, lambda_max: f64) -> Vec<f64> {
    let unit = match options.reg_scale {
        Scale::Absolute => 1.0,
        Scale::Relative => lambda_max,
    };
    let lambda = |reg: &f64| (reg * unit).min(f64::MAX);
    if options.reg_per_atom.is_empty() {
        vec![lambda(&options.reg); n_atoms]
    } else {
        options.reg_per_atom.iter().map(lambda).collect()
    }
}

/// F(z) and its data term ½‖X − Σₖ zₖ ∗ Dₖ‖², as a solve with these options minimises it: the
/// regularisation is theirs, relative to λmax if they say so.
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
    z.check_finite("z")?;
    let n_fields = shape.n_signals * shape.n_channels;
    check("x", shape, x, n_fields, shape.signal)?;
    x.check_finite("x")?;
    let lambda_max = match options.reg_scale {
        Scale::Absolute => 0.0,
        Scale::Relative => lambda_max(shape, dictionary, options, n_threads, x)?,
    };
    let lambda = lambdas(options, shape.n_atoms, lambda_max);
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
                let r = (x - *model).wide();
                sum += r * r;
            }
            squares += sum;
        });
    }
    let mut penalty = 0.0;
    for (field, data) in z.channels.iter().enumerate() {
        let mut total = 0.0;
        z.layout.for_each_row(|_, first| {
            let value = |k: i64| data[(first as i64 + k * z.layout.strides[2]) as usize];
            total += (0..valid[2]).map(|k| value(k).wide().abs()).sum::<f64>();
        });
        penalty += lambda[field % shape.n_atoms] * total;
    }
    let data_term = 0.5 * squares;
    Ok((data_term + penalty, data_term))
}

/// Fails if an encoder's tiles, z and residual do not fit in memory: asks for it all at once, before
/// many small allocations, which end the process where they fail, are made.
pub(crate) fn fails_unless_it_fits<T: Real>(shape: &Shape, options: &Options, layout: &Layout) -> Result<()> {
    let size = match options.schedule {
        Schedule::Coloured | Schedule::Asynchronous => tile_size(shape, options, layout),
        Schedule::Published if !options.tile_shape.is_empty() => padded(&options.tile_shape, 1),
        Schedule::Published => shape.atom.map(|l| 2 * l - 1),
    };
    let wide = |n: usize| n as u128;
    let (mut tiles, mut neighbours) = (wide(shape.n_signals), 1);
    for ((valid, atom), size) in layout.valid.into_iter().zip(shape.atom).zip(size) {
        let size = size.clamp(1, valid);
        tiles *= (valid / size + 1) as u128;
        neighbours *= (2 * (atom / size) + 3) as u128;
    }
    // What a tile holds beside its values, and an edge to another; rather too much than too little.
    let (per_tile, per_neighbour) = (1024, 160);
    let fields = wide(shape.n_signals) * wide(shape.n_channels + shape.n_atoms);
    let volume: i64 = shape.signal.iter().product();
    let values = fields * volume as u128;
    let bytes = tiles
        .saturating_mul(per_tile + per_neighbour * neighbours)
        .saturating_add(values.saturating_mul(wide(size_of::<T>())))
        .saturating_add(fields * 32);
    let bytes = usize::try_from(bytes).map_err(|_| Error::memory("the tiles and activations", bytes))?;
    memory::reserve("the tiles and activations", &mut Vec::<u8>::new(), bytes)
}

/// Norms of the atoms, to refuse numbers so large or so small that a solve would overflow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    least: f64,
    most: f64,
}

impl Range {
    /// Fails if ‖D_k‖² or its inverse overflows; an atom of zeros is fine. `argument` is the
    /// dictionary's name.
    pub(crate) fn new<T: Real>(dictionary: &Dictionary<T>, argument: &str) -> Result<Self> {
        let (mut least, mut most) = (f64::INFINITY, 0f64);
        let (channels, volume) = (dictionary.n_channels, dictionary.volume());
        for k in 0..dictionary.n_atoms {
            let norm = match &dictionary.atoms {
                Atoms::Full(d) => norm(&d[k * channels * volume..][..channels * volume]),
                Atoms::RankOne { u, v } => norm(&u[k * channels..][..channels]) * norm(&v[k * volume..][..volume]),
            };
            if norm == 0.0 {
                continue;
            }
            let square = T::of(norm * norm);
            let fits = square.finite() && (T::one() / square).finite();
            if !fits || square * T::EPSILON <= T::ZERO {
                let name = format!("the norm of atom {} of {argument}", nth(k as i64));
                let allowed = "such that its square and the inverse of that can be computed";
                return Err(Error::argument(&name, format!("{norm:e}"), allowed));
            }
            least = least.min(norm);
            most = most.max(norm);
        }
        // Zero atoms count as one.
        Ok(Range { least: least.min(1.0), most: most.max(1.0) })
    }

    /// Of atoms with norm 1.
    pub(crate) fn unit() -> Self {
        Range { least: 1.0, most: 1.0 }
    }

    /// `norm` bounds what the field stands for.
    fn check<T: Real>(&self, argument: &str, field: &Field<'_, T>, norm: f64) -> Result<()> {
        // Room for the sums of a solve.
        let norm = 1024.0 * norm;
        let products = [norm * self.most, norm / self.least];
        let fits = products.iter().all(|product| T::of(*product).finite());
        if fits && (norm * norm).is_finite() {
            return Ok(());
        }
        let largest = fold(field, f64::abs, f64::max);
        if norm.is_nan() || largest.is_infinite() {
            // For the caller's own check, which says where.
            return Ok(());
        }
        let name = format!("the largest value of {argument}");
        let allowed = format!(
            "so small that products with the norms of the atoms, {:e} to {:e}, and with their \
             inverses do not overflow",
            self.least, self.most
        );
        Err(Error::argument(&name, format!("{largest:e}"), allowed))
    }

    /// Fails if correlations of the signal with the atoms may overflow.
    pub(crate) fn check_x<T: Real>(&self, x: &Field<'_, T>) -> Result<()> {
        let norm = fold(x, |x| x * x, |a, b| a + b).sqrt();
        self.check("x", x, norm)
    }

    /// Fails if correlations of what z stands for may overflow.
    pub(crate) fn check_z<T: Real>(&self, z: &Field<'_, T>) -> Result<()> {
        let sum = fold(z, f64::abs, |a, b| a + b);
        self.check("z", z, sum.max(sum * self.most))
    }
}

/// ‖values‖, of very large and very small values, too.
fn norm<T: Real>(values: &[T]) -> f64 {
    let largest = values.iter().map(|x| x.wide().abs()).fold(0.0, f64::max);
    if largest == 0.0 {
        return 0.0;
    }
    let squares = values.iter().map(|x| (x.wide() / largest) * (x.wide() / largest));
    largest * squares.sum::<f64>().sqrt()
}

/// Terms put together: rows first, for fewer roundings of a large total. NaN counts for nothing
/// in a maximum, and makes a sum NaN.
fn fold<T: Real>(field: &Field<'_, T>, term: impl Fn(f64) -> f64, join: impl Fn(f64, f64) -> f64) -> f64 {
    let mut total = 0.0;
    for data in &field.channels {
        field.layout.for_each_row(|_, first| {
            let value = |k: i64| data[(first as i64 + k * field.layout.strides[2]) as usize];
            let row = (0..field.layout.shape[2]).map(|k| term(value(k).wide()));
            total = join(total, row.fold(0.0, &join));
        });
    }
    total
}
