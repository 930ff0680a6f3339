//! The clock: every call returns in time, whatever stage it is in, says truly what it knows, reports while it works, and
//! says where its time went.
//!
//! These are the only tests that look at a clock. They have to hold on a machine that is busy with something else, which may
//! keep a thread from running for longer than they allow. So lateness counts in the processor time that this process has
//! used since the limit, a share for each thread, where that is less than the time that has passed: what was late
//! because it worked on is seen, what was late because it was not let run is not held against the library.
//!
//! `DICOD_LONG=1` (`make check-long`) has a field of 4096² with 32 atoms of 16×16, too, for which it takes 6 GB.

mod ffi_support;

use dicod::csc::{Encoder, Options, Progress, Shape, Stop};
use dicod::ffi::activations::*;
use dicod::ffi::context::*;
use dicod::ffi::encoder::*;
use dicod::ffi::info::*;
use dicod::ffi::learn::*;
use dicod::ffi::problem::dicod_problem;
use dicod::ffi::solve::*;
use dicod::ffi::status::*;
use dicod::grid::block::Block;
use dicod::learn::Learner;
use dicod::linalg::{Dictionary, Field};
use dicod::ranks::local::{Local, Weather};
use dicod::ranks::{Reduce, Transport};
use ffi_support::{Array, info, last_error, narrow, noise, problem_of};
use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// One after the other: each wants the processor time of this process for itself.
static ALONE: Mutex<()> = Mutex::new(());

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

unsafe extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

/// Seconds of processor time that this process has used.
fn used() -> f64 {
    const PROCESS: i32 = 2;
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: room for the result.
    assert_eq!(unsafe { clock_gettime(PROCESS, &mut time) }, 0);
    time.seconds as f64 + 1e-9 * time.nanoseconds as f64
}

/// What is allowed beyond a limit.
fn allowed(limit: f64) -> f64 {
    f64::max(0.05, 0.05 * limit)
}

/// Runs a call, and tells by how much it was late, as said above, and how long it took.
fn lateness<R>(limit: f64, threads: usize, call: impl FnOnce() -> R) -> (R, f64, f64) {
    let at_limit = Mutex::new(None);
    let start = Instant::now();
    let (result, took, end) = std::thread::scope(|scope| {
        let (begun, wait) = std::sync::mpsc::channel::<()>();
        let at_limit = &at_limit;
        scope.spawn(move || {
            // Until the limit, or until the call is done.
            let left = Duration::from_secs_f64(limit).saturating_sub(start.elapsed());
            if wait.recv_timeout(left) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                *at_limit.lock().unwrap() = Some(used());
            }
        });
        let result = call();
        let (took, end) = (start.elapsed().as_secs_f64(), used());
        drop(begun);
        (result, took, end)
    });
    let worked = at_limit.into_inner().unwrap().map_or(0.0, |at| (end - at) / threads as f64);
    (result, f64::min(took - limit, worked), took)
}

struct Problem {
    signal: Vec<i64>,
    atom: Vec<i64>,
    n_atoms: i64,
    x: Vec<f64>,
    d: Vec<f64>,
}

impl Problem {
    fn new(signal: &[i64], n_atoms: i64, atom: &[i64], seed: u64) -> Self {
        let n = |shape: &[i64]| shape.iter().product::<i64>() as usize;
        Problem {
            signal: signal.to_vec(),
            atom: atom.to_vec(),
            n_atoms,
            x: noise(n(signal), seed),
            d: noise(n_atoms as usize * n(atom), seed + 1),
        }
    }

    fn n_z(&self) -> usize {
        let valid = self.signal.iter().zip(&self.atom).map(|(t, l)| t - l + 1);
        (self.n_atoms * valid.product::<i64>()) as usize
    }

    fn axes(&self) -> i64 {
        self.signal.len() as i64
    }

    fn as_c(&self) -> dicod_problem {
        problem_of(self.axes(), self.signal.as_ptr(), 1, 1, self.n_atoms, self.atom.as_ptr())
    }
}

