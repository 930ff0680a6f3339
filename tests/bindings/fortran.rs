//! The Fortran modules: bindings/fortran/dicod.f90 and dicod_mpi.f90, which any compiler takes as they are, are the headers'
//! C functions and bindings/fortran/src, where each procedure stands once for all kinds and ranks.
//!
//! Lines of the sources that begin with `!@` are replaced: `!@each x d z` ... `!@end` repeats what is between for the
//! kinds, and the ranks that these arrays have together (`bytes`, `reals`: for the kinds alone, whole numbers too or not); `!@option_names`, `_declarations`, `_pass`, `_apply` and `_kinds` stand for
//! the table of options.

use super::{Field, Header, Params, Type, parse, read, size_of};
use std::fmt::Write;

const FORTRAN_TOP: &str = "\
! The C interface of libdicod as Fortran sees it, name by name: include/dicod.h describes it.
!
! Generated from the headers in include by tests/bindings.rs (make header): change it there. The module dicod is the
! comfortable way.
!
! Pointers are type(c_ptr), handles that a function sets are passed by reference, structs too; those may be left out where
! the header says that they may be NULL.
module dicod_c
  use, intrinsic :: iso_c_binding
  implicit none
  public

";

/// Breaks a statement into lines of at most 120 characters.
fn wrapped(indent: usize, text: &str) -> String {
    let mut out = String::new();
    let mut line = " ".repeat(indent);
    for word in text.split_inclusive(", ") {
        if line.len() + word.trim_end().len() > 118 {
            out += &format!("{} &\n", line.trim_end());
            line = " ".repeat(indent + 4);
        }
        line += word;
    }
    out + line.trim_end() + "\n"
}

fn fortran_scalar(base: &str) -> &'static str {
    match base {
        "int64_t" | "uint64_t" => "integer(c_int64_t)",
        "int32_t" | "dicod_status" => "integer(c_int32_t)",
        "MPI_Fint" => "integer(c_int)",
        "double" => "real(c_double)",
        "float" => "real(c_float)",
        other => panic!("no Fortran type for {other}"),
    }
}

fn fortran_param(header: &Header, kind: &Type, name: &str) -> String {
    let is_struct = header.structs.iter().any(|(n, _)| *n == kind.base);
    let is_callback = kind.base.ends_with("_fn");
    match kind.stars {
        0 if is_callback => format!("type(c_funptr), value :: {name}"),
        0 => format!("{}, value :: {name}", fortran_scalar(&kind.base)),
        1 if is_struct
            && name.ends_with('s')
            && kind.is_const
            && kind.base != "dicod_progress"
            && kind.base != "parmap_progress" =>
        {
            format!("type({}), intent(in) :: {name}(*)", kind.base)
        }
        1 if is_struct && kind.is_const => format!("type({}), intent(in) :: {name}", kind.base),
        1 if is_struct => format!("type({}), intent(inout), optional :: {name}", kind.base),
        1 => format!("type(c_ptr), value :: {name}"),
        _ => format!("type(c_ptr), intent(inout), optional :: {name}"),
    }
}

fn fortran_procedure(header: &Header, name: &str, result: &Type, params: &Params) -> String {
    let mut out = String::new();
    let names: Vec<_> = params.iter().map(|(_, n)| n.clone()).collect();
    let bind = if name.ends_with("_fn") { "bind(c)".to_string() } else { format!("bind(c, name='{name}')") };
    let nothing = result.base == "void" && result.stars == 0;
    let word = if nothing { "subroutine" } else { "function" };
    let ending = if nothing { "" } else { " result(outcome)" };
    out += &wrapped(4, &format!("{word} {name}({}) {bind}{ending}", names.join(", ")));
    out += "      import\n";
    for (kind, name) in params {
        let mut text = fortran_param(header, kind, name);
        if bind == "bind(c)" {
            text = text.replace(", optional", "");
        }
        out += &wrapped(6, &text);
    }
    if !nothing {
        let kind = if result.stars > 0 { "type(c_ptr)" } else { fortran_scalar(&result.base) };
        writeln!(out, "      {kind} :: outcome").unwrap();
    }
    writeln!(out, "    end {word}").unwrap();
    out
}

fn fortran_constants(header: &Header) -> String {
    let mut out = String::new();
    for (name, value) in &header.constants {
        let kind = if name.starts_with("DICOD_F") { "c_int64_t" } else { "c_int32_t" };
        writeln!(out, "  integer({kind}), parameter :: {name} = {value}_{kind}").unwrap();
    }
    out
}

