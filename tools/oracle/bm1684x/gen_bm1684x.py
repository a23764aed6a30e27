#!/usr/bin/env python3
"""Generate BM1684X golden cases: seeded ONNX net -> vendor converter -> .bmodel -> vendor functional model -> case dir.

  VENV/bin/python gen_bm1684x.py --out DIR [--set golden|first|fresh] [--first N] [--limit N] [--only REGEX] [--work DIR] [--list] [--pack]

Conversion runs the vendor's own tools (model_transform.py, run_calibration.py, model_deploy.py) in forked children of one
warm python process, with exactly the command lines stored in each case.json ("commands").
--pack: one .tar.xz per family in DIR + INDEX.json instead of directories.
"""
import bm_env
import argparse
import hashlib
import json
import os
import re
import runpy
import shutil
import sys
import tarfile
import time

import numpy as np
import onnx

import bm_cases
import bm_nets
import to_case

ROOT = bm_env.ROOT


def tool(script, args, cwd, log):
    """run ROOT/python/tools/<script> in a forked child"""
    pid = os.fork()
    if pid == 0:
        rc = 1
        try:
            os.chdir(cwd)
            fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(fd, 1)
            os.dup2(fd, 2)
            path = "%s/python/tools/%s" % (ROOT, script)
            sys.argv = [path] + args
            sys.path.insert(0, os.path.dirname(path))
            runpy.run_path(path, run_name="__main__")
            rc = 0
        except SystemExit as e:
            rc = int(e.code or 0) if not isinstance(e.code, str) else 1
        except BaseException:                     # noqa: BLE001
            import traceback
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(rc)
    _, st = os.waitpid(pid, 0)
    if st:
        raise RuntimeError("%s failed (%s)\n%s" % (script, st, open(log, errors="replace").read()[-1500:]))


def warm():
    sys.argv = ["warm"]
    import onnxruntime                            # noqa: F401
    import pymlir                                 # noqa: F401
    from transform.OnnxConverter import OnnxConverter           # noqa: F401
    from tpu_mlir.python.tools import model_runner              # noqa: F401
    from tpu_mlir.python.utils import mlir_shell                # noqa: F401
    from tpu_mlir.python.utils import preprocess                # noqa: F401
    try:
        from calibration import kld_calibrator                   # noqa: F401
    except Exception:                             # noqa: BLE001
        pass


def jshape(s):
    return json.dumps(s, separators=(",", ":"))


class Net:
    """one seeded network, converted up to the top dialect, with calibration data"""

    def __init__(self, work, name, net, p, seed, shapes=None):
        self.d = os.path.join(work, name)
        shutil.rmtree(self.d, ignore_errors=True)
        os.makedirs(self.d)
        self.name, self.seed, self.cmds = name, seed, []
        self.log = os.path.join(self.d, "log.txt")
        g = self.g = bm_nets.G(seed, name)
        bm_nets.NETS[net](g, p)
        self.opset = p.get("opset", 17 if p.get("ty") == "ln17" else 14 if p.get("ty") == "HardSwish" or net in ("se",) else 13)
        m = g.model(self.opset)
        self.onnx = os.path.join(self.d, name + ".onnx")
        onnx.save(m, self.onnx)
        self.onnx_sha = hashlib.sha256(m.SerializeToString(deterministic=True)).hexdigest()
        self.inputs = g.sample(np.random.default_rng(seed * 7919 + 1))
        self.cal, self.ncal = False, 4

    def run(self, script, args):
        self.cmds.append(script + " " + " ".join(args))
        tool(script, args, self.d, self.log)

    def transform(self, extra=()):
        sh = [list(v[3]) for v in self.g.rng.values()]
        self.run("model_transform.py", ["--model_name", self.name, "--model_def", self.name + ".onnx", "--input_shapes", jshape(sh),
                                        "--mlir", self.name + ".mlir"] + list(extra))

    def reference(self):
        import onnxruntime as ort
        s = ort.InferenceSession(self.onnx, providers=["CPUExecutionProvider"])
        return s.run(None, {k: v for k, v in self.inputs.items()})

    def calibrate(self):
        if self.cal:
            return
        cd = os.path.join(self.d, "cal")
        os.makedirs(cd)
        r = np.random.default_rng(self.seed * 31 + 5)
        for k in range(self.ncal):
            np.savez("%s/%d.npz" % (cd, k), **self.g.sample(r))
        self.run("run_calibration.py", [self.name + ".mlir", "--dataset", "cal", "--input_num", str(self.ncal), "-o", "cali"])
        self.cal = True

    def tensors(self):
        """names in the calibration table (for the mixed-precision table)"""
        return [ln.split()[0] for ln in open(os.path.join(self.d, "cali")) if ln.strip() and not ln.startswith("#")]

    def deploy(self, q, extra=()):
        """q: F32 F16 BF16 INT8 INT8A MIX (INT8 with every third layer in F16 by a quantize_table)"""
        bm = "%s_%s.bmodel" % (self.name, q.lower())
        a = ["--mlir", self.name + ".mlir", "--processor", "bm1684x", "--quantize", "INT8" if q in ("INT8A", "MIX") else q,
             "--model", bm]
        if q in ("INT8", "INT8A", "MIX"):
            self.calibrate()
            a += ["--calibration_table", "cali"]
        if q == "INT8A":
            a += ["--asymmetric"]
        if q == "MIX":
            names = self.tensors()[1:]
            with open(os.path.join(self.d, "qtable"), "w") as f:
                f.write("# op_name quantize_mode\n" + "".join("%s F16\n" % n for k, n in enumerate(names) if k % 3 == 0))
            a += ["--quantize_table", "qtable"]
        prof = os.path.join(self.d, "compiler_profile_0.txt")
        if os.path.exists(prof):
            os.remove(prof)
        self.run("model_deploy.py", a + list(extra))
        return os.path.join(self.d, bm), prof


