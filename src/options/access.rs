//! Options by key: what can be asked of every table.

use crate::base::error::Result;
use crate::options::check::{Given, get, wrong_type};
use crate::options::table::{Fields, Value};
use crate::options::text;

/// Options of a table, by key.
pub trait Table: Fields + Sized {
    /// Sets a number.
    fn set_real(&mut self, key: &str, value: f64) -> Result<()> {
        text::set(self, key, Given::Real(value))
    }

    /// Sets a list of numbers.
    fn set_reals(&mut self, key: &str, values: &[f64]) -> Result<()> {
        text::set(self, key, Given::Reals(values))
    }

    /// Sets an integer, or a flag as 0 or 1.
    fn set_integer(&mut self, key: &str, value: i64) -> Result<()> {
        text::set(self, key, Given::Integer(value))
    }

    /// Sets a list of integers, or of flags.
    fn set_integers(&mut self, key: &str, values: &[i64]) -> Result<()> {
        text::set(self, key, Given::Integers(values))
    }

    /// Sets an option to what the text says, whatever its type: a number, a word, or a list with commas between.
    fn set_text(&mut self, key: &str, text: &str) -> Result<()> {
        text::set(self, key, Given::Text(text))
    }

    /// Sets all options that `text` holds, as `key=value` with blanks between; none of them on an error.
    fn parse(&mut self, text: &str) -> Result<()>
    where
        Self: Clone,
    {
        let mut changed = self.clone();
        text::parse(&mut changed, text)?;
        *self = changed;
        Ok(())
    }

    /// All options, a line `key=value` each: what [`Table::parse`] reads.
    fn to_text(&self) -> String {
        text::lines(self, None)
    }

    /// Sets one of several words.
    fn set_word(&mut self, key: &str, word: &str) -> Result<()> {
        text::set(self, key, Given::Word(word))
    }

    /// Reads a number.
    fn get_real(&self, key: &str) -> Result<f64> {
        match get(self, key)? {
            (_, Value::Real(value)) => Ok(value),
            (spec, _) => Err(wrong_type(self.face(), spec, "get", "asked for as a real number")),
        }
    }

    /// Reads a list of numbers.
    fn get_reals(&self, key: &str) -> Result<Vec<f64>> {
        match get(self, key)? {
            (_, Value::Reals(values)) => Ok(values.to_vec()),
            (spec, _) => Err(wrong_type(self.face(), spec, "get", "asked for as a list of real numbers")),
        }
    }

    /// Reads an integer or a flag.
    fn get_integer(&self, key: &str) -> Result<i64> {
        match get(self, key)? {
            (_, Value::Integer(value)) => Ok(value),
            (_, Value::Flag(flag)) => Ok(flag.into()),
            (spec, _) => Err(wrong_type(self.face(), spec, "get", "asked for as an integer")),
        }
    }

    /// Reads a list of integers or of flags.
    fn get_integers(&self, key: &str) -> Result<Vec<i64>> {
        match get(self, key)? {
            (_, Value::Integers(values)) => Ok(values.to_vec()),
            (_, Value::Flags(flags)) => Ok(flags.iter().map(|flag| (*flag).into()).collect()),
            (spec, _) => Err(wrong_type(self.face(), spec, "get", "asked for as a list of integers")),
        }
    }

    /// Reads a word.
    fn get_word(&self, key: &str) -> Result<&'static str> {
        match get(self, key)? {
            (_, Value::Word(word)) => Ok(word),
            (spec, _) => Err(wrong_type(self.face(), spec, "get", "asked for as a string")),
        }
    }
}

impl<T: Fields> Table for T {}
