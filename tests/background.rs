//! What is taken from signals before they are coded: as plain loops find it, the same bits on any ranks, and after that a solve of
//! what is left.

mod common;

use common::{Answer, Point, Problem, bits, rounded, volume};
use dicod::csc::{Encoder, Info, Options, RegScale, Schedule, Stop, lambda_max, objective};
use dicod::grid::block::Block;
use dicod::linalg::{Field, FieldMut, Real};
use dicod::options::Table;
use dicod::options::solve::{Background, Missing, Scale};
use dicod::ranks::local::{Local, Weather};
use proptest::prelude::*;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    /// In −1..1, of few digits: plain sums of such values are exact.
    fn value(&mut self) -> f64 {
        self.below(4097) as f64 / 2048.0 - 1.0
    }
}

fn problem(random: &mut Random) -> (Problem, Options) {
    let n_axes = 1 + random.below(3);
    let real = |a: usize| a + n_axes >= 3;
    let atom: Point = std::array::from_fn(|a| if real(a) { 1 + random.below([9, 4, 3][n_axes - 1]) } else { 1 });
    let more = [70, 18, 8][n_axes - 1];
    let signal: Point = std::array::from_fn(|a| if real(a) { atom[a] + random.below(more) } else { 1 });
    let periodic = std::array::from_fn(|a| real(a) && random.below(2) == 0);
    let [n_signals, n_channels, n_atoms] = [2, 2, 3].map(|n| 1 + random.below(n));
    let mut values = |n: usize, level: f64| (0..n).map(|_| random.value() + level).collect::<Vec<f64>>();
    let x = values(n_signals * n_channels * volume(signal), 5.0);
    let d = values(n_atoms * n_channels * volume(atom), 0.0);
    let n_x = x.len();
    let mut problem = Problem {
        n_axes,
        n_signals,
        n_channels,
        n_atoms,
        signal,
        atom,
        periodic,
        x,
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
        d,
    };
    let mut options = Options { reg: 0.1, tol: 1e-4, max_iter: 5000, ..Options::default() };
    options.periodic = periodic[3 - n_axes..].to_vec();
    if random.below(3) == 0 {
        options.background = Background::Mean;
    } else {
        options.background = Background::Smooth;
        let n = if random.below(2) == 0 { 1 } else { n_axes };
        options.background_length = (0..n).map(|_| 1 + random.below(2 * more) as i64).collect();
    }
    match random.below(4) {
        // Holes, and parts that count less.
        0 => problem.w = (0..n_x).map(|_| [0.0, 0.0, 1.0, 0.25][random.below(4)]).collect(),
        1 => {
            problem.w = (0..n_x).map(|_| random.below(2) as f64).collect();
            options.missing = Missing::Nan;
        }
        _ => (),
    }
    (problem, options)
}

fn points(shape: Point) -> impl Iterator<Item = Point> {
    (0..volume(shape)).map(move |i| [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]])
}

fn flat(at: Point, shape: Point) -> usize {
    (at[0] * shape[1] + at[1]) * shape[2] + at[2]
}

/// Positions along an axis that a box around one has.
fn around(at: usize, n: usize, length: i64, periodic: bool) -> Vec<usize> {
    let first = at as i64 - length / 2;
    match periodic {
        true if length >= n as i64 => (0..n).collect(),
        true => (first..first + length).map(|i| i.rem_euclid(n as i64) as usize).collect(),
        false => (first..first + length).filter(|i| (0..n as i64).contains(i)).map(|i| i as usize).collect(),
    }
}

