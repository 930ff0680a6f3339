//! What has to hold for any problem.

use super::{
    Noise, common, common::Problem, common::rounded, cut_at_random, learner, long, options_at_random, random_problem,
};
use dicod::csc::{Options, Progress, Shape, Stop};
use dicod::learn::{Init, Learning, Method, Reference};
use dicod::linalg::{Field, FieldMut, Real};
use dicod::options::solve::Background;

/// Signals of which some are not what anybody would learn from; all within `range` powers of two.
fn strange(noise: &mut Noise, x: &mut [f64], range: i32) {
    let scale = |x: &mut [f64], exponent| x.iter_mut().for_each(|x| *x *= 2f64.powi(exponent));
    match noise.below(12) {
        0 => x.fill(0.0),
        1 => {
            let at = noise.below(x.len());
            x.iter_mut().enumerate().for_each(|(i, x)| *x *= f64::from(i == at));
        }
        2 => x.fill(1.0),
        3 => scale(x, -range),
        4 => scale(x, range),
        5 => {
            let exponent = |x: f64| (40.0 * (x.abs() - 1.0)).min(f64::from(range));
            x.iter_mut().for_each(|x| *x *= exponent(*x).exp2());
        }
        _ => {}
    }
}

/// Learns with random options; the objective must not rise at any half-step, save where another batch
/// has another one. Returns how many half-steps there were.
fn descends<T: Real>(noise: &mut Noise, tolerance: f64, range: i32) -> usize {
    let mut problem = random_problem(noise);
    cut_at_random(noise, &mut problem);
    strange(noise, &mut problem.x, range);
    let mut options = options_at_random(noise, &problem);
    super::weights_at_random(noise, &mut problem, &mut options);
    // The mean can be taken out by hand.
    if options.background == Background::Smooth {
        (options.background, options.background_length) = (Background::Mean, Vec::new());
    }
    problem.ridge = [0.0, 0.0, 0.05, 2.0][noise.below(4)];
    options.ridge = problem.ridge;
    // Atoms that are nearly the same take very many steps.
    options.max_iter = 100_000;
    // Where another λ or few activations do not make another objective.
    let learn = &mut options.learn;
    learn.reg_reference = Reference::First;
    learn.redraw_below = 0.0;
    learn.dict_tol = [1e-1, 1e-3, 1e-6][noise.below(3)];
    learn.dict_max_iter = [1, 3, 100][noise.below(3)];
    if noise.below(3) == 0 {
        learn.fixed_atoms = (0..problem.n_atoms).map(|_| noise.below(2) == 0).collect();
    }
    if noise.below(4) > 0 {
        (learn.online, learn.batch) = (false, 0);
    }
    let whole = !options.learn.online && options.learn.batch == 0;
    let what = format!("{options:?}\n{problem:?}");
    let values = rounded::<T>(&problem.with_holes());
    let x = Field::contiguous(&values, problem.signal.map(|n| n as i64));
    let mut learner = learner::<T>(&problem, &options, 1);
    let energy: f64 = problem.x.iter().enumerate().map(|(i, x)| 0.5 * problem.weight(i) * x * x).sum();
    let mut history = vec![energy];
    let mut each = |i: &dicod::learn::Iteration| {
        history.extend([i.objective_z, i.objective_d]);
        true
    };
    let done = learner.run(&x, Some(&mut each), None).unwrap();
    history.push(done.info.certificate.objective);
    for pair in history.windows(2) {
        assert!(pair[1].is_finite() && (!whole || pair[1] <= pair[0] + tolerance * energy), "{history:?}\n{what}");
    }
    // The last value is that of the dictionary and z that are handed out.
    let d = learner.dictionary().unwrap();
    let batch = learner.signals_per_step();
    let mut z = vec![T::ZERO; problem.n_z() / problem.n_signals * batch];
    let valid = problem.valid().map(|n| n as i64);
    learner.z(&mut FieldMut::contiguous(&mut z, valid)).unwrap();
    let z = common::widened(&z);
    let v = d.volume();
    let at = |i: usize| d.at(i / v / d.n_channels, i / v % d.n_channels, i % v).wide();
    let mut again = Problem { d: (0..problem.d.len()).map(at).collect(), ..problem.clone() };
    if options.background == Background::Mean {
        let n = common::volume(problem.signal);
        for (i, field) in again.x.chunks_exact_mut(n).enumerate() {
            let there: Vec<f64> = (0..n).filter(|j| problem.weight(i * n + j) > 0.0).map(|j| field[j]).collect();
            let mean = there.iter().sum::<f64>() / there.len().max(1) as f64;
            field.iter_mut().for_each(|x| *x -= mean);
        }
    }
    assert!(z.iter().all(|z| z.is_finite()), "{what}");
    if batch == problem.n_signals && options.learn.robust == 0.0 {
        let (objective, _) = again.objective(&z, &done.info.lambda);
        let last = history[history.len() - 1];
        assert!((objective - last).abs() <= tolerance * energy, "{objective} {last}\n{what}");
    }
    let beyond = problem.beyond();
    assert!((0..problem.d.len()).all(|i| !beyond[i] || at(i) == 0.0), "{what}");
    for (k, norm) in d.squared_norms().unwrap().iter().enumerate() {
        let fixed = options.learn.fixed_atoms.get(k) == Some(&true);
        assert!(fixed || norm.wide() <= 1.0 + tolerance, "{norm:?}\n{what}");
        if fixed && !options.learn.rank_one {
            let given = &problem.d[k * d.n_channels * v..];
            let same = (0..d.n_channels * v).all(|i| d.at(k, i / v, i % v) == T::of(given[i]));
            assert!(same, "fixed atom {k}\n{what}");
        }
    }
    history.len() - 1
}

