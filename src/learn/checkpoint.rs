//! Checkpoints: everything that the next step depends on, so that learning goes on as if it had
//! never stopped, bit for bit.
//!
#![doc = include_str!("../../docs/checkpoint.md")]

use crate::base::error::Result;
use crate::base::memory;
use crate::csc::problem::range::Range;
use crate::csc::{Activation, Options, Shape};
use crate::grid::point::AXES;
use crate::learn::bytes::{Reader, Writer, checksum, refused};
use crate::learn::memory::Memory;
use crate::learn::setup::Setup;
use crate::learn::statistics::Statistics;
use crate::learn::weights::Weights;
use crate::linalg::{Dictionary, Real};
use crate::options::Table;
use crate::ranks::{Reduce, Transport};
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"DICODLRN";
/// What is written; those before are still read. In the first two positions had 32 bits, the first three had no threshold and
/// atoms of one shape.
const VERSION: u32 = 4;

/// Bytes before the options and after everything else.
const HEAD: usize = 24;
const CHECKSUM: usize = 8;

/// Options from the lines that [`Table::to_text`] wrote.
fn options_from_text(text: &str) -> Result<Options> {
    let mut options = Options::default();
    for line in text.lines() {
        let bad = || refused(format!("the option \"{line}\""), "key=value");
        let (key, value) = line.split_once('=').ok_or_else(bad)?;
        options.set_text(key, value)?;
    }
    Ok(options)
}

/// The size in bytes of the element type of a checkpoint: 4 or 8. Checks that the checkpoint is one,
/// whole and undamaged.
pub fn element_size(bytes: &[u8]) -> Result<usize> {
    Ok(read_head(bytes)?.1)
}

/// Collective: the same, of the checkpoint that the first rank has.
pub(crate) fn element_size_of_all(ranks: &dyn Transport, bytes: &[u8]) -> Result<usize> {
    let size = ranks.agree(if ranks.rank() == 0 { element_size(bytes) } else { Ok(0) })?;
    Ok(ranks.reduce(Reduce::Max, &[size as i64])?[0] as usize)
}

/// Version and size of the element type.
fn read_head(bytes: &[u8]) -> Result<(u32, usize)> {
    let mut reader = Reader(bytes);
    if bytes.len() < HEAD || reader.bytes(8)? != MAGIC {
        let found = format!("{} bytes of another kind", bytes.len());
        return Err(refused(found, "the beginning of a save"));
    }
    let version = reader.u32()?;
    if !(1..=VERSION).contains(&version) {
        let found = format!("version {version}");
        return Err(refused(found, format!("version 1 to {VERSION}")));
    }
    let size = reader.u32()?;
    let length = reader.u64()?;
    if length != bytes.len() as u64 {
        let found = format!("{} bytes", bytes.len());
        return Err(refused(found, format!("all of its {length} bytes")));
    }
    let (body, sum) = bytes.split_at(bytes.len().saturating_sub(CHECKSUM));
    if sum != checksum(body).to_le_bytes() {
        return Err(refused("a checksum that does not match", "that of undamaged bytes"));
    }
    match size {
        4 | 8 => Ok((version, size as usize)),
        size => Err(refused(format!("elements of {size} bytes"), "4 or 8 bytes each")),
    }
}

