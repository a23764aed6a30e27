"""Operators that the golden nets do not have, to find forms of commands that nothing else shows."""

from onnx import TensorProto as T

from bm_graph import net


@net
def rare(g, p):
    ty = p["ty"]
    if ty == "roialign":
        x = g.inp([1, 8, 20, 24])
        rois = g.inp([5, 4], 0, 18, "uniform")
        g.out(g.op("RoiAlign", [x, rois, g.i([0] * 5)], output_height=3, output_width=3, spatial_scale=1.0, sampling_ratio=2, mode="avg"))
    elif ty == "gridsample":
        x, grid = g.inp([1, 6, 12, 14]), g.inp([1, 9, 10, 2], -1, 1, "uniform")
        g.out(g.op("GridSample", [x, grid], mode=p.get("mode", "bilinear"), padding_mode=p.get("pad", "zeros"), align_corners=1))
    elif ty == "matmul_tt":  # both operands transposed, and the result
        a, b = g.inp([24, 40]), g.inp([36, 24])
        g.out(g.tr(g.op("MatMul", [g.tr(a, [1, 0]), g.tr(b, [1, 0])]), [1, 0]))
    elif ty == "padreflect":
        y = g.op("Pad", [g.inp([1, 6, 12, 14]), g.i([0, 0, 1, 1, 0, 0, 1, 1])], mode=p.get("mode", "reflect"))
        g.out(g.conv(y, 6, 10, 3, p=0))
    elif ty == "pool3d":
        g.out(g.op(p["op"], g.inp([1, 4, 6, 8, 8]), kernel_shape=[2, 2, 2], strides=[2, 2, 2]))
    elif ty == "deconv3d":
        g.out(g.conv(g.inp([1, 4, 5, 6, 6]), 4, 6, 3, 1, 1, ty="ConvTranspose"))
    elif ty == "einsum":
        g.out(g.op("Einsum", [g.inp([2, 5, 12]), g.inp([2, 12, 9])], equation="bij,bjk->bik"))
    elif ty == "mod":
        g.out(g.op("Mod", [g.inp([1, 6, 10, 12], 1, 50, "uniform"), g.f([7.0])], fmod=1))
    elif ty == "trilu":
        g.out(g.op("Trilu", [g.inp([1, 3, 12, 12])], upper=p.get("upper", 1)))
    elif ty == "onehot":
        g.out(g.op("Cast", g.op("OneHot", [g.inp([3, 9], 0, 12, "int", dt=T.INT64), g.i([12]), g.f([0.0, 1.0])], axis=-1), to=T.FLOAT))
    elif ty == "cubic":
        g.out(g.op("Resize", [g.inp([1, 5, 9, 11]), "", g.f([1, 1, 2, 2])], mode="cubic", coordinate_transformation_mode="half_pixel"))
    elif ty == "unpool":
        y, i = g.op("MaxPool", g.inp([1, 5, 8, 10]), 2, kernel_shape=[2, 2], strides=[2, 2])
        g.out(g.op("MaxUnpool", [y, i], kernel_shape=[2, 2], strides=[2, 2]))
    elif ty == "instance_chain":
        y = g.conv(g.inp([1, 6, 14, 14]), 6, 80, 3, act="Relu")
        g.out(g.op("ReduceL2", y, axes=[1], keepdims=1))
    elif ty == "lppool":
        g.out(g.op("LpPool", g.inp([1, 6, 12, 12]), kernel_shape=[3, 3], strides=[2, 2], p=2))
    elif ty == "bitwise":
        g.out(g.op("Cast", g.op("And", [g.op("Greater", [g.inp([1, 5, 9, 9]), g.f([0.1])]), g.op("Less", [g.inp([1, 5, 9, 9]), g.f([0.7])])]), to=T.FLOAT))
    elif ty == "dilated":
        g.out(g.conv(g.conv(g.inp([1, 16, 30, 30]), 16, 24, 3, p=4, d=4, act="Relu"), 24, 24, 3, p=2, d=2, g=24))
    elif ty == "bigkernel":
        g.out(g.conv(g.inp([1, 12, 33, 35]), 12, 20, 9, 3, p=4))
    elif ty == "resize":
        g.out(g.op("Resize", [g.inp([1, p.get("c", 5), 9, 12]), "", g.f([1, 1] + p["scale"])], mode=p["mode"], coordinate_transformation_mode=p["ct"],
                   nearest_mode=p.get("near")))
    elif ty == "permute5":
        g.out(g.op("Relu", g.tr(g.inp([2, 6, 5, 7, 9]), p["perm"])))
    elif ty == "pad":
        g.out(g.op("Pad", [g.inp([1, 6, 8, 10]), g.i(p["pads"])] + ([g.f(0.5)] if p["mode"] == "constant" else []), mode=p["mode"]))
    elif ty == "slice":
        g.out(g.op("Slice", [g.inp([2, 9, 12, 14]), g.i(p["a"]), g.i(p["b"]), g.i(p["ax"]), g.i(p["st"])]))
    elif ty == "gathernd":
        g.out(g.op("GatherND", [g.inp([4, 9, 12]), g.c(g.r.integers(0, 4, (3, 5, 2)).astype("int64"))]))
    elif ty == "gather0":  # rows of a table chosen by an input
        g.out(g.op("Gather", [g.w(p.get("n", 300), p.get("w", 64), s=1.0), g.inp([p.get("k", 17)], 0, p.get("n", 300), "int", dt=T.INT32)], axis=0))
    elif ty == "scatterel":
        idx = g.c(g.r.permuted(g.r.integers(0, 9, (4, 9)) * 0 + range(9), axis=1)[:, :5].astype("int64"))
        g.out(g.op("ScatterElements", [g.inp([4, 9]), idx, g.inp([4, 5])], axis=1))
    elif ty == "logsumexp":
        g.out(g.op(p["op"], g.inp([2, 7, 10, 12]), axes=p["axes"], keepdims=p.get("keep", 1)))
    elif ty == "argax":
        g.out(g.op("Cast", g.op("ArgMax", g.inp([2, 7, 10, 12]), axis=p["axis"], keepdims=p.get("keep", 1)), to=T.FLOAT))
    elif ty == "softmaxax":
        g.out(g.op("Softmax", g.inp(p.get("shape", [2, 7, 10, 12])), axis=p["axis"]))
    elif ty == "lnax":
        g.out(g.op("LayerNormalization", [g.inp([2, 6, 10, 12]), g.u(10, 12), g.w(10, 12)], axis=2))
    elif ty == "deconvx":
        g.out(g.conv(g.inp([1, 12, 9, 11]), 12, p.get("co", 16), p["k"], p["s"], p.get("p", 1), d=p.get("d", 1), g=p.get("g", 1), ty="ConvTranspose"))
    elif ty == "bmm":
        g.out(g.op("MatMul", [g.inp(p["a"]), g.inp(p["b"])]))
    elif ty == "unary":
        g.out(g.op(p["op"], g.inp([1, 6, 9, 13], p.get("lo", 0.1), p.get("hi", 0.9), "uniform")))
    else:
        raise ValueError(ty)
