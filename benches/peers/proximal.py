#!/usr/bin/env python3
"""Sparse coding to the same quality beside FISTA and ADMM of sporco 0.2.2.post1, in float64 on one thread.

    proximal.py [WORD]     only problems whose name contains the word; "missing" those with holes

Until a feasible z has an objective within 1e-3 of the optimum. `NoBndryCross` makes sporco's model the same as ours. A few
fixed settings of each of its solvers are tried, and the fastest counts; neither choosing it nor looking at the objective
does: the timed runs do just as many iterations as that takes. Ours ends by the coarsest of a few tolerances that gets
there. A time is that of a whole call on plain arrays: transforms or Gram tensor, and solve. Medians, by turns; a call of
less than a tenth of a second is repeated for as long.
"""

import common  # first: one thread

import math
import sys
import time

import numpy as np

import dicod
from common import MASKED, PROBLEMS, Table, alternate, log, ratio, seconds

WITHIN = 1e-3
ROUNDS = 3
SPORCO_SECONDS = 20  # of a solver's own work, after which a setting has failed

# FISTA: the multiple of the gradient's Lipschitz constant that steps are made for (below 1 they are longer than the theory
# allows, which is faster where it does not diverge), `robust` backtracks. ADMM: its penalty rho in units of reg, None is
# sporco's own, which adapts.
SETTINGS = {
    "FISTA": [{"scale": 0.5}, {"scale": 0.5, "robust": True}, {"scale": 0.1, "robust": True}, {"scale": 1.0}],
    "ADMM": [{"rho": 5.0}, {"rho": 20.0}, {"rho": 1.0}, {"rho": None}],
    "AddMaskSim (ADMM)": [{"rho": 5.0}, {"rho": 20.0}, {"rho": 1.0}, {"rho": None}],
    "ConvBPDNMask (FISTA)": [{"scale": 0.5}, {"scale": 0.5, "robust": True}, {"scale": 0.1, "robust": True}, {"scale": 1.0}],
}


def sporco_arrays(problem):
    """sporco's order of axes: D (*atom, K), S (*signal). One channel only."""
    return np.moveaxis(problem.d[:, 0], 0, -1).copy(), problem.x[0].copy()


def feasible(problem, coefficients):
    """z (K, *valid) from sporco's array; what lies outside is zero there (NoBndryCross)."""
    z = np.moveaxis(coefficients.reshape(problem.x.shape[1:] + (len(problem.d),)), -1, 0)
    return z[(slice(None),) + tuple(slice(0, n - m + 1) for n, m in zip(problem.x.shape[1:], problem.d.shape[2:]))]


def lipschitz(d, s):
    """Lipschitz constant of the gradient, for sporco's arrays."""
    return float((np.abs(np.fft.rfftn(d, s.shape, axes=tuple(range(s.ndim)))) ** 2).sum(axis=-1).max())


def fista(problem, iterations, callback=None, scale=1.0, robust=False):
    """sporco's FISTA: coefficients."""
    from sporco.pgm import backtrack, cbpdn

    d, s = sporco_arrays(problem)
    options = {"MaxMainIter": iterations, "FastSolve": True, "NoBndryCross": True, "L": scale * lipschitz(d, s)}
    if robust:
        options["Backtrack"] = backtrack.BacktrackRobust()
    options["Callback"] = callback and (lambda solver: callback(solver.X))
    if problem.mask is None:
        solver = cbpdn.ConvBPDN(d, s, problem.reg, cbpdn.ConvBPDN.Options(options), dimK=0, dimN=s.ndim)
    else:
        weights, options = problem.mask[0].astype("f8"), cbpdn.ConvBPDNMask.Options(options)
        solver = cbpdn.ConvBPDNMask(d, s, problem.reg, weights, options, dimK=0, dimN=s.ndim)
    solver.solve()
    return solver.X


def admm(problem, iterations, callback=None, rho=None):
    """sporco's ADMM, over-relaxed; the answer is Y."""
    from sporco.admm import cbpdn

    d, s = sporco_arrays(problem)
    options = {"MaxMainIter": iterations, "FastSolve": True, "NoBndryCross": True, "RelStopTol": 0.0, "RelaxParam": 1.8}
    options["HighMemSolve"] = rho is not None
    options["AutoRho"] = {"Enabled": rho is None}
    options["rho"] = None if rho is None else rho * problem.reg
    options["Callback"] = callback and (lambda solver: callback(solver.Y[..., :len(problem.d)]))
    if problem.mask is None:
        solver = cbpdn.ConvBPDN(d, s, problem.reg, cbpdn.ConvBPDN.Options(options), dimK=0, dimN=s.ndim)
        solver.solve()
        return solver.Y
    # Impulses stand for what is missing: they are the last of its atoms.
    weights, options = problem.mask[0].astype("f8"), cbpdn.ConvBPDN.Options(options)
    masked = cbpdn.AddMaskSim(cbpdn.ConvBPDN, d, s, weights, problem.reg, opt=options, dimK=0, dimN=s.ndim)
    masked.solve()
    return masked.cbpdn.Y[..., :len(problem.d)]


