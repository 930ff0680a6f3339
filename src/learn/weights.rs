//! Weights of the signals that a learner has been given. They lie here as the caller has them, by blocks: which of them an
//! encoder needs changes with the batch.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::csc::Encoder;
use crate::csc::encoder::{check_weights, gathered};
use crate::grid::block::{Block, fails_unless_a_partition};
use crate::learn::setup::Setup;
use crate::linalg::{Field, Real};
use crate::ranks::alike::{Alike, fails_unless_alike};

/// What there is of weights.
pub(super) struct Weights<T> {
    /// This rank's block, channel by channel; none: there are no weights.
    given: Option<(Block, Vec<T>)>,
    /// How often that has changed.
    changes: u64,
    /// There were some when this was saved, and they have not been given again.
    awaited: bool,
}

/// Which weights an encoder has: changes, and the batch.
pub(super) type Told = Option<(u64, u64)>;

impl<T: Real> Weights<T> {
    /// None; or there were some when it was saved.
    pub(super) fn none(awaited: bool) -> Self {
        Weights { given: None, changes: 0, awaited }
    }

    /// Whether there are any, or should be.
    pub(super) fn are_given(&self) -> bool {
        self.given.is_some() || self.awaited
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.given.as_ref().map_or(0, |(_, values)| size_of_val(&values[..]))
    }

    /// Collective: these from now on, of which each rank brings a block, and all together the domain; none: all are 1. After an
    /// error they are as they were.
    pub(super) fn set(&mut self, setup: &Setup<T>, weights: Option<&Field<'_, T>>) -> Result<()> {
        let (shape, ranks) = (&setup.shape, &*setup.ranks);
        let copy = weights.map(|w| {
            if setup.crops.is_some() {
                let allowed = "0 where samples have weights";
                return Err(Error::argument("option \"learn_crops\"", setup.options.learn.crops, allowed));
            }
            let expected = shape.n_signals * shape.n_channels;
            if w.channels.len() != expected && !w.block().is_empty() {
                return Err(Error::argument("number of channels of weights", w.channels.len(), expected));
            }
            check_weights(w, shape)?;
            let mut values = Vec::new();
            memory::reserve("the weights", &mut values, w.channels.len() * w.layout.volume())?;
            let mut row = memory::zeroed("the weights", w.layout.shape[2].max(0) as usize)?;
            for channel in 0..w.channels.len() {
                w.layout.for_each_row(|at, _| {
                    w.copy_row(channel, std::array::from_fn(|a| at[a] + w.origin[a]), &mut row);
                    values.extend_from_slice(&row);
                });
            }
            Ok((w.block(), values))
        });
        let copy = ranks.agree(copy.transpose())?;
        let text = if copy.is_some() { "given" } else { "not given" };
        let given = Alike { argument: "weights".into(), number: copy.is_some().into(), text: text.into() };
        fails_unless_alike(ranks, &[given])?;
        if let Some((block, _)) = &copy {
            let blocks = gathered(ranks, block)?;
            fails_unless_a_partition("the blocks of weights", &blocks, &Block::whole(shape.signal), shape.n_axes)?;
        }
        self.given = copy;
        self.changes += 1;
        self.awaited = false;
        Ok(())
    }

    /// Collective: sees to it that an encoder has those of the signals of an iteration, which lie like `block`; `told`: what it
    /// has.
    pub(super) fn tell(
        &self,
        setup: &Setup<T>,
        encoder: &mut Encoder<T>,
        told: &mut Told,
        iteration: u64,
        block: Block,
    ) -> Result<()> {
        if self.awaited {
            let text =
                "the learner was saved with weights, which are not in a checkpoint: set them again, or clear them";
            return Err(Error::InvalidState(text.into()));
        }
        let batch = if setup.signals_per_step() == setup.shape.n_signals { 0 } else { iteration };
        let now = Some((self.changes, if self.given.is_some() { batch } else { 0 }));
        if *told == now || (self.given.is_none() && told.is_none()) {
            return Ok(());
        }
        // Who works on what follows from where signals lie.
        encoder.settle(block)?;
        let given = self
            .given
            .as_ref()
            .map(|(block, values)| Field { origin: block.origin, ..Field::contiguous(values, block.shape) });
        let given = given.map(|all| setup.batch(&all, iteration));
        encoder.set_weights(given.as_ref())?;
        *told = now;
        Ok(())
    }
}
