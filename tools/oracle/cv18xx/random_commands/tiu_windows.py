"""Random TIU commands that slide a window: convolution, depthwise convolution, pooling.

Each returns (fields, fill mode, patches of local memory) or raises OverflowError when the drawn shape is too large.
"""

from .layout import (
    LANE_BYTES,
    Alloc,
    bf16_fill,
    ceil_div,
    int8_fill,
    local_strides,
    quantise_patches,
    round_up,
    shape_fields,
    stride_fields,
)


def conv(rng, lanes, bf16=False, ps=0, qdm=False, dw=False):
    e = 2 if bf16 else 1
    space = Alloc(rng, lanes)
    n = rng.choice([1, 1, 1, 2, 3])
    ic = rng.choice([1, 2, 3, 4, 5, 8, 9, 12, 17, 24])
    oc = ic if dw else rng.choice([1, 2, 3, 5, 8, 9, 16, 19])
    kh, kw = rng.choice([(1, 1), (1, 1), (3, 3), (3, 3), (2, 2), (1, 3), (5, 1), (4, 3), (5, 5)])
    dh, dwi = rng.choice([(1, 1)] * 4 + [(2, 2), (1, 3), (2, 1)])
    ish, isw, ilh, ilw = 0, 0, 0, 0
    if rng.random() < 0.25:
        ish, isw = rng.randrange(3), rng.randrange(3)
        ilh, ilw = rng.randrange(3), rng.randrange(3)
    pt, pb, pl, pr = [rng.choice([0, 0, 1, 1, 2, 3]) for _ in range(4)]
    ih, iw = rng.randrange(1, 12), rng.randrange(1, 14)
    ih, iw = max(ih, kh), max(iw, kw)
    if ih == 1:
        ish = 0
    if iw == 1:
        isw = 0
    sy, sx = rng.choice([(1, 1), (1, 1), (2, 2), (1, 2), (3, 1), (4, 4)])
    ihe = (ih - 1) * (ish + 1) + ilh + 1 + pt + pb
    iwe = (iw - 1) * (isw + 1) + ilw + 1 + pl + pr
    khe, kwe = (kh - 1) * dh + 1, (kw - 1) * dwi + 1
    if ihe < khe or iwe < kwe:
        raise OverflowError
    oh, ow = (ihe - khe) // sy + 1, (iwe - kwe) // sx + 1
    if n * ic * ih * iw > 9000 or n * oc * oh * ow > 9000:
        raise OverflowError
    l0 = rng.choice([0, 0, 0, rng.randrange(lanes)])
    lr = rng.choice([0, 0, 0, rng.randrange(lanes)])
    l1, l2 = rng.randrange(2), rng.randrange(2)  # low address bit 15; the 64 KiB page is that of res0
    page = (lr & ~1) * LANE_BYTES
    a0 = space.get(n * local_strides(lanes, n, ic, ih, iw, e, 1, lanes)[0] + 64, 16, l0)
    one = ceil_div(oc + lanes, lanes) * kh * kw * (1 if dw else ic) * e
    if dw:
        one = ceil_div(oc + lanes, lanes) * round_up(kh * kw * e, 16)
    const_w = rng.random() < 0.08
    a1 = space.get(one + 32, 16 if dw else rng.choice([2, 16]), l1)
    bias = rng.random() < 0.6 and not (ps & 2)
    rst = local_strides(lanes, n, oc, oh, ow, e, 1, lanes)
    manual = rng.random() < 0.5 or ps > 0
    if manual and rng.random() < 0.3:  # padded rows
        rst[2] += e * rng.randrange(4)
        rst[1] = round_up(rst[2] * oh, 16) + rng.choice([0, 16])
        rst[0] = rst[1] * ceil_div(oc + lanes, lanes)
    rst[0] = round_up(rst[0], 16)
    planes = (2 if bf16 else 4) if ps else 1
    bstr = n * rst[0]
    ra = space.get(bstr * planes + rst[1] + 64, 16, lr)
    f = dict(
        cmd_en=1,
        tsk_typ=1 if dw else 0,
        tsk_eu_typ=2 if dw else 0,
        tsk_opd_num=3 if bias else 2,
        opd_typ=int(bf16),
        opt_res_shift=0 if (ps & 2 or qdm) else rng.randrange(0, 12),
        opt_shift_typ=1,
        opt_relu_typ=0 if ps & 2 else rng.choice([0, 0, 1]),
        opt_res0_sign=0 if bf16 else rng.choice([0, 1, 1]),
        opt_opd0_sign=0 if bf16 else rng.choice([0, 1]),
        opt_opd1_sign=1 if dw else (0 if bf16 else rng.choice([0, 1, 1])),
        opt_opd2_sign=1,
        ps32_md=ps,
        conv_opd0_x_ins0=isw,
        conv_opd0_y_ins0=ish,
        conv_opd0_x_ins0_last=ilw,
        conv_opd0_y_ins0_last=ilh,
        conv_opd1_x_ins0=dwi - 1,
        conv_opd1_y_ins0=dh - 1,
        conv_opd0_up_pad=pt,
        conv_opd0_dn_pad=pb,
        conv_opd0_lf_pad=pl,
        conv_opd0_rt_pad=pr,
        conv_op_x_str=sx,
        conv_op_y_str=sy,
        res0_addr=ra,
        opd0_addr=a0,
        opd1_addr=a1,
    )
    f["opd0_ins_val"] = rng.choice([0, 0, rng.randrange(256)]) if not bf16 else rng.choice([0, 0, 0x3F80, 0xC049])
    f.update(shape_fields("res0", n, oc, oh, ow))
    f.update(shape_fields("opd0", n, ic, ih, iw))
    f.update(shape_fields("opd1", 1 if dw else ic, oc, kh, kw))
    f.update(short_res0_str=3 if manual else 0, short_opd0_str=0, short_opd1_str=0 if dw else 1)
    if manual:
        f.update(stride_fields("res0", rst, bstr if ps else None))
    if dw and rng.random() < 0.5:
        st = local_strides(lanes, n, ic, ih, iw, e, 1)
        f.update(short_opd0_str=3, **stride_fields("opd0", st))
        if not manual:
            f.update(short_res0_str=3, **stride_fields("res0", rst))
    elif dw and manual:
        st = local_strides(lanes, n, ic, ih, iw, e, 1)
        f.update(short_opd0_str=3, **stride_fields("opd0", st))
    if const_w:
        f.update(opt_opd1_const=1, opd1_addr=rng.randrange(256) if not bf16 else 0x3F40)
    patches = []
    if qdm:
        a2 = space.get(ceil_div(oc + 2 * lanes, lanes) * 9 + 32, 16, l2)
        f.update(
            opt_chl_quan=1,
            opd2_addr=a2,
            opt_opd2_seg=1,
            short_opd2_str=2,
            opd2_b_str=0,
            opt_opd1_sign=1,
            opt_res0_sign=1,
        )
        f.update(shape_fields("opd2", 1, oc, 1, 1))
        patches = quantise_patches(a2 + page, bias, oc, lanes, rng)
    elif bias:
        bs = ceil_div(oc + lanes, lanes) * e
        a2 = space.get(2 * bs + 32, 16, l2)
        f.update(opt_opd2_seg=0, opd2_addr=a2, short_opd2_str=2, opd2_b_str=bs, **shape_fields("opd2", 1, oc, 1, 1))
        if not bf16 and not dw:
            f["opt_opd2_sign"] = rng.choice([1, 1, 0])
    if (
        not dw
        and not bf16
        and not qdm
        and ic % 2 == 0
        and ic >= 4
        and a1 % 2 == 0
        and not const_w
        and rng.random() < 0.7
    ):
        f["double_conv"] = 1
    if rng.random() < 0.1:
        f["opt_rshift_typ"] = 1
    return f, (bf16_fill(rng, not (ps & 1)) if bf16 else int8_fill(rng)), patches


