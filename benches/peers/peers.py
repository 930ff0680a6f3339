#!/usr/bin/env python3
"""Side-by-side timings with published software: dicodile 0.3 and sporco 0.2.2.post1.

    peers.py export                    write the problems to target/peer-problems (raw float64 and index.json)
    peers.py run [PROBLEM ...]         time everything, write target/bench-peers.json and print a markdown table
    peers.py run --optima FILE         take the optimal objectives F* from FILE, a JSON object {problem: F*}

All solve the very same problem: minimise 1/2 |X - sum_k z_k * D_k|^2 + reg |z|_1 over signed z on the valid support, with
reg = 0.1 max |corr(X, D)| as an absolute number, in float64, on one core. A measured time is the time of one whole call
on plain arrays: set-up, Gram tensor or Fourier transforms, and solve. Two questions are asked:

1. the same tolerance: coordinate descent until no step is longer than tol * (1 - 0.1) * lambda_max;
   ours and dicodile's, run alternately, medians.
2. the same quality: time to a feasible z whose objective is within 1e-3 (relative) of the optimum. For sporco the number
   of iterations that needs is found once with a callback; the timed runs then do just as many and evaluate no objective.
"""

import os

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
for name in ONE_THREAD:  # before NumPy is loaded
    os.environ[name] = "1"
os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")  # dicodile initialises MPI when imported
os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")

import argparse
import contextlib
import dataclasses
import io
import json
import statistics
import sys
import time

import numpy as np
from scipy import signal

sys.dont_write_bytecode = True
import dicod

ROOT = dicod.ROOT
TARGET = os.path.join(ROOT, "target")
RELATIVE_REG = 0.1
TOLERANCES = (1e-2, 1e-3)
WITHIN = 1e-3  # "within 1e-3 of the optimum"
SPORCO_ITERATIONS = 3000  # give up after so many,
SPORCO_SECONDS = 60  # or so many seconds, objectives included


# --- problems -----------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Problem:
    """A sparse coding problem: x (P, *signal), d (K, P, *atom), reg absolute."""

    name: str
    x: np.ndarray
    d: np.ndarray
    lambda_max: float = 0.0
    reg: float = 0.0

    def __post_init__(self):
        self.x = np.ascontiguousarray(self.x)
        self.d = np.ascontiguousarray(self.d)
        self.lambda_max = float(np.abs(correlate(self.x, self.d)).max())
        self.reg = RELATIVE_REG * self.lambda_max

    def absolute_tol(self, tol):
        """Tolerance on |dz| from a relative one: for unit atoms, a fraction of the first step."""
        return tol * (1 - RELATIVE_REG) * self.lambda_max


def correlate(x, d):
    """Valid correlation of every atom with the signal, summed over channels: (K, *valid)."""
    flipped = d[(slice(None), slice(None)) + (slice(None, None, -1),) * (x.ndim - 1)]
    axes = tuple(range(1, x.ndim))
    return np.stack([signal.fftconvolve(x, atom, mode="valid", axes=axes).sum(axis=0) for atom in flipped])


def reconstruct(z, d):
    """Sum over atoms of the full convolution: (P, *signal)."""
    axes = tuple(range(1, z.ndim))
    return sum(signal.fftconvolve(zk[None], dk, mode="full", axes=axes) for zk, dk in zip(z, d))


def objective(problem, z):
    """1/2 |X - D z|^2 + reg |z|_1."""
    residual = problem.x - reconstruct(z, problem.d)
    return 0.5 * float(np.sum(residual**2)) + problem.reg * float(np.abs(z).sum())


def duality_gap(problem, z):
    """Upper bound of F(z) - F*: from the residual, scaled to be feasible for the dual problem."""
    residual = problem.x - reconstruct(z, problem.d)
    scale = min(1.0, problem.reg / np.abs(correlate(residual, problem.d)).max())
    dual = scale * float(np.sum(residual * problem.x)) - 0.5 * scale**2 * float(np.sum(residual**2))
    return 0.5 * float(np.sum(residual**2)) + problem.reg * float(np.abs(z).sum()) - dual