SPORCO = {"FISTA": fista, "ADMM": admm}
SPORCO_MASKED = {"ConvBPDNMask (FISTA)": fista, "AddMaskSim (ADMM)": admm}


def iterations_needed(problem, solver, setting, target, limit):
    """Iterations and seconds of its own until F <= target; (None, seconds) when it takes longer than `limit` seconds.

    The objective, which costs more than an iteration, is looked at after 1, 2, 3, ... and then every twentieth part more.
    """
    count, look, looking, found = 0, 1, 0.0, None
    start = time.process_time()

    def check(coefficients):
        nonlocal count, look, looking, found
        count += 1
        begin = time.process_time()
        if count < look and begin - start - looking < limit:
            return False
        look = max(count + 1, math.ceil(1.05 * count))
        value = problem.objective(feasible(problem, coefficients))
        end = time.process_time()
        if value <= target:
            found = count, begin - start - looking
        looking += end - begin
        return bool(found) or end - start - looking >= limit or not value < 1e3 * target

    solver(problem, 10**6, check, **setting)
    return found or (None, time.process_time() - start - looking)


def best_setting(problem, name, solver, target):
    """The setting that gets to the target in the least time, and the iterations that takes; None if none does."""
    best, limit = None, SPORCO_SECONDS
    for setting in SETTINGS[name]:
        solver(problem, 2, **setting)  # FFTW makes its plans
        count, took = iterations_needed(problem, solver, setting, target, limit)
        log(f"  {name} {setting}: {count or 'not there, ended'} after {took:.2f} s")
        if count:
            best, limit = (setting, count), took
    return best


def coarsest(problem, target):
    """The first of our tolerances at which F <= target."""
    for tol in (0.2 * 0.95**step for step in range(200)):
        if problem.objective(dicod.solve(problem, tol)) <= target:
            return tol
    raise RuntimeError(f"{problem.name}: never at {target!r}")


def same_quality(problem, table, solvers):
    """Two rows beside sporco."""
    z = dicod.solve(problem, 1e-7)
    target = (1 + WITHIN) * problem.objective(z)
    tol = coarsest(problem, target)
    for name, solver in solvers.items():
        best = best_setting(problem, name, solver, target)
        if best is None:
            ours = alternate({"ours": lambda: dicod.solve(problem, tol)}, ROUNDS)["ours"][1]
            table.row(problem.name, f"{name}, no setting", f"> {SPORCO_SECONDS} s", seconds(ours),
                      f"**> {ratio(SPORCO_SECONDS, ours)}**", "", "", f"{tol:.2g}")
            continue
        setting, count = best
        runs = alternate({
            "theirs": lambda: solver(problem, count, **setting),
            "ours": lambda: dicod.solve(problem, tol),
        }, ROUNDS)
        f = [problem.objective(z) * (1 + WITHIN) / target - 1
             for z in (feasible(problem, runs["theirs"][0]), runs["ours"][0])]
        words = ", ".join(f"{key} {value}" for key, value in setting.items())
        table.row(problem.name, f"{name}, {words}, {count} iterations", seconds(runs["theirs"][1]), seconds(runs["ours"][1]),
                  f"**{ratio(runs['theirs'][1], runs['ours'][1])}**", f"{f[0]:.1e}", f"{f[1]:.1e}", f"{tol:.2g}")


def main():
    """The table."""
    import sporco.fft

    sporco.fft.pyfftw_threads = 1
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    table = Table(f"Beside sporco: until the objective is within {WITHIN:g} of the optimum F*",
                  ["problem", "sporco's solver"], "sporco", "libdicod", "ratio", "its F / F* − 1", "ours", "our tol")
    for problems, solvers in ((PROBLEMS, SPORCO), (MASKED, SPORCO_MASKED)):
        for name, make in problems.items():
            if word in name:
                log(name)
                same_quality(make(name), table, solvers)


if __name__ == "__main__":
    main()