/// Of every number of axes, in each of which some stage takes long.
fn problems() -> Vec<Problem> {
    vec![
        Problem::new(&[400_000], 10, &[64], 1),
        Problem::new(&[60_000], 4, &[1500], 2),
        Problem::new(&[300, 280], 24, &[12, 12], 3),
        Problem::new(&[160, 170], 80, &[20, 20], 4),
        Problem::new(&[48, 44, 50], 8, &[5, 6, 5], 5),
        Problem::new(&[30, 30, 30], 30, &[10, 10, 10], 6),
    ]
}

/// Numbers from 0 to 1 that look random.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 += 1;
        0.5 + 0.5 * noise(3, self.0)[2]
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.next() * n as f64) as usize).min(n - 1)
    }
}

fn stages(info: &dicod_info, gram: bool) -> f64 {
    info.seconds_correlate
        + info.seconds_descend
        + info.seconds_certify
        + info.seconds_other
        + if gram { info.seconds_gram } else { 0.0 }
}

/// What an info says is true of itself.
#[track_caller]
fn consistent(status: dicod_status, info: &dicod_info, finite: bool, took: f64, gram: bool) {
    assert!(
        [DICOD_OK, DICOD_TIME_LIMIT, DICOD_CANCELLED, DICOD_PRECISION].contains(&status),
        "{status} {}",
        last_error()
    );
    assert!(finite, "{info:?}");
    assert_eq!(info.status, status);
    let known = info.proven & DICOD_PROVEN_LAMBDA != 0;
    let proven = info.proven & DICOD_PROVEN_RESULT != 0;
    assert_eq!(info.proven, i64::from(known) + 2 * i64::from(proven));
    assert!(proven || [DICOD_TIME_LIMIT, DICOD_CANCELLED].contains(&status), "{info:?}");
    for (value, known) in [
        (info.lambda, known),
        (info.lambda_max, known),
        (info.tol, known),
        (info.objective, proven),
        (info.data_term, proven),
    ] {
        assert_eq!(value.is_nan(), !known, "{info:?}");
    }
    for value in [info.max_step, info.duality_gap] {
        assert_eq!(value.is_infinite(), !proven, "{info:?}");
    }
    assert!((stages(info, gram) - info.seconds).abs() <= 1e-2 * info.seconds, "{info:?}");
    // What is before the first look at the clock and after the last.
    assert!(info.seconds <= took && took <= 1.01 * info.seconds + 0.05, "{took} {info:?}");
}

fn set(options: &ffi_support::Options, limit: f64, random: &mut Random) {
    options.real("time_limit", limit);
    options.real("reg", [0.02, 0.1, 0.5][random.below(3)]);
    options.real("tol", [1e-1, 1e-3, 1e-8][random.below(3)]);
}

fn finite(values: &[f64]) -> bool {
    values.iter().all(|value| value.is_finite())
}