def read_pgm(path):
    """A binary PGM with eight bits as float64 (no comments in the header)."""
    with open(path, "rb") as file:
        magic, width, height, depth, pixels = file.read().split(None, 4)
    assert magic == b"P5" and int(depth) == 255
    return np.frombuffer(pixels, np.uint8).reshape(int(height), int(width)).astype(np.float64)


def random_patches(image, n_atoms, size, seed):
    """Patches of the image at random places, zero mean, unit norm: (K, 1, size, size). Flat ones are drawn again."""
    rng = np.random.RandomState(seed)
    patches = []
    while len(patches) < n_atoms:
        row, column = rng.randint(0, image.shape[0] - size + 1), rng.randint(0, image.shape[1] - size + 1)
        patch = image[row : row + size, column : column + size]
        if patch.std() >= 0.1 * image.std():
            patch = patch - patch.mean()
            patches.append(patch / np.linalg.norm(patch))
    return np.stack(patches)[:, None]


def image_problem(name, n_atoms, size, seed=0):
    """Top-left 256 x 256 of `ascent` (zero mean, unit variance) with its own patches."""
    image = read_pgm(os.path.join(ROOT, "examples", "data", "ascent.pgm"))[:256, :256]
    image = (image - image.mean()) / image.std()
    return Problem(name, image[None], random_patches(image, n_atoms, size, seed))


