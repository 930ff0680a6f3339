//! Words of a message that differ with the language of the caller: C counts from 0 and names the slowest axis first,
//! Fortran and Julia count from 1 and name the fastest first.
//!
//! A message holds them marked, as text between two control characters, so that they pass through other messages and from
//! rank to rank; whoever shows the message to somebody puts them in that one's language, by [`spoken`].

use std::fmt::Display;

/// The language of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// C, and Rust.
    C,
    /// Fortran.
    Fortran,
    /// Julia.
    Julia,
}

const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';
const OR: char = '\u{3}';

fn marked(kind: char, text: String) -> String {
    format!("{OPEN}{kind}{text}{CLOSE}")
}

fn joined<T: Display>(values: &[T]) -> String {
    let values: Vec<String> = values.iter().map(|value| value.to_string()).collect();
    values.join(", ")
}

/// An index into an array: `[0, 5]` in C, `(6, 1)` in Fortran, `[6, 1]` in Julia.
pub(crate) fn index<T: Display>(at: &[T]) -> String {
    marked('i', joined(at))
}

/// One value per axis: `[40, 50]` in C, `(50, 40)` in Fortran and Julia.
pub(crate) fn per_axis<T: Display>(values: &[T]) -> String {
    marked('l', joined(values))
}

/// The entry of an axis in a list of one value per axis, as an index.
pub(crate) fn entry(axis: usize, n_axes: usize) -> String {
    by_language(format!("[{axis}]"), format!("({})", n_axes - axis), format!("[{}]", n_axes - axis))
}

/// What is counted: from 0 in C.
pub(crate) fn nth(number: impl Into<i128>) -> String {
    marked('n', number.into().to_string())
}

/// Different words in each language.
pub(crate) fn by_language(c: impl Display, fortran: impl Display, julia: impl Display) -> String {
    marked('w', format!("{c}{OR}{fortran}{OR}{julia}"))
}

/// A size that is an argument in C. Elsewhere it follows from arrays, and has no name.
pub(crate) fn size_name(argument: &str) -> String {
    let words = match argument {
        "atom_shape" => "the shape of an atom",
        "n_atoms" => "the number of atoms",
        "n_channels" => "the number of channels",
        "n_signals" => "the number of signals",
        name => return name.into(),
    };
    by_language(argument, words, words)
}

/// Words for C alone.
pub(crate) fn in_c(text: impl Display) -> String {
    by_language(text, "", "")
}

/// A message as a program in this language reads it.
pub fn spoken(text: &str, language: Language) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        out += before;
        // What was cut off within is left out.
        let (mark, after) = after.split_once(CLOSE).unwrap_or((after, ""));
        let mut chars = mark.chars();
        let kind = chars.next();
        out += &word(kind, chars.as_str(), language);
        rest = after;
    }
    out + rest
}

fn word(kind: Option<char>, text: &str, language: Language) -> String {
    let from_1 = |number: &str| match number.parse::<i128>() {
        Ok(number) => (number + 1).to_string(),
        Err(_) => number.to_string(),
    };
    let items = || text.rsplit(", ").filter(|item| !item.is_empty());
    match (kind, language) {
        (Some('i' | 'l'), Language::C) => format!("[{text}]"),
        (Some('i'), _) => {
            let index: Vec<String> = items().map(from_1).collect();
            match language {
                Language::Fortran => format!("({})", index.join(", ")),
                _ => format!("[{}]", index.join(", ")),
            }
        }
        (Some('l'), _) => format!("({})", items().collect::<Vec<_>>().join(", ")),
        (Some('n'), Language::C) => text.to_string(),
        (Some('n'), _) => from_1(text),
        (Some('w'), _) => {
            let mut words = text.split(OR);
            words.nth(language as usize).unwrap_or_default().to_string()
        }
        _ => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_reads_its_own_words() {
        let text = format!(
            "x{} of {}, {}{}, task {}: {}",
            index(&[0, 5, 2]),
            per_axis(&[40, 50]),
            "offset",
            entry(0, 2),
            nth(3u32),
            by_language("c()", "f", "j")
        );
        let all = [
            (Language::C, "x[0, 5, 2] of [40, 50], offset[0], task 3: c()"),
            (Language::Fortran, "x(3, 6, 1) of (50, 40), offset(2), task 4: f"),
            (Language::Julia, "x[3, 6, 1] of (50, 40), offset[2], task 4: j"),
        ];
        for (language, expected) in all {
            assert_eq!(spoken(&text, language), expected);
            // In a message that holds another, and cut off.
            assert_eq!(spoken(&format!("rank 1: {text}!"), language), format!("rank 1: {expected}!"));
            for cut in 0..text.len() {
                let part = spoken(&text[..cut], language);
                assert!(!part.contains([OPEN, CLOSE, OR]), "{part:?}");
            }
        }
        assert_eq!(spoken("plain", Language::Julia), "plain");
        assert_eq!(spoken(&index(&[0; 0]), Language::Fortran), "()");
    }
}
