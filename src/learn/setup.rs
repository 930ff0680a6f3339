//! What a learner is made with, and what follows from that alone.

use crate::base::error::{Error, Result};
use crate::clock::{self, Stage};
use crate::csc::problem::model::matching;
use crate::csc::problem::range::Range;
use crate::csc::{Activation, Encoder, Options, Shape};
use crate::grid::block::Block;
use crate::learn::crops::{Crops, Drawn};
use crate::learn::dictionary_step::{Settings, feasible, multiplied_out, tukey_window, widened};
use crate::learn::initialise::{Purpose, factors, generator};
use crate::learn::share::Share;
use crate::learn::statistics::{Statistics, energy};
use crate::learn::window::Window;
use crate::linalg::{Atoms, Dictionary, Field, Real};
use crate::options::learn::Init;
use crate::options::solve::Proof;
use crate::ranks::Transport;
use std::sync::Arc;

/// Never changes while a learner lives.
pub(super) struct Setup<T> {
    pub(super) shape: Shape,
    pub(super) options: Options,
    pub(super) n_threads: usize,
    pub(super) ranks: Arc<dyn Transport>,
    /// The values that were given, for fixed atoms.
    pub(super) given: Option<Dictionary<T>>,
    /// To refuse numbers that are too large, where a sample is not missing.
    pub(super) range: Range,
    /// The windows, if each step draws some.
    pub(super) crops: Option<Crops>,
}

/// Fails unless the options of learning go together, and with the shape.
fn check(shape: &Shape, options: &Options, given: bool) -> Result<()> {
    let learn = &options.learn;
    let n_fixed = learn.fixed_atoms.len();
    if n_fixed != 0 && n_fixed != shape.n_atoms {
        let allowed = format!("a list of {} values, one per atom", shape.n_atoms);
        let name = "option \"learn_fixed_atoms\"";
        return Err(Error::argument(name, format!("a list of {n_fixed}"), allowed));
    }
    if learn.needs_dictionary() && !given {
        let argument = "d";
        let expected = "the first dictionary, or the values of fixed atoms";
        return Err(Error::NullPointer { argument, expected });
    }
    if learn.batch > shape.n_signals as i64 {
        let allowed = format!("at most {}, the number of signals", shape.n_signals);
        return Err(Error::argument("option \"learn_batch\"", learn.batch, allowed));
    }
    if learn.robust > 0.0 && (learn.online || learn.batch > 0 || learn.crops > 0) {
        let allowed =
            "0 with option \"learn_online\", \"learn_batch\" or \"learn_crops\", where each step brings other samples";
        return Err(Error::argument("option \"learn_robust\"", learn.robust, allowed));
    }
    if learn.redraw_below > 0.0 && !learn.redraw {
        let name = "option \"learn_redraw_below\"";
        let allowed = "0 unless option \"learn_redraw\" is 1";
        return Err(Error::argument(name, learn.redraw_below, allowed));
    }
    if learn.sort && !options.reg_per_atom.is_empty() {
        let allowed = "0 with option \"reg_per_atom\", which says which place has which";
        return Err(Error::argument("option \"learn_sort\"", 1, allowed));
    }
    let room = |k: usize| tukey_window(shape.atom_of(k)).into_iter().filter(|w| !learn.window || *w > 0.0).count();
    if learn.zero_mean && (0..shape.n_atoms).any(|k| room(k) < 2) {
        let allowed = "0 where atoms have room for one value only, which would be zero";
        return Err(Error::argument("option \"learn_zero_mean\"", 1, allowed));
    }
    if learn.zero_mean && learn.non_negative {
        let allowed = "0 with option \"learn_zero_mean\": atoms of both kinds are zero";
        return Err(Error::argument("option \"learn_non_negative\"", 1, allowed));
    }
    if options.frozen_support {
        let name = "option \"frozen_support\"";
        return Err(Error::argument(name, 1, "0 when a dictionary is learned"));
    }
    options.check_lengths(shape.n_axes, shape.n_atoms)?;
    options.check_together()
}

impl<T: Real> Setup<T> {
    /// Checks all of it.
    pub(super) fn new(
        ranks: Arc<dyn Transport>,
        shape: Shape,
        options: Options,
        n_threads: usize,
        given: Option<Dictionary<T>>,
    ) -> Result<Self> {
        let mut setup = Setup::of_options(ranks, shape, options, n_threads, given.is_some())?;
        if let Some(given) = given {
            let given = setup.with_rank(matching(given, &setup.shape)?)?;
            setup.given = Some(feasible(&given, &setup.settings()));
        }
        Ok(setup)
    }

    /// Without what is given, whether there will be something or not.
    pub(super) fn of_options(
        ranks: Arc<dyn Transport>,
        shape: Shape,
        options: Options,
        n_threads: usize,
        given: bool,
    ) -> Result<Self> {
        check(&shape, &options, given)?;
        let crops = Crops::new(&shape, &options)?;
        Ok(Setup { shape, options, n_threads, ranks, given: None, range: Range::unit(), crops })
    }

