//! Statistics from pairs of activations that are near each other.

use crate::base::error::Result;
use crate::base::memory;
use crate::base::panic::lock;
use crate::clock::Looks;
use crate::csc::Shape;
use crate::learn::cells::Cells;
use crate::learn::share::Share;
use crate::learn::statistics::terms::{Row, TermSteps, rows};
use crate::linalg::Real;
use crate::threads::for_each;
use std::sync::Mutex;

/// Estimated nanoseconds.
pub(super) fn cost(shape: &Shape, counts: &[i64]) -> f64 {
    let places = shape.n_signals as f64 * shape.valid().iter().product::<i64>() as f64;
    let all: f64 = counts.iter().map(|n| *n as f64).sum();
    // Neighbours are looked for in boxes of 3L per axis, half of them are found twice.
    let near: f64 = shape.atom.iter().map(|l| 3.0 * *l as f64).product();
    let pairs = all * all * (near / places).min(1.0);
    let patches = all * (shape.n_channels as i64 * shape.atom.iter().product::<i64>()) as f64;
    3.0 * pairs + 2.0 * patches
}

pub(super) fn from_pairs<T: Real>(
    shape: &Shape,
    share: &Share<'_, T>,
    steps: TermSteps,
    n_threads: usize,
) -> Result<Vec<Mutex<Row>>> {
    let rows = rows(shape, share.pairs, steps)?;
    let own = share.own.iter().filter(|_| share.pairs).map(|a| (a.at, a.at));
    let cells = Cells::new(shape, share, own)?;
    let [l0, l1, l2] = shape.atom;
    let [_, w1, w2] = shape.atom.map(|l| 2 * l - 1);
    let window: i64 = shape.atom.iter().map(|l| 2 * l - 1).product();
    let volume: i64 = shape.atom.iter().product();
    let mut by_atom: Vec<Vec<u32>> = memory::zeroed("lists of activations", shape.n_atoms)?;
    for (i, a) in share.own.iter().enumerate() {
        by_atom[a.atom].push(i as u32);
    }
    let patch = || memory::zeroed("a patch", volume as usize);
    for_each(n_threads, shape.n_atoms, patch, |patch: &mut Vec<f64>, k| {
        let Row { ztz, ztx } = &mut *lock(&rows[k]);
        let mut looks = Looks::every(16 * shape.n_channels * volume as usize);
        for i in &by_atom[k] {
            if looks.over() {
                break;
            }
            let a = &share.own[*i as usize];
            let z = a.value.wide();
            for p in 0..shape.n_channels {
                share.x.read(a.signal, p, a.at, shape.atom, patch);
                ztx.add(p * volume as usize, z, patch);
            }
            if !share.pairs {
                continue;
            }
            cells.around(a.signal, a.at, |offset, l, other| {
                let [t0, t1, t2] = offset;
                let tau = ((t0 + l0 - 1) * w1 + t1 + l1 - 1) * w2 + t2 + l2 - 1;
                if l > k || (l == k && 2 * tau >= window - 1) {
                    let at = (l - k) * window as usize + tau as usize;
                    ztz.add(at, z, &[other]);
                }
            });
        }
        Ok(())
    })?;
    Ok(rows)
}
