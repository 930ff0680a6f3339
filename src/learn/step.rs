//! The step of D, and what comes with it: atoms that are drawn anew, and atoms that move.

use crate::base::error::Result;
use crate::clock::{self, Stage};
use crate::csc::Activation;
use crate::learn::dictionary_step::{add_model, data_term, dictionary_step};
use crate::learn::initialise::place;
use crate::learn::iteration::Iteration;
use crate::learn::majorise::Majoriser;
use crate::learn::memory::Memory;
use crate::learn::recentre;
use crate::learn::setup::Setup;
use crate::learn::state::Ready;
use crate::learn::statistics::Statistics;
use crate::linalg::{Dictionary, Field, Real};

/// Dictionary, activations on this rank, and objective after atoms have moved.
type Moved<T> = (Dictionary<T>, Vec<Activation<T>>, f64);

/// Relative decrease of the objective below which atoms are tried in the middle of their support.
const SLOW: f64 = 0.03;

/// They are tried in one iteration of so many: a trial costs about as much as a step of D.
const EVERY: u64 = 4;

impl<T: Real> Ready<T> {
    /// Collective: the step of D, for the z that there is. Fails, on all ranks alike, before anything is changed but the
    /// encoder's z.
    pub(super) fn step_dictionary(
        &mut self,
        setup: &Setup<T>,
        memory: &mut Memory<T>,
        x: &Field<'_, T>,
        done: &mut Iteration,
    ) -> Result<()> {
        let weighed = self.encoder.weighs()?;
        let batch = self.statistics(setup, memory, x, weighed)?;
        let _stage = clock::stage(Stage::Dictionary);
        let accumulated = match setup.online() {
            true => {
                let mut all = memory.statistics.clone().map_or_else(|| Statistics::empty(&setup.shape), Ok)?;
                all.accumulate(setup.options.learn.forgetting, &batch);
                Some(all)
            }
            false => None,
        };
        let statistics = accumulated.as_ref().unwrap_or(&batch);
        let mut next = self.improved(setup, (statistics, &batch), (&memory.activations, x, weighed), done)?;
        let mut activations = memory.activations.clone();
        self.redraw(setup, (statistics, &batch), (x, weighed), (&mut next, &mut activations), done)?;
        if done.redrawn == 0
            && let Some((d, z, objective)) = self.recentre(setup, memory, (x, weighed), &next, done)?
        {
            (next, activations, done.objective_d) = (d, z, objective);
            done.recentred = true;
        }
        self.encoder.set_dictionary(next.clone())?;
        self.encoder.set_activations(&activations);
        memory.activations = activations;
        self.dictionary = next;
        memory.of_step = accumulated.is_none().then_some(batch);
        memory.statistics = accumulated;
        memory.iteration += 1;
        memory.last = Some(done.objective_d);
        Ok(())
    }

    /// Collective: statistics of z and the signals.
    fn statistics(
        &mut self,
        setup: &Setup<T>,
        memory: &Memory<T>,
        x: &Field<'_, T>,
        weighed: bool,
    ) -> Result<Statistics> {
        if weighed {
            let data = self.encoder.data_term()?;
            let bound = Majoriser { setup, encoder: &mut self.encoder, own: &memory.activations, x };
            return bound.statistics(&self.dictionary, data, None);
        }
        let xx = setup.energy(&self.encoder, x)?;
        let mut found = setup.gathered(&self.encoder, &memory.activations, xx, true)?;
        // X = residual + D∗z, and the residual is where it is needed.
        let _stage = clock::stage(Stage::Statistics);
        let whole = add_model(&mut found, &self.dictionary);
        setup.ranks.agree(whole.map(|()| found.with_ridge(setup.options.ridge)))
    }

