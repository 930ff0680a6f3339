//! The states of a learner: blank, with a dictionary, ready to step.

use crate::base::error::{Error, Result};
use crate::clock::Clock;
use crate::csc::encoder::Robust;
use crate::csc::{Encoder, Info};
use crate::grid::block::Block;
use crate::learn::initialise::blank;
use crate::learn::memory::Memory;
use crate::learn::setup::Setup;
use crate::learn::weights::Told;
use crate::linalg::{Dictionary, Field, Real};
use crate::options::learn::Reference;
use crate::options::solve::RegScale;

/// Seconds to list a z ≠ 0, in order, to hand it back to the encoder, and to write it into an array, about.
const TO_LIST: f64 = 5e-7;

/// How far a learner has come.
pub(super) enum State<T: Real> {
    /// There is no dictionary before the first step.
    Blank,
    /// There is one, given or restored.
    Known(Dictionary<T>),
    /// There is an encoder for it.
    Ready(Box<Ready<T>>),
}

/// There is nothing that codes.
pub(super) fn no_dictionary() -> Error {
    Error::InvalidState("there is no dictionary before the first step".into())
}

/// A dictionary and the encoder that it is bound in.
pub(super) struct Ready<T: Real> {
    pub(super) dictionary: Dictionary<T>,
    pub(super) encoder: Encoder<T>,
    /// The weights that it has.
    told: Told,
    /// The samples that are left out of an iteration.
    pub(super) robust: Robust,
}

impl<T: Real> State<T> {
    pub(super) fn new(dictionary: Option<Dictionary<T>>) -> Self {
        dictionary.map_or(State::Blank, State::Known)
    }

    /// The dictionary as it is.
    pub(super) fn dictionary(&self) -> Option<&Dictionary<T>> {
        match self {
            State::Blank => None,
            State::Known(dictionary) => Some(dictionary),
            State::Ready(ready) => Some(&ready.dictionary),
        }
    }

    pub(super) fn encoder(&self) -> Option<&Encoder<T>> {
        match self {
            State::Blank | State::Known(_) => None,
            State::Ready(ready) => Some(&ready.encoder),
        }
    }

    /// The samples that are left out.
    pub(super) fn robust(&self) -> Option<&Robust> {
        match self {
            State::Blank | State::Known(_) => None,
            State::Ready(ready) => Some(&ready.robust),
        }
    }

    /// Collective: makes the encoder if there is none; the first dictionary, too.
    pub(super) fn prepare(
        &mut self,
        setup: &Setup<T>,
        memory: &mut Memory<T>,
        x: &Field<'_, T>,
        clock: &Clock<'_>,
    ) -> Result<&mut Ready<T>> {
        let ready = match *self {
            State::Ready(_) | State::Known(_) => {
                let ready = self.known(setup, memory, x.block())?;
                ready.leave_out(setup, memory, x)?;
                return Ok(ready);
            }
            State::Blank => Ready::first(setup, memory, x, clock)?,
        };
        *self = State::Ready(Box::new(ready));
        self.prepare(setup, memory, x, clock)
    }

    /// Collective: makes the encoder, for signals that lie like this, if there is none. Fails where there is no dictionary yet.
    pub(super) fn known(&mut self, setup: &Setup<T>, memory: &mut Memory<T>, block: Block) -> Result<&mut Ready<T>> {
        let ready = match *self {
            State::Ready(ref mut ready) => {
                ready.weigh(setup, memory, block)?;
                return Ok(ready);
            }
            State::Known(ref dictionary) => Ready::knowing(dictionary.clone(), setup, memory, block)?,
            State::Blank => return Err(no_dictionary()),
        };
        *self = State::Ready(Box::new(ready));
        self.known(setup, memory, block)
    }

    /// Collective: gives z to the encoder, which is made if there is none. Fails where there is no dictionary yet.
    pub(super) fn set_z(
        &mut self,
        setup: &Setup<T>,
        memory: &mut Memory<T>,
        set: &mut dyn FnMut(&mut Encoder<T>) -> Result<()>,
    ) -> Result<()> {
        let encoder = match self {
            State::Ready(ready) => {
                set(&mut ready.encoder)?;
                &ready.encoder
            }
            State::Known(dictionary) => {
                let mut encoder = setup.new_encoder(dictionary.clone())?;
                set(&mut encoder)?;
                *self = State::Ready(Box::new(Ready::new(dictionary.clone(), encoder)));
                return self.set_z(setup, memory, &mut |_| Ok(()));
            }
            State::Blank => return Err(no_dictionary()),
        };
        memory.activations = setup.ranks.agree(encoder.activations())?;
        Ok(())
    }

