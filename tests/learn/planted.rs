//! Dictionaries that signals were made of are found again.

use super::{Noise, common, common::Problem, learner, long};
use dicod::csc::{Options, RegScale};
use dicod::learn::{Init, Learning};
use dicod::linalg::Field;
use dicod::options::solve::{Background, Missing};

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
        atoms: Vec::new(),
        factors: Vec::new(),
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

/// The least likeness of a planted atom to one that is learned.
pub(super) fn recovered(problem: &Problem, d: &dicod::linalg::Dictionary<f64>) -> f64 {
    let volume = d.volume();
    let learned: Vec<Vec<f64>> = (0..problem.n_atoms)
        .map(|k| {
            let d: Vec<f64> = (0..volume).map(|s| d.at(k, 0, s)).collect();
            let norm = d.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-300);
            d.iter().map(|x| x / norm).collect()
        })
        .collect();
    let found = problem.d.chunks_exact(volume).map(|planted| {
        let likeness = learned.iter().map(|d| likeness(problem, planted, d));
        likeness.fold(0.0, f64::max)
    });
    found.fold(1.0, f64::min)
}

/// Learns from planted dictionaries, after something was done to the problem, and tells how many of how many are found again.
fn trials(
    trials: i64,
    seed: u64,
    what: &str,
    options: &Options,
    sizes: [usize; 2],
    change: &dyn Fn(&mut Noise, &mut Problem),
) -> Vec<(i64, i64)> {
    let mut noise = Noise(seed);
    let mut found = Vec::new();
    for (signal, atom, k) in [([1, 1, sizes[0]], [1, 1, 24], 3), ([1, sizes[1], sizes[1]], [1, 8, 8], 3)] {
        let (mut n_recovered, mut worst, mut iterations) = (0, 1f64, 0);
        for trial in 0..trials {
            let mut problem = planted(&mut noise, signal, atom, k);
            change(&mut noise, &mut problem);
            let mut options = Options { reg: 0.1, tol: 1e-2, seed: trial, ..options.clone() };
            options.learn = Learning { init: Init::GreedyPatches, max_iter: 100, tol: 1e-5, ..options.learn.clone() };
            let x = problem.with_holes();
            let x = Field::contiguous(&x, problem.signal.map(|n| n as i64));
            let mut learner = learner::<f64>(&problem, &options, 1);
            let done = learner.run(&x, None, None).unwrap();
            iterations += done.iterations;
            let least = recovered(&problem, learner.dictionary().unwrap());
            worst = worst.min(least);
            n_recovered += i64::from(least >= 0.95);
        }
        println!(
            "{what} {signal:?}: {n_recovered} of {trials} recovered, least likeness {worst:.3}, {} iterations each",
            iterations / trials as u64
        );
        found.push((n_recovered, trials));
    }
    found
}

/// F, λ and the least likeness of what is learned from one start.
fn learned(problem: &Problem, options: &Options) -> (f64, f64, f64) {
    let x = problem.with_holes();
    let x = Field::contiguous(&x, problem.signal.map(|n| n as i64));
    let mut learner = learner::<f64>(problem, options, 1);
    let info = learner.run(&x, None, None).unwrap().info;
    (info.certificate.objective, info.lambda[0], recovered(problem, learner.dictionary().unwrap()))
}

/// The least likeness where F is least: of one start and, if that has ended in a local minimum, six more, from random patches with
/// the same λ.
pub(super) fn of_some_starts(problem: &Problem, options: &Options) -> f64 {
    let first = learned(problem, options);
    if first.2 >= 0.95 {
        return first.2;
    }
    let learn = Learning { init: Init::RandomPatches, ..options.learn.clone() };
    let options = Options { reg: first.1, reg_scale: RegScale::Absolute, learn, ..options.clone() };
    let others = (0..6).map(|seed| learned(problem, &Options { seed: 1000 + seed, ..options.clone() }));
    let best = others.fold(first, |best, other| if other.0 < best.0 { other } else { best });
    best.2
}

/// All but one of twenty, or of fewer.
fn most((n_recovered, trials): &(i64, i64)) -> bool {
    trials - n_recovered <= (trials / 20).max(1)
}

#[test]
fn planted_dictionaries_are_recovered() {
    let found = trials(if long() { 100 } else { 20 }, 5, "whole", &Options::default(), [3000, 90], &|_, _| ());
    assert!(found.iter().all(most), "{found:?}");
}

