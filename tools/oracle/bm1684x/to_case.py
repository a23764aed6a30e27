#!/usr/bin/env python3
"""Turn a .bmodel into a golden case with the vendor's functional model (libcmodel_bm1684x, tpu_mlir wheel).

  VENV/bin/python to_case.py --bmodel X.bmodel --out DIR [--seed N | --inputs IN.npz] [--net NAME] [--shapes '[[1,3,8,8]]']
                             [--keep-kernel] [--trace] [--profile compiler_profile_0.txt] [--meta '{"family":"conv"}']

Writes DIR/model.bmodel (kernel module removed unless --keep-kernel), input.npz, output.npz (raw device memory content:
f16 as float16, bf16 as uint16 bit patterns, int8 as int8 ...), case.json, and with --trace traces.json.
"""
import bm_env  # (first: sets the environment)
import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zlib

import numpy as np

import commands

# the coefficient table of the functional model's static memory, read out of it
SMEM_TABLE = commands.static_table()
QUIET = not os.environ.get("VNPU_VERBOSE")
VERSION = "tpu_mlir 1.30.2"


def sha(a):
    return hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest()


def fork_call(fn, *args, log=None):
    """run fn(*args) in a forked child (each vendor library keeps global state); returns its JSON-able/np result"""
    import pickle
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r)
        try:
            dn = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            if QUIET or log:
                os.dup2(dn, 1)
                os.dup2(dn, 2)
            res = ("ok", fn(*args))
        except BaseException as e:              # noqa: BLE001
            import traceback
            res = ("err", "%s\n%s" % (e, traceback.format_exc()))
        with os.fdopen(w, "wb") as f:
            pickle.dump(res, f)
        sys.stdout.flush()
        os._exit(0)
    os.close(w)
    with os.fdopen(r, "rb") as f:
        data = f.read()
    _, st = os.waitpid(pid, 0)
    if not data:
        raise RuntimeError("vendor process died, status %d" % st)
    k, v = pickle.loads(data)
    if k == "err":
        raise RuntimeError(v)
    return v


def lower(x, i, shape):
    """float input -> the tensor's storage type, the way the vendor's runner does it (round half away from zero)"""
    from tpu_mlir.python.utils.lowering import lowering
    return np.ascontiguousarray(lowering(x, pdtype=i.dtype, pshape=list(shape), pzero_point=i.qzero_point, pscale=i.qscale))


def _smem():
    """the 16 KB static memory (coefficient tables) of the loaded functional model"""
    import ctypes
    lib = ctypes.CDLL("libcmodel.so")
    lib.get_static_memaddr_by_node.restype = ctypes.c_void_p
    return ctypes.string_at(lib.get_static_memaddr_by_node(0), 16384)


def _run(bmodel, inputs, netname):
    import pyruntime_bm
    m = pyruntime_bm.Model(bmodel, 0, "")
    name = netname or m.networks[0]
    net = m.Net(name)
    smem = _smem()
    shapes, raw, ins = [], {}, []
    for i in net.inputs:
        x = inputs[i.name] if i.name in inputs else list(inputs.values())[len(raw)]
        v = lower(x, i, x.shape) if x.dtype in (np.float32, np.float64, np.int32, np.int64) else x
        v = v.astype(i.data.dtype, copy=False)
        i.data.reshape(-1)[:v.size] = v.reshape(-1)
        shapes.append(list(x.shape))
        raw[i.name] = np.array(v).reshape(x.shape)
        ins.append(dict(name=i.name, dtype=i.dtype, shape=list(x.shape), max_shape=list(i.data.shape), scale=float(i.qscale),
                        zero_point=int(i.qzero_point), sha256=sha(v)))
    oshapes = net.forward_dynamic(shapes)
    outs, od = {}, []
    for k, o in enumerate(net.outputs):
        s = [int(d) for d in oshapes[k]]
        n = int(np.prod(s)) if s else 1
        v = np.array(o.data).reshape(-1)[:n].reshape(s)
        outs[o.name] = v
        od.append(dict(name=o.name, dtype=o.dtype, shape=s, max_shape=list(o.data.shape), scale=float(o.qscale),
                       zero_point=int(o.qzero_point), sha256=sha(v)))
    return raw, outs, ins, od, list(m.networks), (smem, _smem())


