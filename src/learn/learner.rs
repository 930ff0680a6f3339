//! The outer loop: z and D by turns (DiCoDiLe, algorithm 3).

use super::dictionary_step::{Settings, add_model, data_term, dictionary_step, feasible, widened};
use super::initialise::{Purpose, below, blank, factors, generator, place};
use super::options::{Init, Reference};
use super::statistics::{Share, Statistics, energy};
use super::window::Window;
use crate::csc::options::Scale;
use crate::csc::{Activation, Encoder, Info, Options, Progress, Shape, Stop};
use crate::error::{Error, Result};
use crate::grid::blocks::Block;
use crate::linalg::{Atoms, Dictionary, Field, FieldMut, Real};
use crate::transport::local::Local;
use crate::transport::{Reduce, Transport};
use std::sync::Arc;
use std::time::Instant;

/// What one outer iteration did.
#[derive(Clone, Debug, PartialEq)]
pub struct Iteration {
    /// Its number, from 0.
    pub index: u64,
    /// Objective after the step of z.
    pub objective_z: f64,
    /// Objective after the step of D, with the same z: never higher (online: on average over the
    /// batches so far, while this is the batch's own).
    pub objective_d: f64,
    /// Why the step of z ended. After `TimeLimit` and `Cancelled` there was no step of D.
    pub stop: Stop,
    /// λ per atom.
    pub lambda: Vec<f64>,
    /// Smallest λ for which z = 0 is optimal with the dictionary before the step.
    pub lambda_max: f64,
    /// Non-zero activations per atom.
    pub nonzeros: Vec<u64>,
    /// Atoms that were drawn anew after the step.
    pub redrawn: usize,
    /// Atoms were moved to the middle of their support.
    pub recentred: bool,
    /// Coordinate steps.
    pub steps: u64,
    /// Gradient iterations of the dictionary step.
    pub dict_iterations: usize,
    /// How far the dictionary step may be from its minimum.
    pub dict_gap: f64,
    /// Seconds for the step of z.
    pub seconds_z: f64,
    /// Seconds for the statistics.
    pub seconds_statistics: f64,
    /// Seconds for the step of D and the next Gram tensor.
    pub seconds_d: f64,
}

/// What learning found and what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Why it ended.
    pub stop: Stop,
    /// Outer iterations.
    pub iterations: u64,
    /// Atoms that were drawn anew, in all.
    pub redrawn: u64,
    /// The last solve: z for the dictionary that was learned.
    pub info: Info,
    /// Seconds for the whole call.
    pub seconds: f64,
    /// Seconds for steps of z.
    pub seconds_z: f64,
    /// Seconds for statistics.
    pub seconds_statistics: f64,
    /// Seconds for steps of D.
    pub seconds_d: f64,
}

/// Learns a dictionary, one outer iteration a call.
pub struct Learner<T: Real> {
    pub(super) shape: Shape,
    pub(super) options: Options,
    pub(super) n_threads: usize,
    pub(super) ranks: Arc<dyn Transport>,
    /// None before the first step, unless it was given.
    pub(super) dictionary: Option<Dictionary<T>>,
    /// The values that were given, for fixed atoms.
    pub(super) given: Option<Dictionary<T>>,
    pub(super) encoder: Option<Encoder<T>>,
    /// What the next step starts from, on this rank; after a restart on all of them.
    pub(super) activations: Vec<Activation<T>>,
    /// Statistics of earlier batches.
    pub(super) statistics: Option<Statistics>,
    /// λ once it is fixed.
    pub(super) lambda: Option<Vec<f64>>,
    pub(super) iteration: u64,
    /// The objective after the last iteration.
    pub(super) last: Option<f64>,
}

/// Tells how a step of z gets on; returns whether to go on.
pub type Report<'r> = &'r mut dyn FnMut(&Progress) -> bool;

/// A limit of time, and the caller's own wish to stop, as one report to a solve.
struct Watch<'w> {
    start: Instant,
    time_limit: f64,
    interval: f64,
    last: f64,
    report: Option<Report<'w>>,
    timed_out: bool,
}

