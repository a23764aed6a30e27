// From the outputs of YOLO detectors to boxes in a picture, by the arithmetic of MaixPy 4's detector classes.
// Source of the facts: docs/detect.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/tensor.h"

namespace vnpu::vision {

// Whole pixels of the picture: upper left corner and size.
struct Object {
  int x = 0, y = 0, w = 0, h = 0;
  int label = 0;
  float score = 0;
};

// How the picture was brought to the input's size: the first three as MaixPy does it, by nearest neighbours and on
// black; letterbox as YOLOv5's own scripts and the BM1684X's samples do, linear and on grey.
enum class Fit { fill, contain, cover, letterbox };

struct DetectOptions {
  float confidence = 0.5f, overlap = 0.45f;
  int input_width = 0, input_height = 0;  // of the model
  int width = 0, height = 0;              // of the picture
  Fit fit = Fit::contain;
  int sort = 0;  // 1: biggest first, -1: smallest first, 0: best first
  bool heads_by_size =
      false;  // YOLOv5: the finest grid has the first anchors; else heads go by their names, as in MaixPy
};

// YOLOv5: every output is a head [1, A*(classes+5), h, w], [1, h, w, A*(classes+5)] or [1, A, h, w, classes+5] of
// logits; or there is one output [1, N, classes+5], decoded by the model: centre and size in input pixels, objectness
// and scores between 0 and 1. `anchors`: width and height in input pixels, A pairs a head. Throws Error(usage) when
// outputs, labels and anchors do not fit together.
std::vector<Object> detect_yolo_v5(const NamedTensors& outputs, const std::vector<float>& anchors, std::size_t classes,
                                   const DetectOptions& options);

// YOLOv8 and YOLO11: three whole heads [1, 64+classes, h, w]; or, of a cut model, scores [1, classes, N] (already
// between 0 and 1) and distances [1, 1, 4, N]; or one output [1, 4+classes, N], decoded by the model: centre and size
// in input pixels, scores. Recognised by shape; throws Error(usage) for other outputs.
std::vector<Object> detect_yolo_v8(const NamedTensors& outputs, std::size_t classes, const DetectOptions& options);

// YOLOv2 on a K210: one output of 5 * (classes + 5) maps of float32, by the firmware's region layer; `anchors` in
// cells.
std::vector<Object> detect_yolo_v2(const NamedTensors& outputs, const std::vector<float>& anchors, std::size_t classes,
                                   const DetectOptions& options);

}  // namespace vnpu::vision
