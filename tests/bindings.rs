//! The C layers of the Fortran and Julia bindings are what include/dicod.h and include/dicod_mpi.h say.
//!
//! `UPDATE_HEADER=1 cargo test --test bindings` (`make header` does) writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// A type in C, as far as our headers go: `const base **`.
#[derive(Clone, Debug)]
struct Type {
    base: String,
    is_const: bool,
    stars: usize,
}

#[derive(Clone, Debug)]
enum Field {
    Plain(Type, String),
    Chars(String, usize),
    Callback(String),
}

type Params = Vec<(Type, String)>;

#[derive(Default)]
struct Header {
    constants: Vec<(String, i64)>,
    structs: Vec<(String, Vec<Field>)>,
    callbacks: Vec<(String, Type, Params)>,
    functions: Vec<(String, Type, Params)>,
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find("/*") {
        out += &rest[..begin];
        let end = rest[begin..].find("*/").expect("a comment ends");
        rest = &rest[begin + end + 2..];
    }
    out + rest
}

fn declaration(text: &str) -> (Type, String) {
    let spaced = text.replace('*', " * ");
    let mut words: Vec<&str> = spaced.split_whitespace().collect();
    let name = words.pop().unwrap().to_string();
    let is_const = words.first() == Some(&"const");
    let stars = words.iter().filter(|w| **w == "*").count();
    let base = words
        .into_iter()
        .find(|w| !["const", "*"].contains(w))
        .unwrap()
        .to_string();
    let plain = Type {
        base,
        is_const,
        stars,
    };
    (plain, name)
}

fn result_type(text: &str) -> Type {
    declaration(&format!("{text} x")).0
}

fn params(text: &str) -> Params {
    text.split(',')
        .map(str::trim)
        .filter(|p| !p.is_empty() && *p != "void")
        .map(declaration)
        .collect()
}

/// `result (*name)(parameters)`, if that is what it is.
fn callback(text: &str) -> Option<(String, Type, Params)> {
    let (result, rest) = text.split_once("(*")?;
    let (name, rest) = rest.split_once(')')?;
    let inside = rest.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some((name.to_string(), result_type(result), params(inside)))
}

fn parse(text: &str, header: &mut Header) {
    let text = without_comments(text).replace("\\\n", " ");
    let mut code = String::new();
    for line in text.lines() {
        if let Some(define) = line.strip_prefix("#define ") {
            let Some((name, value)) = define.split_once(' ') else {
                continue;
            };
            let digits = value.trim().trim_matches(['(', ')']);
            if let Ok(value) = digits.parse() {
                header.constants.push((name.to_string(), value));
            }
        } else if !line.starts_with('#') && !line.starts_with("extern \"C\"") {
            code += line;
            code.push('\n');
        }
    }
    let mut statement = String::new();
    let mut depth = 0;
    for c in code.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            depth = 0; // the end of extern "C"
        } else if c == ';' && depth == 0 {
            one_statement(statement.trim(), header);
            statement.clear();
        } else {
            statement.push(c);
        }
    }
}

