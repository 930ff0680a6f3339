//! Dictionary learning: against the published code (tests/golden), and what has to hold for any
//! problem.

mod common;

use common::{Arrays, Problem, bits, golden, read_npz, rounded};
use dicod::csc::{Options, Scale};
use dicod::learn::dictionary_step::{Settings, data_term, dictionary_step, gradient};
use dicod::learn::{Init, Learner, Learning, Method, Reference, Statistics, statistics};
use dicod::linalg::{Dictionary, Field, FieldMut, Real};

fn padded(shape: &[usize]) -> common::Point {
    let mut padded = [1; 3];
    padded[3 - shape.len()..].copy_from_slice(shape);
    padded
}

fn problem(arrays: &Arrays, d: &str) -> Problem {
    let (x, d) = (&arrays["X"], &arrays[d]);
    Problem {
        n_axes: x.shape.len() - 1,
        n_signals: 1,
        n_channels: x.shape[0],
        n_atoms: d.shape[0],
        signal: padded(&x.shape[1..]),
        atom: padded(&d.shape[2..]),
        periodic: [false; 3],
        x: x.values.clone(),
        d: d.values.clone(),
    }
}

fn cases(prefix: &str) -> Vec<(String, Arrays)> {
    let names = std::fs::read_dir(golden("")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter(|n| n.starts_with(prefix) && n.ends_with(".npz"))
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|n| (n.clone(), read_npz(&golden(&n))))
        .collect()
}

fn error(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let scale = b.iter().fold(1e-300, |m: f64, x| m.max(x.abs()));
    // A NaN must not get lost.
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs() / scale)
        .fold(0.0, |m, e| if e <= m { m } else { e })
}

fn statistics_of(problem: &Problem, z: &[f64], method: Method, n_threads: usize) -> Statistics {
    let options = Options {
        periodic: problem.periodic[3 - problem.n_axes..].to_vec(),
        ..Options::default()
    };
    let shape = problem.shape(&options);
    let z = Field::contiguous(z, problem.valid().map(|n| n as i64));
    let x = Field::contiguous(&problem.x, problem.signal.map(|n| n as i64));
    statistics(&shape, &z, &x, method, n_threads).unwrap()
}

#[test]
fn statistics_are_the_reference() {
    let (mut n, mut worst) = (0, 0f64);
    for (name, arrays) in cases("csc_").into_iter().chain(cases("dict_update_")) {
        let csc = name.starts_with("csc_");
        let problem = problem(&arrays, if csc { "D" } else { "D0" });
        let suffixes = [
            "greedy_auto",
            "cyclic",
            "greedy_auto_pos",
            "cyclic_pos",
            "greedy_auto_z0",
        ];
        let mut triples = vec![("z0".into(), "ztz_z0".into(), "ztX_z0".into())];
        if !csc {
            triples = vec![("z".into(), "ztz".into(), "ztX".into())];
        }
        for s in suffixes.iter().filter(|_| csc) {
            triples.push((
                format!("{s}__z_hat"),
                format!("{s}__ztz"),
                format!("{s}__ztX"),
            ));
        }
        for (z, ztz, ztx) in triples {
            let (Some(z), true) = (arrays.get(&z), arrays.contains_key(&ztz)) else {
                continue;
            };
            for method in [Method::Sparse, Method::Fft] {
                let got = statistics_of(&problem, &z.values, method, 1);
                for (got, wanted) in [(&got.ztz, &arrays[&ztz]), (&got.ztx, &arrays[&ztx])] {
                    let e = error(got, &wanted.values);
                    assert!(e <= 1e-10, "{name} {ztz} {method:?}: {e:.2e}");
                    worst = worst.max(e);
                }
                assert_eq!(got, statistics_of(&problem, &z.values, method, 2), "{name}");
                n += 1;
            }
        }
    }
    assert!(n > 100, "{n}");
    println!("{n} statistics, worst error {worst:.2e}");
}

