//! The solver against an independent method on random small problems: the model as a dense matrix,
//! solved by an accelerated proximal gradient and then exactly on the support that it finds.
//!
//! `DICOD_LONG=1` runs many more cases.

mod common;

use common::{Answer, Penalty, Point, Problem, bits, encode, encoder, soft_threshold, solve, volume};
use dicod::csc::{Options, Progress, RegScale, Scale, Schedule, Stop, Strategy as Choice};
use dicod::linalg::{Method, Real};
use dicod::options::solve::{Missing, Proof};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use std::cell::Cell;

/// Numbers that depend on a seed alone.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in (−1, 1).
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn list(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.uniform() + self.uniform() + self.uniform()).collect()
    }

    fn chance(&mut self, of: u64) -> bool {
        self.next().is_multiple_of(of)
    }
}

/// ½zᵀHz − bᵀz + Σ λ|z| for one signal.
struct Lasso {
    n: usize,
    h: Vec<f64>,
    b: Vec<f64>,
    lambda: Vec<f64>,
    positive: bool,
}

impl Lasso {
    /// One for each signal, over the free coordinates, and where these are in z.
    fn of(problem: &Problem, penalty: &Penalty) -> Vec<(Lasso, Vec<usize>)> {
        let n_rows = problem.x.len();
        let mut columns = vec![vec![0.0; n_rows]; problem.n_z()];
        // √w x ≈ √w D z
        problem.for_each_term(|z, x, d| columns[z][x] += problem.weight(x).sqrt() * problem.d[d]);
        let x: Vec<f64> = problem.x.iter().enumerate().map(|(i, x)| problem.weight(i).sqrt() * x).collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mu = problem.squared_penalties();
        let per_signal = problem.n_z() / problem.n_signals;
        let of_signal = |signal: usize| {
            let all = signal * per_signal..(signal + 1) * per_signal;
            let may_be = |i: &usize| problem.factor(*i).is_finite();
            let is_free = |i: &usize| may_be(i) && penalty.free.as_ref().is_none_or(|free| free[*i]);
            let free: Vec<usize> = all.filter(is_free).collect();
            let mut h = Vec::new();
            for i in &free {
                let ridge = |j: &usize| if i == j { mu[problem.atom_of(*i)] } else { 0.0 };
                h.extend(free.iter().map(|j| dot(&columns[*i], &columns[*j]) + ridge(j)));
            }
            let lasso = Lasso {
                n: free.len(),
                h,
                b: free.iter().map(|i| dot(&columns[*i], &x)).collect(),
                lambda: free.iter().map(|i| penalty.lambda[problem.atom_of(*i)] * problem.factor(*i)).collect(),
                positive: penalty.positive,
            };
            (lasso, free)
        };
        (0..problem.n_signals).map(of_signal).collect()
    }

    /// b − Hz
    fn slope(&self, z: &[f64]) -> Vec<f64> {
        let rows = self.h.chunks_exact(self.n.max(1)).zip(&self.b);
        rows.map(|(row, b)| b - row.iter().zip(z).map(|(h, z)| h * z).sum::<f64>()).collect()
    }

    /// The minimiser, unless the support stays unclear.
    fn minimise(&self) -> Option<Vec<f64>> {
        let n = self.n;
        let rows = self.h.chunks_exact(n.max(1));
        let lipschitz = rows.map(|row| row.iter().map(|h| h.abs()).sum::<f64>());
        let step = 1.0 / lipschitz.fold(f64::MIN_POSITIVE, f64::max);
        let mut z = vec![0.0; n];
        let mut y = z.clone();
        let mut t: f64 = 1.0;
        for iteration in 0..60_000 {
            if iteration % 50 == 0
                && let Some(exact) = self.on_support_of(&z)
            {
                return Some(exact);
            }
            let slope = self.slope(&y);
            let next: Vec<f64> =
                (0..n).map(|i| soft_threshold(y[i] + step * slope[i], step * self.lambda[i], self.positive)).collect();
            let uphill: f64 = (0..n).map(|i| (y[i] - next[i]) * (next[i] - z[i])).sum();
            let faster = if uphill > 0.0 { 1.0 } else { 0.5 + (0.25 + t * t).sqrt() };
            let momentum = if uphill > 0.0 { 0.0 } else { (t - 1.0) / faster };
            y = (0..n).map(|i| next[i] + momentum * (next[i] - z[i])).collect();
            (z, t) = (next, faster);
        }
        None
    }

    /// Solves H z = b − λ·sign(z) on the support of z, if that is the minimiser.
    fn on_support_of(&self, z: &[f64]) -> Option<Vec<f64>> {
        let support: Vec<usize> = (0..self.n).filter(|i| z[*i] != 0.0).collect();
        let m = support.len();
        // Cholesky decomposition H = L Lᵀ, and the right-hand side beside it.
        let mut l = vec![0.0; m * m];
        let mut v = vec![0.0; m];
        for i in 0..m {
            let row = support[i];
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| l[i * m + k] * l[j * m + k]).sum();
                let rest = self.h[row * self.n + support[j]] - known;
                if i != j {
                    l[i * m + j] = rest / l[j * m + j];
                } else if rest > 1e-9 * self.h[row * self.n + row] {
                    l[i * m + i] = rest.sqrt();
                } else {
                    return None;
                }
            }
            let known: f64 = (0..i).map(|k| l[i * m + k] * v[k]).sum();
            let right = self.b[row] - self.lambda[row] * z[row].signum();
            v[i] = (right - known) / l[i * m + i];
        }
        for i in (0..m).rev() {
            let known: f64 = (i + 1..m).map(|k| l[k * m + i] * v[k]).sum();
            v[i] = (v[i] - known) / l[i * m + i];
        }
        let mut exact = vec![0.0; self.n];
        for (i, v) in support.iter().zip(v) {
            if v * z[*i] <= 0.0 {
                return None;
            }
            exact[*i] = v;
        }
        let slope = self.slope(&exact);
        let size = self.b.iter().fold(0.0, |m: f64, b| m.max(b.abs()));
        let optimal = (0..self.n).all(|i| {
            let excess = if self.positive { slope[i] } else { slope[i].abs() };
            exact[i] != 0.0 || excess <= self.lambda[i] + 1e-13 * size
        });
        optimal.then_some(exact)
    }
}