/// As the option says it.
fn plain(problem: &Problem, options: &Options, x: &[f64]) -> Vec<f64> {
    let (signal, n) = (problem.signal, volume(problem.signal));
    let mut background = Vec::new();
    for (number, field) in x.chunks_exact(n).enumerate() {
        let some = |positions: [Vec<usize>; 3]| {
            let (mut sum, mut count) = (0.0, 0);
            for i in &positions[0] {
                for j in &positions[1] {
                    let places = positions[2].iter().map(|k| flat([*i, *j, *k], signal));
                    for place in places.filter(|place| problem.weight(number * n + place) > 0.0) {
                        sum += field[place];
                        count += 1;
                    }
                }
            }
            (count > 0).then(|| sum / f64::from(count))
        };
        let whole = some(signal.map(|n| (0..n).collect())).unwrap_or(0.0);
        let mean = |positions: [Vec<usize>; 3]| some(positions).unwrap_or(whole);
        let length = |a: usize| match &options.background_length[..] {
            [all] => *all,
            each => each[a + problem.n_axes - 3],
        };
        match options.background {
            Background::None => background.extend(vec![0.0; n]),
            Background::Mean => background.extend(vec![mean(signal.map(|n| (0..n).collect())); n]),
            Background::Smooth => background.extend(points(signal).map(|at| {
                mean(std::array::from_fn(|a| match a + problem.n_axes >= 3 {
                    true => around(at[a], signal[a], length(a), problem.periodic[a]),
                    false => vec![0],
                }))
            })),
        }
    }
    background
}

fn without(options: &Options) -> Options {
    Options { background: Background::None, background_length: Vec::new(), ..options.clone() }
}

fn less<T: Real>(x: &[f64], background: &[f64]) -> Vec<f64> {
    x.iter().zip(background).map(|(x, b)| T::of(T::of(*x).wide() - b).wide()).collect()
}

fn essence(info: &Info) -> impl PartialEq + std::fmt::Debug + use<> {
    let c = &info.certificate;
    let numbers = [info.lambda_max, info.tol, c.objective, c.data_term, c.max_step, c.gap];
    (info.stop, info.steps, info.nonzeros, numbers.map(f64::to_bits))
}

/// Cuts the longest axis.
fn partition(domain: Point, n: usize, random: &mut Random) -> Vec<Block> {
    let mut parts = vec![Block::whole(domain.map(|n| n as i64))];
    while parts.len() < n {
        let which = random.below(parts.len());
        let axis = (0..3).max_by_key(|a| parts[which].shape[*a]).unwrap();
        let (mut part, mut other) = (parts[which], parts[which]);
        let at = random.below(part.shape[axis] as usize + 1) as i64;
        part.shape[axis] = at;
        other.origin[axis] += at;
        other.shape[axis] -= at;
        parts[which] = part;
        parts.push(other);
    }
    parts
}

fn part_of<T: Real>(whole: &[T], domain: Point, block: &Block) -> Vec<T> {
    let mut part = Vec::new();
    for field in whole.chunks_exact(volume(domain)) {
        block.for_each_row(|at| {
            let first = flat(at.map(|i| i as usize), domain);
            part.extend_from_slice(&field[first..first + block.shape[2] as usize]);
        });
    }
    part
}

fn field<'a, T: Real>(part: &'a [T], block: &Block) -> Field<'a, T> {
    let volume = block.volume() as usize;
    let channels = if volume == 0 { Vec::new() } else { part.chunks_exact(volume).collect() };
    Field { channels, origin: block.origin, ..Field::contiguous(&[], block.shape) }
}

fn field_mut<'a, T: Real>(part: &'a mut [T], block: &Block) -> FieldMut<'a, T> {
    let volume = block.volume() as usize;
    let channels = if volume == 0 { Vec::new() } else { part.chunks_exact_mut(volume).collect() };
    FieldMut { channels, origin: block.origin, layout: dicod::linalg::Strided::contiguous(block.shape) }
}

/// The functions of plain arrays say the same.
fn local<T: Real>(problem: &Problem, left: &Problem, options: &Options, encoder: &mut Encoder<T>, found: &Answer<T>) {
    let shape = encoder.shape().clone();
    let [x, rest] = [problem, left].map(|problem| rounded::<T>(&problem.with_holes()));
    let [x, rest] = [&x, &rest].map(|x| Field::contiguous(x, shape.signal));
    let z = Field::contiguous(&found.z, shape.valid());
    let d = problem.dictionary();
    assert_eq!(lambda_max(&shape, &d, options, 1, &x).unwrap(), found.info.lambda_max);
    let [with, of_rest] = [(&x, options), (&rest, &without(options))]
        .map(|(x, options)| objective(&shape, &d, options, 1, x, &z).unwrap());
    assert_eq!(with, of_rest);
    assert_eq!(encoder.lambda_max(&x).unwrap(), found.info.lambda_max);
}

