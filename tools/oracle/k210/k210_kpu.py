"""The KPU's memory and layers: one statement for all formats, which differ in `law`."""

import struct
import numpy as np

from k210_numbers import ModelError, bits, sgn

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


def mcs(v, mul, sh, banker=False):
    v = np.asarray(v, np.int64) * mul
    if banker:
        r = carry_shift_v4(v, sh)
    else:
        r = (v + (1 << (sh - 1))) >> sh if sh > 0 else v
    return (r + 2**31) % 2**32 - 2**31


def kpu_batches(L, batches, ram, W, bn, act, law):
    si, so = fmap_lines(L.iw, L.ih, L.ic), fmap_lines(L.ow, L.oh, L.oc)
    ys = []
    for b in range(batches):
        ys.append(kpu_map(L, ai_read(ram, L.src + b * si, L.ic, L.ih, L.iw), W, bn, act, law))
    for b, y in enumerate(ys):
        ai_write(ram, L.dst + b * so, y)
    return np.stack(ys)
