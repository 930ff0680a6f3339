//! include/dicod.h is what src/ffi says, and compiles as C11 and C++17 without a warning.
//!
//! `UPDATE_HEADER=1 cargo test --test header` (or `make header`) writes it anew.

use dicod::options::solve::TABLE;
use dicod::options::{Kind, Spec};
use dicod::parmap::Settings;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each file of src/ffi makes one section: its title, and C text that cbindgen cannot make.
const SECTIONS: [(&str, &str, &str); 26] = [
    ("status", "Status and errors", CHECK),
    ("context", "Context: threads, log, progress", ""),
    ("options", "Options", OPTION_INFO_INIT),
    ("info", "What a solve found", INFO_INIT),
    ("solve", "One call on plain arrays", ""),
    ("array", "Array descriptors", ARRAY_INIT),
    ("encoder", "Encoder: solve again and again", ""),
    ("trace", "Trace: what each rank did, and when", ""),
    ("learn", "Learning a dictionary: one call on plain arrays", LEARN_INIT),
    ("learner", "Learner: learning step by step", ""),
    ("checkpoint", "Checkpoints of a learner", ""),
    ("describe", "What an encoder or a learner holds", HANDLE_INFO_INIT),
    ("terminal", "Ready-made callbacks", ""),
    ("segmentation", "Segmentation of a domain", ""),
    ("parmap/task", "Parallel map: what tasks and callbacks may ask", ""),
    ("parmap/report", "Parallel map: what came of a run", REPORT_INIT),
    ("parmap/map", "Parallel map: over arrays", ""),
    ("parmap/settings", "Parallel map: settings", ""),
    ("parmap/progress", "Parallel map: progress", ""),
    ("parmap/stream", "Parallel map: streams", ""),
    ("parmap/pull", "Parallel map: threads of the caller's", ""),
    ("parmap/serve", "Parallel map: rank 0 calls by name", ""),
    ("parmap/reduce", "Parallel map: reductions", REDUCER_INIT),
    ("parmap/flow", "Parallel map: flows", NODE_INIT),
    ("parmap/operator", "Parallel map: operators", OPERATOR_INIT),
    ("parmap/ensemble", "Parallel map: ensembles", ""),
];

const CHECK: &str = "\
/**
 * For short programs in C: ends the program if a call fails, and prints where and why. A positive status
 * passes. Needs <stdio.h> and <stdlib.h>. Over MPI, mpiexec ends the other ranks.
 */
#define DICOD_CHECK(call) \\
    do { \\
        if ((call) < 0) { \\
            fprintf(stderr, \"%s:%d: %s: %s\\n\", __FILE__, __LINE__, #call, dicod_last_error_message()); \\
            exit(EXIT_FAILURE); \\
        } \\
    } while (0)
";
// Every member is listed, or -Wextra warns in C or in C++.
const OPTION_INFO_INIT: &str = "\
/**
 * Initialiser of a dicod_option_info.
 */
#define DICOD_OPTION_INFO_INIT {sizeof(dicod_option_info), 0, 0, 0, 0, 0}
";
const HANDLE_INFO_INIT: &str = "\
/**
 * Initialiser of a dicod_handle_info.
 */
#define DICOD_HANDLE_INFO_INIT {sizeof(dicod_handle_info), 0, 0, 0, 0, 0, 0, {0}, {0}, {0}, 0, 0}
";
const INFO_INIT: &str = "\
/**
 * Initialiser of a dicod_info: dicod_info info = DICOD_INFO_INIT;
 */
#define DICOD_INFO_INIT {sizeof(dicod_info), 0, 0, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0.0, 0.0, 0.0, \\
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0.0, 0, 0.0}
";
const ARRAY_INIT: &str = "\
/**
 * Initialiser of a dicod_array: of doubles, everything else zero.
 */
#define DICOD_ARRAY_INIT {sizeof(dicod_array), DICOD_F64, 0, 0, 0, 0, 0, 0, 0}
";

const REPORT_INIT: &str = "\
/**
 * Initialiser of a parmap_report.
 */
#define PARMAP_REPORT_INIT {sizeof(parmap_report), 0, 0, -1, -1, -1, 0, 0, 0, 0, 0.0, {0}}
";
const REDUCER_INIT: &str = "\
/**
 * Initialiser of a parmap_reducer: everything else NULL.
 */
#define PARMAP_REDUCER_INIT {sizeof(parmap_reducer), 0, 0, 0, 0, 0, 0, 0}
";
const NODE_INIT: &str = "\
/**
 * Initialiser of a parmap_node: everything else zero or NULL.
 */
