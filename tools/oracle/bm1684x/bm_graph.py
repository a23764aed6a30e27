"""Seeded small ONNX networks for the BM1684X oracle.  No vendor code is needed here, only numpy + onnx.

NETS maps a net name to a function(G, p) that builds the graph; p is a dict of parameters (defaults inside).
"""

import onnx
from onnx import TensorProto as T
from onnx import helper as oh
from onnx import numpy_helper as nh
import numpy as np

F, I64 = T.FLOAT, T.INT64


class G:
    def __init__(self, seed, name="net"):
        self.r = np.random.default_rng(seed)
        self.name = name
        self.nodes, self.inits, self.ins, self.outs = [], [], [], []
        self.rng = {}            # input name -> (kind, lo, hi): how to draw it
        self.k = 0

    def nm(self, s="t"):
        self.k += 1
        return "%s%d" % (s, self.k)

    def inp(self, shape, lo=None, hi=None, kind="normal", name=None, dt=F):
        n = name or "in%d" % len(self.ins)
        self.ins.append(oh.make_tensor_value_info(n, dt, shape))
        self.rng[n] = (kind, lo, hi, list(shape), dt)
        return n

    def c(self, arr, s="w"):
        n = self.nm(s)
        self.inits.append(nh.from_array(np.ascontiguousarray(arr), n))
        return n

    def w(self, *shape, s=None):
        fan = np.prod(shape[1:]) if len(shape) > 1 else 4
        s = s if s is not None else float(1.2 / np.sqrt(max(1, fan)))
        return self.c((self.r.standard_normal(shape) * s).astype(np.float32))

    def u(self, *shape, lo=0.5, hi=1.5):
        return self.c(self.r.uniform(lo, hi, shape).astype(np.float32))

    def i(self, v):
        return self.c(np.array(v, np.int64), "i")

    def f(self, v):
        return self.c(np.array(v, np.float32), "f")

    def op(self, ty, ins, n=1, **a):
        outs = [self.nm(ty.lower() + "_") for _ in range(n)]
        a = {k: v for k, v in a.items() if v is not None}
        self.nodes.append(oh.make_node(ty, ins if isinstance(ins, (list, tuple)) else [ins], outs, name=outs[0], **a))
        return outs[0] if n == 1 else outs

    def conv(self, x, ci, co, k=3, s=1, p=None, d=1, g=1, bias=True, act=None, ty="Conv", **kw):
        kh, kw_ = (k, k) if isinstance(k, int) else k
        st = [s, s] if isinstance(s, int) else list(s)
        dl = [d, d] if isinstance(d, int) else list(d)
        if p is None:
            p = [(kh - 1) * dl[0] // 2, (kw_ - 1) * dl[1] // 2] * 2
        if isinstance(p, int):
            p = [p] * 4
        shp = (co, ci // g, kh, kw_) if ty == "Conv" else (ci, co // g, kh, kw_)
        ins = [x, self.w(*shp)] + ([self.w(co, s=0.3)] if bias else [])
        y = self.op(ty, ins, kernel_shape=[kh, kw_], strides=st, pads=p, dilations=dl, group=g, **kw)
        return self.act(y, act)

    def act(self, y, a):
        if a is None:
            return y
        if a == "silu":
            return self.op("Mul", [y, self.op("Sigmoid", y)])
        if a == "relu6":
            return self.op("Clip", [y, self.f(0.0), self.f(6.0)])
        if a == "mish":
            return self.op("Mul", [y, self.op("Tanh", self.op("Softplus", y))])
        if a == "gelu":
            e = self.op("Erf", self.op("Div", [y, self.f(np.sqrt(2.0))]))
            return self.op("Mul", [self.op("Mul", [y, self.op("Add", [e, self.f(1.0)])]), self.f(0.5)])
        if a == "hardswish":
            return self.op("HardSwish", y)
        if a == "leaky":
            return self.op("LeakyRelu", y, alpha=0.1)
        if a.startswith("prelu"):
            c = int(a[5:])
            return self.op("PRelu", [y, self.u(c, 1, 1, lo=0.05, hi=0.4)])
        return self.op(a, y)

    def bn(self, x, c):
        return self.op("BatchNormalization", [x, self.u(c), self.w(c, s=.2), self.w(c, s=.2), self.u(c)], epsilon=1e-5)

    def fc(self, x, a, b, bias=True):
        return self.op("Gemm", [x, self.w(b, a)] + ([self.w(b, s=.2)] if bias else []), transB=1)

    def lin(self, x, a, b, bias=True):
        y = self.op("MatMul", [x, self.c((self.r.standard_normal((a, b)) / np.sqrt(a)).astype(np.float32))])
        return self.op("Add", [y, self.w(b, s=.2)]) if bias else y

    def ln(self, x, c, eps=1e-5):
        """LayerNorm over the last axis in the usual ReduceMean/Sub/Pow/... form (the converter fuses it)"""
        m = self.op("ReduceMean", x, axes=[-1], keepdims=1)
        d = self.op("Sub", [x, m])
        v = self.op("ReduceMean", self.op("Pow", [d, self.f(2.0)]), axes=[-1], keepdims=1)
        q = self.op("Div", [d, self.op("Sqrt", self.op("Add", [v, self.f(eps)]))])
        return self.op("Add", [self.op("Mul", [q, self.u(c)]), self.w(c, s=.2)])

    def rmsn(self, x, c, eps=1e-6):
        v = self.op("ReduceMean", self.op("Pow", [x, self.f(2.0)]), axes=[-1], keepdims=1)
        q = self.op("Mul", [x, self.op("Reciprocal", self.op("Sqrt", self.op("Add", [v, self.f(eps)])))])
        return self.op("Mul", [q, self.u(c)])

    def reshape(self, x, s):
        return self.op("Reshape", [x, self.i(s)])

    def tr(self, x, p):
        return self.op("Transpose", x, perm=p)

    def out(self, *names):
        self.outs += names

    def model(self, opset=13):
        g = oh.make_graph(self.nodes, self.name, self.ins, [oh.make_empty_tensor_value_info(o) for o in self.outs], self.inits)
        m = oh.make_model(g, opset_imports=[oh.make_opsetid("", opset)])
        m.ir_version = 8
        inf = onnx.shape_inference.infer_shapes(m)
        vi = {v.name: v for v in list(inf.graph.value_info) + list(inf.graph.output)}
        del m.graph.output[:]
        for o in self.outs:
            m.graph.output.append(vi[o] if o in vi else oh.make_empty_tensor_value_info(o))
        onnx.checker.check_model(m)
        return m

    def sample(self, rng):
        d = {}
        for n, (kind, lo, hi, shape, dt) in self.rng.items():
            if kind == "int":
                v = rng.integers(lo, hi, shape).astype(np.int32)
            elif kind == "uniform":
                v = rng.uniform(lo, hi, shape).astype(np.float32)
            elif kind == "mask":
                v = np.where(np.tri(shape[-2], shape[-1]) == 1, 0, -1e4).astype(np.float32)
                v = np.broadcast_to(v, shape).copy()
            else:
                v = (rng.standard_normal(shape) * (hi or 1.0) + (lo or 0.0)).astype(np.float32)
            d[n] = v
        return d


# ------------------------------------------------------------------------------------------------------------------
NETS = {}


def net(f):
    NETS[f.__name__] = f
    return f