/// Solves, by one of the ways there are.
fn solve_within(problem: &Problem, limit: f64, random: &mut Random) -> (f64, i64) {
    let threads = 1 + random.below(2);
    let context = ffi_support::Context::new(threads as i32);
    let options = ffi_support::Options::new();
    set(&options, limit, random);
    let mut info = info();
    match random.below(4) {
        way @ 0..2 => {
            let mut z = vec![0.0; problem.n_z()];
            let warm = way == 1;
            if warm {
                options.integer("warm_start", 1);
                (0..z.len()).step_by(97).for_each(|i| z[i] = 0.01);
            }
            let (x, d) = (problem.x.as_ptr(), problem.d.as_ptr());
            let to = z.as_mut_ptr();
            let (status, late, took) =
                lateness(limit, threads, || dicod_solve(context.0, options.0, &problem.as_c(), x, d, to, &mut info));
            consistent(status, &info, finite(&z), took, true);
            if info.steps == 0 && warm {
                assert!(z.iter().step_by(97).all(|z| *z == 0.01));
            }
            let nonzeros = z.iter().filter(|z| **z != 0.0).count() as i64;
            assert!(info.nonzeros == nonzeros || info.steps == 0);
            (late, info.proven)
        }
        2 => {
            let mut z = vec![0f32; problem.n_z()];
            let (x, d) = (narrow(&problem.x), narrow(&problem.d));
            let (from, to) = ((x.as_ptr(), d.as_ptr()), z.as_mut_ptr());
            let (status, late, took) = lateness(limit, threads, || {
                dicod_solve_f32(context.0, options.0, &problem.as_c(), from.0, from.1, to, &mut info)
            });
            consistent(status, &info, z.iter().all(|z| z.is_finite()), took, true);
            (late, info.proven)
        }
        _ => {
            let mut encoder = null_mut();
            let array = Array::new(&problem.signal, vec![problem.x.as_ptr().cast_mut().cast()], None);
            let array = array.raw_const();
            {
                let d = problem.d.as_ptr();
                let o = options.0;
                let made = dicod_encoder_create(context.0, o, &problem.as_c(), d, &mut encoder);
                assert_eq!(made, DICOD_OK, "{}", last_error());
                let encoder = ffi_support::Encoder(encoder);
                let (status, late, took) =
                    lateness(limit, threads, || dicod_encoder_solve(encoder.0, &array, &mut info));
                consistent(status, &info, true, took, false);
                let mut count = 0;
                let list = (null_mut(), null_mut(), null_mut(), null_mut());
                let listed = dicod_encoder_get_sparse(encoder.0, 0, list.0, list.1, list.2, list.3, &mut count);
                assert_eq!((listed, count), (DICOD_OK, info.nonzeros));
                (late, info.proven)
            }
        }
    }
}

/// Limits from a millisecond to a quarter of a second.
fn limit(random: &mut Random) -> f64 {
    0.001 * 250f64.powf(random.next())
}

#[test]
fn solves_return_in_time() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let problems = problems();
    let mut random = Random(1);
    let (mut worst, mut known) = (f64::NEG_INFINITY, [0; 4]);
    for _ in 0..100 {
        let (problem, limit) = (&problems[random.below(problems.len())], limit(&mut random));
        let (late, proven) = solve_within(problem, limit, &mut random);
        worst = worst.max(late);
        known[proven as usize] += 1;
        assert!(
            late <= allowed(limit),
            "{:?} {:?} {}: limit {limit}, {late} late",
            problem.signal,
            problem.atom,
            problem.n_atoms
        );
    }
    println!("100 solves: {:.1} ms late at most; known {known:?}", 1e3 * worst);
    // All that there is to be stopped in: the Gram tensor or the first correlation; what comes then; and nothing.
    assert!(known[0] > 0 && known[3] > 0, "{known:?}");
}

#[test]
fn learning_returns_in_time() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let problems = problems();
    let mut random = Random(7);
    let mut worst = f64::NEG_INFINITY;
    for _ in 0..60 {
        let (problem, limit) = (&problems[random.below(problems.len())], limit(&mut random));
        let threads = 1 + random.below(2);
        let context = ffi_support::Context::new(threads as i32);
        let options = ffi_support::Options::new();
        set(&options, limit, &mut random);
        options.word("learn_init", ["random", "random-patches", "greedy-patches"][random.below(3)]);
        options.word("learn_statistics", ["auto", "sparse", "fft"][random.below(3)]);
        let (mut d, mut z) = (vec![f64::NAN; problem.d.len()], vec![f64::NAN; problem.n_z()]);
        let mut info = learn_info();
        let (status, late, took) = lateness(limit, threads, || {
            dicod_learn(
                context.0,
                options.0,
                &problem.as_c(),
                problem.x.as_ptr(),
                None,
                null_mut(),
                d.as_mut_ptr(),
                z.as_mut_ptr(),
                &mut info,
            )
        });
        assert!([DICOD_OK, DICOD_TIME_LIMIT].contains(&status), "{}", last_error());
        assert!(finite(&d) && finite(&z));
        for atom in d.chunks_exact(d.len() / problem.n_atoms as usize) {
            let norm: f64 = atom.iter().map(|x| x * x).sum();
            assert!(norm > 0.0 && norm <= 1.0 + 1e-12, "{norm}");
        }
        let proven = info.proven & DICOD_PROVEN_RESULT != 0;
        assert_eq!((info.objective.is_nan(), info.duality_gap.is_infinite()), (!proven, !proven));
        let sum = info.seconds_z + info.seconds_statistics + info.seconds_d + info.seconds_other;
        assert!((sum - info.seconds).abs() <= 1e-2 * info.seconds);
        assert!(info.seconds <= took && took <= 1.01 * info.seconds + 0.05, "{took} {info:?}");
        worst = worst.max(late);
        assert!(late <= allowed(limit), "{:?}: limit {limit}, {late} late", problem.signal);
    }
    println!("60 times learning: {:.1} ms late at most", 1e3 * worst);
}

