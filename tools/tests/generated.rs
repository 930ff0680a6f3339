//! What is in the tree is what src/ffi says. Nothing is written here: `make header` does.

use dicod_tools::Sources;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The first line that differs.
fn difference(generated: &str, there: &str) -> usize {
    let pairs = generated.lines().zip(there.lines());
    pairs.take_while(|(a, b)| a == b).count() + 1
}

#[test]
fn all_that_follows_from_the_sources_is_up_to_date() {
    let root = dicod_tools::root();
    let files = dicod_tools::files(&root);
    assert_eq!(files.len(), 8);
    for (name, generated) in files {
        let there = std::fs::read_to_string(root.join(&name)).unwrap_or_default();
        let line = difference(&generated, &there);
        assert!(generated == there, "{name} is out of date from line {line} on: run `make header`");
    }
}

/// Files of src that export functions.
fn exporting(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => exporting(&path, found),
            false if std::fs::read_to_string(&path).unwrap().contains("no_mangle") => drop(found.insert(path)),
            false => {}
        }
    }
}

#[test]
fn every_file_that_exports_functions_is_read() {
    let root = dicod_tools::root();
    let sources = Sources::read(&root);
    let mut found = BTreeSet::new();
    exporting(&root.join("src"), &mut found);
    for section in sources.sections.iter().chain([&sources.mpi]) {
        for file in section.files {
            found.remove(&root.join(format!("src/{file}.rs")));
        }
    }
    assert!(found.is_empty(), "not in a section of a header: {found:?}");
    let n = sources.interface().functions.len() + sources.mpi.interface.functions.len();
    assert!(n > 150, "only {n} functions were found");
}

/// Every function is called, or handed on, by a procedure of the Fortran modules.
#[test]
fn the_fortran_modules_reach_every_function() {
    let root = dicod_tools::root();
    let sources = Sources::read(&root);
    let text = dicod_tools::fortran::sources(&root).join("\n");
    let code: String = text.lines().map(|line| line.split('!').next().unwrap().to_string() + "\n").collect();
    let words: BTreeSet<_> = code.split(|x: char| !(x.is_alphanumeric() || "_{}".contains(x))).collect();
    let mut functions = sources.interface().functions;
    functions.extend(sources.mpi.interface.functions);
    // In Fortran's words: dicod_last_error_in; a line for each iteration: write(error_unit, *). Ranks that a program connects itself
    // are connected in C, or with the module dicod_c.
    let in_other_words = [
        "dicod_last_error",
        "dicod_last_error_message",
        "dicod_learn_progress_bar",
        "dicod_context_create_on",
        "parmap_task_get_transport",
    ];
    let missing: Vec<_> = functions
        .iter()
        .filter(|function| function.is_for_bindings())
        .map(|function| function.name.as_str())
        .filter(|name| {
            !in_other_words.contains(name)
                && !words.contains(name)
                && !words.contains(format!("{}{{c}}", name.trim_end_matches("_f32")).as_str())
        })
        .collect();
    assert!(missing.is_empty(), "no Fortran procedure for {missing:?}");
}