fn check<T: Real>(seed: u64) {
    let mut random = Random(seed);
    let (problem, mut options) = problem(&mut random);
    options.schedule = [Schedule::Coloured, Schedule::Coloured, Schedule::Published][random.below(3)];
    let n_x = problem.n_signals * problem.n_channels;
    let b = plain(&problem, &options, &problem.x);
    let left = Problem { x: less::<T>(&problem.x, &b), ..problem.clone() };
    let expected: Answer<T> = common::solve(&left, &without(&options), 1, None);
    let mut encoder = common::encoder(&problem, problem.dictionary::<T>(), &options, 1);
    let unknown = encoder.background(&mut FieldMut::contiguous(&mut vec![T::ZERO; b.len()], encoder.shape().signal));
    assert!(unknown.unwrap_err().to_string().contains("not known before a solve"));
    let found = common::encode(&problem, &mut encoder, None, None);
    assert_eq!(essence(&found.info), essence(&expected.info), "seed {seed}");
    assert_eq!(bits(&found.z), bits(&expected.z), "seed {seed}");
    let [least, most] = [f64::min, f64::max].map(|which| b.iter().copied().reduce(which).unwrap());
    assert_eq!(found.info.background, [least, most], "seed {seed}");
    // The functions of plain arrays say the same.
    let shape = encoder.shape().clone();
    let given = rounded::<T>(&problem.with_holes());
    if problem.w.is_empty() || problem.nan_says_all(&options) {
        local(&problem, &left, &options, &mut encoder, &found);
    }
    if options.schedule == Schedule::Published {
        return;
    }
    for size in [1, 2, 4] {
        let weather = Weather { seed: seed + size as u64, delay: 2, failure: None };
        let results = Local::run(size, weather, |ranks| {
            let me = ranks.rank();
            let mut random = Random(seed + 7);
            let blocks = partition(problem.signal, size, &mut random);
            let mut encoder =
                Encoder::over(ranks, shape.clone(), problem.dictionary::<T>(), options.clone(), 1).unwrap();
            if !problem.w.is_empty() && !problem.nan_says_all(&options) {
                let blocks = partition(problem.signal, size, &mut random);
                let w = part_of(&rounded::<T>(&problem.w), problem.signal, &blocks[me]);
                encoder.set_weights(Some(&field(&w, &blocks[me]))).unwrap();
            }
            let x = part_of(&given, problem.signal, &blocks[me]);
            let x = field(&x, &blocks[me]);
            let info = encoder.solve(&x, None).unwrap();
            assert_eq!(essence(&info), essence(&found.info), "seed {seed}, {size} ranks");
            assert_eq!(info.background, found.info.background, "seed {seed}, {size} ranks");
            // On a box of its own.
            let mut random = Random(seed + 100 * me as u64);
            let block = partition(problem.signal, 2, &mut random)[0];
            let mut out = vec![T::NAN; n_x * block.volume() as usize];
            encoder.background(&mut field_mut(&mut out, &block)).unwrap();
            let expected = part_of(&rounded::<T>(&b), problem.signal, &block);
            assert_eq!(bits(&out), bits(&expected), "seed {seed}, {size} ranks");
            let mut model = vec![T::NAN; out.len()];
            encoder.reconstruct(&mut field_mut(&mut model, &block)).unwrap();
            encoder.residual(&x, &mut field_mut(&mut out, &block)).unwrap();
            let left = part_of(&rounded::<T>(&left.with_holes()), problem.signal, &block);
            let expected: Vec<T> = left.iter().zip(&model).map(|(x, model)| *x - *model).collect();
            let same = |(a, b): (&T, &T)| a == b || !(a.finite() || b.finite());
            assert!(out.iter().zip(&expected).all(same), "seed {seed}, {size} ranks");
        });
        results.into_iter().for_each(|result| result.expect("a rank"));
    }
}

