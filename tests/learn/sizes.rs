//! Atoms of several sizes in one dictionary: each stays within its own shape, whatever is done to it.

use super::{
    Noise, common,
    common::Problem,
    learner,
    planted::{of_some_starts, recovered},
};
use dicod::csc::{Options, Shape};
use dicod::learn::{Init, Learner, Learning};
use dicod::linalg::{Dictionary, Field};

/// Short and long atoms at random places, with some noise: two of a shape, two as long as the support.
fn planted(noise: &mut Noise, signal: common::Point, atom: common::Point, short: common::Point) -> Problem {
    let n_axes = signal.iter().filter(|n| **n > 1).count();
    let mut problem = Problem {
        n_axes,
        n_signals: 1,
        n_channels: 1,
        n_atoms: 4,
        signal,
        atom,
        periodic: [false; 3],
        x: vec![0.0; common::volume(signal)],
        d: vec![0.0; 4 * common::volume(atom)],
        w: Vec::new(),
        ridge: 0.0,
        atoms: vec![short, atom, short, atom],
        factors: Vec::new(),
    };
    let volume = common::volume(atom);
    for (d, own) in problem.d.chunks_exact_mut(volume).zip(&problem.atoms) {
        for (i, d) in d.iter_mut().enumerate() {
            let at = [i / (atom[1] * atom[2]), i / atom[2] % atom[1], i % atom[2]];
            *d = if (0..3).all(|a| at[a] < own[a]) { noise.normal() } else { 0.0 };
            for a in (0..3).filter(|a| own[*a] > 1) {
                // Three quarters of the support are used.
                let place = (at[a] as f64 + 0.5 - own[a] as f64 / 8.0) / (0.75 * own[a] as f64);
                *d *= (std::f64::consts::PI * place.clamp(0.0, 1.0)).sin();
            }
        }
        let norm = d.iter().map(|x| x * x).sum::<f64>().sqrt();
        d.iter_mut().for_each(|d| *d /= norm);
    }
    let share = 0.6 / (4 * volume) as f64;
    let mut z = vec![0.0; problem.n_z()];
    for z in &mut z {
        if noise.uniform() < share {
            *z = [-1.0, 1.0][noise.below(2)] * (1.0 + noise.uniform());
        }
    }
    problem.x = problem.reconstruct(&z);
    problem.x.iter_mut().for_each(|x| *x += 0.01 * noise.normal());
    problem
}

fn is_cut(problem: &Problem, d: &Dictionary<f64>) -> bool {
    let (beyond, v) = (problem.beyond(), d.volume());
    let at = |i: usize| d.at(i / v / d.n_channels, i / v % d.n_channels, i % v);
    (0..beyond.len()).all(|i| !beyond[i] || at(i) == 0.0) && (0..beyond.len()).any(|i| beyond[i])
}

#[test]
fn short_and_long_atoms_are_recovered() {
    let mut noise = Noise(3);
    let (mut n, mut found) = (0, 0);
    for (signal, atom, short) in [([1, 1, 6000], [1, 1, 60], [1, 1, 12]), ([1, 150, 150], [1, 12, 12], [1, 5, 5])] {
        for seed in 0..5 {
            let problem = planted(&mut noise, signal, atom, short);
            let learn = Learning { init: Init::GreedyPatches, max_iter: 100, tol: 1e-5, ..Learning::default() };
            let options = Options { reg: 0.1, tol: 1e-2, seed, learn, ..Options::default() };
            let mut learner = learner::<f64>(&problem, &options, 2);
            let x = Field::contiguous(&problem.x, signal.map(|n| n as i64));
            learner.run(&x, None, None).unwrap();
            let d = learner.dictionary().unwrap();
            assert!(is_cut(&problem, d));
            // Of a patch of 5 × 5 that was found a sample beside its place an edge is missing: other starts have it all.
            let least = match recovered(&problem, d) {
                least if least >= 0.95 => least,
                _ => of_some_starts(&problem, &options),
            };
            println!("{signal:?}: least likeness {least:.3}");
            (n, found) = (n + 1, found + u32::from(least >= 0.95));
        }
    }
    assert!(found == n, "{found} of {n} recovered");
}

