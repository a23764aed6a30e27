"""Nets that move, choose and reduce: shapes, indices, reductions."""

from onnx import TensorProto as T
import numpy as np

from bm_graph import F, net


@net
def shape(g, p):
    ty = p["ty"]
    if ty == "concat":
        a = p.get("axis", 1)
        s = [[1, 6, 8, 9] for _ in range(3)]
        s[1][a] += 5
        s[2][a] += 1
        y = g.op("Concat", [g.inp(t) for t in s], axis=a)
        if p.get("relu"):
            y = g.op("Relu", y)
    elif ty == "slice":
        x = g.inp([1, 12, 11, 14])
        y = g.op("Slice", [x, g.i([1, 2, 1]), g.i([11, 10, 14]), g.i([1, 2, 3]), g.i([3, 2, 1])])
    elif ty == "slice2":
        x = g.inp([1, 12, 11, 14])
        y = g.op("Slice", [x, g.i([2, 3]), g.i([9, 11]), g.i([1, 2])])
    elif ty == "permute":
        s = p.get("shape", [1, 6, 7, 9])
        y = g.tr(g.inp(s), p["perm"])
    elif ty == "reshape":
        x = g.inp([1, 12, 6, 5])
        y = g.op("Relu", g.reshape(x, [1, 6, 12, 5]))
        y = g.op("Add", [y, g.w(1, 1, 12, 5, s=1.0)])
    elif ty == "pad":
        x = g.inp([1, 5, 8, 9])
        y = g.op("Pad", [x, g.i(p.get("pads", [0, 0, 1, 2, 0, 0, 3, 1]))] + ([g.f(p["v"])] if "v" in p else []),
                 mode=p.get("mode", "constant"))
    elif ty == "upsample":
        x = g.inp([1, 6, 7, 8])
        s = p.get("sc", 2)
        y = g.op("Resize", [x, "", g.f([1, 1, s, s])], mode="nearest", nearest_mode="floor",
                 coordinate_transformation_mode="asymmetric")
    elif ty == "resize":
        x = g.inp([1, 5, 7, 8])
        y = g.op("Resize", [x, "", "", g.i([1, 5] + p.get("to", [15, 18]))], mode=p.get("mode", "linear"),
                 coordinate_transformation_mode=p.get("ct", "half_pixel"))
    elif ty == "d2s":
        x = g.inp([1, 16, 5, 6])
        y = g.op("DepthToSpace", x, blocksize=2, mode=p.get("mode", "DCR"))
    elif ty == "s2d":
        x = g.inp([1, 4, 8, 10])
        y = g.op("SpaceToDepth", x, blocksize=2)
    elif ty == "tile":
        x = g.inp([1, 6, 5, 4])
        y = g.op("Tile", [x, g.i([1, 2, 3, 2])])
    elif ty == "expand":
        x = g.inp([1, 6, 1, 7])
        y = g.op("Expand", [g.op("Relu", x), g.i([1, 6, 5, 7])])
    elif ty == "split":
        x = g.inp([1, 12, 6, 7])
        a, b, c = g.op("Split", [x, g.i([3, 4, 5])], n=3, axis=1)
        g.out(g.op("Relu", a), g.op("Sigmoid", b), g.op("Neg", c))
        return
    elif ty == "shuffle":
        x = g.inp([1, 24, 6, 7])
        y = g.reshape(g.tr(g.reshape(x, [1, 3, 8, 6, 7]), [0, 2, 1, 3, 4]), [1, 24, 6, 7])
        y = g.conv(y, 24, 12, 1)
    elif ty == "reverse":
        x = g.inp([1, 6, 7, 9])
        y = g.op("Slice", [x, g.i([-1]), g.i([-100]), g.i([3]), g.i([-1])])
    elif ty == "concatslice":
        x = g.inp([1, 3, 16, 16])
        q = []
        for (a, b) in ((0, 0), (1, 0), (0, 1), (1, 1)):
            q.append(g.op("Slice", [x, g.i([a, b]), g.i([16, 16]), g.i([2, 3]), g.i([2, 2])]))
        y = g.conv(g.op("Concat", q, axis=1), 12, 16, 3, act="silu")
    g.out(y)


