//! Sufficient statistics.

use super::{Noise, cases, common, common::Problem, error, problem, random_problem, statistics_of};
use dicod::learn::Method;

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
