#!/bin/sh
# The binary interface that the headers promise, as data, and compared with that of the last release.
#
#   scripts/abi.sh write     make abi: the headers of now are what is released as the version of Cargo.toml
#   scripts/abi.sh check     make check-abi: what has changed since; a break fails unless the version has risen for it
#
# The headers are made a library of: a function without a body for each that they declare, compiled with debug information, and
# for each constant a variable that has its value in its name. libabigail reads that. (That the real library exports just these
# functions is tested in tests/abi.rs.) Functions and constants may come, and structs grow at their ends, without a break.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

# The part of a version that a break has to raise: that of the SONAME.
soversion() { case $1 in 0.*) echo "${1%.*}" ;; *) echo "${1%%.*}" ;; esac; }

# What abidiff says of a struct that has grown at its end.
grown="^\$|^Leaf changes summary|^Changed leaf types summary|^Removed/Changed/Added .* 0 Removed, 0 Changed|^'struct .*' changed:\$\
|^  type size changed from|^  [0-9]+ data member insertions?:\$|^    '.*', at offset [0-9]+ \(in bits\)"

# Of MPI there are only names of types: what they are differs from one MPI to another.
echo 'typedef struct communicator *MPI_Comm; typedef int MPI_Fint;' >"$work/mpi.h"
echo '#include <dicod_mpi.h>' >"$work/all.c"
cc -E -P -I"$work" -Iinclude "$work/all.c" |
    awk '/^[a-z]/ && !/^(typedef|extern) / { inside = 1 }
        inside && /\);$/ { sub(/;$/, " { __builtin_unreachable(); }"); inside = 0 }
        { print }' >"$work/shim.c"
cc -E -dM -I"$work" -Iinclude "$work/all.c" |
    sed -nE 's/^#define ((DICOD|PARMAP|SEGMENTATION)_[A-Z0-9_]+) \(?(-?)([0-9]+)\)?$/char \1_is\3\4;/p' |
    grep -v '^char DICOD_VERSION_' | tr - m | LC_ALL=C sort >>"$work/shim.c"
cc -g -w -shared -fPIC -Wl,-soname,"libdicod.so.$(soversion "$version")" "$work/shim.c" -o "$work/libdicod.so"

case ${1:-} in
    write)
        rm -f abi/libdicod-*.abi
        abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-architecture --out-file "abi/libdicod-$version.abi" "$work/libdicod.so"
        echo "abi: wrote abi/libdicod-$version.abi"
        ;;
    check)
        if ! command -v abidiff >/dev/null; then
            echo 'abi: not compared, as there is no abidiff (libabigail)'
            exit 0
        fi
        last=$(ls abi/libdicod-*.abi)
        of=${last#abi/libdicod-}
        of=${of%.abi}
        if abidiff --leaf-changes-only --no-architecture --no-added-syms --ignore-soname "$last" "$work/libdicod.so" >"$work/report" 2>&1; then
            echo "abi: as version $of, or more"
            exit 0
        fi
        # A struct that only grew at its end has members that come after what was its size, and no others are spoken of.
        if [ "$(head -n 1 "$work/report" | cut -c -20)" = 'Leaf changes summary' ] && ! grep -vE "$grown" "$work/report" | grep -q .; then
            cat "$work/report"
            echo "abi: as version $of, with structs that have grown"
            exit 0
        fi
        cat "$work/report"
        if ! grep -q "^## \[$of\]" CHANGELOG.md; then
            echo "abi: differs from what was written for version $of, which is not released yet: \`make abi\` when it is"
        elif [ "$(soversion "$of")" != "$(soversion "$version")" ]; then
            echo "abi: breaks that of version $of, and $version says so"
        else
            echo "abi: BREAKS that of version $of: raise the version in Cargo.toml ($version), CONTRIBUTING.md says how" >&2
            exit 1
        fi
        ;;
    *)
        sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac
