"""Random kmodels V3 and V4 as golden cases.

Command: kmodel_write.py --format 3|4 --seed N --count M --out DIR   (expected outputs from k210_exec)

kmodel_format.py: writers of the two formats (from the description alone); kmodel_random.py: random layers;
kmodel_random3.py, kmodel_random4.py: rand_v3(rng, kind) / rand_v4(rng, kind) build random models.
"""

import argparse, json, os
import k210_exec as K
import numpy as np

from kmodel_random3 import V3_KINDS, rand_v3
from kmodel_random4 import V4_KINDS, rand_v4

# What the other scripts ask this module for.
from kmodel_format import V3, act_table, bn_table, descriptor, fl, u32  # noqa: F401
from kmodel_random import rand_kpu  # noqa: F401


def make(fmt, seed, out, expect=None, authority="reference executor (own statement of the law)"):
    rng = np.random.default_rng(1000003 * fmt + seed)
    kinds = V3_KINDS if fmt == 3 else V4_KINDS
    kind = kinds[seed % len(kinds)]
    m, xs = (rand_v3 if fmt == 3 else rand_v4)(rng, kind)
    R = K.run(m, xs)
    outs = R.outputs if expect is None else expect(m, xs)
    dts = ["float32" if q[1] == 0 else "uint8" for q in R.meta["outputs"]] if fmt == 4 else ["uint8"] * len(outs)
    d = os.path.join(out, "v%d_%04d_%s" % (fmt, seed, kind))
    os.makedirs(d, exist_ok=True)
    open(os.path.join(d, "model.kmodel"), "wb").write(m)
    np.savez_compressed(os.path.join(d, "input.npz"), **{"x0_%d" % i: x for i, x in enumerate(xs)})
    np.savez_compressed(
        os.path.join(d, "output.npz"), **{"y0_%d" % i: np.frombuffer(b, t) for i, (b, t) in enumerate(zip(outs, dts))}
    )
    json.dump(
        dict(
            case=os.path.basename(d),
            format="V%d" % fmt,
            producer="kmodel_write.py",
            seed=seed,
            kind=kind,
            runs=1,
            inputs=[dict(shape=list(x.shape), dtype=str(x.dtype)) for x in xs],
            outputs=len(outs),
            authority=authority,
            reference_executor=["equal" if a == b else "different" for a, b in zip(outs, R.outputs)],
            trace=[[i, t, c, n] for i, t, c, n in R.trace],
        ),
        open(os.path.join(d, "case.json"), "w"),
        indent=0,
    )
    return kind, [a == b for a, b in zip(outs, R.outputs)]


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--format", type=int, default=3)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--count", type=int, default=1)
    ap.add_argument("--out", default=".")
    a = ap.parse_args()
    for s in range(a.seed, a.seed + a.count):
        print(s, *make(a.format, s, a.out))
