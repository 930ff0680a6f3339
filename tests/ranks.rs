//! Solves over ranks of this process: whatever the number of ranks and threads, and however the field
//! is spread over them, every bit of the answer is that of a single rank. Messages are delayed and
//! overtake each other as MPI allows.
//!
//! `DICOD_LONG=1` goes through 20 000 problems with each solver, `DICOD_LONG=500` through 500.

mod common;

use common::{Answer, Point, Problem, bits, rounded, volume};
use dicod::base::error::{Error, Result};
use dicod::csc::{Activity, Encoder, Info, Options, RegScale, Schedule, Span, Stop, Strategy, objective, reconstruct};
use dicod::grid::block::Block;
use dicod::learn::Learner;
use dicod::linalg::{Field, FieldMut, Real, Strided};
use dicod::options::solve::{Missing, Proof, SoftLock};
use dicod::ranks::local::{Local, Weather};
use dicod::ranks::{Reduce, Transport};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::sync::Arc;
use std::time::Duration;

struct Random(ChaCha8Rng);

impl Random {
    fn new(seed: u64) -> Self {
        Random(ChaCha8Rng::seed_from_u64(seed))
    }
    /// In 0..n.
    fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n as u64) as usize
    }
    fn coin(&mut self) -> bool {
        self.below(2) == 1
    }
    fn value(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

fn problem(random: &mut Random) -> (Problem, Options) {
    let n_axes = 1 + random.below(3);
    let longest = [120, 24, 10][n_axes - 1];
    let mut shape = |least: usize, most: usize| -> Point {
        std::array::from_fn(|a| match a + n_axes >= 3 {
            true => least + random.below(most),
            false => 1,
        })
    };
    let atom = shape(1, [12, 5, 3][n_axes - 1]);
    let more = shape(0, longest);
    let signal = std::array::from_fn(|a| atom[a] + if a + n_axes >= 3 { more[a] } else { 0 });
    let periodic = std::array::from_fn(|a| a + n_axes >= 3 && random.coin());
    let mut problem = Problem {
        n_axes,
        n_signals: 1 + random.below(2),
        n_channels: 1 + random.below(2),
        n_atoms: 1 + random.below(4),
        signal,
        atom,
        periodic,
        x: Vec::new(),
        d: Vec::new(),
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    };
    let n = problem.n_signals * problem.n_channels * volume(signal);
    problem.x = (0..n).map(|_| random.value()).collect();
    if random.below(3) == 0 {
        // Hardly anything in most places: tiles that nobody looks at until a step comes near.
        problem.x.iter_mut().enumerate().filter(|(i, _)| i / 30 % 5 > 0).for_each(|(_, x)| *x *= 1e-3);
    }
    let n = problem.n_atoms * problem.n_channels * volume(atom);
    problem.d = (0..n).map(|_| random.value()).collect();
    let strategies = [
        Strategy::LocallyGreedy,
        Strategy::LocallyGreedy,
        Strategy::Random,
        Strategy::Cyclic,
        Strategy::CyclicShuffled,
        Strategy::Greedy,
    ];
    let mut options = Options {
        reg: 0.02 + 0.3 * random.value().abs(),
        tol: [1e-2, 1e-4, 1e-7][random.below(3)],
        positive: random.below(4) == 0,
        strategy: strategies[random.below(6)],
        seed: random.below(100) as i64,
        ..Options::default()
    };
    if random.coin() {
        // Small tiles: many of them, and many borders.
        let tile = |a: usize| (atom[a] + random.below(2 * atom[a])) as i64;
        options.tile_shape = [0, 1, 2].map(tile)[3 - n_axes..].to_vec();
    }
    if options.strategy == Strategy::Greedy {
        options.tile_shape.clear();
    }
    options.periodic = periodic[3 - n_axes..].to_vec();
    if random.below(4) == 0 {
        options.gap_tol = [0.1, 1e-3][random.below(2)];
    }
    if random.below(4) == 0 {
        options.proof = Proof::Tight;
    }
    if random.below(3) == 0 {
        options.reg_scale = RegScale::PerAtom;
    }
    if random.below(3) == 0 {
        problem.ridge = [0.01, 1.0][random.below(2)];
        options.ridge = problem.ridge;
    }
    if random.below(3) == 0 {
        let factors = [0.5, 1.0, 1.0, 3.0, f64::INFINITY, if random.below(4) == 0 { 0.0 } else { 1.0 }];
        problem.factors = (0..problem.n_z()).map(|_| factors[random.below(6)]).collect();
    }
    if random.below(3) == 0 {
        problem.cut((0..problem.n_atoms).map(|_| atom.map(|l| 1 + random.below(l))).collect());
    }
    (problem, options)
}

/// Weights for every other problem: holes here and there or in one piece, which NaN alone may tell of, or any numbers.
fn weigh(problem: &mut Problem, options: &mut Options, random: &mut Random) {
    let (n, row) = (problem.x.len(), problem.signal[2]);
    problem.w = match random.below(6) {
        0 => (0..n).map(|_| f64::from(u8::from(random.below(4) > 0))).collect(),
        1 => (0..n).map(|i| f64::from(u8::from((i % row) * 3 / row != 1))).collect(),
        2 => (0..n).map(|_| if random.below(5) > 0 { 0.7 * random.value().abs() } else { 0.0 }).collect(),
        _ => Vec::new(),
    };
    if random.coin() {
        options.missing = Missing::Nan;
    }
}

fn point(shape: Point) -> [i64; 3] {
    shape.map(|n| n as i64)
}

/// Cuts a domain into `n` boxes, some of which may be empty.
fn partition(domain: Point, n: usize, random: &mut Random) -> Vec<Block> {
    let mut parts = vec![Block::whole(point(domain))];
    let style = random.below(4);
    while parts.len() < n {
        let which = match style {
            // One rank has everything.
            0 => {
                parts.push(Block::default());
                continue;
            }
            1 => random.below(parts.len()),
            _ => (0..parts.len()).max_by_key(|i| parts[*i].volume()).unwrap_or(0),
        };
        let axis = match style {
            2 => (0..3).max_by_key(|a| parts[which].shape[*a]).unwrap_or(0),
            _ => random.below(3),
        };
        let mut part = parts[which];
        let mut other = part;
        let at = match style {
            2 => part.shape[axis] / 2,
            _ => random.below(part.shape[axis] as usize + 1) as i64,
        };
        part.shape[axis] = at;
        other.origin[axis] += at;
        other.shape[axis] -= at;
        parts[which] = part;
        parts.push(other);
    }
    for i in (1..n).rev() {
        parts.swap(i, random.below(i + 1));
    }
    parts
}

/// A rank's block of an array, with ghost layers of NaN around it, each channel by itself.
struct Held<T> {
    block: Block,
    layout: Strided,
    channels: Vec<Vec<T>>,
}

impl<T: Real> Held<T> {
    fn new(block: Block, n_channels: usize, random: &mut Random) -> Self {
        let ghosts = [0, 1, 2].map(|_| random.below(3) as i64);
        let stored: [i64; 3] = std::array::from_fn(|a| block.shape[a] + 2 * ghosts[a]);
        let mut layout = Strided::contiguous(stored);
        layout.base = layout.index(ghosts);
        layout.shape = block.shape;
        let n = stored.iter().product::<i64>() as usize;
        Held { block, layout, channels: vec![vec![T::NAN; n]; n_channels] }
    }

    fn each(&self, mut visit: impl FnMut([i64; 3], usize)) {
        self.block.for_each_row(|at| {
            for k in 0..self.block.shape[2] {
                let at = [at[0], at[1], at[2] + k];
                let local = std::array::from_fn(|a| at[a] - self.block.origin[a]);
                visit(at, self.layout.index(local));
            }
        });
    }

    /// Takes its part of a whole array.
    fn fill(mut self, whole: &[T], domain: Point) -> Self {
        let mut places = Vec::new();
        self.each(|at, i| places.push((at, i)));
        for (channel, to) in self.channels.iter_mut().enumerate() {
            for (at, i) in &places {
                to[*i] = whole[index(channel, *at, domain)];
            }
        }
        self
    }

    fn field(&self) -> Field<'_, T> {
        Field {
            channels: self.channels.iter().map(|c| &c[..]).collect(),
            layout: self.layout,
            origin: self.block.origin,
        }
    }

    fn field_mut(&mut self) -> FieldMut<'_, T> {
        FieldMut {
            layout: self.layout,
            origin: self.block.origin,
            channels: self.channels.iter_mut().map(|c| &mut c[..]).collect(),
        }
    }
}

