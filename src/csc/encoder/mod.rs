//! The encoder: a dictionary bound to a domain, with everything that can be kept between solves.

mod activations;
pub mod certificate;
mod correlations;
pub(crate) mod learning;
mod placement;

use crate::base::error::{Error, Result};
use crate::base::panic::unpoisoned;
use crate::base::stop::Stop;
use crate::base::wording::per_axis;
use crate::clock::Progress;
use crate::clock::{self, Clock, Stage};
use crate::csc::descent::asynchronous;
use crate::csc::descent::exchange::{Exchange, Window};
use crate::csc::descent::halo::Traffic;
use crate::csc::descent::tile::{Plan, Step, group_shape, least_tile};
use crate::csc::descent::tiles::{Control, Tiles};
use crate::csc::descent::trace::{Activity, Mark, Span, Trace};
use crate::csc::encoder::certificate::{Certificate, add_atom, images, squares, subtract_model};
use crate::csc::problem::objective::fails_unless_it_fits;
use crate::csc::problem::scaling::Scaling;
use crate::csc::problem::shape::Shape;
use crate::grid::block::Block;
use crate::grid::point::{AXES, Point, padded};
use crate::grid::tiles::{Layout, Tile, TileGrid};
use crate::grid::{Domain, Part, Segmentation};
use crate::linalg::correlate::Correlator;
use crate::linalg::{Atoms, Dictionary, Field, FieldMut, Gram, Real};
use crate::options::solve::{self, Options, Scale, Schedule, Strategy};
use crate::ranks::alike::{Alike, fails_unless_alike};
use crate::ranks::exact_sum::ExactSum;
use crate::ranks::local::Local;
use crate::ranks::{Reduce, Transport};
use crate::threads::Team;
use correlations::{Beginning, Largest};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Seconds by which a descent may notice late that its time is up: what is reserved for the certificate is not for that.
const LATE: f64 = 0.005;

/// What a solve found and what it cost. One that was stopped in the middle of a stage knows less: see [`Info::proven`].
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// Why it ended.
    pub stop: Stop,
    /// λ per atom (all equal unless `reg_per_atom` is set). With `lambda_max` and `tol` NaN if the solve was stopped before the
    /// first correlation was known.
    pub lambda: Vec<f64>,
    /// Smallest λ for which z = 0 is optimal.
    pub lambda_max: f64,
    /// λmax may be rounding alone: the atoms have nothing to do with the signals.
    pub noise: bool,
    /// Tolerance on |dz|, absolute: on ‖d_k‖·|dz_k| over the least ‖d_k‖; in the published schedule on |dz|.
    pub tol: f64,
    /// What that is for |dz_k|, atom by atom.
    pub tol_per_atom: Vec<f64>,
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
    /// The certificate is there. If the solve was stopped before, what it would have said is NaN or infinite.
    pub proven: bool,
    /// Seconds for the whole call.
    pub seconds: f64,
    /// Seconds for the first correlation of signal and atoms.
    pub seconds_correlate: f64,
    /// Seconds for the descent.
    pub seconds_descend: f64,
    /// Seconds for the certificate.
    pub seconds_certify: f64,
    /// Seconds for what is in none of these: with them they are those of the whole call.
    pub seconds_other: f64,
    /// Seconds for the Gram tensor, when the encoder was made.
    pub seconds_gram: f64,
    /// Bytes held, the Gram tensor aside.
    pub bytes: u64,
    /// Bytes of the Gram tensor and what is derived from it.
    pub bytes_gram: u64,
    /// Messages that this rank sent to others, reductions aside.
    pub messages: u64,
    /// Bytes in them.
    pub bytes_sent: u64,
    /// Seconds that this rank waited for messages and reductions.
    pub seconds_waiting: f64,
}

