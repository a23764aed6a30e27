"""Classifiers without depthwise convolutions."""

import numpy as np

from nets.graph import G


def resnet(name, layers, bott=True, shape=(1, 3, 224, 224), caffe=False, groups=1, width=64, se=False, act="relu"):
    g = G(name, shape)
    x = g.conv("data", 64, 7, 2, 3)
    x = g.mp(x)
    for i, n in enumerate(layers):
        p = 64 * 2**i
        for j in range(n):
            st = 2 if j == 0 and i > 0 else 1
            idn = x
            if bott:
                w = int(p * width / 64.0) * groups
                co = p * 4
                y = g.conv(x, w, 1, st if caffe else 1)
                y = g.conv(y, w, 3, 1 if caffe else st, g=groups)
                y = g.conv(y, co, 1, act=None)
                if se:
                    q = g.gap(y)
                    q = g.conv(q, co // 16, 1)
                    q = g.conv(q, co, 1, act="sigmoid")
                    y = g.op("Mul", [y, q])
            else:
                co = p
                y = g.conv(x, p, 3, st)
                y = g.conv(y, p, 3, act=None)
            if j == 0 and (st != 1 or g.c[idn] != co):
                idn = g.conv(idn, co, 1, st, act=None)
            x = g.act(g.add(y, idn), "relu")
    return g, g.fc(g.gap(x), 1000)


def squeezenet11():
    g = G("squeezenet11", (1, 3, 227, 227))
    x = g.conv("data", 64, 3, 2, 0)
    x = g.mp(x, 3, 2, 0, 1)

    def fire(x, s, e):
        q = g.conv(x, s, 1)
        return g.cat(g.conv(q, e, 1), g.conv(q, e, 3))

    x = fire(fire(x, 16, 64), 16, 64)
    x = g.mp(x, 3, 2, 0, 1)
    x = fire(fire(x, 32, 128), 32, 128)
    x = g.mp(x, 3, 2, 0, 1)
    x = fire(fire(fire(fire(x, 48, 192), 48, 192), 64, 256), 64, 256)
    x = g.conv(x, 1000, 1)
    return g, g.gap(x)


def densenet(blocks=(6, 12, 24, 16), gr=32):
    g = G("densenet", (1, 3, 224, 224))
    x = g.conv("data", 64, 7, 2, 3)
    x = g.mp(x)

    def bnrelu(x):  # batch norm kept as scale
        c = g.c[x]
        y = g.op("Mul", [x, g.const(g.r.uniform(0.5, 1.5, (1, c, 1, 1)).astype(np.float32))])
        y = g.op("Add", [y, g.const(g.r.uniform(-0.5, 0.5, (1, c, 1, 1)).astype(np.float32))])
        return g.op("Relu", y)

    def bn(x):
        c = g.c[x]
        return g.op(
            "Relu",
            g.op("BatchNormalization", [x] + [g.const(g.r.uniform(0.5, 1.5, c).astype(np.float32)) for _ in range(4)]),
        )

    for bi, n in enumerate(blocks):
        for _ in range(n):
            y = g.conv(bn(x), 4 * gr, 1)
            y = g.conv(y, gr, 3, act=None)
            x = g.cat(x, y)
        x = bn(x)
        if bi < len(blocks) - 1:
            x = g.conv(x, g.c[x] // 2, 1, act=None)
            x = g.ap(x, 2, 2)
    return g, g.conv(g.gap(x), 1000, 1, act=None)


def googlenet():
    g = G("googlenet", (1, 3, 224, 224))
    x = g.conv("data", 64, 7, 2, 3)
    x = g.mp(x, 3, 2, 0, 1)
    x = g.op("LRN", x, size=5, alpha=1e-4, beta=0.75)
    x = g.conv(x, 64, 1)
    x = g.conv(x, 192, 3)
    x = g.op("LRN", x, size=5, alpha=1e-4, beta=0.75)
    x = g.mp(x, 3, 2, 0, 1)

    def inc(x, a, b, c, d, e, f):
        return g.cat(
            g.conv(x, a, 1),
            g.conv(g.conv(x, b, 1), c, 3),
            g.conv(g.conv(x, d, 1), e, 5),
            g.conv(g.mp(x, 3, 1, 1), f, 1),
        )

    x = inc(inc(x, 64, 96, 128, 16, 32, 32), 128, 128, 192, 32, 96, 64)
    x = g.mp(x, 3, 2, 0, 1)
    for q in [
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ]:
        x = inc(x, *q)
    x = g.mp(x, 3, 2, 0, 1)
    x = inc(inc(x, 256, 160, 320, 32, 128, 128), 384, 192, 384, 48, 128, 128)
    return g, g.fc(g.ap(x, 7, 1), 1000)


def inception_v3():
    g = G("inception_v3", (1, 3, 299, 299))
    x = g.conv("data", 32, 3, 2, 0)
    x = g.conv(x, 32, 3, 1, 0)
    x = g.conv(x, 64, 3)
    x = g.mp(x, 3, 2, 0)
    x = g.conv(x, 80, 1)
    x = g.conv(x, 192, 3, 1, 0)
    x = g.mp(x, 3, 2, 0)

    def A(x, pf):
        return g.cat(
            g.conv(x, 64, 1),
            g.conv(g.conv(x, 48, 1), 64, 5),
            g.conv(g.conv(g.conv(x, 64, 1), 96, 3), 96, 3),
            g.conv(g.ap(x, 3, 1, 1), pf, 1),
        )

    for pf in (32, 64, 64):
        x = A(x, pf)
    x = g.cat(g.conv(x, 384, 3, 2, 0), g.conv(g.conv(g.conv(x, 64, 1), 96, 3), 96, 3, 2, 0), g.mp(x, 3, 2, 0))

    def C(x, c):
        a = g.conv(g.conv(g.conv(x, c, 1), c, (1, 7)), 192, (7, 1))
        b = g.conv(x, c, 1)
        for k, o in [((7, 1), c), ((1, 7), c), ((7, 1), c), ((1, 7), 192)]:
            b = g.conv(b, o, k)
        return g.cat(g.conv(x, 192, 1), a, b, g.conv(g.ap(x, 3, 1, 1), 192, 1))

    for c in (128, 160, 160, 192):
        x = C(x, c)
    b = g.conv(g.conv(g.conv(x, 192, 1), 192, (1, 7)), 192, (7, 1))
    x = g.cat(g.conv(g.conv(x, 192, 1), 320, 3, 2, 0), g.conv(b, 192, 3, 2, 0), g.mp(x, 3, 2, 0))
    for _ in range(2):
        a = g.conv(x, 384, 1)
        b = g.conv(g.conv(x, 448, 1), 384, 3)
        x = g.cat(
            g.conv(x, 320, 1),
            g.conv(a, 384, (1, 3)),
            g.conv(a, 384, (3, 1)),
            g.conv(b, 384, (1, 3)),
            g.conv(b, 384, (3, 1)),
            g.conv(g.ap(x, 3, 1, 1), 192, 1),
        )
    return g, g.fc(g.gap(x), 1000)


def vgg16():
    g = G("vgg16", (1, 3, 224, 224))
    x = "data"
    for c, n in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]:
        for _ in range(n):
            x = g.conv(x, c, 3)
        x = g.mp(x, 2, 2, 0)
    x = g.op("Flatten", x, 25088, axis=1)
    for o in (4096, 4096, 1000):
        ci = g.c[x]
        x = g.op(
            "Gemm",
            [
                x,
                g.const((g.weights((o, ci)).astype(np.float32) / np.sqrt(ci)).astype(np.float32), "w"),
                g.const(np.zeros(o, np.float32), "b"),
            ],
            o,
            transB=1,
        )
        if o == 4096:
            x = g.op("Relu", x)
    return g, x


def arcface_res50():
    g = G("arcface", (1, 3, 112, 112))
    x = g.conv("data", 64, 3, act="prelu")

    def bn(x):
        return g.op(
            "BatchNormalization", [x] + [g.const(g.r.uniform(0.5, 1.5, g.c[x]).astype(np.float32)) for _ in range(4)]
        )

    for c, n in [(64, 3), (128, 4), (256, 14), (512, 3)]:
        for j in range(n):
            st = 2 if j == 0 else 1
            y = g.conv(bn(x), c, 3, 1, act="prelu")
            y = g.conv(y, c, 3, st, act=None)
            idn = x
            if j == 0:
                idn = g.conv(x, c, 1, st, act=None)
            x = g.add(y, idn)
    x = bn(x)
    f = g.op("Flatten", x, 512 * 49, axis=1)
    ci = 512 * 49
    return g, g.op(
        "Gemm",
        [
            f,
            g.const((g.weights((512, ci)) / np.sqrt(ci)).astype(np.float32), "w"),
            g.const(np.zeros(512, np.float32), "b"),
        ],
        512,
        transB=1,
    )