/// Everything that the next step depends on, as bytes; `activations` are those of all ranks.
pub(super) fn pack<T: Real>(
    setup: &Setup<T>,
    dictionary: Option<&Dictionary<T>>,
    memory: &Memory<T>,
    activations: &[Activation<T>],
) -> Result<Vec<u8>> {
    let shape = &setup.shape;
    let options = setup.options.to_text();
    let mut n = 1024 + options.len() + activations.len() * 40;
    n += (4 + AXES) * shape.n_atoms * 8;
    for d in [dictionary, setup.given.as_ref()].into_iter().flatten() {
        n += d.n_atoms * (d.n_channels + 1) * (d.volume() + 1) * size_of::<T>();
    }
    n += memory.statistics.as_ref().map_or(0, |s| 8 * (s.ztz.len() + s.ztx.len()));
    let mut out = Writer(Vec::new());
    memory::reserve("the checkpoint", &mut out.0, n)?;
    out.bytes(MAGIC);
    out.bytes(&VERSION.to_le_bytes());
    out.bytes(&(size_of::<T>() as u32).to_le_bytes());
    out.u64(0);
    out.u64(options.len() as u64);
    out.bytes(options.as_bytes());
    for n in [shape.n_axes, shape.n_signals, shape.n_channels, shape.n_atoms] {
        out.u64(n as u64);
    }
    for length in shape.signal.iter().chain(&shape.atom) {
        out.u64(*length as u64);
    }
    out.u64(shape.atoms.len() as u64);
    shape.atoms.iter().flatten().for_each(|length| out.u64(*length as u64));
    out.u64(memory.iteration);
    out.bytes(&[memory.last.is_some().into()]);
    out.real(memory.last.unwrap_or(0.0));
    out.bytes(&[memory.lambda.is_some().into()]);
    out.reals(memory.lambda.as_deref().unwrap_or(&[]));
    out.dictionary(dictionary);
    out.dictionary(setup.given.as_ref());
    out.u64(activations.len() as u64);
    for a in activations {
        out.bytes(&(a.signal as u32).to_le_bytes());
        out.bytes(&(a.atom as u32).to_le_bytes());
        a.at.iter().for_each(|x| out.u64(*x as u64));
        out.real(a.value);
    }
    out.bytes(&[memory.statistics.is_some().into()]);
    if let Some(s) = &memory.statistics {
        out.reals(&s.ztz);
        out.reals(&s.ztx);
        out.reals(&s.l1);
        out.real(s.xx);
        out.u64(s.nonzeros.len() as u64);
        s.nonzeros.iter().for_each(|n| out.u64(*n));
    }
    out.bytes(&[memory.weights.are_given().into()]);
    out.bytes(&[memory.threshold.is_some().into()]);
    out.real(memory.threshold.unwrap_or(0.0));
    let length = (out.0.len() + CHECKSUM) as u64;
    out.0[16..HEAD].copy_from_slice(&length.to_le_bytes());
    let sum = checksum(&out.0);
    out.u64(sum);
    Ok(out.0)
}

/// Setup, dictionary and memory of a learner as it was saved. `options` replace those of the checkpoint.
#[allow(clippy::type_complexity)]
pub(super) fn unpack<T: Real>(
    ranks: Arc<dyn Transport>,
    bytes: &[u8],
    options: Option<Options>,
    n_threads: usize,
) -> Result<(Setup<T>, Option<Dictionary<T>>, Memory<T>)> {
    let (version, size) = read_head(bytes)?;
    if size != size_of::<T>() {
        let found = format!("elements of {size} bytes");
        return Err(refused(found, format!("of {} bytes", size_of::<T>())));
    }
    let mut reader = Reader(&bytes[HEAD..bytes.len() - CHECKSUM]);
    let n = reader.count(1)?;
    let text = reader.bytes(n)?;
    let text = str::from_utf8(text).map_err(|_| refused("options", "text"))?;
    let options = match options {
        Some(options) => options,
        None => options_from_text(text)?,
    };
    let shape = read_shape(&mut reader, &options, version)?;
    let iteration = reader.u64()?;
    if iteration > u64::from(u32::MAX) {
        let found = format!("{iteration} iterations");
        return Err(refused(found, format!("at most {}", u32::MAX)));
    }
    let known = reader.u8()? == 1;
    let last = Some(reader.size("the objective")?).filter(|_| known);
    let lambda = read_lambda(&mut reader, shape.n_atoms)?;
    let dictionary = reader.dictionary::<T>(&shape)?;
    let given = reader.dictionary::<T>(&shape)?;
    // What a new one checks holds for this one, too.
    let any = given.clone().or_else(|| dictionary.clone());
    let mut setup = Setup::new(ranks, shape, options, n_threads, any)?;
    setup.beginning()?;
    let mut memory = Memory::new(&setup.options, setup.shape.n_atoms);
    memory.activations = read_activations(&mut reader, &setup, version)?;
    memory.statistics = read_statistics(&mut reader, &setup.shape)?;
    if version > 1 {
        memory.weights = Weights::none(reader.u8()? == 1);
    }
    if version > 3 {
        let known = reader.u8()? == 1;
        let threshold = reader.size("the threshold of residuals")?;
        memory.threshold = Some(threshold).filter(|_| known && setup.options.learn.robust > 0.0);
    }
    if !reader.0.is_empty() {
        return Err(refused(format!("{} bytes too long", reader.0.len()), "a checkpoint"));
    }
    memory.lambda = lambda.or(memory.lambda);
    (memory.iteration, memory.last) = (iteration, last);
    // As full or as of rank one as the options now say.
    let as_asked = |d: Option<_>| d.map(|d| setup.with_rank(d)).transpose();
    let (dictionary, given) = (as_asked(dictionary)?, as_asked(given)?);
    // Learned atoms have norm 1 at most.
    setup.range = given.as_ref().map_or(Ok(Range::unit()), |given| Range::new(given, "checkpoint"))?;
    setup.given = given;
    Ok((setup, dictionary, memory))
}

