//! Units do not matter, nor do norms of atoms, nor what else is in a batch.

mod common;

use common::{Answer, Problem, bits, encode, encoder, solve, volume};
use dicod::csc::{Options, RegScale, Scale, Schedule, Shape, Stop, Strategy};
use dicod::learn::{Init, Learner, Learning};
use dicod::linalg::{Dictionary, Field, Method, Real};
use dicod::options::solve::Proof;

/// Seconds after which a solve will not end by itself, on a machine that is busy with much else.
const HANGS: f64 = 600.0;

/// Random numbers.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, n: u64) -> usize {
        (self.next() % n) as usize
    }

    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn of<V: Copy>(&mut self, values: &[V]) -> V {
        values[self.below(values.len() as u64)]
    }
}

/// Patterns here and there, and noise.
fn problem(numbers: &mut Numbers, n_signals: usize) -> Problem {
    let n_axes = 1 + numbers.below(3);
    let (mut signal, mut atom, mut periodic) = ([1; 3], [1; 3], [false; 3]);
    let (most, room) = [(9, 150), (4, 26), (3, 9)][n_axes - 1];
    for axis in 3 - n_axes..3 {
        atom[axis] = 2 + numbers.below(most);
        signal[axis] = atom[axis] + room / 2 + numbers.below(room as u64 / 2);
        periodic[axis] = numbers.below(3) == 0;
    }
    let (n_channels, n_atoms) = (1 + numbers.below(2), 1 + numbers.below(4));
    let mut problem = Problem {
        n_axes,
        n_signals,
        n_channels,
        n_atoms,
        signal,
        atom,
        periodic,
        x: Vec::new(),
        d: Vec::new(),
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    };
    let n = n_atoms * n_channels * volume(atom);
    problem.d = (0..n).map(|_| numbers.uniform()).collect();
    normalise(&mut problem);
    let planted = |_| match numbers.below(10) {
        0 => 3.0 * numbers.uniform(),
        _ => 0.0,
    };
    let z: Vec<f64> = (0..problem.n_z()).map(planted).collect();
    problem.x = vec![0.0; n_signals * n_channels * volume(signal)];
    problem.x = problem.reconstruct(&z);
    problem.x.iter_mut().for_each(|x| *x += 0.1 * numbers.uniform());
    // As single precision has them.
    for list in [&mut problem.x, &mut problem.d] {
        list.iter_mut().for_each(|x| *x = f64::from(*x as f32));
    }
    let others = &mut Numbers(numbers.0 ^ 1);
    problem.ridge = others.of(&[0.0, 0.0, 0.125, 3.0]);
    if others.below(3) == 0 {
        problem.factors = (0..problem.n_z()).map(|_| others.of(&[1.0, 0.5, 0.75, 3.0, f64::INFINITY])).collect();
    }
    problem
}

fn normalise(problem: &mut Problem) {
    let norms = problem.squared_norms();
    let depth = problem.d.len() / problem.n_atoms;
    for (atom, norm) in problem.d.chunks_exact_mut(depth).zip(norms) {
        atom.iter_mut().for_each(|d| *d /= norm.sqrt());
    }
}

/// x times s, atom k times t_k; λ_k, absolute, times s·t_k.
fn scaled(problem: &Problem, options: &Options, s: f64, t: &[f64]) -> (Problem, Options) {
    let (mut problem, mut options) = (problem.clone(), options.clone());
    problem.x.iter_mut().for_each(|x| *x *= s);
    let depth = problem.d.len() / problem.n_atoms;
    for (atom, t) in problem.d.chunks_exact_mut(depth).zip(t) {
        atom.iter_mut().for_each(|d| *d *= t);
    }
    if options.reg_scale == RegScale::Absolute {
        options.reg_per_atom.iter_mut().zip(t).for_each(|(reg, t)| *reg *= s * t);
    }
    (problem, options)
}

const STRATEGIES: [Strategy; 5] =
    [Strategy::LocallyGreedy, Strategy::Greedy, Strategy::Random, Strategy::Cyclic, Strategy::CyclicShuffled];