fn learn_info() -> dicod_learn_info {
    // SAFETY: numbers all of them.
    let mut info: dicod_learn_info = unsafe { std::mem::zeroed() };
    info.struct_size = size_of::<dicod_learn_info>() as i64;
    info
}

/// Two ranks in this process: both end alike, in time, whichever limit it is, and whoever is asked.
#[test]
fn ranks_end_alike_and_in_time() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let (signal, atom, n_atoms) = ([1, 320, 300], [12, 14], 24);
    let problem = Problem::new(&signal[1..], n_atoms, &atom, 11);
    let mut random = Random(23);
    let (mut worst, mut proven) = (f64::NEG_INFINITY, [0; 2]);
    for round in 0..100 {
        // Of a limit, a callback on one rank, and dictionary learning.
        let (limit, asked, learns) = (limit(&mut random), round % 4 == 1, round % 4 == 3);
        let options = Options {
            time_limit: if asked { f64::INFINITY } else { limit },
            progress_interval: limit,
            reg: 0.02,
            tol: 1e-9,
            ..Options::default()
        };
        let one = |ranks: Arc<dyn Transport>| {
            let me = ranks.rank();
            let shape = Shape::new(&signal[1..], 1, 1, n_atoms, &atom, &options).unwrap();
            let d = Dictionary::full(n_atoms as usize, 1, shape.atom, &problem.d).unwrap();
            let x = Field::contiguous(&problem.x, shape.signal).part(&slab(shape.signal, me));
            let mut calls = 0;
            let mut no = |progress: &Progress| {
                assert!(progress.max_step > 0.0 && progress.awake <= progress.tiles);
                calls += 1;
                false
            };
            let mut once = (asked && me == 1).then_some(&mut no as &mut dyn FnMut(&Progress) -> bool);
            if learns {
                let mut learner = Learner::<f64>::over(ranks.clone(), shape, options.clone(), 1, None).unwrap();
                ranks.reduce(Reduce::Max, &[0]).unwrap();
                let (done, late, _) = lateness(limit, 2, || learner.run(&x, None, None).unwrap());
                return (done.stop, done.info, late);
            }
            let mut encoder = Encoder::over(ranks.clone(), shape, d, options.clone(), 1).unwrap();
            ranks.reduce(Reduce::Max, &[0]).unwrap();
            let (info, late, _) = lateness(limit, 2, || encoder.solve(&x, once.take()).unwrap());
            assert!(encoder.activations().unwrap().iter().all(|a| a.value.is_finite()));
            // What it has done stays with it, and it goes on from there.
            (info.stop, info, late)
        };
        let both: Vec<_> = Local::run(2, Weather::default(), one).into_iter().map(|r| r.unwrap()).collect();
        let [(stop, info, _), (other_stop, other, _)] = &both[..] else { panic!() };
        let expected = if asked { Stop::Cancelled } else { Stop::TimeLimit };
        assert_eq!((*stop, *other_stop), (expected, expected), "round {round}");
        assert_eq!((info.proven, info.nonzeros, info.steps), (other.proven, other.nonzeros, other.steps));
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits();
        assert!(same(info.lambda_max, other.lambda_max));
        assert!(same(info.certificate.objective, other.certificate.objective));
        proven[usize::from(info.proven)] += 1;
        // A callback's no in a descent is followed by the certificate.
        if !asked {
            let late = f64::max(both[0].2, both[1].2);
            worst = worst.max(late);
            assert!(late <= allowed(limit), "round {round}: limit {limit}, {late} late");
        }
    }
    println!("100 rounds on two ranks: {:.1} ms late at most; proven {proven:?}", 1e3 * worst);
    assert!(proven[0] > 0 && proven[1] > 0);
}