fn index(channel: usize, at: [i64; 3], domain: Point) -> usize {
    let at = at.map(|x| x as usize);
    ((channel * domain[0] + at[0]) * domain[1] + at[1]) * domain[2] + at[2]
}

/// What must not depend on the ranks.
fn essence(info: &Info) -> impl PartialEq + std::fmt::Debug + use<> {
    let c = &info.certificate;
    let numbers = [info.lambda_max, info.tol, c.objective, c.data_term, c.max_step, c.gap];
    (info.stop, info.steps, info.visits, info.sweeps, info.nonzeros, numbers.map(f64::to_bits))
}

/// Two solves on the same encoder, the second from the first's z with another signal.
fn alone<T: Real>(problem: &Problem, options: &Options) -> [Answer<T>; 2] {
    let mut encoder = common::encoder(problem, problem.dictionary::<T>(), options, 1);
    let first = common::encode(problem, &mut encoder, None, None);
    let mut later = problem.clone();
    later.x.iter_mut().for_each(|x| *x *= 0.9);
    let z = first.z.iter().map(|z| z.wide()).collect::<Vec<_>>();
    let second = common::encode(&later, &mut encoder, Some(&z), None);
    [first, second]
}

fn over_ranks<T: Real>(
    ranks: Arc<dyn Transport>,
    problem: &Problem,
    options: &Options,
    n_threads: usize,
    seed: u64,
    expected: &[Answer<T>; 2],
) -> Result<()> {
    let (me, size) = (ranks.rank(), ranks.size());
    let mut common_random = Random::new(seed);
    let mut own_random = Random::new(seed ^ (me as u64 + 1) << 32);
    let shape = problem.shape(options);
    let (n_x, n_z) = (problem.n_signals * problem.n_channels, problem.n_signals * problem.n_atoms);
    let dictionary = problem.dictionary::<T>();
    let mut encoder = Encoder::over(ranks, shape, dictionary, options.clone(), n_threads)?;
    let valid = problem.valid();
    if !problem.w.is_empty() && !problem.nan_says_all(options) {
        let blocks = partition(problem.signal, size, &mut common_random);
        let w = Held::new(blocks[me], n_x, &mut own_random).fill(&rounded::<T>(&problem.w), problem.signal);
        encoder.set_weights(Some(&w.field()))?;
    }
    if !problem.factors.is_empty() {
        let blocks = partition(valid, size, &mut common_random);
        let f = Held::new(blocks[me], n_z, &mut own_random).fill(&rounded::<T>(&problem.factors), valid);
        encoder.set_penalties(Some(&f.field()))?;
    }
    let mut x = rounded::<T>(&problem.with_holes());
    for (round, expected) in expected.iter().enumerate() {
        let blocks = partition(problem.signal, size, &mut common_random);
        let held = Held::new(blocks[me], n_x, &mut own_random).fill(&x, problem.signal);
        let info = encoder.solve(&held.field(), None)?;
        assert_eq!(essence(&info), essence(&expected.info), "round {round}");
        // Each rank asks for a box of its own; they may overlap.
        let boxes = partition(valid, 2, &mut own_random);
        let mut z = Held::<T>::new(boxes[0], n_z, &mut own_random);
        encoder.z(&mut z.field_mut())?;
        let mut n_nonzero = 0;
        z.each(|at, i| {
            for (channel, z) in z.channels.iter().enumerate() {
                let value = expected.z[index(channel, at, valid)];
                n_nonzero += usize::from(value != T::ZERO);
                assert_eq!(z[i].wide().to_bits(), value.wide().to_bits(), "z[{channel}, {at:?}]");
            }
        });
        let outside = z.channels.iter().flatten().filter(|z| z.finite()).count();
        assert_eq!(outside, n_z * boxes[0].volume() as usize, "ghost layers were written");
        let list = encoder.activations_in(&boxes[0])?;
        assert_eq!(list.len(), n_nonzero);
        for a in list {
            let channel = a.signal * problem.n_atoms + a.atom;
            let value = expected.z[index(channel, a.at, valid)];
            assert_eq!(a.value.wide().to_bits(), value.wide().to_bits());
        }
        let own = encoder.activations()?.len() as i64;
        let all = encoder.ranks().reduce(Reduce::Sum, &[own])?[0];
        assert_eq!(all as u64, info.nonzeros);
        on_any_blocks(&mut encoder, problem, &held, &x, expected, &mut own_random)?;
        // The next one starts from this z, brought in by other ranks.
        let z_blocks = partition(valid, size, &mut common_random);
        let start = Held::new(z_blocks[me], n_z, &mut own_random).fill(&expected.z, valid);
        encoder.set_z(&start.field())?;
        x.iter_mut().for_each(|x| *x = T::of(0.9 * x.wide()));
    }
    Ok(())
}