fn options(numbers: &mut Numbers, problem: &Problem) -> Options {
    let (lambda_max, _) = problem.lambda_max();
    let lambda = |_| lambda_max * 0.05 * (1.5 + numbers.uniform());
    let reg_per_atom = (0..problem.n_atoms).map(lambda).collect();
    Options {
        reg_per_atom,
        reg_scale: RegScale::Absolute,
        tol: numbers.of(&[0.1, 1e-2, 1e-3, 1e-5]),
        strategy: numbers.of(&STRATEGIES),
        schedule: numbers.of(&[Schedule::Coloured, Schedule::Coloured, Schedule::Published]),
        positive: numbers.below(3) == 0,
        warm_start: numbers.below(4) == 0,
        correlation: numbers.of(&[Method::Auto, Method::Direct, Method::Gemm, Method::Fft]),
        seed: numbers.below(100) as i64,
        proof: numbers.of(&[Proof::Quick, Proof::Quick, Proof::Tight]),
        ..Options::default()
    }
}

/// Atoms of zero mean do not see an offset, and the proof does not, either.
fn offset(seed: u64) {
    let numbers = &mut Numbers(seed);
    let n_signals = 1 + numbers.below(2);
    let mut problem = problem(numbers, n_signals);
    let volume_of_atom = volume(problem.atom);
    for atom in problem.d.chunks_exact_mut(volume_of_atom) {
        let mean = atom.iter().sum::<f64>() / atom.len() as f64;
        atom.iter_mut().for_each(|d| *d -= mean);
    }
    let options = Options { warm_start: false, ..options(numbers, &problem) };
    let mut other = problem.clone();
    let volume = volume(problem.signal);
    let mut most = 0.0;
    for channel in other.x.chunks_exact_mut(volume) {
        let offset: f64 = 10f64.powi(numbers.below(9) as i32) * numbers.of(&[1.0, -1.0]);
        channel.iter_mut().for_each(|x| *x += offset);
        most = f64::max(most, offset.abs());
    }
    let answer: Answer<f64> = solve(&problem, &options, 1, None);
    // The same z for both.
    let options = Options { warm_start: true, max_iter: 0, ..options };
    let [one, two] = [&problem, &other].map(|problem| {
        let Answer { info, .. } = solve::<f64>(problem, &options, 1, Some(&answer.z));
        info.certificate
    });
    // Of the digits of a number an offset takes those in front: c is rounded by so much, at worst.
    let rounding = 1e-12 * (1.0 + most) * one.objective;
    assert!((two.gap - one.gap).abs() <= 0.1 * one.gap + rounding, "seed {seed}: {one:?} {two:?}");
}

#[test]
fn an_offset_leaves_the_gap_as_it_is() {
    (0..200).for_each(offset);
}

fn powers_of_two<T: Real>(seed: u64) {
    let numbers = &mut Numbers(seed);
    let n_signals = 1 + numbers.below(2);
    let problem = problem(numbers, n_signals);
    let mut options = options(numbers, &problem);
    if seed.is_multiple_of(4) {
        // A λ that is relative to that of each atom has no unit.
        options.reg_scale = RegScale::PerAtom;
        options.reg_per_atom = (0..problem.n_atoms).map(|_| 0.05 * (1.5 + numbers.uniform())).collect();
    }
    let options = options;
    let single = size_of::<T>() == 4;
    let (most_s, most_t) = if single { (25, 12) } else { (120, 60) };
    let mut power = |most: i32| 2f64.powi(numbers.below(2 * most as u64 + 1) as i32 - most);
    let (s, mut t) = (power(most_s), Vec::new());
    t.resize_with(problem.n_atoms, || power(most_t));
    if options.schedule == Schedule::Published {
        // Its steps are those of z, as published.
        let first = t[0];
        t.fill(first);
    }
    let start = |_| match numbers.below(6) {
        0 => f64::from(numbers.uniform().abs() as f32),
        _ => 0.0,
    };
    let z0: Vec<f64> = (0..problem.n_z()).map(start).collect();
    let factor = |i: usize| s / t[problem.atom_of(i)];
    let of = |z: &[f64]| -> Vec<f64> { (0..z.len()).map(|i| z[i] * factor(i)).collect() };
    let (other, other_options) = scaled(&problem, &options, s, &t);
    let start = options.warm_start.then_some(&z0[..]);
    let other_start = of(&z0);
    let other_start = options.warm_start.then_some(&other_start[..]);
    let one: Answer<T> = solve(&problem, &options, 1, start);
    let two: Answer<T> = solve(&other, &other_options, 2, other_start);
    let told = format!("seed {seed}, s {s:e}, t {t:?}, {options:?}");
    assert_eq!(one.info.steps, two.info.steps, "{told}");
    assert_eq!(one.info.stop, two.info.stop, "{told}");
    let expected = of(&common::widened(&one.z));
    assert_eq!(bits(&common::widened(&two.z)), bits(&expected), "{told}");
    let squared = s * s;
    let (one, two) = (one.info, two.info);
    assert_eq!(one.certificate.objective * squared, two.certificate.objective, "{told}");
    assert_eq!(one.certificate.gap * squared, two.certificate.gap, "{told}");
    for (k, (a, b)) in one.tol_per_atom.iter().zip(&two.tol_per_atom).enumerate() {
        assert_eq!(a * s / t[k], *b, "{told}");
    }
}

