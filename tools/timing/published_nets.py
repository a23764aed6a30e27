#!/usr/bin/env python3
"""The networks of the published latencies as ONNX with seeded random weights.

    published_nets.py NAME OUT.onnx     (names: NETS below; needs numpy, onnx)

Times do not depend on values, except through compressed weight transfers: the weights are drawn from a Laplace
distribution, which compresses about as trained weights do.
"""

import sys

from nets.classify import arcface_res50, densenet, googlenet, inception_v3, resnet, squeezenet11, vgg16
from nets.detect import (mobilenet_ssd, retinaface_mnet25, yolo_v1_tiny, yolo_v3, yolo_v3_tiny, yolov5, yolov8,
                         yolov4_csp_s, yolox_s)
from nets.mobile import efficientnet_lite0, mobilenet_v1, mobilenet_v2, shufflenet_v2_05
from nets.nasnet import nasnet_mobile

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
}


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in NETS:
        sys.exit("usage: published_nets.py NAME OUT.onnx, NAME one of " + " ".join(NETS))
    n = sys.argv[1]
    g, o = NETS[n]()
    g.save(o, sys.argv[2])
