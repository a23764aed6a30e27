// The region layer of YOLOv2 detectors as small-camera firmware computes it behind a network (docs/detect.md, "Region
// layer"): single precision in the firmware's order, so that the same objects come out, bit for bit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vnpu {

struct RegionLayer {
  std::uint32_t image_width = 0, image_height = 0;    // of the network's input, in pixels
  std::uint32_t width = 0, height = 0, channels = 0;  // of the network's output
  std::vector<float> anchors;                         // width, height of each, in cells
  float threshold = 0.5f, nms = 0.3f;

  // The firmware's formula; it takes five anchors for granted.
  std::int64_t classes() const { return std::int64_t{channels} / 5 - 5; }
};

// The grid of an output of `count` elements: the picture by 32, 16 or 8, the first that leaves whole channels of five
// anchors. Sets width, height and channels; false when there is none.
bool find_grid(RegionLayer& layer, std::uint64_t count);

struct RegionObject {
  std::uint32_t x = 0, y = 0, w = 0, h = 0;  // pixels; negative coordinates have become 0
  std::uint32_t class_id = 0;
  float value = 0;  // objectness * class
};

// `output`: [anchor][x, y, w, h, objectness, classes][row][column]. Objects in the order of the boxes, all of them (the
// firmware has room for ten and writes past it). Throws Error(usage) for sizes that do not fit each other.
std::vector<RegionObject> region_objects(std::span<const float> output, const RegionLayer& layer);

}  // namespace vnpu
