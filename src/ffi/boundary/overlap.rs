//! Arrays of one call that must not share memory: what is written, and everything else.

use crate::base::error::{Error, Result};

/// Memory of the caller's: its name in messages, and where it is.
pub(crate) struct Memory {
    name: &'static str,
    begin: usize,
    end: usize,
}

impl Memory {
    /// `n` values; NULL is no memory.
    pub(crate) fn of<T>(name: &'static str, pointer: *const T, n: usize) -> Self {
        let begin = pointer.addr();
        let n = if pointer.is_null() { 0 } else { n };
        Memory { name, begin, end: begin.saturating_add(n.saturating_mul(size_of::<T>())) }
    }

    fn meets(&self, other: &Memory) -> bool {
        self.begin.max(other.begin) < self.end.min(other.end)
    }
}

/// Fails if an array that is written shares memory with another one, or with one that is read.
pub(crate) fn fails_if_shared(written: &[Memory], read: &[Memory]) -> Result<()> {
    for (index, out) in written.iter().enumerate() {
        let others = read.iter().chain(&written[..index]);
        if let Some(other) = others.into_iter().find(|other| out.meets(other)) {
            let allowed = format!("an array that does not overlap {}", other.name);
            return Err(Error::argument(out.name, format!("{:#x}", out.begin), allowed));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_do_not_overlap() {
        let values = [0.0f64; 8];
        let part = |name, first: usize, n| Memory::of(name, values[first..].as_ptr(), n);
        let found = |a, b| fails_if_shared(&[a], &[b]).map_err(|e| e.to_string());
        assert_eq!(found(part("z", 0, 3), part("x", 3, 5)), Ok(()));
        assert_eq!(found(part("z", 3, 5), part("x", 0, 3)), Ok(()));
        assert_eq!(found(part("z", 3, 0), part("x", 0, 8)), Ok(()));
        assert_eq!(found(Memory::of("z", std::ptr::null::<f64>(), 9), part("x", 0, 8)), Ok(()));
        for (a, b) in [((0, 4), (3, 5)), ((3, 5), (0, 4)), ((2, 1), (0, 8)), ((0, 8), (2, 1))] {
            let text = found(part("z", a.0, a.1), part("x", b.0, b.1)).unwrap_err();
            assert!(text.starts_with("z must be an array that does not overlap x, is 0x"), "{text}");
        }
        assert!(fails_if_shared(&[part("u", 0, 2), part("v", 1, 2)], &[]).is_err());
    }
}