impl Info {
    /// Before anything is known.
    pub(crate) fn unknown(n_atoms: usize) -> Self {
        Info {
            stop: Stop::Cancelled,
            lambda: vec![f64::NAN; n_atoms],
            lambda_max: f64::NAN,
            noise: false,
            tol: f64::NAN,
            tol_per_atom: vec![f64::NAN; n_atoms],
            steps: 0,
            visits: 0,
            sweeps: 0,
            nonzeros: 0,
            certificate: Certificate::unknown(),
            proven: false,
            seconds: 0.0,
            seconds_correlate: 0.0,
            seconds_descend: 0.0,
            seconds_certify: 0.0,
            seconds_other: 0.0,
            seconds_gram: 0.0,
            bytes: 0,
            bytes_gram: 0,
            messages: 0,
            bytes_sent: 0,
            seconds_waiting: 0.0,
        }
    }
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
///
/// Over several ranks every rank makes one, with the same arguments, and brings its own block of
/// the signals; functions that say so are collective, called by all ranks in the same order. They
/// fail on all ranks alike or on none. Which rank works on what is settled at the first call that
/// brings a block: whoever holds the middle of a tile gets it, or all get equal shares where that
/// would leave ranks idle.
pub struct Encoder<T: Real> {
    shape: Shape,
    options: Options,
    n_threads: usize,
    ranks: Arc<dyn Transport>,
    /// Its atoms have norms of about 1: see `scaling`.
    dictionary: Dictionary<T>,
    scaling: Scaling<T>,
    plan: Plan<T>,
    grid: TileGrid,
    grid_segments: Option<Segmentation>,
    tiles: Tiles<T>,
    /// The part of the activations that each rank works on, once that is settled.
    regions: Vec<Block>,
    exchange: Option<Exchange>,
    correlator: Correlator<T>,
    /// What its results may be wrong by for each atom where |x| ≤ 1, in full and in single precision.
    uncertainty: [Vec<f64>; 2],
    /// The largest c where |x| ≤ 1.
    reach: f64,
    /// Signals whose c is in single precision.
    single: Vec<bool>,
    /// The residual, where this rank needs it.
    window: Window<T>,
    /// What brings the signals into the range of single precision.
    x_unit: f64,
    seconds_gram: f64,
}

/// A dictionary is not of the shape that it has to have.
pub(crate) fn wrong_dictionary<T>(dictionary: &Dictionary<T>, shape: &Shape) -> Error {
    let text = |n_atoms: usize, n_channels: usize, atom: Point| {
        let mut all = vec![n_atoms as i64, n_channels as i64];
        all.extend(shape.unpadded(atom));
        format!("of shape {}", per_axis(&all))
    };
    let found = text(dictionary.n_atoms, dictionary.n_channels, dictionary.shape);
    let allowed = text(shape.n_atoms, shape.n_channels, shape.atom);
    Error::shape("d", found, allowed)
}

fn fails_unless_matching<T>(dictionary: &Dictionary<T>, shape: &Shape) -> Result<()> {
    let same = dictionary.n_atoms == shape.n_atoms
        && dictionary.n_channels == shape.n_channels
        && dictionary.shape == shape.atom;
    if same {
        return Ok(());
    }
    Err(wrong_dictionary(dictionary, shape))
}

/// What has to be the same on every rank.
fn fingerprints<T: Real>(shape: &Shape, options: &Options, dictionary: &Dictionary<T>) -> Vec<Alike> {
    let bits = |values: &[T], to: &mut DefaultHasher| {
        values.iter().for_each(|v| v.wide().to_bits().hash(to));
    };
    let atoms = number(&|to| match &dictionary.atoms {
        Atoms::Full(d) => bits(d, to),
        Atoms::RankOne { u, v } => [u, v].into_iter().for_each(|factor| bits(factor, to)),
    });
    let mut all = same_problem::<T>(shape, options);
    all.push(Alike { argument: "the dictionary".into(), number: atoms, text: String::new() });
    all
}

fn number(of: &dyn Fn(&mut DefaultHasher)) -> i64 {
    let mut hasher = DefaultHasher::new();
    of(&mut hasher);
    // Without the sign: so its negative is a number, too.
    (hasher.finish() >> 1) as i64
}

/// What has to be the same on every rank beside the dictionary: element type, shape, options.
pub(crate) fn same_problem<T>(shape: &Shape, options: &Options) -> Vec<Alike> {
    let text =
        |argument: &str, text: String| Alike { argument: argument.into(), number: number(&|to| text.hash(to)), text };
    let mut all = vec![
        text("the element type", format!("{} bits", 8 * size_of::<T>())),
        text("n_axes", shape.n_axes.to_string()),
        text("signal_shape", per_axis(&shape.unpadded(shape.signal))),
        text("atom_shape", per_axis(&shape.unpadded(shape.atom))),
        text("n_signals", shape.n_signals.to_string()),
        text("n_channels", shape.n_channels.to_string()),
        text("n_atoms", shape.n_atoms.to_string()),
    ];
    all.extend(solve::TABLE.iter().map(|spec| {
        let name = format!("option \"{}\"", spec.key);
        text(&name, options.text(spec))
    }));
    all
}

impl<T: Real> Encoder<T> {
    /// Computes the Gram tensor and lays out the tiles. `n_threads` ≥ 1.
    pub fn new(shape: Shape, dictionary: Dictionary<T>, options: Options, n_threads: usize) -> Result<Self> {
        let alone = Arc::new(Local::alone());
        Encoder::over(alone, shape, dictionary, options, n_threads)
    }

