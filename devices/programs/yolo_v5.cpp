#include "devices/programs/yolo_v5.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace vnpu::programs {
namespace {

constexpr std::size_t anchors_per_head = 3, classes = 80, values = classes + 5;
constexpr float anchors[3][3][2] = {
    {{10, 13}, {16, 30}, {33, 23}}, {{30, 61}, {62, 45}, {59, 119}}, {{116, 90}, {156, 198}, {373, 326}}};

float sigmoid(float x) { return static_cast<float>(1.0 / (1 + std::exp(-x))); }

float overlap(float a, float a_size, float b, float b_size) {
  const float left = std::max(a - a_size / 2, b - b_size / 2), right = std::min(a + a_size / 2, b + b_size / 2);
  return right - left;
}

float intersection_over_union(const Detection& a, const Detection& b) {
  const float w = overlap(a.x, a.w, b.x, b.w), h = overlap(a.y, a.h, b.y, b.h);
  const float both = w < 0 || h < 0 ? 0 : w * h;
  return both / (a.w * a.h + b.w * b.h - both);
}

}  // namespace

std::vector<Detection> decode_yolo_v5(std::span<const RuntimeTensor> heads, std::int64_t input_width,
                                      float confidence) {
  std::vector<Detection> found;
  for (std::size_t layer = 0; layer < heads.size() && layer < 3; ++layer) {
    const RuntimeTensor& head = heads[layer];
    const auto height = static_cast<std::size_t>(head.shape[2]), width = static_cast<std::size_t>(head.shape[3]);
    const std::size_t area = height * width;
    std::vector<float> data(head.bytes.size() / sizeof(float));
    std::memcpy(data.data(), head.bytes.data(), data.size() * sizeof(float));
    if (data.size() < anchors_per_head * values * area) continue;  // not a head of this network
    const auto stride = static_cast<float>(input_width / static_cast<std::int64_t>(width));
    for (std::size_t a = 0; a < anchors_per_head; ++a) {
      for (std::size_t y = 0; y < height; ++y) {
        for (std::size_t x = 0; x < width; ++x) {
          const float* cell = &data[a * values * area + y * width + x];
          const float object = sigmoid(cell[4 * area]);
          if (!(object > confidence)) continue;  // nor what is no number, which cannot be sorted
          std::size_t label = 0;
          for (std::size_t k = 1; k < classes; ++k) {
            if (cell[(5 + label) * area] < cell[(5 + k) * area]) label = k;
          }
          const float score = object * sigmoid(cell[(5 + label) * area]);
          if (!(score > confidence)) continue;
          const auto centre = [&](float logit, std::size_t at) {
            return static_cast<float>((sigmoid(logit) * 2 + static_cast<float>(at) - 0.5) * stride);
          };
          const auto side = [&](float logit, float anchor) {
            return static_cast<float>(std::pow(static_cast<double>(sigmoid(logit) * 2), 2) * anchor);
          };
          found.push_back({centre(cell[0], x), centre(cell[area], y), side(cell[2 * area], anchors[layer][a][0]),
                           side(cell[3 * area], anchors[layer][a][1]), static_cast<int>(label), score});
        }
      }
    }
  }
  return found;
}

std::vector<Detection> suppress(std::vector<Detection> detections, float threshold) {
  if (detections.empty()) return detections;
  std::sort(detections.begin(), detections.end() - 1,
            [](const Detection& a, const Detection& b) { return a.score > b.score; });
  std::vector<bool> gone(detections.size());
  std::vector<Detection> kept;
  for (std::size_t i = 0; i < detections.size(); ++i) {
    if (gone[i]) continue;
    kept.push_back(detections[i]);
    for (std::size_t j = i + 1; j < detections.size(); ++j) {
      if (detections[i].label != detections[j].label) continue;
      if (intersection_over_union(detections[i], detections[j]) > threshold) gone[j] = true;
    }
  }
  return kept;
}

void to_picture(std::vector<Detection>& detections, int input_width, int input_height, int width, int height) {
  int inner_width = input_width, inner_height = input_height;
  if (static_cast<float>(input_width) / static_cast<float>(width) <
      static_cast<float>(input_height) / static_cast<float>(height)) {
    inner_height = height * input_width / width;
  } else {
    inner_width = width * input_height / height;
  }
  const float ratio = static_cast<float>(width) / static_cast<float>(inner_width);
  for (auto& d : detections) {
    d.x = static_cast<float>((d.x - (input_width - inner_width) / 2.) * ratio);
    d.y = static_cast<float>((d.y - (input_height - inner_height) / 2.) * ratio);
    d.w *= ratio;
    d.h *= ratio;
  }
}

std::string_view coco_name(int label) {
  constexpr std::array<std::string_view, classes> names{
      "person",         "bicycle",    "car",           "motorbike",     "aeroplane",   "bus",           "train",
      "truck",          "boat",       "traffic light", "fire hydrant",  "stop sign",   "parking meter", "bench",
      "bird",           "cat",        "dog",           "horse",         "sheep",       "cow",           "elephant",
      "bear",           "zebra",      "giraffe",       "backpack",      "umbrella",    "handbag",       "tie",
      "suitcase",       "frisbee",    "skis",          "snowboard",     "sports ball", "kite",          "baseball bat",
      "baseball glove", "skateboard", "surfboard",     "tennis racket", "bottle",      "wine glass",    "cup",
      "fork",           "knife",      "spoon",         "bowl",          "banana",      "apple",         "sandwich",
      "orange",         "broccoli",   "carrot",        "hot dog",       "pizza",       "donut",         "cake",
      "chair",          "sofa",       "pottedplant",   "bed",           "diningtable", "toilet",        "tvmonitor",
      "laptop",         "mouse",      "remote",        "keyboard",      "cell phone",  "microwave",     "oven",
      "toaster",        "sink",       "refrigerator",  "book",          "clock",       "vase",          "scissors",
      "teddy bear",     "hair drier", "toothbrush"};
  return label >= 0 && static_cast<std::size_t>(label) < names.size() ? names[static_cast<std::size_t>(label)] : "";
}

}  // namespace vnpu::programs
