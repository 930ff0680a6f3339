//! What a step looks at: all signals, a batch of them, or crops: windows at random places of the signals.
//!
//! Places are drawn by seed and step from the whole domain, never from what a rank happens to hold, and each rank gets a slab of
//! every crop: what is learned from them is the same for any number of ranks.

use crate::base::error::{Error, Result};
use crate::base::wording::per_axis;
use crate::csc::descent::exchange::{Exchange, Window};
use crate::csc::descent::halo::Halo;
use crate::csc::encoder::gathered;
use crate::csc::{Options, Shape};
use crate::grid::block::{Block, fails_unless_a_partition};
use crate::grid::point::{AXES, Point, padded};
use crate::learn::initialise::{Purpose, generator};
use crate::linalg::{Field, Real};
use crate::ranks::Transport;
use std::sync::Arc;

/// The signals of a step.
pub(super) enum Drawn<'a, T: Real> {
    /// As they lie in the caller's memory.
    Given(Field<'a, T>),
    /// This rank's slab of every crop, crop by crop.
    Crops { values: Vec<T>, slab: Block },
}

impl<T: Real> Drawn<'_, T> {
    pub(super) fn field(&self) -> Field<'_, T> {
        match self {
            Drawn::Given(field) => field.clone(),
            Drawn::Crops { values, slab } => {
                let mut field = Field::contiguous(values, slab.shape);
                field.origin = slab.origin;
                field
            }
        }
    }
}

/// Windows of one shape.
pub(super) struct Crops {
    n: usize,
    shape: Point,
}

impl Crops {
    /// None: there are none. Fails unless the options say a shape that fits.
    pub(super) fn new(shape: &Shape, options: &Options) -> Result<Option<Self>> {
        let (learn, name) = (&options.learn, "option \"learn_crop_shape\"");
        let given = format!("{:?}", learn.crop_shape);
        if learn.crops == 0 {
            return match learn.crop_shape.is_empty() {
                true => Ok(None),
                false => Err(Error::argument(name, given, "empty unless option \"learn_crops\" is at least 1")),
            };
        }
        if learn.batch > 0 {
            let allowed = "0 with option \"learn_crops\", which says what a step looks at";
            return Err(Error::argument("option \"learn_batch\"", learn.batch, allowed));
        }
        let lengths = match learn.crop_shape[..] {
            [] => return Err(Error::argument(name, "empty", "given with option \"learn_crops\"")),
            [length] => vec![length; shape.n_axes],
            _ => learn.crop_shape.clone(),
        };
        let (signal, atom) = (shape.unpadded(shape.signal), shape.unpadded(shape.atom));
        let fits = lengths.len() == shape.n_axes
            && lengths.iter().zip(signal.iter().zip(&atom)).all(|(n, (most, least))| least <= n && n <= most);
        if !fits {
            let allowed = format!(
                "from the lengths of an atom, {}, to those of the signal, {}",
                per_axis(&atom),
                per_axis(&signal)
            );
            return Err(Error::argument(name, per_axis(&lengths), allowed));
        }
        let most = i64::from(i32::MAX);
        if learn.crops > most {
            return Err(Error::argument("option \"learn_crops\"", learn.crops, format!("at most {most}")));
        }
        let (n_channels, n_atoms) = (shape.n_channels as i64, shape.n_atoms as i64);
        Shape::new(&lengths, learn.crops, n_channels, n_atoms, &atom, &Options::default())?;
        Ok(Some(Crops { n: learn.crops as usize, shape: padded(&lengths, 1) }))
    }

    /// The shapes of a problem of all of them.
    pub(super) fn shapes(&self, shape: &Shape) -> Shape {
        Shape { n_signals: self.n, signal: self.shape, periodic: [false; AXES], ..shape.clone() }
    }

    /// A rank's part of each.
    pub(super) fn slab(&self, rank: usize, size: usize) -> Block {
        slab(self.shape, rank, size)
    }

    /// Collective: draws them from signals of these shapes, of which each rank brings a block.
    pub(super) fn draw<'a, T: Real>(
        &self,
        of: &Shape,
        ranks: &Arc<dyn Transport>,
        x: &Field<'_, T>,
        seed: i64,
        iteration: u64,
    ) -> Result<Drawn<'a, T>> {
        let (me, n_channels, crop) = (ranks.rank(), of.n_channels, self.shape);
        let blocks = gathered(&**ranks, &x.block())?;
        let whole = Block::whole(of.signal);
        fails_unless_a_partition("the blocks of x", &blocks, &whole, of.n_axes)?;
        let halo = Halo::new(ranks.clone(), Vec::new());
        let mut rng = generator(seed, Purpose::Crops, iteration);
        let mut values = Vec::new();
        for _ in 0..self.n {
            let signal = rng.below(of.n_signals);
            let origin: Point = std::array::from_fn(|a| rng.below((of.signal[a] - crop[a] + 1) as usize) as i64);
            let wanted = |rank: usize| match slab(crop, rank, ranks.size()) {
                slab if slab.is_empty() => slab,
                slab => slab.shifted(&origin),
            };
            let wanted: Vec<Block> = (0..ranks.size()).map(wanted).collect();
            let channels = x.channels.get(signal * n_channels..(signal + 1) * n_channels).unwrap_or_default().to_vec();
            let source = Field { channels, ..x.clone() };
            let window = Window::new(wanted[me], n_channels);
            let mut window = ranks.agree(window)?;
            let moved = Exchange::new(me, &blocks, &wanted, &[0; AXES]).run(&halo, &source, &mut window);
            ranks.agree(moved)?;
            values.extend_from_slice(&window.values);
        }
        Ok(Drawn::Crops { values, slab: slab(crop, me, ranks.size()) })
    }
}

/// A rank's part of a crop.
fn slab(shape: Point, rank: usize, size: usize) -> Block {
    let slab = crate::grid::block::slab(shape, rank, size);
    if slab.is_empty() { Block::default() } else { slab }
}
