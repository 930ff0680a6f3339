//! The one error type of the crate.
//!
//! Every message names the argument, its value and what is allowed, so that the text alone is
//! enough to mend the call. Shown by `Display` it speaks as C does; [`crate::base::wording`] has the other languages.

use crate::base::status::*;
use crate::base::stop::Stop;
use crate::base::wording::{self, Language};
use std::fmt;

/// What went wrong. Nothing of the caller's has been changed when a function returns one.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// A pointer that must not be NULL is.
    NullPointer {
        /// The argument's name.
        argument: &'static str,
        /// What it has to point to.
        expected: &'static str,
    },
    /// A value is outside what is allowed.
    InvalidArgument {
        /// The argument's name.
        argument: String,
        /// The value it has.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A shape is impossible, or two shapes do not go together.
    InvalidShape {
        /// The argument's name.
        argument: String,
        /// The shape it has.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// An index lies outside its range.
    OutOfRange {
        /// The argument's name.
        argument: String,
        /// The index it has.
        value: String,
        /// The range.
        allowed: String,
    },
    /// An array holds NaN or an infinity.
    NotFinite {
        /// The array's name.
        argument: String,
        /// Where: an index per axis of the array, from 0, the slowest axis first.
        index: Vec<usize>,
        /// The value found.
        value: f64,
    },
    /// No option has this key.
    UnknownOption {
        /// What it would be: an option, or a setting of a map.
        noun: &'static str,
        /// The key that was asked for.
        key: String,
        /// What is there instead: a question or a sentence, or nothing.
        hint: String,
    },
    /// Memory cannot be had, or a size does not fit in 64 bits.
    OutOfMemory {
        /// What the memory was for.
        what: String,
        /// How much, as text because it may not fit in an integer.
        bytes: String,
    },
    /// The call does not go with what was called before.
    InvalidState(String),
    /// A file cannot be read or written.
    File {
        /// Its path.
        path: String,
        /// What was to be done with it: read or written.
        what: String,
        /// What the system says.
        reason: String,
    },
    /// Messages between ranks cannot be sent or received. The other ranks may not know.
    Communication(String),
    /// An error of another rank, or of this one, that all ranks report alike.
    OnRank {
        /// The lowest rank on which something went wrong.
        rank: usize,
        /// Its status code.
        status: i32,
        /// Its message.
        message: String,
    },
    /// A binding refused an argument before it could reach the library.
    Refused {
        /// The status code that it gave.
        status: i32,
        /// Its message.
        message: String,
    },
    /// A run of the map did not go through.
    Map {
        /// Its status code.
        status: i32,
        /// Its message.
        message: String,
    },
    /// The call was to end before this was done; those that can say so return a result that is valid as far as it goes.
    Stopped(Stop),
    /// A defect of the library.
    Internal(String),
}

/// Result with the crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&wording::spoken(&self.marked(), Language::C))
    }
}

impl std::error::Error for Error {}

impl Error {
    /// The message with what differs between languages marked, for [`wording::spoken`]: to be passed on, not shown.
    pub(crate) fn marked(&self) -> String {
        match self {
            Error::NullPointer { argument, expected } => {
                // The argument may have words of its own for each language.
                let is = wording::by_language("is NULL, but it must point to", "is missing:", "is missing:");
                format!("{argument} {is} {expected}")
            }
            Error::InvalidArgument { argument, value, allowed }
            | Error::InvalidShape { argument, value, allowed }
            | Error::OutOfRange { argument, value, allowed } => format!("{argument} must be {allowed}, is {value}"),
            Error::NotFinite { argument, index, value } => {
                format!("{argument}{} must be a finite number, is {value}", wording::index(index))
            }
            Error::UnknownOption { noun, key, hint } => format!("there is no {noun} \"{key}\"{hint}"),
            Error::OutOfMemory { what, bytes } => {
                format!("out of memory: {bytes} bytes for {what}")
            }
            Error::InvalidState(text) => text.clone(),
            Error::File { path, what, reason } => {
                format!("the file {path} cannot be {what}: {reason}")
            }
            Error::Communication(text) => format!("communication failed: {text}"),
            Error::OnRank { rank, message, .. } => format!("rank {rank}: {message}"),
            Error::Refused { message, .. } | Error::Map { message, .. } => message.clone(),
            Error::Stopped(_) => "stopped before it was done".into(),
            Error::Internal(text) => format!("internal error, please report it: {text}"),
        }
    }

    /// An [`Error::InvalidArgument`].
    pub fn argument(argument: &str, value: impl ToString, allowed: impl ToString) -> Self {
        Error::InvalidArgument { argument: argument.into(), value: value.to_string(), allowed: allowed.to_string() }
    }

    /// An [`Error::InvalidShape`].
    pub fn shape(argument: &str, value: impl ToString, allowed: impl ToString) -> Self {
        Error::InvalidShape { argument: argument.into(), value: value.to_string(), allowed: allowed.to_string() }
    }

    /// An [`Error::OutOfRange`].
    pub fn range(argument: &str, value: impl ToString, allowed: impl ToString) -> Self {
        Error::OutOfRange { argument: argument.into(), value: value.to_string(), allowed: allowed.to_string() }
    }

    /// An [`Error::OutOfMemory`].
    pub fn memory(what: &str, bytes: impl ToString) -> Self {
        Error::OutOfMemory { what: what.into(), bytes: bytes.to_string() }
    }

    /// As all ranks report an error of one of them.
    pub(crate) fn of_rank(self, rank: usize) -> Self {
        match self {
            // Who cannot speak to the others cannot tell them either.
            Error::OnRank { .. } | Error::Communication(_) => self,
            _ => Error::OnRank { rank, status: self.status(), message: self.marked() },
        }
    }

    /// The status code that stands for this error in C.
    pub fn status(&self) -> dicod_status {
        match self {
            Error::NullPointer { .. } => DICOD_ERROR_NULL_POINTER,
            Error::InvalidArgument { .. } => DICOD_ERROR_INVALID_ARGUMENT,
            Error::InvalidShape { .. } => DICOD_ERROR_INVALID_SHAPE,
            Error::OutOfRange { .. } => DICOD_ERROR_OUT_OF_RANGE,
            Error::NotFinite { .. } => DICOD_ERROR_NOT_FINITE,
            Error::UnknownOption { .. } => DICOD_ERROR_UNKNOWN_OPTION,
            Error::OutOfMemory { .. } => DICOD_ERROR_OUT_OF_MEMORY,
            Error::InvalidState(_) => DICOD_ERROR_INVALID_STATE,
            Error::Internal(_) => DICOD_ERROR_INTERNAL,
            Error::Communication(_) => DICOD_ERROR_COMMUNICATION,
            Error::File { .. } => DICOD_ERROR_FILE,
            Error::Stopped(Stop::TimeLimit) => DICOD_TIME_LIMIT,
            Error::Stopped(_) => DICOD_CANCELLED,
            Error::OnRank { status, .. } | Error::Refused { status, .. } | Error::Map { status, .. } => *status,
        }
    }
}