#[test]
fn it_is_that_of_plain_loops_and_the_rest_is_solved_bit_for_bit() {
    let n = if std::env::var_os("DICOD_LONG").is_some() { 20_000 } else { 150 };
    for seed in 0..n {
        if seed % 2 == 0 { check::<f64>(seed) } else { check::<f32>(seed) }
    }
}

/// Two atoms, one of zero mean, and a signal on no level.
fn small() -> Problem {
    let mut random = Random(3);
    let d = [(0..8).map(|i| f64::from(i) - 3.5).collect::<Vec<_>>(), vec![1.0, 2.0, 3.0, 3.0, 2.0, 1.0, 1.0, 0.5]];
    Problem {
        n_axes: 1,
        n_signals: 1,
        n_channels: 1,
        n_atoms: 2,
        signal: [1, 1, 400],
        atom: [1, 1, 8],
        periodic: [false; 3],
        x: (0..400).map(|_| random.value()).collect(),
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
        d: d.concat(),
    }
}

fn raised(problem: &Problem, by: f64) -> Problem {
    Problem { x: problem.x.iter().map(|x| x + by).collect(), ..problem.clone() }
}

fn solved<T: Real>(problem: &Problem, background: Background, length: &[i64]) -> Answer<T> {
    let options = Options { background, background_length: length.to_vec(), ..Options::default() };
    common::solve(problem, &options, 1, None)
}

#[test]
fn a_level_makes_no_difference() {
    fn differs<T: Real>(by: f64, background: Background, length: &[i64]) -> f64 {
        let mut problem = small();
        // What x + c is rounded to is what x is without c.
        problem.x.iter_mut().for_each(|x| *x = T::of(T::of(*x + by).wide() - by).wide());
        let one: Answer<T> = solved(&problem, background, length);
        let other: Answer<T> = solved(&raised(&problem, by), background, length);
        let infos = [&one.info, &other.info];
        assert_eq!(infos.map(|info| info.stop), [Stop::Converged; 2]);
        let [gap, raised] = infos.map(|info| info.certificate.gap);
        assert!((gap - raised).abs() <= 1e-3 * gap, "{gap:e} {raised:e}");
        let pairs = one.z.iter().zip(&other.z).map(|(a, b)| (a.wide() - b.wide()).abs());
        pairs.fold(0.0, f64::max) / one.info.tol
    }
    for (background, length) in [(Background::Mean, &[][..]), (Background::Smooth, &[31])] {
        for by in [0.0, 1.0, -3e3, 1e5, 1e8] {
            let differs = differs::<f64>(by, background, length);
            assert!(differs <= 1.0, "{by}: {differs} times the tolerance");
        }
        for by in [0.0, 1.0, -3e3, 101_325.0] {
            let differs = differs::<f32>(by, background, length);
            assert!(differs <= 1.0, "f32, {by}: {differs} times the tolerance");
        }
    }
}

#[test]
fn floats_on_a_level_are_as_good_as_doubles() {
    // As float_against_double.c.
    let mut problem = small();
    problem.x.iter_mut().for_each(|x| *x = f64::from((101_325.0 + *x) as f32));
    let float: Answer<f32> = solved(&problem, Background::Mean, &[]);
    let double: Answer<f64> = solved(&problem, Background::Mean, &[]);
    assert_eq!((float.info.stop, double.info.stop), (Stop::Converged, Stop::Converged));
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-5 * b;
    assert!(near(float.info.lambda_max, double.info.lambda_max) && near(float.info.tol, double.info.tol));
    assert!(near(float.info.certificate.objective, double.info.certificate.objective));
    let pairs = float.z.iter().zip(&double.z).map(|(a, b)| (f64::from(*a) - b).abs());
    assert!(pairs.fold(0.0, f64::max) <= 2.0 * double.info.tol);
    // As float_offset.c: without the option what was asked for cannot be reached, and that is said.
    for amplitude in [0.1, 1.0, 10.0, 100.0] {
        for level in [0.0, 300.0, 101_325.0] {
            let x = |x: &f64| f64::from((level + amplitude * x) as f32);
            let problem = Problem { x: small().x.iter().map(x).collect(), ..small() };
            let with: Answer<f32> = solved(&problem, Background::Mean, &[]);
            assert_eq!(with.info.stop, Stop::Converged, "{amplitude} on {level}");
            let plain: Answer<f32> = solved(&problem, Background::None, &[]);
            let step = plain.info.certificate.max_step;
            match plain.info.stop {
                Stop::Converged => assert!(step <= plain.info.tol, "{amplitude} on {level}"),
                stop => assert_eq!((stop, step > plain.info.tol), (Stop::Precision, true), "{amplitude} on {level}"),
            }
        }
    }
}

