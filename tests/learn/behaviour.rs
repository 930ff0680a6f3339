//! Each promise by itself, on problems whose answer is plain.

use super::{Noise, common::Problem, learner, statistics_of};
use dicod::csc::{Encoder, Options, RegScale, Schedule, Strategy};
use dicod::learn::dictionary_step::{Settings, dictionary_step};
use dicod::learn::{Init, Learner, Learning, Method, Reference};
use dicod::linalg::{Dictionary, Field};

fn line(n_signals: usize, n_atoms: usize, length: usize, support: usize) -> Problem {
    Problem {
        n_axes: 1,
        n_signals,
        n_channels: 1,
        n_atoms,
        signal: [1, 1, length],
        atom: [1, 1, support],
        periodic: [false; 3],
        x: vec![0.0; n_signals * length],
        d: vec![0.0; n_atoms * support],
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    }
}

fn field(problem: &Problem) -> Field<'_, f64> {
    Field::contiguous(&problem.x, problem.signal.map(|n| n as i64))
}

fn atom(d: &Dictionary<f64>, k: usize) -> Vec<f64> {
    (0..d.volume()).map(|s| d.at(k, 0, s)).collect()
}

#[test]
fn unused_atoms_are_all_drawn_anew() {
    // Five shapes far from each other; the first dictionary knows one, and the others are nothing.
    let mut noise = Noise(20);
    let mut problem = line(1, 5, 300, 10);
    for shape in 0..5 {
        for s in 0..10 {
            problem.x[20 + 60 * shape + s] = (2.0 + shape as f64) * noise.normal();
        }
    }
    problem.d[..10].copy_from_slice(&problem.x[20..30]);
    for redraw in [true, false] {
        let options = Options {
            reg: 0.01,
            learn: Learning { init: Init::Given, redraw, recentre: false, ..Learning::default() },
            ..Options::default()
        };
        let x = field(&problem);
        let mut learner = learner::<f64>(&problem, &options, 1);
        let done = learner.step(&x, None).unwrap();
        assert_eq!(done.redrawn, if redraw { 4 } else { 0 });
        assert_eq!(done.nonzeros[1..], [0; 4]);
        for k in 1..5 {
            let atom = atom(learner.dictionary().unwrap(), k);
            let square: f64 = atom.iter().map(|x| x * x).sum();
            assert!((square - f64::from(redraw)).abs() < 1e-9, "{square}");
        }
        let done = learner.step(&x, None).unwrap();
        assert_eq!(done.redrawn, 0);
        let used = done.nonzeros.iter().filter(|n| **n > 0).count();
        assert_eq!(used, if redraw { 5 } else { 1 });
        // One each: what was drawn does not overlap.
        if redraw {
            let energy: f64 = problem.x.iter().map(|x| 0.5 * x * x).sum();
            assert!(done.objective_d < 0.1 * energy, "{done:?}");
        }
    }
}

