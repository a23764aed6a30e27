#!/usr/bin/env python3
"""Makes a small YOLOv5 detector of red, green and blue squares as ONNX, 128 x 96 pixels, and pictures for it.

  squares_net.py heads|cells|boxes OUT.onnx     three outputs [1, 24, h, w]; [1, 3, h, w, 8]; one, decoded, [1, 756, 8]
  squares_net.py --pictures DIR COUNT           picture-NN.png, 160 x 120

Its weights are written down, not trained: blurred colours of three sizes (strides 8, 16, 32), matched filters of a square of
two cells, a class for each colour, size and place from the neighbours; a little seeded noise on everything, so that
quantisation shows. Anchors are 16,16 24,12 12,24, twice and four times that; input is RGB / 255. Convert with
bm1684x/convert_net.py and cv18xx/convert_net.py.
"""

import os
import sys

import numpy as np

WIDTH, HEIGHT, CLASSES = 128, 96, 3
ANCHORS = np.array([[16, 16], [24, 12], [12, 24]], np.float32)


def make(kind, path):
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(5)
    nodes, weights = [], []

    def const(name, array):
        weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def op(kind, inputs, name, **attributes):
        nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def conv(source, name, w, b, stride, relu=False):
        w = (w + rng.normal(0, 0.02, w.shape)).astype(np.float32)
        pad = w.shape[2] // 2
        op("Conv", [source, const(name + "_w", w), const(name + "_b", np.asarray(b, np.float32))], name,
           kernel_shape=list(w.shape[2:]), strides=[stride] * 2, pads=[pad] * 4)
        return op("Relu", [name], name + "_relu") if relu else name

    # How much of each colour, then halved twice.
    colours = np.full((3, 3), -0.9) + np.eye(3) * 2.7
    x = conv("images", "c0", colours[:, :, None, None] * np.full((3, 3), 1 / 9), np.full(3, -0.25), 2, True)
    blur = np.eye(3)[:, :, None, None] * np.outer([0.25, 0.5, 0.25], [0.25, 0.5, 0.25])
    x = conv(x, "c1", blur, np.zeros(3), 2, True)
    outputs, boxes = [], []
    for i in range(3):
        x = conv(x, f"c{i + 2}", blur, np.zeros(3), 2, True)
        w = np.zeros((3, 5 + CLASSES, 3, 5, 5))
        b = np.zeros((3, 5 + CLASSES))
        # A cell's features stand for its upper left corner, from where its centre is counted: sigmoid(-1.1) = 0.25.
        w[0, 0, :, 2, 3], w[0, 0, :, 2, 1] = 1.6, -1.6
        w[0, 1, :, 3, 2], w[0, 1, :, 1, 2] = 1.6, -1.6
        b[0, :2] = -1.1
        w[0, 2, :, 2, 1:4] = w[0, 3, :, 1:4, 2] = 0.6
        b[0, 2:4] = -1
        w[0, 4] = -16 / 16
        w[0, 4, :, 1:4, 1:4] = -9 / 8
        w[0, 4, :, 2, 2] = 12
        b[:, 4] = -4, -7, -7
        for k in range(CLASSES):
            w[0, 5 + k, :, 2, 2] = -5
            w[0, 5 + k, k, 2, 2] = 8
        b[0, 5:] = -1
        y = conv(x, f"det{i}", w.reshape(-1, 3, 5, 5), b.reshape(-1), 1)
        rows, columns, stride = HEIGHT >> (3 + i), WIDTH >> (3 + i), 8 << i
        if kind == "heads":
            outputs.append((y, [1, 3 * (5 + CLASSES), rows, columns]))
            continue
        y = op("Reshape", [y, const(f"s{i}", np.array([1, 3, 5 + CLASSES, rows, columns], np.int64))], y + "_split")
        y = op("Transpose", [y], f"cells{i}", perm=[0, 1, 3, 4, 2])
        if kind == "cells":
            outputs.append((y, [1, 3, rows, columns, 5 + CLASSES]))
            continue
        y = op("Sigmoid", [y], y + "_sigmoid")
        nodes.append(helper.make_node("Split", [y, const(f"p{i}", np.array([2, 2, 1 + CLASSES], np.int64))],
                                      [f"xy{i}", f"wh{i}", f"sure{i}"], f"split{i}", axis=4))
        row, column = np.mgrid[0:rows, 0:columns]
        grid = np.broadcast_to((np.stack([column, row], -1) - 0.5)[None, None], (1, 3, rows, columns, 2)).astype(np.float32)
        two, step = const(f"two{i}", np.float32(2)), const(f"stride{i}", np.float32(stride))
        xy = op("Mul", [op("Add", [op("Mul", [f"xy{i}", two], f"xy2{i}"), const(f"g{i}", grid)], f"xyg{i}"), step], f"xys{i}")
        sizes = np.broadcast_to((ANCHORS * (1 << i))[None, :, None, None], (1, 3, rows, columns, 2)).astype(np.float32)
        wh = op("Mul", [f"wh{i}", two], f"wh2{i}")
        wh = op("Mul", [op("Mul", [wh, wh], f"whw{i}"), const(f"a{i}", sizes)], f"wha{i}")
        y = op("Concat", [xy, wh, f"sure{i}"], f"all{i}", axis=4)
        boxes.append(op("Reshape", [y, const(f"r{i}", np.array([1, 3 * rows * columns, 5 + CLASSES], np.int64))], f"rows{i}"))
    if boxes:
        outputs = [(op("Concat", boxes, "output0", axis=1), [1, 756, 5 + CLASSES])]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "squares_" + kind, [info("images", TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])],
                              [info(name, TensorProto.FLOAT, shape) for name, shape in outputs], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, path)


def pictures(folder, count):
    import cv2

    os.makedirs(folder, exist_ok=True)
    for n in range(count):
        rng = np.random.default_rng(100 + n)
        height, width = 120, 160
        down, across = np.mgrid[0:height, 0:width] / height
        picture = 70 + 60 * rng.random() + 40 * (across * rng.normal() + down * rng.normal())[:, :, None] * np.ones(3)
        taken = np.zeros((height, width), bool)
        for _ in range(rng.integers(3, 7)):
            side = int(rng.choice([20, 22, 38, 42, 76]))
            x, y = int(rng.integers(0, width - side)), int(rng.integers(0, height - side))
            if taken[max(y - 6, 0) : y + side + 6, max(x - 6, 0) : x + side + 6].any():
                continue
            taken[y : y + side, x : x + side] = True
            colour = rng.uniform(20, 90, 3)
            colour[rng.integers(0, 3)] = rng.uniform(150, 240)
            picture[y : y + side, x : x + side] = colour
        picture = np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
        cv2.imwrite(f"{folder}/picture-{n:02}.png", picture[:, :, ::-1])


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--pictures":
        pictures(sys.argv[2], int(sys.argv[3]))
    elif len(sys.argv) == 3 and sys.argv[1] in ("heads", "cells", "boxes"):
        make(sys.argv[1], sys.argv[2])
    else:
        sys.exit(__doc__)
