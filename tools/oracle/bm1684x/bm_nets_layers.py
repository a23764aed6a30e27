"""Nets of one or a few layers: convolutions, products, pooling, arithmetic, activations, norms."""

import numpy as np

from bm_graph import net


@net
def conv(g, p):
    x = g.inp([p.get("n", 1), p["ci"], p.get("h", 14), p.get("w", 14)])
    y = g.conv(x, p["ci"], p["co"], p.get("k", 3), p.get("s", 1), p.get("p"), p.get("d", 1), p.get("g", 1), p.get("bias", True),
               p.get("act"))
    g.out(y)


@net
def conv1d(g, p):
    x = g.inp([1, p.get("ci", 12), p.get("w", 40)])
    y = g.op("Conv", [x, g.w(p.get("co", 20), p.get("ci", 12), 5), g.w(p.get("co", 20), s=.2)], kernel_shape=[5], strides=[2],
             pads=[2, 2])
    g.out(g.op("Relu", y))


@net
def conv3d(g, p):
    x = g.inp([1, 3, 6, 10, 10])
    y = g.op("Conv", [x, g.w(8, 3, 3, 3, 3), g.w(8, s=.2)], kernel_shape=[3, 3, 3], strides=[1, 1, 1], pads=[1] * 6)
    g.out(g.op("Relu", y))


@net
def convchain(g, p):
    x = g.inp([1, 3, p.get("h", 20), p.get("w", 24)])
    y = g.conv(x, 3, 16, 3, 2, act="Relu")
    y = g.conv(y, 16, 24, 1, act="relu6")
    y = g.conv(y, 24, 24, 3, g=24, act="leaky")
    g.out(g.conv(y, 24, 10, 1))


@net
def dwconv(g, p):
    c, m = p.get("c", 32), p.get("m", 1)
    x = g.inp([p.get("n", 1), c, p.get("h", 14), p.get("w", 14)])
    g.out(g.conv(x, c, c * m, p.get("k", 3), p.get("s", 1), p.get("p"), p.get("d", 1), c, act=p.get("act")))


@net
def deconv(g, p):
    x = g.inp([1, p["ci"], p.get("h", 7), p.get("w", 9)])
    g.out(g.conv(x, p["ci"], p["co"], p["k"], p["s"], p.get("p", 0), g=p.get("g", 1), ty="ConvTranspose", act=p.get("act"),
                 output_padding=[p["op"]] * 2 if "op" in p else None))


@net
def fc(g, p):
    x = g.inp([p.get("m", 1), p.get("k", 100)])
    y = g.fc(x, p.get("k", 100), p.get("n", 37))
    g.out(g.act(y, p.get("act")))


@net
def mlp(g, p):
    x = g.inp([4, 64])
    y = g.op("Relu", g.fc(x, 64, 96))
    y = g.op("Relu", g.fc(y, 96, 40))
    g.out(g.op("Softmax", g.fc(y, 40, 10), axis=1))


@net
def matmul(g, p):
    b = p.get("b", [])
    x = g.inp(b + [p.get("m", 12), p.get("k", 40)])
    y = g.inp(p.get("b2", b) + ([p.get("n", 24), p.get("k", 40)] if p.get("tb") else [p.get("k", 40), p.get("n", 24)]))
    if p.get("tb"):
        r = len(p.get("b2", b))
        y = g.tr(y, list(range(r)) + [r + 1, r])
    z = g.op("MatMul", [x, y])
    g.out(z)


@net
def matmulw(g, p):
    x = g.inp([p.get("b", 2), p.get("m", 10), p.get("k", 48)])
    g.out(g.act(g.lin(x, p.get("k", 48), p.get("n", 80)), p.get("act")))


@net
def pool(g, p):
    x = g.inp([p.get("n", 1), p.get("c", 20), p.get("h", 13), p.get("w", 15)])
    ty = p["ty"]
    if ty.startswith("Global"):
        g.out(g.op(ty, x))
    elif ty == "MaxPool":
        g.out(g.op(ty, x, kernel_shape=p["k"], strides=p["s"], pads=p.get("pads", [0] * 4), ceil_mode=p.get("ceil", 0)))
    else:
        g.out(g.op(ty, x, kernel_shape=p["k"], strides=p["s"], pads=p.get("pads", [0] * 4), ceil_mode=p.get("ceil", 0),
                   count_include_pad=p.get("cip", 0)))