/// Atoms that have nothing to do with x: λ, a fraction of their λmax, would be 0 for ever.
#[test]
fn lambda_is_a_fraction_of_the_first_lambda_max_that_is_not_zero() {
    let mut noise = Noise(24);
    let mut problem = line(1, 2, 200, 10);
    let learning = Learning { init: Init::Given, ..Learning::default() };
    let mut options = Options { learn: learning, ..Options::default() };
    // Zero everywhere is a mistake, whatever the regularisation.
    for scale in [RegScale::Relative, RegScale::Absolute, RegScale::PerAtom] {
        options.reg_scale = scale;
        let (shape, d) = (problem.shape(&options), problem.dictionary::<f64>());
        let refused = Learner::new(shape, options.clone(), 1, Some(d));
        let text = refused.err().unwrap().to_string();
        assert!(text.contains("zero everywhere") && text.contains("learn_init"), "{text}");
    }
    // Orthogonal to a flat signal, exactly and up to rounding.
    for (scale, rounding) in
        [RegScale::Relative, RegScale::PerAtom].map(|scale| [(scale, false), (scale, true)]).concat()
    {
        options.reg_scale = scale;
        let level = if rounding { 0.1 } else { 0.0 };
        problem.x.iter_mut().for_each(|x| *x = level);
        problem.d = vec![0.0; 20];
        for k in 0..2 {
            (problem.d[10 * k], problem.d[10 * k + 1 + k]) = (0.1, 0.2);
            problem.d[10 * k + 5] = -0.1 - 0.2;
        }
        let mut learner = learner::<f64>(&problem, &options, 1);
        let done = learner.step(&field(&problem), None).unwrap();
        assert_eq!((done.nonzeros.iter().sum::<u64>(), learner.lambda()), (0, None));
        problem.x[100] += 5.0 * (1.0 + noise.uniform());
        let done = learner.step(&field(&problem), None).unwrap();
        assert!(done.lambda_max > 0.1 && done.lambda[0] > 0.01, "{done:?}");
        assert_eq!(learner.lambda(), Some(&done.lambda[..]));
    }
}

/// With a λ of its own an atom of little weight in x pays little, as long as atoms are those that the λ are of.
#[test]
fn each_atom_has_a_lambda_of_its_own() {
    let mut noise = Noise(31);
    let mut problem = line(1, 3, 300, 10);
    problem.d = (0..30).map(|_| noise.uniform()).collect();
    problem.x = (0..300).map(|_| noise.uniform()).collect();
    let options = |reg_scale, reg_per_atom: &[f64]| Options {
        reg: 0.2,
        reg_scale,
        reg_per_atom: reg_per_atom.to_vec(),
        learn: Learning { init: Init::Given, ..Learning::default() },
        ..Options::default()
    };
    let found = |options: &Options| {
        let mut learner = learner::<f64>(&problem, options, 1);
        let steps = [(); 3].map(|()| learner.step(&field(&problem), None).unwrap());
        let last = learner.lambda().unwrap().to_vec();
        assert_eq!([&steps[0].lambda, &steps[2].lambda], [&last, &last]);
        (last, steps[2].objective_d.to_bits())
    };
    let own = found(&options(RegScale::PerAtom, &[]));
    // Atoms are those of norm 1 in the direction of what is given.
    let norms = problem.squared_norms();
    let expected = problem.lambda_max_of_atoms(false).into_iter().zip(norms).map(|(l, n)| 0.2 * l / n.sqrt().max(1.0));
    for (got, expected) in own.0.iter().zip(expected) {
        assert!((got / expected - 1.0).abs() < 1e-9, "{got} {expected}");
    }
    assert_eq!(found(&options(RegScale::Absolute, &own.0)), own);
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let problem = line(1, 2, 50, 5);
    type Change = fn(&mut Options);
    let cases: [(Change, &str); 4] = [
        (|o| o.frozen_support = true, "warm_start"),
        (|o| (o.schedule, o.steps_per_visit) = (Schedule::Published, 2), "published"),
        (|o| (o.strategy, o.tile_shape) = (Strategy::Greedy, vec![9]), "greedy"),
        (|o| (o.learn.redraw_below, o.learn.redraw) = (0.1, false), "learn_redraw"),
    ];
    for (index, (change, word)) in cases.into_iter().enumerate() {
        let mut options = Options::default();
        change(&mut options);
        let (shape, d) = (problem.shape(&options), problem.dictionary::<f64>());
        let encoder = Encoder::new(shape.clone(), d, options.clone(), 1);
        assert_eq!(encoder.is_err(), index < 3);
        let learner = Learner::<f64>::new(shape, options, 1, None);
        let mut texts = vec![learner.err().unwrap().to_string()];
        texts.extend(encoder.err().map(|error| error.to_string()));
        for text in texts {
            assert!(text.starts_with("option \""), "{text}");
            assert!(text.contains(word) || index == 0, "{text}");
        }
    }
}

