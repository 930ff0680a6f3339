//! Moves a field from the blocks that ranks hold to the windows that they work on.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::clock::{self, Looks};
use crate::csc::descent::halo::Halo;
use crate::grid::block::Block;
use crate::grid::point::{AXES, Point};
use crate::linalg::{Field, Real, Strided};
use crate::ranks::Tag;

/// The part of a field that a rank works on: positions without periods, so that what lies beyond
/// the end of an axis that wraps is there a second time.
pub(crate) struct Window<T> {
    pub(crate) block: Block,
    /// Field by field, row-major.
    pub(crate) values: Vec<T>,
    /// Largest |value| of each signal when they were last measured.
    pub(crate) largest: Vec<f64>,
    /// Sums of the sizes of all numbers that were rounded on the way from signals to residuals, position by position; in
    /// double precision nobody asks.
    pub(crate) sizes: Vec<T>,
}

impl<T: Real> Window<T> {
    pub(crate) fn new(block: Block, n_fields: usize) -> Result<Self> {
        let volume = block.volume() as usize;
        Ok(Window {
            block,
            values: memory::zeroed("the residual", n_fields * volume)?,
            largest: Vec::new(),
            sizes: Vec::new(),
        })
    }

    /// Begins to add up what is rounded.
    pub(crate) fn forget_sizes(&mut self) -> Result<()> {
        if size_of::<T>() == size_of::<f32>() {
            // Memory that is new takes no room where nothing is written.
            self.sizes = Vec::new();
            self.sizes = memory::zeroed("the residual", self.values.len())?;
        }
        Ok(())
    }

    /// What a residual may be wrong by, by signal: half a unit of each number that was rounded.
    pub(crate) fn rounding(&self, n_signals: usize) -> Vec<f64> {
        let larger = |most: T, size: &T| if *size > most { *size } else { most };
        let volume = (self.sizes.len() / n_signals).max(1);
        let signals = self.sizes.chunks_exact(volume);
        let most = signals.map(|sizes| sizes.iter().fold(T::ZERO, larger).wide());
        // The sums are rounded, too.
        let mut rounding: Vec<f64> = most.map(|most| 0.51 * T::EPSILON.wide() * most).collect();
        rounding.resize(n_signals, 0.0);
        rounding
    }

    /// Finds the largest |value| of each signal, unless the clock says that it is over.
    pub(crate) fn measure(&mut self, n_signals: usize) {
        let larger = |most: T, x: T| if x.abs() > most { x.abs() } else { most };
        let largest = |values: &[T]| {
            let (v8, rest) = values.as_chunks::<8>();
            let mut most = [T::ZERO; 8];
            for part in v8.chunks(1 << 17).take_while(|_| !clock::over()) {
                for v in part {
                    most = std::array::from_fn(|i| larger(most[i], v[i]));
                }
            }
            let values = most.iter().chain(rest);
            values.fold(T::ZERO, |most, x| larger(most, *x)).wide()
        };
        let volume = (self.values.len() / n_signals).max(1);
        self.largest = self.values.chunks_exact(volume).map(largest).collect();
        self.largest.resize(n_signals, 0.0);
    }

    /// `n` fields from number `first` on.
    pub(crate) fn fields(&self, first: usize, n: usize) -> Field<'_, T> {
        let volume = self.block.volume() as usize;
        let values = &self.values[first * volume..(first + n) * volume];
        let mut field = Field::contiguous(values, self.block.shape);
        field.origin = self.block.origin;
        field
    }
}

/// A box that is moved: where it is, and by how much positions change.
struct Piece {
    from: Block,
    shift: Point,
}

/// What a rank sends and receives.
pub(crate) struct Exchange {
    /// What this rank holds.
    pub(crate) block: Block,
    window: Block,
    sends: Vec<(usize, Vec<Piece>)>,
    receives: Vec<(usize, Vec<Piece>)>,
}

/// The parts of a block that a window needs, also as images around a period.
fn pieces(block: &Block, window: &Block, periods: &Point) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let images = |axis: usize| 0..=i64::from(periods[axis] > 0);
    for i in images(0) {
        for j in images(1) {
            for k in images(2) {
                let shift = [i * periods[0], j * periods[1], k * periods[2]];
                let both = block.shifted(&shift).intersection(window);
                if !both.is_empty() {
                    let from = both.shifted(&shift.map(|s| -s));
                    pieces.push(Piece { from, shift });
                }
            }
        }
    }
    pieces
}