impl Watch<'_> {
    fn look(&mut self, progress: &Progress) -> bool {
        let seconds = self.start.elapsed().as_secs_f64();
        if seconds >= self.time_limit {
            self.timed_out = true;
            return false;
        }
        match &mut self.report {
            Some(report) if seconds >= self.last + self.interval => {
                self.last = seconds;
                report(&Progress {
                    seconds,
                    ..*progress
                })
            }
            _ => true,
        }
    }
}

impl<T: Real> Learner<T> {
    /// `given`: the dictionary to begin with (`learn_init` given), or the values of fixed atoms.
    /// Atoms longer than 1 are scaled to norm 1, fixed ones aside.
    pub fn new(
        shape: Shape,
        options: Options,
        n_threads: usize,
        given: Option<Dictionary<T>>,
    ) -> Result<Self> {
        Self::over(Arc::new(Local::alone()), shape, options, n_threads, given)
    }

    /// A learner on several ranks, all of which make one with the same arguments. Each brings its
    /// own block of the signals; functions that say so are collective.
    pub fn over(
        ranks: Arc<dyn Transport>,
        shape: Shape,
        options: Options,
        n_threads: usize,
        given: Option<Dictionary<T>>,
    ) -> Result<Self> {
        let learn = &options.learn;
        let n_fixed = learn.fixed_atoms.len();
        if n_fixed != 0 && n_fixed != shape.n_atoms {
            let allowed = format!("{} values, one per atom", shape.n_atoms);
            let name = "option \"learn_fixed_atoms\"";
            return Err(Error::argument(name, format!("{n_fixed} values"), allowed));
        }
        let needs = learn.init == Init::Given || learn.fixed_atoms.contains(&true);
        if needs && given.is_none() {
            let argument = "d";
            let expected = "the first dictionary, or the values of fixed atoms";
            return Err(Error::NullPointer { argument, expected });
        }
        if learn.batch > shape.n_signals as i64 {
            let allowed = format!("at most {}, the number of signals", shape.n_signals);
            return Err(Error::argument(
                "option \"learn_batch\"",
                learn.batch,
                allowed,
            ));
        }
        if options.frozen_support {
            let name = "option \"frozen_support\"";
            return Err(Error::argument(name, 1, "0 when a dictionary is learned"));
        }
        options.check_lengths(shape.n_axes, shape.n_atoms)?;
        let mut learner = Learner {
            shape,
            options,
            n_threads,
            ranks,
            dictionary: None,
            given: None,
            encoder: None,
            activations: Vec::new(),
            statistics: None,
            lambda: None,
            iteration: 0,
            last: None,
        };
        if let Some(given) = given {
            let given = learner.with_rank(given)?;
            let shape = &learner.shape;
            let d = (given.n_atoms, given.n_channels, given.shape);
            let expected = (shape.n_atoms, shape.n_channels, shape.atom);
            if d != expected {
                return Err(Error::shape("d", d, format!("{expected:?}")));
            }
            let given = feasible(&given, &learner.options.learn.fixed_atoms);
            if learner.options.learn.init == Init::Given {
                learner.dictionary = Some(given.clone());
            }
            learner.given = Some(given);
        }
        if learner.options.reg_scale == Scale::Absolute {
            let n_atoms = learner.shape.n_atoms;
            learner.lambda = Some(match learner.options.reg_per_atom.is_empty() {
                true => vec![learner.options.reg; n_atoms],
                false => learner.options.reg_per_atom.clone(),
            });
        }
        Ok(learner)
    }

    /// Of rank one if that is asked for: the nearest one to full atoms.
    fn with_rank(&self, given: Dictionary<T>) -> Result<Dictionary<T>> {
        let rank_one = self.options.learn.rank_one;
        match &given.atoms {
            Atoms::Full(_) if rank_one => {
                let (p, volume) = (given.n_channels, given.volume());
                let wide = widened(&given)?;
                let (mut u, mut v) = (Vec::new(), Vec::new());
                for atom in wide.chunks_exact(p * volume) {
                    let norm = atom.iter().map(|x| x * x).sum::<f64>().sqrt();
                    let (one, other) = factors(atom, p, volume);
                    u.extend(one.iter().map(|x| T::of(*x)));
                    v.extend(other.iter().map(|x| T::of(norm * x)));
                }
                Dictionary::rank_one(given.n_atoms, p, given.shape, &u, &v)
            }
            Atoms::RankOne { .. } if !rank_one => {
                let d: Vec<T> = widened(&given)?.iter().map(|x| T::of(*x)).collect();
                Dictionary::full(given.n_atoms, given.n_channels, given.shape, &d)
            }
            _ => Ok(given),
        }
    }

