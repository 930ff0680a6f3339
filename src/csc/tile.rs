//! Coordinate descent inside one tile (DICOD, section 3; DiCoDiLe, section 3.2).
//!
//! A tile keeps c = D ⋆ (X − D∗z), scaled by 1/n_k, for its positions: row-major, atoms innermost,
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

use super::options::Strategy;
use crate::error::{Error, Result};
use crate::grid::tiles::{AXES, Point, Tile, checked_volume};
use crate::linalg::kernels::{Isa, Rows, step_size, threshold};
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

/// Shape of a group, powers of two, for problems with `n_axes` real axes and K atoms: runs long enough to vectorise,
/// groups small enough for tight bounds.
pub(crate) fn group_shape(valid: Point, n_atoms: usize) -> Point {
    let real = |axis: usize| if valid[axis] > 1 { 4 } else { 1 };
    if valid[0] == 1 && valid[1] == 1 {
        let positions = (640 / n_atoms).clamp(16, 64).next_power_of_two();
        return [1, 1, positions as i64];
    }
    if valid[0] == 1 {
        // Positions with few atoms are cheap to look at.
        return if n_atoms <= 8 { [1, 8, 8] } else { [1, 4, 16] };
    }
    [real(0), real(1), 8]
}

/// Extent of a tile, at least, so that it is worth a visit.
pub(crate) fn least_tile(n_axes: usize) -> Point {
    match n_axes {
        1 => [1, 1, 384],
        2 => [1, 32, 32],
        _ => [12, 12, 24],
    }
}

/// What all tiles of a solve share, read only.
pub(crate) struct Plan<T> {
    pub(crate) n_atoms: usize,
    pub(crate) atom: Point,
    /// What a step reaches: 2L − 1.
    window: [usize; AXES],
    pub(crate) group: Point,
    /// The group's lengths are powers of two.
    group_log2: [u32; AXES],
    /// G with row k scaled by 1/n_k, in the layout of [`Gram`].
    gram: Table<T>,
    /// Largest |G| that a step of atom k0 has over a group: (k0, place of the step in its own group…,
    /// group relative to that one…), the latter from −`reach_radius` on.
    reach: Vec<T>,
    reach_radius: Point,
    /// λ_k / n_k for each value of a run of a group.
    pub(crate) mu: Vec<T>,
    pub(crate) isa: Isa,
    pub(crate) positive: bool,
    pub(crate) strategy: Strategy,
    pub(crate) seed: u64,
    /// Steps per visit at most.
    pub(crate) steps_per_visit: usize,
    /// A step is taken at once if its |dz| is at least this fraction of what any other coordinate
    /// might have, now or at the beginning of the round: 1 is strictly greedy, without rounds.
    pub(crate) greed: T,
}

/// The scaled Gram tensor as the solver reads it.
///
/// Single precision halves the memory traffic of a step, which is what bounds the speed. It costs
/// no accuracy: the certificate computes c anew in full precision, and where that shows a step
/// larger than the tolerance the descent goes on from there, with errors as small as its steps.
enum Table<T> {
    Full(Vec<T>),
    Single(Vec<f32>),
}

