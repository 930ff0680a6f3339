//! What all tiles of a solve share: Gram tensor, thresholds, and how to choose steps.

use crate::base::error::Result;
use crate::base::memory;
use crate::clock::{self, Looks};
use crate::csc::descent::tile::table::Table;
use crate::csc::descent::tile::taps::Taps;
use crate::csc::problem::scaling::{Ridge, Scaling};
use crate::grid::point::{AXES, Point};
use crate::linalg::kernels::Isa;
use crate::linalg::{Dictionary, Gram, Real, Scalar};
use crate::options::solve::Strategy;

/// What all tiles of a solve share, read only.
pub(crate) struct Plan<T> {
    pub(crate) n_atoms: usize,
    pub(crate) atom: Point,
    /// What a step may reach: 2L − 1.
    pub(super) window: [usize; AXES],
    /// How far a step of each atom reaches forwards, by the atom's own shape; backwards all reach L − 1.
    pub(super) ahead: Vec<Ahead>,
    pub(crate) group: Point,
    /// The group's lengths are powers of two.
    pub(super) group_log2: [u32; AXES],
    /// G with row k scaled as c is, in the layout of [`Gram`].
    pub(super) gram: Table<T>,
    /// Largest |G| that a step of atom k0 has over a group: (k0, place of the step in its own group…,
    /// group relative to that one…), the latter from −`reach_radius` on.
    pub(super) reach: Vec<T>,
    pub(super) reach_radius: Point,
    /// What z is multiplied by to be compared with c, per atom, and its inverse: see `Scaling`.
    pub(crate) weights: Vec<T>,
    pub(super) inverse_weights: Vec<T>,
    /// What λ_k takes from c, for each value of a run of a group.
    pub(crate) mu: Vec<T>,
    /// The same in single precision, in its unit.
    pub(super) mu_single: Vec<f32>,
    /// The squared penalty of each atom; empty: there is none.
    pub(crate) ridges: Vec<Ridge>,
    /// What steps take from c where samples have weights, if some do.
    pub(super) taps: Option<Taps<T>>,
    /// The largest weight of a sample.
    pub(crate) heaviest: T,
    /// The thresholds are far apart.
    pub(crate) is_spread: bool,
    /// Every bit of every step is as if written down from the definition.
    pub(crate) exact: bool,
    /// What a step is divided by for the caller: see `Scaling::least`.
    pub(crate) step_unit: f64,
    /// Below this a |dz| is lost where numbers are so small that rounding is no longer relative.
    least: f64,
    /// Of what is in single precision.
    pub(crate) unit: Unit<T>,
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

/// How far a step reaches forwards: positions, and groups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead {
    pub(super) positions: Point,
    pub(super) groups: Point,
}

/// A factor with which values go over to single precision: a power of two, so that nothing is rounded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit<T> {
    factor: T,
    inverse: T,
}

impl<T: Real> Unit<T> {
    pub(crate) fn new(factor: f64) -> Self {
        Unit { factor: T::of(factor), inverse: T::of(1.0 / factor) }
    }

    /// To single precision.
    #[inline(always)]
    pub(super) fn narrow(&self, value: T) -> f32 {
        (value * self.factor).wide() as f32
    }

    /// From single precision.
    #[inline(always)]
    pub(super) fn widen(&self, value: f32) -> T {
        T::of(value.wide()) * self.inverse
    }
}

