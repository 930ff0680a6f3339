//! Coordinate descent inside one tile (DICOD, section 3; DiCoDiLe, section 3.2).
//!
//! A tile keeps c = D ⋆ (X − D∗z), scaled by w_k/n_k (see `Scaling`), for its positions: row-major, atoms innermost,
//! rows padded to whole groups. A step is applied to c at once, in long contiguous runs; that is
//! what a step costs, and choosing the next one must cost little beside it.
//!
//! So the tile is cut into *groups*, small boxes of positions with all their atoms, and each has a
//! *bound* on its largest |dz|. A step raises the bounds of the groups that it touches by |δ| times
//! the largest entry of the Gram tensor that meets the group, because |dz| moves no faster than c.
//! Only groups with large bounds are looked at, which makes their bounds exact: either the one with
//! the largest, until that is one that has just been looked at and its best coordinate is the best of
//! the tile, or all above a threshold in turn.
//!
//! Where z = 0, |dz| is |c| − μ if that is positive, and |c| − μ is never more than |dz| elsewhere:
//! a look is one pass over the c of the group and a few non-zeros, which are kept in a list.
//!
//! Here is the state of a tile and what a step does to it; `choice` tells which step comes next, `plan`
//! is what all tiles share.

mod choice;
pub(crate) mod copy;
mod correlations;
mod factors;
pub(crate) mod masks;
mod nonzero;
pub(crate) mod penalised;
mod plan;
pub(crate) mod quiet;
mod reach;
pub(crate) mod ridge;
mod step;
pub(crate) mod survey;
mod table;
mod taps;
mod wear;
mod weights;

pub(crate) use correlations::Correlations;
pub(crate) use factors::Factors;
pub(crate) use nonzero::NonZero;
pub(crate) use plan::{Plan, Unit};
pub use step::Step;
pub(crate) use step::{Coordinate, Visit};
pub(crate) use weights::Weights;

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::grid::point::{AXES, Point, checked_volume, unflatten};
use crate::grid::tiles::{Number, Tile};
use crate::linalg::Real;
use crate::linalg::kernels::{Rows, threshold};
use nonzero::NONE;
use reach::Reach;
use wear::Wear;

/// State of one tile.
pub(crate) struct TileState<T> {
    pub(crate) tile: Tile,
    /// Shifts under which the tile's own steps come back to it around a period.
    images: Vec<Point>,
    /// Number in the global grid, and among the tiles of its signal.
    number: Number,
    place: u64,
    visits: u64,
    /// As many as [`Self::make_room`] was asked for; NaN where a coordinate may not be chosen.
    pub(crate) c: Correlations<T>,
    /// There is no c: see the module of that name.
    quiet: Option<f64>,
    /// Non-zero coordinates by group.
    nonzeros: Vec<Vec<NonZero<T>>>,
    /// Only coordinates that are listed in `nonzeros` may be chosen, and they stay listed.
    frozen: bool,
    /// Upper bound on max |dz| per group (below zero: how far the group is from moving).
    bound: Vec<T>,
    /// The bound when the group was looked at, which attains it; NaN after a step that reaches it. For those who ask for
    /// the largest step, not for rounds.
    seen: Vec<T>,
    wear: Wear<T>,
    /// Of the samples that the tile reaches; none: all are 1.
    weights: Option<Box<Weights<T>>>,
    /// Of the penalties of its coordinates; none: all are 1.
    factors: Option<Box<Factors<T>>>,
    /// Steps up to this are left.
    target: T,
    /// The largest c and weighted z that there were since the last [`Self::restart`], and visits until then: what rounding
    /// allows.
    largest: T,
    visits_before: u64,
    /// First value of each group in c.
    starts: Vec<u32>,
    /// How the runs of a group lie in c.
    rows: Rows,
    /// Every single step, in order, when asked for.
    pub(crate) trace: Option<Vec<Step<T>>>,
}

