#!/usr/bin/env python3
"""Random commands on the vendor's functional simulator, recorded as test vectors.

  fuzz_commands.py --chip cv181x --seed 1 --n 500 --out FILE.bin.xz [--kind conv_i8]
  fuzz_commands.py --verify FILE     replays a recorded file on the simulator and compares
  fuzz_commands.py --list            kinds
  fuzz_commands.py --dump FILE       one line per record

The format is described in tests/golden/cv18xx_commands/README.md.
"""

import argparse
import lzma
import os
import random
import struct
import sys
import zlib

import numpy as np

import commands
import random_commands
from simulator import CHIPS, Simulator, fill

MAGIC = b"CVCMDV1\0"
MEMORY_BYTES = 0x40000
KIND_IDS = sorted(random_commands.KINDS)
HEAD = 256  # recorded bytes at the start of every changed range
KEPT = 10  # recorded ranges
GAP = 64  # changed bytes nearer than this belong to one range
ENGINES = {0: "tiu", 2: "tdma"}


def prepare(simulator, mode, seed, patches):
    simulator.local[:] = fill(mode, seed, simulator.local_bytes)
    simulator.memory[:] = fill(mode, seed + 77, simulator.memory_bytes)
    for address, data in patches:
        simulator.local[address : address + len(data)] = np.frombuffer(data, np.uint8)


def changed(before, after):
    """[(address, length)] of the ranges that differ."""
    at = np.nonzero(before != after)[0]
    if len(at) == 0:
        return []
    cut = np.nonzero(np.diff(at) > GAP)[0]
    starts, ends = np.concatenate(([0], cut + 1)), np.concatenate((cut, [len(at) - 1]))
    return [(int(at[s]), int(at[e]) - int(at[s]) + 1) for s, e in zip(starts, ends)]


def record(chip_number, command, local_before, memory_before, simulator):
    engine = {name: number for number, name in ENGINES.items()}[command["engine"]]
    out = struct.pack("<BBBB", chip_number, KIND_IDS.index(command["kind"]), engine, command["fill"])
    out += struct.pack("<Q8I", command["fillseed"], *command["bases"])
    out += struct.pack("<HH", len(command["words"]), len(command["patches"])) + command["words"]
    for address, data in command["patches"]:
        out += struct.pack("<IH", address, len(data)) + data
    out += struct.pack("<II", zlib.crc32(simulator.local.tobytes()), zlib.crc32(simulator.memory.tobytes()))
    for before, after in ((local_before, simulator.local), (memory_before, simulator.memory)):
        ranges = changed(before, after)
        out += struct.pack("<HH", len(ranges), len(ranges[:KEPT]))
        for address, length in ranges[:KEPT]:
            out += struct.pack("<II", address, length) + after[address : address + min(length, HEAD)].tobytes()
    return out


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        self.at += size
        return self.data[self.at - size : self.at]

    def numbers(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))


def parse(data):
    r = Reader(data)
    if r.take(8) != MAGIC:
        raise ValueError("not a file of recorded commands")
    count, _, head, kinds = r.numbers("<IIIH")
    names = [r.take(r.numbers("<B")[0]).decode() for _ in range(kinds)]
    for _ in range(count):
        chip, kind, engine, mode, seed, *bases = r.numbers("<BBBBQ8I")
        length, patch_count = r.numbers("<HH")
        words, patches = r.take(length), []
        for _ in range(patch_count):
            address, size = r.numbers("<IH")
            patches.append((address, r.take(size)))
        crc_local, crc_memory = r.numbers("<II")
        for _ in range(2):
            for _ in range(r.numbers("<HH")[1]):
                r.take(min(r.numbers("<II")[1], head))
        yield dict(
            chip=("cv181x", "cv180x")[chip],
            kind=names[kind],
            engine=ENGINES[engine],
            fill=mode,
            fillseed=seed,
            bases=bases,
            words=words,
            patches=patches,
            crc_local=crc_local,
            crc_memory=crc_memory,
        )


def load(path):
    with lzma.open(path) if path.endswith(".xz") else open(path, "rb") as f:
        return list(parse(f.read()))


def dump(path):
    for number, r in enumerate(load(path)):
        unpack, size = (
            (commands.unpack_tiu, commands.TIU_BYTES)
            if r["engine"] == "tiu"
            else (commands.unpack_tdma, commands.TDMA_BYTES)
        )
        fields = {name: value for name, value in unpack(r["words"][:size]).items() if value}
        print(
            number, r["chip"], r["kind"], "fill", r["fill"], "crc %08x %08x" % (r["crc_local"], r["crc_memory"]), fields
        )


def verify(path):
    """The number of records that differ."""
    records, simulators, bad = load(path), {}, 0
    for number, r in enumerate(records):
        simulator = simulators.setdefault(r["chip"], None) or Simulator(r["chip"], MEMORY_BYTES)
        simulators[r["chip"]] = simulator
        prepare(simulator, r["fill"], r["fillseed"], r["patches"])
        message = simulator.run(bases=r["bases"], **{r["engine"]: r["words"]})
        got = zlib.crc32(simulator.local.tobytes()), zlib.crc32(simulator.memory.tobytes())
        if message or got != (r["crc_local"], r["crc_memory"]):
            bad += 1
            print("record", number, r["kind"], "differs", message or "")
    print("%d records, %d differ" % (len(records), bad))
    return bad


def generate(chip, seed, count, prefixes, out):
    simulator = Simulator(chip, MEMORY_BYTES)
    kinds = [k for k in KIND_IDS if not prefixes or any(k.startswith(p) for p in prefixes)]
    weights = [random_commands.KINDS[k][0] for k in kinds]
    pick = random.Random("pick/%s/%d" % (chip, seed))
    records, refused, next_seed = [], 0, seed * 1000003
    todo = (kinds + kinds)[:count]  # every kind at least twice, then by weight
    while len(records) < count:
        kind = todo.pop() if todo else pick.choices(kinds, weights)[0]
        next_seed += 1
        command = random_commands.command(next_seed, simulator.lanes, kind)
        prepare(simulator, command["fill"], command["fillseed"], command["patches"])
        local, memory = simulator.local.copy(), simulator.memory.copy()
        if simulator.run(bases=command["bases"], **{command["engine"]: command["words"]}) is None:
            records.append(record(list(CHIPS).index(chip), command, local, memory, simulator))
            continue
        refused += 1
        if len(todo) < 3 and refused < 2000:
            todo.insert(0, kind)
    data = MAGIC + struct.pack("<IIIH", len(records), MEMORY_BYTES, HEAD, len(KIND_IDS))
    data += b"".join(bytes([len(k)]) + k.encode() for k in KIND_IDS) + b"".join(records)
    with lzma.open(out, "wb", preset=9) if out.endswith(".xz") else open(out, "wb") as f:
        f.write(data)
    print(
        "%s: %d records, %d bytes raw, %d stored; %d refused by the simulator"
        % (out, len(records), len(data), os.path.getsize(out), refused)
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chip", choices=sorted(CHIPS), default="cv181x")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--kind", action="append", help="only kinds starting with this (repeatable)")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--out"), action.add_argument("--verify"), action.add_argument("--dump")
    action.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list:
        for kind in KIND_IDS:
            print(kind, random_commands.KINDS[kind][0])
    elif args.dump:
        dump(args.dump)
    elif args.verify:
        sys.exit(bool(verify(args.verify)))
    else:
        generate(args.chip, args.seed, args.n, args.kind, args.out)


if __name__ == "__main__":
    main()
