"""YOLO networks with the heads that their exports have."""

import numpy as np

from nets.detect import yolo_v3, yolov5
from nets.graph import G

SILU = "silu"


def anchors_last(g, heads, no, sides):
    """(n, 3 no, h, w) as (n, 3, h, w, no): the head of YOLOv5 without its decoding"""
    return [g.transpose(g.reshape(x, 0, 3, no, *hw), 0, 1, 3, 4, 2) for x, hw in zip(heads, sides)]


def sides_of(h, w):
    return [(h // s, w // s) for s in (8, 16, 32)]


def yolov5_3output(nc=80):
    g, heads = yolov5(nc=nc)
    return g, anchors_last(g, heads, nc + 5, sides_of(640, 640))


def yolov3_3output(hw, act="leaky"):
    g, heads = yolo_v3(hw, act)
    return g, anchors_last(g, heads, 85, sides_of(hw, hw)[::-1])


def yolov4(hw):
    """CSPDarknet53 with mish, SPP, PAN with leaky ReLU"""
    g = G("yolov4", (1, 3, hw, hw))
    M, L = "mish", "leaky"

    def csp(x, c, n, wide=False):
        x = g.conv(x, c, 3, 2, act=M)
        half = c if wide else c // 2
        a = g.conv(x, half, 1, act=M)
        b = g.conv(x, half, 1, act=M)
        for _ in range(n):
            b = g.add(b, g.conv(g.conv(b, c // 2 if wide else half, 1, act=M), half, 3, act=M))
        b = g.conv(b, half, 1, act=M)
        return g.conv(g.cat(b, a), c, 1, act=M)

    def five(x, c):
        for i in range(5):
            x = g.conv(x, c if i % 2 == 0 else 2 * c, 1 if i % 2 == 0 else 3, act=L)
        return x

    x = csp(g.conv("data", 32, 3, act=M), 64, 1, True)
    x = csp(x, 128, 2)
    d3 = csp(x, 256, 8)
    d4 = csp(d3, 512, 8)
    x = csp(d4, 1024, 4)
    for c, k in ((512, 1), (1024, 3), (512, 1)):
        x = g.conv(x, c, k, act=L)
    x = g.cat(g.mp(x, 13, 1, 6), g.mp(x, 9, 1, 4), g.mp(x, 5, 1, 2), x)
    for c, k in ((512, 1), (1024, 3), (512, 1)):
        x = g.conv(x, c, k, act=L)
    p5 = x
    p4 = five(g.cat(g.conv(d4, 256, 1, act=L), g.up(g.conv(p5, 256, 1, act=L))), 256)
    p3 = five(g.cat(g.conv(d3, 128, 1, act=L), g.up(g.conv(p4, 128, 1, act=L))), 128)
    n4 = five(g.cat(g.conv(p3, 256, 3, 2, act=L), p4), 256)
    n5 = five(g.cat(g.conv(n4, 512, 3, 2, act=L), p5), 512)
    heads = [g.conv(g.conv(x, c, 3, act=L), 255, 1, act=None) for x, c in ((p3, 256), (n4, 512), (n5, 1024))]
    return g, anchors_last(g, heads, 85, sides_of(hw, hw))


def yolov7():
    g = G("yolov7", (1, 3, 640, 640))
    c1 = lambda x, c, k=1, s=1: g.conv(x, c, k, s, act=SILU)

    def elan(x, c, out):
        a, b = c1(x, c), c1(x, c)
        d = c1(c1(b, c, 3), c, 3)
        e = c1(c1(d, c, 3), c, 3)
        return c1(g.cat(e, d, b, a), out)

    def elan_w(x, c):
        a, b = c1(x, c), c1(x, c)
        outs = [b, a]
        for _ in range(4):
            b = c1(b, c // 2, 3)
            outs.insert(0, b)
        return c1(g.cat(*outs), c)

    def down(x, c, *more):
        a = c1(g.mp(x, 2, 2, 0), c)
        b = c1(c1(x, c), c, 3, 2)
        return g.cat(b, a, *more)

    x = c1(c1(c1("data", 32, 3), 64, 3, 2), 64, 3)
    x = elan(c1(x, 128, 3, 2), 64, 256)
    p3 = elan(down(x, 128), 128, 512)
    p4 = elan(down(p3, 256), 256, 1024)
    x = elan(down(p4, 512), 256, 1024)
    y = c1(c1(c1(x, 512), 512, 3), 512)
    y = g.cat(y, g.mp(y, 5, 1, 2), g.mp(y, 9, 1, 4), g.mp(y, 13, 1, 6))
    y = c1(c1(y, 512), 512, 3)
    s5 = c1(g.cat(y, c1(x, 512)), 512)
    s4 = elan_w(g.cat(c1(p4, 256), g.up(c1(s5, 256))), 256)
    s3 = elan_w(g.cat(c1(p3, 128), g.up(c1(s4, 128))), 128)
    n4 = elan_w(down(s3, 128, s4), 256)
    n5 = elan_w(down(n4, 256, s5), 512)
    heads = [g.conv(c1(x, c, 3), 255, 1, act=None) for x, c in ((s3, 256), (n4, 512), (n5, 1024))]
    return g, anchors_last(g, heads, 85, sides_of(640, 640))


def decoded(g, levels, nc, sides):
    """levels of (boxes, classes) with 64 and nc channels: boxes as centre and size in pixels, and scores"""
    g.keep_float()
    rows = [g.reshape(g.cat(*level), 0, 64 + nc, -1) for level in levels]
    box, cls = g.split(g.op("Concat", rows, 64 + nc, axis=2), [64, nc])
    n = sum(h * w for h, w in sides)
    x = g.op("Softmax", g.transpose(g.reshape(box, 0, 4, 16, n), 0, 2, 1, 3), axis=1)
    w = g.const(np.arange(16, dtype=np.float32).reshape(1, 16, 1, 1), "w")
    x = g.reshape(g.op("Conv", [x, w], 1, kernel_shape=[1, 1]), 0, 4, n)
    near, far = g.split(x, [2, 2])
    ticks = [np.stack(np.meshgrid(np.arange(w) + 0.5, np.arange(h) + 0.5)).reshape(1, 2, -1) for h, w in sides]
    at = g.const(np.concatenate(ticks, 2).astype(np.float32))
    stride = g.const(np.concatenate([np.full((1, 1, h * w), 640 // h, np.float32) for h, w in sides], 2))
    low, high = g.op("Sub", [at, near], 2), g.add(far, at)
    middle = g.number("Div", g.add(low, high), 2)
    boxes = g.op("Mul", [g.op("Concat", [middle, g.op("Sub", [high, low])], 4, axis=1), stride])
    return boxes, g.op("Sigmoid", cls), at, stride


def detect_levels(g, feats, nc, dw_classes=False):
    cb, cc = max(16, g.c[feats[0]] // 4, 64), max(g.c[feats[0]], min(nc, 100))
    levels = []
    for o in feats:
        box = g.conv(g.conv(g.conv(o, cb, 3, act=SILU), cb, 3, act=SILU), 64, 1, act=None)
        y = o
        for _ in range(2):
            y = g.conv(g.dw(y, 3, act=SILU), cc, 1, act=SILU) if dw_classes else g.conv(y, cc, 3, act=SILU)
        levels.append((box, g.conv(y, nc, 1, act=None)))
    return levels


def yolov8s_pose():
    from nets.detect import yolov8

    g, feats = yolov8(w=0.5, heads=False)
    sides = sides_of(640, 640)
    boxes, scores, at, stride = decoded(g, detect_levels(g, feats, 1), 1, sides)
    points = []
    for o in feats:
        c = max(g.c[feats[0]] // 4, 51)
        points.append(g.reshape(g.conv(g.conv(g.conv(o, c, 3, act=SILU), c, 3, act=SILU), 51, 1, act=None), 0, 51, -1))
    y = g.reshape(g.op("Concat", points, 51, axis=2), 0, 17, 3, sum(h * w for h, w in sides))
    xy, seen = g.split(y, [2, 1], axis=2)
    shifted = g.number("Sub", at, 0.5)
    xy = g.op("Mul", [g.add(g.number("Mul", xy, 2), shifted), stride])
    y = g.reshape(g.op("Concat", [xy, g.op("Sigmoid", seen)], 17, axis=2), 0, 51, -1)
    return g, g.op("Concat", [boxes, scores, y], 56, axis=1)


def yolov8s_seg():
    from nets.detect import yolov8

    g, feats = yolov8(w=0.5, heads=False)
    boxes, scores, _, _ = decoded(g, detect_levels(g, feats, 80), 80, sides_of(640, 640))
    masks = []
    for o in feats:
        masks.append(g.reshape(g.conv(g.conv(g.conv(o, 32, 3, act=SILU), 32, 3, act=SILU), 32, 1, act=None), 0, 32, -1))
    out = g.op("Concat", [boxes, scores, g.op("Concat", masks, 32, axis=2)], 116, axis=1)
    p = g.conv(feats[0], 128, 3, act=SILU)
    p = g.op("ConvTranspose", [p, g.tensor(128, 128, 2, 2, scale=0.05), g.tensor(128)], 128, kernel_shape=[2, 2], strides=[2, 2])
    return g, [out, g.conv(g.conv(p, 128, 3, act=SILU), 32, 1, act=SILU)]


def yolo11s():
    g = G("yolo11", (1, 3, 640, 640))
    c_ = lambda c: c // 2
    c1 = lambda x, c, k=1, s=1: g.conv(x, c, k, s, act=SILU)

    def bottleneck(x, hidden, shortcut=True):
        y = c1(c1(x, hidden, 3), g.c[x], 3)
        return g.add(x, y) if shortcut else y

    def c3k(x, c):
        a, b = c1(x, c // 2), c1(x, c // 2)
        for _ in range(2):
            a = bottleneck(a, c // 2)
        return c1(g.cat(a, b), c)

    def c3k2(x, c, deep, e=0.5):
        h = int(c * e)
        a, b = g.split(c1(x, 2 * h), 2)
        return c1(g.cat(a, b, c3k(b, h) if deep else bottleneck(b, h // 2)), c)

    def psa(x, c, side):
        h = c // 2
        a, b = g.split(c1(x, c), 2)
        heads, n = h // 64, side * side
        qkv = g.reshape(g.conv(b, h + 64 * heads, 1, act=None), 0, heads, 128, n)
        q, k, v = g.split(qkv, [32, 32, 64], axis=2)
        at = g.number("Mul", g.op("MatMul", [g.transpose(q, 0, 1, 3, 2), k]), 32**-0.5)
        at = g.op("Softmax", at, axis=-1)
        y = g.reshape(g.op("MatMul", [v, g.transpose(at, 0, 1, 3, 2)]), 0, h, side, side)
        y = g.add(y, g.dw(g.reshape(v, 0, h, side, side), 3, act=None))
        b = g.add(b, g.conv(y, h, 1, act=None))
        b = g.add(b, g.conv(c1(b, 2 * h), h, 1, act=None))
        return c1(g.cat(a, b), c)

    x = c1(c1("data", c_(64), 3, 2), c_(128), 3, 2)
    x = c1(c3k2(x, c_(256), False, 0.25), c_(256), 3, 2)
    p3 = c3k2(x, c_(512), False, 0.25)
    p4 = c3k2(c1(p3, c_(512), 3, 2), c_(512), True)
    x = c3k2(c1(p4, c_(1024), 3, 2), c_(1024), True)
    y = c1(x, c_(512))
    a = g.mp(y, 5, 1, 2)
    b = g.mp(a, 5, 1, 2)
    p5 = psa(c1(g.cat(y, a, b, g.mp(b, 5, 1, 2)), c_(1024)), c_(1024), 20)
    t4 = c3k2(g.cat(g.up(p5), p4), c_(512), False)
    o3 = c3k2(g.cat(g.up(t4), p3), c_(256), False)
    o4 = c3k2(g.cat(c1(o3, c_(256), 3, 2), t4), c_(512), False)
    o5 = c3k2(g.cat(c1(o4, c_(512), 3, 2), p5), c_(1024), True)
    boxes, scores, _, _ = decoded(g, detect_levels(g, [o3, o4, o5], 80, True), 80, sides_of(640, 640))
    return g, g.op("Concat", [boxes, scores], 84, axis=1)
