//! Bounds before sums: |c| is at most the norm of an atom times that of what it covers (`Cells`), and one look at the field gives
//! that for all tiles. Those where it is too small for what is asked are *quiet*: they are not correlated.
//!
//! Nothing depends on which tiles those are. Where the largest of something is asked for, tiles are correlated until it is above
//! the bounds of all that are left; where steps are, all whose bounds are not below the thresholds. A bound allows for the
//! rounding of c: a quiet tile would have taken no step, and none of its numbers would have been told.

use crate::base::error::Result;
use crate::clock;
use crate::csc::bound::Bound;
use crate::csc::descent::tile::survey::Survey;
use crate::csc::descent::tile::{Correlations, TileState, masks, quiet, ridge};
use crate::csc::encoder::placed::Placed;
use crate::linalg::Real;
use crate::linalg::cells::Cells;
use crate::linalg::correlate::Scratch;
use crate::threads::Team;

/// Room for the rounding of thresholds, and of what is compared with them.
const ROUNDED: f64 = 1e-5;

/// What a tile has that was correlated.
#[derive(Clone, Copy)]
pub(super) struct Found {
    /// Its place in the list of this rank.
    pub(super) index: usize,
    pub(super) signal: usize,
    /// Largest |c|·weight, and |c| (or c), as a survey finds them.
    pub(super) top: f64,
    pub(super) c: f64,
}

/// What signals are kept in, for as long as a solve takes.
pub(super) struct Precision {
    /// Signals whose c is in single precision.
    pub(super) single: Vec<bool>,
    /// What brings the signals into the range of single precision.
    pub(super) x_unit: f64,
    /// Tiles are correlated where bounds say that it matters; see `quiet`.
    pub(super) by_bounds: bool,
    /// They are not, in tests.
    pub(super) sums_all: bool,
}

impl Precision {
    pub(super) fn new(n_signals: usize) -> Self {
        Precision { single: vec![false; n_signals], x_unit: 1.0, by_bounds: false, sums_all: false }
    }
}

/// Tiles of which some are quiet, and what it takes to correlate them.
pub(super) struct Quiet<'e, T: Real> {
    pub(super) bound: &'e Bound<T>,
    pub(super) placed: &'e Placed<T>,
    pub(super) precision: &'e Precision,
    pub(super) team: &'e Team,
}