/// Statistics by plain loops, periodic or not.
fn plain_statistics(problem: &Problem, z: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (valid, k, p) = (problem.valid(), problem.n_atoms, problem.n_channels);
    let (l, t) = (problem.atom, problem.signal);
    let w = l.map(|l| 2 * l - 1);
    let flat = |at: [usize; 3], shape: [usize; 3]| (at[0] * shape[1] + at[1]) * shape[2] + at[2];
    let points = |shape: [usize; 3]| {
        (0..shape.iter().product::<usize>()).map(move |i| {
            [
                i / (shape[1] * shape[2]),
                i / shape[2] % shape[1],
                i % shape[2],
            ]
        })
    };
    let (v, tv) = (common::volume(valid), common::volume(t));
    let mut ztz = vec![0.0; k * k * common::volume(w)];
    let mut ztx = vec![0.0; k * p * common::volume(l)];
    for signal in 0..problem.n_signals {
        let field = |a: usize| &z[(signal * k + a) * v..][..v];
        for a in 0..k {
            for u in points(valid) {
                let value = field(a)[flat(u, valid)];
                for tau in points(w) {
                    let at: [Option<usize>; 3] = std::array::from_fn(|i| {
                        let x = u[i] as i64 + tau[i] as i64 - (l[i] as i64 - 1);
                        let x = if problem.periodic[i] {
                            x.rem_euclid(t[i] as i64)
                        } else {
                            x
                        };
                        (0..valid[i] as i64).contains(&x).then_some(x as usize)
                    });
                    if let [Some(i), Some(j), Some(m)] = at {
                        for b in 0..k {
                            ztz[(a * k + b) * common::volume(w) + flat(tau, w)] +=
                                value * field(b)[flat([i, j, m], valid)];
                        }
                    }
                }
                for s in points(l) {
                    let at = std::array::from_fn(|i| (u[i] + s[i]) % t[i]);
                    for c in 0..p {
                        ztx[(a * p + c) * common::volume(l) + flat(s, l)] +=
                            value * problem.x[(signal * p + c) * tv + flat(at, t)];
                    }
                }
            }
        }
    }
    (ztz, ztx)
}

/// A number in 0..1 for each place of a sequence.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let mut x = self.0;
        x = (x ^ (x >> 32)).wrapping_mul(0xd6e8feb86659fd93);
        x = (x ^ (x >> 32)).wrapping_mul(0xd6e8feb86659fd93);
        ((x ^ (x >> 32)) >> 11) as f64 / (1u64 << 53) as f64
    }
    fn normal(&mut self) -> f64 {
        let (a, b) = (self.uniform() + 1e-300, self.uniform());
        (-2.0 * a.ln()).sqrt() * (2.0 * std::f64::consts::PI * b).cos()
    }
    fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }
}

fn random_problem(noise: &mut Noise) -> Problem {
    let n_axes = 1 + noise.below(3);
    let (most_l, most_t) = [(12, 60), (5, 18), (3, 8)][n_axes - 1];
    let (mut signal, mut atom, mut periodic) = ([1; 3], [1; 3], [false; 3]);
    for a in 3 - n_axes..3 {
        atom[a] = 1 + noise.below(most_l);
        signal[a] = atom[a] + noise.below(most_t);
        periodic[a] = noise.below(3) == 0;
    }
    let [n_signals, n_channels, n_atoms] = [2, 3, 4].map(|n| 1 + noise.below(n));
    let nx = n_signals * n_channels * common::volume(signal);
    let nd = n_atoms * n_channels * common::volume(atom);
    Problem {
        n_axes,
        n_signals,
        n_channels,
        n_atoms,
        signal,
        atom,
        periodic,
        x: (0..nx).map(|_| noise.normal()).collect(),
        d: (0..nd).map(|_| noise.normal()).collect(),
    }
}

