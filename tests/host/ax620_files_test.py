#!/usr/bin/env python3
"""ax620_files_test.py VNPU [FOLDER]: .joint files as vnpu and the Python reader see them, and recorded results.

FOLDER (default: $VNPU_GOLDEN or ../shared/golden, there ax620) holds models that are not ours to keep in this repository. For every one:
tensors, tool version, counts of commands and jobs, traffic and memory map equal joint_read.py's. Where values/NAME.ramp.trace.gz stands
beside it: outputs and the bytes of every command equal what was recorded. The golden models of this repository are always read.
Needs nothing but Python's library.
"""
import gzip
import hashlib
import io
import json
import os
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools/oracle/ax620"))
import joint_read  # noqa: E402

MEMORY = {"inputs": "inputs", "outputs": "outputs", "parameters": "params", "swaps": "swaps"}


def run(*arguments):
    return subprocess.run([str(a) for a in arguments], check=True, capture_output=True).stdout


def differences(vnpu, path):
    """What vnpu info and joint_read.py do not agree on."""
    ours, theirs = json.loads(run(vnpu, "info", path, "--json")), joint_read.read(str(path))[0]
    topology, part = theirs["topo"], theirs["neu"]["part_0.neu"]
    seen = []

    def check(what, a, b):
        if a != b:
            seen.append(f"{what}: {a} and {b}")

    check("tool version", ours["tool_version"], topology["tool_version"])
    check("tool commit", ours["tool_commit"], topology.get("tool_commit", ""))
    check("mode", ours["virtual_npu"], theirs["virtual_npu"])
    check("members", {m["name"]: m["bytes"] for m in ours["members"]}, theirs["members"])
    check("commands", ours["commands"]["total"], theirs["commands"]["total"])
    check("commands by kind", ours["commands"]["by_unit_and_kind"], theirs["commands"]["by_eu_kind"])
    check("jobs", ours["commands"]["jobs"], theirs["commands"]["jobs"])
    check("dependencies", ours["commands"]["dependencies"], theirs["commands"]["dependency_check"])
    if "mcode" in part:
        check("machine code", ours["commands"]["machine_code"], {"commands": part["mcode"]["commands"], "waits_equal_the_list": theirs["mcode_sync_matches_cmds"]})
    if "ddr_bytes" in part:
        check("traffic", ours["traffic"], {"loaded": part["ddr_bytes"]["load"], "stored": part["ddr_bytes"]["store"],
                                           "swapped": part["ddr_bytes"]["swap"], "total": part["ddr_bytes"]["total"]})
    for here, there in MEMORY.items():
        regions = [[r["name"], r.get("start_addr", 0), r.get("end_addr", 0) - r.get("start_addr", 0)] for r in theirs["base_addrs"].get(there, [])]
        check(here, [[r["name"], r["start"], r["bytes"]] for r in ours["memory_map"][here]], regions)
    check("input names", ours["input_names"], topology["input_names"])
    check("output names", ours["output_names"], topology["output_names"])
    check("outputs", [[o["name"], o["tensor"]] for o in ours["model_outputs"]],
          [[n, t["tensor"]] for n, t in zip(topology["output_names"], topology["outputs"])])
    metas = {m["name"]: m for m in part["layer_metas"]}
    for tensor, named in list(zip(ours["model_inputs"], topology["inputs"])) + list(zip(ours["model_outputs"], topology["outputs"])):
        meta = metas.get(named["tensor"])
        if not meta:
            continue  # made on the CPU
        check(f"shape of {named['tensor']}", tensor["shape"], named.get("shape_override", meta["shape"]))
        check(f"type of {named['tensor']}", tensor["dtype"], meta["dtype"])
    if "performance_rows" in theirs:
        check("rows of the estimate", len(ours["performance"]["rows"]), theirs["performance_rows"])
    for member, axe in theirs["axe"].items():
        kinds = [o["kind"] for o in axe["operators"] if o["kind"] in ("Concat", "Reshape")]
        check(f"operators of {member}", [s["kind"] for s in ours["cpu_steps"] if s["part"] == member], kinds)
    return seen


