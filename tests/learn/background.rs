//! Learning from signals on a level or a drift, and atoms that have none.

use super::common::{Problem, bits, rounded, volume};
use super::{Noise, learner, random_problem, statistics_of};
use dicod::csc::Options;
use dicod::learn::dictionary_step::{Settings, data_term, dictionary_step, gradient};
use dicod::learn::{Init, Learner, Learning, Method};
use dicod::linalg::{Atoms, Dictionary, Field, Real};
use dicod::options::solve::Background;

fn field<'x, T: Real>(x: &'x [T], problem: &Problem) -> Field<'x, T> {
    Field::contiguous(x, problem.signal.map(|n| n as i64))
}

fn values<T: Real>(d: &Dictionary<T>) -> Vec<f64> {
    let (p, volume) = (d.n_channels, d.volume());
    (0..d.n_atoms * p * volume).map(|i| d.at(i / (p * volume), i / volume % p, i % volume).wide()).collect()
}

/// The largest |mean| of a channel of an atom that is not fixed, over the norm of its atom.
fn largest_level<T: Real>(d: &Dictionary<T>, fixed: &[bool]) -> f64 {
    let (volume, depth) = (d.volume(), d.n_channels * d.volume());
    let free = |k: usize| !fixed.get(k).is_some_and(|f| *f);
    let mut largest: f64 = 0.0;
    for (_, atom) in values(d).chunks_exact(depth).enumerate().filter(|(k, _)| free(*k)) {
        let norm = atom.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        let means = atom.chunks_exact(volume).map(|c| c.iter().sum::<f64>().abs() / volume as f64);
        largest = means.fold(largest, |most, mean| most.max(mean / norm));
    }
    largest
}

fn same_as_by_hand<T: Real>(seed: u64) {
    let mut noise = Noise(seed);
    let mut problem = random_problem(&mut noise);
    // Of few digits: plain sums are exact.
    problem.x.iter_mut().for_each(|x| *x = (*x * 256.0).round() / 256.0 + 300.0);
    let n = volume(problem.signal);
    let mean = |field: &[f64]| field.iter().sum::<f64>() / n as f64;
    let levels: Vec<f64> = problem.x.chunks_exact(n).map(mean).collect();
    let left = |i: usize| T::of(T::of(problem.x[i]).wide() - levels[i / n]).wide();
    let by_hand = Problem { x: (0..problem.x.len()).map(left).collect(), ..problem.clone() };
    let mut options = super::options_at_random(&mut noise, &problem);
    let learnt = |problem: &Problem, options: &Options| {
        let mut learner = learner::<T>(problem, options, 1);
        let x = rounded::<T>(&problem.x);
        let done: Vec<_> = (0..3)
            .map(|_| learner.step(&field(&x, problem), None).unwrap())
            .map(|i| [i.objective_z, i.objective_d, i.lambda_max].map(f64::to_bits))
            .collect();
        (done, bits(&rounded::<f64>(&values(learner.dictionary().unwrap()))))
    };
    (options.background, options.background_length) = (Background::None, Vec::new());
    let expected = learnt(&by_hand, &options);
    options.background = Background::Mean;
    assert_eq!(learnt(&problem, &options), expected, "seed {seed}");
}

#[test]
fn what_is_learned_over_a_level_is_what_is_learned_without_bit_for_bit() {
    for seed in 0..20 {
        if seed % 2 == 0 { same_as_by_hand::<f64>(seed) } else { same_as_by_hand::<f32>(seed) }
    }
}

fn stays_centred<T: Real>(seed: u64) -> bool {
    let mut noise = Noise(1000 + seed);
    let problem = random_problem(&mut noise);
    let mut options = super::options_at_random(&mut noise, &problem);
    if noise.below(3) == 0 {
        options.learn.fixed_atoms = (0..problem.n_atoms).map(|_| noise.below(3) == 0).collect();
    }
    let centred = options.learn.zero_mean;
    if !centred {
        return false;
    }
    let x = rounded::<T>(&problem.x);
    let mut learner = learner::<T>(&problem, &options, 1);
    for _ in 0..4 {
        let done = learner.step(&field(&x, &problem), None).unwrap();
        let level = largest_level(learner.dictionary().unwrap(), &options.learn.fixed_atoms);
        assert!(level <= 16.0 * T::EPSILON.wide(), "seed {seed}: {level:e} {options:?}");
        let norms = values(learner.dictionary().unwrap());
        let depth = problem.n_channels * volume(problem.atom);
        for (k, atom) in norms.chunks_exact(depth).enumerate() {
            let fixed = options.learn.fixed_atoms.get(k).is_some_and(|f| *f);
            assert!(fixed || atom.iter().map(|x| x * x).sum::<f64>() <= 1.0 + 1e-6);
        }
        if !options.learn.online && options.learn.batch == 0 && options.learn.redraw_below == 0.0 {
            assert!(done.objective_d <= done.objective_z * (1.0 + 1e-9), "seed {seed}: {done:?}");
        }
    }
    // What is saved goes on under the same constraint.
    let saved = learner.save().unwrap();
    let back = Learner::<T>::restore(&saved, None, 1).unwrap();
    assert!(back.options().learn.zero_mean && back.options() == learner.options());
    true
}