def pool(rng, lanes, op, bf16):
    e = 2 if bf16 else 1
    space = Alloc(rng, lanes)
    n, c = rng.choice([1, 1, 2, 3]), rng.choice([1, 2, 3, 7, 8, 9, 20])
    kh, kw = rng.choice([(2, 2), (3, 3), (2, 1), (1, 3), (5, 5), (1, 2), (7, 7)])
    pt, pb, pl, pr = [rng.choice([0, 0, 1, 2]) for _ in range(4)]
    ih, iw = max(kh, rng.randrange(1, 14)), max(kw, rng.randrange(1, 18))
    ish = isw = ilh = ilw = 0
    if op == 1 and rng.random() < 0.25:
        ish, isw, ilh, ilw = [rng.randrange(3) for _ in range(4)]
        if ih == 1:
            ish = 0
        if iw == 1:
            isw = 0
    sy, sx = rng.choice([(1, 1), (2, 2), (2, 1), (3, 3)])
    oh = ((ih - 1) * (ish + 1) + 1 + ilh + pt + pb - kh) // sy + 1
    ow = ((iw - 1) * (isw + 1) + 1 + ilw + pl + pr - kw) // sx + 1
    l0 = rng.choice([0, 0, rng.randrange(lanes)])
    a0 = space.get((n + 1) * local_strides(lanes, n, c, ih, iw, e, 1, lanes)[0], 16, l0)
    ra = space.get((n + 1) * local_strides(lanes, n, c, oh, ow, e, 1, lanes)[0], 16, l0)
    sg = 0 if bf16 else rng.choice([0, 1])
    f = dict(
        cmd_en=1,
        tsk_typ=1,
        tsk_eu_typ=op,
        opd_typ=int(bf16),
        tsk_opd_num=2 if op == 1 else 1,
        opt_res_shift=rng.randrange(10) if op == 1 else 0,
        opt_shift_typ=sg,
        opt_relu_typ=0,
        opt_res0_sign=sg,
        opt_opd0_sign=sg,
        opt_opd1_sign=0 if op == 1 else 1,
        conv_opd0_up_pad=pt,
        conv_opd0_dn_pad=pb,
        conv_opd0_lf_pad=pl,
        conv_opd0_rt_pad=pr,
        conv_opd0_x_ins0=isw,
        conv_opd0_y_ins0=ish,
        conv_opd0_x_ins0_last=ilw,
        conv_opd0_y_ins0_last=ilh,
        opd1_h=kh,
        opd1_w=kw,
        conv_op_x_str=sx,
        conv_op_y_str=sy,
        res0_addr=ra,
        opd0_addr=a0,
    )
    f.update(shape_fields("res0", n, c, oh, ow))
    f.update(shape_fields("opd0", n, c, ih, iw))
    if op == 1:
        f.update(
            opt_opd1_const=1,
            opd1_addr=(
                rng.randrange(256) if not bf16 else rng.choice([0x3F80, 0x3DE4, 0x3E80, 0x3CA7, rng.randrange(65536)])
            ),
        )
    if bf16:
        f["opd0_ins_val"] = rng.choice([0, 0xFF7F, 0x7F7F, 0xFF80, 0x3F80, 0xBF80])
    else:
        f["opd0_ins_val"] = (
            {0: 0x80 if sg else 0, 1: 0, 3: 0x7F if sg else 0xFF}[op] if rng.random() < 0.8 else rng.randrange(256)
        )
    return f, (bf16_fill(rng) if bf16 else int8_fill(rng)), []
