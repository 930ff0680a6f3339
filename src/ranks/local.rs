//! Ranks that are threads of one process.
//!
//! Made for tests: the same engines run on any number of ranks without MPI, while messages are
//! delayed and overtake each other wherever MPI allows it, and ranks fail. Two messages with the
//! same sender, receiver and tag never overtake each other, as in MPI.

use crate::base::error::{Error, Result};
use crate::base::panic::lock;
use crate::base::random::Numbers;
use crate::ranks::{Counter, Message, Reduce, Tag, Ticket, Transport};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard};

/// What is made worse than it need be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weather {
    /// Seed of all delays.
    pub seed: u64,
    /// A message shows after up to this many calls of its receiver, a result of a reduction after up
    /// to this many questions for it.
    pub delay: u32,
    /// The rank that fails, and after how many of its calls.
    pub failure: Option<(usize, u64)>,
}

/// One of several ranks in this process.
pub struct Local {
    rank: usize,
    hub: Arc<Hub>,
}

struct Hub {
    size: usize,
    weather: Weather,
    state: Mutex<State>,
}

struct State {
    delays: Numbers,
    /// By receiver, sender and tag.
    mail: BTreeMap<(usize, usize, Tag), VecDeque<Letter>>,
    reductions: BTreeMap<u64, Reduction>,
    /// Reductions that each rank has started.
    started: Vec<u64>,
    /// Calls of each rank.
    calls: Vec<u64>,
    /// Ranks that will never answer again.
    gone: Vec<bool>,
    splits: BTreeMap<u64, Split>,
    /// Splits that each rank has taken part in.
    n_splits: Vec<u64>,
    counters: Vec<Arc<AtomicU64>>,
    /// Counters that each rank has.
    n_counters: Vec<usize>,
}

struct Letter {
    /// Calls of the receiver after which it shows.
    due: u64,
    bytes: Vec<u8>,
}

struct Reduction {
    how: Reduce,
    values: Vec<i64>,
    arrived: Vec<bool>,
    /// Questions that are still answered with "not yet", by rank.
    delay: Vec<u32>,
    taken: usize,
}

#[derive(Default)]
struct Split {
    wishes: BTreeMap<usize, (Option<u32>, usize)>,
    hubs: BTreeMap<u32, Arc<Hub>>,
    taken: usize,
}

impl Hub {
    fn new(size: usize, weather: Weather) -> Arc<Self> {
        Arc::new(Hub {
            size,
            weather,
            state: Mutex::new(State {
                delays: Numbers::of_seed(weather.seed),
                mail: BTreeMap::new(),
                reductions: BTreeMap::new(),
                started: vec![0; size],
                calls: vec![0; size],
                gone: vec![false; size],
                splits: BTreeMap::new(),
                n_splits: vec![0; size],
                counters: Vec::new(),
                n_counters: vec![0; size],
            }),
        })
    }
}

impl Local {
    /// As many ranks as asked for, one transport each.
    pub fn ranks(size: usize, weather: Weather) -> Vec<Local> {
        let hub = Hub::new(size, weather);
        let rank = |rank| Local { rank, hub: hub.clone() };
        (0..size).map(rank).collect()
    }

    /// Runs `work` on each of `size` ranks in a thread of its own; results in order of rank.
    pub fn run<R: Send>(
        size: usize,
        weather: Weather,
        work: impl Fn(Arc<dyn Transport>) -> R + Sync,
    ) -> Vec<std::thread::Result<R>> {
        let ranks = Local::ranks(size, weather);
        std::thread::scope(|scope| {
            let work = &work;
            let start = |rank: Local| scope.spawn(move || work(Arc::new(rank)));
            let handles: Vec<_> = ranks.into_iter().map(start).collect();
            handles.into_iter().map(|handle| handle.join()).collect()
        })
    }

    /// A transport of one rank.
    pub fn alone() -> Local {
        Local { rank: 0, hub: Hub::new(1, Weather::default()) }
    }

    /// Every call passes here: it may be the one that fails.
    fn enter(&self) -> Result<MutexGuard<'_, State>> {
        let mut state = lock(&self.hub.state);
        state.calls[self.rank] += 1;
        if let Some((rank, after)) = self.hub.weather.failure
            && rank == self.rank
            && state.calls[rank] > after
        {
            state.gone[rank] = true;
            return Err(Error::Communication(format!("rank {rank} was made to fail")));
        }
        Ok(state)
    }

    fn delay(&self, state: &mut State) -> u32 {
        match self.hub.weather.delay {
            0 => 0,
            most => state.delays.any_u32() % (most + 1),
        }
    }
}

fn lost(rank: usize) -> Error {
    Error::Communication(format!("rank {rank} has left"))
}

impl Drop for Local {
    fn drop(&mut self) {
        let mut state = lock(&self.hub.state);
        state.gone[self.rank] = true;
    }
}

