//! Learning that leaves out spikes. Every bit for any ranks, threads and restarts is in `ranks` and `checkpoint`, that the
//! objective never rises in `descent`, what is learned in `planted`: their problems have this option, too.

use super::common::{self, Problem, bits, rounded};
use super::{Noise, learner, options_at_random, random_problem, weights_at_random};
use dicod::csc::Options;
use dicod::learn::{Iteration, Learner, Reference};
use dicod::linalg::{Field, FieldMut, Real};
use dicod::options::solve::{Background, Missing};

fn domain(problem: &Problem) -> [i64; 3] {
    problem.signal.map(|n| n as i64)
}

/// |r| of all samples that are there.
fn left(problem: &Problem, z: &[f64]) -> Vec<f64> {
    let r = problem.residual(z).into_iter().enumerate();
    r.filter(|(i, _)| problem.weight(*i) != 0.0).map(|(_, r)| r.abs()).collect()
}

/// What the option says, by sorting.
fn quantile(left: &[f64], part: f64) -> f64 {
    let mut sorted: Vec<f64> = left.iter().copied().filter(|r| *r != 0.0).collect();
    sorted.sort_by(f64::total_cmp);
    sorted[((part * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len()) - 1]
}

/// F with no square above that of a threshold, as it stands.
fn capped(problem: &Problem, z: &[f64], lambda: &[f64], threshold: f64) -> f64 {
    let (value, data) = problem.objective(z, lambda);
    let loss = |r: f64| 0.5 * r.abs().min(threshold).powi(2);
    let r = problem.residual(z);
    value - data + r.iter().enumerate().map(|(i, r)| problem.weight(i) * loss(*r)).sum::<f64>()
}

/// The problem with the dictionary of a learner, and z.
fn found(problem: &Problem, learner: &Learner<f64>) -> (Problem, Vec<f64>) {
    let d = learner.dictionary().unwrap();
    let v = d.volume();
    let at = |i: usize| d.at(i / v / d.n_channels, i / v % d.n_channels, i % v);
    let mut z = vec![0.0; problem.n_z()];
    learner.z(&mut FieldMut::contiguous(&mut z, problem.valid().map(|n| n as i64))).unwrap();
    (Problem { d: (0..problem.n_atoms * d.n_channels * v).map(at).collect(), ..problem.clone() }, z)
}

#[test]
fn each_step_lowers_the_loss_that_the_option_says() {
    let mut noise = Noise(31);
    let mut left_out = 0;
    for trial in 0..if super::long() { 1000 } else { 60 } {
        let mut problem = random_problem(&mut noise);
        let mut options = options_at_random(&mut noise, &problem);
        weights_at_random(&mut noise, &mut problem, &mut options);
        for x in &mut problem.x {
            *x *= if noise.below(20) == 0 { 30.0 } else { 1.0 };
        }
        problem.ridge = [0.0, 0.0, 0.3][noise.below(3)];
        let learn = &mut options.learn;
        (learn.online, learn.batch, learn.redraw_below, learn.reg_reference) = (false, 0, 0.0, Reference::First);
        learn.robust = [0.1, 0.3, 0.8, 1.0][noise.below(4)];
        (options.background, options.background_length, options.ridge) = (Background::None, vec![], problem.ridge);
        let part = options.learn.robust;
        let what = format!("{trial} {options:?}\n{problem:?}");
        let values = problem.with_holes();
        let x = Field::contiguous(&values, domain(&problem));
        let mut learner = learner::<f64>(&problem, &options, 1);
        let nothing = vec![0.0; problem.n_z()];
        let first = left(&problem, &nothing);
        if first.is_empty() {
            assert_eq!(learner.step(&x, None).unwrap().threshold, 0.0);
            continue;
        }
        let mut expected = 6.0 * quantile(&first, part);
        let mut before = None;
        for _ in 0..5 {
            let begun = before.map_or(first.clone(), |_| {
                let (now, z) = found(&problem, &learner);
                left(&now, &z)
            });
            let done = learner.step(&x, None).unwrap();
            let threshold = done.threshold;
            left_out += done.left_out;
            assert_eq!(done.left_out, begun.iter().filter(|r| **r > threshold).count() as u64, "{what}");
            assert!((threshold - expected).abs() <= 1e-10 * expected, "{threshold} {expected} {what}");
            let (now, z) = found(&problem, &learner);
            let of = |threshold| capped(&now, &z, &done.lambda, threshold);
            // Above the loss; which is what the objective is by itself.
            let (value, slack) = (of(threshold), 1e-10 * problem.objective(&nothing, &done.lambda).0);
            assert!(
                value <= done.objective_d + slack && done.objective_d <= done.objective_z + slack,
                "{value} {what}"
            );
            let (told, _) = learner.objective(&x).unwrap();
            assert!((told - value).abs() <= slack, "{told} {value} {what}");
            assert!(before.is_none_or(|before| done.objective_z <= before + slack), "{before:?} {done:?} {what}");
            before = Some(value);
            expected = expected.min(6.0 * quantile(&left(&now, &z), part));
        }
    }
    assert!(left_out > 1000, "{left_out}");
}

fn told(done: &Iteration) -> [f64; 5] {
    [done.objective_z, done.objective_d, done.lambda_max, done.threshold, done.left_out as f64]
}

/// Iterations, and the bits of D, of a signal with spikes times a unit.
fn learnt<T: Real>(options: &Options, unit: f64) -> (Vec<[f64; 5]>, Vec<u64>) {
    let problem = spiky();
    let x: Vec<f64> = rounded::<T>(&problem.x).iter().map(|x| x.wide() * unit).collect();
    let x = rounded::<T>(&x);
    let x = Field::contiguous(&x, domain(&problem));
    let mut learner = learner::<T>(&problem, options, 1);
    let done = (0..4).map(|_| told(&learner.step(&x, None).unwrap())).collect();
    let d = learner.dictionary().unwrap();
    let values: Vec<T> = (0..2 * 2 * 9).map(|i| d.at(i / 18, i / 9 % 2, i % 9)).collect();
    (done, bits(&values))
}

fn spiky() -> Problem {
    let mut noise = Noise(32);
    let spike = |noise: &mut Noise| if noise.below(20) == 0 { 30.0 } else { 1.0 };
    Problem {
        n_axes: 1,
        n_signals: 2,
        n_channels: 2,
        n_atoms: 2,
        signal: [1, 1, 150],
        atom: [1, 1, 9],
        periodic: [false; 3],
        x: (0..600).map(|_| noise.normal() * spike(&mut noise)).collect(),
        d: (0..36).map(|_| noise.normal()).collect(),
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    }
}

fn robust() -> Options {
    let mut options = Options::default();
    options.learn.robust = 0.9;
    options
}

#[test]
fn a_unit_of_x_is_one_of_the_threshold() {
    fn check<T: Real>(exponents: [i32; 3]) {
        for background in [Background::None, Background::Mean] {
            let options = Options { background, ..robust() };
            let (plain, d) = learnt::<T>(&options, 1.0);
            for exponent in exponents {
                let unit = 2f64.powi(exponent);
                let (scaled, same) = learnt::<T>(&options, unit);
                let units = [unit * unit, unit * unit, unit, unit, 1.0];
                let expected: Vec<_> = plain.iter().map(|step| [0, 1, 2, 3, 4].map(|i| step[i] * units[i])).collect();
                assert!(d == same && scaled == expected, "2^{exponent} {scaled:?} {expected:?}");
            }
        }
    }
    check::<f64>([-300, 3, 300]);
    check::<f32>([-30, 3, 30]);
}

#[test]
fn holes_have_no_part_in_the_threshold() {
    let mut problem = spiky();
    problem.w = (0..600).map(|i| f64::from(u8::from(i % 3 > 0))).collect();
    let steps = |options: &Options, x: &[f64]| {
        let x = Field::contiguous(x, domain(&problem));
        let mut learner = learner::<f64>(&problem, options, 1);
        (0..3).map(|_| told(&learner.step(&x, None).unwrap())).collect::<Vec<_>>()
    };
    let by_weight = steps(&robust(), &problem.with_holes());
    let mut loud = problem.x.clone();
    loud.iter_mut().step_by(3).for_each(|x| *x = 1e9);
    assert!(steps(&robust(), &loud) == by_weight);
    assert!(steps(&Options { missing: Missing::Nan, ..robust() }, &problem.with_holes()) == by_weight);
    let there: Vec<f64> = left(&problem, &vec![0.0; problem.n_z()]);
    assert_eq!(by_weight[0][3], 6.0 * quantile(&there, 0.9));
}

#[test]
fn where_nothing_is_left_nothing_is_weighed() {
    let mut problem = spiky();
    problem.x.fill(0.0);
    let x = Field::contiguous(&problem.x, domain(&problem));
    let mut learner = learner::<f64>(&problem, &robust(), 1);
    let done = learner.run(&x, None, None).unwrap();
    assert_eq!((done.threshold, done.left_out, done.info.certificate.objective), (0.0, 0, 0.0));
    // All but one sample are zero: they have no part in it either.
    problem.x[70] = 5.0;
    let x = Field::contiguous(&problem.x, domain(&problem));
    let mut learner = super::learner::<f64>(&problem, &robust(), 1);
    assert_eq!(learner.step(&x, None).unwrap().threshold, 30.0);
}

#[test]
fn it_is_refused_where_samples_change() {
    let problem = spiky();
    for what in 0..3 {
        let mut options = robust();
        let learn = &mut options.learn;
        match what {
            0 => learn.online = true,
            1 => learn.batch = 1,
            _ => (learn.crops, learn.crop_shape) = (2, vec![50]),
        }
        let error = Learner::<f64>::new(problem.shape(&options), options, 1, None).err().unwrap().to_string();
        assert!(error.contains("learn_robust") && error.contains("0.9") && error.contains("learn_crops"), "{error}");
    }
    let refused = |x: f64| {
        let mut x = vec![x; 600];
        x[..590].fill(1.0);
        let x = Field::contiguous(&x, domain(&problem));
        learner::<f64>(&problem, &robust(), 1).step(&x, None).unwrap_err().to_string()
    };
    for bad in [f64::NAN, f64::INFINITY] {
        assert!(refused(bad).contains("x[3, 0, 0, 140] must be a finite number"), "{}", refused(bad));
    }
    assert_eq!(common::volume(problem.signal), 150);
}
