"""Data movement, normalisation, recurrent layers, layers that become host functions: net families (see builder.py)."""

import numpy as np
from onnx import TensorProto, helper

from .builder import family, pick


# data movement
@family
def concat(net, rng, seed):
    s = [1, pick(rng, 3, 8), rng.randint(3, 10), rng.randint(3, 10)]
    ax = [1, 2, 3, 1][seed % 4]
    xs = []
    for i in range(2 + seed % 3):
        t = list(s)
        t[ax] = rng.randint(1, 9)
        xs.append(net.input(t, scale=[1, 0.5, 2, 1][i]))
    net.output(net.node("Concat", *xs, axis=ax))


@family
def slice_(net, rng, seed):
    s = [1, rng.randint(4, 12), rng.randint(6, 14), rng.randint(6, 14)]
    x = net.input(s)
    if seed % 4 == 3:
        y = net.node("Slice", x, net.ints(1, 0), net.ints(s[2], s[3]), net.ints(2, 3), net.ints(2, 2))
    else:
        ax = 1 + seed % 3
        a = rng.randint(0, s[ax] - 2)
        y = net.node("Slice", x, net.ints(a), net.ints(rng.randint(a + 1, s[ax])), net.ints(ax), net.ints(1))
    net.output(net.act(y, pick(rng, None, "Relu")))


@family
def split(net, rng, seed):
    ax = 1 + seed % 3
    s = [1, 6, 6, 6]
    s[ax] = 12
    y = net.node(
        "Split", net.input(s), net.ints(*[[6, 6], [4, 4, 4], [2, 3, 7]][seed % 3]), axis=ax, nout=[2, 3, 3][seed % 3]
    )
    net.output(*[net.node("Relu", t) if i else net.node("Neg", t) for i, t in enumerate(y)])


@family
def permute(net, rng, seed):
    p = [[0, 2, 3, 1], [0, 3, 1, 2], [0, 1, 3, 2], [0, 2, 1, 3], [0, 3, 2, 1], [2, 0, 1, 3]][seed % 6]
    s = [pick(rng, 1, 2), rng.randint(3, 9), rng.randint(3, 11), rng.randint(3, 11)]
    x = net.input(s)
    net.output(net.node("Transpose", net.conv(x, s[1], 5, 3) if seed % 2 else x, perm=p))


@family
def reshape(net, rng, seed):
    y = net.conv(net.input([1, 3, 8, 6]), 3, 8, 3, act="Relu")
    y = net.node("Reshape", y, net.ints(*[[1, 4, 2, 48], [1, 384], [1, 8, 48], [4, 2, 8, 6]][seed % 4]))
    net.output(net.node("Transpose", y, perm=[0, 2, 1]) if seed % 4 == 2 else net.node("Relu", y))


@family
def pad(net, rng, seed):
    s = [1, pick(rng, 3, 8), rng.randint(5, 10), rng.randint(5, 10)]
    p = [0, 0, rng.randint(0, 4), rng.randint(0, 4), 0, 0, rng.randint(0, 4), rng.randint(0, 4)]
    m = ["constant", "reflect", "edge", "constant"][seed % 4]
    if seed % 4 == 3:
        p[1], p[5] = 1, 2
    x = net.input(s)
    y = net.node(
        "Pad", x, net.ints(*p), *([net.scalar(float(pick(rng, 0.0, 0.5, -1.0)))] if m == "constant" else []), mode=m
    )
    net.output(y)


