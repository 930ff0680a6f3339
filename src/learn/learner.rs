//! The learner: what it is made of, and what it holds.

use crate::base::error::{Error, Result};
use crate::csc::coder::Coder;
use crate::csc::encoder::activations::write_list;
use crate::csc::encoder::blocks::{Active, fetch_within_reach, write_model};
use crate::csc::encoder::same_problem;
use crate::csc::problem::range::Range;
use crate::csc::{Activation, Encoder, Options, Shape, Step};
use crate::grid::block::Block;
use crate::learn::bytes::{read, write};
use crate::learn::checkpoint::{pack, unpack};
use crate::learn::dictionary_step::multiplied_out;
use crate::learn::memory::Memory;
use crate::learn::room::room;
use crate::learn::setup::Setup;
use crate::learn::state::{State, no_dictionary};
use crate::learn::statistics::Statistics;
use crate::linalg::{Dictionary, Field, FieldMut, Real};
use crate::options::solve::Missing;
use crate::ranks::Transport;
use crate::ranks::alike::fails_unless_alike;
use crate::ranks::local::Local;
use std::path::Path;
use std::sync::Arc;

/// Learns a dictionary, one outer iteration a call.
pub struct Learner<T: Real> {
    pub(super) setup: Setup<T>,
    pub(super) state: State<T>,
    pub(super) memory: Memory<T>,
}

impl<T: Real> Learner<T> {
    /// `given`: the dictionary to begin with (`learn_init` given), or the values of fixed atoms.
    /// Atoms longer than 1 are scaled to norm 1, fixed ones aside.
    pub fn new(shape: Shape, options: Options, n_threads: usize, given: Option<Dictionary<T>>) -> Result<Self> {
        Self::over(Arc::new(Local::alone()), shape, options, n_threads, given)
    }

    /// Collective: a learner on several ranks, all of which make one with the same arguments. Each brings its
    /// own block of the signals; functions that say so are collective.
    pub fn over(
        ranks: Arc<dyn Transport>,
        shape: Shape,
        options: Options,
        n_threads: usize,
        given: Option<Dictionary<T>>,
    ) -> Result<Self> {
        let range = given.as_ref().map_or(Ok(Range::unit()), |given| Range::new(given, "d"));
        let alike = same_problem(size_of::<T>(), &shape, &options);
        let made = range.and_then(|range| {
            let setup = Setup::new(ranks.clone(), shape, options, n_threads, given)?;
            Ok((setup.beginning()?, Setup { range, ..setup }))
        });
        let (beginning, setup) = ranks.agree(made)?;
        fails_unless_alike(&*ranks, &alike)?;
        let state = State::new(beginning);
        let memory = Memory::new(&setup.options, setup.shape.n_atoms);
        Ok(Learner { setup, state, memory })
    }

    /// The shapes it was made for.
    pub fn shape(&self) -> &Shape {
        &self.setup.shape
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.setup.options
    }

    /// The dictionary as it is; none before the first step, unless it was given.
    pub fn dictionary(&self) -> Option<&Dictionary<T>> {
        self.state.dictionary()
    }

    /// Outer iterations so far.
    pub fn iterations(&self) -> u64 {
        self.memory.iteration
    }

    /// What the last step of D went by, the same on all ranks; with `learn_online` and `learn_batch` that of all signals so far. ztz
    /// and ztX are those of z and x (less its background); with weights w, of which the largest is W, W·ztz, and ztX of
    /// w·x + (W − w)·(D∗z) in place of x, with the D before the step. None before the first step; a checkpoint has them
    /// only where they go on.
    pub fn statistics(&self) -> Option<&Statistics> {
        self.memory.statistics.as_ref().or(self.memory.of_step.as_ref())
    }

    /// λ per atom; none as long as it is not known or changes from step to step.
    pub fn lambda(&self) -> Option<&[f64]> {
        self.memory.lambda.as_deref()
    }

    /// The atoms as they are, (K, P, L…); noise where there was no time for any.
    pub(crate) fn atoms(&self) -> Result<Vec<T>> {
        match self.dictionary() {
            Some(dictionary) => multiplied_out(dictionary),
            None => self.setup.noise().and_then(|noise| multiplied_out(&noise)),
        }
    }

    /// Signals that a step looks at.
    pub fn signals_per_step(&self) -> usize {
        self.setup.signals_per_step()
    }

    /// Bytes held between calls, about.
    pub fn bytes(&self) -> usize {
        let encoder = self.state.encoder();
        let atoms = [self.dictionary(), self.setup.given.as_ref()].into_iter().flatten().map(Dictionary::bytes);
        let statistics = self.statistics();
        encoder.map_or(0, |encoder| encoder.bytes() + encoder.bytes_gram())
            + atoms.sum::<usize>()
            + statistics.map_or(0, |s| size_of::<f64>() * (s.ztz.len() + s.ztx.len()))
            + self.memory.activations.capacity() * size_of::<Activation<T>>()
            + self.memory.weights.bytes()
    }

