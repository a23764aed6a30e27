"""Random models of kmodel V4, one kind each."""

import numpy as np

from k210_kpu import fmap_lines
from k210_ops import win_out
from kmodel_format import V4, fl, i32, u32
from kmodel_random import conv_chain, dims

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
            M.add(0x2001, u32(*q) + u32(2, 1, 64 * 64, fmap_lines(w, h, c) * 64 * b) + i32(b, c, h, w))
        else:
            M.ins.append(((2, 1, 64 * 64, fmap_lines(w, h, c) * 64 * b), [b, c, h, w]))
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
        oh, ow = win_out(s[2], fh, sh, dh, p[0], p[1]), win_out(s[3], fw, sw, dw, p[2], p[3])
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
            oh, ow = win_out(shp[2], fh, sh, 1, p[0], p[1]), win_out(shp[3], fw, sw, 1, p[2], p[3])
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
