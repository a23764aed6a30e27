// From a detector's outputs to boxes, by the arithmetic of the vendor's samples (which is not MaixPy's: boxes are
// floats, suppression looks at all classes together, rows and columns change places where the letterbox is undone).
// Source: docs/board_axera_pi.md.
#pragma once

#include <array>
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

enum class HeadForm { yolo_v5, yolo_v5_face, yolo_v8, yolo_fastest, scrfd, nanodet, palm };

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

// A hand: the turned square around it, and seven points of the palm, in the picture.
struct Palm {
  struct Point {
    float x = 0, y = 0;
  };
  std::array<Point, 4> corners;
  std::array<Point, 7> points;
};

// Boxes and scores of a palm detector of 192x192: [.., 2016, 18] and [.., 2016, 1]. Throws like detect().
std::vector<Palm> detect_palms(const DetectorForm& form, const std::vector<DetectorOutput>& outputs,
                               const PictureFrame& frame);

}  // namespace vnpu::axera
