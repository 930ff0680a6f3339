//! Ranks of which one runs at a time, and messages that are found when a schedule says so.

use dicod::parmap::Canceller;
use dicod::parmap::tags::{REPLIES, SIGNALS};
use dicod::ranks::{Counter, Message, Reduce, Tag, Ticket, Transport};
use dicod::{Error, Result};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Write;
use std::sync::{Arc, Condvar, LockResult, Mutex, MutexGuard, PoisonError};

/// Receiver, sender and tag.
type Channel = (usize, usize, Tag);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// A rank chose to wait for a message that nobody sends: not a schedule.
    Vain,
    Deadlock,
    /// More looks than any run of these sizes needs.
    Endless,
}

enum Rank {
    Ready,
    /// For a message on one of these; `chosen`: it could have gone on without.
    Waits {
        channels: Vec<Channel>,
        chosen: bool,
    },
    Reduces(u64),
    /// To change the counter: the order in which ranks do so makes a difference.
    Counts,
    Ended,
}

struct State {
    turn: usize,
    ranks: Vec<Rank>,
    mail: BTreeMap<Channel, VecDeque<Vec<u8>>>,
    reductions: BTreeMap<u64, (usize, Vec<i64>)>,
    counter: u64,
    started: Vec<u64>,
    /// Where each rank has looked for nothing since it last did anything.
    looked: Vec<BTreeSet<Channel>>,
    /// What each rank will find next, after it has looked everywhere.
    next: Vec<Option<Channel>>,
    /// What was chosen, of how many.
    choices: Vec<(usize, usize)>,
    at: usize,
    looks: usize,
    /// A signal that may come at any look of a rank, once.
    signal: Option<(usize, Canceller)>,
    verdict: Option<Verdict>,
}

struct World {
    state: Mutex<State>,
    turn: Condvar,
}

/// One rank of the model.
pub struct Model {
    pub rank: usize,
    size: usize,
    world: Arc<World>,
}

/// A rank that panics has failed already.
fn unpoisoned<G>(locked: LockResult<G>) -> G {
    locked.unwrap_or_else(PoisonError::into_inner)
}

fn over(verdict: Verdict) -> Error {
    Error::Communication(format!("{verdict:?}"))
}

impl State {
    fn choose(&mut self, of: usize) -> usize {
        if self.choices.len() == self.at {
            self.choices.push((0, of));
        }
        let (chosen, same) = self.choices[self.at];
        assert_eq!(same, of, "a schedule cannot be repeated");
        self.at += 1;
        chosen
    }

    fn filled(&self, channel: &Channel) -> bool {
        self.mail.get(channel).is_some_and(|mail| !mail.is_empty())
    }

    fn can_go_on(&self, rank: usize) -> bool {
        match &self.ranks[rank] {
            Rank::Ready => true,
            Rank::Waits { channels, .. } => channels.iter().any(|channel| self.filled(channel)),
            Rank::Reduces(ticket) => self.reductions[ticket].0 == self.ranks.len(),
            Rank::Counts | Rank::Ended => false,
        }
    }

    fn hand_on(&mut self) {
        let n = self.ranks.len();
        if let Some(rank) = (0..n).find(|rank| self.can_go_on(*rank)) {
            self.turn = rank;
            return;
        }
        // Nobody can do anything before one of these has: which one, is a choice.
        let counts: Vec<usize> = (0..n).filter(|rank| matches!(self.ranks[*rank], Rank::Counts)).collect();
        if !counts.is_empty() {
            let at = if counts.len() == 1 { 0 } else { self.choose(counts.len()) };
            self.turn = counts[at];
        } else if self.ranks.iter().any(|rank| !matches!(rank, Rank::Ended)) {
            let chosen = |rank: &Rank| matches!(rank, Rank::Waits { chosen: true, .. });
            self.verdict = Some(match self.ranks.iter().any(chosen) {
                true => Verdict::Vain,
                false => Verdict::Deadlock,
            });
        }
    }

    fn take(&mut self, channel: Channel) -> Result<Option<Message>> {
        self.looked[channel.0].clear();
        self.next[channel.0] = None;
        let bytes = self.mail.get_mut(&channel).and_then(VecDeque::pop_front);
        let from = channel.1;
        Ok(bytes.map(|bytes| Message { from, bytes }))
    }
}

