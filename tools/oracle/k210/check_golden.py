#!/usr/bin/env python3
"""Runs the numpy reference executor over golden case directories and reports equal / different.

  check_golden.py DIR ...      (a folder of folders is searched)
Needs numpy only.
"""

import json, os, sys
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import k210_exec as K

roots = sys.argv[1:]
if not roots or roots[0].startswith("-"):
    sys.exit(__doc__)
tot = {}
for root in roots:
    for d, _, files in sorted(os.walk(root)):
        if "case.json" not in files:
            continue
        j = json.load(open(os.path.join(d, "case.json")))
        m = open(os.path.join(d, "model.kmodel"), "rb").read()
        out = np.load(os.path.join(d, "output.npz"))
        runs = []
        if "input.npz" in files:
            z = np.load(os.path.join(d, "input.npz"))
            runs = [
                [
                    z[k]
                    for k in sorted(
                        (k for k in z.files if k.startswith("x%d_" % n)), key=lambda k: int(k.split("_")[1])
                    )
                ]
                for n in range(j["runs"])
            ]
        else:
            for r in j["inputs"]:
                if isinstance(r, str):
                    f, k = r.split(" ", 1)
                    a = np.load(os.path.join(d, "..", f))["x"]
                    runs.append([a if k == "x" else a[int(k[2:-1])]])
                else:
                    runs.append([np.array(r, np.float32)])
        st = tot.setdefault(j["format"], [0, 0, 0])
        for n, xs in enumerate(runs):
            R = K.run(m, xs)
            ok = True
            for k, b in enumerate(R.outputs):
                st[1] += 1
                if out["y%d_%d" % (n, k)].tobytes() != b:
                    st[2] += 1
                    ok = False
            if not ok:
                print("different", d)
            if n == 0:
                t = j.get("trace") or j.get("trace_run0") or j.get("kpu_trace")
                if t and [list(map(str, a)) for a in R.trace] != [list(map(str, a)) for a in t]:
                    print("trace differs", d)
        st[0] += 1
for f, (c, t, b) in sorted(tot.items()):
    print("%s: %d models, %d output tensors, %d equal, %d different" % (f, c, t, t - b, b))
sys.exit(any(b for _, _, b in tot.values()))
