//! Checkpoints: everything that the next step depends on, so that learning goes on as if it had
//! never stopped, bit for bit.
//!
//! Version 1. All numbers are little-endian; T is the element type; a list is its length (u64) and
//! its entries.
//!
//! | part | content |
//! | --- | --- |
//! | magic | the 8 bytes `DICODLRN` |
//! | version | u32: 1 |
//! | size of T | u32: 4 or 8 |
//! | length | u64: bytes in all, from the magic to the checksum |
//! | options | list of bytes: lines `key=value`, lists with commas, of every option |
//! | shape | u64 each: axes, signals, channels, atoms; lengths of the signal and of the atoms, 3 each, missing axes first, as 1 |
//! | iteration | u64: outer iterations so far |
//! | objective | u8: 1 if known; f64: after the last iteration |
//! | λ | u8: 1 if fixed; list of f64, one per atom |
//! | dictionary | u8: 0 none, 1 full, 2 of rank one; list of T (atoms, channels, support), or two: (atoms, channels) and (atoms, support) |
//! | given | the same: the values of fixed atoms |
//! | activations | u64 count; each: u32 signal, u32 atom, 3 × i32 position, T value; sorted |
//! | statistics | u8: 1 if there are any; lists of f64 ztz, ztX, ‖z_k‖₁; f64 ‖X‖²; list of u64 non-zeros |
//! | checksum | u64: CRC-64/XZ of all bytes before |

use super::learner::Learner;
use super::statistics::Statistics;
use crate::csc::options::{Kind, TABLE};
use crate::csc::{Activation, Options, Shape};
use crate::error::{Error, Result};
use crate::grid::tiles::AXES;
use crate::linalg::{Atoms, Dictionary, Real};
use crate::memory;
use crate::transport::Transport;
use crate::transport::local::Local;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"DICODLRN";
const VERSION: u32 = 1;

/// Bytes before the options and after everything else.
const HEAD: usize = 24;
const CHECKSUM: usize = 8;

/// CRC-64/XZ.
fn checksum(bytes: &[u8]) -> u64 {
    const TABLE: [u64; 256] = {
        let mut table = [0; 256];
        let mut i = 0;
        while i < 256 {
            let mut value = i as u64;
            let mut bit = 0;
            while bit < 8 {
                value = (value >> 1)
                    ^ if value & 1 == 1 {
                        0xc96c_5795_d787_0f42
                    } else {
                        0
                    };
                bit += 1;
            }
            table[i] = value;
            i += 1;
        }
        table
    };
    let step = |crc: u64, byte: &u8| TABLE[(crc as u8 ^ byte) as usize] ^ (crc >> 8);
    !bytes.iter().fold(!0, step)
}

fn refused(found: impl ToString, allowed: impl ToString) -> Error {
    Error::argument("checkpoint", found, allowed)
}

/// An element as bytes.
fn element<T: Real>(x: T) -> [u8; 8] {
    match size_of::<T>() {
        4 => u64::from((x.wide() as f32).to_bits()).to_le_bytes(),
        _ => x.wide().to_bits().to_le_bytes(),
    }
}

/// Written from the front.
struct Writer(Vec<u8>);

impl Writer {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
    fn u64(&mut self, x: u64) {
        self.bytes(&x.to_le_bytes());
    }
    fn real<T: Real>(&mut self, x: T) {
        self.bytes(&element(x)[..size_of::<T>()]);
    }
    fn reals<T: Real>(&mut self, values: &[T]) {
        self.u64(values.len() as u64);
        values.iter().for_each(|x| self.real(*x));
    }
    fn dictionary<T: Real>(&mut self, dictionary: Option<&Dictionary<T>>) {
        match dictionary.map(|d| &d.atoms) {
            None => self.bytes(&[0]),
            Some(Atoms::Full(d)) => {
                self.bytes(&[1]);
                self.reals(d);
            }
            Some(Atoms::RankOne { u, v }) => {
                self.bytes(&[2]);
                self.reals(u);
                self.reals(v);
            }
        }
    }
}

