"""CV180x / CV181x commands: pack and unpack by the field tables of isa/cv18xx, command buffers of a model file."""

import os
import re

TABLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "isa", "cv18xx")
TIU_BYTES, TDMA_BYTES = 0x70, 0x40
TIU_ENGINE, TDMA_ENGINE = 0, 2
ENTRY_MAGIC = {0xA7: "cv181x", 0xA8: "cv180x"}


def fields(table):
    """[(name, first bit counted from bit 0 of word 0, width, reset value)] of a *_fields.def file."""
    row = re.compile(r"^VNPU_FIELD\((\w+), (\d+), (\d+), (\d+), (\w+), ", re.M)
    with open(os.path.join(TABLES, table)) as f:
        found = row.findall(f.read())
    if not found:
        raise ValueError("no fields in " + table)
    return [(name, int(word) * 32 + int(bit), int(width), int(reset, 0)) for name, word, bit, width, reset in found]


TIU_FIELDS, TDMA_FIELDS = fields("tiu_fields.def"), fields("tdma_fields.def")


def pack(table, size, values):
    x, left = 0, dict(values)
    for name, bit, width, reset in table:
        x |= (int(left.pop(name, reset)) & ((1 << width) - 1)) << bit
    if left:
        raise KeyError("unknown fields: %s" % sorted(left))
    return x.to_bytes(size, "little")


def unpack(table, data):
    x = int.from_bytes(data, "little")
    return {name: (x >> bit) & ((1 << width) - 1) for name, bit, width, _ in table}


def pack_tiu(**values):
    """7 packets of 16 bytes in packet order 0..6 (the logical order)."""
    return pack(TIU_FIELDS, TIU_BYTES, values)


def pack_tdma(**values):
    return pack(TDMA_FIELDS, TDMA_BYTES, values)


def unpack_tiu(data):
    return unpack(TIU_FIELDS, data)


def unpack_tdma(data):
    return unpack(TDMA_FIELDS, data)


def tiu_stored(logical):
    """Logical packet order -> the order the vendor's runtime stores: packet 6 first, packet 0 last."""
    return bytes(logical[96:112]) + bytes(logical[16:96]) + bytes(logical[0:16])


def command_buffers(model, info):
    """The CMDBUF sections' bytes of a model file, found by the section table of `model_tool --info`'s text."""
    rows = re.findall(r"^\d+\s+(weight|cmdbuf|dmabuf)\s+\S+\s+(\d+)\s+(\d+)\s+[0-9a-f]{32}", info, re.M)
    base = len(model) - max(int(size) + int(offset) for _, size, offset in rows)
    return [
        model[base + int(offset) : base + int(offset) + int(size)] for kind, size, offset in rows if kind == "cmdbuf"
    ]


def entries(buffer):
    """(engine, descriptor bytes) of a CMDBUF section."""
    at = 0
    while at < len(buffer):
        if buffer[at] not in ENTRY_MAGIC:
            raise ValueError("no command at %d of the command buffer" % at)
        size = buffer[at + 1]
        yield buffer[at + 2] & 15, buffer[at + 8 : at + 8 + size]
        at += 8 + size


def tiu_kind(c):
    """What decides which code of a simulator a TIU command takes."""
    words = [
        "tiu %d/%d %s opd%d" % (c["tsk_typ"], c["tsk_eu_typ"], "bf16" if c["opd_typ"] else "int8", c["tsk_opd_num"])
    ]
    words += [n for n in ("opt_chl_quan", "opt_relu_typ", "opt_res_add", "opt_opd1_const") if c[n]]
    words += ["ps%d" % c["ps32_md"]] if c["ps32_md"] else []
    if c["tsk_typ"] in (2, 3) and not c["opd_typ"]:
        words.append("seg%d%d%d" % (c["opt_res0_seg"], c["opt_opd0_seg"], c["opt_opd1_seg"]))
    if c["tsk_typ"] in (0, 1):
        words += ["dilated"] if c["conv_opd1_x_ins0"] or c["conv_opd1_y_ins0"] else []
        words += ["inserted"] if c["conv_opd0_x_ins0"] or c["conv_opd0_y_ins0"] else []
    return " ".join(words)


def tdma_kind(c):
    words = ["tdma dir%d spec%d fmt%d-%d" % (c["trans_dir"], c["spec_func"], c["src_fmt"], c["dst_fmt"])]
    words += ["md%d" % c["transpose_md"]] if c["spec_func"] == 1 else []
    words += [n for n in ("trans_fmt", "sys_dtype", "compress_en", "mv_lut_idx", "mv_lut_base") if c[n]]
    words += ["signed"] if c["src_fmt"] != c["dst_fmt"] and c["int8_sign"] else []
    return " ".join(words)
