//! The encoder: a dictionary bound to a domain, with everything that can be kept between solves.

use super::certificate::{Certificate, residual};
use super::functions::fails_unless_it_fits;
use super::options::{Options, Scale, Schedule, Strategy};
use super::schedule::{Control, Progress, Stop, Tiles};
use super::threads::for_each;
use super::tile::{Plan, Step, group_shape};
use crate::error::{Error, Result};
use crate::grid::tiles::{AXES, Layout, Point, TileGrid, checked_volume, padded};
use crate::grid::{Domain, Part, Segmentation};
use crate::linalg::correlate::Correlator;
use crate::linalg::{Dictionary, Field, FieldMut, Gram, OneThread, Real};
use crate::memory;
use std::sync::Mutex;
use std::time::Instant;

/// Longest axis: positions and their differences fit in 32 bits.
const LONGEST_AXIS: i64 = 1 << 30;

/// Shapes of a problem, checked to go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of axes, 1 to 3.
    pub n_axes: usize,
    /// Shape of a signal, on the padded axes.
    pub signal: Point,
    /// Number of independent signals.
    pub n_signals: usize,
    /// Number of channels, P.
    pub n_channels: usize,
    /// Number of atoms, K.
    pub n_atoms: usize,
    /// Shape of the atoms, on the padded axes.
    pub atom: Point,
    /// Axes that wrap around.
    pub periodic: [bool; AXES],
}

impl Shape {
    /// Checks shapes: one length per axis, atoms that fit in the signal, sizes that can be addressed.
    pub fn new(
        signal: &[i64],
        n_signals: i64,
        n_channels: i64,
        n_atoms: i64,
        atom: &[i64],
        options: &Options,
    ) -> Result<Self> {
        let n_axes = signal.len();
        if !(1..=AXES).contains(&n_axes) {
            return Err(Error::argument("n_axes", n_axes, "1, 2 or 3"));
        }
        if atom.len() != n_axes {
            let allowed = format!("{n_axes} lengths, one per axis");
            return Err(Error::shape("atom_shape", atom, allowed));
        }
        let counts = [
            ("n_signals", n_signals),
            ("n_channels", n_channels),
            ("n_atoms", n_atoms),
        ];
        for (name, count) in counts {
            if !(1..=i64::from(i32::MAX)).contains(&count) {
                return Err(Error::argument(name, count, "from 1 to 2^31 - 1"));
            }
        }
        if signal.iter().any(|n| !(1..=LONGEST_AXIS).contains(n)) {
            let allowed = "lengths from 1 to 2^30 on every axis";
            return Err(Error::shape("signal_shape", signal, allowed));
        }
        if atom.iter().zip(signal).any(|(l, t)| !(1..=*t).contains(l)) {
            let allowed = format!("lengths from 1 to that of the signal, {signal:?}");
            return Err(Error::shape("atom_shape", atom, allowed));
        }
        options.check_lengths(n_axes, n_atoms as usize)?;
        let mut periodic = [false; AXES];
        let first = AXES - n_axes;
        periodic[first..first + options.periodic.len()].copy_from_slice(&options.periodic);
        let shape = Shape {
            n_axes,
            signal: padded(signal, 1),
            n_signals: n_signals as usize,
            n_channels: n_channels as usize,
            n_atoms: n_atoms as usize,
            atom: padded(atom, 1),
            periodic,
        };
        let [t0, t1, t2] = shape.signal;
        let [v0, v1, v2] = shape.valid();
        let [l0, l1, l2] = shape.atom;
        checked_volume("the signals", [n_signals, n_channels, t0, t1, t2])?;
        checked_volume("the activations", [n_signals, n_atoms, v0, v1, v2])?;
        checked_volume("the dictionary", [n_atoms, n_channels, l0, l1, l2])?;
        let depth = checked_volume("an atom", [n_channels, l0, l1, l2])?;
        if depth > i32::MAX as usize {
            let allowed = "at most 2^31 - 1 values per atom, channels included";
            return Err(Error::shape("atom_shape", atom, allowed));
        }
        Ok(shape)
    }

