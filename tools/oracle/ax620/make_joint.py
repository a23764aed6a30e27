#!/usr/bin/env python3
"""Random small .joint files for an AX620A, written from docs/joint.md and docs/isa_ax620.md, with what joint_sim.py makes of them.

usage: make_joint.py --seed N --count M --out DIR [--cpu]
       make_joint.py --of FILE.joint --out DIR      (a case of that file, with a made-up picture)
With --cpu: models whose last part runs on the CPU.
Each case: model.joint, input.npz (x0_<i>), output.npz (y0_<i>), case.json (runs, kind, trace: one row a command in
execution order: [index, kind, crc32 of the bytes written, their number]). A seed gives the same files.
"""
import argparse, gzip, io, json, os, shutil, struct, sys, tarfile, zlib
import numpy as np
import joint_read as J
import joint_wire as W
import joint_sim as S


# ---------------------------------------------------------------- protobuf
def varint(n):
    n &= (1 << 64) - 1
    out = b''
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def encode(value, message):
    out = b''
    numbers = {d[0]: (int(n), d) for n, d in W.MSGS[message].items()}
    for name, v in value.items():
        number, (_, kind, repeated) = numbers[name]
        for x in v if repeated else [v]:
            if kind.startswith('msg:'):
                b = encode(x, kind[4:])
                out += varint(number << 3 | 2) + varint(len(b)) + b
            elif kind in ('string', 'bytes'):
                b = x.encode() if isinstance(x, str) else x
                out += varint(number << 3 | 2) + varint(len(b)) + b
            elif kind == 'float':
                out += varint(number << 3 | 5) + struct.pack('<f', x)
            elif kind == 'double':
                out += varint(number << 3 | 1) + struct.pack('<d', x)
            else:
                if kind.startswith('enum:') and isinstance(x, str):
                    x = next(int(n) for n, t in W.ENUMS[kind[5:]].items() if t == x)
                out += varint(number << 3) + varint(int(x))
    return out


# ---------------------------------------------------------------- flatbuffer, written front to back
class Table:
    """fields: index -> ('u8'|'u16'|'u32'|'u64'|'f32', number) or ('table'|'string'|'bytes'|'tables'|'strings'|'i32s'|'u64s'|'pairs', value)"""

    def __init__(self, **fields):
        self.fields = {int(k[1:]): v for k, v in fields.items()}


SCALAR = {'u8': ('<B', 1), 'u16': ('<H', 2), 'u32': ('<I', 4), 'u64': ('<Q', 8), 'f32': ('<f', 4)}


def flatbuffer(root, identifier=None):
    """with an identifier: its size in front, from where numbers are aligned"""
    start = 4 if identifier else 0
    out = bytearray(16 if identifier else 8)

    def align(n, ahead=0):
        while (len(out) + ahead) % n:
            out.append(0)

    def put_offset(at, target):
        out[at:at + 4] = struct.pack('<I', target - at)

    def child(kind, v):
        if kind == 'table':
            return table(v)
        if kind in ('string', 'bytes'):
            b = v.encode() if isinstance(v, str) else v
            align(8, 4)
            p = len(out)
            out.extend(struct.pack('<I', len(b)) + b + (b'\0' if kind == 'string' else b''))
            return p
        if kind in ('i32s', 'u64s'):
            align(8, 4)
            p = len(out)
            out.extend(struct.pack('<I', len(v)) + struct.pack('<%d%s' % (len(v), 'i' if kind == 'i32s' else 'Q'), *v))
            return p
        if kind == 'pairs':
            align(4)
            p = len(out)
            out.extend(struct.pack('<I', len(v)) + b''.join(struct.pack('<II', *x) for x in v))
            return p
        align(4)
        p = len(out)
        out.extend(struct.pack('<I', len(v)) + bytes(4 * len(v)))
        for i, t in enumerate(v):
            put_offset(p + 4 + 4 * i, child('string', t) if kind == 'strings' else table(t))
        return p

    def table(t):
        n = max(t.fields, default=-1) + 1
        offsets, size = {}, 4
        for i, (kind, _) in sorted(t.fields.items(), key=lambda f: -SCALAR.get(f[1][0], (0, 4))[1]):
            w = SCALAR.get(kind, (0, 4))[1]
            size = (size + w - 1) // w * w
            offsets[i] = size
            size += w
        align(2)
        v = len(out)
        out.extend(struct.pack('<HH', 4 + 2 * n, size) + b''.join(struct.pack('<H', offsets.get(i, 0)) for i in range(n)))
        align(8)
        p = len(out)
        out.extend(struct.pack('<i', p - v) + bytes(size - 4))
        for i, (kind, x) in t.fields.items():
            at = p + offsets[i]
            if kind in SCALAR:
                f, w = SCALAR[kind]
                out[at:at + w] = struct.pack(f, x)
            else:
                put_offset(at, child(kind, x))
        return p

    put_offset(start, table(root))
    if identifier:
        out[8:12] = identifier
        out[0:4] = struct.pack('<I', len(out) - 4)
    return bytes(out)


