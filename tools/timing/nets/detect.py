"""Detectors."""

import numpy as np

from nets.graph import G


def retinaface_mnet25(hw):
    g = G("retinaface", (1, 3, hw, hw))
    x = g.conv("data", 8, 3, 2)
    fs = []
    for co, s in [
        (16, 1),
        (32, 2),
        (32, 1),
        (64, 2),
        (64, 1),
        (128, 2),
        (128, 1),
        (128, 1),
        (128, 1),
        (128, 1),
        (128, 1),
        (256, 2),
        (256, 1),
    ]:
        if s == 2 and co in (128, 256):
            fs.append(x)
        x = g.dw(x, 3, s)
        x = g.conv(x, co, 1)
    fs.append(x)
    f8, f16, f32 = fs
    l32 = g.conv(f32, 64, 1)
    l16 = g.conv(f16, 64, 1)
    l8 = g.conv(f8, 64, 1)
    sz = lambda n: (hw + n - 1) // n

    def fit(u, h):  # crop an upsampled map to h
        return (
            g.op(
                "Slice",
                [
                    u,
                    g.const(np.array([0, 0], np.int64)),
                    g.const(np.array([h, h], np.int64)),
                    g.const(np.array([2, 3], np.int64)),
                ],
            )
            if True
            else u
        )

    u = g.up(l32)
    u = fit(u, sz(16)) if sz(32) * 2 != sz(16) else u
    l16 = g.conv(g.add(l16, u), 64, 3)
    u = g.up(l16)
    u = fit(u, sz(8)) if sz(16) * 2 != sz(8) else u
    l8 = g.conv(g.add(l8, u), 64, 3)
    outs = []
    for f in (l8, l16, l32):
        a = g.conv(f, 32, 3, act=None)
        b = g.conv(f, 16, 3)
        c = g.conv(b, 16, 3, act=None)
        d = g.conv(g.conv(b, 16, 3), 16, 3, act=None)
        y = g.act(g.cat(a, c, d), "relu")
        outs += [g.conv(y, 4, 1, act=None), g.conv(y, 8, 1, act=None), g.conv(y, 20, 1, act=None)]
    return g, outs


