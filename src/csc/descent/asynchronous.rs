//! The asynchronous solver (DICOD, section 3; DiCoDiLe, section 4): every rank makes greedy steps in
//! its tiles and tells the others without waiting for them.
//!
//! A rank also keeps *shadows*: states of the other ranks' tiles next to its own. With the soft lock a
//! step near the border is refused while a shadow within its reach has a larger one, which is left to
//! its owner: two ranks don't both correct the same thing. Ties go to the tile with the lower number,
//! and sizes are compared with a margin, so that rounding cannot lock both; what is within the
//! tolerance locks nobody; if the best step of a tile is locked the next best is taken.
//!
//! What a rank knows of others may be late, and the result depends on when messages arrive: it is an
//! optimum within the tolerance, which the certificate proves from a fresh correlation, but not the
//! same bits every time. It ends when twice in a row all ranks are idle and as many messages have
//! arrived as were sent.

use crate::base::error::{Error, Result};
use crate::base::stop::Stop;
use crate::clock::{self, Wish};
use crate::csc::descent::control::{Control, note};
use crate::csc::descent::halo::{Halo, decode, encode};
use crate::csc::descent::tile::{Plan, Step, TileState, Visit};
use crate::csc::descent::tiles::Tiles;
use crate::grid::block::Block;
use crate::grid::point::{AXES, Point};
use crate::grid::tiles::TileGrid;
use crate::linalg::Real;
use crate::options::solve::{SoftLock, Strategy};
use crate::ranks::{Reduce, Tag, Ticket, wait_for};
use std::collections::BTreeMap;
use std::time::Instant;

/// Steps for a rank that are sent together, at most.
const PARCEL: usize = 64;

/// Relative margin of the soft lock.
const MARGIN: f64 = 1e-9;

/// How far above F(0) a single λ|z| may rise before the descent is none.
const DIVERGED: f64 = 4.0;

/// What is constant during a descent.
pub(crate) struct Setting<'s, T: Real> {
    pub(crate) tiles: &'s Tiles<T>,
    pub(crate) grid: &'s TileGrid,
    pub(crate) plan: &'s Plan<T>,
    /// The part of the domain that each rank works on.
    pub(crate) regions: &'s [Block],
    /// Period of axes that wrap, else 0.
    pub(crate) periods: Point,
    pub(crate) lock: SoftLock,
    /// Steps up to this are left, by signal. All ranks have to agree on it, or a step that one leaves locks another.
    pub(crate) tol: Vec<T>,
    /// F at the beginning.
    pub(crate) objective: f64,
    pub(crate) least_lambda: f64,
}

/// A tile that hears of the steps of another.
struct Hearer {
    /// Own tiles come first, then shadows.
    tile: usize,
    shift: Point,
}

struct Solver<'s, T: Real> {
    setting: Setting<'s, T>,
    halo: &'s Halo,
    shadows: Vec<TileState<T>>,
    /// Place of a shadow by the number of its tile.
    shadow_of: BTreeMap<usize, usize>,
    /// By the number of the tile that makes the steps.
    hearers: BTreeMap<usize, Vec<Hearer>>,
    /// For each own tile, the ranks that have to know of its steps.
    recipients: Vec<Vec<usize>>,
    /// For each own tile, the shadows within reach, with the shift that takes a position of the tile
    /// to their side.
    near: Vec<Vec<(usize, Point)>>,
    /// What is about to be sent, by rank: how many steps, and their bytes.
    parcels: BTreeMap<usize, (usize, Vec<u8>)>,
    sent: i64,
    received: i64,
}

