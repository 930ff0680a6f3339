//! What ranks say to each other in a run, and how it looks as bytes: units of work and their replies, what is to be
//! stopped, and the end.

use crate::base::bytes::{Reader, Writer, malformed};
use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::parmap::run::codes::Codes;
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
    pub(super) fn encode(mut self, epoch: u64) -> Result<Vec<u8>> {
        let mut to = behind(self.bytes.take().unwrap_or_default())?;
        to.u64(self.first);
        to.u64(self.count);
        to.u64(self.slot as u64);
        to.i64(self.thread.map_or(-1, |thread| thread as i64));
        to.u64(epoch);
        to.u8(UNIT);
        Ok(to.0)
    }

    pub(super) fn decode(mut bytes: Vec<u8>) -> Result<Self> {
        let tail = bytes.split_off(bytes.len().saturating_sub(UNIT_TAIL));
        let mut from = Reader(&tail);
        let (first, count) = tasks(&mut from)?;
        let (slot, thread) = (from.u64()? as usize, usize::try_from(from.i64()?).ok());
        let (_epoch, kind) = (from.u64()?, from.u8()?);
        match kind {
            UNIT => Ok(Unit { first, count, slot, thread, bytes: Some(bytes) }),
            _ => Err(malformed()),
        }
    }
}

/// Writes numbers behind a payload, however large that is: there is room for them, and for what a transport adds.
fn behind(mut bytes: Vec<u8>) -> Result<Writer> {
    const ROOM: usize = 256;
    memory::reserve("a message", &mut bytes, ROOM)?;
    Ok(Writer(bytes))
}

