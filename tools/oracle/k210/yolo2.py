"""MaixPy kpu.run_yolo2 post-processing restated (float32, sequence as the firmware's region layer)."""

import numpy as np
from k210_numbers import f32, mapf


def region(out, w, h, lw, lh, cho, anchors, threshold, nms):
    """out: float32 (cho*lh*lw); anchors: flat (w,h)*n.  -> list of dict(x,y,w,h,classid,value) in box order"""
    n = len(anchors) // 2
    classes = cho // 5 - 5
    wh = lw * lh
    E = 5 + classes
    p = np.array(out, f32)[: n * E * wh].reshape(n, E, wh).copy()
    one = np.float64(1.0)
    for a in range(n):
        for e in (0, 1, 4):
            p[a, e] = np.array(
                [f32(one / (one + float(v))) for v in mapf("expf", -p[a, e])], f32
            )  # 1.0 / (1.0 + expf(-x)): double arithmetic around a float expf
    for a in range(n):
        c = p[a, 5:]
        mx = c.max(0)
        e = mapf("expf", (c - mx).astype(f32))
        s = np.zeros(wh, f32)
        for k in range(classes):
            s = (s + e[k]).astype(f32)
        p[a, 5:] = e / s
    boxes = np.zeros((n * wh, 4), f32)
    probs = np.zeros((n * wh, classes), f32)
    th = f32(threshold)
    for i in range(wh):
        row, col = i // lw, i % lw
        for a in range(n):
            k = a * wh + i
            boxes[k] = [
                f32(f32(col) + p[a, 0, i]) / f32(lw),
                f32(f32(row) + p[a, 1, i]) / f32(lh),
                f32(mapf("expf", p[a, 2, i : i + 1])[0] * f32(anchors[2 * a])) / f32(lw),
                f32(mapf("expf", p[a, 3, i : i + 1])[0] * f32(anchors[2 * a + 1])) / f32(lh),
            ]
            q = (p[a, 4, i] * p[a, 5:, i]).astype(f32)
            probs[k] = np.where(q > th, q, 0)

    # network size == image size here, so the box correction is the identity
    def iou(a, b):
        def ov(x1, w1, x2, w2):
            return f32(min(f32(x1 + w1 / 2), f32(x2 + w2 / 2)) - max(f32(x1 - w1 / 2), f32(x2 - w2 / 2)))

        ww, hh = ov(a[0], a[2], b[0], b[2]), ov(a[1], a[3], b[1], b[3])
        i = f32(0) if ww < 0 or hh < 0 else f32(ww * hh)
        u = f32(f32(a[2] * a[3]) + f32(b[2] * b[3]) - i)
        return i / u

    for c in range(classes):
        s = sorted(
            range(n * wh), key=lambda j: -float(probs[j, c])
        )  # qsort is not stable; equal scores may swap on the device
        for x in range(len(s)):
            if probs[s[x], c] == 0:
                continue
            for y in range(x + 1, len(s)):
                if probs[s[y], c] == 0:
                    continue
                if iou(boxes[s[x]], boxes[s[y]]) > f32(nms):
                    probs[s[y], c] = 0
    r = []
    for j in range(n * wh):
        c = int(probs[j].argmax())
        v = probs[j, c]
        if v > th:
            b = boxes[j]
            W, H = f32(w), f32(h)
            u = lambda z: max(0, int(z))  # float -> uint32 on RISC-V: negative becomes 0
            x1, y1 = f32(b[0] * W) - f32(f32(b[2] * W) / 2), f32(b[1] * H) - f32(f32(b[3] * H) / 2)
            x2, y2 = f32(b[0] * W) + f32(f32(b[2] * W) / 2), f32(b[1] * H) + f32(f32(b[3] * H) / 2)
            r.append(dict(x=u(x1), y=u(y1), w=u(x2) - u(x1), h=u(y2) - u(y1), classid=c, value=float(v)))
    return r
