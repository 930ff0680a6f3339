//! The order in which tiles are visited.
//!
//! Both schedules share one way of passing steps on: a visit writes its steps to the tile's outbox
//! and marks the edge to each neighbour; a neighbour reads marked outboxes at its own next visit.
//! Between two visits of a tile each of its neighbours has its turn, so that an outbox is read by
//! all before it is written again, and steps arrive in an order that no thread can change.

use super::threads::{Phases, for_each};
use super::tile::{Plan, Step, TileState, Visit};
use crate::error::Result;
use crate::grid::Segmentation;
use crate::grid::tiles::{AXES, Neighbour, Point, TileGrid};
use crate::linalg::Real;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, RwLock};
use std::time::Instant;

/// Why a solve ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// max |dz| ≤ tol everywhere.
    Converged,
    /// `max_iter` was reached.
    MaxIter,
    /// `time_limit` was reached.
    TimeLimit,
    /// The progress callback asked for it.
    Cancelled,
    /// `tol` is smaller than what rounding allows.
    Precision,
}

/// State of a running solve, for the progress callback.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Passes over all tiles so far.
    pub sweeps: u64,
    /// Coordinate steps so far.
    pub steps: u64,
    /// Visits of tiles so far.
    pub visits: u64,
    /// Tiles that still have something to do.
    pub awake: u64,
    /// Number of tiles.
    pub tiles: u64,
    /// Upper bound on max |dz|.
    pub max_step: f64,
    /// The bound at which the solve ends, same unit.
    pub tol: f64,
    /// Seconds since the call began.
    pub seconds: f64,
}

/// Limits and callback of a running solve.
pub(crate) struct Control<'c> {
    pub(crate) start: Instant,
    pub(crate) time_limit: f64,
    pub(crate) max_iter: u64,
    pub(crate) interval: f64,
    pub(crate) last_report: f64,
    /// Returns whether to go on.
    pub(crate) report: Option<&'c mut dyn FnMut(&Progress) -> bool>,
    pub(crate) progress: Progress,
}

impl Control<'_> {
    /// Looks at limits and reports; tells whether to stop.
    fn check(&mut self, iterations: u64) -> Option<Stop> {
        if iterations >= self.max_iter {
            return Some(Stop::MaxIter);
        }
        if self.time_limit.is_infinite() && self.report.is_none() {
            return None;
        }
        self.progress.seconds = self.start.elapsed().as_secs_f64();
        if self.progress.seconds >= self.time_limit {
            return Some(Stop::TimeLimit);
        }
        self.report(false)
    }

    /// Calls the callback when it is due, or in any case when `last`.
    pub(crate) fn report(&mut self, last: bool) -> Option<Stop> {
        let report = self.report.as_mut()?;
        if !last && self.progress.seconds < self.last_report + self.interval {
            return None;
        }
        self.last_report = self.progress.seconds;
        (!report(&self.progress) && !last).then_some(Stop::Cancelled)
    }
}

struct Cell<T: Real> {
    state: Mutex<TileState<T>>,
    outbox: RwLock<Vec<Step<T>>>,
}

/// An edge along which steps travel to a tile.
struct Edge {
    from: Neighbour,
    /// The outbox holds steps that have not been read here.
    mail: AtomicBool,
}

/// All tiles of a problem and what passes between them.
pub(crate) struct Tiles<T: Real> {
    cells: Vec<Cell<T>>,
    colours: Vec<Vec<usize>>,
    /// Edges into each tile.
    edges: Vec<Vec<Edge>>,
    /// For each tile, (tile, place in its edge list) of the edges out of it.
    out: Vec<Vec<(u32, u32)>>,
    /// Something waits at an edge.
    mail: Vec<AtomicBool>,
    /// The last visit left a bound above the tolerance.
    awake: Vec<AtomicBool>,
    /// Recorded steps in their order, when asked for (serial runs).
    pub(crate) record: Option<Mutex<Vec<Step<T>>>>,
}

fn unpoisoned<'a, T>(lock: &'a Mutex<T>) -> MutexGuard<'a, T> {
    lock.lock().unwrap_or_else(|e| e.into_inner())
}