/// The minimiser of a problem.
fn minimiser(problem: &Problem, penalty: &Penalty) -> Option<Vec<f64>> {
    let mut z = vec![0.0; problem.n_z()];
    for (lasso, free) in Lasso::of(problem, penalty) {
        for (i, value) in free.into_iter().zip(lasso.minimise()?) {
            z[i] = value;
        }
    }
    Some(z)
}

/// A problem and how it is to be solved.
#[derive(Clone, Debug)]
struct Case {
    problem: Problem,
    options: Options,
    z0: Vec<f64>,
}

impl Case {
    fn start(&self) -> Option<&[f64]> {
        self.options.warm_start.then_some(&self.z0[..])
    }

    /// What is minimised, from the options alone.
    fn penalty(&self) -> Penalty {
        let (options, k) = (&self.options, self.problem.n_atoms);
        let (absolute, signed) = self.problem.lambda_max();
        let lambda_max = if options.positive { signed } else { absolute };
        let of_atoms = self.problem.lambda_max_of_atoms(options.positive);
        let unit = |k: usize| match options.reg_scale {
            RegScale::Absolute => 1.0,
            RegScale::Relative => lambda_max,
            RegScale::PerAtom => of_atoms[k],
        };
        let reg = |k: usize| options.reg_per_atom.get(k).unwrap_or(&options.reg);
        let lambda = (0..k).map(|k| reg(k) * unit(k)).collect();
        let frozen = options.warm_start && options.frozen_support;
        Penalty {
            lambda,
            positive: options.positive,
            free: frozen.then(|| self.z0.iter().map(|z| *z != 0.0).collect()),
        }
    }
}

prop_compose! {
    /// Shapes, axes and numbers of things; everything else comes from the seed.
    fn problems()(
        n_axes in 1usize..=3,
        sizes in prop::array::uniform3((1usize..=7, 1usize..=20, any::<bool>())),
        n_signals in select(vec![1, 1, 2]),
        n_channels in 1usize..=3,
        n_atoms in 1usize..=4,
        seed in any::<u64>(),
    ) -> (Problem, u64) {
        // About as many unknowns whatever the number of axes.
        let (most_l, most_v) = [(7, 20), (3, 6), (2, 4)][n_axes - 1];
        let (mut signal, mut atom, mut periodic): (Point, Point, _) = ([1; 3], [1; 3], [false; 3]);
        for axis in 3 - n_axes..3 {
            let (l, v, wraps) = sizes[axis];
            let (l, v) = ((l - 1) % most_l + 1, (v - 1) % most_v + 1);
            atom[axis] = l;
            periodic[axis] = wraps;
            signal[axis] = if wraps { v.max(l) } else { v + l - 1 };
        }
        let numbers = &mut Numbers(seed);
        let mut problem = Problem {
            n_axes, n_signals, n_channels, n_atoms, signal, atom, periodic,
            x: numbers.list(n_signals * n_channels * volume(signal)),
            d: numbers.list(n_atoms * n_channels * volume(atom)),
            w: Vec::new(),
            ridge: 0.0,
            atoms: Vec::new(),
            factors: Vec::new(),
        };
        // Atoms of all lengths, zero ones among them.
        let per_atom = n_channels * volume(atom);
        for k in 0..n_atoms {
            let scale = match numbers.next() % 6 {
                0 => 0.0,
                1 => 0.1,
                2 => 7.0,
                _ => 1.0,
            };
            problem.d[k * per_atom..(k + 1) * per_atom].iter_mut().for_each(|d| *d *= scale);
        }
        let numbers_of_shapes = &mut Numbers(!seed ^ 2);
        if numbers_of_shapes.chance(3) {
            problem.cut(own_shapes(&problem, numbers_of_shapes));
        }
        problem.w = weights(&problem, &mut Numbers(!seed));
        problem.factors = factors(&problem, &mut Numbers(!seed ^ 1));
        problem.ridge = [0.0, 0.0, 0.0, 1e-3, 0.1, 1.0, 30.0][Numbers(seed ^ 1).next() as usize % 7];
        if Numbers(seed ^ 2).chance(4) {
            // Hardly anything in most places: tiles that nobody looks at until a step comes near.
            problem.x.iter_mut().enumerate().filter(|(i, _)| i / 6 % 4 > 0).for_each(|(_, x)| *x *= 1e-3);
        }
        (problem, numbers.next())
    }
}

/// Shapes of atoms by themselves.
fn own_shapes(problem: &Problem, numbers: &mut Numbers) -> Vec<Point> {
    (0..problem.n_atoms).map(|_| problem.atom.map(|l| 1 + numbers.next() as usize % l)).collect()
}

/// Weights of a kind: none, holes here and there, a piece that is missing, any numbers, pieces of other weights, nothing at
/// all.
fn weights(problem: &Problem, numbers: &mut Numbers) -> Vec<f64> {
    let (n, row) = (problem.x.len(), problem.signal[2]);
    let share = [0.1, 0.3, 0.7][numbers.next() as usize % 3];
    let hole = |numbers: &mut Numbers| numbers.uniform() < 2.0 * share - 1.0;
    let unit = [1.0, 1.0, 0.37, 5.0][numbers.next() as usize % 4];
    match numbers.next() % 12 {
        0..=5 => Vec::new(),
        6 => (0..n).map(|_| if hole(numbers) { 0.0 } else { unit }).collect(),
        7 => (0..n).map(|i| if (i % row) * 3 / row == 1 { 0.0 } else { unit }).collect(),
        8 => (0..n).map(|_| unit * (1.0 + numbers.uniform())).collect(),
        9 => (0..n).map(|_| if hole(numbers) { 0.0 } else { unit * (1.0 + numbers.uniform()) }).collect(),
        10 => (0..n).map(|i| unit * [1.0, 0.25, 3.0][(i % row) * 3 / row]).collect(),
        _ if numbers.chance(4) => vec![0.0; n],
        _ => (0..n).map(|i| if i % 7 < 5 { 1.0 } else { 0.0 }).collect(),
    }
}

