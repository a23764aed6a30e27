#include "host/detector_options.h"

#include "base/bytes.h"
#include "base/error.h"

namespace vnpu::cli {

vision::Detector DetectorOptions::open(const std::string& model) const {
  vision::DetectorChoice choice;
  choice.type = type;
  choice.order = order;
  if (!labels.empty()) {
    const Bytes text = read_file(labels, 16 << 20);
    choice.labels = vision::parse_lines(std::string(text.begin(), text.end()));
    if (choice.labels.empty()) throw Error(ErrorKind::usage, labels + ": no labels");
  }
  if (!anchors.empty()) choice.anchors = vision::parse_numbers(anchors, "--anchors");
  if (!mean.empty()) choice.mean = vision::parse_numbers(mean, "--mean");
  if (!scale.empty()) choice.scale = vision::parse_numbers(scale, "--scale");
  if (!fit.empty()) choice.fit = vision::fit_of(fit);
  choice.confidence = confidence;
  choice.overlap = overlap;
  return {model, choice, [this](const ModelFile& file) { return run.network_options(file); }};
}

void add_detector_options(CLI::App& command, DetectorOptions& options) {
  command.add_option("--labels", options.labels, "one class name a line (default: the .mud's, or numbers)");
  command.add_option("--type", options.type, "kind of detector (default: the .mud's, or by the shapes of the outputs)")
      ->check(CLI::IsMember({"yolov2", "yolov5", "yolov8", "yolo11"}));
  command.add_option("--anchors", options.anchors,
                     "w,h,... over all heads (default: the .mud's, or YOLOv5's own; yolov2: in cells)");
  command.add_option("--mean", options.mean,
                     "x = (pixel - mean) * scale, where the model wants numbers (default: the file's, or 0 and 1/255)");
  command.add_option("--scale", options.scale, "see --mean");
  command.add_option("--channel-order", options.order, "rgb or bgr (default: the .mud's, or rgb)")
      ->check(CLI::IsMember({"rgb", "bgr"}));
  command.add_option("--conf", options.confidence, "least score")->check(CLI::Range(0.0, 1.0))->capture_default_str();
  command.add_option("--iou", options.overlap, "boxes of a class that overlap more are one")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option(
          "--fit", options.fit,
          "how the picture is brought to the model's size (default: letterbox for a bmodel, contain for others)")
      ->check(CLI::IsMember({"contain", "cover", "fill", "letterbox"}));
  add_run_options(command, options.run);
}

}  // namespace vnpu::cli
