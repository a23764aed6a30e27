#!/usr/bin/env python3
"""docs/accuracy_bm1684x.md: the BM1684X's time model beside published latencies of whole networks.

  bm1684x_silicon.py --vnpu build/release/bin/vnpu --models DIR [--published published_latency.csv] [--out docs/accuracy_bm1684x.md]

DIR/<network>/bm1684x_<F32|F16|INT8>[_<n>b].bmodel: made by convert_published.py (the options of a row stand in the table).
Every row of trust A whose network is built is scored; none is left out for its error. Nothing is fitted to a network: the
fitted parameters are shared by all rows, and each network is also predicted with the parameters refitted without it.
Published and ours are one run of the whole batch: what bmrt_test calls calculate time. Needs Python 3.9 and nothing else.
"""

import argparse, collections, csv, os, re, sys

from accuracy import Model, Scores, summary

HERE = os.path.dirname(os.path.abspath(__file__))
BOARD = "bm1684x-soc"
FITTED = ["tiu.cube_factor", "tiu.conv_f32_factor", "tiu.product_factor", "tiu.other_factor", "dram.efficiency",
          "runtime.call_us"]
QUANT = {"fp32": "F32", "fp16": "F16", "int8": "INT8"}
# beginning of a row's id -> network of published_nets.py (or public file), options of model_deploy for INT8
NETS = {
    "ResNet_resnet50": ("resnet50_torch", ""),
    "RetinaFace_retinaface_mobilenet0.25": ("retinaface_torch_640", ""),
    "YOLOv5_yolov5s_v6.1_3output": ("yolov5s_3output", ""),
    "YOLOv5_opt_yolov5s_tpukernel": ("yolo_v5_s", "--asymmetric"),
    "VLPR_yolov5s_v6.1_license_3output": ("yolov5s_plate_3output", ""),
    "YOLOv7_yolov7_v0.1_3output": ("yolov7_3output", ""),
    "YOLOv34_yolov3": ("yolov3_608_silu_3output", ""),  # its sample decodes in the form of the one with SiLU
    "ppYOLOv3_ppyolov3": ("yolov3_608_3output", ""),
    "YOLOv34_yolov4": ("yolov4_416_3output", ""),
    "YOLOv8_pose_yolov8s-pose": ("yolov8s_pose", "decoded boxes in F16"),
    "YOLOv8_seg_yolov8s": ("yolov8s_seg", "decoded boxes in F16"),
    "YOLOv11_det_yolov11s": ("yolo11s", "decoded boxes in F16"),
    "C3D_c3d": ("c3d", ""),
    "Real-ESRGAN_real_esrgan": ("realesr_general_x4v3", "--quant_input --quant_output"),
    "BERT_bert4torch_output": ("bert_base_256", ""),
    "BLIP_blip_vqa_venc_bm1684x": ("blip_vqa_image", ""),
    "CLIP_clip_image_vitb32_bm1684x": ("clip_image_vitb32", ""),
    "CLIP_clip_text_vitb32_bm1684x": ("clip_text_vitb32", ""),
    "PP-OCR_ch_PP-OCRv4_det": ("ppocrv4_det", ""),
    "PP-OCR_ch_PP-OCRv4_rec": ("ppocrv4_rec", ""),
}
# networks that differ in their heads alone leave together
FAMILY = {"yolov3_608_silu_3output": "yolov3", "yolov3_608_3output": "yolov3", "yolov5s_3output": "yolov5s", "yolo_v5_s": "yolov5s", "yolov5s_plate_3output": "yolov5s"}


def rows_of(published, models):
    """scored rows, ids of rows whose model is missing, how many other rows there are by trust"""
    rows, missing, others = [], [], collections.Counter()
    with open(published, newline="") as f:
        for row in csv.DictReader(f):
            if row["chip"] != "bm1684x":
                continue
            name = re.sub(r"^bm1684x_", "", row["id"])
            name = re.sub(r"_(fp32|fp16|int8|f32|f16)(_\d+b)?$", "", name)
            if name not in NETS or row["trust"] != "A":
                others[row["trust"]] += 1
                continue
            row["net"], row["options"] = NETS[name]
            row["family"] = FAMILY.get(row["net"], row["net"])
            row["quant"], batch = QUANT[row["quantisation"]], int(row["batch"])
            if row["quant"] != "INT8":
                row["options"] = ""
            row["ms"] = float(row["value_ms"]) * batch
            row["path"] = os.path.join(models, row["net"],
                                       "bm1684x_%s%s.bmodel" % (row["quant"], "" if batch == 1 else "_%db" % batch))
            (rows if os.path.exists(row["path"]) else missing).append(row)
    return rows, missing, others