#[test]
fn what_is_flat_has_no_activations() {
    for level in [0.1, 1.0, -7e-3, 101_325.3, 1e8 / 3.0, 1e-200] {
        for (background, length) in
            [(Background::Mean, &[][..]), (Background::Smooth, &[30]), (Background::Smooth, &[401])]
        {
            let problem = Problem { x: vec![level; 400], ..small() };
            let found: Answer<f64> = solved(&problem, background, length);
            let info = &found.info;
            assert_eq!((info.stop, info.nonzeros, info.lambda_max), (Stop::Converged, 0, 0.0), "{level}");
            assert_eq!((info.certificate.objective, info.background), (0.0, [level; 2]), "{level}");
            let found: Answer<f32> = solved(&problem, background, length);
            assert_eq!((found.info.nonzeros, found.info.lambda_max), (0, 0.0), "{level}");
        }
    }
    // Edges of one sample leave nothing; longer ones than the domain take the mean, at last.
    let one: Answer<f64> = solved(&small(), Background::Smooth, &[1]);
    assert_eq!((one.info.nonzeros, one.info.certificate.objective), (0, 0.0));
    let long: Answer<f64> = solved(&small(), Background::Smooth, &[800]);
    let longest: Answer<f64> = solved(&small(), Background::Smooth, &[i64::MAX]);
    let mean: Answer<f64> = solved(&small(), Background::Mean, &[]);
    assert!(bits(&long.z) == bits(&mean.z) && bits(&longest.z) == bits(&mean.z) && mean.info.nonzeros > 0);
    // A domain of one sample is its own mean.
    let problem = Problem { signal: [1; 3], atom: [1; 3], n_atoms: 1, x: vec![3.7], d: vec![2.0], ..small() };
    let found: Answer<f64> = solved(&problem, Background::Mean, &[]);
    assert_eq!((found.z[0], found.info.stop, found.info.background), (0.0, Stop::Converged, [3.7; 2]));
}

#[test]
fn a_warm_start_goes_on_where_it_was() {
    let problem = raised(&small(), 1e3);
    let options = Options {
        background: Background::Smooth,
        background_length: vec![25],
        warm_start: true,
        reg_scale: RegScale::Absolute,
        reg: 0.5,
        tol: 1e-9,
        tol_scale: Scale::Absolute,
        ..Options::default()
    };
    let mut encoder = common::encoder(&problem, problem.dictionary::<f64>(), &options, 2);
    let first = common::encode(&problem, &mut encoder, None, None);
    assert!(first.info.steps > 100);
    let again = common::encode(&problem, &mut encoder, None, None);
    assert_eq!((again.info.steps, bits(&again.z)), (0, bits(&first.z)));
    // Another signal lies on something else.
    let other = common::encode(&raised(&problem, -2e3), &mut encoder, None, None);
    assert!(other.info.background[1] < -900.0 && other.info.steps < 10);
}

