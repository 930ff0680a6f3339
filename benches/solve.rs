//! Solves against the floor: `cargo bench --bench solve`, or `make bench`.
//!
//! The floor of a solve is its *replay*: the same steps, in the same order, applied as c −= δ·G over
//! the same windows of one row-major array, atoms innermost, and nothing else, in the type of the arrays (a
//! solve in double precision may keep c in single). Each row is measured in one run, solve and replay in turn, and
//! shows medians.

use dicod::csc::{Info, Options, Shape, Step};
use dicod::grid::point::Point;
use dicod::linalg::kernels::{Isa, Rows};
use dicod::linalg::{Dictionary, Field, Gram, Real};
use problems::{Problem, Random, median};
use std::time::Instant;

#[path = "problems/mod.rs"]
mod problems;

const REPEATS: usize = 5;

/// All steps again: c −= δ·G over the part of each window that lies in the domain.
fn replay<T: Real>(isa: Isa, c: &mut [T], gram: &Gram<T>, valid: Point, steps: &[Step<T>]) {
    let (n, w) = (gram.n_atoms, gram.window);
    let strides = |shape: Point| [(shape[1] * shape[2]) as usize * n, shape[2] as usize * n];
    for step in steps {
        let at = step.at.map(i64::from);
        let low: Point = std::array::from_fn(|a| (at[a] - gram.atom[a] + 1).max(0));
        let high: Point = std::array::from_fn(|a| (at[a] + gram.atom[a]).min(valid[a]));
        let t: Point = std::array::from_fn(|a| low[a] - at[a] + gram.atom[a] - 1);
        let from = ((i64::from(step.atom) * w[0] + t[0]) * w[1] + t[1]) * w[2] + t[2];
        let to = (low[0] * valid[1] + low[1]) * valid[2] + low[2];
        let rows = Rows {
            counts: [(high[0] - low[0]) as usize, (high[1] - low[1]) as usize],
            strides: strides(valid),
            run: (high[2] - low[2]) as usize * n,
        };
        let (to, from) = (to as usize * n, from as usize * n);
        T::subtract(isa, c, to, rows, &gram.values, from, strides(w), step.delta);
    }
}

/// A matrix product of the size of the initial correlation, without gathering patches.
fn bare_product<T: Real>(problem: &Problem, shape: &Shape) -> f64 {
    let depth = problem.n_channels * problem.atom.iter().product::<i64>() as usize;
    let rows = 256;
    let (a, b) = (vec![T::one(); rows * depth], vec![T::one(); depth * problem.n_atoms]);
    let mut c = vec![T::ZERO; rows * problem.n_atoms];
    let positions = shape.valid().iter().product::<i64>() as usize;
    let start = Instant::now();
    for _ in 0..positions.div_ceil(rows) {
        let n = problem.n_atoms;
        let product = (rows, n, depth);
        T::gemm(product, [false, false], T::one(), &a, depth, &b, n, T::ZERO, &mut c, n);
    }
    start.elapsed().as_secs_f64()
}

/// Transforms as many as the initial correlation needs, in one length of the whole signal.
fn bare_transforms<T: Real>(problem: &Problem) -> f64 {
    let n = (problem.signal.iter().product::<i64>() as usize).next_power_of_two();
    let mut planner = realfft::RealFftPlanner::<T>::new();
    let (forward, inverse) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
    let mut x = vec![T::one(); n];
    let mut spectrum = forward.make_output_vec();
    let start = Instant::now();
    for _ in 0..problem.n_channels {
        forward.process(&mut x, &mut spectrum).unwrap();
    }
    for _ in 0..problem.n_atoms {
        spectrum[0].im = T::ZERO;
        *spectrum.last_mut().unwrap() = Default::default();
        inverse.process(&mut spectrum, &mut x).unwrap();
    }
    start.elapsed().as_secs_f64()
}

