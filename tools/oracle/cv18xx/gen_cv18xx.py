#!/usr/bin/env python3
"""Generates golden cases for CV180x / CV181x: small random ONNX net -> vendor converter -> .cvimodel -> vendor simulator.

  gen_cv18xx.py --out DIR --work TMP [--plan golden|old|layers|fresh|first] [--families a,b] [--seeds 0-5]
                [--chips cv180x,cv181x] [--quants int8,bf16,mix]

DIR/<family>/<family>-<seed>-<chip>-<quant>/ is a case (see to_case.py); DIR/report.jsonl has one line per attempt.
Run with the Python of the oracle venv (tools/oracle/setup.sh).
"""

import argparse
import glob
import json
import os
import shutil
import time

import vendor

vendor.ensure_env()

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime as rt  # noqa: E402

import caffe_nets  # noqa: E402
import families  # noqa: E402
import plans  # noqa: E402
import to_case  # noqa: E402

FORMATS = ["RGB_PLANAR", "BGR_PLANAR", "RGB_PACKED", "BGR_PACKED", "GRAYSCALE", "YUV420_PLANAR", "YUV_NV12", "YUV_NV21"]


def options(fam, seed, quant):
    """Extra command-line words for (model_transform, model_deploy)."""
    t, d = [], []
    if fam == "preproc":
        k = seed % 12
        fmt = FORMATS[k] if k < 8 else ["RGB_PLANAR", "BGR_PACKED", "RGB_PACKED", "BGR_PLANAR"][k - 8]
        pix = "gray" if fmt == "GRAYSCALE" else ("rgb" if seed % 2 else "bgr")
        n = 1 if pix == "gray" else 3
        mean = ["103.94,116.78,123.68", "127.5,127.5,127.5", "0,0,0", "123.675,116.28,103.53"][seed % 4]
        scale = [
            "0.017,0.017,0.017",
            "0.0078125,0.0078125,0.0078125",
            "0.0039216,0.0039216,0.0039216",
            "0.0171,0.0175,0.0174",
        ][seed % 4]
        t += ["--mean", ",".join(mean.split(",")[:n]), "--scale", ",".join(scale.split(",")[:n]), "--pixel_format", pix]
        if seed % 5 == 4:
            t += ["--keep_aspect_ratio"]
        d += ["--fuse_preprocess", "--customization_format", fmt]
        if k >= 8 or k == 0 and seed > 11:
            d += ["--aligned_input"]
        if seed % 3 == 1:
            d += ["--quant_output"]
        return t, d
    io = seed % 4
    if io == 1:
        d += ["--quant_input", "--quant_output"]
    elif io == 2:
        d += ["--quant_input"]
    elif io == 3 and seed % 8 == 7:
        d += ["--quant_output"]
    if seed % 6 == 5:
        d += ["--disable_layer_group"]
    if fam == "conv_wide" and seed % 4 == 3:
        d += ["--op_divide"]
    return t, d


