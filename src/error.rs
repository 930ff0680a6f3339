//! The one error type of the crate.
//!
//! Every message names the argument, its value and what is allowed, so that the text alone is
//! enough to mend the call.

/// What went wrong. Nothing of the caller's has been changed when a function returns one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A pointer that must not be NULL is.
    #[error("{argument} is NULL, but it must point to {expected}")]
    NullPointer {
        /// The argument's name.
        argument: &'static str,
        /// What it has to point to.
        expected: &'static str,
    },
    /// A value is outside what is allowed.
    #[error("{argument} = {value} is not allowed: it must be {allowed}")]
    InvalidArgument {
        /// The argument's name.
        argument: String,
        /// The value it has.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A shape is impossible, or two shapes do not go together.
    #[error("{argument} = {value} is not a valid shape: it must be {allowed}")]
    InvalidShape {
        /// The argument's name.
        argument: String,
        /// The shape it has.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// An index lies outside its range.
    #[error("{argument} = {value} is out of range: it must be {allowed}")]
    OutOfRange {
        /// The argument's name.
        argument: String,
        /// The index it has.
        value: String,
        /// The range.
        allowed: String,
    },
    /// An array holds NaN or an infinity.
    #[error("{argument}[{index}] = {value} is not finite: every value must be a finite number")]
    NotFinite {
        /// The array's name.
        argument: String,
        /// Where, as comma-separated indices.
        index: String,
        /// The value found.
        value: f64,
    },
    /// No option has this key.
    #[error("there is no option \"{key}\"; did you mean \"{nearest}\"?")]
    UnknownOption {
        /// The key that was asked for.
        key: String,
        /// The known key that looks most like it.
        nearest: String,
    },
    /// Memory cannot be had, or a size does not fit in 64 bits.
    #[error("out of memory: {what} needs {bytes} bytes")]
    OutOfMemory {
        /// What the memory was for.
        what: String,
        /// How much, as text because it may not fit in an integer.
        bytes: String,
    },
    /// The call does not go with what was called before.
    #[error("{0}")]
    InvalidState(String),
    /// A file cannot be read or written.
    #[error("the file {path} cannot be {what}: {reason}")]
    File {
        /// Its path.
        path: String,
        /// What was to be done with it: read or written.
        what: String,
        /// What the system says.
        reason: String,
    },
    /// Messages between ranks cannot be sent or received. The other ranks may not know.
    #[error("communication failed: {0}")]
    Communication(String),
    /// An error of another rank, or of this one, that all ranks report alike.
    #[error("rank {rank}: {message}")]
    OnRank {
        /// The lowest rank on which something went wrong.
        rank: usize,
        /// Its status code.
        status: i32,
        /// Its message.
        message: String,
    },
    /// A run of the map did not go through.
    #[error("{message}")]
    Map {
        /// Its status code.
        status: i32,
        /// Its message.
        message: String,
    },
    /// The call was to end before this was done; those that can say so return a result that is valid as far as it goes.
    #[error("stopped before it was done")]
    Stopped(crate::csc::Stop),
    /// A defect of the library.
    #[error("internal error, please report it: {0}")]
    Internal(String),
}

/// Result with the crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An [`Error::InvalidArgument`].
    pub fn argument(argument: &str, value: impl ToString, allowed: impl ToString) -> Self {
        Error::InvalidArgument {
            argument: argument.into(),
            value: value.to_string(),
            allowed: allowed.to_string(),
        }
    }

    /// An [`Error::InvalidShape`].
    pub fn shape(argument: &str, value: impl std::fmt::Debug, allowed: impl ToString) -> Self {
        Error::InvalidShape {
            argument: argument.into(),
            value: format!("{value:?}"),
            allowed: allowed.to_string(),
        }
    }

    /// An [`Error::OutOfRange`].
    pub fn range(argument: &str, value: impl std::fmt::Debug, allowed: impl ToString) -> Self {
        Error::OutOfRange {
            argument: argument.into(),
            value: format!("{value:?}"),
            allowed: allowed.to_string(),
        }
    }

    /// An [`Error::OutOfMemory`].
    pub fn memory(what: &str, bytes: impl ToString) -> Self {
        Error::OutOfMemory {
            what: what.into(),
            bytes: bytes.to_string(),
        }
    }
}
