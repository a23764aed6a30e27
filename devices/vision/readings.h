// What kind of detector a model can be, by the shapes of its outputs.
#pragma once

#include <string>
#include <vector>

#include "base/tensor.h"

namespace vnpu::vision {

struct Reading {
  std::string type;  // "yolov2", "yolov5", "yolov8"
  std::size_t classes = 0;
};

// Every kind of detector whose outputs have these shapes, with the count of classes that fits them: the forms that
// yolo.h decodes, with three anchors a head for yolov5 (five for yolov2, always) and grids that divide the input's
// size.
std::vector<Reading> readings(const std::vector<Shape>& outputs, int input_width, int input_height);

}  // namespace vnpu::vision
