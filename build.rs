//! Gives the shared library its SONAME (CONTRIBUTING.md, "Versions", says when it changes), and keeps it loaded; compiles what
//! Rust cannot say about floating-point environments; and names the BLAS.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/host/environment.c");
    cc::Build::new()
        .file("src/host/environment.c")
        .std("c11")
        .warnings(true)
        .extra_warnings(true)
        .compile("dicod_host");
    blas();
    let target = var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if target == "linux" {
        // While MAJOR is 0, a new minor version may break what was there.
        let abi = match (
            env!("CARGO_PKG_VERSION_MAJOR"),
            env!("CARGO_PKG_VERSION_MINOR"),
        ) {
            ("0", minor) => format!("0.{minor}"),
            (major, _) => major.to_string(),
        };
        // With MPI it is another library: both can be installed side by side.
        let suffix = match std::env::var_os("CARGO_FEATURE_MPI") {
            Some(_) => "_mpi",
            None => "",
        };
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libdicod{suffix}.so.{abi}");
        // A thread of the host's that has called the library comes back into it when it ends (Rust's destructor of what
        // belongs to a thread), perhaps long after dlclose(). So that does not unload it: nothing is lost, as the next
        // dlopen() finds it there.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

/// What CMake says (cmake/DicodBLAS.cmake), or the system's OpenBLAS.
fn blas() {
    for name in ["DICOD_BLAS_LIBRARIES", "PKG_CONFIG", "PKG_CONFIG_PATH"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    if let Ok(words) = var("DICOD_BLAS_LIBRARIES") {
        for word in words.split('|') {
            println!("cargo:rustc-link-arg={word}");
        }
        return;
    }
    let pkg_config = var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".into());
    let found = std::process::Command::new(pkg_config)
        .args(["--libs-only-L", "openblas"])
        .output();
    if let Some(found) = found.ok().filter(|found| found.status.success()) {
        for word in String::from_utf8_lossy(&found.stdout).split_whitespace() {
            if let Some(directory) = word.strip_prefix("-L") {
                println!("cargo:rustc-link-search=native={directory}");
            }
        }
    }
    println!("cargo:rustc-link-lib=openblas");
}