fn fortran(header: &Header) -> String {
    let mut out = FORTRAN_TOP.to_string() + &fortran_constants(header);
    for (name, fields) in &header.structs {
        write!(out, "\n  type, bind(c) :: {name}\n").unwrap();
        for field in fields {
            let line = match field {
                Field::Plain(_, n) if n == "struct_size" => {
                    format!("integer(c_int64_t) :: struct_size = {}_c_int64_t", size_of(fields))
                }
                Field::Plain(t, n) if t.stars > 0 => format!("type(c_ptr) :: {n} = c_null_ptr"),
                Field::Plain(t, n) if name == "parmap_operator" && n == "linear" => {
                    format!("{} :: linear = 1", fortran_scalar(&t.base))
                }
                Field::Plain(t, n) if name == "dicod_array" && n == "element_type" => {
                    format!("{} :: element_type = DICOD_F64", fortran_scalar(&t.base))
                }
                Field::Plain(t, n) => format!("{} :: {n} = 0", fortran_scalar(&t.base)),
                Field::Chars(n, length) => {
                    format!("character(kind=c_char) :: {n}({length}) = c_null_char")
                }
                Field::Numbers(n, length) => format!("integer(c_int64_t) :: {n}({length}) = 0"),
                Field::Callback(n) => format!("type(c_funptr) :: {n} = c_null_funptr"),
            };
            writeln!(out, "    {line}").unwrap();
        }
        writeln!(out, "  end type").unwrap();
    }
    out += "\n  abstract interface\n";
    for (name, result, params) in &header.callbacks {
        out += &fortran_procedure(header, name, result, params);
    }
    out += "  end interface\n\n  interface\n";
    for (name, result, params) in &header.functions {
        out += &fortran_procedure(header, name, result, params);
    }
    out + "  end interface\nend module\n"
}

/// Functions of dicod_mpi.h: those that take an MPI_Comm are for C only.
fn fortran_mpi(header: &Header) -> String {
    let mut out = "\
! The C functions of include/dicod_mpi.h. Generated by tests/bindings.rs (make header): change it there.
module dicod_mpi_c
  use, intrinsic :: iso_c_binding
  implicit none
  public

  interface
"
    .to_string();
    for (name, result, params) in &header.functions {
        if params.iter().all(|(t, _)| t.base != "MPI_Comm") {
            out += &fortran_procedure(header, name, result, params);
        }
    }
    out + "  end interface\nend module\n"
}

/// key, type, meaning of all options, from the table in the header.
fn options() -> Vec<(String, String, String)> {
    let text = read("include/dicod.h");
    let table = text.split_once("All options: key (").unwrap().1.split_once("*/").unwrap().0;
    let mut found = Vec::new();
    let mut lines = table.lines().skip(2);
    while let Some(line) = lines.next() {
        let Some((key, rest)) = line.trim_start_matches(" * ").split_once(" (") else {
            break;
        };
        let kind = rest.split_once(',').unwrap().0.to_string();
        let flag = rest.ends_with(" 0 or 1)");
        let kind = if flag { kind.replace("integer", "flag") } else { kind };
        let meaning = lines.next().unwrap().trim_start_matches([' ', '*']).to_string();
        found.push((key.to_string(), kind, meaning));
    }
    found
}

const TOP: &str = "! Generated from bindings/fortran/src by tests/bindings.rs (make header): change it there.\n\n";

