//! Bytes for all tasks: sent to each rank once, held once per node where ranks have memory in common.

use crate::base::error::Result;
use crate::base::memory::{self, Aligned};
use crate::parmap::handle::Map;
use crate::ranks::Bytes;
use std::sync::Arc;

/// A copy of this rank's own.
struct Own {
    values: Aligned<u64>,
    len: usize,
}

impl Own {
    fn new(bytes: &[u8]) -> Result<Self> {
        let mut values = Aligned::zeroed("shared data", bytes.len().div_ceil(8))?;
        for (to, from) in values.iter_mut().zip(bytes.chunks(8)) {
            let mut eight = [0; 8];
            eight[..from.len()].copy_from_slice(from);
            *to = u64::from_ne_bytes(eight);
        }
        Ok(Own { values, len: bytes.len() })
    }
}

impl AsRef<[u8]> for Own {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: there are at least `len` bytes, all of them set.
        unsafe { std::slice::from_raw_parts(self.values.as_ptr().cast(), self.len) }
    }
}

/// Collective: gives all tasks of later calls the bytes of rank 0. Fails on every rank if one has none.
pub fn share(map: &Map, bytes: Result<&[u8]>) -> Result<()> {
    let mut state = map.state()?;
    let copy = bytes.and_then(|bytes| {
        let mut copy = Vec::new();
        if map.is_root() {
            memory::reserve("shared data", &mut copy, bytes.len())?;
            copy.extend_from_slice(bytes);
        }
        Ok(copy)
    });
    let mut copy = map.ranks.agree(copy)?;
    let shared = match map.ranks.share(&mut copy)? {
        Some(shared) => shared,
        None => {
            map.ranks.spread(0, &mut copy)?;
            let own = Own::new(&copy).map(|own| Arc::new(own) as Arc<Bytes>);
            map.ranks.agree(own)?
        }
    };
    state.shared = Some(shared);
    Ok(())
}
