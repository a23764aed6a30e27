"""kmodel V4 (nncase 0.x): its nodes run one after the other."""

import struct
import numpy as np

from k210_kpu import Layer, RAM_BYTES, ai_write, fmap_lines, kpu_batches, mcs, parse_act, parse_bn
from k210_numbers import ModelError, Result, clampf, crc, f2i, f32, mapf, roundf
from k210_ops import apply_binary, bcast_idx, conv_int, conv_nchw_f32, nnil, reduced, resize, unary_v4, window_reduce


# ---------------------------------------------------------------- V4
class Rd:
    def __init__(s, b, o=0):
        s.b = b
        s.o = o

    def u(s):
        v = struct.unpack_from("<I", s.b, s.o)[0]
        s.o += 4
        return v

    def i(s):
        v = struct.unpack_from("<i", s.b, s.o)[0]
        s.o += 4
        return v

    def f(s):
        v = f32(struct.unpack_from("<f", s.b, s.o)[0])
        s.o += 4
        return v

    def ii(s, n):
        return [s.i() for _ in range(n)]

    def mr(s):
        return tuple(s.u() for _ in range(4))  # type, dtype, start, size

    def arr(s, dt, n):
        a = np.frombuffer(s.b, dt, n, s.o)
        s.o += a.nbytes
        return a


V4OPS = {
    0: "binary",
    1: "concat",
    2: "conv2d",
    3: "dequantize",
    4: "matmul",
    5: "pad",
    6: "quantize",
    7: "reduce",
    8: "reduce_window2d",
    9: "memory_copy",
    10: "resize_image",
    11: "softmax",
    12: "transpose",
    13: "strided_slice",
    14: "unary",
    15: "quantized_conv2d",
    16: "quantized_matmul",
    17: "quantized_binary",
    18: "table_lookup1d",
    19: "conv2d_transpose",
    20: "nnil_unary_method",
    0x2001: "kpu_upload",
    0x2002: "kpu_conv2d",
}


def parse_v4(m):
    ident, ver, flags, target, const, mainmem, nodes, nin, nout, res = struct.unpack_from("<10I", m, 0)
    if ident != 0x4B4D444C or ver != 4 or target > 1:
        raise ModelError("not a V4 kmodel")
    r = Rd(m, 40)
    ins = [r.mr() for _ in range(nin)]
    shapes = [r.ii(4) for _ in range(nin)]
    outs = [r.mr() for _ in range(nout)]
    co = r.o
    r.o += const
    heads = [(r.u(), r.u()) for _ in range(nodes)]
    pos = r.o
    L = []
    for t, s in heads:
        L.append((t, pos, s))
        pos += s
    return dict(
        flags=flags,
        target=target,
        const=const,
        const_off=co,
        main_mem=mainmem,
        inputs=ins,
        shapes=shapes,
        outputs=outs,
        nodes=L,
        end=pos,
    )


def kpu_conv_v4(m_body, ram, law="v4"):
    r = Rd(m_body)
    mo = r.mr()
    batches = r.i()
    r.i()
    L = Layer(struct.unpack_from("<12Q", m_body, r.o))
    o = r.o + 96
    o += L.bn_addr
    bn = parse_bn(m_body[o : o + 8 * L.oc], L.oc)
    o += 8 * L.oc
    o += L.act_addr
    act = parse_act(m_body[o : o + 144])
    o += 144
    o += L.para_addr
    W = np.frombuffer(m_body, np.uint8, L.weight_count, o)
    return mo, batches, L, bn, act, W