    /// The shapes it was made for.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The dictionary as it is; none before the first step, unless it was given.
    pub fn dictionary(&self) -> Option<&Dictionary<T>> {
        self.dictionary.as_ref()
    }

    /// Outer iterations so far.
    pub fn iterations(&self) -> u64 {
        self.iteration
    }

    /// λ per atom; none as long as it is not known or changes from step to step.
    pub fn lambda(&self) -> Option<&[f64]> {
        self.lambda.as_deref()
    }

    /// Signals that a step looks at.
    pub fn signals_per_step(&self) -> usize {
        match self.options.learn.batch {
            0 => self.shape.n_signals,
            batch => batch as usize,
        }
    }

    /// z ≠ 0 of the signals of the last step on this rank, sorted by (signal, atom, position).
    pub fn activations(&self) -> &[Activation<T>] {
        &self.activations
    }

    /// Collective: writes z of the signals of the last step, as (signals × atoms) fields. Each rank
    /// asks for a block of the valid domain.
    pub fn z(&self, out: &mut FieldMut<'_, T>) -> Result<()> {
        if let Some(encoder) = &self.encoder {
            return encoder.z(out);
        }
        let n = self.signals_per_step() * self.shape.n_atoms;
        let (block, valid) = (out.block(), Block::whole(self.shape.valid()));
        if out.channels.len() != n || block.intersection(&valid) != block {
            let value = (out.channels.len(), block.origin, block.shape);
            return Err(Error::shape(
                "z",
                value,
                format!("{n} fields inside {:?}", valid.shape),
            ));
        }
        out.clear();
        for a in self.activations.iter().filter(|a| block.contains(&a.at)) {
            let field = a.signal * self.shape.n_atoms + a.atom;
            let at = std::array::from_fn(|axis| a.at[axis] - block.origin[axis]);
            let at = out.layout.index(at);
            out.channels[field][at] = a.value;
        }
        Ok(())
    }

    /// Collective: z ≠ 0 of the last step of all ranks, on the first one, sorted; nothing elsewhere.
    pub(super) fn all_activations(&self) -> Result<Vec<Activation<T>>> {
        match &self.encoder {
            Some(encoder) if self.ranks.size() > 1 => {
                let first = self.ranks.rank() == 0;
                let all = Block::whole(self.shape.valid());
                encoder.activations_in(&if first { all } else { Block::default() })
            }
            _ => Ok(self.activations.clone()),
        }
    }

    pub(super) fn online(&self) -> bool {
        self.options.learn.online || self.options.learn.batch > 0
    }

    pub(super) fn settings(&self) -> Settings {
        let learn = &self.options.learn;
        Settings {
            tol: learn.dict_tol,
            max_iter: learn.dict_max_iter as usize,
            fixed: learn.fixed_atoms.clone(),
            window: learn.window,
        }
    }

    fn check_x(&self, x: &Field<'_, T>) -> Result<()> {
        let n = self.shape.n_signals * self.shape.n_channels;
        let fits = match x.channels.len() {
            found if found == n || x.block().is_empty() => Ok(()),
            found => {
                let allowed = format!("{n}, n_signals * n_channels");
                Err(Error::argument("number of channels of x", found, allowed))
            }
        };
        self.ranks.agree(fits)
    }