impl<T: Real> Tiles<T> {
    pub(crate) fn new(grid: TileGrid, group: &Point, n_atoms: usize) -> Result<Self> {
        let n = grid.tiles.len();
        let mut tiles = Tiles {
            cells: Vec::new(),
            colours: grid.colours,
            edges: Vec::new(),
            out: vec![Vec::new(); n],
            mail: (0..n).map(|_| AtomicBool::new(false)).collect(),
            awake: (0..n).map(|_| AtomicBool::new(false)).collect(),
            record: None,
        };
        crate::memory::reserve("the tiles", &mut tiles.cells, n)?;
        for (index, (tile, around)) in grid.tiles.into_iter().zip(grid.neighbours).enumerate() {
            let (own, others): (Vec<_>, Vec<_>) =
                around.into_iter().partition(|from| from.tile == index);
            for (place, from) in others.iter().enumerate() {
                tiles.out[from.tile].push((index as u32, place as u32));
            }
            let edges = others.into_iter().map(|from| Edge {
                from,
                mail: AtomicBool::new(false),
            });
            tiles.edges.push(edges.collect());
            let images = own.into_iter().map(|own| own.shift).collect();
            tiles.cells.push(Cell {
                state: Mutex::new(TileState::new(tile, images, index, group, n_atoms)?),
                outbox: RwLock::default(),
            });
        }
        Ok(tiles)
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(crate) fn tile(&self, index: usize) -> MutexGuard<'_, TileState<T>> {
        unpoisoned(&self.cells[index].state)
    }

    pub(crate) fn bytes(&self) -> usize {
        let edges: usize = self
            .edges
            .iter()
            .map(|e| e.capacity() * size_of::<Edge>())
            .sum();
        let out: usize = self.out.iter().map(|o| o.capacity() * 8).sum();
        let cells: usize = self
            .cells
            .iter()
            .map(|cell| {
                let outbox = cell.outbox.read().unwrap_or_else(|e| e.into_inner());
                unpoisoned(&cell.state).bytes() + outbox.capacity() * size_of::<Step<T>>()
            })
            .sum();
        cells + edges + out + self.len() * (size_of::<Cell<T>>() + 2 + 4 * size_of::<Vec<u8>>())
    }

    /// Takes over new values of c in every tile. Returns max |dz|.
    pub(crate) fn restart(&self, plan: &Plan<T>, n_threads: usize) -> Result<T> {
        let states = for_each(
            n_threads,
            self.len(),
            || Ok(T::NEG_INFINITY),
            |largest, index| {
                self.edges[index]
                    .iter()
                    .for_each(|e| e.mail.store(false, Ordering::Relaxed));
                self.mail[index].store(false, Ordering::Relaxed);
                self.awake[index].store(true, Ordering::Relaxed);
                let bound = self.tile(index).restart(plan);
                if bound > *largest {
                    *largest = bound;
                }
                Ok(())
            },
        )?;
        let larger = |a, b| if b > a { b } else { a };
        Ok(states.into_iter().fold(T::NEG_INFINITY, larger))
    }

    /// Has the tile anything to do?
    fn due(&self, index: usize) -> bool {
        self.awake[index].load(Ordering::Relaxed) || self.mail[index].load(Ordering::Relaxed)
    }

    /// Lets a tile hear of its neighbours' steps and make its own.
    fn visit(
        &self,
        index: usize,
        tol: T,
        plan: &Plan<T>,
        descend: impl FnOnce(&mut TileState<T>, &mut Vec<Step<T>>) -> Visit<T>,
    ) -> Visit<T> {
        let mut state = unpoisoned(&self.cells[index].state);
        if self.mail[index].swap(false, Ordering::Relaxed) {
            for edge in &self.edges[index] {
                if edge.mail.swap(false, Ordering::Relaxed) {
                    let outbox = self.cells[edge.from.tile].outbox.read();
                    let outbox = outbox.unwrap_or_else(|e| e.into_inner());
                    state.hear(plan, &outbox, edge.from.shift);
                }
            }
        }
        let mut outbox = self.cells[index]
            .outbox
            .write()
            .unwrap_or_else(|e| e.into_inner());
        let visit = descend(&mut state, &mut outbox);
        self.awake[index].store(visit.bound > tol, Ordering::Relaxed);
        if visit.steps > 0 {
            for &(to, place) in &self.out[index] {
                self.edges[to as usize][place as usize]
                    .mail
                    .store(true, Ordering::Relaxed);
                self.mail[to as usize].store(true, Ordering::Relaxed);
            }
            if let Some(record) = &self.record {
                unpoisoned(record).append(state.trace.get_or_insert_default());
            }
        }
        visit
    }

