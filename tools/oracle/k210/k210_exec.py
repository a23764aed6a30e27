"""Reference executor for K210 kmodel V3, V4 and V5, in numpy.

An independent statement of the arithmetic described in docs/arithmetic_k210.md.  Slow and literal on purpose.
  run(model_bytes, [input arrays or bytes]) -> Result(outputs=[bytes], trace=[(index, type, crc32, size)])
"""

import ctypes, ctypes.util, struct, zlib
import numpy as np

f32 = np.float32
_m = ctypes.CDLL(ctypes.util.find_library("m"))
for _n in ("expf", "logf", "sinf", "cosf", "tanhf", "roundf", "erff"):
    g = getattr(_m, _n)
    g.restype = ctypes.c_float
    g.argtypes = [ctypes.c_float]
_m.powf.restype = ctypes.c_float
_m.powf.argtypes = [ctypes.c_float, ctypes.c_float]
_m.exp.restype = ctypes.c_double
_m.exp.argtypes = [ctypes.c_double]


def mapf(name, a):
    g = getattr(_m, name)
    return np.array([g(float(v)) for v in np.asarray(a).ravel()], f32).reshape(np.shape(a))


def roundf(a):  # half away from zero, float32
    a = np.asarray(a, f32)
    r = np.trunc(a)
    d = np.abs(a - r)
    return np.where(d >= f32(0.5), r + np.sign(a), r).astype(f32)


def f2i(a):  # C cast float -> int32 (saturating here; the x86 result for out-of-range is INT_MIN)
    a = np.asarray(a, np.float64)
    bad = ~((a > -2147483649.0) & (a < 2147483648.0))
    r = np.where(bad, -2147483648.0, a)
    return np.trunc(r).astype(np.int64)


def sgn(v, bits):
    v &= (1 << bits) - 1
    return v - (1 << bits) if v >> (bits - 1) else v


def bits(v, lo, n):
    return (v >> lo) & ((1 << n) - 1)


class ModelError(Exception):
    pass


# ---------------------------------------------------------------- AI RAM
RAM_BYTES = 2 * 1024 * 1024


def row_layout(w):
    if w <= 16:
        return 4, 1, 16
    if w <= 32:
        return 2, 1, 32
    return 1, (w + 63) // 64, 64


