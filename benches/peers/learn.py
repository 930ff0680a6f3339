#!/usr/bin/env python3
"""Dictionary learning beside dicodile 0.3, alphacsc 0.4.1 and sporco 0.2.2.post1: the time to reach their last objective.

    learn.py [PEER]        only peers whose name contains the word

Both learn from the same first dictionary (random patches), with the same lambda, 0.1 max corr(X, D0), z >= 0 and atoms of
norm at most 1, in float64 on one core: the same function F(D, z), which is computed anew from what the peer returns. The
peer's time is that of its own steps, without its start and what it costs to watch it; it ends after a set number of
iterations, sporco after a set time. Ours ends when an outer iteration does at or below the peer's F.
"""

import common  # first: one thread

import importlib
import os
import sys
import time
import types

import numpy as np

import dicod
from common import DATA, Problem, Table, image_problem, log, patches, quiet, ratio, seconds
from proximal import feasible, lipschitz, sporco_arrays

TOL = 1e-3
DICODILE_ITERATIONS = 8
ALPHACSC_ITERATIONS = 10
SPORCO_SECONDS = 20


def photograph():
    """256 x 256 pixels and 25 atoms of 12 x 12."""
    return image_problem("image, K=25, 12×12", 25, 12, positive=True)


def heartbeats():
    """Twenty seconds of an electrocardiogram, standard deviation 1 (alphacsc scales it so), and three atoms of 0.7 s."""
    x = np.load(os.path.join(DATA, "ecg.npy")).astype("f8")[: 20 * 360]
    x = (x - np.median(x)) / x.std()
    return Problem("ECG, K=3, L=250", x[None], patches(x, 3, (250,)), positive=True)


def dicodile(problem):
    """d, z, seconds, iterations."""
    from dicodile import dicodile as learn

    d, z, _, times = quiet(learn, problem.x, problem.d.copy(), reg=problem.reg / problem.lambda_max, z_positive=True,
                           n_iter=DICODILE_ITERATIONS, eps=1e-5, tol=TOL, n_workers=1)
    return d, z, sum(times[1:]), len(times) // 2


def alphacsc(problem, solver):
    """The same with alphacsc's batch algorithm, atoms not of rank one."""
    module = importlib.import_module("alphacsc.learn_d_z_multi")
    module.time = types.SimpleNamespace(time=time.process_time)
    k, _, length = problem.d.shape
    for n_iter in 1, ALPHACSC_ITERATIONS:  # the first time numba compiles
        _, times, d, z, _ = quiet(
            module.learn_d_z_multi, problem.x[None], k, length, reg=problem.reg, n_iter=n_iter, solver_z=solver, rank1=False,
            D_init=problem.d.copy(), eps=1e-5, random_state=0, verbose=0)
    return d, z[0], sum(times[1:]), len(times) // 2


def sporco(problem, x_method):
    """The same with sporco's ConvBPDNDictLearn, at the least objective that it comes to in its time."""
    from sporco.dictlrn.cbpdndl import ConvBPDNDictLearn as Learn
    from sporco.pgm import backtrack

    d0, s = sporco_arrays(problem)
    # Of those that were tried these are the fastest; its own settings do not get far here, or diverge.
    step = {"admm": {"rho": 5 * problem.reg}, "pgm": {"L": lipschitz(d0, s) / 2, "Backtrack": backtrack.BacktrackRobust()}}
    options = {"CBPDN": {"NonNegCoef": True, "NoBndryCross": True, **step[x_method]}, "CCMOD": {"ZeroMean": False, "L": 1e4}}
    best, watching, start = None, 0.0, 0.0

    def watch(solver):
        nonlocal best, watching
        begin = time.process_time()
        took = begin - start - watching
        if solver.j % 10 == 9:
            d = np.moveaxis(solver.getdict().reshape(d0.shape), -1, 0)[:, None]
            z = np.maximum(feasible(problem, solver.getcoef()), 0)
            value = problem.objective(z, d)
            if best is None or value < best[0]:
                best = value, d, z, took, solver.j + 1
        watching += time.process_time() - begin
        return took > SPORCO_SECONDS

    options = Learn.Options({"MaxMainIter": 10**6, "Callback": watch, **options}, xmethod=x_method, dmethod="pgm")
    learner = Learn(d0, s, problem.reg, options, xmethod=x_method, dmethod="pgm", dimK=0, dimN=s.ndim)
    start = time.process_time()
    learner.solve()
    return best[1:]


# dicodile's worker is a process of its own: there is only the clock on the wall.
PEERS = {
    "dicodile": (photograph, time.perf_counter, dicodile),
    "sporco, ADMM": (photograph, time.process_time, lambda problem: sporco(problem, "admm")),
    "sporco, FISTA": (photograph, time.process_time, lambda problem: sporco(problem, "pgm")),
    "alphacsc, lgcd": (heartbeats, time.process_time, lambda problem: alphacsc(problem, "lgcd")),
    "alphacsc, l-bfgs": (heartbeats, time.process_time, lambda problem: alphacsc(problem, "l-bfgs")),
}


def main():
    """The table."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    table = Table("Learning, until the peer's last objective", ["problem", "peer"], "its iterations", "peer", "libdicod",
                  "our iterations", "ratio", "its objective", "ours")
    for name, (make, clock, learn) in PEERS.items():
        if word not in name:
            continue
        problem = make()
        d, z, took, count = learn(problem)
        target = problem.objective(z, d)
        story = dicod.learn(problem, TOL, target, 500, clock)
        ours, value = story[-1]
        log(f"{name}: {took:.2f} s, F {target:.6g}; ours {ours:.3f} s, F {value:.6g}; "
            f"norms up to {np.sqrt((d**2).sum(axis=tuple(range(1, d.ndim)))).max():.9f}, least z {z.min():g}")
        table.row(problem.name, name, count, seconds(took), seconds(ours), len(story),
                  f"**{ratio(took, ours)}**" if value <= target else "not there", f"{target:.6g}", f"{value:.6g}")


if __name__ == "__main__":
    main()
