"""The lists of cases: golden (seeds from the names), first (a quick set), fresh (the nets of golden with other seeds and shapes)."""
import random

ALL = ["F32", "F16", "BF16", "INT8", "INT8A"]
FI = ["F16", "INT8"]
FFI = ["F32", "F16", "INT8"]


def c(family, name, net, p=None, q=FI, tr=(), seed=None, **kw):
    """q: quantisations ("+K": keep the embedded kernel module); tr: those that get command traces"""
    if seed is None:
        seed = sum(ord(ch) * (k + 1) for k, ch in enumerate(name)) % 100000
    qs = []
    for x in q:
        o = dict(trace=x in tr)
        if x.endswith("+K"):
            x, o["kernel"], o["suffix"] = x[:-2], True, "_kernel"
        qs.append((x, o))
    return dict(family=family, name=name, net=net, p=p or {}, seed=seed, quants=qs, **kw)


def first():
    return [
        c("first", "conv_k3", "conv", dict(ci=3, co=8, h=16, w=16, act="Relu"), ALL, ALL),
        c("first", "conv_s2", "conv", dict(ci=16, co=70, s=2), FI, FI),
        c("first", "dw_k3", "dwconv", dict(c=16, act="relu6"), ["F32", "INT8"], ["F32", "INT8"]),
        c("first", "mm_b", "matmul", dict(b=[2], m=9, k=20, n=13), FFI, FFI),
        c("first", "pool_max", "pool", dict(ty="MaxPool", k=[3, 3], s=[2, 2], pads=[1, 1, 1, 1]), FI, FI),
        c("first", "softmax", "softmax", dict(shape=[2, 12, 33]), ["F32", "F16"], ["F32", "F16"]),
        c("first", "resblock", "resblock", {}, ["INT8", "F16"], ["INT8", "F16"]),
    ]


