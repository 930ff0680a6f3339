//! docs/fortran-reference.md: the signature of every procedure that programs in Fortran call, from the sources of the modules.

use super::expand::variants;
use super::{MODULES, options, source};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

const TOP: &str = "\
# Procedures of the Fortran modules

Generated from bindings/fortran/src by tools (`make header`): change it there. [fortran.md](fortran.md) explains.

Arguments in brackets are optional. Kinds and ranks say what is accepted; where a procedure takes several they go together: x,
d and z of one call are of the same kind and have the same axes. What it means, wherever it occurs:

| argument | meaning |
|---|---|
| `stat`, `errmsg` | status, 0 or positive if there is a result, and the message; without `stat` an error stops the program |
| `context` | threads, ranks and callbacks; without: one thread |
| `options` | a variable with options; instead each one may be given by its key, where *options by key* stands |
| `x` | signals (axes..., channel, signal); the last ones may be left out where they are 1 |
| `d` | dictionary (axes..., channel, atom) |
| `z` | activations (axes..., atom, signal); the axis of signals may be left out where there is one |
| `u`, `v` | factors of the atoms (channel, atom), (axes..., atom) |
| `signal_shape`, `n_signals` | shape of the whole domain, axes only, and the number of signals, 1 if it is not given |
| `offset` | elements of the domain before the block along each axis, 0 if it is not given |
| `local_shape` | shape of the block, axes only |
| `info`, `report` | what came of it |
| `user` | handed to the procedure that is called; a target, of any type |
| `inner` | the inner part of a segment, or with `.false.`, as without, the segment with its overlap |

*number* is an integer or real of any kind, *integer of any kind* has int8, int16, int32 or int64. *list* has rank 1; where a
list of one would do, a scalar does, too. Flags are default logical, in lists logical(c_bool) as well.
";

#[derive(Clone, Default)]
struct Procedure {
    comment: String,
    arguments: Vec<String>,
    result: Option<String>,
    declared: BTreeMap<String, String>,
}

/// What stands in a module.
#[derive(Default)]
struct Module {
    public: BTreeSet<String>,
    procedures: BTreeMap<String, Procedure>,
    /// Type, bound name, procedure and comment, in their order.
    bound: Vec<(String, String, Vec<String>, String)>,
    interfaces: Vec<(String, Vec<String>, String)>,
}

/// Splits at commas outside of parentheses.
fn split(text: &str) -> Vec<String> {
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    let parts = parts.iter().map(|part| part.trim().to_string());
    parts.filter(|part| !part.is_empty()).collect()
}

/// Statements with their continuations in one; directives and comments by themselves.
fn statements(source: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut open = false;
    for line in source.lines() {
        let line = line.trim();
        if open {
            let last = out.last_mut().unwrap();
            match line.strip_prefix("!@") {
                Some("option_names") => *last += "OPTIONS, ",
                Some("option_names_last") => *last += "OPTIONS)",
                Some(_) => {}
                None => *last += line.trim_end_matches('&'),
            }
            // A directive that ends a list ends the statement.
            open = line.ends_with('&') || line == "!@option_names";
        } else {
            open = !line.starts_with('!') && line.ends_with('&');
            out.push(line.trim_end_matches('&').to_string());
        }
    }
    out
}