/// What z stands for, and what it leaves of x, on a box that each rank asks for: what the local functions say, every bit. And
/// the objective.
fn on_any_blocks<T: Real>(
    encoder: &mut Encoder<T>,
    problem: &Problem,
    held: &Held<T>,
    x: &[T],
    expected: &Answer<T>,
    random: &mut Random,
) -> Result<()> {
    let n_x = problem.n_signals * problem.n_channels;
    let (shape, options) = (encoder.shape().clone(), encoder.options().clone());
    let whole_z = Field::contiguous(&expected.z, shape.valid());
    let mut model = vec![T::ZERO; x.len()];
    reconstruct(&shape, &problem.dictionary(), &whole_z, &mut FieldMut::contiguous(&mut model, shape.signal))?;
    let block = partition(problem.signal, 3, random)[0];
    let mut found = Held::<T>::new(block, n_x, random);
    encoder.reconstruct(&mut found.field_mut())?;
    let mut left = Held::<T>::new(block, n_x, random);
    encoder.residual(&held.field(), &mut left.field_mut())?;
    let value = |of: &Held<T>, channel: usize, at: [i64; 3]| {
        let local = std::array::from_fn(|a| at[a] - of.block.origin[a]);
        bits(&[of.channels[channel][of.layout.index(local)]])
    };
    // What is missing stays that.
    let left_of = |i: usize| if x[i].finite() { x[i] - model[i] } else { T::NAN };
    found.each(|at, _| {
        for channel in 0..n_x {
            let i = index(channel, at, problem.signal);
            assert_eq!(value(&found, channel, at), bits(&[model[i]]), "D*z[{channel}, {at:?}]");
            assert_eq!(value(&left, channel, at), bits(&[left_of(i)]), "x - D*z[{channel}, {at:?}]");
        }
    });
    for of in if problem.w.contains(&0.0) { vec![&found] } else { vec![&found, &left] } {
        let written = of.channels.iter().flatten().filter(|v| v.finite()).count();
        assert_eq!(written, n_x * block.volume() as usize, "ghost layers were written");
    }
    let (value, data_term) = encoder.objective(&held.field())?;
    let whole_x = Field::contiguous(x, shape.signal);
    let certificate = &expected.info.certificate;
    let local = match problem.w.is_empty() && problem.factors.is_empty() {
        true => objective(&shape, &problem.dictionary(), &options, 1, &whole_x, &whole_z)?,
        false => (certificate.objective, certificate.data_term),
    };
    let near = |a: f64, b: f64| (a - b).abs() <= local.0 * if size_of::<T>() == 8 { 1e-12 } else { 1e-5 };
    assert!(near(value, local.0) && near(data_term, local.1), "{value:e} {data_term:e} {local:?}");
    // Of all ranks the same.
    let bits = [value, data_term].map(|v| v.to_bits() as i64);
    assert_eq!(encoder.ranks().reduce(Reduce::Max, &bits)?, bits);
    // Nothing has changed.
    assert_eq!(encoder.objective(&held.field())?, (value, data_term));
    Ok(())
}

/// On each of `sizes` ranks, with up to `most_threads` threads.
fn compare<T: Real>(seed: u64, sizes: &[usize], most_threads: usize) {
    let mut random = Random::new(seed);
    let (mut problem, mut options) = problem(&mut random);
    weigh(&mut problem, &mut options, &mut Random::new(!seed));
    options.warm_start = true;
    // Some strategies take for ever on some problems.
    options.max_iter = 20_000;
    if size_of::<T>() == 4 {
        options.tol = options.tol.max(1e-4);
    }
    let mut twice = problem.clone();
    // The second signal is scaled in T, as on the ranks.
    twice.x = rounded::<T>(&problem.x).iter().map(|x| x.wide()).collect();
    let expected = alone::<T>(&twice, &options);
    for &size in sizes {
        // Many threads on few cores are slow.
        for n_threads in 1..=if size <= 4 { most_threads } else { 1 } {
            let weather = Weather { seed: seed + size as u64, delay: [0, 3][random.below(2)], failure: None };
            let results =
                Local::run(size, weather, |ranks| over_ranks(ranks, &twice, &options, n_threads, seed, &expected));
            for result in results {
                let told = format!("seed {seed}, {size} ranks, {n_threads} threads");
                result.expect(&told).expect(&told);
            }
        }
    }
}

