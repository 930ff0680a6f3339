//! Steps of D and whole runs beside the published code's.

use super::{cases, common::Arrays, common::Problem, error, learner, problem, statistics_of};
use dicod::csc::{Options, RegScale, Scale};
use dicod::learn::dictionary_step::{Settings, data_term, dictionary_step, gradient};
use dicod::learn::{Init, Learning, Method, Statistics};
use dicod::linalg::{Dictionary, Field, FieldMut};

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
        assert!((start - value("objective_D0")).abs() <= 1e-10 * start, "{name}");
        let g = gradient(&statistics, &d0).unwrap();
        assert!(error(&g, &arrays["gradient_D0"].values) <= 1e-10, "{name}");
        let window = value("window") == 1.0;
        let settings = Settings { tol: 1e-7, max_iter: 2000, window, ..Settings::default() };
        let (d, done) = dictionary_step(&statistics, &d0, &settings).unwrap();
        let got = data_term(&statistics, &d).unwrap();
        assert!((start + done.change - got).abs() <= 1e-10 * start, "{name}");
        assert!(done.gap <= 1e-7 * got, "{name}: {done:?}");
        let peer = value("objective_D_hat");
        println!("{name}: {got:.9} in {} iterations; peer {peer:.9}", done.iterations);
        if let Some(ball) = arrays.get("objective_ball") {
            let ball = ball.values[0];
            assert!((got - ball).abs() <= 1e-6 * ball, "{name}: {got} is not {ball}");
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

#[test]
fn learning_is_as_good_as_the_published_code() {
    let mut ratios = Vec::new();
    for (name, arrays) in cases("learn_") {
        let value = |key: &str| arrays[key].values[0];
        let problem = problem(&arrays, "D_init");
        let options = Options {
            reg: value("reg") * value("lambda_max"),
            reg_scale: RegScale::Absolute,
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
        assert!((history[0] - peer[1]).abs() <= 1e-6 * peer[1], "{name}: {} {}", history[0], peer[1]);
        for pair in history.windows(2) {
            assert!(pair[1] <= pair[0] * (1.0 + 1e-12), "{name}: {history:?}");
        }
        let last = |key: &str| *arrays[key].values.last().unwrap();
        let best = last("mpi1_pobj").min(last("mpi2_pobj"));
        let got = *history.last().unwrap();
        let d = learner.dictionary().unwrap();
        let mut own = vec![0.0; problem.n_z()];
        learner.z(&mut FieldMut::contiguous(&mut own, problem.valid().map(|n| n as i64))).unwrap();
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
        assert!((objective - got).abs() <= 1e-10 * got, "{name}: {objective} {got}");
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
