//! A tight proof (option `proof`): the gap of a z from the dual point of a better one.
//!
//! Where z is within a tolerance t of its best, F(z) is above its least value by about t², but the dual point that z gives is below
//! by about t: the gap says little of F(z). So the descent goes on from z, for its dual point alone, and z is put back after that.
//! With z' and a gap g' that is proven of it, F(z) − F(z') + g' is proven of z; and as F(z) − F(z') is what z could gain at least,
//! it is known when that is tight.

use super::Solve;
use crate::base::error::{Error, Result};
use crate::base::stop::Stop;
use crate::clock::{self, Stage};
use crate::csc::descent::control::Control;
use crate::csc::descent::tile::{Coordinate, NonZero};
use crate::csc::encoder::certificate::Certificate;
use crate::csc::encoder::info::Info;
use crate::csc::encoder::measure::Measure;
use crate::linalg::Real;
use crate::ranks::Reduce;
use crate::ranks::exact_sum::ExactSum;

/// A gap is tight if it is at most so many times what F(z) is above its least value, or this part of F.
const TIGHT: f64 = 5.0;
const NEGLIGIBLE: f64 = 1e-7;

/// The z of all tiles of this rank.
type Kept<T> = Vec<Vec<Vec<NonZero<T>>>>;

/// Where z and z' differ.
struct Change<T> {
    of: Coordinate,
    /// z, z − z', and c at z'.
    z: T,
    change: f64,
    c: f64,
}

/// What differs in one tile, given by its index: the terms that the penalties have, and where.
type OfTile<T> = (usize, Terms, Vec<Change<T>>);

/// What F(z) − F(z') is made of, over one tile or all.
#[derive(Default)]
struct Terms {
    /// −½⟨z − z', c + c'⟩ + Σ λ(|z| − |z'|), and the sum of the sizes of these terms.
    difference: f64,
    sizes: f64,
    /// ‖D∗(z − z')‖².
    squares: f64,
    /// Σ λ|z − z'|.
    weighted: f64,
}