/// Of 20 samples one has gone wrong by 20 to 50 times what signals are made of.
fn spikes(noise: &mut Noise, problem: &mut Problem) {
    let size = (problem.x.iter().map(|x| x * x).sum::<f64>() / problem.x.len() as f64).sqrt();
    for x in &mut problem.x {
        if noise.uniform() < 0.05 {
            let sign = if noise.below(2) == 0 { -1.0 } else { 1.0 };
            *x += sign * (20.0 + 30.0 * noise.uniform()) * size;
        }
    }
}

/// A broken stretch, as long as 20 samples have one, that stands at 20 to 50 times that.
fn stretch(noise: &mut Noise, problem: &mut Problem) {
    let size = (problem.x.iter().map(|x| x * x).sum::<f64>() / problem.x.len() as f64).sqrt();
    let n = problem.x.len();
    let (first, level) = (noise.below(n - n / 20), (20.0 + 30.0 * noise.uniform()) * size);
    problem.x[first..first + n / 20].fill(level);
}

#[test]
fn planted_dictionaries_are_recovered_from_under_spikes() {
    let n = if long() { 100 } else { 12 };
    for (what, change) in [("spikes", spikes as fn(&mut Noise, &mut Problem)), ("a stretch", stretch)] {
        let mut options = Options::default();
        let plain = trials(n / 3, 13, what, &options, [3000, 90], &change);
        options.learn.robust = 0.9;
        let robust = trials(n, 13, what, &options, [3000, 90], &change);
        assert!(robust.iter().all(|(found, of)| 4 * found >= 3 * of), "{what} {robust:?}");
        assert!(plain.iter().all(|(found, of)| 4 * found <= *of), "{what} {plain:?}");
    }
}

/// A part of all samples, one by one.
fn at_random(noise: &mut Noise, problem: &mut Problem) {
    problem.w = (0..problem.x.len()).map(|_| f64::from(u8::from(noise.uniform() >= 0.3))).collect();
}

/// A third of the field in one piece.
fn in_one_piece(noise: &mut Noise, problem: &mut Problem) {
    let n = problem.x.len();
    let first = noise.below(n - n / 3);
    problem.w = (0..n).map(|i| f64::from(u8::from(!(first..first + n / 3).contains(&i)))).collect();
}

/// As many samples are left as there are of the whole.
const SIZES: [usize; 2] = [4400, 110];

#[test]
fn planted_dictionaries_are_recovered_where_samples_are_missing() {
    let level = |problem: &mut Problem| problem.x.iter_mut().for_each(|x| *x += 1000.0);
    type Holes = fn(&mut Noise, &mut Problem);
    let holes: [(&str, Holes); 2] = [("at random", at_random), ("in one piece", in_one_piece)];
    let n = if long() { 100 } else { 10 };
    let mut outcomes = Vec::new();
    for (what, holes) in holes {
        for missing in [Missing::None, Missing::Nan] {
            // By weights as they are, and by NaN on a level.
            let options = match missing {
                Missing::None => Options::default(),
                Missing::Nan => Options { missing, background: Background::Mean, ..Options::default() },
            };
            let found = trials(n, 11, what, &options, SIZES, &|noise, problem| {
                holes(noise, problem);
                if missing == Missing::Nan {
                    level(problem);
                }
            });
            outcomes.push((what, found));
        }
    }
    assert!(outcomes.iter().all(|(_, found)| found.iter().all(most)), "{outcomes:?}");
}

/// No more samples than there are without holes, of which 30 % are missing: now and then one start ends in a local minimum, and none of
/// those with the least F of some.
#[test]
fn planted_dictionaries_are_recovered_from_less_with_more_starts() {
    let n = if long() { 100 } else { 5 };
    let mut noise = Noise(11);
    let found = (0..n).filter(|trial| {
        let mut problem = planted(&mut noise, [1, 1, 3000], [1, 1, 24], 3);
        at_random(&mut noise, &mut problem);
        let learn = Learning { init: Init::GreedyPatches, max_iter: 100, tol: 1e-5, ..Learning::default() };
        of_some_starts(&problem, &Options { reg: 0.1, tol: 1e-2, seed: *trial, learn, ..Options::default() }) >= 0.95
    });
    let found = found.count() as i64;
    println!("of some starts: {found} of {n} recovered");
    assert!(most(&(found, n)), "{found} of {n}");
}