    /// Shape of the activations: T − L + 1, or T on an axis that wraps.
    pub fn valid(&self) -> Point {
        std::array::from_fn(|a| {
            if self.periodic[a] {
                self.signal[a]
            } else {
                self.signal[a] - self.atom[a] + 1
            }
        })
    }

    /// The real axes of a padded shape.
    pub fn unpadded(&self, shape: Point) -> Vec<i64> {
        shape[AXES - self.n_axes..].to_vec()
    }

    /// Values of one signal's activations.
    pub fn activations(&self) -> usize {
        self.n_atoms * self.valid().iter().product::<i64>() as usize
    }
}

/// What a solve found and what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// Why it ended.
    pub stop: Stop,
    /// λ per atom (all equal unless `reg_per_atom` is set).
    pub lambda: Vec<f64>,
    /// Smallest λ for which z = 0 is optimal.
    pub lambda_max: f64,
    /// Tolerance on |dz|, absolute.
    pub tol: f64,
    /// Coordinate steps.
    pub steps: u64,
    /// Visits of tiles.
    pub visits: u64,
    /// Passes over all tiles.
    pub sweeps: u64,
    /// Number of z ≠ 0.
    pub nonzeros: u64,
    /// The certificate, computed anew from X and z.
    pub certificate: Certificate,
    /// Seconds for the whole call.
    pub seconds: f64,
    /// Seconds for the first correlation of signal and atoms.
    pub seconds_correlate: f64,
    /// Seconds for the descent.
    pub seconds_descend: f64,
    /// Seconds for the certificate.
    pub seconds_certify: f64,
    /// Seconds for the Gram tensor, when the encoder was made.
    pub seconds_gram: f64,
    /// Bytes held, the Gram tensor aside.
    pub bytes: u64,
    /// Bytes of the Gram tensor and what is derived from it.
    pub bytes_gram: u64,
}

/// One non-zero activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activation<T> {
    /// Which signal.
    pub signal: usize,
    /// Which atom.
    pub atom: usize,
    /// Where, on the padded axes.
    pub at: Point,
    /// Its value.
    pub value: T,
}

/// A dictionary bound to a domain: keeps the Gram tensor and the last z.
pub struct Encoder<T: Real> {
    shape: Shape,
    options: Options,
    n_threads: usize,
    dictionary: Dictionary<T>,
    norms: Vec<T>,
    plan: Plan<T>,
    grid_segments: Option<Segmentation>,
    tiles: Tiles<T>,
    correlator: Correlator<T>,
    residual: Vec<T>,
    seconds_gram: f64,
}

fn fails_unless_matching<T>(dictionary: &Dictionary<T>, shape: &Shape) -> Result<()> {
    let same = dictionary.n_atoms == shape.n_atoms
        && dictionary.n_channels == shape.n_channels
        && dictionary.shape == shape.atom;
    if same {
        return Ok(());
    }
    let d = (dictionary.n_atoms, dictionary.n_channels, dictionary.shape);
    let allowed = format!("{:?}", (shape.n_atoms, shape.n_channels, shape.atom));
    Err(Error::shape("d", d, allowed))
}

