//! The coloured schedule: all tiles, colour by colour, until all sleep.
//!
//! What ranks have to know of each other to stop is combined once a sweep and used a sweep later, so that nobody waits for it;
//! with one rank, too, because the result must not depend on their number. A sweep after the last step changes nothing.
//!
//! # What happens before what
//!
//! Numbers and flags of a tile are written by the thread that visits it and read by those that visit its neighbours, or by
//! the leader between sweeps and phases. They are atomics only because threads share them; `Relaxed` is enough, because
//! something else orders every such pair. Within a sweep without an end of colours that is `Tiles::finished`: a thread
//! stores it with `Release` when it is done with a tile, and whoever waits for that tile loads it with `Acquire` before the
//! visit. Two tiles that meet never have the same colour, so one of them waits for the other. Between phases, and between
//! sweeps, it is the end of `Team::run`, which all work happens before. Outboxes and states are behind locks besides.

use crate::base::error::{Error, Result};
use crate::base::order::places_by;
use crate::base::panic::{caught, lock, unpoisoned};
use crate::base::stop::Stop;
use crate::clock::{self, Progress, Wish};
use crate::csc::descent::control::{Control, note};
use crate::csc::descent::tile::quiet::Wake;
use crate::csc::descent::tile::{Plan, Step};
use crate::csc::descent::tiles::{Phase, Tiles};
use crate::linalg::Real;
use crate::ranks::{Reduce, Tag, Ticket, Transport};
use crate::threads::Team;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What threads count together.
struct Counts {
    /// Steps of this rank in this descent.
    steps: AtomicU64,
    visits: AtomicU64,
    /// Steps that one visit may make.
    limit: AtomicU64,
    /// What went wrong in a visit.
    failure: Mutex<Option<Error>>,
}

/// Sets a number at the end, however that comes.
struct Finish<'f>(&'f AtomicU64, u64);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.store(self.1, Ordering::Release);
    }
}

/// A descent: what the leader of a rank's team knows.
struct Descent<'d, 'c, 'r, T: Real> {
    tiles: &'d Tiles<T>,
    plan: &'d Plan<T>,
    team: &'d Team,
    wake: &'d Wake<'d, T>,
    control: &'d mut Control<'c, 'r>,
    counts: &'d Counts,
    /// What there was before.
    base: Progress,
    wish: Wish,
    /// Somebody is told of bounds.
    reports: bool,
    /// Steps of one sweep of all ranks, at most.
    most_per_sweep: u64,
    /// A rank on which something goes wrong keeps in step until all know.
    failure: Option<Error>,
}

/// Collective: visits all tiles, colour by colour, until all sleep. `wake` makes c of those that have none.
pub(crate) fn descend<T: Real>(
    tiles: &Tiles<T>,
    plan: &Plan<T>,
    team: &Team,
    wake: &Wake<'_, T>,
    control: &mut Control<'_, '_>,
) -> Result<Stop> {
    let [steps, visits] = [0; 2].map(AtomicU64::new);
    let counts = &Counts { steps, visits, limit: AtomicU64::new(u64::MAX), failure: Mutex::default() };
    let base = control.progress;
    let (wish, failure) = (Wish::GoOn, None);
    let mut descent =
        Descent { tiles, plan, team, wake, control, counts, base, wish, reports: false, most_per_sweep: 0, failure };
    let outcome = caught(|| descent.run()).unwrap_or_else(|text| Err(Error::Internal(text)));
    tiles.halo.ranks.agree(match (descent.failure, outcome) {
        (Some(error), Ok(_)) => Err(error),
        (_, outcome) => outcome,
    })
}

