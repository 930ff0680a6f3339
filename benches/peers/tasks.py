#!/usr/bin/env python3
"""The parallel map beside joblib and mpi4py.futures: seconds per empty task when tasks are handed over one by one.

    tasks.py TASKS_PROGRAM        the program made from benches/tasks.c, which measures ours

Like is set beside like: joblib's threads beside threads, its processes beside two ranks, and the pool of mpi4py, whose
main process only hands out, beside two ranks of which the first only hands out. Medians, by turns.
"""

import common  # first: one thread

import os
import statistics
import subprocess
import sys
import time

from common import Table, log, timed

N_TASKS = 5000
ROUNDS = 3


def nothing(_):
    """The task."""


def per_task(run):
    """Median seconds per task of three runs."""
    return statistics.median(timed(run, time.perf_counter)[1] for _ in range(3)) / N_TASKS


def joblib_pool(backend):
    """Seconds per task of two joblib workers."""
    import joblib

    with joblib.parallel_config(backend=backend, n_jobs=2), joblib.Parallel(batch_size=1) as parallel:
        call = joblib.delayed(nothing)
        parallel(call(i) for i in range(100))  # the workers start
        return per_task(lambda: parallel(call(i) for i in range(N_TASKS)))


def mpi_pool():
    """Seconds per task of mpi4py's pool; under `mpiexec -n 2 python -m mpi4py.futures`."""
    from mpi4py.futures import MPIPoolExecutor

    with MPIPoolExecutor() as pool:
        list(pool.map(nothing, range(100)))
        return per_task(lambda: list(pool.map(nothing, range(N_TASKS), chunksize=1, unordered=True)))


def output(*command):
    """The number that a program prints."""
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=300).stdout.split()[-1])


def main():
    """The table; as `tasks.py joblib BACKEND` and `tasks.py mpi4py` one measurement."""
    if sys.argv[1] == "joblib":
        print(joblib_pool(sys.argv[2]))
        return
    if sys.argv[1] == "mpi4py":
        print(mpi_pool())
        return
    program, this, mpiexec = os.path.abspath(sys.argv[1]), os.path.abspath(__file__), os.environ["MPIEXEC"]
    python, two_ranks = sys.executable, [mpiexec, "-n", "2"]
    pairs = {
        ("joblib, 2 threads", "2 threads"): (
            [python, this, "joblib", "threading"], [mpiexec, "-n", "1", "--bind-to", "none", program, "1000000", "2", "1"]),
        ("joblib, 2 processes (loky)", "2 ranks"): (
            [python, this, "joblib", "loky"], [*two_ranks, program, "100000", "1", "1"]),
        ("mpi4py MPIPoolExecutor, 1 worker", "2 ranks, 1 works"): (
            [*two_ranks, python, "-m", "mpi4py.futures", this, "mpi4py"], [*two_ranks, program, "100000", "1", "0"]),
    }
    table = Table("An empty task", ["peer", "parmap"], "peer, µs", "parmap, µs", "ratio")
    for names, commands in pairs.items():
        runs = []
        for _ in range(ROUNDS):
            runs.append([output(*command) for command in commands])
            log(f"{names}: {runs[-1]}")
        theirs, ours = (1e6 * statistics.median(column) for column in zip(*runs))
        table.row(*names, f"{theirs:.3g}", f"{ours:.3g}", f"**{theirs / ours:.0f}**")


if __name__ == "__main__":
    main()
