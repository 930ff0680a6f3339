#!/bin/sh
# Is what was installed of use to other projects? Each consumer below is built and run as its own project.
#
#   tests/install/run.sh PREFIX WORK     PREFIX: where libdicod is installed (build/prefix); WORK: a scratch directory
#
# Prints a line per check and ends with "install: N passed, N failed".
set -u

here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
prefix=$(cd "$1" && pwd)
rm -rf "$2" && mkdir -p "$2" && work=$(cd "$2" && pwd)
lib=$(dirname "$(find "$prefix" -name libdicod.a | head -n 1)")
export OPENBLAS_NUM_THREADS=1
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$source/Cargo.toml" | head -n 1)
# While MAJOR is 0, a new minor version may break what was there.
case $version in
    0.*) abi=${version%.*} ;;
    *) abi=${version%%.*} ;;
esac
passed=0
failed=0

check() { # check NAME COMMAND...
    name=$1
    shift
    log=$work/$(echo "$name" | tr -c 'A-Za-z0-9\n' _).log
    begin=$(date +%s)
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1)) word='ok    '
    else
        failed=$((failed + 1)) word=FAILED
    fi
    echo "  $word  $name ($(($(date +%s) - begin)) s)"
    if [ "$word" = FAILED ]; then
        sed 's/^/          /' "$log" | tail -n 40
    fi
}

build() { # build PROJECT DIRECTORY ARGUMENTS...: configures and builds
    project=$1
    out=$work/$2
    shift 2
    cmake -S "$here/$project" -B "$out" "$@" && cmake --build "$out"
}

target=${CARGO_TARGET_DIR:-$source/target}
build_in_tree() { # as build, with libdicod's source
    project=$1 directory=$2
    shift 2
    build "$project" "$directory" "-DDICOD_SOURCE=$source" "-DDicod_CARGO_TARGET_DIR=$target" "$@"
}
ninja=
if command -v ninja >/dev/null; then ninja=-GNinja; fi

uses_shared() { ldd "$1" | grep -q "libdicod.so.$abi => /"; }
uses_static() { ! ldd "$1" | grep -q libdicod; }
runs_shared() { "$1" && uses_shared "$1"; }
runs_static() { "$1" && uses_static "$1"; }

# --- the files ---------------------------------------------------------------------------------------------------------

