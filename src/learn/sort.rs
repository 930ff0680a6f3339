//! Atoms in order of what they explain, in signs that say nothing.
//!
//! An atom explains what the data term would rise by without it: ½‖r + z_k ∗ d_k‖² − ½‖r‖², r = X − D∗z. From the
//! statistics that is −⟨∇_k, d_k⟩ + ½⟨d_k, ztz_{k,k} ∗ d_k⟩, ∇ the gradient of the data term: the same on all ranks.

use crate::base::error::{Error, Result};
use crate::clock::{self, Stage};
use crate::csc::{Activation, Encoder};
use crate::learn::dictionary_step::{gradient, widened};
use crate::learn::initialise::place;
use crate::learn::memory::Memory;
use crate::learn::quadratic::{Quadratic, dot};
use crate::learn::setup::Setup;
use crate::learn::state::State;
use crate::learn::statistics::Statistics;
use crate::linalg::{Atoms, Dictionary, Field, Real};

/// How atoms were sorted.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorted {
    /// Where the atom that is now at each place was before.
    pub order: Vec<usize>,
    /// What it explains.
    pub explained: Vec<f64>,
}

/// Atoms that change places, and signs.
struct Moves {
    order: Vec<usize>,
    flipped: Vec<bool>,
}

/// What each atom explains.
pub(super) fn explained<T: Real>(statistics: &Statistics, dictionary: &Dictionary<T>) -> Result<Vec<f64>> {
    let (gradient, d) = (gradient(statistics, dictionary)?, widened(dictionary)?);
    let (n, p, window) = (statistics.n_atoms, statistics.n_channels, statistics.window());
    let depth = p * statistics.volume();
    let mut all = Vec::new();
    for (k, (d, g)) in d.chunks_exact(depth).zip(gradient.chunks_exact(depth)).enumerate() {
        let own = |_, _| (&statistics.ztz[(k * n + k) * window..][..window], 1.0);
        let mut model = vec![0.0; depth];
        Quadratic::new(1, p, statistics.atom, own, vec![0.0; depth])?.apply(d, &mut model);
        all.push(0.5 * dot(d, &model) - dot(g, d));
    }
    clock::check().map(|()| all)
}

/// Collective: the same where samples have weights: the data term without each atom, one after the other.
fn explained_by_weights<T: Real>(encoder: &mut Encoder<T>, x: &Field<'_, T>, d: &Dictionary<T>) -> Result<Vec<f64>> {
    let data = encoder.data_term_of(x, d)?;
    let zero = vec![0.0; d.n_channels * d.volume()];
    let explains = |k: usize| {
        let mut without = d.clone();
        place(&mut without, k, &zero);
        Ok(encoder.data_term_of(x, &without)? - data)
    };
    (0..d.n_atoms).map(explains).collect()
}

/// Collective: sorts what a learner holds: dictionary, z, what is remembered of atoms. Fails where there is no dictionary, or
/// before anything has changed.
pub(super) fn sort<T: Real>(
    setup: &Setup<T>,
    state: &mut State<T>,
    memory: &mut Memory<T>,
    x: &Field<'_, T>,
) -> Result<Sorted> {
    setup.check_x(x)?;
    let block = if setup.crops.is_some() { setup.own_slab() } else { x.block() };
    let ready = state.known(setup, memory, block)?;
    let explained = match &memory.statistics {
        // z of the last batch says little.
        Some(statistics) if setup.online() => explained(statistics, &ready.dictionary),
        _ => {
            let drawn = setup.drawn(x, memory.iteration)?;
            let x = &drawn.field();
            ready.encoder.set_activations(&memory.activations);
            ready.leave_out(setup, memory, x)?;
            ready.encoder.load_weighted(x)?;
            if ready.encoder.weighs()? {
                explained_by_weights(&mut ready.encoder, x, &ready.dictionary)
            } else {
                let xx = setup.energy(&ready.encoder, x)?;
                let statistics = setup.gathered(&ready.encoder, &memory.activations, xx, true)?;
                let _stage = clock::stage(Stage::Dictionary);
                explained(&statistics, &ready.dictionary)
            }
        }
    };
    let explained = setup.ranks.agree(explained)?;
    let moves = Moves::new(setup, &explained, &ready.dictionary);
    let dictionary = moves.dictionary(&ready.dictionary)?;
    let activations = moves.activations(&memory.activations);
    ready.encoder.set_dictionary(dictionary.clone())?;
    ready.encoder.set_activations(&activations);
    (ready.dictionary, memory.activations) = (dictionary, activations);
    for statistics in [&mut memory.statistics, &mut memory.of_step].into_iter().flatten() {
        moves.statistics(statistics);
    }
    if let Some(lambda) = &mut memory.lambda {
        moves.places(lambda);
    }
    let explained = moves.order.iter().map(|from| explained[*from]).collect();
    Ok(Sorted { order: moves.order, explained })
}

