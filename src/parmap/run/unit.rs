//! What ranks say to each other in a run, and how it looks as bytes: units of work and their replies, what is to be
//! stopped, and the end.

use crate::base::bytes::{Reader, Writer};
use crate::base::error::{Error, Result};
use crate::parmap::run::report::{Failure, Report};
use crate::parmap::run::schedule::Chunk;
use crate::parmap::run::task::{Ran, Worker};

/// Work that is handed over at once.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Unit {
    pub(crate) first: u64,
    pub(crate) count: u64,
    /// The worker that it is for, in the order of the run's workers.
    pub(crate) slot: usize,
    /// Only this thread may do it.
    pub(crate) thread: Option<usize>,
    /// The inputs, unless the worker is where they are.
    pub(crate) bytes: Option<Vec<u8>>,
}

impl Unit {
    pub(crate) fn chunk(&self) -> Chunk {
        Chunk { first: self.first, count: self.count }
    }

    /// The numbers go behind the payload, which then need not be copied.
    pub(super) fn encode(mut self, epoch: u64) -> Vec<u8> {
        let bytes = self.bytes.take().unwrap_or_default();
        let mut to = Writer(bytes);
        to.u64(self.first);
        to.u64(self.count);
        to.u64(self.slot as u64);
        to.i64(self.thread.map_or(-1, |thread| thread as i64));
        to.u64(epoch);
        to.u8(UNIT);
        to.0
    }

    pub(super) fn decode(mut bytes: Vec<u8>) -> Result<Self> {
        let tail = bytes.split_off(bytes.len().saturating_sub(UNIT_TAIL));
        let mut from = Reader(&tail);
        Ok(Unit {
            first: from.u64()?,
            count: from.u64()?,
            slot: from.u64()? as usize,
            thread: usize::try_from(from.i64()?).ok(),
            bytes: Some(bytes),
        })
    }
}

/// Last byte of a message of the root: what it is.
pub(super) const UNIT: u8 = 1;
pub(super) const END: u8 = 2;
const UNIT_TAIL: usize = 41;

/// What comes back.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reply {
    pub(crate) first: u64,
    pub(crate) count: u64,
    pub(crate) slot: usize,
    pub(crate) worker: Worker,
    pub(crate) seconds: f64,
    pub(crate) ran: Ran,
    /// Why the worker's rank has stopped, if it has.
    pub(crate) stopped: u8,
    /// The results, unless they are where they belong.
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(super) fn encode(self, epoch: u64) -> Vec<u8> {
        let start = self.bytes.len() as u64;
        let mut to = Writer(self.bytes);
        to.u64(self.first);
        to.u64(self.count);
        to.u64(self.slot as u64);
        to.u64(self.worker.rank as u64);
        to.u64(self.worker.thread as u64);
        to.f64(self.seconds);
        to.u8(self.stopped);
        to.u64(self.ran.codes.len() as u64);
        for code in self.ran.codes {
            to.i32(code);
        }
        to.u8(self.ran.failure.is_some() as u8);
        if let Some(failure) = self.ran.failure {
            to.u64(failure.index);
            to.i32(failure.code);
            to.u64(failure.rank as u64);
            to.u64(failure.worker as u64);
            to.bytes(failure.message.as_bytes());
        }
        to.u64(start);
        to.u64(epoch);
        to.0
    }

    /// None: of another run.
    pub(super) fn decode(mut bytes: Vec<u8>, epoch: u64) -> Result<Option<Self>> {
        let tail = bytes.split_off(bytes.len().saturating_sub(16));
        let mut from = Reader(&tail);
        let start = from.u64()?;
        if from.u64()? != epoch {
            return Ok(None);
        }
        let tail = bytes.split_off(bytes.len().min(start as usize));
        let mut from = Reader(&tail);
        let mut reply = Reply {
            first: from.u64()?,
            count: from.u64()?,
            slot: from.u64()? as usize,
            worker: Worker { rank: from.u64()? as usize, thread: from.u64()? as usize },
            seconds: from.f64()?,
            stopped: from.u8()?,
            ran: Ran::default(),
            bytes,
        };
        for _ in 0..from.u64()? {
            reply.ran.codes.push(from.i32()?);
        }
        if from.u8()? != 0 {
            reply.ran.failure = Some(Failure {
                index: from.u64()?,
                code: from.i32()?,
                rank: from.u64()? as usize,
                worker: from.u64()? as usize,
                message: from.text()?,
            });
        }
        Ok(Some(reply))
    }
}

/// What is to be stopped.
pub(super) struct Signal {
    pub(super) epoch: u64,
    /// No task above this one counts any more.
    pub(super) limit: u64,
    /// Why everything stops, or 0.
    pub(super) reason: u8,
}

impl Signal {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.u64(self.epoch);
        to.u64(self.limit);
        to.u8(self.reason);
        to.0
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self> {
        let mut from = Reader(bytes);
        Ok(Signal { epoch: from.u64()?, limit: from.u64()?, reason: from.u8()? })
    }
}

/// The end of a run: its report as bytes, or the error.
pub(super) fn encode_end(outcome: std::result::Result<Vec<u8>, &Error>, epoch: u64) -> Vec<u8> {
    let mut to = Writer::default();
    match outcome {
        Ok(report) => {
            to.u8(0);
            to.bytes(&report);
        }
        Err(error) => {
            to.u8(1);
            to.i32(error.status());
            to.bytes(error.marked().as_bytes());
        }
    }
    to.u64(epoch);
    to.u8(END);
    to.0
}

pub(super) fn decode_end(bytes: &[u8]) -> Result<Report> {
    let mut from = Reader(bytes);
    if from.u8()? == 0 {
        return Report::read(&mut Reader(from.bytes()?));
    }
    Err(Error::OnRank { rank: 0, status: from.i32()?, message: from.text()? })
}
