"""What the comparisons share: one thread, the problems, fair timing, tables. Import it before NumPy."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"
# OpenBLAS, ours and that of NumPy, does not know new processors of AMD and would do without AVX-512.
with open("/proc/cpuinfo", encoding="utf-8") as info:
    if "avx512" in info.read():
        os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
# Several ranks on few cores, and as root, as in a container; dicodile initialises MPI when it is imported.
for name in ("ALLOW_RUN_AS_ROOT", "ALLOW_RUN_AS_ROOT_CONFIRM", "MCA_rmaps_base_oversubscribe", "MCA_mpi_yield_when_idle"):
    os.environ["OMPI_" + name] = "1"

import contextlib
import dataclasses
import io
import statistics
import sys
import time
import warnings

import numpy as np
from scipy import signal

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "data")
RELATIVE_REG = 0.1
warnings.simplefilter("ignore")  # numba has opinions on the peers' code


def log(text):
    """Progress goes to stderr, tables to stdout."""
    print(text, file=sys.stderr, flush=True)


# --- problems -----------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Problem:
    """Minimise 1/2 |W (X - sum_k z_k * D_k)|^2 + reg |z|_1: x (P, *signal), d (K, P, *atom), reg absolute; W is 0 where a
    sample is missing, where x is 0 here and NaN in what is given to us, and 1 elsewhere."""

    name: str
    x: np.ndarray
    d: np.ndarray
    positive: bool = False
    mask: np.ndarray | None = None

    def __post_init__(self):
        self.x = np.ascontiguousarray(self.x, "f8")
        self.d = np.ascontiguousarray(self.d, "f8")
        self.given, self.options = self.x, {}
        if self.mask is not None:
            self.given, self.options = np.where(self.mask, self.x, np.nan), {"missing": "nan"}
            self.x = np.where(self.mask, self.x, 0.0)
        c = correlate(self.x, self.d)
        self.lambda_max = float(c.max() if self.positive else np.abs(c).max())
        self.reg = RELATIVE_REG * self.lambda_max

    def absolute_tol(self, tol):
        """Tolerance on |dz| from a relative one: for unit atoms, a fraction of the first step."""
        return tol * (1 - RELATIVE_REG) * self.lambda_max

    def objective(self, z, d=None):
        """F(z), of this dictionary or of another one."""
        residual = self.x - reconstruct(z, self.d if d is None else d)
        if self.mask is not None:
            residual *= self.mask
        return 0.5 * float(np.sum(residual**2)) + self.reg * float(np.abs(z).sum())


def correlate(x, d):
    """Valid correlation of every atom with the signal, summed over channels: (K, *valid)."""
    flipped = d[(slice(None), slice(None)) + (slice(None, None, -1),) * (x.ndim - 1)]
    axes = tuple(range(1, x.ndim))
    return np.stack([signal.fftconvolve(x, atom, mode="valid", axes=axes).sum(axis=0) for atom in flipped])


def reconstruct(z, d):
    """Sum over atoms of the full convolution: (P, *signal)."""
    axes = tuple(range(1, z.ndim))
    return sum(signal.fftconvolve(zk[None], dk, mode="full", axes=axes) for zk, dk in zip(z, d))


def image(side=256):
    """Top-left corner of `ascent`, zero mean, unit variance."""
    with open(os.path.join(DATA, "ascent.pgm"), "rb") as file:
        _, width, height, _, pixels = file.read().split(None, 4)
    corner = np.frombuffer(pixels, np.uint8).reshape(int(height), int(width))[:side, :side].astype("f8")
    return (corner - corner.mean()) / corner.std()


def patches(x, n_atoms, shape, seed=0):
    """Patches of x at random places, zero mean, unit norm: (K, 1, *shape). Flat ones are drawn again."""
    rng, found = np.random.RandomState(seed), []
    while len(found) < n_atoms:
        at = [rng.randint(0, n - m + 1) for n, m in zip(x.shape, shape)]
        patch = x[tuple(slice(a, a + m) for a, m in zip(at, shape))]
        if patch.std() >= 0.1 * x.std():
            patch = patch - patch.mean()
            found.append(patch / np.linalg.norm(patch))
    return np.stack(found)[:, None]


def image_problem(name, n_atoms, side, whole=256, **kind):
    """The photograph, with its own patches for a dictionary."""
    x = image(whole)
    return Problem(name, x[None], patches(x, n_atoms, (side, side)), **kind)


def in_a_piece(side):
    """A quarter is missing, in one piece."""
    mask = np.ones((1, side, side), bool)
    mask[:, :side // 2, :side // 2] = False
    return mask


def at_random(side, seed=0):
    """Three samples of ten are missing."""
    return np.random.RandomState(seed).rand(1, side, side) >= 0.3


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
    z = np.zeros((n_atoms, n_samples - length + 1))
    n_events = n_samples // length * 4  # four atoms overlap everywhere, on average
    z.flat[rng.choice(z.size, n_events, replace=False)] = rng.standard_normal(n_events)
    clean = reconstruct(z, d)
    return Problem(name, clean + 0.1 * clean.std() * rng.standard_normal(clean.shape), d)


PROBLEMS = {
    "image, K=25, 12×12": lambda name: image_problem(name, 25, 12),
    "image, K=5, 8×8": lambda name: image_problem(name, 5, 8),
    "signal, K=10, L=250": lambda name: signal_problem(name, 10, 250),
    "signal, K=25, L=64": lambda name: signal_problem(name, 25, 64),
}

MASKED = {
    "512², K=25, 12×12, a quarter missing in a piece": lambda name: image_problem(name, 25, 12, 512, mask=in_a_piece(512)),
    "512², K=25, 12×12, 3/10 missing at random": lambda name: image_problem(name, 25, 12, 512, mask=at_random(512)),
}


# --- timing and tables --------------------------------------------------------------------------------------------------


def quiet(function, *arguments, **options):
    """Call it without what it prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        return function(*arguments, **options)


def timed(call, clock=time.process_time):
    """Result and seconds: of the processor, which other work on the machine disturbs less; everything has one thread."""
    start = clock()
    result = call()
    return result, clock() - start


def repeated(call):
    """The same of a call that is repeated for a tenth of a second if it takes less: the median. In a program that calls
    again and again neither caches nor the allocator begin anew each time."""
    took = []
    while sum(took) < 0.1:
        result, last = timed(call)
        took.append(last)
    return result, statistics.median(took)


def alternate(contestants, rounds):
    """Run {name: call} in turn, `rounds` times: {name: (last result, median of the seconds)}."""
    results, took = {}, {name: [] for name in contestants}
    for _ in range(rounds):
        for name, call in contestants.items():
            results[name], last = repeated(call)
            took[name].append(last)
    return {name: (results[name], statistics.median(took[name])) for name in contestants}


def seconds(value):
    """A time with three digits."""
    return f"{value * 1e3:.3g} ms" if value < 0.9995 else f"{value:.3g} s"


def ratio(peer, ours):
    """How many times faster ours is."""
    value = peer / ours
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


class Table:
    """A markdown table, a row at a time, so that a run that is stopped leaves what it has."""

    def __init__(self, title, left, *right):
        print(f"\n{title}\n\n| {' | '.join(left + list(right))} |")
        print("|" + " --- |" * len(left) + " --: |" * len(right), flush=True)

    def row(self, *cells):
        """Print a row."""
        print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)