    /// The dictionary to begin with, if that is what was given.
    pub(super) fn beginning(&self) -> Result<Option<Dictionary<T>>> {
        let Some(given) = self.given.as_ref().filter(|_| self.options.learn.init == Init::Given) else {
            return Ok(None);
        };
        if widened(given)?.iter().all(|value| *value == 0.0) {
            let allowed = "atoms that are not zero, as option \"learn_init\" is \"given\"";
            return Err(Error::argument("d", "zero everywhere", allowed));
        }
        Ok(Some(given.clone()))
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
                Dictionary::rank_one_of_shapes(given.n_atoms, p, given.shape, &given.shapes, &u, &v)
            }
            Atoms::RankOne { .. } if !rank_one => {
                let d = multiplied_out(&given)?;
                Dictionary::of_shapes(given.n_atoms, given.n_channels, given.shape, &given.shapes, &d)
            }
            _ => Ok(given),
        }
    }

    /// Signals that a step looks at.
    pub(super) fn signals_per_step(&self) -> usize {
        match (self.options.learn.crops, self.options.learn.batch) {
            (0, 0) => self.shape.n_signals,
            (0, batch) => batch as usize,
            (crops, _) => crops as usize,
        }
    }

    pub(super) fn online(&self) -> bool {
        self.options.learn.online || self.options.learn.batch > 0 || self.crops.is_some()
    }

    pub(super) fn settings(&self) -> Settings {
        let learn = &self.options.learn;
        Settings {
            tol: learn.dict_tol,
            max_iter: learn.dict_max_iter as usize,
            fixed: learn.fixed_atoms.clone(),
            window: learn.window,
            zero_mean: learn.zero_mean,
            non_negative: learn.non_negative,
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

    /// The shapes of what a step looks at.
    pub(super) fn coded(&self) -> Shape {
        let shape = Shape { n_signals: self.signals_per_step(), ..self.shape.clone() };
        self.crops.as_ref().map_or(shape.clone(), |crops| crops.shapes(&shape))
    }

    /// This rank's part of each crop; nothing where there are none.
    pub(super) fn own_slab(&self) -> Block {
        self.crops.as_ref().map_or(Block::default(), |crops| crops.slab(self.ranks.rank(), self.ranks.size()))
    }

    /// Collective: the signals of a step.
    pub(super) fn drawn<'a>(&self, x: &Field<'a, T>, iteration: u64) -> Result<Drawn<'a, T>> {
        match &self.crops {
            Some(crops) => crops.draw(&self.shape, &self.ranks, x, self.options.seed, iteration),
            None => Ok(Drawn::Given(self.batch(x, iteration))),
        }
    }

    /// The signals of a step that looks at whole ones.
    pub(super) fn batch<'a>(&self, x: &Field<'a, T>, iteration: u64) -> Field<'a, T> {
        let (n, p) = (self.shape.n_signals as u64, self.shape.n_channels);
        let per_step = self.signals_per_step() as u64;
        if per_step == n || x.channels.len() != self.shape.n_signals * p {
            return x.clone();
        }
        let mut channels = Vec::new();
        let (mut epoch, mut order) = (u64::MAX, Vec::new());
        for place in iteration * per_step..(iteration + 1) * per_step {
            if place / n != epoch {
                epoch = place / n;
                let mut rng = generator(self.options.seed, Purpose::Batches, epoch);
                order = (0..n as usize).collect();
                rng.shuffle(&mut order);
            }
            let signal = order[(place % n) as usize];
            channels.extend_from_slice(&x.channels[signal * p..(signal + 1) * p]);
        }
        Field { channels, ..x.clone() }
    }

    /// Options of an encoder for the signals of a step.
    pub(super) fn options_of_steps(&self) -> Options {
        // Nothing is proven of a step of learning.
        let mut options = Options { warm_start: true, proof: Proof::Quick, ..self.options.clone() };
        if self.crops.is_some() {
            options.periodic.clear();
        }
        options
    }

    /// An encoder for the signals of a step, warm.
    pub(super) fn new_encoder(&self, dictionary: Dictionary<T>) -> Result<Encoder<T>> {
        let options = self.options_of_steps();
        let mut encoder = Encoder::over(self.ranks.clone(), self.coded(), dictionary, options, self.n_threads)?;
        encoder.set_range(self.range);
        Ok(encoder)
    }

    /// Whether an atom is fixed.
    pub(super) fn fixed(&self, k: usize) -> bool {
        self.options.learn.fixed_atoms.get(k).is_some_and(|f| *f)
    }

    /// Collective: ‖X‖², less what signals lie on.
    pub(super) fn energy(&self, encoder: &Encoder<T>, x: &Field<'_, T>) -> Result<f64> {
        match encoder.centred(x)? {
            Some(window) => energy(&window.fields(0, x.channels.len()), &*self.ranks),
            None => energy(x, &*self.ranks),
        }
    }

    /// Collective: statistics of activations with what the encoder's window holds: the signals, or a residual. `xx` is ‖X‖²;
    /// without `pairs` ztz is zero.
    pub(super) fn gathered(
        &self,
        encoder: &Encoder<T>,
        own: &[Activation<T>],
        xx: f64,
        pairs: bool,
    ) -> Result<Statistics> {
        let _stage = clock::stage(Stage::Statistics);
        let field = encoder.in_window();
        let ranks = &*self.ranks;
        let share = Share {
            own,
            halo: &encoder.halo_activations()?,
            xx,
            x: Window::part(&field, self.shape.n_channels),
            tiles: &encoder.own_tiles(),
            largest: encoder.largest_tile(),
            pairs,
        };
        let method = self.options.learn.statistics;
        Statistics::new(encoder.shape(), &share, method, self.n_threads, ranks)
    }
}