fn one_statement(statement: &str, header: &mut Header) {
    let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some(defined) = statement.strip_prefix("typedef ") else {
        let (before, rest) = statement.split_once('(').unwrap();
        let (result, name) = declaration(before);
        let inside = rest.strip_suffix(')').unwrap();
        header.functions.push((name, result, params(inside)));
        return;
    };
    if let Some((name, rest)) = defined
        .strip_prefix("struct ")
        .and_then(|s| s.split_once('{'))
    {
        let inside = rest.split_once('}').unwrap().0;
        let fields = inside.split(';').map(str::trim).filter(|f| !f.is_empty());
        let fields = fields.map(|field| {
            if let Some((name, _, _)) = callback(field) {
                return Field::Callback(name);
            }
            if let Some((before, length)) = field.strip_suffix(']').and_then(|f| f.split_once('['))
            {
                let (_, name) = declaration(before);
                return Field::Chars(name, length.parse().unwrap());
            }
            let (kind, name) = declaration(field);
            Field::Plain(kind, name)
        });
        header
            .structs
            .push((name.trim().to_string(), fields.collect()));
    } else if let Some(found) = callback(defined) {
        header.callbacks.push(found);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Bytes of a struct on a 64-bit machine: all have 8-byte members.
fn size_of(fields: &[Field]) -> usize {
    let mut size: usize = 0;
    for field in fields {
        let (bytes, align) = match field {
            Field::Chars(_, n) => (*n, 1),
            Field::Plain(t, _)
                if t.stars == 0 && ["int32_t", "dicod_status"].contains(&t.base.as_str()) =>
            {
                (4, 4)
            }
            _ => (8, 8),
        };
        size = size.next_multiple_of(align) + bytes;
    }
    size.next_multiple_of(8)
}

// --- Fortran ----------------------------------------------------------------------------------------------------------

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
    let bind = if name.ends_with("_fn") {
        "bind(c)".to_string()
    } else {
        format!("bind(c, name='{name}')")
    };
    let nothing = result.base == "void" && result.stars == 0;
    let word = if nothing { "subroutine" } else { "function" };
    let ending = if nothing { "" } else { " result(outcome)" };
    out += &wrapped(
        4,
        &format!("{word} {name}({}) {bind}{ending}", names.join(", ")),
    );
    out += "      import\n";
    for (kind, name) in params {
        let mut text = fortran_param(header, kind, name);
        if bind == "bind(c)" {
            text = text.replace(", optional", "");
        }
        out += &wrapped(6, &text);
    }
    if !nothing {
        let kind = if result.stars > 0 {
            "type(c_ptr)"
        } else {
            fortran_scalar(&result.base)
        };
        writeln!(out, "      {kind} :: outcome").unwrap();
    }
    writeln!(out, "    end {word}").unwrap();
    out
}

fn fortran_constants(header: &Header) -> String {
    let mut out = String::new();
    for (name, value) in &header.constants {
        let kind = if name.starts_with("DICOD_F") {
            "c_int64_t"
        } else {
            "c_int32_t"
        };
        writeln!(
            out,
            "  integer({kind}), parameter :: {name} = {value}_{kind}"
        )
        .unwrap();
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
                    format!(
                        "integer(c_int64_t) :: struct_size = {}_c_int64_t",
                        size_of(fields)
                    )
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
    let table = text
        .split_once("All options: key (")
        .unwrap()
        .1
        .split_once("*/")
        .unwrap()
        .0;
    let mut found = Vec::new();
    let mut lines = table.lines().skip(2);
    while let Some(line) = lines.next() {
        let Some((key, rest)) = line.trim_start_matches(" * ").split_once(" (") else {
            break;
        };
        let kind = rest.split_once(',').unwrap().0.to_string();
        let flag = rest.ends_with(" 0 or 1)");
        let kind = if flag {
            kind.replace("integer", "flag")
        } else {
            kind
        };
        let meaning = lines
            .next()
            .unwrap()
            .trim_start_matches([' ', '*'])
            .to_string();
        found.push((key.to_string(), kind, meaning));
    }
    found
}

const INCLUDE_TOP: &str =
    "! Generated from the option table by tests/bindings.rs (make header): change it there.\n";

fn fortran_options() -> [(&'static str, String); 5] {
    let options = options();
    let mut names = String::new();
    for row in options.chunks(5) {
        let row: Vec<_> = row.iter().map(|o| o.0.as_str()).collect();
        writeln!(names, "      {}, &", row.join(", ")).unwrap();
    }
    let mut pass = String::new();
    for row in options.chunks(3) {
        let row: Vec<_> = row.iter().map(|o| format!("{0}={0}", o.0)).collect();
        writeln!(pass, "      {}, &", row.join(", ")).unwrap();
    }
    let mut declarations = INCLUDE_TOP.to_string();
    let mut apply = INCLUDE_TOP.to_string();
    let mut test = INCLUDE_TOP.to_string();
    for (key, kind, meaning) in &options {
        let (fortran, shape) = match kind.as_str() {
            "real" => ("real(real64)", ""),
            "reals" => ("real(real64)", "(:)"),
            "integer" => ("integer(int64)", ""),
            "integers" => ("integer(int64)", "(:)"),
            "flag" => ("logical", ""),
            "flags" => ("logical", "(:)"),
            _ => ("character(*)", ""),
        };
        writeln!(declarations, "    ! {meaning}").unwrap();
        writeln!(
            declarations,
            "    {fortran}, intent(in), optional :: {key}{shape}"
        )
        .unwrap();
        let wrong = match kind.as_str() {
            "real" => "-2.0_real64",
            "reals" => "[-2.0_real64]",
            "integer" => "-2_int64",
            "integers" => "[-2_int64]",
            _ => "'neither'",
        };
        if kind == "flag" {
            writeln!(test, "    call o%set('{key}', .true.)").unwrap();
            writeln!(test, "    call o%get('{key}', flag)").unwrap();
            writeln!(test, "    call check(flag == 1, '{key}')").unwrap();
            writeln!(
                test,
                "    call solve(x, d, z, {key}=.false., stat=stat, errmsg=errmsg)"
            )
            .unwrap();
            writeln!(
                test,
                "    call check(stat == DICOD_OK, '{key}: '//trim(errmsg))"
            )
            .unwrap();
        } else if kind == "flags" {
            writeln!(test, "    call o%set('{key}', [.true., .false.])").unwrap();
        } else {
            writeln!(
                test,
                "    call solve(x, d, z, {key}={wrong}, stat=stat, errmsg=errmsg)"
            )
            .unwrap();
            writeln!(
                test,
                "    call fails(stat, errmsg, DICOD_ERROR_INVALID_ARGUMENT, '{key}')"
            )
            .unwrap();
        }
        writeln!(
            apply,
            "    if (present({key})) call one%set('{key}', {key}, one_stat, one_text)"
        )
        .unwrap();
        writeln!(apply, "    if (one_stat < 0) return").unwrap();
    }
    [
        ("dicod_option_names.inc", names),
        ("dicod_option_pass.inc", pass),
        ("dicod_option_declarations.inc", declarations),
        ("dicod_option_apply.inc", apply),
        ("../../tests/fortran/every_option.inc", test),
    ]
}

/// Generic procedures: their arrays with attributes and ranks (n: the number of axes), then the other arguments; `*`
/// stands for all options.
struct Generic {
    class: &'static str,
    name: &'static str,
    meaning: &'static str,
    arrays: &'static [(&'static str, &'static str)],
    ranks: fn(usize) -> Vec<Vec<usize>>,
    rest: &'static [&'static str],
    function: bool,
}

const IN: &str = "intent(in), contiguous, target";
const OUT: &str = "intent(inout), contiguous, target";
const OPTIONAL_OUT: &str = "intent(inout), contiguous, target, optional";
// A descriptor says where these lie: sections are not copied.
const IN_PLACE: &str = "intent(in), target";
const OUT_IN_PLACE: &str = "intent(inout), target";

/// x with axes; axes and channel; axes, channel and signal; d and z that go with it.
fn with_d_and_z(n: usize) -> Vec<Vec<usize>> {
    vec![
        vec![n, n + 2, n + 1],
        vec![n + 1, n + 2, n + 1],
        vec![n + 2, n + 2, n + 2],
    ]
}
fn with_d(n: usize) -> Vec<Vec<usize>> {
    vec![vec![n, n + 2], vec![n + 1, n + 2], vec![n + 2, n + 2]]
}
fn z_d_x(n: usize) -> Vec<Vec<usize>> {
    vec![
        vec![n + 1, n + 2, n],
        vec![n + 1, n + 2, n + 1],
        vec![n + 2, n + 2, n + 2],
    ]
}
fn only_d(n: usize) -> Vec<Vec<usize>> {
    vec![vec![n + 2]]
}
fn d_and_gram(n: usize) -> Vec<Vec<usize>> {
    vec![vec![n + 2, n + 2]]
}
fn rank_one(n: usize) -> Vec<Vec<usize>> {
    vec![vec![2, n + 1]]
}
/// A block: the ranks of one to three axes overlap.
fn x_alone(n: usize) -> Vec<Vec<usize>> {
    if n == 1 {
        (1..=5).map(|r| vec![r]).collect()
    } else {
        vec![]
    }
}
fn z_alone(n: usize) -> Vec<Vec<usize>> {
    if n == 1 {
        (2..=5).map(|r| vec![r]).collect()
    } else {
        vec![]
    }
}

#[rustfmt::skip]
const GENERICS: [Generic; 19] = [
    Generic { class: "", name: "solve", meaning: "call solve(x, d, z, ...): activations z of the signals x.",
        arrays: &[("x", IN), ("d", IN), ("z", OUT)], ranks: with_d_and_z,
        rest: &["context", "options", "*", "info", "stat", "errmsg"], function: false },
    Generic { class: "", name: "learn", meaning: "call learn(x, d, z, ...): dictionary d, and z for it, which may be left out.",
        arrays: &[("x", IN), ("d", OUT), ("z", OPTIONAL_OUT)], ranks: with_d_and_z,
        rest: &["context", "options", "*", "each", "user", "learn_info", "stat", "errmsg"], function: false },
    Generic { class: "", name: "lambda_max", meaning: "lambda_max(x, d, ...): the least regularisation for which z = 0 is optimal.",
        arrays: &[("x", IN), ("d", IN)], ranks: with_d,
        rest: &["context", "options", "positive", "periodic", "stat", "errmsg"], function: true },
    Generic { class: "", name: "reconstruct", meaning: "call reconstruct(z, d, x, ...): the signals that z stands for.",
        arrays: &[("z", IN), ("d", IN), ("x", OUT)], ranks: z_d_x,
        rest: &["context", "options", "periodic", "stat", "errmsg"], function: false },
    Generic { class: "", name: "objective", meaning: "objective(x, d, z, ...): what solve minimises; data_term is its first half.",
        arrays: &[("x", IN), ("d", IN), ("z", IN)], ranks: with_d_and_z,
        rest: &["data_term", "context", "options", "reg", "reg_per_atom", "reg_scale", "positive", "periodic", "stat", "errmsg"],
        function: true },
    Generic { class: "", name: "gram", meaning: "call gram(d, g): correlations of the atoms, g(2 lx - 1, ..., atom, atom).",
        arrays: &[("d", IN), ("g", OUT)], ranks: d_and_gram, rest: &["context", "stat", "errmsg"], function: false },
    Generic { class: "encoder", name: "create", meaning: "call e%create(d, signal_shape, n_signals, ...)",
        arrays: &[("d", IN)], ranks: only_d,
        rest: &["signal_shape", "n_signals", "context", "options", "*", "stat", "errmsg"], function: false },
    Generic { class: "encoder", name: "create_rank1", meaning: "call e%create_rank1(u, v, signal_shape, ...): u(channel, atom), v(axes, atom)",
        arrays: &[("u", IN), ("v", IN)], ranks: rank_one,
        rest: &["signal_shape", "n_signals", "context", "options", "*", "stat", "errmsg"], function: false },
    Generic { class: "encoder", name: "set_dictionary", meaning: "call e%set_dictionary(d)",
        arrays: &[("d", IN)], ranks: only_d, rest: &["stat", "errmsg"], function: false },
    Generic { class: "encoder", name: "solve", meaning: "call e%solve(x, info, offset): x is this rank's block, which begins at offset",
        arrays: &[("x", IN_PLACE)], ranks: x_alone, rest: &["info", "offset", "stat", "errmsg"], function: false },
    Generic { class: "encoder", name: "set_z", meaning: "call e%set_z(z, offset)",
        arrays: &[("z", IN_PLACE)], ranks: z_alone, rest: &["offset", "stat", "errmsg"], function: false },
    Generic { class: "encoder", name: "get_z", meaning: "call e%get_z(z, offset)",
        arrays: &[("z", OUT_IN_PLACE)], ranks: z_alone, rest: &["offset", "stat", "errmsg"], function: false },
    Generic { class: "learner", name: "create", meaning: "call l%create(d, signal_shape, n_signals, ...): values of d count with learn_init='given' and for fixed atoms",
        arrays: &[("d", IN)], ranks: only_d,
        rest: &["signal_shape", "n_signals", "context", "options", "*", "stat", "errmsg"], function: false },
    Generic { class: "learner", name: "restore", meaning: "call l%restore(d, path, signal_shape, ...): from the file of l%save; of d only shape and kind count",
        arrays: &[("d", IN)], ranks: only_d,
        rest: &["path", "signal_shape", "n_signals", "context", "options", "periodic", "stat", "errmsg"], function: false },
    Generic { class: "learner", name: "step", meaning: "call l%step(x, step, offset): one outer iteration",
        arrays: &[("x", IN_PLACE)], ranks: x_alone, rest: &["step", "offset", "stat", "errmsg"], function: false },
    Generic { class: "learner", name: "run", meaning: "call l%run(x, info, offset, each, user): until the objective hardly changes",
        arrays: &[("x", IN_PLACE)], ranks: x_alone,
        rest: &["learn_info", "offset", "each", "user", "stat", "errmsg"], function: false },
    Generic { class: "learner", name: "encode", meaning: "call l%encode(x, info, offset): z for the dictionary as it is",
        arrays: &[("x", IN_PLACE)], ranks: x_alone, rest: &["info", "offset", "stat", "errmsg"], function: false },
    Generic { class: "learner", name: "get_dictionary", meaning: "call l%get_dictionary(d)",
        arrays: &[("d", OUT)], ranks: only_d, rest: &["stat", "errmsg"], function: false },
    Generic { class: "learner", name: "get_z", meaning: "call l%get_z(z, offset)",
        arrays: &[("z", OUT_IN_PLACE)], ranks: z_alone, rest: &["offset", "stat", "errmsg"], function: false },
];

/// Name and declaration of an argument.
fn argument(key: &str) -> (&str, &'static str) {
    let declaration = match key {
        "context" => "type(dicod_context), intent(in), optional :: context",
        "options" => "type(dicod_options), intent(in), optional :: options",
        "info" => "type(dicod_info), intent(inout), optional :: info",
        "learn_info" => {
            return (
                "info",
                "type(dicod_learn_info), intent(inout), optional :: info",
            );
        }
        "step" => "type(dicod_learn_step), intent(inout), optional :: step",
        "each" => "procedure(learn_procedure), optional :: each",
        "user" => "class(*), intent(in), target, optional :: user",
        "positive" => "logical, intent(in), optional :: positive",
        "periodic" => "logical, intent(in), optional :: periodic(:)",
        "reg" => "real(real64), intent(in), optional :: reg",
        "reg_per_atom" => "real(real64), intent(in), optional :: reg_per_atom(:)",
        "reg_scale" => "character(*), intent(in), optional :: reg_scale",
        "data_term" => "real(real64), intent(out), optional :: data_term",
        "signal_shape" => "integer(int64), intent(in) :: signal_shape(:)",
        "n_signals" => "integer(int64), intent(in), optional :: n_signals",
        "offset" => "integer(int64), intent(in), optional :: offset(:)",
        "path" => "character(*), intent(in) :: path",
        "stat" => "integer(int32), intent(out), optional :: stat",
        "errmsg" => "character(*), intent(inout), optional :: errmsg",
        other => panic!("{other}"),
    };
    (key, declaration)
}

fn fortran_generics() -> [(&'static str, String); 4] {
    let mut interfaces = INCLUDE_TOP.replace("the option table", "a table");
    let mut procedures = interfaces.clone();
    let mut bindings = [interfaces.clone(), interfaces.clone()];
    for g in &GENERICS {
        let full = if g.class.is_empty() {
            g.name.to_string()
        } else {
            format!("{}_{}", g.class, g.name)
        };
        let mut specifics = Vec::new();
        for (kind, suffix) in [("real64", "r64"), ("real32", "r32")] {
            for ranks in (1..=3).flat_map(g.ranks) {
                let digits: String = ranks.iter().map(usize::to_string).collect();
                let name = format!("{full}_{digits}_{suffix}");
                let mut first: Vec<_> = g.arrays.iter().map(|(n, _)| n.to_string()).collect();
                if !g.class.is_empty() {
                    first.insert(0, "self".into());
                }
                // Everything before the options, and after them.
                let at = g.rest.iter().position(|a| *a == "*");
                let names = |keys: &[&'static str]| {
                    keys.iter()
                        .map(|k| argument(k).0.to_string())
                        .collect::<Vec<_>>()
                };
                first.extend(names(&g.rest[..at.unwrap_or(g.rest.len())]));
                let call = match at {
                    None => format!("({})", first.join(", ")),
                    Some(at) => format!(
                        "({}, &\n#include \"dicod_option_names.inc\"\n      {})",
                        first.join(", "),
                        names(&g.rest[at + 1..]).join(", ")
                    ),
                };
                let word = if g.function { "function" } else { "subroutine" };
                let result = if g.function {
                    " &\n      result(value)"
                } else {
                    ""
                };
                let line = |indent: usize, text: String| match text.split_once('\n') {
                    Some((one, more)) => {
                        format!("{}{more}\n", wrapped(indent, &(one.to_string() + "\n")))
                    }
                    None => wrapped(indent, &text),
                };
                procedures += &line(2, format!("recursive {word} {name}{call}{result}"));
                if !g.class.is_empty() {
                    writeln!(
                        procedures,
                        "    class(dicod_{}), intent(inout) :: self",
                        g.class
                    )
                    .unwrap();
                }
                for ((array, attributes), rank) in g.arrays.iter().zip(&ranks) {
                    let colons = vec![":"; *rank].join(", ");
                    writeln!(
                        procedures,
                        "    real({kind}), {attributes} :: {array}({colons})"
                    )
                    .unwrap();
                }
                for key in g.rest {
                    if *key == "*" {
                        procedures += "#include \"dicod_option_declarations.inc\"\n";
                    } else {
                        writeln!(procedures, "    {}", argument(key).1).unwrap();
                    }
                }
                let how = if g.function {
                    procedures += "    real(real64) :: value\n";
                    "value ="
                } else {
                    "call"
                };
                procedures += &line(4, format!("{how} any_{full}_{suffix}{call}"));
                writeln!(procedures, "  end {word}\n").unwrap();
                specifics.push(name);
            }
        }
        if g.class.is_empty() {
            writeln!(interfaces, "  ! {}", g.meaning).unwrap();
            writeln!(interfaces, "  interface {}", g.name).unwrap();
            interfaces += &wrapped(4, &format!("module procedure {}", specifics.join(", ")));
            writeln!(interfaces, "  end interface").unwrap();
            interfaces += &wrapped(
                2,
                &format!(
                    "private :: any_{full}_r64, any_{full}_r32, {}",
                    specifics.join(", ")
                ),
            );
        } else {
            let text = &mut bindings[(g.class == "learner") as usize];
            writeln!(text, "    ! {}", g.meaning).unwrap();
            *text += &wrapped(
                4,
                &format!("procedure, private :: {}", specifics.join(", ")),
            );
            *text += &wrapped(
                4,
                &format!("generic :: {} => {}", g.name, specifics.join(", ")),
            );
            interfaces += &wrapped(
                2,
                &format!(
                    "private :: any_{full}_r64, any_{full}_r32, {}",
                    specifics.join(", ")
                ),
            );
        }
    }
    let [encoder, learner] = bindings;
    [
        ("dicod_interfaces.inc", interfaces),
        ("dicod_ranks.inc", procedures.trim_end().to_string() + "\n"),
        ("dicod_encoder_bindings.inc", encoder),
        ("dicod_learner_bindings.inc", learner),
    ]
}

// --- Julia ------------------------------------------------------------------------------------------------------------

const JULIA_TOP: &str = "\
# The C interface of libdicod, name by name: include/dicod.h describes it.
#
# Generated from the headers in include by tests/bindings.rs (make header): change it there.

";

fn julia_type(header: &Header, kind: &Type) -> String {
    if kind.base.ends_with("_fn") {
        return "Ptr{Cvoid}".into();
    }
    let is_struct = header.structs.iter().any(|(n, _)| *n == kind.base);
    let base = match kind.base.as_str() {
        "int64_t" => "Int64",
        "uint64_t" => "UInt64",
        "int32_t" | "dicod_status" => "Int32",
        "uint8_t" | "char" => "UInt8",
        "MPI_Fint" => "Cint",
        "double" => "Float64",
        "float" => "Float32",
        "void" => "Cvoid",
        name if is_struct => name,
        _ => "Cvoid", // behind a pointer: a handle
    };
    match kind.stars {
        0 => base.into(),
        1 if base == "UInt8" && kind.is_const && kind.base == "char" => "Cstring".into(),
        1 => format!("Ptr{{{base}}}"),
        _ => "Ptr{Ptr{Cvoid}}".into(),
    }
}

/// A name that is a word of Julia's gets an underscore.
fn julia_name(name: &str) -> String {
    match name {
        "end" | "global" | "local" => format!("{name}_"),
        _ => name.to_string(),
    }
}

fn julia(headers: [&Header; 2]) -> String {
    let mut out = JULIA_TOP.to_string();
    for (name, value) in &headers[0].constants {
        writeln!(out, "const {name} = {value}").unwrap();
    }
    for (name, fields) in &headers[0].structs {
        write!(out, "\nstruct {name}\n").unwrap();
        let mut zeros = Vec::new();
        for field in fields {
            let (field, kind, zero) = match field {
                Field::Plain(t, n) => {
                    let kind = match julia_type(headers[0], t).as_str() {
                        "Cstring" => "Ptr{UInt8}".to_string(),
                        other => other.to_string(),
                    };
                    let zero = match n.as_str() {
                        "struct_size" => format!("sizeof({name})"),
                        "element_type" => "DICOD_F64".into(),
                        "linear" => "1".into(),
                        _ if t.stars > 0 => "C_NULL".into(),
                        _ => "0".into(),
                    };
                    (n, kind, zero)
                }
                Field::Chars(n, length) => (
                    n,
                    format!("NTuple{{{length},UInt8}}"),
                    format!("ntuple(i -> 0x00, {length})"),
                ),
                Field::Callback(n) => (n, "Ptr{Cvoid}".into(), "C_NULL".into()),
            };
            writeln!(out, "    {}::{kind}", julia_name(field)).unwrap();
            zeros.push(zero);
        }
        write!(out, "end\n{name}() = {name}({})\n", zeros.join(", ")).unwrap();
    }
    for header in headers {
        for (name, result, params) in &header.functions {
            if params.iter().any(|(t, _)| t.base == "MPI_Comm") {
                continue; // C only: dicod_context_create_mpi_f is for other languages
            }
            let names: Vec<_> = params.iter().map(|(_, n)| julia_name(n)).collect();
            let kinds: Vec<_> = params.iter().map(|(t, _)| julia_type(header, t)).collect();
            let comma = if kinds.len() == 1 { "," } else { "" };
            let result = match (result.base.as_str(), result.stars) {
                ("void", 0) => "Cvoid".to_string(),
                _ => julia_type(header, result),
            };
            let list: String = names.iter().map(|n| format!(", {n}")).collect();
            write!(
                out,
                "\nconst at_{name} = Ref{{Ptr{{Cvoid}}}}(C_NULL)\n{name}({}) =\n    ccall(entry(at_{name}, :{name}), {result}, ({}{comma}){list})\n",
                names.join(", "),
                kinds.join(", "),
            )
            .unwrap();
        }
    }
    out + "\n# What a library that is opened again has to look up anew.\nconst entries = ("
        + &headers
            .iter()
            .flat_map(|h| &h.functions)
            .filter(|(_, _, p)| p.iter().all(|(t, _)| t.base != "MPI_Comm"))
            .map(|(n, _, _)| format!("at_{n},"))
            .collect::<Vec<_>>()
            .join("\n                 ")
        + ")\n"
}

#[test]
fn the_c_layers_are_what_the_headers_say() {
    let mut c = Header::default();
    parse(&read("include/dicod.h"), &mut c);
    let mut mpi = Header::default();
    parse(&read("include/dicod_mpi.h"), &mut mpi);
    assert!(c.functions.len() > 100 && !mpi.functions.is_empty());
    let mut files = BTreeMap::new();
    files.insert("bindings/fortran/dicod_c.f90".to_string(), fortran(&c));
    files.insert("bindings/fortran/dicod_mpi_c.f90".into(), fortran_mpi(&mpi));
    for (name, text) in fortran_options().into_iter().chain(fortran_generics()) {
        files.insert(format!("bindings/fortran/{name}"), text);
    }
    files.insert("bindings/julia/Dicod/src/c.jl".into(), julia([&c, &mpi]));
    for (name, generated) in files {
        let path = root().join(&name);
        if std::env::var_os("UPDATE_HEADER").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            generated == committed,
            "{name} is out of date: run `make header`"
        );
    }
}

/// The sizes that the Fortran layer has in it are those of the library's structs.
#[test]
fn sizes_of_structs() {
    let mut c = Header::default();
    parse(&read("include/dicod.h"), &mut c);
    let source = std::env::temp_dir().join(format!("dicod-sizes-{}.c", std::process::id()));
    let mut text = "#include \"dicod.h\"\n".to_string();
    for (name, fields) in &c.structs {
        writeln!(
            text,
            "_Static_assert(sizeof({name}) == {}, \"{name}\");",
            size_of(fields)
        )
        .unwrap();
    }
    std::fs::write(&source, text).unwrap();
    let compiled = std::process::Command::new("cc")
        .args(["-std=c11", "-fsyntax-only", "-I"])
        .arg(root().join("include"))
        .arg(&source)
        .output()
        .unwrap();
    std::fs::remove_file(&source).unwrap();
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
}
