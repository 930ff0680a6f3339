//! Codes of tasks, in as little room as they take: one entry for each run of tasks with the same one.

use crate::base::bytes::{Reader, Writer, malformed};
use crate::base::error::Result;

/// Tasks one after the other with the same code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Same {
    /// The first one.
    pub first: u64,
    /// The one behind the last.
    pub end: u64,
    /// Their code.
    pub code: i32,
}

impl Same {
    /// Takes over a run right behind this one, if it has the same code.
    fn takes(&mut self, next: &Same) -> bool {
        let same = (self.end, self.code) == (next.first, next.code);
        if same {
            self.end = next.end;
        }
        same
    }
}

/// Codes of tasks. Those that have none have succeeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    /// In order, once they are settled.
    runs: Vec<Same>,
}

impl Codes {
    /// The same code for so many tasks.
    pub(crate) fn alike(first: u64, count: u64, code: i32) -> Self {
        let runs = if code == 0 || count == 0 { Vec::new() } else { vec![Same { first, end: first + count, code }] };
        Codes { runs }
    }

    /// Adds tasks that have no code yet; in any order, if they are settled before they are looked at.
    pub(crate) fn add(&mut self, run: Same) {
        if self.runs.last_mut().is_some_and(|last| last.takes(&run)) {
            return;
        }
        let room = self.runs.capacity();
        if self.runs.len() == room {
            self.settle();
            if self.runs.len() > room / 2 {
                self.runs.reserve(room.max(4));
            }
        }
        self.runs.push(run);
    }

    /// Puts them in order, in as few runs as there are.
    pub(crate) fn settle(&mut self) {
        self.runs.sort_unstable_by_key(|run| run.first);
        self.runs.dedup_by(|next, run| run.takes(next));
    }

    /// All runs, in order.
    pub fn runs(&self) -> &[Same] {
        &self.runs
    }

    /// Each task that has a code, in order.
    pub fn each(&self) -> impl Iterator<Item = (u64, i32)> {
        self.runs.iter().flat_map(|run| (run.first..run.end).map(|index| (index, run.code)))
    }

    /// Has no task a code?
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The code of a task; 0: it has none.
    pub fn of(&self, index: u64) -> i32 {
        let after = self.runs.partition_point(|run| run.end <= index);
        self.runs.get(after).filter(|run| run.first <= index).map_or(0, |run| run.code)
    }

    /// The task behind the last one that has a code.
    pub(crate) fn end(&self) -> u64 {
        self.runs.last().map_or(0, |run| run.end)
    }

    /// Forgets those of tasks from this one on.
    pub(crate) fn cut(&mut self, end: u64) {
        self.runs.retain_mut(|run| {
            run.end = run.end.min(end);
            run.first < run.end
        });
    }

    /// Settled ones as bytes: how far behind the run before, how long, which.
    pub(crate) fn write(&self, to: &mut Writer) {
        to.u64(self.runs.len() as u64);
        let mut at = 0;
        for run in &self.runs {
            write_number(run.first - at, to);
            write_number(run.end - run.first, to);
            // The sign last: small ones are short.
            write_number(((run.code << 1) ^ (run.code >> 31)) as u32 as u64, to);
            at = run.end;
        }
    }

    pub(crate) fn read(from: &mut Reader) -> Result<Self> {
        let (mut runs, mut at) = (Vec::new(), 0u64);
        for _ in 0..from.u64()? {
            let first = at.checked_add(read_number(from)?).ok_or_else(malformed)?;
            let end = first.checked_add(read_number(from)?).filter(|end| *end > first).ok_or_else(malformed)?;
            let code = u32::try_from(read_number(from)?).map_err(|_| malformed())?;
            runs.push(Same { first, end, code: (code >> 1) as i32 ^ -((code & 1) as i32) });
            at = end;
        }
        Ok(Codes { runs })
    }
}

/// Seven bits a byte, the low ones first; the eighth says that more follow.
fn write_number(mut value: u64, to: &mut Writer) {
    while value > 0x7f {
        to.u8(value as u8 | 0x80);
        value >>= 7;
    }
    to.u8(value as u8);
}

fn read_number(from: &mut Reader) -> Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = from.u8()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(malformed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn millions_of_failures_take_little_room() {
        const N: u64 = 10_000_000;
        // As two workers return them, a task at a time: each pair in the wrong order.
        let mut codes = Codes::default();
        (0..N).map(|at| at ^ 1).for_each(|first| codes.add(Same { first, end: first + 1, code: 3 }));
        assert!(codes.runs.capacity() <= 64, "{}", codes.runs.capacity());
        codes.settle();
        assert_eq!(codes.runs(), [Same { first: 0, end: N, code: 3 }]);
        // No two alike: some bytes each, and fewer when they are sent.
        let (n, mut codes, mut bytes) = (N / 10, Codes::default(), Writer::default());
        (0..n).for_each(|first| codes.add(Same { first, end: first + 1, code: 1 + (first % 2) as i32 }));
        assert!(codes.runs.capacity() as u64 <= 2 * n);
        codes.write(&mut bytes);
        assert!(bytes.0.len() as u64 <= 3 * n + 8);
    }

    proptest! {
        #[test]
        fn codes_are_those_that_were_added(
            order in Just((0u64..60).collect::<Vec<_>>()).prop_shuffle(), n in 0usize..61, end in 0u64..70, step in 1i32..4,
        ) {
            let code = |index: u64| [i32::MIN, 0, -107, 5, 5, i32::MAX][index as usize / 3 * step as usize % 6];
            let mut codes = Codes::default();
            for first in order[..n].iter().copied().filter(|index| code(*index) != 0) {
                codes.add(Same { first, end: first + 1, code: code(first) });
            }
            codes.settle();
            codes.cut(end);
            let wanted = |index: u64| if order[..n].contains(&index) && index < end { code(index) } else { 0 };
            prop_assert!((0..70).all(|index| codes.of(index) == wanted(index)));
            let all: Vec<_> = (0..70).map(|index| (index, wanted(index))).filter(|(_, code)| *code != 0).collect();
            prop_assert_eq!(codes.each().collect::<Vec<_>>(), all);
            let mut bytes = Writer::default();
            codes.write(&mut bytes);
            prop_assert_eq!(Codes::read(&mut Reader(&bytes.0)).unwrap(), codes);
        }
    }
}
