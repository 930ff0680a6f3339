//! Learning from windows at random places.

use super::{Noise, common::Point, common::Problem, common::bits, common::rounded, learner};
use dicod::csc::Options;
use dicod::grid::block::Block;
use dicod::learn::{Init, Learner, Learning};
use dicod::linalg::{Field, FieldMut, Real};
use dicod::ranks::Transport;
use dicod::ranks::local::{Local, Weather};
use std::sync::Arc;

fn noisy(noise: &mut Noise, signal: Point, atom: Point, n_signals: usize, n_channels: usize) -> Problem {
    let n_axes = signal.iter().filter(|n| **n > 1).count();
    let n = |shape: Point| shape.iter().product::<usize>();
    Problem {
        n_axes,
        n_signals,
        n_channels,
        n_atoms: 3,
        signal,
        atom,
        periodic: [false; 3],
        x: (0..n_signals * n_channels * n(signal)).map(|_| noise.normal()).collect(),
        d: (0..3 * n_channels * n(atom)).map(|_| noise.normal()).collect(),
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    }
}

fn cropped(crops: i64, crop_shape: &[i64]) -> Options {
    let learn = Learning { crops, crop_shape: crop_shape.to_vec(), max_iter: 4, ..Learning::default() };
    Options { reg: 0.2, tol: 1e-2, learn, ..Options::default() }
}

/// Dictionaries and objectives of four steps, z and what it stands for, of which this rank brings a slab of rows; a checkpoint
/// between them.
fn four_steps<T: Real>(ranks: Arc<dyn Transport>, n_threads: usize, problem: &Problem, options: &Options) -> Vec<u64> {
    let [_, rows, columns] = problem.signal.map(|n| n as i64);
    let (me, size) = (ranks.rank() as i64, ranks.size() as i64);
    // The middle rank of three has nothing, another one more.
    let cut = |rank: i64| if size == 3 && rank == 1 { rows * 2 / 3 } else { rows * rank / size };
    let block = Block { origin: [0, cut(me), 0], shape: [1, cut(me + 1) - cut(me), columns] };
    let block = if block.is_empty() { Block::default() } else { block };
    let x = rounded::<T>(&problem.x);
    let part = (rows * columns) as usize;
    let mut own = Vec::new();
    for channel in x.chunks_exact(part) {
        own.extend_from_slice(&channel[(cut(me) * columns) as usize..(cut(me + 1) * columns) as usize]);
    }
    let mut field = Field::contiguous(&own, block.shape);
    field.origin = block.origin;
    let mut learner = Learner::<T>::over(
        ranks.clone(),
        problem.shape(options),
        options.clone(),
        n_threads,
        Some(problem.dictionary()),
    )
    .unwrap();
    let mut found = Vec::new();
    for step in 0..4 {
        let done = learner.step(&field, None).unwrap();
        found.extend([done.objective_z, done.objective_d].map(f64::to_bits));
        found.extend(bits(&full(&learner)));
        if step == 1 {
            let saved = learner.save().unwrap();
            learner = Learner::restore_over(ranks.clone(), &saved, None, n_threads).unwrap();
        }
    }
    let sorted = learner.sort_atoms(&field).unwrap();
    found.extend(bits(&sorted.explained));
    found.push(learner.encode(&field, None).unwrap().certificate.objective.to_bits());
    // z is of the crops, on any rank.
    let [n0, n1] = options.learn.crop_shape[..] else { panic!() };
    let valid = [1, n0 - problem.atom[1] as i64 + 1, n1 - problem.atom[2] as i64 + 1];
    let mut z = vec![T::NAN; options.learn.crops as usize * 3 * (valid[1] * valid[2]) as usize];
    learner.z(&mut FieldMut::contiguous(&mut z, valid)).unwrap();
    found.extend(bits(&z));
    let mut model = vec![T::NAN; options.learn.crops as usize * problem.n_channels * (n0 * n1) as usize];
    learner.reconstruct(&mut FieldMut::contiguous(&mut model, [1, n0, n1])).unwrap();
    found.extend(bits(&model));
    found
}

fn full<T: Real>(learner: &Learner<T>) -> Vec<T> {
    let d = learner.dictionary().unwrap();
    let n = d.volume();
    (0..d.n_atoms * d.n_channels * n).map(|i| d.at(i / n / d.n_channels, i / n % d.n_channels, i % n)).collect()
}

#[test]
fn what_is_learned_from_crops_is_the_same_on_any_ranks_and_after_a_restart() {
    let mut noise = Noise(41);
    let problem = noisy(&mut noise, [1, 40, 33], [1, 5, 4], 2, 2);
    for init in [Init::Given, Init::RandomPatches, Init::GreedyPatches] {
        let mut options = cropped(3, &[17, 12]);
        (options.learn.init, options.seed) = (init, 5);
        let alone = four_steps::<f64>(Arc::new(Local::alone()), 1, &problem, &options);
        let of_float = four_steps::<f32>(Arc::new(Local::alone()), 2, &problem, &options);
        for (size, n_threads) in [(2, 1), (3, 2), (5, 1)] {
            for result in Local::run(size, Weather::default(), |ranks| {
                let float = four_steps::<f32>(ranks.clone(), n_threads, &problem, &options);
                (four_steps::<f64>(ranks, n_threads, &problem, &options), float)
            }) {
                let (found, float) = result.unwrap();
                assert!(found == alone && float == of_float, "{size} ranks, {init:?}");
            }
        }
        options.seed = 6;
        assert!(four_steps::<f64>(Arc::new(Local::alone()), 1, &problem, &options) != alone);
    }
}