fn row<T: Real>(problem: &Problem, reg: f64, precision: &str) {
    let options = Options { reg, tol: 1e-2, ..Options::default() };
    let shape = problem.shape(&options);
    let valid = shape.valid();
    let x: Vec<T> = problem.x.iter().map(|v| T::of(*v)).collect();
    let x = Field::contiguous(&x, shape.signal);
    let d: Vec<T> = problem.d.iter().map(|v| T::of(*v)).collect();
    let d = Dictionary::full(problem.n_atoms, problem.n_channels, shape.atom, &d).unwrap();
    let gram = Gram::new(&d).unwrap();
    let mut recorder = problem.encoder::<T>(&options, 1);
    recorder.record_steps();
    recorder.solve(&x, None).unwrap();
    let steps = recorder.take_recorded_steps();
    drop(recorder);

    let mut one = problem.encoder::<T>(&options, 1);
    let mut two = problem.encoder::<T>(&options, 2);
    let mut c = vec![T::ZERO; shape.activations()];
    let isa = Isa::detect();
    let (mut solves, mut floors, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut speedups, mut correlations, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    let mut last: Option<Info> = None;
    for _ in 0..REPEATS {
        // Each after one that does not count: with warm caches, and no core asleep.
        let [_, info] = [(); 2].map(|_| one.solve(&x, None).unwrap());
        let [_, floor] = [(); 2].map(|_| {
            let start = Instant::now();
            replay(isa, &mut c, &gram, valid, &steps);
            start.elapsed().as_secs_f64()
        });
        let [_, info2] = [(); 2].map(|_| two.solve(&x, None).unwrap());
        solves.push(info.seconds_descend);
        floors.push(floor);
        ratios.push(info.seconds_descend / floor);
        speedups.push(info.seconds_descend / info2.seconds_descend);
        correlations.push(info.seconds_correlate);
        let transforms = if problem.signal.len() == 1 { bare_transforms::<T>(problem) } else { f64::INFINITY };
        bare.push(bare_product::<T>(problem, &shape).min(transforms));
        last = Some(info);
    }
    let info = last.unwrap();
    let n = steps.len() as f64;
    let solve = median(solves);
    println!(
        "| {} | {reg} | {precision} | {:.0} | {:.0} | {:.2} | {:.2} | **{:.2}** | {:.2} | {:.1} | {:.1} | {:.1} |",
        problem.name,
        n,
        n / solve,
        solve / n * 1e6,
        median(floors) / n * 1e6,
        median(ratios),
        median(speedups),
        median(correlations) * 1e3,
        median(bare) * 1e3,
        info.bytes as f64 / shape.activations() as f64,
    );
}

/// Masks of a square: one piece, coasts (a level set of some long waves), single samples; with the share that is missing.
fn masks(side: usize) -> Vec<(&'static str, Vec<f64>)> {
    let mut random = Random(3);
    let waves: Vec<[f64; 3]> = (0..12)
        .map(|_| [0, 1, 2].map(|axis| random.below(1000) as f64 * if axis < 2 { 0.03 / side as f64 } else { 1.0 }))
        .collect();
    let height = |i: usize| {
        let (y, x) = ((i / side) as f64, (i % side) as f64);
        waves.iter().map(|[a, b, c]| (a * y + b * x + c).sin()).sum::<f64>()
    };
    let n = side * side;
    let heights: Vec<f64> = (0..n).map(height).collect();
    let mut sorted = heights.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let sea =
        |share: f64| heights.iter().map(|h| f64::from(u8::from(*h >= sorted[(share * n as f64) as usize]))).collect();
    let there = |there: bool| f64::from(u8::from(there));
    let piece = (0..n).map(|i| there(i / side >= side / 2 || i % side >= side / 2)).collect();
    let scattered = (0..n).map(|_| there(random.below(10) >= 3)).collect();
    vec![
        ("all there", vec![1.0; n]),
        ("1/4 in a piece", piece),
        ("1/4 land, with coasts", sea(0.25)),
        ("3/10 at random", scattered),
    ]
}

/// What holes cost: whole solves on one thread.
fn masked<T: Real>(problem: &Problem, reg: f64, precision: &str) {
    let options = Options { reg, tol: 1e-2, ..Options::default() };
    let shape = problem.shape(&options);
    let x: Vec<T> = problem.x.iter().map(|v| T::of(*v)).collect();
    let x = Field::contiguous(&x, shape.signal);
    let mut plain = f64::NAN;
    for (name, mask) in masks(problem.signal[0] as usize) {
        let mut encoder = problem.encoder::<T>(&options, 1);
        let weights: Vec<T> = mask.iter().map(|w| T::of(*w)).collect();
        let setting = Instant::now();
        encoder.set_weights(Some(&Field::contiguous(&weights, shape.signal))).unwrap();
        encoder.lambda_max(&x).unwrap();
        let setting = setting.elapsed().as_secs_f64();
        let infos: Vec<Info> = (0..3).map(|_| encoder.solve(&x, None).unwrap()).collect();
        let (seconds, info) = (median(infos.iter().map(|info| info.seconds).collect()), &infos[0]);
        plain = if plain.is_nan() { seconds } else { plain };
        println!(
            "| {} | {reg} | {precision} | {name} | {:.3} | {:.3} | **{:.2}** | {} | {} | {:.2} | {:.1e} |",
            problem.name,
            setting,
            seconds,
            seconds / plain,
            info.steps,
            info.nonzeros,
            seconds / info.steps as f64 * 1e6,
            info.certificate.gap / info.certificate.objective,
        );
    }
}

/// A field with few patterns, one on `gap` positions about, and noise far below λ.
fn planted(name: &'static str, signal: &[i64], n_atoms: usize, atom: &[i64], gap: usize) -> Problem {
    let small: Vec<i64> = atom.iter().map(|l| 2 * l).collect();
    let mut problem = problems::synthetic(name, &small, n_atoms, atom);
    let mut random = Random(5);
    let pad = |shape: &[i64]| -> Point {
        std::array::from_fn(|a| if a < 3 - shape.len() { 1 } else { shape[a + shape.len() - 3] })
    };
    let ([t0, t1, t2], [l0, l1, l2]) = (pad(signal), pad(atom));
    let (n, volume) = ((t0 * t1 * t2) as usize, (l0 * l1 * l2) as usize);
    problem.signal = signal.to_vec();
    problem.x = (0..n).map(|_| 0.004 * (random.below(1 << 20) as f64 / (1 << 20) as f64 - 0.5)).collect();
    for _ in 0..n / gap {
        let at = [t0 - l0 + 1, t1 - l1 + 1, t2 - l2 + 1].map(|n| random.below(n as usize) as i64);
        let (atom, height) = (random.below(n_atoms), 1.0 + random.below(1000) as f64 / 1000.0);
        for s in 0..volume as i64 {
            let [i, j, k] = [s / (l1 * l2), s / l2 % l1, s % l2];
            let to = ((at[0] + i) * t1 + at[1] + j) * t2 + at[2] + k;
            problem.x[to as usize] += height * problem.d[atom * volume + s as usize];
        }
    }
    problem
}

/// Whole solves of such fields on one thread, stage by stage, beside one read of the field. From zero, and from z as it was before
/// a hundredth of the field changed.
fn sparse(problem: &mut Problem, gap: usize) {
    let options = Options { reg: 0.1, tol: 1e-2, ..Options::default() };
    let shape = problem.shape(&options);
    let mut encoder = problem.encoder::<f64>(&options, 1);
    let read = |x: &[f64]| {
        let start = Instant::now();
        let mut sums = [0.0; 8];
        for x in x.as_chunks::<8>().0 {
            sums = std::array::from_fn(|i| sums[i] + x[i] * x[i]);
        }
        std::hint::black_box(sums);
        start.elapsed().as_secs_f64()
    };
    let first = encoder.solve(&Field::contiguous(&problem.x, shape.signal), None).unwrap();
    let read = median((0..3).map(|_| read(&problem.x)).collect());
    let solves: Vec<Info> =
        (0..3).map(|_| encoder.solve(&Field::contiguous(&problem.x, shape.signal), None).unwrap()).collect();
    let of = |part: fn(&Info) -> f64| median(solves.iter().map(part).collect());
    drop(encoder);
    let mut encoder = problem.encoder::<f64>(&Options { warm_start: true, ..options }, 1);
    encoder.solve(&Field::contiguous(&problem.x, shape.signal), None).unwrap();
    let n = problem.x.len() / 100;
    problem.x[..n].iter_mut().for_each(|x| *x *= 0.9);
    let warm = encoder.solve(&Field::contiguous(&problem.x, shape.signal), None).unwrap();
    println!(
        "| {} | {gap} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | **{:.3}** | {:.3} | {:.3} | {} | {} | {:.2} |",
        problem.name,
        read,
        of(|info| info.seconds_correlate),
        of(|info| info.seconds_descend),
        of(|info| info.seconds_certify),
        of(|info| info.seconds_other),
        of(|info| info.seconds),
        first.seconds,
        warm.seconds,
        first.steps,
        first.nonzeros,
        first.bytes as f64 / 1e9,
    );
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    println!("tol = 1e-2 (relative), medians of {REPEATS}; correlation and its floor in ms\n");
    println!(
        "| problem | λ/λmax | type | steps | steps/s | µs/step | floor µs/step | ratio | 2 threads | correlate | bare | B/z |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for problem in &problems::all() {
        if !wanted.is_empty() && !wanted.iter().any(|w| problem.name.contains(w.as_str())) {
            continue;
        }
        for reg in [0.1, 0.3] {
            row::<f64>(problem, reg, "f64");
            row::<f32>(problem, reg, "f32");
        }
    }
    println!(
        "\nwith holes: seconds until the mask is known and lambda_max with it; of a whole solve; beside one without holes\n"
    );
    println!("| problem | λ/λmax | type | missing | mask s | solve s | ratio | steps | z ≠ 0 | µs/step | gap/F |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for problem in &problems::all()[..2] {
        if !wanted.is_empty() && !wanted.iter().any(|w| format!("masks {}", problem.name).contains(w.as_str())) {
            continue;
        }
        for reg in [0.1, 0.3] {
            masked::<f64>(problem, reg, "f64");
            masked::<f32>(problem, reg, "f32");
        }
    }
    println!(
        "\nsparse fields, one pattern on so many positions, seconds: one read of the field; stages of a solve; the first solve; a warm one\n"
    );
    println!(
        "| problem | gap | read | correlate | descend | certify | other | all | first | warm | steps | z ≠ 0 | GB |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let named = |name: &str| wanted.iter().any(|w| name.contains(w.as_str()));
    type Row = (&'static str, &'static [i64], usize, &'static [i64], bool);
    let fields: [Row; 6] = [
        ("sparse 1024², K=32, 16×16", &[1024, 1024], 32, &[16, 16], true),
        ("sparse 10⁷, K=3, L=64", &[10_000_000], 3, &[64], true),
        ("sparse 128³, K=8, 8³", &[128, 128, 128], 8, &[8, 8, 8], true),
        ("large sparse 4096², K=32, 16×16", &[4096, 4096], 32, &[16, 16], false),
        ("large sparse 10⁸, K=3, L=64", &[100_000_000], 3, &[64], false),
        ("large sparse 256³, K=8, 8³", &[256, 256, 256], 8, &[8, 8, 8], false),
    ];
    for (name, signal, n_atoms, atom, always) in fields {
        if named(name) || wanted.is_empty() && always {
            for gap in [1_000, 10_000, 100_000] {
                sparse(&mut planted(name, signal, n_atoms, atom, gap), gap);
            }
        }
    }
}
