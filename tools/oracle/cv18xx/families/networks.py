"""Small networks: net families (see builder.py)."""

import numpy as np

from .builder import family, pick


# small networks
@family
def net_resblock(net, rng, seed):
    c = pick(rng, 8, 16)
    x = net.conv(net.input([1, 3, 16, pick(rng, 16, 20)]), 3, c, 3, act="Relu")
    y = net.conv(net.conv(x, c, c, 3, act="Relu"), c, c, 3)
    if seed % 2:
        y = net.conv(net.conv(x, c, 2 * c, 3, 2, act="Relu"), 2 * c, 2 * c, 3)
        x = net.conv(x, c, 2 * c, 1, 2)
        c *= 2
    y = net.node("Relu", net.node("Add", x, y))
    y = net.node("Flatten", net.node("GlobalAveragePool", y), axis=1)
    net.output(net.node("Gemm", y, net.weight(10, c), net.weight(10, s=0.2), transB=1))


@family
def net_mbv2(net, rng, seed):
    x = net.conv(net.input([1, 3, 24, 24]), 3, 8, 3, 2, act="relu6")
    for s in (1, 2):
        y = net.conv(x, 8, 32, 1, act="relu6")
        y = net.conv(y, 32, 32, 3, s, g=32, act="relu6")
        y = net.conv(y, 32, 8, 1)
        x = net.node("Add", x, y) if s == 1 else y
    if seed % 2:
        y = net.node("GlobalAveragePool", x)
        y = net.conv(net.conv(y, 8, 4, 1, act="Relu"), 4, 8, 1, act="Sigmoid")
        x = net.node("Mul", x, y)
    net.output(x)


@family
def net_yolohead(net, rng, seed):
    a = "leaky" if seed % 2 else "silu"
    x = net.conv(net.input([1, 3, 32, pick(rng, 32, 40)]), 3, 8, 3, 2, act=a)
    p3 = net.conv(x, 8, 16, 3, 2, act=a)
    p4 = net.conv(p3, 16, 16, 3, 2, act=a)
    u = net.node(
        "Resize",
        p4,
        "",
        net.floats(1, 1, 2, 2),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    f = net.conv(net.node("Concat", u, p3, axis=1), 32, 16, 1, act=a)
    net.output(net.conv(f, 16, 21, 1), net.conv(p4, 16, 21, 1))


@family
def net_multi_in(net, rng, seed):
    x, y = net.input([1, 3, 12, 12]), net.input([1, 2, 12, 12], scale=0.5)
    u, v = net.conv(x, 3, 8, 3, act="Relu"), net.conv(y, 2, 8, 3)
    z = net.node("Add" if seed % 2 else "Mul", u, v)
    net.output(z, net.node("Sigmoid", net.conv(z, 8, 3, 1)))


@family
def net_lenet(net, rng, seed):
    y = net.conv(net.input([1 + seed % 3, 1, 28, 28]), 1, 6, 5, 1, [0] * 4, act="Relu")
    y = net.node("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2])
    y = net.node("MaxPool", net.conv(y, 6, 12, 5, 1, [0] * 4, act="Relu"), kernel_shape=[2, 2], strides=[2, 2])
    y = net.node("Flatten", y, axis=1)
    y = net.node("Relu", net.node("Gemm", y, net.weight(32, 192), net.weight(32, s=0.2), transB=1))
    net.output(net.node("Softmax", net.node("Gemm", y, net.weight(10, 32), net.weight(10, s=0.2), transB=1), axis=1))


@family
def net_unet(net, rng, seed):
    x = net.input([1, 1 + 2 * (seed % 2), 24, 24])
    a = net.conv(x, 1 + 2 * (seed % 2), 8, 3, act="Relu")
    d = net.conv(net.node("MaxPool", a, kernel_shape=[2, 2], strides=[2, 2]), 8, 12, 3, act="Relu")
    u = net.node("ConvTranspose", d, net.weight(12, 8, 2, 2), net.weight(8, s=0.2), kernel_shape=[2, 2], strides=[2, 2])
    net.output(net.node("Sigmoid", net.conv(net.node("Concat", a, u, axis=1), 16, 2, 3)))


@family
def preproc(net, rng, seed):
    """Image nets; gen_cv18xx adds the fused preprocessing options for this family (by seed)."""
    c = 1 if seed % 12 == 4 else 3
    h, w = pick(rng, 16, 20, 32), pick(rng, 18, 24, 32, 40)
    h, w = h // 2 * 2, w // 2 * 2
    net.meta["image"] = True
    net.meta["transform"] = ["--resize_dims", "%d,%d" % ((h + 8, w + 4) if seed % 8 == 3 else (h, w))]
    x = net.input([1, c, h, w])
    net.data[x] = rng.randint(0, 256, [1, c, h, w]).astype(np.float32)
    net.output(net.conv(x, c, 4, 3, 2, act="Relu"))


@family
def net_tiled(net, rng, seed):
    """Activations far larger than local memory; the input is a repeated patch so that it packs well."""
    h, w, c1, c2 = [
        (160, 160, 16, 24),
        (96, 320, 8, 16),
        (224, 224, 8, 16),
        (64, 64, 64, 64),
        (128, 128, 32, 16),
        (300, 100, 8, 8),
        (48, 48, 96, 48),
        (192, 96, 16, 32),
    ][seed % 8]
    x = net.input([1, 3, h, w])
    t = np.round(rng.randn(1, 3, 16, 16) * 16) / 16
    net.data[x] = np.tile(t, (1, 1, h // 16 + 1, w // 16 + 1))[:, :, :h, :w].astype(np.float32)
    y = net.conv(x, 3, c1, 3, 1 + seed % 2, act="Relu")
    y = net.conv(y, c1, c1, 3, 1, g=c1, act="relu6") if seed % 3 == 0 else net.conv(y, c1, c1, 3, 1, act="leaky")
    z = net.conv(y, c1, c1, 1)
    y = net.node("Add", y, z) if seed % 2 else net.node("Concat", y, z, axis=1)
    y = net.node("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2])
    y = net.conv(y, c1 if seed % 2 else 2 * c1, c2, 3, 2, act="silu" if seed % 4 == 1 else "Relu")
    y = net.node("AveragePool", y, kernel_shape=[4, 4], strides=[4, 4])
    net.output(net.conv(y, c2, 6, 1))


@family
def post(net, rng, seed):
    """Raw detector heads + the converter's --add_postprocess (detection as a CPU routine)."""
    typ = ["yolov3", "yolov5"][seed % 2]
    cls = 4
    x = net.conv(net.input([1, 3, 64, 64]), 3, 8, 3, 2, act="Relu")
    x = net.conv(x, 8, 8, 3, 2, act="Relu")
    f = []
    for _ in range(3):
        x = net.conv(x, 8, 8, 3, 2, act="Relu")
        f.append(x)
    hs = []
    for q in f:
        w = net.weight(3 * (5 + cls), 8, 1, 1, s=4.0)
        hs.append(net.node("Conv", q, w, net.weight(3 * (5 + cls), s=1.0), kernel_shape=[1, 1]))
    net.output(*hs)
    net.meta["transform"] = ["--add_postprocess", typ]