#[test]
fn atoms_of_zero_mean_have_it_after_every_step() {
    let n =
        (0..90).filter(|seed| if seed % 3 == 0 { stays_centred::<f32>(*seed) } else { stays_centred::<f64>(*seed) });
    let n = n.count();
    assert!(n >= 15, "{n} only");
}

/// The nearest atoms of zero mean in the ball.
fn projected(d: &mut [f64], depth: usize, volume: usize) {
    for atom in d.chunks_exact_mut(depth) {
        for channel in atom.chunks_exact_mut(volume) {
            let mean = channel.iter().sum::<f64>() / volume as f64;
            channel.iter_mut().for_each(|x| *x -= mean);
        }
        let norm = atom.iter().map(|x| x * x).sum::<f64>().sqrt();
        atom.iter_mut().for_each(|x| *x /= norm.max(1.0));
    }
}

#[test]
fn a_step_finds_the_best_atoms_of_zero_mean() {
    let mut tried = 0;
    for seed in 0..12 {
        let mut noise = Noise(500 + seed);
        let mut problem = random_problem(&mut noise);
        let depth = problem.n_channels * volume(problem.atom);
        if volume(problem.atom) < 2 {
            continue;
        }
        tried += 1;
        problem.d.iter_mut().for_each(|d| *d += 0.5);
        projected(&mut problem.d, depth, volume(problem.atom));
        let z: Vec<f64> = (0..problem.n_z()).map(|_| if noise.below(4) == 0 { noise.normal() } else { 0.0 }).collect();
        let statistics = statistics_of(&problem, &z, Method::Auto, 1);
        let d = problem.dictionary::<f64>();
        let settings = Settings { tol: 1e-11, max_iter: 20_000, zero_mean: true, ..Settings::default() };
        let (found, done) = dictionary_step(&statistics, &d, &settings).unwrap();
        let least = data_term(&statistics, &found).unwrap();
        // Plain projected gradient steps, as short as they have to be.
        let mut plain = d.clone();
        let curvature: f64 = statistics.ztz.iter().map(|x| x.abs()).sum();
        for _ in 0..40_000 {
            let slope = gradient(&statistics, &plain).unwrap();
            let Atoms::Full(values) = &mut plain.atoms else { unreachable!() };
            values.iter_mut().zip(slope).for_each(|(d, g)| *d -= g / curvature);
            projected(values, depth, volume(problem.atom));
        }
        let expected = data_term(&statistics, &plain).unwrap();
        assert!(least <= expected + 1e-8 * expected, "seed {seed}: {least:e} {expected:e}");
        // And it is proven: no more than told above what another method has found.
        assert!(least - expected <= done.gap + 1e-12 * least && done.gap <= 1e-8 * least, "seed {seed}: {done:?}");
    }
    assert!(tried > 6);
}

#[test]
fn atoms_without_room_are_refused_and_given_ones_are_brought_to_zero_mean() {
    let mut problem = random_problem(&mut Noise(4));
    let options =
        Options { learn: Learning { zero_mean: true, init: Init::Given, ..Learning::default() }, ..Options::default() };
    (problem.n_axes, problem.signal, problem.atom, problem.periodic) = (1, [1, 1, 60], [1, 1, 1], [false; 3]);
    (problem.n_signals, problem.n_channels, problem.n_atoms) = (1, 1, 2);
    let refused = |problem: &Problem, options: &Options| {
        let made = Learner::<f64>::new(problem.shape(options), options.clone(), 1, Some(problem.dictionary()));
        made.err().map(|error| error.to_string()).unwrap_or_default()
    };
    problem.d = vec![1.0, 2.0];
    assert!(refused(&problem, &options).contains("option \"learn_zero_mean\" must be 0 where atoms have room for one"));
    problem.atom = [1, 1, 3];
    problem.d = vec![1.0, 2.0, 6.0, 4.0, 4.0, 4.0];
    let learner = learner::<f64>(&problem, &options, 1);
    let found = values(learner.dictionary().unwrap());
    assert!(largest_level(learner.dictionary().unwrap(), &[]) < 1e-15);
    assert!(found[0] < 0.0 && (found[0] - 2.0 * found[1]).abs() < 1e-15 && found[3..] == [0.0; 3]);
    // In a window there is room for one.
    let mut narrow = options.clone();
    narrow.learn.window = true;
    assert!(refused(&problem, &narrow).contains("learn_zero_mean"));
    // A level alone is nothing.
    problem.d = vec![4.0; 6];
    assert!(refused(&problem, &options).contains("zero everywhere"));
}
