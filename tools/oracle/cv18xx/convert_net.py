#!/usr/bin/env python3
"""Converts a whole network (ONNX, TFLite) for CV18xx, runs it in the vendor simulator, reports time and hashes.

  convert_net.py NET.onnx --work DIR --chips cv181x --quants int8,bf16 [--shape 1,3,224,224] [--outputs a,b]
                 [--image photo.png ...] [--mean m,m,m --scale s,s,s --pixel rgb] [--case DIR] [--deploy "words"]
                 [--calibrate N] [--threads 1]

With --image the pictures are resized to the input and used for calibration (vendor's run_calibration) and as the
simulator's input; without, seeded noise is used and the calibration table is made from one float run.
--case DIR writes golden case directories (see to_case.py). One JSON line per conversion on standard output.
"""

import argparse
import hashlib
import json
import os
import sys
import time

import vendor

vendor.ensure_env()

import numpy as np  # noqa: E402

import to_case  # noqa: E402


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("net"), ap.add_argument("--work", required=True)
    ap.add_argument("--chips", default="cv181x"), ap.add_argument("--quants", default="int8,bf16")
    ap.add_argument("--shape"), ap.add_argument("--outputs"), ap.add_argument("--image", nargs="*", default=[])
    ap.add_argument("--mean", default="0,0,0"), ap.add_argument("--scale", default="1,1,1"), ap.add_argument(
        "--pixel", default="rgb"
    )
    ap.add_argument("--case"), ap.add_argument("--deploy", default=""), ap.add_argument("--name")
    ap.add_argument("--calibrate", type=int, default=0), ap.add_argument("--no-float", action="store_true")
    a = ap.parse_args()
    name = a.name or os.path.basename(a.net).split(".")[0]
    work = os.path.abspath(a.work)
    os.makedirs(work, exist_ok=True)
    vendor.warm()
    import onnxruntime as rt

    log, net = work + "/log.txt", os.path.abspath(a.net)
    t = [
        "--model_name",
        name,
        "--model_def",
        net,
        "--mlir",
        "net.mlir",
        "--mean",
        a.mean,
        "--scale",
        a.scale,
        "--pixel_format",
        a.pixel,
    ]
    t += ["--input_shapes", "[[%s]]" % a.shape] if a.shape else []
    t += ["--output_names", a.outputs] if a.outputs else []
    if not os.path.exists(work + "/net.mlir"):
        t0 = time.time()
        if vendor.tool("model_transform", t, work, log):
            sys.exit("model_transform failed, see " + log)
        print(json.dumps(dict(net=name, step="transform", seconds=round(time.time() - t0, 1))), flush=True)
    import re

    txt = open(work + "/net.mlir").read()
    m = re.search(r'"top.Input".*?-> tensor<([0-9x]+)xf32>\s*loc\((#loc\d*)\)', txt)
    shape = [int(x) for x in m.group(1).split("x")]
    iname = re.search(re.escape(m.group(2)) + r' = loc\("([^"]+)"\)', txt).group(1)
    mean, scale = [np.array([float(v) for v in s.split(",")], np.float32) for s in (a.mean, a.scale)]
    nhwc = shape[-1] == 3 and shape[1] != 3
    h, w = (shape[1], shape[2]) if nhwc else (shape[2], shape[3])

    def picture(f):
        import cv2

        p = cv2.resize(cv2.imread(f), (w, h))
        p = (p[:, :, ::-1] if a.pixel == "rgb" else p).astype(np.float32)
        p = (p - mean) * scale
        return (p[None] if nhwc else p.transpose(2, 0, 1)[None]).astype(np.float32)

    if a.image:
        data = [picture(f) for f in a.image]
    else:
        data = [np.random.RandomState(1).randn(*shape).astype(np.float32)]
    feed = {iname: data[0]}
    np.savez(work + "/in.npz", **feed)
    if a.calibrate and not os.path.exists(work + "/cal"):
        os.makedirs(work + "/set", exist_ok=True)
        for i in range(a.calibrate):
            np.savez(
                "%s/set/%03d.npz" % (work, i),
                **{iname: data[i % len(data)] if a.image else np.random.RandomState(i).randn(*shape).astype(np.float32)}
            )
        if vendor.tool(
            "run_calibration", ["net.mlir", "--dataset", "set", "--input_num", str(a.calibrate), "-o", "cal"], work, log
        ):
            sys.exit("run_calibration failed")
    elif not os.path.exists(work + "/cal"):

        def interp():
            o = vendor.mlir_inference(dict(feed), "net.mlir")
            with open("cal", "w") as f:
                f.write("# made from one float run\n")
                for n, v in o.items():
                    f.write("%s %.7f %.7f %.7f\n" % (n, max(float(np.abs(v).max()), 1e-3), v.min(), v.max()))

        if vendor.forked(interp, log, cwd=work)[0]:
            sys.exit("float run failed")
    if not a.no_float and net.endswith(".onnx"):
        so = rt.SessionOptions()
        so.intra_op_num_threads = so.inter_op_num_threads = 1
        s = rt.InferenceSession(net, so, providers=["CPUExecutionProvider"])
        s.run(None, {s.get_inputs()[0].name: data[0]})
        ts = []
        for _ in range(5):
            t0 = time.process_time()
            s.run(None, {s.get_inputs()[0].name: data[0]})
            ts.append(time.process_time() - t0)
        print(json.dumps(dict(net=name, onnxruntime_f32_1thread_cpu_s=round(min(ts), 4))), flush=True)
    for chip in a.chips.split(","):
        for q in a.quants.split(","):
            f = "%s_%s_%s.cvimodel" % (name, chip, q)
            d = ["--mlir", "net.mlir", "--chip", chip, "--quantize", q.upper(), "--model", f, "--skip_validation"]
            d += ["--calibration_table", "cal"] if q == "int8" else []
            d += a.deploy.split()
            t0 = time.time()
            rc = vendor.tool("model_deploy", d, work, log)
            if rc:
                print(json.dumps(dict(net=name, chip=chip, quant=q, error="model_deploy status %d" % rc)), flush=True)
                continue
            td = time.time() - t0
            p = work + "/" + f
            given = {iname: data[0]}
            st, r = vendor.simulate(p, to_case.feeder(1, given), log, 0, False, 1)
            row = dict(net=name, chip=chip, quant=q, deploy_s=round(td, 1), model_bytes=os.path.getsize(p), status=st)
            if not st:
                row.update(
                    sim_s=round(r["seconds"], 3),
                    sim_cpu_s=round(r["cpu_seconds"], 3),
                    outputs=[
                        dict(
                            name=x["name"],
                            shape=x["shape"],
                            dtype=x["dtype"],
                            sha256=hashlib.sha256(v.tobytes()).hexdigest(),
                        )
                        for x, v in r["runs"][0]
                    ],
                )
            print(json.dumps(row), flush=True)
            if a.case and not st:
                t2 = [x.replace(os.path.dirname(net) + "/", "") for x in t]
                e = to_case.make_case(
                    p,
                    a.case + "/%s-%s-%s" % (name, chip, q),
                    1,
                    given,
                    (),
                    dict(
                        chip=chip,
                        quant=q,
                        family="whole_nets",
                        seed=1,
                        converter="tpu_mlir " + vendor.version(),
                        commands=["model_transform " + " ".join(t2), "model_deploy " + " ".join(d)],
                    ),
                    log=log,
                )
                if e:
                    print(json.dumps(dict(net=name, case_error=e)), flush=True)


if __name__ == "__main__":
    main()