impl<'s, T: Real> Solver<'s, T> {
    fn new(setting: Setting<'s, T>) -> Self {
        let (tiles, grid) = (setting.tiles, setting.grid);
        let halo = &tiles.halo;
        let (me, n) = (halo.ranks.rank(), tiles.len());
        let owner = |number: usize| {
            let at = grid.tile(number).origin;
            let region = setting.regions.iter().position(|r| r.contains(&at));
            region.unwrap_or(0)
        };
        let locks = setting.lock != SoftLock::None;
        let own = tiles.numbers();
        let all = tiles.all_numbers();
        let held = if locks { all } else { own };
        let mut hearers: BTreeMap<usize, Vec<Hearer>> = BTreeMap::new();
        for (tile, number) in held.iter().enumerate() {
            for from in grid.neighbours(*number) {
                if from.tile != *number {
                    let shift = from.shift;
                    hearers.entry(from.tile).or_default().push(Hearer { tile, shift });
                }
            }
        }
        let shadow_of = held[n..].iter().enumerate().map(|(i, number)| (*number, i)).collect();
        let (mut recipients, mut near) = (Vec::new(), Vec::new());
        for number in own {
            let around = grid.neighbours(*number);
            let mut ranks: Vec<usize> = around.iter().map(|from| owner(from.tile)).collect();
            if locks {
                let further = around.iter().flat_map(|from| grid.neighbours(from.tile));
                ranks.extend(further.map(|from| owner(from.tile)));
            }
            ranks.sort_unstable();
            ranks.dedup();
            ranks.retain(|rank| *rank != me);
            recipients.push(ranks);
            let shadow = |number: usize| held[n..].binary_search(&number).ok();
            let near_by = around.iter().filter_map(|from| {
                // The other way: from this tile to its neighbour's side.
                Some((shadow(from.tile)?, from.shift.map(|s| -s)))
            });
            near.push(near_by.collect());
        }
        Solver {
            halo,
            shadows: Vec::new(),
            shadow_of,
            hearers,
            recipients,
            near,
            parcels: BTreeMap::new(),
            sent: 0,
            received: 0,
            setting,
        }
    }

    /// Collective: the shadows get c and z from their owners.
    #[inline(never)]
    fn cast_shadows(&mut self) -> Result<()> {
        let (tiles, plan) = (self.setting.tiles, self.setting.plan);
        for partner in &self.halo.partners {
            let mut bytes = Vec::new();
            for tile in &partner.sends {
                tiles.tile(*tile).append_to(plan, &mut bytes);
            }
            self.halo.send(partner.rank, Tag::FIELD, bytes)?;
        }
        let n = tiles.len();
        let mut shadows: Vec<Option<TileState<T>>> = Vec::new();
        shadows.resize_with(self.shadow_of.len(), || None);
        let mut failure = None;
        for partner in &self.halo.partners {
            let bytes = self.halo.receive(partner.rank, Tag::FIELD)?;
            let mut rest = &bytes[..];
            for ghost in &partner.receives {
                let number = tiles.all_numbers()[*ghost];
                let own = self.setting.grid.neighbours(number).into_iter();
                let images = own.filter(|from| from.tile == number).map(|from| from.shift);
                let tile = self.setting.grid.tile(number);
                let images = images.collect();
                let numbers = (number, self.setting.grid.within_signal(number));
                let state = TileState::new(tile, images, numbers, &plan.group, plan.n_atoms);
                let read = state.and_then(|mut state| {
                    rest = state.read_from(plan, rest)?;
                    shadows[*ghost - n] = Some(state);
                    Ok(())
                });
                note(&mut failure, read)?;
            }
        }
        self.shadows = shadows.into_iter().flatten().collect();
        self.halo.ranks.agree(failure.map_or(Ok(()), Err))
    }

    /// Tells own tiles and shadows of steps.
    #[inline(never)]
    fn tell(&mut self, number: usize, steps: &[Step<T>]) {
        let (tiles, plan) = (self.setting.tiles, self.setting.plan);
        if let Some(shadow) = self.shadow_of.get(&number) {
            self.shadows[*shadow].mirror(plan, steps);
        }
        for hearer in self.hearers.get(&number).into_iter().flatten() {
            match hearer.tile.checked_sub(tiles.len()) {
                None => tiles.tile(hearer.tile).hear(plan, steps, hearer.shift),
                Some(shadow) => self.shadows[shadow].hear(plan, steps, hearer.shift),
            }
        }
    }

    /// Takes in all messages that have arrived. Returns whether there was one.
    #[inline(never)]
    fn listen(&mut self) -> Result<bool> {
        let mut heard = false;
        while let Some(message) = self.halo.ranks.receive(None, Tag::UPDATES)? {
            heard = true;
            self.received += 1;
            let mut lists = Vec::new();
            decode(&message.bytes, &mut |number, steps| {
                lists.push((number, steps));
                Ok(())
            })?;
            for (number, steps) in lists {
                self.tell(number, &steps);
            }
        }
        Ok(heard)
    }

    #[inline(never)]
    fn send_parcels(&mut self, least: usize) -> Result<()> {
        for (rank, (steps, bytes)) in &mut self.parcels {
            if *steps >= least.max(1) {
                *steps = 0;
                self.sent += 1;
                self.halo.send(*rank, Tag::UPDATES, std::mem::take(bytes))?;
            }
        }
        Ok(())
    }

