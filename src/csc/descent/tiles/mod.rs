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

mod build;
pub(crate) mod coloured;
pub(crate) mod published;
pub(crate) mod room;

use crate::base::error::Result;
use crate::base::memory;
use crate::base::order::places_by;
use crate::base::panic::{lock, unpoisoned};
use crate::clock;
use crate::csc::descent::halo::Halo;
use crate::csc::descent::tile::quiet::{self, Wake};
use crate::csc::descent::tile::{Plan, Step, TileState, Visit};
use crate::csc::descent::trace::{Activity, Mark, Trace};
use crate::grid::point::Point;
use crate::grid::tiles::Number;
use crate::linalg::Real;
use crate::ranks::Tag;
use crate::threads::Team;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard};
use std::time::Instant;

/// An edge along which steps travel to a tile.
struct Edge {
    /// Place of the tile that makes them.
    from: usize,
    /// What has to be added to their positions.
    shift: Point,
    /// The outbox holds steps that have not been read here.
    mail: AtomicBool,
}

/// An edge out of a tile, where it ends.
#[derive(Clone, Copy)]
struct End {
    /// Place of the tile that it leads to.
    tile: u32,
    /// Place among the edges into that.
    edge: u32,
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
    numbers: Vec<Number>,
    states: Vec<Mutex<TileState<T>>>,
    outboxes: Vec<RwLock<Vec<Step<T>>>>,
    /// By colour.
    phases: Vec<Phase>,
    /// For each tile the neighbours on this rank whose turn comes before it.
    before: Vec<Vec<u32>>,
    /// Edges into each tile.
    edges: Vec<Vec<Edge>>,
    /// Edges out of each tile, ghosts too.
    out: Vec<Vec<End>>,
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

impl<T: Real> Tiles<T> {
    /// What is held of a tile beside its state and the lists of its edges.
    const BYTES_EACH: usize = size_of::<Mutex<u8>>() + 2 * size_of::<Vec<Edge>>() + 3 + 4 * size_of::<usize>();

    /// Number of tiles of this rank.
    pub(crate) fn len(&self) -> usize {
        self.states.len()
    }

    /// Numbers of this rank's tiles in the global grid, in order.
    pub(crate) fn numbers(&self) -> &[Number] {
        &self.numbers[..self.len()]
    }

    /// The same, followed by those of the ghosts.
    pub(crate) fn all_numbers(&self) -> &[Number] {
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
    pub(crate) fn for_each_list(&self, plan: &Plan<T>, visit: &mut dyn FnMut(Number, &[Step<T>])) -> Result<()> {
        let pack = |tile: usize, list: &mut Vec<Step<T>>| {
            let state = self.tile(tile);
            state.for_each_nonzero(plan, |at, atom, value| {
                list.push(Step {
                    at: std::array::from_fn(|a| at[a] + state.tile.origin[a]),
                    atom: atom as u32,
                    delta: value,
                });
            });
        };
        self.halo.send_lists(Tag::ACTIVATIONS, &mut { pack })?;
        let mut ghosts = vec![Vec::new(); self.numbers.len() - self.len()];
        let mut keep = |tile: usize, list| ghosts[tile - self.len()] = list;
        self.halo.receive_lists(Tag::ACTIVATIONS, &mut keep)?;
        let order = places_by(self.numbers.len(), &|index| [self.numbers[index].0 as i64, 0, 0, 0, 0]);
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
        let out = self.out.iter().map(|o| o.capacity() * size_of::<End>() + size_of::<Vec<u8>>());
        let states = (0..self.len()).map(|index| self.tile(index).bytes());
        let outboxes = (0..self.outboxes.len()).map(|index| self.outbox(index).capacity() * size_of::<Step<T>>());
        let before = self.before.iter().map(|b| b.capacity() * 4);
        edges.sum::<usize>()
            + before.sum::<usize>()
            + out.sum::<usize>()
            + states.sum::<usize>()
            + outboxes.sum::<usize>()
            + self.outboxes.len() * size_of::<RwLock<Vec<Step<T>>>>()
            + self.len() * Self::BYTES_EACH
    }

    /// Takes over new values of c in every tile. Returns max |dz| of this rank, for each of so many signals; at least 0.
    pub(crate) fn restart(&self, plan: &Plan<T>, team: &Team, n_signals: usize) -> Result<Vec<f64>> {
        self.largest(team, n_signals, |index, state| {
            self.edges[index].iter().for_each(|e| e.mail.store(false, Ordering::Relaxed));
            self.mail[index].store(false, Ordering::Relaxed);
            self.awake[index].store(true, Ordering::Relaxed);
            quiet::restart(state, plan)
        })
    }

    /// The same of the c that is there.
    pub(crate) fn settle(&self, plan: &Plan<T>, team: &Team, n_signals: usize) -> Result<Vec<f64>> {
        self.largest(team, n_signals, |_, state| state.settle(plan))
    }

    /// The largest numbers that steps of this rank were made of since the last [`Self::restart`], of each signal.
    pub(crate) fn heights(&self, team: &Team, n_signals: usize) -> Result<Vec<f64>> {
        self.largest(team, n_signals, |_, state| state.height())
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

    /// Lets a tile hear of its neighbours' steps and make its own. Where it cannot be woken nothing has changed.
    #[inline(never)]
    fn visit(
        &self,
        index: usize,
        plan: &Plan<T>,
        wake: &Wake<'_, T>,
        descend: &mut Descend<'_, T>,
    ) -> Result<Visit<T>> {
        let traced = self.trace.as_ref().map(|trace| (trace, Instant::now()));
        let mut state = self.tile(index);
        if quiet::norm(&state).is_some() && self.is_reached(index, plan, &state) {
            wake(&mut state)?;
        }
        if self.mail[index].swap(false, Ordering::Relaxed) {
            for edge in &self.edges[index] {
                if edge.mail.swap(false, Ordering::Relaxed) {
                    state.hear(plan, &self.outbox(edge.from), edge.shift);
                }
            }
        }
        let mut outbox = unpoisoned(self.outboxes[index].write());
        let tol = state.tolerance(plan);
        let visit = descend(&mut state, tol, &mut outbox);
        // Rounding may allow less than before the visit.
        let tol = state.tolerance(plan);
        let awake = visit.bound > tol && !state.is_worn(plan, tol);
        self.awake[index].store(awake, Ordering::Relaxed);
        self.last_steps[index].store(visit.steps as u64, Ordering::Relaxed);
        if visit.steps > 0 {
            clock::found(visit.found);
            self.announce(index);
            self.news[index].store(true, Ordering::Relaxed);
            if let Some(record) = &self.record {
                lock(record).append(state.trace.get_or_insert_default());
            }
        }
        if let Some((trace, begin)) = traced {
            trace.visited(self.numbers[index], visit.steps, awake, begin);
        }
        Ok(visit)
    }

    /// Whether a step reaches a tile that it has not heard of.
    fn is_reached(&self, index: usize, plan: &Plan<T>, state: &TileState<T>) -> bool {
        let edges = self.edges[index].iter().filter(|edge| edge.mail.load(Ordering::Relaxed));
        let mut steps = edges.map(|edge| (self.outbox(edge.from), edge.shift));
        steps.any(|(steps, shift)| quiet::is_reached(state, plan, &steps, shift))
    }

    /// Tells the neighbours on this rank that an outbox has been filled.
    fn announce(&self, index: usize) {
        for end in &self.out[index] {
            let edge = &self.edges[end.tile as usize][end.edge as usize];
            edge.mail.store(true, Ordering::Relaxed);
            self.mail[end.tile as usize].store(true, Ordering::Relaxed);
        }
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
