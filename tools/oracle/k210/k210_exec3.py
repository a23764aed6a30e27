"""kmodel V3: its layers run one after the other."""

import struct
import numpy as np

from k210_kpu import Layer, RAM_BYTES, ai_read, ai_write, carry_shift_v3, kpu_map, parse_act, parse_bn
from k210_numbers import ModelError, Result, crc, f2i, f32, mapf, roundf

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