class Net:
    """One (family, seed): source net + top MLIR + calibration table, made once, deployed several times."""

    layers = False

    def __init__(self, fam, seed, work):
        self.fam, self.seed, self.name = fam, seed, "%s_%d" % (fam, seed)
        self.dir = os.path.join(work, self.name)
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        self.log = self.dir + "/log.txt"
        self.meta, self.floats, self.ops_src = {}, None, []
        args = ["--model_name", self.name, "--mlir", "net.mlir"]
        if fam.startswith("cf_"):
            rc, self.data = vendor.forked(lambda: caffe_nets.build(fam, seed, self.dir), self.log)
            args += ["--model_def", "net.prototxt", "--model_data", "net.caffemodel"]
            self.ok = rc == 0
            if rc:
                return
        else:
            model, self.data, self.meta = families.build(fam, seed)
            onnx.save(model, self.dir + "/net.onnx")
            self.ops_src = [n.op_type for n in model.graph.node]
            so = rt.SessionOptions()
            so.intra_op_num_threads = 1
            if not self.meta.get("image") and not self.meta.get("transform"):
                self.floats = rt.InferenceSession(model.SerializeToString(), so).run(None, self.data)
            args += ["--model_def", "net.onnx"]
        topt, _ = options(fam, seed, "")
        args += topt + self.meta.get("transform", [])
        self.cmd = ["model_transform " + " ".join(args)]
        np.savez(self.dir + "/in.npz", **self.data)
        self.ok = vendor.tool("model_transform", args, self.dir, self.log) == 0 and os.path.exists(
            self.dir + "/net.mlir"
        )
        if not self.ok:
            return
        rc, _ = vendor.forked(lambda: self.interpret("net.mlir", "top.npz"), self.log, cwd=self.dir)
        self.ok = rc == 0
        if not self.ok:
            return
        top = np.load(self.dir + "/top.npz")
        r = np.random.RandomState(seed * 31 + 5)
        lines = ["# calibration table made from one random input", "# op_name    threshold    min    max"]
        for n in top.files:
            v = top[n].astype(np.float64)
            m = float(np.abs(v).max()) if v.size else 1.0
            th = max(m, 1e-3) * r.uniform(0.75, 1.05)
            lines.append("%s %.7f %.7f %.7f" % (n, th, float(v.min()), float(v.max())))
        open(self.dir + "/cal", "w").write("\n".join(lines) + "\n")
        ins = set(self.data)
        self.ops = [n for n in top.files if n not in ins]
        with open(self.dir + "/qtable", "w") as f:
            f.write("# op_name   quantize_mode\n")
            for i, n in enumerate(self.ops):
                if (i + seed) % 2 == 0:
                    f.write("%s BF16\n" % n)

    def interpret(self, mlir, out):
        """All tensors of an MLIR file by the vendor's own interpreter (model_runner --dump_all_tensors)."""
        np.savez(out, **vendor.mlir_inference(dict(self.data), mlir))

    def deploy(self, chip, quant, out, extra=(), prepare=True):
        _, dopt = options(self.fam, self.seed, quant)
        m = "%s_%s_%s.cvimodel" % (self.name, chip, quant)
        a = (
            [
                "--mlir",
                "net.mlir",
                "--chip",
                chip,
                "--quantize",
                {"int8": "INT8", "bf16": "BF16", "mix": "INT8"}[quant],
                "--model",
                m,
                "--skip_validation",
            ]
            + dopt
            + list(extra)
        )
        if quant != "bf16":
            a += ["--calibration_table", "cal"]
        if quant == "mix":
            a += ["--quantize_table", "qtable"]
        rc = vendor.tool("model_deploy", a, self.dir, self.log)
        f = os.path.join(self.dir, m)
        if rc or not os.path.exists(f) or os.path.getsize(f) < 64:
            return "model_deploy status %d" % rc
        meta = dict(
            chip=chip,
            quant=quant,
            family=self.fam,
            seed=self.seed,
            converter="tpu_mlir " + vendor.version(),
            onnx_ops=self.ops_src,
            commands=self.cmd + ["model_deploy " + " ".join(a)],
        )
        if self.fam.startswith("cf_"):
            meta["caffe"] = True
        if "act" in self.meta:
            meta["activation"] = self.meta["act"]
        ref = None
        if self.floats is not None:
            tm = glob.glob(self.dir + "/%s_%s_%s*_tpu.mlir" % (self.name, chip, "bf16" if quant == "bf16" else "int8"))
            if len(tm) == 1 and os.path.getmtime(tm[0]) > os.path.getmtime(self.dir + "/in.npz"):
                rc, _ = vendor.forked(
                    lambda: self.interpret(os.path.basename(tm[0]), "ref.npz"), self.log, cwd=self.dir
                )
                ref = dict(np.load(self.dir + "/ref.npz")) if rc == 0 else None
        e = to_case.make_case(
            f,
            out,
            self.seed,
            dict(self.data),
            self.meta.get("int", ()),
            meta,
            bool(self.meta.get("image")),
            self.floats,
            ref,
            self.log,
        )
        if e is None and self.layers:
            e = self.dump_layers(f, out)
        return e

    def dump_layers(self, model, out):
        """The vendor's cvimodel_debug: runs command by command and dumps every layer's output at its time."""
        import subprocess
        import zlib

        ti = model.replace(".cvimodel", "_tensor_info.txt")
        o = self.dir + "/layers.npz"
        if os.path.exists(o):
            os.remove(o)
        p = subprocess.run(
            [vendor.PKG + "/bin/cvimodel_debug", model, ti, self.dir + "/in.npz", o, self.dir + "/in.npz", "0.1,0.1"],
            cwd=self.dir,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=300,
        )
        if not os.path.exists(o):
            return "cvimodel_debug status %d %s" % (p.returncode, p.stderr[-100:])
        shutil.copyfile(ti, out + "/tensor_info.txt")
        d = np.load(o)
        rows = [
            dict(
                name=n,
                shape=list(d[n].shape),
                dtype=str(d[n].dtype),
                crc32="%08x" % zlib.crc32(d[n].tobytes()),
                first=[float(x) if np.isfinite(x) else None for x in d[n].ravel()[:8]],
            )
            for n in d.files
        ]
        open(out + "/layers.json", "w").write(
            "[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "\n]\n"
        )
        return None