impl<T: Real> Plan<T> {
    /// `exact`: every bit of every step as if written down from the definition.
    pub(crate) fn new(gram: &Gram<f64>, scaling: &Scaling<T>, group: Point, exact: bool) -> Result<Self> {
        let n_atoms = gram.n_atoms;
        let scale = scaling.scale();
        let what = "the Gram tensor";
        let isa = Isa::detect();
        let mut reach = memory::zeroed(what, gram.values.len() / n_atoms)?;
        let rows = gram.values.chunks_exact(n_atoms);
        let (table, epsilon) = if exact || size_of::<T>() == size_of::<f32>() {
            let mut values = Vec::new();
            memory::reserve(what, &mut values, gram.values.len())?;
            let mut looks = Looks::every(n_atoms);
            for row in rows.take_while(|_| !looks.over()) {
                values.extend(row.iter().zip(&scale).map(|(g, s)| T::of(g * s.wide())));
            }
            clock::check()?;
            (Table::Full(values), T::EPSILON)
        } else {
            let mut values = Vec::new();
            memory::reserve(what, &mut values, gram.values.len())?;
            let mut looks = Looks::every(n_atoms);
            for row in rows.take_while(|_| !looks.over()) {
                values.extend(row.iter().zip(&scale).map(|(g, s)| (g * s.wide()) as f32));
            }
            clock::check()?;
            (Table::Single(values), T::of(f32::EPSILON.into()))
        };
        let least_normal = match T::of(f64::MIN_POSITIVE) > T::ZERO {
            true => f64::MIN_POSITIVE,
            false => f32::MIN_POSITIVE.into(),
        };
        // Rounding of c and of the bounds must not make a bound too small.
        let inflate = T::one() + T::of(64.0) * epsilon;
        match &table {
            Table::Full(g) => largest_of_rows(g, n_atoms, |g| g, &mut reach),
            Table::Single(g) => largest_of_rows(g, n_atoms, |g| T::of(g.wide()), &mut reach),
        }
        reach.iter_mut().for_each(|g| *g *= inflate);
        let (reach, reach_radius) = by_group(isa, &reach, gram.atom, group)?;
        Ok(Plan {
            n_atoms,
            atom: gram.atom,
            window: gram.window.map(|n| n as usize),
            ahead: gram
                .ahead
                .iter()
                .map(|ahead| Ahead { positions: *ahead, groups: in_groups(*ahead, group) })
                .collect(),
            group,
            group_log2: group.map(|n| n.trailing_zeros()),
            gram: table,
            reach,
            reach_radius,
            weights: scaling.weights().to_vec(),
            inverse_weights: scaling.weights().iter().map(|w| T::one() / *w).collect(),
            mu: memory::zeroed("thresholds", group[2] as usize * n_atoms)?,
            mu_single: memory::zeroed("thresholds", group[2] as usize * n_atoms)?,
            ridges: scaling.ridges(),
            taps: None,
            heaviest: T::one(),
            is_spread: false,
            exact,
            step_unit: scaling.least(),
            least: least_normal * scaling.spread().0,
            unit: Unit::new(1.0),
            isa,
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

    /// What the squared penalty takes from the scaled c of a z.
    pub(crate) fn of_ridge(&self, atom: usize, z: T) -> f64 {
        self.ridges.get(atom).map_or(0.0, |ridge| ridge.own * (z.wide() * self.weights[atom].wide()))
    }

    /// Sets μ_k.
    pub(crate) fn set_thresholds(&mut self, mu: &[T]) {
        for (to, mu) in self.mu.iter_mut().zip(mu.iter().cycle()) {
            *to = *mu;
        }
        for (to, mu) in self.mu_single.iter_mut().zip(&self.mu) {
            *to = self.unit.narrow(*mu);
        }
        let largest = self.largest_mu();
        self.is_spread = mu.iter().any(|mu| largest > *mu + *mu);
    }

    /// The largest threshold.
    pub(super) fn largest_mu(&self) -> T {
        self.mu.iter().fold(T::ZERO, |most, mu| if *mu > most { *mu } else { most })
    }

    /// Steps below this, some units of rounding in c and z of such a magnitude, gain nothing.
    pub(crate) fn rounding(&self, magnitude: f64) -> f64 {
        (16.0 * T::EPSILON.wide() * magnitude).max(self.least)
    }

    pub(crate) fn gram_bytes(&self) -> usize {
        self.gram.bytes() + self.reach.capacity() * size_of::<T>()
    }

    /// Bytes of what is there for weights of samples.
    pub(crate) fn bytes_of_taps(&self) -> usize {
        self.taps.as_ref().map_or(0, Taps::bytes)
    }

    /// Makes ready for weights of samples, where atoms are those that the Gram tensor is of. Tells whether it was not.
    pub(crate) fn admit_weights(&mut self, dictionary: &Dictionary<T>, scaling: &Scaling<T>) -> Result<bool> {
        if self.taps.is_some() {
            return Ok(false);
        }
        self.taps = Some(Taps::new(dictionary, scaling, self.exact)?);
        Ok(true)
    }
}

/// Largest |values| of rows of `n`.
fn largest_of_rows<T: Real, G: Real>(g: &[G], n: usize, widen: impl Fn(G) -> T, largest: &mut [T]) {
    for (to, row) in largest.iter_mut().zip(g.chunks_exact(n)) {
        let larger = |most: G, g: &G| if g.abs() > most { g.abs() } else { most };
        *to = widen(row.iter().fold(G::ZERO, larger));
    }
}

/// Groups that lie on the way of so many positions, wherever it begins in one.
fn in_groups(positions: Point, group: Point) -> Point {
    std::array::from_fn(|a| (positions[a] + group[a] - 1) / group[a])
}

/// Largest values of a (k0, τ…) table over groups: (k0, place of the step in its group…, group…). Axis by axis: places
/// and groups of those that are done come after the shifts of those that are not.
fn by_group<T: Real>(isa: Isa, table: &[T], atom: Point, group: Point) -> Result<(Vec<T>, Point)> {
    let radius = in_groups(atom.map(|l| l - 1), group);
    let count = radius.map(|r| 2 * r + 1);
    let window = atom.map(|l| 2 * l - 1);
    let volume = |shape: Point| shape.iter().product::<i64>() as usize;
    let n_atoms = table.len() / volume(window);
    let what = "bounds";
    let mut reach: Vec<T> = memory::zeroed(what, n_atoms * volume(group) * volume(count))?;
    let mut by_shift = table.to_vec();
    // Values of (places…, groups…) of the axes that are done.
    let mut inner = 1;
    for axis in (0..AXES).rev() {
        let [places, groups, shifts] = [group[axis], count[axis], window[axis]];
        let outer = by_shift.len() / (shifts as usize * inner);
        let mut by_group = memory::zeroed(what, outer * (places * groups) as usize * inner)?;
        let pages = by_shift.chunks_exact(shifts as usize * inner);
        let mut looks = Looks::every(shifts as usize * inner);
        for (from, to) in pages.zip(by_group.chunks_exact_mut((places * groups) as usize * inner)) {
            if looks.over() {
                break;
            }
            for (index, to) in to.chunks_exact_mut(inner).enumerate() {
                // The shifts that take a step from this place in its group to that group.
                let (place, at) = (index as i64 / groups, index as i64 % groups);
                let first = (at - radius[axis]) * places + (atom[axis] - 1) - place;
                let last = (first + places).min(shifts);
                let from = &from[first.clamp(0, shifts) as usize * inner..last.max(0) as usize * inner];
                if inner == 1 && !from.is_empty() {
                    to[0] = T::largest(isa, from);
                    continue;
                }
                for from in from.chunks_exact(inner) {
                    for (to, from) in to.iter_mut().zip(from) {
                        *to = if *from > *to { *from } else { *to };
                    }
                }
            }
        }
        by_shift = by_group;
        inner *= (places * groups) as usize;
    }
    // (place, group) of each axis in turn; places come first.
    let [[p0, p1, p2], [c0, c1, c2]] = [group, count].map(|n| n.map(|n| n as usize));
    let mut to = reach.chunks_exact_mut(c2);
    for k0 in 0..n_atoms {
        for i in 0..p0 {
            for j in 0..p1 {
                for k in 0..p2 {
                    for (at0, at1) in (0..c0).flat_map(|i| (0..c1).map(move |j| (i, j))) {
                        let row = ((k0 * p0 + i) * c0 + at0) * p1 + j;
                        let row = ((row * c1 + at1) * p2 + k) * c2;
                        if let Some(to) = to.next() {
                            to.copy_from_slice(&by_shift[row..row + c2]);
                        }
                    }
                }
            }
        }
    }
    clock::check().map(|()| (reach, radius))
}