#[test]
fn greedy_atoms_are_what_is_left_unexplained() {
    let mut noise = Noise(21);
    let mut problem = line(1, 3, 200, 8);
    problem.x.iter_mut().for_each(|x| *x = noise.normal());
    problem.x[77..85].iter_mut().for_each(|x| *x *= 10.0);
    let options = Options {
        learn: Learning { init: Init::GreedyPatches, dict_max_iter: 0, ..Learning::default() },
        ..Options::default()
    };
    let mut learner = learner::<f64>(&problem, &options, 1);
    learner.step(&field(&problem), None).unwrap();
    let energy = |at: usize| problem.x[at..at + 8].iter().map(|x| x * x).sum::<f64>();
    let largest = (0..193).max_by(|a, b| energy(*a).total_cmp(&energy(*b)));
    let largest = largest.unwrap();
    let first = atom(learner.dictionary().unwrap(), 0);
    for (s, value) in first.iter().enumerate() {
        let wanted = problem.x[largest + s] / energy(largest).sqrt();
        assert!((value - wanted).abs() < 1e-12, "{value} {wanted}");
    }
}

#[test]
fn lambda_follows_its_reference() {
    let mut noise = Noise(22);
    let mut problem = line(2, 3, 150, 9);
    problem.x.iter_mut().for_each(|x| *x = noise.normal());
    for reference in [Reference::First, Reference::Each] {
        let options = Options {
            reg: 0.2,
            learn: Learning { reg_reference: reference, ..Learning::default() },
            ..Options::default()
        };
        let mut learner = learner::<f64>(&problem, &options, 1);
        let mut first = None;
        let mut differs = false;
        for _ in 0..4 {
            let done = learner.step(&field(&problem), None).unwrap();
            let of = match reference {
                Reference::First => *first.get_or_insert(done.lambda_max),
                Reference::Each => done.lambda_max,
            };
            assert!(done.lambda.iter().all(|l| (l - 0.2 * of).abs() <= 1e-12 * of));
            differs |= done.lambda_max != *first.get_or_insert(done.lambda_max);
        }
        assert!(differs);
        assert_eq!(learner.lambda().is_some(), reference == Reference::First);
    }
}

#[test]
fn batches_go_through_all_signals() {
    // λ is so large that nothing fires: the objective tells which signals were looked at.
    let mut problem = line(5, 2, 40, 4);
    for signal in 0..5 {
        problem.x[signal * 40 + 7] = (2u32.pow(2 * signal as u32 + 1) as f64).sqrt();
    }
    for seed in 0..20 {
        let options = Options {
            reg: 1e6,
            reg_scale: RegScale::Absolute,
            seed,
            learn: Learning { init: Init::Random, batch: 2, redraw: false, ..Learning::default() },
            ..Options::default()
        };
        let mut learner = learner::<f64>(&problem, &options, 1);
        let mut times = [0; 5];
        for step in 1..=10 {
            let done = learner.step(&field(&problem), None).unwrap();
            let mut seen = done.objective_z.round() as u64;
            for times in &mut times {
                *times += seen % 4;
                seen /= 4;
            }
            assert_eq!(times.iter().sum::<u64>(), 2 * step);
            // No signal is looked at again before all have been, pass after pass.
            let least = 2 * step / 5;
            assert!(times.iter().all(|n| (least..=least + 1).contains(n)), "{times:?}");
        }
        assert_eq!(times, [4; 5]);
    }
}

