"""Random TIU commands without a window: matrix multiply, tensor arithmetic, lookup table."""

from .layout import (
    LANE_BYTES,
    Alloc,
    Fill,
    bf16_fill,
    ceil_div,
    int8_fill,
    local_strides,
    matrix_shape,
    round_up,
    shape_fields,
    stride_fields,
)


def matmul(rng, lanes, bf16=False, ps=0, qdm=False):
    e = 2 if bf16 else 1
    space = Alloc(rng, lanes)
    R, K, C = (
        rng.choice([1, 1, 2, 3, 5]),
        rng.choice([1, 2, 3, 7, 16, 17, 33, 60, 100]),
        rng.choice([1, 3, 8, 16, 17, 40, 130]),
    )
    lw, lc, lsz = matrix_shape(rng, lanes, R, K, e)
    cw, cc, csz = matrix_shape(rng, lanes, K, C, e)
    if lc * lw - K >= lw:
        raise OverflowError
    bias = rng.random() < 0.5 and not (ps & 2)
    add = 0 if (bf16 or ps or qdm) else rng.choice([0, 0, 1])
    res8 = 1 if (bf16 or qdm) else rng.choice([1, 1, 0])
    relu = 0 if (ps & 2) else rng.choice([0, 0, 1])
    if add:
        relu = 0
    sg = rng.choice([0, 1, 1])
    a0 = space.get(R * lsz + 16)
    a1 = space.get(K * csz + 16)
    planes = (2 if bf16 else 4) if ps else 2
    ra = space.get(R * csz * planes + 16)
    f = dict(
        cmd_en=1,
        tsk_typ=2,
        tsk_opd_num=3 if bias else 2,
        opd_typ=int(bf16),
        opt_shift_typ=1,
        opt_res_shift=0 if ps & 2 else rng.randrange(14),
        opt_left_shift=rng.choice([0, 0, 1, 4, 9]),
        opt_relu_typ=relu,
        opt_res_add=add,
        opt_res0_sign=0 if bf16 else rng.choice([0, 1, 1]),
        opt_opd0_sign=0 if bf16 else rng.choice([0, 1]),
        opt_opd1_sign=0 if bf16 else sg,
        opt_opd2_sign=0 if bf16 else rng.choice([0, 1]),
        opt_res0_seg=res8,
        ps32_md=ps,
        res0_addr=ra,
        opd0_addr=a0,
        opd1_addr=a1,
        short_res0_str=0,
        short_opd0_str=0,
        short_opd1_str=0,
    )
    f.update(shape_fields("res0", R, cc, 1, cw))
    f.update(shape_fields("opd0", R, lc, 1, lw))
    f.update(shape_fields("opd1", K, cc, 1, K - lw * (lc - 1)))
    if ps:
        f["res0_b_str"] = R * csz
    if bias:
        a2 = space.get(4 * csz + 16)
        f.update(opd2_addr=a2, opt_opd2_seg=0, short_opd2_str=0, **shape_fields("opd2", 1, cc, 1, cw))
    if rng.random() < 0.05:
        f.update(opt_opd1_const=1, opd1_addr=rng.randrange(256) if not bf16 else 0x3F20)
    if qdm:
        if ps in (0, 1):
            f.update(
                opt_chl_quan=1,
                quan_m=rng.randrange(2**30, 2**31) if rng.random() < 0.8 else rng.randrange(2**32),
                opt_res_shift=rng.choice([rng.randrange(0, 12), rng.randrange(64)]),
            )
        f["opt_res0_sign"] = 1
    return f, (bf16_fill(rng, not (ps & 1)) if bf16 else int8_fill(rng)), []


ARITH_OPS = {
    "mul": 0,
    "mac": 1,
    "add": 2,
    "sub": 3,
    "max": 4,
    "min": 5,
    "shift": 6,
    "and": 7,
    "or": 8,
    "xor": 9,
    "copy": 10,
    "ge": 11,
}