#define PARMAP_NODE_INIT {sizeof(parmap_node), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
";
const OPERATOR_INIT: &str = "\
/**
 * Initialiser of a parmap_operator: linear, everything else zero or NULL.
 */
#define PARMAP_OPERATOR_INIT {sizeof(parmap_operator), 0, 0, 0, 1, 0, 0, 0, 0, 0}
";
const LEARN_INIT: &str = "\
/**
 * Initialiser of a dicod_learn_step.
 */
#define DICOD_LEARN_STEP_INIT {sizeof(dicod_learn_step), 0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0, 0, \\
    0.0, 0.0, 0.0, 0.0}
/**
 * Initialiser of a dicod_learn_info.
 */
#define DICOD_LEARN_INFO_INIT {sizeof(dicod_learn_info), 0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, \\
    0.0, 0.0, 0.0, 0.0, 0, 0.0}
";

const TOP: &str = "\
/*
 * libdicod: recurring patterns in signals and fields, by convolutional sparse coding.
 *
 * Generated from src/ffi by tests/header.rs (make header): change it there.
 *
 * Rules that hold for every function:
 *
 * - A function that can fail returns a dicod_status: 0 is success, positive a solve that was
 *   stopped early with a valid result, negative an error. The message that says what is wrong with
 *   which argument is had from dicod_last_error().
 * - Outputs come last and are written only on success; on an error nothing of the caller's has
 *   changed. What is const stays unchanged.
 * - Sizes, counts and indices are int64_t. Arrays are row-major (C order) and the caller's: the
 *   library keeps no pointer to them after it has returned.
 * - Handles are opaque. dicod_*_create() makes one, dicod_*_free() takes the address of the
 *   caller's pointer, accepts NULL, and leaves NULL behind.
 * - Lists whose length is not known: call with a capacity of 0 for the length, then with room.
 * - No function prints, exits, or changes signal handlers, or settings of BLAS or OpenMP.
 * - The caller's floating-point environment (rounding, flush to zero, traps, flags) and errno are
 *   after a call what they were before. The library works in the default one, so that results do
 *   not depend on the caller's; callbacks run in the caller's, and what they change in it stays.
 *   Of callbacks in threads of the library the flags stay, and changes of modes end with the
 *   thread. These threads take no signals but those of their own faults, and SIGPROF: handlers run
 *   in the caller's threads, and a program that a task starts has the others blocked at first.
 * - A function that is marked local does not communicate with other processes. Collective ones
 *   have to be called by all ranks of their context, in the same order; with a context that is not
 *   on a communicator there is one rank.
 * - Thread-safe: any number of threads may call it at once, with other handles or with handles that
 *   it takes as const.
 */
#ifndef DICOD_H
#define DICOD_H

#include <stdint.h>

#ifdef __cplusplus
extern \"C\" {
#endif
";

const MPI_TOP: &str = "\
/*
 * libdicod over MPI: contexts on the ranks of a communicator. Everything else is in dicod.h.
 *
 * Generated from src/ffi/mpi.rs by tests/header.rs (make header): change it there.
 *
 * The installed header defines the macro DICOD_MPI_OPEN_MPI or DICOD_MPI_MPICH: it says which MPI the
 * library was built with, and a program that is compiled with another one's mpi.h is told.
 */
#ifndef DICOD_MPI_H
#define DICOD_MPI_H

#include <mpi.h>

#include \"dicod.h\"

#if defined(DICOD_MPI_OPEN_MPI) && !defined(OPEN_MPI)
#error \"this libdicod was built with Open MPI, but mpi.h is not Open MPI's: compile with the mpicc of Open MPI\"
#endif
#if defined(DICOD_MPI_MPICH) && !defined(MPICH) && !defined(MPICH_VERSION)
#error \"this libdicod was built with MPICH, but mpi.h is not MPICH's or one that is compatible: compile with the mpicc of MPICH\"
#endif

#ifdef __cplusplus
extern \"C\" {
#endif

";

const MPI_BOTTOM: &str = "
#ifdef __cplusplus
} /* extern \"C\" */
#endif

#endif /* DICOD_MPI_H */
";

const BOTTOM: &str = "
#ifdef __cplusplus
} /* extern \"C\" */
#endif

