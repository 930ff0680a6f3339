#!/usr/bin/env python3
"""Sparse coding to the same tolerance beside dicodile 0.3, in float64 on one thread.

    solve.py [WORD]        only problems whose name contains the word

Both minimise the same function with the same absolute reg, until no coordinate step is longer than
tol * (lambda_max - lambda). A time is that of a whole call on plain arrays; ours proves its result as well. Medians, by
turns; a call of less than a tenth of a second is repeated for as long. The same tolerance leaves another point in each
solver, whose objective may be a little higher or lower: so ours is measured with smaller tolerances too, and the coarsest
that leaves an objective no higher than dicodile's is shown.
"""

import common  # first: one thread

import sys

import dicod
from common import PROBLEMS, Table, alternate, log, quiet, ratio, seconds

TOLERANCES = (1e-2, 1e-3)
LADDER = (1, 0.9, 0.8, 0.6, 0.4, 0.2, 0.1)
ROUNDS = 3


def dicodile(problem, tol):
    """dicodile's serial coordinate descent, as `dicodile()` runs it."""
    from dicodile.update_z.coordinate_descent import coordinate_descent

    return quiet(coordinate_descent, problem.x, problem.d, problem.reg, tol=problem.absolute_tol(tol),
                 strategy="greedy", n_seg="auto", max_iter=10**9)[0]


def same_tolerance(problem, tol, table):
    """A row beside dicodile."""
    runs = alternate({
        "dicodile": lambda: dicodile(problem, tol),
        **{part: lambda part=part: dicod.solve(problem, tol * part) for part in LADDER},
    }, ROUNDS)
    theirs, target = runs["dicodile"][1], problem.objective(runs["dicodile"][0])
    excess = {part: problem.objective(runs[part][0]) - target for part in LADDER}
    finer = next((part for part in LADDER if excess[part] <= 0), LADDER[-1])
    ours, fine = runs[LADDER[0]][1], runs[finer][1]
    table.row(problem.name, f"{tol:g}", seconds(theirs), seconds(ours), f"**{ratio(theirs, ours)}**", f"{target:.7g}",
              f"{excess[LADDER[0]]:+.2g}", f"{tol * finer:.2g}", seconds(fine), f"**{ratio(theirs, fine)}**",
              f"{excess[finer]:+.2g}")


def main():
    """The table."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    table = Table("Beside dicodile: the same tolerance, and an objective no higher than its",
                  ["problem"], "tol", "dicodile", "libdicod", "ratio", "objective", "ours − theirs",
                  "tol for ≤", "libdicod", "ratio", "ours − theirs")
    for name, make in PROBLEMS.items():
        if word not in name:
            continue
        problem = make(name)
        dicodile(problem, 0.5)  # numba compiles
        for tol in TOLERANCES:
            log(f"{name}, tol {tol:g}")
            same_tolerance(problem, tol, table)


if __name__ == "__main__":
    main()
