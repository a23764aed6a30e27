#!/usr/bin/env python3
"""Hostile .joint files against `vnpu info` and `vnpu run`: status, memory and time of whole processes.

usage: hostile.py VNPU [--files FILE.joint ...] [--cuts 60] [--flips 120] [--keep DIR] [--run]

Makes cut and changed copies of the files (default: the cases of tests/golden/ax620), and bombs of every kind: gzip, tar and
zip, sizes that are only claimed, holes, nested and overlapping entries, command lists and topologies that unpack to far more
than they are. Every file must end with status 3 or 4 and say where, within 64 MB (a file of more than 4 MB: and its own bytes beyond) and
one second of processor time; a changed copy may also be read (status 0). --run tries `vnpu run` as well. Status 1 when a file does not.
"""
import argparse, gzip, io, json, os, random, struct, subprocess, sys, tarfile, tempfile, zipfile, zlib

HERE = os.path.dirname(os.path.abspath(__file__))
MB = 1 << 20


class Launcher:
    """Runs commands from a small process made early: what a process had before it became another counts as its memory."""

    def __init__(self):
        asked, self.ask = os.pipe()
        self.told, tell = os.pipe()
        if os.fork() == 0:
            os.close(self.ask)
            with os.fdopen(asked, 'rb') as questions, os.fdopen(tell, 'wb', 0) as answers:
                for line in questions:
                    process = subprocess.Popen(json.loads(line), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                    text = process.stderr.read().decode(errors='replace').strip()
                    _, status, used = os.wait4(process.pid, 0)
                    process.returncode = os.waitstatus_to_exitcode(status)
                    answers.write(json.dumps([process.returncode, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime, text[:4000]]).encode() + b'\n')
            os._exit(0)
        os.close(asked)
        os.close(tell)
        self.ask, self.told = os.fdopen(self.ask, 'wb', 0), os.fdopen(self.told, 'rb')

    def __call__(self, command):
        """(status, MB, seconds of processor time, what went to stderr)"""
        self.ask.write(json.dumps(command).encode() + b'\n')
        return json.loads(self.told.readline())


# ---------------------------------------------------------------- containers
def members(joint):
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(joint))) as t:
        return {m.name: t.extractfile(m).read() for m in t.getmembers()}


def tar(pairs):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.USTAR_FORMAT) as t:
        for name, data in pairs:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def header(name, size, kind=b'0', **more):
    """One tar header that says what it likes."""
    h = bytearray(512)
    h[:len(name)] = name.encode()
    h[100:108], h[108:116], h[116:124] = b'0000644\0', b'0000000\0', b'0000000\0'
    h[124:136] = b'%011o\0' % size if size < 1 << 33 else b'\x80' + size.to_bytes(11, 'big')
    h[136:148], h[148:156], h[156:157] = b'00000000000\0', b' ' * 8, kind
    h[257:265] = b'ustar\x0000'
    for place, data in more.get('at', []):
        h[place:place + len(data)] = data
    h[148:156] = b'%06o\0 ' % sum(h)
    return bytes(h)


def pad(data):
    return data + bytes(-len(data) % 512)


def packed(data):
    return gzip.compress(data, 9, mtime=0)


