#!/usr/bin/env python3
"""Architecture-only networks with seeded random weights, for performance and timing work (no trained weights needed).

  nets.py NAME OUT.onnx         NAME: see --list
  nets.py --check               builds every net and compares its sha256 with the list below
Needs numpy and onnx (the oracle venv has both). The same call gives the same bytes. BatchNorm is folded: every
convolution has a bias; He-scaled weights, residual branches scaled by 0.5, so that activations stay of order 1.
"""

import argparse
import hashlib
import sys

import numpy as np
from onnx import TensorProto as T, helper, numpy_helper


class Net:
    def __init__(self, seed, h, w, inp="images"):
        self.r, self.nodes, self.inits, self.n, self.inp = np.random.RandomState(seed), [], [], 0, inp
        self.h, self.w, self.outs, self.ch = h, w, [], {inp: 3}

    def add(self, op, ins, out=None, nout=1, **at):
        self.n += 1
        out = out or "%s_%d" % (op.lower(), self.n)
        self.nodes.append(helper.make_node(op, ins, [out], name=out, **at))
        return out

    def const(self, a):
        self.n += 1
        self.inits.append(numpy_helper.from_array(a, "k%d" % self.n))
        return "k%d" % self.n

    def conv(self, x, co, k=1, s=1, g=1, p=None, act="Relu", gain=1.0, out=None):
        ci = self.ch[x]
        fan = ci // g * k * k
        w = (self.r.randn(co, ci // g, k, k) * (gain * np.sqrt(2.0 / fan))).astype(np.float32)
        b = (self.r.randn(co) * 0.1).astype(np.float32)
        y = self.add(
            "Conv",
            [x, self.const(w), self.const(b)],
            out=out,
            kernel_shape=[k, k],
            strides=[s, s],
            pads=[k // 2 if p is None else p] * 4,
            group=g,
        )
        self.ch[y] = co
        return self.act(y, act)

    def act(self, y, a):
        c = self.ch[y]
        if a == "relu6":
            z = self.add("Clip", [y, self.const(np.array(0, np.float32)), self.const(np.array(6, np.float32))])
        elif a == "silu":
            z = self.add("Mul", [y, self.add("Sigmoid", [y])])
        elif a:
            z = self.add(a, [y])
        else:
            return y
        self.ch[z] = c
        return z

    def op(self, op, *xs, c=None, **at):
        y = self.add(op, list(xs), **at)
        self.ch[y] = c if c is not None else self.ch[xs[0]]
        return y

    def cat(self, *xs):
        return self.op("Concat", *xs, c=sum(self.ch[x] for x in xs), axis=1)

    def up(self, x):
        return self.op(
            "Resize",
            x,
            "",
            self.const(np.array([1, 1, 2, 2], np.float32)),
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
            c=self.ch[x],
        )

    def pool(self, x, k, s, p):
        return self.op("MaxPool", x, kernel_shape=[k, k], strides=[s, s], pads=[p] * 4)

    def head(self, x, n=1000, out="output"):
        f = self.add("Flatten", [self.op("GlobalAveragePool", x)], axis=1)
        c = self.ch[x]
        w = (self.r.randn(n, c) / np.sqrt(c)).astype(np.float32)
        b = (self.r.randn(n) * 0.1).astype(np.float32)
        self.outs.append(self.add("Gemm", [f, self.const(w), self.const(b)], out=out, transB=1))

    def model(self, name):
        g = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info(self.inp, T.FLOAT, [1, 3, self.h, self.w])],
            [helper.make_tensor_value_info(o, T.FLOAT, None) for o in self.outs],
            self.inits,
        )
        m = helper.make_model(g, opset_imports=[helper.make_opsetid("", 13)], producer_name="vnpu-nets")
        m.ir_version = 8
        return m.SerializeToString(deterministic=True)


def mobilenet_v2():
    n = Net(1, 224, 224, "input")
    x = n.conv("input", 32, 3, 2, act="relu6")
    for t, c, k, s in (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):
        for i in range(k):
            ci = n.ch[x]
            y = n.conv(x, ci * t, act="relu6") if t > 1 else x
            y = n.conv(y, ci * t, 3, s if i == 0 else 1, g=ci * t, act="relu6")
            y = n.conv(y, c, act=None, gain=0.5)
            x = n.op("Add", x, y) if (ci == c and (i > 0 or s == 1)) else y
    n.head(n.conv(x, 1280, act="relu6"))
    return n.model("mobilenet_v2")


def resnet(layers, bottleneck, seed):
    n = Net(seed, 224, 224, "input")
    x = n.pool(n.conv("input", 64, 7, 2), 3, 2, 1)
    for st, k in enumerate(layers):
        c = 64 << st
        for i in range(k):
            s = 2 if (st and not i) else 1
            co = c * 4 if bottleneck else c
            if bottleneck:
                y = n.conv(n.conv(n.conv(x, c), c, 3, s), co, act=None, gain=0.5)
            else:
                y = n.conv(n.conv(x, c, 3, s), co, 3, act=None, gain=0.5)
            if s != 1 or n.ch[x] != co:
                x = n.conv(x, co, 1, s, act=None, gain=0.7)
            x = n.act(n.op("Add", x, y), "Relu")
    n.head(x)
    return n.model("resnet")


def squeezenet():
    n = Net(4, 224, 224, "input")
    x = n.pool(n.conv("input", 64, 3, 2, p=0), 3, 2, 0)
    for i, (s, e) in enumerate(((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))):
        if i in (2, 4):
            x = n.pool(x, 3, 2, 0)
        q = n.conv(x, s)
        x = n.cat(n.conv(q, e), n.conv(q, e, 3))
    x = n.conv(x, 1000)
    n.outs.append(n.add("Flatten", [n.op("GlobalAveragePool", x)], out="output", axis=1))
    return n.model("squeezenet1_1")


def shufflenet():
    n = Net(5, 224, 224, "input")
    x = n.pool(n.conv("input", 24, 3, 2), 3, 2, 1)
    hw = 56
    for c, k in ((116, 4), (232, 8), (464, 4)):
        hw //= 2
        for i in range(k):
            h = c // 2
            if i == 0:
                a = n.conv(n.conv(x, n.ch[x], 3, 2, g=n.ch[x], act=None), h)
                b = n.conv(n.conv(n.conv(x, h), h, 3, 2, g=h, act=None), h)
            else:
                n.n += 1
                a, b = "sp%da" % n.n, "sp%db" % n.n
                n.nodes.append(
                    helper.make_node("Split", [x, n.const(np.array([h, h], np.int64))], [a, b], name=a, axis=1)
                )
                n.ch[a] = n.ch[b] = h
                b = n.conv(n.conv(n.conv(b, h), h, 3, 1, g=h, act=None), h)
            y = n.cat(a, b)
            y = n.op("Reshape", y, n.const(np.array([1, 2, h, hw, hw], np.int64)), c=c)
            y = n.op("Transpose", y, perm=[0, 2, 1, 3, 4], c=c)
            x = n.op("Reshape", y, n.const(np.array([1, c, hw, hw], np.int64)), c=c)
    n.head(n.conv(x, 1024))
    return n.model("shufflenet_v2")


def yolov5(width, h, w, seed, depth=(1, 2, 3, 1), cls=80):
    """YOLOv5 6.x, cut at the three detection convolutions (names as in the exported network)."""
    n = Net(seed, h, w)
    C = lambda c: int(np.ceil(c * width / 8) * 8)
    cv = lambda x, c, k=1, s=1, p=None: n.conv(x, C(c), k, s, p=p, act="silu", gain=1.3)

    def c3(x, c, k, short=True):
        a, b = cv(x, c // 2), cv(x, c // 2)
        for _ in range(k):
            y = cv(cv(a, c // 2), c // 2, 3)
            a = n.op("Add", a, y) if short else y
        return cv(n.cat(a, b), c)

    x = cv("images", 64, 6, 2, 2)
    x = c3(cv(x, 128, 3, 2), 128, depth[0])
    p3 = c3(cv(x, 256, 3, 2), 256, depth[1])
    p4 = c3(cv(p3, 512, 3, 2), 512, depth[2])
    x = c3(cv(p4, 1024, 3, 2), 1024, depth[3])
    a = cv(x, 512)
    b = n.pool(a, 5, 1, 2)
    c = n.pool(b, 5, 1, 2)
    x = cv(n.cat(a, b, c, n.pool(c, 5, 1, 2)), 1024)
    h5 = cv(x, 512)
    h4 = cv(c3(n.cat(n.up(h5), p4), 512, 1, False), 256)
    o3 = c3(n.cat(n.up(h4), p3), 256, 1, False)
    o4 = c3(n.cat(cv(o3, 256, 3, 2), h4), 512, 1, False)
    o5 = c3(n.cat(cv(o4, 512, 3, 2), h5), 1024, 1, False)
    for i, o in enumerate((o3, o4, o5)):
        n.outs.append(n.conv(o, 3 * (5 + cls), act=None, out="/model.24/m.%d/Conv_output_0" % i))
    return n.model("yolov5")


NETS = {
    "mobilenet_v2_224": mobilenet_v2,
    "resnet18_224": lambda: resnet((2, 2, 2, 2), False, 2),
    "resnet50_224": lambda: resnet((3, 4, 6, 3), True, 3),
    "squeezenet1_1_224": squeezenet,
    "shufflenet_v2_224": shufflenet,
    "yolov5n_224x320": lambda: yolov5(0.25, 224, 320, 6),
    "yolov5n_640x640": lambda: yolov5(0.25, 640, 640, 6),
    "yolov5s_640x640": lambda: yolov5(0.5, 640, 640, 7),
}
SHA256 = {
    "mobilenet_v2_224": "b7a27f9e49f359c6e231be7a2d798005aa921e2eac91fdbe14d562e0fe3bf6d0",
    "resnet18_224": "5c41304285735fcd3b48cee2b2fd826577733881077d40dfc5dd1d3ade47a18a",
    "resnet50_224": "df652a36efc623f4c6343fffd727fc6d5ffdb38b61436fa3f54b83db2d299063",
    "squeezenet1_1_224": "f6c16631ebc06693c297f5b1ba8d210c15ca51fed44077af6f8b70d3e4c8ad67",
    "shufflenet_v2_224": "90be50d807261cf6ebe33f554e23e6279c30528ec1115aeaa629fafc70479e45",
    "yolov5n_224x320": "f282de5f18c8f56f70e90b1220ad30d1100af5a4664f626d53e1ef16afb6d0fe",
    "yolov5n_640x640": "c5e638df557f8354d838f5093f9efea01ca24a118bb4af01f06f4d907454651b",
    "yolov5s_640x640": "8332af014d8739d183c22493fbf7b774752b2b047b304c4e7d20ebf9e1657ac0",
}

if __name__ == "__main__":
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("name", nargs="?"), ap.add_argument("out", nargs="?")
    ap.add_argument("--list", action="store_true"), ap.add_argument("--check", action="store_true")
    a = ap.parse_args()
    if a.check or a.list:
        bad = 0
        for k, f in NETS.items():
            m = f()
            h = hashlib.sha256(m).hexdigest()
            ok = SHA256.get(k) == h
            bad += not ok
            print("%-20s %9d bytes %s %s" % (k, len(m), h, "same" if ok else "DIFFERENT"))
        sys.exit(bad if a.check else 0)
    open(a.out, "wb").write(NETS[a.name]())