#[test]
fn powers_of_two_change_no_digit_and_no_step() {
    let n = match std::env::var_os("DICOD_LONG") {
        Some(_) => 20_000,
        None => 120,
    };
    for seed in 0..n {
        powers_of_two::<f64>(seed);
        powers_of_two::<f32>(n + seed);
    }
}

/// Whatever norms atoms have, the answer is that for normed ones, as near as the tolerance says.
#[test]
fn norms_of_atoms_do_not_matter() {
    let numbers = &mut Numbers(7);
    for round in 0..40 {
        let problem = problem(numbers, 1);
        let mut options = options(numbers, &problem);
        (options.schedule, options.tol) = (Schedule::Coloured, 1e-3);
        options.warm_start = false;
        let norms: &[f64] = numbers.of(&[&[30.0; 4][..], &[0.01; 4], &[1e-3, 1.0, 1e3, 0.3]]);
        let s = numbers.of(&[1.0, 1e-3, 41.0, 1e6]);
        let (other, other_options) = scaled(&problem, &options, s, &norms[..problem.n_atoms]);
        let normed: Answer<f64> = solve(&problem, &options, 1, None);
        let answer: Answer<f64> = solve(&other, &other_options, 1, None);
        let told = format!("{round}: {norms:?} {options:?}");
        assert_eq!(answer.info.stop, Stop::Converged, "{told}");
        // Rounding may change what is chosen where two are nearly alike.
        let (a, b) = (answer.info.steps as f64, normed.info.steps as f64);
        assert!((a - b).abs() <= 5.0 + 0.2 * b, "{a} {b} {told}");
        let (a, b) = (answer.info.certificate, normed.info.certificate);
        let apart = (a.objective / (s * s) - b.objective).abs();
        assert!(apart <= 1e-3 * b.objective, "{a:?} {b:?} {told}");
    }
}

/// The tolerance on |dz| in units of z holds for every atom.
#[test]
fn an_absolute_tolerance_bounds_every_step() {
    let numbers = &mut Numbers(8);
    for round in 0..40 {
        let problem = problem(numbers, 1);
        let mut options = options(numbers, &problem);
        (options.tol, options.tol_scale, options.warm_start) = (1e-4, Scale::Absolute, false);
        let t: Vec<f64> = (0..problem.n_atoms).map(|_| numbers.of(&[0.2, 1.0, 5.0])).collect();
        let (problem, options) = scaled(&problem, &options, 1.0, &t);
        let answer: Answer<f64> = solve(&problem, &options, 1, None);
        let penalty = common::Penalty { lambda: answer.info.lambda.clone(), positive: options.positive, free: None };
        let ones = vec![1.0; problem.n_atoms];
        let step = problem.largest_step(&common::widened(&answer.z), &penalty, &ones);
        assert_eq!(answer.info.stop, Stop::Converged, "{round}: {options:?}");
        assert!(step <= 1e-4 * (1.0 + 1e-9), "{round}: {step:e} {options:?}");
        assert!(step <= answer.info.certificate.max_step * (1.0 + 1e-9) + 1e-12);
        assert_eq!(answer.info.tol, 1e-4);
    }
}