impl<T: Real> Quiet<'_, T> {
    /// Room to correlate a tile.
    pub(super) fn scratch(&self) -> Result<Scratch<T>> {
        let [some, others] = [true, false].map(|single| self.precision.single.contains(&single));
        self.bound.correlator().scratch(self.placed.grid().largest(), some, others)
    }

    /// Takes c from the tiles of the wanted signals, and finds the bounds of what they see in the window.
    pub(super) fn hush(&self, wanted: &(dyn Fn(usize) -> bool + Sync)) -> Result<()> {
        let (placed, signals) = (self.placed, self.placed.signals());
        let largest = &placed.window().largest;
        let hushed = self.team.for_each(
            placed.tiles().len(),
            || Ok(Cells::default()),
            |cells, index| {
                let mut state = placed.tiles().tile(index);
                let number = state.tile.signal;
                if !wanted(number) {
                    return Ok(());
                }
                // A squared penalty takes something of z from c.
                let known = self.precision.by_bounds && !(placed.is_residual() && quiet::is_active(&state));
                let tile = state.tile.seen_from(signals[number].origin);
                let norm = match known {
                    true => cells.largest_norm(&signals[number], &tile, placed.shape().atom, largest[number]),
                    false => f64::INFINITY,
                };
                quiet::set(&mut state, Some(norm));
                Ok(())
            },
        );
        hushed.map(drop)
    }

    /// Those quiet tiles that are needed, by their signal and norm.
    pub(super) fn select(&self, needed: &dyn Fn(usize, f64) -> bool) -> Vec<usize> {
        let states = self.placed.states().enumerate();
        let quiet = states.filter_map(|(index, state)| Some((index, state.tile.signal, quiet::norm(&state)?)));
        quiet.filter(|(_, signal, norm)| needed(*signal, *norm)).map(|(index, ..)| index).collect()
    }

    /// The first of the wanted signals to be looked at: those of which nothing is known, and of each signal the one with the largest
    /// norm.
    pub(super) fn first(&self, wanted: &dyn Fn(usize) -> bool) -> Vec<usize> {
        let mut largest = vec![(0.0, None); self.placed.shape().n_signals];
        for (index, state) in self.placed.states().enumerate() {
            let best = &mut largest[state.tile.signal];
            if let Some(norm) = quiet::norm(&state).filter(|norm| *norm < f64::INFINITY && *norm > best.0) {
                *best = (norm, Some(index));
            }
        }
        let unknown = self.select(&|signal, norm| wanted(signal) && norm == f64::INFINITY);
        let best = largest.into_iter().enumerate().filter(|(signal, _)| wanted(*signal));
        unknown.into_iter().chain(best.filter_map(|(_, (_, index))| index)).collect()
    }

    /// Correlates tiles. Says what is largest in each, if there are weights.
    pub(super) fn correlate(&self, tiles: &[usize], weights: &[f64]) -> Result<Vec<Found>> {
        if tiles.is_empty() {
            return Ok(Vec::new());
        }
        let state = || Ok((self.scratch()?, Vec::new()));
        let states = self.team.for_each(tiles.len(), state, |(scratch, found), place| {
            let mut guard = self.placed.tiles().tile(tiles[place]);
            let state = &mut *guard;
            self.fill(state, scratch)?;
            if !weights.is_empty() {
                let (top, c) = Survey { state, plan: self.bound.plan() }.largest_c(weights);
                found.push(Found { index: tiles[place], signal: state.tile.signal, top, c });
            }
            Ok(())
        });
        Ok(states?.into_iter().flat_map(|(_, found)| found).collect())
    }

    /// Says what is largest in each tile that has c.
    pub(super) fn survey(&self, weights: &[f64]) -> Result<Vec<Found>> {
        let work = |found: &mut Vec<Found>, index: usize| {
            let state = self.placed.tiles().tile(index);
            if quiet::norm(&state).is_none() {
                let (top, c) = Survey { state: &state, plan: self.bound.plan() }.largest_c(weights);
                found.push(Found { index, signal: state.tile.signal, top, c });
            }
            Ok(())
        };
        let found = self.team.for_each(self.placed.tiles().len(), || Ok(Vec::new()), work)?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Fills c of a tile with the correlation of the window with the atoms.
    fn fill(&self, state: &mut TileState<T>, scratch: &mut Scratch<T>) -> Result<()> {
        let (bound, placed, precision) = (self.bound, self.placed, self.precision);
        let number = state.tile.signal;
        state.make_room(bound.plan(), precision.single[number])?;
        let signal = &placed.signal(number);
        let tile = state.tile.seen_from(signal.origin);
        match &mut state.c {
            Correlations::Full(c) => bound.correlator().tile(signal, &tile, scratch, c),
            Correlations::Single(c) => bound.correlator().tile_single(signal, precision.x_unit, &tile, scratch, c),
        }
        masks::mask(state, bound.plan());
        if placed.is_residual() {
            ridge::subtract(state, bound.plan());
        }
        quiet::set(state, None);
        Ok(())
    }

    /// Makes c of a quiet tile that a step is about to reach, from the window as it was when the descent began.
    pub(super) fn wake(&self, state: &mut TileState<T>) -> Result<()> {
        let norm = quiet::norm(state);
        let filled = self.scratch().and_then(|mut scratch| self.fill(state, &mut scratch));
        if let Err(error) = filled.and_then(|()| clock::check()) {
            quiet::set(state, norm);
            return Err(error);
        }
        quiet::take_over(state, self.bound.plan());
        Ok(())
    }

    /// Correlates all tiles in which something may move by more than so much in each signal.
    pub(super) fn correlate_movable(&self, above: &[f64]) -> Result<()> {
        let (plan, analysis, window) = (self.bound.plan(), self.bound.analysis(), self.placed.window());
        // The largest norm with which nothing moves.
        let limit = |signal: usize| {
            let single = self.precision.single[signal];
            let of_atom = |(atom, norm): (usize, &f64)| {
                let most = (1.0 - ROUNDED) * (plan.mu[atom].wide() + above[signal]);
                (most - analysis.slack_of(single, window.largest[signal], atom)) / norm
            };
            let of_atoms = analysis.norms().iter().enumerate().filter(|(_, norm)| **norm > 0.0).map(of_atom);
            of_atoms.fold(f64::INFINITY, f64::min)
        };
        let limits: Vec<f64> = (0..self.placed.shape().n_signals).map(limit).collect();
        // What is rounded where thresholds are far apart is a matter of all c.
        let movable = self.select(&|signal, norm| plan.is_spread || norm > limits[signal] || norm == f64::INFINITY);
        self.correlate(&movable, &[]).map(drop)
    }

    /// What the largest |c|·weight of a tile is at most, given its signal and norm.
    pub(super) fn most(&self, signal: usize, norm: f64, weights: &[f64]) -> f64 {
        let (analysis, x) = (self.bound.analysis(), self.placed.window().largest[signal]);
        let single = self.precision.single[signal];
        let of_atom = |(atom, weight): (usize, &f64)| {
            let c = analysis.norms()[atom] * norm + analysis.slack_of(single, x, atom);
            if c > 0.0 { c * weight } else { 0.0 }
        };
        weights.iter().enumerate().map(of_atom).fold(0.0, f64::max) * (1.0 + ROUNDED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Numbers;
    use crate::csc::{Encoder, Info, Shape};
    use crate::grid::point::Point;
    use crate::linalg::{Dictionary, Field};
    use crate::options::solve::{Missing, Options, Proof, RegScale, Scale, Strategy};

    /// Signals that are mostly noise far below what is looked for, and atoms.
    struct Sparse {
        signal: &'static [i64],
        atom: &'static [i64],
        n_atoms: usize,
        n_signals: usize,
    }

    const FIELDS: [Sparse; 3] = [
        Sparse { signal: &[3000], atom: &[20], n_atoms: 3, n_signals: 2 },
        Sparse { signal: &[40, 260], atom: &[5, 6], n_atoms: 4, n_signals: 1 },
        Sparse { signal: &[13, 14, 140], atom: &[2, 3, 4], n_atoms: 2, n_signals: 1 },
    ];

    /// All that a solve says but times and bytes, z, and how many tiles have stayed quiet.
    fn solved<T: Real>(
        field: &Sparse,
        options: &Options,
        height: f64,
        sums_all: bool,
        threads: usize,
    ) -> (String, usize) {
        let shape =
            Shape::new(field.signal, field.n_signals as i64, 1, field.n_atoms as i64, field.atom, options).unwrap();
        let mut random = Numbers::of_key(&[7]);
        let mut value = || random.below(1 << 20) as f64 / (1 << 19) as f64 - 1.0;
        let n: i64 = field.atom.iter().product();
        let d: Vec<T> = (0..field.n_atoms as i64 * n).map(|_| T::of(value())).collect();
        let volume = field.signal.iter().product::<i64>() as usize;
        let mut x: Vec<f64> = (0..field.n_signals * volume).map(|_| 1e-3 * value()).collect();
        // Atoms from end to end, less and less of each: some are just above what is found, and some just below.
        let (signal, atom) = (shape.signal, shape.atom);
        for place in 0..12 {
            let mut at: Point = std::array::from_fn(|a| (value().abs() * (signal[a] - atom[a]) as f64) as i64);
            at[2] = place * (signal[2] - atom[2]) / 12;
            let (height, k) = (10f64.powf(-2.0 * place as f64 / 12.0), place as usize % field.n_atoms);
            for s in 0..n {
                let [i, j, l] = [s / (atom[1] * atom[2]), s / atom[2] % atom[1], s % atom[2]];
                let to = ((at[0] + i) * signal[1] + at[1] + j) * signal[2] + at[2] + l;
                x[to as usize] += height * d[k * n as usize + s as usize].wide();
            }
        }
        let mut noted = String::new();
        let d = Dictionary::full(field.n_atoms, 1, shape.atom, &d).unwrap();
        let mut encoder = Encoder::new(shape, d, options.clone(), threads).unwrap();
        encoder.precision.sums_all = sums_all;
        if options.missing == Missing::Nan {
            x.iter_mut().skip(90).step_by(97).for_each(|x| *x = f64::NAN);
        }
        for change in [0.0, 0.3] {
            x[volume / 4] += change;
            let x: Vec<T> = x.iter().map(|x| T::of(height * x)).collect();
            let x = Field::contiguous(&x, encoder.shape().signal);
            let (most, info) = (encoder.lambda_max(&x).unwrap(), encoder.solve(&x, None).unwrap());
            let info = Info { bytes: 0, bytes_gram: 0, seconds_gram: 0.0, seconds_waiting: 0.0, ..info };
            let info = Info { seconds: 0.0, seconds_correlate: 0.0, seconds_descend: 0.0, ..info };
            let info = Info { seconds_certify: 0.0, seconds_other: 0.0, ..info };
            noted += &format!("{most:?} {info:?}");
            for state in encoder.placed.states() {
                state.for_each_nonzero(encoder.bound.plan(), |at, atom, z| noted += &format!(" {at:?} {atom} {z:?}"));
            }
        }
        let quiet = encoder.placed.states().filter(|state| quiet::norm(state).is_some()).count();
        (noted, quiet)
    }

    /// Quiet tiles are as many as `quiet` says; none: that may be any number.
    fn check<T: Real>(what: &str, options: &Options, height: f64, quiet: Option<bool>) {
        for field in &FIELDS {
            let n = field.signal.len();
            let periodic = if options.periodic.is_empty() { Vec::new() } else { vec![true; n] };
            let mut options = Options { periodic, ..options.clone() };
            options.reg_per_atom.truncate(field.n_atoms);
            let (all, none) = solved::<T>(field, &options, height, true, 1);
            let ([one, two], some) = {
                let [(one, some), (two, same)] = [1, 2].map(|n| solved::<T>(field, &options, height, false, n));
                assert_eq!(some, same, "{what}, {n} axes");
                ([one, two], some)
            };
            assert!(one == all, "{what}, {n} axes:\n{one}\nwith all sums:\n{all}");
            assert!(two == all, "{what}, {n} axes, 2 threads");
            assert_eq!(none, 0);
            assert!(quiet.is_none_or(|quiet| quiet == (some > 0)), "{what}, {n} axes: {some} quiet tiles");
        }
    }

    #[test]
    fn quiet_tiles_change_nothing() {
        let usual = Options { tol: 1e-2, ..Options::default() };
        let all = [
            ("as usual", usual.clone()),
            ("fine", Options { tol: 1e-7, ..usual.clone() }),
            ("proven", Options { gap_tol: 1e-4, ..usual.clone() }),
            ("tightly proven", Options { proof: Proof::Tight, ..usual.clone() }),
            ("at random", Options { strategy: Strategy::Random, ..usual.clone() }),
            ("shuffled", Options { strategy: Strategy::CyclicShuffled, ..usual.clone() }),
            ("positive", Options { positive: true, ..usual.clone() }),
            ("ridge", Options { ridge: 0.3, ..usual.clone() }),
            ("periodic", Options { periodic: vec![true], ..usual.clone() }),
            ("cut short", Options { max_iter: 7, ..usual.clone() }),
            ("holes", Options { missing: Missing::Nan, ..usual.clone() }),
            ("warm", Options { warm_start: true, ..usual.clone() }),
            ("frozen", Options { warm_start: true, frozen_support: true, ..usual.clone() }),
            ("nothing found", Options { reg: 1.2, ..usual.clone() }),
            ("hardly anything", Options { reg: 0.9, ..usual.clone() }),
            (
                "absolute",
                Options { reg: 0.5, reg_scale: RegScale::Absolute, tol_scale: Scale::Absolute, ..usual.clone() },
            ),
        ];
        for (what, options) in &all {
            // Where nothing may be chosen the largest of nothing is looked for everywhere.
            check::<f64>(what, options, 1.0, (!options.frozen_support).then_some(true));
        }
        for (what, options) in all.iter().filter(|(_, options)| options.tol > 1e-3 && options.gap_tol == 0.0) {
            check::<f32>(what, options, 1.0, (!options.frozen_support).then_some(true));
        }
    }

    #[test]
    fn where_bounds_say_nothing_all_is_correlated() {
        let usual = Options { tol: 1e-2, ..Options::default() };
        let per_atom = Options { reg_scale: RegScale::PerAtom, ..usual.clone() };
        check::<f64>("per atom", &per_atom, 1.0, Some(false));
        let spread = Options { reg_per_atom: vec![0.1, 0.4, 0.1, 0.2, 0.3], ..usual.clone() };
        check::<f64>("spread", &spread, 1.0, Some(false));
        check::<f64>("no penalty", &Options { reg: 0.0, max_iter: 100, ..usual }, 1.0, Some(false));
    }

    #[test]
    fn bounds_hold_where_squares_are_no_numbers() {
        let usual = Options { tol: 1e-2, ..Options::default() };
        for height in [1e150, 1e-150] {
            check::<f64>("far from 1", &usual, height, Some(true));
        }
        for height in [1e15, 1e-15] {
            check::<f32>("far from 1", &usual, height, Some(true));
        }
        for height in [1e-305, 1e-300] {
            check::<f64>("next to nothing", &usual, height, None);
        }
        check::<f32>("next to nothing", &usual, 1e-36, None);
    }
}