    /// Whether the soft lock leaves a step to this rank.
    fn is_free(
        shadows: &mut [TileState<T>],
        near: &[(usize, Point)],
        setting: &Setting<'_, T>,
        region: &Block,
        number: usize,
        at: Point,
        size: T,
    ) -> bool {
        let crossed = (0..AXES).filter(|a| {
            let reach = setting.plan.atom[*a] - 1;
            let (low, high) = (at[*a] - reach, at[*a] + reach);
            let inner = setting.grid.extent(*a);
            let wraps = setting.periods[*a] > 0 && region.shape[*a] < inner;
            (low < region.origin[*a] && (region.origin[*a] > 0 || wraps))
                || (high >= region.end(*a) && (region.end(*a) < inner || wraps))
        });
        let least = if setting.lock == SoftLock::Corner { 2 } else { 1 };
        if crossed.count() < least {
            return true;
        }
        near.iter().all(|(shadow, shift)| {
            let state = &mut shadows[*shadow];
            let tol = setting.tol[state.tile.signal];
            let there = std::array::from_fn(|a| at[a] + shift[a]);
            let other = state.largest_near(setting.plan, there, tol);
            let margin = match (number as u64) < state.number() {
                true => T::one() - T::of(MARGIN),
                false => T::one() + T::of(MARGIN),
            };
            other <= tol || size >= other * margin
        })
    }

    /// Makes steps in one tile. Returns their number, and the largest |z| that was set.
    #[inline(never)]
    fn visit(&mut self, index: usize, made: &mut Vec<Step<T>>) -> Result<Visit<T>> {
        let setting = &self.setting;
        let plan = setting.plan;
        let region = setting.regions[self.halo.ranks.rank()];
        let number = setting.tiles.numbers()[index];
        let (shadows, near) = (&mut self.shadows, &self.near[index]);
        let mut visit;
        {
            let mut state = setting.tiles.tile(index);
            visit = state.begin_visit(made);
            let tol = setting.tol[state.tile.signal];
            let mut free = |at: Point, size: T| Self::is_free(shadows, near, setting, &region, number, at, size);
            match plan.strategy {
                Strategy::LocallyGreedy | Strategy::Greedy => {
                    let most = match plan.strategy {
                        Strategy::Greedy => 1,
                        _ => plan.steps_per_visit,
                    };
                    let mut step = || state.step_where_free(plan, tol, made, &mut visit, &mut free);
                    (0..most).all(|_| step());
                }
                _ => state.visit_ungreedily(plan, tol, usize::MAX, made, &mut visit, &mut free),
            }
            visit.bound = state.bound(plan);
        }
        if !made.is_empty() {
            self.tell(number, made);
            for rank in &self.recipients[index] {
                let parcel = self.parcels.entry(*rank).or_default();
                encode(number, made, &mut parcel.1)?;
                parcel.0 += made.len();
            }
            self.send_parcels(PARCEL)?;
        }
        Ok(visit)
    }
}

