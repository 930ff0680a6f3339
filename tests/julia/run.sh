#!/bin/sh
# The Julia package against an installed libdicod: in one process with 1 and 4 threads, and over ranks where there is a
# libdicod_mpi. Without a Julia the tests are skipped, visibly.
#
#   tests/julia/run.sh PREFIX WORK [MPIEXEC]      WORK: a folder for Julia itself and what is compiled
#
# Prints a line per program and ends with "julia: N passed, N failed".
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
export OPENBLAS_NUM_THREADS=1 JULIA_DEPOT_PATH="$work/depot" JULIA_LOAD_PATH="@:@stdlib:$source/bindings/julia/Dicod"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
passed=0
failed=0
check() { # check NAME COMMAND...
    name=$1
    shift
    if timeout 300 "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        echo "  ok      $name"
    else
        failed=$((failed + 1))
        echo "  FAILED  $name"
        sed 's/^/          /' "$work/log" | tail -n 60
    fi
}

# The same calls from C.
cc -shared -fPIC -I"$prefix/include" "$source/tests/fortran/reference.c" -o "$work/libreference.so" -L"$lib" -ldicod \
    -Wl,-rpath,"$lib" || exit 1
export DICOD_REFERENCE="$work/libreference.so" DICOD_LIBRARY="$lib/libdicod.so"
for threads in ${DICOD_TEST_THREADS:-1 4}; do
    export JULIA_NUM_THREADS=$threads
    check "julia $("$julia" --version | sed 's/.* //'), $threads threads" \
        "$julia" --startup-file=no "$source/bindings/julia/Dicod/test/runtests.jl"
done
unset JULIA_NUM_THREADS
check "julia, examples/julia/patterns.jl" "$julia" --startup-file=no "$source/examples/julia/patterns.jl" "$work"

if [ -f "$lib/libdicod_mpi.so" ] && [ "$mpiexec" ]; then
    export DICOD_LIBRARY="$lib/libdicod_mpi.so"
    # MPI_COMM_WORLD as Fortran has it.
    DICOD_LIBMPI=$(ldd "$DICOD_LIBRARY" | awk '/libmpi(ch)?\.so/ { print $3; exit }')
    case $DICOD_LIBMPI in *mpich*) DICOD_WORLD=1140850688 ;; *) DICOD_WORLD=0 ;; esac
    export DICOD_LIBMPI DICOD_WORLD
    for ranks in 1 2 4; do
        check "julia over $ranks ranks" "$mpiexec" -n $ranks "$julia" --startup-file=no "$here/mpi.jl"
    done
fi
echo "julia: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
