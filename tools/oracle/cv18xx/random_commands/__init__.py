"""Random legal CV180x / CV181x commands: command(seed, lanes, kind), KINDS."""

import random

import commands

from .layout import LANE_BYTES
from .tdma import byte_copy, compressed, constant, lut_move, matrix, tensor
from .tiu_elements import ARITH_OPS, arith, lut, matmul
from .tiu_windows import conv, pool

KINDS = {}


def kind(name, weight, fn):
    KINDS[name] = (weight, fn)


kind("conv_i8", 6, lambda rng, lanes: ("tiu",) + conv(rng, lanes))
kind("conv_i8_ps1", 2, lambda rng, lanes: ("tiu",) + conv(rng, lanes, ps=1))
kind("conv_i8_ps2", 2, lambda rng, lanes: ("tiu",) + conv(rng, lanes, ps=2))
kind("conv_i8_ps3", 2, lambda rng, lanes: ("tiu",) + conv(rng, lanes, ps=3))
kind("conv_qdm", 5, lambda rng, lanes: ("tiu",) + conv(rng, lanes, qdm=True))
kind("conv_qdm_ps1", 2, lambda rng, lanes: ("tiu",) + conv(rng, lanes, qdm=True, ps=1))
kind("conv_bf16", 6, lambda rng, lanes: ("tiu",) + conv(rng, lanes, bf16=True))
kind("conv_bf16_ps1", 2, lambda rng, lanes: ("tiu",) + conv(rng, lanes, bf16=True, ps=1))
kind("conv_bf16_ps2", 2, lambda rng, lanes: ("tiu",) + conv(rng, lanes, bf16=True, ps=2))
kind("conv_bf16_ps3", 2, lambda rng, lanes: ("tiu",) + conv(rng, lanes, bf16=True, ps=3))
kind("dw_i8", 4, lambda rng, lanes: ("tiu",) + conv(rng, lanes, dw=True))
kind("dw_qdm", 4, lambda rng, lanes: ("tiu",) + conv(rng, lanes, dw=True, qdm=True))
kind("dw_bf16", 4, lambda rng, lanes: ("tiu",) + conv(rng, lanes, dw=True, bf16=True))
for _n, _o in (("max", 0), ("avg", 1), ("min", 3)):
    for _b in (0, 1):
        kind(
            "%spool_%s" % (_n, "bf16" if _b else "i8"),
            2,
            lambda rng, lanes, o=_o, b=_b: ("tiu",) + pool(rng, lanes, o, bool(b)),
        )
kind("mm_i8", 5, lambda rng, lanes: ("tiu",) + matmul(rng, lanes))
kind("mm_bf16", 5, lambda rng, lanes: ("tiu",) + matmul(rng, lanes, bf16=True))
kind("mm_qdm", 4, lambda rng, lanes: ("tiu",) + matmul(rng, lanes, qdm=True))
for _p in (1, 2, 3):
    kind("mm_i8_ps%d" % _p, 2, lambda rng, lanes, p=_p: ("tiu",) + matmul(rng, lanes, ps=p))
    kind("mm_bf16_ps%d" % _p, 2, lambda rng, lanes, p=_p: ("tiu",) + matmul(rng, lanes, bf16=True, ps=p))
kind("mm_qdm_ps1", 2, lambda rng, lanes: ("tiu",) + matmul(rng, lanes, qdm=True, ps=1))
for _o in ARITH_OPS:
    kind("ew_%s_i8" % _o, 2, lambda rng, lanes, o=_o: ("tiu",) + arith(rng, lanes, o))
for _o in ("mul", "mac", "add", "sub", "max", "min", "copy", "ge"):
    kind("ew_%s_bf16" % _o, 2, lambda rng, lanes, o=_o: ("tiu",) + arith(rng, lanes, o, bf16=True))