fn read_shape(reader: &mut Reader<'_>, options: &Options, version: u32) -> Result<Shape> {
    let mut numbers = [0; 4 + 2 * AXES];
    for to in &mut numbers {
        *to = i64::try_from(reader.u64()?).unwrap_or(i64::MAX);
    }
    let [n_axes, n_signals, n_channels, n_atoms] = [0, 1, 2, 3].map(|i| numbers[i]);
    if !(1..=AXES as i64).contains(&n_axes) {
        return Err(refused(format!("{n_axes} axes"), "1, 2 or 3"));
    }
    let first = AXES - n_axes as usize;
    let (signal, atom) = (&numbers[4 + first..4 + AXES], &numbers[4 + AXES + first..]);
    let shape = Shape::new(signal, n_signals, n_channels, n_atoms, atom, options)?;
    match if version > 3 { reader.count(8 * AXES)? } else { 0 } {
        0 => Ok(shape),
        n => {
            let mut lengths = Vec::new();
            memory::reserve("the checkpoint", &mut lengths, n * shape.n_axes)?;
            for index in 0..n * AXES {
                let length = i64::try_from(reader.u64()?).unwrap_or(i64::MAX);
                match index % AXES < first {
                    true if length != 1 => return Err(refused(format!("an atom of length {length}"), 1)),
                    true => {}
                    false => lengths.push(length),
                }
            }
            shape.with_atoms(&lengths)
        }
    }
}

/// λ, if it is fixed.
fn read_lambda(reader: &mut Reader<'_>, n_atoms: usize) -> Result<Option<Vec<f64>>> {
    let fixed = reader.u8()? == 1;
    let n = if fixed { n_atoms } else { 0 };
    let lambda: Vec<f64> = reader.reals("lambda", n)?;
    if let Some(lambda) = lambda.iter().find(|lambda| **lambda < 0.0) {
        return Err(refused(format!("lambda = {lambda}"), "at least 0"));
    }
    Ok(fixed.then_some(lambda))
}

fn read_activations<T: Real>(reader: &mut Reader<'_>, setup: &Setup<T>, version: u32) -> Result<Vec<Activation<T>>> {
    let shape = &setup.shape;
    let mut activations: Vec<Activation<T>> = Vec::new();
    let of_position = if version <= 2 { 4 } else { 8 };
    let n = reader.count(8 + AXES * of_position + size_of::<T>())?;
    memory::reserve("the checkpoint", &mut activations, n)?;
    let valid = setup.coded().valid();
    for _ in 0..n {
        let (signal, atom) = (reader.u32()? as usize, reader.u32()? as usize);
        let mut at = [0; AXES];
        for x in &mut at {
            *x = match version {
                1 | 2 => i64::from(reader.u32()? as i32),
                _ => reader.u64()? as i64,
            };
        }
        let value: T = reader.real()?;
        let inside = (0..AXES).all(|a| (0..valid[a]).contains(&at[a]));
        let here = signal < setup.signals_per_step() && atom < shape.n_atoms && inside;
        let key = |a: &Activation<T>| (a.signal, a.atom, a.at);
        let sorted = activations.last().is_none_or(|last| key(last) < (signal, atom, at));
        // No objective could be told of larger ones.
        let told = (value.wide() * value.wide()).is_finite();
        if !(here && sorted && told) {
            let found = format!("an activation {value} at {:?}", (signal, atom, at));
            return Err(refused(found, "sorted positions inside the domain, values with finite squares"));
        }
        activations.push(Activation { signal, atom, at, value });
    }
    Ok(activations)
}

fn read_statistics(reader: &mut Reader<'_>, shape: &Shape) -> Result<Option<Statistics>> {
    if reader.u8()? != 1 {
        return Ok(None);
    }
    let mut s = Statistics::empty(shape)?;
    s.ztz = reader.reals("ztz", s.ztz.len())?;
    s.ztx = reader.reals("ztX", s.ztx.len())?;
    s.l1 = reader.reals("sizes", s.l1.len())?;
    s.xx = reader.size("the squared norm of x")?;
    let n = reader.count(8)?;
    if n != s.nonzeros.len() {
        return Err(refused(format!("{n} numbers of non-zeros"), s.nonzeros.len()));
    }
    for to in &mut s.nonzeros {
        *to = reader.u64()?;
    }
    Ok(Some(s))
}