impl Transport for Local {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.hub.size
    }

    fn send(&self, to: usize, tag: Tag, bytes: Vec<u8>) -> Result<()> {
        let mut state = self.enter()?;
        let due = state.calls[to] + u64::from(self.delay(&mut state));
        let letter = Letter { due, bytes };
        let mail = state.mail.entry((to, self.rank, tag)).or_default();
        mail.push_back(letter);
        Ok(())
    }

    fn receive(&self, from: Option<usize>, tag: Tag) -> Result<Option<Message>> {
        let mut state = self.enter()?;
        let now = state.calls[self.rank];
        let senders = match from {
            Some(from) => from..from + 1,
            None => 0..self.hub.size,
        };
        // Not always from the lowest rank first.
        let first = match self.hub.weather.delay {
            0 => 0,
            _ => state.delays.any_u32() as usize % senders.len(),
        };
        let n = senders.len();
        for from in (0..n).map(|i| senders.start + (first + i) % n) {
            let Some(mail) = state.mail.get_mut(&(self.rank, from, tag)) else {
                continue;
            };
            if let Some(letter) = mail.front() {
                if letter.due > now {
                    continue;
                }
                let bytes = mail.pop_front().map_or(Vec::new(), |letter| letter.bytes);
                if mail.is_empty() {
                    state.mail.remove(&(self.rank, from, tag));
                }
                return Ok(Some(Message { from, bytes }));
            }
        }
        let waiting = |from: usize| state.mail.contains_key(&(self.rank, from, tag));
        let others = senders.clone().filter(|from| *from != self.rank);
        let mut silent = others.filter(|from| !waiting(*from));
        match from {
            Some(from) if state.gone[from] && !waiting(from) => Err(lost(from)),
            // Anybody might have written, but one who has left cannot: who waits for all of them
            // would wait for ever.
            None if !senders.clone().any(waiting) => match silent.find(|from| state.gone[*from]) {
                Some(from) if self.hub.weather.failure.is_some() => Err(lost(from)),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn all_sent(&self) -> Result<bool> {
        self.enter().map(|_| true)
    }

    fn start_reduce(&self, how: Reduce, values: &[i64]) -> Result<Ticket> {
        let mut state = self.enter()?;
        let ticket = state.started[self.rank];
        state.started[self.rank] += 1;
        let size = self.hub.size;
        let delay = (0..size).map(|_| self.delay(&mut state)).collect();
        match state.reductions.entry(ticket) {
            std::collections::btree_map::Entry::Vacant(place) => {
                let mut arrived = vec![false; size];
                arrived[self.rank] = true;
                place.insert(Reduction { how, values: values.to_vec(), arrived, delay, taken: 0 });
            }
            std::collections::btree_map::Entry::Occupied(mut place) => {
                let sum = place.get_mut();
                if sum.how != how || sum.values.len() != values.len() {
                    let text = "ranks started different reductions";
                    return Err(Error::Internal(text.into()));
                }
                for (to, from) in sum.values.iter_mut().zip(values) {
                    *to = match how {
                        Reduce::Sum => to.wrapping_add(*from),
                        Reduce::Max => (*to).max(*from),
                        Reduce::Min => (*to).min(*from),
                    };
                }
                sum.arrived[self.rank] = true;
            }
        }
        Ok(Ticket(ticket))
    }

    fn reduced(&self, ticket: &Ticket) -> Result<Option<Vec<i64>>> {
        let mut guard = self.enter()?;
        let state = &mut *guard;
        let Some(sum) = state.reductions.get_mut(&ticket.0) else {
            return Err(Error::Internal("a reduction was asked for twice".into()));
        };
        if let Some(missing) = sum.arrived.iter().position(|arrived| !arrived) {
            // Of those that are missing any may be gone.
            let mut missing = (missing..self.hub.size).filter(|rank| !sum.arrived[*rank]);
            return match missing.find(|rank| state.gone[*rank]) {
                Some(rank) => Err(lost(rank)),
                None => Ok(None),
            };
        }
        if sum.delay[self.rank] > 0 {
            sum.delay[self.rank] -= 1;
            return Ok(None);
        }
        sum.taken += 1;
        if sum.taken == self.hub.size {
            return Ok(state.reductions.remove(&ticket.0).map(|sum| sum.values));
        }
        Ok(Some(sum.values.clone()))
    }

    fn counter(&self) -> Result<Option<Arc<dyn Counter>>> {
        let state = &mut *self.enter()?;
        let at = state.n_counters[self.rank];
        state.n_counters[self.rank] += 1;
        if state.counters.len() == at {
            state.counters.push(Arc::default());
        }
        Ok(Some(state.counters[at].clone()))
    }

    fn split(&self, colour: Option<u32>, key: usize) -> Result<Option<Arc<dyn Transport>>> {
        let number = {
            let mut state = self.enter()?;
            let number = state.n_splits[self.rank];
            state.n_splits[self.rank] += 1;
            let split = state.splits.entry(number).or_default();
            split.wishes.insert(self.rank, (colour, key));
            number
        };
        crate::ranks::wait_for(|| {
            let mut guard = self.enter()?;
            let state = &mut *guard;
            let Some(split) = state.splits.get_mut(&number) else {
                return Err(Error::Internal("a split was lost".into()));
            };
            if split.wishes.len() < self.hub.size {
                let mut missing = (0..self.hub.size).filter(|r| !split.wishes.contains_key(r));
                return match missing.find(|rank| state.gone[*rank]) {
                    Some(rank) => Err(lost(rank)),
                    None => Ok(None),
                };
            }
            let made = colour.map(|colour| {
                let mut members: Vec<(usize, usize)> = split
                    .wishes
                    .iter()
                    .filter(|(_, wish)| wish.0 == Some(colour))
                    .map(|(rank, wish)| (wish.1, *rank))
                    .collect();
                members.sort_unstable();
                let place = members.iter().position(|member| member.1 == self.rank);
                let weather = Weather { failure: None, ..self.hub.weather };
                let hub = split.hubs.entry(colour);
                Arc::new(Local {
                    rank: place.unwrap_or(0),
                    hub: hub.or_insert_with(|| Hub::new(members.len(), weather)).clone(),
                }) as Arc<dyn Transport>
            });
            split.taken += 1;
            if split.taken == self.hub.size {
                state.splits.remove(&number);
            }
            Ok(Some(made))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUGH: Weather = Weather { seed: 7, delay: 5, failure: None };

    #[test]
    fn collectives_agree_on_any_number_of_ranks() {
        for size in 1..10 {
            let results = Local::run(size, ROUGH, |ranks| -> Result<()> {
                let me = ranks.rank() as i64;
                let n = size as i64;
                assert_eq!(ranks.reduce(Reduce::Sum, &[me, 1])?, [n * (n - 1) / 2, n]);
                assert_eq!(ranks.reduce(Reduce::Max, &[me])?, [n - 1]);
                assert_eq!(ranks.largest(&[me as f64 * 0.5])?, [(n - 1) as f64 * 0.5]);
                let all: Vec<i64> = (0..n).flat_map(|r| [r, -r]).collect();
                assert_eq!(ranks.all_gather(&[me, -me])?, all);
                for root in 0..size {
                    let mut bytes = vec![ranks.rank() as u8; 3];
                    ranks.broadcast(root, &mut bytes)?;
                    assert_eq!(bytes, [root as u8; 3]);
                }
                let odd = ranks.split(Some((me % 2) as u32), size - me as usize)?.unwrap();
                assert_eq!(odd.size() as i64, (n + 1 - me % 2) / 2);
                // The key turns the order round.
                let sum = odd.all_gather(&[me])?;
                assert!(sum.windows(2).all(|pair| pair[0] > pair[1]));
                Ok(())
            });
            results.into_iter().for_each(|r| r.unwrap().unwrap());
        }
    }

    #[test]
    fn messages_of_one_tag_keep_their_order() {
        let results = Local::run(4, ROUGH, |ranks| -> Result<()> {
            for i in 0..50u8 {
                for to in 0..4 {
                    ranks.send(to, Tag::STEPS, vec![i])?;
                    ranks.send(to, Tag::FIELD, vec![i, i])?;
                }
            }
            let mut next = [0; 4];
            for _ in 0..200 {
                let message = ranks.wait(None, Tag::STEPS)?;
                assert_eq!(message.bytes, [next[message.from]]);
                next[message.from] += 1;
            }
            for from in 0..4 {
                for i in 0..50 {
                    assert_eq!(ranks.wait(Some(from), Tag::FIELD)?.bytes, [i, i]);
                }
            }
            Ok(())
        });
        results.into_iter().for_each(|r| r.unwrap().unwrap());
    }

    #[test]
    fn one_error_is_everybodys() {
        for size in 2..6 {
            for bad in 0..size {
                let results = Local::run(size, ROUGH, |ranks| {
                    let mine = match ranks.rank() >= bad {
                        true => Err(Error::argument("n", ranks.rank(), "less")),
                        false => Ok(ranks.rank()),
                    };
                    ranks.agree(mine)
                });
                for result in results {
                    let error = result.unwrap().unwrap_err();
                    let text = format!("rank {bad}: n must be less, is {bad}");
                    assert_eq!(error.to_string(), text);
                    assert_eq!(error.status(), Error::argument("", "", "").status());
                }
            }
        }
    }

    #[test]
    fn nobody_waits_for_a_rank_that_has_failed() {
        for after in 0..40 {
            let weather = Weather { failure: Some((1, after)), ..ROUGH };
            let results = Local::run(4, weather, |ranks| -> Result<()> {
                for _ in 0..20 {
                    let next = (ranks.rank() + 1) % 4;
                    ranks.send(next, Tag::STEPS, Vec::new())?;
                    ranks.wait(Some((ranks.rank() + 3) % 4), Tag::STEPS)?;
                    ranks.reduce(Reduce::Sum, &[1])?;
                }
                Ok(())
            });
            assert!(results.into_iter().all(|r| r.unwrap().is_err()));
        }
    }
}
