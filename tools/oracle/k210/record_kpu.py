#!/usr/bin/env python3
"""Random KPU layers and the digests of what the numpy statement of the KPU (k210_exec.py) makes of them.

  record_kpu.py OUT.bin.xz [--seed N] [--extra N]

One layer for every width from 1 to 320, and `extra` more with random widths, up to 1024 channels, every kernel, pool and
weight width, both arithmetics. Inputs and weights are not stored: byte i of a stream is a hash of (seed, i).
Layout, little endian: "KPUVEC1\\0", u32 count; then each: u8 arithmetic (3 or 4), u8 weight bits (8 or 16), u16 0, u32 seed,
descriptor 96 bytes, bn table 8 * oc, activation table 144, u32 bytes and u32 CRC-32 of the packed output map.
Needs numpy only.
"""

import argparse, lzma, os, struct, sys, zlib
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import k210_exec as K
import kmodel_write as W


def stream(seed, count, start=0):
    with np.errstate(over="ignore"):
        v = (np.arange(start, start + count, dtype=np.uint32) + np.uint32(seed)) * np.uint32(2654435761)
        v ^= v >> np.uint32(15)
        v *= np.uint32(2246822519)
        v ^= v >> np.uint32(13)
    return v.astype(np.uint8)


def layer(rng, index, width):
    law = "v3" if rng.random() < 0.5 else "v4"
    bits = 16 if law == "v3" and rng.random() < 0.3 else 8
    k = int(rng.choice([1, 3]))
    dw = bool(rng.random() < 0.3)
    h = int(rng.integers(1, 10))
    most = 1024 if rng.random() < 0.08 and width <= 16 else max(1, min(12, 6000 // width))
    ic = int(rng.integers(1, most + 1))
    oc = ic if dw else int(rng.integers(1, most + 1))
    if not dw and ic * oc * k * k * h * width > 3000000:
        oc = max(1, 3000000 // (ic * k * k * h * width))
    pool = int(rng.integers(0, 10)) if rng.random() < 0.7 else 0
    st = K.POOL[pool][1]
    if width < st or h < st:
        pool, st = 0, 1
    ow, oh = width // st, h // st
    if law == "v3" and st > 1 and rng.random() < 0.3:
        ow, oh = -(-width // st), -(-h // st)
    specs, q = W.rand_kpu(rng, ic, oc, k, dw, bits, law)
    words = W.descriptor(ic=ic, oc=oc, w=width, h=h, ow=ow, oh=oh, pool=pool, src=0, dst=16384, bits=bits, **q)
    bn, act = W.bn_table(specs["bn"]), W.act_table(specs["act"])
    seed = int(rng.integers(0, 1 << 32))
    L = K.Layer(struct.unpack("<12Q", words))
    x = stream(seed, ic * h * width).reshape(ic, h, width)
    raw = stream(seed, L.weight_count * bits // 8, ic * h * width)
    weights = raw if bits == 8 else raw.view("<u2")
    y = K.kpu_map(L, x, weights, K.parse_bn(bn, oc), K.parse_act(act), law).tobytes()
    head = struct.pack("<BBHI", 3 if law == "v3" else 4, bits, 0, seed)
    return head + words + bn + act + struct.pack("<II", len(y), zlib.crc32(y))


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("out")
    args.add_argument("--seed", type=int, default=14)
    args.add_argument("--extra", type=int, default=180)
    a = args.parse_args()
    rng = np.random.default_rng(a.seed)
    widths = list(range(1, 321)) + [int(w) for w in rng.integers(1, 65, a.extra)]
    records = [layer(rng, i, w) for i, w in enumerate(widths)]
    data = b"KPUVEC1\0" + struct.pack("<I", len(records)) + b"".join(records)
    with open(a.out, "wb") as out:
        out.write(lzma.compress(data, preset=9))
    print("%d layers, %d bytes" % (len(records), os.path.getsize(a.out)))


main()
