//! Gives the shared library its SONAME. See CONTRIBUTING.md, "Versions", for when it changes.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if target == "linux" {
        let major = env!("CARGO_PKG_VERSION_MAJOR");
        // With MPI it is another library: both can be installed side by side.
        let suffix = match std::env::var_os("CARGO_FEATURE_MPI") {
            Some(_) => "_mpi",
            None => "",
        };
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libdicod{suffix}.so.{major}");
    }
}
