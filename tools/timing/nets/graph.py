"""Builds an ONNX graph layer by layer, with seeded random weights."""

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as oh
from onnx import numpy_helper as nh


class G:
    batch = 1  # of every network built

    def __init__(s, name, shape):
        shape = (s.batch,) + tuple(shape[1:])
        s.name = name
        s.n = []
        s.i = []
        s.k = 0
        s.r = np.random.default_rng(7)
        s.inp = oh.make_tensor_value_info("data", T.FLOAT, list(shape))
        s.c = {"data": shape[1]}
        s.outs = []
        s.float_from = None  # nodes from here on stay float in an 8-bit model

    def weights(s, shape):
        return s.r.laplace(0, np.sqrt(0.5), shape)  # unit variance; compresses about as trained weights do

    def nm(s, p):
        s.k += 1
        return "%s_%d" % (p, s.k)

    def op(s, t, ins, ch=None, **a):
        o = s.nm(t.lower())
        s.n.append(oh.make_node(t, list(ins) if isinstance(ins, (list, tuple)) else [ins], [o], name=o, **a))
        i0 = ins[0] if isinstance(ins, (list, tuple)) else ins
        s.c[o] = ch if ch is not None else s.c.get(i0, 0)
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
        if a == "mish":
            return s.op("Mul", [y, s.op("Tanh", s.op("Softplus", y))])
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

    def split(s, x, n, axis=1):
        """into n equal parts, or into parts of the sizes n"""
        sizes = n if isinstance(n, (list, tuple)) else [s.c[x] // n] * n
        os = [s.nm("split") for _ in sizes]
        s.n.append(oh.make_node("Split", [x, s.const(np.array(sizes, np.int64))], os, name=os[0], axis=axis))
        for o, c in zip(os, sizes):
            s.c[o] = c
        return os

    def reshape(s, x, *shape):
        """a 0 keeps the size of its place"""
        return s.op("Reshape", [x, s.const(np.array(shape, np.int64))], shape[1] or s.c[x])

    def transpose(s, x, *perm):
        return s.op("Transpose", x, perm=list(perm))

    def keep_float(s):
        """What is added from now on stays float when the rest is quantised, as the recipes of decoded boxes ask."""
        if s.float_from is None:
            s.float_from = len(s.n)

    def number(s, t, x, value):
        return s.op(t, [x, s.const(np.float32(value))])

    def tensor(s, *shape, scale=1.0):
        return s.const((s.weights(shape) * scale).astype(np.float32), "w")

    def shuffle(s, x, g, hw):
        c = s.c[x]
        h, w = hw
        return s.reshape(s.transpose(s.reshape(x, s.batch, g, c // g, h, w), 0, 2, 1, 3, 4), s.batch, c, h, w)

    def save(s, outs, path):
        outs = outs if isinstance(outs, (list, tuple)) else [outs]
        g = oh.make_graph(s.n, s.name, [s.inp], [oh.make_tensor_value_info(o, T.FLOAT, None) for o in outs], s.i)
        m = oh.make_model(g, opset_imports=[oh.make_opsetid("", 13)])
        m.ir_version = 8
        m = onnx.shape_inference.infer_shapes(m)
        onnx.save(m, path)
        if s.float_from is not None:
            with open(path + ".float", "w") as f:
                f.writelines("%s_%s\n" % (n.output[0], n.op_type) for n in s.n[s.float_from :])
