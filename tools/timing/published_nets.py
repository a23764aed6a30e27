"""The networks of golden/timing/published_latency.csv as ONNX with seeded random weights: times do not depend on values,
except through compressed weight transfers.   published_nets.py NAME OUT.onnx   (names: NETS at the end; needs numpy, onnx)
"""

import numpy as np, onnx, sys
from onnx import helper as oh, numpy_helper as nh, TensorProto as T


class G:
    def __init__(s, name, shape):
        s.name = name
        s.n = []
        s.i = []
        s.k = 0
        s.r = np.random.default_rng(7)
        s.inp = oh.make_tensor_value_info("data", T.FLOAT, list(shape))
        s.c = {"data": shape[1]}
        s.outs = []

    def weights(s, shape):
        return s.r.laplace(0, np.sqrt(0.5), shape)  # unit variance; compresses about as trained weights do

    def nm(s, p):
        s.k += 1
        return "%s_%d" % (p, s.k)

    def op(s, t, ins, ch=None, **a):
        o = s.nm(t.lower())
        s.n.append(oh.make_node(t, list(ins) if isinstance(ins, (list, tuple)) else [ins], [o], name=o, **a))
        i0 = ins[0] if isinstance(ins, (list, tuple)) else ins
        s.c[o] = ch if ch is not None else s.c[i0]
        return o

    def const(s, a, p="c"):
        n = s.nm(p)
        s.i.append(nh.from_array(np.ascontiguousarray(a), n))
        return n

    def conv(s, x, co, k=3, st=1, p=None, g=1, act="relu", d=1, bias=True):
        ci = s.c[x]
        kh, kw = (k, k) if isinstance(k, int) else k
        if p is None:
            p = [(kh - 1) * d // 2, (kw - 1) * d // 2] * 2
        elif isinstance(p, int):
            p = [p] * 4
        w = s.const((s.weights((co, ci // g, kh, kw)) / np.sqrt(ci // g * kh * kw)).astype(np.float32), "w")
        ins = [x, w] + ([s.const((s.weights(co) * 0.1).astype(np.float32), "b")] if bias else [])
        y = s.op("Conv", ins, co, kernel_shape=[kh, kw], strides=[st, st], pads=p, dilations=[d, d], group=g)
        return s.act(y, act)

    def dw(s, x, k=3, st=1, act="relu", **kw):
        return s.conv(x, s.c[x], k, st, g=s.c[x], act=act, **kw)

    def act(s, y, a):
        if a in (None, ""):
            return y
        if a == "relu":
            return s.op("Relu", y)
        if a == "relu6":
            return s.op("Clip", [y, s.const(np.float32(0)), s.const(np.float32(6))])
        if a == "leaky":
            return s.op("LeakyRelu", y, alpha=0.1)
        if a == "prelu":
            return s.op("PRelu", [y, s.const(s.r.uniform(0.1, 0.3, (s.c[y], 1, 1)).astype(np.float32))])
        if a == "silu":
            return s.op("Mul", [y, s.op("Sigmoid", y)])
        if a == "sigmoid":
            return s.op("Sigmoid", y)
        raise KeyError(a)

    def add(s, *x):
        return s.op("Add", x)

    def cat(s, *x):
        return s.op("Concat", x, sum(s.c[i] for i in x), axis=1)

    def mp(s, x, k=3, st=2, p=1, ceil=0):
        p = [p] * 4 if isinstance(p, int) else p
        return s.op("MaxPool", x, kernel_shape=[k, k], strides=[st, st], pads=p, ceil_mode=ceil)

    def ap(s, x, k, st, p=0):
        return s.op("AveragePool", x, kernel_shape=[k, k], strides=[st, st], pads=[p] * 4, count_include_pad=1)

    def gap(s, x):
        return s.op("GlobalAveragePool", x)

    def fc(s, x, o, softmax=False):
        ci = s.c[x]
        f = s.op("Flatten", x, axis=1)
        y = s.op(
            "Gemm",
            [
                f,
                s.const((s.weights((o, ci)) / np.sqrt(ci)).astype(np.float32), "w"),
                s.const((s.weights(o) * 0.1).astype(np.float32), "b"),
            ],
            o,
            transB=1,
        )
        if softmax:
            y = s.op("Softmax", y, axis=1)
        return y

    def up(s, x, sc=2):
        return s.op(
            "Resize",
            [x, "", s.const(np.array([1, 1, sc, sc], np.float32))],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def split(s, x, n):
        c = s.c[x]
        os = [s.nm("split") for _ in range(n)]
        s.n.append(oh.make_node("Split", [x, s.const(np.array([c // n] * n, np.int64))], os, name=os[0], axis=1))
        for o in os:
            s.c[o] = c // n
        return os

    def shuffle(s, x, g, hw):
        c = s.c[x]
        h, w = hw
        y = s.op("Reshape", [x, s.const(np.array([1, g, c // g, h, w], np.int64))])
        y = s.op("Transpose", y, perm=[0, 2, 1, 3, 4])
        return s.op("Reshape", [y, s.const(np.array([1, c, h, w], np.int64))], c)

    def save(s, outs, path):
        outs = outs if isinstance(outs, (list, tuple)) else [outs]
        g = oh.make_graph(s.n, s.name, [s.inp], [oh.make_tensor_value_info(o, T.FLOAT, None) for o in outs], s.i)
        m = oh.make_model(g, opset_imports=[oh.make_opsetid("", 13)])
        m.ir_version = 8
        m = onnx.shape_inference.infer_shapes(m)
        onnx.save(m, path)


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


def mobilenet_v1(a=1.0, shape=(1, 3, 224, 224)):
    g = G("mobilenet_v1", shape)
    x = g.conv("data", int(32 * a), 3, 2)
    for co, s in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + [(512, 1)] * 5 + [(1024, 2), (1024, 1)]:
        x = g.dw(x, 3, s)
        x = g.conv(x, int(co * a), 1)
    return g, g.conv(g.gap(x), 1000, 1, act=None)


def mobilenet_v2(act="relu6"):
    g = G("mobilenet_v2", (1, 3, 224, 224))
    x = g.conv("data", 32, 3, 2, act=act)
    for t, c, n, s in [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]:
        for i in range(n):
            y = x
            ci = g.c[x]
            if t != 1:
                y = g.conv(y, ci * t, 1, act=act)
            y = g.dw(y, 3, s if i == 0 else 1, act=act)
            y = g.conv(y, c, 1, act=None)
            x = g.add(x, y) if (i > 0 and ci == c) else y
    x = g.conv(x, 1280, 1, act=act)
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


def shufflenet_v2_05():
    g = G("shufflenet_v2", (1, 3, 224, 224))
    x = g.conv("data", 24, 3, 2)
    x = g.mp(x)
    hw = 56
    for c, n in [(48, 4), (96, 8), (192, 4)]:
        hw //= 2
        for i in range(n):
            if i == 0:
                a = g.conv(g.dw(x, 3, 2, act=None), c // 2, 1)
                b = g.conv(g.dw(g.conv(x, c // 2, 1), 3, 2, act=None), c // 2, 1)
            else:
                a, b = g.split(x, 2)
                b = g.conv(g.dw(g.conv(b, c // 2, 1), 3, 1, act=None), c // 2, 1)
            x = g.shuffle(g.cat(a, b), 2, (hw, hw))
    x = g.conv(x, 1024, 1)
    return g, g.fc(g.gap(x), 1000)


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


def efficientnet_lite0():
    g = G("efflite0", (1, 3, 224, 224))
    x = g.conv("data", 32, 3, 2, act="relu6")
    for t, c, n, s, k in [
        (1, 16, 1, 1, 3),
        (6, 24, 2, 2, 3),
        (6, 40, 2, 2, 5),
        (6, 80, 3, 2, 3),
        (6, 112, 3, 1, 5),
        (6, 192, 4, 2, 5),
        (6, 320, 1, 1, 3),
    ]:
        for i in range(n):
            y = x
            ci = g.c[x]
            if t != 1:
                y = g.conv(y, ci * t, 1, act="relu6")
            y = g.dw(y, k, s if i == 0 else 1, act="relu6")
            y = g.conv(y, c, 1, act=None)
            x = g.add(x, y) if i > 0 else y
    x = g.conv(x, 1280, 1, act="relu6")
    return g, g.fc(g.gap(x), 1000)


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


def yolo_v3(hw):
    g = G("yolo_v3", (1, 3, hw, hw))
    L = "leaky"
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


NETS = {
    "resnet50": lambda: resnet("resnet50", (3, 4, 6, 3), caffe=True),
    "resnet50_torch": lambda: resnet("resnet50", (3, 4, 6, 3)),
    "resnet18": lambda: resnet("resnet18", (2, 2, 2, 2), bott=False),
    "mobilenet_v1": mobilenet_v1,
    "mobilenet_v2": lambda: mobilenet_v2("relu"),
    "squeezenet_v1.1": squeezenet11,
    "shufflenet_v2": shufflenet_v2_05,
    "googlenet": googlenet,
    "densenet_121": densenet,
    "densenet_201": lambda: densenet((6, 12, 48, 32)),
    "inception_v3": inception_v3,
    "senet_res50": lambda: resnet("senet", (3, 4, 6, 3), shape=(1, 3, 225, 225), caffe=True, se=True),
    "resnext50": lambda: resnet("resnext50", (3, 4, 6, 3), groups=32, width=4),
    "efficientnet-lite_b0": efficientnet_lite0,
    "retinaface_mnet25": lambda: retinaface_mnet25(320),
    "retinaface_mnet25_600": lambda: retinaface_mnet25(600),
    "mobilenet_ssd": mobilenet_ssd,
    "yolo_v3_tiny": yolo_v3_tiny,
    "yolo_v1_448": yolo_v1_tiny,
    "yolo_v3_320": lambda: yolo_v3(320),
    "arcface_res50": arcface_res50,
    "yolo_v5_s": yolov5,
    "yolox_s": yolox_s,
    "vgg16": vgg16,
    "retinaface_640": lambda: retinaface_mnet25(640),
    "yolov5s_224": lambda: yolov5(hw=(224, 224)),
    "yolov5s_320x256": lambda: yolov5(hw=(256, 320)),
    "yolov8n_640": yolov8,
    "yolov8s_640": lambda: yolov8(w=0.5),
}
if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in NETS:
        sys.exit("usage: published_nets.py NAME OUT.onnx, NAME one of " + " ".join(NETS))
    n = sys.argv[1]
    g, o = NETS[n]()
    g.save(o, sys.argv[2])