/// A field on which every stage takes seconds: on one rank and on two.
#[test]
fn a_large_field_is_left_in_time() {
    if std::env::var_os("DICOD_LONG").is_none() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let problem = Problem::new(&[4096, 4096], 32, &[16, 16], 5);
    let signal = [1, 4096, 4096];
    for limit in [0.1, 1.0, 4.0, 12.0, 40.0, 120.0] {
        for size in [1, 2] {
            let options = Options { time_limit: limit, reg: 0.02, tol: 1e-3, ..Options::default() };
            let one = |ranks: Arc<dyn Transport>| {
                let shape = Shape::new(&problem.signal, 1, 1, 32, &problem.atom, &options).unwrap();
                let d = Dictionary::full(32, 1, shape.atom, &problem.d).unwrap();
                let x = Field::contiguous(&problem.x, shape.signal);
                let x = match size {
                    1 => x,
                    _ => x.part(&slab(signal, ranks.rank())),
                };
                let mut encoder = Encoder::over(ranks.clone(), shape, d, options.clone(), 3 - size).unwrap();
                ranks.reduce(Reduce::Max, &[0]).unwrap();
                let (info, late, took) = lateness(limit, 2, || encoder.solve(&x, None).unwrap());
                let n = encoder.activations().unwrap();
                assert!(n.iter().all(|a| a.value.is_finite()));
                (info, late, took)
            };
            for (info, late, took) in Local::run(size, Weather::default(), one).into_iter().map(|r| r.unwrap()) {
                println!(
                    "{size} ranks, limit {limit}: {took:.3} s, {:.1} ms late; {:?}, proven {}, {} steps; correlate {:.2}, descend \
                     {:.2}, certify {:.2}, other {:.2}",
                    1e3 * late,
                    info.stop,
                    info.proven,
                    info.steps,
                    info.seconds_correlate,
                    info.seconds_descend,
                    info.seconds_certify,
                    info.seconds_other
                );
                assert!(late <= allowed(limit), "{late} late");
            }
        }
    }
}

/// Half of the rows of a field.
fn slab(signal: [i64; 3], rank: usize) -> Block {
    let half = signal[1] / 2;
    Block { origin: [0, half * rank as i64, 0], shape: [1, half, signal[2]] }
}

/// A wish from outside, after a while: what came of it.
#[test]
fn a_cancel_ends_a_call_wherever_it_is_and_none_that_comes_after_it() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    struct Shared(*mut dicod_context);
    // SAFETY: dicod_cancel may be called from any thread.
    unsafe impl Sync for Shared {}
    let problems = problems();
    let mut random = Random(3);
    let mut cancelled = 0;
    assert_eq!(dicod_cancel(null()), 0);
    for _ in 0..30 {
        let problem = &problems[random.below(problems.len())];
        let delay = limit(&mut random);
        let threads = 1 + random.below(2);
        let context = ffi_support::Context::new(threads as i32);
        let options = ffi_support::Options::new();
        set(&options, f64::INFINITY, &mut random);
        options.real("tol", 1e-9);
        options.real("reg", 0.01);
        let mut z = vec![0.0; problem.n_z()];
        let mut info = info();
        let (shared, done) = (&Shared(context.0), &AtomicBool::new(false));
        let (status, late, took) = std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_secs_f64(delay));
                // The call may not have begun, or be done already.
                while dicod_cancel(shared.0) == 0 && !done.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
            });
            lateness(delay, threads, || {
                let (x, d) = (problem.x.as_ptr(), problem.d.as_ptr());
                let status = { dicod_solve(shared.0, options.0, &problem.as_c(), x, d, z.as_mut_ptr(), &mut info) };
                done.store(true, Ordering::Relaxed);
                status
            })
        });
        consistent(status, &info, finite(&z), took, true);
        cancelled += i32::from(status == DICOD_CANCELLED);
        assert!(late <= 0.05, "{:?}: {late} late", problem.signal);
        // Nothing runs: nobody hears of it.
        assert_eq!(dicod_cancel(context.0), 0);
        let mut call = ffi_support::Call::new();
        call.context = context.0;
        assert_eq!(call.run().status, DICOD_OK);
    }
    assert!(cancelled > 20, "{cancelled}");
}

