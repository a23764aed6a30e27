#!/usr/bin/env python3
"""Chooses the golden cases the repository keeps and packs them, one archive per family.

  select_golden.py CASES OUT        CASES/<family>/<case>/ as the generators write them; OUT/<family>.tar.xz

The rule: every family is taken whole, except
  * LEFT_OUT families;
  * CAPPED families of many large or alike cases: of these the cases that show something no other case shows (a CPU function,
    a kind of command, an element type, a pixel format, ...), then the smallest ones, up to the cap.
It ends with an error when something that occurs in CASES is not shown by any chosen case.
"""

import collections
import json
import os
import re
import sys
import zlib

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "cv18xx"))
import commands  # noqa: E402
import pack  # noqa: E402

LEFT_OUT = {"real", "failed"}
CAPPED = {
    "conv_wide": 170_000,
    "net_tiled": 170_000,
    "layers": 130_000,
    "old_1.6": 80_000,
    "old_1.9": 80_000,
    "old_1.15": 80_000,
}


def shown(folder):
    """The set of things a case shows (strings)."""
    with open(folder + "/case.json") as f:
        case = json.load(f)
    with open(folder + "/info.txt", errors="replace") as f:
        info = f.read()
    with open(folder + "/model.cvimodel", "rb") as f:
        model = f.read()
    chip, quant = case["chip"], case["quant"]
    out = {"%s %s" % (chip, quant), "programs %d" % len(case["programs"])}
    for program in case["programs"]:
        out |= {"input %s%s" % (t["dtype"], " aligned" if t["aligned"] else "") for t in program["inputs"]}
        out |= {"output " + t["dtype"] for t in program["outputs"]}
    out |= {"function %s %s" % (r["function"], quant) for r in case["routines"] if r["kind"] == "cpu"}
    words = " ".join(case.get("commands", []))
    out |= {
        "option " + w
        for w in re.findall(
            r"--(?:customization_format|model_version|addr_mode|opt) \S+|--(?:op_divide|aligned_input|"
            r"disable_layer_group|keep_aspect_ratio|merge_weight|iomem_set|add_postprocess)",
            words,
        )
    }
    if "activation" in case:
        out.add("activation %s %s" % (case["activation"], quant))
    for buffer in commands.command_buffers(model, info):
        for engine, words in commands.entries(buffer):
            if engine == commands.TIU_ENGINE:
                out.add(chip + " " + commands.tiu_kind(commands.unpack_tiu(words)))
            elif engine == commands.TDMA_ENGINE:
                out.add(chip + " " + commands.tdma_kind(commands.unpack_tdma(words)))
            else:
                out.add("%s engine %d" % (chip, engine))
    return out


def weight(folder):
    """Compressed bytes of a case, roughly."""
    return sum(len(zlib.compress(open(os.path.join(folder, n), "rb").read(), 1)) for n in os.listdir(folder))


def choose(cases, have, features, cap, archive, inside):
    """Cases of one capped family: first those that show something new, then the smallest, while the archive stays below cap."""
    sizes = {c: weight(cases[c]) for c in cases}
    order, left, seen = [], sorted(cases, key=lambda c: (sizes[c], c)), set(have)
    while True:
        gains = [(sizes[c] / len(features[c] - seen), c) for c in left if features[c] - seen]
        if not gains:
            break
        best = min(gains)[1]
        order.append(best), left.remove(best)
        seen |= features[best]
    need = len(order)
    order += left
    low, high = need, len(order)
    while low < high:
        middle = (low + high + 1) // 2
        if pack.pack(archive, {inside + "/" + c: cases[c] for c in order[:middle]}) <= cap:
            low = middle
        else:
            high = middle - 1
    return order[:low]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, out = sys.argv[1:]
    families = {}
    for family in sorted(os.listdir(source)):
        if family not in LEFT_OUT and os.path.isdir(os.path.join(source, family)):
            families[family] = {
                c: os.path.join(source, family, c) for c in sorted(os.listdir(os.path.join(source, family)))
            }
    features = collections.defaultdict(set)
    for family, cases in families.items():
        if family != "errors":
            for case, folder in cases.items():
                features[family + "/" + case] = shown(folder)
    everything = set().union(*features.values())
    have, chosen = set(), {}
    for family, cases in families.items():
        if family not in CAPPED:
            chosen[family] = list(cases)
            have = have.union(*(features[family + "/" + c] for c in chosen[family]))
    for family in CAPPED:
        cases = families.get(family, {})
        own = {c: features[family + "/" + c] for c in cases}
        chosen[family] = choose(cases, have, own, CAPPED[family], "%s/%s.tar.xz" % (out, family), family)
        have = have.union(*(own[c] for c in chosen[family]))
    total = 0
    for family in sorted(chosen):
        size = pack.pack(
            "%s/%s.tar.xz" % (out, family), {family + "/" + c: families[family][c] for c in chosen[family]}
        )
        total += size
        print("%-18s %4d of %4d cases %9d bytes" % (family, len(chosen[family]), len(families[family]), size))
    print(
        "%d cases in %d archives, %d bytes; %d of %d things shown"
        % (sum(map(len, chosen.values())), len(chosen), total, len(have), len(everything))
    )
    for thing in sorted(everything - have):
        print("not shown:", thing)
    sys.exit(bool(everything - have))


if __name__ == "__main__":
    main()
