//! The encoder: a dictionary bound to a domain, with everything that can be kept between solves.

pub(crate) mod activations;
mod begin;
pub(crate) mod blocks;
pub mod certificate;
mod cost;
mod factors;
mod fingerprint;
pub(crate) mod info;
mod measure;
mod penalties;
mod placed;
mod quiet;
mod residual;
mod robust;
pub(crate) mod room;
mod solve;
mod weighted;
mod weights;

pub use activations::Activation;
pub(crate) use fingerprint::{number_of, same_problem};
pub use info::Info;
pub(crate) use placed::gathered;
pub(crate) use robust::Robust;
pub(crate) use weights::check as check_weights;

use crate::base::error::{Error, Result};
use crate::base::panic::unpoisoned;
use crate::clock::{self, Clock, Progress, Stage};
use crate::csc::background::Background;
use crate::csc::bound::Bound;
use crate::csc::descent::control::{Control, Reserve};
use crate::csc::descent::exchange::Window;
use crate::csc::descent::halo::Traffic;
use crate::csc::descent::tile::Step;
use crate::csc::descent::trace::{Span, Trace};
use crate::csc::problem::layout::fails_unless_it_fits;
use crate::csc::problem::model::matching;
use crate::csc::problem::objective::{LambdaMax, lambdas};
use crate::csc::problem::range::Range;
use crate::csc::problem::shape::Shape;
use crate::grid::block::Block;
use crate::grid::point::{AXES, Point};
use crate::grid::tiles::Tile;
use crate::linalg::{Dictionary, Field, FieldMut, Real};
use crate::options::solve::{Options, RegScale, Schedule};
use crate::ranks::Transport;
use crate::ranks::alike::fails_unless_alike;
use crate::ranks::local::Local;
use crate::threads::Team;
use begin::Intake;
use blocks::{Active, fetch_within_reach, signals_on, subtract_from, write_model};
use fingerprint::fingerprints;
use placed::{Placed, check_channels};
use quiet::Precision;
use residual::subtract_model;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// A dictionary bound to a domain: keeps the Gram tensor and the last z.
///
/// Over several ranks every rank makes one, with the same arguments, and brings its own block of
/// the signals; functions that say so are collective, called by all ranks in the same order. They
/// fail on all ranks alike or on none. Which rank works on what is settled at the first call that
/// brings a block: whoever holds the middle of a tile gets it, or all get equal shares where that
/// would leave ranks idle.
pub struct Encoder<T: Real> {
    options: Options,
    n_threads: usize,
    /// What follows from the dictionary.
    bound: Bound<T>,
    /// What follows from who holds what.
    placed: Placed<T>,
    precision: Precision,
    /// λ and tolerance of every atom in the last solve.
    of_atoms: Option<(Vec<f64>, Vec<f64>)>,
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
        let made = ranks.agree(made);
        if let Ok(_) | Err(Error::Stopped(_)) = made {
            // A limit of time that is another on some rank is a mistake, also where it has ended this.
            fails_unless_alike(&*ranks, &brought)?;
        }
        let mut encoder = made?;
        if ranks.size() == 1 {
            let all = Block::whole(encoder.shape().valid());
            encoder.placed.place(&[all])?;
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
        let dictionary = matching(dictionary, &shape)?;
        options.check_together()?;
        let several = ranks.size() > 1;
        if several && options.schedule == Schedule::Published {
            let allowed = "\"coloured\" or \"asynchronous\" on more than one rank";
            let name = "option \"schedule\"";
            return Err(Error::argument(name, "\"published\"", allowed));
        }
        if !several {
            fails_unless_it_fits::<T>(&shape, &options)?;
        }
        let precision = Precision::new(shape.n_signals);
        let placed = Placed::new(ranks, shape, &options)?;
        let bound = bind(&placed, &options, dictionary)?;
        Ok(Encoder { options, n_threads, bound, placed, precision, of_atoms: None })
    }

    /// The ranks that it works on.
    pub fn ranks(&self) -> &Arc<dyn Transport> {
        self.placed.ranks()
    }