    /// Collective: an encoder on several ranks. Shape (that of the whole domain), dictionary and
    /// options have to be the same on all of them.
    pub fn over(
        ranks: Arc<dyn Transport>,
        shape: Shape,
        dictionary: Dictionary<T>,
        options: Options,
        n_threads: usize,
    ) -> Result<Self> {
        let brought = fingerprints(&shape, &options, &dictionary);
        let made = Encoder::unplaced(ranks.clone(), shape, dictionary, options, n_threads);
        let mut encoder = ranks.agree(made)?;
        fails_unless_alike(&*ranks, &brought)?;
        if encoder.ranks.size() == 1 {
            encoder.place(&[Block::whole(encoder.shape.valid())])?;
        }
        Ok(encoder)
    }

    /// All that does not depend on who holds what.
    fn unplaced(
        ranks: Arc<dyn Transport>,
        shape: Shape,
        dictionary: Dictionary<T>,
        options: Options,
        n_threads: usize,
    ) -> Result<Self> {
        fails_unless_matching(&dictionary, &shape)?;
        options.check_together()?;
        let several = ranks.size() > 1;
        if several && options.schedule == Schedule::Published {
            let allowed = "\"coloured\" or \"asynchronous\" on more than one rank";
            let name = "option \"schedule\"";
            return Err(Error::argument(name, "\"published\"", allowed));
        }
        let start = Instant::now();
        let of_gram = clock::stage(Stage::Gram);
        let valid = shape.valid();
        let group = group_shape(valid, shape.n_atoms);
        let layout = Layout { n_signals: shape.n_signals, valid, atom: shape.atom, periodic: shape.periodic, group };
        if !several {
            fails_unless_it_fits::<T>(&shape, &options, &layout)?;
        }
        let published = options.schedule == Schedule::Published;
        let (grid, grid_segments) = if published {
            let (grid, segments) = published_grid(&shape, &options, &layout)?;
            (grid, Some(segments))
        } else {
            (layout.coloured(&tile_size(&shape, &options, &layout)), None)
        };
        clock::unknown(grid.len());
        let (scaling, dictionary) = Scaling::new(dictionary, &options)?;
        // In double precision, whatever the type of the arrays: its error would be that of every step.
        let gram = Gram::new(&dictionary.widened()?)?;
        let mut plan = Plan::new(&gram, &scaling, group, published)?;
        drop(gram);
        plan.positive = options.positive;
        plan.strategy = options.strategy;
        plan.seed = options.seed as u64;
        if !published {
            plan.relax(shape.n_axes);
        }
        if several && options.schedule == Schedule::Asynchronous {
            // The soft lock asks for the largest step, and for the next one.
            plan.greed = T::one();
        }
        plan.steps_per_visit = match (published, options.steps_per_visit) {
            (true, _) => 1,
            (false, 0) => plan.steps_per_visit,
            // No visit gets that far; sums over tiles must not overflow.
            (false, n) => n.min(1 << 32) as usize,
        };
        let seconds_gram = start.elapsed().as_secs_f64();
        drop(of_gram);
        let method = options.correlation;
        // The window has no periods.
        let periodic = [false; AXES];
        let correlator = Correlator::new(&dictionary, &scaling.scale(), group, periodic, grid.largest(), method)?;
        let nowhere = |_: &Tile| 0;
        let tiles = Tiles::new(&grid, Vec::new(), nowhere, ranks.clone(), &group, shape.n_atoms)?;
        Ok(Encoder {
            window: Window::new(Block::default(), 0)?,
            x_unit: 1.0,
            single: vec![false; shape.n_signals],
            uncertainty: [false, true].map(|single| correlator.uncertainty(single)),
            reach: correlator.weights().into_iter().fold(0.0, f64::max),
            shape,
            options,
            n_threads,
            ranks,
            dictionary,
            scaling,
            plan,
            grid,
            grid_segments,
            tiles,
            regions: Vec::new(),
            exchange: None,
            correlator,
            seconds_gram,
        })
    }

