// Outputs of detectors of any shape and content: recognised, decoded, matched with others, drawn.
#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "devices/vision/agreement.h"
#include "devices/vision/readings.h"
#include "devices/vision/side_by_side.h"
#include "devices/vision/yolo.h"

namespace {

using namespace vnpu;
using namespace vnpu::vision;

// Values of the input in turn; 0 behind its end.
struct Source {
  const std::uint8_t* data;
  std::size_t size;
  std::size_t at = 0;
  std::uint8_t next() { return at < size ? data[at++] : 0; }
};

// What a list of boxes goes through in eval-detect.
void show(const std::vector<Object>& boxes, const std::vector<Object>& other) {
  const auto matching = match_boxes(boxes, other, 0.3);
  Agreement agreement;
  agreement.add(boxes, other, matching);
  std::vector<MarkedBox> marked;
  for (std::size_t i = 0; i < std::min<std::size_t>(boxes.size(), 20); ++i)
    marked.push_back({boxes[i], static_cast<BoxMark>(i % 4), std::string(i, 'n')});
  side_by_side(Image{8, 8, 3, Bytes(192)}, {{"title", "note", marked}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Source in{data, size};
  DetectOptions options;
  constexpr DType types[] = {DType::f32, DType::i8, DType::u8, DType::f16};
  const DType dtype = types[in.next() % 4];
  options.input_width = 32 * (1 + in.next() % 4);
  options.input_height = 32 * (1 + in.next() % 4);
  options.width = 1 + in.next();
  options.height = 1 + in.next();
  options.fit = static_cast<Fit>(in.next() % 4);
  options.confidence = static_cast<float>(in.next()) / 256;
  options.overlap = static_cast<float>(in.next()) / 256;
  options.heads_by_size = in.next() % 2;
  NamedTensors outputs;
  std::vector<Shape> shapes;
  for (int count = in.next() % 4; count > 0; --count) {
    Shape shape(in.next() % 6);
    std::uint64_t elements = 1;
    for (auto& d : shape) {
      d = in.next();
      if (elements * static_cast<std::uint64_t>(d) > 40000) d = 1;
      elements *= static_cast<std::uint64_t>(d);
    }
    Tensor tensor{dtype, shape, Bytes(elements * size_of(dtype))};
    // A piece of the input, again and again.
    const std::size_t piece = std::min<std::size_t>(1 + in.next(), in.size - in.at);
    for (std::size_t i = 0; piece > 0 && i < tensor.bytes.size(); ++i) tensor.bytes[i] = data[in.at + i % piece];
    in.at += piece;
    shapes.push_back(shape);
    outputs.emplace_back("o" + std::to_string(count), std::move(tensor));
  }
  std::vector<Object> before;
  const auto attempt = [&](const std::string& type, std::size_t classes) {
    try {
      const std::vector<float> anchors(outputs.size() * 6 + (type == "yolov2" ? 4 : 0), 2.5f);
      const auto boxes = type == "yolov2"   ? detect_yolo_v2(outputs, anchors, classes, options)
                         : type == "yolov5" ? detect_yolo_v5(outputs, anchors, classes, options)
                                            : detect_yolo_v8(outputs, classes, options);
      if (boxes.size() < 300) show(boxes, before);
      before = boxes;
      before.resize(std::min<std::size_t>(before.size(), 300));
    } catch (const Error&) {
    }
  };
  for (const auto& [type, classes] : readings(shapes, options.input_width, options.input_height))
    attempt(type, classes);
  for (const char* type : {"yolov2", "yolov5", "yolov8"}) attempt(type, in.next());
  return 0;
}