#[test]
fn statistics_are_what_plain_loops_say() {
    let mut noise = Noise(1);
    for trial in 0..300 {
        let problem = random_problem(&mut noise);
        let density = noise.uniform();
        let mut z: Vec<f64> = (0..problem.n_z()).map(|_| noise.normal()).collect();
        z.iter_mut()
            .for_each(|z| *z *= f64::from(noise.uniform() < density));
        let (ztz, ztx) = plain_statistics(&problem, &z);
        for method in [Method::Sparse, Method::Fft, Method::Auto] {
            let got = statistics_of(&problem, &z, method, 1);
            assert!(
                error(&got.ztz, &ztz) <= 1e-12,
                "{trial} {method:?} {problem:?}"
            );
            assert!(
                error(&got.ztx, &ztx) <= 1e-12,
                "{trial} {method:?} {problem:?}"
            );
            assert_eq!(got, statistics_of(&problem, &z, method, 3));
        }
    }
}

fn golden_statistics(arrays: &Arrays) -> (Statistics, Dictionary<f64>) {
    let problem = problem(arrays, "D0");
    let statistics = statistics_of(&problem, &arrays["z"].values, Method::Auto, 1);
    (statistics, problem.dictionary())
}

#[test]
fn dictionary_steps_reach_the_minimum() {
    for (name, arrays) in cases("dict_update_") {
        let (statistics, d0) = golden_statistics(&arrays);
        let value = |key: &str| arrays[key].values[0];
        let start = data_term(&statistics, &d0).unwrap();
        assert!(
            (start - value("objective_D0")).abs() <= 1e-10 * start,
            "{name}"
        );
        let g = gradient(&statistics, &d0).unwrap();
        assert!(error(&g, &arrays["gradient_D0"].values) <= 1e-10, "{name}");
        let window = value("window") == 1.0;
        let settings = Settings {
            tol: 1e-7,
            max_iter: 2000,
            window,
            ..Settings::default()
        };
        let (d, done) = dictionary_step(&statistics, &d0, &settings).unwrap();
        let got = data_term(&statistics, &d).unwrap();
        assert!((start + done.change - got).abs() <= 1e-10 * start, "{name}");
        assert!(done.gap <= 1e-7 * got, "{name}: {done:?}");
        let peer = value("objective_D_hat");
        println!(
            "{name}: {got:.9} in {} iterations; peer {peer:.9}",
            done.iterations
        );
        if let Some(ball) = arrays.get("objective_ball") {
            let ball = ball.values[0];
            assert!(
                (got - ball).abs() <= 1e-6 * ball,
                "{name}: {got} is not {ball}"
            );
        }
        if window {
            // Peer keeps what D0 has at the border.
            assert_eq!(d.at(0, 0, 0), 0.0);
        } else {
            assert!(got <= peer * (1.0 + 1e-6), "{name}: {got} above {peer}");
        }
        for norm in d.squared_norms().unwrap() {
            assert!(norm <= 1.0 + 1e-12, "{name}: {norm}");
        }
    }
}

fn learner<T: Real>(problem: &Problem, options: &Options, n_threads: usize) -> Learner<T> {
    let mut options = options.clone();
    options.periodic = problem.periodic[3 - problem.n_axes..].to_vec();
    let shape = problem.shape(&options);
    let given = options.learn.init == Init::Given || !options.learn.fixed_atoms.is_empty();
    let given = given.then(|| problem.dictionary::<T>());
    Learner::new(shape, options, n_threads, given).unwrap()
}

