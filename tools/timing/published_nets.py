#!/usr/bin/env python3
"""The networks of the published latencies as ONNX with seeded random weights.

    published_nets.py NAME OUT.onnx [BATCH]     (names: NETS below; needs numpy, onnx)

Times do not depend on values, except through compressed weight transfers: the weights are drawn from a Laplace
distribution, which compresses about as trained weights do.
"""

import sys

from nets.classify import arcface_res50, densenet, googlenet, inception_v3, resnet, squeezenet11, vgg16
from nets.detect import (mobilenet_ssd, retinaface_mnet25, retinaface_torch, yolo_v1_tiny, yolo_v3, yolo_v3_tiny,
                         yolov5, yolov8, yolov4_csp_s, yolox_s)
from nets.graph import G
from nets.mobile import efficientnet_lite0, mobilenet_v1, mobilenet_v2, shufflenet_v2_05
from nets.nasnet import nasnet_mobile
from nets.other import bert, blip_vqa_image, c3d, clip_image, clip_text, srvgg_x4
from nets.yolo import yolo11s, yolov3_3output, yolov4, yolov5_3output, yolov7, yolov8s_pose, yolov8s_seg

NETS = {
    "resnet50": lambda: resnet("resnet50", (3, 4, 6, 3), caffe=True),
    "resnet50_torch": lambda: resnet("resnet50", (3, 4, 6, 3)),
    "resnet18": lambda: resnet("resnet18", (2, 2, 2, 2), bott=False),
    "mobilenet_v1": mobilenet_v1,
    "mobilenet_v2": lambda: mobilenet_v2("relu"),
    "squeezenet_v1.1": squeezenet11,
    "shufflenet_v2": shufflenet_v2_05,
    "googlenet": googlenet,
    "densenet_121": densenet,
    "densenet_201": lambda: densenet((6, 12, 48, 32)),
    "inception_v3": inception_v3,
    "senet_res50": lambda: resnet("senet", (3, 4, 6, 3), shape=(1, 3, 225, 225), caffe=True, se=True),
    "resnext50": lambda: resnet("resnext50", (3, 4, 6, 3), groups=32, width=4),
    "efficientnet-lite_b0": efficientnet_lite0,
    "retinaface_mnet25": lambda: retinaface_mnet25(320),
    "retinaface_mnet25_600": lambda: retinaface_mnet25(600),
    "mobilenet_ssd": mobilenet_ssd,
    "yolo_v3_tiny": yolo_v3_tiny,
    "yolo_v1_448": yolo_v1_tiny,
    "yolo_v3_320": lambda: yolo_v3(320),
    "arcface_res50": arcface_res50,
    "yolo_v5_s": yolov5,
    "yolox_s": yolox_s,
    "vgg16": vgg16,
    "retinaface_640": lambda: retinaface_mnet25(640),
    "yolov5s_224": lambda: yolov5(hw=(224, 224)),
    "yolov5s_320x256": lambda: yolov5(hw=(256, 320)),
    "yolov8n_640": yolov8,
    "nasnet_mobile": nasnet_mobile,
    "yolo_v4_s": yolov4_csp_s,
    "yolov8s_640": lambda: yolov8(w=0.5),
    "retinaface_torch_640": retinaface_torch,
    "yolov5s_3output": yolov5_3output,
    "yolov5s_plate_3output": lambda: yolov5_3output(nc=1),
    "yolov7_3output": yolov7,
    "yolov3_608_3output": lambda: yolov3_3output(608),
    "yolov3_608_silu_3output": lambda: yolov3_3output(608, "silu"),
    "yolov4_416_3output": lambda: yolov4(416),
    "yolov8s_pose": yolov8s_pose,
    "yolov8s_seg": yolov8s_seg,
    "yolo11s": yolo11s,
    "c3d": c3d,
    "realesr_general_x4v3": srvgg_x4,
    "bert_base_256": bert,
    "blip_vqa_image": blip_vqa_image,
    "clip_image_vitb32": clip_image,
    "clip_text_vitb32": clip_text,
}


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in NETS:
        sys.exit("usage: published_nets.py NAME OUT.onnx [BATCH], NAME one of " + " ".join(NETS))
    n = sys.argv[1]
    G.batch = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    g, o = NETS[n]()
    g.save(o, sys.argv[2])
