"""Matrices, pooling, element by element, activations: net families (see builder.py)."""

import numpy as np

from .builder import family, pick


# matrix
@family
def fc(net, rng, seed):
    m, kk, n = pick(rng, 1, 1, 2, 4, 9), pick(rng, 8, 16, 33, 64, 120), pick(rng, 4, 10, 16, 31, 64)
    x = net.input([m, kk])
    y = net.node(
        "Gemm",
        x,
        net.weight(n, kk) if seed % 2 else net.weight(kk, n, s=1 / np.sqrt(kk)),
        *([net.weight(n, s=0.3)] if seed % 3 else []),
        transB=seed % 2
    )
    net.output(net.act(y, pick(rng, None, "Relu")))


@family
def fc_large(net, rng, seed):
    kk, n = [(512, 40), (96, 200), (256, 64), (1024, 10)][seed % 4]
    net.output(net.node("Gemm", net.input([1 + seed % 2, kk]), net.weight(n, kk), net.weight(n, s=0.3), transB=1))


@family
def matmul(net, rng, seed):
    m, kk, n = pick(rng, 3, 8, 13), pick(rng, 4, 16, 20), pick(rng, 5, 8, 16)
    bt = [[], [2], [1, 3], [2, 2]][seed % 4]
    x, y = net.input(bt + [m, kk]), net.input(bt + [kk, n])
    net.output(net.node("MatMul", x, y))


@family
def matmul_weight(net, rng, seed):
    kk, n = pick(rng, 8, 16, 24), pick(rng, 6, 16, 20)
    x = net.input([[1, 7, kk], [2, 5, kk], [1, 2, 4, kk]][seed % 3])
    net.output(net.node("Add", net.node("MatMul", x, net.weight(kk, n, s=0.25)), net.weight(n, s=0.3)))


@family
def attention(net, rng, seed):
    l, d = pick(rng, 6, 8, 12), pick(rng, 8, 16)
    x = net.input([1, l, d])
    q, kk, v = [net.node("MatMul", x, net.weight(d, d, s=0.3)) for _ in range(3)]
    s = net.node("Mul", net.node("MatMul", q, net.node("Transpose", kk, perm=[0, 2, 1])), net.scalar(1 / np.sqrt(d)))
    net.output(net.node("MatMul", net.node("Softmax", s, axis=-1), v))


