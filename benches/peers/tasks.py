#!/usr/bin/env python3
"""The parallel map beside joblib and mpi4py.futures: seconds per empty task when tasks are handed over one by one.

    tasks.py MAP_PROGRAM        the program made from benches/map.c, which measures ours

joblib's two threads stand beside two threads; its two processes, and the pool of mpi4py on two ranks, of which the first
only hands out, stand beside two ranks of which the first only hands out. Medians, by turns.
"""

import common  # first: one thread

import os
import statistics
import subprocess
import sys
import time

from common import Table, log, ratio, timed

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


def number(*command):
    """What one of the above prints, in a process of its own."""
    null, pipe = subprocess.DEVNULL, subprocess.PIPE
    return 1e6 * float(subprocess.run(command, check=True, stdin=null, stdout=pipe, text=True, timeout=300).stdout)


def ours(program):
    """Microseconds per task by the rows of our program's table; its verdict on their limits does not matter here."""
    command = [os.environ["MPIEXEC"], "-n", "2", "--bind-to", "none", program]
    null, pipe = subprocess.DEVNULL, subprocess.PIPE
    lines = subprocess.run(command, stdin=null, stdout=pipe, stderr=null, text=True, timeout=300).stdout.splitlines()[2:]
    # What else it prints is no row.
    cells = [[cell.strip() for cell in line.split("|")] for line in lines if line.startswith("|")]
    return {cell[1]: float(cell[3]) for cell in cells}


def main():
    """The table; as `tasks.py joblib BACKEND` and `tasks.py mpi4py` one measurement."""
    if sys.argv[1] == "joblib":
        print(joblib_pool(sys.argv[2]))
        return
    if sys.argv[1] == "mpi4py":
        print(mpi_pool())
        return
    this, python, pool = os.path.abspath(__file__), sys.executable, [os.environ["MPIEXEC"], "-n", "2", "--bind-to", "none"]
    peers = {
        "joblib, 2 threads": ("two threads, dynamic, chunk 1", [python, this, "joblib", "threading"]),
        "joblib, 2 processes (loky)": ("on other ranks, dynamic, chunk 1", [python, this, "joblib", "loky"]),
        "mpi4py.futures, 2 ranks": (
            "on other ranks, dynamic, chunk 1", [*pool, python, "-m", "mpi4py.futures", this, "mpi4py"]),
    }
    theirs, found = {name: [] for name in peers}, []
    for _ in range(ROUNDS):
        found.append(ours(os.path.abspath(sys.argv[1])))
        for name, (_, command) in peers.items():
            theirs[name].append(number(*command))
            log(f"{name}: {theirs[name][-1]:.3g} µs; ours {found[-1][peers[name][0]]:.3g} µs")
    table = Table("An empty task", ["peer", "parmap"], "peer, µs", "parmap, µs", "ratio")
    for name, (row, _) in peers.items():
        peer, mine = statistics.median(theirs[name]), statistics.median(run[row] for run in found)
        table.row(name, row, f"{peer:.3g}", f"{mine:.3g}", f"**{ratio(peer, mine)}**")


if __name__ == "__main__":
    main()
