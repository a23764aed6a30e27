#include "devices/vision/detector.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "devices/vision/canvas.h"
#include "devices/vision/picture_input.h"
#include "devices/vision/readings.h"
#include "sim/runtime/layer_trace.h"
#include "sim/runtime/registry.h"

namespace vnpu::vision {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, Fit>, 4> fits{
    {{"contain", Fit::contain}, {"cover", Fit::cover}, {"fill", Fit::fill}, {"letterbox", Fit::letterbox}}};

const std::vector<float> yolo_v5_anchors{10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326};
// Of the 20-class detector that comes with the K210's firmware.
const std::vector<float> voc_anchors{1.08f, 1.19f, 3.42f, 4.41f, 6.63f, 11.38f, 9.42f, 5.11f, 16.62f, 10.52f};

std::string text_of(const fs::path& path) {
  const Bytes bytes = read_file(path, 16 << 20);
  return {bytes.begin(), bytes.end()};
}

bool is_kind(const std::string& type, const Reading& reading) {
  return type == reading.type || (type == "yolo11" && reading.type == "yolov8");
}

std::string list(const std::vector<TensorInfo>& outputs) {
  std::string text;
  for (const auto& output : outputs) text += " " + output.name + " " + to_string(output.shape);
  return text;
}

}  // namespace

std::string_view name(Fit fit) {
  return std::ranges::find(fits, fit, [](const auto& entry) { return entry.second; })->first;
}

Fit fit_of(std::string_view name) {
  for (const auto& [known, fit] : fits) {
    if (known == name) return fit;
  }
  throw Error(ErrorKind::usage, "fit '" + std::string(name) + "': contain, cover, fill or letterbox");
}

Detector::Detector(const fs::path& path, const DetectorChoice& choice,
                   const std::function<NetworkOptions(const ModelFile&)>& options_of) {
  describe(path, choice);
  const auto file = open_model(fs::path(info_.model));
  family_ = file->family();
  chip_ = file->chip();
  try {
    network_ = file->instantiate(options_of(*file));
    const auto inputs = network_->inputs();
    if (inputs.size() != 1)
      throw Error(ErrorKind::unsupported, "no detector: it has " + std::to_string(inputs.size()) + " inputs");
    input_ = inputs[0];
    try {
      const auto size = picture_size(input_);
      options_.input_height = size.height;
      options_.input_width = size.width;
    } catch (const Error& error) {
      throw Error(ErrorKind::unsupported, std::string("no detector: ") + error.what());
    }
    options_.confidence = choice.confidence;
    options_.overlap = choice.overlap;
    options_.fit = choice.fit.value_or(family_ == "bm1684x" ? Fit::letterbox : Fit::contain);
    options_.heads_by_size = family_ != "cv18xx";
    named_ = !info_.labels.empty();
    recognise(!choice.type.empty());
    complete_input();
  } catch (const Error& error) {
    throw with_context(error, info_.model);
  }
}

// What the description says, and what the caller says instead.
void Detector::describe(const fs::path& path, const DetectorChoice& choice) {
  if (path.extension() == ".mud") {
    const auto beside = [&](const std::string& name) -> std::optional<std::string> {
      const fs::path file = path.parent_path() / name;
      return fs::is_regular_file(file) ? std::optional(text_of(file)) : std::nullopt;
    };
    try {
      info_ = detector_info(parse_mud(text_of(path)), beside);
    } catch (const Error& error) {
      throw with_context(error, path.string());
    }
    info_.model = (path.parent_path() / info_.model).string();
  } else {
    info_.model = path.string();
  }
  const auto prefer = [](auto& mine, const auto& said) {
    if (!said.empty()) mine = said;
  };
  prefer(info_.type, choice.type);
  prefer(info_.input, choice.order);
  prefer(info_.labels, choice.labels);
  prefer(info_.anchors, choice.anchors);
  prefer(info_.mean, choice.mean);
  prefer(info_.scale, choice.scale);
}

