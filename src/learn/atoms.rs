//! Where a learner's atoms come from beside dictionary steps: the first ones, new ones for those that
//! are not used, and those that move to the middle of their support.

use crate::base::error::{Error, Result};
use crate::clock::Clock;
use crate::csc::{Activation, Encoder, Stop};
use crate::learn::dictionary_step::{data_term, dictionary_step};
use crate::learn::initialise::{Source, blank, noise, place};
use crate::learn::iterate::Iteration;
use crate::learn::learner::Learner;
use crate::learn::recentre;
use crate::learn::statistics::Statistics;
use crate::learn::window::Window;
use crate::linalg::{Atoms, Dictionary, Field, Real};
use crate::options::learn::Init;

/// Dictionary, activations on this rank, and objective after atoms have moved.
type Moved<T> = (Dictionary<T>, Vec<Activation<T>>, f64);

/// Relative decrease of the objective below which atoms are tried in the middle of their support.
const SLOW: f64 = 0.03;

/// They are tried in one iteration of so many: a trial costs about as much as a step of D.
const EVERY: u64 = 4;

impl<T: Real> Learner<T> {
    /// The dictionary to begin with, from the signals that an encoder has loaded.
    pub(super) fn first_dictionary(
        &self,
        encoder: &mut Encoder<T>,
        x: &Field<'_, T>,
        clock: &Clock<'_>,
    ) -> Result<Dictionary<T>> {
        let shape = &self.shape;
        let learn = &self.options.learn;
        let (seed, window) = (self.options.seed, learn.window);
        let mut dictionary = blank(shape, learn.rank_one)?;
        if let Some(given) = &self.given {
            for k in (0..shape.n_atoms).filter(|k| self.fixed(*k)) {
                copy_atom(&mut dictionary, given, k);
            }
        }
        let free: Vec<usize> = (0..shape.n_atoms).filter(|k| !self.fixed(*k)).collect();
        match learn.init {
            Init::Random => {
                for k in free {
                    place(&mut dictionary, k, &noise(shape, seed, k, window)?);
                }
            }
            Init::RandomPatches | Init::Given => {
                let draw = |source: Source<'_, T>| {
                    let patch = |k: &usize| source.random_patch(seed, *k);
                    free.iter().map(patch).collect::<Result<Vec<_>>>()
                };
                for (k, patch) in free.iter().zip(&self.with_source(encoder, draw)?) {
                    place(&mut dictionary, *k, patch);
                }
            }
            Init::GreedyPatches => {
                // As many new atoms as there are, then what they leave unexplained.
                let mut left = &free[..];
                while !left.is_empty() {
                    let known = shape.n_atoms - left.len();
                    let n = left.len().min(known.max(1));
                    if known > 0 {
                        encoder.set_dictionary(dictionary.clone())?;
                        encoder.set_activations(&[]);
                        let info = encoder.solve_within(clock, x, false)?;
                        if matches!(info.stop, Stop::TimeLimit | Stop::Cancelled) {
                            return Err(Error::Stopped(info.stop));
                        }
                    }
                    let patches = self.with_source(encoder, |source| source.largest_patches(n))?;
                    let (now, later) = left.split_at(n);
                    for (i, k) in now.iter().enumerate() {
                        match patches.get(i) {
                            Some(patch) => place(&mut dictionary, *k, patch),
                            None => place(&mut dictionary, *k, &noise(shape, seed, *k, window)?),
                        }
                    }
                    left = later;
                }
                encoder.set_activations(&[]);
            }
        }
        Ok(dictionary)
    }

    /// A dictionary for a call that ended before there was a first one: noise.
    pub(crate) fn noise(&self) -> Result<Dictionary<T>> {
        let (shape, learn) = (&self.shape, &self.options.learn);
        let mut dictionary = blank(shape, learn.rank_one)?;
        for k in 0..shape.n_atoms {
            match &self.given {
                Some(given) if self.fixed(k) => copy_atom(&mut dictionary, given, k),
                _ => {
                    let atom = noise(shape, self.options.seed, k, learn.window)?;
                    place(&mut dictionary, k, &atom);
                }
            }
        }
        Ok(dictionary)
    }

    /// Draws patches from what an encoder holds: X, or the residual.
    fn with_source<R>(&self, encoder: &Encoder<T>, draw: impl FnOnce(Source<'_, T>) -> Result<R>) -> Result<R> {
        let field = encoder.residual();
        draw(Source {
            shape: encoder.shape(),
            x: Window::part(&field, self.shape.n_channels),
            tiles: &encoder.own_tiles(),
            ranks: &*self.ranks,
            window: self.options.learn.window,
        })
    }

    /// Moves atoms to the middle of their support, activations along with them, if that leads to a
    /// lower objective: dictionary, activations on this rank, objective. What it costs is spent only
    /// where steps of z and D by themselves have little left to gain.
    pub(super) fn recentre(
        &mut self,
        x: &Field<'_, T>,
        next: &Dictionary<T>,
        done: &Iteration,
    ) -> Result<Option<Moved<T>>> {
        let Some(last) = self.last.filter(|_| self.options.learn.recentre && !self.online()) else {
            return Ok(None);
        };
        let offsets = recentre::offsets(next, &self.options.learn.fixed_atoms);
        let gained = last - done.objective_d;
        let slow = gained <= SLOW * done.objective_d;
        // Now and then, and before learning ends.
        let ending = gained <= 2.0 * self.options.learn.tol * done.objective_d;
        let due = ending || done.index % EVERY == EVERY - 1;
        if !(slow && due) || offsets.iter().flatten().all(|offset| *offset == 0) {
            return Ok(None);
        }
        let settings = self.settings();
        let Some(encoder) = &mut self.encoder else {
            return Ok(None);
        };
        let shape = encoder.shape().clone();
        let moved = recentre::moved_activations(&self.activations, &offsets, &shape);
        let moved = encoder.route(&moved)?;
        encoder.load(x)?;
        encoder.set_activations(&moved);
        let Some(encoder) = &self.encoder else {
            return Ok(None);
        };
        let statistics = self.gathered(encoder, &moved, x)?;
        let start = recentre::moved_atoms(next, &offsets);
        let step = dictionary_step(&statistics, &start, &settings);
        let (found, _) = self.ranks.agree(step)?;
        let penalty: f64 = done.lambda.iter().zip(&statistics.l1).map(|(l, n)| l * n).sum();
        let objective = self.ranks.agree(data_term(&statistics, &found))? + penalty;
        // By more than rounding may pretend.
        let better = objective < done.objective_d - 1e-9 * statistics.xx;
        Ok(better.then_some((found, moved, objective)))
    }

    /// Atoms without activations, or with next to none.
    pub(super) fn dead_atoms(&self, statistics: &Statistics) -> Vec<usize> {
        if !self.options.learn.redraw {
            return Vec::new();
        }
        let mean = statistics.l1.iter().sum::<f64>() / statistics.n_atoms as f64;
        let least = self.options.learn.redraw_below * mean;
        let dead = |k: &usize| !self.fixed(*k) && (statistics.l1[*k] == 0.0 || statistics.l1[*k] < least);
        (0..statistics.n_atoms).filter(dead).collect()
    }

    /// Replaces atoms by patches of the residual; returns those for which there was one.
    pub(super) fn redraw(&self, dictionary: &mut Dictionary<T>, dead: &[usize]) -> Result<Vec<usize>> {
        let Some(encoder) = &self.encoder else {
            return Ok(Vec::new());
        };
        let draw = |source: Source<'_, T>| source.largest_patches(dead.len());
        let patches = self.with_source(encoder, draw)?;
        for (k, patch) in dead.iter().zip(&patches) {
            place(dictionary, *k, patch);
        }
        Ok(dead[..patches.len()].to_vec())
    }
}

fn copy_atom<T: Real>(to: &mut Dictionary<T>, from: &Dictionary<T>, k: usize) {
    let n = to.n_atoms;
    let part = |to: &mut [T], from: &[T]| {
        let depth = from.len() / n;
        to[k * depth..(k + 1) * depth].copy_from_slice(&from[k * depth..(k + 1) * depth]);
    };
    match (&mut to.atoms, &from.atoms) {
        (Atoms::Full(to), Atoms::Full(from)) => part(to, from),
        (Atoms::RankOne { u, v }, Atoms::RankOne { u: u0, v: v0 }) => {
            part(u, u0);
            part(v, v0);
        }
        _ => {}
    }
}