    /// Collective: a dictionary with a lower objective.
    fn improved(
        &mut self,
        setup: &Setup<T>,
        (statistics, batch): (&Statistics, &Statistics),
        (own, x, weighed): (&[Activation<T>], &Field<'_, T>, bool),
        done: &mut Iteration,
    ) -> Result<Dictionary<T>> {
        if weighed && !setup.online() {
            let mut bound = Majoriser { setup, encoder: &mut self.encoder, own, x };
            let (next, outcome) = bound.descend(self.dictionary.clone(), statistics)?;
            (done.dict_iterations, done.dict_gap) = (outcome.iterations, outcome.gap);
            done.objective_d = done.objective_z + outcome.change;
            return Ok(next);
        }
        let step = dictionary_step(statistics, &self.dictionary, &setup.settings());
        let (next, outcome) = setup.ranks.agree(step)?;
        done.dict_iterations = outcome.iterations;
        done.dict_gap = outcome.gap;
        done.objective_d = done.objective_z
            + match setup.online() {
                false => outcome.change,
                true if weighed => {
                    let mut bound = Majoriser { setup, encoder: &mut self.encoder, own, x };
                    let before = bound.value_here(&self.dictionary, batch)?;
                    bound.value(&next, batch)? - before
                }
                true => {
                    let change =
                        data_term(batch, &next).and_then(|next| Ok(next - data_term(batch, &self.dictionary)?));
                    setup.ranks.agree(change)?
                }
            };
        Ok(next)
    }

    /// Collective: draws atoms anew that are of no use; their few activations go with them.
    fn redraw(
        &mut self,
        setup: &Setup<T>,
        (statistics, batch): (&Statistics, &Statistics),
        (x, weighed): (&Field<'_, T>, bool),
        (next, activations): (&mut Dictionary<T>, &mut Vec<Activation<T>>),
        done: &mut Iteration,
    ) -> Result<()> {
        let dead = setup.dead_atoms(statistics);
        if dead.is_empty() {
            return Ok(());
        }
        let replaced = setup.redraw(&self.encoder, next, &dead)?;
        done.redrawn = replaced.len();
        if replaced.iter().any(|k| statistics.l1[*k] > 0.0) {
            activations.retain(|a| !replaced.contains(&a.atom));
            let mut without = next.clone();
            let gone: f64 = replaced.iter().map(|k| done.lambda[*k] * batch.l1[*k]).sum();
            let zero = vec![0.0; setup.shape.n_channels * without.volume()];
            replaced.iter().for_each(|k| place(&mut without, *k, &zero));
            let now = match weighed {
                true => Majoriser { setup, encoder: &mut self.encoder, own: activations, x }.value(&without, batch)?,
                false => setup.ranks.agree(data_term(batch, &without))?,
            };
            let penalty: f64 = done.lambda.iter().zip(&batch.l1).map(|(l, n)| l * n).sum();
            done.objective_d = now + penalty - gone + self.robust.constant;
        }
        Ok(())
    }

    /// Moves atoms to the middle of their support, activations along with them, if that leads to a
    /// lower objective: dictionary, activations on this rank, objective. What it costs is spent only
    /// where steps of z and D by themselves have little left to gain.
    fn recentre(
        &mut self,
        setup: &Setup<T>,
        memory: &Memory<T>,
        (x, weighed): (&Field<'_, T>, bool),
        next: &Dictionary<T>,
        done: &Iteration,
    ) -> Result<Option<Moved<T>>> {
        let Some(last) = memory.last.filter(|_| setup.options.learn.recentre && !setup.online()) else {
            return Ok(None);
        };
        let offsets = recentre::offsets(next, &setup.options.learn.fixed_atoms);
        let gained = last - done.objective_d;
        let slow = gained <= SLOW * done.objective_d;
        // Now and then, and before learning ends.
        let ending = gained <= 2.0 * setup.options.learn.tol * done.objective_d;
        let due = ending || done.index % EVERY == EVERY - 1;
        if !(slow && due) || offsets.iter().flatten().all(|offset| *offset == 0) {
            return Ok(None);
        }
        let encoder = &mut self.encoder;
        let moved = recentre::moved_activations(&memory.activations, &offsets, encoder.shape());
        let moved = encoder.route(&moved)?;
        encoder.load(x)?;
        encoder.set_activations(&moved);
        let start = recentre::moved_atoms(next, &offsets);
        let (found, statistics, data) = match weighed {
            true => {
                let data = encoder.data_term_of(x, &start)?;
                let mut bound = Majoriser { setup, encoder, own: &moved, x };
                let statistics = bound.statistics(&start, data, None)?;
                let (found, _) = bound.descend(start, &statistics)?;
                let data = bound.value(&found, &statistics)?;
                (found, statistics, data)
            }
            false => {
                let xx = setup.energy(encoder, x)?;
                let statistics = setup.gathered(encoder, &moved, xx, true)?.with_ridge(setup.options.ridge);
                let step = dictionary_step(&statistics, &start, &setup.settings());
                let (found, _) = setup.ranks.agree(step)?;
                let data = setup.ranks.agree(data_term(&statistics, &found))?;
                (found, statistics, data)
            }
        };
        let penalty: f64 = done.lambda.iter().zip(&statistics.l1).map(|(l, n)| l * n).sum();
        let objective = data + penalty + self.robust.constant;
        // By more than rounding may pretend.
        let better = objective < done.objective_d - 1e-9 * statistics.xx;
        Ok(better.then_some((found, moved, objective)))
    }
}
