// vnpu detect: are the boxes right? YOLO detectors on a picture, as MaixPy would show them.
#include <iostream>

#include "base/error.h"
#include "base/exif.h"
#include "base/image.h"
#include "devices/vision/canvas.h"
#include "devices/vision/mud.h"
#include "devices/vision/picture_input.h"
#include "host/cli.h"
#include "sim/runtime/registry.h"

namespace vnpu::cli {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

struct Options {
  std::string model, picture, drawing, labels, type, anchors, mean, scale, fit = "contain", order = "rgb";
  float confidence = 0.5f, overlap = 0.45f;
  RunOptions run;
};

std::string text_of(const fs::path& path) {
  const Bytes bytes = read_file(path, 16 << 20);
  return std::string(bytes.begin(), bytes.end());
}

// What the description says, and what the options say instead.
vision::DetectorInfo describe(const Options& options) {
  vision::DetectorInfo info;
  const fs::path path = options.model;
  if (path.extension() == ".mud") {
    const auto beside = [&](const std::string& name) -> std::optional<std::string> {
      const fs::path file = path.parent_path() / name;
      return fs::is_regular_file(file) ? std::optional(text_of(file)) : std::nullopt;
    };
    try {
      info = vision::detector_info(vision::parse_mud(text_of(path)), beside);
    } catch (const Error& error) {
      throw with_context(error, options.model);
    }
    info.model = (path.parent_path() / info.model).string();
  } else {
    info.model = options.model;
    info.input = options.order;
  }
  if (!options.type.empty()) info.type = options.type;
  if (!options.labels.empty()) info.labels = vision::parse_lines(text_of(options.labels));
  if (!options.anchors.empty()) info.anchors = vision::parse_numbers(options.anchors, "--anchors");
  if (!options.mean.empty()) info.mean = vision::parse_numbers(options.mean, "--mean");
  if (!options.scale.empty()) info.scale = vision::parse_numbers(options.scale, "--scale");
  if (info.type.empty()) throw Error(ErrorKind::usage, "without a .mud, say --type yolov5 or yolov8");
  if (info.labels.empty()) throw Error(ErrorKind::usage, "without a .mud, give --labels");
  if (info.type == "yolov5" && info.anchors.empty()) {
    info.anchors = {10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326};
  }
  return info;
}

void write_drawing(Image image, const std::vector<vision::Object>& objects, const std::vector<std::string>& labels,
                   const std::string& path) {
  constexpr vision::Colour red{255, 0, 0};
  for (const auto& o : objects) {
    vision::draw_rect(image, o.x, o.y, o.w, o.h, red);
    char score[16];
    std::snprintf(score, sizeof score, "%.2f", static_cast<double>(o.score));
    vision::draw_string(image, o.x, o.y, labels.at(static_cast<std::size_t>(o.label)) + ": " + score, red);
  }
  write_file(path, fs::path(path).extension() == ".png" ? encode_png(image) : encode_jpeg(image));
}

void detect(const Options& options, const Common& common) {
  const auto info = describe(options);
  const auto file = open_model(fs::path(info.model));
  const auto network = file->instantiate(options.run.network_options(*file));
  const auto inputs = network->inputs();
  if (inputs.size() != 1) throw Error(ErrorKind::unsupported, "a detector with more than one input");
  const Image picture = read_upright_image(options.picture);
  vision::DetectOptions detection;
  detection.confidence = options.confidence;
  detection.overlap = options.overlap;
  detection.fit = options.fit == "fill"    ? vision::Fit::fill
                  : options.fit == "cover" ? vision::Fit::cover
                                           : vision::Fit::contain;
  const auto size = vision::picture_size(inputs[0]);
  detection.input_height = size.height;
  detection.input_width = size.width;
  detection.height = picture.height;
  detection.width = picture.width;
  network->set_input(inputs[0].name,
                     vision::picture_input(vision::fit_picture(picture, size.height, size.width, detection.fit),
                                           inputs[0], info.input == "bgr", info.mean, info.scale));
  network->run();
  NamedTensors outputs;
  for (const auto& output : network->outputs()) outputs.emplace_back(output.name, network->get(output.name));
  std::vector<vision::Object> objects;
  if (info.type == "yolov5") {
    objects = vision::detect_yolo_v5(outputs, info.anchors, info.labels.size(), detection);
  } else if (info.type == "yolov8" || info.type == "yolo11") {
    objects = vision::detect_yolo_v8(outputs, info.labels.size(), detection);
  } else {
    throw Error(ErrorKind::unsupported, "detector type '" + info.type + "': yolov5, yolov8 and yolo11 are known");
  }
  if (!options.drawing.empty()) write_drawing(picture, objects, info.labels, options.drawing);
  json report = json::array();
  for (const auto& o : objects) {
    const std::string& label = info.labels.at(static_cast<std::size_t>(o.label));
    report.push_back(
        {{"x", o.x}, {"y", o.y}, {"w", o.w}, {"h", o.h}, {"class", o.label}, {"label", label}, {"score", o.score}});
    if (common.json || common.quiet) continue;
    std::cout << label << "  score " << o.score << "  x " << o.x << " y " << o.y << " w " << o.w << " h " << o.h
              << "\n";
  }
  if (common.json) {
    std::cout << json{{"picture", options.picture},
                      {"width", picture.width},
                      {"height", picture.height},
                      {"objects", report}}
                     .dump(2, ' ', false, json::error_handler_t::replace)
              << "\n";
  } else if (!common.quiet && objects.empty()) {
    std::cout << "no objects\n";
  }
}

}  // namespace

void add_detect(CLI::App& app, Common& common, int&) {
  auto* command = app.add_subcommand("detect", "boxes of a YOLO detector in a picture, drawn and as JSON");
  auto options = std::make_shared<Options>();
  command->add_option("MODEL", options->model, "model file, or MaixPy's .mud that describes it")->required();
  command->add_option("-i,--input", options->picture, "JPEG or PNG")->required();
  command->add_option("--draw", options->drawing, "the picture with the boxes, .jpg or .png");
  command->add_option("--labels", options->labels, "one class name a line (default: the .mud's)");
  command->add_option("--type", options->type, "kind of detector (default: the .mud's)")
      ->check(CLI::IsMember({"yolov5", "yolov8", "yolo11"}));
  command->add_option("--anchors", options->anchors, "w,h,... over all heads (default: the .mud's, or YOLOv5's own)");
  command->add_option("--mean", options->mean, "x = (pixel - mean) * scale, where the model wants numbers");
  command->add_option("--scale", options->scale, "see --mean");
  command->add_option("--channel-order", options->order, "without a .mud")
      ->check(CLI::IsMember({"rgb", "bgr"}))
      ->capture_default_str();
  command->add_option("--conf", options->confidence, "least score")->check(CLI::Range(0.0, 1.0))->capture_default_str();
  command->add_option("--iou", options->overlap, "boxes of a class that overlap more are one")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--fit", options->fit, "how the picture is brought to the model's size")
      ->check(CLI::IsMember({"contain", "cover", "fill"}))
      ->capture_default_str();
  add_run_options(*command, options->run);
  command->footer(
      "Examples:\n  vnpu detect robots.mud -i field.jpg --draw boxes.jpg\n  vnpu detect yolov8n.cvimodel --type yolov8 "
      "--labels coco.txt -i street.jpg --json");
  command->callback([options, &common] { detect(*options, common); });
}

}  // namespace vnpu::cli
