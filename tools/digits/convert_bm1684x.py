#!/usr/bin/env python3
"""Converts the digit recogniser for BM1684X and runs the functional model over all held-out digits.

  VENV/bin/python convert_bm1684x.py TRAINED_DIR OUT_DIR [--work TMP]

TRAINED_DIR is what train.py wrote. OUT_DIR gets digits_bm1684x_<quant>.bmodel (f32, f16, int8; input `image` f32
[1,1,32,32], kernel module removed) and simulator_bm1684x_<quant>.npz (`scores` f32 [540,10], bit for bit), and its
digits.json, which convert.py wrote, the rows of these models. Run with the Python of the oracle environment.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle", "bm1684x"))
import bm_env  # noqa: E402, F401

import numpy as np  # noqa: E402

import gen_bm1684x as gen  # noqa: E402
import to_case  # noqa: E402
from inputs import CALIBRATION_IMAGES, network_input, write_calibration_set  # noqa: E402

QUANTS = ("F32", "F16", "INT8")


class Digits(gen.Net):
    def __init__(self, trained, work):
        self.name, self.d, self.cmds, self.cal = "digits", work, [], False
        self.log, self.ncal = os.path.join(work, "log.txt"), CALIBRATION_IMAGES
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        shutil.copyfile(trained + "/digits.onnx", work + "/digits.onnx")
        write_calibration_set(trained, work + "/set")

    def transform(self):
        self.run(
            "model_transform.py",
            ["--model_name", self.name, "--model_def", "digits.onnx", "--input_shapes", "[[1,1,32,32]]"]
            + ["--mlir", "digits.mlir"],
        )

    def calibrate(self):
        if not self.cal:
            self.run(
                "run_calibration.py",
                ["digits.mlir", "--dataset", "set", "--input_num", str(self.ncal), "-o", "cali"],
            )
        self.cal = True


def simulate_all(model, images):
    import pyruntime_bm

    runtime = pyruntime_bm.Model(model, 0, "")
    net = runtime.Net(runtime.networks[0])
    rows = []
    for image in images:
        net.inputs[0].data.reshape(-1)[:] = network_input(image).reshape(-1)
        net.forward()
        rows.append(np.array(net.outputs[0].data).reshape(-1))
    return np.stack(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trained"), parser.add_argument("out")
    parser.add_argument("--work", default="digits-work-bm1684x")
    args = parser.parse_args()
    trained, out, work = [os.path.abspath(p) for p in (args.trained, args.out, args.work)]
    held, scores = np.load(trained + "/held_out.npz"), np.load(trained + "/float.npz")["scores"]
    gen.warm()
    net = Digits(trained, work)
    net.transform()
    with open(out + "/digits.json") as f:
        report = json.load(f)
    report["models"] = [m for m in report["models"] if m["chip"] != "bm1684x"]
    for quant in QUANTS:
        before = len(net.cmds)
        made, _ = net.deploy(quant)
        to_case.strip(made)
        name = "digits_bm1684x_%s.bmodel" % quant.lower()
        shutil.copyfile(made, out + "/" + name)
        simulated = to_case.fork_call(simulate_all, out + "/" + name, held["images"])
        if simulated.dtype != np.float32 or simulated.shape != scores.shape:
            sys.exit("%s: scores are %s %s" % (name, simulated.dtype, simulated.shape))
        np.savez_compressed("%s/simulator_bm1684x_%s.npz" % (out, quant.lower()), scores=simulated)
        right = int((simulated.argmax(1) == held["labels"]).sum())
        report["models"].append(
            dict(
                file=name,
                chip="bm1684x",
                quant=quant.lower(),
                right=right,
                commands=net.cmds[:1] + net.cmds[before:],
                same_as_float=int((simulated.argmax(1) == scores.argmax(1)).sum()),
                scores_sha256=hashlib.sha256(simulated.tobytes()).hexdigest(),
            )
        )
        print("%s: %d of %d right" % (name, right, len(scores)), flush=True)
    rows = ",\n  ".join(json.dumps(m, separators=(",", ":")) for m in report.pop("models"))
    head = json.dumps(report, indent=1)[:-2]
    with open(out + "/digits.json", "w") as f:
        f.write(head + ',\n "models": [\n  ' + rows + "]\n}\n")


if __name__ == "__main__":
    main()
