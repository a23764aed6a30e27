// Options of the commands that look at pictures with detectors.
#pragma once

#include "devices/vision/detector.h"
#include "host/cli.h"

namespace vnpu::cli {

struct DetectorOptions {
  std::string labels, type, anchors, mean, scale, fit, order;
  float confidence = 0.5f, overlap = 0.45f;
  RunOptions run;

  vision::Detector open(const std::string& model) const;
};

void add_detector_options(CLI::App& command, DetectorOptions& options);

}  // namespace vnpu::cli