/// Signals of a batch are coded as each would be alone.
fn batch<T: Real>(seed: u64) {
    let numbers = &mut Numbers(seed);
    let n = 2 + numbers.below(8);
    let mut problem = problem(numbers, n);
    let len = problem.x.len() / n;
    let background = numbers.of(&[0.0, 64.0]);
    for (signal, x) in problem.x.chunks_exact_mut(len).enumerate() {
        // Silent ones, small ones, and some on a background.
        let (factor, offset) = match (signal, numbers.below(6)) {
            (0, _) | (_, 0..2) => (1.0, 0.0),
            (_, 2) => (0.0, 0.0),
            (_, 3) => (0.05, 0.0),
            (_, 4) => (f64::from(2f32.powi(-40)), 0.0),
            _ => (1.0, background),
        };
        x.iter_mut().for_each(|x| *x = factor * *x + offset);
    }
    let mut options = options(numbers, &problem);
    options.warm_start = false;
    if background != 0.0 && options.strategy == Strategy::Random {
        // It would take for ever.
        options.strategy = Strategy::LocallyGreedy;
    }
    let both: Answer<T> = solve(&problem, &options, 2, None);
    options.tol_scale = Scale::Absolute;
    options.tol = both.info.tol;
    let both: Answer<T> = solve(&problem, &options, 2, None);
    let (told, of_z) = (format!("seed {seed}, {options:?}"), both.z.len() / n);
    let mut steps = 0;
    for signal in 0..n {
        let mut alone = problem.clone();
        alone.n_signals = 1;
        alone.x = problem.x[signal * len..][..len].to_vec();
        if !problem.factors.is_empty() {
            alone.factors = problem.factors[signal * of_z..][..of_z].to_vec();
        }
        let answer: Answer<T> = solve(&alone, &options, 1, None);
        let part = &both.z[signal * of_z..][..of_z];
        assert_eq!(bits(&answer.z), bits(part), "signal {signal} of {n}, {told}");
        steps += answer.info.steps;
    }
    // What is proven is proven of all together.
    if options.proof == Proof::Quick {
        assert_eq!(both.info.steps, steps, "{told}");
    }
}

#[test]
fn signals_of_a_batch_are_coded_as_alone() {
    let n = match std::env::var_os("DICOD_LONG") {
        Some(_) => 5000,
        None => 60,
    };
    for seed in 0..n {
        batch::<f64>(seed);
        batch::<f32>(n + seed);
    }
}

/// Learning, too, has no unit; and where all atoms are fixed their norms do not matter either.
#[test]
fn learning_has_no_units() {
    fn learn<T: Real>(problem: &Problem, options: &Options) -> (Vec<u64>, Vec<f64>, u64) {
        let d: Dictionary<T> = problem.dictionary();
        let mut options = options.clone();
        options.periodic = problem.periodic[3 - problem.n_axes..].to_vec();
        let shape: Shape = problem.shape(&options);
        let mut learner = Learner::new(shape, options, 2, Some(d)).unwrap();
        let x = common::rounded::<T>(&problem.x);
        let x = Field::contiguous(&x, problem.signal.map(|n| n as i64));
        let mut steps = 0;
        for _ in 0..3 {
            steps += learner.step(&x, None).unwrap().steps;
        }
        let d = learner.dictionary().unwrap();
        let n = d.n_atoms * d.n_channels * d.volume();
        let value = |i: usize| {
            let (k, p) = (i / d.volume() / d.n_channels, i / d.volume() % d.n_channels);
            d.at(k, p, i % d.volume()).wide()
        };
        let values = (0..n).map(|i| value(i).to_bits()).collect();
        let list = learner.activations();
        (values, list.iter().map(|a| a.value.wide()).collect(), steps)
    }
    for seed in 0..12 {
        let numbers = &mut Numbers(100 + seed);
        let problem = problem(numbers, 1 + seed as usize % 2);
        let s = 2f64.powi(numbers.below(40) as i32 - 20);
        let options = Options {
            tol: numbers.of(&[1e-2, 1e-4]),
            positive: numbers.below(2) == 0,
            learn: Learning {
                init: numbers.of(&[Init::Given, Init::RandomPatches, Init::GreedyPatches]),
                max_iter: 3,
                ..Learning::default()
            },
            ..Options::default()
        };
        let (mut other, _) = scaled(&problem, &options, s, &[]);
        other.d = problem.d.clone();
        let told = format!("seed {seed}, s {s:e}, {options:?}");
        let [one, two] = [&problem, &other].map(|problem| learn::<f64>(problem, &options));
        assert!(one.2 > 0, "{told}");
        assert_eq!((&one.0, one.2), (&two.0, two.2), "{told}");
        let expected: Vec<f64> = one.1.iter().map(|z| z * s).collect();
        assert_eq!(two.1, expected, "{told}");
        let [one, two] = [&problem, &other].map(|problem| learn::<f32>(problem, &options));
        assert_eq!((&one.0, one.2), (&two.0, two.2), "{told}");
    }
}