/// What a placeholder in braces stands for.
type Variant = Vec<(&'static str, String)>;

fn colons(rank: usize) -> String {
    vec![":"; rank].join(", ")
}

/// An array without the ghost layers around its first axes, whose lengths are in `lengths`.
fn inside(lengths: &str, n_axes: usize, rank: usize) -> String {
    let axis = |a| match a {
        _ if a > n_axes => ":".to_string(),
        _ => format!("2:{lengths}({a}) + 1"),
    };
    (1..=rank).map(axis).collect::<Vec<_>>().join(", ")
}

/// The variants of `!@each`.
pub(super) fn variants(of: &str) -> Vec<Variant> {
    if of == "bytes" {
        // `of`: how names that programs see end, which are without an ending for real64. `to` and `word` convert.
        return [
            ("integer", "int", "int8", "i8"),
            ("integer", "int", "int32", "i32"),
            ("integer", "int", "int64", "i64"),
            ("real", "real", "real32", "r32"),
            ("real", "real", "real64", "r64"),
        ]
        .into_iter()
        .map(|(base, to, word, n)| {
            let of = match word {
                "real64" => String::new(),
                _ => format!("_{word}"),
            };
            vec![
                ("kind", format!("{base}({word})")),
                ("n", n.to_string()),
                ("of", of),
                ("to", to.to_string()),
                ("word", word.to_string()),
            ]
        })
        .collect();
    }
    if of == "reals" {
        let mut found = variants("bytes");
        return found.split_off(3);
    }
    // Ranks of the arrays: the number of axes is n.
    let shapes: Vec<Vec<(&str, usize)>> = match of {
        "kinds" => vec![vec![]],
        // Without an axis of channels, with one, and with one of signals.
        "x d z" => (1..=3)
            .flat_map(|n| [(n, n + 1), (n + 1, n + 1), (n + 2, n + 2)].map(|(x, z)| (x, n + 2, z)))
            .map(|(x, d, z)| vec![("x", x), ("d", d), ("z", z)])
            .collect(),
        "d" => (1..=3).map(|n| vec![("d", n + 2), ("v", n + 1)]).collect(),
        // Those of one to three axes overlap.
        "x" => (1..=5).map(|r| vec![("x", r)]).collect(),
        "z" => (2..=5).map(|r| vec![("z", r)]).collect(),
        "dz" => {
            return (1..=4).map(|r| vec![("dz", colons(r)), ("n", r.to_string())]).collect();
        }
        other => panic!("!@each {other}"),
    };
    let mut found = Vec::new();
    for (kind, short, element, c) in [("real64", "r64", "DICOD_F64", ""), ("real32", "r32", "DICOD_F32", "_f32")] {
        for shape in &shapes {
            let digits: String = match of {
                "d" => shape[0].1.to_string(),
                _ => shape.iter().map(|(_, rank)| rank.to_string()).collect(),
            };
            let mut variant: Variant = Vec::new();
            let n_axes = shape.iter().find(|s| s.0 == "d").map_or(0, |d| d.1 - 2);
            for &(array, rank) in shape {
                variant.push((array, colons(rank)));
                variant.push(match array {
                    "x" => ("nx", rank.to_string()),
                    "d" => ("nd", rank.to_string()),
                    "z" => ("nz", rank.to_string()),
                    _ => ("nv", rank.to_string()),
                });
                match array {
                    "x" => variant.push(("section_x", inside("s", n_axes, rank))),
                    "z" => variant.push(("section_z", inside("v", n_axes, rank))),
                    _ => {}
                }
            }
            variant.push(("all", ":, ".repeat(n_axes)));
            let n = format!("{digits}_{short}");
            variant.push(("n", n.trim_start_matches('_').to_string()));
            variant.push(("m", short.to_string()));
            variant.push(("kind", kind.to_string()));
            variant.push(("element", element.to_string()));
            variant.push(("c", c.to_string()));
            variant.push(("w", if c.is_empty() { "" } else { "32" }.to_string()));
            found.push(variant);
        }
    }
    found
}

/// Options of a type in one statement.
fn declarations(options: &[(String, String, String)]) -> String {
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
        let of_kind = options.iter().filter(|o| o.1 == kind);
        let keys: Vec<_> = of_kind.map(|o| format!("{}{shape}", o.0)).collect();
        if !keys.is_empty() {
            let text = format!("{fortran}, intent(in), optional :: {}", keys.join(", "));
            out += &wrapped(4, &text);
        }
    }
    out
}

/// A list of arguments, ending in `end`.
fn list(items: Vec<String>, end: &str) -> String {
    wrapped(6, &(items.join(", ") + end)).replace("\n          ", "\n      ")
}

