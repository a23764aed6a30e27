#!/usr/bin/env python3
"""Records calls of the CPU functions of the vendor's CV180x/CV181x runtime: function, attributes, input and output bytes.

  record_host_calls.py models OUT.gz MODEL.cvimodel INPUT.npz [MODEL INPUT ...]
        runs whole models and keeps those CPU routines whose tensors are intact after the run
  record_host_calls.py single OUT.gz PLAN.py [NAME ...]
        makes models of one CPU routine each from PLAN.py's `cases` (see host_call_plan.py) and runs those

Runs with the Python of an environment that holds tpu_mlir (module pyruntime_cvi). Each model runs in a child process,
because the vendor's runtime ends the process on errors; what it said is kept in place of the outputs.

File (gzip; little endian): "VNPUHC1\\0", u32 calls; per call: str function; u32 attributes, each: str key, u8 kind (0 float,
1 bool, 2 int, 3 string, 4 floats, 5 ints), value (u8 for bool, 4 bytes for float and int, str, u32 count + 4 bytes
each); u32 inputs, u32 outputs, tensors in that order, each: str name, u8 type (number of the file format), 4 x i32
shape, u32 size, bytes, u32 size behind, bytes behind; str failure (empty: the outputs are valid). str = u32 length, bytes.
"""
import os
import pickle
import runpy
import struct
import sys
import sysconfig

PKG = os.path.join(sysconfig.get_paths()["purelib"], "tpu_mlir")
DTYPES = ["f4", "i4", "u4", "u2", "i2", "u2", "i1", "u1"]  # FP32 INT32 UINT32 BF16 INT16 UINT16 INT8 UINT8


def ensure_env():
    """The library path must be set before the process starts: re-execute once."""
    if os.environ.get("HOST_CALLS_ENV") != PKG:
        os.environ["HOST_CALLS_ENV"] = PKG
        os.environ["LD_LIBRARY_PATH"] = ":".join([PKG + "/lib", PKG + "/lib/capi", PKG + "/lib/third_party"])
        os.execv(sys.executable, [sys.executable] + sys.argv)
    sys.path.append(PKG + "/python")
    sys.path.append(PKG)


# ---------------------------------------------------------------- reading a model

class Table:
    def __init__(self, buf, pos):
        self.b, self.p = buf, pos
        self.vt = pos - struct.unpack_from("<i", buf, pos)[0]
        self.n = (struct.unpack_from("<H", buf, self.vt)[0] - 4) // 2

    def at(self, i):
        o = struct.unpack_from("<H", self.b, self.vt + 4 + 2 * i)[0] if i < self.n else 0
        return self.p + o if o else None

    def num(self, i, f, default=0):
        a = self.at(i)
        return default if a is None else struct.unpack_from("<" + f, self.b, a)[0]

    def ref(self, i):
        a = self.at(i)
        return None if a is None else a + struct.unpack_from("<I", self.b, a)[0]

    def table(self, i):
        a = self.ref(i)
        return None if a is None else Table(self.b, a)

    def string(self, i):
        a = self.ref(i)
        return "" if a is None else text(self.b, a)

    def vector(self, i, f):
        a = self.ref(i)
        if a is None:
            return []
        n = struct.unpack_from("<I", self.b, a)[0]
        return list(struct.unpack_from("<%d%s" % (n, f), self.b, a + 4))

    def refs(self, i):
        a = self.ref(i)
        if a is None:
            return []
        n = struct.unpack_from("<I", self.b, a)[0]
        return [a + 4 + 4 * k + struct.unpack_from("<I", self.b, a + 4 + 4 * k)[0] for k in range(n)]

    def tables(self, i):
        return [Table(self.b, a) for a in self.refs(i)]

    def strings(self, i):
        return [text(self.b, a) for a in self.refs(i)]


def text(b, a):
    n = struct.unpack_from("<I", b, a)[0]
    return bytes(b[a + 4:a + 4 + n]).decode()


def root(b):
    return Table(b, struct.unpack_from("<I", b, 0)[0])


def attributes(args):
    out = []
    for a in root(args).tables(0):
        for kind in range(6):
            t = a.table(kind)
            if t is None:
                continue
            v = [lambda: t.num(1, "f", 0.0), lambda: bool(t.num(1, "B")), lambda: t.num(1, "i"), lambda: t.string(1),
                 lambda: t.vector(1, "f"), lambda: t.vector(1, "i")][kind]()
            out.append((t.string(0), kind, v))
    return out