/// How an argument is declared: for people.
fn declared_as(name: &str, base: &str, attributes: &[String], shape: &str, of: &str) -> String {
    let ranks = |placeholder: &str| -> String {
        let mut found = BTreeSet::new();
        for variant in variants(of) {
            for (name, value) in variant {
                if name == placeholder {
                    found.insert(value.matches(':').count());
                }
            }
        }
        let (first, last) = (found.first().copied(), found.last().copied());
        match (first, last) {
            (Some(a), Some(b)) if a == b => format!("rank {a}"),
            (Some(a), Some(b)) => format!("rank {a} to {b}"),
            _ => String::new(),
        }
    };
    let is = |word: &str| attributes.iter().any(|a| a == word);
    let kinds = match of {
        "bytes" => "integer(int8, int32, int64) or real(real32, real64)",
        _ => "real(real32) or real(real64)",
    };
    let shape = shape.trim_matches(['(', ')']);
    let mut text = match (base, shape) {
        ("class(*)", "..") if name == "value" => "number or flag of any kind, list of those, or word".to_string(),
        ("class(*)", "") if name == "value" => "number of any kind, flag or word".into(),
        ("class(*)", "" | "..") if options::named(name).is_some() => options::accepted(name).into(),
        // The program's own: it is kept, or changed. What is only read is a number.
        ("class(*)", "") if is("target") || !is("intent(in)") => "any type".into(),
        ("class(*)", "") => "integer of any kind".into(),
        ("class(*)", "..") => "integers of any kind, list or scalar".into(),
        ("class(*)", ":") => "list of integer(int32) or integer(int64)".into(),
        (base, _) => {
            base.replace("real({kind})", "real(real32) or real(real64)").replace("{kind}", kinds).replace("{of}", "...")
        }
    };
    let placeholder = shape.trim_matches(['{', '}']);
    match shape {
        "" | ".." => {}
        ":" if base == "class(*)" => {}
        _ if shape.starts_with('{') => write!(text, ", {}", ranks(placeholder)).unwrap(),
        _ => write!(text, ", rank {}", shape.matches(':').count().max(1)).unwrap(),
    }
    if is("allocatable") {
        text += ", allocatable";
    }
    match () {
        _ if is("intent(out)") => text += ", set",
        _ if is("intent(inout)") => text += ", changed",
        _ => {}
    }
    text
}

fn read_module(source: &str) -> Module {
    let mut module = Module::default();
    let (mut comment, mut of) = (String::new(), String::new());
    let mut current: Option<(String, Procedure)> = None;
    let mut of_type: Option<String> = None;
    // Name, procedures, comment.
    let mut interface: Option<(String, Vec<String>, String)> = None;
    let mut binding = false;
    for line in statements(source) {
        if let Some(each) = line.strip_prefix("!@each ") {
            of = each.to_string();
            continue;
        }
        if line == "!@end" {
            of.clear();
            continue;
        }
        if let Some(text) = line.strip_prefix("! ") {
            if current.is_none() {
                comment = format!("{comment} {text}").trim().to_string();
            }
            continue;
        }
        let words = line.trim_start_matches("pure ").trim_start_matches("recursive ");
        if let Some((name, mut procedure)) = current.take() {
            let declares = line.split_once(" :: ");
            if line.starts_with("end ") {
                module.procedures.insert(name, procedure);
            } else {
                if let Some((left, right)) = declares {
                    let left = split(left);
                    let (base, attributes) = left.split_first().unwrap();
                    for item in split(right) {
                        let item = item.split(" =").next().unwrap().to_string();
                        let (name, shape) = match item.find('(') {
                            Some(at) => item.split_at(at),
                            None => (item.as_str(), ""),
                        };
                        let mut text = declared_as(name, base, attributes, shape, &of);
                        if attributes.iter().any(|a| a == "optional") {
                            text += "?";
                        }
                        procedure.declared.entry(name.to_string()).or_insert(text);
                    }
                }
                current = Some((name, procedure));
            }
            continue;
        }
        let begins = ["subroutine ", "function "];
        let begins = begins.iter().find_map(|word| words.strip_prefix(word));
        if let (Some(rest), None) = (begins, &of_type) {
            let (name, rest) = rest.split_once('(').unwrap();
            let (arguments, after) = rest.split_once(')').unwrap_or((rest, ""));
            let result = after.split_once("result(").map(|(_, name)| name);
            let procedure = Procedure {
                comment: std::mem::take(&mut comment),
                arguments: split(arguments),
                result: result.map(|name| name.trim_end_matches(')').to_string()),
                declared: BTreeMap::new(),
            };
            current = Some((name.to_string(), procedure));
            continue;
        }
        if let Some(names) = line.strip_prefix("public :: ") {
            module.public.extend(split(names));
        } else if let Some((_, name)) = line
            .starts_with("type")
            .then(|| line.split_once(":: "))
            .flatten()
            .filter(|_| of_type.is_none() && !line.starts_with("type("))
        {
            (of_type, binding) = (Some(name.to_string()), false);
        } else if line == "end type" {
            of_type = None;
        } else if line == "contains" {
            binding = of_type.is_some();
        } else if let (Some(name), true) = (&of_type, binding) {
            let public = !line.contains("private");
            if let Some((bound, to)) = line.split_once(" => ")
                && let Some((_, bound)) = bound.split_once(":: ")
                && public
            {
                let comment = std::mem::take(&mut comment);
                let entry = (name.clone(), bound.to_string(), split(to), comment);
                module.bound.push(entry);
                continue;
            }
        } else if let Some(name) = line.strip_prefix("interface ") {
            interface = Some((name.to_string(), Vec::new(), std::mem::take(&mut comment)));
        } else if line == "end interface" {
            module.interfaces.extend(interface.take());
        } else if let (Some(names), Some(interface)) = (line.strip_prefix("module procedure "), &mut interface) {
            interface.1.extend(split(names));
        }
        if !line.is_empty() || of_type.is_none() {
            comment.clear();
        }
    }
    module
}

