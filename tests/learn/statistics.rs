//! Sufficient statistics.

use super::{
    Noise, cases, common, common::Problem, error, learner, options_at_random, problem, random_problem, statistics_of,
};
use dicod::learn::dictionary_step::data_term;
use dicod::learn::{Learner, Method};
use dicod::linalg::{Dictionary, Field, FieldMut};
use dicod::options::solve::Background;

#[test]
fn statistics_are_the_reference() {
    let (mut n, mut worst) = (0, 0f64);
    for (name, arrays) in cases("csc_").into_iter().chain(cases("dict_update_")) {
        let csc = name.starts_with("csc_");
        let problem = problem(&arrays, if csc { "D" } else { "D0" });
        let suffixes = ["greedy_auto", "cyclic", "greedy_auto_pos", "cyclic_pos", "greedy_auto_z0"];
        let mut triples = vec![("z0".into(), "ztz_z0".into(), "ztX_z0".into())];
        if !csc {
            triples = vec![("z".into(), "ztz".into(), "ztX".into())];
        }
        for s in suffixes.iter().filter(|_| csc) {
            triples.push((format!("{s}__z_hat"), format!("{s}__ztz"), format!("{s}__ztX")));
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
        (0..shape.iter().product::<usize>())
            .map(move |i| [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]])
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
                        let x = if problem.periodic[i] { x.rem_euclid(t[i] as i64) } else { x };
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

#[test]
fn statistics_are_what_plain_loops_say() {
    let mut noise = Noise(1);
    for trial in 0..300 {
        let problem = random_problem(&mut noise);
        let density = noise.uniform();
        let mut z: Vec<f64> = (0..problem.n_z()).map(|_| noise.normal()).collect();
        z.iter_mut().for_each(|z| *z *= f64::from(noise.uniform() < density));
        let (ztz, ztx) = plain_statistics(&problem, &z);
        for method in [Method::Sparse, Method::Fft, Method::Auto] {
            let got = statistics_of(&problem, &z, method, 1);
            assert!(error(&got.ztz, &ztz) <= 1e-12, "{trial} {method:?} {problem:?}");
            assert!(error(&got.ztx, &ztx) <= 1e-12, "{trial} {method:?} {problem:?}");
            assert_eq!(got, statistics_of(&problem, &z, method, 3));
        }
    }
}

/// A learner that leaves z as a step of D has found it, its z after that step, and the D before.
fn after_a_step(noise: &mut Noise, weighted: bool) -> (Problem, Learner<f64>, Vec<f64>, Dictionary<f64>) {
    let mut problem = random_problem(noise);
    let mut options = options_at_random(noise, &problem);
    (options.background, options.background_length, options.ridge) = (Background::None, Vec::new(), 0.0);
    let learn = &mut options.learn;
    (learn.online, learn.batch, learn.redraw, learn.redraw_below, learn.recentre) = (false, 0, false, 0.0, false);
    learn.robust = 0.0;
    if weighted {
        problem.w =
            (0..problem.x.len()).map(|_| if noise.below(3) == 0 { 0.0 } else { 2.0 * noise.uniform() }).collect();
    }
    let mut learner = learner::<f64>(&problem, &options, 1);
    let x = Field::contiguous(&problem.x, problem.signal.map(|n| n as i64));
    assert!(learner.statistics().is_none());
    learner.step(&x, None).unwrap();
    let before = learner.dictionary().unwrap().clone();
    learner.step(&x, None).unwrap();
    let mut z = vec![0.0; problem.n_z()];
    learner.z(&mut FieldMut::contiguous(&mut z, problem.valid().map(|n| n as i64))).unwrap();
    (problem, learner, z, before)
}

#[test]
fn a_learner_tells_what_its_last_step_went_by() {
    let mut noise = Noise(40);
    for _ in 0..20 {
        let (problem, learner, z, _) = after_a_step(&mut noise, false);
        let (ztz, ztx) = plain_statistics(&problem, &z);
        let found = learner.statistics().unwrap();
        let size = ztz.iter().chain(&ztx).fold(1e-300, |most: f64, x| most.max(x.abs()));
        let worst = |a: &[f64], b: &[f64]| {
            assert_eq!(a.len(), b.len());
            a.iter().zip(b).map(|(a, b)| (a - b).abs() / size).fold(0.0, f64::max)
        };
        // ztX comes from the residual and the model.
        let errors = (worst(&found.ztz, &ztz), worst(&found.ztx, &ztx));
        assert!(errors.0 < 1e-12 && errors.1 < 1e-10, "{errors:?}\n{:?}", learner.options());
        let back = Learner::<f64>::restore(&learner.save().unwrap(), None, 1).unwrap();
        assert!(back.statistics().is_none());
    }
}

/// With weights they are of what lies above the data term for every D, and meets it at the one before the step.
#[test]
fn with_weights_they_bound_the_data_term() {
    let mut noise = Noise(41);
    for _ in 0..20 {
        let (problem, learner, z, before) = after_a_step(&mut noise, true);
        let found = learner.statistics().unwrap();
        let values = |d: &Dictionary<f64>| -> Vec<f64> {
            let (p, volume) = (d.n_channels, d.volume());
            (0..problem.d.len()).map(|i| d.at(i / (p * volume), i / volume % p, i % volume)).collect()
        };
        let weighted = |d: &Dictionary<f64>| {
            let with_d = Problem { d: values(d), ..problem.clone() };
            with_d.objective(&z, &vec![0.0; problem.n_atoms]).1
        };
        let energy = 0.5 * problem.x.iter().zip(&problem.w).map(|(x, w)| w * x * x).sum::<f64>();
        let (bound, value) = (data_term(found, &before).unwrap(), weighted(&before));
        assert!((bound - value).abs() <= 1e-10 * energy, "{bound} {value}");
        for _ in 0..20 {
            let d: Vec<f64> = values(&before).iter().map(|d| d + 0.1 * noise.normal()).collect();
            let d = Dictionary::full(problem.n_atoms, problem.n_channels, problem.atom.map(|l| l as i64), &d).unwrap();
            let (bound, value) = (data_term(found, &d).unwrap(), weighted(&d));
            assert!(bound >= value - 1e-10 * energy, "{bound} {value}");
        }
    }
}
