#!/usr/bin/env python3
"""vnpu on one thread against the vendor's functional model alone, by the clock on the wall, in one run.

  VENV/bin/python speed.py --vnpu build/release/bin/vnpu --models DIR [--nets NET:QUANT:LEAST,...] [--count 20]

Per net: one forward() of the functional model in a process of its own, which ends before vnpu starts (its seven threads
busy-wait and would take the processor from everything else); then --count inferences of vnpu, bound to one processor.
Loading is left out on both sides. Outputs must be equal. LEAST is the ratio that must be reached (exit status 1 when one is
not). Models that DIR lacks are made first (bm_real.py, seeded weights); the machine should be idle: processor
time is printed beside the wall's, and wall time far above it on vnpu's side says that it was not.
"""
import bm_env  # noqa: F401
import argparse
import json
import os
import platform
import shutil
import subprocess
import sys

import numpy as np

import bm_real  # noqa: F401  (adds its nets to those gen knows)
import gen_bm1684x as gen
import to_case

NETS = "yolov5s:INT8:100,resnet18:F16:150,mobilenet_v2:F32:30"


def make(net, quant, folder):
    """The model and an input for it, as DIR/NET_QUANT.bmodel and DIR/NET.npz."""
    model = os.path.join(folder, "%s_%s.bmodel" % (net, quant.lower()))
    inputs = os.path.join(folder, net + ".npz")
    if not (os.path.exists(model) and os.path.exists(inputs)):
        gen.warm()
        work = gen.Net(os.path.join(folder, "work"), net, net, {}, 4242)
        work.ncal = 1
        work.transform()
        made, _ = work.deploy(quant)
        to_case.strip(made)
        shutil.move(made, model)
        np.savez(inputs, **work.inputs)
        shutil.rmtree(work.d)
    return model, inputs


def theirs(model, inputs):
    import resource
    import time
    import pyruntime_bm
    runtime = pyruntime_bm.Model(model, 0, "")
    net = runtime.Net(runtime.networks[0])
    for i in net.inputs:
        x = inputs[i.name]
        i.data.reshape(-1)[:x.size] = to_case.lower(x, i, x.shape).reshape(-1)
    cpu, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    net.forward()
    wall, end = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    return wall, end.ru_utime - cpu.ru_utime + end.ru_stime - cpu.ru_stime, {o.name: np.array(o.data) for o in net.outputs}


def ours(vnpu, model, inputs, count, folder):
    output = os.path.join(folder, "out.npz")
    one = {max(os.sched_getaffinity(0))}
    done = subprocess.run([vnpu, "run", model, "-i", inputs, "-o", output, "-c", str(count), "--json"], check=True,
                          stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.sched_setaffinity(0, one)).stdout
    told = json.loads(done)
    got = np.load(output)
    return told["host_seconds"] / count, told["processor_seconds"] / count, {name: got[name] for name in got.files}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--vnpu", required=True)
    p.add_argument("--models", required=True)
    p.add_argument("--nets", default=NETS)
    p.add_argument("--count", type=int, default=20)
    a = p.parse_args()
    folder = os.path.abspath(a.models)
    os.makedirs(folder, exist_ok=True)
    print("%d processors, %s, load %.1f before the start" % (os.cpu_count(), platform.processor() or platform.machine(),
                                                             os.getloadavg()[0]), flush=True)
    missed = False
    for each in a.nets.split(","):
        net, quant, least = each.split(":")
        model, inputs = make(net, quant, folder)
        wall, cpu, wanted = to_case.fork_call(theirs, model, dict(np.load(inputs)))
        our_wall, our_cpu, got = ours(os.path.abspath(a.vnpu), model, inputs, a.count, folder)
        equal = set(wanted) == set(got) and all(wanted[n].tobytes() == got[n].tobytes() for n in wanted)
        ratio = wall / our_wall
        good = equal and ratio >= float(least)
        missed |= not good
        print("%-14s %-5s vendor %9.3f s (processor %9.3f)   vnpu %8.4f s (processor %8.4f)   %7.1fx, asked for %s   "
              "outputs %s%s" % (net, quant, wall, cpu, our_wall, our_cpu, ratio, least, "equal" if equal else "DIFFER",
                                "" if good else "   MISSED"), flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(main())