/// Factors of λ of a kind: none, any numbers, z that has to be zero here and there or in one piece, some that cost nothing.
fn factors(problem: &Problem, numbers: &mut Numbers) -> Vec<f64> {
    let (n, row) = (problem.n_z(), problem.valid()[2]);
    let share = [0.1, 0.3, 0.8][numbers.next() as usize % 3];
    let some = |numbers: &mut Numbers| numbers.uniform() < 2.0 * share - 1.0;
    match numbers.next() % 12 {
        0..=6 => Vec::new(),
        7 => (0..n).map(|_| 1.0 + 0.9 * numbers.uniform()).collect(),
        8 => (0..n).map(|_| if some(numbers) { f64::INFINITY } else { 1.0 }).collect(),
        9 => (0..n)
            .map(|i| if (i % row) * 3 / row == 1 { f64::INFINITY } else { (3.0 * numbers.uniform()).exp() })
            .collect(),
        10 => (0..n)
            .map(|_| if some(numbers) { [0.0, f64::INFINITY, 2.0][numbers.next() as usize % 3] } else { 0.5 })
            .collect(),
        _ if numbers.chance(3) => vec![f64::INFINITY; n],
        _ => (0..n).map(|i| if i % 7 < 5 { 1.0 } else { 40.0 }).collect(),
    }
}

prop_compose! {
    fn cases()(
        (problem, seed) in problems(),
        strategy in select(vec![
            Choice::LocallyGreedy, Choice::Greedy, Choice::Random, Choice::Cyclic,
            Choice::CyclicShuffled,
        ]),
        schedule in select(vec![Schedule::Coloured, Schedule::Coloured, Schedule::Published]),
        correlation in select(vec![Method::Auto, Method::Direct, Method::Gemm, Method::Fft]),
        steps_per_visit in 0i64..5,
        tile in prop::option::of(prop::array::uniform3(1i64..12)),
        reg in prop_oneof![-3.5f64..0.0, -1.0f64..0.3],
        flags in any::<[bool; 6]>(),
    ) -> Case {
        let [positive, warm, frozen, absolute_reg, absolute_tol, per_atom] = flags;
        let numbers = &mut Numbers(seed);
        let mut z0 = numbers.list(problem.n_z());
        for z in &mut z0 {
            *z = if numbers.chance(2) { 0.0 } else if positive { z.abs() } else { *z };
        }
        let (absolute, signed) = problem.lambda_max();
        let lambda_max = if positive { signed } else { absolute };
        let unit = if absolute_reg { lambda_max.max(0.1) } else { 1.0 };
        let reg = reg.exp() * unit;
        let (reg_per_atom, tile_shape) = (
            (0..problem.n_atoms).map(|_| reg * (1.0 + 0.7 * numbers.uniform())).collect(),
            tile.map_or(Vec::new(), |tile| tile[3 - problem.n_axes..].to_vec()),
        );
        let options = Options {
            reg,
            reg_per_atom: if per_atom { reg_per_atom } else { Vec::new() },
            reg_scale: match absolute_reg {
                true => RegScale::Absolute,
                false if numbers.chance(3) => RegScale::PerAtom,
                false => RegScale::Relative,
            },
            // Sometimes as little as rounding allows (at random, that takes for ever).
            tol: if numbers.chance(4) && strategy != Choice::Random { 0.0 } else { 1e-9 },
            tol_scale: if absolute_tol { Scale::Absolute } else { Scale::Relative },
            strategy,
            schedule,
            steps_per_visit: if schedule == Schedule::Published { steps_per_visit.min(1) } else { steps_per_visit },
            tile_shape: if strategy == Choice::Greedy { Vec::new() } else { tile_shape },
            positive,
            warm_start: warm,
            frozen_support: warm && frozen,
            seed: (seed >> 2) as i64,
            correlation,
            missing: if numbers.chance(2) { Missing::Nan } else { Missing::None },
            ..Options::default()
        };
        Case { problem, options, z0 }
    }
}

fn config(cases: u32, long: u32) -> ProptestConfig {
    ProptestConfig {
        cases: if std::env::var_os("DICOD_LONG").is_some_and(|v| v == "1") { long } else { cases },
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    }
}

/// As large as sums may be that are rounded.
fn energy(problem: &Problem) -> f64 {
    problem.heaviest() * problem.x.iter().map(|x| x * x).sum::<f64>()
}

/// What F may be wrong by here: x − D∗z is a small difference of numbers that are rounded.
fn rounded(problem: &Problem, objective: f64) -> f64 {
    let of_residual = 16.0 * f64::EPSILON * energy(problem).sqrt();
    16.0 * f64::EPSILON * objective + of_residual * (2.0 * objective).sqrt() + of_residual * of_residual
}

/// Whether a z costs nothing, or an atom, because it has nothing to do with x by itself: a dual point may not have anything of it, which
/// is not known where its c is not zero but below.
fn has_free_atom(case: &Case, penalty: &Penalty) -> bool {
    let atoms = case.problem.d.chunks_exact(case.problem.d.len() / case.problem.n_atoms);
    case.problem.factors.contains(&0.0)
        || penalty.lambda.iter().zip(atoms).any(|(lambda, d)| *lambda == 0.0 && d.iter().any(|d| *d != 0.0))
}

/// What holds whenever a solve ends: info is true of z, and z is allowed.
#[track_caller]
/// Returns F(z) and the penalty, with λ as the solver has rounded it.
fn check_valid<T: Real>(case: &Case, answer: &Answer<T>, rounding: f64) -> (f64, Penalty) {
    let (info, mut penalty) = (&answer.info, case.penalty());
    let z = common::widened(&answer.z);
    assert!(z.iter().all(|z| z.is_finite()));
    let energy = energy(&case.problem);
    let norms = case.problem.squared_norms();
    let longest = norms.iter().fold(0.0, |m: f64, n| m.max(*n));
    for (k, (got, lambda)) in info.lambda.iter().zip(&mut penalty.lambda).enumerate() {
        let reg = case.options.reg_per_atom.get(k);
        let reg = *reg.unwrap_or(&case.options.reg);
        // λmax may be a small difference of large products.
        let slack = rounding * (*lambda + reg * (energy * longest).sqrt());
        assert!((got - *lambda).abs() <= slack, "{lambda} {info:?}");
        *lambda = *got;
    }
    let (objective, data_term) = case.problem.objective(&z, &penalty.lambda);
    // Sums as large as these have been rounded.
    let slack = rounding * (objective + energy);
    let near = |a: f64, b: f64| (a - b).abs() <= slack;
    assert!(near(info.certificate.objective, objective), "{objective} {info:?}");
    assert!(near(info.certificate.data_term, data_term), "{data_term} {info:?}");
    let measure = case.problem.measure(&case.options);
    let largest = case.problem.largest_step(&z, &penalty, &measure);
    // A c that is wrong by the rounding of ‖x‖‖d‖ is a step that is wrong by that, over ‖d‖².
    let shares = norms.iter().zip(&measure).map(|(n, m)| m / n.sqrt());
    let step_slack = 100.0 * rounding * energy.sqrt().max(1.0) * shares.fold(1.0, f64::max);
    assert!((info.certificate.max_step - largest).abs() <= step_slack, "{largest} {info:?}");
    let gap = objective - case.problem.dual(&z, &penalty);
    let reported = info.certificate.gap;
    // A better dual point may be found than the scaled residual; that none proves too much is seen where the optimum is known.
    assert!(reported <= gap + 1000.0 * slack + 1e-6 * gap || has_free_atom(case, &penalty), "gap {gap} {info:?}");
    assert_eq!(info.nonzeros, z.iter().filter(|z| **z != 0.0).count() as u64);
    assert!(!penalty.positive || z.iter().all(|z| *z >= 0.0), "{z:?}");
    assert!((0..z.len()).all(|i| z[i].to_bits() == 0 || case.problem.factor(i).is_finite()), "{z:?}");
    if let Some(free) = &penalty.free {
        assert!(z.iter().zip(free).all(|(z, free)| *free || *z == 0.0), "{z:?}");
    }
    if info.stop == Stop::Converged && case.options.gap_tol == 0.0 {
        assert!(info.certificate.max_step <= info.tol, "{info:?}");
    }
    (objective, penalty)
}

