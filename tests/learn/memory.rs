//! What a rank holds: its share of the signals' memory, the statistics and the dictionary, and never
//! the activations of others.

use super::Noise;
use dicod::csc::{Options, Shape};
use dicod::grid::block::Block;
use dicod::learn::{Init, Learner, Learning};
use dicod::linalg::Field;
use dicod::ranks::local::{Local, Weather};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts what each thread holds: a rank of a test is one thread.
struct Counting;

thread_local! {
    static HELD: Cell<i64> = const { Cell::new(0) };
    static MOST: Cell<i64> = const { Cell::new(0) };
}

fn count(bytes: i64) {
    // A thread that ends has nothing left to count.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
    });
}

// SAFETY: the system's allocator, and numbers beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Held {
    /// Bytes at most during three steps, beside the signal itself.
    most: f64,
    activations: usize,
    nonzeros: usize,
}

/// Three steps on `size` ranks, each with rows of the field.
fn held(size: usize, signal: [i64; 2], atom: [i64; 2], n_atoms: i64) -> Vec<Held> {
    let results = Local::run(size, Weather::default(), |ranks| {
        let (rank, n) = (ranks.rank() as i64, size as i64);
        let options = Options {
            reg: 0.3,
            tol: 1e-1,
            learn: Learning { init: Init::RandomPatches, ..Learning::default() },
            ..Options::default()
        };
        let shape = Shape::new(&signal, 1, 1, n_atoms, &atom, &options).unwrap();
        let (first, last) = (signal[0] * rank / n, signal[0] * (rank + 1) / n);
        let block = Block { origin: [0, first, 0], shape: [1, last - first, signal[1]] };
        // The same field on any number of ranks.
        let values: Vec<f64> = (first..last)
            .flat_map(|row| {
                let mut noise = Noise(row as u64);
                (0..signal[1]).map(move |_| noise.normal()).collect::<Vec<_>>()
            })
            .collect();
        let mut x = Field::contiguous(&values, block.shape);
        x.origin = block.origin;
        let before = HELD.get();
        MOST.set(before);
        let mut learner = Learner::over(ranks, shape, options, 1, None).unwrap();
        let mut nonzeros = 0;
        for _ in 0..3 {
            let done = learner.step(&x, None).unwrap();
            nonzeros = done.nonzeros.iter().sum::<u64>() as usize;
        }
        Held { most: (MOST.get() - before) as f64, activations: learner.activations().len(), nonzeros }
    });
    results.into_iter().map(Result::unwrap).collect()
}

#[test]
fn a_rank_holds_its_share() {
    let (signal, atom, n_atoms) = ([480, 400], [8, 8], 4);
    let one = held(1, signal, atom, n_atoms);
    let four = held(4, signal, atom, n_atoms);
    let all: usize = four.iter().map(|rank| rank.activations).sum();
    assert_eq!(all, one[0].nonzeros);
    for rank in &four {
        println!("{:.1} MB of {:.1} MB, {} of {all} activations", rank.most / 1e6, one[0].most / 1e6, rank.activations);
        // A halo beside a quarter.
        assert!(rank.most <= 1.4 * one[0].most / 4.0);
        assert!(3 * rank.activations < all && rank.nonzeros == all);
    }
}

#[test]
fn statistics_take_what_their_shape_says() {
    // K² (2L − 1)² is nearly everything here.
    let (signal, atom, n_atoms) = ([64, 64], [16, 16], 24);
    let pairs = (n_atoms * n_atoms * 31 * 31 * 8) as f64;
    for size in [1, 3] {
        for rank in held(size, signal, atom, n_atoms) {
            println!("{size} ranks: {:.2} times ztz", rank.most / pairs);
            assert!(rank.most <= 10.0 * pairs);
        }
    }
}
