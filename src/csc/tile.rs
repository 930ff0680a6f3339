//! Coordinate descent inside one tile (DICOD, section 3; DiCoDiLe, section 3.2), with lazy updates.
//!
//! A tile keeps c = D ⋆ (X − D∗z), scaled by 1/n_k, and z for its positions, cut into *groups*: small
//! boxes of positions with all their atoms, contiguous in memory, atoms innermost.
//!
//! Steps are not applied to c at once. They go to the tile's log, and a group that a step touches
//! remembers it in a bit mask; its *bound* on max |dz| grows by |δ| times the largest entry of the
//! Gram tensor that meets the group, because |dz| moves no faster than c. Only when a group has the
//! largest bound are its steps applied, in order, and the bound made exact: the coordinate with the
//! largest |dz| of the tile is found without looking at most of it, and it is the same coordinate,
//! with the same bits of c, as if every step had been applied everywhere at once.

use super::options::Strategy;
use crate::error::Result;
use crate::grid::tiles::{AXES, Point, Tile};
use crate::linalg::kernels::{
    Isa, largest, largest_step, locate, multiversion, soft_threshold, step_size, subtract_scaled,
};
use crate::linalg::{Gram, Real};
use crate::memory::{self, Aligned};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A change of one coordinate: z += delta at (atom, position).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step<T> {
    /// Position on the padded axes: global outside of a tile, relative to its origin in its log.
    pub at: [i32; AXES],
    /// Atom.
    pub atom: u32,
    /// The change.
    pub delta: T,
}

/// Steps that wait in a tile's log at most: one bit each in a group's mask.
const LOG: usize = u64::BITS as usize;

/// Shape of a group for problems with `n_axes` real axes and K atoms: runs long enough to vectorise,
/// groups small enough for tight bounds.
pub(crate) fn group_shape(valid: Point, n_atoms: usize) -> Point {
    let real = |axis: usize| if valid[axis] > 1 { 2 } else { 1 };
    if valid[0] == 1 && valid[1] == 1 {
        // Multiples of 8 positions are whole vectors whatever K is.
        let positions = (256 / n_atoms as i64).clamp(8, 32);
        return [1, 1, positions / 8 * 8];
    }
    if valid[0] == 1 {
        return [1, 4, 8];
    }
    [real(0), real(1), 8]
}

/// What all tiles of a solve share, read only.
pub(crate) struct Plan<T> {
    pub(crate) n_atoms: usize,
    pub(crate) atom: Point,
    pub(crate) group: Point,
    /// G with row k scaled by 1/n_k.
    pub(crate) gram: Vec<T>,
    /// Largest |G| that a step of atom k0 has over a group, by the group's place relative to the
    /// step: (k0, place…), extent 2L − 1 + group − 1 per axis.
    reach: Vec<T>,
    reach_shape: [usize; AXES],
    /// λ_k / n_k for each value of a group.
    pub(crate) mu: Vec<T>,
    pub(crate) isa: Isa,
    pub(crate) positive: bool,
    pub(crate) strategy: Strategy,
    pub(crate) seed: u64,
    /// Steps per visit at most.
    pub(crate) steps_per_visit: usize,
}

impl<T: Real> Plan<T> {
    /// `scale` is 1/n_k.
    pub(crate) fn new(gram: &Gram<T>, scale: &[T], group: Point) -> Result<Self> {
        let n_atoms = gram.n_atoms;
        let group_values = group.iter().product::<i64>() as usize * n_atoms;
        let mut values = memory::zeroed("the Gram tensor", gram.values.len())?;
        for (row, from) in values
            .chunks_exact_mut(n_atoms)
            .zip(gram.values.chunks_exact(n_atoms))
        {
            for ((to, g), s) in row.iter_mut().zip(from).zip(scale) {
                *to = *g * *s;
            }
        }
        let (reach, reach_shape) = Self::reach_table(&values, n_atoms, gram.window, group)?;
        Ok(Plan {
            n_atoms,
            atom: gram.atom,
            group,
            gram: values,
            reach,
            reach_shape,
            mu: memory::zeroed("thresholds", group_values)?,
            isa: Isa::detect(),
            positive: false,
            strategy: Strategy::LocallyGreedy,
            seed: 0,
            steps_per_visit: 1,
        })
    }