links() {
    for file in "$lib"/libdicod*.so; do
        stem=${file##*/}
        [ "$(readlink "$file")" = "$stem.$abi" ] && [ "$(readlink "$file.$abi")" = "$stem.$version" ] &&
            [ -f "$file.$version" ] && readelf -d "$file" | grep -q "SONAME.*\[$stem.$abi\]" || return 1
    done
}
size() {
    bytes=$(stat -L -c %s "$lib/libdicod.so")
    echo "$bytes bytes"
    [ "$bytes" -lt 5250000 ] && ! readelf -S "$lib/libdicod.so" | grep -Eq '\.debug_|\.symtab'
}
no_mpi() { ldd "$lib/libdicod.so" && ! ldd "$lib/libdicod.so" | grep -qi mpi; }
# the functions that the compiler sees in the header, not those in our list
declared() {
    echo '#include <dicod.h>' | cc -E -P -I"$prefix/include" - | tr '\n' ' ' | tr ';{}' '\n\n\n' |
        grep -v typedef | grep -oE '\b(dicod|segmentation|parmap)_[a-z0-9_]+ *\(' | tr -d ' (' | LC_ALL=C sort -u
}
same_symbols() { # same_symbols NM-ARGUMENTS...
    declared >"$work/declared"
    nm --defined-only "$@" | awk 'NF == 3 { print $3 }' | LC_ALL=C sort -u >"$work/exported"
    [ -s "$work/declared" ] && diff "$work/declared" "$work/exported"
}
check "links .so -> .so.$abi -> .so.$version, the SONAME .so.$abi" links
check "shared library is stripped and below 5.25 MB" size
check "shared library needs no MPI" no_mpi
check "shared library exports what the header declares, no more" same_symbols -D "$lib/libdicod.so"
check "static library exports what the header declares, no more" same_symbols -g "$lib/libdicod.a"

# --- find_package ------------------------------------------------------------------------------------------------------

package="-DCMAKE_PREFIX_PATH=$prefix"
check "find_package, shared: build" build find_package fp-shared "$package"
check "find_package, shared: C" runs_shared "$work/fp-shared/encode_c"
check "find_package, shared: C++" runs_shared "$work/fp-shared/encode_cpp"
check "find_package, BUILD_SHARED_LIBS=OFF: build" build find_package fp-static "$package" -DBUILD_SHARED_LIBS=OFF
check "find_package, BUILD_SHARED_LIBS=OFF: C" runs_static "$work/fp-static/encode_c"
check "find_package, BUILD_SHARED_LIBS=OFF: C++" runs_static "$work/fp-static/encode_cpp"
# As the shared library, which a host's threads come back to when they end.
stays_loaded() { uses_static "$1" && readelf -d "$1" | grep -q NODELETE; }
check "find_package, BUILD_SHARED_LIBS=OFF: a plug-in stays loaded" stays_loaded "$work/fp-static/libplugin.so"
check "find_package, Dicod_USE_STATIC: build" build find_package fp-use-static "$package" -DDicod_USE_STATIC=ON
check "find_package, Dicod_USE_STATIC: C" runs_static "$work/fp-use-static/encode_c"

says() { # says TEXT ARGUMENTS...: configuring fails and says why
    text=$1
    shift
    if cmake -S "$here/find_package" -B "$work/refused" "$package" "$@" >"$work/refused.log" 2>&1; then return 1; fi
    rm -rf "$work/refused"
    tr -s ' \n' ' ' <"$work/refused.log" | grep -q "$text"
}
says_fortran() { # the same of a project in Fortran alone, with the other MPI
    if cmake -S "$here/fortran_only" -B "$work/refused" "$package" -DWITH_MPI=TRUE "-DMPI_Fortran_COMPILER=mpifort.$other" \
        >"$work/refused.log" 2>&1; then return 1; fi
    rm -rf "$work/refused"
    tr -s ' \n' ' ' <"$work/refused.log" | grep -q "$1"
}
check "component C is there" build find_package fp-component "$package" -DCOMPONENTS=C
if [ -f "$lib/libdicod_mpi.so" ]; then
    # With the MPI that was taken when it was built.
    family=$(sed -n 's/^set(Dicod_built_with "\(.*\)")/\1/p' "$lib/cmake/Dicod/DicodConfig.cmake")
    case $family in
        OPEN_MPI) mpi=openmpi other=mpich ;;
        *) mpi=mpich other=openmpi ;;
    esac
    with_mpi="-DMPI_C_COMPILER=mpicc.$mpi"
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
    runs_mpi() { "mpiexec.$mpi" -n 2 "$1"; }
    check "component MPI, shared: build" build mpi mpi-shared "$package" "$with_mpi"
    check "component MPI, shared: two ranks" runs_mpi "$work/mpi-shared/ranks"
    # A project that asks twice, and one that speaks Fortran only.
    check "component MPI, asked for after others: build" build mpi mpi-again "$package" "$with_mpi" -DBEFORE=C
    if command -v gfortran >/dev/null; then
        check "Fortran only, optional component MPI: build" build fortran_only only-mpi "$package" -DWITH_MPI=TRUE \
            "-DMPI_Fortran_COMPILER=mpifort.$mpi"
        check "Fortran only, component MPI: two ranks" runs_mpi "$work/only-mpi/ranks"
    fi
    check "component MPI, static: build" build mpi mpi-static "$package" "$with_mpi" -DBUILD_SHARED_LIBS=OFF
    check "component MPI, static: two ranks" runs_mpi "$work/mpi-static/ranks"
    pc_mpi() {
        # shellcheck disable=SC2046
        PKG_CONFIG_PATH=$lib/pkgconfig cc "$here/mpi/ranks.c" -o "$work/ranks-pc" \
            $(PKG_CONFIG_PATH=$lib/pkgconfig pkg-config --cflags --libs dicod_mpi) "-Wl,-rpath,$lib" && runs_mpi "$work/ranks-pc"
    }
    check "pkg-config dicod_mpi: build, two ranks" pc_mpi
    if command -v "mpicc.$other" >/dev/null; then
        # One install for every MPI: what the headers have in C, by the same sources.
        by_header() { readelf -d "$1" | grep -q 'NEEDED.*libdicod\.so' && ! readelf -d "$1" | grep -q libdicod_mpi; }
        runs_other() { by_header "$1" && "mpiexec.$other" -n 2 "$1"; }
        check "component MPI of another family: build" build mpi mpi-other "$package" "-DMPI_C_COMPILER=mpicc.$other"
        check "component MPI of another family: two ranks, by libdicod alone" runs_other "$work/mpi-other/ranks"
        if command -v gfortran >/dev/null; then
            check "component MPI of another family, Fortran: build" build fortran_only mpi-other-fortran "$package" \
                -DWITH_MPI=TRUE -DWITH_C=ON "-DMPI_C_COMPILER=mpicc.$other" "-DMPI_Fortran_COMPILER=mpifort.$other"
            check "component MPI of another family, Fortran: two ranks" runs_other "$work/mpi-other-fortran/ranks"
            check "component MPI of another family, Fortran alone: a clear message" says_fortran "it was built with $family"
        fi
        # Without CMake or pkg-config, the header alone.
        header_of_another() {
            ! "mpicc.$other" -fsyntax-only "-I$prefix/include" "$here/mpi/ranks.c" 2>"$work/header.log" &&
                grep -q '#error.*this libdicod was built with' "$work/header.log"
        }
        check "dicod_mpi.h with an mpi.h of another family: a clear message" header_of_another
    fi
    header_alone() { "mpicc.$mpi" -Wall -Wextra -Werror "$@" -fsyntax-only "-I$prefix/include" "$here/mpi/ranks.c"; }
    check "dicod_mpi.h with its own mpi.h" header_alone
    check "dicod_mpi.h, DICOD_MPI_INLINE: no warnings" header_alone -std=c99 -Wconversion -DDICOD_MPI_INLINE
    mpi_symbols() {
        { declared; grep -hE '^[a-z]' "$prefix/include/dicod_mpi.h" | grep -oE '\b(dicod|parmap)_[a-z0-9_]+\(' | tr -d '('; } | LC_ALL=C sort -u >"$work/declared-mpi"
        nm --defined-only "$@" | awk 'NF == 3 { print $3 }' | LC_ALL=C sort -u >"$work/exported-mpi"
        diff "$work/declared-mpi" "$work/exported-mpi"
    }
    check "libdicod_mpi.so exports what the headers declare, no more" mpi_symbols -D "$lib/libdicod_mpi.so"
    check "libdicod_mpi.a exports what the headers declare, no more" mpi_symbols -g "$lib/libdicod_mpi.a"
