//! The rooms of src know each other as lib.rs's list says, files do not go round in circles, and nothing grows too large.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All files of a folder that are written in Rust.
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

/// All files of src, as module paths, and their text without comments and tests.
fn files() -> BTreeMap<String, String> {
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

/// The paths that a tree of `use` stands for: `a::{b, c::{d, e}}` for three.
fn leaves(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((front, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap().trim();
        return if path.is_empty() { Vec::new() } else { vec![path.to_string()] };
    };
    let body = &rest[..rest.rfind('}').unwrap()];
    let (mut depth, mut from, mut found) = (0, 0, Vec::new());
    for (at, c) in body.char_indices().chain([(body.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.extend(leaves(&body[from..at]).iter().map(|leaf| format!("{front}{leaf}")));
                from = at + 1;
            }
            _ => (),
        }
    }
    found
}

/// A path from the root, if it is one of this crate.
fn absolute(path: &str, module: &str, modules: &BTreeSet<&str>) -> Option<String> {
    let path: String = path.split_whitespace().collect();
    let mut parts: Vec<&str> = path.split("::").collect();
    let mut base: Vec<&str> = module.split("::").collect();
    match parts[0] {
        "crate" => base.clear(),
        "self" => (),
        "super" => base.truncate(base.len() - 1),
        child if modules.contains(format!("{module}::{child}").as_str()) => {
            base.extend(&parts);
            return Some(base.join("::"));
        }
        _ => return None,
    }
    parts.remove(0);
    while parts.first() == Some(&"super") {
        parts.remove(0);
        base.truncate(base.len() - 1);
    }
    base.extend(parts);
    Some(base.join("::"))
}

/// The statements of `use` in a text: whether they are public, and what they name.
fn statements(text: &str) -> Vec<(bool, &str)> {
    let begin = |at: usize| text[..at].ends_with(['\n', ' ', ';', '{', '}']) || at == 0;
    let starts = text.match_indices("use ").map(|(at, _)| at).filter(|at| begin(*at));
    let line = |at: usize| text[..at].rfind('\n').map_or(&text[..at], |n| &text[n + 1..at]);
    let starts = starts.filter(|at| matches!(line(*at).trim(), "" | "pub" | "pub(crate)" | "pub(super)"));
    starts.map(|at| (!line(at).trim().is_empty(), text[at + 4..].split(';').next().unwrap())).collect()
}

/// The files that each file uses. What a facade hands on counts as used from where it comes.
fn arrows(files: &BTreeMap<String, String>) -> BTreeMap<&str, BTreeSet<String>> {
    let modules: BTreeSet<&str> = files.keys().map(String::as_str).collect();
    let mut handed = BTreeMap::new();
    for (module, text) in files {
        for (_, tree) in statements(text).into_iter().filter(|(public, _)| *public) {
            for leaf in leaves(tree).iter().filter_map(|leaf| absolute(leaf, module, &modules)) {
                let name = leaf.rsplit("::").next().unwrap().to_string();
                handed.insert(format!("{module}::{name}"), leaf);
            }
        }
    }
    let file_of = |path: &str| {
        let mut path = path.to_string();
        // From facade to facade, and not for ever.
        for _ in 0..5 {
            let ends: Vec<usize> = path.match_indices("::").map(|(at, _)| at).chain([path.len()]).collect();
            let Some(next) = ends.iter().rev().find_map(|end| handed.get(&path[..*end])) else { break };
            path = next.clone();
        }
        let ends = path.match_indices("::").map(|(at, _)| at).chain([path.len()]);
        let longest = ends.filter(|end| modules.contains(&path[..*end])).max()?;
        Some(path[..longest].to_string())
    };
    // `use` of all that a facade hands on.
    let spread = |path: String| match path.strip_suffix('*') {
        Some(facade) => handed.keys().filter(|name| name.starts_with(facade)).cloned().collect(),
        None => vec![path],
    };
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let uses = |module: &str, text: &str| -> BTreeSet<String> {
        let statements = statements(text);
        let private = statements.iter().filter(|(public, _)| !public);
        let mut paths: Vec<String> = private.flat_map(|(_, tree)| leaves(tree)).collect();
        let mut rest = text.to_string();
        statements.iter().for_each(|(_, tree)| rest = rest.replace(tree, ""));
        let words = rest.split(|c| !word(c)).filter(|path| path.contains("::") && !path.starts_with(':'));
        paths.extend(words.map(|path| path.trim_end_matches(':').to_string()));
        let paths = paths.iter().filter_map(|path| absolute(path, module, &modules)).flat_map(spread);
        let paths = paths.filter_map(|path| file_of(&path));
        paths.filter(|used| used != module).collect()
    };
    files.iter().filter(|(module, _)| *module != "lib").map(|(m, text)| (m.as_str(), uses(m, text))).collect()
}

/// All that can be reached by arrows.
fn reached<'a>(from: &'a str, arrows: &'a BTreeMap<&str, BTreeSet<String>>) -> BTreeSet<&'a str> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(next) = open.pop() {
        for used in arrows.get(next).into_iter().flatten() {
            if found.insert(used.as_str()) {
                open.push(used);
            }
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

#[test]
fn a_room_uses_those_above_it_in_the_list() {
    let (files, rooms) = (files(), rooms());
    let all: BTreeSet<&str> = files.keys().map(|m| room(m)).filter(|room| *room != "lib").collect();
    assert_eq!(all, rooms.iter().map(String::as_str).collect(), "lib.rs lists all rooms");
    let place = |name: &str| rooms.iter().position(|room| room == name);
    let arrows = arrows(&files);
    let pairs = arrows.iter().flat_map(|(module, used)| used.iter().map(move |used| (*module, used.as_str())));
    let wrong = pairs.filter(|(module, used)| place(room(used)) > place(room(module)));
    let wrong: Vec<_> = wrong.map(|(module, used)| format!("{module} uses {used}")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_do_not_go_round_in_circles() {
    let files = files();
    let arrows = arrows(&files);
    let round = |module: &&str| reached(module, &arrows).contains(module);
    let circles: Vec<_> = arrows.keys().filter(|module| round(module)).collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn functions_fit_on_a_screen_and_files_in_a_head() {
    let (mut large, mut paths) = (Vec::new(), Vec::new());
    visit(&src(), &mut paths);
    for path in paths {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        if lines > 500 {
            large.push((path.display().to_string(), lines));
        }
    }
    for (module, text) in files() {
        let lines: Vec<&str> = text.lines().collect();
        for (first, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            let words: Vec<&str> = code.split_whitespace().take_while(|word| *word != "fn").collect();
            let before = ["pub", "pub(crate)", "pub(super)", "const", "unsafe", "extern", "\"C\""];
            let starts = code.split_whitespace().any(|word| word == "fn") && words.iter().all(|w| before.contains(w));
            if !starts {
                continue;
            }
            let end = format!("{}}}", &line[..line.len() - code.len()]);
            let length = lines[first..].iter().position(|line| *line == end).map_or(1, |last| last + 1);
            let declared =
                lines[first..first + length].iter().position(|line| line.ends_with(';') && !line.contains('{'));
            let body = lines[first..first + length].iter().position(|line| line.contains('{'));
            if length > 80 && (declared.is_none() || body < declared) {
                let name = code.split("fn ").nth(1).unwrap().split(['(', '<']).next().unwrap();
                large.push((format!("{module}::{name}"), length));
            }
        }
    }
    assert!(large.is_empty(), "{large:#?}");
}

#[test]
fn the_boundary_is_less_than_a_fifth_of_the_source() {
    let lines = |folder: &Path| {
        let mut paths = Vec::new();
        visit(folder, &mut paths);
        paths.iter().map(|path| std::fs::read_to_string(path).unwrap().lines().count()).sum::<usize>()
    };
    let (boundary, all) = (lines(&src().join("ffi")), lines(&src()));
    assert!(
        5 * boundary < all,
        "src/ffi has {boundary} of {all} lines: what is no boundary belongs into the rooms below"
    );
}

/// What stands behind the parameters in angle brackets that a text begins with.
fn without_parameters(text: &str) -> &str {
    let mut depth = 0;
    let end = text.find(|c| {
        depth += i32::from(c == '<') - i32::from(c == '>');
        depth == 0
    });
    text[end.map_or(0, |end| end + usize::from(text.starts_with('<')))..].trim_start()
}

/// The types that a file defines, or gives functions to: what stands behind one of some words.
fn types<'t>(text: &'t str, words: &[&str]) -> BTreeSet<&'t str> {
    let name = |line: &'t str| {
        let line = line.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ").trim_start_matches("pub ");
        let rest = words.iter().find_map(|word| line.strip_prefix(word))?;
        let path = without_parameters(rest.trim_start());
        let end = path.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(path.len());
        path[..end].rsplit("::").next()
    };
    text.lines().filter(|line| !line.contains(" for ")).filter_map(name).collect()
}

#[test]
fn a_type_has_its_functions_in_two_files_at_most() {
    let (mut defined, mut elsewhere): (BTreeMap<String, usize>, BTreeMap<String, Vec<String>>) = Default::default();
    for (module, text) in files() {
        let here = types(&text, &["struct ", "enum "]);
        here.iter().for_each(|name| *defined.entry(name.to_string()).or_default() += 1);
        for name in types(&text, &["impl"]).difference(&here) {
            elsewhere.entry(name.to_string()).or_default().push(module.clone());
        }
    }
    assert!(elsewhere.values().map(Vec::len).sum::<usize>() > 5, "{elsewhere:#?}");
    // Types of one name may have one such file each.
    elsewhere.retain(|name, files| files.len() > defined.get(name).copied().unwrap_or(1));
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}
