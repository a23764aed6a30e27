"""The wire formats inside of a .joint: protobuf messages (cmd_schema.json) and FlatBuffers, checked while they are read."""
import json, os, struct

HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA = json.load(open(os.path.join(HERE, 'cmd_schema.json')))
MSGS, ENUMS = SCHEMA['messages'], SCHEMA['enums']


class Bad(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


# ---------------------------------------------------------------- protobuf wire format
def varint(b, i):
    r = s = 0
    while True:
        if i >= len(b):
            raise Bad('protobuf', 'varint runs past the end')
        c = b[i]; i += 1
        r |= (c & 127) << s
        if c < 128:
            return r, i
        s += 7
        if s > 63:
            raise Bad('protobuf', 'varint longer than 10 bytes')


def fields(b):
    i, n = 0, len(b)
    while i < n:
        k, i = varint(b, i)
        f, w = k >> 3, k & 7
        if w == 0:
            v, i = varint(b, i)
        elif w == 1:
            v = b[i:i + 8]; i += 8
        elif w == 5:
            v = b[i:i + 4]; i += 4
        elif w == 2:
            l, i = varint(b, i)
            v = b[i:i + l]; i += l
        else:
            raise Bad('protobuf', 'wire type %d' % w)
        if i > n:
            raise Bad('protobuf', 'field runs past the end')
        yield f, w, v


def _i64(v):
    return v - (1 << 64) if v >> 63 else v


SIG = {'int32': True, 'int64': True, 'uint32': False, 'uint64': False, 'bool': False}


def decode(b, msg):
    """schema driven decode -> dict (absent proto3 fields are absent keys)"""
    sch = MSGS[msg]
    out = {}
    for f, w, v in fields(b):
        d = sch.get(str(f))
        if d is None:
            out.setdefault('_unknown', []).append(f)
            continue
        name, t, rep = d
        if t.startswith('msg:'):
            x = decode(v, t[4:])
        elif t == 'string':
            x = v.decode('utf-8', 'replace')
        elif t == 'bytes':
            x = bytes(v)
        elif t in ('float', 'double'):
            c, sz = ('<f', 4) if t == 'float' else ('<d', 8)
            if w == 2:
                out.setdefault(name, []).extend(struct.unpack_from(c, v, i)[0] for i in range(0, len(v), sz))
                continue
            x = struct.unpack(c, v)[0]
        else:
            def conv(u):
                if t.startswith('enum:'):
                    return ENUMS[t[5:]].get(str(u), u)
                if t == 'bool':
                    return bool(u)
                return _i64(u) if SIG[t] else u
            if w == 2:
                i, l = 0, out.setdefault(name, [])
                while i < len(v):
                    u, i = varint(v, i)
                    l.append(conv(u))
                continue
            x = conv(v)
        if rep:
            out.setdefault(name, []).append(x)
        else:
            out[name] = x
    return out


# ---------------------------------------------------------------- flatbuffer access
class FB:
    def __init__(self, b):
        self.b = b

    def need(self, o, n):
        if o < 0 or o + n > len(self.b):
            raise Bad('flatbuffer', 'offset %d+%d outside %d bytes' % (o, n, len(self.b)))

    def u(self, o, n=4):
        self.need(o, n)
        return int.from_bytes(self.b[o:o + n], 'little')

    def s32(self, o):
        self.need(o, 4)
        return struct.unpack_from('<i', self.b, o)[0]

    def root(self):
        return Table(self, self.u(0))

    def vec(self, o):
        p = o + self.u(o)
        return p + 4, self.u(p)


class Table:
    def __init__(self, fb, t):
        self.fb, self.t = fb, t
        v = t - fb.s32(t)
        n = fb.u(v, 2)
        self.size = fb.u(v + 2, 2)
        self.off = [fb.u(v + 4 + 2 * i, 2) for i in range((n - 4) // 2)]

    def at(self, i):
        return self.t + self.off[i] if i < len(self.off) and self.off[i] else None

    def num(self, i, n=4, d=0):
        o = self.at(i)
        return d if o is None else self.fb.u(o, n)

    def tab(self, i):
        o = self.at(i)
        return None if o is None else Table(self.fb, o + self.fb.u(o))

    def bytes(self, i):
        o = self.at(i)
        if o is None:
            return None
        p, n = self.fb.vec(o)
        self.fb.need(p, n)
        return self.fb.b[p:p + n]

    def string(self, i):
        x = self.bytes(i)
        return None if x is None else x.decode('utf-8', 'replace')

    def words(self, i, w=4):
        o = self.at(i)
        if o is None:
            return []
        p, n = self.fb.vec(o)
        return [self.fb.u(p + w * k, w) for k in range(n)]

    def tabs_of_strings(self, i):
        o = self.at(i)
        if o is None:
            return []
        p, n = self.fb.vec(o)
        out = []
        for k in range(n):
            q, l = self.fb.vec(p + 4 * k)
            self.fb.need(q, l)
            out.append(self.fb.b[q:q + l].decode('utf-8', 'replace'))
        return out

    def tabs(self, i):
        o = self.at(i)
        if o is None:
            return []
        p, n = self.fb.vec(o)
        return [Table(self.fb, p + 4 * k + self.fb.u(p + 4 * k)) for k in range(n)]