    /// Sets μ_k = λ_k / n_k.
    pub(crate) fn set_thresholds(&mut self, lambda: &[f64], norms: &[T]) {
        let mu: Vec<T> = lambda
            .iter()
            .zip(norms)
            .map(|(l, n)| T::of(*l) / *n)
            .collect();
        for (to, mu) in self.mu.iter_mut().zip(mu.iter().cycle()) {
            *to = *mu;
        }
    }

    pub(crate) fn gram_bytes(&self) -> usize {
        (self.gram.capacity() + self.reach.capacity()) * size_of::<T>()
    }

    /// Values of a group.
    pub(crate) fn group_len(&self) -> usize {
        self.mu.len()
    }

    fn reach_table(
        gram: &[T],
        n_atoms: usize,
        window: Point,
        group: Point,
    ) -> Result<(Vec<T>, [usize; AXES])> {
        let larger = |a: T, b: T| if a > b { a } else { b };
        let w = window.map(|w| w as usize);
        let g = group.map(|g| g as usize);
        // Rounding of c and of the bounds must not make a bound too small.
        let inflate = T::one() + T::of(64.0) * T::EPSILON;
        let mut table: Vec<T> = memory::zeroed("bounds", gram.len() / n_atoms)?;
        for (to, row) in table.iter_mut().zip(gram.chunks_exact(n_atoms)) {
            *to = row.iter().fold(T::ZERO, |m, x| larger(x.abs(), m)) * inflate;
        }
        // Sliding maximum over the group's extent, one axis after the other.
        let mut shape = w;
        for axis in 0..AXES {
            let (n, b) = (shape[axis], g[axis]);
            let inner: usize = shape[axis + 1..].iter().product();
            let outer = table.len() / (n * inner);
            let wide = n + b - 1;
            let mut next = memory::zeroed("bounds", outer * wide * inner)?;
            for o in 0..outer {
                for place in 0..wide {
                    for from in (place + 1).saturating_sub(b)..=place.min(n - 1) {
                        for i in 0..inner {
                            let to: &mut T = &mut next[(o * wide + place) * inner + i];
                            *to = larger(table[(o * n + from) * inner + i], *to);
                        }
                    }
                }
            }
            shape[axis] = wide;
            table = next;
        }
        Ok((table, shape))
    }
}

/// What a visit of a tile did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Visit<T> {
    pub(crate) steps: usize,
    /// Bound on max |dz| over the tile afterwards.
    pub(crate) bound: T,
    /// Largest |z| that was set.
    pub(crate) largest_z: T,
}

/// State of one tile.
pub(crate) struct TileState<T> {
    pub(crate) tile: Tile,
    /// Shifts under which the tile's own steps come back to it around a period.
    images: Vec<Point>,
    index: u64,
    visits: u64,
    /// Scaled correlation; NaN where a coordinate may not be chosen.
    pub(crate) c: Aligned<T>,
    pub(crate) z: Aligned<T>,
    /// Number of z ≠ 0 per group.
    nonzeros: Vec<u32>,
    /// Upper bound on max |dz| per group (below zero: distance from moving).
    bound: Vec<T>,
    /// The bound is exact.
    exact: Vec<bool>,
    /// Steps of the log that have not been applied, per group.
    pending: Vec<u64>,
    log: Vec<Step<T>>,
    /// One bit per coordinate that must stay zero; empty when none must.
    frozen: Vec<u64>,
}

