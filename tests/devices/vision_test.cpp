// Boxes of YOLO detectors against recorded runs of MaixPy's own post-processing, and by hand.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/image.h"
#include "base/npz.h"
#include "devices/vision/canvas.h"
#include "devices/vision/mud.h"
#include "devices/vision/yolo.h"
#include "tests/devices/recordings.h"

namespace vnpu::vision {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::vector<float> usual_anchors{10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326};

fs::path recordings() { return vnpu::recordings() / "yolo5"; }

DetectOptions options_of(const json& run) {
  DetectOptions options;
  options.confidence = run["conf"];
  options.overlap = run["iou"];
  options.input_width = 96;
  options.input_height = 64;
  options.width = run["img"][0];
  options.height = run["img"][1];
  const std::string fit = run["fit"];
  options.fit = fit == "fill" ? Fit::fill : fit == "cover" ? Fit::cover : Fit::contain;
  options.sort = run["sort"];
  return options;
}

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

std::string text(const json& objects) {
  std::vector<Object> list;
  for (const auto& o : objects) list.push_back({o[0], o[1], o[2], o[3], o[4], o[5].get<float>()});
  return text(list);
}

template <class Run>
void replay(const char* file, std::size_t count, Run run) {
  std::ifstream in(recordings() / file);
  const json runs = json::parse(in);
  ASSERT_EQ(runs.size(), count);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    json shown = runs[i];
    shown.erase("objects");
    EXPECT_EQ(text(run(runs[i])), text(runs[i]["objects"])) << i << " " << shown;
  }
}

TEST(Yolo, RecordedRunsOfVersion5) {
  NamedTensors heads;
  for (auto& [name, tensor] : read_npz(recordings() / "cv180x_heads.npz")) {
    if (name.starts_with("head")) heads.emplace_back(name, tensor);
  }
  replay("maixpy4_yolov5_postprocess.json", 50,
         [&](const json& run) { return detect_yolo_v5(heads, usual_anchors, 80, options_of(run)); });
}

TEST(Yolo, RecordedRunsOfVersion11) {
  const NamedTensors all = read_npz(recordings() / "maixpy4_yolo11_inputs.npz");
  replay("maixpy4_yolo11_postprocess.json", 48, [&](const json& run) {
    NamedTensors outputs;
    for (const auto& [name, tensor] : all) {
      if (name.starts_with("mode" + std::to_string(run["mode"].get<int>()))) outputs.emplace_back(name, tensor);
    }
    return detect_yolo_v8(outputs, 5, options_of(run));
  });
}

Tensor tensor_of(const Shape& shape, const std::vector<float>& values) {
  Tensor tensor{DType::f32, shape, Bytes(values.size() * 4)};
  std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

// One head of 1 x 2 cells, one anchor of 20 x 10, two labels; the second cell is sure of label 1.
TEST(Yolo, Version5ByHand) {
  std::vector<float> values(7 * 2, 0.0f);
  values[4 * 2 + 0] = -20;  // first cell: nothing
  values[4 * 2 + 1] = 20;
  values[5 * 2 + 1] = -20;
  values[6 * 2 + 1] = 20;
  const NamedTensors outputs{{"h", tensor_of({1, 7, 1, 2}, values)}};
  DetectOptions options;
  options.input_width = 64;
  options.input_height = 32;
  options.width = 128;
  options.height = 64;
  // sigmoid(0) = 1/2: centre (1 + 1 - 0.5) * 32 = 48 by 16, size as the anchor; twice as large in the picture.
  const auto objects = detect_yolo_v5(outputs, {20, 10}, 2, options);
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_EQ(text(objects), "[76,22,40,20,1,1]\n");
  EXPECT_THROW(detect_yolo_v5(outputs, {20, 10}, 3, options), Error);
  EXPECT_THROW(detect_yolo_v5({}, {20, 10}, 2, options), Error);
}

TEST(Yolo, Version8CutModelByHand) {
  // 32 x 32: 16 + 4 + 1 cells. Cell 5 (row 1, column 1 of stride 8) has distances 1, 1, 2, 1.
  std::vector<float> scores(21, 0.0f), boxes(84, 0.0f);
  scores[5] = 0.75f;
  boxes[5] = 1, boxes[21 + 5] = 1, boxes[42 + 5] = 2, boxes[63 + 5] = 1;
  const NamedTensors outputs{{"b", tensor_of({1, 1, 4, 21}, boxes)}, {"s", tensor_of({1, 1, 21}, scores)}};
  DetectOptions options;
  options.input_width = options.input_height = options.width = options.height = 32;
  EXPECT_EQ(text(detect_yolo_v8(outputs, 1, options)), "[4,4,24,16,0,0.75]\n");
  EXPECT_THROW(detect_yolo_v8(outputs, 2, options), Error);
}

TEST(Canvas, RecordedDrawing) {
  const fs::path folder = recordings().parent_path() / "draw";
  std::ifstream in(folder / "maixpy_draw.json");
  const json drawing = json::parse(in);
  Image image{drawing["height"], drawing["width"], 3, {}};
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      image.pixels.push_back(static_cast<std::uint8_t>(x * 255 / (image.width - 1)));
      image.pixels.push_back(static_cast<std::uint8_t>(y * 255 / (image.height - 1)));
      image.pixels.push_back(128);
    }
  }
  const auto colour = [](const json& c) { return Colour{c[0], c[1], c[2]}; };
  for (const auto& c : drawing["calls"]) {
    if (c[0] == "draw_rect") draw_rect(image, c[1], c[2], c[3], c[4], colour(c[5]), c[6]);
    if (c[0] == "draw_string") draw_string(image, c[1], c[2], c[3], colour(c[4]), c[5], c[6]);
    if (c[0] == "draw_line") draw_line(image, c[1], c[2], c[3], c[4], colour(c[5]), c[6]);
    if (c[0] == "draw_circle") draw_circle(image, c[1], c[2], c[3], colour(c[4]), c[5]);
  }
  const Image wanted = read_image(folder / "maixpy_draw.png");
  std::size_t different = 0;
  for (std::size_t i = 0; i < wanted.pixels.size(); ++i) different += wanted.pixels[i] != image.pixels[i];
  EXPECT_EQ(different, 0u) << "bytes differ";
  const auto& sizes = drawing["text_size_w_h_baseline"];
  for (const std::string text : {"robot: 0.87", "A", "g", "FPS: 13.9"}) {
    for (std::size_t i = 0; i < 3; ++i) {
      const auto& pen = sizes["scale,thickness"][i];
      const TextSize size = string_size(text, pen[0], pen[1]);
      EXPECT_EQ((json{size.width, size.height, size.baseline}), sizes[text][i]) << text;
    }
  }
}

