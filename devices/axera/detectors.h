// From a detector's outputs to boxes, by the arithmetic of the vendor's samples (which is not MaixPy's: boxes are
// floats, suppression looks at all classes together, rows and columns change places where the letterbox is undone).
// Source: docs/board_axera_pi.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace vnpu::axera {

struct Detection {
  float x = 0, y = 0, w = 0, h = 0;
  int label = 0;
  float score = 0;
};

struct DetectorOutput {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

enum class HeadForm { yolo_v5, yolo_v5_face, yolo_v8, yolo_fastest, scrfd, nanodet };

struct DetectorForm {
  HeadForm form = HeadForm::yolo_v5;
  float confidence = 0, overlap = 0;
  int classes = 80;
  std::span<const float> anchors;  // width, height
};

struct PictureFrame {
  int input_height = 0, input_width = 0;  // of the model
  int height = 0, width = 0;              // of the picture
};

// Throws Error(fault) when the outputs are not as large as the sample reads: there it would read beyond them.
std::vector<Detection> detect(const DetectorForm& form, const std::vector<DetectorOutput>& outputs,
                              const PictureFrame& frame);

}  // namespace vnpu::axera
