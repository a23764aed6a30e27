"""spill.py IN OUT: makes the MicroPython guest safe for its own garbage collector.

MicroPython's collector scans the C stack for pointers. In WebAssembly most C variables live in locals, which no code can
scan, so that the collector frees objects that are in use: in the module as distributed, gc.collect() in a function with
an exception handler is enough to crash it. Here each function that calls others gets a frame on the C stack, where its
i32 locals and the results of its calls are stored as they are set. The stack moves to pages of its own, for the frames
need more room. Error numbers become those of the boards. The rest is as it was.
"""
import struct
import sys

I32 = 0x7F


class Reader:
    def __init__(self, data, at=0, end=None):
        self.data, self.at, self.end = data, at, len(data) if end is None else end

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def u(self):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 127) << shift
            shift += 7
            if b < 128:
                return value

    def s(self):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 127) << shift
            shift += 7
            if b < 128:
                return value - (1 << shift) if b & 64 else value


def u(value):
    out = bytearray()
    while True:
        b = value & 127
        value >>= 7
        out.append(b | 128 if value else b)
        if not value:
            return bytes(out)


def s(value):
    out = bytearray()
    while True:
        b = value & 127
        value >>= 7
        if (value == 0 and not b & 64) or (value == -1 and b & 64):
            out.append(b)
            return bytes(out)
        out.append(b | 128)


def skip_immediates(r, op):
    if op in (0x02, 0x03, 0x04):
        r.s()
    elif op in (0x0C, 0x0D, 0x10, 0x08, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0xD2, 0x12):
        r.u()
    elif op == 0x0E:
        for _ in range(r.u() + 1):
            r.u()
    elif op in (0x11, 0x13):
        r.u(), r.u()
    elif op == 0x1C:
        r.take(r.u())
    elif op == 0x1F:
        r.s()
        for _ in range(r.u()):
            kind = r.byte()
            if kind in (0, 1):
                r.u()
            elif kind not in (2, 3):
                raise ValueError("catch clause")
            r.u()
    elif 0x28 <= op <= 0x3E:
        r.u(), r.u()
    elif op in (0x3F, 0x40, 0xD0):
        r.byte()
    elif op == 0x41 or op == 0x42:
        r.s()
    elif op == 0x43:
        r.take(4)
    elif op == 0x44:
        r.take(8)
    elif op == 0xFC:
        sub = r.u()
        for _ in range({8: 2, 9: 1, 10: 2, 11: 1, 12: 2, 13: 1, 14: 2, 15: 1, 16: 1, 17: 1}.get(sub, 0)):
            r.u()
        if sub > 17:
            raise ValueError("opcode fc %d" % sub)
    elif op in (0x00, 0x01, 0x05, 0x0A, 0x0B, 0x0F, 0x1A, 0x1B, 0xD1) or 0x45 <= op <= 0xC4:
        pass
    else:
        raise ValueError("opcode %02x at %x" % (op, r.at))


def instructions(r):
    while r.at < r.end:
        start = r.at
        op = r.byte()
        skip_immediates(r, op)
        yield op, start, r.at


class Module:
    def __init__(self, data):
        self.sections = []
        r = Reader(data, 8)
        while r.at < len(data):
            kind, size = r.byte(), r.u()
            self.sections.append([kind, bytes(r.take(size))])
        self.types, self.functions, self.imports = [], [], 0
        for kind, body in self.sections:
            r = Reader(body)
            if kind == 1:
                for _ in range(r.u()):
                    if r.byte() != 0x60:
                        raise ValueError("type")
                    params = list(r.take(r.u()))
                    self.types.append((params, list(r.take(r.u()))))
            elif kind == 2:
                for _ in range(r.u()):
                    r.take(r.u()), r.take(r.u())
                    if r.byte() != 0:
                        raise ValueError("import kind")
                    self.functions.append(r.u())
                self.imports = len(self.functions)
            elif kind == 3:
                self.functions += [r.u() for _ in range(r.u())]

    def bytes(self):
        return b"\0asm\1\0\0\0" + b"".join(bytes([k]) + u(len(b)) + b for k, b in self.sections)

    def section(self, kind):
        return next(s for s in self.sections if s[0] == kind)


