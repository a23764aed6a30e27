#!/usr/bin/env python3
"""How many inferences a second vnpu does on one thread: by its own processor time, and by the clock on the wall.

  speed.py --vnpu build/release/bin/vnpu MODEL.kmodel INPUT [--count 300] [--engines avx512,avx2,scalar]

Processor time is what counts on a machine that does other things as well.
"""

import argparse, json, subprocess, sys

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model")
parser.add_argument("input")
parser.add_argument("--vnpu", required=True)
parser.add_argument("--count", type=int, default=300)
parser.add_argument("--engines", default="fast,avx2,scalar")
a = parser.parse_args()
for engine in a.engines.split(","):
    count = a.count if engine != "scalar" else max(1, a.count // 100)
    command = [a.vnpu, "run", a.model, "-i", a.input, "-c", str(count), "--engine", engine, "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    told = json.loads(done.stdout)
    print("%-7s %8.1f a second of processor time, %8.1f on the wall" % (
        engine, count / told["processor_seconds"], count / told["host_seconds"]))
