"""Which (family, seed, chip, quant) rows each named plan of gen_cv18xx.py converts."""

import caffe_nets
import families

CHIPS, QUANTS = ("cv181x", "cv180x"), ("int8", "bf16", "mix")
# seeds per family where not 4: families with many variants
SEEDS = dict(
    conv=24, activation=33, conv_1x1=12, depthwise=15, conv_group=12, elt_add=12, elt_mul=12, preproc=24, softmax=8
)
SEEDS |= dict(
    conv_wide=16, conv_act=8, maxpool=9, avgpool=9, net_yolohead=6, net_resblock=6, net_mbv2=6, deconv=9, fc=9
)
SEEDS |= dict(cf_misc=16, net_tiled=8, post=6, permute=6, resize=8, concat=6, elt_sub=6, elt_max=6, elt_min=6, reduce=6)
SEEDS |= dict(cf_yolo=3, cf_ssd=2, cf_rpn=2, cf_retina=1, conv_chain=9)
NO_MIX = ("elt", "permute", "globalpool", "maxpool", "slice")
LAYER_FAMILIES = (
    "net_resblock",
    "net_mbv2",
    "net_yolohead",
    "net_unet",
    "net_lenet",
    "net_multi_in",
    "conv_chain",
    "conv_act",
)
LAYER_FAMILIES += ("attention", "net_tiled", "conv_wide")
OLD_SEEDS = {"activation": (0, 2, 4, 5, 7, 9, 10), "conv": (1, 3, 5), "preproc": (0, 3, 5, 6, 9)}
OLD_WITHOUT = ("compare", "cpu_nms", "pool_misc", "cf_r", "net_tiled", "conv_wide")


def golden(family, place):
    """int8 and bf16 for cv181x, for cv180x in two thirds of the seeds; mix for every second seed."""
    rows, count = [], SEEDS.get(family, 4)
    for seed in range(count):
        for chip in CHIPS if seed % 3 != 2 or count <= 3 else CHIPS[:1]:
            rows += [(family, seed, chip, "int8"), (family, seed, chip, "bf16")]
        if seed % 2 == 0 and not family.startswith(NO_MIX):
            rows.append((family, seed, "cv181x" if seed % 4 else "cv180x", "mix"))
    return rows


def layers(family, place):
    """For --layers --folder layers: networks, every layer dumped."""
    rows = []
    if family in LAYER_FAMILIES:
        for seed in (8,) if family in ("net_tiled", "conv_wide") else (4, 8):
            rows += [(family, seed, chip, quant) for chip in CHIPS for quant in ("int8", "bf16")]
            rows.append((family, seed, "cv181x", "mix"))
    return rows


def old(family, place):
    """A cross-section for other converter versions (run with that version's environment)."""
    kinds = (("cv181x", "int8"), ("cv181x", "bf16"), ("cv180x", "int8"))
    seeds = () if family.startswith(OLD_WITHOUT) else OLD_SEEDS.get(family, (1,))
    return [(family, seed) + kind for seed in seeds for kind in kinds]


def fresh(family, place, first=1000):
    """Nets that no stored case uses: seeds from `first`, one conversion each, chips and types in turn."""
    kinds = [(chip, quant) for quant in QUANTS for chip in CHIPS]
    special = {"activation": 32, "conv": 16, "preproc": 12, "cf_misc": 16}
    count = special.get(family, max(4, SEEDS.get(family, 4) // 2 + 1))
    return [(family, first + k) + kinds[(place + k) % 6] for k in range(count)]


def first(family, place):
    """A quick check of the environment."""
    chosen = ("conv", "depthwise", "fc", "maxpool", "elt_add", "activation", "net_resblock")
    return [(family, 4, chip, quant) for chip in CHIPS for quant in ("int8", "bf16")] if family in chosen else []


PLANS = dict(golden=golden, layers=layers, old=old, fresh=fresh, first=first)


def plan(name, **options):
    """Rows (family, seed, chip, quant); options go to the plan."""
    rows = []
    for place, family in enumerate(list(families.FAMILIES) + list(caffe_nets.NETS)):
        rows += PLANS[name](family, place, **options)
    return rows
