//! The sums that statistics are made of: exact, so that ranks and threads may add in any order.

use crate::base::error::Result;
use crate::csc::Shape;
use crate::ranks::sums::{Steps, Sums};
use std::sync::Mutex;

/// Steps of the sums.
#[derive(Clone, Copy)]
pub(super) struct TermSteps {
    ztz: Steps,
    ztx: Steps,
}

impl TermSteps {
    /// `tiles`: an entry's terms are the sums over so many tiles; 0: single products.
    pub(super) fn new(shape: &Shape, counts: &[i64], z: f64, x: f64, tiles: i64) -> Self {
        let most = counts.iter().copied().max().unwrap_or(0) as u64;
        // One product per non-zero of an atom and image of another, 3 per axis that wraps.
        let images = 3u64.pow(shape.periodic.iter().filter(|p| **p).count() as u32);
        let products = most.saturating_mul(images).max(1);
        let (size, terms) = match tiles as u64 {
            0 => (1.0, products),
            tiles => (2.0 * products as f64, tiles),
        };
        TermSteps { ztz: Steps::new(size * z * z, terms), ztx: Steps::new(size * z * x, terms) }
    }
}

/// What one atom has with those from it on: (K − k, 2L − 1…) and (P, L…).
pub(super) struct Row {
    pub(super) ztz: Sums,
    pub(super) ztx: Sums,
}

/// For each atom; the former are wanted if there are to be pairs.
pub(super) fn rows(shape: &Shape, pairs: bool, steps: TermSteps) -> Result<Vec<Mutex<Row>>> {
    let window: i64 = shape.atom.iter().map(|l| 2 * l - 1).product();
    let volume: i64 = shape.atom.iter().product();
    let what = "the statistics";
    let row = |k: usize| {
        let others = if pairs { (shape.n_atoms - k) * window as usize } else { 0 };
        Ok(Mutex::new(Row {
            ztz: Sums::zeroed(what, others, steps.ztz)?,
            ztx: Sums::zeroed(what, shape.n_channels * volume as usize, steps.ztx)?,
        }))
    };
    (0..shape.n_atoms).map(row).collect()
}
