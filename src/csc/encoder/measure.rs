//! Correlations of signal or residual with the atoms: computed tile by tile, in single precision where that is enough,
//! and anew, one by one, where a number that is reported depends on them.
//!
//! What is decided is decided signal by signal: each of a batch is coded as it would be alone.

use crate::base::error::Result;
use crate::csc::bound::Bound;
use crate::csc::descent::tile::survey::{Survey, for_each_large_step};
use crate::csc::descent::tile::{Coordinate, TileState, penalised};
use crate::csc::encoder::placed::Placed;
use crate::csc::encoder::quiet::{Found, Precision, Quiet};
use crate::linalg::correlate::Scratch;
use crate::linalg::{Field, Real};
use crate::threads::Team;

/// What [`Measure::correlate`] found in one signal, over all ranks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Largest {
    /// Largest |c|·weight (c·weight when z ≥ 0) of the coordinates that may be chosen.
    pub(super) weighted: f64,
    /// It is at most this, but for rounding in double precision.
    pub(super) bound: f64,
    /// About the largest |c| (or c).
    pub(super) c: f64,
    /// What c may be wrong by.
    pub(super) slack: f64,
    /// It may be rounding alone: the atoms have nothing to do with the signal.
    pub(super) noise: bool,
    /// Largest |x|.
    pub(super) x: f64,
}

/// Products that are soon summed up, one by one.
const MOST_TERMS: f64 = (1u64 << 26) as f64;

/// Looks at what a solve has so far, and changes no z: fills c, and finds what is largest.
pub(super) struct Measure<'e, T: Real> {
    pub(super) bound: &'e Bound<T>,
    pub(super) placed: &'e Placed<T>,
    pub(super) precision: &'e Precision,
    pub(super) team: &'e Team,
}