impl<T: Real> TileState<T> {
    pub(crate) fn new(
        tile: Tile,
        images: Vec<Point>,
        (number, place): (Number, usize),
        group: &Point,
        n_atoms: usize,
    ) -> Result<Self> {
        let what = "the tiles of z";
        let n = tile.n_groups();
        let [s0, s1, s2] = tile.stored(group);
        let values = checked_volume(what, [s0, s1, s2, n_atoms as i64])?;
        if values > u32::MAX as usize {
            let name = "the number of values in a tile (option \"tile_shape\")";
            return Err(Error::shape(name, values, "at most 2^32 - 1"));
        }
        let mut starts = Vec::new();
        memory::reserve(what, &mut starts, n)?;
        starts.extend((0..n).map(|index| {
            let [i, j, k] = tile.group_origin(index, group);
            ((i * s1 + j) * s2 + k) as u32 * n_atoms as u32
        }));
        Ok(TileState {
            images,
            number,
            place: place as u64,
            visits: 0,
            c: Correlations::none()?,
            quiet: None,
            nonzeros: memory::zeroed(what, n)?,
            frozen: false,
            bound: memory::zeroed(what, n)?,
            seen: memory::zeroed(what, n)?,
            wear: Wear::NONE,
            weights: None,
            factors: None,
            target: T::ZERO,
            largest: T::ZERO,
            visits_before: 0,
            starts,
            rows: Rows {
                counts: [group[0] as usize, group[1] as usize],
                strides: [(s1 * s2) as usize * n_atoms, s2 as usize * n_atoms],
                run: group[2] as usize * n_atoms,
            },
            trace: None,
            tile,
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        let nonzeros = self.nonzeros.iter().map(|list| list.capacity());
        self.c.bytes()
            + nonzeros.sum::<usize>() * size_of::<NonZero<T>>()
            + self.nonzeros.capacity() * size_of::<Vec<NonZero<T>>>()
            + (self.bound.capacity() + self.seen.capacity()) * size_of::<T>()
            + self.starts.capacity() * size_of::<u32>()
            + self.weights.as_ref().map_or(0, |weights| weights.bytes())
            + self.factors.as_ref().map_or(0, |factors| factors.bytes())
            + size_of::<Self>()
    }

    /// Makes room for c.
    pub(crate) fn make_room(&mut self, plan: &Plan<T>, single: bool) -> Result<()> {
        self.c.resize(single, self.n_values(plan))
    }

    /// Values of c.
    pub(crate) fn n_values(&self, plan: &Plan<T>) -> usize {
        self.tile.stored(&plan.group).iter().product::<i64>() as usize * plan.n_atoms
    }

    /// Samples have these weights from now on.
    pub(crate) fn set_weights(&mut self, weights: Option<Box<Weights<T>>>) {
        self.weights = weights;
    }

    /// Leaves steps up to this, from now on.
    pub(crate) fn set_target(&mut self, target: T) {
        self.target = target;
    }

    /// What steps have to exceed: the target, if rounding allows it. A matter of this tile alone, so that a signal is coded
    /// as it would be without others beside it.
    pub(crate) fn tolerance(&self, plan: &Plan<T>) -> T {
        // Steps of the size of rounding can go around in circles: what is asked for falls with time.
        let patience = 1 + (self.visits - self.visits_before) / 1000;
        let rounding = T::of(plan.rounding(self.largest.wide()) * patience as f64);
        if rounding > self.target { rounding } else { self.target }
    }

    /// The largest number that steps were made of since the last [`Self::restart`].
    pub(crate) fn height(&self) -> T {
        self.largest
    }

    /// Upper bound on max |dz| as far as the tile has heard.
    pub(crate) fn bound(&self, plan: &Plan<T>) -> T {
        T::largest(plan.isa, &self.bound)
    }

    /// From now on only coordinates that are non-zero now may be chosen, or all.
    pub(crate) fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// Takes over a new c: makes every bound exact. Returns max |dz|.
    pub(crate) fn restart(&mut self, plan: &Plan<T>) -> T {
        for group in 0..self.bound.len() {
            self.measure(plan, group);
        }
        self.wear = Wear::NONE;
        self.visits_before = self.visits;
        let bound = self.bound(plan);
        let c = match &self.factors {
            None => self.c.height(plan, bound),
            Some(factors) => factors.height(plan, &self.c),
        };
        let z = self.nonzeros.iter().flatten().map(|x| (x.z * plan.weights[x.atom as usize]).abs());
        let larger = |most, x| if x > most { x } else { most };
        self.largest = z.fold(larger(T::ZERO, c), larger);
        bound
    }

    /// Sets z aside, as if it were zero, for [`Self::put_back`].
    pub(crate) fn set_aside(&mut self) -> Vec<Vec<NonZero<T>>> {
        let none = vec![Vec::new(); self.nonzeros.len()];
        std::mem::replace(&mut self.nonzeros, none)
    }

    /// Takes z back.
    pub(crate) fn put_back(&mut self, z: Vec<Vec<NonZero<T>>>) {
        self.nonzeros = z;
    }

    /// Whether what is left above a tolerance may be rounding: c has to be computed anew.
    pub(crate) fn is_worn(&self, plan: &Plan<T>, tol: T) -> bool {
        let single = self.c.is_single() || size_of::<T>() == size_of::<f32>();
        self.wear.is_through(single, !plan.exact, self.largest.wide(), tol.wide(), || self.bound(plan).wide())
    }

    /// What c has been through since the last [`Self::restart`].
    pub(crate) fn wear(&self, plan: &Plan<T>) -> Wear<T> {
        let mut wear = self.wear;
        wear.add_up(self.bound(plan));
        wear
    }

    /// Hears of a neighbour's steps; `shift` takes their positions to this side of a period.
    pub(crate) fn hear(&mut self, plan: &Plan<T>, steps: &[Step<T>], shift: Point) {
        let shift: Point = std::array::from_fn(|a| shift[a] - self.tile.origin[a]);
        for step in steps {
            let at = std::array::from_fn(|a| step.at[a] + shift[a]);
            self.apply(plan, &Step { at, ..*step });
        }
    }

    /// Number of the tile in the global grid.
    pub(crate) fn number(&self) -> Number {
        self.number
    }

    /// Which coordinate a value of c belongs to.
    pub(crate) fn coordinate(&self, plan: &Plan<T>, index: usize) -> Coordinate {
        Coordinate { at: self.position(plan, index), atom: index % plan.n_atoms }
    }

    pub(crate) fn begin_visit(&mut self, made: &mut Vec<Step<T>>) -> Visit<T> {
        made.clear();
        self.visits += 1;
        Visit::default()
    }

    /// Group of a value of c.
    fn group_of(&self, plan: &Plan<T>, index: usize) -> usize {
        let at = unflatten(index / plan.n_atoms, &self.tile.stored(&plan.group));
        let [g0, g1, g2]: Point = std::array::from_fn(|a| at[a] >> plan.group_log2[a]);
        ((g0 * self.tile.groups[1] + g1) * self.tile.groups[2] + g2) as usize
    }

    /// Place of a coordinate in its group's list of non-zeros.
    fn listed(&self, group: usize, index: usize) -> Option<usize> {
        let list = &self.nonzeros[group];
        list.iter().position(|x| x.index as usize == index)
    }

    /// Moves one coordinate, given by its group, its index in c and its place among the non-zeros, to its best value.
    /// Tells whether that made a difference.
    fn step(
        &mut self,
        plan: &Plan<T>,
        group: usize,
        index: usize,
        listed: Option<usize>,
        made: &mut Vec<Step<T>>,
        visit: &mut Visit<T>,
    ) -> bool {
        let list = &self.nonzeros[group];
        let (old, sent) = listed.map_or((T::ZERO, NONE), |i| (list[i].z, list[i].sent));
        let atom = index % plan.n_atoms;
        let (mut weight, mut inverse) = (plan.weights[atom], plan.inverse_weights[atom]);
        if let Some(weights) = &self.weights {
            let ratio = weights.ratio(index);
            (weight, inverse) = (weight * ratio, inverse / ratio);
        }
        let c = self.c.get(plan, index) + old * weight;
        let weighted = threshold(plan.positive, c, factors::mu(self.factors.as_deref(), plan, index, atom));
        let new = weighted * inverse;
        let delta = new - old;
        let size = weighted.abs();
        if size > visit.largest_z {
            visit.largest_z = size;
        }
        // An atom may come within reach of a threshold that is far above the others'.
        let size = if plan.is_spread || self.factors.is_some() { c.abs() } else { size };
        if size > self.largest {
            self.largest = size;
        }
        if delta == T::ZERO {
            // The best change is lost in the rounding of z: the tolerance has to rise to that.
            return false;
        }
        let at = unflatten(index / plan.n_atoms, &self.tile.stored(&plan.group));
        let atom = atom as u32;
        // Neighbours hear once of a coordinate, with the sum of its steps.
        let global = std::array::from_fn(|a| at[a] + self.tile.origin[a]);
        let step = Step { at: global, atom, delta };
        let mut place = sent;
        match made.get_mut(sent as usize) {
            Some(sent) if sent.at == global && sent.atom == atom => sent.delta += delta,
            _ => {
                place = made.len() as u32;
                made.push(step);
            }
        }
        if let Some(trace) = &mut self.trace {
            trace.push(step);
        }
        let list = &mut self.nonzeros[group];
        match listed {
            Some(i) if new == T::ZERO && !self.frozen => {
                list.remove(i);
            }
            Some(i) => {
                list[i].z = new;
                list[i].sent = place;
            }
            None => list.push(NonZero { index: index as u32, atom, sent: place, z: new }),
        }
        self.apply(plan, &Step { at, atom, delta });
        for image in 0..self.images.len() {
            let shift = self.images[image];
            let at = std::array::from_fn(|a| at[a] + shift[a]);
            self.apply(plan, &Step { at, atom, delta });
        }
        visit.steps += 1;
        visit.found += i64::from(new != T::ZERO) - i64::from(old != T::ZERO);
        true
    }

    /// Applies a step, relative to the tile, as far as it reaches into it.
    #[inline]
    pub(crate) fn apply(&mut self, plan: &Plan<T>, step: &Step<T>) {
        // Most of what is heard does not.
        if reach::is_reached(plan, step.atom, step.at, &self.tile.shape) {
            let size = step.delta.abs();
            self.wear.recent += 1.0;
            self.wear.moved += size.wide();
            let size = size * plan.weights[step.atom as usize];
            if size > self.largest {
                self.largest = size;
            }
            match &self.weights {
                None => self.take_from_all(plan, step),
                Some(_) => self.apply_weighted(plan, step),
            }
        }
    }

    /// The same where samples have weights.
    fn apply_weighted(&mut self, plan: &Plan<T>, step: &Step<T>) {
        let Some(weights) = &self.weights else { return };
        let common = weights.common(plan, step.at);
        if common.finite() {
            self.take_from_all(plan, &Step { delta: step.delta * common, ..*step });
            return self.set_own_right(plan, step, common);
        }
        let rest = weights.correct(plan, step, &mut self.c, &self.tile.shape, self.rows.strides);
        self.subtract(plan, &Step { delta: step.delta * rest.base, ..*step });
        // Each sample is a rounding of its own.
        self.wear.recent += rest.others as f64;
        self.wear.moved += 2.0 * (1 + rest.others) as f64 * step.delta.abs().wide();
        let reached = reach::of_groups(plan, step, &self.tile.groups);
        for first in reached.rows.starts(reached.to) {
            self.bound[first..first + reached.rows.run].iter_mut().for_each(|bound| *bound += rest.most);
            self.seen[first..first + reached.rows.run].fill(T::NAN);
        }
        self.set_own_right(plan, step, rest.base);
    }

    /// Takes from the c of a step's own coordinate what the squared penalty has, where samples have had a weight in which that
    /// does not share.
    fn set_own_right(&mut self, plan: &Plan<T>, step: &Step<T>, weight: T) {
        let atom = step.atom as usize;
        let here = |a: usize| (0..self.tile.shape[a]).contains(&step.at[a]);
        let Some(ridge) = plan.ridges.get(atom).filter(|_| (0..AXES).all(here)) else { return };
        let [_, s1, s2] = self.tile.stored(&plan.group);
        let at = step.at;
        let index = ((at[0] * s1 + at[1]) * s2 + at[2]) as usize * plan.n_atoms + atom;
        let more = step.delta * plan.weights[atom] * T::of(ridge.own - weight.wide() * ridge.plain);
        self.c.set(plan, index, self.c.get(plan, index) - more);
        let group = self.group_of(plan, index);
        // And for its rounding.
        self.bound[group] += more.abs() * T::of(1.0 + 64.0 * f64::from(f32::EPSILON));
        self.seen[group] = T::NAN;
        self.wear.recent += 1.0;
        self.wear.moved += more.abs().wide();
    }

    /// Takes a step from c, and raises the bounds.
    #[inline(always)]
    fn take_from_all(&mut self, plan: &Plan<T>, step: &Step<T>) {
        self.raise_bounds(plan, step);
        self.subtract(plan, step);
    }

    /// c −= δ·G.
    fn subtract(&mut self, plan: &Plan<T>, step: &Step<T>) {
        let Reach { to, rows, from, strides } = reach::of_values(plan, step, &self.tile.shape, self.rows.strides);
        self.c.subtract(plan, &plan.gram, to, rows, from, strides, step.delta);
    }

    /// Raises the bounds of the groups that a step reaches.
    fn raise_bounds(&mut self, plan: &Plan<T>, step: &Step<T>) {
        let Reach { to, rows, from, strides } = reach::of_groups(plan, step, &self.tile.groups);
        if plan.greed >= T::one() {
            for first in rows.starts(to) {
                self.seen[first..first + rows.run].fill(T::NAN);
            }
        }
        // bound += |δ|·reach.
        let less = -step.delta.abs();
        T::subtract(plan.isa, &mut self.bound, to, rows, &plan.reach, from, strides, less);
    }

    /// The values of a group, as indices in c.
    fn indices(&self, group: usize) -> Vec<usize> {
        let (start, rows) = (self.starts[group] as usize, self.rows);
        rows.starts(start).flat_map(|first| first..first + rows.run).collect()
    }

    /// Calls `visit` with (position relative to the tile, atom, value) for every z ≠ 0.
    pub(crate) fn for_each_nonzero(&self, plan: &Plan<T>, mut visit: impl FnMut(Point, usize, T)) {
        let stored = self.tile.stored(&plan.group);
        for x in self.nonzeros.iter().flatten() {
            if x.z != T::ZERO {
                let index = x.index as usize;
                visit(unflatten(index / plan.n_atoms, &stored), index % plan.n_atoms, x.z);
            }
        }
    }

    /// Begins a solve from the z that is there: what follows depends on its values alone, not on how
    /// they came to be.
    pub(crate) fn begin_solve(&mut self) {
        self.visits = 0;
        for list in &mut self.nonzeros {
            list.retain(|x| x.z != T::ZERO);
            list.sort_unstable_by_key(|x| x.index);
        }
    }

    /// Sets all z to zero.
    pub(crate) fn clear_z(&mut self) {
        self.nonzeros.iter_mut().for_each(Vec::clear);
    }

    /// Sets all z to zero, and begins to count visits anew.
    pub(crate) fn forget(&mut self) {
        self.clear_z();
        self.visits = 0;
    }

    /// Sets a z that is zero so far.
    pub(crate) fn set_z(&mut self, plan: &Plan<T>, at: Point, atom: usize, z: T) {
        let [_, s1, s2] = self.tile.stored(&plan.group);
        let position = (at[0] * s1 + at[1]) * s2 + at[2];
        let index = position as usize * plan.n_atoms + atom;
        let group = self.group_of(plan, index);
        self.nonzeros[group].push(NonZero { index: index as u32, atom: atom as u32, sent: NONE, z });
    }

    /// Changes every z to what `change` makes of it, given its atom.
    pub(crate) fn map_z(&mut self, change: impl Fn(usize, T) -> T) {
        for x in self.nonzeros.iter_mut().flatten() {
            x.z = change(x.atom as usize, x.z);
        }
    }

    /// Number of z ≠ 0.
    pub(crate) fn n_nonzero(&self) -> usize {
        self.nonzeros.iter().flatten().filter(|x| x.z != T::ZERO).count()
    }
}
