// vnpu detect: are the boxes right? YOLO detectors on a picture, as the boards' own programs would show them.
#include <iostream>

#include "base/error.h"
#include "base/exif.h"
#include "base/image.h"
#include "devices/vision/canvas.h"
#include "host/detector_options.h"

namespace vnpu::cli {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

struct Options {
  std::string model, picture, drawing;
  DetectorOptions detector;
};

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
  vision::Detector detector = options.detector.open(options.model);
  const Image picture = read_upright_image(options.picture);
  const auto objects = detector.detect(picture);
  const auto& labels = detector.labels();
  if (!options.drawing.empty()) write_drawing(picture, objects, labels, options.drawing);
  json report = json::array();
  for (const auto& o : objects) {
    const std::string& label = labels.at(static_cast<std::size_t>(o.label));
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
  add_detector_options(*command, options->detector);
  command->footer(
      "Examples:\n  vnpu detect robots.mud -i field.jpg --draw boxes.jpg\n  vnpu detect yolov5s_int8.bmodel --labels "
      "coco.txt -i street.jpg --json");
  command->callback([options, &common] { detect(*options, common); });
}

}  // namespace vnpu::cli