/// x of 1e-300 with atoms of 1e-40: λ is too small for a number.
#[test]
fn tiny_signals_with_tiny_atoms_come_to_an_end() {
    let numbers = &mut Numbers(11);
    for round in 0..20 {
        let problem = problem(numbers, 1);
        let mut options = options(numbers, &problem);
        options.reg_per_atom.clear();
        (options.reg, options.reg_scale) = (0.1, RegScale::Relative);
        (options.warm_start, options.tol, options.time_limit) = (false, 1e-3, HANGS);
        let t = vec![1e-40; problem.n_atoms];
        let (tiny, _) = scaled(&problem, &options, 1e-300, &t);
        let plain: Answer<f64> = solve(&problem, &options, 1, None);
        let answer: Answer<f64> = solve(&tiny, &options, 1, None);
        let told = format!("{round}: {:?} {options:?}", answer.info);
        assert!([Stop::Converged, Stop::Precision].contains(&answer.info.stop), "{told}");
        // Sums of products are less exact where the least numbers end.
        let coded = answer.info.stop == Stop::Converged;
        for (z, plain) in answer.z.iter().zip(&plain.z).filter(|_| coded) {
            assert!((z / 1e-260 - plain).abs() <= 0.05, "{z:e} {plain} {told}");
        }
    }
}

/// Single precision on a large offset: either the tolerance is reached, or the status says that it is not.
#[test]
fn what_is_called_converged_is_within_the_tolerance_that_was_asked_for() {
    let numbers = &mut Numbers(12);
    for round in 0..24 {
        let mut problem = problem(numbers, 1);
        let offset = numbers.of(&[0.0, 1.0, 1e3, 101_325.0]);
        problem.x.iter_mut().for_each(|x| *x = f64::from((*x + offset) as f32));
        let mut options = options(numbers, &problem);
        options.reg_per_atom.clear();
        (options.reg, options.reg_scale) = (0.1, RegScale::Relative);
        (options.warm_start, options.time_limit) = (false, HANGS);
        if options.schedule == Schedule::Published {
            options.schedule = Schedule::Coloured;
        }
        let dictionary = problem.dictionary::<f32>();
        let mut encoder = encoder(&problem, dictionary, &options, 1);
        let answer = encode(&problem, &mut encoder, None, None);
        let info = &answer.info;
        // What was asked for, by the definition.
        let c = problem.correlate(&problem.x);
        let norms = problem.squared_norms();
        let excess = c.iter().enumerate().map(|(i, c)| {
            let k = problem.atom_of(i);
            let c = if options.positive { *c } else { c.abs() };
            (c - info.lambda[k] * problem.factor(i)) / norms[k].sqrt()
        });
        let asked = options.tol * excess.fold(0.0, f64::max);
        let least = norms.iter().fold(f64::INFINITY, |m: f64, n| m.min(n.sqrt()));
        let told = format!("{round}: offset {offset} {info:?} {options:?}");
        if info.stop == Stop::Converged {
            assert!(info.certificate.max_step * least <= asked * 1.01, "{asked:e} {told}");
        } else {
            assert_eq!(info.stop, Stop::Precision, "{told}");
        }
    }
}