def rewrite(module, body, type_index, shared_slots, constants):
    params, results = module.types[type_index]
    r = Reader(body)
    groups = [(r.u(), r.byte()) for _ in range(r.u())]
    locals_ = params + [t for n, t in groups for _ in range(n)]
    code = list(instructions(r))
    assert code[-1][0] == 0x0B
    calls = sum(1 for op, _, _ in code if op in (0x10, 0x11))
    if any(op in (0x12, 0x13) for op, _, _ in code):
        raise ValueError("tail call")
    out = bytearray()
    frame_pointer, temporary = len(locals_), len(locals_) + 1
    if not calls:
        for op, a, b in code:
            text = body[a:b]
            out += constants.get(text, text)
        return u(len(groups)) + b"".join(u(n) + bytes([t]) for n, t in groups) + bytes(out)
    slot = {}
    for i, t in enumerate(locals_):
        if t == I32:
            slot[i] = 4 * len(slot)
    base, used = 4 * len(slot), min(calls, shared_slots)
    frame = (base + 4 * used + 15) & ~15

    def store(offset, local):
        return b"\x20" + u(frame_pointer) + b"\x20" + u(local) + b"\x36\x02" + u(offset)

    out += b"\x23\x00\x41" + s(frame) + b"\x6b\x22" + u(frame_pointer) + b"\x24\x00"
    for i, t in enumerate(params):
        if t == I32:
            out += store(slot[i], i)
    if len(results) > 1:
        raise ValueError("several results")
    out += b"\x02" + (bytes(results) if results else b"\x40")
    depth, site = 0, 0
    for op, a, b in code[:-1]:
        text = body[a:b]
        if op in (0x02, 0x03, 0x04, 0x1F):
            depth += 1
        elif op == 0x0B:
            depth -= 1
        if op == 0x0F:
            out += b"\x0c" + u(depth)
            continue
        out += constants.get(text, text)
        if op in (0x21, 0x22):
            local = Reader(body, a + 1).u()
            if local in slot:
                out += store(slot[local], local)
        elif op in (0x10, 0x11):
            index = Reader(body, a + 1).u()
            signature = module.types[module.functions[index] if op == 0x10 else index]
            if signature[1] == [I32]:
                out += b"\x21" + u(temporary) + store(base + 4 * (site % used), temporary) + b"\x20" + u(temporary)
                site += 1
    out += b"\x0b\x20" + u(frame_pointer) + b"\x41" + s(frame) + b"\x6a\x24\x00\x0b"
    groups = groups + [(2, I32)]
    return u(len(groups)) + b"".join(u(n) + bytes([t]) for n, t in groups) + bytes(out)


# Error numbers that the guest knows by name: of WASI, and as the boards count them.
ERRORS = (
    (63, 1), (44, 2), (29, 5), (8, 9), (6, 11), (48, 12), (2, 13), (20, 17), (43, 19), (31, 21), (28, 22), (58, 95),
    (3, 98), (13, 103), (15, 104), (42, 105), (53, 107), (73, 110), (14, 111), (23, 113), (7, 114), (26, 115),
)


# They stand, as small integers of MicroPython, in two constant tables of pairs of words.
def renumber_errors(data):
    out, found = bytearray(data), 0
    words = [struct.pack("<I", 2 * wasi + 1) for wasi, _ in ERRORS]
    at = data.find(words[0])
    while at >= 0:
        if all(data[at + 8 * i:at + 8 * i + 4] == word for i, word in enumerate(words)):
            found += 1
            for i, (_, number) in enumerate(ERRORS):
                struct.pack_into("<I", out, at + 8 * i, 2 * number + 1)
        at = data.find(words[0], at + 1)
    if found != 2:
        raise ValueError("the tables of errors were found %d times" % found)
    return bytes(out)


def spill(data, stack_pages=16, shared_slots=24):
    module = Module(data)
    # the C stack moves to pages of its own behind the initial memory
    memory = module.section(5)
    r = Reader(memory[1])
    assert r.u() == 1
    flags, pages = r.byte(), r.u()
    assert flags == 0
    memory[1] = b"\x01\x00" + u(pages + stack_pages)
    top = (pages + stack_pages) * 65536
    glob = module.section(6)
    r = Reader(glob[1])
    assert glob[1].startswith(b"\x02\x7f\x01\x41")
    r.at = 4
    r.s()
    glob[1] = glob[1][:4] + s(top) + glob[1][r.at:]
    # the guest refuses recursion beyond this many bytes of it
    limit = b"\x41" + s(40000)
    constants = {limit: b"\x41" + s(stack_pages * 65536 - 300000)}
    code = module.section(10)
    r = Reader(code[1])
    count = r.u()
    out = bytearray(u(count))
    limits = 0
    for i in range(count):
        size = r.u()
        body = bytes(r.take(size))
        limits += body.count(limit)
        new = rewrite(module, body, module.functions[module.imports + i], shared_slots, constants)
        out += u(len(new)) + new
    code[1] = bytes(out)
    constants = module.section(11)
    constants[1] = renumber_errors(constants[1])
    if limits != 1:
        raise ValueError("the limit of recursion was found %d times" % limits)
    return module.bytes()


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as f:
        data = f.read()
    with open(sys.argv[2], "wb") as f:
        f.write(spill(data))