/// Tasks from the first one on, whose numbers have an end.
fn tasks(from: &mut Reader) -> Result<(u64, u64)> {
    let (first, count) = (from.u64()?, from.u64()?);
    first.checked_add(count).map(|_| (first, count)).ok_or_else(malformed)
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
    /// The worker had nothing to do before this.
    pub(crate) starved: bool,
    /// Its rank, which dealt for itself, does nothing more.
    pub(crate) left: bool,
    /// What has gone wrong on its rank, which does nothing more: the run fails.
    pub(crate) error: Option<Error>,
    /// The results, unless they are where they belong.
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(super) fn encode(self, epoch: u64) -> Result<Vec<u8>> {
        let start = self.bytes.len() as u64;
        let mut to = behind(self.bytes)?;
        to.u64(self.first);
        to.u64(self.count);
        to.u64(self.slot as u64);
        to.u64(self.worker.rank as u64);
        to.u64(self.worker.thread as u64);
        to.f64(self.seconds);
        to.u8(self.stopped);
        to.u8(self.starved as u8 + 2 * self.left as u8);
        self.ran.codes.write(&mut to);
        to.u8(self.ran.failure.is_some() as u8);
        if let Some(failure) = self.ran.failure {
            to.u64(failure.index);
            to.i32(failure.code);
            to.u64(failure.rank as u64);
            to.u64(failure.worker as u64);
            to.bytes(failure.message.as_bytes());
        }
        to.u8(self.error.is_some() as u8);
        if let Some(error) = self.error {
            write_error(&error, &mut to);
        }
        to.u64(start);
        to.u64(epoch);
        Ok(to.0)
    }

    /// None: of another run.
    pub(super) fn decode(mut bytes: Vec<u8>, epoch: u64) -> Result<Option<Self>> {
        let tail = bytes.split_off(bytes.len().saturating_sub(16));
        let mut from = Reader(&tail);
        let start = from.u64()?;
        if from.u64()? != epoch {
            return Ok(None);
        }
        let tail = bytes.split_off(bytes.len().min(usize::try_from(start).map_err(|_| malformed())?));
        let mut from = Reader(&tail);
        let (first, count) = tasks(&mut from)?;
        let slot = from.u64()? as usize;
        let worker = Worker { rank: from.u64()? as usize, thread: from.u64()? as usize };
        let (seconds, stopped, how) = (from.f64()?, from.u8()?, from.u8()?);
        let (starved, left) = (how & 1 != 0, how & 2 != 0);
        let mut reply =
            Reply { first, count, slot, worker, seconds, stopped, starved, left, bytes, ..Reply::default() };
        reply.ran.codes = Codes::read(&mut from)?;
        if reply.ran.codes.runs().first().is_some_and(|run| run.first < first || reply.ran.codes.end() > first + count)
        {
            return Err(malformed());
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
        if from.u8()? != 0 {
            reply.error = Some(read_error(&mut from)?);
        }
        Ok(Some(reply))
    }
}

/// Replies that go together.
#[derive(Default)]
pub(super) struct Batch(Writer);

impl Batch {
    pub(super) fn push(&mut self, reply: Reply, epoch: u64) -> Result<()> {
        let bytes = reply.encode(epoch)?;
        memory::reserve("a message", &mut self.0.0, bytes.len() + 64)?;
        self.0.bytes(&bytes);
        Ok(())
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.0.0.len()
    }

    pub(super) fn encode(mut self, epoch: u64) -> Vec<u8> {
        self.0.u64(epoch);
        self.0.0
    }

    /// None: of another run.
    pub(super) fn decode(bytes: &[u8], epoch: u64) -> Result<Option<Vec<Reply>>> {
        let (bytes, tail) = bytes.split_at(bytes.len().saturating_sub(8));
        if Reader(tail).u64()? != epoch {
            return Ok(None);
        }
        let (mut from, mut replies) = (Reader(bytes), Vec::new());
        while !from.0.is_empty() {
            replies.extend(Reply::decode(memory::copy("a message", from.bytes()?)?, epoch)?);
        }
        Ok(Some(replies))
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
            write_error(error, &mut to);
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
    Err(read_error(&mut from)?)
}

/// An error that all ranks report alike.
fn write_error(error: &Error, to: &mut Writer) {
    let (rank, message) = match error {
        Error::OnRank { rank, message, .. } => (*rank, message.clone()),
        _ => (0, error.marked()),
    };
    to.u64(rank as u64);
    to.i32(error.status());
    to.bytes(message.as_bytes());
}

fn read_error(from: &mut Reader) -> Result<Error> {
    Ok(Error::OnRank { rank: from.u64()? as usize, status: from.i32()?, message: from.text()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parmap::run::codes::Same;
    use proptest::prelude::*;

    fn of(codes: &[i32], first: u64) -> Codes {
        let mut all = Codes::default();
        for (first, code) in (first..).zip(codes).filter(|(_, code)| **code != 0) {
            all.add(Same { first, end: first + 1, code: *code });
        }
        all
    }

    fn reply(codes: Vec<i32>, failed: bool, bytes: Vec<u8>) -> Reply {
        let failure = Failure { index: 8, code: 4, message: "why".into(), rank: 1, worker: 2 };
        let count = codes.len() as u64;
        let ran = Ran { failure: failed.then_some(failure), codes: of(&codes, 7) };
        let worker = Worker { rank: 1, thread: 2 };
        Reply {
            first: 7,
            count,
            slot: 3,
            worker,
            seconds: 0.5,
            ran,
            stopped: 1,
            starved: failed,
            left: true,
            error: failed.then(|| Error::memory("a thing", 7).of_rank(2)),
            bytes,
        }
    }

    fn report(codes: &[i32]) -> Report {
        let codes = of(codes, 0);
        Report { done: 9, total: Some(20), unfinished: vec![(3, 4), (9, 20)], codes, ..Report::default() }
    }

    /// As it was sent, and with a byte that is another, cut off, or with one too many: whatever a message says, it is
    /// an error or a message.
    fn read_all(message: &[u8]) {
        let _ = Unit::decode(message.to_vec());
        let _ = Reply::decode(message.to_vec(), 5);
        let _ = Batch::decode(message, 5);
        let _ = Signal::decode(message);
        let _ = decode_end(message);
    }

    proptest! {
        #[test]
        fn messages_travel_and_no_bytes_are_trusted(
            codes in prop::collection::vec(-3i32..4, 0..5), failed in any::<bool>(),
            payload in any::<Vec<u8>>(), at in any::<usize>(), byte in any::<u8>(),
        ) {
            let unit = || Unit { first: 7, count: 3, slot: 2, thread: Some(1), bytes: Some(payload.clone()) };
            let sent = || reply(codes.clone(), failed, payload.clone());
            let mut bytes = Writer::default();
            report(&codes).write(&mut bytes);
            let mut batch = Batch::default();
            batch.push(sent(), 5).unwrap();
            batch.push(sent(), 5).unwrap();
            let messages = [
                unit().encode(5).unwrap(),
                sent().encode(5).unwrap(),
                encode_end(Ok(bytes.0), 5),
                encode_end(Err(&Error::Internal("why".into())), 5),
                Signal { epoch: 5, limit: 9, reason: 1 }.encode(),
                batch.encode(5),
            ];
            prop_assert_eq!(Batch::decode(&messages[5], 5).unwrap(), Some(vec![sent(), sent()]));
            prop_assert_eq!(Batch::decode(&messages[5], 6).unwrap(), None);
            prop_assert_eq!(Unit::decode(messages[0].clone()).unwrap(), unit());
            prop_assert_eq!(Reply::decode(messages[1].clone(), 5).unwrap(), Some(sent()));
            prop_assert_eq!(Reply::decode(messages[1].clone(), 6).unwrap(), None);
            prop_assert_eq!(decode_end(&messages[2]).unwrap(), report(&codes));
            prop_assert!(decode_end(&messages[3]).unwrap_err().to_string().contains("why"));
            for message in messages {
                read_all(&message);
                for end in 0..message.len() {
                    read_all(&message[..end]);
                    read_all(&message[end..]);
                }
                let mut other = message;
                let n = other.len();
                other[at % n] = byte;
                read_all(&other);
            }
            read_all(&payload);
        }
    }

    #[test]
    fn messages_that_contradict_themselves_are_errors() {
        let bad = |unit: Unit| Unit::decode(unit.encode(5).unwrap()).is_err();
        assert!(bad(Unit { first: u64::MAX, count: 1, ..Unit::default() }));
        assert!(Unit::decode(encode_end(Ok(Vec::new()), 5)).is_err());
        let bad = |reply: Reply| Reply::decode(reply.encode(5).unwrap(), 5).is_err();
        assert!(bad(Reply { first: 1, count: u64::MAX, ..Reply::default() }));
        assert!(bad(Reply { count: 2, ..reply(vec![1, 2, 3], true, Vec::new()) }));
        assert!(bad(Reply { first: 8, ..reply(vec![1, 2, 3], true, Vec::new()) }));
        let bad = |report: Report| {
            let mut bytes = Writer::default();
            report.write(&mut bytes);
            decode_end(&encode_end(Ok(bytes.0), 5)).is_err()
        };
        assert!(!bad(report(&[1])));
        assert!(bad(Report { unfinished: vec![(4, 3)], ..Report::default() }));
        assert!(bad(Report { unfinished: vec![(3, 5), (4, 6)], ..Report::default() }));
    }
}