#[test]
fn statistics_of_earlier_signals_count_less_and_less() {
    let mut noise = Noise(23);
    let mut problem = line(1, 2, 200, 7);
    let options = Options {
        reg: 0.1,
        learn: Learning { online: true, forgetting: 0.4, dict_tol: 1e-9, dict_max_iter: 1000, ..Learning::default() },
        ..Options::default()
    };
    let mut learner = learner::<f64>(&problem, &options, 1);
    let mut all = None;
    for _ in 0..4 {
        problem.x.iter_mut().for_each(|x| *x = noise.normal());
        let before = learner.dictionary().cloned();
        learner.step(&field(&problem), None).unwrap();
        let mut z = vec![0.0; problem.n_z()];
        for a in learner.activations() {
            z[a.atom * 194 + a.at[2] as usize] = a.value;
        }
        let mut sum = statistics_of(&problem, &z, Method::Sparse, 1);
        if let Some(earlier) = all.take() {
            let dicod::learn::Statistics { ztz, ztx, xx, .. } = earlier;
            let add = |to: &mut [f64], from: &[f64]| {
                to.iter_mut().zip(from).for_each(|(to, from)| *to += 0.4 * from);
            };
            add(&mut sum.ztz, &ztz);
            add(&mut sum.ztx, &ztx);
            sum.xx += 0.4 * xx;
        }
        if let Some(before) = before {
            let settings = Settings { tol: 1e-9, max_iter: 1000, ..Settings::default() };
            let (wanted, _) = dictionary_step(&sum, &before, &settings).unwrap();
            let got = learner.dictionary().unwrap();
            for k in 0..2 {
                for (a, b) in atom(&wanted, k).iter().zip(atom(got, k)) {
                    assert!((a - b).abs() < 1e-3, "{a} {b}");
                }
            }
        }
        all = Some(sum);
    }
}

/// ½‖x − Σ z∗d‖², by plain loops, without one of the atoms if that is asked for.
fn data_term_without(problem: &Problem, d: &Dictionary<f64>, z: &[f64], without: Option<usize>) -> f64 {
    let all = (0..d.n_atoms).flat_map(|k| atom(d, k)).collect();
    let of = Problem { d: all, ..problem.clone() };
    let z: Vec<f64> = (0..z.len()).map(|i| if Some(of.atom_of(i)) == without { 0.0 } else { z[i] }).collect();
    0.5 * of.residual(&z).iter().map(|r| r * r).sum::<f64>()
}

#[test]
fn atoms_are_sorted_by_what_the_data_term_would_rise_by_without_them() {
    let mut noise = Noise(31);
    let mut problem = line(2, 5, 400, 12);
    problem.x.iter_mut().for_each(|x| *x = noise.normal());
    problem.d.iter_mut().for_each(|d| *d = 0.4 * noise.normal());
    for (way, fixed) in [(0, vec![]), (1, vec![false, true, false, false, false]), (2, vec![]), (3, vec![])] {
        let options = Options {
            reg: 0.2,
            positive: way == 2,
            learn: Learning {
                init: Init::Given,
                fixed_atoms: fixed.clone(),
                rank_one: way == 3,
                ..Learning::default()
            },
            ..Options::default()
        };
        let x = field(&problem);
        let mut learner = learner::<f64>(&problem, &options, 1);
        for _ in 0..3 {
            learner.step(&x, None).unwrap();
        }
        let z_of = |learner: &Learner<f64>| {
            let mut z = vec![0.0; problem.n_z()];
            let valid = problem.valid().map(|n| n as i64);
            learner.z(&mut dicod::linalg::FieldMut::contiguous(&mut z, valid)).unwrap();
            z
        };
        let (d, z, before) = (learner.dictionary().unwrap().clone(), z_of(&learner), learner.objective(&x).unwrap());
        let sorted = learner.sort_atoms(&x).unwrap();
        let (now, z_now, after) =
            (learner.dictionary().unwrap().clone(), z_of(&learner), learner.objective(&x).unwrap());
        assert!((after.0 - before.0).abs() < 1e-12 * before.0 && (after.1 - before.1).abs() < 1e-12 * before.0);
        let data_term = data_term_without(&problem, &d, &z, None);
        for (k, from) in sorted.order.iter().enumerate() {
            let rise = data_term_without(&problem, &d, &z, Some(*from)) - data_term;
            assert!((sorted.explained[k] - rise).abs() < 1e-9 * data_term, "{k}: {} {rise}", sorted.explained[k]);
            let is_fixed = fixed.get(k).is_some_and(|f| *f);
            let sign = if (0..12).all(|s| now.at(k, 0, s) == d.at(*from, 0, s)) { 1.0 } else { -1.0 };
            assert!((0..12).all(|s| now.at(k, 0, s) == sign * d.at(*from, 0, s)), "{k}");
            let largest = atom(&now, k).into_iter().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
            assert!(way == 2 && sign > 0.0 || is_fixed && k == *from && sign > 0.0 || largest > 0.0);
            for i in (0..z.len()).filter(|i| problem.atom_of(*i) == k) {
                let n = z.len() / 2 / 5;
                assert_eq!(z_now[i], sign * z[i - k * n + from * n]);
            }
        }
        let free: Vec<f64> =
            (0..5).filter(|k| !fixed.get(*k).is_some_and(|f| *f)).map(|k| sorted.explained[k]).collect();
        assert!(free.is_sorted_by(|a, b| a >= b) && free[0] > free[free.len() - 1], "{free:?}");
        assert!(way == 1 || sorted.order != [0, 1, 2, 3, 4]);
        // Once more changes nothing, and learning goes on from there.
        let again = learner.sort_atoms(&x).unwrap();
        assert_eq!(again.order, [0, 1, 2, 3, 4]);
        let done = learner.step(&x, None).unwrap();
        assert!(done.objective_z <= after.0 * (1.0 + 1e-9), "{} {}", done.objective_z, after.0);
    }
}

