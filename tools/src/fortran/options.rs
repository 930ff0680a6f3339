//! What the table of options becomes in Fortran: arguments, and a test of each.

use super::wrapped;
use dicod::options::solve::TABLE;
use dicod::options::{Kind, Per, Spec};
use std::fmt::Write;

/// Whether it is a list with an entry per axis, which Fortran has in the other order.
fn is_per_axis(option: &Spec) -> bool {
    matches!(
        option.kind,
        Kind::Reals(Per::Axis, _) | Kind::Integers(Per::Axis | Per::AxisOrAll, _) | Kind::Flags(Per::Axis)
    )
}

/// What it is called in Fortran.
pub fn kind(option: &Spec) -> &'static str {
    match option.kind {
        Kind::Real(..) => "real",
        Kind::Reals(..) => "reals",
        Kind::Integer(..) => "integer",
        Kind::Integers(..) => "integers",
        Kind::Flag => "flag",
        Kind::Flags(_) => "flags",
        Kind::Word(..) => "string",
    }
}

/// The option of that key.
pub fn named(key: &str) -> Option<&'static Spec> {
    TABLE.iter().find(|option| option.key == key)
}

/// What Fortran takes for it: for people.
pub fn accepted(key: &str) -> &'static str {
    match named(key).map(|option| option.kind) {
        Some(Kind::Real(..)) => "number of any kind",
        Some(Kind::Integer(..)) => "integer of any kind",
        Some(Kind::Reals(..)) => "numbers of any kind, list or scalar",
        Some(Kind::Flags(_)) => "flags, list or scalar",
        Some(Kind::Integers(..)) => "integers of any kind, list or scalar",
        Some(Kind::Word(_)) => "character(*)",
        other => panic!("{key} is declared by hand: say here what stands for {other:?}"),
    }
}

fn of_kind(word: &str) -> Vec<&'static str> {
    TABLE.iter().filter(|option| kind(option) == word).map(|option| option.key).collect()
}

/// Options of a type in one statement.
pub fn declarations() -> String {
    let mut out = String::new();
    for (kind, fortran, shape) in [
        ("real", "class(*)", ""),
        ("reals", "class(*)", "(..)"),
        ("integer", "class(*)", ""),
        ("integers", "class(*)", "(..)"),
        ("flag", "logical", ""),
        ("flags", "class(*)", "(..)"),
        ("string", "character(*)", ""),
    ] {
        let keys: Vec<_> = of_kind(kind).iter().map(|key| format!("{key}{shape}")).collect();
        if !keys.is_empty() {
            out += &wrapped(4, &format!("{fortran}, intent(in), optional :: {}", keys.join(", ")));
        }
    }
    out
}

/// Cases that say of what kind an option is.
pub fn kinds() -> String {
    let mut out = String::new();
    for kind in ["flag", "flags", "integer", "integers", "real", "reals", "string"] {
        let keys: Vec<_> = of_kind(kind).iter().map(|key| format!("'{key}'")).collect();
        if !keys.is_empty() {
            out += &wrapped(4, &format!("case ({})", keys.join(", ")));
            writeln!(out, "      kind = '{kind}'").unwrap();
        }
    }
    out
}

/// Whether a list of this key has an entry per axis.
pub fn per_axis() -> String {
    let keys = TABLE.iter().filter(|option| is_per_axis(option)).map(|option| format!("key == '{}'", option.key));
    wrapped(4, &format!("is = {}", keys.collect::<Vec<_>>().join(" .or. ")))
}

/// Each option with a wrong value, and with right ones, in Fortran and in C.
pub fn checks() -> String {
    let mut test = "! Generated from the table of options by tools: change it there.\n".to_string();
    for option in TABLE {
        let key = option.key;
        let wrong = match option.kind {
            Kind::Real(..) => "-2.0_real64",
            Kind::Reals(..) => "[-2.0_real64]",
            Kind::Integer(..) => "-2_int64",
            Kind::Integers(..) => "[-2_int64]",
            Kind::Word(..) => "'neither'",
            Kind::Flag | Kind::Flags(_) => "",
        };
        if !wrong.is_empty() {
            writeln!(test, "    call solve(x, d, z, {key}={wrong}, stat=stat, errmsg=errmsg)").unwrap();
            writeln!(test, "    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, '{key}')").unwrap();
        }
        for (fortran, c) in right_values(option) {
            let learning = key.starts_with("learn_");
            let (more, more_in_c) = match key {
                "frozen_support" => ("warm_start=.true., ", "warm_start=1 "),
                "background" if c == "smooth" => ("background_length=5_int64, ", "background_length=5 "),
                "background_length" => ("background='smooth', ", "background=smooth "),
                "learn_max_iter" => ("", ""),
                "learn_crops" => (
                    "learn_max_iter=3_int64, learn_crop_shape=[8_int64, 7_int64], ",
                    "learn_max_iter=3 learn_crop_shape=7,8 ",
                ),
                "learn_crop_shape" => {
                    ("learn_max_iter=3_int64, learn_crops=2_int64, ", "learn_max_iter=3 learn_crops=2 ")
                }
                _ if learning => ("learn_max_iter=3_int64, ", "learn_max_iter=3 "),
                _ => ("", ""),
            };
            let (call, compare) = match key {
                _ if learning => ("call learn(x, learnt", "learnt_as_in_c"),
                "periodic" => ("call solve(x, d, wrapped", "wrapped_as_in_c"),
                _ => ("call solve(x, d, z", "as_in_c"),
            };
            test += "    call fresh()\n";
            test += &wrapped(4, &format!("{call}, {more}{key}={fortran}, stat=stat, errmsg=errmsg)"));
            writeln!(test, "    call {compare}('{more_in_c}{key}={c}', stat, errmsg)").unwrap();
        }
    }
    test
}

/// Values that are allowed, in Fortran and in the text of reference.c.
fn right_values(option: &Spec) -> Vec<(String, String)> {
    let per_axis = is_per_axis(option);
    let one = |fortran: &str, c: &str| vec![(fortran.to_string(), c.to_string())];
    match option.kind {
        Kind::Flag => [one(".true.", "1"), one(".false.", "0")].concat(),
        Kind::Flags(_) if per_axis => one("[.true., .false.]", "0,1"),
        Kind::Flags(_) => one("[.true., .false., .false.]", "1,0,0"),
        Kind::Integers(..) if option.key == "learn_crop_shape" => one("[8_int64, 7_int64]", "7,8"),
        Kind::Integers(..) if per_axis => one("[3_int64, 7_int64]", "7,3"),
        Kind::Integers(..) => panic!("{}: the tests have no value for lists of integers", option.key),
        Kind::Integer(..) => one("2_int64", "2"),
        Kind::Real(..) if option.key == "time_limit" => one("1000.0_real64", "1000"),
        Kind::Real(..) => one("0.25_real64", "0.25"),
        Kind::Reals(..) => one("[0.25_real64, 0.5_real64, 0.75_real64]", "0.25,0.5,0.75"),
        Kind::Word(words) => words.iter().map(|word| (format!("'{word}'"), word.to_string())).collect(),
    }
}