@net
def binop(g, p):
    a, b = p.get("a", [1, 12, 9, 11]), p.get("b", [1, 12, 9, 11])
    x = g.inp(a)
    y = g.inp(b, 0.5, 2.0, "uniform") if p["ty"] == "Div" else g.inp(b)
    z = g.op(p["ty"], [x, y])
    g.out(g.op("Relu", z) if p.get("relu") else z)


@net
def binc(g, p):
    """binary ops with constants: tensor, per channel, scalar"""
    x = g.inp([1, 10, 8, 9])
    y = g.op("Mul", [x, g.u(1, 10, 1, 1)])
    y = g.op("Add", [y, g.w(1, 10, 8, 9, s=1.0)])
    y = g.op("Sub", [g.f(1.25), y])
    z = g.op("Max", [y, g.f(-0.3)])
    z = g.op("Min", [z, g.f(1.7)])
    g.out(y, z)


@net
def unary(g, p):
    ty = p["ty"]
    kw = dict(p.get("kw", {}))
    lo, hi, kind = p.get("lo"), p.get("hi"), "uniform" if "lo" in p else "normal"
    x = g.inp(p.get("shape", [1, 6, 10, 13]), lo, hi if kind == "uniform" else p.get("sd", 2.0), kind)
    if ty == "Pow":
        y = g.op("Pow", [x, g.f(p["e"])])
    elif ty == "Clip":
        y = g.op("Clip", [x, g.f(-1.1), g.f(2.3)])
    elif ty in ("silu", "mish", "gelu", "relu6"):
        y = g.act(x, ty)
    elif ty == "PRelu":
        y = g.op("PRelu", [x, g.u(p.get("shape", [1, 6])[1], 1, 1, lo=.05, hi=.4)])
    else:
        y = g.op(ty, x, **kw)
    g.out(y)


@net
def convact(g, p):
    x = g.inp([1, 4, 10, 12])
    outs = []
    for a in p["acts"]:
        outs.append(g.conv(x, 4, 8, 1, act=a))
    g.out(*outs)


@net
def softmax(g, p):
    x = g.inp(p.get("shape", [2, 12, 33]), sd_ := None, p.get("sd", 2.5))
    g.out(g.op(p.get("ty", "Softmax"), x, axis=p.get("axis", -1)))


@net
def norm(g, p):
    ty = p["ty"]
    if ty == "ln":
        x = g.inp([2, 9, p.get("c", 40)], .3, 1.5)
        y = g.ln(x, p.get("c", 40))
    elif ty == "ln17":
        x = g.inp([2, 9, 48], .3, 1.5)
        y = g.op("LayerNormalization", [x, g.u(48), g.w(48, s=.3)], axis=-1, epsilon=1e-5)
    elif ty == "rms":
        x = g.inp([1, 8, 64])
        y = g.rmsn(x, 64)
    elif ty == "gn":
        x = g.inp([1, 16, 6, 7], .2, 1.3)
        t = g.reshape(x, [1, 4, -1])
        t = g.op("InstanceNormalization", [t, g.c(np.ones(4, np.float32)), g.c(np.zeros(4, np.float32))], epsilon=1e-5)
        t = g.reshape(t, [1, 16, 6, 7])
        y = g.op("Add", [g.op("Mul", [t, g.u(16, 1, 1)]), g.w(16, 1, 1, s=.3)])
    elif ty == "in":
        x = g.inp([1, 10, 8, 9], .2, 1.3)
        y = g.op("InstanceNormalization", [x, g.u(10), g.w(10, s=.3)], epsilon=1e-5)
    elif ty == "bn":
        x = g.inp([1, 20, 8, 9])
        y = g.op("Relu", g.bn(x, 20))
    elif ty == "l2":
        x = g.inp([1, 20, 8, 9])
        y = g.op("Div", [x, g.op("Clip", [g.op("ReduceL2", x, axes=[1], keepdims=1), g.f(1e-6)])])
    elif ty == "lrn":
        x = g.inp([1, 16, 7, 8])
        y = g.op("LRN", x, size=5, alpha=1e-3, beta=.75, bias=1.0)
    g.out(y)
