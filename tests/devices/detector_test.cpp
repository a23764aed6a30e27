// The forms detectors' outputs come in: the same boxes from each, recognised by their shapes.
#include "devices/vision/detector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <random>

#include "base/error.h"
#include "base/npz.h"
#include "devices/vision/canvas.h"
#include "devices/vision/picture_input.h"
#include "devices/vision/readings.h"
#include "sim/runtime/region_layer.h"
#include "tests/devices/recordings.h"

namespace vnpu::vision {
namespace {

const std::vector<float> usual_anchors{10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326};

std::string text(const std::vector<Object>& objects) {
  std::string out;
  char line[96];
  for (const auto& o : objects) {
    std::snprintf(line, sizeof line, "[%d,%d,%d,%d,%d,%.9g]\n", o.x, o.y, o.w, o.h, o.label,
                  static_cast<double>(o.score));
    out += line;
  }
  return out;
}

Tensor tensor_of(const Shape& shape, const std::vector<float>& values) {
  Tensor tensor{DType::f32, shape, Bytes(values.size() * 4)};
  std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

DetectOptions size_96_64() {
  DetectOptions options;
  options.confidence = 0.3f;
  options.input_width = options.width = 96;
  options.input_height = options.height = 64;
  return options;
}

NamedTensors recorded_heads() {
  NamedTensors heads;
  for (auto& [name, tensor] : read_npz(recordings() / "yolo5" / "cv180x_heads.npz")) {
    if (name.starts_with("head")) heads.emplace_back(name, tensor);
  }
  return heads;
}

// [1, 3*85, h, w] with its dimensions in another order: as [1, h, w, 255] or [1, 3, h, w, 85].
Tensor turned(const Tensor& head, bool split) {
  const auto h = head.shape.at(2), w = head.shape.at(3), area = h * w;
  std::vector<float> from(head.count()), to(head.count());
  std::memcpy(from.data(), head.bytes.data(), head.bytes.size());
  for (std::int64_t c = 0; c < 255; ++c) {
    for (std::int64_t at = 0; at < area; ++at) {
      const auto place = split ? (c / 85 * area + at) * 85 + c % 85 : at * 255 + c;
      to[static_cast<std::size_t>(place)] = from[static_cast<std::size_t>(c * area + at)];
    }
  }
  return tensor_of(split ? Shape{1, 3, h, w, 85} : Shape{1, h, w, 255}, to);
}

TEST(Yolo, EveryFormOfAHeadGivesTheSameBoxes) {
  const auto heads = recorded_heads();
  const auto wanted = text(detect_yolo_v5(heads, usual_anchors, 80, size_96_64()));
  EXPECT_GT(wanted.size(), 100u);
  for (const bool split : {false, true}) {
    NamedTensors other;
    for (const auto& [name, tensor] : heads) other.emplace_back(name, turned(tensor, split));
    EXPECT_EQ(text(detect_yolo_v5(other, usual_anchors, 80, size_96_64())), wanted);
  }
}

TEST(Yolo, HeadsByTheirSize) {
  auto heads = recorded_heads();
  DetectOptions options = size_96_64();
  const auto wanted = text(detect_yolo_v5(heads, usual_anchors, 80, options));
  // Names in another order than the grids: MaixPy goes by the names, BM1684X programs by the grids.
  std::swap(heads[0].first, heads[2].first);
  EXPECT_NE(text(detect_yolo_v5(heads, usual_anchors, 80, options)), wanted);
  options.heads_by_size = true;
  EXPECT_EQ(text(detect_yolo_v5(heads, usual_anchors, 80, options)), wanted);
}

TEST(Yolo, DecodedRowsByHand) {
  DetectOptions options;
  options.input_width = options.input_height = options.width = options.height = 64;
  // Centre, size, objectness, two classes: one box, one of less objectness, one of less score.
  const NamedTensors rows{{"y", tensor_of({1, 3, 7}, {20, 30, 10, 20, 0.875f, 0.25f, 0.75f,  //
                                                      50, 50, 10, 10, 0.5f,   1,     1,      //
                                                      40, 40, 10, 10, 0.75f,  0.5f,  0.625f})}};
  EXPECT_EQ(text(detect_yolo_v5(rows, {}, 2, options)), "[15,20,10,20,1,0.65625]\n");
  options.confidence = 0.25f;
  EXPECT_EQ(text(detect_yolo_v5(rows, {}, 2, options)),
            "[15,20,10,20,1,0.65625]\n[45,45,10,10,0,0.5]\n[35,35,10,10,1,0.46875]\n");
  EXPECT_THROW(detect_yolo_v5(rows, {}, 3, options), Error);
}

TEST(Yolo, DecodedColumnsByHand) {
  DetectOptions options;
  options.input_width = options.input_height = options.width = options.height = 32;  // 16 + 4 + 1 cells
  std::vector<float> values(6 * 21);
  const auto cell = [&](std::size_t at, const std::vector<float>& column) {
    for (std::size_t row = 0; row < 6; ++row) values[row * 21 + at] = column[row];
  };
  cell(3, {10, 12, 8, 6, 0.25f, 0.75f});
  cell(20, {20, 20, 10, 10, 0.625f, 0.5f});
  cell(7, {5, 5, 4, 4, 0.5f, 0.125f});  // not over the threshold
  const NamedTensors columns{{"y", tensor_of({1, 6, 21}, values)}};
  EXPECT_EQ(text(detect_yolo_v8(columns, 2, options)), "[6,9,8,6,1,0.75]\n[15,15,10,10,0,0.625]\n");
  EXPECT_THROW(detect_yolo_v8(columns, 3, options), Error);
}

// Outputs that overflowed: no box comes of them, and the order of the others stays one.
TEST(Yolo, WhatIsNoNumberIsNoBox) {
  const float none = std::numeric_limits<float>::quiet_NaN(), infinite = std::numeric_limits<float>::infinity();
  DetectOptions options = size_96_64();
  std::vector<float> rows;
  for (int i = 0; i < 100; ++i) {
    const auto at = static_cast<float>(i % 10 * 9);
    rows.insert(rows.end(), {at, 20, 5, 5, i % 3 == 0 ? none : 0.875f,
                             i % 3 == 1   ? none
                             : i % 3 == 2 ? 0.5f
                                          : infinite});
  }
  const auto boxes = detect_yolo_v5({{"y", tensor_of({1, 100, 6}, rows)}}, {}, 1, options);
  EXPECT_EQ(boxes.size(), 10u);
  for (const auto& box : boxes) EXPECT_EQ(box.score, 0.4375f);
  auto heads = recorded_heads();
  const auto wanted = detect_yolo_v5(heads, usual_anchors, 80, options).size();
  for (auto& [name, tensor] : heads) {
    for (std::size_t i = 0; i + 4 <= tensor.bytes.size(); i += 3 * 4) std::memcpy(&tensor.bytes[i], &none, 4);
  }
  const auto left = detect_yolo_v5(heads, usual_anchors, 80, options);
  EXPECT_LT(left.size(), wanted);
  for (const auto& box : left) EXPECT_GT(box.score, 0.3f);
  const NamedTensors whole{{"a", tensor_of({1, 65, 8, 12}, std::vector<float>(65 * 96, none))},
                           {"b", tensor_of({1, 65, 4, 6}, std::vector<float>(65 * 24, none))},
                           {"c", tensor_of({1, 65, 2, 3}, std::vector<float>(65 * 6, none))}};
  EXPECT_TRUE(detect_yolo_v8(whole, 1, options).empty());
  const NamedTensors cut{{"b", tensor_of({1, 1, 4, 126}, std::vector<float>(504, 1))},
                         {"s", tensor_of({1, 2, 126}, std::vector<float>(252, none))}};
  EXPECT_TRUE(detect_yolo_v8(cut, 2, options).empty());
}

TEST(Yolo, Version2IsTheRegionLayer) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, 2);
  std::vector<float> output(5 * 8 * 10 * 7);
  for (auto& x : output) x = normal(random);
  RegionLayer layer;
  layer.image_width = 320, layer.image_height = 240, layer.width = 10, layer.height = 7, layer.channels = 40;
  layer.anchors = {1, 1, 2, 2, 3, 3, 1, 2, 2, 1};
  layer.threshold = 0.6f, layer.nms = 0.3f;
  auto wanted = region_objects(output, layer);
  ASSERT_GT(wanted.size(), 3u);
  std::ranges::stable_sort(wanted, std::greater{}, &RegionObject::value);
  DetectOptions options;
  options.input_width = options.width = 320;
  options.input_height = options.height = 240;
  options.confidence = 0.6f, options.overlap = 0.3f;
  const NamedTensors flat{{"y", tensor_of({2800}, output)}};
  const auto objects = detect_yolo_v2(flat, layer.anchors, 3, options);
  ASSERT_EQ(objects.size(), wanted.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const int right = std::min(static_cast<int>(wanted[i].x + wanted[i].w), 320);
    EXPECT_EQ(objects[i].x, static_cast<int>(wanted[i].x));
    EXPECT_EQ(objects[i].x + objects[i].w, right);
    EXPECT_EQ(objects[i].label, static_cast<int>(wanted[i].class_id));
    EXPECT_EQ(objects[i].score, wanted[i].value);
  }
  EXPECT_THROW(detect_yolo_v2(flat, layer.anchors, 4, options), Error);
  EXPECT_THROW(detect_yolo_v2({}, layer.anchors, 3, options), Error);
}

std::string read(const std::vector<Shape>& outputs, int width = 640, int height = 640) {
  std::string out;
  for (const auto& reading : readings(outputs, width, height))
    out += (out.empty() ? "" : " ") + reading.type + ":" + std::to_string(reading.classes);
  return out;
}

TEST(Readings, ByTheShapes) {
  EXPECT_EQ(read({{1, 255, 80, 80}, {1, 255, 40, 40}, {1, 255, 20, 20}}), "yolov5:80 yolov8:191");
  EXPECT_EQ(read({{1, 18, 80, 80}, {1, 18, 40, 40}, {1, 18, 20, 20}}), "yolov5:1");
  EXPECT_EQ(read({{1, 80, 80, 255}, {1, 40, 40, 255}, {1, 20, 20, 255}}), "yolov5:80 yolov8:191");
  EXPECT_EQ(read({{1, 3, 80, 80, 85}, {1, 3, 40, 40, 85}, {1, 3, 20, 20, 85}}), "yolov5:80");
  EXPECT_EQ(read({{1, 25200, 85}}), "yolov5:80");
  EXPECT_EQ(read({{1, 25200, 85, 1}}), "yolov5:80");
  EXPECT_EQ(read({{1, 64 + 7, 12, 20}, {1, 71, 6, 10}, {1, 71, 3, 5}}, 160, 96), "yolov8:7");
  EXPECT_EQ(read({{1, 80, 8400, 1}, {1, 1, 4, 8400}}), "yolov8:80");
  EXPECT_EQ(read({{1, 1, 4, 8400}, {1, 8400}}), "yolov8:1");
  EXPECT_EQ(read({{1, 4, 8400}, {1, 1, 4, 8400}}), "yolov8:4");
  EXPECT_EQ(read({{1, 84, 8400}}), "yolov8:80");
  EXPECT_EQ(read({{8750}}, 320, 240), "yolov2:20");
  EXPECT_EQ(read({{1, 125, 7, 10}}, 320, 240), "yolov2:20");
  // What is none: classifiers, segmentation, wrong sizes, nothing.
  EXPECT_EQ(read({{1, 1000}}), "");
  EXPECT_EQ(read({{1, 21, 640, 640}}, 640, 640).find("yolov8"), std::string::npos);
  EXPECT_EQ(read({{1, 255, 80, 80}, {1, 255, 40, 40}, {1, 85, 20, 20}}), "");
  EXPECT_EQ(read({{1, 255, 81, 80}, {1, 255, 40, 40}, {1, 255, 20, 20}}), "");
  EXPECT_EQ(read({}), "");
  EXPECT_EQ(read({{0, 0}}, 0, 0), "");
}

TEST(Canvas, LetterboxIsCentredOnGrey) {
  Image image{2, 8, 3, Bytes(48, 200)};
  const Image fit = fit_picture(image, 6, 6, Fit::letterbox);  // 6 x 1.5: one row, the third from above
  for (std::size_t y = 0; y < 6; ++y)
    for (std::size_t x = 0; x < 18; ++x) EXPECT_EQ(fit.pixels[y * 18 + x], y == 2 ? 200 : 114) << y << " " << x;
  // Boxes find back: the input's middle is the picture's.
  DetectOptions options;
  options.confidence = 0.1f;
  options.input_width = options.input_height = 64;
  options.width = 320, options.height = 160;
  options.fit = Fit::letterbox;
  const NamedTensors rows{{"y", tensor_of({1, 1, 6}, {32, 32, 16, 8, 1, 1})}};
  EXPECT_EQ(text(detect_yolo_v5(rows, {}, 1, options)), "[120,60,80,40,0,1]\n");
}

TEST(PictureInput, NumbersOfEveryType) {
  TensorInfo info;
  info.name = "x";
  info.shape = info.image.shape = {1, 3, 1, 5};
  const Image picture{1, 5, 3, {0, 10, 20, 255, 10, 20, 1, 10, 20, 2, 10, 20, 3, 10, 20}};
  info.dtype = DType::u8;
  info.qscale = 255;
  info.byte_size = 15;
  const Bytes pixels = picture_numbers(picture, info, false, {0}, {1 / 255.0f});
  EXPECT_EQ(Bytes(pixels.begin(), pixels.begin() + 5), (Bytes{0, 255, 1, 2, 3}));
  EXPECT_EQ(picture_numbers(picture, info, true, {0}, {1 / 255.0f})[0], 20);
  info.dtype = DType::i8;
  info.qscale = 100;
  info.zero_point = -50;
  const Bytes bytes = picture_numbers(picture, info, false, {0}, {1 / 255.0f});
  EXPECT_EQ(static_cast<std::int8_t>(bytes[1]), 50);
  EXPECT_EQ(static_cast<std::int8_t>(bytes[0]), -50);
  info.dtype = DType::f16;
  info.byte_size = 30;
  const Bytes half = picture_numbers(picture, info, false, {0}, {1 / 255.0f});
  EXPECT_EQ(half[2] | half[3] << 8, 0x3C00);
}

TEST(Mud, OtherChipsModels) {
  const auto none = [](const std::string&) { return std::optional<std::string>{}; };
  const std::string rest =
      "\nmodel = m\n[extra]\nmodel_type = yolov5\ninput_type = rgb\nmean = 0\nscale = 1\nlabels = a,b\n";
  for (const std::string type : {"cvimodel", "bmodel", "kmodel", "joint"})
    EXPECT_EQ(detector_info(parse_mud("[basic]\ntype = " + type + rest), none).model, "m");
  EXPECT_THROW(detector_info(parse_mud("[basic]\ntype = rknn" + rest), none), Error);
}

}  // namespace
}  // namespace vnpu::vision