def golden():
    P1 = [1, 1, 1, 1]
    L = []
    f = "conv"
    L += [
        c(f, "conv_k3relu", "conv", dict(ci=5, co=12, act="Relu"), ALL, ALL),
        c(f, "conv_k1", "conv", dict(ci=40, co=72, k=1, h=9, w=11), ALL, ["INT8", "F16"]),
        c(f, "conv_k3s2", "conv", dict(ci=16, co=70, s=2, n=2), FFI, FI),
        c(f, "conv_k7s2", "conv", dict(ci=3, co=16, k=7, s=2, h=28, w=30, act="Relu"), FI, FI),
        c(f, "conv_k5d2", "conv", dict(ci=6, co=9, k=5, d=2, h=17, w=15), ["BF16", "INT8A"], ["INT8A"]),
        c(f, "conv_asympad", "conv", dict(ci=7, co=10, k=3, p=[0, 1, 2, 3], s=(1, 2)), ["F16", "INT8A"], ["INT8A"]),
        c(f, "conv_g4", "conv", dict(ci=16, co=24, k=3, g=4), FI, ["INT8"]),
        c(f, "conv_1x5", "conv", dict(ci=8, co=8, k=(1, 5), h=12, w=20), ["F32", "INT8"], ["F32"]),
        c(f, "conv_wide", "conv", dict(ci=130, co=66, k=1, h=6, w=7, bias=False), FI, ["INT8"]),
        c(f, "conv_silu", "conv", dict(ci=8, co=16, act="silu"), ["F16", "INT8", "INT8A"], ["INT8"]),
        c(f, "conv1d", "conv1d", {}, ["F16", "INT8"], []),
        c(f, "conv3d", "conv3d", {}, ["F32", "F16", "INT8"], ["INT8"]),
        c(f, "convchain", "convchain", {}, ["F16", "INT8", "INT8A", "MIX"], ["INT8"]),
        c(f, "convacts", "convact", dict(acts=["Relu", "relu6", "leaky", "prelu8", "hardswish", "Sigmoid"], opset=14), ["BF16", "INT8"], ["INT8"]),
    ]
    f = "dwconv"
    L += [
        c(f, "dw_k3", "dwconv", dict(act="relu6"), ALL, ["F16", "INT8", "INT8A"]),
        c(f, "dw_k3s2", "dwconv", dict(c=70, s=2, n=2), FI, ["INT8"]),
        c(f, "dw_k5d2", "dwconv", dict(c=10, k=5, d=2, h=16), ["F32", "INT8"], []),
        c(f, "dw_mul2", "dwconv", dict(c=12, m=2), ["F16", "INT8"], []),
    ]
    f = "deconv"
    L += [
        c(f, "deconv_k2s2", "deconv", dict(ci=12, co=8, k=2, s=2), FFI, FI),
        c(f, "deconv_k4s2p1", "deconv", dict(ci=8, co=12, k=4, s=2, p=1, act="Relu"), ["BF16", "INT8"], ["INT8"]),
        c(f, "deconv_k3op", "deconv", dict(ci=6, co=6, k=3, s=2, p=1, op=1), ["F16"], []),
        c(f, "deconv_dw", "deconv", dict(ci=16, co=16, k=4, s=2, p=1, g=16), FI, ["INT8"]),
    ]
    f = "matmul"
    L += [
        c(f, "fc", "fc", dict(k=130, n=70, act="Relu"), ALL, ALL),
        c(f, "fc_m5", "fc", dict(m=5, k=33, n=19), FI, ["INT8"]),
        c(f, "mlp", "mlp", {}, ["F32", "INT8", "INT8A", "MIX"], ["INT8"]),
        c(f, "mm_2d", "matmul", dict(m=12, k=40, n=24), FFI, FI),
        c(f, "mm_batch", "matmul", dict(b=[2, 3], m=9, k=20, n=13), ["F32", "F16", "BF16", "INT8"], ["F16"]),
        c(f, "mm_tb", "matmul", dict(b=[1, 4], m=16, k=8, n=16, tb=1), FI, ["INT8"]),
        c(f, "mm_bcast", "matmul", dict(b=[3], b2=[1], m=7, k=12, n=10), ["F16"], []),
        c(f, "mm_weight", "matmulw", dict(act="gelu"), ["BF16", "INT8", "INT8A"], ["BF16", "INT8"]),
        c(f, "mm_bigk", "matmulw", dict(b=1, m=4, k=520, n=33), FI, []),
    ]
    f = "pool"
    L += [
        c(f, "max_k3s2", "pool", dict(ty="MaxPool", k=[3, 3], s=[2, 2], pads=P1), ["F32", "F16", "BF16", "INT8"], ["F16", "INT8"]),
        c(f, "max_ceil", "pool", dict(ty="MaxPool", k=[2, 2], s=[2, 2], ceil=1, c=66), ["INT8"], []),
        c(f, "avg_k3", "pool", dict(ty="AveragePool", k=[3, 3], s=[1, 1], pads=P1), ["F16", "INT8", "INT8A"], ["INT8"]),
        c(f, "avg_cip", "pool", dict(ty="AveragePool", k=[3, 2], s=[2, 2], pads=[1, 0, 1, 0], cip=1), ["F32", "INT8"], []),
        c(f, "gap", "pool", dict(ty="GlobalAveragePool", c=70), ["F32", "F16", "INT8", "INT8A"], ["F16", "INT8"]),
        c(f, "gmp", "pool", dict(ty="GlobalMaxPool"), ["INT8"], []),
    ]
    f = "eltwise"
    L += [
        c(f, "add", "binop", dict(ty="Add", relu=1), ALL, ["F16", "BF16", "INT8", "INT8A"]),
        c(f, "add_bcast", "binop", dict(ty="Add", b=[1, 12, 1, 1]), ["F32", "INT8"], ["INT8"]),
        c(f, "sub_bcast2", "binop", dict(ty="Sub", a=[2, 6, 9, 11], b=[2, 1, 9, 11]), FI, []),
        c(f, "mul", "binop", dict(ty="Mul"), ["F16", "INT8", "INT8A"], ["INT8"]),
        c(f, "mul_bcast", "binop", dict(ty="Mul", a=[1, 6, 5, 7], b=[1, 1, 1, 7]), ["INT8"], []),
        c(f, "div", "binop", dict(ty="Div"), ["F32", "F16", "BF16"], ["F32"]),
        c(f, "min", "binop", dict(ty="Min"), FI, []),
        c(f, "max", "binop", dict(ty="Max"), ["F32", "INT8"], []),
        c(f, "binc", "binc", {}, ["F32", "F16", "INT8"], ["F16", "INT8"]),
    ]
    f = "act"
    u = lambda n, ty, q, tr=(), **k: c(f, n, "unary", dict(ty=ty, **k), q, tr)
    L += [
        u("relu", "Relu", ["INT8"]), u("leaky", "LeakyRelu", ["F16", "INT8"], ["INT8"], kw=dict(alpha=.1)),
        u("prelu", "PRelu", ["F16", "INT8"], ["INT8"]), u("relu6", "relu6", ["BF16"]),
        u("sigmoid", "Sigmoid", ["F32", "F16", "BF16", "INT8", "INT8A"], ["F32", "F16", "BF16", "INT8"]),
        u("tanh", "Tanh", ["F32", "F16", "INT8"], ["F16"]), u("silu", "silu", ["F32", "F16", "INT8"], ["F16"]),
        u("gelu", "gelu", ["F32", "F16", "BF16", "INT8"], ["F32", "F16"]), u("mish", "mish", ["F32", "F16", "INT8"], ["F16"]),
        u("hardswish", "HardSwish", ["F16", "INT8"], ["F16"], opset=14), u("hardsigmoid", "HardSigmoid", ["F32"], kw=dict(alpha=.2, beta=.5)),
        u("softplus", "Softplus", ["F32", "F16"], ["F32"]), u("elu", "Elu", ["F32", "INT8"], kw=dict(alpha=.8)),
        u("exp", "Exp", ["F32", "F16", "BF16", "INT8"], ["F32", "F16", "BF16"]),
        u("log", "Log", ["F32", "F16"], ["F32"], lo=.05, hi=6.0), u("erf", "Erf", ["F32", "F16"], ["F32"]),
        u("sqrt", "Sqrt", ["F32", "F16", "INT8"], ["F32"], lo=.01, hi=9.0), u("recip", "Reciprocal", ["F32", "F16"], lo=.3, hi=4.0),
        u("sin", "Sin", ["F32", "F16"], ["F32"]), u("cos", "Cos", ["F32"]), u("tan", "Tan", ["F32"], lo=-1.2, hi=1.2),
        u("pow2", "Pow", ["F16"], e=2.0), u("pow15", "Pow", ["F32"], ["F32"], e=1.5, lo=.1, hi=4.0),
        u("abs", "Abs", ["F16", "INT8"]), u("clip", "Clip", ["F16", "INT8"]), u("floor", "Floor", ["F32"]), u("ceil", "Ceil", ["F32"]),
        u("round", "Round", ["F32"]), u("sign", "Sign", ["F32"]), u("softsign", "Softsign", ["F32", "INT8"]),
        c(f, "softmax", "softmax", dict(shape=[2, 12, 33]), ["F32", "F16", "BF16", "INT8"], ["F32", "F16", "BF16", "INT8"]),
        c(f, "softmax_c", "softmax", dict(shape=[1, 21, 6, 7], axis=1), ["F32", "F16", "INT8"], ["F16"]),
        c(f, "logsoftmax", "softmax", dict(shape=[3, 25], ty="LogSoftmax"), ["F32"], []),
    ]
    f = "norm"
    L += [c(f, "ln", "norm", dict(ty="ln"), ["F32", "F16", "BF16", "INT8"], ["F32", "F16"]),
          c(f, "ln17", "norm", dict(ty="ln17"), ["F16"], []), c(f, "rms", "norm", dict(ty="rms"), ["F32", "F16", "BF16"], ["F16"]),
          c(f, "gn", "norm", dict(ty="gn"), ["F32", "F16"], ["F16"]), c(f, "in", "norm", dict(ty="in"), ["F32", "F16"], []),
          c(f, "bn", "norm", dict(ty="bn"), ["F16", "INT8"], ["INT8"]), c(f, "l2", "norm", dict(ty="l2"), ["F32", "F16"], []),
          c(f, "lrn", "norm", dict(ty="lrn"), ["F32"], [])]
    f = "shape"
    s = lambda n, ty, q, tr=(), **k: c(f, n, "shape", dict(ty=ty, **k), q, tr)
    L += [s("concat_c", "concat", ["F16", "INT8"], ["INT8"], axis=1, relu=1), s("concat_w", "concat", ["F32", "INT8"], axis=3),
          s("slice", "slice", ["F32", "F16"], ["F32"]), s("slice2", "slice2", ["INT8"]),
          s("perm_0231", "permute", ["F32", "F16", "INT8"], ["F16"], perm=[0, 2, 3, 1]), s("perm_0213", "permute", ["F16", "INT8"], perm=[0, 2, 1, 3]),
          s("perm_0321", "permute", ["F16"], ["F16"], perm=[0, 3, 2, 1]), s("perm_5d", "permute", ["F32"], perm=[0, 3, 1, 4, 2], shape=[1, 3, 4, 5, 6]),
          s("reshape", "reshape", ["INT8"]), s("pad", "pad", ["F16", "INT8"], ["F16"], v=1.5), s("pad_reflect", "pad", ["F16"], mode="reflect"),
          s("pad_edge", "pad", ["F32"], mode="edge"), s("ups2", "upsample", ["F16", "INT8"], ["INT8"]), s("ups3", "upsample", ["F32"], sc=3),
          s("resize_lin", "resize", ["F32", "F16", "INT8"], ["F16"]), s("resize_ac", "resize", ["F32"], ct="align_corners"),
          s("resize_near", "resize", ["F16"], mode="nearest", ct="half_pixel", to=[11, 13]),
          s("d2s", "d2s", ["F16", "INT8"]), s("d2s_crd", "d2s", ["F16"], mode="CRD"), s("s2d", "s2d", ["F16"]), s("tile", "tile", ["F32", "INT8"]),
          s("expand", "expand", ["F16"]), s("split", "split", ["F16", "INT8"], ["F16"]), s("shuffle", "shuffle", ["F16", "INT8"], ["INT8"]),
          s("reverse", "reverse", ["F32"]), s("focus", "concatslice", ["F16", "INT8"], ["INT8"])]
    f = "index"
    x = lambda n, q, tr=(), **k: c(f, n, "index", dict(ty=k.pop("ty", n), **k), q, tr)
    L += [x("embed", ["F32", "F16"], ["F16"]), x("gatherc", ["F16", "INT8"]), x("gatherw", ["F32", "F16"], ["F32"]), x("gatherel", ["F32"], ["F32"]),
          x("gathernd", ["F32"]), x("scatternd", ["F32", "F16"]), x("scatterel", ["F32"]), x("topk", ["F32", "F16"]),
          x("argmax", ["F32", "F16", "INT8"], ["F32", "INT8"], ty="ArgMax"), x("argmax_w", ["F32"], ty="ArgMax", axis=3), x("argmin", ["F32"], ty="ArgMin"),
          x("where", ["F32", "F16"], ["F16"]), x("wherec", ["F16", "INT8"], ["F16"]), x("cmp", ["F32", "F16"], ["F16"]), x("cumsum", ["F32"]),
          x("nms", ["F32"]), x("nonzero", ["F32"])]
    f = "reduce"
    r = lambda n, ty, axes, q, tr=(), **k: c(f, n, "reduce", dict(ty=ty, axes=axes, **k), q, tr)
    L += [r("mean_hw", "ReduceMean", [2, 3], ["F32", "F16", "INT8"], ["INT8"]), r("mean_c", "ReduceMean", [1], ["F16", "BF16"], ["F16"], keep=0),
          r("sum_w", "ReduceSum", [3], ["F32", "INT8"]), r("max_h", "ReduceMax", [2], ["F16", "INT8"], ["F16"]), r("min_cw", "ReduceMin", [1, 2], ["F32"]),
          r("l2", "ReduceL2", [3], ["F32", "F16"]), r("prod", "ReduceProd", [3], ["F32"], shape=[1, 4, 5, 6])]
    f = "rnn"
    L += [c(f, "lstm", "lstm", {}, ["F32", "F16", "BF16"], ["F32", "F16"]), c(f, "lstm_bi", "lstm", dict(bi=1, b=2, last=1), ["F16", "INT8"], []),
          c(f, "gru", "lstm", dict(ty="GRU"), ["F32", "F16"], ["F16"])]
    f = "attention"
    L += [c(f, "attn", "attn", {}, ["F32", "F16", "BF16", "INT8", "MIX"], ["F16", "INT8"]), c(f, "attn_mask", "attn", dict(mask=1, s=12, c=48), ["F16", "BF16", "INT8"], ["BF16"]),
          c(f, "vit", "vit", dict(l=2), ["F32", "F16", "BF16", "INT8", "MIX"], ["F16", "INT8"]), c(f, "llm", "llm", {}, ["F32", "F16", "BF16"], ["F16"])]
    f = "block"
    L += [c(f, "resblock", "resblock", {}, ALL + ["MIX"], ["F16", "INT8", "MIX"]), c(f, "bottleneck", "bottleneck", {}, FI, ["INT8"]),
          c(f, "mbconv", "mbconv", {}, ["F16", "BF16", "INT8", "INT8A"], ["INT8"]), c(f, "mbconv_s2", "mbconv", dict(s=2), FI, []),
          c(f, "se", "se", {}, ["F16", "INT8", "MIX"], ["INT8"]), c(f, "c3", "c3", {}, ["F16", "INT8", "INT8A"], ["INT8"]),
          c(f, "sppf", "sppf", {}, FI, []), c(f, "unet", "unet", {}, ["F16", "BF16", "INT8"], ["INT8"]),
          c(f, "yolohead", "yolohead", {}, ["F32", "F16", "INT8", "MIX"], ["F16", "INT8"]), c(f, "yolov8head", "yolov8head", {}, ["F16", "INT8", "INT8A"], ["F16"]),
          c(f, "fpn", "fpn", {}, FI, ["INT8"]), c(f, "dense", "dense", {}, ["F16", "INT8"], []), c(f, "big", "big", {}, ["F16", "INT8", "INT8A"], [])]
    f = "kernel"
    L += [c(f, "conv_k3", "conv", dict(ci=3, co=8, h=16, w=16, act="Relu"), ["F16+K", "INT8+K"], [])]
    return L