// The kind of detector and the count of its classes, as far as nobody has said them.
void Detector::recognise(bool type_was_said) {
  const auto outputs = network_->outputs();
  std::vector<Shape> shapes;
  for (const auto& output : outputs) shapes.push_back(output.shape);
  const auto all = readings(shapes, options_.input_width, options_.input_height);
  if (!info_.type.empty() && info_.type != "yolo11" && info_.type != "yolov2" && info_.type != "yolov5" &&
      info_.type != "yolov8") {
    throw Error(ErrorKind::unsupported,
                "detector type '" + info_.type + "': yolov2, yolov5, yolov8 and yolo11 are known");
  }
  std::vector<Reading> left;
  for (const auto& reading : all) {
    const bool kind = info_.type.empty() || is_kind(info_.type, reading);
    const bool count = info_.labels.empty() || reading.classes == info_.labels.size();
    if (kind && count) left.push_back(reading);
  }
  if (left.size() == 1) {
    if (info_.type.empty()) info_.type = left[0].type;
    for (std::size_t i = info_.labels.size(); i < left[0].classes; ++i) info_.labels.push_back(std::to_string(i));
  } else if (left.size() > 1) {
    std::string text;
    for (const auto& reading : left)
      text += (text.empty() ? "" : " or ") + reading.type + " with " + std::to_string(reading.classes) + " classes";
    throw Error(ErrorKind::usage, "can be read as " + text + ": say --type or --labels");
  } else if (all.empty() && info_.labels.empty() && !type_was_said) {
    throw Error(ErrorKind::unsupported,
                "no detector that is known (yolov2, yolov5, yolov8, yolo11); its outputs:" + list(outputs));
  } else if (info_.type.empty() || info_.labels.empty()) {
    std::string text;
    for (const auto& reading : all)
      text += (text.empty() ? "" : ", ") + reading.type + " with " + std::to_string(reading.classes) + " classes";
    throw Error(ErrorKind::usage, (info_.type.empty() ? std::to_string(info_.labels.size()) + " labels do not fit"
                                                      : info_.type + " does not fit") +
                                      (text.empty() ? std::string() : " (" + text + " would)") +
                                      "; outputs:" + list(outputs));
  }
  // Forms that readings() does not tell, such as other counts of anchors, are left to the decoder and its errors.
  if (info_.anchors.empty() && info_.type == "yolov5") info_.anchors = yolo_v5_anchors;
  if (info_.anchors.empty() && info_.type == "yolov2") {
    if (info_.labels.size() != 20)
      throw Error(ErrorKind::usage, "yolov2: its anchors must be given (--anchors, in cells)");
    info_.anchors = voc_anchors;
  }
}

// How a pixel becomes a number, where nobody has said it: as the file notes it, else as YOLO's own scripts do.
void Detector::complete_input() {
  if (info_.input.empty()) info_.input = "rgb";
  if (info_.mean.empty()) info_.mean = input_.image.mean;
  if (info_.scale.empty()) info_.scale = input_.image.scale;
  // A byte that the converter gave no numbers for takes the pixel itself.
  const bool pixels = input_.dtype == DType::u8 && info_.mean.empty() && info_.scale.empty();
  if (info_.mean.empty()) info_.mean = {0};
  if (info_.scale.empty()) info_.scale = {1 / 255.0f};
  if (pixels) {
    info_.scale = {1};
    input_.qscale = 1;
    input_.zero_point = 0;
  }
}

Bytes Detector::input_bytes(const Image& fitted) const {
  const bool bgr = info_.input == "bgr";
  const bool as_maixpy = family_ == "cv18xx" && (input_.dtype == DType::i8 || input_.dtype == DType::f32);
  if (as_maixpy || !input_.image.pixel_format.empty())
    return picture_input(fitted, input_, bgr, info_.mean, info_.scale);
  return picture_numbers(fitted, input_, bgr, info_.mean, info_.scale);
}

void Detector::look(const Image& picture) {
  options_.height = picture.height;
  options_.width = picture.width;
  try {
    network_->set_input(input_.name,
                        input_bytes(fit_picture(picture, options_.input_height, options_.input_width, options_.fit)));
    network_->run();
    outputs_.clear();
    for (const auto& info : network_->outputs()) {
      Tensor tensor = network_->get(info.name);
      const bool quantised = size_of(tensor.dtype) == 1 && info.qscale != 0;
      outputs_.emplace_back(info.name,
                            quantised ? dequantise(tensor, info.qscale, info.zero_point) : std::move(tensor));
    }
  } catch (const Error& error) {
    throw with_context(error, info_.model);
  }
}

std::vector<Object> Detector::boxes(std::optional<float> confidence) const {
  DetectOptions options = options_;
  options.confidence = confidence.value_or(options.confidence);
  try {
    if (info_.type == "yolov2") return detect_yolo_v2(outputs_, info_.anchors, info_.labels.size(), options);
    if (info_.type == "yolov5") return detect_yolo_v5(outputs_, info_.anchors, info_.labels.size(), options);
    return detect_yolo_v8(outputs_, info_.labels.size(), options);
  } catch (const Error& error) {
    throw with_context(error, info_.model);
  }
}

std::string_view Detector::fit() const { return name(options_.fit); }

}  // namespace vnpu::vision