def _trace(bmodel, raw, smem):
    """step the command list on the vendor's functional model and record checksums after every command

    smem: the coefficient table, read out of the vendor's runtime.  (The wheel's own debugger fills static memory with a table
    whose 16-bit coefficient lists are not packed, so that exp/log in F16/BF16 differ from the runtime; do not use it.)
    """
    sys.setrecursionlimit(10000)
    from debugger.disassembler import BModel
    from debugger.atomic_dialect import BModel2MLIR
    from debugger.target_common import CMDType, MType, ValueRef, DType
    from debugger.target_1684x.context import BM1684XContext
    bm = BModel(bmodel)
    ctx = bm.context
    mod = BModel2MLIR(bm)
    fn = mod.functions[0]
    par = bm.net[0].parameter[0]
    G0 = 0x100000000
    end = max(par.ctx_addr + par.ctx_size, (par.coeff_mem.address + len(par.coeff_mem.data)) if par.coeff_mem else 0)
    size = max(1 << 24, ((end - G0) + (1 << 20)) & ~4095)
    run = ctx.get_runner(size)
    mem = ctx.memory
    mem.clear_memory()
    mem.SMEM[:] = 0
    mem.SMEM[:len(smem)] = np.frombuffer(smem, np.uint8)
    if par.coeff_mem:
        a = par.coeff_mem.address - G0
        mem.DDR[a:a + len(par.coeff_mem.data)] = memoryview(par.coeff_mem.data)
    for t in fn.signature[0]:
        b = raw[t.name].tobytes()
        a = t.device_addr - G0
        mem.DDR[a:a + len(b)] = np.frombuffer(b, np.uint8)
    c0, c1 = par.ctx_addr - G0, par.ctx_addr - G0 + par.ctx_size
    rows = []
    old = mem.LMEM.copy()
    for cmd in mod.create_cmdlist():
        if not cmd.cmd_type.is_static():
            raise RuntimeError("not a static command list")
        tiu = cmd.cmd_type == CMDType.tiu
        row = dict(e="tiu" if tiu else "gdma", id=int(cmd.cmd_id), dep=int(cmd.cmd_id_dep), op=str(cmd.name).split("\uff08")[0], n=len(bytes(cmd.buf)))
        if ctx.is_sys(cmd):
            row["op"] += ":sys"
            rows.append(row)
            continue
        (run.tiu_compute if tiu else run.dma_compute)(cmd)
        dst = []
        for r in cmd.results:
            try:
                mr = r
                d = mem.get_data(ValueRef(mr))
                bf = mr.dtype == DType.bf16
                if bf:
                    d = (np.ascontiguousarray(d).view(np.uint32) >> 16).astype(np.uint16)
                dst.append([hex(mr.address), str(mr.dtype.name), [int(v) for v in d.shape], "%08x" % zlib.crc32(np.ascontiguousarray(d).tobytes())])
            except Exception as e:   # noqa: BLE001
                dst.append([hex(getattr(r, "address", 0)), "unreadable", [], type(e).__name__])
        row["dst"] = dst
        row["lmem"] = "%08x" % zlib.crc32(mem.LMEM)
        diff = np.flatnonzero(mem.LMEM.view(np.uint64) != old.view(np.uint64))
        if diff.size:
            lo, hi = int(diff[0]) * 8, int(diff[-1]) * 8 + 8
            row["chg"] = [lo, hi]
            old[lo:hi] = mem.LMEM[lo:hi]
        row["ddr"] = "%08x" % zlib.crc32(mem.DDR[c0:c1])
        rows.append(row)
    outs = {}
    for t in fn.signature[1]:
        a = t.device_addr - G0
        outs[t.name] = bytes(mem.DDR[a:a + t.size])
    return rows, outs, dict(ddr_crc_from=hex(par.ctx_addr), ddr_crc_size=int(par.ctx_size),
                            coeff_addr=hex(par.coeff_mem.address) if par.coeff_mem else None)


def _modes(bmodel):
    """run mode of every sub-network: TPU_STATIC, TPU_DYNAMIC, CPU ..."""
    from debugger.disassembler import BModel
    return [x.run_mode.name for n in BModel(bmodel).net for p in n.parameter for x in p.sub_net]