/// A callback that cancels by itself, at once, and not at all.
#[test]
fn a_callback_may_cancel_and_is_told_what_is_known() {
    struct Seen {
        context: *mut dicod_context,
        cancel_at: usize,
        reports: Vec<(dicod_progress, f64, f64)>,
    }
    unsafe extern "C" fn report(userdata: *mut c_void, progress: *const dicod_progress) -> i32 {
        // SAFETY: the test passes one; the progress is valid.
        let (seen, progress) = unsafe { (&mut *userdata.cast::<Seen>(), *progress) };
        seen.reports.push((progress, progress.seconds, used()));
        if seen.reports.len() == seen.cancel_at {
            assert_eq!(dicod_cancel(seen.context), 1);
        }
        0
    }
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let interval = 0.02;
    for problem in problems() {
        for (threads, cancel_at) in [(1, 0), (2, 0), (2, 3)] {
            let context = ffi_support::Context::new(threads);
            let options = ffi_support::Options::new();
            options.real("progress_interval", interval);
            options.real("reg", 0.02);
            options.real("time_limit", 2.0);
            let mut seen = Seen { context: context.0, cancel_at, reports: Vec::new() };
            let (mut z, mut info) = (vec![0.0; problem.n_z()], info());
            let began = used();
            let status = {
                dicod_context_set_progress(context.0, Some(report), (&raw mut seen).cast());
                dicod_solve(
                    context.0,
                    options.0,
                    &problem.as_c(),
                    problem.x.as_ptr(),
                    problem.d.as_ptr(),
                    z.as_mut_ptr(),
                    &mut info,
                )
            };
            // It may be done before it comes to that, or with the report that would have asked for it.
            let (n, cancelled) = (seen.reports.len(), status == DICOD_CANCELLED);
            let asked = cancel_at > 0 && n >= cancel_at;
            assert!(!cancelled || asked, "{info:?}");
            assert!(cancelled || !asked || n == cancel_at, "{info:?}");
            // From the beginning to the end no silence is long.
            let mut last = (0.0, began);
            for (progress, seconds, used) in &seen.reports {
                let silence = f64::min(seconds - last.0, (used - last.1) / f64::from(threads));
                assert!(silence <= interval + 0.05, "{:?}: {silence} at {progress:?}", problem.signal);
                last = (*seconds, *used);
                assert!(progress.awake <= progress.tiles);
                if progress.sweeps == 0 && progress.max_step != info.max_step {
                    assert_eq!((progress.max_step, progress.awake), (f64::INFINITY, progress.tiles));
                }
            }
        }
    }
}

/// A limit that leaves room for it is kept with a proof: what the descent has reached is certified in what was kept back.
#[test]
fn what_was_reached_in_time_is_proven() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let problem = &problems()[2];
    let call = |limit: f64, z: &mut [f64]| {
        let options = ffi_support::Options::new();
        options.real("time_limit", limit);
        options.real("reg", 0.02);
        options.real("tol", 1e-9);
        let mut info = info();
        let status = {
            dicod_solve(
                null_mut(),
                options.0,
                &problem.as_c(),
                problem.x.as_ptr(),
                problem.d.as_ptr(),
                z.as_mut_ptr(),
                &mut info,
            )
        };
        (status, info)
    };
    let mut z = vec![0.0; problem.n_z()];
    // As long as it takes to have begun.
    let mut limit = 0.1;
    let info = loop {
        let (status, info) = call(limit, &mut z);
        assert_eq!(status, DICOD_TIME_LIMIT);
        if info.proven == 3 && info.steps > 0 {
            break info;
        }
        assert!(limit < 60.0);
        limit *= 1.5;
    };
    assert!(info.duality_gap > 0.0 && info.duality_gap.is_finite());
    let (mut objective, mut data_term) = (0.0, 0.0);
    let options = ffi_support::Options::new();
    options.real("reg", info.lambda);
    options.word("reg_scale", "absolute");
    let status = {
        dicod_objective(
            null_mut(),
            options.0,
            &problem.as_c(),
            problem.x.as_ptr(),
            problem.d.as_ptr(),
            z.as_ptr(),
            &mut objective,
            &mut data_term,
        )
    };
    assert_eq!(status, DICOD_OK);
    assert!((objective - info.objective).abs() <= 1e-9 * objective);
    assert!((data_term - info.data_term).abs() <= 1e-9 * objective);
}

