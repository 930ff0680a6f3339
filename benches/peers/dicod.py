"""Our own library, called through ctypes: the one place of this benchmark that knows the C API."""

import ctypes as ct
import functools
import os

import numpy as np

I64 = ct.c_int64


class Step(ct.Structure):
    """`dicod_learn_step` of the header."""

    _fields_ = [("struct_size", I64), ("iteration", I64), ("objective_z", ct.c_double), ("objective_d", ct.c_double)]


class Shapes(ct.Structure):
    """`dicod_problem` of the header."""

    _fields_ = [("struct_size", I64), ("n_axes", I64), ("signal_shape", I64 * 4), ("atom_shape", I64 * 4), ("n_atoms", I64),
                ("n_channels", I64), ("n_signals", I64)]


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
        lib.dicod_last_error(I64(1024), text, None)
        raise RuntimeError(text.value.decode())


def _options(lib, problem, tol, **more):
    """A handle with the problem's regularisation, a relative tolerance, and more options."""
    options = ct.c_void_p()
    _check(lib, lib.dicod_options_create(ct.byref(options)))
    values = {"reg": problem.reg, "reg_scale": "absolute", "tol": problem.absolute_tol(tol), "tol_scale": "absolute"}
    for key, value in {**values, "positive": int(problem.positive), **problem.options, **more}.items():
        setter = {float: lib.dicod_options_set_real, int: lib.dicod_options_set_integer}.get(type(value))
        if setter is None:
            setter, value = lib.dicod_options_set_string, value.encode()
        _check(lib, setter(options, key.encode(), value))
    return options


def _shapes(problem):
    """What the library is told of a problem."""
    x, d = problem.x, problem.d
    signal, atom = (I64 * 4)(*x.shape[1:]), (I64 * 4)(*d.shape[2:])
    return ct.byref(Shapes(ct.sizeof(Shapes), x.ndim - 1, signal, atom, len(d), d.shape[1], 1))


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
            context, options, _shapes(problem), _data(problem.given), _data(problem.d), _data(z), None))
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
        _check(lib, lib.dicod_learn(None, options, _shapes(problem), _data(problem.x), listen, None, _data(d), None, None))
    finally:
        lib.dicod_options_free(ct.byref(options))
    return story
