//! Weights of samples, and holes: what is refused, what is at the ends of the range of numbers, and what does not change with the
//! unit. That the optimum is reached, and every bit for any ranks and threads, is in `brute_force` and `ranks`, which weigh their
//! problems too.

mod common;

use common::{Answer, Problem, bits, encode, encoder, solve};
use dicod::Error;
use dicod::csc::{Options, RegScale, Schedule, Shape, Stop};
use dicod::linalg::{Field, Real};
use dicod::options::solve::{Background, Missing, Scale};

fn value(i: usize) -> f64 {
    ((i * i) as f64 * 0.37).sin() + (i as f64 * 0.011).cos()
}

/// A field of two channels, and three atoms.
fn problem() -> Problem {
    Problem {
        n_axes: 2,
        n_signals: 1,
        n_channels: 2,
        n_atoms: 3,
        signal: [1, 40, 37],
        atom: [1, 5, 4],
        periodic: [false; 3],
        x: (0..2 * 40 * 37).map(value).collect(),
        d: (0..3 * 2 * 20).map(|i| value(7 * i + 3)).collect(),
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    }
}

/// A third of the field is missing in one piece, and every eleventh sample.
fn holed() -> Problem {
    let w = |i: usize| f64::from(u8::from(!i.is_multiple_of(11) && (i / 37 % 40) / 14 != 1));
    Problem { w: (0..2 * 40 * 37).map(w).collect(), ..problem() }
}

fn options() -> Options {
    Options { tol: 1e-6, ..Options::default() }
}

/// All that a solve says, but times.
fn told<T: Real>(answer: &Answer<T>) -> impl PartialEq + std::fmt::Debug + use<T> {
    let (info, z) = (&answer.info, bits(&answer.z));
    (z, info.stop, info.steps, info.lambda.clone(), info.lambda_max, info.tol, info.certificate)
}

#[test]
fn weights_of_1_change_no_bit() {
    let one = Problem { w: vec![1.0; problem().x.len()], ..problem() };
    for schedule in [Schedule::Coloured, Schedule::Published] {
        for missing in [Missing::None, Missing::Nan] {
            let options = Options { schedule, missing, ..options() };
            let [plain, weighed] =
                [problem(), one.clone()].map(|problem| told::<f64>(&solve(&problem, &options, 2, None)));
            assert!(plain == weighed, "{schedule:?} {missing:?}");
            // What the gap allows for the rounding of float residuals has a product more.
            let [plain, weighed] = [problem(), one.clone()].map(|problem| {
                let mut answer = solve::<f32>(&problem, &options, 2, None);
                let gap = std::mem::take(&mut answer.info.certificate.gap);
                (told(&answer), gap)
            });
            assert!(plain.0 == weighed.0, "{schedule:?} {missing:?}");
            assert!((plain.1 - weighed.1).abs() <= 1e-5 * plain.1, "{schedule:?} {missing:?}");
        }
    }
}

#[test]
fn holes_are_the_same_by_weight_and_by_nan() {
    let by_nan = Options { missing: Missing::Nan, ..options() };
    let [weight, nan] = [&options(), &by_nan].map(|options| told::<f64>(&solve(&holed(), options, 2, None)));
    assert!(weight == nan);
}

/// A weight may be any number for which that of the objective is one.
#[test]
fn a_unit_of_weights_is_one_of_lambda_and_the_objective() {
    for tol_scale in [Scale::Relative, Scale::Absolute] {
        let options = Options { tol_scale, ..options() };
        let plain: Answer<f64> = solve(&holed(), &options, 1, None);
        for exponent in [-996, -30, 3, 996] {
            let unit = 2f64.powi(exponent);
            let mut scaled = holed();
            scaled.w.iter_mut().for_each(|w| *w *= unit);
            let other: Answer<f64> = solve(&scaled, &options, 1, None);
            assert_eq!(bits(&plain.z), bits(&other.z), "2^{exponent}");
            let (a, b) = (&plain.info, &other.info);
            assert_eq!((a.stop, a.steps, a.tol), (b.stop, b.steps, b.tol));
            assert_eq!(a.lambda_max * unit, b.lambda_max);
            let [of_a, of_b] = [&a.certificate, &b.certificate].map(|c| (c.objective, c.data_term, c.gap, c.max_step));
            assert_eq!((of_a.0 * unit, of_a.1 * unit, of_a.2 * unit, of_a.3), of_b);
        }
    }
    // Not only powers of two: lambda = 1/3 and w = 1 are lambda = 1 and w = 3.
    let third = Options { reg: 1.0 / 3.0, reg_scale: RegScale::Absolute, tol: 1e-9, ..options() };
    let plain: Answer<f64> = solve(&holed(), &third, 1, None);
    let mut scaled = holed();
    scaled.w.iter_mut().for_each(|w| *w *= 3.0);
    let other: Answer<f64> = solve(&scaled, &Options { reg: 1.0, ..third }, 1, None);
    assert!(plain.z.iter().any(|z| *z != 0.0));
    assert!(plain.z.iter().zip(&other.z).all(|(a, b)| (a - b).abs() < 1e-6), "{:?} {:?}", plain.info, other.info);
}

