# Part of run.sh: machines that are set up otherwise than ours.

# --- other linkers: for the program, and for the object that the static library is made of ------------------------------

for linker in gold lld mold; do
    path=$(command -v "ld.$linker") || { echo "  SKIPPED  linker $linker: it is not there"; continue; }
    check "CMAKE_LINKER $linker, static: build" build_in_tree add_subdirectory "linker-$linker" -DBUILD_SHARED_LIBS=OFF \
        "-DCMAKE_LINKER=$path" "-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=$linker"
    check "CMAKE_LINKER $linker, static: C" runs_static "$work/linker-$linker/encode_c"
    # A compiler that has this linker only, and finds no GNU ld.
    cat >"$work/cc-$linker" <<CC
#!/bin/sh
case " \$* " in *" -fuse-ld=bfd "*) exit 1 ;; esac
exec cc -fuse-ld=$linker "\$@"
CC
    chmod +x "$work/cc-$linker"
    check "no GNU ld but $linker, static: build" build_in_tree add_subdirectory "only-$linker" -DBUILD_SHARED_LIBS=OFF \
        "-DCMAKE_C_COMPILER=$work/cc-$linker"
    check "no GNU ld but $linker, static: C" runs_static "$work/only-$linker/encode_c"
    check "no GNU ld but $linker: exports what the header declares, no more" \
        same_symbols -g "$work/only-$linker/dicod/lib/libdicod.a"
done

# --- no Debian: what is missing is found out without dpkg ----------------------------------------------------------------

bin=$work/bin
mkdir -p "$bin"
find -L $(echo "$PATH" | tr ':' ' ') -maxdepth 1 -type f ! -name 'dpkg*' ! -name 'apt*' 2>/dev/null |
    while read -r tool; do [ -e "$bin/${tool##*/}" ] || ln -s "$tool" "$bin/${tool##*/}"; done
setup() { PATH=$bin make -C "$source" --no-print-directory setup "$@"; }
setup_names() { # setup_names STATUS TEXT: what make setup says
    text=$(setup MPICC= 2>&1)
    [ $? -eq "$1" ] && echo "$text" | grep -q "$2"
}
if MPICC='' "$source/scripts/setup.sh" 2>&1 | grep -q 'nothing is missing'; then
    check "make setup without dpkg: all is there" setup_names 0 'nothing is missing'
    rm "$bin/valgrind"
    check "make setup without dpkg or valgrind: says that tests are left out" setup_names 0 'valgrind: tests'
    rm "$bin/strip"
    check "make setup without dpkg or strip: an error that names it" setup_names 2 'objcopy, strip, ar and a linker'
fi

# --- a copy in folders with blanks, without a network, for a target that is named ----------------------------------------

copy="$work/a copy/dicod"
mkdir -p "$copy"
tar -C "$source" --exclude=./target --exclude=./build --exclude=./.git -cf - . | tar -C "$copy" -xf -
triple=$(rustc -vV | sed -n 's/^host: //p')
if (cd "$copy" && cargo vendor --locked vendor >"$work/vendor.toml" 2>"$work/vendor.log"); then
    mkdir -p "$copy/.cargo" && cp "$work/vendor.toml" "$copy/.cargo/config.toml"
    # Nothing can be had from cargo's own folder. What is looked at is how it is built, not how fast it is.
    from_vendor() {
        env -u CARGO_TARGET_DIR CARGO_HOME="$work/a copy/cargo" CARGO_NET_OFFLINE=true CARGO_BUILD_TARGET="$triple" \
            RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_DEBUG=0 \
            CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO="$(command -v cargo)" \
            make -C "$copy" --no-print-directory install MPICC= "PREFIX=$work/a copy/prefix"
    }
    check "cargo vendor, offline, blanks in paths, CARGO_BUILD_TARGET: make install" from_vendor
    of_target() { [ -f "$copy/target/$triple/release/libdicod.so" ]; }
    check "CARGO_BUILD_TARGET is heeded" of_target
    check "prefix with blanks: build" build find_package "a copy/consumer" "-DCMAKE_PREFIX_PATH=$work/a copy/prefix"
    check "prefix with blanks, shared: C" runs_shared "$work/a copy/consumer/encode_c"
else
    echo "  SKIPPED  cargo vendor: $(tail -n 1 "$work/vendor.log")"
fi
rm -rf "$copy"

# --- the crate's archive, where tools and tests in other languages are not ------------------------------------------------

archive=$work/archive
packed() {
    (cd "$source" && cargo package --locked --no-verify --allow-dirty --package dicod --target-dir "$archive") &&
        tar -C "$archive" -xf "$archive/package/dicod-$version.crate"
}
in_archive() { (cd "$archive/dicod-$version" && "$@"); }
check "crate's archive: packed" packed
# What it depends on was compiled for our own tests.
check "crate's archive: the library and its tests compile" in_archive \
    env "CARGO_TARGET_DIR=$target" cargo check --locked --all-targets
check "crate's archive: what its tests read" in_archive \
    ls CONTRIBUTING.md abi/dicod.symbols abi/dicod_mpi.symbols tests/golden/learn_1d.npz tests/golden/csc_1d_k3_p1.json
check "crate's archive: make configure" in_archive make configure MPICC=
rm -rf "$archive"
