//! Solves against the floor: `cargo bench --bench solve`, or `make bench`.
//!
//! The floor of a solve is its *replay*: the same steps, in the same order, applied as c −= δ·G over
//! the same windows of one row-major array, atoms innermost, and nothing else, in the type of the arrays (a
//! solve in double precision may keep c in single). Each row is measured in one run, solve and replay in turn, and
//! shows medians.

use dicod::csc::{Encoder, Info, Options, Shape, Step};
use dicod::grid::point::Point;
use dicod::linalg::kernels::{Isa, Rows};
use dicod::linalg::{Dictionary, Field, Gram, Real};
use std::time::Instant;

const REPEATS: usize = 5;

/// A problem in double precision; converted for other element types.
struct Problem {
    name: &'static str,
    signal: Vec<i64>,
    n_channels: usize,
    n_atoms: usize,
    atom: Vec<i64>,
    x: Vec<f64>,
    d: Vec<f64>,
}

/// xorshift64*: enough for test data.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }

    /// Nearly normal.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.below(1 << 20) as f64 / (1 << 20) as f64).sum::<f64>() - 6.0
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn standardise(x: &mut [f64]) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let scale = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    x.iter_mut().for_each(|v| *v = (*v - mean) / scale);
}

fn normalise(atom: &mut [f64]) {
    let mean = atom.iter().sum::<f64>() / atom.len() as f64;
    atom.iter_mut().for_each(|v| *v -= mean);
    let norm = atom.iter().map(|v| v * v).sum::<f64>().sqrt();
    atom.iter_mut().for_each(|v| *v /= norm.max(1e-12));
}

