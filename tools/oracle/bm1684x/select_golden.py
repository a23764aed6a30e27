#!/usr/bin/env python3
"""Chooses the BM1684X golden cases and recorded commands the repository keeps and packs them.

  select_golden.py VNPU CASES OUT [--limit BYTES]        CASES/<family>/<case>/ as the generators write them; OUT/<family>.tar.xz
  select_golden.py --commands VECTORS.bin.xz OUT.bin.xz [--limit BYTES]

Cases: greedily the one that shows the most new things for its packed size, until everything that occurs in CASES is shown, then the
smallest ones of every family in turn, up to the limit. Things shown: every kind of command (operation, form, element types, layouts, constants,
rounding mode), quantisation, options, several nets or stages, traces. Left out: family `kernel` (the vendor's own binary) and the converter's
profiles; of traces the rows' parts that `vnpu verify` does not need.
Commands: of every kind as many as fit, the smallest first, in turn.
"""
import argparse
import io
import json
import lzma
import os
import struct
import subprocess
import sys
import tarfile
from collections import defaultdict

LEFT_OUT = {"kernel"}
KEPT = ("case.json", "traces.json", "expected.json")
FIELDS = ("cmd_short", "res0_prec", "opd0_prec", "opd1_prec", "opd2_prec", "res0_str", "opd0_str", "opd1_str", "opd0_const", "opd1_const", "opd2_const",
          "opd0_sign", "opd1_sign", "opd2_sign", "res_add", "left_tran", "src_data_format", "stride_enable", "fill_constant_en", "tsk_opd_num")


def kept_files(folder):
    """name -> bytes of the files of a case that are kept"""
    out = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith((".bmodel", ".npz")) or name in KEPT:
            with open(os.path.join(folder, name), "rb") as f:
                out[name] = f.read()
    if "traces.json" in out:
        rows = [{k: row[k] for k in ("e", "id", "op", "lmem", "ddr")} for row in json.loads(out["traces.json"])]
        out["traces.json"] = ("[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "\n]\n").encode()
    return out


def shown(vnpu, folder):
    case = json.load(open(os.path.join(folder, "case.json")))
    out = {"quant %s" % case.get("quant"), "runs %d" % len(case.get("runs", [1])), "dynamic %s" % case.get("dynamic", False),
           "traced %s" % os.path.exists(os.path.join(folder, "traces.json")), "kind %s" % case.get("kind", "")}
    run = subprocess.run([vnpu, "disasm", "--json", os.path.join(folder, "model.bmodel")], capture_output=True, text=True)
    for command in json.loads(run.stdout) if run.returncode == 0 else []:
        f = command["fields"]
        out.add(command["mnemonic"] + " " + " ".join("%s=%s" % (k, f[k]) for k in FIELDS if f.get(k)))
    return out


def pack(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, data in files:
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return lzma.compress(out.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def select_cases(vnpu, cases, out, limit):
    size, things, content = {}, {}, {}
    for family in sorted(os.listdir(cases)):
        if family in LEFT_OUT or family == "errors" or not os.path.isdir(os.path.join(cases, family)):
            continue
        for name in sorted(os.listdir(os.path.join(cases, family))):
            folder = os.path.join(cases, family, name)
            key = family + "/" + name
            content[key] = kept_files(folder)
            size[key] = len(lzma.compress(b"".join(content[key].values()), preset=6))
            things[key] = shown(vnpu, folder)
    missing = set().union(*things.values())
    count, chosen = len(missing), []
    while missing:
        best = max(sorted(things.keys() - set(chosen)), key=lambda k: len(things[k] & missing) / size[k])
        chosen.append(best)
        missing -= things[best]
    used = sum(size[k] for k in chosen)
    print("%d things shown by %d of %d cases, about %d bytes" % (count, len(chosen), len(size), used))
    if used > limit:
        print("the cases that show everything need more than the limit", file=sys.stderr)
    rest = defaultdict(list)
    for key in sorted(size.keys() - set(chosen), key=lambda k: size[k]):
        rest[key.split("/")[0]].append(key)
    while any(rest.values()):
        before = used
        for family in sorted(rest):
            if rest[family] and used + size[rest[family][0]] <= limit:
                key = rest[family].pop(0)
                chosen.append(key)
                used += size[key]
        if used == before:
            break
    os.makedirs(out, exist_ok=True)
    families = defaultdict(list)
    for key in sorted(chosen):
        families[key.split("/")[0]] += [(key + "/" + name, data) for name, data in content[key].items()]
    errors = os.path.join(cases, "errors")
    if os.path.isdir(errors):
        families["errors"] = [("errors/" + name, data) for name, data in kept_files(errors).items()]
    total = 0
    for family, files in families.items():
        data = pack(files)
        total += len(data)
        with open(os.path.join(out, family + ".tar.xz"), "wb") as f:
            f.write(data)
    print(len(chosen), "cases,", total, "bytes")


def records(data):
    """(tag, bytes) of every record"""
    (count,), at = struct.unpack_from("<I", data, 4), 8
    for _ in range(count):
        start = at
        length = data[at]
        tag = data[at + 1:at + 1 + length].decode()
        at += 1 + length
        at += 3 + struct.unpack_from("<H", data, at + 1)[0]
        for _ in range(2):
            (patches,) = struct.unpack_from("<I", data, at)
            at += 4
            for _ in range(patches):
                at += 9 + struct.unpack_from("<I", data, at + 5)[0]
        yield tag, data[start:at]


def select_commands(vectors, out, limit):
    kinds = defaultdict(list)
    for index, (tag, record) in enumerate(records(lzma.open(vectors).read())):
        kinds[tag].append((len(record), index, record))
    for each in kinds.values():
        each.sort()
    chosen, used = [], 0
    while any(kinds.values()):
        before = used
        for tag in sorted(kinds):
            # The records are random bytes for the most part: they hardly shrink.
            if kinds[tag] and used + kinds[tag][0][0] <= limit * 1.7:
                size, index, record = kinds[tag].pop(0)
                chosen.append((index, record))
                used += size
        if used == before:
            break
    chosen.sort()
    data = b"BMV1" + struct.pack("<I", len(chosen)) + b"".join(record for _, record in chosen)
    packed = lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)
    with open(out, "wb") as f:
        f.write(packed)
    print(len(chosen), "commands,", len(packed), "bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--commands", action="store_true")
    parser.add_argument("--limit", type=int)
    a = parser.parse_args()
    if a.commands:
        select_commands(*a.paths, a.limit or 450_000)
    else:
        select_cases(*a.paths, a.limit or 2_400_000)