#[test]
fn learning_is_as_good_as_the_published_code() {
    let mut ratios = Vec::new();
    for (name, arrays) in cases("learn_") {
        let value = |key: &str| arrays[key].values[0];
        let problem = problem(&arrays, "D_init");
        let options = Options {
            reg: value("reg") * value("lambda_max"),
            reg_scale: Scale::Absolute,
            tol: (1.0 - value("reg")) * value("lambda_max") * value("tol"),
            tol_scale: Scale::Absolute,
            positive: value("z_positive") == 1.0,
            learn: Learning {
                init: Init::Given,
                max_iter: value("n_iter") as i64,
                tol: 1e-6,
                window: value("window") == 1.0,
                ..Learning::default()
            },
            ..Options::default()
        };
        let x = Field::contiguous(&problem.x, problem.signal.map(|n| n as i64));
        let mut learner = learner::<f64>(&problem, &options, 1);
        let mut history = Vec::new();
        let mut each = |i: &dicod::learn::Iteration| {
            history.extend([i.objective_z, i.objective_d]);
            true
        };
        let done = learner.run(&x, Some(&mut each), None).unwrap();
        history.push(done.info.certificate.objective);
        let peer = &arrays["mpi1_pobj"].values;
        assert!(
            (history[0] - peer[1]).abs() <= 1e-6 * peer[1],
            "{name}: {} {}",
            history[0],
            peer[1]
        );
        for pair in history.windows(2) {
            assert!(pair[1] <= pair[0] * (1.0 + 1e-12), "{name}: {history:?}");
        }
        let last = |key: &str| *arrays[key].values.last().unwrap();
        let best = last("mpi1_pobj").min(last("mpi2_pobj"));
        let got = *history.last().unwrap();
        let d = learner.dictionary().unwrap();
        let mut own = vec![0.0; problem.n_z()];
        learner
            .z(&mut FieldMut::contiguous(
                &mut own,
                problem.valid().map(|n| n as i64),
            ))
            .unwrap();
        let again = Problem {
            d: (0..problem.d.len())
                .map(|i| {
                    let v = d.volume();
                    d.at(i / v / d.n_channels, i / v % d.n_channels, i % v)
                })
                .collect(),
            ..problem.clone()
        };
        let (objective, _) = again.objective(&own, &vec![options.reg; problem.n_atoms]);
        assert!(
            (objective - got).abs() <= 1e-10 * got,
            "{name}: {objective} {got}"
        );
        println!(
            "{name}: {got:.6}, peer {best:.6}: {:.4}; {} iterations, {:?}",
            got / best,
            done.iterations,
            done.stop
        );
        println!("   {history:.4?}\n   {peer:.4?}");
        assert!(got <= 1.03 * best, "{name}");
        ratios.push(got / best);
    }
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    println!("mean ratio {mean:.4}");
    assert!(mean <= 1.0 + 1e-9);
}

/// Learns with random options; the objective must not rise at any half-step.
fn descends<T: Real>(noise: &mut Noise, tolerance: f64) {
    let problem = random_problem(noise);
    let options = Options {
        reg: 0.02 + 0.5 * noise.uniform(),
        tol: [1e-1, 1e-2, 1e-4][noise.below(3)],
        positive: noise.below(2) == 0,
        seed: noise.below(1000) as i64,
        learn: Learning {
            init: [
                Init::Given,
                Init::Random,
                Init::RandomPatches,
                Init::GreedyPatches,
            ][noise.below(4)],
            max_iter: 4,
            tol: 0.0,
            dict_tol: [1e-1, 1e-3, 1e-6][noise.below(3)],
            dict_max_iter: [1, 3, 100][noise.below(3)],
            window: noise.below(4) == 0,
            rank_one: noise.below(3) == 0,
            fixed_atoms: match noise.below(3) {
                0 => (0..problem.n_atoms).map(|_| noise.below(2) == 0).collect(),
                _ => Vec::new(),
            },
            statistics: [Method::Auto, Method::Sparse, Method::Fft][noise.below(3)],
            ..Learning::default()
        },
        ..Options::default()
    };
    let what = format!("{options:?}\n{problem:?}");
    let values = rounded::<T>(&problem.x);
    let x = Field::contiguous(&values, problem.signal.map(|n| n as i64));
    let mut learner = learner::<T>(&problem, &options, 1);
    let energy: f64 = problem.x.iter().map(|x| 0.5 * x * x).sum();
    let mut history = vec![energy];
    let mut each = |i: &dicod::learn::Iteration| {
        history.extend([i.objective_z, i.objective_d]);
        true
    };
    let done = learner.run(&x, Some(&mut each), None).unwrap();
    history.push(done.info.certificate.objective);
    for pair in history.windows(2) {
        assert!(
            pair[1] <= pair[0] + tolerance * energy,
            "{history:?}\n{what}"
        );
    }
    // The last value is that of the dictionary and z that are handed out.
    let d = learner.dictionary().unwrap();
    let mut z = vec![T::ZERO; problem.n_z()];
    let valid = problem.valid().map(|n| n as i64);
    learner.z(&mut FieldMut::contiguous(&mut z, valid)).unwrap();
    let z = common::widened(&z);
    let v = d.volume();
    let at = |i: usize| {
        d.at(i / v / d.n_channels, i / v % d.n_channels, i % v)
            .wide()
    };
    let again = Problem {
        d: (0..problem.d.len()).map(at).collect(),
        ..problem.clone()
    };
    let (objective, _) = again.objective(&z, &done.info.lambda);
    let last = history[history.len() - 1];
    assert!(
        (objective - last).abs() <= tolerance * energy,
        "{objective} {last}\n{what}"
    );
    for (k, norm) in d.squared_norms().unwrap().iter().enumerate() {
        let fixed = options.learn.fixed_atoms.get(k) == Some(&true);
        assert!(fixed || norm.wide() <= 1.0 + tolerance, "{norm:?}\n{what}");
        if fixed && !options.learn.rank_one {
            let given = problem.dictionary::<T>();
            let same =
                (0..d.n_channels * v).all(|i| d.at(k, i / v, i % v) == given.at(k, i / v, i % v));
            assert!(same, "fixed atom {k}\n{what}");
        }
    }
}