/// Sweeps, after which a solve goes around in circles, or moves along a valley without a slope: where few samples have weights,
/// and each atom its own λ by them, a step may be 1e-8 of the way.
const ENOUGH: i64 = 200_000;

/// A full solve: the optimum, by whatever strategy, and the same bits on any number of threads.
/// Returns whether the optimum is known.
fn check_optimal<T: Real>(case: &Case, rounding: f64, relative: f64) -> bool {
    let options = Options { max_iter: ENOUGH, ..case.options.clone() };
    let answer: Answer<T> = solve(&case.problem, &options, 1, case.start());
    let (objective, penalty) = check_valid(case, &answer, rounding);
    for n_threads in [2, 3] {
        let other: Answer<T> = solve(&case.problem, &options, n_threads, case.start());
        assert_eq!(bits(&answer.z), bits(&other.z), "{n_threads} threads");
        assert_eq!(answer.info.certificate, other.info.certificate, "{n_threads} threads");
        assert_eq!(answer.info.steps, other.info.steps, "{n_threads} threads");
        assert_eq!(answer.info.visits, other.info.visits, "{n_threads} threads");
    }
    let info = &answer.info;
    if info.stop == Stop::MaxIter {
        return false;
    }
    let accepted = [Stop::Converged, Stop::Precision];
    assert!(accepted.contains(&info.stop), "{info:?}");
    let Some(best) = minimiser(&case.problem, &penalty) else {
        return false;
    };
    let (least, _) = case.problem.objective(&best, &penalty.lambda);
    let below = least - case.problem.dual(&best, &penalty);
    let proves = !has_free_atom(case, &penalty);
    assert!(!proves || below.abs() <= 1e-11 * least, "the reference is not optimal: {below:e} {least}");
    // No coordinate would move by more than tol: convexity bounds F by that, where atoms are much alike.
    let z = common::widened(&answer.z);
    let measure = case.problem.measure(&case.options);
    let slopes = case.problem.curvatures().into_iter().zip(measure);
    let slopes: Vec<f64> = slopes.map(|(n, m)| info.tol * n / m).collect();
    let apart = z.iter().zip(&best).map(|(a, b)| (a - b).abs()).enumerate();
    let apart: f64 = apart.map(|(i, z)| slopes[case.problem.atom_of(i)] * z).sum();
    let allowed = relative * least + apart + rounded(&case.problem, objective);
    // Where precision is not enough that is said, and then, as in floats, it is as near as it proves.
    let proven = info.stop == Stop::Precision || size_of::<T>() == size_of::<f32>();
    let allowed = if proven { allowed.max(info.certificate.gap) } else { allowed };
    assert!((objective - least).abs() <= allowed, "{objective} {least} {info:?}");
    assert!(
        info.certificate.gap >= objective - least - rounded(&case.problem, objective),
        "{} {info:?}",
        objective - least
    );
    true
}

