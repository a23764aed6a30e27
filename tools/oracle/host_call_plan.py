"""The single calls that record_host_calls.py records for the tests: every CPU function of the runtime, every attribute.

cases() yields (function, [(key, kind, value)], inputs [(name, type, shape, bytes)], outputs [(name, type, shape)]); kind as in
record_host_calls.py, type = number of the file format (0 f32, 1 i32, 2 u32, 3 bf16, 4 i16, 5 u16, 6 i8, 7 u8).
"""
import numpy as np

F, B, I, S, FS, IS = range(6)
F32, I32, U32, BF16, I16, U16, I8, U8 = range(8)
ANCHORS = "10,13,16,30,33,23,30,61,62,45,59,119,116,90,156,198,373,326"
TINY_ANCHORS = "10,14,23,27,37,58,81,82,135,169,344,319"


def f32(a):
    return np.ascontiguousarray(a, np.float32).tobytes()


def coarse(a):
    """Cut to bf16, as values from the chip are (and as they compress)."""
    return (np.ascontiguousarray(a, np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32)


def tensor(name, a):
    a = np.asarray(a, np.float32)
    return (name, F32, list(a.shape), f32(a))


def unary(function, attrs, x, out=None):
    return function, attrs, [tensor("x", x)], [("y", F32, list(out or np.shape(x)))]


def quant(r):
    edge = np.array([.49999997, .5, -.5, 1.5, 2.5, -2.5, -.49999997, 127.4, 127.5, 128, -128.5, -129, 1e30, -1e30, np.inf, -np.inf,
                     np.nan, 0, -0., 1e-40, 3.3e38, 126.5, -127.5, .50000006], np.float32)
    x = np.concatenate([edge, r.randn(40).astype(np.float32) * 60]).reshape(1, 1, 4, 16)
    bits = (r.randint(0, 65536, 64)).astype(np.uint16)
    for t, to in ((I8, "INT8"), (BF16, "BF16")):
        for frm in ("NONE", "FP32"):
            yield "quant", [("from", S, frm), ("scale", F, 0.7), ("to", S, to)], [tensor("x", x)], [("y", t, [1, 1, 4, 16])]
    yield "quant", [("from", S, "NONE"), ("threshold", F, 3.7), ("to", S, "INT8")], [tensor("x", x)], [("y", I8, [1, 1, 4, 16])]
    for key, v in (("scale", .37), ("threshold", 3.7)):
        yield ("quant", [("from", S, "INT8"), (key, F, v), ("to", S, "NONE")],
               [("x", I8, [1, 1, 4, 16], bits.astype(np.int8).tobytes())], [("y", F32, [1, 1, 4, 16])])
    yield ("quant", [("from", S, "BF16"), ("to", S, "NONE")], [("x", BF16, [1, 1, 4, 16], bits.tobytes())],
           [("y", F32, [1, 1, 4, 16])])
    for frm, to, t in (("NONE", "UINT8", U8), ("XYZ", "NONE", F32), ("INT8", "FP32", F32)):
        yield "quant", [("from", S, frm), ("scale", F, 1.), ("to", S, to)], [tensor("x", x)], [("y", t, [1, 1, 4, 16])]


def softmax(r):
    for shape, axis in (((2, 3, 4, 5), 1), ((3, 4, 2, 1), 2), ((2, 2, 3, 6), 3), ((3, 5, 1, 1), 0), ((2, 2, 2, 2), -1)):
        yield unary("softmax_cpu", [("axis", I, axis)], r.randn(*shape) * 20)
    # the first row dominates: later rows underflow to 0 / 0
    x = np.array([300, -300, 5, 200, -500, -400, -450, -600, 1, 2, 3, np.nan], np.float32)
    yield unary("softmax", [("axis", I, 3)], x.reshape(1, 1, 3, 4))
    yield unary("softmax", [("axis", I, 2)], x.reshape(1, 3, 4, 1))


def argmax(r):
    for function in ("argmax", "argmax_v3", "argmax_with_conf"):
        for length, rows in ((8, 6), (256, 2), (600, 3)):
            for t in (I8, BF16):
                for negative in (False, True):
                    if t == I8:
                        v = r.randint(-128, 128, (rows, length)).astype(np.int8)
                        v, real = (np.minimum(v, -1),) * 2 if negative else (v, v)
                    else:
                        v = (np.float32(r.randn(rows, length) * 3).view(np.uint32) >> 16).astype(np.uint16)
                        v = v | 0x8000 if negative else v
                        real = (v.astype(np.uint32) << 16).view(np.float32)
                    tiles = [slice(k, k + 256) for k in range(0, length, 256)]
                    best = np.stack([np.take_along_axis(v[:, s], real[:, s].argmax(1)[:, None], 1)[:, 0] for s in tiles], 1)
                    attrs = [("axis", I, 3)] + ([] if function == "argmax" else [("scale", F, .37)])
                    outs = [[1, 1, rows, 2 if function == "argmax_with_conf" else 1]] * (2 if function == "argmax_v3" else 1)
                    yield (function, attrs, [("x", t, [1, 1, rows, length], v.tobytes()),
                                             ("m", t, [1, 1, rows, len(tiles)], best.tobytes())],
                           [("y%d" % k, F32, o) for k, o in enumerate(outs)])
    v = r.randint(-128, 128, (1, 4, 3, 5)).astype(np.int8)
    for axis, o in ((1, [1, 1, 3, 5]), (2, [1, 4, 1, 5])):
        yield ("argmax_v3", [("axis", I, axis), ("scale", F, 1.)], [("x", I8, [1, 4, 3, 5], v.tobytes()),
               ("m", I8, o, np.ascontiguousarray(v.max(axis)).tobytes())], [("y", F32, o)])


def layout(r):
    for s, o in (((1, 4, 5, 3), (1, 3, 4, 5)), ((2, 4, 5, 3), (2, 3, 4, 5)), ((2, 4, 5, 3), (2, 4, 5, 3))):
        yield unary("transpose", [], np.arange(np.prod(s)).reshape(s), o)
    x = r.randint(-128, 128, (2, 18, 2, 3)).astype(np.int8)
    for mode in ("DCR", "CRD"):
        yield ("pixelshuffle", [("upscale_factor", I, 3), ("mode", S, mode)], [("x", I8, [2, 18, 2, 3], x.tobytes())],
               [("y", I8, [2, 2, 6, 9])])
    x = r.rand(2, 3, 4, 5) * 255
    for scale, raw, mean, order in ((1., 0., [1., 2., 3.], [2, 1, 0]), (.017, 1 / 255., [.1, .2, .3], [2, 0, 1]),
                                    (.017, 1 / 255., [], [])):
        yield unary("preprocess", [("scale", F, scale), ("raw_scale", F, raw), ("mean", FS, mean), ("color_order", IS, order)], x)
    yield unary("preprocess", [("scale", F, .5), ("raw_scale", F, 1.), ("mean", FS, [])], x)


def gathers(r):
    x = r.randn(2, 3, 4, 5)
    for batch, dims, shape, index, out in (
            (0, 2, [2, 2, 1, 1], [0, 1, 1, 2], [2, 4, 5, 1]), (0, 3, [1, 2, 2, 1], [0, 1, 1, 2], [1, 2, 4, 5]),
            (1, 3, [2, 2, 2, 1], [0, 1, 0, 2, 2, 2, 1, 0], [2, 2, 5, 1]), (1, 2, [2, 2, 1, 1], [0, 1, 2, 2], [2, 5, 1, 1]),
            (2, 3, [2, 3, 1, 1], [0, 1, 2, 2, 2, 3], [2, 3, 5, 1])):
        yield ("gathernd_tf", [("batch_dims", I, batch), ("indice_dims", I, dims)],
               [tensor("x", x), ("i", I32, shape, np.array(index, np.int32).tobytes())], [("y", F32, out)])
    for axis in range(4):
        shape = [2, 3, 4, 5]
        shape[axis] = 3
        i = r.randint(0, [2, 3, 4, 5][axis], shape).astype(np.int32)
        yield "gatherelements_pt", [("axis", I, axis)], [tensor("x", x), ("i", I32, shape, i.tobytes())], [("y", F32, shape)]
    yield ("gatherelements_pt", [("axis", I, 3)], [tensor("x", x), ("i", I32, [1, 2, 3, 2], bytes(48))], [("y", F32, [1, 2, 3, 2])])
    for t, w in ((I16, np.int16), (U16, np.uint16), (I32, np.int32), (U32, np.uint32)):
        for tt, d in ((BF16, np.uint16), (I8, np.int8), (F32, np.float32)):
            yield ("embedding", [], [("i", t, [1, 5, 1, 1], np.array([0, 3, 2, 3, 1], w).tobytes()),
                                     ("t", tt, [4, 6, 1, 1], r.randint(0, 100, (4, 6)).astype(d).tobytes())], [("y", tt, [1, 5, 6, 1])])


def reductions(r):
    x, u = r.randn(2, 3, 4, 5), r.randint(0, 256, (2, 3, 4, 5)).astype(np.uint8)
    for axes in ([0], [1], [2], [3], [2, 3], [1, 2], [1, 3], [1, 2, 3]):
        out = [1 if k in axes else d for k, d in enumerate([2, 3, 4, 5])]
        for function in ("reduce_l2", "cpu_reduce_mean", "cpu_reduce_max"):
            yield unary(function, [("axes", IS, axes)], x, out)
            for t in (I8, U8):
                yield function, [("axes", IS, axes)], [("x", t, [2, 3, 4, 5], u.tobytes())], [("y", t, out)]
    for axis in range(4):
        yield unary("cumsum", [("axis", I, axis)], x)
    top = lambda k, axis, largest, sort: [("K", I, k), ("axis", I, axis), ("largest", B, largest), ("sorted", B, sort)]
    for largest in (True, False):
        for axis in range(4):
            out = [2, 3, 4, 5]
            out[axis] = 2
            yield "topk", top(2, axis, largest, True), [tensor("x", r.randint(0, 4, (2, 3, 4, 5)))], [("v", F32, out), ("i", F32, out)]
        for k in (1, 7, 60):
            yield unary("topk", top(k, 3, largest, True), r.randint(0, 20, (1, 1, 3, 60)), [1, 1, 3, k])
    yield unary("topk", top(2, 3, True, False), x, [2, 3, 4, 2])


def instance_norm(r):
    for n in (1, 2, 3):
        for gamma in ([1.3, .7, 2.], [-1.3, .7, 2.]):
            yield ("instance_norm", [("variance_epsilon", F, 1e-5)],
                   [tensor("x", r.randn(n, 3, 4, 5)), tensor("g", np.reshape(gamma, (1, 3, 1, 1))),
                    tensor("b", np.reshape([.1, .2, -.3], (1, 3, 1, 1)))], [("y", F32, [n, 3, 4, 5])])


def interp(r):
    def one(mode, x, oh, ow, beg=0, end=0):
        return unary("interp", [("coordinate_transformation_mode", S, mode), ("height", I, oh), ("width", I, ow), ("pad_beg", I, beg),
                                ("pad_end", I, end), ("shrink_factor", I, 0), ("zoom_factor", I, 0)], x, [1, x.shape[1], oh, ow])
    for mode in ("align_corners", "half_pixel", "pytorch_half_pixel", "asymmetric"):
        for ih, iw, oh, ow in ((5, 7, 10, 14), (5, 7, 8, 3), (6, 6, 1, 1), (1, 1, 3, 4), (9, 4, 3, 9), (7, 13, 11, 5), (5, 6, 1, 9)):
            yield one(mode, r.randn(1, 1, ih, iw), oh, ow)
    for mode in ("nearest", "nearest_half_pixel", "nearest_asymmetric"):
        for ih, iw, oh, ow in ((5, 7, 10, 14), (16, 4, 82, 9), (32, 2, 5, 30), (46, 1, 35, 2), (6, 45, 21, 6)):
            yield one(mode, np.arange(ih * iw).reshape(1, 1, ih, iw), oh, ow)
    for beg, end in ((-1, -1), (0, -2), (-3, 0), (1, 1)):
        yield one("align_corners", r.randn(1, 2, 6, 8), 7, 9, beg, end)
        yield one("half_pixel", r.randn(1, 2, 6, 8), 7, 9, beg, end)


def grid_sampler(r):
    for mode, paddings in ((0, (0, 1, 2)), (1, (0, 1, 2)), (2, (0,))):
        for padding in paddings:
            for align in (True, False):
                for ih, iw in ((5, 7), (1, 4)):
                    g = np.float32(r.randn(2, 4, 5, 2) * 1.3)
                    if mode == 1:  # halves, where rounding tells
                        g[0, 1, :, 0] = (np.arange(5) + .5) / max(iw - 1, 1) * 2 - 1 if align else ((np.arange(5) + .5) * 2 + 1) / iw - 1
                    g[0, 2, :4] = [[100, -77.3], [1e9, 2], [-1e12, 0], [np.nan, .2]]
                    yield ("grid_sampler", [("align_corners", B, align), ("mode", I, mode), ("padding_mode", I, padding)],
                           [tensor("x", r.randn(2, 2, ih, iw)), tensor("g", g)], [("y", F32, [2, 2, 4, 5])])


def deform(r):
    for function in ("deform_im2col", "deform_conv2d"):
        for n, c, h, w, kh, kw, sh, sw, pt, pl, dh, dw, dg, oc in ((1, 4, 4, 5, 3, 3, 1, 1, 1, 1, 1, 1, 2, 5),
                                                                   (2, 3, 6, 4, 3, 2, 2, 1, 1, 0, 1, 2, 1, 4), (1, 2, 4, 4, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1)):
            oh, ow = (h + 2 * pt - dh * (kh - 1) - 1) // sh + 1, (w + 2 * pl - dw * (kw - 1) - 1) // sw + 1
            x, o = tensor("x", r.randn(n, c, h, w)), tensor("o", coarse(r.randn(n, 2 * dg * kh * kw, oh, ow) * 1.5))
            m, wt, b = tensor("m", coarse(r.rand(n, dg * kh * kw, oh, ow))), tensor("w", r.randn(oc, c, kh, kw)), tensor("b", r.randn(1, oc, 1, 1))
            attrs = [("kernel_h", I, kh), ("kernel_w", I, kw), ("stride_h", I, sh), ("stride_w", I, sw), ("padding_t", I, pt),
                     ("padding_l", I, pl), ("dilation_h", I, dh), ("dilation_w", I, dw), ("deform_group", I, dg)]
            if function == "deform_im2col":
                yield function, attrs, [x, o, m], [("y", F32, [n, c * kh * kw, oh, ow])]
            else:
                yield function, attrs, [x, wt, b, o, m], [("y", F32, [n, oc, oh, ow])]


def yolo(r):
    def call(n, classes, tiny, keep, obj, nms, hw, bias, spread=1.5, width=6, order=None, maps=None):
        channels = 3 * (classes + 5)
        if maps is None:
            maps = []
            for k in range(2 if tiny else 3):
                a = np.float32(r.randn(n, channels, hw[0] >> k, hw[1] >> k) * spread)
                for j in range(3):
                    a[:, j * (classes + 5) + 4] += bias
                    a[:, j * (classes + 5) + 2:j * (classes + 5) + 4] *= .5
                maps.append(coarse(a))
        order = order or range(len(maps))
        return ("yolo_detection", [("anchors", S, TINY_ANCHORS if tiny else ANCHORS), ("class_num", I, classes), ("keep_topk", I, keep),
                                   ("net_input_h", I, hw[0] * 8), ("net_input_w", I, hw[1] * 8), ("nms_threshold", F, nms),
                                   ("obj_threshold", F, obj), ("spp_net", B, False), ("tiny", B, tiny), ("yolo_v4", B, False)],
                [tensor("m%d" % k, maps[k]) for k in order], [("y", F32, [n, 1, keep, width])])
    for _ in range(3):
        yield call(1, 3, False, 20, .4, .45, (4, 8), -1.5)
    yield call(1, 2, True, 50, .3, .2, (4, 8), -1)
    yield call(1, 4, False, 12, .3, .45, (4, 8), -1.5, order=[2, 0, 1])
    yield call(2, 1, False, 10, .4, .2, (4, 8), -1, width=7)
    yield call(3, 2, True, 10, .5, .2, (4, 4), -1)
    for spread in (5., 10., 40., 60., 60.):  # logits below -100
        yield call(1, 3, False, 40, .2, .9, (4, 4), -1 if spread < 20 else -40, spread)
    yield call(1, 1, False, 10, .5, .2, (4, 4), -1, order=[0, 1])
    for boxes in (200, 202):
        maps, left = [], boxes
        for k in range(3):
            a = np.zeros((1, 18, 8 >> k, 8 >> k), np.float32)
            cells = (8 >> k) ** 2
            a[0, 4::6], a[0, 2::6], a[0, 3::6] = -20, -6, -6
            i = np.arange(min(left, 3 * cells))
            left -= len(i)
            a.reshape(3, 6, cells)[i % 3, 4, i // 3] = 20
            maps.append(a)
        yield call(1, 1, False, 250, .5, .5, (8, 8), 0, maps=maps)


def frcn(r):
    for n, classes, keep, nms, obj in ((12, 3, 8, .3, .9), (20, 2, 20, .1, .8), (20, 4, 5, .3, .95), (16, 3, 16, .6, .8), (9, 4, 9, .3, .9), (6, 3, 8, .3, 2.)):
        xy, wh = r.rand(n, 2) * 20, r.rand(n, 2) * 15
        rois = np.concatenate([np.zeros((n, 1)), xy, xy + wh], 1).reshape(1, 1, n, 5)
        yield ("frcn_detection", [("class_num", I, classes), ("keep_topk", I, keep), ("nms_threshold", F, nms), ("obj_threshold", F, obj)],
               [tensor("d", coarse(r.randn(n, classes * 4, 1, 1) * .2)), tensor("s", np.round(r.rand(n, classes, 1, 1) * 16) / 16),
                tensor("r", rois)], [("y", F32, [1, 1, keep, 6])])


def proposal(r):
    def call(n, h, w, top, nms, obj, base=16, stride=16, net=None, swap=False):
        net = net or (h * stride, w * stride)
        ins = [tensor("s", np.round(r.rand(n, 18, h, w) * 32) / 32), tensor("d", coarse(r.randn(n, 36, h, w) * .3))]
        return ("proposal", [("anchor_base_size", I, base), ("feat_stride", I, stride), ("net_input_h", I, net[0]), ("net_input_w", I, net[1]),
                             ("rpn_nms_post_top_n", I, top), ("rpn_nms_threshold", F, nms), ("rpn_obj_threshold", F, obj)],
                ins[::-1] if swap else ins, [("y", F32, [n, 1, top, 5])])
    yield call(1, 4, 6, 20, .7, .5)
    yield call(1, 3, 5, 40, .3, .1, swap=True)
    yield call(1, 4, 4, 10, .05, .9, base=8, stride=8)
    yield call(1, 4, 6, 10, .7, .5, base=13, stride=7, net=(500, 700))
    yield call(2, 3, 4, 10, .7, .5)
    yield call(1, 2, 2, 5, .7, 2.)


def roi_pooling(r):
    for t in range(8):
        b, c, h, w, n = 1 + t % 2, int(r.randint(1, 4)), int(r.randint(2, 9)), int(r.randint(2, 9)), int(r.randint(1, 7))
        ph, pw, scale = int(r.randint(1, 6)), int(r.randint(1, 6)), float(r.choice([.0625, .5, 1, .3]))
        xy, wh = r.rand(n, 2) * [w, h] / scale - 2, r.rand(n, 2) * [w, h] / scale * .7 - 1
        ins = [tensor("x", coarse(r.randn(b, c, h, w) - t % 3)),
               tensor("r", np.concatenate([r.randint(0, b, (n, 1)), xy, xy + wh], 1).reshape(1, 1, n, 5))]
        yield ("roi_pooling", [("pooled_h", I, ph), ("pooled_w", I, pw), ("spatial_scale", F, scale)], ins[::-1] if t == 4 else ins,
               [("y", F32, [n, c, ph, pw])])


def retinaface(r):
    for h, w, keep, nms, conf, steps in ((64, 64, 30, .4, .6, 4), (64, 96, 60, .1, .3, 16), (64, 32, 5, .8, .9, 4)):
        ins = []
        for s in (32, 16, 8):
            shape = (h // s, w // s)
            ins += [tensor("q%d" % s, np.round(r.rand(1, 4, *shape) * steps) / steps), tensor("b%d" % s, coarse(r.randn(1, 8, *shape) * .3)),
                    tensor("l%d" % s, coarse(r.randn(1, 20, *shape) * .3))]
        yield ("retinaface_detection", [("confidence_threshold", F, conf), ("keep_topk", I, keep), ("nms_threshold", F, nms)],
               ins, [("y", F32, [1, 1, keep, 15])])


def ssd(r):
    def call(n, priors, classes, top, keep, nms, conf, steps, share=True, onnx=0, background=0, rows=None, code="CENTER_SIZE",
             names=("l", "c", "p"), order=(0, 1, 2)):
        per = 1 if share else classes
        xy, wh = r.rand(priors, 2), r.rand(priors, 2) * .4
        p = np.stack([np.concatenate([xy, xy + wh], 1).reshape(-1), np.tile([.1, .1, .2, .2], priors)])
        ins = [tensor(names[0], coarse(r.randn(n, priors * 4 * per, 1, 1) * .4)),
               tensor(names[1], np.round(r.rand(n, priors * classes, 1, 1) * steps) / steps), tensor(names[2], coarse(p).reshape(1, 2, -1, 1))]
        return ("detectionoutput", [("background_label_id", I, background), ("code_type", S, code), ("confidence_threshold", F, conf),
                                    ("keep_top_k", I, keep), ("nms_threshold", F, nms), ("num_classes", I, classes), ("onnx_nms", I, onnx),
                                    ("share_location", B, share), ("top_k", I, top)],
                [ins[k] for k in order], [("y", F32, [n, 1, rows or keep, 7])])
    yield call(1, 150, 3, 40, 20, .45, .1, 8)
    yield call(1, 200, 2, 400, 100, .7, .3, 16)
    yield call(1, 80, 4, 10, 20, .2, .5, 8)
    yield call(1, 120, 3, 40, 5, .45, .5, 1000)
    yield call(2, 60, 3, 40, 20, .45, .5, 32)
    yield call(2, 20, 3, 40, 20, .45, 1.5, 32)
    yield call(1, 30, 3, 20, 10, .45, .6, 32, onnx=1)
    yield call(1, 30, 3, 20, 10, .45, .6, 32, share=False)
    yield call(1, 30, 3, 20, 10, .45, .6, 32, code="CORNER")
    for background in (-1, 2, 5, -2):
        yield call(1, 30, 3, 20, 10, .45, .6, 32, background=background)
    yield call(2, 30, 3, 20, 10, .45, .9, 32, rows=14)
    yield call(1, 30, 3, 20, -1, .45, .9, 32, rows=14)
    yield call(1, 30, 3, 0, 10, .45, .9, 32)
    yield call(1, 30, 3, 20, 0, .45, .9, 32, rows=5)
    yield call(1, 30, 3, 20, 10, .45, .6, 32, names=("a_mbox_loc", "b_mbox_conf", "c_mbox_priorbox"), order=(2, 0, 1))


def cases():
    for k, family in enumerate((quant, softmax, argmax, layout, gathers, reductions, instance_norm, interp, grid_sampler, deform, yolo, frcn,
                                proposal, roi_pooling, retinaface, ssd)):
        yield from family(np.random.RandomState(100 + k))