/// Read from the front; what is not there is an error.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn bytes(&mut self, n: usize) -> Result<&[u8]> {
        let Some((front, rest)) = self.0.split_at_checked(n) else {
            return Err(refused("bytes that end too early", "a whole checkpoint"));
        };
        self.0 = rest;
        Ok(front)
    }
    fn u8(&mut self) -> Result<u8> {
        Ok(self.bytes(1)?[0])
    }
    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(
            self.bytes(4)?.try_into().unwrap_or_default(),
        ))
    }
    fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(
            self.bytes(8)?.try_into().unwrap_or_default(),
        ))
    }
    fn f64(&mut self) -> Result<f64> {
        Ok(f64::from_bits(self.u64()?))
    }
    fn real<T: Real>(&mut self) -> Result<T> {
        Ok(match size_of::<T>() {
            4 => T::of(f32::from_bits(self.u32()?).into()),
            _ => T::of(self.f64()?),
        })
    }
    /// A length that the bytes left have room for.
    fn count(&mut self, each: usize) -> Result<usize> {
        let n = self.u64()?;
        let fits = usize::try_from(n)
            .ok()
            .filter(|n| *n <= self.0.len() / each.max(1));
        fits.ok_or_else(|| {
            refused(
                format!("a list of {n} entries"),
                "one that fits in its bytes",
            )
        })
    }
    /// A list of numbers, `n` of them.
    fn reals<T: Real>(&mut self, what: &str, n: usize) -> Result<Vec<T>> {
        let count = self.count(size_of::<T>())?;
        if count != n {
            return Err(refused(format!("{count} values of {what}"), n));
        }
        let mut values = Vec::new();
        memory::reserve("the checkpoint", &mut values, n)?;
        for _ in 0..n {
            let x: T = self.real()?;
            if !x.finite() {
                return Err(refused(format!("{what} with {x}"), "finite numbers"));
            }
            values.push(x);
        }
        Ok(values)
    }
    fn dictionary<T: Real>(&mut self, shape: &Shape) -> Result<Option<Dictionary<T>>> {
        let (k, p) = (shape.n_atoms, shape.n_channels);
        let volume = shape.atom.iter().product::<i64>() as usize;
        let atoms = match self.u8()? {
            0 => return Ok(None),
            1 => Atoms::Full(self.reals("atoms", k * p * volume)?),
            2 => Atoms::RankOne {
                u: self.reals("u", k * p)?,
                v: self.reals("v", k * volume)?,
            },
            kind => return Err(refused(format!("a dictionary of kind {kind}"), "0, 1 or 2")),
        };
        Ok(Some(Dictionary {
            n_atoms: k,
            n_channels: p,
            shape: shape.atom,
            atoms,
        }))
    }
}

/// Every option as a line.
fn options_to_text(options: &Options) -> Result<String> {
    let mut text = String::new();
    for spec in TABLE {
        let key = spec.key;
        let join = |values: Vec<String>| values.join(",");
        let value = match spec.kind {
            Kind::Real(_) => format!("{:?}", options.get_real(key)?),
            Kind::Reals(_) => join(
                options
                    .get_reals(key)?
                    .iter()
                    .map(|x| format!("{x:?}"))
                    .collect(),
            ),
            Kind::Integer(_) | Kind::Flag => options.get_integer(key)?.to_string(),
            Kind::Integers(_) | Kind::Flags => join(
                options
                    .get_integers(key)?
                    .iter()
                    .map(i64::to_string)
                    .collect(),
            ),
            Kind::Word(_) => options.get_word(key)?.to_string(),
        };
        text += &format!("{key}={value}\n");
    }
    Ok(text)
}

fn options_from_text(text: &str) -> Result<Options> {
    let mut options = Options::default();
    for line in text.lines() {
        let bad = || refused(format!("the option \"{line}\""), "key=value");
        let (key, value) = line.split_once('=').ok_or_else(bad)?;
        let items = || value.split(',').filter(|item| !item.is_empty());
        match crate::csc::options::find(key)?.kind {
            Kind::Real(_) => options.set_real(key, value.parse().map_err(|_| bad())?)?,
            Kind::Reals(_) => {
                let list: std::result::Result<Vec<f64>, _> = items().map(str::parse).collect();
                options.set_reals(key, &list.map_err(|_| bad())?)?;
            }
            Kind::Integer(_) | Kind::Flag => {
                options.set_integer(key, value.parse().map_err(|_| bad())?)?;
            }
            Kind::Integers(_) | Kind::Flags => {
                let list: std::result::Result<Vec<i64>, _> = items().map(str::parse).collect();
                options.set_integers(key, &list.map_err(|_| bad())?)?;
            }
            Kind::Word(_) => options.set_word(key, value)?,
        }
    }
    Ok(options)
}

/// The size in bytes of the element type of a checkpoint: 4 or 8. Checks that the checkpoint is one,
/// whole and undamaged.
pub fn element_size(bytes: &[u8]) -> Result<usize> {
    let mut reader = Reader(bytes);
    if bytes.len() < HEAD || reader.bytes(8)? != MAGIC {
        let found = format!("{} bytes of another kind", bytes.len());
        return Err(refused(found, "what a save of a learner wrote"));
    }
    let version = reader.u32()?;
    if version != VERSION {
        let found = format!("a checkpoint of version {version}");
        return Err(refused(found, format!("of version {VERSION}")));
    }
    let size = reader.u32()?;
    let length = reader.u64()?;
    if length != bytes.len() as u64 {
        let found = format!("{} bytes", bytes.len());
        return Err(refused(found, format!("all of its {length} bytes")));
    }
    let (body, sum) = bytes.split_at(bytes.len().saturating_sub(CHECKSUM));
    if sum != checksum(body).to_le_bytes() {
        return Err(refused(
            "damaged: its checksum does not match",
            "as it was written",
        ));
    }
    match size {
        4 | 8 => Ok(size as usize),
        size => Err(refused(
            format!("one of elements of {size} bytes"),
            "4 or 8 bytes each",
        )),
    }
}