proptest! {
    #![proptest_config(config(500, 10_000))]

    #[test]
    fn solves_that_are_cut_short_say_so_and_leave_a_valid_z(
        case in cases(), max_iter in 0i64..30, calls in 0u32..4, why in 0..3,
    ) {
        let mut case = case;
        match why {
            0 => case.options.max_iter = max_iter,
            1 => case.options.time_limit = 0.0,
            _ => case.options.progress_interval = 0.0,
        }
        let run = |n_threads: usize| {
            let problem = &case.problem;
            let mut encoder = encoder::<f64>(problem, problem.dictionary(), &case.options, n_threads);
            let mut left = calls;
            let mut report = |_: &Progress| {
                left = left.saturating_sub(1);
                left > 0
            };
            let report: Option<&mut dyn FnMut(&Progress) -> bool> =
                if why == 2 { Some(&mut report) } else { None };
            encode(problem, &mut encoder, case.start(), report)
        };
        let answer = run(1);
        let zeros = vec![0.0; case.problem.n_z()];
        let start = case.start().unwrap_or(&zeros);
        if why == 1 {
            // No time for anything: nothing is known, and z is where it began.
            let info = &answer.info;
            prop_assert_eq!((info.stop, info.proven, info.steps), (Stop::TimeLimit, false, 0));
            prop_assert!(info.lambda_max.is_nan() && info.certificate.objective.is_nan());
            prop_assert!(info.certificate.gap.is_infinite() && info.certificate.max_step.is_infinite());
            prop_assert_eq!(bits(&answer.z), bits(start));
            return Ok(());
        }
        let (objective, penalty) = check_valid(&case, &answer, 1e-13);
        let (before, _) = case.problem.objective(start, &penalty.lambda);
        prop_assert!(objective <= before * (1.0 + 1e-13), "{objective} {before}");
        let info = &answer.info;
        let cut = [Stop::MaxIter, Stop::TimeLimit, Stop::Cancelled][why as usize];
        prop_assert!(info.stop == cut || info.certificate.max_step <= info.tol
            || info.stop == Stop::Precision, "{info:?}");
        if info.stop == Stop::MaxIter {
            let published = case.options.schedule == Schedule::Published;
            let iterations = if published { info.visits } else { info.steps };
            prop_assert_eq!(iterations, max_iter as u64, "{:?}", info);
        }
        if let Some(best) = minimiser(&case.problem, &penalty) {
            let (least, _) = case.problem.objective(&best, &penalty.lambda);
            prop_assert!(info.certificate.gap >= objective - least - rounded(&case.problem, objective), "{least} {objective} {info:?}");
        }
        let other = run(2);
        prop_assert_eq!(bits(&answer.z), bits(&other.z));
    }

    /// The descent is in single precision there; what is said of z is not.
    #[test]
    fn coarse_tolerances_are_proven_in_double_precision(case in cases(), tol in -3.9f64..-0.5) {
        let mut case = case;
        case.options.tol = 10f64.powf(tol);
        let answer: Answer<f64> = solve(&case.problem, &case.options, 1, case.start());
        let (objective, penalty) = check_valid(&case, &answer, 1e-13);
        let info = &answer.info;
        prop_assert!([Stop::Converged, Stop::Precision].contains(&info.stop), "{info:?}");
        if let Some(best) = minimiser(&case.problem, &penalty) {
            let (least, _) = case.problem.objective(&best, &penalty.lambda);
            prop_assert!(info.certificate.gap >= objective - least - rounded(&case.problem, objective), "{least} {objective} {info:?}");
        }
        for n_threads in [2, 3] {
            let other: Answer<f64> = solve(&case.problem, &case.options, n_threads, case.start());
            prop_assert_eq!(bits(&answer.z), bits(&other.z));
            prop_assert_eq!(&answer.info.certificate, &other.info.certificate);
        }
    }

    /// The gap ends a solve that asks for it, wherever rounding lets it be proven.
    #[test]
    fn a_solve_goes_on_until_its_gap_is_proven(case in cases(), tol in -4.0f64..0.0, gap in -7.0f64..-0.3) {
        let mut case = case;
        (case.options.tol, case.options.gap_tol) = (10f64.powf(tol), 10f64.powf(gap));
        case.options.max_iter = ENOUGH;
        let answer: Answer<f64> = solve(&case.problem, &case.options, 1, case.start());
        let (objective, penalty) = check_valid(&case, &answer, 1e-13);
        let (info, gap) = (&answer.info, answer.info.certificate.gap);
        let energy = energy(&case.problem);
        match info.stop {
            Stop::Converged => prop_assert!(gap <= case.options.gap_tol * info.certificate.objective, "{info:?}"),
            Stop::Precision => prop_assert!(gap <= 1e-9 * energy || has_free_atom(&case, &penalty), "{info:?}"),
            _ => prop_assert!(false, "{info:?}"),
        }
        if let Some(best) = minimiser(&case.problem, &penalty) {
            let (least, _) = case.problem.objective(&best, &penalty.lambda);
            prop_assert!(gap >= objective - least - rounded(&case.problem, objective), "{least} {objective} {info:?}");
        }
        let other: Answer<f64> = solve(&case.problem, &case.options, 3, case.start());
        prop_assert_eq!(bits(&answer.z), bits(&other.z));
        prop_assert_eq!(&answer.info.certificate, &other.info.certificate);
    }

    /// It is all that another proof changes, and says little more than is so.
    #[test]
    fn a_tight_gap_is_near_what_the_objective_is_above_its_least(case in cases(), tol in -5.0f64..-0.3) {
        let mut case = case;
        (case.options.tol, case.options.max_iter) = (10f64.powf(tol), ENOUGH);
        let quick: Answer<f64> = solve(&case.problem, &case.options, 1, case.start());
        let options = Options { proof: Proof::Tight, ..case.options.clone() };
        let answer: Answer<f64> = solve(&case.problem, &options, 1, case.start());
        let (objective, penalty) = check_valid(&case, &answer, 1e-13);
        prop_assert_eq!(bits(&answer.z), bits(&quick.z));
        let (info, gap) = (&answer.info, answer.info.certificate.gap);
        prop_assert!(gap <= quick.info.certificate.gap, "{:?} {info:?}", quick.info);
        prop_assert_eq!(info.stop, quick.info.stop);
        prop_assert_eq!(info.certificate.max_step, quick.info.certificate.max_step);
        if let Some(best) = minimiser(&case.problem, &penalty) {
            let (least, _) = case.problem.objective(&best, &penalty.lambda);
            let above = objective - least;
            prop_assert!(gap >= above - rounded(&case.problem, objective), "{least} {objective} {info:?}");
            if info.stop == Stop::Converged && !has_free_atom(&case, &penalty) {
                let tight = (5.0 * above).max(1e-7 * objective) + 1e-12 * energy(&case.problem);
                prop_assert!(gap <= tight, "{above:e} {info:?}");
            }
        }
        let other: Answer<f64> = solve(&case.problem, &options, 3, case.start());
        prop_assert_eq!(bits(&answer.z), bits(&other.z));
        prop_assert_eq!(&answer.info.certificate, &other.info.certificate);
    }

    #[test]
    fn single_precision(case in cases()) {
        let mut case = case;
        // A |z| that is nothing in the reconstruction may be much in the penalty, where lengths of atoms differ by orders of
        // magnitude: in f32 that is too little to move it.
        let norms = case.problem.squared_norms();
        let (before, _) = case.problem.lambda_max();
        let (numbers, len) = (&mut Numbers(1), case.problem.d.len() / case.problem.n_atoms);
        for (d, norm) in case.problem.d.chunks_exact_mut(len).zip(norms) {
            let factor = (1.0 + 0.5 * numbers.uniform()) / norm.sqrt();
            d.iter_mut().for_each(|d| *d *= factor);
        }
        let (after, _) = case.problem.lambda_max();
        if case.options.reg_scale == RegScale::Absolute && before > 0.0 {
            case.options.reg *= after / before;
            case.options.reg_per_atom.iter_mut().for_each(|reg| *reg *= after / before);
        }
        // The reference must get what the solver sees.
        for list in [&mut case.problem.x, &mut case.problem.d, &mut case.problem.w, &mut case.problem.factors, &mut case.z0] {
            list.iter_mut().for_each(|x| *x = f64::from(*x as f32));
        }
        case.options.tol = 1e-5;
        check_optimal::<f32>(&case, 3e-6, 1e-3);
    }
}

#[test]
fn solves_reach_the_optimum() {
    let (n, known) = (Cell::new(0), Cell::new(0));
    let check = |case: Case| {
        n.set(n.get() + 1);
        known.set(known.get() + u32::from(check_optimal::<f64>(&case, 1e-13, 1e-10)));
        Ok(())
    };
    let config = config(500, 10_000);
    TestRunner::new(config).run(&cases(), check).unwrap();
    let (n, known) = (n.get(), known.get());
    println!("{known} of {n} optima known");
    assert!(known >= n / 100 * 97, "{known} of {n} optima known");
}