#endif /* DICOD_H */
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn generate() -> String {
    let mut header = TOP.to_string() + &version();
    for (file, title, extra) in SECTIONS {
        let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
        // The numbers of statuses are on the ground floor.
        let sources: &[&str] =
            if file == "status" { &["base/status", "ffi/status"] } else { &[&format!("ffi/{file}")] };
        let mut section = String::new();
        for source in sources {
            let source = root().join(format!("src/{source}.rs"));
            let bindings = cbindgen::Builder::new().with_src(source).with_config(config.clone()).generate().unwrap();
            let mut text = Vec::new();
            bindings.write(&mut text);
            section += &for_c_readers(&String::from_utf8(text).unwrap());
        }
        // Constants and types stand before functions; what needs the types goes between them.
        let functions = match section.find("\ndicod_status ") {
            Some(first) => section[..first].rfind("/**").unwrap(),
            None => section.len(),
        };
        let (types, functions) = section.split_at(functions);
        let extra = match file {
            "options" => format!("{}\n{extra}", table("options", TABLE)),
            "parmap/settings" => table("settings", Settings::TABLE),
            _ => extra.to_string(),
        };
        let extra = match extra.as_str() {
            "" => String::new(),
            extra if functions.is_empty() => format!("\n{extra}"),
            extra => format!("{extra}\n"),
        };
        let bar = "-".repeat(93 - title.len());
        header += &format!("\n/* {title} {bar} */\n\n{types}{extra}{functions}");
    }
    header + BOTTOM
}

fn generate_mpi() -> String {
    let mut config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    config.export.include.clear();
    let bindings =
        cbindgen::Builder::new().with_src(root().join("src/ffi/mpi.rs")).with_config(config).generate().unwrap();
    let mut section = Vec::new();
    bindings.write(&mut section);
    let section = for_c_readers(&String::from_utf8(section).unwrap());
    MPI_TOP.to_string() + section.trim_start() + MPI_BOTTOM
}