    /// Forgets how z came about: the next solve depends on z alone.
    pub(super) fn settle(&mut self, memory: &Memory<T>) {
        if let State::Ready(ready) = self {
            ready.encoder.set_activations(&memory.activations);
        }
    }
}

/// Collective: leaves out samples of which D and z leave too much, where that is asked for.
fn leave_out<T: Real>(
    encoder: &mut Encoder<T>,
    setup: &Setup<T>,
    memory: &mut Memory<T>,
    x: &Field<'_, T>,
) -> Result<Robust> {
    let part = setup.options.learn.robust;
    if part == 0.0 {
        return Ok(Robust::default());
    }
    let found = encoder.leave_out(x, part, memory.threshold.unwrap_or(f64::INFINITY))?;
    memory.threshold = found.threshold.or(memory.threshold);
    Ok(found)
}

impl<T: Real> Ready<T> {
    fn new(dictionary: Dictionary<T>, encoder: Encoder<T>) -> Self {
        Ready { dictionary, encoder, told: None, robust: Robust::default() }
    }

    /// Of a dictionary, and z as it was left.
    fn knowing(dictionary: Dictionary<T>, setup: &Setup<T>, memory: &mut Memory<T>, block: Block) -> Result<Self> {
        let mut encoder = setup.new_encoder(dictionary.clone())?;
        encoder.settle(block)?;
        encoder.set_activations(&memory.activations);
        memory.activations = setup.ranks.agree(encoder.activations())?;
        Ok(Ready::new(dictionary, encoder))
    }

    /// Collective: sees to it that samples have the weights that they were given.
    fn weigh(&mut self, setup: &Setup<T>, memory: &Memory<T>, block: Block) -> Result<()> {
        memory.weights.tell(setup, &mut self.encoder, &mut self.told, memory.iteration, block)
    }

    /// Collective: the same, by what is left now.
    pub(super) fn leave_out(&mut self, setup: &Setup<T>, memory: &mut Memory<T>, x: &Field<'_, T>) -> Result<()> {
        self.robust = Robust::default();
        self.robust = leave_out(&mut self.encoder, setup, memory, x)?;
        Ok(())
    }

    /// Of the first dictionary.
    fn first(setup: &Setup<T>, memory: &mut Memory<T>, x: &Field<'_, T>, clock: &Clock<'_>) -> Result<Self> {
        let blank = blank(&setup.shape, setup.options.learn.rank_one)?;
        let mut encoder = setup.new_encoder(blank)?;
        if let Some(lambda) = &memory.lambda {
            encoder.set_lambda(lambda);
        }
        let mut told = None;
        memory.weights.tell(setup, &mut encoder, &mut told, memory.iteration, x.block())?;
        leave_out(&mut encoder, setup, memory, x)?;
        encoder.load_weighted(x)?;
        let first = setup.first_dictionary(&mut encoder, x, clock);
        let dictionary = setup.ranks.agree(first)?;
        encoder.set_dictionary(dictionary.clone())?;
        Ok(Ready { told, ..Ready::new(dictionary, encoder) })
    }

    /// Collective: z for the dictionary as it is.
    pub(super) fn solve(
        &mut self,
        setup: &Setup<T>,
        memory: &mut Memory<T>,
        x: &Field<'_, T>,
        clock: &Clock<'_>,
    ) -> Result<Info> {
        if setup.online() {
            self.encoder.set_activations(&[]);
        }
        if let Some(lambda) = &memory.lambda {
            self.encoder.set_lambda(lambda);
        }
        clock.keep_for_each(TO_LIST);
        let mut info = self.encoder.solve_within(clock, x, false)?;
        info.certificate.objective += self.robust.constant;
        info.certificate.data_term += self.robust.constant;
        memory.activations = setup.ranks.agree(self.encoder.activations())?;
        if info.proven {
            memory.room = 1.25 * (info.seconds_correlate + info.seconds_certify);
        }
        // A fraction of nothing would be 0 for ever: the first dictionary that has to do with x counts, and all of its atoms
        // where each has a λ of its own.
        let options = self.encoder.options();
        let of_atoms = options.reg_scale == RegScale::PerAtom;
        let reg = |atom: usize| *options.reg_per_atom.get(atom).unwrap_or(&options.reg);
        let nothing = |(atom, lambda): (usize, &f64)| of_atoms && *lambda == 0.0 && reg(atom) > 0.0;
        let counts = info.lambda_max > 0.0 && !info.noise && !info.lambda.iter().enumerate().any(nothing);
        if setup.options.learn.reg_reference == Reference::First && memory.lambda.is_none() && counts {
            memory.lambda = Some(info.lambda.clone());
        }
        Ok(info)
    }
}