impl Model {
    fn state(&self) -> MutexGuard<'_, State> {
        unpoisoned(self.world.state.lock())
    }

    /// Lets others go on until this rank can.
    fn pause<'s>(&'s self, mut state: MutexGuard<'s, State>, rank: Rank) -> Result<MutexGuard<'s, State>> {
        state.ranks[self.rank] = rank;
        if state.verdict.is_none() {
            state.hand_on();
        }
        self.world.turn.notify_all();
        self.wait_for_turn(state)
    }

    fn wait_for_turn<'s>(&'s self, mut state: MutexGuard<'s, State>) -> Result<MutexGuard<'s, State>> {
        while state.verdict.is_none() && state.turn != self.rank {
            state = unpoisoned(self.world.turn.wait(state));
        }
        state.ranks[self.rank] = Rank::Ready;
        match state.verdict {
            None => Ok(state),
            Some(verdict) => Err(over(verdict)),
        }
    }

    fn end(&self) {
        let mut state = self.state();
        state.ranks[self.rank] = Rank::Ended;
        if state.verdict.is_none() {
            state.hand_on();
        }
        self.world.turn.notify_all();
    }

    /// The rank has done something: it may look again for nothing.
    pub fn moved(&self) {
        self.state().looked[self.rank].clear();
    }

    /// From now on a signal may come at any look, once; or none any more.
    pub fn expect_signal(&self, to: Option<Canceller>) {
        self.state().signal = to.map(|canceller| (self.rank, canceller));
    }

    /// One of `of` ways to go on: all are tried.
    pub fn choose(&self, of: usize) -> usize {
        let mut state = self.state();
        match state.verdict {
            None => state.choose(of),
            Some(_) => 0,
        }
    }

    /// Waits for one of these channels to have a message: which.
    fn pick<'s>(
        &'s self,
        state: MutexGuard<'s, State>,
        channels: Vec<Channel>,
        chosen: bool,
    ) -> Result<(MutexGuard<'s, State>, Channel)> {
        let waits = Rank::Waits { channels: channels.clone(), chosen };
        let mut state = self.pause(state, waits)?;
        let filled: Vec<_> = channels.into_iter().filter(|c| state.filled(c)).collect();
        let at = match filled.len() {
            1 => 0,
            n => state.choose(n),
        };
        Ok((state, filled[at]))
    }
}

/// A number that the ranks of a model have in common.
struct Common(Model);

impl Common {
    fn change(&self, change: impl FnOnce(&mut u64)) -> u64 {
        let model = &self.0;
        // Over: what it is makes no difference any more.
        let Ok(mut state) = model.pause(model.state(), Rank::Counts) else {
            return u64::MAX / 2;
        };
        state.looked[model.rank].clear();
        let before = state.counter;
        change(&mut state.counter);
        before
    }
}

impl Counter for Common {
    fn add(&self, n: u64) -> u64 {
        self.change(|counter| *counter += n)
    }

    fn raise(&self, to: u64) {
        self.change(|counter| *counter = to.max(*counter));
    }

    fn set(&self, to: u64) {
        self.change(|counter| *counter = to);
    }
}

impl Transport for Model {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn send(&self, to: usize, tag: Tag, bytes: Vec<u8>) -> Result<()> {
        let mut state = self.state();
        let mail = state.mail.entry((to, self.rank, tag)).or_default();
        mail.push_back(bytes);
        state.looked[self.rank].clear();
        state.verdict.map_or(Ok(()), |verdict| Err(over(verdict)))
    }

    fn receive(&self, from: Option<usize>, tag: Tag) -> Result<Option<Message>> {
        let mut state = self.state();
        state.looks += 1;
        if state.looks > 10_000 {
            state.verdict = Some(Verdict::Endless);
        }
        if let Some(verdict) = state.verdict {
            return Err(over(verdict));
        }
        let me = self.rank;
        if state.signal.as_ref().is_some_and(|signal| signal.0 == me)
            && state.choose(2) == 1
            && let Some((_, canceller)) = state.signal.take()
        {
            canceller.cancel();
            state.looked[me].clear();
        }
        let senders = (0..self.size).filter(|rank| *rank != me && from.is_none_or(|f| f == *rank));
        let channels: Vec<Channel> = senders.map(|from| (me, from, tag)).collect();
        // Somebody waits for this one and does nothing else.
        if tag == Tag::BROADCAST {
            let (mut state, channel) = self.pick(state, channels, false)?;
            return state.take(channel);
        }
        let again = channels.iter().any(|c| state.looked[me].contains(c));
        if again && state.next[me].is_none() {
            // It has looked everywhere: what comes next?
            let all: Vec<Channel> = state.looked[me].iter().copied().collect();
            let (filled, empty): (Vec<_>, Vec<_>) = all.into_iter().partition(|c| state.filled(c));
            let of = filled.len() + usize::from(!empty.is_empty());
            let choice = if of == 1 { 0 } else { state.choose(of) };
            let channel = match filled.get(choice) {
                Some(channel) => *channel,
                None => {
                    let picked = self.pick(state, empty, !filled.is_empty())?;
                    state = picked.0;
                    picked.1
                }
            };
            state.next[me] = Some(channel);
        }
        if let Some(next) = state.next[me] {
            return match channels.contains(&next) {
                true => state.take(next),
                false => Ok(None),
            };
        }
        let (filled, empty): (Vec<_>, Vec<_>) = channels.iter().partition(|c| state.filled(c));
        match state.choose(1 + filled.len() + usize::from(!empty.is_empty())) {
            0 => {
                state.looked[me].extend(channels);
                Ok(None)
            }
            choice => match filled.get(choice - 1) {
                Some(channel) => state.take(*channel),
                None => {
                    let (mut state, channel) = self.pick(state, empty, true)?;
                    state.take(channel)
                }
            },
        }
    }