#[test]
fn the_objective_never_rises() {
    let mut noise = Noise(2);
    let problems = if long() { 5000 } else { 200 };
    let mut half_steps = 0;
    for _ in 0..problems {
        half_steps += descends::<f64>(&mut noise, 1e-12, 300);
        half_steps += descends::<f32>(&mut noise, 2e-5, 30);
    }
    println!("{} problems, {half_steps} half-steps", 2 * problems);
}

/// A power of two takes no part: atoms are the same bit for bit, activations are scaled.
#[test]
fn units_do_not_matter() {
    let mut noise = Noise(10);
    for trial in 0..if long() { 1000 } else { 60 } {
        let problem = random_problem(&mut noise);
        let mut options = Options {
            seed: trial,
            ridge: if trial % 3 == 0 { 0.25 } else { 0.0 },
            positive: noise.below(2) == 0,
            learn: Learning {
                init: [Init::RandomPatches, Init::GreedyPatches][noise.below(2)],
                rank_one: noise.below(3) == 0,
                online: noise.below(3) == 0,
                ..Learning::default()
            },
            ..Options::default()
        };
        options.learn.statistics = [Method::Auto, Method::Sparse, Method::Fft][noise.below(3)];
        let learned = |exponent: i32| {
            let factor = 2f64.powi(exponent);
            let x: Vec<f64> = problem.x.iter().map(|x| x * factor).collect();
            let x = Field::contiguous(&x, problem.signal.map(|n| n as i64));
            let mut learner = learner::<f64>(&problem, &options, 1);
            for _ in 0..3 {
                learner.step(&x, None).unwrap();
            }
            let z = learner.activations().iter();
            let z: Vec<_> = z.map(|a| (a.signal, a.atom, a.at, a.value / factor)).collect();
            (learner.dictionary().unwrap().clone(), z)
        };
        let wanted = learned(0);
        for exponent in [-300, -40, 40, 300] {
            assert_eq!(learned(exponent), wanted, "{exponent} {options:?}\n{problem:?}");
        }
    }
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let mut noise = Noise(11);
    for _ in 0..100 {
        let mut problem = random_problem(&mut noise);
        let at = noise.below(problem.x.len());
        problem.x[at] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][noise.below(3)];
        let x = Field::contiguous(&problem.x, problem.signal.map(|n| n as i64));
        let mut learner = learner::<f64>(&problem, &Options::default(), 1);
        let error = learner.step(&x, None).unwrap_err().to_string();
        assert!(error.starts_with('x') || error.contains(" x"), "{error}");
        assert_eq!(learner.iterations(), 0);
    }
    let shape = Shape::new(&[5], 1, 1, 2, &[6], &Options::default());
    let error = shape.unwrap_err().to_string();
    assert!(error.contains("atom_shape"), "{error}");
}

/// Time is up, or somebody has asked to stop, while the first atoms are still being chosen.
#[test]
fn an_end_may_come_at_any_time() {
    let mut noise = Noise(12);
    let problem = Problem {
        n_axes: 1,
        n_signals: 1,
        n_channels: 1,
        n_atoms: 4,
        signal: [1, 1, 4000],
        atom: [1, 1, 20],
        periodic: [false; 3],
        x: (0..4000).map(|_| noise.normal()).collect(),
        d: Vec::new(),
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    };
    let x = Field::contiguous(&problem.x, [1, 1, 4000]);
    for init in [Init::GreedyPatches, Init::RandomPatches] {
        let mut options = Options { reg: 0.0, tol: 0.0, progress_interval: 0.0, ..Options::default() };
        options.learn.init = init;
        let mut asked = 0;
        let mut once = |_: &Progress| {
            asked += 1;
            false
        };
        let mut first = learner::<f64>(&problem, &options, 1);
        let done = first.run(&x, None, Some(&mut once)).unwrap();
        assert_eq!((done.stop, done.iterations, asked), (Stop::Cancelled, 0, 1));
        options.time_limit = 0.0;
        let mut second = learner::<f64>(&problem, &options, 1);
        let done = second.run(&x, None, None).unwrap();
        assert_eq!((done.stop, done.iterations), (Stop::TimeLimit, 0));
        assert!(!done.info.proven && done.info.certificate.objective.is_nan());
        // There was no time for first atoms: the next call draws them.
        assert!(second.dictionary().is_none());
        assert_eq!(first.dictionary().is_none(), init == Init::GreedyPatches);
        if let Some(dictionary) = first.dictionary() {
            let norms = dictionary.squared_norms().unwrap();
            assert!(norms.iter().all(|norm| (norm - 1.0).abs() < 1e-9), "{norms:?}");
        }
    }
}