    /// The ranks that it works on.
    pub fn ranks(&self) -> &Arc<dyn Transport> {
        &self.ranks
    }

    /// The shapes it was made for.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Collective: takes another dictionary of the same shape; z is kept.
    pub fn set_dictionary(&mut self, dictionary: Dictionary<T>) -> Result<()> {
        let (shape, options) = (self.shape.clone(), self.options.clone());
        let ranks = self.ranks.clone();
        let brought = fingerprints(&shape, &options, &dictionary);
        let next = Encoder::unplaced(ranks, shape, dictionary, options, self.n_threads);
        let next = self.ranks.agree(next)?;
        fails_unless_alike(&*self.ranks, &brought)?;
        // All else depends on shapes alone: it fits the new dictionary, but for z in units of the old one's atoms.
        for index in 0..self.tiles.len() {
            let change = |atom, z| next.scaling.enter(atom, self.scaling.leave(atom, z));
            self.tiles.tile(index).map_z(change);
        }
        self.dictionary = next.dictionary;
        self.scaling = next.scaling;
        self.plan = next.plan;
        self.correlator = next.correlator;
        self.uncertainty = next.uncertainty;
        self.reach = next.reach;
        self.seconds_gram = next.seconds_gram;
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
        let mut steps = record.map_or(Vec::new(), |r| std::mem::take(unpoisoned(r)));
        for step in &mut steps {
            step.delta = self.scaling.leave(step.atom as usize, step.delta);
        }
        steps
    }

    /// Checks the number of channels, and that a block lies in the domain; with one rank, that it
    /// is the domain.
    fn check_block(&self, argument: &str, channels: usize, expected: usize, block: Block, domain: Point) -> Result<()> {
        Self::check_channels(argument, channels, expected, &block)?;
        if self.ranks.size() == 1 && block != Block::whole(domain) {
            let [shape, domain] = [block.shape, domain].map(|of| per_axis(&self.shape.unpadded(of)));
            let allowed = format!("of shape {domain}, the whole domain, on one rank");
            return Err(Error::shape(argument, format!("of shape {shape}"), allowed));
        }
        Ok(())
    }

    fn check_channels(argument: &str, channels: usize, expected: usize, block: &Block) -> Result<()> {
        if channels == expected || block.is_empty() {
            return Ok(());
        }
        let name = format!("number of channels of {argument}");
        Err(Error::argument(&name, channels, expected))
    }

    fn n_atom_fields(&self) -> usize {
        self.shape.n_signals * self.shape.n_atoms
    }

    /// Messages of this rank since tiles were laid out.
    pub fn traffic(&self) -> Traffic {
        self.tiles.halo.traffic()
    }

    fn check_x(&self, x: &Field<'_, T>) -> Result<()> {
        let n = self.shape.n_signals * self.shape.n_channels;
        self.check_block("x", x.channels.len(), n, x.block(), self.shape.signal)?;
        x.check_finite("x")
    }

    /// Collective: encodes signals, of which each rank brings a block. `report` is called now and then
    /// and returns whether to go on; ranks need not bring one. What is returned is about all ranks,
    /// but times, bytes and messages, which are about this one.
    pub fn solve(&mut self, x: &Field<'_, T>, report: Option<&mut dyn FnMut(&Progress) -> bool>) -> Result<Info> {
        let (limit, interval) = (self.options.time_limit, self.options.progress_interval);
        let clock = Clock::new(Instant::now(), limit, interval, report, None, &self.ranks);
        clock.run(|| self.solve_within(&clock, x, true))
    }