impl<T: Real> Measure<'_, T> {
    /// To look over a tile.
    pub(super) fn survey<'s>(&'s self, state: &'s TileState<T>) -> Survey<'s, T> {
        Survey { state, plan: self.bound.plan() }
    }

    /// To correlate tiles.
    pub(super) fn quiet(&self) -> Quiet<'_, T> {
        Quiet { bound: self.bound, placed: self.placed, precision: self.precision, team: self.team }
    }

    /// Room to correlate a tile.
    pub(super) fn scratch(&self) -> Result<Scratch<T>> {
        self.quiet().scratch()
    }

    /// Collective: fills c with the correlation of the window with the atoms. Says of each signal what was found.
    pub(super) fn correlate(&self, weights: &[f64]) -> Result<Vec<Largest>> {
        self.correlate_some(weights, &|_| true)
    }

    /// The same of the wanted signals.
    #[inline(never)]
    pub(super) fn correlate_some(
        &self,
        weights: &[f64],
        wanted: &(dyn Fn(usize) -> bool + Sync),
    ) -> Result<Vec<Largest>> {
        let n_signals = self.placed.shape().n_signals;
        let (ones, steepest) = (vec![1.0; weights.len()], self.steepest(weights));
        let hushed = self.quiet().hush(wanted);
        let tops = hushed.and_then(|()| self.quiet().correlate(&self.quiet().first(wanted), weights));
        let mut tops = self.placed.ranks().agree(tops)?;
        let mut all = self.largest_of(&tops)?;
        if self.precision.by_bounds {
            // All that may be larger, or near enough to be computed anew.
            let (of_signals, x) = all.split_at(2 * n_signals);
            let least = |signal: usize| self.least(of_signals[signal], self.slack(signal, x[signal], &steepest));
            let least: Vec<f64> = (0..n_signals).map(least).collect();
            let more = self.quiet().select(&|signal, norm| {
                let most = |weights| self.quiet().most(signal, norm, weights);
                let (weighted, c) = (most(weights), most(&ones));
                wanted(signal) && (weighted > 0.0 && weighted >= least[signal] || c > of_signals[n_signals + signal])
            });
            let more = self.quiet().correlate(&more, weights);
            tops.extend(self.placed.ranks().agree(more)?);
            all = self.largest_of(&tops)?;
        }
        let found = |signal: usize| {
            let [top, c, x] = [0, 1, 2].map(|i| all[i * n_signals + signal]);
            let slack = self.slack(signal, x, &steepest);
            Largest {
                weighted: top,
                bound: top + if self.is_single(signal) { slack } else { 0.0 },
                c,
                slack: self.slack(signal, x, &ones),
                noise: top <= 4.0 * slack,
                x,
            }
        };
        let mut found: Vec<Largest> = (0..n_signals).map(found).collect();
        let slack = |signal: &Largest, number| self.slack(number, signal.x, &steepest);
        let all_anew = self.all_anew();
        let decided = |(number, signal): (usize, &Largest)| {
            ((!signal.noise || all_anew) && signal.weighted.is_finite()).then(|| slack(signal, number))
        };
        let slacks: Vec<Option<f64>> = found.iter().enumerate().map(decided).collect();
        let largest = self.decide_c(&tops, &all[..n_signals], weights, &slacks)?;
        for ((to, largest), slack) in found.iter_mut().zip(largest).zip(slacks) {
            if slack.is_some() {
                (to.weighted, to.bound) = (largest, largest);
            }
        }
        Ok(found)
    }

    /// Collective: what is largest of each signal in tiles of all ranks: |c|·weight of all, then |c|, then |x|.
    pub(super) fn largest_of(&self, tops: &[Found]) -> Result<Vec<f64>> {
        let n = self.placed.shape().n_signals;
        let mut all = vec![0.0; 2 * n];
        for Found { signal, top, c, .. } in tops {
            all[*signal] = f64::max(all[*signal], *top);
            all[n + signal] = f64::max(all[n + signal], *c);
        }
        all.extend(&self.placed.window().largest);
        self.placed.ranks().largest(&all)
    }

    /// What the c of those |c|·weight are at least that might be the largest, which is `top` by a c that may be wrong by `slack`.
    pub(super) fn least(&self, top: f64, slack: f64) -> f64 {
        // Where a squared penalty has been taken from c, that is rounded once more.
        let once_more = if self.bound.plan().ridges.is_empty() { 0.0 } else { 8.0 * f64::from(f32::EPSILON) };
        (1.0 - once_more) * top - 2.0 * slack
    }

    /// Collective: the largest |c|·weight of each signal, each |c| that might be it computed anew. `tops` has the largest of
    /// each tile by the c that is there, `top` that of all ranks by signal, and they may be wrong by `slack`; nothing is
    /// done for signals without one.
    #[inline(never)]
    pub(super) fn decide_c(
        &self,
        tops: &[Found],
        top: &[f64],
        weights: &[f64],
        slack: &[Option<f64>],
    ) -> Result<Vec<f64>> {
        let signals = self.placed.signals();
        let least = |signal: usize| slack[signal].map(|slack| self.least(top[signal], slack));
        let state = || Ok((None, vec![0.0; signals.len()]));
        let states = self.team.for_each(tops.len(), state, |(scratch, most), place| {
            let Found { index, signal: number, top, .. } = tops[place];
            let state = self.placed.tiles().tile(index);
            let Some(least) = least(number).filter(|least| top >= *least) else {
                return Ok(());
            };
            let scratch = match scratch {
                Some(scratch) => scratch,
                None => scratch.insert(self.scratch()?),
            };
            self.survey(&state).for_each_large_c(weights, least, |coordinate, z, weight| {
                let c = self.exact(&signals[number], &coordinate, z, scratch);
                let c = if self.bound.plan().positive { c } else { c.abs() };
                most[number] = f64::max(most[number], c * weight);
            });
            Ok(())
        });
        self.over_all(signals.len(), states.map(|states| states.into_iter().map(|(_, most)| most).collect()))
    }

    /// Collective: the largest |D_k ⋆ r| of each atom (D_k ⋆ r when z ≥ 0) over all signals, in its own unit, each that might be
    /// it computed anew. And whether the c in single precision tell which ones might be.
    pub(super) fn largest_of_atoms(&self) -> Result<(Vec<f64>, bool)> {
        let (n_signals, n_atoms) = (self.placed.shape().n_signals, self.placed.shape().n_atoms);
        let (plan, tiles, analysis) = (self.bound.plan(), self.placed.tiles(), self.bound.analysis());
        let nothing = || Ok(vec![0.0; n_signals * n_atoms]);
        let tops = self.team.for_each(tiles.len(), nothing, |tops, index| {
            let state = tiles.tile(index);
            let to = &mut tops[state.tile.signal * n_atoms..][..n_atoms];
            to.iter_mut().zip(penalised::largest_of_atoms(&state, plan)).for_each(|(to, c)| *to = f64::max(*to, c));
            Ok(())
        });
        let tops = self.over_all(n_signals * n_atoms, tops)?;
        let x = self.placed.ranks().largest(&self.placed.window().largest)?;
        let slack = |i: usize| {
            let (signal, atom) = (i / n_atoms, i % n_atoms);
            let once = self.steepest(&vec![1.0; n_atoms])[atom];
            analysis.slack_of(self.precision.single[signal], x[signal], atom) * once
        };
        let slacks: Vec<f64> = (0..tops.len()).map(slack).collect();
        let decided = |i: usize| tops[i] > 4.0 * slacks[i] && tops[i].is_finite();
        let clear = (0..tops.len()).all(|i| decided(i) || !self.precision.single[i / n_atoms] || tops[i] == 0.0);
        let of_atom = |atom: usize, of: &dyn Fn(usize) -> f64| {
            (0..n_signals).map(|signal| of(signal * n_atoms + atom)).fold(0.0, f64::max)
        };
        let least: Vec<f64> = (0..n_atoms).map(|atom| of_atom(atom, &|i| tops[i] - slacks[i])).collect();
        let state = || Ok((None, vec![0.0; n_signals * n_atoms]));
        let signals = self.placed.signals();
        let anew = self.team.for_each(tiles.len(), state, |(scratch, most), index| {
            let state = tiles.tile(index);
            let first = state.tile.signal * n_atoms;
            let weight = |atom: usize| match decided(first + atom) {
                true => 1.0 / (least[atom] - slacks[first + atom]),
                false => 0.0,
            };
            let weights: Vec<f64> = (0..n_atoms).map(weight).collect();
            if self.survey(&state).largest_c(&weights).0 < 1.0 {
                return Ok(());
            }
            let scratch = match scratch {
                Some(scratch) => scratch,
                None => scratch.insert(self.scratch()?),
            };
            self.survey(&state).for_each_large_c(&weights, 1.0, |of, z, weight| {
                let c = self.exact(&signals[state.tile.signal], &of, z, scratch);
                let c = if plan.positive { c } else { c.abs() } * (weight / weights[of.atom]);
                most[first + of.atom] = f64::max(most[first + of.atom], c);
            });
            Ok(())
        });
        let anew =
            self.over_all(n_signals * n_atoms, anew.map(|states| states.into_iter().map(|(_, most)| most).collect()))?;
        let unscale = self.bound.scaling().unscale();
        let largest = |atom: usize| of_atom(atom, &|i| if decided(i) { anew[i] } else { tops[i] });
        let largest = (0..n_atoms).map(|atom| largest(atom) * unscale[atom].wide()).collect();
        Ok((largest, clear))
    }

    /// Collective: the largest of `n` numbers each that the threads of all ranks found.
    fn over_all(&self, n: usize, states: Result<Vec<Vec<f64>>>) -> Result<Vec<f64>> {
        let mut all = vec![0.0; n];
        for state in self.placed.ranks().agree(states)? {
            let pairs = all.iter_mut().zip(state);
            pairs.for_each(|(to, from)| *to = f64::max(*to, from));
        }
        self.placed.ranks().largest(&all)
    }

    /// The largest weight that a coordinate of each atom has where penalties have factors.
    pub(super) fn steepest(&self, weights: &[f64]) -> Vec<f64> {
        let weights = weights.iter().copied();
        match self.placed.penalties() {
            None => weights.collect(),
            Some(penalties) => {
                weights.zip(&penalties.steepness).map(|(w, s)| if *s == 0.0 { 0.0 } else { w * s }).collect()
            }
        }
    }

    /// Whether c of a signal is in single precision.
    fn is_single(&self, signal: usize) -> bool {
        self.precision.single[signal] || size_of::<T>() == size_of::<f32>()
    }

    /// Whether each c of floats that says something of a residual is computed anew, also where rounding leaves many that might be the
    /// largest: what is proven follows from it. Where that would take long, they are as large as rounding allows.
    fn all_anew(&self) -> bool {
        let (shape, volume) = (self.placed.shape(), self.bound.dictionary().volume());
        let terms = [shape.n_signals, shape.n_atoms, shape.n_channels, volume].into_iter().map(|n| n as f64);
        let terms = terms.chain(shape.valid().map(|n| n as f64)).product::<f64>();
        size_of::<T>() == size_of::<f32>() && self.placed.is_residual() && terms <= MOST_TERMS
    }

    /// What a weighted c of a signal may be wrong by, where |values| of it are up to `x`.
    fn slack(&self, signal: usize, x: f64, weights: &[f64]) -> f64 {
        self.bound.analysis().slack(self.precision.single[signal], x, weights)
    }

    /// c of one coordinate, in double precision, where `z` is what it has.
    pub(super) fn exact(&self, signal: &Field<'_, T>, of: &Coordinate, z: T, scratch: &mut Scratch<T>) -> f64 {
        let at = std::array::from_fn(|a| of.at[a] - signal.origin[a]);
        let c = self.bound.correlator().at(signal, at, of.atom, scratch);
        let own = if self.placed.is_residual() { self.bound.plan().of_ridge(of.atom, z) } else { 0.0 };
        c - own
    }

    /// Collective: the largest numbers of each signal whose rounding its steps have: those that tiles met since they took over
    /// a new c where atoms are out of reach of thresholds that are far apart, else what c were largest at first.
    pub(super) fn heights(&self, signals: &[Largest]) -> Result<Vec<f64>> {
        if !self.bound.plan().is_spread && self.placed.penalties().is_none() {
            return Ok(signals.iter().map(|signal| signal.c).collect());
        }
        let heights = self.placed.tiles().heights(self.team, signals.len());
        self.placed.ranks().largest(&self.placed.ranks().agree(heights)?)
    }

    /// Collective: takes over a new c. Returns max |dz| of each signal over all ranks, in the element type.
    pub(super) fn restart(&self) -> Result<Vec<f64>> {
        self.restart_above(&vec![0.0; self.placed.shape().n_signals])
    }

    /// Collective: the same where no descent follows: only tiles are correlated that may have the largest.
    pub(super) fn restart_for_largest(&self) -> Result<Vec<f64>> {
        let n_signals = self.placed.shape().n_signals;
        let known = self.placed.tiles().restart(self.bound.plan(), self.team, n_signals);
        let mut known = self.placed.ranks().agree(known)?;
        known.extend(&self.placed.window().largest);
        let known = self.placed.ranks().largest(&known)?;
        let ones = vec![1.0; self.placed.shape().n_atoms];
        let near =
            |signal: usize| (known[signal] - 3.0 * self.slack(signal, known[n_signals + signal], &ones)).max(0.0);
        self.restart_above(&(0..n_signals).map(near).collect::<Vec<_>>())
    }

    #[inline(never)]
    fn restart_above(&self, above: &[f64]) -> Result<Vec<f64>> {
        let n_signals = above.len();
        let moved = self.quiet().correlate_movable(above);
        let largest = moved.and_then(|()| self.placed.tiles().restart(self.bound.plan(), self.team, n_signals));
        let mut largest = self.placed.ranks().agree(largest)?;
        largest.extend(&self.placed.window().largest);
        let largest = self.placed.ranks().largest(&largest)?;
        let (mut steps, x) = (largest[..n_signals].to_vec(), &largest[n_signals..]);
        if self.precision.single.contains(&true) {
            let ones = vec![1.0; self.placed.shape().n_atoms];
            let slack = |signal: usize| {
                let single = self.precision.single[signal];
                single.then(|| self.slack(signal, x[signal], &ones))
            };
            let slack: Vec<_> = (0..n_signals).map(slack).collect();
            self.decide_steps(&mut steps, &slack)?;
        }
        Ok(steps)
    }

    /// Collective: max |dz| of each signal that has a slack, each |dz| that might be it computed anew, where `largest` is the
    /// largest by the c that is there, which may be wrong by the slack.
    #[inline(never)]
    pub(super) fn decide_steps(&self, largest: &mut [f64], slack: &[Option<f64>]) -> Result<()> {
        let mu = self.bound.plan().mu.iter().map(|mu| mu.wide()).fold(0.0, f64::max);
        // Where z = 0 only those move whose |c| comes near μ.
        let least = |signal: usize, mu: f64| {
            let slack = slack[signal]? + 2.0 * f64::from(f32::EPSILON) * mu;
            Some(T::of((largest[signal] - 2.0 * slack).max(-slack)))
        };
        let signals = self.placed.signals();
        let state = || Ok((self.scratch()?, vec![0.0; signals.len()]));
        let states = self.team.for_each(self.placed.tiles().len(), state, |(scratch, most), index| {
            let mut state = self.placed.tiles().tile(index);
            let number = state.tile.signal;
            // Where thresholds differ those count that c comes near.
            let mu = if self.placed.penalties().is_some() { state.height().wide() } else { mu };
            let Some(least) = least(number, mu) else {
                return Ok(());
            };
            for_each_large_step(&mut state, self.bound.plan(), least, |of, z, size| {
                let size = size(T::of(self.exact(&signals[number], &of, z, scratch)));
                most[number] = f64::max(most[number], size.wide());
            });
            Ok(())
        });
        let states = states.map(|states| states.into_iter().map(|(_, most)| most).collect());
        let most = self.over_all(signals.len(), states)?;
        for ((to, most), slack) in largest.iter_mut().zip(most).zip(slack) {
            if slack.is_some() {
                *to = T::of(most).wide();
            }
        }
        Ok(())
    }
}
