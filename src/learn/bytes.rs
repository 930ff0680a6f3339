//! Numbers as bytes and back, their checksum, and files that are whole at any time: what checkpoints
//! are made of.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::csc::Shape;
use crate::linalg::{Atoms, Dictionary, Real};
use crc::{CRC_64_XZ, Crc};
use std::io::Write;
use std::path::Path;

/// What ends a checkpoint.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    static CRC: Crc<u64> = Crc::<u64>::new(&CRC_64_XZ);
    CRC.checksum(bytes)
}

pub(crate) fn refused(found: impl ToString, allowed: impl ToString) -> Error {
    let (found, allowed) = (found.to_string(), allowed.to_string());
    let found = format!("one with {found} where {allowed} is expected");
    Error::argument("checkpoint", found, "as a save of a learner wrote it")
}

/// An element as bytes.
fn element<T: Real>(x: T) -> [u8; 8] {
    match size_of::<T>() {
        4 => u64::from((x.wide() as f32).to_bits()).to_le_bytes(),
        _ => x.wide().to_bits().to_le_bytes(),
    }
}

/// Written from the front.
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
    pub(crate) fn u64(&mut self, x: u64) {
        self.bytes(&x.to_le_bytes());
    }
    pub(crate) fn real<T: Real>(&mut self, x: T) {
        self.bytes(&element(x)[..size_of::<T>()]);
    }
    pub(crate) fn reals<T: Real>(&mut self, values: &[T]) {
        self.u64(values.len() as u64);
        values.iter().for_each(|x| self.real(*x));
    }
    pub(crate) fn dictionary<T: Real>(&mut self, dictionary: Option<&Dictionary<T>>) {
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
pub(crate) struct Reader<'b>(pub(crate) &'b [u8]);

impl Reader<'_> {
    pub(crate) fn bytes(&mut self, n: usize) -> Result<&[u8]> {
        let Some((front, rest)) = self.0.split_at_checked(n) else {
            return Err(refused("bytes that end too early", "a whole checkpoint"));
        };
        self.0 = rest;
        Ok(front)
    }
    pub(crate) fn u8(&mut self) -> Result<u8> {
        Ok(self.bytes(1)?[0])
    }
    pub(crate) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.bytes(4)?.try_into().unwrap_or_default()))
    }
    pub(crate) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.bytes(8)?.try_into().unwrap_or_default()))
    }
    pub(crate) fn f64(&mut self) -> Result<f64> {
        Ok(f64::from_bits(self.u64()?))
    }
    /// A number that is finite and not negative.
    pub(crate) fn size(&mut self, what: &str) -> Result<f64> {
        let x = self.f64()?;
        if x.is_finite() && x >= 0.0 {
            return Ok(x);
        }
        Err(refused(format!("{what} = {x}"), "finite, at least 0"))
    }
    pub(crate) fn real<T: Real>(&mut self) -> Result<T> {
        Ok(match size_of::<T>() {
            4 => T::of(f32::from_bits(self.u32()?).into()),
            _ => T::of(self.f64()?),
        })
    }
    /// A length that the bytes left have room for.
    pub(crate) fn count(&mut self, each: usize) -> Result<usize> {
        let n = self.u64()?;
        let fits = usize::try_from(n).ok().filter(|n| *n <= self.0.len() / each.max(1));
        fits.ok_or_else(|| refused(format!("a list of {n} entries"), "one that fits in its bytes"))
    }
    /// A list of numbers, `n` of them.
    pub(crate) fn reals<T: Real>(&mut self, what: &str, n: usize) -> Result<Vec<T>> {
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
    pub(crate) fn dictionary<T: Real>(&mut self, shape: &Shape) -> Result<Option<Dictionary<T>>> {
        let (k, p) = (shape.n_atoms, shape.n_channels);
        let volume = shape.atom.iter().product::<i64>() as usize;
        let atoms = match self.u8()? {
            0 => return Ok(None),
            1 => Atoms::Full(self.reals("atoms", k * p * volume)?),
            2 => Atoms::RankOne { u: self.reals("u", k * p)?, v: self.reals("v", k * volume)? },
            kind => return Err(refused(format!("a dictionary of kind {kind}"), "0, 1 or 2")),
        };
        let d = Dictionary { n_atoms: k, n_channels: p, shape: shape.atom, shapes: shape.atoms.clone(), atoms };
        match shape.atoms.is_empty() || d.clone().cut(&shape.atoms) == d {
            true => Ok(Some(d)),
            false => Err(refused("atoms that are not 0 beyond their shapes", "0")),
        }
    }
}

/// Writes a file under another name first.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
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
    Error::File { path: path.display().to_string(), what: what.into(), reason: error.to_string() }
}
