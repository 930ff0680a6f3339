//! Dictionary learning: against the published code (tests/golden), against plain loops, and what has
//! to hold for any problem.
//!
//! `DICOD_LONG=1` (`make check-long`) goes through many more problems.

#[path = "../common/mod.rs"]
mod common;

mod background;
mod behaviour;
mod checkpoint;
mod crops;
mod descent;
mod memory;
mod non_negative;
mod planted;
mod published;
mod ranks;
mod robust;
mod sizes;
mod statistics;
mod weights;

use common::{Arrays, Point, Problem, golden, read_npz};
use dicod::csc::{Options, Strategy};
use dicod::learn::{Init, Learner, Learning, Method, Reference, Statistics};
use dicod::linalg::{Field, Real};
use dicod::options::solve::{Background, Missing};

fn long() -> bool {
    std::env::var_os("DICOD_LONG").is_some()
}

fn padded(shape: &[usize]) -> Point {
    let mut padded = [1; 3];
    padded[3 - shape.len()..].copy_from_slice(shape);
    padded
}

fn problem(arrays: &Arrays, d: &str) -> Problem {
    let (x, d) = (&arrays["X"], &arrays[d]);
    Problem {
        n_axes: x.shape.len() - 1,
        n_signals: 1,
        n_channels: x.shape[0],
        n_atoms: d.shape[0],
        signal: padded(&x.shape[1..]),
        atom: padded(&d.shape[2..]),
        periodic: [false; 3],
        x: x.values.clone(),
        d: d.values.clone(),
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    }
}

fn cases(prefix: &str) -> Vec<(String, Arrays)> {
    let names = std::fs::read_dir(golden("")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|n| n.starts_with(prefix) && n.ends_with(".npz")).collect();
    names.sort();
    names.into_iter().map(|n| (n.clone(), read_npz(&golden(&n)))).collect()
}

fn error(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let scale = b.iter().fold(1e-300, |m: f64, x| m.max(x.abs()));
    // A NaN must not get lost.
    a.iter().zip(b).map(|(a, b)| (a - b).abs() / scale).fold(0.0, |m, e| if e <= m { m } else { e })
}

fn statistics_of(problem: &Problem, z: &[f64], method: Method, n_threads: usize) -> Statistics {
    let options = Options { periodic: problem.periodic[3 - problem.n_axes..].to_vec(), ..Options::default() };
    let shape = problem.shape(&options);
    let z = Field::contiguous(z, problem.valid().map(|n| n as i64));
    let x = Field::contiguous(&problem.x, problem.signal.map(|n| n as i64));
    dicod::learn::statistics(&shape, &z, &x, method, n_threads).unwrap()
}

/// A number in 0..1 for each place of a sequence.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let mut x = self.0;
        x = (x ^ (x >> 32)).wrapping_mul(0xd6e8feb86659fd93);
        x = (x ^ (x >> 32)).wrapping_mul(0xd6e8feb86659fd93);
        ((x ^ (x >> 32)) >> 11) as f64 / (1u64 << 53) as f64
    }
    fn normal(&mut self) -> f64 {
        let (a, b) = (self.uniform() + 1e-300, self.uniform());
        (-2.0 * a.ln()).sqrt() * (2.0 * std::f64::consts::PI * b).cos()
    }
    fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }
}

fn random_problem(noise: &mut Noise) -> Problem {
    let n_axes = 1 + noise.below(3);
    let (most_l, most_t) = [(12, 60), (5, 18), (3, 8)][n_axes - 1];
    let (mut signal, mut atom, mut periodic) = ([1; 3], [1; 3], [false; 3]);
    for a in 3 - n_axes..3 {
        atom[a] = 1 + noise.below(most_l);
        signal[a] = atom[a] + noise.below(most_t);
        periodic[a] = noise.below(3) == 0;
    }
    let [n_signals, n_channels, n_atoms] = [2, 3, 4].map(|n| 1 + noise.below(n));
    let nx = n_signals * n_channels * common::volume(signal);
    let nd = n_atoms * n_channels * common::volume(atom);
    Problem {
        n_axes,
        n_signals,
        n_channels,
        n_atoms,
        signal,
        atom,
        periodic,
        x: (0..nx).map(|_| noise.normal()).collect(),
        d: (0..nd).map(|_| noise.normal()).collect(),
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    }
}

