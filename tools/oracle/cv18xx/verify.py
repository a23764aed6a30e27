#!/usr/bin/env python3
"""Runs golden cases again in the vendor simulator and compares outputs and traces.

  verify.py CASE_DIR...      (folders with case.json; a folder of folders is searched)
Closes with 'N passed, N failed'.
"""

import glob
import json
import os
import sys
import zlib

import vendor

vendor.ensure_env()

import numpy as np  # noqa: E402


def main():
    cases = []
    for d in sys.argv[1:]:
        cases += (
            [d]
            if os.path.exists(d + "/case.json")
            else sorted(os.path.dirname(x) for x in glob.glob(d + "/**/case.json", recursive=True))
        )
    good = bad = 0
    for c in cases:
        tr = json.load(open(c + "/traces.json"))
        why = None
        for p, t in enumerate(tr):
            s = "_%d" % p if p else ""
            i, o = np.load(c + "/input%s.npz" % s), np.load(c + "/output%s.npz" % s)
            st, r = vendor.simulate(
                c + "/model.cvimodel", lambda ins: [i[x["name"]] for x in ins], "/dev/null", p, True
            )
            if st:
                why = "simulator status %d" % st
                break
            got = {d["name"]: x for d, x in r["runs"][0]}
            for n in o.files:
                if got[n].tobytes() != o[n].tobytes():
                    why = "output " + n
            for x in t:
                if "%08x" % zlib.crc32(got[x["name"]].tobytes()) != x["crc32"]:
                    why = "trace " + x["name"]
        good, bad = good + (why is None), bad + (why is not None)
        if why:
            print(c, why)
    print("%d passed, %d failed" % (good, bad))
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
