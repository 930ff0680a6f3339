//! `cargo run --bin dicod-tools` writes all that follows from src/ffi into the tree (make header);
//! `cargo run --bin dicod-tools -- checks FOLDER` the Fortran tests that are generated, into a folder (tests/fortran).

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = dicod_tools::root();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let written = match arguments[..] {
        [] => write(&root, dicod_tools::files(&root)),
        ["checks", folder] => write(Path::new(folder), dicod_tools::fortran::checks(&root)),
        _ => Err("arguments: none, or checks FOLDER".to_string()),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("dicod-tools: {message}");
            ExitCode::FAILURE
        }
    }
}

/// What is there already is left alone: nothing is built again for it.
fn write(folder: &Path, files: Vec<(String, String)>) -> Result<(), String> {
    for (name, text) in files {
        let path = folder.join(&name);
        if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        let parent = path.parent().unwrap_or(folder);
        let done = std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, text));
        done.map_err(|error| format!("{}: {error}", path.display()))?;
        println!("wrote {}", path.display());
    }
    Ok(())
}
