#!/bin/sh
# Whatever BLAS is there: the same bits for any number of threads and any OMP_NUM_THREADS, no threads and no settings but the
# library's; and the build takes the one that is asked for.
#
#   tests/install/blas.sh PREFIX WORK     PREFIX: where libdicod is installed; WORK: a scratch directory
#
# DICOD_TEST_BLAS may name more libraries. Prints a line per check and ends with "blas: N passed, N failed".
set -u

here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
prefix=$(cd "$1" && pwd)
rm -rf "$2" && mkdir -p "$2" && work=$(cd "$2" && pwd)
lib=$(dirname "$(find "$prefix" -name libdicod.a | head -n 1)")
passed=0
failed=0

check() { # check NAME COMMAND...
    name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        echo "  ok      $name"
    else
        failed=$((failed + 1))
        echo "  FAILED  $name"
        sed 's/^/          /' "$work/log" | tail -n 20
    fi
}

libraries=
for file in /usr/lib/*/openblas-*/libblas.so.3 /usr/lib/*/blis-*/libblas.so.3 /usr/lib/*/blas/libblas.so.3 ${DICOD_TEST_BLAS:-}; do
    if [ -e "$file" ] && nm -D --defined-only "$file" | grep -q ' cblas_dgemm$'; then libraries="$libraries $file"; fi
done

# --- at run time: in front of the one that the library was built with -----------------------------------------------------

same_bits() { # same_bits BLAS
    first=
    for n in 1 4 64; do
        for threads in 1 2; do
            # What the library of a distribution needs lies beside it.
            hash=$(LD_LIBRARY_PATH="$(dirname "$1"):$lib" LD_PRELOAD="$1" OMP_NUM_THREADS=$n BLIS_NUM_THREADS=$n \
                "$work/blas" $threads) || return 1
            echo "OMP_NUM_THREADS=$n, $threads threads: $hash"
            : "${first:=$hash}"
            [ "$hash" = "$first" ] || return 1
        done
    done
}
only_products() { # nothing of a BLAS is needed but two functions
    nm -D --undefined-only "$lib/libdicod.so" | grep -iE 'blas|omp_|mkl|bli_' | sed 's/@.*//' | awk '{ print $2 }' | sort >"$work/needed"
    printf 'cblas_dgemm\ncblas_sgemm\n' | diff - "$work/needed"
}
check "of a BLAS two functions are needed" only_products
check "the program compiles" cc -O1 -Wall -Wextra -Werror -I"$prefix/include" "$here/blas.c" -o "$work/blas" -L"$lib" -ldicod \
    -Wl,-rpath-link,/usr/lib -ldl -lpthread
for file in $libraries; do
    check "same bits and no threads with $file" same_bits "$file"
done

# --- when it is built: what is asked for goes to cargo, to the CMake package and to the .pc file -----------------------------

configured() { # configured WORD ARGUMENTS...: the static library is said to need WORD
    word=$1
    shift
    rm -rf "$work/configured"
    cmake -S "$source" -B "$work/configured" "$@" &&
        grep -q "^Libs.private: .*$word" "$work/configured/package/dicod.pc" &&
        grep -q "Dicod_BLAS_LIBRARIES.*${word#-l}" "$work/configured/package/DicodConfig.cmake"
}
refused() { # refused TEXT ARGUMENTS...
    text=$1
    shift
    rm -rf "$work/configured"
    ! cmake -S "$source" -B "$work/configured" "$@" && grep -q "$text" "$work/log"
}
asked_of_cargo() { grep -rq "DICOD_BLAS_LIBRARIES=$1" "$work/configured" --include=build.make --include=build.ninja; }

check "OpenBLAS of the system, if nothing is said" configured -lopenblas
check "and cargo is told" asked_of_cargo -lopenblas
openblas=$(find /usr/lib -name 'libopenblas.so' -path '*openblas-pthread*' 2>/dev/null | head -n 1)
if [ -n "$openblas" ]; then
    mkdir -p "$work/opt blas/lib/pkgconfig"
    cp -L "$openblas" "$work/opt blas/lib/libopenblas.so"
    check "an OpenBLAS in a prefix of its own, by CMAKE_PREFIX_PATH" \
        configured "$work/opt blas/lib/libopenblas.so" "-DCMAKE_PREFIX_PATH=$work/opt blas"
    check "and cargo is told" asked_of_cargo "$work/opt.*blas/lib/libopenblas.so|-Wl,-rpath,$work/opt"
    printf 'prefix=%s\nName: openblas\nDescription: another\nVersion: 1\nLibs: -L${prefix}/lib -lopenblas\n' \
        "$work/opt\\ blas" >"$work/opt blas/lib/pkgconfig/openblas.pc"
    check "the same by PKG_CONFIG_PATH" env "PKG_CONFIG_PATH=$work/opt blas/lib/pkgconfig" sh -c \
        "rm -rf '$work/configured'; cmake -S '$source' -B '$work/configured' && grep -q 'Libs.private: .*$work/opt blas/lib/libopenblas.so' '$work/configured/package/dicod.pc'"
fi
for file in $libraries; do
    check "Dicod_BLAS = $file" configured "$file" "-DDicod_BLAS=$file"
done
check "what is not there is refused" refused "Dicod_BLAS = Nonsense" -DDicod_BLAS=Nonsense
check "and what is no BLAS" refused "no cblas_dgemm" "-DDicod_BLAS=$(find /usr/lib -name 'libm.so' | head -n 1)"

echo "blas: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
