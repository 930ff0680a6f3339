//! The array descriptor: the caller's memory as it lies, checked before it is touched.

use crate::base::memory;
use crate::base::wording::per_axis;
use crate::csc::Shape;
use crate::ffi::boundary::*;
use crate::grid::block::{Block, part_of};
use crate::grid::point::{AXES, Point};
use crate::linalg::apart::fails_unless_apart;
use crate::linalg::{Field, FieldMut, Strided};

/// Element type of an array: float.
pub const DICOD_F32: i64 = 32;
/// Element type of an array: double.
pub const DICOD_F64: i64 = 64;

/// An array over a box of `n_axes` axes that lies anywhere in the caller's memory: one pointer per
/// channel, the same strides for all.
///
/// For a signal the channels are those of all signals, signal after signal: n_signals * n_channels;
/// for activations likewise the atoms: n_signals * n_atoms. The element at local position i of
/// channel c is channels[c] + sum over a of i[a] * strides[a]. Position 0 need not be the lowest
/// address: strides may be negative. Interleaved channels are pointers one element apart. Ghost
/// layers are stepped over: point to the first element of the block, and give the strides of the
/// array that is allocated.
/// A Fortran or Julia array is the same memory with its axes reversed.
///
/// A dicod_const_array describes what is read, a dicod_array what is written. Set it to zero first (DICOD_ARRAY_INIT does, and sets struct_size): later versions may have more
/// fields, for which zero is what this version does. It is only read during a call, and nothing of
/// it is kept.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct dicod_array {
    /// sizeof(dicod_array).
    pub struct_size: i64,
    /// DICOD_F64 or DICOD_F32. Initially DICOD_F64.
    pub element_type: i64,
    /// Number of axes, 1 to 3.
    pub n_axes: i64,
    /// Shape of the whole domain: `[n_axes]`; that of the signal for x, that of dicod_valid_shape() for z.
    pub global_shape: *const i64,
    /// Where the block of this rank begins in the domain: `[n_axes]`, or NULL: at 0.
    pub offset: *const i64,
    /// Shape of the block of this rank: `[n_axes]`, or NULL: the whole domain. Zeros: the rank holds
    /// nothing. Without a communicator the block of an input is the whole domain.
    pub local_shape: *const i64,
    /// Distance between neighbours along each axis, in elements: `[n_axes]`, or NULL: row-major
    /// without gaps, and so without ghost layers. May be negative. In an array that is written, no two elements may share
    /// memory.
    pub strides: *const i64,
    /// Number of channels.
    pub n_channels: i64,
    /// One pointer per channel, aligned to the element type: `[n_channels]`.
    pub channels: *const *mut c_void,
}

/// A dicod_array that is read and not written: the same, but for what `channels` points to.
/// DICOD_CONST_ARRAY_INIT sets one up.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct dicod_const_array {
    /// sizeof(dicod_const_array).
    pub struct_size: i64,
    /// DICOD_F64 or DICOD_F32. Initially DICOD_F64.
    pub element_type: i64,
    /// Number of axes, 1 to 3.
    pub n_axes: i64,
    /// Shape of the whole domain: `[n_axes]`.
    pub global_shape: *const i64,
    /// Where the block of this rank begins: `[n_axes]`, or NULL.
    pub offset: *const i64,
    /// Shape of that block: `[n_axes]`, or NULL.
    pub local_shape: *const i64,
    /// Distance between neighbours along each axis, in elements: `[n_axes]`, or NULL.
    pub strides: *const i64,
    /// Number of channels.
    pub n_channels: i64,
    /// One pointer per channel: `[n_channels]`.
    pub channels: *const *const c_void,
}

/// What a descriptor is over, how many channels that has, and how its parts are called in messages.
pub(crate) struct Names {
    array: &'static str,
    of_atoms: bool,
    struct_size: &'static str,
    element_type: &'static str,
    n_axes: &'static str,
    global_shape: &'static str,
    offset: &'static str,
    local_shape: &'static str,
    strides: &'static str,
    n_channels: &'static str,
    channels: &'static str,
}

/// The name of a part in C, and what it is in Fortran and Julia: as [`by_language`](crate::base::wording) writes it.
macro_rules! part {
    ($array:literal, $part:literal, $what:literal, $of:literal) => {
        concat!("\u{1}w", $array, "->", $part, "\u{3}", $what, $of, "\u{3}", $what, $of, "\u{2}")
    };
}

macro_rules! names {
    ($array:literal, $of_atoms:literal) => {
        Names {
            array: $array,
            of_atoms: $of_atoms,
            struct_size: concat!($array, "->struct_size"),
            element_type: part!($array, "element_type", "the kind of ", $array),
            n_axes: part!($array, "n_axes", "the number of axes of ", $array),
            global_shape: part!($array, "global_shape", "the domain of ", $array),
            offset: part!($array, "offset", "offset", ""),
            local_shape: part!($array, "local_shape", "the shape of ", $array),
            strides: part!($array, "strides", "the strides of ", $array),
            n_channels: part!($array, "n_channels", "the number of channels of ", $array),
            channels: concat!($array, "->channels"),
        }
    };
}

