"""Writers for kmodel V3 and V4, from the format description alone."""

import struct
import numpy as np

from k210_kpu import row_layout

u32 = lambda *a: struct.pack("<%dI" % len(a), *[int(x) & 0xFFFFFFFF for x in a])
i32 = lambda *a: struct.pack("<%di" % len(a), *[int(x) for x in a])
fl = lambda *a: struct.pack("<%df" % len(a), *[float(x) for x in a])


def descriptor(
    *,
    ic,
    oc,
    w,
    h,
    ow,
    oh,
    k,
    pool=0,
    dw=0,
    pad=0,
    arg_x=0,
    shr_x=0,
    arg_w=0,
    shr_w=0,
    arg_add=0,
    src=0,
    dst=0,
    bits=8,
    addr=(0, 0, 0)
):
    g, rl, _ = row_layout(w)
    og, orl, _ = row_layout(ow)
    n = k * k * ic * bits // 8
    if dw:
        one, load, oct_ = k * k * oc * bits // 8, 1, oc
    else:
        oct_ = max(1, min(oc, (30 if bits == 8 else 60) * 1024 // n))
        one = n * oct_
        load = -(-oc // oct_)
    m = lambda v, b: int(v) & ((1 << b) - 1)
    R = [
        dw << 3,
        m(src, 15) | m(dst, 15) << 32,
        (ic - 1) | (oc - 1) << 32 | (oct_ - 1) << 48,
        (w - 1) | (h - 1) << 10 | (ow - 1) << 32 | (oh - 1) << 42,
        (1 if k == 3 else 0) | pool << 4 | 1 << 10 | 15 << 16 | pad << 24 | addr[0] << 32,
        1 | (load - 1) << 1 | m(one, 17) << 15 | addr[2] << 32,
        0,
        m(rl * h, 15) | rl << 16 | g << 28 | 1 << 31 | addr[1] << 32,
        m(orl * oh, 15) | orl << 16 | og << 20,
        m(shr_w, 4) | m(shr_x, 4) << 4 | m(arg_w, 24) << 8 | m(arg_x, 24) << 32,
        m(arg_add, 40),
        m(ow * oh - 1, 16) << 16 | m(ow * oh * oc - 1, 32) << 32,
    ]
    return struct.pack("<12Q", *R)


def bn_table(bn):
    return b"".join(
        struct.pack("<Q", (mul & 0xFFFFFF) | (add & 0xFFFFFFFF) << 24 | (sh & 15) << 56) for mul, sh, add in bn
    )


def act_table(act):
    return b"".join(
        struct.pack("<Q", (sh & 255) | (mul & 0xFFFF) << 8 | (st & (1 << 36) - 1) << 24) for st, mul, sh, ad in act
    ) + bytes(a[3] for a in act)


def align(n, a):
    return -n % a


class V3:
    def __init__(s, bits=8):
        s.bits = bits
        s.layers = []
        s.outs = []
        s.main = 0
        s.min = 32768

    def alloc(s, n):
        a = s.main
        s.main += -(-n // 8) * 8
        return a

    def add(s, t, body):
        s.layers.append((t, body))

    def conv(s, main_out, W, bn, act, **d):
        s.min = min(s.min, d["src"], d["dst"])

        def body(o):
            p = o + 24
            b = b""

            def put(x, al):
                nonlocal b, p
                z = align(p, al)
                b += bytes(z) + x
                q = p + z
                p = q + len(x)
                return q

            a0 = put(descriptor(bits=s.bits, **d), 8)
            a1 = put(W.astype(np.uint8 if s.bits == 8 else "<u2").tobytes(), 128)
            a2 = put(bn_table(bn), 128)
            a3 = put(act_table(act), 256)
            return u32(0 if main_out is None else 1, main_out or 0, a0, a1, a2, a3) + b

        s.add(10240, body)

    def bytes(s):
        o = 28 + 8 * len(s.outs) + 8 * len(s.layers)
        hd = b""
        bd = b""
        for t, f in s.layers:
            x = f(o) if callable(f) else f
            x += bytes(align(o + len(x), 8))
            hd += u32(t, len(x))
            bd += x
            o += len(x)
        return (
            u32(3, 1 if s.bits == 8 else 0, 0, len(s.layers), s.min, s.main, len(s.outs))
            + b"".join(u32(*q) for q in s.outs)
            + hd
            + bd
        )


class V4:
    def __init__(s):
        s.nodes = []
        s.ins = []
        s.outs = []
        s.const = b""
        s.main = 0
        s.size = {}

    def alloc(s, n, dt=0):
        a = s.main
        s.main += -(-n // 8) * 8
        return (1, dt, a, n)

    def constant(s, arr):
        a = np.ascontiguousarray(arr)
        o = len(s.const)
        s.const += a.tobytes() + bytes(align(a.nbytes, 8))
        return (0, 0 if a.dtype == np.float32 else 1, o, a.nbytes)

    def add(s, op, body):
        s.nodes.append((op, body))

    def conv(s, main, batches, W, bn, act, **d):
        def body(o):
            p = o + 24 + 96
            b = b""
            sk = []
            for x in (bn_table(bn), act_table(act), W.astype(np.uint8).tobytes()):
                z = align(p, 256)
                sk.append(z)
                b += bytes(z) + x
                p += z + len(x)
            return u32(*(main or (0, 0, 0, 0))) + i32(batches, 0) + descriptor(addr=tuple(sk), **d) + b

        s.add(0x2002, body)

    def bytes(s):
        o = 40 + 32 * len(s.ins) + 16 * len(s.outs) + len(s.const) + 8 * len(s.nodes)
        hd = b""
        bd = b""
        for t, f in s.nodes:
            x = f(o) if callable(f) else f
            x += bytes(align(o + len(x), 8)) if t == 0x2002 else b""
            hd += u32(t, len(x))
            bd += x
            o += len(x)
        return (
            u32(0x4B4D444C, 4, 0, 1, len(s.const), s.main, len(s.nodes), len(s.ins), len(s.outs), 0)
            + b"".join(u32(*q[0]) for q in s.ins)
            + b"".join(i32(*q[1]) for q in s.ins)
            + b"".join(u32(*q) for q in s.outs)
            + s.const
            + hd
            + bd
        )