/// A problem of random numbers whose shapes are given.
fn problem(signal: &[usize], atom: &[usize], periodic: bool, channels: usize, atoms: usize) -> Problem {
    let first = 3 - signal.len();
    let pad = |shape: &[usize]| {
        let mut padded = [1; 3];
        padded[first..].copy_from_slice(shape);
        padded
    };
    let (signal, atom) = (pad(signal), pad(atom));
    let numbers = &mut Numbers(volume(signal) as u64 * 31 + volume(atom) as u64);
    Problem {
        n_axes: 3 - first,
        n_signals: 1,
        n_channels: channels,
        n_atoms: atoms,
        signal,
        atom,
        periodic: std::array::from_fn(|a| a >= first && periodic),
        x: numbers.list(channels * volume(signal)),
        d: numbers.list(atoms * channels * volume(atom)),
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    }
}

const CHOICES: [Choice; 5] =
    [Choice::LocallyGreedy, Choice::Greedy, Choice::Random, Choice::Cyclic, Choice::CyclicShuffled];

/// All strategies in both schedules.
fn ways() -> impl Iterator<Item = Options> {
    let schedules = [Schedule::Coloured, Schedule::Published];
    let all = schedules.into_iter().flat_map(|s| CHOICES.map(|c| (s, c)));
    all.map(|(schedule, strategy)| Options { schedule, strategy, tol: 1e-10, ..Options::default() })
}

fn check_all_ways(problem: &Problem, change: impl Fn(&mut Options)) {
    for mut options in ways() {
        change(&mut options);
        if options.strategy == Choice::Greedy {
            // Its only tile is the whole domain.
            options.tile_shape.clear();
        }
        let case = Case { problem: problem.clone(), options, z0: Vec::new() };
        check_optimal::<f64>(&case, 1e-13, 1e-10);
    }
}

#[test]
fn one_position_one_tap_and_one_atom() {
    for periodic in [false, true] {
        for n_axes in 1..=3 {
            let (four, one) = ([4; 3], [1; 3]);
            check_all_ways(&problem(&four[..n_axes], &four[..n_axes], periodic, 2, 3), |_| ());
            check_all_ways(&problem(&four[..n_axes], &one[..n_axes], periodic, 1, 2), |_| ());
            check_all_ways(&problem(&four[..n_axes], &[2; 3][..n_axes], periodic, 2, 1), |_| ());
            check_all_ways(&problem(&one[..n_axes], &one[..n_axes], periodic, 1, 1), |_| ());
        }
    }
}

#[test]
fn periods_of_any_length_in_any_number_of_tiles() {
    for l in [1, 2, 3, 5] {
        for v in l..=30 {
            let problem = problem(&[v], &[l], true, 1, 2);
            for tile in [1, 3, 4, 7] {
                let options = Options { tol: 1e-10, tile_shape: vec![tile], ..Options::default() };
                let published = Options { schedule: Schedule::Published, ..options.clone() };
                for options in [options, published] {
                    let (problem, z0) = (problem.clone(), Vec::new());
                    check_optimal::<f64>(&Case { problem, options, z0 }, 1e-13, 1e-10);
                }
            }
        }
    }
    check_all_ways(&problem(&[5, 9], &[3, 4], true, 1, 2), |o| o.tile_shape = vec![3, 3]);
}

/// Atoms of a few samples among long ones, in all strategies and schedules: as atoms that were padded by hand.
#[test]
fn atoms_of_several_sizes_are_as_if_they_were_padded() {
    for (signal, atom, periodic) in
        [(&[150][..], &[12][..], false), (&[25, 24], &[6, 5], true), (&[9, 8, 10], &[3, 2, 3], false)]
    {
        let mut padded = problem(signal, atom, periodic, 2, 4);
        let numbers = &mut Numbers(5);
        let mut shapes = own_shapes(&padded, numbers);
        shapes[1] = padded.atom;
        padded.cut(shapes.clone());
        let by_hand = Problem { atoms: Vec::new(), ..padded.clone() };
        // At random it takes for ever.
        for options in ways().filter(|options| options.strategy != Choice::Random) {
            let options = Options { tol: 1e-7, reg: 0.2, ..options };
            let [one, other] = [&padded, &by_hand].map(|problem| solve::<f64>(problem, &options, 2, None));
            let far = one.z.iter().zip(&other.z).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(far < 1e-4, "{far:e} {options:?}");
            assert!(one.info.nonzeros > 5 && one.info.certificate.gap < 1e-4 * one.info.certificate.objective);
        }
        // Where all have the shape of the longest nothing is another, to the last bit.
        let mut plain = problem(signal, atom, periodic, 2, 4);
        let options = Options { tol: 1e-6, ..Options::default() };
        let without: Answer<f64> = solve(&plain, &options, 2, None);
        plain.cut(vec![plain.atom; 4]);
        let with: Answer<f64> = solve(&plain, &options, 2, None);
        assert_eq!((bits(&without.z), without.info.steps), (bits(&with.z), with.info.steps));
    }
}

/// With many more threads than tiles the rest must not stand in the way: it is not even started.
#[test]
fn a_thousand_threads_are_no_more_than_the_tiles() {
    let problem = problem(&[64, 64], &[6, 6], false, 1, 3);
    let options = Options::default();
    let one: Answer<f64> = solve(&problem, &options, 1, None);
    let done = std::sync::atomic::AtomicBool::new(false);
    let (many, most) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                most = most.max(std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count));
            }
            most
        });
        let many: Answer<f64> = solve(&problem, &options, 1024, None);
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        (many, watch.join().unwrap())
    });
    assert_eq!(bits(&one.z), bits(&many.z));
    // Those of other tests are among them.
    assert!(most < 500, "{most} threads");
}