#[test]
fn one_crop_of_everything_is_a_step_of_online_learning() {
    let mut noise = Noise(42);
    let problem = noisy(&mut noise, [1, 1, 300], [1, 1, 9], 1, 2);
    let x = Field::contiguous(&problem.x, [1, 1, 300]);
    for init in [Init::Given, Init::RandomPatches] {
        let mut options = cropped(1, &[300]);
        (options.learn.init, options.learn.forgetting) = (init, 0.5);
        let mut one = learner::<f64>(&problem, &options, 1);
        options.learn = Learning { crops: 0, crop_shape: Vec::new(), online: true, ..options.learn };
        let mut other = learner::<f64>(&problem, &options, 1);
        for _ in 0..3 {
            let (a, b) = (one.step(&x, None).unwrap(), other.step(&x, None).unwrap());
            assert_eq!((a.objective_z, a.objective_d), (b.objective_z, b.objective_d));
            assert_eq!(one.dictionary(), other.dictionary());
        }
    }
}

#[test]
fn atoms_of_a_long_signal_are_found_in_crops_of_it() {
    let mut noise = Noise(43);
    let mut problem = noisy(&mut noise, [1, 1, 20_000], [1, 1, 16], 1, 1);
    problem.n_atoms = 2;
    // Two shapes far from each other, now and then, above a little noise.
    let shape = |k: usize, s: usize| {
        let (t, hill) = (s as f64 / 15.0, (std::f64::consts::PI * (s as f64 + 0.5) / 16.0).sin());
        hill * if k == 0 { (12.0 * t).cos() } else { 1.0 - 2.0 * f64::from(u8::from(t > 0.5)) }
    };
    let atoms: Vec<Vec<f64>> = (0..2).map(|k| (0..16).map(|s| shape(k, s)).collect()).collect();
    problem.x.iter_mut().for_each(|x| *x *= 0.01);
    for k in 0..400 {
        let (at, size) = (50 * k + noise.below(30), 1.0 + noise.uniform());
        (0..16).for_each(|s| problem.x[at + s] += size * atoms[k % 2][s]);
    }
    problem.d.truncate(2 * 16);
    let mut options = cropped(6, &[400]);
    options.learn = Learning { max_iter: 40, forgetting: 0.9, ..options.learn };
    let mut learner = learner::<f64>(&problem, &options, 1);
    let found = learner.run(&Field::contiguous(&problem.x, [1, 1, 20_000]), None, None).unwrap();
    assert_eq!(found.iterations, 40);
    let d = learner.dictionary().unwrap();
    for atom in &atoms {
        let norm = |a: &[f64]| a.iter().map(|x| x * x).sum::<f64>().sqrt();
        let alike = |k: usize, shift: i64| {
            let other: Vec<f64> = (0..16).map(|s| d.at(k, 0, s)).collect();
            let at = |s: i64| if (0..16).contains(&(s + shift)) { other[(s + shift) as usize] } else { 0.0 };
            let product: f64 = (0..16).map(|s| atom[s as usize] * at(s)).sum();
            product.abs() / norm(atom) / norm(&other)
        };
        let best = (0..2).flat_map(|k| (-5..6).map(move |shift| alike(k, shift))).fold(0.0, f64::max);
        assert!(best > 0.95, "{best}");
    }
}

#[test]
fn crops_that_cannot_be_are_refused_by_name() {
    let mut noise = Noise(44);
    let problem = noisy(&mut noise, [1, 20, 30], [1, 5, 4], 2, 1);
    let text = |options: Options| {
        let made = Learner::<f64>::new(problem.shape(&options), options.clone(), 1, None);
        made.map(drop).unwrap_err().to_string()
    };
    let name = "option \"learn_crop_shape\" must be";
    for shape in [vec![4, 10], vec![21, 10], vec![10, 3], vec![25], vec![3], vec![10, 10, 10]] {
        let text = text(cropped(2, &shape));
        assert!(text.starts_with(name) && text.contains("[5, 4], to those of the signal, [20, 30]"), "{text}");
    }
    assert!(text(cropped(2, &[])).starts_with(&format!("{name} given with option \"learn_crops\"")));
    assert!(text(cropped(0, &[9])).starts_with(&format!("{name} empty unless")));
    let mut options = cropped(2, &[9]);
    options.learn.batch = 1;
    assert!(text(options).starts_with("option \"learn_batch\" must be 0 with option \"learn_crops\""));
    assert!(text(cropped(1 << 40, &[9])).starts_with("option \"learn_crops\" must be at most 2147483647"));
    Learner::<f64>::new(problem.shape(&cropped(2, &[9])), cropped(2, &[9]), 1, None).unwrap();
}
