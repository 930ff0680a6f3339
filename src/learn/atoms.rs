//! Where a learner's atoms come from beside dictionary steps: the first ones, and new ones for those that
//! are not used.

use crate::base::error::{Error, Result};
use crate::clock::Clock;
use crate::csc::{Encoder, Stop};
use crate::learn::initialise::{Form, Source, blank, noise, place};
use crate::learn::majorise::Majoriser;
use crate::learn::setup::Setup;
use crate::learn::statistics::Statistics;
use crate::learn::window::Window;
use crate::linalg::{Atoms, Dictionary, Field, Real};
use crate::options::learn::Init;

impl<T: Real> Setup<T> {
    /// The dictionary to begin with, from the signals that an encoder has loaded.
    pub(super) fn first_dictionary(
        &self,
        encoder: &mut Encoder<T>,
        x: &Field<'_, T>,
        clock: &Clock<'_>,
    ) -> Result<Dictionary<T>> {
        let shape = &self.shape;
        let learn = &self.options.learn;
        let (seed, form) = (self.options.seed, self.form());
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
                    place(&mut dictionary, k, &noise(shape, seed, k, form)?);
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
                        if encoder.weighs()? {
                            dictionary = self.completed(encoder, x, dictionary)?;
                        }
                    }
                    let (now, later) = left.split_at(n);
                    let patches = self.with_source(encoder, |source| source.largest_patches(now))?;
                    for k in now {
                        match patches.iter().find(|(of, _)| of == k) {
                            Some((_, patch)) => place(&mut dictionary, *k, patch),
                            None => place(&mut dictionary, *k, &noise(shape, seed, *k, form)?),
                        }
                    }
                    left = later;
                }
                encoder.set_activations(&[]);
            }
        }
        Ok(dictionary)
    }

    /// Atoms that were drawn with holes, as other activations show them: a step of D, and what that leaves unexplained.
    fn completed(
        &self,
        encoder: &mut Encoder<T>,
        x: &Field<'_, T>,
        dictionary: Dictionary<T>,
    ) -> Result<Dictionary<T>> {
        let own = self.ranks.agree(encoder.activations())?;
        let data = encoder.data_term()?;
        let mut bound = Majoriser { setup: self, encoder, own: &own, x };
        let statistics = bound.statistics(&dictionary, data, None)?;
        let (dictionary, _) = bound.descend(dictionary, &statistics)?;
        encoder.data_term_of(x, &dictionary)?;
        Ok(dictionary)
    }

    /// A dictionary for a call that ended before there was a first one: noise.
    pub(super) fn noise(&self) -> Result<Dictionary<T>> {
        let (shape, learn) = (&self.shape, &self.options.learn);
        let mut dictionary = blank(shape, learn.rank_one)?;
        for k in 0..shape.n_atoms {
            match &self.given {
                Some(given) if self.fixed(k) => copy_atom(&mut dictionary, given, k),
                _ => {
                    let atom = noise(shape, self.options.seed, k, self.form())?;
                    place(&mut dictionary, k, &atom);
                }
            }
        }
        Ok(dictionary)
    }

    fn form(&self) -> Form {
        let learn = &self.options.learn;
        Form { window: learn.window, zero_mean: learn.zero_mean, non_negative: learn.non_negative }
    }

    /// Draws patches from what an encoder holds: X, or the residual.
    fn with_source<R>(&self, encoder: &Encoder<T>, draw: impl FnOnce(Source<'_, T>) -> Result<R>) -> Result<R> {
        let field = encoder.in_window();
        let (_, heaviest, weights) = encoder.weights_in_window();
        draw(Source {
            shape: encoder.shape(),
            x: Window::part(&field, self.shape.n_channels),
            weights: weights.as_ref().map(|w| (Window::part(w, self.shape.n_channels), heaviest)),
            tiles: &encoder.own_tiles(),
            ranks: &*self.ranks,
            form: self.form(),
        })
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
    pub(super) fn redraw(
        &self,
        encoder: &Encoder<T>,
        dictionary: &mut Dictionary<T>,
        dead: &[usize],
    ) -> Result<Vec<usize>> {
        let patches = self.with_source(encoder, |source| source.largest_patches(dead))?;
        for (k, patch) in &patches {
            place(dictionary, *k, patch);
        }
        Ok(patches.into_iter().map(|(k, _)| k).collect())
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
