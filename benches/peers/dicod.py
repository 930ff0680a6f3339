"""Our own library, called through ctypes: the one place of this benchmark that knows the C API."""

import ctypes as ct
import functools
import os

import numpy as np

I64 = ct.c_int64


class Step(ct.Structure):
    """`dicod_learn_step` of the header."""

    _fields_ = [("struct_size", I64), ("iteration", I64), ("objective_z", ct.c_double), ("objective_d", ct.c_double)]


LISTENER = ct.CFUNCTYPE(ct.c_int32, ct.c_void_p, ct.POINTER(Step))


@functools.cache
def library(name="dicod"):
    """The installed library; DICOD_PREFIX says where."""
    lib = ct.CDLL(os.path.join(os.environ["DICOD_PREFIX"], "lib", f"lib{name}.so"))
    lib.dicod_options_set_real.argtypes = [ct.c_void_p, ct.c_char_p, ct.c_double]
    lib.dicod_options_set_integer.argtypes = [ct.c_void_p, ct.c_char_p, I64]
    lib.dicod_options_set_string.argtypes = [ct.c_void_p, ct.c_char_p, ct.c_char_p]
    return lib


def _check(lib, status):
    if status < 0:
        text = ct.create_string_buffer(1024)
        lib.dicod_last_error(text, I64(1024), None)
        raise RuntimeError(text.value.decode())


def _options(lib, problem, tol, **more):
    """A handle with the problem's regularisation, a relative tolerance, and more options."""
    options = ct.c_void_p()
    _check(lib, lib.dicod_options_create(ct.byref(options)))
    values = {"reg": problem.reg, "reg_scale": "absolute", "tol": problem.absolute_tol(tol), "tol_scale": "absolute"}
    for key, value in {**values, "positive": int(problem.positive), **more}.items():
        setter = {float: lib.dicod_options_set_real, int: lib.dicod_options_set_integer}.get(type(value))
        if setter is None:
            setter, value = lib.dicod_options_set_string, value.encode()
        _check(lib, setter(options, key.encode(), value))
    return options


def _geometry(problem):
    """Number of axes, signal shape, signals, channels, atoms, atom shape."""
    x, d = problem.x, problem.d
    n_axes = x.ndim - 1
    shapes = (I64 * n_axes)(*x.shape[1:]), (I64 * n_axes)(*d.shape[2:])
    return I64(n_axes), shapes[0], I64(1), I64(d.shape[1]), I64(d.shape[0]), shapes[1]


def _data(array):
    return array.ctypes.data_as(ct.c_void_p)


def solve(problem, tol, comm=None):
    """z of a whole call: Gram tensor, solve, certificate, and the copy of z; one thread, or the ranks of an mpi4py `comm`."""
    lib, context = library("dicod_mpi" if comm else "dicod"), ct.c_void_p()
    if comm:
        _check(lib, lib.dicod_context_create_mpi_f(comm.py2f(), 1, ct.byref(context)))
    options = _options(lib, problem, tol)
    z = np.empty((len(problem.d), *(t - l + 1 for t, l in zip(problem.x.shape[1:], problem.d.shape[2:]))))
    try:
        _check(lib, lib.dicod_solve(
            context, options, *_geometry(problem), _data(problem.x), _data(problem.d), _data(z), None))
    finally:
        lib.dicod_options_free(ct.byref(options))
        lib.dicod_context_free(ct.byref(context))
    return z


def learn(problem, tol, target, iterations, clock):
    """Learns from the problem's dictionary on until F is at most `target`: [(seconds, F)] after each outer iteration."""
    lib = library()
    options = _options(lib, problem, tol, learn_init="given", learn_max_iter=iterations, learn_tol=1e-6)
    d, story, start = problem.d.copy(), [], clock()

    @LISTENER
    def listen(_, step):
        story.append((clock() - start, step.contents.objective_d))
        return int(step.contents.objective_d <= target)

    try:
        _check(lib, lib.dicod_learn(None, options, *_geometry(problem), _data(problem.x), listen, None, _data(d), None, None))
    finally:
        lib.dicod_options_free(ct.byref(options))
    return story