/// Atoms without a mean have nothing to do with it: λmax is how it was rounded, and no reason to search.
#[test]
fn a_flat_field_has_no_activations() {
    for (periodic, level) in [(false, 0.1), (true, 1e5), (false, 1e-200)] {
        let mut problem = problem(&[60, 60], &[7, 7], periodic, 2, 5);
        problem.x.fill(level);
        for atom in problem.d.chunks_exact_mut(49) {
            let mean = atom.iter().sum::<f64>() / 49.0;
            atom.iter_mut().for_each(|d| *d -= mean);
        }
        for tol in [1e-1, 1e-3, 1e-8] {
            let options = Options { tol, max_iter: ENOUGH, ..Options::default() };
            let answer: Answer<f64> = solve(&problem, &options, 2, None);
            assert_eq!(answer.info.steps, 0, "{:?}", answer.info);
            // Nobody knows whether that is within a tolerance that is relative to rounding.
            let reached = answer.info.certificate.max_step <= answer.info.tol;
            let stop = if reached { Stop::Converged } else { Stop::Precision };
            assert_eq!(answer.info.stop, stop, "{:?}", answer.info);
        }
    }
}

#[test]
fn no_activation_at_lambda_max_and_above() {
    for (signal, atom) in [(&[40][..], &[5][..]), (&[9, 8], &[3, 2]), (&[5, 4, 6], &[2, 2, 3])] {
        for periodic in [false, true] {
            let problem = problem(signal, atom, periodic, 2, 3);
            for mut options in ways() {
                for (positive, reg, correlation) in [
                    (false, 1.0, Method::Gemm),
                    (true, 1.0, Method::Fft),
                    (true, 1.0 + 1e-12, Method::Gemm),
                    (false, 1.5, Method::Fft),
                ] {
                    options.positive = positive;
                    options.reg = reg;
                    options.correlation = correlation;
                    let answer: Answer<f64> = solve(&problem, &options, 2, None);
                    let info = &answer.info;
                    assert!(answer.z.iter().all(|z| *z == 0.0), "{reg} {options:?} {info:?}");
                    assert_eq!((info.stop, info.steps), (Stop::Converged, 0), "{info:?}");
                    // Just below, there is one.
                    options.reg = 1.0 - 1e-6;
                    let answer: Answer<f64> = solve(&problem, &options, 1, None);
                    assert!(answer.info.nonzeros >= 1, "{options:?} {:?}", answer.info);
                }
            }
        }
    }
}

#[test]
fn without_regularisation_the_signal_is_met_exactly() {
    // One atom with a dominant tap: an invertible model.
    let mut problem = problem(&[24], &[3], true, 1, 1);
    problem.d = vec![0.2, 1.0, -0.3];
    for mut options in ways() {
        options.reg = 0.0;
        let answer: Answer<f64> = solve(&problem, &options, 2, None);
        let info = &answer.info;
        assert_eq!(info.stop, Stop::Converged, "{options:?} {info:?}");
        assert!(info.certificate.objective < 1e-17, "{options:?} {info:?}");
        assert!(info.certificate.gap >= info.certificate.objective, "{options:?} {info:?}");
    }
}

#[test]
fn a_tolerance_of_zero_ends() {
    for (signal, atom) in [(&[40][..], &[4][..]), (&[9, 8], &[3, 2])] {
        let problem = problem(signal, atom, false, 2, 2);
        for mut options in ways() {
            for reg in [0.0, 0.05, 0.3] {
                options.tol = 0.0;
                options.reg = reg;
                // Limits that rounding must make unnecessary; without λ the way is long.
                options.max_iter = if reg == 0.0 { 5_000 } else { ENOUGH };
                let one: Answer<f64> = solve(&problem, &options, 1, None);
                let two: Answer<f32> = solve(&problem, &options, 2, None);
                for info in [one.info, two.info] {
                    let ended = [Stop::Converged, Stop::Precision].contains(&info.stop);
                    let ended = ended || (reg == 0.0 && info.stop == Stop::MaxIter);
                    assert!(ended, "{options:?} {info:?}");
                }
            }
        }
    }
}

#[test]
fn a_tolerance_of_zero_goes_on_for_as_long_as_there_is_a_gain() {
    // Little is penalised, and c wears out many times before the end.
    let mut numbers = Numbers(11);
    for _ in 0..4 {
        let mut problem = problem(&[60], &[8], false, 1, 3);
        problem.x = numbers.list(problem.x.len());
        problem.d = numbers.list(problem.d.len());
        let norms = problem.squared_norms();
        problem.d.chunks_exact_mut(8).zip(norms).for_each(|(d, n)| d.iter_mut().for_each(|d| *d /= n.sqrt()));
        let options = |tol| Options { reg: 1e-3, tol, ..Options::default() };
        let best: Answer<f64> = solve(&problem, &options(1e-12), 1, None);
        let best_of = best.info.certificate.objective;
        assert_eq!(best.info.stop, Stop::Converged);
        let zero: Answer<f64> = solve(&problem, &options(0.0), 1, None);
        let found = &zero.info.certificate;
        assert!(
            found.objective <= (1.0 + 1e-9) * best_of,
            "{} above {best:?}",
            found.objective - best_of,
            best = best.info
        );
        assert!(found.gap <= 1e-6 * best_of, "{found:?}");
        // Floats, as far as they can: steps of sixteen of their roundings are left.
        let floats: Answer<f32> = solve(&problem, &options(0.0), 1, None);
        let excess = problem.objective(&common::widened(&floats.z), &[floats.info.lambda[0]; 3]).0 / best_of - 1.0;
        assert!(excess < 1e-4, "{excess:e} {:?}", floats.info);
    }
}

/// Where samples are missing two atoms may be the same to F but for a factor: what a Gram tensor in single precision is wrong by is no
/// slope to go down, step by step for millions of them.
#[test]
fn between_atoms_that_are_the_same_to_f_there_is_an_end() {
    let mut problem = problem(&[4, 3], &[2, 1], false, 1, 4);
    problem.x =
        vec![1.086, -1.6785, 0.48816, 1.05304, -0.64243, -0.93241, 6.5e-4, 1.7e-4, -3e-4, 1.3e-4, -5.4e-4, -3.7e-4];
    problem.d = vec![0.05451, -0.069061, 0.0229375, 0.0592709, 0.1907414, 0.0231262, -0.78054570, -3.768672533];
    problem.w = [0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1].map(|w| 0.37 * f64::from(w)).to_vec();
    let options =
        Options { reg: 0.28635, reg_scale: RegScale::PerAtom, tol: 1e-9, max_iter: 5_000_000, ..Options::default() };
    let answer: Answer<f64> = solve(&problem, &options, 1, None);
    assert_eq!(answer.info.stop, Stop::Converged, "{:?}", answer.info);
    assert!(answer.info.certificate.gap < 1e-8 * answer.info.certificate.objective, "{:?}", answer.info);
}

