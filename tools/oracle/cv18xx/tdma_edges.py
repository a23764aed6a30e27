#!/usr/bin/env python3
"""TDMA commands at the edges of what is legal, on the vendor's functional simulator.

  tdma_edges.py --chip cv181x --seed 1 --n 300 --overlap FILE.bin.xz
        local-to-local and global-to-global commands whose source and destination overlap
  tdma_edges.py --chip cv181x --seed 1 --n 300 --changed FILE.bin.xz --refused FILE.bin.xz
        legal commands with one or two fields changed: those the simulator executes, and those it aborts on
        (their records hold no result)

The format is that of fuzz_commands.py, with shorter results.
"""

import argparse
import lzma
import os
import random
import struct

import commands
import fuzz_commands
import random_commands
from simulator import CHIPS, Simulator

fuzz_commands.HEAD, fuzz_commands.KEPT = 16, 2
OVERLAPPING = ("dma_l2l_tensor", "dma_l2l_tensor", "dma_lut_idx", "dma_lut_base", "dma_g2g_tensor", "dma_g2g_general")
# Fields without effect on a single command, and those that only lead out of the small memory.
UNCHANGED = {"eod", "cmd_id", "bar_en", "wait_id_tpu", "wait_id_other_tdma", "wait_id_sdma", "layer_ID"} | {
    "src_base_addr_high",
    "dst_base_addr_high",
}
FIELDS = [(name, width) for name, _, width, _ in commands.TDMA_FIELDS if name not in UNCHANGED]


def one_command(rng, seed, lanes, kinds):
    """A legal command and its first descriptor's fields."""
    kind = rng.choice(kinds)
    command = random_commands.command(seed, lanes, kind)
    fields = commands.unpack_tdma(command["words"][: commands.TDMA_BYTES])
    fields["eod"] = 1
    return command, fields


def overlap(rng, fields):
    element = max(fields["src_fmt"], fields["dst_fmt"])
    shift = rng.choice([rng.randrange(-8, 9), rng.randrange(-100, 101), rng.randrange(-1000, 1001)])
    fields["src_base_addr_low"] = fields["src_base_addr_low"] % 0x4000 + 0x800
    fields["dst_base_addr_low"] = fields["src_base_addr_low"] + shift // element * element
    fields["dst_base_reg_sel"] = fields["src_base_reg_sel"]


def change(rng, fields):
    for _ in range(rng.choice([1, 1, 2])):
        name, width = rng.choice(FIELDS)
        old = fields[name]
        values = [0, old + 1, old - 1, old + 2, old * 2, rng.randrange(8), old + rng.choice([4, 8, 16])]
        fields[name] = (old ^ 1 if width == 1 else rng.choice(values)) & ((1 << width) - 1)


def write(path, records):
    kinds = fuzz_commands.KIND_IDS
    data = fuzz_commands.MAGIC
    data += struct.pack("<IIIH", len(records), fuzz_commands.MEMORY_BYTES, fuzz_commands.HEAD, len(kinds))
    data += b"".join(bytes([len(k)]) + k.encode() for k in kinds) + b"".join(records)
    with lzma.open(path, "wb", preset=9) as f:
        f.write(data)
    print("%s: %d records, %d bytes" % (path, len(records), os.path.getsize(path)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chip", choices=sorted(CHIPS), default="cv181x")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--n", type=int, default=300, help="commands to run")
    parser.add_argument("--overlap"), parser.add_argument("--changed"), parser.add_argument("--refused")
    args = parser.parse_args()
    simulator = Simulator(args.chip, fuzz_commands.MEMORY_BYTES)
    rng = random.Random("edges/%s/%d" % (args.chip, args.seed))
    kinds = OVERLAPPING if args.overlap else [k for k in fuzz_commands.KIND_IDS if k.startswith("dma_")]
    executed, refused = [], []
    for i in range(args.n):
        command, fields = one_command(rng, args.seed * 1000003 + i, simulator.lanes, kinds)
        (overlap if args.overlap else change)(rng, fields)
        command.update(words=commands.pack_tdma(**fields), patches=[])
        fuzz_commands.prepare(simulator, command["fill"], command["fillseed"], [])
        before = simulator.local.copy(), simulator.memory.copy()
        good = simulator.run(bases=command["bases"], tdma=command["words"]) is None
        if not good:  # nothing is known about the memory
            simulator.local[:], simulator.memory[:] = before
        number = list(CHIPS).index(args.chip)
        (executed if good else refused).append(fuzz_commands.record(number, command, *before, simulator))
    if args.overlap or args.changed:
        write(args.overlap or args.changed, executed)
    if args.refused:
        write(args.refused, refused)


if __name__ == "__main__":
    main()