impl<T: Real> Encoder<T> {
    /// Computes the Gram tensor and lays out the tiles. `n_threads` ≥ 1.
    pub fn new(
        shape: Shape,
        dictionary: Dictionary<T>,
        options: Options,
        n_threads: usize,
    ) -> Result<Self> {
        fails_unless_matching(&dictionary, &shape)?;
        let start = Instant::now();
        let valid = shape.valid();
        let group = group_shape(valid, shape.n_atoms);
        let layout = Layout {
            n_signals: shape.n_signals,
            valid,
            atom: shape.atom,
            periodic: shape.periodic,
            group,
        };
        fails_unless_it_fits::<T>(&shape, &options, &layout)?;
        let published = options.schedule == Schedule::Published;
        let (grid, grid_segments) = if published {
            let (grid, segments) = published_grid(&shape, &options, &layout)?;
            (grid, Some(segments))
        } else {
            (layout.coloured(&tile_size(&shape, &options, &layout)), None)
        };
        let norms = dictionary.squared_norms()?;
        let scale: Vec<T> = norms.iter().map(|n| T::one() / *n).collect();
        let gram = Gram::new(&dictionary)?;
        let mut plan = Plan::new(&gram, &scale, group, published)?;
        drop(gram);
        plan.positive = options.positive;
        plan.strategy = options.strategy;
        plan.seed = options.seed as u64;
        if !published {
            plan.relax(shape.n_axes);
        }
        plan.steps_per_visit = match (published, options.steps_per_visit) {
            (true, _) => 1,
            (false, 0) => plan.steps_per_visit,
            (false, n) => n as usize,
        };
        let seconds_gram = start.elapsed().as_secs_f64();
        let largest = std::array::from_fn(|a| {
            let groups = grid.tiles.iter().map(|tile| tile.groups[a]);
            groups.max().unwrap_or(1) * group[a]
        });
        let method = options.correlation;
        let correlator =
            Correlator::new(&dictionary, &scale, group, shape.periodic, largest, method)?;
        let tiles = Tiles::new(grid, &group, shape.n_atoms)?;
        let volume = shape.signal.iter().product::<i64>() as usize;
        let values = shape.n_signals * shape.n_channels * volume;
        Ok(Encoder {
            residual: memory::zeroed("the residual", values)?,
            shape,
            options,
            n_threads,
            dictionary,
            norms,
            plan,
            grid_segments,
            tiles,
            correlator,
            seconds_gram,
        })
    }

    /// The shapes it was made for.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Takes another dictionary of the same shape; z is kept.
    pub fn set_dictionary(&mut self, dictionary: Dictionary<T>) -> Result<()> {
        let (shape, options) = (self.shape.clone(), self.options.clone());
        let mut next = Encoder::new(shape, dictionary, options, self.n_threads)?;
        // The tiles depend on shapes alone: they fit the new dictionary.
        std::mem::swap(&mut next.tiles, &mut self.tiles);
        *self = next;
        Ok(())
    }

    /// Records every step from now on, in order. For one thread.
    pub fn record_steps(&mut self) {
        self.tiles.record = Some(Mutex::default());
        for index in 0..self.tiles.len() {
            self.tiles.tile(index).trace = Some(Vec::new());
        }
    }

    /// The steps recorded since the last call.
    pub fn take_recorded_steps(&mut self) -> Vec<Step<T>> {
        let record = self.tiles.record.as_mut().map(|r| r.get_mut());
        record.map_or(Vec::new(), |r| {
            std::mem::take(r.unwrap_or_else(|e| e.into_inner()))
        })
    }

    fn check_layout(
        &self,
        argument: &str,
        channels: usize,
        expected: usize,
        shape: Point,
        allowed: Point,
    ) -> Result<()> {
        if channels != expected {
            let allowed = format!("{expected} of them");
            return Err(Error::argument(
                &format!("number of channels of {argument}"),
                channels,
                allowed,
            ));
        }
        if shape != allowed {
            let allowed = format!("{:?}", self.shape.unpadded(allowed));
            return Err(Error::shape(argument, self.shape.unpadded(shape), allowed));
        }
        Ok(())
    }

    fn n_atom_fields(&self) -> usize {
        self.shape.n_signals * self.shape.n_atoms
    }

