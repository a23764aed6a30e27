"""Blocks of whole architectures: recurrent, attention, residual, detector heads."""

from onnx import TensorProto as T
import numpy as np

from bm_graph import net


@net
def lstm(g, p):
    t, b, i, h = p.get("t", 6), p.get("b", 1), p.get("i", 12), p.get("h", 16)
    d = 2 if p.get("bi") else 1
    x = g.inp([t, b, i])
    ng = 4 if p.get("ty", "LSTM") == "LSTM" else 3
    o = g.op(p.get("ty", "LSTM"), [x, g.w(d, ng * h, i, s=.35), g.w(d, ng * h, h, s=.3), g.w(d, 2 * ng * h, s=.2)],
             n=3 if ng == 4 else 2, hidden_size=h, direction="bidirectional" if d == 2 else "forward",
             linear_before_reset=1 if ng == 3 else None)
    y = g.reshape(g.tr(o[0], [0, 2, 1, 3]), [t, b, d * h])
    if p.get("last"):
        g.out(y, o[1])
    else:
        g.out(y)


def mha(g, x, s, c, h, mask=None, cross=None):
    q = g.tr(g.reshape(g.lin(x, c, c), [1, s, h, c // h]), [0, 2, 1, 3])
    k = g.tr(g.reshape(g.lin(x, c, c), [1, s, h, c // h]), [0, 2, 3, 1])
    v = g.tr(g.reshape(g.lin(x, c, c), [1, s, h, c // h]), [0, 2, 1, 3])
    a = g.op("Mul", [g.op("MatMul", [q, k]), g.f(1 / np.sqrt(c // h))])
    if mask:
        a = g.op("Add", [a, mask])
    a = g.op("Softmax", a, axis=-1)
    y = g.reshape(g.tr(g.op("MatMul", [a, v]), [0, 2, 1, 3]), [1, s, c])
    return g.lin(y, c, c)


@net
def attn(g, p):
    s, c, h = p.get("s", 16), p.get("c", 32), p.get("h", 4)
    x = g.inp([1, s, c])
    m = g.inp([1, 1, s, s], kind="mask") if p.get("mask") else None
    g.out(mha(g, x, s, c, h, m))


@net
def vit(g, p):
    c = p.get("c", 32)
    x = g.inp([1, 3, 16, 16])
    y = g.conv(x, 3, c, 4, 4, p=0)
    y = g.tr(g.reshape(y, [1, c, 16]), [0, 2, 1])
    y = g.op("Add", [y, g.w(1, 16, c, s=.3)])
    for _ in range(p.get("l", 1)):
        y = g.op("Add", [y, mha(g, g.ln(y, c), 16, c, 4)])
        t = g.act(g.lin(g.ln(y, c), c, c * 2), "gelu")
        y = g.op("Add", [y, g.lin(t, c * 2, c)])
    y = g.op("ReduceMean", g.ln(y, c), axes=[1], keepdims=0)
    g.out(g.fc(y, c, 10))


@net
def llm(g, p):
    """decoder block: rmsnorm, rope with constant tables, causal mask, swiglu"""
    s, c, h = 8, 48, 4
    d = c // h
    ids = g.inp([1, s], 0, 50, "int", dt=T.INT32)
    m = g.inp([1, 1, s, s], kind="mask")
    x = g.op("Gather", [g.w(50, c, s=.8), ids], axis=0)
    pos = np.arange(s)[:, None] / (100.0 ** (np.arange(d // 2)[None] * 2.0 / d))
    cs = np.concatenate([np.cos(pos), np.cos(pos)], 1).astype(np.float32)[None, None]
    sn = np.concatenate([np.sin(pos), np.sin(pos)], 1).astype(np.float32)[None, None]
    n = g.rmsn(x, c)

    def rope(t):
        a = g.op("Slice", [t, g.i([0]), g.i([d // 2]), g.i([3])])
        b = g.op("Slice", [t, g.i([d // 2]), g.i([d]), g.i([3])])
        rot = g.op("Concat", [g.op("Neg", b), a], axis=3)
        return g.op("Add", [g.op("Mul", [t, g.c(cs)]), g.op("Mul", [rot, g.c(sn)])])
    q = rope(g.tr(g.reshape(g.lin(n, c, c, False), [1, s, h, d]), [0, 2, 1, 3]))
    k = rope(g.tr(g.reshape(g.lin(n, c, c, False), [1, s, h, d]), [0, 2, 1, 3]))
    v = g.tr(g.reshape(g.lin(n, c, c, False), [1, s, h, d]), [0, 2, 1, 3])
    a = g.op("Mul", [g.op("MatMul", [q, g.tr(k, [0, 1, 3, 2])]), g.f(1 / np.sqrt(d))])
    a = g.op("Softmax", g.op("Add", [a, m]), axis=-1)
    y = g.lin(g.reshape(g.tr(g.op("MatMul", [a, v]), [0, 2, 1, 3]), [1, s, c]), c, c, False)
    x = g.op("Add", [x, y])
    n = g.rmsn(x, c)
    y = g.lin(g.op("Mul", [g.act(g.lin(n, c, 96, False), "silu"), g.lin(n, c, 96, False)]), 96, c, False)
    x = g.rmsn(g.op("Add", [x, y]), c)
    g.out(g.lin(x, c, 50, False))


def cbr(g, x, ci, co, k=3, s=1, gr=1, act="Relu"):
    return g.act(g.bn(g.conv(x, ci, co, k, s, g=gr, bias=False), co), act)


@net
def resblock(g, p):
    x = g.inp([1, 3, p.get("h", 24), p.get("w", 24)])
    y = cbr(g, x, 3, 16, 3, 2)
    z = g.bn(g.conv(cbr(g, y, 16, 16), 16, 16, bias=False), 16)
    y = g.op("Relu", g.op("Add", [z, y]))
    z = g.bn(g.conv(cbr(g, y, 16, 32, 3, 2), 32, 32, bias=False), 32)
    y = g.op("Relu", g.op("Add", [z, g.bn(g.conv(y, 16, 32, 1, 2, bias=False), 32)]))
    y = g.op("GlobalAveragePool", y)
    g.out(g.fc(g.op("Flatten", y), 32, 10))


@net
def bottleneck(g, p):
    x = g.inp([1, 32, 10, 12])
    z = cbr(g, cbr(g, x, 32, 16, 1), 16, 16, 3)
    z = g.bn(g.conv(z, 16, 32, 1, bias=False), 32)
    g.out(g.op("Relu", g.op("Add", [z, x])))


@net
def mbconv(g, p):
    x = g.inp([1, 16, 14, 14])
    y = cbr(g, x, 16, 48, 1, act="relu6")
    y = cbr(g, y, 48, 48, 3, p.get("s", 1), gr=48, act="relu6")
    y = g.bn(g.conv(y, 48, 16, 1, bias=False), 16)
    g.out(g.op("Add", [x, y]) if p.get("s", 1) == 1 else y)


@net
def se(g, p):
    x = g.inp([1, 24, 9, 10])
    y = cbr(g, x, 24, 24, 3, gr=24, act="hardswish")
    s = g.op("GlobalAveragePool", y)
    s = g.conv(g.conv(s, 24, 8, 1, act="Relu"), 8, 24, 1)
    s = g.op("HardSigmoid", s, alpha=1 / 6, beta=.5)
    g.out(g.conv(g.op("Mul", [y, s]), 24, 16, 1))


@net
def c3(g, p):
    x = g.inp([1, 16, 12, 12])
    a = g.conv(x, 16, 8, 1, act="silu")
    b = g.conv(x, 16, 8, 1, act="silu")
    t = g.conv(g.conv(a, 8, 8, 1, act="silu"), 8, 8, 3, act="silu")
    a = g.op("Add", [a, t])
    g.out(g.conv(g.op("Concat", [a, b], axis=1), 16, 24, 1, act="silu"))


@net
def sppf(g, p):
    x = g.inp([1, 16, 10, 10])
    x = g.conv(x, 16, 8, 1, act="silu")
    m = [x]
    for _ in range(3):
        m.append(g.op("MaxPool", m[-1], kernel_shape=[5, 5], strides=[1, 1], pads=[2] * 4))
    g.out(g.conv(g.op("Concat", m, axis=1), 32, 16, 1, act="silu"))


@net
def unet(g, p):
    x = g.inp([1, 3, 16, 20])
    a = g.conv(x, 3, 8, act="Relu")
    b = g.conv(g.op("MaxPool", a, kernel_shape=[2, 2], strides=[2, 2]), 8, 16, act="Relu")
    u = g.conv(b, 16, 8, 2, 2, 0, ty="ConvTranspose")
    y = g.conv(g.op("Concat", [u, a], axis=1), 16, 8, act="Relu")
    g.out(g.op("Sigmoid", g.conv(y, 8, 2, 1)))


@net
def yolohead(g, p):
    """yolov5 style detection head, one scale, 3 anchors x (5+3)"""
    x = g.inp([1, 16, 8, 8])
    y = g.conv(x, 16, 24, 1)
    y = g.tr(g.reshape(y, [1, 3, 8, 8, 8]), [0, 1, 3, 4, 2])
    y = g.op("Sigmoid", y)
    xy, wh, cf = g.op("Split", [y, g.i([2, 2, 4])], n=3, axis=4)
    gy, gx = np.mgrid[0:8, 0:8]
    grid = np.stack([gx, gy], -1).astype(np.float32)[None, None]
    xy = g.op("Mul", [g.op("Add", [g.op("Mul", [xy, g.f(2.0)]), g.c(np.broadcast_to(grid - .5, (1, 3, 8, 8, 2)).copy())]), g.f(8.0)])
    anc = np.array([[10, 13], [16, 30], [33, 23]], np.float32).reshape(1, 3, 1, 1, 2)
    wh = g.op("Mul", [g.op("Pow", [g.op("Mul", [wh, g.f(2.0)]), g.f(2.0)]), g.c(np.broadcast_to(anc, (1, 3, 8, 8, 2)).copy())])
    g.out(g.reshape(g.op("Concat", [xy, wh, cf], axis=4), [1, 192, 8]))


@net
def yolov8head(g, p):
    """DFL box head + class head"""
    x = g.inp([1, 24, 6, 6])
    b = g.reshape(g.conv(x, 24, 32, 1), [1, 4, 8, 36])
    b = g.op("Softmax", g.tr(b, [0, 2, 1, 3]), axis=1)
    b = g.conv(b, 8, 1, 1, bias=False)
    b = g.reshape(b, [1, 4, 36])
    a, c = g.op("Split", [b, g.i([2, 2])], n=2, axis=1)
    gy, gx = np.mgrid[0:6, 0:6]
    an = g.c((np.stack([gx, gy]).reshape(1, 2, 36) + .5).astype(np.float32))
    lt, rb = g.op("Sub", [an, a]), g.op("Add", [an, c])
    ctr = g.op("Div", [g.op("Add", [lt, rb]), g.f(2.0)])
    box = g.op("Mul", [g.op("Concat", [ctr, g.op("Sub", [rb, lt])], axis=1), g.f(8.0)])
    cls = g.op("Sigmoid", g.reshape(g.conv(x, 24, 5, 1), [1, 5, 36]))
    g.out(g.op("Concat", [box, cls], axis=1))


@net
def fpn(g, p):
    x = g.inp([1, 8, 16, 16])
    a = g.conv(x, 8, 16, 3, 2, act="Relu")
    b = g.conv(a, 16, 24, 3, 2, act="Relu")
    u = g.op("Resize", [g.conv(b, 24, 16, 1), "", g.f([1, 1, 2, 2])], mode="nearest", nearest_mode="floor",
             coordinate_transformation_mode="asymmetric")
    y = g.op("Add", [u, g.conv(a, 16, 16, 1)])
    g.out(g.conv(y, 16, 8, 3), g.conv(b, 24, 8, 3))


@net
def dense(g, p):
    x = g.inp([1, 8, 10, 11])
    for i in range(3):
        y = g.conv(g.op("Relu", g.bn(x, 8 + 6 * i)), 8 + 6 * i, 6, 3)
        x = g.op("Concat", [x, y], axis=1)
    g.out(g.op("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2]))


@net
def big(g, p):
    """forces slicing of h and weights by the layer-group pass (local memory 256 KB per lane)"""
    x = g.inp([1, 3, p.get("h", 160), p.get("w", 160)])
    y = g.conv(x, 3, 64, 3, 1, act="Relu")
    y = g.conv(y, 64, 96, 3, 2, act="Relu")
    y = g.conv(y, 96, 64, 3, 2, act="Relu")
    y = g.op("GlobalAveragePool", y)
    g.out(g.fc(g.op("Flatten", y), 64, 10))