    /// Collective: what [`Self::bytes`] will be after the first step on signals of which each rank brings a block, rather more than
    /// less if z is sparse: the Gram tensor aside, and the Gram tensor; and what weights add once they are set.
    pub fn bytes_to_come(
        ranks: &Arc<dyn Transport>,
        shape: &Shape,
        options: &Options,
        block: &Block,
    ) -> Result<[usize; 3]> {
        let found = room::<T>(ranks, shape, options, block)?;
        Ok([found.bytes, found.gram, found.weights])
    }

    /// z ≠ 0 of the signals of the last step on this rank, sorted by (signal, atom, position).
    pub fn activations(&self) -> &[Activation<T>] {
        &self.memory.activations
    }

    /// Collective: writes z of the signals of the last step, as (signals × atoms) fields. Each rank
    /// asks for a block of the valid domain.
    pub fn z(&self, out: &mut FieldMut<'_, T>) -> Result<()> {
        let (block, shape) = (out.block(), self.coded());
        let n = shape.n_signals * shape.n_atoms;
        let fits = match out.channels.len() {
            found if found != n && !block.is_empty() => Err(Error::argument("number of channels of z", found, n)),
            _ => shape.check_inside("z", &block, shape.valid()),
        };
        self.setup.ranks.agree(fits)?;
        write_list(shape.n_atoms, &self.fetch(&block)?, out);
        Ok(())
    }

    /// The part of the activations that is on this rank: empty before that is settled, and on ranks that have none.
    pub fn region(&self) -> Block {
        self.state.encoder().map_or(Block::default(), Encoder::region)
    }

    /// Collective: sets z where the next step begins, unless each begins at zero (`learn_online`, `learn_batch`). Each rank
    /// brings a block of the valid domain.
    pub fn set_z(&mut self, z: &Field<'_, T>) -> Result<()> {
        Coder::set_z(self, z)
    }

    /// Collective: samples of all signals have these weights from now on, as [`Encoder::set_weights`] has them; a batch takes its
    /// own. z is kept, where it still may be.
    pub fn set_weights(&mut self, weights: Option<&Field<'_, T>>) -> Result<()> {
        self.memory.weights.set(&self.setup, weights)
    }

    /// Collective: writes D∗z of the last step as (signals × channels) fields: any block on each rank.
    pub fn reconstruct(&self, out: &mut FieldMut<'_, T>) -> Result<()> {
        let (block, shape) = (out.block(), self.coded());
        let n = shape.n_signals * shape.n_channels;
        let fits = match out.channels.len() {
            found if found != n && !block.is_empty() => Err(Error::argument("number of channels of x", found, n)),
            _ => shape.check_inside("x", &block, shape.signal),
        };
        let dictionary = self.setup.ranks.agree(fits.and_then(|()| Coder::dictionary(self)))?;
        let list = fetch_within_reach(&shape, &block, &|part| self.fetch(part))?;
        write_model(&shape, &dictionary, &list, out);
        Ok(())
    }

    /// Collective: writes X − D∗z: see [`Encoder::residual`]. X is of the signals that z is of.
    pub fn residual(&mut self, x: &Field<'_, T>, out: &mut FieldMut<'_, T>) -> Result<()> {
        self.encoder_for(x.block())?.residual(x, out)
    }

    /// Collective: F(z) and its data term: see [`Encoder::objective`]. With `learn_robust` no square is larger than that of the
    /// threshold of the last step.
    pub fn objective(&mut self, x: &Field<'_, T>) -> Result<(f64, f64)> {
        Coder::objective(self, x)
    }

    /// Collective: z ≠ 0 of the last step of all ranks, on the first one, sorted; nothing elsewhere.
    fn all_activations(&self) -> Result<Vec<Activation<T>>> {
        match self.state.encoder() {
            Some(encoder) if self.setup.ranks.size() > 1 => {
                let first = self.setup.ranks.rank() == 0;
                let all = Block::whole(self.setup.coded().valid());
                encoder.activations_in(&if first { all } else { Block::default() })
            }
            _ => Ok(self.memory.activations.clone()),
        }
    }

    /// Collective: everything that the next step depends on, as bytes; on the first rank, to which z
    /// is gathered for it. Nothing on the others.
    pub fn save(&self) -> Result<Vec<u8>> {
        let activations = self.all_activations()?;
        let bytes = match self.setup.ranks.rank() {
            0 => pack(&self.setup, self.dictionary(), &self.memory, &activations),
            _ => Ok(Vec::new()),
        };
        self.setup.ranks.agree(bytes)
    }

    /// A learner as it was saved. `options` replace those of the checkpoint.
    pub fn restore(bytes: &[u8], options: Option<Options>, n_threads: usize) -> Result<Self> {
        Self::restore_over(Arc::new(Local::alone()), bytes, options, n_threads)
    }

