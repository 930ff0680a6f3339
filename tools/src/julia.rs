//! The C layer of the Julia binding: constants, structs, and a method for each function.

use crate::model::{Function, Interface, Struct, Type};
use std::fmt::Write;

const TOP: &str = "\
# The C interface of libdicod, name by name: include/dicod.h describes it.
#
# Generated from src/ffi by tools (make header): change it there.

";

/// bindings/julia/Dicod/src/c.jl
pub fn layer(c: &Interface, mpi: &Interface) -> String {
    let mut out = TOP.to_string();
    for constant in &c.constants {
        writeln!(out, "const {} = {}", constant.name, constant.value).unwrap();
    }
    for of in &c.structs {
        out += &structure(c, of);
    }
    let functions = c.functions.iter().chain(&mpi.functions);
    let functions: Vec<_> = functions.filter(|function| function.is_for_bindings()).collect();
    for function in &functions {
        out += &method(c, function);
    }
    let entries: Vec<_> = functions.iter().map(|function| format!("at_{},", function.name)).collect();
    out + "\n# What a library that is opened again has to look up anew.\nconst entries = ("
        + &entries.join("\n                 ")
        + ")\n"
}

fn structure(c: &Interface, of: &Struct) -> String {
    let mut out = format!("\nstruct {}\n", of.name);
    let mut values = Vec::new();
    for member in &of.members {
        let kind = match member_type(c, &member.of) {
            // What Julia puts there would not be kept alive.
            kind if kind == "Cstring" => "Ptr{UInt8}".to_string(),
            kind => kind,
        };
        writeln!(out, "    {}::{kind}", name(&member.name)).unwrap();
        values.push(match (&member.initially, &member.of) {
            _ if member.name == "struct_size" => format!("sizeof({})", of.name),
            (Some(value), _) => value.clone(),
            (None, Type::Pointer { .. } | Type::Callback) => "C_NULL".into(),
            (None, Type::Named(of)) if c.is_callback(of) => "C_NULL".into(),
            (None, Type::Array(of, n)) if **of == Type::Char => format!("ntuple(i -> 0x00, {n})"),
            (None, Type::Array(_, n)) => format!("ntuple(i -> 0, {n})"),
            _ => "0".into(),
        });
    }
    let of = &of.name;
    out + &format!("end\n{of}() = {of}({})\n", values.join(", "))
}

fn method(c: &Interface, function: &Function) -> String {
    let names: Vec<_> = function.arguments.iter().map(|argument| name(&argument.name)).collect();
    let kinds: Vec<_> = function.arguments.iter().map(|argument| member_type(c, &argument.of)).collect();
    let comma = if kinds.len() == 1 { "," } else { "" };
    let result = member_type(c, &function.returns);
    let list: String = names.iter().map(|name| format!(", {name}")).collect();
    let (function, names, kinds) = (&function.name, names.join(", "), kinds.join(", "));
    format!(
        "\nconst at_{function} = Ref{{Ptr{{Cvoid}}}}(C_NULL)\n{function}({names}) =\n    \
         ccall(entry(at_{function}, :{function}), {result}, ({kinds}{comma}){list})\n"
    )
}

fn member_type(c: &Interface, of: &Type) -> String {
    match of {
        Type::Void => "Cvoid".into(),
        Type::Char | Type::U8 => "UInt8".into(),
        Type::I32 => "Int32".into(),
        Type::I64 => "Int64".into(),
        Type::U64 => "UInt64".into(),
        Type::F32 => "Float32".into(),
        Type::F64 => "Float64".into(),
        Type::Callback => "Ptr{Cvoid}".into(),
        Type::Array(of, n) => format!("NTuple{{{n},{}}}", member_type(c, of)),
        Type::Pointer { to, mutable } => match &**to {
            Type::Char if !mutable => "Cstring".into(),
            Type::Pointer { .. } => "Ptr{Ptr{Cvoid}}".into(),
            to => format!("Ptr{{{}}}", member_type(c, to)),
        },
        Type::Named(name) if name == "MPI_Fint" => "Cint".into(),
        Type::Named(name) if c.struct_named(name).is_some() => name.clone(),
        Type::Named(name) if c.is_callback(name) => "Ptr{Cvoid}".into(),
        Type::Named(_) => match c.resolved(of) {
            Type::Named(_) => "Cvoid".into(), // behind a pointer: a handle
            of => member_type(c, of),
        },
    }
}

/// A name that is a word of Julia's gets an underscore.
fn name(name: &str) -> String {
    match name {
        "end" | "global" | "local" => format!("{name}_"),
        _ => name.to_string(),
    }
}