def read_model(path):
    """(weights {name: (type, shape, bytes)}, programs [dict(tensors, routines)])."""
    raw = open(path, "rb").read()
    body = struct.unpack_from("<I", raw, 8)[0]
    m = root(raw[48:48 + body])
    sections = {}
    for s in m.tables(7):
        at = 48 + body + s.num(3, "I")
        sections[s.string(1)] = (s.num(0, "B"), raw[at:at + s.num(2, "I")])
    weight = next((d for k, d in sections.values() if k == 0), b"")
    weights = {}
    for w in m.tables(5):
        at = w.num(1, "q") & ((1 << 40) - 1)
        weights[w.string(0)] = (w.num(4, "B"), w.table(3).vector(0, "q"), weight[at:at + w.num(2, "I")])
    programs = []
    for p in m.tables(6):
        tensors = {t.string(1): dict(offset=t.num(2, "q"), type=t.num(3, "B"), shape=t.table(4).vector(0, "q"),
                                     overwrote=bool(t.num(7, "B"))) for t in p.tables(4)}
        routines = []
        for r in p.tables(5):
            cpu = r.table(4)
            d = dict(inputs=r.strings(1), outputs=r.strings(2))
            if r.num(0, "B") == 1:
                d.update(function=cpu.string(0), attributes=attributes(bytes(cpu.vector(1, "B"))))
            routines.append(d)
        programs.append(dict(tensors=tensors, routines=routines, inputs=p.strings(2), private=p.num(7, "I")))
    return weights, programs


# ---------------------------------------------------------------- making a model of one CPU routine

def make_model(path, function, attrs, inputs, outputs):
    """inputs, outputs: [(name, type, shape)]. All tensors lie one after another, 4096 aligned, in private memory."""
    import flatbuffers

    def table(b, fields):
        b.StartObject(max(i for i, _, _ in fields) + 1)
        for i, kind, v in fields:
            getattr(b, "Prepend%sSlot" % kind)(i, v, 0) if kind != "UOffsetTRelative" else \
                b.PrependUOffsetTRelativeSlot(i, v, 0)
        return b.EndObject()

    def vector(b, values, fmt):
        size = struct.calcsize(fmt)
        b.StartVector(size, len(values), size)
        put = {"q": b.PrependInt64, "i": b.PrependInt32, "f": b.PrependFloat32, "B": b.PrependUint8,
               "o": b.PrependUOffsetTRelative}["o" if fmt == "I" else fmt]
        for v in reversed(values):
            put(v)
        return b.EndVector()

    b = flatbuffers.Builder(1024)
    b.ForceDefaults(True)
    rows = []
    for key, kind, v in attrs:
        k = b.CreateString(key)
        if kind >= 3:
            v = b.CreateString(v) if kind == 3 else vector(b, v, "fi"[kind - 4])
        slot = ["Float32", "Bool", "Int32", "UOffsetTRelative", "UOffsetTRelative", "UOffsetTRelative"][kind]
        one = table(b, [(0, "UOffsetTRelative", k), (1, slot, v)])
        rows.append(table(b, [(kind, "UOffsetTRelative", one)]))
    b.Finish(table(b, [(0, "UOffsetTRelative", vector(b, rows, "I"))]))
    args = bytes(b.Output())

    b = flatbuffers.Builder(4096)
    b.ForceDefaults(True)
    tensors, at = [], 0
    for k, (name, t, shape) in enumerate(inputs + outputs):
        nm = b.CreateString(name)
        sh = table(b, [(0, "UOffsetTRelative", vector(b, shape, "q"))])
        q = table(b, [(0, "Uint8", 0), (4, "Float32", 1.0)])
        tensors.append(table(b, [(0, "Uint32", k), (1, "UOffsetTRelative", nm), (2, "Int64", (2 << 40) + at), (3, "Uint8", t),
                                 (4, "UOffsetTRelative", sh), (6, "UOffsetTRelative", q), (7, "Bool", False)]))
        size = int(DTYPES[t][1])
        for d in shape:
            size *= d
        at += (size + 4095) // 4096 * 4096
    names = lambda l: vector(b, [b.CreateString(n) for n, _, _ in l], "I")
    cpu = table(b, [(0, "UOffsetTRelative", b.CreateString(function)), (1, "UOffsetTRelative", vector(b, list(args), "B"))])
    routine = table(b, [(0, "Uint8", 1), (1, "UOffsetTRelative", names(inputs)), (2, "UOffsetTRelative", names(outputs)),
                        (4, "UOffsetTRelative", cpu)])
    program = table(b, [(0, "Uint32", 0), (1, "Uint32", 0), (2, "UOffsetTRelative", names(inputs)),
                        (3, "UOffsetTRelative", names(outputs)), (4, "UOffsetTRelative", vector(b, tensors, "I")),
                        (5, "UOffsetTRelative", vector(b, [routine], "I")), (6, "Uint32", 4096), (7, "Uint32", at + 4096)])
    weight_name = b.CreateString("weight")
    section = table(b, [(0, "Uint8", 0), (1, "UOffsetTRelative", weight_name), (2, "Uint32", 64), (3, "Uint32", 0),
                        (4, "Bool", False), (5, "Bool", False), (6, "Uint32", 0)])
    one = lambda x: vector(b, [x], "I")
    programs, sections, weights = one(program), one(section), vector(b, [], "I")
    strings = [b.CreateString(s) for s in ("host_call", "", "cv181x", "1")]
    b.StartObject(10)
    b.PrependUOffsetTRelativeSlot(1, strings[0], 0)
    b.PrependUOffsetTRelativeSlot(2, strings[1], 0)
    b.PrependUOffsetTRelativeSlot(5, weights, 0)
    b.PrependUOffsetTRelativeSlot(6, programs, 0)
    b.PrependUOffsetTRelativeSlot(7, sections, 0)
    b.PrependUOffsetTRelativeSlot(8, strings[2], 0)
    b.PrependUOffsetTRelativeSlot(9, strings[3], 0)
    b.Prep(1, 3)
    for v in (0, 4, 1):
        b.PrependByte(v)
    b.PrependStructSlot(0, b.Offset(), 0)
    b.Finish(b.EndObject())
    body = bytes(b.Output())
    head = b"CviModel" + struct.pack("<IBB", len(body), 1, 4) + bytes(16) + b"cv181x".ljust(16, b"\0") + b"\0\0"
    open(path, "wb").write(head + body + bytes(64))


