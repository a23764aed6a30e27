"""Builds an ONNX graph layer by layer, with seeded random weights."""

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as oh
from onnx import numpy_helper as nh


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
