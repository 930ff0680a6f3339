//! A wish of one rank reaches the others while they work, not only when they next have to agree on something.
//!
//! Ranks are the nodes of a binary tree. Whoever has a wish, its own or one it hears of, tells its neighbours in the tree:
//! three messages a rank however many want to stop at the same time. Messages name the part of the call that they are about,
//! because those of the part before may be late.

use crate::base::error::Result;
use crate::clock::wish::Wish;
use crate::ranks::{Tag, Transport, wait_for};
use std::cell::Cell;
use std::sync::Arc;

/// What neighbours say last in a call.
const END: u8 = u8::MAX;

/// Seconds after which a rank listens again.
const INTERVAL: f64 = 0.002;

pub(super) struct Alarm {
    ranks: Arc<dyn Transport>,
    part: Cell<u64>,
    /// The largest wish in this part that neighbours have been told of.
    told: Cell<Wish>,
    /// Neighbours in the tree, and whether they have nothing more to say.
    neighbours: Vec<(usize, Cell<bool>)>,
    next: Cell<f64>,
}

impl Alarm {
    pub(super) fn new(ranks: Arc<dyn Transport>) -> Self {
        let (me, size) = (ranks.rank(), ranks.size());
        let children = [2 * me + 1, 2 * me + 2].into_iter().filter(|rank| *rank < size);
        let neighbours = children.chain(me.checked_sub(1).map(|above| above / 2));
        Alarm {
            neighbours: neighbours.map(|rank| (rank, Cell::new(false))).collect(),
            ranks,
            part: Cell::new(0),
            told: Cell::default(),
            next: Cell::new(0.0),
        }
    }

    /// Tells of a wish, if it is news, and now and then listens. Returns the largest wish that was heard.
    pub(super) fn tell(&self, wish: Wish, seconds: f64) -> Wish {
        let news = wish > self.told.get();
        if !news && seconds < self.next.get() {
            return wish;
        }
        self.next.set(seconds + INTERVAL);
        // Messages that cannot be sent are an error where the call depends on one.
        let heard = self.listen().unwrap_or_default().max(wish);
        if heard > self.told.get() {
            self.told.set(heard);
            let _ = self.send(heard as u8);
        }
        heard
    }

    /// Another part begins. The largest wish of all is about every part.
    pub(super) fn next_part(&self) {
        self.part.set(self.part.get() + 1);
        if self.told.get() < Wish::Cancelled {
            self.told.set(Wish::GoOn);
        }
    }

    /// Collective: hears what neighbours have said in this call, lest it be taken for a word of the next.
    pub(super) fn end(&self) -> Result<()> {
        self.send(END)?;
        wait_for(|| {
            self.listen()?;
            Ok(self.neighbours.iter().all(|(_, ended)| ended.get()).then_some(()))
        })
    }

    fn send(&self, word: u8) -> Result<()> {
        let mut bytes = self.part.get().to_le_bytes().to_vec();
        bytes.push(word);
        self.neighbours.iter().try_for_each(|(rank, _)| self.ranks.send(*rank, Tag::WISH, bytes.clone()))
    }

    fn listen(&self) -> Result<Wish> {
        let mut largest = Wish::GoOn;
        for (rank, ended) in &self.neighbours {
            // What comes after the last word is about the next call.
            while !ended.get()
                && let Some(message) = self.ranks.receive(Some(*rank), Tag::WISH)?
            {
                let Some((word, part)) = message.bytes.split_last() else {
                    continue;
                };
                let wish = Wish::of_code((*word).into());
                if *word == END {
                    ended.set(true);
                } else if wish == Wish::Cancelled || part == self.part.get().to_le_bytes() {
                    largest = largest.max(wish);
                }
            }
        }
        Ok(largest)
    }
}