    /// Visits all tiles, colour by colour, until all sleep.
    pub(crate) fn descend_coloured(
        &self,
        plan: &Plan<T>,
        tol: impl Fn(f64) -> T + Sync,
        n_threads: usize,
        control: &mut Control<'_>,
    ) -> Result<Stop> {
        let steps = AtomicU64::new(0);
        let visits = AtomicU64::new(0);
        // Magnitudes of non-negative numbers order as their bits do.
        let largest_z = AtomicU64::new(0);
        let current_tol = RwLock::new(tol(0.0));
        let no_limit = usize::try_from(control.max_iter).unwrap_or(usize::MAX);
        let limit = AtomicUsize::new(no_limit);
        let work = |index: usize| {
            let tol = *current_tol.read().unwrap_or_else(|e| e.into_inner());
            let limit = limit.load(Ordering::Relaxed);
            let visit = self.visit(index, tol, plan, |state, made| {
                state.visit(plan, tol, limit, made)
            });
            steps.fetch_add(visit.steps as u64, Ordering::Relaxed);
            visits.fetch_add(1, Ordering::Relaxed);
            largest_z.fetch_max(visit.largest_z.wide().to_bits(), Ordering::Relaxed);
        };
        // More would only wait.
        let most = self.colours.iter().map(Vec::len).max().unwrap_or(1);
        Phases::scope(n_threads.min(most), &work, |team| {
            let mut items = Vec::new();
            let base = control.progress;
            if let Some(stop) = control.check(control.progress.steps) {
                return Ok(stop);
            }
            loop {
                for colour in &self.colours {
                    items.clear();
                    items.extend(colour.iter().copied().filter(|index| self.due(*index)));
                    let left = control.max_iter - control.progress.steps;
                    let most = items.iter().map(|index| self.tile(*index).most_steps(plan));
                    if control.max_iter == u64::MAX || most.sum::<u64>() <= left {
                        team.run(&mut items)?;
                    } else {
                        // The limit falls into this phase: one tile after the other.
                        for index in items.drain(..) {
                            let made = base.steps + steps.load(Ordering::Relaxed);
                            limit.store((control.max_iter - made) as usize, Ordering::Relaxed);
                            team.run(&mut vec![index])?;
                        }
                        limit.store(no_limit, Ordering::Relaxed);
                    }
                    control.progress.steps = base.steps + steps.load(Ordering::Relaxed);
                    if control.progress.steps >= control.max_iter {
                        break;
                    }
                }
                let z = f64::from_bits(largest_z.load(Ordering::Relaxed));
                let tol = tol(z);
                *current_tol.write().unwrap_or_else(|e| e.into_inner()) = tol;
                let awake = (0..self.len()).filter(|index| self.due(*index)).count();
                control.progress.visits = base.visits + visits.load(Ordering::Relaxed);
                control.progress.sweeps += 1;
                control.progress.awake = awake as u64;
                if awake == 0 {
                    return Ok(Stop::Converged);
                }
                if control.report.is_some() {
                    control.progress.max_step = self.bound(plan);
                }
                if let Some(stop) = control.check(control.progress.steps) {
                    return Ok(stop);
                }
            }
        })
    }

    /// Upper bound on max |dz| as far as the tiles have heard of it.
    fn bound(&self, plan: &Plan<T>) -> f64 {
        let bound = |index| self.tile(index).bound(plan).wide();
        (0..self.len()).map(bound).fold(0.0, f64::max)
    }