    /// Collective: the same by a clock that runs already; its limit holds, not that of the options. `last`: the call ends
    /// with it, and the last report is due.
    pub(crate) fn solve_within(&mut self, clock: &Clock<'_>, x: &Field<'_, T>, last: bool) -> Result<Info> {
        let (traffic, laps) = (self.traffic(), clock.laps());
        let mut control = Control {
            clock,
            max_iter: u64::try_from(self.options.max_iter).unwrap_or(u64::MAX),
            progress: Progress::unknown(),
        };
        let mut info = Info::unknown(self.shape.n_atoms);
        clock::unknown(self.grid.len());
        let solved = Team::scope(self.most_threads(), |team| self.solve_by(team, x, &mut control, &mut info));
        match solved {
            Err(Error::Stopped(stop)) => info.stop = stop,
            result => result?,
        }
        // Another solve may come by this clock.
        clock.release();
        let progress = control.progress;
        if last {
            clock.report_last(&progress);
        }
        self.ranks.agree(clock.take_failure().map_or(Ok(()), Err))?;
        (info.steps, info.visits, info.sweeps) = (progress.steps, progress.visits, progress.sweeps);
        info.nonzeros = self.ranks.reduce(Reduce::Sum, &[self.n_nonzero() as i64])?[0] as u64;
        let now = self.traffic();
        info.messages = now.messages - traffic.messages;
        info.bytes_sent = now.bytes - traffic.bytes;
        info.seconds_waiting = now.seconds_waiting - traffic.seconds_waiting;
        info.bytes = self.bytes() as u64;
        info.bytes_gram = self.bytes_gram() as u64;
        info.seconds_gram = self.seconds_gram;
        let laps = clock.laps().since(&laps);
        info.seconds = laps.total();
        info.seconds_correlate = laps.of(Stage::Correlate);
        info.seconds_descend = laps.of(Stage::Descend);
        info.seconds_certify = laps.of(Stage::Certify);
        info.seconds_other = laps.of(Stage::Other);
        Ok(info)
    }

    /// More threads than tiles would only wait.
    fn most_threads(&self) -> usize {
        self.n_threads.min(self.grid.len())
    }

