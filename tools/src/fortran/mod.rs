//! The Fortran modules: bindings/fortran/dicod.f90 and dicod_mpi.f90, which any compiler takes as they are, are the C
//! functions and bindings/fortran/src, where each procedure stands once for all kinds and ranks. And their tests of the same kind.

mod c;
mod expand;
mod options;
mod reference;

use crate::model::Interface;
use crate::{Sources, text};
use std::path::Path;

const TOP: &str = "! Generated from bindings/fortran/src by tools (make header): change it there.\n\n";

/// Modules in the order in which they use each other, and what they are about.
const MODULES: [(&str, &str); 15] = [
    ("dicod_error_m", "errors"),
    ("dicod_context_m", "the context"),
    ("dicod_options_m", "options"),
    ("dicod_shape_m", "shapes"),
    ("dicod_solve_m", "one call on plain arrays"),
    ("dicod_encoder_m", "the encoder"),
    ("dicod_learner_m", "learning"),
    ("segmentation_m", "segmentation"),
    ("parmap_task_m", "the map"),
    ("parmap_callback_m", "the map"),
    ("parmap_reduce_m", "the map"),
    ("parmap_m", "the map"),
    ("parmap_flow_m", "the map"),
    ("parmap_operators_m", "the map"),
    ("parmap_ensemble_m", "the map"),
];

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

/// The source of a module.
fn source(root: &Path, module: &str) -> String {
    text(root, &format!("bindings/fortran/src/{module}.f90"))
}

/// The sources of the modules that procedures stand in.
pub fn sources(root: &Path) -> Vec<String> {
    let modules = MODULES.iter().map(|(module, _)| *module);
    modules.chain(["dicod_mpi"]).map(|module| source(root, module)).collect()
}

/// Path and text of what is written and kept.
pub fn files(root: &Path, c: &Interface, mpi: &Interface) -> Vec<(String, String)> {
    let mut text = TOP.to_string() + &c::module(c);
    for module in MODULES.iter().map(|(module, _)| *module).chain(["dicod"]) {
        text += "\n";
        text += &expand::expanded(&source(root, module), c);
    }
    let over_mpi = TOP.to_string() + &c::module_of_mpi(c, mpi) + "\n" + &source(root, "dicod_mpi");
    vec![
        ("bindings/fortran/dicod.f90".into(), text),
        ("bindings/fortran/dicod_mpi.f90".into(), over_mpi),
        ("docs/fortran-reference.md".into(), reference::reference(root)),
    ]
}

/// The tests that are made when they are run.
pub fn checks(root: &Path) -> Vec<(String, String)> {
    let c = Sources::read(root).interface();
    let mut files = vec![("every_option.inc".into(), options::checks())];
    for name in ["shape_checks", "kind_checks"] {
        let source = text(root, &format!("tests/fortran/src/{name}.f90"));
        let top = format!("! Generated from tests/fortran/src/{name}.f90 by tools: change it there.\n");
        files.push((format!("{name}.f90"), top + &expand::expanded(&source, &c)));
    }
    files
}
