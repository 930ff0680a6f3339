#!/usr/bin/env python3
"""Sparse coding on two processes: dicodile 0.3 with n_workers=2 beside ours on two ranks, in float64, a core each.

    ranks.py

Both get the whole signal on one process and give back the whole of z there. Of dicodile the start of its workers does not
count; of ours that of mpiexec does not. Each measurement is a fresh pair of processes, by turns; medians.
"""

import common  # first: one thread

import json
import os
import statistics
import subprocess
import sys
import time

import dicod
from common import PROBLEMS, Table, log, quiet, ratio, seconds, timed

CASES = [("image, K=25, 12×12", 1e-2), ("image, K=25, 12×12", 1e-3), ("image, K=5, 8×8", 1e-2), ("signal, K=10, L=250", 1e-3)]
ROUNDS = 3


def dicodile(problem, tol):
    """z and seconds of dicodile with two workers, once they are there."""
    from dicodile.update_z import dicod as module

    start_workers, there = module._spawn_workers, []

    def spawn(*arguments):
        workers = start_workers(*arguments)
        there.append(time.perf_counter())
        return workers

    module._spawn_workers = spawn
    z, *_ = quiet(module.dicod, problem.x, problem.d, problem.reg, tol=problem.absolute_tol(tol), max_iter=10**9, n_workers=2)
    return z, time.perf_counter() - there[0]


def libdicod(problem, tol):
    """z and seconds of ours on the ranks of MPI_COMM_WORLD."""
    from mpi4py import MPI

    dicod.library("dicod_mpi")
    MPI.COMM_WORLD.Barrier()
    return timed(lambda: dicod.solve(problem, tol, MPI.COMM_WORLD), time.perf_counter)


SOLVERS = {"dicodile": dicodile, "libdicod": libdicod}


def measure(name, problem, tol):
    """Seconds and objective of one solver, in processes of its own."""
    launch = [os.environ["MPIEXEC"], "-n", "2"] if name == "libdicod" else []
    command = launch + [sys.executable, os.path.abspath(__file__), name, problem, str(tol)]
    out = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=600).stdout
    return json.loads(next(line for line in out.splitlines() if line.startswith("{")))


def main():
    """The table; with arguments one measurement."""
    if len(sys.argv) > 1:
        name, tol = sys.argv[2], float(sys.argv[3])
        problem = PROBLEMS[name](name)
        z, took = SOLVERS[sys.argv[1]](problem, tol)
        if int(os.environ.get("OMPI_COMM_WORLD_RANK", 0)) == 0:
            print(json.dumps({"seconds": took, "objective": problem.objective(z)}), flush=True)
        return
    table = Table("Two processes: dicodile with two workers, ours on two ranks",
                  ["problem"], "tol", "dicodile", "libdicod", "ratio", "objective", "ours − theirs")
    for name, tol in CASES:
        runs = {solver: [] for solver in SOLVERS}
        for _ in range(ROUNDS):
            for solver, found in runs.items():
                found.append(measure(solver, name, tol))
                log(f"{name}, tol {tol:g}: {solver} {found[-1]}")
        theirs, ours = (statistics.median(run["seconds"] for run in runs[solver]) for solver in SOLVERS)
        f = [runs[solver][-1]["objective"] for solver in SOLVERS]
        table.row(name, f"{tol:g}", seconds(theirs), seconds(ours), f"**{ratio(theirs, ours)}**", f"{f[0]:.6g}",
                  f"{f[1] - f[0]:+.2g}")


if __name__ == "__main__":
    main()
