//! What an encoder and a learner have in common: activations of signals, spread over ranks, and a dictionary.

use crate::base::error::Result;
use crate::csc::encoder::blocks::Active;
use crate::csc::problem::range::Range;
use crate::csc::{Activation, Encoder, Options, Shape};
use crate::grid::block::Block;
use crate::linalg::{Dictionary, Field, Real};
use crate::ranks::Transport;
use std::sync::Arc;

/// What holds activations.
pub(crate) trait Coder<T: Real> {
    /// The shapes it was made for.
    fn shape(&self) -> &Shape;

    /// Signals that the activations are of: all, or a batch.
    fn n_coded(&self) -> usize {
        self.shape().n_signals
    }

    /// The shapes of those signals.
    fn coded(&self) -> Shape {
        Shape { n_signals: self.n_coded(), ..self.shape().clone() }
    }

    /// The options it was made with.
    fn options(&self) -> &Options;

    /// The ranks that it works on.
    fn ranks(&self) -> Arc<dyn Transport>;

    /// Outer iterations so far.
    fn iterations(&self) -> u64 {
        0
    }

    /// Bytes held on this rank, about.
    fn bytes(&self) -> usize;

    /// The dictionary as it is. Fails where there is none yet.
    fn dictionary(&self) -> Result<Dictionary<T>>;

    /// What codes, once there is something to be coded.
    fn encoder(&self) -> Option<&Encoder<T>>;

    /// Whether x may be anything in some places.
    fn allows_holes(&self) -> bool;

    /// What numbers go with the dictionary that was given.
    fn range(&self) -> Range;

    /// Fails if signals are not finite, or too large. Where holes are allowed it is looked later at what is there.
    fn check_signals(&self, x: &Field<'_, T>) -> Result<()> {
        if self.allows_holes() { Ok(()) } else { self.range().check_signals(self.shape(), x) }
    }

    /// λ of every atom. Fails where it is not known.
    fn lambda(&self) -> Result<&[f64]>;

    /// Collective: samples of all signals have these weights from now on; none: all are 1.
    fn set_weights(&mut self, weights: Option<&Field<'_, T>>) -> Result<()>;

    /// Collective: the same, made for signals that lie like this where there is none. Fails where there is no dictionary yet.
    fn encoder_for(&mut self, block: Block) -> Result<&mut Encoder<T>>;

    /// Collective: F of the activations and its data term for these signals.
    fn objective(&mut self, x: &Field<'_, T>) -> Result<(f64, f64)> {
        self.encoder_for(x.block())?.objective(x)
    }

    /// Activations on this rank, sorted by signal, atom and position.
    fn activations(&self) -> Result<Vec<Activation<T>>>;

    /// Collective: the activations in a block of the valid domain, in no order.
    fn fetch(&self, block: &Block) -> Result<Vec<Active<T>>>;

    /// Collective: takes activations, of which each rank brings a block.
    fn set_z(&mut self, z: &Field<'_, T>) -> Result<()>;

    /// Collective: takes lists of activations in the regions of the ranks.
    fn set_list(&mut self, list: &[Activation<T>]) -> Result<()>;

    /// Forgets the activations.
    fn clear_z(&mut self);
}

impl<T: Real> Coder<T> for Encoder<T> {
    fn shape(&self) -> &Shape {
        Encoder::shape(self)
    }

    fn options(&self) -> &Options {
        Encoder::options(self)
    }

    fn ranks(&self) -> Arc<dyn Transport> {
        Encoder::ranks(self).clone()
    }

    fn bytes(&self) -> usize {
        Encoder::bytes(self) + self.bytes_gram()
    }

    fn dictionary(&self) -> Result<Dictionary<T>> {
        Ok(Encoder::dictionary(self))
    }

    fn encoder(&self) -> Option<&Encoder<T>> {
        Some(self)
    }

    fn allows_holes(&self) -> bool {
        Encoder::allows_holes(self)
    }

    fn range(&self) -> Range {
        Encoder::range(self)
    }

    fn lambda(&self) -> Result<&[f64]> {
        Encoder::lambda(self)
    }

    fn set_weights(&mut self, weights: Option<&Field<'_, T>>) -> Result<()> {
        Encoder::set_weights(self, weights)
    }

    fn encoder_for(&mut self, _: Block) -> Result<&mut Encoder<T>> {
        Ok(self)
    }

    fn activations(&self) -> Result<Vec<Activation<T>>> {
        Encoder::activations(self)
    }

    fn fetch(&self, block: &Block) -> Result<Vec<Active<T>>> {
        Encoder::fetch(self, block)
    }

    fn set_z(&mut self, z: &Field<'_, T>) -> Result<()> {
        Encoder::set_z(self, z)
    }

    fn set_list(&mut self, list: &[Activation<T>]) -> Result<()> {
        Encoder::set_list(self, list)
    }

    fn clear_z(&mut self) {
        Encoder::clear_z(self);
    }
}
