"""Reference executor for K210 kmodel V3, V4 and V5, in numpy.

An independent statement of the arithmetic described in docs/arithmetic_k210.md.  Slow and literal on purpose.
  run(model_bytes, [input arrays or bytes]) -> Result(outputs=[bytes], trace=[(index, type, crc32, size)])

k210_numbers.py: roundings and C's conversions; k210_kpu.py: the KPU and its memory; k210_exec3.py, k210_exec4.py and
k210_exec5.py: the formats, the latter two with the functions of k210_ops.py.
"""

import struct

from k210_numbers import ModelError
from k210_exec3 import run_v3
from k210_exec4 import run_v4

# What the other scripts ask this module for.
from k210_kpu import POOL, Layer, kpu_map, parse_act, parse_bn  # noqa: F401
from k210_exec3 import parse_v3, v3_conv  # noqa: F401


def run(m, inputs, **kw):
    m = bytes(m)
    if m[:4] == b"LDMK":
        v = struct.unpack_from("<I", m, 4)[0]
        if v == 4:
            return run_v4(m, inputs, **kw)
        if v == 5:
            from k210_exec5 import run_v5

            return run_v5(m, inputs, **kw)
        raise ModelError("version %d" % v)
    return run_v3(m, inputs, **kw)
