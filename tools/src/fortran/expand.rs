//! Lines of the sources that begin with `!@` are replaced: `!@each x d z` ... `!@end` repeats what is between for the
//! kinds, and the ranks that these arrays have together (`bytes`, `reals`: for the kinds alone, whole numbers too or not);
//! `!@option_names`, `_declarations`, `_pass`, `_apply`, `_kinds` and `_per_axis` stand for the table of options, `!@use_c` for
//! the constants and structs of C, but those that are named behind it.

use super::{options, wrapped};
use crate::model::Interface;
use dicod::options::solve::TABLE;
use std::fmt::Write;

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
pub fn variants(of: &str) -> Vec<Variant> {
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

/// A list of arguments, ending in `end`.
fn list(items: Vec<String>, end: &str) -> String {
    wrapped(6, &(items.join(", ") + end)).replace("\n          ", "\n      ")
}

pub fn expanded(source: &str, c: &Interface) -> String {
    let keys = || TABLE.iter().map(|option| option.key.to_string()).collect::<Vec<_>>();
    let mut out = String::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let Some(directive) = line.trim_start().strip_prefix("!@") else {
            writeln!(out, "{line}").unwrap();
            continue;
        };
        let (directive, of) = directive.split_once(' ').unwrap_or((directive, ""));
        match directive {
            "option_names" => out += &list(keys(), ", &"),
            "option_names_last" => out += &list(keys(), ")"),
            "option_pass" => out += &list(keys().iter().map(|key| format!("{key}={key}")).collect(), ")"),
            "option_declarations" => out += &options::declarations(),
            "option_kinds" => out += &options::kinds(),
            "option_per_axis" => out += &options::per_axis(),
            "option_apply" => {
                for key in keys() {
                    writeln!(out, "      if (present({key})) call c%one%set('{key}', {key}, stat, errmsg)").unwrap();
                    writeln!(out, "      if (stat < 0) return").unwrap();
                }
            }
            "use_c" => {
                let hidden: Vec<_> = of.trim_start_matches("but ").split(", ").collect();
                let constants = c.constants.iter().map(|constant| constant.name.as_str());
                let structs = c.structs.iter().map(|of| of.name.as_str());
                let names: Vec<_> = constants.chain(structs.filter(|name| !hidden.contains(name))).collect();
                out += &wrapped(2, &format!("use dicod_c, only: {}", names.join(", ")));
            }
            "each" => {
                let block: Vec<_> = lines.by_ref().take_while(|line| line.trim_start() != "!@end").collect();
                let block = block.join("\n") + "\n";
                for variant in variants(of) {
                    let mut text = block.clone();
                    for (name, value) in variant {
                        text = text.replace(&format!("{{{name}}}"), &value);
                    }
                    out += &expanded(&text, c);
                }
            }
            _ => panic!("there is no {line}"),
        }
    }
    out
}
