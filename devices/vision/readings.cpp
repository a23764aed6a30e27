#include "devices/vision/readings.h"

#include <algorithm>

#include "sim/runtime/region_layer.h"

namespace vnpu::vision {
namespace {

constexpr std::int64_t anchors = 3, box_channels = 64;

struct Input {
  std::int64_t width, height;

  std::int64_t cells() const {
    std::int64_t sum = 0;
    for (const int stride : {8, 16, 32}) sum += (width / stride) * (height / stride);
    return sum;
  }
  // Cells of the same size in both directions cover the input.
  bool is_grid(std::int64_t columns, std::int64_t rows) const {
    return columns > 0 && rows > 0 && width % columns == 0 && height % rows == 0 && width / columns == height / rows;
  }
};

Shape without_ones(const Shape& shape) {
  Shape out;
  std::ranges::copy_if(shape, std::back_inserter(out), [](auto d) { return d != 1; });
  return out;
}

// Channels of a map over the input: [1, c, h, w], [1, h, w, c] or [1, 3, h, w, c]. 0: it is none.
std::int64_t channels_of(const Shape& s, const Input& input, bool& split) {
  split = s.size() == 5 && s[0] == 1 && s[1] == anchors && input.is_grid(s[3], s[2]);
  if (split) return anchors * s[4];
  if (s.size() != 4 || s[0] != 1) return 0;
  return input.is_grid(s[3], s[2]) ? s[1] : input.is_grid(s[2], s[1]) ? s[3] : 0;
}

// Scores [classes, cells] and distances [4, cells], in any order.
std::int64_t cut_classes(const Shape& one, const Shape& other, std::int64_t cells) {
  const auto rows = [&](const Shape& shape) -> std::int64_t {
    const Shape large = without_ones(shape);
    if (large.empty() || large.size() > 2 || large.back() != cells) return 0;
    return large.size() == 2 ? large[0] : 1;
  };
  const std::int64_t a = rows(one), b = rows(other);
  return a == 4 ? b : b == 4 ? a : 0;
}

}  // namespace

std::vector<Reading> readings(const std::vector<Shape>& outputs, int input_width, int input_height) {
  const Input input{input_width, input_height};
  std::vector<Reading> out;
  const auto add = [&](const char* type, std::int64_t classes) {
    if (classes > 0) out.push_back({type, static_cast<std::size_t>(classes)});
  };
  if (outputs.empty() || input_width < 1 || input_height < 1) return out;
  if (outputs.size() == 1) {
    const Shape& shape = outputs[0];
    const Shape large = without_ones(shape);
    if (large.size() == 2 && large[0] == anchors * input.cells()) add("yolov5", large[1] - 5);
    if (large.size() == 2 && large[1] == input.cells()) add("yolov8", large[0] - 4);
    RegionLayer layer;
    layer.image_width = static_cast<std::uint32_t>(input_width);
    layer.image_height = static_cast<std::uint32_t>(input_height);
    const bool flat_or_map = large.size() == 1 || large.size() == 3;
    if (flat_or_map && find_grid(layer, element_count(shape))) add("yolov2", layer.classes());
  }
  std::int64_t channels = -1;
  bool all_split = true, any_split = false;
  for (const auto& shape : outputs) {
    bool split = false;
    const auto c = channels_of(shape, input, split);
    if (channels == -1) channels = c;
    if (c != channels) channels = 0;
    all_split &= split;
    any_split |= split;
  }
  if (channels > 0 && outputs.size() <= 3 && all_split == any_split) {
    if (channels % anchors == 0) add("yolov5", channels / anchors - 5);
    if (outputs.size() == 3 && !any_split) add("yolov8", channels - box_channels);
  }
  if (outputs.size() == 2) add("yolov8", cut_classes(outputs[0], outputs[1], input.cells()));
  return out;
}

}  // namespace vnpu::vision
