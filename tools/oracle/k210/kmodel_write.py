"""Writers for kmodel V3 and V4 (from the format description alone) and random model builders.

Library: V3 / V4 classes build files; rand_v3(rng, kind) / rand_v4(rng, kind) build random test models.
Command: kmodel_write.py --format 3|4 --seed N --count M --out DIR   (expected outputs from k210_exec)
"""

import argparse, json, os, struct, sys
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import k210_exec as K

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
    g, rl, _ = K.row_layout(w)
    og, orl, _ = K.row_layout(ow)
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


# ------------------------------------------------------------------ random parts
def rand_act(rng, lo, hi):
    """16 segments over [lo, hi]; slopes of both signs, so that ties and negative products occur"""
    st = np.sort(rng.integers(lo, hi, 15))
    mode = rng.integers(0, 4)
    t = [(-(1 << 35), 0, 0, int(rng.integers(0, 256)))]
    for i in range(15):
        nxt = st[i + 1] if i < 14 else hi
        span = max(1, int(nxt - st[i]))
        sh = int(rng.integers(1, 21))
        dy = float(rng.uniform(0, 60)) * (1 if mode == 0 else rng.choice([-1, 1]))
        mul = int(np.clip(round(dy / span * 2.0**sh), -32768, 32767))
        if rng.random() < 0.15:
            sh = 0
            mul = int(rng.integers(-2, 3))
        t.append((int(st[i]), mul, sh, int(rng.integers(0, 256))))
    return t


def rand_kpu(rng, ic, oc, k, dw, bits, law):
    zx = int(rng.integers(0, 256))
    zw = int(rng.integers(0, 1 << bits))
    n = k * k * (1 if dw else ic)
    mult = 1 if dw else ic
    W = rng.integers(0, 1 << bits, oc * n)
    if law == "v3":  # mantissa/shift forms as that converter writes them
        sx, sw = int(rng.integers(0, 12 if bits == 8 else 7)), int(rng.integers(0, 12))
        ax = int(-zw * 2**sx - rng.integers(0, 2**sx))
        aw = int(-zx * 2**sw - rng.integers(0, 2**sw))
        ax = max(ax, -(1 << 23))
        aw = max(aw, -(1 << 23))
    else:
        sx = sw = 0
        ax, aw = -zw, -zx
    A = n * 255 * ((1 << bits) - 1) / 3 / np.sqrt(n)
    target = 2.0 ** rng.uniform(10, 22)
    bn = []
    for _ in range(oc):
        sh = int(rng.integers(0, 16))
        mul = int(
            np.clip(
                round(target / A * 2.0**sh * rng.uniform(0.3, 1.7) * rng.choice([1, 1, 1, -1])),
                -(1 << 23),
                (1 << 23) - 1,
            )
        )
        bn.append((mul, sh, int(rng.integers(-int(target), int(target) + 1))))
    return dict(W=W, bn=bn, act=rand_act(rng, int(-1.5 * target), int(1.5 * target))), dict(
        k=k, dw=int(dw), pad=zx, arg_x=ax, shr_x=sx, arg_w=aw, shr_w=sw, arg_add=k * k * zw * zx
    )


def dims(rng, big=False):
    w = int(
        rng.choice(
            [4, 5, 8, 12, 15, 16, 17, 20, 24, 31, 32, 33, 40, 63, 64, 65] + ([100, 127, 128, 130] if big else [])
        )
    )
    return w, int(rng.integers(4, 14))