# ---------------------------------------------------------------- running

def simulate(path, arrays, log, program=0, all_tensors=True):
    """Runs in a child: ({tensor: bytes after the run}, "") or (None, what the vendor's runtime said)."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(fd, 1), os.dup2(fd, 2)
        try:
            import numpy as np
            import pyruntime_cvi
            m = pyruntime_cvi.Model(path, program, all_tensors)
            for t in m.inputs:
                a = np.frombuffer(arrays[t.name], t.data.dtype)
                t.data.reshape(-1)[:] = a
            m.forward()
            out = {t.name: np.array(t.data).tobytes() for t in m.outputs}
            for t in m.inputs:
                out.setdefault(t.name, np.array(t.data).tobytes())
            with os.fdopen(w, "wb") as f:
                pickle.dump(out, f)
            os._exit(0)
        except BaseException:
            import traceback
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
    os.close(w)
    with os.fdopen(r, "rb") as f:
        data = f.read()
    _, status = os.waitpid(pid, 0)
    if data:
        return pickle.loads(data), ""
    said = [l for l in open(log, errors="replace").read().splitlines() if l.strip()]
    last = said[-1] if said else ""
    return None, "status %d" % status + (": " + last[last.index("Assertion"):] if "Assertion" in last else "")


def pack_string(s):
    s = s.encode() if isinstance(s, str) else s
    return struct.pack("<I", len(s)) + s


def pack_call(call):
    out = [pack_string(call["function"]), struct.pack("<I", len(call["attributes"]))]
    for key, kind, v in call["attributes"]:
        out += [pack_string(key), struct.pack("<B", kind)]
        out.append(struct.pack("<f", v) if kind == 0 else struct.pack("<B", v) if kind == 1 else struct.pack("<i", v)
                   if kind == 2 else pack_string(v) if kind == 3 else
                   struct.pack("<I%d%s" % (len(v), "fi"[kind - 4]), len(v), *v))
    out.append(struct.pack("<II", len(call["inputs"]), len(call["outputs"])))
    for name, t, shape, data, behind in call["inputs"] + call["outputs"]:
        out += [pack_string(name), struct.pack("<B4i", t, *shape), pack_string(data), pack_string(behind)]
    out.append(pack_string(call.get("failure", "")))
    return b"".join(out)


def write(path, calls):
    import gzip
    with gzip.GzipFile(path, "wb", 9, mtime=0) as f:
        f.write(b"VNPUHC1\0" + struct.pack("<I", len(calls)))
        for c in calls:
            f.write(pack_call(c))


def intact(program):
    """Names of tensors whose memory no later routine's output touches (host-only tensors always)."""
    import numpy as np
    t = program["tensors"]

    def span(n):
        o = t[n]["offset"]
        return (o >> 40, o & ((1 << 40) - 1), int(np.prod(t[n]["shape"])) * int(DTYPES[t[n]["type"]][1]))

    good = set()
    order = [(k, n) for k, r in enumerate(program["routines"]) for n in r["outputs"]]
    for n in t:
        made = max([k for k, m in order if m == n], default=-1)
        if t[n]["offset"] < 0:
            good.add(n)
            continue
        s = span(n)
        if s[0] == 0:  # shared memory: TPU routines also use it for tensors that no routine names
            later_tpu = any("function" not in r for r in program["routines"][made + 1:])
            if later_tpu:
                continue
        hit = False
        for k, m in order:
            if k > made and m != n and t[m]["offset"] >= 0:
                q = span(m)
                hit |= q[0] == s[0] and q[1] < s[1] + s[2] and s[1] < q[1] + q[2]
        if not hit:
            good.add(n)
    return good


