"""square_detector.py OUT.kmodel: a YOLOv2 detector of orange squares, 320x240, written by hand: no training.

Orange is what has much more red than blue. Two mean poolings bring the picture to cells of 16 pixels; the objectness of
the first of five anchors is the blurred orange of a cell. For tests of the camera -> KPU -> boxes -> LCD path.
"""

import sys
import numpy as np
import kmodel_write as W

ZERO = 128  # weight that means 0
act = [(-(1 << 35), 0, 0, 0)] + [(0, 1, 6, 0)] * 15  # y = x / 64 from 0 on


def main():
    m = W.V3()
    common = dict(arg_x=-ZERO, shr_x=0, arg_w=0, shr_w=0, arg_add=0, pad=0)
    red_minus_blue = np.array([ZERO + 64, ZERO, ZERO - 64])
    m.conv(None, red_minus_blue, [(1, 0, 0)], act, ic=3, oc=1, w=320, h=240, ow=80, oh=60, k=1, pool=4, src=0, dst=4000, **common)
    m.conv(None, np.array([ZERO + 64]), [(1, 0, 0)], act, ic=1, oc=1, w=80, h=60, ow=20, oh=15, k=1, pool=4, src=4000, dst=4200, **common)
    blur = np.full(9, 6)
    blur[4] = 16
    weights, bn = [], []
    for anchor in range(5):
        for entry in range(6):  # x, y, w, h, objectness, class
            seen = entry == 4 and anchor == 0
            weights.append(ZERO + (blur if seen else np.zeros(9, int)))
            bn.append((1, 0, 0 if entry == 4 else 128 * 64))
    count = 30 * 20 * 15
    quantized, out = m.alloc(count + 8), m.alloc(4 * count)
    m.conv(quantized, np.concatenate(weights), bn, act, ic=1, oc=30, w=20, h=15, ow=20, oh=15, k=3, src=4200, dst=4300, **common)
    m.add(12, W.u32(0, quantized, out, count) + W.fl(0.1, -12.8))
    m.outs.append((out, 4 * count))
    with open(sys.argv[1], "wb") as f:
        f.write(m.bytes())


main()
