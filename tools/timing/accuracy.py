#!/usr/bin/env python3
"""docs/accuracy.md: the time model beside the published latencies.

  accuracy.py --vnpu build/release/bin/vnpu --models DIR [--published published_latency.csv] [--out docs/accuracy.md]

DIR/<network>/<chip>.cvimodel: made by convert_published.py. Every row of trust A of cv180x, cv181x and cv182x whose
network published_nets.py builds is scored, if its board's status is "validated"; rows of cv182x run the command list
of cv181x (same engines, another clock). Nothing is fitted to a network or a chip: the fitted parameters are shared by
all rows, and each network is also predicted with the parameters refitted without it. Needs Python 3.9 and nothing else.
"""

import argparse
import collections
import csv
import json
import math
import os
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
# shared by all rows
FITTED = ["tiu.fetch_conflict", "tiu.depthwise_tail", "tiu.conv_floor", "dram.run_ns"]
# networks of published_nets.py that the table's recipes do not name
BUILT_TOO = {"nasnet_mobile": "nasnet_mobile", "yolo_v4_s": "yolo_v4_s"}
BOARDS = {"MaixCAM": "maixcam"}
STREAM = {"cv180x": "cv180x", "cv181x": "cv181x", "cv182x": "cv181x"}


def network_of(row):
    if not row["recipe"].startswith("published_nets.py"):
        return BUILT_TOO.get(row["network"])
    return row["recipe"].split()[1].rstrip(":")


def board_of(row):
    for beginning, board in BOARDS.items():
        if row["board"].startswith(beginning):
            return board
    return row["chip"] + "-evb" if row["board"].endswith("EVB") else None


class Model:
    def __init__(self, vnpu):
        self.vnpu = vnpu

    def profile(self, path, board, settings=()):
        command = [self.vnpu, "profile", "--json", path, "--board", board]
        for setting in settings:
            command += ["--set", setting]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit("%s: %s" % (" ".join(command), done.stderr.strip()))
        return json.loads(done.stdout)

    def milliseconds(self, row, values):
        settings = ["%s=%.9g" % pair for pair in zip(FITTED, values)]
        return self.profile(row["path"], row["timing_board"], settings)["inference_ms"]


def run_all(milliseconds, rows, values):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda row: milliseconds(row, values), rows))


def solve(a, b):
    """a x = b by elimination with pivots; small and dense"""
    n = len(b)
    a = [list(r) + [v] for r, v in zip(a, b)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(a[k][i]))
        a[i], a[pivot] = a[pivot], a[i]
        for k in range(n):
            if k != i:
                f = a[k][i] / a[i][i]
                a[k] = [x - f * y for x, y in zip(a[k], a[i])]
    return [a[i][n] / a[i][i] for i in range(n)]


def refit(residuals, jacobian, used, values):
    """One step of least squares on log(ours / published) with outliers held down; stays within half and twice."""
    n = len(values)
    step = [0.0] * n
    for _ in range(10):
        a = [[1e-12 * (i == k) for k in range(n)] for i in range(n)]  # a parameter that moves nothing stays
        b = [0.0] * n
        for r, j, use in zip(residuals, jacobian, used):
            if not use:
                continue
            error = r + sum(x * y for x, y in zip(j, step))
            weight = 1 / math.sqrt(1 + (error / 0.05) ** 2)
            for i in range(n):
                b[i] -= weight * j[i] * r
                for k in range(n):
                    a[i][k] += weight * j[i] * j[k]
        step = solve(a, b)
    return [min(max(v + s, v / 2), 2 * v) for v, s in zip(values, step)]


class Scores:
    """Rows against their published times: with `values`, refitted to all rows, and refitted without a row's network.

    `milliseconds(row, values)` is our time, `network(row)` what leaves together, `step` how far a parameter is moved for its slope.
    """

    def __init__(self, milliseconds, rows, values, published, network, step):
        self.published, self.ours = published, run_all(milliseconds, rows, values)
        residuals = [math.log(o / p) for o, p in zip(self.ours, published)]
        columns = []
        for i in range(len(values)):
            moved = list(values)
            moved[i] *= step
            columns.append([(math.log(o / p) - r) / (moved[i] - values[i])
                            for o, p, r in zip(run_all(milliseconds, rows, moved), published, residuals)])
        jacobian = list(zip(*columns))
        self.refitted = refit(residuals, jacobian, [True] * len(rows), values)
        self.left_out, self.spread = {}, [[v, v] for v in values]
        for net in sorted({network(row) for row in rows}):
            without = refit(residuals, jacobian, [network(row) != net for row in rows], values)
            self.spread = [[min(a, v), max(b, v)] for (a, b), v in zip(self.spread, without)]
            mine = [i for i, row in enumerate(rows) if network(row) == net]
            for i, ms in zip(mine, run_all(milliseconds, [rows[i] for i in mine], without)):
                self.left_out[i] = ms
        self.errors = [100 * (o / p - 1) for o, p in zip(self.ours, published)]
        self.left_errors = [100 * (self.left_out[i] / published[i] - 1) for i in range(len(rows))]