def behind(program, out, name, limit=1 << 16):
    """Bytes that follow a tensor of the private memory: the rest of that memory, the first input's buffer."""
    t = program["tensors"][name]
    if t["offset"] >> 40 != 2:
        return b""
    private = bytearray((program["private"] + 4095) // 4096 * 4096)
    for n in out:
        o = program["tensors"][n]["offset"] if n in program["tensors"] else 0
        if o >> 40 == 2:
            o &= (1 << 40) - 1
            private[o:o + len(out[n])] = out[n]
    at = (t["offset"] & ((1 << 40) - 1)) + len(out[name])
    return (bytes(private[at:]) + out[program["inputs"][0]])[:limit]


def from_models(pairs, log):
    import numpy as np
    calls = []
    for path, given in pairs:
        weights, programs = read_model(path)
        if not any("function" in r for r in programs[0]["routines"]):
            continue
        arrays = {k: v.tobytes() for k, v in np.load(given).items()}
        out, why = simulate(path, arrays, log)
        if out is None:
            print(path, why)
            continue
        good = intact(programs[0])

        def tensor(n, function):
            if n in programs[0]["tensors"]:
                t = programs[0]["tensors"][n]
                more = behind(programs[0], out, n) if function == "yolo_detection" and n in out else b""
                return (n, t["type"], t["shape"], out[n], more) if n in good and n in out else None
            t = weights[n]
            return (n, t[0], t[1], t[2], b"")

        for r in programs[0]["routines"]:
            if "function" in r:
                ins, outs = ([tensor(n, r["function"]) for n in r[k]] for k in ("inputs", "outputs"))
                if None in ins or None in outs:
                    print("not intact:", path, r["function"])
                    continue
                calls.append(dict(function=r["function"], attributes=r["attributes"], inputs=ins, outputs=outs, origin=path))
    return calls


def from_plan(plan, names, log):
    calls = []
    for function, attrs, inputs, outputs in runpy.run_path(plan)["cases"]():
        if names and function not in names:
            continue
        model = log + ".cvimodel"
        make_model(model, function, attrs, [x[:3] for x in inputs], outputs)
        out, why = simulate(model, {x[0]: x[3] for x in inputs}, log)
        calls.append(dict(function=function, attributes=attrs, inputs=[tuple(x[:4]) + (b"",) for x in inputs],
                          outputs=[tuple(x) + (out[x[0]] if out else b"", b"") for x in outputs], failure=why))
        if why:
            print(function, attrs, why)
    return calls


def main():
    ensure_env()
    if len(sys.argv) < 4 or sys.argv[1] not in ("models", "single"):
        sys.exit(__doc__)
    import tempfile
    log = os.path.join(tempfile.mkdtemp(), "log")
    if sys.argv[1] == "models":
        calls = from_models(list(zip(sys.argv[3::2], sys.argv[4::2])), log)
    else:
        calls = from_plan(sys.argv[3], sys.argv[4:], log)
    write(sys.argv[2], calls)
    print(len(calls), "calls")


if __name__ == "__main__":
    main()