#[test]
fn the_objective_never_rises() {
    let long = std::env::var_os("DICOD_LONG").is_some();
    let mut noise = Noise(2);
    for _ in 0..if long { 4000 } else { 200 } {
        descends::<f64>(&mut noise, 1e-12);
        descends::<f32>(&mut noise, 2e-5);
    }
}

fn same_bits<T: Real>(a: &Dictionary<T>, b: &Dictionary<T>) -> bool {
    use dicod::linalg::Atoms;
    let bits = |d: &Dictionary<T>| match &d.atoms {
        Atoms::Full(d) => bits(d),
        Atoms::RankOne { u, v } => [bits(u), bits(v)].concat(),
    };
    bits(a) == bits(b)
}

fn options_at_random(noise: &mut Noise, problem: &Problem) -> Options {
    Options {
        reg: 0.02 + 0.3 * noise.uniform(),
        tol: 1e-2,
        positive: noise.below(2) == 0,
        seed: noise.below(1000) as i64,
        strategy: [
            dicod::csc::Strategy::LocallyGreedy,
            dicod::csc::Strategy::Random,
        ][noise.below(2)],
        learn: Learning {
            init: [
                Init::Given,
                Init::Random,
                Init::RandomPatches,
                Init::GreedyPatches,
            ][noise.below(4)],
            reference: [Reference::First, Reference::Each][noise.below(2)],
            max_iter: 5,
            tol: 0.0,
            window: noise.below(4) == 0,
            rank_one: noise.below(3) == 0,
            online: noise.below(3) == 0,
            batch: noise.below(problem.n_signals + 1) as i64,
            forgetting: 0.5,
            redraw_below: [0.0, 0.3][noise.below(2)],
            statistics: [Method::Auto, Method::Sparse, Method::Fft][noise.below(3)],
            ..Learning::default()
        },
        ..Options::default()
    }
}