# pooling
@family
def maxpool(net, rng, seed):
    kk = [pick(rng, 2, 3, 3, 5), pick(rng, 2, 3, 3, 5)]
    p = [
        rng.randint(0, kk[0] // 2 + 1),
        rng.randint(0, kk[1] // 2 + 1),
        rng.randint(0, kk[0] // 2 + 1),
        rng.randint(0, kk[1] // 2 + 1),
    ]
    x = net.input([pick(rng, 1, 1, 2), pick(rng, 2, 8, 11), rng.randint(6, 15), rng.randint(6, 15)])
    net.output(
        net.node(
            "MaxPool", x, kernel_shape=kk, strides=[pick(rng, 1, 2, 3), pick(rng, 1, 2, 2)], pads=p, ceil_mode=seed % 2
        )
    )


@family
def avgpool(net, rng, seed):
    kk = [pick(rng, 2, 3, 3, 5), pick(rng, 2, 3, 3, 5)]
    p = [rng.randint(0, kk[0] // 2 + 1), rng.randint(0, kk[1] // 2 + 1)] * 2
    x = net.input([pick(rng, 1, 1, 2), pick(rng, 2, 8, 11), rng.randint(6, 15), rng.randint(6, 15)])
    net.output(
        net.node(
            "AveragePool",
            x,
            kernel_shape=kk,
            strides=[pick(rng, 1, 2, 3), pick(rng, 1, 2, 2)],
            pads=p,
            count_include_pad=int(seed % 3 != 0),
        )
    )


@family
def globalpool(net, rng, seed):
    x = net.input([pick(rng, 1, 2), pick(rng, 3, 8, 16), rng.randint(3, 15), rng.randint(3, 15)])
    net.output(net.node("GlobalAveragePool" if seed % 2 else "GlobalMaxPool", x))


@family
def pool_misc(net, rng, seed):
    if seed % 3 == 0:
        net.output(net.node("MaxPool", net.input([1, 4, 30]), kernel_shape=[3], strides=[2], pads=[1, 1]))
    elif seed % 3 == 1:
        net.output(net.node("AveragePool", net.input([1, 3, 40, 40]), kernel_shape=[40, 40], strides=[1, 1]))
    else:
        x = net.input([1, 8, 13, 13])
        y = [x] + [net.node("MaxPool", x, kernel_shape=[q, q], strides=[1, 1], pads=[q // 2] * 4) for q in (5, 9, 13)]
        net.output(net.node("Concat", *y, axis=1))


# eltwise
def _elt(net, rng, seed, op):
    s = [pick(rng, 1, 2), pick(rng, 3, 8, 16), rng.randint(3, 12), rng.randint(3, 12)]
    v = seed % 6
    if v in (0, 1):
        x, y = net.input(s), net.input(s)
    elif v == 2:
        x, y = net.input(s), net.input([s[0], s[1], 1, 1])
    elif v == 3:
        x, y = net.input(s), net.weight(1, s[1], 1, 1, s=1.0)
    elif v == 4:
        x, y = net.input(s), net.scalar(float(pick(rng, 0.5, -1.25, 2.0, 0.1)))
    else:
        x, y = net.input(s), net.input([1, 1, s[2], s[3]])
    z = net.node(op, x, y)
    net.output(net.act(z, "Relu") if (op in ("Add", "Mul", "Sub") and seed % 2) else z)


@family
def elt_add(net, rng, seed):
    _elt(net, rng, seed, "Add")


@family
def elt_mul(net, rng, seed):
    _elt(net, rng, seed, "Mul")


@family
def elt_sub(net, rng, seed):
    _elt(net, rng, seed, "Sub")


@family
def elt_max(net, rng, seed):
    _elt(net, rng, seed if seed % 6 != 5 else 0, "Max")


@family
def elt_min(net, rng, seed):
    _elt(net, rng, seed if seed % 6 != 5 else 0, "Min")


@family
def elt_div(net, rng, seed):
    s = [1, pick(rng, 3, 8), rng.randint(3, 9), rng.randint(3, 9)]
    net.output(
        net.node(
            "Div",
            net.input(s),
            [lambda: net.input(s, "pos"), lambda: net.weight(1, s[1], 1, 1, s=1.0, pos=True), lambda: net.scalar(3.0)][
                seed % 3
            ](),
        )
    )


@family
def elt_sum3(net, rng, seed):
    s = [1, pick(rng, 4, 8), rng.randint(4, 10), rng.randint(4, 10)]
    net.output(net.node("Sum", *[net.input(s, scale=q) for q in (1.0, 0.5, 2.0)]))


@family
def compare_where(net, rng, seed):
    s = [1, 4, rng.randint(4, 9), rng.randint(4, 9)]
    x = net.input(s)
    if seed % 2:
        c = net.node("Greater" if seed % 4 == 1 else "Less", x, net.scalar(0.25))
        net.output(net.node("Where", c, x, net.scalar(-1.0)))
    else:
        net.output(net.node("Cast", net.node("Greater", x, net.scalar(0.1)), to=1))


# activations
ACTS = [
    "Relu",
    "relu6",
    "leaky",
    "PRelu",
    "Sigmoid",
    "Tanh",
    "hardswish",
    "silu",
    "mish",
    "gelu",
    "Exp",
    "Log",
    "Softplus",
    "Elu",
    "HardSigmoid",
    "Sqrt",
    "Abs",
    "Neg",
    "Reciprocal",
    "Pow",
    "clip",
    "Erf",
    "Square",
    "Softsign",
    "Floor",
    "Ceil",
    "Round",
    "Sin",
    "Cos",
    "Rsqrt",
    "LogSoftmax",
    "Sign",
]


@family
def activation(net, rng, seed):
    a = ACTS[seed % len(ACTS)]
    s = [1, pick(rng, 3, 8, 12), rng.randint(3, 12), rng.randint(4, 14)]
    x = net.input(s, "pos" if a in ("Log", "Sqrt", "Reciprocal", "Rsqrt") else "f32", scale=2.0)
    net.meta["act"] = a
    if a == "PRelu":
        y = net.node("PRelu", x, net.weight(s[1], 1, 1, s=0.3))
    elif a == "hardswish":
        y = net.node("Mul", x, net.node("HardSigmoid", x, alpha=1 / 6.0, beta=0.5))
    elif a == "mish":
        y = net.node("Mul", x, net.node("Tanh", net.node("Softplus", x)))
    elif a == "gelu":
        t = net.node("Add", net.node("Erf", net.node("Div", x, net.scalar(np.sqrt(2)))), net.scalar(1))
        y = net.node("Mul", net.node("Mul", x, t), net.scalar(0.5))
    elif a == "Pow":
        y = net.node("Pow", x, net.scalar(2.0 if seed < 32 else 3.0))
    elif a == "Square":
        y = net.node("Mul", x, x)
    elif a == "clip":
        y = net.node("Clip", x, net.scalar(-1.0), net.scalar(1.5))
    elif a == "HardSigmoid":
        y = net.node("HardSigmoid", x, alpha=0.2, beta=0.5)
    elif a == "Elu":
        y = net.node("Elu", x, alpha=1.0)
    elif a == "Rsqrt":
        y = net.node("Reciprocal", net.node("Sqrt", x))
    elif a == "LogSoftmax":
        y = net.node("LogSoftmax", x, axis=1)
    else:
        y = net.act(x, a)
    net.output(y)


@family
def conv_act(net, rng, seed):
    a = ["Sigmoid", "silu", "mish", "hardswish", "PRelu", "leaky", "relu6", "Tanh"][seed % 8]
    c = pick(rng, 4, 8, 16)
    y = net.conv(net.input([1, 3, 12, pick(rng, 10, 14)]), 3, c, 3)
    if a == "mish":
        y = net.node("Mul", y, net.node("Tanh", net.node("Softplus", y)))
    elif a == "hardswish":
        y = net.node("Mul", y, net.node("HardSigmoid", y, alpha=1 / 6.0, beta=0.5))
    elif a == "PRelu":
        y = net.node("PRelu", y, net.weight(c, 1, 1, s=0.3))
    else:
        y = net.act(y, a)
    net.output(net.conv(y, c, 4, 1))


@family
def softmax(net, rng, seed):
    s, ax = [
        ([1, 10], 1),
        ([3, 17], 1),
        ([1, 6, 5, 7], 1),
        ([1, 4, 3, 9], 3),
        ([2, 5, 8], 2),
        ([1, 3, 4, 6], 2),
        ([1, 1000], 1),
        ([2, 21, 4, 4], 1),
    ][seed % 8]
    net.output(net.node("Softmax", net.input(s, scale=2.0), axis=ax))
