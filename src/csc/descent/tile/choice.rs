//! Which step a tile makes next.

use crate::base::random::Numbers;
use crate::clock;
use crate::csc::descent::tile::TileState;
use crate::csc::descent::tile::correlations::Correlations;
use crate::csc::descent::tile::factors;
use crate::csc::descent::tile::nonzero::{NonZero, largest_step};
use crate::csc::descent::tile::plan::Plan;
use crate::csc::descent::tile::step::{Step, Visit};
use crate::csc::descent::tile::weights::size;
use crate::grid::point::{AXES, Point, unflatten};
use crate::linalg::Real;
use crate::linalg::kernels::step_size;
use crate::options::solve::Strategy;

/// Whether a visit is to end after this step because the clock says so: looks only now and then, in visits longer than usual.
#[inline(always)]
fn is_over(steps: usize) -> bool {
    steps % 64 == 63 && clock::over()
}

impl<T: Real> TileState<T> {
    /// Visits the tile: makes steps, `limit` at most, and writes them to `made`, with global
    /// positions.
    pub(crate) fn visit(&mut self, plan: &Plan<T>, tol: T, limit: usize, made: &mut Vec<Step<T>>) -> Visit<T> {
        let mut visit = self.begin_visit(made);
        let limit = if self.is_worn(plan, tol) { 0 } else { limit };
        let n = plan.steps_per_visit.min(limit);
        match plan.strategy {
            Strategy::LocallyGreedy | Strategy::Greedy if plan.greed < T::one() => {
                self.rounds(plan, tol, n, made, &mut visit);
            }
            Strategy::LocallyGreedy | Strategy::Greedy => {
                for _ in 0..n {
                    let Some((group, index)) = self.greediest(plan, tol) else {
                        break;
                    };
                    let listed = self.listed(group, index);
                    if !self.step(plan, group, index, listed, made, &mut visit) || is_over(visit.steps) {
                        break;
                    }
                }
            }
            _ => self.visit_ungreedily(plan, tol, limit, made, &mut visit, &mut |_, _| true),
        }
        visit.bound = self.bound(plan);
        self.wear.add_up(visit.bound);
        visit
    }

    /// Makes the steps of a strategy that does not ask for the largest, those that `free` allows,
    /// given their global position and |dz|.
    #[inline(never)]
    pub(crate) fn visit_ungreedily(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        limit: usize,
        made: &mut Vec<Step<T>>,
        visit: &mut Visit<T>,
        free: &mut dyn FnMut(Point, T) -> bool,
    ) {
        let mut rng = self.generator(plan);
        match plan.strategy {
            Strategy::Random => {
                let n = plan.steps_per_visit.min(limit);
                self.random_steps(plan, tol, n, rng, made, visit, free);
            }
            Strategy::CyclicShuffled => self.sweep(plan, tol, limit, Some(&mut rng), made, visit, free),
            _ => self.sweep(plan, tol, limit, None, made, visit, free),
        }
    }

    /// Makes the largest step that `free` allows, given its global position and |dz|, if one is above
    /// the tolerance; of each group only the best is tried. Tells whether there was one.
    #[inline(never)]
    pub(crate) fn step_where_free(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        made: &mut Vec<Step<T>>,
        visit: &mut Visit<T>,
        free: &mut dyn FnMut(Point, T) -> bool,
    ) -> bool {
        let mut locked = Vec::new();
        let mut done = false;
        while let Some((group, index)) = self.greediest(plan, tol) {
            if free(self.position(plan, index), self.size_at(plan, group, index)) {
                let listed = self.listed(group, index);
                done = self.step(plan, group, index, listed, made, visit);
                break;
            }
            locked.push(group);
            self.bound[group] = T::NEG_INFINITY;
        }
        // A step above may have touched them: they are looked at anew.
        for group in locked {
            self.measure(plan, group);
        }
        done
    }