# Sizes that may be other ones without the net losing its sense: name -> default.
SIZES = dict(conv=dict(ci=0, co=0, h=14, w=14), convchain=dict(h=20, w=24), dwconv=dict(c=32, h=14, w=14), deconv=dict(ci=0, co=0, h=7, w=9),
             fc=dict(m=1, k=100, n=37), matmul=dict(m=12, k=40, n=24), matmulw=dict(m=10, k=48, n=80), pool=dict(c=20, h=13, w=15),
             unary=dict(shape=[1, 6, 10, 13]), softmax=dict(shape=[2, 12, 33]), reduce=dict(shape=[1, 12, 7, 9]))


def other_sizes(net, p, rng):
    p = dict(p)
    for name, default in SIZES.get(net, {}).items():
        if name in ("ci", "co", "c") and p.get("g", 1) != 1:
            continue
        size = p.get(name, default)
        if name == "shape":
            p[name] = size[:1] + [d + rng.randrange(0, 6) for d in size[1:]]
        else:
            p[name] = size + rng.randrange(0, 8)
    return p


def fresh(first=1000):
    """every net of golden, nothing of which took part in finding the rules: another seed, other sizes; no traces"""
    rng = random.Random(first)
    L = []
    for x in golden():
        if x["family"] == "kernel":
            continue
        y = dict(x, seed=x["seed"] + first, p=other_sizes(x["net"], x["p"], rng), quants=[(q, {}) for q, _ in x["quants"]])
        L.append(y)
    rng.shuffle(L)
    return L


