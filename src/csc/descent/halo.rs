//! What passes between ranks in a solve: steps of tiles near the border, and their activations.
//!
//! A tile that lies within reach of another rank's tile is a *ghost* there: nothing but its outbox.
//! Ranks that share ghosts are partners; both list the tiles that one sends and the other receives
//! in order of their numbers, so that a message names a tile by its place in that list.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::csc::descent::tile::Step;
use crate::linalg::Real;
use crate::ranks::{Tag, Transport};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Messages of one rank.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Messages sent.
    pub messages: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Seconds spent waiting for others.
    pub seconds_waiting: f64,
}

/// A rank with which steps are exchanged. Lists hold places of outboxes, ordered by tile number.
#[derive(Debug)]
pub(crate) struct Partner {
    pub(crate) rank: usize,
    pub(crate) sends: Vec<usize>,
    pub(crate) receives: Vec<usize>,
}

/// All partners of a rank.
pub(crate) struct Halo {
    pub(crate) ranks: Arc<dyn Transport>,
    pub(crate) partners: Vec<Partner>,
    /// Counted by any thread. Relaxed: sums that hand nothing over, whole once the team has come to its end.
    messages: AtomicU64,
    bytes: AtomicU64,
    nanoseconds: AtomicU64,
}

/// Bytes before a list of steps in a message: its mark and its length.
const HEAD: usize = 12;

/// Bytes of a step.
const RECORD: usize = 36;

impl Halo {
    pub(crate) fn new(ranks: Arc<dyn Transport>, partners: Vec<Partner>) -> Self {
        Halo { ranks, partners, messages: AtomicU64::new(0), bytes: AtomicU64::new(0), nanoseconds: AtomicU64::new(0) }
    }

    pub(crate) fn traffic(&self) -> Traffic {
        Traffic {
            messages: self.messages.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            seconds_waiting: self.nanoseconds.load(Ordering::Relaxed) as f64 * 1e-9,
        }
    }

    /// Sends, and counts it.
    pub(crate) fn send(&self, to: usize, tag: Tag, bytes: Vec<u8>) -> Result<()> {
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.ranks.send(to, tag, bytes)
    }

    /// Waits for others, and notes how long.
    pub(crate) fn waiting<R>(&self, wait: impl FnOnce() -> Result<R>) -> Result<R> {
        let start = Instant::now();
        let result = wait();
        let waited = start.elapsed().as_nanos() as u64;
        self.nanoseconds.fetch_add(waited, Ordering::Relaxed);
        result
    }

    pub(crate) fn receive(&self, from: usize, tag: Tag) -> Result<Vec<u8>> {
        self.waiting(|| Ok(self.ranks.wait(Some(from), tag)?.bytes))
    }

    /// Sends one message to every partner: the lists that `pack` writes for the places of tiles.
    /// An error other than one of communication leaves nobody waiting.
    pub(crate) fn send_lists<T: Real>(&self, tag: Tag, pack: &mut dyn FnMut(usize, &mut Vec<Step<T>>)) -> Result<()> {
        let mut steps = Vec::new();
        let mut failure = None;
        for partner in &self.partners {
            let mut bytes = Vec::new();
            for (place, tile) in partner.sends.iter().enumerate() {
                steps.clear();
                pack(*tile, &mut steps);
                if !steps.is_empty()
                    && let Err(error) = encode(place, &steps, &mut bytes)
                {
                    // The partner waits for a message all the same.
                    failure = Some(error);
                    bytes = Vec::new();
                    break;
                }
            }
            self.send(partner.rank, tag, bytes)?;
        }
        failure.map_or(Ok(()), Err)
    }

    /// Receives one message from every partner; `unpack` gets the places of tiles and their lists.
    pub(crate) fn receive_lists<T: Real>(&self, tag: Tag, unpack: &mut dyn FnMut(usize, Vec<Step<T>>)) -> Result<()> {
        let mut failure = None;
        for partner in &self.partners {
            let bytes = self.receive(partner.rank, tag)?;
            let read = decode(&bytes, &mut |place, steps| {
                let tile = partner.receives.get(place).ok_or_else(broken)?;
                unpack(*tile, steps);
                Ok(())
            });
            failure = failure.or(read.err());
        }
        failure.map_or(Ok(()), Err)
    }
}

fn broken() -> Error {
    Error::Communication("a message between ranks is not what was expected".into())
}

/// Appends a list of steps, marked with a number.
pub(crate) fn encode<T: Real>(mark: usize, steps: &[Step<T>], bytes: &mut Vec<u8>) -> Result<()> {
    memory::reserve("a message", bytes, HEAD + RECORD * steps.len())?;
    bytes.extend((mark as u32).to_le_bytes());
    bytes.extend((steps.len() as u64).to_le_bytes());
    for step in steps {
        step.at.iter().for_each(|at| bytes.extend(at.to_le_bytes()));
        bytes.extend(step.atom.to_le_bytes());
        bytes.extend(step.delta.wide().to_bits().to_le_bytes());
    }
    Ok(())
}

fn part<const N: usize>(bytes: &[u8], from: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[from + i])
}

/// Reads lists of steps with their marks.
#[inline(never)]
pub(crate) fn decode<T: Real>(mut bytes: &[u8], take: &mut dyn FnMut(usize, Vec<Step<T>>) -> Result<()>) -> Result<()> {
    while let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() {
        let mark = u32::from_le_bytes(part(head, 0)) as usize;
        let n = u64::from_le_bytes(part(head, 4)) as usize;
        let size = RECORD.checked_mul(n).ok_or_else(broken)?;
        let (records, rest) = rest.split_at_checked(size).ok_or_else(broken)?;
        bytes = rest;
        let mut steps = Vec::new();
        memory::reserve("a message", &mut steps, n)?;
        for record in records.chunks_exact(RECORD) {
            steps.push(Step {
                at: [0, 1, 2].map(|axis| i64::from_le_bytes(part(record, 8 * axis))),
                atom: u32::from_le_bytes(part(record, 24)),
                delta: T::of(f64::from_le_bytes(part(record, 28))),
            });
        }
        take(mark, steps)?;
    }
    if bytes.is_empty() { Ok(()) } else { Err(broken()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_arrive_as_they_were_sent_and_broken_ones_are_refused() {
        let step =
            |i: i32| Step { at: [i64::from(i), -i64::from(i), 1 << 40], atom: i as u32, delta: 0.1 * f64::from(i) };
        let lists: Vec<Vec<Step<f64>>> = (0..4).map(|n| (0..n).map(step).collect()).collect();
        let mut bytes = Vec::new();
        for (mark, list) in lists.iter().enumerate() {
            encode(mark, list, &mut bytes).unwrap();
        }
        let mut seen = Vec::new();
        decode(&bytes, &mut |mark, steps| {
            assert_eq!(mark, seen.len());
            seen.push(steps);
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, lists);
        for end in 0..bytes.len() {
            let mut n = 0;
            let result = decode::<f64>(&bytes[..end], &mut |_, steps| {
                n += HEAD + RECORD * steps.len();
                Ok(())
            });
            assert_eq!(result.is_ok(), n == end);
        }
    }
}
