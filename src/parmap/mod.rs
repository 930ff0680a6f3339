//! Maps, reductions and flows over threads and ranks: the same calls and the same results, bit for
//! bit, whether they run serially, over threads, over ranks or over the threads of ranks.
//!
//! Each form describes what is to be done, and runs it with a [`Map`]:
//!
//! | module | what it knows |
//! | --- | --- |
//! | [`map`] | n tasks with inputs and outputs of fixed size |
//! | [`stream`] | items from a producer to a consumer, in bounded memory |
//! | [`reduce`] | fork, work, join |
//! | [`pull`] | tasks for threads that the caller brings |
//! | [`share`] | bytes for all tasks |
//! | [`serve`] | root-driven use: functions by name |
//! | [`flow`] | phases of training of a chain of nodes |
//! | [`operator`] | vectors of operators and their adjoints |
//! | [`ensemble`] | many starts of one solver |
//!
//! Below them:
//!
//! | module | what it knows |
//! | --- | --- |
//! | `handle` | the [`Map`]: ranks, threads, settings |
//! | `arrays` | inputs and outputs of tasks |
//! | `call` | how a call begins: what all ranks agree on |
//! | `records` | where the bytes of each task lie |
//! | [`run`] | one run: the root leads, the others follow |
//! | [`tags`] | what messages are about |

mod arrays;
mod call;
pub mod ensemble;
pub mod flow;
mod handle;
pub mod map;
pub mod operator;
pub mod pull;
pub(crate) mod records;
pub mod reduce;
pub mod run;
pub mod serve;
pub mod share;
pub mod stream;
pub mod tags;

pub use crate::options::map::{Errors, Settings};
pub use handle::{Canceller, Map};
pub use map::{Inputs, Outputs};
pub use run::budget::allowed_cores;
pub use run::progress::Progress;
pub use run::report::{Failure, Outcome, Report};
pub use run::schedule::Schedule;
pub use run::task::{Task, Worker};