def arith(rng, lanes, op, bf16=False, qm=False):
    e = 2 if bf16 else 1
    space = Alloc(rng, lanes)
    n, c = rng.choice([1, 1, 2, 3]), rng.choice([1, 2, 3, 7, 8, 9, 20])
    h, w = rng.choice([(1, 1), (1, 7), (3, 5), (4, 16), (2, 33), (1, 100)])
    al_ = rng.choice([0, 1, 1])
    st = local_strides(lanes, n, c, h, w, e, al_, lanes)
    l0 = rng.choice([0, 0, 0, rng.randrange(lanes)])

    def strides():
        s = list(st)
        if rng.random() < 0.3:
            s[2] += e * rng.randrange(3)
            s[1] = round_up(s[2] * h, 16) if al_ else s[2] * h
            s[0] = s[1] * ceil_div(c + lanes, lanes)
        return s

    s0, s1, sr = strides(), strides(), strides()
    if rng.random() < 0.15:
        s0[3] = s0[2] = s0[1] = s0[0] = 0 if rng.random() < 0.3 else s0[3]
    if rng.random() < 0.2:  # broadcast operand 1
        s1 = [rng.choice([0, s1[0]]), s1[1], rng.choice([0, s1[2]]), rng.choice([0, s1[3]])]
    two = not bf16
    sz = lambda s: (n * s[0] + s[1] * ceil_div(c + lanes, lanes) + 64)

    def place(s, hilo, lane):
        k = round_up(sz(s), 16)
        return space.get(k * (2 if hilo else 1), 16 if bf16 or al_ else 16, lane), k

    code = ARITH_OPS[op]
    seg0 = (
        0
        if (two and op in ("add", "sub", "shift"))
        else (rng.choice([0, 1]) if two and op in ("and", "or", "xor") else 1)
    )
    seg1 = 0 if (two and op in ("add", "sub")) else (seg0 if op in ("and", "or", "xor") else 1)
    rseg = (
        0
        if op == "shift" and two
        else (
            seg0
            if op in ("and", "or", "xor")
            else (rng.choice([0, 1]) if two and op in ("add", "sub", "mul", "mac") else 1)
        )
    )
    if qm:
        rseg = 1
    a0, b0 = place(s0, seg0 == 0, l0)
    a1, b1 = place(s1, seg1 == 0, rng.randrange(2))
    hilo_r = rseg == 0 or (op == "mac" and two)
    ra, br = place(sr, hilo_r, rng.choice([l0, l0, rng.randrange(lanes)]))
    sg0, sg1, sgr = rng.choice([0, 1]), rng.choice([0, 1]), rng.choice([0, 1])
    if op in ("max", "min", "ge"):
        sg1 = sgr = sg0
    if op == "sub":
        sgr = 1
    if op in ("and", "or", "xor", "copy"):
        sg0 = sg1 = sgr = 0
    if op == "shift":
        sg0 = sg1 = sgr = 1
    if bf16:
        sg0 = sg1 = sgr = 0
    arith_shift = 1 if (sg0 or sg1) else 0
    if op in ("add", "mul", "mac", "sub"):
        sgr = arith_shift if rng.random() < 0.8 else sgr
    relu = rng.choice([0, 0, 1]) if rseg == 1 and op in ("mul", "mac", "add") else 0
    f = dict(
        cmd_en=1,
        tsk_typ=3,
        tsk_eu_typ=code,
        tsk_opd_num=1 if op == "copy" else 2,
        opd_typ=int(bf16),
        opt_res_shift=rng.randrange(12) if op in ("mul", "mac", "add", "sub") and not bf16 else 0,
        opt_shift_typ=arith_shift if op in ("mul", "mac", "add", "sub") else (1 if sg0 else 0),
        opt_left_shift=rng.choice([0, 0, 1, 3, 8]) if op == "mac" else 2,
        opt_relu_typ=relu,
        opt_res_add=1 if op == "mac" else 0,
        opt_res0_sign=sgr,
        opt_opd0_sign=sg0,
        opt_opd1_sign=sg1,
        opt_res0_seg=rseg,
        opt_opd0_seg=seg0,
        opt_opd1_seg=seg1,
        short_res0_str=3,
        short_opd0_str=3,
        short_opd1_str=3,
        short_opd2_str=3,
        res0_addr=ra,
        opd0_addr=a0,
        opd1_addr=a1,
    )
    if op == "shift":
        f["opt_rshift_typ"] = 0
    for p in ("res0", "opd0", "opd1", "opd2"):
        f.update(shape_fields(p, n, c, h, w))
    f.update(stride_fields("opd0", s0, b0))
    f.update(stride_fields("opd1", s1, b1))
    f.update(stride_fields("res0", sr, br))
    for p in ("opd2",):
        f.update(stride_fields(p, st, 16))
    if op not in ("and", "or", "xor", "shift", "copy") and rng.random() < 0.25:
        v = rng.randrange(65536)
        if not bf16 and seg1 == 1:
            v &= 0xFF
        f.update(opt_opd1_const=1, opd1_addr=v)
    patches = []
    if qm:
        f.update(
            opt_chl_quan=1,
            quan_m=rng.randrange(2**30, 2**31) if rng.random() < 0.8 else rng.randrange(2**32),
            opt_res_shift=rng.choice([rng.randrange(12), rng.randrange(64)]),
        )
    fillm = bf16_fill(rng) if bf16 else int8_fill(rng)
    if op == "shift":
        patches.append(("range", a1 % LANE_BYTES, min(LANE_BYTES - a1 % LANE_BYTES, sz(s1)), -16, 16))
        if not bf16:
            fillm = Fill.BYTES
    return f, fillm, patches


def lut(rng, lanes, bf16):
    e = 2 if bf16 else 1
    space = Alloc(rng, lanes)
    n, c = rng.choice([1, 1, 2]), rng.choice([1, 2, 3, 7, 8, 9, 20])
    h, w = rng.choice([(1, 1), (1, 7), (3, 5), (4, 16), (2, 33)])
    sz = local_strides(lanes, n, c, h, w, e, 1, lanes)[0] * (n + 1)
    l0 = rng.choice([0, 0, 0, rng.randrange(lanes)])
    a0, ra, a1 = space.get(sz, 16, l0), space.get(sz, 16, l0), space.get(2 * 256 * e, 16, rng.choice([0, 0, 1]))
    sg = int(bf16)
    f = dict(
        cmd_en=1,
        tsk_typ=3,
        tsk_eu_typ=12,
        tsk_opd_num=2,
        opt_shift_typ=0,
        opt_res_shift=0,
        opd_typ=int(bf16),
        opt_res0_sign=sg,
        opt_opd0_sign=sg,
        opt_opd1_sign=sg,
        opt_opd2_seg=1 if bf16 else 0,
        res0_addr=ra,
        opd0_addr=a0,
        opd1_addr=a1,
    )
    f.update(shape_fields("res0", n, c, h, w))
    f.update(shape_fields("opd0", n, c, h, w))
    f.update(shape_fields("opd1", 1, lanes, *((32, 8) if bf16 else (16, 16))))
    return f, (bf16_fill(rng) if bf16 else Fill.BYTES), []
