"""Random KPU layers, shapes and chains of layers."""

import numpy as np

from k210_kpu import POOL


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
        st = POOL[p][1]
        w = max(st, w // st * st)
        h = max(st, h // st * st)
    return p, w, h, w // POOL[p][1], h // POOL[p][1]


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
