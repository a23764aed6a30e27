"""Networks that neither classify nor detect: video, super-resolution, transformers."""

import numpy as np
from onnx import TensorProto as T
from onnx import helper as oh

from nets.graph import G


def c3d(classes=101):
    g = G("c3d", (1, 3, 16, 112, 112))

    def conv(x, co):
        w, b = g.tensor(co, g.c[x], 3, 3, 3, scale=(27 * g.c[x]) ** -0.5), g.tensor(co, scale=0.1)
        return g.op("Relu", g.op("Conv", [x, w, b], co, kernel_shape=[3, 3, 3], strides=[1, 1, 1], pads=[1] * 6))

    def pool(x, k, pads=(0,) * 6):
        return g.op("MaxPool", x, kernel_shape=k, strides=k, pads=list(pads))

    x = pool(conv("data", 64), [1, 2, 2])
    x = pool(conv(x, 128), [2, 2, 2])
    x = pool(conv(conv(x, 256), 256), [2, 2, 2])
    x = pool(conv(conv(x, 512), 512), [2, 2, 2])
    x = pool(conv(conv(x, 512), 512), [2, 2, 2], (0, 1, 1, 0, 1, 1))
    x = g.reshape(x, 0, 8192)
    for co in (4096, 4096, classes):
        x = g.op("Gemm", [x, g.tensor(co, g.c[x], scale=g.c[x] ** -0.5), g.tensor(co, scale=0.1)], co, transB=1)
        if co == 4096:
            x = g.op("Relu", x)
    return g, x


def srvgg_x4(h=480, w=640):
    """32 convolutions of 64 channels with PReLU, pixel shuffle by 4, the picture added"""
    g = G("srvgg", (1, 3, h, w))
    x = g.conv("data", 64, act="prelu")
    for _ in range(32):
        x = g.conv(x, 64, act="prelu")
    x = g.conv(x, 48, act=None)
    x = g.op("DepthToSpace", x, 3, blocksize=4, mode="CRD")
    return g, g.add(x, g.up("data", 4))


def norm(g, x, c):
    """layer normalisation as exports of that time write it"""
    d = g.op("Sub", [x, g.op("ReduceMean", x, axes=[-1])])
    v = g.op("ReduceMean", g.op("Pow", [d, g.const(np.float32(2))]), axes=[-1])
    y = g.op("Div", [d, g.op("Sqrt", g.number("Add", v, 1e-5))])
    return g.add(g.op("Mul", [y, g.const(np.ones(c, np.float32))]), g.const(np.zeros(c, np.float32)))


def linear(g, x, ci, co):
    return g.add(g.op("MatMul", [x, g.tensor(ci, co, scale=ci**-0.5)]), g.tensor(co, scale=0.1))


def attention(g, x, n, c, heads, mask=None):
    d = c // heads
    q, k, v = (g.transpose(g.reshape(linear(g, x, c, c), 0, n, heads, d), 0, 2, *p) for p in ((1, 3), (3, 1), (1, 3)))
    a = g.number("Mul", g.op("MatMul", [q, k]), d**-0.5)
    if mask is not None:
        a = g.add(a, mask)
    y = g.op("MatMul", [g.op("Softmax", a, axis=-1), v])
    return linear(g, g.reshape(g.transpose(y, 0, 2, 1, 3), 0, n, c), c, c)


def gelu(g, x):
    return g.number("Mul", g.op("Mul", [x, g.number("Add", g.op("Erf", g.number("Div", x, 2**0.5)), 1)]), 0.5)


def quick_gelu(g, x):
    return g.op("Mul", [x, g.op("Sigmoid", g.number("Mul", x, 1.702))])


def ids(name, n):
    g = G(name, (1, n))
    g.inp = oh.make_tensor_value_info("data", T.INT32, [g.batch, n])
    return g


def bert(n=256, vocabulary=21128, c=768, layers=12, labels=7):
    """BERT base (post-norm), a label for every token"""
    g = ids("bert", n)
    x = g.op("Gather", [g.tensor(vocabulary, c), "data"], axis=0)
    x = norm(g, g.add(g.add(x, g.tensor(1, n, c)), g.tensor(1, 1, c)), c)
    used = g.op("Cast", g.op("Greater", ["data", g.const(np.int32(0))]), to=T.FLOAT)
    mask = g.number("Mul", g.number("Sub", g.reshape(used, 0, 1, 1, n), 1), 10000)
    for _ in range(layers):
        x = norm(g, g.add(x, attention(g, x, n, c, 12, mask)), c)
        x = norm(g, g.add(x, linear(g, gelu(g, linear(g, x, c, 4 * c)), 4 * c, c)), c)
    return g, linear(g, x, c, labels)


def prenorm(g, x, n, c, heads, layers, mask=None, act=quick_gelu):
    for _ in range(layers):
        x = g.add(x, attention(g, norm(g, x, c), n, c, heads, mask))
        x = g.add(x, linear(g, act(g, linear(g, norm(g, x, c), c, 4 * c)), 4 * c, c))
    return x


def patches(g, c, size, count):
    """tokens of square pieces of the picture, one of the class before them, places added"""
    x = g.conv("data", c, size, size, 0, act=None, bias=False)
    x = g.transpose(g.reshape(x, 0, c, count), 0, 2, 1)
    return g.add(g.op("Concat", [g.tensor(g.batch, 1, c), x], axis=1), g.tensor(1, count + 1, c))


def take(g, x, at, axis):
    return g.op("Gather", [x, g.const(np.int64(at))], axis=axis)


def clip_image(c=768):
    g = G("clip_image", (1, 3, 224, 224))
    x = prenorm(g, norm(g, patches(g, c, 32, 49), c), 50, c, 12, 12)
    return g, g.op("MatMul", [norm(g, take(g, x, 0, 1), c), g.tensor(c, 512, scale=c**-0.5)])


def clip_text(n=77, c=512):
    """The end of the text is taken at a fixed place."""
    g = ids("clip_text", n)
    x = g.add(g.op("Gather", [g.tensor(49408, c), "data"], axis=0), g.tensor(1, n, c))
    mask = g.const(np.triu(np.full((1, 1, n, n), -10000, np.float32), 1))
    x = norm(g, prenorm(g, x, n, c, 8, 12, mask), c)
    return g, g.op("MatMul", [take(g, x, n - 1, 1), g.tensor(c, 512, scale=c**-0.5)])


def blip_vqa_image(c=768, side=480):
    """ViT base of 16x16 pieces, all tokens out"""
    g = G("blip_vqa_image", (1, 3, side, side))
    n = (side // 16) ** 2
    return g, norm(g, prenorm(g, patches(g, c, 16, n), n + 1, c, 12, 12, act=gelu), c)
