"""Small Caffe nets for layers that ONNX cannot express: detection layers that run as CPU routines, and others.

build(name, seed, dir) writes net.prototxt + net.caffemodel (weights from RandomState) and returns the inputs.
Needs the caffe module inside the tpu_mlir wheel (vendor.ensure_env() puts it on the path).
"""

import numpy as np


def L(name, typ, bottom, top=None, body=""):
    b = " ".join('bottom: "%s"' % x for x in (bottom if isinstance(bottom, list) else [bottom]))
    t = " ".join('top: "%s"' % x for x in (top if isinstance(top, list) else [top or name]))
    return 'layer { name: "%s" type: "%s" %s %s %s }\n' % (name, typ, b, t, body)


def I(name, *shape):
    return 'layer { name: "%s" type: "Input" top: "%s" input_param { shape { %s } } }\n' % (
        name,
        name,
        " ".join("dim: %d" % d for d in shape),
    )


def conv(name, bottom, n, k, s=1, p=None):
    return L(
        name,
        "Convolution",
        bottom,
        name,
        "convolution_param { num_output: %d kernel_size: %d stride: %d pad: %d }"
        % (n, k, s, k // 2 if p is None else p),
    )


def relu(x):
    return L(x + "_r", "ReLU", x, x)


def yolo(k):
    tiny = k % 3 == 1
    cls = [3, 5, 2][k % 3]
    n = 3 * (5 + cls)
    s = I("data", 1, 3, 64, 64) + conv("c1", "data", 8, 3, 2) + relu("c1") + conv("c2", "c1", 8, 3, 2) + relu("c2")
    s += (
        conv("c3", "c2", 12, 3, 2)
        + relu("c3")
        + conv("c4", "c3", 12, 3, 2)
        + relu("c4")
        + conv("c5", "c4", 12, 3, 2)
        + relu("c5")
    )
    heads = ["h5", "h4"] if tiny else ["h5", "h4", "h3"]
    s += conv("h5", "c5", n, 1) + conv("h4", "c4", n, 1)
    if not tiny:
        s += conv("h3", "c3", n, 1)
    s += L(
        "yo",
        "YoloDetection",
        heads,
        "yo",
        "yolo_detection_param { net_input_h: 64 net_input_w: 64 nms_threshold: 0.45 "
        "obj_threshold: 0.3 keep_topk: 12 tiny: %s yolo_v4: %s class_num: %d }"
        % ("true" if tiny else "false", "true" if k % 3 == 2 else "false", cls),
    )
    return s


def ssd(k):
    c = [3, 5][k % 2]
    s = I("data", 1, 3, 32, 32) + conv("c1", "data", 8, 3, 2) + relu("c1") + conv("c2", "c1", 12, 3, 2) + relu("c2")
    for n, b in (("a", "c1"), ("b", "c2")):
        s += conv("loc" + n, b, 16, 3) + conv("cf" + n, b, 4 * c, 3)
        for q in ("loc", "cf"):
            s += L(q + n + "p", "Permute", q + n, body="permute_param { order: 0 order: 2 order: 3 order: 1 }")
            s += L(q + n + "f", "Flatten", q + n + "p", body="flatten_param { axis: 1 }")
        s += L(
            "pb" + n,
            "PriorBox",
            [b, "data"],
            "pb" + n,
            "prior_box_param { min_size: %d max_size: %d aspect_ratio: 2 "
            "flip: true clip: false variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 }"
            % ((6, 10) if n == "a" else (10, 18)),
        )
    s += L("loc", "Concat", ["locaf", "locbf"], body="concat_param { axis: 1 }")
    s += L("cf", "Concat", ["cfaf", "cfbf"], body="concat_param { axis: 1 }")
    s += L("pb", "Concat", ["pba", "pbb"], body="concat_param { axis: 2 }")
    s += L("cfr", "Reshape", "cf", body="reshape_param { shape { dim: 0 dim: -1 dim: %d } }" % c)
    s += L("sm", "Softmax", "cfr", body="softmax_param { axis: 2 }") + L(
        "smf", "Flatten", "sm", body="flatten_param { axis: 1 }"
    )
    s += L(
        "det",
        "DetectionOutput",
        ["loc", "smf", "pb"],
        "det",
        "detection_output_param { num_classes: %d share_location: "
        "true background_label_id: 0 nms_param { nms_threshold: 0.45 top_k: 40 } code_type: CENTER_SIZE keep_top_k: 15 "
        "confidence_threshold: %s }" % (c, ["0.35", "0.2"][k % 2]),
    )
    return s


def rpn(k):
    s = I("data", 1, 3, 64, 64) + conv("c1", "data", 8, 3, 2) + relu("c1") + conv("c2", "c1", 8, 3, 2) + relu("c2")
    s += conv("c3", "c2", 12, 3, 2) + relu("c3") + conv("c4", "c3", 12, 3, 2) + relu("c4")
    s += conv("rpn", "c4", 12, 3) + relu("rpn") + conv("rs", "rpn", 18, 1) + conv("rb", "rpn", 36, 1)
    s += L("rr", "Reshape", "rs", body="reshape_param { shape { dim: 0 dim: 2 dim: -1 dim: 0 } }")
    s += L("rp", "Softmax", "rr") + L(
        "rpr", "Reshape", "rp", body="reshape_param { shape { dim: 0 dim: 18 dim: -1 dim: 0 } }"
    )
    s += L(
        "rois",
        "Proposal",
        ["rpr", "rb"],
        "rois",
        "proposal_param { net_input_h: 64 net_input_w: 64 feat_stride: 16 "
        "anchor_base_size: 16 rpn_obj_threshold: 0.2 rpn_nms_threshold: 0.7 rpn_nms_post_top_n: 6 }",
    )
    s += L(
        "pool",
        "ROIPooling",
        ["c4", "rois"],
        "pool",
        "roi_pooling_param { pooled_h: 3 pooled_w: 3 spatial_scale: 0.0625 }",
    )
    s += L("fc", "InnerProduct", "pool", body="inner_product_param { num_output: 24 }") + relu("fc")
    s += L("cls", "InnerProduct", "fc", body="inner_product_param { num_output: 4 }") + L("prob", "Softmax", "cls")
    s += L("bb", "InnerProduct", "fc", body="inner_product_param { num_output: 16 }")
    if k % 2:
        s += L(
            "det",
            "FrcnDetection",
            ["bb", "prob", "rois"],
            "det",
            "frcn_detection_param { nms_threshold: 0.3 " "obj_threshold: 0.2 keep_topk: 8 class_num: 4 }",
        )
    return s


def retina(k):
    s = I("data", 1, 3, 64, 64) + conv("c1", "data", 8, 3, 2) + relu("c1") + conv("c2", "c1", 8, 3, 2) + relu("c2")
    s += (
        conv("c3", "c2", 8, 3, 2)
        + relu("c3")
        + conv("c4", "c3", 8, 3, 2)
        + relu("c4")
        + conv("c5", "c4", 8, 3, 2)
        + relu("c5")
    )
    hs = []
    for n, b in (("32", "c5"), ("16", "c4"), ("8", "c3")):
        s += conv("s" + n, b, 4, 1) + L(
            "r" + n, "Reshape", "s" + n, body="reshape_param { shape { dim: 0 dim: 2 dim: -1 dim: 0 } }"
        )
        s += L("p" + n, "Softmax", "r" + n)
        s += L("q" + n, "Reshape", "p" + n, body="reshape_param { shape { dim: 0 dim: 4 dim: -1 dim: 0 } }")
        s += conv("b" + n, b, 8, 1) + conv("l" + n, b, 20, 1)
        hs += ["q" + n, "b" + n, "l" + n]
    return s + L(
        "det",
        "RetinaFaceDetection",
        hs,
        "det",
        "retinaface_detection_param { nms_threshold: 0.4 " "confidence_threshold: 0.5 keep_topk: 10 }",
    )


def misc(k):
    s = I("data", 1, 4, 12, 14) + conv("c1", "data", 8, 3) + relu("c1")
    v = k % 16
    if v == 0:
        s += L("y", "Interp", "c1", body="interp_param { height: 25 width: 30 }")
    elif v == 1:
        s += L("y", "Interp", "c1", body="interp_param { zoom_factor: 2 }")
    elif v == 2:
        s += L("y", "Eltwise", ["c1", "c2"], "y", "eltwise_param { operation: SUM coeff: 1 coeff: -0.5 }")
        s = s.replace(
            L("y", "Eltwise", ["c1", "c2"], "y", "eltwise_param { operation: SUM coeff: 1 coeff: -0.5 }"),
            conv("c2", "c1", 8, 1)
            + L("y", "Eltwise", ["c1", "c2"], "y", "eltwise_param { operation: SUM coeff: 1 coeff: -0.5 }"),
        )
    elif v == 3:
        s += L("y", "Reorg", "c1", body="reorg_param { stride: 2 }")
    elif v == 4:
        s += L("y", "Power", "c1", body="power_param { power: 2 scale: 0.5 shift: 0.25 }")
    elif v == 5:
        s += L("y", "Normalize", "c1", body="norm_param { across_spatial: false channel_shared: false }")
    elif v == 6:
        s += L("y", "Pooling", "c1", body="pooling_param { pool: MAX kernel_size: 3 stride: 2 }")
    elif v == 7:
        s += L("y", "Pooling", "c1", body="pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }")
    elif v == 8:
        s += L("y", "ArgMax", "c1", body="argmax_param { out_max_val: true axis: 1 }")
    elif v == 9:
        s += L("y", "Upsample", "c1", body="upsample_param { scale: 2 }")
    elif v == 10:
        s += L("y", "Mish", "c1")
    elif v == 11:
        s += L("y", "BatchNorm", "c1") + L("z", "Scale", "y", body="scale_param { bias_term: true }")
    elif v == 12:
        s += L("y", "PReLU", "c1")
    elif v == 13:
        s += L("y", "ShuffleChannel", "c1", body="shuffle_channel_param { group: 4 }")
    elif v == 14:
        s += L("y", "LRN", "c1", body="lrn_param { local_size: 5 alpha: 0.001 beta: 0.75 }")
    else:
        s += L(
            "y",
            "Deconvolution",
            "c1",
            body="convolution_param { num_output: 8 group: 8 kernel_size: 4 stride: 2 pad: 1 bias_term: false }",
        )
    return s


NETS = {"cf_yolo": yolo, "cf_ssd": ssd, "cf_rpn": rpn, "cf_retina": retina, "cf_misc": misc}


def build(name, seed, folder):
    import caffe
    import zlib

    r = np.random.RandomState((zlib.crc32(name.encode()) + 7919 * seed) % (2**32))
    p, m = folder + "/net.prototxt", folder + "/net.caffemodel"
    open(p, "w").write('name: "%s"\n' % name + NETS[name](seed))
    net = caffe.Net(p, caffe.TEST)
    for l in net.params:
        for i, b in enumerate(net.params[l]):
            f = np.prod(b.shape[1:]) if len(b.shape) > 1 else 4
            b.data[...] = r.randn(*b.shape) * (1.4 / np.sqrt(max(f, 1)) if i == 0 else 0.3)
            if "BatchNorm" in [x.type for x, n in zip(net.layers, net._layer_names) if n == l]:
                b.data[...] = np.abs(b.data) + 0.5 if i != 2 else 1.0
    net.save(m)
    return {n: (r.randn(*net.blobs[n].data.shape)).astype(np.float32) for n in net.inputs}