impl Exchange {
    /// From the blocks and windows of all ranks. `periods`: the length of axes that wrap, else 0.
    pub(crate) fn new(me: usize, blocks: &[Block], windows: &[Block], periods: &Point) -> Self {
        let with = |list: Vec<(usize, Vec<Piece>)>| -> Vec<(usize, Vec<Piece>)> {
            list.into_iter().filter(|(_, p)| !p.is_empty()).collect()
        };
        let to = windows.iter().enumerate();
        let from = blocks.iter().enumerate();
        Exchange {
            block: blocks[me],
            window: windows[me],
            sends: with(to.map(|(q, w)| (q, pieces(&blocks[me], w, periods))).collect()),
            receives: with(from.map(|(q, b)| (q, pieces(b, &windows[me], periods))).collect()),
        }
    }

    /// Collective: fills the window from what ranks hold. Fails if the clock says that it is over.
    pub(crate) fn run<T: Real>(&self, halo: &Halo, source: &Field<'_, T>, window: &mut Window<T>) -> Result<()> {
        let me = halo.ranks.rank();
        // Whoever lacks memory, or time, must still send something, that the others do not wait for in vain: what is empty.
        let mut failure = None;
        for (rank, pieces) in self.sends.iter().filter(|(rank, _)| *rank != me) {
            let bytes = packed(source, pieces).unwrap_or_else(|error| {
                failure = Some(error);
                Vec::new()
            });
            halo.send(*rank, Tag::FIELD, bytes)?;
        }
        let layout = Strided::contiguous(self.window.shape);
        let volume = self.window.volume() as usize;
        for (rank, pieces) in &self.receives {
            if *rank == me {
                for (piece, channel) in pieces.iter().flat_map(|p| (0..source.channels.len()).map(move |c| (p, c))) {
                    let to = &mut window.values[channel * volume..][..volume];
                    let mut looks = Looks::every(piece.from.shape[2] as usize);
                    piece.from.for_each_row(|at| {
                        if looks.over() {
                            return;
                        }
                        let start = layout.index(inside(&at, &piece.shift, &self.window));
                        let n = piece.from.shape[2] as usize;
                        source.copy_row(channel, at, &mut to[start..start + n]);
                    });
                }
                continue;
            }
            let bytes = halo.receive(*rank, Tag::FIELD)?;
            if bytes.is_empty() {
                // The sender tells everybody why.
                continue;
            }
            let n: i64 = pieces.iter().map(|piece| piece.from.volume()).sum();
            let n_channels = window.values.len() / volume.max(1);
            if bytes.len() != n as usize * n_channels * size_of::<T>() {
                failure.get_or_insert(Error::Communication(format!(
                    "{} bytes of a field came from rank {rank}, not {}",
                    bytes.len(),
                    n as usize * n_channels * size_of::<T>()
                )));
                continue;
            }
            let mut values = bytes.chunks_exact(size_of::<T>()).map(T::from_bytes);
            for piece in pieces {
                for channel in 0..n_channels {
                    let to = &mut window.values[channel * volume..][..volume];
                    let mut looks = Looks::every(piece.from.shape[2] as usize);
                    piece.from.for_each_row(|at| {
                        if looks.over() {
                            return;
                        }
                        let start = layout.index(inside(&at, &piece.shift, &self.window));
                        let n = piece.from.shape[2] as usize;
                        for (to, from) in to[start..start + n].iter_mut().zip(&mut values) {
                            *to = from;
                        }
                    });
                }
            }
        }
        failure.map_or_else(clock::check, Err)
    }
}

/// A moved position, relative to a window.
fn inside(at: &Point, shift: &Point, window: &Block) -> Point {
    std::array::from_fn(|a| at[a] + shift[a] - window.origin[a])
}

fn packed<T: Real>(source: &Field<'_, T>, pieces: &[Piece]) -> Result<Vec<u8>> {
    let n: i64 = pieces.iter().map(|piece| piece.from.volume()).sum();
    let n = n as usize * source.channels.len();
    let mut bytes = Vec::new();
    memory::reserve("a message", &mut bytes, n * size_of::<T>() + 1)?;
    let mut row = Vec::new();
    for piece in pieces {
        for channel in 0..source.channels.len() {
            let mut looks = Looks::every(piece.from.shape[2] as usize);
            piece.from.for_each_row(|at| {
                if looks.over() {
                    return;
                }
                row.resize(piece.from.shape[AXES - 1] as usize, T::ZERO);
                source.copy_row(channel, at, &mut row);
                row.iter().for_each(|value| value.append_bytes(&mut bytes));
            });
        }
    }
    clock::check().map(|()| bytes)
}