fn expanded(source: &str, header: &Header) -> String {
    let options = options();
    let keys = || options.iter().map(|o| o.0.clone()).collect::<Vec<_>>();
    let mut out = String::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let Some(directive) = line.trim_start().strip_prefix("!@") else {
            writeln!(out, "{line}").unwrap();
            continue;
        };
        match directive {
            "option_names" => out += &list(keys(), ", &"),
            "option_names_last" => out += &list(keys(), ")"),
            "option_pass" => out += &list(keys().iter().map(|k| format!("{k}={k}")).collect(), ")"),
            "option_declarations" => out += &declarations(&options),
            "option_kinds" => {
                let mut kinds: Vec<_> = options.iter().map(|o| o.1.as_str()).collect();
                kinds.sort_unstable();
                kinds.dedup();
                for kind in kinds {
                    let keys = options.iter().filter(|o| o.1 == kind);
                    let keys: Vec<_> = keys.map(|o| format!("'{}'", o.0)).collect();
                    out += &wrapped(4, &format!("case ({})", keys.join(", ")));
                    writeln!(out, "      kind = '{kind}'").unwrap();
                }
            }
            "option_apply" => {
                for (key, _, _) in &options {
                    writeln!(out, "      if (present({key})) call c%one%set('{key}', {key}, stat, errmsg)").unwrap();
                    writeln!(out, "      if (stat < 0) return").unwrap();
                }
            }
            "use_c" => {
                let hidden = [
                    "dicod_array",
                    "dicod_option_info",
                    "parmap_reducer",
                    "parmap_node",
                    "parmap_operator",
                    "parmap_member",
                ];
                let constants = header.constants.iter().map(|(name, _)| name);
                let structs = header.structs.iter().map(|(name, _)| name);
                let names: Vec<_> =
                    constants.chain(structs.filter(|s| !hidden.contains(&s.as_str()))).cloned().collect();
                out += &wrapped(2, &format!("use dicod_c, only: {}", names.join(", ")));
            }
            _ => {
                let of = directive.strip_prefix("each ").unwrap_or_else(|| panic!("{line}"));
                let block: Vec<_> = lines.by_ref().take_while(|l| l.trim_start() != "!@end").collect();
                let block = block.join("\n") + "\n";
                for variant in variants(of) {
                    let mut text = block.clone();
                    for (name, value) in variant {
                        text = text.replace(&format!("{{{name}}}"), &value);
                    }
                    out += &expanded(&text, header);
                }
            }
        }
    }
    out
}

/// Modules in the order in which they use each other.
const MODULES: [&str; 15] = [
    "dicod_error_m",
    "dicod_context_m",
    "dicod_options_m",
    "dicod_shape_m",
    "dicod_solve_m",
    "dicod_encoder_m",
    "dicod_learner_m",
    "segmentation_m",
    "parmap_task_m",
    "parmap_callback_m",
    "parmap_reduce_m",
    "parmap_m",
    "parmap_flow_m",
    "parmap_operators_m",
    "parmap_ensemble_m",
];

fn source(module: &str) -> String {
    read(&format!("bindings/fortran/src/{module}.f90"))
}

/// Each option with a wrong value, and with right ones, in Fortran and in C.
fn test_of_options() -> String {
    let mut test = TEST_TOP.to_string();
    for (key, kind, meaning) in options() {
        let wrong = match kind.as_str() {
            "real" => "-2.0_real64",
            "reals" => "[-2.0_real64]",
            "integer" => "-2_int64",
            "integers" => "[-2_int64]",
            "string" => "'neither'",
            _ => "",
        };
        if !wrong.is_empty() {
            writeln!(test, "    call solve(x, d, z, {key}={wrong}, stat=stat, errmsg=errmsg)").unwrap();
            writeln!(test, "    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, '{key}')").unwrap();
        }
        for (fortran, c) in right_values(&key, &kind, &meaning) {
            let learning = key.starts_with("learn_");
            let (more, more_in_c) = match key.as_str() {
                "frozen_support" => ("warm_start=.true., ", "warm_start=1 "),
                "learn_max_iter" => ("", ""),
                _ if learning => ("learn_max_iter=3_int64, ", "learn_max_iter=3 "),
                _ => ("", ""),
            };
            let z = if key == "periodic" { "wrapped" } else { "z" };
            let (call, compare) = match learning {
                true => ("call fresh()\n    call learn(x, learnt", "learnt_as_in_c"),
                false if z == "z" => ("call fresh()\n    call solve(x, d, z", "as_in_c"),
                false => ("call fresh()\n    call solve(x, d, wrapped", "wrapped_as_in_c"),
            };
            writeln!(test, "    {call}, {more}{key}={fortran}, stat=stat, errmsg=errmsg)").unwrap();
            writeln!(test, "    call {compare}('{more_in_c}{key}={c}', stat, errmsg)").unwrap();
        }
    }
    test
}

