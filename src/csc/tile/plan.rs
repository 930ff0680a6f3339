//! What all tiles of a solve share: Gram tensor, thresholds, and how to choose steps.

use super::unflatten;
use crate::csc::options::Strategy;
use crate::error::Result;
use crate::grid::tiles::{AXES, Point};
use crate::linalg::kernels::Isa;
use crate::linalg::{Gram, Real};
use crate::memory;

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
    pub(super) window: [usize; AXES],
    pub(crate) group: Point,
    /// The group's lengths are powers of two.
    pub(super) group_log2: [u32; AXES],
    /// G with row k scaled by 1/n_k, in the layout of [`Gram`].
    pub(super) gram: Table<T>,
    /// Largest |G| that a step of atom k0 has over a group: (k0, place of the step in its own group…,
    /// group relative to that one…), the latter from −`reach_radius` on.
    pub(super) reach: Vec<T>,
    pub(super) reach_radius: Point,
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
pub(super) enum Table<T> {
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
