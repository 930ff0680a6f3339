//! Options as text: `key=value`, lists with commas, and each number such that it reads back as the same.

use crate::base::error::{Error, Result};
use crate::base::wording;
use crate::options::check::{Given, entry, name, no_field, put};
use crate::options::per::Per;
use crate::options::table::{Face, Fields, Kind, Slot, Spec, Value};
use std::str::FromStr;

/// Sets an option; changes nothing on an error.
pub(crate) fn set(table: &mut dyn Fields, key: &str, given: Given) -> Result<()> {
    let face = table.face();
    let (row, spec) = face.find(key)?;
    let slot = table.slot(row).ok_or_else(no_field)?;
    match given {
        Given::Text(written) => put_text(face, spec, slot, written.trim()),
        _ => put(face, spec, slot, given),
    }
}

/// Sets a field to what the text says.
fn put_text(face: &Face, spec: &Spec, slot: Slot, text: &str) -> Result<()> {
    let alone = |_, _| name(face, spec.key);
    let of_list = |i, n| entry(face, spec, i, n);
    match &spec.kind {
        Kind::Real(..) => put(face, spec, slot, Given::Real(number(spec, text, (0, 1), &alone)?)),
        Kind::Reals(..) => put(face, spec, slot, Given::Reals(&list(spec, text, &of_list)?)),
        Kind::Integer(_) | Kind::Flag => put(face, spec, slot, Given::Integer(number(spec, text, (0, 1), &alone)?)),
        Kind::Integers(..) | Kind::Flags(_) => put(face, spec, slot, Given::Integers(&list(spec, text, &of_list)?)),
        Kind::Word(_) => put(face, spec, slot, Given::Word(text)),
    }
}

fn number<N: FromStr>(
    spec: &Spec,
    text: &str,
    (i, n): (usize, usize),
    name: &dyn Fn(usize, usize) -> String,
) -> Result<N> {
    text.parse().map_err(|_| {
        let expected = match spec.kind {
            Kind::Real(..) | Kind::Reals(..) => "a real number".into(),
            Kind::Integer(_) | Kind::Integers(..) => "an integer that fits in 64 bits".into(),
            Kind::Flag | Kind::Flags(_) | Kind::Word(_) => spec.kind.allowed(),
        };
        Error::argument(&name(i, n), format!("\"{text}\""), expected)
    })
}

fn list<N: FromStr>(spec: &Spec, text: &str, name: &dyn Fn(usize, usize) -> String) -> Result<Vec<N>> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let n = text.split(',').count();
    text.split(',').enumerate().map(|(i, item)| number(spec, item.trim(), (i, n), name)).collect()
}

/// Sets, one after the other, the options of a text.
pub(super) fn parse(table: &mut dyn Fields, text: &str) -> Result<()> {
    for pair in text.split_whitespace() {
        let Some((key, value)) = pair.split_once('=') else {
            let value = format!("\"{pair}\" in one place");
            return Err(Error::argument("text", value, "pairs key=value with blanks between, and none within"));
        };
        set(table, key, Given::Text(value))?;
    }
    Ok(())
}

/// The options, a line each; with `unless` only those that are set to something else there.
pub(super) fn lines(table: &dyn Fields, unless: Option<&dyn Fields>) -> String {
    let mut text = String::new();
    for (row, spec) in table.face().rows.iter().enumerate() {
        if unless.is_some_and(|other| other.value(row) == table.value(row)) {
            continue;
        }
        let joined = |items: Vec<String>| items.join(",");
        let value = match table.value(row) {
            Some(Value::Real(value)) => format!("{value:?}"),
            Some(Value::Reals(values)) => joined(values.iter().map(|value| format!("{value:?}")).collect()),
            Some(Value::Integer(value)) => value.to_string(),
            Some(Value::Integers(values)) => joined(values.iter().map(i64::to_string).collect()),
            Some(Value::Flag(flag)) => i64::from(flag).to_string(),
            Some(Value::Flags(flags)) => joined(flags.iter().map(|flag| i64::from(*flag).to_string()).collect()),
            Some(Value::Word(word)) => word.to_string(),
            None => continue,
        };
        text += &format!("{}={value}\n", spec.key);
    }
    text
}

/// A value for people, and to be compared.
pub(super) fn shown(kind: &Kind, value: Value) -> String {
    let integers = |values: &[i64]| match kind {
        Kind::Integers(Per::Axis | Per::AxisOrAll, _) | Kind::Flags(Per::Axis) => wording::per_axis(values),
        _ => format!("{values:?}"),
    };
    match value {
        Value::Real(value) => value.to_string(),
        Value::Reals(values) => format!("{values:?}"),
        Value::Integer(value) => value.to_string(),
        Value::Integers(values) => integers(values),
        Value::Flag(flag) => i64::from(flag).to_string(),
        Value::Flags(flags) => integers(&flags.iter().map(|flag| (*flag).into()).collect::<Vec<_>>()),
        Value::Word(word) => format!("\"{word}\""),
    }
}
