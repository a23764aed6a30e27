#!/usr/bin/env python3
"""Converts an ONNX network for BM1684X with calibration on pictures, runs it on the functional model, writes golden cases.

  VENV/bin/python convert_net.py NET.onnx --work DIR --case DIR --quants F32,F16,INT8,INT8A --image P.png ...
                                 [--scale 0.0039216] [--deploy "--quant_input --quant_output"] [--suffix _io]

Input: the first picture, stretched to the network's size, RGB, times --scale. The case directories are to_case.py's, named
NET-QUANT+SUFFIX. INT8A is INT8 with --asymmetric.
"""
import bm_env  # noqa: F401
import argparse
import os
import shutil

import numpy as np

import gen_bm1684x as gen
import to_case


class Converted(gen.Net):
    def __init__(self, path, work, images, scale):
        import cv2
        import onnx
        self.name = os.path.basename(path).split(".")[0]
        self.d = os.path.abspath(os.path.join(work, self.name))
        os.makedirs(os.path.join(self.d, "set"), exist_ok=True)
        shutil.copyfile(path, os.path.join(self.d, self.name + ".onnx"))
        self.onnx, self.log, self.cmds, self.cal = os.path.join(self.d, self.name + ".onnx"), os.path.join(self.d, "log.txt"), [], False
        i = onnx.load(path).graph.input[0]
        self.shape = [d.dim_value for d in i.type.tensor_type.shape.dim]
        given = []
        for k, f in enumerate(images):
            p = cv2.resize(cv2.imread(f), (self.shape[3], self.shape[2]))[:, :, ::-1].astype(np.float32) * np.float32(scale)
            given.append({i.name: np.ascontiguousarray(p.transpose(2, 0, 1)[None])})
            np.savez("%s/set/%03d.npz" % (self.d, k), **given[-1])
        self.inputs, self.ncal, self.scale = given[0], len(given), scale

    def transform(self):
        self.run("model_transform.py", ["--model_name", self.name, "--model_def", self.name + ".onnx", "--input_shapes", gen.jshape([self.shape]),
                                        "--mean", "0,0,0", "--scale", ",".join([str(self.scale)] * 3), "--pixel_format", "rgb",
                                        "--mlir", self.name + ".mlir"])

    def calibrate(self):
        if not self.cal:
            self.run("run_calibration.py", [self.name + ".mlir", "--dataset", "set", "--input_num", str(self.ncal), "-o", "cali"])
        self.cal = True


if __name__ == "__main__":
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("net")
    ap.add_argument("--work", required=True)
    ap.add_argument("--case", required=True)
    ap.add_argument("--quants", default="F32,F16,INT8")
    ap.add_argument("--image", nargs="+", required=True)
    ap.add_argument("--scale", type=float, default=1 / 255)
    ap.add_argument("--deploy", default="")
    ap.add_argument("--suffix", default="")
    a = ap.parse_args()
    gen.warm()
    n = Converted(a.net, a.work, a.image, a.scale)
    n.transform()
    ref = to_case.fork_call(n.reference)
    for q in a.quants.split(","):
        bm, _ = n.deploy(q, a.deploy.split())
        inputs = n.inputs
        if "--fuse_preprocess" in a.deploy:  # takes the pixels themselves
            inputs = {k: np.round(v / np.float32(a.scale)).astype(np.uint8) for k, v in inputs.items()}
        c = to_case.make_case(bm, "%s/%s-%s%s" % (a.case, n.name, q.lower(), a.suffix), inputs, ref=ref,
                              meta=dict(family="detect", quant=q, commands=n.cmds[:1] + n.cmds[-1:]))
        print(c["name"], c["cos_vs_float_model"], [(i["name"], i["dtype"], i["shape"], i["scale"], i["zero_point"]) for i in c["inputs"] + c["outputs"]])