impl<'d, T: Real> Descent<'d, '_, '_, T> {
    fn ranks(&self) -> &'d dyn Transport {
        &*self.tiles.halo.ranks
    }

    fn run(&mut self) -> Result<Stop> {
        if let Some(stop) = self.begin()? {
            return Ok(stop);
        }
        let mut pending: Option<[Ticket; 2]> = None;
        loop {
            let exhausted = self.sweep()?;
            self.look();
            let begun = self.begin_sums()?;
            let mut known = (false, Wish::GoOn);
            if let Some(before) = pending.take() {
                known = self.finish_sums(before)?;
            }
            let stop = match known {
                (_, wish) if wish != Wish::GoOn => wish.stop(),
                (true, _) => Stop::Converged,
                _ if exhausted => Stop::MaxIter,
                _ => {
                    pending = Some(begun);
                    continue;
                }
            };
            // What the last sweep did still counts.
            let (asleep, wish) = self.finish_sums(begun)?;
            return Ok(match stop {
                _ if wish == Wish::Failed => wish.stop(),
                Stop::MaxIter if asleep => Stop::Converged,
                stop => stop,
            });
        }
    }

    /// Collective: whether to begin at all.
    fn begin(&mut self) -> Result<Option<Stop>> {
        self.wish = self.control.check(self.base.steps);
        self.failure = self.control.clock.take_failure();
        let reports = i64::from(self.control.clock.reports());
        let begin = self.ranks().reduce(Reduce::Max, &[self.wish.code(), reports])?;
        let begun = Wish::of_code(begin[0]);
        if begun != Wish::GoOn {
            self.control.clock.hear(begun);
            return Ok(Some(begun.stop()));
        }
        self.reports = begin[1] != 0;
        let most = self.tiles.most_steps(self.plan);
        self.most_per_sweep = self.ranks().reduce(Reduce::Sum, &[most])?[0] as u64;
        Ok(None)
    }

    /// Visits all tiles that have anything to do. Returns whether the limit has been reached.
    fn sweep(&mut self) -> Result<bool> {
        let (tiles, plan, counts, wake) = (self.tiles, self.plan, self.counts, self.wake);
        let work = |index: usize| visit(tiles, plan, counts, wake, index);
        // Two sweeps may have passed since the count was known.
        let left = self.control.max_iter - self.control.progress.steps;
        let limited = left < self.most_per_sweep.saturating_mul(3);
        let by_phases = limited || tiles.trace.is_some() || !tiles.halo.partners.is_empty();
        let mut exhausted = false;
        if by_phases || self.team.is_alone() {
            for (colour, phase) in tiles.phases.iter().enumerate() {
                let mark = tiles.mark();
                exhausted = self.phase(phase, &work, limited)?;
                tiles.end_phase(self.control.progress.sweeps, Some(colour), mark);
                if exhausted {
                    break;
                }
            }
        } else if self.failure.is_none() {
            self.failure = run_sweep(tiles, self.team, &work).err();
        }
        self.control.progress.sweeps += 1;
        Ok(exhausted)
    }

    /// Looks whether anybody here wants to stop.
    fn look(&mut self) {
        // Who has asked to stop is not asked again.
        if self.wish == Wish::GoOn {
            self.wish = self.control.wish();
        }
        let failure = lock(&self.counts.failure).take();
        self.failure = self.failure.take().or(failure).or(self.control.clock.take_failure());
        if self.failure.is_some() {
            self.wish = Wish::Failed;
        }
    }

    /// Begins to combine what all ranks have to know.
    fn begin_sums(&self) -> Result<[Ticket; 2]> {
        let (tiles, counts) = (self.tiles, self.counts);
        let awake = (0..tiles.len()).filter(|index| tiles.due(*index)).count();
        let bound = if self.reports { tiles.bound(self.plan) } else { 0.0 };
        let [steps, visits] = [&counts.steps, &counts.visits].map(|n| n.load(Ordering::Relaxed) as i64);
        // Magnitudes of non-negative numbers order as their bits do.
        let largest = [bound.to_bits() as i64, self.wish.code()];
        let sums = self.ranks().start_reduce(Reduce::Sum, &[awake as i64, steps, visits])?;
        Ok([sums, self.ranks().start_reduce(Reduce::Max, &largest)?])
    }

    /// Whether all tiles of all ranks sleep, and what the ranks wish.
    fn finish_sums(&mut self, [sums, largest]: [Ticket; 2]) -> Result<(bool, Wish)> {
        let ranks = self.ranks();
        let (sums, largest) = self.tiles.halo.waiting(|| Ok((ranks.finish(sums)?, ranks.finish(largest)?)))?;
        let progress = &mut self.control.progress;
        progress.awake = sums[0] as u64;
        progress.steps = self.base.steps + sums[1] as u64;
        progress.visits = self.base.visits + sums[2] as u64;
        progress.max_step = f64::from_bits(largest[0] as u64) / self.plan.step_unit;
        let wish = Wish::of_code(largest[1]);
        self.control.clock.hear(wish);
        Ok((sums[0] == 0, wish))
    }

    /// Visits the tiles of one colour that have anything to do, and exchanges news with other
    /// ranks. Returns whether the limit has been reached.
    fn phase(&mut self, phase: &Phase, work: &(dyn Fn(usize) + Sync), limited: bool) -> Result<bool> {
        let tiles = self.tiles;
        if limited && let Some(exhausted) = self.counted_phase(phase, work)? {
            return Ok(exhausted);
        }
        if !tiles.halo.partners.is_empty() {
            self.work_on(due(tiles, &phase.boundary), work);
            note(&mut self.failure, send_news(tiles))?;
        }
        self.work_on(due(tiles, &phase.interior), work);
        if !tiles.halo.partners.is_empty() {
            note(&mut self.failure, receive_news(tiles))?;
        }
        Ok(false)
    }

    fn work_on(&mut self, items: Vec<usize>, work: &(dyn Fn(usize) + Sync)) {
        if self.failure.is_none() {
            self.failure = self.team.run(items, self.tiles.len(), work).err();
        }
    }

    /// The same where the limit may fall into this phase: one tile after the other, by number, over all ranks. None, and
    /// nothing is done, if it may not.
    fn counted_phase(&mut self, phase: &Phase, work: &(dyn Fn(usize) + Sync)) -> Result<Option<bool>> {
        let (tiles, counts, ranks) = (self.tiles, self.counts, self.ranks());
        let most_left = self.control.max_iter - self.base.steps;
        let mut items = [due(tiles, &phase.boundary), due(tiles, &phase.interior)].concat();
        let most = items.iter().map(|index| tiles.tile(*index).most_steps(self.plan) as i64);
        let made = |extra: i64| {
            let made = counts.steps.load(Ordering::Relaxed) as i64;
            ranks.reduce(Reduce::Sum, &[made, extra])
        };
        let sums = made(most.sum())?;
        let mut left = most_left - sums[0] as u64;
        if sums[1] as u64 <= left {
            return Ok(None);
        }
        let mut exhausted = false;
        items.sort_unstable();
        let mut items = items.into_iter().peekable();
        loop {
            let mine = items.peek().map_or(i64::MAX, |tile| tiles.numbers[*tile].0 as i64);
            let next = ranks.reduce(Reduce::Min, &[mine])?[0];
            if next == i64::MAX {
                break;
            }
            if next == mine {
                counts.limit.store(left, Ordering::Relaxed);
                self.work_on(items.next().into_iter().collect(), work);
            }
            left = most_left - made(0)?[0] as u64;
            if left == 0 {
                exhausted = true;
                break;
            }
        }
        counts.limit.store(u64::MAX, Ordering::Relaxed);
        note(&mut self.failure, send_news(tiles))?;
        note(&mut self.failure, receive_news(tiles))?;
        Ok(Some(exhausted))
    }
}

