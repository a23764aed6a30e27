"""Random TDMA commands."""

from .layout import (
    LANE_BYTES,
    Alloc,
    Fill,
    bf16_fill,
    c_stride_fields,
    ceil_div,
    local_strides,
    matrix_shape,
    round_up,
    same_area,
)


def tensor(rng, lanes, direction, md="copy"):
    """direction 0 g2l 1 l2g 2 g2g 3 l2l"""
    space = Alloc(rng, lanes)
    n, c = rng.choice([1, 1, 2, 3]), rng.choice([1, 2, 3, 4, 8, 9, 17])
    h, w = rng.choice([(1, 1), (1, 8), (3, 5), (4, 16), (2, 33), (7, 7)])
    sf, df = 1, 1
    if md in ("copy", "nc", "mat"):
        if direction == 0:
            sf, df = rng.choice([(1, 1), (1, 1), (2, 2), (1, 2)])
        elif direction == 1:
            sf, df = rng.choice([(1, 1), (1, 1), (2, 2), (2, 1)])
        elif direction == 3:
            sf, df = rng.choice([(1, 1), (2, 2), (1, 2), (2, 1)]) if md == "copy" else (1, 1)
        else:
            sf, df = rng.choice([(1, 1), (2, 2)])
    se, de = (2 if sf == 2 else 1), (2 if df == 2 else 1)
    if md == "chw":
        c = rng.choice([3, 4])
    dn, dc, dh, dw = n, c, h, w
    if md == "nc":
        dn, dc = c, n
        dh, dw = (h, w) if rng.random() < 0.6 else same_area(rng, h * w)
    elif md == "cw":
        dc, dw = w, c
    elif md == "copy" and direction != 2 and rng.random() < 0.4:
        tot = c * h * w
        dc, rest = same_area(rng, tot)
        if dc > 40:
            dc, rest = c, h * w
        dh, dw = same_area(rng, rest)
    sloc, dloc = direction in (1, 3), direction in (0, 3)

    def lstr(N, C, H, W, e):
        s = local_strides(lanes, N, C, H, W, e, rng.choice([0, 1, 1]), lanes)
        if rng.random() < 0.25:
            s[2] += rng.choice([1, 3, 8]) * e
            s[1] = round_up(s[2] * H, 16)
            s[0] = s[1] * ceil_div(C + lanes, lanes)
        return s

    def gstr(N, C, H, W, e):
        s = [C * H * W * e, H * W * e, W * e, e]
        if md != "chw" and rng.random() < 0.4:
            s[2] += rng.choice([0, 1, 5]) * e
            s[1] = s[2] * H + rng.choice([0, 0, 7 * e])
            s[0] = s[1] * C + rng.choice([0, 9 * e])
        return s

    ss = lstr(n, c, h, w, se) if sloc else gstr(n, c, h, w, se)
    ds = lstr(dn, dc, dh, dw, de) if dloc else gstr(dn, dc, dh, dw, de)
    if md == "chw":
        ss = [c * h * w, 1, c * w, 1]
        ds = local_strides(lanes, n, c, h, w, 1, 1, lanes)
    if sloc:
        sa = space.get(n * ss[0] + 64, rng.choice([1, 2, 16]) * se, rng.choice([0, 0, rng.randrange(lanes)]))
    else:
        sa = rng.randrange(0, 0x8000) * se
    if dloc:
        da = space.get(
            dn * ds[0] + 64,
            rng.choice([1, 2, 16]) * de if md not in ("chw",) else 16,
            rng.choice([0, 0, rng.randrange(lanes)]),
        )
    else:
        da = 0x18000 + rng.randrange(0, 0x4000) * de
    f = dict(
        vld=1,
        trans_dir=direction,
        spec_func=1 if md in ("nc", "cw", "chw") else 0,
        transpose_md={"cw": 3, "chw": 1 if c == 3 else 2}.get(md, 0),
        dst_fmt=df,
        src_fmt=sf,
        int8_sign=rng.choice([0, 1]),
        int8_rnd_mode=rng.choice([0, 1]) if (sf, df) == (2, 1) else 0,
        src_n=n,
        src_c=c,
        src_h=h,
        src_w=w,
        dst_c=dc,
        dst_h=dh,
        dst_w=dw,
        src_n_stride=ss[0],
        src_h_stride=ss[2],
        dst_n_stride=ds[0],
        dst_h_stride=ds[2],
        src_base_addr_low=sa,
        dst_base_addr_low=da,
        src_base_reg_sel=rng.randrange(8) if not sloc else 0,
        dst_base_reg_sel=rng.randrange(8) if not dloc else 0,
    )
    f.update(c_stride_fields("src", ss[1]))
    f.update(c_stride_fields("dst", ds[1]))
    return f, (bf16_fill(rng) if sf == 2 else Fill.BYTES), []