@net
def index(g, p):
    ty = p["ty"]
    if ty == "embed":
        x = g.inp([2, 7], 0, 30, "int", dt=T.INT32)
        y = g.op("Gather", [g.w(30, 24, s=1.0), x], axis=0)
        y = g.op("Add", [y, g.w(1, 7, 24, s=1.0)])
    elif ty == "gatherc":
        x = g.inp([1, 12, 6, 7])
        y = g.op("Gather", [x, g.i([3, 0, 11, 5, 5])], axis=p.get("axis", 1) if p.get("axis", 1) == 1 else 1)
        y = g.op("Relu", y)
    elif ty == "gatherw":
        x = g.inp([1, 6, 7, 20])
        i = g.inp([9], 0, 20, "int", dt=T.INT32)
        y = g.op("Gather", [x, i], axis=3)
    elif ty == "gatherel":
        x = g.inp([1, 8, 20])
        i = g.inp([1, 8, 6], 0, 20, "int", dt=T.INT32)
        y = g.op("GatherElements", [x, i], axis=2)
    elif ty == "gathernd":
        x = g.inp([6, 8, 10])
        y = g.op("GatherND", [x, g.i([[0, 1], [5, 7], [2, 3], [4, 0]])])
    elif ty == "scatternd":
        x = g.inp([1, 8, 12])
        u = g.inp([3, 12])
        y = g.op("ScatterND", [x, g.i([[0, 1], [0, 5], [0, 7]]), u])
    elif ty == "scatterel":
        x = g.inp([1, 6, 10])
        u = g.inp([1, 6, 4])
        idx = np.stack([g.r.permutation(10)[:4] for _ in range(6)])[None]
        y = g.op("ScatterElements", [x, g.i(idx), u], axis=2)
    elif ty == "topk":
        x = g.inp([2, 40])
        v, i = g.op("TopK", [x, g.i([p.get("k", 7)])], n=2, axis=-1, largest=p.get("largest", 1))
        g.out(v, i)
        return
    elif ty in ("ArgMax", "ArgMin"):
        x = g.inp([1, 12, 6, 7])
        y = g.op(ty, x, axis=p.get("axis", 1), keepdims=1)
    elif ty == "where":
        x = g.inp([1, 6, 7, 8])
        z = g.inp([1, 6, 7, 8])
        y = g.op("Where", [g.op("Greater", [x, z]), g.op("Mul", [x, g.f(2.0)]), z])
    elif ty == "wherec":
        x = g.inp([1, 6, 7, 8])
        y = g.op("Where", [g.op("Less", [x, g.f(0.2)]), x, g.f(-3.5)])
    elif ty == "cmp":
        x = g.inp([1, 5, 6, 7])
        z = g.inp([1, 5, 6, 7])
        a = g.op("Cast", g.op("GreaterOrEqual", [x, z]), to=F)
        b = g.op("Cast", g.op("Less", [x, z]), to=F)
        c = g.op("Cast", g.op("Equal", [g.op("Relu", x), g.op("Relu", z)]), to=F)
        d = g.op("Cast", g.op("Greater", [x, g.f(0.1)]), to=F)
        y = g.op("Add", [g.op("Add", [a, g.op("Mul", [b, g.f(2.0)])]), g.op("Add", [g.op("Mul", [c, g.f(4.0)]), g.op("Mul", [d, g.f(8.0)])])])
    elif ty == "cumsum":
        x = g.inp([1, 6, 7, 8])
        y = g.op("CumSum", [x, g.i(2)])
    elif ty == "nms":
        b = g.inp([1, 24, 4], 0, 1, "uniform")
        s = g.inp([1, 2, 24], 0, 1, "uniform")
        y = g.op("NonMaxSuppression", [b, s, g.i([5]), g.f([0.5]), g.f([0.2])])
    elif ty == "nonzero":
        x = g.inp([6, 8])
        y = g.op("NonZero", g.op("Relu", x))
    g.out(y)


@net
def reduce(g, p):
    x = g.inp(p.get("shape", [1, 12, 7, 9]), .1, 1.0)
    if p["ty"] == "ReduceSum":
        y = g.op("ReduceSum", [x, g.i(p["axes"])], keepdims=p.get("keep", 1))
    else:
        y = g.op(p["ty"], x, axes=p["axes"], keepdims=p.get("keep", 1))
    g.out(y)