    /// The signals of this step.
    fn batch<'a>(&self, x: &Field<'a, T>) -> Field<'a, T> {
        let (n, p) = (self.shape.n_signals as u64, self.shape.n_channels);
        let per_step = self.signals_per_step() as u64;
        if per_step == n || x.channels.len() != self.shape.n_signals * p {
            return x.clone();
        }
        let mut channels = Vec::new();
        let (mut epoch, mut order) = (u64::MAX, Vec::new());
        for place in self.iteration * per_step..(self.iteration + 1) * per_step {
            if place / n != epoch {
                epoch = place / n;
                let mut rng = generator(self.options.seed, Purpose::Batches, epoch);
                order = (0..n as usize).collect();
                for i in (1..order.len()).rev() {
                    order.swap(i, below(&mut rng, i + 1));
                }
            }
            let signal = order[(place % n) as usize];
            channels.extend_from_slice(&x.channels[signal * p..(signal + 1) * p]);
        }
        Field {
            channels,
            ..x.clone()
        }
    }

    /// An encoder for the signals of a step, warm.
    fn new_encoder(&self, dictionary: Dictionary<T>, n_signals: usize) -> Result<Encoder<T>> {
        let shape = Shape {
            n_signals,
            ..self.shape.clone()
        };
        let options = Options {
            warm_start: true,
            time_limit: f64::INFINITY,
            progress_interval: self.options.progress_interval.min(0.02),
            ..self.options.clone()
        };
        Encoder::over(
            self.ranks.clone(),
            shape,
            dictionary,
            options,
            self.n_threads,
        )
    }

    pub(super) fn fixed(&self, k: usize) -> bool {
        self.options.learn.fixed_atoms.get(k).is_some_and(|f| *f)
    }

    /// Makes the encoder if there is none; the first dictionary, too.
    fn prepare(&mut self, x: &Field<'_, T>) -> Result<()> {
        if self.encoder.is_some() {
            return Ok(());
        }
        let n_signals = self.signals_per_step();
        if let Some(dictionary) = &self.dictionary {
            let mut encoder = self.new_encoder(dictionary.clone(), n_signals)?;
            encoder.settle(x.block())?;
            encoder.set_activations(&self.activations);
            self.activations = self.ranks.agree(encoder.activations())?;
            self.encoder = Some(encoder);
            return Ok(());
        }
        let blank = blank(&self.shape, self.options.learn.rank_one)?;
        let mut encoder = self.new_encoder(blank, n_signals)?;
        if let Some(lambda) = &self.lambda {
            encoder.set_lambda(lambda);
        }
        encoder.load(x)?;
        let first = self.first_dictionary(&mut encoder, x);
        let first = self.ranks.agree(first)?;
        encoder.set_dictionary(first.clone())?;
        self.dictionary = Some(first);
        self.encoder = Some(encoder);
        Ok(())
    }

    /// z for the dictionary as it is. Time and cancelling as in [`Self::step`].
    fn solve(&mut self, x: &Field<'_, T>, watch: &mut Watch<'_>) -> Result<Info> {
        let online = self.online();
        let unwatched = watch.time_limit.is_infinite() && watch.report.is_none();
        let Some(encoder) = &mut self.encoder else {
            return Err(Error::Internal("a step without an encoder".into()));
        };
        if online {
            encoder.set_activations(&[]);
        }
        if let Some(lambda) = &self.lambda {
            encoder.set_lambda(lambda);
        }
        let mut look = |progress: &Progress| watch.look(progress);
        let report: Option<Report<'_>> = if unwatched { None } else { Some(&mut look) };
        let mut info = encoder.solve(x, report)?;
        self.activations = self.ranks.agree(encoder.activations())?;
        // Whose time is up has asked to stop like the others.
        if info.stop == Stop::Cancelled && self.any(watch.timed_out)? {
            info.stop = Stop::TimeLimit;
        }
        if self.options.learn.reference == Reference::First && self.lambda.is_none() {
            self.lambda = Some(info.lambda.clone());
        }
        Ok(info)
    }

    /// Collective: One outer iteration: z, then D. `report` is called now and then during the step of z and
    /// returns whether to go on; `time_limit` holds for this call. After an error the dictionary is
    /// as it was.
    pub fn step(&mut self, x: &Field<'_, T>, report: Option<Report<'_>>) -> Result<Iteration> {
        let mut watch = self.watch(report);
        self.check_x(x)?;
        self.step_within(x, &mut watch)
    }

    /// Whether it holds on any rank.
    fn any(&self, here: bool) -> Result<bool> {
        Ok(self.ranks.reduce(Reduce::Max, &[here.into()])?[0] > 0)
    }

    fn watch<'w>(&self, report: Option<Report<'w>>) -> Watch<'w> {
        Watch {
            start: Instant::now(),
            time_limit: self.options.time_limit,
            interval: self.options.progress_interval,
            last: 0.0,
            report,
            timed_out: false,
        }
    }

    fn step_within(&mut self, x: &Field<'_, T>, watch: &mut Watch<'_>) -> Result<Iteration> {
        let begin = Instant::now();
        let x = &self.batch(x);
        self.prepare(x)?;
        let info = self.solve(x, watch)?;
        let objective = info.certificate.objective;
        let mut done = Iteration {
            index: self.iteration,
            objective_z: objective,
            objective_d: objective,
            stop: info.stop,
            lambda: info.lambda,
            lambda_max: info.lambda_max,
            nonzeros: Vec::new(),
            redrawn: 0,
            recentred: false,
            steps: info.steps,
            dict_iterations: 0,
            dict_gap: f64::INFINITY,
            seconds_z: begin.elapsed().as_secs_f64(),
            seconds_statistics: 0.0,
            seconds_d: 0.0,
        };
        let mut counts = vec![0; self.shape.n_atoms];
        self.activations.iter().for_each(|a| counts[a.atom] += 1);
        let counts = self.ranks.reduce(Reduce::Sum, &counts)?;
        done.nonzeros = counts.iter().map(|n| *n as u64).collect();
        if matches!(info.stop, Stop::TimeLimit | Stop::Cancelled) {
            if let Some(encoder) = &mut self.encoder {
                encoder.set_activations(&self.activations);
            }
            return Ok(done);
        }
        let begin = Instant::now();
        let batch = self.batch_statistics(x)?;
        done.seconds_statistics = begin.elapsed().as_secs_f64();
        let begin = Instant::now();
        let accumulated = match self.online() {
            true => {
                let mut all = self
                    .statistics
                    .clone()
                    .map_or_else(|| Statistics::empty(&self.shape), Ok)?;
                all.accumulate(self.options.learn.forgetting, &batch);
                Some(all)
            }
            false => None,
        };
        let statistics = accumulated.as_ref().unwrap_or(&batch);
        let settings = self.settings();
        let Some(dictionary) = &self.dictionary else {
            return Err(Error::Internal("a step without a dictionary".into()));
        };
        let step = dictionary_step(statistics, dictionary, &settings);
        let (mut next, outcome) = self.ranks.agree(step)?;
        done.dict_iterations = outcome.iterations;
        done.dict_gap = outcome.gap;
        done.objective_d = objective
            + match self.online() {
                false => outcome.change,
                true => data_term(&batch, &next)? - data_term(&batch, dictionary)?,
            };
        let dead = self.dead_atoms(statistics);
        let mut activations = self.activations.clone();
        if !dead.is_empty() {
            let replaced = self.redraw(&mut next, &dead)?;
            done.redrawn = replaced.len();
            let used = |k: &&usize| statistics.l1[**k] > 0.0;
            if replaced.iter().any(|k| used(&k)) {
                // Atoms whose few activations go with them.
                activations.retain(|a| !replaced.contains(&a.atom));
                let mut without = next.clone();
                let gone: f64 = replaced
                    .iter()
                    .map(|k| done.lambda[*k] * batch.l1[*k])
                    .sum();
                let zero = vec![0.0; self.shape.n_channels * without.volume()];
                replaced.iter().for_each(|k| place(&mut without, *k, &zero));
                let now = data_term(&batch, &without)?;
                let penalty: f64 = done.lambda.iter().zip(&batch.l1).map(|(l, n)| l * n).sum();
                done.objective_d = now + penalty - gone;
            }
        }
        if done.redrawn == 0
            && let Some((d, z, objective)) = self.recentre(x, &next, &done)?
        {
            (next, activations, done.objective_d) = (d, z, objective);
            done.recentred = true;
        }
        let Some(encoder) = &mut self.encoder else {
            return Err(Error::Internal("a step without an encoder".into()));
        };
        encoder.set_dictionary(next.clone())?;
        encoder.set_activations(&activations);
        self.activations = activations;
        self.dictionary = Some(next);
        self.statistics = accumulated;
        self.iteration += 1;
        self.last = Some(done.objective_d);
        done.seconds_d = begin.elapsed().as_secs_f64();
        Ok(done)
    }

    /// Statistics of activations with what the encoder's window holds: the signals, or a residual.
    pub(super) fn gathered(
        &self,
        encoder: &Encoder<T>,
        own: &[Activation<T>],
        x: &Field<'_, T>,
    ) -> Result<Statistics> {
        let field = encoder.residual();
        let ranks = &*self.ranks;
        let share = Share {
            own,
            halo: &encoder.halo_activations()?,
            xx: energy(x, ranks)?,
            x: Window::part(&field, self.shape.n_channels),
            tiles: &encoder.own_tiles(),
            largest: encoder.largest_tile(),
        };
        let method = self.options.learn.statistics;
        Statistics::new(encoder.shape(), &share, method, self.n_threads, ranks)
    }

    fn batch_statistics(&self, x: &Field<'_, T>) -> Result<Statistics> {
        let Some(encoder) = &self.encoder else {
            return Err(Error::Internal("statistics without an encoder".into()));
        };
        let Some(dictionary) = &self.dictionary else {
            return Err(Error::Internal("statistics without a dictionary".into()));
        };
        let mut found = self.gathered(encoder, &self.activations, x)?;
        // X = residual + D∗z, and the residual is where it is needed.
        add_model(&mut found, dictionary)?;
        Ok(found)
    }

    /// Collective: z for the dictionary as it is, of all signals of a step, to tol: how learning ends.
    pub fn encode(&mut self, x: &Field<'_, T>, report: Option<Report<'_>>) -> Result<Info> {
        let mut watch = self.watch(report);
        self.check_x(x)?;
        self.encode_within(x, &mut watch)
    }

    fn encode_within(&mut self, x: &Field<'_, T>, watch: &mut Watch<'_>) -> Result<Info> {
        let x = &self.batch(x);
        self.prepare(x)?;
        let info = self.solve(x, watch)?;
        let Some(encoder) = &mut self.encoder else {
            return Err(Error::Internal("a step without an encoder".into()));
        };
        // The next solve depends on z alone, not on how it came about.
        encoder.set_activations(&self.activations);
        Ok(info)
    }

    /// Collective: Outer iterations until the objective changes by no more than `learn_tol`, or `learn_max_iter`
    /// of them are done (those before this call included), and z for the
    /// dictionary that was learned. `each` is called after every iteration and returns whether to
    /// go on, `report` now and then during steps of z. A limit of time or a cancelled step leaves a
    /// valid dictionary and z.
    pub fn run(
        &mut self,
        x: &Field<'_, T>,
        mut each: Option<&mut dyn FnMut(&Iteration) -> bool>,
        report: Option<Report<'_>>,
    ) -> Result<Outcome> {
        let mut watch = self.watch(report);
        self.check_x(x)?;
        let learn = self.options.learn.clone();
        let mut stop = Stop::MaxIter;
        let (mut z, mut statistics, mut d, mut redrawn) = (0.0, 0.0, 0.0, 0);
        let first = self.iteration;
        while self.iteration < learn.max_iter as u64 {
            let last = self.last;
            let done = self.step_within(x, &mut watch)?;
            z += done.seconds_z;
            statistics += done.seconds_statistics;
            d += done.seconds_d;
            redrawn += done.redrawn as u64;
            if matches!(done.stop, Stop::TimeLimit | Stop::Cancelled) {
                stop = done.stop;
                break;
            }
            let go_on = each.as_mut().is_none_or(|each| each(&done));
            if self.any(!go_on)? {
                stop = Stop::Cancelled;
                break;
            }
            // Where every batch is another there is no limit to approach.
            let change = last.map(|last| last - done.objective_d);
            if let Some(change) = change
                && !self.online()
                && done.redrawn == 0
                && !done.recentred
                && change.abs() <= learn.tol * done.objective_d.abs()
            {
                stop = Stop::Converged;
                break;
            }
            if self.any(watch.start.elapsed().as_secs_f64() >= watch.time_limit)? {
                stop = Stop::TimeLimit;
                break;
            }
        }
        let begin = Instant::now();
        let info = self.encode_within(x, &mut watch)?;
        z += begin.elapsed().as_secs_f64();
        if matches!(info.stop, Stop::TimeLimit | Stop::Cancelled) {
            stop = info.stop;
        }
        Ok(Outcome {
            stop,
            iterations: self.iteration - first,
            redrawn,
            info,
            seconds: watch.start.elapsed().as_secs_f64(),
            seconds_z: z,
            seconds_statistics: statistics,
            seconds_d: d,
        })
    }
}