def run_v4(m, inputs, law="v4"):
    h = parse_v4(m)
    R = Result()
    R.meta = h
    ram = np.zeros(RAM_BYTES, np.uint8)
    main = np.zeros(h["main_mem"] + 64, np.uint8)
    const = np.frombuffer(m, np.uint8, h["const"], h["const_off"]).copy()

    def mem(q, dt=None):
        b = {0: const, 1: main, 2: ram}[q[0]]
        v = b[q[2] : q[2] + q[3]]
        dt = dt or (f32 if q[1] == 0 else np.uint8)
        return v[: len(v) // np.dtype(dt).itemsize * np.dtype(dt).itemsize].view(dt)

    def put(q, a):
        b = np.ascontiguousarray(a).view(np.uint8).ravel()
        {0: const, 1: main, 2: ram}[q[0]][q[2] : q[2] + b.size] = b

    off = 0
    raw = [bytes(x) if isinstance(x, (bytes, bytearray)) else np.ascontiguousarray(x).tobytes() for x in inputs]
    for q, sh, x in zip(h["inputs"], h["shapes"], raw):
        if q[0] == 2:  # AI RAM input: the device runtime uploads it row by row
            x = np.frombuffer(x, np.uint8, int(np.prod(sh))).reshape(sh)
            lines = fmap_lines(sh[3], sh[2], sh[1])
            for b in range(sh[0]):
                ai_write(ram, q[2] // 64 + b * lines, x[b])
        else:
            mem(q, np.uint8)[:] = np.frombuffer(x, np.uint8, q[3])
    for i, (t, p, sz) in enumerate(h["nodes"]):
        body = m[p : p + sz]
        r = Rd(body)
        q = None
        y = None
        if t == 0x2001:
            a = r.mr()
            q = r.mr()
            s = r.ii(4)
            x = mem(a, np.uint8)[: int(np.prod(s))].reshape(s)
            lines = fmap_lines(s[3], s[2], s[1])
            for b in range(s[0]):
                ai_write(ram, q[2] // 64 + b * lines, x[b])
            R.trace.append((i, t, crc(x.tobytes()), x.size))
            continue
        if t == 0x2002:
            mo, nb, L, bn, act, W = kpu_conv_v4(body, ram)
            y = kpu_batches(L, nb, ram, W, bn, act, law)
            if mo[3]:
                put(mo, y)
            R.trace.append((i, t, crc(y.tobytes()), y.size))
            continue
        n = V4OPS.get(t)
        if n in ("binary", "quantized_binary"):
            a, b, q = r.mr(), r.mr(), r.mr()
            op = r.i()
            sa, sb, so = r.ii(4), r.ii(4), r.ii(4)
            if n == "binary":
                lo, hi = r.f(), r.f()
                x = mem(a, f32)[: int(np.prod(sa))].reshape(sa)
                z = mem(b, f32)[: int(np.prod(sb))].reshape(sb)
                if sa != sb:
                    x = x[bcast_idx(sa, so)]
                    z = z[bcast_idx(sb, so)]
                y = clampf(apply_binary(op, x, z), lo, hi)
            else:
                oa, ma, ha, ob, mb, hb, oo, mo, ho = r.ii(9)
                x = mem(a, np.uint8)[: int(np.prod(sa))].reshape(sa).astype(np.int64)
                z = mem(b, np.uint8)[: int(np.prod(sb))].reshape(sb).astype(np.int64)
                if sa != sb:
                    x = x[bcast_idx(sa, so)]
                    z = z[bcast_idx(sb, so)]
                x = mcs(x + oa, ma, ha)
                z = mcs(z + ob, mb, hb)
                if op == 3:
                    w = x + np.trunc(z / 2).astype(np.int64)
                    v = (np.abs(w) // np.abs(z)) * np.sign(w) * np.sign(z)
                else:
                    v = [x + z, x - z, x * z, None, np.minimum(x, z), np.maximum(x, z)][op]
                v = (v + 2**31) % 2**32 - 2**31  # the operation is done in int32 and wraps
                y = np.clip(mcs(v, mo, ho) + oo, 0, 255).astype(np.uint8)
        elif n == "concat":
            q = r.mr()
            inner, outer, cnt = r.u(), r.u(), r.u()
            ins = [r.mr() for _ in range(cnt)]
            dims = r.ii(cnt)
            parts = []
            for oc in range(outer):
                for a, d in zip(ins, dims):
                    parts.append(
                        {0: const, 1: main, 2: ram}[a[0]][a[2] + oc * inner * d : a[2] + (oc + 1) * inner * d].copy()
                    )
            y = np.concatenate(parts)
        elif n == "conv2d":
            a, q = r.mr(), r.mr()
            s = r.ii(4)
            g, oc, p0, p1, p2, p3, fh, fw, sh, sw, dh, dw = r.ii(12)
            lo, hi = r.f(), r.f()
            w = r.arr("<f4", oc * s[1] // g * fh * fw).reshape(oc, s[1] // g, fh, fw)
            b = r.arr("<f4", oc)
            y = conv_nchw_f32(mem(a, f32).reshape(s), w, b, g, (sh, sw), (dh, dw), (p0, p1), (p2, p3), lo, hi)
        elif n == "quantized_conv2d":
            a, q = r.mr(), r.mr()
            s = r.ii(4)
            g, oc, p0, p1, p2, p3, fh, fw, sh, sw, dh, dw, io, fo, om, os_, oo = r.ii(17)
            b = r.arr("<i4", oc)
            w = r.arr(np.uint8, oc * s[1] // g * fh * fw).reshape(oc, s[1] // g, fh, fw).astype(np.int64) + fo
            x = mem(a, np.uint8).reshape(s).astype(np.int64) + io
            v = conv_int(x, w, b, g, (sh, sw), (dh, dw), (p0, p1), (p2, p3))
            y = np.clip(mcs(v, om, os_) + oo, 0, 255).astype(np.uint8)
        elif n == "conv2d_transpose":
            a, q = r.mr(), r.mr()
            s, so = r.ii(4), r.ii(4)
            g, p0, p1, p2, p3, fh, fw, sh, sw, dh, dw = r.ii(11)
            lo, hi = r.f(), r.f()
            w = r.arr("<f4", so[1] * s[1] // g * fh * fw).reshape(so[1], s[1] // g, fh, fw)
            x = mem(a, f32).reshape(s)
            y = np.zeros(so, f32)
            gi, go = s[1] // g, so[1] // g
            for b_ in range(s[0]):
                for gg in range(g):
                    for ic in range(gi):
                        for iy in range(s[2]):
                            for ix in range(s[3]):
                                v = x[b_, gg * gi + ic, iy, ix]
                                for ky in range(fh):
                                    for kx in range(fw):
                                        oy, ox = iy * sh - p0 + dh * ky, ix * sw - p2 + dw * kx
                                        if 0 <= oy < so[2] and 0 <= ox < so[3]:
                                            y[b_, gg * go : (gg + 1) * go, oy, ox] += (
                                                v * w[gg * go : (gg + 1) * go, ic, ky, kx]
                                            )
            y = clampf(y, lo, hi)  # the bias is read but never added
        elif n == "dequantize":
            a, q = r.mr(), r.mr()
            zp = r.i()
            sc = r.f()
            y = (mem(a, np.uint8).astype(np.int64) - zp).astype(f32) * (f32(1) / sc)
        elif n == "quantize":
            a, q = r.mr(), r.mr()
            zp = r.i()
            sc = r.f()
            y = np.clip(f2i(roundf(mem(a, f32) * sc + f32(zp))), 0, 255).astype(np.uint8)
        elif n == "matmul":
            a, b, q = r.mr(), r.mr(), r.mr()
            M, K, N = r.ii(3)
            lo, hi = r.f(), r.f()
            bias = r.arr("<f4", N)
            x, z = mem(a, f32).reshape(M, K), mem(b, f32).reshape(K, N)
            acc = np.broadcast_to(bias, (M, N)).astype(f32)
            for k in range(K):
                acc = (acc + x[:, k : k + 1] * z[k : k + 1]).astype(f32)
            y = clampf(acc, lo, hi)
        elif n == "quantized_matmul":
            a, b, q = r.mr(), r.mr(), r.mr()
            M, K, N, ao, bo, om, os_, oo = r.ii(8)
            bias = r.arr("<i4", N)
            v = (mem(a, np.uint8).reshape(M, K).astype(np.int64) + ao) @ (
                mem(b, np.uint8).reshape(K, N).astype(np.int64) + bo
            ) + bias
            y = np.clip(mcs(v, om, os_) + oo, 0, 255).astype(np.uint8)
        elif n == "memory_copy":
            a, q = r.mr(), r.mr()
            y = mem(a, np.uint8)[: a[3] // 4 * 4].copy()
        elif n == "pad":
            a, q = r.mr(), r.mr()
            s = r.ii(4)
            pd = [(r.i(), r.i()) for _ in range(4)]
            dt = r.u()
            pv = body[r.o : r.o + 4]
            x = mem(a).reshape(s)
            v = struct.unpack("<f", pv)[0] if x.dtype == f32 else pv[0]
            osh = [s[k] + pd[k][0] + pd[k][1] for k in range(4)]
            y = np.full(osh, v, x.dtype)
            di, si = [], []
            for k in range(4):
                b_, e_ = pd[k]
                lo_, hi_ = max(b_, 0), osh[k] - max(e_, 0)
                di.append(slice(lo_, hi_))
                si.append(slice(lo_ - b_, hi_ - b_))
            y[tuple(di)] = x[tuple(si)]
        elif n == "reduce":
            a, q = r.mr(), r.mr()
            op = r.i()
            s, so = r.ii(4), r.ii(4)
            init = r.f()
            x = mem(a, f32).reshape(s)
            y = reduced(x, so, op, init)
            if op == 0:
                y = (y * f32(f32(y.size) / f32(x.size))).astype(f32)
        elif n == "reduce_window2d":
            a, q = r.mr(), r.mr()
            op = r.i()
            s = r.ii(4)
            p0, p1, p2, p3, fh, fw, sh, sw, dh, dw = r.ii(10)
            init, lo, hi = r.f(), r.f(), r.f()
            y = window_reduce(mem(a, f32).reshape(s), op, init, fh, fw, sh, sw, dh, dw, (p0, p1), (p2, p3), lo, hi)
        elif n == "resize_image":
            a, q = r.mr(), r.mr()
            s = r.ii(4)
            oh, ow, mode = r.ii(3)
            al = body[r.o]
            y = resize(mem(a).reshape(s), oh, ow, mode == 0, al)
        elif n == "softmax":
            a, q = r.mr(), r.mr()
            inner, outer = r.ii(2)
            beta = r.f()
            x = mem(a, f32).reshape(outer, inner)
            y = np.zeros_like(x)
            for k in range(outer):
                e = mapf("expf", ((x[k] - x[k].max()) * beta).astype(f32))
                sm = f32(0)
                for v in e:
                    sm = f32(sm + v)
                y[k] = e / sm
        elif n == "transpose":
            a, q = r.mr(), r.mr()
            s, pm = r.ii(4), r.ii(4)
            y = mem(a).reshape(s).transpose(pm)
        elif n == "strided_slice":
            a, q = r.mr(), r.mr()
            s, be, en, stp = r.ii(4), r.ii(4), r.ii(4), r.ii(4)
            y = mem(a).reshape(s)[np.ix_(*[list(range(be[k], en[k], stp[k])) for k in range(4)])]
        elif n == "unary":
            a, q = r.mr(), r.mr()
            y = unary_v4(r.i(), mem(a, f32).copy())
        elif n == "nnil_unary_method":
            a, q = r.mr(), r.mr()
            y = nnil(body[r.o :], mem(a, f32).copy())
        elif n == "table_lookup1d":
            a, tb, q = r.mr(), r.mr(), r.mr()
            y = mem(tb, np.uint8)[mem(a, np.uint8)]
        else:
            raise ModelError("V4 opcode %#x" % t)
        y = np.ascontiguousarray(y)
        put(q, y)
        R.trace.append((i, t, crc(y.tobytes()), y.nbytes))
    R.outputs = [mem(q, np.uint8).tobytes() for q in h["outputs"]]
    return R
