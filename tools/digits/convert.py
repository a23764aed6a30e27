#!/usr/bin/env python3
"""Converts the digit recogniser with the vendor's tools and runs the vendor's simulator over all held-out digits.

  convert.py TRAINED_DIR OUT_DIR [--cases CASES_DIR] [--work TMP]

TRAINED_DIR is what train.py wrote. OUT_DIR gets
    digits.onnx, held_out.npz, float.npz      copies from TRAINED_DIR
    digits_<chip>_<quant>.cvimodel            cv181x and cv180x, int8 and bf16; input `image` f32 [1,1,32,32]
    simulator_<chip>_<quant>.npz              `scores` f32 [540,10], the vendor simulator's results, bit for bit
    digits.json                               how many are right: float and each model
CASES_DIR gets one golden case per model (first held-out digit; layout as in tests/golden/cv18xx).
Run with the Python of the oracle environment (tools/oracle/README.md).
"""

import argparse
import hashlib
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle", "cv18xx"))
import vendor  # noqa: E402

vendor.ensure_env()

import numpy as np  # noqa: E402

import to_case  # noqa: E402
from inputs import CALIBRATION_IMAGES, network_input, write_calibration_set  # noqa: E402

CHIPS, QUANTS = ("cv181x", "cv180x"), ("int8", "bf16")


def tool(name, words, work, log):
    if vendor.tool(name, words, work, log):
        sys.exit("%s failed, see %s" % (name, log))
    return name + " " + " ".join(words)


def simulate_all(model, images, log):
    """The simulator's output for every image, in one process that loads the model once."""

    def run():
        import pyruntime_cvi

        net = pyruntime_cvi.Model(model, 0, False)
        rows = []
        for image in images:
            net.inputs[0].data.reshape(-1)[:] = network_input(image).reshape(-1)
            net.forward()
            rows.append(np.array(net.outputs[0].data).reshape(-1))
        return dict(name=net.outputs[0].name, dtype=net.outputs[0].dtype, scores=np.stack(rows))

    status, result = vendor.forked(run, log)
    if status:
        sys.exit("the simulator ended with status %d, see %s" % (status, log))
    assert result["dtype"] == "f32" and result["scores"].dtype == np.float32
    return result["scores"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trained"), parser.add_argument("out")
    parser.add_argument("--cases"), parser.add_argument("--work", default="digits-work")
    args = parser.parse_args()
    trained, out, work = [os.path.abspath(p) for p in (args.trained, args.out, args.work)]
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work), os.makedirs(out, exist_ok=True)
    log = work + "/log.txt"
    vendor.warm()
    for name in ("digits.onnx", "held_out.npz", "float.npz"):
        shutil.copyfile(trained + "/" + name, out + "/" + name)
    shutil.copyfile(trained + "/digits.onnx", work + "/digits.onnx")
    held, scores = np.load(trained + "/held_out.npz"), np.load(trained + "/float.npz")["scores"]
    labels = held["labels"]

    import onnxruntime

    session = onnxruntime.InferenceSession(trained + "/digits.onnx", providers=["CPUExecutionProvider"])
    by_runtime = np.concatenate([session.run(None, {"image": network_input(i)})[0] for i in held["images"]])
    if np.abs(by_runtime - scores).max() > 1e-3:
        sys.exit("digits.onnx does not compute what train.py's own network does")

    write_calibration_set(trained, work + "/set")
    commands = [
        tool(
            "model_transform",
            [
                "--model_name",
                "digits",
                "--model_def",
                "digits.onnx",
                "--input_shapes",
                "[[1,1,32,32]]",
                "--mlir",
                "digits.mlir",
            ],
            work,
            log,
        ),
        tool(
            "run_calibration",
            ["digits.mlir", "--dataset", "set", "--input_num", str(CALIBRATION_IMAGES), "-o", "table"],
            work,
            log,
        ),
    ]
    right = lambda s: int((s.argmax(1) == labels).sum())
    report = dict(held_out=len(labels), float_right=right(scores), models=[])
    for chip in CHIPS:
        for quant in QUANTS:
            model = "digits_%s_%s.cvimodel" % (chip, quant)
            words = [
                "--mlir",
                "digits.mlir",
                "--chip",
                chip,
                "--quantize",
                quant.upper(),
                "--model",
                model,
                "--skip_validation",
            ]
            words += ["--calibration_table", "table"] if quant == "int8" else []
            deploy = tool("model_deploy", words, work, log)
            shutil.copyfile(work + "/" + model, out + "/" + model)
            simulated = simulate_all(work + "/" + model, held["images"], log)
            np.savez_compressed("%s/simulator_%s_%s.npz" % (out, chip, quant), scores=simulated)
            report["models"].append(
                dict(
                    file=model,
                    chip=chip,
                    quant=quant,
                    right=right(simulated),
                    commands=commands + [deploy],
                    same_as_float=int((simulated.argmax(1) == scores.argmax(1)).sum()),
                    scores_sha256=hashlib.sha256(simulated.tobytes()).hexdigest(),
                )
            )
            print("%s: %d of %d right, float %d" % (model, right(simulated), len(labels), right(scores)), flush=True)
            if args.cases:
                meta = dict(
                    chip=chip,
                    quant=quant,
                    family="digits",
                    seed=0,
                    converter="tpu_mlir " + vendor.version(),
                    commands=commands + [deploy],
                )
                case = "%s/digits/digits-0-%s-%s" % (os.path.abspath(args.cases), chip, quant)
                why = to_case.make_case(
                    work + "/" + model,
                    case,
                    0,
                    {"image": network_input(held["images"][0])},
                    (),
                    meta,
                    floats=[scores[0]],
                    log=log,
                )
                if why:
                    sys.exit("no case: " + why)
    with open(out + "/digits.json", "w") as f:
        f.write(to_case.pretty(report))


if __name__ == "__main__":
    main()