    /// Sets z, (signals × atoms) fields over the valid domain, for a warm start.
    pub fn set_z(&mut self, z: &Field<'_, T>) -> Result<()> {
        self.check_z(z)?;
        let n_atoms = self.shape.n_atoms;
        for index in 0..self.tiles.len() {
            let state = &mut *self.tiles.tile(index);
            state.clear_z();
            let (origin, shape) = (state.tile.origin, state.tile.shape);
            let first = state.tile.signal * n_atoms;
            for i in 0..shape[0] {
                for j in 0..shape[1] {
                    for k in 0..shape[2] {
                        let at = [i, j, k];
                        let from = z.layout.index(std::array::from_fn(|a| at[a] + origin[a]));
                        for atom in 0..n_atoms {
                            let value = z.channels[first + atom][from];
                            if value != T::ZERO {
                                state.set_z(&self.plan, at, atom, value);
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Checks an array of activations: shape, finite, non-negative when z ≥ 0 is asked for.
    pub fn check_z(&self, z: &Field<'_, T>) -> Result<()> {
        let (n, valid) = (self.n_atom_fields(), self.shape.valid());
        self.check_layout("z", z.channels.len(), n, z.layout.shape, valid)?;
        z.check_finite("z")?;
        if !self.options.positive {
            return Ok(());
        }
        for (channel, data) in z.channels.iter().enumerate() {
            let mut negative = None;
            z.layout.for_each_row(|at, first| {
                for k in 0..valid[2] {
                    let value = data[(first as i64 + k * z.layout.strides[2]) as usize];
                    if value < T::ZERO && negative.is_none() {
                        negative = Some(([at[0], at[1], k], value));
                    }
                }
            });
            if let Some(([i, j, k], value)) = negative {
                let name = format!("z[{channel}, {i}, {j}, {k}]");
                return Err(Error::argument(
                    &name,
                    value,
                    "at least 0 (option \"positive\")",
                ));
            }
        }
        Ok(())
    }

    /// Forgets z: the next warm start begins at zero.
    pub fn clear_z(&mut self) {
        for index in 0..self.tiles.len() {
            self.tiles.tile(index).clear_z();
        }
    }

    /// Writes z as (signals × atoms) fields over the valid domain.
    pub fn z(&self, out: &mut FieldMut<'_, T>) -> Result<()> {
        let (n, valid) = (self.n_atom_fields(), self.shape.valid());
        self.check_layout("z", out.channels.len(), n, out.layout.shape, valid)?;
        let layout = out.layout;
        for channel in &mut out.channels {
            layout.for_each_row(|_, first| {
                for k in 0..layout.shape[2] {
                    channel[(first as i64 + k * layout.strides[2]) as usize] = T::ZERO;
                }
            });
        }
        for index in 0..self.tiles.len() {
            let state = self.tiles.tile(index);
            let origin = state.tile.origin;
            let first = state.tile.signal * self.shape.n_atoms;
            state.for_each_nonzero(&self.plan, |at, atom, value| {
                let at = layout.index(std::array::from_fn(|a| at[a] + origin[a]));
                out.channels[first + atom][at] = value;
            });
        }
        Ok(())
    }

    /// All z ≠ 0, sorted by (signal, atom, position).
    pub fn activations(&self) -> Result<Vec<Activation<T>>> {
        let mut list = Vec::new();
        let n = (0..self.tiles.len()).map(|index| self.tiles.tile(index).n_nonzero());
        memory::reserve("the list of activations", &mut list, n.sum())?;
        for index in 0..self.tiles.len() {
            let state = self.tiles.tile(index);
            let (signal, origin) = (state.tile.signal, state.tile.origin);
            state.for_each_nonzero(&self.plan, |at, atom, value| {
                let at = std::array::from_fn(|a| at[a] + origin[a]);
                list.push(Activation {
                    signal,
                    atom,
                    at,
                    value,
                });
            });
        }
        list.sort_unstable_by_key(|a| (a.signal, a.atom, a.at));
        Ok(list)
    }

    /// Number of z ≠ 0.
    pub fn n_nonzero(&self) -> usize {
        (0..self.tiles.len())
            .map(|index| self.tiles.tile(index).n_nonzero())
            .sum()
    }

    fn check_x(&self, x: &Field<'_, T>) -> Result<()> {
        let n = self.shape.n_signals * self.shape.n_channels;
        self.check_layout("x", x.channels.len(), n, x.layout.shape, self.shape.signal)?;
        x.check_finite("x")
    }

    /// max |D ⋆ X| (max D ⋆ X when z ≥ 0): the smallest λ for which z = 0 is optimal.
    pub fn lambda_max(&mut self, x: &Field<'_, T>) -> Result<f64> {
        self.check_x(x)?;
        let largest = self.correlate(x)?;
        Ok(self.unscaled_max(&largest))
    }

    /// Fills c with the correlation of a signal or residual with the atoms. Returns for each atom
    /// the largest |c| (or c when z ≥ 0) of the coordinates that may be chosen.
    fn correlate(&self, field: &Field<'_, T>) -> Result<Vec<T>> {
        let _blas = OneThread::new();
        let n_atoms = self.shape.n_atoms;
        let signals: Vec<Field<'_, T>> = field
            .channels
            .chunks_exact(self.shape.n_channels)
            .map(|channels| Field {
                channels: channels.to_vec(),
                layout: field.layout,
            })
            .collect();
        let state = || Ok((self.correlator.scratch()?, vec![T::ZERO; n_atoms]));
        let n = self.tiles.len();
        let states = for_each(self.n_threads, n, state, |(scratch, largest), index| {
            let mut guard = self.tiles.tile(index);
            let state = &mut *guard;
            let signal = &signals[state.tile.signal];
            self.correlator
                .tile(signal, &state.tile, scratch, &mut state.c);
            state.mask(&self.plan);
            largest_per_atom(&self.plan, &state.c, largest);
            Ok(())
        })?;
        let mut largest = vec![T::ZERO; n_atoms];
        for (_, other) in states {
            for (to, from) in largest.iter_mut().zip(other) {
                if from > *to {
                    *to = from;
                }
            }
        }
        Ok(largest)
    }

    fn correlate_residual(&self) -> Result<Vec<T>> {
        self.correlate(&Field::contiguous(&self.residual, self.shape.signal))
    }

    /// The largest value of c, not scaled by 1/n_k.
    fn unscaled_max(&self, largest: &[T]) -> f64 {
        let unscaled = largest
            .iter()
            .zip(&self.norms)
            .map(|(c, n)| (*c * *n).wide());
        unscaled.fold(0.0, f64::max)
    }

    /// Encodes a signal. `report` is called now and then and returns whether to go on.
    pub fn solve(
        &mut self,
        x: &Field<'_, T>,
        report: Option<&mut dyn FnMut(&Progress) -> bool>,
    ) -> Result<Info> {
        let start = Instant::now();
        let elapsed = || start.elapsed().as_secs_f64();
        self.check_x(x)?;
        let warm = self.options.warm_start;
        if !warm {
            self.clear_z();
        }
        // λmax is that of the signal, whatever the start and its support.
        self.freeze(false);
        let largest = self.correlate(x)?;
        let lambda_max = self.unscaled_max(&largest);
        let scaled_max = largest.iter().map(|c| c.wide()).fold(0.0, f64::max);
        // Below some units of rounding in c and z nothing can be gained.
        // Nor where numbers are so small that rounding is no longer relative.
        let least_normal = match T::of(f64::MIN_POSITIVE) > T::ZERO {
            true => f64::MIN_POSITIVE,
            false => f32::MIN_POSITIVE.into(),
        };
        let relative_from = least_normal / T::EPSILON.wide();
        let rounding =
            move |z: f64| (16.0 * T::EPSILON.wide() * scaled_max.max(z)).max(relative_from);
        let lambda = self.lambda(lambda_max);
        self.plan.set_thresholds(&lambda, &self.norms);
        let frozen = warm && self.options.frozen_support;
        if frozen || self.n_nonzero() > 0 {
            self.freeze(frozen);
            self.update_residual(x);
            self.correlate_residual()?;
        }
        let tol = match self.options.tol_scale {
            Scale::Absolute => self.options.tol,
            Scale::Relative => {
                let least = lambda.iter().copied().fold(f64::INFINITY, f64::min);
                match lambda_max - least {
                    range if range > 0.0 => (self.options.tol * range).min(f64::MAX),
                    // Nothing to be relative to: z = 0 up to rounding.
                    _ => rounding(0.0),
                }
            }
        };
        let seconds_correlate = elapsed();
        let mut control = Control {
            start,
            time_limit: self.options.time_limit,
            max_iter: u64::try_from(self.options.max_iter).unwrap_or(u64::MAX),
            interval: self.options.progress_interval,
            last_report: 0.0,
            report,
            progress: Progress {
                tiles: self.tiles.len() as u64,
                tol,
                ..Progress::default()
            },
        };
        let mut seconds_descend = 0.0;
        let mut seconds_certify = 0.0;
        let mut largest = self.tiles.restart(&self.plan, self.n_threads)?;
        let mut rounds = 0;
        // A little below `tol`, so that the rounding of G seldom costs a second round.
        let target = if self.plan.is_exact() {
            tol
        } else {
            0.998 * tol
        };
        let (stop, certificate) = loop {
            let begin = elapsed();
            let floor = move |z: f64| T::of(target.max(rounding(z)));
            let mut stop = if largest > floor(0.0) || rounds == 0 {
                self.descend(floor, &mut control)?
            } else {
                Stop::Precision
            };
            seconds_descend += elapsed() - begin;
            let begin = elapsed();
            self.update_residual(x);
            let correlations = self.correlate_residual()?;
            largest = self.tiles.restart(&self.plan, self.n_threads)?;
            let certificate = Certificate::new(
                x,
                &self.residual,
                self.penalty(&lambda),
                dual_ratio(&correlations, &lambda, &self.norms),
                largest,
            );
            seconds_certify += elapsed() - begin;
            rounds += 1;
            let done = certificate.max_step <= tol;
            if stop == Stop::Converged && !done {
                // Rounding has piled up in c; go on from the fresh one.
                if rounds < 8 && largest > floor(0.0) {
                    continue;
                }
                stop = Stop::Precision;
            } else if stop == Stop::Precision && done {
                stop = Stop::Converged;
            }
            break (stop, certificate);
        };
        control.progress.seconds = elapsed();
        control.progress.max_step = certificate.max_step;
        control.report(true);
        let progress = control.progress;
        Ok(Info {
            stop,
            lambda,
            lambda_max,
            tol,
            steps: progress.steps,
            visits: progress.visits,
            sweeps: progress.sweeps,
            nonzeros: self.n_nonzero() as u64,
            certificate,
            seconds: elapsed(),
            seconds_correlate,
            seconds_descend,
            seconds_certify,
            seconds_gram: self.seconds_gram,
            bytes: self.bytes() as u64,
            bytes_gram: self.plan.gram_bytes() as u64,
        })
    }

    /// Bytes held between calls, the Gram tensor aside.
    pub fn bytes(&self) -> usize {
        self.tiles.bytes() + self.residual.capacity() * size_of::<T>() + self.correlator.bytes()
    }

    fn freeze(&self, frozen: bool) {
        (0..self.tiles.len()).for_each(|index| self.tiles.tile(index).freeze(frozen));
    }

    fn update_residual(&mut self, x: &Field<'_, T>) {
        let out = &mut self.residual;
        residual(
            x,
            &self.tiles,
            &self.plan,
            &self.dictionary,
            &self.shape,
            out,
        );
    }

    /// Σ λ_k ‖z_k‖₁, summed tile by tile.
    fn penalty(&self, lambda: &[f64]) -> f64 {
        let of_tile = |index| {
            let mut sum = 0.0;
            let state = self.tiles.tile(index);
            state.for_each_nonzero(&self.plan, |_, k, z| sum += lambda[k] * z.wide().abs());
            sum
        };
        (0..self.tiles.len()).map(of_tile).sum()
    }

    fn lambda(&self, lambda_max: f64) -> Vec<f64> {
        lambdas(&self.options, self.shape.n_atoms, lambda_max)
    }

    fn descend(
        &mut self,
        tol: impl Fn(f64) -> T + Sync,
        control: &mut Control<'_>,
    ) -> Result<Stop> {
        let (tiles, plan) = (&self.tiles, &self.plan);
        let Some(segments) = &mut self.grid_segments else {
            return tiles.descend_coloured(plan, tol, self.n_threads, control);
        };
        match self.options.strategy {
            Strategy::Cyclic => tiles.descend_published_cyclic(plan, segments, tol(0.0), control),
            _ => tiles.descend_published(plan, segments, tol(0.0), control),
        }
    }
}

/// λ of every atom.
pub(super) fn lambdas(options: &Options, n_atoms: usize, lambda_max: f64) -> Vec<f64> {
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

/// Raises `largest`, per atom, to the largest |c| (or c when z ≥ 0).
fn largest_per_atom<T: Real>(plan: &Plan<T>, c: &[T], largest: &mut [T]) {
    let raise = |to: &mut T, c: T| {
        if c > *to {
            *to = c;
        }
    };
    for row in c.chunks_exact(plan.n_atoms) {
        for (to, c) in largest.iter_mut().zip(row) {
            raise(to, if plan.positive { *c } else { c.abs() });
        }
    }
}

/// Largest |D_k ⋆ r| / λ_k: how far a residual must shrink to be dual feasible.
fn dual_ratio<T: Real>(correlations: &[T], lambda: &[f64], norms: &[T]) -> f64 {
    let atoms = correlations.iter().zip(lambda).zip(norms);
    let moving = atoms.filter(|((c, _), _)| **c > T::ZERO);
    let ratio = moving.map(|((c, lambda), n)| c.wide() * n.wide() / lambda);
    ratio.fold(0.0, f64::max)
}

/// Tile size of the coloured schedule: what was asked for, or twice an atom, but so large that a
/// tile is worth a visit.
pub(super) fn tile_size(shape: &Shape, options: &Options, layout: &Layout) -> Point {
    if options.strategy == Strategy::Greedy {
        return layout.valid;
    }
    if !options.tile_shape.is_empty() {
        return padded(&options.tile_shape, 1);
    }
    // At least this many groups along an axis.
    let groups = [1, 12, 4, 3][shape.n_axes];
    std::array::from_fn(|a| {
        if layout.valid[a] == 1 {
            1
        } else {
            (2 * shape.atom[a] - 1).max(groups * layout.group[a])
        }
    })
}

/// The segments of the published serial code.
pub(super) fn published_grid(
    shape: &Shape,
    options: &Options,
    layout: &Layout,
) -> Result<(TileGrid, Segmentation)> {
    let valid = shape.unpadded(layout.valid);
    let atom = shape.unpadded(shape.atom);
    let domain = Domain::whole(&valid)?;
    let whole = options.strategy == Strategy::Greedy;
    let segments = if whole || options.tile_shape.is_empty() {
        let count = |(v, l): (&i64, &i64)| if whole { 1 } else { (v / (2 * l - 1)).max(1) };
        let counts: Vec<i64> = valid.iter().zip(&atom).map(count).collect();
        Segmentation::by_count(&domain, &counts)?
    } else {
        Segmentation::by_shape(&domain, &options.tile_shape)?
    };
    if options.strategy == Strategy::Cyclic {
        // Its segments only say when to look at a coordinate.
        return Ok((layout.grid(&layout.valid.map(|v| vec![0, v])), segments));
    }
    let mut cuts: [Vec<i64>; AXES] = std::array::from_fn(|_| vec![0]);
    for index in 0..segments.n_segments() {
        let bounds = segments.segment_bounds(index, Part::Inner)?;
        for (cuts, range) in cuts[AXES - shape.n_axes..].iter_mut().zip(bounds) {
            cuts.push(range.end);
        }
    }
    for (axis, cuts) in cuts.iter_mut().enumerate() {
        if axis < AXES - shape.n_axes {
            cuts.push(1);
        }
        cuts.sort_unstable();
        cuts.dedup();
    }
    Ok((layout.grid(&cuts), segments))
}

/// X̂ = Σ_k z_k ∗ D_k, (signals × channels) fields. Serial.
pub fn reconstruct<T: Real>(
    shape: &Shape,
    dictionary: &Dictionary<T>,
    z: &Field<'_, T>,
    out: &mut FieldMut<'_, T>,
) -> Result<()> {
    fails_unless_matching(dictionary, shape)?;
    for channel in out.channels.iter_mut() {
        out.layout.for_each_row(|_, first| {
            for k in 0..out.layout.shape[2] {
                channel[(first as i64 + k * out.layout.strides[2]) as usize] = T::ZERO;
            }
        });
    }
    let valid = shape.valid();
    for (index, data) in z.channels.iter().enumerate() {
        let (signal, atom) = (index / shape.n_atoms, index % shape.n_atoms);
        let channels = &mut out.channels[signal * shape.n_channels..];
        z.layout.for_each_row(|at, first| {
            for k in 0..valid[2] {
                let value = data[(first as i64 + k * z.layout.strides[2]) as usize];
                if value != T::ZERO {
                    let at = [at[0], at[1], k];
                    super::certificate::add_atom(
                        dictionary,
                        shape,
                        channels,
                        &out.layout,
                        atom,
                        at,
                        value,
                    );
                }
            }
        });
    }
    Ok(())
}
