//! The learner: what it is made of, what it holds, and what comes before its first step.

use crate::base::error::{Error, Result};
use crate::base::wording::per_axis;
use crate::clock::Clock;
use crate::csc::problem::model::wrong_dictionary;
use crate::csc::{Activation, Encoder, Options, Shape};
use crate::grid::block::Block;
use crate::learn::dictionary_step::{Settings, feasible, widened};
use crate::learn::initialise::{Purpose, below, blank, factors, generator};
use crate::learn::statistics::Statistics;
use crate::linalg::{Atoms, Dictionary, Field, FieldMut, Real};
use crate::options::learn::Init;
use crate::options::solve::Scale;
use crate::ranks::Transport;
use crate::ranks::local::Local;
use std::sync::Arc;

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
    /// Seconds that a solve takes beside its descent, as far as is known.
    pub(super) room: f64,
}

impl<T: Real> Learner<T> {
    /// `given`: the dictionary to begin with (`learn_init` given), or the values of fixed atoms.
    /// Atoms longer than 1 are scaled to norm 1, fixed ones aside.
    pub fn new(shape: Shape, options: Options, n_threads: usize, given: Option<Dictionary<T>>) -> Result<Self> {
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
            let allowed = format!("a list of {} values, one per atom", shape.n_atoms);
            let name = "option \"learn_fixed_atoms\"";
            return Err(Error::argument(name, format!("a list of {n_fixed}"), allowed));
        }
        let needs = learn.init == Init::Given || learn.fixed_atoms.contains(&true);
        if needs && given.is_none() {
            let argument = "d";
            let expected = "the first dictionary, or the values of fixed atoms";
            return Err(Error::NullPointer { argument, expected });
        }
        if learn.batch > shape.n_signals as i64 {
            let allowed = format!("at most {}, the number of signals", shape.n_signals);
            return Err(Error::argument("option \"learn_batch\"", learn.batch, allowed));
        }
        if learn.redraw_below > 0.0 && !learn.redraw {
            let name = "option \"learn_redraw_below\"";
            let allowed = "0 unless option \"learn_redraw\" is 1";
            return Err(Error::argument(name, learn.redraw_below, allowed));
        }
        if options.frozen_support {
            let name = "option \"frozen_support\"";
            return Err(Error::argument(name, 1, "0 when a dictionary is learned"));
        }
        options.check_lengths(shape.n_axes, shape.n_atoms)?;
        options.check_together()?;
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
            room: 0.0,
        };
        if let Some(given) = given {
            let given = learner.with_rank(given)?;
            let shape = &learner.shape;
            let d = (given.n_atoms, given.n_channels, given.shape);
            if d != (shape.n_atoms, shape.n_channels, shape.atom) {
                return Err(wrong_dictionary(&given, shape));
            }
            let given = feasible(&given, &learner.options.learn.fixed_atoms);
            if learner.options.learn.init == Init::Given {
                if widened(&given)?.iter().all(|value| *value == 0.0) {
                    let allowed = "atoms that are not zero, as option \"learn_init\" is \"given\"";
                    return Err(Error::argument("d", "zero everywhere", allowed));
                }
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
    pub(super) fn with_rank(&self, given: Dictionary<T>) -> Result<Dictionary<T>> {
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

    /// The dictionary that it was given, if any.
    pub(crate) fn given(&self) -> Option<&Dictionary<T>> {
        self.given.as_ref()
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

    /// Bytes held between calls, about.
    pub fn bytes(&self) -> usize {
        let encoder = self.encoder.as_ref();
        let atoms = [&self.dictionary, &self.given].into_iter().flatten();
        let atoms = atoms.map(|d| d.n_atoms * d.n_channels * d.volume() * size_of::<T>());
        let statistics = self.statistics.as_ref();
        encoder.map_or(0, |encoder| encoder.bytes() + encoder.bytes_gram())
            + atoms.sum::<usize>()
            + statistics.map_or(0, |s| size_of::<f64>() * (s.ztz.len() + s.ztx.len()))
            + self.activations.capacity() * size_of::<Activation<T>>()
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
            let [offset, shape, valid] =
                [block.origin, block.shape, valid.shape].map(|of| per_axis(&self.shape.unpadded(of)));
            let found = out.channels.len();
            let value = format!("{found} fields of shape {shape} at offset {offset}");
            let allowed = format!("{n} fields inside the valid domain, which has the shape {valid}");
            return Err(Error::shape("z", value, allowed));
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

    pub(super) fn check_x(&self, x: &Field<'_, T>) -> Result<()> {
        let n = self.shape.n_signals * self.shape.n_channels;
        let fits = match x.channels.len() {
            found if found == n || x.block().is_empty() => Ok(()),
            found => {
                let allowed = format!("{n}, the channels of all signals");
                Err(Error::argument("number of channels of x", found, allowed))
            }
        };
        self.ranks.agree(fits)
    }

    /// The signals of this step.
    pub(super) fn batch<'a>(&self, x: &Field<'a, T>) -> Field<'a, T> {
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
        Field { channels, ..x.clone() }
    }

    /// An encoder for the signals of a step, warm.
    fn new_encoder(&self, dictionary: Dictionary<T>, n_signals: usize) -> Result<Encoder<T>> {
        let shape = Shape { n_signals, ..self.shape.clone() };
        let options = Options { warm_start: true, ..self.options.clone() };
        Encoder::over(self.ranks.clone(), shape, dictionary, options, self.n_threads)
    }

    pub(super) fn fixed(&self, k: usize) -> bool {
        self.options.learn.fixed_atoms.get(k).is_some_and(|f| *f)
    }

    /// Makes the encoder if there is none; the first dictionary, too.
    pub(super) fn prepare(&mut self, x: &Field<'_, T>, clock: &Clock<'_>) -> Result<()> {
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
        let first = self.first_dictionary(&mut encoder, x, clock);
        let first = self.ranks.agree(first)?;
        encoder.set_dictionary(first.clone())?;
        self.dictionary = Some(first);
        self.encoder = Some(encoder);
        Ok(())
    }
}
