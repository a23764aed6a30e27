// One picture as several detectors see it: a panel each, boxes with names, colours for what agrees and what does not.
#pragma once

#include <string>
#include <vector>

#include "base/image.h"
#include "devices/vision/yolo.h"

namespace vnpu::vision {

enum class BoxMark {
  matched,  // green
  lost,     // orange: only in the reference
  extra,    // blue: not in the reference
  missing,  // orange, dashed and without text: where this panel lacks a box
};

struct MarkedBox {
  Object box;  // in pixels of the picture
  BoxMark mark = BoxMark::matched;
  std::string text;
};

struct BoxPanel {
  std::string title, note;  // left and right of the line above the picture
  std::vector<MarkedBox> boxes;
};

// Panels beside each other, at most three in a row, small pictures enlarged and large ones reduced; a legend below.
// Texts are laid beside their boxes where they cover no other text; where there is no room they are left out, those of
// matched boxes first. Throws Error(usage) for no
// panel or more than 16.
Image side_by_side(const Image& picture, const std::vector<BoxPanel>& panels);

}  // namespace vnpu::vision
