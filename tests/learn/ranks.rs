//! Learning over ranks of this process: whatever the number of ranks and threads, and however the
//! signals are spread over them, every bit of D and z is that of a single rank; also when a
//! checkpoint of some ranks is taken up by others.

use super::common::{Point, Problem, bits, rounded, volume};
use super::{Noise, long, options_at_random, random_problem};
use dicod::csc::{Options, Shape, reconstruct};
use dicod::grid::block::Block;
use dicod::learn::{Init, Learner};
use dicod::linalg::{Atoms, Dictionary, Field, FieldMut, Real};
use dicod::ranks::Transport;
use dicod::ranks::local::{Local, Weather};
use std::sync::Arc;

fn point(shape: Point) -> [i64; 3] {
    shape.map(|n| n as i64)
}

/// Cuts a domain into `n` boxes, some of which may be empty.
fn partition(domain: Point, n: usize, noise: &mut Noise) -> Vec<Block> {
    let mut parts = vec![Block::whole(point(domain))];
    while parts.len() < n {
        let which = (0..parts.len()).max_by_key(|i| parts[*i].volume()).unwrap_or(0);
        let axis = noise.below(3);
        let (mut part, mut other) = (parts[which], parts[which]);
        let at = noise.below(part.shape[axis] as usize + 1) as i64;
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
    let values = held(&rounded::<T>(&problem.with_holes()), problem.signal, block);
    let mut x = Field::contiguous(&values, block.shape);
    x.origin = block.origin;
    let weights = held(&rounded::<T>(&problem.w), problem.signal, block);
    let weigh = |learner: &mut Learner<T>| {
        if !problem.w.is_empty() && !problem.nan_says_all(options) {
            let weights = Field { origin: block.origin, ..Field::contiguous(&weights, block.shape) };
            learner.set_weights(Some(&weights)).unwrap();
        }
    };
    weigh(&mut learner);
    let (mut d, mut objectives, mut saved) = (Vec::new(), Vec::new(), Vec::new());
    if checkpoint.is_none() {
        let given = (options.learn.init == Init::Given).then(|| problem.dictionary::<T>());
        let shape = problem.shape(options);
        let mut by_itself = Learner::over(ranks.clone(), shape, options.clone(), n_threads, given).unwrap();
        weigh(&mut by_itself);
        by_itself.prepare(&x, None).unwrap();
        d.push(bits_of(by_itself.dictionary().unwrap()));
    }
    while learner.iterations() < 4 {
        let done = learner.step(&x, None).unwrap();
        d.push(bits_of(learner.dictionary().unwrap()));
        objectives.extend([done.objective_z.to_bits(), done.objective_d.to_bits()]);
        objectives.extend(done.nonzeros);
        let statistics = learner.statistics().unwrap();
        objectives.extend(bits(&[&statistics.ztz[..], &statistics.ztx].concat()));
        if learner.iterations() == 2 {
            saved = learner.save().unwrap();
        }
    }
    let info = learner.encode(&x, None).unwrap();
    let sorted = learner.sort_atoms(&x).unwrap();
    objectives.extend(sorted.order.iter().map(|k| *k as u64).chain(bits(&sorted.explained)));
    d.push(bits_of(learner.dictionary().unwrap()));
    objectives.push(info.certificate.objective.to_bits());
    let valid = point(problem.valid());
    let n = learner.signals_per_step() * problem.n_atoms;
    let mut z = vec![T::NAN; n * volume(problem.valid())];
    if options.learn.batch == 0 {
        // Of the signals that z is of.
        let (value, data_term) = learner.objective(&x).unwrap();
        objectives.extend([value, data_term].map(f64::to_bits));
    }
    let n_x = learner.signals_per_step() * problem.n_channels;
    let mut model = vec![T::NAN; n_x * volume(problem.signal)];
    let mut out = FieldMut::contiguous(&mut z, valid);
    let mut stands_for = FieldMut::contiguous(&mut model, point(problem.signal));
    if ranks.rank() > 0 {
        // They take part, but ask for nothing.
        for out in [&mut out, &mut stands_for] {
            out.channels.clear();
            out.layout.shape = [0; 3];
        }
        learner.z(&mut out).unwrap();
        learner.reconstruct(&mut stands_for).unwrap();
        return ((d, objectives, Vec::new()), saved);
    }
    learner.z(&mut out).unwrap();
    learner.reconstruct(&mut stands_for).unwrap();
    let mut local = model.clone();
    let shape = Shape { n_signals: learner.signals_per_step(), ..learner.shape().clone() };
    let z_field = Field::contiguous(&z, valid);
    let to = &mut FieldMut::contiguous(&mut local, point(problem.signal));
    reconstruct(&shape, learner.dictionary().unwrap(), &z_field, to).unwrap();
    assert_eq!(bits(&local), bits(&model));
    ((d, objectives, [bits(&z), bits(&model)].concat()), saved)
}

fn check<T: Real>(noise: &mut Noise) {
    let mut problem = random_problem(noise);
    super::cut_at_random(noise, &mut problem);
    let mut options = options_at_random(noise, &problem);
    super::weights_at_random(noise, &mut problem, &mut options);
    // Ranks of one process wait for each other in every sweep.
    options.tol = options.tol.max(1e-2);
    let axes = 3 - problem.n_axes..3;
    options.periodic = problem.periodic[axes.clone()].to_vec();
    if noise.below(2) == 0 {
        options.tile_shape = problem.atom.map(|l| 2 * l as i64)[axes].to_vec();
    }
    let case = (&problem, &options);
    let what = format!("{case:?}");
    let whole = Block::whole(point(case.0.signal));
    let alone: Arc<dyn Transport> = Arc::new(Local::alone());
    let (wanted, mut checkpoint) = learn::<T>(alone, 1, case, &whole, None);
    for (size, n_threads) in [(2, 1), (4, 2), (7, 1), (3, 2)] {
        let blocks = partition(case.0.signal, size, noise);
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
                assert!(n == if restart { 3 } else { 6 });
                assert!(found.0 == wanted.0[wanted.0.len() - n..], "{size} ranks, restart {restart}: D\n{what}");
                let tail = wanted.1.len() - found.1.len();
                let at = (0..found.1.len()).find(|i| found.1[*i] != wanted.1[tail + i]);
                assert!(at.is_none(), "{size} ranks, restart {restart}: {at:?}\n{what}");
                if rank == 0 {
                    assert!(found.2 == wanted.2, "{size} ranks, restart {restart}: z\n{what}");
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
    let mut noise = Noise(6);
    for _ in 0..if long() { 200 } else { 12 } {
        check::<f64>(&mut noise);
        check::<f32>(&mut noise);
    }
}
