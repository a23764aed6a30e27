// What the vendor's YOLOv5 sample makes of the three heads. Source of the facts: docs/board_programs.md.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/image.h"
#include "devices/programs/cvi_runtime.h"

namespace vnpu::programs {

struct Detection {
  float x = 0, y = 0, w = 0, h = 0;  // centre and size
  int label = 0;
  float score = 0;
};

// In the input's pixels. Heads of 3 * 85 channels, in the model's order; `input_width` gives the strides.
std::vector<Detection> decode_yolo_v5(std::span<const RuntimeTensor> heads, std::int64_t input_width, float confidence);

// Removes what overlaps a better one of its class, as the sample does: its sort leaves the last detection where it is.
std::vector<Detection> suppress(std::vector<Detection> detections, float threshold);

// From the letterboxed input back to the picture.
void to_picture(std::vector<Detection>& detections, int input_width, int input_height, int width, int height);

// Boxes and names, over the picture.
void draw(Image& image, std::span<const Detection> detections);

std::string_view coco_name(int label);  // darknet's names; empty beyond the 80

}  // namespace vnpu::programs