/// Values that are allowed, in Fortran and in the text of reference.c.
fn right_values(key: &str, kind: &str, meaning: &str) -> Vec<(String, String)> {
    let per_axis = meaning.contains("per axis");
    let one = |fortran: &str, c: &str| vec![(fortran.to_string(), c.to_string())];
    match kind {
        "flag" => [one(".true.", "1"), one(".false.", "0")].concat(),
        "flags" if per_axis => one("[.true., .false.]", "0,1"),
        "flags" => one("[.true., .false., .false.]", "1,0,0"),
        "integers" if per_axis => one("[3_int64, 7_int64]", "7,3"),
        "integer" => one("2_int64", "2"),
        "real" if key == "time_limit" => one("1000.0_real64", "1000"),
        "real" => one("0.25_real64", "0.25"),
        "reals" => one("[0.25_real64, 0.5_real64, 0.75_real64]", "0.25,0.5,0.75"),
        "string" => {
            let words = allowed(key);
            assert!(words.len() > 1, "{key}: {words:?}");
            words.iter().map(|w| (format!("'{w}'"), w.clone())).collect()
        }
        other => panic!("{key} is of type {other}"),
    }
}

/// The words that an option can be.
fn allowed(key: &str) -> Vec<String> {
    let text = read("include/dicod.h");
    let row = text.split_once(&format!(" * {key} (string, default ")).unwrap().1;
    let words = row.split_once(", ").unwrap().1.split_once(")\n").unwrap().0;
    words.split(" | ").map(str::to_string).collect()
}

const TEST_TOP: &str = "! Generated by tests/bindings.rs (make header): change it there.\n";

/// Name and text of all generated files.
pub fn files(c: &Header, mpi: &Header) -> Vec<(String, String)> {
    let mut text = TOP.to_string() + &fortran(c);
    for module in MODULES.into_iter().chain(["dicod"]) {
        text += "\n";
        text += &expanded(&source(module), c);
    }
    let over_mpi = TOP.to_string() + &fortran_mpi(mpi) + "\n" + &source("dicod_mpi");
    vec![
        ("bindings/fortran/dicod.f90".into(), text),
        ("bindings/fortran/dicod_mpi.f90".into(), over_mpi),
        ("tests/fortran/every_option.inc".into(), test_of_options()),
        ("docs/fortran-reference.md".into(), reference()),
        test_module("shape_checks", c),
        test_module("kind_checks", c),
    ]
}

fn reference() -> String {
    let modules = MODULES.into_iter().chain(["dicod_mpi"]);
    let sources: Vec<String> = modules.map(source).collect();
    super::fortran_reference::reference(&source("dicod"), &sources)
}

/// A module of tests from tests/fortran/src.
fn test_module(name: &str, c: &Header) -> (String, String) {
    let top = TEST_TOP.replace("tests/bindings.rs", "tests/bindings.rs from tests/fortran/src");
    let text = expanded(&read(&format!("tests/fortran/src/{name}.f90")), c);
    (format!("tests/fortran/{name}.f90"), top + &text)
}

/// Every function of the headers is called, or handed on, by a procedure of the modules.
#[test]
fn the_modules_reach_every_function() {
    let mut c = Header::default();
    parse(&read("include/dicod.h"), &mut c);
    parse(&read("include/dicod_mpi.h"), &mut c);
    let sources: String = MODULES.into_iter().chain(["dicod_mpi"]).map(source).collect();
    let code: String = sources.lines().map(|l| l.split('!').next().unwrap().to_string() + "\n").collect();
    let words: std::collections::BTreeSet<_> =
        code.split(|x: char| !(x.is_alphanumeric() || "_{}".contains(x))).collect();
    let missing: Vec<_> = c
        .functions
        .iter()
        .filter(|(_, _, params)| params.iter().all(|(t, _)| t.base != "MPI_Comm"))
        .map(|(name, _, _)| name.as_str())
        .filter(|name| {
            // In Fortran's words: dicod_last_error_in; a line for each iteration: write(error_unit, *).
            !["dicod_last_error", "dicod_last_error_message", "dicod_learn_progress_bar"].contains(name)
                && !words.contains(name)
                && !words.contains(format!("{}{{c}}", name.trim_end_matches("_f32")).as_str())
        })
        .collect();
    assert!(missing.is_empty(), "no Fortran procedure for {missing:?}");
}