else
    # Without libdicod_mpi all is in the headers.
    check "component MPI: build" build mpi mpi-inline "$package"
    check "component MPI: two ranks" mpiexec -n 2 "$work/mpi-inline/ranks"
fi
check "component MPI, but no MPI: a clear message" says "component MPI cannot be used" \
    -DCOMPONENTS=MPI -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON
if command -v gfortran >/dev/null; then
    check "Fortran only, optional component MPI, but no MPI: build" build fortran_only only-fortran "$package" \
        -DWITH_MPI=FALSE -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON
    check "Fortran only, optional component MPI, but no MPI" runs_shared "$work/only-fortran/encode_fortran"
fi
check "component Fortran: a clear message" says "component Fortran cannot be used: this project has not enabled" -DCOMPONENTS=Fortran
check "unknown component: a clear message" says "Dicod has no component Basic" -DCOMPONENTS=Basic
check "this version is accepted" build find_package fp-version "$package" "-DWANTED=$version"
check "another version is refused" says "compatible with requested version" -DWANTED=99.0

# --- moved elsewhere ---------------------------------------------------------------------------------------------------

# Into a folder whose name has blanks, the consumer as well.
moved="$work/moved to another place"
cp -a "$prefix" "$moved"
check "moved package: build" build find_package "fp moved" "-DCMAKE_PREFIX_PATH=$moved"
runs_moved() { runs_shared "$work/fp moved/encode_c" && ldd "$work/fp moved/encode_c" | grep -q "$moved"; }
check "moved package: C" runs_moved
mkdir -p "$work/moved pc"
check "moved package, pkg-config: build" env "PKG_CONFIG_PATH=$moved${lib#"$prefix"}/pkgconfig" make -C "$here/pkg_config" "OUT=$work/moved pc"
check "moved package, pkg-config, static: C" runs_static "$work/moved pc/static_c"
runs_moved_pc() { LD_LIBRARY_PATH="$moved${lib#"$prefix"}" runs_shared "$work/moved pc/shared_c"; }
check "moved package, pkg-config, shared: C" runs_moved_pc