impl<T: Real> Learner<T> {
    /// Collective: everything that the next step depends on, as bytes; on the first rank, to which z
    /// is gathered for it. Nothing on the others.
    pub fn save(&self) -> Result<Vec<u8>> {
        let activations = self.all_activations()?;
        let bytes = match self.ranks.rank() {
            0 => self.packed(&activations),
            _ => Ok(Vec::new()),
        };
        self.ranks.agree(bytes)
    }

    fn packed(&self, activations: &[Activation<T>]) -> Result<Vec<u8>> {
        let shape = &self.shape;
        let options = options_to_text(&self.options)?;
        let mut n = 1024 + options.len() + activations.len() * 28;
        n += 4 * shape.n_atoms * 8;
        for d in [&self.dictionary, &self.given].into_iter().flatten() {
            n += d.n_atoms * (d.n_channels + 1) * (d.volume() + 1) * size_of::<T>();
        }
        n += self
            .statistics
            .as_ref()
            .map_or(0, |s| 8 * (s.ztz.len() + s.ztx.len()));
        let mut out = Writer(Vec::new());
        memory::reserve("the checkpoint", &mut out.0, n)?;
        out.bytes(MAGIC);
        out.bytes(&VERSION.to_le_bytes());
        out.bytes(&(size_of::<T>() as u32).to_le_bytes());
        out.u64(0);
        out.u64(options.len() as u64);
        out.bytes(options.as_bytes());
        for n in [
            shape.n_axes,
            shape.n_signals,
            shape.n_channels,
            shape.n_atoms,
        ] {
            out.u64(n as u64);
        }
        for length in shape.signal.iter().chain(&shape.atom) {
            out.u64(*length as u64);
        }
        out.u64(self.iteration);
        out.bytes(&[self.last.is_some().into()]);
        out.real(self.last.unwrap_or(0.0));
        out.bytes(&[self.lambda.is_some().into()]);
        out.reals(self.lambda.as_deref().unwrap_or(&[]));
        out.dictionary(self.dictionary.as_ref());
        out.dictionary(self.given.as_ref());
        out.u64(activations.len() as u64);
        for a in activations {
            out.bytes(&(a.signal as u32).to_le_bytes());
            out.bytes(&(a.atom as u32).to_le_bytes());
            a.at.iter()
                .for_each(|x| out.bytes(&(*x as i32).to_le_bytes()));
            out.real(a.value);
        }
        out.bytes(&[self.statistics.is_some().into()]);
        if let Some(s) = &self.statistics {
            out.reals(&s.ztz);
            out.reals(&s.ztx);
            out.reals(&s.l1);
            out.real(s.xx);
            out.u64(s.nonzeros.len() as u64);
            s.nonzeros.iter().for_each(|n| out.u64(*n));
        }
        let length = (out.0.len() + CHECKSUM) as u64;
        out.0[16..HEAD].copy_from_slice(&length.to_le_bytes());
        let sum = checksum(&out.0);
        out.u64(sum);
        Ok(out.0)
    }

    /// A learner as it was saved. `options` replace those of the checkpoint.
    pub fn restore(bytes: &[u8], options: Option<Options>, n_threads: usize) -> Result<Self> {
        Self::restore_over(Arc::new(Local::alone()), bytes, options, n_threads)
    }

    /// Collective: a learner on several ranks, as it was saved by any number of them. What the first
    /// rank gives counts.
    pub fn restore_over(
        ranks: Arc<dyn Transport>,
        bytes: &[u8],
        options: Option<Options>,
        n_threads: usize,
    ) -> Result<Self> {
        let mut all = match ranks.rank() {
            0 => bytes.to_vec(),
            _ => Vec::new(),
        };
        ranks.broadcast(0, &mut all)?;
        let learner = Self::unpacked(ranks.clone(), &all, options, n_threads);
        ranks.agree(learner)
    }

