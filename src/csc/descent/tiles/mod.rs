//! The order in which tiles are visited.
//!
//! Both schedules share one way of passing steps on: a visit writes its steps to the tile's outbox
//! and marks the edge to each neighbour; a neighbour reads marked outboxes at its own next visit.
//! Between two visits of a tile each of its neighbours has its turn, so that an outbox is read by
//! all before it is written again, and steps arrive in an order that no thread can change.
//!
//! Within a rank no thread waits for the end of a colour: a tile has its turn when its neighbours of the colours before have
//! had theirs.
//!
//! Over several ranks each has the tiles of a part of the one global grid. What a visit wrote to an
//! outbox is sent along after the phase, to ranks with a neighbour of the tile.

mod published;

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::panic::{caught, lock, unpoisoned};
use crate::base::stop::Stop;
use crate::clock::{self, Clock, Progress, Wish};
use crate::csc::descent::halo::{Halo, Partner};
use crate::csc::descent::tile::{Plan, Step, TileState, Visit};
use crate::csc::descent::trace::{Activity, Mark, Trace};
use crate::grid::point::Point;
use crate::grid::tiles::{Neighbour, Tile, TileGrid};
use crate::linalg::Real;
use crate::ranks::{Reduce, Tag, Ticket, Transport};
use crate::threads::Team;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock, RwLockReadGuard};
use std::time::Instant;

/// Limits of a running descent, and how far it is.
pub(crate) struct Control<'c, 'r> {
    pub(crate) clock: &'c Clock<'r>,
    pub(crate) max_iter: u64,
    pub(crate) progress: Progress,
}

impl Control<'_, '_> {
    /// Looks at limits and reports; tells whether to stop.
    pub(super) fn check(&mut self, iterations: u64) -> Wish {
        if iterations >= self.max_iter {
            return Wish::MaxIter;
        }
        self.wish()
    }

    /// Whether clock or callback want to stop.
    pub(super) fn wish(&mut self) -> Wish {
        self.clock.look(&self.progress)
    }
}

/// How a phase keeps to `max_iter`.
struct Limit<'l> {
    /// Steps before this descent.
    base: u64,
    /// Steps of this rank in it.
    made: &'l AtomicU64,
    max: u64,
    /// What one visit may make.
    this: &'l AtomicU64,
}

/// Keeps an error that the other ranks can still be told of.
pub(super) fn note(failure: &mut Option<Error>, result: Result<()>) -> Result<()> {
    match result {
        Err(error @ Error::Communication(_)) => Err(error),
        Err(error) => {
            failure.get_or_insert(error);
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// An edge along which steps travel to a tile.
struct Edge {
    from: Neighbour,
    /// The outbox holds steps that have not been read here.
    mail: AtomicBool,
}

/// Sets a number at the end, however that comes.
struct Finish<'f>(&'f AtomicU64, u64);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.store(self.1, Ordering::Release);
    }
}

/// The tiles of one colour.
struct Phase {
    /// Those with a neighbour on another rank: they go first, so that messages travel meanwhile.
    boundary: Vec<usize>,
    interior: Vec<usize>,
}

/// What a visit does with a tile, its tolerance and its outbox.
type Descend<'d, T> = dyn FnMut(&mut TileState<T>, T, &mut Vec<Step<T>>) -> Visit<T> + 'd;