def zeros(count, level=9):
    """gzip of `count` zeros, made in pieces."""
    z = zlib.compressobj(level, zlib.DEFLATED, 31)
    piece = bytes(MB)
    return b''.join([z.compress(piece) for _ in range(count // MB)] + [z.flush()])


# ---------------------------------------------------------------- a part and its messages
def field_place(part, field):
    root = struct.unpack_from('<I', part, 0)[0]
    vtable = root - struct.unpack_from('<i', part, root)[0]
    return root + struct.unpack_from('<H', part, vtable + 4 + 2 * field)[0]


def with_commands(part, blob):
    """The part with another packed command list behind its end."""
    out = bytearray(part + bytes(-len(part) % 8))
    place = field_place(part, 8)
    struct.pack_into('<I', out, place, len(out) - place)
    return bytes(out) + struct.pack('<I', len(blob)) + blob + bytes(-len(blob) % 8 + 4)


def commands_of(part):
    place = field_place(part, 8)
    place += struct.unpack_from('<I', part, place)[0]
    return zlib.decompress(part[place + 4:place + 4 + struct.unpack_from('<I', part, place)[0]])


def varint(n):
    out = b''
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def message(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def nested(field, depth):
    out = b''
    for _ in range(depth):
        out = message(field, out)
    return out


# ---------------------------------------------------------------- what is tried: (name, bytes, must be refused)
def changed(name, joint, cuts, flips):
    rng = random.Random(len(joint))
    whole = gzip.decompress(joint)
    for form, data, pack in (('', joint, lambda x: x), ('tar ', whole, lambda x: x), ('tar in gzip ', whole, lambda x: gzip.compress(x, 1, mtime=0))):
        for i in range(cuts):
            size = len(data) * i // cuts // 64 * 64
            yield '%s: %scut at %d' % (name, form, size), pack(data[:size]), form == '' or size < 512
        for _ in range(flips):
            bit = rng.randrange(len(data) * 8)
            copy = bytearray(data)
            copy[bit // 8] ^= 1 << bit % 8
            yield '%s: %sbit %d flipped' % (name, form, bit), pack(bytes(copy)), False
    part = members(joint)['part_0.neu']
    for i in range(cuts):
        yield '%s: part cut at %d' % (name, len(part) * i // cuts), part[:len(part) * i // cuts], True
    plain = bytearray(commands_of(part))
    for _ in range(flips):
        bit = rng.randrange(len(plain) * 8)
        plain[bit // 8] ^= 1 << bit % 8
        yield '%s: command list, bit %d flipped' % (name, bit), with_commands(part, zlib.compress(bytes(plain), 6)), False
        plain[bit // 8] ^= 1 << bit % 8


def bombs(joint):
    m = members(joint)
    part, topo = m['part_0.neu'], m['topo.bin']

    def container(**other):
        return packed(tar([(k.replace('__', '.'), v) for k, v in {**{'topo.bin': topo, 'part_0.neu': part}, **other}.items() if v is not None]))

    def commands(blob):
        return packed(tar([('topo.bin', topo), ('part_0.neu', with_commands(part, blob))]))

    yield 'gzip of 4 GB of zeros', zeros(4096 * MB)
    yield 'gzip of gzip of 1 GB of zeros', packed(zeros(1024 * MB))
    yield 'gzip five times over', packed(packed(packed(packed(packed(tar([('topo.bin', topo)]))))))
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    big = z.compress(pad(tar([('topo.bin', topo)])[:-10240]) + header('part_0.neu', 2048 * MB)) + b''.join(z.compress(bytes(MB)) for _ in range(2048)) + z.flush()
    yield 'a part of 2 GB of zeros', big
    for name in ('part_0.neu', 'part_0.slim_neu', 'part_1.axe', 'topo.bin', 'performance.json', 'other'):
        yield name + ' says 8 GB', header(name, 8 << 30) + bytes(1024)
        yield name + ' says 8 EB', header(name, 8 << 60) + bytes(1024)
        z = zlib.compressobj(9, zlib.DEFLATED, 31)
        yield name + ' of 40 MB of zeros in gzip', z.compress(header(name, 40 * MB)) + b''.join(z.compress(bytes(MB)) for _ in range(40)) + z.compress(bytes(1024)) + z.flush()
        yield name + ' of 40 MB of zeros and as many bytes of chaff', gzip.compress(random.Random(1).randbytes(MB), 1)[:0] + packed(
            header('chaff', 4 * MB) + random.Random(2).randbytes(4 * MB) + header(name, 40 * MB) + bytes(40 * MB) + bytes(1024))
    yield 'a hundred thousand entries', packed(b''.join(header('e%d' % i, 0) for i in range(100000)) + bytes(1024))
    yield 'sixty copies of the part', packed(tar([('topo.bin', topo)] + [('part_0.neu', part)] * 60))
    yield 'sixty slim copies of the part', packed(tar([('topo.bin', topo)] + [('part_%d.slim_neu' % i, part) for i in range(60)]))
    yield 'an entry that lies over the next', header('part_0.neu', len(part) + 4096) + pad(part) + header('topo.bin', len(topo)) + pad(topo) + bytes(1024)
    sparse = header('part_0.neu', 512, b'S', at=[(257, b'ustar  \0'), (386, b'%011o\0' % 0 + b'%011o\0' % 512), (483, b'%011o\0' % (8 << 30))])
    yield 'an entry with a hole of 8 GB', sparse + bytes(512) + bytes(1024)
    sparse = header('part_0.neu', 512, b'S', at=[(257, b'ustar  \0'), (386, b'%011o\0' % 0 + b'%011o\0' % 512), (483, b'%011o\0' % (100 * MB))])
    yield 'an entry with a hole of 100 MB', sparse + bytes(512) + bytes(1024)
    for kind, what in ((b'L', 'name'), (b'x', 'pax header'), (b'g', 'global pax header')):
        z = zlib.compressobj(9, zlib.DEFLATED, 31)
        yield 'a long %s of 200 MB' % what, z.compress(header('././@LongLink', 200 * MB, kind)) + b''.join(z.compress(b'a' * MB) for _ in range(200)) + z.flush()
        yield 'a long %s of 30 MB, plain' % what, header('././@LongLink', 30 * MB, kind) + b'a' * 30 * MB
        yield 'fifty thousand %ss' % what, packed((header('././@LongLink', 512, kind) + b'a' * 512) * 50000)
    yield 'a link to itself', packed(header('part_0.neu', 0, b'2', at=[(157, b'part_0.neu')]) + header('topo.bin', 0, b'1', at=[(157, b'topo.bin')]) + bytes(1024))
    yield 'bytes behind the gzip stream', joint + bytes(100)
    yield 'two gzip streams', joint + joint
    yield 'nothing', b''
    for size in (1, 10, 18, 64, 511, 512, 513, 4096, MB):
        yield '%d bytes of zeros' % size, bytes(size)
        yield '%d random bytes' % size, random.Random(size).randbytes(size)
        yield '%d random bytes behind gzip\'s magic' % size, b'\x1f\x8b\x08\0\0\0\0\0\0\3' + random.Random(size).randbytes(size)
        yield '%d random bytes in gzip' % size, packed(random.Random(size).randbytes(size))
    # Messages that unpack to far more than they are.
    for count in (24 * MB, 512 * MB):
        z = zlib.compressobj(9)
        yield 'a command list of %d MB of zeros' % (count // MB), commands(b''.join([z.compress(bytes(MB)) for _ in range(count // MB)] + [z.flush()]))
    chaff = random.Random(7).randbytes(300000)
    for name, one in (('empty commands', message(1, b'')), ('empty convolutions', message(1, message(12, b''))), ('syncs', message(1, message(3, message(1, b''))))):
        body = zlib.compress(message(1, one * (6 * MB // len(one))), 9)
        yield 'six MB of ' + name, commands(body)
        yield 'six MB of %s beside chaff' % name, packed(tar([('chaff', chaff), ('topo.bin', topo), ('part_0.neu', with_commands(part, body))]))
    # The list as it is and more: one sync of many waits, many regions, fields that are not known.
    plain = commands_of(part)
    for name, more in (('waits in one sync', message(1, message(1, message(3, message(1, b'') * 500000)))), ('regions', message(2, message(1, b'') * 500000)),
                       ('unknown fields', message(15, b'') * 500000), ('levels', nested(1, 2000))):
        yield 'half a million ' + name, commands(zlib.compress(plain + more, 9)), name == 'unknown fields'
        yield 'half a million %s beside chaff' % name, packed(tar([('chaff', chaff), ('topo.bin', topo), ('part_0.neu', with_commands(part, zlib.compress(plain + more, 9)))])), name == 'unknown fields'
    for field in (1, 2, 3, 4, 5, 6, 7, 9):
        known = field < 8
        yield 'half a MB of empty fields %d in topo.bin' % field, container(**{'topo.bin': message(field, b'') * 170000}), not known
        yield 'fields %d of topo.bin two thousand deep' % field, container(**{'topo.bin': nested(field, 2000)}), True
    yield 'a hundred thousand parts', container(**{'topo.bin': message(1, message(2, b'p')) * 100000})
    for name, text, *readable in (('deep', b'[' * 250000), ('deep and closed', b'{"table_performance":[[[' + b'[' * 120000 + b']' * 120000 + b']],[]]}'),
                       ('deep objects', b'{"a":' * 80000 + b'1' + b'}' * 80000), ('wide', b'{"table_performance":[[' + b','.join([b'[]'] * 160000) + b'],[]]}', True),
                       ('full of numbers', b'[' + b','.join([b'0'] * 250000) + b']', True), ('of a long number', b'9' * 500000), ('of no JSON', b'\xff' * 1000)):
        yield 'performance.json ' + name, container(**{'performance.json': text}), bool(readable)
    # Tables that share their parts.
    again = bytearray(part + bytes(-len(part) % 8))
    place = field_place(part, 4)
    images = place + struct.unpack_from('<I', part, place)[0]
    first = images + 4 + struct.unpack_from('<I', part, images + 4)[0]
    start, count = len(again), 200000
    struct.pack_into('<I', again, place, start - place)
    again += struct.pack('<I', count)
    table = bytearray(4 * count + 4)
    # All entries are one table behind the vector: an image with its bytes.
    behind = start + 4 + len(table)
    soffset = first - struct.unpack_from('<i', part, first)[0]
    for i in range(count):
        struct.pack_into('<I', table, 4 * i, behind - (start + 4 + 4 * i))
    body = bytearray(part[first:first + 8])
    struct.pack_into('<i', body, 0, behind - soffset)
    yield 'two hundred thousand images that are one', bytes(again + table + body + bytes(16))
    # Other chips and other formats.
    for old, new in ((b'ax620_model', b'ax630_model'), (b'ax620_model', b'ax650_model')):
        yield new.decode(), packed(tar([(k, v.replace(old, new)) for k, v in m.items()]))
    yield 'a list for an AX630A', commands(zlib.compress(plain + varint(7 << 3) + varint(1)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as z:
        for i in range(20):
            z.writestr('%d.bin' % i, bytes(100 * MB))
    yield 'a zip of 2 GB of zeros', out.getvalue()
    inner = out.getvalue()
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as z:
        z.writestr('flash-list.json', json.dumps({'version': '0.1.0', 'files': [{'address': 0, 'bin': 'a.kmodel', 'sha256Prefix': False}]}))
        z.writestr('a.kmodel', inner)
    yield 'a zip in a zip', out.getvalue()
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as z:
        z.writestr('flash-list.json', json.dumps({'version': '0.1.0', 'files': [{'address': 0, 'bin': 'a.kmodel', 'sha256Prefix': False}]}))
        z.writestr('a.kmodel', bytes(400 * MB))
    yield 'a zip whose model is 400 MB of zeros', out.getvalue()
    lying = bytearray(out.getvalue())
    for signature, place in ((b'PK\x03\x04', 22), (b'PK\x01\x02', 24)):
        at = lying.find(signature)
        while at >= 0:
            struct.pack_into('<I', lying, at + place, 64)
            at = lying.find(signature, at + 4)
    yield 'a zip whose model says 64 bytes', bytes(lying)
    # Entries of the directory that are all the same bytes.
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = body.compress(bytes(20 * MB)) + body.flush()
    local = struct.pack('<IHHHHHIIIHH', 0x04034b50, 20, 0, 8, 0, 0, 0, len(data), 20 * MB, 1, 0) + b'a'
    entry = lambda i: struct.pack('<IHHHHHHIIIHHHHHII', 0x02014b50, 20, 20, 0, 8, 0, 0, 0, len(data), 20 * MB, 8, 0, 0, 0, 0, 0, 0) + b'f%07d' % i
    directory = b''.join(entry(i) for i in range(20000))
    yield 'a zip of twenty thousand entries over each other', local + data + directory + struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, 20000, 20000, len(directory), len(local) + len(data), 0)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('vnpu')
    a.add_argument('--files', nargs='*')
    a.add_argument('--cuts', type=int, default=60)
    a.add_argument('--flips', type=int, default=120)
    a.add_argument('--keep')
    a.add_argument('--run', action='store_true')
    a = a.parse_args()
    launch = Launcher()
    files = {}
    if a.files:
        files = {os.path.basename(f): open(f, 'rb').read() for f in a.files}
    else:
        with tarfile.open(os.path.join(HERE, '..', 'tests/golden/ax620/cases.tar.xz')) as t:
            models = sorted((m for m in t.getmembers() if m.name.endswith('model.joint')), key=lambda m: -m.size)
            files = {m.name.split('/')[-2]: t.extractfile(m).read() for m in models[:3]}
    worst, wrong, counts = {'memory': (0, ''), 'time': (0, '')}, 0, {}

    def one(name, data, must, folder, verbs):
        nonlocal wrong
        path = os.path.join(folder, 'hostile.joint')
        with open(path, 'wb') as f:
            f.write(data)
        for verb in verbs:
            status, memory, seconds, text = launch([a.vnpu, verb, path] + ([] if verb == 'info' else ['-i', os.path.join(folder, 'input.bin')]))
            counts[verb, status] = counts.get((verb, status), 0) + 1
            allowed = (3, 4) if must else (0, 2, 3, 4, 5) if verb == 'run' else (0, 3, 4)
            placed = status not in (3, 4) or ' at byte 0x' in text or 'member ' in text or 'topo.bin' in text or 'command ' in text or 'a part for' in text or 'the file ' in text or 'package' in text
            limits = (64 + max(0, len(data) / MB - 4), 1) if verb == 'info' else (256, 20)
            for key, value in (('memory', memory), ('time', seconds)) if verb == 'info' else ():
                if value > worst[key][0]:
                    worst[key] = value, name
            if status not in allowed or not placed or memory >= limits[0] or seconds >= limits[1]:
                wrong += 1
                print('%s %s: status %d, %.1f MB, %.2f s: %s' % (verb, name, status, memory, seconds, text[:200]), flush=True)
                if a.keep:
                    os.makedirs(a.keep, exist_ok=True)
                    open(os.path.join(a.keep, '%03d.joint' % wrong), 'wb').write(data)

    verbs = ('info', 'run') if a.run else ('info',)
    with tempfile.TemporaryDirectory() as folder:
        first = next(iter(files.values()))
        open(os.path.join(folder, 'input.bin'), 'wb').write(bytes(64))
        tried = 0
        for name, data, *readable in bombs(first):  # readable: odd, and yet a model
            one(name, data, not any(readable), folder, verbs)
            tried += 1
        print('%d bombs and strangers' % tried, flush=True)
        for file, data in files.items():
            # As many bytes as the first input has, so that what can still run does.
            open(os.path.join(folder, 'clean.joint'), 'wb').write(data)
            told = json.loads(subprocess.run([a.vnpu, 'info', os.path.join(folder, 'clean.joint'), '--json'], capture_output=True, check=True).stdout)
            open(os.path.join(folder, 'input.bin'), 'wb').write(bytes(told['programs'][0]['inputs'][0]['bytes']))
            for name, variant, must in changed(file, data, a.cuts, a.flips):
                one(name, variant, must, folder, verbs)
                tried += 1
    for (verb, status), count in sorted(counts.items()):
        print('%s: status %d: %d files' % (verb, status, count))
    for key, (value, name) in worst.items():
        print('most %s of info: %.2f %s (%s)' % (key, value, 'MB' if key == 'memory' else 's', name))
    print('%d files, %d wrong' % (tried, wrong))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