def rare():
    """operators that golden does not have"""
    def r(name, q=("F32", "F16", "INT8"), **p):
        return c("rare", name, "rare", dict(p, opset=p.get("opset", 16)), list(q))
    L = [r(ty, ty=ty) for ty in ("matmul_tt", "padreflect", "deconv3d", "einsum", "mod", "onehot", "cubic", "unpool", "instance_chain", "lppool",
                                 "bitwise", "dilated", "bigkernel", "trilu")]
    L += [r("gridsample_" + k, ("F32", "F16"), ty="gridsample", **v) for k, v in dict(bil=dict(), near=dict(mode="nearest"), border=dict(pad="border")).items()]
    L += [r("roialign", ("F32", "F16"), ty="roialign"), r("padedge", ("F16", "INT8"), ty="padreflect", mode="edge"),
          r("maxpool3d", ("F32", "F16", "INT8"), ty="pool3d", op="MaxPool"), r("avgpool3d", ("F32", "F16", "INT8"), ty="pool3d", op="AveragePool")]
    L += [r(op.lower(), ("F32", "F16"), ty="unary", op=op) for op in ("Acos", "Asin", "Atan", "Sinh", "Cosh", "Acosh", "Atanh", "Selu", "ThresholdedRelu",
                                                                    "Celu", "IsNaN", "Reciprocal", "HardSigmoid", "Neg", "Not", "LogSoftmax", "Hardmax", "Shrink")]
    L += [r("resize_%d" % i, ty="resize", scale=sc, mode=mo, ct=ct, near=ne) for i, (sc, mo, ct, ne) in enumerate((
        ([2., 2.], "linear", "align_corners", None), ([.5, .5], "linear", "half_pixel", None), ([3., 2.], "linear", "asymmetric", None),
        ([1.5, 2.5], "nearest", "asymmetric", "floor"), ([.5, .5], "nearest", "half_pixel", "round_prefer_floor"), ([4., 4.], "linear", "pytorch_half_pixel", None)))]
    L += [r("permute5_%d" % i, ty="permute5", perm=q) for i, q in enumerate(([0, 2, 1, 3, 4], [1, 0, 3, 4, 2], [0, 4, 3, 2, 1], [3, 1, 4, 0, 2]))]
    L += [r("pad_%d" % i, ty="pad", mode=m, pads=q) for i, (m, q) in enumerate((("constant", [0, 1, 2, 3, 0, 2, 1, 0]), ("edge", [0, 0, 2, 1, 0, 0, 1, 3]),
                                                                             ("reflect", [0, 0, 0, 3, 0, 0, 0, 2])))]
    L += [r("slice_%d" % i, ty="slice", a=a, b=b, ax=x, st=t) for i, (a, b, x, t) in enumerate((([1, 2], [9, 12], [1, 2], [2, 3]), ([13], [-15], [3], [-1]),
                                                                                              ([0, 3, 1], [1, 8, 13], [0, 1, 3], [1, 1, 4])))]
    L += [r("gathernd", ("F32", "F16"), ty="gathernd"), r("gather0", ty="gather0"), r("gather0_big", ("F32", "F16"), ty="gather0", n=5000, w=96, k=130),
          r("scatterel", ("F32", "F16"), ty="scatterel"), r("lnax", ("F32", "F16", "BF16"), ty="lnax", opset=17)]
    L += [r("red_%d" % i, ("F32", "F16"), ty="logsumexp", op=o, axes=x, keep=k) for i, (o, x, k) in enumerate((("ReduceL1", [1], 1), ("ReduceMax", [0, 2], 0), ("ReduceMin", [1, 3], 1),
                                                                                                              ("ReduceSum", [0, 1, 2, 3], 1), ("ReduceMean", [1], 0)))]
    L += [r("argax_%d" % i, ("F32", "F16"), ty="argax", axis=x) for i, x in enumerate((0, 2, 3))]
    L += [r("softmaxax_%d" % i, ty="softmaxax", axis=x, shape=s) for i, (x, s) in enumerate(((1, [2, 7, 10, 12]), (2, [2, 7, 10, 12]), (3, [1, 3, 70, 300]), (1, [1, 200, 9, 9])))]
    L += [r("deconvx_%d" % i, ty="deconvx", **v) for i, v in enumerate((dict(k=4, s=2), dict(k=3, s=1, d=2), dict(k=3, s=3, g=4), dict(k=5, s=2, p=0)))]
    L += [r("bmm_%d" % i, ty="bmm", a=a, b=b) for i, (a, b) in enumerate((([3, 20, 33], [33, 18]), ([2, 1, 17, 40], [1, 3, 40, 21]), ([1, 70, 130], [1, 130, 90]), ([2, 5, 7], [2, 7, 300])))]
    return L