def fmap_lines(w, h, c):
    g, rl, _ = row_layout(w)
    one = min(c, g)
    return rl * h * ((c + one - 1) // one)


def ai_index(w, h, c):
    """byte offset (from the map's first line) of every (c,y,x)"""
    g, rl, pitch = row_layout(w)
    ch = np.arange(c)
    base = (ch // g) * rl * h * 64 + (ch % g) * pitch
    return base[:, None, None] + (np.arange(h) * rl * 64)[None, :, None] + np.arange(w)[None, None, :]


def ai_write(ram, line, a):
    c, h, w = a.shape
    ram[line * 64 + ai_index(w, h, c)] = a


def ai_read(ram, line, c, h, w):
    return ram[line * 64 + ai_index(w, h, c)]


# ---------------------------------------------------------------- KPU layer
class Layer:
    def __init__(s, regs):
        r = regs
        s.int_en, s.ram_flag, s.full_add, s.dw = (bits(r[0], i, 1) for i in range(4))
        s.src, s.dst = bits(r[1], 0, 15), bits(r[1], 32, 15)
        s.ic, s.oc, s.oc_coef = bits(r[2], 0, 10) + 1, bits(r[2], 32, 10) + 1, bits(r[2], 48, 10) + 1
        s.iw, s.ih = bits(r[3], 0, 10) + 1, bits(r[3], 10, 9) + 1
        s.ow, s.oh = bits(r[3], 32, 10) + 1, bits(r[3], 42, 9) + 1
        v = r[4]
        s.kernel, s.pad_type, s.pool = bits(v, 0, 3), bits(v, 3, 1), bits(v, 4, 4)
        s.first_stride, s.bypass, s.load_para = bits(v, 8, 1), bits(v, 9, 1), bits(v, 10, 1)
        s.burst, s.pad, s.bn_addr = bits(v, 16, 8), bits(v, 24, 8), bits(v, 32, 32)
        v = r[5]
        s.load_coor, s.load_time, s.para_size, s.para_addr = (
            bits(v, 0, 1),
            bits(v, 1, 6) + 1,
            bits(v, 15, 17),
            bits(v, 32, 32),
        )
        s.coef_col, s.coef_row = bits(r[6], 0, 4), bits(r[6], 4, 12)
        v = r[7]
        s.ch_switch, s.row_switch, s.coef_size = bits(v, 0, 15), bits(v, 16, 4), bits(v, 20, 8)
        s.coef_group, s.load_act, s.act_addr = bits(v, 28, 3), bits(v, 31, 1), bits(v, 32, 32)
        v = r[8]
        s.wb_ch_switch, s.wb_row_switch, s.wb_group = bits(v, 0, 15), bits(v, 16, 4), bits(v, 20, 3)
        v = r[9]
        s.shr_w, s.shr_x, s.arg_w, s.arg_x = (
            bits(v, 0, 4),
            bits(v, 4, 4),
            sgn(bits(v, 8, 24), 24),
            sgn(bits(v, 32, 24), 24),
        )
        s.arg_add = sgn(r[10], 40)
        v = r[11]
        s.send_out, s.ch_bytes, s.total_bytes = bits(v, 0, 1), bits(v, 16, 16) + 1, bits(v, 32, 32) + 1
        s.k = {0: 1, 1: 3}.get(s.kernel)
        if s.k is None:
            raise ModelError("kernel_type %d" % s.kernel)

    @property
    def weight_count(s):
        return s.oc * (1 if s.dw else s.ic) * s.k * s.k


POOL = {0: (1, 1), 1: (2, 2), 2: (2, 2), 3: (4, 4), 4: (4, 4), 5: (2, 2), 6: (2, 2), 7: (4, 4), 8: (2, 1), 9: (2, 1)}


def carry_shift_v3(v, s):
    """one bit left over, then half goes away from the floor: docs/arithmetic_k210.md"""
    if s == 0:
        return v
    v = v >> (s - 1)
    odd = v & 1
    return np.where(odd == 0, v >> 1, np.where(v < 0, (v >> 1) - 1, (v >> 1) + 1))


def carry_shift_v4(v, s):
    if s == 0:
        return v
    i = v >> s
    fr = v & ((1 << s) - 1)
    half = 1 << (s - 1)
    sg = np.where(v < 0, -1, 1)
    up = (fr > half) | ((fr == half) & ((i & 1) != 0))
    return np.where(up, i + sg, i)


def activate(v, act, law):
    """v int64; act: 16 x (start, mul, shift, add)"""
    out = np.empty(v.shape, np.int64)
    todo = np.ones(v.shape, bool)
    for st, mul, sh, add in reversed(act):
        hit = todo & ((v >= st) if law == "v3" else (v > st))
        if hit.any():
            t = (v[hit] - st) * mul
            out[hit] = (carry_shift_v3(t, sh) if law == "v3" else carry_shift_v4(t, sh)) + add
            todo &= ~hit
    if todo.any():
        raise ModelError("value below every activation segment")
    return np.clip(out, 0, 255).astype(np.uint8)


def pool(a, t, oh, ow, law):
    f, st = POOL[t]
    c, h, w = a.shape
    if t == 0:
        return a
    nh, nw = (h // st, w // st)
    if law == "v3":
        nh, nw = oh, ow
    out = np.zeros((c, nh, nw), np.uint8)
    for oy in range(nh):
        for ox in range(nw):
            y, x = oy * st, ox * st
            if t in (1, 3, 9):
                out[:, oy, ox] = a[:, y : y + f, x : x + f].reshape(c, -1).max(1)
            elif t in (2, 4, 8):
                if law == "v3":
                    q = a[:, y : y + f, x : x + f].reshape(c, -1)
                    out[:, oy, ox] = q.sum(1, dtype=np.int64) // q.shape[1]
                else:
                    ys = np.minimum(np.arange(y, y + f), h - 1)
                    xs = np.minimum(np.arange(x, x + f), w - 1)
                    out[:, oy, ox] = a[:, ys][:, :, xs].sum((1, 2), dtype=np.int64) // (f * f)
            else:
                xx = x + (1 if t == 6 else 0)
                out[:, oy, ox] = a[:, y, xx] if (y < h and xx < w) else 0
    return out


def kpu_map(L, x, weights, bn, act, law):
    """x: uint8 (ic,ih,iw) -> uint8 (oc,oh,ow).  bn: (mul,shift,add) per oc."""
    k = L.k
    p = k // 2
    X = np.full((x.shape[0], L.ih + 2 * p, L.iw + 2 * p), L.pad, np.uint8)
    X[:, p : p + L.ih, p : p + L.iw] = x
    n = L.ih * L.iw
    cols = np.stack(
        [X[:, ky : ky + L.ih, kx : kx + L.iw].reshape(x.shape[0], n) for ky in range(k) for kx in range(k)], 1
    )
    W = weights.astype(np.int64)
    if L.dw:
        W = W.reshape(L.oc, k * k)
        cc = cols[: L.oc].astype(np.int64)
        conv = np.einsum("ckn,ck->cn", cc, W)
        sx = cc.sum(1)
        sw = W.sum(1)[:, None]
        mult = 1
    else:
        W = W.reshape(L.oc, L.ic * k * k)
        cf = cols.reshape(L.ic * k * k, n).astype(np.float64)
        conv = (W.astype(np.float64) @ cf).astype(np.int64)
        sx = cf.sum(0).astype(np.int64)[None, :]
        sw = W.sum(1)[:, None]
        mult = L.ic
    v = conv + ((L.arg_x * sx) >> L.shr_x) + ((L.arg_w * sw) >> L.shr_w) + L.arg_add * mult
    mul = np.array([b[0] for b in bn], np.int64)[:, None]
    sh = np.array([b[1] for b in bn], np.int64)[:, None]
    add = np.array([b[2] for b in bn], np.int64)[:, None]
    v = ((v * mul) >> sh) + add
    a = activate(v, act, law).reshape(L.oc, L.ih, L.iw)
    return pool(a, L.pool, L.oh, L.ow, law)


def parse_bn(b, n):
    r = []
    for i in range(n):
        v = struct.unpack_from("<Q", b, i * 8)[0]
        r.append((sgn(bits(v, 0, 24), 24), bits(v, 56, 4), sgn(bits(v, 24, 32), 32)))
    return r


def parse_act(b):
    t = []
    for i in range(16):
        v = struct.unpack_from("<Q", b, i * 8)[0]
        t.append((sgn(bits(v, 24, 36), 36), sgn(bits(v, 8, 16), 16), bits(v, 0, 8), b[128 + i]))
    return t


class Result:
    def __init__(s):
        s.outputs = []
        s.trace = []
        s.meta = {}


def crc(b):
    return zlib.crc32(bytes(b)) & 0xFFFFFFFF


# ---------------------------------------------------------------- V3
V3 = {
    1: "add",
    2: "quant_add",
    5: "gap2d",
    8: "quant_max_pool2d",
    9: "average_pool2d",
    11: "quantize",
    12: "dequantize",
    13: "requantize",
    14: "l2_norm",
    15: "softmax",
    16: "concat",
    17: "quant_concat",
    18: "fully_connected",
    20: "tf_flatten",
    22: "resize_nn",
    23: "quant_resize_nn",
    24: "channelwise_dequantize",
    25: "logistic",
    10240: "k210_conv",
    10241: "k210_add_padding",
    10242: "k210_remove_padding",
    10243: "k210_upload",
}


def parse_v3(m):
    ver, flags, arch, nl, maxstart, mainmem, no = struct.unpack_from("<7I", m, 0)
    if ver != 3 or arch != 0:
        raise ModelError("not a V3 kmodel")
    outs = [struct.unpack_from("<2I", m, 28 + 8 * i) for i in range(no)]
    ho = 28 + 8 * no
    heads = [struct.unpack_from("<2I", m, ho + 8 * i) for i in range(nl)]
    pos = ho + 8 * nl
    layers = []
    for t, sz in heads:
        layers.append((t, pos, sz))
        pos += sz
    return dict(flags=flags, max_start=maxstart, main_mem=mainmem, outputs=outs, layers=layers, end=pos)


def v3_conv(m, off):
    flags, mo, lo, wo, bo, ao = struct.unpack_from("<6I", m, off)
    return flags, mo, Layer(struct.unpack_from("<12Q", m, lo)), wo, bo, ao


def run_v3(m, inputs, law="v3"):
    h = parse_v3(m)
    R = Result()
    R.meta = h
    ram = np.zeros(RAM_BYTES, np.uint8)
    main = np.zeros(h["main_mem"] + 64, np.uint8)
    w8 = h["flags"] & 1
    src = np.frombuffer(
        bytes(inputs[0]) if isinstance(inputs[0], (bytes, bytearray)) else np.ascontiguousarray(inputs[0]).tobytes(),
        np.uint8,
    )
    t0, p0, _ = h["layers"][0]
    if t0 == 10240:
        L = v3_conv(m, p0)[2]
        ai_write(ram, L.src, src[: L.ic * L.ih * L.iw].reshape(L.ic, L.ih, L.iw))
    elif t0 == 18:
        a = struct.unpack_from("<6I", m, p0)
        main[a[1] : a[1] + 4 * a[3]] = src[: 4 * a[3]]
    else:
        raise ModelError("first layer type %d" % t0)

    def F(addr, n):
        return main[addr : addr + 4 * n].view(np.float32)

    for i, (t, p, sz) in enumerate(h["layers"]):
        A = lambda n, o=p: struct.unpack_from("<%dI" % n, m, o)
        rng = None
        if t == 10240:
            fl, mo, L, wo, bo, ao = v3_conv(m, p)
            W = np.frombuffer(m, np.uint8 if w8 else np.dtype("<u2"), L.weight_count, wo)
            y = kpu_map(
                L,
                ai_read(ram, L.src, L.ic, L.ih, L.iw),
                W,
                parse_bn(m[bo : bo + 8 * L.oc], L.oc),
                parse_act(m[ao : ao + 144]),
                law,
            )
            ai_write(ram, L.dst, y)
            if fl & 1:
                b = y.reshape(-1)
                main[mo : mo + b.size] = b
            R.trace.append((i, t, crc(y.tobytes()), y.size))
            continue
        if t == 1:
            f_, a, b, o, n = A(5)
            F(o, n)[:] = F(a, n) + F(b, n)
            rng = (o, 4 * n)
        elif t == 2:
            f_, a, b, o, n = A(5)
            oa, ma, sa, ob, mb, sb, oo, mo, so = struct.unpack_from("<9i", m, p + 20)
            n8 = (n + 7) // 8 * 8
            x = (main[a : a + n8].astype(np.int64) + oa) * ma
            y = (main[b : b + n8].astype(np.int64) + ob) * mb
            v = ((x + y) >> sa) if sa == sb else ((x >> sa) + (y >> sb))
            main[o : o + n8] = np.clip(carry_shift_v3(v * mo, so) + oo, 0, 255)
            rng = (o, n)
        elif t == 5:
            f_, a, o, ks, c = A(5)
            x = F(a, ks * c).reshape(c, ks)
            s = np.zeros(c, f32)
            for j in range(ks):
                s = (s + x[:, j]).astype(f32)
            F(o, c)[:] = s / f32(ks)
            rng = (o, 4 * c)
        elif t in (8, 9):
            f_, a, o, iw, ih, ic, ow, oh, oc, kw, kh, sw, sh, pw, ph = A(15)
            x = (main[a : a + iw * ih * ic] if t == 8 else F(a, iw * ih * ic)).reshape(ic, ih, iw)
            y = np.zeros((oc, oh, ow), x.dtype)
            for yy in range(oh):
                for xx in range(ow):
                    y0, x0 = yy * sh - ph, xx * sw - pw
                    ys, ye, xs, xe = max(0, y0), min(y0 + kh, ih), max(0, x0), min(x0 + kw, iw)
                    q = x[:, ys:ye, xs:xe].reshape(ic, -1)
                    if t == 8:
                        y[:, yy, xx] = q.max(1)[:oc] if q.shape[1] else 0
                    else:
                        s = np.zeros(ic, f32)
                        for j in range(q.shape[1]):
                            s = s + q[:, j]
                        y[:, yy, xx] = (s / f32(q.shape[1]))[:oc]
            if t == 8:
                main[o : o + y.size] = y.ravel()
                rng = (o, y.size)
            else:
                F(o, y.size)[:] = y.ravel()
                rng = (o, 4 * y.size)
        elif t == 11:
            f_, a, o, n = A(4)
            sc, bi = struct.unpack_from("<2f", m, p + 16)
            v = f2i(roundf((F(a, n) - f32(bi)) * (f32(1) / f32(sc))))
            main[o : o + n] = np.clip(v, 0, 255)
            rng = (o, n)
        elif t == 12:
            f_, a, o, n = A(4)
            sc, bi = struct.unpack_from("<2f", m, p + 16)
            x = main[a : a + n].copy()
            F(o, n)[:] = x.astype(f32) * f32(sc) + f32(bi)
            rng = (o, 4 * n)
        elif t == 13:
            f_, a, o, n = A(4)
            tab = np.frombuffer(m, np.uint8, 256, p + 16)
            main[o : o + n] = tab[main[a : a + n]]
            rng = (o, n)
        elif t == 14:
            f_, a, o, n = A(4)
            x = F(a, n).copy()
            s = f32(0)
            for v in x:
                s = f32(s + f32(v * v))
            if s < f32(1e-10):
                s = f32(1e-10)
            s = f32(f32(1) / np.sqrt(s))
            F(o, n)[:] = x * s
            rng = (o, 4 * n)
        elif t == 15:
            f_, a, o, n = A(4)
            x = F(a, n).copy()
            mx = np.finfo(f32).tiny
            for v in x:
                mx = max(mx, v)
            e = mapf("expf", x - f32(mx))
            s = f32(0)
            for v in e:
                s = f32(s + v)
            F(o, n)[:] = e / s
            rng = (o, 4 * n)
        elif t in (16, 17):
            f_, o, n = A(3)
            d = o
            for j in range(n):
                s_, z_ = struct.unpack_from("<2I", m, p + 12 + 8 * j)
                main[d : d + z_] = main[s_ : s_ + z_].copy()
                d += z_
            rng = (o, d - o)
        elif t == 18:
            f_, a, o, ni, nout, ac = A(6)
            w = np.frombuffer(m, "<f4", ni * nout, p + 24).reshape(nout, ni)
            bi = np.frombuffer(m, "<f4", nout, p + 24 + 4 * ni * nout)
            x = F(a, ni).copy()
            s = np.zeros(nout, f32)
            for j in range(ni):
                s = (s + x[j] * w[:, j]).astype(f32)
            s = s + bi
            if ac == 1:
                s = np.maximum(s, f32(0))
            elif ac == 2:
                s = np.minimum(np.maximum(s, f32(0)), f32(6))
            F(o, nout)[:] = s
            rng = (o, 4 * nout)
        elif t == 20:
            f_, a, o, w_, h_, c_ = A(6)
            x = F(a, w_ * h_ * c_).copy().reshape(c_, h_, w_)
            F(o, x.size)[:] = x.transpose(1, 2, 0).ravel()
            rng = (o, 4 * x.size)
        elif t in (22, 23):
            f_, a, o, w_, h_, c_, ow, oh, al = A(9)
            x = (F(a, w_ * h_ * c_) if t == 22 else main[a : a + w_ * h_ * c_]).copy().reshape(c_, h_, w_)
            ys = np.minimum(np.floor(np.arange(oh).astype(f32) * (f32(h_) / f32(oh))), h_ - 1).astype(int)
            xs = np.minimum(np.floor(np.arange(ow).astype(f32) * (f32(w_) / f32(ow))), w_ - 1).astype(int)
            y = np.ascontiguousarray(x[:, ys][:, :, xs])
            b = y.view(np.uint8).ravel()
            main[o : o + b.size] = b
            rng = (o, b.size)
        elif t == 24:
            f_, a, o, c_, n = A(5)
            q = np.frombuffer(m, "<f4", 2 * c_, p + 20).reshape(c_, 2)
            x = main[a : a + c_ * n].copy().reshape(c_, n).astype(f32)
            F(o, c_ * n)[:] = (x * q[:, :1] + q[:, 1:]).ravel()
            rng = (o, 4 * c_ * n)
        elif t == 25:
            f_, a, o, n = A(4)
            F(o, n)[:] = f32(1) / (f32(1) + mapf("expf", -F(a, n)))
            rng = (o, 4 * n)
        elif t == 10241:
            f_, a, o, c_ = A(4)
            ch = np.arange(c_)
            ram[o * 64 + ch // 4 * 256 + ch % 4 * 16] = main[a : a + c_]
            rng = (a, c_)
        elif t == 10242:
            f_, a, o, c_ = A(4)
            main[o : o + c_] = main[a : a + 16 * c_ : 16].copy()
            rng = (o, c_)
        elif t == 10243:
            f_, a, o, w_, h_, c_ = A(6)
            ai_write(ram, o, main[a : a + w_ * h_ * c_].reshape(c_, h_, w_))
            rng = (a, w_ * h_ * c_)
        else:
            raise ModelError("V3 layer type %d" % t)
        R.trace.append((i, t, crc(main[rng[0] : rng[0] + rng[1]].tobytes()), rng[1]))
    R.outputs = [main[a : a + s].tobytes() for a, s in h["outputs"]]
    return R


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


def clampf(a, lo, hi):
    return np.where(a < lo, lo, np.where(hi < a, hi, a)).astype(f32)


def win_out(size, f, s, d, p0, p1):
    return (size + p0 + p1 - ((f - 1) * d + 1) + s) // s


def mcs(v, mul, sh, banker=False):
    v = np.asarray(v, np.int64) * mul
    if banker:
        r = carry_shift_v4(v, sh)
    else:
        r = (v + (1 << (sh - 1))) >> sh if sh > 0 else v
    return (r + 2**31) % 2**32 - 2**31


def conv_nchw_f32(x, w, b, groups, st, dil, ph, pw, lo, hi):
    N, C, H, Wd = x.shape
    oc, gic, fh, fw = w.shape
    goc = oc // groups
    oh = win_out(H, fh, st[0], dil[0], *ph)
    ow = win_out(Wd, fw, st[1], dil[1], *pw)
    out = np.zeros((N, oc, oh, ow), f32)
    # window taps outside the image are skipped; adding +-0 keeps the value, so pad with zero and mask
    for o in range(oc):
        g = o // goc
        acc = np.full((N, oh, ow), b[o], f32)
        for ic in range(gic):
            P = np.zeros((N, H + ph[0] + ph[1] + fh * dil[0], Wd + pw[0] + pw[1] + fw * dil[1]), f32)
            P[:, ph[0] : ph[0] + H, pw[0] : pw[0] + Wd] = x[:, g * gic + ic]
            for ky in range(fh):
                for kx in range(fw):
                    acc = (
                        acc
                        + P[
                            :,
                            ky * dil[0] : ky * dil[0] + oh * st[0] : st[0],
                            kx * dil[1] : kx * dil[1] + ow * st[1] : st[1],
                        ]
                        * w[o, ic, ky, kx]
                    ).astype(f32)
        out[:, o] = acc
    return clampf(out, lo, hi)


def window_reduce(x, op, init, fh, fw, sh, sw, dh, dw, ph, pw, lo, hi):
    N, C, H, W = x.shape
    oh = win_out(H, fh, sh, dh, *ph)
    ow = win_out(W, fw, sw, dw, *pw)
    out = np.zeros((N, C, oh, ow), f32)
    for y in range(oh):
        for xx in range(ow):
            y0, x0 = y * sh - ph[0], xx * sw - pw[0]
            acc = np.full((N, C), init, f32)
            cnt = 0
            for ky in range(max(0, -(y0 // dh) if y0 < 0 else 0), fh):
                for kx in range(max(0, -(x0 // dw) if x0 < 0 else 0), fw):
                    iy, ix = y0 + ky * dh, x0 + kx * dw
                    if not (0 <= iy < H and 0 <= ix < W):
                        continue
                    v = x[:, :, iy, ix]
                    cnt += 1
                    if op in (0, 3):
                        acc = (acc + v).astype(f32)
                    elif op == 1:
                        acc = np.where(v < acc, v, acc)
                    else:
                        acc = np.where(acc < v, v, acc)
            if op == 0:
                acc = (acc / f32(cnt)).astype(f32)
            out[:, :, y, xx] = acc
    return clampf(out, lo, hi)


def bcast_idx(shape, out):
    """nncase 'reduced offset': index i is used if i < dim else 0"""
    return np.ix_(*[np.where(np.arange(o) >= d, 0, np.arange(o)) for d, o in zip(shape, out)])


def apply_binary(op, a, b):
    with np.errstate(all="ignore"):
        return [
            lambda: a + b,
            lambda: a - b,
            lambda: a * b,
            lambda: a / b,
            lambda: np.where(b < a, b, a),
            lambda: np.where(a < b, b, a),
            lambda: np.array(
                [_m.powf(float(p), float(q)) for p, q in zip(np.ravel(a), np.ravel(np.broadcast_to(b, a.shape)))], f32
            ).reshape(a.shape),
        ][op]().astype(a.dtype)


def nnil(body, x):
    """stack machine over whole vectors (no jumps)"""
    st = []
    i = 0
    while i < len(body):
        op = body[i]
        i += 1
        if op == 0:
            pass
        elif op == 1:
            st.append(st[-1])
        elif op == 2:
            st.pop()
        elif op == 3:
            st.append(x)
        elif op == 4:
            st.append(np.zeros_like(x))
        elif op == 5:
            st.append(np.ones_like(x))
        elif op == 6:
            st.append(np.full_like(x, struct.unpack_from("<f", body, i)[0]))
            i += 4
        elif 0x20 <= op <= 0x29 or op in (0x2A, 0x2B, 0x2C):
            st.append(unary_v4(op - 0x20, st.pop()))
        elif 0x40 <= op <= 0x45:
            b = st.pop()
            a = st.pop()
            st.append(apply_binary(op - 0x40, a, b))
        elif op == 0x80:
            hi = st.pop()
            lo = st.pop()
            v = st.pop()
            st.append(np.where(v < lo, lo, np.where(hi < v, hi, v)).astype(f32))
        elif op == 0xA0:
            return st.pop()
        else:
            raise ModelError("nnil op %#x" % op)


def unary_v4(op, v):
    n = ["abs", "ceil", "cos", "exp", "floor", "log", "neg", "rsqrt", "sin", "square"][op]
    with np.errstate(all="ignore"):
        if n == "abs":
            return np.abs(v)
        if n == "ceil":
            return np.ceil(v)
        if n == "floor":
            return np.floor(v)
        if n == "neg":
            return -v
        if n == "square":
            return (v * v).astype(f32)
        if n == "rsqrt":
            return (f32(1) / np.sqrt(v)).astype(f32)
        return mapf(n + "f", v)


def resize(x, oh, ow, bilinear, align):
    N, C, H, W = x.shape
    if not bilinear:
        ys = np.minimum(np.floor(np.arange(oh).astype(f32) * (f32(H) / f32(oh))).astype(int), H - 1)
        xs = np.minimum(np.floor(np.arange(ow).astype(f32) * (f32(W) / f32(ow))).astype(int), W - 1)
        return x[:, :, ys][:, :, :, xs]
    hs, ws = f32(H) / f32(oh), f32(W) / f32(ow)
    if align and oh > 1:
        hs = f32(H - 1) / f32(oh - 1)
    if align and ow > 1:
        ws = f32(W - 1) / f32(ow - 1)
    fy, fx = np.arange(oh).astype(f32) * hs, np.arange(ow).astype(f32) * ws
    y0, x0 = np.floor(fy).astype(int), np.floor(fx).astype(int)
    y1, x1 = np.minimum(y0 + 1, H - 1), np.minimum(x0 + 1, W - 1)
    dy, dx = (fy - y0.astype(f32)).astype(f32)[:, None], (fx - x0.astype(f32)).astype(f32)[None, :]
    one = f32(1)
    g = lambda a, b: x[:, :, a][:, :, :, b].astype(f32)
    r = (
        (g(y0, x0) * ((one - dy) * (one - dx)) + g(y1, x0) * (dy * (one - dx))).astype(f32)
        + g(y0, x1) * ((one - dy) * dx)
    ).astype(f32) + g(y1, x1) * (dy * dx)
    return r.astype(f32) if x.dtype == f32 else np.trunc(r).astype(x.dtype)


def reduced(x, rshape, op, init):
    """x 4-D; output index = in index, or 0 where in index >= reduced dim; sequential, C order, starting from init"""
    out = np.full(rshape, init, f32)
    ax = [k for k in range(x.ndim) if rshape[k] != x.shape[k]]
    it = [range(x.shape[k]) if k in ax else [slice(None)] for k in range(x.ndim)]
    import itertools

    for idx in itertools.product(*it):
        sel = tuple(slice(q, q + 1) if isinstance(q, int) else q for q in idx)
        v = x[sel]
        if op in (0, 3):
            out = (out + v).astype(f32)
        elif op == 1:
            out = np.where(v < out, v, out)
        else:
            out = np.where(out < v, v, out)
    return out


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


def kpu_batches(L, batches, ram, W, bn, act, law):
    si, so = fmap_lines(L.iw, L.ih, L.ic), fmap_lines(L.ow, L.oh, L.oc)
    ys = []
    for b in range(batches):
        ys.append(kpu_map(L, ai_read(ram, L.src + b * si, L.ic, L.ih, L.iw), W, bn, act, law))
    for b, y in enumerate(ys):
        ai_write(ram, L.dst + b * so, y)
    return np.stack(ys)


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


def conv_int(x, w, b, groups, st, dil, ph, pw):
    N, C, H, Wd = x.shape
    oc, gic, fh, fw = w.shape
    goc = oc // groups
    oh = win_out(H, fh, st[0], dil[0], *ph)
    ow = win_out(Wd, fw, st[1], dil[1], *pw)
    out = np.zeros((N, oc, oh, ow), np.int64)
    P = np.zeros((N, C, H + ph[0] + ph[1] + fh * dil[0], Wd + pw[0] + pw[1] + fw * dil[1]), np.int64)
    P[:, :, ph[0] : ph[0] + H, pw[0] : pw[0] + Wd] = x
    for o in range(oc):
        g = o // goc
        acc = np.full((N, oh, ow), int(b[o]), np.int64)
        for ic in range(gic):
            for ky in range(fh):
                for kx in range(fw):
                    acc += (
                        P[
                            :,
                            g * gic + ic,
                            ky * dil[0] : ky * dil[0] + oh * st[0] : st[0],
                            kx * dil[1] : kx * dil[1] + ow * st[1] : st[1],
                        ]
                        * w[o, ic, ky, kx]
                    )
        out[:, o] = acc
    return (out + 2**31) % 2**32 - 2**31


def run(m, inputs, **kw):
    m = bytes(m)
    if m[:4] == b"LDMK":
        v = struct.unpack_from("<I", m, 4)[0]
        if v == 4:
            return run_v4(m, inputs, **kw)
        if v == 5:
            from k210_exec5 import run_v5

            return run_v5(m, inputs, **kw)
        raise ModelError("version %d" % v)
    return run_v3(m, inputs, **kw)
