//! What the tests of the map share.

use dicod::parmap::{Map, Report, Schedule, Settings};
use dicod::ranks::Transport;
use dicod::ranks::local::{Local, Weather};
use std::sync::Arc;
use std::time::Duration;

/// What waits longer than this waits for ever.
pub const HANGS: Duration = Duration::from_secs(120);

pub const SCHEDULES: [Schedule; 4] = [Schedule::Block, Schedule::Cyclic, Schedule::Dynamic, Schedule::Guided];

/// Ranks and threads on each: serial, threads, ranks, both.
pub const SHAPES: [(usize, usize); 9] = [(1, 1), (1, 2), (1, 4), (2, 1), (3, 1), (4, 1), (2, 2), (4, 2), (5, 1)];

pub fn rough(seed: u64) -> Weather {
    Weather { seed, delay: (seed % 5) as u32, failure: None }
}

/// A map on each rank, with the settings.
pub fn on<R: Send>(
    (ranks, threads): (usize, usize),
    weather: Weather,
    settings: &Settings,
    work: impl Fn(&Map) -> R + Sync,
) -> Vec<R> {
    let work = |ranks: Arc<dyn Transport>| {
        let map = Map::new(ranks, threads).unwrap();
        map.set(|to| {
            *to = settings.clone();
            Ok(())
        })
        .unwrap();
        work(&map)
    };
    let results = Local::run(ranks, weather, work);
    results.into_iter().map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
}

/// A report without what may differ: time, and who ran it.
pub fn essence(report: &Report) -> Report {
    let mut report = report.clone();
    report.seconds = 0.0;
    if let Some(failure) = &mut report.failure {
        failure.rank = 0;
        failure.worker = 0;
    }
    report
}

pub fn bytes_of(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

pub fn value(bytes: &[u8]) -> f64 {
    f64::from_le_bytes(bytes[..8].try_into().unwrap())
}

/// Numbers whose sum depends on the order.
pub fn numbers(n: usize) -> Vec<f64> {
    (0..n).map(|i| ((i * 7919 + 13) % 1009) as f64 / 7.0 * 10f64.powi(i as i32 % 17 - 8)).collect()
}