    /// Visits the tiles in raster order, as the published code does: every visit counts as an
    /// iteration, that of a sleeping tile too, and a step wakes every tile within L (not L − 1).
    pub(crate) fn descend_published(
        &self,
        plan: &Plan<T>,
        segments: &mut Segmentation,
        tol: T,
        control: &mut Control<'_>,
    ) -> Result<Stop> {
        let n_axes = segments.n_axes();
        let radius: Vec<i64> = plan.atom[AXES - n_axes..].to_vec();
        let per_signal = segments.n_segments() as usize;
        let mut active = vec![true; self.len()];
        let mut n_active = active.len();
        let mut index = 0;
        while n_active > 0 {
            if let Some(stop) = control.check(control.progress.visits) {
                return Ok(stop);
            }
            control.progress.visits += 1;
            control.progress.sweeps = control.progress.visits / self.len() as u64;
            if active[index] || self.mail[index].load(Ordering::Relaxed) {
                let visit = self.visit(index, tol, plan, |state, made| {
                    state.visit(plan, tol, usize::MAX, made)
                });
                control.progress.steps += visit.steps as u64;
                if visit.steps > 0 {
                    let first = index / per_signal * per_signal;
                    let made = self.cells[index]
                        .outbox
                        .read()
                        .unwrap_or_else(|e| e.into_inner());
                    for step in made.iter() {
                        let at: Point = step.at.map(i64::from);
                        for touched in segments.touched_segments(&at[AXES - n_axes..], &radius)? {
                            let touched = first + touched as usize;
                            n_active += usize::from(!active[touched]);
                            active[touched] = true;
                        }
                    }
                    // The published code knows no periods.
                    for &(to, place) in &self.out[index] {
                        let (to, edge) = (to as usize, &self.edges[to as usize][place as usize]);
                        if edge.from.shift != [0; AXES] {
                            n_active += usize::from(!active[to]);
                            active[to] = true;
                        }
                    }
                } else if active[index] {
                    active[index] = false;
                    n_active -= 1;
                }
            }
            index = (index + 1) % self.len();
            control.progress.awake = n_active as u64;
        }
        Ok(Stop::Converged)
    }

    /// Goes through all coordinates of a signal, which is one tile, in row-major order of (atom,
    /// position) again and again, as the published code does: iterations go around the segments,
    /// whatever the coordinate, and one that comes to a sleeping segment lets the coordinate wait;
    /// segments fall asleep only after every `n_coordinates` iterations.
    pub(crate) fn descend_published_cyclic(
        &self,
        plan: &Plan<T>,
        segments: &Segmentation,
        tol: T,
        control: &mut Control<'_>,
    ) -> Result<Stop> {
        let n_axes = segments.n_axes();
        let radius: Vec<i64> = plan.atom[AXES - n_axes..].to_vec();
        let n_segments = segments.n_segments() as usize;
        for index in 0..self.len() {
            let mut state = self.tile(index);
            let [n0, n1, n2] = state.tile.shape;
            let coordinates = (0..plan.n_atoms).flat_map(|k| {
                let rows = (0..n0).flat_map(move |i| (0..n1).map(move |j| (i, j)));
                rows.flat_map(move |(i, j)| (0..n2).map(move |l| (k, [i, j, l])))
            });
            let n_coordinates = plan.n_atoms as u64 * (n0 * n1 * n2) as u64;
            let mut coordinates = coordinates.cycle();
            let mut active = vec![true; n_segments];
            let mut made = Vec::new();
            let mut iteration = 0;
            while active.contains(&true) {
                control.progress.awake = active.iter().filter(|active| **active).count() as u64;
                if let Some(stop) = control.check(control.progress.visits) {
                    return Ok(stop);
                }
                let segment = (iteration % n_segments as u64) as usize;
                iteration += 1;
                control.progress.visits += 1;
                if active[segment]
                    && let Some((atom, at)) = coordinates.next()
                    && state.step_at(plan, tol, atom, at, &mut made)
                {
                    control.progress.steps += 1;
                    made.clear();
                    for touched in segments.touched_segments(&at[AXES - n_axes..], &radius)? {
                        active[touched as usize] = true;
                    }
                }
                if iteration % n_coordinates == 0 {
                    control.progress.sweeps += 1;
                    let mut above = vec![false; n_segments];
                    let mut found = Ok(());
                    state.for_each_above(plan, tol, |at| {
                        match segments.find_segment(&at[AXES - n_axes..]) {
                            Ok(segment) => above[segment as usize] = true,
                            Err(error) => found = Err(error),
                        }
                    });
                    found?;
                    active = above;
                }
            }
        }
        Ok(Stop::Converged)
    }
}