#[test]
fn very_unlike_weights_are_as_if_the_small_ones_were_none() {
    let mut unlike = holed();
    unlike.w.iter_mut().for_each(|w| *w = if *w == 0.0 { 1e-300 } else { 1e300 });
    let [plain, unlike] = [holed(), unlike].map(|problem| solve::<f64>(&problem, &options(), 1, None));
    assert_eq!(unlike.info.stop, Stop::Converged, "{:?}", unlike.info);
    let near = plain.z.iter().zip(&unlike.z).all(|(a, b)| (a - b).abs() < 1e-4);
    assert!(near, "{:?} {:?}", plain.info, unlike.info);
}

#[test]
fn where_all_is_missing_there_is_nothing() {
    for (schedule, reg) in [(Schedule::Coloured, 0.1), (Schedule::Published, 0.1), (Schedule::Coloured, 0.0)] {
        let nothing = Problem { w: vec![0.0; problem().x.len()], ..problem() };
        let options = Options { schedule, reg, warm_start: true, ..options() };
        let start = vec![1.0; nothing.n_z()];
        let answer: Answer<f64> = solve(&nothing, &options, 1, Some(&start));
        let info = &answer.info;
        assert!(answer.z.iter().all(|z| *z == 0.0));
        assert_eq!((info.stop, info.steps, info.lambda_max), (Stop::Converged, 0, 0.0), "{info:?}");
        let told = (info.certificate.objective, info.certificate.max_step, info.certificate.gap);
        assert_eq!(told, (0.0, 0.0, 0.0));
    }
    // One sample is left: one activation meets it, all others whose support has it not are zero.
    let mut single = problem();
    single.w = vec![0.0; single.x.len()];
    single.w[17 * 37 + 19] = 2.0;
    let options = Options { reg: 0.01, tol: 1e-9, ..options() };
    let answer: Answer<f64> = solve(&single, &options, 1, None);
    let (model, info) = (single.reconstruct(&answer.z), &answer.info);
    assert_eq!(info.stop, Stop::Converged, "{info:?}");
    assert!(info.nonzeros >= 1 && info.certificate.gap <= 1e-6 * info.certificate.objective, "{info:?}");
    let (x, met) = (single.x[17 * 37 + 19], model[17 * 37 + 19]);
    assert!((met - 0.99 * x).abs() < 0.02 * x.abs(), "{met} {x}");
    let reaches = single.local_norms();
    assert!(answer.z.iter().zip(reaches).all(|(z, n)| n > 0.0 || *z == 0.0));
}

#[test]
fn what_is_no_weight_is_refused_by_its_place_and_nothing_changes() {
    let problem = holed();
    let mut encoder = encoder::<f64>(&problem, problem.dictionary(), &options(), 1);
    let before = told(&encode(&problem, &mut encoder, None, None));
    let shape = problem.signal.map(|n| n as i64);
    for bad in [-1e-300, f64::NAN, f64::INFINITY] {
        let mut w = problem.w.clone();
        w[40 * 37 + 2 * 37 + 5] = bad;
        w[40 * 37 + 3 * 37] = bad;
        let error = encoder.set_weights(Some(&Field::contiguous(&w, shape))).unwrap_err();
        let text = dicod::base::wording::spoken(&error.to_string(), dicod::base::wording::Language::C);
        assert_eq!(text, format!("weights[0, 1, 2, 5] must be at least 0 and finite, is {bad}"));
    }
    let small = vec![1.0; 40 * 37];
    let error = encoder.set_weights(Some(&Field::contiguous(&small, shape))).unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
    assert!(told(&encode(&problem, &mut encoder, None, None)) == before);
    // Without weights x is as it is: NaN.
    encoder.set_weights(None).unwrap();
    let x = problem.with_holes();
    let error = encoder.solve(&Field::contiguous(&x, shape), None).unwrap_err();
    assert!(matches!(error, Error::NotFinite { .. }), "{error:?}");
    let plain = self::problem();
    let fresh: Answer<f64> = solve(&plain, &options(), 1, None);
    assert!(told(&encode(&plain, &mut encoder, None, None)) == told(&fresh));
}