    /// Largest |dz| of the groups within reach of a global position, if above the tolerance.
    pub(crate) fn largest_near(&mut self, plan: &Plan<T>, at: Point, tol: T) -> T {
        let mut low = [0; AXES];
        let mut high = [0; AXES];
        for a in 0..AXES {
            let local = at[a] - self.tile.origin[a];
            let first = (local - plan.atom[a] + 1).max(0);
            let last = (local + plan.atom[a] - 1).min(self.tile.shape[a] - 1);
            if first > last {
                return T::NEG_INFINITY;
            }
            (low[a], high[a]) = (first >> plan.group_log2[a], last >> plan.group_log2[a]);
        }
        let mut largest = T::NEG_INFINITY;
        for i in low[0]..=high[0] {
            for j in low[1]..=high[1] {
                for k in low[2]..=high[2] {
                    let group = ((i * self.tile.groups[1] + j) * self.tile.groups[2] + k) as usize;
                    let bound = self.bound[group];
                    if bound > tol && bound > largest && !self.is_exact(group) {
                        self.measure(plan, group);
                    }
                    if self.bound[group] > largest {
                        largest = self.bound[group];
                    }
                }
            }
        }
        largest
    }

    /// Steps that one visit may make.
    pub(crate) fn most_steps(&self, plan: &Plan<T>) -> u64 {
        match plan.strategy {
            Strategy::Cyclic | Strategy::CyclicShuffled => self.n_values(plan) as u64,
            _ => plan.steps_per_visit as u64,
        }
    }

    /// Makes up to `n` steps that are nearly the largest: goes through the groups in rounds and steps wherever |dz|
    /// exceeds a fraction (`Plan::greed`) of the largest bound at the beginning of the round.
    fn rounds(&mut self, plan: &Plan<T>, tol: T, n: usize, made: &mut Vec<Step<T>>, visit: &mut Visit<T>) {
        loop {
            let best = self.bound(plan);
            if best <= tol {
                return;
            }
            // Less than `best`, even where that is infinite or next to zero.
            let enough = plan.greed * best;
            let enough = if tol < enough && enough < best { enough } else { tol };
            let mut next = 0;
            while let Some(group) = T::first_above(plan.isa, &self.bound, next, enough) {
                next = group + 1;
                while self.bound[group] > enough {
                    let Some((index, listed)) = self.measure_above(plan, group, enough) else {
                        break;
                    };
                    if visit.steps == n || is_over(visit.steps) {
                        return;
                    }
                    if !self.step(plan, group, index, listed, made, visit) {
                        return;
                    }
                }
            }
        }
    }

    /// A coordinate of a group with |dz| > `enough`: its index in c, and its place in the list of non-zeros. If there
    /// is none the bound of the group is exact.
    fn measure_above(&mut self, plan: &Plan<T>, group: usize, enough: T) -> Option<(usize, Option<usize>)> {
        let zero = self.largest_excess(plan, group);
        if zero > enough {
            // Whatever the non-zeros are: |c| − μ is |dz| of one of them, too, when it is the largest.
            let index = self.locate_excess(plan, group, zero, 1)?;
            return Some((index, self.listed(group, index)));
        }
        let (best, listed) = self.largest_nonzero(plan, group, zero);
        self.lower(group, best);
        if best <= enough {
            return None;
        }
        // Above what zeros have: it is one of the list.
        let x = self.nonzeros[group].get(listed)?;
        Some((x.index as usize, Some(listed)))
    }

