#!/usr/bin/env bash
# Writes hashes of results, and fails if they are not the same for all numbers of ranks and threads:
#
#   scripts/hashes.sh PROGRAM MPIEXEC FILE [N]
#
# PROGRAM is tests/mpi's `hashes`. Two trees are compared by FILE, on one machine: other processors may round otherwise.
set -eu
program=$1 mpiexec=$2 file=$3 n=${4:-500}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
export OPENBLAS_NUM_THREADS=1
"$mpiexec" -n 1 "$program" "$n" >"$file"
for ranks in 1 2 4; do
    for threads in 1 2 4; do
        "$mpiexec" -n "$ranks" "$program" "$n" "$threads" >"$file.other"
        if ! cmp -s "$file" "$file.other"; then
            echo "$ranks ranks of $threads threads: $(diff "$file" "$file.other" | grep -c '^>') lines differ" >&2
            exit 1
        fi
    done
done
rm "$file.other"
echo "$(wc -l <"$file") hashes, the same for 1, 2, 4 ranks of 1, 2, 4 threads; all together $(sha256sum <"$file" | cut -c1-16)"