impl<T: Real> Solve<'_, '_, T> {
    /// Collective: makes the gap of the z that is there tight, given max |dz| of each signal, as far as limits and rounding allow.
    pub(super) fn prove(&mut self, steps: &[f64], control: &mut Control<'_, '_>, info: &mut Info) -> Result<()> {
        // Where an atom costs nothing no z' leads to a proof.
        let reach = self.intake.bound.correlator().weights();
        if self.goal.lambda.iter().zip(reach).any(|(lambda, reach)| *lambda == 0.0 && reach != 0.0) {
            return Ok(());
        }
        let max_step = control.progress.max_step;
        // After a certificate of z' there is as much to do once more.
        control.reserve.least *= 2.0;
        control.reserve.per_nonzero *= 2.0;
        let kept = self.copy_z();
        let end = self.tighten(&kept, steps, control, &mut info.certificate);
        self.put_back(kept);
        control.clock.set_nonzeros(self.intake.placed.n_nonzero());
        control.progress.max_step = max_step;
        match end {
            // z is within its tolerance, whatever else there was no time for. But who cancels is heard.
            Ok(Stop::Cancelled) => info.stop = Stop::Cancelled,
            Ok(_) | Err(Error::Stopped(Stop::TimeLimit | Stop::MaxIter)) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Collective: descends from the z that is kept until a z' makes its gap tight. Tells why there was an end.
    fn tighten(
        &mut self,
        kept: &Kept<T>,
        steps: &[f64],
        control: &mut Control<'_, '_>,
        found: &mut Certificate,
    ) -> Result<Stop> {
        let negligible = NEGLIGIBLE * found.varying;
        let (mut part, mut steps) = (0.25, steps.to_vec());
        while found.gap > negligible && self.aim_further(part, &steps)?.is_some() {
            let (further, left, stop) = self.descend_further(control)?;
            let [least, most] = self.gain(kept)?;
            found.gap = found.gap.min(most + further.gap);
            let enough = f64::max((TIGHT - 1.0) * least, negligible - most);
            if stop != Stop::Converged || further.gap <= enough {
                return Ok(stop);
            }
            // Gaps go with tolerances.
            part = (0.7 * enough / further.gap).clamp(1.0 / 64.0, 0.5);
            steps = left;
            self.renew_residual()?;
        }
        Ok(Stop::Converged)
    }

    fn copy_z(&self) -> Kept<T> {
        let measure = self.intake.measure();
        measure.placed.states().map(|state| measure.survey(&state).copy_z()).collect()
    }

    fn put_back(&self, z: Kept<T>) {
        for (mut state, z) in self.intake.placed.states().zip(z) {
            state.put_back(z);
        }
    }

    /// Collective: descends and certifies until that ends; gives also max |dz| of each signal.
    fn descend_further(&mut self, control: &mut Control<'_, '_>) -> Result<(Certificate, Vec<f64>, Stop)> {
        loop {
            let stop = self.descend(control)?;
            let (certificate, steps) = self.certify(stop, control)?;
            if let Some(stop) = self.judge(stop, &certificate, &steps)? {
                return Ok((certificate, steps, stop));
            }
        }
    }

    /// Collective: F(z) − F(z') at least and at most, where z is kept and z' is there, whose residual is in the window; that of z
    /// comes there.
    ///
    /// No difference of large numbers: with c and c' of both, ½‖r‖² − ½‖r'‖² = −½⟨z − z', c + c'⟩.
    fn gain(&mut self, kept: &Kept<T>) -> Result<[f64; 2]> {
        let _certifying = clock::stage(Stage::Certify);
        let measure = self.intake.measure();
        let before = uncertain(&measure, &self.goal.lambda)?;
        let changes = changes(&measure, &self.goal.lambda, kept);
        let changes = measure.placed.ranks().agree(changes)?;
        let further = self.copy_z();
        self.put_back(kept.clone());
        self.renew_residual()?;
        let measure = self.intake.measure();
        let after = uncertain(&measure, &self.goal.lambda)?;
        let Terms { difference, sizes, squares, weighted } = terms(&measure, changes)?;
        self.put_back(further);
        let [rounded, unsure] = [0, 1].map(|i| f64::max(before[i], after[i]));
        // Sums are rounded, and so are the residuals.
        let rounding = 16.0 * f64::EPSILON * sizes + squares.max(0.0).sqrt() * rounded + weighted * unsure;
        let unit = self.intake.bound.scaling().of_objective();
        Ok([difference - rounding, difference + rounding].map(|gain| gain * unit))
    }
}

/// Collective: what the residual in the window may be wrong by, as a norm, and |D_k ⋆ r| / λ_k.
fn uncertain<T: Real>(measure: &Measure<'_, T>, lambda: &[f64]) -> Result<[f64; 2]> {
    let n = measure.placed.shape().signal.iter().product::<i64>() as f64;
    measure.uncertainty(lambda, n)
}

/// Where the z that is there differs from that kept, tile by tile, and the terms of the penalties.
fn changes<T: Real>(measure: &Measure<'_, T>, lambda: &[f64], kept: &Kept<T>) -> Result<Vec<OfTile<T>>> {
    let state = || Ok((measure.scratch()?, Vec::new()));
    let signals = measure.placed.signals();
    let tiles = measure.placed.tiles();
    let states = measure.team.for_each(tiles.len(), state, |(scratch, found), index| {
        let state = tiles.tile(index);
        let (mut terms, mut changes) = (Terms::default(), Vec::new());
        measure.survey(&state).for_each_change(&kept[index], |of, z, now, factor| {
            let (change, weight) = (z.wide() - now.wide(), lambda[of.atom] * factor);
            terms.add(weight * (z.wide().abs() - now.wide().abs()));
            terms.weighted += weight * change.abs();
            let c = measure.exact(&signals[state.tile.signal], &of, now, scratch);
            changes.push(Change { of, z, change, c });
        });
        found.push((index, terms, changes));
        clock::check()
    })?;
    Ok(states.into_iter().flat_map(|(_, found)| found).collect())
}

/// Collective: what these come to, with the c of the z that was kept.
fn terms<T: Real>(measure: &Measure<'_, T>, changes: Vec<OfTile<T>>) -> Result<Terms> {
    let unscale = measure.bound.scaling().unscale();
    let mut sums = [(); 4].map(|()| ExactSum::default());
    let mut scratch = measure.placed.ranks().agree(measure.scratch())?;
    let signals = measure.placed.signals();
    for (index, mut terms, changes) in changes {
        let signal = measure.placed.tiles().tile(index).tile.signal;
        for Change { of, z, change, c: other } in changes {
            let c = measure.exact(&signals[signal], &of, z, &mut scratch);
            let half = change * unscale[of.atom].wide();
            terms.add(-0.5 * half * (c + other));
            terms.squares += half * (other - c);
        }
        let Terms { difference, sizes, squares, weighted } = terms;
        sums.iter_mut().zip([difference, sizes, squares, weighted]).for_each(|(sum, term)| sum.add(term));
    }
    let words: Vec<i64> = sums.iter_mut().flat_map(|sum| sum.words().to_vec()).collect();
    let words = measure.placed.ranks().reduce(Reduce::Sum, &words)?;
    let mut values = words.chunks_exact(ExactSum::WORDS).map(|words| ExactSum::from_words(words).value());
    let mut next = || values.next().unwrap_or(f64::NAN);
    Ok(Terms { difference: next(), sizes: next(), squares: next(), weighted: next() })
}

impl Terms {
    fn add(&mut self, term: f64) {
        self.difference += term;
        self.sizes += term.abs();
    }
}
