"""Functions on whole arrays that kmodel V4 and V5 run on the CPU."""

import struct
import numpy as np

from k210_numbers import ModelError, _m, clampf, f32, mapf


def win_out(size, f, s, d, p0, p1):
    return (size + p0 + p1 - ((f - 1) * d + 1) + s) // s


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