    fn all_sent(&self) -> Result<bool> {
        Ok(true)
    }

    fn start_reduce(&self, how: Reduce, values: &[i64]) -> Result<Ticket> {
        let mut state = self.state();
        let ticket = state.started[self.rank];
        state.started[self.rank] += 1;
        let (arrived, sum) = state.reductions.entry(ticket).or_insert((0, values.to_vec()));
        if *arrived > 0 {
            for (to, from) in sum.iter_mut().zip(values) {
                *to = match how {
                    Reduce::Sum => to.wrapping_add(*from),
                    Reduce::Max => (*to).max(*from),
                    Reduce::Min => (*to).min(*from),
                };
            }
        }
        *arrived += 1;
        Ok(Ticket(ticket))
    }

    fn reduced(&self, ticket: &Ticket) -> Result<Option<Vec<i64>>> {
        let state = self.pause(self.state(), Rank::Reduces(ticket.0))?;
        Ok(Some(state.reductions[&ticket.0].1.clone()))
    }

    fn counter(&self) -> Result<Option<Arc<dyn Counter>>> {
        Ok(Some(Arc::new(Common(Model { rank: self.rank, size: self.size, world: self.world.clone() }))))
    }

    fn split(&self, _: Option<u32>, _: usize) -> Result<Option<Arc<dyn Transport>>> {
        Err(Error::Internal("not a part of the model".into()))
    }
}

/// Runs `work` on each rank in all schedules; `check` looks at the results of each.
pub fn explore<R: Send>(name: &str, size: usize, work: impl Fn(&Arc<Model>) -> R + Sync, check: impl Fn(Vec<R>)) {
    let (mut n, mut vain) = (0u64, 0u64);
    let mut choices: Vec<(usize, usize)> = Vec::new();
    loop {
        let world = Arc::new(World {
            state: Mutex::new(State {
                turn: 0,
                ranks: (0..size).map(|_| Rank::Ready).collect(),
                mail: BTreeMap::new(),
                reductions: BTreeMap::new(),
                counter: 0,
                started: vec![0; size],
                looked: vec![BTreeSet::new(); size],
                next: vec![None; size],
                choices: std::mem::take(&mut choices),
                at: 0,
                looks: 0,
                signal: None,
                verdict: None,
            }),
            turn: Condvar::new(),
        });
        let results = std::thread::scope(|scope| {
            let start = |rank| {
                let world = world.clone();
                let work = &work;
                scope.spawn(move || {
                    let model = Arc::new(Model { rank, size, world });
                    let run = || {
                        drop(model.wait_for_turn(model.state()));
                        work(&model)
                    };
                    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
                    model.end();
                    result
                })
            };
            let threads: Vec<_> = (0..size).map(start).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| thread.join().unwrap();
            threads.into_iter().map(join).collect::<Vec<_>>()
        });
        let mut state = world.state.lock().unwrap();
        match state.verdict {
            None => {
                n += 1;
                check(results.into_iter().map(|result| result.unwrap()).collect());
                // News that nobody needed any more is left out in the next run.
                let news = [SIGNALS, REPLIES];
                let mut mail = state.mail.iter();
                let left = mail.find(|(to, mail)| !mail.is_empty() && !news.contains(&to.2));
                assert!(left.is_none(), "{name}: messages are left: {left:?}");
            }
            Some(Verdict::Vain) => vain += 1,
            Some(verdict) => panic!("{name}: {verdict:?} after {:?}", &state.choices[..state.choices.len().min(200)]),
        }
        choices = std::mem::take(&mut state.choices);
        while choices.last().is_some_and(|(chosen, of)| chosen + 1 == *of) {
            choices.pop();
        }
        match choices.last_mut() {
            Some(last) => last.0 += 1,
            None => break,
        }
    }
    // Past what the test harness captures: the number is a result.
    let text = "all end with the right result";
    let line = format!("{name}: {n} schedules, {text} ({vain} more led nowhere)\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}