def constant(rng, lanes, direction):
    space = Alloc(rng, lanes)
    n, c = rng.choice([1, 1, 2, 3]), rng.choice([1, 2, 3, 8, 9, 17])
    h, w = rng.choice([(1, 1), (1, 8), (3, 5), (4, 16)])
    df = rng.choice([1, 2])
    e = df
    if direction == 0:
        s = local_strides(lanes, n, c, h, w, e, rng.choice([0, 1]), lanes)
        da = space.get(n * s[0] + 64, 16, rng.choice([0, rng.randrange(lanes)]))
    else:
        s = [c * h * w * e, h * w * e, w * e, e]
        da = 0x18000 + 2 * rng.randrange(0x1000)
    f = dict(
        vld=1,
        trans_dir=direction,
        spec_func=4,
        const_val=rng.randrange(65536),
        dst_fmt=df,
        src_fmt=df,
        src_n=n,
        dst_c=c,
        dst_h=h,
        dst_w=w,
        dst_n_stride=s[0],
        dst_h_stride=s[2],
        dst_base_addr_low=da,
        dst_base_reg_sel=rng.randrange(8) if direction else 0,
    )
    f.update(c_stride_fields("dst", s[1]))
    return f, Fill.BYTES, []


def matrix(rng, lanes, direction, tp=False):
    space = Alloc(rng, lanes)
    row, col = rng.choice([1, 2, 3, 7, 16, 20]), rng.choice([1, 5, 16, 17, 40, 130])
    if tp:
        row = rng.choice([8, 16, 20, 33])
        col = rng.choice([1, 3, 9])
    sf, df = 1, 1
    if not tp:
        sf, df = rng.choice([(1, 1), (2, 2), (1, 2)] if direction == 0 else [(1, 1), (2, 2), (2, 1)])
    se, de = sf, df
    le = de if direction == 0 else se
    lrow, lcol = (col, row) if tp else (row, col)
    w, c, sz = matrix_shape(rng, lanes, lrow, lcol, le)
    if tp and w > row:
        raise OverflowError
    ls = [sz, round_up(w * le, 16), w * le, le]
    if tp:
        ls[1] = round_up(w, 16)
        ls[0] = round_up(ls[1] * ceil_div(c, lanes), 16)
    ge = se if direction == 0 else de
    gs = col * ge + rng.choice([0, 0, 3 * ge])
    la = space.get(lrow * ls[0] + 64, 16, rng.choice([0, 0, rng.randrange(lanes)]))
    if direction == 0:
        f = dict(
            vld=1,
            trans_dir=0,
            sys_dtype=1,
            spec_func=1 if tp else 0,
            src_fmt=sf,
            dst_fmt=df,
            int8_sign=rng.choice([0, 1]),
            src_base_reg_sel=rng.randrange(8),
            src_base_addr_low=rng.randrange(0x8000) * se,
            dst_base_addr_low=la,
            src_n=row,
            src_c=row,
            src_w=col,
            dst_c=c,
            dst_h=1,
            dst_w=w,
            dst_n_stride=ls[0],
            dst_h_stride=ls[2],
        )
        f.update(c_stride_fields("src", gs))
        f.update(c_stride_fields("dst", ls[1]))
    else:
        f = dict(
            vld=1,
            trans_dir=1,
            sys_dtype=1,
            spec_func=0,
            src_fmt=sf,
            dst_fmt=df,
            int8_sign=rng.choice([0, 1]),
            int8_rnd_mode=rng.choice([0, 1]) if (sf, df) == (2, 1) else 0,
            dst_base_reg_sel=rng.randrange(8),
            dst_base_addr_low=0x18000 + rng.randrange(0x1000) * de,
            src_base_addr_low=la,
            src_n=row,
            src_c=c,
            src_h=1,
            src_w=w,
            src_n_stride=ls[0],
            src_h_stride=ls[2],
            dst_c=row,
            dst_w=col,
        )
        f.update(c_stride_fields("src", ls[1]))
        f.update(c_stride_fields("dst", gs))
    return f, (bf16_fill(rng) if sf == 2 else Fill.BYTES), []


def byte_copy(rng, lanes, direction):
    n = rng.choice([1, 16, 100, 1000, 3000])
    sf = rng.choice([1, 2])
    if sf == 2:
        n *= 2
    f = dict(vld=1, trans_dir=direction, trans_fmt=1, src_fmt=sf, dst_fmt=sf, src_n_stride=n)
    lane_a = rng.randrange(0, lanes) * LANE_BYTES + rng.randrange(0, 0x4000)
    if direction == 0:
        f.update(src_base_reg_sel=rng.randrange(8), src_base_addr_low=rng.randrange(0x8000), dst_base_addr_low=lane_a)
    elif direction == 1:
        f.update(
            dst_base_reg_sel=rng.randrange(8),
            dst_base_addr_low=0x18000 + rng.randrange(0x1000),
            src_base_addr_low=lane_a,
        )
    else:
        f.update(
            src_base_reg_sel=rng.randrange(8),
            dst_base_reg_sel=rng.randrange(8),
            src_base_addr_low=rng.randrange(0x8000),
            dst_base_addr_low=0x18000 + rng.randrange(0x1000),
        )
    return f, Fill.BYTES, []


