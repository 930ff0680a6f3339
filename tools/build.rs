//! Tells the tests for which machine they are built: a C compiler has to be chosen for it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for name in ["HOST", "TARGET"] {
        println!("cargo:rustc-env={name}={}", std::env::var(name).expect("cargo says it"));
    }
}
