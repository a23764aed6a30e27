#!/usr/bin/env python3
"""Trains the digit recogniser: a small convolutional network on scikit-learn's handwritten digits, in plain numpy.

  train.py OUT_DIR [--epochs N]

Writes to OUT_DIR
    digits.onnx     the network, input `image` f32 [1,1,32,32] (0..1), output `scores` f32 [1,10] (no softmax)
    held_out.npz    `images` u8 [540,32,32] and `labels` u8 [540]: the digits that took no part in training
    train.npz       the same of the other 1,257 digits (for calibration; not kept in the repository)
    float.npz       `scores` f32 [540,10]: this network's float results for the held-out digits
Everything is seeded; with one BLAS thread the same machine gives the same bytes. Needs numpy, scikit-learn, onnx.
"""

import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np  # noqa: E402
import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402

from layers import AveragePool, Conv, Dense, MaxPool, Relu, Residual  # noqa: E402

SEED, HELD_OUT, SIDE, BATCH = 20, 540, 32, 64


def enlarge(small):
    """8 x 8 of 0..16 -> 32 x 32 of 0..255, bilinear with half-pixel centres."""
    at = np.clip((np.arange(SIDE) + 0.5) * 8 / SIDE - 0.5, 0, 7)
    low = np.minimum(at.astype(int), 6)
    share = at - low
    matrix = np.zeros((SIDE, 8))
    matrix[np.arange(SIDE), low], matrix[np.arange(SIDE), low + 1] = 1 - share, share
    return np.rint(matrix @ small @ matrix.T * (255 / 16)).astype(np.uint8)


def data():
    """((train images, labels), (held-out images, labels)), images u8 n,32,32."""
    digits = load_digits()
    order = np.random.default_rng(SEED).permutation(len(digits.images))
    images = np.stack([enlarge(i) for i in digits.images])[order]
    labels = digits.target.astype(np.uint8)[order]
    return (images[:-HELD_OUT], labels[:-HELD_OUT]), (images[-HELD_OUT:], labels[-HELD_OUT:])


def network():
    rng = np.random.default_rng(SEED + 1)
    return [
        Conv(rng, 1, 8, 3),
        Relu(),
        MaxPool(),  # 16 x 16 x 8
        Conv(rng, 8, 8, 3, depthwise=True),
        Relu(),
        Conv(rng, 8, 16, 1),
        Relu(),
        MaxPool(),  # 8 x 8 x 16
        Residual([Conv(rng, 16, 16, 3), Relu(), Conv(rng, 16, 16, 3, depthwise=True)]),
        Relu(),  # 8 x 8 x 16
        Conv(rng, 16, 32, 3, stride=2),
        Relu(),
        AveragePool(),  # 2 x 2 x 32
        Dense(rng, 128, 32),
        Relu(),
        Dense(rng, 32, 10),
    ]


def pixels(images):
    """u8 images -> network input n,h,w,1 in 0..1."""
    return (images.astype(np.float32) / np.float32(255))[..., None]


def run(layers, x):
    for layer in layers:
        x = layer.forward(x)
    return x


def shifted(images, rng):
    """Each image moved by up to 2 pixels each way (the border is empty)."""
    out = np.zeros_like(images)
    for i, (dy, dx) in enumerate(rng.integers(-2, 3, (len(images), 2))):
        out[i, max(dy, 0) : SIDE + min(dy, 0), max(dx, 0) : SIDE + min(dx, 0)] = images[
            i, max(-dy, 0) : SIDE + min(-dy, 0), max(-dx, 0) : SIDE + min(-dx, 0)
        ]
    return out


def train(layers, images, labels, epochs):
    """Adam on cross-entropy, with a cosine learning-rate schedule."""
    rng = np.random.default_rng(SEED + 2)
    weights = [w for layer in layers for w in layer.weights]
    grads = [g for layer in layers for g in layer.grads]
    first, second = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    step, steps = 0, epochs * (len(images) // BATCH)
    for epoch in range(epochs):
        order, loss = rng.permutation(len(images)), 0.0
        for start in range(0, len(images) - BATCH + 1, BATCH):
            batch = order[start : start + BATCH]
            scores = run(layers, pixels(shifted(images[batch], rng)))
            share = np.exp(scores - scores.max(1, keepdims=True))
            share /= share.sum(1, keepdims=True)
            loss -= np.log(share[np.arange(BATCH), labels[batch]] + 1e-12).sum()
            share[np.arange(BATCH), labels[batch]] -= 1
            back = share / BATCH
            for layer in reversed(layers):
                back = layer.backward(back)
            rate = 3e-3 * 0.5 * (1 + np.cos(np.pi * step / steps))
            step += 1
            for w, g, m, v in zip(weights, grads, first, second):
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                w -= (rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)).astype(np.float32)
        print("epoch %2d  loss %.4f" % (epoch + 1, loss / len(order)), flush=True)


def to_onnx(layers):
    nodes, constants = [], []

    def constant(array):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(array), "weight_%d" % len(constants)))
        return constants[-1].name

    def add(op, inputs, **attributes):
        nodes.append(
            helper.make_node(op, inputs, ["%s_%d" % (op.lower(), len(nodes))], name=str(len(nodes)), **attributes)
        )
        return nodes[-1].output[0]

    def emit(layer, x):
        if isinstance(layer, Conv):
            w, b = layer.weights
            w = w.transpose(2, 0, 1)[:, None] if layer.depthwise else w.transpose(3, 2, 0, 1)
            return add(
                "Conv",
                [x, constant(w), constant(b)],
                kernel_shape=[layer.kernel] * 2,
                strides=[layer.stride] * 2,
                pads=[layer.kernel // 2] * 4,
                group=w.shape[0] if layer.depthwise else 1,
            )
        if isinstance(layer, Dense):
            w, b = layer.weights
            if nodes[-1].op_type == "AveragePool":
                x = add("Flatten", [x], axis=1)
            return add("Gemm", [x, constant(w.T), constant(b)], transB=1)
        if isinstance(layer, Residual):
            y = x
            for inner in layer.body:
                y = emit(inner, y)
            return add("Add", [x, y])
        if isinstance(layer, Relu):
            return add("Relu", [x])
        return add("MaxPool" if isinstance(layer, MaxPool) else "AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])

    x = "image"
    for layer in layers:
        x = emit(layer, x)
    nodes[-1].output[0] = "scores"
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 10])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="vnpu-digits")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--epochs", type=int, default=100)
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    (images, labels), (held_images, held_labels) = data()
    layers = network()
    train(layers, images, labels, args.epochs)
    scores = run(layers, pixels(held_images)).astype(np.float32)
    onnx.save(to_onnx(layers), args.out + "/digits.onnx")
    np.savez_compressed(args.out + "/held_out.npz", images=held_images, labels=held_labels)
    np.savez_compressed(args.out + "/train.npz", images=images, labels=labels)
    np.savez_compressed(args.out + "/float.npz", scores=scores)
    right = int((scores.argmax(1) == held_labels).sum())
    print("held out: %d of %d right (%.2f %%)" % (right, len(held_labels), 100 * right / len(held_labels)))


if __name__ == "__main__":
    main()
