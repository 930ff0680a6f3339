//! Statistics by Fourier transforms, tile by tile.

use crate::base::error::Result;
use crate::base::memory;
use crate::base::panic::lock;
use crate::clock;
use crate::csc::Shape;
use crate::grid::point::{AXES, Point};
use crate::grid::tiles::Tile;
use crate::learn::cells::Cells;
use crate::learn::share::Share;
use crate::learn::statistics::terms::{Row, TermSteps, rows};
use crate::linalg::Real;
use crate::linalg::transform::{Transform, Work};
use crate::threads::for_each;
use realfft::num_complex::Complex;
use std::sync::Mutex;

/// Estimated nanoseconds, `tile` the largest tile.
pub(super) fn cost(shape: &Shape, tile: Point) -> f64 {
    let valid = shape.valid();
    let (mut tiles, mut size) = (shape.n_signals as f64, 1.0);
    for a in 0..AXES {
        tiles *= (valid[a] as f64 / tile[a] as f64).max(1.0);
        size *= (tile[a] + 2 * (shape.atom[a] - 1)) as f64;
    }
    let (k, p) = (shape.n_atoms as f64, shape.n_channels as f64);
    let products = 0.5 * k * (k + 1.0) + k * p;
    let transform = size * (size.log2() + 2.0);
    tiles * ((2.0 * k + p + products) * transform + products * size)
}

pub(super) fn by_transforms<T: Real>(
    shape: &Shape,
    share: &Share<'_, T>,
    steps: TermSteps,
    n_threads: usize,
) -> Result<Vec<Mutex<Row>>> {
    let rows = rows(shape, share.pairs, steps)?;
    let last = |tile: &Tile| std::array::from_fn(|a| tile.origin[a] + tile.shape[a] - 1);
    // All that a tile sees, even what meets nothing there: it takes part in the rounding.
    let tiles = share.tiles.iter().map(|tile| (tile.origin, last(tile)));
    let cells = Cells::new(shape, share, tiles)?;
    // A tile and its halo on both sides.
    let transform = Transform::new(std::array::from_fn(|a| share.largest[a] + 2 * (shape.atom[a] - 1)));
    let by = ByTransforms { shape, share, cells: &cells, transform: &transform, rows: &rows };
    for_each(
        n_threads,
        share.tiles.len(),
        || by.room(),
        |room, index| {
            let tile = &share.tiles[index];
            by.transform_activations(tile, room)?;
            if share.pairs {
                by.add_pairs(room)?;
            }
            by.transform_field(tile, room)?;
            by.add_patches(room)
        },
    )?;
    Ok(rows)
}

/// What all tiles share.
struct ByTransforms<'a, T> {
    shape: &'a Shape,
    share: &'a Share<'a, T>,
    cells: &'a Cells,
    transform: &'a Transform,
    rows: &'a [Mutex<Row>],
}

/// What a thread works in.
struct Room {
    work: Work,
    /// Spectra of the activations of a tile.
    inner: Vec<Complex<f64>>,
    /// The same with those around it; then of the field's channels.
    outer: Vec<Complex<f64>>,
    product: Vec<Complex<f64>>,
    values: Vec<f64>,
}

