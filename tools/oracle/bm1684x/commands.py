"""The BM1684X command forms from isa/bm1684x/*.def, the only place where bit positions stand, and the static table.

COMMANDS: name -> {"bytes", "fields": [[name, first bit, bits], ...]}: long forms AR, CMP, ... and DMA_tensor, ..., short ones sAR, ..., sDMA_general, ...
"""
import os
import re
import struct

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
ISA = os.path.join(ROOT, "isa", "bm1684x")
LONG_TIU = ("AR", "CMP", "CONV", "LIN", "MM", "MM2", "PorD", "RQ_DQ", "SFU", "SG", "SGL", "TRANS_BC", "VC")
SHORT_TIU = dict(sAR="ar", sCMP="cmp", sCONV="conv", sLIN="lin", sMM="mm", sMM2="mm2", sPorD="pord", sRQ_sDQ="rqdq", sSFU="sfu", sSG="sg", sSGL="sgl",
                 sTRANS_sBC="trans", sVC="vc", LAR="lar", SYSID="sys", SWR="swr")
LONG_GDMA = dict(DMA_tensor="wide", DMA_matrix="wide", DMA_masked_select="wide", DMA_general="wide", DMA_cw_transpose="wide", DMA_nonzero="wide",
                 DMA_gather="rows", DMA_scatter="rows")
SHORT_GDMA = dict(sDMA_general="general", sDMA_masked_select="select", sDMA_matrix_load="matrix_load", sDMA_matrix_store="matrix_store",
                  sDMA_nonzero="nonzero", sDMA_sys="sys")
BYTES = dict(wide=128, ar=64, conv=64, pord=64, cmp=48, mm=48, sg=48, sgl=48, vc=48, lin=32, mm2=32, rqdq=32, sfu=32, trans=32, lar=16, sys=16, swr=16)
GDMA_BYTES = dict(wide=96, rows=96, select=64, matrix_load=64, matrix_store=64, general=48, nonzero=48, sys=16)
# names that the long forms of single operations have for a field that others use differently
ALIASES = {"src_cstride_move_length": "src_cstride", "mask_data_format": "index_data_format", "mask_start_addr_l32": "index_start_addr_l32",
           "mask_start_addr_h8": "index_start_addr_h8", "dst_nstride_base_i": "dst_nstride"}


def _table(file, macro):
    text = re.sub(r"//.*", "", open(os.path.join(ISA, file)).read())
    for name, places in re.findall(macro + r'\((\w+), "[^"]*",((?:\s*AT\([^)]*\))+)\)', text):
        yield name, [(form, int(bit), int(width)) for form, bit, width in re.findall(r"AT\((\w+), (\d+), (\d+)\)", places)]


def _form(table, form):
    out = []
    for name, places in table:
        for f, bit, width in places:
            if f == form or (f == "most" and form != "lar"):
                out.append([name, bit, width])
                break
    return out


def _commands():
    tiu, gdma = list(_table("tiu_fields.def", "TIU_FIELD")), list(_table("gdma_fields.def", "GDMA_FIELD"))
    out = {}
    for name, form in dict({n: "wide" for n in LONG_TIU}, **SHORT_TIU).items():
        fields = _form(tiu, form)
        if form == "wide":  # the mask of 64 lanes as one number
            fields = [f for f in fields if not f[0].startswith("tsk_lane_num")] + [["tsk_lane_num", 192, 64]]
        out[name] = dict(bytes=BYTES[form], fields=fields)
    for name, form in dict(LONG_GDMA, **SHORT_GDMA).items():
        fields = _form(gdma, form)
        places = {f[0]: f for f in fields}
        fields += [[alias, *places[real][1:]] for alias, real in ALIASES.items() if real in places]
        for side in ("src", "dst"):  # matrix: the wheel's names
            if side + "_start_addr_l32" in places:
                fields += [["%s_start_addr_h32" % side, *places[side + "_start_addr_l32"][1:]], ["%s_start_addr_l8" % side, *places[side + "_start_addr_h8"][1:]]]
        out[name] = dict(bytes=GDMA_BYTES[form], fields=fields)
    return out


COMMANDS = _commands()


def static_table():
    """what the firmware stores at the start of static memory, as bytes"""
    text = open(os.path.join(ROOT, "sim", "bm1684x", "static_table.cpp")).read()
    body = re.sub(r"//.*", "", text[text.index("table[]"):text.index("};")])
    words = [int(w, 0) for w in re.findall(r"\b(0x[0-9a-f]+|0)\b", body)]
    return struct.pack("<%dI" % len(words), *words)