/// Where there are many z, it takes long to certify them: that is kept back, too, for every type, number of axes and size of the
/// atoms. A machine that is busy may take what was kept: then a longer limit has to do.
#[test]
fn many_z_are_proven_in_time() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let problems: [(&[i64], i64, &[i64]); 4] = [
        (&[600, 600], 6, &[10, 10]),
        (&[300, 320], 3, &[24, 24]),
        (&[300_000], 4, &[64]),
        (&[60, 60, 60], 4, &[7, 7, 7]),
    ];
    for (number, (signal, n_atoms, atom)) in problems.into_iter().enumerate() {
        let problem = Problem::new(signal, n_atoms, atom, 11 + number as u64);
        for (single, periodic, threads) in [(false, false, 1), (true, false, 2), (false, true, 2)] {
            let mut limit = 0.5;
            while !many_proven(&problem, limit, single, periodic, threads) {
                assert!(limit < 8.0, "{signal:?}, atoms {atom:?}, single precision: {single}, periodic: {periodic}");
                limit *= 1.5;
            }
        }
    }
}

/// Whether a solve that its limit ends has found many z, and proven what it has.
fn many_proven(problem: &Problem, limit: f64, single: bool, periodic: bool, threads: i32) -> bool {
    let context = ffi_support::Context::new(threads);
    let options = ffi_support::Options::new();
    options.real("time_limit", limit);
    options.real("reg", 0.01);
    options.real("tol", 1e-9);
    let axes = problem.axes();
    if periodic {
        let all = vec![1; axes as usize];
        let key = c"periodic".as_ptr();
        assert_eq!(dicod::ffi::options::dicod_options_set_integers(options.0, key, axes, all.as_ptr()), DICOD_OK);
    }
    let (shapes, k) = (problem.as_c(), problem.n_atoms);
    let n_z = match periodic {
        true => (k * problem.signal.iter().product::<i64>()) as usize,
        false => problem.n_z(),
    };
    let mut info = info();
    let (context, options, info_to) = (context.0, options.0, &mut info);
    let (status, late, took) = match single {
        true => {
            let (x, d, mut z) = (narrow(&problem.x), narrow(&problem.d), vec![0f32; n_z]);
            let (x, d, z) = (x.as_ptr(), d.as_ptr(), z.as_mut_ptr());
            lateness(limit, threads as usize, || dicod_solve_f32(context, options, &shapes, x, d, z, info_to))
        }
        false => {
            let (x, d, mut z) = (problem.x.as_ptr(), problem.d.as_ptr(), vec![0f64; n_z]);
            let z = z.as_mut_ptr();
            lateness(limit, threads as usize, || dicod_solve(context, options, &shapes, x, d, z, info_to))
        }
    };
    println!(
        "{:?}, atoms {:?} x {k}, single {single}, periodic {periodic}, {threads} threads, limit {limit}: {took:.3} s, {:.1} ms \
         late, {} z, proven {}",
        problem.signal,
        problem.atom,
        1e3 * late,
        info.nonzeros,
        info.proven
    );
    assert!(status == DICOD_TIME_LIMIT || status == DICOD_PRECISION, "{status} {}", last_error());
    assert!(late <= allowed(limit), "{late} late");
    info.proven == DICOD_PROVEN_LAMBDA + DICOD_PROVEN_RESULT && 50 * info.nonzeros > n_z as i64
}
