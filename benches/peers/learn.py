#!/usr/bin/env python3
"""Dictionary learning side by side with dicodile 0.3: the time to reach the objective at which dicodile ends.

    learn.py [ATOMS [ITERATIONS]]

Both learn ATOMS (25) atoms of 12 x 12 pixels from 256 x 256 pixels of ascent.pgm, z >= 0, from the same first dictionary
(random patches) and with the same lambda, 0.1 max corr(X, D0), in float64 on one core. dicodile runs up to ITERATIONS (50) outer iterations with its default tolerance, 1e-3; its time is the
sum of what it reports for its steps, start of its worker aside. Ours is the time until an outer iteration ends
at or below dicodile's last objective.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"
os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")
os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
os.environ.setdefault("OMPI_MCA_rmaps_base_oversubscribe", "1")

import contextlib
import ctypes as ct
import io
import sys
import time

import numpy as np

sys.dont_write_bytecode = True
import dicod
from peers import image_problem

SIDE, REG, TOL = 12, 0.1, 1e-3


class Step(ct.Structure):
    """`dicod_learn_step` of the header."""

    _fields_ = (
        [("struct_size", ct.c_int64), ("iteration", ct.c_int64)]
        + [(name, ct.c_double) for name in ("objective_z", "objective_d", "lambda_", "lambda_max")]
        + [("n_atoms", ct.c_int64), ("nonzeros", ct.POINTER(ct.c_int64))]
        + [(name, ct.c_int64) for name in ("redrawn", "recentred", "steps", "dict_iterations")]
        + [("seconds" + name, ct.c_double) for name in ("_z", "_statistics", "_d")]
    )


LISTENER = ct.CFUNCTYPE(ct.c_int32, ct.c_void_p, ct.POINTER(Step))


def learn_dicod(x, d0, reg, tol, iterations, target):
    """Ours, until the objective is at most `target`: [(seconds, objective)] after every outer iteration."""
    lib = dicod._load(None)
    d = np.array(d0, "f8", order="C")
    signal = (ct.c_int64 * 2)(*x.shape[1:])
    atom = (ct.c_int64 * 2)(*d.shape[2:])
    options = ct.c_void_p()
    dicod._check(lib, lib.dicod_options_create(ct.byref(options)))
    for key, value in (b"reg", reg), (b"tol", tol):
        dicod._check(lib, lib.dicod_options_set_real(options, key, value))
        dicod._check(lib, lib.dicod_options_set_string(options, key + b"_scale", b"absolute"))
    n = ct.c_int64
    for key, value in (b"positive", 1), (b"learn_max_iter", iterations):
        dicod._check(lib, lib.dicod_options_set_integer(options, key, n(value)))
    dicod._check(lib, lib.dicod_options_set_real(options, b"learn_tol", 1e-6))
    dicod._check(lib, lib.dicod_options_set_string(options, b"learn_init", b"given"))
    story, start = [], time.perf_counter()

    @LISTENER
    def listen(_, step):
        story.append((time.perf_counter() - start, step.contents.objective_d))
        return int(target is not None and step.contents.objective_d <= target)

    status = lib.dicod_learn(
        None, options, n(2), signal, n(1), n(x.shape[0]), n(d.shape[0]), atom, x.ctypes.data_as(ct.c_void_p), listen,
        None, d.ctypes.data_as(ct.c_void_p), None, None)
    lib.dicod_options_free(ct.byref(options))
    dicod._check(lib, status)
    return story


def main():
    n_atoms, iterations = ([int(a) for a in sys.argv[1:]] + [25, 50][len(sys.argv) - 1:])[:2]
    problem = image_problem("ascent", n_atoms, SIDE)
    x, d0 = np.ascontiguousarray(problem.x), np.ascontiguousarray(problem.d)
    from dicodile import dicodile
    from dicodile.utils.dictionary import get_lambda_max

    lambda_max = float(get_lambda_max(x, d0).max())
    reg, tol = REG * lambda_max, (1 - REG) * lambda_max * TOL
    with contextlib.redirect_stdout(io.StringIO()):
        found = dicodile(x, d0.copy(), reg=REG, z_positive=True, n_iter=iterations, eps=1e-5, tol=TOL, n_workers=1)
    pobj, times = found[2], found[3]
    seconds, target = sum(times[1:]), pobj[-1]
    print(f"dicodile: {len(times) // 2} iterations, objective {pobj[0]:.2f} -> {target:.2f}, {seconds:.1f} s", flush=True)
    story = learn_dicod(x, d0, reg, tol, 200, target)
    reached = story[-1][1] <= target
    print(f"dicod: {len(story)} iterations, objective {story[-1][1]:.2f}, {story[-1][0]:.2f} s"
          + ("" if reached else " (not reached)"))
    print(f"ratio: {seconds / story[-1][0]:.1f}")
    longer = learn_dicod(x, d0, reg, tol, 200, None)
    print(f"dicod, to its own end: {len(longer)} iterations, objective {longer[-1][1]:.2f}, {longer[-1][0]:.2f} s")


if __name__ == "__main__":
    main()