def smooth_atoms(rng, n_atoms, length):
    """Random smooth atoms: low-pass noise under a Hann window, unit norm: (K, 1, length)."""
    kernel = np.hanning(max(5, length // 8))
    noise = rng.standard_normal((n_atoms, length + len(kernel) - 1))
    atoms = np.stack([np.convolve(row, kernel, mode="valid") for row in noise]) * np.hanning(length)
    return (atoms / np.linalg.norm(atoms, axis=1, keepdims=True))[:, None]


def signal_problem(name, n_atoms, length, n_samples=100_000, seed=0):
    """Sparse activations times smooth atoms plus white noise of a tenth of the signal's deviation."""
    rng = np.random.default_rng(seed)
    d = smooth_atoms(rng, n_atoms, length)
    shape = (n_atoms, n_samples - length + 1)
    n_events = n_samples // length * 4  # four atoms overlap everywhere, on average
    z = np.zeros(shape)
    z.flat[rng.choice(z.size, n_events, replace=False)] = rng.standard_normal(n_events)
    clean = reconstruct(z, d)
    return Problem(name, clean + 0.1 * clean.std() * rng.standard_normal(clean.shape), d)


PROBLEMS = {
    "ascent_k25": lambda name: image_problem(name, 25, 12),
    "ascent_k5": lambda name: image_problem(name, 5, 8),
    "signal_k10": lambda name: signal_problem(name, 10, 250),
    "signal_k25": lambda name: signal_problem(name, 25, 64),
}


def export(problems, folder):
    """Raw little-endian float64 files and index.json, for programs in other languages."""
    os.makedirs(folder, exist_ok=True)
    index = {}
    for p in problems:
        for letter, array in (("X", p.x), ("D", p.d)):
            array.astype("<f8").tofile(os.path.join(folder, f"{p.name}.{letter}.bin"))
        index[p.name] = {
            "x": f"{p.name}.X.bin",
            "d": f"{p.name}.D.bin",
            "x_shape": p.x.shape,
            "d_shape": p.d.shape,
            "lambda_max": p.lambda_max,
            "reg": p.reg,
            "tol": {repr(tol): p.absolute_tol(tol) for tol in TOLERANCES},
        }
    with open(os.path.join(folder, "index.json"), "w") as file:
        json.dump(index, file, indent=1)
        file.write("\n")


# --- solvers: each returns z and a dictionary of counts ------------------------------------------------------------------


def solve_dicodile(problem, tol_abs):
    """dicodile's serial coordinate descent, as `dicodile()` runs it. A visit of a sleeping segment is a visit too."""
    from dicodile.update_z.coordinate_descent import coordinate_descent

    with contextlib.redirect_stdout(io.StringIO()):
        z, _, _, _, stats = coordinate_descent(
            problem.x, problem.d, problem.reg, tol=tol_abs, strategy="greedy", n_seg="auto", max_iter=10**9
        )
    return z, {"steps": int(stats["n_updates"]), "visits": int(stats["iterations"]), "loop": stats["runtime"]}


def solve_dicod(problem, tol_abs, library=None):
    """Our library."""
    z, steps, visits = dicod.run_dicod(problem.x, problem.d, problem.reg, tol_abs, library)
    return z, {"steps": steps, "visits": visits}


def sporco_arrays(problem):
    """sporco's order of axes: D (*atom, K), S (*signal). One channel only."""
    assert problem.x.shape[0] == 1
    return np.moveaxis(problem.d[:, 0], 0, -1).copy(), problem.x[0].copy()


def feasible_z(problem, coefficients):
    """z (K, *valid) from sporco's array; what lies outside is zero there (NoBndryCross)."""
    z = np.moveaxis(coefficients.reshape(problem.x.shape[1:] + (len(problem.d),)), -1, 0)
    return z[(slice(None),) + tuple(slice(0, n - m + 1) for n, m in zip(problem.x.shape[1:], problem.d.shape[2:]))]


def fista(problem, iterations, callback=None, robust=False, scale=1.0):
    """sporco's FISTA with the exact Lipschitz constant, or with robust backtracking."""
    from sporco.pgm import backtrack, cbpdn

    d, s = sporco_arrays(problem)
    axes = tuple(range(s.ndim))
    lipschitz = float((np.abs(np.fft.rfftn(d, s.shape, axes=axes)) ** 2).sum(axis=-1).max())
    options = {"MaxMainIter": iterations, "FastSolve": True, "NoBndryCross": True, "L": scale * lipschitz}
    if robust:
        options["Backtrack"] = backtrack.BacktrackRobust()
    options["Callback"] = callback and (lambda solver: callback(solver.X))
    solver = cbpdn.ConvBPDN(d, s, problem.reg, cbpdn.ConvBPDN.Options(options), dimK=0, dimN=s.ndim)
    solver.solve()
    return solver.X


def admm(problem, iterations, callback=None, rho=None, auto=True):
    """sporco's ADMM with its adaptive penalty (residual balancing), over-relaxation 1.8; the answer is Y."""
    from sporco.admm import cbpdn

    d, s = sporco_arrays(problem)
    options = {"MaxMainIter": iterations, "FastSolve": True, "NoBndryCross": True, "RelStopTol": 0.0}
    options["RelaxParam"] = 1.8
    options["HighMemSolve"] = not auto
    options["AutoRho"] = {"Enabled": auto}
    options["rho"] = None if rho is None else rho * problem.reg
    options["Callback"] = callback and (lambda solver: callback(solver.Y))
    solver = cbpdn.ConvBPDN(d, s, problem.reg, cbpdn.ConvBPDN.Options(options), dimK=0, dimN=s.ndim)
    solver.solve()
    return solver.Y


# Several settings of each are tried on every problem and the fastest is reported: nobody shall say that the peer was
# badly tuned. The first is the one that usually wins; `{}` are sporco's own settings. A scale below 1 takes longer steps
# than the theory of FISTA allows; sometimes that works, sometimes it diverges.
SPORCO = {
    "FISTA": [{"robust": True, "scale": 0.5}, {"robust": True, "scale": 0.1}, {"scale": 0.5}, {}],
    "ADMM": [{"rho": rho, "auto": False} for rho in (5.0, 2.0, 10.0, 1.0, 20.0)] + [{}],
}
SPORCO_SOLVERS = {"FISTA": fista, "ADMM": admm}


# --- measuring -----------------------------------------------------------------------------------------------------------


def use_one_core():
    """Stay on the last core that we are allowed to use; FFTW with one thread."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    import sporco.fft

    sporco.fft.pyfftw_threads = 1


def warm_up(library):
    """Load the packages and let numba compile."""
    tiny = signal_problem("tiny", 2, 8, n_samples=200)
    tiny_image = Problem("tiny", np.random.RandomState(0).randn(1, 40, 40), np.random.RandomState(1).randn(2, 1, 5, 5))
    for problem in (tiny, tiny_image):
        solve_dicodile(problem, problem.absolute_tol(1e-2))
        if dicod.available(library):
            solve_dicod(problem, problem.absolute_tol(1e-2), library)
        for solver in SPORCO_SOLVERS.values():
            solver(problem, 2)


def timed(call):
    """Result, wall seconds, processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def alternate(contestants, repeats):
    """Run {name: call} in turn, `repeats` rounds; per name: last result, wall and processor times."""
    runs = {name: {"wall": [], "cpu": []} for name in contestants}
    for _ in range(repeats):
        for name, call in contestants.items():
            runs[name]["result"], wall, cpu = timed(call)
            runs[name]["wall"].append(wall)
            runs[name]["cpu"].append(cpu)
    return runs


def summary(run):
    """Median and minimum of the times of one contestant."""
    return {
        "seconds": statistics.median(run["wall"]),
        "seconds_min": min(run["wall"]),
        "cpu_seconds_min": min(run["cpu"]),
        "runs": run["wall"],
    }


def iterations_needed(problem, solver, options, target, seconds):
    """Iterations until the objective of the feasible z is at most `target`; None when it takes too many or diverges."""
    iterations, reached = 0, False
    deadline = time.perf_counter() + seconds
    diverged = 5 * float(np.sum(problem.x**2))

    def check(coefficients):
        nonlocal iterations, reached
        iterations += 1
        value = objective(problem, feasible_z(problem, coefficients))
        reached = value <= target
        return reached or not value < diverged or time.perf_counter() > deadline

    solver(problem, SPORCO_ITERATIONS, check, **options)
    return iterations if reached else None


def best_setting(problem, name, target):
    """The setting of a sporco solver that gets to the target in the least time: (seconds, options, iterations) or None."""
    solver, best = SPORCO_SOLVERS[name], None
    for options in SPORCO[name]:
        solver(problem, 2, **options)  # FFTW makes its plans
        limit = SPORCO_SECONDS if best is None else min(SPORCO_SECONDS, 3 + 3 * best[0])
        n = iterations_needed(problem, solver, options, target, limit)
        seconds = timed(lambda: solver(problem, n, **options))[1] if n else None
        log(f"{problem.name}: {name} {options}: " + (f"{n} iterations, {seconds:.3f} s" if n else "slower, or never there"))
        if n and (best is None or seconds < best[0]):
            best = seconds, options, n
    return best


def estimate_optimum(problem, library):
    """F* and a bound on its error, from a solve to a tight tolerance (with dicodile that takes a minute already)."""
    if dicod.available(library):
        z = solve_dicod(problem, problem.absolute_tol(1e-7), library)[0]
    else:
        z = solve_dicodile(problem, problem.absolute_tol(1e-4))[0]
    return objective(problem, z), duality_gap(problem, z)


def same_tolerance(problem, repeats, library):
    """Rows of question 1."""
    rows = []
    for tol in TOLERANCES:
        tol_abs = problem.absolute_tol(tol)
        contestants = {"dicodile": lambda: solve_dicodile(problem, tol_abs)}
        if dicod.available(library):
            contestants = {"dicod": lambda: solve_dicod(problem, tol_abs, library), **contestants}
        for name, run in alternate(contestants, repeats).items():
            z, counts = run["result"]
            rows.append({"question": "tolerance", "tol": tol, "solver": name, **summary(run), **counts})
            rows[-1].update(objective=objective(problem, z), gap=duality_gap(problem, z), non_zeros=int((z != 0).sum()))
            log(f"{problem.name}: {rows[-1]}")
    return rows


def coarsest_tolerance(problem, target, library):
    """The largest tolerance of a ladder at which ours reaches the target."""
    for tol in (1e-1, 5e-2, 2e-2, 1e-2, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 1e-5, 1e-6):
        z, _ = solve_dicod(problem, problem.absolute_tol(tol), library)
        if objective(problem, z) <= target:
            return tol
    raise RuntimeError(f"{problem.name}: never within {WITHIN} of the optimum that was given")


def same_quality(problem, optimum, repeats, library):
    """Rows of question 2."""
    target = optimum * (1 + WITHIN)
    settings = {name: best_setting(problem, name, target) for name in SPORCO}
    contestants, notes, rows = {}, {}, []
    if dicod.available(library):
        tol = coarsest_tolerance(problem, target, library)
        notes["dicod"] = {"tol": tol}
        contestants["dicod"] = lambda: solve_dicod(problem, problem.absolute_tol(tol), library)[0]
    for name, setting in settings.items():
        if setting is None:
            rows.append({"question": "quality", "solver": name, "note": "not there in time"})
            continue
        _, options, n = setting
        notes[name] = {"iterations": n, "options": options}
        contestants[name] = lambda name=name, n=n, options=options: SPORCO_SOLVERS[name](problem, n, **options)
    for name, run in alternate(contestants, repeats).items():
        z = run["result"] if name == "dicod" else feasible_z(problem, run["result"])
        rows.append({"question": "quality", "solver": name, **summary(run), **notes[name]})
        rows[-1]["objective"] = objective(problem, z)
        log(f"{problem.name}: {rows[-1]}")
    return rows


# --- report --------------------------------------------------------------------------------------------------------------


def markdown(results):
    """The table for the README: one line per problem, question and peer."""
    lines = [
        "| problem | until | peer | peer, s | libdicod, s | times faster | peer's F / F* - 1 | ours |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, result in results.items():
        for row in (r for r in result["rows"] if r["solver"] != "dicod"):
            key = (row["question"], row["tol"] if row["question"] == "tolerance" else None)
            ours = next((r for r in result["rows"] if r["solver"] == "dicod" and is_pair(r, key)), None)
            until = f"tol {row['tol']:g}" if row["question"] == "tolerance" else f"within {WITHIN:g} of F*"
            cells = [name, until, row["solver"], number(row, "seconds"), number(ours, "seconds")]
            cells.append(ratio(row, ours))
            cells += [excess(r, result["optimum"]) for r in (row, ours)]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def is_pair(row, key):
    """Does our row answer the same question as the peer's?"""
    return row["question"] == key[0] and (key[0] == "quality" or row["tol"] == key[1])


def number(row, field):
    """A field with three digits, a dash when it is not there."""
    return f"{row[field]:.3g}" if row and field in row else "-"


def ratio(peer, ours):
    """How many times faster ours is."""
    return f"{peer['seconds'] / ours['seconds']:.1f}" if ours and "seconds" in peer else "-"


def excess(row, optimum):
    """Relative distance to the optimum."""
    return f"{row['objective'] / optimum - 1:.1e}" if row and "objective" in row else "-"


def log(text):
    """Progress goes to stderr."""
    print(text, file=sys.stderr, flush=True)


def measure(problem, optima, repeats, library):
    """All rows of one problem."""
    log(f"{problem.name}: x {problem.x.shape}, d {problem.d.shape}, reg {problem.reg!r}")
    rows = same_tolerance(problem, repeats, library)
    optimum, bound = (optima[problem.name], None) if problem.name in optima else estimate_optimum(problem, library)
    log(f"{problem.name}: F* = {optimum!r} (error at most {bound})")
    rows += same_quality(problem, optimum, repeats, library)
    return {"lambda_max": problem.lambda_max, "reg": problem.reg, "optimum": optimum, "optimum_error": bound, "rows": rows}


def main():
    """Command line; see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("export", "run"))
    parser.add_argument("problems", nargs="*", metavar="PROBLEM", help=f"of {', '.join(PROBLEMS)} (default: all)")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--optima", help="JSON file {problem: F*}")
    parser.add_argument("--library", help="libdicod.so to measure (default: target/release)")
    parser.add_argument("--output", default=os.path.join(TARGET, "bench-peers.json"))
    arguments = parser.parse_args()
    unknown = set(arguments.problems) - set(PROBLEMS)
    if unknown:
        parser.error(f"unknown problem: {', '.join(sorted(unknown))}")
    problems = [PROBLEMS[name](name) for name in arguments.problems or PROBLEMS]
    if arguments.command == "export":
        export(problems, os.path.join(TARGET, "peer-problems"))
        return
    optima = {}
    if arguments.optima:
        with open(arguments.optima) as file:
            optima = json.load(file)
    use_one_core()
    warm_up(arguments.library)
    results = {}
    for problem in problems:
        results[problem.name] = measure(problem, optima, arguments.repeats, arguments.library)
        with open(arguments.output, "w") as file:  # after every problem: a long run that is stopped leaves what it has
            json.dump(results, file, indent=1)
            file.write("\n")
    print(markdown(results))


if __name__ == "__main__":
    main()