    /// The shapes it was made for.
    pub fn shape(&self) -> &Shape {
        self.placed.shape()
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Collective: takes another dictionary of the same shape; z is kept.
    pub fn set_dictionary(&mut self, dictionary: Dictionary<T>) -> Result<()> {
        let brought = fingerprints(self.shape(), &self.options, &dictionary);
        let next = bind(&self.placed, &self.options, dictionary);
        let next = self.ranks().agree(next)?;
        fails_unless_alike(&**self.ranks(), &brought)?;
        // z is in units of the old one's atoms.
        let change = |atom, z| next.scaling().enter(atom, self.bound.scaling().leave(atom, z));
        self.placed.states().for_each(|mut state| state.map_z(change));
        self.bound = next;
        Ok(())
    }

    /// Collective: samples have these weights from now on, (signals × channels) fields over the domain of the signals, of
    /// which each rank brings a block; none: all are 1. F(z) = ½ Σ w (x − D∗z)² + Σ λ|z|, w ≥ 0. Where w = 0 there is no
    /// sample, and x may be anything, NaN, too. z is kept, where it still may be.
    ///
    /// A step counts by what it changes the correlation of its own atom with the weighted residual: as ‖d_k‖·|dz_k| (see option
    /// `tol`) times Σ w d_k² over ‖d_k‖² max w, which is less near holes.
    pub fn set_weights(&mut self, weights: Option<&Field<'_, T>>) -> Result<()> {
        self.placed.set_weights(weights)
    }

    /// Whether x may be anything in some places: there are weights, or what is NaN is missing.
    pub(crate) fn allows_holes(&self) -> bool {
        self.placed.weighting().allows_holes()
    }

    /// Refuses numbers that are too large where holes are allowed.
    pub(crate) fn set_range(&mut self, range: Range) {
        self.placed.weighting_mut().set_range(range);
    }

    /// Records every step from now on, in order. For one thread.
    pub fn record_steps(&mut self) {
        self.placed.tiles_mut().record = Some(Mutex::default());
        self.placed.states().for_each(|mut state| state.trace = Some(Vec::new()));
    }

    /// The steps recorded since the last call.
    pub fn take_recorded_steps(&mut self) -> Vec<Step<T>> {
        let record = self.placed.tiles_mut().record.as_mut().map(|r| r.get_mut());
        let mut steps = record.map_or(Vec::new(), |r| std::mem::take(unpoisoned(r)));
        for step in &mut steps {
            step.delta = self.bound.scaling().leave(step.atom as usize, step.delta);
        }
        steps
    }

    /// Messages of this rank since tiles were laid out.
    pub fn traffic(&self) -> Traffic {
        self.placed.tiles().halo.traffic()
    }

    /// The part of the activations whose tiles are on this rank: empty before it is settled, and on
    /// ranks that have none.
    pub fn region(&self) -> Block {
        self.placed.region()
    }

    /// Collective: max |D ⋆ X| (max D ⋆ X when z ≥ 0): the smallest λ for which z = 0 is optimal.
    pub fn lambda_max(&mut self, x: &Field<'_, T>) -> Result<f64> {
        self.reference(x).map(|found| found.of_all)
    }

    /// Collective: the same, and that of each atom if λ depends on it.
    fn reference(&mut self, x: &Field<'_, T>) -> Result<LambdaMax> {
        self.ranks().agree(self.placed.check_x(x))?;
        self.placed.prepare(x.block())?;
        Team::scope(self.most_threads(), |team| self.intake(team).lambda_max(x))
    }

    /// Collective: encodes signals, of which each rank brings a block. `report` is called now and then
    /// and returns whether to go on; ranks need not bring one. What is returned is about all ranks,
    /// but times, bytes and messages, which are about this one.
    pub fn solve(&mut self, x: &Field<'_, T>, report: Option<&mut dyn FnMut(&Progress) -> bool>) -> Result<Info> {
        let (limit, interval) = (self.options.time_limit, self.options.progress_interval);
        let clock = Clock::new(Instant::now(), limit, interval, report, None, self.placed.ranks());
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
            reserve: Reserve::default(),
        };
        let mut info = Info::unknown(self.placed.shape().n_atoms);
        clock::unknown(self.placed.grid().len());
        let solved =
            Team::scope(self.most_threads(), |team| solve::solve(self.intake(team), x, &mut control, &mut info));
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
        self.placed.ranks().agree(clock.take_failure().map_or(Ok(()), Err))?;
        (info.steps, info.visits, info.sweeps) = (progress.steps, progress.visits, progress.sweeps);
        info.nonzeros = self.placed.n_nonzero_of_all()?;
        let now = self.traffic();
        info.messages = now.messages - traffic.messages;
        info.bytes_sent = now.bytes - traffic.bytes;
        info.seconds_waiting = now.seconds_waiting - traffic.seconds_waiting;
        info.bytes = self.bytes() as u64;
        info.bytes_gram = self.bytes_gram() as u64;
        info.seconds_gram = self.bound.seconds_gram();
        let laps = clock.laps().since(&laps);
        info.seconds = laps.total();
        info.seconds_correlate = laps.of(Stage::Correlate);
        info.seconds_descend = laps.of(Stage::Descend);
        info.seconds_certify = laps.of(Stage::Certify);
        info.seconds_other = laps.of(Stage::Other);
        self.of_atoms = (!info.lambda_max.is_nan()).then(|| (info.lambda.clone(), info.tol_per_atom.clone()));
        Ok(info)
    }