TEST(Canvas, LinesOfText) {
  Image one{60, 200, 3, Bytes(60 * 200 * 3)}, two = one;
  draw_string(one, 5, 5, "ab\ncd", {255, 255, 255});
  const TextSize size = string_size("a");
  draw_string(two, 5, 5, "ab", {255, 255, 255});
  draw_string(two, 5, 5 + size.height + size.baseline + 4, "cd", {255, 255, 255});
  EXPECT_EQ(one.pixels, two.pixels);
  EXPECT_NE(one.pixels, Bytes(60 * 200 * 3));
}

TEST(Canvas, FittingKeepsTheMiddle) {
  Image image{2, 4, 3, {}};
  for (std::uint8_t i = 1; i <= 8; ++i) image.pixels.insert(image.pixels.end(), {i, i, i});
  const Image contain = fit_picture(image, 4, 4, Fit::contain);
  EXPECT_EQ(contain.pixels[0], 0);
  EXPECT_EQ(contain.pixels[4 * 3], 1);
  const Image cover = fit_picture(image, 2, 2, Fit::cover);
  EXPECT_EQ(cover.pixels[0], 2);
  EXPECT_EQ(cover.pixels[3], 3);
  EXPECT_EQ(fit_picture(image, 1, 2, Fit::fill).pixels[3], 3);
}

TEST(Mud, WhatADetectorTakes) {
  const auto none = [](const std::string&) { return std::optional<std::string>{}; };
  const std::string text =
      "# robots\r\n[basic]\ntype = cvimodel\nmodel = robots.cvimodel\n\n[extra]\nmodel_type = yolov5\ninput_type = "
      "rgb\nmean = 0, 0, 0\nscale = 0.00392156862745098, 0.00392156862745098, 0.00392156862745098\nanchors = "
      "10,13, 16,30\nlabels = robot,  ball \n";
  const auto info = detector_info(parse_mud(text), none);
  EXPECT_EQ(info.model, "robots.cvimodel");
  EXPECT_EQ(info.labels, (std::vector<std::string>{"robot", "ball"}));
  EXPECT_EQ(info.anchors, (std::vector<float>{10, 13, 16, 30}));
  EXPECT_EQ(info.scale.size(), 3u);

  std::string other = text.substr(0, text.find("labels")) + "labels = names.txt\n";
  const auto file = [](const std::string& name) {
    return name == "names.txt" ? std::optional<std::string>("a\r\n\nc\n") : std::nullopt;
  };
  EXPECT_EQ(detector_info(parse_mud(other), file).labels, (std::vector<std::string>{"a", "", "c"}));
  EXPECT_THROW(parse_mud("[basic]\nnonsense\n"), Error);
  EXPECT_THROW(parse_mud("[basic\n"), Error);
  EXPECT_THROW(detector_info(parse_mud("[basic]\ntype = cvimodel\nmodel = x\n"), none), Error);
  EXPECT_THROW(detector_info(parse_mud(text + "scale = 1, x, 1\n"), none), Error);
}

}  // namespace
}  // namespace vnpu::vision