/// Collective: descends until all ranks are idle.
pub(crate) fn descend<T: Real>(setting: Setting<'_, T>, control: &mut Control<'_, '_>) -> Result<Stop> {
    let bound = DIVERGED * setting.objective / setting.least_lambda;
    let (tiles, plan) = (setting.tiles, setting.plan);
    let n = tiles.len();
    let locks = setting.lock != SoftLock::None;
    let mut solver = Solver::new(setting);
    let halo = solver.halo;
    let ranks = &*halo.ranks;
    if locks {
        solver.cast_shadows()?;
    }
    let base = control.progress;
    let (mut steps, mut visits) = (0i64, 0i64);
    let mut failure = None;
    let mut wish = control.check(base.steps);
    let mut made = Vec::new();
    let mut tickets: Option<(Ticket, Ticket)> = None;
    let mut sums_known: Option<Vec<i64>> = None;
    let mut before: Option<Vec<i64>> = None;
    let mut idle = false;
    let stop = loop {
        if solver.listen()? {
            idle = false;
        }
        // A pass over the tiles.
        if !idle && wish == Wish::GoOn && failure.is_none() {
            let mut moved = false;
            let mark = tiles.mark();
            for turn in 0..n {
                if clock::over() {
                    break;
                }
                let index = match plan.strategy {
                    Strategy::Greedy => {
                        let largest = |a: &usize, b: &usize| {
                            let (a, b) = (tiles.tile(*a).bound(plan), tiles.tile(*b).bound(plan));
                            a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal)
                        };
                        (0..n).max_by(largest).unwrap_or(turn)
                    }
                    _ => turn,
                };
                let tol;
                {
                    let state = tiles.tile(index);
                    tol = solver.setting.tol[state.tile.signal];
                    if state.bound(plan) <= tol {
                        continue;
                    }
                }
                let begin = Instant::now();
                let visit = match solver.visit(index, &mut made) {
                    Ok(visit) => visit,
                    Err(error) => {
                        note(&mut failure, Err(error))?;
                        break;
                    }
                };
                if let Some(trace) = &tiles.trace {
                    let awake = visit.bound > tol;
                    trace.visited(tiles.numbers()[index], visit.steps, awake, begin);
                }
                visits += 1;
                steps += visit.steps as i64;
                moved |= visit.steps > 0;
                let z = visit.largest_z.wide();
                if z > bound || !z.is_finite() {
                    wish = Wish::Diverged;
                    break;
                }
                if solver.listen()? {
                    moved = true;
                }
            }
            idle = !moved;
            solver.send_parcels(1)?;
            tiles.end_phase(control.progress.sweeps, None, mark);
            control.progress.sweeps += 1;
            if wish == Wish::GoOn {
                wish = control.wish();
                failure = failure.or(control.clock.take_failure());
            }
        }
        // What all ranks have to know, again and again.
        if tickets.is_none() {
            if idle && wish == Wish::GoOn {
                wish = control.wish();
                failure = failure.or(control.clock.take_failure());
            }
            let quiet = idle || wish != Wish::GoOn || failure.is_some();
            let sums = [i64::from(!quiet), solver.sent, solver.received, steps, visits];
            let most = match failure.is_some() {
                true => [Wish::Failed.code()],
                false => [wish.code()],
            };
            tickets = Some((ranks.start_reduce(Reduce::Sum, &sums)?, ranks.start_reduce(Reduce::Max, &most)?));
        }
        let Some((first, second)) = &tickets else {
            continue;
        };
        let quiet = idle || wish != Wish::GoOn || failure.is_some();
        let mut ask = || -> Result<Option<i64>> {
            if sums_known.is_none() {
                sums_known = ranks.reduced(first)?;
            }
            if sums_known.is_some()
                && let Some(most) = ranks.reduced(second)?
            {
                return Ok(Some(most[0]));
            }
            Ok(None)
        };
        let answer = if quiet {
            // Nothing to do but to hear of others.
            halo.waiting(|| {
                wait_for(|| match ask()? {
                    Some(answer) => Ok(Some(Some(answer))),
                    None => Ok(solver.listen()?.then_some(None)),
                })
            })?
        } else {
            ask()?
        };
        idle &= answer.is_some();
        let Some(wanted) = answer else { continue };
        tickets = None;
        let sums = sums_known.take().unwrap_or_default();
        control.progress.steps = base.steps + sums[3] as u64;
        control.progress.visits = base.visits + sums[4] as u64;
        control.progress.awake = sums[0] as u64;
        let wanted = Wish::of_code(wanted);
        if wanted != Wish::GoOn {
            control.clock.hear(wanted);
            break wanted;
        }
        let settled = |sums: &[i64]| sums[0] == 0 && sums[1] == sums[2];
        if settled(&sums) && before.as_ref().is_some_and(|b| settled(b) && b[1] == sums[1]) {
            break Wish::GoOn;
        }
        before = Some(sums);
        if control.progress.steps >= control.max_iter && wish == Wish::GoOn {
            wish = Wish::MaxIter;
        }
    };
    // Nothing may be left on its way to the next solve.
    solver.send_parcels(1)?;
    loop {
        solver.listen()?;
        let sums = ranks.reduce(Reduce::Sum, &[solver.sent, solver.received])?;
        if sums[0] == sums[1] {
            break;
        }
    }
    ranks.agree(match (failure, stop) {
        (Some(error), _) => Err(error),
        (None, Wish::Diverged) => Err(Error::InvalidState(
            "the asynchronous solver diverged: set option \"soft_lock\" to \"border\", or \
             \"schedule\" to \"coloured\""
                .into(),
        )),
        (None, Wish::GoOn) => Ok(Stop::Converged),
        (None, wish) => Ok(wish.stop()),
    })
}
