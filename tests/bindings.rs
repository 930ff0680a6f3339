//! The Fortran modules and the C layer of the Julia binding are what include/dicod.h and include/dicod_mpi.h say.
//!
//! `UPDATE_HEADER=1 cargo test --test bindings` (`make header` does) writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

#[path = "bindings/fortran.rs"]
mod fortran;
#[path = "bindings/fortran_reference.rs"]
mod fortran_reference;

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
    Numbers(String, usize),
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
    let base = words.into_iter().find(|w| !["const", "*"].contains(w)).unwrap().to_string();
    let plain = Type { base, is_const, stars };
    (plain, name)
}

fn result_type(text: &str) -> Type {
    declaration(&format!("{text} x")).0
}

fn params(text: &str) -> Params {
    text.split(',').map(str::trim).filter(|p| !p.is_empty() && *p != "void").map(declaration).collect()
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
    if let Some((name, rest)) = defined.strip_prefix("struct ").and_then(|s| s.split_once('{')) {
        let inside = rest.split_once('}').unwrap().0;
        let fields = inside.split(';').map(str::trim).filter(|f| !f.is_empty());
        let fields = fields.map(|field| {
            if let Some((name, _, _)) = callback(field) {
                return Field::Callback(name);
            }
            if let Some((before, length)) = field.strip_suffix(']').and_then(|f| f.split_once('[')) {
                let (kind, name) = declaration(before);
                let length = length.parse().unwrap();
                return match kind.base.as_str() {
                    "int64_t" => Field::Numbers(name, length),
                    _ => Field::Chars(name, length),
                };
            }
            let (kind, name) = declaration(field);
            Field::Plain(kind, name)
        });
        header.structs.push((name.trim().to_string(), fields.collect()));
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
            Field::Numbers(_, n) => (8 * n, 8),
            Field::Plain(t, _) if t.stars == 0 && ["int32_t", "dicod_status"].contains(&t.base.as_str()) => (4, 4),
            _ => (8, 8),
        };
        size = size.next_multiple_of(align) + bytes;
    }
    size.next_multiple_of(8)
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
                        "element_type" if name == "dicod_array" => "DICOD_F64".into(),
                        "linear" => "1".into(),
                        _ if t.stars > 0 => "C_NULL".into(),
                        _ => "0".into(),
                    };
                    (n, kind, zero)
                }
                Field::Chars(n, length) => {
                    (n, format!("NTuple{{{length},UInt8}}"), format!("ntuple(i -> 0x00, {length})"))
                }
                Field::Numbers(n, length) => {
                    (n, format!("NTuple{{{length},Int64}}"), format!("ntuple(i -> 0, {length})"))
                }
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
    files.extend(fortran::files(&c, &mpi));
    files.insert("bindings/julia/Dicod/src/c.jl".into(), julia([&c, &mpi]));
    for (name, generated) in files {
        let path = root().join(&name);
        if std::env::var_os("UPDATE_HEADER").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(generated == committed, "{name} is out of date: run `make header`");
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
        writeln!(text, "_Static_assert(sizeof({name}) == {}, \"{name}\");", size_of(fields)).unwrap();
    }
    std::fs::write(&source, text).unwrap();
    let compiled = std::process::Command::new("cc")
        .args(["-std=c11", "-fsyntax-only", "-I"])
        .arg(root().join("include"))
        .arg(&source)
        .output()
        .unwrap();
    std::fs::remove_file(&source).unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
}