/// The tiles of this rank and what passes between them and to other ranks.
///
/// Tiles are known by their place in a list here; after this rank's own come the ghosts, of which
/// there is only an outbox.
pub(crate) struct Tiles<T: Real> {
    /// Number of each tile in the global grid, own ones and ghosts; both in order.
    numbers: Vec<usize>,
    states: Vec<Mutex<TileState<T>>>,
    outboxes: Vec<RwLock<Vec<Step<T>>>>,
    /// By colour.
    phases: Vec<Phase>,
    /// For each tile the neighbours on this rank whose turn comes before it.
    before: Vec<Vec<u32>>,
    /// Edges into each tile.
    edges: Vec<Vec<Edge>>,
    /// For each tile, ghosts too, (tile, place in its edge list) of the edges out of it.
    out: Vec<Vec<(u32, u32)>>,
    /// Something waits at an edge.
    mail: Vec<AtomicBool>,
    /// The last visit left a bound above the tolerance.
    awake: Vec<AtomicBool>,
    /// The last sweep in which the tile has had its turn; counted by those without an end of colours.
    finished: Vec<AtomicU64>,
    /// Steps of the last visit.
    last_steps: Vec<AtomicU64>,
    /// Steps that other ranks have not been told of.
    news: Vec<AtomicBool>,
    /// Tiles of all ranks.
    n_global: usize,
    pub(crate) halo: Halo,
    /// Recorded steps in their order, when asked for (serial runs).
    pub(crate) record: Option<Mutex<Vec<Step<T>>>>,
    /// What is done when, if asked for.
    pub(crate) trace: Option<Trace>,
}

fn flags(n: usize) -> Vec<AtomicBool> {
    (0..n).map(|_| AtomicBool::new(false)).collect()
}

impl<T: Real> Tiles<T> {
    /// The tiles with the numbers `own`, in order; `owner` tells which rank another tile is on.
    pub(crate) fn new(
        grid: &TileGrid,
        own: Vec<usize>,
        owner: impl Fn(&Tile) -> usize,
        ranks: Arc<dyn Transport>,
        group: &Point,
        n_atoms: usize,
    ) -> Result<Self> {
        let n = own.len();
        let mut around = Vec::new();
        memory::reserve("the tiles", &mut around, n)?;
        for number in &own {
            clock::check()?;
            around.push(grid.neighbours(*number));
        }
        let mut ghosts = BTreeSet::new();
        for from in around.iter().flatten() {
            if own.binary_search(&from.tile).is_err() {
                ghosts.insert(from.tile);
            }
        }
        let mut numbers = own;
        numbers.extend(&ghosts);
        let place = |number: usize| {
            let (own, ghosts) = numbers.split_at(n);
            own.binary_search(&number)
                .or_else(|_| ghosts.binary_search(&number).map(|place| n + place))
                .unwrap_or(usize::MAX)
        };
        // What is a ghost here has a neighbour here, which is a ghost there.
        let mut exchanges: BTreeMap<usize, (BTreeSet<usize>, Vec<usize>)> = BTreeMap::new();
        let mut hosts = BTreeMap::new();
        for (ghost, number) in numbers.iter().enumerate().skip(n) {
            let rank = owner(&grid.tile(*number));
            hosts.insert(ghost, rank);
            exchanges.entry(rank).or_default().1.push(ghost);
        }
        let mut tiles = Tiles {
            states: Vec::new(),
            outboxes: (0..numbers.len()).map(|_| RwLock::default()).collect(),
            phases: Vec::new(),
            before: Vec::new(),
            edges: Vec::new(),
            out: vec![Vec::new(); numbers.len()],
            mail: flags(n),
            awake: flags(n),
            finished: (0..n).map(|_| AtomicU64::new(0)).collect(),
            last_steps: (0..n).map(|_| AtomicU64::new(0)).collect(),
            news: flags(n),
            n_global: grid.len(),
            halo: Halo::new(ranks.clone(), Vec::new()),
            record: None,
            trace: None,
            numbers: Vec::new(),
        };
        let empty = || Phase { boundary: Vec::new(), interior: Vec::new() };
        tiles.phases.resize_with(grid.n_colours(), empty);
        memory::reserve("the tiles", &mut tiles.states, n)?;
        for (index, around) in around.into_iter().enumerate() {
            clock::check()?;
            let number = numbers[index];
            let (own, others): (Vec<_>, Vec<_>) = around.into_iter().partition(|from| from.tile == number);
            let mut edges = Vec::new();
            let mut partners = BTreeSet::new();
            let mut before = BTreeSet::new();
            for (at, from) in others.into_iter().enumerate() {
                let tile = place(from.tile);
                tiles.out[tile].push((index as u32, at as u32));
                partners.extend(hosts.get(&tile));
                if tile < n && grid.colour(from.tile) < grid.colour(number) {
                    before.insert(tile as u32);
                }
                edges.push(Edge { from: Neighbour { tile, ..from }, mail: AtomicBool::new(false) });
            }
            tiles.edges.push(edges);
            tiles.before.push(before.into_iter().collect());
            let phase = &mut tiles.phases[grid.colour(number)];
            match partners.is_empty() {
                true => phase.interior.push(index),
                false => phase.boundary.push(index),
            }
            for rank in partners {
                exchanges.entry(rank).or_default().0.insert(index);
            }
            let images = own.into_iter().map(|own| own.shift).collect();
            let place = grid.within_signal(number);
            let state = TileState::new(grid.tile(number), images, (number, place), group, n_atoms)?;
            tiles.states.push(Mutex::new(state));
        }
        let partners = exchanges.into_iter().map(|(rank, (sends, receives))| Partner {
            rank,
            sends: sends.into_iter().collect(),
            receives,
        });
        tiles.halo = Halo::new(ranks, partners.collect());
        tiles.numbers = numbers;
        Ok(tiles)
    }