/// First dictionaries of all kinds, constraints of all kinds; sorted, saved and restored.
#[test]
fn atoms_stay_within_their_shapes_whatever_is_done() {
    let mut noise = Noise(4);
    let problem = planted(&mut noise, [1, 40, 37], [1, 6, 5], [1, 2, 4]);
    let x = Field::contiguous(&problem.x, problem.signal.map(|n| n as i64));
    for init in [Init::Given, Init::Random, Init::RandomPatches, Init::GreedyPatches] {
        for kind in 0..8 {
            let mut learn = Learning { init, redraw_below: 0.5, ..Learning::default() };
            match kind {
                0 => learn.window = true,
                1 => learn.zero_mean = true,
                2 => learn.non_negative = true,
                3 => learn.rank_one = true,
                4 => learn.online = true,
                5 => (learn.crops, learn.crop_shape) = (3, vec![14, 12]),
                6 => (learn.rank_one, learn.zero_mean) = (true, true),
                _ => {}
            }
            let options = Options { reg: 0.1, tol: 1e-2, learn, ..Options::default() };
            let mut learner = learner::<f64>(&problem, &options, 1);
            for _ in 0..3 {
                learner.step(&x, None).unwrap();
                assert!(is_cut(&problem, learner.dictionary().unwrap()), "{options:?}");
            }
            if options.learn.zero_mean {
                let d = learner.dictionary().unwrap();
                let mean = |k: usize| (0..d.volume()).map(|s| d.at(k, 0, s)).sum::<f64>();
                assert!((0..4).all(|k| mean(k).abs() < 1e-12), "{options:?}");
            }
            let sorted = learner.sort_atoms(&x).unwrap();
            // Places keep their shapes.
            assert!(sorted.order.iter().enumerate().all(|(to, from)| to % 2 == from % 2), "{sorted:?}");
            assert!(is_cut(&problem, learner.dictionary().unwrap()));
            let mut again = Learner::<f64>::restore(&learner.save().unwrap(), None, 1).unwrap();
            assert_eq!(again.shape(), learner.shape());
            assert_eq!(again.dictionary(), learner.dictionary());
            let (one, other) = (learner.step(&x, None).unwrap(), again.step(&x, None).unwrap());
            assert_eq!((one.objective_z, one.objective_d), (other.objective_z, other.objective_d), "{options:?}");
            assert_eq!(again.dictionary(), learner.dictionary());
        }
    }
}

/// Where all have the shape of the support nothing is another, to the last bit; and no shape is other than it may be.
#[test]
fn shapes_that_are_all_alike_say_nothing() {
    let mut noise = Noise(5);
    let mut problem = planted(&mut noise, [1, 1, 300], [1, 1, 9], [1, 1, 9]);
    let x = problem.x.clone();
    let x = Field::contiguous(&x, [1, 1, 300]);
    let options = Options { reg: 0.1, ..Options::default() };
    let learned = |problem: &Problem| {
        let mut learner = learner::<f64>(problem, &options, 1);
        learner.step(&x, None).unwrap();
        learner.save().unwrap()
    };
    let with = learned(&problem);
    problem.atoms.clear();
    assert_eq!(with, learned(&problem));

    let shape = Shape::new(&[300], 1, 1, 3, &[9], &options).unwrap();
    for (lengths, text) in [
        (
            &[9, 0, 9][..],
            "atom_shapes[1, 0] (atom 1, axis 0) must be from 1 to 9, the length of the dictionary's atoms, is 0",
        ),
        (
            &[9, 9, 10],
            "atom_shapes[2, 0] (atom 2, axis 0) must be from 1 to 9, the length of the dictionary's atoms, is 10",
        ),
        (&[9, 9], "the number of atom_shapes must be 3, one per atom and axis, is 2"),
    ] {
        assert_eq!(shape.clone().with_atoms(lengths).unwrap_err().to_string(), text);
    }
    // A mean of zero takes two values.
    let options = Options { learn: Learning { zero_mean: true, ..Learning::default() }, ..options };
    let shape = shape.with_atoms(&[9, 1, 2]).unwrap();
    let refused = Learner::<f64>::new(shape, options, 1, None).err().unwrap().to_string();
    assert!(refused.contains("learn_zero_mean"), "{refused}");
}
