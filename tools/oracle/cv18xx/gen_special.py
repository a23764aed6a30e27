#!/usr/bin/env python3
"""Golden cases that need more than one conversion: merged multi-program models, model-format versions, broken files.

  gen_special.py --out DIR --work TMP      writes DIR/merged/*, DIR/versions/*, DIR/errors/*
errors/<name>/ holds model.cvimodel (the broken file) and expect.json: what the vendor runtime did with it
(Python exception text, or the signal that ended the process, and its last output lines), and what model_tool --info did.
"""

import argparse
import os
import re
import shutil
import struct
import subprocess
import sys

import vendor

vendor.ensure_env()

import numpy as np  # noqa: E402
import onnx  # noqa: E402
from onnx import TensorProto as T, helper, numpy_helper  # noqa: E402

import to_case  # noqa: E402


def net(n, h, w, seed, depth):
    r = np.random.RandomState(seed)
    x = helper.make_tensor_value_info("x", T.FLOAT, [n, 3, h, w])
    nodes, inits, cur, c = [], [], "x", 3
    for i in range(depth):
        co = (8, 12, 6)[i % 3]
        inits += [
            numpy_helper.from_array((r.randn(co, c, 3, 3) * 0.2).astype("f"), "w%d" % i),
            numpy_helper.from_array((r.randn(co) * 0.2).astype("f"), "b%d" % i),
        ]
        nodes += [
            helper.make_node("Conv", [cur, "w%d" % i, "b%d" % i], ["c%d" % i], pads=[1] * 4),
            helper.make_node("Relu", ["c%d" % i], ["r%d" % i]),
        ]
        cur, c = "r%d" % i, co
    g = helper.make_graph(nodes, "g", [x], [helper.make_tensor_value_info(cur, T.FLOAT, None)], inits)
    m = helper.make_model(g, opset_imports=[helper.make_opsetid("", 13)])
    m.ir_version = 8
    return m


def convert(d, name, batch, chip, quant, extra, h=12, w=10, seed=3, depth=2):
    onnx.save(net(batch, h, w, seed, depth), "%s/%s.onnx" % (d, name))
    log = d + "/log.txt"
    t = ["--model_name", "m", "--model_def", name + ".onnx", "--mlir", name + ".mlir"]
    if vendor.tool("model_transform", t, d, log):
        return None
    th = ["x 2.9 -2.9 2.9"] + ["r%d_Relu %.4f 0 %.4f" % (i, 1.5 + 0.7 * i, 2.0 + i) for i in range(depth)]
    open(d + "/cal", "w").write("# made up\n" + "\n".join(th) + "\n")
    a = (
        [
            "--mlir",
            name + ".mlir",
            "--processor",
            chip,
            "--quantize",
            quant,
            "--model",
            name + ".cvimodel",
            "--skip_validation",
        ]
        + (["--calibration_table", "cal"] if quant == "INT8" else [])
        + extra
    )
    if vendor.tool("model_deploy", a, d, log):
        return None
    return ["model_transform " + " ".join(t), "model_deploy " + " ".join(a)]


