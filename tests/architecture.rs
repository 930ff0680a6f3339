//! The rooms of src know each other as lib.rs's list says, files do not go round in circles, and nothing grows too large.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All files of src, as module paths, and their text without comments and tests.
fn files() -> BTreeMap<String, String> {
    fn visit(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => visit(&path, files),
                false if path.extension().is_some_and(|e| e == "rs") => files.push(path),
                false => (),
            }
        }
    }
    let mut paths = Vec::new();
    visit(&src(), &mut paths);
    let module = |path: &Path| {
        let path = path.strip_prefix(src()).unwrap().with_extension("");
        let text = path.to_str().unwrap().replace('/', "::");
        text.strip_suffix("::mod").unwrap_or(&text).to_string()
    };
    let code = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap();
        let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
        text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
    };
    paths.iter().map(|path| (module(path), code(path))).collect()
}

/// Modules that a text names by their path from the root.
fn uses(module: &str, text: &str, modules: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let path = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
        let path = rest[..rest.find(path).unwrap_or(rest.len())].trim_end_matches(':');
        // The longest part of it that is a module.
        let ends = path.match_indices("::").map(|(at, _)| at).chain([path.len()]);
        let longest = ends.filter(|end| modules.contains(&path[..*end])).max();
        if let Some(end) = longest
            && &path[..end] != module
        {
            found.insert(path[..end].to_string());
        }
    }
    found
}

/// The rooms, from the ground floor up, as lib.rs shows them.
fn rooms() -> Vec<String> {
    let text = std::fs::read_to_string(src().join("lib.rs")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | ")?.split_once(" | "));
    let name = |(name, _): (&str, &str)| name.trim_matches(['[', ']', '`']).to_string();
    rows.map(name).filter(|name| !["room", "---"].contains(&name.as_str())).collect()
}

fn room(module: &str) -> &str {
    module.split("::").next().unwrap()
}

/// Arrows that point the wrong way still: this list may only get shorter.
const WRONG: &[&str] = &[
    "clock uses threads",
    "options::learn uses learn::statistics",
    "options::map uses parmap::run::schedule",
    "options::solve uses linalg",
];

#[test]
fn a_room_uses_those_above_it_in_the_list() {
    let (files, rooms) = (files(), rooms());
    let modules: BTreeSet<&str> = files.keys().map(String::as_str).collect();
    let all: BTreeSet<&str> = modules.iter().map(|m| room(m)).filter(|r| *r != "lib").collect();
    assert_eq!(all, rooms.iter().map(String::as_str).collect(), "lib.rs lists all rooms");
    let place = |name: &str| rooms.iter().position(|room| room == name);
    let mut wrong = Vec::new();
    for (module, text) in files.iter().filter(|(module, _)| *module != "lib") {
        for used in uses(module, text, &modules) {
            if place(room(&used)) > place(room(module)) {
                wrong.push(format!("{module} uses {used}"));
            }
        }
    }
    assert_eq!(wrong, WRONG, "a wrong arrow that is gone is to be taken from the list, too");
}