    /// The coordinate with the largest |dz| > tol, or one that is nearly as large (`Plan::greed`),
    /// as its group and index in c. Of equal ones the first in row-major order of (atom, position).
    fn greediest(&mut self, plan: &Plan<T>, tol: T) -> Option<(usize, usize)> {
        // The best group among those looked at so far.
        let (mut known, mut known_group) = (T::NEG_INFINITY, 0);
        loop {
            let best = self.bound(plan);
            if best <= tol {
                return None;
            }
            if plan.greed < T::one() && known > tol && known >= plan.greed * best {
                return self.locate(plan, known_group, known).map(|index| (known_group, index));
            }
            let at_best = |&group: &usize| self.bound[group] == best;
            let mut candidates = (0..self.bound.len()).filter(at_best);
            let Some(group) = candidates.find(|group| !self.is_exact(*group)) else {
                // All that might be largest are.
                return self.first_of(plan, best);
            };
            self.measure(plan, group);
            if self.bound[group] > known {
                (known, known_group) = (self.bound[group], group);
            }
        }
    }

    /// Of the coordinates with |dz| = `size` the first in row-major order of (atom, position).
    fn first_of(&self, plan: &Plan<T>, size: T) -> Option<(usize, usize)> {
        let groups = (0..self.bound.len()).filter(|group| self.bound[*group] == size);
        let found = groups.filter_map(|g| Some((g, self.locate(plan, g, size)?)));
        // Positions of a tile are stored in row-major order.
        found.min_by_key(|(_, index)| (index % plan.n_atoms, index / plan.n_atoms))
    }

    /// Where a group has |dz| = `size`: the lowest atom, then the first position.
    fn locate(&self, plan: &Plan<T>, group: usize, size: T) -> Option<usize> {
        let n = plan.n_atoms;
        let zero = self.locate_excess(plan, group, size, n);
        let others = self.nonzeros[group].iter().filter(|x| self.size_of(plan, x) == size);
        // Positions of a tile are stored in row-major order.
        let candidates = others.map(|x| x.index as usize).chain(zero);
        candidates.min_by_key(|index| (index % n, index / n))
    }

    /// Goes once through all coordinates, group by group, in order or shuffled, and steps wherever
    /// |dz| > tol and `free` allows it.
    #[allow(clippy::too_many_arguments)]
    fn sweep(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        limit: usize,
        mut rng: Option<&mut Numbers>,
        made: &mut Vec<Step<T>>,
        visit: &mut Visit<T>,
        free: &mut dyn FnMut(Point, T) -> bool,
    ) {
        let mut order = |mut order: Vec<usize>| {
            if let Some(rng) = &mut rng {
                rng.shuffle(&mut order);
            }
            order
        };
        for group in order((0..self.bound.len()).collect()) {
            if self.bound[group] > tol && !self.is_exact(group) {
                self.measure(plan, group);
            }
            if self.bound[group] <= tol {
                continue;
            }
            if clock::over() {
                return;
            }
            let before = visit.steps;
            let mut locked = false;
            for index in order(self.indices(group)) {
                if visit.steps == limit {
                    return;
                }
                let size = self.size_at(plan, group, index);
                if size > tol {
                    if free(self.position(plan, index), size) {
                        let listed = self.listed(group, index);
                        self.step(plan, group, index, listed, made, visit);
                    } else {
                        locked = true;
                    }
                }
            }
            self.measure(plan, group);
            if visit.steps == before && self.bound[group] > tol && !locked {
                // Above the tolerance by rounding alone.
                self.bound[group] = tol;
            }
        }
    }

    /// Makes those bounds exact that may be the largest. Returns max |dz|.
    pub(crate) fn settle(&mut self, plan: &Plan<T>) -> T {
        let mut largest = T::NEG_INFINITY;
        for group in 0..self.bound.len() {
            if self.bound[group] > largest {
                self.measure(plan, group);
                largest = if self.bound[group] > largest { self.bound[group] } else { largest };
            }
        }
        largest
    }

    /// Largest |c| − μ (c − μ when z ≥ 0) of a group.
    #[inline(always)]
    fn largest_excess(&self, plan: &Plan<T>, group: usize) -> T {
        let place = (self.starts[group] as usize, self.rows);
        factors::largest_excess(self.factors.as_deref(), plan, &self.c, place)
    }