/// What cannot be reached is no reason to stop before what can be: asking for more never gives less.
#[test]
fn a_tolerance_below_rounding_leaves_what_rounding_allows() {
    fn check<T: Real>(loose: f64, room: f64) {
        let numbers = &mut Numbers(13);
        for round in 0..12 {
            let offset = numbers.of(&[3.0, 10.0, 30.0]);
            // All atoms look alike then, and the descent is long.
            let mut problem = problem(numbers, 1);
            problem.x.iter_mut().for_each(|x| *x = f64::from((*x + offset) as f32));
            let within = |tol, max_iter| -> Answer<T> {
                solve(&problem, &Options { tol, max_iter, ..Options::default() }, 1, None)
            };
            let one = within(loose, -1);
            // It takes long to get to where rounding begins.
            let two = within(0.0, 4 * one.info.steps as i64 + 1000);
            let told = format!("{round}, offset {offset}: {:?} {:?}", one.info, two.info);
            assert!([Stop::Precision, Stop::MaxIter].contains(&two.info.stop), "{told}");
            let objective = |answer: &Answer<T>| answer.info.certificate.objective;
            assert!(objective(&two) <= (1.0 + room) * objective(&one), "{told}");
        }
    }
    check::<f64>(1e-4, 1e-9);
    check::<f32>(1e-3, 1e-5);
}

/// Thresholds of atoms that are never used say nothing of the rounding of those that are.
#[test]
fn norms_far_apart_are_no_matter_of_precision() {
    fn check<T: Real>(t: f64) {
        let numbers = &mut Numbers(14);
        for round in 0..12 {
            let problem = loop {
                let problem = problem(numbers, 1);
                if problem.n_atoms > 1 {
                    break problem;
                }
            };
            let mut norms = vec![1.0; problem.n_atoms];
            (norms[0], norms[1]) = (1.0 / t, t);
            let options = Options { tol: 1e-3, time_limit: HANGS, ..Options::default() };
            let (problem, options) = scaled(&problem, &options, 1.0, &norms);
            let answer: Answer<T> = solve(&problem, &options, 1, None);
            let best: Answer<f64> = solve(&problem, &Options { tol: 1e-6, ..options.clone() }, 1, None);
            let told = format!("{round}: {:?}", answer.info);
            assert_eq!(answer.info.stop, Stop::Converged, "{told}");
            let [found, best] = [answer.info.certificate.objective, best.info.certificate.objective];
            assert!(found <= 1.01 * best, "{found} {best} {told}");
        }
    }
    check::<f32>(1e3);
    check::<f64>(1e12);
}

/// Single precision has its digits down to some 1e-38.
#[test]
fn small_fields_in_single_precision_are_coded_as_others_are() {
    let numbers = &mut Numbers(15);
    for round in 0..20 {
        let problem = problem(numbers, 1);
        let options = Options { tol: 1e-3, ..Options::default() };
        let (small, _) = scaled(&problem, &options, 2f64.powi(-100), &[]);
        let small = Problem { d: problem.d.clone(), ..small };
        let [one, two] = [&problem, &small].map(|problem| -> Answer<f32> { solve(problem, &options, 1, None) });
        assert_eq!((one.info.stop, one.info.steps), (two.info.stop, two.info.steps), "{round}");
        assert!(one.z.iter().zip(&two.z).all(|(one, two)| f64::from(*one) * 2f64.powi(-100) == f64::from(*two)));
    }
}

/// Float arrays: the largest step that is told is no less than what it is by plain loops in double precision, hardly more, and
/// within the tolerance where the solve says so.
#[test]
fn the_largest_step_of_floats_is_an_upper_bound() {
    let numbers = &mut Numbers(21);
    for round in 0..60 {
        let problem = problem(numbers, 1);
        let mut options = options(numbers, &problem);
        options.tol = numbers.of(&[3e-2, 1e-2, 1e-3, 1e-4]);
        (options.tol_scale, options.warm_start, options.frozen_support) = (Scale::Relative, false, false);
        let answer: Answer<f32> = solve(&problem, &options, 1, None);
        let info = &answer.info;
        let penalty = common::Penalty { lambda: info.lambda.clone(), positive: options.positive, free: None };
        let step = problem.largest_step(&common::widened(&answer.z), &penalty, &problem.measure(&options));
        let told = info.certificate.max_step;
        assert!(step <= told, "{round}: {step:e}, told {told:e}, tol {:e}, {options:?}", info.tol);
        assert!(told <= step + 2e-6 * info.lambda_max, "{round}: {step:e}, told {told:e}, {options:?}");
        assert!(info.stop != Stop::Converged || told <= info.tol, "{round}: {told:e} {:e}", info.tol);
    }
}

