//! How large the stacks of threads are that run the program's functions: what works in its main thread works there.

use crate::base::error::{Error, Result};
use crate::host::threads::Crew;
use std::mem::MaybeUninit;
use std::sync::RwLock;

const MIB: usize = 1 << 20;

/// What the library needs for itself.
const LEAST: usize = MIB / 4;

/// Of a main thread whose stack has no limit, or a large one: address space, not memory, but some systems count it.
const MOST: usize = 256 * MIB;

/// A size, and who says so.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stack {
    pub(crate) bytes: usize,
    from: &'static str,
    /// What OMP_STACKSIZE says, if that is no size.
    pub(crate) ignored: Option<String>,
}

impl Stack {
    /// OMP_STACKSIZE, as for the threads of OpenMP, or the limit for the main thread.
    pub(crate) fn of_program() -> Self {
        let omp = std::env::var_os("OMP_STACKSIZE").map(|text| text.to_string_lossy().into_owned());
        Stack::new(omp, main_limit())
    }

    fn new(omp: Option<String>, main: Option<usize>) -> Self {
        if let Some(bytes) = omp.as_deref().and_then(parse) {
            return Stack { bytes: bytes.max(LEAST), from: "as OMP_STACKSIZE says", ignored: None };
        }
        Stack {
            bytes: main.unwrap_or(MOST).clamp(2 * MIB, MOST),
            from: "as large as the main thread's, up to 256 MiB; OMP_STACKSIZE sets another size",
            ignored: omp,
        }
    }

    /// Fails unless so many threads can be had at a time.
    pub(crate) fn try_threads(&self, n: usize) -> Result<()> {
        let (crew, gate) = (Crew::new(), RwLock::new(()));
        let started = std::thread::scope(|scope| {
            let _closed = gate.write();
            let wait = || drop(gate.read());
            let start = |_| crew.start(scope, Some(self.bytes), wait).ok();
            (0..n).map_while(start).count()
        });
        if started == n {
            return Ok(());
        }
        let what = format!("each of {n} threads, with a stack {},", self.from);
        Err(Error::memory(&what, self.bytes))
    }
}

/// A number with a unit, B, K, M or G; K if there is none.
fn parse(text: &str) -> Option<usize> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit: usize = match unit.trim().to_ascii_uppercase().as_str() {
        "B" => 1,
        "" | "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return None,
    };
    let bytes = number.parse::<usize>().ok()?.checked_mul(unit)?;
    (1..=isize::MAX as usize).contains(&bytes).then_some(bytes)
}

/// The soft limit of the main thread's stack; None if there is none.
fn main_limit() -> Option<usize> {
    let mut limit = MaybeUninit::<libc::rlimit>::uninit();
    // SAFETY: it is written if the call succeeds.
    let limit = unsafe {
        match libc::getrlimit(libc::RLIMIT_STACK, limit.as_mut_ptr()) {
            0 => limit.assume_init().rlim_cur,
            _ => return None,
        }
    };
    usize::try_from(limit).ok().filter(|_| limit != libc::RLIM_INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omp_stacksize_is_read_as_openmp_does() {
        let sizes = [
            ("512M", 512 << 20),
            ("20000K", 20_000 << 10),
            (" 10 m ", 10 << 20),
            ("4096", 4 << 20),
            ("1g", 1 << 30),
            ("3000000 b", 3_000_000),
        ];
        for (text, bytes) in sizes {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
        for text in ["", "M", "0", "-1M", "1.5M", "10 MB", "big", "99999999999G"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_main_threads_limit_counts_up_to_a_bound() {
        let bytes = |omp: Option<&str>, main| Stack::new(omp.map(String::from), main).bytes;
        assert_eq!(bytes(None, Some(8 * MIB)), 8 * MIB);
        assert_eq!(bytes(None, Some(MIB)), 2 * MIB);
        assert_eq!(bytes(None, Some(1 << 40)), MOST);
        assert_eq!(bytes(None, None), MOST);
        assert_eq!(bytes(Some("512M"), Some(8 * MIB)), 512 * MIB);
        assert_eq!(bytes(Some("1k"), None), LEAST);
        let nonsense = Stack::new(Some("lots".into()), Some(8 * MIB));
        assert_eq!((nonsense.bytes, nonsense.ignored), (8 * MIB, Some("lots".into())));
    }

    #[test]
    fn threads_that_cannot_be_had_are_an_error_that_says_why() {
        assert_eq!(Stack::of_program().try_threads(3), Ok(()));
        let error = Stack::new(Some("4000000G".into()), None).try_threads(2);
        let text = error.unwrap_err().to_string();
        assert!(text.contains("OMP_STACKSIZE") && text.contains("2 threads"), "{text}");
    }
}
