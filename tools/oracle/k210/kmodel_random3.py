"""Random models of kmodel V3, one kind each."""

import numpy as np

from kmodel_format import V3, fl, i32, u32
from kmodel_random import conv_chain, dims, rand_kpu

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