/// Noise, and atoms of these norms, as single precision has them.
fn with_norms(n: usize, length: usize, norms: &[f64]) -> Problem {
    let mut numbers = Numbers(5);
    let mut problem = Problem {
        n_axes: 1,
        n_signals: 1,
        n_channels: 1,
        n_atoms: norms.len(),
        signal: [1, 1, n],
        atom: [1, 1, length],
        periodic: [false; 3],
        x: (0..n).map(|_| 3.0 * numbers.uniform()).collect(),
        d: (0..norms.len() * length).map(|_| numbers.uniform()).collect(),
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    };
    normalise(&mut problem);
    for (atom, norm) in problem.d.chunks_exact_mut(length).zip(norms) {
        atom.iter_mut().for_each(|d| *d *= norm);
    }
    for list in [&mut problem.x, &mut problem.d] {
        list.iter_mut().for_each(|x| *x = f64::from(*x as f32));
    }
    problem
}

#[test]
fn an_atom_out_of_reach_takes_no_digits_from_the_others() {
    // In the published schedule the correlations of the weak atom are 1e5 times those of the other, and yet far below its λ.
    for weak in [1e-3, 1e-4, 1e-5] {
        let problem = with_norms(200, 5, &[1.0, weak]);
        let options = Options { schedule: Schedule::Published, tol: 1e-3, ..Options::default() };
        let best: Answer<f64> = solve(&problem, &Options { tol: 1e-9, ..options.clone() }, 1, None);
        let floats: Answer<f32> = solve(&problem, &options, 1, None);
        assert_eq!(floats.info.stop, Stop::Converged, "{weak} {:?}", floats.info);
        let z = common::widened(&floats.z);
        let excess = problem.objective(&z, &floats.info.lambda).0 / best.info.certificate.objective - 1.0;
        assert!(excess < 1e-4, "{weak} {excess:e} {:?}", floats.info);
    }
}

#[test]
fn an_atom_out_of_reach_takes_no_digits_from_the_proof() {
    for weak in [1e-3, 1e-4, 1e-5] {
        let problem = with_norms(200, 5, &[1.0, weak]);
        for (schedule, gap_tol) in
            [(Schedule::Coloured, 5e-3), (Schedule::Published, 5e-3), (Schedule::Published, 1e-4)]
        {
            let options = Options { schedule, gap_tol, tol: 0.1, ..Options::default() };
            let Answer { info, .. } = solve::<f32>(&problem, &options, 1, None);
            assert_eq!(info.stop, Stop::Converged, "{weak} {schedule:?} {info:?}");
            assert!(info.certificate.gap <= gap_tol * info.certificate.objective, "{weak} {schedule:?} {info:?}");
        }
    }
}

#[test]
fn activations_to_begin_with_that_hardly_reconstruct_but_cost_are_left_out() {
    // Of the weak atom |d||z| is below what floats resolve, but λ|z| is percents of F.
    for weak in [1e-2, 1e-3] {
        let problem = with_norms(90, 3, &[600.0, weak]);
        let mut z0 = vec![0.0; problem.n_z()];
        z0[88..].iter_mut().step_by(9).for_each(|z| *z = 4e-4);
        let options = Options { reg: 0.3, gap_tol: 1e-2, warm_start: true, ..Options::default() };
        let floats: Answer<f32> = solve(&problem, &options, 1, Some(&z0));
        let info = &floats.info;
        assert_eq!(info.stop, Stop::Converged, "{weak} {info:?}");
        assert!(info.certificate.gap <= 1e-2 * info.certificate.objective, "{weak} {info:?}");
        assert!(floats.z[88..].iter().all(|z| *z == 0.0), "{weak} {info:?}");
    }
}
