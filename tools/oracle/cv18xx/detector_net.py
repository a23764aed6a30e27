#!/usr/bin/env python3
"""Makes a small untrained detector with the heads of YOLOv8/YOLO11 as ONNX, 96 x 64 pixels, five classes.

  detector_net.py whole|cut OUT.onnx

whole: three heads of 64 + 5 channels. cut: scores and distances of the 126 cells, as models are cut whose decoding is left
to the board. Convert with convert_net.py (--chips cv181x --quants bf16 --scale 0.0039216,0.0039216,0.0039216 --case DIR).
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CLASSES, WIDTH, HEIGHT = 5, 96, 64


def main(kind, path):
    rng = np.random.default_rng(11)
    nodes, weights = [], []

    def conv(source, name, inputs, outputs, kernel, stride, gain, bias):
        w = rng.normal(0, gain / np.sqrt(inputs * kernel * kernel), (outputs, inputs, kernel, kernel)).astype(np.float32)
        b = np.broadcast_to(np.asarray(bias, np.float32), (outputs,)).copy()
        weights.extend([numpy_helper.from_array(w, name + "_w"), numpy_helper.from_array(b, name + "_b")])
        pad = kernel // 2
        nodes.append(helper.make_node("Conv", [source, name + "_w", name + "_b"], [name], name, kernel_shape=[kernel] * 2,
                                      strides=[stride] * 2, pads=[pad] * 4))
        return name

    def relu(source):
        nodes.append(helper.make_node("Relu", [source], [source + "_relu"], source + "_relu"))
        return source + "_relu"

    x = relu(conv("images", "c0", 3, 16, 3, 4, 3, 0))
    features = []
    for i in range(3):
        x = relu(conv(x, f"c{i + 1}", 16, 16, 3, 2, 2, 0.1))
        features.append(x)
    outputs = []
    if kind == "whole":
        for i, f in enumerate(features):
            bias = np.concatenate([np.zeros(64), np.full(CLASSES, -1.5)])
            cells = [HEIGHT >> (3 + i), WIDTH >> (3 + i)]
            outputs.append((conv(f, f"det{i}", 16, 64 + CLASSES, 1, 1, 2, bias), [1, 64 + CLASSES, *cells]))
    else:
        scores, boxes = [], []
        for i, f in enumerate(features):
            cells = (HEIGHT >> (3 + i)) * (WIDTH >> (3 + i))
            for name, channels, bias, into in (("s", CLASSES, -1.5, scores), ("b", 4, 2.0, boxes)):
                head = conv(f, f"{name}{i}", 16, channels, 1, 1, 2, bias)
                weights.append(numpy_helper.from_array(np.array([1, channels, cells], np.int64), head + "_shape"))
                nodes.append(helper.make_node("Reshape", [head, head + "_shape"], [head + "_flat"], head + "_flat"))
                into.append(head + "_flat")
        nodes.append(helper.make_node("Concat", scores, ["logits"], "logits", axis=2))
        nodes.append(helper.make_node("Sigmoid", ["logits"], ["scores"], "scores"))
        nodes.append(helper.make_node("Concat", boxes, ["sides"], "sides", axis=2))
        nodes.append(helper.make_node("Relu", ["sides"], ["positive"], "positive"))
        weights.append(numpy_helper.from_array(np.array([1, 1, 4, 126], np.int64), "boxes_shape"))
        nodes.append(helper.make_node("Reshape", ["positive", "boxes_shape"], ["boxes"], "boxes"))
        outputs = [("boxes", [1, 1, 4, 126]), ("scores", [1, CLASSES, 126])]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "y8" + kind, [info("images", TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])],
                              [info(name, TensorProto.FLOAT, shape) for name, shape in outputs], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, path)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("whole", "cut"):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