impl<T: Real> Plan<T> {
    /// `scale` is 1/n_k. `exact`: every bit of every step as if written down from the definition.
    pub(crate) fn new(gram: &Gram<T>, scale: &[T], group: Point, exact: bool) -> Result<Self> {
        let n_atoms = gram.n_atoms;
        let what = "the Gram tensor";
        let mut reach = memory::zeroed(what, gram.values.len() / n_atoms)?;
        let scaled = gram
            .values
            .chunks_exact(n_atoms)
            .flat_map(|row| row.iter().zip(scale).map(|(g, s)| *g * *s));
        let table = if exact || size_of::<T>() == size_of::<f32>() {
            let mut values = Vec::new();
            memory::reserve(what, &mut values, gram.values.len())?;
            values.extend(scaled);
            Table::Full(values)
        } else {
            let mut values = Vec::new();
            memory::reserve(what, &mut values, gram.values.len())?;
            values.extend(scaled.map(|g| g.wide() as f32));
            Table::Single(values)
        };
        // Rounding of c and of the bounds must not make a bound too small.
        let inflate = T::one() + T::of(64.0) * T::EPSILON;
        let mut largest = |row: usize, g: T| {
            let to: &mut T = &mut reach[row];
            let g = g.abs() * inflate;
            if g > *to {
                *to = g;
            }
        };
        match &table {
            Table::Full(g) => {
                for (row, values) in g.chunks_exact(n_atoms).enumerate() {
                    values.iter().for_each(|g| largest(row, *g));
                }
            }
            Table::Single(g) => {
                for (row, values) in g.chunks_exact(n_atoms).enumerate() {
                    values
                        .iter()
                        .for_each(|g| largest(row, T::of(f64::from(*g))));
                }
            }
        }
        let (reach, reach_radius) = by_group(&reach, gram.atom, group)?;
        Ok(Plan {
            n_atoms,
            atom: gram.atom,
            window: gram.window.map(|n| n as usize),
            group,
            group_log2: group.map(|n| n.trailing_zeros()),
            gram: table,
            reach,
            reach_radius,
            mu: memory::zeroed("thresholds", group[2] as usize * n_atoms)?,
            isa: Isa::detect(),
            positive: false,
            strategy: Strategy::LocallyGreedy,
            seed: 0,
            steps_per_visit: 1,
            greed: T::one(),
        })
    }

    /// No longer looks for the very largest |dz|, which costs more than it saves. What is near enough was
    /// measured: along a single axis, where neighbouring positions and atoms are much alike, it has to be nearly
    /// the largest, and the cheaper a step, the less it has to be the right one.
    pub(crate) fn relax(&mut self, n_axes: usize) {
        let greedy = matches!(self.strategy, Strategy::LocallyGreedy | Strategy::Greedy);
        let values = self.window.iter().product::<usize>() * self.n_atoms;
        let (greed, steps) = match n_axes {
            _ if !greedy => (1.0, 16),
            1 => (0.95, 64),
            _ if values < 4096 => (0.6, 64),
            2 => (0.65, 32),
            _ => (0.8, 32),
        };
        (self.greed, self.steps_per_visit) = (T::of(greed), steps);
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

    /// Whether the Gram tensor is kept in full precision.
    pub(crate) fn is_exact(&self) -> bool {
        matches!(self.gram, Table::Full(_))
    }

    pub(crate) fn gram_bytes(&self) -> usize {
        let table = match &self.gram {
            Table::Full(g) => g.capacity() * size_of::<T>(),
            Table::Single(g) => g.capacity() * size_of::<f32>(),
        };
        table + self.reach.capacity() * size_of::<T>()
    }
}

/// Largest values of a (k0, τ…) table over groups: (k0, place of the step in its group…, group…).
fn by_group<T: Real>(table: &[T], atom: Point, group: Point) -> Result<(Vec<T>, Point)> {
    let radius: Point = std::array::from_fn(|a| (atom[a] + group[a] - 2) / group[a]);
    let count = radius.map(|r| 2 * r + 1);
    let window = atom.map(|l| 2 * l - 1);
    let volume = |shape: Point| shape.iter().product::<i64>() as usize;
    let n_atoms = table.len() / volume(window);
    let per_atom = volume(group) * volume(count);
    let mut reach = memory::zeroed("bounds", n_atoms * per_atom)?;
    for (from, to) in table
        .chunks_exact(volume(window))
        .zip(reach.chunks_exact_mut(per_atom))
    {
        for (place, to) in to.chunks_exact_mut(volume(count)).enumerate() {
            let place = unflatten(place, &group);
            for (row, values) in from.chunks_exact(window[2] as usize).enumerate() {
                let at = [row as i64 / window[1], row as i64 % window[1]];
                let [i, j]: [i64; 2] = std::array::from_fn(|a| {
                    (place[a] + at[a] - (atom[a] - 1)).div_euclid(group[a]) + radius[a]
                });
                let to = &mut to[((i * count[1] + j) * count[2]) as usize..];
                for (l, value) in values.iter().enumerate() {
                    let l = (place[2] + l as i64 - (atom[2] - 1)).div_euclid(group[2]) + radius[2];
                    let to: &mut T = &mut to[l as usize];
                    if *value > *to {
                        *to = *value;
                    }
                }
            }
        }
    }
    Ok((reach, radius))
}

/// What a visit of a tile did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Visit<T> {
    pub(crate) steps: usize,
    /// Bound on max |dz| over the tile afterwards.
    pub(crate) bound: T,
    /// Largest |z| that was set, or was to be set.
    pub(crate) largest_z: T,
}