    fn unpacked(
        ranks: Arc<dyn Transport>,
        bytes: &[u8],
        options: Option<Options>,
        n_threads: usize,
    ) -> Result<Self> {
        let size = element_size(bytes)?;
        if size != size_of::<T>() {
            let found = format!("one of elements of {size} bytes");
            return Err(refused(found, format!("of elements of {}", size_of::<T>())));
        }
        let mut reader = Reader(&bytes[HEAD..bytes.len() - CHECKSUM]);
        let n = reader.count(1)?;
        let text = reader.bytes(n)?;
        let text = str::from_utf8(text).map_err(|_| refused("options", "text"))?;
        let options = match options {
            Some(options) => options,
            None => options_from_text(text)?,
        };
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
        let shape = Shape::new(signal, n_signals, n_channels, n_atoms, atom, &options)?;
        let iteration = reader.u64()?;
        let known = reader.u8()? == 1;
        let last = Some(reader.f64()?).filter(|_| known);
        let fixed = reader.u8()? == 1;
        let lambda = reader.reals("lambda", if fixed { shape.n_atoms } else { 0 })?;
        let dictionary = reader.dictionary::<T>(&shape)?;
        let given = reader.dictionary::<T>(&shape)?;
        // What a new one checks holds for this one, too.
        let any = given.clone().or_else(|| dictionary.clone());
        let mut learner = Learner::over(ranks, shape, options, n_threads, any)?;
        let shape = &learner.shape;
        let mut activations: Vec<Activation<T>> = Vec::new();
        let n = reader.count(20 + size_of::<T>())?;
        memory::reserve("the checkpoint", &mut activations, n)?;
        let valid = shape.valid();
        for _ in 0..n {
            let (signal, atom) = (reader.u32()? as usize, reader.u32()? as usize);
            let mut at = [0; AXES];
            for x in &mut at {
                *x = i64::from(reader.u32()? as i32);
            }
            let value: T = reader.real()?;
            let inside = (0..AXES).all(|a| (0..valid[a]).contains(&at[a]));
            let here = signal < learner.signals_per_step() && atom < shape.n_atoms && inside;
            let key = |a: &Activation<T>| (a.signal, a.atom, a.at);
            let sorted = activations
                .last()
                .is_none_or(|last| key(last) < (signal, atom, at));
            if !(here && sorted && value.finite()) {
                let found = format!("an activation {value} at {:?}", (signal, atom, at));
                return Err(refused(
                    found,
                    "sorted positions inside the domain, finite values",
                ));
            }
            activations.push(Activation {
                signal,
                atom,
                at,
                value,
            });
        }
        let mut statistics = None;
        if reader.u8()? == 1 {
            let mut s = Statistics::empty(shape)?;
            s.ztz = reader.reals("ztz", s.ztz.len())?;
            s.ztx = reader.reals("ztX", s.ztx.len())?;
            s.l1 = reader.reals("sizes", s.l1.len())?;
            s.xx = reader.f64()?;
            let n = reader.count(8)?;
            if n != s.nonzeros.len() {
                return Err(refused(
                    format!("{n} numbers of non-zeros"),
                    s.nonzeros.len(),
                ));
            }
            for to in &mut s.nonzeros {
                *to = reader.u64()?;
            }
            statistics = Some(s);
        }
        if !reader.0.is_empty() {
            return Err(refused(
                format!("{} bytes too long", reader.0.len()),
                "a checkpoint",
            ));
        }
        if fixed {
            learner.lambda = Some(lambda);
        }
        learner.iteration = iteration;
        learner.last = last;
        learner.dictionary = dictionary;
        learner.given = given;
        learner.activations = activations;
        learner.statistics = statistics;
        Ok(learner)
    }

    /// Collective: [`Self::save`] to a file, by the first rank: under another name first, so that a
    /// file of this name is whole at any time.
    pub fn save_to(&self, path: &Path) -> Result<()> {
        let bytes = self.save()?;
        let written = match self.ranks.rank() {
            0 => write(path, &bytes),
            _ => Ok(()),
        };
        self.ranks.agree(written)
    }

    /// [`Self::restore`] from a file.
    pub fn restore_from(path: &Path, options: Option<Options>, n_threads: usize) -> Result<Self> {
        Self::restore(&read(path)?, options, n_threads)
    }
}

/// Writes a file under another name first.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name();
    let name = name.ok_or_else(|| Error::argument("path", path.display(), "a file's name"))?;
    let mut part = name.to_os_string();
    part.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(part);
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&part, path)
    };
    write().map_err(|error| {
        // What is left of a failed attempt is of no use to anybody.
        let _ = std::fs::remove_file(&part);
        in_file(path, "written", &error)
    })
}

/// The bytes of a checkpoint's file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| in_file(path, "read", &error))
}

fn in_file(path: &Path, what: &str, error: &std::io::Error) -> Error {
    Error::File {
        path: path.display().to_string(),
        what: what.into(),
        reason: error.to_string(),
    }
}
