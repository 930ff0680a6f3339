#!/bin/sh
# What the commands of the Makefile need is looked for by itself: compilers, headers, libraries, programs. What is missing is
# installed where that can be done (Debian, as root); elsewhere it is named, and only what nothing can be built without is an
# error. `make setup` runs it.
set -u

try=$(mktemp -d) || exit 1
trap 'rm -rf "$try"' EXIT
has() { command -v "$1" >/dev/null 2>&1; }
builds() { # builds C-TEXT LIBRARIES...: does it compile and link?
    printf '%s\n' "$1" >"$try/a.c"
    shift
    cc "$try/a.c" -o "$try/a" "$@" >/dev/null 2>&1
}
compiles() { # compiles COMPILER SUFFIX TEXT
    printf '%s\n' "$3" >"$try/a.$2"
    "$1" "$try/a.$2" -o "$try/a" >/dev/null 2>&1
}
has_libclang() { # where bindgen looks
    { has llvm-config && ls "$(llvm-config --libdir)"/libclang*.so*; } >/dev/null 2>&1 ||
        ls /usr/lib/llvm*/lib/libclang*.so* /usr/lib*/libclang*.so* /usr/lib/*/libclang*.so* /usr/local/lib*/libclang*.so* \
            ${LIBCLANG_PATH:+"$LIBCLANG_PATH"/libclang*.so*} 2>/dev/null | grep -q .
}
has_mpi() { has "mpicc.$1" && has "mpiexec.$1" && compiles "mpicc.$1" c '#include <mpi.h>
int main(void) { return MPI_Init(0, 0); }'; }

needed= missing= packages=
look() { # look needed|useful WHAT PACKAGES CHECK...
    kind=$1 what=$2 debian=$3
    shift 3
    "$@" && return
    packages="$packages $debian"
    if [ "$kind" = needed ]; then needed="$needed
  $what"; else missing="$missing
  $what"; fi
}
look needed 'a C compiler (cc)' 'gcc libc6-dev' compiles cc c 'int main(void) { return 0; }'
look needed 'objcopy, strip, ar and a linker' binutils eval 'has objcopy && has strip && has ar && has ld'
look needed "CMake (${CMAKE:-cmake})" cmake has "${CMAKE:-cmake}"
look needed 'a BLAS with the C interface (-lopenblas)' libopenblas-dev builds 'void cblas_dgemm(void);
int main(void) { cblas_dgemm(); }' -lopenblas
look useful 'libpng: the pictures of make demo' libpng-dev builds '#include <png.h>
int main(void) { return png_access_version_number() == 0; }' -lpng
if [ "${MPICC:-}" ]; then
    look needed "what libdicod_mpi is built with: libclang (make MPICC= leaves libdicod_mpi out)" libclang-14-dev has_libclang
fi
look useful 'Open MPI as mpicc.openmpi: libdicod_mpi and its tests' 'libclang-14-dev libopenmpi-dev openmpi-bin' has_mpi openmpi
look useful 'MPICH as mpicc.mpich: libdicod_mpi and its tests' 'libclang-14-dev libmpich-dev mpich' has_mpi mpich
look useful 'a C++ compiler (c++): tests' g++ compiles c++ cpp 'int main() { return 0; }'
look useful 'a Fortran compiler (gfortran): tests' gfortran compiles gfortran f90 'end'
look useful 'pkg-config: tests' pkg-config has pkg-config
look useful 'valgrind: tests' valgrind has valgrind
look useful 'abidw and abidiff: make check-abi' abigail-tools eval 'has abidw && has abidiff'

if [ -z "$packages" ]; then
    echo 'setup: nothing is missing'
elif has apt-get && [ "$(id -u)" -eq 0 ]; then
    echo "setup: installing$packages"
    # shellcheck disable=SC2086
    apt-get -q -o DPkg::Lock::Timeout=600 update &&
        DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 install --no-install-recommends $packages
else
    [ -z "$missing" ] || echo "setup: what these are for is left out, as they are missing:$missing" >&2
    [ -z "$needed" ] || echo "setup: please install what nothing can be built without:$needed" >&2
    ! has dpkg || echo "setup: packages of Debian:$packages" >&2
    [ -z "$needed" ]
fi