#[test]
fn the_asynchronous_schedule_has_it_too() {
    let problem = raised(&small(), 1e3);
    let options =
        Options { background: Background::Smooth, background_length: vec![40], tol: 1e-6, ..Options::default() };
    let expected: Answer<f64> = common::solve(&problem, &options, 1, None);
    let options = Options { schedule: Schedule::Asynchronous, ..options };
    let results = Local::run(3, Weather { seed: 5, delay: 3, failure: None }, |ranks| {
        let me = ranks.rank();
        let block = partition(problem.signal, 3, &mut Random(8))[me];
        let mut encoder =
            Encoder::over(ranks, problem.shape(&options), problem.dictionary::<f64>(), options.clone(), 1).unwrap();
        encoder.solve(&field(&part_of(&problem.x, problem.signal, &block), &block), None).unwrap()
    });
    for info in results.into_iter().map(|result| result.expect("a rank")) {
        let (found, certificate) = (&info.certificate, &expected.info.certificate);
        assert_eq!((info.stop, info.background), (Stop::Converged, expected.info.background));
        assert_eq!(info.lambda_max, expected.info.lambda_max);
        assert!((found.objective - certificate.objective).abs() <= found.gap.max(certificate.gap), "{found:?}");
        assert!(found.max_step <= info.tol);
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let problem = small();
    let made = |set: &str| {
        let mut options = Options::default();
        options.parse(set).and_then(|()| {
            let shape = problem.shape(&Options::default());
            options_fit(&options, &problem)?;
            Encoder::<f64>::new(shape, problem.dictionary(), options, 1).map(drop)
        })
    };
    let text = |set: &str| made(set).unwrap_err().to_string();
    for (set, parts) in [
        ("background=median", ["\"background\" must be", "\"none\", \"mean\" or \"smooth\""]),
        ("background=smooth", ["\"background_length\" must be given with option \"background\" smooth", "is empty"]),
        ("background=mean background_length=4", ["\"background_length\" must be empty unless", "is [4]"]),
        ("background_length=4", ["\"background_length\" must be empty unless", "is [4]"]),
        ("background=smooth background_length=0", ["\"background_length[0]\" must be at least 1", "is 0"]),
        (
            "background=smooth background_length=4,5",
            ["a list of 1, one value per axis, or of one for all", "a list of 2"],
        ),
    ] {
        for part in parts {
            assert!(text(set).contains(part), "{set}: {:?} lacks {part:?}", text(set));
        }
    }
    made("background=smooth background_length=4").unwrap();
    // NaN is refused as without, and where it is.
    let options = Options { background: Background::Mean, ..Options::default() };
    let mut encoder = common::encoder(&problem, problem.dictionary::<f64>(), &options, 1);
    let mut x = problem.x.clone();
    x[17] = f64::NAN;
    let error = encoder.solve(&Field::contiguous(&x, [1, 1, 400]), None).unwrap_err().to_string();
    assert!(error.contains("17") && error.contains("NaN"), "{error}");
}

fn options_fit(options: &Options, problem: &Problem) -> dicod::base::error::Result<()> {
    let [s, p, k] = [problem.n_signals, problem.n_channels, problem.n_atoms].map(|n| n as i64);
    dicod::csc::Shape::new(&[400], s, p, k, &[8], options).map(drop)
}

#[test]
fn a_limit_of_time_that_is_over_leaves_zeros() {
    let options = Options { background: Background::Mean, time_limit: 0.0, ..Options::default() };
    let found: Answer<f64> = common::solve(&small(), &options, 1, None);
    assert_eq!((found.info.stop, found.info.proven), (Stop::TimeLimit, false));
    assert!(found.info.background[0].is_nan() && found.z.iter().all(|z| *z == 0.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sums_are_near_those_of_doubles_for_any_values(
        values in prop::collection::vec(-1e3f64..1e3, 20..60),
        length in 1i64..80,
        level in -1e6f64..1e6,
    ) {
        let n = values.len();
        let x: Vec<f64> = values.iter().map(|x| x + level).collect();
        let problem = Problem { signal: [1, 1, n], x, ..small() };
        let options =
            Options { background: Background::Smooth, background_length: vec![length], ..Options::default() };
        let mut encoder = common::encoder(&problem, problem.dictionary::<f64>(), &options, 1);
        common::encode(&problem, &mut encoder, None, None);
        let mut found = vec![f64::NAN; n];
        encoder.background(&mut FieldMut::contiguous(&mut found, [1, 1, n as i64])).unwrap();
        for (found, plain) in found.iter().zip(plain(&problem, &options, &problem.x)) {
            prop_assert!((found - plain).abs() <= 1e-12 * (level.abs() + 1e3));
        }
    }
}
