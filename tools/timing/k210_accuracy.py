#!/usr/bin/env python3
"""The K210's time model beside the published times of single layers: as shipped, refitted, and with each row left out.

  k210_accuracy.py --vnpu build/release/bin/vnpu [--published published_latency.csv] [--model facedetect.kmodel] [--set]

Rows of trust A: a table of 3x3 layers of 128 channels with 16-bit weights (KPU 300 MHz, CPU 500 MHz; the largest maps do
not fit into the AI RAM) and the layers of the public face detector (both 400 MHz), whose kmodel is needed. The law is
restated here, because it is refitted many times; that it is the program's is checked on every layer that fits into the AI
RAM, by `vnpu profile`. --set prints the refitted parameters as --set options. Needs numpy.
"""

import argparse, csv, json, math, os, subprocess, sys, tempfile
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../oracle/k210"))
sys.dont_write_bytecode = True
SHARED = os.path.join(HERE, "../../../shared/golden")
FITTED = ["kpu.layer_cycles", "kpu.rows_1x1", "kpu.rows_3x3", "kpu.rows_shared", "kpu.rows_depthwise", "dma.weights_mbps"]


def lines(width):
    return (4, 1) if width <= 16 else (2, 1) if width <= 32 else (1, -(-width // 64))


class Layer:
    def __init__(self, ic, oc, w, h, k, dw=False, bits=8, kpu=400.0, cpu=400.0):
        self.ic, self.oc, self.w, self.h, self.k, self.dw, self.kpu, self.cpu = ic, oc, w, h, k, dw, kpu, cpu
        one = k * k * ic * bits // 8
        at_once = max(1, min(oc, (30 if bits == 8 else 60) * 1024 // one))
        self.weights = k * k * oc * bits // 8 if dw else one * oc
        self.first = self.weights if dw else one * at_once

    def ms(self, p):
        groups, row = lines(self.w)
        planes = -(-self.ic // groups)
        if self.dw:
            compute = planes * row * (2 * self.h + p["kpu.rows_depthwise"])
        else:
            added = p["kpu.rows_1x1"] if self.k == 1 else p["kpu.rows_3x3"] + p["kpu.rows_shared"] * (groups - 1)
            compute = self.oc * row * (planes * (self.h + added) + self.h)
        load = self.kpu / p["dma.weights_mbps"]
        cycles = p["kpu.layer_cycles"] / self.cpu * self.kpu + self.first * load
        return (cycles + max(compute, (self.weights - self.first) * load)) / self.kpu / 1e3


def fit(rows, p):
    """Least squares on log(ours / published), damped."""
    x = np.array([p[key] for key in FITTED])
    residual = lambda x: np.array([math.log(layer.ms(dict(zip(FITTED, x))) / ms) for _, layer, ms in rows])
    damping, r = 1e-3, residual(x)
    for _ in range(100):
        step = np.abs(x) * 1e-4
        jacobian = np.stack([(residual(x + np.eye(len(x))[i] * step[i]) - r) / step[i] for i in range(len(x))], 1)
        normal = jacobian.T @ jacobian
        move = -np.linalg.solve(normal + damping * np.diag(np.diag(normal)), jacobian.T @ r)
        again = residual(x + move)
        if again @ again < r @ r:
            x, r, damping = x + move, again, max(damping / 3, 1e-9)
        else:
            damping *= 4
    return dict(zip(FITTED, x))


def profile(vnpu, path, settings=()):
    command = [vnpu, "profile", "--json", path]
    for setting in settings:
        command += ["--set", setting]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit("%s: %s" % (" ".join(command), done.stderr.strip()))
    return json.loads(done.stdout)


def kpu_ms(told):
    return {layer["id"]: layer["busy_ms"]["kpu"] for layer in told["layers"] if layer["busy_ms"]["kpu"] > 0}


def face_layers(path):
    import struct, k210_exec

    m = open(path, "rb").read()
    out = {}
    for i, (kind, at, _) in enumerate(k210_exec.parse_v3(m)["layers"]):
        if kind == 10240:
            r = k210_exec.v3_conv(m, at)[2]
            out[i] = Layer(r.ic, r.oc, r.iw, r.ih, r.k, bool(r.dw))
    return out


def table_model(layer, path):
    """The row as a kmodel; weights are zeros."""
    import kmodel_write as W

    v = W.V3(16)
    n = layer.oc
    act = [(-(1 << 35), 0, 0, 0)] * 16
    size = layer.w * layer.h * layer.oc
    out = v.alloc(size)
    v.conv(out, np.zeros(n * layer.ic * layer.k**2), [(0, 0, 0)] * n, act, ic=layer.ic, oc=n, w=layer.w, h=layer.h,
           ow=layer.w, oh=layer.h, k=layer.k, src=0, dst=16384)
    v.outs = [(out, size)]
    open(path, "wb").write(v.bytes())


def summary(errors):
    size = np.abs(errors)
    return "mean %.2f %%, worst %.2f %%, bias %+.2f %%" % (size.mean(), size.max(), np.mean(errors))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vnpu", required=True)
    parser.add_argument("--published", default=os.path.join(SHARED, "timing/published_latency.csv"))
    parser.add_argument("--model", default=os.path.join(SHARED, "k210/real/facedetect_v3/model.kmodel"))
    parser.add_argument("--set", action="store_true")
    args = parser.parse_args()
    for path in (args.published, args.model):
        if not os.path.exists(path):
            sys.exit(path + ": not there; name it with --published or --model")
    told = profile(args.vnpu, args.model)
    shipped = {p["key"]: p["value"] for p in told["parameters"]}
    face, ours = face_layers(args.model), kpu_ms(told)
    checked = 0
    for i, layer in face.items():
        assert abs(layer.ms(shipped) - ours[i]) < 2e-5, (i, layer.ms(shipped), ours[i])
        checked += 1
    rows = []
    with open(args.published, newline="") as f:
        for row in csv.DictReader(f):
            if not row["id"].startswith("k210") or row["trust"] != "A":
                continue
            if "_conv3x3_128_128_" in row["id"]:
                w, h = map(int, row["id"].rsplit("_", 1)[1].split("x"))
                rows.append((row["id"], Layer(128, 128, w, h, 3, bits=16, kpu=300.0, cpu=500.0), float(row["value_ms"])))
            elif "_facedetect_layer" in row["id"]:
                rows.append((row["id"], face[int(row["id"][-2:])], float(row["value_ms"])))
    with tempfile.TemporaryDirectory() as folder:
        for name, layer, _ in rows:
            if layer.kpu != 300.0 or lines(layer.w)[1] * layer.h * -(-128 // lines(layer.w)[0]) > 16384:
                continue
            path = os.path.join(folder, name + ".kmodel")
            table_model(layer, path)
            found = kpu_ms(profile(args.vnpu, path, ["clock.kpu_mhz=300", "clock.cpu_mhz=500"]))[0]
            assert abs(layer.ms(shipped) - found) < 2e-5, (name, layer.ms(shipped), found)
            checked += 1
    error = lambda p, rows: [100 * (layer.ms(p) / ms - 1) for _, layer, ms in rows]
    refitted = fit(rows, shipped)
    print("%d rows; the law is the program's on %d layers" % (len(rows), checked))
    print("shipped  " + summary(error(shipped, rows)))
    print("refitted " + summary(error(refitted, rows)) + "  " +
          ", ".join("%s %.4g" % item for item in refitted.items()))
    left = [error(fit(rows[:i] + rows[i + 1:], shipped), rows[i:i + 1])[0] for i in range(len(rows))]
    print("left out " + summary(left))
    for (name, layer, ms), e, l in zip(rows, error(shipped, rows), left):
        print("  %-32s %8.3f ms  ours %8.3f  %+5.1f %%  left out %+5.1f %%" % (name, ms, layer.ms(shipped), e, l))
    if args.set:
        print(" ".join("--set %s=%.4g" % item for item in refitted.items()))


main()
