//! Model check: whatever order messages arrive in, streams and maps end with the right result.
//!
//! With one thread per rank, what a rank does depends on what it finds when it looks for messages,
//! and on nothing else. A message may be found at once or any time later, as long as those of one
//! sender and tag stay in order. So all schedules are enumerated by the outcomes of all looks:
//! nothing; a message that is there; or one that has yet to be sent, for which the rank waits while
//! the others go on. Ranks are threads, of which one runs at a time, the lowest that can: between
//! two looks their order makes no difference. A rank that has looked everywhere for nothing waits
//! for whatever comes next; if all do, that is a deadlock.

use crate::base::error::{Error, Result};
use crate::parmap::map::Tasks;
use crate::parmap::stream::{Consumed, Ends, Produced};
use crate::parmap::{Canceller, Map, Outcome, Report, Settings, Task};
use crate::ranks::{Message, Reduce, Tag, Ticket, Transport};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

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
    Ended,
}

struct State {
    turn: usize,
    ranks: Vec<Rank>,
    mail: BTreeMap<Channel, VecDeque<Vec<u8>>>,
    reductions: BTreeMap<u64, (usize, Vec<i64>)>,
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
struct Model {
    rank: usize,
    size: usize,
    world: Arc<World>,
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
            Rank::Ended => false,
        }
    }

    fn hand_on(&mut self) {
        let n = self.ranks.len();
        if let Some(rank) = (0..n).find(|rank| self.can_go_on(*rank)) {
            self.turn = rank;
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
        self.world.state.lock().unwrap_or_else(|e| e.into_inner())
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
            state = self.world.turn.wait(state).unwrap_or_else(|e| e.into_inner());
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
    fn moved(&self) {
        self.state().looked[self.rank].clear();
    }

    /// One of `of` ways to go on: all are tried.
    fn choose(&self, of: usize) -> usize {
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

    fn split(&self, _: Option<u32>, _: usize) -> Result<Option<Arc<dyn Transport>>> {
        Err(Error::Internal("not a part of the model".into()))
    }
}

/// Runs `work` on each rank in all schedules; `check` looks at the results of each.
fn explore<R: Send>(name: &str, size: usize, work: impl Fn(&Arc<Model>) -> R + Sync, check: impl Fn(Vec<R>)) {
    let (mut n, mut vain) = (0u64, 0u64);
    let mut choices: Vec<(usize, usize)> = Vec::new();
    loop {
        let world = Arc::new(World {
            state: Mutex::new(State {
                turn: 0,
                ranks: (0..size).map(|_| Rank::Ready).collect(),
                mail: BTreeMap::new(),
                reductions: BTreeMap::new(),
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
                let news = [crate::parmap::run::SIGNALS, crate::parmap::run::REPLIES];
                let mut mail = state.mail.iter();
                let left = mail.find(|(to, mail)| !mail.is_empty() && !news.contains(&to.2));
                assert!(left.is_none(), "{name}: messages are left: {left:?}");
            }
            Some(Verdict::Vain) => vain += 1,
            Some(verdict) => panic!("{name}: {verdict:?} after {:?}", state.choices),
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

/// A map on a rank of the model.
fn map_on(model: &Arc<Model>, settings: &Settings) -> Map {
    let map = Map::new(model.clone(), 1).unwrap();
    map.set(|to| {
        *to = Settings {
            // Time is not a part of the model.
            grace: f64::INFINITY,
            chunk: 1,
            ..settings.clone()
        };
        Ok(())
    })
    .unwrap();
    map
}

/// A report without what may differ from schedule to schedule.
fn essence(mut report: Report) -> Report {
    report.seconds = 0.0;
    if let Some(failure) = &mut report.failure {
        (failure.rank, failure.worker) = (0, 0);
    }
    report
}

/// All ranks say the same.
fn agreed(reports: Vec<Result<Report>>) -> Report {
    let mut reports = reports.into_iter().map(|report| essence(report.unwrap()));
    let first = reports.next().unwrap();
    reports.for_each(|report| assert_eq!(report, first));
    first
}

#[derive(Clone, Copy, Default)]
struct Line {
    n: u64,
    bad: Option<u64>,
    stop_at: Option<u64>,
    /// The producer waits while something is in flight.
    lazy: bool,
    /// Any task may cancel the run.
    cancel: bool,
}

struct Belt<'m> {
    model: &'m Model,
    line: Line,
    given: u64,
    taken: Vec<u64>,
}

impl Ends for Belt<'_> {
    fn produce(&mut self, to: &mut Vec<u8>) -> Produced {
        self.model.moved();
        if self.given == self.line.n {
            return Produced::End;
        }
        if self.line.lazy && self.given > self.taken.len() as u64 {
            return Produced::Wait;
        }
        to.push(self.given as u8);
        self.given += 1;
        Produced::Item
    }

    fn consume(&mut self, index: u64, status: i32, bytes: &[u8]) -> Consumed {
        self.model.moved();
        assert_eq!((status, bytes), (0, &[index as u8 + 100][..]));
        self.taken.push(index);
        match self.line.stop_at == Some(index) {
            true => Consumed::Stop,
            false => Consumed::More,
        }
    }
}

fn streams(name: &str, size: usize, settings: Settings, line: Line) {
    let work = |model: &Arc<Model>| {
        let map = map_on(model, &settings);
        let mut belt = Belt { model, line, given: 0, taken: Vec::new() };
        let function = |task: &Task, input: &[u8], output: &mut Vec<u8>| {
            model.moved();
            output.push(input[0] + 100);
            if line.cancel && model.choose(2) == 1 {
                map.cancel();
            }
            i32::from(line.bad == Some(task.index))
        };
        let ends: Option<&mut dyn Ends> = (model.rank == 0).then_some(&mut belt as _);
        let report = map.stream(ends, &function, None);
        (report, belt.taken)
    };
    explore(name, size, work, |results| {
        let (reports, taken): (Vec<_>, Vec<_>) = results.into_iter().unzip();
        let report = agreed(reports);
        let mut taken = taken[0].clone();
        if !settings.ordered {
            taken.sort_unstable();
        }
        let (outcome, n) = match (line.bad, line.stop_at) {
            (Some(bad), _) => (Outcome::TaskFailed, bad),
            (_, Some(stop)) => (Outcome::Stopped, stop + 1),
            _ if line.cancel && report.outcome != Outcome::Done => (Outcome::Cancelled, taken.len() as u64),
            _ => (Outcome::Done, line.n),
        };
        assert_eq!(report.outcome, outcome);
        assert_eq!(report.failure.as_ref().map(|f| f.index), line.bad);
        assert!(taken.iter().copied().eq(0..n), "{taken:?}, {n}: {report:?}");
    });
}

fn maps(name: &str, size: usize, settings: Settings, n: u64, bad: &[u64]) {
    let work = |model: &Arc<Model>| {
        let function = |task: &Task, _: &[u8], _: &mut [u8]| {
            model.moved();
            i32::from(bad.contains(&task.index)) * 7
        };
        map_on(model, &settings).map(Tasks::new(n), &function, None)
    };
    explore(name, size, work, |reports| {
        let report = agreed(reports);
        let lowest = bad.iter().min().copied();
        assert_eq!(report.failure.as_ref().map(|f| f.index), lowest);
        let (outcome, done) = match lowest {
            Some(lowest) => (Outcome::TaskFailed, lowest + 1),
            None => (Outcome::Done, n),
        };
        assert_eq!((report.outcome, report.done), (outcome, done));
    });
}

/// Any task on any rank may cancel the run or, if `signal` says which rank gets one, a signal at any
/// time.
fn cancels(name: &str, size: usize, settings: Settings, n: u64, signal: Option<usize>) {
    let cancelled = AtomicBool::new(false);
    let work = |model: &Arc<Model>| {
        if model.rank == 0 {
            cancelled.store(false, Ordering::Relaxed);
        }
        let map = map_on(model, &settings);
        if signal == Some(model.rank) {
            model.state().signal = Some((model.rank, map.canceller()));
        }
        let function = |task: &Task, _: &[u8], _: &mut [u8]| {
            model.moved();
            let may = signal.is_none() && !cancelled.load(Ordering::Relaxed);
            if may && model.choose(2) == 1 {
                cancelled.store(true, Ordering::Relaxed);
                map.cancel();
            }
            i32::from(task.cancelled())
        };
        let report = map.map(Tasks::new(n), &function, None);
        model.state().signal = None;
        let after = |_: &Task, _: &[u8], _: &mut [u8]| {
            model.moved();
            0
        };
        (report, map.map(Tasks::new(1), &after, None))
    };
    explore(name, size, work, |results| {
        let (reports, after): (Vec<_>, Vec<_>) = results.into_iter().unzip();
        let report = agreed(reports);
        assert_eq!(agreed(after).outcome, Outcome::Done);
        let missing: u64 = report.unfinished.iter().map(|r| r.1 - r.0).sum();
        assert_eq!(report.done + missing, n);
        let wanted = match cancelled.load(Ordering::Relaxed) || missing > 0 {
            true => Outcome::Cancelled,
            false => Outcome::Done,
        };
        assert_eq!(report.outcome, wanted);
    });
}

fn long() -> bool {
    std::env::var_os("DICOD_LONG").is_some()
}

fn line(n: u64) -> Line {
    Line { n, ..Line::default() }
}

fn outstanding(max_outstanding: i64) -> Settings {
    Settings { max_outstanding, ..Settings::default() }
}

fn root_only_leads() -> Settings {
    Settings { root_works: false, ..outstanding(2) }
}

#[test]
fn streams_end_in_every_schedule() {
    streams("stream, 2 ranks, 2 items", 2, outstanding(2), line(2));
    streams("stream, 2 ranks, 3 items", 2, outstanding(2), line(3));
    streams("stream, 2 ranks, 3 items of 3", 2, outstanding(3), line(3));
    streams("stream, 3 ranks, 2 items", 3, outstanding(2), line(2));
    streams("stream, 3 ranks, 2 items, root only leads", 3, root_only_leads(), line(2));
    let lazy = Line { lazy: true, ..line(3) };
    streams("stream, 2 ranks, lazy producer", 2, outstanding(3), lazy);
    let unordered = Settings { ordered: false, ..outstanding(3) };
    streams("stream, 2 ranks, 3 items, as they come", 2, unordered, line(3));
    let bad = Line { bad: Some(1), ..line(3) };
    streams("stream, 2 ranks, a task fails", 2, outstanding(3), bad);
    let stop = Line { stop_at: Some(0), ..line(3) };
    streams("stream, 2 ranks, the consumer stops", 2, outstanding(3), stop);
    let cancel = Line { cancel: true, ..line(2) };
    streams("stream, 2 ranks, a task cancels", 2, outstanding(2), cancel);
    if long() {
        streams("stream, 3 ranks, 4 items", 3, outstanding(3), line(4));
        let stop = Line { stop_at: Some(1), ..line(4) };
        streams("stream, 3 ranks, the consumer stops", 3, outstanding(3), stop);
        let cancel = Line { cancel: true, ..line(4) };
        streams("stream, 2 ranks, one of 4 tasks cancels", 2, outstanding(3), cancel);
    }
}

#[test]
fn maps_end_in_every_schedule() {
    let one = Settings::default();
    maps("map, 2 ranks, 3 tasks", 2, one.clone(), 3, &[]);
    maps("map, 3 ranks, 2 tasks, root only leads", 3, root_only_leads(), 2, &[]);
    maps("map, 2 ranks, 3 tasks, 2 fail", 2, one.clone(), 3, &[1, 2]);
    maps("map, 3 ranks, 3 tasks, 2 fail", 3, one, 3, &[0, 1]);
}

#[test]
fn cancelled_maps_end_in_every_schedule() {
    let one = Settings::default();
    cancels("cancel, 2 ranks, 2 tasks", 2, one.clone(), 2, None);
    cancels("signal to the root, 2 ranks, 2 tasks", 2, one.clone(), 2, Some(0));
    cancels("signal to a worker, 2 ranks, 2 tasks", 2, one.clone(), 2, Some(1));
    if long() {
        cancels("cancel, 2 ranks, 2 tasks, root only leads", 2, root_only_leads(), 2, None);
        cancels("cancel, 2 ranks, 3 tasks, root only leads", 2, root_only_leads(), 3, None);
        cancels("cancel, 3 ranks, 2 tasks", 3, one, 2, None);
    }
}