/// A coordinate with z ≠ 0.
#[derive(Clone, Copy)]
struct NonZero<T> {
    /// Index in the tile's c.
    index: u32,
    atom: u32,
    /// Where the steps of this coordinate stand in the outbox, if they are from this visit.
    sent: u32,
    z: T,
}

/// Not in the outbox.
const NONE: u32 = u32::MAX;

/// State of one tile.
pub(crate) struct TileState<T> {
    pub(crate) tile: Tile,
    /// Shifts under which the tile's own steps come back to it around a period.
    images: Vec<Point>,
    index: u64,
    visits: u64,
    /// Scaled correlation; NaN where a coordinate may not be chosen.
    pub(crate) c: Aligned<T>,
    /// Non-zero coordinates by group.
    nonzeros: Vec<Vec<NonZero<T>>>,
    /// Only coordinates that are listed in `nonzeros` may be chosen, and they stay listed.
    frozen: bool,
    /// Upper bound on max |dz| per group (below zero: how far the group is from moving).
    bound: Vec<T>,
    /// The bound is attained: the group has not been touched since it was looked at.
    exact: Vec<bool>,
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
        index: usize,
        group: &Point,
        n_atoms: usize,
    ) -> Result<Self> {
        let what = "the tiles of z";
        let n = tile.n_groups();
        let [s0, s1, s2] = tile.stored(group);
        let values = checked_volume(what, [s0, s1, s2, n_atoms as i64])?;
        if values > u32::MAX as usize {
            let allowed = "tiles of at most 2^32 - 1 values";
            return Err(Error::shape("tile_shape", tile.shape, allowed));
        }
        let mut starts = Vec::new();
        memory::reserve(what, &mut starts, n)?;
        starts.extend((0..n).map(|index| {
            let [i, j, k] = tile.group_origin(index, group);
            ((i * s1 + j) * s2 + k) as u32 * n_atoms as u32
        }));
        Ok(TileState {
            images,
            index: index as u64,
            visits: 0,
            c: Aligned::zeroed(what, values)?,
            nonzeros: memory::zeroed(what, n)?,
            frozen: false,
            bound: memory::zeroed(what, n)?,
            exact: memory::zeroed(what, n)?,
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
            + self.bound.capacity() * size_of::<T>()
            + self.exact.capacity()
            + self.starts.capacity() * size_of::<u32>()
            + size_of::<Self>()
    }

    /// Upper bound on max |dz| as far as the tile has heard.
    pub(crate) fn bound(&self, plan: &Plan<T>) -> T {
        T::largest(plan.isa, &self.bound)
    }

    /// From now on only coordinates that are non-zero now may be chosen, or all.
    pub(crate) fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// Marks what may not be chosen in a new c: frozen coordinates, and positions beyond the end of
    /// the domain.
    pub(crate) fn mask(&mut self, plan: &Plan<T>) {
        if self.frozen {
            let free = self.nonzeros.iter().flatten();
            let values: Vec<_> = free
                .map(|x| (x.index as usize, self.c[x.index as usize]))
                .collect();
            self.c.fill(T::NAN);
            for (index, value) in values {
                self.c[index] = value;
            }
            return;
        }
        let stored = self.tile.stored(&plan.group);
        if stored == self.tile.shape {
            return;
        }
        for (position, c) in self.c.chunks_exact_mut(plan.n_atoms).enumerate() {
            let at = unflatten(position, &stored);
            if (0..AXES).any(|a| at[a] >= self.tile.shape[a]) {
                c.fill(T::NAN);
            }
        }
    }

    /// Takes over a new c: makes every bound exact. Returns max |dz|.
    pub(crate) fn restart(&mut self, plan: &Plan<T>) -> T {
        for group in 0..self.bound.len() {
            self.measure(plan, group);
        }
        self.bound(plan)
    }

    /// Hears of a neighbour's steps; `shift` takes their positions to this side of a period.
    pub(crate) fn hear(&mut self, plan: &Plan<T>, steps: &[Step<T>], shift: Point) {
        let shift: [i32; AXES] = std::array::from_fn(|a| (shift[a] - self.tile.origin[a]) as i32);
        for step in steps {
            let at = std::array::from_fn(|a| step.at[a] + shift[a]);
            self.apply(plan, &Step { at, ..*step });
        }
    }

    /// Visits the tile: makes steps, `limit` at most, and writes them to `made`, with global
    /// positions.
    pub(crate) fn visit(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        limit: usize,
        made: &mut Vec<Step<T>>,
    ) -> Visit<T> {
        let mut visit = self.begin_visit(made);
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
                    if !self.step(plan, group, index, listed, made, &mut visit) {
                        break;
                    }
                }
            }
            _ => self.visit_ungreedily(plan, tol, limit, made, &mut visit, |_, _| true),
        }
        visit.bound = self.bound(plan);
        visit
    }

    /// Makes the steps of a strategy that does not ask for the largest, those that `free` allows,
    /// given their global position and |dz|.
    pub(crate) fn visit_ungreedily(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        limit: usize,
        made: &mut Vec<Step<T>>,
        visit: &mut Visit<T>,
        free: impl FnMut(Point, T) -> bool,
    ) {
        let mut rng = self.generator(plan);
        match plan.strategy {
            Strategy::Random => {
                let n = plan.steps_per_visit.min(limit);
                self.random_steps(plan, tol, n, rng, made, visit, free);
            }
            Strategy::CyclicShuffled => {
                self.sweep(plan, tol, limit, Some(&mut rng), made, visit, free)
            }
            _ => self.sweep(plan, tol, limit, None, made, visit, free),
        }
    }

    /// Number of the tile in the global grid.
    pub(crate) fn number(&self) -> u64 {
        self.index
    }

    /// Makes the largest step that `free` allows, given its global position and |dz|, if one is above
    /// the tolerance; of each group only the best is tried. Tells whether there was one.
    pub(crate) fn step_where_free(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        made: &mut Vec<Step<T>>,
        visit: &mut Visit<T>,
        mut free: impl FnMut(Point, T) -> bool,
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
                    if bound > tol && bound > largest && !self.exact[group] {
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

    /// Repeats the steps of another rank in its copy of the tile.
    pub(crate) fn mirror(&mut self, plan: &Plan<T>, steps: &[Step<T>]) {
        let [_, s1, s2] = self.tile.stored(&plan.group);
        for step in steps {
            let at: Point = std::array::from_fn(|a| i64::from(step.at[a]) - self.tile.origin[a]);
            let index = ((at[0] * s1 + at[1]) * s2 + at[2]) as usize * plan.n_atoms;
            let index = index + step.atom as usize;
            let group = self.group_of(plan, index);
            match self.listed(group, index) {
                Some(i) => {
                    let z = &mut self.nonzeros[group][i].z;
                    *z += step.delta;
                    if *z == T::ZERO && !self.frozen {
                        self.nonzeros[group].remove(i);
                    }
                }
                None => self.set_z(plan, at, step.atom as usize, step.delta),
            }
            self.apply(
                plan,
                &Step {
                    at: at.map(|x| x as i32),
                    ..*step
                },
            );
            for image in 0..self.images.len() {
                let shift = self.images[image];
                let at = std::array::from_fn(|a| (at[a] + shift[a]) as i32);
                self.apply(plan, &Step { at, ..*step });
            }
        }
    }

    /// Appends c and z, for [`TileState::read_from`].
    pub(crate) fn append_to(&self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(self.frozen));
        self.c.iter().for_each(|c| c.append_bytes(bytes));
        let list: Vec<_> = self.nonzeros.iter().flatten().collect();
        bytes.extend((list.len() as u32).to_le_bytes());
        for x in list {
            bytes.extend(x.index.to_le_bytes());
            x.z.append_bytes(bytes);
        }
    }

    /// Takes over c and z of the same tile on another rank. Returns what follows.
    pub(crate) fn read_from<'b>(&mut self, plan: &Plan<T>, bytes: &'b [u8]) -> Result<&'b [u8]> {
        let short = || Error::Communication("the copy of a tile is cut off".into());
        let (frozen, bytes) = bytes.split_first().ok_or_else(short)?;
        self.frozen = *frozen == 1;
        let size = size_of::<T>();
        let (c, bytes) = bytes
            .split_at_checked(self.c.len() * size)
            .ok_or_else(short)?;
        for (to, from) in self.c.iter_mut().zip(c.chunks_exact(size)) {
            *to = T::from_bytes(from);
        }
        let (n, bytes) = bytes.split_first_chunk::<4>().ok_or_else(short)?;
        let n = u32::from_le_bytes(*n) as usize * (4 + size);
        let (list, bytes) = bytes.split_at_checked(n).ok_or_else(short)?;
        for record in list.chunks_exact(4 + size) {
            let (index, z) = record.split_first_chunk::<4>().ok_or_else(short)?;
            let index = u32::from_le_bytes(*index);
            if index as usize >= self.c.len() {
                return Err(short());
            }
            let group = self.group_of(plan, index as usize);
            self.nonzeros[group].push(NonZero {
                index,
                atom: index % plan.n_atoms as u32,
                sent: NONE,
                z: T::from_bytes(z),
            });
        }
        self.restart(plan);
        Ok(bytes)
    }

    /// Steps that one visit may make.
    pub(crate) fn most_steps(&self, plan: &Plan<T>) -> u64 {
        match plan.strategy {
            Strategy::Cyclic | Strategy::CyclicShuffled => self.c.len() as u64,
            _ => plan.steps_per_visit as u64,
        }
    }

    pub(crate) fn begin_visit(&mut self, made: &mut Vec<Step<T>>) -> Visit<T> {
        made.clear();
        self.visits += 1;
        Visit::default()
    }

    /// Makes up to `n` steps that are nearly the largest: goes through the groups in rounds and steps wherever |dz|
    /// exceeds a fraction (`Plan::greed`) of the largest bound at the beginning of the round.
    fn rounds(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        n: usize,
        made: &mut Vec<Step<T>>,
        visit: &mut Visit<T>,
    ) {
        loop {
            let best = self.bound(plan);
            if best <= tol {
                return;
            }
            // Less than `best`, even where that is infinite or next to zero.
            let enough = plan.greed * best;
            let enough = if tol < enough && enough < best {
                enough
            } else {
                tol
            };
            for group in 0..self.bound.len() {
                while self.bound[group] > enough {
                    let Some((index, listed)) = self.measure_above(plan, group, enough) else {
                        break;
                    };
                    if visit.steps == n {
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
    fn measure_above(
        &mut self,
        plan: &Plan<T>,
        group: usize,
        enough: T,
    ) -> Option<(usize, Option<usize>)> {
        let (start, rows) = (self.starts[group] as usize, self.rows);
        let zero = T::largest_excess(plan.isa, plan.positive, &self.c, start, rows, &plan.mu);
        if zero > enough {
            // Whatever the non-zeros are: |c| − μ is |dz| of one of them, too, when it is the largest.
            let (c, mu) = (&self.c, &plan.mu);
            let index = T::locate_excess(plan.isa, plan.positive, c, start, rows, mu, zero, 1)?;
            return Some((index, self.listed(group, index)));
        }
        let best = self.largest_nonzero(plan, group, zero);
        self.bound[group] = best;
        self.exact[group] = true;
        if best <= enough {
            return None;
        }
        let list = &self.nonzeros[group];
        let listed = list.iter().position(|x| self.size_of(plan, x) == best)?;
        Some((list[listed].index as usize, Some(listed)))
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
                return self
                    .locate(plan, known_group, known)
                    .map(|index| (known_group, index));
            }
            let at_best = |&group: &usize| self.bound[group] == best;
            let mut candidates = (0..self.bound.len()).filter(at_best);
            let Some(group) = candidates.find(|group| !self.exact[*group]) else {
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

    /// Looks at a group: makes its bound exact.
    fn measure(&mut self, plan: &Plan<T>, group: usize) {
        let (start, rows) = (self.starts[group] as usize, self.rows);
        let best = T::largest_excess(plan.isa, plan.positive, &self.c, start, rows, &plan.mu);
        let best = self.largest_nonzero(plan, group, best);
        self.bound[group] = best;
        self.exact[group] = true;
    }

    /// Largest |dz| of the non-zero coordinates of a group, or `best` if that is not less.
    #[inline]
    fn largest_nonzero(&self, plan: &Plan<T>, group: usize, best: T) -> T {
        let sizes = self.nonzeros[group].iter().map(|x| self.size_of(plan, x));
        // Written for a maximum without branches: which one is the largest cannot be predicted.
        sizes.fold(best, |best, size| if size > best { size } else { best })
    }

    /// |dz| of a non-zero coordinate.
    #[inline]
    fn size_of(&self, plan: &Plan<T>, x: &NonZero<T>) -> T {
        let index = x.index as usize;
        step_size(plan.positive, self.c[index], x.z, plan.mu[x.atom as usize])
    }

    /// Where a group has |dz| = `size`: the lowest atom, then the first position.
    fn locate(&self, plan: &Plan<T>, group: usize, size: T) -> Option<usize> {
        let (start, rows) = (self.starts[group] as usize, self.rows);
        let (c, mu, n) = (&self.c, &plan.mu, plan.n_atoms);
        let zero = T::locate_excess(plan.isa, plan.positive, c, start, rows, mu, size, n);
        let others = self.nonzeros[group]
            .iter()
            .filter(|x| self.size_of(plan, x) == size);
        // Positions of a tile are stored in row-major order.
        let candidates = others.map(|x| x.index as usize).chain(zero);
        candidates.min_by_key(|index| (index % n, index / n))
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
        let list = &mut self.nonzeros[group];
        let (old, sent) = listed.map_or((T::ZERO, NONE), |i| (list[i].z, list[i].sent));
        let atom = index % plan.n_atoms;
        let new = threshold(plan.positive, self.c[index] + old, plan.mu[atom]);
        let delta = new - old;
        let size = new.abs();
        if size > visit.largest_z {
            visit.largest_z = size;
        }
        if delta == T::ZERO {
            // The best change is lost in the rounding of z: the tolerance has to rise to that.
            return false;
        }
        let at = unflatten(index / plan.n_atoms, &self.tile.stored(&plan.group)).map(|x| x as i32);
        let atom = atom as u32;
        // Neighbours hear once of a coordinate, with the sum of its steps.
        let global = std::array::from_fn(|a| at[a] + self.tile.origin[a] as i32);
        let step = Step {
            at: global,
            atom,
            delta,
        };
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
        match listed {
            Some(i) if new == T::ZERO && !self.frozen => {
                list.remove(i);
            }
            Some(i) => {
                list[i].z = new;
                list[i].sent = place;
            }
            None => list.push(NonZero {
                index: index as u32,
                atom,
                sent: place,
                z: new,
            }),
        }
        self.apply(plan, &Step { at, atom, delta });
        for image in 0..self.images.len() {
            let shift = self.images[image];
            let at = std::array::from_fn(|a| at[a] + shift[a] as i32);
            self.apply(plan, &Step { at, atom, delta });
        }
        visit.steps += 1;
        true
    }

    /// Applies a step, relative to the tile, as far as it reaches into it.
    #[inline]
    fn apply(&mut self, plan: &Plan<T>, step: &Step<T>) {
        // Most of what is heard does not: one test, and one comparison per axis.
        let near = |a: usize| {
            let radius = plan.atom[a] as u32 - 1;
            (step.at[a] as u32).wrapping_add(radius) < self.tile.shape[a] as u32 + 2 * radius
        };
        if near(0) & near(1) & near(2) {
            self.raise_bounds(plan, step);
            self.subtract(plan, step);
        }
    }

    /// c −= δ·G.
    fn subtract(&mut self, plan: &Plan<T>, step: &Step<T>) {
        let (n, strides) = (plan.n_atoms, self.rows.strides);
        let mut from = step.atom as usize;
        let mut low = [0; AXES];
        let mut count = [0; AXES];
        for a in 0..AXES {
            let (at, radius) = (step.at[a] as isize, plan.atom[a] as isize - 1);
            let first = (at - radius).max(0);
            count[a] = ((at + radius + 1).min(self.tile.shape[a] as isize) - first) as usize;
            low[a] = first as usize;
            // Place of the corner in the window of the step.
            from = from * plan.window[a] + (first - at + radius) as usize;
        }
        let rows = Rows {
            counts: [count[0], count[1]],
            strides,
            run: count[2] * n,
        };
        let to = low[0] * strides[0] + low[1] * strides[1] + low[2] * n;
        let [_, w1, w2] = plan.window;
        let (c, delta, from, strides) = (&mut self.c, step.delta, from * n, [w1 * w2 * n, w2 * n]);
        match &plan.gram {
            Table::Full(g) => T::subtract(plan.isa, c, to, rows, g, from, strides, delta),
            Table::Single(g) => T::subtract_single(plan.isa, c, to, rows, g, from, strides, delta),
        }
    }

    /// Raises the bounds of the groups that a step reaches.
    fn raise_bounds(&mut self, plan: &Plan<T>, step: &Step<T>) {
        let size = step.delta.abs();
        let mut phase = step.atom as usize;
        // Of the groups that a step can reach those in the tile, and the first one's place among them.
        let mut low = [0; AXES];
        let mut n = [0; AXES];
        let mut place = [0; AXES];
        let count = plan.reach_radius.map(|r| 2 * r as usize + 1);
        for a in 0..AXES {
            let (at, log2) = (step.at[a] as isize, plan.group_log2[a]);
            phase = phase << log2 | (at & (plan.group[a] as isize - 1)) as usize;
            let first = (at >> log2) - plan.reach_radius[a] as isize;
            low[a] = first.max(0) as usize;
            place[a] = (-first).max(0) as usize;
            let end = (first + count[a] as isize).min(self.tile.groups[a] as isize);
            n[a] = (end - first.max(0)) as usize;
        }
        let [_, g1, g2] = self.tile.groups.map(|g| g as usize);
        let mut table = ((phase * count[0] + place[0]) * count[1] + place[1]) * count[2] + place[2];
        let mut group = (low[0] * g1 + low[1]) * g2 + low[2];
        for _ in 0..n[0] {
            for j in 0..n[1] {
                let bounds = &mut self.bound[group + j * g2..][..n[2]];
                let exact = &mut self.exact[group + j * g2..][..n[2]];
                let reach = &plan.reach[table + j * count[2]..][..n[2]];
                for ((bound, exact), reach) in bounds.iter_mut().zip(exact).zip(reach) {
                    *bound += size * *reach;
                    *exact = false;
                }
            }
            table += count[1] * count[2];
            group += g1 * g2;
        }
    }

    /// Goes once through all coordinates, group by group, in order or shuffled, and steps wherever
    /// |dz| > tol and `free` allows it.
    #[allow(clippy::too_many_arguments)]
    fn sweep(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        limit: usize,
        mut rng: Option<&mut ChaCha8Rng>,
        made: &mut Vec<Step<T>>,
        visit: &mut Visit<T>,
        mut free: impl FnMut(Point, T) -> bool,
    ) {
        let mut order = |mut order: Vec<usize>| {
            if let Some(rng) = &mut rng {
                shuffle(&mut order, rng);
            }
            order
        };
        for group in order((0..self.bound.len()).collect()) {
            if self.bound[group] > tol && !self.exact[group] {
                self.measure(plan, group);
            }
            if self.bound[group] <= tol {
                continue;
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

    /// The values of a group, as indices in c.
    fn indices(&self, group: usize) -> Vec<usize> {
        let (start, rows) = (self.starts[group] as usize, self.rows);
        rows.starts(start)
            .flat_map(|first| first..first + rows.run)
            .collect()
    }

    /// Global position of a value of c.
    fn position(&self, plan: &Plan<T>, index: usize) -> Point {
        let at = unflatten(index / plan.n_atoms, &self.tile.stored(&plan.group));
        std::array::from_fn(|a| at[a] + self.tile.origin[a])
    }

    /// |dz| of any coordinate; NaN when it may not be chosen.
    fn size_at(&self, plan: &Plan<T>, group: usize, index: usize) -> T {
        let listed = self.nonzeros[group]
            .iter()
            .find(|x| x.index as usize == index);
        let z = listed.map_or(T::ZERO, |x| x.z);
        step_size(
            plan.positive,
            self.c[index],
            z,
            plan.mu[index % plan.n_atoms],
        )
    }

    /// Steps at one coordinate, given by its atom and its position relative to the tile, if |dz| > tol
    /// there. Tells whether it did.
    pub(crate) fn step_at(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        atom: usize,
        at: Point,
        made: &mut Vec<Step<T>>,
    ) -> bool {
        let [_, s1, s2] = self.tile.stored(&plan.group);
        let index = ((at[0] * s1 + at[1]) * s2 + at[2]) as usize * plan.n_atoms + atom;
        let group = self.group_of(plan, index);
        if !(self.bound[group] > tol && self.size_at(plan, group, index) > tol) {
            return false;
        }
        let mut visit = self.begin_visit(made);
        let listed = self.listed(group, index);
        self.step(plan, group, index, listed, made, &mut visit)
    }

    /// Calls `visit` with the position, relative to the tile, of every coordinate with |dz| > tol.
    pub(crate) fn for_each_above(&mut self, plan: &Plan<T>, tol: T, mut visit: impl FnMut(Point)) {
        let stored = self.tile.stored(&plan.group);
        for group in 0..self.bound.len() {
            self.measure(plan, group);
            if self.bound[group] > tol {
                let indices = self.indices(group).into_iter();
                for index in indices.filter(|i| self.size_at(plan, group, *i) > tol) {
                    visit(unflatten(index / plan.n_atoms, &stored));
                }
            }
        }
    }

    /// Calls `visit` with (position relative to the tile, atom, value) for every z ≠ 0.
    pub(crate) fn for_each_nonzero(&self, plan: &Plan<T>, mut visit: impl FnMut(Point, usize, T)) {
        let stored = self.tile.stored(&plan.group);
        for x in self.nonzeros.iter().flatten() {
            if x.z != T::ZERO {
                let index = x.index as usize;
                visit(
                    unflatten(index / plan.n_atoms, &stored),
                    index % plan.n_atoms,
                    x.z,
                );
            }
        }
    }

    /// Calls `visit` with the atom, value and c of each z ≠ 0.
    pub(crate) fn for_each_active(&self, plan: &Plan<T>, mut visit: impl FnMut(usize, T, T)) {
        for x in self.nonzeros.iter().flatten().filter(|x| x.z != T::ZERO) {
            let index = x.index as usize;
            visit(index % plan.n_atoms, x.z, self.c[index]);
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
        self.nonzeros[group].push(NonZero {
            index: index as u32,
            atom: atom as u32,
            sent: NONE,
            z,
        });
    }

    /// Number of z ≠ 0.
    pub(crate) fn n_nonzero(&self) -> usize {
        self.nonzeros
            .iter()
            .flatten()
            .filter(|x| x.z != T::ZERO)
            .count()
    }

    /// Steps at coordinates drawn at random from those that are not yet within the tolerance and that
    /// `free` allows.
    #[allow(clippy::too_many_arguments)]
    fn random_steps(
        &mut self,
        plan: &Plan<T>,
        tol: T,
        n: usize,
        mut rng: ChaCha8Rng,
        made: &mut Vec<Step<T>>,
        visit: &mut Visit<T>,
        mut free: impl FnMut(Point, T) -> bool,
    ) {
        let mut eligible = Vec::new();
        for _ in 0..n {
            eligible.clear();
            let mut locked = false;
            for group in 0..self.bound.len() {
                if self.bound[group] > tol && !self.exact[group] {
                    self.measure(plan, group);
                }
                if self.bound[group] > tol {
                    let indices = self.indices(group).into_iter();
                    eligible.extend(indices.filter(|i| {
                        let size = self.size_at(plan, group, *i);
                        let may = size > tol && free(self.position(plan, *i), size);
                        locked |= size > tol && !may;
                        may
                    }));
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
            let index = eligible[below(&mut rng, eligible.len())];
            let group = self.group_of(plan, index);
            let listed = self.listed(group, index);
            self.step(plan, group, index, listed, made, visit);
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

/// Position from a row-major index.
#[inline(always)]
fn unflatten(index: usize, shape: &Point) -> Point {
    // 32-bit division is much faster, and no tile is that large.
    let (index, n1, n2) = (index as u32, shape[1] as u32, shape[2] as u32);
    let row = index / n2;
    [
        i64::from(row / n1),
        i64::from(row % n1),
        i64::from(index % n2),
    ]
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