fn count(short: u64, long: u64) -> u64 {
    match std::env::var("DICOD_LONG") {
        // A number: that many.
        Ok(text) => match text.parse() {
            Ok(n) if n > 1 => n,
            _ => long,
        },
        Err(_) => short,
    }
}

/// Fails instead of hanging.
fn within<R: Send + 'static>(seconds: u64, what: &str, work: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, finished) = std::sync::mpsc::channel();
    let handle = std::thread::spawn(move || {
        let result = work();
        let _ = done.send(());
        result
    });
    match finished.recv_timeout(Duration::from_secs(seconds)) {
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("{what}: no end in {seconds} s"),
        _ => handle.join().unwrap(),
    }
}

#[test]
fn every_bit_is_that_of_one_rank() {
    let n = count(24, 20_000);
    for seed in 0..n {
        within(300, &format!("seed {seed}"), move || {
            // The first ones on many ranks and threads, all others on one number of them.
            let all = [[1, 2, 7], [3, 4, 5], [9, 2, 16]][seed as usize % 3];
            let one = [2, 3, 2, 4, 3, 2, 5, 7, 9, 16][seed as usize / 3 % 10];
            let (sizes, most_threads) = match seed {
                0..24 => (&all[..], 2),
                _ => (&[one][..], 1),
            };
            match seed % 2 {
                0 => compare::<f64>(seed, sizes, most_threads),
                _ => compare::<f32>(seed, sizes, most_threads),
            }
        });
    }
    println!("{n} problems, every bit that of one rank");
}

fn fixed(signal: Point, atom: Point) -> (Problem, Options) {
    let mut random = Random::new(5);
    let n = 2 * volume(signal);
    let problem = Problem {
        n_axes: 2,
        n_signals: 1,
        n_channels: 2,
        n_atoms: 3,
        signal,
        atom,
        periodic: [false, true, false],
        x: (0..n).map(|_| random.value()).collect(),
        d: (0..6 * volume(atom)).map(|_| random.value()).collect(),
        w: Vec::new(),
        ridge: 0.0,
        atoms: Vec::new(),
        factors: Vec::new(),
    };
    let options =
        Options { periodic: vec![true, false], reg: 0.05, tol: 1e-5, tile_shape: vec![8, 8], ..Options::default() };
    (problem, options)
}

/// Runs the same on every rank; all have to end within the time.
fn on_ranks<R: Send + 'static>(
    size: usize,
    weather: Weather,
    work: impl Fn(Arc<dyn Transport>) -> R + Send + Sync + 'static,
) -> Vec<R> {
    let results = within(120, "ranks", move || Local::run(size, weather, work));
    results.into_iter().map(|r| r.unwrap()).collect()
}

const ROUGH: Weather = Weather { seed: 3, delay: 3, failure: None };

/// Slabs along the second padded axis.
fn slabs(domain: Point, size: usize) -> Vec<Block> {
    let n = domain[1];
    (0..size)
        .map(|rank| {
            let (from, to) = (n * rank / size, n * (rank + 1) / size);
            Block { origin: [0, from as i64, 0], shape: [1, (to - from) as i64, domain[2] as i64] }
        })
        .collect()
}

fn held(problem: &Problem, block: Block) -> Held<f64> {
    Held::new(block, 2, &mut Random::new(1)).fill(&problem.x, problem.signal)
}

fn make(ranks: Arc<dyn Transport>, problem: &Problem, options: &Options) -> Result<Encoder<f64>> {
    let shape = problem.shape(options);
    Encoder::over(ranks, shape, problem.dictionary(), options.clone(), 1)
}

/// What is said when one of four ranks brings another value.
fn alike(bad: usize, usual: &str, other: &str) -> String {
    let values = match bad {
        0 => format!("{other} on rank 0, {usual} on ranks 1-3"),
        1 => format!("{usual} on ranks 0, 2 and 3, {other} on rank 1"),
        2 => format!("{usual} on ranks 0, 1 and 3, {other} on rank 2"),
        _ => format!("{usual} on ranks 0-2, {other} on rank 3"),
    };
    format!("the same on every rank, is {values}")
}