/// The pixels of a binary PGM or PPM: width, height, channels, interleaved values.
fn read_pnm(path: &str) -> (usize, usize, usize, Vec<u8>) {
    let path = format!("{}/examples/data/{path}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let text = String::from_utf8_lossy(&bytes[..64.min(bytes.len())]).into_owned();
    let mut words = text.split_ascii_whitespace();
    let channels = if words.next() == Some("P6") { 3 } else { 1 };
    let mut number = || words.next().and_then(|w| w.parse::<usize>().ok()).expect("header");
    let (width, height) = (number(), number());
    let pixels = bytes[bytes.len() - width * height * channels..].to_vec();
    (width, height, channels, pixels)
}

/// The top-left square of a picture with K of its patches as atoms.
fn picture(name: &'static str, file: &str, side: usize, n_atoms: usize, l: usize) -> Problem {
    let (width, _, n_channels, pixels) = read_pnm(file);
    let mut x = Vec::with_capacity(n_channels * side * side);
    for p in 0..n_channels {
        for i in 0..side {
            x.extend((0..side).map(|j| f64::from(pixels[(i * width + j) * n_channels + p])));
        }
    }
    x.chunks_exact_mut(side * side).for_each(standardise);
    let mut random = Random(7);
    let mut d = Vec::new();
    while d.len() < n_atoms * n_channels * l * l {
        let (i, j) = (random.below(side - l), random.below(side - l));
        let mut atom = Vec::new();
        for p in 0..n_channels {
            for a in 0..l {
                let first = (p * side + i + a) * side + j;
                atom.extend_from_slice(&x[first..first + l]);
            }
        }
        let mean = atom.iter().sum::<f64>() / atom.len() as f64;
        // Flat patches make no atom.
        if atom.iter().map(|v| (v - mean).powi(2)).sum::<f64>() > 0.01 * atom.len() as f64 {
            normalise(&mut atom);
            d.extend(atom);
        }
    }
    let (side, l) = (side as i64, l as i64);
    Problem { name, signal: vec![side; 2], n_channels, n_atoms, atom: vec![l; 2], x, d }
}

/// Smooth random atoms at random places, and noise; one or three axes.
fn synthetic(name: &'static str, signal: &[i64], n_atoms: usize, atom: &[i64]) -> Problem {
    let mut random = Random(9);
    let pad = |shape: &[i64]| -> Point {
        std::array::from_fn(|a| if a < 3 - shape.len() { 1 } else { shape[a + shape.len() - 3] })
    };
    let ([t0, t1, t2], [l0, l1, l2]) = (pad(signal), pad(atom));
    let volume = (l0 * l1 * l2) as usize;
    let mut d = Vec::new();
    for _ in 0..n_atoms {
        let waves: Vec<[f64; 5]> = (0..4).map(|_| std::array::from_fn(|_| random.normal())).collect();
        let mut values = Vec::with_capacity(volume);
        for i in 0..l0 {
            for j in 0..l1 {
                for k in 0..l2 {
                    let place = |x: i64, l: i64| (x as f64 + 0.5) / l as f64;
                    let u = [place(i, l0), place(j, l1), place(k, l2)];
                    let taper: f64 = u.iter().map(|u| (std::f64::consts::PI * u).sin()).product();
                    let wave: f64 = waves
                        .iter()
                        .map(|w| {
                            let phase: f64 = (0..3).map(|a| 6.0 * w[a] * u[a]).sum();
                            w[3] * (phase + 3.0 * w[4]).sin()
                        })
                        .sum();
                    values.push(taper * wave);
                }
            }
        }
        normalise(&mut values);
        d.extend(values);
    }
    let n = (t0 * t1 * t2) as usize;
    let mut x: Vec<f64> = (0..n).map(|_| 0.02 * random.normal()).collect();
    for _ in 0..n / (volume / 4).max(1) {
        let at = [t0 - l0 + 1, t1 - l1 + 1, t2 - l2 + 1].map(|n| random.below(n as usize) as i64);
        let (atom, height) = (random.below(n_atoms), random.normal());
        for s in 0..volume as i64 {
            let [i, j, k] = [s / (l1 * l2), s / l2 % l1, s % l2];
            let to = ((at[0] + i) * t1 + at[1] + j) * t2 + at[2] + k;
            x[to as usize] += height * d[atom * volume + s as usize];
        }
    }
    Problem { name, signal: signal.to_vec(), n_channels: 1, n_atoms, atom: atom.to_vec(), x, d }
}

impl Problem {
    fn encoder<T: Real>(&self, options: &Options, threads: usize) -> Encoder<T> {
        let shape = self.shape(options);
        let d: Vec<T> = self.d.iter().map(|v| T::of(*v)).collect();
        let d = Dictionary::full(self.n_atoms, self.n_channels, shape.atom, &d).unwrap();
        Encoder::new(shape, d, options.clone(), threads).unwrap()
    }

    fn shape(&self, options: &Options) -> Shape {
        let (p, k) = (self.n_channels as i64, self.n_atoms as i64);
        Shape::new(&self.signal, 1, p, k, &self.atom, options).unwrap()
    }
}

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

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let problems = [
        picture("2-D 256², K=25, 12×12, P=1", "ascent.pgm", 256, 25, 12),
        picture("2-D 512², K=25, 12×12, P=1", "ascent.pgm", 512, 25, 12),
        picture("2-D 256², K=25, 12×12, P=3", "face.ppm", 256, 25, 12),
        picture("2-D 512², K=25, 12×12, P=3", "face.ppm", 512, 25, 12),
        picture("2-D 256², K=5, 8×8, P=1", "ascent.pgm", 256, 5, 8),
        synthetic("1-D 100 000, K=10, L=250", &[100_000], 10, &[250]),
        synthetic("3-D 64³, K=8, 8³", &[64; 3], 8, &[8; 3]),
    ];
    println!("tol = 1e-2 (relative), medians of {REPEATS}; correlation and its floor in ms\n");
    println!(
        "| problem | λ/λmax | type | steps | steps/s | µs/step | floor µs/step | ratio | 2 threads | correlate | bare | B/z |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for problem in &problems {
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
    for problem in &problems[..2] {
        if !wanted.is_empty() && !wanted.iter().any(|w| format!("masks {}", problem.name).contains(w.as_str())) {
            continue;
        }
        for reg in [0.1, 0.3] {
            masked::<f64>(problem, reg, "f64");
            masked::<f32>(problem, reg, "f32");
        }
    }
}
