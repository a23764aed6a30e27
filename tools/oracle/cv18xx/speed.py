#!/usr/bin/env python3
"""vnpu against the vendor's simulator, side by side in one run, both on one core.

  speed.py VNPU CASE [--rounds 7] [--engine fast]

CASE is a case directory (model.cvimodel, input.npz, output.npz). Each round times one forward() of the vendor's simulator
(inside a process that stays) and then several runs of vnpu; loading is left out on both sides. Processor time is
compared, so that other work on the machine does not count. Prints both medians and the median of the rounds' ratios.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

import vendor

CHILD = """
import sys, time
import numpy as np
import pyruntime_cvi
case = sys.argv[1]
model = pyruntime_cvi.Model(case + "/model.cvimodel", 0, False)
given = np.load(case + "/input.npz")
for t in model.inputs:
    t.data.reshape(-1)[:] = given[t.name].reshape(-1)
sys.stderr.write("ready\\n"); sys.stderr.flush()
for line in sys.stdin:
    start = time.process_time()
    model.forward()
    sys.stderr.write("TIME %.9f\\n" % (time.process_time() - start)); sys.stderr.flush()
"""


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("vnpu")
    p.add_argument("case")
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--engine", default="fast")
    a = p.parse_args()
    vendor.ensure_env()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    child = subprocess.Popen([sys.executable, "-c", CHILD, a.case], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)

    def theirs():
        child.stdin.write("go\n")
        child.stdin.flush()
        for line in child.stderr:
            if line.startswith("TIME "):
                return float(line.split()[1])
        sys.exit("the vendor's simulator ended")

    def ours(count=10):
        out = subprocess.run([a.vnpu, "run", a.case + "/model.cvimodel", "-i", a.case + "/input.npz", "--engine", a.engine,
                              "-c", str(count), "--json"], capture_output=True, text=True, check=True).stdout
        return json.loads(out)["processor_seconds"] / count

    theirs(), ours()  # warm
    rounds = [(theirs(), ours()) for _ in range(a.rounds)]
    child.stdin.close()
    child.wait()
    print("%s, engine %s, one core, %d rounds: vendor %.1f ms, vnpu %.2f ms, ratio %.1f (%.1f .. %.1f)" % (
        os.path.basename(os.path.abspath(a.case)), a.engine, a.rounds, 1e3 * statistics.median(r[0] for r in rounds),
        1e3 * statistics.median(r[1] for r in rounds), statistics.median(r[0] / r[1] for r in rounds),
        min(r[0] / r[1] for r in rounds), max(r[0] / r[1] for r in rounds)))


if __name__ == "__main__":
    main()