def run_bad(model, program=0):
    """What the vendor runtime does with a file."""
    code = (
        "import pyruntime_cvi as p,numpy as np,sys\n"
        "m=p.Model(%r,%d,False)\n"
        "print('LOADED',len(m.inputs),len(m.outputs),flush=True)\n"
        "[t.data.reshape(-1).__setitem__(slice(None),1) for t in m.inputs]\n"
        "m.forward()\nimport hashlib\n"
        "print('RAN',hashlib.sha256(b''.join(t.data.tobytes() for t in m.outputs)).hexdigest())\n"
    ) % (model, program)
    try:
        p = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, errors="replace", timeout=60)
        rc, out = p.returncode, p.stdout + p.stderr
    except subprocess.TimeoutExpired:
        rc, out = "timeout", ""
    lines = [re.sub(r"/\S*/([\w.]+\.(?:cvimodel|cpp|so))", r"\1", l) for l in out.split("\n") if l.strip()]
    i, t, e = vendor.info(model)
    return dict(
        runtime_status=rc,
        runtime_output=[l[:300] for l in lines[-6:]],
        model_tool_status=i,
        model_tool_stderr=e.strip()[-300:].replace(model, "model.cvimodel"),
    )


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", required=True), ap.add_argument("--work", required=True)
    a = ap.parse_args()
    vendor.warm()
    shutil.rmtree(a.work, ignore_errors=True)
    n = 0
    for chip in ("cv181x", "cv180x"):
        for q in ("INT8", "BF16"):
            for tag, batches, extra in (
                ("bs14", (1, 4), ["--merge_weight"]),
                ("bs123", (1, 2, 3), ["--merge_weight"]),
                ("separate", (1, 2), []),
            ):
                d = "%s/%s-%s-%s" % (a.work, tag, chip, q)
                os.makedirs(d)
                cmds = []
                for b in batches:
                    c = convert(d, "bs%d" % b, b, chip, q, extra + (["--quant_input"] if tag == "bs123" else []))
                    cmds += c or []
                files = ["bs%d.cvimodel" % b for b in batches]
                cmd = ["model_tool", "--combine"] + files + ["-o", "merged.cvimodel"]
                p = subprocess.run([vendor.PKG + "/bin/model_tool"] + cmd[1:], cwd=d, capture_output=True, text=True)
                case = "merged-%s-%s-%s" % (tag, chip, q.lower())
                e = "combine failed: " + p.stderr[-200:]
                if p.returncode == 0:
                    e = to_case.make_case(
                        d + "/merged.cvimodel",
                        "%s/merged/%s" % (a.out, case),
                        5,
                        None,
                        (),
                        dict(
                            chip=chip,
                            quant=q.lower(),
                            family="merged",
                            seed=5,
                            converter="tpu_mlir " + vendor.version(),
                            commands=cmds + [" ".join(cmd)],
                        ),
                        log=d + "/log.txt",
                    )
                print(case, e or "ok")
                n += e is None
        for ver in ("1.2", "1.3", "1.4.0"):
            d = "%s/v%s-%s" % (a.work, ver, chip)
            os.makedirs(d)
            c = convert(d, "v", 1, chip, "INT8", ["--model_version", ver])
            case = "version-%s-%s" % (ver.replace(".", "_"), chip)
            e = (
                "convert failed"
                if not c
                else to_case.make_case(
                    d + "/v.cvimodel",
                    "%s/versions/%s" % (a.out, case),
                    5,
                    None,
                    (),
                    dict(
                        chip=chip,
                        quant="int8",
                        family="versions",
                        seed=5,
                        converter="tpu_mlir " + vendor.version(),
                        commands=c,
                    ),
                    log=d + "/log.txt",
                )
            )
            print(case, e or "ok")
            n += e is None
        for tag, ex in (
            ("io_alone", ["--addr_mode", "io_alone"]),
            ("iomem", ["--iomem_set", "x,r1_Relu_f32"]),
            ("opt1", ["--opt", "1"]),
            ("opt3", ["--opt", "3"]),
        ):
            d = "%s/%s-%s" % (a.work, tag, chip)
            os.makedirs(d)
            c = convert(d, "v", 1, chip, "INT8", ex, depth=3)
            case = "option-%s-%s" % (tag, chip)
            e = (
                "convert failed"
                if not c
                else to_case.make_case(
                    d + "/v.cvimodel",
                    "%s/versions/%s" % (a.out, case),
                    5,
                    None,
                    (),
                    dict(
                        chip=chip,
                        quant="int8",
                        family="versions",
                        seed=5,
                        converter="tpu_mlir " + vendor.version(),
                        commands=c,
                    ),
                    log=d + "/log.txt",
                )
            )
            print(case, e or "ok")
            n += e is None
    # ---- broken files
    d = a.work + "/errors"
    os.makedirs(d)
    convert(d, "base", 1, "cv181x", "INT8", [])
    m = open(d + "/base.cvimodel", "rb").read()
    struct.unpack_from("<I", m, 8)[0] if len(m) > 12 else 0
    info = vendor.info(d + "/base.cvimodel")[1]
    w = int(re.search(r"weight\s+weight\s+(\d+)\s+(\d+)", info).group(1))
    payload = len(m) - sum(
        int(x) for x in re.findall(r"^\d+\s+(?:weight|cmdbuf|dmabuf)\s+\S+\s+(\d+)\s+\d+\s+[0-9a-f]{32}", info, re.M)
    )
    flip = lambda b, o, v=0xFF: b[:o] + bytes([b[o] ^ v]) + b[o + 1 :]
    bad = {
        "empty": b"",
        "magic": b"XXXXXXXX" + m[8:],
        "magic_one_bit": flip(m, 0, 1),
        "header_only": m[:32],
        "truncated_header": m[:20],
        "truncated_body": m[: payload // 2],
        "truncated_weight": m[: payload + w // 2],
        "truncated_cmdbuf": m[: len(m) - 64],
        "truncated_last_byte": m[:-1],
        "trailing_garbage": m + b"garbage" * 9,
        "weight_bit": flip(m, payload + w // 2),
        "cmdbuf_bit": flip(m, payload + w + 40),
        "cmdbuf_magic": flip(m, payload + w),
        "major_version": flip(m, 12, 0x7F),
        "minor_version": flip(m, 13, 0x7F),
        "body_size_huge": m[:8] + b"\xff\xff\xff\x7f" + m[12:],
        "body_size_zero": m[:8] + b"\0\0\0\0" + m[12:],
        "header_md5": flip(m, 20),
        "flatbuffer_root": flip(m, 48 if len(m) > 48 else 0),
        "chip_unknown": m.replace(b"cv181x", b"cv999x"),
        "chip_cv180x": m.replace(b"cv181x", b"cv180x"),
        "chip_cv183x": m.replace(b"cv181x", b"cv183x"),
        "good": m,
        "random": np.random.RandomState(1).bytes(3000),
    }
    for k, b in bad.items():
        o = "%s/errors/%s" % (a.out, k)
        os.makedirs(o, exist_ok=True)
        open(o + "/model.cvimodel", "wb").write(b)
        e = run_bad(o + "/model.cvimodel")
        e["bytes"] = len(b)
        open(o + "/expect.json", "w").write(to_case.pretty(e))
        print(k, e["runtime_status"], e["runtime_output"][-1:] if e["runtime_output"] else "")
    o = a.out + "/errors/program_out_of_range"
    os.makedirs(o, exist_ok=True)
    open(o + "/model.cvimodel", "wb").write(m)
    e = run_bad(o + "/model.cvimodel", 3)
    e["note"] = "program_id 3 of a one-program model"
    open(o + "/expect.json", "w").write(to_case.pretty(e))
    print("program_out_of_range", e["runtime_status"])
    print(n, "cases")


if __name__ == "__main__":
    main()