def do_case(c, work, out, keep=False, skip=False):
    """c: dict(family, name, net, p, seed, quants=[(q, {opts})...])"""
    res = []
    t0 = time.time()
    if skip and all(os.path.exists(os.path.join(out, c["family"], "%s_%s%s" % (c["name"], q.lower(), o.get("suffix", "")), "case.json"))
                    for q, o in c["quants"]):
        return res
    n = Net(work, c["name"], c["net"], c.get("p", {}), c["seed"])
    n.transform(c.get("transform", ()))
    try:
        ref = to_case.fork_call(n.reference)
    except RuntimeError:
        ref = None
    for q, o in c["quants"]:
        name = "%s_%s%s" % (c["name"], q.lower(), o.get("suffix", ""))
        k = len(n.cmds)
        if skip and os.path.exists(os.path.join(out, c["family"], name, "case.json")):
            continue
        try:
            bm, prof = n.deploy(q, o.get("extra", ()))
            meta = dict(family=c["family"], quant=q, seed=c["seed"], generator=dict(net=c["net"], p=c.get("p", {})),
                        onnx_sha256=n.onnx_sha, commands=n.cmds[:1] + [x for x in n.cmds[1:] if x.startswith("run_cal") and q[:3] in ("INT", "MIX")]
                        + [x for x in n.cmds[k:] if x.startswith("model_deploy")])
            cd = os.path.join(out, c["family"], name)
            shutil.rmtree(cd, ignore_errors=True)
            trace = o.get("trace", False)
            case = to_case.make_case(bm, cd, n.inputs, trace=trace, keep_kernel=o.get("kernel", False), profile=prof, meta=meta, ref=ref)
            sz = sum(os.path.getsize(os.path.join(cd, f)) for f in os.listdir(cd))
            print("ok   %-34s cos %s  %d B  trace=%s  tcyc=%s  %.1fs" % (name, case.get("cos_vs_float_model"), sz,
                  case.get("trace", {}).get("final_output_equals_runtime"), case.get("profile", {}).get("tcyc"), time.time() - t0), flush=True)
            res.append((name, "ok"))
        except RuntimeError as e:
            msg = str(e).strip()
            print("FAIL %-34s %s" % (name, msg[-700:].replace("\n", "\n     ")), flush=True)
            res.append((name, "fail"))
            shutil.rmtree(os.path.join(out, c["family"], name), ignore_errors=True)
        t0 = time.time()
    if not keep:
        shutil.rmtree(n.d, ignore_errors=True)
    return res


def pack(out):
    """one tar.xz per family, INDEX.json with the essentials of every case"""
    idx = []
    for fam in sorted(os.listdir(out)):
        d = os.path.join(out, fam)
        if not os.path.isdir(d):
            continue
        def clean(ti):
            ti.uid = ti.gid = 0
            ti.uname = ti.gname = ""
            ti.mtime = 0
            ti.mode = 0o755 if ti.isdir() else 0o644
            return ti
        with tarfile.open(os.path.join(out, fam + ".tar.xz"), "w:xz", preset=9) as t:
            for cs in sorted(os.listdir(d)):
                t.add(os.path.join(d, cs), arcname="%s/%s" % (fam, cs), filter=clean)
                if fam == "errors":
                    continue
                j = json.load(open(os.path.join(d, cs, "case.json")))
                if "runs" in j:
                    j["outputs"] = [o for r in j["runs"] for o in r["outputs"]]
                idx.append(dict(family=fam, case=cs, quant=j.get("quant"), dynamic=j.get("dynamic", False), trace="trace" in j,
                                kernel=j["kernel_module"], cos=j.get("cos_vs_float_model"), tcyc=j.get("profile", {}).get("tcyc"),
                                nets=j["nets"], outputs=[dict(name=o["name"], dtype=o["dtype"], shape=o["shape"], sha256=o["sha256"]) for o in j["outputs"]]))
        shutil.rmtree(d)
    with open(os.path.join(out, "INDEX.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in idx) + "\n]\n")


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", required=True)
    ap.add_argument("--set", default="golden")
    ap.add_argument("--first", type=int, help="set fresh: added to the seeds, 1000 when left out")
    ap.add_argument("--limit", type=int, default=10**9, help="so many cases at most")
    ap.add_argument("--only", default="")
    ap.add_argument("--work", default="/tmp/bm_work")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("--pack", action="store_true")
    ap.add_argument("--keep", action="store_true", help="keep the work directories")
    ap.add_argument("--skip-existing", action="store_true")
    a = ap.parse_args()
    a.out, a.work = os.path.abspath(a.out), os.path.abspath(a.work)
    cases = [c for c in bm_cases.SETS[a.set](*([a.first] if a.first is not None else [])) if re.search(a.only, c["family"] + "/" + c["name"])]
    if a.list:
        for c in cases:
            print(c["family"], c["name"], [q for q, _ in c["quants"]])
        print(sum(len(c["quants"]) for c in cases), "cases")
        sys.exit()
    if cases:
        warm()
    bad = done = 0
    for c in cases:
        if done >= a.limit:
            break
        try:
            r = do_case(c, a.work, a.out, a.keep, a.skip_existing)
            bad += sum(1 for _, s in r if s != "ok")
            done += sum(1 for _, s in r if s == "ok")
        except Exception as e:                    # noqa: BLE001
            print("FAIL net", c["name"], str(e)[-900:], flush=True)
            bad += 1
    if a.pack:
        pack(a.out)
    print("failed:", bad)