/// The version, from Cargo.toml.
fn version() -> String {
    let part = |name: &str, value: u32| format!("#define DICOD_VERSION_{name} {value}\n");
    let parts = [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")];
    let [major, minor, patch] = parts.map(|text| text.parse().unwrap());
    let number = 10000 * major + 100 * minor + patch;
    let about = "\
/**
 * Version of this header; dicod_version() is that of the library that runs. The number is
 * 10000 * major + 100 * minor + patch. While the major version is 0, a new minor one may break what was
 * there: programs have to be built again then.
 */
";
    format!("\n{about}")
        + &part("MAJOR", major)
        + &part("MINOR", minor)
        + &part("PATCH", patch)
        + &part("NUMBER", number)
}

/// All rows of a table that the library reads.
fn table(of: &str, rows: &[Spec]) -> String {
    let mut text = format!("/*\n * All {of}: key (type, default, allowed values), and what it means.\n *\n");
    for spec in rows {
        let kind = spec.kind.type_name();
        let allowed = match spec.kind {
            Kind::Real(..) | Kind::Integer(_) | Kind::Flag => spec.kind.allowed(),
            Kind::Reals(..) | Kind::Integers(..) | Kind::Flags(_) => format!("each {}", spec.kind.allowed()),
            Kind::Word(words) => words.join(" | "),
        };
        let default = if spec.default.is_empty() { "empty" } else { spec.default };
        text += &format!(" * {} ({kind}, default {default}, {allowed})\n", spec.key);
        text += &format!(" *     {}\n", spec.meaning);
    }
    text + " */\n"
}

/// Takes out what is for Rust readers: the "Safety" paragraphs; tags that C doesn't need; and puts
/// negative numbers in parentheses.
fn for_c_readers(section: &str) -> String {
    let mut text = String::new();
    let mut skip = false;
    for line in section.trim_start().lines() {
        let end = line.trim() == "*/";
        skip = (skip || line.trim() == "* # Safety") && !end;
        if skip {
            continue;
        }
        if end && text.ends_with(" *\n") {
            text.truncate(text.len() - 3);
        }
        let line = match line.split_once(" -") {
            Some((name, digits)) if line.starts_with("#define ") => format!("{name} (-{digits})"),
            _ if line.starts_with("typedef struct ") => line.to_string(),
            _ => line
                .replace("struct dicod_", "dicod_")
                .replace("struct segmentation ", "segmentation ")
                .replace("struct parmap", "parmap"),
        };
        text += line.trim_end();
        text += "\n";
    }
    text
}

#[test]
fn the_headers_are_what_the_sources_say() {
    for (name, generated) in [("dicod.h", generate()), ("dicod_mpi.h", generate_mpi())] {
        let path = root().join("include").join(name);
        if std::env::var_os("UPDATE_HEADER").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let mut lines = generated.lines().zip(committed.lines());
        let differs = lines.position(|(a, b)| a != b);
        let shorter = generated.lines().count().min(committed.lines().count());
        assert!(
            generated == committed,
            "include/{name} is out of date from line {} on: run `make header`",
            differs.unwrap_or(shorter) + 1
        );
    }
}

const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"];

const USE: &str = "
#include \"dicod.h\"
#include \"dicod.h\"
int main(void) {
    dicod_info info = DICOD_INFO_INIT;
    dicod_array array = DICOD_ARRAY_INIT;
    dicod_option_info option = DICOD_OPTION_INFO_INIT;
    dicod_context *context = 0;
    dicod_encoder *encoder = 0;
    dicod_learn_step step = DICOD_LEARN_STEP_INIT;
    dicod_learn_info learnt = DICOD_LEARN_INFO_INIT;
    dicod_learner *learner = 0;
    dicod_learn_fn each = 0;
    segmentation *segments = 0;
    dicod_log_fn log = 0;
    dicod_progress_fn progress = 0;
    parmap *map = 0;
    parmap_report report = PARMAP_REPORT_INIT;
    parmap_reducer reducer = PARMAP_REDUCER_INIT;
    parmap_node node = PARMAP_NODE_INIT;
    parmap_operator part = PARMAP_OPERATOR_INIT;
    parmap_flow *flow = 0;
    parmap_operators *parts = 0;
    parmap_set_progress(map, parmap_progress_bar, 0);
    parmap_reduce(map, 0, &reducer, 0, 0, 0, 0, &report);
    parmap_flow_create(1, &node, &flow);
    parmap_operators_create_vector(1, &part, &parts);
    return dicod_context_create(1, &context) + dicod_encoder_solve(encoder, &array, &info)
        + dicod_options_describe(0, &option) + dicod_context_set_log(context, log, 0)
        + dicod_context_set_progress(context, progress, 0)
        + dicod_learner_step(learner, &array, &step)
        + dicod_learner_run(learner, &array, each, 0, &learnt)
        + segmentation_reset(segments, 0) != DICOD_OK;
}
";

#[test]
fn the_header_compiles_as_c_and_cpp_without_warnings() {
    for (compiler, standard, suffix) in [("cc", "-std=c11", "c"), ("c++", "-std=c++17", "cpp")] {
        let file = format!("header-{}.{suffix}", std::process::id());
        let source: PathBuf = std::env::temp_dir().join(file);
        std::fs::write(&source, USE).unwrap();
        let output = Command::new(compiler)
            .args(WARNINGS)
            .args([standard, "-I"])
            .arg(root().join("include"))
            .arg(&source)
            .output()
            .unwrap();
        std::fs::remove_file(&source).unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{compiler}: {text}");
    }
}

/// Sources of the C boundary.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false => found.push(path),
        }
    }
}

/// What is not guarded would run with the host's traps and rounding, and panic into it.
#[test]
fn every_exported_function_runs_in_the_guard() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ffi"), &mut files);
    let mut n = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        // `free` of context.rs, and what is a guard with one body for many in the same file.
        let mut guards = vec!["guard(".to_string(), "free(".to_string()];
        for (_, function) in text.match_indices("\nunsafe fn ").map(|(at, start)| text.split_at(at + start.len())) {
            let body = &function[..function.find("\n}").unwrap()];
            if body.contains("guard(") {
                let name = body.split(['(', '<']).next().unwrap();
                guards.push(format!("{name}("));
            }
        }
        for (before, rest) in text.match_indices("#[unsafe(no_mangle)]").map(|(at, _)| text.split_at(at)) {
            let body = &rest[..rest.find("\n}").unwrap()];
            let name = body.split("fn ").nth(1).unwrap().split('(').next().unwrap();
            let guarded = guards.iter().any(|call| body.contains(call));
            // Text that is there always; what may be called in a signal handler, where a thread's storage may not be
            // touched; an index.
            let doc = &before[before.rfind("\n}\n").unwrap_or(0)..];
            let plain =
                body.contains("-> *const c_char") || doc.contains("signal handler") || name == "parmap_task_index";
            assert!(guarded || plain, "{name} of {} has no guard", file.display());
            n += 1;
        }
    }
    assert!(n > 150, "the sources were not understood");
}
