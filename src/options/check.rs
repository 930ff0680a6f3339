//! What is given for an option is checked before it is set.

use crate::base::error::{Error, Result};
use crate::base::wording;
use crate::options::per::Per;
use crate::options::table::{Face, Fields, Kind, Slot, Spec, Value};

/// What somebody gives as the value of an option.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'a> {
    Real(f64),
    Reals(&'a [f64]),
    Integer(i64),
    Integers(&'a [i64]),
    Word(&'a str),
    /// The value as text, whatever its type.
    Text(&'a str),
}

/// The option with this key, in messages.
pub(super) fn name(face: &Face, key: &str) -> String {
    format!("{} \"{key}\"", face.noun)
}

/// An entry of a list of `n`, in messages.
pub(super) fn entry(face: &Face, spec: &Spec, i: usize, n: usize) -> String {
    let at = match spec.kind {
        Kind::Integers(Per::Axis | Per::AxisOrAll, _) | Kind::Reals(Per::Axis, _) | Kind::Flags(Per::Axis) => {
            wording::entry(i, n)
        }
        _ => wording::index(&[i]),
    };
    name(face, &format!("{}{at}", spec.key))
}

/// A type, in messages.
pub(super) fn type_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Real(..) => "a real number",
        Kind::Reals(..) => "a list of real numbers",
        Kind::Integer(_) => "an integer",
        Kind::Integers(..) => "a list of integers",
        Kind::Flag => "a flag",
        Kind::Flags(_) => "a list of flags",
        Kind::Word(_) => "a string",
    }
}

/// The option is of another type than the function that `verb`, set or get, was asked for.
pub(super) fn wrong_type(face: &Face, spec: &Spec, verb: &str, given: impl ToString) -> Error {
    let function = wording::in_c(format!(" ({}_{verb}_{})", face.prefix, spec.kind.type_name()));
    Error::argument(&name(face, spec.key), given, format!("{}{function}", type_of(&spec.kind)))
}

/// `"a", "b" or "c"`.
fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => quoted.concat(),
    }
}

/// What the option of this key is, and is set to.
pub(super) fn get<'a>(table: &'a dyn Fields, key: &str) -> Result<(&'static Spec, Value<'a>)> {
    let (row, spec) = table.face().find(key)?;
    let value = table.value(row).ok_or_else(no_field)?;
    Ok((spec, value))
}

pub(super) fn no_field() -> Error {
    Error::Internal("an option without a field".into())
}

/// Sets a field to what its row allows.
pub(super) fn put(face: &Face, spec: &Spec, slot: Slot, given: Given) -> Result<()> {
    let of_list = |i, n| move || entry(face, spec, i, n);
    let alone = || name(face, spec.key);
    match (slot, given) {
        (Slot::Real(to), Given::Real(value)) => {
            check_real(&spec.kind, value, &alone)?;
            *to = value;
        }
        (Slot::Reals(to), Given::Reals(values)) => {
            for (i, value) in values.iter().enumerate() {
                check_real(&spec.kind, *value, &of_list(i, values.len()))?;
            }
            *to = values.to_vec();
        }
        (Slot::Integer(to), Given::Integer(value)) => {
            check_integer(&spec.kind, value, &alone)?;
            *to = value;
        }
        (Slot::Flag(to), Given::Integer(value)) => {
            check_integer(&spec.kind, value, &alone)?;
            *to = value == 1;
        }
        (Slot::Integers(to), Given::Integers(values)) => {
            check_integers(&spec.kind, values, &of_list)?;
            *to = values.to_vec();
        }
        (Slot::Flags(to), Given::Integers(values)) => {
            check_integers(&spec.kind, values, &of_list)?;
            *to = values.iter().map(|value| *value == 1).collect();
        }
        (Slot::Word(to), Given::Word(word)) => {
            let Kind::Word(words) = spec.kind else { return Err(no_field()) };
            let number = words.iter().position(|w| *w == word);
            to.choose(number.ok_or_else(|| Error::argument(&alone(), format!("\"{word}\""), one_of(words)))?);
        }
        (_, given) => {
            let given = match given {
                Given::Real(value) => format!("the real number {value:?}"),
                Given::Reals(_) => "a list of real numbers".into(),
                Given::Integer(value) => format!("the integer {value}"),
                Given::Integers(_) => "a list of integers".into(),
                Given::Word(text) | Given::Text(text) => format!("the string \"{text}\""),
            };
            return Err(wrong_type(face, spec, "set", given));
        }
    }
    Ok(())
}

fn check_real(kind: &Kind, value: f64, name: &dyn Fn() -> String) -> Result<()> {
    let (least, most) = match *kind {
        Kind::Real(least, most) => (least, most),
        Kind::Reals(_, least) => (least, f64::MAX),
        Kind::Integer(_) | Kind::Integers(..) | Kind::Flag | Kind::Flags(_) | Kind::Word(_) => return Err(no_field()),
    };
    // NaN fails the comparisons, too.
    if value >= least && value <= most {
        return Ok(());
    }
    let finite = if value == f64::INFINITY && most == f64::MAX { " and finite" } else { "" };
    let allowed = format!("{}{finite}", kind.allowed());
    Err(Error::argument(&name(), value, allowed))
}

fn check_integer(kind: &Kind, value: i64, name: &dyn Fn() -> String) -> Result<()> {
    let allowed = match *kind {
        Kind::Integer(least) | Kind::Integers(_, least) => value >= least,
        Kind::Flag | Kind::Flags(_) => (0..=1).contains(&value),
        Kind::Real(..) | Kind::Reals(..) | Kind::Word(_) => return Err(no_field()),
    };
    if allowed { Ok(()) } else { Err(Error::argument(&name(), value, kind.allowed())) }
}

fn check_integers<F: Fn() -> String>(kind: &Kind, values: &[i64], name: &dyn Fn(usize, usize) -> F) -> Result<()> {
    for (i, value) in values.iter().enumerate() {
        check_integer(kind, *value, &name(i, values.len()))?;
    }
    Ok(())
}

/// Fails if one of the lists of the first `n_rows` options has another length than the problem asks for.
pub(super) fn check_lengths(table: &dyn Fields, n_rows: usize, n_axes: usize, n_atoms: usize) -> Result<()> {
    let face = table.face();
    for (row, spec) in face.rows.iter().enumerate().take(n_rows) {
        let (len, per) = match (table.value(row), spec.kind) {
            (Some(Value::Reals(list)), Kind::Reals(per, _)) => (list.len(), per),
            (Some(Value::Integers(list)), Kind::Integers(per, _)) => (list.len(), per),
            (Some(Value::Flags(list)), Kind::Flags(per)) => (list.len(), per),
            _ => continue,
        };
        let (expected, unit) = match per {
            Per::Atom => (n_atoms, "atom"),
            Per::Axis => (n_axes, "axis"),
            Per::AxisOrAll => (n_axes, "axis, or of one for all"),
        };
        if len != 0 && len != expected && !(per == Per::AxisOrAll && len == 1) {
            let allowed = format!("a list of {expected}, one value per {unit}");
            return Err(Error::argument(&name(face, spec.key), format!("a list of {len}"), allowed));
        }
    }
    Ok(())
}