#[test]
fn what_is_not_missing_has_to_be_finite() {
    for missing in [Missing::None, Missing::Nan] {
        let problem = holed();
        let options = Options { missing, ..options() };
        let mut encoder = encoder::<f64>(&problem, problem.dictionary(), &options, 1);
        let shape = problem.signal.map(|n| n as i64);
        let mut x = problem.with_holes();
        x[40 * 37 + 2 * 37 + 5] = f64::INFINITY;
        let error = encoder.solve(&Field::contiguous(&x, shape), None).unwrap_err();
        let Error::NotFinite { argument, index, value } = error else { panic!("{error:?}") };
        assert_eq!((argument.as_str(), index, value), ("x", vec![1, 0, 2, 5], f64::INFINITY));
    }
}

#[test]
fn weights_and_dictionary_may_change_between_solves() {
    let problem = holed();
    let mut encoder = encoder::<f64>(&problem, problem.dictionary(), &options(), 2);
    encode(&problem, &mut encoder, None, None);
    // Other atoms.
    let other = Problem { d: problem.d.iter().rev().copied().collect(), ..problem.clone() };
    encoder.set_dictionary(other.dictionary()).unwrap();
    encoder.clear_z();
    assert!(told(&encode(&other, &mut encoder, None, None)) == told::<f64>(&solve(&other, &options(), 1, None)));
    // Other holes, by NaN: with each signal they are others.
    let options = Options { missing: Missing::Nan, ..options() };
    let mut encoder = common::encoder::<f64>(&problem, problem.dictionary(), &options, 2);
    for shift in 0..3 {
        let mut shifted = problem.clone();
        shifted.w.rotate_right(shift * 5);
        let again = told(&encode(&shifted, &mut encoder, None, None));
        assert!(again == told::<f64>(&solve(&shifted, &options, 1, None)), "{shift}");
    }
}

/// The functions that are called by themselves say what a solve says.
#[test]
fn lambda_max_and_objective_know_of_holes() {
    let problem = holed();
    let options = Options { missing: Missing::Nan, ..options() };
    let answer: Answer<f64> = solve(&problem, &options, 1, None);
    let shape: Shape = problem.shape(&options);
    let (x, z) = (problem.with_holes(), &answer.z);
    let x = Field::contiguous(&x, shape.signal);
    let z = Field::contiguous(z, shape.valid());
    let found = dicod::csc::lambda_max(&shape, &problem.dictionary(), &options, 2, &x).unwrap();
    assert_eq!(found, answer.info.lambda_max);
    let (objective, data_term) = dicod::csc::objective(&shape, &problem.dictionary(), &options, 2, &x, &z).unwrap();
    let certificate = answer.info.certificate;
    for (a, b) in [(objective, certificate.objective), (data_term, certificate.data_term)] {
        assert!((a - b).abs() <= 1e-12 * certificate.objective, "{a} {b}");
    }
    for mut weighed in [problem.clone(), problem] {
        weighed.w.iter_mut().enumerate().for_each(|(i, w)| *w *= 2.5 + value(i));
        let mut encoder = encoder::<f64>(&weighed, weighed.dictionary(), &options, 1);
        let answer = encode(&weighed, &mut encoder, None, None);
        let x = weighed.with_holes();
        let (objective, data_term) = encoder.objective(&Field::contiguous(&x, shape.signal)).unwrap();
        let certificate = answer.info.certificate;
        for (a, b) in [(objective, certificate.objective), (data_term, certificate.data_term)] {
            assert!((a - b).abs() <= 1e-12 * certificate.objective, "{a} {b}");
        }
        assert!(told(&encode(&weighed, &mut encoder, None, None)) == told(&answer));
    }
}

/// What is missing has no share in what signals lie on.
#[test]
fn a_background_is_that_of_what_is_there() {
    let options = Options { background: Background::Mean, tol: 1e-8, ..options() };
    let by_nan = Options { missing: Missing::Nan, ..options.clone() };
    let plain: Answer<f64> = solve(&holed(), &options, 1, None);
    assert!(plain.z.iter().any(|z| *z != 0.0));
    let mut lifted = holed();
    lifted.x.iter_mut().for_each(|x| *x += 1000.0);
    for options in [&options, &by_nan] {
        let other: Answer<f64> = solve(&lifted, options, 1, None);
        let apart = plain.z.iter().zip(&other.z).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(apart < 1e-6, "{apart:e} {:?}", other.info);
    }
}