#[test]
fn what_is_wrong_on_one_rank_is_an_error_on_all_and_the_next_call_works() {
    let (problem, options) = fixed([1, 40, 20], [1, 4, 3]);
    for bad in 0..4 {
        let (problem, options) = (problem.clone(), options.clone());
        on_ranks(4, ROUGH, move |ranks| {
            let me = ranks.rank();
            let all = |result: Result<()>| result.unwrap_err().to_string();
            let mut encoder = make(ranks.clone(), &problem, &options).unwrap();
            let good = held(&problem, slabs(problem.signal, 4)[me]);
            let expected = encoder.solve(&good.field(), None).unwrap();
            // NaN in the field.
            let mut spoiled = held(&problem, slabs(problem.signal, 4)[me]);
            let first = spoiled.layout.base;
            if me == bad {
                spoiled.channels[1][first] = f64::NAN;
            }
            let message = all(encoder.solve(&spoiled.field(), None).map(drop));
            assert!(message.starts_with(&format!("rank {bad}: x[1, 0, {}", 10 * bad)), "{message}");
            // A block too many, a hole, a block outside.
            let mut blocks = slabs(problem.signal, 4);
            if bad < 3 {
                blocks[bad].shape[1] += 1;
                let message = all(encoder.solve(&held(&problem, blocks[me]).field(), None).map(drop));
                let (row, next) = (10 * bad + 10, bad + 1);
                let text = format!("[{row}..{}, 0..20] on ranks {bad} and {next}", row + 1);
                assert!(message.contains(&text), "{message}");
            }
            let mut blocks = slabs(problem.signal, 4);
            blocks[bad] = Block::default();
            let message = all(encoder.solve(&held(&problem, blocks[me]).field(), None).map(drop));
            let text = format!("[{}..{}, 0..20] on no rank", 10 * bad, 10 * bad + 10);
            assert!(message.contains(&text), "{message}");
            // Another dictionary, or other options.
            let mut other = problem.clone();
            other.d[0] += f64::from(u8::from(me == bad));
            let message = all(make(ranks.clone(), &other, &options).map(drop));
            let [one, other] = ["one", "another"];
            let text = format!("the dictionary must be {}", alike(bad, one, other));
            let swapped = format!("the dictionary must be {}", alike(bad, other, one));
            assert_eq!(message, if bad == 0 { swapped } else { text });
            let reg = if me == bad { 0.06 } else { 0.05 };
            let other = Options { reg, ..options.clone() };
            let message = all(make(ranks.clone(), &problem, &other).map(drop));
            let text = alike(bad, "0.05", "0.06");
            assert_eq!(message, format!("option \"reg\" must be {text}"));
            // A penalty that is none, or one for some ranks alone: those that there were hold.
            let valid = problem.valid();
            let mut factors = Held::<f64>::new(slabs(valid, 4)[me], problem.n_atoms, &mut Random::new(1));
            factors.channels.iter_mut().for_each(|channel| channel.fill(0.5));
            encoder.set_penalties(Some(&factors.field())).unwrap();
            let eased = encoder.solve(&good.field(), None).unwrap();
            assert_ne!(essence(&eased), essence(&expected));
            let mut wrong = Held::<f64>::new(slabs(valid, 4)[me], problem.n_atoms, &mut Random::new(1));
            let base = wrong.layout.base;
            wrong.channels.iter_mut().for_each(|channel| channel.fill(2.0));
            for value in [-1.0, f64::NAN] {
                wrong.channels[1][base] = if me == bad { value } else { 2.0 };
                let message = all(encoder.set_penalties(Some(&wrong.field())));
                let first = slabs(valid, 4)[bad].origin[1];
                let text = format!("rank {bad}: penalties[0, 1, {first}, 0] must be at least 0");
                assert!(message.starts_with(&text) && message.ends_with(&format!("is {value}")), "{message}");
            }
            let message = all(encoder.set_penalties((me != bad).then_some(&factors.field())));
            assert!(message.starts_with("penalties must be"), "{message}");
            assert_eq!(essence(&encoder.solve(&good.field(), None).unwrap()), essence(&eased));
            encoder.set_penalties(None).unwrap();
            assert_eq!(essence(&encoder.solve(&good.field(), None).unwrap()), essence(&expected));
            // The same of what is asked for, and it may be nothing.
            let mut all_of_it = Held::<f64>::new(Block::whole(point(problem.signal)), 2, &mut Random::new(1));
            let mut outside = Held::<f64>::new(Block { origin: [0, 35, 0], shape: [1, 6, 20] }, 2, &mut Random::new(1));
            let asked = if me == bad { &mut outside } else { &mut all_of_it };
            let message = all(encoder.reconstruct(&mut asked.field_mut()));
            let text = format!("rank {bad}: x must be inside the domain, which has the shape [40, 20], is of shape");
            assert!(message.starts_with(&text), "{message}");
            let message = all(encoder.residual(&good.field(), &mut asked.field_mut()));
            assert!(message.starts_with(&format!("rank {bad}: the residual must be inside")), "{message}");
            let message = all(encoder.residual(&spoiled.field(), &mut all_of_it.field_mut()));
            assert!(message.starts_with(&format!("rank {bad}: x[1, 0, {}", 10 * bad)), "{message}");
            let message = all(encoder.objective(&spoiled.field()).map(drop));
            assert!(message.starts_with(&format!("rank {bad}: x[1, 0, {}", 10 * bad)), "{message}");
            assert!(all_of_it.channels.iter().flatten().all(|v| v.is_nan()));
            // After all that the encoder works as before.
            let info = encoder.solve(&good.field(), None).unwrap();
            assert_eq!(essence(&info), essence(&expected));
        });
    }
}

/// F, gap and z of every point of a path, on some ranks; that of the last one stops it if asked to.
fn walk(
    ranks: Arc<dyn Transport>,
    problem: &Problem,
    options: &Options,
    n_threads: usize,
    stop_at: usize,
) -> Vec<Vec<u64>> {
    let (me, size) = (ranks.rank(), ranks.size());
    let x = held(problem, slabs(problem.signal, size)[me]);
    let shape = problem.shape(options);
    let valid = shape.valid();
    let mut encoder = Encoder::over(ranks, shape, problem.dictionary::<f64>(), options.clone(), n_threads).unwrap();
    let mut points = Vec::new();
    let reg = dicod::csc::reg_path(5, 0.8, 0.05).unwrap();
    let stop = dicod::csc::solve_path(&mut encoder, &x.field(), &reg, |encoder, point, info| {
        assert_eq!(point, points.len());
        // Collective, with another box on each rank.
        let mut z = vec![0.0; problem.n_atoms * valid.iter().product::<i64>() as usize];
        encoder.z(&mut FieldMut::contiguous(&mut z, valid)).unwrap();
        let numbers = [info.certificate.objective, info.certificate.gap, info.lambda[0], info.steps as f64];
        points.push(bits(&numbers).into_iter().chain(bits(&z)).collect());
        me + 1 < size || point != stop_at
    });
    assert_eq!(stop.unwrap(), if stop_at < 4 { Stop::Cancelled } else { Stop::Converged });
    points
}

#[test]
fn a_path_is_the_same_on_any_ranks_and_one_of_them_may_stop_it() {
    let (problem, options) = fixed([1, 60, 40], [1, 4, 3]);
    for stop_at in [2, 9] {
        let (of_one, options_of_one) = (problem.clone(), options.clone());
        let expected = walk(Arc::new(Local::alone()), &of_one, &options_of_one, 1, stop_at);
        assert_eq!(expected.len(), if stop_at < 5 { stop_at + 1 } else { 5 });
        for (size, n_threads) in [(1, 3), (3, 1), (4, 2)] {
            let (problem, options, expected) = (problem.clone(), options.clone(), expected.clone());
            on_ranks(size, ROUGH, move |ranks| {
                assert!(walk(ranks, &problem, &options, n_threads, stop_at) == expected, "{size} ranks");
            });
        }
    }
}