/// Visits a tile, and counts it.
fn visit<T: Real>(tiles: &Tiles<T>, plan: &Plan<T>, counts: &Counts, wake: &Wake<'_, T>, index: usize) {
    if clock::over() || lock(&counts.failure).is_some() {
        return;
    }
    let limit = usize::try_from(counts.limit.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
    let visit = match tiles.visit(index, plan, wake, &mut |state, tol, made| state.visit(plan, tol, limit, made)) {
        Ok(visit) => visit,
        // The leader looks at the clock, too.
        Err(Error::Stopped(_)) => return,
        Err(error) => {
            lock(&counts.failure).get_or_insert(error);
            return;
        }
    };
    counts.steps.fetch_add(visit.steps as u64, Ordering::Relaxed);
    counts.visits.fetch_add(1, Ordering::Relaxed);
}

/// Those of some tiles that have anything to do; what takes long first: then threads come to an end together.
fn due<T: Real>(tiles: &Tiles<T>, some: &[usize]) -> Vec<usize> {
    let due: Vec<_> = some.iter().copied().filter(|t| tiles.due(*t)).collect();
    let steps = |place: usize| tiles.last_steps[due[place]].load(Ordering::Relaxed) as i64;
    places_by(due.len(), &|place| [-steps(place), 0, 0, 0, 0]).iter().map(|place| due[*place]).collect()
}

/// Visits the tiles of all colours that have anything to do, or may have when it is their turn.
fn run_sweep<T: Real>(tiles: &Tiles<T>, team: &Team, work: &(dyn Fn(usize) + Sync)) -> Result<()> {
    let finished = |tile: usize| tiles.finished[tile].load(Ordering::Acquire);
    let sweep = 1 + (0..tiles.len()).map(finished).max().unwrap_or(0);
    let (mut items, mut due) = (Vec::new(), vec![false; tiles.len()]);
    for phase in &tiles.phases {
        for &tile in &phase.interior {
            let mut before = tiles.before[tile].iter();
            due[tile] = tiles.due(tile) || before.any(|tile| due[*tile as usize]);
            match due[tile] {
                true => items.push(tile),
                false => tiles.finished[tile].store(sweep, Ordering::Relaxed),
            }
        }
    }
    let ready = |tile: usize| {
        let mut before = tiles.before[tile].iter();
        before.all(|tile| finished(*tile as usize) == sweep)
    };
    team.run_when(items, tiles.len(), &ready, &|tile| {
        let _finish = Finish(&tiles.finished[tile], sweep);
        if tiles.due(tile) {
            work(tile);
        }
    })
}

/// Tells the partners of this phase's steps: one message each, an empty one, too.
fn send_news<T: Real>(tiles: &Tiles<T>) -> Result<()> {
    let pack = |tile: usize, steps: &mut Vec<Step<T>>| {
        if tiles.news[tile].load(Ordering::Relaxed) {
            steps.extend_from_slice(&tiles.outbox(tile));
        }
    };
    tiles.halo.send_lists(Tag::STEPS, &mut { pack })?;
    for tile in tiles.halo.partners.iter().flat_map(|partner| &partner.sends) {
        tiles.news[*tile].store(false, Ordering::Relaxed);
    }
    Ok(())
}

/// Hears of the partners' steps of this phase.
fn receive_news<T: Real>(tiles: &Tiles<T>) -> Result<()> {
    tiles.halo.receive_lists(Tag::STEPS, &mut |tile, steps| {
        let mut outbox = unpoisoned(tiles.outboxes[tile].write());
        *outbox = steps;
        drop(outbox);
        tiles.announce(tile);
    })
}