def compressed(rng, lanes, matrix=False):
    """compress a local tensor to global memory, then decompress it elsewhere: two commands"""
    space = Alloc(rng, lanes)
    bf = rng.choice([0, 1])
    e = 2 if bf else 1
    sgn = 0 if bf else rng.choice([0, 1])
    fm = 2 if bf else 1
    b = rng.randrange(8)
    ga = 0x18000 + 16 * rng.randrange(0x80)
    cm = dict(src_fmt=fm, dst_fmt=fm, compress_en=1, vld=1, int8_sign=sgn)
    if not matrix:
        n, c = rng.choice([1, 1, 2]), rng.choice([1, 2, 3, 8, 9])
        h, w = rng.choice([(1, 1), (1, 8), (3, 5), (4, 16), (7, 7)])
        s = local_strides(lanes, n, c, h, w, e, rng.choice([0, 1]), lanes)
        la, lb = space.get(n * s[0] + 64, 16), space.get(n * s[0] + 64, 16)
        g = [c * h * w * e, h * w * e, w * e]
        f1 = dict(
            cm,
            trans_dir=1,
            cmprs_fmt=sgn,
            compress_bias0=127 if bf else 0,
            compress_zero_guard=rng.choice([0, 1]) if bf else 0,
            dst_base_reg_sel=b,
            src_base_addr_low=la,
            dst_base_addr_low=ga,
            src_n=n,
            src_c=c,
            src_h=h,
            src_w=w,
            src_n_stride=s[0],
            src_h_stride=s[2],
            dst_c=c,
            dst_h=h,
            dst_w=w,
            dst_n_stride=g[0],
            dst_h_stride=g[2],
            **c_stride_fields("src", s[1]),
            **c_stride_fields("dst", g[1])
        )
        f2 = dict(
            cm,
            trans_dir=0,
            cmprs_fmt=sgn,
            src_base_reg_sel=b,
            src_base_addr_low=ga,
            dst_base_addr_low=lb,
            src_n=n,
            src_c=c,
            src_h=h,
            src_w=w,
            src_n_stride=g[0],
            src_h_stride=g[2],
            dst_c=c,
            dst_h=h,
            dst_w=w,
            dst_n_stride=s[0],
            dst_h_stride=s[2],
            **c_stride_fields("src", g[1]),
            **c_stride_fields("dst", s[1])
        )
    else:
        row, col = rng.choice([1, 2, 7, 16]), rng.choice([1, 5, 16, 17, 40])
        w, c, sz = matrix_shape(rng, lanes, row, col, e)
        s = [sz, round_up(w * e, 16), w * e]
        la, lb = space.get(row * s[0] + 64, 16), space.get(row * s[0] + 64, 16)
        f1 = dict(
            cm,
            trans_dir=1,
            sys_dtype=1,
            cmprs_fmt=sgn,
            compress_bias0=127 if bf else 0,
            compress_zero_guard=rng.choice([0, 1]) if bf else 0,
            dst_base_reg_sel=b,
            src_base_addr_low=la,
            dst_base_addr_low=ga,
            src_n=row,
            src_c=c,
            src_h=1,
            src_w=w,
            src_n_stride=s[0],
            src_h_stride=s[2],
            dst_c=row,
            dst_w=col,
            **c_stride_fields("src", s[1]),
            **c_stride_fields("dst", col * e)
        )
        f2 = dict(
            cm,
            trans_dir=0,
            sys_dtype=1,
            cmprs_fmt=sgn,
            src_base_reg_sel=b,
            src_base_addr_low=ga,
            dst_base_addr_low=lb,
            src_n=row,
            src_c=row,
            src_w=col,
            dst_c=c,
            dst_h=1,
            dst_w=w,
            dst_n_stride=s[0],
            dst_h_stride=s[2],
            **c_stride_fields("src", col * e),
            **c_stride_fields("dst", s[1])
        )
    return (
        [f1, f2],
        (
            rng.choice([Fill.BF16_MID, Fill.BF16_INT, Fill.BF16_ALL, Fill.SPARSE])
            if bf
            else rng.choice([Fill.BYTES, Fill.SMALL, Fill.SPARSE])
        ),
        [],
    )


def lut_move(rng, lanes, which):
    space = Alloc(rng, lanes)
    n, c = 1, rng.choice([1, 2, 8, 9])
    h, w = rng.choice([(1, 8), (3, 5), (4, 16)])
    s = local_strides(lanes, n, c, h, w, 2, 1, lanes)
    f = dict(
        vld=1,
        trans_dir=3,
        src_fmt=2,
        dst_fmt=2,
        src_base_addr_low=space.get(s[0] + 64),
        dst_base_addr_low=space.get(s[0] + 64),
        src_n=n,
        src_c=c,
        src_h=h,
        src_w=w,
        src_n_stride=s[0],
        src_h_stride=s[2],
        dst_c=c,
        dst_h=h,
        dst_w=w,
        dst_n_stride=s[0],
        dst_h_stride=s[2],
        **c_stride_fields("src", s[1]),
        **c_stride_fields("dst", s[1])
    )
    f["mv_lut_idx" if which == "idx" else "mv_lut_base"] = 1
    return f, bf16_fill(rng), []