#[test]
fn a_zero_signal_or_dictionary_has_no_activations() {
    let mut silent = problem(&[9, 8], &[3, 2], false, 2, 3);
    let mut no_atoms = silent.clone();
    silent.x.fill(0.0);
    no_atoms.d.fill(0.0);
    for problem in [silent, no_atoms] {
        let ones = vec![1.0; problem.n_z()];
        for mut options in ways() {
            for reg in [0.1, 0.0] {
                options.reg = reg;
                let answer: Answer<f64> = solve(&problem, &options, 1, None);
                let info = &answer.info;
                assert!(answer.z.iter().all(|z| *z == 0.0));
                assert_eq!((info.stop, info.steps), (Stop::Converged, 0), "{info:?}");
                assert_eq!((info.lambda_max, info.certificate.max_step), (0.0, 0.0), "{info:?}");
            }
            // From another start it goes back to zero.
            options.warm_start = true;
            options.reg = 0.5;
            options.reg_scale = RegScale::Absolute;
            options.tol_scale = Scale::Absolute;
            let answer: Answer<f64> = solve(&problem, &options, 1, Some(&ones));
            assert!(answer.z.iter().all(|z| *z == 0.0), "{:?}", answer.info);
        }
    }
}

#[test]
fn scaled_by_a_power_of_two_the_answer_has_the_same_digits() {
    for (signal, atom) in [(&[80][..], &[6][..]), (&[15, 14], &[4, 3])] {
        let problem = problem(signal, atom, false, 2, 3);
        for mut options in ways() {
            // Greedy choices, too, have to be the same.
            options.tol = 1e-6;
            for correlation in [Method::Direct, Method::Gemm, Method::Fft] {
                options.correlation = correlation;
                let answer: Answer<f64> = solve(&problem, &options, 1, None);
                // 2^±498 is 8e149 and its inverse.
                for exponent in [-498, -60, 60, 498] {
                    let factor = 2.0f64.powi(exponent);
                    let mut scaled = problem.clone();
                    scaled.x.iter_mut().for_each(|x| *x *= factor);
                    let other: Answer<f64> = solve(&scaled, &options, 1, None);
                    let expected: Vec<f64> = answer.z.iter().map(|z| z * factor).collect();
                    let info = &other.info;
                    assert_eq!(info.stop, answer.info.stop, "2^{exponent} {options:?} {info:?}");
                    assert_eq!(info.steps, answer.info.steps, "2^{exponent} {options:?}");
                    assert_eq!(bits(&other.z), bits(&expected), "2^{exponent} {options:?}");
                    assert!(info.certificate.objective.is_finite(), "{info:?}");
                    assert!(info.certificate.gap.is_finite(), "{info:?}");
                }
            }
        }
    }
}

#[test]
fn the_encoder_goes_on_from_its_last_z() {
    let problem = problem(&[30, 28], &[4, 3], true, 2, 3);
    let options = Options { warm_start: true, tol: 1e-8, ..Options::default() };
    let mut encoder = encoder::<f64>(&problem, problem.dictionary(), &options, 2);
    let first = encode(&problem, &mut encoder, None, None);
    assert!(first.info.steps > 0);
    let second = encode(&problem, &mut encoder, None, None);
    assert_eq!((second.info.steps, second.info.stop), (0, Stop::Converged));
    assert_eq!(bits(&second.z), bits(&first.z));
    encoder.clear_z();
    let third = encode(&problem, &mut encoder, None, None);
    assert_eq!(third.info.steps, first.info.steps);
    assert_eq!(bits(&third.z), bits(&first.z));
}

/// Bytes that there is room for, as Linux says.
fn bytes_available() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    1024 * kilobytes.unwrap_or(0)
}

/// Takes 19 GiB: the residual and the correlations, as the signal is pages of zeros but for its spikes.
#[test]
fn a_signal_longer_than_2_to_the_31_is_coded_as_a_short_one() {
    if std::env::var_os("DICOD_LONG").is_none_or(|v| v != "1") {
        return;
    }
    if bytes_available() < 20 << 30 {
        println!("SKIPPED a signal of 2^31 + 5 samples: there are {} bytes, it takes 20 GiB", bytes_available());
        return;
    }
    let n = (1usize << 31) + 5;
    let d: [f32; 8] = [0.1, 0.5, -0.3, 0.7, 0.2, -0.6, 0.4, 0.3];
    // Across 2^31, at both ends, and where 32 bits would go wrong.
    let planted = [0, 12_345, 1 << 30, (1 << 31) - 20, (1 << 31) - 3];
    let code = |length: usize, at: &[usize], warm: bool| {
        let mut x = vec![0f32; length];
        for at in at {
            x[*at..*at + 8].iter_mut().zip(d).for_each(|(x, d)| *x = 3.0 * d);
        }
        let options = Options {
            reg: 0.1,
            reg_scale: dicod::options::solve::RegScale::Absolute,
            tol: 1e-5,
            tile_shape: if warm { vec![1 << 16] } else { Vec::new() },
            ..Options::default()
        };
        let shape = dicod::csc::Shape::new(&[length as i64], 1, 1, 1, &[8], &options).unwrap();
        let dictionary = dicod::linalg::Dictionary::full(1, 1, shape.atom, &d).unwrap();
        let mut encoder = dicod::csc::Encoder::new(shape.clone(), dictionary, options, 2).unwrap();
        let info = encoder.solve(&dicod::linalg::Field::contiguous(&x, shape.signal), None).unwrap();
        assert_eq!(info.stop, Stop::Converged);
        println!("{length} samples: {} steps, {:.1} s, {:.1} GB", info.steps, info.seconds, info.bytes as f64 / 1e9);
        (encoder.activations().unwrap(), info)
    };
    let (short, info_short) = code(400, &[200], false);
    let (long, info) = code(n, &planted, true);
    let values: Vec<f32> = short.iter().map(|a| a.value).collect();
    let places: Vec<i64> = long.iter().map(|a| a.at[2]).collect();
    let expected: Vec<i64> = planted.iter().flat_map(|at| short.iter().map(|a| a.at[2] - 200 + *at as i64)).collect();
    assert_eq!(places, expected);
    assert!(long.chunks(values.len()).all(|part| part.iter().map(|a| a.value).eq(values.iter().copied())));
    let (one, all) = (info_short.certificate, info.certificate);
    assert!((all.objective - 5.0 * one.objective).abs() < 1e-6 * all.objective, "{all:?} {one:?}");
    assert!(all.gap < 1e-3 * all.objective, "{all:?}");
}
