//! Many starts of the caller's own local solver; the best value wins.

use crate::base::bytes::{Reader, Writer};
use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::random::Numbers;
use crate::base::wording::index;
use crate::parmap::handle::Map;
use crate::parmap::map::Tasks;
use crate::parmap::run::codes::Same;
use crate::parmap::run::progress::Watcher;
use crate::parmap::run::report::{BAD_CODE, PANICKED, Report};
use crate::parmap::run::task::Task;

/// Where the members start.
#[derive(Clone, Debug, PartialEq)]
pub enum Starts {
    /// So many, at random in the box; each depends on the seed and its index alone.
    Random(u64),
    /// In the middle of each cell of a lattice with so many cells along each axis.
    Lattice(Vec<u64>),
}

impl Starts {
    /// The cells of a lattice, whose number, if it is not 0, was said as well.
    pub(crate) fn lattice(cells: &[i64], n_members: u64) -> Result<Self> {
        let count = |(i, n): (usize, &i64)| match u64::try_from(*n) {
            Ok(n) if n > 0 => Ok(n),
            _ => Err(Error::argument(&format!("cells{}", index(&[i])), n, "at least 1")),
        };
        let cells: Vec<u64> = cells.iter().enumerate().map(count).collect::<Result<_>>()?;
        let all = cells.iter().try_fold(1u64, |n, cells| n.checked_mul(*cells));
        if n_members != 0 && all != Some(n_members) {
            return Err(Error::argument("n_members", n_members, "0, or the number of cells of the lattice"));
        }
        Ok(Starts::Lattice(cells))
    }
}

/// One start and what has become of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The best point so far; at first the start.
    pub x: Vec<f64>,
    /// Its value; infinite at first.
    pub value: f64,
    /// How often the function was evaluated.
    pub evaluations: u64,
    /// Needs no further round.
    pub converged: bool,
    /// What the solver wants to keep until the next round.
    pub state: Vec<u8>,
}

/// Many starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    members: Vec<Member>,
    n_parameters: usize,
    state_size: usize,
    rounds: u64,
}

/// The caller's solver: improves a member with at most so many evaluations; counts them. Returns
/// 0, or its own positive code.
pub type Solver<'s> = dyn Fn(&Task, &mut Member, u64) -> i32 + Sync + 's;

/// What a round may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Evaluations of each member in this round.
    pub per_member: u64,
    /// Evaluations of all members since the first round. What is left is shared out equally to the
    /// members that still run, the first ones get what remains: so it does not depend on who is
    /// faster.
    pub in_all: u64,
}

impl Limits {
    /// At least 0 each, or -1 for no limit.
    pub(crate) fn new(per_member: i64, in_all: i64) -> Result<Self> {
        let limit = |value: i64, argument| match value {
            -1 => Ok(u64::MAX),
            0.. => Ok(value as u64),
            _ => Err(Error::argument(argument, value, "at least 0, or -1 for no limit")),
        };
        Ok(Limits { per_member: limit(per_member, "per_member")?, in_all: limit(in_all, "in_all")? })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits { per_member: u64::MAX, in_all: u64::MAX }
    }
}

/// Members at most: far beyond any use.
const MOST: u64 = 1 << 32;

impl Ensemble {
    /// Local: starts in a box. `state_size` bytes are kept for the solver between rounds.
    pub fn new(lower: &[f64], upper: &[f64], starts: &Starts, seed: u64, state_size: usize) -> Result<Self> {
        if lower.len() != upper.len() {
            let allowed = format!("{} numbers long, as lower", lower.len());
            return Err(Error::shape("upper", upper.len(), allowed));
        }
        if lower.is_empty() {
            return Err(Error::argument("n_parameters", 0, "at least 1"));
        }
        for (i, (low, high)) in lower.iter().zip(upper).enumerate() {
            // Not NaN.
            let good = low.is_finite() && high.is_finite() && low <= high;
            if !good {
                let argument = format!("upper{}", index(&[i]));
                let allowed = format!("finite and at least lower{} = {low}", index(&[i]));
                return Err(Error::argument(&argument, high, allowed));
            }
        }
        let n = match starts {
            Starts::Random(n) => *n,
            Starts::Lattice(cells) => {
                if cells.len() != lower.len() {
                    let allowed = format!("{} numbers long, one per parameter", lower.len());
                    return Err(Error::shape("cells", cells.len(), allowed));
                }
                cells.iter().try_fold(1u64, |n, cells| n.checked_mul(*cells)).unwrap_or(u64::MAX)
            }
        };
        if n == 0 || n > MOST {
            return Err(Error::argument("n_members", n, format!("from 1 to {MOST}")));
        }
        let mut members = Vec::new();
        memory::reserve("members", &mut members, n as usize)?;
        for index in 0..n {
            members.push(Member {
                x: start(lower, upper, starts, seed, index),
                value: f64::INFINITY,
                evaluations: 0,
                converged: false,
                state: memory::zeroed("state of a member", state_size)?,
            });
        }
        Ok(Ensemble { members, n_parameters: lower.len(), state_size, rounds: 0 })
    }

    /// All members, in order.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The best member: of equal ones the first; none before the first round, or if no value is a
    /// number.
    pub fn best(&self) -> Option<usize> {
        let mut best: Option<usize> = None;
        for (index, member) in self.members.iter().enumerate() {
            let better = match best {
                Some(best) => member.value < self.members[best].value,
                None => member.value < f64::INFINITY,
            };
            if better {
                best = Some(index);
            }
        }
        best
    }