    /// Where that is `value`: the lowest of `n_atoms` atoms, then the first position.
    #[inline(always)]
    fn locate_excess(&self, plan: &Plan<T>, group: usize, value: T, n_atoms: usize) -> Option<usize> {
        let place = (self.starts[group] as usize, self.rows);
        factors::locate_excess(self.factors.as_deref(), plan, &self.c, place, value, n_atoms)
    }

    /// Looks at a group: makes its bound exact.
    pub(super) fn measure(&mut self, plan: &Plan<T>, group: usize) {
        let best = self.largest_excess(plan, group);
        let (best, _) = self.largest_nonzero(plan, group, best);
        self.lower(group, best);
    }

    /// Sets the bound of a group to what it has.
    #[inline(always)]
    pub(super) fn lower(&mut self, group: usize, best: T) {
        if self.bound[group] > self.wear.highest {
            self.wear.highest = self.bound[group];
        }
        self.bound[group] = best;
        self.seen[group] = best;
    }

    /// Whether the bound of a group is attained.
    pub(super) fn is_exact(&self, group: usize) -> bool {
        self.bound[group] == self.seen[group]
    }

    /// Largest |dz| of the non-zero coordinates of a group, and its place among them; or `best` if that is not less.
    #[inline]
    pub(super) fn largest_nonzero(&self, plan: &Plan<T>, group: usize, best: T) -> (T, usize) {
        let list = &self.nonzeros[group];
        // The precision is asked for once, not for each.
        let plain = |x: &NonZero<T>, c: T| {
            let (mu, weight) = (plan.mu[x.atom as usize], plan.weights[x.atom as usize]);
            step_size(plan.positive, c, x.z * weight, mu)
        };
        match &self.c {
            _ if self.weights.is_some() || self.factors.is_some() => {
                largest_step(list, best, |x| self.size_of(plan, x))
            }
            Correlations::Full(c) => largest_step(list, best, |x| plain(x, c[x.index as usize])),
            Correlations::Single(c) => largest_step(list, best, |x| plain(x, plan.unit.widen(c[x.index as usize]))),
        }
    }

    /// |dz| of a non-zero coordinate, if its c were this.
    #[inline]
    pub(super) fn size_with(&self, plan: &Plan<T>, x: &NonZero<T>, c: T) -> T {
        let (mu, z) = (
            factors::mu(self.factors.as_deref(), plan, x.index as usize, x.atom as usize),
            x.z * plan.weights[x.atom as usize],
        );
        match &self.weights {
            None => step_size(plan.positive, c, z, mu),
            Some(weights) => size(plan, c, z, weights.ratio(x.index as usize), mu),
        }
    }

    /// |dz| of a non-zero coordinate.
    #[inline]
    pub(super) fn size_of(&self, plan: &Plan<T>, x: &NonZero<T>) -> T {
        self.size_with(plan, x, self.c.get(plan, x.index as usize))
    }

    /// Global position of a value of c.
    pub(super) fn position(&self, plan: &Plan<T>, index: usize) -> Point {
        let at = unflatten(index / plan.n_atoms, &self.tile.stored(&plan.group));
        std::array::from_fn(|a| at[a] + self.tile.origin[a])
    }

    /// |dz| of any coordinate; NaN when it may not be chosen.
    fn size_at(&self, plan: &Plan<T>, group: usize, index: usize) -> T {
        let listed = self.nonzeros[group].iter().find(|x| x.index as usize == index);
        let mu = || factors::mu(self.factors.as_deref(), plan, index, index % plan.n_atoms);
        let zero = || step_size(plan.positive, self.c.get(plan, index), T::ZERO, mu());
        listed.map_or_else(zero, |x| self.size_of(plan, x))
    }

