//! How tight the duality gap is: `cargo bench --bench proof`, or `make bench-proof`.
//!
//! Beside the gap that a solve proves stands how far it truly is from the optimum, which a solve to a far smaller tolerance
//! tells, up to its own gap; the same with option `proof` = tight, and what that costs.

use dicod::csc::{Info, Options};
use dicod::linalg::{Field, Real};
use dicod::options::solve::Proof;
use problems::{Problem, median};
use std::time::Instant;

#[path = "problems/mod.rs"]
mod problems;

const REPEATS: usize = 5;

/// Processor seconds of this process so far.
fn processor() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a pointer to a place of the right type.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}

fn solve<T: Real>(problem: &Problem, reg: f64, tol: f64, proof: Proof, repeats: usize) -> (Info, f64) {
    let options = Options { reg, tol, proof, ..Options::default() };
    let shape = problem.shape(&options);
    let x: Vec<T> = problem.x.iter().map(|v| T::of(*v)).collect();
    let x = Field::contiguous(&x, shape.signal);
    let mut encoder = problem.encoder::<T>(&options, 1);
    let mut seconds = Vec::new();
    let mut last = encoder.solve(&x, None).unwrap();
    for _ in 0..repeats {
        let begin = processor();
        last = encoder.solve(&x, None).unwrap();
        seconds.push(processor() - begin);
    }
    let seconds = if seconds.is_empty() { f64::NAN } else { median(seconds) };
    (last, seconds)
}

fn rows<T: Real>(problem: &Problem, reg: f64, precision: &str, best: f64) {
    for tol in [1e-2, 1e-3, 1e-5] {
        let [(quick, seconds), (tight, longer)] =
            [Proof::Quick, Proof::Tight].map(|proof| solve::<T>(problem, reg, tol, proof, REPEATS));
        assert_eq!(quick.certificate.objective, tight.certificate.objective);
        let (f, gaps) = (quick.certificate.objective, [quick, tight].map(|info| info.certificate.gap));
        let truth = f - best;
        println!(
            "| {} | {reg} | {precision} | {tol:e} | {:.1e} | {:.1e} | {:.1} | {:.1e} | **{:.1}** | {:.1} | {:.2} |",
            problem.name,
            truth / f,
            gaps[0] / f,
            gaps[0] / truth,
            gaps[1] / f,
            gaps[1] / truth,
            seconds * 1e3,
            longer / seconds,
        );
    }
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    println!(
        "| problem | λ/λmax | type | tol | (F − F*)/F | gap/F | ratio | tight: gap/F | ratio | processor ms | tight: times |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for problem in &problems::all() {
        if !wanted.is_empty() && !wanted.iter().any(|w| problem.name.contains(w.as_str())) {
            continue;
        }
        for reg in [0.1, 0.3] {
            let start = Instant::now();
            let (info, _) = solve::<f64>(problem, reg, 1e-7, Proof::Quick, 0);
            let (f, gap) = (info.certificate.objective, info.certificate.gap);
            let seconds = start.elapsed().as_secs_f64();
            println!("| {} | {reg} | | 1e-7 | | {:.1e} | | | | {seconds:.1} s | |", problem.name, gap / f);
            rows::<f64>(problem, reg, "f64", f);
            rows::<f32>(problem, reg, "f32", f);
        }
    }
}