def summary(errors):
    size = [abs(e) for e in errors]
    return "mean %.1f %%, median %.1f %%, worst %.1f %%, bias %+.1f %%" % (
        statistics.mean(size), statistics.median(size), max(size), statistics.mean(errors))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vnpu", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--published", default=os.path.join(HERE, "../../../shared/golden/timing/published_latency.csv"))
    parser.add_argument("--out")
    args = parser.parse_args()
    if not os.path.exists(args.published):
        sys.exit(args.published + ": not there; name the table of published latencies with --published")
    model = Model(args.vnpu)

    rows, board_rows, missing, without, values = [], [], [], collections.Counter(), None
    with open(args.published, newline="") as f:
        for row in csv.DictReader(f):
            if not row["chip"].startswith("cv18"):
                continue
            row["net"], row["timing_board"] = network_of(row), board_of(row)
            if row["chip"] not in STREAM or row["net"] is None or row["timing_board"] is None:
                without[row["chip"], row["trust"]] += 1
                continue
            row["path"] = os.path.join(args.models, row["net"], STREAM[row["chip"]] + ".cvimodel")
            if not os.path.exists(row["path"]):
                missing.append(row["id"])
                continue
            told = model.profile(row["path"], row["timing_board"])
            if told["status"] != "validated":  # a clock that was chosen to fit this row proves nothing
                row["told"] = told
                board_rows.append(row)
            elif row["trust"] == "A":
                rows.append(row)
                of = {p["key"]: p["value"] for p in told["parameters"]}
                values = [of[key] for key in FITTED]
            else:
                without[row["chip"], row["trust"]] += 1
    if not rows:
        sys.exit("no models below " + args.models)

    scores = Scores(model.milliseconds, rows, values, [float(row["value_ms"]) for row in rows], lambda row: row["net"], 1.1)
    ours, published, errors = scores.ours, scores.published, scores.errors
    left_out, left_errors = scores.left_out, scores.left_errors
    out = []
    say = out.append
    say("# How far the time model is from silicon\n")
    say("Written by `tools/timing/accuracy.py`; do not edit. Ours: `vnpu profile`, inference on the engines. Published: the vendor's")
    say("tables of 2021 and 2022, made with compilers that are not available any more; the networks are built again with seeded")
    say("random weights and the compiler of today, so part of every error is the compiler's. Rows of cv182x run the command list")
    say("made for cv181x at cv182x's clock.\n")
    say("Left out: predicted with the fitted parameters refitted without that network. Fitted to these totals are only:\n")
    say("| parameter | value | refitted to all rows | refitted without one network |\n|---|---|---|---|")
    for key, v, again, (low, high) in zip(FITTED, values, scores.refitted, scores.spread):
        say("| `%s` | %g | %.3g | %.3g to %.3g |" % (key, v, again, low, high))
    say("\nAll other parameters are read off the public per-command trace of a CV1835, published, or inferred:")
    say("`vnpu profile --parameters` lists them with their source.\n")
    say("| chips | rows | fitted | left out |\n|---|---|---|---|")
    groups = [("all", lambda row: True), ("all, networks of the table's recipes", lambda row: row["net"] not in BUILT_TOO)]
    groups += [(chip, lambda row, chip=chip: row["chip"] == chip) for chip in sorted({row["chip"] for row in rows})]
    for what, belongs in groups:
        chosen = [i for i, row in enumerate(rows) if belongs(row)]
        if chosen:
            say("| %s | %d | %s | %s |" % (what, len(chosen), summary([errors[i] for i in chosen]),
                                           summary([left_errors[i] for i in chosen])))
    say("\n| network | chip | published ms | ours ms | error | left out ms | error |\n|---|---|---|---|---|---|---|")
    for i, row in enumerate(rows):
        say("| %s | %s | %.2f | %.2f | %+.1f %% | %.2f | %+.1f %% |" % (
            row["net"], row["chip"], published[i], ours[i], errors[i], left_out[i], left_errors[i]))
    if board_rows:
        say("\n## Boards without a score\n")
        say("Boards whose clock was inferred from these very rows, or not validated otherwise (MaixCAM: its frame rates cannot be")
        say("reached at 500 MHz): no test of the model, so no error is given. Published is a whole forward call, rounded to a frame")
        say("rate; ours adds the estimated copies.\n")
        say("| row | board | published forward ms | ours: engines ms | ours: with copies ms |\n|---|---|---|---|---|")
        for row in board_rows:
            j = row["told"]
            say("| %s | %s | %.2f | %.2f | %.2f |" % (row["id"], j["status"], float(row["value_ms"]), j["inference_ms"],
                                                    j["inference_ms"] + j["runtime_ms"]))
    if missing:
        say("\nNot built here: " + ", ".join(missing) + ".")
    say("\nWithout a recipe or of a chip whose files are not read: " +
        ", ".join("%d of %s (trust %s)" % (n, chip, trust) for (chip, trust), n in sorted(without.items())) + ".")
    text = "\n".join(out) + "\n"
    if args.out:
        with open(args.out, "w") as f:
            f.write(text)
    print("fitted   " + summary(errors))
    print("left out " + summary(left_errors))


if __name__ == "__main__":
    main()
