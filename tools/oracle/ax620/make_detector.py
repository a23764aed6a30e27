#!/usr/bin/env python3
"""A small .joint with the three heads of a YOLOv5, a picture, and what the sample prints of it by an independent statement (numpy).

usage: make_detector.py OUT.tar.xz  (tests/devices/data/axera_detector.tar.xz)
whole.joint and second.joint are the same for the whole NPU (MODE_0) and for its second half (MODE_112).
The heads are the picture's own bytes, scaled: value = byte * 0.08 - 10. The picture has the input's size: nothing is resized.
"""
import io, os, struct, sys, tarfile, tempfile, zlib
import numpy as np
import joint_sim as S
import make_joint as M

ANCHORS = np.array([10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326], float).reshape(3, 3, 2)
NAMES = ['person', 'bicycle']
SIDE, CLASSES = 32, 2


def model(mode='ax620_virtual_npu_1_1_1'):
    n = M.Net(np.random.default_rng(5))
    size = SIDE * SIDE * 3
    o = n.load(n.input([1, SIDE, SIDE, 3], 'images'), size)
    at = 0
    for stride in (8, 16, 32):
        g = SIDE // stride
        shape = [1, g, g, 3 * (5 + CLASSES)]
        count = int(np.prod(shape))
        u = {'input_stream': [{'from_ocm': M.detail(o + at, count), 'data_mode': 'UINT8'}], 'res_info': {'data_mode': 'FLOAT32'}, 'crossbar_list': [
            {'left': 'Mult0', 'right': 'Ch0'}, {'left': 'Mult1', 'right': 'Const', 'const_data': [float(np.float32(.08))]},
            {'left': 'Add0', 'right': 'Mult'}, {'left': 'Add1', 'right': 'Const', 'const_data': [-10.]}, {'left': 'FMA0_l', 'right': 'Add'}]}
        n.store(n.move(None, 4 * count, [{'fma': u}], 'head%d' % stride), shape, 32, 'head%d' % stride)
        at += count
    return M.finish(n, mode)


def png(rgb):
    data = b''.join(b'\0' + row.tobytes() for row in rgb)
    chunk = lambda kind, body: struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', SIDE, SIDE, 8, 2, 0, 0, 0)) + chunk(b'IDAT', zlib.compress(data, 9)) + chunk(b'IEND', b'')


def boxes(outputs):
    sig = lambda x: 1 / (1 + np.exp(-x))
    found = []
    for i, head in enumerate(outputs):
        stride = 8 << i
        g = SIDE // stride
        head = head.astype(float).reshape(g, g, 3, 5 + CLASSES)
        for y, x, a in np.ndindex(g, g, 3):
            v = head[y, x, a]
            score = sig(v[4]) * sig(v[5:].max())
            if score < .35:
                continue
            cx, cy = (2 * sig(v[0]) - .5 + x) * stride, (2 * sig(v[1]) - .5 + y) * stride
            w, h = (2 * sig(v[2:4])) ** 2 * ANCHORS[i, a]
            found.append((score, int(v[5:].argmax()), cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2))
    kept = []
    for f in sorted(found, key=lambda f: -f[0]):
        def iou(a, b):
            w, h = min(a[4], b[4]) - max(a[2], b[2]), min(a[5], b[5]) - max(a[3], b[3])
            both = max(w, 0) * max(h, 0)
            return both / ((a[4] - a[2]) * (a[5] - a[3]) + (b[4] - b[2]) * (b[5] - b[3]) - both)
        if all(iou(f, k) <= .45 for k in kept):
            kept.append(f)
    clip = lambda v: min(max(v, 0), SIDE - 1)
    lines = ['detection num: %d' % len(kept)]
    lines += ['%2d: %3.0f%%, [%4.0f, %4.0f, %4.0f, %4.0f], %s' % (k[1], 100 * k[0], *(clip(v) for v in k[2:]), NAMES[k[1]]) for k in kept]
    return '\n'.join(lines) + '\n'


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    rgb = np.random.default_rng(11).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    joint = model()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'm.joint')
        open(path, 'wb').write(joint)
        outputs = S.Sim(path).run({'images': rgb.tobytes()})
    text = boxes(list(outputs.values()))
    with tarfile.open(sys.argv[1], 'w:xz') as archive:
        for name, data in (('model.joint', joint), ('whole.joint', model('ax620_virtual_npu_disable')), ('second.joint', model('ax620_virtual_npu_1_1_2')), ('picture.png', png(rgb)), ('expected.txt', text.encode())):
            entry = tarfile.TarInfo('detector/' + name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    print(text, end='')


if __name__ == '__main__':
    main()