#[test]
fn one_rank_stops_all() {
    let (problem, options) = fixed([1, 60, 40], [1, 4, 3]);
    for bad in 0..3 {
        let (problem, options) = (problem.clone(), options.clone());
        on_ranks(3, ROUGH, move |ranks| {
            let me = ranks.rank();
            let mut options = options.clone();
            options.progress_interval = 0.0;
            let mut encoder = make(ranks.clone(), &problem, &options).unwrap();
            let x = held(&problem, slabs(problem.signal, 3)[me]);
            // Cancel.
            let mut calls = 0;
            let mut report = |_: &dicod::csc::Progress| {
                calls += 1;
                calls < 3
            };
            let info = encoder.solve(&x.field(), (me == bad).then_some(&mut report)).unwrap();
            assert_eq!(info.stop, Stop::Cancelled);
            // A panic in a callback.
            let mut report = |_: &dicod::csc::Progress| -> bool { panic!("the host's own") };
            let error = encoder.solve(&x.field(), (me == bad).then_some(&mut report));
            let message = error.unwrap_err().to_string();
            assert!(message.starts_with(&format!("rank {bad}: ")), "{message}");
            assert!(message.contains("the host's own"), "{message}");
            let info = encoder.solve(&x.field(), None).unwrap();
            assert_eq!(info.stop, Stop::Converged);
        });
    }
}

#[test]
fn max_iter_holds_to_the_step_for_any_number_of_ranks() {
    let (problem, mut options) = fixed([1, 40, 24], [1, 4, 3]);
    for max_iter in [0, 1, 7, 100, 333, 1000] {
        options.max_iter = max_iter;
        let expected = common::solve::<f64>(&problem, &options, 1, None);
        for size in [2, 5] {
            let (problem, options) = (problem.clone(), options.clone());
            let (info, z) = (essence(&expected.info), bits(&expected.z));
            on_ranks(size, ROUGH, move |ranks| {
                let me = ranks.rank();
                let mut encoder = make(ranks.clone(), &problem, &options).unwrap();
                let x = held(&problem, slabs(problem.signal, size)[me]);
                let found = encoder.solve(&x.field(), None).unwrap();
                assert_eq!(essence(&found), info);
                let valid = point(problem.valid());
                let mut whole = vec![0.0; problem.n_z()];
                encoder.z(&mut FieldMut::contiguous(&mut whole, valid)).unwrap();
                assert_eq!(bits(&whole), z);
            });
        }
    }
}

#[test]
fn a_rank_that_fails_anywhere_leaves_nobody_waiting() {
    let (problem, options) = fixed([1, 30, 16], [1, 4, 3]);
    for seed in 0..count(60, 3000) {
        let mut random = Random::new(seed);
        let weather = Weather { seed, delay: 2, failure: Some((random.below(4), random.below(600) as u64)) };
        let (problem, options) = (problem.clone(), options.clone());
        let results = on_ranks(4, weather, move |ranks| -> Result<()> {
            let x = held(&problem, slabs(problem.signal, 4)[ranks.rank()]);
            let mut encoder = make(ranks, &problem, &options)?;
            for _ in 0..100 {
                encoder.clear_z();
                encoder.solve(&x.field(), None)?;
            }
            Ok(())
        });
        for result in results {
            let lost = matches!(result, Err(Error::Communication(_) | Error::OnRank { .. }));
            assert!(lost, "{result:?}");
        }
    }
}

/// The asynchronous solver on random problems: the optimum within the tolerance, proven, whatever the
/// ranks, delays and strategy. Without a lock it may diverge, which is an error on every rank. Tells whether
/// it did.
fn by_itself(seed: u64) -> bool {
    let mut random = Random::new(seed ^ 0xa5a5);
    let (mut problem, mut options) = problem(&mut random);
    weigh(&mut problem, &mut options, &mut Random::new(!seed));
    options.tol = options.tol.max(1e-5);
    // Some strategies take for ever on some problems.
    options.max_iter = 100_000;
    let exact =
        Options { tol: 1e-3 * options.tol, strategy: Strategy::LocallyGreedy, max_iter: 1_000_000, ..options.clone() };
    let best = common::solve::<f64>(&problem, &exact, 1, None).info;
    options.schedule = Schedule::Asynchronous;
    options.soft_lock = match random.below(6) {
        0 => SoftLock::None,
        1 => SoftLock::Corner,
        _ => SoftLock::Border,
    };
    let size = [2, 3, 4, 6][random.below(4)];
    let weather = Weather { seed, delay: [0, 3, 20][random.below(3)], failure: None };
    let (lock, tol) = (options.soft_lock, options.tol);
    let blocks = partition(problem.signal, size, &mut random);
    let results = Local::run(size, weather, |ranks| -> Result<Info> {
        let me = ranks.rank();
        let shape = problem.shape(&options);
        let dictionary = problem.dictionary::<f64>();
        let mut encoder = Encoder::over(ranks, shape, dictionary, options.clone(), 1)?;
        let n_x = problem.n_signals * problem.n_channels;
        let held = || Held::new(blocks[me], n_x, &mut Random::new(seed));
        if !problem.w.is_empty() && !problem.nan_says_all(&options) {
            encoder.set_weights(Some(&held().fill(&problem.w, problem.signal).field()))?;
        }
        if !problem.factors.is_empty() {
            let blocks = partition(problem.valid(), size, &mut Random::new(seed));
            let f = Held::new(blocks[me], problem.n_signals * problem.n_atoms, &mut Random::new(seed));
            encoder.set_penalties(Some(&f.fill(&problem.factors, problem.valid()).field()))?;
        }
        encoder.solve(&held().fill(&problem.with_holes(), problem.signal).field(), None)
    });
    let results: Vec<_> = results.into_iter().map(|r| r.unwrap()).collect();
    let told = format!("seed {seed}, {size} ranks, {lock:?}, tol {tol}");
    if results.iter().any(|r| r.is_err()) {
        assert!(lock != SoftLock::Border, "{told}: {results:?}");
        assert!(results.iter().all(|r| r.is_err()), "{told}: {results:?}");
        return true;
    }
    for info in results.into_iter().flatten() {
        match info.stop {
            Stop::Converged => assert!(info.certificate.max_step <= info.tol || options.gap_tol > 0.0, "{told}"),
            // What costs nothing leaves nothing to be proven.
            Stop::Precision if options.gap_tol > 0.0 && problem.factors.contains(&0.0) => {}
            stop => assert!(stop == Stop::MaxIter && info.steps >= 100_000, "{told}"),
        }
        let (found, least) = (info.certificate.objective, best.certificate.objective);
        let gap = info.certificate.gap;
        assert!(found >= least - best.certificate.gap - 1e-9 * least, "{told}");
        assert!(found - gap <= least, "{told}: {found} - {gap} > {least}");
    }
    false
}