    /// Evaluations of all members.
    pub fn evaluations(&self) -> u64 {
        let all = self.members.iter().map(|member| member.evaluations);
        all.fold(0, u64::saturating_add)
    }

    /// Rounds so far.
    pub fn rounds(&self) -> u64 {
        self.rounds
    }

    /// Has every member converged?
    pub fn has_converged(&self) -> bool {
        self.members.iter().all(|member| member.converged)
    }

    /// Members that run in the next round, and what each may cost.
    fn shares(&self, limits: Limits) -> Vec<(usize, u64)> {
        let members = self.members.iter().enumerate();
        let running = members.filter(|(_, member)| !member.converged);
        let running: Vec<usize> = running.map(|(index, _)| index).collect();
        let left = limits.in_all.saturating_sub(self.evaluations());
        let n = running.len() as u64;
        let share = |(place, index): (usize, usize)| {
            let share = left / n + u64::from((place as u64) < left % n);
            (index, share.min(limits.per_member))
        };
        let shares = running.into_iter().enumerate().map(share);
        shares.filter(|(_, share)| *share > 0).collect()
    }

    fn size(&self) -> usize {
        8 * self.n_parameters + 8 + 8 + 1 + self.state_size
    }

    fn write(&self, member: &Member, to: &mut Writer) {
        member.x.iter().for_each(|x| to.f64(*x));
        to.f64(member.value);
        to.u64(member.evaluations);
        to.u8(member.converged as u8);
        to.0.extend(&member.state);
    }

    fn read(&self, from: &mut Reader) -> Result<Member> {
        let x: Result<Vec<f64>> = (0..self.n_parameters).map(|_| from.f64()).collect();
        Ok(Member {
            x: x?,
            value: from.f64()?,
            evaluations: from.u64()?,
            converged: from.u8()? != 0,
            state: from.0[..self.state_size.min(from.0.len())].to_vec(),
        })
    }

    /// Collective: one round; every rank has the same ensemble before and after. A member whose
    /// solver fails stays as it was. Indices in the report are those of members.
    pub fn round(
        &mut self,
        map: &Map,
        limits: Limits,
        solver: &Solver,
        progress: Option<&mut Watcher>,
    ) -> Result<Report> {
        let shares = self.shares(limits);
        let size = self.size();
        let room = || {
            let mut inputs = Vec::new();
            memory::reserve("members", &mut inputs, shares.len() * (size + 8))?;
            Ok((Writer(inputs), memory::zeroed("members", shares.len() * size)?))
        };
        let (mut inputs, mut outputs): (Writer, Vec<u8>) = map.ranks.agree(room())?;
        for (index, share) in &shares {
            self.write(&self.members[*index], &mut inputs);
            inputs.u64(*share);
        }
        let tasks = Tasks::new(shares.len() as u64).inputs(&inputs.0, size + 8)?.outputs(&mut outputs, size)?;
        let this = &*self;
        let function = |task: &Task, input: &[u8], output: &mut [u8]| {
            let (member, share) = input.split_at(size);
            let (Ok(mut member), Ok(share)) = (this.read(&mut Reader(member)), Reader(share).u64()) else {
                return PANICKED;
            };
            let code = solver(task, &mut member, share);
            if member.x.len() != this.n_parameters || member.state.len() != this.state_size {
                task.explain("the solver has changed the length of x or of its state");
                return BAD_CODE;
            }
            let mut to = Writer::default();
            this.write(&member, &mut to);
            output.copy_from_slice(&to.0);
            code
        };
        let mut report = tasks.run(map, &function, progress)?;
        let mut changed = Vec::new();
        for (at, (index, _)) in shares.iter().enumerate() {
            if report.status(at as u64) == 0 {
                changed.push((*index, self.read(&mut Reader(&outputs[at * size..]))?));
            }
        }
        for (index, member) in changed {
            self.members[index] = member;
        }
        self.rounds += 1;
        let member = |at: u64| shares.get(at as usize).map_or(at, |share| share.0 as u64);
        if let Some(failure) = &mut report.failure {
            failure.index = member(failure.index);
        }
        let codes = std::mem::take(&mut report.codes);
        for (first, code) in codes.each().map(|(at, code)| (member(at), code)) {
            report.codes.add(Same { first, end: first + 1, code });
        }
        let missing = std::mem::take(&mut report.unfinished);
        for index in missing.into_iter().flat_map(|(first, end)| first..end).map(member) {
            match report.unfinished.last_mut() {
                Some((_, end)) if *end == index => *end += 1,
                _ => report.unfinished.push((index, index + 1)),
            }
        }
        Ok(report)
    }
}

fn start(lower: &[f64], upper: &[f64], starts: &Starts, seed: u64, index: u64) -> Vec<f64> {
    let between = |axis: usize, at: f64| {
        let point = lower[axis] + at * (upper[axis] - lower[axis]);
        point.clamp(lower[axis], upper[axis])
    };
    match starts {
        Starts::Random(_) => {
            let mut numbers = Numbers::of_index(seed, index);
            (0..lower.len()).map(|axis| between(axis, numbers.uniform())).collect()
        }
        Starts::Lattice(cells) => {
            // The last axis runs fastest.
            let mut left = index;
            let mut x = vec![0.0; lower.len()];
            for axis in (0..lower.len()).rev() {
                let cell = left % cells[axis];
                left /= cells[axis];
                x[axis] = between(axis, (cell as f64 + 0.5) / cells[axis] as f64);
            }
            x
        }
    }
}