impl<T: Real> TileState<T> {
    pub(crate) fn new(
        tile: Tile,
        images: Vec<Point>,
        index: usize,
        group_len: usize,
    ) -> Result<Self> {
        let what = "the tiles of z";
        let n = tile.n_groups();
        let mut log = Vec::new();
        memory::reserve(what, &mut log, LOG)?;
        Ok(TileState {
            images,
            index: index as u64,
            visits: 0,
            c: Aligned::zeroed(what, n * group_len)?,
            z: Aligned::zeroed(what, n * group_len)?,
            nonzeros: memory::zeroed(what, n)?,
            bound: memory::zeroed(what, n)?,
            exact: memory::zeroed(what, n)?,
            pending: memory::zeroed(what, n)?,
            log,
            frozen: Vec::new(),
            tile,
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.c.bytes()
            + self.z.bytes()
            + self.nonzeros.capacity() * size_of::<u32>()
            + self.bound.capacity() * size_of::<T>()
            + self.exact.capacity()
            + (self.pending.capacity() + self.frozen.capacity()) * size_of::<u64>()
            + self.log.capacity() * size_of::<Step<T>>()
            + size_of::<Self>()
    }

    /// Upper bound on max |dz| as far as the tile has heard.
    pub(crate) fn bound(&self) -> T {
        largest(&self.bound)
    }

    /// Remembers which coordinates are zero now, to keep them so; or forgets it.
    pub(crate) fn freeze(&mut self, frozen: bool) -> Result<()> {
        self.frozen.clear();
        if frozen {
            let words = self.z.len().div_ceil(LOG);
            memory::reserve("the frozen support", &mut self.frozen, words)?;
            self.frozen.resize(words, 0);
            for (i, z) in self.z.iter().enumerate() {
                self.frozen[i / LOG] |= u64::from(*z == T::ZERO) << (i % LOG);
            }
        }
        Ok(())
    }

    /// Marks what may not be chosen in a new c: frozen coordinates, and positions beyond the end of
    /// the domain.
    pub(crate) fn mask(&mut self, plan: &Plan<T>) {
        for (word, c) in self.frozen.iter().zip(self.c.chunks_mut(LOG)) {
            for (i, c) in c.iter_mut().enumerate() {
                if word >> i & 1 == 1 {
                    *c = T::NAN;
                }
            }
        }
        if (0..AXES).all(|a| self.tile.shape[a] % plan.group[a] == 0) {
            return;
        }
        for group in 0..self.bound.len() {
            let origin = self.tile.group_origin(group, &plan.group);
            if (0..AXES).all(|a| origin[a] + plan.group[a] <= self.tile.shape[a]) {
                continue;
            }
            for inner in 0..plan.group_len() {
                let at = self.position(plan, group, inner);
                if (0..AXES).any(|a| at[a] >= self.tile.shape[a]) {
                    self.c[group * plan.group_len() + inner] = T::NAN;
                }
            }
        }
    }

    /// Takes over a new c: forgets pending steps, makes every bound exact.
    pub(crate) fn restart(&mut self, plan: &Plan<T>) -> T {
        self.log.clear();
        self.pending.fill(0);
        self.recount(plan);
        for group in 0..self.bound.len() {
            self.measure(plan, group);
        }
        largest(&self.bound)
    }

    /// Hears of a neighbour's steps; `shift` takes their positions to this side of a period.
    pub(crate) fn hear(&mut self, plan: &Plan<T>, steps: &[Step<T>], shift: Point) {
        multiversion!(plan.isa, <T>(
            state: &mut TileState<T> = self,
            plan: &Plan<T> = plan,
            steps: &[Step<T>] = steps,
            shift: Point = shift,
        ) -> () { TileState::<T>::hear_all })
    }

    /// Visits the tile: makes steps and writes them to `made`, with global positions.
    pub(crate) fn visit(&mut self, plan: &Plan<T>, tol: T, made: &mut Vec<Step<T>>) -> Visit<T> {
        made.clear();
        macro_rules! descend {
            ($positive:literal) => {
                multiversion!(plan.isa, <T>(
                    state: &mut TileState<T> = self,
                    plan: &Plan<T> = plan,
                    tol: T = tol,
                    made: &mut Vec<Step<T>> = made,
                ) -> Visit<T> { TileState::<T>::descend::<$positive> })
            };
        }
        let visit = if plan.positive {
            descend!(true)
        } else {
            descend!(false)
        };
        self.visits += 1;
        visit
    }

    #[inline(always)]
    fn hear_all(&mut self, plan: &Plan<T>, steps: &[Step<T>], shift: Point) {
        for step in steps {
            let at = std::array::from_fn(|a| {
                (i64::from(step.at[a]) + shift[a] - self.tile.origin[a]) as i32
            });
            self.enter(plan, Step { at, ..*step });
        }
    }

    #[inline(always)]
    fn descend<const POSITIVE: bool>(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        made: &mut Vec<Step<T>>,
    ) -> Visit<T> {
        let mut visit = Visit::default();
        match plan.strategy {
            Strategy::LocallyGreedy | Strategy::Greedy => {
                for _ in 0..plan.steps_per_visit {
                    let Some((group, inner)) = self.greediest::<POSITIVE>(plan, tol) else {
                        break;
                    };
                    self.step::<POSITIVE>(plan, tol, group, inner, made, &mut visit);
                }
            }
            Strategy::Random => self.random_steps::<POSITIVE>(plan, tol, made, &mut visit),
            Strategy::Cyclic => {
                for group in 0..self.bound.len() {
                    self.sweep_group::<POSITIVE>(plan, tol, group, None, made, &mut visit);
                }
            }
            Strategy::CyclicShuffled => {
                let mut rng = self.generator(plan);
                let mut groups: Vec<usize> = (0..self.bound.len()).collect();
                shuffle(&mut groups, &mut rng);
                for group in groups {
                    let rng = Some(&mut rng);
                    self.sweep_group::<POSITIVE>(plan, tol, group, rng, made, &mut visit);
                }
            }
        }
        visit.bound = largest(&self.bound);
        visit
    }

    /// The coordinate with the largest |dz| > tol: (group, index inside). Of equal ones the first
    /// in row-major order of (atom, position).
    #[inline(always)]
    fn greediest<const POSITIVE: bool>(
        &mut self,
        plan: &Plan<T>,
        tol: T,
    ) -> Option<(usize, usize)> {
        loop {
            let best = largest(&self.bound);
            if !(best > tol) {
                return None;
            }
            let mut found: Option<((usize, Point), usize, usize)> = None;
            let mut all_exact = true;
            for group in 0..self.bound.len() {
                if self.bound[group] != best {
                    continue;
                }
                if !self.exact[group] {
                    self.refresh::<POSITIVE>(plan, group);
                    all_exact = false;
                    // Most groups fall below the best: look again.
                    if self.bound[group] != best {
                        break;
                    }
                }
                if !all_exact {
                    continue;
                }
                let values = group * plan.group_len()..(group + 1) * plan.group_len();
                let (c, z) = (&self.c[values.clone()], &self.z[values]);
                let inner = locate::<T, POSITIVE>(c, z, &plan.mu, best, plan.n_atoms);
                // A bound is exact only if some coordinate has that |dz|.
                let Some(inner) = inner else { continue };
                let key = (inner % plan.n_atoms, self.position(plan, group, inner));
                if found.is_none_or(|first| key < first.0) {
                    found = Some((key, group, inner));
                }
            }
            if all_exact {
                debug_assert!(found.is_some(), "no coordinate has the exact bound");
                return found.map(|(_, group, inner)| (group, inner));
            }
        }
    }

    /// Position relative to the tile.
    fn position(&self, plan: &Plan<T>, group: usize, inner: usize) -> Point {
        let origin = self.tile.group_origin(group, &plan.group);
        let at = (inner / plan.n_atoms) as i64;
        let [_, b1, b2] = plan.group;
        let inside = [at / (b1 * b2), at / b2 % b1, at % b2];
        std::array::from_fn(|a| origin[a] + inside[a])
    }

    /// Moves one coordinate to its best value.
    #[inline(always)]
    fn step<const POSITIVE: bool>(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        group: usize,
        inner: usize,
        made: &mut Vec<Step<T>>,
        visit: &mut Visit<T>,
    ) {
        let index = group * plan.group_len() + inner;
        let old = self.z[index];
        let new = soft_threshold::<T, POSITIVE>(self.c[index] + old, plan.mu[inner]);
        let delta = new - old;
        if delta == T::ZERO {
            // The best change is lost in the rounding of z: there is nothing left to gain here.
            self.bound[group] = tol;
            return;
        }
        self.z[index] = new;
        if old == T::ZERO {
            self.nonzeros[group] += 1;
        } else if new == T::ZERO {
            self.nonzeros[group] -= 1;
        }
        let at = self.position(plan, group, inner).map(|x| x as i32);
        let atom = (inner % plan.n_atoms) as u32;
        self.enter(plan, Step { at, atom, delta });
        for image in 0..self.images.len() {
            let shift = self.images[image];
            let at = std::array::from_fn(|a| at[a] + shift[a] as i32);
            self.enter(plan, Step { at, atom, delta });
        }
        made.push(Step {
            at: std::array::from_fn(|a| at[a] + self.tile.origin[a] as i32),
            atom,
            delta,
        });
        visit.steps += 1;
        let size = new.abs();
        if size > visit.largest_z {
            visit.largest_z = size;
        }
    }

    /// Enters a step, relative to the tile, in the log, and raises the bounds of the groups that it
    /// touches.
    #[inline(always)]
    fn enter(&mut self, plan: &Plan<T>, step: Step<T>) {
        if self.log.len() == LOG {
            for group in 0..self.pending.len() {
                self.apply_pending(plan, group);
            }
            self.log.clear();
        }
        let bit = 1 << self.log.len();
        let mut first = [0; AXES];
        let mut last = [0; AXES];
        for a in 0..AXES {
            let (at, reach) = (i64::from(step.at[a]), plan.atom[a] - 1);
            first[a] = (at - reach).max(0) / plan.group[a];
            last[a] = ((at + reach).div_euclid(plan.group[a]) + 1).min(self.tile.groups[a]);
            if first[a] >= last[a] {
                return;
            }
        }
        self.log.push(step);
        let size = step.delta.abs();
        // The table's origin is the group farthest below the step that it still touches.
        let place = |a: usize, group: i64| {
            (group * plan.group[a] - i64::from(step.at[a]) + plan.atom[a] + plan.group[a] - 2)
                as usize
        };
        let [r0, r1, r2] = plan.reach_shape;
        let [_, g1, g2] = self.tile.groups;
        let stride = plan.group[2] as usize;
        for i in first[0]..last[0] {
            for j in first[1]..last[1] {
                let row = (step.atom as usize * r0 + place(0, i)) * r1 + place(1, j);
                let start = row * r2 + place(2, first[2]);
                let group = ((i * g1 + j) * g2 + first[2]) as usize;
                let n = (last[2] - first[2]) as usize;
                let table = plan.reach[start..].iter().step_by(stride);
                let bounds = &mut self.bound[group..group + n];
                for (bound, reach) in bounds.iter_mut().zip(table) {
                    *bound += size * *reach;
                }
                self.pending[group..group + n]
                    .iter_mut()
                    .for_each(|p| *p |= bit);
                self.exact[group..group + n].fill(false);
            }
        }
    }

    /// Applies a group's pending steps in order and makes its bound exact.
    #[inline(always)]
    fn refresh<const POSITIVE: bool>(&mut self, plan: &Plan<T>, group: usize) {
        self.apply_pending(plan, group);
        self.measure_as::<POSITIVE>(plan, group);
    }

    fn measure(&mut self, plan: &Plan<T>, group: usize) {
        if plan.positive {
            self.measure_as::<true>(plan, group);
        } else {
            self.measure_as::<false>(plan, group);
        }
    }

    #[inline(always)]
    fn measure_as<const POSITIVE: bool>(&mut self, plan: &Plan<T>, group: usize) {
        let values = group * plan.group_len()..(group + 1) * plan.group_len();
        let z = (self.nonzeros[group] > 0).then(|| &self.z[values.clone()]);
        self.bound[group] = largest_step::<T, POSITIVE>(&self.c[values.clone()], z, &plan.mu);
        self.exact[group] = true;
    }

    #[inline(always)]
    fn apply_pending(&mut self, plan: &Plan<T>, group: usize) {
        let mut bits = std::mem::take(&mut self.pending[group]);
        if bits == 0 {
            return;
        }
        let origin = self.tile.group_origin(group, &plan.group);
        let len = plan.group_len();
        let c = &mut self.c[group * len..(group + 1) * len];
        while bits != 0 {
            let step = &self.log[bits.trailing_zeros() as usize];
            bits &= bits - 1;
            apply(plan, c, origin, step);
        }
    }

    /// Goes once through a group's coordinates, in order or shuffled, and steps wherever
    /// |dz| > tol.
    #[inline(always)]
    fn sweep_group<const POSITIVE: bool>(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        group: usize,
        rng: Option<&mut ChaCha8Rng>,
        made: &mut Vec<Step<T>>,
        visit: &mut Visit<T>,
    ) {
        if !(self.bound[group] > tol) {
            return;
        }
        self.refresh::<POSITIVE>(plan, group);
        if !(self.bound[group] > tol) {
            return;
        }
        let first = group * plan.group_len();
        let mut order: Vec<usize> = (0..plan.group_len()).collect();
        if let Some(rng) = rng {
            shuffle(&mut order, rng);
        }
        for inner in order {
            let (c, z) = (self.c[first + inner], self.z[first + inner]);
            if step_size::<T, POSITIVE>(c, z, plan.mu[inner]) > tol {
                self.step::<POSITIVE>(plan, tol, group, inner, made, visit);
                self.apply_pending(plan, group);
            }
        }
        self.measure_as::<POSITIVE>(plan, group);
    }

    /// Goes once through all coordinates in row-major order of (atom, position), as the published
    /// cyclic selection does, and steps wherever |dz| > tol.
    pub(crate) fn sweep_atoms_first(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        made: &mut Vec<Step<T>>,
    ) -> Visit<T> {
        if plan.positive {
            self.sweep_atoms_first_as::<true>(plan, tol, made)
        } else {
            self.sweep_atoms_first_as::<false>(plan, tol, made)
        }
    }

    fn sweep_atoms_first_as<const POSITIVE: bool>(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        made: &mut Vec<Step<T>>,
    ) -> Visit<T> {
        let mut visit = Visit::default();
        let [n0, n1, n2] = self.tile.shape;
        let rows = (0..n0).flat_map(|i| (0..n1).map(move |j| (i, j)));
        for atom in 0..plan.n_atoms {
            for (i, j) in rows.clone() {
                for k in 0..n2 {
                    let (group, inner) = self.locate_position(plan, [i, j, k]);
                    if !(self.bound[group] > tol) {
                        continue;
                    }
                    if !self.exact[group] {
                        self.refresh::<POSITIVE>(plan, group);
                    }
                    let inner = inner + atom;
                    let index = group * plan.group_len() + inner;
                    let (c, z) = (self.c[index], self.z[index]);
                    if step_size::<T, POSITIVE>(c, z, plan.mu[inner]) > tol {
                        self.step::<POSITIVE>(plan, tol, group, inner, made, &mut visit);
                    }
                }
            }
        }
        for group in 0..self.bound.len() {
            if self.bound[group] > tol {
                self.refresh::<POSITIVE>(plan, group);
            }
        }
        visit.bound = largest(&self.bound);
        visit
    }

    /// The group of a position relative to the tile, and the index of its first atom inside.
    pub(crate) fn locate_position(&self, plan: &Plan<T>, at: Point) -> (usize, usize) {
        let [b0, b1, b2] = plan.group;
        let [_, g1, g2] = self.tile.groups;
        let group = (at[0] / b0 * g1 + at[1] / b1) * g2 + at[2] / b2;
        let inner = ((at[0] % b0) * b1 + at[1] % b1) * b2 + at[2] % b2;
        (group as usize, inner as usize * plan.n_atoms)
    }

    /// Calls `visit` with (position relative to the tile, index of its first atom in c and z) for
    /// every position of the tile.
    pub(crate) fn for_each_position(&self, plan: &Plan<T>, mut visit: impl FnMut(Point, usize)) {
        let [n0, n1, n2] = self.tile.shape;
        for i in 0..n0 {
            for j in 0..n1 {
                for k in 0..n2 {
                    let (group, inner) = self.locate_position(plan, [i, j, k]);
                    visit([i, j, k], group * plan.group_len() + inner);
                }
            }
        }
    }

    /// Calls `visit` with (position relative to the tile, atom, value) for every z ≠ 0, in the
    /// order of memory.
    pub(crate) fn for_each_nonzero(&self, plan: &Plan<T>, mut visit: impl FnMut(Point, usize, T)) {
        let len = plan.group_len();
        for (group, z) in self.z.chunks_exact(len).enumerate() {
            if self.nonzeros[group] == 0 {
                continue;
            }
            for (inner, value) in z.iter().enumerate() {
                if *value != T::ZERO {
                    visit(
                        self.position(plan, group, inner),
                        inner % plan.n_atoms,
                        *value,
                    );
                }
            }
        }
    }

    /// Counts the z ≠ 0 again after z was written from outside.
    pub(crate) fn recount(&mut self, plan: &Plan<T>) {
        let len = plan.group_len();
        for (count, z) in self.nonzeros.iter_mut().zip(self.z.chunks_exact(len)) {
            *count = z.iter().filter(|z| **z != T::ZERO).count() as u32;
        }
    }

    /// Number of z ≠ 0.
    pub(crate) fn n_nonzero(&self) -> usize {
        self.nonzeros.iter().map(|n| *n as usize).sum()
    }

    /// Steps at coordinates drawn at random from those that are not yet within the tolerance.
    #[inline(always)]
    fn random_steps<const POSITIVE: bool>(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        made: &mut Vec<Step<T>>,
        visit: &mut Visit<T>,
    ) {
        let mut rng = self.generator(plan);
        let mut eligible = Vec::new();
        for _ in 0..plan.steps_per_visit {
            eligible.clear();
            for group in 0..self.bound.len() {
                if self.bound[group] > tol && !self.exact[group] {
                    self.refresh::<POSITIVE>(plan, group);
                }
                if self.bound[group] > tol {
                    eligible.push(group);
                }
            }
            if eligible.is_empty() {
                return;
            }
            let group = eligible[below(&mut rng, eligible.len())];
            let first = group * plan.group_len();
            let candidates: Vec<usize> = (0..plan.group_len())
                .filter(|&inner| {
                    let (c, z) = (self.c[first + inner], self.z[first + inner]);
                    step_size::<T, POSITIVE>(c, z, plan.mu[inner]) > tol
                })
                .collect();
            let inner = candidates[below(&mut rng, candidates.len())];
            self.step::<POSITIVE>(plan, tol, group, inner, made, visit);
        }
    }

    /// Random numbers of this visit: a function of seed, tile and visit alone, whichever thread
    /// makes it.
    fn generator(&self, plan: &Plan<T>) -> ChaCha8Rng {
        let mut key = [0; 32];
        for (to, from) in key
            .chunks_exact_mut(8)
            .zip([plan.seed, self.index, self.visits])
        {
            to.copy_from_slice(&from.to_le_bytes());
        }
        ChaCha8Rng::from_seed(key)
    }
}

/// c −= δ·G over the part of a group that a step touches.
#[inline(always)]
fn apply<T: Real>(plan: &Plan<T>, c: &mut [T], origin: Point, step: &Step<T>) {
    let n_atoms = plan.n_atoms;
    let mut low = [0; AXES];
    let mut high = [0; AXES];
    let mut from = [0; AXES];
    for a in 0..AXES {
        // Place of the group's first position in the window of the step.
        from[a] = origin[a] - i64::from(step.at[a]) + plan.atom[a] - 1;
        low[a] = (-from[a]).max(0);
        high[a] = (2 * plan.atom[a] - 1 - from[a]).min(plan.group[a]);
    }
    if low[2] >= high[2] {
        return;
    }
    let window = [
        2 * plan.atom[0] - 1,
        2 * plan.atom[1] - 1,
        2 * plan.atom[2] - 1,
    ];
    let run = (high[2] - low[2]) as usize * n_atoms;
    for i in low[0]..high[0] {
        for j in low[1]..high[1] {
            let row = (i64::from(step.atom) * window[0] + from[0] + i) * window[1] + from[1] + j;
            let g = (row * window[2] + from[2] + low[2]) as usize * n_atoms;
            let to = ((i * plan.group[1] + j) * plan.group[2] + low[2]) as usize * n_atoms;
            subtract_scaled(&mut c[to..to + run], &plan.gram[g..g + run], step.delta);
        }
    }
}

/// A number in 0..n. The bias of 2^−64·n is far below anything that could be seen.
fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}

fn shuffle(values: &mut [usize], rng: &mut ChaCha8Rng) {
    for i in (1..values.len()).rev() {
        values.swap(i, below(rng, i + 1));
    }
}