fn learner<T: Real>(problem: &Problem, options: &Options, n_threads: usize) -> Learner<T> {
    let mut options = options.clone();
    options.periodic = problem.periodic[3 - problem.n_axes..].to_vec();
    let shape = problem.shape(&options);
    let given = options.learn.init == Init::Given || !options.learn.fixed_atoms.is_empty();
    let given = given.then(|| problem.dictionary::<T>());
    let mut learner = Learner::new(shape, options, n_threads, given).unwrap();
    weigh(problem, &mut learner);
    learner
}

/// Gives a learner the weights of a problem, unless NaN says it all.
fn weigh<T: Real>(problem: &Problem, learner: &mut Learner<T>) {
    if !problem.w.is_empty() && !problem.nan_says_all(learner.options()) {
        let w = common::rounded::<T>(&problem.w);
        learner.set_weights(Some(&Field::contiguous(&w, problem.signal.map(|n| n as i64)))).unwrap();
    }
}

/// Holes, or weights of other kinds, for half of the problems.
fn weights_at_random(noise: &mut Noise, problem: &mut Problem, options: &mut Options) {
    let (n, kind) = (problem.x.len(), noise.below(10));
    if noise.below(2) == 0 {
        options.missing = Missing::Nan;
    }
    let mut draw = |of: &mut dyn FnMut(f64) -> f64| (0..n).map(|_| of(noise.uniform())).collect();
    problem.w = match kind {
        0 | 1 => draw(&mut |u| f64::from(u < 0.7)),
        2 => (0..n).map(|i| f64::from(i % 7 > 2)).collect(),
        3 => draw(&mut |u| if u < 0.2 { 0.0 } else { 3.0 * u }),
        4 => draw(&mut |u| 0.25 * (4.0 * u).exp2()),
        5 if problem.n_atoms == 1 => vec![0.0; n],
        _ => Vec::new(),
    };
}

/// Shapes of their own for the atoms of every third problem.
fn cut_at_random(noise: &mut Noise, problem: &mut Problem) {
    if noise.below(3) == 0 {
        problem.cut((0..problem.n_atoms).map(|_| problem.atom.map(|l| 1 + noise.below(l))).collect());
    }
}

/// Any way to learn it, four steps or so.
fn options_at_random(noise: &mut Noise, problem: &Problem) -> Options {
    let mut options = Options {
        reg: 0.02 + 0.4 * noise.uniform(),
        tol: [1e-1, 1e-2, 1e-4][noise.below(3)],
        positive: noise.below(2) == 0,
        seed: noise.below(1000) as i64,
        strategy: [Strategy::LocallyGreedy, Strategy::Random][noise.below(2)],
        learn: Learning {
            init: [Init::Given, Init::Random, Init::RandomPatches, Init::GreedyPatches][noise.below(4)],
            reg_reference: [Reference::First, Reference::Each][noise.below(2)],
            max_iter: 4,
            tol: 0.0,
            window: noise.below(4) == 0,
            rank_one: noise.below(3) == 0,
            online: noise.below(4) == 0,
            batch: noise.below(problem.n_signals + 1) as i64,
            forgetting: [0.0, 0.5, 1.0][noise.below(3)],
            redraw_below: [0.0, 0.3][noise.below(2)],
            statistics: [Method::Auto, Method::Sparse, Method::Fft][noise.below(3)],
            ..Learning::default()
        },
        ..Options::default()
    };
    match noise.below(6) {
        0 => options.background = Background::Mean,
        1 => {
            options.background = Background::Smooth;
            options.background_length = vec![1 + noise.below(60) as i64];
        }
        _ => (),
    }
    // Two values at least, in a window, too.
    let rooms = |shape: Point| shape.map(|l| if options.learn.window && l > 1 { l.saturating_sub(2) } else { l });
    let mut shapes = problem.atoms.iter().chain([&problem.atom]);
    options.learn.zero_mean = shapes.all(|shape| common::volume(rooms(*shape)) > 1) && noise.below(3) == 0;
    // Of given atoms nothing may be left.
    if !options.learn.online && options.learn.batch == 0 && noise.below(3) == 0 {
        options.learn.robust = [0.1, 0.4, 0.9][noise.below(3)];
    }
    options.learn.non_negative = !options.learn.zero_mean && options.learn.init != Init::Given && noise.below(4) == 0;
    options
}