#[test]
fn learning_ends_with_sorted_atoms_where_that_is_asked_for() {
    let mut noise = Noise(32);
    let mut problem = line(3, 4, 300, 10);
    problem.x.iter_mut().for_each(|x| *x = noise.normal());
    problem.d.iter_mut().for_each(|d| *d = 0.4 * noise.normal());
    for (batch, forgetting) in [(0, 1.0), (2, 0.7)] {
        let mut options = Options {
            reg: 0.2,
            learn: Learning { max_iter: 3, batch, forgetting, init: Init::Given, ..Learning::default() },
            ..Options::default()
        };
        let x = field(&problem);
        let run = |options: &Options| {
            let mut learner = learner::<f64>(&problem, options, 1);
            let info = learner.run(&x, None, None).unwrap().info;
            (learner, info)
        };
        let (mut plain, info) = run(&options);
        options.learn.sort = true;
        let (mut sorted, info_sorted) = run(&options);
        let order = plain.sort_atoms(&x).unwrap().order;
        assert_ne!(order, [0, 1, 2, 3]);
        assert_eq!(plain.dictionary(), sorted.dictionary());
        assert_eq!(plain.activations(), sorted.activations());
        assert_eq!(info.certificate.objective, info_sorted.certificate.objective);
        // Also what is remembered: the next steps are the same.
        assert_eq!(plain.step(&x, None).unwrap().objective_d, sorted.step(&x, None).unwrap().objective_d);
        assert_eq!(plain.dictionary(), sorted.dictionary());
        options.reg_per_atom = vec![0.1; 4];
        let refused = Learner::<f64>::new(problem.shape(&options), options.clone(), 1, Some(problem.dictionary()));
        let text = refused.map(drop).unwrap_err().to_string();
        assert!(text.contains("\"learn_sort\" must be 0 with option \"reg_per_atom\""), "{text}");
        options.learn.sort = false;
        let mut learner = learner::<f64>(&problem, &options, 1);
        learner.step(&x, None).unwrap();
        let text = learner.sort_atoms(&x).unwrap_err().to_string();
        assert!(text.contains("\"reg_per_atom\" must be empty where atoms are sorted"), "{text}");
    }
}