    /// Does something with `reg` as option `reg`, or as a factor of those of `reg_per_atom`; `warm`: from z as it is.
    pub(crate) fn at_reg<R>(&mut self, reg: f64, warm: bool, run: impl FnOnce(&mut Self) -> R) -> R {
        let kept = self.options.clone();
        self.options.reg = reg;
        self.options.reg_per_atom.iter_mut().for_each(|of_atom| *of_atom *= reg);
        self.options.warm_start |= warm;
        let result = run(self);
        self.options = kept;
        result
    }

    /// More threads than tiles would only wait.
    fn most_threads(&self) -> usize {
        self.n_threads.min(self.placed.grid().len())
    }

    fn intake<'e>(&'e mut self, team: &'e Team) -> Intake<'e, T> {
        Intake {
            options: &self.options,
            bound: &mut self.bound,
            placed: &mut self.placed,
            precision: &mut self.precision,
            team,
        }
    }

    fn trace(&self) -> Result<&Trace> {
        self.placed.tiles().trace.as_ref().ok_or_else(no_trace)
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
        let n_axes = self.placed.shape().n_axes;
        let cuts: Vec<_> = (AXES - n_axes..AXES).map(|axis| self.placed.grid().cuts(axis)).collect();
        write!(
            to,
            "{{\n\"rank\": {}, \"ranks\": {}, \"threads\": {}, \"signals\": {}, \"atoms\": {},\n\
             \"atom_shape\": {:?}, \"periodic\": {:?}, \"tile_bounds\": {cuts:?},\n",
            self.placed.ranks().rank(),
            self.placed.ranks().size(),
            self.n_threads,
            self.placed.shape().n_signals,
            self.placed.shape().n_atoms,
            self.placed.shape().unpadded(self.placed.shape().atom),
            &self.placed.shape().periodic[AXES - n_axes..],
        )
        .and_then(|()| trace.write_json(to))
        .and_then(|()| to.write_str("\n}\n"))
        .map_err(|_| Error::Internal("the trace could not be written".into()))
    }

    /// Collective: writes D∗z as (signals × channels) fields. Each rank asks for a block of the domain; blocks may overlap, and
    /// need not cover it.
    pub fn reconstruct(&self, out: &mut FieldMut<'_, T>) -> Result<()> {
        let block = out.block();
        self.ranks().agree(self.check_block_of_x("x", &block, out.channels.len()))?;
        let list = self.fetch_within_reach(&block)?;
        write_model(self.shape(), &self.dictionary(), &list, out);
        Ok(())
    }

    /// Collective: writes X − D∗z as (signals × channels) fields, whatever the weights, and X − b − D∗z with option `background`, b
    /// what these signals lie on; NaN where X is. Each rank brings its block of the signals, and asks for any block of the residual.
    pub fn residual(&self, x: &Field<'_, T>, out: &mut FieldMut<'_, T>) -> Result<()> {
        let block = out.block();
        self.ranks().agree(self.check_block_of_x("the residual", &block, out.channels.len()))?;
        let (window, list) = self.fetch_residual(x, &block)?;
        write_model(self.shape(), &self.dictionary(), &list, out);
        subtract_from(&window, out);
        Ok(())
    }

    /// Collective: writes what the last signals lie on (option `background`) as (signals × channels) fields, zeros without the
    /// option. Each rank asks for a block of the domain; blocks may overlap, and need not cover it.
    pub fn background(&self, out: &mut FieldMut<'_, T>) -> Result<()> {
        let block = out.block();
        self.ranks().agree(self.check_block_of_x("the background", &block, out.channels.len()))?;
        self.fetch_background(&block)?.write(out);
        Ok(())
    }

    /// Collective: what the last signals lie on, on a block of the domain.
    pub(crate) fn fetch_background(&self, block: &Block) -> Result<Background> {
        self.placed.background_on(block)
    }

    /// Collective: F(z) and its data term for these signals, of which each rank brings a block: with the λ of the options, where
    /// that is relative to the λmax of these signals, or to that of each atom.
    pub fn objective(&mut self, x: &Field<'_, T>) -> Result<(f64, f64)> {
        let lambda_max = match self.options.reg_scale {
            RegScale::Relative | RegScale::PerAtom => self.reference(x)?,
            RegScale::Absolute => {
                self.load(x)?;
                LambdaMax::default()
            }
        };
        let lambda = lambdas(&self.options, self.shape().n_atoms, &lambda_max);
        // However z came to be.
        self.placed.states().for_each(|mut state| state.begin_solve());
        if self.allows_holes() {
            // As they are, not times their weights.
            self.load(x)?;
            let found = self.placed.find_weights();
            self.ranks().agree(found)?;
        }
        let updated = subtract_model(&self.bound, &mut self.placed);
        self.placed.weigh_residual();
        self.ranks().agree(updated)?;
        blocks::value(&self.bound, &self.placed, &lambda)
    }