def calculate_ms(model, row, values):
    told = model.profile(row["path"], BOARD, ["%s=%.9g" % pair for pair in zip(FITTED, values)])
    return told["inference_ms"] + told["runtime_ms"] - told["copy_in_ms"] - told["copy_out_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vnpu", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--published", default=os.path.join(HERE, "../../../shared/golden/timing/published_latency.csv"))
    parser.add_argument("--out")
    args = parser.parse_args()
    if not os.path.exists(args.published):
        sys.exit(args.published + ": not there; name the table of published latencies with --published")
    rows, missing, others = rows_of(args.published, args.models)
    if not rows:
        sys.exit("no models below " + args.models)
    model = Model(args.vnpu)
    of = {p["key"]: p["value"] for p in model.profile(rows[0]["path"], BOARD)["parameters"]}
    values = [of[key] for key in FITTED]

    scores = Scores(lambda row, tried: calculate_ms(model, row, tried), rows, values, [row["ms"] for row in rows],
                    lambda row: row["family"], 1.05)
    ours, published, errors = scores.ours, scores.published, scores.errors
    left_out, left_errors = scores.left_out, scores.left_errors
    out = []
    say = out.append
    say("# How far the BM1684X's time model is from silicon\n")
    say("Written by `tools/timing/bm1684x_silicon.py`; do not edit. Published: the vendor's tables for its sample programs (trust A),")
    say("`bmrt_test`'s calculate time on an SE7, times the batch. Ours: `vnpu profile` on the board `%s`, inference and call." % BOARD)
    say("The networks are built again with seeded random weights and the compiler of today (`published_nets.py`; the two of")
    say("PP-OCR are the public files of the wheel rapidocr-onnxruntime 1.4.4), the published ones were compiled with several years'")
    say("versions that the tables do not name: part of every error is the compiler's. What the model's errors mean: timing_bm1684x.md.\n")
    say("Left out: predicted with the fitted parameters refitted without that network (the three yolov5s leave together).\n")
    say("| parameter | value | refitted to all rows | refitted without one network |\n|---|---|---|---|")
    for key, v, again, (low, high) in zip(FITTED, values, scores.refitted, scores.spread):
        say("| `%s` | %g | %.3g | %.3g to %.3g |" % (key, v, again, low, high))
    say("\n| rows | number | networks | fitted | left out |\n|---|---|---|---|---|")
    groups = [("all", lambda row: True)] + [(q, lambda row, q=q: row["quant"] == q) for q in ("F32", "F16", "INT8")]
    for what, belongs in groups:
        chosen = [i for i, row in enumerate(rows) if belongs(row)]
        if chosen:
            say("| %s | %d | %d | %s | %s |" % (what, len(chosen), len({rows[i]["family"] for i in chosen}),
                                                summary([errors[i] for i in chosen]),
                                                summary([left_errors[i] for i in chosen])))
    say("\n| network (options) | type | batch | published ms | ours ms | error | left out ms | error |\n|---|---|---|---|---|---|---|---|")
    for i, row in enumerate(rows):
        options = " (%s)" % row["options"] if row["options"] else ""
        if row["id"].startswith("bm1684x_ppYOLOv3"):
            options = " (PaddleDetection's)"
        say("| %s%s | %s | %s | %.2f | %.2f | %+.1f %% | %.2f | %+.1f %% |" % (
            row["net"], options, row["quant"], row["batch"], published[i], ours[i], errors[i], left_out[i], left_errors[i]))
    if missing:
        say("\nNot built here: " + ", ".join(row["id"] for row in missing) + ".")
    say("\nOf networks that are not built: " + ", ".join("%d rows of trust %s" % (n, t) for t, n in sorted(others.items())) + ".")
    text = "\n".join(out) + "\n"
    if args.out:
        with open(args.out, "w") as f:
            f.write(text)
    else:
        print(text)
    print("fitted   " + summary(errors))
    print("left out " + summary(left_errors))


if __name__ == "__main__":
    main()