#[test]
fn every_rank_by_itself_comes_to_the_same_optimum() {
    let n = count(60, 20_000);
    let mut diverged = 0;
    for seed in 0..n {
        diverged += u64::from(within(300, &format!("seed {seed}"), move || by_itself(seed)));
    }
    println!("{n} problems, {diverged} diverged for want of a lock");
}

/// Steps, visits, messages and waiting of the trace are those of the info; the answer is the same.
#[test]
fn the_trace_says_what_the_info_says() {
    let (problem, mut options) = fixed([1, 60, 40], [1, 4, 3]);
    let plain = common::solve::<f64>(&problem, &options, 1, None);
    for (schedule, size, n_threads) in [
        (Schedule::Coloured, 1, 2),
        (Schedule::Coloured, 4, 1),
        (Schedule::Asynchronous, 3, 1),
        (Schedule::Published, 1, 1),
    ] {
        options.schedule = schedule;
        options.trace = false;
        let (problem, off, coloured) = (problem.clone(), options.clone(), schedule == Schedule::Coloured);
        let expected = essence(&plain.info);
        let infos = on_ranks(size, ROUGH, move |ranks| {
            let me = ranks.rank();
            let x = held(&problem, slabs(problem.signal, size)[me]);
            let encoder = |options| {
                let (shape, d) = (problem.shape(&off), problem.dictionary());
                Encoder::over(ranks.clone(), shape, d, options, n_threads).unwrap()
            };
            let mut silent = encoder(off.clone());
            silent.solve(&x.field(), None).unwrap();
            let error = silent.for_each_span(|_| true).unwrap_err();
            assert!(error.to_string().contains("option \"trace\""), "{error}");
            let mut on = off.clone();
            on.trace = true;
            let mut encoder = encoder(on);
            let info = encoder.solve(&x.field(), None).unwrap();
            if coloured {
                assert_eq!(essence(&info), expected);
            }
            let mut spans = Vec::new();
            let all = |span: &Span| {
                spans.push(*span);
                true
            };
            encoder.for_each_span(all).unwrap();
            let whole = spans.last().unwrap();
            assert_eq!(whole.activity, Activity::Solve);
            assert_eq!(whole.traffic.messages, info.messages);
            assert_eq!(whole.traffic.bytes, info.bytes_sent);
            assert!((whole.traffic.seconds_waiting - info.seconds_waiting).abs() < 1e-9);
            let of = |activity| spans.iter().filter(move |s| s.activity == activity);
            let steps = |activity| of(activity).map(|s| s.steps).sum::<u64>();
            let visits = of(Activity::Visit).count() as u64;
            assert_eq!(steps(Activity::Visit), whole.steps);
            assert_eq!(steps(Activity::Descend), whole.steps);
            for span in &spans {
                assert!(span.start >= 0.0 && span.seconds >= 0.0, "{span:?}");
                assert!(span.start + span.seconds <= whole.start + whole.seconds + 1e-6, "{span:?}");
                let in_phase = span.sweep >= 0;
                let visit = span.activity == Activity::Visit;
                assert_eq!(in_phase && coloured, span.colour >= 0, "{span:?}");
                assert_eq!(visit, span.tile >= 0, "{span:?}");
            }
            if off.schedule != Schedule::Published {
                assert_eq!(steps(Activity::Phase), whole.steps);
                let phases = of(Activity::Phase).map(|s| s.traffic.messages);
                assert!(phases.sum::<u64>() <= info.messages);
            }
            let mut text = String::new();
            encoder.write_trace(&mut text).unwrap();
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            let rows = json["spans"].as_array().unwrap();
            assert_eq!(rows.len(), spans.len());
            let columns = json["columns"].as_array().unwrap().len();
            assert!(rows.iter().all(|row| row.as_array().unwrap().len() == columns));
            assert_eq!((&json["rank"], &json["ranks"]), (&me.into(), &size.into()));
            let part = [whole.steps, visits].map(|n| n as i64);
            let sums = encoder.ranks().reduce(Reduce::Sum, &part).unwrap();
            assert_eq!(sums[0] as u64, info.steps);
            if off.schedule != Schedule::Published {
                assert_eq!(sums[1] as u64, info.visits);
            }
            info
        });
        assert!(infos.iter().all(|info| info.stop == Stop::Converged));
    }
}