# ---------------------------------------------------------------- a network as commands
def detail(address, size, loops=()):
    """loops: (times, step), innermost first"""
    loops = list(loops) or [(1, size)]
    return {'addr': [address], 'addrsize': [1 << 20], 'subsize': size, 'times': [t for t, _ in loops], 'step': [s for _, s in loops]}


class Net:
    def __init__(self, rng):
        self.rng, self.commands, self.params = rng, [], b''
        self.ids = {0: 0, 3: 0}
        self.inputs, self.outputs = [], []
        self.top = 0
        self.cpu = []  # parts: (name, operators, {input: (part, tensor)})
        self.model_outputs = None  # (part, tensor, the user's name)

    def ocm(self, size):
        at = self.top
        self.top += (size + 63) // 64 * 64
        assert self.top <= 2 << 20
        return at

    def add(self, eu, kind, body, layer, last=True):
        """a job of its own that waits for everything before, but for a convolution that shares the next job"""
        if last:
            waits = [{'eu_idx': e, 'sync_id': i} for e, i in self.ids.items() if i and (e != eu or eu == 0)]
            if waits:
                self.commands.append({'id': -1, 'eu_idx': eu, 'sync': {'sync_eus': waits}})
            self.ids[eu] += 1
        self.commands.append({'id': self.ids[eu] if last else -1, 'eu_idx': eu, kind: body, 'debug': {'layer_name': layer}})

    def input(self, shape, name='input'):
        self.inputs.append((name, shape, int(np.prod(shape))))
        return ('in', len(self.inputs) - 1)

    def weights(self, layer, bits, one_by_one, channels_in, channels_out, bias, scale):
        r = self.rng
        taps, blocks = 9, -(-(channels_in // 2 if one_by_one else channels_in) // 16)
        oc = -(-channels_out // (64 // bits)) * (64 // bits)
        planes = 4 if bits == 8 else 1
        digits = r.integers(0, 4, blocks * oc * planes * taps * 16, dtype=np.uint8)
        packed = (digits.reshape(-1, 4) << np.array([0, 2, 4, 6], np.uint8)).sum(1).astype(np.uint8).tobytes()
        table = np.zeros((oc, 2), '<f4')
        table[:, 0] = bias + r.normal(0, 20, oc)
        table[:, 1] = scale * r.uniform(.5, 1.5, oc)
        at = len(self.params)
        self.params += packed + table.tobytes()
        self.params += bytes(-len(self.params) % 16)
        size = 2 * len(packed) + oc * 8
        o = self.ocm(size)
        lut = [sum((d + 4 * d) << 4 * i for i, d in enumerate(((b & 3), (b >> 2 & 3), (b >> 4 & 3), (b >> 6)))) for b in range(256)]
        fma = {'input_stream': [{'from_ddr': ('params', at, len(packed)), 'data_mode': 'UINT8'}],
               'crossbar_list': [{'left': 'Mult0', 'right': 'Ch0'}, {'left': 'Mult1', 'right': 'Const', 'const_data': [256.0]},
                                 {'left': 'IDRC', 'right': 'Mult'}, {'left': 'FMA0_l', 'right': 'Drc'}],
               'drc_set': {'drc_datas': [{'lut_data': lut}]}, 'res_info': {'data_mode': 'UINT16'}}
        self.add(3, 'ld', {'dma_stream': {'sub_ips': [{'fma': fma}]}, 'to_ocm': detail(o, 2 * len(packed)), 'is_param': True}, layer)
        self.add(3, 'ld', {'from_ddr': ('params', at + len(packed), oc * 8), 'to_ocm': detail(o + 2 * len(packed), oc * 8), 'is_param': True}, layer)
        self.add(0, 'fetch', {'from_ocm': detail(o, size), 'ic': channels_in, 'oc': channels_out, 'w_bit': bits}, layer)

    def load(self, source, size, units=()):
        o = self.ocm(size)
        body = {'from_ddr': source, 'to_ocm': detail(o, size)}
        if units:
            body['dma_stream'] = {'sub_ips': list(units)}
        self.add(3, 'ld', body, 'input')
        return o

    def store(self, address, shape, bits, layer):
        size = int(np.prod(shape)) * bits // 8
        self.outputs.append(('out%d' % len(self.outputs), shape, size, bits))
        self.add(3, 'st', {'from_ocm': detail(address, size), 'to_ddr': ('out', len(self.outputs) - 1, size)}, layer)

    def move(self, source, size_out, units, layer, streams=None):
        o = self.ocm(size_out)
        body = {'to_ocm': detail(o, size_out), 'dma_stream': {'sub_ips': units}}
        if source:
            body['from_ocm'] = source
        self.add(3, 'mv', body, layer)
        return o


def drc_table(r, sections):
    starts = [0] + sorted(int(x) for x in r.choice(np.arange(1000, 60000), sections - 1, replace=False)) + [65535] * (16 - sections)
    ends = starts[1:sections] + [65536]
    steps = [16 * 2.0 ** 32 / (e - s) for s, e in zip(starts, ends)]
    return {'lut_data': [int(x) for x in r.integers(0, 65536, 257)], 'step': steps, 'start': starts}


def convolution(n, kind):
    r = n.rng
    c = int(r.choice([16, 32, 48]))
    h, w = int(r.integers(5, 13)), int(r.integers(4, 13))
    oc = int(r.integers(3, 41))
    one = kind == '1x1'
    bits = 2 if one or kind in ('w2', 'pool') else 8
    s = int(r.choice([1, 2])) if kind in ('w8', 'w2') else 1
    pads = {'padding_top': True, 'padding_bottom': True, 'padding_left': True, 'padding_right': True} if r.integers(2) and not one else {}
    x = n.input([1, h, w, c])
    if kind == 'im2col':
        n.inputs.pop()
        x = n.input([1, h, w, 9 * 16])
        c = 9 * 16
    o = n.load(x, h * w * c)
    oh, ow = (h, w) if one else ((h + 2 * bool(pads) - 3) // s + 1, (w + 2 * bool(pads) - 3) // s + 1)
    inputs = [{'from_ocm': detail(o, h * w * c), 'line_count': h, 'bit': 8, 'c': c, 'width': w}]
    body = dict(pads, w_bit=bits, l_stride=s, p_stride=2 if one else s, conv_1x1_opt=one, group_conv_num=1, batch_h_cnt=1, batch_w_cnt=1,
                plus_mode=-1, conv_ftr_offset=1, padding_value=[int(r.integers(0, 256))])
    if kind == 'two':
        half = c // 2
        inputs = [{'from_ocm': detail(o + half * i, half, [(w, c), (h, w * c)]), 'line_count': h, 'bit': 8, 'c': half, 'width': w} for i in (0, 1)]
    if kind == 'im2col':
        inputs = [{'from_ocm': detail(o, h * w * c), 'line_count': 1, 'bit': 8, 'c': c, 'width': h * w}]
        body.update(l_stride=3, p_stride=3)
        for p in pads:
            body.pop(p)
        oh, ow = h * w, 1
    if kind == 'pool':
        body.update(p_pooling=2, l_pooling=int(r.choice([1, 2])))
        ow //= 2
        oh //= body['l_pooling']
    taps = c if one else 16 * 9 if kind == 'im2col' else 9 * c
    spread = 1.1 if bits == 2 and not one else 74
    mode, out_bits = [(20, 8), (23, 16), (26, 32)][int(r.integers(3))]
    centre, width = {8: (128, 40), 16: (30000, 9000), 32: (0, 10)}[out_bits]
    n.weights('conv', bits, one, 16 if kind == 'im2col' else c, oc, centre, width / (148 * spread * taps ** .5))
    if kind == 'table':
        body['drc'] = drc_table(r, int(r.integers(2, 17)))
        mode, out_bits = 23, 16
    size = oh * ow * oc * out_bits // 8
    if kind == 'continue':  # two jobs: the second one's first window begins in the lines of the first
        first = h - 2
        t = bool(pads)
        rows = first - 2 + t
        o2 = n.ocm(size)
        line = w * c
        common = dict(body, post_process_mode=mode, output_bit=out_bits, output_ch=oc, output_width=ow)
        a = dict(common, inputs=[dict(inputs[0], from_ocm=detail(o, first * line), line_count=first)], output_lc=rows,
                 output_ocm=detail(o2, rows * ow * oc * out_bits // 8))
        a.pop('padding_bottom', None)
        b = dict(common, continue_mode=True, inputs=[dict(inputs[0], from_ocm=detail(o + first * line, 2 * line), line_count=2)], output_lc=oh - rows,
                 output_ocm=detail(o2 + rows * ow * oc * out_bits // 8, (oh - rows) * ow * oc * out_bits // 8))
        b.pop('padding_top', None)
        n.add(0, 'conv', a, 'conv#0')
        n.add(0, 'conv', b, 'conv#1')
    else:
        o2 = n.ocm(size)
        n.add(0, 'conv', dict(body, inputs=inputs, post_process_mode=mode, output_bit=out_bits, output_ch=oc, output_lc=oh, output_width=ow,
                              output_ocm=detail(o2, size)), 'conv')
    n.store(o2, [1, oh, ow, oc], out_bits, 'conv')


def dma(n, kind):
    r = n.rng
    h, w, c = int(r.integers(2, 9)) * 2, int(r.integers(2, 9)) * 2, int(r.choice([3, 8, 16]))
    if kind == 'nv12':
        x = n.input([1, h, w, 1])
        n.inputs[-1] = (n.inputs[-1][0], [1, h, w, 1], h * w * 3 // 2)
        o = n.ocm(h * w * 4)
        m = r.uniform(-2, 2, 9).astype(np.float32)
        n.add(3, 'ld', {'from_ddr': (x[0], x[1], h * w), 'uv_from_ddr': ('in_at', x[1], h * w, h * w // 2), 'to_ocm': detail(o, h * w * 4), 'dma_stream': {'sub_ips': [
            {'yuv_format': {'yuv_format_in_h': h, 'yuv_format_in_w': w, 'yuv_format_out_h': h, 'yuv_format_out_w': w, 'yuv_format_bit': 8}},
            {'ccm': {'ccm_bit': 8, 'ccm_h': h, 'ccm_w': w, 'ccm_mat33': {'immediate_values': [float(v) for v in m]},
                     'ccm_offset': {'immediate_values': [float(v) for v in r.uniform(-300, 300, 3)]}}}]}}, 'input')
        return n.store(o, [1, h, w, 4], 8, 'colour')
    if kind == 'bgr':
        o = n.load(n.input([1, h, w, 3]), h * w * 4, [{'bgr_pack': {'bgr_pack_bit': 8}}])
        return n.store(o, [1, h, w, 4], 8, 'pack')
    x = n.input([1, h, w, c])
    o = n.load(x, h * w * c)
    whole = detail(o, h * w * c)
    if kind == 'transpose':  # planes of channels
        o = n.move(detail(o, 1, [(h * w, c), (c, 1)]), h * w * c, [], 'transpose')
        n.commands[-1]['mv'].pop('dma_stream')
        return n.store(o, [1, c, h, w], 8, 'transpose')
    if kind == 'padding':
        l, t, ri, b = (int(v) for v in r.integers(0, 4, 4))
        u = {'padding_value': int(r.integers(0, 256)), 'padding_fbit': 8, 'padding_left': l, 'padding_right': ri, 'padding_top': t, 'padding_bottom': b,
             'padding_ch': c, 'src_feat_width': w, 'src_feat_height': h}
        H, W = h + t + b, w + l + ri
        return n.store(n.move(whole, H * W * c, [{'padding': u}], 'padding'), [1, H, W, c], 8, 'padding')
    if kind in ('area', 'bilinear'):
        bits = int(r.choice([8, 16]))
        units = [] if bits == 8 else [{'pack': {'pack_mode': 'MSB', 'pack_bit': 8}}]
        if kind == 'area':
            f = 2
            H, W = h // f, w // f
            u = {'resize_ch': c, 'resize_bit': bits, 'resize_w_ratio': 1 / f, 'resize_h_ratio': 1 / f, 'resize_in_w': w, 'resize_in_h': h, 'resize_out_w': W, 'resize_out_h': H}
        else:
            f = float(r.choice([2, 1.5, 4]))
            H, W = int(h * f), int(w * f)
            u = {'resize_ch': c, 'resize_bit': bits, 'resize_w_ratio': f, 'resize_h_ratio': f, 'resize_in_w': w, 'resize_in_h': h, 'resize_out_w': W, 'resize_out_h': H,
                 'resize_context_ilc_range': [0, h], 'resize_context_olc_range': [0, H], 'resize_context_tot_ilc': h, 'resize_context_tot_olc': H}
        units.append({kind + '_resize': u})
        units.append({'affine': {'affine_k': {'immediate_values': [1.0] * 4}, 'affine_b': {'immediate_values': [128.0] * 4},
                                 'affine_th': {'immediate_values': [65535.0] * 4}}}) if bits == 16 else None
        if bits == 16:
            units.append({'unpack': {'unpack_mode': 'MSB', 'unpack_bit': 8}})
        return n.store(n.move(whole, H * W * c, units, kind), [1, H, W, c], 8, kind)
    if kind == 'argmax':
        u = {'fma': {'stats': {'method': 'ARGMAX', 'shape': [c], 'times': h * w, 'scale': 1.0, 'data_mode': 'UINT8'}, 'res_info': {'data_mode': 'FLOAT32'}}}
        return n.store(n.move(whole, h * w * 4, [u], 'argmax'), [1, h, w, 1], 32, 'argmax')
    y = n.input([1, h, w, c], 'second')
    o2 = n.load(y, h * w * c)
    two = [{'from_ocm': whole, 'data_mode': 'UINT8'}, {'from_ocm': detail(o2, h * w * c), 'data_mode': 'UINT8'}]
    out = [('UINT8', 8), ('INT16', 16), ('FLOAT32', 32)][int(r.integers(3))]
    if kind == 'sigmoid':
        starts = [0] + sorted(int(v) for v in r.choice(np.arange(10, 65000), 15, replace=False))
        ends = starts[1:] + [65536]
        edges = [{'left': 'IDRC', 'right': 'Ch0'}, {'left': 'Div0', 'right': 'Drc'}, {'left': 'Div1', 'right': 'Const', 'const_data': [65536.0]},
                 {'left': 'FMA0_l', 'right': 'Div'}]
        u = {'input_stream': two[:1], 'crossbar_list': edges, 'idrc_exp_offset': 4, 'res_info': {'data_mode': 'FLOAT32'}, 'drc_set': {'input_sign': [1], 'drc_datas': [
            {'lut_data': [int(v) for v in np.sort(r.integers(0, 65536, 257))], 'start': starts, 'step': [min(2 ** 32 - 1, int(16 * 2.0 ** 32 / (e - s))) for s, e in zip(starts, ends)]}]}}
        out = ('FLOAT32', 32)
    else:
        node = {'mul': 'Mult', 'add': 'Add', 'sub': 'Sub'}[kind]
        a, b = ('Mult0', 'Mult1') if kind == 'mul' else ('Add0', 'Add1')
        if kind == 'mul':
            edges = [{'left': a, 'right': 'Ch0'}, {'left': b, 'right': 'Ch1'}, {'left': 'FMA0_l', 'right': node}]
        else:
            edges = [{'left': 'Mult0', 'right': 'Ch0'}, {'left': 'Mult1', 'right': 'Const', 'const_data': [float(np.float32(r.uniform(.2, 2)))]},
                     {'left': a, 'right': 'Mult'}, {'left': b, 'right': 'Ch1'}, {'left': 'FMA0_l', 'right': node}]
        u = {'input_stream': two, 'crossbar_list': edges, 'res_info': {'data_mode': out[0]}}
    o = n.move(None, h * w * c * out[1] // 8, [{'fma': u}], kind)
    n.store(o, [1, h, w, c], out[1], kind)


# ---------------------------------------------------------------- parts on the CPU
def operator(kind, inputs=(), name=None, axis=None, value=None):
    """value: (name, shape, numbers or None)"""
    return {'kind': kind, 'inputs': list(inputs), 'name': name, 'axis': axis, 'value': value}


def axe_file(operators, outputs):
    values, tables = b'', []
    for o in operators:
        f = {'f0': ('u64', J.axe_id(o['kind']))}
        if o['inputs']:
            f['f3'] = ('i32s', o['inputs'])
        if o['name']:
            f['f5'] = ('strings', [o['name']])
        if o['kind'] == 'Concat':
            f['f1'], f['f2'] = ('u8', 2), ('table', Table(f0=('u32', o['axis'] & 0xffffffff)))
        elif o['kind'] == 'Reshape':
            f['f1'], f['f2'] = ('u8', 54), ('table', Table(**({'f0': ('u32', o['axis'])} if o['axis'] is not None else {})))
        elif o['kind'] == 'Host2DeviceCopy':
            f['f1'], f['f2'] = ('u8', 63), ('table', Table())
        if o['value']:
            name, shape, numbers = o['value']
            v = {'f1': ('i32s', shape), 'f3': ('table', Table(f0=('u8', 0 if numbers is None else 4)))}
            if name:
                v['f0'] = ('string', name)
            if numbers is not None:
                v['f4'] = ('u32', 4 * len(numbers))
                values += struct.pack('<%di' % len(numbers), *numbers)
            f['f7'] = ('tables', [Table(**v)])
        tables.append(Table(**f))
    graph = flatbuffer(Table(f0=('u32', 1799900), f1=('u64', 1), f3=('tables', tables), f4=('pairs', [(v, v) for v in outputs])), b'mgb1')
    return b'MGBS' + bytes(4) + struct.pack('<Q', len(values)) + values + graph


def cpu_tail(n, kind):
    """NPU: every input times a number, as float32; then the parts on the CPU"""
    r = n.rng
    k = int(r.choice([2, 4, 6]))
    count = 1 if kind == 'reshape' else 3
    rows = [int(r.integers(2, 9)) * 2 for _ in range(count)]
    for i, h in enumerate(rows):
        shape = [1, h, 2, 2 * k]
        size = int(np.prod(shape))
        o = n.load(n.input(shape, 'input%d' % i), size)
        u = {'input_stream': [{'from_ocm': detail(o, size), 'data_mode': 'UINT8'}], 'res_info': {'data_mode': 'FLOAT32'}, 'crossbar_list': [
            {'left': 'Mult0', 'right': 'Ch0'}, {'left': 'Mult1', 'right': 'Const', 'const_data': [float(np.float32(r.uniform(.2, 2)))]}, {'left': 'FMA0_l', 'right': 'Mult'}]}
        n.store(n.move(None, 4 * size, [{'fma': u}], 'scale%d' % i), shape, 32, 'scale%d' % i)
    flat = [4 * h for h in rows]  # rows of k numbers
    given = lambda i, shape: operator('Host2DeviceCopy', value=('out%d' % i, shape, None))
    feed = lambda *which: {'out%d' % i: ('part_0', 'out%d' % i) for i in which}
    if kind == 'concat':  # as in a detector: two results that are joined, one of them from both
        ops = [given(0, [1, flat[0], k]), given(1, [1, flat[1], k]), operator('Concat', [0, 1], 'boxes:concat', 1), given(2, [1, flat[2], k]),
               operator('Concat', [3, 2, 0], 'all:concat', -2)]
        n.cpu = [('part_1', axe_file(ops, [2, 4]), feed(0, 1, 2), ['boxes:concat', 'all:concat'])]
        n.model_outputs = [('part_1', 'all:concat', 'All'), ('part_0', 'out1', 'Middle'), ('part_1', 'boxes:concat', 'Boxes')]
    elif kind == 'reshape':
        h = rows[0]
        ops = [given(0, [1, h, 2, 2 * k]), operator('ImmutableTensor', value=(None, [2], [2 * h, 2 * k])), operator('Reshape', [0, 1], 'flat'),
               operator('ImmutableTensor', value=(None, [3], [1, 0, k])), operator('Reshape', [2, 3], 'open', 1), operator('Concat', [4, 4], 'twice', 2)]
        n.cpu = [('part_1', axe_file(ops, [2, 5]), feed(0), ['flat', 'twice'])]
        n.model_outputs = [('part_1', 'flat', 'Flat'), ('part_1', 'twice', 'Twice')]
    else:  # a chain of parts, named against the order in which they run
        first = [given(0, [1, flat[0], k]), given(1, [1, flat[1], k]), operator('Concat', [0, 1], 'two', 1)]
        last = [operator('Host2DeviceCopy', value=('two', [1, flat[0] + flat[1], k], None)), given(2, [1, flat[2], k]), operator('Concat', [1, 0], 'three', 1)]
        n.cpu = [('part_1', axe_file(last, [2]), dict(feed(2), two=('part_2', 'two')), ['three']), ('part_2', axe_file(first, [2]), feed(0, 1), ['two'])]
        n.model_outputs = [('part_1', 'three', 'Three')]


def performance(n):
    """the converter's estimate in its form: a row a source layer, its names joined by ', '"""
    layers, seen = [], set()
    for c in n.commands:
        name = c['debug']['layer_name'] if 'debug' in c else None
        if name and name not in seen:
            seen.add(name)
            layers.append(name)
    mapping = [['Mul_%d, Cast_%d' % (i, i) if name.startswith('scale') else name, name + (', op_gone' if i == 1 else '')] for i, name in enumerate(layers)]
    rows = [[m[0], '0.50', '1.25', '0.00', str(1000 + 10 * i), '0', str(9216 * i)] for i, m in enumerate(mapping)]
    total = [str(sum(int(r[k]) for r in rows)) for k in (4, 6)]
    rows += [['TOTAL', '100.00', '%.2f' % (1.25 * len(rows)), '0.00', total[0], '0', total[1]], ['LEAKAGE', '95.30', '-', '-', '-', '-']]
    return json.dumps({'table_mapping': [mapping, ['Origin Layers', 'Lava Layers']],
                       'table_performance': [rows, ['Layers', 'Power', 'OCM B/W', 'DDR B/W', 'Cycle (w/o sync)', 'MAC (ideal 2W4F)', 'MAC (actual 2W4F)']]}).encode()


CPU_KINDS = ['concat', 'reshape', 'chain']
KINDS = ['w8', 'w2', '1x1', 'two', 'im2col', 'pool', 'table', 'continue', 'nv12', 'bgr', 'transpose', 'padding', 'area', 'bilinear', 'argmax', 'sigmoid', 'mul', 'add', 'sub']


def finish(n, mode='ax620_virtual_npu_1_1_1'):
    """addresses in DDR: inputs, outputs, parameters"""
    regions, at = {'in': [], 'out': []}, 0
    base = {'inputs': [], 'outputs': [], 'params': [], 'swaps': []}
    for name, shape, size in n.inputs:
        regions['in'].append(at)
        base['inputs'].append({'name': name, 'start_addr': at, 'end_addr': at + size})
        at += size
    for name, shape, size, bits in n.outputs:
        regions['out'].append(at)
        base['outputs'].append({'name': name, 'start_addr': at, 'end_addr': at + size})
        at += size
    base['params'].append({'name': 'params', 'start_addr': at, 'end_addr': at + len(n.params)})
    base['swaps'].append({'name': 'ringbuffers', 'start_addr': at + len(n.params), 'end_addr': at + len(n.params)})

    def place(v):
        if isinstance(v, dict):
            return {k: place(x) for k, x in v.items()}
        if isinstance(v, list):
            return [place(x) for x in v]
        if isinstance(v, tuple):
            if v[0] == 'params':
                return detail(at + v[1], v[2])
            if v[0] == 'in_at':
                return detail(regions['in'][v[1]] + v[2], v[3])
            start = regions[v[0]][v[1]]
            return detail(start, v[2] if len(v) > 2 else n.inputs[v[1]][2])
        return v
    model = {'cmds': {'cmds': place(n.commands)}, 'base_addrs': base, 'ax620_virtual_npu_type': mode}
    blob = zlib.compress(encode(model, 'PulsarModel'), 9)
    meta = flatbuffer(Table(
        f0=('tables', [Table(f0=('string', a), f1=('u8', 1), f2=('u8', 7 if len(s) == 4 and z != int(np.prod(s)) else 0), f3=('i32s', s), f4=('u8', 8)) for a, s, z in n.inputs] +
            [Table(f0=('string', a), f1=('u8', 2), f2=('u8', 0), f3=('i32s', s), f4=('u8', b)) for a, s, z, b in n.outputs]),
        f1=('f32', 1.0), f2=('f32', 1.0), f3=('table', Table(f4=('u64', at), f5=('u64', 0), f6=('u64', 0), f7=('u64', at)))))
    segment = lambda name, offset, size: Table(f0=('string', name + '.bin'), f1=('u8', 1), f2=('u64', 0x40000000 + offset), f3=('u64', offset), f4=('u64', size))
    neu = flatbuffer(Table(
        f0=('table', Table(f1=('u8', 6), f2=('u8', 1))), f1=('table', Table()),
        f2=('table', Table(f5=('tables', [segment('params', at, len(n.params))]),
                           f6=('tables', [segment(a, o, z) for (a, s, z), o in zip(n.inputs, regions['in'])]),
                           f7=('tables', [segment(a, o, z) for (a, s, z, b), o in zip(n.outputs, regions['out'])]), f10=('string', 'ax620_model'))),
        f3=('table', Table(f0=('u8', 1), f4=('u16', n.ids[3] + 1), f5=('u32', 0x8000))),
        f4=('tables', [Table(f0=('bytes', n.params))]), f7=('bytes', meta), f8=('bytes', blob)))
    text = lambda f, v: varint(f << 3 | 2) + varint(len(v)) + (v if isinstance(v, bytes) else v.encode())
    number = lambda f, v: varint(f << 3) + varint(v)
    part = number(1, 1) + text(2, 'part_0') + b''.join(text(3, x[0]) for x in n.inputs) + b''.join(text(4, x[0]) for x in n.outputs)
    topo = text(1, part + number(5, 1) + number(17, 2) + number(18, 128))
    for name, _, feed, made in n.cpu:
        topo += text(1, number(1, 5) + text(2, name) + b''.join(text(3, x) for x in feed) + b''.join(text(4, x) for x in made))
    for name, _, feed, _ in n.cpu:
        topo += b''.join(text(2, text(1, text(1, part) + text(2, tensor)) + text(2, text(1, name) + text(2, x))) for x, (part, tensor) in feed.items())
    outputs = n.model_outputs or [('part_0', x[0], x[0]) for x in n.outputs]
    topo += b''.join(text(3, text(1, 'part_0') + text(2, x[0]) + number(3, 1) + number(4, 2)) for x in n.inputs)
    topo += b''.join(text(4, text(1, part) + text(2, tensor) + number(6, 2)) for part, tensor, _ in outputs)
    for f, names in ((7, [x[0] for x in n.inputs]), (5, [x[2] for x in outputs])):
        for name in names:
            topo += varint(f << 3 | 2) + varint(len(name)) + name.encode()
    version = b'0.0.0.1\nown'
    topo += varint(8 << 3 | 2) + varint(len(version)) + version
    b = io.BytesIO()
    with tarfile.open(fileobj=b, mode='w', format=tarfile.USTAR_FORMAT) as t:
        for name, x in [(name + '.axe', x) for name, x, _, _ in n.cpu] + [('topo.bin', topo), ('part_0.neu', neu)] + ([('performance.json', performance(n))] if n.cpu else []):
            i = tarfile.TarInfo(name)
            i.size = len(x)
            t.addfile(i, io.BytesIO(x))
    return gzip.compress(b.getvalue(), 9, mtime=0)


def write_case(folder, path, feed, facts):
    s = S.Sim(path)
    out = s.run({k: v.tobytes() for k, v in feed(s).items()})
    np.savez(os.path.join(folder, 'input.npz'), **{'x0_%d' % i: v for i, v in enumerate(feed(s).values())})
    np.savez(os.path.join(folder, 'output.npz'), **{'y0_%d' % i: v for i, v in enumerate(out.values())})
    trace = [t.split() for t in s.trace]
    json.dump({'case': os.path.basename(folder), 'format': 'joint', 'producer': 'make_joint.py', **facts, 'runs': 1,
               'authority': 'joint_sim.py, rounding to nearest even; not the vendor',
               'trace': [[i, t[2], int(t[5], 16), int(t[4])] for i, t in enumerate(trace)]}, open(os.path.join(folder, 'case.json'), 'w'))


def main():
    a = argparse.ArgumentParser()
    a.add_argument('--seed', type=int, default=1)
    a.add_argument('--count', type=int, default=len(KINDS))
    a.add_argument('--of')
    a.add_argument('--out', required=True)
    a.add_argument('--cpu', action='store_true')
    a = a.parse_args()
    if a.of:
        folder = os.path.join(a.out, os.path.basename(a.of).removesuffix('.joint'))
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, 'model.joint')
        shutil.copyfile(a.of, path)
        ramp = lambda s: {x['name']: np.frombuffer(S.ramp(s.meta[x['name']], x['end_addr'] - x.get('start_addr', 0)), np.uint8) for x in s.ba['inputs']}
        write_case(folder, path, ramp, {'kind': 'file'})
        return
    for k in range(a.count):
        kinds = CPU_KINDS if a.cpu else KINDS
        seed, kind = a.seed + k, kinds[k % len(kinds)]
        rng = np.random.default_rng(seed)
        n = Net(rng)
        (cpu_tail if a.cpu else convolution if KINDS.index(kind) < 8 else dma)(n, kind)
        d = os.path.join(a.out, 'ax_%05d_%s' % (seed, kind))
        os.makedirs(d, exist_ok=True)
        path = os.path.join(d, 'model.joint')
        open(path, 'wb').write(finish(n))
        feed = {name: rng.integers(0, 256, size, dtype=np.uint8) for name, _, size in n.inputs}
        write_case(d, path, lambda s: feed, {'seed': seed, 'kind': kind})
    print(a.count, 'cases')


if __name__ == '__main__':
    sys.exit(main())