def wide():
    """nets of golden at sizes that need several slices of local memory"""
    q = ["F32", "F16", "INT8"]
    return [c("wide", "conv", "conv", dict(ci=96, co=130, h=40, w=44), ["F32", "INT8"]), c("wide", "conv_s2", "conv", dict(ci=3, co=40, k=7, s=2, h=150, w=170), q),
            c("wide", "dw", "dwconv", dict(c=200, h=70, w=60), q), c("wide", "deconv", "deconv", dict(ci=70, co=66, k=4, s=2, p=1, h=30, w=34), ["F32", "INT8"]),
            c("wide", "fc", "fc", dict(m=9, k=1500, n=1100), q), c("wide", "matmul", "matmul", dict(b=[3], m=150, k=200, n=170), ["F32", "INT8"]),
            c("wide", "matmul_tb", "matmul", dict(b=[2], m=70, k=64, n=300, tb=1), q), c("wide", "maxpool", "pool", dict(ty="MaxPool", k=[3, 3], s=[2, 2], c=150, h=80, w=84), q),
            c("wide", "avgpool", "pool", dict(ty="AveragePool", k=[3, 3], s=[1, 1], pads=[1] * 4, c=100, h=60, w=66), q),
            c("wide", "softmax", "softmax", dict(shape=[8, 100, 700]), q), c("wide", "add", "binop", dict(ty="Add", a=[1, 130, 70, 90], b=[1, 130, 70, 90]), q),
            c("wide", "mul_b", "binop", dict(ty="Mul", a=[2, 130, 40, 50], b=[1, 130, 1, 50]), q), c("wide", "gelu", "unary", dict(ty="gelu", shape=[1, 197, 900]), q)]


SETS = dict(first=first, golden=golden, fresh=fresh, rare=rare, wide=wide)
