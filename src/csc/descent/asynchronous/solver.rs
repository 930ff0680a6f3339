//! What a rank of the asynchronous solver does: it steps in its tiles, listens to others and tells them.

use crate::base::error::Result;
use crate::clock;
use crate::csc::descent::asynchronous::setting::Setting;
use crate::csc::descent::control::note;
use crate::csc::descent::halo::{Halo, decode, encode};
use crate::csc::descent::tile::{Step, TileState, Visit, copy};
use crate::grid::block::Block;
use crate::grid::point::{AXES, Point};
use crate::grid::tiles::Number;
use crate::linalg::Real;
use crate::options::solve::{SoftLock, Strategy};
use crate::ranks::Tag;
use std::collections::BTreeMap;

/// Steps for a rank that are sent together, at most.
const PARCEL: usize = 64;

/// Relative margin of the soft lock.
const MARGIN: f64 = 1e-9;

/// A tile that hears of the steps of another.
struct Hearer {
    /// Own tiles come first, then shadows.
    tile: usize,
    shift: Point,
}

pub(super) struct Solver<'s, T: Real> {
    pub(super) setting: Setting<'s, T>,
    pub(super) halo: &'s Halo,
    shadows: Vec<TileState<T>>,
    /// Place of a shadow by the number of its tile.
    shadow_of: BTreeMap<Number, usize>,
    /// By the number of the tile that makes the steps.
    hearers: BTreeMap<Number, Vec<Hearer>>,
    /// For each own tile, the ranks that have to know of its steps.
    recipients: Vec<Vec<usize>>,
    /// For each own tile, the shadows within reach, with the shift that takes a position of the tile
    /// to their side.
    near: Vec<Vec<(usize, Point)>>,
    /// What is about to be sent, by rank: how many steps, and their bytes.
    parcels: BTreeMap<usize, (usize, Vec<u8>)>,
    pub(super) sent: i64,
    pub(super) received: i64,
}

impl<'s, T: Real> Solver<'s, T> {
    pub(super) fn new(setting: Setting<'s, T>) -> Self {
        let (tiles, grid) = (setting.tiles, setting.grid);
        let halo = &tiles.halo;
        let (me, n) = (halo.ranks.rank(), tiles.len());
        let owner = |number: Number| {
            let at = grid.tile(number).origin;
            let region = setting.regions.iter().position(|r| r.contains(&at));
            region.unwrap_or(0)
        };
        let locks = setting.lock != SoftLock::None;
        let own = tiles.numbers();
        let all = tiles.all_numbers();
        let held = if locks { all } else { own };
        let mut hearers: BTreeMap<Number, Vec<Hearer>> = BTreeMap::new();
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
            let shadow = |number: Number| held[n..].binary_search(&number).ok();
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
    pub(super) fn cast_shadows(&mut self) -> Result<()> {
        let (tiles, plan) = (self.setting.tiles, self.setting.plan);
        for partner in &self.halo.partners {
            let mut bytes = Vec::new();
            for tile in &partner.sends {
                copy::append(&tiles.tile(*tile), plan, &mut bytes);
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
                    rest = copy::read(&mut state, plan, rest)?;
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
    fn tell(&mut self, number: Number, steps: &[Step<T>]) {
        let (tiles, plan) = (self.setting.tiles, self.setting.plan);
        if let Some(shadow) = self.shadow_of.get(&number) {
            copy::mirror(&mut self.shadows[*shadow], plan, steps);
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
    pub(super) fn listen(&mut self) -> Result<bool> {
        let mut heard = false;
        while let Some(message) = self.halo.ranks.receive(None, Tag::UPDATES)? {
            heard = true;
            self.received += 1;
            let mut lists = Vec::new();
            decode(&message.bytes, &mut |number, steps| {
                lists.push((Number(number), steps));
                Ok(())
            })?;
            for (number, steps) in lists {
                self.tell(number, &steps);
            }
        }
        Ok(heard)
    }

    #[inline(never)]
    pub(super) fn send_parcels(&mut self, least: usize) -> Result<()> {
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
        number: Number,
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
            let margin = match number < state.number() {
                true => T::one() - T::of(MARGIN),
                false => T::one() + T::of(MARGIN),
            };
            other <= tol || size >= other * margin
        })
    }

    /// Makes steps in one tile. Returns their number, and the largest |z| that was set.
    #[inline(never)]
    pub(super) fn visit(&mut self, index: usize, made: &mut Vec<Step<T>>) -> Result<Visit<T>> {
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
            clock::found(visit.found);
            self.tell(number, made);
            for rank in &self.recipients[index] {
                let parcel = self.parcels.entry(*rank).or_default();
                encode(number.0, made, &mut parcel.1)?;
                parcel.0 += made.len();
            }
            self.send_parcels(PARCEL)?;
        }
        Ok(visit)
    }
}