@family
def upsample(net, rng, seed):
    s = [1, pick(rng, 3, 8), rng.randint(3, 8), rng.randint(3, 8)]
    f = pick(rng, 2, 2, 3, 4)
    x = net.conv(net.input(s), s[1], 8, 1) if seed % 2 else net.input(s)
    net.output(
        net.node(
            "Resize",
            x,
            "",
            net.floats(1, 1, f, f),
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
    )


@family
def resize(net, rng, seed):
    s = [1, pick(rng, 2, 4), rng.randint(4, 8), rng.randint(4, 8)]
    m = ["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"][seed % 4]
    x = net.input(s)
    if seed % 5 == 4:
        net.output(
            net.node(
                "Resize",
                x,
                "",
                "",
                net.ints(1, s[1], rng.randint(5, 14), rng.randint(5, 14)),
                mode="linear",
                coordinate_transformation_mode=m,
            )
        )
    else:
        f = float(pick(rng, 2, 2, 3, 4))
        net.output(net.node("Resize", x, "", net.floats(1, 1, f, f), mode="linear", coordinate_transformation_mode=m))


@family
def depth_space(net, rng, seed):
    if seed % 2:
        net.output(net.node("DepthToSpace", net.input([1, 12, 5, 6]), blocksize=2, mode=["DCR", "CRD"][seed // 2 % 2]))
    else:
        x = net.input([1, 3, 8, 12])
        y = net.node("Reshape", x, net.ints(1, 3, 4, 2, 6, 2))
        y = net.node("Transpose", y, perm=[0, 1, 3, 5, 2, 4])
        net.output(net.node("Reshape", y, net.ints(1, 12, 4, 6)))


@family
def shuffle_channel(net, rng, seed):
    g = [2, 3, 4][seed % 3]
    c = g * pick(rng, 2, 4, 6)
    y = net.node("Reshape", net.conv(net.input([1, c, 6, 5]), c, c, 1, act="Relu"), net.ints(1, g, c // g, 6, 5))
    y = net.node("Reshape", net.node("Transpose", y, perm=[0, 2, 1, 3, 4]), net.ints(1, c, 6, 5))
    net.output(net.conv(y, c, 4, 3))


@family
def tile_expand(net, rng, seed):
    x = net.input([1, pick(rng, 2, 4), 3, pick(rng, 4, 5)])
    net.output(net.node("Tile", x, net.ints(*[[1, 1, 2, 1], [1, 2, 1, 1], [1, 1, 1, 3], [1, 2, 2, 1]][seed % 4])))


@family
def reduce(net, rng, seed):
    op = ["ReduceMean", "ReduceMax", "ReduceSum", "ReduceL2", "ReduceMin"][seed % 5]
    ax = [[2, 3], [3], [1], [2]][seed % 4]
    x = net.input([1, pick(rng, 3, 8), rng.randint(4, 9), rng.randint(4, 9)])
    kd = int(seed % 3 != 0)
    net.output(
        net.node(op, x, net.ints(*ax), keepdims=kd) if op == "ReduceSum" else net.node(op, x, axes=ax, keepdims=kd)
    )


# normalisation, recurrent
@family
def layernorm(net, rng, seed):
    s = [[1, 6, 16], [2, 5, 24], [1, 3, 4, 32], [1, 10, 64]][seed % 4]
    x = net.input(s)
    d = net.node("Sub", x, net.node("ReduceMean", x, axes=[-1], keepdims=1))
    v = net.node("ReduceMean", net.node("Pow", d, net.scalar(2)), axes=[-1], keepdims=1)
    y = net.node("Div", d, net.node("Sqrt", net.node("Add", v, net.scalar(1e-5))))
    net.output(net.node("Add", net.node("Mul", y, net.weight(s[-1], s=1.0)), net.weight(s[-1], s=0.3)))


@family
def batchnorm(net, rng, seed):
    c = pick(rng, 3, 8, 13)
    x = net.input([1, c, rng.randint(4, 9), rng.randint(4, 9)])
    y = net.node(
        "BatchNormalization",
        x,
        net.weight(c, s=1.0, pos=True),
        net.weight(c, s=0.5),
        net.weight(c, s=0.5),
        net.weight(c, s=1.0, pos=True),
    )
    net.output(net.act(y, pick(rng, None, "Relu")))


@family
def instancenorm(net, rng, seed):
    c = pick(rng, 2, 4)
    net.output(net.node("InstanceNormalization", net.input([1, c, 6, 7]), net.weight(c, s=1.0), net.weight(c, s=0.3)))


@family
def lrn(net, rng, seed):
    net.output(
        net.node("LRN", net.input([1, pick(rng, 6, 10), 5, 6]), alpha=1e-2, beta=0.75, bias=1.0, size=[3, 5][seed % 2])
    )


@family
def lstm(net, rng, seed):
    t, i, h, d = pick(rng, 3, 5), pick(rng, 6, 10), pick(rng, 4, 8), 1 + seed % 2
    x = net.input([t, 1 + seed % 3 // 2, i])
    y = net.node(
        "LSTM",
        x,
        net.weight(d, 4 * h, i, s=0.3),
        net.weight(d, 4 * h, h, s=0.3),
        net.weight(d, 8 * h, s=0.2),
        hidden_size=h,
        direction=["forward", "bidirectional"][seed % 2],
        nout=3,
    )
    net.output(y[0])


@family
def gru(net, rng, seed):
    t, i, h, d = pick(rng, 3, 5), pick(rng, 6, 10), pick(rng, 4, 8), 1 + seed % 2
    x = net.input([t, 1, i])
    y = net.node(
        "GRU",
        x,
        net.weight(d, 3 * h, i, s=0.3),
        net.weight(d, 3 * h, h, s=0.3),
        net.weight(d, 6 * h, s=0.2),
        hidden_size=h,
        linear_before_reset=1,
        direction=["forward", "bidirectional"][seed % 2],
        nout=2,
    )
    net.output(y[0])


# CPU routines
@family
def cpu_topk(net, rng, seed):
    y = net.node(
        "TopK",
        net.conv(net.input([1, 3, 5, 6]), 3, 4, 3) if seed % 2 else net.input([1, 4, 30]),
        net.ints(4),
        axis=-1,
        largest=1,
        sorted=1,
        nout=2,
    )
    net.output(y[0])


@family
def cpu_argmax(net, rng, seed):
    x = net.conv(net.input([1, 3, 6, 7]), 3, 8, 3)
    net.nodes.append(
        helper.make_node(
            "ArgMax" if seed % 3 != 2 else "ArgMin", [x], ["am"], name="am", axis=[1, 3, 2][seed % 3], keepdims=seed % 2
        )
    )
    net.outs.append(helper.make_tensor_value_info("am", TensorProto.INT64, None))


@family
def cpu_gather(net, rng, seed):
    v = pick(rng, 12, 30)
    if seed % 2:
        i = net.input([1, 5], "idx", hi=v)
        net.output(net.node("Add", net.node("Gather", net.weight(v, 8, s=1.0), i, axis=0), net.weight(8, s=0.2)))
    else:
        x = net.input([1, 10, 6])
        net.output(net.node("Relu", net.node("Gather", x, net.ints(3, 1, 7, 0), axis=1)))


@family
def cpu_gridsample(net, rng, seed):
    # opset 16 operator
    x = net.input([1, 3, 6, 7])
    g = net.input([1, 4, 5, 2], scale=0.5)
    net.output(
        net.node(
            "GridSample", x, g, mode="bilinear", padding_mode=["zeros", "border"][seed % 2], align_corners=seed // 2 % 2
        )
    )
    net.meta["opset"] = 16


@family
def cpu_gatherelements(net, rng, seed):
    x = net.input([1, 6, 8])
    net.output(net.node("GatherElements", x, net.constant(rng.randint(0, 8, (1, 6, 4)).astype(np.int64)), axis=2))


@family
def cpu_softmax_big(net, rng, seed):
    net.output(net.node("Softmax", net.conv(net.input([1, 3, 4, 4]), 3, 12, 3), axis=[1, 3][seed % 2]))


@family
def cpu_cumsum(net, rng, seed):
    net.output(net.node("CumSum", net.input([1, 4, 9]), net.constant(np.array(2, np.int64))))


@family
def cpu_nms(net, rng, seed):
    n = 12
    bx = net.input([1, n, 4], "pos")
    sc = net.input([1, 2, n], "pos", scale=0.3)
    net.nodes.append(
        helper.make_node(
            "NonMaxSuppression",
            [bx, sc, net.ints(5), net.floats(0.5), net.floats(0.1)],
            ["nms"],
            name="nms",
            center_point_box=1,
        )
    )
    net.outs.append(helper.make_tensor_value_info("nms", TensorProto.INT64, None))