    /// Number of tiles of this rank.
    pub(crate) fn len(&self) -> usize {
        self.states.len()
    }

    /// Numbers of this rank's tiles in the global grid, in order.
    pub(crate) fn numbers(&self) -> &[usize] {
        &self.numbers[..self.len()]
    }

    /// The same, followed by those of the ghosts.
    pub(crate) fn all_numbers(&self) -> &[usize] {
        &self.numbers
    }

    /// Number of tiles of all ranks.
    pub(crate) fn n_global(&self) -> usize {
        self.n_global
    }

    pub(crate) fn tile(&self, index: usize) -> MutexGuard<'_, TileState<T>> {
        lock(&self.states[index])
    }

    fn outbox(&self, index: usize) -> RwLockReadGuard<'_, Vec<Step<T>>> {
        unpoisoned(self.outboxes[index].read())
    }

    /// Calls `visit` with the activations of each tile, ghosts included, in order of their numbers.
    /// Collective: ghosts have to be asked for.
    pub(crate) fn for_each_list(&self, plan: &Plan<T>, visit: &mut dyn FnMut(usize, &[Step<T>])) -> Result<()> {
        let pack = |tile: usize, list: &mut Vec<Step<T>>| {
            let state = self.tile(tile);
            state.for_each_nonzero(plan, |at, atom, value| {
                list.push(Step {
                    at: std::array::from_fn(|a| (at[a] + state.tile.origin[a]) as i32),
                    atom: atom as u32,
                    delta: value,
                });
            });
        };
        self.halo.send_lists(Tag::ACTIVATIONS, &mut { pack })?;
        let mut ghosts = vec![Vec::new(); self.numbers.len() - self.len()];
        let mut keep = |tile: usize, list| ghosts[tile - self.len()] = list;
        self.halo.receive_lists(Tag::ACTIVATIONS, &mut keep)?;
        let mut order: Vec<usize> = (0..self.numbers.len()).collect();
        order.sort_unstable_by_key(|index| self.numbers[*index]);
        let mut list = Vec::new();
        for index in order {
            if index < self.len() {
                list.clear();
                pack(index, &mut list);
                visit(self.numbers[index], &list);
            } else {
                visit(self.numbers[index], &ghosts[index - self.len()]);
            }
        }
        Ok(())
    }

    pub(crate) fn bytes(&self) -> usize {
        let edges = self.edges.iter().map(|e| e.capacity() * size_of::<Edge>());
        let out = self.out.iter().map(|o| o.capacity() * 8 + size_of::<Vec<u8>>());
        let states = (0..self.len()).map(|index| self.tile(index).bytes());
        let outboxes = (0..self.outboxes.len()).map(|index| self.outbox(index).capacity() * size_of::<Step<T>>());
        let before = self.before.iter().map(|b| b.capacity() * 4);
        let per_tile = size_of::<Mutex<u8>>() + 2 * size_of::<Vec<Edge>>() + 3 + 4 * size_of::<usize>();
        edges.sum::<usize>()
            + before.sum::<usize>()
            + out.sum::<usize>()
            + states.sum::<usize>()
            + outboxes.sum::<usize>()
            + self.outboxes.len() * size_of::<RwLock<Vec<Step<T>>>>()
            + self.len() * per_tile
    }

    /// Takes over new values of c in every tile. Returns max |dz| of this rank, for each of so many signals; at least 0.
    pub(crate) fn restart(&self, plan: &Plan<T>, team: &Team, n_signals: usize) -> Result<Vec<f64>> {
        self.largest(team, n_signals, |index, state| {
            self.edges[index].iter().for_each(|e| e.mail.store(false, Ordering::Relaxed));
            self.mail[index].store(false, Ordering::Relaxed);
            self.awake[index].store(true, Ordering::Relaxed);
            state.restart(plan)
        })
    }

    /// The same of the c that is there.
    pub(crate) fn settle(&self, plan: &Plan<T>, team: &Team, n_signals: usize) -> Result<Vec<f64>> {
        self.largest(team, n_signals, |_, state| state.settle(plan))
    }

    /// The largest of what every tile of a signal has.
    fn largest(
        &self,
        team: &Team,
        n_signals: usize,
        of: impl Fn(usize, &mut TileState<T>) -> T + Sync,
    ) -> Result<Vec<f64>> {
        let state = || memory::zeroed("the signals", n_signals);
        let states = team.for_each(self.len(), state, |largest: &mut Vec<f64>, index| {
            let state = &mut *self.tile(index);
            let signal = state.tile.signal;
            largest[signal] = f64::max(largest[signal], of(index, state).wide());
            Ok(())
        })?;
        let larger = |a: Vec<f64>, b: Vec<f64>| a.into_iter().zip(b).map(|(a, b)| f64::max(a, b)).collect();
        Ok(states.into_iter().reduce(larger).unwrap_or_default())
    }

    /// Lets the tiles of some signals sleep, and the others go down to their targets.
    pub(crate) fn set_targets(&self, targets: &[Option<f64>]) {
        for index in 0..self.len() {
            let mut state = self.tile(index);
            match targets[state.tile.signal] {
                Some(target) => state.set_target(T::of(target)),
                None => self.awake[index].store(false, Ordering::Relaxed),
            }
        }
    }

    /// Where a span of the trace begins, if there is one.
    pub(crate) fn mark(&self) -> Option<Mark> {
        self.trace.as_ref().map(|trace| trace.mark(&self.halo))
    }

    /// Ends a span of the trace.
    pub(crate) fn end(&self, activity: Activity, mark: Option<Mark>) {
        if let (Some(trace), Some(mark)) = (&self.trace, mark) {
            trace.end(activity, mark, &self.halo);
        }
    }

    /// Ends a phase of the trace.
    pub(super) fn end_phase(&self, sweep: u64, colour: Option<usize>, mark: Option<Mark>) {
        if let (Some(trace), Some(mark)) = (&self.trace, mark) {
            trace.end_phase(sweep, colour, mark, &self.halo);
        }
    }

    /// Has the tile anything to do?
    fn due(&self, index: usize) -> bool {
        self.awake[index].load(Ordering::Relaxed) || self.mail[index].load(Ordering::Relaxed)
    }

    /// Lets a tile hear of its neighbours' steps and make its own.
    #[inline(never)]
    fn visit(&self, index: usize, plan: &Plan<T>, descend: &mut Descend<'_, T>) -> Visit<T> {
        let traced = self.trace.as_ref().map(|trace| (trace, Instant::now()));
        let mut state = self.tile(index);
        if self.mail[index].swap(false, Ordering::Relaxed) {
            for edge in &self.edges[index] {
                if edge.mail.swap(false, Ordering::Relaxed) {
                    state.hear(plan, &self.outbox(edge.from.tile), edge.from.shift);
                }
            }
        }
        let mut outbox = unpoisoned(self.outboxes[index].write());
        let tol = state.tolerance(plan);
        let visit = descend(&mut state, tol, &mut outbox);
        // Rounding may allow less than before the visit.
        let tol = state.tolerance(plan);
        let awake = visit.bound > tol && !state.is_worn(tol);
        self.awake[index].store(awake, Ordering::Relaxed);
        self.last_steps[index].store(visit.steps as u64, Ordering::Relaxed);
        if visit.steps > 0 {
            self.announce(index);
            self.news[index].store(true, Ordering::Relaxed);
            if let Some(record) = &self.record {
                lock(record).append(state.trace.get_or_insert_default());
            }
        }
        if let Some((trace, begin)) = traced {
            trace.visited(self.numbers[index], visit.steps, awake, begin);
        }
        visit
    }

    /// Tells the neighbours on this rank that an outbox has been filled.
    fn announce(&self, index: usize) {
        for &(to, place) in &self.out[index] {
            let edge = &self.edges[to as usize][place as usize];
            edge.mail.store(true, Ordering::Relaxed);
            self.mail[to as usize].store(true, Ordering::Relaxed);
        }
    }

    /// Tells the partners of this phase's steps: one message each, an empty one, too.
    fn send_news(&self) -> Result<()> {
        let pack = |tile: usize, steps: &mut Vec<Step<T>>| {
            if self.news[tile].load(Ordering::Relaxed) {
                steps.extend_from_slice(&self.outbox(tile));
            }
        };
        self.halo.send_lists(Tag::STEPS, &mut { pack })?;
        for tile in self.halo.partners.iter().flat_map(|partner| &partner.sends) {
            self.news[*tile].store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Hears of the partners' steps of this phase.
    fn receive_news(&self) -> Result<()> {
        self.halo.receive_lists(Tag::STEPS, &mut |tile, steps| {
            let mut outbox = unpoisoned(self.outboxes[tile].write());
            *outbox = steps;
            drop(outbox);
            self.announce(tile);
        })
    }

    /// Visits all tiles, colour by colour, until all sleep. Collective.
    ///
    /// What ranks have to know of each other to stop is combined once a sweep and used a sweep later, so that nobody waits for it; with one rank, too, because the
    /// result must not depend on their number. A sweep after the last step changes nothing.
    pub(crate) fn descend_coloured(&self, plan: &Plan<T>, team: &Team, control: &mut Control<'_, '_>) -> Result<Stop> {
        let steps = AtomicU64::new(0);
        let visits = AtomicU64::new(0);
        let limit = AtomicU64::new(u64::MAX);
        let work = |index: usize| {
            if clock::over() {
                return;
            }
            let limit = usize::try_from(limit.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
            let visit = self.visit(index, plan, &mut |state, tol, made| state.visit(plan, tol, limit, made));
            steps.fetch_add(visit.steps as u64, Ordering::Relaxed);
            visits.fetch_add(1, Ordering::Relaxed);
        };
        let ranks = &*self.halo.ranks;
        let base = control.progress;
        // A rank on which something goes wrong keeps in step until all know.
        let mut first_failure = None;
        let failure = &mut first_failure;
        let descend = || {
            let mut wish = control.check(base.steps);
            *failure = control.clock.take_failure();
            let reports = i64::from(control.clock.reports());
            let begin = ranks.reduce(Reduce::Max, &[wish.code(), reports])?;
            let begun = Wish::of_code(begin[0]);
            if begun != Wish::GoOn {
                control.clock.hear(begun);
                return Ok(begun.stop());
            }
            let reports = begin[1] != 0;
            let most_per_sweep = ranks.reduce(Reduce::Sum, &[self.most_steps(plan)])?[0] as u64;
            let mut pending: Option<[Ticket; 2]> = None;
            loop {
                let mut exhausted = false;
                // Two sweeps may have passed since the count was known.
                let left = control.max_iter - control.progress.steps;
                let limited = left < most_per_sweep.saturating_mul(3);
                let phases = limited || self.trace.is_some() || !self.halo.partners.is_empty();
                let phases = match phases || team.is_alone() {
                    true => &self.phases[..],
                    false => {
                        if failure.is_none() {
                            *failure = self.run_sweep(team, &work).err();
                        }
                        &[]
                    }
                };
                for (colour, phase) in phases.iter().enumerate() {
                    if exhausted {
                        break;
                    }
                    let mark = self.mark();
                    let counted = Limit { base: base.steps, made: &steps, max: control.max_iter, this: &limit };
                    exhausted = self.run_phase(phase, plan, (team, &work), limited.then_some(counted), failure)?;
                    self.end_phase(control.progress.sweeps, Some(colour), mark);
                }
                control.progress.sweeps += 1;
                let awake = (0..self.len()).filter(|index| self.due(*index)).count();
                // Who has asked to stop is not asked again.
                if wish == Wish::GoOn {
                    wish = control.wish();
                }
                *failure = failure.take().or(control.clock.take_failure());
                if failure.is_some() {
                    wish = Wish::Failed;
                }
                let bound = if reports { self.bound(plan) } else { 0.0 };
                let sums = [awake as i64, steps.load(Ordering::Relaxed) as i64, visits.load(Ordering::Relaxed) as i64];
                // Magnitudes of non-negative numbers order as their bits do.
                let largest = [bound.to_bits() as i64, wish.code()];
                let begun = [ranks.start_reduce(Reduce::Sum, &sums)?, ranks.start_reduce(Reduce::Max, &largest)?];
                let mut finish = |[sums, largest]: [Ticket; 2]| -> Result<(bool, Wish)> {
                    let (sums, largest) = self.halo.waiting(|| Ok((ranks.finish(sums)?, ranks.finish(largest)?)))?;
                    control.progress.awake = sums[0] as u64;
                    control.progress.steps = base.steps + sums[1] as u64;
                    control.progress.visits = base.visits + sums[2] as u64;
                    let bound = f64::from_bits(largest[0] as u64);
                    control.progress.max_step = bound / plan.step_unit;
                    let wish = Wish::of_code(largest[1]);
                    control.clock.hear(wish);
                    Ok((sums[0] == 0, wish))
                };
                let mut known = (false, Wish::GoOn);
                if let Some(before) = pending.take() {
                    known = finish(before)?;
                }
                let stop = match known {
                    (_, wish) if wish != Wish::GoOn => Some(wish.stop()),
                    (true, _) => Some(Stop::Converged),
                    _ if exhausted => Some(Stop::MaxIter),
                    _ => None,
                };
                let Some(stop) = stop else {
                    pending = Some(begun);
                    continue;
                };
                // What the last sweep did still counts.
                let (asleep, wish) = finish(begun)?;
                return Ok(match stop {
                    _ if wish == Wish::Failed => wish.stop(),
                    Stop::MaxIter if asleep => Stop::Converged,
                    stop => stop,
                });
            }
        };
        let outcome = caught(descend).unwrap_or_else(|text| Err(Error::Internal(text)));
        ranks.agree(match (first_failure, outcome) {
            (Some(error), Ok(_)) => Err(error),
            (_, outcome) => outcome,
        })
    }

    /// Visits the tiles of all colours that have anything to do, or may have when it is their turn.
    fn run_sweep(&self, team: &Team, work: &(dyn Fn(usize) + Sync)) -> Result<()> {
        let finished = |tile: usize| self.finished[tile].load(Ordering::Acquire);
        let sweep = 1 + (0..self.len()).map(finished).max().unwrap_or(0);
        let (mut items, mut due) = (Vec::new(), vec![false; self.len()]);
        for phase in &self.phases {
            for &tile in &phase.interior {
                let mut before = self.before[tile].iter();
                due[tile] = self.due(tile) || before.any(|tile| due[*tile as usize]);
                match due[tile] {
                    true => items.push(tile),
                    false => self.finished[tile].store(sweep, Ordering::Relaxed),
                }
            }
        }
        let ready = |tile: usize| {
            let mut before = self.before[tile].iter();
            before.all(|tile| finished(*tile as usize) == sweep)
        };
        team.run_when(items, self.len(), &ready, &|tile| {
            let _finish = Finish(&self.finished[tile], sweep);
            if self.due(tile) {
                work(tile);
            }
        })
    }

    /// Visits the tiles of one colour that have anything to do, and exchanges news with other
    /// ranks. Returns whether the limit has been reached.
    fn run_phase(
        &self,
        phase: &Phase,
        plan: &Plan<T>,
        (team, work): (&Team, &(dyn Fn(usize) + Sync)),
        limit: Option<Limit<'_>>,
        failure: &mut Option<Error>,
    ) -> Result<bool> {
        let ranks = &*self.halo.ranks;
        // What takes long first: then threads come to an end together.
        let due = |tiles: &[usize]| -> Vec<usize> {
            let mut due: Vec<_> = tiles.iter().copied().filter(|t| self.due(*t)).collect();
            due.sort_by_key(|tile| Reverse(self.last_steps[*tile].load(Ordering::Relaxed)));
            due
        };
        let run = |items: Vec<usize>, failure: &mut Option<Error>| {
            if failure.is_none() {
                *failure = team.run(items, self.len(), work).err();
            }
        };
        let mut exhausted = false;
        if let Some(limit) = limit {
            let mut items = [due(&phase.boundary), due(&phase.interior)].concat();
            let most = items.iter().map(|index| self.tile(*index).most_steps(plan) as i64);
            let made = |extra: i64| {
                let made = limit.made.load(Ordering::Relaxed) as i64;
                ranks.reduce(Reduce::Sum, &[made, extra])
            };
            let sums = made(most.sum())?;
            let mut left = limit.max - limit.base - sums[0] as u64;
            if sums[1] as u64 > left {
                // The limit may fall into this phase: one tile after the other, by number.
                items.sort_unstable();
                let mut items = items.into_iter().peekable();
                loop {
                    let mine = items.peek().map_or(i64::MAX, |tile| self.numbers[*tile] as i64);
                    let next = ranks.reduce(Reduce::Min, &[mine])?[0];
                    if next == i64::MAX {
                        break;
                    }
                    if next == mine {
                        limit.this.store(left, Ordering::Relaxed);
                        run(items.next().into_iter().collect(), failure);
                    }
                    left = limit.max - limit.base - made(0)?[0] as u64;
                    if left == 0 {
                        exhausted = true;
                        break;
                    }
                }
                limit.this.store(u64::MAX, Ordering::Relaxed);
                note(failure, self.send_news())?;
                note(failure, self.receive_news())?;
                return Ok(exhausted);
            }
        }
        if !self.halo.partners.is_empty() {
            run(due(&phase.boundary), failure);
            note(failure, self.send_news())?;
        }
        run(due(&phase.interior), failure);
        if !self.halo.partners.is_empty() {
            note(failure, self.receive_news())?;
        }
        Ok(exhausted)
    }

    /// Steps that one sweep may make.
    fn most_steps(&self, plan: &Plan<T>) -> i64 {
        let most = (0..self.len()).map(|index| self.tile(index).most_steps(plan) as i64);
        most.sum()
    }

    /// Upper bound on max |dz| as far as the tiles have heard of it.
    fn bound(&self, plan: &Plan<T>) -> f64 {
        let bound = |index| self.tile(index).bound(plan).wide();
        (0..self.len()).map(bound).fold(0.0, f64::max)
    }
}
