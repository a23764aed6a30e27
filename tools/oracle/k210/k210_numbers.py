"""Numbers of the K210's law: C's functions and conversions, rounding, bit fields, errors and results."""

import ctypes, ctypes.util, zlib
import numpy as np


f32 = np.float32
_m = ctypes.CDLL(ctypes.util.find_library("m"))
for _n in ("expf", "logf", "sinf", "cosf", "tanhf", "roundf", "erff"):
    g = getattr(_m, _n)
    g.restype = ctypes.c_float
    g.argtypes = [ctypes.c_float]
_m.powf.restype = ctypes.c_float
_m.powf.argtypes = [ctypes.c_float, ctypes.c_float]
_m.exp.restype = ctypes.c_double
_m.exp.argtypes = [ctypes.c_double]


def mapf(name, a):
    g = getattr(_m, name)
    return np.array([g(float(v)) for v in np.asarray(a).ravel()], f32).reshape(np.shape(a))


def roundf(a):  # half away from zero, float32
    a = np.asarray(a, f32)
    r = np.trunc(a)
    d = np.abs(a - r)
    return np.where(d >= f32(0.5), r + np.sign(a), r).astype(f32)


def f2i(a):  # C cast float -> int32 (saturating here; the x86 result for out-of-range is INT_MIN)
    a = np.asarray(a, np.float64)
    bad = ~((a > -2147483649.0) & (a < 2147483648.0))
    r = np.where(bad, -2147483648.0, a)
    return np.trunc(r).astype(np.int64)


def sgn(v, bits):
    v &= (1 << bits) - 1
    return v - (1 << bits) if v >> (bits - 1) else v


def bits(v, lo, n):
    return (v >> lo) & ((1 << n) - 1)


class ModelError(Exception):
    pass


class Result:
    def __init__(s):
        s.outputs = []
        s.trace = []
        s.meta = {}


def crc(b):
    return zlib.crc32(bytes(b)) & 0xFFFFFFFF


def clampf(a, lo, hi):
    return np.where(a < lo, lo, np.where(hi < a, hi, a)).astype(f32)