# --- pkg-config --------------------------------------------------------------------------------------------------------

# Not exported: cargo would build the library anew for another PKG_CONFIG_PATH.
pc() { PKG_CONFIG_PATH=$lib/pkgconfig "$@"; }
mkdir -p "$work/pc"
same_version() { [ "$(pc pkg-config --modversion dicod)" = "$version" ]; }
with_path() { LD_LIBRARY_PATH=$lib runs_shared "$1"; }
check "pkg-config: version" same_version
check "pkg-config: build" pc make -C "$here/pkg_config" "OUT=$work/pc"
check "pkg-config, shared: C" with_path "$work/pc/shared_c"
check "pkg-config, shared: C++" with_path "$work/pc/shared_cpp"
check "pkg-config, static: C" runs_static "$work/pc/static_c"
check "pkg-config, static: C++" runs_static "$work/pc/static_cpp"

# --- Fortran -----------------------------------------------------------------------------------------------------------

if command -v gfortran >/dev/null; then
    check "Fortran, shared: build" build fortran fortran-shared "$package"
    check "Fortran, shared" runs_shared "$work/fortran-shared/encode_fortran"
    check "Fortran, static: build" build fortran fortran-static "$package" -DBUILD_SHARED_LIBS=OFF
    check "Fortran, static" runs_static "$work/fortran-static/encode_fortran"
    check "Fortran, add_subdirectory: build" build_in_tree fortran fortran-source
    check "Fortran, add_subdirectory" runs_shared "$work/fortran-source/encode_fortran"
    by_hand() {
        sources=$(pc pkg-config --variable=fortrandir dicod)
        # shellcheck disable=SC2046
        (mkdir -p "$work/fortran-pc" && cd "$work/fortran-pc" &&
            gfortran "$sources/dicod.f90" "$here/encode.f90" -o encode $(pc pkg-config --libs dicod)) &&
            LD_LIBRARY_PATH=$lib "$work/fortran-pc/encode"
    }
    check "Fortran, pkg-config" by_hand
else
    echo "  SKIPPED  Fortran: no gfortran"
fi

# --- from source -------------------------------------------------------------------------------------------------------

for project in add_subdirectory fetch_content; do
    check "$project, shared: build" build_in_tree $project $project-shared $ninja
    check "$project, shared: C" runs_shared "$work/$project-shared/encode_c"
    check "$project, static: build" build_in_tree $project $project-static -DBUILD_SHARED_LIBS=OFF
    check "$project, static: C" runs_static "$work/$project-static/encode_c"
done

# --- elsewhere ---------------------------------------------------------------------------------------------------------

. "$here/elsewhere.sh"

# --- DESTDIR -----------------------------------------------------------------------------------------------------------

staged() {
    make -C "$source" --no-print-directory install PREFIX=/usr "DESTDIR=$work/stage" &&
        [ -f "$work/stage/usr/include/dicod.h" ] && [ -n "$(find "$work/stage/usr" -name dicod.pc)" ]
}
check "make install PREFIX=/usr DESTDIR=..." staged

echo "install: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
