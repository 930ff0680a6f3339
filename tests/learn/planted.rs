//! Dictionaries that signals were made of are found again.

use super::{Noise, common, common::Problem, learner, long};
use dicod::csc::Options;
use dicod::learn::{Init, Learning};
use dicod::linalg::Field;

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
        w: Vec::new(),
        ridge: 0.0,
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
        *z = if noise.uniform() < share { sign * (1.0 + noise.uniform()) } else { 0.0 };
    }
    problem.x = vec![0.0; common::volume(signal)];
    problem.x = problem.reconstruct(&z);
    let power = problem.x.iter().map(|x| x * x).sum::<f64>() / problem.x.len() as f64;
    let level = (power / 100.0).sqrt();
    problem.x.iter_mut().for_each(|x| *x += level * noise.normal());
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
    let trials = if long() { 100 } else { 20 };
    for (signal, atom, k) in [([1, 1, 3000], [1, 1, 24], 3), ([1, 90, 90], [1, 8, 8], 3)] {
        let (mut recovered, mut worst, mut iterations) = (0, 1f64, 0);
        for trial in 0..trials {
            let problem = planted(&mut noise, signal, atom, k);
            let options = Options {
                reg: 0.1,
                tol: 1e-2,
                seed: trial,
                learn: Learning { init: Init::GreedyPatches, max_iter: 100, tol: 1e-5, ..Learning::default() },
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
