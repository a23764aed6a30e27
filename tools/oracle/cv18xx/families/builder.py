"""Builds small ONNX graphs (opset 13) with seeded weights and inputs.

A family is a function (net, rng, seed) that adds nodes to `net`; @family registers it by its name. The same (family, seed)
always gives the same bytes: weights and inputs come from numpy's RandomState.
"""

import zlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FAMILIES = {}


def family(function):
    FAMILIES[function.__name__] = function
    return function


def pick(rng, *values):
    return values[rng.randint(len(values))]


def build(name, seed):
    """(onnx.ModelProto, inputs: {name: array}, meta).

    meta may hold `transform` (extra words for model_transform), `int` (names of index inputs), `image` (inputs are pixels),
    `act` (the activation), `opset`.
    """
    rng = np.random.RandomState((zlib.crc32(name.encode()) + 7919 * seed) % (2**32))
    net = Net(rng, coarse=seed % 3 != 0)
    FAMILIES[name](net, rng, seed)
    return net.model("%s_%d" % (name, seed)), net.data, net.meta


class Net:
    def __init__(self, rng, coarse):
        self.rng, self.coarse = rng, coarse  # coarse: inputs are multiples of 1/32
        self.nodes, self.inits, self.ins, self.outs = [], [], [], []
        self.data, self.meta, self.count = {}, {}, 0

    def name(self, prefix):
        self.count += 1
        return "%s%d" % (prefix, self.count)

    def input(self, shape, kind="f32", hi=None, scale=1.0, name=None):
        """kind: f32 normal, pos positive, else integers below hi."""
        name = name or "in%d" % len(self.ins)
        element = TensorProto.FLOAT
        if kind == "f32":
            data = (self.rng.randn(*shape) * scale).astype(np.float32)
            if self.coarse:
                data = (np.round(data * 32) / 32).astype(np.float32)
        elif kind == "pos":
            data = (np.abs(self.rng.randn(*shape)) * scale + 0.05).astype(np.float32)
        else:
            data = self.rng.randint(0, hi, shape).astype(np.int64)
            element = TensorProto.INT64
            self.meta.setdefault("int", []).append(name)
        self.ins.append(helper.make_tensor_value_info(name, element, shape))
        self.data[name] = data
        return name

    def weight(self, *shape, s=None, pos=False):
        """Normal weights of standard deviation s (by default 1/sqrt of the fan-in)."""
        s = s if s is not None else 1.0 / max(1.0, np.sqrt(np.prod(shape[1:]) if len(shape) > 1 else 4))
        data = self.rng.randn(*shape) * s
        if pos:
            data = np.abs(data) + 0.1
        return self.constant(data.astype(np.float32))

    def constant(self, array):
        name = self.name("k")
        self.inits.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def floats(self, *values):
        return self.constant(np.array(values, np.float32))

    def scalar(self, value):
        return self.constant(np.array(value, np.float32))

    def node(self, op, *inputs, nout=1, **attributes):
        outs = [self.name(op.lower() + "_") for _ in range(nout)]
        self.nodes.append(helper.make_node(op, list(inputs), outs, name=outs[0], **attributes))
        return outs[0] if nout == 1 else outs

    def output(self, *names):
        for name in names:
            self.outs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))

    def conv(self, x, ci, co, k=3, s=1, p=None, d=1, g=1, bias=True, act=None):
        """Kernel k, stride s, pads p (default: same), dilation d, groups g."""
        kh, kw = k if isinstance(k, tuple) else (k, k)
        pads = [d * (kh // 2), d * (kw // 2)] * 2 if p is None else p
        inputs = [x, self.weight(co, ci // g, kh, kw)] + ([self.weight(co, s=0.3)] if bias else [])
        both = lambda v: [v, v] if isinstance(v, int) else list(v)
        y = self.node("Conv", *inputs, kernel_shape=[kh, kw], strides=both(s), pads=pads, dilations=both(d), group=g)
        return self.act(y, act)

    def act(self, y, act):
        if act == "relu6":
            return self.node("Clip", y, self.scalar(0), self.scalar(6))
        if act == "leaky":
            return self.node("LeakyRelu", y, alpha=0.1)
        if act == "silu":
            return self.node("Mul", y, self.node("Sigmoid", y))
        return self.node(act, y) if act else y

    def model(self, name):
        graph = helper.make_graph(self.nodes, name, self.ins, self.outs, self.inits)
        opset = helper.make_opsetid("", self.meta.get("opset", 13))
        model = helper.make_model(graph, opset_imports=[opset], producer_name="vnpu-oracle")
        model.ir_version = 8
        return model
