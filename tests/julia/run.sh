#!/bin/sh
# The Julia package against an installed libdicod: in one process, and over ranks where there is a libdicod_mpi. Without a
# Julia the tests are skipped, visibly.
#
#   tests/julia/run.sh PREFIX WORK [MPIEXEC [ranks]]
#
# WORK: a folder for Julia itself and what is compiled; "ranks": only those over ranks, with another MPI. Prints a line per program
# and ends with "julia: N passed, N failed".
set -u
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
prefix=$(cd "$1" && pwd)
mkdir -p "$2" && work=$(cd "$2" && pwd)
mpiexec=${3:-}
lib=$(dirname "$(find "$prefix" -name libdicod.so | head -n 1)")

if ! julia=$("$here/get-julia.sh" "$work/julia" 2>"$work/get-julia.log"); then
    echo "  SKIPPED  the tests of the Julia package: $(tail -n 1 "$work/get-julia.log")"
    echo "julia: 0 passed, 0 failed"
    exit 0
fi
export OPENBLAS_NUM_THREADS=1 JULIA_DEPOT_PATH="$work/depot"
export JULIA_LOAD_PATH="@:@stdlib:$source/bindings/julia/Dicod"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 \
    OMPI_MCA_hwloc_base_binding_policy=none
passed=0
failed=0
check() { # check NAME COMMAND...
    start "$@"
    finish
}
started=0
start() { # start NAME COMMAND...: in the background, until finish
    started=$((started + 1))
    printf '%s\n' "$1" >"$work/name.$started"
    shift
    (
        begin=$(date +%s)
        "$@" >"$work/log.$started" 2>&1
        echo $? $(($(date +%s) - begin)) >"$work/end.$started"
    ) &
}
finish() { # waits for all that was started
    wait
    for i in $(seq "$started"); do
        read -r code seconds <"$work/end.$i"
        if [ "$code" -eq 0 ]; then
            passed=$((passed + 1)) word='ok    '
        else
            failed=$((failed + 1)) word=FAILED
        fi
        echo "  $word  $(cat "$work/name.$i") ($seconds s)"
        if [ "$word" = FAILED ]; then
            sed 's/^/          /' "$work/log.$i" | tail -n 60
        fi
    done
    started=0
}
picture() { # picture COMMAND...: it writes one, and that is a PNG
    rm -f "$work/atoms.png"
    timeout 900 "$@" && [ "$(head -c 4 "$work/atoms.png" | tail -c 3)" = PNG ]
}

if [ "${4:-}" != ranks ]; then
    # The same calls from C.
    cc -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -shared -fPIC -I"$prefix/include" "$here/reference.c" \
        -o "$work/libreference.so" -L"$lib" -ldicod -Wl,-rpath,"$lib" || exit 1
    export DICOD_REFERENCE="$work/libreference.so" DICOD_LIBRARY="$lib/libdicod.so" DICOD_DOCS="$source/docs/julia.md"
    version=$("$julia" --version | sed 's/.* //')
    # Interpreted where that is enough: to compile a test takes longer than to run it.
    start "julia $version, every option as C" \
        timeout 1500 "$julia" --startup-file=no --compile=min "$source/bindings/julia/Dicod/test/as_c.jl"
    start "julia $version, 1 thread" \
        env JULIA_NUM_THREADS=1 timeout 1500 "$julia" --startup-file=no --compile=min "$source/bindings/julia/Dicod/test/runtests.jl" threads
    cc -Wall -Wextra -Werror -shared -fPIC "$here/processors.c" -o "$work/libprocessors.so" -ldl || exit 1
    start "julia $version, 4 threads" env LD_PRELOAD="$work/libprocessors.so" JULIA_NUM_THREADS=4 \
        timeout 1500 "$julia" --startup-file=no "$source/bindings/julia/Dicod/test/runtests.jl"
    finish
    check "julia, examples/julia/patterns.jl" \
        picture env JULIA_NUM_THREADS=2 "$julia" --startup-file=no "$source/examples/julia/patterns.jl" "$work"
fi

if [ -f "$lib/libdicod_mpi.so" ] && [ "$mpiexec" ]; then
    export DICOD_LIBRARY="$lib/libdicod_mpi.so"
    # MPI_COMM_WORLD as Fortran has it.
    DICOD_LIBMPI=$(ldd "$DICOD_LIBRARY" | awk '/libmpi(ch)?\.so/ { print $3; exit }')
    case $DICOD_LIBMPI in *mpich*) DICOD_WORLD=1140850688 ;; *) DICOD_WORLD=0 ;; esac
    export DICOD_LIBMPI DICOD_WORLD JULIA_LOAD_PATH="$JULIA_LOAD_PATH:$here/standin"
    # To start Julia and read the package takes longer than the tests: how many ranks there are is the same to every MPI.
    numbers='1 2 4'
    [ "${4:-}" != ranks ] || numbers=2
    for ranks in $numbers; do
        check "julia over $ranks ranks of $mpiexec" \
            timeout 900 "$mpiexec" -n $ranks "$julia" --startup-file=no --compile=min "$here/mpi.jl"
    done
    [ "${4:-}" = ranks ] || check "julia, examples/julia/patterns.jl over 2 ranks of $mpiexec" \
        picture "$mpiexec" -n 2 "$julia" --startup-file=no "$source/examples/julia/patterns.jl" "$work" mpi
fi
echo "julia: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
