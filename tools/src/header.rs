//! include/dicod.h and dicod_mpi.h: cbindgen's, section by section, with what it cannot make.

use crate::model::{Interface, Struct, Type, initialiser};
use crate::{Section, numbers_of_version};
use dicod::options::solve::TABLE;
use dicod::options::{Kind, Spec};
use dicod::parmap::Settings;
use std::path::Path;

const TOP: &str = "\
/*
 * libdicod: recurring patterns in signals and fields, by convolutional sparse coding.
 *
 * Generated from src/ffi by tools (make header): change it there.
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
 * Generated from src/ffi/mpi.rs by tools (make header): change it there.
 *
 * There are two ways. A program that defines DICOD_MPI_INLINE before it includes this gets static functions over the mpi.h
 * that it is compiled with, and links libdicod: any MPI, nothing else. Without, the functions are those of libdicod_mpi, which is linked
 * in place of libdicod, and made for one MPI; they can be called from languages without a C compiler at hand.
 *
 * Of libdicod_mpi the installed header defines the macro DICOD_MPI_OPEN_MPI or DICOD_MPI_MPICH: it says which MPI the
 * library was built with, and a program that is compiled with another one's mpi.h is told.
 */
#ifndef DICOD_MPI_H
#define DICOD_MPI_H

#include <mpi.h>

#include \"dicod.h\"

#ifdef DICOD_MPI_INLINE

#include \"dicod_mpi_inline.h\"

#else

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

#endif /* DICOD_MPI_INLINE */

#endif /* DICOD_MPI_H */
";

const BOTTOM: &str = "
#ifdef __cplusplus
} /* extern \"C\" */
#endif

#endif /* DICOD_H */
";

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

const PROBLEMS: &str = "\
/**
 * Initialisers of a dicod_problem with everything in it, for one signal of one channel: the signal's shape, how
 * many atoms there are, and their shape. Other numbers of channels and signals are set afterwards.
 */
#define DICOD_PROBLEM_1D(length, n_atoms, atom_length) \\
    {sizeof(dicod_problem), 1, {length, 0, 0, 0}, {atom_length, 0, 0, 0}, n_atoms, 1, 1, 0}
#define DICOD_PROBLEM_2D(rows, columns, n_atoms, atom_rows, atom_columns) \\
    {sizeof(dicod_problem), 2, {rows, columns, 0, 0}, {atom_rows, atom_columns, 0, 0}, n_atoms, 1, 1, 0}
#define DICOD_PROBLEM_3D(planes, rows, columns, n_atoms, atom_planes, atom_rows, atom_columns) \\
    {sizeof(dicod_problem), 3, {planes, rows, columns, 0}, {atom_planes, atom_rows, atom_columns, 0}, n_atoms, 1, 1, 0}
";

/// dicod.h, from the files that are its sections.
pub fn header(root: &Path, sections: &[Section]) -> String {
    let mut header = TOP.to_string() + &version();
    for section in sections {
        let text = declarations(root, section, true);
        // Constants and types stand before functions; what needs the types goes between them.
        let (types, functions) = text.split_at(first_function(&text, &section.interface));
        let mut between = match section.title {
            "Status and errors" => CHECK.to_string(),
            "What is to be solved" => PROBLEMS.to_string() + "\n",
            "Options" => table("options", TABLE) + "\n",
            "Parallel map: settings" => table("settings", Settings::TABLE),
            _ => String::new(),
        };
        let structs = section.interface.structs.iter();
        for of in structs.filter(|of| section.interface.has_initialiser(of)) {
            between += &initialiser_of(&section.interface, of);
        }
        let between = match between.as_str() {
            "" => between,
            _ if functions.is_empty() => format!("\n{between}"),
            _ => format!("{between}\n"),
        };
        let bar = "-".repeat(93 - section.title.len());
        header += &format!("\n/* {} {bar} */\n\n{types}{between}{functions}", section.title);
    }
    header + BOTTOM
}

/// dicod_mpi.h.
pub fn header_of_mpi(root: &Path, mpi: &Section) -> String {
    MPI_TOP.to_string() + &declarations(root, mpi, false) + MPI_BOTTOM
}

fn declarations(root: &Path, section: &Section, with_own_types: bool) -> String {
    let mut config = cbindgen::Config::from_file(root.join("tools/cbindgen.toml")).unwrap();
    if !with_own_types {
        config.export.include.clear();
    }
    let one = |file: &&str| {
        let path = root.join(format!("src/{file}.rs"));
        let bindings = cbindgen::Builder::new().with_src(path).with_config(config.clone()).generate().unwrap();
        let mut text = Vec::new();
        bindings.write(&mut text);
        for_c_readers(&String::from_utf8(text).unwrap())
    };
    let text = section.files.iter().map(one).collect::<Vec<_>>().join("\n");
    match text.contains("\nstruct dicod_transport {") {
        true => format!("typedef struct dicod_transport dicod_transport;\n\n{text}"),
        false => text,
    }
}

/// Where the comment of the first function begins.
fn first_function(text: &str, interface: &Interface) -> usize {
    let Some(first) = interface.functions.first() else {
        return text.len();
    };
    let call = format!("{}(", first.name);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) && line.contains(&call) {
            return text[..at].rfind("/**").unwrap_or(at);
        }
        at += line.len();
    }
    panic!("cbindgen did not write {}", first.name)
}

/// The macro that sets a struct to its first values. Every member is listed, or -Wextra warns in C or in C++.
fn initialiser_of(interface: &Interface, of: &Struct) -> String {
    let mut values = Vec::new();
    let mut others = String::new();
    for member in &of.members {
        let zero = match interface.resolved(&member.of) {
            Type::F32 | Type::F64 => "0.0",
            Type::Array(..) => "{0}",
            _ => "0",
        };
        let value = match &member.initially {
            _ if member.name == "struct_size" => format!("sizeof({})", of.name),
            Some(value) => {
                others += &format!("{} = {value}, ", member.name);
                value.clone()
            }
            None => zero.to_string(),
        };
        values.push(value);
    }
    let mut text = format!("/**\n * Initialiser of a {}: struct_size, {others}and zeros.\n */\n", of.name);
    let mut line = format!("#define {} {{", initialiser(&of.name));
    let last = values.len() - 1;
    for (index, value) in values.iter().enumerate() {
        let end = if index == last { "}" } else { ", " };
        if line.len() + value.len() + end.len() + 1 > 100 {
            text += &format!("{line}\\\n");
            line = "    ".to_string();
        }
        line += &format!("{value}{end}");
    }
    text + &line + "\n"
}

/// The version, from Cargo.toml.
fn version() -> String {
    let part = |name: &str, value: u32| format!("#define DICOD_VERSION_{name} {value}\n");
    let [major, minor, patch] = numbers_of_version();
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
            // Its functions are handed one: it is declared before them.
            _ if line == "typedef struct dicod_transport {" => "struct dicod_transport {".into(),
            _ if line == "} dicod_transport;" => "};".into(),
            _ if line.starts_with("typedef struct ") => line.to_string(),
            _ => line.replace("struct dicod_", "dicod_").replace("struct parmap_", "parmap_"),
        };
        text += line.trim_end();
        text += "\n";
    }
    text
}
