//! What the shared library exports is what abi/dicod.symbols lists, and it is small.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {text}");
    String::from_utf8(output.stdout).unwrap()
}

/// The shared library as it is shipped: the one that make has built, or a release build. Cargo says where that lies.
fn library() -> PathBuf {
    if let Some(path) = std::env::var_os("DICOD_LIBRARY") {
        return path.into();
    }
    let mut cargo = Command::new(env!("CARGO"));
    // What cargo tells a test of its own package would make it build dependencies anew, and with them the library.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text == "OUT_DIR" || text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    let built = run(cargo
        .args(["build", "--quiet", "--locked", "--release", "--package", "dicod", "--lib"])
        .arg("--message-format=json")
        .current_dir(env!("CARGO_MANIFEST_DIR")));
    let lines = built.lines().map(|line| serde_json::from_str(line).unwrap());
    let names = |line: serde_json::Value| line["filenames"].as_array().cloned();
    let names = lines.filter_map(names).flatten();
    let mut paths = names.map(|name| PathBuf::from(name.as_str().unwrap()));
    paths.find(|path| path.ends_with("libdicod.so")).unwrap()
}

/// Names of the functions that src/ffi exports (`make header` writes the list).
fn declared() -> BTreeSet<String> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("abi/dicod.symbols");
    let text = std::fs::read_to_string(list).unwrap();
    text.lines().map(String::from).collect()
}

#[test]
fn the_library_exports_what_is_declared_and_is_small() {
    let library = library();
    let symbols = run(Command::new("nm").args(["-D", "--defined-only"]).arg(&library));
    let symbol = |line: &str| line.split_whitespace().last().map(String::from);
    let exported: BTreeSet<String> = symbols.lines().filter_map(symbol).collect();
    let declared = declared();
    assert!(declared.len() > 50, "the list is too short");
    let extra: Vec<_> = exported.difference(&declared).collect();
    let missing: Vec<_> = declared.difference(&exported).collect();
    assert!(
        extra.is_empty() && missing.is_empty(),
        "exported but not declared: {extra:?}; declared but not exported: {missing:?}"
    );

    let stripped = std::env::temp_dir().join(format!("libdicod-{}.so", std::process::id()));
    run(Command::new("strip").arg("-o").arg(&stripped).arg(&library));
    let size = std::fs::metadata(&stripped).unwrap().len();
    std::fs::remove_file(&stripped).unwrap();
    println!("{} functions, {size} bytes stripped", exported.len());
    assert!(size < 5_250_000, "{size} bytes stripped");
}
