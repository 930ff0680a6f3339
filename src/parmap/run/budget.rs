//! How many cores a map may use: what the process is allowed, and, inside a task, what the map
//! around it leaves.

use crate::base::error::{Error, Result};
use crate::base::wording::by_language;
use crate::ranks::Transport;
use std::cell::Cell;

thread_local! {
    /// Cores for a map that is started in this thread; 0: outside of any task.
    static LEFT: Cell<usize> = const { Cell::new(0) };
}

/// Cores left for a map in this thread, if it is inside a task.
pub(crate) fn left() -> Option<usize> {
    LEFT.try_with(Cell::get).ok().filter(|left| *left > 0)
}

/// Runs a task, inside of which a map may use so many cores.
pub(crate) fn with<R>(cores: usize, task: impl FnOnce() -> R) -> R {
    struct Restore(usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            let _ = LEFT.try_with(|left| left.set(self.0));
        }
    }
    let before = LEFT.try_with(|left| left.replace(cores.max(1)));
    let _restore = Restore(before.unwrap_or(0));
    task()
}

/// Cores that the process may use: its affinity and the quota of its control group, and no more
/// than SLURM_CPUS_PER_TASK or OMP_NUM_THREADS say.
pub fn allowed_cores() -> usize {
    // One core where the system doesn't say how many there are.
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    limited(cores, |name| std::env::var(name).ok())
}

fn limited(cores: usize, variable: impl Fn(&str) -> Option<String>) -> usize {
    let limit = |name| {
        let text: String = variable(name)?;
        // OMP_NUM_THREADS may list one number per level of nesting.
        let first = text.split(',').next()?.trim().parse().ok()?;
        Some(first).filter(|n: &usize| *n > 0)
    };
    let limits = ["SLURM_CPUS_PER_TASK", "OMP_NUM_THREADS"];
    limits.into_iter().filter_map(limit).fold(cores, usize::min)
}

/// Where the number of threads ends: far beyond any use, but each takes a stack.
const MOST_THREADS: i32 = 1024;

/// The threads of a context on these ranks, of which so many were asked for.
pub(crate) fn threads(asked: i32, ranks: &dyn Transport) -> Result<usize> {
    let n = match asked {
        1..=MOST_THREADS => asked as usize,
        -1 => allowed_cores(),
        -2 => (allowed_cores() - 1).max(1),
        _ => {
            let allowed = "from 1 to 1024, -1 (all cores) or -2 (all but one)";
            return Err(Error::argument(&by_language("n_threads", "n_threads", "threads"), asked, allowed));
        }
    };
    if n == 1 || ranks.may_have_threads()? {
        return Ok(n);
    }
    let value = match asked {
        1.. => asked.to_string(),
        _ => format!("{asked} ({n} threads)"),
    };
    let allowed = match ranks.communicator() {
        Some(_) => {
            "1, as MPI was initialised with MPI_THREAD_SINGLE; MPI_Init_thread() with MPI_THREAD_FUNNELED or more \
             allows more"
        }
        None => {
            "1: if the ranks are those of MPI, as it was initialised with MPI_THREAD_SINGLE, and MPI_Init_thread() with \
             MPI_THREAD_FUNNELED or more allows more; else as the transport's may_have_threads is 0"
        }
    };
    Err(Error::argument("n_threads", value, allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_limits_the_cores() {
        let with = |slurm: &'static str, omp: &'static str| {
            limited(8, |name| {
                let value = if name.starts_with("SLURM") { slurm } else { omp };
                (!value.is_empty()).then(|| value.into())
            })
        };
        assert_eq!(with("", ""), 8);
        assert_eq!(with("4", ""), 4);
        assert_eq!(with("4", "2,1"), 2);
        assert_eq!(with("0", "many"), 8);
        assert_eq!(with("64", "16"), 8);
    }

    #[test]
    fn budgets_nest_and_come_back() {
        assert_eq!(left(), None);
        with(4, || {
            assert_eq!(left(), Some(4));
            with(0, || assert_eq!(left(), Some(1)));
            let _ = std::panic::catch_unwind(|| with(9, || panic!("inside")));
            assert_eq!(left(), Some(4));
        });
        assert_eq!(left(), None);
    }
}