def npy(descr, shape, data):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header = header.ljust((10 + len(header) + 1 + 63) // 64 * 64 - 11) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + data


def npz(path, arrays):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in arrays.items():
            archive.writestr(name + ".npy", data)


def ramp(shape, size):
    """the picture the recordings were made with"""
    width, channels = shape[2], shape[3]
    rows = size // (width * channels)
    return bytes((7 * x + 11 * y + 53 * c + (x * y >> 5)) & 255 for y in range(rows) for x in range(width) for c in range(channels))


def recorded(vnpu, path, values, folder):
    """Differences from what was recorded: outputs and every command's bytes; the number of commands."""
    info = json.loads(run(vnpu, "info", path, "--json"))
    pictures = [ramp(t["shape"], t["bytes"]) for t in info["programs"][0]["inputs"]]
    case = folder / path.stem
    case.mkdir()
    (case / "in.bin").write_bytes(pictures[0])
    run(vnpu, "run", path, "-i", case / "in.bin", "-o", case / "out.npz", "--quirks", "none", "-q")
    tensors = {o["tensor"]: o["name"] for o in info["model_outputs"]}
    seen, outputs = [], {}
    with zipfile.ZipFile(case / "out.npz") as archive:
        files = {n[:-4]: archive.read(n) for n in archive.namelist()}
    for line in (values / f"{path.stem}.ramp.out.txt").read_text().splitlines():
        name, wanted = line.split(" ", 1)[0], line.split()[-1]
        file = files[tensors[name]]
        got = hashlib.sha256(file[10 + struct.unpack_from("<H", file, 8)[0]:]).hexdigest()[:16]
        if got != wanted:
            seen.append(f"output {name}: {got}, recorded {wanted}")
    for i, output in enumerate(info["model_outputs"]):
        outputs[f"y0_{i}"] = files[output["name"]]
    trace = [line.split() for line in gzip.open(values / f"{path.stem}.ramp.trace.gz", "rt")]
    (case / "model.joint").write_bytes(path.read_bytes())
    npz(case / "input.npz", {f"x0_{i}": npy("|u1", (len(p),), p) for i, p in enumerate(pictures)})
    npz(case / "output.npz", outputs)
    rows = [[i, t[2], int(t[5], 16), int(t[4])] for i, t in enumerate(trace)]
    (case / "case.json").write_text(json.dumps({"case": path.stem, "format": "joint", "runs": 1, "trace": rows}))
    ran = subprocess.run([vnpu, "verify", case, "--quirks", "none"], capture_output=True, text=True)
    if not ran.stdout.endswith("1 passed, 0 failed, 0 skipped\n"):
        seen.append(ran.stdout.strip())
    return seen, len(rows)


def main():
    vnpu = sys.argv[1]
    default = os.environ.get("VNPU_GOLDEN", ROOT / "../shared/golden")
    folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else default)
    folder = folder / "ax620" if (folder / "ax620").is_dir() else folder
    failed = False

    def say(name, seen, fine):
        nonlocal failed
        failed |= bool(seen)
        print(f"{name}: {'; '.join(seen) if seen else fine}")

    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        own = 0
        for archive in sorted((ROOT / "tests/golden/ax620").glob("*.tar.xz")):
            with tarfile.open(archive) as tar:
                for entry in tar:
                    if not entry.name.endswith("model.joint"):
                        continue
                    file = scratch / (entry.name.split("/")[-2] + ".joint")
                    file.write_bytes(tar.extractfile(entry).read())
                    seen = differences(vnpu, file)
                    own += 1
                    if seen:
                        say(file.name, seen, "")
        print(f"{own} models of this repository were read")
        models = sorted(folder.glob("*.joint")) if folder.is_dir() else []
        for path in models:
            say(path.name, differences(vnpu, path), "structure equals joint_read.py's")
            if (folder / "values" / f"{path.stem}.ramp.trace.gz").exists():
                seen, commands = recorded(vnpu, path, folder / "values", scratch)
                say(path.name, seen, f"outputs and {commands} commands equal the recording")
        if not models:
            print(f"{folder} holds no .joint files: recorded results were not looked at")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