    fn check_block_of_x(&self, argument: &str, block: &Block, n_channels: usize) -> Result<()> {
        let shape = self.shape();
        check_channels(argument, n_channels, shape.n_signals * shape.n_channels, block)?;
        shape.check_inside(argument, block, shape.signal)
    }

    /// Collective: the activations that a block of the domain depends on.
    pub(crate) fn fetch_within_reach(&self, block: &Block) -> Result<Vec<Active<T>>> {
        fetch_within_reach(self.shape(), block, &|part| self.fetch(part))
    }

    /// Collective: the signals on a block of the domain, and the activations that it depends on.
    pub(crate) fn fetch_residual(&self, x: &Field<'_, T>, block: &Block) -> Result<(Window<T>, Vec<Active<T>>)> {
        Ok((signals_on(&self.placed, x, block)?, self.fetch_within_reach(block)?))
    }

    /// The dictionary as it is, bit for bit what was given.
    pub fn dictionary(&self) -> Dictionary<T> {
        self.bound.scaling().leave_dictionary(self.bound.dictionary())
    }

    /// Collective: what [`Info::bytes`] will be, rather more than less if z is sparse, and [`Info::bytes_gram`], after a first
    /// solve of signals of which each rank brings a block; and what weights and penalties add once they are set.
    pub fn bytes_to_come(ranks: &dyn Transport, shape: &Shape, options: &Options, block: &Block) -> Result<[usize; 4]> {
        let room::Room { bytes, gram, weights, penalties } = room::room::<T>(ranks, shape, options, block)?;
        Ok([bytes, gram, weights, penalties])
    }

    /// Bytes held between calls, the Gram tensor aside.
    pub fn bytes(&self) -> usize {
        self.placed.bytes() + self.bound.bytes()
    }

    /// Bytes of the Gram tensor and what is derived from it.
    pub fn bytes_gram(&self) -> usize {
        self.bound.bytes_gram()
    }

    /// X − D∗z after a solve, X after [`Self::load`]: (signals × channels) fields over what atoms
    /// at this rank's positions reach, positions without periods.
    pub(crate) fn in_window(&self) -> Field<'_, T> {
        let shape = self.shape();
        self.placed.window().fields(0, shape.n_signals * shape.n_channels)
    }

    /// Collective: takes in signals without a solve.
    pub(crate) fn load(&mut self, x: &Field<'_, T>) -> Result<()> {
        self.ranks().agree(self.placed.check_x(x))?;
        self.placed.prepare(x.block())?;
        self.placed.find_background(x)?;
        let taken = self.placed.take_in(x);
        self.ranks().agree(taken)
    }

    /// Collective: signals less what they lie on, where that is asked for: those of the positions that are this rank's.
    pub(crate) fn centred(&self, x: &Field<'_, T>) -> Result<Option<Window<T>>> {
        match self.placed.has_background() {
            true => signals_on(&self.placed, x, &self.shape().cell(&self.region())).map(Some),
            false => Ok(None),
        }
    }

    /// Collective: settles who works on what, for signals that lie like this.
    pub(crate) fn settle(&mut self, block: Block) -> Result<()> {
        self.placed.prepare(block)
    }

    /// The tiles on this rank.
    pub(crate) fn own_tiles(&self) -> Vec<Tile> {
        self.placed.states().map(|state| state.tile.clone()).collect()
    }

    /// The largest tile of all.
    pub(crate) fn largest_tile(&self) -> Point {
        self.placed.grid().largest()
    }

    /// λ of every atom, absolute, from now on.
    pub(crate) fn set_lambda(&mut self, lambda: &[f64]) {
        self.options.reg_scale = RegScale::Absolute;
        self.options.reg_per_atom = lambda.to_vec();
    }
}

/// Nothing was recorded.
pub(crate) fn no_trace() -> Error {
    Error::InvalidState("there is no trace before a solve with option \"trace\"".into())
}

/// Binds a dictionary to the domain.
fn bind<T: Real>(placed: &Placed<T>, options: &Options, dictionary: Dictionary<T>) -> Result<Bound<T>> {
    clock::unknown(placed.grid().len());
    let several = placed.ranks().size() > 1;
    Bound::new(placed.shape(), options, dictionary, placed.grid().largest(), several)
}