kind("ew_mulqm", 3, lambda rng, lanes: ("tiu",) + arith(rng, lanes, "mul", qm=True))
kind("lut_i8", 2, lambda rng, lanes: ("tiu",) + lut(rng, lanes, False))
kind("lut_bf16", 2, lambda rng, lanes: ("tiu",) + lut(rng, lanes, True))
for _d, _n in enumerate(("g2l", "l2g", "g2g", "l2l")):
    kind("dma_%s_tensor" % _n, 4, lambda rng, lanes, d=_d: ("tdma",) + tensor(rng, lanes, d))
    if _d < 3:
        kind("dma_%s_general" % _n, 1, lambda rng, lanes, d=_d: ("tdma",) + byte_copy(rng, lanes, d))
    if _d < 2:
        kind("dma_%s_nc" % _n, 2, lambda rng, lanes, d=_d: ("tdma",) + tensor(rng, lanes, d, "nc"))
        kind("dma_%s_const" % _n, 1, lambda rng, lanes, d=_d: ("tdma",) + constant(rng, lanes, d))
        kind("dma_%s_matrix" % _n, 2, lambda rng, lanes, d=_d: ("tdma",) + matrix(rng, lanes, d))
kind("dma_l2g_cw", 2, lambda rng, lanes: ("tdma",) + tensor(rng, lanes, 1, "cw"))
kind("dma_g2l_chw", 2, lambda rng, lanes: ("tdma",) + tensor(rng, lanes, 0, "chw"))
kind("dma_g2l_matrix_tp", 2, lambda rng, lanes: ("tdma",) + matrix(rng, lanes, 0, True))
kind("dma_vlc_tensor", 3, lambda rng, lanes: ("tdma",) + compressed(rng, lanes))
kind("dma_vlc_matrix", 2, lambda rng, lanes: ("tdma",) + compressed(rng, lanes, True))
kind("dma_lut_idx", 1, lambda rng, lanes: ("tdma",) + lut_move(rng, lanes, "idx"))
kind("dma_lut_base", 1, lambda rng, lanes: ("tdma",) + lut_move(rng, lanes, "base"))


def legal_signs(rng, f):
    """make signs, shift type and relu agree with the simulator's checks (int8)"""
    t, e = f["tsk_typ"], f.get("tsk_eu_typ", 0)
    if f.get("opd_typ"):
        return f
    if t == 0 or t == 2 or (t == 1 and e == 2) or (t == 3 and e in (0, 1, 2, 3)):
        s2 = f.get("tsk_opd_num") == 3 and f.get("opt_opd2_sign", 1)
        anys = int(bool(f.get("opt_opd0_sign", 0) or f.get("opt_opd1_sign", 1) or s2))
        if t == 3 and e == 3 and not anys:
            f["opt_opd0_sign"] = anys = 1
        f["opt_shift_typ"] = anys
        if not anys:
            f["opt_relu_typ"] = 0
            f["opt_res0_sign"] = 0
        elif not f.get("opt_relu_typ") or t == 3 and e == 3:
            f["opt_res0_sign"] = 1
        if f.get("ps32_md", 0) & 2:
            f["opt_relu_typ"] = 0
        plain = not f.get("opt_chl_quan") and not (t == 1) and not (f.get("ps32_md", 0) & 2)
        if plain and rng.random() < 0.2:
            f["opt_rshift_typ"] = 0
    return f


def command(seed, lanes, kind=None):
    """deterministic in (seed, lanes, kind): dict(kind, engine, words, fill, fillseed, bases, patches)"""
    rng = random.Random("%d/%d/%s" % (seed, lanes, kind))
    if kind is None:
        names = sorted(KINDS)
        kind = rng.choices(names, [KINDS[k][0] for k in names])[0]
    while True:
        try:
            eng, f, fillm, patches = KINDS[kind][1](rng, lanes)
            break
        except OverflowError:
            pass
    fs = f if isinstance(f, list) else [f]
    if eng == "tiu":
        fs = [legal_signs(rng, dict(g)) for g in fs]
    words = b""
    for i, g in enumerate(fs):
        g = dict(g)
        last = i == len(fs) - 1
        if eng == "tiu":
            g.update(cmd_end=int(last), cmd_id_tpu=i + 1)
            words += commands.pack_tiu(**g)
        else:
            g.update(eod=int(last), cmd_id=i + 1)
            words += commands.pack_tdma(**g)
    pp = []
    for p in patches:
        if p[0] == "range":
            _, a, n, lo, hi = p
            for lane in range(lanes):
                pp.append((lane * LANE_BYTES + a, bytes((rng.randrange(lo, hi + 1)) & 255 for _ in range(n))))
        else:
            pp.append(p)
    bases = [16 * rng.randrange(0, 0x400) for _ in range(8)]
    return dict(
        kind=kind,
        engine=eng,
        words=words,
        fill=fillm,
        fillseed=seed * 2654435761 % (1 << 48),
        bases=bases,
        patches=pp,
        fields=fs,
    )