    /// Collective: a learner on several ranks, as it was saved by any number of them. What the first
    /// rank gives counts.
    pub fn restore_over(
        ranks: Arc<dyn Transport>,
        bytes: &[u8],
        options: Option<Options>,
        n_threads: usize,
    ) -> Result<Self> {
        let mut all = match ranks.rank() {
            0 => bytes.to_vec(),
            _ => Vec::new(),
        };
        ranks.broadcast(0, &mut all)?;
        let unpacked = unpack(ranks.clone(), &all, options, n_threads);
        let (setup, dictionary, memory) = ranks.agree(unpacked)?;
        Ok(Learner { setup, state: State::new(dictionary), memory })
    }

    /// Collective: [`Self::save`] to a file, by the first rank: under another name first, so that a
    /// file of this name is whole at any time.
    pub fn save_to(&self, path: &Path) -> Result<()> {
        let bytes = self.save()?;
        let written = match self.setup.ranks.rank() {
            0 => write(path, &bytes),
            _ => Ok(()),
        };
        self.setup.ranks.agree(written)
    }

    /// [`Self::restore`] from a file.
    pub fn restore_from(path: &Path, options: Option<Options>, n_threads: usize) -> Result<Self> {
        Self::restore(&read(path)?, options, n_threads)
    }
}

impl<T: Real> Coder<T> for Learner<T> {
    fn shape(&self) -> &Shape {
        &self.setup.shape
    }

    fn n_coded(&self) -> usize {
        self.signals_per_step()
    }

    fn coded(&self) -> Shape {
        self.setup.coded()
    }

    fn options(&self) -> &Options {
        &self.setup.options
    }

    fn ranks(&self) -> Arc<dyn Transport> {
        self.setup.ranks.clone()
    }

    fn iterations(&self) -> u64 {
        self.memory.iteration
    }

    fn bytes(&self) -> usize {
        Learner::bytes(self)
    }

    fn dictionary(&self) -> Result<Dictionary<T>> {
        self.state.dictionary().cloned().ok_or_else(no_dictionary)
    }

    fn encoder(&self) -> Option<&Encoder<T>> {
        self.state.encoder()
    }

    fn range(&self) -> Range {
        self.setup.range
    }

    fn lambda(&self) -> Result<&[f64]> {
        let text = "lambda is not fixed: not before the first step, or new in each";
        Learner::lambda(self).ok_or_else(|| Error::InvalidState(text.into()))
    }

    fn allows_holes(&self) -> bool {
        self.setup.options.missing == Missing::Nan || self.memory.weights.are_given()
    }

    fn set_weights(&mut self, weights: Option<&Field<'_, T>>) -> Result<()> {
        Learner::set_weights(self, weights)
    }

    fn encoder_for(&mut self, block: Block) -> Result<&mut Encoder<T>> {
        let encoder = &mut self.state.known(&self.setup, &mut self.memory, block)?.encoder;
        if let Some(lambda) = &self.memory.lambda {
            encoder.set_lambda(lambda);
        }
        Ok(encoder)
    }

    fn objective(&mut self, x: &Field<'_, T>) -> Result<(f64, f64)> {
        let (part, known) = (self.setup.options.learn.robust, self.memory.threshold);
        let encoder = self.encoder_for(x.block())?;
        if part == 0.0 {
            return encoder.objective(x);
        }
        // Where the threshold is known it stays: no residual is in its way.
        let found = encoder.leave_out(x, known.map_or(part, |_| 1.0), known.unwrap_or(f64::INFINITY))?;
        let (value, data_term) = encoder.objective(x)?;
        Ok((value + found.constant, data_term + found.constant))
    }

    fn activations(&self) -> Result<Vec<Activation<T>>> {
        match self.state.encoder() {
            Some(encoder) => encoder.activations(),
            // As restored: all of them are on each rank, and in no region yet.
            None if self.setup.ranks.size() > 1 => Ok(Vec::new()),
            None => Ok(self.memory.activations.clone()),
        }
    }

    fn fetch(&self, block: &Block) -> Result<Vec<Active<T>>> {
        if let Some(encoder) = self.state.encoder() {
            return encoder.fetch(block);
        }
        let here = self.memory.activations.iter().filter(|a| block.contains(&a.at));
        let step = |a: &Activation<T>| Step { at: a.at, atom: a.atom as u32, delta: a.value };
        Ok(here.map(|a| (a.signal, step(a))).collect())
    }

    fn set_z(&mut self, z: &Field<'_, T>) -> Result<()> {
        self.state.set_z(&self.setup, &mut self.memory, &mut |encoder| encoder.set_z(z))
    }

    fn set_list(&mut self, list: &[Activation<T>]) -> Result<()> {
        self.state.set_z(&self.setup, &mut self.memory, &mut |encoder| encoder.set_list(list))
    }

    fn clear_z(&mut self) {
        self.memory.activations.clear();
        self.state.settle(&self.memory);
    }
}
