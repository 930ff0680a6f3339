"""Our own library, called through ctypes: the one place of this benchmark that knows the C API."""

import ctypes as ct
import os

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEFAULT_LIBRARY = os.path.join(ROOT, "target", "release", "libdicod.so")


class Info(ct.Structure):
    """`dicod_info` of the header."""

    _fields_ = (
        [("struct_size", ct.c_int64), ("status", ct.c_int32), ("n_threads", ct.c_int32)]
        + [(name, ct.c_double) for name in ("lambda_", "lambda_max", "tol")]
        + [(name, ct.c_int64) for name in ("steps", "visits", "sweeps", "nonzeros")]
        + [(name, ct.c_double) for name in ("objective", "data_term", "max_step", "duality_gap")]
        + [("seconds" + name, ct.c_double) for name in ("", "_gram", "_correlate", "_descend", "_certify")]
        + [("bytes", ct.c_int64), ("bytes_gram", ct.c_int64)]
    )


def available(library=None):
    """Is there a library to measure?"""
    return os.path.exists(library or DEFAULT_LIBRARY)


_LOADED = {}


def _load(library):
    path = library or DEFAULT_LIBRARY
    if path not in _LOADED:
        lib = ct.CDLL(path)
        lib.dicod_options_set_real.argtypes = [ct.c_void_p, ct.c_char_p, ct.c_double]
        _LOADED[path] = lib
    return _LOADED[path]


def _check(lib, status):
    if status < 0:
        text = ct.create_string_buffer(1024)
        lib.dicod_last_error(text, ct.c_int64(1024), None)
        raise RuntimeError(text.value.decode())


def run_dicod(x, d, reg, tol, library=None):
    """Encode x (P, *signal) with d (K, P, *atom): absolute reg and tol, signed z, valid boundary, f64, one thread.

    Returns (z, steps, visits). The whole call is timed from outside: Gram tensor, solve, certificate and the copy of z.
    """
    lib = _load(library)
    x, d = np.ascontiguousarray(x, "f8"), np.ascontiguousarray(d, "f8")
    n_axes, n_atoms, n_channels = x.ndim - 1, d.shape[0], d.shape[1]
    signal = (ct.c_int64 * n_axes)(*x.shape[1:])
    atom = (ct.c_int64 * n_axes)(*d.shape[2:])
    z = np.empty((n_atoms, *(t - l + 1 for t, l in zip(signal, atom))))
    options = ct.c_void_p()
    _check(lib, lib.dicod_options_create(ct.byref(options)))
    for key, value in (b"reg", reg), (b"tol", tol):
        _check(lib, lib.dicod_options_set_real(options, key, value))
        _check(lib, lib.dicod_options_set_string(options, key + b"_scale", b"absolute"))
    info = Info(struct_size=ct.sizeof(Info))
    n = ct.c_int64
    status = lib.dicod_solve(
        None, options, n(n_axes), signal, n(1), n(n_channels), n(n_atoms), atom,
        x.ctypes.data_as(ct.c_void_p), d.ctypes.data_as(ct.c_void_p), z.ctypes.data_as(ct.c_void_p),
        ct.byref(info))
    lib.dicod_options_free(ct.byref(options))
    _check(lib, status)
    return z, info.steps, info.visits