impl<T: Real> ByTransforms<'_, T> {
    fn room(&self) -> Result<Room> {
        let what = "spectra";
        let (k, p, len) = (self.shape.n_atoms, self.shape.n_channels, self.transform.spectrum_len());
        Ok(Room {
            work: self.transform.work()?,
            inner: memory::zeroed(what, k * len)?,
            outer: memory::zeroed(what, k.max(p) * len)?,
            product: memory::zeroed(what, len)?,
            values: memory::zeroed(what, self.pair().max(self.volume()))?,
        })
    }

    /// Values of a pair of atoms.
    fn pair(&self) -> usize {
        self.shape.atom.iter().map(|l| 2 * l - 1).product::<i64>() as usize
    }

    /// Values of an atom and channel.
    fn volume(&self) -> usize {
        self.shape.atom.iter().product::<i64>() as usize
    }

    fn normalise(&self) -> f64 {
        1.0 / self.transform.len() as f64
    }

    /// Positions are relative to the tile; the halo below it wraps to the end.
    fn transform_activations(&self, tile: &Tile, room: &mut Room) -> Result<()> {
        let (transform, len) = (self.transform, self.transform.spectrum_len());
        let Room { work, inner, outer, .. } = room;
        for atom in 0..self.shape.n_atoms {
            clock::check()?;
            for (halo, to) in [(false, &mut *inner), (true, &mut *outer)] {
                work.real.fill(0.0);
                let reach = |a: usize| if halo { self.shape.atom[a] - 1 } else { 0 };
                self.cells.inside(tile.signal, tile.origin, tile.shape, reach, |at, l, z| {
                    if l == atom {
                        work.real[transform.index(at)] += z;
                    }
                });
                transform.forward(work, &mut to[atom * len..][..len]);
            }
        }
        Ok(())
    }

    fn add_pairs(&self, room: &mut Room) -> Result<()> {
        let (k, len, pair) = (self.shape.n_atoms, self.transform.spectrum_len(), self.pair());
        let Room { work, inner, outer, product, values } = room;
        let (from, window) = (self.shape.atom.map(|l| 1 - l), self.shape.atom.map(|l| 2 * l - 1));
        for first in 0..k {
            let one = &inner[first * len..][..len];
            for second in first..k {
                let other = &outer[second * len..][..len];
                let values = &mut values[..pair];
                correlate(self.transform, work, product, (one, other), from, window, values);
                clock::check()?;
                let mut row = lock(&self.rows[first]);
                row.ztz.add((second - first) * pair, self.normalise(), values);
            }
        }
        Ok(())
    }

    fn transform_field(&self, tile: &Tile, room: &mut Room) -> Result<()> {
        let (transform, len) = (self.transform, self.transform.spectrum_len());
        let Room { work, outer, .. } = room;
        let extended: Point = std::array::from_fn(|a| tile.shape[a] + self.shape.atom[a] - 1);
        let mut patch: Vec<f64> = memory::zeroed("a patch", extended.iter().product::<i64>() as usize)?;
        for channel in 0..self.shape.n_channels {
            self.share.x.read(tile.signal, channel, tile.origin, extended, &mut patch);
            work.real.fill(0.0);
            let mut rows = patch.chunks_exact(extended[2] as usize);
            for i in 0..extended[0] {
                for j in 0..extended[1] {
                    let start = transform.index([i, j, 0]);
                    if let Some(row) = rows.next() {
                        work.real[start..start + row.len()].copy_from_slice(row);
                    }
                }
            }
            transform.forward(work, &mut outer[channel * len..][..len]);
        }
        Ok(())
    }

    fn add_patches(&self, room: &mut Room) -> Result<()> {
        let (len, volume) = (self.transform.spectrum_len(), self.volume());
        let Room { work, inner, outer, product, values } = room;
        for first in 0..self.shape.n_atoms {
            for channel in 0..self.shape.n_channels {
                let (one, other) = (&inner[first * len..], &outer[channel * len..]);
                let values = &mut values[..volume];
                correlate(self.transform, work, product, (one, other), [0; AXES], self.shape.atom, values);
                clock::check()?;
                let mut row = lock(&self.rows[first]);
                row.ztx.add(channel * volume, self.normalise(), values);
            }
        }
        Ok(())
    }
}

/// Writes the correlation of two fields over a box of shifts, not normalised, to `values`.
fn correlate(
    transform: &Transform,
    work: &mut Work,
    product: &mut [Complex<f64>],
    (one, other): (&[Complex<f64>], &[Complex<f64>]),
    from: Point,
    shape: Point,
    values: &mut [f64],
) {
    for (to, (a, b)) in product.iter_mut().zip(one.iter().zip(other)) {
        *to = a.conj() * b;
    }
    transform.inverse(work, product);
    for (index, value) in values.iter_mut().enumerate() {
        let index = index as i64;
        let (row, k) = (index / shape[2], index % shape[2]);
        let at = [from[0] + row / shape[1], from[1] + row % shape[1], from[2] + k];
        *value = work.real[transform.index(at)];
    }
}