    /// Fills in what is found as soon as it is. Fails with [`Error::Stopped`], on all ranks alike, where the clock ends a
    /// stage in the middle: z is what the descent has left.
    fn solve_by(
        &mut self,
        team: &Team,
        x: &Field<'_, T>,
        control: &mut Control<'_, '_>,
        info: &mut Info,
    ) -> Result<()> {
        let clock = control.clock;
        let correlating = clock::stage(Stage::Correlate);
        let start = Instant::now();
        self.ranks.agree(self.check_x(x))?;
        self.prepare(x.block())?;
        self.tiles.trace = self.options.trace.then(|| Trace::new(start));
        let whole = self.tiles.mark().map(|mark| Mark { begin: start, ..mark });
        let warm = self.options.warm_start;
        if !warm {
            self.clear_z();
        }
        (0..self.tiles.len()).for_each(|index| self.tiles.tile(index).begin_solve());
        let Beginning { lambda_max, lambda, tol, reachable, mut signals } = self.correlate_signals(team, x)?;
        let noise = signals.iter().any(|s| s.noise && s.weighted == lambda_max);
        let told = match self.options.tol_scale {
            Scale::Absolute => self.options.tol,
            Scale::Relative => tol / self.scaling.least(),
        };
        (info.lambda, info.tol) = (self.scaling.leave_lambdas(&lambda), told);
        info.tol_per_atom = self.scaling.tolerances(tol);
        (info.lambda_max, info.noise) = (lambda_max * self.scaling.gauge(), noise);
        // What c may be wrong by when a descent begins.
        let slack_of = |signals: &[Largest]| signals.iter().map(|s| s.slack).collect();
        let mut slack: Vec<f64> = slack_of(&signals);
        let frozen = warm && self.options.frozen_support;
        let n_nonzero = self.ranks.reduce(Reduce::Sum, &[self.n_nonzero() as i64])?[0];
        if frozen || n_nonzero > 0 {
            self.freeze(frozen);
            let updated = self.update_residual();
            self.ranks.agree(updated)?;
            slack = slack_of(&self.correlate(team, &self.scaling.of_lambda_max())?);
            self.restart(team)?;
        }
        self.tiles.end(Activity::Correlate, whole);
        control.progress = Progress {
            tiles: self.tiles.n_global() as u64,
            awake: self.tiles.n_global() as u64,
            tol: told,
            ..Progress::unknown()
        };
        drop(correlating);
        // What the certificate may take: it is another correlation, if the worst comes to the worst, and a little more.
        let mut reserve = 1.25 * start.elapsed().as_secs_f64() + LATE;
        let mut rounds = 0;
        let asynchronous = self.options.schedule == Schedule::Asynchronous && self.ranks.size() > 1;
        let mut objective = 0.0;
        if asynchronous {
            let ([rr, _, penalty], _) = self.sums(team, &lambda, None)?;
            objective = 0.5 * rr + penalty;
        }
        // A little below the tolerance, so that the rounding of G and c seldom costs a second round.
        let target = |(signal, single): (&Largest, &bool)| match self.plan.exact {
            true => reachable,
            false if *single || size_of::<T>() == size_of::<f32>() => {
                0.998 * reachable - 16.0 * f64::from(f32::EPSILON) * signal.c
            }
            false => 0.998 * reachable,
        };
        let targets: Vec<f64> = signals.iter().zip(&self.single).map(target).collect();
        // What rounding leaves.
        let floor = |(target, signal): (&f64, &Largest)| target.max(self.plan.rounding(signal.c));
        let floors: Vec<f64> = targets.iter().zip(&signals).map(floor).collect();
        // λ_k = 0: nothing is dual feasible unless D_k ⋆ r = 0.
        let unscale = self.scaling.unscale();
        let dual_weights: Vec<f64> = unscale.iter().zip(&lambda).map(|(c, l)| c.wide() / l).collect();
        // Signals that are not yet within the tolerance.
        let mut open = vec![true; signals.len()];
        loop {
            let descending = clock::stage(Stage::Descend);
            let mark = self.tiles.mark();
            clock.hurry(reserve);
            let mut stop = if open.contains(&true) {
                let open_target = |(target, open): (&f64, &bool)| open.then_some(*target);
                let open_targets: Vec<_> = targets.iter().zip(&open).map(open_target).collect();
                self.tiles.set_targets(&open_targets);
                // If messages were late too late too often: in step, at last.
                let asynchronous = (asynchronous && rounds < 4).then_some((objective, &floors[..]));
                let result = self.descend(team, &lambda, asynchronous, control);
                if result.is_err() {
                    self.clear_z();
                }
                result?
            } else {
                Stop::Precision
            };
            drop(descending);
            self.tiles.end(Activity::Descend, mark);
            clock.release();
            info.stop = stop;
            let certifying = clock::stage(Stage::Certify);
            let begin = clock.seconds();
            let mark = self.tiles.mark();
            let untouched = match rounds == 0 && control.progress.visits == 0 {
                // There was no time for a descent: c is that of the z with which it would have begun.
                true => self.largest_left(team, &dual_weights, &slack)?,
                false => None,
            };
            let left = if let Some((ratio, steps)) = untouched {
                let (sums, _) = self.sums(team, &lambda, None)?;
                Some((self.certificate(sums, ratio, &steps), steps))
            } else {
                let updated = self.take_in(x).and_then(|_| self.update_residual());
                self.ranks.agree(updated)?;
                match stop == Stop::Converged && !asynchronous && self.keeps_c() {
                    true => self.certify_left(team, &lambda, &dual_weights, &slack, reachable)?,
                    false => None,
                }
            };
            let (certificate, mut steps) = match left {
                Some(left) => left,
                None => {
                    let found = self.correlate(team, &dual_weights)?;
                    slack = slack_of(&found);
                    let ratio = found.iter().map(|s| s.bound).fold(0.0, f64::max);
                    let (sums, _) = self.sums(team, &lambda, None)?;
                    let steps = self.restart(team)?;
                    (self.certificate(sums, ratio, &steps), steps)
                }
            };
            drop(certifying);
            reserve = 1.25 * (clock.seconds() - begin) + LATE;
            self.tiles.end(Activity::Certify, mark);
            rounds += 1;
            let step = steps.iter().copied().fold(0.0, f64::max);
            let done = step <= reachable;
            if stop == Stop::Converged && !done {
                // Rounding has piled up in c, or messages were late; go on from the fresh one.
                let left = |open: &mut [bool], steps: &[f64]| {
                    for (signal, open) in open.iter_mut().enumerate() {
                        *open &= steps[signal] > reachable && steps[signal] > floors[signal];
                    }
                    open.contains(&true)
                };
                if rounds < 8 && left(&mut open, &steps) {
                    if rounds == 3 {
                        let single = open.iter().zip(&self.single).map(|(o, s)| !o & s).collect();
                        self.narrow(team, single, &mut signals)?;
                        slack = slack_of(&signals);
                        steps = self.restart(team)?;
                        left(&mut open, &steps);
                    }
                    continue;
                }
                stop = Stop::Precision;
            } else if stop == Stop::Precision && done {
                stop = Stop::Converged;
            }
            if stop == Stop::Converged && step > tol {
                // Done, as far as there is anything but rounding; it is not what was asked for.
                stop = Stop::Precision;
            }
            (info.stop, info.certificate, info.proven) = (stop, certificate, true);
            control.progress.max_step = certificate.max_step;
            break;
        }
        self.tiles.end(Activity::Solve, whole);
        Ok(())
    }

