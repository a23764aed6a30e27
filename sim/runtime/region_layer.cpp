#include "sim/runtime/region_layer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "base/error.h"

namespace vnpu {
namespace {

constexpr std::uint64_t most_boxes = 1 << 14;
constexpr std::size_t box_entries = 5;  // x, y, w, h, objectness

struct Box {
  float x = 0, y = 0, w = 0, h = 0;  // of the image, centre and size
};

// The firmware's arithmetic: double around a float exponential.
float sigmoid(float value) { return static_cast<float>(1.0 / (1.0 + static_cast<double>(std::exp(-value)))); }

float overlap(float x1, float w1, float x2, float w2) {
  const float left = std::max(x1 - w1 / 2, x2 - w2 / 2), right = std::min(x1 + w1 / 2, x2 + w2 / 2);
  return right - left;
}

float intersection_over_union(const Box& a, const Box& b) {
  const float w = overlap(a.x, a.w, b.x, b.w), h = overlap(a.y, a.h, b.y, b.h);
  const float common = w < 0 || h < 0 ? 0.0f : w * h;
  const float area_a = a.w * a.h, area_b = b.w * b.h;
  const float both = area_a + area_b;
  return common / (both - common);
}

// RISC-V's conversion to unsigned: towards zero, negative values become 0.
std::uint32_t to_pixels(float value) {
  if (!(value > 0)) return 0;
  return value >= 4294967296.0f ? 0xffffffffu : static_cast<std::uint32_t>(value);
}

struct Scores {
  std::size_t classes;
  std::vector<float> values;  // [box][class]

  float& at(std::size_t box, std::size_t c) { return values[box * classes + c]; }
};

void suppress(const std::vector<Box>& boxes, Scores& scores, float limit) {
  std::vector<std::size_t> order(boxes.size());
  for (std::size_t c = 0; c < scores.classes; ++c) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, [&](auto a, auto b) { return scores.at(a, c) > scores.at(b, c); });
    // Those without a score are at the end; others lose theirs on the way.
    std::size_t scored = 0;
    while (scored < order.size() && scores.at(order[scored], c) != 0) ++scored;
    for (std::size_t i = 0; i < scored; ++i) {
      if (scores.at(order[i], c) == 0) continue;
      for (std::size_t j = i + 1; j < scored; ++j) {
        auto& score = scores.at(order[j], c);
        if (score != 0 && intersection_over_union(boxes[order[i]], boxes[order[j]]) > limit) score = 0;
      }
    }
  }
}

}  // namespace

bool find_grid(RegionLayer& layer, std::uint64_t count) {
  for (const std::uint32_t step : {32u, 16u, 8u}) {
    const std::uint32_t width = layer.image_width / step, height = layer.image_height / step;
    const auto cells = std::uint64_t{width} * height;
    if (cells == 0 || count % (cells * 5) != 0 || count / cells < 30) continue;
    layer.width = width;
    layer.height = height;
    layer.channels = static_cast<std::uint32_t>(count / cells);
    return true;
  }
  return false;
}

std::vector<RegionObject> region_objects(std::span<const float> output, const RegionLayer& layer) {
  const auto cells = std::uint64_t{layer.width} * layer.height;
  const auto anchors = layer.anchors.size() / 2;
  if (layer.classes() < 1 || anchors == 0 || layer.anchors.size() % 2 != 0 || cells == 0) {
    throw Error(ErrorKind::usage, "region layer: " + std::to_string(layer.channels) + " channels and " +
                                      std::to_string(layer.anchors.size()) + " numbers of anchors do not fit");
  }
  const auto classes = static_cast<std::size_t>(layer.classes());
  const auto entries = box_entries + classes;
  if (cells > most_boxes / anchors || output.size() < cells * anchors * entries) {
    throw Error(ErrorKind::usage, "region layer: the output has " + std::to_string(output.size()) + " elements for " +
                                      std::to_string(cells) + " cells of " + std::to_string(anchors) + " anchors");
  }
  std::vector<Box> boxes(anchors * cells);
  Scores scores{classes, std::vector<float>(boxes.size() * classes)};
  const auto lw = static_cast<float>(layer.width), lh = static_cast<float>(layer.height);
  std::vector<float> exponentials(classes);
  for (std::size_t a = 0; a < anchors; ++a) {
    for (std::size_t cell = 0; cell < cells; ++cell) {
      const auto entry = [&](std::size_t e) { return output[(a * entries + e) * cells + cell]; };
      const auto box = a * cells + cell;
      const auto row = static_cast<float>(cell / layer.width), column = static_cast<float>(cell % layer.width);
      boxes[box] = {(column + sigmoid(entry(0))) / lw, (row + sigmoid(entry(1))) / lh,
                    std::exp(entry(2)) * layer.anchors[2 * a] / lw, std::exp(entry(3)) * layer.anchors[2 * a + 1] / lh};
      float largest = entry(box_entries);
      for (std::size_t c = 1; c < classes; ++c) largest = std::max(largest, entry(box_entries + c));
      float sum = 0;
      for (std::size_t c = 0; c < classes; ++c) {
        exponentials[c] = std::exp(entry(box_entries + c) - largest);
        sum += exponentials[c];
      }
      const float objectness = sigmoid(entry(4));
      for (std::size_t c = 0; c < classes; ++c) {
        const float score = objectness * (exponentials[c] / sum);
        scores.at(box, c) = score > layer.threshold ? score : 0.0f;
      }
    }
  }
  suppress(boxes, scores, layer.nms);

  std::vector<RegionObject> objects;
  const auto image_w = static_cast<float>(layer.image_width), image_h = static_cast<float>(layer.image_height);
  for (std::size_t box = 0; box < boxes.size(); ++box) {
    const float* row = scores.values.data() + box * classes;
    const auto best = static_cast<std::size_t>(std::max_element(row, row + classes) - row);
    if (!(row[best] > layer.threshold)) continue;
    const auto& b = boxes[box];
    const float cx = b.x * image_w, cy = b.y * image_h, half_w = b.w * image_w / 2, half_h = b.h * image_h / 2;
    const auto x1 = to_pixels(cx - half_w), y1 = to_pixels(cy - half_h);
    const auto x2 = to_pixels(cx + half_w), y2 = to_pixels(cy + half_h);
    objects.push_back({x1, y1, x2 - x1, y2 - y1, static_cast<std::uint32_t>(best), row[best]});
  }
  return objects;
}

}  // namespace vnpu