def pooled(rng, w, h, law):
    p = int(rng.choice([0, 0, 0, 1, 2, 3, 4, 5] + ([6, 7, 8, 9] if law != "v3" else [])))
    if law == "v3" and p:  # that converter only pools exact multiples
        st = K.POOL[p][1]
        w = max(st, w // st * st)
        h = max(st, h // st * st)
    return p, w, h, w // K.POOL[p][1], h // K.POOL[p][1]


def conv_chain(rng, M, law, n, shape, src, batches=1):
    """appends n kpu layers; returns (line, c, h, w) of the last map; alternates between two regions"""
    c, h, w = shape
    line = src
    specs = []
    for i in range(n):
        dw = bool(rng.random() < 0.3)
        oc = c if dw else int(rng.integers(1, 14))
        k = int(rng.choice([1, 3])) if law != "v3" or not dw else 3  # the V3 emulator has no working depthwise 1x1
        p, w2, h2, ow, oh = pooled(rng, w, h, law)
        if (w2, h2) != (w, h):
            p, ow, oh = 0, w, h
        if ow < 1 or oh < 1:
            p, ow, oh = 0, w, h
        a, d = rand_kpu(rng, c, oc, k, dw, 8 if law != "v3" else M.bits, law)
        dst = 16384 if line < 16384 else 64
        specs.append((a, dict(ic=c, oc=oc, w=w, h=h, ow=ow, oh=oh, pool=p, src=line, dst=dst, **d)))
        line, c, h, w = dst, oc, oh, ow
    return specs, (line, c, h, w)


V3_KINDS = [
    "conv",
    "conv16",
    "dequant",
    "requant",
    "qadd",
    "fc",
    "gap",
    "softmax",
    "l2",
    "concat",
    "qconcat",
    "flatten",
    "resize",
    "qresize",
    "chdeq",
    "logistic",
    "avgpool",
    "qmaxpool",
    "upload",
    "fcnet",
    "addf",
    "multiout",
]


def rand_v3(rng, kind):
    M = V3(16 if kind == "conv16" else 8)
    if kind == "fcnet":
        n0 = int(rng.choice([3, 4, 8, 16, 24]))
        a = M.alloc(4 * n0)
        n = n0
        for act in (1, 2, 0):
            o = int(rng.integers(2, 12))
            b = M.alloc(4 * o)
            M.add(
                18,
                u32(0, a, b, n, o, act)
                + rng.normal(0, 1, o * n).astype("<f4").tobytes()
                + rng.normal(0, 1, o).astype("<f4").tobytes(),
            )
            a, n = b, o
        M.outs.append((a, 4 * n))
        return M.bytes(), [rng.normal(0, 2, n0).astype(np.float32)]
    w, h = dims(rng, kind in ("conv", "conv16"))
    c = int(rng.integers(1, 6))
    specs, (ln, oc, oh, ow) = conv_chain(
        rng, M, "v3", int(rng.integers(1, 5)) if kind.startswith("conv") else int(rng.integers(1, 3)), (c, h, w), 64
    )
    n = oc * oh * ow
    mo = M.alloc(n + 8)
    for i, (a, d) in enumerate(specs):
        M.conv(mo if i == len(specs) - 1 else None, a["W"], a["bn"], a["act"], **d)
    x = [rng.integers(0, 256, (c, h, w)).astype(np.uint8)]
    sc, bi = float(rng.uniform(0.005, 0.1)), float(rng.uniform(-8, 2))

    def deq(src, cnt):
        o = M.alloc(4 * cnt)
        M.add(12, u32(0, src, o, cnt) + fl(sc, bi))
        return o

    out = None
    if kind.startswith("conv"):
        out = (mo, n)
    elif kind == "dequant":
        out = (deq(mo, n), 4 * n)
    elif kind == "requant":
        o = M.alloc(n)
        M.add(13, u32(0, mo, o, n) + rng.integers(0, 256, 256).astype(np.uint8).tobytes())
        out = (o, n)
    elif kind == "qadd":
        o = M.alloc(n + 8)
        t = M.alloc(n + 8)
        M.add(13, u32(0, mo, t, n) + rng.permutation(256).astype(np.uint8).tobytes())
        r = lambda a, b: int(rng.integers(a, b))
        sa = r(0, 12)
        sb = sa if rng.random() < 0.5 else r(0, 12)
        M.add(
            2,
            u32(0, mo, t, o, n)
            + i32(-r(0, 200), r(1, 2**12), sa, -r(0, 200), r(1, 2**12), sb, r(0, 255), r(1, 4000), r(8, 20)),
        )
        out = (o, n)
    elif kind == "fc":
        a = deq(mo, n)
        no = int(rng.integers(2, 9))
        o = M.alloc(4 * no)
        M.add(
            18,
            u32(0, a, o, n, no, int(rng.integers(0, 3)))
            + rng.normal(0, 0.1, no * n).astype("<f4").tobytes()
            + rng.normal(0, 1, no).astype("<f4").tobytes(),
        )
        out = (o, 4 * no)
    elif kind == "gap":
        a = deq(mo, n)
        o = M.alloc(4 * oc)
        M.add(5, u32(0, a, o, oh * ow, oc))
        out = (o, 4 * oc)
    elif kind in ("softmax", "l2", "logistic"):
        a = deq(mo, n)
        m = min(n, 40)
        o = M.alloc(4 * m)
        M.add({"softmax": 15, "l2": 14, "logistic": 25}[kind], u32(0, a, o, m))
        out = (o, 4 * m)
    elif kind == "concat":
        a = deq(mo, n)
        o = M.alloc(8 * n)
        M.add(16, u32(0, o, 2, a, 4 * n, a, 4 * n))
        out = (o, 8 * n)
    elif kind == "qconcat":
        t = M.alloc(n)
        M.add(13, u32(0, mo, t, n) + rng.permutation(256).astype(np.uint8).tobytes())
        o = M.alloc(2 * n)
        M.add(17, u32(0, o, 2, mo, n, t, n))
        out = (o, 2 * n)
    elif kind == "flatten":
        a = deq(mo, n)
        o = M.alloc(4 * n)
        M.add(20, u32(0, a, o, ow, oh, oc))
        out = (o, 4 * n)
    elif kind in ("resize", "qresize"):
        nw, nh = int(rng.integers(1, 2 * ow + 2)), int(rng.integers(1, 2 * oh + 2))
        e = 4 if kind == "resize" else 1
        a = deq(mo, n) if e == 4 else mo
        o = M.alloc(e * nw * nh * oc)
        M.add(22 if e == 4 else 23, u32(0, a, o, ow, oh, oc, nw, nh, 0))
        out = (o, e * nw * nh * oc)
    elif kind == "chdeq":
        o = M.alloc(4 * n)
        M.add(24, u32(0, mo, o, oc, oh * ow) + rng.uniform(-0.1, 0.1, 2 * oc).astype("<f4").tobytes())
        out = (o, 4 * n)
    elif kind in ("avgpool", "qmaxpool"):
        k, s_, p = int(rng.integers(2, 4)), int(rng.integers(1, 4)), int(rng.integers(0, 2))
        pw, ph = (ow + 2 * p - k) // s_ + 1, (oh + 2 * p - k) // s_ + 1
        if pw < 1 or ph < 1:
            k = s_ = 1
            p = 0
            pw, ph = ow, oh
        e = 4 if kind == "avgpool" else 1
        a = deq(mo, n) if e == 4 else mo
        o = M.alloc(e * pw * ph * oc)
        M.add(
            9 if e == 4 else 8, u32(0, a, o, ow, oh, oc, pw, ph, oc, k, k, s_, s_, p, p) + (u32(0) if e == 4 else b"")
        )
        out = (o, e * pw * ph * oc)
    elif kind == "upload":  # map -> main -> AI RAM -> conv;  then 1x1 through add/remove padding
        M.add(10243, u32(0, mo, 9000, ow, oh, oc))
        a, d = rand_kpu(rng, oc, 5, 1, False, 8, "v3")
        m2 = M.alloc(5 * oh * ow + 8)
        M.conv(m2, a["W"], a["bn"], a["act"], ic=oc, oc=5, w=ow, h=oh, ow=ow, oh=oh, src=9000, dst=20000, **d)
        M.outs.append((m2, 5 * oh * ow))
        f = deq(mo, n)
        o1 = M.alloc(4 * oc)
        M.add(5, u32(0, f, o1, oh * ow, oc))
        q = M.alloc(oc + 8)
        M.add(11, u32(0, o1, q, oc) + fl(sc, bi))
        M.add(10241, u32(0, q, 12000, oc))
        a, d = rand_kpu(rng, oc, 7, 1, False, 8, "v3")
        m3 = M.alloc(16 * 7 + 8)
        M.conv(m3, a["W"], a["bn"], a["act"], ic=oc, oc=7, w=4, h=4, ow=4, oh=4, src=12000, dst=24000, **d)
        r_ = M.alloc(8)
        M.add(10242, u32(0, m3, r_, 7))
        out = (r_, 7)
    elif kind == "addf":
        a = deq(mo, n)
        o = M.alloc(4 * n)
        M.add(1, u32(0, a, a, o, n))
        out = (o, 4 * n)
    elif kind == "multiout":
        M.outs.append((mo, n))
        a = deq(mo, n)
        out = (a, 4 * n)
    M.outs.append(out)
    return M.bytes(), x


V4_KINDS = [
    "conv",
    "convmain",
    "batch",
    "binary",
    "qbinary",
    "concat",
    "conv2d",
    "dequant",
    "matmul",
    "pad",
    "quant",
    "reduce",
    "window",
    "copy",
    "resize",
    "softmax",
    "transpose",
    "slice",
    "unary",
    "qconv",
    "qmatmul",
    "lut",
    "deconv",
    "nnil",
    "mixed",
]


def rand_v4(rng, kind):
    M = V4()
    r = lambda a, b: int(rng.integers(a, b + 1))
    xs = []
    shp = [r(1, 2), r(1, 5), r(2, 7), r(2, 9)]
    FULL = fl(-3.4028234663852886e38, 3.4028234663852886e38)
    actr = lambda: FULL if rng.random() < 0.4 else fl(-1.0, 1.5)

    def fin(s):
        m = M.alloc(4 * int(np.prod(s)))
        M.ins.append((m, s))
        xs.append(rng.normal(0, 1.5, s).astype(np.float32))
        return m

    def qin(s):
        m = M.alloc(int(np.prod(s)), 1)
        M.ins.append((m, s))
        xs.append(rng.integers(0, 256, s).astype(np.uint8))
        return m

    def o(n, dt=0):
        m = M.alloc(n * (4 if dt == 0 else 1), dt)
        M.outs.append(m)
        return m

    size = int(np.prod(shp))
    if kind in ("conv", "convmain", "batch", "mixed"):
        w, h = dims(rng, True)
        c = r(1, 6)
        b = r(2, 3) if kind == "batch" else 1
        if kind in ("convmain", "mixed"):
            q = qin([b, c, h, w])
            M.add(0x2001, u32(*q) + u32(2, 1, 64 * 64, K.fmap_lines(w, h, c) * 64 * b) + i32(b, c, h, w))
        else:
            M.ins.append(((2, 1, 64 * 64, K.fmap_lines(w, h, c) * 64 * b), [b, c, h, w]))
            xs.append(rng.integers(0, 256, (b, c, h, w)).astype(np.uint8))
        specs, (ln, oc, oh, ow) = conv_chain(rng, M, "v4", r(1, 4), (c, h, w), 64)
        n = b * oc * oh * ow
        mo = o(n, 1)
        for i, (a, d) in enumerate(specs):
            M.conv(mo if i == len(specs) - 1 else None, b, a["W"], a["bn"], a["act"], **d)
        if kind == "mixed":
            f = o(n)
            M.add(3, u32(*mo) + i32(r(0, 255)) + fl(rng.uniform(5, 60)))
            M.nodes[-1] = (3, u32(*mo) + u32(*f) + M.nodes[-1][1][16:])
            g = o(n)
            M.add(0x0B, u32(*f) + u32(*g) + i32(oh * ow, b * oc) + fl(1.0))
            t = o(n)
            M.add(0x0C, u32(*g) + u32(*t) + i32(b, oc, oh, ow) + i32(0, 2, 3, 1))
            z = o(n, 1)
            M.add(6, u32(*t) + u32(*z) + i32(3) + fl(400.0))
    elif kind == "binary":
        s2 = [d if rng.random() < 0.6 else 1 for d in shp]
        a, b = fin(shp), fin(s2)
        for op in range(6):
            q = o(size)
            M.add(0, u32(*a) + u32(*b) + u32(*q) + i32(op, *shp, *s2, *shp) + actr())
    elif kind == "qbinary":
        s2 = [d if rng.random() < 0.6 else 1 for d in shp]
        a, b = qin(shp), qin(s2)
        for op in (0, 1, 2, 4, 5):
            q = o(size, 1)
            M.add(
                0x11,
                u32(*a)
                + u32(*b)
                + u32(*q)
                + i32(
                    op,
                    *shp,
                    *s2,
                    *shp,
                    -r(0, 255),
                    r(1, 2000),
                    r(0, 10),
                    -r(0, 255),
                    r(1, 2000),
                    r(0, 10),
                    r(0, 255),
                    r(1, 60000) if op != 2 else r(1, 400),
                    r(12, 24) if op != 2 else r(14, 24)
                ),
            )
    elif kind == "concat":
        ax = r(1, 3)
        parts = []
        dims_ = []
        for _ in range(r(2, 4)):
            s = list(shp)
            s[ax] = r(1, 4)
            parts.append(fin(s))
            dims_.append(s[ax])
        inner = 4 * int(np.prod(shp[ax + 1 :]))
        outer = int(np.prod(shp[:ax]))
        q = o(inner * outer * sum(dims_) // 4)
        M.add(1, u32(*q) + u32(inner, outer, len(parts)) + b"".join(u32(*p) for p in parts) + i32(*dims_))
    elif kind in ("conv2d", "qconv"):
        g = r(1, 2)
        shp[1] = g * r(1, 3)
        oc = g * r(1, 3)
        fh, fw, sh, sw, dh, dw = r(1, 3), r(1, 3), r(1, 2), r(1, 2), r(1, 2), r(1, 2)
        p = [r(0, 2) for _ in range(4)]
        shp[2] += 4
        shp[3] += 4
        s = shp
        oh, ow = K.win_out(s[2], fh, sh, dh, p[0], p[1]), K.win_out(s[3], fw, sw, dw, p[2], p[3])
        n = s[0] * oc * oh * ow
        head = i32(*s, g, oc, *p, fh, fw, sh, sw, dh, dw)
        if kind == "conv2d":
            a = fin(s)
            q = o(n)
            M.add(
                2,
                u32(*a)
                + u32(*q)
                + head
                + actr()
                + rng.normal(0, 0.5, oc * s[1] // g * fh * fw).astype("<f4").tobytes()
                + rng.normal(0, 0.5, oc).astype("<f4").tobytes(),
            )
        else:
            a = qin(s)
            q = o(n, 1)
            M.add(
                0x0F,
                u32(*a)
                + u32(*q)
                + head
                + i32(-r(0, 255), -r(0, 255), r(2**14, 2**16), r(20, 26), r(0, 255))
                + rng.integers(-20000, 20000, oc).astype("<i4").tobytes()
                + rng.integers(0, 256, oc * s[1] // g * fh * fw).astype(np.uint8).tobytes(),
            )
    elif kind == "deconv":
        g = 1
        oc = r(1, 3)
        fh, fw, sh, sw = r(1, 3), r(1, 3), r(1, 2), r(1, 2)
        p = [r(0, 1) for _ in range(4)]
        so = [shp[0], oc, (shp[2] - 1) * sh + fh - p[0] - p[1], (shp[3] - 1) * sw + fw - p[2] - p[3]]
        so = [max(1, v) for v in so]
        a = fin(shp)
        q = o(int(np.prod(so)))
        M.add(
            0x13,
            u32(*a)
            + u32(*q)
            + i32(*shp, *so, g, *p, fh, fw, sh, sw, 1, 1)
            + actr()
            + rng.normal(0, 0.5, oc * shp[1] * fh * fw).astype("<f4").tobytes()
            + rng.normal(0, 9, oc).astype("<f4").tobytes(),
        )
    elif kind == "dequant":
        a = qin(shp)
        q = o(size)
        M.add(3, u32(*a) + u32(*q) + i32(r(0, 255)) + fl(rng.uniform(0.5, 90)))
    elif kind == "quant":
        a = fin(shp)
        q = o(size, 1)
        M.add(6, u32(*a) + u32(*q) + i32(r(0, 255)) + fl(rng.uniform(1, 90)))
        x = xs[-1].ravel()
        k = min(8, x.size)
        x[:k] = (np.arange(k) - 3.5) / 4
    elif kind in ("matmul", "qmatmul"):
        m, k, n = r(1, 5), r(1, 20), r(1, 7)
        if kind == "matmul":
            a, b = fin([1, 1, m, k]), M.constant(rng.normal(0, 1, (k, n)).astype(np.float32))
            q = o(m * n)
            M.add(4, u32(*a) + u32(*b) + u32(*q) + i32(m, k, n) + actr() + rng.normal(0, 1, n).astype("<f4").tobytes())
        else:
            a, b = qin([1, 1, m, k]), M.constant(rng.integers(0, 256, (k, n)).astype(np.uint8))
            q = o(m * n, 1)
            M.add(
                0x10,
                u32(*a)
                + u32(*b)
                + u32(*q)
                + i32(m, k, n, -r(0, 255), -r(0, 255), r(2**14, 2**16), r(20, 28), r(0, 255))
                + rng.integers(-9000, 9000, n).astype("<i4").tobytes(),
            )
    elif kind == "pad":
        for f in (fin, qin):
            pd = [[0, 0], [r(0, 1), r(0, 2)], [r(-1, 2), r(0, 2)], [r(0, 3), r(-1, 2)]]
            a = f(shp)
            so = [shp[i] + sum(pd[i]) for i in range(4)]
            isf = f is fin
            q = o(int(np.prod(so)), 0 if isf else 1)
            M.add(
                5,
                u32(*a)
                + u32(*q)
                + i32(*shp)
                + i32(*sum(pd, []))
                + (u32(0) + fl(rng.normal()) if isf else u32(1) + bytes([r(0, 255), 0, 0, 0])),
            )
    elif kind == "reduce":
        a = fin(shp)
        for op in range(4):
            so = [1 if rng.random() < 0.5 else d for d in shp]
            q = o(int(np.prod(so)))
            M.add(7, u32(*a) + u32(*q) + i32(op, *shp, *so) + fl({0: 0, 1: 3.4e38, 2: -3.4e38, 3: 0}[op]))
    elif kind == "window":
        a = fin(shp)
        for op in range(4):
            fh, fw, sh, sw = r(1, 3), r(1, 3), r(1, 2), r(1, 2)
            p = [r(0, fh - 1), r(0, fh - 1), r(0, fw - 1), r(0, fw - 1)]
            oh, ow = K.win_out(shp[2], fh, sh, 1, p[0], p[1]), K.win_out(shp[3], fw, sw, 1, p[2], p[3])
            if oh < 1 or ow < 1:
                continue
            q = o(shp[0] * shp[1] * oh * ow)
            M.add(
                8,
                u32(*a)
                + u32(*q)
                + i32(op, *shp, *p, fh, fw, sh, sw, 1, 1)
                + fl({0: 0, 1: 3.4e38, 2: -3.4e38, 3: 0}[op])
                + actr(),
            )
    elif kind == "copy":
        a = fin(shp)
        q = o(size)
        M.add(9, u32(*a) + u32(*q))
    elif kind == "resize":
        for f in (fin, qin):
            a = f(shp)
            for mode in (0, 1):
                oh, ow = r(1, 14), r(1, 14)
                q = o(shp[0] * shp[1] * oh * ow, 0 if f is fin else 1)
                M.add(0x0A, u32(*a) + u32(*q) + i32(*shp, oh, ow, mode) + bytes([r(0, 1), 0, 0, 0]))
    elif kind == "softmax":
        a = fin(shp)
        q = o(size)
        inner = shp[3]
        M.add(0x0B, u32(*a) + u32(*q) + i32(inner, size // inner) + fl(rng.choice([1.0, 0.5])))
    elif kind == "transpose":
        for f in (fin, qin):
            a = f(shp)
            q = o(size, 0 if f is fin else 1)
            M.add(0x0C, u32(*a) + u32(*q) + i32(*shp) + i32(*rng.permutation(4)))
    elif kind == "slice":
        a = fin(shp)
        be, en, st = [], [], []
        for d in shp:
            s_ = r(1, 2)
            b_ = r(0, d - 1)
            e_ = r(b_ + 1, d)
            if rng.random() < 0.3 and d > 1:
                be.append(d - 1)
                en.append(r(-1, d - 2))
                st.append(-s_)
            else:
                be.append(b_)
                en.append(e_)
                st.append(s_)
        n = int(np.prod([len(range(b, e, s)) for b, e, s in zip(be, en, st)]))
        q = o(n)
        M.add(0x0D, u32(*a) + u32(*q) + i32(*shp, *be, *en, *st, 0, 0, 0, 0, 0))
    elif kind == "unary":
        a = fin(shp)
        xs[-1] = (np.abs(xs[-1]) + np.float32(0.01)).astype(np.float32)
        for op in range(10):
            q = o(size)
            M.add(0x0E, u32(*a) + u32(*q) + i32(op))
    elif kind == "lut":
        a = qin(shp)
        t = M.constant(rng.permutation(256).astype(np.uint8))
        q = o(size, 1)
        M.add(0x12, u32(*a) + u32(*t) + u32(*q))
    elif kind == "nnil":
        a = fin(shp)
        q = o(size)
        M.add(
            0x14,
            u32(*a)
            + u32(*q)
            + b"\x03\x01"
            + b"\x06"
            + fl(0.3)
            + b"\x42"
            + b"\x23"
            + b"\x05\x40"
            + b"\x06"
            + fl(0.2)
            + b"\x06"
            + fl(2.5)
            + b"\x80"
            + b"\x43\xa0",
        )
        q = o(size)
        M.add(0x14, u32(*a) + u32(*q) + b"\x03\x26\x23\x05\x40\x05\x43\xa0")  # 1/(1+exp(-x)) pushed as a / b: (1+e) / 1
    return M.bytes(), xs


def make(fmt, seed, out, expect=None, authority="reference executor (own statement of the law)"):
    rng = np.random.default_rng(1000003 * fmt + seed)
    kinds = V3_KINDS if fmt == 3 else V4_KINDS
    kind = kinds[seed % len(kinds)]
    m, xs = (rand_v3 if fmt == 3 else rand_v4)(rng, kind)
    R = K.run(m, xs)
    outs = R.outputs if expect is None else expect(m, xs)
    dts = ["float32" if q[1] == 0 else "uint8" for q in R.meta["outputs"]] if fmt == 4 else ["uint8"] * len(outs)
    d = os.path.join(out, "v%d_%04d_%s" % (fmt, seed, kind))
    os.makedirs(d, exist_ok=True)
    open(os.path.join(d, "model.kmodel"), "wb").write(m)
    np.savez_compressed(os.path.join(d, "input.npz"), **{"x0_%d" % i: x for i, x in enumerate(xs)})
    np.savez_compressed(
        os.path.join(d, "output.npz"), **{"y0_%d" % i: np.frombuffer(b, t) for i, (b, t) in enumerate(zip(outs, dts))}
    )
    json.dump(
        dict(
            case=os.path.basename(d),
            format="V%d" % fmt,
            producer="kmodel_write.py",
            seed=seed,
            kind=kind,
            runs=1,
            inputs=[dict(shape=list(x.shape), dtype=str(x.dtype)) for x in xs],
            outputs=len(outs),
            authority=authority,
            reference_executor=["equal" if a == b else "different" for a, b in zip(outs, R.outputs)],
            trace=[[i, t, c, n] for i, t, c, n in R.trace],
        ),
        open(os.path.join(d, "case.json"), "w"),
        indent=0,
    )
    return kind, [a == b for a, b in zip(outs, R.outputs)]


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--format", type=int, default=3)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--count", type=int, default=1)
    ap.add_argument("--out", default=".")
    a = ap.parse_args()
    for s in range(a.seed, a.seed + a.count):
        print(s, *make(a.format, s, a.out))