def rows_of(args):
    """The (family, seed, chip, quant) rows that the command line asks for."""
    if args.plan and args.plan.endswith(".json"):
        with open(args.plan) as f:
            rows = [tuple(row) for row in json.load(f)]
    elif args.plan:
        rows = plans.plan(args.plan, **({"first": args.first} if args.first is not None else {}))
    else:
        low, high = (args.seeds.split("-") + [args.seeds])[:2]
        rows = [
            (family, seed, chip, quant)
            for family in args.families.split(",")
            for seed in range(int(low), int(high) + 1)
            for chip in args.chips.split(",")
            for quant in args.quants.split(",")
        ]
    return [row for row in rows if not args.families or row[0] in args.families.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--plan", help="a plan of plans.py, or a .json file with [family, seed, chip, quant] rows")
    parser.add_argument("--first", type=int, help="plan fresh: the first seed (default 1000)")
    parser.add_argument("--families")
    parser.add_argument("--seeds", default="0-3")
    parser.add_argument("--chips", default="cv181x,cv180x")
    parser.add_argument("--quants", default="int8,bf16")
    parser.add_argument("--skip-done", action="store_true")
    parser.add_argument("--layers", action="store_true", help="also dump every layer's output")
    parser.add_argument("--folder", help="one family folder for all cases (instead of one per family)")
    args = parser.parse_args()
    if not args.plan and not args.families:
        parser.error("give --plan or --families")
    vendor.warm()
    Net.layers = args.layers
    os.makedirs(args.out, exist_ok=True)
    net, good, bad, start = None, 0, 0, time.time()
    with open(args.out + "/report.jsonl", "a") as report:
        for family, seed, chip, quant in rows_of(args):
            case = "%s-%d-%s-%s" % (family, seed, chip, quant)
            folder = os.path.join(args.out, args.folder or family, case)
            if args.skip_done and os.path.exists(folder + "/case.json"):
                continue
            if net is None or (net.fam, net.seed) != (family, seed):
                if net is not None and net.ok:
                    shutil.rmtree(net.dir, ignore_errors=True)
                try:
                    net = Net(family, seed, args.work)
                except Exception as error:  # a seed whose net cannot be built (a reduction to no elements, ...)
                    print("%-40s no net: %s" % (case, error))
                    net = None
                    continue
            why = net.deploy(chip, quant, folder) if net.ok else "model_transform failed"
            good, bad = good + (why is None), bad + (why is not None)
            if why:
                shutil.rmtree(folder, ignore_errors=True)
                os.makedirs(args.out + "/failed", exist_ok=True)
                if os.path.exists(net.log):
                    shutil.copyfile(net.log, "%s/failed/%s.log" % (args.out, case))
            report.write(json.dumps(dict(case=case, error=why)) + "\n")
            report.flush()
            print("%-40s %s" % (case, why or "ok"), flush=True)
    print("%d cases, %d failed, %.0f s" % (good, bad, time.time() - start))


if __name__ == "__main__":
    main()
