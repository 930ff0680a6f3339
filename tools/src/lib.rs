//! What follows from src/ffi: both headers, the Fortran modules and their reference, the C layer of the Julia binding, and the
//! lists of what the libraries export. The sources are read once (`read`) into a description of the interface (`model`), from
//! which each of these is written.
//!
//! `make header` runs the program; tests only compare.

pub mod fortran;
mod header;
mod julia;
pub mod model;
pub mod read;

use model::Interface;
use std::path::{Path, PathBuf};

/// The sections of dicod.h, and the files of src that declare what is in them.
const SECTIONS: [(&str, &[&str]); 28] = [
    ("Status and errors", &["base/status", "ffi/status"]),
    ("Context: threads, log, progress", &["ffi/context"]),
    ("Ranks that the program connects itself", &["ranks/table", "ffi/transport"]),
    ("Options", &["ffi/options"]),
    ("What is to be solved", &["ffi/problem"]),
    ("What a solve found", &["ffi/info"]),
    ("One call on plain arrays", &["ffi/solve"]),
    ("Array descriptors", &["ffi/array"]),
    (
        "Encoder: solve again and again",
        &["ffi/room", "ffi/encoder", "ffi/path", "ffi/atoms", "ffi/activations", "ffi/blocks"],
    ),
    ("Trace: what each rank did, and when", &["ffi/trace"]),
    ("Learning a dictionary: one call on plain arrays", &["ffi/learn"]),
    (
        "Learner: learning step by step",
        &["ffi/learner", "ffi/sort", "ffi/learned", "ffi/learner_weights", "ffi/learner_statistics", "ffi/initial"],
    ),
    ("Checkpoints of a learner", &["ffi/checkpoint"]),
    ("What an encoder or a learner holds", &["ffi/describe"]),
    ("Ready-made callbacks", &["ffi/terminal"]),
    ("Segmentation of a domain", &["ffi/segmentation", "ffi/segments", "ffi/activity"]),
    ("Parallel map: what tasks and callbacks may ask", &["ffi/parmap/task"]),
    ("Parallel map: what came of a run", &["ffi/parmap/report"]),
    ("Parallel map: over arrays", &["ffi/parmap/map"]),
    ("Parallel map: settings", &["ffi/parmap/settings"]),
    ("Parallel map: progress", &["ffi/parmap/progress"]),
    ("Parallel map: streams", &["ffi/parmap/stream"]),
    ("Parallel map: threads of the caller's", &["ffi/parmap/pull"]),
    ("Parallel map: rank 0 calls by name", &["ffi/parmap/serve"]),
    ("Parallel map: reductions", &["ffi/parmap/reduce"]),
    ("Parallel map: flows", &["ffi/parmap/flow"]),
    ("Parallel map: operators", &["ffi/parmap/operator"]),
    ("Parallel map: ensembles", &["ffi/parmap/ensemble"]),
];

/// What is in dicod_mpi.h.
const MPI: (&str, &[&str]) = ("Contexts on the ranks of a communicator", &["ffi/mpi"]);

/// A section of a header.
pub struct Section {
    /// Its title.
    pub title: &'static str,
    /// The files of src that it is made from.
    pub files: &'static [&'static str],
    /// What they declare.
    pub interface: Interface,
}

/// All that C sees.
pub struct Sources {
    /// The sections of dicod.h.
    pub sections: Vec<Section>,
    /// dicod_mpi.h.
    pub mpi: Section,
}

/// The folder of the library.
pub fn root() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR"));
    tools.parent().expect("tools lies in the library's folder").to_path_buf()
}

/// The version in Cargo.toml.
fn numbers_of_version() -> [u32; 3] {
    let text = text(&root(), "Cargo.toml");
    let line = text.lines().find_map(|line| line.strip_prefix("version = ")).expect("a version");
    let mut numbers = line.trim_matches('"').split('.').map(|part| part.parse().expect("a number"));
    std::array::from_fn(|_| numbers.next().expect("three numbers"))
}

fn text(root: &Path, path: &str) -> String {
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

impl Sources {
    /// Reads src/ffi.
    pub fn read(root: &Path) -> Sources {
        let one = |(title, files): (_, &'static [&str])| {
            let mut interface = Interface::default();
            for file in files {
                read::read(&text(root, &format!("src/{file}.rs")), file, &mut interface);
            }
            Section { title, files, interface }
        };
        Sources { sections: SECTIONS.map(one).into(), mpi: one(MPI) }
    }

    /// dicod.h as one.
    pub fn interface(&self) -> Interface {
        let mut all = Interface::default();
        let [major, minor, patch] = numbers_of_version().map(i64::from);
        let number = 10000 * major + 100 * minor + patch;
        for (name, value) in [("MAJOR", major), ("MINOR", minor), ("PATCH", patch), ("NUMBER", number)] {
            let name = format!("DICOD_VERSION_{name}");
            all.constants.push(model::Constant { name, of: model::Type::I32, value });
        }
        for section in &self.sections {
            let of = section.interface.clone();
            all.aliases.extend(of.aliases);
            all.constants.extend(of.constants);
            all.structs.extend(of.structs);
            all.callbacks.extend(of.callbacks);
            all.functions.extend(of.functions);
            all.comments += &of.comments;
        }
        all
    }
}

/// Names of the functions, a line each.
fn symbols(interface: &Interface) -> String {
    let mut names: Vec<_> = interface.functions.iter().map(|function| function.name.as_str()).collect();
    names.sort_unstable();
    names.join("\n") + "\n"
}

/// Path and text of all that is written and kept.
pub fn files(root: &Path) -> Vec<(String, String)> {
    let sources = Sources::read(root);
    let (c, mpi) = (sources.interface(), &sources.mpi.interface);
    let mut files = vec![
        ("include/dicod.h".into(), header::header(root, &sources.sections)),
        ("include/dicod_mpi.h".into(), header::header_of_mpi(root, &sources.mpi)),
        ("abi/dicod.symbols".into(), symbols(&c)),
        ("abi/dicod_mpi.symbols".into(), symbols(mpi)),
        ("bindings/julia/Dicod/src/c.jl".into(), julia::layer(&c, mpi)),
    ];
    files.extend(fortran::files(root, &c, mpi));
    files
}
