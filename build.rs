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
        let abi = match (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR")) {
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

/// What CMake says (cmake/DicodBLAS.cmake); openblas-src finds the system's OpenBLAS.
fn blas() {
    println!("cargo:rerun-if-env-changed=DICOD_BLAS_LIBRARIES");
    match var("DICOD_BLAS_LIBRARIES") {
        Ok(words) => {
            for word in words.split('|') {
                println!("cargo:rustc-link-arg={word}");
            }
        }
        Err(_) if std::env::var_os("CARGO_FEATURE_OPENBLAS").is_some() => {}
        Err(_) => {
            println!("cargo:error=no BLAS: take feature \"openblas\", or name libraries in DICOD_BLAS_LIBRARIES");
        }
    }
}