def strip(bmodel):
    subprocess.run(["model_tool", "--kernel_remove", bmodel], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def parse_profile(path):
    """numbers from the compiler's own profile (compiler_profile_0.txt)"""
    d = {}
    for ln in open(path, errors="replace"):
        if ln.startswith("TCYC"):
            d["tcyc"] = d.get("tcyc", 0) + int(ln.split(":")[1])
        elif "flops:" in ln and "runtime:" in ln:
            f = ln.replace(",", "").split()
            d["flops"] = int(f[1])
            d["est_ms"] = float(f[3].rstrip("ms"))
    return d


def make_case(bmodel, out, inputs, net=None, trace=False, keep_kernel=False, profile=None, meta=None, ref=None):
    os.makedirs(out, exist_ok=True)
    dst = os.path.join(out, "model.bmodel")
    shutil.copyfile(bmodel, dst)
    if not keep_kernel:
        strip(dst)
    raw, outs, ins, od, nets, smem = fork_call(_run, dst, inputs, net)
    np.savez(os.path.join(out, "input.npz"), **raw)
    np.savez(os.path.join(out, "output.npz"), **outs)
    case = dict(name=os.path.basename(out.rstrip("/")), chip="bm1684x", tool=VERSION, net=net or nets[0], nets=nets,
                kernel_module=bool(keep_kernel), bmodel_sha256=hashlib.sha256(open(dst, "rb").read()).hexdigest(),
                inputs=ins, outputs=od)
    modes = fork_call(_modes, dst)
    if set(modes) != {"TPU_STATIC"}:
        case.update(dynamic="TPU_DYNAMIC" in modes, subnets=modes)
    if smem[0] != smem[1]:
        case["smem_changed_by_run"] = [k for k in range(16384) if smem[0][k] != smem[1][k]][:8]
    t = np.frombuffer(SMEM_TABLE, np.uint8)
    assert not np.any((np.frombuffer(smem[0], np.uint8)[:len(t)] != t) & (t != 0)), "static memory table differs"
    case.update(meta or {})
    if profile and os.path.exists(profile):
        case["profile"] = parse_profile(profile)
        shutil.copyfile(profile, os.path.join(out, "compiler_profile.txt"))
    if ref is not None:
        cs = []
        for o, r in zip(outs.values(), ref):
            a = np.asarray(o, np.float64).ravel() if o.dtype != np.uint16 else (o.astype(np.uint32) << 16).view(np.float32).astype(np.float64).ravel()
            b = np.asarray(r, np.float64).ravel()
            if a.size == b.size and a.size:
                d = float(np.linalg.norm(a) * np.linalg.norm(b))
                cs.append(round(float(a @ b) / d, 6) if d else 1.0)
            else:
                cs.append(None)
        case["cos_vs_float_model"] = cs
    if trace:
        rows, touts, info = fork_call(_trace, dst, raw, SMEM_TABLE)
        info["final_output_equals_runtime"] = all(touts[n][:v.nbytes] == v.tobytes() for n, v in outs.items())
        case["trace"] = dict(commands=len(rows), **info)
        with open(os.path.join(out, "traces.json"), "w") as f:
            f.write("[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "\n]\n")
    with open(os.path.join(out, "case.json"), "w") as f:
        json.dump(case, f, indent=1)
    return case


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--bmodel", required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--inputs")
    ap.add_argument("--net")
    ap.add_argument("--shapes")
    ap.add_argument("--keep-kernel", action="store_true")
    ap.add_argument("--trace", action="store_true")
    ap.add_argument("--profile")
    ap.add_argument("--meta", default="{}")
    a = ap.parse_args()
    if a.inputs:
        inp = dict(np.load(a.inputs))
    else:
        def probe(f, n):
            import pyruntime_bm
            m = pyruntime_bm.Model(f, 0, "")
            return [(i.name, list(i.data.shape), str(i.data.dtype)) for i in m.Net(n or m.networks[0]).inputs]
        rng = np.random.default_rng(a.seed)
        sh = json.loads(a.shapes) if a.shapes else None
        inp = {}
        for k, (n, s, d) in enumerate(fork_call(probe, a.bmodel, a.net)):
            s = sh[k] if sh else s
            inp[n] = rng.standard_normal(s).astype(np.float32) if d.startswith("float") else rng.integers(-100, 100, s).astype(d) \
                if d not in ("uint8", "int32") else rng.integers(0, 200 if d == "uint8" else 8, s).astype(d)
    c = make_case(a.bmodel, a.out, inp, a.net, a.trace, a.keep_kernel, a.profile, dict(json.loads(a.meta), seed=a.seed))
    print(json.dumps(dict(name=c["name"], outputs=c["outputs"]), indent=1))
