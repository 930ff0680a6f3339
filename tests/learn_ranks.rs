//! Learning over ranks of this process: whatever the number of ranks and threads, and however the
//! signals are spread over them, every bit of D and z is that of a single rank; also when a
//! checkpoint of some ranks is taken up by others.
//!
//! `DICOD_LONG=1` goes through many more problems.

mod common;

use common::{Point, Problem, bits, rounded, volume};
use dicod::csc::Options;
use dicod::grid::blocks::Block;
use dicod::learn::{Init, Learner, Learning, Method, Reference};
use dicod::linalg::{Atoms, Dictionary, Field, FieldMut, Real};
use dicod::transport::Transport;
use dicod::transport::local::{Local, Weather};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::sync::Arc;

struct Random(ChaCha8Rng);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n as u64) as usize
    }
    fn value(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

fn problem(random: &mut Random) -> (Problem, Options) {
    let n_axes = 1 + random.below(3);
    let longest = [150, 24, 9][n_axes - 1];
    let (mut atom, mut signal, mut periodic) = ([1; 3], [1; 3], [false; 3]);
    for a in 3 - n_axes..3 {
        atom[a] = 1 + random.below([12, 5, 3][n_axes - 1]);
        signal[a] = atom[a] + random.below(longest);
        periodic[a] = random.below(3) == 0;
    }
    let mut problem = Problem {
        n_axes,
        n_signals: 1 + random.below(3),
        n_channels: 1 + random.below(2),
        n_atoms: 1 + random.below(4),
        signal,
        atom,
        periodic,
        x: Vec::new(),
        d: Vec::new(),
    };
    let n = problem.n_signals * problem.n_channels * volume(signal);
    problem.x = (0..n).map(|_| random.value()).collect();
    let n = problem.n_atoms * problem.n_channels * volume(atom);
    problem.d = (0..n).map(|_| random.value()).collect();
    let options = Options {
        reg: 0.02 + 0.4 * random.value().abs(),
        tol: [1e-1, 1e-3][random.below(2)],
        positive: random.below(3) == 0,
        seed: random.below(100) as i64,
        periodic: periodic[3 - n_axes..].to_vec(),
        tile_shape: match random.below(2) {
            0 => Vec::new(),
            _ => atom.map(|l| 2 * l as i64)[3 - n_axes..].to_vec(),
        },
        learn: Learning {
            init: [
                Init::Given,
                Init::Random,
                Init::RandomPatches,
                Init::GreedyPatches,
            ][random.below(4)],
            reference: [Reference::First, Reference::Each][random.below(2)],
            max_iter: 4,
            tol: 0.0,
            window: random.below(4) == 0,
            rank_one: random.below(3) == 0,
            online: random.below(4) == 0,
            batch: random.below(problem.n_signals + 1) as i64,
            forgetting: 0.7,
            redraw_below: [0.0, 0.3][random.below(2)],
            statistics: [Method::Auto, Method::Sparse, Method::Fft][random.below(3)],
            ..Learning::default()
        },
        ..Options::default()
    };
    (problem, options)
}

fn point(shape: Point) -> [i64; 3] {
    shape.map(|n| n as i64)
}

/// Cuts a domain into `n` boxes, some of which may be empty.
fn partition(domain: Point, n: usize, random: &mut Random) -> Vec<Block> {
    let mut parts = vec![Block::whole(point(domain))];
    while parts.len() < n {
        let which = (0..parts.len())
            .max_by_key(|i| parts[*i].volume())
            .unwrap_or(0);
        let axis = random.below(3);
        let (mut part, mut other) = (parts[which], parts[which]);
        let at = random.below(part.shape[axis] as usize + 1) as i64;
        part.shape[axis] = at;
        other.origin[axis] += at;
        other.shape[axis] -= at;
        parts[which] = part;
        parts.push(other);
    }
    parts
}

/// The values of a block, channel by channel.
fn held<T: Real>(values: &[T], domain: Point, block: &Block) -> Vec<T> {
    let mut out = Vec::new();
    for channel in values.chunks_exact(volume(domain)) {
        block.for_each_row(|at| {
            let [i, j, k] = at.map(|x| x as usize);
            let first = (i * domain[1] + j) * domain[2] + k;
            out.extend_from_slice(&channel[first..first + block.shape[2] as usize]);
        });
    }
    out
}

fn bits_of<T: Real>(d: &Dictionary<T>) -> Vec<u64> {
    match &d.atoms {
        Atoms::Full(d) => bits(d),
        Atoms::RankOne { u, v } => [bits(u), bits(v)].concat(),
    }
}

/// D after each step, the objectives, and z on the first rank.
type Found = (Vec<Vec<u64>>, Vec<u64>, Vec<u64>);

/// Four steps, and a checkpoint after two of them that goes to other ranks.
fn learn<T: Real>(
    ranks: Arc<dyn Transport>,
    n_threads: usize,
    (problem, options): (&Problem, &Options),
    block: &Block,
    checkpoint: Option<&[u8]>,
) -> (Found, Vec<u8>) {
    let given = (options.learn.init == Init::Given).then(|| problem.dictionary::<T>());
    let mut learner = match checkpoint {
        Some(bytes) => Learner::<T>::restore_over(ranks.clone(), bytes, None, n_threads).unwrap(),
        None => {
            let shape = problem.shape(options);
            Learner::over(ranks.clone(), shape, options.clone(), n_threads, given).unwrap()
        }
    };
    let values = held(&rounded::<T>(&problem.x), problem.signal, block);
    let mut x = Field::contiguous(&values, block.shape);
    x.origin = block.origin;
    let (mut d, mut objectives, mut saved) = (Vec::new(), Vec::new(), Vec::new());
    while learner.iterations() < 4 {
        let done = learner.step(&x, None).unwrap();
        d.push(bits_of(learner.dictionary().unwrap()));
        objectives.extend([done.objective_z.to_bits(), done.objective_d.to_bits()]);
        objectives.extend(done.nonzeros);
        if learner.iterations() == 2 {
            saved = learner.save().unwrap();
        }
    }
    let info = learner.encode(&x, None).unwrap();
    objectives.push(info.certificate.objective.to_bits());
    let valid = point(problem.valid());
    let n = learner.signals_per_step() * problem.n_atoms;
    let mut z = vec![T::NAN; n * volume(problem.valid())];
    let mut out = FieldMut::contiguous(&mut z, valid);
    if ranks.rank() > 0 {
        // They take part, but ask for nothing.
        out.channels.clear();
        out.layout.shape = [0; 3];
        learner.z(&mut out).unwrap();
        return ((d, objectives, Vec::new()), saved);
    }
    learner.z(&mut out).unwrap();
    ((d, objectives, bits(&z)), saved)
}

fn check<T: Real>(random: &mut Random) {
    let case = problem(random);
    let case = (&case.0, &case.1);
    let what = format!("{case:?}");
    let whole = Block::whole(point(case.0.signal));
    let alone: Arc<dyn Transport> = Arc::new(Local::alone());
    let (wanted, mut checkpoint) = learn::<T>(alone, 1, case, &whole, None);
    for (size, n_threads) in [(2, 1), (4, 2), (7, 1), (3, 2)] {
        let blocks = partition(case.0.signal, size, random);
        let weather = Weather::default();
        for restart in [false, true] {
            let from = restart.then_some(&checkpoint[..]);
            let results = Local::run(size, weather, |ranks| {
                let block = &blocks[ranks.rank()];
                learn::<T>(ranks, n_threads, case, block, from)
            });
            let mut saved = Vec::new();
            for (rank, result) in results.into_iter().enumerate() {
                let (found, bytes) = result.unwrap_or_else(|_| panic!("{what}"));
                let n = found.0.len();
                assert!(n == if restart { 2 } else { 4 });
                assert!(
                    found.0 == wanted.0[4 - n..],
                    "{size} ranks, restart {restart}: D\n{what}"
                );
                let tail = wanted.1.len() - found.1.len();
                let at = (0..found.1.len()).find(|i| found.1[*i] != wanted.1[tail + i]);
                assert!(
                    at.is_none(),
                    "{size} ranks, restart {restart}: {at:?}\n{what}"
                );
                if rank == 0 {
                    assert!(
                        found.2 == wanted.2,
                        "{size} ranks, restart {restart}: z\n{what}"
                    );
                    saved = bytes;
                }
            }
            if !restart {
                // Bytes, too; and the next ranks go on from these.
                assert!(saved == checkpoint, "{size} ranks: checkpoint\n{what}");
                checkpoint = saved;
            }
        }
    }
}

#[test]
fn ranks_threads_and_restarts_change_no_bit() {
    let long = std::env::var_os("DICOD_LONG").is_some();
    let mut random = Random(ChaCha8Rng::seed_from_u64(6));
    for _ in 0..if long { 200 } else { 12 } {
        check::<f64>(&mut random);
        check::<f32>(&mut random);
    }
}