    fn trace(&self) -> Result<&Trace> {
        self.tiles.trace.as_ref().ok_or_else(|| {
            let text = "there is no trace before a solve with option \"trace\"";
            Error::InvalidState(text.into())
        })
    }

    /// What this rank did in the last solve, if option `trace` is set: calls `visit` with the spans
    /// in order of their ends (the visits of a phase come before it) until it says no.
    pub fn for_each_span(&self, visit: impl FnMut(&Span) -> bool) -> Result<()> {
        self.trace()?.for_each(visit);
        Ok(())
    }

    /// Writes the same as JSON, with what one has to know of the ranks and the tiles.
    pub fn write_trace(&self, to: &mut impl std::fmt::Write) -> Result<()> {
        let trace = self.trace()?;
        let n_axes = self.shape.n_axes;
        let cuts = &self.grid.cuts()[AXES - n_axes..];
        write!(
            to,
            "{{\n\"rank\": {}, \"ranks\": {}, \"threads\": {}, \"signals\": {}, \"atoms\": {},\n\
             \"atom_shape\": {:?}, \"periodic\": {:?}, \"tile_bounds\": {cuts:?},\n",
            self.ranks.rank(),
            self.ranks.size(),
            self.n_threads,
            self.shape.n_signals,
            self.shape.n_atoms,
            self.shape.unpadded(self.shape.atom),
            &self.shape.periodic[AXES - n_axes..],
        )
        .and_then(|()| trace.write_json(to))
        .and_then(|()| to.write_str("\n}\n"))
        .map_err(|_| Error::Internal("the trace could not be written".into()))
    }

    /// Bytes held between calls, the Gram tensor aside.
    pub fn bytes(&self) -> usize {
        let window = self.window.values.capacity() + self.window.sizes.capacity();
        let window = window * size_of::<T>();
        self.tiles.bytes() + window + self.correlator.bytes()
    }

    /// Bytes of the Gram tensor and what is derived from it.
    pub fn bytes_gram(&self) -> usize {
        self.plan.gram_bytes()
    }

    fn freeze(&self, frozen: bool) {
        (0..self.tiles.len()).for_each(|index| self.tiles.tile(index).freeze(frozen));
    }

    /// Collective: makes a residual of the signals in the window.
    fn update_residual(&mut self) -> Result<()> {
        subtract_model(&mut self.window, &self.tiles, &self.plan, &self.grid, &self.dictionary, &self.shape)?;
        self.window.measure(self.shape.n_signals);
        clock::check()
    }

    /// Collective: ‖r‖², ⟨z, D ⋆ r⟩ and Σ λ_k ‖z_k‖₁, the same bits for any number of ranks: sums over
    /// a tile are formed in one order, and added up exactly. Given what the c of a descent may be wrong by, it does not
    /// count, but tells whether it is more than that somewhere.
    fn sums(&self, team: &Team, lambda: &[f64], drift: Option<&[f64]>) -> Result<([f64; 3], bool)> {
        let unscale = self.scaling.unscale();
        let state = || Ok(([(); 3].map(|_| ExactSum::default()), self.scratch()?, false));
        let (window, shape, tiles) = (&self.window, &self.shape, &self.tiles);
        let states = team.for_each(tiles.len(), state, |(sums, scratch, wrong), index| {
            sums[0].add(squares(window, &tiles.tile(index).tile, shape));
            let (mut zc, mut penalty) = (0.0, 0.0);
            *wrong |= self.for_each_active(index, drift, scratch, |k, z, c| {
                zc += z.wide() * (c * unscale[k]).wide();
                penalty += lambda[k] * z.wide().abs();
            });
            sums[1].add(zc);
            sums[2].add(penalty);
            Ok(())
        });
        let mut words = vec![0; 3 * ExactSum::WORDS + 1];
        for (mut sums, _, wrong) in self.ranks.agree(states)? {
            let of_state = sums.iter_mut().flat_map(|sum| sum.words().to_vec());
            for (to, word) in words.iter_mut().zip(of_state.chain([i64::from(wrong)])) {
                *to += word;
            }
        }
        let words = self.ranks.reduce(Reduce::Sum, &words)?;
        let value = |i: usize| {
            let words = &words[i * ExactSum::WORDS..][..ExactSum::WORDS];
            ExactSum::from_words(words).value()
        };
        let wrong = words.last() != Some(&0);
        Ok(([value(0), value(1), value(2)], wrong))
    }