pub(crate) const X: Names = names!("x", false);
pub(crate) const Z: Names = names!("z", true);
pub(crate) const OUT: Names = names!("residual", false);
pub(crate) const BACKGROUND: Names = names!("background", false);
pub(crate) const WEIGHTS: Names = names!("weights", false);
pub(crate) const PENALTIES: Names = names!("penalties", true);

/// A descriptor that was checked.
pub(crate) struct View<'a> {
    names: Names,
    n_axes: usize,
    /// The shape of the whole.
    domain: Point,
    /// Relative to the lowest element of a channel.
    layout: Strided,
    origin: Point,
    /// Elements from the lowest to the highest address.
    span: usize,
    channels: &'a [*mut c_void],
}

/// A list with an entry per axis, if there is one.
pub(crate) fn per_axis_of<'l>(list: *const i64, n_axes: usize, name: &'static str) -> Result<Option<&'l [i64]>> {
    match list.is_null() {
        true => Ok(None),
        false => {
            aligned(list, name)?;
            slice(list, n_axes, name, PER_AXIS).map(Some)
        }
    }
}

/// The box that an array describes of a domain of the shape `expected`.
fn block_of(array: &dicod_array, names: &Names, expected: &[i64]) -> Result<Block> {
    let n_axes = expected.len();
    aligned(array.global_shape, names.global_shape)?;
    let global = slice(array.global_shape, n_axes, names.global_shape, PER_AXIS)?;
    if global != expected {
        let allowed = format!("{}, that of the handle", per_axis(expected));
        return Err(Error::shape(names.global_shape, per_axis(global), allowed));
    }
    let offset = per_axis_of(array.offset, n_axes, names.offset)?.unwrap_or(&[0; AXES][..n_axes]);
    let local = per_axis_of(array.local_shape, n_axes, names.local_shape)?;
    let local = local.unwrap_or(global);
    part_of(global, (offset, names.offset), (local, names.local_shape))
}

/// Sets where the first element of a channel lies, and gives the number of elements from the lowest to the highest. Fails if
/// one of them cannot be addressed.
fn span_of<T: Element>(layout: &mut Strided, names: &Names, n_axes: usize, channels: &[*mut c_void]) -> Result<usize> {
    let too_far = |layout: &Strided| {
        let strides = &layout.strides[AXES - n_axes..];
        let allowed = "so small that every element can be addressed";
        Error::argument(names.strides, per_axis(strides), allowed)
    };
    let (low, high) = layout.reach();
    let bytes = size_of::<T>() as i128;
    if (high - low + 1) * bytes > isize::MAX as i128 {
        return Err(too_far(layout));
    }
    for (index, channel) in channels.iter().enumerate() {
        let name = || format!("{}[{index}]", names.channels);
        let address = channel.addr() as i128;
        if channel.is_null() {
            let allowed = format!("the address of elements of type {}", T::NAME);
            return Err(Error::argument(&name(), "NULL", allowed));
        }
        if !channel.cast::<T>().is_aligned() {
            let allowed = format!("a multiple of {bytes}, as {} is aligned", T::NAME);
            return Err(Error::argument(&name(), format!("{channel:p}"), allowed));
        }
        if address + low * bytes <= 0 || address + (high + 1) * bytes > isize::MAX as i128 {
            return Err(too_far(layout));
        }
    }
    layout.base = -low as usize;
    Ok((high - low + 1) as usize)
}

impl<'a> View<'a> {
    /// Checks a descriptor of elements of type `T`: that it has the channels of what it is to describe, and that its elements
    /// can be addressed.
    pub(crate) fn new<T: Element>(array: *const dicod_array, names: Names, shape: &Shape) -> Result<Self> {
        let (domain, per_signal, what) = match names.of_atoms {
            true => (shape.valid(), shape.n_atoms, "n_signals * n_atoms"),
            false => (shape.signal, shape.n_channels, "n_signals * n_channels"),
        };
        let n_channels = shape.n_signals * per_signal;
        let array = sized(array, names.array, names.struct_size, "an array descriptor")?;
        if array.element_type != T::CODE {
            let allowed = format!("{} ({}), that of the handle", T::CODE, T::NAME);
            let value = array.element_type;
            return Err(Error::argument(names.element_type, value, allowed));
        }
        if array.n_axes != shape.n_axes as i64 {
            let allowed = format!("{}, that of the handle", shape.n_axes);
            return Err(Error::argument(names.n_axes, array.n_axes, allowed));
        }
        let n_axes = shape.n_axes;
        let block = block_of(array, &names, &shape.unpadded(domain))?;
        if block.is_empty() {
            let layout = Strided::contiguous([0; AXES]);
            return Ok(View { names, n_axes, domain, layout, origin: [0; AXES], span: 0, channels: &[] });
        }
        if array.n_channels != n_channels as i64 {
            let allowed = format!("{n_channels}, {what} of the handle");
            return Err(Error::argument(names.n_channels, array.n_channels, allowed));
        }
        aligned(array.channels, names.channels)?;
        let channels = slice(array.channels, n_channels, names.channels, PER_CHANNEL)?;
        let strides = per_axis_of(array.strides, n_axes, names.strides)?;
        let mut layout = strides.map_or(Strided::contiguous(block.shape), |strides| Strided::new(block.shape, strides));
        let span = span_of::<T>(&mut layout, &names, n_axes, channels)?;
        Ok(View { names, n_axes, domain, layout, origin: block.origin, span, channels })
    }