def mobilenet_ssd():
    g = G("mobilenet_ssd", (1, 3, 300, 300))
    x = g.conv("data", 32, 3, 2)
    src = []
    for i, (co, s) in enumerate(
        [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + [(512, 1)] * 5 + [(1024, 2), (1024, 1)]
    ):
        if i == 11:
            src.append(x)
        x = g.dw(x, 3, s)
        x = g.conv(x, co, 1)
    src.append(x)
    for a, b in [(256, 512), (128, 256), (128, 256), (64, 128)]:
        x = g.conv(g.conv(x, a, 1), b, 3, 2)
        src.append(x)
    outs = []
    for i, f in enumerate(src):
        n = 3 if i == 0 else 6
        outs += [g.conv(f, n * 4, 1, act=None), g.conv(f, n * 21, 1, act=None)]
    return g, outs


def yolo_v1_tiny():
    g = G("yolo_v1", (1, 3, 448, 448))
    x = "data"
    for c in (16, 32, 64, 128, 256, 512):
        x = g.mp(g.conv(x, c, 3, act="leaky"), 2, 2, 0)
    x = g.conv(x, 1024, 3, act="leaky")
    x = g.conv(x, 256, 3, act="leaky")
    g.c["_"] = 0
    f = g.op("Flatten", x, 256 * 49, axis=1)
    ci = 256 * 49
    return g, g.op(
        "Gemm",
        [
            f,
            g.const((g.weights((1470, ci)) / np.sqrt(ci)).astype(np.float32), "w"),
            g.const(np.zeros(1470, np.float32), "b"),
        ],
        1470,
        transB=1,
    )


def yolo_v3_tiny():
    g = G("yolo_v3_tiny", (1, 3, 416, 416))
    x = "data"
    for c in (16, 32, 64, 128):
        x = g.mp(g.conv(x, c, 3, act="leaky"), 2, 2, 0)
    r = g.conv(x, 256, 3, act="leaky")
    x = g.mp(r, 2, 2, 0)
    x = g.conv(x, 512, 3, act="leaky")
    x = g.mp(x, 2, 1, [0, 0, 1, 1])
    x = g.conv(x, 1024, 3, act="leaky")
    y = g.conv(x, 256, 1, act="leaky")
    o1 = g.conv(g.conv(y, 512, 3, act="leaky"), 255, 1, act=None)
    z = g.up(g.conv(y, 128, 1, act="leaky"))
    o2 = g.conv(g.conv(g.cat(z, r), 256, 3, act="leaky"), 255, 1, act=None)
    return g, [o1, o2]


def yolo_v3(hw, act="leaky"):
    g = G("yolo_v3", (1, 3, hw, hw))
    L = act
    x = g.conv("data", 32, 3, act=L)
    rt = []
    for c, n in [(64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)]:
        x = g.conv(x, c, 3, 2, act=L)
        for _ in range(n):
            x = g.add(x, g.conv(g.conv(x, c // 2, 1, act=L), c, 3, act=L))
        rt.append(x)
    outs = []
    for i, c in enumerate((512, 256, 128)):
        if i:
            x = g.cat(g.up(g.conv(x, c, 1, act=L)), rt[4 - i])
        x = g.conv(x, c, 1, act=L)
        x = g.conv(x, c * 2, 3, act=L)
        x = g.conv(x, c, 1, act=L)
        x = g.conv(x, c * 2, 3, act=L)
        x = g.conv(x, c, 1, act=L)
        outs.append(g.conv(g.conv(x, c * 2, 3, act=L), 255, 1, act=None))
    return g, outs


def yolov5(w=0.5, d=1 / 3.0, hw=(640, 640), nc=80, act="silu", v=6):
    g = G("yolov5", (1, 3) + tuple(hw))
    c_ = lambda c: max(8, int(np.ceil(c * w / 8) * 8))
    n_ = lambda n: max(1, round(n * d))
    A = act

    def c3(x, c, n, sc=True):
        h = c // 2
        a = g.conv(x, h, 1, act=A)
        b = g.conv(x, h, 1, act=A)
        for _ in range(n):
            y = g.conv(g.conv(a, h, 1, act=A), h, 3, act=A)
            a = g.add(a, y) if sc else y
        return g.conv(g.cat(a, b), c, 1, act=A)

    x = g.conv("data", c_(64), 6, 2, 2, act=A)
    x = g.conv(x, c_(128), 3, 2, act=A)
    x = c3(x, c_(128), n_(3))
    x = g.conv(x, c_(256), 3, 2, act=A)
    p3 = x = c3(x, c_(256), n_(6))
    x = g.conv(x, c_(512), 3, 2, act=A)
    p4 = x = c3(x, c_(512), n_(9))
    x = g.conv(x, c_(1024), 3, 2, act=A)
    x = c3(x, c_(1024), n_(3))
    y = g.conv(x, c_(1024) // 2, 1, act=A)
    a = g.mp(y, 5, 1, 2)
    b = g.mp(a, 5, 1, 2)
    c = g.mp(b, 5, 1, 2)
    x = g.conv(g.cat(y, a, b, c), c_(1024), 1, act=A)
    h1 = g.conv(x, c_(512), 1, act=A)
    x = c3(g.cat(g.up(h1), p4), c_(512), n_(3), False)
    h2 = g.conv(x, c_(256), 1, act=A)
    o3 = c3(g.cat(g.up(h2), p3), c_(256), n_(3), False)
    o4 = c3(g.cat(g.conv(o3, c_(256), 3, 2, act=A), h2), c_(512), n_(3), False)
    o5 = c3(g.cat(g.conv(o4, c_(512), 3, 2, act=A), h1), c_(1024), n_(3), False)
    return g, [g.conv(o, 3 * (nc + 5), 1, act=None) for o in (o3, o4, o5)]


def yolov8(w=0.25, d=1 / 3.0, hw=(640, 640), nc=80, mx=1024, heads=True):
    g = G("yolov8", (1, 3) + tuple(hw))
    A = "silu"
    c_ = lambda c: int(np.ceil(min(c, mx) * w / 8) * 8)
    n_ = lambda n: max(1, round(n * d))

    def c2f(x, c, n, sc):
        y = g.conv(x, c, 1, act=A)
        a, b = g.split(y, 2)
        L = [a, b]
        for _ in range(n):
            z = g.conv(g.conv(L[-1], c // 2, 3, act=A), c // 2, 3, act=A)
            L.append(g.add(L[-1], z) if sc else z)
        return g.conv(g.cat(*L), c, 1, act=A)

    x = g.conv("data", c_(64), 3, 2, act=A)
    x = g.conv(x, c_(128), 3, 2, act=A)
    x = c2f(x, c_(128), n_(3), True)
    x = g.conv(x, c_(256), 3, 2, act=A)
    p3 = x = c2f(x, c_(256), n_(6), True)
    x = g.conv(x, c_(512), 3, 2, act=A)
    p4 = x = c2f(x, c_(512), n_(6), True)
    x = g.conv(x, c_(1024), 3, 2, act=A)
    x = c2f(x, c_(1024), n_(3), True)
    y = g.conv(x, c_(1024) // 2, 1, act=A)
    a = g.mp(y, 5, 1, 2)
    b = g.mp(a, 5, 1, 2)
    c = g.mp(b, 5, 1, 2)
    p5 = g.conv(g.cat(y, a, b, c), c_(1024), 1, act=A)
    t4 = c2f(g.cat(g.up(p5), p4), c_(512), n_(3), False)
    o3 = c2f(g.cat(g.up(t4), p3), c_(256), n_(3), False)
    o4 = c2f(g.cat(g.conv(o3, c_(256), 3, 2, act=A), t4), c_(512), n_(3), False)
    o5 = c2f(g.cat(g.conv(o4, c_(512), 3, 2, act=A), p5), c_(1024), n_(3), False)
    if not heads:
        return g, [o3, o4, o5]
    outs = []
    cb = max(16, c_(256) // 4, 64)
    cc = max(c_(256), min(nc, 100))
    for o in (o3, o4, o5):
        outs += [
            g.conv(g.conv(g.conv(o, cb, 3, act=A), cb, 3, act=A), 64, 1, act=None),
            g.conv(g.conv(g.conv(o, cc, 3, act=A), cc, 3, act=A), nc, 1, act=None),
        ]
    return g, outs


def yolox_s():
    g = G("yolox", (1, 3, 640, 640))
    A = "silu"

    def c3(x, c, n, sc=True):
        h = c // 2
        a = g.conv(x, h, 1, act=A)
        b = g.conv(x, h, 1, act=A)
        for _ in range(n):
            y = g.conv(g.conv(a, h, 1, act=A), h, 3, act=A)
            a = g.add(a, y) if sc else y
        return g.conv(g.cat(a, b), c, 1, act=A)

    def sl(y0, x0):
        return g.op(
            "Slice",
            [
                "data",
                g.const(np.array([y0, x0], np.int64)),
                g.const(np.array([640, 640], np.int64)),
                g.const(np.array([2, 3], np.int64)),
                g.const(np.array([2, 2], np.int64)),
            ],
            3,
        )

    x = g.cat(sl(0, 0), sl(1, 0), sl(0, 1), sl(1, 1))
    x = g.conv(x, 32, 3, act=A)
    x = g.conv(x, 64, 3, 2, act=A)
    x = c3(x, 64, 1)
    x = g.conv(x, 128, 3, 2, act=A)
    p3 = x = c3(x, 128, 3)
    x = g.conv(x, 256, 3, 2, act=A)
    p4 = x = c3(x, 256, 3)
    x = g.conv(x, 512, 3, 2, act=A)
    y = g.conv(x, 256, 1, act=A)
    x = g.conv(g.cat(y, g.mp(y, 5, 1, 2), g.mp(y, 9, 1, 4), g.mp(y, 13, 1, 6)), 512, 1, act=A)
    p5 = c3(x, 512, 1, False)
    h1 = g.conv(p5, 256, 1, act=A)
    x = c3(g.cat(g.up(h1), p4), 256, 1, False)
    h2 = g.conv(x, 128, 1, act=A)
    o3 = c3(g.cat(g.up(h2), p3), 128, 1, False)
    o4 = c3(g.cat(g.conv(o3, 128, 3, 2, act=A), h2), 256, 1, False)
    o5 = c3(g.cat(g.conv(o4, 256, 3, 2, act=A), h1), 512, 1, False)
    outs = []
    for o in (o3, o4, o5):
        s = g.conv(o, 128, 1, act=A)
        c = g.conv(g.conv(s, 128, 3, act=A), 128, 3, act=A)
        r = g.conv(g.conv(s, 128, 3, act=A), 128, 3, act=A)
        outs += [g.conv(c, 80, 1, act="sigmoid"), g.conv(r, 4, 1, act=None), g.conv(r, 1, 1, act="sigmoid")]
    return g, outs


def yolov4_csp_s():
    """YOLOv4-csp, half the width and a third of the depth, leaky ReLU, 640x640"""
    g = G("yolov4_csp_s", (1, 3, 640, 640))
    half = lambda c: c // 2

    def conv(x, c, k=1, st=1):
        return g.conv(x, c, k, st, act="leaky")

    def plain(x, c):
        return g.conv(x, c, 1, act=None, bias=False)

    def joined(a, b):  # their batch normalisation comes after they are joined
        x = g.cat(a, b)
        scale = [g.const(g.r.uniform(0.5, 1.5, g.c[x]).astype(np.float32)) for _ in range(4)]
        return g.act(g.op("BatchNormalization", [x] + scale), "leaky")

    def bottleneck(x, c, shortcut):
        y = conv(conv(x, c), c, 3)
        return g.add(x, y) if shortcut else y

    def csp(x, c, n):
        y = conv(x, c // 2)
        for _ in range(n):
            y = bottleneck(y, c // 2, True)
        return conv(joined(plain(y, c // 2), plain(x, c // 2)), c)

    def csp2(x, c):
        x = conv(x, c)
        return conv(joined(bottleneck(x, c, False), plain(x, c)), c)

    def spp(x, c):
        y = conv(conv(conv(x, c), c, 3), c)
        y = g.cat(y, g.mp(y, 5, 1, 2), g.mp(y, 9, 1, 4), g.mp(y, 13, 1, 6))
        return conv(joined(conv(conv(y, c), c, 3), plain(x, c)), c)

    x = conv(conv("data", half(32), 3), half(64), 3, 2)
    x = g.add(x, conv(conv(x, half(32)), half(64), 3))
    kept = []
    for c, n in ((128, 1), (256, 3), (512, 3), (1024, 1)):
        x = csp(conv(x, half(c), 3, 2), half(c), n)
        kept.append(x)
    _, p3, p4, _ = kept
    s5 = spp(x, half(512))
    s4 = csp2(g.cat(conv(p4, half(256)), g.up(conv(s5, half(256)))), half(256))
    s3 = csp2(g.cat(conv(p3, half(128)), g.up(conv(s4, half(128)))), half(128))
    n4 = csp2(g.cat(conv(s3, half(256), 3, 2), s4), half(256))
    n5 = csp2(g.cat(conv(n4, half(512), 3, 2), s5), half(512))
    heads = (conv(s3, half(256), 3), conv(n4, half(512), 3), conv(n5, half(1024), 3))
    return g, [g.conv(h, 255, 1, act=None) for h in heads]


def retinaface_torch(hw=640):
    """MobileNet v1 0.25 with leaky ReLU, three outputs that join the three scales, classes by softmax"""
    L = "leaky"
    g = G("retinaface_torch", (1, 3, hw, hw))
    x = g.conv("data", 8, 3, 2, act=L)
    kept = []
    for c, s in [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)] + [(128, 1)] * 5 + [(256, 2), (256, 1)]:
        if s == 2 and c > 64:
            kept.append(x)
        x = g.conv(g.dw(x, 3, s, act=L), c, 1, act=L)
    f8, f16, f32 = (g.conv(f, 64, 1, act=L) for f in kept + [x])
    f16 = g.conv(g.add(f16, g.up(f32)), 64, 3, act=L)
    f8 = g.conv(g.add(f8, g.up(f16)), 64, 3, act=L)
    rows = {4: [], 2: [], 10: []}
    for f in (f8, f16, f32):
        b = g.conv(f, 16, 3, act=L)
        y = g.cat(g.conv(f, 32, 3, act=None), g.conv(b, 16, 3, act=None), g.conv(g.conv(b, 16, 3, act=L), 16, 3, act=None))
        y = g.act(y, "relu")
        for k in rows:
            rows[k].append(g.reshape(g.transpose(g.conv(y, 2 * k, 1, act=None), 0, 2, 3, 1), 0, -1, k))
    box, cls, marks = (g.op("Concat", rows[k], axis=1) for k in rows)
    return g, [box, g.op("Softmax", cls, axis=-1), marks]