    /// Index and |dz| of the coordinates of a group with |dz| > tol, in order.
    fn above(&self, plan: &Plan<T>, group: usize, tol: T) -> Vec<(usize, T)> {
        let list = self.nonzeros[group].iter();
        let mut listed: Vec<_> = list.map(|x| (x.index as usize, self.size_of(plan, x))).collect();
        listed.sort_unstable_by_key(|(index, _)| *index);
        let mut listed = listed.into_iter().peekable();
        let rows = self.rows.starts(self.starts[group] as usize);
        let run = self.rows.run;
        let own = self.factors.as_deref();
        let indices = rows.flat_map(|first| (first..first + run).zip(factors::of_run(own, plan, first, run)));
        let sizes = indices.map(|(index, mu)| {
            let zero = || step_size(plan.positive, self.c.get(plan, index), T::ZERO, *mu);
            listed.next_if(|(at, _)| *at == index).unwrap_or_else(|| (index, zero()))
        });
        sizes.filter(|(_, size)| *size > tol).collect()
    }

    /// Steps at one coordinate, given by its atom and its position relative to the tile, if |dz| > tol
    /// there: a visit.
    #[inline]
    pub(crate) fn step_at(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        atom: usize,
        at: Point,
        made: &mut Vec<Step<T>>,
    ) -> Visit<T> {
        let [_, s1, s2] = self.tile.stored(&plan.group);
        let index = ((at[0] * s1 + at[1]) * s2 + at[2]) as usize * plan.n_atoms + atom;
        let group = self.group_of(plan, index);
        if !(self.bound[group] > tol && self.size_at(plan, group, index) > tol) {
            return Visit::default();
        }
        let mut visit = self.begin_visit(made);
        let listed = self.listed(group, index);
        self.step(plan, group, index, listed, made, &mut visit);
        visit
    }

    /// Calls `visit` with the position, relative to the tile, of every coordinate with |dz| > tol.
    pub(crate) fn for_each_above(&mut self, plan: &Plan<T>, tol: T, mut visit: impl FnMut(Point)) {
        let stored = self.tile.stored(&plan.group);
        for group in 0..self.bound.len() {
            self.measure(plan, group);
            if self.bound[group] > tol {
                for (index, _) in self.above(plan, group, tol) {
                    visit(unflatten(index / plan.n_atoms, &stored));
                }
            }
        }
    }

    /// Steps at coordinates drawn at random from those that are not yet within the tolerance and that
    /// `free` allows.
    #[allow(clippy::too_many_arguments)]
    fn random_steps(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        n: usize,
        mut rng: Numbers,
        made: &mut Vec<Step<T>>,
        visit: &mut Visit<T>,
        free: &mut dyn FnMut(Point, T) -> bool,
    ) {
        let mut eligible = Vec::new();
        for _ in 0..n {
            eligible.clear();
            let mut locked = false;
            for group in 0..self.bound.len() {
                if self.bound[group] > tol && !self.is_exact(group) {
                    self.measure(plan, group);
                }
                if self.bound[group] > tol {
                    for (index, size) in self.above(plan, group, tol) {
                        match free(self.position(plan, index), size) {
                            true => eligible.push(index),
                            false => locked = true,
                        }
                    }
                }
            }
            if eligible.is_empty() && locked {
                return;
            }
            if eligible.is_empty() {
                // Rounding alone may lift the bound of a group above the tolerance.
                for bound in self.bound.iter_mut().filter(|bound| **bound > tol) {
                    *bound = tol;
                }
                return;
            }
            let index = eligible[rng.below(eligible.len())];
            let group = self.group_of(plan, index);
            let listed = self.listed(group, index);
            self.step(plan, group, index, listed, made, visit);
        }
    }

    /// Random numbers of this visit: a function of seed, tile and visit alone, whichever thread
    /// makes it, and whichever signal of a batch it is for.
    fn generator(&self, plan: &Plan<T>) -> Numbers {
        Numbers::of_key(&[plan.seed, self.place, self.visits])
    }
}