    /// The same of an array that is written.
    pub(crate) fn to_be_written<T: Element>(array: *const dicod_array, names: Names, shape: &Shape) -> Result<Self> {
        let view = View::new::<T>(array, names, shape)?;
        view.fails_if_overlapping::<T>()?;
        Ok(view)
    }

    /// Fails if an input lacks a part of the domain that no other rank can bring.
    pub(crate) fn fails_unless_whole(self) -> Result<Self> {
        if self.block() == Block::whole(self.domain) {
            return Ok(self);
        }
        let [domain, value] = [self.domain, self.layout.shape].map(|shape| per_axis(&shape[AXES - self.n_axes..]));
        let allowed = format!("{domain}, the whole domain, as no communicator was given");
        Err(Error::shape(self.names.local_shape, value, allowed))
    }

    fn lowest<T>(&self, channel: *mut c_void) -> *mut T {
        channel.cast::<T>().wrapping_sub(self.layout.base)
    }

    /// The elements, to be read.
    pub(crate) fn field<T: Element>(&self) -> Result<Field<'a, T>> {
        let mut channels = Vec::new();
        memory::reserve("the list of channels", &mut channels, self.channels.len())?;
        for channel in self.channels {
            // Checked for overflow and alignment.
            channels.push(slice(self.lowest::<T>(*channel).cast_const(), self.span, self.names.channels, PER_CHANNEL)?);
        }
        Ok(Field { channels, layout: self.layout, origin: self.origin })
    }

    /// The box of positions that it describes.
    pub(crate) fn block(&self) -> Block {
        Block { origin: self.origin, shape: self.layout.shape }
    }

    /// Fails if two elements share memory.
    fn fails_if_overlapping<T>(&self) -> Result<()> {
        let addresses: Vec<usize> = self.channels.iter().map(|channel| channel.addr()).collect();
        fails_unless_apart::<T>(&self.layout, &addresses, self.n_axes, self.names.strides, self.names.channels)
    }

    /// Writes the elements: `fill` gets memory for them, and has to fill it all.
    pub(crate) fn write<T: Element>(&self, fill: impl FnOnce(&mut FieldMut<'_, T>) -> Result<()>) -> Result<()> {
        self.fails_if_overlapping::<T>()?;
        let n = self.channels.len();
        let mut addresses = Vec::new();
        memory::reserve("the list of channels", &mut addresses, n)?;
        addresses.extend(self.channels.iter().map(|channel| channel.addr()));
        addresses.sort_unstable();
        let apart = |pair: &[usize]| (pair[1] - pair[0]) / size_of::<T>() >= self.span;
        if addresses.windows(2).all(apart) {
            let mut channels = Vec::new();
            memory::reserve("the list of channels", &mut channels, n)?;
            for channel in self.channels {
                // Checked for overflow and alignment, and no two channels meet.
                channels.push(slice_mut(self.lowest::<T>(*channel), self.span, self.names.channels, PER_CHANNEL)?);
            }
            let layout = self.layout;
            let origin = self.origin;
            return fill(&mut FieldMut { channels, layout, origin });
        }
        // Interleaved channels cannot be slices of their own.
        let shape = self.layout.shape;
        let volume = shape.iter().product::<i64>() as usize;
        let mut values: Vec<T> = memory::zeroed("a copy of what is written", n * volume)?;
        let mut copy = FieldMut::contiguous(&mut values, shape);
        copy.origin = self.origin;
        fill(&mut copy)?;
        self.write_values(&values)
    }

    /// Writes these elements: channels, each row-major.
    fn write_values<T: Element>(&self, values: &[T]) -> Result<()> {
        let mut rows = values.chunks_exact(self.layout.shape[2].max(1) as usize);
        for channel in self.channels {
            let lowest = self.lowest::<T>(*channel);
            self.layout.for_each_row(|_, first| {
                for (k, value) in rows.next().unwrap_or(&[]).iter().enumerate() {
                    let at = first as i64 + k as i64 * self.layout.strides[2];
                    set(lowest.wrapping_add(at as usize), *value);
                }
            });
        }
        Ok(())
    }
}

const PER_CHANNEL: &str = "one pointer per channel";

pub(crate) const PER_AXIS: &str = "one value per axis";
