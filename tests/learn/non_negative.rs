//! Atoms of which no value is negative.

use super::common::{Problem, rounded, volume};
use super::{Noise, learner, options_at_random, random_problem, statistics_of, weights_at_random};
use dicod::csc::Options;
use dicod::learn::dictionary_step::{Settings, data_term, dictionary_step, gradient};
use dicod::learn::{Init, Learner, Learning, Method};
use dicod::linalg::{Atoms, Dictionary, Field, Real};

/// The least value of an atom that is not fixed.
fn least<T: Real>(d: &Dictionary<T>, fixed: &[bool]) -> f64 {
    let (p, volume) = (d.n_channels, d.volume());
    let free = (0..d.n_atoms).filter(|k| !fixed.get(*k).is_some_and(|f| *f));
    let values = free.flat_map(|k| (0..p * volume).map(move |i| d.at(k, i / volume, i % volume).wide()));
    values.fold(f64::INFINITY, f64::min)
}

fn stays<T: Real>(seed: u64) {
    let mut noise = Noise(3000 + seed);
    let mut problem = random_problem(&mut noise);
    problem.d.iter_mut().for_each(|d| *d = d.abs());
    let mut options = options_at_random(&mut noise, &problem);
    weights_at_random(&mut noise, &mut problem, &mut options);
    (options.learn.zero_mean, options.learn.non_negative) = (false, true);
    if noise.below(3) == 0 {
        options.learn.fixed_atoms = (0..problem.n_atoms).map(|_| noise.below(3) == 0).collect();
    }
    let x = rounded::<T>(&problem.with_holes());
    let x = Field::contiguous(&x, problem.signal.map(|n| n as i64));
    let mut learner = learner::<T>(&problem, &options, 1);
    learner.prepare(&x, None).unwrap();
    assert!(least(learner.dictionary().unwrap(), &options.learn.fixed_atoms) >= 0.0, "seed {seed}: {options:?}");
    for _ in 0..4 {
        learner.step(&x, None).unwrap();
        let d = learner.dictionary().unwrap();
        assert!(least(d, &options.learn.fixed_atoms) >= 0.0, "seed {seed}: {options:?}");
        for (k, norm) in d.squared_norms().unwrap().iter().enumerate() {
            let fixed = options.learn.fixed_atoms.get(k).is_some_and(|f| *f);
            assert!(fixed || norm.wide() <= 1.0 + 1e-6, "seed {seed}: {norm} {options:?}");
        }
    }
    let back = Learner::<T>::restore(&learner.save().unwrap(), None, 1).unwrap();
    assert!(back.options().learn.non_negative);
}

#[test]
fn no_value_is_negative_at_any_time() {
    for seed in 0..40 {
        if seed % 3 == 0 { stays::<f32>(seed) } else { stays::<f64>(seed) }
    }
}

/// The nearest atoms in the ball that are not negative.
fn projected(d: &mut [f64], depth: usize) {
    for atom in d.chunks_exact_mut(depth) {
        atom.iter_mut().for_each(|x| *x = x.max(0.0));
        let norm = atom.iter().map(|x| x * x).sum::<f64>().sqrt();
        atom.iter_mut().for_each(|x| *x /= norm.max(1.0));
    }
}

#[test]
fn a_step_finds_the_best_atoms_that_are_not_negative() {
    for seed in 0..6 {
        let mut noise = Noise(700 + seed);
        let mut problem = random_problem(&mut noise);
        let depth = problem.n_channels * volume(problem.atom);
        projected(&mut problem.d, depth);
        let z: Vec<f64> = (0..problem.n_z()).map(|_| if noise.below(4) == 0 { noise.normal() } else { 0.0 }).collect();
        let statistics = statistics_of(&problem, &z, Method::Auto, 1);
        let d = problem.dictionary::<f64>();
        let settings = Settings { tol: 1e-11, max_iter: 20_000, non_negative: true, ..Settings::default() };
        let (found, done) = dictionary_step(&statistics, &d, &settings).unwrap();
        assert!(least(&found, &[]) >= 0.0);
        let value = data_term(&statistics, &found).unwrap();
        // Plain projected gradient steps, as short as they have to be.
        let mut plain = d.clone();
        let curvature: f64 = statistics.ztz.iter().map(|x| x.abs()).sum();
        for _ in 0..20_000 {
            let slope = gradient(&statistics, &plain).unwrap();
            let Atoms::Full(values) = &mut plain.atoms else { unreachable!() };
            values.iter_mut().zip(slope).for_each(|(d, g)| *d -= g / curvature);
            projected(values, depth);
        }
        let expected = data_term(&statistics, &plain).unwrap();
        assert!((value - expected).abs() <= 1e-8 * expected, "seed {seed}: {value:e} {expected:e}");
        // And it is proven: no more than told above what another method has found.
        assert!(value - expected <= done.gap + 1e-12 * value && done.gap <= 1e-8 * value, "seed {seed}: {done:?}");
    }
}

#[test]
fn given_atoms_lose_what_is_negative_and_zero_mean_is_refused() {
    let x: Vec<f64> = (0..60).map(|i| (i as f64).sin()).collect();
    let problem = Problem {
        n_axes: 1,
        n_signals: 1,
        n_channels: 1,
        n_atoms: 2,
        signal: [1, 1, 60],
        atom: [1, 1, 3],
        periodic: [false; 3],
        x,
        d: vec![3.0, -1.0, 4.0, 0.1, -7.0, 0.2],
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    };
    let learn = Learning { non_negative: true, init: Init::Given, ..Learning::default() };
    let options = Options { learn, ..Options::default() };
    let given = learner::<f64>(&problem, &options, 1);
    let d = given.dictionary().unwrap();
    let values: Vec<f64> = (0..6).map(|i| d.at(i / 3, 0, i % 3)).collect();
    assert!((values[0] - 0.6).abs() < 1e-15 && (values[2] - 0.8).abs() < 1e-15, "{values:?}");
    assert_eq!([values[1], values[3], values[4], values[5]], [0.0, 0.1, 0.0, 0.2]);
    let refused = |problem: &Problem, options: &Options| {
        let made = Learner::<f64>::new(problem.shape(options), options.clone(), 1, Some(problem.dictionary()));
        made.err().map(|error| error.to_string()).unwrap_or_default()
    };
    let mut both = options.clone();
    both.learn.zero_mean = true;
    let text = refused(&problem, &both);
    assert!(text.contains("option \"learn_non_negative\" must be 0 with option \"learn_zero_mean\""), "{text}");
    let nothing = Problem { d: vec![-1.0; 6], ..problem };
    assert!(refused(&nothing, &options).contains("zero everywhere"));
}
