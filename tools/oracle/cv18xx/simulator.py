"""One command, or a short command list, on the vendor's functional simulator (libcvicmodel.so of the tpu_mlir wheel).

The library is found from, in this order: CVICMODEL_SO (its full path), TPU_MLIR_LIB (the folder tpu_mlir/lib of an installed
wheel), the tpu_mlir package of this Python. Every run happens in a forked child: the simulator aborts on commands it refuses.
"""

import ctypes
import importlib.util
import mmap
import os
import struct
import tempfile

import numpy as np

import commands
from random_commands.layout import LANE_BYTES, Fill

CHIPS = {"cv181x": (182202, 8), "cv180x": (182203, 2)}  # name: (the vendor's version id, lanes)
EXECUTION_UNITS = 16
COMMAND_BYTES = 0x20000  # room for each engine's list, above the visible window of global memory
LOCAL_POINTER, GLOBAL_POINTER = 0x58, 0x60  # where the simulator's object holds its two memories


def library():
    if os.environ.get("CVICMODEL_SO"):
        return os.environ["CVICMODEL_SO"]
    folder = os.environ.get("TPU_MLIR_LIB")
    if not folder:
        spec = importlib.util.find_spec("tpu_mlir")
        if spec is None:
            raise RuntimeError("the tpu_mlir wheel is not installed; set TPU_MLIR_LIB or CVICMODEL_SO")
        folder = os.path.join(list(spec.submodule_search_locations)[0], "lib")
    return os.path.join(folder, "libcvicmodel.so")


def splitmix(seed, size):
    """size bytes (a multiple of 8) of the counter-based splitmix64 stream, little endian."""
    with np.errstate(over="ignore"):
        x = np.uint64(seed) + (np.arange(1, size // 8 + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return x.view(np.uint8)


def fill(mode, seed, size):
    raw = splitmix(seed, size)
    if mode in (Fill.BYTES, Fill.BF16_ALL):
        return raw.copy()
    if mode == Fill.SMALL:  # bytes -7 .. 7
        return ((raw % 15).astype(np.int16) - 7).astype(np.int8).view(np.uint8)
    if mode == Fill.SPARSE:  # 3 of 4 bytes zero
        return np.where((raw & 3) != 0, 0, raw).astype(np.uint8)
    halves = raw.view(np.uint16)
    if mode == Fill.BF16_MID:  # exponents 120..135
        return ((halves & 0x807F) | ((0x78 + ((halves >> 7) & 15)) << 7)).astype(np.uint16).view(np.uint8)
    if mode == Fill.BF16_INT:  # bf16 of n/4, n = -512..511, truncated
        quarters = ((halves >> 6).astype(np.int32) - 512).astype(np.float32) / np.float32(4)
        return (quarters.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
    raise ValueError(mode)


class Simulator:
    """`local` and `memory` are the chip's memories as numpy bytes, shared with the child that executes."""

    def __init__(self, chip, memory_bytes=0x40000):
        version, self.lanes = CHIPS[chip]
        self.library = ctypes.CDLL(library())
        self.local_bytes, self.memory_bytes = self.lanes * LANE_BYTES, memory_bytes
        total = memory_bytes + 2 * COMMAND_BYTES
        # chip info: version, nodes, node shift, lanes, lane shift, units, unit shift, lane bytes, its shift, banks, bank bytes,
        # then local memory's bus address, global memory's start and size
        info = struct.pack(
            "<11I4xQQQQ",
            *(version, 1, 0, self.lanes, self.lanes.bit_length() - 1, EXECUTION_UNITS, 4, LANE_BYTES, 15, 8, 0x1000),
            *(0x0C000000, 0, total, 0),
        )
        self.model = ctypes.c_void_p()
        self.library.bm_cmodel_init.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        self.library.bm_cmodel_set_base_reg.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64]
        self.library.bm_cmodel_run_gmem_cmdbuf.argtypes = [ctypes.c_void_p] + [ctypes.c_uint64] * 4
        self.library.bm_cmodel_init(ctypes.byref(self.model), info)
        # both memories become shared mappings, so that the parent sees what the child did
        self.local = np.frombuffer(mmap.mmap(-1, self.local_bytes), np.uint8)
        self.everything = np.frombuffer(mmap.mmap(-1, total), np.uint8)
        self.memory = self.everything[:memory_bytes]
        ctypes.c_uint64.from_address(self.model.value + LOCAL_POINTER).value = self.local.ctypes.data
        ctypes.c_uint64.from_address(self.model.value + GLOBAL_POINTER).value = self.everything.ctypes.data

    def run(self, tiu=b"", tdma=b"", bases=(0,) * 8):
        """Executes lists of commands (TIU commands of 0x70 bytes in logical order). None, or the simulator's message."""
        size = commands.TIU_BYTES
        tiu = b"".join(commands.tiu_stored(tiu[i : i + size]) for i in range(0, len(tiu), size))
        at_tiu, at_tdma = self.memory_bytes, self.memory_bytes + COMMAND_BYTES
        self.everything[at_tiu : at_tiu + len(tiu)] = np.frombuffer(tiu, np.uint8)
        self.everything[at_tdma : at_tdma + len(tdma)] = np.frombuffer(tdma, np.uint8)
        with tempfile.TemporaryFile() as messages:
            pid = os.fork()
            if pid == 0:
                try:
                    os.dup2(messages.fileno(), 2)
                    os.dup2(messages.fileno(), 1)
                    for i, base in enumerate(bases):
                        self.library.bm_cmodel_set_base_reg(self.model, i, base)
                    self.library.bm_cmodel_run_gmem_cmdbuf(self.model, at_tiu, len(tiu), at_tdma, len(tdma))
                finally:
                    os._exit(0)
            _, status = os.waitpid(pid, 0)
            if status == 0:
                return None
            messages.seek(0)
            return "signal %d: %s" % (status & 127, messages.read().decode(errors="replace").strip()[-300:])