/// The error where each place has a regularisation of its own.
pub(super) fn fails_unless_alike<T>(setup: &Setup<T>) -> Result<()> {
    let reg = &setup.options.reg_per_atom;
    match reg.is_empty() {
        true => Ok(()),
        false => {
            let allowed = "empty where atoms are sorted: it says which place has which";
            Err(Error::argument("option \"reg_per_atom\"", format!("{reg:?}"), allowed))
        }
    }
}

impl Sorted {
    /// Brings a list of one number per atom into the new order.
    pub(super) fn places(&self, list: &mut Vec<f64>) {
        *list = self.order.iter().map(|from| list[*from]).collect();
    }
}

impl Moves {
    /// Fixed atoms stay where, and as, they are, and a place keeps the shape that its atom has: those of one shape are sorted among
    /// themselves. Where z may be negative the largest value of an atom, the first one of several, is
    /// positive.
    fn new<T: Real>(setup: &Setup<T>, explained: &[f64], dictionary: &Dictionary<T>) -> Self {
        let mut free: Vec<usize> = (0..explained.len()).filter(|k| !setup.fixed(*k)).collect();
        let mut order: Vec<usize> = (0..explained.len()).collect();
        while let Some(first) = free.first() {
            let shape = dictionary.shape_of(*first);
            let (now, later): (Vec<usize>, _) = free.iter().partition(|k| dictionary.shape_of(**k) == shape);
            let mut sorted = now.clone();
            sorted.sort_by(|a, b| explained[*b].total_cmp(&explained[*a]));
            for (to, from) in now.iter().zip(&sorted) {
                order[*to] = *from;
            }
            free = later;
        }
        let negative = |k: usize| {
            let values = (0..dictionary.n_channels * dictionary.volume())
                .map(|i| dictionary.at(k, i / dictionary.volume(), i % dictionary.volume()));
            let larger = |most: T, d: T| if d.abs() > most.abs() { d } else { most };
            values.fold(T::ZERO, larger) < T::ZERO
        };
        let flipped = |from: &usize| !setup.options.positive && !setup.fixed(*from) && negative(*from);
        let flipped = order.iter().map(flipped).collect();
        Moves { order, flipped }
    }

    fn sign(&self, to: usize) -> f64 {
        if self.flipped[to] { -1.0 } else { 1.0 }
    }

    fn places(&self, list: &mut Vec<f64>) {
        *list = self.order.iter().map(|from| list[*from]).collect();
    }

    fn dictionary<T: Real>(&self, dictionary: &Dictionary<T>) -> Result<Dictionary<T>> {
        let moved = |values: &[T], signs: bool| -> Vec<T> {
            let depth = values.len() / self.order.len();
            let atom = |(to, from): (usize, &usize)| {
                let sign = if signs { T::of(self.sign(to)) } else { T::one() };
                values[from * depth..][..depth].iter().map(move |d| sign * *d)
            };
            self.order.iter().enumerate().flat_map(atom).collect()
        };
        let atoms = match &dictionary.atoms {
            Atoms::Full(d) => Atoms::Full(moved(d, true)),
            Atoms::RankOne { u, v } => Atoms::RankOne { u: moved(u, false), v: moved(v, true) },
        };
        Ok(Dictionary { atoms, ..dictionary.clone() })
    }

    fn activations<T: Real>(&self, activations: &[Activation<T>]) -> Vec<Activation<T>> {
        let mut to = vec![0; self.order.len()];
        self.order.iter().enumerate().for_each(|(now, before)| to[*before] = now);
        let moved =
            |a: &Activation<T>| Activation { atom: to[a.atom], value: T::of(self.sign(to[a.atom])) * a.value, ..*a };
        let mut list: Vec<_> = activations.iter().map(moved).collect();
        list.sort_unstable_by_key(|a| (a.signal, a.atom, a.at));
        list
    }

    fn statistics(&self, statistics: &mut Statistics) {
        let (n, window) = (self.order.len(), statistics.window());
        let depth = statistics.n_channels * statistics.volume();
        let (ztz, ztx) = (statistics.ztz.clone(), statistics.ztx.clone());
        for (k, from) in self.order.iter().enumerate() {
            for (l, other) in self.order.iter().enumerate() {
                let sign = self.sign(k) * self.sign(l);
                let values = &ztz[(from * n + other) * window..][..window];
                let to = &mut statistics.ztz[(k * n + l) * window..][..window];
                to.iter_mut().zip(values).for_each(|(to, value)| *to = sign * value);
            }
            let to = &mut statistics.ztx[k * depth..][..depth];
            to.iter_mut().zip(&ztx[from * depth..][..depth]).for_each(|(to, value)| *to = self.sign(k) * value);
        }
        self.places(&mut statistics.l1);
        statistics.nonzeros = self.order.iter().map(|from| statistics.nonzeros[*from]).collect();
    }
}