#[test]
fn threads_and_restarts_change_no_bit() {
    fn check<T: Real>(noise: &mut Noise) {
        let problem = random_problem(noise);
        let options = options_at_random(noise, &problem);
        let what = format!("{options:?}\n{problem:?}");
        let values = rounded::<T>(&problem.x);
        let x = Field::contiguous(&values, problem.signal.map(|n| n as i64));
        let mut one = learner::<T>(&problem, &options, 1);
        let mut two = learner::<T>(&problem, &options, 2);
        let mut stopped = learner::<T>(&problem, &options, 1);
        for i in 0..5 {
            let first = one.step(&x, None).unwrap();
            let second = two.step(&x, None).unwrap();
            // Before the first step, too.
            let saved = stopped.save().unwrap();
            stopped = Learner::restore(&saved, None, 1).unwrap();
            assert_eq!(saved, stopped.save().unwrap());
            let third = stopped.step(&x, None).unwrap();
            for other in [second, third] {
                assert_eq!(first.objective_z, other.objective_z, "{i} {what}");
                assert_eq!(first.objective_d, other.objective_d, "{i} {what}");
                assert_eq!(first.nonzeros, other.nonzeros, "{i} {what}");
                assert_eq!(first.lambda, other.lambda, "{i} {what}");
            }
            let d = one.dictionary().unwrap();
            assert!(same_bits(d, two.dictionary().unwrap()), "{i} {what}");
            assert!(same_bits(d, stopped.dictionary().unwrap()), "{i} {what}");
            assert_eq!(one.activations(), two.activations(), "{i} {what}");
            assert_eq!(one.activations(), stopped.activations(), "{i} {what}");
        }
    }
    let long = std::env::var_os("DICOD_LONG").is_some();
    let mut noise = Noise(3);
    for _ in 0..if long { 1000 } else { 60 } {
        check::<f64>(&mut noise);
        check::<f32>(&mut noise);
    }
}

