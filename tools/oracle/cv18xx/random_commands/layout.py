"""Places, strides and fill modes that random commands share."""

import enum
import struct

LANE_BYTES = 0x8000


class Fill(enum.IntEnum):
    """How memory is filled before a command (README of tests/golden/cv18xx_commands)."""

    BYTES, BF16_MID, BF16_ALL, SMALL, BF16_INT, SPARSE = range(6)


def round_up(x, a):
    return (x + a - 1) // a * a


def ceil_div(a, b):
    return (a + b - 1) // b


class Alloc:
    """non-overlapping places inside one lane"""

    def __init__(self, rng, lanes, max_lane=0):
        self.rng, self.p, self.lanes, self.ml = rng, 0, lanes, max_lane

    def get(self, size, align=16, lane=0):
        self.p = round_up(self.p + self.rng.choice([0, 0, 0, 16, 48]), align)
        a = self.p
        self.p += round_up(size, 16)
        if self.p > LANE_BYTES:
            raise OverflowError
        return a + lane * LANE_BYTES


def local_strides(lanes, n, c, h, w, e, aligned, lane=0):
    sc = h * w * e
    if aligned:
        sc = round_up(sc, 16)
    return [sc * ceil_div(c + lane, lanes), sc, w * e, e]


def stride_fields(prefix, st, b=None):
    d = {prefix + "_n_str": st[0], prefix + "_c_str": st[1], prefix + "_h_str": st[2], prefix + "_w_str": st[3]}
    if b is not None:
        d[prefix + "_b_str"] = b
    return d


def shape_fields(prefix, n, c, h, w):
    return {prefix + "_n": n, prefix + "_c": c, prefix + "_h": h, prefix + "_w": w}


def bf16_fill(rng, special=True):
    """special: also raw patterns with Inf, NaN and subnormals (not used where a 32-bit partial sum is read)"""
    f = rng.choice([Fill.BF16_MID] * 4 + [Fill.BF16_INT] * 2 + [Fill.BF16_ALL])
    return f if special or f != Fill.BF16_ALL else Fill.BF16_MID


def int8_fill(rng):
    return rng.choice([Fill.BYTES] * 4 + [Fill.SMALL] * 2 + [Fill.SPARSE])


def quantise_bytes(rng, bias, ch):
    out = b""
    for _ in range(ch):
        if bias:
            out += struct.pack(
                "<i", rng.randrange(-20000, 20000) if rng.random() < 0.8 else rng.randrange(-(2**31), 2**31)
            )
        m = rng.randrange(2**30, 2**31) if rng.random() < 0.8 else rng.randrange(2**32)
        out += struct.pack("<I", m) + bytes(
            [rng.choice([rng.randrange(0, 14), rng.randrange(0, 14), rng.randrange(64), rng.randrange(256)])]
        )
    return out


def quantise_patches(addr, bias, oc, lanes, rng):
    per = 9 if bias else 5
    ps = []
    start = addr // LANE_BYTES
    raw = quantise_bytes(rng, bias, oc)
    for c in range(oc):
        l = start + c
        ps.append(((l % lanes) * LANE_BYTES + addr % LANE_BYTES + (l // lanes) * per, raw[c * per : (c + 1) * per]))
    return ps


def matrix_shape(rng, lanes, rows, col, e):
    """shape (w, c) of a matrix with col columns"""
    eu = 16 // e
    if col >= eu:
        k = ceil_div(col, eu * lanes)
        w = eu * k
    else:
        w = col
    if rng.random() < 0.3:
        w = rng.choice([1, 2, 3, 8, 16, col])
        w = min(w, col)
    c = ceil_div(col, w)
    return w, c, round_up(w * e, 16) * ceil_div(c, lanes)


def c_stride_fields(prefix, v):
    return {prefix + "_c_stride_low": v & 0xFFFF, prefix + "_c_stride_high": v >> 16}


def same_area(rng, total):
    """a (h, w) with h*w == total"""
    ds = [d for d in range(1, total + 1) if total % d == 0]
    d = rng.choice(ds)
    return d, total // d