    fn certificate(&self, sums: [f64; 3], ratio: f64, steps: &[f64]) -> Certificate {
        let step = steps.iter().copied().fold(0.0, f64::max) / self.scaling.least();
        Certificate::new(sums, ratio, step, T::EPSILON.wide())
    }

    /// Collective: the certificate from the c that a descent has left, if its rounding, as bounded and as seen wherever
    /// z ≠ 0 and in samples elsewhere, is little beside the tolerance, and if that holds. c tells which coordinates
    /// might decide: their numbers, as all others, are computed from X and z.
    fn certify_left(
        &self,
        team: &Team,
        lambda: &[f64],
        dual_weights: &[f64],
        slack: &[f64],
        tol: f64,
    ) -> Result<Option<(Certificate, Vec<f64>)>> {
        let drift = self.drift(slack)?;
        if !drift.iter().all(|drift| *drift <= tol / 4.0) {
            return Ok(None);
        }
        let (sums, wrong) = self.sums(team, lambda, Some(&drift))?;
        if wrong {
            return Ok(None);
        }
        let left = self.largest_left(team, dual_weights, &drift)?;
        let left = left.filter(|(_, steps)| steps.iter().all(|step| *step <= tol));
        Ok(left.map(|(ratio, steps)| (self.certificate(sums, ratio, &steps), steps)))
    }

    /// Collective: descends from where the tiles are to their targets; asynchronously, if given F there and what steps
    /// have to exceed by signal.
    fn descend(
        &mut self,
        team: &Team,
        lambda: &[f64],
        asynchronous: Option<(f64, &[f64])>,
        control: &mut Control<'_, '_>,
    ) -> Result<Stop> {
        let (tiles, plan) = (&self.tiles, &self.plan);
        if let Some((objective, tol)) = asynchronous {
            let period = |a: usize| {
                if self.shape.periodic[a] { self.shape.signal[a] } else { 0 }
            };
            let setting = asynchronous::Setting {
                tiles,
                grid: &self.grid,
                plan,
                regions: &self.regions,
                periods: std::array::from_fn(period),
                lock: self.options.soft_lock,
                tol: tol.iter().map(|tol| T::of(*tol)).collect(),
                objective,
                least_lambda: self.scaling.least_lambda(lambda),
            };
            return asynchronous::descend(setting, control);
        }
        let Some(segments) = &mut self.grid_segments else {
            return tiles.descend_coloured(plan, team, control);
        };
        match self.options.strategy {
            Strategy::Cyclic => tiles.descend_published_cyclic(plan, segments, control),
            _ => tiles.descend_published(plan, segments, control),
        }
    }
}

/// Tile size of the coloured schedule: what was asked for, or a few atoms, but so large that a
/// tile is worth a visit.
pub(super) fn tile_size(shape: &Shape, options: &Options, layout: &Layout) -> Point {
    if options.strategy == Strategy::Greedy {
        return layout.valid;
    }
    if !options.tile_shape.is_empty() {
        return padded(&options.tile_shape, 1);
    }
    let least = least_tile(shape.n_axes);
    let atoms = if shape.n_axes == 1 { 6 } else { 2 };
    std::array::from_fn(|a| if layout.valid[a] == 1 { 1 } else { (atoms * shape.atom[a] - 1).max(least[a]) })
}

/// The segments of the published serial code.
pub(super) fn published_grid(shape: &Shape, options: &Options, layout: &Layout) -> Result<(TileGrid, Segmentation)> {
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
    out.clear();
    let (valid, layout, block) = (shape.valid(), out.layout, out.block());
    for (index, data) in z.channels.iter().enumerate() {
        let (signal, atom) = (index / shape.n_atoms, index % shape.n_atoms);
        let channels = &mut out.channels[signal * shape.n_channels..];
        z.layout.for_each_row(|at, first| {
            for k in 0..valid[2] {
                let value = data[(first as i64 + k * z.layout.strides[2]) as usize];
                if value != T::ZERO {
                    for at in images(shape, [at[0], at[1], k], &block) {
                        add_atom(dictionary, channels, &mut [], &layout, &block, atom, at, value);
                    }
                }
            }
        });
    }
    Ok(())
}
