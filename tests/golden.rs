//! The solver against the published one (dicodile 0.3): tests/golden holds its answers, see
//! README.md there.

mod common;

use common::{Answer, Arrays, Penalty, Problem, encode, encoder, golden, read_npz, solve};
use dicod::csc::{Encoder, Options, RegScale, Scale, Schedule, Stop, Strategy, reconstruct};
use dicod::grid::block::Block;
use dicod::linalg::{Dictionary, Field, FieldMut, Gram, Method, Real};
use dicod::ranks::local::{Local, Weather};
use serde_json::Value;

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
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    }
}

/// A csc_* case.
struct Case {
    name: String,
    arrays: Arrays,
    variants: Vec<(String, Value)>,
    problem: Problem,
    reg: f64,
    tol: f64,
}

fn cases() -> Vec<Case> {
    let names = std::fs::read_dir(golden("")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter(|name| name.starts_with("csc_"))
        .filter_map(|name| name.strip_suffix(".npz").map(String::from))
        .collect();
    names.sort();
    assert_eq!(names.len(), 16);
    let case = |name: String| {
        let arrays = read_npz(&golden(&format!("{name}.npz")));
        let text = std::fs::read_to_string(golden(&format!("{name}.json"))).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        let variants = json["variants"].as_object().unwrap().iter();
        Case {
            problem: problem(&arrays, "D"),
            reg: arrays["reg"].values[0],
            tol: arrays["tol"].values[0],
            variants: variants.map(|(k, v)| (k.clone(), v.clone())).collect(),
            arrays,
            name,
        }
    };
    names.into_iter().map(case).collect()
}

impl Case {
    fn values(&self, key: &str) -> &[f64] {
        &self.arrays[key].values
    }

    /// Options and start of a variant.
    fn options(&self, variant: &str, json: &Value) -> (Options, Option<&[f64]>) {
        let start = json["start"].as_str();
        let strategy = match (json["strategy"].as_str().unwrap(), json["n_seg"].as_i64()) {
            ("greedy", None) => Strategy::LocallyGreedy,
            ("greedy", Some(1)) => Strategy::Greedy,
            ("cyclic", None) => Strategy::Cyclic,
            other => panic!("{variant}: {other:?}"),
        };
        let options = Options {
            reg: self.reg,
            reg_scale: RegScale::Absolute,
            tol: self.tol,
            tol_scale: Scale::Absolute,
            strategy,
            positive: json["z_positive"].as_bool().unwrap(),
            warm_start: start.is_some(),
            frozen_support: variant.ends_with("freeze"),
            ..Options::default()
        };
        (options, start.map(|start| self.values(start)))
    }

    fn penalty(&self, options: &Options, start: Option<&[f64]>) -> Penalty {
        let frozen = start.filter(|_| options.frozen_support);
        Penalty {
            lambda: vec![self.reg; self.problem.n_atoms],
            positive: options.positive,
            free: frozen.map(|z0| z0.iter().map(|z| *z != 0.0).collect()),
        }
    }
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    // A NaN must not get lost.
    differences.fold(0.0, |m, d| if d <= m { m } else { d })
}

#[track_caller]
fn close(what: &str, got: f64, expected: f64, relative: f64) {
    let error = (got - expected).abs();
    assert!(error <= relative * expected.abs(), "{what}: {got:?} is not {expected:?} (off by {error:.2e})");
}

/// To 1e-12 of the largest value.
#[track_caller]
fn same(what: &str, got: &[f64], expected: &[f64]) {
    let scale = expected.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let error = largest_difference(got, expected);
    assert!(error <= 1e-12 * scale, "{what}: off by {error:.2e}");
}

/// A solution in f64, everything recomputed here.
#[track_caller]
fn check(what: &str, problem: &Problem, penalty: &Penalty, measure: &[f64], tol: f64, cost: f64, answer: &Answer<f64>) {
    let (info, z) = (&answer.info, &answer.z);
    assert_eq!(info.stop, Stop::Converged, "{what}");
    assert_eq!(info.lambda, penalty.lambda, "{what}");
    let (objective, data_term) = problem.objective(z, &penalty.lambda);
    close(what, objective, cost, 1e-9);
    close(what, info.certificate.objective, objective, 1e-12);
    close(what, info.certificate.data_term, data_term, 1e-11);
    // The tests' own rounding of c, far below tol = 1e-8.
    let step = problem.largest_step(z, penalty, measure);
    assert!(step <= tol * (1.0 + 1e-5), "{what}: max |dz| = {step:e}");
    assert!((info.certificate.max_step - step).abs() <= 1e-5 * tol, "{what}");
    assert!(info.certificate.gap >= 0.0 && info.certificate.gap <= 1e-5 * cost, "{what}");
    assert!(!penalty.positive || z.iter().all(|z| *z >= 0.0), "{what}");
    if let Some(free) = &penalty.free {
        assert!(z.iter().zip(free).all(|(z, free)| *free || *z == 0.0), "{what}");
    }
    let nonzeros = z.iter().filter(|z| **z != 0.0).count();
    assert_eq!(info.nonzeros, nonzeros as u64, "{what}");
}

#[test]
fn solutions_are_the_reference_for_any_variant_method_and_number_of_threads() {
    let mut worst: f64 = 0.0;
    for case in cases() {
        for (variant, json) in &case.variants {
            let (mut options, z0) = case.options(variant, json);
            let penalty = case.penalty(&options, z0);
            let reference = case.values(&format!("{variant}__z_hat"));
            let cost = case.values(&format!("{variant}__cost"))[0];
            for correlation in [Method::Direct, Method::Gemm, Method::Fft] {
                options.correlation = correlation;
                let what = format!("{} {variant} {correlation:?}", case.name);
                let one: Answer<f64> = solve(&case.problem, &options, 1, z0);
                let measure = case.problem.measure(&options);
                check(&what, &case.problem, &penalty, &measure, case.tol, cost, &one);
                let error = largest_difference(&one.z, reference);
                assert!(error <= 1e-6, "{what}: z is off by {error:.2e}");
                worst = worst.max(error);
                let two: Answer<f64> = solve(&case.problem, &options, 2, z0);
                assert_eq!(common::bits(&one.z), common::bits(&two.z), "{what}: 2 threads");
                assert_eq!(one.info.certificate, two.info.certificate, "{what}: 2 threads");
                assert_eq!(one.info.steps, two.info.steps, "{what}: 2 threads");
            }
        }
    }
    println!("largest difference to a reference z: {worst:.2e}");
}

/// Slabs of a domain along its last axis.
fn slab(domain: [i64; 3], rank: usize, size: usize) -> Block {
    let cut = |rank: usize| domain[2] * rank as i64 / size as i64;
    let mut slab = Block::whole(domain);
    slab.origin[2] = cut(rank);
    slab.shape[2] = cut(rank + 1) - cut(rank);
    slab
}

/// On several ranks, each of which brings a slab and asks for all of z.
fn solve_over(size: usize, problem: &Problem, options: &Options, z0: Option<&[f64]>) -> Vec<Answer<f64>> {
    let lengths = |shape: common::Point| shape.map(|n| n as i64);
    let (signal, valid) = (lengths(problem.signal), lengths(problem.valid()));
    let answers = Local::run(size, Weather::default(), |ranks| {
        let me = ranks.rank();
        let (shape, d) = (problem.shape(options), problem.dictionary());
        let mut encoder = Encoder::over(ranks, shape, d, options.clone(), 1).unwrap();
        if let Some(z0) = z0 {
            let z0 = Field::contiguous(z0, valid);
            encoder.set_z(&z0.part(&slab(valid, me, size))).unwrap();
        }
        let x = Field::contiguous(&problem.x, signal);
        let x = x.part(&slab(signal, me, size));
        let info = encoder.solve(&x, None).unwrap();
        let mut z = vec![f64::NAN; problem.n_z()];
        encoder.z(&mut FieldMut::contiguous(&mut z, valid)).unwrap();
        Answer { info, z }
    });
    answers.into_iter().map(|answer| answer.unwrap()).collect()
}

#[test]
fn solutions_over_ranks_are_those_of_one() {
    let mut runs = 0;
    for case in cases() {
        for (variant, json) in &case.variants {
            let (options, z0) = case.options(variant, json);
            let cost = case.values(&format!("{variant}__cost"))[0];
            let size = [2, 4, 6][runs % 3];
            let what = format!("{} {variant}, {size} ranks", case.name);
            let one: Answer<f64> = solve(&case.problem, &options, 1, z0);
            for answer in solve_over(size, &case.problem, &options, z0) {
                assert_eq!(common::bits(&answer.z), common::bits(&one.z), "{what}");
                assert_eq!(answer.info.certificate, one.info.certificate, "{what}");
                assert_eq!(answer.info.steps, one.info.steps, "{what}");
                close(&what, answer.info.certificate.objective, cost, 1e-9);
            }
            runs += 1;
        }
    }
    println!("{runs} runs over 2, 4 or 6 ranks");
}

/// Where the published code finds no topology, or cuts off a part that is too small, there is an
/// answer: the parts are the domain, and none is smaller than an atom.
#[test]
fn published_layouts_are_answered_without_a_negative_or_tiny_part() {
    let text = std::fs::read_to_string(golden("segmentation.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let lengths = |value: &Value| -> Vec<usize> {
        let list = value.as_array().unwrap().iter();
        list.map(|n| n.as_u64().unwrap() as usize).collect()
    };
    let (mut cases, mut idle, mut refused) = (0, 0, 0);
    for list in ["dicod_layout", "find_grid_size"] {
        for case in json[list].as_array().unwrap() {
            let (valid, atom) = (lengths(&case["valid_support"]), lengths(&case["atom_support"]));
            let size = case["n_workers"].as_u64().unwrap() as usize;
            let signal: Vec<usize> = valid.iter().zip(&atom).map(|(v, l)| v + l - 1).collect();
            let theirs = [&case["topology"], &case["result"]];
            let refuses =
                theirs.iter().any(|t| t.get("error").is_some()) || case["rejected_too_small"].as_bool() == Some(true);
            refused += i32::from(refuses);
            let (signal, atom) = (padded(&signal), padded(&atom));
            let wave = |n: usize| -> Vec<f64> { (0..n).map(|i| (i as f64).sin()).collect() };
            let problem = Problem {
                n_axes: valid.len(),
                n_signals: 1,
                n_channels: 1,
                n_atoms: 2,
                signal,
                atom,
                periodic: [false; 3],
                x: wave(common::volume(signal)),
                d: wave(2 * common::volume(atom)),
                w: Vec::new(),
                ridge: 0.0,
                atoms: Vec::new(),
                factors: Vec::new(),
            };
            let options = Options {
                tile_shape: atom[3 - valid.len()..].iter().map(|n| *n as i64).collect(),
                ..Options::default()
            };
            let signal = signal.map(|n| n as i64);
            let regions = Local::run(size, Weather::default(), |ranks| {
                let me = ranks.rank();
                let (shape, d) = (problem.shape(&options), problem.dictionary::<f64>());
                let mut encoder = Encoder::over(ranks, shape, d, options.clone(), 1).unwrap();
                let x = Field::contiguous(&problem.x, signal);
                encoder.lambda_max(&x.part(&slab(signal, me, size))).unwrap();
                encoder.region()
            });
            let what = format!("{case}");
            let regions: Vec<Block> = regions.into_iter().map(|r| r.unwrap()).collect();
            let domain = padded(&valid).map(|n| n as i64);
            let parts: Vec<&Block> = regions.iter().filter(|r| !r.is_empty()).collect();
            idle += i32::from(parts.len() < size);
            cases += 1;
            for (i, part) in parts.iter().enumerate() {
                for a in 0..3 {
                    assert!(part.shape[a] >= domain[a].min(atom[a] as i64), "{what}");
                }
                let meets = |other: &&Block| !part.intersection(other).is_empty();
                assert!(!parts[..i].iter().any(meets), "{what}: {regions:?}");
            }
            assert!(regions.iter().all(|r| r.shape.iter().all(|n| *n >= 0)));
            let volume: i64 = parts.iter().map(|part| part.volume()).sum();
            assert_eq!(volume, domain.iter().product::<i64>(), "{what}: {regions:?}");
        }
    }
    println!("{cases} layouts, {refused} refused by the published code; with idle ranks: {idle}");
    assert_eq!(cases, 161);
}

#[test]
fn single_precision_comes_as_close_as_it_can() {
    for case in cases() {
        for (variant, json) in &case.variants {
            let (mut options, z0) = case.options(variant, json);
            let penalty = case.penalty(&options, z0);
            options.tol = 2e-5;
            let cost = case.values(&format!("{variant}__cost"))[0];
            for correlation in [Method::Direct, Method::Gemm, Method::Fft] {
                options.correlation = correlation;
                let what = format!("{} {variant} {correlation:?} f32", case.name);
                let one: Answer<f32> = solve(&case.problem, &options, 1, z0);
                let z = common::widened(&one.z);
                // Where atoms are short c/n is large, and so is its rounding.
                let least = case.problem.squared_norms().into_iter().fold(1.0, f64::min);
                let rounding = 32.0 * f64::from(f32::EPSILON) * one.info.lambda_max / least;
                let fine = one.info.stop == Stop::Precision && rounding > options.tol;
                assert!(fine || one.info.stop == Stop::Converged, "{what}: {:?}", one.info);
                let (objective, _) = case.problem.objective(&z, &penalty.lambda);
                close(&what, objective, cost, 1e-5);
                close(&what, one.info.certificate.objective, cost, 2e-5);
                let measure = case.problem.measure(&options);
                let step = case.problem.largest_step(&z, &penalty, &measure);
                assert!(step <= 1.5 * options.tol.max(rounding), "{what}: max |dz| = {step:e}");
                let two: Answer<f32> = solve(&case.problem, &options, 2, z0);
                assert_eq!(common::bits(&one.z), common::bits(&two.z), "{what}: 2 threads");
            }
        }
    }
}

fn gram_atoms_first<T: Real>(dictionary: &Dictionary<T>) -> Vec<f64> {
    let gram = Gram::new(dictionary).unwrap();
    let mut values = vec![T::NAN; gram.values.len()];
    gram.write_atoms_first(&mut values);
    common::widened(&values)
}

fn reconstructed(problem: &Problem, dictionary: &Dictionary<f64>, z: &[f64]) -> Vec<f64> {
    let shape = problem.shape(&Options::default());
    let mut out = vec![f64::NAN; problem.x.len()];
    reconstruct(
        &shape,
        dictionary,
        &Field::contiguous(z, shape.valid()),
        &mut FieldMut::contiguous(&mut out, shape.signal),
    )
    .unwrap();
    out
}

fn lambda_max(problem: &Problem, dictionary: Dictionary<f64>, positive: bool, method: Method) -> f64 {
    let options = Options { positive, correlation: method, ..Options::default() };
    let x = Field::contiguous(&problem.x, problem.signal.map(|n| n as i64));
    encoder(problem, dictionary, &options, 1).lambda_max(&x).unwrap()
}

#[test]
fn gram_tensor_lambda_max_reconstruction_and_objective() {
    for case in cases() {
        let (name, problem) = (&case.name, &case.problem);
        let d = problem.dictionary::<f64>();
        same(&format!("{name} DtD"), &gram_atoms_first(&d), case.values("DtD"));
        let x = reconstructed(problem, &d, case.values("z0"));
        same(&format!("{name} reconstruction"), &x, case.values("Xhat_z0"));
        let correlation = case.values("corr_X_D");
        let largest = correlation.iter().fold(0.0, |m: f64, c| m.max(c.abs()));
        for method in [Method::Direct, Method::Gemm, Method::Fft] {
            let what = format!("{name} lambda_max {method:?}");
            // Theirs is the signed maximum: right for z ≥ 0 alone.
            let signed = lambda_max(problem, d.clone(), true, method);
            close(&what, signed, case.values("lambda_max")[0], 1e-12);
            close(&what, lambda_max(problem, d.clone(), false, method), largest, 1e-12);
        }
        let options = Options {
            reg: case.reg,
            reg_scale: RegScale::Absolute,
            max_iter: 0,
            warm_start: true,
            ..Options::default()
        };
        let z0 = case.values("z0");
        let answer: Answer<f64> = solve(problem, &options, 1, Some(z0));
        assert_eq!(answer.info.steps, 0, "{name}");
        assert_eq!(answer.z, z0, "{name}");
        close(name, answer.info.certificate.objective, case.values("cost_z0")[0], 1e-12);
        let steps = case.values("dz_init_z0");
        let measure = problem.measure(&options);
        let sizes = steps.iter().enumerate();
        let sizes = sizes.map(|(i, dz)| dz.abs() * measure[problem.atom_of(i)]);
        let step = sizes.fold(0.0, f64::max);
        close(name, answer.info.certificate.max_step, step, 1e-11);
    }
}

#[test]
fn rank_one_dictionaries() {
    for name in ["rank1_1d_p3", "rank1_1d_p5_signed", "rank1_2d_p3"] {
        let arrays = read_npz(&golden(&format!("{name}.npz")));
        let value = |key: &str| arrays[key].values[0];
        let problem = problem(&arrays, "D_full");
        let (k, p) = (problem.n_atoms, problem.n_channels);
        let atom = problem.atom.map(|n| n as i64);
        let (u, v) = (&arrays["u"].values, &arrays["v"].values);
        let d = Dictionary::rank_one(k, p, atom, u, v).unwrap();
        same(name, &gram_atoms_first(&d), &arrays["DtD_rank1"].values);
        let z = &arrays["z_hat"].values;
        same(name, &reconstructed(&problem, &d, z), &problem.reconstruct(z));
        let positive = value("z_positive") == 1.0;
        for correlation in [Method::Direct, Method::Gemm, Method::Fft] {
            let found = lambda_max(&problem, d.clone(), true, correlation);
            close(name, found, value("lambda_max"), 1e-12);
            let options = Options {
                reg: value("reg"),
                reg_scale: RegScale::Absolute,
                tol: value("tol"),
                tol_scale: Scale::Absolute,
                positive,
                correlation,
                ..Options::default()
            };
            let penalty = Penalty { lambda: vec![value("reg"); k], positive, free: None };
            let solve = |n_threads| {
                let mut encoder = encoder(&problem, d.clone(), &options, n_threads);
                encode(&problem, &mut encoder, None, None)
            };
            let one = solve(1);
            for reference in ["", "full_", "mpi2_"] {
                let cost = value(&format!("{reference}cost"));
                let measure = problem.measure(&options);
                check(name, &problem, &penalty, &measure, options.tol, cost, &one);
                let z = &arrays[&format!("{reference}z_hat")].values;
                let error = largest_difference(&one.z, z);
                assert!(error <= 1e-6, "{name} {reference}: z is off by {error:.2e}");
            }
            assert_eq!(common::bits(&one.z), common::bits(&solve(2).z), "{name}");
        }
    }
}

/// Runs in which two coordinates tie within rounding: (case, variant, steps, visits, which ones).
const TIES: &[(&str, &str, u64, u64, &str)] = &[];

#[test]
fn the_published_schedule_takes_the_published_steps() {
    let mut wrong = Vec::new();
    let mut n = 0;
    for case in cases() {
        for (variant, json) in &case.variants {
            let (mut options, z0) = case.options(variant, json);
            options.schedule = Schedule::Published;
            let penalty = case.penalty(&options, z0);
            let what = format!("{} {variant}", case.name);
            let answer: Answer<f64> = solve(&case.problem, &options, 1, z0);
            let cost = case.values(&format!("{variant}__cost"))[0];
            let measure = case.problem.measure(&options);
            check(&what, &case.problem, &penalty, &measure, case.tol, cost, &answer);
            let theirs = (json["peer_n_updates"].as_u64().unwrap(), json["peer_iterations"].as_u64().unwrap());
            let tie = TIES.iter().find(|tie| (tie.0, tie.1) == (&case.name, variant));
            let expected = tie.map_or(theirs, |tie| (tie.2, tie.3));
            let ours = (answer.info.steps, answer.info.visits);
            if ours != expected {
                wrong.push(format!("{what}: {ours:?}, not {expected:?}"));
            } else if tie.is_none() {
                let z = case.values(&format!("{variant}__z_hat"));
                let error = largest_difference(&answer.z, z);
                assert!(error <= 1e-10, "{what}: z is off by {error:.2e}");
            }
            n += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {n}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(n, 16 * 7 - 3 * 2);
}

#[test]
fn the_published_schedule_is_where_the_published_code_is_after_n_visits() {
    for case in cases() {
        for (variant, json) in &case.variants {
            for max_iter in [1, 7, 40] {
                let Some(z) = case.arrays.get(&format!("{variant}__z_after_{max_iter}")) else {
                    continue;
                };
                let (mut options, z0) = case.options(variant, json);
                options.schedule = Schedule::Published;
                options.max_iter = max_iter;
                let answer: Answer<f64> = solve(&case.problem, &options, 1, z0);
                let error = largest_difference(&answer.z, &z.values);
                let what = format!("{} {variant} after {max_iter}", case.name);
                assert!(error <= 1e-10, "{what}: z is off by {error:.2e}");
                let total = json["peer_iterations"].as_u64().unwrap();
                assert_eq!(answer.info.visits, total.min(max_iter as u64), "{what}");
            }
        }
    }
}
