// What vnpu eval-detect found, and how it is shown: JSON, a table, pictures.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/image.h"
#include "devices/vision/agreement.h"
#include "host/cli.h"

namespace vnpu::cli {

struct EvaluatedModel {
  std::string path, name, chip, type, fit;  // name: what tells it from the others
  int width = 0, height = 0;                // of the input
  std::size_t boxes = 0;
  vision::Agreement agreement;        // with the first model; empty for the first itself
  std::vector<std::string> failures;  // limits that were not kept
};

// One picture, one model beside the reference.
struct PictureMatching {
  vision::BoxMatching boxes;
  // Lost and extra boxes which the other model has, too, below the least score: index to the score there.
  std::map<std::size_t, float> faint_lost, faint_extra;
};

struct EvaluatedPicture {
  std::string path, drawing;
  int width = 0, height = 0;
  std::vector<std::vector<vision::Object>> objects;  // by model; labels are places in DetectReport::labels
  std::vector<PictureMatching> matchings;            // by model, from the second
};

struct DetectReport {
  float confidence = 0, overlap = 0;
  double match_iou = 0;
  std::vector<std::string> labels;
  std::vector<EvaluatedModel> models;  // the reference first
  std::vector<EvaluatedPicture> pictures;
};

nlohmann::ordered_json to_json(const DetectReport& report);
void print(const DetectReport& report, const Common& common);
Image draw(const DetectReport& report, const EvaluatedPicture& picture, const Image& image);

}  // namespace vnpu::cli
