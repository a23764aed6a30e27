#!/usr/bin/env python3
"""Random small ONNX nets -> nncase 1.x -> K210 kmodel V5 -> nncase.Simulator -> golden case directories.

  gen_k210.py --seed N --out DIR [--count M] [--check]

Needs a Python 3.8 environment with nncase 1.x, onnx, numpy (see setup.sh).
Each case directory: model.kmodel, input.npz (x<run>_<input>), output.npz (y<run>_<output>), case.json.
"""

import argparse, io, json, os, sys, contextlib
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


class Net:
    def __init__(s, rng, shape):
        s.rng = rng
        s.nodes = []
        s.inits = []
        s.n = 0
        s.cur = "x"
        s.shape = list(shape)
        s.ops = []
        s.in_shape = list(shape)
        s.outs = []

    def name(s, p="t"):
        s.n += 1
        return "%s%d" % (p, s.n)

    def const(s, a, p="w"):
        n = s.name(p)
        s.inits.append(numpy_helper.from_array(np.asarray(a), n))
        return n

    def add(s, op, ins, **kw):
        o = s.name()
        s.nodes.append(helper.make_node(op, ins, [o], **kw))
        s.cur = o
        s.ops.append(op)
        return o

    def conv(s, oc, k=3, stride=1, pads=None, dw=False, dil=1, bias=True, src=None):
        c = s.shape[1]
        oc = c if dw else oc
        g = c if dw else 1
        w = s.rng.normal(0, 1.0 / np.sqrt(k * k * (1 if dw else c)), (oc, c // g, k, k)).astype(np.float32)
        b = s.rng.normal(0, 0.2, oc).astype(np.float32)
        pads = [k // 2] * 4 if pads is None else pads
        s.add(
            "Conv",
            [src or s.cur, s.const(w)] + ([s.const(b)] if bias else []),
            kernel_shape=[k, k],
            pads=pads,
            strides=[stride] * 2,
            dilations=[dil] * 2,
            group=g,
        )
        h, wd = s.shape[2], s.shape[3]
        e = dil * (k - 1) + 1
        s.shape = [1, oc, (h + pads[0] + pads[2] - e) // stride + 1, (wd + pads[1] + pads[3] - e) // stride + 1]

    def act(s, kind):
        if kind == "relu":
            s.add("Relu", [s.cur])
        elif kind == "leaky":
            s.add("LeakyRelu", [s.cur], alpha=float(s.rng.choice([0.1, 0.2, 0.01])))
        elif kind == "relu6":
            s.add("Clip", [s.cur, s.const(np.float32(0)), s.const(np.float32(6))])
        elif kind == "sigmoid":
            s.add("Sigmoid", [s.cur])
        elif kind == "tanh":
            s.add("Tanh", [s.cur])
        elif kind == "clip":
            s.add("Clip", [s.cur, s.const(np.float32(-0.7)), s.const(np.float32(1.3))])
        elif kind == "hsig":  # hard swish written out
            x = s.cur
            a = s.add("Add", [x, s.const(np.float32(3))])
            b = s.add("Clip", [a, s.const(np.float32(0)), s.const(np.float32(6))])
            c = s.add("Mul", [x, b])
            s.add("Div", [c, s.const(np.float32(6))])

    def pool(s, kind, k, st):
        s.add(kind, [s.cur], kernel_shape=[k, k], strides=[st, st])
        s.shape[2] = (s.shape[2] - k) // st + 1
        s.shape[3] = (s.shape[3] - k) // st + 1

    def gap(s):
        s.add("GlobalAveragePool", [s.cur])
        s.shape[2:] = [1, 1]

    def residual(s, kind="Add"):
        x = s.cur
        sh = list(s.shape)
        s.conv(sh[1])
        s.act("relu")
        s.add(kind, [x, s.cur])

    def concat(s):
        x = s.cur
        sh = list(s.shape)
        s.conv(int(s.rng.integers(1, 9)))
        a = s.cur
        ca = s.shape[1]
        s.shape = sh
        s.cur = x
        s.conv(int(s.rng.integers(1, 9)), 1)
        b = s.cur
        s.add("Concat", [a, b], axis=1)
        s.shape = [1, ca + s.shape[1]] + sh[2:]

    def fc(s, n, softmax):
        k = int(np.prod(s.shape))
        s.add("Reshape", [s.cur, s.const(np.array([1, k], np.int64))])
        w = s.rng.normal(0, 1 / np.sqrt(k), (k, n)).astype(np.float32)
        s.add("MatMul", [s.cur, s.const(w)])
        s.add("Add", [s.cur, s.const(s.rng.normal(0, 0.1, n).astype(np.float32))])
        s.shape = [1, n]
        if softmax:
            s.add("Softmax", [s.cur], axis=1)

    def resize(s, mode, f):
        sc = np.array([1, 1, f, f], np.float32)
        s.add(
            "Resize",
            [s.cur, s.const(np.zeros(0, np.float32)), s.const(sc)],
            mode=mode,
            coordinate_transformation_mode="asymmetric" if mode == "nearest" else "half_pixel",
            **({"nearest_mode": "floor"} if mode == "nearest" else {})
        )
        s.shape = [1, s.shape[1], int(s.shape[2] * f), int(s.shape[3] * f)]

    def deconv(s, oc):
        c = s.shape[1]
        w = s.rng.normal(0, 0.3, (c, oc, 3, 3)).astype(np.float32)
        s.add(
            "ConvTranspose",
            [s.cur, s.const(w), s.const(np.zeros(oc, np.float32))],
            kernel_shape=[3, 3],
            strides=[2, 2],
            pads=[1, 1, 1, 1],
            output_padding=[1, 1],
        )
        s.shape = [1, oc, s.shape[2] * 2, s.shape[3] * 2]

    def model(s):
        outs = s.outs + [(s.cur, s.shape)]
        g = helper.make_graph(
            s.nodes,
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, s.in_shape)],
            [helper.make_tensor_value_info(o, TensorProto.FLOAT, sh) for o, sh in outs],
            s.inits,
        )
        m = helper.make_model(g, opset_imports=[helper.make_opsetid("", 11)])
        m.ir_version = 6
        return shape_inference.infer_shapes(m).SerializeToString()


FAMILIES = [
    "conv3",
    "conv1",
    "dw",
    "stride2",
    "valid",
    "maxpool2",
    "avgpool2",
    "pool4",
    "poolodd",
    "leaky",
    "relu6",
    "sigmoid",
    "tanh",
    "clip",
    "hswish",
    "residual",
    "mulres",
    "concat",
    "gap",
    "mlp",
    "upnn",
    "upbl",
    "deconv",
    "dil",
    "twoout",
    "mobilenet",
    "deep",
    "wide",
    "manych",
    "float_in",
    "tiny",
    "conv5",
    "pad",
    "transpose",
    "prep",
]


def build(rng, fam):
    r = lambda a, b: int(rng.integers(a, b + 1))
    w = int(rng.choice([4, 7, 8, 12, 16, 17, 20, 24, 28, 31, 32, 33, 40, 48, 63, 64, 65, 80]))
    h = r(4, 24)
    c = int(rng.choice([1, 2, 3, 4, 5, 6, 8]))
    if fam == "wide":
        w = int(rng.choice([96, 127, 128, 129, 160, 320]))
        h = r(4, 10)
        c = 3
    if fam in ("pool4", "maxpool2", "avgpool2", "stride2", "mobilenet", "deep"):
        w = max(8, w // 8 * 8)
        h = max(8, h // 8 * 8)
    if fam in ("upnn", "upbl", "deconv"):
        w = min(w, 24)
        h = min(h, 12)
    if fam == "tiny":
        w, h = r(4, 6), r(4, 5)
    if fam == "mlp":
        w, h = r(4, 8), r(4, 8)
    n = Net(rng, (1, c, h, w))
    oc = r(1, 20)
    if fam in ("conv3", "tiny", "wide", "float_in", "prep"):
        n.conv(oc)
        n.act("relu")
    elif fam == "conv1":
        n.conv(oc, 1)
        n.act(rng.choice(["relu", "none"]))
    elif fam == "dw":
        n.conv(r(2, 12))
        n.act("relu")
        n.conv(0, dw=True)
        n.act("relu6")
        n.conv(r(2, 12), 1)
    elif fam == "stride2":
        n.conv(oc, 3, 2, [0, 0, 1, 1] if r(0, 1) else [1, 1, 1, 1])
        n.act("relu")
        n.conv(oc, 3, 2)
    elif fam == "valid":
        n.conv(oc, 3, 1, [0, 0, 0, 0])
        n.act("leaky")
    elif fam == "maxpool2":
        n.conv(oc)
        n.act("relu")
        n.pool("MaxPool", 2, 2)
        n.conv(r(2, 9))
    elif fam == "avgpool2":
        n.conv(oc)
        n.act("relu")
        n.pool("AveragePool", 2, 2)
        n.conv(r(2, 9), 1)
    elif fam == "pool4":
        n.conv(oc)
        n.pool(str(rng.choice(["MaxPool", "AveragePool"])), 4, 4)
    elif fam == "poolodd":
        n.conv(oc)
        n.act("relu")
        n.pool("MaxPool", 3, 2)
        n.conv(r(2, 8), 1)
    elif fam in ("leaky", "relu6", "sigmoid", "tanh", "clip"):
        n.conv(oc)
        n.act(fam)
        n.conv(r(2, 8), 1)
        n.act(fam)
    elif fam == "hswish":
        n.conv(oc)
        n.act("hsig")
        n.conv(4, 1)
    elif fam == "residual":
        n.conv(oc)
        n.act("relu")
        n.residual()
        n.act("relu")
        n.conv(3, 1)
    elif fam == "mulres":
        n.conv(oc)
        n.act("sigmoid")
        n.residual("Mul")
        n.conv(3, 1)
    elif fam == "concat":
        n.conv(oc)
        n.act("relu")
        n.concat()
        n.conv(r(2, 6), 1)
    elif fam == "gap":
        n.conv(oc)
        n.act("relu")
        n.gap()
        n.conv(r(2, 10), 1)
    elif fam == "mlp":
        n.conv(oc)
        n.act("relu")
        n.fc(r(2, 12), True)
    elif fam == "upnn":
        n.conv(oc)
        n.act("relu")
        n.resize("nearest", 2)
        n.conv(3)
    elif fam == "upbl":
        n.conv(oc)
        n.act("relu")
        n.resize("linear", 2)
        n.conv(3)
    elif fam == "deconv":
        n.conv(oc)
        n.act("relu")
        n.deconv(r(1, 5))
    elif fam == "dil":
        n.conv(oc, 3, 1, [2, 2, 2, 2], dil=2)
        n.act("relu")
    elif fam == "twoout":
        n.conv(oc)
        n.act("relu")
        a = (n.cur, list(n.shape))
        n.conv(4, 1)
        n.outs.append((n.cur, list(n.shape)))
        n.cur, n.shape = a
        n.conv(2)
        n.act("sigmoid")
    elif fam == "mobilenet":
        n.conv(8, 3, 2)
        n.act("relu6")
        for o in (12, 16):
            n.conv(0, dw=True)
            n.act("relu6")
            n.conv(o, 1)
            n.act("relu6")
        n.conv(0, 3, 2, dw=True)
        n.act("relu6")
        n.conv(20, 1)
        n.act("relu6")
        n.gap()
        n.fc(5, True)
    elif fam == "deep":
        for i in range(r(5, 8)):
            n.conv(r(4, 12), int(rng.choice([1, 3])))
            n.act(str(rng.choice(["relu", "leaky", "relu6"])))
        n.pool("MaxPool", 2, 2)
        n.conv(5, 1)
    elif fam == "manych":
        n.conv(r(64, 160), 1)
        n.act("relu")
        n.conv(r(30, 70), 3)
        n.act("relu")
    elif fam == "conv5":
        n.conv(oc, 5, 1, [2, 2, 2, 2])
        n.act("relu")
        n.conv(3, 1)
    elif fam == "pad":
        n.add(
            "Pad",
            [n.cur, n.const(np.array([0, 0, 1, 2, 0, 0, 2, 1], np.int64)), n.const(np.float32(0))],
            mode="constant",
        )
        n.shape = [1, c, h + 3, w + 3]
        n.conv(oc)
        n.act("relu")
    elif fam == "transpose":
        n.conv(oc)
        n.act("relu")
        n.add("Transpose", [n.cur], perm=[0, 2, 3, 1])
        n.shape = [1, n.shape[2], n.shape[3], n.shape[1]]
    return n


def smooth(rng, shape):
    """image-like uint8 data (low frequency + noise)"""
    _, c, h, w = shape
    y, x = np.mgrid[0:h, 0:w]
    o = []
    for k in range(c):
        p = rng.uniform(0, 6, 4)
        a = 128 + 90 * np.sin(x / w * 5 + p[0]) * np.cos(y / h * 4 + p[1]) + rng.normal(0, 18, (h, w))
        o.append(np.clip(a, 0, 255))
    return np.stack(o)[None].astype(np.uint8)


def make_case(seed, out, check=True, fam=None):
    import nncase

    rng = np.random.default_rng(seed)
    fam = fam or FAMILIES[seed % len(FAMILIES)]
    n = build(rng, fam)
    sh = n.in_shape
    co = nncase.CompileOptions()
    co.target = "k210"
    co.dump_ir = False
    co.dump_asm = False
    fl = fam == "float_in"
    co.input_layout = "NCHW"
    co.output_layout = "NCHW"
    co.input_shape = sh
    if fl:
        co.preprocess = False
        co.input_type = "float32"
    else:
        co.preprocess = True
        co.input_type = "uint8"
        co.input_range = [0, 1]
        co.mean = [0.0] * 3
        co.std = [1.0] * 3
    if fam == "prep" and sh[1] == 3:
        co.input_range = [0, 255]
        co.mean = [123.7, 116.3, 103.5]
        co.std = [58.4, 57.1, 57.4]
    c = nncase.Compiler(co)
    c.import_onnx(n.model(), nncase.ImportOptions())
    cal = np.concatenate([smooth(rng, sh) for _ in range(4)])
    if fl:
        cal = (cal.astype(np.float32) / 128 - 1).astype(np.float32)
    p = nncase.PTQTensorOptions()
    p.samples_count = 4
    p.set_tensor_data(cal.tobytes())
    c.use_ptq(p)
    c.compile()
    km = c.gencode_tobytes()
    xs = [cal[:1], (rng.integers(0, 256, sh).astype(np.uint8) if not fl else rng.uniform(-2, 2, sh).astype(np.float32))]
    s = nncase.Simulator()
    s.load_model(km)
    d = {}
    y = {}
    tr = []
    for i, x in enumerate(xs):
        s.set_input_tensor(0, nncase.RuntimeTensor.from_numpy(x))
        s.run()
        d["x%d_0" % i] = x
        for k in range(s.outputs_size):
            y["y%d_%d" % (i, k)] = s.get_output_tensor(k).to_numpy().copy()
    info = dict(
        case=os.path.basename(out),
        format="V5",
        producer="nncase %s" % NNVER,
        seed=seed,
        family=fam,
        onnx_ops=n.ops,
        input=dict(shape=sh, dtype=str(xs[0].dtype)),
        runs=len(xs),
        outputs=s.outputs_size,
        authority="nncase.Simulator of the same version",
    )
    if check:
        import k210_exec as K

        eq = []
        for i, x in enumerate(xs):
            R = K.run(km, [x])
            tr.append([list(t) for t in R.trace])
            for k, b in enumerate(R.outputs):
                a = y["y%d_%d" % (i, k)]
                q = np.frombuffer(b, a.dtype).reshape(a.shape)
                eq.append("equal" if a.tobytes() == b else "max_abs_diff %g" % np.abs(a.astype(np.float64) - q).max())
        info["reference_executor"] = eq
        info["kpu_trace"] = tr[0]
    os.makedirs(out, exist_ok=True)
    open(os.path.join(out, "model.kmodel"), "wb").write(km)
    np.savez_compressed(os.path.join(out, "input.npz"), **d)
    np.savez_compressed(os.path.join(out, "output.npz"), **y)
    json.dump(info, open(os.path.join(out, "case.json"), "w"), indent=0)
    return fam, info.get("reference_executor"), len(km)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--count", type=int, default=1)
    ap.add_argument("--out", default=".")
    ap.add_argument("--no-check", action="store_true")
    ap.add_argument("--one", action="store_true", help="internal: one case in this process")
    a = ap.parse_args()
    try:
        from importlib import metadata

        NNVER = metadata.version("nncase")
    except Exception:
        NNVER = "?"
    if a.one:
        print(
            "RESULT",
            make_case(
                a.seed, os.path.join(a.out, "v5_%04d_%s" % (a.seed, FAMILIES[a.seed % len(FAMILIES)])), not a.no_check
            ),
        )
        sys.exit(0)
    import subprocess

    for k in range(a.seed, a.seed + a.count):  # one process per net: the compiler aborts the process on some graphs
        r = subprocess.run(
            [sys.executable, __file__, "--one", "--seed", str(k), "--out", a.out]
            + (["--no-check"] if a.no_check else []),
            capture_output=True,
            text=True,
        )
        l = [x for x in r.stdout.splitlines() if x.startswith("RESULT")]
        print(
            k,
            FAMILIES[k % len(FAMILIES)],
            l[0][7:] if l else "FAILED: " + (r.stderr.strip().splitlines() or ["rc %d" % r.returncode])[-1][:200],
            flush=True,
        )