#[test]
fn a_rank_holds_what_its_part_needs() {
    let (problem, mut options) = fixed([1, 512, 512], [1, 8, 8]);
    options.tile_shape.clear();
    options.reg = 0.6;
    options.tol = 1e-1;
    let whole = common::solve::<f64>(&problem, &options, 1, None).info.bytes;
    let bytes = on_ranks(16, Weather::default(), move |ranks| {
        let block = |i: usize, n: usize| (128 * i as i64, 128 * n as i64);
        let at = [ranks.rank() / 4, ranks.rank() % 4];
        let block = Block { origin: [0, block(at[0], 1).0, block(at[1], 1).0], shape: [1, 128, 128] };
        let mut encoder = make(ranks, &problem, &options).unwrap();
        encoder.solve(&held(&problem, block).field(), None).unwrap().bytes
    });
    for bytes in bytes {
        let share = bytes as f64 / (whole as f64 / 16.0);
        assert!(share < 1.3, "{share} of a fair share");
    }
}

/// What is said of the memory of an encoder, before there is one, is what it takes: no less, and hardly more.
#[test]
fn an_encoder_takes_what_it_said_it_would() {
    let problems: [(usize, Point, Point, usize); 4] = [
        (1, [1, 1, 30_000], [1, 1, 40], 3),
        (2, [1, 220, 190], [1, 9, 8], 6),
        (2, [1, 150, 160], [1, 8, 8], 1),
        (3, [32, 34, 30], [4, 4, 4], 3),
    ];
    for (number, (n_axes, signal, atom, n_atoms)) in problems.into_iter().enumerate() {
        for (size, tol, schedule) in [
            (1, 1e-2, Schedule::Coloured),
            (3, 1e-6, Schedule::Coloured),
            (4, 1e-2, Schedule::Asynchronous),
            (1, 1e-2, Schedule::Published),
        ] {
            let mut random = Random::new(number as u64);
            let mut problem = Problem {
                n_axes,
                n_signals: 1 + number % 2,
                n_channels: 2,
                n_atoms,
                signal,
                atom,
                periodic: [false, false, n_axes < 3],
                x: Vec::new(),
                d: (0..2 * n_atoms * volume(atom)).map(|_| random.value()).collect(),
                w: Vec::new(),
                ridge: 0.0,
                atoms: Vec::new(),
                factors: Vec::new(),
            };
            // Mostly nothing that would be found, but no tile of which that is known before it is looked at; and a few places
            // where something is.
            let noise = 0.18 / ((2 * volume(atom)) as f64).sqrt();
            problem.x = (0..2 * problem.n_signals * volume(signal)).map(|_| noise * random.value()).collect();
            for _ in 0..problem.x.len() / 4000 {
                let at = random.below(problem.x.len());
                problem.x[at] += random.value();
            }
            let periodic = problem.periodic[3 - n_axes..].to_vec();
            let options = Options { reg: 0.4, tol, schedule, periodic, ..Options::default() };
            let mut both = |double: bool| {
                let (problem, options, seed) = (problem.clone(), options.clone(), random.below(1000) as u64);
                let what = format!("problem {number}, {size} ranks, {schedule:?}, tol {tol}, double {double}");
                on_ranks(size, ROUGH, move |ranks| match double {
                    true => takes::<f64>(ranks, &problem, &options, seed, &what),
                    false => takes::<f32>(ranks, &problem, &options, seed, &what),
                });
            };
            both(true);
            both(false);
        }
    }
}

fn takes<T: Real>(ranks: Arc<dyn Transport>, problem: &Problem, options: &Options, seed: u64, what: &str) {
    let me = ranks.rank();
    let blocks = partition(problem.signal, ranks.size(), &mut Random::new(seed));
    let shape = problem.shape(options);
    let n = problem.n_signals * problem.n_channels;
    let x = rounded::<T>(&problem.x);
    let held = Held::new(blocks[me], n, &mut Random::new(1)).fill(&x, problem.signal);
    // Of z as of x: there are that many only on periodic axes.
    let (valid, n_z) = (problem.valid(), problem.n_signals * problem.n_atoms);
    let parts = partition(valid, ranks.size(), &mut Random::new(seed));
    let factors: Vec<T> = (0..n_z * volume(valid)).map(|i| T::of(1.0 + (i % 2) as f64)).collect();
    let factors = Held::new(parts[me], n_z, &mut Random::new(1)).fill(&factors, valid);
    let weights: Vec<T> = (0..x.len()).map(|i| T::of(if i % 5 > 0 { 1.0 } else { 0.5 })).collect();
    let weights = Held::new(blocks[me], n, &mut Random::new(1)).fill(&weights, problem.signal);
    let check = |who: &str, said: usize, is: usize| {
        assert!(is <= said && said as f64 <= 1.2 * is as f64, "{what}: {who}, {is} bytes, {said} said");
    };
    let [bytes, gram, of_weights, of_penalties] =
        Encoder::<T>::bytes_to_come(&*ranks, &shape, options, &blocks[me]).unwrap();
    let mut encoder =
        Encoder::over(ranks.clone(), shape.clone(), problem.dictionary::<T>(), options.clone(), 1).unwrap();
    let info = encoder.solve(&held.field(), None).unwrap();
    assert_eq!(info.bytes_gram, gram as u64, "{what}: the Gram tensor");
    check("encoder", bytes, info.bytes as usize);
    if options.schedule == Schedule::Coloured && problem.n_axes < 3 && problem.n_atoms < 6 {
        encoder.set_weights(Some(&weights.field())).unwrap();
        encoder.set_penalties(Some(&factors.field())).unwrap();
        let info = encoder.solve(&held.field(), None).unwrap();
        check("with weights and penalties", bytes + of_weights + of_penalties, info.bytes as usize);
        drop(encoder);
        let [bytes, gram, of_weights] = Learner::<T>::bytes_to_come(&ranks, &shape, options, &blocks[me]).unwrap();
        let mut learner = Learner::<T>::over(ranks, shape, options.clone(), 1, None).unwrap();
        learner.set_weights(Some(&weights.field())).unwrap();
        learner.step(&held.field(), None).unwrap();
        check("learner", bytes + gram + of_weights, learner.bytes());
    }
}