/// One procedure, as it is called by `how`.
fn entry(out: &mut String, how: &str, bound: bool, comment: &str, procedure: &Procedure) {
    let arguments: Vec<_> = procedure.arguments.iter().skip(usize::from(bound)).collect();
    let mut shown = Vec::new();
    let mut rows = Vec::new();
    for name in arguments {
        if name == "OPTIONS" {
            shown.push("*options by key*".to_string());
            continue;
        }
        let text = procedure.declared.get(name).cloned().unwrap_or_default();
        let optional = text.ends_with('?');
        shown.push(match optional {
            true => format!("[{name}]"),
            false => name.clone(),
        });
        if name != "stat" && name != "errmsg" {
            rows.push(format!("`{name}` {}", text.trim_end_matches('?')));
        }
    }
    let list = shown.join(", ");
    match &procedure.result {
        None => write!(out, "\n**call {how}**({list})  \n").unwrap(),
        Some(result) => {
            let text = procedure.declared.get(result).cloned().unwrap_or_default();
            let text = text.trim_end_matches('?');
            write!(out, "\n**{how}**({list}) → {text}  \n").unwrap();
        }
    }
    // What stands beside the name in the type often repeats the call.
    let comment = match comment.strip_prefix("call ") {
        Some(_) if !procedure.comment.is_empty() => "",
        _ => comment,
    };
    let meaning = format!("{comment} {}", procedure.comment);
    match meaning.trim() {
        "" => writeln!(out, "As above, for arguments of other types.  ").unwrap(),
        meaning => writeln!(out, "{meaning}  ").unwrap(),
    }
    if !rows.is_empty() {
        writeln!(out, "{}.", rows.join("; ")).unwrap();
    }
}

/// The page, from the sources of the modules that programs use, and of those that these are made of.
pub fn reference(root: &Path) -> String {
    let exported: BTreeSet<String> = statements(&source(root, "dicod"))
        .iter()
        .filter_map(|line| line.split_once("only: "))
        .flat_map(|(_, names)| split(names))
        .collect();
    let mut out = TOP.to_string();
    for (name, title) in MODULES.into_iter().chain([("dicod_mpi", "module dicod_mpi")]) {
        let module = &read_module(&source(root, name));
        let find = |name: &String| module.procedures.get(name);
        // Module dicod_mpi is used as it is.
        let over_mpi = name == "dicod_mpi";
        let public = |name: &str| match over_mpi {
            true => module.public.contains(name),
            false => exported.contains(name),
        };
        let mut text = String::new();
        for (name, procedures, comment) in module.interfaces.iter().filter(|i| public(&i.0)) {
            for (i, procedure) in procedures.iter().filter_map(find).enumerate() {
                let comment = if i == 0 { comment } else { "" };
                entry(&mut text, name, false, comment, procedure);
            }
        }
        for (name, procedure) in &module.procedures {
            if public(name) {
                entry(&mut text, name, false, "", procedure);
            }
        }
        if !text.is_empty() {
            write!(out, "\n## Procedures of {title}\n{text}").unwrap();
        }
        let mut last = "";
        for (of, name, procedures, comment) in &module.bound {
            if !public(of) {
                continue;
            }
            if of != last {
                write!(out, "\n## type({of})\n").unwrap();
                last = of;
            }
            for (i, procedure) in procedures.iter().filter_map(find).enumerate() {
                let comment = if i == 0 { comment } else { "" };
                entry(&mut out, &format!("v%{name}"), true, comment, procedure);
            }
        }
    }
    out
}