#[test]
fn damaged_and_foreign_checkpoints_are_refused() {
    let mut noise = Noise(4);
    let problem = random_problem(&mut noise);
    let x = Field::contiguous(&problem.x, problem.signal.map(|n| n as i64));
    let mut learner = learner::<f64>(&problem, &Options::default(), 1);
    learner.step(&x, None).unwrap();
    let saved = learner.save().unwrap();
    let message = |bytes: &[u8]| match Learner::<f64>::restore(bytes, None, 1) {
        Ok(_) => panic!("not refused"),
        Err(error) => error.to_string(),
    };
    for n in 0..saved.len() {
        assert!(message(&saved[..n]).contains("checkpoint"));
    }
    for (at, text) in [
        (0, "another kind"),
        (8, "version"),
        (16, "bytes"),
        (40, "checksum"),
    ] {
        let mut damaged = saved.clone();
        damaged[at] ^= 4;
        assert!(message(&damaged).contains(text), "{}", message(&damaged));
    }
    let text = Learner::<f32>::restore(&saved, None, 1)
        .err()
        .unwrap()
        .to_string();
    assert!(text.contains("elements of 8 bytes"), "{text}");
    let folder = std::env::temp_dir().join(format!("dicod-learn-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("checkpoint");
    learner.save_to(&path).unwrap();
    learner.save_to(&path).unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    let again = Learner::<f64>::restore_from(&path, None, 1).unwrap();
    assert_eq!(again.save().unwrap(), saved);
    std::fs::remove_dir_all(&folder).unwrap();
    let text = learner.save_to(&path).unwrap_err().to_string();
    assert!(
        text.contains("cannot be written") && text.contains("checkpoint"),
        "{text}"
    );
    let text = Learner::<f64>::restore_from(&path, None, 1)
        .err()
        .unwrap()
        .to_string();
    assert!(text.contains("cannot be read"), "{text}");
}

/// A signal made of atoms at random places, 20 dB above noise. Atoms are smooth and die away at
/// both ends, as a learned atom that is shifted a little can still show all of it.
fn planted(noise: &mut Noise, signal: common::Point, atom: common::Point, k: usize) -> Problem {
    let n_axes = signal.iter().filter(|n| **n > 1).count();
    let mut problem = Problem {
        n_axes,
        n_signals: 1,
        n_channels: 1,
        n_atoms: k,
        signal,
        atom,
        periodic: [false; 3],
        x: Vec::new(),
        d: Vec::new(),
    };
    let volume = common::volume(atom);
    for _ in 0..k {
        let mut d: Vec<f64> = (0..volume).map(|_| noise.normal()).collect();
        for (i, d) in d.iter_mut().enumerate() {
            let at = [i / (atom[1] * atom[2]), i / atom[2] % atom[1], i % atom[2]];
            for a in 3 - n_axes..3 {
                // Three quarters of the support are used.
                let place = (at[a] as f64 + 0.5 - atom[a] as f64 / 8.0) / (0.75 * atom[a] as f64);
                *d *= (std::f64::consts::PI * place.clamp(0.0, 1.0)).sin();
            }
        }
        let norm = d.iter().map(|x| x * x).sum::<f64>().sqrt();
        problem.d.extend(d.iter().map(|x| x / norm));
    }
    // About one atom of some kind in each support.
    let share = 0.5 / (k as f64 * volume as f64);
    let mut z: Vec<f64> = vec![0.0; problem.n_z()];
    for z in &mut z {
        let sign = if noise.below(2) == 0 { -1.0 } else { 1.0 };
        *z = if noise.uniform() < share {
            sign * (1.0 + noise.uniform())
        } else {
            0.0
        };
    }
    problem.x = vec![0.0; common::volume(signal)];
    problem.x = problem.reconstruct(&z);
    let power = problem.x.iter().map(|x| x * x).sum::<f64>() / problem.x.len() as f64;
    let level = (power / 100.0).sqrt();
    problem
        .x
        .iter_mut()
        .for_each(|x| *x += level * noise.normal());
    problem
}

/// The largest |correlation| of two atoms of norm 1 over all shifts.
fn likeness(problem: &Problem, a: &[f64], b: &[f64]) -> f64 {
    let l = problem.atom.map(|l| l as i64);
    let mut best = 0f64;
    for t0 in 1 - l[0]..l[0] {
        for t1 in 1 - l[1]..l[1] {
            for t2 in 1 - l[2]..l[2] {
                let mut sum = 0.0;
                for i in t0.max(0)..l[0] + t0.min(0) {
                    for j in t1.max(0)..l[1] + t1.min(0) {
                        for m in t2.max(0)..l[2] + t2.min(0) {
                            let at = |i, j, m| ((i * l[1] + j) * l[2] + m) as usize;
                            sum += a[at(i, j, m)] * b[at(i - t0, j - t1, m - t2)];
                        }
                    }
                }
                best = best.max(sum.abs());
            }
        }
    }
    best
}

#[test]
fn planted_dictionaries_are_recovered() {
    let mut noise = Noise(5);
    let long = std::env::var_os("DICOD_LONG").is_some();
    let trials = if long { 100 } else { 20 };
    for (signal, atom, k) in [([1, 1, 3000], [1, 1, 24], 3), ([1, 90, 90], [1, 8, 8], 3)] {
        let (mut recovered, mut worst, mut iterations) = (0, 1f64, 0);
        for trial in 0..trials {
            let problem = planted(&mut noise, signal, atom, k);
            let options = Options {
                reg: 0.1,
                tol: 1e-2,
                seed: trial,
                learn: Learning {
                    init: Init::GreedyPatches,
                    max_iter: 100,
                    tol: 1e-5,
                    ..Learning::default()
                },
                ..Options::default()
            };
            let x = Field::contiguous(&problem.x, problem.signal.map(|n| n as i64));
            let mut learner = learner::<f64>(&problem, &options, 1);
            let done = learner.run(&x, None, None).unwrap();
            iterations += done.iterations;
            let d = learner.dictionary().unwrap();
            let volume = d.volume();
            let learned: Vec<Vec<f64>> = (0..k)
                .map(|k| {
                    let d: Vec<f64> = (0..volume).map(|s| d.at(k, 0, s)).collect();
                    let norm = d.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-300);
                    d.iter().map(|x| x / norm).collect()
                })
                .collect();
            let found = problem.d.chunks_exact(volume).map(|planted| {
                let likeness = learned.iter().map(|d| likeness(&problem, planted, d));
                likeness.fold(0.0, f64::max)
            });
            let least = found.fold(1.0, f64::min);
            worst = worst.min(least);
            recovered += i64::from(least >= 0.95);
        }
        println!(
            "{signal:?}: {recovered} of {trials} recovered, least likeness {worst:.3}, {} iterations each",
            iterations / trials as u64
        );
        assert!(100 * recovered >= 95 * trials, "{recovered} of {trials}");
    }
}
